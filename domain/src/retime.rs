//! Re-timing: what happens to the instances of a session when its recurrence or its time zone changes (rule 11 of
//! ARCHITECTURE.md). It only concerns instances that were created from the recurrence, not those created by hand.
//!
//! An instance is matched with an occurrence of the new recurrence on the same local date. The nearest start wins, and
//! each occurrence matches at most one instance. Instances that are still there are matched first. An instance that an
//! earlier re-timing cancelled or removed is restored if an occurrence is left for it.
//!
//! A skip of the date of an occurrence does not concern an instance that a person has moved to another date, unless that date
//! is skipped too: the person decided when this meeting is.
//!
//! The caller stores the actions. It then recomputes every window of the session that is not over, because a new zone
//! also moves the windows of instances whose local times stay the same.

use std::{
    collections::{BTreeMap, BTreeSet},
    slice,
};

use chrono::NaiveDate;

use crate::recurrence::{Calendar, Occurrence, OccurrenceKey, Recurrence, Skips};

/// An instance that was created from the previous recurrence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MadeInstance {
    /// The occurrence from which it was created, or to which it was last re-timed.
    pub occurrence: OccurrenceKey,
    /// Its date now.
    pub date: NaiveDate,
    pub state: PlanState,
    /// A person has changed its date or times. Re-timing then keeps them.
    pub has_own_times: bool,
    /// Its window has closed.
    pub is_over: bool,
    /// It has a check-in: yes, maybe or no.
    pub has_check_ins: bool,
}

/// Whether an instance is planned, cancelled or gone, and who did that.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PlanState {
    /// Neither cancelled nor deleted nor removed.
    Planned,
    /// Cancelled by a person. It stays cancelled, but its times follow the recurrence.
    CancelledByPerson,
    /// Deleted by a person. It stays deleted and keeps its occurrence, so that no other instance is created for it.
    DeletedByPerson,
    /// Created by hand, or changed by a person when its occurrence was gone. It follows no recurrence, but keeps the occurrence that it stood for, so that no other instance is
    /// created for it.
    MadeByHand,
    /// Cancelled by re-timing. It is restored when an occurrence matches it again.
    CancelledByRetiming,
    /// Removed by re-timing. It is restored when an occurrence matches it again.
    RemovedByRetiming,
}

impl MadeInstance {
    /// Whether re-timing leaves it the occurrence that it has.
    pub fn keeps_its_occurrence(&self, recurrence: &Recurrence, calendar: &Calendar) -> bool {
        let mut own = matched(recurrence, calendar, slice::from_ref(self)).into_iter().flatten();
        !self.state.was_retimed_away() && own.any(|occurrence| occurrence.key() == self.occurrence)
    }

    /// Whether it keeps its occurrence on a date that is skipped.
    fn stays_despite(&self, skips: &Skips) -> bool {
        self.has_own_times && self.date != self.occurrence.date && !skips.contains(self.date)
    }
}

impl PlanState {
    const fn was_retimed_away(self) -> bool {
        matches!(self, Self::CancelledByRetiming | Self::RemovedByRetiming)
    }
}

/// The change to make to an instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RetimeAction {
    /// No change.
    Keep,
    /// Store this occurrence as its own. Its times stay.
    Adopt(OccurrenceKey),
    /// Store this occurrence as its own, with its date and times. They may equal the present ones.
    Retime(Occurrence),
    /// Undo the cancellation or removal and store this occurrence as its own, with its date and times unless
    /// `keeps_times`.
    Restore { occurrence: Occurrence, keeps_times: bool },
    /// Cancel it, because its recurrence no longer has an occurrence for it and people have checked in.
    Cancel,
    /// Remove it, because its recurrence no longer has an occurrence for it and nobody has checked in.
    Remove,
}

/// Decides about the instances of one session (rule 11). `recurrence` and `calendar` are the new ones. `instances` must
/// contain all instances that are not over, and may contain others. The result has one action for each, in the same
/// order.
pub fn retime(recurrence: &Recurrence, calendar: &Calendar, instances: &[MadeInstance]) -> Vec<RetimeAction> {
    let matched = matched(recurrence, calendar, instances).into_iter();
    matched.zip(instances).map(|(occurrence, instance)| action(instance, occurrence)).collect()
}

/// The occurrence that each of these instances is matched with, in the same order.
pub fn matched(recurrence: &Recurrence, calendar: &Calendar, instances: &[MadeInstance]) -> Vec<Option<Occurrence>> {
    let mut by_date: BTreeMap<NaiveDate, Vec<usize>> = BTreeMap::new();
    for (index, instance) in instances.iter().enumerate() {
        by_date.entry(instance.occurrence.date).or_default().push(index);
    }
    let mut matched = vec![None; instances.len()];
    let unskipped = Calendar { skips: Skips::NONE, ..calendar.clone() };
    for (date, mut indices) in by_date {
        if calendar.skips.contains(date) {
            indices.retain(|index| instances[*index].stays_despite(&calendar.skips));
        }
        let occurrences: Vec<Occurrence> = recurrence.occurrences(&unskipped, date, date).collect();
        for (index, occurrence) in matches(&indices, instances, &occurrences) {
            matched[index] = Some(occurrence);
        }
    }
    matched
}

