//! The pages for errors.

use axum::{
    Form,
    body::{Body, Bytes},
    extract::{FromRequest as _, Request},
    http::{
        HeaderMap, Method, StatusCode, Uri,
        header::{REFERER, RETRY_AFTER},
        request::Parts,
    },
    middleware::Next,
    response::{IntoResponse, Redirect, Response},
};
use domain::text::sentence;
use maud::html;
use service::{Error, TRY_AGAIN_AFTER, rate::whole_seconds};

use super::{
    cards::encoded,
    forms::{Typed, resend},
    layout::{Frame, refusal, respond},
    visitor::Visitor,
};
use crate::{
    language::{refusal_or_english, words},
    site::{address_of, to},
};

/// An error, and the visitor who sees its page.
#[derive(Debug)]
pub struct PageError {
    status: StatusCode,
    message: String,
    visitor: Box<Visitor>,
}

impl PageError {
    pub fn not_found(visitor: &Visitor, message: &str) -> Self {
        Self { status: StatusCode::NOT_FOUND, message: message.to_owned(), visitor: Box::new(visitor.clone()) }
    }

    pub fn forbidden(visitor: &Visitor, message: &str) -> Self {
        Self { status: StatusCode::FORBIDDEN, message: message.to_owned(), visitor: Box::new(visitor.clone()) }
    }

    /// The error for a form that the page did not send, or that an old version of the page sent.
    pub fn bad_form(visitor: &Visitor) -> Self {
        Self::bad_request(visitor, &words!("bad-form"))
    }

    /// The error for a request that the framework could not read, such as a query with a wrong value.
    pub fn unreadable(visitor: &Visitor, status: StatusCode) -> Self {
        let message = if visitor.here.is_some() { words!("bad-address") } else { words!("bad-form") };
        Self { status, ..Self::bad_request(visitor, &message) }
    }

    pub fn bad_request(visitor: &Visitor, message: &str) -> Self {
        Self { status: StatusCode::BAD_REQUEST, message: message.to_owned(), visitor: Box::new(visitor.clone()) }
    }
}

/// The status and the message for an error of the service. The cause of an internal error is only logged.
pub fn status_and_message(error: &Error) -> (StatusCode, String) {
    let (status, message) = match error {
        Error::Unauthenticated(refusal) => (StatusCode::UNAUTHORIZED, refusal_or_english(refusal)),
        Error::Forbidden(refusal) => (StatusCode::FORBIDDEN, refusal_or_english(refusal)),
        Error::NotFound(refusal) => (StatusCode::NOT_FOUND, refusal_or_english(refusal)),
        Error::Invalid { field, message, .. } => {
            (StatusCode::UNPROCESSABLE_ENTITY, format!("The field '{field}' {message}"))
        }
        Error::Conflict(refusal) | Error::InvalidTransition(refusal) => {
            (StatusCode::CONFLICT, refusal_or_english(refusal))
        }
        Error::RateLimited(wait) => {
            let message = words!("too-many-attempts", seconds = whole_seconds(*wait));
            (StatusCode::TOO_MANY_REQUESTS, message)
        }
        Error::Internal(_) if error.is_unavailable() => {
            tracing::error!(%error, "a page could not be shown, because the database is unavailable");
            (StatusCode::SERVICE_UNAVAILABLE, words!("database-away"))
        }
        Error::CursorExpired | Error::Again(_) | Error::Internal(_) => {
            tracing::error!(%error, "a page could not be shown");
            (StatusCode::INTERNAL_SERVER_ERROR, words!("server-error"))
        }
    };
    (status, sentence(message))
}

/// Why a form could not be taken. An extension of the response, by which [`keep_form`] gives the form back.
#[derive(Clone)]
enum NotTaken {
    /// The database is unavailable. The page is for this visitor.
    Unavailable(Box<Visitor>),
    /// The sign-in has ended. After a new one, the answer would lead to `next`.
    SignedOut { next: String },
}

fn unavailable_for(visitor: Box<Visitor>, mut response: Response) -> Response {
    response.headers_mut().insert(RETRY_AFTER, TRY_AGAIN_AFTER.as_secs().into());
    response.extensions_mut().insert(NotTaken::Unavailable(visitor));
    response
}

/// Leads to the sign-in, and then to `next`. A form is given back: see [`keep_form`].
pub fn sign_in_first(next: &str) -> Response {
    let mut response = Redirect::to(&sign_in_address(next)).into_response();
    response.extensions_mut().insert(NotTaken::SignedOut { next: next.to_owned() });
    response
}

/// The address of the sign-in page, which leads to `next`.
fn sign_in_address(next: &str) -> String {
    to(&format!("/sign-in?next={}", encoded(next)))
}

