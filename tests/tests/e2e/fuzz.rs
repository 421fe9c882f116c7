//! Random requests that are made from the schema, valid or nearly valid, from all kinds of clients. Each must be
//! answered, and no answer may be an internal error.
//!
//! The same seed makes the same requests. `INSESSION_FULL=1` makes 100,000; `INSESSION_SEED` sets the seed.

use std::{collections::HashMap, fmt::Write as _, sync::Mutex};

use anyhow::{Context, Result, ensure};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use futures_util::{StreamExt, stream};
use insession_tests::{Client, Deployment, TestDatabase, now, on_both_databases, token};
use serde_json::{Map, Value, json};

use crate::fixtures::{create_active_instance, create_person, create_session, save_activity};

on_both_databases!(random_requests_never_fail_internally);

const CODES: [&str; 10] = [
    "UNAUTHENTICATED",
    "FORBIDDEN",
    "NOT_FOUND",
    "BAD_USER_INPUT",
    "CONFLICT",
    "INVALID_TRANSITION",
    "RATE_LIMITED",
    "QUERY_TOO_COMPLEX",
    "CURSOR_EXPIRED",
    "INTERNAL",
];

/// How many requests run concurrently.
const CONCURRENCY: usize = 8;

async fn random_requests_never_fail_internally(database: TestDatabase) -> Result<()> {
    let is_full = std::env::var_os("INSESSION_FULL").is_some();
    let count: u64 = if is_full { 100_000 } else { 1_000 };
    let seed: u64 = std::env::var("INSESSION_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(7);
    let fast = |settings: insession_tests::Settings| {
        let settings = settings.with("MUTATIONS_PER_SECOND_PER_ADDRESS", "100000");
        settings.with("MUTATIONS_PER_SECOND_PER_PERSON", "100000")
    };
    let deployment = Deployment::start_with(&database, fast).await?;
    let admin = deployment.admin();
    let schema = Schema::read(&admin).await?;
    let session = create_session(&admin, "Monday").await?;
    let mut ids = vec![session.clone(), create_active_instance(&admin, &session).await?];
    for name in ["Ann", "Bob", "Cleo"] {
        ids.push(create_person(&admin, name).await?);
    }
    save_activity(&admin, "interview", Some(1)).await?;
    let pool = Mutex::new(ids);

    let failures: Vec<String> = stream::iter(0..count)
        .map(|number| {
            let mut random = Random(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ number);
            let known = pool.lock().map(|ids| ids.clone()).unwrap_or_default();
            let request =
                Generator { schema: &schema, ids: &known, random: &mut random, variables: Vec::new() }.request();
            let people: Vec<_> = known.iter().filter(|id| id.starts_with("Person:")).cloned().collect();
            let server = if random.chance(50) { deployment.first() } else { deployment.second() };
            let client = match random.below(6) {
                0 => server.client(),
                1 | 2 => server.client().with_token(&token_of(random.of::<String>(&people))),
                _ => server.admin(),
            };
            let pool = &pool;
            async move {
                check_answer(&client, &request, pool).await.err().map(|error| format!("request {number}: {error:#}"))
            }
        })
        .buffer_unordered(CONCURRENCY)
        .filter_map(std::future::ready)
        .collect()
        .await;
    ensure!(
        failures.is_empty(),
        "{} of {count}, seed {seed}:\n{}",
        failures.len(),
        failures[..failures.len().min(5)].join("\n")
    );
    look_at_pages(&admin).await?;
    for server in &deployment.servers {
        let log = server.log();
        ensure!(!log.contains("panicked") && !log.contains("internal error"), "the log has a failure:\n{log}");
    }
    Ok(())
}

/// Pages and calendars of everything that was created answer without a server error.
async fn look_at_pages(admin: &Client) -> Result<()> {
    let document = "{
        sessions(first: 100, filter: { includeTerminated: true }) { nodes { path } }
        people(first: 100) { nodes { id } }
    }";
    let data = admin.data(document, json!({})).await?;
    let mut pages = vec!["/".to_owned(), "/?city=%00".to_owned(), "/calendar.ics?city=%00".to_owned()];
    for session in data["sessions"]["nodes"].as_array().into_iter().flatten() {
        let path = session["path"].as_str().context("no path")?;
        pages.extend([format!("/sessions/{path}"), format!("/sessions/{path}/calendar.ics")]);
    }
    for person in data["people"]["nodes"].as_array().into_iter().flatten() {
        pages.push(format!("/people/{}", person["id"].as_str().context("no id")?));
    }
    for page in pages {
        let status = admin.http().get(admin.address(&page)).send().await?.status();
        ensure!(!status.is_server_error(), "{status}: {page}");
    }
    Ok(())
}

