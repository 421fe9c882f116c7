//! Admins create sessions and people, manage accounts and keys, and correct sessions that the server cannot read.

use anyhow::{Context, Result, ensure};
use insession_tests::{
    Deployment, LIMIT, Program, TestDatabase, database::execute, eventually, now, on_both_databases, token,
};
use reqwest::header::{COOKIE, SET_COOKIE};
use serde_json::{Value, json};

use super::Visitor;
use crate::fixtures::{create_person, create_session};

on_both_databases!(
    admin_starts_from_an_empty_database,
    admin_merges_deactivates_and_erases_people_and_reads_the_audit_log,
    admin_makes_and_revokes_api_keys,
    broken_session_shows_its_problem_and_is_repaired,
    only_admins_open_admin_pages,
    admin_who_is_no_person_signs_out_everywhere,
);

async fn admin_starts_from_an_empty_database(database: TestDatabase) -> Result<()> {
    let deployment = Deployment::start(&database).await?;
    let admin = Visitor::of(&deployment.admin());
    admin.get("/admin").await?.says("href=\"/admin/sessions/new\"")?.says("href=\"/admin/people\"")?;
    let empty = admin.get("/admin/sessions/new").await?;
    assert_eq!(empty.value("activeBufferMinutesBefore")?, "60");
    let new = [
        ("name", "Open House"),
        ("city", "Austin"),
        ("country", "USA"),
        ("timeZone", "America/Chicago"),
        ("activeBufferMinutesBefore", "60"),
        ("activeBufferMinutesAfter", "60"),
        ("autoCreateInstances", "on"),
        ("autoCreateHoursAhead", "24"),
        ("checkInCodes", "rotating"),
    ];
    let wrong: Vec<_> = new.iter().copied().chain([("path", "a/b")]).collect();
    let refused = admin.post("/admin/sessions/new", &wrong).await?.refuses("path", "Address ")?;
    assert_eq!(refused.value("name")?, "Open House");
    // All wrong fields are named at once: those that cannot be read, and those that the service refuses.
    let several = [
        ("name", " "),
        ("path", "a/b"),
        ("website", "example.org"),
        ("city", "Austin"),
        ("latitude", "north"),
        ("timeZone", "Mars/Olympus"),
        ("activeBufferMinutesBefore", "2000"),
        ("activeBufferMinutesAfter", ""),
        ("autoCreateHoursAhead", "24"),
    ];
    let refused = admin.post("/admin/sessions/new", &several).await?.refuses_all(&[
        ("latitude", "Latitude must be a number of degrees, such as 30.2672."),
        ("timeZone", "Time zone must be the name of a time zone, such as America/Chicago."),
        ("activeBufferMinutesAfter", "Minutes after its end must be 0 to 1440."),
        ("name", "Name must not be empty."),
        ("path", "Address may have letters, digits, '-', '_', '.' and '~' only."),
        ("website", "Website must be the address of a website, such as https://example.org/session."),
        ("activeBufferMinutesBefore", "Minutes before its start must be 0 to 1440."),
    ]);
    let refused = refused?.says("Correct these 7 things:")?;
    assert_eq!((refused.value("latitude")?, refused.value("city")?), ("north".to_owned(), "Austin".to_owned()));
    let made =
        admin.post("/admin/sessions/new", &new).await?.confirms("The session is created. Now say when it meets.")?;
    ensure!(made.address.starts_with("/sessions/open-house/schedule"), "{}", made.address);
    admin.get("/sessions/open-house").await?.says("Organise this session")?;

    admin.get("/admin/people").await?.says("There are no people yet.")?;
    let person = [("displayName", "Anna"), ("city", "Austin"), ("externalId", "anna@idp")];
    admin.post("/admin/people/new", &[("displayName", " ")]).await?.refuses("displayName", "Name ")?;
    let made = admin.post("/admin/people/new", &person).await?.confirms("The person is created.")?;
    assert_eq!(made.value("externalId")?, "anna@idp");
    admin
        .post("/admin/people/new", &[("displayName", "Other"), ("externalId", "anna@idp")])
        .await?
        .refuses("externalId", "")?;
    admin.get("/admin/people?name=ann").await?.says("aria-label=\"Change Anna\"")?;

    // The forms of the first page keep what was typed, too.
    let activity = [("key", "a/b"), ("name", "Interview"), ("maxConcurrent", "many")];
    let refused = admin.post("/admin/activities", &activity).await?.refuses_all(&[
        ("maxConcurrent", "Seats must be a whole number."),
        ("key", "Key may have letters, digits, '-', '_', '.' and '~' only."),
    ])?;
    assert_eq!(refused.value("name")?, "Interview");
    let activity = [("key", "interview"), ("name", "Interview"), ("maxConcurrent", "2")];
    admin.post("/admin/activities", &activity).await?.confirms("The activity is saved.")?;
    admin.post("/admin/activities", &activity).await?.refuses("key", "An activity has this key already")?;
    let changed = [("key", "interview"), ("name", "Interview"), ("exists", "yes"), ("maxConcurrent", "-1")];
    admin.post("/admin/activities", &changed).await?.says("Must not be negative: leave it empty for no limit.")?;
    let override_of = [("instance", "Person:7"), ("hours", "9000"), ("action", "on")];
    admin.post("/admin/override", &override_of).await?.says("Correct these 2 things:")?;
    Ok(())
}

