//! Newer data appears while processes run. Windows move, subscribers get the changes, and a process with older data
//! changes nothing.

use std::{fs, path::Path};

use anyhow::{Context, Result, ensure};
use chrono::{DateTime, FixedOffset, TimeDelta, Utc};
use domain::zone::ZoneData;
use insession_tests::{
    Client, Deployment, LIMIT, Program, Shim, Socket, TestDatabase,
    database::execute,
    eventually, on_both_databases,
    program::{Settings, run},
    token,
    zoneinfo::{OLD, ZoneFolder},
};
use serde_json::{Value, json};

use crate::fixtures::{CHANGES, instant, local_time, update_active_status};

on_both_databases!(
    windows_follow_newer_zone_data_while_the_program_runs,
    process_with_older_zone_data_computes_no_windows,
    damaged_zone_data_is_refused_and_the_next_source_is_used,
);

/// In these zones, the two releases differ by an hour at [`clock`].
const ZONES: [&str; 5] =
    ["America/Vancouver", "America/Edmonton", "America/Winnipeg", "Africa/Casablanca", "America/Havana"];

/// The instant at which the tests begin.
fn clock() -> DateTime<Utc> {
    "2027-01-14T20:10:00Z".parse().unwrap_or_default()
}

/// Sets the clock of the programs, and keeps tokens valid.
fn set_clock(shim: &Shim) -> Result<()> {
    shim.set_clock(clock() - insession_tests::now())
}

fn admin(server: &Program) -> Client {
    server.client().with_token(&token::admin_lasting(TimeDelta::days(3_650)))
}

fn newest() -> &'static str {
    ZoneData::compiled().version()
}

fn nowhere() -> &'static Path {
    Path::new("/nonexistent")
}

/// A session with three meetings. By the old data, one is active now, one was active an hour earlier, and one will be
/// an hour later.
struct Sample {
    session: String,
    zone: &'static str,
    /// Earlier, now and later.
    instances: [String; 3],
    starts: [DateTime<Utc>; 3],
}

async fn starts_of(client: &Client, instance: &str) -> Result<DateTime<Utc>> {
    let document = "query($id: ID!) { sessionInstance(id: $id) { startsAt } }";
    let data = client.data(document, json!({ "id": instance })).await?;
    instant(&data["sessionInstance"]["startsAt"])
}

async fn create_session(client: &Client, zone: &str) -> Result<String> {
    let input = json!({
        "name": zone, "timeZone": zone, "activeBufferMinutesBefore": 0, "activeBufferMinutesAfter": 0,
    });
    let document = "mutation($input: CreateSessionInput!) { createSession(input: $input) { session { id } } }";
    let data = client.data(document, json!({ "input": input })).await?;
    Ok(data["createSession"]["session"]["id"].as_str().context("an id")?.to_owned())
}

/// Creates an instance that starts at an instant, by clocks with this offset.
async fn create_instance(client: &Client, session: &str, offset: FixedOffset, starts: DateTime<Utc>) -> Result<String> {
    let (start, end) = (starts.with_timezone(&offset), (starts + TimeDelta::minutes(40)).with_timezone(&offset));
    let local = |at: DateTime<FixedOffset>| local_time(at.naive_local().and_utc());
    let input = json!({
        "sessionId": session, "date": start.date_naive().to_string(), "startTime": local(start), "endTime": local(end),
    });
    let document = "mutation($input: CreateSessionInstanceInput!) {
        createSessionInstance(input: $input) { sessionInstance { id } }
    }";
    let data = client.data(document, json!({ "input": input })).await?;
    Ok(data["createSessionInstance"]["sessionInstance"]["id"].as_str().context("an id")?.to_owned())
}

async fn create_samples(client: &Client, old: ZoneData) -> Result<Vec<Sample>> {
    let mut samples = Vec::new();
    for zone in ZONES {
        let session = create_session(client, zone).await?;
        let offset = old.zone(zone)?.offset(clock());
        let starts = [-80, -20, 40].map(|minutes| clock() + TimeDelta::minutes(minutes));
        let mut instances = Vec::new();
        for starts in starts {
            instances.push(create_instance(client, &session, offset, starts).await?);
        }
        let instances = instances.try_into().ok().context("three instances")?;
        samples.push(Sample { session, zone, instances, starts });
    }
    Ok(samples)
}

/// Waits for these changes, in whichever order.
async fn expect_changes(socket: &mut Socket, id: &str, mut changes: Vec<(&str, &String)>) -> Result<()> {
    while !changes.is_empty() {
        let received = socket.next_for(id, LIMIT).await.with_context(|| format!("{changes:?} did not come"))?;
        let change = received.field("activeSessionChanged");
        changes.retain(|(kind, instance)| {
            (&change["kind"], &change["sessionInstanceId"]) != (&json!(kind), &json!(instance))
        });
    }
    Ok(())
}

