//! How the program starts: settings that cannot be used, addresses that are taken.

use std::fs;

use anyhow::{Result, ensure};
use insession_tests::{Program, Settings, TemporaryFolder, TestDatabase, program::run};
use serde_json::json;
use tokio::net::TcpListener;

#[tokio::test]
async fn a_wrong_setting_stops_the_start_with_an_error_that_names_it() -> Result<()> {
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
async fn a_host_may_be_a_name() -> Result<()> {
    let database = TestDatabase::sqlite()?;
    let server = Program::serve(&Settings::new(&database.url).with("HOST", "localhost")).await?;
    server.admin().data("{ sessions { totalCount } }", json!({})).await?;
    Ok(())
}

#[tokio::test]
async fn a_demo_that_cannot_start_leaves_no_folder_behind() -> Result<()> {
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
