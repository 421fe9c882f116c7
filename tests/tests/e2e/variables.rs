//! Input fields and variables that have a value, are null, or are left out (GraphQL, 3.10 and 6.4.1), for every update,
//! on every transport.

use anyhow::{Context, Result, bail, ensure};
use insession_tests::{Answer, Client, Deployment, LIMIT, Socket, TestDatabase, on_both_databases};
use serde_json::{Map, Value, json};

use crate::fixtures::{create_active_instance, create_person, create_session};

on_both_databases!(updates_keep_what_is_not_sent, defaults_apply_where_nothing_is_sent);

/// The first and the second value of each field of an update. A field without a row fails the test.
fn values(input: &str) -> Value {
    let weekly = |weekday: &str| json!([{ "weekly": { "weekday": weekday, "everyNWeeks": 1, "startTime": "19:00:00", "endTime": "22:00:00" } }]);
    match input {
        "UpdateSessionInput" => json!({
            "name": ["Monday", "Tuesday"],
            "path": ["monday-here", "tuesday-here"],
            "city": ["Austin", "Berlin"],
            "state": ["TX", "BE"],
            "country": ["US", "DE"],
            "location": ["The pub", "The church"],
            "timeZone": ["America/Chicago", "Europe/Berlin"],
            "schedules": [weekly("MONDAY"), weekly("TUESDAY")],
            "activeBufferMinutesBefore": [30, 40],
            "activeBufferMinutesAfter": [30, 40],
            "autoCreateInstances": [false, true],
            "autoCreateHoursAhead": [24, 48],
            "initiationDate": ["2031-01-01", "2031-02-01"],
            "terminationDate": ["2041-01-01", "2041-02-01"],
            "latitude": [52.5, 48.25],
            "longitude": [13.5, 16.25],
            "checkInCodes": ["FIXED", "ROTATING"],
            "requiresCode": [false, true],
            "description": ["Tunes", "Songs"],
            "website": ["https://one.example/", "https://two.example/"],
            "pictureUrl": ["https://one.example/a.jpg", "https://two.example/a.jpg"],
        }),
        "UpdateSessionInstanceInput" => json!({
            "date": ["2031-03-03", "2031-03-10"],
            "startTime": ["19:00:00", "20:00:00"],
            "endTime": ["22:00:00", "23:00:00"],
            "locationOverride": ["The garden", "The cellar"],
            "isCancelled": [false, true],
        }),
        "UpdatePersonInput" => json!({
            "displayName": ["Ann", "Anna"],
            "city": ["Austin", "Berlin"],
            "country": ["US", "DE"],
            "hidesPlace": [false, true],
            "isDeactivated": [false, true],
            "externalId": ["ann@example", "anna@example"],
        }),
        _ => Value::Null,
    }
}

/// The mutations called `update…` that take an input object, with its fields and their types.
struct Update {
    mutation: String,
    /// The field of the payload that holds what was updated.
    result: String,
    input: String,
    fields: Vec<(String, String)>,
}

async fn updates(client: &Client) -> Result<Vec<Update>> {
    let schema = client
        .data(
            "{ __schema {
                mutationType { fields { name args { name type { ofType { name kind } } } type { ...T } } }
                types { name inputFields { name type { ...T } } fields { name type { ...T } } }
            } }
            fragment T on __Type { name kind ofType { name kind ofType { name kind ofType { name kind } } } }",
            json!({}),
        )
        .await?;
    let types = schema["__schema"]["types"].as_array().context("types")?;
    let find = |name: &Value| types.iter().find(|of| &of["name"] == name).context("a type");
    let mut updates = Vec::new();
    for mutation in schema["__schema"]["mutationType"]["fields"].as_array().context("mutations")? {
        let name = mutation["name"].as_str().unwrap_or_default();
        let input = &mutation["args"][0]["type"]["ofType"];
        if !name.starts_with("update") || input["kind"] != "INPUT_OBJECT" {
            continue;
        }
        let nullable = find(&input["name"])?["inputFields"].as_array().into_iter().flatten();
        let nullable = nullable.filter(|field| field["type"]["kind"] != "NON_NULL");
        let payload = printed(&mutation["type"]);
        let result = find(&json!(payload.trim_end_matches('!')))?["fields"].as_array().into_iter().flatten();
        let result =
            result.map(|field| field["name"].as_str().unwrap_or_default()).find(|it| *it != "clientMutationId");
        updates.push(Update {
            mutation: name.to_owned(),
            result: result.context("a field of the payload")?.to_owned(),
            input: input["name"].as_str().unwrap_or_default().to_owned(),
            fields: nullable
                .map(|field| (field["name"].as_str().unwrap_or_default().to_owned(), printed(&field["type"])))
                .collect(),
        });
    }
    ensure!(updates.len() >= 3, "only {} updates", updates.len());
    Ok(updates)
}

