//! What commands have in common: settings, logs, keys, the database.

use std::{io::IsTerminal, sync::Arc};

use anyhow::{Context, bail};
use auth::{Authenticator, Keys, Rules, secret_beside};
use domain::clock::{Clock, SystemClock};
use insession::telemetry;
use jobs::QueueHandle;
use service::{
    App,
    app::Queue,
    config::{Limits, Settings, SignIn},
    cursor::find_installation,
    db::Db,
    wake::Wake,
};
use tokio_util::sync::CancellationToken;
use tracing_subscriber::{EnvFilter, Layer, fmt, layer::SubscriberExt, util::SubscriberInitExt};

/// Reads the settings and starts the log, which goes to standard error, as standard output is for answers; and traces.
pub fn settings(default_level: &str) -> anyhow::Result<Settings> {
    let settings = Settings::from_env()?;
    start_log(settings.log_json, default_level);
    Ok(settings)
}

pub fn start_log(json: bool, default_level: &str) {
    // PostgreSQL's notices say that what is there already need not be made.
    let usual = || EnvFilter::new(format!("{default_level},sqlx::postgres::notice=warn"));
    let chosen = std::env::var(EnvFilter::DEFAULT_ENV).unwrap_or_default();
    let (filter, wrong_filter) = match chosen.trim() {
        "" => (usual(), None),
        chosen => EnvFilter::try_new(chosen).map_or_else(|error| (usual(), Some(error)), |filter| (filter, None)),
    };
    let log = fmt::layer().with_writer(std::io::stderr);
    let log = if json { log.json().boxed() } else { log.with_ansi(std::io::stderr().is_terminal()).boxed() };
    let (traces, problem) = match telemetry::layer() {
        Ok(traces) => (traces, None),
        Err(problem) => (None, Some(problem)),
    };
    let started = tracing_subscriber::registry().with(log.with_filter(filter)).with(traces).try_init();
    if started.is_err() {
        tracing::debug!("the log had been started already");
    }
    if let Some(error) = wrong_filter {
        tracing::warn!(%error, "RUST_LOG is not valid, and the default level is used");
    }
    if let Some(error) = problem {
        tracing::warn!(error = format!("{error:#}"), "there are no traces");
    }
}

/// An error of the service, told to whoever ran the command.
#[expect(clippy::needless_pass_by_value, reason = "the form that map_err asks for")]
pub fn told(error: service::Error) -> anyhow::Error {
    anyhow::anyhow!(error.describe())
}

/// The keys of the settings. An embedded database has its own secret beside it; PostgreSQL is for production, and
/// there a secret that nobody set would be one that nobody knows.
pub fn keys(settings: &Settings) -> anyhow::Result<Keys> {
    match (&settings.jwt_secret, &settings.jwt_public_key, &settings.sign_in.jwks_url) {
        (Some(secret), None, None) => Ok(Keys::Secret(secret.clone())),
        (None, Some(key), None) => Ok(Keys::PublicKey(key.clone())),
        (None, None, Some(url)) => Ok(Keys::Published(url.clone())),
        (None, None, None) => match settings.sqlite_file() {
            Some(file) => Ok(Keys::Secret(secret_beside(&file).context("the token secret beside the database")?)),
            None if settings.is_sqlite() => bail!("a database in memory needs JWT_SECRET"),
            None => bail!("set JWT_SECRET (HS256), JWT_PUBLIC_KEY (PEM) or JWKS_URL to use PostgreSQL"),
        },
        _ => bail!("set one of JWT_SECRET, JWT_PUBLIC_KEY and JWKS_URL, not several"),
    }
}

/// What checks tokens, and signs them where the settings have the secret.
pub fn authenticator(settings: &Settings) -> anyhow::Result<Authenticator> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let SignIn { issuer, audiences, person_claim, subjects_are_ids, .. } = settings.sign_in.clone();
    let rules = Rules { issuer, audiences, person_claim, subjects_are_ids };
    Ok(Authenticator::new(&keys(settings)?, clock)?.with_rules(rules)?)
}

