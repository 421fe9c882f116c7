//! The rules of bookings (18), one by one.

use anyhow::{Context, Result, bail, ensure};
use chrono::TimeDelta;
use domain::{
    access::Viewer,
    booking::{BookingStatus, State},
    ids::TimeSlotId,
    status::Mode,
};
use insession_tests::{Backend, TestDatabase, database::number, on_both_databases};
use service::{
    Error,
    bookings::{
        self, Action, BookingFilter, BookingsOf,
        time_slots::{self, NewSlot, SlotFilter},
    },
    people::{self, PersonPatch},
    sweep::{Request, Scope, find_next_due, sweep},
};

use super::{ADMIN, Stage};
use crate::service::world::{Done, utc};

on_both_databases!(
    slots_of_one_mentor_cannot_overlap,
    slot_has_at_most_one_booking_that_is_not_cancelled,
    booking_requires_rights_and_a_slot_that_has_not_begun,
    invalid_slots_are_refused,
    only_free_slots_can_be_deleted,
    booking_steps_are_logged_with_their_reason,
    next_due_instant_follows_the_bookings,
    booking_dry_run_reports_what_a_run_does,
    full_sweep_repairs_lost_due_instants,
    unknown_status_does_not_stop_other_bookings,
);

/// The code of an error in the API.
fn code<T: std::fmt::Debug>(result: service::Result<T>) -> Result<&'static str> {
    Ok(match result {
        Ok(_) => "OK",
        Err(Error::Unauthenticated(_)) => "UNAUTHENTICATED",
        Err(Error::Forbidden(_)) => "FORBIDDEN",
        Err(Error::NotFound(_)) => "NOT_FOUND",
        Err(Error::Invalid { .. }) => "BAD_USER_INPUT",
        Err(Error::Conflict(_)) => "CONFLICT",
        Err(Error::InvalidTransition(_)) => "INVALID_TRANSITION",
        Err(error) => bail!("{error:?}"),
    })
}

async fn slots_of_one_mentor_cannot_overlap(database: TestDatabase) -> Result<()> {
    let backend = database.backend;
    let stage = Stage::new(database, "2025-09-06 05:00").await?;
    stage.slot("2025-09-06 06:00", "2025-09-06 07:00").await?;
    for (from, to, expected) in [
        ("06:00", "07:00", "CONFLICT"),
        ("06:30", "06:40", "CONFLICT"),
        ("05:30", "06:01", "CONFLICT"),
        ("05:30", "08:00", "CONFLICT"),
        ("06:59", "07:30", "CONFLICT"),
        // Intervals are half open, so slots may touch.
        ("05:30", "06:00", "OK"),
        ("07:00", "08:00", "OK"),
    ] {
        let at = |time: &str| utc(&format!("2025-09-06 {time}"));
        let made = stage.slot_of(stage.mentor, at(from), at(to)).await;
        assert_eq!(code(made)?, expected, "{from} to {to}");
        assert_eq!(code(stage.slot_of(stage.student, at(from), at(from) + TimeDelta::seconds(1)).await)?, "OK");
        stage.world.raw(&format!("DELETE FROM time_slot WHERE mentor_id = {}", stage.student.0)).await?;
    }
    if backend == Backend::Postgres {
        // The constraint also refuses a row that is written by hand.
        let sql = format!(
            "INSERT INTO time_slot (mentor_id, starts_at, ends_at, created_at) \
             VALUES ({}, '2025-09-06T06:30:00Z', '2025-09-06T06:40:00Z', now())",
            stage.mentor.0
        );
        let refused = stage.world.raw(&sql).await.err().context("it was written")?;
        ensure!(format!("{refused:#}").contains("time_slot_overlap"), "{refused:#}");
    }
    Ok(())
}

async fn slot_has_at_most_one_booking_that_is_not_cancelled(database: TestDatabase) -> Result<()> {
    let stage = Stage::new(database, "2025-09-06 05:00").await?;
    let app = &stage.world.app;
    let slot = stage.slot("2025-09-06 06:00", "2025-09-06 07:00").await?;
    let first = stage.book(slot).await?;
    let other = stage.world.insert_person("Other").await?;
    assert_eq!(code(bookings::book(app, ADMIN, slot, Some(other)).await)?, "CONFLICT");
    bookings::act(app, ADMIN, first, Action::Cancel).await.done()?;
    let second = bookings::book(app, ADMIN, slot, Some(other)).await.done()?;
    assert_ne!(second.id, first);
    // Starting and completing do not make the slot free.
    for action in [Action::Start, Action::Complete] {
        bookings::act(app, ADMIN, second.id, action).await.done()?;
        assert_eq!(code(bookings::book(app, ADMIN, slot, Some(stage.student)).await)?, "CONFLICT");
    }
    Ok(())
}