/// A type as documents have it.
fn printed(of: &Value) -> String {
    match of["kind"].as_str() {
        Some("NON_NULL") => format!("{}!", printed(&of["ofType"])),
        Some("LIST") => format!("[{}]", printed(&of["ofType"])),
        _ => of["name"].as_str().unwrap_or_default().to_owned(),
    }
}

/// A value as documents have it. Words in capital letters are enums.
fn literal(value: &Value) -> String {
    match value {
        Value::Array(items) => format!("[{}]", items.iter().map(literal).collect::<Vec<_>>().join(", ")),
        Value::Object(fields) => {
            let fields = fields.iter().map(|(name, value)| format!("{name}: {}", literal(value)));
            format!("{{ {} }}", fields.collect::<Vec<_>>().join(", "))
        }
        Value::String(text) if text.ends_with("DAY") || ["FIXED", "ROTATING"].contains(&text.as_str()) => text.clone(),
        _ => value.to_string(),
    }
}

enum Transport {
    Http(Client),
    Socket(Box<Socket>, u32),
}

impl Transport {
    async fn ask(&mut self, document: &str, variables: Value) -> Result<Answer> {
        match self {
            Self::Http(client) => client.query(document, variables).await,
            Self::Socket(socket, count) => {
                *count += 1;
                let id = count.to_string();
                socket.subscribe(&id, document, variables)?;
                let message = socket.any_for(&id, LIMIT).await?.message;
                Ok(match message["type"].as_str() {
                    Some("next") => Answer { status: 200, body: message["payload"].clone() },
                    Some("error") => Answer { status: 200, body: json!({ "errors": message["payload"] }) },
                    _ => bail!("{message}"),
                })
            }
        }
    }
}

async fn updates_keep_what_is_not_sent(database: TestDatabase) -> Result<()> {
    let deployment = Deployment::start(&database).await?;
    let admin = deployment.admin();
    let session = create_session(&admin, "Monday").await?;
    let instance = create_active_instance(&admin, &session).await?;
    let person = create_person(&admin, "Ann").await?;
    let mut transports = vec![
        Transport::Http(admin.clone()),
        Transport::Socket(Box::new(Socket::connect(&admin.address(""), admin.token()).await?), 0),
    ];
    for update in updates(&admin).await? {
        let id = match update.result.as_str() {
            "session" => &session,
            "sessionInstance" => &instance,
            "person" => &person,
            other => bail!("there is no fixture for {other}"),
        };
        for transport in &mut transports {
            update.check(transport, id).await.with_context(|| update.mutation.clone())?;
        }
    }
    Ok(())
}

impl Update {
    fn document(&self, variables: &str, input: &str) -> String {
        let Self { mutation, result, .. } = self;
        let fields = self.fields.iter().map(|(name, _)| match name.as_str() {
            "schedules" => "recurrence { rrules }",
            name => name,
        });
        let fields = fields.collect::<Vec<_>>().join(" ");
        format!("mutation({variables}) {{ {mutation}(input: {input}) {{ {result} {{ {fields} }} }} }}")
    }

    /// The state of the object after a mutation that must succeed.
    fn state(&self, answer: &Answer) -> Result<Map<String, Value>> {
        let state = answer.data()?[&self.mutation][&self.result].as_object().cloned();
        state.context("the payload has what was updated")
    }