/// The path and the query of the page from which a browser sent a form.
fn sent_from(headers: &HeaderMap) -> Option<String> {
    let referrer: Uri = headers.get(REFERER)?.to_str().ok()?.parse().ok()?;
    let page = referrer.path_and_query()?.as_str();
    Some(page.strip_prefix(&to("")).unwrap_or(page).to_owned())
}

/// Gives a form back that was sent after the sign-in has ended: the page leads to the sign-in, in another tab, and has a button that
/// sends the form again.
fn signed_out(parts: &Parts, next: &str, typed: &Typed) -> Response {
    let next = sent_from(&parts.headers).unwrap_or_else(|| next.to_owned());
    let title = words!("sign-in-first");
    let main = html! {
        h1 { (title) }
        (refusal(&words!("nothing-saved-signed-out")))
        p { a.button href=(sign_in_address(&next)) target="_blank" { (words!("sign-in-in-new-tab")) } }
        (resend(&address_of(&parts.uri), typed))
    };
    let visitor = Visitor { here: Some(next), ..Visitor::default() };
    (StatusCode::UNAUTHORIZED, respond(&Frame::new(&title, &visitor).standing_still(), &main)).into_response()
}

/// Gives a form back that was sent while the database is unavailable: the page has a button that sends it again.
fn not_saved(parts: &Parts, visitor: &Visitor, typed: &Typed) -> Response {
    let title = words!("unavailable");
    let main = html! {
        h1 { (title) }
        (refusal(&words!("nothing-saved")))
        (resend(&address_of(&parts.uri), typed))
    };
    let frame = Frame::new(&title, visitor).standing_still();
    let page = (StatusCode::SERVICE_UNAVAILABLE, respond(&frame, &main)).into_response();
    unavailable_for(Box::new(visitor.clone()), page)
}

/// Gives a form back that was sent while the database is unavailable, or after the sign-in has ended: the page has a button that
/// sends it again. The page of the form itself would have to be read from the database, and for a visitor who is signed in.
pub async fn keep_form(request: Request, next: Next) -> Response {
    if request.method() != Method::POST {
        return next.run(request).await;
    }
    let (parts, body) = request.into_parts();
    let body = match Bytes::from_request(Request::from_parts(parts.clone(), body), &()).await {
        Ok(body) => body,
        Err(too_large) => return too_large.into_response(),
    };
    let again = || Request::from_parts(parts.clone(), Body::from(body.clone()));
    let response = next.run(again()).await;
    let Some(why) = response.extensions().get::<NotTaken>() else { return response };
    let Ok(Form(typed)) = Form::<Typed>::from_request(again(), &()).await else { return response };
    match why {
        NotTaken::SignedOut { next } => signed_out(&parts, next, &typed),
        NotTaken::Unavailable(visitor) => not_saved(&parts, visitor, &typed),
    }
}

/// The page for a request whose visitor cannot be known, because the database is unavailable.
pub fn unavailable() -> PageError {
    let message = words!("database-away");
    PageError { status: StatusCode::SERVICE_UNAVAILABLE, message, visitor: Box::default() }
}

/// Turns an error of the service into a page. For `map_err`.
pub fn page_of(visitor: &Visitor) -> impl FnOnce(Error) -> PageError + use<'_> {
    |error| {
        let (status, message) = status_and_message(&error);
        PageError { status, message, visitor: Box::new(visitor.clone()) }
    }
}

impl IntoResponse for PageError {
    fn into_response(self) -> Response {
        let title = match self.status {
            StatusCode::NOT_FOUND => words!("not-found"),
            StatusCode::FORBIDDEN => words!("not-allowed"),
            StatusCode::UNAUTHORIZED => words!("sign-in-first"),
            StatusCode::INTERNAL_SERVER_ERROR => words!("something-went-wrong"),
            StatusCode::SERVICE_UNAVAILABLE => words!("unavailable"),
            _ => words!("did-not-work"),
        };
        let main = html! {
            h1 { (title) }
            p { (self.message) }
            p { a href=(to("/")) { (words!("see-what-is-on")) } }
        };
        let response = (self.status, respond(&Frame::new(&title, &self.visitor), &main)).into_response();
        if self.status == StatusCode::SERVICE_UNAVAILABLE { unavailable_for(self.visitor, response) } else { response }
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn page_of_a_form_is_the_one_that_sent_it() {
        let from =
            |referrer: &'static str| sent_from(&HeaderMap::from_iter([(REFERER, HeaderValue::from_static(referrer))]));
        assert_eq!(from("https://example.org/sessions/tunes?at=x").as_deref(), Some("/sessions/tunes?at=x"));
        assert_eq!((from("https://example.org").as_deref(), from("\t")), (Some("/"), None));
        assert_eq!(sent_from(&HeaderMap::new()), None);
    }
}
