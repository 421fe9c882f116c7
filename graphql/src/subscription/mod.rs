//! Subscriptions, fed by the hub. How a resolver is called is said in [`live`].

mod bookings;
mod presence;
mod sessions;

use async_graphql::MergedSubscription;

use self::{bookings::BookingSubscription, presence::PresenceSubscription, sessions::SessionSubscription};

#[derive(MergedSubscription, Default)]
pub struct Subscription(SessionSubscription, BookingSubscription, PresenceSubscription);
