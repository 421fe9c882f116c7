//! Access rights: who may do what.
//!
//! A [`Viewer`] is the person or admin that a request's token names. Each right is one method of [`Viewer`]. Some
//! rights depend on stored facts, such as whether the viewer organises the session. The caller looks these up and
//! passes them.

use std::fmt;

use crate::ids::{ApiKeyId, PersonId, SessionInstanceId};

/// The author of a request. The default is [`Viewer::NOBODY`], for requests without a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Viewer {
    /// The person that the token names, who may be missing in the database. `None` for requests without a token, and
    /// for an admin's token that names no person.
    pub person: Option<PersonId>,
    pub is_admin: bool,
    /// The person is deactivated. Such a viewer may read their own data, and otherwise has the rights of nobody, whatever
    /// their token says. So an admin is never deactivated: [`Viewer::deactivated`].
    pub is_deactivated: bool,
    /// The person is a guest, who checked in with a code and without an account. Such a viewer may act for themselves, and
    /// otherwise sees what everybody sees.
    pub is_guest: bool,
    /// The subject of an admin's token that names no person, or the name of an admin's API key. Only the audit log uses
    /// it.
    pub admin_name: AdminName,
    /// The API key with which the request was sent, if any.
    pub api_key: Option<ApiKeyId>,
}

impl Viewer {
    pub const NOBODY: Self = Self {
        person: None,
        is_admin: false,
        is_deactivated: false,
        is_guest: false,
        admin_name: AdminName::NONE,
        api_key: None,
    };
    pub const ADMIN: Self = Self { is_admin: true, ..Self::NOBODY };

    pub const fn person(id: PersonId) -> Self {
        Self { person: Some(id), ..Self::NOBODY }
    }

    /// An admin whose token names no person. `name` is the subject of the token.
    pub fn admin(name: &str) -> Self {
        Self { admin_name: AdminName::new(name), ..Self::ADMIN }
    }

    /// The same viewer, whose person is deactivated.
    #[must_use]
    pub const fn deactivated(self) -> Self {
        Self { is_admin: false, is_deactivated: true, ..self }
    }

    /// The same viewer, whose person is a guest.
    #[must_use]
    pub const fn guest(self) -> Self {
        Self { is_admin: false, is_guest: true, ..self }
    }

    /// Whether the viewer sees what other people with an account see.
    const fn is_member(&self) -> bool {
        !self.is_deactivated && !self.is_guest
    }

    /// The same viewer, whose request was sent with this API key.
    #[must_use]
    pub const fn with_api_key(self, key: ApiKeyId) -> Self {
        Self { api_key: Some(key), ..self }
    }

    /// The viewer is this person.
    pub fn is(&self, person: PersonId) -> bool {
        self.person == Some(person)
    }

    /// The request has a valid token.
    pub const fn is_signed_in(&self) -> bool {
        self.is_admin || self.person.is_some()
    }

    /// The person whose rate limits count the requests. An admin may be a machine, and has only the limits of its address.
    pub fn limited_person(&self) -> Option<PersonId> {
        self.person.filter(|_| !self.is_admin)
    }

    /// A person and admins may change the person's profile, check-ins, visits and bookings.
    pub fn may_act_for(&self, person: PersonId) -> bool {
        self.is_admin || (self.is(person) && !self.is_deactivated)
    }

    /// A person and admins may read the person's private data. So may a deactivated person.
    pub fn may_read_data_of(&self, person: PersonId) -> bool {
        self.is_admin || self.is(person)
    }

    /// Admins may see, make and revoke the API keys of everybody.
    pub const fn may_manage_all_api_keys(&self) -> bool {
        self.is_admin
    }

    /// May this viewer see and revoke an API key of `owner`? Its owner and admins may. A key without an owner is an
    /// admin's.
    pub fn may_manage_api_key_of(&self, owner: Option<PersonId>) -> bool {
        self.may_manage_all_api_keys() || owner.is_some_and(|owner| self.may_act_for(owner))
    }

    /// May this viewer create an API key with these rights? People may for themselves, and admins for anybody. A key
    /// creates no other key: otherwise whoever steals one could keep access after it is revoked.
    pub fn may_create_api_key(&self, owner: Option<PersonId>, is_admin: bool) -> bool {
        self.api_key.is_none() && (self.may_manage_all_api_keys() || !is_admin) && self.may_manage_api_key_of(owner)
    }

    /// The mentor, the student and admins may complete and cancel a booking (rule 18).
    pub fn may_end_booking(&self, mentor: PersonId, student: PersonId) -> bool {
        self.may_act_for(mentor) || self.may_act_for(student)
    }

    /// The mentor, the student and admins may see a booking (rule 18).
    pub fn may_see_booking(&self, mentor: PersonId, student: PersonId) -> bool {
        self.may_read_data_of(mentor) || self.is(student)
    }

    /// People with an account may offer time and book it. Guests may not.
    pub fn may_take_part_in_bookings(&self, person: PersonId) -> bool {
        self.may_act_for(person) && !self.is_guest
    }

    /// Admins may see all bookings, and others those in which they take part.
    pub const fn may_see_all_bookings(&self) -> bool {
        self.is_admin
    }

