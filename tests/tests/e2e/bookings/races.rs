//! Concurrent steps of one booking, concurrent bookings of one slot, concurrent slots of one mentor.

use std::sync::Arc;

use anyhow::{Result, ensure};
use chrono::TimeDelta;
use domain::booking::{BookingStatus, State};
use futures_util::future::join_all;
use insession_tests::{Backend, LIMIT, TestDatabase, eventually, on_both_databases};
use sea_orm::TransactionTrait;
use service::{
    Error,
    bookings::{self, Action},
    sweep::{Request, find_next_due, sweep},
};
use tokio::sync::Barrier;

use super::{ADMIN, Stage, in_short};
use crate::service::world::{Done, utc};

on_both_databases!(
    concurrent_start_and_sweeps_take_one_step,
    concurrent_start_and_cancellation_take_one_step,
    one_of_many_concurrent_bookings_gets_the_slot,
    one_of_many_overlapping_slots_is_created,
    sweep_skips_locked_bookings,
    appointments_of_one_person_cannot_overlap,
    concurrent_requests_make_one_appointment_at_a_time,
);

/// How many rounds to run.
fn rounds(backend: Backend) -> usize {
    match (std::env::var_os("INSESSION_FULL").is_some(), backend) {
        (true, _) => 1_000,
        (false, Backend::Postgres) => 150,
        (false, Backend::Sqlite) => 100,
    }
}

/// At the instant at which the slot begins, the mentor starts it while two servers sweep. Only the first takes the step, and
/// the log has it once.
async fn concurrent_start_and_sweeps_take_one_step(database: TestDatabase) -> Result<()> {
    let rounds = rounds(database.backend);
    let stage = Stage::new(database, "2025-09-06 05:00").await?;
    let servers = [stage.world.app.clone(), stage.world.another_app().await?];
    let (mut started, mut delayed) = (0, 0);
    for _ in 0..rounds {
        let starts_at = stage.world.now() + TimeDelta::minutes(1);
        let slot = stage.slot_of(stage.mentor, starts_at, starts_at + TimeDelta::hours(1)).await.done()?;
        let id = stage.book(slot).await?;
        stage.world.clock.set(starts_at);
        let barrier = Arc::new(Barrier::new(3));
        let start = {
            let (app, barrier) = (stage.world.app.clone(), Arc::clone(&barrier));
            tokio::spawn(async move {
                barrier.wait().await;
                bookings::act(&app, ADMIN, id, Action::Start).await
            })
        };
        let sweeps = servers.clone().map(|app| {
            let barrier = Arc::clone(&barrier);
            tokio::spawn(async move {
                barrier.wait().await;
                sweep(&app, Request::EVERY_MINUTE).await
            })
        });
        let start = start.await?;
        let mut reported = 0;
        for report in join_all(sweeps).await {
            reported += report?.done()?.bookings.len();
        }
        let state = stage.state(id).await?;
        match start {
            Ok(row) => {
                ensure!(reported == 0 && !row.is_delayed, "it was started, and {reported} sweeps reported it too");
                assert_eq!(state, State { status: BookingStatus::Ongoing, is_delayed: false });
                started += 1;
            }
            Err(Error::InvalidTransition(_)) => {
                assert_eq!(reported, 1, "the sweep was first, so one sweep reports it");
                assert_eq!(state, State { status: BookingStatus::Ongoing, is_delayed: true });
                delayed += 1;
            }
            Err(error) => anyhow::bail!("{error:?}"),
        }
        stage.world.clock.advance(TimeDelta::hours(2));
        stage.sweep().await?;
    }
    let steps = stage.steps().await?;
    let turns = steps.iter().filter(|step| step.old_status == Some(BookingStatus::Scheduled)).count();
    assert_eq!(turns, rounds, "one row for each: {started} started, {delayed} delayed");
    Ok(())
}

