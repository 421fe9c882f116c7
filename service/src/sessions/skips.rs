//! Skips: ranges of local dates on which a session does not meet. Everybody may see them.
//!
//! A change of the skips is a change of the recurrence: the session is recomputed, and its instances follow rule 11.

use std::collections::{BTreeSet, HashMap};

use chrono::{DateTime, NaiveDate, Utc};
use domain::{
    access::Viewer,
    ids::{SessionId, SkipId},
    recurrence::{SkippedDates, Skips},
};
use entity::{session, session_skip};
use sea_orm::{
    ActiveModelTrait, ActiveValue::NotSet, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, PaginatorTrait,
    QueryFilter, QueryOrder, sea_query::LockType,
};
use serde_json::{Value, json};

use super::{MAX_SESSION_IDS, Session, list::lock_session, organizers::authorize_edit};
use crate::{
    App, Error, Refusal, Result,
    audit::Changes,
    db::{Tx, is_one_of},
    error::FieldErrors,
    idempotency,
    lists::values,
    rights, sweep, transaction, validate,
};

/// A range of local dates, both included, on which a session does not meet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skip {
    pub id: SkipId,
    pub session_id: SessionId,
    pub from: NaiveDate,
    pub to: NaiveDate,
    pub reason: Option<String>,
}

impl Skip {
    pub const fn dates(&self) -> SkippedDates {
        SkippedDates::stored(self.from, self.to)
    }

    /// The dates of these skips together.
    pub fn all_dates(skips: &[Self]) -> Skips {
        Skips::new(skips.iter().map(Self::dates))
    }
}

impl From<session_skip::Model> for Skip {
    fn from(row: session_skip::Model) -> Self {
        Self { id: row.id, session_id: row.session_id, from: row.from_date, to: row.to_date, reason: row.reason }
    }
}

/// A skip from user input.
#[derive(Debug, Clone)]
pub struct NewSkip {
    pub from: NaiveDate,
    pub to: NaiveDate,
    pub reason: Option<String>,
}

/// The skips of these sessions, ordered by their first date.
pub async fn find_skips(app: &App, sessions: &[SessionId]) -> Result<Vec<Skip>> {
    Ok(values(rows_of(app.db.pool(), sessions).await?))
}

/// The same, as a transaction sees them.
pub(crate) async fn find_skips_in<C: ConnectionTrait>(db: &C, sessions: &[SessionId]) -> Result<Vec<Skip>> {
    Ok(values(rows_of(db, sessions).await?))
}

async fn rows_of<C: ConnectionTrait>(db: &C, sessions: &[SessionId]) -> Result<Vec<session_skip::Model>> {
    let query = session_skip::Entity::find()
        .filter(is_one_of(db, session_skip::Column::SessionId, sessions.iter().copied()))
        .order_by_asc(session_skip::Column::FromDate)
        .order_by_asc(session_skip::Column::ToDate)
        .order_by_asc(session_skip::Column::Id);
    Ok(query.all(db).await?)
}

/// Adds the same skips to each of these sessions, or to none of them. Only for organisers of all of them and
/// administrators. The result has the sessions in the order in which they were named, each once.
///
/// # Errors
/// [`Error::Invalid`] if a range is not valid, or a session would have more than [`Skips::MAX`] skips.
pub async fn insert_skips(
    app: &App,
    viewer: Viewer,
    sessions: &[SessionId],
    skips: &[NewSkip],
) -> Result<Vec<Session>> {
    // Somebody without a token is told to sign in even if the input is not valid.
    rights::require_signed_in(viewer, "to change sessions")?;
    let ids: BTreeSet<SessionId> = sessions.iter().copied().collect();
    if ids.is_empty() || ids.len() > MAX_SESSION_IDS {
        return Err(Error::invalid("sessionIds", format!("must name 1 to {MAX_SESSION_IDS} sessions")));
    }
    let skips = checked(skips)?;
    let now = app.now();
    let changed = transaction!(app, now, |tx| {
        for id in &ids {
            authorize_edit(tx, viewer, *id).await?;
        }
        let mut changed = Vec::new();
        if idempotency::claim_key::<SessionId>(tx, app, viewer, "addSkips", now).await?.is_some() {
            for id in &ids {
                changed.push(lock_session(tx, *id, LockType::Share).await?);
            }
            return Ok(changed);
        }
        // Sessions are locked in the order of their ids (rule 21).
        for id in &ids {
            let row = lock_session(tx, *id, LockType::NoKeyUpdate).await?;
            if skips.is_empty() {
                changed.push(row);
                continue;
            }
            let existing =
                session_skip::Entity::find().filter(session_skip::Column::SessionId.eq(*id)).count(tx).await?;
            let count = usize::try_from(existing).unwrap_or(usize::MAX).saturating_add(skips.len());
            if count > Skips::MAX {
                return Err(too_many());
            }
            let inserted = insert_checked_skips(tx, *id, &skips, now).await?;
            tx.audit(viewer, "addSkips", *id, Changes::default().with("skips", Value::Null, json!(inserted)));
            changed.push(mark(tx, row, now).await?);
        }
        if let Some(first) = ids.first() {
            idempotency::record_created(tx, app, viewer, first).await?;
        }
        Ok(changed)
    })?;
    if !skips.is_empty() {
        for row in &changed {
            sweep::recompute_now(app, row.id).await;
        }
    }
    let mut by_id: HashMap<SessionId, Session> = changed.into_iter().map(|row| (row.id, row.into())).collect();
    Ok(sessions.iter().filter_map(|id| by_id.remove(id)).collect())
}

