//! OpenTelemetry: exports spans to a collector, by OTLP over HTTP, when the standard settings name one.
//!
//! Invariants:
//!
//! - Without `OTEL_EXPORTER_OTLP_ENDPOINT` no exporter exists, and neither do spans below the log's level.
//! - With it, ended spans wait in a bounded queue, which a separate thread empties. Spans that do not fit are dropped.
//! - So a slow or unreachable collector neither delays nor fails a request. The log says once that exports fail.

use std::{
    env,
    sync::{
        OnceLock,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use axum::{
    extract::{MatchedPath, Request},
    response::Response,
};
use opentelemetry::{
    KeyValue,
    propagation::TextMapPropagator,
    trace::{TraceContextExt, TracerProvider},
};
use opentelemetry_http::{Bytes, HeaderExtractor, HttpClient, HttpError};
use opentelemetry_otlp::{
    OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT, Protocol, SpanExporter, WithExportConfig,
    WithHttpConfig,
};
use opentelemetry_sdk::{Resource, propagation::TraceContextPropagator, trace::SdkTracerProvider};
use tokio::runtime::Handle;
use tracing::{Level, Metadata, Span, Subscriber, level_filters::LevelFilter};
use tracing_opentelemetry::OpenTelemetrySpanExt;
use tracing_subscriber::{Layer, filter::FilterFn, registry::LookupSpan};

/// The span provider of this process, if spans are exported.
static PROVIDER: OnceLock<SdkTracerProvider> = OnceLock::new();

/// The time limit of one request to the collector.
const EXPORT_TIMEOUT: Duration = Duration::from_secs(5);

/// The time limit for the export of the remaining spans when the process ends.
const FINAL_EXPORT_TIMEOUT: Duration = Duration::from_secs(3);

/// The layer that exports spans, if the settings name a collector. Call this once, within the Tokio runtime.
///
/// # Errors
/// When the settings are not valid, for example an endpoint that is not a URL.
pub fn layer<S>() -> anyhow::Result<Option<impl Layer<S> + Send + Sync>>
where
    S: Subscriber + for<'a> LookupSpan<'a> + Send + Sync,
{
    if !is_enabled() {
        return Ok(None);
    }
    // The exporter's own client would add a second HTTP library.
    let collector = Collector {
        client: reqwest::Client::builder().timeout(EXPORT_TIMEOUT).build()?,
        runtime: Handle::current(),
        is_failing: AtomicBool::new(false),
    };
    let exporter =
        SpanExporter::builder().with_http().with_http_client(collector).with_protocol(Protocol::HttpBinary).build()?;
    let provider = SdkTracerProvider::builder().with_batch_exporter(exporter).with_resource(resource()).build();
    let tracer = provider.tracer("insession");
    let _ = PROVIDER.set(provider);
    let layer = tracing_opentelemetry::layer()
        .with_tracer(tracer)
        .with_location(false)
        .with_threads(false)
        .with_tracked_inactivity(false);
    let ours = FilterFn::new(is_exported as fn(&Metadata<'_>) -> bool).with_max_level_hint(LevelFilter::DEBUG);
    Ok(Some(layer.with_filter(ours)))
}

fn is_enabled() -> bool {
    let is_set = |name| env::var_os(name).is_some_and(|value| !value.is_empty());
    let is_disabled = env::var("OTEL_SDK_DISABLED").is_ok_and(|value| value.eq_ignore_ascii_case("true"));
    !is_disabled && (is_set(OTEL_EXPORTER_OTLP_ENDPOINT) || is_set(OTEL_EXPORTER_OTLP_TRACES_ENDPOINT))
}

/// Whether a span or event is exported: all spans of InSession, whatever the log's level, and its events from level INFO.
fn is_exported(metadata: &Metadata<'_>) -> bool {
    metadata.target().starts_with("insession") && (metadata.is_span() || *metadata.level() <= Level::INFO)
}

/// The attributes of OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES, with defaults for the name and the version.
fn resource() -> Resource {
    let version = KeyValue::new("service.version", env!("CARGO_PKG_VERSION"));
    let configured = Resource::builder().with_attribute(version.clone()).build();
    let is_named =
        configured.get(&"service.name".into()).is_some_and(|name| !name.as_str().starts_with("unknown_service"));
    if is_named {
        configured
    } else {
        Resource::builder().with_attribute(version).with_service_name("insession").build()
    }
}

/// Sets a request's span attributes, and makes it part of the client's trace if there is a W3C `traceparent` header.
pub fn begin_request(span: &Span, request: &Request) {
    if PROVIDER.get().is_none() {
        return;
    }
    if request.headers().contains_key("traceparent") {
        let parent = TraceContextPropagator::new().extract(&HeaderExtractor(request.headers()));
        // This fails for a span that is not recorded, which is harmless.
        let _ = span.set_parent(parent);
    }
    span.record("otel.kind", "server");
    span.set_attribute("http.request.method", request.method().to_string());
    span.set_attribute("url.path", request.uri().path().to_owned());
    if let Some(route) = request.extensions().get::<MatchedPath>() {
        span.set_attribute("http.route", route.as_str().to_owned());
        span.context().span().update_name(format!("{} {}", request.method(), route.as_str()));
    }
}

/// Sets the response's status on the request's span.
pub fn end_request(response: &Response, _latency: Duration, span: &Span) {
    if PROVIDER.get().is_some() {
        span.set_attribute("http.response.status_code", i64::from(response.status().as_u16()));
    }
}

/// Exports the remaining spans, within [`FINAL_EXPORT_TIMEOUT`]. Call this last in a process.
pub async fn finish() {
    let Some(provider) = PROVIDER.get() else { return };
    let finished = tokio::task::spawn_blocking(|| provider.shutdown_with_timeout(FINAL_EXPORT_TIMEOUT)).await;
    if !matches!(finished, Ok(Ok(()))) {
        tracing::debug!("the last spans were not exported");
    }
}

/// The exporter's HTTP client. The exporter calls it from its own thread, and requests run in the Tokio runtime.
#[derive(Debug)]
struct Collector {
    client: reqwest::Client,
    runtime: Handle,
    is_failing: AtomicBool,
}

#[async_trait]
impl HttpClient for Collector {
    async fn send_bytes(
        &self,
        request: opentelemetry_http::Request<Bytes>,
    ) -> Result<opentelemetry_http::Response<Bytes>, HttpError> {
        let sent = self.runtime.spawn(send(self.client.clone(), request)).await;
        let answer = sent.map_err(HttpError::from).flatten();
        match &answer {
            Ok(answer) if answer.status().is_success() => self.succeeded(),
            Ok(answer) => self.failed(answer.status().as_str()),
            Err(error) => self.failed(&error.to_string()),
        }
        answer
    }
}

impl Collector {
    fn failed(&self, reason: &str) {
        if !self.is_failing.swap(true, Ordering::Relaxed) {
            tracing::warn!(reason, "exporting traces failed; traces are lost until the collector accepts them");
        }
    }

    fn succeeded(&self) {
        if self.is_failing.swap(false, Ordering::Relaxed) {
            tracing::info!("traces are exported again");
        }
    }
}

async fn send(
    client: reqwest::Client,
    request: opentelemetry_http::Request<Bytes>,
) -> Result<opentelemetry_http::Response<Bytes>, HttpError> {
    let without_address = |error: reqwest::Error| HttpError::from(error.without_url());
    let request = reqwest::Request::try_from(request).map_err(without_address)?;
    let answer = client.execute(request).await.map_err(without_address)?;
    let (status, headers) = (answer.status(), answer.headers().clone());
    let mut response = opentelemetry_http::Response::new(answer.bytes().await.map_err(without_address)?);
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    Ok(response)
}
