//! Which instance stands for an occurrence (rule 10 of ARCHITECTURE.md). Auto-creation, lists, pages and calendar feeds
//! all use this module, so that a meeting is never shown twice.
//!
//! - An instance that was made from an occurrence stands for it, even if a person has moved, cancelled or deleted it.
//! - An instance that was made by hand, or moved to the date, stands for an occurrence of the date that has no instance yet:
//!   for the one with the same start. If there is none, it stands for the nearest one, but only if the date would otherwise
//!   have more meetings than occurrences.

use std::{cmp::Reverse, collections::HashMap};

use chrono::{NaiveDate, NaiveTime};

use crate::recurrence::{Calendar, Occurrence, OccurrenceKey, Recurrence};

/// An instance of the session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExistingInstance {
    /// The current local date; `start` is the current local time.
    pub date: NaiveDate,
    pub start: Option<NaiveTime>,
    /// The occurrence from which it was created. `None` for instances that were created by hand.
    pub occurrence: Option<OccurrenceKey>,
    pub existence: Existence,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Existence {
    /// Not deleted. It may be cancelled.
    Present,
    /// Deleted by a person. Its occurrence gets no other instance.
    Deleted,
    /// Cancelled by re-timing (rule 11), because people had checked in. It only stands for the occurrence that it was created
    /// from, and only if no other instance does.
    CancelledByRetiming,
    /// Removed by re-timing (rule 11). It counts as if it did not exist, so its occurrence may get a new instance.
    RemovedByRetiming,
}

impl Existence {
    /// The existence from columns of the database. An instance that re-timing removed is also marked as deleted.
    pub const fn stored(is_deleted: bool, is_removed_by_retiming: bool, is_cancelled_by_retiming: bool) -> Self {
        match (is_removed_by_retiming, is_deleted, is_cancelled_by_retiming) {
            (true, _, _) => Self::RemovedByRetiming,
            (false, true, _) => Self::Deleted,
            (false, false, true) => Self::CancelledByRetiming,
            (false, false, false) => Self::Present,
        }
    }
}

/// The instances of a session, to be matched with its occurrences.
#[derive(Debug, Clone, Default)]
pub struct Matcher {
    instances: Vec<ExistingInstance>,
    /// The instances that were created from an occurrence.
    created_from: HashMap<OccurrenceKey, usize>,
    /// The instances that are present on a date.
    present: HashMap<NaiveDate, Vec<usize>>,
}

impl Matcher {
    /// To match the occurrences of a date, `instances` must contain the instances on the date, and those that were
    /// created from an occurrence of the date, even if they are elsewhere, cancelled or deleted.
    pub fn new(instances: impl IntoIterator<Item = ExistingInstance>) -> Self {
        let mut matcher = Self { instances: instances.into_iter().collect(), ..Self::default() };
        let is_cancelled = |instance: &ExistingInstance| instance.existence == Existence::CancelledByRetiming;
        let (cancelled, others): (Vec<_>, Vec<_>) =
            matcher.instances.iter().enumerate().partition(|(_, instance)| is_cancelled(instance));
        for (index, instance) in others.into_iter().chain(cancelled) {
            if instance.existence == Existence::RemovedByRetiming {
                continue;
            }
            if let Some(key) = instance.occurrence {
                matcher.created_from.entry(key).or_insert(index);
            }
            if instance.existence == Existence::Present {
                matcher.present.entry(instance.date).or_default().push(index);
            }
        }
        matcher
    }

    /// Each of these occurrences, with the index of the instance that stands for it.
    pub fn with_instances(
        &self,
        recurrence: &Recurrence,
        calendar: &Calendar,
        occurrences: impl IntoIterator<Item = Occurrence>,
    ) -> Vec<(Occurrence, Option<usize>)> {
        let mut dates: HashMap<NaiveDate, HashMap<OccurrenceKey, Option<usize>>> = HashMap::new();
        let matched = occurrences.into_iter().map(|occurrence| {
            if !self.present.contains_key(&occurrence.date) {
                return (occurrence, self.created_from.get(&occurrence.key()).copied());
            }
            let standing = dates.entry(occurrence.date).or_insert_with_key(|date| {
                let same_date: Vec<_> = recurrence.occurrences(calendar, *date, *date).collect();
                let standing = self.stand_for(*date, &same_date, |_| true);
                same_date.iter().map(Occurrence::key).zip(standing).collect()
            });
            (occurrence, standing.get(&occurrence.key()).copied().flatten())
        });
        matched.collect()
    }

