//! The start of the program, with invalid settings and with addresses that are in use.

use std::{
    fs,
    process::{Command, Stdio},
};

use anyhow::{Context, Result, ensure};
use insession_tests::{
    LIMIT, Program, Settings, TemporaryFolder, TestDatabase, eventually,
    ports::free_port,
    program::{binary, run},
};
use serde_json::json;
use tokio::net::TcpListener;

#[tokio::test]
async fn invalid_setting_stops_the_start_and_is_named() -> Result<()> {
    let database = TestDatabase::sqlite()?;
    for (name, value, problem) in [
        ("DATABASE_CONNECTIONS", "0", "it must be a whole number from 2 to 10000"),
        ("PORT", "99999", "it must be a whole number from 0 to 65535"),
        ("ONLINE_WINDOW_SECONDS", "-1", "it must be a whole number from 1 to 86400"),
        ("CORS_ORIGINS", "https://example.org/app", "an origin is a scheme and a host"),
        ("PUBLIC_URL", "example.org/insession", "it must be an address such as https://example.org"),
        ("HOST", "127.0.0.1:80", "it must be an IP address or a host name"),
    ] {
        let ended = run(&Settings::new(&database.url).with(name, value), &["serve"]).await?;
        let expected = format!("insession: {name} ");
        ensure!(ended.status.code() == Some(1), "{name}={value}: {}", ended.status);
        ensure!(ended.stderr.starts_with(&expected) && ended.stderr.contains(problem), "{}", ended.stderr);
    }
    Ok(())
}

#[tokio::test]
async fn host_may_be_a_name() -> Result<()> {
    let database = TestDatabase::sqlite()?;
    let server = Program::serve(&Settings::new(&database.url).with("HOST", "localhost")).await?;
    server.admin().data("{ sessions { totalCount } }", json!({})).await?;
    Ok(())
}

#[tokio::test]
async fn failed_start_of_the_demo_leaves_no_folder() -> Result<()> {
    let taken = TcpListener::bind("127.0.0.1:0").await?;
    let port = taken.local_addr()?.port().to_string();
    let temporary = TemporaryFolder::new()?;
    let settings = Settings::new("").with("TMPDIR", &temporary.path().display().to_string());
    for (settings, problem) in [
        (settings.clone().with("PORT", &port), format!("cannot listen on 127.0.0.1:{port}")),
        (settings.with("DATABASE_CONNECTIONS", "0"), "DATABASE_CONNECTIONS is".to_owned()),
    ] {
        let ended = run(&settings, &["demo"]).await?;
        ensure!(!ended.status.success() && ended.stderr.contains(&problem), "{}: {}", ended.status, ended.stderr);
        let left: Vec<_> = fs::read_dir(temporary.path())?.collect();
        ensure!(left.is_empty(), "{left:?}");
    }
    Ok(())
}

#[tokio::test]
async fn failed_start_names_the_resource_and_the_reason() -> Result<()> {
    let taken = TcpListener::bind("127.0.0.1:0").await?;
    let (taken, free) = (taken.local_addr()?.port().to_string(), free_port()?);
    let database = TestDatabase::sqlite()?;
    let nowhere = "sqlite:///nowhere/for-insession/i.db";
    for (settings, arguments, expected) in [
        (
            Settings::new(&format!("postgres://ann:secret@127.0.0.1:{free}/insession")),
            vec!["serve"],
            vec![format!("PostgreSQL at 127.0.0.1:{free}: "), "refused".to_owned()],
        ),
        (
            Settings::new(&database.url),
            vec!["serve", "--port", &taken],
            vec![
                format!("cannot listen on 127.0.0.1:{taken}"),
                "--port".to_owned(),
                "ddress already in use".to_owned(),
            ],
        ),
        (Settings::new(nowhere), vec!["serve"], vec!["/nowhere/for-insession/i.db".to_owned()]),
        (Settings::new(nowhere).without("JWT_SECRET"), vec!["serve"], vec!["/nowhere/for-insession/i.db".to_owned()]),
    ] {
        let ended = run(&settings, &arguments).await?;
        ensure!(ended.status.code() == Some(1), "{arguments:?}: {}", ended.status);
        for part in expected {
            ensure!(ended.stderr.contains(&part), "no {part:?} in {}", ended.stderr);
        }
        ensure!(!ended.stderr.contains("secret@"), "a password in {}", ended.stderr);
    }
    Ok(())
}

