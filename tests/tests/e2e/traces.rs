//! Traces by OTLP: requests, operations and sweeps are exported, and an unreachable collector does no harm.

use std::{
    collections::BTreeMap,
    net::Ipv4Addr,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use anyhow::{Result, ensure};
use axum::{Router, body::Bytes, extract::State, http::StatusCode, routing::post};
use insession_tests::{
    Deployment, LIMIT, Program, Settings, TestDatabase, eventually, on_both_databases, program::run,
};
use opentelemetry_proto::tonic::{
    collector::trace::v1::{ExportTraceServiceRequest, ExportTraceServiceResponse},
    common::v1::{KeyValue, any_value::Value},
};
use prost::Message as _;
use serde_json::json;
use tokio::{net::TcpListener, task::JoinHandle};

use crate::fixtures::create_session;

on_both_databases!(collector_receives_requests_operations_and_sweeps, refusing_collector_is_logged_once);

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const CALLER: &str = "b7ad6b7169203331";
const SECRET: &str = "a word of the client";

/// A span that was received.
#[derive(Debug, Clone)]
struct Span {
    service: String,
    name: String,
    trace: String,
    id: String,
    parent: String,
    attributes: BTreeMap<String, String>,
}

impl Span {
    fn is(&self, name: &str, attributes: &[(&str, &str)]) -> bool {
        let has = |(key, value): &(&str, &str)| self.attributes.get(*key).is_some_and(|it| it == value);
        self.name == name && attributes.iter().all(has)
    }
}

#[derive(Default)]
struct Inbox {
    spans: Mutex<Vec<Span>>,
    requests: AtomicUsize,
    refuses: AtomicBool,
}

impl Inbox {
    fn spans(&self) -> MutexGuard<'_, Vec<Span>> {
        self.spans.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A collector that receives traces by OTLP over HTTP.
struct Collector {
    url: String,
    inbox: Arc<Inbox>,
    task: JoinHandle<()>,
}

impl Collector {
    async fn start() -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let url = format!("http://{}", listener.local_addr()?);
        let inbox = Arc::<Inbox>::default();
        let router = Router::new().route("/v1/traces", post(take)).with_state(Arc::clone(&inbox));
        let task = tokio::spawn(async move {
            axum::serve(listener, router).await.expect("the collector to serve");
        });
        Ok(Self { url, inbox, task })
    }

    fn settings(&self, settings: Settings) -> Settings {
        settings.with("OTEL_EXPORTER_OTLP_ENDPOINT", &self.url).with("OTEL_SERVICE_NAME", "sessions")
    }

    /// Waits for a span with this name and these attributes.
    async fn expect(&self, name: &str, attributes: &[(&str, &str)]) -> Result<Span> {
        eventually(LIMIT, &format!("{name} with {attributes:?}"), async || {
            let spans = self.inbox.spans();
            let found = spans.iter().find(|span| span.is(name, attributes)).cloned();
            found.ok_or_else(|| anyhow::anyhow!("there are only {spans:#?}"))
        })
        .await
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn take(State(inbox): State<Arc<Inbox>>, body: Bytes) -> Result<Vec<u8>, StatusCode> {
    inbox.requests.fetch_add(1, Ordering::SeqCst);
    if inbox.refuses.load(Ordering::SeqCst) {
        return Err(StatusCode::SERVICE_UNAVAILABLE);
    }
    let request = ExportTraceServiceRequest::decode(body).map_err(|_| StatusCode::BAD_REQUEST)?;
    for resource in request.resource_spans {
        let service = resource.resource.map(|it| texts(it.attributes)).unwrap_or_default();
        let service = service.get("service.name").cloned().unwrap_or_default();
        for span in resource.scope_spans.into_iter().flat_map(|scope| scope.spans) {
            inbox.spans().push(Span {
                service: service.clone(),
                name: span.name,
                trace: hex(&span.trace_id),
                id: hex(&span.span_id),
                parent: hex(&span.parent_span_id),
                attributes: texts(span.attributes),
            });
        }
    }
    Ok(ExportTraceServiceResponse::default().encode_to_vec())
}

fn texts(attributes: Vec<KeyValue>) -> BTreeMap<String, String> {
    let text = |value: Option<Value>| match value {
        Some(Value::StringValue(text)) => text,
        Some(Value::IntValue(number)) => number.to_string(),
        Some(Value::BoolValue(flag)) => flag.to_string(),
        other => format!("{other:?}"),
    };
    attributes.into_iter().map(|it| (it.key, text(it.value.and_then(|value| value.value)))).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

async fn collector_receives_requests_operations_and_sweeps(database: TestDatabase) -> Result<()> {
    let collector = Collector::start().await?;
    let soon = |settings| collector.settings(settings).with("OTEL_BSP_SCHEDULE_DELAY", "100");
    let deployment = Deployment::start_with(&database, soon).await?;
    let admin = deployment.admin();

    // A request continues its caller's trace, and its operation belongs to that trace.
    let names = "query Names($city: String) { sessions(filter: { city: $city }) { totalCount } }";
    let request = admin.http().post(admin.address("/graphql")).header("x-request-id", "of-the-client-7");
    let request = request.header("traceparent", format!("00-{TRACE}-{CALLER}-01"));
    let answer = request.json(&json!({ "query": names, "variables": { "city": SECRET } })).send().await?;
    ensure!(answer.status().is_success(), "{answer:?}");
    let request = collector.expect("POST /graphql", &[("id", "of-the-client-7")]).await?;
    ensure!(request.trace == TRACE && request.parent == CALLER && request.service == "sessions", "{request:?}");
    ensure!(request.is("POST /graphql", &[("http.response.status_code", "200")]), "{request:?}");
    let operation = [("kind", "query"), ("name", "Names"), ("transport", "http")];
    let operation = collector.expect("operation", &operation).await?;
    ensure!(operation.trace == TRACE && operation.parent == request.id, "{operation:?}");

    // A mutation runs in a task of its own, but its transaction belongs to its trace.
    create_session(&admin, "Monday").await?;
    let mutation = collector.expect("operation", &[("kind", "mutation"), ("transport", "http")]).await?;
    eventually(LIMIT, "its transaction", async || {
        let spans = collector.inbox.spans();
        let is_its = |span: &&Span| span.name == "transaction" && span.trace == mutation.trace;
        ensure!(spans.iter().any(|span| is_its(&span)), "{spans:#?}");
        Ok(())
    })
    .await?;

    // An operation on a socket has its own trace, which names the request that opened the socket.
    let mut socket = deployment.first().socket(admin.token()).await?;
    socket.subscribe("seven", names, json!({ "city": SECRET }))?;
    socket.next_for("seven", LIMIT).await?;
    let opened_by = socket.request_id().unwrap_or_default().to_owned();
    let operation =
        [("request_id", opened_by.as_str()), ("id", "seven"), ("name", "Names"), ("transport", "websocket")];
    let operation = collector.expect("operation", &operation).await?;
    ensure!(operation.parent.is_empty() && operation.trace != TRACE, "{operation:?}");

    // A command ends before its export interval. Its spans are exported when it ends.
    let settings = collector.settings(deployment.settings.clone()).with("OTEL_SERVICE_NAME", "cron");
    let settings = settings.with("OTEL_BSP_SCHEDULE_DELAY", "3600000");
    // A sweep of what is due looks first, and has no other step if nothing is due. Servers sweep too.
    for (command, scope, step) in
        [(&["sweep"][..], "Due", "find what is due"), (&["sweep", "--all"], "All", "sweep instances")]
    {
        run(&settings, command).await?.expect_success()?;
        let sweep = collector.expect("sweep", &[("scope", scope), ("mode", "Periodic")]).await?;
        ensure!(sweep.service == "cron", "{sweep:?}");
        let step = eventually(LIMIT, "its step", async || {
            let spans = collector.inbox.spans();
            let found = spans.iter().find(|span| span.name == step && span.trace == sweep.trace).cloned();
            found.ok_or_else(|| anyhow::anyhow!("there are only {spans:#?}"))
        });
        ensure!(step.await?.parent == sweep.id, "the step belongs to the sweep");
    }

    let exported = format!("{:?}", collector.inbox.spans());
    ensure!(!exported.contains(SECRET) && !admin.token().is_some_and(|token| exported.contains(token)), "{exported}");
    Ok(())
}

async fn refusing_collector_is_logged_once(database: TestDatabase) -> Result<()> {
    let collector = Collector::start().await?;
    collector.inbox.refuses.store(true, Ordering::SeqCst);
    let settings = collector.settings(Settings::new(&database.url)).with("OTEL_BSP_SCHEDULE_DELAY", "50");
    let server = Program::serve(&settings).await?;
    let admin = server.admin();
    eventually(LIMIT, "several exports", async || {
        admin.data("{ sessions { totalCount } }", json!({})).await?;
        let requests = collector.inbox.requests.load(Ordering::SeqCst);
        ensure!(requests >= 4, "{requests} requests");
        Ok(())
    })
    .await?;
    let count = |text: &str| server.log().matches(text).count();
    ensure!(count("exporting traces failed") == 1, "{}", server.log());

    collector.inbox.refuses.store(false, Ordering::SeqCst);
    eventually(LIMIT, "spans to be exported", async || {
        admin.data("{ sessions { totalCount } }", json!({})).await?;
        ensure!(!collector.inbox.spans().is_empty(), "there are no spans");
        ensure!(count("traces are exported again") == 1, "{}", server.log());
        Ok(())
    })
    .await
}

#[tokio::test]
async fn unreachable_collector_delays_nothing() -> Result<()> {
    // Accepts connections and never answers.
    let silent = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let silent = format!("http://{}", silent.local_addr()?);
    // The second address refuses connections. The third is not an address.
    for endpoint in [silent.as_str(), "http://127.0.0.1:1", "nowhere at all"] {
        let database = TestDatabase::sqlite()?;
        let settings = Settings::new(&database.url).with("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint);
        let mut server = Program::serve(&settings.clone().with("OTEL_BSP_SCHEDULE_DELAY", "50")).await?;
        let admin = server.admin();
        create_session(&admin, "Monday").await?;
        let mut socket = server.socket(None).await?;
        socket.subscribe("1", "{ sessions { totalCount } }", json!({}))?;
        socket.next_for("1", LIMIT).await?;
        run(&settings, &["sweep"]).await?.expect_success()?;
        let ended = server.terminate().await?;
        ensure!(ended.success(), "{endpoint}: {ended}");
    }
    Ok(())
}
