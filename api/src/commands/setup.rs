//! Shared setup of the commands: settings, log, keys, database, queue and signals.

use std::{io::IsTerminal, sync::Arc};

use anyhow::{Context, bail};
use auth::{Authenticator, Keys, Rules, secret_beside};
use domain::clock::{Clock, SystemClock};
use graphql::trusted::TrustedDocuments;
use insession::{repeats::Repeats, telemetry};
use jobs::JobQueueHandle;
use service::{
    App,
    app::JobQueue,
    db::Db,
    log::{cursor::find_installation_name, wake::Wake},
    settings::{Limits, Settings, SignIn, Source},
    zones::Zones,
};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tracing_subscriber::{EnvFilter, Layer, filter::FilterExt, fmt, layer::SubscriberExt, util::SubscriberInitExt};
use web::DOCUMENTS;

/// Reads the settings, and starts the log and the traces. The log goes to standard error, because standard output is for
/// results.
///
/// # Errors
/// When a setting is not valid.
pub fn settings(default_level: &str) -> anyhow::Result<Settings> {
    settings_on(None, default_level)
}

/// Does the same as [`settings`], with a port that replaces the setting PORT.
///
/// # Errors
/// When a setting is not valid.
pub fn settings_on(port: Option<u16>, default_level: &str) -> anyhow::Result<Settings> {
    let settings = Settings::from(&Source(&|name| match (name, port) {
        ("PORT", Some(port)) => Some(port.to_string()),
        (name, _) => std::env::var(name).ok(),
    }))?;
    start_log(settings.log_json, default_level);
    Ok(settings)
}

pub fn start_log(json: bool, default_level: &str) {
    // PostgreSQL's notices only say that objects of a migration exist already.
    let usual = || EnvFilter::new(format!("{default_level},sqlx::postgres::notice=warn,sea_orm_migration=warn"));
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
    let repeats = Repeats::default();
    let started =
        tracing_subscriber::registry().with(log.with_filter(filter.and(repeats.clone()))).with(traces).try_init();
    if started.is_err() {
        tracing::debug!("the log is already started");
    } else {
        repeats.sum_up_each_minute();
    }
    if let Some(error) = wrong_filter {
        tracing::warn!(%error, "RUST_LOG is not valid; the default level is used");
    }
    if let Some(error) = problem {
        tracing::warn!(error = format!("{error:#}"), "traces are not exported, because their settings are not valid");
    }
}

/// The trusted documents, if the settings name a list: the documents of that list, and those of our own browser module.
///
/// # Errors
/// When the file cannot be read, or is not a list of documents.
pub fn trusted_documents(settings: &Settings) -> anyhow::Result<Option<TrustedDocuments>> {
    let Some(file) = &settings.trusted_documents else { return Ok(None) };
    let name = format!("TRUSTED_DOCUMENTS names {}", file.display());
    let text = std::fs::read_to_string(file).with_context(|| format!("{name}, which cannot be read"))?;
    let list = TrustedDocuments::read(&text).with_context(|| format!("{name}, which cannot be used"))?;
    Ok(Some(TrustedDocuments::read(DOCUMENTS)?.and(list)))
}

/// The keys that check tokens. SQLite may use a generated secret, stored beside its file. PostgreSQL is for production, where
/// the key must be set: all servers need the same one.
///
/// # Errors
/// When no key is set where one is needed, or when several are set.
pub fn keys(settings: &Settings) -> anyhow::Result<Keys> {
    match (&settings.jwt_secret, &settings.jwt_public_key, &settings.sign_in.jwks_url) {
        (Some(secret), None, None) => Ok(Keys::Secret(secret.clone())),
        (None, Some(key), None) => Ok(Keys::PublicKey(key.clone())),
        (None, None, Some(url)) => Ok(Keys::Published(url.clone())),
        (None, None, None) => match settings.sqlite_file() {
            Some(file) => {
                let secret = secret_beside(&file).with_context(|| {
                    let file = std::path::absolute(&file).unwrap_or_else(|_| file.clone());
                    format!(
                        "cannot use the token secret beside {} (the folder must exist, and this user must be allowed to write to it)",
                        file.display()
                    )
                });
                Ok(Keys::Secret(secret?))
            }
            None if settings.is_sqlite() => bail!("set JWT_SECRET to use a database in memory"),
            None => bail!("set JWT_SECRET (HS256), JWT_PUBLIC_KEY (PEM) or JWKS_URL to use PostgreSQL"),
        },
        _ => bail!("set only one of JWT_SECRET, JWT_PUBLIC_KEY and JWKS_URL"),
    }
}

