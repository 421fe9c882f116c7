//! The instances of sessions: listing, saving and overriding them.

mod instance;
mod list;
pub mod meetings;
mod occurrence;
mod save;

pub use self::{
    instance::Instance,
    list::{
        ActiveFilter, Counts, InstanceRange, count_active, count_instances, find_active, find_active_in_cities,
        find_active_near, find_active_of_sessions, find_counts, find_instances, find_meetings, find_present,
        find_said_yes, list_active, list_instances,
    },
    occurrence::insert_for_occurrence,
    save::{
        InstancePatch, NewInstance, clear_override, delete_instance, insert_instance, recompute_instance, set_override,
        update_instance,
    },
};
