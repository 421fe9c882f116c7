//! From schedules to occurrences: the schedules' dates become instants and are merged by them.
//!
//! Within one schedule starts only ascend, since its dates are a week apart and no gap is longer than a day. Between
//! schedules a gap may change the order of starts, or make two of them one: hence the merge is by instant, and ranges
//! of dates are read a little wider than they are asked for.

use std::iter;

use chrono::{DateTime, Days, NaiveDate, NaiveTime, Utc};

use super::{Calendar, Occurrence, Recurrence, Schedule, dates::Dates};
use crate::{
    window::Meeting,
    zone::{Tz, local_date},
};

impl Recurrence {
    /// Those whose local date is in `from` to `to`, both included, by start; made as they are asked for.
    pub fn occurrences(
        &self,
        calendar: &Calendar,
        from: NaiveDate,
        to: NaiveDate,
    ) -> impl Iterator<Item = Occurrence> + use<> {
        // Two that start at the same instant may differ by a date, across a gap: so both must be in sight.
        self.dated_about(calendar, from, to).filter(move |occurrence| from <= occurrence.date && occurrence.date <= to)
    }

    /// The first that starts after an instant, not at it.
    pub fn next_after(&self, calendar: &Calendar, after: DateTime<Utc>) -> Option<Occurrence> {
        self.dated_about(calendar, local_date(calendar.zone, after), NaiveDate::MAX)
            .find(|occurrence| after < occurrence.meeting.starts_at())
    }

    /// Those that start in `from` to `to`, both included, by start.
    pub fn starting_in(&self, calendar: &Calendar, from: DateTime<Utc>, to: DateTime<Utc>) -> Vec<Occurrence> {
        let zone = calendar.zone;
        self.dated_about(calendar, local_date(zone, from), local_date(zone, to))
            .skip_while(|occurrence| occurrence.meeting.starts_at() < from)
            .take_while(|occurrence| occurrence.meeting.starts_at() <= to)
            .collect()
    }

    /// At least those dated `from` to `to`, and those that start on these local dates. A gap carries a start over one
    /// date at most; what would be one with it is one more date away.
    fn dated_about(&self, calendar: &Calendar, from: NaiveDate, to: NaiveDate) -> Occurrences {
        let from = from.checked_sub_days(Days::new(2)).unwrap_or(NaiveDate::MIN);
        let to = to.checked_add_days(Days::new(2)).unwrap_or(NaiveDate::MAX);
        let heads = self.schedules.iter().map(|schedule| Head::new(schedule, calendar, from, to));
        Occurrences { heads: heads.filter(|head| head.occurrence.is_some()).collect() }
    }
}

/// The occurrences of several schedules, by start instant.
#[derive(Debug, Clone)]
pub struct Occurrences {
    heads: Vec<Head>,
}

impl Iterator for Occurrences {
    type Item = Occurrence;

    fn next(&mut self) -> Option<Occurrence> {
        if let [only] = self.heads.as_mut_slice() {
            return only.take();
        }
        let starts = self.heads.iter().filter_map(|head| head.occurrence.map(|next| next.meeting.starts_at()));
        let first = starts.min()?;
        let meets = |head: &&mut Head| head.occurrence.is_some_and(|next| next.meeting.starts_at() == first);
        // Those that start at the same instant are one; the later end counts, then the time that needed no shift.
        let together = self.heads.iter_mut().filter(meets).filter_map(Head::take);
        together.max_by_key(|occurrence| (occurrence.meeting.ends_at(), occurrence.key()))
    }
}

impl iter::FusedIterator for Occurrences {}

/// A schedule's next occurrence and the dates after it.
#[derive(Debug, Clone)]
struct Head {
    zone: Tz,
    start: NaiveTime,
    end: NaiveTime,
    dates: Dates,
    occurrence: Option<Occurrence>,
}

impl Head {
    fn new(schedule: &Schedule, calendar: &Calendar, from: NaiveDate, to: NaiveDate) -> Self {
        let mut head = Self {
            zone: calendar.zone,
            start: schedule.start(),
            end: schedule.end(),
            dates: Dates::new(schedule, calendar, from, to),
            occurrence: None,
        };
        head.occurrence = head.make_next();
        head
    }

    /// Gives the occurrence and makes the next one.
    fn take(&mut self) -> Option<Occurrence> {
        let taken = self.occurrence?;
        self.occurrence = self.make_next();
        Some(taken)
    }

    fn make_next(&mut self) -> Option<Occurrence> {
        // Valid schedules have a meeting on every date of the years 1 to 9999.
        let date = NaiveDate::from_num_days_from_ce_opt(self.dates.next()?)?;
        let meeting = Meeting::new(self.zone, date, self.start, self.end).ok()?;
        Some(Occurrence { date, start: self.start, end: self.end, meeting })
    }
}
