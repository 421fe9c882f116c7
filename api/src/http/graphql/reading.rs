//! Reads requests: from the address of a GET, or from the body of a POST.
//!
//! The extractor `GraphQLRequest` of async-graphql-axum does not serve here. From a GET it reads `operation_name` instead of
//! `operationName`. It reads a request without `query` as one with an empty document, which gets another status. It also
//! accepts multipart forms and other media types, which pages of other sites can send without a CORS preflight.

use std::{error::Error, time::Duration};

use async_graphql::{Request, Value, Variables};
use axum::{
    body::Body,
    extract::Query,
    http::{
        HeaderMap, HeaderValue, StatusCode,
        header::{CONTENT_ENCODING, CONTENT_TYPE},
        request::Parts,
    },
};
use futures_util::StreamExt as _;
use graphql::{document::shortened, error::ApiError, trusted::DOCUMENT_ID};
use serde_json::Value as Json;
use tower_http::timeout::TimeoutError;

use super::{
    answer::Refusal,
    negotiation::{parameter, parse_media_type},
};

/// The encodings in which a body may be compressed.
const ENCODINGS: &str = "gzip, br, deflate";

/// Some programs begin a text in UTF-8 with it. RFC 8259 lets readers of JSON ignore it.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// The size limit of a request body, in bytes. A compressed body is measured after it is decompressed.
pub const BODY_LIMIT: usize = 256 * 1024;

/// The time limit for receiving a whole request body. Pauses in it have a shorter limit: see
/// [`connections`](crate::connections).
const BODY_TIMEOUT: Duration = Duration::from_mins(5);

pub(super) fn read_address(parts: &Parts) -> Result<Request, Refusal> {
    let Query(pairs) = Query::<Vec<(String, String)>>::try_from_uri(&parts.uri)
        .map_err(|_| Refusal::bad_request("the address could not be read"))?;
    let mut fields = serde_json::Map::new();
    for (name, text) in pairs {
        let value = match name.as_str() {
            "operationName" | "variables" | "extensions" if text.is_empty() => Json::Null,
            "query" | "operationName" | DOCUMENT_ID => Json::String(text),
            "variables" | "extensions" => serde_json::from_str(&text)
                .map_err(|error| Refusal::bad_request(format!("'{name}' is not JSON: {error}")))?,
            _ => continue,
        };
        if fields.insert(name, value).is_some() {
            return Err(Refusal::bad_request("a parameter is given twice"));
        }
    }
    request_of(fields)
}

/// Receives the body of a request. If the body was in one of the [`ENCODINGS`], it is already decompressed.
pub(super) async fn receive(parts: &Parts, body: Body) -> Result<Vec<u8>, Refusal> {
    if let Some(message) = unsupported_type(&parts.headers).or_else(|| unsupported_encoding(&parts.headers)) {
        return Err(Refusal::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, ApiError::bad_user_input(message)));
    }
    tokio::time::timeout(BODY_TIMEOUT, read_bytes(body)).await.map_err(|_| late())?
}

/// Reads a request from its body.
pub(super) fn read_body(bytes: &[u8]) -> Result<Request, Refusal> {
    match serde_json::from_slice(bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes)) {
        Ok(Json::Object(fields)) => request_of(fields),
        Ok(Json::Array(_)) => Err(Refusal::bad_request("batches are not taken: send each operation by itself")),
        Ok(_) => Err(Refusal::bad_request("the body must be a JSON object with 'query'")),
        Err(error) => Err(Refusal::bad_request(format!("the body is not JSON: {error}"))),
    }
}

/// An error message if the content type of a request is not supported.
fn unsupported_type(headers: &HeaderMap) -> Option<String> {
    const EXPECTED: &str = "send the request as 'Content-Type: application/json', in UTF-8";

    let mut values = headers.get_all(CONTENT_TYPE).iter();
    let (Some(value), None) = (values.next().and_then(|value| value.to_str().ok()), values.next()) else {
        return Some(EXPECTED.to_owned());
    };
    let (name, parameters) = parse_media_type(value);
    let is_utf8 = |charset: &str| ["utf-8", "utf8"].iter().any(|name| charset.eq_ignore_ascii_case(name));
    match name.as_str() {
        "application/json" if parameter(&parameters, "charset").is_none_or(is_utf8) => None,
        "application/graphql-response+json" => {
            Some(format!("application/graphql-response+json is the type of answers, not of requests: {EXPECTED}"))
        }
        _ => Some(EXPECTED.to_owned()),
    }
}

