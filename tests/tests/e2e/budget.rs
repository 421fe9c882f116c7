//! The cost of requests, and the budget of an address.

use std::{
    collections::{BTreeMap, VecDeque},
    fs,
};

use anyhow::{Context, Result, ensure};
use chrono::TimeDelta;
use insession_tests::{
    Client, LIMIT, Postgres, PostgresOptions, Program, Settings, TestDatabase, database, eventually, on_both_databases,
};
use reqwest::StatusCode;
use sea_orm::DatabaseConnection;
use serde_json::{Value, json};

use crate::{
    bookings::interface::{create_booking, create_slot},
    fixtures::{CHANGES, create_active_instance, create_person, create_session, in_seconds},
};

on_both_databases!(well_behaved_clients_stay_far_below_the_budget);

/// Sends a query from an address, as a proxy does.
async fn ask_from(client: &Client, address: &str, body: &Value) -> Result<reqwest::Response> {
    let request = client.http().post(client.address("/graphql")).header("x-forwarded-for", address);
    Ok(request.json(body).send().await?)
}

/// Sends a request for a page from an address that has spent its budget, until it is refused. On a slow machine there may be points
/// for a page again.
async fn refused_page(request: impl Fn() -> reqwest::RequestBuilder) -> Result<reqwest::Response> {
    eventually(LIMIT, "a page to be refused", async || {
        let page = request().header("x-forwarded-for", "192.0.2.1").send().await?;
        ensure!(page.status() == StatusCode::TOO_MANY_REQUESTS, "{}", page.status());
        Ok(page)
    })
    .await
}

#[tokio::test]
async fn browser_without_budget_gets_a_page_in_its_language_with_its_form() -> Result<()> {
    let database = TestDatabase::sqlite()?;
    let settings = Settings::new(&database.url)
        .with("COST_PER_SECOND_PER_ADDRESS", "1")
        .with("COST_BURST_PER_ADDRESS", "20")
        .with("PUBLIC_URL", "https://pub.example/insession")
        .with("TRUSTED_PROXIES", "1");
    let server = Program::serve(&settings).await?;
    let client = server.client();
    let address = |path: &str| client.address(&format!("/insession{path}"));
    let browser = |request: reqwest::RequestBuilder| {
        request.header("accept", "text/html,*/*;q=0.8").header("accept-language", "de").header("host", "pub.example")
    };
    let page = refused_page(|| browser(client.http().get(address("/near?x=1")))).await?;
    ensure!(page.headers().contains_key("retry-after"));
    let page = page.text().await?;
    ensure!(page.contains("Diese Website hat im Moment zu viel zu tun."), "{page}");
    ensure!(!page.contains("Formular") && !page.contains("name=\"x\""), "{page}");

    let typed = [("name", "Tunes & <b>more</b>"), ("day", "MO"), ("day", "TU")];
    let form = || browser(client.http().post(address("/near?x=1"))).form(&typed);
    let page = refused_page(|| form().header("sec-fetch-site", "same-origin")).await?.text().await?;
    for part in [
        "Es wurde nichts gespeichert. Ihr Formular bleibt auf dieser Seite erhalten.",
        "<form class=\"stacked\" method=\"post\" action=\"/insession/near?x=1\">",
        "<input type=\"hidden\" name=\"name\" value=\"Tunes &amp; &lt;b&gt;more&lt;/b&gt;\">",
        "<input type=\"hidden\" name=\"day\" value=\"TU\">",
    ] {
        ensure!(page.contains(part), "{part}: {page}");
    }
    let many = vec![("a", "b"); 201];
    let large = || browser(client.http().post(address("/near"))).form(&many);
    let page = refused_page(large).await?.text().await?;
    ensure!(page.contains("zu viel zu tun") && !page.contains("name=\"a\""), "{page}");
    // The page of another site cannot make this site show a form.
    let other = form().header("sec-fetch-site", "cross-site").send().await?;
    assert_eq!(other.status(), StatusCode::FORBIDDEN);
    // The files of the page cost nothing.
    let style =
        page.split('"').find(|part| part.contains("/web/pages.") && part.contains("css")).context("no style")?;
    let style = client.http().get(client.address(style)).header("x-forwarded-for", "192.0.2.1").send().await?;
    assert_eq!(style.status(), StatusCode::OK);
    Ok(())
}

