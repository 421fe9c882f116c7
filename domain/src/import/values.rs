//! Dates, times and durations of RFC 5545 (section 3.3).

use chrono::{NaiveDate, NaiveDateTime, NaiveTime, TimeDelta};

/// A date, or a date with a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stamp {
    Date(NaiveDate),
    /// A time in a zone that the property names, or in none.
    Local(NaiveDateTime),
    Utc(NaiveDateTime),
}

impl Stamp {
    pub(super) const fn date(self) -> NaiveDate {
        match self {
            Self::Date(date) => date,
            Self::Local(time) | Self::Utc(time) => time.date(),
        }
    }
}

/// Reads a DATE or a DATE-TIME. A leap second is the second before it.
pub(super) fn stamp(text: &str) -> Option<Stamp> {
    let text = text.trim();
    if !text.is_ascii() {
        return None;
    }
    match text.len() {
        8 => date(text).map(Stamp::Date),
        15 => local(text).map(Stamp::Local),
        16 => local(text.strip_suffix(['Z', 'z'])?).map(Stamp::Utc),
        _ => None,
    }
}

fn number(text: &str) -> Option<u32> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

fn date(text: &str) -> Option<NaiveDate> {
    let year = i32::try_from(number(text.get(0..4)?)?).ok()?;
    NaiveDate::from_ymd_opt(year, number(text.get(4..6)?)?, number(text.get(6..8)?)?)
}

fn local(text: &str) -> Option<NaiveDateTime> {
    let (day, time) = text.split_once(['T', 't']).filter(|(day, time)| day.len() == 8 && time.len() == 6)?;
    let second = number(time.get(4..6)?)?;
    let second = if second == 60 { 59 } else { second };
    Some(date(day)?.and_time(NaiveTime::from_hms_opt(number(time.get(0..2)?)?, number(time.get(2..4)?)?, second)?))
}

/// A duration: days count in local time, the rest is elapsed time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Length {
    pub(super) days: i64,
    pub(super) exact: TimeDelta,
}

/// Reads a DURATION, such as `P1DT2H` or `PT90M`.
pub(super) fn duration(text: &str) -> Option<Length> {
    let text = text.trim();
    let (is_negative, text) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let text = text.strip_prefix('P')?;
    let (mut days, mut seconds, mut is_time, mut has_any) = (0_i64, 0_i64, false, false);
    let mut rest = text;
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix('T') {
            if is_time {
                return None;
            }
            (is_time, rest) = (true, after);
            continue;
        }
        let end = rest.find(|character: char| !character.is_ascii_digit())?;
        let amount: i64 = rest[..end].parse().ok().filter(|amount| *amount < 100_000_000)?;
        match (rest.as_bytes().get(end)?, is_time) {
            (b'W', false) => days += amount * 7,
            (b'D', false) => days += amount,
            (b'H', true) => seconds += amount * 3600,
            (b'M', true) => seconds += amount * 60,
            (b'S', true) => seconds += amount,
            _ => return None,
        }
        has_any = true;
        rest = rest.get(end + 1..)?;
    }
    let sign = if is_negative { -1 } else { 1 };
    has_any.then_some(())?;
    Some(Length { days: days * sign, exact: TimeDelta::try_seconds(seconds * sign)? })
}

/// Reads a UTC-OFFSET, such as `+0100` or `-023000`, in seconds east of Greenwich.
pub(super) fn offset(text: &str) -> Option<i32> {
    let text = text.trim();
    let (sign, digits) = match text.split_at_checked(1)? {
        ("+", digits) => (1, digits),
        ("-", digits) => (-1, digits),
        _ => return None,
    };
    if !matches!(digits.len(), 4 | 6) || !digits.is_ascii() {
        return None;
    }
    let part = |range: std::ops::Range<usize>| digits.get(range).map_or(Some(0), number).filter(|part| *part < 60);
    let seconds = part(0..2)? * 3600 + part(2..4)? * 60 + part(4..6)?;
    i32::try_from(seconds).ok().filter(|seconds| *seconds < 24 * 3600).map(|seconds| sign * seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> NaiveDateTime {
        text.parse().unwrap()
    }

    #[test]
    fn dates_and_times_are_read_strictly() {
        assert_eq!(stamp("20260102"), Some(Stamp::Date(at("2026-01-02T00:00:00").date())));
        assert_eq!(stamp("20260102T190000"), Some(Stamp::Local(at("2026-01-02T19:00:00"))));
        assert_eq!(stamp("20260102T190060Z"), Some(Stamp::Utc(at("2026-01-02T19:00:59"))));
        for wrong in [
            "",
            "2026",
            "20260230",
            "20260102T24",
            "20260102T240000",
            "2026-01-02",
            "20260102T1900000",
            "２０２６０１０２",
        ] {
            assert_eq!(stamp(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn durations_and_offsets_are_read() {
        let length = |days, seconds| Some(Length { days, exact: TimeDelta::seconds(seconds) });
        for (text, expected) in [
            ("PT1H30M", length(0, 5400)),
            ("P1DT2H", length(1, 7200)),
            ("P2W", length(14, 0)),
            ("-PT5M", length(0, -300)),
            ("PT0S", length(0, 0)),
            ("P", None),
            ("PT", None),
            ("PT1", None),
            ("1H", None),
            ("P1H", None),
            ("PT99999999999999999999H", None),
        ] {
            assert_eq!(duration(text), expected, "{text}");
        }
        let offsets = ["+0100", "-0330", "+053020", "0100", "+1", "+9900", "+01x0"].map(offset);
        assert_eq!(offsets, [Some(3600), Some(-12600), Some(19820), None, None, None, None]);
    }
}
