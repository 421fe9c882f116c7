//! What services answer with: plain values, with the fields that callers read. Database rows stay inside this crate.

use chrono::{DateTime, Utc};
use domain::{
    access::Viewer,
    booking::BookingStatus,
    ids::{ActivityId, BookingId, PersonId, PresenceId, TimeSlotId},
    presence::{self, PresenceRules, VisitStatus},
};
use serde_json::Value;

use crate::audit::changes_of;

/// A student's claim on a time slot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Booking {
    pub id: BookingId,
    pub time_slot_id: TimeSlotId,
    pub mentor_id: PersonId,
    pub student_id: PersonId,
    pub status: BookingStatus,
    pub is_delayed: bool,
    pub created_at: DateTime<Utc>,
    pub started_at: Option<DateTime<Utc>>,
    pub completed_at: Option<DateTime<Utc>>,
    pub cancelled_at: Option<DateTime<Utc>>,
}

impl Booking {
    /// May the viewer see this booking?
    pub fn is_seen_by(&self, viewer: Viewer) -> bool {
        viewer.may_see_booking(self.mentor_id, self.student_id)
    }
}

impl From<entity::booking::Model> for Booking {
    fn from(row: entity::booking::Model) -> Self {
        Self {
            id: row.id,
            time_slot_id: row.time_slot_id,
            mentor_id: row.mentor_id,
            student_id: row.student_id,
            status: row.status,
            is_delayed: row.is_delayed,
            created_at: row.created_at,
            started_at: row.started_at,
            completed_at: row.completed_at,
            cancelled_at: row.cancelled_at,
        }
    }
}

/// Time that a mentor offers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimeSlot {
    pub id: TimeSlotId,
    pub mentor_id: PersonId,
    pub starts_at: DateTime<Utc>,
    pub ends_at: DateTime<Utc>,
    pub deleted_at: Option<DateTime<Utc>>,
}

impl From<entity::time_slot::Model> for TimeSlot {
    fn from(row: entity::time_slot::Model) -> Self {
        Self {
            id: row.id,
            mentor_id: row.mentor_id,
            starts_at: row.starts_at,
            ends_at: row.ends_at,
            deleted_at: row.deleted_at,
        }
    }
}

/// Something that only so many may do at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Activity {
    pub id: ActivityId,
    pub key: String,
    pub name: String,
    /// `None`: no limit. 0: closed.
    pub max_concurrent: Option<i32>,
}

impl From<entity::activity::Model> for Activity {
    fn from(row: entity::activity::Model) -> Self {
        Self { id: row.id, key: row.key, name: row.name, max_concurrent: row.max_concurrent }
    }
}

/// One visit of one browser.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Visit {
    pub id: PresenceId,
    /// `None` for an anonymous visit.
    pub person_id: Option<PersonId>,
    pub language_code: Option<String>,
    pub current_page: Option<String>,
    /// The activity that it last had a seat in: see [`seat`](Self::seat).
    pub activity_id: Option<ActivityId>,
    pub status: VisitStatus,
    pub started_at: DateTime<Utc>,
    pub last_seen_at: DateTime<Utc>,
    pub completed_at: Option<DateTime<Utc>>,
}

impl Visit {
    fn facts(&self) -> presence::Visit {
        presence::Visit { status: self.status, last_seen: self.last_seen_at, seat: self.activity_id }
    }

    /// The activity whose seat it has now.
    pub fn seat(&self, rules: &PresenceRules, now: DateTime<Utc>) -> Option<ActivityId> {
        self.facts().at(rules, now).seat
    }

    /// Is it active, and was it seen within the online window?
    pub fn is_online(&self, rules: &PresenceRules, now: DateTime<Utc>) -> bool {
        self.facts().is_online(rules, now)
    }
}

impl From<entity::presence::Model> for Visit {
    fn from(row: entity::presence::Model) -> Self {
        Self {
            id: row.id,
            person_id: row.person_id,
            language_code: row.language_code,
            current_page: row.current_page,
            activity_id: row.activity_id,
            status: row.status,
            started_at: row.started_at,
            last_seen_at: row.last_seen_at,
            completed_at: row.completed_at,
        }
    }
}

/// A sweep that a schedule called for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SweepRun {
    pub id: i64,
    pub scope: String,
    /// The instant as of which it swept.
    pub at: DateTime<Utc>,
    pub started_at: DateTime<Utc>,
    pub finished_at: Option<DateTime<Utc>>,
    pub error_count: i32,
    /// What it did, as JSON.
    pub report: Option<String>,
}

impl From<entity::sweep_run::Model> for SweepRun {
    fn from(row: entity::sweep_run::Model) -> Self {
        Self {
            id: row.id,
            scope: row.scope,
            at: row.at,
            started_at: row.started_at,
            finished_at: row.finished_at,
            error_count: row.error_count,
            report: row.report,
        }
    }
}

/// One change that somebody made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEntry {
    pub id: i64,
    pub occurred_at: DateTime<Utc>,
    /// A person's id, or what the token of an admin who is no person calls them.
    pub actor: String,
    /// The mutation's name.
    pub action: String,
    /// The global id of what was changed.
    pub node: String,
    /// The fields by name, each with what it was and what it is.
    pub changes: Vec<(String, Value, Value)>,
}

impl From<entity::audit_entry::Model> for AuditEntry {
    fn from(row: entity::audit_entry::Model) -> Self {
        let changes = changes_of(&row.changes);
        Self { id: row.id, occurred_at: row.occurred_at, actor: row.actor, action: row.action, node: row.node, changes }
    }
}

/// Rows as values.
pub(crate) fn values<R, V: From<R>>(rows: Vec<R>) -> Vec<V> {
    rows.into_iter().map(V::from).collect()
}
