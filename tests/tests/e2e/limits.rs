//! Limits on documents, rates and origins. They are the same on every transport.

use anyhow::{Context, Result, ensure};
use insession_tests::{
    Client, Deployment, LIMIT, Program, Settings, TestDatabase,
    database::{execute, number},
    eventually, on_both_databases, program, token, within,
};
use reqwest::{
    Method, StatusCode,
    header::{CONNECTION, HOST, ORIGIN, UPGRADE},
};
use sea_orm::TransactionTrait;
use serde_json::{Value, json};
use tokio::{io::AsyncWriteExt, net::TcpStream};

use crate::fixtures::{create_active_instance, create_person, create_session};

on_both_databases!(excessive_documents_are_refused_before_execution);

/// Documents that exceed a limit.
fn excessive_documents() -> Vec<(&'static str, String)> {
    let many = |count: usize, text: fn(usize) -> String| (0..count).map(text).collect::<String>();
    let nearby = "nearbyActiveInstances { ".repeat(3) + "id" + &" }".repeat(3);
    vec![
        (
            "depth",
            format!(
                "{{ viewer {}{{ id }}{} }}",
                "{ activeSessionInstance { session { organizers ".repeat(12),
                " } } }".repeat(12)
            ),
        ),
        (
            "lists in lists",
            "{ sessions(first: 100) { nodes { instances(first: 100) { nodes { id date } } } } }".to_owned(),
        ),
        ("lists without a length", format!("{{ activeSessionInstances {{ nodes {{ {nearby} }} }} }}")),
        ("aliases", format!("{{ {} }}", many(251, |n| format!("a{n}: viewerIsAdmin ")))),
        ("directives", format!("{{ viewerIsAdmin {} }}", "@include(if: true) ".repeat(251))),
        (
            "fragments",
            format!(
                "{{ viewerIsAdmin {} }} {}",
                many_spreads(120),
                many(120, |n| format!("fragment F{n} on Query {{ viewerIsAdmin }} "))
            ),
        ),
        ("tokens", format!("{{ viewerIsAdmin {} }}", "viewerIsAdmin ".repeat(10_001))),
        ("lists in lists in a value", format!("{{ node(id: {}{}) {{ id }} }}", "[".repeat(800), "]".repeat(800))),
        (
            "objects in objects in a value",
            format!("{{ node(id: {}1{}) {{ id }} }}", "{a:".repeat(400), "}".repeat(400)),
        ),
        (
            "introspection in circles",
            format!(
                "{{ __type(name: \"Node\") {{ {}name{} }} }}",
                "possibleTypes { interfaces { ".repeat(6),
                " } }".repeat(6)
            ),
        ),
        (
            "introspection in circles through fragments",
            "{ __type(name: \"Node\") { ...A } } fragment A on __Type { possibleTypes { ...B } } \
             fragment B on __Type { fields { type { ...C } } } fragment C on __Type { fields { type { ...D } } } \
             fragment D on __Type { fields { type { ...E } } } fragment E on __Type { fields { args { name } } }"
                .to_owned(),
        ),
        ("one type, often", format!("{{ {} }}", many(250, |n| format!("a{n}: __type(name: \"Query\") {{ name }} ")))),
        ("counts", format!("{{ {} }}", many(120, |n| format!("a{n}: sessions(first: 0) {{ totalCount }} ")))),
        (
            "lists in lists, one by one",
            "{ sessions(first: 100) { nodes { a: instances(first: 0) { totalCount } b: instances(first: 0) { totalCount } } } }"
                .to_owned(),
        ),
        (
            "a selection that costs as much at each event",
            format!(
                "subscription {{ activeSessionChanged {{ session {{ {} }} }} }}",
                many(120, |n| format!("a{n}: instances(first: 0) {{ totalCount }} "))
            ),
        ),
        ("a long name", format!("{{ {}: viewerIsAdmin }}", "n".repeat(129))),
        (
            "a long value, often",
            format!(
                "{{ sessions(first: 100) {{ nodes {{ instances(after: \"{}\") {{ pageInfo {{ endCursor }} }} }} }} }}",
                "x".repeat(50_000)
            ),
        ),
        // The fields of a mutation are counted before validation finds the circle.
        (
            "fragments in circles",
            format!(
                "mutation {{ ...F0 }} {}",
                many(30, |n| format!("fragment F{n} on Mutation {{ {} }} ", many_spreads(30)))
            ),
        ),
    ]
}