#[tokio::test]
async fn exhausted_budget_refuses_requests_and_says_when_to_retry() -> Result<()> {
    let database = TestDatabase::sqlite()?;
    let settings = Settings::new(&database.url)
        .with("COST_PER_SECOND_PER_ADDRESS", "1")
        .with("COST_BURST_PER_ADDRESS", "300")
        .with("TRUSTED_PROXIES", "1");
    let server = Program::serve(&settings).await?;
    let client = server.client();
    let body = json!({ "query": "{ sessions { totalCount nodes { id } } }", "extensions": { "cost": true } });
    let answer = ask_from(&client, "192.0.2.1", &body).await?;
    let cost = answer.headers().get("x-query-cost").context("no header")?.to_str()?.parse::<u64>()?;
    let answer: Value = answer.json().await?;
    assert_eq!(answer["extensions"]["cost"], cost, "{answer}");
    ensure!((3..20).contains(&cost), "{cost}");
    let without = ask_from(&client, "192.0.2.1", &json!({ "query": "{ viewerIsAdmin }" })).await?;
    ensure!(without.headers().contains_key("x-query-cost"));
    ensure!(without.json::<Value>().await?.get("extensions").is_none(), "nobody asked");

    let refused = eventually(LIMIT, "the budget to be spent", async || {
        let answer = ask_from(&client, "192.0.2.1", &body).await?;
        ensure!(answer.status() == StatusCode::TOO_MANY_REQUESTS, "{}", answer.status());
        Ok(answer)
    });
    let refused = refused.await?;
    let seconds = refused.headers().get("retry-after").context("no header")?.to_str()?.parse::<u64>()?;
    ensure!((1..=cost).contains(&seconds), "{seconds}");
    let refused: Value = refused.json().await?;
    let extensions = &refused["errors"][0]["extensions"];
    assert_eq!((&extensions["code"], &extensions["retryAfter"]), (&json!("RATE_LIMITED"), &json!(seconds)));
    // So do tokens, also those that are refused. This one may be the key of an API.
    let key = format!("isk_{}", "a".repeat(43));
    let without_points = eventually(LIMIT, "a token to be refused before it is read", async || {
        let request = client.http().post(client.address("/graphql")).header("x-forwarded-for", "192.0.2.1");
        let answer = request.bearer_auth(&key).json(&json!({ "query": "{ viewerIsAdmin }" })).send().await?;
        ensure!(answer.status() == StatusCode::TOO_MANY_REQUESTS, "{}", answer.status());
        Ok(answer)
    });
    ensure!(without_points.await?.headers().contains_key("retry-after"));
    // Documents that cannot be parsed cost something too.
    let long = json!({ "query": format!("{{ {} ", "a ".repeat(50_000)) });
    assert_eq!(ask_from(&client, "192.0.2.1", &long).await?.status(), StatusCode::TOO_MANY_REQUESTS);
    for path in ["/", "/?city=Austin"] {
        let refused = refused_page(|| client.http().get(client.address(path))).await?;
        ensure!(refused.headers().contains_key("retry-after"));
        let text = refused.text().await?;
        ensure!(text.contains("oo much is asked in a short time"), "{text}");
    }
    // Other addresses are not affected. Sockets share the budget of their address.
    assert_eq!(ask_from(&client, "192.0.2.2", &body).await?.status(), StatusCode::OK);
    let mut socket = server.socket(None).await?;
    let refused = eventually(LIMIT, "the socket's address to have spent its budget", async || {
        socket.subscribe("q", body["query"].as_str().context("no query")?, json!({}))?;
        let answer = socket.any_for("q", LIMIT).await?;
        if answer.kind() == "next" {
            socket.any_for("q", LIMIT).await?;
        }
        ensure!(answer.kind() == "error", "{}", answer.message);
        Ok(answer)
    });
    let refused = refused.await?;
    assert_eq!(refused.message["payload"][0]["extensions"]["code"], "RATE_LIMITED");
    Ok(())
}

