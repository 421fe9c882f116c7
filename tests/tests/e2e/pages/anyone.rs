//! What visitors can do without signing in: find sessions by name, by city and near a point. Also what crawlers and
//! feed readers get.

use anyhow::{Context, Result, ensure};
use chrono::{Datelike as _, Days};
use insession_tests::{Deployment, Settings, TestDatabase, now, on_both_databases};
use serde_json::json;

use super::Visitor;
use crate::fixtures::{create_active_instance, create_instance, create_person, create_session, in_seconds};

on_both_databases!(
    anyone_finds_sessions_by_name_and_city,
    anyone_sees_each_meeting_that_is_to_come,
    meetings_made_far_ahead_hide_none_of_the_weeks_before,
    search_does_not_depend_on_how_a_name_is_typed,
    request_that_cannot_be_read_gets_a_page,
    anyone_finds_sessions_near_a_place,
    crawlers_and_feeds_get_the_public_addresses,
);

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
        .says("label=\"Monday Tunes\" active>LIVE NOW<")?
        .lacks("Lunch")?;
    visitor.get("/?name=lunch").await?.says("/sessions/lunch")?.lacks("LIVE NOW")?;
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
    for page in ["/?city=Dublin", "/calendar?city=Dublin"] {
        visitor.get(page).await?.says("/calendar.ics?city=Dublin")?;
    }
    visitor.get("/calendar.ics?city=Dublin").await?.says("X-WR-CALNAME:Dublin")?.says("SUMMARY:Lunch")?;
    Ok(())
}

async fn anyone_sees_each_meeting_that_is_to_come(database: TestDatabase) -> Result<()> {
    let deployment = Deployment::start(&database).await?;
    let admin = deployment.admin();
    let visitor = Visitor::of(&deployment.first().client());
    // Lunch is in the fourth week of a month, so no instance of it is made ahead.
    let document = "mutation($input: CreateSessionInput!) { createSession(input: $input) { session { id } } }";
    let day = now().date_naive() + Days::new(20);
    let schedule = json!({ "monthDay": { "days": [day.day()], "startTime": "12:00", "endTime": "15:00" } });
    let lunch = json!({ "name": "Lunch", "timeZone": "Europe/Dublin", "city": "Dublin", "country": "IE", "location": "The Cobblestone", "schedules": [schedule] });
    admin.data(document, json!({ "input": lunch })).await?;
    let monday = create_session(&admin, "Monday Tunes").await?;
    let cancelled = create_instance(&admin, &monday, in_seconds(3_600), in_seconds(7_200)).await?;
    let cancel = "mutation($id: ID!) { updateSessionInstance(input: { id: $id, isCancelled: true }) { sessionInstance { id } } }";
    admin.data(cancel, json!({ "id": cancelled })).await?;

    for (page, coming, other) in [
        ("/", &["Monday Tunes", "Lunch"][..], ""),
        ("/?city=Dublin", &["Lunch"], "Monday Tunes"),
        ("/?city=Austin", &["Monday Tunes"], "Lunch"),
        ("/?name=lunch", &["Lunch"], "Monday Tunes"),
    ] {
        let shown = visitor.get(page).await?.says("Coming up</h2>")?;
        let cards = shown.text.split_once("<h2 id=\"next\">").context("a list")?.1;
        let cards = cards.split_once("</section>").context("its end")?.0;
        for name in coming {
            ensure!(cards.contains(name), "{page}: no {name} in {cards}");
        }
        ensure!(other.is_empty() || !cards.contains(other), "{page}: {other} in {cards}");
        ensure!(cards.contains("Cancelled</strong>") == coming.contains(&"Monday Tunes"), "{page}: {cards}");
    }
    let entry = async |address: &str| -> Result<String> {
        let feed = visitor.get(address).await?.text;
        let start = feed.find("<entry><title>Lunch: ").with_context(|| format!("no Lunch in {feed}"))?;
        Ok(feed[start..].split_once("</entry>").context("its end")?.0.to_owned())
    };
    visitor.get("/feed.atom").await?.says("<title>Monday Tunes: Cancelled: ")?;
    visitor.get("/feed.atom?city=Dublin").await?.lacks("Monday Tunes")?;
    let before = entry("/feed.atom").await?;
    ensure!(before.contains("noon–3:00pm") && before.contains("The Cobblestone, Dublin"), "{before}");
    // An answer makes the instance. It is the same entry as before.
    let ann = create_person(&admin, "Ann").await?;
    let form = [("date", day.to_string()), ("start", "12:00".to_owned()), ("answer", "yes".to_owned())];
    let form = form.each_ref().map(|(name, value)| (*name, value.as_str()));
    let person = Visitor::of(&deployment.first().client_of(&ann));
    person.post("/sessions/lunch", &form).await?.confirms("Your answer is saved.")?;
    let id = |entry: &str| entry.split_once("<id>").and_then(|(_, rest)| Some(rest.split_once("</id>")?.0.to_owned()));
    assert_eq!(id(&entry("/feed.atom?city=Dublin").await?), id(&before));
    visitor.get("/").await?.says("1 said yes")?;
    Ok(())
}

