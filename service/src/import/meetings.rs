//! Saves the meetings of a session as instances: creates them, or applies what changed since the last import.
//!
//! A meeting keeps its instance, so that people stay checked in. Which instance that is:
//!
//! 1. The one that the last import recorded for the key of the meeting.
//! 2. The one that rule 11 gives the occurrence of the meeting: the nearest one on its date that no other meeting has.
//! 3. The one that an earlier import recorded for the key, before the file left out the meeting for a while.
//!
//! A meeting that the session has already, at the same times, gets no instance: such as one that a person made by hand. That one stays
//! the person's.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    sync::Arc,
};

use chrono::NaiveDate;
use domain::{
    ids::SessionInstanceId,
    import::{ImportRecord, ImportedMeeting, ImportedSession, MeetingState},
    recurrence::{Occurrence, OccurrenceKey, Skips},
    retime,
    window::Instants,
};
use entity::{session, session_instance};
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect, sea_query::LockType};

use super::apply::Target;
use crate::{
    Result,
    db::is_one_of,
    status::{
        facts::{self, blank, find_answered, key_of, put_key},
        update::{LockedInstance, release_keys, save_instance},
    },
};

/// The ids of instances, by the keys of their meetings.
pub(super) type Instances = BTreeMap<String, i64>;

/// What an import changes in the instances of a session.
pub(super) struct MeetingChanges {
    /// The instances that change, before and after it. The order is that in which they are saved.
    pub(super) changed: Vec<(session_instance::Model, session_instance::Model)>,
    created: Vec<ImportedMeeting>,
    /// The instances of meetings that have one already.
    pub(super) known: Instances,
}

impl MeetingChanges {
    /// The instances that are created, without their ids.
    pub(super) fn created(&self, target: &Target<'_>, session: &session::Model) -> Vec<session_instance::Model> {
        self.created.iter().map(|meeting| made_from(target, session, meeting)).collect()
    }

    /// Saves the changes of a session that is saved already.
    pub(super) async fn write(self, target: &mut Target<'_>, session: &session::Model) -> Result<Instances> {
        let Self { changed, created, known: mut instances } = self;
        let session = Arc::new(session.clone());
        release_keys(target.tx, changed.iter().map(|(row, after)| (row, after))).await?;
        for (row, after) in changed {
            save(target, &session, Some(&row), after).await?;
        }
        for meeting in &created {
            let id = insert_meeting(target, &session, meeting).await?;
            instances.insert(meeting.key.clone(), id.0);
        }
        Ok(instances)
    }
}

/// Creates the instance of a meeting.
pub(super) async fn insert_meeting(
    target: &mut Target<'_>,
    session: &Arc<session::Model>,
    meeting: &ImportedMeeting,
) -> Result<SessionInstanceId> {
    let row = made_from(target, session, meeting);
    save(target, session, None, row).await
}

fn made_from(target: &Target<'_>, session: &session::Model, meeting: &ImportedMeeting) -> session_instance::Model {
    let mut row = blank(session.id, meeting.date, target.context.now);
    (row.occurrence_date, row.occurrence_start) = meeting.occurrence.unzip();
    (row.start_time, row.end_time) = (meeting.start, meeting.end);
    row.has_own_times = meeting.has_own_times;
    row.location_override.clone_from(&meeting.location);
    put_state(target, &mut row, meeting.state);
    compute_instants_if_possible(target, &mut row, session);
    row
}

fn put_state(target: &Target<'_>, row: &mut session_instance::Model, state: MeetingState) {
    row.is_cancelled = state == MeetingState::Cancelled;
    row.deleted_at = (state == MeetingState::Deleted).then_some(target.context.now);
    (row.is_cancelled_by_recurrence, row.is_removed_by_recurrence) = (false, false);
}

