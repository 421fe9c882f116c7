//! `/sessions/{path}`: a session, its current and next meetings, and who comes.

use axum::{
    extract::{Path, State},
    response::{IntoResponse as _, Response},
};
use chrono::{DateTime, SecondsFormat, Utc};
use domain::{check_in::Attendance, ids::SessionInstanceId, zone::Zone};
use maud::{Markup, html};
use serde_json::json;
use service::{
    App, Result,
    check_ins::{self, CheckIn},
    instances::{
        self, Instance,
        meetings::{self as next_meetings, Meeting, Meetings},
    },
    people::Person,
    sessions::{self, Session, Skip},
};

use super::{
    super::{
        Page, Pages,
        cards::{self, Card},
        door,
        error::{PageError, page_of},
        forms::Outcome,
        home::recurrence_text,
        layout::{Frame, live_now, respond},
        markdown, times,
        visitor::Visitor,
    },
    answers::{self, part_of},
    below, meetings,
    skips::{self, Upcoming},
};
use crate::{
    language::words,
    site::{to, whole},
};

const NEXT: usize = 6;

/// The part of the page for messages about the session as a whole.
pub const TOP: &str = "session";

struct Content {
    now: DateTime<Utc>,
    session: Session,
    zone: Zone,
    active: Vec<Card>,
    next: Vec<Meeting>,
    /// The visitor's own check-ins at these meetings.
    own: Vec<CheckIn>,
    /// The check-ins at the meetings whose list the visitor may see.
    answers: Vec<(SessionInstanceId, Vec<(CheckIn, Person)>)>,
    nearby: Vec<Card>,
    organizers: Vec<Person>,
    skips: Upcoming,
    may_edit: bool,
}

pub async fn show(State(pages): State<Pages>, outcome: Outcome, visitor: Visitor, Path(path): Path<String>) -> Page {
    answer(&pages.app, &visitor, &path, &outcome).await
}

pub async fn answer(app: &App, visitor: &Visitor, path: &str, outcome: &Outcome) -> Page {
    let content = load(app, visitor, path).await.map_err(page_of(visitor))?;
    let content = content.ok_or_else(|| PageError::not_found(visitor, &words!("no-session-here")))?;
    Ok((outcome.status(), render(visitor, &content, outcome)).into_response())
}

async fn load(app: &App, visitor: &Visitor, path: &str) -> Result<Option<Content>> {
    let Some(session) = sessions::find_session_by_path(app, path).await? else { return Ok(None) };
    let id = session.id;
    let skips = sessions::find_skips(app, &[id]).await?;
    let Meetings { now, active, next } =
        next_meetings::find_active_and_next(app, &session, Skip::all_dates(&skips), NEXT).await?;
    let shown: Vec<&Instance> =
        active.iter().chain(next.iter().filter_map(|meeting| meeting.instance.as_ref())).collect();
    let ids: Vec<SessionInstanceId> = shown.iter().map(|row| row.id).collect();
    let lists: Vec<_> = shown.iter().map(|row| (row.id, row.session_id)).collect();
    let visible = check_ins::find_visible_lists(app, visitor.viewer, &lists).await?;
    let own = match visitor.viewer.person {
        Some(person) => check_ins::find_answers(app, person, &ids).await?,
        None => Vec::new(),
    };
    let mut answers = Vec::new();
    for id in ids.into_iter().filter(|id| visible.contains(id)) {
        answers.push((id, answers::find_answers(app, id).await?));
    }
    let nearby = match (session.city.clone(), session.country.clone()) {
        (Some(city), Some(country)) => instances::find_active_in_cities(app, &[(city, country)]).await?,
        _ => Vec::new(),
    };
    let others = nearby.into_iter().filter(|(_, other)| other.id != session.id).collect();
    let organizers = sessions::find_organizers(app, &[id]).await?;
    Ok(Some(Content {
        now,
        active: cards::load(app, active).await?,
        next,
        own,
        answers,
        nearby: cards::count(app, others).await?,
        organizers: organizers.into_iter().map(|(_, person)| person).collect(),
        skips: Upcoming::of(app, &session, skips),
        zone: times::zone_of(app.zone_data(), &session),
        may_edit: sessions::may_edit(app, visitor.viewer, id).await?,
        session,
    }))
}

