//! People answer, change their profile, and offer and book time.

use anyhow::{Result, ensure};
use chrono::Days;
use insession_tests::{Deployment, LIMIT, TestDatabase, eventually, now, on_both_databases};
use serde_json::{Value, json};

use super::Visitor;
use crate::fixtures::{create_active_instance, create_instance, create_person, create_session, in_seconds};

on_both_databases!(
    person_answers_for_any_listed_meeting_and_takes_it_back,
    answer_to_a_meeting_that_has_changed_says_what_happened,
    person_changes_the_profile_and_signs_out_everywhere,
    people_offer_book_and_cancel_time,
);

async fn person_answers_for_any_listed_meeting_and_takes_it_back(database: TestDatabase) -> Result<()> {
    let deployment = Deployment::start(&database).await?;
    let admin = deployment.admin();
    let session = create_session(&admin, "Monday").await?;
    let ann = create_person(&admin, "Ann").await?;
    let visitor = Visitor::of(&deployment.first().client_of(&ann));
    let document = "mutation($input: UpdateSessionInput!) { updateSession(input: $input) { session { id } } }";
    let weekday = (now().date_naive() + Days::new(3)).format("%A").to_string().to_uppercase();
    let schedule = json!({ "weekly": { "weekday": weekday, "startTime": "19:00", "endTime": "22:00" } });
    admin.data(document, json!({ "input": { "id": session, "schedules": [schedule] } })).await?;

    // The meeting has no instance before somebody answers.
    let page = "/sessions/monday";
    let shown = visitor.get(page).await?.says("Are you coming?")?;
    let (date, start) = (shown.value("date")?, shown.value("start")?);
    let occurrence = [("date", date.as_str()), ("start", start.as_str()), ("answer", "maybe")];
    let answered = visitor.post(page, &occurrence).await?.confirms("Your answer is saved.")?;
    answered.says("value=\"maybe\" aria-pressed=\"true\"")?;
    visitor.post(page, &occurrence).await?.confirms("Your answer is saved.")?;
    let data = admin
        .data(
            "query($id: ID!) { session(id: $id) { instances { totalCount nodes { date } } } }",
            json!({ "id": session }),
        )
        .await?;
    assert_eq!(
        (&data["session"]["instances"]["totalCount"], &data["session"]["instances"]["nodes"][0]["date"]),
        (&json!(1), &json!(date))
    );
    let gone = [("instance", "SessionInstance:1"), ("answer", "none")];
    visitor.post(page, &gone).await?.confirms("Your answer is taken back.")?.lacks("aria-pressed=\"true\"")?;

    // A meeting that nobody listed is not made by an answer.
    let years = (now().date_naive() + Days::new(3 + 7 * 100)).to_string();
    let far = visitor.post(page, &[("date", &years), ("start", "19:00"), ("answer", "yes")]).await?;
    assert_eq!(far.status, 409);
    far.says("Your answer is not saved, because this meeting was deleted or moved")?.says("Are you coming?")?;
    let nobody = Visitor::of(&deployment.first().client());
    assert_eq!(nobody.post(page, &occurrence).await?.status, 401);

    create_active_instance(&admin, &session).await?;
    let here = [("instance", "SessionInstance:2"), ("answer", "yes")];
    visitor.post(page, &here).await?.confirms("You are checked in.")?.says("1 here now</span>, 1 said yes")?;
    Ok(())
}

async fn answer_to_a_meeting_that_has_changed_says_what_happened(database: TestDatabase) -> Result<()> {
    let deployment = Deployment::start(&database).await?;
    let admin = deployment.admin();
    let session = create_session(&admin, "Monday").await?;
    let ann = create_person(&admin, "Ann").await?;
    let visitor = Visitor::of(&deployment.first().client_of(&ann));
    let page = "/sessions/monday";
    let upcoming = async || create_instance(&admin, &session, in_seconds(3_600), in_seconds(7_200)).await;
    let change = async |instance: &str, field: &str, value: Value| {
        let document = "mutation($input: UpdateSessionInstanceInput!) { updateSessionInstance(input: $input) { sessionInstance { id } } }";
        let mut input = json!({ "id": instance });
        input[field] = value;
        admin.data(document, json!({ "input": input })).await
    };
    let answer = async |instance: &str, shown: &str, answer: &str| {
        visitor.post(page, &[("instance", instance), ("shownStart", shown), ("answer", answer)]).await
    };

    let moved = upcoming().await?;
    let shown = visitor.get(page).await?.value("shownStart")?;
    let later = (now().date_naive() + Days::new(20)).to_string();
    change(&moved, "date", json!(later)).await?;
    answer(&moved, &shown, "yes").await?.confirms("Your answer is saved. The meeting was moved in the meantime")?;
    let shown = visitor.get(page).await?.value("shownStart")?;
    answer(&moved, &shown, "maybe").await?.confirms("Your answer is saved.</p>")?;

    let deleted = upcoming().await?;
    let delete = "mutation($id: ID!) { deleteSessionInstance(id: $id) { deletedSessionInstanceId } }";
    admin.data(delete, json!({ "id": deleted })).await?;
    let refused = answer(&deleted, "", "yes").await?;
    assert_eq!(refused.status, 409);
    refused.says("Your answer is not saved, because this meeting was deleted or moved")?.says("Are you coming?")?;

    let cancelled = upcoming().await?;
    change(&cancelled, "isCancelled", json!(true)).await?;
    answer(&cancelled, "", "yes").await?.confirms("Your answer is saved, but this meeting does not take place.")?;

    let over = create_instance(&admin, &session, in_seconds(-7_200), in_seconds(-3_600)).await?;
    answer(&over, "", "yes")
        .await?
        .confirms("Your answer is saved. The meeting is over, so you are not checked in.")?;
    answer(&over, "", "none").await?.confirms("Your answer is taken back.")?;
    Ok(())
}

