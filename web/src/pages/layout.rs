//! The frame of all pages: head, header, footer, security headers, and shared parts.

use std::collections::BTreeMap;

use axum::{
    http::{
        HeaderValue,
        header::{
            CACHE_CONTROL, CONTENT_LANGUAGE, CONTENT_SECURITY_POLICY, HeaderName, REFERRER_POLICY, SET_COOKIE, VARY,
            X_CONTENT_TYPE_OPTIONS,
        },
    },
    response::{Html, IntoResponse, Response},
};
use domain::ids::SessionId;
use maud::{DOCTYPE, Markup, html};
use serde_json::{Value, json};
use service::Refusal;

use super::{address_of, cards::encoded, times::PLACE, visitor::Visitor};
use crate::{
    language::{self, Language, formats, refusal_text, words},
    site::{to, whole},
};

const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
                      connect-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// The part of [`POLICY`] to which [`policy`] adds a site.
const PICTURES: &str = "img-src 'self' data:";

const PERMISSIONS_POLICY: HeaderName = HeaderName::from_static("permissions-policy");

/// What a page is for. The page's script updates it accordingly.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Purpose {
    Reading,
    /// Somebody fills in its forms, so the script leaves the page as it is.
    Filling,
    /// It is on a screen that nobody touches.
    Screen,
}

/// The frame around a page's content.
pub struct Frame<'a> {
    title: String,
    visitor: &'a Visitor,
    /// The changes after which the page's script loads the page again: the arguments of `watch` in `insession.js`.
    follows: Vec<Value>,
    /// Whether it also follows the visitor's bookings.
    bookings: bool,
    /// The key of an activity whose seats it also follows.
    activity: Option<String>,
    /// The interval at which the script loads the page again in any case, in seconds.
    every: Option<u32>,
    purpose: Purpose,
    /// The interval at which a browser without scripts loads the page again, in seconds.
    every_without_scripts: Option<u32>,
    renewed_at: Option<String>,
    /// Whether the script may ask the browser where it is.
    asks_where: bool,
    /// What search engines and messengers show of the page: its path and a sentence. Pages for signed-in people have none.
    public: Option<(String, String)>,
    /// The path of the feed with the meetings of this page.
    feed: String,
    /// The address of the picture that messengers show of the page. Without one, they get the icon.
    picture: Option<String>,
    /// The origin of another site from which the page shows a picture.
    picture_origin: Option<String>,
}

impl<'a> Frame<'a> {
    pub fn new(title: impl Into<String>, visitor: &'a Visitor) -> Self {
        Self {
            title: title.into(),
            visitor,
            follows: Vec::new(),
            bookings: false,
            activity: None,
            every: None,
            purpose: Purpose::Reading,
            every_without_scripts: None,
            renewed_at: None,
            asks_where: false,
            public: None,
            feed: "/feed.atom".to_owned(),
            picture: None,
            picture_origin: None,
        }
    }

    /// For a page with forms that somebody fills in, or with the error of one. It does not refresh itself, because that would
    /// change it.
    #[must_use]
    pub fn standing_still(self) -> Self {
        Self { purpose: Purpose::Filling, ..self }
    }

    /// For a page with a button that sends the position of the browser.
    #[must_use]
    pub fn asking_where(self) -> Self {
        Self { asks_where: true, ..self }
    }

    /// For a public page, which search engines may list.
    #[must_use]
    pub fn found_at(self, path: impl Into<String>, description: impl Into<String>) -> Self {
        Self { public: Some((path.into(), description.into())), ..self }
    }

    /// For a page with the meetings of this feed only.
    #[must_use]
    pub fn fed_by(self, feed: String) -> Self {
        Self { feed, ..self }
    }

    /// Messengers show this picture of the page.
    #[must_use]
    pub fn pictured(self, address: Option<&str>) -> Self {
        Self { picture: address.map(str::to_owned), ..self }
    }

    /// The page shows a picture of another site, which learns the address of the visitor.
    #[must_use]
    pub fn showing_picture_of(self, origin: Option<String>) -> Self {
        Self { picture_origin: origin, ..self }
    }

    /// The page refreshes when the visitor's bookings change.
    #[must_use]
    pub fn following_bookings(self) -> Self {
        Self { bookings: true, ..self }
    }

    /// The page refreshes when the seats of this activity change.
    #[must_use]
    pub fn following_activity(self, key: &str) -> Self {
        Self { activity: Some(key.to_owned()), ..self }
    }

    /// The page refreshes at this interval. For a page with content whose changes no subscription reports.
    #[must_use]
    pub fn renewed_every(self, seconds: u32) -> Self {
        Self { every: Some(seconds), ..self }
    }