fn many_spreads(count: usize) -> String {
    (0..count).map(|n| format!("...F{n}")).collect::<Vec<_>>().join(" ")
}

async fn excessive_documents_are_refused_before_execution(database: TestDatabase) -> Result<()> {
    let deployment = Deployment::start(&database).await?;
    let client = deployment.first().client();
    let mut socket = deployment.second().socket(None).await?;
    for (what, document) in excessive_documents() {
        // Subscriptions are not answered by a single answer over HTTP.
        let is_subscription = document.starts_with("subscription");
        if !is_subscription {
            let by_post = client.query(&document, json!({})).await?;
            assert_eq!(by_post.code().as_deref(), Some("QUERY_TOO_COMPLEX"), "{what}: {}", by_post.body);
            ensure!(by_post.body.get("data").is_none(), "{what}: {}", by_post.body);
        }
        if document.len() < 4_000 && !is_subscription {
            let request = client.http().get(client.address("/graphql")).query(&[("query", &document)]);
            let by_get: Value = request.send().await?.json().await?;
            assert_eq!(by_get["errors"][0]["extensions"]["code"], "QUERY_TOO_COMPLEX", "{what}: {by_get}");
        }
        socket.subscribe(what, &document, json!({}))?;
        let answer = socket.any_for(what, LIMIT).await?;
        assert_eq!(answer.kind(), "error", "{what}: {}", answer.message);
        assert_eq!(answer.message["payload"][0]["extensions"]["code"], "QUERY_TOO_COMPLEX", "{what}");
    }

    for first in [101, -1, i32::MAX] {
        let document = format!("{{ sessions(first: {first}) {{ totalCount }} }}");
        assert_eq!(client.error_code(&document, json!({})).await?, "BAD_USER_INPUT", "{first}");
    }
    let batch = client.post(&json!([{ "query": "{ viewerIsAdmin }" }])).await?;
    assert_eq!((batch.status, batch.code().as_deref()), (400, Some("BAD_USER_INPUT")));
    let long = json!({ "query": format!("{{ viewerIsAdmin }} # {}", "x".repeat(256 * 1024)) });
    assert_eq!(client.post(&long).await?.status, 413);
    let form = client
        .http()
        .post(client.address("/graphql"))
        .header("content-type", "text/plain")
        .body(r#"{"query":"{ viewerIsAdmin }"}"#);
    assert_eq!(form.send().await?.status(), StatusCode::UNSUPPORTED_MEDIA_TYPE);
    let by_get = deployment.admin().http().get(client.address("/graphql")).bearer_auth(token::admin());
    let by_get = by_get.query(&[("query", "mutation { sweep { report { at } } }")]).send().await?;
    assert_eq!(by_get.status(), StatusCode::METHOD_NOT_ALLOWED);
    Ok(())
}

#[tokio::test]
async fn mutations_are_rate_limited_per_person_and_address() -> Result<()> {
    let database = TestDatabase::sqlite()?;
    let settings = Settings::new(&database.url)
        .with("MUTATIONS_PER_SECOND_PER_ADDRESS", "20")
        .with("MUTATIONS_PER_SECOND_PER_PERSON", "1");
    let server = Program::serve(&settings).await?;
    let person = create_person(&server.admin(), "Ann").await?;
    let client = server.client_of(&person);
    let update = "mutation($id: ID!) { a: updatePerson(input: { id: $id }) { person { id } } b: updatePerson(input: { id: $id }) { person { id } } }";
    client.data(update, json!({ "id": person })).await?;
    // Each field counts as a mutation. Six are more than the burst allows.
    let six = "mutation { a: nothing b: nothing c: nothing d: nothing e: nothing f: nothing }"
        .replace("nothing", "leaveActivity(presenceId: \"-\") { presence { id } }");
    let refused = client.query(&six, json!({})).await?;
    assert_eq!((refused.status, refused.code().as_deref()), (429, Some("RATE_LIMITED")), "{}", refused.body);
    let mut socket = server.socket(Some(&token::of(&person))).await?;
    socket.subscribe("m", &six, json!({}))?;
    assert_eq!(socket.any_for("m", LIMIT).await?.message["payload"][0]["extensions"]["code"], "RATE_LIMITED");

    // Other people at the same address are not limited, until the address exceeds its own limit.
    let admin = server.admin();
    admin.data(update, json!({ "id": person })).await?;
    let many = "leaveActivity(presenceId: \"-\") { presence { id } } ".repeat(101);
    assert_eq!(admin.error_code(&format!("mutation {{ {many} }}"), json!({})).await?, "RATE_LIMITED");
    ensure!(client.query("{ viewerIsAdmin }", json!({})).await?.code().is_none(), "a query was limited as a mutation");
    Ok(())
}

#[tokio::test]
async fn slow_query_is_stopped_and_slow_mutation_completes() -> Result<()> {
    let database = TestDatabase::postgres().await?;
    let settings = Settings::new(&database.url).with("REQUEST_SECONDS", "1");
    program::run(&settings, &["migrate"]).await?.expect_success()?;
    let connection = database.connect().await?;
    let ann = "INSERT INTO person (id, display_name, name_key, created_at) VALUES (1, 'Ann', 'ann', now())";
    execute(&connection, ann).await?;
    let person = "Person:1";
    let server = Program::serve(&settings).await?;
    let admin = server.admin();
    let mut socket = server.socket(None).await?;
    // The server looks up the person of a new token.
    let look_up = async || admin.data("{ viewerIsAdmin }", json!({})).await;
    eventually(LIMIT, "the token to be known", look_up).await?;

    // The lock blocks every read and write of a person.
    let hold = connection.begin().await?;
    execute(&hold, "LOCK TABLE person").await?;
    let variables = json!({ "id": person });
    // This comes first, because the server looks the token's person up again some seconds later.
    let update = "mutation($id: ID!) { updatePerson(input: { id: $id, displayName: \"Bea\" }) { person { id } } }";
    let unanswered = admin.error(update, variables.clone()).await?;
    assert_eq!(unanswered.code, "INTERNAL");
    ensure!(unanswered.message.contains("The change may still be made"), "{unanswered:?}");
    let query = "query($id: ID!) { person(id: $id) { displayName } }";
    assert_eq!(server.client().error_code(query, variables.clone()).await?, "QUERY_TOO_COMPLEX");
    socket.subscribe("q", query, variables.clone())?;
    let late = socket.any_for("q", LIMIT).await?;
    assert_eq!(late.message["payload"][0]["extensions"]["code"], "QUERY_TOO_COMPLEX", "{}", late.message);
    hold.rollback().await?;
    eventually(LIMIT, "the change to be done", async || {
        let name = admin.data(query, variables.clone()).await?;
        ensure!(name["person"]["displayName"] == "Bea", "{name}");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn clients_may_read_the_whole_schema() -> Result<()> {
    let database = TestDatabase::sqlite()?;
    let server = Program::serve(&Settings::new(&database.url)).await?;
    for deprecated in ["", "(includeDeprecated: true)"] {
        let of_type = "ofType { kind name ".repeat(9) + &"}".repeat(9);
        let document = format!(
            "query IntrospectionQuery {{ __schema {{
                description queryType {{ name }} mutationType {{ name }} subscriptionType {{ name }}
                types {{ ...FullType }}
                directives {{ name description isRepeatable locations args{deprecated} {{ ...InputValue }} }}
            }} }}
            fragment FullType on __Type {{
                kind name description specifiedByURL isOneOf
                fields(includeDeprecated: true) {{
                    name description args{deprecated} {{ ...InputValue }} type {{ ...TypeRef }} isDeprecated deprecationReason
                }}
                inputFields{deprecated} {{ ...InputValue }}
                interfaces {{ ...TypeRef }}
                enumValues(includeDeprecated: true) {{ name description isDeprecated deprecationReason }}
                possibleTypes {{ ...TypeRef }}
            }}
            fragment InputValue on __InputValue {{
                name description type {{ ...TypeRef }} defaultValue isDeprecated deprecationReason
            }}
            fragment TypeRef on __Type {{ kind name {of_type} }}"
        );
        let schema = server.client().data(&document, json!({})).await?;
        let types = schema["__schema"]["types"].as_array().map_or(0, Vec::len);
        ensure!(types > 50, "{types} types");
    }
    Ok(())
}