async fn concurrent_start_and_cancellation_take_one_step(database: TestDatabase) -> Result<()> {
    let rounds = rounds(database.backend) / 5;
    let stage = Stage::new(database, "2025-09-06 05:00").await?;
    for _ in 0..rounds {
        let starts_at = stage.world.now() + TimeDelta::minutes(1);
        let slot = stage.slot_of(stage.mentor, starts_at, starts_at + TimeDelta::seconds(30)).await.done()?;
        let id = stage.book(slot).await?;
        let app = &stage.world.app;
        let both = [Action::Start, Action::Cancel].map(|action| bookings::act(app, ADMIN, id, action));
        let done: Vec<_> = join_all(both).await.into_iter().map(|result| result.is_ok()).collect();
        assert_eq!(done.iter().filter(|it| **it).count(), 1, "{done:?}");
        assert_eq!(stage.steps_of(id).await?.len(), 2, "the booking and one step");
        stage.world.clock.advance(TimeDelta::minutes(2));
    }
    Ok(())
}

/// A person's own slots, and the slots that they have booked, do not overlap.
async fn appointments_of_one_person_cannot_overlap(database: TestDatabase) -> Result<()> {
    let stage = Stage::new(database, "2025-09-06 05:00").await?;
    let other = stage.world.insert_person("Other mentor").await?;
    let at = |time: &str| utc(&format!("2025-09-06 {time}"));
    let offer = async |mentor, from, to| stage.slot_of(mentor, at(from), at(to)).await;
    let book = async |slot, student| bookings::book(&stage.world.app, ADMIN, slot, Some(student)).await;
    let is_conflict = |refused: Option<Error>| matches!(refused, Some(Error::Conflict(_)));

    let first = offer(stage.mentor, "08:00", "09:00").await.done()?;
    let booking = book(first, stage.student).await.done()?.id;
    // A student books overlapping slots of two mentors.
    let overlapping = offer(other, "08:30", "09:30").await.done()?;
    assert!(is_conflict(book(overlapping, stage.student).await.err()));
    let touching = offer(other, "09:30", "10:00").await.done()?;
    book(touching, stage.student).await.done()?;
    // A student offers a slot at the time of a booking.
    assert!(is_conflict(offer(stage.student, "08:59", "09:10").await.err()));
    // A mentor books another mentor at the time of a slot of their own, which nobody has booked.
    offer(stage.student, "11:00", "12:00").await.done()?;
    let during = offer(other, "11:30", "12:30").await.done()?;
    assert!(is_conflict(book(during, stage.student).await.err()));
    // A cancelled booking and a completed one leave the time free.
    bookings::act(&stage.world.app, ADMIN, booking, Action::Cancel).await.done()?;
    let second = book(overlapping, stage.student).await.done()?.id;
    bookings::act(&stage.world.app, ADMIN, second, Action::Start).await.done()?;
    bookings::act(&stage.world.app, ADMIN, second, Action::Complete).await.done()?;
    book(first, stage.student).await.done()?;
    Ok(())
}

/// At two servers, one person books slots of three mentors and offers a slot, all at overlapping times. Only one
/// request succeeds.
async fn concurrent_requests_make_one_appointment_at_a_time(database: TestDatabase) -> Result<()> {
    let rounds = rounds(database.backend) / 5;
    let stage = Stage::new(database, "2025-09-06 05:00").await?;
    let servers = [stage.world.app.clone(), stage.world.another_app().await?];
    let mut mentors = Vec::new();
    for number in 0..3 {
        mentors.push(stage.world.insert_person(&format!("Mentor {number}")).await?);
    }
    for round in 0..rounds {
        let from = stage.world.now() + TimeDelta::hours(1);
        let mut slots = Vec::new();
        for (n, mentor) in (0..).zip(&mentors) {
            let starts_at = from + TimeDelta::minutes(10 * n);
            slots.push(stage.slot_of(*mentor, starts_at, starts_at + TimeDelta::minutes(30)).await.done()?);
        }
        let booking =
            async |n: usize, slot| bookings::book(&servers[n % 2], ADMIN, slot, Some(stage.student)).await.is_ok();
        let booked = join_all(slots.iter().enumerate().map(|(n, slot)| booking(n, *slot)));
        let offered = stage.slot_of(stage.student, from + TimeDelta::minutes(5), from + TimeDelta::minutes(45));
        let (booked, offered) = futures_util::join!(booked, offered);
        let done = booked.iter().filter(|is_booked| **is_booked).count() + usize::from(offered.is_ok());
        ensure!(done == 1, "round {round}: {booked:?}, {offered:?}");
        stage.world.clock.advance(TimeDelta::hours(4));
        stage.sweep().await?;
    }
    Ok(())
}

