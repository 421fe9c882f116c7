//! Databases and Redis in unusual setups: a pooler, a Unix socket, a schema of its own, a file with an unusual name, a
//! shared Redis.

use std::{fs, path::Path};

use anyhow::{Context, Result, ensure};
use futures_util::future::try_join;
use insession_tests::{
    LIMIT, PgBouncer, Postgres, Program, Redis, Settings, TemporaryFolder, TestDatabase,
    database::{execute, number},
    eventually,
    program::run,
};
use serde_json::json;

use crate::fixtures::{check_in, create_active_instance, create_person, create_session};

const NOW: &str = "{ activeSessionInstances { nodes { presentCount } } }";

/// Checks a person in, and waits until a subscriber gets the change.
pub async fn check_in_reaches_a_subscriber(server: &Program) -> Result<()> {
    let admin = server.admin();
    let mut socket = server.socket(None).await?;
    socket.subscribe("changes", "subscription { activeSessionChanged { kind } }", json!({}))?;
    socket.next_for("changes", LIMIT).await?;
    let instance = create_active_instance(&admin, &create_session(&admin, "Monday").await?).await?;
    let person = create_person(&admin, "Ann").await?;
    check_in(&server.client_of(&person), &instance, "YES", None).await?;
    socket.next_for("changes", LIMIT).await?;
    let data = admin.data(NOW, json!({})).await?;
    assert_eq!(data["activeSessionInstances"]["nodes"], json!([{ "presentCount": 1 }]));
    Ok(())
}

#[tokio::test]
async fn pooler_in_session_mode_works() -> Result<()> {
    let postgres = Postgres::shared().await?;
    let database = TestDatabase::postgres().await?;
    let pooler = PgBouncer::start(postgres, "session").await?;
    let server = Program::serve(&Settings::new(&pooler.through(&database.url)?)).await?;
    check_in_reaches_a_subscriber(&server).await.with_context(|| pooler.log_tail(20))
}

#[tokio::test]
async fn pooler_in_another_mode_is_refused_with_its_mode() -> Result<()> {
    let postgres = Postgres::shared().await?;
    // With two processes that take turns, each connection may meet the same one every second time.
    let in_turn = "min_pool_size = 2\nserver_round_robin = 1";
    for (mode, more) in [("transaction", ""), ("transaction", in_turn), ("statement", "")] {
        let database = TestDatabase::postgres().await?;
        let pooler = PgBouncer::start_with(postgres, mode, more).await?;
        let settings = Settings::new(&pooler.through(&database.url)?);
        // More than once: the first process leaves prepared statements behind.
        for command in ["migrate", "serve", "worker", "migrate"] {
            let ended = run(&settings, &[command]).await?;
            ensure!(!ended.status.success(), "{mode}: {command} started");
            let said = ended.stderr.contains("transaction mode") && ended.stderr.contains("pool_mode=session");
            ensure!(said, "{mode}: {}\n{}", ended.stderr, pooler.log_tail(20));
        }
    }
    Ok(())
}

#[tokio::test]
async fn postgresql_is_reached_by_its_socket() -> Result<()> {
    let postgres = Postgres::shared().await?;
    let database = TestDatabase::postgres().await?;
    let name = database.url.rsplit('/').next().context("a name")?;
    let (port, folder) = (postgres.port(), postgres.socket_folder().display().to_string());
    let encoded = folder.replace('/', "%2F");
    for url in [
        format!("postgres://insession@/{name}?host={folder}&port={port}"),
        format!("postgres://insession@:{port}/{name}?host={encoded}"),
        format!("postgresql:///{name}?host={folder}&port={port}&user=insession"),
        format!("postgresql://insession@{encoded}:{port}/{name}"),
    ] {
        run(&Settings::new(&url), &["migrate"]).await?.expect_success().with_context(|| url)?;
    }
    let url = format!("postgres://insession@/{name}?host={folder}&port={port}");
    check_in_reaches_a_subscriber(&Program::serve(&Settings::new(&url)).await?).await
}

/// A database in which another program has tables with the names of ours, and a role without rights in it.
async fn shared_database(role: &str) -> Result<(TestDatabase, String)> {
    let database = TestDatabase::postgres().await?;
    let connection = database.connect().await?;
    let sql = format!(
        "CREATE TABLE session (id int, data text); INSERT INTO session VALUES (1, 'theirs');
         CREATE TABLE seaql_migrations (version varchar PRIMARY KEY, applied_at bigint);
         INSERT INTO seaql_migrations VALUES ('m20200101_theirs', 1);
         REVOKE ALL ON SCHEMA public FROM PUBLIC;
         DO $$ BEGIN EXECUTE format('REVOKE CREATE ON DATABASE %I FROM PUBLIC', current_database()); END $$;
         DROP ROLE IF EXISTS {role}; CREATE ROLE {role} LOGIN"
    );
    execute(&connection, &sql).await?;
    let url = database.url.replace("insession@", &format!("{role}@"));
    Ok((database, url))
}