async fn admin_merges_deactivates_and_erases_people_and_reads_the_audit_log(database: TestDatabase) -> Result<()> {
    let deployment = Deployment::start(&database).await?;
    let client = deployment.admin();
    let admin = Visitor::of(&client);
    for name in ["Ann", "Anna", "Bob"] {
        create_person(&client, name).await?;
    }
    let name = async |number: i64| {
        let document = "query($id: ID!) { person(id: $id) { id displayName isDeactivated } }";
        let data = client.data(document, json!({ "id": format!("Person:{number}") })).await?;
        anyhow::Ok(data["person"].clone())
    };
    let saved = [("displayName", "Anna"), ("city", "Dallas"), ("isDeactivated", "on")];
    admin.post("/admin/people/2", &saved).await?.confirms("The person is saved.")?;
    assert_eq!(name(2).await?["isDeactivated"], true);
    admin.post("/admin/people/2", &[("displayName", "Anna")]).await?.confirms("The person is saved.")?;

    // Merging and erasing ask first.
    admin.get("/admin/people/1/merge?name=anna").await?.says("Merge into Person:2")?.lacks("Merge into Person:1<")?;
    admin.post("/admin/people/1/merge", &[("into", "Person:2")]).await?.says("Merge these two people?")?;
    assert_eq!(name(1).await?["displayName"], "Ann");
    let merged = admin.post("/admin/people/1/merge", &[("into", "Person:2"), ("confirmed", "yes")]).await?;
    ensure!(
        merged.confirms("The two people are one now.")?.address.starts_with("/admin/people/2?"),
        "it shows who is left"
    );
    admin.get("/admin/people/3/erase").await?.says("Erase this person?")?;
    admin.post("/admin/people/3/erase", &[("confirmed", "yes")]).await?.confirms("The person is erased.")?;
    admin.get("/admin/people?name=bob").await?.says("Nobody has a name with these letters.")?;
    admin.get("/admin/people/2/sign-out").await?.says("Sign this person out everywhere?")?;
    admin.post("/admin/people/2/sign-out", &[]).await?.confirms("The person is signed out everywhere.")?;

    let log = admin.get("/admin/audit").await?.says("erasePerson")?.says("mergePeople")?.says("updatePerson")?;
    ensure!(!log.text.contains("Bob"), "the name of an erased person is in the log");
    admin.get("/admin/audit?node=Person:2").await?.says("mergePeople")?.lacks("erasePerson")?;
    Ok(())
}