async fn meetings_made_far_ahead_hide_none_of_the_weeks_before(database: TestDatabase) -> Result<()> {
    let deployment = Deployment::start(&database).await?;
    let admin = deployment.admin();
    let document = "mutation($input: CreateSessionInput!) { createSession(input: $input) { session { id } } }";
    let weekday = (now().date_naive() + Days::new(3)).format("%A").to_string().to_uppercase();
    let schedule = json!({ "weekly": { "weekday": weekday, "startTime": "12:00", "endTime": "15:00" } });
    admin.data(document, json!({ "input": { "name": "Weekly", "timeZone": "UTC", "schedules": [schedule] } })).await?;
    let far = create_session(&admin, "Far").await?;
    for days in 60..71 {
        create_instance(&admin, &far, in_seconds(days * 86_400), in_seconds(days * 86_400 + 3_600)).await?;
    }
    let shown = Visitor::of(&deployment.first().client()).get("/").await?;
    let cards = shown.text.split_once("<h2 id=\"next\">").context("a list")?.1;
    let cards = cards.split_once("</section>").context("its end")?.0;
    let count = |path: &str| cards.matches(&format!("href=\"/sessions/{path}\"")).count();
    // In 57 days there are eight weeks and a day.
    let (weekly, all) = (count("weekly"), count("weekly") + count("far"));
    ensure!(weekly >= 8 && all == 12, "{weekly} of {all}: {cards}");
    Ok(())
}

