//! Counts, for each hour, the visits that started and how they ended. Statistics read these sums instead of millions of
//! visits.
//!
//! A transaction inserts rows of its own, so it never waits for another. Every minute, the rows of each hour are folded
//! into one. All counts belong to the hour in which the visit started.

use std::collections::BTreeMap;

use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use sea_orm::FromQueryResult;

use crate::{
    App, Result,
    db::{Column, Tx, execute, rows, values_table},
    transaction,
};

/// Counts to add to an hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, FromQueryResult)]
pub(crate) struct Tally {
    pub hour: DateTime<Utc>,
    pub started: i64,
    pub completed: i64,
    pub abandoned: i64,
    /// The sum of the durations of the completed visits, in milliseconds.
    pub duration_ms: i64,
    pub longest_ms: i64,
}

/// The start of the hour that contains this instant, in UTC.
pub(crate) fn hour_of(at: DateTime<Utc>) -> DateTime<Utc> {
    at.duration_trunc(TimeDelta::hours(1)).unwrap_or(at)
}

impl Tally {
    fn of(started_at: DateTime<Utc>) -> Self {
        Self { hour: hour_of(started_at), ..Self::default() }
    }

    pub fn started(at: DateTime<Utc>) -> Self {
        Self { started: 1, ..Self::of(at) }
    }

    pub fn completed(started_at: DateTime<Utc>, at: DateTime<Utc>) -> Self {
        let duration = (at - started_at).num_milliseconds().max(0);
        Self { completed: 1, duration_ms: duration, longest_ms: duration, ..Self::of(started_at) }
    }

    /// `count` is 1, or -1 if an abandoned visit came back.
    pub fn abandoned(started_at: DateTime<Utc>, count: i64) -> Self {
        Self { abandoned: count, ..Self::of(started_at) }
    }

    fn add(&mut self, other: Self) {
        self.started += other.started;
        self.completed += other.completed;
        self.abandoned += other.abandoned;
        self.duration_ms += other.duration_ms;
        self.longest_ms = self.longest_ms.max(other.longest_ms);
    }
}

/// Adds up the counts by hour and inserts them.
pub(crate) async fn tally(tx: &Tx, tallies: Vec<Tally>) -> Result<()> {
    let mut hours: BTreeMap<DateTime<Utc>, Tally> = BTreeMap::new();
    for tally in tallies {
        hours.entry(tally.hour).or_insert(Tally { hour: tally.hour, ..Tally::default() }).add(tally);
    }
    if hours.is_empty() {
        return Ok(());
    }
    let number = |of: &dyn Fn(&Tally) -> i64| hours.values().map(|tally| Some(of(tally))).collect::<Vec<_>>();
    let columns = [
        Column::Instant("hour", hours.keys().copied().map(Some).collect()),
        Column::Number("started", number(&|tally| tally.started)),
        Column::Number("completed", number(&|tally| tally.completed)),
        Column::Number("abandoned", number(&|tally| tally.abandoned)),
        Column::Number("duration_ms", number(&|tally| tally.duration_ms)),
        Column::Number("longest_ms", number(&|tally| tally.longest_ms)),
    ];
    let (table, values) = values_table(tx, "v", &columns);
    let sql = format!(
        "INSERT INTO presence_hour (hour, started, completed, abandoned, duration_ms, longest_ms) \
         SELECT v.hour, v.started, v.completed, v.abandoned, v.duration_ms, v.longest_ms FROM {table}"
    );
    execute(tx, &sql, [values]).await?;
    Ok(())
}

/// Folds the rows of each hour into one. Any number of processes may do this at once: only one of them gets each row.
pub(crate) async fn fold_hours(app: &App) -> Result<()> {
    transaction!(app, app.now(), |tx| {
        let sql = "DELETE FROM presence_hour WHERE hour IN \
                     (SELECT hour FROM presence_hour GROUP BY hour HAVING COUNT(*) > 1) \
                   RETURNING hour, started, completed, abandoned, duration_ms, longest_ms";
        let taken: Vec<Tally> = rows(tx, sql, []).await?;
        tally(tx, taken).await
    })
}
