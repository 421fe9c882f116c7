//! The changes that a transaction collects for the log.

use chrono::{DateTime, TimeDelta, Utc};
use domain::{
    ids::{ActivityId, ApiKeyId, PersonId, SessionId, SessionInstanceId},
    news::{BookingStep, ChangeKind, Event, Location, SessionChange},
};

/// The instance that a change concerns, with its session and location.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangeTarget {
    pub session: SessionId,
    pub instance: SessionInstanceId,
    pub location: Location,
}

/// The changes that a transaction has collected. They are written just before the commit.
#[derive(Debug, Default)]
pub struct News {
    pub(super) events: Vec<Event>,
    pub(super) occupancies: Vec<ActivityId>,
    pub(super) holds: Vec<(ActivityId, TimeDelta)>,
    pub(super) counts: Vec<SessionInstanceId>,
    pub(super) standings: Vec<PersonId>,
    pub(super) revoked_keys: Vec<ApiKeyId>,
    pub(super) due: Option<DateTime<Utc>>,
    pub(super) wakes: bool,
}

impl News {
    fn about(&mut self, kind: ChangeKind, target: ChangeTarget, previous_location: Option<Location>) {
        self.events.push(Event::Session(SessionChange {
            session: Some(target.session),
            instance: Some(target.instance),
            location: target.location,
            previous_location,
            ..SessionChange::of(kind)
        }));
    }

    pub fn activated(&mut self, target: ChangeTarget) {
        self.about(ChangeKind::Activated, target, None);
    }

    pub fn deactivated(&mut self, target: ChangeTarget) {
        self.about(ChangeKind::Deactivated, target, None);
    }

    /// Something that is visible to clients changed in an active instance.
    pub fn updated(&mut self, target: ChangeTarget) {
        self.about(ChangeKind::Updated, target, None);
    }

    /// The session of an active instance moved from another city or country.
    pub fn updated_location(&mut self, target: ChangeTarget, previous: Location) {
        self.about(ChangeKind::Updated, target, Some(previous));
    }

    pub fn person_moved(&mut self, person: PersonId, before: Option<ChangeTarget>, now: Option<ChangeTarget>) {
        self.events.push(Event::Session(SessionChange {
            kind: ChangeKind::PersonMoved,
            session: now.as_ref().map(|target| target.session),
            instance: now.as_ref().map(|target| target.instance),
            location: now.map(|target| target.location).unwrap_or_default(),
            person: Some(person),
            previous_instance: before.as_ref().map(|target| target.instance),
            previous_session: before.as_ref().map(|target| target.session),
            previous_location: before.map(|target| target.location),
        }));
    }

    /// A booking was created, or its status changed.
    pub fn booking_step(&mut self, step: BookingStep) {
        self.events.push(Event::Booking(step));
    }

    /// The number of taken seats, the limit, or the queue of an activity may have changed.
    pub fn occupancy_changed(&mut self, activity: ActivityId) {
        self.occupancies.push(activity);
    }

    /// A seat was given back. `held` is for how long it was held, if that is known: estimates of waits use it.
    pub fn seat_freed(&mut self, activity: ActivityId, held: Option<TimeDelta>) {
        self.occupancy_changed(activity);
        // The clock may have been set back meanwhile.
        self.holds.extend(held.map(|held| (activity, held.max(TimeDelta::zero()))));
    }

    /// Some of these changes fell due at this instant. The earliest instant counts; delays are measured from it.
    pub fn fell_due(&mut self, at: DateTime<Utc>) {
        self.due = Some(self.due.map_or(at, |due| due.min(at)));
    }

    /// Something falls due at another instant than before. Clients get nothing, but the timers must read the next due
    /// instant again.
    pub fn due_changed(&mut self) {
        self.wakes = true;
    }

    /// The validity of this person's tokens changed: they were revoked, or the person was erased, merged or
    /// deactivated. Clients get nothing, but the servers check the person's open sockets again.
    ///
    /// The change gets the next number, `person.standing_revision`. Numbers are given under a lock that is held until
    /// the commit, so they become visible in order. A server that reads from the last number that it knows misses
    /// nothing, whatever its clock says.
    pub fn standing_changed(&mut self, person: PersonId) {
        self.standings.push(person);
    }

    /// This API key was revoked. Servers check the sockets that were opened with it again. The revocation gets the next
    /// number, `api_key.revoked_revision`, as [`standing_changed`](Self::standing_changed) describes it.
    pub fn api_key_revoked(&mut self, key: ApiKeyId) {
        self.revoked_keys.push(key);
    }

    /// The number of people who are at an instance, or who said yes to it, changed. Or what others see of one of them did.
    pub fn counts_changed(&mut self, instance: SessionInstanceId) {
        self.counts.push(instance);
    }
}