async fn search_does_not_depend_on_how_a_name_is_typed(database: TestDatabase) -> Result<()> {
    let deployment = Deployment::start(&database).await?;
    let admin = deployment.admin();
    let document = "mutation($input: CreateSessionInput!) { createSession(input: $input) { session { id } } }";
    for (name, city, country) in [
        ("O\u{2019}Brien\u{2019}s  Céilí", "Zürich", "CH"),
        ("Monday Tunes", "Austin", "USA"),
        ("Weekly Tunes", "Austin", "Canada"),
        ("Sunny Tunes", "Austin", "Australia"),
    ] {
        let input = json!({ "name": name, "timeZone": "UTC", "city": city, "country": country, "latitude": 47.37, "longitude": 8.54 });
        admin.data(document, json!({ "input": input })).await?;
    }
    let visitor = Visitor::of(&deployment.first().client());
    for name in ["o'brien's ceili", "CÉILÍ  O\u{2bc}Brien", "cei o`b", "x'y"] {
        let found = visitor.get(&format!("/?name={name}")).await?;
        let is_there = found.text.contains("/sessions/o-brien-s-");
        ensure!(is_there == (name != "x'y"), "{name}: {}", found.text);
    }
    visitor.get("/?name=tunes%20mon").await?.says("Monday Tunes")?.lacks("Weekly Tunes")?;
    for (city, title, others) in [
        ("zurich", "In session now in Zürich", "Monday Tunes"),
        ("ZÜRICH", "In session now in Zürich", "Monday Tunes"),
        ("Austin,%20USA", "In session now in Austin, USA", "Weekly Tunes"),
        ("usa%20austin", "In session now in Austin, USA", "Weekly Tunes"),
        ("Austin,%20US", "In session now in Austin, USA", "Sunny Tunes"),
        ("Austin,%20us", "In session now in Austin, USA", "Weekly Tunes"),
    ] {
        let page = visitor.get(&format!("/?city={city}")).await?.says(title)?.lacks(others)?;
        page.says("rel=\"alternate\" type=\"application/atom+xml\" href=\"/feed.atom?city=")?;
        visitor.get(&format!("/calendar?city={city}")).await?.lacks("There is no session in a city")?;
        visitor.get(&format!("/feed.atom?city={city}")).await?.says("<title>What is next in ")?;
    }
    visitor.get("/?city=austin").await?.says("Monday Tunes")?.says("Weekly Tunes")?;
    visitor.get("/?city=usa").await?.says("There is no session in a city with this name.")?;
    for place in ["47,37 8,54", "47.37; 8,54", "zurich ch"] {
        visitor.post("/near", &[("place", place), ("withinKm", "25")]).await?.says("/sessions/monday-tunes")?;
    }
    let form = [("latitude", "47,37"), ("longitude", "8,54"), ("place", ""), ("withinKm", "5")];
    visitor.post("/near", &form).await?.says("/sessions/monday-tunes")?;
    // People are found in the same way.
    let document = "mutation($input: CreatePersonInput!) { createPerson(input: $input) { person { id } } }";
    admin.data(document, json!({ "input": { "displayName": "Zoë  D\u{2019}Arcy" } })).await?;
    let listed = "{ people(nameContains: \"d'arcy ZOE\") { totalCount } sessions(filter: { nameContains: \"ceili o'brien\" }) { totalCount } }";
    let data = admin.data(listed, json!({})).await?;
    assert_eq!((&data["people"]["totalCount"], &data["sessions"]["totalCount"]), (&json!(1), &json!(1)));
    Visitor::of(&admin).get("/admin/people?name=zoe").await?.says("Arcy")?;
    Ok(())
}

async fn request_that_cannot_be_read_gets_a_page(database: TestDatabase) -> Result<()> {
    let deployment = Deployment::start(&database).await?;
    let admin = Visitor::of(&deployment.admin());
    for address in ["/admin?mode=sideways", "/admin?mode=exact&mode=exact"] {
        let shown = admin.get(address).await?.says("This address cannot be read.")?.says("<h1>")?;
        assert_eq!(shown.status, 400, "{address}");
    }
    let client = deployment.first().client();
    let request = |method: &str, address: &str| {
        let method = reqwest::Method::from_bytes(method.as_bytes());
        method.map(|method| client.http().request(method, client.address(address)))
    };
    for (method, address, kind, body) in [
        ("POST", "/near", "application/json", "{}"),
        ("POST", "/near", "application/x-www-form-urlencoded", "a=%FF&%FF"),
        ("POST", "/c/x", "application/json", "{}"),
        ("DELETE", "/cities", "text/plain", ""),
    ] {
        let answer =
            request(method, address)?.header("content-type", kind).header("sec-fetch-site", "same-origin").body(body);
        let answer = answer.send().await?;
        let (status, text) = (answer.status(), answer.text().await?);
        ensure!(text.contains("<h1>") && !text.contains("eserializ"), "{method} {address}: {status} {text}");
    }
    Ok(())
}