#[tokio::test]
async fn role_with_only_a_schema_of_its_own_works_beside_another_program() -> Result<()> {
    let (database, url) = shared_database("places_owner").await?;
    let connection = database.connect().await?;
    let sql = "CREATE SCHEMA ours AUTHORIZATION places_owner; GRANT USAGE ON SCHEMA public TO places_owner;
               ALTER ROLE places_owner SET search_path = ours, public";
    execute(&connection, sql).await?;
    let server = Program::serve(&Settings::new(&url)).await?;
    check_in_reaches_a_subscriber(&server).await?;
    assert_eq!(number(&connection, "SELECT count(*) FROM public.session WHERE data = 'theirs'").await?, 1);
    assert_eq!(number(&connection, "SELECT count(*) FROM ours.session").await?, 1);
    assert_eq!(number(&connection, "SELECT count(*) FROM pg_extension WHERE extname <> 'plpgsql'").await?, 0);
    Ok(())
}

#[tokio::test]
async fn error_names_a_missing_right_or_a_foreign_schema() -> Result<()> {
    let (database, url) = shared_database("places_guest").await?;
    let connection = database.connect().await?;
    for (grant, expected) in [
        ("SELECT 1", vec!["search_path"]),
        (
            "GRANT USAGE ON SCHEMA public TO places_guest",
            vec![
                "\"places_guest\" lacks a right",
                "\"public\"",
                "GRANT USAGE, CREATE ON SCHEMA public TO places_guest",
            ],
        ),
        (
            "GRANT CREATE ON SCHEMA public TO places_guest; GRANT ALL ON seaql_migrations TO places_guest",
            vec!["finds tables of another program", "\"public\"", "session", "CREATE SCHEMA insession"],
        ),
    ] {
        execute(&connection, grant).await?;
        let ended = run(&Settings::new(&url), &["migrate"]).await?;
        ensure!(!ended.status.success(), "it started after {grant}");
        for part in expected {
            ensure!(ended.stderr.contains(part), "no {part:?} after {grant}: {}", ended.stderr);
        }
    }
    Ok(())
}

#[tokio::test]
async fn sqlite_file_may_have_any_name() -> Result<()> {
    let folder = TemporaryFolder::new()?;
    let inner = folder.join("my files? #1");
    fs::create_dir(&inner)?;
    let encoded = format!("{}/my%20files%3F%20%231/i.db", folder.path().display());
    // The secret for tokens is beside the database.
    let settings = Settings::new(&format!("sqlite://{encoded}")).without("JWT_SECRET");
    let server = Program::serve(&settings).await?;
    server.client().data("{ sessions { totalCount } }", json!({})).await?;
    ensure!(inner.join("i.db").is_file() && inner.join("i.db.jwt-secret").is_file(), "{:?}", list(&inner)?);
    run(&settings, &["token", "--admin"]).await?.expect_success()?;
    Ok(())
}

fn list(folder: &Path) -> Result<Vec<String>> {
    fs::read_dir(folder)?.map(|entry| Ok(entry?.file_name().display().to_string())).collect()
}

#[tokio::test]
async fn file_that_cannot_be_written_is_named() -> Result<()> {
    let folder = TemporaryFolder::new()?;
    fs::write(folder.join("a file"), "")?;
    for file in ["no/such/folder/i.db", "a file/i.db"] {
        let path = folder.join(file);
        // A space may stand for itself.
        let url = format!("sqlite://{}", path.display());
        for settings in [Settings::new(&url), Settings::new(&url).without("JWT_SECRET")] {
            let ended = run(&settings, &["serve"]).await?;
            ensure!(!ended.status.success(), "{file}: it started");
            ensure!(ended.stderr.contains(&path.display().to_string()), "{file} is not named: {}", ended.stderr);
        }
    }
    // Root may write to every file, so the driver is told to open this one for reading.
    let path = folder.join("my i.db");
    let url = format!("sqlite://{}", path.display());
    run(&Settings::new(&url), &["migrate"]).await?.expect_success()?;
    for command in ["serve", "migrate", "sweep"] {
        let ended = run(&Settings::new(&format!("{url}?mode=ro")), &[command]).await?;
        let named = format!("cannot write to {}", path.display());
        ensure!(!ended.status.success() && ended.stderr.contains(&named), "{command}: {}", ended.stderr);
    }
    Ok(())
}

