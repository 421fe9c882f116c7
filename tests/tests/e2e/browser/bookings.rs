//! The booking pages of mentor and student.

use anyhow::Result;
use insession_tests::{Browser, Deployment, Page, TestDatabase};
use serde_json::json;

use super::sign_in;
use crate::{
    bookings::interface::{create_booking, create_slot},
    fixtures::{create_person, in_seconds},
};

const STATUS: &str = "document.querySelector('booking-status')?.shadowRoot.textContent";

#[tokio::test]
async fn booking_pages_update_for_mentor_and_student_without_a_reload() -> Result<()> {
    let database = TestDatabase::sqlite()?;
    let deployment = Deployment::start(&database).await?;
    let admin = deployment.admin();
    let (mentor, student) = (create_person(&admin, "Meg").await?, create_person(&admin, "Stu").await?);
    let browser = Browser::launch().await?;
    let (mentors, students) = (browser.page().await?, browser.page().await?);
    for (page, person) in [(&mentors, &mentor), (&students, &student)] {
        sign_in(page, deployment.first(), person).await?;
        page.until("document.querySelector('#bookings + p')?.textContent === 'You have no bookings.'").await?;
        page.evaluate(
            "window.updates = []; addEventListener('session-status-updated', ({ detail }) => updates.push(detail))",
        )
        .await?;
        // The booking must be a change, not a part of the first message. So the test waits until the pages follow the
        // bookings.
        page.evaluate(
            "import(performance.getEntriesByType('resource').find(({ name }) => /insession[^/]*[.]js/.test(name)).name)
                .then(({ watchBookings }) => new Promise((known) => watchBookings(known)))",
        )
        .await?;
    }

    // The booking appears on both pages without a reload. It begins late enough that the mentor can start it before, even on
    // a slow machine.
    let slot = create_slot(&admin, &mentor, in_seconds(40), in_seconds(45)).await?;
    create_booking(&deployment.first().client_of(&student), &slot, &student).await?;
    for (page, other) in [(&mentors, "Stu"), (&students, "Meg")] {
        page.until(&format!("document.querySelector('[id^=booking-] a')?.textContent === '{other}'")).await?;
        page.until(&format!("/^Starts in 0:[0-4]\\d$/.test({STATUS})")).await?;
    }
    assert_eq!(students.sockets(), 1);
    assert_eq!(buttons(&mentors).await?, json!(["Start", "Cancel"]));
    assert_eq!(buttons(&students).await?, json!(["Cancel"]));

    // The mentor starts it. It ends by its timer.
    mentors.click("document.querySelector('[name=action][value=start]')").await?;
    for page in [&students, &mentors] {
        page.until(&format!("({STATUS} ?? '').startsWith('Under way')")).await?;
    }
    students.until("document.querySelector('[name=action]')?.value === 'complete'").await?;
    for page in [&students, &mentors] {
        page.until(&format!("{STATUS} === 'Completed'")).await?;
        page.until("document.querySelector('[name=action]') === null").await?;
    }
    // Updates that arrive together are one event, so the events are added up.
    let counts = students
        .evaluate("['started', 'completed'].map((step) => updates.reduce((sum, update) => sum + update[step], 0))")
        .await?;
    assert_eq!(counts, json!([1, 1]));
    let steps =
        students.evaluate("updates.flatMap(({ updates }) => updates).map(({ newStatus }) => newStatus)").await?;
    assert_eq!(steps, json!(["SCHEDULED", "ONGOING", "COMPLETED"]));
    browser.close().await
}

#[tokio::test]
async fn booking_keeps_its_status_when_its_page_updates_itself() -> Result<()> {
    let database = TestDatabase::sqlite()?;
    let deployment = Deployment::start(&database).await?;
    let admin = deployment.admin();
    let (mentor, student) = (create_person(&admin, "Meg").await?, create_person(&admin, "Stu").await?);
    let slot = create_slot(&admin, &mentor, in_seconds(3_600), in_seconds(7_200)).await?;
    create_booking(&deployment.first().client_of(&student), &slot, &student).await?;
    let browser = Browser::launch().await?;
    let page = browser.page().await?;
    sign_in(&page, deployment.first(), &student).await?;
    page.until("document.querySelector('booking-status').booking?.status === 'SCHEDULED'").await?;
    page.evaluate(
        "const [badge, ask] = [document.querySelector('booking-status'), fetch];
        window.statuses = [];
        new MutationObserver(() => statuses.push(badge.getAttribute('status'))).observe(badge, { attributes: true });
        window.fetch = (...request) => ask(...request).finally(() => setTimeout(() => { window.hasUpdated = true; }, 100));
        document.dispatchEvent(new Event('visibilitychange'))",
    )
    .await?;
    page.until("window.hasUpdated === true").await?;
    assert_eq!(
        page.evaluate("[badge.getAttribute('status'), ...statuses.filter((it) => it !== 'SCHEDULED')]").await?,
        json!(["SCHEDULED"])
    );
    browser.close().await
}

#[tokio::test]
async fn delayed_booking_says_that_nobody_started_it() -> Result<()> {
    let database = TestDatabase::sqlite()?;
    let deployment = Deployment::start(&database).await?;
    let admin = deployment.admin();
    let (mentor, student) = (create_person(&admin, "Meg").await?, create_person(&admin, "Stu").await?);
    let slot = create_slot(&admin, &mentor, in_seconds(15), in_seconds(3_600)).await?;
    create_booking(&deployment.first().client_of(&student), &slot, &student).await?;
    let browser = Browser::launch().await?;
    let page = browser.page().await?;
    sign_in(&page, deployment.first(), &student).await?;
    page.until(&format!("/^Its time has begun, but nobody started it, \\d+ min left$/.test({STATUS})")).await?;
    page.until("document.querySelector('booking-status').textContent === 'Its time has begun, but nobody started it'")
        .await?;
    browser.close().await
}

async fn buttons(page: &Page) -> Result<serde_json::Value> {
    page.until("document.querySelector('[name=action]') !== null").await?;
    page.evaluate("[...document.querySelectorAll('[name=action]')].map(({ textContent }) => textContent)").await
}
