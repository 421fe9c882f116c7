//! A world to test in, and its rows.

use std::sync::Arc;

use anyhow::{Context, Result, anyhow};
use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc};
use domain::{
    check_in::Attendance,
    clock::ManualClock,
    ids::{CheckInId, PersonId, SessionId, SessionInstanceId},
    news::{Change, ChangeKind, Event, Position},
    placement::{PlacementRule, is_arrival},
    status::Mode,
    window::Instants,
    zone::ZoneData,
};
use entity::{check_in, person, session, session_instance};
use insession_tests::{TestDatabase, database::execute};
use sea_orm::{ActiveModelTrait, ActiveValue::NotSet, DatabaseConnection, EntityTrait, IntoActiveModel, QueryOrder};
use service::{
    App,
    app::NoJobQueue,
    db::Db,
    instances::Instance,
    log::{self, wake::Wake},
    sessions::Session,
    sweep::{Report, Request, Scope, sweep},
};

/// A database with the service on it.
pub struct World {
    pub app: App,
    pub clock: Arc<ManualClock>,
    database: TestDatabase,
}

/// Converts errors of the service into errors of a test.
pub trait Done<T> {
    fn done(self) -> Result<T>;
}

impl<T> Done<T> for service::Result<T> {
    fn done(self) -> Result<T> {
        self.map_err(|error| anyhow!("{error:?}"))
    }
}

/// `2025-06-11 19:00` or `2025-06-11 19:00:30`, in UTC.
pub fn utc(text: &str) -> DateTime<Utc> {
    let seconds = if text.len() == 16 { ":00" } else { "" };
    format!("{text}{seconds}Z").parse().expect("an instant as above")
}

pub fn date(text: &str) -> NaiveDate {
    text.parse().expect("a date")
}

/// `19:00` or `19:00:30`.
pub fn time(text: &str) -> NaiveTime {
    text.parse().expect("a time")
}

impl World {
    /// An empty world at an instant.
    pub async fn new(database: TestDatabase, now: &str) -> Result<Self> {
        let clock = Arc::new(ManualClock::at(utc(now)));
        let app = Self::app_on(&database, &clock).await?;
        app.db.migrate().await.done()?;
        Ok(Self { app, clock, database })
    }

    async fn app_on(database: &TestDatabase, clock: &Arc<ManualClock>) -> Result<App> {
        let db = Db::connect(&database.url, 16).await.done()?;
        let clock = Arc::clone(clock);
        Ok(App::new(db, clock, Wake::local(), Arc::new(NoJobQueue), PlacementRule::default()))
    }

    /// Another instance of the service, as in another process. It has its own connections and the same clock.
    pub async fn another_app(&self) -> Result<App> {
        Self::app_on(&self.database, &self.clock).await
    }

    /// A connection of the test's own.
    pub async fn connect(&self) -> Result<DatabaseConnection> {
        self.database.connect_up_to(1).await
    }

    /// The service with another placement rule.
    pub fn placing_by(&self, rule: PlacementRule) -> App {
        let mut app = self.app.clone();
        app.placement_rule = rule;
        app
    }

    pub fn db(&self) -> &DatabaseConnection {
        self.app.db.pool()
    }

    pub fn now(&self) -> DateTime<Utc> {
        self.app.now()
    }

    pub fn at(&self, now: &str) {
        self.clock.set(utc(now));
    }

    pub fn advance_seconds(&self, seconds: i64) {
        self.clock.advance(TimeDelta::seconds(seconds));
    }

    /// Runs SQL statements.
    pub async fn raw(&self, sql: &str) -> Result<()> {
        execute(self.db(), sql).await
    }

    /// Empties every table except the settings of the installation.
    pub async fn clear(&self) -> Result<()> {
        self.raw(
            "DELETE FROM count_change; DELETE FROM change_log; DELETE FROM change_batch; DELETE FROM sweep_run;
             DELETE FROM presence_hour; DELETE FROM presence; DELETE FROM activity;
             DELETE FROM check_in; DELETE FROM session_organizer; DELETE FROM person; DELETE FROM session_instance;
             DELETE FROM session",
        )
        .await
    }

    pub async fn sweep(&self, scope: Scope, mode: Mode) -> Result<Report> {
        sweep(&self.app, Request { scope, mode, at: None, is_dry_run: false }).await.done()
    }

    /// Sweeps as a timer does.
    pub async fn sweep_exactly(&self) -> Result<Report> {
        self.sweep(Scope::Due, Mode::Exact).await
    }

