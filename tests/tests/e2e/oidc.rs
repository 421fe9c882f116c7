//! Sign-in on the pages with OpenID Connect providers: a real provider in a browser, and a scripted one whose answers
//! the tests choose.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, PoisonError},
};

use anyhow::{Context, Result, ensure};
use axum::{
    Form, Json, Router,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use insession_tests::{
    Browser, Client, Deployment, LIMIT, OidcProvider, Page, Program, Settings, TestDatabase,
    database::{execute, number},
    eventually, now, on_both_databases,
    provider::Provider,
};
use reqwest::{
    Url,
    header::{COOKIE, LOCATION, SET_COOKIE},
    redirect::Policy,
};
use serde_json::{Value, json};
use tokio::{net::TcpListener, task::JoinHandle};

use crate::{
    fixtures::{create_person, create_session},
    load::{app_on, test_error},
};

on_both_databases!(
    person_signs_in_through_any_server,
    foreign_invalid_and_reused_answers_sign_in_nobody,
    sign_in_ends_with_the_tokens_of_its_person,
    equal_subjects_of_two_providers_are_two_people,
);

/// A provider whose answers the test chooses.
struct ScriptedProvider {
    issuer: String,
    keys: Provider,
    shared: Arc<Mutex<Shared>>,
    serving: JoinHandle<()>,
}

#[derive(Default)]
struct Shared {
    id_token: Option<String>,
    userinfo: Value,
    used: BTreeSet<String>,
    /// The form of the last request for tokens.
    form: Vec<(String, String)>,
}

impl ScriptedProvider {
    async fn start() -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let issuer = format!("http://{}", listener.local_addr()?);
        let (keys, shared) = (Provider::start().await?, Arc::<Mutex<Shared>>::default());
        let metadata = json!({
            "issuer": issuer, "authorization_endpoint": format!("{issuer}/authorize"),
            "token_endpoint": format!("{issuer}/token"), "userinfo_endpoint": format!("{issuer}/userinfo"),
            "jwks_uri": keys.url(), "response_types_supported": ["code"], "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["EdDSA"], "authorization_response_iss_parameter_supported": true,
        });
        let router = Router::new()
            .route("/.well-known/openid-configuration", get(async move || Json(metadata)))
            .route("/token", post(give_tokens))
            .route("/userinfo", get(async |State(it): State<Arc<Mutex<Shared>>>| Json(locked(&it).userinfo.clone())))
            .with_state(Arc::clone(&shared));
        let serving = tokio::spawn(async move {
            // It ends with the test.
            let _ = axum::serve(listener, router).await;
        });
        Ok(Self { issuer, keys, shared, serving })
    }

    fn settings(&self, settings: Settings, prefix: &str) -> Settings {
        let settings = settings.with(&format!("{prefix}ISSUER"), &self.issuer);
        settings.with(&format!("{prefix}CLIENT_ID"), "insession")
    }

    /// The claims of a valid ID token.
    fn claims(&self, subject: &str, nonce: &str) -> Value {
        let at = now().timestamp();
        json!({ "iss": self.issuer, "aud": "insession", "sub": subject, "nonce": nonce, "iat": at, "exp": at + 300 })
    }

    /// Sets the ID token of the next answer, and the answer of userinfo.
    fn write(&self, claims: &Value, name: &str, roles: &[&str]) -> Result<()> {
        let mut shared = locked(&self.shared);
        shared.id_token = Some(self.keys.token(claims)?);
        shared.userinfo = json!({ "sub": claims["sub"], "name": name, "roles": roles });
        Ok(())
    }
}

