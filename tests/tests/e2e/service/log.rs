//! The change log. Changes become visible in order, whatever the order of the commits, and readers skip none.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicI64, Ordering},
    },
    time::Duration,
};

use anyhow::{Context, Result, anyhow, ensure};
use domain::{
    access::Viewer,
    booking::BookingStatus,
    check_in::Attendance,
    ids::{ActivityId, BookingId, PersonId, SessionId, SessionInstanceId},
    news::{BookingStep, Change, ChangeKind, Event, Location, Position, SessionChange},
};
use futures_util::future::join_all;
use insession_tests::{
    Backend, TestDatabase,
    database::{execute, number},
    on_both_databases,
};
use sea_orm::{ConnectionTrait, TransactionTrait};
use service::{
    App, check_ins,
    instances::{self, Instance, NewInstance},
    log::{self, ChangeTarget, cursor::InstallationKey},
    transaction,
};

use super::{
    consistency::replay,
    world::{Done, World, blank_session, date, in_short, time},
};

on_both_databases!(
    open_transaction_delays_only_its_own_changes,
    concurrent_readers_get_every_change_once,
    log_pages_may_end_inside_a_transaction,
    failed_transaction_logs_no_change,
    cursors_are_valid_for_their_database_only,
    every_kind_of_change_is_read_as_written,
);

async fn insert_instances(world: &World, count: usize) -> Result<Vec<Instance>> {
    let mut rows = Vec::new();
    for number in 1..=count {
        let session = world.insert_session(blank_session(&format!("Session {number}"), "UTC")).await?;
        let new = NewInstance {
            session: session.id,
            date: date("2025-06-11"),
            start_time: Some(time("19:00")),
            end_time: Some(time("22:00")),
            location_override: None,
            allows_duplicate: false,
        };
        rows.push(instances::insert_instance(&world.app, Viewer::ADMIN, new).await.done()?);
    }
    Ok(rows)
}

async fn hold(app: &App, id: SessionInstanceId, active: bool) -> Result<()> {
    instances::set_override(app, Viewer::ADMIN, id, active, None).await.done()?;
    Ok(())
}

async fn read_after(world: &World, position: Position) -> Result<Vec<Change>> {
    log::publish(&world.app).await.done()?;
    log::read_after(&world.app.db, position, 1_000).await.done()
}

/// Writes the change of one deactivation, as a transaction does before its commit.
async fn write_news(tx: &impl ConnectionTrait, row: &Instance) -> Result<()> {
    execute(tx, &format!("UPDATE session_instance SET is_active = false, due_at = NULL WHERE id = {}", row.id.0))
        .await?;
    let sql = "INSERT INTO change_batch (occurred_at, size) VALUES ('2025-06-11T20:00:00+00:00', 1) RETURNING id";
    let batch = number(tx, sql).await?;
    let sql = format!(
        "INSERT INTO change_log (batch_id, ordinal, kind, session_id, session_instance_id, has_previous_place)
         VALUES ({batch}, 0, 'DEACTIVATED', {}, {}, false)",
        row.session_id.0, row.id.0
    );
    execute(tx, &sql).await
}

/// The open transaction's batch has a lower id than those of the others, which commit first.
async fn open_transaction_delays_only_its_own_changes(database: TestDatabase) -> Result<()> {
    if database.backend == Backend::Sqlite {
        // SQLite has one writer at a time, so nothing commits while another transaction is open.
        return Ok(());
    }
    let world = World::new(database, "2025-06-11 20:00").await?;
    let rows = insert_instances(&world, 3).await?;
    let (slow, others) = (&rows[0], &rows[1..]);
    let head = world.head().await?;

    let open = world.db().begin().await?;
    write_news(&open, slow).await?;
    for row in others {
        hold(&world.app, row.id, false).await?;
    }
    let seen = read_after(&world, head).await?;
    let logged: Vec<_> = seen.iter().map(in_short).collect();
    assert_eq!(logged, others.iter().map(|row| format!("DEACTIVATED {}", row.id.0)).collect::<Vec<_>>(), "not delayed");
    let cursor = seen.last().context("two of them")?.position;

    // There is nothing more to read until it commits. Then a reader whose cursor is after the others gets it.
    for _ in 0..3 {
        ensure!(read_after(&world, cursor).await?.is_empty());
    }
    open.commit().await?;
    hold(&world.app, slow.id, true).await?;
    let late: Vec<_> = read_after(&world, cursor).await?.iter().map(in_short).collect();
    assert_eq!(late, [format!("DEACTIVATED {}", slow.id.0), format!("ACTIVATED {}", slow.id.0)]);
    world.check_consistent().await
}

