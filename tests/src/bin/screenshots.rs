//! Takes screenshots of all pages in light, dark and phone layout:
//! `cargo run -p insession-tests --bin screenshots FOLDER`. Build the program first: `cargo build --bin insession`.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use chrono::{DateTime, TimeDelta, Timelike, Utc};
use insession_tests::{Browser, Client, Page, Program, Screen, Settings, TestDatabase, now, token};
use serde_json::{Value, json};

const WIDE: Screen = Screen { width: 1180, height: 860, density: 1, is_dark: false };
const PHONE: Screen = Screen { width: 390, height: 844, density: 2, is_dark: false };

#[tokio::main]
async fn main() -> Result<()> {
    let folder = PathBuf::from(std::env::args().nth(1).context("usage: screenshots FOLDER")?);
    std::fs::create_dir_all(&folder)?;
    let database = TestDatabase::sqlite()?;
    let server = Program::serve(&Settings::new(&database.url).quiet()).await?;
    let me = fill(&server.admin(), &server).await?;
    let browser = Browser::launch().await?;

    let page = browser.page().await?;
    sign_in(&page, &server, &token::of(&me)).await?;
    let session = "/sessions/mueller-monday";
    for (name, address) in [("home", "/"), ("session", session), ("me", "/me"), ("graphiql", "/graphiql")] {
        for (look, screen) in [("light", WIDE), ("dark", Screen { is_dark: true, ..WIDE }), ("phone", PHONE)] {
            page.emulate_screen(screen).await?;
            page.goto(&server.client().address(address)).await?;
            settle(&page, address).await?;
            if address == session {
                page.evaluate("document.querySelector('in-session-badge').shadowRoot.querySelector('a').focus()")
                    .await?;
            }
            save(&page, &folder, &format!("{name}-{look}.png")).await?;
        }
    }

    for (name, address) in [
        ("organize", "/sessions/mueller-monday/organize"),
        ("edit", "/sessions/mueller-monday/edit"),
        ("schedule", "/sessions/mueller-monday/schedule"),
        ("meetings", "/sessions/mueller-monday/meetings"),
        ("meeting", "/sessions/mueller-monday/meetings/1"),
        ("city", "/?city=Austin"),
        ("cities", "/cities"),
        ("calendar", "/calendar"),
        ("slots", "/me/slots"),
        ("keys", "/me/keys"),
    ] {
        for (look, screen) in [("light", WIDE), ("dark", Screen { is_dark: true, ..WIDE }), ("phone", PHONE)] {
            page.emulate_screen(screen).await?;
            page.goto(&server.client().address(address)).await?;
            save(&page, &folder, &format!("{name}-{look}.png")).await?;
        }
    }

    let admin = browser.page().await?;
    sign_in(&admin, &server, &token::admin()).await?;
    for (look, screen) in [("light", WIDE), ("dark", Screen { is_dark: true, ..WIDE }), ("phone", PHONE)] {
        admin.emulate_screen(screen).await?;
        admin.goto(&server.client().address("/admin")).await?;
        save(&admin, &folder, &format!("admin-{look}.png")).await?;
        admin.evaluate("document.getElementById('online').scrollIntoView()").await?;
        save(&admin, &folder, &format!("presence-{look}.png")).await?;
    }
    browser.close().await
}

async fn save(page: &Page, folder: &Path, name: &str) -> Result<()> {
    page.screenshot(&folder.join(name)).await?;
    println!("{}", folder.join(name).display());
    Ok(())
}

/// Waits until the page shows the data that it gets over its socket.
async fn settle(page: &Page, address: &str) -> Result<()> {
    if address == "/graphiql" {
        return page.until("document.querySelector('.graphiql-query-editor .CodeMirror') !== null").await;
    }
    page.until("document.querySelector('in-session-badge').hasAttribute('active')").await
}

async fn sign_in(page: &Page, server: &Program, token: &str) -> Result<()> {
    page.goto(&format!("{}/sign-in", server.url())).await?;
    page.evaluate("document.getElementById('token').focus()").await?;
    page.type_text(token).await?;
    page.press("Enter").await?;
    page.until("location.pathname === '/' && document.readyState === 'complete'").await
}

