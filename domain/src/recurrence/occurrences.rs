//! From schedules to occurrences: the schedules' dates become instants and are merged by them.
//!
//! Within one schedule starts only ascend, since its dates are a week apart and no gap is longer than a day. Between
//! schedules a gap may change the order of starts, or make two of them one: hence the merge is by instant, and ranges
//! of dates are read a little wider than they are asked for.

use std::iter;

use chrono::{DateTime, Days, NaiveDate, Utc};

use super::{Calendar, Occurrence, Recurrence, Schedule, dates::Dates, meetings::Meetings};
use crate::zone::local_date;

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
        let mut first: Option<(&mut Head, DateTime<Utc>)> = None;
        let mut is_alone = true;
        for head in &mut self.heads {
            let Some(starts_at) = head.starts_at() else { continue };
            match &first {
                Some((_, earliest)) if *earliest < starts_at => {}
                Some((_, earliest)) if *earliest == starts_at => is_alone = false,
                _ => (first, is_alone) = (Some((head, starts_at)), true),
            }
        }
        let (head, starts_at) = first?;
        if is_alone {
            return head.take();
        }
        // Those that start at the same instant are one; the later end counts, then the time that needed no shift.
        let together = self.heads.iter_mut().filter(|head| head.starts_at() == Some(starts_at));
        together.filter_map(Head::take).max_by_key(|occurrence| (occurrence.meeting.ends_at(), occurrence.key()))
    }
}

impl iter::FusedIterator for Occurrences {}

/// A schedule's next occurrence and the dates after it.
#[derive(Debug, Clone)]
struct Head {
    dates: Dates,
    meetings: Meetings,
    occurrence: Option<Occurrence>,
}

impl Head {
    fn new(schedule: &Schedule, calendar: &Calendar, from: NaiveDate, to: NaiveDate) -> Self {
        let mut head = Self {
            dates: Dates::new(schedule, calendar, from, to),
            meetings: Meetings::new(calendar.zone, schedule.start(), schedule.end()),
            occurrence: None,
        };
        head.advance();
        head
    }

    fn starts_at(&self) -> Option<DateTime<Utc>> {
        self.occurrence.as_ref().map(|next| next.meeting.starts_at())
    }

    /// Gives the occurrence and makes the next one.
    fn take(&mut self) -> Option<Occurrence> {
        let taken = self.occurrence?;
        self.advance();
        Some(taken)
    }

    fn advance(&mut self) {
        // Valid schedules have a meeting on every date of the years 1 to 9999.
        self.occurrence = self.dates.next().and_then(|date| self.meetings.on(date));
    }
}
