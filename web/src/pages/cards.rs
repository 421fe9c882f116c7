//! Meetings as cards, for the pages that list them.

use std::{collections::HashMap, fmt::Write as _};

use chrono::{DateTime, Utc};
use domain::{
    geo::is_named_in,
    ids::{SessionId, SessionInstanceId},
    zone::Zone,
};
use maud::{Markup, html};
use service::{
    App, Result,
    instances::{self, Counts, Instance, meetings::Meeting},
    sessions::{self, Session},
};

use super::{layout::live_now, sessions::answers::part_of_instance, times};
use crate::{language::words, site::to};

/// An instance and what a card shows of it.
#[derive(Debug, Clone)]
pub struct Card {
    pub instance: Instance,
    pub session: Session,
    /// The time zone of the session.
    pub zone: Zone,
    pub counts: Counts,
}

/// Loads the cards of these instances, in the same order.
pub async fn load(app: &App, rows: Vec<Instance>) -> Result<Vec<Card>> {
    let ids: Vec<SessionId> = rows.iter().map(|row| row.session_id).collect();
    let found = sessions::find_sessions(app, &ids).await?;
    let sessions: HashMap<SessionId, Session> = found.into_iter().map(|row| (row.id, row)).collect();
    let with_sessions =
        rows.into_iter().filter_map(|row| sessions.get(&row.session_id).map(|session| (row, session.clone())));
    count(app, with_sessions.collect()).await
}

/// Does the same as [`load`] for instances whose sessions are loaded already.
pub async fn count(app: &App, rows: Vec<(Instance, Session)>) -> Result<Vec<Card>> {
    let ids: Vec<SessionInstanceId> = rows.iter().map(|(instance, _)| instance.id).collect();
    let counts: HashMap<SessionInstanceId, Counts> = instances::find_counts(app, &ids).await?.into_iter().collect();
    let data = app.zone_data();
    let card = |(instance, session): (Instance, Session)| {
        let counts = counts.get(&instance.id).copied().unwrap_or_default();
        let zone = times::zone_of(data, &session);
        Card { instance, session, zone, counts }
    };
    Ok(rows.into_iter().map(card).collect())
}

/// Meetings that are to come, with the counts of those that have an instance.
pub async fn coming(app: &App, meetings: Vec<(Session, Meeting)>) -> Result<Vec<Coming>> {
    let ids: Vec<_> = meetings.iter().filter_map(|(_, meeting)| Some(meeting.instance.as_ref()?.id)).collect();
    let counts: HashMap<SessionInstanceId, Counts> = instances::find_counts(app, &ids).await?.into_iter().collect();
    let data = app.zone_data();
    let coming = |(session, meeting): (Session, Meeting)| {
        let instance = meeting.instance.as_ref();
        let counts = instance.and_then(|row| counts.get(&row.id)).copied().unwrap_or_default();
        Coming { zone: times::zone_of(data, &session), session, meeting, counts }
    };
    Ok(meetings.into_iter().map(coming).collect())
}

/// A meeting that is to come. It may have no instance yet.
pub struct Coming {
    session: Session,
    meeting: Meeting,
    zone: Zone,
    counts: Counts,
}

/// A list of cards. `extra` adds something to each card.
pub fn list(now: DateTime<Utc>, cards: &[Card], extra: impl Fn(&Card) -> Markup) -> Markup {
    html! {
        ul.cards {
            @for card in cards {
                @let Card { instance, session, zone, counts } = card;
                li.card.on[instance.is_active] #(part_of_instance(instance.id)) {
                    (head(now, (session, *zone), &Meeting::from(instance.clone()), *counts))
                    (extra(card))
                }
            }
        }
    }
}

pub fn nothing(_: &Card) -> Markup {
    Markup::default()
}

pub fn coming_list(now: DateTime<Utc>, coming: &[Coming]) -> Markup {
    html! {
        ul.cards {
            @for Coming { session, meeting, zone, counts } in coming {
                li.card.cancelled[meeting.is_cancelled()] id=[meeting.instance.as_ref().map(|row| part_of_instance(row.id))] {
                    (head(now, (session, *zone), meeting, *counts))
                }
            }
        }
    }
}

fn head(now: DateTime<Utc>, (session, zone): (&Session, Zone), meeting: &Meeting, counts: Counts) -> Markup {
    let instance = meeting.instance.as_ref();
    html! {
        h3 {
            a href=(address(session)) { (session.name) }
            @if meeting.is_active() { " " (live_now(session.id, &session.name, true)) }
        }
        p.where { (place_text(instance, session)) }
        p {
            (times::meeting(zone, meeting.date, meeting.starts_at, meeting.ends_at)) " "
            @if !meeting.is_cancelled() { (times::until(now, meeting.starts_at, meeting.ends_at)) }
        }
        @if meeting.is_cancelled() { p { strong { (words!("cancelled")) } } }
        @if let Some(instance) = instance { p.counts { (counts_text(instance, counts)) } }
    }
}

/// 'The Hangar, Austin'. A location may name the city already.
pub fn place_text(instance: Option<&Instance>, session: &Session) -> String {
    let moved_to = instance.and_then(|row| row.location_override.as_deref());
    let location = moved_to.or(session.location.as_deref());
    let city = session.city.as_deref().filter(|city| !location.is_some_and(|location| is_named_in(location, city)));
    join([location, city])
}

/// 'Austin, TX, USA'.
pub fn city_text(session: &Session) -> String {
    let text = join([session.city.as_deref(), session.state.as_deref(), session.country.as_deref()]);
    if text.is_empty() { words!("other-places") } else { text }
}

fn join<const N: usize>(parts: [Option<&str>; N]) -> String {
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// How many people are at an active instance, and how many said yes.
pub fn counts_text(instance: &Instance, counts: Counts) -> Markup {
    html! {
        @if instance.is_active {
            // The script changes the number, and the words with it.
            span data-present=(instance.id) data-words {
                @if counts.present == 0 { (words!("nobody-here")) } @else { (words!("here-now", count = counts.present)) }
            }
        }
        @if instance.is_active && counts.attending > 0 { ", " }
        @if counts.attending > 0 { (words!("said-yes", count = counts.attending)) }
    }
}

/// The address of a session's page.
pub fn address(session: &Session) -> String {
    address_at(&session.path)
}

/// The address of the page of the session with this path.
pub fn address_at(path: &str) -> String {
    to(&format!("/sessions/{}", encoded(path)))
}

/// A segment of an address, with percent-encoding.
pub fn encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~') {
            encoded.push(byte.into());
        } else {
            // Writing to a `String` never fails.
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::encoded;

    #[test]
    fn address_is_percent_encoded() {
        assert_eq!(encoded("木-1~a.b_c"), "%E6%9C%A8-1~a.b_c");
        assert_eq!(encoded("a/b?c#d<e>&\"f"), "a%2Fb%3Fc%23d%3Ce%3E%26%22f");
    }
}
