//! Content negotiation: the header `Accept`, and media types.

use std::cmp::Ordering;

use axum::http::{HeaderMap, HeaderValue, header::ACCEPT};

/// The media types of a single response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum MediaType {
    /// `application/graphql-response+json`
    GraphqlResponse,
    /// `application/json`
    Json,
}

impl MediaType {
    pub(super) const fn content_type(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::GraphqlResponse => "application/graphql-response+json; charset=utf-8",
            Self::Json => "application/json; charset=utf-8",
        })
    }
}

/// The encodings of a response that consists of many parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum StreamType {
    /// `multipart/mixed`
    Multipart,
    /// `text/event-stream`
    Events,
}

/// The media types that a client accepts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Accept {
    /// The form of a single response. `None` if the client accepts only streams, or prefers events.
    pub(super) single: Option<MediaType>,
    /// The encoding of a subscription. `None` if the client accepts no stream.
    pub(super) stream: Option<StreamType>,
}

impl Accept {
    pub(super) fn of(headers: &HeaderMap) -> Self {
        const EXACT: u8 = 3;

        let mut ranges = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok()).peekable();
        if ranges.peek().is_none() {
            return Self { single: Some(MediaType::Json), stream: None };
        }

        // If several ranges match a form, the most exact one counts. Among the forms for a single response, the client gets the
        // one with the higher quality, then the one that it names more exactly, then the newer one. If it names only a
        // wildcard, it gets the older form, which every client can read. Among streams of equal quality, it gets the one that
        // it names first.
        let mut stream: Option<(StreamType, f32)> = None;
        let mut graphql_response = (0, 0.0);
        let mut json = (0, 0.0);
        for range in ranges.flat_map(|value| value.split(',')) {
            let (name, parameters) = parse_media_type(range);
            let quality: f32 = parameter(&parameters, "q").map_or(1.0, |q| q.parse().unwrap_or(0.0));
            match name.as_str() {
                "application/graphql-response+json" => graphql_response = (EXACT, quality),
                "application/json" => json = (EXACT, quality),
                "application/*" | "*/*" => {
                    let exactness = if name == "*/*" { 1 } else { 2 };
                    for form in [&mut graphql_response, &mut json].into_iter().filter(|form| form.0 < exactness) {
                        *form = (exactness, quality);
                    }
                }
                "multipart/mixed" if is_for_subscriptions(&parameters) => {
                    add_stream(&mut stream, StreamType::Multipart, quality);
                }
                "text/event-stream" => add_stream(&mut stream, StreamType::Events, quality),
                _ => {}
            }
        }
        let is_newer_liked = match graphql_response.1.partial_cmp(&json.1) {
            Some(Ordering::Equal) => graphql_response.0 > json.0 || graphql_response.0 == EXACT,
            order => order == Some(Ordering::Greater),
        };
        let single = if is_newer_liked && graphql_response.1 > 0.0 {
            Some((MediaType::GraphqlResponse, graphql_response.1))
        } else {
            (json.1 > 0.0).then_some((MediaType::Json, json.1))
        };
        let prefers_events = |quality| matches!(stream, Some((StreamType::Events, liked)) if liked > quality);
        let single = single.filter(|(_, quality)| !prefers_events(*quality));
        Self { single: single.map(|(form, _)| form), stream: stream.map(|(form, _)| form) }
    }
}

/// Whether `multipart/mixed` with these parameters means the multipart protocol for subscriptions. Some clients name no
/// version. Others name only the version of another protocol, such as `deferSpec`; for them this is false.
fn is_for_subscriptions(parameters: &[(String, &str)]) -> bool {
    let is_other = parameters.iter().any(|(name, _)| name.ends_with("spec") && name != "subscriptionspec");
    let version = parameter(parameters, "subscriptionspec");
    version.map_or(!is_other, |version| version == "1.0")
        && parameter(parameters, "boundary").is_none_or(|boundary| ["graphql", "-"].contains(&boundary))
}

fn add_stream(best: &mut Option<(StreamType, f32)>, form: StreamType, quality: f32) {
    if quality > best.map_or(0.0, |(_, quality)| quality) {
        *best = Some((form, quality));
    }
}

/// The media type in lower case, and its parameters: names in lower case, values without quotes.
pub(super) fn parse_media_type(text: &str) -> (String, Vec<(String, &str)>) {
    let mut sections = text.split(';').map(str::trim);
    let name = sections.next().unwrap_or_default().to_ascii_lowercase();
    let parameters = sections.filter_map(|section| {
        let (name, value) = section.split_once('=')?;
        Some((name.trim().to_ascii_lowercase(), value.trim().trim_matches('"')))
    });
    (name, parameters.collect())
}

pub(super) fn parameter<'a>(parameters: &[(String, &'a str)], wanted: &str) -> Option<&'a str> {
    parameters.iter().find(|(name, _)| name == wanted).map(|(_, value)| *value)
}
