//! A search for the most expensive documents. It runs random documents within the limits, and changes and runs the most
//! expensive ones again. It prints the ten worst ones, with their price.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use insession_tests::{Client, Postgres, PostgresOptions, Program, Settings};
use serde_json::{Value, json};
use service::db::Db;

use crate::{
    figures::{Aim, Figures},
    measure::{Random, milliseconds},
    pinned::cpu_of,
    query,
    stage::{execute, number, prepare},
};

#[derive(Debug, clap::Args)]
pub struct Options {
    /// Number of documents to run
    #[arg(long, default_value_t = 1000)]
    documents: usize,
    /// Seed of the random choices
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// The number of worst documents that are kept and changed further.
const KEPT_DOCUMENTS: usize = 10;
/// The aim: the most statements of one document.
const MAX_STATEMENTS: f64 = 200.0;
/// The aim: the most processor time of one document, in milliseconds.
const MAX_CPU_MS: f64 = 250.0;

#[derive(Debug, Clone)]
struct Document {
    /// The fields at the root.
    fields: Vec<String>,
    /// In milliseconds.
    cpu: f64,
    statements: u32,
    points: u64,
}

impl Document {
    fn text(&self) -> String {
        let named = self.fields.iter().enumerate().map(|(n, field)| format!("r{n}: {field} "));
        format!("{{ {} }}", named.collect::<String>())
    }

    fn badness(&self) -> f64 {
        (self.cpu / MAX_CPU_MS).max(f64::from(self.statements) / MAX_STATEMENTS)
    }
}

/// The fields of each type.
struct Schema(BTreeMap<String, Vec<Field>>);

struct Field {
    name: String,
    arguments: Vec<String>,
    /// The type of the field, if that type has fields.
    leads_to: Option<String>,
}

impl Schema {
    async fn read(client: &Client) -> Result<Self> {
        let all = "{ __schema { types { name kind fields { name type { ...T } args { name defaultValue type { kind } } } } } }
            fragment T on __Type { kind name ofType { kind name ofType { kind name ofType { kind name } } } }";
        let answer = client.data(all, json!({})).await?;
        let types = answer["__schema"]["types"].as_array().context("no types")?;
        let objects = types.iter().filter(|of| of["kind"] == "OBJECT");
        let read = objects.map(|of| {
            let fields = of["fields"].as_array().into_iter().flatten().filter_map(Field::read);
            (of["name"].as_str().unwrap_or_default().to_owned(), fields.collect())
        });
        Ok(Self(read.collect()))
    }

    fn field(&self, of: &str, depth: usize, random: &mut Random) -> Option<String> {
        let fields = self.0.get(of)?;
        let field = &fields[random.below(fields.len())];
        let has = |name: &str| field.arguments.iter().any(|argument| argument == name);
        let given = match field.name.as_str() {
            "sessionByPath" => "(path: \"session-1\")".to_owned(),
            _ if has("first") => format!("(first: {})", [0, 1, 2, 5, 20, 100][random.below(6)]),
            _ if has("id") => format!("(id: \"{}:{}\")", id_type(&field.name), 1 + random.below(20)),
            _ => String::new(),
        };
        let Some(leads_to) = &field.leads_to else { return Some(format!("{}{given}", field.name)) };
        if depth == 0 {
            return None;
        }
        let count = 1 + random.below(6);
        let inside = (0..count).filter_map(|n| Some(format!("f{n}: {} ", self.field(leads_to, depth - 1, random)?)));
        Some(format!("{}{given} {{ __typename {} }}", field.name, inside.collect::<String>()))
    }
}

fn id_type(field: &str) -> &'static str {
    match field {
        "sessionInstance" => "SessionInstance",
        "person" => "Person",
        "booking" => "Booking",
        "presence" => "Presence",
        _ => "Session",
    }
}

impl Field {
    /// `None` if it needs arguments that the search does not know.
    fn read(field: &Value) -> Option<Self> {
        const KNOWN: [&str; 2] = ["id", "path"];
        let all = field["args"].as_array()?;
        let is_needed =
            |argument: &&Value| argument["type"]["kind"] == "NON_NULL" && argument["defaultValue"].is_null();
        let arguments: Vec<String> = all.iter().filter_map(|it| Some(it["name"].as_str()?.to_owned())).collect();
        if all.iter().filter(is_needed).any(|it| !KNOWN.iter().any(|known| it["name"] == *known)) {
            return None;
        }
        let mut of = &field["type"];
        while of["ofType"].is_object() {
            of = &of["ofType"];
        }
        let leads_to = match of["kind"].as_str()? {
            "OBJECT" => Some(of["name"].as_str()?.to_owned()),
            "SCALAR" | "ENUM" => None,
            _ => return None,
        };
        Some(Self { name: field["name"].as_str()?.to_owned(), arguments, leads_to })
    }
}