#[tokio::test]
async fn answers_that_are_too_long_are_refused() -> Result<()> {
    let database = TestDatabase::sqlite()?;
    let server = Program::serve(&Settings::new(&database.url).with("MAX_ANSWER_BYTES", "2000")).await?;
    let admin = server.admin();
    let person = create_person(&admin, "Ann").await?;
    let city = "c".repeat(200);
    let update =
        "mutation($id: ID!, $city: String) { updatePerson(input: { id: $id, city: $city }) { person { id } } }";
    admin.data(update, json!({ "id": person, "city": city })).await?;
    let once = "query($id: ID!) { person(id: $id) { city } }";
    admin.data(once, json!({ "id": person })).await?;
    let cities = (0..12).map(|n| format!("c{n}: city")).collect::<Vec<_>>().join(" ");
    let often = &format!("query($id: ID!) {{ person(id: $id) {{ {cities} }} }}");
    let mut socket = server.socket(admin.token()).await?;
    let refused = admin.query(often, json!({ "id": person })).await?;
    assert_eq!(refused.code().as_deref(), Some("QUERY_TOO_COMPLEX"), "{}", refused.body);
    ensure!(refused.body["errors"].as_array().map(Vec::len) == Some(1), "{}", refused.body);
    ensure!(refused.body.get("data").is_none_or(Value::is_null), "{}", refused.body);
    socket.subscribe("1", often, json!({ "id": person }))?;
    let answer = socket.any_for("1", LIMIT).await?;
    assert_eq!(answer.message["payload"][0]["extensions"]["code"], "QUERY_TOO_COMPLEX", "{}", answer.message);
    Ok(())
}

