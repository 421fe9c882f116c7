//! The visitor of a page. The secret of the sign-in is in a cookie that scripts can't read.

use auth::{AuthError, Identity};
use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, Method, request::Parts},
};
use axum_extra::extract::cookie::{Cookie, CookieJar, SameSite};
use chrono::{DateTime, TimeDelta, Utc};
use domain::{
    access::Viewer,
    ids::PersonId,
    zone::{Tz, Zone},
};
use service::{App, Error, log, people};

use super::{
    Shared,
    error::{PageError, unavailable},
};
use crate::site::Site;

const COOKIE_NAME: &str = "insession_token";
const ZONE_COOKIE: &str = "insession_zone";

/// How long a browser remembers a time zone.
const ZONE_LASTS: TimeDelta = TimeDelta::days(365);

/// The visitor of a page. A cookie whose token is not valid counts as none.
#[derive(Debug, Clone, Default)]
pub struct Visitor {
    pub viewer: Viewer,
    /// The secret of the browser's sign-in, or another token.
    pub token: Option<String>,
    /// The path of the page and its query, to come back to it after signing in.
    pub here: Option<String>,
    /// The position in the change log before the page was read. The page's script follows the changes after it.
    pub cursor: Option<String>,
    /// The person's name.
    pub name: Option<String>,
    /// The time zone in which this browser last offered time.
    pub zone: Option<Tz>,
}

impl Visitor {
    /// A key of the signed-in viewer, which the page's script compares. `None` if nobody is signed in.
    pub fn key(&self) -> Option<String> {
        self.token.as_ref()?;
        let person = self.viewer.person.map_or_else(String::new, |id| id.to_string());
        Some(format!("{person}{}", if self.viewer.is_admin { " admin" } else { "" }))
    }
}

impl Visitor {
    /// The time zone for times that belong to no session. The page's script adds the browser's own if it is another one.
    pub fn own_zone(&self, app: &App) -> Zone {
        self.zone.and_then(|zone| app.zone(zone).ok()).unwrap_or_else(Zone::utc)
    }
}

impl FromRequestParts<Shared> for Visitor {
    type Rejection = PageError;

    /// While the database is unavailable, no page can be shown. Each further read would wait for it again, so the first one that
    /// fails ends the request.
    async fn from_request_parts(parts: &mut Parts, Shared(pages): &Shared) -> Result<Self, PageError> {
        let cursor = unless_unavailable(read_cursor(&pages.app).await)?;
        let here = (parts.method == Method::GET).then(|| parts.uri.to_string());
        let jar = CookieJar::from_headers(&parts.headers);
        let zone = jar.get(ZONE_COOKIE).and_then(|cookie| cookie.value().parse().ok());
        let nobody = Self { here, cursor, zone, ..Self::default() };
        let Some(token) = jar.get(COOKIE_NAME).map(Cookie::value).filter(|token| !token.is_empty()) else {
            return Ok(nobody);
        };
        let viewer = match pages.authenticator.authenticate(Some(&format!("Bearer {token}"))).await {
            Ok(Identity { viewer, .. }) => viewer,
            Err(AuthError::Unavailable) => return Err(unavailable()),
            Err(_) => return Ok(nobody),
        };
        let name = match viewer.person {
            Some(id) => unless_unavailable(find_name(&pages.app, id).await)?.flatten(),
            None => None,
        };
        Ok(Self { viewer, token: Some(token.to_owned()), name, ..nobody })
    }
}

async fn find_name(app: &App, id: PersonId) -> Result<Option<String>, Error> {
    Ok(people::find_people(app, &[id]).await?.into_iter().next().map(|row| row.display_name))
}

async fn read_cursor(app: &App) -> Result<String, Error> {
    let head = log::head(app).await?;
    Ok(app.cursor_key().await?.write(head))
}

/// `None` after other errors, because a page without the value is still useful.
fn unless_unavailable<T>(read: Result<T, Error>) -> Result<Option<T>, PageError> {
    match read {
        Ok(value) => Ok(Some(value)),
        Err(error) => {
            tracing::error!(%error, "the visitor's name or the position could not be read");
            if error.is_unavailable() { Err(unavailable()) } else { Ok(None) }
        }
    }
}

/// The cookie that signs in until `end`.
pub fn signed_in(
    secret: &str,
    end: DateTime<Utc>,
    now: DateTime<Utc>,
    site: &Site,
    headers: &HeaderMap,
) -> Cookie<'static> {
    cookie(secret.to_owned(), (end - now).num_seconds().max(0), site, headers)
}

/// The cookie that remembers a time zone.
pub fn remembered(zone: Tz, site: &Site, headers: &HeaderMap) -> Cookie<'static> {
    named_cookie(ZONE_COOKIE, zone.name().to_owned(), ZONE_LASTS.num_seconds(), site, headers)
}

/// The cookie that signs out.
pub fn signed_out(site: &Site, headers: &HeaderMap) -> Cookie<'static> {
    cookie(String::new(), 0, site, headers)
}

fn cookie(secret: String, seconds: i64, site: &Site, headers: &HeaderMap) -> Cookie<'static> {
    named_cookie(COOKIE_NAME, secret, seconds, site, headers)
}

fn named_cookie(name: &'static str, value: String, seconds: i64, site: &Site, headers: &HeaderMap) -> Cookie<'static> {
    let cookie = Cookie::build((name, value)).path(site.cookie_path()).max_age(time::Duration::seconds(seconds));
    cookie.http_only(true).same_site(SameSite::Lax).secure(site.is_https(headers)).build()
}
