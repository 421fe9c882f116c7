//! Re-timing: what becomes of the instances that were made from a recurrence when it, or its zone, changes (rule 11).
//!
//! An instance looks for its occurrence on the local date of the one that it was made from: the nearest start is its
//! own, and each occurrence belongs to one instance at most. What stands has the first choice; what an earlier
//! re-timing took away comes back when an occurrence is left for it. Instances made by hand are not asked.
//!
//! The caller stores what is decided and then computes every window of the session anew: with another zone also those
//! of instances whose local times stay, unless they are over.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;

use crate::recurrence::{Calendar, Occurrence, OccurrenceKey, Recurrence};

/// An instance that was made from the recurrence as it was before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MadeInstance {
    /// The occurrence that it was made from, or was last re-timed to.
    pub occurrence: OccurrenceKey,
    pub standing: Standing,
    /// Has somebody changed its date or times? Then it keeps them.
    pub has_own_times: bool,
    /// Has its window closed?
    pub is_over: bool,
    /// Has somebody answered, whatever they said?
    pub has_check_ins: bool,
}

/// How things are with an instance, and by whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Standing {
    /// Neither cancelled nor gone.
    Planned,
    /// Cancelled by a person: stays cancelled, but its times follow.
    CancelledByPerson,
    /// Deleted by a person: stays deleted, but goes on standing for its occurrence, so that no other is made.
    DeletedByPerson,
    /// Cancelled by re-timing: comes back when the occurrence does.
    CancelledByRetiming,
    /// Removed by re-timing: comes back when the occurrence does.
    RemovedByRetiming,
}

impl Standing {
    const fn was_taken_away(self) -> bool {
        matches!(self, Self::CancelledByRetiming | Self::RemovedByRetiming)
    }
}

/// What to do with an instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing.
    Keep,
    /// Keeps its times, but this is its occurrence from now on.
    Adopt(OccurrenceKey),
    /// Gets the date and times of this occurrence, which is its own from now on. May be what it has already.
    Retime(Occurrence),
    /// No longer cancelled or removed; this is its occurrence from now on, and gives it its date and times unless it
    /// has its own.
    Restore { occurrence: Occurrence, keeps_times: bool },
    /// Cancelled by re-timing.
    Cancel,
    /// Removed by re-timing.
    Remove,
}

/// Decides for the instances of one session, those that are not over and any others one likes: a verdict for each, in
/// their order. `recurrence` and `calendar` are the new ones.
pub fn retime(recurrence: &Recurrence, calendar: &Calendar, instances: &[MadeInstance]) -> Vec<Verdict> {
    let mut by_date: BTreeMap<NaiveDate, Vec<usize>> = BTreeMap::new();
    for (index, instance) in instances.iter().enumerate() {
        by_date.entry(instance.occurrence.date).or_default().push(index);
    }
    let mut verdicts: Vec<Verdict> = instances.iter().map(|instance| verdict(instance, None)).collect();
    for (date, indices) in by_date {
        let occurrences: Vec<Occurrence> = recurrence.occurrences(calendar, date, date).collect();
        for (index, occurrence) in matches(&indices, instances, &occurrences) {
            verdicts[index] = verdict(&instances[index], Some(occurrence));
        }
    }
    verdicts
}

/// Pairs the instances of a date with its occurrences: the nearest pair first, of equal ones the earliest.
fn matches(indices: &[usize], instances: &[MadeInstance], occurrences: &[Occurrence]) -> Vec<(usize, Occurrence)> {
    let mut pairs = Vec::new();
    for index in indices {
        let MadeInstance { occurrence: from, standing, is_over, .. } = instances[*index];
        if is_over && standing.was_taken_away() {
            continue;
        }
        for (place, occurrence) in occurrences.iter().enumerate() {
            let distance = occurrence.start.signed_duration_since(from.start).num_seconds().abs();
            pairs.push((standing.was_taken_away(), distance, from.start, *index, place));
        }
    }
    pairs.sort_unstable();
    let (mut placed, mut taken) = (BTreeSet::new(), BTreeSet::new());
    let mut matches = Vec::new();
    for (.., index, place) in pairs {
        if !placed.contains(&index) && !taken.contains(&place) {
            placed.insert(index);
            taken.insert(place);
            matches.push((index, occurrences[place]));
        }
    }
    matches
}

fn verdict(instance: &MadeInstance, occurrence: Option<Occurrence>) -> Verdict {
    let keeps_times = instance.has_own_times || instance.is_over || instance.standing == Standing::DeletedByPerson;
    match occurrence {
        Some(occurrence) if instance.standing.was_taken_away() => Verdict::Restore { occurrence, keeps_times },
        Some(occurrence) if keeps_times && occurrence.key() == instance.occurrence => Verdict::Keep,
        Some(occurrence) if keeps_times => Verdict::Adopt(occurrence.key()),
        Some(occurrence) => Verdict::Retime(occurrence),
        None if instance.is_over || instance.standing != Standing::Planned => Verdict::Keep,
        None if instance.has_check_ins => Verdict::Cancel,
        None => Verdict::Remove,
    }
}

#[cfg(test)]
mod tests {
    use chrono::{NaiveTime, Weekday};

    use super::*;
    use crate::{recurrence::Schedule, zone::Tz};

