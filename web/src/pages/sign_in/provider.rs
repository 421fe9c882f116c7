//! Signing in with an OpenID Connect provider: to the provider, and back.
//!
//! While the person is at the provider, the browser keeps the attempt in a separate cookie, for [`ATTEMPT_LASTS`]. So an answer
//! counts only in the browser that began the attempt, and any server can read it.

use auth::{
    AuthError,
    oidc::{Answer, Attempt, OidcError, Provider},
};
use axum::{
    extract::{Path, Query, State},
    http::{HeaderMap, HeaderValue, StatusCode, header::CACHE_CONTROL},
    response::{IntoResponse, Redirect, Response},
};
use axum_extra::extract::cookie::{Cookie, CookieJar, SameSite};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::TimeDelta;
use domain::text::sentence;
use maud::{Markup, html};
use serde::{Deserialize, Serialize};
use service::people::browsers::NewSignIn;

use super::{Next, enter, own_address};
use crate::{
    language::words,
    pages::{
        Page, Pages,
        cards::encoded,
        error::{PageError, page_of},
        layout::{Frame, problem, respond},
        visitor::Visitor,
    },
    site::{Site, to},
};

const COOKIE_NAME: &str = "insession_attempt";

/// How long a person may take at the provider.
const ATTEMPT_LASTS: TimeDelta = TimeDelta::minutes(10);

/// The value of `Retry-After`, in seconds.
const RETRY_AFTER: &str = "10";

/// The content of the cookie.
#[derive(Serialize, Deserialize)]
struct AttemptCookie {
    provider: Option<String>,
    next: String,
    attempt: Attempt,
}

/// The address of a step: `with` begins the sign-in, and the provider sends the browser back to `callback`.
pub fn address_of(step: &str, provider: Option<&str>) -> String {
    to(&path_of(step, provider))
}

fn path_of(step: &str, provider: Option<&str>) -> String {
    let name = provider.map(|name| format!("/{name}")).unwrap_or_default();
    format!("/sign-in/{step}{name}")
}

/// Sends the browser to the provider.
pub async fn begin(
    State(pages): State<Pages>,
    headers: HeaderMap,
    visitor: Visitor,
    name: Option<Path<String>>,
    Query(Next { next }): Query<Next>,
) -> Page {
    let provider = find(&pages, &visitor, name.as_ref())?;
    let next = own_address(&next).to_owned();
    let redirect_uri = redirect_uri(&pages, &visitor, &headers, provider)?;
    let (url, attempt) = match provider.begin(&redirect_uri).await {
        Ok(begun) => begun,
        Err(error) => return Ok(failed(&visitor, provider, &next, &error)),
    };
    let kept = AttemptCookie { provider: provider.name().map(str::to_owned), next, attempt };
    let kept = serde_json::to_vec(&kept).map_err(|error| {
        let error = service::Error::internal(format!("an attempt to sign in cannot be written: {error}"));
        page_of(&visitor)(error)
    })?;
    let cookie = cookie(URL_SAFE_NO_PAD.encode(kept), ATTEMPT_LASTS, &pages.site, &headers);
    Ok((CookieJar::new().add(cookie), no_store(), Redirect::to(&url)).into_response())
}

/// Finishes a sign-in, after the provider has sent the browser back.
pub async fn finish(
    State(pages): State<Pages>,
    headers: HeaderMap,
    visitor: Visitor,
    name: Option<Path<String>>,
    Query(answer): Query<Answer>,
) -> Page {
    let provider = find(&pages, &visitor, name.as_ref())?;
    let kept = CookieJar::from_headers(&headers).get(COOKIE_NAME).and_then(|cookie| read(cookie.value()));
    let Some(kept) = kept.filter(|kept| kept.provider.as_deref() == provider.name()) else {
        return Ok(failed(&visitor, provider, "/", &OidcError::NotBegunHere));
    };
    let redirect_uri = redirect_uri(&pages, &visitor, &headers, provider)?;
    // If the person's tokens are revoked after this time, the sign-in ends.
    let checked_at = pages.app.now();
    let AttemptCookie { next, attempt, .. } = kept;
    let proof = match provider.finish(attempt, answer, &redirect_uri, checked_at).await {
        Ok(proof) => proof,
        // Another site may have sent the browser here. So the cookie of an attempt that is under way stays.
        Err(error @ OidcError::NotBegunHere) => return Ok(failed(&visitor, provider, &next, &error)),
        Err(error) => return Ok(used(&pages, &headers, failed(&visitor, provider, &next, &error))),
    };
    let identity = pages.authenticator.authenticate_proof(&pages.sign_in.providers, provider, &proof).await;
    let viewer = match identity {
        Ok(identity) => identity.viewer,
        Err(error) => return Ok(used(&pages, &headers, unknown(&visitor, provider, error))),
    };
    let new = NewSignIn { viewer, checked_at, token_ends_at: None, issuer: Some(provider.issuer().to_owned()) };
    let entered = enter(&pages, &headers, &visitor, new, &next).await.map_err(page_of(&visitor))?;
    Ok(used(&pages, &headers, entered))
}

