//! Writes the entries of the audit log.

use chrono::{DateTime, Utc};
use domain::{access::Viewer, ids::ApiKeyId};
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::db::{Column, Tx, Writes, values_table};

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
    api_key: Option<ApiKeyId>,
    action: &'static str,
    node: String,
    changes: Changes,
}

impl Tx {
    /// Collects an audit entry: the viewer changed the object with the id `node` by the mutation `action`. If `changes`
    /// is empty, there is no entry.
    #[expect(clippy::needless_pass_by_value, reason = "ids are small, and copied")]
    pub fn audit(&self, viewer: Viewer, action: &'static str, node: impl ToString, changes: Changes) {
        if !changes.0.is_empty() {
            let entry =
                Entry { actor: actor_of(viewer), api_key: viewer.api_key, action, node: node.to_string(), changes };
            self.note(|entries: &mut Vec<Entry>| entries.push(entry));
        }
    }

    pub(crate) fn take_entries(&self) -> Vec<Entry> {
        self.take_notes()
    }
}

/// The actor that audit entries name for a viewer.
pub fn actor_of(viewer: Viewer) -> String {
    match (viewer.person, viewer.admin_name.as_str()) {
        (Some(person), _) => person.to_string(),
        (None, "") => "admin".to_owned(),
        (None, name) => name.to_owned(),
    }
}

/// Adds the entries that a transaction has collected to its last writes.
pub(crate) fn add_entries(tx: &Tx, writes: &mut Writes, now: DateTime<Utc>) {
    let entries = tx.take_entries();
    if entries.is_empty() {
        return;
    }
    let changes: Vec<String> = entries.iter().map(|entry| json!(entry.changes.0).to_string()).collect();
    let columns = [
        Column::Text("actor", entries.iter().map(|entry| Some(entry.actor.as_str())).collect()),
        Column::Text("action", entries.iter().map(|entry| Some(entry.action)).collect()),
        Column::Text("node", entries.iter().map(|entry| Some(entry.node.as_str())).collect()),
        Column::Text("changes", changes.iter().map(|changes| Some(changes.as_str())).collect()),
        Column::ids("api_key", entries.iter().map(|entry| entry.api_key)),
    ];
    let (table, values) = values_table(tx, "v", &columns);
    let sql = format!(
        "INSERT INTO audit_entry (occurred_at, actor, action, node, changes, api_key_id) \
         SELECT :now, v.actor, v.action, v.node, v.changes, v.api_key FROM {table}"
    );
    writes.add(sql, [("now", now.into()), values]);
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
