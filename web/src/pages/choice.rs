//! Choosing the language of the pages. The browser keeps the choice in a cookie, so it needs no account.

use axum::{
    Form,
    extract::State,
    http::HeaderMap,
    response::{IntoResponse as _, Redirect},
};
use axum_extra::extract::cookie::{Cookie, CookieJar, SameSite};
use chrono::TimeDelta;
use serde::Deserialize;

use super::{Page, Pages, error::PageError, sign_in::own_address, visitor::Visitor};
use crate::language::{COOKIE_NAME, Language};

/// How long a browser remembers the choice.
const LASTS: TimeDelta = TimeDelta::days(365);

#[derive(Debug, Deserialize)]
pub struct Choice {
    #[serde(default)]
    language: String,
    /// The page to go back to.
    #[serde(default)]
    next: String,
}

pub async fn choose(
    State(pages): State<Pages>,
    visitor: Visitor,
    headers: HeaderMap,
    Form(Choice { language, next }): Form<Choice>,
) -> Page {
    let language = Language::tagged(&language).ok_or_else(|| PageError::bad_form(&visitor))?;
    let cookie = Cookie::build((COOKIE_NAME, language.tag()))
        .path(pages.site.cookie_path())
        .max_age(time::Duration::seconds(LASTS.num_seconds()))
        .http_only(true)
        .same_site(SameSite::Lax)
        .secure(pages.site.is_https(&headers))
        .build();
    let back = Redirect::to(&pages.site.within(own_address(&next)));
    Ok((CookieJar::new().add(cookie), back).into_response())
}