async fn booking_requires_rights_and_a_slot_that_has_not_begun(database: TestDatabase) -> Result<()> {
    let stage = Stage::new(database, "2025-09-06 05:00").await?;
    let app = &stage.world.app;
    let slot = stage.slot("2025-09-06 06:00", "2025-09-06 07:00").await?;
    let student = Viewer::person(stage.student);
    let book = async |viewer, student| code(bookings::book(app, viewer, slot, student).await);
    assert_eq!(book(Viewer::NOBODY, Some(stage.student)).await?, "UNAUTHENTICATED");
    assert_eq!(book(ADMIN, None).await?, "BAD_USER_INPUT", "an admin who is not a person must name the student");
    assert_eq!(book(ADMIN, Some(domain::ids::PersonId(999))).await?, "NOT_FOUND");
    assert_eq!(book(student, Some(stage.mentor)).await?, "FORBIDDEN");
    assert_eq!(
        book(Viewer::person(stage.mentor), None).await?,
        "BAD_USER_INPUT",
        "a mentor cannot book their own slot"
    );
    assert_eq!(code(bookings::book(app, student, TimeSlotId(999), None).await)?, "NOT_FOUND");

    let deactivate = async |person, is_deactivated| {
        let patch = PersonPatch { is_deactivated: Some(is_deactivated), ..PersonPatch::default() };
        people::update_person(app, ADMIN, person, patch).await.done()
    };
    for person in [stage.student, stage.mentor] {
        deactivate(person, true).await?;
        assert_eq!(book(student, None).await?, "FORBIDDEN", "{person} is deactivated");
        let offered = stage.slot_of(person, utc("2025-09-06 09:00"), utc("2025-09-06 10:00")).await;
        assert_eq!(code(offered)?, "FORBIDDEN", "{person} is deactivated");
        deactivate(person, false).await?;
    }
    // A slot that has begun or ended cannot be booked.
    for (now, expected) in [
        ("2025-09-06 06:00:00", "CONFLICT"),
        ("2025-09-06 06:30:00", "CONFLICT"),
        ("2025-09-06 08:00:00", "CONFLICT"),
        ("2025-09-06 05:59:59", "OK"),
    ] {
        stage.world.at(now);
        assert_eq!(book(student, None).await?, expected, "{now}");
    }
    Ok(())
}

async fn invalid_slots_are_refused(database: TestDatabase) -> Result<()> {
    let stage = Stage::new(database, "2025-09-06 06:30").await?;
    let app = &stage.world.app;
    for (from, to, expected) in [
        ("2025-09-06 08:00", "2025-09-06 08:00", Some("endsAt")),
        ("2025-09-06 08:00", "2025-09-06 07:00", Some("endsAt")),
        ("2025-09-06 08:00", "2025-09-07 08:01", Some("endsAt")),
        ("2024-09-06 08:00", "2024-09-06 09:00", Some("endsAt")),
        ("9999-09-06 08:00", "9999-09-06 09:00", Some("startsAt")),
        // A slot may have begun, and may last a day.
        ("2025-09-06 06:29", "2025-09-06 07:00", None),
        ("2025-09-06 08:00", "2025-09-07 08:00", None),
    ] {
        let field = match stage.slot_of(stage.mentor, utc(from), utc(to)).await {
            Ok(_) => None,
            Err(Error::Invalid { field, .. }) => Some(field),
            Err(error) => bail!("{error:?}"),
        };
        assert_eq!(field.as_deref(), expected, "{from} to {to}");
    }
    let new = |mentor| NewSlot { mentor, starts_at: utc("2025-09-08 08:00"), ends_at: utc("2025-09-08 09:00") };
    assert_eq!(code(time_slots::insert_slot(app, Viewer::NOBODY, new(stage.mentor)).await)?, "UNAUTHENTICATED");
    let student = Viewer::person(stage.student);
    assert_eq!(code(time_slots::insert_slot(app, student, new(stage.mentor)).await)?, "FORBIDDEN");
    assert_eq!(code(time_slots::insert_slot(app, student, new(stage.student)).await)?, "OK");
    Ok(())
}

