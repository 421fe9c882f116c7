//! `/sessions/{path}/meetings/past`: the meetings that are over, newest first, for organisers.

use std::collections::HashMap;

use axum::extract::{Query, State};
use maud::{Markup, html};
use serde::Deserialize;
use service::{
    instances::{self, Counts, Instance, meetings},
    sessions::Session,
};

use super::{
    super::{
        Page, Pages, cards,
        error::page_of,
        layout::{Frame, respond},
        times,
    },
    Organizer, below, heading,
    meeting::address,
};
use crate::language::words;

const SHOWN: i32 = 20;

#[derive(Debug, Default, Deserialize)]
pub struct Parameters {
    /// The cursor of the last meeting of the page before.
    before: Option<String>,
}

pub async fn show(
    State(pages): State<Pages>,
    Organizer { visitor, session }: Organizer,
    Query(Parameters { before }): Query<Parameters>,
) -> Page {
    let app = &pages.app;
    let (past, older) = meetings::find_past(app, &session, before, SHOWN).await.map_err(page_of(&visitor))?;
    let ids: Vec<_> = past.iter().map(|instance| instance.id).collect();
    let counts: HashMap<_, _> =
        instances::find_counts(app, &ids).await.map_err(page_of(&visitor))?.into_iter().collect();
    let zone = times::zone_of(app.zone_data(), &session);
    let main = html! {
        (heading(&session, &words!("past-meetings")))
        @if past.is_empty() { p.quiet { (words!("no-past-meetings")) } }
        ul.rows {
            @for instance in &past {
                li.cancelled[instance.is_cancelled] {
                    (times::meeting(zone, instance.date, instance.starts_at, instance.ends_at))
                    (about(instance, counts.get(&instance.id).copied().unwrap_or_default()))
                    (answers(&session, instance))
                }
            }
        }
        @if let Some(older) = older {
            p { a href={ (below(&session, "meetings/past?before=")) (cards::encoded(&older)) } { (words!("older-meetings")) } }
        }
    };
    let title = words!("past-meetings-of", session = session.name.as_str());
    Ok(respond(&Frame::new(title, &visitor).standing_still(), &main))
}

/// How many people said yes to a meeting, or that it did not take place.
fn about(instance: &Instance, counts: Counts) -> Markup {
    html! {
        span.quiet {
            @if instance.is_cancelled { strong { (words!("cancelled")) } } @else { (words!("said-yes", count = counts.attending)) }
            @if let Some(location) = &instance.location_override { ", " (location) }
        }
    }
}

fn answers(session: &Session, instance: &Instance) -> Markup {
    let see = words!("see-answers");
    let label = format!("{see}: {}", times::date_words(instance.date));
    html! { a.button href=(address(session, instance.id, "")) aria-label=(label) { (see) } }
}