pub async fn run(options: Options, figures: &mut Figures) -> Result<()> {
    let settings = vec![("shared_preload_libraries".to_owned(), "pg_stat_statements".to_owned())];
    let postgres = Postgres::start_with(PostgresOptions { settings, ..PostgresOptions::default() }).await?;
    let url = postgres.create_database().await?;
    let db = prepare(&url, 2).await?.db;
    execute(db.pool(), query::FILL).await?;
    execute(db.pool(), "CREATE EXTENSION pg_stat_statements; ANALYZE").await?;
    // With an unreachable Redis, the server runs no jobs.
    let settings = Settings::new(&url).redis("redis://127.0.0.1:1/").with("RUST_LOG", "warn").quiet();
    let server = Program::serve(&settings.with("COST_BURST_PER_ADDRESS", "1000000000")).await?;
    let client = server.admin();
    let schema = Schema::read(&client).await?;

    let mut random = Random(options.seed);
    let mut worst: Vec<Document> = Vec::new();
    let (mut run, mut refused) = (0, 0);
    while run + refused < options.documents {
        let mut fields = match worst.get(random.below(2 * KEPT_DOCUMENTS)) {
            Some(found) => found.fields.clone(),
            None => Vec::new(),
        };
        if fields.len() > 1 && random.below(3) == 0 {
            fields.swap_remove(random.below(fields.len()));
        }
        for _ in 0..=random.below(4) {
            match (random.below(3), fields.len()) {
                (0, 1..) => fields.push(fields[random.below(fields.len())].clone()),
                _ => fields.extend(schema.field("Query", 1 + random.below(7), &mut random)),
            }
        }
        if fields.is_empty() {
            continue;
        }
        let mut document = Document { fields, cpu: 0.0, statements: 0, points: 0 };
        if measure(&server, &client, &db, &mut document).await? {
            run += 1;
            worst.push(document);
            worst.sort_by(|one, other| other.badness().total_cmp(&one.badness()));
            worst.truncate(KEPT_DOCUMENTS);
        } else {
            refused += 1;
        }
    }
    println!("{run} documents were run, and {refused} were refused. The worst:");
    println!("{:>7} {:>10} {:>6}  document", "CPU", "statements", "points");
    for document in &worst {
        let text: String = document.text().chars().take(160).collect();
        println!("{:4.0} ms {:10} {:6}  {text}", document.cpu, document.statements, document.points);
    }
    for (n, document) in worst.iter().enumerate() {
        figures.add(format!("document {}, CPU", n + 1), "ms", document.cpu, None, Aim::AtMost(MAX_CPU_MS));
        let statements = document.statements.into();
        figures.add(
            format!("document {}, statements", n + 1),
            "statements",
            statements,
            None,
            Aim::AtMost(MAX_STATEMENTS),
        );
    }
    Ok(())
}

/// Runs a document. `false` if it is refused.
async fn measure(server: &Program, client: &Client, db: &Db, document: &mut Document) -> Result<bool> {
    execute(db.pool(), "SELECT pg_stat_statements_reset()").await?;
    let before = cpu_of(server.id())?;
    let body = json!({ "query": document.text(), "extensions": { "cost": true } });
    let answer = client.post(&body).await?;
    document.cpu = milliseconds(cpu_of(server.id())?.saturating_sub(before));
    let code = answer.code();
    if matches!(code.as_deref(), Some("QUERY_TOO_COMPLEX" | "BAD_USER_INPUT")) {
        return Ok(false);
    }
    // The server's own statements, which it makes about once a second, are among them.
    let sql = "SELECT coalesce(sum(calls), 0)::bigint FROM pg_stat_statements
        WHERE query NOT LIKE '%pg_stat_statements%' AND query NOT LIKE 'BEGIN%' AND query NOT LIKE 'COMMIT%'";
    document.statements = number(db.pool(), sql, []).await?.try_into()?;
    document.points = answer.body["extensions"]["cost"].as_u64().unwrap_or_default();
    Ok(true)
}