    pub async fn session(&self, id: SessionId) -> Result<session::Model> {
        session::Entity::find_by_id(id).one(self.db()).await?.with_context(|| format!("no {id}"))
    }

    pub async fn instance(&self, id: SessionInstanceId) -> Result<session_instance::Model> {
        session_instance::Entity::find_by_id(id).one(self.db()).await?.with_context(|| format!("no {id}"))
    }

    pub async fn is_active(&self, id: SessionInstanceId) -> Result<bool> {
        Ok(self.instance(id).await?.is_active)
    }

    pub async fn place(&self, id: PersonId) -> Result<Option<SessionInstanceId>> {
        let row = person::Entity::find_by_id(id).one(self.db()).await?.with_context(|| format!("no {id}"))?;
        Ok(row.active_session_instance_id)
    }

    /// The instances of a session that are not deleted, by date and start.
    pub async fn instances_of(&self, session: SessionId) -> Result<Vec<session_instance::Model>> {
        let mut rows = self.all_instances().await?;
        rows.retain(|row| row.session_id == session && row.deleted_at.is_none());
        rows.sort_by_key(|row| (row.date, row.start_time, row.id));
        Ok(rows)
    }

    pub async fn all_instances(&self) -> Result<Vec<session_instance::Model>> {
        Ok(session_instance::Entity::find().order_by_asc(session_instance::Column::Id).all(self.db()).await?)
    }

    pub async fn insert_session(&self, row: session::Model) -> Result<session::Model> {
        let row = session::ActiveModel { id: NotSet, ..row.into_active_model().reset_all() };
        Ok(row.insert(self.db()).await?)
    }

    /// Inserts a raw instance. Only its window is computed, from its local times.
    pub async fn insert_instance(
        &self,
        session: &session::Model,
        date: NaiveDate,
        times: Option<(NaiveTime, NaiveTime)>,
        change: impl FnOnce(&mut session_instance::Model),
    ) -> Result<session_instance::Model> {
        let mut row = blank_instance(session.id, date, self.now());
        (row.start_time, row.end_time) = times.unzip();
        put_instants(&mut row, session);
        change(&mut row);
        let row = session_instance::ActiveModel { id: NotSet, ..row.into_active_model().reset_all() };
        Ok(row.insert(self.db()).await?)
    }

    /// Inserts a raw person.
    pub async fn insert_person(&self, name: &str) -> Result<PersonId> {
        let row = person::Model {
            id: PersonId(0),
            display_name: name.to_owned(),
            name_key: name.to_lowercase(),
            city: None,
            country: None,
            is_deactivated: false,
            hides_place: false,
            active_session_instance_id: None,
            created_at: self.now(),
            external_id: None,
            tokens_not_before: None,
            standing_revision: None,
            erased_at: None,
            merged_into_id: None,
            is_guest: false,
        };
        let row = person::ActiveModel { id: NotSet, ..row.into_active_model().reset_all() };
        Ok(row.insert(self.db()).await?.id)
    }

    /// Inserts a raw check-in. It is an arrival if the current facts make it one at that instant.
    pub async fn insert_check_in(
        &self,
        person: PersonId,
        instance: SessionInstanceId,
        attendance: Attendance,
        at: DateTime<Utc>,
    ) -> Result<()> {
        let row = self.instance(instance).await?;
        let session = Session::from(self.session(row.session_id).await?);
        let is_arrival = attendance == Attendance::Yes && is_arrival(&Instance::from(row).facts(&session), at);
        let old = check_in::Entity::find().all(self.db()).await?;
        let old = old.into_iter().find(|it| it.session_instance_id == instance && it.person_id == person);
        if let Some(old) = &old {
            check_in::Entity::delete_by_id(old.id).exec(self.db()).await?;
        }
        let row = check_in::Model {
            id: CheckInId(0),
            session_instance_id: instance,
            person_id: person,
            attendance,
            checked_in_at: at,
            arrived_at: is_arrival.then_some(at),
        };
        let row = check_in::ActiveModel { id: NotSet, ..row.into_active_model().reset_all() };
        row.insert(self.db()).await?;
        Ok(())
    }

    /// Publishes all pending changes and reads the whole log.
    pub async fn log(&self) -> Result<Vec<Change>> {
        log::publish(&self.app).await.done()?;
        log::read_after(&self.app.db, Position(0), 1_000_000).await.done()
    }

