//! Why the service refuses something.
//!
//! A [`Refusal`] is a type, so that a page can have a text of its own for it, in each language (`web/src/language/refusal.rs`). Its
//! own text is English, for clients of the API. One without a text on the pages is [`Refusal::Other`].

use std::borrow::Cow;

use chrono::NaiveDate;
use domain::{
    booking::InvalidTransition,
    characters::TextProblem,
    dates::OutOfRange,
    geo::CoordinateError,
    ids::SessionInstanceId,
    recurrence::{RecurrenceError, ScheduleProblem, SkipError, Skips},
    zone::UnknownZone,
};

/// Why something is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    // A field is wrong. The text continues a sentence that begins with the field.
    #[error(transparent)]
    Text(#[from] TextProblem),
    #[error(transparent)]
    Date(#[from] OutOfRange),
    #[error(transparent)]
    Coordinate(#[from] CoordinateError),
    #[error(transparent)]
    Schedule(#[from] ScheduleProblem),
    #[error(transparent)]
    Skip(#[from] SkipError),
    #[error("is required without a token: it is the name that others see")]
    GuestWithoutName,
    #[error("is too long: {0} characters at most")]
    TooLong(usize),
    #[error("must be {0} to {1}")]
    NotWithin(i64, i64),
    #[error("must not be negative: leave it out for no limit")]
    NegativeLimit,
    #[error("must have 1 to 255 bytes")]
    ExternalIdLength,
    #[error("may have letters, digits, '-', '_', '.' and '~' only")]
    PathCharacters,
    #[error("must be the address of a website, such as https://example.org/session")]
    NoWebsite,
    #[error("must be the https address of a picture, such as https://example.org/picture.jpg")]
    NoPicture,
    #[error("must not have a user name or a password: leave out the part before the @")]
    PictureWithUser,
    #[error("must have a host name of letters, digits, '-' and '.', such as example.org")]
    PictureHost,
    #[error("must be given together with {0}")]
    OneCoordinate(&'static str),
    #[error("must differ from startTime: an end before the start is on the next day")]
    EndIsStart,
    #[error("must not be before the initiation date, {0}")]
    BeforeInitiation(NaiveDate),
    #[error("must be in the future")]
    NotInFuture,
    #[error("must be in the future: leave it out for a key that does not expire")]
    KeyHasExpired,
    #[error("is required, because this token names no person: name one, or set isAdmin to true")]
    KeyWithoutOwner,
    #[error("needs codes: set checkInCodes to FIXED or ROTATING")]
    NoCodes,
    #[error("must be at most {} for a session, with those that it already has", Skips::MAX)]
    TooManySkips,
    #[error("must not be the mentor of the slot")]
    OwnSlot,

    // The viewer may not do it. The words say what, such as `to book` or `delete a slot`.
    #[error("sign in {0}")]
    SignIn(&'static str),
    #[error("only admins may {0}")]
    AdminsOnly(&'static str),
    #[error("only organisers of this session and admins may {0}")]
    OrganizersOnly(&'static str),
    #[error("only the mentor and admins may {0}")]
    MentorOnly(&'static str),
    #[error("only the person and admins may {0}")]
    PersonOnly(&'static str),
    #[error("only people may have visits, and this token names no person")]
    NoPersonToVisit,
    #[error("this account is deactivated: it can be used only to read its own data. Ask an administrator")]
    Deactivated,
    #[error("deactivated people can't take part in bookings")]
    DeactivatedBooking,

    // It is not there.
    #[error("There is no {what} {id}.")]
    Missing { what: &'static str, id: String },
    #[error("The session does not meet then any more. Look at its next meetings.")]
    NoLongerThen,

    // It conflicts with what is stored.
    #[error(transparent)]
    Transition(#[from] InvalidTransition),
    #[error("correct the time zone of the session first: {0}")]
    ZoneFirst(UnknownZone),
    #[error("another session has the path {0:?}: choose another path")]
    PathTaken(String),
    #[error("another session has this path: choose another path")]
    NewPathTaken,
    #[error(
        "the session already has an instance on that date at these times: {id}{}. With allowDuplicate: true another one is created",
        if *.is_cancelled { ", which is cancelled" } else { "" }
    )]
    MeetingExists { id: SessionInstanceId, is_cancelled: bool },
    #[error("the slot is booked: cancel the booking first")]
    SlotIsBooked,
    #[error("the slot has already begun: choose another one")]
    SlotHasBegun,
    #[error("the slot is already booked: choose another one")]
    SlotTaken,
    #[error("the mentor already has a slot at that time: choose another time")]
    MentorOffers,
    #[error("the mentor has booked somebody's slot at that time: choose another time")]
    MentorHasBooked,
    #[error("the student offers a slot at that time: choose another one")]
    StudentOffers,
    #[error("the student has booked another slot at that time: choose another one")]
    StudentHasBooked,
    #[error("the student has booked this slot already")]
    BookedAlready,
    #[error("this attempt has already made its API key, whose secret is shown only once: make a new attempt")]
    KeyMade,
    #[error("A person has at most {0} API keys. Revoke one first.")]
    TooManyKeys(u64),
    #[error("another person has this externalId: remove it there first, or merge the two people")]
    ExternalIdTaken,
    #[error("these people have booked each other's time, so they cannot be the same person")]
    BookedEachOther,
    #[error(
        "both people have a time slot or a booking at the same time: delete one of the slots, or cancel one of the bookings first"
    )]
    BusyAtOnce,

    // A stored session cannot be read (rule 20).
    #[error(transparent)]
    Zone(#[from] UnknownZone),
    #[error(transparent)]
    Recurrence(#[from] RecurrenceError),

    /// Everything that has no text on the pages.
    #[error("{0}")]
    Other(Cow<'static, str>),
}

impl From<&'static str> for Refusal {
    fn from(text: &'static str) -> Self {
        Self::Other(text.into())
    }
}

impl From<String> for Refusal {
    fn from(text: String) -> Self {
        Self::Other(text.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_names_the_values() {
        let exists = |is_cancelled| Refusal::MeetingExists { id: SessionInstanceId(20), is_cancelled };
        for (refusal, text) in [
            (Refusal::NotWithin(-1, 520), "must be -1 to 520"),
            (Refusal::BeforeInitiation(NaiveDate::default()), "must not be before the initiation date, 1970-01-01"),
            (Refusal::TooManySkips, "must be at most 500 for a session, with those that it already has"),
            (Refusal::SignIn("to book"), "sign in to book"),
            (Refusal::OrganizersOnly("do this"), "only organisers of this session and admins may do this"),
            (Refusal::Missing { what: "skip", id: "Skip:7".to_owned() }, "There is no skip Skip:7."),
            (
                Refusal::ZoneFirst(UnknownZone("Mars".to_owned())),
                "correct the time zone of the session first: unknown time zone 'Mars': use an IANA name such as America/Chicago",
            ),
            (Refusal::PathTaken("a b".to_owned()), "another session has the path \"a b\": choose another path"),
            (
                exists(false),
                "the session already has an instance on that date at these times: SessionInstance:20. With allowDuplicate: true \
                 another one is created",
            ),
            (
                exists(true),
                "the session already has an instance on that date at these times: SessionInstance:20, which is cancelled. With \
                 allowDuplicate: true another one is created",
            ),
        ] {
            assert_eq!(refusal.to_string(), text);
        }
    }
}