async fn sequence(server: &Program, path: &str) -> Result<u64> {
    let text = reqwest::get(format!("{}/sessions/{path}/calendar.ics", server.url())).await?.text().await?;
    let line = text.lines().find_map(|line| line.strip_prefix("SEQUENCE:"));
    Ok(line.with_context(|| format!("no SEQUENCE in {text}"))?.parse()?)
}

/// The path of a zone's session.
fn path(zone: &str) -> String {
    zone.to_lowercase().replace('/', "-")
}

/// Waits until a server uses this version, and the windows in the database are computed with it.
async fn expect_version(server: &Program, version: &str) -> Result<Value> {
    eventually(LIMIT, &format!("the zone data {version}"), async || {
        let health = server.health().await?;
        let zone_data = &health["zone_data"];
        ensure!(zone_data["version"] == version && zone_data["stored_version"] == version, "{health}");
        Ok(health)
    })
    .await
}

fn read(folder: &ZoneFolder) -> ZoneData {
    service::zones::Zones::load(Some(folder.path().to_owned())).data()
}

async fn windows_follow_newer_zone_data_while_the_program_runs(database: TestDatabase) -> Result<()> {
    let folder = ZoneFolder::with(OLD)?;
    let (old, new) = (read(&folder), ZoneData::compiled());
    let shim = Shim::new().await?;
    set_clock(&shim)?;
    let zoneinfo = folder.path().display().to_string();
    let mut deployment =
        Deployment::start_with(&database, |settings| shim.before(settings, nowhere()).with("ZONEINFO", &zoneinfo))
            .await?;
    expect_version(deployment.first(), OLD).await?;
    let client = admin(deployment.first());
    let samples = create_samples(&client, old).await?;
    for sample in &samples {
        for (instance, starts) in sample.instances.iter().zip(sample.starts) {
            assert_eq!(starts_of(&client, instance).await?, starts, "{}", sample.zone);
        }
    }
    let mut socket = deployment.second().socket(Some(&token::admin_lasting(TimeDelta::days(3_650)))).await?;
    for sample in &samples {
        socket.subscribe(sample.zone, CHANGES, json!({ "sessionIds": [sample.session] }))?;
        let first = socket.next_for(sample.zone, LIMIT).await?;
        let active = &first.field("activeSessionChanged")["activeInstances"];
        assert_eq!(*active, json!([{ "id": sample.instances[1] }]), "{}", sample.zone);
    }
    let before = sequence(deployment.first(), &path(ZONES[0])).await?;

    folder.install(newest())?;
    for program in deployment.servers.iter_mut().chain(&mut deployment.workers) {
        program.signal("HUP")?;
    }
    for sample in &samples {
        let shift = i64::from(old.zone(sample.zone)?.offset(clock()).local_minus_utc())
            - i64::from(new.zone(sample.zone)?.offset(clock()).local_minus_utc());
        let shift = TimeDelta::seconds(shift);
        assert_eq!(shift.num_minutes().abs(), 60, "{}", sample.zone);
        let [earlier, now, later] = &sample.instances;
        let on = if shift < TimeDelta::zero() { later } else { earlier };
        expect_changes(&mut socket, sample.zone, vec![("ACTIVATED", on), ("DEACTIVATED", now)])
            .await
            .context(sample.zone)?;
        for (instance, starts) in sample.instances.iter().zip(sample.starts) {
            let moved = starts_of(&client, instance).await?;
            // An instance that is over by both releases stays as it was.
            let is_over = |starts: DateTime<Utc>| starts + TimeDelta::minutes(40) <= clock();
            let expected = if is_over(starts) && is_over(starts + shift) { starts } else { starts + shift };
            assert_eq!(moved, expected, "{} {instance}", sample.zone);
        }
    }
    for server in &deployment.servers {
        let health = expect_version(server, newest()).await?;
        assert_eq!(health["zone_data"]["source"], zoneinfo);
        assert_eq!(health["warnings"], json!([]), "{health}");
        let metrics = server.metrics().await?;
        let info = format!("insession_zone_data_info{{version=\"{}\",source=\"{zoneinfo}\"}} 1", newest());
        ensure!(metrics.contains(&info) && metrics.contains("insession_zone_data_outdated 0"), "{metrics}");
    }
    let after = sequence(deployment.first(), &path(ZONES[0])).await?;
    ensure!(before < after, "SEQUENCE stays {before}");
    let page = client
        .http()
        .get(client.address("/admin"))
        .header("Cookie", format!("insession_token={}", token::admin_lasting(TimeDelta::days(3_650))));
    let page = page.send().await?.text().await?;
    ensure!(page.contains(newest()) && page.contains(&zoneinfo), "{page}");
    Ok(())
}

/// The stored times of all instances, as text.
async fn stored(client: &Client) -> Result<Value> {
    let document =
        "{ sessions(first: 50) { nodes { id instances(first: 50) { nodes { id startsAt endsAt isActive } } } } }";
    Ok(client.data(document, json!({})).await?["sessions"].take())
}

