//! Sessions: listing, saving, deleting, and who organises them.

mod delete;
mod list;
mod near;
mod organizers;
mod preview;
mod save;
mod session;
mod skips;

pub use self::{
    delete::delete_session,
    list::{
        City, FoundCity, MAX_SESSION_IDS, SessionFilter, count_sessions, find_cities, find_named_sessions,
        find_session_by_path, find_sessions, list_cities, list_sessions,
    },
    near::Near,
    organizers::{delete_organizer, find_editable, find_organizers, insert_organizer, may_edit},
    preview::{NewRecurrence, RecurrencePreview, preview_recurrence},
    save::{NewSession, SessionPatch, check_new_session, check_session_patch, insert_session, update_session},
    session::Session,
    skips::{NewSkip, Skip, delete_skip, find_skips, insert_skips},
};
pub(crate) use self::{
    list::{find_with_recurrence, lock_session, matching_ids},
    near::find_distances,
    organizers::{authorize_edit, find_editable_in, find_organized},
    save::{log_updates_of_active_instances, next_number},
    skips::{find_skips_in, insert_checked_skips},
};
