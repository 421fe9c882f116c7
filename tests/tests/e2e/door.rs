//! Check-in codes and guests: at the GraphQL API, on the page of a code, and on the screen at the door.

use anyhow::{Context as _, Result, ensure};
use chrono::TimeDelta;
use insession_tests::{
    Client, Deployment, LIMIT, Program, Received, TestDatabase,
    database::{execute, number},
    eventually, now, on_both_databases, token,
};
use reqwest::header::{COOKIE, LOCATION, SET_COOKIE};
use serde_json::{Value, json};

use crate::{
    fixtures::{
        add_organizer, beat, cancel, check_in, create_active_instance, create_instance, create_person, create_session,
        in_seconds, instant, new_visit,
    },
    load::{app_on, test_error},
};

on_both_databases!(
    guest_checks_in_with_the_code_at_the_door,
    session_may_require_a_code_for_an_arrival,
    code_works_for_its_own_meeting_while_the_doors_are_open,
    wrong_codes_are_rate_limited_per_address,
    code_page_creates_a_guest_who_is_merged_at_sign_in,
    guest_who_signs_in_keeps_the_place_in_a_queue,
    old_guests_are_erased,
    guests_are_refused_when_they_are_turned_off,
    retried_check_in_creates_one_guest,
);

const CODE: &str =
    "query($id: ID!) { node(id: $id) { ... on SessionInstance { checkInCode { code url expiresAt } } } }";
const BY_CODE: &str = "mutation($input: CheckInByCodeInput!) { checkInByCode(input: $input) {
    token person { id displayName isGuest activeSessionInstance { id } } checkIn { attendance arrivedAt }
    sessionInstance { id presentCount } } }";
const CHECK_IN: &str = "mutation($input: CheckInInput!) { checkIn(input: $input) { checkIn { attendance } } }";

async fn set_codes(admin: &Client, session: &str, codes: &str, requires: bool) -> Result<()> {
    let update = "mutation($input: UpdateSessionInput!) { updateSession(input: $input) { session { checkInCodes requiresCode } } }";
    let input = json!({ "id": session, "checkInCodes": codes, "requiresCode": requires });
    let session = admin.data(update, json!({ "input": input })).await?["updateSession"]["session"].take();
    assert_eq!(session, json!({ "checkInCodes": codes, "requiresCode": requires }));
    Ok(())
}

async fn code_of(client: &Client, instance: &str) -> Result<Value> {
    Ok(client.data(CODE, json!({ "id": instance })).await?["node"]["checkInCode"].take())
}

async fn shown_code(client: &Client, instance: &str) -> Result<String> {
    let code = code_of(client, instance).await?;
    Ok(code["code"].as_str().with_context(|| format!("no code: {code}"))?.to_owned())
}

