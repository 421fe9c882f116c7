//! Saves one session of a file: creates it, or applies what changed since the last import.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    sync::Arc,
};

use chrono::NaiveDate;
use domain::{
    access::Viewer,
    door::CheckInCodes,
    ids::{SessionId, SessionInstanceId},
    import::{FileSession, ImportRecord, ImportedMeeting, ImportedSession, MeetingState},
    recurrence::{Calendar, Occurrence, OccurrenceKey, Recurrence, Skips},
    window::{Buffers, Instants},
    zone::ZoneData,
};
use entity::{check_in, session, session_instance, session_organizer, session_skip};
use sea_orm::{
    ActiveModelTrait,
    ActiveValue::NotSet,
    ColumnTrait, Condition, EntityTrait, IntoActiveModel, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{Expr, LockType},
};
use serde_json::{Value, json};

use super::Options;
use crate::{
    Error, Result,
    audit::Changes,
    db::{Tx, is_one_of},
    sessions::log_updates_of_active_instances,
    status::{
        facts::{self, blank},
        update::{LockedInstance, Moment, StatusChanges, save_instance},
    },
    validate,
};

/// How many hours before its start an instance is created. It is the default of `createSession`.
const HOURS_AHEAD: i32 = 24;

/// The context in which the sessions of a file are saved.
pub(super) struct Target<'a> {
    pub(super) tx: &'a Tx,
    pub(super) viewer: Viewer,
    pub(super) moment: Moment,
    pub(super) data: ZoneData,
    /// Whether this process may compute windows (rule 1).
    pub(super) computes_windows: bool,
    pub(super) changes: StatusChanges,
}

/// The ids of instances, by the keys of their meetings.
type Instances = BTreeMap<String, i64>;

/// Creates a session. If it has a recurrence, its instances are created automatically.
pub(super) async fn create(
    target: &mut Target<'_>,
    options: &Options,
    found: &FileSession,
    path: String,
) -> Result<(session::Model, Instances)> {
    let (tx, now) = (target.tx, target.moment.now);
    let imported = &found.session;
    let (latitude, longitude) = imported.place.unzip();
    let buffers = Buffers::default();
    let has_recurrence = imported.recurrence.is_some();
    let row = session::Model {
        id: SessionId(0),
        name: validate::required_text("name", &imported.name)?,
        name_key: imported.name.to_lowercase(),
        path,
        city: options.city.clone(),
        state: None,
        country: options.country.clone(),
        location: imported.location.clone(),
        latitude,
        longitude,
        time_zone: imported.time_zone.clone(),
        recurrence: imported.recurrence.clone(),
        active_buffer_minutes_before: buffers.before_minutes,
        active_buffer_minutes_after: buffers.after_minutes,
        auto_create_instances: has_recurrence,
        auto_create_hours_ahead: HOURS_AHEAD,
        initiation_date: imported.initiation,
        termination_date: imported.termination,
        problem: None,
        next_create_at: None,
        needs_recompute: has_recurrence || !target.computes_windows,
        revision: 1,
        changed_at: Some(now),
        created_at: now,
        deleted_at: None,
        check_in_codes: CheckInCodes::None,
        requires_code: false,
        description: None,
        website: None,
        picture_url: None,
    };
    let row = session::ActiveModel { id: NotSet, ..row.into_active_model().reset_all() }.insert(tx).await?;
    let mut made = Changes::between(None, Some(&row));
    if let Some(person) = target.viewer.person {
        let link = session_organizer::Model { session_id: row.id, person_id: person };
        session_organizer::Entity::insert(link.into_active_model().reset_all()).exec_without_returning(tx).await?;
        made = made.with("organizers", Value::Null, person.to_string().into());
    }
    if !imported.skips.is_empty() {
        insert_skips(target, row.id, &imported.skips).await?;
        made = made.with("skips", Value::Null, json!(imported.skips));
    }
    tx.audit(target.viewer, "importCalendar", row.id, made);
    let session = Arc::new(row.clone());
    let mut instances = Instances::new();
    for meeting in &imported.meetings {
        let id = insert_meeting(target, &session, meeting).await?;
        instances.insert(meeting.key.clone(), id.0);
    }
    Ok((row, instances))
}

async fn insert_skips(target: &Target<'_>, session: SessionId, dates: &[NaiveDate]) -> Result<()> {
    let rows = dates.iter().map(|date| session_skip::ActiveModel {
        id: NotSet,
        session_id: sea_orm::Set(session),
        from_date: sea_orm::Set(*date),
        to_date: sea_orm::Set(*date),
        reason: sea_orm::Set(None),
        created_at: sea_orm::Set(target.moment.now),
    });
    session_skip::Entity::insert_many(rows).exec_without_returning(target.tx).await?;
    Ok(())
}

