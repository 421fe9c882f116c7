//! The audit log: who changed what, when, from what to what. Entries are written in the transaction of the change, and
//! kept for `AUDIT_LOG_DAYS`.
//!
//! An *actor* is the id of a person, or the name of an administrator who is no person, as the token has it. Changes
//! that the program makes by itself are not here: the change log has openings, closings and placements, and `sweep_run`
//! has sweeps. Check-ins and visits of people themselves are not here either: they have their own instants.
//!
//! An entry shows the fields of an entity that are serialized.

mod list;
mod write;

pub(crate) use self::write::add_entries;
pub use self::{
    list::{AuditEntry, AuditFilter, count_entries, list_entries},
    write::{Changes, actor_of},
};