#[tokio::test]
async fn server_prints_its_addresses_and_warns_of_an_unreachable_redis() -> Result<()> {
    let database = TestDatabase::sqlite()?;
    let redis = format!("127.0.0.1:{}", free_port()?);
    let server = Program::serve(&Settings::new(&database.url).redis(&format!("redis://{redis}"))).await?;
    let graphiql = format!("GraphiQL    {}/graphiql", server.url());
    eventually(LIMIT, "the addresses and the warning", async || {
        let log = server.log();
        ensure!(log.contains(&graphiql), "no {graphiql} in {log}");
        let warns = |line: &str| line.contains("WARN") && line.contains("REDIS_URL") && line.contains(&redis);
        ensure!(log.lines().any(warns), "no warning in {log}");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn help_names_the_settings_and_version_the_commit() -> Result<()> {
    let settings = Settings::new("sqlite://unused.db");
    for arguments in [&["--help"][..], &["serve", "--help"]] {
        let help = run(&settings, arguments).await?.expect_success()?.stdout;
        for name in ["DATABASE_URL", "REDIS_URL", "ONLINE_WINDOW_SECONDS"] {
            ensure!(help.contains(name), "no {name} in {help}");
        }
    }
    let version = run(&settings, &["--version"]).await?.expect_success()?.stdout;
    let commit = version.split_once('(').and_then(|(_, rest)| rest.split_once(')')).context("no commit")?.0;
    ensure!(commit.len() == 12 && commit.bytes().all(|byte| byte.is_ascii_hexdigit()), "{version}");
    for shell in ["bash", "zsh", "fish"] {
        let script = run(&settings, &["completions", shell]).await?.expect_success()?.stdout;
        ensure!(script.contains("simulate-time"), "{shell}: {script}");
    }
    Ok(())
}

#[test]
fn commands_end_quietly_when_their_output_is_closed() -> Result<()> {
    for arguments in [&["schema"][..], &["scenario", "evening"], &["scenario", "--list"], &["completions", "bash"]] {
        let mut command = Command::new(binary()?);
        let mut child = command.args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
        drop(child.stdout.take());
        let ended = child.wait_with_output()?;
        let errors = String::from_utf8_lossy(&ended.stderr);
        ensure!(ended.status.success() && errors.is_empty(), "{arguments:?}: {}: {errors}", ended.status);
    }
    Ok(())
}

#[tokio::test]
async fn token_for_an_unknown_person_warns() -> Result<()> {
    let database = TestDatabase::sqlite()?;
    let server = Program::serve(&Settings::new(&database.url)).await?;
    let admin = server.admin();
    let data =
        admin.data("mutation { createPerson(input: { displayName: \"Ann\" }) { person { id } } }", json!({})).await?;
    assert_eq!(data["createPerson"]["person"]["id"], "Person:1");
    for (person, warns) in [("Person:1", false), ("99", true)] {
        let ended = run(&Settings::new(&database.url), &["token", "--person", person]).await?.expect_success()?;
        assert_eq!(ended.stderr.contains("the database has no Person:99"), warns, "{}", ended.stderr);
        assert_eq!(ended.stdout.trim().split('.').count(), 3, "{}", ended.stdout);
    }
    let unused = TemporaryFolder::new()?;
    let file = unused.join("new.db");
    let settings = Settings::new(&format!("sqlite://{}", file.display()));
    let ended = run(&settings, &["token", "--person", "1"]).await?.expect_success()?;
    ensure!(ended.stderr.contains("the database has no Person:1") && !file.exists(), "{}", ended.stderr);
    Ok(())
}
