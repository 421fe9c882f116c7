//! Fan-out: the cost of sending one change to thousands of sockets, and the time until the last socket has it.
//!
//! The server is the real program on its own core. The clients, PostgreSQL, Redis and the publisher share the other
//! core. The publisher is this process: it writes a change to the log in a transaction of the service. The server is
//! woken through Redis, publishes and reads the change, executes the subscription's document once, and sends the text
//! to all sockets. Its CPU time includes all of that.
//!
//! The baseline is an axum server. An HTTP request makes it broadcast a message with InSession's text to the same
//! number of clients.
//!
//! Each repetition starts a new server of each kind and runs two loops. In the *closed* loop, a change is published
//! after every subscriber has received the previous one; it measures latencies. In the *saturated* loop, several
//! changes are always in flight; it measures throughput.

mod clients;
mod data;
pub mod idle;
pub mod raw;

use std::{
    num::NonZero,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};
use insession_tests::{Client, eventually};
use serde_json::json;

use self::{clients::Clients, data::Data};
use crate::{
    figures::{Aim, Figures},
    measure::{median, milliseconds, ratio},
    pinned::{Pinned, pin_this_process},
};

#[derive(Debug, clap::Args)]
pub struct Options {
    /// Numbers of sockets. Each has one subscription, which is the same for all
    #[arg(long, value_delimiter = ',', default_value = "1000,10000")]
    subscribers: Vec<usize>,
    /// Number of sessions for a further case, in which each of the most subscribers follows one session; 0 leaves it
    /// out
    #[arg(long, default_value_t = 1000)]
    topics: usize,
    /// Number of repetitions, each with a new server
    #[arg(long, default_value_t = NonZero::<u8>::MIN.saturating_add(2))]
    repetitions: NonZero<u8>,
    /// Number of deliveries in each loop of each repetition
    #[arg(long, default_value_t = 200_000)]
    messages: usize,
    /// Select only fields of the change log, so that no execution reads the database
    #[arg(long)]
    plain: bool,
}

const BADGE: &str = "kind cursor occurredAt session { id name path } \
    sessionInstance { id isActive activeUntil presentCount attendingCount }";
const PLAIN: &str = "kind cursor occurredAt sessionInstanceId";

/// The number of deliveries that may be in flight in the saturated loop.
const MAX_IN_FLIGHT: usize = 20_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    InSession,
    Raw,
}

#[derive(Debug, Clone, Copy)]
struct Case {
    subscribers: usize,
    topics: usize,
    /// The number of changes in each loop.
    rounds: usize,
    is_plain: bool,
}

/// The result of one loop. A round publishes one change for each topic, and each subscriber receives one of them.
#[derive(Debug, Clone, Copy)]
struct Loop {
    cpu_per_message: Duration,
    messages_per_second: f64,
    /// The share of the server's core that was busy.
    busy: f64,
}

#[derive(Debug, Default)]
struct Measured {
    closed: Vec<Loop>,
    saturated: Vec<Loop>,
    last: Vec<Duration>,
    latencies: Vec<u64>,
    kib_per_subscriber: Vec<f64>,
    bytes: usize,
}

pub async fn run(options: Options, figures: &mut Figures) -> Result<()> {
    pin_this_process()?;
    let most = options.subscribers.iter().copied().max().context("no subscribers")?;
    // The sockets and some other files. The server needs about as many.
    let needed = u64::try_from(most)? + 300;
    let files = rlimit::increase_nofile_limit(u64::MAX)?;
    ensure!(files >= needed, "{most} sockets need {needed} open files, and {files} are allowed: see ulimit -n");
    let case = |subscribers, topics| Case {
        subscribers,
        topics,
        rounds: (options.messages / subscribers).max(5),
        is_plain: options.plain,
    };
    let mut cases: Vec<_> = options.subscribers.iter().map(|count| case(*count, 1)).collect();
    if options.topics > 0 {
        ensure!(
            most.is_multiple_of(options.topics),
            "the number of subscribers must be a multiple of the number of topics"
        );
        cases.push(case(most, options.topics));
    }
    let data = Data::create(options.topics.max(1)).await?;
    println!("{}; each figure the median of {}", if options.plain { PLAIN } else { BADGE }, options.repetitions);
    for case in cases {
        let (mut insession, mut raw) = (Measured::default(), Measured::default());
        let mut text = String::new();
        for _ in 0..options.repetitions.get() {
            text = measure(&data, case, Side::InSession, &text, &mut insession).await?;
            measure(&data, case, Side::Raw, &text, &mut raw).await?;
        }
        report(case, &insession, &raw, figures);
    }
    Ok(())
}

