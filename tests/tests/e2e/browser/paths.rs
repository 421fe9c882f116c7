//! Tasks that people do on the pages, on a phone. axe checks each page on the way, and each page fits the screen.

use std::{fs, path::Path};

use anyhow::{Context, Result, ensure};
use insession_tests::{Browser, Deployment, Page, Screen, TestDatabase, token};
use serde_json::json;

use super::{other_site::OtherSite, sign_in};
use crate::{
    bookings::interface::create_slot,
    fixtures::{
        add_organizer, beat, cancel, create_active_instance, create_instance, create_person, create_session,
        in_seconds, new_visit,
    },
};

const PHONE: Screen = Screen { width: 390, height: 844, density: 2, is_dark: false };

#[tokio::test]
async fn organizer_edits_tonights_meeting_on_a_phone() -> Result<()> {
    let database = TestDatabase::sqlite()?;
    let deployment = Deployment::start(&database).await?;
    let admin = deployment.admin();
    let session = create_session(&admin, "Monday Tunes").await?;
    create_instance(&admin, &session, in_seconds(3_600), in_seconds(7_200)).await?;
    let olga = create_person(&admin, "Olga Organ").await?;
    add_organizer(&admin, &session, &olga).await?;
    let browser = Browser::launch().await?;
    let page = browser.page().await?;
    page.emulate_screen(PHONE).await?;
    sign_in(&page, deployment.first(), &olga).await?;
    looks_right(&page).await?;
    follow(&page, "Organise", "h1", "Organise Monday Tunes").await?;
    follow(&page, "Meetings", "h1", "Meetings").await?;
    follow(&page, "Change the meeting", "h2", "Status").await?;

    // The form keeps what was typed, and the field that is wrong has the focus.
    fill(&page, "locationOverride", "The Annex").await?;
    let end = page.evaluate("document.getElementById('field-startTime').value").await?;
    page.evaluate(&format!("document.getElementById('field-endTime').value = {end}")).await?;
    press(&page, "Save").await?;
    page.until("document.activeElement.id === 'field-endTime'").await?;
    looks_right(&page).await?;
    page.ignore_problems("422")?;
    ensure!(page.evaluate("document.getElementById('field-locationOverride').value").await? == "The Annex");
    fill(&page, "endTime", "23:59").await?;
    press(&page, "Save").await?;
    confirmed(&page, "The meeting is saved.").await?;
    press(&page, "Cancel this meeting").await?;
    confirmed(&page, "The meeting is cancelled.").await?;
    press(&page, "Hold it after all").await?;
    confirmed(&page, "The meeting takes place after all.").await?;

    // Everybody sees it.
    page.goto(&deployment.first().client().address("/sessions/monday-tunes")).await?;
    page.until("document.querySelector('.meetings .where')?.textContent === 'The Annex'").await?;
    looks_right(&page).await?;
    page.click("document.querySelector('.meetings [name=answer][value=maybe]')").await?;
    confirmed(&page, "Your answer is saved.").await?;
    browser.close().await
}

#[tokio::test]
async fn admin_starts_from_an_empty_database_on_a_phone() -> Result<()> {
    let database = TestDatabase::sqlite()?;
    let deployment = Deployment::start(&database).await?;
    let browser = Browser::launch().await?;
    let page = browser.page().await?;
    page.emulate_screen(PHONE).await?;
    sign_in_as_admin(&page, &deployment).await?;
    looks_right(&page).await?;

    follow(&page, "New session", "h1", "New session").await?;
    for (field, value) in
        [("name", "Open House"), ("city", "Austin"), ("country", "USA"), ("timeZone", "America/Chicago")]
    {
        fill(&page, field, value).await?;
    }
    press(&page, "Create the session").await?;
    confirmed(&page, "The session is created. Now say when it meets.").await?;
    press(&page, "Add a weekday").await?;
    page.until("document.getElementById('field-schedules-0-startTime')?.value === '19:00'").await?;
    looks_right(&page).await?;
    press(&page, "Save the schedule").await?;
    confirmed(&page, "The schedule is saved.").await?;
    page.until("document.querySelectorAll('#preview li').length === 8").await?;
    follow(&page, "Open House", "h2", "Next meetings").await?;

    follow(&page, "Admin", "h1", "Admin").await?;
    follow(&page, "People", "h1", "People").await?;
    follow(&page, "New person", "h1", "New person").await?;
    fill(&page, "displayName", "Anna").await?;
    press(&page, "Create the person").await?;
    confirmed(&page, "The person is created.").await?;
    for address in ["/", "/?city=Austin", "/cities", "/calendar", "/slots", "/admin/audit", "/admin/keys", "/people/9"]
    {
        page.goto(&deployment.first().client().address(address)).await?;
        looks_right(&page).await.with_context(|| address.to_owned())?;
    }
    page.ignore_problems("404")?;
    browser.close().await
}

