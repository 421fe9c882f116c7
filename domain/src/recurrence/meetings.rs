//! The meetings of one schedule on one date after the other.
//!
//! As long as no change of the clocks comes between, they differ by their dates only: the times of day in UTC, and by
//! how many days UTC is ahead or behind, are worked out once for all of them.

use chrono::{DateTime, Days, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, Utc};

use super::Occurrence;
use crate::{
    window::Meeting,
    zone::{Steady, Tz},
};

/// Makes the meetings of two local times; quickest when dates are near each other.
#[derive(Debug, Clone)]
pub(super) struct Meetings {
    zone: Tz,
    start: NaiveTime,
    end: NaiveTime,
    stretch: Option<Stretch>,
}

/// Dates of which both times are read with the same offset.
#[derive(Debug, Clone, Copy)]
struct Stretch {
    from: NaiveDate,
    /// Not included.
    until: NaiveDate,
    start: InUtc,
    end: InUtc,
}

/// A time of day in UTC, so many days after the local date.
#[derive(Debug, Clone, Copy)]
struct InUtc {
    days: i64,
    time: NaiveTime,
}

impl Meetings {
    pub(super) const fn new(zone: Tz, start: NaiveTime, end: NaiveTime) -> Self {
        Self { zone, start, end, stretch: None }
    }

    /// The same as [`Meeting::new`].
    #[inline]
    pub(super) fn on(&mut self, date: NaiveDate) -> Option<Occurrence> {
        let is_near = self.stretch.is_some_and(|stretch| stretch.from <= date && date < stretch.until);
        if !is_near {
            self.stretch = self.stretch_around(date);
        }
        let meeting = match &self.stretch {
            Some(stretch) => Meeting::from_instants(stretch.start.on(date)?, stretch.end.on(date)?)?,
            None => Meeting::new(self.zone, date, self.start, self.end).ok()?,
        };
        Some(Occurrence { date, start: self.start, end: self.end, meeting })
    }

    /// `None` when an offset changes between the start of that date and its end, or none is known to be steady.
    #[cold]
    fn stretch_around(&self, date: NaiveDate) -> Option<Stretch> {
        let starts = date.and_time(self.start);
        let end_date = if self.end < self.start { date.succ_opt()? } else { date };
        let ends = end_date.and_time(self.end);
        let Steady { from, until, offset } = Steady::around(self.zone, starts).filter(|steady| ends < steady.until)?;
        let in_utc = |local| InUtc::of(date, local, offset);
        // The date itself is known to be in it, so at either end a date too few does no harm.
        Some(Stretch {
            from: date.min(from.date().succ_opt()?),
            until: until.date().pred_opt()?.max(date.succ_opt()?),
            start: in_utc(starts)?,
            end: in_utc(ends)?,
        })
    }
}

impl InUtc {
    fn of(date: NaiveDate, local: NaiveDateTime, offset: FixedOffset) -> Option<Self> {
        let utc = local.checked_sub_offset(offset)?;
        Some(Self { days: utc.date().signed_duration_since(date).num_days(), time: utc.time() })
    }

    #[inline]
    fn on(&self, date: NaiveDate) -> Option<DateTime<Utc>> {
        let date = match self.days {
            0 => date,
            1.. => date.checked_add_days(Days::new(self.days.unsigned_abs()))?,
            _ => date.checked_sub_days(Days::new(self.days.unsigned_abs()))?,
        };
        Some(date.and_time(self.time).and_utc())
    }
}