fn render(visitor: &Visitor, content: &Content, outcome: &Outcome) -> Response {
    let session = &content.session;
    // The meeting of a form may be over, moved or deleted, so that the page does not show it any more.
    let active = content.active.iter().map(|card| part_of(&Meeting::from(card.instance.clone())));
    let parts: Vec<String> = active.chain(content.next.iter().map(part_of)).chain([skips::PART.to_owned()]).collect();
    let outcome = &outcome.within(&parts, TOP);
    let mut frame = Frame::new(&session.name, visitor).following(json!({ "sessionIds": [session.id.to_string()] }));
    if let (Some(city), Some(country)) = (&session.city, &session.country) {
        frame = frame.following(json!({ "city": city, "country": country }));
    }
    let path = format!("/sessions/{}", cards::encoded(&session.path));
    let origin = picture_origin(visitor, session);
    let picture = picture_of(session, origin.is_some());
    frame =
        frame.found_at(&path, description(session)).pictured(session.picture_url.as_deref()).showing_picture_of(origin);
    if outcome.is_refused() {
        frame = frame.standing_still();
    }
    let main = html! {
        h1 { (session.name) " " (live_now(session.id, &session.name, !content.active.is_empty())) }
        (outcome.message(TOP))
        @if content.may_edit { p { a.button href=(below(session, "organize")) { (words!("organise-this-session")) } } }
        (on_now(visitor, content, outcome))
        (about(content, &picture))
        (next(visitor, content, outcome))
        @if content.may_edit { (content.skips.editor(session, outcome)) }
        (nearby(content))
        (to_hang_up(&whole(&path)))
    };
    respond(&frame, &main)
}

/// How many characters of the description of a session search engines and messengers get.
const SHOWN_OF_DESCRIPTION: usize = 200;

/// 'Thursdays from 7:00pm–10:00pm. The Hangar, Austin, US. Tunes from Ireland …'
fn description(session: &Session) -> String {
    let city = (session.city.is_some() || session.country.is_some()).then(|| cards::city_text(session));
    let place: Vec<&str> = session.location.as_deref().into_iter().chain(city.as_deref()).collect();
    let place = if place.is_empty() { String::new() } else { format!(" {}.", place.join(", ")) };
    let about = session.description.as_deref().map(|text| markdown::plain(text, SHOWN_OF_DESCRIPTION));
    let about = about.filter(|text| !text.is_empty()).map(|text| format!(" {text}")).unwrap_or_default();
    format!("{}.{place}{about}", recurrence_text(session))
}

/// The part that only the printed page has. It makes the page a notice for the wall.
fn to_hang_up(address: &str) -> Markup {
    html! {
        @if let Some(picture) = door::qr(address) {
            aside.printed { div.qr { (picture) } p { (words!("print-notice")) } p { (address) } }
        }
    }
}

/// The meeting for programs that read pages, as an Event of schema.org. It is microdata, because pages have no inline script.
fn event(session: &Session, meeting: &Meeting) -> Markup {
    let Some(starts_at) = meeting.starts_at else { return Markup::default() };
    let instance = meeting.instance.as_ref();
    let status = if meeting.is_cancelled() { "EventCancelled" } else { "EventScheduled" };
    let location = instance.and_then(|row| row.location_override.as_ref()).or(session.location.as_ref());
    html! {
        span itemscope itemtype="https://schema.org/Event" {
            meta itemprop="name" content=(session.name);
            meta itemprop="startDate" content=(starts_at.to_rfc3339_opts(SecondsFormat::Secs, true));
            @if let Some(ends_at) = meeting.ends_at {
                meta itemprop="endDate" content=(ends_at.to_rfc3339_opts(SecondsFormat::Secs, true));
            }
            meta itemprop="eventStatus" content={ "https://schema.org/" (status) };
            link itemprop="url" href=(cards::address(session));
            @if let Some(picture) = &session.picture_url { link itemprop="image" href=(picture); }
            span itemprop="location" itemscope itemtype="https://schema.org/Place" {
                meta itemprop="name" content=(location.unwrap_or(&session.name));
                meta itemprop="address" content=(cards::city_text(session));
            }
        }
    }
}

fn about(Content { session, organizers, .. }: &Content, picture: &Markup) -> Markup {
    html! {
        (picture)
        @if let Some(description) = &session.description { div.description { (markdown::render(description)) } }
        dl.facts {
            dt { (words!("when")) } dd { (recurrence_text(session)) }
            @if let Some(location) = &session.location { dt { (words!("where")) } dd { (location) } }
            @if session.city.is_some() || session.country.is_some() { dt { (words!("city")) } dd { (cards::city_text(session)) } }
            @if !organizers.is_empty() {
                dt { (words!("organised-by")) }
                dd {
                    ul.faces {
                        @for person in organizers {
                            li {
                                a href={ (to("/people/")) (person.id.0) } {
                                    span.face aria-hidden="true" { (initials(&person.display_name)) }
                                    (person.display_name)
                                }
                            }
                        }
                    }
                }
            }
            @if let Some(website) = &session.website {
                dt { (words!("website")) } dd { a href=(website) rel="noopener nofollow ugc" { (website) } }
            }
            dt.unprinted { (words!("calendar")) } dd.unprinted { a href={ (cards::address(session)) "/calendar.ics" } { (words!("add-to-calendar")) } }
            dt { (words!("time-zone")) } dd { (session.time_zone) }
        }
    }
}

/// The origin of the session's picture, if the page shows it. Whoever loads the picture tells its site that they are reading this
/// page, and from which address. So strangers get no picture.
fn picture_origin(visitor: &Visitor, session: &Session) -> Option<String> {
    session.picture_origin().filter(|_| visitor.viewer.is_signed_in())
}

