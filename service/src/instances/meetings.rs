//! The upcoming meetings of a session: its instances, and the occurrences that have no instance yet.

use std::collections::HashMap;

use chrono::{DateTime, Days, NaiveDate, NaiveTime, Utc};
use domain::{
    ids::SessionId,
    matching::Matcher,
    recurrence::{Calendar, Occurrence, Recurrence, Skips},
    zone::{self, ZoneData},
};
use sea_orm::ConnectionTrait;

use crate::{
    App, Result,
    instances::{
        Instance, InstanceRange, find_meetings,
        list::{find_active_in, find_first_in, find_meetings_in},
    },
    sessions::{Session, Skip, find_skips},
};

/// A meeting that has not begun.
#[derive(Debug, Clone)]
pub struct Meeting {
    /// The local date in the session's zone.
    pub date: NaiveDate,
    /// The scheduled local start.
    pub start: Option<NaiveTime>,
    pub starts_at: Option<DateTime<Utc>>,
    pub ends_at: Option<DateTime<Utc>>,
    /// `None` if the meeting is an occurrence whose instance does not exist yet.
    pub instance: Option<Instance>,
}

impl From<Instance> for Meeting {
    fn from(instance: Instance) -> Self {
        let Instance { date, start_time, starts_at, ends_at, .. } = instance;
        Self { date, start: start_time, starts_at, ends_at, instance: Some(instance) }
    }
}

impl From<Occurrence> for Meeting {
    fn from(occurrence: Occurrence) -> Self {
        let (starts_at, ends_at) = (occurrence.meeting.starts_at(), occurrence.meeting.ends_at());
        let Occurrence { date, start, .. } = occurrence;
        Self { date, start: Some(start), starts_at: Some(starts_at), ends_at: Some(ends_at), instance: None }
    }
}

/// The meetings of a session at one instant.
#[derive(Debug, Clone)]
pub struct Meetings {
    pub now: DateTime<Utc>,
    /// Those that are on now, ordered by start.
    pub active: Vec<Instance>,
    /// The next ones, ordered by start. Cancelled meetings are included, so that people see the cancellation.
    pub next: Vec<Meeting>,
}

/// The meetings of a session that are on now, and at most `count` upcoming ones. They are read from one snapshot, so that a meeting
/// that opens meanwhile is in one of the two lists.
pub async fn find_active_and_next(app: &App, session: &Session, skips: Skips, count: usize) -> Result<Meetings> {
    let now = app.now();
    let db = app.db.snapshot().await?;
    let active = find_active_in(&db, &[session.id]).await?;
    let next = find_next_in(&db, app.zone_data(), session, skips, (now, count)).await?;
    Ok(Meetings { now, active, next })
}

/// At most `count` upcoming meetings of a session.
pub async fn find_next(app: &App, session: &Session, skips: Skips, count: usize) -> Result<Vec<Meeting>> {
    find_next_in(app.db.pool(), app.zone_data(), session, skips, (app.now(), count)).await
}

async fn find_next_in<C: ConnectionTrait>(
    db: &C,
    data: ZoneData,
    session: &Session,
    skips: Skips,
    (now, count): (DateTime<Utc>, usize),
) -> Result<Vec<Meeting>> {
    let Ok(zone) = session.zone(data) else { return Ok(Vec::new()) };
    let today = zone::local_date(zone, now);
    // A meeting that began yesterday may still be running.
    let from = today.checked_sub_days(Days::new(1)).unwrap_or(today);
    let is_to_come = |row: &Instance| {
        let is_over = row.ends_at.map_or(row.date < today, |ends_at| ends_at <= now);
        !row.is_active && !is_over
    };
    let range = InstanceRange { session: session.id, from: Some(from), to: None };
    let made = find_first_in(db, range, count + 10).await?.into_iter().filter(is_to_come);
    let mut meetings: Vec<Meeting> = made.map(Meeting::from).collect();
    if let Ok(Some(recurrence)) = session.recurrence() {
        let calendar = session.calendar(zone, skips);
        let unmade = find_unmade(db, (session.id, &recurrence, &calendar), from, (now, count)).await?;
        meetings.extend(unmade.into_iter().map(Meeting::from));
    }
    meetings.sort_by_key(|meeting| (meeting.date, meeting.starts_at));
    meetings.truncate(count);
    Ok(meetings)
}