async fn admin_makes_and_revokes_api_keys(database: TestDatabase) -> Result<()> {
    let deployment = Deployment::start(&database).await?;
    let client = deployment.admin();
    let admin = Visitor::of(&client);
    let ann = create_person(&client, "Ann").await?;
    admin
        .post("/admin/keys", &[("name", "Screen"), ("days", "0"), ("personId", &ann)])
        .await?
        .refuses("days", "Days must be 1 to 3650.")?;
    admin.post("/admin/keys", &[("name", ""), ("days", "x"), ("personId", "Ann")]).await?.refuses_all(&[
        ("days", "Days must be a whole number."),
        ("personId", "Person must be the id of a person, such as Person:7."),
        ("name", "Name must not be empty."),
    ])?;
    admin.get("/admin/keys").await?.says("<p class=\"path\"><a href=\"/admin\">Admin</a></p>")?;
    admin
        .post("/admin/keys", &[("name", "Screen"), ("personId", "Person:99")])
        .await?
        .refuses("personId", "There is no person Person:99.")?;
    admin.get("/admin/keys/99/revoke").await?.says("There is no")?;
    let attempt = admin.get("/admin/keys").await?.value("attempt")?;
    let form = [("attempt", attempt.as_str()), ("name", "Screen"), ("days", "400"), ("personId", &ann)];
    let made = admin.post("/admin/keys", &form).await?;
    // A browser that loads the page again sends the form again.
    let again = admin.post("/admin/keys", &form).await?;
    assert_eq!(again.status, 409);
    again.says("This form has made its key already, whose secret is shown only once.")?.lacks("id=\"key-2\"")?;
    let secret = made.text.split("id=\"secret\"").nth(1).and_then(|rest| rest.split_once('>')).context("a secret")?.1;
    let secret = secret.split('<').next().context("a secret")?;
    let by_key = deployment.first().client().with_token(secret);
    assert_eq!(by_key.data("{ viewer { displayName } }", json!({})).await?["viewer"]["displayName"], "Ann");
    // A browser that signs in with the key forgets it after 30 days.
    let form = [("token", secret), ("next", "/me")];
    let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build()?;
    let answer = http.post(client.address("/sign-in")).form(&form).send().await?;
    let cookie = answer.headers()[SET_COOKIE].to_str()?;
    ensure!(cookie.contains("Max-Age=259"), "{cookie}");
    admin.get("/admin/keys").await?.says("Screen")?.lacks(secret)?;
    admin.get("/admin/keys/1/revoke").await?.says("Revoke this API key?")?;
    admin.post("/admin/keys/1/revoke", &[("confirmed", "yes")]).await?.confirms("The key is revoked.")?;

    // People make keys for themselves.
    let own = Visitor::of(&deployment.first().client_of(&ann));
    own.post("/me/keys", &[("name", "Own")]).await?.says("The key <strong>Own</strong> is made.")?.lacks("personId")?;
    Ok(())
}

async fn broken_session_shows_its_problem_and_is_repaired(database: TestDatabase) -> Result<()> {
    let deployment = Deployment::start(&database).await?;
    let client = deployment.admin();
    let admin = Visitor::of(&client);
    for name in ["Nowhere", "Never"] {
        create_session(&client, name).await?;
    }
    let connection = database.connect().await?;
    execute(&connection, "UPDATE session SET time_zone = 'Mars/Olympus', problem = 'the zone is unknown' WHERE id = 1")
        .await?;
    execute(
        &connection,
        "UPDATE session SET recurrence = '[{\"type\":\"x\"}]', problem = 'it is unreadable' WHERE id = 2",
    )
    .await?;
    admin.get("/admin").await?.says("href=\"/sessions/nowhere/mend\"")?.says("href=\"/sessions/never/mend\"")?;

    let page = "/sessions/nowhere/mend";
    admin.get(page).await?.says("Its time zone is not known")?;
    admin.post(page, &[("timeZone", "Mars")]).await?.refuses("timeZone", "Time zone must be the name")?;
    admin
        .post(page, &[("timeZone", "UTC")])
        .await?
        .confirms("The session is saved.")?
        .says("Nothing is wrong with it.")?;

    let stored = admin.get("/sessions/never/mend").await?.says("[{&quot;type&quot;:&quot;x&quot;}]")?;
    stored.says("href=\"/sessions/never/schedule\"")?;
    let schedule = [
        ("schedules.0.kind", "monthDay"),
        ("schedules.0.days", "1, -1"),
        ("schedules.0.everyNMonths", "1"),
        ("schedules.0.startTime", "19:00"),
        ("schedules.0.endTime", "22:00"),
        ("save", "yes"),
    ];
    admin.post("/sessions/never/schedule", &schedule).await?.confirms("The schedule is saved.")?;
    admin.get("/sessions/never/mend").await?.says("Nothing is wrong with it.")?;
    Ok(())
}

