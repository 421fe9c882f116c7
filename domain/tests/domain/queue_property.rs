//! Random events for the queue of an activity, in two implementations that must agree.
//!
//! The *hall* does what a program does: it uses the functions of the domain, and looks at what is due only when
//! something happens. The *model* keeps everything in one list, and computes everything again from the beginning at
//! each event.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use insession_domain::ids::ActivityId;
use insession_domain::presence::{
    Claim, Due, Place, PresenceRules, QueueRules, Room, Standing, Visit, admit, free_seats,
};
use proptest::prelude::*;

const HERE: ActivityId = ActivityId(1);
const MAX_IDLE: TimeDelta = TimeDelta::seconds(40);

const RULES: PresenceRules =
    PresenceRules { online_window: TimeDelta::seconds(20), abandon_after: TimeDelta::hours(3) };
const QUEUE: QueueRules = QueueRules { offer: TimeDelta::seconds(6), grace: TimeDelta::seconds(10) };

type Guest = u8;

#[derive(Debug, Clone, Copy)]
enum Step {
    /// The guest enters. With `true` the guest waits if no seat is free.
    Enter(Guest, bool),
    Leave(Guest),
    LeaveQueue(Guest),
    Beat(Guest, bool),
    Complete(Guest),
    Limit(Option<u32>),
    /// This many seconds pass. Meanwhile, all guests who are not silent send heartbeats.
    Pass(u8),
}

fn steps() -> impl Strategy<Value = Vec<(Step, BTreeSet<Guest>)>> {
    let guest = 0..10u8;
    let step = prop_oneof![
        6 => (guest.clone(), any::<bool>()).prop_map(|(guest, waits)| Step::Enter(guest, waits)),
        2 => guest.clone().prop_map(Step::Leave),
        1 => guest.clone().prop_map(Step::LeaveQueue),
        2 => (guest.clone(), any::<bool>()).prop_map(|(guest, is_idle)| Step::Beat(guest, is_idle)),
        1 => guest.clone().prop_map(Step::Complete),
        1 => prop_oneof![9 => (0..5u32).prop_map(Some), 1 => Just(None)].prop_map(Step::Limit),
        5 => (1..9u8).prop_map(Step::Pass),
    ];
    // Some guests send no heartbeats during a step: they vanish.
    prop::collection::vec((step, prop::collection::btree_set(guest, 0..4)), 1..80)
}

/// What everybody sees: who has a seat, and who waits in which order, each with or without an offer.
type Seen = (BTreeSet<Guest>, Vec<(Guest, bool)>);

#[derive(Default)]
struct Hall {
    limit: Option<u32>,
    visits: BTreeMap<Guest, Visit>,
    queue: Vec<(Guest, Place)>,
}

impl Hall {
    fn seats(&self, but: Option<Guest>) -> u32 {
        let seats = self.visits.iter().filter(|(guest, visit)| Some(**guest) != but && visit.seat.is_some());
        u32::try_from(seats.count()).unwrap()
    }

    fn offers(&self, but: Option<Guest>) -> u32 {
        let offered = self.queue.iter().filter(|(guest, place)| Some(*guest) != but && place.offer_ends_at.is_some());
        u32::try_from(offered.count()).unwrap()
    }

    /// Handles everything that is due at an instant: leases and idle seats end, and the queue is settled.
    fn settle(&mut self, now: DateTime<Utc>) {
        for visit in self.visits.values_mut() {
            let is_idle_out = visit.idle_out_at(Some(MAX_IDLE)).is_some_and(|at| at <= now);
            visit.seat = visit.at(&RULES, now).seat.filter(|_| !is_idle_out);
        }
        for (guest, place) in &mut self.queue {
            let visit = self.visits[guest];
            place.last_seen = (visit != visit.complete()).then_some(visit.last_seen);
        }
        self.queue.retain(|(_, place)| matches!(place.due(&RULES, QUEUE, now), Due::At(_)));
        let free = free_seats(self.limit, self.seats(None), self.offers(None));
        let most = free.map_or(usize::MAX, |free| usize::try_from(free).unwrap());
        for (_, place) in self.queue.iter_mut().filter(|(_, place)| place.offer_ends_at.is_none()).take(most) {
            place.offer_ends_at = Some(now + QUEUE.offer);
        }
    }

