//! Random events for the queue of an activity, in two implementations that must agree.
//!
//! The *hall* does what a program does: it uses the functions of the domain, and looks at what is due only when
//! something happens. The [`Model`] computes everything again from the beginning at each event.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use insession_domain::ids::ActivityId;
use insession_domain::presence::{
    Due, OfferChange, PlaceFacts, PlaceState, PresenceRules, QueueRules, Requester, SeatCounts, Takes, VisitFacts,
    admit, offer_change,
};
use proptest::prelude::*;

use crate::queue_model::{self, Guest, Model, Seen, Step};

const HERE: ActivityId = ActivityId(1);
const MAX_IDLE: TimeDelta = TimeDelta::seconds(queue_model::MAX_IDLE);

const RULES: PresenceRules =
    PresenceRules { online_window: TimeDelta::seconds(queue_model::WINDOW), abandon_after: TimeDelta::hours(3) };
const QUEUE: QueueRules =
    QueueRules { offer: TimeDelta::seconds(queue_model::OFFER), grace: TimeDelta::seconds(queue_model::GRACE) };

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

#[derive(Default)]
struct Hall {
    limit: Option<u32>,
    visits: BTreeMap<Guest, VisitFacts>,
    queue: Vec<(Guest, PlaceFacts)>,
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
        let change = offer_change(self.limit, self.seats(None), self.offers(None));
        let places = self.queue.iter_mut().map(|(_, place)| place);
        match change {
            OfferChange::Make(count) => {
                let waiting = places.filter(|place| place.offer_ends_at.is_none());
                waiting.take(usize::try_from(count).unwrap()).for_each(|it| it.offer_ends_at = Some(now + QUEUE.offer));
            }
            OfferChange::End(count) => {
                let offered = places.rev().filter(|place| place.offer_ends_at.is_some());
                offered.take(usize::try_from(count).unwrap()).for_each(|it| it.offer_ends_at = None);
            }
        }
    }

    fn enter(&mut self, guest: Guest, waits: bool, now: DateTime<Utc>) -> bool {
        let visit = self.visits.get(&guest).copied().unwrap_or(VisitFacts::begun(now));
        let Ok(seen) = visit.beat(&RULES, now, Some(false)) else { return false };
        self.visits.insert(guest, seen);
        self.settle(now);
        let room = SeatCounts {
            limit: self.limit,
            seats: self.seats(Some(guest)),
            offers: self.offers(Some(guest)),
            is_waited_for: self.queue.iter().any(|(other, place)| *other != guest && place.offer_ends_at.is_none()),
        };
        let own = self.queue.iter().position(|(other, _)| *other == guest);
        let claim = match own.map(|own| self.queue[own].1.state(&RULES, QUEUE, now)) {
            _ if seen.seat.is_some() => Requester::Seat,
            Some(PlaceState::Offered) => Requester::Offer,
            Some(_) => Requester::Waiting(u32::try_from(own.unwrap() + 1).unwrap()),
            None => Requester::Newcomer,
        };
        let verdict = admit(room, claim, Takes::ANY);
        if verdict.is_admitted {
            self.queue.retain(|(other, _)| *other != guest);
            self.visits.insert(guest, VisitFacts { seat: Some(HERE), ..seen });
        } else if waits && own.is_none() {
            self.queue.push((guest, PlaceFacts { last_seen: Some(now), offer_ends_at: None }));
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
                let visit = self.visits.get(&guest).copied().unwrap_or(VisitFacts::begun(now));
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

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, ..ProptestConfig::default() })]

    #[test]
    fn queue_follows_its_rules_under_random_events(limit in 0..4u32, steps in steps()) {
        let mut hall = Hall { limit: Some(limit), ..Hall::default() };
        let mut model = Model::new(Some(limit));
        let mut joined: Vec<Guest> = Vec::new();
        let mut second = 0;
        for (step, silent) in steps {
            let passing = if let Step::Pass(seconds) = step { i64::from(seconds) } else { 0 };
            for _ in 0..passing {
                second += 1;
                let now = DateTime::UNIX_EPOCH + TimeDelta::seconds(second);
                for (guest, is_idle) in model.guests().into_iter().filter(|(guest, _)| !silent.contains(guest)) {
                    hall.take(Step::Beat(guest, is_idle), now);
                    model.take(Step::Beat(guest, is_idle), second);
                }
                // Without an event, leases, offers and places may end at this instant.
                hall.settle(now);
                model.tidy(second);
            }
            let now = DateTime::UNIX_EPOCH + TimeDelta::seconds(second);
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
                // Only those exceed a lowered limit who had a seat before. Then there is no offer, and a step gives no seat.
                let fits = taken <= limit || (taken == seats.len() && seats.is_subset(&before.0));
                prop_assert!(fits, "{} of {}: {:?} after {:?}", taken, limit, seats, before);
            }
        }
    }
}