/// Creates the instance of a meeting.
async fn insert_meeting(
    target: &mut Target<'_>,
    session: &Arc<session::Model>,
    meeting: &ImportedMeeting,
) -> Result<SessionInstanceId> {
    let mut row = blank(session.id, meeting.date, target.moment.now);
    (row.occurrence_date, row.occurrence_start) = meeting.occurrence.unzip();
    put_times(&mut row, meeting);
    row.location_override.clone_from(&meeting.location);
    put_state(target, &mut row, meeting.state);
    save(target, session, None, row).await
}

fn put_times(row: &mut session_instance::Model, meeting: &ImportedMeeting) {
    (row.date, row.start_time, row.end_time) = (meeting.date, Some(meeting.start), meeting.end);
    row.has_own_times = meeting.has_own_times;
}

fn put_state(target: &Target<'_>, row: &mut session_instance::Model, state: MeetingState) {
    row.is_cancelled = state == MeetingState::Cancelled;
    row.deleted_at = (state == MeetingState::Deleted).then_some(target.moment.now);
}

async fn save(
    target: &mut Target<'_>,
    session: &Arc<session::Model>,
    before: Option<&session_instance::Model>,
    mut row: session_instance::Model,
) -> Result<SessionInstanceId> {
    let instants = match facts::zone_of(target.data, session) {
        Ok(zone) if target.computes_windows => facts::computed_instants(&row, session, zone),
        _ => Instants::unknown(row.date),
    };
    facts::put_instants(&mut row, instants);
    let item = LockedInstance { instance: row, session: Arc::clone(session) };
    let (saved, changes) = save_instance(target.tx, target.moment, before, item).await?;
    target.changes.extend(changes);
    Ok(saved.id)
}

/// Checks whether the session can take over the changes of the file.
///
/// # Errors
/// [`Error::Conflict`] with the reason why not.
pub(super) async fn check_update(
    tx: &Tx,
    row: &session::Model,
    stored: &ImportRecord,
    new: &ImportedSession,
) -> Result<(), Error> {
    let after = patched(row.clone(), &stored.session, new);
    if let Err(Error::Invalid { message, .. }) = validate::termination(after.initiation_date, after.termination_date) {
        return Err(Error::Conflict(format!("would end before it begins: its termination date {message}")));
    }
    let of_session = session_skip::Entity::find().filter(session_skip::Column::SessionId.eq(row.id));
    let count = usize::try_from(of_session.count(tx).await?).unwrap_or(usize::MAX);
    if count.saturating_add(added(&stored.session.skips, &new.skips).len()) > Skips::MAX {
        return Err(Error::Conflict(format!("gives its session more than {} skips", Skips::MAX)));
    }
    Ok(())
}

/// The dates that are only in the second list.
fn added(before: &[NaiveDate], after: &[NaiveDate]) -> Vec<NaiveDate> {
    let before: BTreeSet<_> = before.iter().collect();
    after.iter().filter(|date| !before.contains(date)).copied().collect()
}

/// The session after the changes of the file.
fn patched(mut row: session::Model, old: &ImportedSession, new: &ImportedSession) -> session::Model {
    fn put<T: Clone + PartialEq>(column: &mut T, old: &T, new: &T) {
        if old != new {
            column.clone_from(new);
        }
    }
    put(&mut row.name, &old.name, &new.name);
    row.name_key = row.name.to_lowercase();
    put(&mut row.location, &old.location, &new.location);
    put(&mut row.time_zone, &old.time_zone, &new.time_zone);
    put(&mut row.recurrence, &old.recurrence, &new.recurrence);
    put(&mut row.initiation_date, &old.initiation, &new.initiation);
    put(&mut row.termination_date, &old.termination, &new.termination);
    if old.place != new.place {
        (row.latitude, row.longitude) = new.place.unzip();
    }
    row.auto_create_instances |= old.recurrence.is_none() && new.recurrence.is_some();
    row
}