    fn enter(&mut self, guest: Guest, waits: bool, now: DateTime<Utc>) -> bool {
        let visit = self.visits.get(&guest).copied().unwrap_or(Visit::begun(now));
        let Ok(seen) = visit.beat(&RULES, now, Some(false)) else { return false };
        self.visits.insert(guest, seen);
        self.settle(now);
        let room = Room {
            limit: self.limit,
            seats: self.seats(Some(guest)),
            offers: self.offers(Some(guest)),
            is_waited_for: self.queue.iter().any(|(other, place)| *other != guest && place.offer_ends_at.is_none()),
        };
        let own = self.queue.iter().position(|(other, _)| *other == guest);
        let claim = match own.map(|own| self.queue[own].1.standing(&RULES, QUEUE, now)) {
            _ if seen.seat.is_some() => Claim::Seat,
            Some(Standing::Offered) => Claim::Offer,
            Some(_) => Claim::Waiting(u32::try_from(own.unwrap() + 1).unwrap()),
            None => Claim::Newcomer,
        };
        let verdict = admit(room, claim);
        if verdict.is_admitted {
            self.queue.retain(|(other, _)| *other != guest);
            self.visits.insert(guest, Visit { seat: Some(HERE), ..seen });
        } else if waits && own.is_none() {
            self.queue.push((guest, Place { last_seen: Some(now), offer_ends_at: None }));
        }
        verdict.is_admitted
    }

    fn take(&mut self, step: Step, now: DateTime<Utc>) -> bool {
        let mut is_admitted = false;
        match step {
            Step::Enter(guest, waits) => is_admitted = self.enter(guest, waits, now),
            Step::Leave(guest) => {
                self.visits.entry(guest).and_modify(|visit| visit.seat = None);
            }
            Step::LeaveQueue(guest) => self.queue.retain(|(other, _)| *other != guest),
            Step::Beat(guest, is_idle) => {
                let visit = self.visits.get(&guest).copied().unwrap_or(Visit::begun(now));
                if let Ok(seen) = visit.beat(&RULES, now, Some(is_idle)) {
                    self.visits.insert(guest, seen);
                }
            }
            Step::Complete(guest) => {
                self.visits.entry(guest).and_modify(|visit| *visit = visit.complete());
            }
            Step::Limit(limit) => self.limit = limit,
            Step::Pass(_) => {}
        }
        self.settle(now);
        is_admitted
    }

    fn seen(&self) -> Seen {
        let seats = self.visits.iter().filter(|(_, visit)| visit.seat.is_some()).map(|(guest, _)| *guest);
        (seats.collect(), self.queue.iter().map(|(guest, place)| (*guest, place.offer_ends_at.is_some())).collect())
    }
}

/// One guest of the model. Times are seconds.
#[derive(Debug, Clone, Default)]
struct Known {
    beaten: i64,
    idle_from: Option<i64>,
    is_completed: bool,
    is_seated: bool,
}

/// An independent implementation of the rules, second by second.
#[derive(Default)]
struct Model {
    limit: Option<u32>,
    known: BTreeMap<Guest, Known>,
    /// Who waits, and since when a seat is offered.
    line: Vec<(Guest, Option<i64>)>,
}

impl Model {
    fn is_online(&self, guest: Guest, now: i64) -> bool {
        self.known.get(&guest).is_some_and(|known| !known.is_completed && now - known.beaten <= 20)
    }

    fn taken(&self) -> usize {
        self.known.values().filter(|known| known.is_seated).count()
            + self.line.iter().filter(|(_, offered)| offered.is_some()).count()
    }

    fn has_room(&self) -> bool {
        self.limit.is_none_or(|limit| self.taken() < usize::try_from(limit).unwrap())
    }

    /// Applies the rules at the end of a second, or after an event.
    fn tidy(&mut self, now: i64) {
        let away: Vec<Guest> = self.known.keys().copied().filter(|guest| !self.is_online(*guest, now)).collect();
        for guest in away {
            self.known.get_mut(&guest).unwrap().is_seated = false;
        }
        for known in self.known.values_mut().filter(|known| known.idle_from.is_some_and(|from| now >= from + 40)) {
            known.is_seated = false;
        }
        let known = &self.known;
        self.line.retain(|(guest, offered)| {
            let guest = &known[guest];
            offered.is_none_or(|offered| now < offered + 6) && !guest.is_completed && now - guest.beaten <= 30
        });
        while self.has_room()
            && let Some(next) = self.line.iter().position(|(_, offered)| offered.is_none())
        {
            self.line[next].1 = Some(now);
        }
    }

    fn beat(&mut self, guest: Guest, is_idle: bool, now: i64) -> bool {
        let was_online = self.is_online(guest, now);
        let known = self.known.entry(guest).or_default();
        if known.is_completed {
            return false;
        }
        known.is_seated &= was_online;
        known.beaten = now;
        known.idle_from = is_idle.then(|| known.idle_from.unwrap_or(now));
        true
    }