/// Connections that send nothing, or a part of a request, and never end by themselves.
#[tokio::test]
async fn idle_connections_leave_room_for_others() -> Result<()> {
    let database = TestDatabase::sqlite()?;
    let server = Program::serve(&Settings::new(&database.url).open_files(300)).await?;
    let address = server.url().replace("http://", "");
    let mut idle = Vec::new();
    for n in 0..320 {
        let mut stream = TcpStream::connect(&address).await?;
        let beginning: &[u8] = [&b""[..], b"GET /health/live HTTP/1.1\r\nHost", b"PRI * HTTP/2.0\r\n"][n % 3];
        stream.write_all(beginning).await?;
        idle.push(stream);
    }
    for path in ["/health/live", "/health/ready"] {
        let answer = within(LIMIT, "an answer", reqwest::get(server.client().address(path))).await??;
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
    }
    let mut socket = server.socket(None).await?;
    socket.subscribe("1", "{ viewerIsAdmin }", json!({}))?;
    assert_eq!(socket.any_for("1", LIMIT).await?.kind(), "next");
    create_person(&server.admin(), "Ann").await?;
    Ok(())
}

#[tokio::test]
async fn queries_leave_connections_for_everything_else() -> Result<()> {
    let database = TestDatabase::postgres().await?;
    // With an unreachable Redis, the server runs no jobs.
    let settings = Settings::new(&database.url)
        .redis("redis://127.0.0.1:1/")
        .with("DATABASE_CONNECTIONS", "4")
        .with("MAX_QUERIES", "6")
        .with("REQUEST_SECONDS", "30");
    let server = Program::serve(&settings).await?;
    let admin = server.admin();
    let person = create_person(&admin, "Bea").await?;
    let session = create_session(&admin, "Open House").await?;
    let mut socket = server.socket(None).await?;
    socket.subscribe("changes", "subscription { activeSessionChanged { kind sessionInstanceId } }", json!({}))?;
    socket.any_for("changes", LIMIT).await?;
    let connection = database.connect().await?;
    let hold = connection.begin().await?;
    execute(&hold, "LOCK TABLE activity").await?;

    // Each query waits for the locked table. It holds a connection while there are free ones.
    let stuck: Vec<_> = (0..6)
        .map(|_| {
            let admin = admin.clone();
            tokio::spawn(async move { admin.query("{ activity(key: \"interview\") { id } }", json!({})).await })
        })
        .collect();
    let refused = eventually(LIMIT, "queries to have used up the limit", async || {
        let refused = admin.query("{ viewerIsAdmin }", json!({})).await?;
        ensure!(refused.code().is_some(), "it was answered");
        Ok(refused)
    });
    let refused = refused.await?;
    assert_eq!((refused.status, refused.code().as_deref()), (429, Some("RATE_LIMITED")), "{}", refused.body);
    let ready = reqwest::get(admin.address("/health/ready")).await?;
    assert_eq!(ready.status(), StatusCode::OK);
    create_person(&admin, "Ann").await?;
    // The hub reads the log, and tokens are looked up.
    let instance = create_active_instance(&admin, &session).await?;
    let change = socket.any_for("changes", LIMIT).await?;
    assert_eq!(change.message["payload"]["data"]["activeSessionChanged"]["sessionInstanceId"], instance);
    let yes = "mutation($id: ID!) { checkIn(input: { sessionInstanceId: $id, attendance: YES }) { checkIn { id } } }";
    server.client_of(&person).data(yes, json!({ "id": instance })).await?;
    server.socket(Some(&token::of(&person))).await?;
    hold.rollback().await?;
    for query in stuck {
        query.await??;
    }
    admin.data("{ viewerIsAdmin }", json!({})).await?;
    Ok(())
}

