//! The rules of one zone: which offset from UTC its clocks have, and when they change.
//!
//! Terms:
//!
//! - A *local time type* (RFC 8536) is an offset, its abbreviation, and whether it is daylight saving time.
//! - The *footer* of a zone's data is a rule for all years after the last listed change, such as "from the second Sunday of
//!   March to the first Sunday of November".
//!
//! The changes that the footer asks for are listed up to the year 2500. Days and weekdays repeat every 400 years, and so
//! does the footer. A later instant is therefore looked up some multiple of 400 years earlier, in the years 2100 to 2499.

use std::fmt;

use chrono::{DateTime, Days, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, Offset as _, TimeDelta, Utc};
use jiff::{Timestamp, tz::TimeZone};

use super::offset_periods::{OffsetPeriod, offset_periods};

/// Why the data of a zone is not valid.
#[derive(Debug, thiserror::Error)]
pub(super) enum RulesError {
    #[error(transparent)]
    NotTzif(#[from] jiff::Error),
    #[error("an offset is longer than a day")]
    LongOffset,
}

/// A time zone with its rules, of one release of the IANA data.
///
/// It is a reference: the rules that a process uses stay in its memory until it ends. A process uses few releases.
#[derive(Clone, Copy)]
pub struct Zone(&'static Rules);

#[derive(Debug)]
struct Rules {
    name: Box<str>,
    /// The local time types, in ascending order. The first one has no beginning.
    spans: Box<[Span]>,
    /// The same changes as local times; see [`OffsetPeriod`].
    periods: Box<[OffsetPeriod]>,
    /// The footer changes the clocks every year.
    is_recurring: bool,
}

/// The local time type from an instant on.
#[derive(Debug)]
pub(super) struct Span {
    /// The instant from which this type applies, in seconds since 1970.
    pub(super) from: i64,
    pub(super) local: LocalType,
}

/// A local time type: the state of a zone's clocks at some instant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocalType {
    pub offset: FixedOffset,
    /// The abbreviation, such as `CST`. Zones without an abbreviation have their offset, such as `-03`.
    pub abbreviation: Box<str>,
    pub is_dst: bool,
}

/// After this instant, changes are not listed.
const LAST: NaiveDateTime = year_begins(2500);

/// The days of 400 years.
const CYCLE_DAYS: u64 = 146_097;

pub(super) const fn year_begins(year: i32) -> NaiveDateTime {
    match NaiveDate::from_yo_opt(year, 1) {
        Some(date) => NaiveDateTime::new(date, NaiveTime::MIN),
        None => NaiveDateTime::MIN,
    }
}

/// How many days to go back to find the offset of this time among the listed ones.
fn days_back(time: NaiveDateTime) -> Days {
    let beyond = time.signed_duration_since(LAST);
    if beyond < TimeDelta::zero() {
        return Days::new(0);
    }
    let cycles = beyond.num_days().unsigned_abs() / CYCLE_DAYS + 1;
    Days::new(cycles * CYCLE_DAYS)
}

impl Zone {
    /// The zone without changes that is 0 hours from UTC.
    pub fn utc() -> Self {
        static UTC: std::sync::LazyLock<Zone> = std::sync::LazyLock::new(|| {
            let local = LocalType { offset: Utc.fix(), abbreviation: "UTC".into(), is_dst: false };
            Zone::of("UTC".into(), vec![Span { from: i64::MIN, local }])
        });
        *UTC
    }

    /// Reads the data of a zone: a TZif file (RFC 8536).
    pub(super) fn read(name: &str, tzif: &[u8]) -> Result<Self, RulesError> {
        let zone = TimeZone::tzif(name, tzif)?;
        let local = |offset: jiff::tz::Offset, abbreviation: &str, is_dst: jiff::tz::Dst| {
            let offset = FixedOffset::east_opt(offset.seconds()).ok_or(RulesError::LongOffset)?;
            Ok::<_, RulesError>(LocalType { offset, abbreviation: abbreviation.into(), is_dst: is_dst.is_dst() })
        };
        let first = zone.to_offset_info(Timestamp::MIN);
        let mut spans = vec![Span { from: i64::MIN, local: local(first.offset(), first.abbreviation(), first.dst())? }];
        // A cycle's last year is listed as a whole, with the change that ends it.
        let end = LAST.and_utc().timestamp() + TimeDelta::days(366).num_seconds();
        for change in zone.following(Timestamp::MIN) {
            let from = change.timestamp().as_second();
            if from >= end {
                break;
            }
            let local = local(change.offset(), change.abbreviation(), change.dst())?;
            if spans.last().is_some_and(|span| span.local != local) {
                spans.push(Span { from, local });
            }
        }
        Ok(Self::of(name.into(), spans))
    }

    fn of(name: Box<str>, spans: Vec<Span>) -> Self {
        let a_year_earlier = LAST.and_utc().timestamp() - TimeDelta::days(366).num_seconds();
        let is_recurring = spans.last().is_some_and(|span| span.from > a_year_earlier);
        let periods = offset_periods(&spans);
        Self(Box::leak(Box::new(Rules { name, spans: spans.into(), periods, is_recurring })))
    }

    /// The IANA name.
    pub fn name(self) -> &'static str {
        &self.0.name
    }

    /// The local time type at an instant.
    pub fn local_type(self, at: DateTime<Utc>) -> &'static LocalType {
        let mut at = at;
        if self.0.is_recurring {
            at = at.checked_sub_days(days_back(at.naive_utc())).unwrap_or(at);
        }
        let seconds = at.timestamp();
        let later = self.0.spans.partition_point(|span| span.from <= seconds);
        &self.0.spans[later.saturating_sub(1)].local
    }

    /// The offset from UTC at an instant.
    pub fn offset(self, at: DateTime<Utc>) -> FixedOffset {
        self.local_type(at).offset
    }

    /// The offset period of a local time.
    pub(crate) fn period(self, local: NaiveDateTime) -> OffsetPeriod {
        let back = if self.0.is_recurring { days_back(local) } else { Days::new(0) };
        let local = local.checked_sub_days(back).unwrap_or(local);
        let periods = &self.0.periods;
        let index = periods.partition_point(|period| period.until <= local);
        let OffsetPeriod { from, until, offset } = periods[index.min(periods.len() - 1)];
        OffsetPeriod {
            from: from.checked_add_days(back).unwrap_or(from),
            until: until.checked_add_days(back).unwrap_or(NaiveDateTime::MAX),
            offset,
        }
    }

    pub(super) fn spans(self) -> &'static [Span] {
        &self.0.spans
    }
}

impl PartialEq for Zone {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self.0, other.0)
    }
}

impl Eq for Zone {}

impl std::hash::Hash for Zone {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.name().hash(state);
    }
}

impl fmt::Debug for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Zone").field(&self.0.name).finish()
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