async fn save(
    target: &mut Target<'_>,
    session: &Arc<session::Model>,
    before: Option<&session_instance::Model>,
    row: session_instance::Model,
) -> Result<SessionInstanceId> {
    let item = LockedInstance { instance: row, session: Arc::clone(session) };
    let (saved, changes) = save_instance(target.tx, target.context, before, item).await?;
    target.changes.extend(changes);
    Ok(saved.id)
}

fn compute_instants_if_possible(target: &Target<'_>, row: &mut session_instance::Model, session: &session::Model) {
    let instants = match facts::zone_of(target.data, session) {
        Ok(zone) if target.computes_windows => facts::computed_instants(row, session, zone),
        _ => Instants::unknown(row.date),
    };
    facts::put_instants(row, instants);
}

/// Decides how the changes of the file change the instances of a session. `session` and `skips` are those after the import. `here` are
/// its instances before it.
pub(super) async fn plan_changes(
    target: &Target<'_>,
    session: &session::Model,
    skips: &Skips,
    here: &[session_instance::Model],
    stored: &ImportRecord,
    new: &ImportedSession,
) -> Result<MeetingChanges> {
    let rows = Rows::load(target, session, skips, stored, new).await?;
    let known: HashMap<&str, &ImportedMeeting> =
        stored.session.meetings.iter().map(|meeting| (meeting.key.as_str(), meeting)).collect();
    // What the last import read of each instance.
    let read: HashMap<SessionInstanceId, &ImportedMeeting> =
        stored.session.meetings.iter().filter_map(|it| Some((recorded(stored, &it.key)?, it))).collect();
    let is_of_import =
        |id: SessionInstanceId| rows.by_id.contains_key(&id) || stored.instances.values().any(|known| *known == id.0);
    let others: Vec<_> = here.iter().filter(|row| row.deleted_at.is_none() && !is_of_import(row.id)).collect();
    let mut instances = Instances::new();
    let (mut created, mut changes) = (Vec::new(), Vec::new());
    for meeting in &new.meetings {
        let is_unchanged = known.get(meeting.key.as_str()) == Some(&meeting);
        match (rows.of(meeting), recorded(stored, &meeting.key)) {
            (Some(row), _) => {
                instances.insert(meeting.key.clone(), row.id.0);
                if !is_unchanged {
                    changes.push((row, changed(target, row, read.get(&row.id).copied(), meeting)));
                }
            }
            // The instance is gone: a person deleted it, and it was pruned when it was over.
            (None, Some(id)) if known.contains_key(meeting.key.as_str()) => {
                instances.insert(meeting.key.clone(), id.0);
            }
            (None, _) if others.iter().any(|row| is_at_the_same_times(row, meeting)) => {}
            (None, _) => created.push(meeting),
        }
    }
    let is_left = |id: &SessionInstanceId| rows.by_id.contains_key(id) && !rows.taken.contains(id);
    for (id, meeting) in read.iter().filter(|(id, _)| is_left(id)) {
        if let Some(row) = rows.by_id.get(id) {
            changes.push((row, withdrawn(target, &rows, row, meeting)));
        }
    }
    // A meeting that the file leaves out for a while gets its instance back.
    let left = stored.instances.iter().filter(|(_, id)| is_left(&SessionInstanceId(**id)));
    instances.extend(left.map(|(key, id)| (key.clone(), *id)));
    let displaced = displaced(target, &rows, &changes, &created);
    changes.extend(displaced);
    // An occurrence has one instance. A meeting of the file comes first.
    let mut used: HashSet<OccurrenceKey> = created.iter().filter_map(|meeting| meeting.occurrence()).collect();
    for (_, after) in changes.iter_mut().filter(|(_, after)| !is_retimed_away(after)) {
        if key_of(after).is_some_and(|key| !used.insert(key)) {
            (after.occurrence_date, after.occurrence_start) = (None, None);
        }
    }
    // Two instances must not have the same occurrence for a moment, so those that lose theirs are first.
    changes.sort_by_key(|(row, after)| (!is_retimed_away(after), row.id));
    changes.retain(|(row, after)| *row != after);
    let changed = changes.into_iter().map(|(row, mut after)| {
        compute_instants_if_possible(target, &mut after, session);
        (row.clone(), after)
    });
    Ok(MeetingChanges { changed: changed.collect(), created: created.into_iter().cloned().collect(), known: instances })
}

