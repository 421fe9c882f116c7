//! Pages in the language of their visitor.

use anyhow::{Context, Result, ensure};
use insession_tests::{Client, Deployment, TestDatabase, on_both_databases};
use reqwest::{
    Response, StatusCode,
    header::{ACCEPT_LANGUAGE, CACHE_CONTROL, CONTENT_LANGUAGE, COOKIE, SET_COOKIE, VARY},
};
use serde_json::json;

use crate::fixtures::{create_active_instance, create_person, create_session};

on_both_databases!(
    pages_speak_the_language_of_the_browser,
    pages_of_organizers_and_admins_have_no_english_in_another_language,
    visitor_chooses_a_language,
    cacheable_responses_have_one_language,
);

/// The languages, and what the main heading of the home page is in each.
const LANGUAGES: [(&str, &str); 8] = [
    ("en", "In session now"),
    ("de", "Jetzt im Gange"),
    ("nl", "Nu bezig"),
    ("fr", "En ce moment"),
    ("es", "En este momento"),
    ("tr", "Şu anda sürenler"),
    ("sq", "Po zhvillohen tani"),
    ("hi", "अभी चल रहे सत्र"),
];

async fn get(client: &Client, address: &str, headers: &[(reqwest::header::HeaderName, &str)]) -> Result<Response> {
    let mut request = client.http().get(client.address(address));
    for (name, value) in headers {
        request = request.header(name, *value);
    }
    Ok(request.send().await?)
}

fn header(answer: &Response, name: reqwest::header::HeaderName) -> String {
    let values = answer.headers().get_all(name).iter().map(|value| String::from_utf8_lossy(value.as_bytes()));
    values.collect::<Vec<_>>().join(", ")
}

/// A session that meets on Mondays, and one that meets now.
async fn prepare(deployment: &Deployment) -> Result<()> {
    let admin = deployment.admin();
    let live = create_session(&admin, "Monday Tunes").await?;
    create_active_instance(&admin, &live).await?;
    let document = "mutation($input: CreateSessionInput!) { createSession(input: $input) { session { id } } }";
    let schedule = json!({ "weekly": { "weekday": "MONDAY", "startTime": "19:00", "endTime": "22:30" } });
    let lunch = json!({ "name": "Lunch", "timeZone": "Europe/Dublin", "city": "Dublin", "country": "IE", "schedules": [schedule] });
    admin.data(document, json!({ "input": lunch })).await?;
    Ok(())
}

async fn pages_speak_the_language_of_the_browser(database: TestDatabase) -> Result<()> {
    let deployment = Deployment::start(&database).await?;
    prepare(&deployment).await?;
    let client = deployment.first().client();
    for (tag, title) in LANGUAGES {
        for (address, status) in [
            ("/", StatusCode::OK),
            ("/?city=Dublin", StatusCode::OK),
            ("/cities", StatusCode::OK),
            ("/calendar", StatusCode::OK),
            ("/sessions/monday-tunes", StatusCode::OK),
            ("/sessions/lunch", StatusCode::OK),
            ("/sign-in", StatusCode::OK),
            ("/sessions/none", StatusCode::NOT_FOUND),
            ("/c/WRONG", StatusCode::NOT_FOUND),
            ("/none", StatusCode::NOT_FOUND),
        ] {
            let answer = get(&client, address, &[(ACCEPT_LANGUAGE, &format!("zh, {tag};q=0.9"))]).await?;
            ensure!(answer.status() == status, "{tag} {address}: {}", answer.status());
            ensure!(header(&answer, CONTENT_LANGUAGE) == tag, "{tag} {address}: {:?}", answer.headers());
            let text = answer.text().await?;
            ensure!(text.contains(&format!("<html lang=\"{tag}\"")), "{tag} {address}: {text}");
            ensure!(address != "/" || text.contains(&format!("<h1>{title}</h1>")), "{tag}: no {title} in {text}");
        }
    }
    let ann = deployment.first().client_of(&create_person(&deployment.admin(), "Ann").await?);
    let cookie = format!("insession_token={}", ann.token().context("a token")?);
    for (address, words) in [
        ("/me", "Sie haben keine Termine."),
        ("/me/slots", "Sie bieten keine Termine an."),
        ("/me/keys", "Es gibt keine Schlüssel."),
        ("/me/sign-out-everywhere", "Überall abmelden?"),
        ("/slots", "Zurzeit bietet niemand Termine an."),
    ] {
        let answer = get(&client, address, &[(ACCEPT_LANGUAGE, "de"), (COOKIE, &cookie)]).await?;
        ensure!(header(&answer, CONTENT_LANGUAGE) == "de", "{address}: {:?}", answer.headers());
        let text = answer.text().await?;
        ensure!(text.contains(words), "{address}: no {words} in {text}");
    }
    for (accept, words) in [
        ("en-US", "Mondays from 7:00pm–10:30pm"),
        ("en-GB", "Mondays from 19:00–22:30"),
        ("de-AT", "Jeden Montag von 19:00 bis 22:30 Uhr"),
        ("fr", "Chaque lundi de 19:00 à 22:30"),
        ("hi-IN", "हर सोमवार, 7:00 pm से 10:30 pm तक"),
    ] {
        let text = get(&client, "/sessions/lunch", &[(ACCEPT_LANGUAGE, accept)]).await?.text().await?;
        ensure!(text.contains(words), "{accept}: no {words} in {text}");
    }
    Ok(())
}