async fn guest_checks_in_with_the_code_at_the_door(database: TestDatabase) -> Result<()> {
    let deployment = Deployment::start(&database).await?;
    let admin = deployment.admin();
    let session = create_session(&admin, "Monday").await?;
    let instance = create_active_instance(&admin, &session).await?;
    assert_eq!(code_of(&admin, &instance).await?, Value::Null, "there are no codes yet");
    set_codes(&admin, &session, "ROTATING", false).await?;

    let [organizer, other] = [create_person(&admin, "Orla").await?, create_person(&admin, "Oscar").await?];
    add_organizer(&admin, &session, &organizer).await?;
    let of = |person: &str| deployment.second().client().with_token(&token::of(person));
    assert_eq!(code_of(&of(&other), &instance).await?, Value::Null);
    assert_eq!(code_of(&deployment.first().client(), &instance).await?, Value::Null);
    let shown = code_of(&of(&organizer), &instance).await?;
    let code = shown["code"].as_str().unwrap_or_default().to_owned();
    assert_eq!(shown["url"], format!("/c/{code}"));
    ensure!(!shown["expiresAt"].is_null(), "{shown}");

    // The other server knows the code too.
    let nobody = deployment.first().client();
    let input = json!({ "input": { "code": code.to_lowercase(), "displayName": "Gus" } });
    let done = nobody.data(BY_CODE, input.clone()).await?["checkInByCode"].take();
    let person = done["person"].clone();
    assert_eq!((&person["displayName"], &person["isGuest"]), (&json!("Gus"), &json!(true)));
    assert_eq!(person["activeSessionInstance"]["id"], Value::Null, "nobody may see where somebody is");
    assert_eq!((&done["checkIn"]["attendance"], &done["sessionInstance"]["presentCount"]), (&json!("YES"), &json!(1)));
    let secret = done["token"].as_str().context("no token")?;

    // The token is for the guest alone: leaving and coming back work, and the guest sees what everybody sees.
    let guest = deployment.second().client().with_token(secret);
    let viewer = "{ viewer { id isGuest activeSessionInstance { id } } viewerIsAdmin people { totalCount } }";
    assert_eq!(
        guest.data(viewer, json!({})).await?,
        json!({ "viewer": { "id": person["id"], "isGuest": true, "activeSessionInstance": { "id": instance } },
                "viewerIsAdmin": false, "people": null })
    );
    check_in(&guest, &instance, "NO", None).await?;
    check_in(&guest, &instance, "YES", None).await?;
    check_in(&admin, &instance, "YES", Some(&other)).await?;
    let list = "query($id: ID!) { node(id: $id) { ... on SessionInstance { checkIns { totalCount } } } }";
    assert_eq!(guest.data(list, json!({ "id": instance })).await?["node"]["checkIns"], Value::Null);
    assert_eq!(of(&other).data(list, json!({ "id": instance })).await?["node"]["checkIns"]["totalCount"], 2);
    let slot = "mutation($input: CreateTimeSlotInput!) { createTimeSlot(input: $input) { timeSlot { id } } }";
    let (from, to) = ("2035-01-01T10:00:00Z", "2035-01-01T11:00:00Z");
    let offer = json!({ "input": { "mentorId": person["id"], "startsAt": from, "endsAt": to } });
    assert_eq!(guest.error_code(slot, offer).await?, "FORBIDDEN");
    let key = r#"mutation { createApiKey(input: { name: "More" }) { secret } }"#;
    assert_eq!(guest.error_code(key, json!({})).await?, "FORBIDDEN");

    // The token ends with its key.
    let ended = "UPDATE api_key SET expires_at = '2020-01-01 00:00:00+00:00' WHERE is_for_guest";
    execute(&database.connect().await?, ended).await?;
    for server in [deployment.first(), deployment.second()] {
        eventually(LIMIT, "the server to refuse the guest", async || {
            let answer = server.client().with_token(secret).query("{ viewer { id } }", json!({})).await?;
            ensure!(answer.code().as_deref() == Some("UNAUTHENTICATED"), "{}", answer.body);
            Ok(())
        })
        .await?;
    }

    // With a token, the code checks in the viewer. The first code may no longer be accepted by now.
    let code = shown_code(&admin, &instance).await?;
    let theirs = of(&organizer).data(BY_CODE, json!({ "input": { "code": code } })).await?["checkInByCode"].take();
    assert_eq!((&theirs["person"]["id"], &theirs["token"]), (&json!(organizer), &Value::Null));
    assert_eq!(nobody.error_code(BY_CODE, json!({ "input": { "code": code } })).await?, "BAD_USER_INPUT");
    assert_eq!(admin.data("{ apiKeys { totalCount } }", json!({})).await?["apiKeys"]["totalCount"], 0);
    Ok(())
}

