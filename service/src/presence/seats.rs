//! Seats: requesting one, giving it back, and completing a visit.
//!
//! A request is also a heartbeat, whatever the answer: the visit is online, and an abandoned visit becomes active
//! again. A visit that has a seat in this activity keeps it. A visit with a seat in another activity gives that up if
//! it is admitted here, and keeps it if not.
//!
//! With seats for each person, a person has at most one seat in an activity: it moves to the visit that enters last. The
//! visit that lost it learns so from the answer to its next heartbeat.

use domain::{
    access::Viewer,
    ids::{ActivityId, PersonId, PresenceId},
    presence::{SeatsPer, Verdict, Visit, VisitStatus, admit},
};
use entity::{activity, person, presence::Model};
use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel, QuerySelect, sea_query::LockType};

use super::{
    Claimant, Tally,
    activities::{Activity, by_key},
    beats::lock_visits,
    completed, facts_of, not_found, put_seen, tally,
    visits::{self, end_leases},
};
use crate::{
    App, Error, Result,
    db::{Tx, numbers, rows},
    transaction,
};

/// The answer to a request for a seat.
#[derive(Debug, Clone)]
pub struct Entered {
    pub verdict: Verdict,
    pub visit: visits::Visit,
    pub activity: Activity,
}

/// The visit, and the activity in which it freed a seat.
#[derive(Debug, Clone)]
pub struct Left {
    pub visit: visits::Visit,
    pub freed: Option<ActivityId>,
}

/// Requests a seat. Counting and claiming happen in one transaction, under the lock of the activity (rule 17).
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
) -> Result<Entered> {
    let claimant = Claimant::new(app, viewer, secret)?;
    transaction!(app, app.now(), |tx| {
        let activity = lock_activity(tx, key).await?;
        if activity.max_concurrent.is_none()
            && activity.seats_per == SeatsPer::Person
            && let Some(person) = claimant.person()
        {
            // Without a limit the activity is not locked. The visits of one person still wait for each other.
            person::Entity::find_by_id(person).lock(LockType::NoKeyUpdate).one(tx).await?;
        }
        let here = activity.id;
        // Read the clock after taking the lock: the previous holder may have decided at an instant after this request
        // began.
        let now = app.now();
        let rules = &app.presence.rules;
        let person = claimant.person().filter(|_| activity.seats_per == SeatsPer::Person);
        let (mut visit, others) = lock_visit_and_others(tx, id, here, rules.online_since(now), person).await?;
        if !claimant.owns(&visit) {
            return Err(not_found(id));
        }
        let seen = facts_of(&visit).beat(rules, now).map_err(|_| completed())?;
        let (stale, own): (Vec<_>, Vec<_>) = others.into_iter().partition(|row| !facts_of(row).is_online(rules, now));
        end_leases(tx, rules, &stale).await?;

        // The seat of another visit of this person moves to this visit. It is not free in between, because both rows
        // change in this transaction.
        take_seats(tx, &own).await?;
        if !own.is_empty() {
            tx.log(|news| news.occupancy_changed(here));
        }
        let others = count_seats(tx, here, visit.id).await?;
        let limit = activity.max_concurrent.map(|limit| u32::try_from(limit).unwrap_or_default());
        let verdict = admit(limit, others, seen.seat == Some(here) || !own.is_empty());
        let after = Visit { seat: if verdict.is_admitted { Some(here) } else { seen.seat }, ..seen };
        let before = visit.activity_id;
        if before != after.seat {
            for changed in [before, after.seat].into_iter().flatten() {
                tx.log(|news| news.occupancy_changed(changed));
            }
        }
        if visit.status == VisitStatus::Abandoned {
            tally(tx, vec![Tally::abandoned(visit.started_at, -1)]).await?;
        }
        put_seen(&mut visit, after);
        let visit = save(tx, visit).await?;
        Ok(Entered { verdict, visit: visit.into(), activity: activity.into() })
    })
}

/// Gives the seat back. Does nothing if the visit has none.
///
/// # Errors
/// [`Error::NotFound`] if there is no such visit, or it belongs to somebody else.
pub async fn leave_activity(app: &App, viewer: Viewer, secret: Option<&str>, id: PresenceId) -> Result<Left> {
    let claimant = Claimant::new(app, viewer, secret)?;
    transaction!(app, app.now(), |tx| {
        let mut visit = lock_own(tx, &claimant, id).await?;
        let freed = visit.activity_id.take();
        if let Some(activity) = freed {
            tx.log(|news| news.occupancy_changed(activity));
            visit = save(tx, visit).await?;
        }
        Ok(Left { visit: visit.into(), freed })
    })
}

