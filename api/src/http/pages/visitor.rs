//! Who looks at a page: their token is in a cookie that scripts can't read.

use std::convert::Infallible;

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, HeaderValue, header::COOKIE, request::Parts},
};
use chrono::{DateTime, Utc};
use domain::access::Viewer;
use service::people;

use super::Pages;
use crate::auth::Identity;

const COOKIE_NAME: &str = "insession_token";

/// Browsers keep cookies of up to 4096 bytes, name and attributes included.
pub const LONGEST_TOKEN: usize = 3_800;

/// Who asks for a page. A cookie whose token is not valid, or not any more, is as good as none.
#[derive(Debug, Clone, Default)]
pub struct Visitor {
    pub viewer: Viewer,
    pub token: Option<String>,
    /// The person's name, or what an admin's token without a person is called.
    pub name: Option<String>,
}

impl FromRequestParts<Pages> for Visitor {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, pages: &Pages) -> Result<Self, Infallible> {
        let Some(token) = cookie(&parts.headers) else { return Ok(Self::default()) };
        let Ok(Identity { viewer, .. }) = pages.authenticator.authenticate(Some(&format!("Bearer {token}"))).await
        else {
            return Ok(Self::default());
        };
        let name = match viewer.person {
            Some(id) => match people::find_people(pages.app.db.pool(), &[id]).await {
                Ok(rows) => rows.into_iter().next().map(|row| row.display_name),
                Err(error) => {
                    tracing::error!(error = error.describe(), "the visitor could not be looked up");
                    None
                }
            },
            None => None,
        };
        let name = name.or_else(|| viewer.is_admin.then(|| "Admin".to_owned()));
        Ok(Self { viewer, token: Some(token.to_owned()), name })
    }
}

fn cookie(headers: &HeaderMap) -> Option<&str> {
    let cookies = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = cookies.flat_map(|cookies| cookies.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(name, _)| *name == COOKIE_NAME).map(|(_, value)| value).filter(|value| !value.is_empty())
}

/// The cookie that signs in until the token ends; out, without a token.
pub fn set_cookie(token: Option<(&str, DateTime<Utc>)>, now: DateTime<Utc>, is_https: bool) -> Option<HeaderValue> {
    let (value, seconds) = token.map_or(("", 0), |(token, end)| (token, (end - now).num_seconds().max(0)));
    let secure = if is_https { "; Secure" } else { "" };
    let text = format!("{COOKIE_NAME}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}");
    HeaderValue::from_str(&text).ok()
}

/// Did the browser ask over https, here or at a proxy before?
pub fn is_https(headers: &HeaderMap) -> bool {
    headers.get("x-forwarded-proto").is_some_and(|scheme| scheme.as_bytes().starts_with(b"https"))
}
