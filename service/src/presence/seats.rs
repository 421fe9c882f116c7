//! Seats: requesting one, giving it back, leaving the queue, and completing a visit.
//!
//! A request is also a heartbeat, whatever the answer: the visit is online, and an abandoned visit becomes active
//! again. A visit that has a seat in this activity keeps it. A visit with a seat in another activity gives that up if
//! it is admitted here, and keeps it if not.
//!
//! With seats for each person, a person has at most one seat in an activity: it moves to the visit that enters last. The
//! visit that lost it learns so from its subscription `queueChanged`, and from the answer to its next heartbeat.

use chrono::{DateTime, Utc};
use domain::{
    access::Viewer,
    ids::{ActivityId, PersonId, PresenceId, QueuePlaceId},
    presence::{PresenceRules, Requester, SeatCounts, SeatsPer, Takes, Verdict, VisitFacts, VisitStatus, admit},
};
use entity::{activity, person, presence::Model, queue_place};
use sea_orm::{ActiveModelTrait, EntityTrait, FromQueryResult, IntoActiveModel, QuerySelect, sea_query::LockType};

use super::{
    Claimant, Tally,
    activities::{Activity, find_activity_by_key, max_idle_of, storable_key},
    beats::lock_visits,
    completed, facts_of, not_found, note_freed, put_seen,
    queue::{self, LockedQueues, Owner, QueuePlace, settle_queues},
    tally,
    visits::{self, end_leases},
};
use crate::{
    App, Error, Result,
    db::{Tx, rows},
    transaction,
};

/// The answer to a request when no seat is free: a refusal, or a place in the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IfFull {
    Refuse,
    Wait,
}

/// What a request for a seat asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wish {
    pub if_full: IfFull,
    pub takes: Takes,
}

impl From<IfFull> for Wish {
    fn from(if_full: IfFull) -> Self {
        Self { if_full, takes: Takes::ANY }
    }
}

/// The answer to a request for a seat.
#[derive(Debug, Clone)]
pub struct Entered {
    pub verdict: Verdict,
    pub visit: visits::Visit,
    pub activity: Activity,
    /// The place in the queue. `None` for a visit that was admitted, or does not wait.
    pub place: Option<QueuePlace>,
}

/// The visit, and the activity in which it freed a seat or whose queue it left.
#[derive(Debug, Clone)]
pub struct LeaveResult {
    pub visit: visits::Visit,
    pub freed: Option<ActivityId>,
}