/// What typical clients send in their first seconds costs far less than the default budget.
async fn well_behaved_clients_stay_far_below_the_budget(database: TestDatabase) -> Result<()> {
    const BURST: u64 = 100_000;

    let server = Program::serve(&Settings::new(&database.url)).await?;
    let admin = server.admin();
    let session = create_session(&admin, "Open House").await?;
    create_active_instance(&admin, &session).await?;
    let of_type = "ofType { kind name ".repeat(9) + &"}".repeat(9);
    let introspection = format!(
        "query IntrospectionQuery {{ __schema {{ queryType {{ name }} types {{ ...FullType }}
            directives {{ name description locations args {{ ...InputValue }} }} }} }}
        fragment FullType on __Type {{ kind name description
            fields(includeDeprecated: true) {{ name description args {{ ...InputValue }} type {{ ...TypeRef }} isDeprecated }}
            inputFields {{ ...InputValue }} interfaces {{ ...TypeRef }}
            enumValues(includeDeprecated: true) {{ name description isDeprecated }} possibleTypes {{ ...TypeRef }} }}
        fragment InputValue on __InputValue {{ name description type {{ ...TypeRef }} defaultValue }}
        fragment TypeRef on __Type {{ kind name {of_type} }}"
    );
    let relay = "query { sessions(first: 100) { edges { cursor node { __typename id name path isActive \
        instances(first: 1) { edges { cursor node { __typename id date isActive } } pageInfo { endCursor hasNextPage } } } } \
        pageInfo { startCursor endCursor hasNextPage hasPreviousPage } totalCount } }";
    let apollo = "query { __typename activeSessionInstances(first: 100) { __typename totalCount nodes { __typename id isActive \
        presentCount attendingCount session { __typename id name city } viewerCheckIn { __typename id } } } }";
    let mut spent = 0;
    for (document, most) in [(introspection.as_str(), 200), (relay, 200), (apollo, 50)] {
        let answer = ask_from(&server.client(), "192.0.2.1", &json!({ "query": document })).await?;
        assert_eq!(answer.status(), StatusCode::OK);
        let cost = answer.headers().get("x-query-cost").context("no header")?.to_str()?.parse::<u64>()?;
        ensure!(cost <= most, "{cost} points: {document}");
        let answer: Value = answer.json().await?;
        ensure!(answer.get("errors").is_none(), "{answer}");
        spent += cost;
    }
    ensure!(spent < BURST / 100, "{spent}");
    for path in ["/", "/graphiql", "/me", "/?city=a"] {
        let status = reqwest::get(admin.address(path)).await?.status();
        ensure!(status != StatusCode::TOO_MANY_REQUESTS, "{path}");
    }
    // A page with a hundred badges, loaded and then connected again.
    let mut badges = 0;
    for _ in 0..2 {
        let mut socket = server.socket(None).await?;
        // One address may begin 32 at once. The others would wait for these, and too long on a slow machine.
        for some in (0..100).collect::<Vec<_>>().chunks(32) {
            for badge in some {
                let extensions = json!({ "cost": true });
                let payload =
                    json!({ "query": CHANGES, "variables": { "sessionIds": [session] }, "extensions": extensions });
                socket.send(&json!({ "id": badge.to_string(), "type": "subscribe", "payload": payload }))?;
            }
            for badge in some {
                let first = socket.any_for(&badge.to_string(), LIMIT).await?;
                assert_eq!(first.kind(), "next", "{}", first.message);
                badges += first.message["payload"]["extensions"]["cost"].as_u64().context("no cost")?;
            }
        }
    }
    ensure!(badges < BURST / 10, "{badges}");
    Ok(())
}

/// The memory of a program in MiB, without its code.
fn memory(server: &Program) -> Result<u64> {
    let status = fs::read_to_string(format!("/proc/{}/status", server.id()))?;
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:")).context("no RssAnon")?;
    Ok(line.trim().trim_end_matches(" kB").trim().parse::<u64>()? / 1024)
}