/// Replaces `x-gzip` by `gzip`, which means the same (RFC 9110, section 8.4.1.3). The layer that decompresses knows only `gzip`.
pub(super) fn name_gzip<B>(mut request: axum::http::Request<B>) -> axum::http::Request<B> {
    let encoding =
        request.headers().get(CONTENT_ENCODING).map(|value| value.as_bytes().trim_ascii().to_ascii_lowercase());
    let name = match encoding.as_deref() {
        Some(b"gzip" | b"x-gzip") => "gzip",
        Some(b"br") => "br",
        Some(b"deflate") => "deflate",
        _ => return request,
    };
    request.headers_mut().insert(CONTENT_ENCODING, HeaderValue::from_static(name));
    request
}

/// An error message if the body is still in an encoding, which is then one that the server does not support.
fn unsupported_encoding(headers: &HeaderMap) -> Option<String> {
    let values: Vec<&str> =
        headers.get_all(CONTENT_ENCODING).iter().map(|value| value.to_str().unwrap_or("?").trim()).collect();
    let given = values.join(", ");
    let is_plain = given.is_empty() || given.eq_ignore_ascii_case("identity");
    (!is_plain).then(|| {
        let given = shortened(&given);
        format!("the Content-Encoding '{given}' is not supported: send the body as it is, or as one of {ENCODINGS}")
    })
}

/// The cursor with which a client of server-sent events resumes: the id of the last event that it got.
pub(super) fn last_event_id(headers: &HeaderMap) -> Option<String> {
    let id = headers.get("last-event-id")?.to_str().ok()?.trim();
    (!id.is_empty()).then(|| id.to_owned())
}

fn late() -> Refusal {
    Refusal::new(StatusCode::REQUEST_TIMEOUT, ApiError::bad_user_input("the body took too long"))
}

/// Whether the body failed because of a too long pause in it. Each layer that the body passes wraps the error.
fn is_late(error: &(dyn Error + 'static)) -> bool {
    error.is::<TimeoutError>() || error.source().is_some_and(is_late)
}

async fn read_bytes(body: Body) -> Result<Vec<u8>, Refusal> {
    let mut bytes = Vec::new();
    let mut chunks = body.into_data_stream();
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|error| {
            if is_late(&error) { late() } else { Refusal::bad_request("the body could not be read or decompressed") }
        })?;
        if bytes.len() + chunk.len() > BODY_LIMIT {
            let message =
                format!("the body is longer than {} KiB, decompressed if it was compressed", BODY_LIMIT / 1024);
            return Err(Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, ApiError::bad_user_input(message)));
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

fn request_of(mut fields: serde_json::Map<String, Json>) -> Result<Request, Refusal> {
    let names_document = fields.contains_key(DOCUMENT_ID)
        || fields.get("extensions").is_some_and(|extensions| extensions.get("persistedQuery").is_some());
    let mut request = match fields.remove("query") {
        Some(Json::String(query)) => Request::new(query),
        None | Some(Json::Null) if names_document => Request::new(""),
        None | Some(Json::Null) => return Err(Refusal::bad_request("'query' is missing")),
        Some(_) => return Err(Refusal::bad_request("'query' must be a string")),
    };
    match fields.remove("operationName") {
        None | Some(Json::Null) => {}
        Some(Json::String(name)) => request.operation_name = Some(name),
        Some(_) => return Err(Refusal::bad_request("'operationName' must be a string")),
    }
    match fields.remove("variables") {
        None | Some(Json::Null) => {}
        Some(variables @ Json::Object(_)) => request.variables = Variables::from_json(variables),
        Some(_) => return Err(Refusal::bad_request("'variables' must be an object")),
    }
    match fields.remove("extensions") {
        None | Some(Json::Null) => {}
        Some(Json::Object(extensions)) => {
            let values = extensions.into_iter().filter_map(|(name, value)| Some((name, Value::from_json(value).ok()?)));
            request.extensions.0 = values.collect();
        }
        Some(_) => return Err(Refusal::bad_request("'extensions' must be an object")),
    }
    match fields.remove(DOCUMENT_ID) {
        None | Some(Json::Null) => {}
        Some(Json::String(id)) => drop(request.extensions.insert(DOCUMENT_ID.to_owned(), Value::String(id))),
        Some(_) => return Err(Refusal::bad_request("'documentId' must be a string")),
    }
    Ok(request)
}
