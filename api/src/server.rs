//! A server: the schema, the hub, the sockets and the routes of one process, behind one address.

use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use auth::Authenticator;
use axum::{
    Json, Router,
    extract::{Request, State},
    http::{HeaderName, HeaderValue, StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::get,
};
use chrono::TimeDelta;
use domain::clock::Clock;
use futures_util::FutureExt as _;
use graphql::{
    budget::Budgets,
    error::add_missing_codes,
    execute::{Execution, Guard},
    low_priority::LowPriority,
    trusted::TrustedDocuments,
};
use jobs::Workers;
use live::{Hub, HubSettings};
use serde_json::json;
use service::{
    App, log,
    presence::{batcher::HeartbeatBatcher, uptime},
    rate::ClientAddress,
    settings::{Introspection, Limits, PublicUrl},
    sweep::find_overdue,
};
use tokio::net::TcpListener;
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tower_http::{
    cors::{AllowHeaders, Any, CorsLayer},
    request_id::{MakeRequestUuid, PropagateRequestIdLayer, SetRequestIdLayer},
    trace::TraceLayer,
};
use tracing::{Span, field::Empty};
use web::{
    calendar, graphiql,
    pages::{self, SignInOptions},
    site::Site,
};

use crate::{
    admission::Admission,
    connections::Connections,
    documents::Documents,
    http::{
        cron::{self, CronSettings},
        graphql::GraphqlEndpoint,
    },
    large_requests::LargeRequests,
    listening,
    log_source::LogSource,
    metrics::{self, Metrics},
    page_limit::{self, PageLimit},
    request_id,
    stopping::{self, ShutdownSteps},
    telemetry,
    ws::{self, SocketLimits, SocketSettings, Sockets},
};

/// The settings of a server.
pub struct ServerSettings {
    pub host: IpAddr,
    pub port: u16,
    pub public_url: Option<PublicUrl>,
    pub graphiql: bool,
    pub introspection: Introspection,
    /// Whether a gateway of Apollo Federation may ask for entities.
    pub federation: bool,
    /// The documents that may run. `None` if every document may run.
    pub trusted_documents: Option<TrustedDocuments>,
    pub cors_origins: Vec<String>,
    /// The secret for `/cron/sweep`. Without it the route answers 503.
    pub cron_secret: Option<String>,
    /// How people sign in on the pages, besides with tokens.
    pub sign_in: SignInOptions,
    pub limits: Limits,
}

impl ServerSettings {
    fn schema_options(&self) -> graphql::Options {
        graphql::Options {
            suggests: self.introspection == Introspection::Everybody,
            answer_bytes: self.limits.answer_bytes,
            federation: self.federation,
        }
    }
}

/// The durations of a shutdown. With [`DRAIN_TIMEOUT`] they stay below 25 seconds, after which the platform may kill the
/// process.
const SHUTDOWN_STEPS: ShutdownSteps = ShutdownSteps {
    announcing: Duration::from_secs(1),
    lingering: Duration::from_secs(1),
    draining: Duration::from_secs(13),
};

/// How long mutations in progress and the closing of sockets may take after the last connection has ended.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(5);

/// A server whose address is bound.
pub struct Server {
    address: SocketAddr,
    listener: TcpListener,
    router: Router,
    connections: Connections,
    sockets: Sockets,
    mutations: TaskTracker,
    shutdown: CancellationToken,
    closing: CancellationToken,
}

#[derive(Clone)]
struct Health {
    app: App,
    hub: Hub,
    sockets: Sockets,
    workers: Option<Arc<Workers>>,
    installation: String,
    shutdown: CancellationToken,
}

/// Middleware that gives the pages the address of the client.
async fn name_address(State(admission): State<Admission>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let address = ClientAddress(admission.client_of(&parts));
    parts.extensions.insert(address);
    next.run(Request::from_parts(parts, body)).await
}

impl Server {
    /// Binds the address and starts to follow the change log. `workers` are the workers of this process; `/health/ready` shows
    /// their state.
    ///
    /// # Errors
    /// When the address is in use, or the database cannot be read.
    pub async fn bind(
        app: App,
        authenticator: Arc<Authenticator>,
        settings: ServerSettings,
        workers: Option<Arc<Workers>>,
        shutdown: CancellationToken,
    ) -> anyhow::Result<Self> {
        let installation = app.installation().await?;
        let listener = listening::listen((settings.host, settings.port).into(), &installation).await?;
        let address = listener.local_addr()?;
        // Cancelling this ends long-lived connections. That happens when the listener is closed, so their clients reconnect to
        // another server.
        let closing = CancellationToken::new();
        let hub =
            Hub::start(LogSource(app.clone()), app.wake.subscribe(), HubSettings::default(), closing.clone()).await?;
        let batcher = HeartbeatBatcher::start(&app);
        let options = settings.schema_options();
        let budgets = Arc::new(Budgets::new(&settings.limits));
        let reader = graphql::reader(settings.federation)?
            .spending_from(Arc::clone(&budgets))
            .trusting(settings.trusted_documents);
        let documents = Documents::new(Arc::clone(&budgets), settings.limits.into());
        let low_priority = LowPriority::start()?;
        let guard = Guard::new(settings.introspection, &settings.limits, reader.clone());
        let guard = guard.with_low_priority(low_priority.clone());
        let schema = graphql::build(&app, &hub, &batcher, options);
        let schema = Execution::new(schema, guard);
        let mutations = TaskTracker::new();
        let site = Site::at(settings.public_url);
        let admission = Admission::new(settings.limits.into());
        let refusals = pages::busy::router(site.clone());
        let limit = PageLimit { budgets, guard: schema.guard(), admission: admission.clone(), refusals };
        let connections = Connections::new(settings.limits.into());

        let (clients, large_requests) = (admission.clone(), LargeRequests::new().on(low_priority));
        let endpoint = GraphqlEndpoint::new(schema.clone(), reader.clone(), Arc::clone(&authenticator))
            .prepare_with(move |request, parts| request.data(ClientAddress(clients.client_of(parts))))
            .track_mutations_with(mutations.clone())
            .admit_with(admission.clone())
            .hold_in(documents.clone())
            .read_large_with(large_requests.clone())
            .close_with(closing.clone());
        let (authenticate, expect_valid) = (Arc::clone(&authenticator), Arc::clone(&authenticator));
        let sockets = Sockets::new(
            schema,
            hub.clone(),
            SocketSettings {
                reader,
                limits: socket_limits(&app, settings.limits),
                admission: admission.clone(),
                documents,
                large_requests,
                origins: settings.cors_origins.clone().into(),
                site: site.clone(),
                authenticate: Arc::new(move |authorization| {
                    let authenticator = Arc::clone(&authenticate);
                    async move { authenticator.authenticate_socket(authorization.as_deref()).await }.boxed()
                }),
                expect_valid: Arc::new(move |identity| expect_valid.expect_valid(identity)),
                complete_errors: add_missing_codes,
                clock: Arc::clone(&app.clock),
                shutdown: closing.clone(),
            },
        );
        if let Some(people) = authenticator.people() {
            let sockets = sockets.clone();
            tokio::spawn(people.clone().follow(closing.clone(), move || sockets.close_revoked()));
        }
        tokio::spawn(closing.clone().run_until_cancelled_owned(uptime::follow(app.clone())));
        let cron = CronSettings {
            secret: settings.cron_secret,
            requests_per_minute: settings.limits.cron_requests_per_minute,
        };
        let cron = cron::router(app.clone(), cron, admission.clone(), mutations.clone());
        let metrics =
            Metrics::new(app.clone(), hub.clone(), sockets.clone(), admission.clone(), connections.clone(), batcher);
        measure(&hub, &metrics, Arc::clone(&app.clock));
        let calendars = calendar::router(app.clone(), site.clone());
        let pages = pages::router(app.clone(), authenticator, settings.sign_in, site.clone());
        let pages = pages.layer(middleware::from_fn_with_state(admission, name_address));
        let health = Health { app, hub, sockets: sockets.clone(), workers, installation, shutdown: shutdown.clone() };
        let mut router = Router::new()
            .merge(endpoint.router())
            .merge(calendars.merge(pages).layer(middleware::from_fn_with_state(limit, page_limit::limit)))
            .merge(pages::files())
            .merge(cron)
            .route("/graphql/ws", get(ws::upgrade).with_state(sockets.clone()))
            .route("/health/live", get(async || "ok"))
            .route("/health/ready", get(ready).with_state(health))
            .route("/metrics", get(metrics::serve).with_state(metrics.clone()));
        if settings.graphiql {
            router = router.merge(graphiql::router());
        }
        let router = router
            .layer(cors(&settings.cors_origins)?)
            .layer(middleware::from_fn_with_state(metrics, metrics::count))
            .layer(PropagateRequestIdLayer::new(request_id::HEADER))
            .layer(
                TraceLayer::new_for_http()
                    .make_span_with(span)
                    .on_request(())
                    .on_response(telemetry::end_request)
                    .on_failure(()),
            )
            .layer(SetRequestIdLayer::new(request_id::HEADER, MakeRequestUuid));
        let router = site.route(router);
        Ok(Self { address, listener, router, connections, sockets, mutations, shutdown, closing })
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until the shutdown, and then until requests in progress have ended.
    ///
    /// # Errors
    /// When the server cannot accept connections.
    pub async fn serve(self) -> anyhow::Result<()> {
        let Self { listener, router, connections, sockets, mutations, shutdown, closing, .. } = self;
        stopping::serve(listener, router, connections, SHUTDOWN_STEPS, shutdown, closing).await?;
        mutations.close();
        let drained = async {
            mutations.wait().await;
            sockets.closed().await;
        };
        if tokio::time::timeout(DRAIN_TIMEOUT, drained).await.is_err() {
            tracing::warn!("shutdown: some mutations or sockets did not end in time and are dropped");
        }
        Ok(())
    }
}

/// A pong counts as a heartbeat of the socket's visits (rule 15).
fn socket_limits(app: &App, limits: Limits) -> SocketLimits {
    let limits = SocketLimits::from(limits);
    let longest = app.presence.rules.longest_beat_interval().to_std().unwrap_or_default();
    SocketLimits { ping_interval: limits.ping_interval.min(longest), ..limits }
}

/// The log's span of a request. It leaves out the query string, which may contain personal data.
fn span(request: &Request) -> Span {
    let id = request_id::of(request.headers());
    let (method, path) = (request.method(), request.uri().path());
    let span = tracing::info_span!("request", id, %method, path, otel.kind = Empty);
    telemetry::begin_request(&span, request);
    span
}

/// How long a browser may reuse the answer to a preflight.
const PREFLIGHT_MAX_AGE: Duration = Duration::from_hours(24);

/// Measures how late changes are: until the hub delivers them, and until what was due is handled.
fn measure(hub: &Hub, metrics: &Metrics, clock: Arc<dyn Clock>) {
    let measured = metrics.clone();
    hub.observe_deliveries(move |change| measured.observe_delivery_lag(clock.now() - change.occurred_at));
    let measured = metrics.clone();
    hub.observe_changes(move |change| {
        if let Some(due_at) = change.due_at {
            measured.observe_due_lag(change.occurred_at - due_at);
        }
    });
}

/// Scripts of allowed origins may send any header. Clients and their instruments send many (`traceparent`, `baggage`,
/// `apollographql-client-name` and so on). Among all headers, only `Authorization` gives rights.
fn cors(origins: &[String]) -> anyhow::Result<CorsLayer> {
    let layer = CorsLayer::new()
        .allow_methods([axum::http::Method::GET, axum::http::Method::POST])
        .allow_headers(AllowHeaders::mirror_request())
        .expose_headers([request_id::HEADER, header::RETRY_AFTER, HeaderName::from_static("x-query-cost")])
        .max_age(PREFLIGHT_MAX_AGE);
    if origins.iter().any(|origin| origin == "*") {
        return Ok(layer.allow_origin(Any));
    }
    let origins = origins.iter().map(|origin| HeaderValue::from_str(origin)).collect::<Result<Vec<_>, _>>()?;
    Ok(layer.allow_origin(origins))
}

/// How long the checks of `/health/ready` wait for the database.
const READY_TIMEOUT: Duration = Duration::from_secs(2);

/// `GET /health/ready`: 200 if the database can be read and written and the server is not shutting down, otherwise 503. The
/// rest of the body is for people and monitors.
async fn ready(State(health): State<Health>) -> Response {
    let (head, overdue, is_writable) = tokio::join!(
        tokio::time::timeout(READY_TIMEOUT, log::head(&health.app)),
        tokio::time::timeout(READY_TIMEOUT, find_overdue(&health.app)),
        health.app.db.is_writable(READY_TIMEOUT),
    );
    let (head, overdue) = (head.ok().and_then(Result::ok), overdue.ok().and_then(Result::ok));
    let database = match (head.is_some(), is_writable) {
        (true, true) => "up",
        (true, false) => "read-only",
        (false, _) => "down",
    };
    let stats = health.hub.stats();
    let is_stopping = health.shutdown.is_cancelled();
    let zones = health.app.zones.status();
    let body = json!({
        "database": database,
        "redis": health.app.wake.status(),
        "workers": health.workers.as_ref().map(|workers| workers.health()),
        // Covers the workers of all processes. The value grows while no worker sweeps.
        "overdue_seconds": overdue.map(TimeDelta::as_seconds_f64),
        "lag": head.map(|head| head.0.saturating_sub(stats.position.0).max(0)),
        "sockets": health.sockets.count(),
        "groups": stats.groups,
        // A new server compares this before it shares the port of another one.
        "installation": health.installation,
        "zone_data": zones,
        // Warnings do not make the server unready.
        "warnings": zones.warnings,
        "stopping": is_stopping,
    });
    let status = if database == "up" && !is_stopping { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(body)).into_response()
}