#[tokio::test]
async fn subscription_documents_take_bounded_memory() -> Result<()> {
    let database = TestDatabase::sqlite()?;
    let server = Program::serve(&Settings::new(&database.url)).await?;
    let before = memory(&server)?;
    let mut sockets = [server.socket(None).await?, server.socket(None).await?];
    let padding = "#".to_owned() + &"x".repeat(200_000);
    for (number, socket) in sockets.iter_mut().enumerate() {
        for n in 0..40 {
            // The texts differ only in a comment, so all subscriptions are the same.
            let document = format!("subscription {{ activeSessionChanged {{ kind cursor }} }} {padding}{number}.{n}");
            socket.subscribe(&n.to_string(), &document, json!({}))?;
            let first = socket.any_for(&n.to_string(), LIMIT).await?;
            assert_eq!(first.kind(), "next", "{}", first.message);
        }
    }
    let health = server.health().await?;
    assert_eq!(health["groups"], 1, "{health}");
    // The allocator gives memory back some seconds later.
    eventually(LIMIT, "80 documents of 200 KB to be forgotten", async || {
        let grown = memory(&server)?.saturating_sub(before);
        ensure!(grown < 12, "the server grew by {grown} MiB");
        Ok(())
    })
    .await?;

    let mut socket = server.socket(None).await?;
    let long = (0..2_000).map(|n| format!("alias{n}: kind")).collect::<Vec<_>>().join(" ");
    socket.subscribe("long", &format!("subscription {{ activeSessionChanged {{ {long} }} }}"), json!({}))?;
    let refused = socket.any_for("long", LIMIT).await?;
    assert_eq!(refused.message["payload"][0]["extensions"]["code"], "QUERY_TOO_COMPLEX", "{}", refused.message);
    // Each document is within the limit of one document. Together they exceed the limit of a socket.
    let mut refused = None;
    for n in 0..100 {
        let fields = format!("a{n}: kind ") + &"cursor kind ".repeat(500);
        socket.subscribe(
            &n.to_string(),
            &format!("subscription {{ activeSessionChanged {{ {fields} }} }}"),
            json!({}),
        )?;
        let first = socket.any_for(&n.to_string(), LIMIT).await?;
        if first.kind() == "error" {
            refused = Some(first.message);
            break;
        }
    }
    let refused = refused.context("a socket may keep anything")?;
    assert_eq!(refused["payload"][0]["extensions"]["code"], "RATE_LIMITED", "{refused}");
    Ok(())
}

/// How often a document is run to count its statements. A statement that runs less often is one of the server's own.
const ROUNDS: u64 = 5;

/// The arguments that fields need.
fn arguments(known: &BTreeMap<&str, String>, field: &Value) -> Option<String> {
    let mut given = Vec::new();
    for argument in field["args"].as_array()? {
        if argument["type"]["kind"] != "NON_NULL" || !argument["defaultValue"].is_null() {
            continue;
        }
        let (field, name) = (field["name"].as_str()?, argument["name"].as_str()?);
        let value = known.get(format!("{field}.{name}").as_str())?;
        given.push(format!("{name}: {value}"));
    }
    Some(if given.is_empty() { String::new() } else { format!("({})", given.join(", ")) })
}