async fn session_may_require_a_code_for_an_arrival(database: TestDatabase) -> Result<()> {
    let deployment = Deployment::start(&database).await?;
    let admin = deployment.admin();
    let session = create_session(&admin, "Monday").await?;
    let update = "mutation($input: UpdateSessionInput!) { updateSession(input: $input) { session { id } } }";
    let without = json!({ "input": { "id": session, "requiresCode": true } });
    assert_eq!(admin.error_code(update, without).await?, "BAD_USER_INPUT");
    set_codes(&admin, &session, "FIXED", true).await?;
    let instance = create_active_instance(&admin, &session).await?;
    let ann = create_person(&admin, "Ann").await?;
    let own = deployment.first().client().with_token(&token::of(&ann));
    let answer = |attendance: &str, code: Option<&str>| json!({ "input": { "sessionInstanceId": instance, "attendance": attendance, "code": code } });
    let refused = own.error(CHECK_IN, answer("YES", None)).await?;
    assert_eq!(refused.code, "BAD_USER_INPUT");
    ensure!(refused.message.contains("code"), "{refused:?}");
    own.data(CHECK_IN, answer("MAYBE", None)).await?;
    assert_eq!(own.error_code(CHECK_IN, answer("YES", Some("7ABCDEFGHJKMN0"))).await?, "BAD_USER_INPUT");
    let code = shown_code(&admin, &instance).await?;
    own.data(CHECK_IN, answer("YES", Some(&code))).await?;
    // A person who has arrived may say yes again without a code. An organiser may check in anybody.
    own.data(CHECK_IN, answer("YES", None)).await?;
    let [bob, organizer] = [create_person(&admin, "Bob").await?, create_person(&admin, "Orla").await?];
    add_organizer(&admin, &session, &organizer).await?;
    let organizer = deployment.second().client().with_token(&token::of(&organizer));
    check_in(&organizer, &instance, "YES", Some(&bob)).await?;

    // A yes before the meeting needs no code, and places the person when the meeting becomes active. An arrival still
    // needs a code.
    let later = create_instance(&admin, &session, in_seconds(3_600), in_seconds(7_200)).await?;
    let cleo = create_person(&admin, "Cleo").await?;
    let cleo = deployment.second().client().with_token(&token::of(&cleo));
    let yes =
        |code: Option<&str>| json!({ "input": { "sessionInstanceId": later, "attendance": "YES", "code": code } });
    cleo.data(CHECK_IN, yes(None)).await?;
    let open = "mutation($id: ID!) { setActiveOverride(input: { sessionInstanceId: $id, active: true, until: \"2035-01-01T00:00:00Z\" }) { sessionInstance { presentCount } } }";
    let opened = admin.data(open, json!({ "id": later })).await?;
    assert_eq!(opened["setActiveOverride"]["sessionInstance"]["presentCount"], 1);
    assert_eq!(cleo.error_code(CHECK_IN, yes(None)).await?, "BAD_USER_INPUT");
    assert_eq!(cleo.error_code(CHECK_IN, yes(Some(&code))).await?, "BAD_USER_INPUT", "the code of the other meeting");
    cleo.data(CHECK_IN, yes(Some(&shown_code(&admin, &later).await?))).await?;
    Ok(())
}

async fn code_works_for_its_own_meeting_while_the_doors_are_open(database: TestDatabase) -> Result<()> {
    let deployment = Deployment::start(&database).await?;
    let admin = deployment.admin();
    let mut instances = Vec::new();
    for name in ["Monday", "Tuesday"] {
        let session = create_session(&admin, name).await?;
        set_codes(&admin, &session, "FIXED", false).await?;
        instances.push(create_active_instance(&admin, &session).await?);
    }
    let code = shown_code(&admin, &instances[0]).await?;
    ensure!(code != shown_code(&admin, &instances[1]).await?, "two meetings have the same code");
    let ann = create_person(&admin, "Ann").await?;
    let own = deployment.first().client().with_token(&token::of(&ann));
    let other = json!({ "input": { "sessionInstanceId": instances[1], "attendance": "YES", "code": code } });
    assert_eq!(own.error_code(CHECK_IN, other).await?, "BAD_USER_INPUT");
    let done = own.data(BY_CODE, json!({ "input": { "code": code } })).await?;
    assert_eq!(done["checkInByCode"]["sessionInstance"]["id"], instances[0]);

    // The code no longer works while an organiser holds the meeting inactive, and after it is cancelled.
    let close = "mutation($id: ID!) { setActiveOverride(input: { sessionInstanceId: $id, active: false, until: \"2035-01-01T00:00:00Z\" }) { sessionInstance { isActive } } }";
    let open = "mutation($id: ID!) { clearActiveOverride(sessionInstanceId: $id) { sessionInstance { isActive } } }";
    let refused = async || {
        assert_eq!(code_of(&admin, &instances[0]).await?, Value::Null);
        assert_eq!(own.error_code(BY_CODE, json!({ "input": { "code": code } })).await?, "BAD_USER_INPUT");
        anyhow::Ok(())
    };
    admin.data(close, json!({ "id": instances[0] })).await?;
    refused().await?;
    admin.data(open, json!({ "id": instances[0] })).await?;
    assert_eq!(shown_code(&admin, &instances[0]).await?, code);
    cancel(&admin, &instances[0]).await?;
    refused().await?;
    Ok(())
}

