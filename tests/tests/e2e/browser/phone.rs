//! A phone at the door.

use std::{fs, path::Path};

use anyhow::{Context, Result, ensure};
use insession_tests::{Browser, Client, OidcProvider, Page, Program, Screen, Settings, TestDatabase};
use serde_json::{Value, json};

use super::sign_in;
use crate::fixtures::{add_organizer, create_active_instance, create_person, create_session};

const PHONE: Screen = Screen { width: 390, height: 844, density: 3, is_dark: false };

/// Draws the picture of the page, and decodes it as a camera's program does.
const DECODE: &str = "(async () => {
    const image = new Image();
    image.src = `data:image/svg+xml,${encodeURIComponent(new XMLSerializer().serializeToString(document.querySelector('.qr svg')))}`;
    await image.decode();
    const canvas = Object.assign(document.createElement('canvas'), { width: 480, height: 480 });
    const context = canvas.getContext('2d');
    context.drawImage(image, 0, 0, 480, 480);
    return jsQR(context.getImageData(0, 0, 480, 480).data, 480, 480)?.data;
})()";

#[tokio::test]
async fn phone_opens_the_code_at_the_door_and_its_guest_signs_in() -> Result<()> {
    let database = TestDatabase::sqlite()?;
    let provider = OidcProvider::start().await?;
    let settings = provider.settings(Settings::new(&database.url)).with("AUTO_REGISTER", "true");
    let server = Program::serve(&settings).await?;
    let admin = server.admin();
    let session = create_session(&admin, "Monday").await?;
    let codes = "mutation($id: ID!) { updateSession(input: { id: $id, checkInCodes: ROTATING }) { session { id } } }";
    admin.data(codes, json!({ "id": session })).await?;
    let instance = create_active_instance(&admin, &session).await?;
    let organizer = create_person(&admin, "Orla").await?;
    add_organizer(&admin, &session, &organizer).await?;
    let browser = Browser::launch().await?;
    let door = browser.page().await?;
    sign_in(&door, &server, &organizer).await?;
    door.goto(&server.client().address("/sessions/monday/door")).await?;
    door.until("document.querySelector('.here')?.innerText === '0 here now'").await?;

    // The guest comes.
    let phone = browser.page().await?;
    phone.emulate_screen(PHONE).await?;
    phone.goto(&scan(&door, &server).await?).await?;
    ensure!(
        phone.evaluate("document.documentElement.scrollWidth <= innerWidth").await? == json!(true),
        "it is too wide"
    );
    phone.evaluate("document.getElementById('display_name').focus()").await?;
    phone.type_text("Gus").await?;
    phone.press("Enter").await?;
    phone.until("location.pathname === '/sessions/monday' && document.readyState === 'complete'").await?;
    door.until(&shows("1 here now", "Gus")).await?;

    // The guest leaves, and comes back.
    phone.goto(&server.client().address("/me")).await?;
    phone.click(&button("I left")).await?;
    door.until("document.querySelector('.here').innerText === '0 here now'").await?;
    door.until("document.querySelector('.names').innerText === ''").await?;
    phone.goto(&scan(&door, &server).await?).await?;
    phone.click(&button("I am here")).await?;
    door.until(&shows("1 here now", "Gus")).await?;

    // The guest signs in, and is still there.
    phone.until("location.pathname === '/sessions/monday' && document.readyState === 'complete'").await?;
    phone.click("document.querySelector('header a[href^=\"/sign-in\"]')").await?;
    phone.until("document.querySelector('a[href^=\"/sign-in/with\"]') !== null").await?;
    phone.click("document.querySelector('a[href^=\"/sign-in/with\"]')").await?;
    phone.until("document.querySelector('[name=login]') !== null").await?;
    phone.evaluate("document.querySelector('[name=login]').focus()").await?;
    phone.type_text("ann").await?;
    phone.press("Enter").await?;
    phone.until("location.pathname === '/sessions/monday' && document.readyState === 'complete'").await?;
    phone.until("document.querySelector('header nav').innerText.includes('Ann Provided')").await?;
    door.until(&shows("1 here now", "Ann Provided")).await?;
    let person = placed(&admin, &instance).await?;
    ensure!(person["isGuest"] == false && person["externalId"] == "ann", "{person}");
    browser.close().await
}

/// What the picture on the door page says.
async fn scan(door: &Page, server: &Program) -> Result<String> {
    let library = Path::new(env!("CARGO_MANIFEST_DIR")).join("clients/node_modules/jsqr/dist/jsQR.js");
    let library = fs::read_to_string(library).context("jsqr is not installed: run .ci/setup")?;
    door.evaluate(&format!("{library}; 0")).await?;
    let address = door.evaluate(DECODE).await?;
    let address = address.as_str().context("the picture is no QR code")?.to_owned();
    ensure!(address.starts_with(&server.client().address("/c/")), "{address}");
    Ok(address)
}

fn shows(count: &str, name: &str) -> String {
    format!(
        "document.querySelector('.here').innerText === '{count}' && document.querySelector('.names').innerText === '{name}'"
    )
}

fn button(words: &str) -> String {
    format!("[...document.querySelectorAll('button')].find((it) => it.textContent === '{words}')")
}

/// The one person who is at an instance.
async fn placed(admin: &Client, instance: &str) -> Result<Value> {
    let query = "query($id: ID!) { node(id: $id) { ... on SessionInstance {
        presentCount checkIns(attendance: YES) { nodes { person { displayName isGuest externalId } } } } } }";
    let found = admin.data(query, json!({ "id": instance })).await?["node"].take();
    assert_eq!(found["presentCount"], 1);
    Ok(found["checkIns"]["nodes"][0]["person"].clone())
}
