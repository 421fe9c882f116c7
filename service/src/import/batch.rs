//! Imports one batch of sessions. Decides which are new, which have changed, and which the viewer may change.

use std::{
    borrow::Cow,
    collections::{HashMap, HashSet},
};

use chrono::{DateTime, Utc};
use domain::{
    access::Viewer,
    ids::SessionId,
    import::{EventProblem, Feed, FileSession, ImportContext, ImportRecord, ImportedSession, Refusal},
    status::Mode,
    zone::ZoneData,
};
use entity::{imported_session, session};
use sea_orm::{
    ActiveModelTrait, ActiveValue::NotSet, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder,
    QuerySelect, sea_query::LockType,
};

use super::{
    Action, Imported, Options,
    apply::{self, Saved, Target},
    compare,
    here::{self, Meetings},
    meetings::Instances,
};
use crate::{
    App, Error, Result,
    db::{Tx, is_one_of},
    sessions::{Skip, find_editable_in, next_number},
    status::update::{StatusChanges, decision_context, move_people},
    transaction, validate,
    zones::for_windows,
};

/// How many times a batch is tried. It fails if others create sessions with the same paths, or import the same sources,
/// at the same time.
const ATTEMPTS: u32 = 5;

#[derive(Default)]
pub(super) struct Outcome {
    pub(super) imported: Vec<Imported>,
    pub(super) refused: Vec<Refusal>,
    /// Whether a session was marked for recompute.
    pub(super) is_marked: bool,
}

impl Outcome {
    /// `notes` are those about the session here, besides those about the file.
    fn import(&mut self, found: &FileSession, action: Action, session: Option<&session::Model>, notes: &[String]) {
        let imported = found.uids.iter().map(|uid| Imported {
            uid: uid.clone(),
            action,
            session: session.cloned().map(Into::into),
            notes: [&found.notes, notes].concat(),
        });
        self.imported.extend(imported);
        self.is_marked |= action != Action::Unchanged && session.is_some_and(|row| row.needs_recompute);
    }

    fn refuse(&mut self, found: &FileSession, reason: &str) {
        let refusal = |uid: &String| Refusal::new(Some(uid), Some(&found.session.name), reason);
        self.refused.extend(found.uids.iter().map(refusal));
    }
}

pub(super) async fn import(
    app: &App,
    viewer: Viewer,
    options: &Options,
    context: &ImportContext,
    batch: &[FileSession],
) -> Result<Outcome> {
    let mut attempt = 1;
    loop {
        match try_import(app, viewer, options, context, batch).await {
            Err(error) if error.is_duplicate() && attempt < ATTEMPTS => attempt += 1,
            result => return result,
        }
    }
}

