//! The meetings of one schedule on successive dates, as instants.
//!
//! Between two clock changes the offset is constant, so all meetings have the same times of day in UTC. These are
//! computed once and cached.

use chrono::{DateTime, Days, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, Utc};

use super::Occurrence;
use crate::{
    window::{MeetingTimes, local_times},
    zone::{OffsetPeriod, Zone},
};

/// Computes the meetings of one pair of local times. It is fastest when successive dates are close to each other.
#[derive(Debug, Clone)]
pub(super) struct Meetings {
    zone: Zone,
    start: NaiveTime,
    end: NaiveTime,
    cached: Option<CachedTimes>,
}

/// The times in UTC for a range of dates on which both local times have the same offset.
#[derive(Debug, Clone, Copy)]
struct CachedTimes {
    from: NaiveDate,
    /// The first date after the range.
    until: NaiveDate,
    start: UtcTime,
    end: UtcTime,
}

/// A time of day in UTC.
#[derive(Debug, Clone, Copy)]
struct UtcTime {
    /// The number of days from the local date to the date in UTC.
    days: i64,
    time: NaiveTime,
}

impl Meetings {
    pub(super) const fn new(zone: Zone, start: NaiveTime, end: NaiveTime) -> Self {
        Self { zone, start, end, cached: None }
    }

    /// The occurrence on this date. The result is the same as that of [`MeetingTimes::new`]; `None` if that fails.
    #[inline]
    pub(super) fn on(&mut self, date: NaiveDate) -> Option<Occurrence> {
        let is_cached = self.cached.is_some_and(|cached| cached.from <= date && date < cached.until);
        if !is_cached {
            self.cached = self.times_around(date);
        }
        let meeting = match &self.cached {
            Some(cached) => MeetingTimes::from_instants(cached.start.on(date)?, cached.end.on(date)?)?,
            None => self.computed(date)?,
        };
        Some(Occurrence { date, start: self.start, end: self.end, meeting })
    }

    #[cold]
    fn computed(&self, date: NaiveDate) -> Option<MeetingTimes> {
        MeetingTimes::new(self.zone, date, self.start, self.end).ok()
    }

    /// The times for the dates around this one. `None` if the offset changes during the meeting, or at the ends of the
    /// calendar.
    #[cold]
    fn times_around(&self, date: NaiveDate) -> Option<CachedTimes> {
        let (starts, ends) = local_times(date, self.start, self.end)?;
        let OffsetPeriod { from, until, offset } = self.zone.period(starts);
        if ends >= until {
            return None;
        }
        let in_utc = |local| UtcTime::new(date, local, offset);
        // The range leaves out a date at either end, which may have another offset. It always includes `date` itself.
        Some(CachedTimes {
            from: date.min(from.date().succ_opt()?),
            until: until.date().pred_opt()?.max(date.succ_opt()?),
            start: in_utc(starts)?,
            end: in_utc(ends)?,
        })
    }
}

impl UtcTime {
    fn new(date: NaiveDate, local: NaiveDateTime, offset: FixedOffset) -> Option<Self> {
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
