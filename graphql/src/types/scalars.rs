//! The scalars of the schema: which texts they accept, and how they are printed.
//!
//! They are newtypes. Otherwise the types of chrono, for which async-graphql has scalars with the same names, could get into
//! the schema by accident.

use std::{borrow::Cow, ops::RangeInclusive};

use async_graphql::{InputType, InputValueError, InputValueResult, Scalar, ScalarType, Value};
use chrono::{Datelike as _, NaiveDate, NaiveTime, SecondsFormat, SubsecRound as _, TimeDelta, Timelike as _, Utc};
use chrono_tz::Tz;

/// Why a scalar refuses a value. The text completes a sentence about the field, such as "must be a calendar date, such as
/// 2024-01-15, not 'today'".
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem(pub String);

/// A scalar that reads its values from texts.
trait TextScalar: Sized {
    /// What a value must be, for the error message.
    const EXPECTED: &'static str;

    fn read_text(text: &str) -> Option<Self>;

    fn read(value: &Value) -> Result<Self, Problem> {
        let read = if let Value::String(text) = value { Self::read_text(text) } else { None };
        read.ok_or_else(|| Problem(format!("must be {}, not {}", Self::EXPECTED, shown(value))))
    }

    fn parse_input(value: &Value) -> InputValueResult<Self>
    where
        Self: InputType,
    {
        Self::read(value).map_err(|Problem(problem)| InputValueError::custom(problem))
    }
}

/// Why a scalar of this name refuses a value. `None` if the scalar accepts it, and for the scalars of other crates, except
/// `Int`.
pub fn problem_with(scalar: &str, value: &Value) -> Option<Problem> {
    match scalar {
        "Cursor" => Cursor::read(value).err(),
        "Date" => Date::read(value).err(),
        "DateTime" => DateTime::read(value).err(),
        "LocalTime" => LocalTime::read(value).err(),
        "TimeZone" => TimeZone::read(value).err(),
        "Int" => {
            let is_int =
                matches!(value, Value::Number(number) if number.as_i64().is_some_and(|it| i32::try_from(it).is_ok()));
            let expected = format!("must be a whole number from {} to {}", i32::MIN, i32::MAX);
            (!is_int).then(|| Problem(format!("{expected}, not {}", shown(value))))
        }
        _ => None,
    }
}

/// The years that RFC 3339 can write: those with four digits.
const YEARS: RangeInclusive<i32> = 1..=9999;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DateTime(pub chrono::DateTime<Utc>);

impl From<chrono::DateTime<Utc>> for DateTime {
    fn from(instant: chrono::DateTime<Utc>) -> Self {
        Self(instant)
    }
}

impl TextScalar for DateTime {
    const EXPECTED: &'static str =
        "an instant with its offset, such as 2024-01-15T19:00:00Z or 2024-01-15T13:00:00-06:00";

    fn read_text(text: &str) -> Option<Self> {
        parse_instant(text).map(Self)
    }
}

/// An instant, as RFC 3339 writes it, such as `2024-01-15T19:00:00.000Z`. Answers are in UTC, with milliseconds. Inputs
/// may have any offset; their years are 0001 to 9999. Inputs may also be written as other languages print them: without
/// seconds, with a space in place of `T`, or with an offset such as `+0000`.
#[Scalar(name = "DateTime", specified_by_url = "https://scalars.graphql.org/andimarek/date-time.html")]
impl ScalarType for DateTime {
    fn parse(value: Value) -> InputValueResult<Self> {
        Self::parse_input(&value)
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.to_rfc3339_opts(SecondsFormat::Millis, true))
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date(pub NaiveDate);

impl From<NaiveDate> for Date {
    fn from(date: NaiveDate) -> Self {
        Self(date)
    }
}

impl TextScalar for Date {
    const EXPECTED: &'static str = "a calendar date, such as 2024-01-15";

    fn read_text(text: &str) -> Option<Self> {
        parse_date(text).map(Self)
    }
}

/// A calendar date, written `YYYY-MM-DD`, in the time zone of the session.
#[Scalar(name = "Date", specified_by_url = "https://scalars.graphql.org/andimarek/local-date.html")]
impl ScalarType for Date {
    fn parse(value: Value) -> InputValueResult<Self> {
        Self::parse_input(&value)
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.format("%Y-%m-%d").to_string())
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LocalTime(pub NaiveTime);

impl From<NaiveTime> for LocalTime {
    fn from(time: NaiveTime) -> Self {
        Self(time)
    }
}

impl TextScalar for LocalTime {
    const EXPECTED: &'static str = "a time of day from 00:00 to 23:59:59, such as 19:00";

