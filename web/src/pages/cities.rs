//! `/cities`: where there are sessions, and in how many of them somebody meets now.

use axum::extract::State;
use maud::html;
use serde_json::json;
use service::sessions;

use super::{
    Page, Pages, cards,
    error::page_of,
    layout::{Frame, respond},
    visitor::Visitor,
};
use crate::{language::words, site::to};

pub async fn show(State(pages): State<Pages>, visitor: Visitor) -> Page {
    let cities = sessions::list_cities(&pages.app).await.map_err(page_of(&visitor))?;
    let main = html! {
        h1 { (words!("cities")) }
        @if cities.is_empty() { p.quiet { (words!("no-sessions-yet")) } }
        ul.rows {
            @for city in &cities {
                li {
                    a href={ (to("/?city=")) (cards::encoded(&city.name)) } {
                        (city.name) @if let Some(country) = &city.country { ", " (country) }
                    }
                    span {
                        @if city.live > 0 { strong.live { (words!("live-count", count = city.live)) } ", " }
                        span.quiet { (words!("session-count", count = city.sessions)) }
                    }
                }
            }
        }
    };
    let frame =
        Frame::new(words!("cities"), &visitor).following(json!({})).found_at("/cities", words!("cities-description"));
    Ok(respond(&frame, &main))
}
