//! The occurrences of a recurrence: the dates of all schedules become instants and are merged in the order of start.
//!
//! Within one schedule, start instants ascend or are equal: its dates are at least a day apart, and a clock change moves a
//! start by at most a day. A clock change may reverse the order of two schedules, or make two starts equal. The merge
//! therefore compares instants, and it reads a slightly wider range of dates than the caller asks for.

use std::iter;

use chrono::{DateTime, Days, NaiveDate, Utc};

use super::{Calendar, Occurrence, Recurrence, Schedule, dates::Dates, meetings::Meetings};
use crate::zone::local_date;

impl Recurrence {
    /// The occurrences whose local date is in `from..=to`, ordered by start. They are computed lazily.
    pub fn occurrences(
        &self,
        calendar: &Calendar,
        from: NaiveDate,
        to: NaiveDate,
    ) -> impl Iterator<Item = Occurrence> + use<> {
        // Two occurrences that a clock change moves to the same start may have different dates. Both must be read to be
        // merged.
        self.dated_about(calendar, from, to).filter(move |occurrence| from <= occurrence.date && occurrence.date <= to)
    }

    /// The first occurrence that starts after the instant `after`, not at it. `None` if there is none.
    pub fn next_after(&self, calendar: &Calendar, after: DateTime<Utc>) -> Option<Occurrence> {
        self.dated_about(calendar, local_date(calendar.zone, after), NaiveDate::MAX)
            .find(|occurrence| after < occurrence.meeting.starts_at())
    }

    /// The occurrences that start in `from..=to`, ordered by start.
    pub fn starting_in(&self, calendar: &Calendar, from: DateTime<Utc>, to: DateTime<Utc>) -> Vec<Occurrence> {
        let zone = calendar.zone;
        self.dated_about(calendar, local_date(zone, from), local_date(zone, to))
            .skip_while(|occurrence| occurrence.meeting.starts_at() < from)
            .take_while(|occurrence| occurrence.meeting.starts_at() <= to)
            .collect()
    }

    /// At least the occurrences that are dated `from..=to` and those that start on these local dates. A clock change
    /// moves a start by at most one date. An occurrence with the same start is at most one more date away.
    fn dated_about(&self, calendar: &Calendar, from: NaiveDate, to: NaiveDate) -> Occurrences {
        let from = from.checked_sub_days(Days::new(2)).unwrap_or(NaiveDate::MIN);
        let to = to.checked_add_days(Days::new(2)).unwrap_or(NaiveDate::MAX);
        let heads = self.schedules.iter().map(|schedule| Head::new(schedule, calendar, from, to));
        Occurrences { heads: heads.filter(|head| head.occurrence.is_some()).collect() }
    }
}

/// The occurrences of several schedules, ordered by start.
#[derive(Debug, Clone)]
pub struct Occurrences {
    heads: Vec<Head>,
}

impl Iterator for Occurrences {
    type Item = Occurrence;

    #[inline]
    fn next(&mut self) -> Option<Occurrence> {
        // Most sessions have one schedule, which needs no merge.
        match self.heads.as_mut_slice() {
            [alone] => alone.take(),
            _ => self.next_of_several(),
        }
    }
}

impl Occurrences {
    fn next_of_several(&mut self) -> Option<Occurrence> {
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
        let together = self.heads.iter_mut().filter(|head| head.starts_at() == Some(starts_at));
        together.filter_map(Head::take).reduce(merged)
    }
}

/// Occurrences with the same start are merged into one (rule 8). The later end wins, then the later scheduled time, which
/// is the one that no clock change moved.
fn merged(one: Occurrence, other: Occurrence) -> Occurrence {
    let rank = |occurrence: &Occurrence| (occurrence.meeting.ends_at(), occurrence.key());
    if rank(&one) > rank(&other) { one } else { other }
}

impl iter::FusedIterator for Occurrences {}

/// The next occurrence of one schedule, and the dates after it.
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

    #[inline]
    fn starts_at(&self) -> Option<DateTime<Utc>> {
        self.occurrence.as_ref().map(|next| next.meeting.starts_at())
    }

    /// Takes the occurrence and computes the next one.
    #[inline]
    fn take(&mut self) -> Option<Occurrence> {
        let taken = self.occurrence?;
        self.advance();
        // A meeting on a day that the clocks skip starts together with the one on the next day.
        if self.starts_at() == Some(taken.meeting.starts_at()) { Some(self.merge(taken)) } else { Some(taken) }
    }

    #[cold]
    fn merge(&mut self, mut taken: Occurrence) -> Occurrence {
        while let Some(next) = self.occurrence.filter(|next| next.meeting.starts_at() == taken.meeting.starts_at()) {
            taken = merged(taken, next);
            self.advance();
        }
        taken
    }

    #[inline]
    fn advance(&mut self) {
        // The times of a valid schedule give a meeting on every date of the years 2 to 9998.
        self.occurrence = self.dates.next().and_then(|date| self.meetings.on(date));
    }
}
