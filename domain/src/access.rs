//! Who may do what. A [`Viewer`] is who a request's token names; what the rest of a decision needs (is it an
//! organiser, where are the two people) is looked up by the caller and handed in.

use std::fmt;

use crate::ids::{PersonId, SessionInstanceId};

/// Who asks. Without a token: `Viewer::default()`, nobody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Viewer {
    /// The person that the token names. An admin's token may name nobody.
    pub person: Option<PersonId>,
    pub is_admin: bool,
    /// What the token of an admin who is no person calls them: for the audit log only.
    pub admin_name: AdminName,
}

impl Viewer {
    pub const NOBODY: Self = Self { person: None, is_admin: false, admin_name: AdminName::NONE };
    pub const ADMIN: Self = Self { is_admin: true, ..Self::NOBODY };

    pub const fn person(id: PersonId) -> Self {
        Self { person: Some(id), ..Self::NOBODY }
    }

    /// An admin who is no person, as the token calls them.
    pub fn admin(name: &str) -> Self {
        Self { admin_name: AdminName::new(name), ..Self::ADMIN }
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

    /// A booking is seen by its mentor, its student and admins; the same may complete and cancel it.
    pub fn may_see_booking(&self, mentor: PersonId, student: PersonId) -> bool {
        self.may_act_for(mentor) || self.is(student)
    }

    /// The mentor starts (rule 18).
    pub fn may_start_booking(&self, mentor: PersonId) -> bool {
        self.may_act_for(mentor)
    }

    /// Organisers change their session and its instances, cancel, override, and check people in; admins any.
    pub const fn may_edit_session(&self, is_organizer: bool) -> bool {
        self.is_admin || is_organizer
    }

    /// Check-in lists are for admins, the session's organisers, and those who said yes to the instance.
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

/// A name of at most 63 bytes, so that a [`Viewer`] is copied as easily as a number. Longer ones are cut.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct AdminName {
    length: u8,
    bytes: [u8; Self::LONGEST],
}

impl AdminName {
    const LONGEST: usize = 63;
    const NONE: Self = Self { length: 0, bytes: [0; Self::LONGEST] };

    fn new(name: &str) -> Self {
        let name = &name[..name.floor_char_boundary(Self::LONGEST)];
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
    fn long_names_are_cut_between_characters() {
        assert_eq!(Viewer::admin("operator").admin_name.as_str(), "operator");
        assert_eq!(Viewer::admin(&"é".repeat(100)).admin_name.as_str(), "é".repeat(31));
        assert_eq!(Viewer::ADMIN.admin_name.as_str(), "");
    }
}
