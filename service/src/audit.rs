//! The audit log: who changed what, when, from what to what. Entries are written in the transaction of the change, and
//! kept for `AUDIT_LOG_DAYS`.
//!
//! An *actor* is the id of a person, or the name of an administrator who is no person, as the token has it. Changes
//! that the program makes by itself are not here: the change log has openings, closings and placements, and `sweep_run`
//! has sweeps. Check-ins and visits of people themselves are not here either: they have their own instants.
//!
//! An entry shows the fields of an entity that are serialized.

use chrono::{DateTime, Utc};
use domain::access::Viewer;
use entity::audit_entry;
use sea_orm::{ActiveModelTrait, ActiveValue::NotSet, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, Select};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::{
    App, Result,
    db::Tx,
    lists::{self, Key, Page, Slice},
    values::AuditEntry,
};

/// The changed fields, each with its value before and after, as JSON.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Changes(Map<String, Value>);

impl Changes {
    /// The fields that differ between two states of a row. Without `before` the row was created; without `after` it was
    /// deleted.
    pub fn between<T: Serialize>(before: Option<&T>, after: Option<&T>) -> Self {
        let fields = |row: Option<&T>| match row.map(serde_json::to_value) {
            Some(Ok(Value::Object(fields))) => fields,
            _ => Map::new(),
        };
        let (before, mut after) = (fields(before), fields(after));
        let mut changes = Self::default();
        for (field, from) in before {
            let to = after.remove(&field).unwrap_or_default();
            changes = changes.with(&field, from, to);
        }
        after.into_iter().fold(changes, |changes, (field, to)| changes.with(&field, Value::Null, to))
    }

    /// Adds a field, if it differs.
    #[must_use]
    pub fn with(mut self, field: &str, from: Value, to: Value) -> Self {
        if from != to {
            let change = Map::from_iter([("from".to_owned(), from), ("to".to_owned(), to)]);
            self.0.insert(field.to_owned(), Value::Object(change));
        }
        self
    }
}

/// An entry that a transaction will write.
#[derive(Debug)]
pub(crate) struct Entry {
    actor: String,
    action: &'static str,
    node: String,
    changes: Changes,
}

impl Tx {
    /// Collects an entry: who changed `node`, an id, by the mutation `action`. Without changes, there is no entry.
    #[expect(clippy::needless_pass_by_value, reason = "ids are small, and copied")]
    pub fn audit(&self, viewer: Viewer, action: &'static str, node: impl ToString, changes: Changes) {
        if !changes.0.is_empty() {
            self.note(Entry { actor: actor_of(viewer), action, node: node.to_string(), changes });
        }
    }
}

/// The name of a viewer in entries.
pub fn actor_of(viewer: Viewer) -> String {
    match (viewer.person, viewer.admin_name.as_str()) {
        (Some(person), _) => person.to_string(),
        (None, "") => "admin".to_owned(),
        (None, name) => name.to_owned(),
    }
}

/// Writes the entries that a transaction has collected. It is about to commit.
pub(crate) async fn write_entries(tx: &Tx, now: DateTime<Utc>) -> Result<()> {
    let entries = tx.take_entries().into_iter().map(|entry| {
        let row = audit_entry::Model {
            id: 0,
            occurred_at: now,
            actor: entry.actor,
            action: entry.action.to_owned(),
            node: entry.node,
            changes: Value::Object(entry.changes.0).to_string(),
        };
        audit_entry::ActiveModel { id: NotSet, ..row.into_active_model().reset_all() }
    });
    for entry in entries {
        audit_entry::Entity::insert(entry).exec_without_returning(tx).await?;
    }
    Ok(())
}

/// A filter for entries.
#[derive(Debug, Clone, Default)]
pub struct AuditFilter {
    /// The id of what was changed.
    pub node: Option<String>,
    pub actor: Option<String>,
}

impl AuditFilter {
    fn query(&self) -> Select<audit_entry::Entity> {
        let mut query = audit_entry::Entity::find();
        if let Some(node) = &self.node {
            query = query.filter(audit_entry::Column::Node.eq(node));
        }
        if let Some(actor) = &self.actor {
            query = query.filter(audit_entry::Column::Actor.eq(actor));
        }
        query
    }
}

/// A page of entries, newest first. `None` for viewers who are not administrators.
pub async fn list_entries(
    app: &App,
    viewer: Viewer,
    filter: &AuditFilter,
    page: &Page,
) -> Result<Option<Slice<AuditEntry>>> {
    if !viewer.is_admin {
        return Ok(None);
    }
    let order = (audit_entry::Column::OccurredAt, audit_entry::Column::Id);
    Ok(Some(page.of(app.db.pool(), filter.query(), order, Key::Instant, true).await?))
}

pub async fn count_entries(app: &App, filter: &AuditFilter) -> Result<i64> {
    lists::count(app.db.pool(), filter.query(), audit_entry::Column::Id).await
}

/// The fields of an entry, from its JSON, ordered by name, each with its value before and after.
pub(crate) fn changes_of(changes: &str) -> Vec<(String, Value, Value)> {
    let changes: Map<String, Value> = serde_json::from_str(changes).unwrap_or_default();
    let mut changes: Vec<_> =
        changes.into_iter().map(|(field, mut change)| (field, change["from"].take(), change["to"].take())).collect();
    changes.sort_by(|one, other| one.0.cmp(&other.0));
    changes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Serialize)]
    struct Row {
        name: &'static str,
        city: Option<&'static str>,
    }

    #[test]
    fn only_what_differs_is_a_change() {
        let (before, after) = (Row { name: "A", city: None }, Row { name: "A", city: Some("Austin") });
        let moved = Changes::default().with("city", Value::Null, "Austin".into());
        assert_eq!(Changes::between(Some(&before), Some(&after)), moved);
        assert_eq!(Changes::between(Some(&after), Some(&after)), Changes::default());
        assert_eq!(Changes::between(None, Some(&after)), moved.with("name", Value::Null, "A".into()));
        let gone = Changes::default().with("name", "A".into(), Value::Null);
        assert_eq!(Changes::between(Some(&before), None), gone);
    }
}
