//! Statistics: who is online, and how the visits of a range of time ended.
//!
//! A range counts the visits that started in it: how many started in each hour, and how many of those are completed or
//! abandoned by now. Whole hours are read from `presence_hour`. Parts of hours at the ends of the range are read from
//! the visits themselves.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use domain::{access::Viewer, ids::ActivityId};
use sea_orm::{DatabaseConnection, FromQueryResult};

use super::hours::{Tally, hour_of};
use crate::{
    App, Error, Result,
    db::{is_in, list, numbers, rows},
};

/// The language code for visits without a language: "undetermined" in BCP 47.
pub const UNDETERMINED: &str = "und";

const HOUR: TimeDelta = TimeDelta::hours(1);

#[derive(Debug, Clone, PartialEq)]
pub struct Statistics {
    pub online_by_language: Vec<LanguageCount>,
    /// Each person once, and each anonymous visit once.
    pub online_people: i64,
    pub completed: i64,
    pub abandoned: i64,
    /// The average duration of the completed visits, in milliseconds. `None` if there are none.
    pub average_duration_ms: Option<f64>,
    pub longest_duration_ms: Option<i64>,
    /// Visits started in each hour, by the start of the hour in UTC. Hours without visits are left out.
    pub started_by_hour: Vec<(DateTime<Utc>, i64)>,
}

#[derive(Debug, Clone, PartialEq, Eq, FromQueryResult)]
pub struct LanguageCount {
    pub language_code: String,
    pub count: i64,
}

/// Statistics of the range `[from, to)`. Without `from`, the range is 24 hours long. `None` for viewers who are not
/// administrators.
///
/// # Errors
/// [`Error::Invalid`] if `to` is before `from`.
pub async fn find_statistics(
    app: &App,
    viewer: Viewer,
    from: Option<DateTime<Utc>>,
    to: Option<DateTime<Utc>>,
) -> Result<Option<Statistics>> {
    if !viewer.may_list_visits() {
        return Ok(None);
    }
    let now = app.now();
    let from = from.unwrap_or_else(|| to.unwrap_or(now) - TimeDelta::hours(24));
    if to.is_some_and(|to| to < from) {
        return Err(Error::invalid("to", "must not be before from"));
    }
    // The three answers may come from different instants.
    let online = find_online(app, now);
    let hours = find_hours(app.db.pool(), from, to, now);
    let people = find_online_people(app, now);
    let (online_by_language, online_people, hours) = futures_util::try_join!(online, people, hours)?;
    let sum = |of: fn(&Tally) -> i64| hours.values().map(of).sum::<i64>();
    let completed = sum(|hour| hour.completed);
    #[expect(clippy::cast_precision_loss, reason = "an average of milliseconds, for people")]
    let average = |sum: i64| sum as f64 / completed as f64;
    Ok(Some(Statistics {
        online_by_language,
        online_people,
        completed,
        abandoned: sum(|hour| hour.abandoned),
        average_duration_ms: (completed > 0).then(|| average(sum(|hour| hour.duration_ms))),
        longest_duration_ms: hours.values().filter(|hour| hour.completed > 0).map(|hour| hour.longest_ms).max(),
        started_by_hour: hours.values().map(|hour| (hour.hour, hour.started)).filter(|(_, count)| *count > 0).collect(),
    }))
}

/// Counts the online visits by language, the largest count first.
async fn find_online(app: &App, now: DateTime<Utc>) -> Result<Vec<LanguageCount>> {
    // COALESCE hides the column's statistics, which are about old visits, from PostgreSQL's planner. With them it would
    // expect few rows, and sort them.
    let sql = "SELECT COALESCE(language_code, :undetermined) AS language_code, COUNT(*) AS count FROM presence \
               WHERE is_live AND COALESCE(last_seen_at, :since) >= :since GROUP BY language_code";
    let since = app.presence.rules.online_since(now);
    let values = [("since", since.into()), ("undetermined", UNDETERMINED.into())];
    let mut counts: Vec<LanguageCount> = rows(app.db.pool(), sql, values).await?;
    sort_counts(&mut counts);
    Ok(counts)
}

/// Counts who is online: each person once, and each anonymous visit once.
async fn find_online_people(app: &App, now: DateTime<Utc>) -> Result<i64> {
    let sql = "SELECT COUNT(DISTINCT person_id) + COUNT(CASE WHEN person_id IS NULL THEN 1 END) FROM presence \
               WHERE is_live AND COALESCE(last_seen_at, :since) >= :since";
    let since = app.presence.rules.online_since(now);
    let count = numbers(app.db.pool(), sql, [("since", since.into())]).await?;
    Ok(count.first().copied().unwrap_or_default())
}

