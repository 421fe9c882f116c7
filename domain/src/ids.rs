//! Ids as newtypes. Their text form, `Type:key`, is the global id of the GraphQL interface.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// Why a text is not the id that was asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    #[error("is not an id: ids look like {expected}:7")]
    Malformed { expected: &'static str },
    #[error("is the id of a {found}, but a {expected} is asked for, such as {expected}:7")]
    OtherType { found: String, expected: &'static str },
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident => $prefix:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
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
    /// Somebody.
    PersonId => "Person";
    /// One person's answer to one instance.
    CheckInId => "CheckIn";
    /// A mentor's free time.
    TimeSlotId => "TimeSlot";
    /// A student's claim on a slot.
    BookingId => "Booking";
    /// Something people do on line.
    ActivityId => "Activity";
}

/// Only the canonical form is taken, so that an id has one text: no sign, no leading zero, no white space.
fn parse_key(text: &str, expected: &'static str) -> Result<i64, IdError> {
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
    match key.parse::<i64>() {
        Ok(number) if number > 0 && number.to_string() == key => Ok(number),
        _ => Err(IdError::Malformed { expected }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_canonical_text_is_an_id() {
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
}
