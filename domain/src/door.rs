//! Check-in codes. A screen at the door shows the code of an instance, so that people who are there can check in.
//!
//! A code is the id of an instance and a tag. The tag is a keyed hash of the instance and a [`CodePeriod`], so nothing is
//! stored. The caller computes the hash. This module says which steps are accepted, and how a code is written.

use std::fmt::Write as _;

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;

use crate::ids::SessionInstanceId;

/// Whether a session has check-in codes (`Session.checkInCodes`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize)]
#[serde(rename_all = "UPPERCASE")]
#[cfg_attr(feature = "sea-orm", derive(sea_orm::DeriveValueType), sea_orm(value_type = "String", column_type = "Text"))]
pub enum CheckInCodes {
    #[default]
    None,
    /// Each instance has one code.
    Fixed,
    /// The code of an instance changes every [`ROTATION`].
    Rotating,
}

impl CheckInCodes {
    /// The text that the database keeps.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "NONE",
            Self::Fixed => "FIXED",
            Self::Rotating => "ROTATING",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        [Self::None, Self::Fixed, Self::Rotating].into_iter().find(|codes| codes.as_str() == text)
    }
}

kept_as_text!(CheckInCodes);

/// How long a rotating code is shown.
pub const ROTATION: TimeDelta = TimeDelta::seconds(30);

/// How long a rotating code is accepted after the next one is shown.
pub const GRACE: TimeDelta = TimeDelta::seconds(60);

/// The part of a tag's input besides the instance. It limits how long the code works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CodePeriod {
    Fixed,
    /// The number of rotations since 1970.
    Rotation(i64),
}

impl CodePeriod {
    /// The step of the code that is shown at `at`. `None` if there are no codes.
    pub fn shown(codes: CheckInCodes, at: DateTime<Utc>) -> Option<Self> {
        match codes {
            CheckInCodes::None => None,
            CheckInCodes::Fixed => Some(Self::Fixed),
            CheckInCodes::Rotating => Some(Self::Rotation(at.timestamp().div_euclid(ROTATION.num_seconds()))),
        }
    }

    /// The steps whose codes are accepted at `at`.
    pub fn accepted(codes: CheckInCodes, at: DateTime<Utc>) -> Vec<Self> {
        let earlier = GRACE.num_seconds() / ROTATION.num_seconds();
        match Self::shown(codes, at) {
            Some(Self::Rotation(now)) => (now - earlier..=now).rev().map(Self::Rotation).collect(),
            step => step.into_iter().collect(),
        }
    }

    /// The instant from which the code of this step is no longer accepted. `None`: as long as the doors are open.
    pub fn accepted_until(self) -> Option<DateTime<Utc>> {
        let Self::Rotation(number) = self else { return None };
        let end = number.checked_add(1)?.checked_mul(ROTATION.num_seconds())?;
        DateTime::from_timestamp(end, 0)?.checked_add_signed(GRACE)
    }
}

/// The length of a tag, in bytes. Nobody can guess 64 bits.
pub const TAG_BYTES: usize = 8;

/// Digits without letters that look like others (Crockford's base 32).
const DIGITS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// The digits of a tag: 64 bits in digits of 5 bits.
const TAG_DIGITS: usize = 13;

/// A code as people see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Code {
    pub instance: SessionInstanceId,
    pub tag: [u8; TAG_BYTES],
}

impl Code {
    /// The text: the digits of the instance's id, then those of the tag.
    pub fn write(&self) -> String {
        let id = u64::from_be_bytes(self.instance.0.to_be_bytes());
        let tag = u64::from_be_bytes(self.tag);
        let mut text = digits(id, 1);
        // Writing to a String does not fail.
        let _ = text.write_str(&digits(tag, TAG_DIGITS));
        text
    }

    /// Reads what somebody typed or scanned. Spaces, hyphens and upper or lower case do not matter. `None` if it is not a
    /// code.
    pub fn read(text: &str) -> Option<Self> {
        let typed = text.bytes().filter(|byte| !matches!(byte, b' ' | b'-'));
        let values = typed.map(value_of).collect::<Option<Vec<u64>>>()?;
        let (id, tag) = values.split_at_checked(values.len().checked_sub(TAG_DIGITS)?)?;
        let id = i64::from_be_bytes(number(id)?.to_be_bytes());
        (id > 0).then_some(())?;
        Some(Self { instance: SessionInstanceId(id), tag: number(tag)?.to_be_bytes() })
    }
}

/// Writes a number with at least `count` digits.
fn digits(mut number: u64, count: usize) -> String {
    let mut digits = Vec::new();
    while number > 0 || digits.len() < count {
        digits.push(char::from(DIGITS[(number % 32) as usize]));
        number /= 32;
    }
    digits.iter().rev().collect()
}

fn value_of(digit: u8) -> Option<u64> {
    let digit = match digit.to_ascii_uppercase() {
        b'O' => b'0',
        b'I' | b'L' => b'1',
        digit => digit,
    };
    DIGITS.iter().zip(0..).find(|(known, _)| **known == digit).map(|(_, value)| value)
}

/// The number with these digits. `None` if there is no digit, or if the number is too large.
fn number(values: &[u64]) -> Option<u64> {
    (!values.is_empty()).then_some(())?;
    values.iter().try_fold(0_u64, |number, value| number.checked_mul(32)?.checked_add(*value))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(second, 0).unwrap()
    }

    #[test]
    fn codes_are_read_as_they_are_written_and_as_people_type_them() {
        for (id, tag) in [(1, 0), (7, u64::MAX), (31, 1), (i64::MAX, 0x0123_4567_89AB_CDEF)] {
            let code = Code { instance: SessionInstanceId(id), tag: tag.to_be_bytes() };
            let text = code.write();
            assert_eq!(Code::read(&text), Some(code), "{text}");
            let typed = text.to_lowercase().replace('0', "o").replace('1', "l");
            assert_eq!(Code::read(&format!(" {}-{} ", &typed[..3], &typed[3..])), Some(code), "{typed}");
        }
        for text in
            ["", "7", "0000000000000", "00000000000000", "7U00000000000000", "ü000000000000000", &"Z".repeat(40)]
        {
            assert_eq!(Code::read(text), None, "{text}");
        }
    }

    #[test]
    fn rotating_code_is_accepted_for_a_minute_after_the_next_one_is_shown() {
        let step = CodePeriod::shown(CheckInCodes::Rotating, at(3_000)).unwrap();
        let is_accepted = |second| CodePeriod::accepted(CheckInCodes::Rotating, at(second)).contains(&step);
        let accepted: Vec<i64> = (2_900..3_300).filter(|second| is_accepted(*second)).collect();
        assert_eq!((accepted.first(), accepted.last(), accepted.len()), (Some(&3_000), Some(&3_089), 90));
        assert_eq!(step.accepted_until(), Some(at(3_090)));
    }

    #[test]
    fn fixed_code_has_no_end_and_without_codes_there_is_none() {
        assert_eq!(CodePeriod::accepted(CheckInCodes::Fixed, at(1)), [CodePeriod::Fixed]);
        assert_eq!(CodePeriod::Fixed.accepted_until(), None);
        assert_eq!(CodePeriod::shown(CheckInCodes::None, at(1)), None);
        assert_eq!(CodePeriod::accepted(CheckInCodes::None, at(1)), []);
    }
}
