//! The instances of sessions: listing, saving, settling their status, and placing people at them.

pub(crate) mod facts;
mod instance;
mod list;
pub mod meetings;
pub(crate) mod place;
mod save;
pub(crate) mod settle;

pub use self::{
    instance::Instance,
    list::{
        ActiveFilter, Counts, InstanceRange, MAX_SESSION_IDS, count_active, count_instances, find_active,
        find_active_at, find_active_of_sessions, find_counts, find_instances, find_meetings, find_present,
        find_said_yes, find_upcoming, list_active, list_instances,
    },
    save::{
        InstancePatch, NewInstance, clear_override, delete_instance, insert_instance, recompute_instance, set_override,
        update_instance,
    },
};
