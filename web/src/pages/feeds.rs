//! The pages for programs: the sitemap, `robots.txt`, the Atom feed of the next meetings, and the manifest of the web app.

use std::fmt::Write as _;

use axum::{
    Router,
    extract::{Query, State},
    http::{
        StatusCode,
        header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER},
    },
    response::{IntoResponse, Response},
    routing::get,
};
use chrono::{DateTime, SecondsFormat, Utc};
use serde::Deserialize;
use serde_json::json;
use service::{
    App, Error, Result, TRY_AGAIN_AFTER,
    instances::meetings::{self, Meeting},
    lists::{Page as ListPage, RowCursor},
    sessions::{self, SessionFilter},
};

use super::{
    Pages, Shared, address_of, cards,
    home::{Search, found_city_text},
    times,
};
use crate::site::{to, whole};

/// The number of sessions in the sitemap, and how many are read in one step.
const SITES: usize = 10_000;
const READ: i32 = 100;
/// The number of meetings in the feed.
const ENTRIES: usize = 30;

pub fn router() -> Router<Shared> {
    Router::new()
        .route("/robots.txt", get(robots))
        .route("/sitemap.xml", get(sitemap))
        .route("/feed.atom", get(feed))
        .route("/manifest.webmanifest", get(manifest))
}

/// The answer to a program after an error of the service.
pub fn failed(error: &Error) -> Response {
    if error.is_unavailable() {
        let message = "This site cannot reach its data at the moment. Try again in a minute.\n";
        return (StatusCode::SERVICE_UNAVAILABLE, [(RETRY_AFTER, TRY_AGAIN_AFTER.as_secs().to_string())], message)
            .into_response();
    }
    (StatusCode::INTERNAL_SERVER_ERROR, "Something went wrong on the server. Try again in a moment.\n").into_response()
}

fn served(content_type: &'static str, text: Result<String>) -> Response {
    match text {
        Ok(text) => ([(CONTENT_TYPE, content_type), (CACHE_CONTROL, "public, max-age=60")], text).into_response(),
        Err(error) => {
            tracing::error!(%error, "a feed could not be made");
            failed(&error)
        }
    }
}