/// Whether people would see the meeting twice: as this instance, and as its own.
fn is_at_the_same_times(row: &session_instance::Model, meeting: &ImportedMeeting) -> bool {
    let is_seen = meeting.state != MeetingState::Deleted;
    is_seen && (row.date, row.start_time, row.end_time) == (meeting.date, meeting.start, meeting.end)
}

fn recorded(stored: &ImportRecord, key: &str) -> Option<SessionInstanceId> {
    stored.instances.get(key).copied().map(SessionInstanceId)
}

/// The instance after the changes of its meeting. `old` is what the last import read of it. The date, the times, the location and
/// the state change each by itself: what the file did not change stays as people left it.
fn changed(
    target: &Target<'_>,
    row: &session_instance::Model,
    old: Option<&ImportedMeeting>,
    new: &ImportedMeeting,
) -> session_instance::Model {
    let mut after = row.clone();
    if was_deleted_by_a_person(row, old) {
        return after;
    }
    let has_new_date = old.is_none_or(|old| (old.date, old.occurrence) != (new.date, new.occurrence));
    let has_new_times = old.is_none_or(|old| (old.start, old.end) != (new.start, new.end));
    if has_new_date {
        (after.occurrence_date, after.occurrence_start) = new.occurrence.unzip();
        after.date = new.date;
    }
    if has_new_times {
        (after.start_time, after.end_time) = (new.start, new.end);
    }
    if has_new_date || has_new_times {
        let is_as_in_file = (after.date, after.start_time, after.end_time) == (new.date, new.start, new.end);
        after.has_own_times = new.has_own_times || !is_as_in_file;
        after.is_by_hand &= !is_as_in_file;
    }
    if old.is_none_or(|old| old.location != new.location) {
        after.location_override.clone_from(&new.location);
    }
    if old.is_none_or(|old| old.state != new.state) || (has_new_date || has_new_times) && is_retimed_away(row) {
        put_state(target, &mut after, new.state);
    }
    after
}

/// Whether a person deleted the instance. Then it stays deleted.
fn was_deleted_by_a_person(row: &session_instance::Model, old: Option<&ImportedMeeting>) -> bool {
    let is_deleted = row.deleted_at.is_some() && !row.is_removed_by_recurrence;
    is_deleted && old.is_none_or(|old| old.state != MeetingState::Deleted)
}

const fn is_retimed_away(row: &session_instance::Model) -> bool {
    row.is_cancelled_by_recurrence || row.is_removed_by_recurrence
}

/// The instance of a meeting that the file no longer has. If the recurrence has an occurrence for it, it gets the times of that.
/// Otherwise it follows rule 11. The recurrence did that, and no person: a sweep restores the instance if an occurrence
/// matches it.
fn withdrawn(
    target: &Target<'_>,
    rows: &Rows,
    row: &session_instance::Model,
    old: &ImportedMeeting,
) -> session_instance::Model {
    let mut after = row.clone();
    let took_place = rows.over.contains(&row.id) && rows.answered.contains(&row.id);
    if took_place || was_deleted_by_a_person(row, Some(old)) {
        return after;
    }
    // What the file said of the meeting no longer counts, also if the recurrence has its occurrence again later.
    (after.has_own_times, after.is_by_hand) = (false, false);
    after.is_cancelled &= old.state != MeetingState::Cancelled;
    if row.location_override == old.location {
        after.location_override = None;
    }
    match rows.occurrences.get(&row.id) {
        Some(occurrence) => {
            put_key(&mut after, occurrence.key());
            (after.date, after.start_time, after.end_time) =
                (occurrence.date, Some(occurrence.start), Some(occurrence.end));
            if !row.is_removed_by_recurrence {
                after.deleted_at = None;
            }
        }
        None => retime_away(target, rows, &mut after),
    }
    after
}

