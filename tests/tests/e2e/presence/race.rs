//! Many visits ask for few seats at several servers.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use chrono::{DateTime, TimeDelta, Utc};
use futures_util::{StreamExt, TryStreamExt, future::try_join_all, stream};
use insession_tests::{Client, Deployment, LIMIT, TestDatabase, now, on_both_databases, token, within};
use serde_json::{Value, json};
use service::presence::seats::{self, IfFull};

use super::visitors::{self, Visitors, visit};
use crate::{
    fixtures::{beat, create_person, enter_activity, instant, new_visit, save_activity},
    service::world::Done,
};

on_both_databases!(concurrent_requests_never_exceed_the_limit);

const KEY: &str = "interview";
const SEATS: usize = 3;
/// Long enough that a thousand requests are answered before the first lease ends, even on a slow machine.
const WINDOW: TimeDelta = TimeDelta::seconds(75);

/// One round of requests for the seat.
struct Round {
    sent_at: DateTime<Utc>,
    answered_at: DateTime<Utc>,
    /// How many visits had got the seat by the end of it.
    admitted: usize,
}

/// A visit, and the client that it belongs to.
struct Visitor {
    client: Client,
    visit: String,
}

/// Two servers are asked for three seats by sixty visits at the same time.
pub async fn concurrent_requests_never_exceed_the_limit(database: TestDatabase) -> Result<()> {
    let visitors = Visitors::new(database, "2025-06-11 12:00", Some(i32::try_from(SEATS)?)).await?;
    let servers = [visitors.world.app.clone(), visitors.world.another_app().await?];
    for number in 0..60 {
        visitors.beat(visit(number)).await?;
    }
    let asked = (0..60).map(|number| {
        let server = servers[usize::try_from(number % 2).unwrap_or_default()].clone();
        let viewer = visitors.viewer();
        tokio::spawn(async move {
            seats::enter_activity(&server, viewer, None, visit(number), visitors::KEY, IfFull::Refuse).await
        })
    });
    let mut admitted = 0;
    for answer in try_join_all(asked).await? {
        admitted += usize::from(answer.done()?.verdict.is_admitted);
    }
    assert_eq!(admitted, SEATS);
    assert_eq!(visitors.occupancy().await?, i64::try_from(SEATS)?);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn seats_are_never_oversold_and_an_expired_lease_passes_to_one_visit() -> Result<()> {
    let database = TestDatabase::postgres().await?;
    let seconds = WINDOW.num_seconds().to_string();
    let deployment =
        Deployment::sized(&database, 3, 1, |settings| settings.with("ONLINE_WINDOW_SECONDS", &seconds)).await?;
    let admin = deployment.admin();
    save_activity(&admin, KEY, Some(i32::try_from(SEATS)?)).await?;
    let people = try_join_all((0..20).map(|_| create_person(&admin, "Ann"))).await?;
    let visitors: Vec<Visitor> = (0..1_000)
        .map(|number| Visitor {
            client: deployment.servers[number % 3].client_of(&people[number % people.len()]),
            visit: new_visit(),
        })
        .collect();
    stream::iter(&visitors).map(|it| beat(&it.client, &it.visit)).buffer_unordered(100).try_collect::<Vec<_>>().await?;

    // A visit may have gone offline meanwhile, but a request for a seat counts as a heartbeat.
    let begin = now();
    let asked = visitors.iter().map(enter);
    let answers = within(LIMIT, "a thousand answers", try_join_all(asked)).await??;
    for answer in &answers {
        ensure!(answer["occupancy"].as_i64().is_some_and(|count| (1..=3).contains(&count)), "{answer}");
    }
    let is_admitted = |answer: &Value| answer["admitted"] == true;
    let admitted: Vec<usize> = (0..answers.len()).filter(|index| is_admitted(&answers[*index])).collect();
    // On a slow machine, the first leases end before the last answers, and their seats pass on.
    let is_slow = now() - begin > WINDOW;
    ensure!(admitted.len() == SEATS || (is_slow && admitted.len() > SEATS), "{} were admitted", admitted.len());
    let answers = try_join_all(admitted.iter().map(|index| enter(&visitors[*index]))).await?;
    let holders: Vec<usize> =
        admitted.into_iter().zip(&answers).filter(|(_, answer)| is_admitted(answer)).map(|(index, _)| index).collect();
    assert_eq!(holders.len(), SEATS);
    one_dies(&deployment, &visitors, &holders).await
}

/// Asks for a seat. Asks again when the pool had no free connection in time, as a client would.
async fn enter(visitor: &Visitor) -> Result<Value> {
    loop {
        match enter_activity(&visitor.client, &visitor.visit, KEY).await {
            Err(error) if format!("{error:#}").contains("INTERNAL") => println!("once more: {error:#}"),
            answer => return answer,
        }
    }
}

/// The first holder's socket dies. The other holders send heartbeats, and some refused visits ask again and again.
async fn one_dies(deployment: &Deployment, visitors: &[Visitor], holders: &[usize]) -> Result<()> {
    let admin = deployment.admin();
    let holder = &visitors[holders[0]];
    let token = holder.client.token().context("no token")?.to_owned();
    let mut socket = deployment.second().socket(Some(&token)).await?;
    let document = "mutation($id: ID!) { heartbeat(input: { presenceId: $id }) { presence { activity { key } } } }";
    socket.subscribe("beat", document, json!({ "id": holder.visit }))?;
    let beaten = socket.next_for("beat", LIMIT).await?;
    assert_eq!(beaten.field("heartbeat")["presence"]["activity"]["key"], KEY);
    drop(socket);

    let waiting: Vec<&Visitor> =
        visitors.iter().enumerate().filter(|(index, _)| !holders.contains(index)).map(|(_, it)| it).take(12).collect();
    // Rounds of requests, until some rounds after the lease must have ended. Each has the instant before it was sent.
    let mut admitted: Vec<&str> = Vec::new();
    let mut rounds: Vec<Round> = Vec::new();
    let begin = now();
    while rounds.iter().filter(|round| begin + WINDOW < round.sent_at).count() < 10 {
        for index in &holders[1..] {
            beat(&visitors[*index].client, &visitors[*index].visit).await?;
        }
        let sent_at = now();
        let answers = try_join_all(waiting.iter().map(|it| enter(it))).await?;
        for (it, answer) in waiting.iter().zip(&answers) {
            if answer["admitted"] == true && !admitted.contains(&&*it.visit) {
                admitted.push(&it.visit);
            }
            ensure!(answer["occupancy"].as_i64().is_some_and(|count| count <= 3), "{answer}");
        }
        rounds.push(Round { sent_at, answered_at: now(), admitted: admitted.len() });
        // The rounds are paced, so that the servers are not overloaded.
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    let look = "query($id: ID!) { presence(id: $id) { lastSeenAt isOnline activity { key } } }";
    let seen = admin.data(look, json!({ "id": format!("Presence:{}", holder.visit) })).await?["presence"].take();
    assert_eq!((&seen["isOnline"], &seen["activity"]), (&json!(false), &json!(null)));
    let [heir] = admitted.as_slice() else { anyhow::bail!("one visit was to get the seat: {admitted:?}") };
    // `lastSeenAt` has whole milliseconds: the lease ends within one after this instant.
    let ends_at = instant(&seen["lastSeenAt"])? + WINDOW;
    for Round { sent_at, answered_at, admitted } in rounds {
        ensure!(
            answered_at >= ends_at || admitted == 0,
            "the seat went at {answered_at}, the lease ended at {ends_at}"
        );
        ensure!(
            sent_at <= ends_at + TimeDelta::milliseconds(1) || admitted == 1,
            "the lease ended at {ends_at}, and requests sent at {sent_at} were refused"
        );
    }
    for index in &holders[1..] {
        let id = format!("Presence:{}", visitors[*index].visit);
        let kept = admin.data(look, json!({ "id": id })).await?;
        assert_eq!(kept["presence"]["activity"]["key"], KEY, "a visit with heartbeats lost its seat");
    }
    // A stranger's token cannot use the visit.
    let stranger = deployment.first().client().with_token(&token::of("Person:999999"));
    ensure!(enter_activity(&stranger, heir, KEY).await.is_err());
    Ok(())
}
