//! The upcoming meetings of one session or of many: the instances, and the occurrences that have no instance yet.

use std::collections::HashMap;

use chrono::{DateTime, Days, NaiveDate, NaiveTime, TimeDelta, Utc};
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
        list::{find_active_in, find_first_in, find_meetings_in, find_opening, find_without_opening},
        list_instances,
    },
    lists::{Page, RowCursor, Slice},
    sessions::{Session, SessionFilter, Skip, find_skips, find_with_recurrence},
};

/// A meeting, with or without an instance.
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

impl Meeting {
    pub fn is_active(&self) -> bool {
        self.instance.as_ref().is_some_and(|row| row.is_active)
    }

    pub fn is_cancelled(&self) -> bool {
        self.instance.as_ref().is_some_and(|row| row.is_cancelled)
    }

    /// Whether its time is over: that of an instance at its end, and that of an occurrence, to which nobody has come, at its start.
    /// `today` is the date in the zone of its session.
    pub fn is_over(&self, today: NaiveDate, now: DateTime<Utc>) -> bool {
        let last = if self.instance.is_some() { self.ends_at } else { self.starts_at };
        !self.is_active() && last.map_or(self.date < today, |last| last <= now)
    }

    fn is_to_come(&self, today: NaiveDate, now: DateTime<Utc>) -> bool {
        !self.is_active() && !self.is_over(today, now)
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
    let range = InstanceRange { session: session.id, from: Some(from), to: None };
    let made = find_first_in(db, range, count + 10).await?.into_iter().map(Meeting::from);
    let mut meetings: Vec<Meeting> = made.filter(|meeting| meeting.is_to_come(today, now)).collect();
    if let Ok(Some(recurrence)) = session.recurrence() {
        let calendar = session.calendar(zone, skips);
        meetings.extend(find_unmade(db, (session.id, &recurrence, &calendar), from, (today, now, count)).await?);
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
    (today, now, count): (NaiveDate, DateTime<Utc>, usize),
) -> Result<Vec<Meeting>> {
    let mut to_come = OccurrenceReader::new(recurrence, calendar, from);
    let mut unmade = Vec::new();
    while let Some((from, to)) = to_come.read(count) {
        let made = find_meetings_in(db, &[session], from, to).await?;
        let matched = to_come.matched(&made);
        let without_instance = matched.into_iter().filter(|(_, instance)| instance.is_none());
        let meetings = without_instance.map(|(occurrence, _)| Meeting::from(occurrence));
        unmade.extend(meetings.filter(|meeting| meeting.is_to_come(today, now)));
        if unmade.len() >= count {
            break;
        }
    }
    Ok(unmade)
}

/// The meetings of a session that are over and have an instance, newest first: those before a cursor, at most `count`. Also the cursor
/// of the last one, if there are older ones.
///
/// # Errors
/// [`Error::Invalid`](crate::Error::Invalid) if `before` is not a cursor.
pub async fn find_past(
    app: &App,
    session: &Session,
    before: Option<String>,
    count: i32,
) -> Result<(Vec<Instance>, Option<String>)> {
    let now = app.now();
    let today = session.zone(app.zone_data()).map_or_else(|_| now.date_naive(), |zone| zone::local_date(zone, now));
    let before = before.unwrap_or_else(|| RowCursor::of_instant(now, 0_i64).write());
    let page = Page { last: Some(count), before: Some(before), ..Page::default() };
    let range = InstanceRange { session: session.id, from: None, to: None };
    let Slice { rows, has_previous, .. } = list_instances(app, range, &page).await?;
    let older = rows.first().filter(|_| has_previous).map(|row| RowCursor::of_instant(row.listed_at, row.id).write());
    // A meeting that began may still be on.
    let past = rows.into_iter().rev().map(Meeting::from).filter(|meeting| meeting.is_over(today, now));
    Ok((past.filter_map(|meeting| meeting.instance).collect(), older))
}

/// How many hours [`find_upcoming`] looks ahead. It looks further ahead only if it finds too few meetings. The first time is less than
/// automatic creation looks ahead if nobody chooses otherwise, so no occurrence of such a session is computed.
const HOURS_AHEAD: [i64; 4] = [23, 8 * 24, 62 * 24, 400 * 24];

/// The most sessions whose occurrences [`find_upcoming`] computes.
const COMPUTED: u64 = 500;

/// At most `count` upcoming meetings of the matching sessions, ordered by start. Cancelled meetings are included, so that people
/// see the cancellation.
pub async fn find_upcoming(app: &App, filter: &SessionFilter, count: usize) -> Result<Vec<(Session, Meeting)>> {
    let now = app.now();
    let opening = find_opening(app, filter, count).await?;
    // What starts after these is not among the first.
    let last = opening.iter().filter_map(|(instance, _)| instance.starts_at).max().filter(|_| opening.len() == count);
    let mut upcoming = Vec::new();
    for hours in HOURS_AHEAD {
        let ahead = now + TimeDelta::hours(hours);
        let end = last.map_or(ahead, |last| last.min(ahead));
        upcoming = find_upcoming_until(app, filter, &opening, (now, end), count).await?;
        // What was not read starts after the end.
        let read = upcoming.iter().filter(|(_, meeting)| meeting.starts_at.is_some_and(|at| at <= end));
        if read.count() == count || last == Some(end) {
            break;
        }
    }
    Ok(upcoming)
}

/// The first `count` of these openings and of the other upcoming meetings until `end`.
async fn find_upcoming_until(
    app: &App,
    filter: &SessionFilter,
    opening: &[(Instance, Session)],
    (now, end): (DateTime<Utc>, DateTime<Utc>),
    count: usize,
) -> Result<Vec<(Session, Meeting)>> {
    let others = find_without_opening(app, filter, (now - TimeDelta::days(2), end), count).await?;
    let made = opening.iter().chain(&others).map(|(row, session)| (session, Meeting::from(row.clone())));
    let sessions = find_with_recurrence(app, filter, end - now, COMPUTED).await?;
    let by_id: HashMap<SessionId, &Session> = sessions.iter().map(|session| (session.id, session)).collect();
    let (today, last_date) = (now.date_naive(), end.date_naive() + Days::new(1));
    let between = find_between(app, &sessions, today - Days::new(1), last_date).await?;
    let computed = between.into_iter().filter(|(_, meeting)| meeting.starts_at.is_none_or(|at| at <= end));
    let computed = computed.filter_map(|(id, meeting)| Some((*by_id.get(&id)?, meeting)));
    let is_to_come = |(session, meeting): &(&Session, Meeting)| is_to_come_of(session, meeting, app.zone_data(), now);
    let mut found: Vec<(&Session, Meeting)> = made.chain(computed).filter(is_to_come).collect();
    let key = |(session, meeting): &(&Session, Meeting)| {
        let id = meeting.instance.as_ref().map(|row| row.id);
        (meeting.starts_at.is_none(), meeting.starts_at, meeting.date, session.id, id)
    };
    found.sort_by_key(key);
    // A meeting with an instance may have been read twice.
    found.dedup_by_key(|it| key(it));
    Ok(found.into_iter().take(count).map(|(session, meeting)| (session.clone(), meeting)).collect())
}

fn is_to_come_of(session: &Session, meeting: &Meeting, data: ZoneData, now: DateTime<Utc>) -> bool {
    session.zone(data).is_ok_and(|zone| meeting.is_to_come(zone::local_date(zone, now), now))
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