    async fn check(&self, transport: &mut Transport, id: &str) -> Result<()> {
        let values = values(&self.input);
        let mut all = json!({ "id": id });
        for (field, _) in &self.fields {
            all[field] =
                values.pointer(&format!("/{field}/0")).with_context(|| format!("no value for {field}"))?.clone();
        }
        let whole = self.document(&format!("$input: {}!", self.input), "$input");
        let start = self.state(&transport.ask(&whole, json!({ "input": all })).await?)?;
        // A variable whose value has only the id.
        let same = self.state(&transport.ask(&whole, json!({ "input": { "id": id } })).await?)?;
        ensure!(same == start, "an empty input changed {start:?} to {same:?}");

        for (field, of) in &self.fields {
            let is = |state: &Map<String, Value>, expected: &Value| match field.as_str() {
                "schedules" => expected.is_null() == (state["recurrence"]["rrules"] == json!([])),
                _ => state[field] == *expected,
            };
            let by_field =
                self.document(&format!("$id: ID!, $value: {of}"), &format!("{{ id: $id, {field}: $value }}"));
            let second = &values[field][1];
            let by_default = self.document(
                &format!("$id: ID!, $value: {of} = {}", literal(second)),
                &format!("{{ id: $id, {field}: $value }}"),
            );

            let kept = self.state(&transport.ask(&by_field, json!({ "id": id })).await?)?;
            ensure!(kept == start, "{field} unsent changed {start:?} to {kept:?}");

            for (document, variables) in [
                (&by_field, json!({ "id": id, "value": null })),
                (&whole, json!({ "input": { "id": id, field: null } })),
            ] {
                let answer = transport.ask(document, variables).await?;
                if let Some(code) = answer.code() {
                    ensure!(code == "BAD_USER_INPUT", "{field} null: {}", answer.body);
                    let kept = self.state(&transport.ask(&by_field, json!({ "id": id })).await?)?;
                    ensure!(kept == start, "{field} null was refused and changed {start:?} to {kept:?}");
                } else {
                    let cleared = self.state(&answer)?;
                    ensure!(is(&cleared, &Value::Null), "{field} null: {cleared:?}");
                }
                self.state(&transport.ask(&whole, json!({ "input": all })).await?)?;
            }

            for (document, variables) in
                [(&by_field, json!({ "id": id, "value": second })), (&by_default, json!({ "id": id }))]
            {
                let set = self.state(&transport.ask(document, variables).await?)?;
                ensure!(is(&set, second), "{field} to {second}: {set:?}");
                ensure!(set != start, "{field} to {second} changed nothing");
                let back = self.state(&transport.ask(&whole, json!({ "input": all })).await?)?;
                ensure!(back == start, "{field} back: {back:?} instead of {start:?}");
            }
        }
        Ok(())
    }
}

async fn defaults_apply_where_nothing_is_sent(database: TestDatabase) -> Result<()> {
    let deployment = Deployment::start(&database).await?;
    let admin = deployment.admin();
    let session = create_session(&admin, "Monday").await?;
    let schedule = "mutation($id: ID!, $n: Int, $start: LocalTime!) {
        updateSession(input: { id: $id, schedules: [{ weekly: {
            weekday: MONDAY, everyNWeeks: $n, startTime: $start, endTime: \"22:00\"
        } }] }) { session { recurrence { schedules { ... on WeeklySchedule { everyNWeeks } } } } }
    }";
    let variables = json!({ "id": session, "start": "19:00" });
    let answer = admin.data(schedule, variables).await?;
    let every = answer.pointer("/updateSession/session/recurrence/schedules/0/everyNWeeks");
    ensure!(every == Some(&json!(1)), "an input field's default: {answer}");

    let occurrences = "query($id: ID!, $first: Int, $all: Boolean, $include: Boolean = true, $skip: Boolean! = false) {
        node(id: $id) { ... on Session { name @skip(if: $skip) occurrences(first: $first) { date } } }
        sessions(filter: { includeTerminated: $all }) @include(if: $include) { nodes { id } }
    }";
    let answer = admin.data(occurrences, json!({ "id": session })).await?;
    let dates = answer.pointer("/node/occurrences").and_then(Value::as_array).map(Vec::len);
    ensure!(dates == Some(10), "an argument's default: {answer}");
    ensure!(answer.pointer("/sessions/nodes/0/id") == Some(&json!(session)), "a directive's: {answer}");
    ensure!(answer.pointer("/node/name") == Some(&json!("Monday")), "a directive's: {answer}");
    for null in ["first", "all", "include", "skip"] {
        let error = admin.query(occurrences, json!({ "id": session, null: null })).await?;
        ensure!(error.code().as_deref() == Some("BAD_USER_INPUT"), "{null}: {}", error.body);
    }

    let sweep = "mutation($dry: Boolean, $at: DateTime) { sweep(dryRun: $dry, at: $at) { report { dryRun } } }";
    let answer = admin.data(sweep, json!({})).await?;
    ensure!(answer.pointer("/sweep/report/dryRun") == Some(&json!(false)), "{answer}");
    Ok(())
}
