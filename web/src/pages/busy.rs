//! The answer to a request that has to wait, because its address has asked for too much or the server is busy.

use axum::{
    Extension, Form, Router,
    extract::{DefaultBodyLimit, FromRequest as _, Request},
    http::{
        HeaderMap, HeaderValue, Method, StatusCode,
        header::{ACCEPT, CACHE_CONTROL, RETRY_AFTER},
    },
    middleware,
    response::{IntoResponse as _, Response},
};
use maud::html;

use super::{
    forms::{Typed, resend},
    layout::{Frame, refusal, respond},
    visitor::Visitor,
};
use crate::{
    language::{self, words},
    origin::refuse_other_sites,
    site::{self, Site, address_of},
};

/// The largest form that is given back, in bytes and in fields. The work for it costs the client nothing.
const FORM_BYTES: usize = 16 * 1024;
const FORM_FIELDS: usize = 200;

/// Why a request has to wait, and how long.
#[derive(Debug, Clone)]
pub struct Busy {
    /// The reason, in English, for programs.
    pub message: String,
    /// After how many seconds the request may be sent again.
    pub retry_after: u64,
}

/// Answers requests that have [`Busy`] as an extension. Browsers get a page, which keeps the form that they have sent. Programs get
/// a line of text.
pub fn router(site: Site) -> Router {
    Router::new()
        .fallback(answer)
        .layer(DefaultBodyLimit::max(FORM_BYTES))
        .layer(middleware::from_fn(language::speak))
        .layer(middleware::from_fn_with_state(site.clone(), refuse_other_sites))
        .layer(middleware::from_fn_with_state(site, site::serve_as))
}

async fn answer(Extension(busy): Extension<Busy>, request: Request) -> Response {
    let answer = if accepts_pages(request.headers()) {
        page(busy.retry_after, request).await
    } else {
        busy.message.into_response()
    };
    let mut response = (StatusCode::TOO_MANY_REQUESTS, answer).into_response();
    response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(busy.retry_after));
    // A form may have a secret.
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// Browsers name HTML when they load a page.
fn accepts_pages(headers: &HeaderMap) -> bool {
    headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok()).any(|value| value.contains("text/html"))
}

async fn page(seconds: u64, request: Request) -> Response {
    let address = address_of(request.uri());
    let is_form = request.method() == Method::POST;
    let form = if is_form { Form::<Typed>::from_request(request, &()).await.ok() } else { None };
    let form = form.filter(|Form(typed)| typed.count() <= FORM_FIELDS);
    let title = words!("did-not-work");
    let main = html! {
        h1 { (title) }
        (refusal(&words!("too-busy", seconds = seconds)))
        @if let Some(Form(typed)) = form {
            p { (words!("form-kept")) }
            (resend(&address, &typed))
        }
    };
    respond(&Frame::new(&title, &Visitor::default()).standing_still(), &main)
}