async fn wrong_codes_are_rate_limited_per_address(database: TestDatabase) -> Result<()> {
    let deployment = Deployment::start_with(&database, |settings| settings.with("TRUSTED_PROXIES", "1")).await?;
    let admin = deployment.admin();
    let session = create_session(&admin, "Monday").await?;
    set_codes(&admin, &session, "FIXED", false).await?;
    let instance = create_active_instance(&admin, &session).await?;
    let code = shown_code(&admin, &instance).await?;
    let http = reqwest::Client::new();
    let url = deployment.first().client().address("/graphql");
    let attempt = async |address: &str, code: &str| -> Result<String> {
        let body = json!({ "query": BY_CODE, "variables": { "input": { "code": code, "displayName": "Gus" } } });
        let answer = http.post(&url).header("x-forwarded-for", address).json(&body).send().await?;
        let answer: Value = answer.json().await?;
        let code = answer["errors"][0]["extensions"]["code"].as_str();
        Ok(code.unwrap_or("none").to_owned())
    };
    let mut answers = Vec::new();
    for n in 0..1_000 {
        answers.push(attempt("192.0.2.1", &format!("1{n:013}")).await?);
    }
    ensure!(answers.iter().all(|answer| ["BAD_USER_INPUT", "RATE_LIMITED"].contains(&answer.as_str())), "{answers:?}");
    let limited = answers.iter().filter(|answer| *answer == "RATE_LIMITED").count();
    ensure!(limited > 900, "only {limited} of 1000 guesses were limited");
    assert_eq!(attempt("192.0.2.2", "10000000000000").await?, "BAD_USER_INPUT");
    assert_eq!(attempt("192.0.2.2", &code).await?, "none");
    Ok(())
}