/// Cancels an instance if anybody has checked in, and removes it if not (rule 11).
fn retime_away(target: &Target<'_>, rows: &Rows, row: &mut session_instance::Model) {
    if row.deleted_at.is_none() && rows.answered.contains(&row.id) {
        row.is_cancelled_by_recurrence |= !row.is_cancelled;
        row.is_cancelled = true;
    } else {
        row.deleted_at = row.deleted_at.or(Some(target.context.now));
        row.is_removed_by_recurrence = true;
    }
}

/// The instances whose occurrence a meeting of the file takes.
fn displaced<'a>(
    target: &Target<'_>,
    rows: &'a Rows,
    changes: &[(&session_instance::Model, session_instance::Model)],
    created: &[&ImportedMeeting],
) -> Vec<(&'a session_instance::Model, session_instance::Model)> {
    let of_changed = changes.iter().filter(|(_, after)| !is_retimed_away(after)).filter_map(|(_, after)| key_of(after));
    let keys: HashSet<OccurrenceKey> = created.iter().filter_map(|it| it.occurrence()).chain(of_changed).collect();
    let changed: HashSet<SessionInstanceId> = changes.iter().map(|(row, _)| row.id).collect();
    let others = rows.by_id.values().filter(|row| !changed.contains(&row.id) && !is_retimed_away(row));
    let displaced = others.filter(|row| key_of(row).is_some_and(|key| keys.contains(&key))).map(|row| {
        let mut after = row.clone();
        if !rows.over.contains(&row.id) && !rows.taken.contains(&row.id) {
            retime_away(target, rows, &mut after);
        }
        (row, after)
    });
    displaced.collect()
}

/// The instances of a session that an import may change, locked.
struct Rows {
    by_id: HashMap<SessionInstanceId, session_instance::Model>,
    /// The instances that have a check-in.
    answered: BTreeSet<SessionInstanceId>,
    /// The instances that are over.
    over: HashSet<SessionInstanceId>,
    /// The new occurrence of each instance that no known meeting has, by rule 11.
    occurrences: HashMap<SessionInstanceId, Occurrence>,
    /// The instances of meetings, by the keys of the meetings.
    by_key: HashMap<String, SessionInstanceId>,
    /// The instances that a meeting has.
    taken: HashSet<SessionInstanceId>,
}