async fn anyone_finds_sessions_near_a_place(database: TestDatabase) -> Result<()> {
    let deployment = Deployment::start(&database).await?;
    let admin = deployment.admin();
    let document = "mutation($input: CreateSessionInput!) { createSession(input: $input) { session { id } } }";
    for (name, city, longitude) in [
        ("East & <b>", "Fiji", Some(179.95)),
        ("West", "Fiji", Some(-179.9)),
        ("Far", "Tonga", Some(-175.2)),
        ("Nowhere", "Nowhere", None),
    ] {
        let latitude = longitude.map(|_| -17.0);
        let input =
            json!({ "name": name, "timeZone": "UTC", "city": city, "latitude": latitude, "longitude": longitude });
        let data = admin.data(document, json!({ "input": input })).await?;
        create_active_instance(&admin, data["createSession"]["session"]["id"].as_str().unwrap_or_default()).await?;
    }
    let client = deployment.first().client();
    let visitor = Visitor::of(&client);
    visitor.get("/").await?.says("Near me</button>")?;
    visitor.get("/near").await?.says("A city, or coordinates")?.lacks("On now</h2>")?;
    // The button without scripts.
    let asked = visitor.post("/near", &[("latitude", ""), ("longitude", "")]).await?;
    assert_eq!(asked.status, 200);
    asked.says("This browser did not say where you are.")?.lacks("On now</h2>")?;

    let near =
        visitor.post("/near", &[("place", "-17, 180"), ("withinKm", "25")]).await?.says("Sessions near -17, 180")?;
    let place = |name: &str| near.text.find(name).with_context(|| format!("no {name} in {}", near.text));
    ensure!(place("East &amp; &lt;b&gt;")? < place("West")?, "{}", near.text);
    let near = near.says("5.3 km away")?.says("11 km away")?.lacks("Far")?;
    assert_eq!(near.address, "/near");
    visitor.post("/near", &[("place", "tonga"), ("withinKm", "500")]).await?.says("Far")?.says("less than 0.1 km")?;
    // The coordinates of the browser, with another distance.
    let near = [("latitude", "-17.0"), ("longitude", "179.95"), ("place", ""), ("withinKm", "5")];
    visitor.post("/near", &near).await?.says("Sessions near you")?.says("East")?.lacks("West")?;

    for (place, km, words) in [
        ("91, 0", "25", "must be -90 to 90 degrees"),
        ("0, 181", "25", "must be -180 to 180 degrees"),
        ("NaN, 0", "25", "must be -90 to 90 degrees"),
        ("Atlantis", "25", "No city with sessions has this name."),
        ("Nowhere", "25", "have no coordinates"),
        ("0, 0", "501", "must be 0 to 500"),
        ("0, 0", "x", "must be a number of kilometres"),
    ] {
        let refused = visitor.post("/near", &[("place", place), ("withinKm", km)]).await?;
        assert_eq!(refused.status, 422, "{place} {km}");
        refused.says(words)?.lacks("On now</h2>")?;
    }
    // Only pages that need it may ask the browser where it is.
    for (path, policy) in [("/", "geolocation=(self)"), ("/near", "geolocation=(self)"), ("/cities", "geolocation=()")]
    {
        let answer = client.http().get(client.address(path)).send().await?;
        assert_eq!(answer.headers()["permissions-policy"], policy, "{path}");
    }
    Ok(())
}

async fn crawlers_and_feeds_get_the_public_addresses(database: TestDatabase) -> Result<()> {
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
    page.says("rel=\"alternate\" type=\"application/atom+xml\" href=\"/in/feed.atom\"")?
        .says("<link rel=\"canonical\" href=\"https://pub.example/in/sessions/tunes-more\">")?
        .says(&format!("<meta property=\"og:url\" content=\"{path}\">"))?
        .says("<meta property=\"og:title\" content=\"Tunes &amp; &lt;More&gt;\">")?
        .says("itemtype=\"https://schema.org/Event\"")?
        .says("class=\"printed\"")?;
    visitor.get("/sign-in").await?.says("noindex")?;
    Ok(())
}