/// Counts the taken seats of each activity by language, the largest count first.
pub async fn find_occupancy(app: &App, activities: &[ActivityId]) -> Result<BTreeMap<ActivityId, Vec<LanguageCount>>> {
    #[derive(FromQueryResult)]
    struct Row {
        activity_id: ActivityId,
        language_code: String,
        count: i64,
    }
    let db = app.db.pool();
    let sql = format!(
        "SELECT activity_id, COALESCE(language_code, :undetermined) AS language_code, COUNT(*) AS count FROM presence \
         WHERE {} AND COALESCE(last_seen_at, :since) >= :since \
         GROUP BY activity_id, COALESCE(language_code, :undetermined)",
        is_in(db, "activity_id", "activities")
    );
    let since = app.presence.rules.online_since(app.now());
    let values = [
        ("activities", list(db, activities.iter().copied())),
        ("since", since.into()),
        ("undetermined", UNDETERMINED.into()),
    ];
    let found: Vec<Row> = rows(db, &sql, values).await?;
    let mut counts: BTreeMap<ActivityId, Vec<LanguageCount>> = activities.iter().map(|id| (*id, Vec::new())).collect();
    for Row { activity_id, language_code, count } in found {
        counts.entry(activity_id).or_default().push(LanguageCount { language_code, count });
    }
    for counts in counts.values_mut() {
        sort_counts(counts);
    }
    Ok(counts)
}

fn sort_counts(counts: &mut [LanguageCount]) {
    counts.sort_by(|one, other| other.count.cmp(&one.count).then_with(|| one.language_code.cmp(&other.language_code)));
}

/// The counts of each hour in the range. If only a part of an hour is in the range, only this part counts.
async fn find_hours(
    db: &DatabaseConnection,
    from: DateTime<Utc>,
    to: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> Result<BTreeMap<DateTime<Utc>, Tally>> {
    // Nothing has started after now, so the current hour can be read as a whole one.
    let end = to.filter(|to| *to <= now).unwrap_or_else(|| hour_of(now) + HOUR).max(from);
    let (first_whole, last) = (if hour_of(from) == from { from } else { hour_of(from) + HOUR }, hour_of(end));
    let mut hours = BTreeMap::new();
    if first_whole > last {
        add(&mut hours, find_raw(db, from, end).await?);
        return Ok(hours);
    }
    let sql = "SELECT hour, CAST(SUM(started) AS BIGINT) AS started, CAST(SUM(completed) AS BIGINT) AS completed, \
                 CAST(SUM(abandoned) AS BIGINT) AS abandoned, CAST(SUM(duration_ms) AS BIGINT) AS duration_ms, \
                 MAX(longest_ms) AS longest_ms FROM presence_hour WHERE hour >= :first AND hour < :last GROUP BY hour";
    for hour in rows::<Tally, _>(db, sql, [("first", first_whole.into()), ("last", last.into())]).await? {
        hours.insert(hour.hour, hour);
    }
    for (from, end) in [(from, first_whole), (last, end)] {
        if from < end {
            add(&mut hours, find_raw(db, from, end).await?);
        }
    }
    Ok(hours)
}

fn add(hours: &mut BTreeMap<DateTime<Utc>, Tally>, tally: Tally) {
    hours.insert(tally.hour, tally);
}

/// The counts of a part of one hour, from the visits.
async fn find_raw(db: &DatabaseConnection, from: DateTime<Utc>, to: DateTime<Utc>) -> Result<Tally> {
    #[derive(FromQueryResult)]
    struct Row {
        started: i64,
        completed: i64,
        abandoned: i64,
        duration_ms: i64,
        longest_ms: i64,
    }
    let duration = match db.get_database_backend() {
        sea_orm::DbBackend::Postgres => "EXTRACT(EPOCH FROM (completed_at - started_at)) * 1000",
        _ => "(julianday(completed_at) - julianday(started_at)) * 86400000",
    };
    let sql = format!(
        "SELECT COUNT(*) AS started, COUNT(completed_at) AS completed, \
           COUNT(CASE WHEN status = 'ABANDONED' THEN 1 END) AS abandoned, \
           CAST(COALESCE(ROUND(SUM({duration})), 0) AS BIGINT) AS duration_ms, \
           CAST(COALESCE(ROUND(MAX({duration})), 0) AS BIGINT) AS longest_ms \
         FROM presence WHERE started_at >= :from AND started_at < :to"
    );
    let found: Vec<Row> = rows(db, &sql, [("from", from.into()), ("to", to.into())]).await?;
    let hour = hour_of(from);
    Ok(found.into_iter().next().map_or(Tally { hour, ..Tally::default() }, |row| Tally {
        hour,
        started: row.started,
        completed: row.completed,
        abandoned: row.abandoned,
        duration_ms: row.duration_ms,
        longest_ms: row.longest_ms,
    }))
}