async fn only_free_slots_can_be_deleted(database: TestDatabase) -> Result<()> {
    let stage = Stage::new(database, "2025-09-06 05:00").await?;
    let app = &stage.world.app;
    let mentor = Viewer::person(stage.mentor);
    let slot = stage.slot("2025-09-06 06:00", "2025-09-06 07:00").await?;
    assert_eq!(code(time_slots::delete_slot(app, Viewer::person(stage.student), slot).await)?, "FORBIDDEN");
    time_slots::delete_slot(app, mentor, slot).await.done()?;
    ensure!(stage.slot_row(slot).await?.is_none(), "a slot that was never booked is removed");
    assert_eq!(code(time_slots::delete_slot(app, mentor, slot).await)?, "NOT_FOUND");

    let slot = stage.slot("2025-09-06 06:00", "2025-09-06 07:00").await?;
    let booking = stage.book(slot).await?;
    assert_eq!(code(time_slots::delete_slot(app, mentor, slot).await)?, "CONFLICT");
    bookings::act(app, ADMIN, booking, Action::Cancel).await.done()?;
    time_slots::delete_slot(app, mentor, slot).await.done()?;
    // The slot stays, marked as deleted, because the cancelled booking refers to it.
    ensure!(
        stage.slot_row(slot).await?.is_some_and(|row| row.deleted_at.is_some()),
        "the slot of a cancelled booking is gone"
    );
    let of = BookingsOf::Person(stage.student);
    assert_eq!(bookings::count_bookings(app, of, &BookingFilter::default()).await.done()?, 1);
    assert_eq!(time_slots::count_slots(app, &SlotFilter::default()).await.done()?, 0);
    assert_eq!(code(bookings::book(app, ADMIN, slot, Some(stage.student)).await)?, "NOT_FOUND");
    // The time is free for another slot.
    stage.slot("2025-09-06 06:30", "2025-09-06 07:30").await?;
    Ok(())
}

async fn booking_steps_are_logged_with_their_reason(database: TestDatabase) -> Result<()> {
    let stage = Stage::new(database, "2025-09-06 05:00").await?;
    let app = &stage.world.app;
    let delayed = stage.booked("2025-09-06 06:00", "2025-09-06 07:00").await?;
    let on_time = stage.booked("2025-09-06 07:00", "2025-09-06 08:00").await?;
    let cancelled = stage.booked("2025-09-06 08:00", "2025-09-06 09:00").await?;
    bookings::act(app, ADMIN, cancelled, Action::Cancel).await.done()?;
    bookings::act(app, Viewer::person(stage.mentor), on_time, Action::Start).await.done()?;
    let early = stage.row(on_time).await?;
    assert_eq!(early.started_at, Some(utc("2025-09-06 05:00")));
    stage.world.at("2025-09-06 12:00");
    let report = stage.sweep().await?;
    let reported: Vec<_> = report.bookings.iter().map(|it| (it.booking_id, it.new_status, it.is_delayed)).collect();
    assert_eq!(reported, [(delayed, BookingStatus::Ongoing, true), (on_time, BookingStatus::Completed, false)]);
    ensure!(stage.row(delayed).await?.started_at.is_none(), "nobody started it");
    assert_eq!(stage.row(on_time).await?.completed_at, Some(stage.world.now()));
    bookings::act(app, Viewer::person(stage.student), delayed, Action::Complete).await.done()?;
    assert_eq!(stage.state(delayed).await?, State { status: BookingStatus::Completed, is_delayed: true });

    let steps = stage.steps().await?;
    let reasons =
        |id| -> Vec<&str> { steps.iter().filter(|step| step.booking == id).map(|step| step.reason.as_str()).collect() };
    let (booked, late) = ("It was booked.", "Its start time passed and nobody had started it.");
    assert_eq!(reasons(delayed), [booked, late, "It was marked as completed."]);
    assert_eq!(reasons(on_time), [booked, "It was started.", "Its end time passed."]);
    assert_eq!(reasons(cancelled), [booked, "It was cancelled."]);
    let expected = ["- to SCHEDULED", "SCHEDULED to ONGOING (delayed)", "ONGOING to COMPLETED (delayed)"];
    assert_eq!(stage.steps_of(delayed).await?, expected);
    ensure!(steps.iter().all(|step| (step.mentor, step.student) == (stage.mentor, stage.student)));
    Ok(())
}

async fn next_due_instant_follows_the_bookings(database: TestDatabase) -> Result<()> {
    let stage = Stage::new(database, "2025-09-06 05:00").await?;
    let app = &stage.world.app;
    assert_eq!(find_next_due(app).await.done()?, None);
    let booking = stage.booked("2025-09-06 06:00", "2025-09-06 07:00").await?;
    assert_eq!(find_next_due(app).await.done()?, Some(utc("2025-09-06 06:00")));
    bookings::act(app, ADMIN, booking, Action::Start).await.done()?;
    assert_eq!(find_next_due(app).await.done()?, Some(utc("2025-09-06 07:00")));
    // Sweeps do not look ahead at bookings.
    stage.world.at("2025-09-06 06:59:59");
    for (scope, mode) in [(Scope::Due, Mode::Periodic), (Scope::EveryMinute, Mode::Exact), (Scope::All, Mode::Periodic)]
    {
        ensure!(stage.world.sweep(scope, mode).await?.bookings.is_empty(), "{scope:?} looked ahead");
    }
    stage.world.at("2025-09-06 07:00");
    assert_eq!(stage.world.sweep(Scope::EveryMinute, Mode::Exact).await?.bookings.len(), 1);
    assert_eq!(find_next_due(app).await.done()?, None);
    Ok(())
}