/// The texts of a page, without what the page says is English.
fn texts(html: &str) -> Vec<String> {
    let body = html.split_once("<main").map_or(html, |(_, body)| body);
    let (mut texts, mut is_english) = (Vec::new(), false);
    for part in body.split('<').skip(1) {
        let (tag, text) = part.split_once('>').unwrap_or((part, ""));
        is_english = tag.contains("lang=\"") || tag.starts_with("pre") || (is_english && !tag.starts_with('/'));
        if !is_english && !text.trim().is_empty() {
            texts.push(text.trim().to_owned());
        }
    }
    texts
}

/// Hindi has letters of its own, so English that was left in a page is easy to see.
fn is_english(text: &str) -> bool {
    // What people wrote, and names of things that are the same in every language.
    const NAMES: [&str; 11] = [
        "Monday Tunes",
        "Lunch",
        "Dublin",
        "Austin",
        "Ann",
        "RRULE",
        "InSession",
        "SessionInstance",
        "Person",
        "Authorization: Bearer",
        "interview",
    ];
    let text = NAMES.iter().fold(text.to_owned(), |text, name| text.replace(name, ""));
    let has_words = text.split(|c: char| !c.is_ascii_alphabetic()).any(|word| word.len() > 3);
    has_words && !text.starts_with("http") && !text.chars().any(|c| ('\u{900}'..='\u{97f}').contains(&c))
}

async fn pages_of_organizers_and_admins_have_no_english_in_another_language(database: TestDatabase) -> Result<()> {
    let deployment = Deployment::start(&database).await?;
    prepare(&deployment).await?;
    let client = deployment.first().client();
    create_person(&deployment.admin(), "Ann").await?;
    let cookie = format!("insession_token={}", deployment.admin().token().context("an admin has a token")?);
    for (address, german) in [
        ("/sessions/lunch/organize", "Wer diese Session ändern darf"),
        ("/sessions/lunch/edit", "Minuten vor dem Beginn"),
        ("/sessions/lunch/schedule", "Jeden Montag von 19:00 bis 22:30 Uhr"),
        ("/sessions/lunch/organizers?name=ann", "Noch niemand organisiert diese Session."),
        ("/sessions/lunch/mend", "Alles ist in Ordnung."),
        ("/sessions/lunch/meetings", "Ein Treffen hinzufügen"),
        ("/sessions/lunch/delete", "Diese Session löschen?"),
        ("/sessions/monday-tunes/meetings/1?name=ann", "Jemanden einchecken"),
        ("/sessions/monday-tunes/meetings/1/delete", "Dieses Treffen löschen?"),
        ("/sessions/monday-tunes", "Tage ausfallen lassen"),
        ("/admin", "Letzte Abgleiche"),
        ("/admin?try_at=&mode=exact", "Nichts wurde geändert."),
        ("/admin/sessions/new", "Session anlegen"),
        ("/admin/people?name=ann", "Neue Person"),
        ("/admin/people/new", "Person anlegen"),
        ("/admin/people/1", "Mit einer anderen Person zusammenführen"),
        ("/admin/people/1/merge?name=bob", "Niemand hat einen Namen mit diesen Buchstaben."),
        ("/admin/people/1/erase", "Diese Person löschen?"),
        ("/admin/people/1/sign-out", "Diese Person überall abmelden?"),
        ("/admin/audit", "Protokoll der Änderungen"),
        ("/admin/keys", "API-Schlüssel"),
    ] {
        for tag in ["de", "hi"] {
            let answer = get(&client, address, &[(ACCEPT_LANGUAGE, tag), (COOKIE, &cookie)]).await?;
            ensure!(answer.status() == StatusCode::OK, "{tag} {address}: {}", answer.status());
            ensure!(header(&answer, CONTENT_LANGUAGE) == tag, "{tag} {address}: {:?}", answer.headers());
            let html = answer.text().await?;
            ensure!(tag != "de" || html.contains(german), "{address}: no {german} in {html}");
            let left: Vec<String> = texts(&html).into_iter().filter(|text| tag == "hi" && is_english(text)).collect();
            // The audit log has the names of fields and of mutations, as the API has them.
            ensure!(left.is_empty() || address == "/admin/audit", "{address} is partly in English: {left:?}");
        }
    }
    // What the form of a page checks is said in the language too.
    let post = client.http().post(client.address("/sessions/lunch/edit")).form(&[("name", "Lunch"), ("timeZone", "x")]);
    let post = post.header("sec-fetch-site", "same-origin").header(ACCEPT_LANGUAGE, "de").header(COOKIE, &cookie);
    let refused = post.send().await?.text().await?;
    ensure!(refused.contains(">Geben Sie den Namen einer Zeitzone an, zum Beispiel America/Chicago.<"), "{refused}");
    ensure!(
        refused.contains(">Zeitzone: Geben Sie den Namen einer Zeitzone an, zum Beispiel America/Chicago.<"),
        "{refused}"
    );
    // So is why the service refuses something.
    let post = client.http().post(client.address("/sessions/lunch/edit"));
    let post = post.form(&[
        ("name", "Lunch"),
        ("path", "monday-tunes"),
        ("timeZone", "UTC"),
        ("activeBufferMinutesBefore", "0"),
        ("activeBufferMinutesAfter", "0"),
        ("autoCreateHoursAhead", "24"),
    ]);
    let post = post.header("sec-fetch-site", "same-origin").header(ACCEPT_LANGUAGE, "de").header(COOKIE, &cookie);
    let refused = post.send().await?.text().await?;
    ensure!(refused.contains(">Eine andere Session hat diese Adresse. Wählen Sie eine andere.<"), "{refused}");
    Ok(())
}