    fn read_text(text: &str) -> Option<Self> {
        parse_time(text).map(Self)
    }
}

/// A time of day from 00:00 to 23:59:59, in the time zone of the session. Answers are written `HH:MM:SS`. Inputs may
/// leave out the seconds.
#[Scalar(name = "LocalTime", specified_by_url = "https://scalars.graphql.org/chillicream/local-time.html")]
impl ScalarType for LocalTime {
    fn parse(value: Value) -> InputValueResult<Self> {
        Self::parse_input(&value)
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.format("%H:%M:%S").to_string())
    }
}

/// The name of a time zone. What clients send is checked. A name from the database is shown as it is, even if it is no
/// longer known.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct TimeZone(String);

impl TimeZone {
    /// A name from the database, even if it is no longer known.
    pub fn stored(name: impl Into<String>) -> Self {
        Self(name.into())
    }

    pub fn name(&self) -> &str {
        &self.0
    }

    pub fn into_name(self) -> String {
        self.0
    }

    /// The zone. `None` if a stored name is not known. The name that a client sent is always known.
    pub fn zone(&self) -> Option<Tz> {
        self.0.parse().ok()
    }
}

impl TextScalar for TimeZone {
    const EXPECTED: &'static str = "the IANA name of a time zone with its capitals, such as America/Chicago";

    fn read_text(text: &str) -> Option<Self> {
        text.parse::<Tz>().is_ok().then(|| Self(text.to_owned()))
    }
}

/// The name of a time zone in the IANA database, such as `America/Chicago`.
#[Scalar(name = "TimeZone")]
impl ScalarType for TimeZone {
    fn parse(value: Value) -> InputValueResult<Self> {
        Self::parse_input(&value)
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.clone())
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Cursor(pub String);

impl TextScalar for Cursor {
    const EXPECTED: &'static str = "a cursor, as the server gave it";

    fn read_text(text: &str) -> Option<Self> {
        Some(Self(text.to_owned()))
    }
}

/// A position in the log of changes. Only the server makes cursors. A subscription that gets one as `after` continues
/// there.
#[Scalar(name = "Cursor")]
impl ScalarType for Cursor {
    fn parse(value: Value) -> InputValueResult<Self> {
        Self::parse_input(&value)
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.clone())
    }
}

fn shown(value: &Value) -> Cow<'static, str> {
    Cow::Borrowed(match value {
        Value::String(text) => return Cow::Owned(quoted(text)),
        Value::Number(number) => return Cow::Owned(format!("the number {number}")),
        Value::Null => "null",
        Value::Boolean(_) => "a boolean",
        Value::Enum(_) => "a bare name",
        Value::List(_) => "a list",
        Value::Object(_) => "an object",
        Value::Binary(_) => "bytes",
    })
}

/// A client's text for an error message, shortened to one line.
fn quoted(text: &str) -> String {
    const LONGEST: usize = 60;

    let shown: String =
        text.chars().take(LONGEST).map(|c| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c }).collect();
    let more = if text.chars().nth(LONGEST).is_some() { "..." } else { "" };
    format!("'{shown}{more}'")
}

fn parse_instant(text: &str) -> Option<chrono::DateTime<Utc>> {
    let instant = chrono::DateTime::parse_from_rfc3339(&as_rfc3339(text)?).ok()?.to_utc();
    // chrono stores a leap second as a second with more than 1000 milliseconds. Leap seconds occur only at the end of a day
    // in UTC. Here they count as the start of the next day.
    let is_leap_second = instant.nanosecond() >= 1_000_000_000;
    if is_leap_second && (instant.hour(), instant.minute()) != (23, 59) {
        return None;
    }
    let instant = if is_leap_second {
        instant.with_nanosecond(0)?.checked_add_signed(TimeDelta::seconds(1))?
    } else {
        instant.trunc_subsecs(3)
    };
    YEARS.contains(&instant.year()).then_some(instant)
}