    /// The mentor and admins may start a booking (rule 18).
    pub fn may_start_booking(&self, mentor: PersonId) -> bool {
        self.may_act_for(mentor)
    }

    /// Organisers may change their session and its instances, cancel and override instances, and check people in.
    /// Admins may do the same for every session.
    pub const fn may_edit_session(&self, is_organizer: bool) -> bool {
        self.is_admin || (is_organizer && self.is_member())
    }

    /// A person may answer for themselves, and whoever may check in others may answer for them.
    pub fn may_check_in(&self, person: PersonId, is_organizer: bool) -> bool {
        self.may_act_for(person) || self.may_check_in_others(is_organizer)
    }

    /// Organisers of the session and admins may answer for others, and need no check-in code.
    pub const fn may_check_in_others(&self, is_organizer: bool) -> bool {
        self.may_edit_session(is_organizer)
    }

    /// Admins, the session's organisers, and people who said yes to the instance may see its check-ins.
    pub const fn may_see_check_ins(&self, is_organizer: bool, said_yes: bool) -> bool {
        self.is_admin || ((is_organizer || said_yes) && self.is_member())
    }

    /// Admins, and organisers of any session, may list people: to check them in, and to name organisers.
    pub const fn may_list_people(&self, is_any_organizer: bool) -> bool {
        self.is_admin || (is_any_organizer && self.is_member())
    }

    /// Admins, and organisers of any session, may import calendars. An import creates sessions, which otherwise only
    /// admins may do. So people who organise nothing may not import.
    pub const fn may_import_calendars(&self, is_any_organizer: bool) -> bool {
        self.is_admin || (is_any_organizer && self.is_member())
    }

    /// Only admins may see the audit log.
    pub const fn may_see_audit_log(&self) -> bool {
        self.is_admin
    }

    /// Admins may see who has a seat in an activity. Others may if the roster is public and they have a seat themselves.
    pub const fn may_see_roster(&self, shares_it: bool) -> bool {
        self.is_admin || (shares_it && self.is_member())
    }

    /// Only admins see people who hide their placement in a roster.
    pub const fn may_see_hidden_people(&self) -> bool {
        self.is_admin
    }

    /// Only admins may list visits, and see their statistics.
    pub const fn may_list_visits(&self) -> bool {
        self.is_admin
    }

    /// The person of a visit and admins may see it. Only admins see an anonymous visit.
    pub fn may_see_visit_of(&self, person: Option<PersonId>) -> bool {
        self.is_admin || person.is_some_and(|person| self.may_read_data_of(person))
    }

    /// People may have visits. Others may if anonymous visits are allowed.
    pub const fn may_have_visits(&self, anonymous_visits: bool) -> bool {
        !self.is_deactivated && (self.person.is_some() || anonymous_visits)
    }

    /// Only admins may deactivate people, and change their external ids.
    pub const fn may_manage_accounts(&self) -> bool {
        self.is_admin
    }

    /// Only admins may run documents that are not in the list of trusted documents.
    pub const fn may_run_any_document(&self) -> bool {
        self.is_admin
    }

    /// Only admins may delete sessions.
    pub const fn may_delete_sessions(&self) -> bool {
        self.is_admin
    }

    /// Only admins may open the admin pages.
    pub const fn may_open_admin_pages(&self) -> bool {
        self.is_admin
    }

    /// May this viewer see who `person` is: name, city, country? The person and admins may, and whoever may see the person
    /// in some list anyway.
    pub fn may_see_person(&self, person: PersonId, relation: PersonRelation) -> bool {
        let PersonRelation {
            is_organizer,
            is_mentor,
            takes_part_in_booking,
            shares_instance,
            is_in_check_ins,
            is_in_roster,
        } = relation;
        let is_self = self.is(person);
        let is_seen_by_active = shares_instance || is_in_check_ins;
        self.is_admin
            || is_self
            || is_organizer
            || is_mentor
            || takes_part_in_booking
            || (is_seen_by_active && self.is_member())
            || (is_in_roster && self.may_see_roster(true))
    }

    /// May this viewer see when `person` answered, and when they arrived? Whoever may see the answer may, unless the person
    /// hides their placement: both instants tell where the person was.
    pub fn may_see_times_of(&self, person: PersonId, hides_placement: bool) -> bool {
        !hides_placement || self.may_read_data_of(person)
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
        let shares_instance = viewer_instance == Some(instance) && self.is_member();
        self.may_read_data_of(person) || (shares_instance && !hides_placement)
    }
}

/// The relation between a viewer and a person that decides whether the viewer may see who the person is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a reason of its own to see somebody")]
pub struct PersonRelation {
    /// The person organises a session. Organisers are public.
    pub is_organizer: bool,
    /// The person offers time that has not been deleted. Mentors are public, because anybody may look for one.
    pub is_mentor: bool,
    /// One is the mentor and the other the student of a booking.
    pub takes_part_in_booking: bool,
    /// Both are placed at the same instance, and the person does not hide that.
    pub shares_instance: bool,
    /// The person is in a list of check-ins that the viewer may see, or in the list of people.
    pub is_in_check_ins: bool,
    /// Both have a seat in an activity whose roster is public, and the person does not hide that.
    pub is_in_roster: bool,
}

