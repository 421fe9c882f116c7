//! The pages. The server renders them, and they work without JavaScript. With JavaScript, `web/assets/pages.js` loads a page
//! again when something on it has changed.
//!
//! Invariants:
//!
//! - A page calls the same functions of the service as a resolver. It has no rules of its own.
//! - The templates escape every text.
//! - Every page has the same content security policy, without inline scripts and styles. Only the page of a session that has a
//!   picture adds the picture's site, for people who are signed in.
//! - A form posts and redirects. A form that another site posts is refused.
//! - A token, or the secret of a sign-in, is in a cookie or a header, never in an address.
//! - Every address in a page and every redirect goes through [`to`], which adds the path of `PUBLIC_URL`.

mod activity;
mod admin;
pub mod busy;
mod cards;
mod choice;
mod cities;
mod done;
mod door;
mod error;
mod feeds;
mod forms;
mod home;
mod keys;
mod layout;
mod markdown;
mod me;
mod near;
mod person;
mod plain_visit;
mod sessions;
mod sign_in;
mod timeline;
pub(crate) mod times;
mod visitor;
mod week;

use std::sync::{Arc, LazyLock};

use auth::Authenticator;
use axum::{
    Router,
    extract::{FromRef, FromRequestParts as _, Path, Request, State},
    http::{
        HeaderMap, HeaderValue,
        header::{ACCESS_CONTROL_ALLOW_ORIGIN, CONTENT_TYPE},
    },
    middleware::{self, Next},
    response::{IntoResponse as _, Response},
    routing::{get, post},
};
use service::App;

pub use self::sign_in::{Samples, SignInOptions};
pub(crate) use self::{cards::encoded, feeds::failed};
use self::{error::PageError, visitor::Visitor};
use crate::{
    assets::{self, Asset, CSS, PNG, SCRIPT, SVG},
    language::{self, words},
    origin::refuse_other_sites,
    site::{self, Site, to},
};

/// The state that each handler gets. The whole page uses one release of the zone data.
#[derive(Clone)]
pub struct Pages {
    app: App,
    authenticator: Arc<Authenticator>,
    sign_in: SignInOptions,
    site: Site,
}

/// The state of the router.
#[derive(Clone)]
pub struct Shared(Pages);

impl FromRef<Shared> for Pages {
    fn from_ref(Shared(pages): &Shared) -> Self {
        Self { app: pages.app.pinned(), ..pages.clone() }
    }
}

type Page = Result<Response, PageError>;

macro_rules! asset {
    ($name:literal, $content_type:expr) => {
        Asset::new($name, $content_type, include_bytes!(concat!("../../assets/", $name)).as_slice())
    };
}

static ASSETS: LazyLock<[Asset; 9]> = LazyLock::new(|| {
    // The module of the npm package is the one that this server serves.
    let module = Asset::new("insession.js", SCRIPT, include_bytes!("../../../clients/js/insession.js").as_slice());
    let imported = [module, asset!("times.js", SCRIPT)];
    let script = asset!("pages.js", SCRIPT).naming(&imported);
    let [module, times] = imported;
    let pictures = [asset!("icon-180.png", PNG), asset!("icon-192.png", PNG), asset!("icon-512.png", PNG)];
    let [small, middle, large] = pictures;
    [
        module,
        times,
        script,
        asset!("screen.js", SCRIPT),
        asset!("pages.css", CSS),
        asset!("icon.svg", SVG),
        small,
        middle,
        large,
    ]
});

/// The address of a file for our own pages. Browsers cache it for ever.
fn address_of(name: &str) -> String {
    let asset = ASSETS.iter().find(|asset| asset.name == name);
    to(&format!("/web/{}", asset.map_or_else(|| name.to_owned(), Asset::versioned_name)))
}

/// The files of our own pages. They are in memory, so they need no limit.
pub fn files() -> Router {
    Router::new().route("/web/{file}", get(serve_asset))
}

/// The routes of all pages. Other addresses get a page that says that they do not exist.
pub fn router(app: App, authenticator: Arc<Authenticator>, sign_in: SignInOptions, site: Site) -> Router {
    let shared = Shared(Pages { app, authenticator, sign_in, site });
    let site = &shared.0.site;
    Router::new()
        .route("/", get(home::show))
        .route("/near", get(near::ask).post(near::show))
        .route("/cities", get(cities::show))
        .route("/calendar", get(week::show))
        .merge(sessions::router())
        .route("/c/{code}", get(door::offer).post(door::check_in))
        .route("/activities/{key}", get(activity::show).post(plain_visit::take_part))
        .route("/people/{id}", get(person::show))
        .merge(me::router())
        .merge(admin::router())
        .route("/sign-in", get(sign_in::show).post(sign_in::sign_in))
        .route("/sign-in/with", get(sign_in::begin))
        .route("/sign-in/with/{provider}", get(sign_in::begin))
        .route("/sign-in/callback", get(sign_in::finish))
        .route("/sign-in/callback/{provider}", get(sign_in::finish))
        .route("/sign-out", post(sign_in::sign_out))
        .route("/language", post(choice::choose))
        .fallback(not_found)
        .layer(middleware::from_fn(error::keep_form))
        .layer(middleware::from_fn_with_state(shared.clone(), explain_refusals))
        .route("/web/token", post(sign_in::token))
        .layer(middleware::from_fn(language::speak))
        // Caches store what programs read, so it is in English for everybody.
        .merge(feeds::router())
        .layer(middleware::from_fn_with_state(site.clone(), refuse_other_sites))
        .layer(middleware::from_fn_with_state(site.clone(), site::serve_as))
        .with_state(shared)
}

/// Turns the refusals of the framework, which are plain text for programmers, into pages.
async fn explain_refusals(State(shared): State<Shared>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let request = Request::from_parts(parts.clone(), body);
    let response = next.run(request).await;
    let is_page = response.headers().get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
    if is_page || !response.status().is_client_error() {
        return response;
    }
    match Visitor::from_request_parts(&mut parts, &shared).await {
        Ok(visitor) => PageError::unreadable(&visitor, response.status()).into_response(),
        Err(error) => error.into_response(),
    }
}

async fn serve_asset(Path(file): Path<String>, headers: HeaderMap) -> Response {
    let mut response = assets::serve(&*ASSETS, &file, &headers);
    // Any site may use the badges. They show only the data that the token in their request allows.
    response.headers_mut().insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    response
}

async fn not_found(visitor: Visitor) -> Page {
    Err(PageError::not_found(&visitor, &words!("no-page-here")))
}