#[tokio::test]
async fn visitor_checks_in_nearby_student_books_and_developer_pastes_the_badge() -> Result<()> {
    let database = TestDatabase::sqlite()?;
    let deployment = Deployment::start(&database).await?;
    let (admin, server) = (deployment.admin(), deployment.first());
    let create = "mutation($input: CreateSessionInput!) { createSession(input: $input) { session { id } } }";
    let input = json!({ "name": "Open House", "city": "Austin", "country": "USA", "timeZone": "UTC",
        "latitude": 30.27, "longitude": -97.74 });
    let created = admin.data(create, json!({ "input": input })).await?;
    let session = created["createSession"]["session"]["id"].as_str().context("an id")?;
    let instance = create_active_instance(&admin, session).await?;
    let (ann, meg) = (create_person(&admin, "Ann").await?, create_person(&admin, "Meg Mentor").await?);
    add_organizer(&admin, session, &meg).await?;
    create_slot(&admin, &meg, in_seconds(3_600), in_seconds(7_200)).await?;
    let browser = Browser::launch().await?;

    // The visitor.
    let page = browser.page().await?;
    page.emulate_screen(PHONE).await?;
    page.set_position(&server.url(), Some((30.26, -97.74))).await?;
    page.call("Emulation.setTimezoneOverride", json!({ "timezoneId": "Asia/Kolkata" })).await?;
    sign_in(&page, server, &ann).await?;
    follow(&page, "On now", "h1", "In session now").await?;
    follow(&page, "Near me", "h1", "Sessions near you").await?;
    follow(&page, "Open House", "h1", "Open House").await?;
    // The times in the visitor's own zone are there from the beginning.
    page.until("document.querySelector('.own-time')?.textContent.endsWith(' GMT+5:30 for you')").await?;
    press(&page, "I am here").await?;
    confirmed(&page, "You are checked in.").await?;
    page.until("document.querySelector('.card .counts').innerText.startsWith('1 here now')").await?;

    // The student.
    follow(&page, "Ann", "h1", "Ann").await?;
    follow(&page, "Find a time to book", "h1", "Time to book").await?;
    press(&page, "Book").await?;
    confirmed(&page, "You have booked this time.").await?;
    follow(&page, "Ann", "h2", "My bookings").await?;
    page.until("document.getElementById('main').innerText.includes('Meg Mentor')").await?;

    // The developer.
    let page = browser.page().await?;
    sign_in(&page, server, &meg).await?;
    follow(&page, "Open House", "h1", "Open House").await?;
    follow(&page, "Organise this session", "h1", "Organise Open House").await?;
    let snippet = page.evaluate("document.querySelector('.copy pre').textContent").await?;
    let site = OtherSite::start(server, None, snippet.as_str().context("a snippet")?).await?;
    page.goto(&site.url).await?;
    page.until("document.querySelector('live-now-badge').hasAttribute('active')").await?;
    cancel(&admin, &instance).await?;
    page.until("!document.querySelector('live-now-badge').hasAttribute('active')").await?;
    browser.close().await
}

