//! The pages: rendered by the server, fine without JavaScript; `web/pages.js` then keeps them up to date by asking for
//! the same page again when something changed.
//!
//! What always holds: a page calls the same functions of the service as a resolver, and has no rules of its own; every
//! text is escaped by the templates; every page has the same policy, without inline script or style; a form posts and
//! redirects, and one that another site posts is refused; a token is in a cookie or a header, never in an address.

mod admin;
mod bookings;
mod cards;
mod error;
mod home;
mod layout;
mod me;
mod person;
mod session;
mod sign_in;
mod times;
mod visitor;

use std::sync::{Arc, LazyLock};

use auth::Authenticator;
use axum::{
    Router,
    extract::Path,
    http::{HeaderMap, HeaderValue, header::ACCESS_CONTROL_ALLOW_ORIGIN},
    middleware,
    response::Response,
    routing::{get, post},
};
use service::App;

use self::{error::PageError, visitor::Visitor};
use crate::assets::{self, Asset, CSS, SCRIPT, SVG};

/// What pages are made with.
#[derive(Clone)]
pub struct Pages {
    app: App,
    authenticator: Arc<Authenticator>,
}

type Page = Result<Response, PageError>;

macro_rules! asset {
    ($name:literal, $content_type:expr) => {
        Asset::new($name, $content_type, include_bytes!(concat!("../../assets/", $name)).as_slice())
    };
}

static ASSETS: LazyLock<[Asset; 4]> = LazyLock::new(|| {
    let module = asset!("insession.js", SCRIPT);
    let script = asset!("pages.js", SCRIPT).naming(std::slice::from_ref(&module));
    [module, script, asset!("pages.css", CSS), asset!("icon.svg", SVG)]
});

/// The address of a file for our own pages: browsers keep what is there for ever.
fn address_of(name: &str) -> String {
    let asset = ASSETS.iter().find(|asset| asset.name == name);
    format!("/web/{}", asset.map_or_else(|| name.to_owned(), Asset::versioned_name))
}

/// All pages, the files that they are made of, and the answer to addresses that nothing is at.
pub fn router(app: App, authenticator: Arc<Authenticator>) -> Router {
    Router::new()
        .route("/", get(home::show))
        .route("/sessions/{path}", get(session::show).post(session::check_in))
        .route("/people/{id}", get(person::show))
        .route("/me", get(me::show))
        .route("/me/bookings", post(me::act_on_booking))
        .route("/me/profile", post(me::change_profile))
        .route("/admin", get(admin::show))
        .route("/admin/override", post(admin::set_override))
        .route("/admin/activities", post(admin::save_activity))
        .route("/sign-in", get(sign_in::show).post(sign_in::sign_in))
        .route("/sign-out", post(sign_in::sign_out))
        .route("/web/token", post(sign_in::token))
        .route("/web/{file}", get(serve_asset))
        .fallback(not_found)
        .layer(middleware::from_fn(crate::origin::refuse_other_sites))
        .with_state(Pages { app, authenticator })
}

async fn serve_asset(Path(file): Path<String>, headers: HeaderMap) -> Response {
    let mut response = assets::serve(&*ASSETS, &file, &headers);
    // Any site may use the badges: what they show to whom is decided by the token that they send.
    response.headers_mut().insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    response
}

async fn not_found(visitor: Visitor) -> Page {
    Err(PageError::not_found(&visitor, "There is no page at this address."))
}