#[tokio::test]
async fn expensive_queries_leave_connections_for_other_queries() -> Result<()> {
    let database = TestDatabase::postgres().await?;
    // Without workers. Their timers read the table too.
    let settings = Settings::new(&database.url).redis("redis://127.0.0.1:1/").with("DATABASE_CONNECTIONS", "8");
    let server = Program::serve(&settings).await?;
    let admin = server.admin();
    let connection = database.connect().await?;
    let hold = connection.begin().await?;
    execute(&hold, "LOCK TABLE activity").await?;
    // Each of these many statements waits for the locked table. They could hold all connections for queries.
    let fields = (0..40).map(|n| format!("a{n}: activity(key: \"interview\") {{ id }} ")).collect::<Vec<_>>().concat();
    let expensive = tokio::spawn({
        let admin = admin.clone();
        async move { admin.query(&format!("{{ {fields} }}"), json!({})).await }
    });
    eventually(LIMIT, "the expensive query to wait for the table", async || {
        let waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'activity'::regclass";
        ensure!(number(&connection, waiting).await? > 0, "it does not wait yet");
        Ok(())
    })
    .await?;
    for _ in 0..8 {
        admin.data("{ sessions { totalCount } }", json!({})).await?;
    }
    hold.rollback().await?;
    assert_eq!(expensive.await??.code(), None);
    Ok(())
}

#[tokio::test]
async fn introspection_is_for_admins_in_production() -> Result<()> {
    let database = TestDatabase::postgres().await?;
    let settings = Settings::new(&database.url).with("TRUSTED_PROXIES", "1");
    let server = Program::serve(&settings).await?;
    let person = create_person(&server.admin(), "Ann").await?;
    let direct = "{ __schema { queryType { name } } }";
    let hidden = "query { ...F } fragment F on Query { ... { t: __type(name: \"Query\") { name } } }";
    let mut socket = server.socket(None).await?;
    for (n, document) in [direct, hidden].into_iter().enumerate() {
        assert_eq!(server.client().error_code(document, json!({})).await?, "UNAUTHENTICATED");
        assert_eq!(server.client_of(&person).error_code(document, json!({})).await?, "FORBIDDEN");
        server.admin().data(document, json!({})).await?;
        let id = n.to_string();
        socket.subscribe(&id, document, json!({}))?;
        assert_eq!(socket.any_for(&id, LIMIT).await?.message["payload"][0]["extensions"]["code"], "UNAUTHENTICATED");
    }
    server.client().data("{ __typename }", json!({})).await?;
    let misspelled = server.client().error("{ viewerIsAdmim }", json!({})).await?;
    ensure!(!misspelled.message.contains("viewerIsAdmin"), "{}", misspelled.message);
    let page = reqwest::get(server.client().address("/graphiql")).await?;
    assert_eq!(page.status(), StatusCode::NOT_FOUND);
    Ok(())
}

