//! The queue for the seats of an activity (rule 28 of ARCHITECTURE.md).
//!
//! - A *place* is a place in the queue. It belongs to a person, or to one visit.
//! - An *offer* is a seat that is kept for one place. It counts as taken. It ends unless it is claimed in time. The place
//!   is then lost, and the next one gets the offer. If the limit is lowered, the offer may end and the place is kept.
//! - A place is *gone* when its visit has been offline for longer than the grace of the activity.
//! - To *settle* a queue is to remove the places that are over ([`PlaceFacts::due`]), and then to make or end offers until there is
//!   one for each seat that nobody holds ([`offer_change`]).

use chrono::{DateTime, TimeDelta, Utc};

use super::{PresenceRules, Uptime};

/// The rules of the queue of one activity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QueueRules {
    /// How long an offer can be claimed.
    pub offer: TimeDelta,
    /// How long a place is kept after its visit went offline.
    pub grace: TimeDelta,
}

impl QueueRules {
    pub fn of_seconds(offer: i32, grace: i32) -> Self {
        Self { offer: TimeDelta::seconds(offer.into()), grace: TimeDelta::seconds(grace.into()) }
    }

    /// The first instant at which a place is gone, if no further beat comes.
    pub fn leaves_at(&self, rules: &PresenceRules, last_seen: DateTime<Utc>) -> DateTime<Utc> {
        rules.offline_at(last_seen) + self.grace
    }

    /// The end of an offer after a pause of the servers (rule 29). An offer that could still be claimed when the pause began
    /// can be claimed after it for as long as a new one.
    pub fn offer_end_after_pause(
        &self,
        ends: DateTime<Utc>,
        begun: DateTime<Utc>,
        ended: DateTime<Utc>,
    ) -> DateTime<Utc> {
        if begun < ends { ends.max(ended + self.offer) } else { ends }
    }
}

/// A place in the queue: the facts that decide its state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlaceFacts {
    /// The last beat of its visit, or of any visit of its person. `None` if all of them are completed.
    pub last_seen: Option<DateTime<Utc>>,
    /// When the offer ends. `None` if no seat is offered.
    pub offer_ends_at: Option<DateTime<Utc>>,
}

/// The state of a place at an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlaceState {
    Waiting,
    Offered,
    /// The offer was not claimed in time.
    Missed,
    Gone,
}

impl PlaceState {
    /// Whether the place is still in the queue.
    pub const fn is_kept(self) -> bool {
        matches!(self, Self::Waiting | Self::Offered)
    }
}

/// The result of checking a place: it is over, or must be checked again at an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Due {
    Over(PlaceState),
    /// It is not gone before this instant.
    At(DateTime<Utc>),
}

impl PlaceFacts {
    /// When the place is gone, if no further beat comes. `None` if it is gone at once.
    fn leaves_at(&self, rules: &PresenceRules, queue: QueueRules) -> Option<DateTime<Utc>> {
        Some(queue.leaves_at(rules, self.last_seen?))
    }

    /// The place after a pause of the servers that ended at `ended`. It is kept for [`Uptime::grace_after_pause`] at least, and so is its
    /// offer until there is a heartbeat: nobody can claim an offer before they are back (rule 29).
    #[must_use]
    pub fn after_pause(self, rules: &PresenceRules, queue: QueueRules, ended: DateTime<Utc>) -> Self {
        let spared_until = ended + Uptime::grace_after_pause(rules);
        let earliest = spared_until - rules.online_window - queue.grace;
        let is_back = self.last_seen.is_some_and(|seen| ended <= seen);
        Self {
            last_seen: self.last_seen.map(|seen| seen.max(earliest)),
            offer_ends_at: self.offer_ends_at.map(|ends| if is_back { ends } else { ends.max(spared_until) }),
        }
    }

    pub fn state(&self, rules: &PresenceRules, queue: QueueRules, now: DateTime<Utc>) -> PlaceState {
        match self.offer_ends_at {
            Some(ends) if ends <= now => PlaceState::Missed,
            _ if self.leaves_at(rules, queue).is_none_or(|leaves| leaves <= now) => PlaceState::Gone,
            Some(_) => PlaceState::Offered,
            None => PlaceState::Waiting,
        }
    }

    pub fn due(&self, rules: &PresenceRules, queue: QueueRules, now: DateTime<Utc>) -> Due {
        match (self.state(rules, queue, now), self.leaves_at(rules, queue)) {
            (state, Some(leaves)) if state.is_kept() => Due::At(leaves),
            (state, _) => Due::Over(state),
        }
    }
}

/// How the offers of an activity must change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OfferChange {
    /// So many of those who wait longest without an offer get one, if so many wait.
    Make(u32),
    /// So many offers end, those of the places that joined last first. The places are kept.
    End(u32),
}

/// Decides how offers change. There is one for each seat that nobody holds, as long as somebody waits. So seats and offers together
/// are never more than the limit, unless the seats alone are. Without a limit, everybody who waits has an offer.
pub fn offer_change(limit: Option<u32>, seats: u32, offers: u32) -> OfferChange {
    let most = limit.map_or(u32::MAX, |limit| limit.saturating_sub(seats));
    if offers > most { OfferChange::End(offers - most) } else { OfferChange::Make(most - offers) }
}

/// How many seats must have been given back before a wait can be estimated.
const HOLDS_NEEDED: usize = 5;