async fn try_import(
    app: &App,
    viewer: Viewer,
    options: &Options,
    context: &ImportContext,
    batch: &[FileSession],
) -> Result<Outcome> {
    let now = app.now();
    transaction!(app, now, |tx| {
        let known = Known::load(tx, viewer, batch, options.is_dry_run).await?;
        // Read the clock after taking the locks. Otherwise a decision that was made in the meantime could be undone.
        let now = app.now();
        let mut target = Target {
            tx,
            viewer,
            context: decision_context(app, now, Mode::Exact),
            data: app.zone_data(),
            computes_windows: for_windows(tx, &app.zones).await?.is_some(),
            is_dry_run: options.is_dry_run,
            changes: StatusChanges::default(),
        };
        let sessions: Vec<SessionId> = known.sessions.keys().copied().collect();
        let here = here::find_meetings(tx, &sessions, now).await?;
        let no_meetings = Meetings::default();
        let of = |row: &session::Model| here.get(&row.id).unwrap_or(&no_meetings);
        let mut outcome = Outcome::default();
        let mut paths = Paths::load(tx, batch).await?;
        let mut records = Vec::new();
        for found in batch {
            if let Err(reason) = checked(found) {
                outcome.refuse(found, &reason.to_string());
                continue;
            }
            let imported = known.in_its_zone(found, app.zone_data());
            match known.decide(found, &imported) {
                Decision::Refuse => outcome
                    .refuse(found, "belongs to a session that you do not organise: ask its organisers to import it"),
                Decision::Keep(row, made) => {
                    let Meetings { skips, instances } = of(row);
                    let skips = Skip::all_dates(skips);
                    let notes = here::differences(&target, row, skips, instances.clone(), &imported, made);
                    outcome.import(found, Action::Unchanged, Some(row), &notes);
                }
                Decision::Own(row) => {
                    if compare::is_in_its_feed(tx, context, row, &imported).await? {
                        outcome.import(found, Action::Unchanged, Some(row), &[]);
                    } else {
                        outcome.refuse(
                            found,
                            "differs from the session of this server that it is of: change that session",
                        );
                    }
                }
                Decision::Create if options.is_dry_run => outcome.import(found, Action::Created, None, &[]),
                Decision::Create => {
                    let path = paths.take(tx, &found.session.name).await?;
                    let saved = apply::create(&mut target, options, found, path).await?;
                    outcome.import(found, Action::Created, Some(&saved.row), &[]);
                    records.push(record(&found.source, &imported, saved, now)?);
                }
                // The session was imported from another feed, and this is its own one.
                Decision::Update(row, _)
                    if Feed::of_source(&found.source).is_some()
                        && compare::is_in_its_feed(tx, context, row, &imported).await? =>
                {
                    outcome.import(found, Action::Unchanged, Some(row), &[]);
                }
                Decision::Update(row, stored) => {
                    match apply::plan_update(&target, row, of(row), stored, &imported).await {
                        Err(Error::Conflict(reason)) => outcome.refuse(found, &reason.to_string()),
                        Err(error) => return Err(error),
                        Ok(update) if options.is_dry_run => {
                            outcome.import(found, Action::Updated, Some(row), &update.notes);
                        }
                        Ok(update) => {
                            let notes = update.notes.clone();
                            let saved = apply::update(&mut target, row, update, stored, &imported).await?;
                            outcome.import(found, Action::Updated, Some(&saved.row), &notes);
                            records.push(record(&found.source, &imported, saved, now)?);
                        }
                    }
                }
            }
        }
        save_records(tx, records).await?;
        move_people(tx, target.context, target.changes).await?;
        Ok(outcome)
    })
}

/// Checks the texts of a session.
fn checked(found: &FileSession) -> Result<(), EventProblem> {
    let reason = |property: &'static str| {
        move |error: Error| {
            let problem = match error {
                Error::Invalid { message, .. } => message.to_string(),
                other => other.to_string(),
            };
            EventProblem::UnusableText { property, problem }
        }
    };
    validate::required_text("name", &found.session.name).map_err(reason("SUMMARY"))?;
    let locations = found.session.meetings.iter().map(|meeting| &meeting.location).chain([&found.session.location]);
    for location in locations {
        validate::optional_text("location", location.as_deref()).map_err(reason("LOCATION"))?;
    }
    Ok(())
}

/// The rows of the database that belong to a batch.
struct Known {
    stored: HashMap<String, (SessionId, Option<ImportRecord>)>,
    sessions: HashMap<SessionId, session::Model>,
    /// The sessions that the viewer may change.
    editable: HashSet<SessionId>,
    no_instances: Instances,
}

enum Decision<'a> {
    Create,
    Update(&'a session::Model, &'a ImportRecord),
    /// The session, and the instances of the meetings that the file has.
    Keep(&'a session::Model, &'a Instances),
    /// The meetings are from the calendar feed of this session.
    Own(&'a session::Model),
    Refuse,
}

impl Known {
    /// Reads what was imported before, and locks its sessions, unless nothing is to be written.
    async fn load(tx: &Tx, viewer: Viewer, batch: &[FileSession], is_dry_run: bool) -> Result<Self> {
        let sources = batch.iter().map(|found| found.source.as_str());
        let rows =
            imported_session::Entity::find().filter(imported_session::Column::Source.is_in(sources)).all(tx).await?;
        let own = batch.iter().filter_map(|found| found.own);
        let ids: HashSet<SessionId> = rows.iter().map(|row| row.session_id).chain(own).collect();
        let mut query = session::Entity::find()
            .filter(is_one_of(tx, session::Column::Id, ids.iter().copied()))
            .filter(session::Column::DeletedAt.is_null())
            .order_by_asc(session::Column::Id);
        if !is_dry_run {
            query = query.lock(LockType::NoKeyUpdate);
        }
        let sessions: HashMap<_, _> = query.all(tx).await?.into_iter().map(|row| (row.id, row)).collect();
        let editable = find_editable_in(tx, viewer, &Vec::from_iter(ids)).await?;
        let stored =
            |row: imported_session::Model| (row.source, (row.session_id, serde_json::from_str(&row.contents).ok()));
        let stored = rows.into_iter().map(stored).collect();
        Ok(Self { stored, sessions, editable, no_instances: Instances::new() })
    }