async fn process_with_older_zone_data_computes_no_windows(database: TestDatabase) -> Result<()> {
    let shim = Shim::new().await?;
    set_clock(&shim)?;
    let deployment = Deployment::start_with(&database, |settings| shim.before(settings, nowhere())).await?;
    let client = admin(deployment.first());
    expect_version(deployment.first(), newest()).await?;
    let samples = create_samples(&client, ZoneData::compiled()).await?;
    let before = stored(&client).await?;

    let folder = ZoneFolder::with(OLD)?;
    let old = deployment.settings.clone().with("ZONEINFO", &folder.path().display().to_string());
    // Without Redis, this server runs the jobs itself.
    let mut server = Program::serve(&old.clone().without("REDIS_URL")).await?;
    let health = eventually(LIMIT, "a warning", async || {
        let response = reqwest::get(format!("{}/health/ready", server.url())).await?;
        assert_eq!(response.status(), 200);
        let health: Value = response.json().await?;
        ensure!(health["zone_data"]["is_outdated"] == true, "{health}");
        Ok(health)
    });
    let health = health.await?;
    assert_eq!(health["zone_data"]["version"], OLD);
    assert_eq!(health["zone_data"]["stored_version"], newest());
    ensure!(
        health["warnings"][0].as_str().is_some_and(|text| text.contains(OLD) && text.contains(newest())),
        "{health}"
    );
    ensure!(server.metrics().await?.contains("insession_zone_data_outdated 1"));

    // Whatever sweeps there, nothing changes.
    let swept = run(&old, &["sweep", "--all", "--json"]).await?.expect_success()?.json()?;
    assert_eq!((&swept["activated"], &swept["deactivated"]), (&json!([]), &json!([])), "{swept}");
    ensure!(swept["errors"].to_string().contains(OLD), "the sweep does not say why: {swept}");
    let theirs = admin(&server);
    for instance in samples.iter().flat_map(|sample| &sample.instances) {
        update_active_status(&theirs, instance).await?;
    }
    assert_eq!(stored(&client).await?, before);

    // What is saved there gets its window from a process with newer data.
    let sample = &samples[0];
    let offset = ZoneData::compiled().zone(sample.zone)?.offset(clock());
    let starts = clock() + TimeDelta::hours(5);
    let made = create_instance(&theirs, &sample.session, offset, starts).await?;
    eventually(LIMIT, "the window", async || {
        let found = starts_of(&client, &made).await?;
        ensure!(found == starts, "it is {found}");
        Ok(())
    })
    .await?;

    // It takes over as soon as it finds the newer data.
    folder.install(newest())?;
    server.signal("HUP")?;
    let health = expect_version(&server, newest()).await?;
    assert_eq!((&health["zone_data"]["is_outdated"], &health["warnings"]), (&json!(false), &json!([])));
    ensure!(server.metrics().await?.contains("insession_zone_data_outdated 0"));
    Ok(())
}

async fn damaged_zone_data_is_refused_and_the_next_source_is_used(database: TestDatabase) -> Result<()> {
    let folder = ZoneFolder::with(OLD)?;
    let file = folder.path().join("America/Vancouver");
    let whole = fs::read(&file)?;
    fs::write(&file, &whole[..whole.len() / 2])?;
    let settings = Settings::new(&database.url).with("ZONEINFO", &folder.path().display().to_string());
    let mut server = Program::serve(&settings).await?;
    let health = expect_version(&server, newest()).await?;
    assert_eq!(health["zone_data"]["source"], "the program");
    let warning = health["warnings"][0].as_str().unwrap_or_default();
    ensure!(warning.contains("America/Vancouver is damaged") && warning.contains("is not used"), "{health}");
    ensure!(server.log().contains("America/Vancouver is damaged"), "{}", server.log());

    // When the folder is repaired, it is used. Its data is older than the data that the windows were computed with.
    fs::write(&file, &whole)?;
    server.signal("HUP")?;
    eventually(LIMIT, "the folder to be used", async || {
        let health = server.health().await?;
        ensure!(health["zone_data"]["version"] == OLD && health["zone_data"]["is_outdated"] == true, "{health}");
        Ok(())
    })
    .await?;
    // A zone of the database that no data has is a problem of its session, and no file of that name is read.
    let client = server.admin();
    let session = create_session(&client, "UTC").await?;
    execute(&database.connect().await?, "UPDATE session SET time_zone = '../../../etc/passwd'").await?;
    let document = "query($id: ID!) { session(id: $id) { timeZone problem } }";
    let data = client.data(document, json!({ "id": session })).await?;
    ensure!(data["session"]["problem"].as_str().is_some_and(|text| text.contains("unknown time zone")), "{data}");
    Ok(())
}
