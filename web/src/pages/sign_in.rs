//! Signing in with a token, and signing out.

use axum::{
    Form, Json,
    extract::{Query, State},
    http::{HeaderMap, HeaderValue, StatusCode, header::CACHE_CONTROL},
    response::{IntoResponse, Redirect, Response},
};
use axum_extra::extract::cookie::CookieJar;
use domain::text::sentence;
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::json;
use service::door;

use super::{
    Page, Pages,
    layout::{Frame, problem, respond},
    visitor::{LONGEST_TOKEN, Visitor, signed_in, signed_out},
};
use crate::site::to;

#[derive(Debug, Default, Deserialize)]
pub struct Next {
    #[serde(default)]
    next: String,
}

#[derive(Deserialize)]
pub struct SignIn {
    token: String,
    #[serde(default)]
    next: String,
}

pub async fn show(visitor: Visitor, Query(Next { next }): Query<Next>) -> Response {
    respond(&Frame::new("Sign in", &visitor), &form(&next, None)).into_response()
}

fn form(next: &str, wrong: Option<&str>) -> Markup {
    html! {
        h1 { "Sign in" }
        p { "Paste your token. This browser keeps it in a cookie until it expires or you sign out." }
        @if let Some(wrong) = wrong { (problem(wrong)) }
        form.stacked method="post" action=(to("/sign-in")) autocomplete="off" {
            input type="hidden" name="next" value=(next);
            label for="token" { "Token" }
            input #token name="token" type="password" required autocomplete="off" spellcheck="false"
                aria-invalid=[wrong.map(|_| "true")];
            button.primary { "Sign in" }
        }
    }
}

pub async fn sign_in(
    State(pages): State<Pages>,
    headers: HeaderMap,
    visitor: Visitor,
    Form(SignIn { token, next }): Form<SignIn>,
) -> Page {
    let token = token.trim();
    let token = token.strip_prefix("Bearer ").unwrap_or(token).trim();
    let refused = |message: &str| {
        let page = respond(&Frame::new("Sign in", &visitor), &form(&next, Some(message)));
        (StatusCode::UNPROCESSABLE_ENTITY, page).into_response()
    };
    let identity = match pages.authenticator.authenticate(Some(&format!("Bearer {token}"))).await {
        Ok(identity) => identity,
        Err(error) => return Ok(refused(&sentence(error.to_string()))),
    };
    if token.len() > LONGEST_TOKEN {
        return Ok(refused("This token is too long to be kept in a cookie. Use a shorter one."));
    }
    let Some(end) = identity.expires_at else {
        return Ok(refused("This token does not say when it expires. Use one that has the claim exp."));
    };
    if let Err(error) = door::claim_guest(&pages.app, visitor.viewer, identity.viewer).await {
        // The person is signed in anyway. The guest stays a person of their own, until guests are erased.
        tracing::warn!(%error, guest = ?visitor.viewer.person, "a guest was not taken over by the person who signed in");
    }
    let cookie = signed_in(token, end, pages.app.now(), &pages.site, &headers);
    Ok((CookieJar::new().add(cookie), Redirect::to(&pages.site.within(own_address(&next)))).into_response())
}

pub async fn sign_out(State(pages): State<Pages>, headers: HeaderMap) -> Response {
    (CookieJar::new().add(signed_out(&pages.site, &headers)), Redirect::to(&to("/"))).into_response()
}

/// The token, which the page's script sends over the socket, and who that is. It needs a POST, so that only this site gets it.
pub async fn token(visitor: Visitor) -> Response {
    let no_store = [(CACHE_CONTROL, HeaderValue::from_static("no-store"))];
    (no_store, Json(json!({ "token": visitor.token, "viewer": visitor.key() }))).into_response()
}

/// The address to go to after signing in, if it is on this site. Otherwise `/`.
fn own_address(next: &str) -> &str {
    let is_own = next.starts_with('/') && !next.starts_with("//") && !next.contains(['\\', '\n', '\r', '\t', '\0']);
    if is_own && next.is_ascii() { next } else { "/" }
}

#[cfg(test)]
mod tests {
    use super::own_address;

    #[test]
    fn sign_in_redirects_only_to_this_site() {
        assert_eq!(own_address("/me?x=1"), "/me?x=1");
        for other in ["", "me", "//evil.example", "/\\evil.example", "https://evil.example", "/\t/evil.example", "/é"]
        {
            assert_eq!(own_address(other), "/", "{other}");
        }
    }
}
