//! Single responses, and refusals.

use async_graphql::{Response, ServerError, Value};
use async_graphql_axum::GraphQLResponse;
use axum::{
    body::Body,
    http::{
        HeaderValue, StatusCode,
        header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, VARY, WWW_AUTHENTICATE},
    },
    response::IntoResponse as _,
};
use graphql::error::{
    self, ApiError, ErrorCode, add_missing_codes, has_code, is_failure, is_request_error, is_unavailable,
};
use serde::Serialize;

use super::negotiation::MediaType;
use crate::admission::Refused;

/// The JSON form of a request error: a response without `data`.
#[derive(Serialize)]
pub(super) struct Errors<'a> {
    pub(super) errors: &'a [ServerError],
}

pub(super) fn single_answer(mut response: Response, media_type: MediaType) -> axum::response::Response {
    add_missing_codes(&mut response);
    if !is_request_error(&response) {
        let mut answer = GraphQLResponse::from(response).into_response();
        set_headers(&mut answer, media_type);
        return answer;
    }
    // `GraphQLResponse` would write `data: null`, and always with status 200.
    let status = if has_code(&response, ErrorCode::RateLimited) {
        StatusCode::TOO_MANY_REQUESTS
    } else if media_type != MediaType::GraphqlResponse {
        StatusCode::OK
    } else if is_unavailable(&response) {
        StatusCode::SERVICE_UNAVAILABLE
    } else if is_failure(&response) {
        StatusCode::INTERNAL_SERVER_ERROR
    } else {
        StatusCode::BAD_REQUEST
    };
    match serde_json::to_vec(&Errors { errors: &response.errors }) {
        Ok(json) => {
            let mut answer = answer_with(status, media_type, json);
            answer.headers_mut().extend(response.http_headers);
            note_retry(&mut answer, &response.errors);
            answer
        }
        Err(error) => {
            Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, ApiError::internal(error)).into_answer(media_type)
        }
    }
}

/// Adds `Retry-After` to a response with status 429 or 503. The value comes from the errors, or else is 1 second.
fn note_retry(answer: &mut axum::response::Response, errors: &[ServerError]) {
    if matches!(answer.status(), StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE) {
        let seconds = errors.iter().find_map(|error| match error.extensions.as_ref()?.get(error::RETRY_AFTER)? {
            Value::Number(seconds) => seconds.as_u64(),
            _ => None,
        });
        answer.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds.unwrap_or(1)));
    }
}

fn answer_with(status: StatusCode, media_type: MediaType, json: Vec<u8>) -> axum::response::Response {
    let mut answer = axum::response::Response::new(Body::from(json));
    *answer.status_mut() = status;
    set_headers(&mut answer, media_type);
    answer
}

fn set_headers(answer: &mut axum::response::Response, media_type: MediaType) {
    let headers = answer.headers_mut();
    headers.insert(CONTENT_TYPE, media_type.content_type());
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(VARY, HeaderValue::from_static("accept, authorization"));
}

/// The answer to a refused HTTP request: a status and one error.
#[derive(Debug)]
pub(super) struct Refusal {
    status: StatusCode,
    error: ApiError,
    /// The value of the header `Allow`: the methods that are allowed.
    allowed: Option<&'static str>,
}

impl Refusal {
    pub(super) const fn new(status: StatusCode, error: ApiError) -> Self {
        Self { status, error, allowed: None }
    }

    pub(super) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, ApiError::bad_user_input(message))
    }

    pub(super) fn method(allowed: &'static str, message: &str) -> Self {
        let error = ApiError::bad_user_input(message);
        Self { allowed: Some(allowed), ..Self::new(StatusCode::METHOD_NOT_ALLOWED, error) }
    }

    pub(super) fn panicked() -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, ApiError::internal("a request panicked"))
    }

    pub(super) fn into_answer(self, media_type: MediaType) -> axum::response::Response {
        let response = self.error.into_response();
        let json = serde_json::to_vec(&Errors { errors: &response.errors }).unwrap_or_default();
        let mut answer = answer_with(self.status, media_type, json);
        if self.status == StatusCode::UNAUTHORIZED {
            answer.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        note_retry(&mut answer, &response.errors);
        if let Some(allowed) = self.allowed {
            answer.headers_mut().insert(ALLOW, HeaderValue::from_static(allowed));
        }
        answer
    }
}

impl From<Refused> for Refusal {
    fn from(Refused(reason): Refused) -> Self {
        Self::new(StatusCode::TOO_MANY_REQUESTS, ApiError::rate_limited(reason))
    }
}

/// The response to a client that may not open a connection now.
pub fn refuse_connection(refused: Refused) -> axum::response::Response {
    Refusal::from(refused).into_answer(MediaType::Json)
}

/// The response to a page of a site that is not listed in `CORS_ORIGINS`.
pub fn refuse_origin() -> axum::response::Response {
    let error = ApiError::forbidden("pages of this site may not connect: see CORS_ORIGINS");
    Refusal::new(StatusCode::FORBIDDEN, error).into_answer(MediaType::Json)
}