async fn code_page_creates_a_guest_who_is_merged_at_sign_in(database: TestDatabase) -> Result<()> {
    let deployment = Deployment::start(&database).await?;
    let admin = deployment.admin();
    let session = create_session(&admin, "Monday").await?;
    set_codes(&admin, &session, "ROTATING", false).await?;
    let instance = create_active_instance(&admin, &session).await?;
    let (client, http) =
        (deployment.first().client(), reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build()?);
    let cookie = |person: &str| format!("insession_token={}", token::of(person));
    let [organizer, hidden] = [create_person(&admin, "Orla").await?, create_person(&admin, "Hidden").await?];
    add_organizer(&admin, &session, &organizer).await?;
    let hide = "mutation($id: ID!) { updatePerson(input: { id: $id, hidesPlace: true }) { person { id } } }";
    admin.data(hide, json!({ "id": hidden })).await?;
    check_in(&admin, &instance, "YES", Some(&hidden)).await?;

    // The screen at the door is for organisers.
    let screen = client.address("/sessions/monday/door");
    assert_eq!(http.get(&screen).send().await?.status(), 303);
    assert_eq!(http.get(&screen).header(COOKIE, cookie(&hidden)).send().await?.status(), 403);
    let answer = http.get(&screen).header(COOKIE, cookie(&organizer)).send().await?;
    let page = answer.error_for_status()?.text().await?;
    ensure!(page.contains("<svg role=\"img\"") && !page.contains("Hidden"), "{page}");

    // A phone opens the address, types a name, and is there.
    let code = shown_code(&admin, &instance).await?;
    let address = client.address(&format!("/c/{code}"));
    ensure!(http.get(&address).send().await?.error_for_status()?.text().await?.contains("Your name"));
    assert_eq!(http.get(client.address("/c/7ABCDEFGHJKMN0")).send().await?.status(), 404);
    assert_eq!(http.post(&address).form(&[("display_name", "  ")]).send().await?.status(), 422);
    // The browser keeps the guest until a day after the meeting.
    let closes = "query($id: ID!) { sessionInstance(id: $id) { activeUntil } }";
    let closes = admin.data(closes, json!({ "id": instance })).await?;
    let end = instant(&closes["sessionInstance"]["activeUntil"])? + TimeDelta::days(1);
    let longest = (end - now()).num_seconds() + 1;
    let done = http.post(&address).form(&[("display_name", "Gus")]).send().await?;
    let shortest = (end - now()).num_seconds() - 1;
    let shown = "/sessions/monday?done=arrived&at=instance-1";
    assert_eq!((done.status().as_u16(), done.headers()[LOCATION].to_str()?), (303, shown));
    let guest = done.headers()[SET_COOKIE].to_str()?.to_owned();
    ensure!(guest.contains("HttpOnly") && guest.contains("SameSite=Lax"), "{guest}");
    let lasts: i64 = guest.split("Max-Age=").nth(1).and_then(|it| it.split(';').next()).context("an end")?.parse()?;
    ensure!((shortest..=longest).contains(&lasts), "{lasts} is not in {shortest}..={longest}");
    let guest = guest.split(';').next().context("a cookie")?.to_owned();
    let page = http.get(&screen).header(COOKIE, cookie(&organizer)).send().await?.text().await?;
    ensure!(page.contains("Gus"), "{page}");
    let gus = deployment.second().client().with_token(guest.trim_start_matches("insession_token="));
    let gus_id = gus.data("{ viewer { id } }", json!({})).await?["viewer"]["id"].take();
    gus.data(hide, json!({ "id": gus_id })).await?;
    let page = http.get(&screen).header(COOKIE, cookie(&organizer)).send().await?.text().await?;
    ensure!(!page.contains("Gus"), "the guest hides where they are: {page}");

    // The guest signs in. What the guest did then belongs to the person.
    let ann = create_person(&admin, "Ann").await?;
    let form = [("token", token::of(&ann)), ("next", "/me".to_owned())];
    let signed_in = http.post(client.address("/sign-in")).header(COOKIE, &guest).form(&form).send().await?;
    assert_eq!(signed_in.status(), 303);
    let own = deployment.first().client().with_token(&token::of(&ann));
    let viewer = own.data("{ viewer { isGuest activeSessionInstance { id } } }", json!({})).await?["viewer"].take();
    assert_eq!(viewer, json!({ "isGuest": false, "activeSessionInstance": { "id": instance } }));
    let secret = guest.trim_start_matches("insession_token=").to_owned();
    eventually(LIMIT, "the guest's key to be refused", async || {
        let answer = deployment.second().client().with_token(&secret).query("{ viewer { id } }", json!({})).await?;
        ensure!(answer.status == 401, "{}", answer.body);
        Ok(())
    })
    .await
}

async fn guest_who_signs_in_keeps_the_place_in_a_queue(database: TestDatabase) -> Result<()> {
    let deployment =
        Deployment::start_with(&database, |settings| settings.with("ONLINE_WINDOW_SECONDS", "3600")).await?;
    let admin = deployment.admin();
    let session = create_session(&admin, "Monday").await?;
    set_codes(&admin, &session, "FIXED", false).await?;
    let instance = create_active_instance(&admin, &session).await?;
    let save = "mutation($input: SaveActivityInput!) { saveActivity(input: $input) { activity { id } } }";
    let activity = json!({ "key": "interview", "name": "Interview", "maxConcurrent": 0, "offerSeconds": 3600 });
    admin.data(save, json!({ "input": activity })).await?;
    let code = shown_code(&admin, &instance).await?;
    let input = json!({ "input": { "code": code, "displayName": "Gus" } });
    let done = deployment.first().client().data(BY_CODE, input).await?;
    let secret = done["checkInByCode"]["token"].as_str().context("no token")?.to_owned();
    let guest = deployment.first().client().with_token(&secret);
    let (people, visit) = ([create_person(&admin, "Ann").await?, create_person(&admin, "Bob").await?], new_visit());
    let wait =
        "mutation($id: ID!) { enterActivity(input: { presenceId: $id, activityKey: \"interview\", wait: true }) {
        admitted queuePlace { position joinedAt } } }";
    beat(&guest, &visit).await?;
    let before = guest.data(wait, json!({ "id": visit })).await?["enterActivity"].take();
    assert_eq!(before["queuePlace"]["position"], 1);
    let bob = deployment.first().client_of(&people[1]);
    let other = new_visit();
    beat(&bob, &other).await?;
    assert_eq!(bob.data(wait, json!({ "id": other })).await?["enterActivity"]["queuePlace"]["position"], 2);

    // The guest signs in as Ann in the same browser. The visit continues.
    let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build()?;
    let form = [("token", token::of(&people[0])), ("next", "/me".to_owned())];
    let cookie = format!("insession_token={secret}");
    let signed_in = http.post(guest.address("/sign-in")).header(COOKIE, cookie).form(&form).send().await?;
    assert_eq!(signed_in.status(), 303);
    let ann = deployment.second().client_of(&people[0]);
    let after = ann.data(wait, json!({ "id": visit })).await?["enterActivity"].take();
    assert_eq!(after, before);
    let mut socket = deployment.second().socket(ann.token()).await?;
    let follow =
        "subscription($id: ID!) { queueChanged(presenceId: $id) { admitted queuePlace { offer { expiresAt } } } }";
    socket.subscribe("queue", follow, json!({ "id": visit }))?;
    admin.data(save, json!({ "input": { "key": "interview", "name": "Interview", "maxConcurrent": 1 } })).await?;
    let is_offer = |it: &Received| it.field("queueChanged")["queuePlace"]["offer"].is_object();
    socket.next_where("queue", LIMIT, is_offer).await?;
    assert_eq!(ann.data(wait, json!({ "id": visit })).await?["enterActivity"]["admitted"], true);
    Ok(())
}

