//! Ids as newtypes.
//!
//! The text form of an id, `Type:key`, is its global id in the GraphQL API. Each id has exactly one text form, except
//! that a UUID may be read in upper case.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use uuid::{Uuid, fmt::Hyphenated};

/// Why a text is not the expected id. The message completes a sentence about the text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    #[error("is not a valid id: use the form {expected}:7")]
    Malformed { expected: &'static str },
    #[error("is the id of a {found}: use the id of a {expected}, such as {expected}:7")]
    OtherType { found: String, expected: &'static str },
    #[error("is not the id of a visit: use the form Presence:0f8fad5b-d9cb-469f-a165-70867728950e")]
    MalformedVisit,
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident => $prefix:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        #[cfg_attr(feature = "sea-orm", derive(sea_orm::DeriveValueType))]
        pub struct $name(pub i64);

        impl $name {
            /// The type's name in global ids.
            pub const TYPE: &'static str = $prefix;
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($prefix, ":{}"), self.0)
            }
        }

        impl From<$name> for i64 {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                Ok(Self(parse_key(text, $prefix)?))
            }
        }
    )*};
}

ids! {
    /// A recurring meeting.
    SessionId => "Session";
    /// One dated meeting of a session.
    SessionInstanceId => "SessionInstance";
    /// A range of dates on which a session does not meet.
    SkipId => "Skip";
    /// A person.
    PersonId => "Person";
    /// One person's answer (yes, maybe or no) to one instance.
    CheckInId => "CheckIn";
    /// A mentor's free time.
    TimeSlotId => "TimeSlot";
    /// A student's claim on a slot.
    BookingId => "Booking";
    /// An online activity in which visits take seats.
    ActivityId => "Activity";
    /// A place in the queue for the seats of an activity. Clients never see it.
    QueuePlaceId => "QueuePlace";
    /// A secret of a program that acts for a person or as an admin.
    ApiKeyId => "ApiKey";
    /// One entry of the audit log.
    AuditEntryId => "AuditEntry";
}

/// One visit of one browser. The client generates the UUID.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(
    feature = "sea-orm",
    derive(sea_orm::DeriveValueType),
    sea_orm(value_type = "String", from_str = "PresenceId::from_stored", to_str = "PresenceId::to_stored")
)]
pub struct PresenceId(Uuid);

impl PresenceId {
    /// The type's name in global ids.
    pub const TYPE: &'static str = "Presence";

    /// Reads a UUID without a type, in upper or lower case (RFC 9562, section 4). `None` if the text is not a UUID.
    pub fn parse_uuid(text: &str) -> Option<Self> {
        // The crate also reads other forms. They have other lengths.
        (text.len() == Hyphenated::LENGTH).then(|| Uuid::try_parse(text).ok().map(Self)).flatten()
    }

    /// The UUID without a type, in lower case, as the database stores it.
    pub fn uuid(self) -> String {
        self.0.hyphenated().to_string()
    }
}

#[cfg(feature = "sea-orm")]
impl PresenceId {
    fn from_stored(text: &str) -> Result<Self, IdError> {
        Self::parse_uuid(text).ok_or(IdError::MalformedVisit)
    }

    fn to_stored(id: &Self) -> String {
        id.uuid()
    }
}

/// The database never generates such an id, because clients do.
#[cfg(feature = "sea-orm")]
impl sea_orm::TryFromU64 for PresenceId {
    fn try_from_u64(_: u64) -> Result<Self, sea_orm::DbErr> {
        Err(sea_orm::DbErr::ConvertFromU64("PresenceId"))
    }
}

impl From<u128> for PresenceId {
    fn from(number: u128) -> Self {
        Self(Uuid::from_u128(number))
    }
}

impl fmt::Display for PresenceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", Self::TYPE, self.uuid())
    }
}

impl FromStr for PresenceId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        match split_type(text, Self::TYPE) {
            Ok(key) => Self::parse_uuid(key).ok_or(IdError::MalformedVisit),
            Err(IdError::Malformed { .. }) => Err(IdError::MalformedVisit),
            Err(error) => Err(error),
        }
    }
}

/// Reads `Type:number`. Only the canonical form is accepted, so that an id has exactly one text: no sign, no leading
/// zero, no white space.
fn parse_key(text: &str, expected: &'static str) -> Result<i64, IdError> {
    let key = split_type(text, expected)?;
    match key.parse::<i64>() {
        Ok(number) if number > 0 && number.to_string() == key => Ok(number),
        _ => Err(IdError::Malformed { expected }),
    }
}

/// The part after the type.
///
/// # Errors
/// If the type is not the expected one.
fn split_type<'a>(text: &'a str, expected: &'static str) -> Result<&'a str, IdError> {
    let Some((found, key)) = text.split_once(':') else {
        return Err(IdError::Malformed { expected });
    };
    if found != expected {
        let is_type_name = !found.is_empty() && found.len() <= 40 && found.chars().all(|c| c.is_ascii_alphanumeric());
        return Err(if is_type_name {
            IdError::OtherType { found: found.to_owned(), expected }
        } else {
            IdError::Malformed { expected }
        });
    }
    Ok(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_canonical_text_of_an_id_is_accepted() {
        assert_eq!("Session:7".parse(), Ok(SessionId(7)));
        assert_eq!(SessionId(7).to_string(), "Session:7");
        for wrong in [
            "7",
            "Session:",
            "Session:07",
            "Session:+7",
            "Session:-7",
            "Session:0",
            "Session:7 ",
            "Session:99999999999999999999",
        ] {
            assert_eq!(wrong.parse::<SessionId>(), Err(IdError::Malformed { expected: "Session" }), "{wrong}");
        }
        assert_eq!(
            "Person:7".parse::<SessionId>(),
            Err(IdError::OtherType { found: "Person".into(), expected: "Session" })
        );
    }

    #[test]
    fn visit_id_is_a_uuid() {
        let id = PresenceId::parse_uuid("0F8FAD5B-d9cb-469f-a165-70867728950e").unwrap();
        assert_eq!(id.to_string(), "Presence:0f8fad5b-d9cb-469f-a165-70867728950e");
        assert_eq!(id.to_string().parse(), Ok(id));
        for wrong in [
            "",
            "7",
            "0f8fad5bd9cb469fa16570867728950e",
            "0f8fad5b-d9cb-469f-a165-70867728950",
            "+f8fad5b-d9cb-469f-a165-70867728950e",
            "0f8fad5b-d9cb-469f-a165-7086772895é",
        ] {
            assert_eq!(PresenceId::parse_uuid(wrong), None, "{wrong}");
        }
        let other = "Person:0f8fad5b-d9cb-469f-a165-70867728950e".parse::<PresenceId>();
        assert_eq!(other, Err(IdError::OtherType { found: "Person".into(), expected: "Presence" }));
    }
}
