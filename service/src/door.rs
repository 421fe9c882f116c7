//! Check-in codes, and guests who check in with them.
//!
//! A code is computed from the key of this database, so every server knows it, and nothing is stored. It works while the
//! doors of its instance are open: while a yes is an arrival (rule 13).
//!
//! A guest is a person with an API key that ends a day after the meeting. Guests are erased after `GUEST_DAYS`.

use std::net::IpAddr;

use chrono::{DateTime, TimeDelta, Utc};
use domain::{
    access::Viewer,
    check_in::Attendance,
    door::{Code, CodePeriod},
    ids::{CheckInId, PersonId, SessionInstanceId},
    placement,
};
use entity::person;
use sea_orm::{
    ActiveModelTrait, ActiveValue::NotSet, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QuerySelect,
};
use subtle::ConstantTimeEq as _;

use crate::{
    App, Error, Refusal, Result,
    audit::Changes,
    check_ins::{self, CheckedIn, NewAnswer, answer_in},
    idempotency,
    instances::{self, Instance},
    people::{self, NewPerson, api_keys, blank_person},
    rate::{self, Rates},
    sessions::{self, Session},
    settings::PublicUrl,
    transaction,
};

/// How long a guest's key outlives the meeting.
const GUEST_KEY_TTL: TimeDelta = TimeDelta::days(1);

/// Whether there are guests, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GuestSettings {
    /// `ALLOW_GUESTS` (true).
    pub are_allowed: bool,
    /// `GUEST_DAYS` (30): guests are erased this long after they checked in for the first time.
    pub kept: TimeDelta,
}

impl Default for GuestSettings {
    fn default() -> Self {
        Self { are_allowed: true, kept: TimeDelta::days(30) }
    }
}

/// The limits for each address and minute: wrong check-in codes, and new guests.
#[derive(Debug)]
pub struct DoorRates {
    wrong_codes: Rates<IpAddr>,
    guests: Rates<IpAddr>,
}

impl Default for DoorRates {
    fn default() -> Self {
        Self { wrong_codes: Rates::new(rate::per_minute(10)), guests: Rates::new(rate::per_minute(30)) }
    }
}

/// The code that the screen at the door shows now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownCode {
    pub code: String,
    /// The instant from which the code is no longer accepted. `None` if the meeting has no end.
    pub expires_at: Option<DateTime<Utc>>,
}

impl ShownCode {
    /// The address of the page that checks in with this code. Without `PUBLIC_URL` it is a path of this server.
    pub fn address(&self, public_url: Option<&PublicUrl>) -> String {
        let (origin, path) = public_url.map_or(("", ""), |public| (&public.origin, &public.path));
        format!("{origin}{path}/c/{}", self.code)
    }
}

/// The code of an instance. `None` if its session has no codes, or its doors are closed. Only for viewers who may edit the
/// session: the caller has checked that.
pub async fn find_code(app: &App, session: &Session, instance: &Instance) -> Result<Option<ShownCode>> {
    let now = app.now();
    let Some(step) = CodePeriod::shown(session.check_in_codes, now).filter(|_| is_open(session, instance, now)) else {
        return Ok(None);
    };
    let code = Code { instance: instance.id, tag: app.cursor_key().await?.tag_code(instance.id, step)? };
    let closes_at = instance.override_until.or(instance.closes_at).filter(|end| *end > now);
    let expires_at = [step.accepted_until(), closes_at].into_iter().flatten().min();
    Ok(Some(ShownCode { code: code.write(), expires_at }))
}

fn is_open(session: &Session, instance: &Instance, now: DateTime<Utc>) -> bool {
    session.deleted_at.is_none() && placement::doors_are_open(&instance.facts(session), now)
}

/// The meeting that a code is for, if the code works now.
///
/// # Errors
/// [`Error::Invalid`] if the code does not work. After too many wrong codes from one address, [`Error::RateLimited`].
pub async fn find_meeting(app: &App, code: &str, address: Option<IpAddr>) -> Result<(Session, Instance)> {
    if let Some(found) = read_code(app, code).await? {
        return Ok(found);
    }
    if let Some(address) = address {
        app.door.wrong_codes.take(&address).map_err(Error::RateLimited)?;
    }
    Err(Error::invalid("code", "does not work now: scan the code at the door again"))
}

