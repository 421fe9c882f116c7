//! What happens while the demo runs. Each minute one pop-up session opens and another closes, people move on, guests come and go, and
//! visits of the website take and give back the seats of an activity.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use domain::{
    access::Viewer,
    check_in::Attendance,
    ids::{PersonId, PresenceId, SessionId, SessionInstanceId},
    zone::{Tz, local_time},
};
use service::{
    App, check_ins,
    instances::{self, NewInstance},
    presence::{
        Claimant,
        batcher::HeartbeatBatcher,
        beats::Beat,
        seats::{self, IfFull},
    },
};

use super::sample::{Content, INTERVIEW};

/// The interval between two steps. It is shorter than the time after which a visit without heartbeats is offline.
const STEP: Duration = Duration::from_secs(15);

/// A pop-up meeting lasts this long. One begins each minute, so two are on at any time.
const POP_UP_MINUTES: i64 = 2;

pub struct Motion {
    batcher: HeartbeatBatcher,
    wanderers: [PersonId; 2],
    guests: [PersonId; 4],
    /// The pop-up meeting that opened last, and the one that opens next.
    meetings: [Option<SessionInstanceId>; 2],
    pop_ups: [SessionId; 3],
    zone: Tz,
    /// The visits of the guests.
    visits: [PresenceId; 4],
    /// The last minute, since 1970, for which a pop-up meeting was added.
    minute: i64,
    steps: usize,
}

impl Motion {
    pub fn new(app: &App, content: &Content) -> anyhow::Result<Self> {
        let mut visits = [PresenceId::from(0); 4];
        for visit in &mut visits {
            let mut random = [0; 16];
            getrandom::fill(&mut random).map_err(|error| anyhow::anyhow!("cannot generate an id: {error}"))?;
            *visit = PresenceId::from(u128::from_ne_bytes(random));
        }
        Ok(Self {
            batcher: HeartbeatBatcher::start(app),
            wanderers: content.wanderers,
            guests: content.guests,
            meetings: [None; 2],
            pop_ups: content.pop_ups,
            zone: content.pop_up_zone,
            visits,
            minute: app.now().timestamp().div_euclid(60) - POP_UP_MINUTES,
            steps: 0,
        })
    }

    /// Adds the pop-up meetings that are on now, and the next one. Guests are there already.
    pub async fn start(&mut self, app: &App) -> anyhow::Result<()> {
        for _ in 0..4 {
            self.step(app).await?;
        }
        Ok(())
    }

    /// Makes a step every 15 seconds, until the future is dropped. A step that fails is logged.
    pub async fn keep_moving(&mut self, app: &App) {
        loop {
            tokio::time::sleep(STEP).await;
            if let Err(error) = self.step(app).await {
                tracing::warn!("a step of the demo failed: {error:#}");
            }
        }
    }

    async fn step(&mut self, app: &App) -> anyhow::Result<()> {
        // Meetings are added a minute ahead, so that each one opens by its timer.
        let next = app.now().timestamp().div_euclid(60) + 1;
        while self.minute < next {
            self.minute = (self.minute + 1).max(next - POP_UP_MINUTES);
            self.add_pop_up(app, self.minute).await?;
        }
        self.steps += 1;
        self.move_guest(app).await?;
        self.visit(app).await
    }

    async fn add_pop_up(&mut self, app: &App, minute: i64) -> anyhow::Result<()> {
        let Some(opens) = DateTime::<Utc>::from_timestamp(minute * 60, 0) else { return Ok(()) };
        let zone = app.zone_data().zone(self.zone.name())?;
        let [start, end] = [opens, opens + TimeDelta::minutes(POP_UP_MINUTES)].map(|at| local_time(zone, at));
        let turn = usize::try_from(minute.rem_euclid(3)).unwrap_or_default();
        let new = NewInstance {
            session: self.pop_ups[turn],
            date: start.date(),
            start_time: Some(start.time()),
            end_time: Some(end.time()),
            location_override: None,
            allows_duplicate: false,
        };
        let instance = instances::insert_instance(app, Viewer::ADMIN, new).await?.id;
        self.meetings = [self.meetings[1], Some(instance)];
        for person in self.wanderers {
            check_ins::check_in(app, Viewer::person(person), instance, Attendance::Yes, None).await?;
        }
        Ok(())
    }

    /// One guest comes to the meeting that opened last, or leaves it.
    async fn move_guest(&self, app: &App) -> anyhow::Result<()> {
        let Some(meeting) = self.meetings[0] else { return Ok(()) };
        let turn = self.steps % self.guests.len();
        let comes = (self.steps / self.guests.len()).is_multiple_of(2);
        let guest = self.guests[turn];
        let answer = if comes { Attendance::Yes } else { Attendance::No };
        check_ins::check_in(app, Viewer::person(guest), meeting, answer, None).await?;
        Ok(())
    }

    /// Sends a heartbeat of each visit except one, which is offline for a while. Then one visit takes a seat, or gives it back.
    async fn visit(&self, app: &App) -> anyhow::Result<()> {
        let away = (self.steps / 8) % (self.visits.len() + 1);
        for (number, (visit, guest)) in self.visits.into_iter().zip(self.guests).enumerate() {
            if number == away {
                continue;
            }
            let viewer = Viewer::person(guest);
            let claimant = Claimant::new(app, viewer, None)?;
            let page = Some(Some("/interview".to_owned()));
            let beat = Beat {
                visit,
                claimant,
                language_code: Some(Some("en".to_owned())),
                current_page: page,
                is_idle: None,
                at: app.now(),
            };
            self.batcher.beat(beat).await?;
            if number == self.steps % self.visits.len() {
                if (self.steps / self.visits.len()) % 3 < 2 {
                    seats::enter_activity(app, viewer, None, visit, INTERVIEW, IfFull::Refuse).await?;
                } else {
                    seats::leave_activity(app, viewer, None, visit, None).await?;
                }
            }
        }
        Ok(())
    }
}