/// Pairs the instances of one date with its occurrences. The nearest pair comes first; ties go to the earliest start.
fn matches(indices: &[usize], instances: &[MadeInstance], occurrences: &[Occurrence]) -> Vec<(usize, Occurrence)> {
    let mut pairs = Vec::new();
    for index in indices {
        let MadeInstance { occurrence: from, state, is_over, .. } = instances[*index];
        if is_over && state.was_retimed_away() {
            continue;
        }
        for (position, occurrence) in occurrences.iter().enumerate() {
            let distance = occurrence.start.signed_duration_since(from.start).num_seconds().abs();
            pairs.push((state.was_retimed_away(), distance, from.start, *index, position));
        }
    }
    pairs.sort_unstable();
    let (mut matched, mut taken) = (BTreeSet::new(), BTreeSet::new());
    let mut matches = Vec::new();
    for (.., index, position) in pairs {
        if !matched.contains(&index) && !taken.contains(&position) {
            matched.insert(index);
            taken.insert(position);
            matches.push((index, occurrences[position]));
        }
    }
    matches
}

fn action(instance: &MadeInstance, occurrence: Option<Occurrence>) -> RetimeAction {
    let is_a_persons = matches!(instance.state, PlanState::DeletedByPerson | PlanState::MadeByHand);
    let keeps_times = instance.has_own_times || instance.is_over || is_a_persons;
    match occurrence {
        Some(occurrence) if instance.state.was_retimed_away() => RetimeAction::Restore { occurrence, keeps_times },
        Some(occurrence) if keeps_times && occurrence.key() == instance.occurrence => RetimeAction::Keep,
        Some(occurrence) if keeps_times => RetimeAction::Adopt(occurrence.key()),
        Some(occurrence) => RetimeAction::Retime(occurrence),
        None if instance.is_over || instance.state != PlanState::Planned => RetimeAction::Keep,
        None if instance.has_check_ins => RetimeAction::Cancel,
        None => RetimeAction::Remove,
    }
}

#[cfg(test)]
mod tests {
    use chrono::{NaiveTime, Weekday};

    use super::*;
    use crate::{
        recurrence::{Schedule, SkippedDates},
        zone::Zone,
    };

    fn calendar() -> Calendar {
        Calendar { zone: Zone::utc(), anchor: None, initiation: None, termination: None, skips: Skips::NONE }
    }

    fn time(hour: u32) -> NaiveTime {
        NaiveTime::from_hms_opt(hour, 0, 0).unwrap()
    }

    fn recurrence(weekday: Weekday, hours: &[u32]) -> Recurrence {
        let weekly = |hour: &u32| Schedule::weekly(weekday, 1, time(*hour), time(hour + 1)).unwrap();
        Recurrence::new(hours.iter().map(weekly).collect()).unwrap()
    }

    /// 16 June 2025 is a Monday.
    fn monday(hour: u32, state: PlanState) -> MadeInstance {
        let occurrence = OccurrenceKey { date: "2025-06-16".parse().unwrap(), start: time(hour) };
        let date = occurrence.date;
        MadeInstance { occurrence, date, state, has_own_times: false, is_over: false, has_check_ins: false }
    }

    /// Each action as a word and the hour of its occurrence.
    fn short(recurrence: &Recurrence, instances: &[MadeInstance]) -> Vec<String> {
        let actions = retime(recurrence, &calendar(), instances);
        let hour = |start: NaiveTime| start.format("%H").to_string();
        let text = |action| match action {
            RetimeAction::Keep => "keep".into(),
            RetimeAction::Adopt(key) => format!("adopt {}", hour(key.start)),
            RetimeAction::Retime(occurrence) => format!("retime {}", hour(occurrence.start)),
            RetimeAction::Restore { occurrence, keeps_times: false } => format!("restore {}", hour(occurrence.start)),
            RetimeAction::Restore { occurrence, .. } => format!("restore {}, own times", hour(occurrence.start)),
            RetimeAction::Cancel => "cancel".into(),
            RetimeAction::Remove => "remove".into(),
        };
        actions.into_iter().map(text).collect()
    }

    #[test]
    fn instance_takes_the_nearest_start_on_its_date() {
        use PlanState::Planned;
        let planned: Vec<_> = [9, 14, 20].into_iter().map(|hour| monday(hour, Planned)).collect();
        assert_eq!(short(&recurrence(Weekday::Mon, &[19, 10, 15]), &planned), ["retime 10", "retime 15", "retime 19"]);
        assert_eq!(short(&recurrence(Weekday::Mon, &[15]), &planned), ["remove", "retime 15", "remove"]);
        // 13:00 and 15:00 are equally near to 14:00, which takes the earlier one. Of the other two, 20:00 is nearer to
        // 15:00.
        assert_eq!(short(&recurrence(Weekday::Mon, &[13, 15]), &planned), ["remove", "retime 13", "retime 15"]);
    }

