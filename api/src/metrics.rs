//! What Prometheus is told at `/metrics`.
//!
//! What is counted elsewhere anyway (sockets, subscriptions, deliveries) is read when somebody asks; requests and the lag
//! of deliveries are measured here. Who is on line, how sweeps went and how late they were is asked of the database, and
//! so is the same at every server: workers have no address of their own.

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
    presence::{gather::Gatherer, visits},
    sweep::{RecordedRuns, count_marked, find_overdue, find_recorded_runs},
};
use tokio::{runtime::Handle, time::Instant};

use crate::{admission::Admission, ws::Sockets};

/// In seconds: from what nobody notices to what nobody waits for.
const BUCKETS: [f64; 13] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

/// A handle to the metrics of one server.
#[derive(Clone)]
pub struct Metrics(Arc<Shared>);

struct Shared {
    registry: Registry,
    requests: Family<Answered, Counter>,
    durations: Family<Asked, Histogram>,
    delivery_lag: Histogram,
    visits_online: Gauge,
    seats_taken: Gauge,
    overdue: Gauge<f64, AtomicU64>,
    due_lag: Histogram,
    sweeps: Sweeps,
    marked: Gauge,
    queued: Gauge<f64, AtomicU64>,
    app: App,
}

/// Of the last recorded sweep that ended, by scope.
#[derive(Default)]
struct Sweeps {
    duration: Family<Swept, Gauge<f64, AtomicU64>>,
    errors: Family<Swept, Gauge>,
    finished: Family<Swept, Gauge<f64, AtomicU64>>,
    unfinished: Gauge,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Swept {
    /// `due`, or `all` for the daily one.
    scope: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Asked {
    /// The route's, not the request's: of those there are no end.
    path: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Answered {
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
    pub fn new(app: App, hub: Hub, sockets: Sockets, admission: Admission, gatherer: Gatherer) -> Self {
        let mut registry = Registry::with_prefix("insession");
        let requests = Family::default();
        registry.register("http_requests", "Requests that were answered", requests.clone());
        let durations: Family<Asked, Histogram> = Family::new_with_constructor(|| Histogram::new(BUCKETS));
        registry.register("http_request_duration_seconds", "Time until a request's answer began", durations.clone());
        let delivery_lag = Histogram::new(BUCKETS);
        registry.register(
            "delivery_lag_seconds",
            "Time from a change, as its transaction has it, until its message was queued for the last of a group's sockets",
            delivery_lag.clone(),
        );
        let (visits_online, seats_taken) = (Gauge::default(), Gauge::default());
        registry.register("visits_online", "Visits that are on line, at whichever server", visits_online.clone());
        registry.register("seats_taken", "Seats in activities that are taken", seats_taken.clone());
        let overdue = Gauge::<f64, AtomicU64>::default();
        registry.register(
            "overdue_seconds",
            "For how long what falls due first has been due: more than a few seconds, and no worker sweeps",
            overdue.clone(),
        );
        let due_lag = Histogram::new(BUCKETS);
        registry.register(
            "due_lag_seconds",
            "Time from the instant at which something fell due until its transaction, for each change by the clock",
            due_lag.clone(),
        );
        let (marked, queued) = (Gauge::default(), Gauge::<f64, AtomicU64>::default());
        registry.register("sessions_marked", "Saved sessions that wait to be recomputed", marked.clone());
        registry.register(
            "queue_jobs",
            "Jobs that wait in Redis for a worker; NaN without Redis, or while it does not answer",
            queued.clone(),
        );
        let sweeps = Sweeps::default();
        sweeps.register(&mut registry);
        registry.register_collector(Box::new(Live { hub, sockets, admission, gatherer }));
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
            app,
        }))
    }

