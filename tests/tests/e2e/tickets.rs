//! The tickets with which the scripts of pages open sockets.

use anyhow::{Context, Result, ensure};
use insession_tests::{Deployment, LIMIT, Program, TestDatabase, on_both_databases, token};
use reqwest::{
    header::{COOKIE, SET_COOKIE},
    redirect::Policy,
};
use serde_json::{Value, json};

use crate::fixtures::create_person;

on_both_databases!(page_gets_a_ticket_that_opens_sockets_only);

const VIEWER: &str = "{ viewer { id } }";

/// What the script of a page gets with this cookie.
async fn ticket(http: &reqwest::Client, server: &Program, cookie: &str) -> Result<Value> {
    let answer = http.post(server.client().address("/web/token")).header(COOKIE, cookie).send().await?;
    Ok(answer.error_for_status()?.json().await?)
}

async fn page_gets_a_ticket_that_opens_sockets_only(database: TestDatabase) -> Result<()> {
    let deployment = Deployment::start(&database).await?;
    let (first, second) = (deployment.first(), deployment.second());
    let ann = create_person(&deployment.admin(), "Ann").await?;
    let http = reqwest::Client::builder().redirect(Policy::none()).build()?;
    let sign_in = async |token: &str| -> Result<reqwest::Response> {
        let form = [("token", token), ("next", "/me")];
        Ok(http.post(first.client().address("/sign-in")).form(&form).send().await?)
    };
    let key = r#"mutation { createApiKey(input: { name: "Display", expiresAt: "2035-01-01T00:00:00Z" }) { secret } }"#;
    let key = first.client_of(&ann).data(key, json!({})).await?["createApiKey"]["secret"].take();
    let key = key.as_str().context("a secret")?.to_owned();
    assert_eq!(ticket(&http, first, "").await?, json!({ "token": null, "viewer": null }));

    // The browser may have a sign-in of its own, or the API key that somebody has pasted.
    for credential in [token::of(&ann), key.clone()] {
        let answer = sign_in(&credential).await?;
        let cookie = answer.headers()[SET_COOKIE].to_str()?.split(';').next().context("a cookie")?.to_owned();
        let secret = cookie.trim_start_matches("insession_token=").to_owned();
        let given = ticket(&http, second, &cookie).await?;
        let given = given["token"].as_str().with_context(|| format!("no ticket: {given}"))?.to_owned();
        ensure!(given.starts_with("ist_") && !given.contains(&secret) && !given.contains(&credential), "{given}");

        let mut sockets = Vec::new();
        for server in [first, second] {
            let mut socket = server.socket(Some(&given)).await?;
            socket.subscribe("who", VIEWER, json!({}))?;
            assert_eq!(socket.next_for("who", LIMIT).await?.field("viewer")["id"], ann);
            sockets.push(socket);

            // A ticket is no token for requests or pages, and cannot be exchanged for one.
            let requests = server.client().with_token(&given);
            assert_eq!(requests.error_code(VIEWER, json!({})).await?, "UNAUTHENTICATED");
            let as_cookie = format!("insession_token={given}");
            let page = http.get(server.client().address("/me")).header(COOKIE, &as_cookie).send().await?;
            assert_eq!(page.status(), 303);
            assert_eq!(ticket(&http, server, &as_cookie).await?, json!({ "token": null, "viewer": null }));
        }
        let refused = sign_in(&given).await?;
        ensure!(refused.status() == 422 && !refused.headers().contains_key(SET_COOKIE), "{refused:?}");

        let last = given.len() - 1;
        let changed = format!("{}{}", &given[..last], if given.ends_with('A') { 'B' } else { 'A' });
        let other = format!("ist_{}", "A".repeat(last));
        for wrong in [&changed[..], &given[..last], "ist_", &other] {
            ensure!(first.socket(Some(wrong)).await.is_err(), "a socket accepted {wrong}");
        }

        if credential == key {
            let keys = first.client_of(&ann).data("{ apiKeys { nodes { id } } }", json!({})).await?;
            let revoke = "mutation($id: ID!) { revokeApiKey(id: $id) { revokedApiKeyId } }";
            first.client_of(&ann).data(revoke, json!({ "id": keys["apiKeys"]["nodes"][0]["id"] })).await?;
        } else {
            http.post(first.client().address("/sign-out")).header(COOKIE, &cookie).send().await?;
        }
        // The ticket ends with its sign-in or API key, and so do its sockets.
        for socket in &mut sockets {
            assert_eq!(socket.closed(LIMIT).await?.code, 4403);
        }
        for server in [first, second] {
            ensure!(
                server.socket(Some(&given)).await.is_err(),
                "a socket accepted the ticket of a sign-in that has ended"
            );
        }
    }
    Ok(())
}
