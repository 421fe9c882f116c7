//! Time slots: when mentors can be booked. Everybody sees slots. Only the people concerned and administrators see who
//! booked one.
//!
//! Nobody is in two places: the slots of one mentor, the bookings of one student, and a person's own slots and bookings do
//! not overlap. The writing transaction checks this while it locks the person. On PostgreSQL, two exclusion constraints also
//! refuse overlapping slots of a mentor and overlapping bookings of a student.

use chrono::{DateTime, Utc};
use domain::{
    access::Viewer,
    booking::{BookingStatus, Slot, SlotError},
    ids::{PersonId, TimeSlotId},
};
use entity::{booking, person, time_slot};
use sea_orm::{
    ActiveModelTrait,
    ActiveValue::NotSet,
    ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, PaginatorTrait, QueryFilter, QuerySelect, QueryTrait,
    Select,
    sea_query::{Expr, ExprTrait, LockType, SelectStatement},
};

use crate::{
    App, Error, Refusal, Result,
    audit::Changes,
    db::{Tx, is_one_of, numbers},
    error::FieldErrors,
    idempotency,
    lists::{self, Key, Page, Slice, values},
    rights, transaction, validate,
};

/// Time that a mentor offers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimeSlot {
    pub id: TimeSlotId,
    pub mentor_id: PersonId,
    pub starts_at: DateTime<Utc>,
    pub ends_at: DateTime<Utc>,
    pub deleted_at: Option<DateTime<Utc>>,
}

impl From<time_slot::Model> for TimeSlot {
    fn from(row: time_slot::Model) -> Self {
        Self {
            id: row.id,
            mentor_id: row.mentor_id,
            starts_at: row.starts_at,
            ends_at: row.ends_at,
            deleted_at: row.deleted_at,
        }
    }
}

#[derive(Debug, Clone)]
pub struct NewSlot {
    pub mentor: PersonId,
    pub starts_at: DateTime<Utc>,
    pub ends_at: DateTime<Utc>,
}

/// A filter for slots. A slot must match everything that is set.
#[derive(Debug, Clone, Default)]
pub struct SlotFilter {
    pub mentor: Option<PersonId>,
    /// Slots that start in `[from, to)`.
    pub from: Option<DateTime<Utc>>,
    pub to: Option<DateTime<Utc>>,
    /// Slots that end after this instant.
    pub ends_after: Option<DateTime<Utc>>,
    pub is_free: Option<bool>,
}

impl SlotFilter {
    fn query(&self) -> Select<time_slot::Entity> {
        let mut query = time_slot::Entity::find().filter(time_slot::Column::DeletedAt.is_null());
        if let Some(mentor) = self.mentor {
            query = query.filter(time_slot::Column::MentorId.eq(mentor.0));
        }
        if let Some(from) = self.from {
            query = query.filter(time_slot::Column::StartsAt.gte(from));
        }
        if let Some(to) = self.to {
            query = query.filter(time_slot::Column::StartsAt.lt(to));
        }
        if let Some(instant) = self.ends_after {
            // Slots have a maximum length, so the second condition follows from the first. An index supports the second
            // one.
            let earliest = instant - Slot::MAX_LENGTH;
            query =
                query.filter(time_slot::Column::EndsAt.gt(instant)).filter(time_slot::Column::StartsAt.gt(earliest));
        }
        match self.is_free {
            Some(is_free) => {
                let is_taken = Expr::exists(uncancelled_bookings());
                query.filter(if is_free { is_taken.not() } else { is_taken })
            }
            None => query,
        }
    }
}

/// The bookings of the query's slot that are not cancelled. The condition is a literal, so that the partial index
/// answers it.
fn uncancelled_bookings() -> SelectStatement {
    let of_slot = Expr::col(booking::Column::TimeSlotId.as_column_ref()).equals(time_slot::Column::Id.as_column_ref());
    let bookings = booking::Entity::find().select_only().column(booking::Column::Id).filter(of_slot);
    bookings.filter(Expr::cust("booking.status <> 'CANCELLED'")).into_query()
}

