//! Subscriptions, fed by the hub. [`subscribe`](crate::subscribe) says how a resolver is executed.

mod bookings;
mod presence;
mod sessions;

use async_graphql::MergedSubscription;

use self::{bookings::BookingSubscription, presence::PresenceSubscription, sessions::SessionSubscription};

/// Operations that send a message for each change, within a second.
#[derive(MergedSubscription, Default)]
pub struct Subscription(SessionSubscription, BookingSubscription, PresenceSubscription);