/// Creates sessions around now and people who attend them. Returns the id of the first person.
async fn fill(admin: &Client, server: &Program) -> Result<String> {
    let sessions = [
        ("Mueller Monday", "The Hangar", "Austin", "USA", "America/Chicago", -40, 150),
        ("Opal Divine's", "Penn Field", "Austin", "USA", "America/Chicago", -20, 130),
        ("The Cobblestone", "77 King Street North", "Dublin", "Ireland", "Europe/Dublin", -60, 60),
        ("Hughes' Bar", "19 Chancery Street", "Dublin", "Ireland", "Europe/Dublin", 240, 420),
        ("Tokyo Thursday", "Warrior Celt", "Tokyo", "Japan", "Asia/Tokyo", 180, 360),
        ("Fiddler's Green", "Saengerrunde Hall", "Austin", "USA", "America/Chicago", 1500, 1680),
    ];
    let mut people = Vec::new();
    for name in ["Ada Fiddle", "Ben Flute", "Cleo Concertina", "Dan Bodhrán", "Eva Pipes"] {
        let input = json!({ "displayName": name, "city": "Austin", "country": "USA" });
        people.push(made(admin, "createPerson", "CreatePersonInput", "person", &input).await?);
    }
    for (index, (name, location, city, country, zone, starts, ends)) in sessions.into_iter().enumerate() {
        let (starts, ends) = (local(zone, starts)?, local(zone, ends)?);
        let (start, end) = (starts.format("%H:%M").to_string(), ends.format("%H:%M").to_string());
        let weekday = starts.format("%A").to_string().to_uppercase();
        let input = json!({
            "name": name, "location": location, "city": city, "country": country, "timeZone": zone,
            "schedules": [{ "weekly": { "weekday": weekday, "startTime": start, "endTime": end } }],
        });
        let session = made(admin, "createSession", "CreateSessionInput", "session", &input).await?;
        let input = json!({ "sessionId": session, "date": starts.date_naive().to_string(), "startTime": start, "endTime": end });
        let instance =
            made(admin, "createSessionInstance", "CreateSessionInstanceInput", "sessionInstance", &input).await?;
        if index == 0 {
            let document = "mutation($session: ID!, $person: ID!) {
                addOrganizer(sessionId: $session, personId: $person) { session { id } }
            }";
            admin.data(document, json!({ "session": session, "person": people[0] })).await?;
        }
        let at = match index {
            0 => &people[..3],
            1 => &people[3..4],
            2 => &people[4..],
            _ => &people[..2],
        };
        for person in at {
            let document = "mutation($input: CheckInInput!) { checkIn(input: $input) { checkIn { id } } }";
            let input = json!({ "sessionInstanceId": instance, "attendance": "YES" });
            server.client_of(person).data(document, json!({ "input": input })).await?;
        }
    }
    visit(admin, server, &people).await?;
    book(admin, &people).await?;
    people.into_iter().next().context("no people")
}

/// Everybody is online, and two people hold a seat.
async fn visit(admin: &Client, server: &Program, people: &[String]) -> Result<()> {
    let input = json!({ "key": "interview", "name": "Interview", "maxConcurrent": 3 });
    made(admin, "saveActivity", "SaveActivityInput", "activity", &input).await?;
    for (index, person) in people.iter().enumerate() {
        let client = server.client_of(person);
        let id = format!("8f14e45f-ceea-467f-a9f3-0d1c5b7f3a1{index}");
        let input = json!({ "presenceId": id, "languageCode": (["en", "de"][index % 2]), "currentPage": "/learn" });
        made(&client, "heartbeat", "HeartbeatInput", "presence", &input).await?;
        if index < 2 {
            let input = json!({ "presenceId": id, "activityKey": "interview" });
            made(&client, "enterActivity", "EnterActivityInput", "presence", &input).await?;
        }
    }
    Ok(())
}

/// The first person has two bookings as a student and one as a mentor.
async fn book(admin: &Client, people: &[String]) -> Result<()> {
    for (mentor, student, starts) in [(1, 0, 75), (2, 0, 26 * 60), (0, 3, 4)] {
        let at = |minutes: i64| (now() + TimeDelta::minutes(minutes)).to_rfc3339();
        let input = json!({ "mentorId": people[mentor], "startsAt": at(starts), "endsAt": at(starts + 45) });
        let slot = made(admin, "createTimeSlot", "CreateTimeSlotInput", "timeSlot", &input).await?;
        let input = json!({ "timeSlotId": slot, "studentId": people[student] });
        made(admin, "bookTimeSlot", "BookTimeSlotInput", "booking", &input).await?;
    }
    Ok(())
}

/// The local time in a zone, `minutes` from now, rounded down to five minutes.
fn local(zone: &str, minutes: i64) -> Result<DateTime<chrono::FixedOffset>> {
    let at: DateTime<Utc> = now() + TimeDelta::minutes(minutes);
    let at = at - TimeDelta::minutes(i64::from(at.minute() % 5)) - TimeDelta::seconds(i64::from(at.second()));
    let zone = domain::zone::ZoneData::compiled().zone(zone)?;
    let offset = domain::zone::local_time(zone, at) - at.naive_utc();
    let offset = chrono::FixedOffset::east_opt(i32::try_from(offset.num_seconds())?).context("an offset")?;
    Ok(at.with_timezone(&offset))
}

async fn made(admin: &Client, mutation: &str, input_type: &str, field: &str, input: &Value) -> Result<String> {
    let document = format!("mutation($input: {input_type}!) {{ {mutation}(input: $input) {{ {field} {{ id }} }} }}");
    let data = admin.data(&document, json!({ "input": input })).await?;
    Ok(data[mutation][field]["id"].as_str().context("an id")?.to_owned())
}