/// The picture of the session. Its box has the same size before it is loaded, and if it can't be loaded.
fn picture_of(session: &Session, is_shown: bool) -> Markup {
    html! {
        @if let Some(address) = session.picture_url.as_ref().filter(|_| is_shown) {
            div.picture.unprinted { img src=(address) alt=(session.name) loading="lazy" referrerpolicy="no-referrer"; }
        }
    }
}

/// The first letters of the first and the last word of a name.
fn initials(name: &str) -> String {
    let mut words = name.split_whitespace().filter_map(|word| word.chars().find(|c| c.is_alphanumeric()));
    let (first, last) = (words.next(), words.next_back());
    first.into_iter().chain(last).flat_map(char::to_uppercase).collect()
}

fn on_now(visitor: &Visitor, content: &Content, outcome: &Outcome) -> Markup {
    let session = &content.session;
    html! {
        section aria-label=(words!("on-now")) {
            @for card in &content.active {
                @let meeting = Meeting::from(card.instance.clone());
                div.card.on #(part_of(&meeting)) {
                    // A printed notice hangs longer than this meeting lasts.
                    h2.unprinted { (words!("on-now")) }
                    (event(session, &meeting))
                    p.where { (cards::place_text(Some(&card.instance), &card.session)) }
                    p {
                        (times::meeting(card.zone, card.instance.date, card.instance.starts_at, card.instance.ends_at)) " "
                        (times::until(content.now, card.instance.starts_at, card.instance.ends_at))
                    }
                    p.counts.unprinted { (cards::counts_text(&card.instance, card.counts)) }
                    (answer_to(visitor, content, &meeting, outcome))
                    @if !visitor.viewer.is_signed_in() {
                        p.unprinted { a href=(sign_in_address(session)) { (words!("sign-in-to-check-in")) } }
                    }
                }
            }
        }
    }
}

/// The address of the sign-in page, which leads back to the page of the session.
fn sign_in_address(session: &Session) -> String {
    format!("{}{}", to("/sign-in?next="), cards::encoded(&cards::address(session)))
}

fn next(visitor: &Visitor, content: &Content, outcome: &Outcome) -> Markup {
    let zone = content.zone;
    // The first meeting that takes place shows how soon it starts.
    let first = content.next.iter().position(|meeting| !meeting.is_cancelled());
    html! {
        section aria-labelledby="next" {
            h2 #next { (words!("next-meetings")) }
            (content.skips.next())
            @if content.next.is_empty() { p.quiet { (words!("no-meetings-planned")) } }
            ol.meetings {
                @for (index, meeting) in content.next.iter().enumerate() {
                    li.cancelled[meeting.is_cancelled()] #(part_of(meeting)) {
                        (event(&content.session, meeting))
                        p {
                            (times::meeting(zone, meeting.date, meeting.starts_at, meeting.ends_at))
                            @if first == Some(index) { " " (times::until(content.now, meeting.starts_at, meeting.ends_at)) }
                        }
                        @if meeting.is_cancelled() { p { strong { (words!("cancelled")) } } }
                        @if let Some(location) = meeting.instance.as_ref().and_then(|row| row.location_override.as_ref()) {
                            p.where { (location) }
                        }
                        (answer_to(visitor, content, meeting, outcome))
                    }
                }
            }
            @if content.may_edit { p.unprinted { a href=(below(&content.session, "meetings/past")) { (words!("past-meetings")) } } }
            @if !visitor.viewer.is_signed_in() && !content.next.is_empty() {
                p.unprinted { a href=(sign_in_address(&content.session)) { (words!("sign-in-to-answer")) } }
            }
        }
    }
}

/// The visitor's answer to a meeting, the answers of others, and the result of the last form.
fn answer_to(visitor: &Visitor, content: &Content, meeting: &Meeting, outcome: &Outcome) -> Markup {
    let instance = meeting.instance.as_ref();
    let of_instance = |row: &&CheckIn| Some(row.session_instance_id) == instance.map(|instance| instance.id);
    let own: Option<Attendance> = content.own.iter().find(of_instance).map(|row| row.attendance);
    let answers = content.answers.iter().find(|(id, _)| Some(*id) == instance.map(|instance| instance.id));
    html! {
        (outcome.message(&part_of(meeting)))
        @if !meeting.is_cancelled() { (answers::buttons(visitor, &content.session, meeting, own)) }
        @if let (Some(instance), Some((_, answers))) = (instance, answers) { (answers::list(visitor, instance, answers)) }
        @if content.may_edit { (meetings::change(&content.session, meeting)) }
    }
}

fn nearby(content: &Content) -> Markup {
    html! {
        @if !content.nearby.is_empty() {
            section aria-labelledby="nearby" {
                h2 #nearby { (words!("also-on-in", city = content.session.city.as_deref().unwrap_or_default())) }
                (cards::list(content.now, &content.nearby, cards::nothing))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::initials;

    #[test]
    fn initials_are_those_of_the_first_and_the_last_word() {
        for (name, letters) in [("Anna", "A"), ("Cleo  de la Concertina", "CC"), ("élan 木", "É木"), ("-", "")] {
            assert_eq!(initials(name), letters, "{name}");
        }
    }
}