/// Rewrites an instant in the form of other languages to RFC 3339: with seconds, and with an offset of hours and minutes.
fn as_rfc3339(text: &str) -> Option<String> {
    let (date, rest) = text.split_at_checked(10)?;
    let rest = rest.strip_prefix(['T', 't', ' '])?;
    let (time, offset) = rest.split_at(rest.find(|c: char| !c.is_ascii_digit() && ![':', '.', ','].contains(&c))?);
    let seconds = if has_shape(time, "00:00") { ":00" } else { "" };
    let offset = offset.strip_prefix(' ').unwrap_or(offset);
    let offset = match offset {
        "Z" | "z" | "UTC" => "Z".to_owned(),
        _ => {
            let (sign, digits) = offset.split_at_checked(1).filter(|(sign, _)| ["+", "-"].contains(sign))?;
            match digits {
                _ if has_shape(digits, "00:00") => offset.to_owned(),
                _ if has_shape(digits, "0000") => format!("{sign}{}:{}", &digits[..2], &digits[2..]),
                _ if has_shape(digits, "00") => format!("{sign}{digits}:00"),
                _ => return None,
            }
        }
    };
    Some(format!("{date}T{}{seconds}{offset}", time.replace(',', ".")))
}

fn parse_date(text: &str) -> Option<NaiveDate> {
    let date = has_shape(text, "0000-00-00").then(|| NaiveDate::parse_from_str(text, "%Y-%m-%d").ok())??;
    YEARS.contains(&date.year()).then_some(date)
}

fn parse_time(text: &str) -> Option<NaiveTime> {
    // Some languages always print a fraction.
    let text = match text.split_once('.') {
        Some((time, fraction)) if !fraction.is_empty() && fraction.bytes().all(|digit| digit == b'0') => time,
        Some(_) => return None,
        None => text,
    };
    let (hour_minute, second) = match text.len() {
        5 => (text, 0),
        _ if has_shape(text, "00:00:00") => (text.get(..5)?, text.get(6..)?.parse().ok()?),
        _ => return None,
    };
    if !has_shape(hour_minute, "00:00") {
        return None;
    }
    let (hour, minute) = hour_minute.split_once(':')?;
    NaiveTime::from_hms_opt(hour.parse().ok()?, minute.parse().ok()?, second)
}