pub async fn one_of_many_concurrent_bookings_gets_the_slot(database: TestDatabase) -> Result<()> {
    let stage = Stage::new(database, "2025-09-06 05:00").await?;
    let servers = [stage.world.app.clone(), stage.world.another_app().await?];
    let mut students = Vec::new();
    for number in 0..20 {
        students.push(stage.world.insert_person(&format!("Student {number}")).await?);
    }
    for round in 0..5 {
        let slot = stage.slot(&format!("2025-09-06 1{round}:00"), &format!("2025-09-06 1{round}:30")).await?;
        let all = students.iter().enumerate().map(|(n, it)| bookings::book(&servers[n % 2], ADMIN, slot, Some(*it)));
        let mut booked = Vec::new();
        for result in join_all(all).await {
            match result {
                Ok(row) => booked.push(row.id),
                Err(Error::Conflict(_)) => {}
                Err(error) => anyhow::bail!("{error:?}"),
            }
        }
        assert_eq!(booked.len(), 1, "exactly one booking gets the slot");
        let news = stage.steps().await?;
        assert_eq!(news.iter().filter(|step| booked.contains(&step.booking)).map(in_short).count(), 1);
        assert_eq!(news.len(), round + 1, "refused bookings leave no change in the log");
    }
    Ok(())
}

pub async fn one_of_many_overlapping_slots_is_created(database: TestDatabase) -> Result<()> {
    let stage = Stage::new(database, "2025-09-06 05:00").await?;
    for hour in 6..12 {
        let from = stage.world.now() + TimeDelta::hours(hour);
        // Each slot overlaps with all others.
        let all =
            (0..10).map(|n| stage.slot_of(stage.mentor, from + TimeDelta::minutes(n), from + TimeDelta::minutes(30)));
        let mut made = 0;
        for result in join_all(all).await {
            match result {
                Ok(_) => made += 1,
                Err(Error::Conflict(_)) => {}
                Err(error) => anyhow::bail!("{error:?}"),
            }
        }
        assert_eq!(made, 1, "at {from}");
    }
    Ok(())
}

/// A sweep does not wait for a booking that another transaction has locked. A later sweep takes it.
async fn sweep_skips_locked_bookings(database: TestDatabase) -> Result<()> {
    if database.backend == Backend::Sqlite {
        // SQLite has one writer at a time.
        return Ok(());
    }
    let stage = Stage::new(database, "2025-09-06 05:00").await?;
    let held = stage.booked("2025-09-06 06:00", "2025-09-06 07:00").await?;
    let free = stage.booked("2025-09-06 07:00", "2025-09-06 08:00").await?;
    stage.world.at("2025-09-06 09:00");
    let connection = stage.world.connect().await?;
    let hold = connection.begin().await?;
    let sql = format!("UPDATE booking SET status = 'ONGOING' WHERE id = {}", held.0);
    insession_tests::database::execute(&hold, &sql).await?;
    let report = stage.sweep().await?;
    assert_eq!(report.bookings.iter().map(|step| step.booking_id).collect::<Vec<_>>(), [free]);
    hold.rollback().await?;
    ensure!(find_next_due(&stage.world.app).await.done()?.is_some_and(|due| due <= stage.world.now()));
    eventually(LIMIT, "the next sweep to take it", async || {
        assert_eq!(stage.sweep().await?.bookings.len(), 1);
        Ok(())
    })
    .await
}
