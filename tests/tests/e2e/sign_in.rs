//! Sign-in through an identity provider, and revocation of tokens.

use anyhow::{Result, ensure};
use chrono::TimeDelta;
use insession_tests::{
    Backend, Deployment, LIMIT, Program, Proxy, Settings, TestDatabase,
    database::{execute, number},
    eventually, now, on_both_databases,
    program::run,
    provider::Provider,
    token,
};
use serde_json::{Value, json};

use crate::fixtures::create_person;

const VIEWER: &str = "{ viewer { id displayName } viewerIsAdmin }";

on_both_databases!(
    tokens_of_an_identity_provider_are_verified_by_its_keys,
    revoked_tokens_are_refused_and_their_sockets_closed,
    server_reads_missed_revocations_after_an_outage,
    erased_person_does_not_return_by_an_old_token,
);

/// A deployment whose tokens come from `provider`.
async fn start(database: &TestDatabase, provider: &Provider, registers: &str) -> Result<Deployment> {
    let change = |settings: Settings| {
        let settings = settings.without("JWT_SECRET").with("JWKS_URL", provider.url());
        settings
            .with("JWT_ISSUER", "https://id.example")
            .with("JWT_AUDIENCE", "insession")
            .with("AUTO_REGISTER", registers)
    };
    Deployment::start_with(database, change).await
}

fn claims(sub: &str, more: Value) -> Value {
    let exp = now().timestamp() + 3600;
    let mut claims = json!({ "sub": sub, "exp": exp, "iss": "https://id.example", "aud": ["insession"] });
    if let (Some(claims), Value::Object(more)) = (claims.as_object_mut(), more) {
        claims.extend(more);
    }
    claims
}

async fn tokens_of_an_identity_provider_are_verified_by_its_keys(database: TestDatabase) -> Result<()> {
    let provider = Provider::start().await?;
    {
        let deployment = start(&database, &provider, "false").await?;
        let client =
            |claims: &Value| Ok::<_, anyhow::Error>(deployment.first().client().with_token(&provider.token(claims)?));
        let stranger = client(&claims("auth0|5f", json!({})))?;
        assert_eq!(stranger.error_code(VIEWER, json!({})).await?, "UNAUTHENTICATED", "no person has this external id");
        let admin = client(&claims("root", json!({ "roles": ["admin"] })))?;
        assert_eq!(admin.data(VIEWER, json!({})).await?, json!({ "viewer": null, "viewerIsAdmin": true }));
        // The first person of this database has the id Person:1. The provider's subject of that name is somebody else.
        let create = r#"mutation { createPerson(input: { displayName: "First" }) { person { id } } }"#;
        let first = admin.data(create, json!({})).await?["createPerson"]["person"]["id"].take();
        let same_name = client(&claims(first.as_str().unwrap_or_default(), json!({})))?;
        assert_eq!(same_name.error_code(VIEWER, json!({})).await?, "UNAUTHENTICATED", "{first} is no external id");
        for wrong in [json!({ "iss": "https://other.example" }), json!({ "aud": "others" }), json!({ "aud": null })] {
            let client = client(
                &claims("root", json!({ "roles": ["admin"] }))
                    .as_object()
                    .map(|claims| {
                        let mut claims = claims.clone();
                        claims.extend(wrong.as_object().cloned().unwrap_or_default());
                        Value::Object(claims)
                    })
                    .unwrap_or_default(),
            )?;
            assert_eq!(client.error_code(VIEWER, json!({})).await?, "UNAUTHENTICATED", "{wrong}");
        }

        let create = r#"mutation { createPerson(input: { displayName: "Ann", externalId: "auth0|5f" }) { person { id externalId } } }"#;
        let person = admin.data(create, json!({})).await?["createPerson"]["person"].take();
        assert_eq!(person["externalId"], "auth0|5f");
        assert_eq!(admin.error_code(create, json!({})).await?, "CONFLICT");
        let expected = json!({ "viewer": { "id": person["id"], "displayName": "Ann" }, "viewerIsAdmin": false });
        eventually(LIMIT, "the person to be known", async || {
            ensure!(stranger.data(VIEWER, json!({})).await? == expected);
            Ok(())
        })
        .await?;
        let change = r#"mutation($id: ID!) { updatePerson(input: { id: $id, externalId: "root" }) { person { id } } }"#;
        assert_eq!(
            stranger.error_code(change, json!({ "id": person["id"] })).await?,
            "FORBIDDEN",
            "people cannot change their external id"
        );
        let known = provider.token(&claims("auth0|5f", json!({})))?;
        provider.stop_answering();
        let another = deployment.first().client().with_token(&known);
        assert_eq!(another.data(VIEWER, json!({})).await?, expected, "the server has the keys in its cache");
        let fresh = deployment.second().client().with_token(&known).query(VIEWER, json!({})).await?;
        ensure!([200, 503].contains(&fresh.status), "a server without keys must answer 503: {}", fresh.body);
    }

    let provider = Provider::start().await?;
    let deployment = start(&database, &provider, "true").await?;
    let token = provider.token(&claims("auth0|new", json!({ "name": "  Bea\u{7}trix " })))?;
    let at_once = (0..8).map(|n| {
        let server = if n % 2 == 0 { deployment.first() } else { deployment.second() };
        let client = server.client().with_token(&token);
        async move { client.data(VIEWER, json!({})).await }
    });
    let viewers = futures_util::future::try_join_all(at_once).await?;
    ensure!(
        viewers.iter().all(|viewer| *viewer == viewers[0] && viewer["viewer"]["displayName"] == "Beatrix"),
        "{viewers:?}"
    );
    let count =
        number(&database.connect().await?, "SELECT COUNT(*) FROM person WHERE external_id = 'auth0|new'").await?;
    assert_eq!(count, 1, "concurrent sign-ins create one person");
    let admin = provider.token(&claims("root2", json!({ "roles": ["admin"] })))?;
    let admin = deployment.first().client().with_token(&admin).data(VIEWER, json!({})).await?;
    ensure!(admin["viewer"].is_null(), "an admin was registered as a person: {admin}");
    Ok(())
}