/// Completes a visit, finally, and frees its seat (rule 16). Does nothing if the visit is already completed.
///
/// # Errors
/// [`Error::NotFound`] if there is no such visit, or it belongs to somebody else.
pub async fn complete_visit(app: &App, viewer: Viewer, secret: Option<&str>, id: PresenceId) -> Result<Left> {
    let claimant = Claimant::new(app, viewer, secret)?;
    transaction!(app, app.now(), |tx| {
        let mut visit = lock_own(tx, &claimant, id).await?;
        if visit.status == VisitStatus::Completed {
            return Ok(Left { visit: visit.into(), freed: None });
        }
        let now = app.now();
        let mut tallies = vec![Tally::completed(visit.started_at, now)];
        if visit.status == VisitStatus::Abandoned {
            tallies.push(Tally::abandoned(visit.started_at, -1));
        }
        tally(tx, tallies).await?;
        let freed = visit.activity_id.take();
        if let Some(activity) = freed {
            tx.log(|news| news.occupancy_changed(activity));
        }
        let visit = Model {
            status: VisitStatus::Completed,
            completed_at: Some(now.max(visit.started_at)),
            is_live: false,
            abandon_at: None,
            ..visit
        };
        Ok(Left { visit: save(tx, visit).await?.into(), freed })
    })
}

/// Loads and locks the activity. If it has a limit, requests for its seats wait for each other. Without one they do not, and
/// only a new limit waits for them.
async fn lock_activity(tx: &Tx, key: &str) -> Result<activity::Model> {
    let mut found = by_key(key).one(tx).await?;
    let is_limited = |found: &Option<activity::Model>| found.as_ref().is_some_and(|it| it.max_concurrent.is_some());
    if is_limited(&found) {
        found = by_key(key).lock(LockType::NoKeyUpdate).one(tx).await?;
    } else {
        found = by_key(key).lock(LockType::Share).one(tx).await?;
        if is_limited(&found) {
            return Err(Error::Again("the activity got a limit meanwhile"));
        }
    }
    found.ok_or_else(|| Error::NotFound(format!("no activity {key}")))
}

async fn lock_own(tx: &Tx, claimant: &Claimant, id: PresenceId) -> Result<Model> {
    let visit = lock_visits(tx, std::iter::once(&id)).await?.pop();
    visit.filter(|visit| claimant.owns(visit)).ok_or_else(|| not_found(id))
}

/// Locks a visit, and others with a seat in this activity, in the order of their ids: those whose lease has run out, and
/// those of this person.
async fn lock_visit_and_others(
    tx: &Tx,
    id: PresenceId,
    activity: ActivityId,
    online_since: chrono::DateTime<chrono::Utc>,
    person: Option<PersonId>,
) -> Result<(Model, Vec<Model>)> {
    let sql = format!(
        "SELECT * FROM presence WHERE id = :visit OR (activity_id = :activity AND (last_seen_at < :online_since OR person_id = :person)) \
         ORDER BY id {}",
        tx.locking("FOR NO KEY UPDATE")
    );
    let values = [
        ("visit", id.into()),
        ("activity", activity.into()),
        ("online_since", online_since.into()),
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
        save(tx, Model { activity_id: None, ..visit.clone() }).await?;
    }
    Ok(())
}

/// How many other visits have a seat. Exact, because claiming a seat needs the activity's lock, which this transaction
/// holds.
async fn count_seats(tx: &Tx, activity: ActivityId, but: PresenceId) -> Result<u32> {
    let sql = "SELECT COUNT(*) FROM presence WHERE activity_id = :activity AND id <> :but";
    let count = numbers(tx, sql, [("activity", activity.into()), ("but", but.into())]).await?;
    Ok(count.first().and_then(|count| u32::try_from(*count).ok()).unwrap_or(u32::MAX))
}

async fn save(tx: &Tx, visit: Model) -> Result<Model> {
    Ok(visit.into_active_model().reset_all().update(tx).await?)
}