/// A token issued now, so that it is valid although an earlier request revoked tokens.
fn token_of(id: &str) -> String {
    let at = now().timestamp();
    token::signed(&json!({ "sub": id, "iat": at, "exp": at + 600 }), token::SECRET)
}

async fn check_answer(client: &Client, request: &Value, pool: &Mutex<Vec<String>>) -> Result<()> {
    let answer = client.post(request).await.with_context(|| request.to_string())?;
    ensure!(answer.status < 500, "{}: {}\n{request}", answer.status, answer.body);
    for error in answer.body["errors"].as_array().into_iter().flatten() {
        let code = error["extensions"]["code"].as_str().unwrap_or_default();
        ensure!(CODES.contains(&code) && code != "INTERNAL", "{error}\n{request}");
    }
    let mut found = Vec::new();
    collect_ids(&answer.body["data"], &mut found);
    if let Ok(mut pool) = pool.lock() {
        for id in found {
            if pool.len() < 300 && !pool.contains(&id) {
                pool.push(id);
            }
        }
    }
    Ok(())
}

/// Whether a text is an id, such as `Session:7`.
fn is_id(text: &str) -> bool {
    let is_kind = |kind: &str| kind.starts_with(char::is_uppercase) && kind.chars().all(|c| c.is_ascii_alphabetic());
    text.len() < 60 && text.split_once(':').is_some_and(|(kind, _)| is_kind(kind))
}

fn collect_ids(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) if is_id(text) => found.push(text.clone()),
        Value::Array(items) => items.iter().for_each(|item| collect_ids(item, found)),
        Value::Object(fields) => fields.values().for_each(|field| collect_ids(field, found)),
        _ => {}
    }
}

/// SplitMix64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % bound.max(1) as u64).unwrap_or_default()
    }

    /// True with this probability, in percent.
    fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    fn of<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len())]
    }
}

/// The type of a field or an argument.
#[derive(Debug, Clone)]
enum Type {
    Named(String),
    List(Box<Type>),
    NonNull(Box<Type>),
}

impl Type {
    fn read(json: &Value) -> Self {
        let inner = || Box::new(Self::read(&json["ofType"]));
        match json["kind"].as_str() {
            Some("NON_NULL") => Self::NonNull(inner()),
            Some("LIST") => Self::List(inner()),
            _ => Self::Named(json["name"].as_str().unwrap_or_default().to_owned()),
        }
    }

    fn name(&self) -> &str {
        match self {
            Self::Named(name) => name,
            Self::List(of) | Self::NonNull(of) => of.name(),
        }
    }

    fn text(&self) -> String {
        match self {
            Self::Named(name) => name.clone(),
            Self::List(of) => format!("[{}]", of.text()),
            Self::NonNull(of) => format!("{}!", of.text()),
        }
    }
}

#[derive(Debug)]
struct Field {
    name: String,
    of: Type,
    arguments: Vec<(String, Type)>,
}

#[derive(Debug, Default)]
struct Definition {
    fields: Vec<Field>,
    inputs: Vec<(String, Type)>,
    values: Vec<String>,
    possible: Vec<String>,
    is_one_of: bool,
}

#[derive(Debug)]
struct Schema(HashMap<String, Definition>);

