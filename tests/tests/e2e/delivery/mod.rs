//! Nothing lost, nothing twice, in order; whoever is slow, gone or many.
//!
//! `INSESSION_FULL=1` runs these tests at their full size, which is for release builds.

mod churn;
mod kept;
mod multipart;
mod order;
mod slow;
mod storm;

use std::fs;

use anyhow::{Context, Result};
use insession_tests::{Client, LIMIT, Program};
use serde_json::json;

use crate::load::{app_on, told};

/// The field of the only subscription there is.
const FIELD: &str = "activeSessionChanged";

/// A subscription that asks for little: what happened to what.
const NEWS: &str = "subscription($sessionIds: [ID!], $personId: ID, $city: String, $after: Cursor) {
    activeSessionChanged(sessionIds: $sessionIds, personId: $personId, city: $city, after: $after) {
        kind cursor sessionInstanceId
    }
}";

/// `small` in CI, `full` when asked for.
fn size<T>(small: T, full: T) -> T {
    if std::env::var_os("INSESSION_FULL").is_some() { full } else { small }
}

/// Holds an instance active or inactive.
async fn turn(client: &Client, instance: &str, active: bool) -> Result<()> {
    let document = "mutation($id: ID!, $active: Boolean!) {
        setActiveOverride(input: { sessionInstanceId: $id, active: $active }) { sessionInstance { id } }
    }";
    client.data(document, json!({ "id": instance, "active": active })).await?;
    Ok(())
}

/// The value of a metric without labels, or with these, such as `{code="1013"}`; 0 of one that is not there.
async fn metric(server: &Program, name: &str) -> Result<f64> {
    let text = server.metrics().await?;
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.map_or(Ok(0.0), |value| value.parse().with_context(|| format!("{name} is {value}")))
}

/// The memory of a process that is in use, in KiB.
fn memory(program: &Program) -> Result<i64> {
    let status = fs::read_to_string(format!("/proc/{}/status", program.id()))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("a process has memory")?;
    Ok(line.trim().trim_end_matches("kB").trim().parse()?)
}