/// A text within an element or an attribute of XML.
fn xml(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

fn machine(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

async fn robots() -> Response {
    let closed = ["/admin", "/me", "/sign-in", "/c/", "/graphql"].map(|path| format!("Disallow: {}\n", to(path)));
    let text = format!("User-agent: *\n{}Sitemap: {}\n", closed.concat(), whole("/sitemap.xml"));
    served("text/plain; charset=utf-8", Ok(text))
}

async fn sitemap(State(pages): State<Pages>) -> Response {
    served("application/xml; charset=utf-8", write_sitemap(&pages.app).await)
}

async fn write_sitemap(app: &App) -> Result<String> {
    let mut text = String::from(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<urlset xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\">\n",
    );
    for path in ["/", "/cities", "/calendar"] {
        // Writing to a `String` never fails.
        let _ = writeln!(text, "<url><loc>{}</loc></url>", xml(&whole(path)));
    }
    let (mut after, mut count) = (None, 0);
    while count < SITES {
        let page = ListPage { first: Some(READ), after, ..ListPage::default() };
        let slice = sessions::list_sessions(app, &SessionFilter::default(), &page).await?;
        for session in &slice.rows {
            let address = whole(&format!("/sessions/{}", cards::encoded(&session.path)));
            let changed = machine(session.changed_at);
            let _ = writeln!(text, "<url><loc>{}</loc><lastmod>{changed}</lastmod></url>", xml(&address));
        }
        count += slice.rows.len();
        let last = slice.rows.last().filter(|_| slice.has_next);
        let Some(last) = last else { break };
        after = Some(RowCursor::of_text(&last.name_key, last.id).write());
    }
    text.push_str("</urlset>\n");
    Ok(text)
}

#[derive(Debug, Default, Deserialize)]
struct Parameters {
    #[serde(default)]
    city: String,
}

/// The meetings that are next, in all cities or in one.
async fn feed(State(pages): State<Pages>, Query(parameters): Query<Parameters>) -> Response {
    served("application/atom+xml; charset=utf-8", write_feed(&pages.app, parameters.city.trim()).await)
}

async fn write_feed(app: &App, city: &str) -> Result<String> {
    let search = Search::of(app, city).await?;
    let next = match search.filter() {
        Some(filter) => meetings::find_upcoming(app, &filter, ENTRIES).await?,
        None => Vec::new(),
    };
    let only = Some(search.city().map_or_else(|| city.to_owned(), found_city_text)).filter(|city| !city.is_empty());
    let place = only.as_ref().map(|city| format!(" in {city}")).unwrap_or_default();
    let query = only.map(|city| format!("?city={}", cards::encoded(&city))).unwrap_or_default();
    let updated = next.iter().map(|(session, _)| session.changed_at).max().unwrap_or(DateTime::UNIX_EPOCH);
    let (own, site) = (xml(&whole(&format!("/feed.atom{query}"))), xml(&whole("/")));
    let mut text = format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<feed xmlns=\"http://www.w3.org/2005/Atom\">\n\
         <title>What is next{}</title>\n<id>{own}</id>\n<link rel=\"self\" href=\"{own}\"/>\n<link href=\"{site}\"/>\n\
         <author><name>InSession</name></author>\n<updated>{}</updated>\n",
        xml(&place),
        machine(updated),
    );
    for (session, meeting) in next {
        let address = whole(&format!("/sessions/{}", cards::encoded(&session.path)));
        let zone = times::zone_of(app.zone_data(), &session);
        let when = times::plain(zone, meeting.date, meeting.starts_at, meeting.ends_at);
        let when = if meeting.is_cancelled() { format!("Cancelled: {when}") } else { when };
        let (name, address) = (xml(&session.name), xml(&address));
        let place = Some(cards::place_text(meeting.instance.as_ref(), &session)).filter(|place| !place.is_empty());
        let summary =
            xml(&[Some(when.as_str()), place.as_deref()].into_iter().flatten().collect::<Vec<_>>().join(", "));
        let _ = writeln!(
            text,
            "<entry><title>{name}: {}</title><id>{address}#{}</id><link href=\"{address}\"/>\
             <updated>{}</updated><summary>{summary}</summary></entry>",
            xml(&when),
            entry_name(&meeting),
            machine(session.changed_at),
        );
    }
    text.push_str("</feed>\n");
    Ok(text)
}

/// The name of a meeting within its session. An occurrence keeps its name when its instance is made.
fn entry_name(meeting: &Meeting) -> String {
    let occurrence = match &meeting.instance {
        Some(row) => row.occurrence_date.zip(row.occurrence_start),
        None => meeting.start.map(|start| (meeting.date, start)),
    };
    match (occurrence, &meeting.instance) {
        (Some((date, start)), _) => format!("meeting-{date}-{}", start.format("%H%M%S")),
        (None, Some(row)) => format!("instance-{}", row.id.0),
        (None, None) => format!("meeting-{}", meeting.date),
    }
}

async fn manifest() -> Response {
    let icon = |name: &str, kind: &str, sizes: &str| json!({ "src": address_of(name), "type": kind, "sizes": sizes, "purpose": "any" });
    let manifest = json!({
        "name": "InSession",
        "short_name": "InSession",
        "description": "Who is in session right now",
        "start_url": to("/"),
        "scope": to("/"),
        "id": to("/"),
        "display": "standalone",
        "background_color": "#f6f7fa",
        "theme_color": "#14703b",
        "icons": [
            icon("icon.svg", "image/svg+xml", "any"),
            icon("icon-192.png", "image/png", "192x192"),
            icon("icon-512.png", "image/png", "512x512"),
        ],
    });
    ([(CONTENT_TYPE, "application/manifest+json"), (CACHE_CONTROL, "no-cache")], manifest.to_string()).into_response()
}

#[cfg(test)]
mod tests {
    use super::xml;

    #[test]
    fn names_cannot_end_an_element() {
        assert_eq!(xml("</title> & \"x\""), "&lt;/title&gt; &amp; &quot;x&quot;");
    }
}