async fn visitor_chooses_a_language(database: TestDatabase) -> Result<()> {
    let deployment = Deployment::start(&database).await?;
    prepare(&deployment).await?;
    let client = deployment.first().client();
    let post = async |language: &str, next: &str| {
        let request = client.http().post(client.address("/language")).form(&[("language", language), ("next", next)]);
        let request = request.header("sec-fetch-site", "same-origin").header(ACCEPT_LANGUAGE, "de");
        anyhow::Ok(request.send().await?)
    };
    // The client of the tests keeps no cookies, so the page after the redirect is still in German.
    let back = post("nl", "/sessions/lunch?a=b").await?;
    ensure!(back.url().path() == "/sessions/lunch" && back.url().query() == Some("a=b"), "{}", back.url());
    ensure!(header(&back, CONTENT_LANGUAGE) == "de", "{:?}", back.headers());
    ensure!(
        post("nl", "//evil.example/").await?.url().as_str() == client.address("/"),
        "the redirect stays on this site"
    );
    let refused = post("xx", "/").await?;
    ensure!(refused.status() == StatusCode::BAD_REQUEST, "{}", refused.status());

    let plain = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build()?;
    let chosen = plain.post(client.address("/language")).form(&[("language", "nl")]);
    let chosen = header(&chosen.header("sec-fetch-site", "same-origin").send().await?, SET_COOKIE);
    let cookie = chosen.split(';').next().context("a cookie")?;
    ensure!(cookie == "insession_language=nl" && chosen.contains("HttpOnly"), "{chosen}");
    let answer = get(&client, "/sessions/lunch", &[(ACCEPT_LANGUAGE, "de"), (COOKIE, cookie)]).await?;
    let text = answer.text().await?;
    ensure!(text.contains("Elke maandag van 19:00 tot 22:30 uur"), "{text}");
    let from_elsewhere = plain.post(client.address("/language")).form(&[("language", "nl")]);
    let from_elsewhere = from_elsewhere.header("sec-fetch-site", "cross-site").send().await?;
    ensure!(from_elsewhere.status() == StatusCode::FORBIDDEN, "{}", from_elsewhere.status());
    Ok(())
}

/// A cache may keep the feed and the assets. So they are the same for everybody, and pages are for one visitor.
async fn cacheable_responses_have_one_language(database: TestDatabase) -> Result<()> {
    let deployment = Deployment::start(&database).await?;
    prepare(&deployment).await?;
    let client = deployment.first().client();
    for address in ["/feed.atom", "/manifest.webmanifest", "/sitemap.xml", "/robots.txt", "/web/pages.js"] {
        let english = get(&client, address, &[]).await?.text().await?;
        let other = get(&client, address, &[(ACCEPT_LANGUAGE, "de"), (COOKIE, "insession_language=tr")]).await?;
        ensure!(other.status() == StatusCode::OK, "{address}: {}", other.status());
        ensure!(other.text().await? == english, "{address} has another text in another language");
    }
    for address in ["/", "/sessions/lunch", "/none"] {
        let answer = get(&client, address, &[(ACCEPT_LANGUAGE, "de")]).await?;
        ensure!(header(&answer, CACHE_CONTROL).contains("private"), "{address}: {:?}", answer.headers());
        let vary = header(&answer, VARY);
        ensure!(vary.contains("accept-language") && vary.contains("cookie"), "{address}: {vary}");
    }
    Ok(())
}
