//! Taking part in an activity.

use anyhow::{Result, ensure};
use insession_tests::{Deployment, TestDatabase, database::execute, on_both_databases};
use serde_json::json;

use super::Visitor;
use crate::fixtures::{beat, create_person, new_visit};

on_both_databases!(people_join_wait_and_leave_without_scripts);

const PAGE: &str = "/activities/interview";

async fn people_join_wait_and_leave_without_scripts(database: TestDatabase) -> Result<()> {
    let deployment =
        Deployment::start_with(&database, |settings| settings.with("ONLINE_WINDOW_SECONDS", "600")).await?;
    let admin = deployment.admin();
    let save = "mutation { saveActivity(input: { key: \"interview\", name: \"The interview\", maxConcurrent: 1,
        offerSeconds: 3600, maxIdleMinutes: 60 }) { activity { id } } }";
    admin.data(save, json!({})).await?;
    let (ann, ben) = (create_person(&admin, "Ann").await?, create_person(&admin, "Ben").await?);
    let ann = Visitor::of(&deployment.first().client_of(&ann));
    let ben = Visitor::of(&deployment.second().client_of(&ben));
    let [join, leave] = [[("do", "join")], [("do", "leave")]];
    let button = |name: &str, words: &str| format!("<button name=\"do\" value=\"{name}\">{words}</button>");
    let reloads = r#"<noscript><meta http-equiv="refresh" content="20"></noscript>"#;
    let is_idle = async || -> Result<bool> {
        let data = admin.data("{ presences(first: 9) { nodes { isIdle } } }", json!({})).await?;
        Ok(data["presences"]["nodes"][0]["isIdle"] == true)
    };

    ann.get(PAGE).await?.says(&button("join", "Join"))?.lacks(reloads)?;
    ann.post(PAGE, &join).await?.says("You have a seat.")?.says(&button("leave", "Leave"))?.says(reloads)?;
    // The page loads itself again, which is a heartbeat. Nobody knows whether somebody looks at it.
    ensure!(is_idle().await?, "the page has loaded after the form");
    ann.get(PAGE).await?.says("You have a seat.")?.says(&button("join", "I am still here"))?;
    ensure!(is_idle().await?, "the page has loaded itself");

    ben.get(PAGE).await?.says(&button("join", "Join the queue"))?.lacks(reloads)?;
    ben.post(PAGE, &join).await?.says("You are number 1 of 1 in the queue.")?.says(reloads)?;
    ben.post(PAGE, &join).await?.says("You are number 1 of 1 in the queue.")?;
    ann.post(PAGE, &join).await?.says("You have a seat.")?;
    ben.post(PAGE, &leave).await?.says(&button("join", "Join the queue"))?.lacks(reloads)?;
    ben.post(PAGE, &join).await?.says("You are number 1 of 1 in the queue.")?;
    ann.post(PAGE, &leave).await?.says(&button("join", "Join the queue"))?.lacks("You have a seat.")?;
    ben.get(PAGE).await?.says("A seat is kept for you.")?.says(&button("join", "Take the seat"))?;
    ben.post(PAGE, &join).await?.says("You have a seat.")?;
    ben.post(PAGE, &leave).await?.says(&button("join", "Join"))?.says("0 of 1 seat is taken.")?;

    // Who misses an offer is told, and so is who leaves what has ended.
    let ended = "You have no seat and no place here any more.";
    ann.post(PAGE, &join).await?.says("You have a seat.")?.lacks(ended)?;
    ben.post(PAGE, &join).await?.says("You are number 1 of 1 in the queue.")?;
    ann.post(PAGE, &leave).await?.lacks(ended)?;
    let to_joined =
        r#"<noscript><meta http-equiv="refresh" content="20; url=/activities/interview?joined"></noscript>"#;
    ben.get(PAGE).await?.says("A seat is kept for you.")?.says(to_joined)?;
    let long_ago = "UPDATE queue_place SET offer_ends_at = '2000-01-01T00:00:00+00:00'";
    execute(&database.connect().await?, long_ago).await?;
    admin.data("mutation { sweep { report { at } } }", json!({})).await?;
    let joined = format!("{PAGE}?joined");
    let again = "Join again if you still want to take part.";
    ben.get(&joined).await?.says(ended)?.says(again)?.says(&button("join", "Join"))?.lacks(reloads)?;
    ben.get(PAGE).await?.lacks(ended)?;
    let cleo = Visitor::of(&deployment.first().client_of(&create_person(&admin, "Cleo").await?));
    for visitor in [&ben, &cleo] {
        let left = visitor.post(PAGE, &leave).await?.says(ended)?;
        ensure!((left.status.as_u16(), &*left.address) == (200, &*joined), "{} {}", left.status, left.address);
    }

    // A browser in which nobody has joined shows what the person has elsewhere, and what joining does.
    let dan = deployment.first().client_of(&create_person(&admin, "Dan").await?);
    let (phone, laptop) = (new_visit(), Visitor::of(&dan));
    laptop.get(PAGE).await?.says(&button("join", "Join"))?.lacks("another device")?;
    beat(&dan, &phone).await?;
    let wait = "mutation($id: ID!) { enterActivity(input: { presenceId: $id, activityKey: \"interview\", wait: true }) { admitted } }";
    dan.data(wait, json!({ "id": phone })).await?;
    let elsewhere = laptop.get(PAGE).await?.says("You have a seat on another device or in another browser.")?;
    elsewhere.says(&button("join", "Move the seat here"))?.lacks(reloads)?.lacks(&button("leave", "Leave"))?;
    laptop.post(PAGE, &join).await?.says("You have a seat.")?.says(&button("leave", "Leave"))?;
    laptop.post(PAGE, &leave).await?.says(&button("join", "Join"))?.lacks("another device")?;
    ann.post(PAGE, &join).await?.says("You have a seat.")?;
    dan.data(wait, json!({ "id": phone })).await?;
    let waiting = laptop.get(PAGE).await?.says("You are number 1 of 1 in the queue.")?.lacks(reloads)?;
    waiting.says("You wait on another device or in another browser.")?.says(&button("join", "Wait here, too"))?;
    laptop
        .post(PAGE, &join)
        .await?
        .says("You are number 1 of 1 in the queue.")?
        .lacks("another device")?
        .says(reloads)?;
    laptop.post(PAGE, &leave).await?.says(&button("join", "Join the queue"))?.lacks("another device")?;
    ann.post(PAGE, &leave).await?.lacks(ended)?;

    // A closed activity keeps the places of those who wait.
    let closed = "Your place in the queue is kept for when it opens again.";
    ann.post(PAGE, &join).await?.says("You have a seat.")?;
    ben.post(PAGE, &join).await?.says("You are number 1 of 1 in the queue.")?.lacks(closed)?;
    admin.data(&save.replace("maxConcurrent: 1", "maxConcurrent: 0"), json!({})).await?;
    ben.get(&joined).await?.says("You are number 1 of 1 in the queue.")?.says(closed)?;
    cleo.get(PAGE).await?.says("This is closed at the moment.")?.lacks(&button("join", "Join"))?;
    cleo.get(&joined).await?.says(ended)?.lacks(again)?.lacks(&button("join", "Join"))?;

    let nobody = Visitor::of(&deployment.first().client());
    for (visitor, form) in [(&nobody, join), (&ann, [("do", "something")])] {
        let refused = visitor.post(PAGE, &form).await?;
        ensure!(refused.status.is_client_error(), "{}: {}", refused.status, refused.text);
    }
    Ok(())
}