async fn revoked_tokens_are_refused_and_their_sockets_closed(database: TestDatabase) -> Result<()> {
    let deployment = Deployment::start_with(&database, |settings| settings.with("JWT_LEEWAY_SECONDS", "600")).await?;
    let admin = deployment.admin();
    let [person, other] = [create_person(&admin, "Ann").await?, create_person(&admin, "Bob").await?];
    let made = |person: &str, at: i64| {
        token::signed(&json!({ "sub": person, "iat": at, "exp": now().timestamp() + 3600 }), token::SECRET)
    };
    let before = now().timestamp() - 60;
    // This token was made by a clock that is ahead. So it may be older than the revocation, too.
    let ahead = now().timestamp() + 500;
    let mut sockets = Vec::new();
    for server in [deployment.first(), deployment.second()] {
        for token in [made(&person, before), made(&person, ahead), token::of(&person)] {
            server.client().with_token(&token).data(VIEWER, json!({})).await?;
            sockets.push(server.socket(Some(&token)).await?);
        }
    }
    let mut kept = deployment.second().socket(Some(&made(&other, before))).await?;

    let revoke = "mutation($id: ID) { revokeTokens(personId: $id) { person { id } } }";
    let theirs = deployment.first().client().with_token(&made(&other, before));
    assert_eq!(theirs.error_code(revoke, json!({ "id": person })).await?, "FORBIDDEN");
    assert_eq!(
        admin.error_code(revoke, json!({})).await?,
        "BAD_USER_INPUT",
        "an admin who is not a person must name one"
    );
    let own = deployment.first().client().with_token(&made(&person, before));
    own.data(revoke, json!({})).await?;
    let second = now().timestamp();

    for socket in &mut sockets {
        assert_eq!(socket.closed(LIMIT).await?.code, 4403);
    }
    for server in [deployment.first(), deployment.second()] {
        for token in [made(&person, before), made(&person, ahead), token::of(&person)] {
            let client = server.client().with_token(&token);
            assert_eq!(client.error_code(VIEWER, json!({})).await?, "UNAUTHENTICATED");
            ensure!(server.socket(Some(&token)).await.is_err(), "a socket accepted a revoked token");
        }
        // `iat` has whole seconds, so a new token may have been made in the second of the revocation.
        for issued_at in [second, second + 1] {
            let fresh = server.client().with_token(&made(&person, issued_at));
            assert_eq!(fresh.data(VIEWER, json!({})).await?["viewer"]["id"], *person);
        }
    }
    kept.subscribe("still", "query { viewer { id } }", json!({}))?;
    assert_eq!(kept.next_for("still", LIMIT).await?.field("viewer")["id"], *other);
    admin.data(revoke, json!({ "id": other })).await?;
    assert_eq!(kept.closed(LIMIT).await?.code, 4403);
    Ok(())
}