/// The estimated wait at a position: the position times the average time for which the last seats were held, divided by
/// the number of seats. `None` if too few seats have been given back, if the limit is 0, and if there is no limit.
pub fn estimated_wait(position: u32, holds: &[TimeDelta], limit: Option<u32>) -> Option<TimeDelta> {
    let limit = i64::from(limit.filter(|limit| *limit > 0)?);
    let count = i64::try_from(holds.len()).ok().filter(|_| holds.len() >= HOLDS_NEEDED)?;
    let sum = holds.iter().map(TimeDelta::num_milliseconds).fold(0_i64, i64::saturating_add);
    Some(TimeDelta::milliseconds((sum / count).saturating_mul(i64::from(position)) / limit))
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: PresenceRules =
        PresenceRules { online_window: TimeDelta::seconds(60), abandon_after: TimeDelta::hours(3) };
    const QUEUE: QueueRules = QueueRules { offer: TimeDelta::seconds(30), grace: TimeDelta::seconds(20) };

    fn at(milliseconds: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::milliseconds(milliseconds)
    }

    fn waiting() -> PlaceFacts {
        PlaceFacts { last_seen: Some(at(0)), offer_ends_at: None }
    }

    #[test]
    fn place_is_kept_while_its_visit_is_online_and_for_the_grace() {
        for (now, state) in [
            (0, PlaceState::Waiting),
            (60_001, PlaceState::Waiting),
            (80_000, PlaceState::Waiting),
            (80_001, PlaceState::Gone),
        ] {
            assert_eq!(waiting().state(&RULES, QUEUE, at(now)), state, "{now}");
        }
        assert_eq!(waiting().due(&RULES, QUEUE, at(0)), Due::At(at(80_001)));
        assert_eq!(waiting().due(&RULES, QUEUE, at(80_001)), Due::Over(PlaceState::Gone));
        let completed = PlaceFacts { last_seen: None, ..waiting() };
        assert_eq!(completed.state(&RULES, QUEUE, at(0)), PlaceState::Gone);
    }

    #[test]
    fn offer_ends_at_its_instant() {
        let offered = PlaceFacts { offer_ends_at: Some(at(30_000)), ..waiting() };
        assert_eq!(offered.state(&RULES, QUEUE, at(29_999)), PlaceState::Offered);
        assert_eq!(offered.state(&RULES, QUEUE, at(30_000)), PlaceState::Missed);
    }

    #[test]
    fn place_and_offer_outlast_a_pause_of_the_servers() {
        // The pause lasts from 30 seconds to 300 seconds.
        let spared = waiting().after_pause(&RULES, QUEUE, at(300_000));
        for (now, state) in
            [(300_000, PlaceState::Waiting), (360_000, PlaceState::Waiting), (360_001, PlaceState::Gone)]
        {
            assert_eq!(spared.state(&RULES, QUEUE, at(now)), state, "{now}");
        }
        // A heartbeat after the pause counts as always.
        let beaten = PlaceFacts { last_seen: Some(at(310_000)), ..waiting() }.after_pause(&RULES, QUEUE, at(300_000));
        assert_eq!(beaten.due(&RULES, QUEUE, at(300_000)), Due::At(at(390_001)));
        // An offer waits for the first heartbeat. After it, the offer ends at its instant.
        let offered = |last_seen| PlaceFacts { last_seen: Some(last_seen), offer_ends_at: Some(at(330_000)) };
        for (last_seen, ends) in [(at(0), at(360_000)), (at(300_000), at(330_000))] {
            let spared = offered(last_seen).after_pause(&RULES, QUEUE, at(300_000));
            assert_eq!(spared.offer_ends_at, Some(ends), "{last_seen}");
        }
        assert_eq!(PlaceFacts { last_seen: None, ..waiting() }.after_pause(&RULES, QUEUE, at(300_000)).last_seen, None);
        // With a long online window, a minute is enough.
        let patient = PresenceRules { online_window: TimeDelta::hours(1), ..RULES };
        assert_eq!(
            waiting().after_pause(&patient, QUEUE, at(9_000_000)).due(&patient, QUEUE, at(9_000_000)),
            Due::At(at(9_060_001))
        );
        for (ends, expected) in [(29_000, 29_000), (31_000, 330_000), (340_000, 340_000)] {
            assert_eq!(QUEUE.offer_end_after_pause(at(ends), at(30_000), at(300_000)), at(expected), "{ends}");
        }
    }

    #[test]
    fn each_seat_that_nobody_holds_is_offered() {
        for (limit, seats, offers, change) in [
            (Some(4), 1, 1, OfferChange::Make(2)),
            (Some(4), 2, 2, OfferChange::Make(0)),
            // A lowered limit takes no seat away, and ends offers until the count fits or no offer is left.
            (Some(2), 1, 3, OfferChange::End(2)),
            (Some(2), 3, 1, OfferChange::End(1)),
            (Some(2), 3, 0, OfferChange::Make(0)),
            (Some(0), 0, 3, OfferChange::End(3)),
            (None, 3, 3, OfferChange::Make(u32::MAX - 3)),
        ] {
            assert_eq!(offer_change(limit, seats, offers), change, "{limit:?}, {seats}, {offers}");
        }
    }

    #[test]
    fn wait_is_estimated_from_five_seats_on() {
        let minute = TimeDelta::minutes(1);
        assert_eq!(estimated_wait(6, &[minute; 5], Some(3)), Some(TimeDelta::minutes(2)));
        assert_eq!(estimated_wait(6, &[minute; 4], Some(3)), None);
        assert_eq!(estimated_wait(6, &[minute; 5], Some(0)), None);
        assert_eq!(estimated_wait(6, &[minute; 5], None), None);
    }
}
