//! The Prometheus metrics at `/metrics`.
//!
//! The metrics have three sources. Requests and lags are measured here. Counts that other parts keep (sockets, subscriptions,
//! deliveries) are read on each scrape. Online visits, sweeps and their delays are read from the database, because workers
//! serve no metrics of their own. The metrics from the database are the same on every server.

use std::{
    fmt,
    sync::{Arc, atomic::AtomicU64},
    time::Duration,
};

use axum::{
    extract::{MatchedPath, Request, State},
    http::{StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use chrono::{DateTime, TimeDelta};
use live::Hub;
use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, EncodeLabelSet, EncodeMetric, text::encode},
    metrics::{
        counter::{ConstCounter, Counter},
        family::Family,
        gauge::{ConstGauge, Gauge},
        histogram::Histogram,
    },
    registry::Registry,
};
use service::{
    App,
    presence::{batcher::HeartbeatBatcher, visits},
    sweep::{RecordedRuns, count_marked, find_overdue, find_recorded_runs},
    zones::ZoneStatus,
};
use tokio::{runtime::Handle, time::Instant};

use crate::{admission::Admission, connections::Connections, ws::Sockets};

/// The buckets of all histograms, in seconds.
const BUCKETS: [f64; 13] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

/// A handle to the metrics of one server.
#[derive(Clone)]
pub struct Metrics(Arc<Shared>);

struct Shared {
    registry: Registry,
    requests: Family<RequestLabels, Counter>,
    durations: Family<RouteLabels, Histogram>,
    delivery_lag: Histogram,
    visits_online: Gauge,
    seats_taken: Gauge,
    overdue: Gauge<f64, AtomicU64>,
    due_lag: Histogram,
    sweeps: Sweeps,
    marked: Gauge,
    queued: Gauge<f64, AtomicU64>,
    zone_data: ZoneDataMetrics,
    app: App,
}

/// The time zone data of this process.
#[derive(Default)]
struct ZoneDataMetrics {
    info: Family<ZoneDataLabels, Gauge>,
    outdated: Gauge,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ZoneDataLabels {
    /// The version, such as `2026f`.
    version: &'static str,
    source: &'static str,
}

/// The last recorded sweep that ended, by scope.
#[derive(Default)]
struct Sweeps {
    duration: Family<SweepLabels, Gauge<f64, AtomicU64>>,
    errors: Family<SweepLabels, Gauge>,
    finished: Family<SweepLabels, Gauge<f64, AtomicU64>>,
    unfinished: Gauge,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct SweepLabels {
    /// `due`, or `all` for the daily sweep.
    scope: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RouteLabels {
    /// The path of the route, not of the request: requests can have any number of different paths.
    path: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    method: &'static str,
    path: String,
    status: u16,
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics").finish_non_exhaustive()
    }
}

impl Metrics {
    pub(crate) fn new(
        app: App,
        hub: Hub,
        sockets: Sockets,
        admission: Admission,
        connections: Connections,
        batcher: HeartbeatBatcher,
    ) -> Self {
        let mut registry = Registry::with_prefix("insession");
        let requests = Family::default();
        registry.register("http_requests", "Requests that were answered", requests.clone());
        let durations: Family<RouteLabels, Histogram> = Family::new_with_constructor(|| Histogram::new(BUCKETS));
        registry.register("http_request_duration_seconds", "Time until a request's answer began", durations.clone());
        let delivery_lag = Histogram::new(BUCKETS);
        registry.register(
            "delivery_lag_seconds",
            "Time from the transaction of a change until its message was queued for the last socket of a group",
            delivery_lag.clone(),
        );
        let (visits_online, seats_taken) = (Gauge::default(), Gauge::default());
        registry.register("visits_online", "Visits that are online, at all servers", visits_online.clone());
        registry.register("seats_taken", "Seats that are taken in activities", seats_taken.clone());
        let overdue = Gauge::<f64, AtomicU64>::default();
        registry.register(
            "overdue_seconds",
            "How long the earliest due change has been due. More than a few seconds means that no worker sweeps",
            overdue.clone(),
        );
        let due_lag = Histogram::new(BUCKETS);
        registry.register(
            "due_lag_seconds",
            "Time from the instant at which a change fell due until the transaction that made it",
            due_lag.clone(),
        );
        let (marked, queued) = (Gauge::default(), Gauge::<f64, AtomicU64>::default());
        registry.register("sessions_marked", "Saved sessions that wait to be recomputed", marked.clone());
        registry.register(
            "queue_jobs",
            "Jobs that wait in Redis for a worker. NaN without Redis, or while it does not answer",
            queued.clone(),
        );
        let sweeps = Sweeps::default();
        sweeps.register(&mut registry);
        let zone_data = ZoneDataMetrics::default();
        zone_data.register(&mut registry);
        registry.register_collector(Box::new(LiveCounts { hub, sockets, admission, connections, batcher }));
        Self(Arc::new(Shared {
            registry,
            requests,
            durations,
            delivery_lag,
            visits_online,
            seats_taken,
            overdue,
            due_lag,
            sweeps,
            marked,
            queued,
            zone_data,
            app,
        }))
    }