/// Requests a seat. Counting and claiming happen in one transaction, under the lock of the activity (rule 17). An
/// offered seat is claimed by such a request (rule 28).
///
/// # Errors
/// [`Error::NotFound`] if there is no such activity or visit, or the visit belongs to somebody else.
/// [`Error::InvalidTransition`] if the visit is completed. A full activity is not an error: see [`Entered::verdict`].
pub async fn enter_activity(
    app: &App,
    viewer: Viewer,
    secret: Option<&str>,
    id: PresenceId,
    key: &str,
    wish: impl Into<Wish>,
) -> Result<Entered> {
    let claimant = Claimant::new(app, viewer, secret)?;
    let Wish { if_full, takes } = wish.into();
    // Who wants no new seat wants no place either.
    let if_full = if takes.new { if_full } else { IfFull::Refuse };
    let (entered, elsewhere) = transaction!(app, app.now(), |tx| {
        let (activity, queues) = lock_activity(tx, key, Some(id).filter(|_| if_full == IfFull::Wait)).await?;
        if let Some(person) = claimant.person() {
            lock_owner(tx, &activity, person).await?;
        }
        let here = activity.id;
        // Read the clock after taking the lock. Otherwise this decision could be as of an earlier instant than the
        // previous one.
        let now = app.now();
        let rules = &app.presence.rules;
        let person = claimant.person().filter(|_| activity.seats_per == SeatsPer::Person);
        let (mut visit, others) =
            lock_visit_and_others(tx, id, &activity, rules.online_since(now), now, person).await?;
        if !claimant.owns(&visit) {
            return Err(not_found(id));
        }
        // The token's person may use an anonymous visit with its secret. The visit stays one by itself.
        let person = person.filter(|person| visit.person_id == Some(*person));
        let seen = facts_of(&visit).beat(rules, now, Some(false)).map_err(|_| completed())?;
        let (stale, others): (Vec<_>, Vec<_>) =
            others.into_iter().partition(|row| !facts_of(row).is_online(rules, now));
        end_leases(tx, rules, &stale).await?;
        let is_own = |row: &Model| person.is_some() && row.person_id == person;
        let (own, idle): (Vec<_>, Vec<_>) = others.into_iter().partition(is_own);
        visits::free_seats(tx, &idle, now).await?;
        // Free seats are offered to those who wait longest, before this request is decided. Without a limit everybody is
        // admitted, and the activity is not locked for writing.
        if activity.max_concurrent.is_some() {
            queue::settle(tx, rules, &activity, now, now).await?;
        }
        // The seat of another visit of this person moves to this visit. It is not free in between, because both rows
        // change in this transaction.
        take_seats(tx, &own).await?;
        if !own.is_empty() {
            tx.log(|news| news.occupancy_changed(here));
        }

        let holds_one = seen.seat == Some(here) || !own.is_empty();
        let request =
            SeatRequest { activity: &activity, queues: &queues, visit: &visit, holds_one, if_full, takes, now };
        let Decided { verdict, place, waits_at, elsewhere } = request.decide(tx, rules).await?;
        let after = VisitFacts { seat: if verdict.is_admitted { Some(here) } else { seen.seat }, ..seen };
        let before = visit.activity_id;
        let mut elsewhere: Vec<ActivityId> = elsewhere.into_iter().collect();
        if before != after.seat {
            note_freed(tx, &visit, now);
            elsewhere.extend(before);
            if let Some(taken) = after.seat {
                tx.log(|news| news.occupancy_changed(taken));
            }
        }
        if visit.status == VisitStatus::Abandoned {
            tally(tx, vec![Tally::abandoned(visit.started_at, -1)]).await?;
        }
        put_seen(&mut visit, after);
        if let Some(since) = own.iter().filter_map(|row| row.seat_since).min() {
            visit.seat_since = Some(since);
        }
        visit.waits_at_id = waits_at;
        let visit = save(tx, visit).await?;
        Ok((Entered { verdict, visit: visit.into(), activity: activity.into(), place }, elsewhere))
    })?;
    settle_queues(app, elsewhere).await;
    Ok(entered)
}

/// A request for a seat, after the queue was settled.
struct SeatRequest<'a> {
    activity: &'a activity::Model,
    queues: &'a LockedQueues,
    visit: &'a Model,
    holds_one: bool,
    if_full: IfFull,
    takes: Takes,
    now: DateTime<Utc>,
}

struct Decided {
    verdict: Verdict,
    place: Option<QueuePlace>,
    /// The place at which the visit has asked to wait.
    waits_at: Option<QueuePlaceId>,
    /// The activity whose queue the visit left, because it waits in this one.
    elsewhere: Option<ActivityId>,
}

impl SeatRequest<'_> {
    /// Decides on the request. Adds, moves or removes the place in the queue.
    async fn decide(&self, tx: &Tx, rules: &PresenceRules) -> Result<Decided> {
        let Self { activity, visit, if_full, now, .. } = *self;
        let limit = queue::limit_of(activity);
        let mut own = queue::find_place(tx, activity.id, visit.id, visit.person_id).await?;
        let taken = queue::count_taken(tx, activity.id, Some(visit.id), own.as_ref().map(|place| place.id)).await?;
        let counts = SeatCounts { limit, seats: taken.seats, offers: taken.offers, is_waited_for: taken.is_waited_for };
        let mut elsewhere = None;
        if own.is_none() && !self.holds_one && if_full == IfFull::Wait && !counts.is_free() {
            elsewhere = self.leave_other_queue(tx, rules).await?;
            let owner = visit.person_id.filter(|_| activity.seats_per == SeatsPer::Person);
            own = Some(queue::join(tx, rules, activity, visit.id, owner, now).await?);
        }
        let place = match &own {
            Some(place) => queue::describe_one(tx, place, now).await?,
            None => None,
        };
        let requester = match &place {
            _ if self.holds_one => Requester::Seat,
            Some(QueuePlace { offer_ends_at: Some(_), .. }) => Requester::Offer,
            Some(place) => Requester::Waiting(place.position),
            None => Requester::Newcomer,
        };
        let verdict = admit(counts, requester, self.takes);
        let mut waits_at = visit.waits_at_id;
        if let Some(mut place) = own {
            if verdict.is_admitted {
                queue::remove(tx, std::slice::from_ref(&place)).await?;
            } else if if_full == IfFull::Wait {
                // A visit that does not ask to wait leaves the place to the visits of the person that do.
                waits_at = Some(place.id);
                if place.presence_id != visit.id {
                    elsewhere = self.leave_other_queue(tx, rules).await?;
                    queue::carry(tx, &mut place, visit.id).await?;
                }
            }
        }
        Ok(Decided { verdict, place: place.filter(|_| !verdict.is_admitted), waits_at, elsewhere })
    }

    /// A visit waits in one queue at a time. Returns the activity whose queue has become shorter.
    async fn leave_other_queue(&self, tx: &Tx, rules: &PresenceRules) -> Result<Option<ActivityId>> {
        let owner = Owner::from(self.visit);
        let places = queue::find_places_of(tx, owner).await?;
        let is_elsewhere = |place: &queue_place::Model| place.activity_id != self.activity.id && owner.waits_at(place);
        let Some(place) = places.into_iter().find(is_elsewhere) else { return Ok(None) };
        self.queues.check([&place])?;
        let activity = place.activity_id;
        let is_removed = queue::stop_waiting(tx, rules, self.visit.id, place, self.now).await?;
        Ok(is_removed.then_some(activity))
    }
}

