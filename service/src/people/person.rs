//! A person, as callers of the service see them.

use domain::ids::{PersonId, SessionInstanceId};
use entity::person;

/// Somebody who checks in, organises sessions, visits a website, or takes part in bookings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    pub id: PersonId,
    pub display_name: String,
    /// The name in lower case, by which lists are ordered.
    pub name_key: String,
    pub city: Option<String>,
    pub country: Option<String>,
    pub is_deactivated: bool,
    /// Whether only the person and administrators may see the placement: see
    /// [`find_visible_placement`](super::find_visible_placement).
    pub hides_place: bool,
    /// The placement.
    pub active_session_instance_id: Option<SessionInstanceId>,
    /// The person's id at the identity provider.
    pub external_id: Option<String>,
    /// Whether the person checked in with a code and without an account.
    pub is_guest: bool,
}

impl From<person::Model> for Person {
    fn from(row: person::Model) -> Self {
        Self {
            id: row.id,
            display_name: row.display_name,
            name_key: row.name_key,
            city: row.city,
            country: row.country,
            is_deactivated: row.is_deactivated,
            hides_place: row.hides_place,
            active_session_instance_id: row.active_session_instance_id,
            external_id: row.external_id,
            is_guest: row.is_guest,
        }
    }
}