async fn booking_dry_run_reports_what_a_run_does(database: TestDatabase) -> Result<()> {
    let stage = Stage::new(database, "2025-09-06 05:00").await?;
    let booking = stage.booked("2025-09-06 06:00", "2025-09-06 07:00").await?;
    let at = Some(utc("2025-09-06 06:00"));
    let dry = Request { at, is_dry_run: true, ..Request::PERIODIC };
    let foreseen = sweep(&stage.world.app, dry).await.done()?;
    assert_eq!(stage.state(booking).await?, State::BOOKED, "a dry run changes nothing");
    assert_eq!(stage.steps().await?.len(), 1, "a dry run logs nothing");
    let done = sweep(&stage.world.app, Request { is_dry_run: false, ..dry }).await.done()?;
    assert_eq!(done.bookings, foreseen.bookings);
    let json = serde_json::to_value(&done)?;
    let reason = "Its start time passed and nobody had started it.";
    let expected = serde_json::json!([{
        "booking_id": booking.0, "old_status": "SCHEDULED", "new_status": "ONGOING", "is_delayed": true, "reason": reason,
    }]);
    assert_eq!(json["bookings"], expected);
    Ok(())
}

async fn full_sweep_repairs_lost_due_instants(database: TestDatabase) -> Result<()> {
    let stage = Stage::new(database, "2025-09-06 05:00").await?;
    let lost = stage.booked("2025-09-06 06:00", "2025-09-06 07:00").await?;
    let later = stage.booked("2025-09-06 17:00", "2025-09-06 18:00").await?;
    let over = stage.booked("2025-09-06 08:00", "2025-09-06 09:00").await?;
    bookings::act(&stage.world.app, ADMIN, over, Action::Cancel).await.done()?;
    stage.world.raw(&format!("UPDATE booking SET due_at = NULL WHERE id IN ({}, {})", lost.0, later.0)).await?;
    let copied = format!(
        "UPDATE booking SET due_at = (SELECT starts_at FROM time_slot WHERE id = time_slot_id) WHERE id = {}",
        over.0
    );
    stage.world.raw(&copied).await?;
    stage.world.at("2025-09-06 12:00");
    ensure!(stage.sweep().await?.bookings.is_empty(), "a cancelled booking took a step because of its due instant");
    ensure!(stage.row(over).await?.due_at.is_none(), "the due instant of a cancelled booking was not cleared");
    let report = stage.world.sweep(Scope::All, Mode::Periodic).await?;
    assert_eq!(report.bookings.iter().map(|step| step.booking_id).collect::<Vec<_>>(), [lost]);
    assert_eq!(stage.row(later).await?.due_at, Some(utc("2025-09-06 17:00")));
    Ok(())
}

async fn unknown_status_does_not_stop_other_bookings(database: TestDatabase) -> Result<()> {
    if database.backend == Backend::Sqlite {
        // On SQLite the constraint cannot be dropped.
        return Ok(());
    }
    let stage = Stage::new(database, "2025-09-06 05:00").await?;
    let odd = stage.booked("2025-09-06 06:00", "2025-09-06 07:00").await?;
    let well = stage.booked("2025-09-06 07:00", "2025-09-06 08:00").await?;
    let name = "SELECT conname::text FROM pg_constraint WHERE conrelid = 'booking'::regclass \
                AND pg_get_constraintdef(oid) LIKE '%SCHEDULED%'";
    let drop = format!(
        "DO $$ BEGIN EXECUTE 'ALTER TABLE booking DROP CONSTRAINT ' || quote_ident(({name})); END $$; \
         UPDATE booking SET status = 'PENDING' WHERE id = {}",
        odd.0
    );
    stage.world.raw(&drop).await?;
    stage.world.at("2025-09-06 12:00");
    for (scope, steps) in [(Scope::Due, 1), (Scope::Due, 0), (Scope::All, 0)] {
        let report = stage.world.sweep(scope, Mode::Periodic).await?;
        assert_eq!(report.bookings.len(), steps, "{scope:?}");
        let reported: Vec<_> = report.errors.iter().map(|error| error.error.clone()).collect();
        assert_eq!(reported, [format!("{odd} has a status that is not known")], "{scope:?}");
    }
    assert_eq!(stage.state(well).await?.status, BookingStatus::Ongoing);
    assert_eq!(number(stage.world.db(), "SELECT count(*) FROM booking WHERE status = 'PENDING'").await?, 1);
    Ok(())
}
