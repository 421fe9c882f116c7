//! Hostile clients beside well-behaved ones.
//!
//! A hundred well-behaved clients query the active sessions, each from its own address. They are measured twice: alone,
//! and beside twenty hostile clients. Each hostile client has its own address and sends several requests at a time:
//!
//! - introspection that follows the same fields again and again;
//! - as many statements as a document may make;
//! - answers with long names;
//! - connections that send nothing, or a part of a request;
//! - subscriptions with long documents;
//! - large variables that are used often, and searches on pages.
//!
//! The hostile clients are a process of their own, with the lowest priority. In an attack they have computers of their own, so they
//! must not take the processor from the server and the well-behaved clients.

use std::{
    collections::BTreeMap,
    env, fs, io,
    net::Ipv4Addr,
    process::Stdio,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, ensure};
use insession_tests::{Postgres, Program, Settings, Socket};
use serde_json::{Value, json};
use tokio::{
    io::AsyncWriteExt,
    net::TcpSocket,
    process::{Child, Command},
    sync::Mutex,
    task::{JoinSet, spawn_blocking},
    time::{sleep, timeout},
};

use crate::{
    figures::{Aim, Figures},
    measure::milliseconds,
    query,
    stage::{execute, prepare},
};

#[derive(Debug, clap::Args)]
pub struct Options {
    /// Number of well-behaved clients
    #[arg(long, default_value_t = 100)]
    clients: u8,
    /// Number of hostile clients
    #[arg(long, default_value_t = 20)]
    hostile: u8,
    /// Number of requests that a hostile client has in progress
    #[arg(long, default_value_t = 4)]
    at_once: usize,
    /// Duration of each of the two measurements
    #[arg(long, default_value_t = 20)]
    seconds: u64,
}

/// The pause of a well-behaved client between two requests.
const PAUSE: Duration = Duration::from_millis(500);
/// How long a well-behaved client waits for an answer.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);
/// The number of idle connections that a hostile client opens.
const IDLE_CONNECTIONS: usize = 200;

const WELL_BEHAVED: &str = "{ activeSessionInstances(first: 20) { nodes { id isActive presentCount \
    session { id name path city } } pageInfo { hasNextPage } } }";

/// The results of the clients: the times of the answers, and the number of requests without an answer.
#[derive(Debug, Default)]
struct Results {
    times: Vec<Duration>,
    unanswered: usize,
}

impl Results {
    fn percentile(&mut self, share: usize) -> Duration {
        self.times.sort_unstable();
        let last = self.times.len().saturating_sub(1);
        self.times.get(last * share / 100).copied().unwrap_or_default()
    }
}

pub async fn run(options: Options, figures: &mut Figures) -> Result<()> {
    let postgres = Postgres::start().await?;
    let url = postgres.create_database().await?;
    execute(prepare(&url, 2).await?.db.pool(), query::FILL).await?;
    let server = Program::serve(&Settings::new(&url).with("RUST_LOG", "warn").quiet()).await?;

    let mut quiet = well_behaved(&server, &options).await?;
    let most_memory = Arc::new(Mutex::new(0));
    let watch = tokio::spawn(watch_memory(server.id(), Arc::clone(&most_memory)));
    let mut attackers = start_attack(&server.url(), &options)?;
    let mut abused = well_behaved(&server, &options).await?;
    watch.abort();
    // The end of its standard input tells the process to end.
    drop(attackers.stdin.take());
    ensure!(attackers.wait().await?.success(), "the hostile clients failed");

    let answers = (quiet.times.len(), abused.times.len());
    println!(
        "{} well-behaved clients; {} answers without hostile clients, {} with them",
        options.clients, answers.0, answers.1
    );
    for (share, aim) in [(50, Aim::None), (99, Aim::TimesAtMost(5.0))] {
        let (alone, beside) = (milliseconds(quiet.percentile(share)), milliseconds(abused.percentile(share)));
        figures.add(format!("{share} % of answers, with hostile clients and without"), "ms", beside, Some(alone), aim);
    }
    let most = f64::from(u32::try_from(*most_memory.lock().await)?) / 1024.0;
    figures.add("most memory of the server", "MiB", most, None, Aim::AtMost(300.0));
    ensure!(quiet.unanswered == 0, "some requests were not answered although there were no hostile clients");
    ensure!(abused.unanswered == 0, "{} requests of well-behaved clients were not answered", abused.unanswered);
    Ok(())
}