/// The authenticator. It checks tokens, and signs them if the settings have a secret.
///
/// # Errors
/// When the keys are missing or not valid.
pub fn authenticator(settings: &Settings) -> anyhow::Result<Authenticator> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let SignIn { issuer, audiences, person_claim, subjects_are_ids, roles_claim, admin_role, leeway, .. } =
        settings.sign_in.clone();
    let usual = Rules::default();
    let rules = Rules {
        issuer,
        audiences,
        person_claim,
        subjects_are_ids,
        roles_claim: roles_claim.unwrap_or(usual.roles_claim),
        admin_role: admin_role.unwrap_or(usual.admin_role),
        leeway,
    };
    Ok(Authenticator::new(&keys(settings)?, clock)?.with_rules(rules)?)
}

/// Connects to the database and migrates it. Only one process migrates at a time.
///
/// # Errors
/// When the database cannot be reached or migrated.
pub async fn database(settings: &Settings) -> anyhow::Result<Db> {
    connect(settings, settings.database_connections).await
}

/// Connects to a database that exists and is migrated, and changes nothing.
///
/// # Errors
/// When there is none, or it has the schema of an earlier version.
pub async fn migrated_database(settings: &Settings) -> anyhow::Result<Db> {
    if let Some(file) = settings.sqlite_file()
        && !file.exists()
    {
        bail!("there is no database {}: a dry run does not create one", file.display());
    }
    let db = Db::connect(&settings.database_url, settings.database_connections).await;
    let db = db.context("cannot connect to DATABASE_URL")?;
    let is_migrated = db.is_migrated().await;
    if !matches!(is_migrated, Ok(true)) {
        db.close().await;
        is_migrated?;
        bail!("the database does not have the schema of this version: run insession migrate first");
    }
    Ok(db)
}

/// Does the same as [`database`], for a server. Half of the connections are reserved for queries.
///
/// # Errors
/// When the database cannot be reached or migrated.
pub async fn serving_database(settings: &Settings) -> anyhow::Result<Db> {
    let all = settings.database_connections;
    let is_in_memory = settings.is_sqlite() && settings.sqlite_file().is_none();
    if all < 2 || is_in_memory {
        return database(settings).await;
    }
    let db = connect(settings, all - all / 2).await?;
    let db = db.with_query_connections(&settings.database_url, all / 2).await;
    db.with_context(|| {
        format!(
            "cannot open all of the {all} connections to DATABASE_URL: if the database or a pooler allows fewer, lower \
             DATABASE_CONNECTIONS or raise their limit"
        )
    })
}

async fn connect(settings: &Settings, connections: u32) -> anyhow::Result<Db> {
    let db = Db::connect(&settings.database_url, connections).await;
    let db = db.with_context(|| format!("cannot connect to DATABASE_URL{}", file_of(settings)))?;
    if let Err(error) = db.migrate().await {
        db.close().await;
        return Err(error).with_context(|| format!("cannot migrate the database{}", file_of(settings)));
    }
    Ok(db)
}

/// The file of the database, for messages.
fn file_of(settings: &Settings) -> String {
    let name = |file: std::path::PathBuf| {
        format!(" (SQLite needs to read and write the file {} and others in its folder)", file.display())
    };
    settings.sqlite_file().map(name).unwrap_or_default()
}

/// The beginning of this installation's keys and channels on Redis, so that installations can share one Redis.
///
/// # Errors
/// When the database cannot be read.
pub async fn namespace(settings: &Settings, db: &Db) -> anyhow::Result<String> {
    Ok(format!("{}{}", settings.redis_prefix, find_installation_name(db).await?))
}

fn wake_channel(namespace: &str) -> String {
    format!("{namespace}:wake")
}