async fn read_code(app: &App, text: &str) -> Result<Option<(Session, Instance)>> {
    let Some(code) = Code::read(text) else { return Ok(None) };
    let Some(instance) = instances::find_instances(app, &[code.instance]).await?.pop() else { return Ok(None) };
    let Some(session) = sessions::find_sessions(app, &[instance.session_id]).await?.pop() else { return Ok(None) };
    let now = app.now();
    let key = app.cursor_key().await?;
    let mut is_right = subtle::Choice::from(0);
    for step in CodePeriod::accepted(session.check_in_codes, now) {
        is_right |= key.tag_code(instance.id, step)?.ct_eq(&code.tag);
    }
    Ok((bool::from(is_right) && is_open(&session, &instance, now)).then_some((session, instance)))
}

/// Says yes, maybe or no with a code. See [`check_in`](crate::check_ins::check_in).
///
/// # Errors
/// The errors of [`find_meeting`]. Also [`Error::Invalid`] if the code is for another meeting.
pub async fn check_in_with_code(
    app: &App,
    viewer: Viewer,
    instance: SessionInstanceId,
    attendance: Attendance,
    person: Option<PersonId>,
    (code, address): (&str, Option<IpAddr>),
) -> Result<CheckedIn> {
    let (_, found) = find_meeting(app, code, address).await?;
    if found.id != instance {
        return Err(Error::invalid("code", "is for another meeting: scan the code at the door of this one"));
    }
    let now = app.now();
    let answer = NewAnswer { instance, attendance, person, has_code: true };
    transaction!(app, now, |tx| { answer_in(tx, app, viewer, answer, now).await })
}

/// The name of the mutation, for attempts at it.
const CHECK_IN_BY_CODE: &str = "checkInByCode";

/// Checks in with a code. A viewer who is signed in checks in as that person. Otherwise this makes a guest with this
/// name, and also returns the secret of the guest's API key. Attempts with the same idempotency key make one guest, and
/// get the same answer.
///
/// # Errors
/// The errors of [`find_meeting`]. [`Error::Invalid`] if a guest has no name. [`Error::Unauthenticated`] if guests are not
/// allowed.
pub async fn check_in_by_code(
    app: &App,
    viewer: Viewer,
    code: &str,
    display_name: Option<&str>,
    address: Option<IpAddr>,
) -> Result<(CheckedIn, Option<String>)> {
    if viewer.is_signed_in() {
        let (_, instance) = find_meeting(app, code, address).await?;
        let (answer, now) = (arrival_at(&instance), app.now());
        let done = transaction!(app, now, |tx| { answer_in(tx, app, viewer, answer, now).await })?;
        return Ok((done, None));
    }
    let (app, secret) = app.for_nobody(address).await?;
    let secret = api_keys::guest_secret(secret)?;
    let done = check_in_guest(&app, code, display_name, address, &secret).await?;
    Ok((done, Some(secret)))
}

const fn arrival_at(instance: &Instance) -> NewAnswer {
    NewAnswer { instance: instance.id, attendance: Attendance::Yes, person: None, has_code: true }
}

/// Makes a guest, whose key has this secret, and checks them in.
async fn check_in_guest(
    app: &App,
    code: &str,
    display_name: Option<&str>,
    address: Option<IpAddr>,
    secret: &str,
) -> Result<CheckedIn> {
    let now = app.now();
    if let Some(earlier) = idempotency::find_created(app, Viewer::NOBODY, CHECK_IN_BY_CODE, now).await? {
        return find_guests_check_in(app, earlier).await;
    }
    let (_, instance) = find_meeting(app, code, address).await?;
    if !app.guests.are_allowed {
        return Err(Error::Unauthenticated(Refusal::SignIn("to check in: this server has no guests")));
    }
    let Some(name) = display_name else {
        return Err(Error::invalid("displayName", Refusal::GuestWithoutName));
    };
    let new = NewPerson { display_name: name.to_owned(), ..NewPerson::default() };
    let guest = person::Model { is_guest: true, ..blank_person(&new, now)? };
    if let Some(address) = address {
        app.door.guests.take(&address).map_err(Error::RateLimited)?;
    }
    let key = api_keys::of_guest(secret, now, guest_key_end(&instance, now));
    let answer = arrival_at(&instance);
    let done = transaction!(app, now, |tx| {
        // A concurrent attempt may have made the guest.
        if let Some(earlier) = idempotency::claim_key(tx, app, Viewer::NOBODY, CHECK_IN_BY_CODE, now).await? {
            return Ok(Err(earlier));
        }
        let made = person::ActiveModel { id: NotSet, ..guest.clone().into_active_model().reset_all() };
        let made = made.insert(tx).await?;
        let id = made.id;
        tx.audit(Viewer::person(id).guest(), CHECK_IN_BY_CODE, id, Changes::between(None, Some(&made)));
        api_keys::insert_for_guest(tx, &key, id).await?;
        let done = answer_in(tx, app, Viewer::person(id).guest(), answer, now).await?;
        idempotency::record_created(tx, app, Viewer::NOBODY, done.check_in.id).await?;
        Ok(Ok(done))
    })?;
    match done {
        Ok(done) => Ok(done),
        Err(earlier) => find_guests_check_in(app, earlier).await,
    }
}

