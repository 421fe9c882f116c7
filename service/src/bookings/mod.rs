//! Bookings: a student's claim on a time slot, and the steps that people take (rule 18). Steps by the clock are in
//! [`crate::sweep`].
//!
//! A *step* is a change of status. An *open* booking is scheduled or ongoing. Invariant: a step is one
//! conditional `UPDATE` from the state that `domain::booking` decided on. Of two steps at the same time, one finds
//! another state, and is decided again. So each step happens once, and is logged once.

pub mod time_slots;

use chrono::{DateTime, Utc};
use domain::{
    access::Viewer,
    booking::{BookingStatus, InvalidTransition, State, Step},
    ids::{BookingId, PersonId, TimeSlotId},
    news::BookingStep,
};
use entity::{booking, time_slot};
use sea_orm::{
    ActiveModelTrait, ActiveValue::NotSet, ColumnTrait, Condition, ConnectionTrait, EntityTrait, IntoActiveModel,
    QueryFilter, QueryOrder, QuerySelect, RelationTrait, Select, sea_query::LockType,
};

use crate::{
    App, Error, Refusal, Result,
    audit::Changes,
    bookings::time_slots::{Busy, find_busy, find_slot_rows, has_booked, lock_active_person, lock_slot, slot_of},
    db::{Reads, Tx, execute, is_in, is_one_of, list, numbers, rows},
    idempotency,
    lists::{self, Key, Page, Slice, values},
    rights, transaction,
};

/// A student's claim on a time slot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Booking {
    pub id: BookingId,
    pub time_slot_id: TimeSlotId,
    pub mentor_id: PersonId,
    pub student_id: PersonId,
    pub status: BookingStatus,
    pub is_delayed: bool,
    pub created_at: DateTime<Utc>,
    pub started_at: Option<DateTime<Utc>>,
    pub completed_at: Option<DateTime<Utc>>,
    pub cancelled_at: Option<DateTime<Utc>>,
}

impl Booking {
    /// May the viewer see this booking?
    pub fn is_seen_by(&self, viewer: Viewer) -> bool {
        viewer.may_see_booking(self.mentor_id, self.student_id)
    }
}

impl From<booking::Model> for Booking {
    fn from(row: booking::Model) -> Self {
        Self {
            id: row.id,
            time_slot_id: row.time_slot_id,
            mentor_id: row.mentor_id,
            student_id: row.student_id,
            status: row.status,
            is_delayed: row.is_delayed,
            created_at: row.created_at,
            started_at: row.started_at,
            completed_at: row.completed_at,
            cancelled_at: row.cancelled_at,
        }
    }
}

/// A filter for bookings. A booking must match everything that is set.
#[derive(Debug, Clone, Default)]
pub struct BookingFilter {
    pub status: Option<BookingStatus>,
    pub mentor: Option<PersonId>,
    pub student: Option<PersonId>,
    /// Only bookings of slots that start in `[from, to)`.
    pub from: Option<DateTime<Utc>>,
    pub to: Option<DateTime<Utc>>,
}

/// Whose bookings to show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BookingsOf {
    Everybody,
    /// Bookings in which this person is mentor or student.
    Person(PersonId),
    Nobody,
}

impl BookingsOf {
    /// Administrators see all bookings; others see those in which they take part.
    pub fn seen_by(viewer: Viewer) -> Self {
        match viewer.person {
            _ if viewer.may_see_all_bookings() => Self::Everybody,
            Some(person) => Self::Person(person),
            None => Self::Nobody,
        }
    }

    fn condition(self) -> Condition {
        match self {
            Self::Everybody => Condition::all(),
            Self::Person(person) => Condition::any()
                .add(booking::Column::MentorId.eq(person.0))
                .add(booking::Column::StudentId.eq(person.0)),
            Self::Nobody => Condition::all().add(booking::Column::Id.eq(0_i64)),
        }
    }
}