    #[test]
    fn action_follows_from_plan_state_and_occurrence() {
        use PlanState::{
            CancelledByPerson, CancelledByRetiming, DeletedByPerson, MadeByHand, Planned, RemovedByRetiming,
        };
        let plain = |state| monday(19, state);
        let own_times = |state| MadeInstance { has_own_times: true, ..plain(state) };
        let over = |state| MadeInstance { is_over: true, ..plain(state) };
        let checked_in = |state| MadeInstance { has_check_ins: true, ..plain(state) };
        // The instance, and its action if its date has an occurrence at 19:00, at 20:00, or none.
        for (instance, same, other, none) in [
            (plain(Planned), "retime 19", "retime 20", "remove"),
            (checked_in(Planned), "retime 19", "retime 20", "cancel"),
            (own_times(Planned), "keep", "adopt 20", "remove"),
            (over(Planned), "keep", "adopt 20", "keep"),
            (checked_in(CancelledByPerson), "retime 19", "retime 20", "keep"),
            (own_times(CancelledByPerson), "keep", "adopt 20", "keep"),
            (plain(DeletedByPerson), "keep", "adopt 20", "keep"),
            (plain(MadeByHand), "keep", "adopt 20", "keep"),
            (plain(CancelledByRetiming), "restore 19", "restore 20", "keep"),
            (plain(RemovedByRetiming), "restore 19", "restore 20", "keep"),
            (own_times(RemovedByRetiming), "restore 19, own times", "restore 20, own times", "keep"),
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
    fn planned_instance_is_matched_before_a_removed_one_is_restored() {
        let instances = [monday(19, PlanState::RemovedByRetiming), monday(20, PlanState::Planned)];
        assert_eq!(short(&recurrence(Weekday::Mon, &[19]), &instances), ["keep", "retime 19"]);
        assert_eq!(short(&recurrence(Weekday::Mon, &[19, 20]), &instances), ["restore 19", "retime 20"]);
    }

    #[test]
    fn instance_in_a_skip_is_removed_and_comes_back() {
        let date = |text: &str| text.parse().unwrap();
        let skips = Skips::new([SkippedDates::new(date("2025-06-10"), date("2025-06-16")).unwrap()]);
        let skipping = Calendar { skips, ..calendar() };
        let mondays = recurrence(Weekday::Mon, &[19]);
        let planned = monday(19, PlanState::Planned);
        let checked_in = MadeInstance { has_check_ins: true, ..planned };
        assert_eq!(retime(&mondays, &skipping, &[planned]), [RetimeAction::Remove]);
        assert_eq!(retime(&mondays, &skipping, &[checked_in]), [RetimeAction::Cancel]);
        for state in [PlanState::RemovedByRetiming, PlanState::CancelledByRetiming] {
            assert_eq!(retime(&mondays, &skipping, &[monday(19, state)]), [RetimeAction::Keep]);
            assert_eq!(short(&mondays, &[monday(19, state)]), ["restore 19"]);
        }
    }

    #[test]
    fn instance_that_was_moved_to_another_date_stays_when_its_first_date_is_skipped() {
        let skipping = |from: &str, to: &str| {
            let range = SkippedDates::new(from.parse().unwrap(), to.parse().unwrap()).unwrap();
            Calendar { skips: Skips::new([range]), ..calendar() }
        };
        let mondays = recurrence(Weekday::Mon, &[19]);
        let moved =
            |date: &str, state| MadeInstance { date: date.parse().unwrap(), has_own_times: true, ..monday(19, state) };
        let date = monday(19, PlanState::Planned).date;
        let first = mondays.occurrences(&calendar(), date, date).next().unwrap();
        for (instance, (from, to), expected) in [
            (moved("2025-06-18", PlanState::Planned), ("2025-06-16", "2025-06-16"), RetimeAction::Keep),
            (moved("2025-06-18", PlanState::Planned), ("2025-06-16", "2025-06-18"), RetimeAction::Remove),
            (moved("2025-06-18", PlanState::Planned), ("2025-06-18", "2025-06-18"), RetimeAction::Keep),
            // The time was changed, and not the date.
            (moved("2025-06-16", PlanState::Planned), ("2025-06-16", "2025-06-16"), RetimeAction::Remove),
            // A skip of both dates was made shorter.
            (
                moved("2025-06-18", PlanState::RemovedByRetiming),
                ("2025-06-16", "2025-06-16"),
                RetimeAction::Restore { occurrence: first, keeps_times: true },
            ),
        ] {
            assert_eq!(retime(&mondays, &skipping(from, to), &[instance]), [expected], "{instance:?} {from} {to}");
            let keeps = instance.keeps_its_occurrence(&mondays, &skipping(from, to));
            assert_eq!(keeps, expected == RetimeAction::Keep, "{instance:?} {from} {to}");
        }
    }

    #[test]
    fn instance_after_the_termination_date_is_removed() {
        let ended = Calendar { termination: Some("2025-06-15".parse().unwrap()), ..calendar() };
        let actions = retime(&recurrence(Weekday::Mon, &[19]), &ended, &[monday(19, PlanState::Planned)]);
        assert_eq!(actions, [RetimeAction::Remove]);
    }
}
