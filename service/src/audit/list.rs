//! Lists the entries of the audit log.

use chrono::{DateTime, Utc};
use domain::{
    access::Viewer,
    ids::{ApiKeyId, AuditEntryId},
};
use entity::audit_entry;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, Select};
use serde_json::{Map, Value};

use crate::{
    App, Result,
    lists::{self, Key, Page, Slice},
};

/// One change that somebody made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEntry {
    pub id: AuditEntryId,
    pub occurred_at: DateTime<Utc>,
    /// The id of a person. For an administrator who is no person: the name in the token.
    pub actor: String,
    /// The mutation's name.
    pub action: String,
    /// The global id of the changed object.
    pub node: String,
    /// The changed fields: name, old value, new value.
    pub changes: Vec<(String, Value, Value)>,
    /// The API key with which the change was made, if one was used.
    pub api_key_id: Option<ApiKeyId>,
}

impl From<audit_entry::Model> for AuditEntry {
    fn from(row: audit_entry::Model) -> Self {
        let changes = changes_of(&row.changes);
        let audit_entry::Model { id, occurred_at, actor, action, node, api_key_id, .. } = row;
        Self { id, occurred_at, actor, action, node, changes, api_key_id }
    }
}

/// A filter for entries.
#[derive(Debug, Clone, Default)]
pub struct AuditFilter {
    /// The global id of the changed object.
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
    if !viewer.may_see_audit_log() {
        return Ok(None);
    }
    let order = (audit_entry::Column::OccurredAt, audit_entry::Column::Id);
    Ok(Some(page.of(app.db.pool(), filter.query(), order, Key::Instant, true).await?))
}

pub async fn count_entries(app: &App, filter: &AuditFilter) -> Result<i64> {
    lists::count(app.db.pool(), filter.query(), audit_entry::Column::Id).await
}

/// The fields of an entry, from its JSON, ordered by name, each with its value before and after.
fn changes_of(changes: &str) -> Vec<(String, Value, Value)> {
    let changes: Map<String, Value> = serde_json::from_str(changes).unwrap_or_default();
    let mut changes: Vec<_> =
        changes.into_iter().map(|(field, mut change)| (field, change["from"].take(), change["to"].take())).collect();
    changes.sort_by(|one, other| one.0.cmp(&other.0));
    changes
}
