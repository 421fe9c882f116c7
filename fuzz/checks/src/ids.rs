//! Ids, such as `Session:7`.

use std::{fmt::Display, str::FromStr};

use domain::ids::{
    ActivityId, BookingId, CheckInId, IdError, PersonId, PresenceId, SessionId, SessionInstanceId, TimeSlotId,
};

/// An id has exactly one text and one type. Only the hexadecimal digits of a visit may be in either case.
///
/// # Panics
/// When a check fails.
pub fn check(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let readings = [
        read::<SessionId>(&text),
        read::<SessionInstanceId>(&text),
        read::<PersonId>(&text),
        read::<CheckInId>(&text),
        read::<TimeSlotId>(&text),
        read::<BookingId>(&text),
        read::<ActivityId>(&text),
        read::<PresenceId>(&text),
    ];
    let mut readings = readings.into_iter().flatten();
    if let Some(written) = readings.next() {
        assert!(written.eq_ignore_ascii_case(&text), "{text} is written {written}");
        assert!(written == text || text.starts_with(PresenceId::TYPE), "{text} is written {written}");
        assert_eq!(readings.next(), None, "{text} is of two types");
    }

    if let Some(visit) = PresenceId::parse_uuid(&text) {
        assert_eq!(visit.uuid(), text.to_ascii_lowercase());
        assert_eq!(visit.to_string().parse(), Ok(visit));
    }
    if let Some((number, _)) = bytes.split_first_chunk() {
        let number = i64::from_le_bytes(*number);
        let parsed = SessionId(number).to_string().parse();
        assert_eq!(parsed.ok(), (number > 0).then_some(SessionId(number)));
    }
    if let Some((number, _)) = bytes.split_first_chunk() {
        let visit = PresenceId::from(u128::from_le_bytes(*number));
        assert_eq!(PresenceId::parse_uuid(&visit.uuid()), Some(visit));
    }
}

/// The canonical text, if `text` is an id of this type.
fn read<Id: FromStr<Err = IdError> + Display>(text: &str) -> Option<String> {
    match text.parse::<Id>() {
        Ok(id) => Some(id.to_string()),
        Err(error) => {
            assert!(error.to_string().len() < 200, "the message is long: {error}");
            None
        }
    }
}
