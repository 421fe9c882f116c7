//! OpenTelemetry: spans go to a collector, by OTLP over HTTP, when the standard settings name one.
//!
//! What always holds: without `OTEL_EXPORTER_OTLP_ENDPOINT` nothing of this is made, and spans below the log's level do
//! not exist. With it, spans that have ended wait in a bounded queue, which a thread of its own empties; what finds no room
//! there is lost. So a collector that is slow or gone delays and fails nothing, and the log says once that it is.

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

/// What makes spans of this process, when they are exported.
static PROVIDER: OnceLock<SdkTracerProvider> = OnceLock::new();

/// How long one request to the collector may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// How long what is left may take at the end of the process.
const LAST_EXPORT: Duration = Duration::from_secs(3);

/// The layer that exports spans, if the settings ask for that. To be called once, within the runtime.
///
/// # Errors
/// When the settings can't be read, such as an address that is none.
pub fn layer<S>() -> anyhow::Result<Option<impl Layer<S> + Send + Sync>>
where
    S: Subscriber + for<'a> LookupSpan<'a> + Send + Sync,
{
    if !is_wanted() {
        return Ok(None);
    }
    // The exporter's own client would bring a second HTTP library.
    let collector = Collector {
        client: reqwest::Client::builder().timeout(PATIENCE).build()?,
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

fn is_wanted() -> bool {
    let is_set = |name| env::var_os(name).is_some_and(|value| !value.is_empty());
    let is_disabled = env::var("OTEL_SDK_DISABLED").is_ok_and(|value| value.eq_ignore_ascii_case("true"));
    !is_disabled && (is_set(OTEL_EXPORTER_OTLP_ENDPOINT) || is_set(OTEL_EXPORTER_OTLP_TRACES_ENDPOINT))
}

/// All our spans, whatever the log shows, and what the log's usual level says within them.
fn is_exported(metadata: &Metadata<'_>) -> bool {
    metadata.target().starts_with("insession") && (metadata.is_span() || *metadata.level() <= Level::INFO)
}

/// OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES, and what they leave out.
fn resource() -> Resource {
    let version = KeyValue::new("service.version", env!("CARGO_PKG_VERSION"));
    let said = Resource::builder().with_attribute(version.clone()).build();
    let is_named = said.get(&"service.name".into()).is_some_and(|name| !name.as_str().starts_with("unknown_service"));
    if is_named { said } else { Resource::builder().with_attribute(version).with_service_name("insession").build() }
}

/// Has the span of a request go on with the trace that the client began, if it did: W3C `traceparent`.
pub fn begin_request(span: &Span, request: &Request) {
    if PROVIDER.get().is_none() {
        return;
    }
    if request.headers().contains_key("traceparent") {
        let parent = TraceContextPropagator::new().extract(&HeaderExtractor(request.headers()));
        // What is not recorded has no parent.
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

/// And says how it was answered.
pub fn end_request(response: &Response, _latency: Duration, span: &Span) {
    if PROVIDER.get().is_some() {
        span.set_attribute("http.response.status_code", i64::from(response.status().as_u16()));
    }
}

/// Exports what is left, for a few seconds at most: the last thing a process does.
pub async fn finish() {
    let Some(provider) = PROVIDER.get() else { return };
    let finished = tokio::task::spawn_blocking(|| provider.shutdown_with_timeout(LAST_EXPORT)).await;
    if !matches!(finished, Ok(Ok(()))) {
        tracing::debug!("the last spans were not exported");
    }
}

/// How the exporter reaches the collector. It calls from a thread of its own, and requests run within the runtime.
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
            tracing::warn!(reason, "traces can't be exported, and are lost until the collector takes them");
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
    let mut told = opentelemetry_http::Response::new(answer.bytes().await.map_err(without_address)?);
    *told.status_mut() = status;
    *told.headers_mut() = headers;
    Ok(told)
}
