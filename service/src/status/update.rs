//! Updating: makes the stored status of locked instances agree with what `domain::status` decides. The changes for the log
//! and the placements follow in the same transaction. `is_active` changes nowhere else in the program.
//!
//! There are two steps:
//!
//! 1. [`update_statuses`] and [`save_instance`] write statuses, and return the [`StatusChanges`].
//! 2. [`move_people`] computes the placements of the people concerned, once for each transaction. So instances are locked
//!    before people (rule 21), people are locked in the order of their ids, and nobody moves twice in one transaction.

use std::{collections::BTreeSet, sync::Arc};

use chrono::{DateTime, Utc};
use domain::{
    ids::SessionInstanceId,
    placement::PlacementRule,
    status::{Decision, Mode, decide},
};
use entity::{session, session_instance};
use sea_orm::{ActiveModelTrait, IntoActiveModel};

use super::{
    facts::{self, key_of},
    placement::{Affected, Move, update_placements},
};
use crate::{
    App,
    db::{Column, Tx, execute, is_in, list, values_table},
    error::Result,
    log::News,
};

/// An instance that the transaction has locked, with its session.
#[derive(Debug, Clone)]
pub struct LockedInstance {
    pub instance: session_instance::Model,
    pub session: Arc<session::Model>,
}

/// Instances whose status changed. The transaction must still call [`move_people`].
#[derive(Debug, Default)]
#[must_use = "call `move_people` to compute the placements that follow"]
pub struct StatusChanges {
    activated: Vec<LockedInstance>,
    deactivated: Vec<LockedInstance>,
    /// Instances that stay active but start at another time. By rule 13, another instance may now be the placement of a
    /// person.
    restarted: Vec<SessionInstanceId>,
}

impl StatusChanges {
    pub fn extend(&mut self, other: Self) {
        self.activated.extend(other.activated);
        self.deactivated.extend(other.deactivated);
        self.restarted.extend(other.restarted);
    }
}

/// The instances whose status changed, and the people who moved.
#[derive(Debug, Default)]
pub struct Updated {
    pub activated: Vec<LockedInstance>,
    pub deactivated: Vec<LockedInstance>,
    pub moves: Vec<Move>,
}

/// The instant, mode and placement rule of a decision.
#[derive(Debug, Clone, Copy)]
pub struct DecisionContext {
    pub now: DateTime<Utc>,
    pub mode: Mode,
    pub placement_rule: PlacementRule,
}

/// Writes the decision into the row. Returns whether anything changed.
fn decide_into(item: &mut LockedInstance, context: DecisionContext) -> bool {
    let facts = facts::facts_of(&item.instance, &item.session);
    let Decision { is_active, override_, due_at } = decide(&facts, item.instance.is_active, context.now, context.mode);
    let row = &mut item.instance;
    let before = (row.is_active, row.due_at, row.override_active, row.override_until);
    row.is_active = is_active;
    row.due_at = due_at;
    row.override_active = override_.map(|it| it.active);
    row.override_until = override_.and_then(|it| it.until);
    before != (row.is_active, row.due_at, row.override_active, row.override_until)
}

/// Updates the status of instances that may be due, and whose facts have not changed. Writes only rows that change.
pub async fn update_statuses(tx: &Tx, context: DecisionContext, items: Vec<LockedInstance>) -> Result<StatusChanges> {
    let mut rows = Vec::new();
    let mut changes = StatusChanges::default();
    for mut item in items {
        let (was_active, due_at) = (item.instance.is_active, item.instance.due_at);
        if !decide_into(&mut item, context) {
            continue;
        }
        if let Some(due_at) = due_at
            && was_active != item.instance.is_active
        {
            tx.log(|news| news.fell_due(due_at));
        }
        match (was_active, item.instance.is_active) {
            (false, true) => changes.activated.push(item.clone()),
            (true, false) => changes.deactivated.push(item.clone()),
            _ => {}
        }
        rows.push(item.instance);
    }
    write_statuses(tx, &rows).await?;
    log_changes(tx, &changes);
    Ok(changes)
}

