//! The first query of a page, over HTTP: the active instances with their sessions and counts, and the viewer's
//! placement.
//!
//! The server is the real program on its own core, with a pool of the usual size. PostgreSQL and the clients share the
//! other core. The baseline is an axum handler with a pool of the same size. It checks the token, runs two statements
//! and writes the same JSON. The two are measured in turn, while the other one is idle.

pub mod by_hand;

use std::{
    num::NonZero,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use insession_tests::{Client, Postgres, token};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::JoinSet,
};

use crate::{
    figures::{Aim, Figures},
    measure::ratio,
    pinned::{Pinned, pin_this_process},
    stage::{execute, prepare},
};

#[derive(Debug, clap::Args)]
pub struct Options {
    /// Number of requests in flight
    #[arg(long, default_value_t = 32)]
    concurrency: usize,
    /// Number of connections in the pool of each server
    #[arg(long, default_value_t = 16)]
    connections: u32,
    /// Number of measurements of each server
    #[arg(long, default_value_t = NonZero::<u8>::MIN.saturating_add(4))]
    repetitions: NonZero<u8>,
    /// Duration of each measurement
    #[arg(long, default_value_t = 3)]
    seconds: u64,
}

const QUERY: &str = "query Now { \
    activeSessionInstances(first: 20) { \
      nodes { id date startsAt activeUntil isActive attendingCount presentCount \
        session { id name path city country timeZone } } \
      pageInfo { hasNextPage } } \
    viewer { id displayName activeSessionInstance { id session { id name path } } } }";
const VIEWER: &str = "Person:77";

#[derive(Debug, Clone, Copy)]
struct Slice {
    requests_per_second: f64,
    cpu_per_request: Duration,
    busy: f64,
}

/// One figure of a measurement.
type Figure = fn(&Slice) -> f64;

pub async fn run(options: Options, figures: &mut Figures) -> Result<()> {
    pin_this_process()?;
    let postgres = Postgres::start().await?;
    let url = postgres.create_database().await?;
    execute(prepare(&url, 2).await?.db.pool(), FILL).await?;
    let connections = options.connections.to_string();
    // Without Redis, its jobs run in the same process. Nothing falls due meanwhile.
    let insession = Pinned::insession(&[("DATABASE_URL", &url), ("DATABASE_CONNECTIONS", &connections)]).await?;
    let by_hand = Pinned::this_program("query-by-hand", &[&connections, &url]).await?;
    let answer = ask(&insession).await?;
    ensure!(answer == ask(&by_hand).await?, "the answers differ");
    ensure!(answer["activeSessionInstances"]["nodes"].as_array().map(Vec::len) == Some(20), "there are 20: {answer}");
    ensure!(answer["viewer"]["activeSessionInstance"].is_object(), "the viewer has a placement: {answer}");

    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    // The first measurement of each is not counted.
    for repetition in 0..=options.repetitions.get() {
        for (server, slices) in [(&insession, &mut ours), (&by_hand, &mut theirs)] {
            let slice = measure(server, &options).await?;
            if repetition > 0 {
                slices.push(slice);
            }
        }
    }
    println!(
        "activeSessionInstances(first: 20) with sessions and counts, and the viewer's placement; {} requests in flight, {} \
         connections to the database; each figure the median of {}",
        options.concurrency, options.connections, options.repetitions
    );
    let of: [(&str, &str, Figure, Aim); 3] = [
        ("requests", "a second", |it| it.requests_per_second, Aim::None),
        ("CPU a request", "us", |it| it.cpu_per_request.as_secs_f64() * 1e6, Aim::TimesAtMost(2.0)),
        ("busy core", "%", |it| it.busy * 100.0, Aim::None),
    ];
    for (what, unit, figure, aim) in of {
        let all = |slices: &[Slice]| slices.iter().map(figure).collect();
        figures.add_medians(what, unit, all(&ours), Some(all(&theirs)), aim);
    }
    Ok(())
}