fn named(of: &Value) -> &Value {
    if of["ofType"].is_object() { named(&of["ofType"]) } else { of }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_field_makes_more_than_ten_statements_a_point() -> Result<()> {
    let settings = vec![("shared_preload_libraries".to_owned(), "pg_stat_statements".to_owned())];
    let postgres = Postgres::start_with(PostgresOptions { settings, ..PostgresOptions::default() }).await?;
    let database = TestDatabase::on(&postgres).await?;
    let connection = database.connect().await?;
    database::execute(&connection, "CREATE EXTENSION pg_stat_statements").await?;
    // With an unreachable Redis, the server runs no jobs.
    let server = Program::serve(&Settings::new(&database.url).redis("redis://127.0.0.1:1/")).await?;
    let admin = server.admin();
    let person = create_person(&admin, "Ann").await?;
    let session = create_session(&admin, "Open House").await?;
    let instance = create_active_instance(&admin, &session).await?;
    let yes = "mutation($input: CheckInInput!) { checkIn(input: $input) { checkIn { id } } }";
    admin
        .data(yes, json!({ "input": { "sessionInstanceId": instance, "personId": person, "attendance": "YES" } }))
        .await?;
    let slot = create_slot(&admin, &person, in_seconds(7200), in_seconds(7200) + TimeDelta::hours(1)).await?;
    let booking = create_booking(&admin, &slot, &create_person(&admin, "Ben").await?).await?;
    let quoted = |text: &str| format!("\"{text}\"");
    let range = "\"2020-01-01T00:00:00Z\"".to_owned();
    let known: BTreeMap<&str, String> = [
        ("session.id", quoted(&session)),
        ("node.id", quoted(&session)),
        ("sessionInstance.id", quoted(&instance)),
        ("person.id", quoted(&person)),
        ("booking.id", quoted(&booking)),
        ("sessionByPath.path", quoted("open-house")),
        ("activity.key", quoted("none")),
        ("presence.id", quoted("Presence:1")),
        ("presenceStatistics.from", range.clone()),
        ("presenceStatistics.to", range),
    ]
    .into();

    let all =
        "{ __schema { types { name kind fields { name type { ...T } args { name defaultValue type { kind } } } } } }
        fragment T on __Type { kind name ofType { kind name ofType { kind name ofType { kind name } } } }";
    let schema = admin.data(all, json!({})).await?;
    let types: BTreeMap<&str, &Value> = schema["__schema"]["types"]
        .as_array()
        .context("no types")?
        .iter()
        .filter_map(|of| Some((of["name"].as_str()?, of)))
        .collect();
    let mut left = VecDeque::from([("Query", Vec::<String>::new())]);
    let mut seen = vec!["Query"];
    let mut measured = 0;
    while let Some((of, path)) = left.pop_front() {
        for field in types[of]["fields"].as_array().into_iter().flatten() {
            let name = field["name"].as_str().context("no name")?;
            // The field cannot be queried without its arguments.
            let Some(given) = arguments(&known, field) else { continue };
            let leads_to = named(&field["type"]);
            let is_leaf = leads_to["kind"] == "SCALAR" || leads_to["kind"] == "ENUM";
            let selection = if is_leaf { "" } else { " { __typename }" };
            let step = format!("{name}{given}");
            let opened = path.iter().fold(String::new(), |opened, step| opened + step + " { ");
            let document = format!("{{ {opened}{step}{selection}{} }}", " }".repeat(path.len()));
            let (points, statements) = measure(&admin, &connection, &document).await?;
            ensure!(statements <= 10 * points, "{statements} statements for {points} points: {document}");
            measured += 1;
            let leads_to = leads_to["name"].as_str().context("no name")?;
            if types[leads_to]["kind"] == "OBJECT" && !seen.contains(&leads_to) {
                seen.push(leads_to);
                left.push_back((leads_to, [path.clone(), vec![step]].concat()));
            }
        }
    }
    ensure!(measured > 150, "only {measured} fields");
    Ok(())
}

/// The price of a document, and how many statements it makes.
async fn measure(client: &Client, connection: &DatabaseConnection, document: &str) -> Result<(u64, u64)> {
    database::execute(connection, "SELECT pg_stat_statements_reset()").await?;
    let mut points = 0;
    for _ in 0..ROUNDS {
        let body = json!({ "query": document, "extensions": { "cost": true } });
        let answer = client.post(&body).await?;
        points = answer.body["extensions"]["cost"].as_u64().with_context(|| format!("{document}: {}", answer.body))?;
    }
    let calls = format!("SELECT coalesce(sum(calls), 0)::bigint FROM pg_stat_statements WHERE calls >= {ROUNDS}");
    Ok((points, u64::try_from(database::number(connection, &calls).await?)? / ROUNDS))
}