/// At most `count` upcoming occurrences for which no instance stands.
async fn find_unmade<C: ConnectionTrait>(
    db: &C,
    (session, recurrence, calendar): (SessionId, &Recurrence, &Calendar),
    from: NaiveDate,
    (now, count): (DateTime<Utc>, usize),
) -> Result<Vec<Occurrence>> {
    let mut to_come = OccurrenceReader::new(recurrence, calendar, from);
    let mut unmade = Vec::new();
    while let Some((from, to)) = to_come.read(count) {
        let made = find_meetings_in(db, &[session], from, to).await?;
        let matched = to_come.matched(&made);
        let is_unmade = |(occurrence, instance): (Occurrence, Option<Instance>)| {
            (instance.is_none() && now < occurrence.meeting.starts_at()).then_some(occurrence)
        };
        unmade.extend(matched.into_iter().filter_map(is_unmade));
        if unmade.len() >= count {
            break;
        }
    }
    Ok(unmade)
}

/// The meetings of these sessions on the local dates `from` to `to`, both included, ordered by start. Cancelled meetings are
/// included.
pub async fn find_between(
    app: &App,
    sessions: &[Session],
    from: NaiveDate,
    to: NaiveDate,
) -> Result<Vec<(SessionId, Meeting)>> {
    let ids: Vec<SessionId> = sessions.iter().map(|session| session.id).collect();
    let mut instances: HashMap<SessionId, Vec<Instance>> = HashMap::new();
    for instance in find_meetings(app, &ids, from, to).await? {
        instances.entry(instance.session_id).or_default().push(instance);
    }
    let mut skips: HashMap<SessionId, Vec<Skip>> = HashMap::new();
    for skip in find_skips(app, &ids).await? {
        skips.entry(skip.session_id).or_default().push(skip);
    }
    let mut found = Vec::new();
    for session in sessions {
        let id = session.id;
        let theirs = instances.remove(&id).unwrap_or_default();
        if let (Ok(zone), Ok(Some(recurrence))) = (session.zone(app.zone_data()), session.recurrence()) {
            let skips = Skip::all_dates(&skips.remove(&id).unwrap_or_default());
            let calendar = session.calendar(zone, skips);
            let matcher = Matcher::new(theirs.iter().map(Instance::existing));
            let occurrences = recurrence.occurrences(&calendar, from, to);
            let matched = matcher.with_instances(&recurrence, &calendar, occurrences);
            let unmade = matched.into_iter().filter(|(_, instance)| instance.is_none());
            found.extend(unmade.map(|(occurrence, _)| (id, Meeting::from(occurrence))));
        }
        let is_there = |row: &Instance| row.deleted_at.is_none() && (from..=to).contains(&row.date);
        found.extend(theirs.into_iter().filter(is_there).map(|row| (id, Meeting::from(row))));
    }
    found.sort_by_key(|(_, meeting)| (meeting.starts_at.is_none(), meeting.starts_at, meeting.date));
    Ok(found)
}

/// The occurrences of a session from a date on, a few at a time, to be matched with the instances that stand for them.
pub struct OccurrenceReader<'a> {
    recurrence: &'a Recurrence,
    calendar: &'a Calendar,
    occurrences: Box<dyn Iterator<Item = Occurrence> + Send>,
    read: Vec<Occurrence>,
    /// How many more reads are allowed. This limits the work if many instances were deleted.
    left: u32,
}

impl<'a> OccurrenceReader<'a> {
    pub fn new(recurrence: &'a Recurrence, calendar: &'a Calendar, from: NaiveDate) -> Self {
        let occurrences = Box::new(recurrence.occurrences(calendar, from, NaiveDate::MAX));
        Self { recurrence, calendar, occurrences, read: Vec::new(), left: 20 }
    }

    /// Reads the next `count` occurrences. Returns their first and last date, and `None` if there are no more.
    pub fn read(&mut self, count: usize) -> Option<(NaiveDate, NaiveDate)> {
        self.left = self.left.checked_sub(1)?;
        self.read = self.occurrences.by_ref().take(count).collect();
        let dates = || self.read.iter().map(|occurrence| occurrence.date);
        dates().min().zip(dates().max())
    }

    /// The occurrences of the last [`read`](Self::read), each with the instance that stands for it. `instances` must be
    /// those of the dates that `read` returned: see [`find_meetings`].
    pub fn matched(&self, instances: &[Instance]) -> Vec<(Occurrence, Option<Instance>)> {
        let matcher = Matcher::new(instances.iter().map(Instance::existing));
        let matched = matcher.with_instances(self.recurrence, self.calendar, self.read.iter().copied());
        matched.into_iter().map(|(it, index)| (it, index.and_then(|index| instances.get(index)).cloned())).collect()
    }
}