/// A Redis whose users are `owner`, who may use only names that begin with `prefix`, and `stranger`, who may use none of them.
async fn shared_redis(redis: Redis, prefix: &str) -> Result<Redis> {
    for command in [
        format!("ACL SETUSER owner on >secret ~{prefix}* &{prefix}* +@all -@admin"),
        "ACL SETUSER stranger on >secret ~other:* &other:* +@all".to_owned(),
    ] {
        ensure!(redis.ask(&command).await?.starts_with("+OK"), "{command}");
    }
    Ok(redis)
}

fn url_of(redis: &Redis, user: &str) -> String {
    redis.url().replace("redis://", &format!("redis://{user}:secret@"))
}

#[tokio::test]
async fn all_names_on_redis_and_valkey_begin_with_the_prefix() -> Result<()> {
    // The package with Valkey is for one architecture.
    let other = if cfg!(target_arch = "x86_64") { Redis::start_valkey().await? } else { Redis::start().await? };
    try_join(
        Box::pin(begins_with_the_prefix(Redis::start().await?, None, "insession:")),
        Box::pin(begins_with_the_prefix(other, Some("team/a:in_"), "team/a:in_")),
    )
    .await?;
    Ok(())
}

async fn begins_with_the_prefix(redis: Redis, setting: Option<&str>, prefix: &str) -> Result<()> {
    let redis = shared_redis(redis, prefix).await?;
    let database = TestDatabase::postgres().await?;
    let mut settings = Settings::new(&database.url).redis(&url_of(&redis, "owner"));
    if let Some(setting) = setting {
        settings = settings.with("REDIS_PREFIX", setting);
    }
    let server = Program::serve(&settings).await?;
    let worker = Program::worker(&settings).await?;
    eventually(LIMIT, "the worker to take jobs", async || {
        ensure!(worker.log().contains("taking jobs from Redis"), "{}", worker.log());
        Ok(())
    })
    .await?;
    check_in_reaches_a_subscriber(&server).await?;
    eventually(LIMIT, "a job to be done", async || {
        let keys = redis.ask("KEYS *").await?;
        ensure!(keys.contains(":jobs:done"), "{keys}");
        Ok(())
    })
    .await?;
    let keys = redis.ask("KEYS *").await?;
    let foreign: Vec<_> =
        keys.lines().filter(|line| !line.starts_with(['*', '$']) && !line.starts_with(prefix)).collect();
    ensure!(foreign.is_empty(), "{foreign:?}");
    let channels = redis.ask("PUBSUB CHANNELS").await?;
    let foreign: Vec<_> =
        channels.lines().filter(|line| !line.starts_with(['*', '$']) && !line.starts_with(prefix)).collect();
    ensure!(foreign.is_empty() && channels.contains(":wake"), "{channels}");
    assert_eq!(server.health().await?["redis"], "up");
    ensure!(!worker.log().contains("lacks rights"), "{}", worker.log());
    Ok(())
}

#[tokio::test]
async fn missing_redis_rights_are_logged_and_shown_by_the_health_check() -> Result<()> {
    let redis = shared_redis(Redis::start().await?, "insession:").await?;
    let database = TestDatabase::postgres().await?;
    let settings = Settings::new(&database.url).redis(&url_of(&redis, "stranger"));
    let server = Program::serve(&settings).await?;
    let worker = Program::worker(&settings).await?;
    for process in [&server, &worker] {
        eventually(LIMIT, "the missing rights to be logged", async || {
            let log = process.log();
            for part in ["the user of REDIS_URL lacks rights", "~insession:* &insession:*", "SUBSCRIBE: ", "ZADD: "] {
                ensure!(log.contains(part), "no {part:?} in {log}");
            }
            Ok(())
        })
        .await?;
    }
    assert_eq!(server.health().await?["redis"], "refused");
    // The server works without Redis until the rights are granted, and then with Redis.
    check_in_reaches_a_subscriber(&server).await?;
    redis.ask("ACL SETUSER stranger ~insession:* &insession:*").await?;
    eventually(LIMIT, "the rights to be noticed", async || {
        let health = server.health().await?;
        ensure!(health["redis"] == "up", "{health}");
        Ok(())
    })
    .await
}