/// The token of an administrator who is no person stays valid. The sign-ins that were made with it end.
async fn admin_who_is_no_person_signs_out_everywhere(database: TestDatabase) -> Result<()> {
    let deployment = Deployment::start(&database).await?;
    let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build()?;
    let sign_in = async |subject: &str| -> Result<String> {
        let claims = json!({ "sub": subject, "exp": now().timestamp() + 3_600, "roles": ["admin"] });
        let form = [("token", token::signed(&claims, token::SECRET)), ("next", "/admin".to_owned())];
        let answer = http.post(deployment.first().client().address("/sign-in")).form(&form).send().await?;
        let cookie = answer.headers()[SET_COOKIE].to_str()?.split(';').next().context("a cookie")?.to_owned();
        Ok(cookie)
    };
    let status = async |server: &Program, cookie: &str| -> Result<u16> {
        let page = http.get(server.client().address("/admin")).header(COOKIE, cookie);
        Ok(page.send().await?.status().as_u16())
    };
    let (here, there, other) =
        (sign_in("operator").await?, sign_in("operator").await?, sign_in("somebody else").await?);
    let ticket = http.post(deployment.second().client().address("/web/token")).header(COOKIE, &there).send().await?;
    let ticket: Value = ticket.json().await?;
    let mut socket = deployment.second().socket(ticket["token"].as_str()).await?;

    let address = deployment.first().client().address("/me/sign-out-everywhere");
    let question = http.get(&address).header(COOKIE, &here).send().await?.error_for_status()?.text().await?;
    ensure!(question.contains("in all other browsers"), "{question}");
    assert_eq!(http.get(&address).send().await?.status(), 303);
    assert_eq!(http.post(&address).header(COOKIE, &here).send().await?.status(), 303);
    assert_eq!(socket.closed(LIMIT).await?.code, 4403);
    for server in [deployment.first(), deployment.second()] {
        for ended in [&here, &there] {
            eventually(LIMIT, "the sign-in to end", async || {
                let status = status(server, ended).await?;
                ensure!(status == 303, "{status}");
                Ok(())
            })
            .await?;
        }
        assert_eq!(status(server, &other).await?, 200);
    }
    Ok(())
}

async fn only_admins_open_admin_pages(database: TestDatabase) -> Result<()> {
    let deployment = Deployment::start(&database).await?;
    let client = deployment.admin();
    let ann = create_person(&client, "Ann").await?;
    let person = Visitor::of(&deployment.first().client_of(&ann));
    let nobody = Visitor::of(&deployment.first().client());
    for page in [
        "sessions/new",
        "people",
        "people/new",
        "people/1",
        "people/1/merge",
        "people/1/erase",
        "people/1/sign-out",
        "audit",
        "keys",
    ] {
        let address = format!("/admin/{page}");
        assert_eq!(person.get(&address).await?.status, 403, "{page}");
        ensure!(nobody.get(&address).await?.address.starts_with("/sign-in?next=%2Fadmin"), "{page}");
        if !matches!(page, "people" | "audit") {
            assert_eq!(person.post(&address, &[]).await?.status, 403, "{page}");
        }
    }
    assert_eq!(person.post("/admin/keys/1/revoke", &[]).await?.status, 403);
    Ok(())
}