/// Gives the seat of the visit back. With the key of an activity, gives back the seat there, and if the seats count people, the
/// one of any visit of the person. Does nothing if there is none.
///
/// # Errors
/// [`Error::NotFound`] if there is no such visit or activity, or the visit belongs to somebody else.
pub async fn leave_activity(
    app: &App,
    viewer: Viewer,
    secret: Option<&str>,
    id: PresenceId,
    key: Option<&str>,
) -> Result<LeaveResult> {
    let claimant = Claimant::new(app, viewer, secret)?;
    let left = transaction!(app, app.now(), |tx| {
        let (mut visit, seats) = if let Some(key) = key {
            lock_own_and_seats_in(tx, &claimant, id, key).await?
        } else {
            let visit = lock_own(tx, &claimant, id).await?;
            let seat = visit.activity_id.map(|_| visit.clone());
            (visit, seat.into_iter().collect())
        };
        visits::free_seats(tx, &seats, app.now()).await?;
        if seats.iter().any(|seat| seat.id == id) {
            visit = Model { activity_id: None, seat_since: None, ..visit };
        }
        Ok(LeaveResult { visit: visit.into(), freed: seats.first().and_then(|seat| seat.activity_id) })
    })?;
    settle_queues(app, left.freed).await;
    Ok(left)
}

/// Who no longer waits in a queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leaver {
    /// The visit and, if the place belongs to its person, all visits of the person.
    Person,
    /// The visit alone. Another visit of the person that waits keeps the place.
    Visit,
}

/// Gives up the place in the queue of the activity with this key, and its offer. Without a key, it is the place at which the
/// visit has asked to wait, or that of the person if it has asked for none. Does nothing if there is no such place, or if only
/// the visit leaves and it does not wait there.
///
/// # Errors
/// [`Error::NotFound`] if there is no such visit or activity, or the visit belongs to somebody else.
pub async fn leave_queue(
    app: &App,
    viewer: Viewer,
    secret: Option<&str>,
    id: PresenceId,
    key: Option<&str>,
    leaver: Leaver,
) -> Result<LeaveResult> {
    let claimant = Claimant::new(app, viewer, secret)?;
    let named = match key {
        Some(key) => {
            let found = find_activity_by_key(app, key).await?;
            Some(found.ok_or_else(|| no_activity(key))?.id)
        }
        None => None,
    };
    let left = transaction!(app, app.now(), |tx| {
        let (mut visit, places) = lock_own_and_queues(tx, &claimant, id).await?;
        let owner = Owner::from(&visit);
        let is_meant = |place: &queue_place::Model| match named {
            Some(activity) => place.activity_id == activity,
            // The place may be gone. Another place of the person is not meant then.
            None => visit.waits_at_id.is_none() || owner.waits_at(place),
        };
        let place = places.into_iter().find(is_meant).filter(|it| leaver == Leaver::Person || owner.waits_at(it));
        let Some(place) = place else { return Ok(LeaveResult { visit: visit.into(), freed: None }) };
        let (activity, waits_here) = (place.activity_id, owner.waits_at(&place));
        let is_removed = match leaver {
            Leaver::Person => queue::remove(tx, &[place]).await.map(|()| true)?,
            Leaver::Visit => queue::stop_waiting(tx, &app.presence.rules, id, place, app.now()).await?,
        };
        if waits_here {
            visit = save(tx, Model { waits_at_id: None, ..visit }).await?;
        }
        Ok(LeaveResult { visit: visit.into(), freed: is_removed.then_some(activity) })
    })?;
    settle_queues(app, left.freed).await;
    Ok(left)
}