async fn measure(data: &Data, case: Case, side: Side, text: &str, measured: &mut Measured) -> Result<String> {
    let mut server = start_server(data, side, case.topics).await?;
    let clients = Clients::start()?;
    let run = Run { data, case, side, server: &server, http: Client::new(&server.url()), clients };
    if side == Side::Raw {
        run.post("/text", text).await?;
    }
    measured.kib_per_subscriber.push(run.connect().await?);
    let warm_up = case.rounds.div_ceil(10);
    run.closed(warm_up, &mut Vec::new()).await?;
    run.clients.take_latencies();
    measured.closed.push(run.closed(case.rounds, &mut measured.last).await?);
    let latencies = run.clients.take_latencies();
    measured.latencies.resize(latencies.len(), 0);
    for (sum, count) in measured.latencies.iter_mut().zip(latencies) {
        *sum += u64::from(count);
    }
    run.saturated(warm_up).await?;
    measured.saturated.push(run.saturated(case.rounds).await?);
    run.clients.ensure_all_had(u64::try_from(2 * (case.rounds + warm_up))?)?;
    let sample = run.clients.sample();
    measured.bytes = sample.len();
    drop(run);
    server.expect_running()?;
    Ok(sample)
}

async fn start_server(data: &Data, side: Side, topics: usize) -> Result<Pinned> {
    match side {
        Side::InSession => Pinned::insession(&[("DATABASE_URL", &data.database), ("REDIS_URL", &data.redis)]).await,
        Side::Raw => Pinned::this_program("raw-broadcast", &[&topics.to_string()]).await,
    }
}

/// The message that subscribes the client with a number. It asks for changes from now on.
async fn subscription(server: &Client, side: Side, topics: usize, fields: &str) -> Result<impl Fn(usize) -> String> {
    let after = match side {
        Side::InSession => server.data("{ changeCursor }", json!({})).await?["changeCursor"].clone(),
        Side::Raw => json!(null),
    };
    let query = format!(
        "subscription Badge($ids: [ID!], $after: Cursor) \
         {{ activeSessionChanged(sessionIds: $ids, after: $after) {{ {fields} }} }}"
    );
    Ok(move |number: usize| {
        let topic = number % topics;
        match side {
            Side::InSession => {
                let ids = (topics > 1).then(|| [format!("Session:{}", topic + 1)]);
                let variables = json!({ "ids": ids, "after": after });
                let payload = json!({ "query": query, "variables": variables });
                json!({ "type": "subscribe", "id": format!("{number:08}"), "payload": payload }).to_string()
            }
            Side::Raw => topic.to_string(),
        }
    })
}

async fn until_subscribed(server: &Client, side: Side, count: usize) -> Result<()> {
    let what = format!("{count} subscriptions");
    eventually(Duration::from_mins(2), &what, async || {
        let path = if side == Side::Raw { "/subscribers" } else { "/metrics" };
        let text = server.http().get(server.address(path)).send().await?.text().await?;
        let found = match side {
            Side::InSession => {
                text.lines().find_map(|line| line.strip_prefix("insession_subscriptions ")).context("no metric")?
            }
            Side::Raw => &text,
        };
        ensure!(found.parse() == Ok(count), "there are {found}");
        Ok(())
    })
    .await
}

/// One server and its clients.
struct Run<'a> {
    data: &'a Data,
    case: Case,
    side: Side,
    server: &'a Pinned,
    http: Client,
    clients: Clients,
}

