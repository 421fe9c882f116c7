//! Requests about places in queues at the same time, at two servers (rule 21).

use anyhow::{Result, ensure};
use domain::access::Viewer;
use futures_util::future::{try_join, try_join_all};
use insession_tests::{TestDatabase, on_both_databases};
use service::{
    App, people,
    presence::{
        activities::{NewActivity, save_activity},
        seats::{self, IfFull, Leaver},
    },
};

use super::{
    visitors::{KEY, visit},
    waiting::{Guest, Interview},
};
use crate::service::world::Done;

on_both_databases!(
    last_visit_that_stops_waiting_ends_the_place_also_at_the_same_time,
    visits_change_queues_while_people_leave_and_merge,
);

const ROUNDS: usize = 15;

async fn wait(app: &App, guest: Guest, key: &str) -> Result<()> {
    let viewer = Viewer::person(guest.person);
    let entered = seats::enter_activity(app, viewer, None, guest.visit, key, IfFull::Wait).await.done()?;
    ensure!(entered.place.is_some(), "the activity is closed");
    Ok(())
}

async fn leave(app: &App, guest: Guest, leaver: Leaver) -> Result<()> {
    seats::leave_queue(app, Viewer::person(guest.person), None, guest.visit, None, leaver).await.done()?;
    Ok(())
}

async fn last_visit_that_stops_waiting_ends_the_place_also_at_the_same_time(database: TestDatabase) -> Result<()> {
    let interview = Interview::new(database, 0).await?;
    let [ann] = interview.come().await?;
    let other = interview.world.another_app().await?;
    let phone = Guest { visit: visit(90), ..ann };
    interview.beat(phone, false).await?;
    for _ in 0..ROUNDS {
        wait(&interview.world.app, ann, KEY).await?;
        wait(&other, phone, KEY).await?;
        interview.expect(&[(ann, "1"), (phone, "1")]).await?;
        try_join(leave(&interview.world.app, ann, Leaver::Visit), leave(&other, phone, Leaver::Visit)).await?;
        interview.expect(&[(ann, "-"), (phone, "-")]).await?;
    }
    // A visit that is completed stops waiting, too.
    for number in 0..ROUNDS {
        let tabs = [0, 1]
            .map(|tab| Guest { visit: visit(1_000 + 2 * u32::try_from(number).unwrap_or_default() + tab), ..ann });
        for tab in tabs {
            interview.beat(tab, false).await?;
            wait(&other, tab, KEY).await?;
        }
        let complete = async |app: &App, tab: Guest| {
            seats::complete_visit(app, Viewer::person(tab.person), None, tab.visit).await.done().map(drop)
        };
        try_join(complete(&interview.world.app, tabs[0]), complete(&other, tabs[1])).await?;
        interview.expect(&[(ann, "-")]).await?;
    }
    Ok(())
}

/// No request waits for another one in a circle, and nobody has two places in a queue or is in two queues with one visit.
async fn visits_change_queues_while_people_leave_and_merge(database: TestDatabase) -> Result<()> {
    let interview = Interview::new(database, 0).await?;
    let lecture = "lecture".to_owned();
    let new = NewActivity { key: lecture.clone(), name: lecture, max_concurrent: Some(0), ..NewActivity::default() };
    save_activity(&interview.world.app, Viewer::ADMIN, new).await.done()?;
    let guests: [Guest; 8] = interview.come().await?;
    let servers = [interview.world.app.clone(), interview.world.another_app().await?];
    let going = guests[..6].iter().enumerate().map(|(number, guest)| {
        let (app, guest) = (&servers[number % 2], *guest);
        async move {
            for round in 0..ROUNDS {
                wait(app, guest, if (number + round) % 2 == 0 { "lecture" } else { KEY }).await?;
                if (number + round) % 5 == 0 {
                    leave(app, guest, Leaver::Person).await?;
                }
            }
            anyhow::Ok(())
        }
    });
    let merging = async {
        for (number, guest) in guests[6..].iter().enumerate() {
            people::merge_people(&servers[number], Viewer::ADMIN, guest.person, guests[number].person).await.done()?;
        }
        Ok(())
    };
    try_join(try_join_all(going), merging).await?;
    for guest in &guests[..6] {
        let viewer = Viewer::person(guest.person);
        while interview.state(*guest).await? != "-" {
            seats::leave_queue(&servers[0], viewer, None, guest.visit, None, Leaver::Person).await.done()?;
        }
    }
    let sql = "SELECT COUNT(*) FROM queue_place";
    let left = insession_tests::database::number(interview.world.db(), sql).await?;
    ensure!(left == 0, "{left} places are of nobody");
    Ok(())
}