impl BookingFilter {
    fn query(&self, of: BookingsOf) -> Select<booking::Entity> {
        let mut query = booking::Entity::find().filter(of.condition());
        if let Some(status) = self.status {
            query = query.filter(booking::Column::Status.eq(status.as_str()));
        }
        if let Some(mentor) = self.mentor {
            query = query.filter(booking::Column::MentorId.eq(mentor.0));
        }
        if let Some(student) = self.student {
            query = query.filter(booking::Column::StudentId.eq(student.0));
        }
        if self.from.is_some() || self.to.is_some() {
            query = query.join(sea_orm::JoinType::InnerJoin, booking::Relation::TimeSlot.def());
        }
        if let Some(from) = self.from {
            query = query.filter(time_slot::Column::StartsAt.gte(from));
        }
        if let Some(to) = self.to {
            query = query.filter(time_slot::Column::StartsAt.lt(to));
        }
        query
    }
}

const NEWEST: (booking::Column, booking::Column) = (booking::Column::CreatedAt, booking::Column::Id);

/// A page of bookings, newest first.
pub async fn list_bookings(app: &App, of: BookingsOf, filter: &BookingFilter, page: &Page) -> Result<Slice<Booking>> {
    page.of(app.db.pool(), filter.query(of), NEWEST, Key::Instant, true).await
}

pub async fn count_bookings(app: &App, of: BookingsOf, filter: &BookingFilter) -> Result<i64> {
    lists::count(app.db.pool(), filter.query(of), booking::Column::Id).await
}

pub async fn find_bookings(db: &impl Reads, ids: &[BookingId]) -> Result<Vec<Booking>> {
    Ok(values(find_rows(db.connection(), ids).await?))
}

async fn find_rows<C: ConnectionTrait>(db: &C, ids: &[BookingId]) -> Result<Vec<booking::Model>> {
    Ok(booking::Entity::find().filter(is_one_of(db, booking::Column::Id, ids.iter().copied())).all(db).await?)
}

/// The bookings of these slots that are not cancelled.
pub async fn find_uncancelled_of(app: &App, slots: &[TimeSlotId]) -> Result<Vec<Booking>> {
    let db = app.db.pool();
    let of_slots = is_one_of(db, booking::Column::TimeSlotId, slots.iter().copied());
    let uncancelled = booking::Entity::find().filter(booking::Column::Status.ne(BookingStatus::Cancelled));
    Ok(values(uncancelled.filter(of_slots).all(db).await?))
}

/// All bookings, newest first. `None` if there are more than `limit`.
pub async fn find_all_of(db: &impl Reads, of: BookingsOf, limit: u64) -> Result<Option<Vec<Booking>>> {
    let newest = BookingFilter::default().query(of).order_by_desc(NEWEST.0).order_by_desc(NEWEST.1);
    let found = newest.limit(limit + 1).all(db.connection()).await?;
    Ok((found.len() as u64 <= limit).then(|| values(found)))
}

pub(crate) fn state_of(row: &booking::Model) -> State {
    State { status: row.status, is_delayed: row.is_delayed }
}

/// The change that the log gets for a step.
pub(crate) fn news_of(row: &booking::Model, step: Step) -> BookingStep {
    BookingStep {
        booking: row.id,
        mentor: row.mentor_id,
        student: row.student_id,
        old_status: step.from.map(|from| from.status),
        new_status: step.to.status,
        is_delayed: step.to.is_delayed,
        reason: step.reason.text().to_owned(),
    }
}