/// Writes a warning to the log if the user of Redis lacks rights, now or later. For long-running processes.
///
/// # Errors
/// When the database cannot be read.
pub async fn watch_redis(settings: &Settings, db: &Db, wake: &Wake) -> anyhow::Result<()> {
    if let Some(url) = &settings.redis_url {
        let namespace = namespace(settings, db).await?;
        let channel = wake_channel(&namespace);
        let prefix = settings.redis_prefix.clone();
        jobs::watch_rights(redis_client(url)?, prefix, namespace, channel, wake.clone()).await;
    }
    Ok(())
}

pub fn redis_client(url: &str) -> anyhow::Result<redis::Client> {
    redis::Client::open(url).context("REDIS_URL is not valid")
}

/// The wake-up channel. With Redis, other processes learn of changes at once. Without it, they poll once a second.
///
/// # Errors
/// When the database cannot be read.
pub async fn wake(settings: &Settings, db: &Db) -> anyhow::Result<Wake> {
    Ok(match &settings.redis_url {
        Some(url) => Wake::through_redis(redis_client(url)?, wake_channel(&namespace(settings, db).await?)),
        None => Wake::local(),
    })
}

/// The queue of recompute jobs, and the handle from which this process's workers take them.
///
/// # Errors
/// When the database cannot be read.
pub async fn queue(settings: &Settings, db: &Db) -> anyhow::Result<(Arc<dyn JobQueue>, JobQueueHandle)> {
    Ok(match &settings.redis_url {
        Some(url) => jobs::redis_queue(redis_client(url)?, &namespace(settings, db).await?),
        None => jobs::local_queue(),
    })
}

pub fn app(settings: &Settings, db: Db, wake: Wake, queue: Arc<dyn JobQueue>) -> App {
    let zones = Zones::load(settings.zoneinfo.clone());
    App::new(db, Arc::new(SystemClock), wake, queue, settings.placement_rule)
        .keeping_changes_for(settings.change_log_kept)
        .keeping_audit_for(settings.audit_log_kept)
        .with_presence(settings.presence)
        .with_guests(settings.guests)
        .with_public_url(settings.public_url.clone())
        .with_zones(zones)
}

pub async fn migrate() -> anyhow::Result<()> {
    let settings = settings("info")?;
    database(&settings).await?.close().await;
    println!("The database is up to date.");
    Ok(())
}

/// Open files that are reserved for the log, Redis and the runtime. A database connection has three files: SQLite's file, its
/// log, and a temporary one.
const RESERVED_FILES: u64 = 128;
const FILES_PER_DATABASE_CONNECTION: u64 = 3;

/// Raises the limit of open files as far as possible, and lowers the limits of connections to fit. Without a free file a
/// connection could not even be closed.
pub fn limits(settings: &Settings) -> Limits {
    let limits = settings.limits;
    let files = match rlimit::increase_nofile_limit(u64::MAX) {
        Ok(files) => files,
        Err(error) => {
            tracing::warn!(%error, "the limit of open files cannot be raised");
            return limits;
        }
    };
    let reserved = RESERVED_FILES + u64::from(settings.database_connections) * FILES_PER_DATABASE_CONNECTION;
    let room = usize::try_from(files - reserved.min(files / 2)).unwrap_or(usize::MAX);
    let connections = limits.connections.min(room);
    // WebSockets may not use all connections: a tenth is reserved for requests.
    let sockets = limits.sockets.min(connections - connections / 10);
    if sockets < limits.sockets {
        tracing::info!(
            files,
            connections,
            sockets,
            "the limit of open files lowers the limits of connections; raise it with ulimit -n"
        );
    }
    Limits { connections, sockets, ..limits }
}

/// A token that is cancelled by SIGTERM or Ctrl-C.
///
/// # Errors
/// When signals cannot be handled.
pub fn shutdown_on_signals() -> anyhow::Result<CancellationToken> {
    let token = CancellationToken::new();
    let mut terminate = signal(SignalKind::terminate())?;
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

/// The signal SIGHUP. From this call on, the signal does not end the process: servers and workers read the time zone data
/// again.
///
/// # Errors
/// When the signal cannot be handled.
pub fn hangup() -> std::io::Result<Signal> {
    signal(SignalKind::hangup())
}
