//! Taking part in an activity without scripts, on its page (`/activities/{key}`).
//!
//! A browser that runs no scripts sends no heartbeats. Instead, the page of somebody who waits or has a seat loads itself
//! again every few seconds, and each time counts as a heartbeat. The visit belongs to the sign-in of the browser: its id is a
//! hash of the token. So several tabs of a browser are one visit, and there is nothing to store. The address of the page says that
//! somebody has joined ([`joined_address`]), so that the page can say when the seat or the place has ended.

use axum::{
    Form,
    extract::{Path, State},
    response::{IntoResponse as _, Redirect},
};
use chrono::{DateTime, Utc};
use domain::ids::PresenceId;
use maud::{Markup, html};
use service::{
    App, Error, Result,
    presence::{
        Claimant,
        activities::Activity,
        beats::{Beat, write_one},
        queue::{self, Holding},
        seats::{self, IfFull, Leaver},
        visit_of_secret,
    },
};

use super::{
    Page, Pages,
    activity::{address, find},
    error::{PageError, page_of},
    forms::Typed,
    visitor::Visitor,
};
use crate::{language::words, site::to};

/// What somebody has in an activity, on the page without scripts.
pub struct TakingPart {
    holding: Option<Holding>,
    /// The interval at which the page loads itself again, in seconds.
    every: u32,
    may_be_idle: bool,
    now: DateTime<Utc>,
}

/// The visit of the browser, if somebody is signed in who may have visits.
fn visit_of(app: &App, visitor: &Visitor) -> Option<PresenceId> {
    let token = visitor.token.as_deref()?;
    let may_join = visitor.viewer.person.is_some() && visitor.viewer.may_have_visits(app.presence.anonymous);
    may_join.then(|| visit_of_secret(token))
}

/// Finds what the visitor has here. This counts as a heartbeat. `None` for those who cannot take part without scripts.
pub async fn find_part(app: &App, visitor: &Visitor, activity: &Activity) -> Result<Option<TakingPart>> {
    let Some(id) = visit_of(app, visitor) else { return Ok(None) };
    let holding = find_holding(app, visitor, id, activity).await?;
    if holding.as_ref().is_some_and(|holding| holding.is_own) {
        // Nobody can tell whether somebody uses a page that loads itself again.
        beat(app, visitor, id, activity.max_idle_minutes.map(|_| true)).await?;
    }
    let heartbeat = u32::try_from(app.presence.heartbeat.as_secs()).unwrap_or(u32::MAX);
    let offer = u32::try_from(activity.offer_seconds).unwrap_or_default() / 3;
    let every = heartbeat.min(offer).max(1);
    Ok(Some(TakingPart { holding, every, may_be_idle: activity.max_idle_minutes.is_some(), now: app.now() }))
}

/// What the visit or its person has here. The visit may not exist yet.
async fn find_holding(app: &App, visitor: &Visitor, id: PresenceId, activity: &Activity) -> Result<Option<Holding>> {
    let followed = match queue::follow(app, visitor.viewer, None, id).await {
        Err(Error::NotFound(_)) => queue::find_of_person(app, visitor.viewer, id).await,
        followed => followed,
    };
    Ok(followed?.holdings.remove(&activity.id))
}

/// The path of an activity's page for somebody who has joined without scripts.
pub fn joined_address(activity: &Activity) -> String {
    format!("{}?joined", address(activity))
}

async fn beat(app: &App, visitor: &Visitor, id: PresenceId, is_idle: Option<bool>) -> Result<()> {
    let claimant = Claimant::new(app, visitor.viewer, None)?;
    write_one(app, Beat { visit: id, claimant, language_code: None, current_page: None, is_idle, at: app.now() })
        .await?;
    Ok(())
}