impl Schema {
    async fn read(admin: &Client) -> Result<Self> {
        let of_type = "ofType { kind name ofType { kind name ofType { kind name ofType { kind name } } } }";
        let document = format!(
            "{{ __schema {{ types {{ name isOneOf possibleTypes {{ name }} enumValues {{ name }}
                inputFields {{ name type {{ kind name {of_type} }} }}
                fields {{ name type {{ kind name {of_type} }} args {{ name type {{ kind name {of_type} }} }} }} }} }} }}"
        );
        let data = admin.data(&document, json!({})).await?;
        let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
        let name = |value: &Value| value["name"].as_str().unwrap_or_default().to_owned();
        let typed = |value: &Value| (name(value), Type::read(&value["type"]));
        let mut types = HashMap::new();
        for of in list(&data["__schema"]["types"]) {
            let field = |json: &Value| Field {
                name: name(json),
                of: Type::read(&json["type"]),
                arguments: list(&json["args"]).iter().map(typed).collect(),
            };
            let definition = Definition {
                fields: list(&of["fields"]).iter().map(field).collect(),
                inputs: list(&of["inputFields"]).iter().map(typed).collect(),
                values: list(&of["enumValues"]).iter().map(name).collect(),
                possible: list(&of["possibleTypes"]).iter().map(name).collect(),
                is_one_of: of["isOneOf"] == true,
            };
            types.insert(name(&of), definition);
        }
        Ok(Self(types))
    }
}

/// A value. Enum values are written differently in a document than in variables.
enum Generated {
    Json(Value),
    Name(String),
    List(Vec<Generated>),
    Object(Vec<(String, Generated)>),
}

impl Generated {
    fn literal(&self) -> String {
        match self {
            Self::Json(value) => value.to_string(),
            Self::Name(name) => name.clone(),
            Self::List(items) => format!("[{}]", items.iter().map(Self::literal).collect::<Vec<_>>().join(", ")),
            Self::Object(fields) => {
                let fields: Vec<_> =
                    fields.iter().map(|(name, value)| format!("{name}: {}", value.literal())).collect();
                format!("{{{}}}", fields.join(", "))
            }
        }
    }

    fn into_json(self) -> Value {
        match self {
            Self::Json(value) => value,
            Self::Name(name) => Value::String(name),
            Self::List(items) => items.into_iter().map(Self::into_json).collect(),
            Self::Object(fields) => {
                Value::Object(fields.into_iter().map(|(name, value)| (name, value.into_json())).collect())
            }
        }
    }
}

struct Generator<'a> {
    schema: &'a Schema,
    ids: &'a [String],
    random: &'a mut Random,
    variables: Vec<(String, String, Value)>,
}