    /// The session of the file. If its events are in UTC, it stays in the zone in which it was imported before, because the file
    /// does not say another one.
    fn in_its_zone<'a>(&self, found: &'a FileSession, data: ZoneData) -> Cow<'a, ImportedSession> {
        let stored = self.stored.get(&found.source).and_then(|(_, stored)| stored.as_ref());
        let zone = stored.map(|it| &it.session.time_zone).filter(|zone| **zone != found.session.time_zone);
        let same = zone.and_then(|zone| found.in_zone(data, zone));
        same.map_or(Cow::Borrowed(&found.session), Cow::Owned)
    }

    /// Decides what to do with a session of the file. A session that was imported and then deleted is created again.
    fn decide<'a>(&'a self, found: &FileSession, session: &ImportedSession) -> Decision<'a> {
        let stored = self.stored.get(&found.source);
        let imported = stored.and_then(|(id, stored)| Some((self.sessions.get(id)?, stored.as_ref())));
        let own = || found.own.and_then(|id| self.sessions.get(&id));
        match (imported, own()) {
            (Some((row, _)), _) | (None, Some(row)) if !self.editable.contains(&row.id) => Decision::Refuse,
            (Some((row, Some(stored))), _) if stored.session != *session || stored.lacks_rule_end() => {
                Decision::Update(row, stored)
            }
            (Some((row, stored)), _) => Decision::Keep(row, stored.map_or(&self.no_instances, |it| &it.instances)),
            (None, Some(row)) => Decision::Own(row),
            (None, None) => Decision::Create,
        }
    }
}

/// The row that a later import compares with.
fn record(
    source: &str,
    session: &ImportedSession,
    saved: Saved,
    now: DateTime<Utc>,
) -> Result<imported_session::Model> {
    let Saved { row, instances, skips } = saved;
    let stored = ImportRecord { session: session.clone(), instances, skips, has_rule_end: true };
    let contents = serde_json::to_string(&stored).map_err(|error| Error::internal(error.to_string()))?;
    Ok(imported_session::Model { id: 0, source: source.to_owned(), session_id: row.id, contents, imported_at: now })
}

async fn save_records(tx: &Tx, records: Vec<imported_session::Model>) -> Result<()> {
    if records.is_empty() {
        return Ok(());
    }
    let sources = records.iter().map(|record| record.source.as_str());
    imported_session::Entity::delete_many().filter(imported_session::Column::Source.is_in(sources)).exec(tx).await?;
    let rows = records
        .into_iter()
        .map(|record| imported_session::ActiveModel { id: NotSet, ..record.into_active_model().reset_all() });
    imported_session::Entity::insert_many(rows).exec_without_returning(tx).await?;
    Ok(())
}

/// The paths of new sessions.
struct Paths {
    taken: HashSet<String>,
    /// The next number of each path that was taken.
    numbers: HashMap<String, u32>,
}

impl Paths {
    async fn load(tx: &Tx, batch: &[FileSession]) -> Result<Self> {
        let wanted: HashSet<String> = batch.iter().map(|found| validate::path_from_name(&found.session.name)).collect();
        let taken = session::Entity::find()
            .select_only()
            .column(session::Column::Path)
            .filter(session::Column::Path.is_in(wanted))
            .into_tuple()
            .all(tx)
            .await?;
        Ok(Self { taken: taken.into_iter().collect(), numbers: HashMap::new() })
    }

    /// A free path for a session of this name.
    async fn take(&mut self, tx: &Tx, name: &str) -> Result<String> {
        let base = validate::path_from_name(name);
        if self.taken.insert(base.clone()) {
            return Ok(base);
        }
        let mut next = match self.numbers.get(&base) {
            Some(number) => *number,
            None => next_number(tx, &base).await?,
        };
        loop {
            let path = format!("{base}-{next}");
            next = next.saturating_add(1);
            if self.taken.insert(path.clone()) {
                self.numbers.insert(base, next);
                return Ok(path);
            }
        }
    }
}