/// Whether `text` has an ASCII digit wherever `shape` has a 0, and otherwise the same characters.
fn has_shape(text: &str, shape: &str) -> bool {
    text.len() == shape.len()
        && text.bytes().zip(shape.bytes()).all(|(c, s)| if s == b'0' { c.is_ascii_digit() } else { c == s })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn printed<T: ScalarType>(text: &str) -> Option<String> {
        match T::parse(Value::from(text)).ok()?.to_value() {
            Value::String(text) => Some(text),
            _ => None,
        }
    }

    fn message(scalar: &str, value: impl Into<Value>) -> String {
        problem_with(scalar, &value.into()).unwrap().0
    }

    #[test]
    fn instant_of_any_offset_is_printed_in_utc_with_milliseconds() {
        let cases = [
            ("2024-01-15T19:00:00Z", "2024-01-15T19:00:00.000Z"),
            ("2024-01-15T13:00:00.5-06:00", "2024-01-15T19:00:00.500Z"),
            ("2024-01-15t19:00:00z", "2024-01-15T19:00:00.000Z"),
            ("2024-01-15T19:00:00.123999999Z", "2024-01-15T19:00:00.123Z"),
            ("1969-12-31T23:59:59.9999Z", "1969-12-31T23:59:59.999Z"),
            ("2031-12-01T10:00Z", "2031-12-01T10:00:00.000Z"),
            ("2031-12-01T10:00:00+0000", "2031-12-01T10:00:00.000Z"),
            ("2031-12-01T10:00:00-0230", "2031-12-01T12:30:00.000Z"),
            ("2031-12-01T10:00:00+02", "2031-12-01T08:00:00.000Z"),
            ("2031-12-01t10:00z", "2031-12-01T10:00:00.000Z"),
            ("2031-12-01 10:00:00+00:00", "2031-12-01T10:00:00.000Z"),
            ("2031-12-01 10:00:00 +0100", "2031-12-01T09:00:00.000Z"),
            ("2031-12-01 10:00:00 UTC", "2031-12-01T10:00:00.000Z"),
            ("2031-12-01T10:00:00.123456Z", "2031-12-01T10:00:00.123Z"),
            ("2031-12-01T10:00:00.123456789+00:00", "2031-12-01T10:00:00.123Z"),
            ("2031-12-01T10:00:00,5Z", "2031-12-01T10:00:00.500Z"),
            ("2016-12-31T23:59:60Z", "2017-01-01T00:00:00.000Z"),
            ("2016-12-31T17:59:60.7-06:00", "2017-01-01T00:00:00.000Z"),
            ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000Z"),
            ("9999-12-31T23:59:59.999Z", "9999-12-31T23:59:59.999Z"),
        ];
        for (text, expected) in cases {
            assert_eq!(printed::<DateTime>(text).as_deref(), Some(expected), "{text}");
        }
        let wrong = [
            "",
            "now",
            "2024-01-15",
            "2024-01-15T19:00:00",
            "2024-01-15T19Z",
            "2024-01-15T19:00",
            "2024-01-15 19:00:00",
            "2024-01-15T19:00:00.Z",
            "2024-01-15T19:00:00Z[UTC]",
            "2024-01-15T19:00:00+1",
            "2024-01-15T19:00:00 CST",
            "2024-01-15\u{e9}T19:00:00Z",
            "2024-02-30T19:00:00Z",
            "2024-01-15T24:00:00Z",
            "2024-01-15T12:30:60Z",
            "2024-01-15T19:00:61Z",
            "2024-01-15T19:00:00+25:00",
            "0000-12-31T23:59:59Z",
            "0001-01-01T00:00:00+01:00",
            "9999-12-31T23:59:59-01:00",
            "9999-12-31T23:59:60Z",
            "+10000-01-01T00:00:00Z",
            "1705345200",
        ];
        for text in wrong {
            assert_eq!(printed::<DateTime>(text), None, "{text}");
        }
    }

    #[test]
    fn date_has_four_two_and_two_digits() {
        for text in ["2024-01-15", "2024-02-29", "0001-01-01", "9999-12-31"] {
            assert_eq!(printed::<Date>(text).as_deref(), Some(text));
        }
        for text in ["", "2023-02-29", "2024-1-15", "24-01-15", "0000-01-01", "10000-01-01", "2024-01-15T00:00:00Z"] {
            assert_eq!(printed::<Date>(text), None, "{text}");
        }
    }

    #[test]
    fn local_time_is_printed_with_seconds() {
        for (text, expected) in [
            ("19:00", "19:00:00"),
            ("00:00:01", "00:00:01"),
            ("23:59:59", "23:59:59"),
            ("19:00:00.000", "19:00:00"),
            ("19:00:00.000000", "19:00:00"),
        ] {
            assert_eq!(printed::<LocalTime>(text).as_deref(), Some(expected), "{text}");
        }
        for text in [
            "",
            "24:00",
            "24:00:00",
            "7:00",
            "19:60",
            "19:00:60",
            "19:00:00.5",
            "19:00:00.",
            "7:00pm",
            "+9:00",
            "19.00",
            "é:000",
        ] {
            assert_eq!(printed::<LocalTime>(text), None, "{text}");
        }
    }

    #[test]
    fn zone_is_checked_when_sent_and_shown_as_stored() {
        for name in ["America/Chicago", "America/Argentina/Buenos_Aires", "UTC", "Etc/GMT+6"] {
            assert_eq!(printed::<TimeZone>(name).as_deref(), Some(name));
        }
        for name in ["", "america/chicago", "Central Time", "CST6CDT4", "+06:00", " UTC", "Mars/Olympus"] {
            assert_eq!(printed::<TimeZone>(name), None, "{name}");
        }
        let gone = TimeZone::stored("Mars/Olympus");
        assert_eq!((gone.zone(), ScalarType::to_value(&gone)), (None, Value::from("Mars/Olympus")));
        assert_eq!(TimeZone::stored("Asia/Tokyo").zone(), Some(chrono_tz::Asia::Tokyo));
    }

    #[test]
    fn message_says_what_to_do() {
        assert_eq!(
            message("TimeZone", "Mars/Olympus"),
            "must be the IANA name of a time zone with its capitals, such as America/Chicago, not 'Mars/Olympus'"
        );
        assert_eq!(
            message("LocalTime", 1900),
            "must be a time of day from 00:00 to 23:59:59, such as 19:00, not the number 1900"
        );
        assert_eq!(
            message("DateTime", "yesterday"),
            "must be an instant with its offset, such as 2024-01-15T19:00:00Z or 2024-01-15T13:00:00-06:00, not 'yesterday'"
        );
        assert_eq!(
            message("Int", 5_000_000_000_i64),
            "must be a whole number from -2147483648 to 2147483647, not the number 5000000000"
        );
        assert!(message("Date", "\n".repeat(10_000)).len() < 400);
        assert!(message("Cursor", Value::Null).ends_with("not null"));
        assert_eq!((problem_with("Int", &Value::from(7)), problem_with("String", &Value::from(7))), (None, None));
    }
}