fn find<'a>(pages: &'a Pages, visitor: &Visitor, name: Option<&Path<String>>) -> Result<&'a Provider, PageError> {
    let provider = pages.sign_in.providers.find(name.map(|Path(name)| name.as_str()));
    provider.ok_or_else(|| PageError::not_found(visitor, &words!("no-such-provider")))
}

fn redirect_uri(
    pages: &Pages,
    visitor: &Visitor,
    headers: &HeaderMap,
    provider: &Provider,
) -> Result<String, PageError> {
    let address = pages.site.absolute(headers, &path_of("callback", provider.name()));
    address.ok_or_else(|| PageError::bad_request(visitor, &words!("no-host")))
}

fn read(text: &str) -> Option<AttemptCookie> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).ok()?).ok()
}

/// Providers send the browser back from another site, so the cookie cannot be `Strict`.
fn cookie(text: String, lasts: TimeDelta, site: &Site, headers: &HeaderMap) -> Cookie<'static> {
    let path = format!("{}sign-in", site.cookie_path());
    let cookie = Cookie::build((COOKIE_NAME, text)).path(path).max_age(time::Duration::seconds(lasts.num_seconds()));
    cookie.http_only(true).same_site(SameSite::Lax).secure(site.is_https(headers)).build()
}

/// Adds the deletion of the attempt's cookie to an answer that ends the attempt.
fn used(pages: &Pages, headers: &HeaderMap, answer: Response) -> Response {
    let cookie = cookie(String::new(), TimeDelta::zero(), &pages.site, headers);
    let mut answer = (no_store(), answer).into_response();
    if let Ok(value) = HeaderValue::from_str(&cookie.to_string()) {
        answer.headers_mut().append(axum::http::header::SET_COOKIE, value);
    }
    answer
}

fn no_store() -> [(axum::http::HeaderName, HeaderValue); 1] {
    [(CACHE_CONTROL, HeaderValue::from_static("no-store"))]
}

/// The page that says why the sign-in failed, and what to do.
fn failed(visitor: &Visitor, provider: &Provider, next: &str, error: &OidcError) -> Response {
    let (status, advice) = match error {
        OidcError::Unavailable => (StatusCode::SERVICE_UNAVAILABLE, words!("provider-unavailable-advice")),
        OidcError::NotBegunHere => (StatusCode::BAD_REQUEST, words!("provider-not-begun-advice")),
        OidcError::Refused(_) => (StatusCode::FORBIDDEN, words!("provider-refused-advice")),
        OidcError::NotValid => (StatusCode::BAD_GATEWAY, words!("provider-not-valid-advice")),
    };
    let mut answer = page(visitor, status, provider, next, &message(error), &advice);
    if *error == OidcError::Unavailable {
        answer.headers_mut().insert(axum::http::header::RETRY_AFTER, HeaderValue::from_static(RETRY_AFTER));
    }
    answer
}

fn message(error: &OidcError) -> String {
    match error {
        OidcError::Unavailable => words!("provider-unavailable"),
        OidcError::NotBegunHere => words!("provider-not-begun"),
        OidcError::Refused(reason) => words!("provider-refused", reason = reason.as_str()),
        OidcError::NotValid => words!("provider-not-valid"),
    }
}

/// The page for a person who has signed in at the provider but is unknown to this server.
fn unknown(visitor: &Visitor, provider: &Provider, error: AuthError) -> Response {
    let (status, message) = match error {
        AuthError::BadSubject => (StatusCode::FORBIDDEN, words!("provider-unknown-person")),
        AuthError::Unavailable => (StatusCode::SERVICE_UNAVAILABLE, sentence(error.to_string())),
        _ => (StatusCode::FORBIDDEN, sentence(error.to_string())),
    };
    page(visitor, status, provider, "/", &message, &words!("ask-an-administrator"))
}

fn page(
    visitor: &Visitor,
    status: StatusCode,
    provider: &Provider,
    next: &str,
    message: &str,
    advice: &str,
) -> Response {
    let main = html! {
        h1 { (words!("you-are-not-signed-in")) }
        (problem(message))
        p { (advice) }
        p {
            a href={ (address_of("with", provider.name())) "?next=" (encoded(next)) } {
                (words!("sign-in-with", provider = provider.label()))
            }
        }
        p { a href=(to("/")) { (words!("see-what-is-on")) } }
    };
    (status, respond(&Frame::new(words!("not-signed-in"), visitor), &main)).into_response()
}

/// The page that sends the browser on to the provider to sign out there. It is not a redirect, because browsers may block a
/// redirect from a form to another site.
pub fn signing_out(provider: &Provider, address: &str) -> Response {
    let main: Markup = html! {
        meta http-equiv="refresh" content={ "0; url=" (address) };
        h1 { (words!("signed-out-here")) }
        p { a href=(address) { (words!("sign-out-at", provider = provider.label())) } }
    };
    respond(&Frame::new(words!("signed-out"), &Visitor::default()), &main)
}
