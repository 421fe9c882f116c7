//! Signing in and out.
//!
//! A browser is signed in by a cookie with the secret of its sign-in ([`service::people::browsers`]), however the person
//! signed in: with an OpenID Connect provider, with a token, or as one of the people of the demo.

mod next;
mod provider;

use std::sync::{Arc, OnceLock};

use auth::oidc::Providers;
use axum::{
    Form, Json,
    extract::{Query, State},
    http::{HeaderMap, HeaderValue, StatusCode, header::CACHE_CONTROL},
    response::{IntoResponse, Redirect, Response},
};
use axum_extra::extract::cookie::CookieJar;
use chrono::{DateTime, Utc};
use domain::{access::Viewer, text::sentence};
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::json;
use service::{
    door,
    people::{
        api_keys,
        browsers::{self, NewSignIn},
        tickets,
    },
};

pub use self::next::own_address;
pub use self::provider::{begin, finish};
use super::{
    Page, Pages,
    cards::encoded,
    error::{PageError, page_of, status_and_message},
    layout::{Frame, problem, respond},
    visitor::{Visitor, signed_in, signed_out},
};
use crate::{language::words, site::to};

/// The ways to sign in on the pages, besides a token.
#[derive(Debug, Clone, Default)]
pub struct SignInOptions {
    pub providers: Providers,
    /// In the demo only: the people as whom anybody may sign in.
    pub samples: Option<Samples>,
}

/// The names and viewers of the demo's people. It is set when they are in the database.
pub type Samples = Arc<OnceLock<Vec<(String, Viewer)>>>;

#[derive(Debug, Default, Deserialize)]
pub struct Next {
    #[serde(default)]
    next: String,
}

#[derive(Deserialize)]
pub struct SignIn {
    #[serde(default)]
    token: String,
    /// In the demo: the number of a person in the list.
    sample: Option<usize>,
    #[serde(default)]
    next: String,
}

pub async fn show(State(pages): State<Pages>, visitor: Visitor, Query(Next { next }): Query<Next>) -> Response {
    respond(&Frame::new(words!("sign-in"), &visitor), &content(&pages.sign_in, &next, None)).into_response()
}

fn content(options: &SignInOptions, next: &str, wrong: Option<&str>) -> Markup {
    let samples = options.samples.as_ref().and_then(|samples| samples.get());
    let has_others = samples.is_some() || options.providers.all().next().is_some();
    html! {
        h1 { (words!("sign-in")) }
        @if let Some(samples) = samples { (sample_form(samples, next)) }
        @for provider in options.providers.all() {
            p {
                a.button href={ (provider::address_of("with", provider.name())) "?next=" (encoded(next)) } {
                    (words!("sign-in-with", provider = provider.label()))
                }
            }
        }
        @if has_others { h2 { (words!("with-a-token")) } }
        (token_form(next, wrong))
    }
}

fn token_form(next: &str, wrong: Option<&str>) -> Markup {
    html! {
        p { (words!("paste-token")) }
        @if let Some(wrong) = wrong { (problem(wrong)) }
        form.stacked method="post" action=(to("/sign-in")) autocomplete="off" {
            input type="hidden" name="next" value=(next);
            label for="token" { (words!("token")) }
            input #token name="token" type="password" required autocomplete="off" spellcheck="false"
                aria-invalid=[wrong.map(|_| "true")];
            button.primary { (words!("sign-in")) }
        }
    }
}

fn sample_form(samples: &[(String, Viewer)], next: &str) -> Markup {
    html! {
        p { (words!("demo-people")) }
        form.stacked method="post" action=(to("/sign-in")) {
            input type="hidden" name="next" value=(next);
            @for (number, (name, _)) in samples.iter().enumerate() {
                button name="sample" value=(number) { (name) }
            }
        }
    }
}

