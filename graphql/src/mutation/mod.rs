//! Mutations. Each reads its input, calls one function of the service, and wraps the result.

mod api_keys;
mod bookings;
mod calendar;
mod check_ins;
mod instances;
mod people;
mod presence;
mod sessions;
mod sweep;

use async_graphql::MergedObject;

use self::{
    api_keys::ApiKeyMutation, bookings::BookingMutation, calendar::CalendarMutation, check_ins::CheckInMutation,
    instances::InstanceMutation, people::PersonMutation, presence::PresenceMutation, sessions::SessionMutation,
    sweep::SweepMutation,
};

/// Operations that change something. They run one after the other, in the order of the request.
#[derive(MergedObject, Default)]
pub struct Mutation(
    SessionMutation,
    InstanceMutation,
    PersonMutation,
    CheckInMutation,
    BookingMutation,
    PresenceMutation,
    SweepMutation,
    ApiKeyMutation,
    CalendarMutation,
);