/// Completes a visit for good, and frees its seat and its place in a queue (rule 16). Does nothing if the visit is
/// already completed.
///
/// # Errors
/// [`Error::NotFound`] if there is no such visit, or it belongs to somebody else.
pub async fn complete_visit(app: &App, viewer: Viewer, secret: Option<&str>, id: PresenceId) -> Result<LeaveResult> {
    let claimant = Claimant::new(app, viewer, secret)?;
    let (left, changed) = transaction!(app, app.now(), |tx| {
        let (visit, places) = lock_own_and_queues(tx, &claimant, id).await?;
        if visit.status == VisitStatus::Completed {
            return Ok((LeaveResult { visit: visit.into(), freed: None }, Vec::new()));
        }
        let now = app.now();
        let mut tallies = vec![Tally::completed(visit.started_at, now)];
        if visit.status == VisitStatus::Abandoned {
            tallies.push(Tally::abandoned(visit.started_at, -1));
        }
        tally(tx, tallies).await?;
        note_freed(tx, &visit, now);
        let freed = visit.activity_id;
        // Where the visit waits, it stops waiting. Another place of the person is over if no other visit keeps it.
        let owner = Owner::from(&visit);
        let (own, others): (Vec<_>, Vec<_>) = places.iter().cloned().partition(|place| owner.waits_at(place));
        for place in own {
            queue::stop_waiting(tx, &app.presence.rules, id, place, now).await?;
        }
        queue::look_again(tx, &others, now).await?;
        let visit = Model {
            status: VisitStatus::Completed,
            completed_at: Some(now.max(visit.started_at)),
            is_live: false,
            abandon_at: None,
            activity_id: None,
            seat_since: None,
            waits_at_id: None,
            ..visit
        };
        let changed: Vec<_> = freed.into_iter().chain(places.iter().map(|place| place.activity_id)).collect();
        Ok((LeaveResult { visit: save(tx, visit).await?.into(), freed }, changed))
    })?;
    settle_queues(app, changed).await;
    Ok(left)
}

/// Loads and locks the activity. If it has a limit, requests for its seats wait for each other. Without a limit they do
/// not, and only what changes the activity or its queue waits for them. If `waiting` waits in the queue of another activity, that
/// one is locked too, because the visit leaves it.
async fn lock_activity(tx: &Tx, key: &str, waiting: Option<PresenceId>) -> Result<(activity::Model, LockedQueues)> {
    #[derive(FromQueryResult)]
    struct Found {
        id: ActivityId,
        max_concurrent: Option<i32>,
        waits_in: Option<ActivityId>,
    }
    let missing = || no_activity(key);
    let sql = "SELECT a.id, a.max_concurrent, q.activity_id AS waits_in FROM activity a \
               LEFT JOIN queue_place q ON q.presence_id = :visit \
                 OR q.id = (SELECT p.waits_at_id FROM presence p WHERE p.id = :visit) WHERE a.key = :key";
    let visit = waiting.map(PresenceId::uuid).unwrap_or_default();
    let found: Vec<Found> = rows(tx, sql, [("visit", visit.into()), ("key", storable_key(key).into())]).await?;
    let Found { id, max_concurrent, .. } = *found.first().ok_or_else(missing)?;
    if max_concurrent.is_some() {
        let wanted = found.iter().filter_map(|row| row.waits_in).chain([id]).collect();
        let (queues, mut locked) = queue::lock_queues(tx, wanted).await?;
        return Ok((locked.remove(&id).ok_or_else(missing)?, queues));
    }
    let row = activity::Entity::find_by_id(id).lock(LockType::Share).one(tx).await?.ok_or_else(missing)?;
    if row.max_concurrent.is_some() {
        return Err(Error::Again("the activity got a limit meanwhile"));
    }
    Ok((row, LockedQueues::default()))
}

/// Locks the owner of a visit, in the order of rule 21. If the activity has a limit, the lock keeps the person from
/// being erased, because a place in the queue refers to the person. Without a limit, requests do not lock the activity
/// for writing. Then this lock makes the visits of one person wait for each other.
async fn lock_owner(tx: &Tx, activity: &activity::Model, person: PersonId) -> Result<()> {
    let lock = match (activity.max_concurrent, activity.seats_per) {
        (None, SeatsPer::Person) => LockType::NoKeyUpdate,
        (Some(_), SeatsPer::Person) => LockType::KeyShare,
        (_, SeatsPer::Visit) => return Ok(()),
    };
    person::Entity::find_by_id(person).lock(lock).one(tx).await?;
    Ok(())
}