pub async fn sign_in(
    State(pages): State<Pages>,
    headers: HeaderMap,
    visitor: Visitor,
    Form(form): Form<SignIn>,
) -> Page {
    let now = pages.app.now();
    let wrong = |status: StatusCode, message: &str| {
        let page =
            respond(&Frame::new(words!("sign-in"), &visitor), &content(&pages.sign_in, &form.next, Some(message)));
        Ok((status, page).into_response())
    };
    let samples = pages.sign_in.samples.as_ref().and_then(|samples| samples.get());
    let (viewer, token_ends_at) = if let (Some(number), Some(samples)) = (form.sample, samples) {
        let Some((_, viewer)) = samples.get(number) else { return Err(PageError::bad_form(&visitor)) };
        (*viewer, None)
    } else {
        let token = form.token.trim();
        let token = token.strip_prefix("Bearer ").unwrap_or(token).trim();
        let identity = match pages.authenticator.authenticate(Some(&format!("Bearer {token}"))).await {
            Ok(identity) => identity,
            Err(error) => return wrong(StatusCode::UNPROCESSABLE_ENTITY, &sentence(error.to_string())),
        };
        let Some(ends_at) = identity.expires_at else {
            return wrong(StatusCode::UNPROCESSABLE_ENTITY, &words!("token-without-end"));
        };
        if api_keys::is_secret(token) {
            // An API key is used as it is, and ends when it is revoked. The browser forgets it as it forgets a sign-in. Other
            // tokens are exchanged for a sign-in.
            let ends_at = ends_at.min(browsers::latest_end(identity.viewer, now));
            return Ok(remember(&pages, &headers, &visitor, identity.viewer, (token, ends_at), &form.next).await);
        }
        (identity.viewer, Some(ends_at))
    };
    match enter(
        &pages,
        &headers,
        &visitor,
        NewSignIn { viewer, checked_at: now, token_ends_at, issuer: None },
        &form.next,
    )
    .await
    {
        Ok(answer) => Ok(answer),
        Err(error) => {
            let (status, message) = status_and_message(&error);
            wrong(status, &message)
        }
    }
}

/// Signs the browser in, and sends it to `next`.
async fn enter(
    pages: &Pages,
    headers: &HeaderMap,
    visitor: &Visitor,
    new: NewSignIn,
    next: &str,
) -> service::Result<Response> {
    let viewer = new.viewer;
    let (secret, ends_at) = browsers::sign_in(&pages.app, new).await?;
    Ok(remember(pages, headers, visitor, viewer, (&secret, ends_at), next).await)
}

/// Signs in: gives the browser its cookie and redirects it to `next`. The earlier sign-in of this browser ends. If it was a
/// guest's, the guest's data becomes the person's.
async fn remember(
    pages: &Pages,
    headers: &HeaderMap,
    visitor: &Visitor,
    viewer: Viewer,
    (secret, ends_at): (&str, DateTime<Utc>),
    next: &str,
) -> Response {
    if let Err(error) = door::claim_guest(&pages.app, visitor.viewer, viewer).await {
        // The sign-in goes on anyway. The guest remains a separate person until guests are erased.
        tracing::warn!(%error, guest = ?visitor.viewer.person, "a guest was not taken over by the person who signed in");
    }
    if let Some(before) = visitor.token.as_deref().filter(|before| *before != secret)
        && let Err(error) = browsers::sign_out(&pages.app, before).await
    {
        tracing::warn!(%error, "the earlier sign-in of a browser was not ended");
    }
    let cookie = signed_in(secret, ends_at, pages.app.now(), &pages.site, headers);
    (CookieJar::new().add(cookie), Redirect::to(&pages.site.within(own_address(next)))).into_response()
}

/// Ends the sign-in here, and then leads to the provider's sign-out, if the provider has one.
pub async fn sign_out(State(pages): State<Pages>, headers: HeaderMap, visitor: Visitor) -> Page {
    let issuer = match &visitor.token {
        Some(secret) => browsers::sign_out(&pages.app, secret).await.map_err(page_of(&visitor))?,
        None => None,
    };
    let jar = CookieJar::new().add(signed_out(&pages.site, &headers));
    let provider = issuer.and_then(|issuer| pages.sign_in.providers.find_by_issuer(&issuer));
    if let (Some(provider), Some(back)) = (provider, pages.site.absolute(&headers, "/"))
        && let Some(address) = provider.logout(&back).await
    {
        return Ok((jar, provider::signing_out(provider, &address)).into_response());
    }
    Ok((jar, Redirect::to(&to("/"))).into_response())
}

/// The answer that signs a browser out after its person was erased.
pub fn forget(pages: &Pages, headers: &HeaderMap) -> Response {
    (CookieJar::new().add(signed_out(&pages.site, headers)), Redirect::to(&to("/"))).into_response()
}

/// Returns a ticket, which the page's script sends over the socket, and the key of the viewer. It accepts only POST, so that
/// only this site can get the ticket.
pub async fn token(State(pages): State<Pages>, visitor: Visitor) -> Page {
    let ticket = match &visitor.token {
        Some(token) => Some(tickets::issue_ticket(&pages.app, token).await.map_err(page_of(&visitor))?),
        None => None,
    };
    let no_store = [(CACHE_CONTROL, HeaderValue::from_static("no-store"))];
    Ok((no_store, Json(json!({ "token": ticket, "viewer": visitor.key() }))).into_response())
}