/// Runs writers of all kinds, publishers in two processes, and readers with different page sizes.
async fn concurrent_readers_get_every_change_once(database: TestDatabase) -> Result<()> {
    let rounds = if database.backend == Backend::Postgres { 40 } else { 20 };
    let world = World::new(database, "2025-06-11 20:00").await?;
    let rows = Arc::new(insert_instances(&world, 8).await?);
    let mut people = Vec::new();
    for number in 0..8 {
        people.push(world.insert_person(&format!("Person {number}")).await?);
    }
    let start = world.head().await?;
    let is_over = Arc::new(AtomicBool::new(false));

    let (mut writers, mut others) = (Vec::new(), Vec::new());
    for (number, person) in people.into_iter().enumerate() {
        let (app, rows) = (world.app.clone(), Arc::clone(&rows));
        writers.push(tokio::spawn(async move {
            for round in 0..rounds {
                let row = &rows[(number + round) % rows.len()];
                check_ins::check_in(&app, Viewer::ADMIN, row.id, Attendance::Yes, Some(person)).await.done()?;
                hold(&app, rows[number].id, round % 2 == 1).await?;
            }
            anyhow::Ok(())
        }));
    }
    let (clock, done) = (Arc::clone(&world.clock), Arc::clone(&is_over));
    others.push(tokio::spawn(async move {
        while !done.load(Ordering::Relaxed) {
            clock.advance(chrono::TimeDelta::milliseconds(50));
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        anyhow::Ok(Vec::new())
    }));
    for app in [world.app.clone(), world.another_app().await?] {
        let done = Arc::clone(&is_over);
        others.push(tokio::spawn(async move {
            while !done.load(Ordering::Relaxed) {
                log::publish(&app).await.done()?;
                tokio::task::yield_now().await;
            }
            anyhow::Ok(Vec::new())
        }));
    }
    for limit in [1, 3, 100] {
        let (app, done) = (world.app.clone(), Arc::clone(&is_over));
        others.push(tokio::spawn(async move {
            let mut seen: Vec<Change> = Vec::new();
            loop {
                let was_over = done.load(Ordering::Relaxed);
                let after = seen.last().map_or(start, |change| change.position);
                let page = log::read_after(&app.db, after, limit).await.done()?;
                if page.is_empty() && was_over {
                    return Ok(seen);
                }
                seen.extend(page);
                tokio::task::yield_now().await;
            }
        }));
    }
    for writer in join_all(writers).await {
        writer??;
    }
    world.log().await?;
    is_over.store(true, Ordering::Relaxed);

    let whole = world.log().await?;
    let whole: Vec<&Change> = whole.iter().filter(|change| start < change.position).collect();
    for other in join_all(others).await {
        let seen = other??;
        if seen.is_empty() {
            continue;
        }
        for (number, change) in (start.0 + 1..).zip(&seen) {
            assert_eq!(change.position, Position(number), "a change was skipped or came twice");
        }
        assert_eq!(seen.iter().collect::<Vec<_>>(), whole[..seen.len()]);
        ensure!(seen.len() + 10 > whole.len(), "{} of {}", seen.len(), whole.len());
    }
    // The log can be replayed, so for each instance and person it has the order of the commits.
    replay(&world.log().await?)?;
    world.check_consistent().await
}

/// A page may end between two changes of one transaction.
async fn log_pages_may_end_inside_a_transaction(database: TestDatabase) -> Result<()> {
    let world = World::new(database, "2025-06-11 20:00").await?;
    let row = insert_instances(&world, 1).await?.remove(0);
    for number in 0..5 {
        let person = world.insert_person(&format!("Person {number}")).await?;
        check_ins::check_in(&world.app, Viewer::ADMIN, row.id, Attendance::Yes, Some(person)).await.done()?;
    }
    hold(&world.app, row.id, false).await?;
    hold(&world.app, row.id, true).await?;
    let whole = world.log().await?;
    ensure!(whole.len() >= 18, "{whole:?}");
    assert_eq!(log::head(&world.app).await.done()?, whole[whole.len() - 1].position);
    assert_eq!(log::oldest(&world.app).await.done()?, Position(1));
    for limit in 1..=whole.len() {
        let mut position = Position(0);
        let mut seen = Vec::new();
        loop {
            let page = log::read_after(&world.app.db, position, limit as u64).await.done()?;
            ensure!(page.len() <= limit);
            let Some(last) = page.last() else { break };
            position = last.position;
            seen.extend(page);
        }
        assert_eq!(seen, whole, "{limit} at a time");
    }
    Ok(())
}

async fn failed_transaction_logs_no_change(database: TestDatabase) -> Result<()> {
    let world = World::new(database, "2025-06-11 20:00").await?;
    let row = insert_instances(&world, 1).await?.remove(0);
    let head = world.head().await?;
    let (app, now) = (&world.app, world.now());
    let attempts = AtomicI64::new(0);
    let failed: service::Result<()> = service::transaction!(app, now, |tx| {
        attempts.fetch_add(1, Ordering::Relaxed);
        let target = ChangeTarget { session: row.session_id, instance: row.id, location: Location::default() };
        tx.log(|news| news.updated(target));
        tx.log(|news| news.counts_changed(row.id));
        Err(service::Error::invalid("field", "is wrong"))
    });
    ensure!(matches!(failed, Err(service::Error::Invalid { .. })), "{failed:?}");
    assert_eq!(attempts.load(Ordering::Relaxed), 1, "an error of the client is not retried");
    world.advance_seconds(10);
    assert_eq!(world.head().await?, head);

    // A transaction that collides is retried, and logs its change once.
    attempts.store(0, Ordering::Relaxed);
    service::transaction!(app, now, |tx| {
        let target = ChangeTarget { session: row.session_id, instance: row.id, location: Location::default() };
        tx.log(|news| news.updated(target));
        if attempts.fetch_add(1, Ordering::Relaxed) < 3 {
            return Err(service::Error::Again("in the test"));
        }
        Ok(())
    })
    .map_err(|error| anyhow!("{error:?}"))?;
    let logged: Vec<_> = read_after(&world, head).await?.iter().map(in_short).collect();
    assert_eq!(logged, [format!("UPDATED {}", row.id.0)]);
    Ok(())
}

async fn cursors_are_valid_for_their_database_only(database: TestDatabase) -> Result<()> {
    let other = World::new(TestDatabase::new(database.backend).await?, "2025-06-11 20:00").await?;
    let world = World::new(database, "2025-06-11 20:00").await?;
    let (mine, theirs) = (key(&world.app).await?, key(&other.app).await?);
    let again = world.another_app().await?;
    let mut texts = BTreeMap::new();
    for position in [0, 1, 7, 1 << 40, i64::MAX].map(Position) {
        let text = mine.write(position);
        assert_eq!(mine.read(&text).done()?, position);
        assert_eq!(key(&again).await?.read(&text).done()?, position, "a cursor is valid in every process");
        ensure!(matches!(theirs.read(&text), Err(service::Error::Invalid { .. })), "{text} of another database");
        texts.insert(text, position);
    }
    assert_eq!(texts.len(), 5);
    Ok(())
}

async fn key(app: &App) -> Result<&InstallationKey> {
    app.cursor_key().await.done()
}

async fn every_kind_of_change_is_read_as_written(database: TestDatabase) -> Result<()> {
    let world = World::new(database, "2025-06-11 20:00").await?;
    let location = |city: &str| Location { city: Some(city.to_owned()), country: None };
    let target = |id| ChangeTarget {
        session: SessionId(id),
        instance: SessionInstanceId(10 * id),
        location: location("Austin"),
    };
    let step = |old_status, new_status, is_delayed| BookingStep {
        booking: BookingId(5),
        mentor: PersonId(1),
        student: PersonId(2),
        old_status,
        new_status,
        is_delayed,
        reason: "It's \"what\" people read.".to_owned(),
    };
    let steps = [
        step(None, BookingStatus::Scheduled, false),
        step(Some(BookingStatus::Scheduled), BookingStatus::Ongoing, true),
    ];
    // One transaction has all kinds, and one has each kind alone: they write different columns.
    for kinds in [&[0, 1, 2] as &[_], &[0], &[1], &[2]] {
        let done: service::Result<()> = transaction!(&world.app, world.now(), |tx| {
            for kind in kinds {
                tx.log(|news| match kind {
                    0 => {
                        news.updated_location(target(1), location("Waco"));
                        news.person_moved(PersonId(7), Some(target(1)), None);
                    }
                    1 => steps.iter().for_each(|step| news.booking_step(step.clone())),
                    // A change that is added twice in one transaction is logged once.
                    _ => [4, 3, 4].into_iter().for_each(|id| news.occupancy_changed(ActivityId(id))),
                });
            }
            Ok(())
        });
        done.done()?;
    }
    let updated = SessionChange {
        session: Some(SessionId(1)),
        instance: Some(SessionInstanceId(10)),
        location: location("Austin"),
        previous_location: Some(location("Waco")),
        ..SessionChange::of(ChangeKind::Updated)
    };
    let moved = SessionChange {
        person: Some(PersonId(7)),
        previous_session: Some(SessionId(1)),
        previous_instance: Some(SessionInstanceId(10)),
        previous_location: Some(location("Austin")),
        ..SessionChange::of(ChangeKind::PersonMoved)
    };
    let sessions = [updated, moved].map(Event::Session);
    let (bookings, occupancies) = (steps.map(Event::Booking), [3, 4].map(|id| Event::Occupancy(ActivityId(id))));
    let one_by_one: Vec<_> = sessions.into_iter().chain(bookings).chain(occupancies).collect();
    let expected: Vec<_> = one_by_one.iter().chain(&one_by_one).cloned().collect();
    let log = world.log().await?;
    assert_eq!(log.iter().map(|change| change.event.clone()).collect::<Vec<_>>(), expected);

    // A kind that a later version writes has its position, but no subscriber gets it.
    let head = world.head().await?;
    world.raw("INSERT INTO change_batch (id, occurred_at, size) VALUES (1000, '2025-06-11T20:00:00+00:00', 1)").await?;
    world.raw("INSERT INTO change_log (batch_id, ordinal, kind) VALUES (1000, 0, 'APPLAUDED')").await?;
    let later = read_after(&world, head).await?;
    assert_eq!(
        later.iter().map(|it| (it.position, &it.event)).collect::<Vec<_>>(),
        [(Position(head.0 + 1), &Event::Unknown)]
    );
    Ok(())
}