    /// Refreshes the metrics that come from the database and the queue. While the database is unavailable, its metrics keep
    /// their last values.
    async fn refresh(&self) {
        let (shared, app) = (&self.0, &self.0.app);
        let (overdue, counted, runs, marked, queued) = tokio::join!(
            within_limit(find_overdue(app)),
            within_limit(visits::count_online(app)),
            within_limit(find_recorded_runs(app)),
            within_limit(count_marked(app)),
            app.queue.depth(),
        );
        if let Some(overdue) = overdue {
            shared.overdue.set(overdue.as_seconds_f64());
        }
        if let Some((online, seats)) = counted {
            shared.visits_online.set(online);
            shared.seats_taken.set(seats);
        }
        if let Some(runs) = runs {
            shared.sweeps.set(runs);
        }
        if let Some(marked) = marked {
            shared.marked.set(marked);
        }
        shared.queued.set(queued.map_or(f64::NAN, f64::from));
        shared.zone_data.set(&app.zones.status());
    }

    /// Records the delay between the instant at which something fell due and the transaction that handled it.
    pub fn observe_due_lag(&self, lag: TimeDelta) {
        self.0.due_lag.observe(lag.as_seconds_f64().max(0.0));
    }

    /// Records the delay between a change's transaction and its delivery.
    pub fn observe_delivery_lag(&self, lag: TimeDelta) {
        self.0.delivery_lag.observe(lag.as_seconds_f64().max(0.0));
    }
}

async fn within_limit<T>(answer: impl Future<Output = service::Result<T>>) -> Option<T> {
    tokio::time::timeout(Duration::from_secs(1), answer).await.ok()?.ok()
}

impl ZoneDataMetrics {
    fn register(&self, registry: &mut Registry) {
        registry.register("zone_data_info", "The time zone data of this process. The value is 1", self.info.clone());
        registry.register(
            "zone_data_outdated",
            "1 if the windows in the database are computed with newer time zone data than this process has",
            self.outdated.clone(),
        );
    }

    fn set(&self, status: &ZoneStatus) {
        self.info.clear();
        self.info.get_or_create(&ZoneDataLabels { version: status.version, source: status.source }).set(1);
        self.outdated.set(status.is_outdated.into());
    }
}

impl Sweeps {
    fn register(&self, registry: &mut Registry) {
        registry.register(
            "sweep_duration_seconds",
            "How long the last recorded sweep took, in any process",
            self.duration.clone(),
        );
        registry.register("sweep_errors", "Errors that the last recorded sweep reported", self.errors.clone());
        registry.register(
            "sweep_finished_timestamp_seconds",
            "When the last recorded sweep ended, in seconds since 1970",
            self.finished.clone(),
        );
        registry.register(
            "sweeps_unfinished",
            "Recorded sweeps of the last hour that have not ended within a minute",
            self.unfinished.clone(),
        );
    }

