//! The interface of everything that has a global id.

use async_graphql::{ID, Interface};

use crate::types::{
    activity::Activity,
    api_key::ApiKey,
    booking::{Booking, TimeSlot},
    instance::{CheckIn, SessionInstance},
    person::Person,
    presence::Presence,
    session::Session,
};

/// Everything that has a global id.
#[derive(Interface)]
#[graphql(field(
    name = "id",
    ty = "ID",
    desc = "The global id: the type and a key, such as `Session:7`. The key of a visit is a UUID."
))]
#[expect(clippy::large_enum_variant, reason = "an answer has few of them, and each is moved a few times")]
pub enum Node {
    Session(Session),
    SessionInstance(SessionInstance),
    Person(Person),
    CheckIn(CheckIn),
    Activity(Activity),
    Presence(Presence),
    TimeSlot(TimeSlot),
    Booking(Booking),
    ApiKey(ApiKey),
}