/// Saves an instance whose facts were changed, and updates its status. `before` is the stored row; `None` for a new instance.
/// Logs an UPDATED if the instance stays active and something visible to clients changed.
pub async fn save_instance(
    tx: &Tx,
    context: DecisionContext,
    before: Option<&session_instance::Model>,
    mut item: LockedInstance,
) -> Result<(session_instance::Model, StatusChanges)> {
    decide_into(&mut item, context);
    let was_active = before.is_some_and(|row| row.is_active);
    let row = item.instance.clone().into_active_model();
    item.instance = match before {
        None => {
            ActiveModelTrait::insert(
                session_instance::ActiveModel { id: sea_orm::ActiveValue::NotSet, ..row.reset_all() },
                tx,
            )
            .await?
        }
        Some(before) if *before == item.instance => item.instance,
        Some(_) => row.reset_all().update(tx).await?,
    };
    let saved = item.instance.clone();
    if before.and_then(|before| before.due_at) != saved.due_at {
        tx.log(News::due_changed);
    }
    let mut changes = StatusChanges::default();
    match (was_active, saved.is_active) {
        (false, true) => changes.activated.push(item),
        (true, false) => changes.deactivated.push(item),
        (true, true) => {
            if before.is_some_and(|before| differs_for_subscribers(before, &saved)) {
                tx.log(|news| news.updated(facts::target_of(&item.session, saved.id)));
            }
            if before.is_some_and(|before| before.starts_at != saved.starts_at) {
                changes.restarted.push(saved.id);
            }
        }
        (false, false) => {}
    }
    log_changes(tx, &changes);
    Ok((saved, changes))
}

fn differs_for_subscribers(before: &session_instance::Model, after: &session_instance::Model) -> bool {
    let shown = |row: &session_instance::Model| {
        (
            facts::instants_of(row),
            row.date,
            row.start_time,
            row.end_time,
            row.location_override.clone(),
            row.override_active,
            row.override_until,
        )
    };
    shown(before) != shown(after)
}

/// Logs the activated and deactivated instances.
fn log_changes(tx: &Tx, changes: &StatusChanges) {
    tx.log(|news| {
        for item in &changes.deactivated {
            news.deactivated(facts::target_of(&item.session, item.instance.id));
        }
        for item in &changes.activated {
            news.activated(facts::target_of(&item.session, item.instance.id));
        }
    });
}

/// Computes the placements of the people concerned. This is the last step before the changes are written.
pub async fn move_people(tx: &Tx, context: DecisionContext, changes: StatusChanges) -> Result<Updated> {
    let StatusChanges { activated, deactivated, restarted } = changes;
    let mut updated = Updated { activated, deactivated, moves: Vec::new() };
    let ids = |items: &[LockedInstance]| {
        items.iter().map(|item| item.instance.id).chain(restarted.clone()).collect::<Vec<_>>()
    };
    let (activated, deactivated) = (ids(&updated.activated), ids(&updated.deactivated));
    if !activated.is_empty() || !deactivated.is_empty() {
        let held: BTreeSet<SessionInstanceId> = activated.iter().chain(&deactivated).copied().collect();
        let affected = Affected::Of { activated: &activated, deactivated: &deactivated };
        updated.moves = update_placements(tx, context.placement_rule, affected, &held).await?;
    }
    Ok(updated)
}

async fn write_statuses(tx: &Tx, changed: &[session_instance::Model]) -> Result<()> {
    if changed.is_empty() {
        return Ok(());
    }
    let columns = vec![
        Column::ids("id", changed.iter().map(|row| Some(row.id))),
        Column::Flag("is_active", changed.iter().map(|row| row.is_active).collect()),
        Column::Instant("due_at", changed.iter().map(|row| row.due_at).collect()),
        Column::Flag("has_override", changed.iter().map(|row| row.override_active.is_some()).collect()),
    ];
    let (table, values) = values_table(tx, "v", &columns);
    // `decide` keeps an override or ends it, and never changes it.
    let sql = format!(
        "UPDATE session_instance SET is_active = v.is_active, due_at = v.due_at, \
           override_active = CASE WHEN v.has_override THEN override_active END, \
           override_until = CASE WHEN v.has_override THEN override_until END \
         FROM {table} WHERE session_instance.id = v.id"
    );
    execute(tx, &sql, [values]).await?;
    Ok(())
}

pub(crate) fn decision_context(app: &App, now: DateTime<Utc>, mode: Mode) -> DecisionContext {
    DecisionContext { now, mode, placement_rule: app.placement_rule }
}

/// Clears the occurrence of each instance that gets another one. Otherwise two instances might have the same occurrence
/// for a moment, which a unique index forbids.
pub(crate) async fn release_keys<'a>(
    tx: &Tx,
    changes: impl Iterator<Item = (&'a session_instance::Model, &'a session_instance::Model)>,
) -> Result<()> {
    let changed: Vec<SessionInstanceId> = changes
        .filter(|(old, new)| key_of(old).is_some() && key_of(old) != key_of(new))
        .map(|(old, _)| old.id)
        .collect();
    if changed.is_empty() {
        return Ok(());
    }
    let sql = format!(
        "UPDATE session_instance SET occurrence_date = NULL, occurrence_start = NULL WHERE {}",
        is_in(tx, "id", "changed")
    );
    execute(tx, &sql, [("changed", list(tx, changed))]).await?;
    Ok(())
}
