//! What everybody finds: sessions by name and city, cities, the calendar, and what programs read.

use anyhow::{Context, Result, ensure};
use insession_tests::{Deployment, Settings, TestDatabase, on_both_databases};
use serde_json::json;

use super::Visitor;
use crate::fixtures::{create_active_instance, create_instance, create_session, in_seconds};

on_both_databases!(anyone_finds_sessions_by_name_and_city, programs_read_what_is_where,);

async fn anyone_finds_sessions_by_name_and_city(database: TestDatabase) -> Result<()> {
    let deployment = Deployment::start(&database).await?;
    let admin = deployment.admin();
    let monday = create_session(&admin, "Monday Tunes").await?;
    create_active_instance(&admin, &monday).await?;
    let document = "mutation($input: CreateSessionInput!) { createSession(input: $input) { session { id } } }";
    let schedule = json!({ "weekly": { "weekday": "MONDAY", "startTime": "12:00", "endTime": "15:00" } });
    let other = json!({ "name": "Lunch", "timeZone": "Europe/Dublin", "city": "Dublin", "country": "IE", "schedules": [schedule] });
    admin.data(document, json!({ "input": other })).await?;
    let visitor = Visitor::of(&deployment.first().client());

    visitor
        .get("/?name=tune")
        .await?
        .says("Sessions with this name")?
        .says("/sessions/monday-tunes")?
        .lacks("Lunch")?;
    visitor.get("/?name=tune&city=Dublin").await?.says("No session has a name with these letters.")?;
    let cities = visitor.get("/cities").await?.says("Austin, US")?.says("1 live now</strong>")?.says("Dublin, IE")?;
    ensure!(cities.text.matches("live now</strong>").count() == 1, "{}", cities.text);
    // The picture of today's sessions has a line for now.
    visitor
        .get("/?city=Austin")
        .await?
        .says("Today in Austin")?
        .says("<line class=\"now\"")?
        .says("<rect class=\"on\"")?;
    // Meetings are listed before they have an instance.
    visitor.get("/calendar?city=Dublin").await?.says("Lunch")?.says("noon")?.lacks("Monday Tunes")?;
    visitor.get("/calendar").await?.says("Monday Tunes")?.says("Lunch")?;
    Ok(())
}

async fn programs_read_what_is_where(database: TestDatabase) -> Result<()> {
    let at = |settings: Settings| settings.with("PUBLIC_URL", "https://pub.example/in");
    let deployment = Deployment::start_with(&database, at).await?;
    let admin = deployment.admin();
    let session = create_session(&admin, "Tunes & <More>").await?;
    create_instance(&admin, &session, in_seconds(3_600), in_seconds(7_200)).await?;
    let visitor = Visitor::of(&deployment.first().client());
    let path = "https://pub.example/in/sessions/tunes-more";
    visitor
        .get("/robots.txt")
        .await?
        .says("Disallow: /in/admin\n")?
        .says("Sitemap: https://pub.example/in/sitemap.xml\n")?;
    visitor.get("/sitemap.xml").await?.says(&format!("<loc>{path}</loc>"))?;
    let feed = visitor.get("/feed.atom").await?.says("<title>Tunes &amp; &lt;More&gt;: ")?;
    ensure!(feed.text.contains(&format!("<link href=\"{path}\"/>")), "{}", feed.text);
    let manifest = visitor.get("/manifest.webmanifest").await?;
    let manifest: serde_json::Value = serde_json::from_str(&manifest.text)?;
    assert_eq!(manifest["start_url"], "/in/");
    for icon in manifest["icons"].as_array().context("icons")? {
        let address = icon["src"].as_str().context("an address")?;
        assert_eq!(visitor.get(address).await?.status, 200, "{address}");
    }
    let page = visitor.get("/sessions/tunes-more").await?;
    page.says("<link rel=\"canonical\" href=\"/in/sessions/tunes-more\">")?
        .says(&format!("<meta property=\"og:url\" content=\"{path}\">"))?
        .says("<meta property=\"og:title\" content=\"Tunes &amp; &lt;More&gt;\">")?
        .says("itemtype=\"https://schema.org/Event\"")?
        .says("class=\"printed\"")?;
    visitor.get("/sign-in").await?.says("noindex")?;
    Ok(())
}