/// A server cannot reach the database for a while. Meanwhile another server, whose clock is some minutes behind,
/// revokes tokens, and erases and merges people.
async fn server_reads_missed_revocations_after_an_outage(database: TestDatabase) -> Result<()> {
    let other = Program::serve(&Settings::new(&database.url)).await?;
    let mut proxy = None;
    let mut settings = Settings::new(&database.url);
    if database.backend == Backend::Postgres {
        let (before, url) = Proxy::before(&database.url).await?;
        (proxy, settings) = (Some(before), Settings::new(&url));
    }
    let mut server = Program::serve(&settings).await?;
    let admin = other.admin();
    let mut people = Vec::new();
    for name in ["Revoked", "Erased", "Merged", "Renamed", "Left"] {
        people.push(create_person(&admin, name).await?);
    }
    let an_hour_ago = now().timestamp() - 3_600;
    let token = |person: &String| {
        token::signed(&json!({ "sub": person, "iat": an_hour_ago, "exp": now().timestamp() + 3_600 }), token::SECRET)
    };
    let mut sockets = Vec::new();
    for person in &people {
        server.client().with_token(&token(person)).data(VIEWER, json!({})).await?;
        sockets.push(server.socket(Some(&token(person))).await?);
    }

    match &mut proxy {
        Some(proxy) => proxy.refuse(),
        None => stop_between_transactions(&mut server, &database).await?,
    }
    let [revoked, erased, merged, renamed, left] = &people[..] else { unreachable!("five people") };
    let change = "mutation($revoked: ID!, $erased: ID!, $merged: ID!, $renamed: ID!, $left: ID!) {
        revokeTokens(personId: $revoked) { person { id } }
        erasePerson(id: $erased) { erasedPersonId }
        mergePeople(fromId: $merged, intoId: $left) { person { id } }
        updatePerson(input: { id: $renamed, externalId: \"another\" }) { person { id } }
    }";
    let variables = json!({ "revoked": revoked, "erased": erased, "merged": merged, "renamed": renamed, "left": left });
    admin.data(change, variables).await?;
    let earlier = now() - TimeDelta::minutes(10);
    let sql = format!(
        "UPDATE person SET tokens_not_before = '{}' WHERE tokens_not_before IS NOT NULL",
        earlier.format("%Y-%m-%dT%H:%M:%S%.6f+00:00")
    );
    execute(&database.connect().await?, &sql).await?;
    match &mut proxy {
        Some(proxy) => proxy.allow().await?,
        None => server.signal("CONT")?,
    }

    let [first, second, third, fourth, kept] = &mut sockets[..] else { unreachable!("five sockets") };
    for socket in [first, second, third, fourth] {
        assert_eq!(socket.closed(LIMIT).await?.code, 4403);
    }
    for (person, is_valid) in [(revoked, false), (erased, false), (merged, false), (renamed, true), (left, true)] {
        let answer = server.client().with_token(&token(person)).query(VIEWER, json!({})).await?;
        assert_eq!(answer.code().is_none(), is_valid, "{person}: {}", answer.body);
    }
    kept.subscribe("still", VIEWER, json!({}))?;
    assert_eq!(kept.next_for("still", LIMIT).await?.field("viewer")["id"], **left);
    Ok(())
}

async fn erased_person_does_not_return_by_an_old_token(database: TestDatabase) -> Result<()> {
    let provider = Provider::start().await?;
    let deployment = start(&database, &provider, "true").await?;
    let admin = provider.token(&claims("root", json!({ "roles": ["admin"] })))?;
    let admin = deployment.first().client().with_token(&admin);
    let token = |sub: &str, iat: i64| provider.token(&claims(sub, json!({ "iat": iat, "name": "Unforgettable" })));
    let old = now().timestamp() - 60;
    let erase = "mutation($id: ID!) { erasePerson(id: $id) { erasedPersonId } }";
    // One person was erased. Another was merged into a third person, who was erased.
    let person = async |sub: &str| -> Result<Value> {
        let client = deployment.first().client().with_token(&token(sub, old)?);
        Ok(client.data(VIEWER, json!({})).await?["viewer"]["id"].take())
    };
    let ids = [person("auth0|one").await?, person("auth0|two").await?, person("auth0|three").await?];
    let merge = "mutation($from: ID!, $into: ID!) { mergePeople(fromId: $from, intoId: $into) { person { id } } }";
    admin.data(merge, json!({ "from": ids[1], "into": ids[2] })).await?;
    let just_before = now().timestamp();
    for id in [&ids[0], &ids[2]] {
        admin.data(erase, json!({ "id": id })).await?;
    }
    let connection = database.connect().await?;
    let expect_refused = async |sub: &str| -> Result<()> {
        let without = claims(sub, json!({ "name": "Unforgettable" }));
        for token in [token(sub, old)?, token(sub, just_before)?, provider.token(&without)?] {
            for server in [deployment.first(), deployment.second()] {
                eventually(LIMIT, "the server to read the erasure", async || {
                    let answer = server.client().with_token(&token).query(VIEWER, json!({})).await?;
                    ensure!(answer.code().as_deref() == Some("UNAUTHENTICATED"), "{sub}: {}", answer.body);
                    Ok(())
                })
                .await?;
            }
        }
        Ok(())
    };
    let named = "SELECT COUNT(*) FROM person WHERE display_name = 'Unforgettable' OR external_id IS NOT NULL";
    for sub in ["auth0|one", "auth0|two", "auth0|three"] {
        expect_refused(sub).await?;
    }
    assert_eq!(number(&connection, named).await?, 0, "an erased person is back");

    // A person who signs in again becomes a new person. The old tokens stay refused.
    for (sub, id) in ["auth0|one", "auth0|two", "auth0|three"].into_iter().zip(&ids) {
        let client = deployment.second().client().with_token(&token(sub, now().timestamp() + 1)?);
        let viewer = client.data(VIEWER, json!({})).await?["viewer"].take();
        ensure!(viewer["displayName"] == "Unforgettable" && viewer["id"] != *id, "{viewer}");
        expect_refused(sub).await?;
    }
    assert_eq!(number(&connection, "SELECT COUNT(*) FROM erased_identity WHERE hash LIKE '%auth0%'").await?, 0);
    Ok(())
}

/// Stops a process so that it holds no lock on the SQLite file.
async fn stop_between_transactions(server: &mut Program, database: &TestDatabase) -> Result<()> {
    let connection = database.connect().await?;
    eventually(LIMIT, "the process to stop without a lock", async || {
        server.signal("STOP")?;
        let free = execute(&connection, "BEGIN IMMEDIATE; ROLLBACK").await;
        if free.is_err() {
            server.signal("CONT")?;
        }
        free
    })
    .await
}

#[tokio::test]
async fn server_with_an_identity_provider_does_not_start_without_an_audience() -> Result<()> {
    let database = TestDatabase::sqlite()?;
    let key = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAAdYNIF6PLwjPR8lvI++87s9qEpbDMJ1ydC2GUk3G5pg=\n-----END PUBLIC KEY-----";
    for (name, value) in [("JWKS_URL", "https://id.example/keys"), ("JWT_PUBLIC_KEY", key)] {
        let settings = Settings::new(&database.url).without("JWT_SECRET").with(name, value);
        let ended = run(&settings, &["serve"]).await?;
        ensure!(ended.status.code() == Some(1), "{name}: {}", ended.status);
        ensure!(ended.stderr.contains("JWT_AUDIENCE is missing"), "{name}: {}", ended.stderr);
        let server = Program::serve(&settings.with("JWT_AUDIENCE", "insession")).await?;
        server.client().data(VIEWER, json!({})).await?;
    }
    Ok(())
}
