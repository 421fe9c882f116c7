//! Compares every zone of two releases with Python's zoneinfo, from 1970 to 2120.

use std::{
    io::Write as _,
    path::Path,
    process::{Command, Stdio},
};

use anyhow::{Context, Result, ensure};
use chrono::{DateTime, TimeDelta, Utc};
use domain::zone::{ClockChange, Zone, ZoneData, clock_changes, instant_of, local_time};
use insession_tests::zoneinfo::{self, OLD};
use serde_json::{Value, json};
use service::zones::Zones;

#[tokio::test]
async fn offsets_are_those_that_python_reads_from_the_same_data() -> Result<()> {
    let newest = ZoneData::compiled();
    for version in [OLD, newest.version()] {
        let folder = zoneinfo::release(version)?;
        let data = Zones::load(Some(folder.clone())).data();
        assert_eq!((data.version(), data.source()), (version, folder.display().to_string().as_str()));
        let names: Vec<&str> = data.names().collect();
        ensure!(names.len() > 590, "only {} zones", names.len());
        let zones = ask_python(&folder, &names).await?;
        assert_eq!(zones.len(), names.len());
        for python in &zones {
            let name = python["name"].as_str().context("a name")?;
            compare(data.zone(name)?, python).with_context(|| format!("{version}: {name}"))?;
            if version == newest.version() {
                compare(newest.zone(name)?, python).with_context(|| format!("the program's data: {name}"))?;
            }
        }
    }
    Ok(())
}

async fn ask_python(folder: &Path, names: &[&str]) -> Result<Vec<Value>> {
    let mut python = Command::new("python3");
    python.args(["-c", include_str!("oracle.py")]).env("PYTHONTZPATH", folder);
    let question = json!(names).to_string();
    let answer = tokio::task::spawn_blocking(move || {
        let mut child = python.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
        child.stdin.take().context("no input")?.write_all(question.as_bytes())?;
        let output = child.wait_with_output()?;
        ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        Ok(String::from_utf8(output.stdout)?)
    });
    answer.await??.lines().map(|line| Ok(serde_json::from_str(line)?)).collect()
}

fn compare(zone: Zone, python: &Value) -> Result<()> {
    let offset = |at: DateTime<Utc>| i64::from(zone.offset(at).local_minus_utc());
    let number = |value: &Value| value.as_i64().with_context(|| format!("{value} is no number"));
    // Python lists changes until then.
    let listed: DateTime<Utc> = "2100-01-01T00:00:00Z".parse()?;
    let mut at = DateTime::<Utc>::UNIX_EPOCH;
    let mut expected = number(&python["first"])?;
    let mut own = clock_changes(zone).skip_while(|change| change.at == DateTime::<Utc>::UNIX_EPOCH).peekable();
    for change in python["changes"].as_array().context("changes")? {
        let next = DateTime::from_timestamp(number(&change[0])?, 0).context("an instant")?;
        expect_offset(offset, at, next, expected)?;
        if let Some(ClockChange { at, .. }) = own.next_if(|_| next < listed) {
            ensure!(at == next, "it changes at {at}, and in Python at {next}");
        }
        for local in change[2].as_array().context("local times")? {
            let naive = DateTime::from_timestamp(number(&local[0])?, 0).context("a local time")?.naive_utc();
            let instant = instant_of(zone, naive);
            let read = (naive.and_utc() - instant).num_seconds();
            ensure!(
                read == number(&local[1])?,
                "{naive} is read with the offset {read}, and in Python with {}",
                local[1]
            );
            // The time that clocks show then is the same one, unless there is no such time.
            let shown = local_time(zone, instant);
            ensure!(shown >= naive, "{naive} is shown as {shown}");
        }
        (at, expected) = (next, number(&change[1])?);
    }
    ensure!(own.next().is_none(), "it has changes that Python does not have");
    expect_offset(offset, at, "2120-01-01T00:00:00Z".parse()?, expected)
}

/// Checks the offset from one instant until another: at both ends, and every fifth day.
fn expect_offset(
    offset: impl Fn(DateTime<Utc>) -> i64,
    from: DateTime<Utc>,
    until: DateTime<Utc>,
    expected: i64,
) -> Result<()> {
    let last = until - TimeDelta::seconds(1);
    let mut at = from;
    while at < last {
        ensure!(offset(at) == expected, "the offset at {at} is {}, and in Python {expected}", offset(at));
        at += TimeDelta::days(5);
    }
    ensure!(offset(last) == expected, "the offset at {last} is {}, and in Python {expected}", offset(last));
    Ok(())
}
