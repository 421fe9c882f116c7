//! Access rights: who may do what.
//!
//! A [`Viewer`] is the person or admin that a request's token names. Each right is one method of [`Viewer`]. Some
//! rights depend on stored facts, such as whether the viewer organises the session. The caller looks these up and
//! passes them.

use std::fmt;

use crate::ids::{PersonId, SessionInstanceId};

/// The author of a request. The default is [`Viewer::NOBODY`], for requests without a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Viewer {
    /// The person that the token names, who may be missing in the database. `None` for requests without a token, and
    /// for an admin's token that names no person.
    pub person: Option<PersonId>,
    pub is_admin: bool,
    /// The subject of an admin's token that names no person. Only the audit log uses it.
    pub admin_name: AdminName,
}

impl Viewer {
    pub const NOBODY: Self = Self { person: None, is_admin: false, admin_name: AdminName::NONE };
    pub const ADMIN: Self = Self { is_admin: true, ..Self::NOBODY };

    pub const fn person(id: PersonId) -> Self {
        Self { person: Some(id), ..Self::NOBODY }
    }

    /// An admin whose token names no person. `name` is the subject of the token.
    pub fn admin(name: &str) -> Self {
        Self { admin_name: AdminName::new(name), ..Self::ADMIN }
    }

    /// The viewer is this person.
    pub fn is(&self, person: PersonId) -> bool {
        self.person == Some(person)
    }

    /// The request has a valid token.
    pub const fn is_signed_in(&self) -> bool {
        self.is_admin || self.person.is_some()
    }

    /// A person and admins may change the person's profile, check-ins, visits and bookings.
    pub fn may_act_for(&self, person: PersonId) -> bool {
        self.is_admin || self.is(person)
    }

    /// The mentor, the student and admins may see, complete and cancel a booking (rule 18).
    pub fn may_see_booking(&self, mentor: PersonId, student: PersonId) -> bool {
        self.may_act_for(mentor) || self.is(student)
    }

    /// The mentor and admins may start a booking (rule 18).
    pub fn may_start_booking(&self, mentor: PersonId) -> bool {
        self.may_act_for(mentor)
    }

    /// Organisers may change their session and its instances, cancel and override instances, and check people in.
    /// Admins may do the same for every session.
    pub const fn may_edit_session(&self, is_organizer: bool) -> bool {
        self.is_admin || is_organizer
    }

    /// Admins, the session's organisers, and people who said yes to the instance may see its check-ins.
    pub const fn may_see_check_ins(&self, is_organizer: bool, said_yes: bool) -> bool {
        self.is_admin || is_organizer || said_yes
    }

    /// May this viewer see that `person` is placed at `instance`? The person and admins may. Other people may while
    /// they are placed at the same instance, unless the person hides their placement.
    pub fn may_see_placement(
        &self,
        person: PersonId,
        hides_placement: bool,
        instance: SessionInstanceId,
        viewer_instance: Option<SessionInstanceId>,
    ) -> bool {
        self.may_act_for(person) || (!hides_placement && viewer_instance == Some(instance))
    }
}

/// A name of at most 63 bytes. It lies in the value itself, so that a [`Viewer`] is `Copy`. A longer name is cut.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct AdminName {
    length: u8,
    bytes: [u8; Self::MAX_BYTES],
}

impl AdminName {
    const MAX_BYTES: usize = 63;
    const NONE: Self = Self { length: 0, bytes: [0; Self::MAX_BYTES] };

    fn new(name: &str) -> Self {
        let name = &name[..name.floor_char_boundary(Self::MAX_BYTES)];
        let mut short = Self::NONE;
        short.bytes[..name.len()].copy_from_slice(name.as_bytes());
        short.length = u8::try_from(name.len()).unwrap_or_default();
        short
    }

    pub fn as_str(&self) -> &str {
        str::from_utf8(&self.bytes[..usize::from(self.length)]).unwrap_or_default()
    }
}

impl Default for AdminName {
    fn default() -> Self {
        Self::NONE
    }
}

impl fmt::Debug for AdminName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_str().fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_admin_name_is_cut_at_a_character_boundary() {
        assert_eq!(Viewer::admin("operator").admin_name.as_str(), "operator");
        assert_eq!(Viewer::admin(&"é".repeat(100)).admin_name.as_str(), "é".repeat(31));
        assert_eq!(Viewer::ADMIN.admin_name.as_str(), "");
    }
}