/// Books a slot. People book for themselves; administrators book for anyone.
///
/// # Errors
/// [`Error::Conflict`] if the slot has begun or is already booked, or if the student is elsewhere at that time: in another
/// booking, or in a slot of their own.
pub async fn book(app: &App, viewer: Viewer, id: TimeSlotId, student: Option<PersonId>) -> Result<Booking> {
    rights::require_signed_in(viewer, "to book")?;
    let Some(student) = student.or(viewer.person) else {
        return Err(rights::person_required("studentId"));
    };
    rights::require(viewer.may_take_part_in_bookings(student), Refusal::AdminsOnly("book for others"))?;
    let now = app.now();
    let booked = transaction!(app, now, |tx| {
        if let Some(id) = idempotency::claim_key(tx, app, viewer, "bookTimeSlot", now).await? {
            let made = find_rows(tx, &[id]).await?.pop();
            return made.map(Into::into).ok_or_else(|| Error::not_found("booking", id));
        }
        let row = lock_slot(tx, id, LockType::NoKeyUpdate).await?;
        let (slot, mentor) = (slot_of(&row), row.mentor_id);
        if student == mentor {
            return Err(Error::invalid("studentId", Refusal::OwnSlot));
        }
        if !slot.is_bookable(now) {
            return Err(Error::Conflict(Refusal::SlotHasBegun));
        }
        let mut people = [mentor, student];
        people.sort_unstable();
        for person in people {
            let lock = if person == student { LockType::NoKeyUpdate } else { LockType::Share };
            lock_active_person(tx, viewer, person, lock).await?;
        }
        match find_busy(tx, student, slot).await? {
            Some(Busy::Offers) => return Err(Error::Conflict(Refusal::StudentOffers)),
            Some(Busy::Booked) if has_booked(tx, id, student).await? => {
                return Err(Error::Conflict(Refusal::BookedAlready));
            }
            Some(Busy::Booked) => return Err(student_is_booked()),
            None => {}
        }
        let step = State::book();
        let row = booking::Model {
            id: BookingId(0),
            time_slot_id: id,
            mentor_id: mentor,
            student_id: student,
            status: step.to.status,
            is_delayed: step.to.is_delayed,
            due_at: step.to.due_at(&slot),
            created_at: now,
            started_at: None,
            completed_at: None,
            cancelled_at: None,
            starts_at: Some(slot.starts_at()),
            ends_at: Some(slot.ends_at()),
        };
        let row = booking::ActiveModel { id: NotSet, ..row.into_active_model().reset_all() }.insert(tx).await?;
        tx.log(|news| news.booking_step(news_of(&row, step)));
        idempotency::record_created(tx, app, viewer, row.id).await?;
        tx.audit(viewer, "bookTimeSlot", row.id, Changes::between(None, Some(&row)));
        Ok(row.into())
    });
    // A unique index allows one booking for each slot that is not cancelled.
    booked.map_err(|error| {
        if error.is_duplicate() {
            Error::Conflict(Refusal::SlotTaken)
        } else if error.is_overlap() {
            student_is_booked()
        } else {
            error
        }
    })
}

fn student_is_booked() -> Error {
    Error::Conflict(Refusal::StudentHasBooked)
}

/// The steps that people can take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// For the mentor and administrators.
    Start,
    /// For mentor, student and administrators.
    Complete,
    /// For mentor, student and administrators.
    Cancel,
}

impl Action {
    const fn mutation(self) -> &'static str {
        match self {
            Self::Start => "startBooking",
            Self::Complete => "completeBooking",
            Self::Cancel => "cancelBooking",
        }
    }

    fn of(self, state: State) -> Result<Step, InvalidTransition> {
        match self {
            Self::Start => state.start(),
            Self::Complete => state.complete(),
            Self::Cancel => state.cancel(),
        }
    }
}

