//! `insession serve` and `insession worker`.

use std::{io::Write as _, sync::Arc};

use auth::{People, oidc::Providers};
use insession::server::{Server, ServerSettings};
use jobs::{Workers, follow_zone_data};
use service::{
    App,
    settings::{PublicUrl, Settings},
};
use tokio_util::sync::CancellationToken;
use web::pages::{Samples, SignInOptions};

use super::setup;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// The port to listen on. The default is the setting PORT, or 8080.
    #[arg(long)]
    port: Option<u16>,
}

pub async fn serve(args: Args) -> anyhow::Result<()> {
    let settings = setup::settings_on(args.port, "info")?;
    let (shutdown, hangup) = (setup::shutdown_on_signals()?, setup::hangup()?);
    // A shutdown signal also ends the start, which may be waiting for the database or its migrations.
    let starting = Box::pin(start(&settings, shutdown.clone()));
    let Some(running) = shutdown.run_until_cancelled(starting).await else { return Ok(()) };
    let running = running?;
    tracing::info!(address = %running.server.address(), "the server is listening");
    // A log in JSON is read by programs, so the addresses are printed only beside a log for people.
    if !settings.log_json {
        // An error means that nobody reads standard output, so it is ignored.
        let _ = writeln!(std::io::stdout(), "InSession is running.\n\n{}", addresses(&settings, &running.server));
    }
    tokio::spawn(follow_zone_data(running.app.clone(), hangup, shutdown));
    running.finish().await
}

/// The addresses of a server, as text for people, one per line.
pub fn addresses(settings: &Settings, server: &Server) -> String {
    let base = base_address(settings, server);
    let graphiql = if settings.graphiql { format!("  GraphiQL    {base}/graphiql\n") } else { String::new() };
    let sockets = base.replacen("http", "ws", 1);
    format!("  Pages       {base}/\n{graphiql}  GraphQL     {base}/graphql (subscriptions: {sockets}/graphql/ws)\n")
}

/// The address at which a browser on this machine, or through the proxy, reaches the server. It has no slash at its end.
pub fn base_address(settings: &Settings, server: &Server) -> String {
    if let Some(PublicUrl { origin, path }) = &settings.public_url {
        return format!("{origin}{path}");
    }
    let address = server.address();
    // The server listens on all addresses, and localhost is one of them.
    if address.ip().is_unspecified() {
        format!("http://localhost:{}", address.port())
    } else {
        format!("http://{address}")
    }
}

/// A bound server, with the workers of its process.
pub struct Running {
    pub app: App,
    pub server: Server,
    workers: Option<Arc<Workers>>,
}

/// Migrates the database, and starts the server. Without Redis it also starts the workers.
///
/// # Errors
/// When the settings are not valid, the database cannot be migrated, or the address is in use.
pub async fn start(settings: &Settings, shutdown: CancellationToken) -> anyhow::Result<Running> {
    start_with(settings, None, shutdown).await
}

/// Does the same as [`start`]. With `samples`, anybody may sign in as one of the people of the demo.
///
/// # Errors
/// Those of [`start`].
pub async fn start_with(
    settings: &Settings,
    samples: Option<Samples>,
    shutdown: CancellationToken,
) -> anyhow::Result<Running> {
    let authenticator = setup::authenticator(settings)?;
    let trusted_documents = setup::trusted_documents(settings)?;
    let db = setup::serving_database(settings).await?;
    let wake = setup::wake(settings, &db).await?;
    setup::watch_redis(settings, &db, &wake).await?;
    let (queue, handle) = setup::queue(settings, &db).await?;
    let app = setup::app(settings, db, wake, queue);
    let local = settings.redis_url.is_none().then_some(handle);
    // If the start fails, only the workers are stopped: the caller gets the error, and `shutdown` is not cancelled.
    let workers_shutdown = shutdown.child_token();
    let workers = local.map(|handle| Arc::new(Workers::start(app.clone(), handle, workers_shutdown.clone())));
    let people = People::new(app.clone(), settings.sign_in.auto_register).await?;
    let authenticator = Arc::new(authenticator.with_people(people));
    let providers = Providers::new(&settings.sign_in.providers)?;
    // This needs the network, so the start of the server does not wait for it.
    let prepared = providers.clone();
    tokio::spawn(async move { prepared.prepare().await });
    let server_settings = ServerSettings {
        host: settings.host,
        port: settings.port,
        public_url: settings.public_url.clone(),
        graphiql: settings.graphiql,
        introspection: settings.introspection,
        federation: settings.federation,
        trusted_documents,
        cors_origins: settings.cors_origins.clone(),
        cron_secret: settings.cron_secret.clone(),
        sign_in: SignInOptions { providers, samples },
        limits: setup::limits(settings),
    };
    let bound = Server::bind(app.clone(), authenticator, server_settings, workers.clone(), shutdown.clone()).await;
    match bound {
        Ok(server) => Ok(Running { app, server, workers }),
        Err(error) => {
            // The caller may delete the database's file after this returns, so nothing may use it any more.
            workers_shutdown.cancel();
            if let Some(workers) = workers {
                workers.finished().await;
            }
            app.db.close().await;
            Err(error)
        }
    }
}

impl Running {
    /// Serves until the shutdown, and then until requests and jobs in progress have ended.
    pub async fn finish(self) -> anyhow::Result<()> {
        let jobs = async {
            if let Some(workers) = self.workers {
                workers.finished().await;
            }
            Ok(())
        };
        tokio::try_join!(self.server.serve(), jobs)?;
        self.app.db.close().await;
        Ok(())
    }
}

pub async fn worker() -> anyhow::Result<()> {
    let settings = setup::settings("info")?;
    let (shutdown, hangup) = (setup::shutdown_on_signals()?, setup::hangup()?);
    let Some(db) = shutdown.run_until_cancelled(setup::database(&settings)).await else { return Ok(()) };
    let db = db?;
    let wake = setup::wake(&settings, &db).await?;
    setup::watch_redis(&settings, &db, &wake).await?;
    let (queue, handle) = setup::queue(&settings, &db).await?;
    let app = setup::app(&settings, db, wake, queue);
    tokio::spawn(follow_zone_data(app.clone(), hangup, shutdown.clone()));
    let workers = Workers::start(app.clone(), handle, shutdown);
    tracing::info!("the worker is running");
    workers.finished().await;
    app.db.close().await;
    Ok(())
}