impl Run<'_> {
    /// Connects all subscribers. Returns the server's memory for one subscriber, in KiB.
    async fn connect(&self) -> Result<f64> {
        let subscribers = self.case.subscribers;
        let fields = if self.case.is_plain { PLAIN } else { BADGE };
        let subscribe = subscription(&self.http, self.side, self.case.topics, fields).await?;
        // The first tenth warms the server up and is left out of the measurement.
        let first = subscribers / 10;
        self.clients.connect(self.server.port, 0..first, &subscribe).await?;
        until_subscribed(&self.http, self.side, first).await?;
        let before = self.server.settled_memory().await?;
        self.clients.connect(self.server.port, first..subscribers, &subscribe).await?;
        until_subscribed(&self.http, self.side, subscribers).await?;
        let after = self.server.settled_memory().await?;
        Ok((after - before) / f64::from(u32::try_from(subscribers - first)?))
    }

    async fn post(&self, path: &str, body: &str) -> Result<()> {
        let answer = self.http.http().post(self.http.address(path)).body(body.to_owned()).send().await?;
        if !answer.status().is_success() {
            bail!("{path}: {}", answer.status());
        }
        Ok(())
    }

    /// Publishes one message to every subscriber.
    async fn publish(&self) -> Result<()> {
        match self.side {
            Side::InSession => self.data.publish(self.case.topics).await,
            Side::Raw => self.post("/publish", "").await,
        }
    }

    fn goal(&self, from: u64, rounds: usize) -> u64 {
        from + u64::try_from(rounds * self.case.subscribers).unwrap_or(u64::MAX)
    }

    /// The closed loop. It adds to `last` the time from just before each transaction until the last subscriber has the
    /// change.
    async fn closed(&self, rounds: usize, last: &mut Vec<Duration>) -> Result<Loop> {
        let from = self.clients.received();
        self.measured(rounds, async {
            for round in 1..=rounds {
                let begun = Instant::now();
                self.clients.mark();
                self.publish().await?;
                self.clients.wait_for(self.goal(from, round)).await?;
                last.push(begun.elapsed());
            }
            Ok(())
        })
        .await
    }

    /// The saturated loop.
    async fn saturated(&self, rounds: usize) -> Result<Loop> {
        let from = self.clients.received();
        let in_flight = (MAX_IN_FLIGHT / self.case.subscribers).max(2);
        self.measured(rounds, async {
            for round in 0..rounds {
                self.clients.wait_for(self.goal(from, (round + 1).saturating_sub(in_flight))).await?;
                self.publish().await?;
            }
            self.clients.wait_for(self.goal(from, rounds)).await
        })
        .await
    }

    async fn measured(&self, rounds: usize, work: impl Future<Output = Result<()>>) -> Result<Loop> {
        let (begun, cpu) = (Instant::now(), self.server.cpu()?);
        work.await?;
        let (wall, cpu) = (begun.elapsed(), self.server.cpu()?.saturating_sub(cpu));
        let messages = u32::try_from(rounds * self.case.subscribers)?;
        Ok(Loop {
            cpu_per_message: cpu / messages,
            messages_per_second: f64::from(messages) / wall.as_secs_f64(),
            busy: ratio(cpu, wall),
        })
    }
}

/// One figure of a loop.
type Figure = fn(&Loop) -> f64;

fn report(case: Case, insession: &Measured, raw: &Measured, figures: &mut Figures) {
    let Case { subscribers, topics, .. } = case;
    let which = if topics == 1 { "the same".to_owned() } else { format!("{topics} topics") };
    println!("\n{subscribers} subscriptions, {which}; {} bytes a message (raw: {})", insession.bytes, raw.bytes);
    let what = |what: &str| format!("{subscribers} sockets, {which}: {what}");
    let memory = (insession.kib_per_subscriber.clone(), Some(raw.kib_per_subscriber.clone()));
    figures.add_medians(what("memory of each"), "KiB", memory.0, memory.1, Aim::AtMost(3.0));
    let most = if topics == 1 { 1.14 } else { 1.4 };
    let of_loop: [(&str, &str, Figure, Aim); 3] = [
        ("CPU a message", "us", |it| it.cpu_per_message.as_secs_f64() * 1e6, Aim::TimesAtMost(most)),
        ("messages", "a second", |it| it.messages_per_second, Aim::None),
        ("busy core", "%", |it| it.busy * 100.0, Aim::None),
    ];
    for (name, ours, theirs) in
        [("closed", &insession.closed, &raw.closed), ("saturated", &insession.saturated, &raw.saturated)]
    {
        for (of, unit, figure, aim) in of_loop {
            let all = |loops: &[Loop]| loops.iter().map(figure).collect();
            figures.add_medians(what(&format!("{name}, {of}")), unit, all(ours), Some(all(theirs)), aim);
        }
    }
    let last = |of: &Measured, part| milliseconds(percentile(of.last.clone(), part));
    let first = (milliseconds(median(&insession.last)), milliseconds(median(&raw.last)));
    figures.add(what("commit to the last, median"), "ms", first.0, Some(first.1), Aim::None);
    figures.add(what("commit to the last, 95 %"), "ms", last(insession, 95), Some(last(raw, 95)), Aim::None);
    let within = (share(&insession.latencies, 95), share(&raw.latencies, 95));
    figures.add(what("95 % of deliveries"), "ms", within.0, Some(within.1), Aim::None);
}

fn percentile(mut samples: Vec<Duration>, part: usize) -> Duration {
    samples.sort_unstable();
    samples.get(samples.len() * part / 100).copied().unwrap_or_default()
}

/// The latency in milliseconds within which `part` percent of the deliveries came. `latencies` counts the deliveries by
/// millisecond.
fn share(latencies: &[u64], part: u64) -> f64 {
    let wanted = latencies.iter().sum::<u64>() * part / 100;
    let mut sum = 0;
    let within = latencies.iter().take_while(|count| {
        sum += **count;
        sum < wanted
    });
    u32::try_from(within.count() + 1).map_or(f64::NAN, f64::from)
}