    /// A browser without scripts loads the page again at this interval.
    #[must_use]
    pub fn renewed_without_scripts(self, seconds: Option<u32>) -> Self {
        Self { every_without_scripts: seconds, ..self }
    }

    /// A browser without scripts that loads the page again loads this path instead.
    #[must_use]
    pub fn renewed_at(self, path: String) -> Self {
        Self { renewed_at: Some(path), ..self }
    }

    /// For a page on a screen that nobody touches: it stays on, follows each change at once, and is renewed this often in browsers
    /// that are too old for the page's script, or have none.
    #[must_use]
    pub fn on_a_screen(self, seconds: u32) -> Self {
        Self { purpose: Purpose::Screen, every: Some(seconds), every_without_scripts: Some(seconds), ..self }
    }

    /// The page refreshes after the changes that `narrowing` selects.
    #[must_use]
    pub fn following(mut self, narrowing: Value) -> Self {
        self.follows.push(narrowing);
        self
    }
}

/// The whole page, with its headers.
pub fn respond(frame: &Frame<'_>, main: &Markup) -> Response {
    let headers = [
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        // Forms of this site send their origin. Other sites get no referrer.
        (REFERRER_POLICY, "same-origin"),
        (PERMISSIONS_POLICY, if frame.asks_where { "geolocation=(self)" } else { "geolocation=()" }),
        (CACHE_CONTROL, "private, no-cache"),
        (VARY, "cookie, accept-language"),
    ];
    let mut response = Html(document(frame, main).into_string()).into_response();
    for (name, value) in headers {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response.headers_mut().insert(CONTENT_SECURITY_POLICY, policy(frame.picture_origin.as_deref()));
    let tag = HeaderValue::from_static(language::current().language.tag());
    response.headers_mut().insert(CONTENT_LANGUAGE, tag);
    debug_assert!(!response.headers().contains_key(SET_COOKIE));
    response
}

/// The content security policy of a page that shows a picture from this origin, besides its own.
fn policy(picture_origin: Option<&str>) -> HeaderValue {
    let strict = HeaderValue::from_static(POLICY);
    let Some(origin) = picture_origin else { return strict };
    HeaderValue::try_from(POLICY.replace(PICTURES, &format!("{PICTURES} {origin}"))).unwrap_or(strict)
}

fn document(frame: &Frame<'_>, main: &Markup) -> Markup {
    let visitor = frame.visitor;
    let is_signed_in = visitor.token.is_some();
    let locale = language::current();
    html! {
        (DOCTYPE)
        html lang=(locale.language.tag()) data-locale=(locale.tag) {
            head {
                meta charset="utf-8";
                title { (frame.title) " – InSession" }
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="theme-color" content="#14703b";
                (public_meta(frame))
                link rel="manifest" href=(to("/manifest.webmanifest"));
                link rel="apple-touch-icon" href=(address_of("icon-180.png"));
                link rel="alternate" type="application/atom+xml" href=(to(&frame.feed)) title=(words!("what-is-next"));
                link rel="icon" href=(address_of("icon.svg")) type="image/svg+xml";
                link rel="stylesheet" href=(address_of("pages.css"));
                script type="module" src=(address_of("times.js")) blocking="render" {}
                script type="module" src=(address_of("pages.js")) {}
                @if frame.purpose == Purpose::Screen {
                    script defer src=(address_of("screen.js")) {}
                }
                @if let Some(seconds) = frame.every_without_scripts {
                    noscript { meta http-equiv="refresh" content=(refresh(seconds, frame.renewed_at.as_deref())); }
                }
            }
            body data-viewer=[visitor.key()] {
                a.skip href="#main" { (words!("skip-to-content")) }
                header.site {
                    a.brand href=(to("/")) { span.mark aria-hidden="true" {} "InSession" }
                    nav aria-label=(words!("nav-main")) {
                        a href=(to("/")) { (words!("on-now")) }
                        @if visitor.viewer.may_open_admin_pages() { a href=(to("/admin")) { (words!("admin")) } }
                        @if is_signed_in {
                            @if visitor.viewer.person.is_some() {
                                span.me {
                                    a href=(to("/me")) { (visitor.name.clone().unwrap_or_else(|| words!("me"))) }
                                    in-session-badge {}
                                }
                            }
                            @if visitor.viewer.is_guest { a href=(sign_in_address(visitor)) { (words!("sign-in")) } }
                            form method="post" action=(to("/sign-out")) { button.link { (words!("sign-out")) } }
                        } @else {
                            a href=(sign_in_address(visitor)) { (words!("sign-in")) }
                        }
                    }
                }
                main #main tabindex="-1" data-follows=[follows(frame)] data-cursor=[visitor.cursor.as_deref()] data-every=[frame.every]
                    data-bookings[frame.bookings] data-activity=[frame.activity.as_deref()] data-texts=(script_texts()) data-pictures=[frame.picture_origin.as_deref()] data-screen[frame.purpose == Purpose::Screen] data-still[frame.purpose == Purpose::Filling] { (main) }
                footer.site {
                    p { (words!("tagline")) }
                    nav aria-label=(words!("nav-more")) {
                        a href=(to("/cities")) { (words!("cities")) }
                        a href=(to("/calendar")) { (words!("calendar")) }
                        a href=(to("/slots")) { (words!("time-to-book")) }
                        a href=(to("/feed.atom")) { (words!("feed")) }
                    }
                    (choice(visitor, locale.language))
                }
            }
        }
    }
}

/// After how long a browser loads a page again, and where that is not the page itself, which one.
fn refresh(seconds: u32, path: Option<&str>) -> String {
    path.map_or_else(|| seconds.to_string(), |path| format!("{seconds}; url={}", to(path)))
}

/// The buttons that choose another language.
fn choice(visitor: &Visitor, chosen: Language) -> Markup {
    html! {
        form.languages method="post" action=(to("/language")) aria-label=(words!("languages")) {
            input type="hidden" name="next" value=(visitor.here.as_deref().unwrap_or("/"));
            @for language in Language::ALL {
                @let is_chosen = *language == chosen;
                button.link name="language" value=(language.tag()) lang=(language.tag())
                    aria-current=[is_chosen.then_some("true")] { (language.name()) }
            }
        }
    }
}

/// The texts for the page's script: templates, and the visitor's language, in which the script writes times.
fn script_texts() -> String {
    let place = || PLACE.to_owned();
    let texts = json!({
        "minutes": words!("span-minutes", minutes = place()),
        "hours": words!("span-hours", hours = place()),
        "hoursMinutes": words!("span-hours-minutes", hours = place(), minutes = place()),
        "days": words!("span-days", days = place()),
        "nobody": words!("nobody-here"),
        "here": words!("here-now", count = place()),
        "own": words!("own-time", time = place()),
        "weekdays": words!("weekdays-short"),
        "clock": formats::clock_patterns().into_iter().collect::<BTreeMap<_, _>>(),
        "copied": words!("copied"),
    });
    texts.to_string()
}

/// The address of the sign-in page, which leads back to this page.
fn sign_in_address(visitor: &Visitor) -> String {
    let back = visitor.here.as_deref().filter(|here| *here != "/" && !here.starts_with("/sign-in"));
    to(&back.map_or_else(|| "/sign-in".to_owned(), |here| format!("/sign-in?next={}", encoded(here))))
}

/// The elements for search engines and messengers.
fn public_meta(frame: &Frame<'_>) -> Markup {
    html! {
        @match &frame.public {
            Some((path, description)) => {
                @let address = whole(path);
                meta name="description" content=(description);
                link rel="canonical" href=(address);
                meta property="og:type" content="website";
                meta property="og:site_name" content="InSession";
                meta property="og:title" content=(frame.title);
                meta property="og:description" content=(description);
                meta property="og:url" content=(address);
                @match &frame.picture {
                    Some(picture) => {
                        meta property="og:image" content=(picture);
                        meta name="twitter:card" content="summary_large_image";
                        meta name="twitter:image" content=(picture);
                    }
                    None => {
                        meta property="og:image" content=(whole("/web/icon-512.png"));
                    }
                }
            }
            None => {
                meta name="robots" content="noindex";
                meta name="description" content=(words!("tagline"));
            }
        }
    }
}

fn follows(frame: &Frame<'_>) -> Option<String> {
    (!frame.follows.is_empty()).then(|| json!(frame.follows).to_string())
}

/// A message about an error in what the visitor sent.
pub fn problem(message: &str) -> Markup {
    html! { p.problem role="alert" { (message) } }
}

/// A message of the service. Those are in English, so the page says so to screen readers.
pub fn in_english(message: &str) -> Markup {
    let is_english = language::current().language == Language::English;
    html! { @if is_english { (message) } @else { span lang="en" { (message) } } }
}

/// A problem that the service has found, in the language of the page if it has a text for it.
pub fn found_problem(found: &Refusal) -> Markup {
    html! { p.problem role="alert" { (found_text(found)) } }
}

pub fn found_text(found: &Refusal) -> Markup {
    refusal_text(found).map_or_else(|| in_english(&found.to_string()), |text| html! { (text) })
}

/// The message that a form was refused, with the focus.
pub fn refusal(message: &str) -> Markup {
    html! { p.problem role="alert" tabindex="-1" autofocus { (message) } }
}

/// LIVE NOW while the session is active. Without scripts it shows the status at the time of the request.
pub fn live_now(session: SessionId, name: &str, is_active: bool) -> Markup {
    html! {
        live-now-badge session=(session) label=(name) active[is_active] { (words!("live-now")) }
    }
}