async fn old_guests_are_erased(database: TestDatabase) -> Result<()> {
    let deployment = Deployment::start_with(&database, |settings| settings.with("GUEST_DAYS", "1")).await?;
    let admin = deployment.admin();
    let session = create_session(&admin, "Monday").await?;
    set_codes(&admin, &session, "FIXED", false).await?;
    let instance = create_active_instance(&admin, &session).await?;
    let code = shown_code(&admin, &instance).await?;
    let mut guests = Vec::new();
    for name in ["Old", "New"] {
        let input = json!({ "input": { "code": code, "displayName": name } });
        let done = deployment.first().client().data(BY_CODE, input).await?;
        guests.push(done["checkInByCode"]["person"]["id"].as_str().unwrap_or_default().to_owned());
    }
    let old = guests[0].trim_start_matches("Person:");
    let sql = format!("UPDATE person SET created_at = '2020-01-01 00:00:00+00:00' WHERE id = {old}");
    execute(&database.connect().await?, &sql).await?;
    service::prune::prune(&app_on(&database).await?).await.map_err(test_error)?;
    let names = "query($a: ID!, $b: ID!) { a: person(id: $a) { displayName } b: person(id: $b) { displayName } }";
    let names = admin.data(names, json!({ "a": guests[0], "b": guests[1] })).await?;
    ensure!(!names.to_string().contains("Old") && names["b"]["displayName"] == "New", "{names}");
    Ok(())
}

async fn guests_are_refused_when_they_are_turned_off(database: TestDatabase) -> Result<()> {
    let deployment = Deployment::start_with(&database, |settings| settings.with("ALLOW_GUESTS", "false")).await?;
    let admin = deployment.admin();
    let session = create_session(&admin, "Monday").await?;
    set_codes(&admin, &session, "FIXED", false).await?;
    let instance = create_active_instance(&admin, &session).await?;
    let code = shown_code(&admin, &instance).await?;
    let client = deployment.first().client();
    let guest = json!({ "input": { "code": code, "displayName": "Gus" } });
    assert_eq!(client.error_code(BY_CODE, guest).await?, "UNAUTHENTICATED");
    let address = client.address(&format!("/c/{code}"));
    let form = client.http().post(&address).form(&[("display_name", "Gus")]).send().await?;
    ensure!(form.status() == 401 && !form.headers().contains_key(SET_COOKIE), "{form:?}");
    let ann = create_person(&admin, "Ann").await?;
    // The page says so before anybody has typed a name. An administrator who is no person has to sign in as one.
    for (token, words, others) in [
        (None, "There are no guests", "name=\"display_name\""),
        (Some(token::admin()), "There are no guests", "name=\"display_name\""),
        (Some(token::of(&ann)), "I am here", "There are no guests"),
    ] {
        let cookie = format!("insession_token={}", token.unwrap_or_default());
        let page = client.http().get(&address).header(COOKIE, cookie).send().await?.error_for_status()?.text().await?;
        ensure!(page.contains(words) && !page.contains(others), "{page}");
        let link = format!("href=\"/sign-in?next=/c/{code}\"");
        assert_eq!(page.contains(&link), words != "I am here", "{page}");
    }
    let own = deployment.second().client().with_token(&token::of(&ann));
    let done = own.data(BY_CODE, json!({ "input": { "code": code } })).await?;
    assert_eq!(done["checkInByCode"]["person"]["id"], ann);
    assert_eq!(number(&database.connect().await?, "SELECT count(*) FROM person WHERE is_guest").await?, 0);
    Ok(())
}