/// On a phone each row of a table is a card, in which each cell has the title of its column.
#[tokio::test]
async fn tables_of_admins_fit_a_phone() -> Result<()> {
    let database = TestDatabase::sqlite()?;
    let deployment = Deployment::start(&database).await?;
    let admin = deployment.admin();
    let session = create_session(&admin, "Monday Tunes at the Hangar of the Old Airport").await?;
    create_active_instance(&admin, &session).await?;
    let ann = create_person(&admin, "Ann").await?;
    beat(&deployment.first().client_of(&ann), &new_visit()).await?;
    let browser = Browser::launch().await?;
    let page = browser.page().await?;
    page.emulate_screen(Screen { width: 360, height: 740, ..PHONE }).await?;
    sign_in_as_admin(&page, &deployment).await?;
    for (address, least) in [("/admin", 2), ("/admin/audit", 1)] {
        page.goto(&admin.address(address)).await?;
        looks_right(&page).await?;
        let tables = page
            .evaluate(
                "[...document.querySelectorAll('.scroll')].map((frame) => [
                    frame.scrollWidth <= frame.clientWidth,
                    [...frame.querySelectorAll('td')].every((cell) => {
                        const column = frame.querySelectorAll('th')[cell.cellIndex];
                        return getComputedStyle(cell, '::before').content.startsWith(JSON.stringify(column.textContent));
                    }),
                ])",
            )
            .await?;
        let tables = tables.as_array().context("a list")?;
        ensure!(tables.len() >= least && tables.iter().all(|it| *it == json!([true, true])), "{address}: {tables:?}");
    }
    // On a large screen it is a table.
    page.emulate_screen(Screen { width: 1180, height: 860, density: 1, is_dark: false }).await?;
    page.until("getComputedStyle(document.querySelector('td')).display === 'table-cell'").await?;
    browser.close().await
}

/// Opens `/admin`, which asks an administrator to sign in.
async fn sign_in_as_admin(page: &Page, deployment: &Deployment) -> Result<()> {
    page.goto(&deployment.first().client().address("/admin")).await?;
    page.until("location.pathname === '/sign-in' && document.getElementById('token') !== null").await?;
    page.evaluate("document.getElementById('token').focus()").await?;
    page.type_text(&token::admin()).await?;
    page.press("Enter").await?;
    page.until("document.querySelector('h1')?.textContent === 'Admin'").await
}

/// Follows a link or a button with these words to a page with a heading.
async fn follow(page: &Page, words: &str, heading: &str, title: &str) -> Result<()> {
    press(page, words).await?;
    let heading = format!("document.querySelectorAll('{heading}')");
    page.until(&format!("[...{heading}].some(({{ textContent }}) => textContent.trim().startsWith({}))", json!(title)))
        .await?;
    looks_right(page).await
}

/// Clicks the first link or button with these words.
async fn press(page: &Page, words: &str) -> Result<()> {
    let element = format!(
        "[...document.querySelectorAll('main a, button, nav a')].find((it) => it.textContent.trim() === {})",
        json!(words)
    );
    page.until(&format!("{element} !== undefined")).await?;
    page.click(&element).await
}

async fn fill(page: &Page, field: &str, value: &str) -> Result<()> {
    page.evaluate(&format!("document.getElementById('field-{field}').value = {}", json!(value))).await?;
    Ok(())
}

/// Waits for a confirmation, which has the focus.
async fn confirmed(page: &Page, words: &str) -> Result<()> {
    page.until(&format!(
        "document.activeElement?.matches('.done') && document.activeElement.textContent === {}",
        json!(words)
    ))
    .await?;
    looks_right(page).await
}

/// Checks that axe finds nothing, and that nothing is wider than the screen.
pub(super) async fn looks_right(page: &Page) -> Result<()> {
    page.until("document.readyState === 'complete'").await?;
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("clients/node_modules/axe-core/axe.min.js");
    let axe = fs::read_to_string(&file).context("axe is not installed: run .ci/setup")?;
    page.evaluate(&format!("{axe}; 0")).await?;
    let found = page
        .evaluate(
            "axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) =>
                violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`))",
        )
        .await?;
    ensure!(found == json!([]), "axe finds: {found:#}");
    let wide = page.evaluate("[document.documentElement.scrollWidth, innerWidth, location.href]").await?;
    ensure!(wide[0].as_i64() <= wide[1].as_i64(), "wider than the screen: {wide}");
    Ok(())
}
