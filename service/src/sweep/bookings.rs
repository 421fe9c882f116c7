//! Bookings whose status changes by the clock: the slot has begun and nobody started the booking, or the slot has ended
//! (rule 18).
//!
//! A batch takes a few statements, however many bookings it has. It locks and reads them, `domain::booking` decides,
//! and one UPDATE writes all that take the same step. A booking that is locked by another transaction is skipped: that
//! transaction is changing its status. One booking that cannot be written does not stop the others.

use chrono::{DateTime, Utc};
use domain::{
    booking::{BookingStatus, Slot, Step},
    ids::BookingId,
};
use entity::booking;
use sea_orm::{FromQueryResult, Value};

use super::{BookingStepped, Runner, Timing, step};
use crate::{
    Result,
    bookings::{news_of, state_of, write_step},
    db::{Column, Tx, execute, ids, is_in, list, numbers, rows, text_list, values_table},
};

/// How many bookings one transaction sweeps. This bounds how long it holds its locks.
const BATCH_SIZE: usize = 5_000;

/// The sweep gives up after this number of failures, because the cause is then not in single bookings.
const MAX_FAILURES: usize = 100;

/// How many ids the sweep of all bookings reads at once.
const PAGE_SIZE: i64 = 5_000;

/// Sweeps the bookings that are due.
pub(super) async fn sweep_due(runner: &mut Runner<'_>) -> Result<()> {
    let now = runner.timing.context().now;
    let sql = "SELECT id FROM booking WHERE due_at <= :now";
    let mut ids: Vec<BookingId> = runner.ids(sql, [("now", now.into())]).await?;
    ids.sort_unstable();
    sweep_list(runner, &ids).await
}

/// Sweeps every booking that may still change by the clock, or has a `due_at`. A wrong `due_at` is corrected.
pub(super) async fn sweep_all(runner: &mut Runner<'_>) -> Result<()> {
    let mut last = BookingId(0);
    loop {
        let sql = "SELECT id FROM booking WHERE id > :last AND (status IN ('SCHEDULED', 'ONGOING') OR due_at IS NOT NULL) \
                   ORDER BY id LIMIT :limit";
        let ids = runner.ids(sql, [("last", last.into()), ("limit", PAGE_SIZE.into())]).await?;
        let Some(newest) = ids.last() else { return Ok(()) };
        last = *newest;
        sweep_list(runner, &ids).await?;
    }
}

async fn sweep_list(runner: &mut Runner<'_>, ids: &[BookingId]) -> Result<()> {
    runner.progress.find(ids.len());
    let mut batches: Vec<&[BookingId]> = ids.chunks(BATCH_SIZE).rev().collect();
    let mut failures = 0;
    while let Some(batch) = batches.pop() {
        let timing = runner.timing;
        match step!(runner, |tx| { sweep_batch(tx, timing, batch).await }) {
            Ok(swept) => {
                for step in &swept.steps {
                    tracing::debug!(booking = %step.booking_id, to = step.new_status.as_str(), "booking changed its status");
                }
                runner.report.bookings.extend(swept.steps);
                swept.problems.into_iter().for_each(|problem| runner.report.error(None, problem));
                runner.progress.finish(batch.len());
            }
            // In a dry run, a failed statement has ended the only transaction.
            Err(error) if runner.dry.is_some() || failures == MAX_FAILURES => return Err(error),
            Err(error) => match batch {
                [id] => {
                    failures += 1;
                    let booking = *id;
                    tracing::error!(%booking, %error, "booking could not be swept");
                    runner.report.error(None, format!("{booking} could not be swept; see the log"));
                    runner.progress.finish(1);
                }
                // Halve the batch until each booking that fails is alone in its batch.
                _ if is_database_there(runner).await => {
                    let (first, second) = batch.split_at(batch.len() / 2);
                    batches.extend([second, first]);
                }
                _ => return Err(error),
            },
        }
    }
    Ok(())
}

async fn is_database_there(runner: &Runner<'_>) -> bool {
    numbers(runner.app.db.pool(), "SELECT id FROM booking LIMIT 1", []).await.is_ok()
}

#[derive(Default)]
struct Swept {
    steps: Vec<BookingStepped>,
    problems: Vec<String>,
}