    /// For each occurrence of a date, the index of the instance that stands for it. `occurrences` are all occurrences of
    /// this date. An occurrence that is no candidate only gets an instance that was created from it.
    pub fn stand_for(
        &self,
        date: NaiveDate,
        occurrences: &[Occurrence],
        is_candidate: impl Fn(&Occurrence) -> bool,
    ) -> Vec<Option<usize>> {
        let mut standing: Vec<Option<usize>> =
            occurrences.iter().map(|occurrence| self.created_from.get(&occurrence.key()).copied()).collect();
        let present = self.present.get(&date).map(Vec::as_slice).unwrap_or_default();
        // Instances on the date that were not created from an occurrence of the date.
        let mut others: Vec<usize> =
            present.iter().copied().filter(|index| !standing.contains(&Some(*index))).collect();
        if others.is_empty() {
            return standing;
        }
        let mut free: Vec<usize> = (0..occurrences.len())
            .filter(|position| standing[*position].is_none() && is_candidate(&occurrences[*position]))
            .collect();
        let start_of = |index: usize| self.instances[index].start;
        free.retain(|position| {
            let same = others.iter().position(|index| start_of(*index) == Some(occurrences[*position].start));
            standing[*position] = same.map(|same| others.remove(same));
            same.is_none()
        });
        let room = occurrences.len().saturating_sub(present.len());
        while free.len() > room && !others.is_empty() {
            // The nearest pair. An instance without a start is far from every occurrence.
            let pairs = free.iter().enumerate().flat_map(|(nth_free, position)| {
                let start = occurrences[*position].start;
                let distance = move |index: usize| {
                    start_of(index).map_or(i64::MAX, |other| start.signed_duration_since(other).num_seconds().abs())
                };
                others
                    .iter()
                    .enumerate()
                    .map(move |(nth_other, index)| (distance(*index), Reverse(nth_free), nth_other))
            });
            let Some((_, Reverse(nth_free), nth_other)) = pairs.min() else { break };
            standing[free.remove(nth_free)] = Some(others.remove(nth_other));
        }
        standing
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{recurrence::Skips, zone::Zone};

    fn calendar() -> Calendar {
        Calendar { zone: Zone::utc(), anchor: None, initiation: None, termination: None, skips: Skips::NONE }
    }

    fn day(date: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(2025, 6, date).unwrap()
    }

    fn time(hour: u32) -> NaiveTime {
        NaiveTime::from_hms_opt(hour, 0, 0).unwrap()
    }

    /// Daily, at each of these hours.
    fn daily(hours: &[u32]) -> Recurrence {
        let days: Vec<u32> = (1..=31).collect();
        let schedule = |hour: &u32| {
            format!(r#"{{"type":"month_day","days":{days:?},"start_time":"{hour:02}:00","end_time":"{hour:02}:30"}}"#)
        };
        let schedules: Vec<String> = hours.iter().map(schedule).collect();
        Recurrence::from_json(&format!("[{}]", schedules.join(","))).unwrap()
    }

    fn by_hand(date: u32, hour: u32) -> ExistingInstance {
        ExistingInstance { date: day(date), start: Some(time(hour)), occurrence: None, existence: Existence::Present }
    }

    /// Created from the occurrence at `of`, and now at another time or on another date.
    fn made(of: (u32, u32), date: u32, hour: u32) -> ExistingInstance {
        let occurrence = Some(OccurrenceKey { date: day(of.0), start: time(of.1) });
        ExistingInstance { occurrence, ..by_hand(date, hour) }
    }

    /// For each occurrence of 2 June, the index of the instance.
    fn matched(hours: &[u32], instances: &[ExistingInstance]) -> Vec<Option<usize>> {
        let recurrence = daily(hours);
        let occurrences: Vec<_> = recurrence.occurrences(&calendar(), day(2), day(2)).collect();
        let matched = Matcher::new(instances.iter().copied()).with_instances(&recurrence, &calendar(), occurrences);
        matched.into_iter().map(|(_, instance)| instance).collect()
    }

    #[test]
    fn instance_stands_for_the_occurrence_that_it_was_created_from_wherever_it_is() {
        assert_eq!(matched(&[19], &[made((2, 19), 2, 19)]), [Some(0)]);
        assert_eq!(matched(&[19], &[made((2, 19), 2, 11)]), [Some(0)]);
        assert_eq!(matched(&[19], &[made((2, 19), 5, 19)]), [Some(0)]);
        let deleted = ExistingInstance { existence: Existence::Deleted, ..made((2, 19), 2, 19) };
        assert_eq!(matched(&[19], &[deleted]), [Some(0)]);
        let removed = ExistingInstance { existence: Existence::RemovedByRetiming, ..deleted };
        assert_eq!(matched(&[19], &[removed]), [None]);
        let cancelled = |instance| ExistingInstance { existence: Existence::CancelledByRetiming, ..instance };
        assert_eq!(matched(&[19], &[cancelled(made((2, 19), 2, 19))]), [Some(0)]);
        assert_eq!(matched(&[19], &[cancelled(made((2, 19), 2, 19)), made((2, 19), 2, 19)]), [Some(1)]);
        assert_eq!(matched(&[19], &[cancelled(made((5, 19), 2, 19))]), [None]);
        assert_eq!(matched(&[19], &[cancelled(by_hand(2, 19))]), [None]);
        // The one at 8:00 was moved to noon, so it does not also stand for the one at 19:00.
        assert_eq!(matched(&[8, 19], &[made((2, 8), 2, 12)]), [Some(0), None]);
    }

    #[test]
    fn instance_made_by_hand_or_moved_here_stands_for_the_nearest_occurrence_that_has_none() {
        assert_eq!(matched(&[19], &[by_hand(2, 18)]), [Some(0)]);
        assert_eq!(matched(&[19], &[by_hand(1, 19), by_hand(3, 19)]), [None]);
        assert_eq!(matched(&[19], &[made((5, 19), 2, 9)]), [Some(0)]);
        assert_eq!(matched(&[8, 19], &[by_hand(2, 9)]), [Some(0), None]);
        assert_eq!(matched(&[8, 19], &[by_hand(2, 18)]), [None, Some(0)]);
        assert_eq!(matched(&[8, 19], &[by_hand(2, 19), by_hand(2, 18)]), [Some(1), Some(0)]);
        let timeless = ExistingInstance { start: None, ..by_hand(2, 0) };
        assert_eq!(matched(&[8, 19], &[timeless, by_hand(2, 18)]), [Some(0), Some(1)]);
        // More instances than occurrences: the others are meetings of their own.
        assert_eq!(matched(&[19], &[by_hand(2, 9), by_hand(2, 19)]), [Some(1)]);
        assert_eq!(matched(&[8, 19], &[made((2, 19), 2, 7), by_hand(2, 20)]), [Some(1), Some(0)]);
        let deleted = ExistingInstance { existence: Existence::Deleted, ..by_hand(2, 19) };
        assert_eq!(matched(&[19], &[deleted]), [None]);
    }
}
