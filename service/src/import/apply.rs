//! Saves one session of a file: creates it, or applies what changed since the last import.
//!
//! An update is planned and then written. A dry run only plans.
//!
//! A skip that a person made stays, also on a date that the file leaves out, and also if the file has a meeting on it.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};

use chrono::NaiveDate;
use domain::{
    access::Viewer,
    door::CheckInCodes,
    ids::{SessionId, SkipId},
    import::{FileSession, ImportRecord, ImportedSession},
    recurrence::{self, SkippedDates, Skips},
    search,
    window::Buffers,
    zone::ZoneData,
};
use entity::{session, session_organizer, session_skip};
use sea_orm::{ActiveModelTrait, ActiveValue::NotSet, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter};
use serde_json::{Value, json};

use super::{
    Options,
    here::{self, Meetings},
    meetings::{self, Instances, MeetingChanges},
};
use crate::{
    Error, Result,
    audit::Changes,
    db::{Tx, is_one_of},
    sessions::{NewSkip, Skip, insert_checked_skips, log_updates_of_active_instances},
    status::update::{DecisionContext, StatusChanges},
    validate,
};

/// How many hours before its start an instance is created. It is the default of `createSession`.
const HOURS_AHEAD: i32 = 24;

/// The context in which the sessions of a file are saved.
pub(super) struct Target<'a> {
    pub(super) tx: &'a Tx,
    pub(super) viewer: Viewer,
    pub(super) context: DecisionContext,
    pub(super) data: ZoneData,
    /// Whether this process may compute windows (rule 1).
    pub(super) computes_windows: bool,
    pub(super) is_dry_run: bool,
    pub(super) changes: StatusChanges,
}

/// The ids of skips of one date, by their dates.
type SkipIds = BTreeMap<NaiveDate, i64>;

/// A session that was saved, and what an import made for it.
pub(super) struct Saved {
    pub(super) row: session::Model,
    pub(super) instances: Instances,
    pub(super) skips: SkipIds,
}

