//! The rate limits of heartbeats.

use domain::ids::{PersonId, PresenceId};
use service::rate::{Rates, per_second};

/// The limits of heartbeats: for each visit, and for each person with all of their visits.
#[derive(Debug)]
pub struct BeatRates {
    visits: Rates<PresenceId>,
    people: Rates<PersonId>,
}

impl Default for BeatRates {
    /// These limits are far above the needs of clients: a visit sends a few heartbeats a minute, and a person has a few tabs.
    fn default() -> Self {
        Self { visits: Rates::new(per_second(5, 30)), people: Rates::new(per_second(200, 2_000)) }
    }
}

impl BeatRates {
    pub fn take(&self, visit: PresenceId, person: Option<PersonId>) -> bool {
        self.visits.take(&visit).is_ok() && person.is_none_or(|person| self.people.take(&person).is_ok())
    }
}