/// The check-in of a guest whom an earlier attempt made. If the person is no longer a guest, this is
/// [`Error::NotFound`]: they have a token of their own.
async fn find_guests_check_in(app: &App, id: CheckInId) -> Result<CheckedIn> {
    let gone = || Error::NotFound("The guest of this key is no longer here. Make a new key to check in again.".into());
    let check_in = check_ins::find_check_in(app, id).await?.ok_or_else(gone)?;
    let guest = people::find_people(app, &[check_in.person_id]).await?.pop().filter(|person| person.is_guest);
    let person = guest.ok_or_else(gone)?.id;
    Ok(CheckedIn { person, instance: check_in.session_instance_id, check_in, previous_instance: None })
}

/// When the key of a guest of this meeting ends: a day after the meeting.
pub fn guest_key_end(instance: &Instance, now: DateTime<Utc>) -> DateTime<Utc> {
    instance.closes_at.max(instance.override_until).unwrap_or(now).max(now) + GUEST_KEY_TTL
}

/// Merges a guest into the person who has signed in in the same browser. Does nothing if `guest` is no guest, or if the
/// person is a guest or deactivated.
pub async fn claim_guest(app: &App, guest: Viewer, signed_in: Viewer) -> Result<()> {
    let (Some(from), Some(into)) = (guest.person, signed_in.person) else { return Ok(()) };
    if !guest.is_guest || signed_in.is_guest || signed_in.is_deactivated || from == into {
        return Ok(());
    }
    people::merge_guest(app, signed_in, from, into).await
}

/// Erases the guests whose retention (`GUEST_DAYS`) is over. Returns how many.
pub(crate) async fn erase_old_guests(app: &App) -> Result<u64> {
    const BATCH: u64 = 100;
    let mut erased = 0;
    loop {
        let old: Vec<PersonId> = person::Entity::find()
            .select_only()
            .column(person::Column::Id)
            .filter(person::Column::IsGuest.eq(true))
            .filter(person::Column::ErasedAt.is_null())
            .filter(person::Column::MergedIntoId.is_null())
            .filter(person::Column::CreatedAt.lt(app.now() - app.guests.kept))
            .limit(BATCH)
            .into_tuple()
            .all(app.db.pool())
            .await?;
        for id in &old {
            match people::erase_person(app, Viewer::admin("end of a guest"), *id).await {
                // Another process may have erased the guest.
                Ok(()) | Err(Error::NotFound(_)) => erased += 1,
                Err(error) => return Err(error),
            }
        }
        if (old.len() as u64) < BATCH {
            return Ok(erased);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn address_that_makes_many_guests_or_guesses_codes_is_limited_and_others_are_not() {
        let [busy, other] = ["192.0.2.1", "2001:db8::1"].map(|address| address.parse::<IpAddr>().unwrap());
        let rates = DoorRates::default();
        for (rates, a_minute) in [(&rates.wrong_codes, 10), (&rates.guests, 30)] {
            let taken = (0..1_000).filter(|_| rates.take(&busy).is_ok()).count();
            // More only if this test is interrupted for some seconds.
            assert!((a_minute..500).contains(&taken), "{taken}");
            assert!(rates.take(&other).is_ok());
        }
    }
}