/// Removes a skip. Instances that it removed or cancelled come back (rule 11). Only for organisers of its session and
/// administrators.
pub async fn delete_skip(app: &App, viewer: Viewer, id: SkipId) -> Result<Session> {
    // Somebody without a token is told to sign in even if there is no such skip.
    rights::require_signed_in(viewer, "to change sessions")?;
    let now = app.now();
    let changed = transaction!(app, now, |tx| {
        let not_found = || Error::not_found("skip", id);
        let found = session_skip::Entity::find_by_id(id).one(tx).await?.ok_or_else(not_found)?;
        authorize_edit(tx, viewer, found.session_id).await?;
        let row = lock_session(tx, found.session_id, LockType::NoKeyUpdate).await?;
        if session_skip::Entity::delete_by_id(id).exec(tx).await?.rows_affected == 0 {
            return Err(not_found());
        }
        tx.audit(viewer, "removeSkip", row.id, Changes::default().with("skips", json!([found]), Value::Null));
        mark(tx, row, now).await
    })?;
    sweep::recompute_now(app, changed.id).await;
    Ok(changed.into())
}

/// Checks skips from user input. Errors name the skip by its index.
pub(super) fn checked(skips: &[NewSkip]) -> Result<Vec<NewSkip>> {
    if skips.len() > Skips::MAX {
        return Err(too_many());
    }
    let mut errors = FieldErrors::default();
    let mut checked = Vec::with_capacity(skips.len());
    for (index, skip) in skips.iter().enumerate() {
        errors.note(
            SkippedDates::new(skip.from, skip.to)
                .map(drop)
                .map_err(|error| Error::invalid(format!("skips.{index}.{}", error.field()), error)),
        )?;
        let reason = validate::optional_text(&format!("skips.{index}.reason"), skip.reason.as_deref());
        checked.push(NewSkip { reason: errors.note(reason)?, ..*skip });
    }
    errors.finish()?;
    Ok(checked)
}

fn too_many() -> Error {
    Error::invalid("skips", Refusal::TooManySkips)
}

/// Inserts checked skips of a session that is locked or new.
pub(crate) async fn insert_checked_skips(
    tx: &Tx,
    session: SessionId,
    skips: &[NewSkip],
    now: DateTime<Utc>,
) -> Result<Vec<session_skip::Model>> {
    let rows = skips.iter().map(|skip| {
        let row = session_skip::Model {
            id: SkipId(0),
            session_id: session,
            from_date: skip.from,
            to_date: skip.to,
            reason: skip.reason.clone(),
            created_at: now,
        };
        session_skip::ActiveModel { id: NotSet, ..row.into_active_model().reset_all() }
    });
    Ok(session_skip::Entity::insert_many(rows).exec_with_returning(tx).await?)
}

/// Marks a locked session for recompute (rule 12).
async fn mark(tx: &Tx, row: session::Model, now: DateTime<Utc>) -> Result<session::Model> {
    let marked = session::Model { needs_recompute: true, revision: row.revision + 1, changed_at: Some(now), ..row };
    Ok(marked.into_active_model().reset_all().update(tx).await?)
}