/// Takes a step.
///
/// # Errors
/// [`Error::InvalidTransition`] if the status does not allow the step. [`Error::NotFound`] if the viewer may not see
/// the booking.
pub async fn act(app: &App, viewer: Viewer, id: BookingId, action: Action) -> Result<Booking> {
    rights::require_signed_in(viewer, "to change a booking")?;
    let now = app.now();
    transaction!(app, now, |tx| {
        let row = find_rows(tx, &[id]).await?.pop();
        let row = row.filter(|row| viewer.may_see_booking(row.mentor_id, row.student_id));
        let row = row.ok_or_else(|| Error::not_found("booking", id))?;
        if action == Action::Start {
            rights::require(viewer.may_start_booking(row.mentor_id), Refusal::MentorOnly("start a booking"))?;
        } else {
            let is_allowed = viewer.may_end_booking(row.mentor_id, row.student_id);
            rights::require(is_allowed, "only the mentor, the student and admins may end a booking")?;
        }
        let step = action.of(state_of(&row))?;
        let slot = find_slot_rows(tx, &[row.time_slot_id]).await?.pop();
        let slot = slot.ok_or_else(|| Error::internal(format!("{id} has no slot")))?;
        write_step(tx, step, &[id], step.to.due_at(&slot_of(&slot)), now).await?;
        tx.log(|news| news.booking_step(news_of(&row, step)));
        let changed = find_rows(tx, &[id]).await?.pop();
        let changed = changed.ok_or_else(|| Error::internal(format!("{id} has disappeared")))?;
        tx.audit(viewer, action.mutation(), id, Changes::between(Some(&row), Some(&changed)));
        Ok(changed.into())
    })
}

/// Locks the slots that a person offers, then the person's bookings that are not over, each by id. Returns these
/// bookings.
pub(crate) async fn lock_open_of_person(tx: &Tx, person: PersonId) -> Result<Vec<booking::Model>> {
    let lock = tx.locking("FOR UPDATE");
    let slots = format!("SELECT id FROM time_slot WHERE mentor_id = :person AND deleted_at IS NULL ORDER BY id {lock}");
    numbers(tx, &slots, [("person", person.into())]).await?;
    let sql = format!(
        "SELECT * FROM booking WHERE (mentor_id = :person OR student_id = :person) \
           AND status IN ('SCHEDULED', 'ONGOING') ORDER BY id {lock}"
    );
    rows(tx, &sql, [("person", person.into())]).await
}

/// Ends a locked booking whose mentor or student is erased. A scheduled booking is cancelled, an ongoing one is
/// completed. Returns the new status.
pub(crate) async fn end_open(tx: &Tx, row: &booking::Model, now: DateTime<Utc>) -> Result<BookingStatus> {
    let state = state_of(row);
    let step = state.cancel().or_else(|_| state.complete())?;
    write_step(tx, step, &[row.id], None, now).await?;
    tx.log(|news| news.booking_step(news_of(row, step)));
    Ok(step.to.status)
}

/// Writes one step for all these bookings, and the instant at which they fall due next.
///
/// # Errors
/// [`Error::Again`] if one of them is no longer in the state from which the step starts.
pub(crate) async fn write_step(
    tx: &Tx,
    step: Step,
    ids: &[BookingId],
    due_at: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> Result<()> {
    let from = step.from.ok_or_else(|| Error::internal("a new booking has no step to write"))?;
    let at = |status| (step.to.status == status).then_some(now);
    // If the clock started a booking, nobody knows when the meeting began. Such a booking is delayed.
    let started_at = at(BookingStatus::Ongoing).filter(|_| !step.to.is_delayed);
    let sql = format!(
        "UPDATE booking SET status = :status, is_delayed = :is_delayed, due_at = :due, \
           started_at = COALESCE(:started, started_at), completed_at = COALESCE(:completed, completed_at), \
           cancelled_at = COALESCE(:cancelled, cancelled_at) \
         WHERE status = :old_status AND is_delayed = :was_delayed AND {}",
        is_in(tx, "id", "bookings")
    );
    let values = [
        ("status", step.to.status.as_str().into()),
        ("is_delayed", step.to.is_delayed.into()),
        ("due", due_at.into()),
        ("started", started_at.into()),
        ("completed", at(BookingStatus::Completed).into()),
        ("cancelled", at(BookingStatus::Cancelled).into()),
        ("old_status", from.status.as_str().into()),
        ("was_delayed", from.is_delayed.into()),
        ("bookings", list(tx, ids.iter().copied())),
    ];
    if execute(tx, &sql, values).await? == ids.len() as u64 {
        return Ok(());
    }
    Err(Error::Again("another transaction changed the booking"))
}