/// Applies the changes of the file to a locked session.
pub(super) async fn update(
    target: &mut Target<'_>,
    before: &session::Model,
    stored: &ImportRecord,
    new: &ImportedSession,
) -> Result<(session::Model, Instances)> {
    let (tx, old) = (target.tx, &stored.session);
    let after = session::Model {
        needs_recompute: true,
        revision: before.revision + 1,
        changed_at: Some(target.moment.now),
        ..patched(before.clone(), old, new)
    };
    let after = after.into_active_model().reset_all().update(tx).await?;
    log_updates_of_active_instances(tx, before, &after).await?;
    let mut changes = Changes::between(Some(before), Some(&after));
    let (added, removed) = (added(&old.skips, &new.skips), added(&new.skips, &old.skips));
    change_skips(target, after.id, &added, &removed).await?;
    if added != removed {
        changes = changes.with("skips", json!(removed), json!(added));
    }
    tx.audit(target.viewer, "importCalendar", after.id, changes);
    let instances = update_meetings(target, &after, stored, new).await?;
    Ok((after, instances))
}

async fn change_skips(
    target: &Target<'_>,
    session: SessionId,
    added: &[NaiveDate],
    removed: &[NaiveDate],
) -> Result<()> {
    if !removed.is_empty() {
        // A skip with a reason was made by a person, so it stays.
        session_skip::Entity::delete_many()
            .filter(session_skip::Column::SessionId.eq(session))
            .filter(session_skip::Column::FromDate.is_in(removed.iter().copied()))
            .filter(Expr::cust("from_date = to_date"))
            .filter(session_skip::Column::Reason.is_null())
            .exec(target.tx)
            .await?;
    }
    if added.is_empty() {
        return Ok(());
    }
    insert_skips(target, session, added).await
}

/// The instances of a session that an import may change, locked.
struct Rows {
    rows: HashMap<SessionInstanceId, session_instance::Model>,
    /// The instances by their occurrence, without those that the recurrence removed.
    made: HashMap<OccurrenceKey, SessionInstanceId>,
}

impl Rows {
    async fn lock(tx: &Tx, session: SessionId, stored: &ImportRecord, new: &ImportedSession) -> Result<Self> {
        let dates: BTreeSet<NaiveDate> =
            new.meetings.iter().filter_map(|meeting| meeting.occurrence).map(|(date, _)| date).collect();
        let concerned = Condition::any()
            .add(is_one_of(tx, session_instance::Column::Id, stored.instances.values().copied()))
            .add(session_instance::Column::OccurrenceDate.is_in(dates));
        let found = session_instance::Entity::find()
            .filter(session_instance::Column::SessionId.eq(session))
            .filter(concerned)
            .order_by_asc(session_instance::Column::Id)
            .lock(LockType::NoKeyUpdate)
            .all(tx)
            .await?;
        let key = |row: &session_instance::Model| {
            let key = row.occurrence_date.zip(row.occurrence_start)?;
            Some((OccurrenceKey { date: key.0, start: key.1 }, row.id))
        };
        let made = found.iter().filter(|row| !row.is_removed_by_recurrence).filter_map(key).collect();
        Ok(Self { rows: found.into_iter().map(|row| (row.id, row)).collect(), made })
    }
}

async fn update_meetings(
    target: &mut Target<'_>,
    session: &session::Model,
    stored: &ImportRecord,
    new: &ImportedSession,
) -> Result<Instances> {
    let rows = Rows::lock(target.tx, session.id, stored, new).await?;
    let session = Arc::new(session.clone());
    let old: HashMap<&str, &ImportedMeeting> =
        stored.session.meetings.iter().map(|meeting| (meeting.key.as_str(), meeting)).collect();
    let mut instances = Instances::new();
    for meeting in &new.meetings {
        let known = old.get(meeting.key.as_str()).copied();
        let recorded = stored.instances.get(&meeting.key).copied();
        if known == Some(meeting) {
            instances.extend(recorded.map(|id| (meeting.key.clone(), id)));
            continue;
        }
        let by_occurrence =
            || meeting.occurrence().and_then(|key| rows.made.get(&key)).and_then(|id| rows.rows.get(id));
        let row = recorded.and_then(|id| rows.rows.get(&SessionInstanceId(id))).or_else(by_occurrence);
        let id = match row {
            Some(row) => {
                let changed = changed(target, row, known, meeting);
                if changed == *row { row.id } else { save(target, &session, Some(row), changed).await? }
            }
            // The instance that was recorded is gone: a person deleted it, and it was pruned when it was over.
            None if recorded.is_some() => continue,
            None => insert_meeting(target, &session, meeting).await?,
        };
        instances.insert(meeting.key.clone(), id.0);
    }
    let keys: HashSet<&str> = new.meetings.iter().map(|meeting| meeting.key.as_str()).collect();
    for meeting in stored.session.meetings.iter().filter(|meeting| !keys.contains(meeting.key.as_str())) {
        let row = stored.instances.get(&meeting.key).and_then(|id| rows.rows.get(&SessionInstanceId(*id)));
        // Another key may have the same instance now: a meeting outside the recurrence became an occurrence of it.
        if let Some(row) = row.filter(|row| !instances.values().any(|id| *id == row.id.0)) {
            withdraw(target, &session, row, meeting, new).await?;
        }
    }
    Ok(instances)
}

