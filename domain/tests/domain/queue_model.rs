//! A naive model of the queue of an activity: it keeps everything in one list, and computes everything again from the beginning
//! at each event. The tests of the domain compare it with the functions of the domain, and the end-to-end tests with what is
//! stored.

use std::collections::{BTreeMap, BTreeSet};

/// The settings, in seconds.
pub const WINDOW: i64 = 20;
pub const OFFER: i64 = 6;
pub const GRACE: i64 = 10;
pub const MAX_IDLE: i64 = 60;

pub type Guest = u8;

#[derive(Debug, Clone, Copy)]
pub enum Step {
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

/// What everybody sees: who has a seat, and who waits in which order, each with or without an offer.
pub type Seen = (BTreeSet<Guest>, Vec<(Guest, bool)>);

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
pub struct Model {
    limit: Option<u32>,
    known: BTreeMap<Guest, Known>,
    /// Who waits, and since when a seat is offered.
    line: Vec<(Guest, Option<i64>)>,
}

impl Model {
    pub fn new(limit: Option<u32>) -> Self {
        Self { limit, ..Self::default() }
    }

    fn is_online(&self, guest: Guest, now: i64) -> bool {
        self.known.get(&guest).is_some_and(|known| !known.is_completed && now - known.beaten <= WINDOW)
    }

    /// Everybody who ever sent a heartbeat, and whether they are idle.
    pub fn guests(&self) -> Vec<(Guest, bool)> {
        self.known.iter().map(|(guest, known)| (*guest, known.idle_from.is_some())).collect()
    }

    fn taken(&self) -> usize {
        self.known.values().filter(|known| known.is_seated).count()
            + self.line.iter().filter(|(_, offered)| offered.is_some()).count()
    }

    fn has_room(&self) -> bool {
        self.limit.is_none_or(|limit| self.taken() < usize::try_from(limit).unwrap_or(usize::MAX))
    }

    /// Applies the rules at the end of a second, or after an event.
    pub fn tidy(&mut self, now: i64) {
        let away: Vec<Guest> = self.known.keys().copied().filter(|guest| !self.is_online(*guest, now)).collect();
        for guest in away {
            self.known.entry(guest).or_default().is_seated = false;
        }
        for known in self.known.values_mut().filter(|known| known.idle_from.is_some_and(|from| now >= from + MAX_IDLE))
        {
            known.is_seated = false;
        }
        let known = &self.known;
        self.line.retain(|(guest, offered)| {
            let guest = &known[guest];
            offered.is_none_or(|offered| now < offered + OFFER)
                && !guest.is_completed
                && now - guest.beaten <= WINDOW + GRACE
        });
        while self.limit.is_some_and(|limit| self.taken() > usize::try_from(limit).unwrap_or(usize::MAX))
            && let Some(newest) = self.line.iter().rposition(|(_, offered)| offered.is_some())
        {
            self.line[newest].1 = None;
        }
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
            self.known.entry(guest).or_default().is_seated = true;
        } else if waits && place.is_none() {
            self.line.push((guest, None));
        }
        may
    }

    pub fn take(&mut self, step: Step, now: i64) -> bool {
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

    pub fn seen(&self) -> Seen {
        let seats = self.known.iter().filter(|(_, known)| known.is_seated).map(|(guest, _)| *guest);
        (seats.collect(), self.line.iter().map(|(guest, offered)| (*guest, offered.is_some())).collect())
    }
}
