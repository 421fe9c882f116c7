//! Every subscriber gets every change once and in order, also when subscribers are slow, disconnect or are many.
//!
//! `INSESSION_FULL=1` runs these tests at full size, for release builds.

mod churn;
mod events;
mod multipart;
mod order;
mod retention;
mod slow;
mod storm;

use std::fs;

use anyhow::{Context, Result};
use insession_tests::{Client, LIMIT, Program};
use serde_json::json;

use crate::{
    fixtures::in_seconds,
    load::{app_on, test_error},
};

/// The field of the subscription.
const FIELD: &str = "activeSessionChanged";

/// A subscription that selects only the kind and the instance of each change.
const NEWS: &str = "subscription($sessionIds: [ID!], $personId: ID, $city: String, $after: Cursor) {
    activeSessionChanged(sessionIds: $sessionIds, personId: $personId, city: $city, after: $after) {
        kind cursor sessionInstanceId
    }
}";

/// `small` in CI, `full` when asked for.
pub fn size<T>(small: T, full: T) -> T {
    if std::env::var_os("INSESSION_FULL").is_some() { full } else { small }
}

/// Overrides the status of an instance for the next hour. Without an end, the next periodic sweep would end it.
async fn set_active(client: &Client, instance: &str, active: bool) -> Result<()> {
    let document = "mutation($id: ID!, $active: Boolean!, $until: DateTime!) {
        setActiveOverride(input: { sessionInstanceId: $id, active: $active, until: $until }) { sessionInstance { id } }
    }";
    client.data(document, json!({ "id": instance, "active": active, "until": in_seconds(3_600) })).await?;
    Ok(())
}

/// The value of a metric by its name, with its labels if it has any, such as `{code="1013"}`. 0 if it does not exist.
async fn metric(server: &Program, name: &str) -> Result<f64> {
    let text = server.metrics().await?;
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.map_or(Ok(0.0), |value| value.parse().with_context(|| format!("{name} is {value}")))
}

/// The resident memory of a process in KiB.
fn memory(program: &Program) -> Result<i64> {
    let status = fs::read_to_string(format!("/proc/{}/status", program.id()))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS")?;
    Ok(line.trim().trim_end_matches("kB").trim().parse()?)
}