    const CALENDAR: Calendar = Calendar { zone: Tz::UTC, anchor: None, initiation: None, termination: None };

    fn time(hour: u32) -> NaiveTime {
        NaiveTime::from_hms_opt(hour, 0, 0).unwrap()
    }

    fn recurrence(weekday: Weekday, hours: &[u32]) -> Recurrence {
        let weekly = |hour: &u32| Schedule::weekly(weekday, 1, time(*hour), time(hour + 1)).unwrap();
        Recurrence::new(hours.iter().map(weekly).collect()).unwrap()
    }

    /// 16 June 2025 is a Monday.
    fn monday(hour: u32, standing: Standing) -> MadeInstance {
        let occurrence = OccurrenceKey { date: "2025-06-16".parse().unwrap(), start: time(hour) };
        MadeInstance { occurrence, standing, has_own_times: false, is_over: false, has_check_ins: false }
    }

    /// Verdicts in short: a word and the hour of the occurrence.
    fn short(recurrence: &Recurrence, instances: &[MadeInstance]) -> Vec<String> {
        let verdicts = retime(recurrence, &CALENDAR, instances);
        let hour = |start: NaiveTime| start.format("%H").to_string();
        let text = |verdict| match verdict {
            Verdict::Keep => "keep".into(),
            Verdict::Adopt(key) => format!("adopt {}", hour(key.start)),
            Verdict::Retime(occurrence) => format!("retime {}", hour(occurrence.start)),
            Verdict::Restore { occurrence, keeps_times: false } => format!("restore {}", hour(occurrence.start)),
            Verdict::Restore { occurrence, .. } => format!("restore {}, own times", hour(occurrence.start)),
            Verdict::Cancel => "cancel".into(),
            Verdict::Remove => "remove".into(),
        };
        verdicts.into_iter().map(text).collect()
    }

    #[test]
    fn the_nearest_start_on_the_same_date() {
        use Standing::Planned;
        let planned: Vec<_> = [9, 14, 20].into_iter().map(|hour| monday(hour, Planned)).collect();
        assert_eq!(short(&recurrence(Weekday::Mon, &[19, 10, 15]), &planned), ["retime 10", "retime 15", "retime 19"]);
        assert_eq!(short(&recurrence(Weekday::Mon, &[15]), &planned), ["remove", "retime 15", "remove"]);
        // 13:00 and 15:00 are as near to 14:00: the earlier is its own. Of the others 20:00 is nearer to 15:00.
        assert_eq!(short(&recurrence(Weekday::Mon, &[13, 15]), &planned), ["remove", "retime 13", "retime 15"]);
    }

    #[test]
    fn each_standing_with_and_without_an_occurrence() {
        use Standing::{CancelledByPerson, CancelledByRetiming, DeletedByPerson, Planned, RemovedByRetiming};
        let plain = |standing| monday(19, standing);
        let own = |standing| MadeInstance { has_own_times: true, ..plain(standing) };
        let over = |standing| MadeInstance { is_over: true, ..plain(standing) };
        let answered = |standing| MadeInstance { has_check_ins: true, ..plain(standing) };
        // The instance; when its date has 19:00, when it has 20:00, when it has none.
        for (instance, same, other, none) in [
            (plain(Planned), "retime 19", "retime 20", "remove"),
            (answered(Planned), "retime 19", "retime 20", "cancel"),
            (own(Planned), "keep", "adopt 20", "remove"),
            (over(Planned), "keep", "adopt 20", "keep"),
            (answered(CancelledByPerson), "retime 19", "retime 20", "keep"),
            (own(CancelledByPerson), "keep", "adopt 20", "keep"),
            (plain(DeletedByPerson), "keep", "adopt 20", "keep"),
            (plain(CancelledByRetiming), "restore 19", "restore 20", "keep"),
            (plain(RemovedByRetiming), "restore 19", "restore 20", "keep"),
            (own(RemovedByRetiming), "restore 19, own times", "restore 20, own times", "keep"),
            (over(RemovedByRetiming), "keep", "keep", "keep"),
        ] {
            for (recurrence, expected) in [
                (recurrence(Weekday::Mon, &[19]), same),
                (recurrence(Weekday::Mon, &[20]), other),
                (recurrence(Weekday::Tue, &[19]), none),
                (Recurrence::default(), none),
            ] {
                assert_eq!(short(&recurrence, &[instance]), [expected], "{instance:?}");
            }
        }
    }

    #[test]
    fn what_stands_chooses_first_and_what_was_taken_away_comes_back() {
        let instances = [monday(19, Standing::RemovedByRetiming), monday(20, Standing::Planned)];
        assert_eq!(short(&recurrence(Weekday::Mon, &[19]), &instances), ["keep", "retime 19"]);
        assert_eq!(short(&recurrence(Weekday::Mon, &[19, 20]), &instances), ["restore 19", "retime 20"]);
    }

    #[test]
    fn the_dates_of_the_calendar_count() {
        let ended = Calendar { termination: Some("2025-06-15".parse().unwrap()), ..CALENDAR };
        let verdicts = retime(&recurrence(Weekday::Mon, &[19]), &ended, &[monday(19, Standing::Planned)]);
        assert_eq!(verdicts, [Verdict::Remove]);
    }
}