/// Retries happen by a double tap, or because a client got no answer. Another guest at the same address may have the
/// same name.
async fn retried_check_in_creates_one_guest(database: TestDatabase) -> Result<()> {
    let deployment = Deployment::start(&database).await?;
    let admin = deployment.admin();
    let session = create_session(&admin, "Monday").await?;
    set_codes(&admin, &session, "FIXED", false).await?;
    let instance = create_active_instance(&admin, &session).await?;
    let code = shown_code(&admin, &instance).await?;
    let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build()?;
    let guests = async || number(&database.connect().await?, "SELECT count(*) FROM person WHERE is_guest").await;
    let send = async |server: &Program, key: &str, name: &str| -> Result<Value> {
        let body = json!({ "query": BY_CODE, "variables": { "input": { "code": code, "displayName": name } } });
        let request = http.post(server.client().address("/graphql")).header("Idempotency-Key", key).json(&body);
        Ok(request.send().await?.json().await?)
    };

    // Eight at once on two servers, and one later.
    let attempts = (0..8).map(|n| send([deployment.first(), deployment.second()][n % 2], "a tap", "Gus"));
    let mut answers = futures_util::future::try_join_all(attempts).await?;
    answers.push(send(deployment.first(), "a tap", "Gus").await?);
    let first = answers[0].clone();
    let token = first["data"]["checkInByCode"]["token"].as_str().context("no token")?.to_owned();
    for answer in &answers {
        assert_eq!(*answer, first, "each attempt has the same answer");
    }
    assert_eq!(guests().await?, 1);
    let own = deployment.second().client().with_token(&token);
    let viewer =
        own.data("{ viewer { id displayName activeSessionInstance { id } } }", json!({})).await?["viewer"].take();
    let person = &first["data"]["checkInByCode"]["person"]["id"];
    let expected = json!({ "id": person, "displayName": "Gus", "activeSessionInstance": { "id": instance } });
    assert_eq!(viewer, expected);

    // Another key creates another guest. The same key with another name is refused.
    let other = send(deployment.first(), "another tap", "Gus").await?;
    ensure!(other["data"]["checkInByCode"]["token"].as_str().is_some_and(|other| other != token), "{other}");
    let mistake = send(deployment.first(), "a tap", "Bob").await?;
    assert_eq!(mistake["errors"][0]["extensions"]["code"], "BAD_USER_INPUT", "{mistake}");
    assert_eq!(guests().await?, 2);

    // The page's form has a key of its own.
    let address = deployment.first().client().address(&format!("/c/{code}"));
    let page = http.get(&address).send().await?.error_for_status()?.text().await?;
    let key = page.split("name=\"key\" value=\"").nth(1).and_then(|rest| rest.split('"').next()).context("no key")?;
    let post = async || http.post(&address).form(&[("display_name", "Pia"), ("key", key)]).send().await;
    let (one, two) = futures_util::future::try_join(post(), post()).await?;
    for answer in [&one, &two] {
        assert_eq!(answer.status(), 303);
    }
    let cookie = |answer: &reqwest::Response| {
        answer.headers()[SET_COOKIE].to_str().map(|it| it.split(';').next().map(str::to_owned))
    };
    assert_eq!(cookie(&one)?, cookie(&two)?);
    assert_eq!(guests().await?, 3);
    let again = http.get(&address).send().await?.text().await?;
    ensure!(!again.contains(key), "each form has another key");
    Ok(())
}