    /// Publishes all pending changes and reads those after a position, each as by [`in_short`].
    pub async fn news_after(&self, position: Position) -> Result<(Vec<String>, Position)> {
        let log = self.log().await?;
        let head = log.last().map_or(position, |change| change.position);
        Ok((log.iter().filter(|change| position < change.position).map(in_short).collect(), head))
    }

    pub async fn head(&self) -> Result<Position> {
        Ok(self.log().await?.last().map_or(Position(0), |change| change.position))
    }
}

/// A short text for a change, such as `ACTIVATED 3` or `PERSON_MOVED 1: 3 to -`. Other events are written in full.
pub fn in_short(change: &Change) -> String {
    let id = |id: Option<SessionInstanceId>| id.map_or("-".to_owned(), |id| id.0.to_string());
    let Event::Session(change) = &change.event else { return format!("{:?}", change.event) };
    let kind = change.kind.as_str();
    match (change.kind, change.person) {
        (ChangeKind::PersonMoved, Some(person)) => {
            format!("{kind} {}: {} to {}", person.0, id(change.previous_instance), id(change.instance))
        }
        _ => format!("{kind} {}", id(change.instance)),
    }
}

/// A session in a zone, with buffers of an hour, created at the beginning of 2025.
pub fn blank_session(name: &str, time_zone: &str) -> session::Model {
    session::Model {
        id: SessionId(0),
        name: name.to_owned(),
        name_key: name.to_lowercase(),
        path: name.to_lowercase().replace(' ', "-"),
        city: None,
        state: None,
        country: None,
        location: None,
        latitude: None,
        longitude: None,
        time_zone: time_zone.to_owned(),
        recurrence: None,
        active_buffer_minutes_before: 60,
        active_buffer_minutes_after: 60,
        auto_create_instances: false,
        auto_create_hours_ahead: 24,
        initiation_date: None,
        termination_date: None,
        problem: None,
        next_create_at: None,
        needs_recompute: false,
        revision: 1,
        changed_at: None,
        created_at: utc("2025-01-01 00:00"),
        deleted_at: None,
        check_in_codes: domain::door::CheckInCodes::None,
        requires_code: false,
        description: None,
        website: None,
        picture_url: None,
    }
}

/// Computes the instants of a row from its local times. Leaves them as they are if the zone of the session is not known.
pub fn put_instants(row: &mut session_instance::Model, session: &session::Model) {
    let session = Session::from(session.clone());
    let Ok(zone) = session.zone(ZoneData::compiled()) else { return };
    let instants = Instants::compute(zone, session.buffers(), row.date, row.start_time, row.end_time);
    row.starts_at = instants.starts_at;
    row.ends_at = instants.ends_at;
    row.opens_at = instants.opens_at;
    row.closes_at = instants.closes_at;
    row.listed_at = instants.listed_at;
}

fn blank_instance(session: SessionId, date: NaiveDate, now: DateTime<Utc>) -> session_instance::Model {
    session_instance::Model {
        id: SessionInstanceId(0),
        session_id: session,
        date,
        start_time: None,
        end_time: None,
        location_override: None,
        starts_at: None,
        ends_at: None,
        opens_at: None,
        closes_at: None,
        listed_at: now,
        due_at: None,
        is_active: false,
        is_cancelled: false,
        override_active: None,
        override_until: None,
        occurrence_date: None,
        occurrence_start: None,
        has_own_times: false,
        is_by_hand: false,
        is_cancelled_by_recurrence: false,
        is_removed_by_recurrence: false,
        deleted_at: None,
        created_at: now,
        erased_count: 0,
    }
}

/// Pseudo-random numbers from a seed (SplitMix64).
#[derive(Debug, Clone)]
pub struct Dice(pub u64);

impl Dice {
    pub fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// 0 to `count` - 1.
    pub fn below(&mut self, count: usize) -> usize {
        let count = u64::try_from(count.max(1)).unwrap_or(u64::MAX);
        usize::try_from(self.roll() % count).unwrap_or_default()
    }

    pub fn pick<'a, T>(&mut self, list: &'a [T]) -> &'a T {
        &list[self.below(list.len())]
    }

    /// `from` to `to`, both included.
    pub fn between(&mut self, from: i32, to: i32) -> i32 {
        let span = u64::from(to.abs_diff(from)) + 1;
        from + i32::try_from(self.roll() % span).unwrap_or_default()
    }

    /// True with a probability of one in `count`.
    pub fn one_in(&mut self, count: usize) -> bool {
        self.below(count) == 0
    }
}
