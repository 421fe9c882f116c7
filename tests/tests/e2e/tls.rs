//! PostgreSQL and Redis over TLS, with a self-signed certificate.

use anyhow::{Result, ensure};
use insession_tests::{
    Certificate, LIMIT, Postgres, PostgresOptions, Program, Redis, Settings, TestDatabase, database::number,
    eventually, program,
};
use serde_json::json;

use crate::fixtures::create_person;

#[tokio::test]
async fn postgres_connections_use_tls_and_verify_certificates() -> Result<()> {
    let postgres = Postgres::start_with(PostgresOptions { tls: true, ..PostgresOptions::default() }).await?;
    let database = TestDatabase::on(&postgres).await?;
    let encrypted = format!("{}?sslmode=require", database.url);
    let server = Program::serve(&Settings::new(&encrypted)).await?;
    create_person(&server.admin(), "Ann").await?;
    // The test's own connection is not encrypted.
    let connection = sea_orm::Database::connect(format!("{}?sslmode=disable", database.url)).await?;
    let sql = "SELECT count(*) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid)
               WHERE datname = current_database() AND pid <> pg_backend_pid()";
    ensure!(number(&connection, &format!("{sql} AND NOT ssl")).await? == 0, "some connections are not encrypted");
    ensure!(number(&connection, &format!("{sql} AND ssl")).await? > 0, "there are no connections");

    // `verify-full` verifies the certificate.
    let unknown = format!("{}?sslmode=verify-full", database.url);
    let refused = program::run(&Settings::new(&unknown), &["migrate"]).await?;
    ensure!(!refused.status.success(), "an unknown certificate was accepted");
    ensure!(refused.stderr.contains("certificate"), "the error does not mention the certificate: {}", refused.stderr);
    let certificate = postgres.certificate().display().to_string();
    let known = format!("{unknown}&sslrootcert={certificate}");
    program::run(&Settings::new(&known), &["migrate"]).await?.expect_success()?;
    Ok(())
}

#[tokio::test]
async fn redis_connections_use_tls_and_verify_certificates() -> Result<()> {
    let database = TestDatabase::postgres().await?;
    let certificate = Certificate::new().await?;
    let redis = Redis::start_with_tls(&certificate).await?;
    let settings = Settings::new(&database.url).redis(&redis.url());
    let trusting = settings.clone().with("SSL_CERT_FILE", &certificate.file().display().to_string());
    let server = Program::serve(&trusting).await?;
    let worker = Program::worker(&trusting).await?;
    eventually(LIMIT, "Redis to be reached", async || {
        let health = server.health().await?;
        ensure!(health["redis"] == "up", "{health}");
        ensure!(worker.log().contains("taking jobs from Redis"), "the worker takes no jobs yet");
        Ok(())
    })
    .await?;
    server.admin().data("{ changeCursor }", json!({})).await?;

    let server = Program::serve(&settings).await?;
    ensure!(server.health().await?["redis"] == "down", "an unknown certificate was accepted");
    Ok(())
}