fn client_at(address: [u8; 4]) -> Result<reqwest::Client> {
    let address = Ipv4Addr::from(address);
    Ok(reqwest::Client::builder().local_address(Some(address.into())).timeout(ANSWER_TIMEOUT).build()?)
}

async fn well_behaved(server: &Program, options: &Options) -> Result<Results> {
    let end = Instant::now() + Duration::from_secs(options.seconds);
    let mut clients = JoinSet::new();
    for number in 0..options.clients {
        let (client, url) = (client_at([127, 0, 2, number + 1])?, format!("{}/graphql", server.url()));
        clients.spawn(async move {
            let mut results = Results::default();
            sleep(PAUSE * u32::from(number) / 100).await;
            while Instant::now() < end {
                let begun = Instant::now();
                if is_answered(&client, &url).await {
                    results.times.push(begun.elapsed());
                } else {
                    results.unanswered += 1;
                }
                sleep(PAUSE).await;
            }
            results
        });
    }
    let mut all = Results::default();
    while let Some(results) = clients.join_next().await {
        let results = results?;
        all.times.extend(results.times);
        all.unanswered += results.unanswered;
    }
    Ok(all)
}

async fn is_answered(client: &reqwest::Client, url: &str) -> bool {
    let Ok(answer) = client.post(url).json(&json!({ "query": WELL_BEHAVED })).send().await else { return false };
    answer.json::<Value>().await.is_ok_and(|answer| answer["data"]["activeSessionInstances"].is_object())
}

async fn watch_memory(process: u32, most: Arc<Mutex<u64>>) {
    loop {
        let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
        let now = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let now = now.and_then(|text| text.trim().trim_end_matches("kB").trim().parse().ok()).unwrap_or(0);
        let mut most = most.lock().await;
        *most = now.max(*most);
        drop(most);
        sleep(Duration::from_millis(200)).await;
    }
}

/// Starts this program again as the hostile clients.
fn start_attack(url: &str, options: &Options) -> Result<Child> {
    let mut command = Command::new("nice");
    command.args(["-n", "19"]).arg(env::current_exe()?).args(["abuse-attack", url]);
    command.args([options.hostile.to_string(), options.at_once.to_string()]);
    command.stdin(Stdio::piped()).kill_on_drop(true).spawn().context("the hostile clients do not start")
}

/// Attacks the server until the standard input ends, and prints the server's answers.
pub async fn attack(url: &str, clients: u8, at_once: usize) -> Result<()> {
    let answers = Arc::new(Mutex::new(BTreeMap::<String, u64>::new()));
    let mut hostile_clients = JoinSet::new();
    for number in 0..clients {
        for _ in 0..at_once {
            hostile_clients.spawn(hostile(url.to_owned(), number, Arc::clone(&answers)));
        }
    }
    spawn_blocking(|| io::copy(&mut io::stdin(), &mut io::sink())).await??;
    hostile_clients.shutdown().await;
    println!("answers to the hostile clients:");
    for (answer, count) in &*answers.lock().await {
        println!("  {count:8} {answer}");
    }
    Ok(())
}