impl Rows {
    /// Loads the instances that the last import recorded and those of the same dates, and gives each meeting its instance. They are
    /// locked, unless nothing is to be written.
    async fn load(
        target: &Target<'_>,
        session: &session::Model,
        skips: &Skips,
        stored: &ImportRecord,
        new: &ImportedSession,
    ) -> Result<Self> {
        let tx = target.tx;
        let meetings = || stored.session.meetings.iter().chain(&new.meetings);
        let dates: BTreeSet<NaiveDate> = meetings().filter_map(|it| it.occurrence).map(|(date, _)| date).collect();
        let concerned = Condition::any()
            .add(is_one_of(tx, session_instance::Column::Id, stored.instances.values().copied()))
            .add(session_instance::Column::OccurrenceDate.is_in(dates));
        let mut query = session_instance::Entity::find()
            .filter(session_instance::Column::SessionId.eq(session.id))
            .filter(concerned)
            .order_by_asc(session_instance::Column::Id);
        if !target.is_dry_run {
            query = query.lock(LockType::NoKeyUpdate);
        }
        let found = query.all(tx).await?;
        let zone = facts::zone_of(target.data, session).ok();
        let is_over = |row: &&session_instance::Model| {
            let computed = zone.map(|zone| facts::computed_instants(row, session, zone));
            computed.is_some_and(|computed| facts::is_over(row, computed, target.context.now))
        };
        let mut rows = Self {
            answered: find_answered(tx, found.iter().map(|row| row.id)).await?,
            over: found.iter().filter(is_over).map(|row| row.id).collect(),
            by_id: found.into_iter().map(|row| (row.id, row)).collect(),
            occurrences: HashMap::new(),
            by_key: HashMap::new(),
            taken: HashSet::new(),
        };
        let known: HashSet<&str> = stored.session.meetings.iter().map(|meeting| meeting.key.as_str()).collect();
        for meeting in &new.meetings {
            let is_known = known.contains(meeting.key.as_str());
            rows.take(meeting, recorded(stored, &meeting.key).filter(|_| is_known));
        }
        let of_occurrences = rows.match_occurrences(target, session, skips);
        for meeting in &new.meetings {
            rows.take(meeting, meeting.occurrence().and_then(|key| of_occurrences.get(&key)).copied());
        }
        for meeting in &new.meetings {
            rows.take(meeting, recorded(stored, &meeting.key));
        }
        // What is left has none of the occurrences that meetings of the file have.
        let of_meetings: HashSet<_> = new.meetings.iter().filter_map(ImportedMeeting::occurrence).collect();
        rows.occurrences.retain(|_, occurrence| !of_meetings.contains(&occurrence.key()));
        Ok(rows)
    }

    /// Matches the instances that no meeting has with the occurrences of the session.
    fn match_occurrences(
        &mut self,
        target: &Target<'_>,
        session: &session::Model,
        skips: &Skips,
    ) -> HashMap<OccurrenceKey, SessionInstanceId> {
        let (Ok(zone), Ok(Some(recurrence))) = (facts::zone_of(target.data, session), facts::recurrence_of(session))
        else {
            return HashMap::new();
        };
        let calendar = facts::calendar_of(session, zone, skips.clone());
        let free = self.by_id.values().filter(|row| !self.taken.contains(&row.id));
        let mut made: Vec<_> = free
            .filter_map(|row| {
                let made = facts::as_made(row, self.answered.contains(&row.id), self.over.contains(&row.id))?;
                Some((row.id, made))
            })
            .collect();
        made.sort_unstable_by_key(|(id, _)| *id);
        let (ids, made): (Vec<_>, Vec<_>) = made.into_iter().unzip();
        let matched = retime::matched(&recurrence, &calendar, &made);
        // An instance that is over keeps its times, so it can only have its own occurrence.
        let pairs = ids.into_iter().zip(matched).zip(&made).filter_map(|((id, it), made)| Some((id, it?, made)));
        let pairs = pairs.filter(|(_, it, made)| !made.is_over || made.occurrence == it.key());
        let pairs: Vec<_> = pairs.map(|(id, occurrence, _)| (id, occurrence)).collect();
        let of_occurrences = pairs.iter().map(|(id, occurrence)| (occurrence.key(), *id)).collect();
        // An instance that was moved away from a skipped date has no meeting there to go back to.
        let exists = |(_, occurrence): &(_, Occurrence)| !calendar.skips.contains(occurrence.date);
        self.occurrences = pairs.into_iter().filter(exists).collect();
        of_occurrences
    }

    /// Gives a meeting this instance, unless it has one already or another meeting has it.
    fn take(&mut self, meeting: &ImportedMeeting, id: Option<SessionInstanceId>) {
        let Some(id) = id.filter(|id| self.by_id.contains_key(id)) else { return };
        if !self.by_key.contains_key(&meeting.key) && self.taken.insert(id) {
            self.by_key.insert(meeting.key.clone(), id);
        }
    }

    /// The instance of a meeting.
    fn of(&self, meeting: &ImportedMeeting) -> Option<&session_instance::Model> {
        self.by_key.get(&meeting.key).and_then(|id| self.by_id.get(id))
    }
}
