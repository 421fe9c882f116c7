//! Hourly statistics equal those computed from the visits.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use domain::{access::Viewer, presence::VisitStatus, status::Mode};
use entity::presence;
use insession_tests::{TestDatabase, on_both_databases};
use sea_orm::EntityTrait;
use service::{
    presence::{
        Claimant,
        beats::Beat,
        statistics::{LanguageCount, Statistics, find_statistics},
    },
    sweep::Scope,
};

use super::visitors::{Visitors, visit, write};
use crate::service::world::{Dice, Done};

on_both_databases!(online_visits_are_counted_by_language, hourly_statistics_match_the_visits);

async fn online_visits_are_counted_by_language(database: TestDatabase) -> Result<()> {
    let visitors = Visitors::new(database, "2025-06-11 12:00", None).await?;
    for (number, code) in [(1, Some("en")), (2, Some("de")), (3, Some("en")), (4, None), (5, Some("nl"))] {
        let claimant = Claimant::new(visitors.app(), visitors.viewer(), None).done()?;
        let language_code = code.map(|code| Some(code.to_owned()));
        let beat = Beat {
            visit: visit(number),
            claimant,
            language_code,
            current_page: None,
            is_idle: None,
            at: visitors.world.now(),
        };
        write(visitors.app(), beat).await?.map_err(|refusal| anyhow::anyhow!("{refusal:?}"))?;
    }
    visitors.complete(visit(5)).await?;
    let counts = async || anyhow::Ok(statistics(&visitors, None, None).await?.online_by_language);
    let expected = [("en", 2), ("de", 1), ("und", 1)];
    let expected = expected.map(|(code, count)| LanguageCount { language_code: code.to_owned(), count });
    assert_eq!(counts().await?, expected);
    visitors.world.advance_seconds(61);
    visitors.beat(visit(2)).await?;
    assert_eq!(counts().await?, expected[1..2], "the count does not wait for a sweep");
    ensure!(find_statistics(visitors.app(), visitors.viewer(), None, None).await.done()?.is_none(), "for admins");
    Ok(())
}

async fn statistics(visitors: &Visitors, from: Option<DateTime<Utc>>, to: Option<DateTime<Utc>>) -> Result<Statistics> {
    find_statistics(visitors.app(), Viewer::ADMIN, from, to).await.done()?.context("for admins")
}

/// Simulates two days of visits that begin, go offline, return and are completed, and compares many ranges.
async fn hourly_statistics_match_the_visits(database: TestDatabase) -> Result<()> {
    let visitors = Visitors::new(database, "2025-06-11 00:00", None).await?;
    let begin = visitors.world.now();
    let mut dice = Dice(7);
    for _ in 0..400 {
        visitors.world.clock.advance(TimeDelta::milliseconds(dice.between(1, 900_000).into()));
        let id = visit(u32::try_from(dice.below(120))?);
        match dice.below(8) {
            0..=3 => drop(visitors.beat_as(visitors.viewer(), None, id).await?),
            4 => {
                if visitors.row(id).await.is_ok() {
                    visitors.complete(id).await?;
                }
            }
            5 => drop(visitors.world.sweep_exactly().await?),
            // This sweep also folds the hours.
            6 => drop(visitors.world.sweep(Scope::EveryMinute, Mode::Exact).await?),
            _ => {
                if visitors.row(id).await.is_ok_and(|row| row.status != VisitStatus::Completed) {
                    visitors.enter(id).await?;
                }
            }
        }
    }
    let rows = presence::Entity::find().all(visitors.world.db()).await?;
    ensure!(
        rows.iter().any(|row| row.status == VisitStatus::Abandoned) && rows.len() > 80,
        "the simulation had too few visits"
    );
    let span = (visitors.world.now() - begin).num_milliseconds() / 60_000;
    let mut instant = || {
        begin
            + TimeDelta::minutes(i64::try_from(dice.roll() % u64::try_from(span + 60).unwrap_or(1)).unwrap_or_default())
    };
    let mut ranges = vec![(None, None), (Some(begin), None), (None, Some(begin + TimeDelta::hours(5)))];
    for _ in 0..60 {
        let (one, other) = (instant(), instant());
        ranges.push((Some(one.min(other)), Some(one.max(other))));
    }
    for (from, to) in ranges {
        let found = statistics(&visitors, from, to).await?;
        assert_eq!(found, naive(&rows, from, to, visitors.world.now(), &found), "{from:?} {to:?}");
    }
    Ok(())
}

fn naive(
    rows: &[presence::Model],
    from: Option<DateTime<Utc>>,
    to: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
    online: &Statistics,
) -> Statistics {
    let from = from.unwrap_or(to.unwrap_or(now) - TimeDelta::hours(24));
    let rows: Vec<_> =
        rows.iter().filter(|row| from <= row.started_at && to.is_none_or(|to| row.started_at < to)).collect();
    let durations: Vec<i64> =
        rows.iter().filter_map(|row| Some((row.completed_at? - row.started_at).num_milliseconds())).collect();
    let mut hours = BTreeMap::new();
    for row in &rows {
        *hours.entry(row.started_at.duration_trunc(TimeDelta::hours(1)).unwrap_or_default()).or_default() += 1;
    }
    let count = |status| i64::try_from(rows.iter().filter(|row| row.status == status).count()).unwrap_or_default();
    #[expect(clippy::cast_precision_loss, reason = "the statistics round in the same way")]
    let average = durations.iter().sum::<i64>() as f64 / durations.len() as f64;
    Statistics {
        online_by_language: online.online_by_language.clone(),
        online_people: online.online_people,
        completed: count(VisitStatus::Completed),
        abandoned: count(VisitStatus::Abandoned),
        average_duration_ms: (!durations.is_empty()).then_some(average),
        longest_duration_ms: durations.iter().max().copied(),
        started_by_hour: hours.into_iter().collect(),
    }
}