/// A name of at most 63 bytes. The bytes are in the value itself, so that a [`Viewer`] is `Copy`. A longer name is cut.
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
    fn deactivated_person_may_only_read_their_own_data() {
        let (own, other, instance) = (PersonId(1), PersonId(2), SessionInstanceId(3));
        for viewer in
            [Viewer::person(own).deactivated(), Viewer { is_admin: true, ..Viewer::person(own) }.deactivated()]
        {
            assert!(
                viewer.may_read_data_of(own)
                    && viewer.may_see_booking(own, other)
                    && viewer.may_see_booking(other, own)
            );
            assert!(viewer.may_see_placement(own, true, instance, None));
            assert!(!viewer.may_act_for(own) && !viewer.may_act_for(other) && !viewer.may_read_data_of(other));
            assert!(
                !viewer.may_start_booking(own)
                    && !viewer.may_edit_session(true)
                    && !viewer.may_see_check_ins(true, true)
            );
            assert!(!viewer.may_have_visits(true) && viewer.may_see_visit_of(Some(own)));
            assert!(!viewer.may_see_visit_of(Some(other)) && !viewer.may_see_visit_of(None));
            assert!(!viewer.may_list_people(true) && !viewer.may_see_placement(other, false, instance, Some(instance)));
        }
    }

    #[test]
    fn person_is_seen_by_those_who_may_see_them_in_a_list() {
        let (own, other) = (PersonId(1), PersonId(2));
        let none = PersonRelation::default();
        assert!(Viewer::person(own).may_see_person(own, none) && Viewer::ADMIN.may_see_person(other, none));
        assert!(!Viewer::person(own).may_see_person(other, none) && !Viewer::NOBODY.may_see_person(other, none));
        for public in [PersonRelation { is_organizer: true, ..none }, PersonRelation { is_mentor: true, ..none }] {
            assert!(Viewer::NOBODY.may_see_person(other, public));
        }
        for shared in [
            PersonRelation { shares_instance: true, ..none },
            PersonRelation { is_in_check_ins: true, ..none },
            PersonRelation { is_in_roster: true, ..none },
        ] {
            assert!(Viewer::person(own).may_see_person(other, shared));
            assert!(!Viewer::person(own).deactivated().may_see_person(other, shared));
        }
    }

    #[test]
    fn guest_acts_for_themselves_and_sees_what_everybody_sees() {
        let (own, other, instance) = (PersonId(1), PersonId(2), SessionInstanceId(3));
        let guest = Viewer::person(own).guest();
        assert!(guest.may_act_for(own) && guest.may_read_data_of(own));
        assert!(!guest.may_see_check_ins(true, true) && !guest.may_edit_session(true) && !guest.may_list_people(true));
        assert!(!guest.may_see_placement(other, false, instance, Some(instance)));
        assert!(!guest.may_see_roster(true) && Viewer::person(own).may_see_roster(true));
        let seen = PersonRelation { shares_instance: true, is_in_check_ins: true, ..PersonRelation::default() };
        assert!(!guest.may_see_person(other, seen) && guest.may_see_person(own, PersonRelation::default()));
        assert!(!guest.may_take_part_in_bookings(own) && Viewer::person(own).may_take_part_in_bookings(own));
        assert!(!Viewer { is_admin: true, ..guest }.guest().is_admin);
    }

    #[test]
    fn people_create_api_keys_for_themselves_and_admins_for_anybody() {
        let (own, other) = (PersonId(1), PersonId(2));
        let person = Viewer::person(own);
        assert!(person.may_create_api_key(Some(own), false));
        for (owner, is_admin) in [(Some(own), true), (Some(other), false), (None, false), (None, true)] {
            assert!(!person.may_create_api_key(owner, is_admin), "{owner:?} {is_admin}");
            assert!(Viewer::ADMIN.may_create_api_key(owner, is_admin), "{owner:?} {is_admin}");
        }
        for viewer in [person, Viewer::ADMIN] {
            assert!(!viewer.with_api_key(ApiKeyId(1)).may_create_api_key(Some(own), false));
        }
        assert!(!person.deactivated().may_create_api_key(Some(own), false));
        assert!(person.may_manage_api_key_of(Some(own)) && !person.may_manage_api_key_of(None));
        assert!(!person.may_manage_api_key_of(Some(other)) && Viewer::ADMIN.may_manage_api_key_of(None));
        assert!(!Viewer::NOBODY.may_manage_api_key_of(None));
        assert!(Viewer::ADMIN.may_manage_all_api_keys() && !person.may_manage_all_api_keys());
    }

    #[test]
    fn long_admin_name_is_cut_at_a_character_boundary() {
        assert_eq!(Viewer::admin("operator").admin_name.as_str(), "operator");
        assert_eq!(Viewer::admin(&"é".repeat(100)).admin_name.as_str(), "é".repeat(31));
        assert_eq!(Viewer::ADMIN.admin_name.as_str(), "");
    }
}