/// Connects to the database and migrates it, one process at a time.
pub async fn database(settings: &Settings) -> anyhow::Result<Db> {
    connect(settings, settings.database_connections).await
}

/// The same for a server: half of the connections are for queries alone.
pub async fn serving_database(settings: &Settings) -> anyhow::Result<Db> {
    let all = settings.database_connections;
    let is_in_memory = settings.is_sqlite() && settings.sqlite_file().is_none();
    if all < 2 || is_in_memory {
        return database(settings).await;
    }
    let db = connect(settings, all - all / 2).await?;
    let db = db.with_query_connections(&settings.database_url, all / 2).await.map_err(told);
    db.context("connecting to DATABASE_URL for queries")
}

async fn connect(settings: &Settings, connections: u32) -> anyhow::Result<Db> {
    let db = Db::connect(&settings.database_url, connections).await.map_err(told);
    let db = db.context("connecting to DATABASE_URL")?;
    if let Err(error) = db.migrate().await {
        db.close().await;
        return Err(told(error)).context("migrating the database");
    }
    Ok(db)
}

/// What this installation's keys and channels on Redis begin with, so that two on one Redis don't mix.
pub async fn namespace(db: &Db) -> anyhow::Result<String> {
    Ok(format!("insession:{}", find_installation(db).await.map_err(told)?.name))
}

pub fn redis_client(url: &str) -> anyhow::Result<redis::Client> {
    redis::Client::open(url).context("REDIS_URL")
}

/// With Redis, other processes hear of changes at once; without, they look within a second.
pub async fn wake(settings: &Settings, db: &Db) -> anyhow::Result<Wake> {
    Ok(match &settings.redis_url {
        Some(url) => Wake::through_redis(redis_client(url)?, format!("{}:wake", namespace(db).await?)),
        None => Wake::local(),
    })
}

/// The queue for recomputes, and what the workers of this process, if there are any, take them from.
pub async fn queue(settings: &Settings, db: &Db) -> anyhow::Result<(Arc<dyn Queue>, QueueHandle)> {
    Ok(match &settings.redis_url {
        Some(url) => jobs::redis_queue(redis_client(url)?, &namespace(db).await?),
        None => jobs::local_queue(),
    })
}

pub fn app(settings: &Settings, db: Db, wake: Wake, queue: Arc<dyn Queue>) -> App {
    App::new(db, Arc::new(SystemClock), wake, queue, settings.placement_rule)
        .keeping_changes_for(settings.change_log_kept)
        .keeping_audit_for(settings.audit_log_kept)
        .with_presence(settings.presence)
}

pub async fn migrate() -> anyhow::Result<()> {
    let settings = settings("info")?;
    database(&settings).await?.close().await;
    println!("the database is up to date");
    Ok(())
}

/// Files that a server may need beside its sockets: for the database, Redis, requests; half of those there are, if that is
/// less.
const OTHER_FILES: u64 = 256;

/// Allows the process as many open files as it may have, and no more sockets than that leaves. A connection that finds no
/// file would not even be told why.
pub fn limits(settings: &Settings) -> Limits {
    let limits = settings.limits;
    let files = match rlimit::increase_nofile_limit(u64::MAX) {
        Ok(files) => files,
        Err(error) => {
            tracing::warn!(%error, "the limit of open files can't be raised");
            return limits;
        }
    };
    let room = usize::try_from(files - OTHER_FILES.min(files / 2)).unwrap_or(usize::MAX);
    if room < limits.sockets {
        tracing::info!(files, sockets = room, "the limit of open files allows no more sockets: see ulimit -n");
    }
    Limits { sockets: limits.sockets.min(room), ..limits }
}

/// Ends when the process is asked to: SIGTERM, or Ctrl-C.
pub fn shutdown_on_signals() -> anyhow::Result<CancellationToken> {
    let token = CancellationToken::new();
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    let stop = token.clone();
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = tokio::signal::ctrl_c() => {}
        }
        tracing::info!("shutting down");
        stop.cancel();
    });
    Ok(token)
}