    /// Counts who is on line, and looks what is due and how sweeps went. Without the database it is what it was.
    async fn look(&self) {
        let (shared, app) = (&self.0, &self.0.app);
        let (overdue, counted, runs, marked, queued) = tokio::join!(
            in_time(find_overdue(app)),
            in_time(visits::count_online(app)),
            in_time(find_recorded_runs(app)),
            in_time(count_marked(app)),
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
    }

    /// The clock's doing was so long in coming.
    pub fn fell_due(&self, lag: TimeDelta) {
        self.0.due_lag.observe(lag.as_seconds_f64().max(0.0));
    }

    /// A change went out that happened so long ago.
    pub fn delivered(&self, lag: TimeDelta) {
        self.0.delivery_lag.observe(lag.as_seconds_f64().max(0.0));
    }
}

async fn in_time<T>(answer: impl Future<Output = service::Result<T>>) -> Option<T> {
    tokio::time::timeout(Duration::from_secs(1), answer).await.ok()?.ok()
}

impl Sweeps {
    fn register(&self, registry: &mut Registry) {
        registry.register(
            "sweep_duration_seconds",
            "How long the last recorded sweep took, at whichever process",
            self.duration.clone(),
        );
        registry.register("sweep_errors", "How many errors the last recorded sweep reported", self.errors.clone());
        registry.register(
            "sweep_finished_timestamp_seconds",
            "When the last recorded sweep ended, since 1970",
            self.finished.clone(),
        );
        registry.register(
            "sweeps_unfinished",
            "Recorded sweeps of the last hour that have been running for more than a minute, or died",
            self.unfinished.clone(),
        );
    }

    fn set(&self, runs: RecordedRuns) {
        self.unfinished.set(count_of(runs.unfinished));
        for run in runs.last {
            let swept = Swept { scope: run.scope };
            self.duration.get_or_create(&swept).set((run.finished_at - run.started_at).as_seconds_f64());
            self.errors.get_or_create(&swept).set(run.error_count.into());
            let finished = (run.finished_at - DateTime::UNIX_EPOCH).as_seconds_f64();
            self.finished.get_or_create(&swept).set(finished);
        }
    }
}

/// Counts every request: a layer.
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
    let asked = Asked { path: path.clone() };
    metrics.0.durations.get_or_create(&asked).observe(begun.elapsed().as_secs_f64());
    let answered = Answered { method, path, status: response.status().as_u16() };
    metrics.0.requests.get_or_create(&answered).inc();
    response
}

/// `GET /metrics`
pub async fn serve(State(metrics): State<Metrics>) -> Response {
    metrics.look().await;
    let mut text = String::new();
    match encode(&mut text, &metrics.0.registry) {
        Ok(()) => {
            let content_type = "application/openmetrics-text; version=1.0.0; charset=utf-8";
            ([(header::CONTENT_TYPE, content_type)], text).into_response()
        }
        Err(error) => {
            tracing::error!(%error, "metrics can't be written");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// What others count.
#[derive(Debug)]
struct Live {
    hub: Hub,
    sockets: Sockets,
    admission: Admission,
    gatherer: Gatherer,
}

impl Collector for Live {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let hub = self.hub.stats();
        let beats = self.gatherer.stats();
        let gauges = [
            ("sockets", "WebSockets that are open", count_of(self.sockets.count())),
            (
                "connections",
                "Connections that stay open: WebSockets and subscriptions over HTTP",
                count_of(self.admission.held()),
            ),
            ("subscriptions", "Subscriptions on sockets that are live", signed(hub.subscriptions)),
            ("subscription_groups", "Groups of subscriptions that share executions", count_of(hub.groups)),
            (
                "tasks",
                "Tasks of the process that have not ended",
                count_of(Handle::current().metrics().num_alive_tasks()),
            ),
            ("log_position", "The last position of the change log that was handed out", hub.position.0),
        ];
        for (name, help, value) in gauges {
            let gauge = ConstGauge::new(value);
            gauge.encode(encoder.encode_descriptor(name, help, None, gauge.metric_type())?)?;
        }
        let counters = [
            ("connections_admitted", "Connections that were let in", self.admission.admitted()),
            ("connections_refused", "Connections that were refused: too many, or too fast", self.admission.refused()),
            ("executions", "Executions of subscriptions for one event each", hub.executions),
            ("beats", "Beats of visits that were written", beats.beats),
            ("beat_batches", "Transactions in which beats were written", beats.batches),
            ("beats_refused", "Beats of visits that are completed, not there, or somebody else's", beats.refused),
            ("beats_failed", "Beats that could not be written", beats.failed),
            ("deliveries", "Messages with news that were queued for sockets", hub.deliveries),
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

fn count_of(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

fn signed(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
