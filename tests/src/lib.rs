//! The harness of the end-to-end tests and of the benchmarks that run the real program.
//!
//! - [`Postgres`], [`Redis`]: private servers in temporary folders, which tests may stop, kill and start again. [`Nginx`],
//!   [`PgBouncer`]: a private proxy and a private pooler.
//! - [`TestDatabase`]: a fresh database of either kind; [`on_both_databases!`] runs one test body on both.
//! - [`Program`]: the `insession` binary as a process of its own; [`Deployment`]: several of them as in production.
//! - [`Proxy`], [`Shim`]: faults of the database connection, the clock and the disk.
//! - [`zoneinfo`]: releases of the time zone data, and folders of it that a test may change.
//! - [`Client`], [`Socket`]: clients over HTTP and over graphql-transport-ws.
//! - [`Browser`]: a headless Chromium.
//! - [`eventually`], [`within`]: waits for a condition, with a limit.
//!
//! Invariants: nothing outlives the test process, however it ends (see [`watchdog`]). Services that are installed on the
//! machine, such as a system PostgreSQL, are never touched.

#![expect(clippy::missing_panics_doc, reason = "the harness panics only when the harness itself is broken")]

pub mod browser;
pub mod certificate;
pub mod client;
pub mod database;
pub mod deployment;
pub mod folder;
pub mod nginx;
pub mod oidc;
pub mod pgbouncer;
pub mod ports;
pub mod postgres;
pub mod process;
pub mod program;
pub mod provider;
pub mod proxy;
pub mod redis;
pub mod shim;
pub mod soak;
pub mod socket;
pub mod token;
pub mod wait;
pub mod watchdog;
pub mod zoneinfo;

pub use browser::{Browser, Page, Screen};
pub use certificate::Certificate;
pub use client::{Answer, Client, GraphqlError};
pub use database::{Backend, TestDatabase};
pub use deployment::Deployment;
pub use folder::TemporaryFolder;
pub use nginx::Nginx;
pub use oidc::OidcProvider;
pub use pgbouncer::PgBouncer;
pub use postgres::{Postgres, PostgresOptions};
pub use program::{Finished, Program, Settings};
pub use proxy::Proxy;
pub use redis::Redis;
pub use shim::Shim;
pub use socket::{Closed, Received, Socket};
pub use wait::{LIMIT, eventually, now, within};