impl Generator<'_> {
    fn request(mut self) -> Value {
        let (keyword, root) = match self.random.below(20) {
            0 => ("subscription", "Subscription"),
            1..9 => ("mutation", "Mutation"),
            _ => ("query", "Query"),
        };
        let selection = self.selection(root, 4);
        let mut document = keyword.to_owned();
        if !self.variables.is_empty() {
            let definitions: Vec<_> = self.variables.iter().map(|(name, of, _)| format!("${name}: {of}")).collect();
            let _ = write!(document, "({})", definitions.join(", "));
        }
        document.push_str(&selection);
        if self.random.chance(8) {
            document = self.corrupted(&document);
        }
        let variables: Map<String, Value> = self.variables.into_iter().map(|(name, _, value)| (name, value)).collect();
        json!({ "query": document, "variables": variables })
    }

    /// The document with a part removed, doubled or replaced.
    fn corrupted(&mut self, document: &str) -> String {
        let chars: Vec<char> = document.chars().collect();
        let at = self.random.below(chars.len());
        let end = (at + 1 + self.random.below(6)).min(chars.len());
        let (before, cut, after): (String, String, String) =
            (chars[..at].iter().collect(), chars[at..end].iter().collect(), chars[end..].iter().collect());
        match self.random.below(3) {
            0 => before + &after,
            1 => format!("{before}{cut}{cut}{after}"),
            _ => format!("{before}{}{after}", self.random.of(&["\u{0}", "{", "\"", "$x", "@skip", "...", "é", "#"])),
        }
    }

    fn selection(&mut self, name: &str, depth: usize) -> String {
        let Some(of) = self.schema.0.get(name) else { return " { __typename }".to_owned() };
        let mut parts = Vec::new();
        if !of.possible.is_empty() && depth > 0 {
            let possible = self.random.of(&of.possible).clone();
            parts.push(format!("... on {possible}{}", self.selection(&possible, depth - 1)));
        }
        let is_leaf = |field: &&Field| {
            self.schema.0.get(field.of.name()).is_none_or(|of| of.fields.is_empty() && of.possible.is_empty())
        };
        let fields: Vec<&Field> =
            if depth > 0 { of.fields.iter().collect() } else { of.fields.iter().filter(is_leaf).collect() };
        let is_root = ["Query", "Mutation", "Subscription"].contains(&name);
        let count = if is_root { 1 + self.random.below(2) } else { 1 + self.random.below(5) };
        for n in 0..count {
            if fields.is_empty() {
                break;
            }
            let field = *self.random.of(&fields);
            let alias = if is_root || self.random.chance(10) || parts.iter().any(|part| part.starts_with(&*field.name))
            {
                format!("a{n}{depth}: ")
            } else {
                String::new()
            };
            let arguments = self.arguments(&field.arguments);
            let inner =
                if is_leaf(&field) { String::new() } else { self.selection(field.of.name(), depth.saturating_sub(1)) };
            parts.push(format!("{alias}{}{arguments}{inner}", field.name));
        }
        if parts.is_empty() {
            parts.push("__typename".to_owned());
        }
        format!(" {{ {} }}", parts.join(" "))
    }

    fn arguments(&mut self, arguments: &[(String, Type)]) -> String {
        let mut parts = Vec::new();
        for (name, of) in arguments {
            if !self.is_given(of, 40) {
                continue;
            }
            let is_cursor = ["after", "before"].contains(&name.as_str()) && self.random.chance(80);
            let value = if is_cursor { Generated::Json(json!(self.cursor())) } else { self.value(of, 3) };
            if self.random.chance(50) {
                let variable = format!("v{}", self.variables.len());
                self.variables.push((variable.clone(), of.text(), value.into_json()));
                parts.push(format!("{name}: ${variable}"));
            } else {
                parts.push(format!("{name}: {}", value.literal()));
            }
        }
        if parts.is_empty() { String::new() } else { format!("({})", parts.join(", ")) }
    }

    fn is_given(&mut self, of: &Type, percent: usize) -> bool {
        self.random.chance(if matches!(of, Type::NonNull(_)) { 98 } else { percent })
    }

    fn value(&mut self, of: &Type, depth: usize) -> Generated {
        match of {
            Type::NonNull(of) => self.value_there(of, depth),
            _ if self.random.chance(10) => Generated::Json(Value::Null),
            of => self.value_there(of, depth),
        }
    }

    fn value_there(&mut self, of: &Type, depth: usize) -> Generated {
        match of {
            Type::NonNull(of) => self.value_there(of, depth),
            Type::List(of) => Generated::List((0..self.random.below(4)).map(|_| self.value(of, depth)).collect()),
            Type::Named(name) => self.named(name, depth),
        }
    }

    fn named(&mut self, name: &str, depth: usize) -> Generated {
        if let Some(of) = self.schema.0.get(name) {
            if !of.values.is_empty() {
                return Generated::Name(if self.random.chance(3) {
                    "NO_SUCH".to_owned()
                } else {
                    self.random.of(&of.values).clone()
                });
            }
            if !of.inputs.is_empty() {
                return self.object(of, depth);
            }
        }
        if self.random.chance(4) {
            return Generated::Json(
                self.random.of(&[json!(true), json!(-1), json!(1.5), json!("x"), json!([]), json!(null)]).clone(),
            );
        }
        Generated::Json(match name {
            "ID" => json!(self.id()),
            "Int" => json!(self.random.of(&[
                0,
                1,
                2,
                3,
                10,
                60,
                100,
                101,
                -1,
                1440,
                168,
                i64::from(i32::MAX),
                i64::from(i32::MIN),
                i64::MAX
            ])),
            "Float" => json!(self.random.of(&[0.0, -1.5, 1e300])),
            "Boolean" => json!(self.random.chance(50)),
            "DateTime" => self.instant(),
            "Date" => json!(self.random.of(&[
                "2026-11-21",
                "2024-02-29",
                "2023-02-29",
                "0001-01-01",
                "9999-12-31",
                "+10000-01-01",
                "today",
                ""
            ])),
            "LocalTime" => {
                json!(self.random.of(&["19:00", "00:00:00", "23:59:59", "24:00", "23:59:60", "7pm", "02:30", ""]))
            }
            "TimeZone" => json!(self.random.of(&[
                "UTC",
                "America/Chicago",
                "Asia/Tehran",
                "Pacific/Apia",
                "Mars/Base",
                "",
                "america/chicago"
            ])),
            _ => json!(self.text()),
        })
    }

    fn object(&mut self, of: &Definition, depth: usize) -> Generated {
        if of.is_one_of && self.random.chance(90) {
            let (name, of) = self.random.of(&of.inputs);
            return Generated::Object(vec![(name.clone(), self.value_there(of, depth.saturating_sub(1)))]);
        }
        let mut fields = Vec::new();
        for (name, of) in &of.inputs {
            if self.is_given(of, if depth == 0 { 0 } else { 35 }) {
                fields.push((name.clone(), self.value(of, depth.saturating_sub(1))));
            }
        }
        Generated::Object(fields)
    }

    fn id(&mut self) -> String {
        let strange = [
            "Session:0",
            "Session:9223372036854775807",
            "Session:9223372036854775808",
            "Nothing:1",
            "",
            "Person",
            "Presence:x",
            "8a6e0804-2bd0-4672-b79d-d97027f9071a",
            "8A6E0804-2BD0-4672-B79D-D97027F9071B",
        ];
        if self.random.chance(85) { self.random.of(self.ids).clone() } else { (*self.random.of(&strange)).to_owned() }
    }

    /// A cursor of a list, valid or nearly valid.
    fn cursor(&mut self) -> String {
        let ids = ["1", "9223372036854775807", "9223372036854775808", "8a6e0804-2bd0-4672-b79d-d97027f9071a", ""];
        let keys =
            ["", "monday", "2026-11-21T10:00:00+00:00", "0000-01-01T00:00:00Z", "2016-12-31T23:59:60Z", "a\u{0}b"];
        URL_SAFE_NO_PAD.encode(format!("{}:{}", self.random.of(&ids), self.random.of(&keys)))
    }

    fn instant(&mut self) -> Value {
        let minutes = i64::try_from(self.random.below(10_000)).unwrap_or_default() - 5_000;
        let near = (now() + chrono::TimeDelta::minutes(minutes)).to_rfc3339();
        let strange = [
            "0000-01-01T00:00:00Z",
            "9999-12-31T23:59:59.999Z",
            "+262142-01-01T00:00:00Z",
            "2026-11-21T24:00:00Z",
            "2026-06-30T23:59:60Z",
            "now",
            "2026-11-21T10:00:00+14:00",
        ];
        if self.random.chance(80) { json!(near) } else { json!(self.random.of(&strange)) }
    }

    fn text(&mut self) -> String {
        let texts = [
            "interview",
            "Monday",
            "",
            " ",
            "a/b",
            "é木🎻",
            "'; DROP TABLE person; --",
            "%_\\",
            "a\u{0}b",
            "\u{202e}x",
            "monday",
            "en",
            "x",
        ];
        match self.random.below(12) {
            0 => "x".repeat(200),
            1 => "木".repeat(201),
            2 => "y".repeat(5_000),
            _ => (*self.random.of(&texts)).to_owned(),
        }
    }
}