/// A thousand sessions with 20 instances each. 200 instances are active; each has 25 people who are placed there, and 5
/// more people who said yes.
pub const FILL: &str = "INSERT INTO session (name, name_key, path, city, country, time_zone, created_at) \
      SELECT 'Session ' || n, 'session ' || n, 'session-' || n, 'City ' || n % 50, 'Country ' || n % 5, \
             'America/Chicago', now() FROM generate_series(1, 1000) n; \
    INSERT INTO session_instance (session_id, date, start_time, end_time, starts_at, ends_at, opens_at, closes_at, \
             listed_at, is_active, created_at) \
      SELECT 1 + n % 1000, starts::date, '19:00', '22:00', starts, starts + interval '3 hours', \
             starts - interval '1 hour', starts + interval '4 hours', starts, n < 200, now() \
      FROM (SELECT n, date_trunc('second', now()) - CASE WHEN n < 200 THEN n * interval '1 second' \
                ELSE interval '1 day' * (1 + n / 1000) END AS starts FROM generate_series(0, 19999) n) planned; \
    INSERT INTO person (display_name, name_key, created_at, active_session_instance_id) \
      SELECT 'Person ' || n, 'person ' || n, now(), CASE WHEN n < 5000 THEN 1 + n % 200 END \
      FROM generate_series(1, 10000) n; \
    INSERT INTO check_in (session_instance_id, person_id, attendance, checked_in_at, arrived_at) \
      SELECT i, p, 'YES', now(), CASE WHEN p < 5000 THEN now() END \
      FROM (SELECT 1 + n % 200 AS i, n AS p FROM generate_series(1, 6000) n) yes; \
    ANALYZE";

async fn ask(server: &Pinned) -> Result<Value> {
    Client::new(&server.url()).with_token(&token::of(VIEWER)).data(QUERY, json!({})).await
}

async fn measure(server: &Pinned, options: &Options) -> Result<Slice> {
    let body = json!({ "query": QUERY }).to_string();
    let request = format!(
        "POST /graphql HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer {}\r\ncontent-type: application/json\r\n\
         accept: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        token::of(VIEWER),
        body.len()
    );
    let mut connections = Vec::new();
    for _ in 0..options.concurrency {
        let stream = TcpStream::connect(("127.0.0.1", server.port)).await?;
        stream.set_nodelay(true)?;
        connections.push(stream);
    }
    let (begun, cpu) = (Instant::now(), server.cpu()?);
    let end = begun + Duration::from_secs(options.seconds);
    let mut asking = JoinSet::new();
    for stream in connections {
        asking.spawn(ask_until(end, stream, request.clone()));
    }
    let mut requests = 0;
    while let Some(asked) = asking.join_next().await {
        requests += asked??;
    }
    let (wall, cpu) = (begun.elapsed(), server.cpu()?.saturating_sub(cpu));
    Ok(Slice {
        requests_per_second: f64::from(requests) / wall.as_secs_f64(),
        cpu_per_request: cpu / requests,
        busy: ratio(cpu, wall),
    })
}

/// Sends requests one after the other on one connection. Returns their number.
async fn ask_until(end: Instant, mut stream: TcpStream, request: String) -> Result<u32> {
    let mut requests = 0;
    let mut bytes = Vec::new();
    while Instant::now() < end {
        stream.write_all(request.as_bytes()).await?;
        bytes.clear();
        while !is_complete(&bytes)? {
            ensure!(stream.read_buf(&mut bytes).await? > 0, "the server closed a connection");
        }
        requests += 1;
    }
    Ok(requests)
}

fn is_complete(bytes: &[u8]) -> Result<bool> {
    let Some(head) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else { return Ok(false) };
    let text = std::str::from_utf8(&bytes[..head])?;
    ensure!(text.starts_with("HTTP/1.1 200"), "{text}");
    let length =
        text.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length:").map(str::to_owned));
    let length: usize = length.context("an answer has a length")?.trim().parse()?;
    Ok(bytes.len() >= head + 4 + length)
}