#[tokio::test]
async fn sockets_are_refused_for_origins_that_are_not_listed() -> Result<()> {
    let database = TestDatabase::sqlite()?;
    let status = async |client: &Client, origin: Option<&str>| -> Result<StatusCode> {
        let request = client.http().get(client.address("/graphql/ws"));
        let request = request.header(CONNECTION, "upgrade").header(UPGRADE, "websocket").header(HOST, "here.example");
        let request =
            request.header("sec-websocket-version", "13").header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==");
        let request = request.header("sec-websocket-protocol", "graphql-transport-ws");
        let request = origin.map_or(request.try_clone().context("no body")?, |origin| request.header(ORIGIN, origin));
        Ok(request.send().await?.status())
    };
    let server = Program::serve(&Settings::new(&database.url).with("CORS_ORIGINS", "https://listed.example")).await?;
    for (origin, expected) in [
        (None, StatusCode::SWITCHING_PROTOCOLS),
        (Some("http://here.example"), StatusCode::SWITCHING_PROTOCOLS),
        (Some("https://listed.example"), StatusCode::SWITCHING_PROTOCOLS),
        (Some("https://other.example"), StatusCode::FORBIDDEN),
        (Some("null"), StatusCode::FORBIDDEN),
    ] {
        assert_eq!(status(&server.client(), origin).await?, expected, "{origin:?}");
    }
    let server = Program::serve(&Settings::new(&TestDatabase::sqlite()?.url)).await?;
    assert_eq!(status(&server.client(), Some("https://other.example")).await?, StatusCode::SWITCHING_PROTOCOLS);
    Ok(())
}

#[tokio::test]
async fn preflights_allow_any_header_to_listed_origins_for_a_day() -> Result<()> {
    let database = TestDatabase::sqlite()?;
    let server = Program::serve(&Settings::new(&database.url).with("CORS_ORIGINS", "https://listed.example")).await?;
    let client = server.client();
    let headers = "apollo-require-preflight,apollographql-client-name,apollographql-client-version,authorization,baggage,\
                   content-type,idempotency-key,last-event-id,sentry-trace,traceparent,tracestate,x-apollo-operation-name,\
                   x-request-id,x-whatever-comes-next";
    let ask = async |origin: &str| -> Result<reqwest::Response> {
        let request = client.http().request(Method::OPTIONS, client.address("/graphql")).header(ORIGIN, origin);
        let request = request.header("access-control-request-method", "POST");
        Ok(request.header("access-control-request-headers", headers).send().await?)
    };
    let allowed = ask("https://listed.example").await?;
    let header = |answer: &reqwest::Response, name: &str| {
        answer.headers().get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).to_lowercase())
    };
    assert_eq!(header(&allowed, "access-control-allow-origin").as_deref(), Some("https://listed.example"));
    assert_eq!(header(&allowed, "access-control-allow-headers").as_deref(), Some(headers));
    assert_eq!(header(&allowed, "access-control-max-age").as_deref(), Some("86400"));
    assert_eq!(header(&ask("https://other.example").await?, "access-control-allow-origin"), None);

    let query = client.http().post(client.address("/graphql")).header(ORIGIN, "https://listed.example");
    let answer = query.json(&json!({ "query": "{ viewerIsAdmin }" })).send().await?;
    let exposed = header(&answer, "access-control-expose-headers").unwrap_or_default();
    for name in ["x-request-id", "retry-after", "x-query-cost"] {
        ensure!(exposed.contains(name), "{name} is not exposed: {exposed}");
    }
    Ok(())
}