impl Drop for ScriptedProvider {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn give_tokens(State(shared): State<Arc<Mutex<Shared>>>, Form(form): Form<Vec<(String, String)>>) -> Response {
    let mut shared = locked(&shared);
    shared.form = form;
    let code = shared.form.iter().find(|(name, _)| name == "code").map(|(_, code)| code.clone());
    if !shared.used.insert(code.unwrap_or_default()) {
        return (StatusCode::BAD_REQUEST, Json(json!({ "error": "invalid_grant" }))).into_response();
    }
    let id_token = shared.id_token.clone();
    Json(json!({ "access_token": "of the test", "token_type": "Bearer", "expires_in": 60, "id_token": id_token }))
        .into_response()
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A sign-in that a browser has begun: its cookie, and the parameters that the server sent to the provider.
struct Attempt {
    cookie: String,
    sent: Vec<(String, String)>,
}

impl Attempt {
    fn sent(&self, name: &str) -> &str {
        self.sent.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value)
    }
}

fn http() -> Result<reqwest::Client> {
    Ok(reqwest::Client::builder().redirect(Policy::none()).build()?)
}

async fn begin(server: &Program, path: &str, next: &str) -> Result<Attempt> {
    let address = Url::parse_with_params(&server.client().address(path), [("next", next)])?;
    let answer = http()?.get(address).send().await?;
    assert_eq!(answer.status(), 303, "{}", answer.text().await?);
    let sent = Url::parse(answer.headers()[LOCATION].to_str()?)?;
    let cookie = answer.headers()[SET_COOKIE].to_str()?.to_owned();
    for part in ["HttpOnly", "SameSite=Lax", "Path=/sign-in", "Max-Age=600"] {
        ensure!(cookie.contains(part), "no {part} in {cookie}");
    }
    let cookie = cookie.split(';').next().context("a cookie")?.to_owned();
    Ok(Attempt { cookie, sent: sent.query_pairs().into_owned().collect() })
}

struct Returned {
    status: u16,
    location: String,
    /// The cookie that signs in.
    cookie: Option<String>,
    text: String,
}

/// The provider sends the browser back with these parameters.
async fn return_from_provider(server: &Program, path: &str, cookie: &str, answer: &[(&str, &str)]) -> Result<Returned> {
    let address = Url::parse_with_params(&server.client().address(path), answer)?;
    let answer = http()?.get(address).header(COOKIE, cookie).send().await?;
    let status = answer.status().as_u16();
    let location = answer.headers().get(LOCATION).map(|it| it.to_str()).transpose()?.unwrap_or_default().to_owned();
    let mut set = Vec::new();
    for value in answer.headers().get_all(SET_COOKIE) {
        set.push(value.to_str()?.to_owned());
    }
    let cookie = set.into_iter().find(|it| it.starts_with("insession_token="));
    Ok(Returned { status, location, cookie, text: answer.text().await? })
}

/// Signs in with a scripted provider. Returns the cookie, as a browser sends it.
async fn sign_in(provider: &ScriptedProvider, server: &Program, subject: &str, code: &str) -> Result<String> {
    let begun = begin(server, "/sign-in/with", "/").await?;
    provider.write(&provider.claims(subject, begun.sent("nonce")), "Ann", &[])?;
    let answer = [("code", code), ("state", begun.sent("state")), ("iss", &provider.issuer)];
    let returned = return_from_provider(server, "/sign-in/callback", &begun.cookie, &answer).await?;
    let cookie = returned.cookie.with_context(|| format!("nobody was signed in: {}", returned.text))?;
    Ok(cookie.split(';').next().unwrap_or_default().to_owned())
}

/// What the script of a page gets with this cookie: the ticket for its socket, and the person.
async fn token_of(server: &Program, cookie: &str) -> Result<Value> {
    let answer = http()?.post(server.client().address("/web/token")).header(COOKIE, cookie).send().await?;
    Ok(answer.error_for_status()?.json().await?)
}

async fn person_signs_in_through_any_server(database: TestDatabase) -> Result<()> {
    let provider = ScriptedProvider::start().await?;
    let change = |settings: Settings| provider.settings(settings, "OIDC_").with("AUTO_REGISTER", "true");
    let deployment = Deployment::start_with(&database, change).await?;
    let (first, second) = (deployment.first(), deployment.second());

    let begun = begin(first, "/sign-in/with", "/sessions/monday?x=1").await?;
    assert_eq!((begun.sent("response_type"), begun.sent("code_challenge_method")), ("code", "S256"));
    assert_eq!(begun.sent("redirect_uri"), first.client().address("/sign-in/callback"));
    ensure!(begun.sent("scope").split(' ').any(|scope| scope == "openid"), "{:?}", begun.sent);
    provider.write(&provider.claims("one", begun.sent("nonce")), "  Bea\u{7}trix ", &[])?;
    let answer = [("code", "1"), ("state", begun.sent("state")), ("iss", &provider.issuer)];
    let returned = return_from_provider(second, "/sign-in/callback", &begun.cookie, &answer).await?;
    assert_eq!((returned.status, returned.location.as_str()), (303, "/sessions/monday?x=1"), "{}", returned.text);
    let cookie = returned.cookie.context("a cookie")?;
    for part in ["HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=2591"] {
        ensure!(cookie.contains(part), "no {part} in {cookie}");
    }
    let cookie = cookie.split(';').next().unwrap_or_default().to_owned();
    let secret = cookie.trim_start_matches("insession_token=");
    let verifier =
        locked(&provider.shared).form.iter().any(|(name, value)| name == "code_verifier" && value.len() >= 43);
    ensure!(verifier, "the server sent no code_verifier");
    for server in [first, second] {
        let page = http()?.get(server.client().address("/me")).header(COOKIE, &cookie).send().await?;
        ensure!(page.error_for_status()?.text().await?.contains("Beatrix"));
    }
    let connection = database.connect().await?;
    let stored = format!("SELECT COUNT(*) FROM api_key WHERE secret_hash LIKE '%{secret}%'");
    assert_eq!(number(&connection, &stored).await?, 0, "the secret is in the database");
    let keys = first.admin().data("{ apiKeys { totalCount } }", json!({})).await?;
    assert_eq!(keys["apiKeys"]["totalCount"], 0, "a sign-in is no API key");

    // The same person comes back, and an administrator has no person.
    sign_in(&provider, first, "one", "2").await?;
    assert_eq!(number(&connection, "SELECT COUNT(*) FROM person").await?, 1);
    let begun = begin(first, "/sign-in/with", "/admin").await?;
    provider.write(&provider.claims("root", begun.sent("nonce")), "Root", &["admin"])?;
    let answer = [("code", "3"), ("state", begun.sent("state")), ("iss", &provider.issuer)];
    let returned = return_from_provider(first, "/sign-in/callback", &begun.cookie, &answer).await?;
    let cookie = returned.cookie.context("a cookie")?;
    ensure!(cookie.contains("Max-Age=86") && returned.location == "/admin", "{cookie}");
    let cookie = cookie.split(';').next().unwrap_or_default();
    let page = http()?.get(second.client().address("/admin")).header(COOKIE, cookie).send().await?;
    assert_eq!(page.status(), 200);

    // Redirects lead only to this site.
    let others = [
        "//evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "https://evil.example",
        "/%2Fevil.example",
        "/%5c%5cevil.example",
        "/\t/evil.example",
        "/..//evil.example",
        "javascript:alert(1)",
    ];
    for (number, next) in others.into_iter().enumerate() {
        let begun = begin(first, "/sign-in/with", next).await?;
        provider.write(&provider.claims("one", begun.sent("nonce")), "Ann", &[])?;
        let code = format!("next {number}");
        let answer = [("code", code.as_str()), ("state", begun.sent("state")), ("iss", &provider.issuer)];
        let returned = return_from_provider(first, "/sign-in/callback", &begun.cookie, &answer).await?;
        assert_eq!((returned.status, returned.location.as_str()), (303, "/"), "{next:?}");
    }
    Ok(())
}

async fn foreign_invalid_and_reused_answers_sign_in_nobody(database: TestDatabase) -> Result<()> {
    let provider = ScriptedProvider::start().await?;
    let change = |settings: Settings| provider.settings(settings, "OIDC_").with("AUTO_REGISTER", "true");
    let deployment = Deployment::start_with(&database, change).await?;
    let server = deployment.first();
    let callback = "/sign-in/callback";
    let refused = |returned: Returned, status: u16, what: &str| {
        assert_eq!(returned.status, status, "{what}: {}", returned.text);
        ensure!(
            returned.cookie.is_none() && returned.text.contains("You are not signed in"),
            "{what}: {}",
            returned.text
        );
        Ok(())
    };
    // The parameters and the cookie that the browser sends back.
    let begun = begin(server, "/sign-in/with", "/").await?;
    let (state, issuer) = (begun.sent("state"), provider.issuer.as_str());
    provider.write(&provider.claims("one", begun.sent("nonce")), "Ann", &[])?;
    for (what, cookie, answer, status) in [
        ("another browser", "", vec![("code", "a"), ("state", state), ("iss", issuer)], 400),
        (
            "a cookie that was changed",
            "insession_attempt=eyJ9",
            vec![("code", "a"), ("state", state), ("iss", issuer)],
            400,
        ),
        ("another state", &begun.cookie, vec![("code", "a"), ("state", "x"), ("iss", issuer)], 400),
        ("no state", &begun.cookie, vec![("code", "a"), ("iss", issuer)], 400),
        ("another issuer", &begun.cookie, vec![("code", "a"), ("state", state), ("iss", "https://evil.example")], 502),
        ("no issuer", &begun.cookie, vec![("code", "a"), ("state", state)], 502),
        ("no code", &begun.cookie, vec![("state", state), ("iss", issuer)], 502),
        ("a refusal", &begun.cookie, vec![("error", "access_denied"), ("state", state), ("iss", issuer)], 403),
    ] {
        refused(return_from_provider(server, callback, cookie, &answer).await?, status, what)?;
    }
    // None of these has used the code. It works once.
    let answer = [("code", "a"), ("state", state), ("iss", issuer)];
    let returned = return_from_provider(server, callback, &begun.cookie, &answer).await?;
    ensure!(returned.status == 303 && returned.cookie.is_some(), "{}", returned.text);
    refused(
        return_from_provider(deployment.second(), callback, &begun.cookie, &answer).await?,
        400,
        "the same answer again",
    )?;

    // The claims of the ID token.
    let changes = [
        ("nonce", json!("another")),
        ("nonce", Value::Null),
        ("aud", json!("others")),
        ("aud", json!(["insession", "others"])),
        ("iss", json!("https://evil.example")),
        ("exp", json!(now().timestamp() - 1)),
    ];
    for (number, (claim, value)) in changes.into_iter().enumerate() {
        let begun = begin(server, "/sign-in/with", "/").await?;
        let mut claims = provider.claims("one", begun.sent("nonce"));
        claims[claim] = value.clone();
        provider.write(&claims, "Ann", &[])?;
        let code = format!("claims {number}");
        let answer = [("code", code.as_str()), ("state", begun.sent("state")), ("iss", issuer)];
        refused(
            return_from_provider(server, callback, &begun.cookie, &answer).await?,
            502,
            &format!("{claim} is {value}"),
        )?;
    }
    // The signature of the ID token.
    let begun = begin(server, "/sign-in/with", "/").await?;
    provider.write(&provider.claims("one", begun.sent("nonce")), "Ann", &[])?;
    let good = locked(&provider.shared).id_token.clone().context("a token")?;
    let (signed, signature) = good.rsplit_once('.').context("a signature")?;
    let (_, claims) = signed.split_once('.').context("claims")?;
    let first = if signature.starts_with('A') { "B" } else { "A" };
    for (number, token) in [
        Some(format!("{signed}.{first}{}", &signature[1..])),
        // The algorithm "none".
        Some(format!("eyJhbGciOiJub25lIn0.{claims}.")),
        Some("nonsense".to_owned()),
        None,
    ]
    .into_iter()
    .enumerate()
    {
        locked(&provider.shared).id_token = token;
        let code = format!("token {number}");
        let answer = [("code", code.as_str()), ("state", begun.sent("state")), ("iss", issuer)];
        refused(return_from_provider(server, callback, &begun.cookie, &answer).await?, 502, &code)?;
    }
    Ok(())
}

async fn sign_in_ends_with_the_tokens_of_its_person(database: TestDatabase) -> Result<()> {
    let provider = ScriptedProvider::start().await?;
    let change = |settings: Settings| provider.settings(settings, "OIDC_").with("AUTO_REGISTER", "true");
    let deployment = Deployment::start_with(&database, change).await?;
    let (first, second, admin) = (deployment.first(), deployment.second(), deployment.admin());
    let into = create_person(&admin, "Left").await?;
    let ends = [
        ("revoked", "mutation($id: ID!) { revokeTokens(personId: $id) { person { id } } }"),
        (
            "deactivated",
            "mutation($id: ID!) { updatePerson(input: { id: $id, isDeactivated: true }) { person { id } } }",
        ),
        ("merged", "mutation($id: ID!, $into: ID!) { mergePeople(fromId: $id, intoId: $into) { person { id } } }"),
        ("erased", "mutation($id: ID!) { erasePerson(id: $id) { erasedPersonId } }"),
        ("signed out", ""),
    ];
    for (subject, mutation) in ends {
        let cookie = sign_in(&provider, first, subject, subject).await?;
        let found = token_of(second, &cookie).await?;
        let token = found["token"].as_str().with_context(|| format!("{subject}: {found}"))?;
        let mut sockets = [first.socket(Some(token)).await?, second.socket(Some(token)).await?];
        if mutation.is_empty() {
            let out = http()?.post(first.client().address("/sign-out")).header(COOKIE, &cookie).send().await?;
            assert_eq!((out.status().as_u16(), out.headers()[LOCATION].to_str()?), (303, "/"));
            ensure!(out.headers()[SET_COOKIE].to_str()?.contains("Max-Age=0"));
        } else {
            let mut variables = json!({ "id": found["viewer"] });
            if subject == "merged" {
                variables["into"] = json!(into);
            }
            admin.data(mutation, variables).await?;
        }
        for socket in &mut sockets {
            assert_eq!(socket.closed(LIMIT).await?.code, 4403, "{subject}");
        }
        for server in [first, second] {
            eventually(LIMIT, "the server to read that the sign-in has ended", async || {
                assert_eq!(token_of(server, &cookie).await?, json!({ "token": null, "viewer": null }), "{subject}");
                Ok(())
            })
            .await?;
            let client = server.client().with_token(cookie.trim_start_matches("insession_token="));
            assert_eq!(client.error_code("{ viewer { id } }", json!({})).await?, "UNAUTHENTICATED", "{subject}");
            ensure!(server.socket(Some(token)).await.is_err(), "{subject}: a socket accepted the ticket");
        }
    }
    // A person whose tokens were revoked may sign in again.
    let cookie = sign_in(&provider, second, "revoked", "again").await?;
    ensure!(token_of(first, &cookie).await?["viewer"].is_string());
    // A person's data lists their sign-ins.
    let data = http()?.get(first.client().address("/me/data.json")).header(COOKIE, &cookie).send().await?;
    let data: Value = data.error_for_status()?.json().await?;
    let sign_ins = data["signIns"].as_array().context("a list")?;
    ensure!(sign_ins.len() == 2 && sign_ins[1]["issuer"] == provider.issuer.as_str(), "{sign_ins:?}");
    assert_eq!(data["apiKeys"], json!([]));

    // Ended sign-ins are deleted after a while, except the last revocation.
    let connection = database.connect().await?;
    let ended = "UPDATE api_key SET expires_at = '2020-01-01 00:00:00+00:00' WHERE revoked_at IS NOT NULL";
    execute(&connection, ended).await?;
    service::prune::prune(&app_on(&database).await?).await.map_err(test_error)?;
    assert_eq!(number(&connection, "SELECT COUNT(*) FROM api_key WHERE revoked_at IS NOT NULL").await?, 1);
    ensure!(token_of(second, &cookie).await?["viewer"].is_string());
    Ok(())
}

async fn equal_subjects_of_two_providers_are_two_people(database: TestDatabase) -> Result<()> {
    let (usual, work) = (ScriptedProvider::start().await?, ScriptedProvider::start().await?);
    let change = |settings: Settings| {
        let settings = work.settings(usual.settings(settings, "OIDC_"), "OIDC_WORK_");
        settings.with("OIDC_PROVIDERS", "work").with("OIDC_WORK_NAME", "The Office").with("AUTO_REGISTER", "true")
    };
    let deployment = Deployment::start_with(&database, change).await?;
    let server = deployment.first();
    let page = http()?.get(server.client().address("/sign-in?next=/me")).send().await?.text().await?;
    for part in ["Sign in with 127.0.0.1", "Sign in with The Office", "/sign-in/with/work?next=%2Fme", "id=\"token\""] {
        ensure!(page.contains(part), "no {part} in {page}");
    }
    let sign_in_with =
        async |provider: &ScriptedProvider, suffix: &str, subject: &str, code: &str| -> Result<Returned> {
            let begun = begin(server, &format!("/sign-in/with{suffix}"), "/").await?;
            provider.write(&provider.claims(subject, begun.sent("nonce")), "Ann", &[])?;
            let answer = [("code", code), ("state", begun.sent("state")), ("iss", &provider.issuer)];
            return_from_provider(server, &format!("/sign-in/callback{suffix}"), &begun.cookie, &answer).await
        };
    assert_eq!(sign_in_with(&usual, "", "7", "a").await?.status, 303);
    assert_eq!(sign_in_with(&work, "/work", "7", "a").await?.status, 303);
    let connection = database.connect().await?;
    for id in ["7", "work:7"] {
        let found = format!("SELECT COUNT(*) FROM person WHERE external_id = '{id}'");
        assert_eq!(number(&connection, &found).await?, 1, "{id}");
    }
    // A subject of one provider never becomes a person of the other provider.
    let other = sign_in_with(&usual, "", "work:7", "b").await?;
    ensure!(other.status == 403 && other.cookie.is_none(), "{}", other.text);
    // An answer goes to the provider that was asked.
    let begun = begin(server, "/sign-in/with/work", "/").await?;
    usual.write(&usual.claims("7", begun.sent("nonce")), "Ann", &[])?;
    let answer = [("code", "c"), ("state", begun.sent("state")), ("iss", usual.issuer.as_str())];
    for callback in ["/sign-in/callback", "/sign-in/callback/work"] {
        let returned = return_from_provider(server, callback, &begun.cookie, &answer).await?;
        ensure!([400, 502].contains(&returned.status) && returned.cookie.is_none(), "{callback}: {}", returned.text);
    }
    assert_eq!(http()?.get(server.client().address("/sign-in/with/nobody")).send().await?.status(), 404);
    Ok(())
}

#[tokio::test]
async fn unknown_person_gets_instructions() -> Result<()> {
    let database = TestDatabase::sqlite()?;
    let provider = ScriptedProvider::start().await?;
    let server = Program::serve(&provider.settings(Settings::new(&database.url), "OIDC_")).await?;
    let begun = begin(&server, "/sign-in/with", "/").await?;
    provider.write(&provider.claims("one", begun.sent("nonce")), "Ann", &[])?;
    let answer = [("code", "a"), ("state", begun.sent("state")), ("iss", provider.issuer.as_str())];
    let returned = return_from_provider(&server, "/sign-in/callback", &begun.cookie, &answer).await?;
    ensure!(returned.status == 403 && returned.cookie.is_none(), "{}", returned.text);
    ensure!(returned.text.contains("nobody here has your account") && returned.text.contains("administrator"));
    Ok(())
}

#[tokio::test]
async fn addresses_of_a_sign_in_follow_the_public_url() -> Result<()> {
    let database = TestDatabase::sqlite()?;
    let provider = ScriptedProvider::start().await?;
    let settings = provider.settings(Settings::new(&database.url), "OIDC_").with("AUTO_REGISTER", "true");
    let server = Program::serve(&settings.with("PUBLIC_URL", "https://pub.example/insession/")).await?;
    let address = server.client().address("/insession/sign-in/with?next=/sessions/monday");
    let answer = http()?.get(address).send().await?;
    let attempt = answer.headers()[SET_COOKIE].to_str()?.to_owned();
    ensure!(attempt.contains("Path=/insession/sign-in;") && attempt.contains("Secure"), "{attempt}");
    let sent = Url::parse(answer.headers()[LOCATION].to_str()?)?;
    let sent = Attempt { cookie: String::new(), sent: sent.query_pairs().into_owned().collect() };
    assert_eq!(sent.sent("redirect_uri"), "https://pub.example/insession/sign-in/callback");
    provider.write(&provider.claims("one", sent.sent("nonce")), "Ann", &[])?;
    let answer = [("code", "a"), ("state", sent.sent("state")), ("iss", provider.issuer.as_str())];
    let attempt = attempt.split(';').next().unwrap_or_default();
    let returned = return_from_provider(&server, "/insession/sign-in/callback", attempt, &answer).await?;
    assert_eq!((returned.status, returned.location.as_str()), (303, "/insession/sessions/monday"), "{}", returned.text);
    let cookie = returned.cookie.context("a cookie")?;
    ensure!(cookie.contains("Path=/insession/;") && cookie.contains("Secure"), "{cookie}");
    Ok(())
}

#[tokio::test]
async fn sample_people_can_sign_in_only_in_the_demo() -> Result<()> {
    let database = TestDatabase::sqlite()?;
    let server = Program::serve(&Settings::new(&database.url)).await?;
    create_person(&server.admin(), "Ann").await?;
    for sample in ["0", "1", "Person:1"] {
        let form = http()?.post(server.client().address("/sign-in")).form(&[("sample", sample), ("next", "/me")]);
        let answer = form.send().await?;
        ensure!(answer.status() == 422 && !answer.headers().contains_key(SET_COOKIE), "{sample}: {answer:?}");
    }
    Ok(())
}

/// Types a name at the login page of the real provider.
async fn log_in(page: &Page, provider: &OidcProvider, name: &str) -> Result<()> {
    page.until(&format!(
        "location.origin === '{}' && document.querySelector('[name=login]') !== null",
        provider.issuer()
    ))
    .await?;
    page.evaluate("document.querySelector('[name=login]').focus()").await?;
    page.type_text(name).await?;
    page.press("Enter").await
}

/// A link of a page by its words.
fn link(words: &str) -> String {
    format!("[...document.querySelectorAll('a')].find((it) => it.textContent.startsWith('{words}'))")
}

async fn click_link(page: &Page, words: &str) -> Result<()> {
    page.until(&format!("{} !== undefined", link(words))).await?;
    page.click(&link(words)).await
}

#[tokio::test]
async fn person_signs_in_and_out_in_a_browser() -> Result<()> {
    let database = TestDatabase::sqlite()?;
    let mut provider = OidcProvider::start().await?;
    let settings = provider.settings(Settings::new(&database.url)).with("AUTO_REGISTER", "true");
    let server = Program::serve(&settings).await?;
    let admin = server.admin();
    create_session(&admin, "Monday").await?;
    let browser = Browser::launch().await?;
    let page = browser.page().await?;
    page.goto(&server.client().address("/sessions/monday?x=1")).await?;
    click_link(&page, "Sign in").await?;
    click_link(&page, "Sign in with Tests").await?;
    log_in(&page, &provider, "ann").await?;
    let is_back =
        "location.pathname + location.search === '/sessions/monday?x=1' && document.readyState === 'complete'";
    page.until(is_back).await?;
    page.until("document.querySelector('header nav').innerText.includes('Ann Provided')").await?;
    assert_eq!(page.evaluate("document.cookie").await?, "", "scripts can read the cookie");

    // The open page notices the revocation, because its socket is closed.
    revoke(&admin, "ann").await?;
    page.until(&format!("{} !== undefined", link("Sign in"))).await?;

    // She is still signed in at the provider.
    click_link(&page, "Sign in").await?;
    click_link(&page, "Sign in with Tests").await?;
    page.until(is_back).await?;
    page.until("document.querySelector('header nav').innerText.includes('Ann Provided')").await?;

    // She signs out, here and at the provider.
    page.click("[...document.querySelectorAll('button')].find((it) => it.textContent === 'Sign out')").await?;
    page.until(&format!(
        "location.origin === '{}' && document.querySelector('[name=logout]') !== null",
        provider.issuer()
    ))
    .await?;
    ensure!(!page.evaluate("location.href").await?.to_string().contains("eyJ"), "a token is in the address");
    page.click("document.querySelector('[name=logout]')").await?;
    page.until(&format!("location.href === '{}/'", server.url())).await?;
    click_link(&page, "Sign in").await?;
    click_link(&page, "Sign in with Tests").await?;
    // If nobody types a name, the provider refuses.
    log_in(&page, &provider, "").await?;
    page.until("document.body.innerText.includes('The provider did not sign you in (access_denied).')").await?;
    page.ignore_problems("403 (Forbidden)")?;

    // The provider has other keys now.
    provider.start_again().await?;
    click_link(&page, "Sign in with Tests").await?;
    log_in(&page, &provider, "ben").await?;
    page.until("document.querySelector('header nav')?.innerText.includes('Ben Provided') === true").await?;

    // The provider is stopped. Signing out still works.
    provider.stop()?;
    page.click("[...document.querySelectorAll('button')].find((it) => it.textContent === 'Sign out')").await?;
    page.until("location.protocol === 'chrome-error:'").await?;
    page.goto(&server.url()).await?;
    page.until(&format!("{} !== undefined", link("Sign in"))).await?;
    page.ignore_problems("ERR_CONNECTION_REFUSED")?;
    browser.close().await
}

async fn revoke(admin: &Client, name: &str) -> Result<()> {
    let people = admin.data("{ people { nodes { id externalId } } }", json!({})).await?;
    let people = people["people"]["nodes"].as_array().context("a list")?.clone();
    let person = people.iter().find(|person| person["externalId"] == name).context("the person")?;
    let revoke = "mutation($id: ID!) { revokeTokens(personId: $id) { person { id } } }";
    admin.data(revoke, json!({ "id": person["id"] })).await?;
    Ok(())
}

#[tokio::test]
async fn server_starts_and_works_while_the_provider_is_down() -> Result<()> {
    let database = TestDatabase::sqlite()?;
    let mut provider = OidcProvider::start().await?;
    provider.stop()?;
    let server = Program::serve(&provider.settings(Settings::new(&database.url))).await?;
    eventually(LIMIT, "the log to say so", async || {
        ensure!(server.log().contains("an identity provider cannot be used for sign-in now"), "{}", server.log());
        Ok(())
    })
    .await?;
    let (http, client) = (http()?, server.client());
    let asked = || server.log().matches("an identity provider cannot be used for sign-in now").count();
    for _ in 0..20 {
        let answer = http.get(client.address("/sign-in/with?next=/me")).send().await?;
        assert_eq!((answer.status().as_u16(), answer.headers()["retry-after"].to_str()?), (503, "10"));
        let text = answer.text().await?;
        ensure!(text.contains("cannot be reached") && text.contains("Try again in a minute"), "{text}");
    }
    ensure!(asked() < 20, "each request asked the provider");
    for path in ["/", "/sign-in"] {
        assert_eq!(http.get(client.address(path)).send().await?.status(), 200, "{path}");
    }
    provider.start_again().await?;
    eventually(LIMIT, "the server to ask again", async || {
        let answer = http.get(client.address("/sign-in/with")).send().await?;
        ensure!(answer.status() == 303, "{}", answer.status());
        Ok(())
    })
    .await
}
