//! Offset periods: ranges of local times that have the same offset from UTC.
//!
//! Rule 3 gives each local time one offset. A time in a gap has the offset before the gap. A time that occurs twice is
//! the first one, so it also has the offset before the change. Each clock change therefore has one boundary: the later
//! of the two local times that clocks show just before and just after it. Earlier local times have the old offset, and
//! the boundary and all later ones have the new offset. An *offset period* lies between two boundaries.

use chrono::{DateTime, FixedOffset, NaiveDateTime};

use super::rules::Span;

/// The local times from `from` up to, but not including, `until`. They have the offset `offset`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct OffsetPeriod {
    pub(crate) from: NaiveDateTime,
    pub(crate) until: NaiveDateTime,
    pub(crate) offset: FixedOffset,
}

/// The offset periods of a zone, in ascending order. They cover the whole calendar.
pub(super) fn offset_periods(spans: &[Span]) -> Box<[OffsetPeriod]> {
    let mut periods = Vec::new();
    let mut from = NaiveDateTime::MIN;
    for pair in spans.windows(2) {
        let [Span { local: before, .. }, Span { from: at, local: after }] = pair else { continue };
        let (before, after) = (before.offset, after.offset);
        if before == after {
            continue;
        }
        let later = if after.local_minus_utc() > before.local_minus_utc() { after } else { before };
        let at = DateTime::from_timestamp(*at, 0).unwrap_or_default().naive_utc();
        let until = at.checked_add_offset(later).unwrap_or(at);
        periods.push(OffsetPeriod { from, until, offset: before });
        from = until;
    }
    let offset = spans.last().map_or_else(|| chrono::Offset::fix(&chrono::Utc), |span| span.local.offset);
    periods.push(OffsetPeriod { from, until: NaiveDateTime::MAX, offset });
    periods.into_boxed_slice()
}
