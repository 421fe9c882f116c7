//! `/activities/{key}`: who has a seat in an activity, how long its queue is, and the element that joins and leaves. Without
//! scripts, forms do that: see [`plain_visit`].

use axum::{
    extract::{Path, Query, State},
    response::IntoResponse as _,
};
use domain::{access::Viewer, ids::ActivityId};
use maud::{Markup, html};
use serde::Deserialize;
use service::{
    App, Result,
    lists::Page as ListPage,
    people::Person,
    presence::{
        activities::{self, Activity},
        queue, roster, statistics,
        visits::{self, VisitFilter},
    },
};

use super::{
    Page, Pages, cards,
    error::{PageError, page_of},
    layout::{Frame, respond},
    plain_visit::{self, TakingPart},
    visitor::Visitor,
};
use crate::{language::words, site::to};

/// The number of activities that the home page lists.
const LISTED: u64 = 20;

/// The number of seats whose people are listed.
const SHOWN: i32 = 100;

/// The activity at the time of the request.
struct Content {
    activity: Activity,
    taken: i64,
    waiting: u32,
    /// `None` if the visitor may not see it.
    roster: Option<Roster>,
}

impl Content {
    /// Whether somebody who joins now must wait.
    fn is_full(&self) -> bool {
        self.waiting > 0 || self.activity.max_concurrent.is_some_and(|limit| i64::from(limit) <= self.taken)
    }
}

/// The people who have a seat.
struct Roster {
    people: Vec<Person>,
    /// Whether more people have a seat than are listed.
    has_more: bool,
    /// How many visits without a person have a seat. 0 for those who may not see visits.
    anonymous: usize,
}

/// The query of the page's address.
#[derive(Deserialize)]
pub struct Parameters {
    /// It is there if the visitor has joined without scripts: see [`plain_visit`].
    joined: Option<String>,
}

/// The address has the key of the activity, or its id such as `Activity:7`.
pub async fn show(
    State(pages): State<Pages>,
    visitor: Visitor,
    Path(key): Path<String>,
    Query(parameters): Query<Parameters>,
) -> Page {
    let activity = find(&pages.app, &visitor, &key).await?;
    let part = plain_visit::find_part(&pages.app, &visitor, &activity).await.map_err(page_of(&visitor))?;
    let content = load(&pages.app, visitor.viewer, activity).await.map_err(page_of(&visitor))?;
    let activity = &content.activity;
    let every = part.as_ref().and_then(TakingPart::every);
    let has_joined = parameters.joined.is_some();
    let mut frame =
        Frame::new(&activity.name, &visitor).following_activity(&activity.key).renewed_without_scripts(every);
    if !has_joined {
        frame = frame.renewed_at(plain_visit::joined_address(activity));
    }
    let main = html! {
        h1 { (activity.name) }
        section.card aria-label=(words!("seats")) {
            @if visitor.viewer.may_have_visits(pages.app.presence.anonymous) {
                activity-queue activity=(activity.key) { (seats(&content)) }
                noscript {
                    @match &part {
                        Some(part) => (part.show(activity, content.is_full(), has_joined)),
                        None => p { (words!("seats-need-scripts")) },
                    }
                }
            } @else {
                p { (seats(&content)) }
                (who_may_join(&visitor, activity))
            }
        }
        @if let Some(roster) = &content.roster { (roster_section(roster)) }
    };
    Ok(respond(&frame, &main).into_response())
}

/// The activity with this key or id.
pub async fn find(app: &App, visitor: &Visitor, key: &str) -> Result<Activity, PageError> {
    let found = match key.parse::<ActivityId>() {
        Ok(id) => activities::find_activities(app, &[id]).await.map(|mut found| found.pop()),
        Err(_) => activities::find_activity_by_key(app, key).await,
    };
    let found = found.map_err(page_of(visitor))?;
    found.ok_or_else(|| PageError::not_found(visitor, &words!("no-activity-here")))
}

async fn load(app: &App, viewer: Viewer, activity: Activity) -> Result<Content> {
    let taken = statistics::find_occupancy(app, &[activity.id]).await?.remove(&activity.id).unwrap_or_default();
    let counts = queue::find_counts(app, &[activity.id]).await?.remove(&activity.id).unwrap_or_default();
    let roster = find_roster(app, viewer, &activity).await?;
    let taken = taken.iter().map(|one| one.count).sum();
    Ok(Content { activity, taken, waiting: counts.length, roster })
}

async fn find_roster(app: &App, viewer: Viewer, activity: &Activity) -> Result<Option<Roster>> {
    let page = ListPage { first: Some(SHOWN), ..ListPage::default() };
    let Some((people, _)) = roster::list_roster(app, viewer, activity, &page).await? else { return Ok(None) };
    let filter = VisitFilter { activity_key: Some(activity.key.clone()), ..VisitFilter::default() };
    let seats = visits::list_visits(app, viewer, &filter, &page).await?;
    let anonymous = seats.map_or(0, |seats| seats.rows.iter().filter(|visit| visit.person_id.is_none()).count());
    Ok(Some(Roster { people: people.rows, has_more: people.has_next, anonymous }))
}

/// The numbers of people who have a seat and who wait. The element `activity-queue` shows the same words.
fn seats(Content { activity, taken, waiting, .. }: &Content) -> Markup {
    html! {
        @match activity.max_concurrent {
            Some(0) => (words!("seats-closed")),
            Some(limit) => (words!("seats-taken", taken = *taken, limit = limit)),
            None => (words!("taking-part", count = *taken)),
        }
        @if *waiting > 0 { " " (words!("waiting", count = *waiting)) }
    }
}

fn roster_section(Roster { people, has_more, anonymous }: &Roster) -> Markup {
    html! {
        section aria-labelledby="roster" {
            h2 #roster { (words!("who-has-a-seat")) }
            @if people.is_empty() && *anonymous == 0 { p.quiet { (words!("nobody-is-shown")) } }
            ul.people {
                @for person in people {
                    li #{ "seat-" (person.id.0) } { a href={ (to("/people/")) (person.id.0) } { (person.display_name) } }
                }
                @if *has_more { li { (words!("and-more")) } }
                @if *anonymous > 0 { li { (words!("without-a-name", count = *anonymous)) } }
            }
        }
    }
}

/// The text for visitors who may not have a visit.
fn who_may_join(visitor: &Visitor, activity: &Activity) -> Markup {
    html! {
        @if activity.max_concurrent == Some(0) {
            // The text above says that it is closed.
        } @else if visitor.token.is_none() {
            p { a href={ (to("/sign-in?next=")) (cards::encoded(&address(activity))) } { (words!("sign-in-to-join")) } }
        } @else if visitor.viewer.is_deactivated {
            p.quiet { (words!("deactivated-cannot-join")) }
        } @else {
            p.quiet { (words!("only-people-join")) }
        }
    }
}

/// The path of an activity's page.
pub fn address(activity: &Activity) -> String {
    format!("/activities/{}", cards::encoded(&activity.key))
}

/// The activities that the home page lists.
pub async fn listed(app: &App) -> Result<Vec<Activity>> {
    activities::list_activities(app, LISTED).await
}

/// Links to the pages of activities.
pub fn links(activities: &[Activity]) -> Markup {
    html! {
        @if !activities.is_empty() {
            section aria-labelledby="activities" {
                h2 #activities { (words!("activities")) }
                ul.plain { @for activity in activities { li { a href=(to(&address(activity))) { (activity.name) } } } }
            }
        }
    }
}
