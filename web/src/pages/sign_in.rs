//! Signing in with a token, and out.

use axum::{
    Form, Json,
    extract::{Query, State},
    http::{HeaderMap, HeaderValue, StatusCode, header::CACHE_CONTROL},
    response::{IntoResponse, Redirect, Response},
};
use axum_extra::extract::cookie::CookieJar;
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::json;

use super::{
    Page, Pages,
    layout::{Frame, problem, respond},
    visitor::{LONGEST_TOKEN, Visitor, is_https, signed_in, signed_out},
};

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
        p { "Paste a token that names you. It stays in a cookie of this browser until it ends or you sign out." }
        @if let Some(wrong) = wrong { (problem(wrong)) }
        form.stacked method="post" action="/sign-in" autocomplete="off" {
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
        Err(error) => return Ok(refused(&error.to_string())),
    };
    if token.len() > LONGEST_TOKEN {
        return Ok(refused("The token is too long for a cookie."));
    }
    let Some(end) = identity.expires_at else { return Ok(refused("The token has no end.")) };
    let cookie = signed_in(token, end, pages.app.now(), is_https(&headers));
    Ok((CookieJar::new().add(cookie), Redirect::to(own_address(&next))).into_response())
}

pub async fn sign_out(headers: HeaderMap) -> Response {
    (CookieJar::new().add(signed_out(is_https(&headers))), Redirect::to("/")).into_response()
}

/// What the page's own script sends to the socket. Asked for by POST, so that only this site can.
pub async fn token(visitor: Visitor) -> Response {
    let no_store = [(CACHE_CONTROL, HeaderValue::from_static("no-store"))];
    (no_store, Json(json!({ "token": visitor.token }))).into_response()
}

/// Where to go on, on this site.
fn own_address(next: &str) -> &str {
    let is_own = next.starts_with('/') && !next.starts_with("//") && !next.contains(['\\', '\n', '\r', '\t', '\0']);
    if is_own && next.is_ascii() { next } else { "/" }
}

#[cfg(test)]
mod tests {
    use super::own_address;

    #[test]
    fn signing_in_leads_nowhere_else() {
        assert_eq!(own_address("/me?x=1"), "/me?x=1");
        for other in ["", "me", "//evil.example", "/\\evil.example", "https://evil.example", "/\t/evil.example", "/é"]
        {
            assert_eq!(own_address(other), "/", "{other}");
        }
    }
}