async fn person_changes_the_profile_and_signs_out_everywhere(database: TestDatabase) -> Result<()> {
    let deployment = Deployment::start(&database).await?;
    let ann = create_person(&deployment.admin(), "Ann").await?;
    let client = deployment.first().client_of(&ann);
    let visitor = Visitor::of(&client);
    let refused = visitor
        .post("/me/profile", &[("displayName", ""), ("city", "Austin")])
        .await?
        .refuses("displayName", "Name ")?;
    assert_eq!(refused.value("city")?, "Austin");
    let profile = [("displayName", "Anna"), ("city", "Austin"), ("country", "US"), ("hides_place", "on")];
    visitor.post("/me/profile", &profile).await?.confirms("Your profile is saved.")?;
    let data = client.data("{ viewer { displayName city hidesPlace } }", json!({})).await?;
    assert_eq!(data["viewer"], json!({ "displayName": "Anna", "city": "Austin", "hidesPlace": true }));

    visitor.get("/me/sign-out-everywhere").await?.says("Sign out everywhere?")?;
    visitor.post("/me/sign-out-everywhere", &[("confirmed", "yes")]).await?;
    eventually(LIMIT, "the token to be refused", async || {
        let asked = visitor.get("/me").await?.address;
        ensure!(asked.starts_with("/sign-in"), "the token is valid: {asked}");
        Ok(())
    })
    .await
}

async fn people_offer_book_and_cancel_time(database: TestDatabase) -> Result<()> {
    let deployment = Deployment::start(&database).await?;
    let admin = deployment.admin();
    let (meg, stu) = (create_person(&admin, "Meg").await?, create_person(&admin, "Stu").await?);
    let mentor = Visitor::of(&deployment.first().client_of(&meg));
    let student = Visitor::of(&deployment.first().client_of(&stu));
    let day = (now().date_naive() + Days::new(3)).to_string();
    let offer = |start, end, zone| {
        [("action", "offer"), ("date", day.as_str()), ("startsAt", start), ("endsAt", end), ("timeZone", zone)]
    };
    mentor.post("/me/slots", &offer("19:00", "20:00", "Mars")).await?.refuses("timeZone", "Time zone ")?;
    mentor.post("/me/slots", &offer("10:00", "11:00", "UTC")).await?.confirms("Your time is offered.")?;
    mentor
        .post("/me/slots", &offer("10:30", "11:30", "UTC"))
        .await?
        .refuses("startsAt", "You already have a slot at that time.")?;
    mentor.post("/me/slots", &offer("14:00", "15:00", "UTC")).await?.confirms("Your time is offered.")?;
    mentor.get("/slots").await?.says("Nobody offers time at the moment.")?;
    // The form has the zone that this browser used last. Before that, the script fills in the zone of the browser.
    let first = mentor.get("/me/slots").await?.says("data-own-zone")?;
    assert_eq!(first.value("timeZone")?, "");
    let cookie = mentor.cookie.as_ref().map(|cookie| format!("{cookie}; insession_zone=America/Chicago"));
    let again = Visitor { client: mentor.client.clone(), cookie }.get("/me/slots").await?;
    assert_eq!(again.value("timeZone")?, "America/Chicago");
    again.says("data-zone=\"America/Chicago\"")?;

    student.get("/slots").await?.says("Meg")?.says("TimeSlot:1")?;
    student
        .post("/slots", &[("slot", "TimeSlot:1")])
        .await?
        .confirms("You have booked this time.")?
        .says("Scheduled")?;
    student.get("/slots").await?.lacks("TimeSlot:1")?.says("TimeSlot:2")?;
    student.post("/slots", &[("slot", "TimeSlot:1")]).await?.says("You have booked this slot already.")?;
    mentor.get("/me/slots").await?.says("booked")?;

    let step = |action| [("booking", "Booking:1"), ("action", action)];
    mentor.post("/me/bookings", &step("start")).await?.confirms("The booking is started.")?;
    mentor.post("/me/bookings", &step("complete")).await?.confirms("The booking is completed.")?;
    student.post("/slots", &[("slot", "TimeSlot:2")]).await?.confirms("You have booked this time.")?;
    let cancel = [("booking", "Booking:2"), ("action", "cancel")];
    student.post("/me/bookings", &cancel).await?.says("Cancel this booking?")?;
    let confirmed = [cancel[0], cancel[1], ("confirmed", "yes")];
    student.post("/me/bookings", &confirmed).await?.confirms("The booking is cancelled.")?;

    mentor.post("/me/slots", &[("slot", "TimeSlot:2"), ("action", "delete")]).await?.says("Withdraw this time?")?;
    let withdrawn = [("slot", "TimeSlot:2"), ("action", "delete"), ("confirmed", "yes")];
    mentor.post("/me/slots", &withdrawn).await?.confirms("Your time is no longer offered.")?;
    let nobody = Visitor::of(&deployment.first().client());
    nobody.get("/slots").await?.says("Sign in to book")?;
    Ok(())
}