/// Sends the requests of a hostile client, one after the other.
async fn hostile(url: String, number: u8, answers: Arc<Mutex<BTreeMap<String, u64>>>) {
    let address = [127, 0, 3, number + 1];
    let Ok(client) = client_at(address) else { return };
    loop {
        let (kind, answer) = match number % 6 {
            0 => ("repeated introspection", ask(&client, &url, &circles(), json!({})).await),
            1 => ("many statements", ask(&client, &url, &many_statements(), json!({})).await),
            2 => ("long names", ask(&client, &url, &long_names(), json!({})).await),
            3 => ("idle connections", idle(&url, address).await),
            4 => ("long subscriptions", subscribe(&url, address).await),
            _ => ("large variables", large_variables(&client, &url).await),
        };
        let answer = answer.unwrap_or_else(|_| "no answer".to_owned());
        *answers.lock().await.entry(format!("{kind}: {answer}")).or_default() += 1;
    }
}

async fn ask(client: &reqwest::Client, url: &str, document: &str, variables: Value) -> Result<String> {
    let body = json!({ "query": document, "variables": variables });
    let answer = client.post(format!("{url}/graphql")).json(&body).send().await?;
    let answer: Value = answer.json().await?;
    Ok(answer["errors"][0]["extensions"]["code"].as_str().unwrap_or("answered").to_owned())
}

fn many(count: usize, text: impl Fn(usize) -> String) -> String {
    (0..count).map(text).collect()
}

fn circles() -> String {
    let (depth, end) = (5, " }");
    let inside = "possibleTypes { interfaces { ".repeat(depth) + "name" + &end.repeat(2 * depth);
    format!("{{ __type(name: \"Node\") {{ {inside} }} }}")
}

fn many_statements() -> String {
    format!("{{ {} }}", many(95, |n| format!("a{n}: sessions(first: 0) {{ totalCount }} ")))
}

fn long_names() -> String {
    let names = many(24, |n| format!("{}{n}: name ", "n".repeat(120)));
    format!("{{ sessions(first: 100) {{ nodes {{ {names} }} }} }}")
}

async fn idle(url: &str, address: [u8; 4]) -> Result<String> {
    let server = url.trim_start_matches("http://").parse()?;
    let mut open = Vec::new();
    for n in 0..IDLE_CONNECTIONS {
        let socket = TcpSocket::new_v4()?;
        socket.bind((Ipv4Addr::from(address), 0).into())?;
        let mut stream = timeout(ANSWER_TIMEOUT, socket.connect(server)).await??;
        let beginning: &[u8] = [&b""[..], b"GET / HTTP/1.1\r\nHost: a", b"POST /graphql HTTP/1.1\r\n"][n % 3];
        stream.write_all(beginning).await?;
        open.push(stream);
    }
    sleep(Duration::from_secs(5)).await;
    Ok(format!("{IDLE_CONNECTIONS} opened"))
}

async fn subscribe(url: &str, address: [u8; 4]) -> Result<String> {
    let mut socket = Socket::open_from(address.into(), url, Some("graphql-transport-ws")).await?;
    socket.init(None)?;
    let fields = "kind cursor ".repeat(900);
    let padding = "x".repeat(200_000);
    let mut last = String::new();
    for n in 0..100 {
        let document = format!("subscription {{ activeSessionChanged {{ a{n}: kind {fields} }} }} # {padding}");
        socket.subscribe(&n.to_string(), &document, json!({}))?;
        let answer = socket.any_for(&n.to_string(), ANSWER_TIMEOUT).await?;
        let code = answer.message["payload"][0]["extensions"]["code"].as_str();
        code.unwrap_or("subscribed").clone_into(&mut last);
    }
    Ok(last)
}

async fn large_variables(client: &reqwest::Client, url: &str) -> Result<String> {
    client.get(format!("{url}/?city=a")).send().await?;
    let uses = many(249, |n| format!("a{n}: node(id: $ids) {{ id }} "));
    let ids = vec!["Session:1"; 15_000];
    ask(client, url, &format!("query($ids: [ID!]) {{ {uses} }}"), json!({ "ids": ids })).await
}