async fn lock_own(tx: &Tx, claimant: &Claimant, id: PresenceId) -> Result<Model> {
    let visit = lock_visits(tx, std::iter::once(&id)).await?.pop();
    visit.filter(|visit| claimant.owns(visit)).ok_or_else(|| not_found(id))
}

/// Locks a visit of the claimant, and the seats that it has in an activity, or that its person has if the seats count people.
/// Returns the visit, and all visits with these seats.
async fn lock_own_and_seats_in(tx: &Tx, claimant: &Claimant, id: PresenceId, key: &str) -> Result<(Model, Vec<Model>)> {
    // Under this lock no seat moves to another visit.
    let (activity, _) = lock_activity(tx, key, None).await?;
    if let Some(person) = claimant.person() {
        lock_owner(tx, &activity, person).await?;
    }
    let person = claimant.person().filter(|_| activity.seats_per == SeatsPer::Person);
    let sql = format!(
        "SELECT * FROM presence WHERE id = :visit OR (activity_id = :activity \
           AND person_id = (SELECT own.person_id FROM presence own WHERE own.id = :visit AND own.person_id = :person)) \
         ORDER BY id {}",
        tx.locking("FOR NO KEY UPDATE")
    );
    let values =
        [("visit", id.into()), ("activity", activity.id.into()), ("person", person.map(|person| person.0).into())];
    let mut locked: Vec<Model> = rows(tx, &sql, values).await?;
    let visit = locked.iter().find(|row| row.id == id && claimant.owns(row)).cloned().ok_or_else(|| not_found(id))?;
    locked.retain(|row| row.activity_id == Some(activity.id));
    Ok((visit, locked))
}

/// Locks a visit of the claimant, and before that the queues in which the visit or its person has a place. Returns these places.
async fn lock_own_and_queues(tx: &Tx, claimant: &Claimant, id: PresenceId) -> Result<(Model, Vec<queue_place::Model>)> {
    let visit = entity::presence::Entity::find_by_id(id).one(tx).await?.ok_or_else(|| not_found(id))?;
    let queues = queue::lock_queues_of_visit(tx, Owner::from(&visit)).await?;
    let visit = lock_own(tx, claimant, id).await?;
    let places = queue::find_places_of(tx, Owner::from(&visit)).await?;
    queues.check(&places)?;
    Ok((visit, places))
}

fn no_activity(key: &str) -> Error {
    Error::NotFound(format!("no activity {key}").into())
}

/// Locks a visit, and others with a seat in this activity, in the order of their ids: those whose lease has run out,
/// those that have been idle for too long, and those of this person.
async fn lock_visit_and_others(
    tx: &Tx,
    id: PresenceId,
    activity: &activity::Model,
    online_since: DateTime<Utc>,
    now: DateTime<Utc>,
    person: Option<PersonId>,
) -> Result<(Model, Vec<Model>)> {
    let sql = format!(
        "SELECT * FROM presence WHERE id = :visit OR (activity_id = :activity \
           AND (last_seen_at < :online_since OR idle_since <= :idle_since \
                OR person_id = (SELECT own.person_id FROM presence own WHERE own.id = :visit AND own.person_id = :person))) \
         ORDER BY id {}",
        tx.locking("FOR NO KEY UPDATE")
    );
    let values = [
        ("visit", id.into()),
        ("activity", activity.id.into()),
        ("online_since", online_since.into()),
        ("idle_since", max_idle_of(activity).map(|max_idle| now - max_idle).into()),
        ("person", person.map(|person| person.0).into()),
    ];
    let mut locked: Vec<Model> = rows(tx, &sql, values).await?;
    let place = locked.iter().position(|row| row.id == id).ok_or_else(|| not_found(id))?;
    let visit = locked.remove(place);
    Ok((visit, locked))
}

/// Takes the seats of these visits, which are locked. They stay online.
async fn take_seats(tx: &Tx, visits: &[Model]) -> Result<()> {
    for visit in visits {
        save(tx, Model { activity_id: None, seat_since: None, ..visit.clone() }).await?;
    }
    Ok(())
}

async fn save(tx: &Tx, visit: Model) -> Result<Model> {
    Ok(visit.into_active_model().reset_all().update(tx).await?)
}