    fn enter(&mut self, guest: Guest, waits: bool, now: i64) -> bool {
        if !self.beat(guest, false, now) {
            return false;
        }
        self.tidy(now);
        let place = self.line.iter().position(|(other, _)| *other == guest);
        let may = self.known[&guest].is_seated
            || place.map_or_else(
                || self.has_room() && self.line.iter().all(|it| it.1.is_some()),
                |at| self.line[at].1.is_some(),
            )
            || self.limit.is_none();
        if may {
            self.line.retain(|(other, _)| *other != guest);
            self.known.get_mut(&guest).unwrap().is_seated = true;
        } else if waits && place.is_none() {
            self.line.push((guest, None));
        }
        may
    }

    fn take(&mut self, step: Step, now: i64) -> bool {
        let mut is_admitted = false;
        match step {
            Step::Enter(guest, waits) => is_admitted = self.enter(guest, waits, now),
            Step::Leave(guest) => {
                self.known.entry(guest).and_modify(|known| known.is_seated = false);
            }
            Step::LeaveQueue(guest) => self.line.retain(|(other, _)| *other != guest),
            Step::Beat(guest, is_idle) => drop(self.beat(guest, is_idle, now)),
            Step::Complete(guest) => {
                self.known.entry(guest).and_modify(|known| (known.is_completed, known.is_seated) = (true, false));
            }
            Step::Limit(limit) => self.limit = limit,
            Step::Pass(_) => {}
        }
        self.tidy(now);
        is_admitted
    }

    fn seen(&self) -> Seen {
        let seats = self.known.iter().filter(|(_, known)| known.is_seated).map(|(guest, _)| *guest);
        (seats.collect(), self.line.iter().map(|(guest, offered)| (*guest, offered.is_some())).collect())
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, ..ProptestConfig::default() })]

    #[test]
    fn queue_follows_its_rules_under_random_events(limit in 0..4u32, steps in steps()) {
        let mut hall = Hall { limit: Some(limit), ..Hall::default() };
        let mut model = Model { limit: Some(limit), ..Model::default() };
        let mut joined: Vec<Guest> = Vec::new();
        let mut second = 0;
        for (step, silent) in steps {
            let passing = if let Step::Pass(seconds) = step { i64::from(seconds) } else { 0 };
            for _ in 0..passing {
                second += 1;
                let now = DateTime::UNIX_EPOCH + TimeDelta::seconds(second);
                let beating: Vec<Guest> = hall.visits.keys().copied().filter(|guest| !silent.contains(guest)).collect();
                for guest in beating {
                    let is_idle = hall.visits[&guest].idle_since.is_some();
                    hall.take(Step::Beat(guest, is_idle), now);
                    model.take(Step::Beat(guest, is_idle), second);
                }
                // Without an event, leases, offers and places may end at this instant.
                hall.settle(now);
                model.tidy(second);
            }
            let now = DateTime::UNIX_EPOCH + TimeDelta::seconds(second);
            let limit_before = hall.limit;
            let (before, is_admitted) = (hall.seen(), hall.take(step, now));
            prop_assert_eq!(is_admitted, model.take(step, second), "{:?}", step);
            let (seats, queue) = hall.seen();
            prop_assert_eq!(&(seats.clone(), queue.clone()), &model.seen(), "after {:?}", step);

            // The order of the queue is the order of joining.
            joined.retain(|guest| queue.iter().any(|(other, _)| other == guest));
            joined.extend(queue.iter().map(|(guest, _)| *guest).filter(|guest| !joined.contains(guest)).collect::<Vec<_>>());
            prop_assert_eq!(&joined, &queue.iter().map(|(guest, _)| *guest).collect::<Vec<_>>());
            // Offers go to the front of the queue, and no seat is free while somebody waits without one.
            prop_assert!(queue.iter().map(|(_, offered)| *offered).is_sorted_by(|one, next| one >= next), "{:?}", queue);
            let taken = seats.len() + queue.iter().filter(|(_, offered)| *offered).count();
            if let Some(limit) = hall.limit.map(|limit| usize::try_from(limit).unwrap()) {
                prop_assert!(taken >= limit || queue.iter().all(|(_, offered)| *offered), "a seat is free, and {:?} wait", queue);
                // Only a lowered limit is exceeded. Then no seat and no offer is given.
                let before = before.0.len() + before.1.iter().filter(|(_, offered)| *offered).count();
                prop_assert!(taken <= limit || taken <= before || limit_before.is_none(), "{} of {}", taken, limit);
            }
        }
    }
}