/// A booking with the times of its slot.
#[derive(FromQueryResult)]
struct Item {
    #[sea_orm(nested)]
    booking: booking::Model,
    slot_starts_at: DateTime<Utc>,
    slot_ends_at: DateTime<Utc>,
}

impl Item {
    fn slot(&self) -> Slot {
        Slot::stored(self.slot_starts_at, self.slot_ends_at)
    }
}

async fn sweep_batch(tx: &Tx, timing: Timing<'_>, batch: &[BookingId]) -> Result<Swept> {
    let sql = format!(
        "SELECT b.*, s.starts_at AS slot_starts_at, s.ends_at AS slot_ends_at \
         FROM booking b JOIN time_slot s ON s.id = b.time_slot_id WHERE {} AND {} ORDER BY b.id {}",
        is_in(tx, "b.id", "bookings"),
        is_in(tx, "b.status", "known"),
        tx.locking("FOR NO KEY UPDATE OF b SKIP LOCKED")
    );
    let values = [("bookings", list(tx, batch.iter().copied())), ("known", known_statuses(tx))];
    let items: Vec<Item> = rows(tx, &sql, values).await?;
    let now = timing.context().now;
    let mut swept = Swept::default();
    if items.len() < batch.len() {
        swept.problems = find_unknown(tx, batch).await?;
    }
    let mut steps: Vec<(Step, Vec<booking::Model>)> = Vec::new();
    let mut marks = Vec::new();
    for item in items {
        let state = state_of(&item.booking);
        let Some(step) = state.fall_due(&item.slot(), now) else {
            let due_at = state.due_at(&item.slot());
            marks.extend((item.booking.due_at != due_at).then_some((item.booking.id, due_at)));
            continue;
        };
        match steps.iter_mut().find(|(other, _)| *other == step) {
            Some((_, bookings)) => bookings.push(item.booking),
            None => steps.push((step, vec![item.booking])),
        }
    }
    for (step, bookings) in steps {
        let ids: Vec<BookingId> = bookings.iter().map(|row| row.id).collect();
        // After a step by the clock, nothing more falls due: the new `due_at` is NULL.
        write_step(tx, step, &ids, None, now).await?;
        swept.steps.extend(bookings.iter().filter_map(|row| stepped(row, step)));
        tx.log(|news| {
            for row in &bookings {
                news.booking_step(news_of(row, step));
                if let Some(due_at) = row.due_at {
                    news.fell_due(due_at);
                }
            }
        });
    }
    write_marks(tx, &marks).await?;
    Ok(swept)
}

fn known_statuses(tx: &Tx) -> Value {
    text_list(tx, BookingStatus::ALL.map(|status| status.to_string()))
}

/// Reports bookings of the batch with an unknown status. A newer version wrote it, or somebody changed it by hand.
async fn find_unknown(tx: &Tx, batch: &[BookingId]) -> Result<Vec<String>> {
    let sql = format!(
        "SELECT id FROM booking WHERE {} AND NOT {} ORDER BY id",
        is_in(tx, "id", "bookings"),
        is_in(tx, "status", "known")
    );
    let values = [("bookings", list(tx, batch.iter().copied())), ("known", known_statuses(tx))];
    let unknown: Vec<BookingId> = ids(tx, &sql, values).await?;
    Ok(unknown.iter().map(|id| format!("{id} has a status that is not known")).collect())
}

fn stepped(row: &booking::Model, step: Step) -> Option<BookingStepped> {
    Some(BookingStepped {
        booking_id: row.id,
        old_status: step.from?.status,
        new_status: step.to.status,
        is_delayed: step.to.is_delayed,
        reason: step.reason.text(),
    })
}

/// Corrects the `due_at` of bookings.
async fn write_marks(tx: &Tx, marks: &[(BookingId, Option<DateTime<Utc>>)]) -> Result<()> {
    if marks.is_empty() {
        return Ok(());
    }
    let columns = [
        Column::ids("id", marks.iter().map(|(id, _)| Some(*id))),
        Column::Instant("due_at", marks.iter().map(|(_, due_at)| *due_at).collect()),
    ];
    let (table, values) = values_table(tx, "v", &columns);
    let sql = format!("UPDATE booking SET due_at = v.due_at FROM {table} WHERE booking.id = v.id");
    execute(tx, &sql, [values]).await?;
    Ok(())
}
