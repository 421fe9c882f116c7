//! Who may do what. A [`Viewer`] is who a request's token names; what the rest of a decision needs (is it an
//! organiser, where are the two people) is looked up by the caller and handed in.

use crate::ids::{PersonId, SessionInstanceId};

/// Who asks. Without a token: `Viewer::default()`, nobody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Viewer {
    /// The person that the token names. An admin's token may name nobody.
    pub person: Option<PersonId>,
    pub is_admin: bool,
}

impl Viewer {
    pub const NOBODY: Self = Self { person: None, is_admin: false };
    pub const ADMIN: Self = Self { person: None, is_admin: true };

    pub const fn person(id: PersonId) -> Self {
        Self { person: Some(id), is_admin: false }
    }

    pub fn is(&self, person: PersonId) -> bool {
        self.person == Some(person)
    }

    pub const fn is_signed_in(&self) -> bool {
        self.is_admin || self.person.is_some()
    }

    /// The person themselves, or an admin: their profile, check-ins, visits, bookings.
    pub fn may_act_for(&self, person: PersonId) -> bool {
        self.is_admin || self.is(person)
    }

    /// Organisers change their session and its instances, cancel, override, and check people in; admins any.
    pub const fn may_edit_session(&self, is_organizer: bool) -> bool {
        self.is_admin || is_organizer
    }

    /// Check-in lists are for admins, the session's organisers, and those who said yes to the instance.
    pub const fn may_see_check_ins(&self, is_organizer: bool, said_yes: bool) -> bool {
        self.is_admin || is_organizer || said_yes
    }

    /// May this viewer see that `person` is at `place`? People placed at the same instance see each other, unless the
    /// person hides it. `viewer_place`: where the viewer is placed.
    pub fn may_see_place(
        &self,
        person: PersonId,
        hides_place: bool,
        place: SessionInstanceId,
        viewer_place: Option<SessionInstanceId>,
    ) -> bool {
        self.may_act_for(person) || (!hides_place && viewer_place == Some(place))
    }
}