const BY_START: (time_slot::Column, time_slot::Column) = (time_slot::Column::StartsAt, time_slot::Column::Id);

pub async fn list_slots(app: &App, filter: &SlotFilter, page: &Page) -> Result<Slice<TimeSlot>> {
    page.of(app.db.pool(), filter.query(), BY_START, Key::Instant, false).await
}

pub async fn count_slots(app: &App, filter: &SlotFilter) -> Result<i64> {
    lists::count(app.db.pool(), filter.query(), time_slot::Column::Id).await
}

/// The slots with these ids, deleted ones included, because their bookings still show the times.
pub async fn find_slots(app: &App, ids: &[TimeSlotId]) -> Result<Vec<TimeSlot>> {
    Ok(values(find_slot_rows(app.db.pool(), ids).await?))
}

pub(crate) async fn find_slot_rows<C: ConnectionTrait>(db: &C, ids: &[TimeSlotId]) -> Result<Vec<time_slot::Model>> {
    Ok(time_slot::Entity::find().filter(is_one_of(db, time_slot::Column::Id, ids.iter().copied())).all(db).await?)
}

/// The time of a row.
pub(crate) fn slot_of(row: &time_slot::Model) -> Slot {
    Slot::stored(row.starts_at, row.ends_at)
}

/// Creates a slot. Mentors create their own; administrators create anyone's.
///
/// # Errors
/// [`Error::Conflict`] if the mentor has an overlapping slot, or has booked one.
pub async fn insert_slot(app: &App, viewer: Viewer, new: NewSlot) -> Result<TimeSlot> {
    rights::require_signed_in(viewer, "to create time slots")?;
    let now = app.now();
    let mentor = new.mentor;
    rights::require(viewer.may_take_part_in_bookings(mentor), Refusal::AdminsOnly("create time slots for others"))?;
    let inserted = transaction!(app, now, |tx| {
        if let Some(id) = idempotency::claim_key(tx, app, viewer, "createTimeSlot", now).await? {
            return Ok(lock_slot(tx, id, LockType::Share).await?.into());
        }
        let slot = checked(&new, now)?;
        lock_active_person(tx, viewer, mentor, LockType::NoKeyUpdate).await?;
        match find_busy(tx, mentor, slot).await? {
            Some(Busy::Offers) => return Err(overlaps()),
            Some(Busy::Booked) => return Err(Error::Conflict(Refusal::MentorHasBooked)),
            None => {}
        }
        let row = time_slot::Model {
            id: TimeSlotId(0),
            mentor_id: mentor,
            starts_at: slot.starts_at(),
            ends_at: slot.ends_at(),
            deleted_at: None,
            created_at: now,
        };
        let row = time_slot::ActiveModel { id: NotSet, ..row.into_active_model().reset_all() };
        let row = row.insert(tx).await?;
        idempotency::record_created(tx, app, viewer, row.id).await?;
        tx.audit(viewer, "createTimeSlot", row.id, Changes::between(None, Some(&row)));
        Ok(row.into())
    });
    inserted.map_err(|error| if error.is_overlap() { overlaps() } else { error })
}

/// Checks the times of a new slot. A slot that has already ended is refused: its date is probably a mistake.
fn checked(new: &NewSlot, now: DateTime<Utc>) -> Result<Slot> {
    let mut errors = FieldErrors::default();
    errors.note(validate::date("startsAt", new.starts_at.date_naive()))?;
    errors.note(validate::date("endsAt", new.ends_at.date_naive()))?;
    errors.finish()?;
    let slot = Slot::new(new.starts_at, new.ends_at)
        .map_err(|error: SlotError| Error::invalid("endsAt", error.to_string()))?;
    if slot.ends_at() <= now {
        return Err(Error::invalid("endsAt", Refusal::NotInFuture));
    }
    Ok(slot)
}

fn overlaps() -> Error {
    Error::Conflict(Refusal::MentorOffers)
}

/// Why a person is busy in the time of a slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Busy {
    /// They offer a slot.
    Offers,
    /// They have booked somebody's slot.
    Booked,
}