    fn set(&self, runs: RecordedRuns) {
        self.unfinished.set(as_gauge(runs.unfinished));
        for run in runs.last {
            let labels = SweepLabels { scope: run.scope };
            self.duration.get_or_create(&labels).set((run.finished_at - run.started_at).as_seconds_f64());
            self.errors.get_or_create(&labels).set(run.error_count.into());
            let finished = (run.finished_at - DateTime::UNIX_EPOCH).as_seconds_f64();
            self.finished.get_or_create(&labels).set(finished);
        }
    }
}

/// Middleware that counts and times every request.
pub async fn count(State(metrics): State<Metrics>, request: Request, next: Next) -> Response {
    let path = request.extensions().get::<MatchedPath>().map_or("none", MatchedPath::as_str).to_owned();
    let method = match request.method().as_str() {
        "GET" => "GET",
        "HEAD" => "HEAD",
        "POST" => "POST",
        "OPTIONS" => "OPTIONS",
        _ => "other",
    };
    let begun = Instant::now();
    let response = next.run(request).await;
    let route = RouteLabels { path: path.clone() };
    metrics.0.durations.get_or_create(&route).observe(begun.elapsed().as_secs_f64());
    let labels = RequestLabels { method, path, status: response.status().as_u16() };
    metrics.0.requests.get_or_create(&labels).inc();
    response
}

/// `GET /metrics`: the metrics in the OpenMetrics format.
pub async fn serve(State(metrics): State<Metrics>) -> Response {
    metrics.refresh().await;
    let mut text = String::new();
    match encode(&mut text, &metrics.0.registry) {
        Ok(()) => {
            let content_type = "application/openmetrics-text; version=1.0.0; charset=utf-8";
            ([(header::CONTENT_TYPE, content_type)], text).into_response()
        }
        Err(error) => {
            tracing::error!(%error, "the metrics cannot be encoded");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// Counts that other parts keep. They are read on each scrape.
#[derive(Debug)]
struct LiveCounts {
    hub: Hub,
    sockets: Sockets,
    admission: Admission,
    connections: Connections,
    batcher: HeartbeatBatcher,
}

impl Collector for LiveCounts {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let hub = self.hub.stats();
        let beats = self.batcher.stats();
        let gauges = [
            ("sockets", "Open WebSockets", as_gauge(self.sockets.count())),
            (
                "connections",
                "Open long-lived connections: WebSockets and subscriptions over HTTP",
                as_gauge(self.admission.held()),
            ),
            ("open_connections", "Open connections of all kinds", as_gauge(self.connections.count())),
            ("subscriptions", "Live subscriptions on sockets", signed(hub.subscriptions)),
            ("subscription_groups", "Groups of subscriptions that share executions", as_gauge(hub.groups)),
            (
                "tasks",
                "Tasks of the process that have not ended",
                as_gauge(Handle::current().metrics().num_alive_tasks()),
            ),
            ("log_position", "The position in the change log up to which changes have been dispatched", hub.position.0),
        ];
        for (name, help, value) in gauges {
            let gauge = ConstGauge::new(value);
            gauge.encode(encoder.encode_descriptor(name, help, None, gauge.metric_type())?)?;
        }
        let counters = [
            ("connections_admitted", "Connections that were admitted", self.admission.admitted()),
            ("connections_refused", "Connections that were refused: too many, or too fast", self.admission.refused()),
            (
                "open_connections_displaced",
                "Connections that were refused, or closed to make room for new ones, because a limit was reached",
                self.connections.displaced(),
            ),
            ("executions", "Executions of subscriptions, one for each event and group", hub.executions),
            ("beats", "Heartbeats of visits that were written", beats.beats),
            ("beat_batches", "Transactions in which heartbeats were written", beats.batches),
            (
                "beats_refused",
                "Heartbeats that were refused: the visit is completed, unknown, or another person's",
                beats.refused,
            ),
            ("beats_failed", "Heartbeats that could not be written", beats.failed),
            ("deliveries", "Live events that were queued for sockets", hub.deliveries),
        ];
        for (name, help, value) in counters {
            let counter = ConstCounter::new(value);
            counter.encode(encoder.encode_descriptor(name, help, None, counter.metric_type())?)?;
        }
        let mut closed = encoder.encode_descriptor(
            "sockets_closed",
            "WebSockets that the server closed, by code",
            None,
            ConstCounter::new(0_u64).metric_type(),
        )?;
        for (code, count) in self.sockets.closed_by_code() {
            ConstCounter::new(count).encode(closed.encode_family(&[("code", code.to_string())])?)?;
        }
        Ok(())
    }
}

fn as_gauge(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

fn signed(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