/// The instance after the changes of its meeting. `old` is the meeting as the last import read it.
fn changed(
    target: &Target<'_>,
    row: &session_instance::Model,
    old: Option<&ImportedMeeting>,
    new: &ImportedMeeting,
) -> session_instance::Model {
    let mut after = row.clone();
    let is_gone = row.deleted_at.is_some() && !row.is_removed_by_recurrence;
    if is_gone && old.is_some_and(|old| old.state != MeetingState::Deleted) {
        // A person deleted it, so it stays deleted.
        return after;
    }
    let times = |meeting: &ImportedMeeting| (meeting.date, meeting.start, meeting.end, meeting.occurrence);
    if old.is_none_or(|old| times(old) != times(new)) {
        if after.occurrence_date.is_none() {
            (after.occurrence_date, after.occurrence_start) = new.occurrence.unzip();
        }
        put_times(&mut after, new);
    }
    if old.is_none_or(|old| old.location != new.location) {
        after.location_override.clone_from(&new.location);
    }
    if old.is_none_or(|old| old.state != new.state) {
        put_state(target, &mut after, new.state);
        (after.is_cancelled_by_recurrence, after.is_removed_by_recurrence) = (false, false);
    }
    after
}

/// Handles a meeting that the file no longer has. If the recurrence has its occurrence, the instance gets the times of
/// the occurrence. Otherwise the instance is cancelled if anybody has checked in, and removed if not, as in rule 11. The
/// recurrence did that, and no person: a sweep restores the instance if another occurrence matches it.
async fn withdraw(
    target: &mut Target<'_>,
    session: &Arc<session::Model>,
    row: &session_instance::Model,
    old: &ImportedMeeting,
    new: &ImportedSession,
) -> Result<()> {
    let is_gone = row.deleted_at.is_some() && !row.is_removed_by_recurrence;
    if is_gone && old.state != MeetingState::Deleted {
        // A person deleted it, so it stays deleted.
        return Ok(());
    }
    let mut after = row.clone();
    // What the file said of the meeting no longer counts, also if the recurrence has its occurrence again later.
    after.has_own_times = false;
    after.is_cancelled &= old.state != MeetingState::Cancelled;
    if row.location_override == old.location {
        after.location_override = None;
    }
    if let Some(occurrence) = old.occurrence().and_then(|key| occurrence_of(target.data, new, key)) {
        (after.date, after.start_time, after.end_time) =
            (occurrence.date, Some(occurrence.start), Some(occurrence.end));
        if !row.is_removed_by_recurrence {
            after.deleted_at = None;
        }
    } else if row.deleted_at.is_none() && has_check_ins(target.tx, row.id).await? {
        after.is_cancelled_by_recurrence |= !after.is_cancelled;
        after.is_cancelled = true;
    } else {
        after.deleted_at = row.deleted_at.or(Some(target.moment.now));
        after.is_removed_by_recurrence = true;
    }
    if after != *row {
        save(target, session, Some(row), after).await?;
    }
    Ok(())
}

/// The occurrence with this key, if the session of the file has it.
fn occurrence_of(data: ZoneData, session: &ImportedSession, key: OccurrenceKey) -> Option<Occurrence> {
    let zone = data.zone(&session.time_zone).ok()?;
    let recurrence = Recurrence::stored(session.recurrence.as_deref()).ok()??;
    let calendar = Calendar {
        zone,
        anchor: session.initiation,
        initiation: session.initiation,
        termination: session.termination,
        skips: Skips::NONE,
    };
    let mut occurrences = recurrence.occurrences(&calendar, key.date, key.date);
    occurrences.find(|occurrence| occurrence.key() == key && !session.skips.contains(&key.date))
}

async fn has_check_ins(tx: &Tx, instance: SessionInstanceId) -> Result<bool> {
    let found = check_in::Entity::find().filter(check_in::Column::SessionInstanceId.eq(instance));
    Ok(found.limit(1).count(tx).await? > 0)
}