/// Creates a session. If it has a recurrence, its instances are created automatically.
pub(super) async fn create(
    target: &mut Target<'_>,
    options: &Options,
    found: &FileSession,
    path: String,
) -> Result<Saved> {
    let (tx, now) = (target.tx, target.context.now);
    let imported = &found.session;
    let (latitude, longitude) = imported.coordinates.unzip();
    let buffers = Buffers::default();
    let has_recurrence = imported.recurrence.is_some();
    let row = session::Model {
        id: SessionId(0),
        name: validate::required_text("name", &imported.name)?,
        name_key: search::key(&imported.name),
        path,
        city: options.city.clone(),
        state: None,
        country: options.country.clone(),
        location: imported.location.clone(),
        latitude,
        longitude,
        time_zone: imported.time_zone.clone(),
        recurrence: ended_by_its_rule(imported.recurrence.as_deref(), imported.termination),
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
    let skips = insert_skips(target, row.id, &imported.skips).await?;
    if !skips.is_empty() {
        made = made.with("skips", Value::Null, json!(imported.skips));
    }
    tx.audit(target.viewer, "importCalendar", row.id, made);
    let session = Arc::new(row.clone());
    let mut instances = Instances::new();
    for meeting in &imported.meetings {
        let id = meetings::insert_meeting(target, &session, meeting).await?;
        instances.insert(meeting.key.clone(), id.0);
    }
    Ok(Saved { row, instances, skips })
}

/// What an import changes in a session that was imported before.
pub(super) struct Update {
    after: session::Model,
    skips: SkipChanges,
    meetings: MeetingChanges,
    /// When the meetings of the file and those of the session differ.
    pub(super) notes: Vec<String>,
}

/// The skips that an import adds, and those of earlier imports that it removes.
struct SkipChanges {
    added: Vec<NaiveDate>,
    removed: BTreeMap<NaiveDate, SkipId>,
}

/// Decides how the changes of the file change a session. `here` has its skips and instances.
///
/// # Errors
/// [`Error::Conflict`] if the session cannot take over the changes, with the reason.
pub(super) async fn plan_update(
    target: &Target<'_>,
    before: &session::Model,
    here: &Meetings,
    stored: &ImportRecord,
    new: &ImportedSession,
) -> Result<Update> {
    let after = session::Model {
        needs_recompute: true,
        revision: before.revision + 1,
        changed_at: Some(target.context.now),
        ..patched(with_stored_end(before.clone(), stored), &stored.session, new)
    };
    if let Err(Error::Invalid { message, .. }) = validate::termination(after.initiation_date, after.termination_date) {
        return Err(Error::Conflict(format!("would end before it begins: its termination date {message}").into()));
    }
    let added = difference(&new.skips, &stored.session.skips);
    let removed = skips_of_import(&here.skips, stored, &difference(&stored.session.skips, &new.skips));
    if here.skips.len().saturating_sub(removed.len()).saturating_add(added.len()) > Skips::MAX {
        return Err(Error::Conflict(format!("gives its session more than {} skips", Skips::MAX).into()));
    }
    let kept = here.skips.iter().filter(|skip| !removed.values().any(|id| *id == skip.id)).map(Skip::dates);
    let skips = Skips::new(kept.chain(added.iter().map(|date| SkippedDates::stored(*date, *date))));
    let meetings = meetings::plan_changes(target, &after, &skips, &here.instances, stored, new).await?;
    let changed: HashMap<_, _> = meetings.changed.iter().map(|(_, row)| (row.id, row)).collect();
    let mut instances: Vec<_> = here.instances.iter().filter(|row| !changed.contains_key(&row.id)).cloned().collect();
    instances.extend(changed.into_values().cloned());
    instances.extend(meetings.created(target, &after));
    let notes = here::differences(target, &after, skips, instances, new, &meetings.known);
    Ok(Update { after, skips: SkipChanges { added, removed }, meetings, notes })
}

/// The skips that the last import added, of these dates. Records of older versions have no ids. Then it is the oldest skip of the
/// date alone that has no reason.
fn skips_of_import(skips: &[Skip], stored: &ImportRecord, dates: &[NaiveDate]) -> BTreeMap<NaiveDate, SkipId> {
    let oldest = |date: NaiveDate| {
        let alone = skips.iter().filter(|it| (it.from, it.to) == (date, date) && it.reason.is_none());
        alone.map(|skip| skip.id).min()
    };
    let found = dates.iter().filter_map(|date| match stored.skips.get(date) {
        Some(id) => Some((*date, SkipId(*id))),
        None => Some((*date, oldest(*date)?)),
    });
    found.collect()
}

/// The column of a recurrence whose RRULE ends on this date.
fn ended_by_its_rule(stored: Option<&str>, end: Option<NaiveDate>) -> Option<String> {
    stored.map(|stored| recurrence::with_rule_end(stored, end))
}

/// The session as it was, with the end of its rule if an older version did not store that. The date of the file is that end, unless
/// a person changed the rule or the date.
fn with_stored_end(mut row: session::Model, stored: &ImportRecord) -> session::Model {
    let file = &stored.session;
    let is_of_file = row.recurrence == file.recurrence && row.termination_date == file.termination;
    if stored.lacks_rule_end() && is_of_file {
        row.recurrence = ended_by_its_rule(row.recurrence.as_deref(), row.termination_date);
    }
    row
}

/// The termination date after the changes of the file, and the one that counts as the end of the rule (rule 8). The end of a rule
/// goes with the rule, whether that is from the file or from a person. A date that a person gave stays, unless the file brings
/// another one.
fn end_after(
    row: &session::Model,
    old: &ImportedSession,
    new: &ImportedSession,
) -> (Option<NaiveDate>, Option<NaiveDate>) {
    let of_rule = recurrence::rule_end(row.recurrence.as_deref());
    let is_rule_of_file = ended_by_its_rule(row.recurrence.as_deref(), None) == old.recurrence
        && (of_rule.is_none() || of_rule == old.termination);
    let goes = if is_rule_of_file { old.termination != new.termination } else { old.recurrence != new.recurrence };
    match new.termination {
        Some(end) if old.termination != new.termination => (Some(end), Some(end)),
        end if goes => match recurrence::given_end(row.recurrence.as_deref(), row.termination_date) {
            Some(given) => (Some(given), None),
            None => (end, end),
        },
        _ => (row.termination_date, of_rule),
    }
}

/// The session after the changes of the file.
fn patched(mut row: session::Model, old: &ImportedSession, new: &ImportedSession) -> session::Model {
    fn put<T: Clone + PartialEq>(column: &mut T, old: &T, new: &T) {
        if old != new {
            column.clone_from(new);
        }
    }
    put(&mut row.name, &old.name, &new.name);
    row.name_key = search::key(&row.name);
    put(&mut row.location, &old.location, &new.location);
    put(&mut row.time_zone, &old.time_zone, &new.time_zone);
    let (end, of_rule) = end_after(&row, old, new);
    put(&mut row.recurrence, &old.recurrence, &new.recurrence);
    row.recurrence = ended_by_its_rule(row.recurrence.as_deref(), of_rule);
    row.termination_date = end;
    put(&mut row.initiation_date, &old.initiation, &new.initiation);
    if old.coordinates != new.coordinates {
        (row.latitude, row.longitude) = new.coordinates.unzip();
    }
    row.auto_create_instances |= old.recurrence.is_none() && new.recurrence.is_some();
    row
}

/// Writes the changes of the file to a locked session.
pub(super) async fn update(
    target: &mut Target<'_>,
    before: &session::Model,
    update: Update,
    stored: &ImportRecord,
    new: &ImportedSession,
) -> Result<Saved> {
    let tx = target.tx;
    let Update { after, skips, meetings, .. } = update;
    let after = after.into_active_model().reset_all().update(tx).await?;
    log_updates_of_active_instances(tx, before, &after).await?;
    let changes = Changes::between(Some(before), Some(&after));
    let (skips, changes) = change_skips(target, after.id, skips, stored, new, changes).await?;
    tx.audit(target.viewer, "importCalendar", after.id, changes);
    let instances = meetings.write(target, &after).await?;
    Ok(Saved { row: after, instances, skips })
}

async fn change_skips(
    target: &Target<'_>,
    session: SessionId,
    SkipChanges { added, removed }: SkipChanges,
    stored: &ImportRecord,
    new: &ImportedSession,
    changes: Changes,
) -> Result<(SkipIds, Changes)> {
    if !removed.is_empty() {
        session_skip::Entity::delete_many()
            .filter(session_skip::Column::SessionId.eq(session))
            .filter(is_one_of(target.tx, session_skip::Column::Id, removed.values().copied()))
            .exec(target.tx)
            .await?;
    }
    let mut skips = stored.skips.clone();
    skips.retain(|date, _| new.skips.binary_search(date).is_ok());
    skips.extend(insert_skips(target, session, &added).await?);
    let removed: Vec<_> = removed.into_keys().collect();
    let is_same = added.is_empty() && removed.is_empty();
    Ok((skips, if is_same { changes } else { changes.with("skips", json!(removed), json!(added)) }))
}

/// Adds a skip for each of these dates.
async fn insert_skips(target: &Target<'_>, session: SessionId, dates: &[NaiveDate]) -> Result<SkipIds> {
    let new = dates.iter().map(|date| NewSkip { from: *date, to: *date, reason: None });
    let inserted = insert_checked_skips(target.tx, session, &new.collect::<Vec<_>>(), target.context.now).await?;
    Ok(inserted.into_iter().map(|row| (row.from_date, row.id.0)).collect())
}

/// The dates that only the first list has.
fn difference(dates: &[NaiveDate], others: &[NaiveDate]) -> Vec<NaiveDate> {
    let others: BTreeSet<_> = others.iter().collect();
    dates.iter().filter(|date| !others.contains(date)).copied().collect()
}