/// Whether a person is busy in the time of a slot. Nobody is in two places. The person must be locked exclusively, so that
/// of two transactions the second sees what the first has written. An exclusion constraint cannot do this alone, because
/// slots and bookings are in two tables.
pub(crate) async fn find_busy(tx: &Tx, person: PersonId, slot: Slot) -> Result<Option<Busy>> {
    let offered = SlotFilter { mentor: Some(person), ends_after: Some(slot.starts_at()), ..SlotFilter::default() };
    let offered = offered.query().filter(time_slot::Column::StartsAt.lt(slot.ends_at()));
    if offered.limit(1).count(tx).await? > 0 {
        return Ok(Some(Busy::Offers));
    }
    let booked = "SELECT b.id FROM booking b JOIN time_slot t ON t.id = b.time_slot_id \
                  WHERE b.student_id = :person AND b.status IN ('SCHEDULED', 'ONGOING') \
                    AND t.starts_at < :ends AND t.ends_at > :starts LIMIT 1";
    let values = [("person", person.into()), ("starts", slot.starts_at().into()), ("ends", slot.ends_at().into())];
    Ok((!numbers(tx, booked, values).await?.is_empty()).then_some(Busy::Booked))
}

/// Whether a person has booked this slot.
pub(crate) async fn has_booked(tx: &Tx, slot: TimeSlotId, student: PersonId) -> Result<bool> {
    let booked = "SELECT id FROM booking WHERE time_slot_id = :slot AND student_id = :student \
                    AND status IN ('SCHEDULED', 'ONGOING')";
    Ok(!numbers(tx, booked, [("slot", slot.into()), ("student", student.into())]).await?.is_empty())
}

/// Checks that a person may take part in bookings, and locks them for the rest of the transaction.
pub(crate) async fn lock_active_person(tx: &Tx, viewer: Viewer, id: PersonId, lock: LockType) -> Result<()> {
    match person::Entity::find_by_id(id).lock(lock).one(tx).await? {
        None if viewer.is(id) => Err(rights::unknown_person()),
        None => Err(Error::not_found("person", id)),
        Some(row) if row.is_deactivated => Err(Error::Forbidden(Refusal::DeactivatedBooking)),
        Some(_) => Ok(()),
    }
}

/// Deletes a slot. Mentors delete their own; administrators delete anyone's. If all bookings of the slot are cancelled,
/// the slot stays as a marked row, because it is part of their history.
///
/// # Errors
/// [`Error::Conflict`] if the slot is booked.
pub async fn delete_slot(app: &App, viewer: Viewer, id: TimeSlotId) -> Result<()> {
    rights::require_signed_in(viewer, "to delete time slots")?;
    let now = app.now();
    transaction!(app, now, |tx| {
        let row = lock_slot(tx, id, LockType::Update).await?;
        rights::require(viewer.may_act_for(row.mentor_id), Refusal::MentorOnly("delete a slot"))?;
        let bookings = booking::Entity::find().filter(booking::Column::TimeSlotId.eq(id.0)).all(tx).await?;
        if bookings.iter().any(|booking| booking.status != BookingStatus::Cancelled) {
            return Err(Error::Conflict(Refusal::SlotIsBooked));
        }
        tx.audit(viewer, "deleteTimeSlot", id, Changes::between(Some(&row), None));
        if bookings.is_empty() {
            time_slot::Entity::delete_by_id(id).exec(tx).await?;
        } else {
            time_slot::Model { deleted_at: Some(now), ..row }.into_active_model().reset_all().update(tx).await?;
        }
        Ok(())
    })
}

/// Locks a slot that is not deleted.
pub(crate) async fn lock_slot(tx: &Tx, id: TimeSlotId, lock: LockType) -> Result<time_slot::Model> {
    let there = time_slot::Entity::find_by_id(id).filter(time_slot::Column::DeletedAt.is_null());
    there.lock(lock).one(tx).await?.ok_or_else(|| Error::not_found("time slot", id))
}
