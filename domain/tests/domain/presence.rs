//! The cases of presence.json, with visits in memory and no database.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use insession_domain::{
    ids::ActivityId,
    presence::{PresenceRules, Requester, SeatCounts, Takes, VisitFacts, VisitStatus, admit},
};
use serde_json::{Value, json};

use crate::vectors::{cases, text};

const INTERVIEW: ActivityId = ActivityId(1);

struct World {
    rules: PresenceRules,
    limit: u32,
    visits: BTreeMap<String, VisitFacts>,
}

impl World {
    fn new(config: &Value) -> Self {
        let online_window = TimeDelta::seconds(config["online_window_seconds"].as_i64().unwrap());
        let limit = u32::try_from(config["max_concurrent"].as_u64().unwrap()).unwrap();
        Self { rules: PresenceRules { online_window, ..PresenceRules::default() }, limit, visits: BTreeMap::new() }
    }

    fn seats(&self, except: &str, now: DateTime<Utc>) -> u32 {
        let others = self.visits.iter().filter(|(name, _)| *name != except);
        u32::try_from(others.filter(|(_, visit)| visit.at(&self.rules, now).seat.is_some()).count()).unwrap()
    }

    fn room(&self, except: &str, now: DateTime<Utc>) -> SeatCounts {
        SeatCounts { limit: Some(self.limit), seats: self.seats(except, now), ..SeatCounts::default() }
    }

    fn beat(&mut self, name: &str, page: Option<&str>, now: DateTime<Utc>) {
        let visit = self.visits.get(name).copied().unwrap_or(VisitFacts::begun(now));
        let Ok(mut seen) = visit.beat(&self.rules, now, None) else { return };
        if matches!(page, Some("learning" | "study" | "interview")) {
            let verdict = admit(
                self.room(name, now),
                if seen.seat.is_some() { Requester::Seat } else { Requester::Newcomer },
                Takes::ANY,
            );
            seen.seat = verdict.is_admitted.then_some(INTERVIEW);
        } else if page.is_some() {
            seen.seat = None;
        }
        self.visits.insert(name.to_owned(), seen);
    }

    fn state(&self, now: DateTime<Utc>) -> Value {
        let online = self.visits.values().filter(|visit| visit.is_online(&self.rules, now)).count();
        let seats = self.seats("", now);
        let status = |visit: &VisitFacts| match visit.status {
            VisitStatus::Active => "active",
            VisitStatus::Completed => "completed",
            VisitStatus::Abandoned => "abandoned",
        };
        let statuses: BTreeMap<_, _> = self.visits.iter().map(|(name, visit)| (name, status(visit))).collect();
        let may_start = self.room("", now).is_free();
        json!({ "online": online, "in_interview": seats, "may_start": may_start, "status": statuses })
    }

    /// Marks abandoned visits, and returns how many were marked.
    fn clean_up(&mut self, now: DateTime<Utc>) -> Value {
        let mut marked = 0;
        for visit in self.visits.values_mut() {
            let after = visit.at(&self.rules, now);
            marked += usize::from(after.status != visit.status);
            *visit = after;
        }
        json!({ "cleanup_marked": marked })
    }
}

#[test]
fn vectors_of_presence() {
    for case in cases("presence.json", "presence") {
        let mut world = World::new(&case["config"]);
        let mut seen = Vec::new();
        for event in case["events"].as_array().unwrap() {
            let now: DateTime<Utc> = text(&event["t"]).parse().unwrap();
            let name = event["s"].as_str().unwrap_or_default();
            let mut state = match text(&event["op"]) {
                "start" | "beat" => {
                    world.beat(name, event["page"].as_str(), now);
                    continue;
                }
                "complete" => {
                    let visit = world.visits.get_mut(name).unwrap();
                    *visit = visit.complete();
                    continue;
                }
                "check" => world.state(now),
                "cleanup" => world.clean_up(now),
                other => panic!("unknown operation: {other}"),
            };
            state["t"] = event["t"].clone();
            seen.push(state);
        }
        assert_eq!(Value::from(seen), case["expect"], "{}", case["id"]);
    }
}

#[test]
fn successive_requests_are_admitted_up_to_the_limit() {
    for case in cases("presence.json", "concurrency") {
        let number = |key: &str| u32::try_from(case[key].as_u64().unwrap()).unwrap();
        let (limit, mut taken) = (number("max_concurrent"), number("already_in_interview"));
        let mut admitted = 0;
        for _ in 0..number("simultaneous_requests") {
            let verdict = admit(
                SeatCounts { limit: Some(limit), seats: taken, ..SeatCounts::default() },
                Requester::Newcomer,
                Takes::ANY,
            );
            admitted += u32::from(verdict.is_admitted);
            taken = verdict.occupancy;
        }
        assert_eq!(admitted, number("expect_admitted"), "{case}");
    }
}