/// Joins, takes the offered seat, or leaves.
pub async fn take_part(
    State(pages): State<Pages>,
    visitor: Visitor,
    Path(key): Path<String>,
    Form(typed): Form<Typed>,
) -> Page {
    let app = &pages.app;
    let activity = find(app, &visitor, &key).await?;
    let joins = match typed.text("do") {
        "join" => true,
        "leave" => false,
        _ => return Err(PageError::bad_form(&visitor)),
    };
    let id = visit_of(app, &visitor).ok_or_else(|| PageError::bad_form(&visitor))?;
    let done = async {
        let viewer = visitor.viewer;
        if joins {
            beat(app, &visitor, id, Some(false)).await?;
            seats::enter_activity(app, viewer, None, id, &activity.key, IfFull::Wait).await?;
            return Ok(joined_address(&activity));
        }
        let holding = find_holding(app, &visitor, id, &activity).await?;
        match holding.filter(|holding| holding.is_own) {
            Some(Holding { place: Some(_), .. }) => {
                seats::leave_queue(app, viewer, None, id, Some(&activity.key), Leaver::Person).await?;
            }
            Some(_) => {
                seats::leave_activity(app, viewer, None, id, None).await?;
            }
            // It has ended meanwhile. The page says so.
            None => return Ok(joined_address(&activity)),
        }
        Ok(address(&activity))
    };
    let next = done.await.map_err(page_of(&visitor))?;
    Ok(Redirect::to(&to(&next)).into_response())
}

impl TakingPart {
    /// The interval at which a browser without scripts loads the page again, in seconds. `None` for somebody who has nothing
    /// to keep.
    pub fn every(&self) -> Option<u32> {
        self.holding.as_ref().filter(|holding| holding.is_own).map(|_| self.every)
    }

    /// The state, and the buttons. `has_joined`: somebody who has nothing had something before.
    pub fn show(&self, activity: &Activity, is_full: bool, has_joined: bool) -> Markup {
        let Self { holding, may_be_idle, now, .. } = self;
        let is_own = holding.as_ref().is_some_and(|holding| holding.is_own);
        let place = holding.as_ref().and_then(|holding| holding.place.as_ref());
        let is_seated = holding.is_some() && place.is_none();
        let join = match (place, is_own) {
            (Some(place), _) if place.offer_ends_at.is_some() => Some(words!("take-the-seat")),
            (Some(_), true) => None,
            (Some(_), false) => Some(words!("wait-here-too")),
            _ if is_seated && is_own => may_be_idle.then(|| words!("still-here")),
            _ if is_seated => Some(words!("move-seat-here")),
            _ if activity.max_concurrent == Some(0) => None,
            _ if is_full => Some(words!("join-queue")),
            _ => Some(words!("join-seat")),
        };
        let leave = is_own.then(|| if place.is_some() { words!("leave-queue") } else { words!("leave-seat") });
        html! {
            @match place {
                Some(place) => {
                    @if let Some(ends) = place.offer_ends_at {
                        p role="status" { (words!("seat-is-kept", seconds = (ends - *now).num_seconds().max(0))) }
                    } @else {
                        p role="status" { (words!("place-in-queue", position = place.position, length = place.length)) }
                        @if !is_own { p { (words!("waits-elsewhere")) } }
                        @if activity.max_concurrent == Some(0) { p { (words!("wait-closed")) } }
                    }
                }
                None if is_seated && !is_own => p role="status" { (words!("seat-elsewhere")) },
                None if is_seated => p role="status" { (words!("have-a-seat")) },
                None if has_joined => p role="status" {
                    (words!("no-place-any-more"))
                    @if join.is_some() { " " (words!("may-join-again")) }
                },
                None => {}
            }
            form.buttons method="post" action=(to(&address(activity))) {
                @if let Some(join) = join { button name="do" value="join" { (join) } }
                @if let Some(leave) = leave { button name="do" value="leave" { (leave) } }
            }
            @if let Some(seconds) = self.every() { p.quiet { (words!("page-reloads", seconds = seconds)) } }
        }
    }
}
