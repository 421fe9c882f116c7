//! The queue for seats, through the real program.

use anyhow::{Context, Result, ensure};
use insession_tests::{Client, Deployment, LIMIT, Socket, TestDatabase, eventually, on_both_databases, token};
use serde_json::{Value, json};

use crate::fixtures::{beat, create_person, enter_activity, instant, new_visit};

on_both_databases!(
    free_seat_is_offered_to_the_first_in_the_queue,
    missed_offer_goes_to_the_next_in_the_queue,
    place_belongs_to_the_person,
    changed_limit_makes_as_many_offers_as_there_are_seats,
    person_keeps_one_seat_or_one_place_when_seats_begin_to_count_people,
    place_is_followed_from_joining_to_admission,
    idle_visit_loses_its_seat_to_the_queue,
    anonymous_visits_wait_one_by_one_with_their_secrets,
);

const KEY: &str = "interview";

const ENTER: &str = "mutation($input: EnterActivityInput!) { enterActivity(input: $input) {
    admitted occupancy message
    queuePlace { position length joinedAt estimatedWaitSeconds offer { expiresAt } }
    activity { queueLength isFull } presence { queuePlace { position } }
} }";

/// Visits stay online without heartbeats for as long as a slow machine needs.
async fn start(database: &TestDatabase) -> Result<Deployment> {
    Deployment::start_with(database, |settings| settings.with("ONLINE_WINDOW_SECONDS", "600")).await
}

/// A person with a visit.
struct Guest {
    client: Client,
    visit: String,
}

impl Guest {
    async fn new(deployment: &Deployment, number: usize) -> Result<Self> {
        let person = create_person(&deployment.admin(), &format!("Guest {number}")).await?;
        let server = &deployment.servers[number % deployment.servers.len()];
        Self { client: server.client_of(&person), visit: new_visit() }.online().await
    }

    async fn online(self) -> Result<Self> {
        beat(&self.client, &self.visit).await?;
        Ok(self)
    }

    async fn enter(&self) -> Result<Value> {
        enter_activity(&self.client, &self.visit, KEY).await
    }

    async fn wait(&self) -> Result<Value> {
        let input = json!({ "presenceId": self.visit, "activityKey": KEY, "wait": true });
        Ok(self.client.data(ENTER, json!({ "input": input })).await?["enterActivity"].take())
    }

    async fn leave(&self, mutation: &str) -> Result<Value> {
        let document =
            format!("mutation($id: ID!) {{ {mutation}(presenceId: $id) {{ presence {{ id }} activity {{ key }} }} }}");
        Ok(self.client.data(&document, json!({ "id": self.visit })).await?[mutation].take())
    }

    async fn place(&self) -> Result<Value> {
        let document = "query($id: ID!) { presence(id: $id) { queuePlace { position length offer { expiresAt } } } }";
        let id = format!("Presence:{}", self.visit);
        Ok(self.client.data(document, json!({ "id": id })).await?["presence"]["queuePlace"].take())
    }

    /// Waits until a seat is offered.
    async fn expect_offer(&self) -> Result<()> {
        eventually(LIMIT, "the offer of a seat", async || {
            let place = self.place().await?;
            ensure!(place["offer"]["expiresAt"].is_string(), "{place}");
            Ok(())
        })
        .await
    }
}

async fn guests(deployment: &Deployment, count: usize) -> Result<Vec<Guest>> {
    let mut guests = Vec::new();
    for number in 0..count {
        guests.push(Guest::new(deployment, number).await?);
    }
    Ok(guests)
}

async fn save(deployment: &Deployment, seats: i64, more: &Value) -> Result<()> {
    let document = "mutation($input: SaveActivityInput!) { saveActivity(input: $input) { activity { id } } }";
    let mut input = json!({ "key": KEY, "name": "Interview", "maxConcurrent": seats, "offerSeconds": 3600 });
    for (field, value) in more.as_object().into_iter().flatten() {
        input[field] = value.clone();
    }
    deployment.admin().data(document, json!({ "input": input })).await?;
    Ok(())
}

async fn free_seat_is_offered_to_the_first_in_the_queue(database: TestDatabase) -> Result<()> {
    let deployment = start(&database).await?;
    save(&deployment, 1, &Value::Null).await?;
    let all = guests(&deployment, 4).await?;
    let [ann, ben, cleo, dan] = &all[..] else { anyhow::bail!("four guests") };
    let admitted = ann.wait().await?;
    assert_eq!((&admitted["admitted"], &admitted["queuePlace"]), (&json!(true), &Value::Null), "{admitted}");
    let first = ben.wait().await?;
    assert_eq!(first["message"], "Platform at capacity (1/1). You are number 1 in the queue.");
    assert_eq!((&first["admitted"], &first["occupancy"]), (&json!(false), &json!(1)));
    assert_eq!(first["activity"], json!({ "queueLength": 1, "isFull": true }));
    assert_eq!(first["presence"]["queuePlace"], json!({ "position": 1 }));
    let second = cleo.wait().await?;
    let place = &second["queuePlace"];
    assert_eq!((&place["position"], &place["length"], &place["offer"]), (&json!(2), &json!(2), &Value::Null));
    assert_eq!(place["estimatedWaitSeconds"], Value::Null);
    ensure!(instant(&first["queuePlace"]["joinedAt"])? <= instant(&place["joinedAt"])?, "{first} {second}");
    // Asking again keeps the place.
    let again = ben.wait().await?["queuePlace"].take();
    assert_eq!((&again["position"], &again["joinedAt"]), (&json!(1), &first["queuePlace"]["joinedAt"]));

    assert_eq!(ann.leave("leaveActivity").await?["activity"]["key"], KEY);
    ben.expect_offer().await?;
    assert_eq!(cleo.place().await?, json!({ "position": 2, "length": 2, "offer": null }));
    // The seat is for Ben. A newcomer does not get it, nor does the next in the queue.
    let refused = dan.enter().await?;
    assert_eq!((&refused["admitted"], &refused["occupancy"]), (&json!(false), &json!(0)), "{refused}");
    assert_eq!(cleo.wait().await?["admitted"], false);
    assert_eq!(dan.wait().await?["queuePlace"]["position"], 3);
    let claimed = ben.enter().await?;
    assert_eq!((&claimed["admitted"], &claimed["occupancy"]), (&json!(true), &json!(1)), "{claimed}");
    assert_eq!(ben.place().await?, Value::Null);
    assert_eq!(cleo.place().await?, json!({ "position": 1, "length": 2, "offer": null }));

    // Somebody who leaves the queue gives the place up, and who completes a visit, too.
    assert_eq!(cleo.leave("leaveQueue").await?["activity"]["key"], KEY);
    assert_eq!(cleo.leave("leaveQueue").await?["activity"], Value::Null);
    assert_eq!(dan.place().await?["position"], 1);
    dan.leave("completePresence").await?;
    ben.leave("leaveActivity").await?;
    assert_eq!(cleo.enter().await?["admitted"], true, "nobody waits any more");
    Ok(())
}

async fn missed_offer_goes_to_the_next_in_the_queue(database: TestDatabase) -> Result<()> {
    let deployment = start(&database).await?;
    save(&deployment, 1, &json!({ "offerSeconds": 1 })).await?;
    let all = guests(&deployment, 4).await?;
    ensure!(all[0].enter().await?["admitted"] == true);
    for guest in &all[1..] {
        guest.wait().await?;
    }
    // The last one gets an offer that lasts, so that the test need not hurry.
    all[0].leave("leaveActivity").await?;
    eventually(LIMIT, "two missed offers", async || {
        ensure!(all[1].place().await? == Value::Null && all[2].place().await? == Value::Null);
        Ok(())
    })
    .await?;
    // Every offer was missed, or the last one can still be claimed. Nobody else holds a seat.
    let last = all[3].wait().await?;
    ensure!(last["admitted"] == true, "{last}");
    Ok(())
}

async fn place_belongs_to_the_person(database: TestDatabase) -> Result<()> {
    let deployment = start(&database).await?;
    save(&deployment, 1, &Value::Null).await?;
    let all = guests(&deployment, 3).await?;
    ensure!(all[0].enter().await?["admitted"] == true);
    all[1].wait().await?;
    all[2].wait().await?;
    // A second tab of the first in the queue, at another server.
    let token = all[1].client.token().context("no token")?.to_owned();
    let tab = Guest { client: deployment.second().client().with_token(&token), visit: new_visit() }.online().await?;
    assert_eq!(tab.place().await?["position"], 1);
    assert_eq!(tab.wait().await?["queuePlace"]["position"], 1);
    assert_eq!(tab.wait().await?["queuePlace"]["length"], 2);
    // The first tab is closed. The place stays with the second one.
    all[1].leave("completePresence").await?;
    assert_eq!(tab.place().await?["position"], 1);
    all[0].leave("completePresence").await?;
    tab.expect_offer().await?;
    ensure!(tab.enter().await?["admitted"] == true);
    // The last visit of the person goes, and the seat is for the next one.
    tab.leave("completePresence").await?;
    all[2].expect_offer().await?;
    Ok(())
}

async fn changed_limit_makes_as_many_offers_as_there_are_seats(database: TestDatabase) -> Result<()> {
    let deployment = start(&database).await?;
    save(&deployment, 2, &Value::Null).await?;
    let all = guests(&deployment, 7).await?;
    for guest in &all {
        guest.wait().await?;
    }
    let offers = async || -> Result<Vec<usize>> {
        let mut offered = Vec::new();
        for (number, guest) in all.iter().enumerate() {
            if guest.place().await?["offer"].is_object() {
                offered.push(number);
            }
        }
        Ok(offered)
    };
    assert_eq!(offers().await?, [0; 0]);
    save(&deployment, 4, &Value::Null).await?;
    assert_eq!(offers().await?, [2, 3]);
    // A lower limit takes no seat away. The newest offers end until the count fits, and everybody keeps their place.
    save(&deployment, 3, &Value::Null).await?;
    assert_eq!(offers().await?, [2]);
    save(&deployment, 1, &Value::Null).await?;
    assert_eq!(offers().await?, [0; 0]);
    assert_eq!(all[2].wait().await?["message"], "Platform at capacity (2/1). You are number 1 in the queue.");
    all[0].leave("leaveActivity").await?;
    assert_eq!(offers().await?, [0; 0]);
    save(&deployment, 2, &Value::Null).await?;
    all[1].leave("leaveActivity").await?;
    assert_eq!(offers().await?, [2, 3]);
    ensure!(all[2].enter().await?["admitted"] == true);
    all[2].leave("leaveActivity").await?;
    assert_eq!(offers().await?, [3, 4]);
    // A closed activity ends the offers. Nobody gets a seat, and everybody keeps their place for when it opens again.
    let mut socket = deployment.first().socket(all[3].client.token()).await?;
    follow(&mut socket, &all[3].visit)?;
    let has_offer = |it: &insession_tests::Received, is_offered| {
        it.field("queueChanged")["queuePlace"]["offer"].is_object() == is_offered
    };
    socket.next_where("queue", LIMIT, |it| has_offer(it, true)).await?;
    save(&deployment, 0, &Value::Null).await?;
    assert_eq!(offers().await?, [0; 0]);
    let ended = socket.next_where("queue", LIMIT, |it| has_offer(it, false)).await?;
    assert_eq!(ended.field("queueChanged")["queuePlace"]["position"], 1, "{}", ended.message);
    let refused = all[3].wait().await?;
    assert_eq!(
        refused["message"],
        "Platform at capacity (0/0). It is closed at the moment. You are number 1 in the queue."
    );
    assert_eq!((&refused["admitted"], &all[4].place().await?["position"]), (&json!(false), &json!(2)));
    save(&deployment, 2, &Value::Null).await?;
    assert_eq!(offers().await?, [3, 4]);
    // Without a limit nobody needs to wait.
    let document = "mutation($input: SaveActivityInput!) { saveActivity(input: $input) { activity { queueLength } } }";
    let input = json!({ "key": KEY, "name": "Interview", "offerSeconds": 3600 });
    deployment.admin().data(document, json!({ "input": input })).await?;
    assert_eq!(offers().await?, [3, 4, 5, 6]);
    ensure!(all[6].enter().await?["admitted"] == true);
    // A limit after that does not admit everybody who had an offer. They are told.
    let mut last = deployment.first().socket(all[5].client.token()).await?;
    follow(&mut last, &all[5].visit)?;
    last.next_where("queue", LIMIT, |it| has_offer(it, true)).await?;
    save(&deployment, 3, &Value::Null).await?;
    let ended = last.next_where("queue", LIMIT, |it| has_offer(it, false)).await?;
    assert_eq!(ended.field("queueChanged")["queuePlace"]["position"], 3, "{}", ended.message);
    assert_eq!(offers().await?, [3, 4]);
    ensure!(all[5].wait().await?["admitted"] == false);
    ensure!(all[3].enter().await?["admitted"] == true);
    ensure!(all[4].enter().await?["admitted"] == true);
    ensure!(all[5].wait().await?["admitted"] == false);
    Ok(())
}

const FOLLOW: &str = "subscription($id: ID!) { queueChanged(presenceId: $id) {
    admitted queuePlace { position length offer { expiresAt } } activity { key } occurredAt
} }";

fn follow(socket: &mut Socket, visit: &str) -> Result<()> {
    socket.subscribe("queue", FOLLOW, json!({ "id": visit }))
}

async fn person_keeps_one_seat_or_one_place_when_seats_begin_to_count_people(database: TestDatabase) -> Result<()> {
    let deployment = start(&database).await?;
    let visits = json!({ "seatsPer": "VISIT" });
    save(&deployment, 3, &visits).await?;
    let all = guests(&deployment, 4).await?;
    let [ann, ben, cleo, dan] = &all[..] else { anyhow::bail!("four guests") };
    let tab_of = async |guest: &Guest| Guest { client: guest.client.clone(), visit: new_visit() }.online().await;
    let seat = async |guest: &Guest| -> Result<bool> {
        let document = "query($id: ID!) { presence(id: $id) { activity { key } } }";
        let id = format!("Presence:{}", guest.visit);
        Ok(guest.client.data(document, json!({ "id": id })).await?["presence"]["activity"].is_object())
    };
    let position = async |guest: &Guest| Ok::<_, anyhow::Error>(guest.place().await?["position"].clone());

    // Ann has two seats and waits for a third. Ben and Cleo wait twice each, in turn, and Dan is the last.
    let (ann_2, ann_3, ben_2, cleo_2) =
        (tab_of(ann).await?, tab_of(ann).await?, tab_of(ben).await?, tab_of(cleo).await?);
    let bob = Guest::new(&deployment, 4).await?;
    for admitted in [ann, &bob, &ann_2] {
        assert_eq!(admitted.wait().await?["admitted"], true);
    }
    for (number, waiting) in [ben, cleo, &ann_3, &cleo_2, &ben_2, dan].into_iter().enumerate() {
        assert_eq!(waiting.wait().await?["queuePlace"]["position"], number + 1);
    }
    let joined = ben.place().await?;

    // Now seats count people. The seat that Ann gives back is offered to Ben.
    save(&deployment, 3, &json!({ "seatsPer": "PERSON" })).await?;
    assert_eq!([seat(ann).await?, seat(&ann_2).await?, seat(&bob).await?], [false, true, true]);
    assert_eq!(position(&ann_3).await?, Value::Null);
    for (guest, expected) in [(ben, 1), (&ben_2, 1), (cleo, 2), (&cleo_2, 2), (dan, 3)] {
        assert_eq!(position(guest).await?, expected);
    }
    let offered = ben.place().await?;
    ensure!(offered["offer"].is_object() && joined["offer"].is_null(), "{offered}");
    assert_eq!((&ben_2.wait().await?["admitted"], &ben.place().await?), (&json!(true), &Value::Null));
    assert_eq!(ann_3.wait().await?["admitted"], true);
    assert_eq!([seat(&ann_2).await?, seat(&ann_3).await?], [false, true]);

    // And now visits again: Cleo's place is that of the visit which joined first.
    save(&deployment, 3, &visits).await?;
    for (guest, expected) in [(cleo, json!(1)), (dan, json!(2)), (&cleo_2, Value::Null)] {
        assert_eq!(position(guest).await?, expected);
    }
    assert_eq!(cleo_2.wait().await?["queuePlace"]["position"], 3);
    Ok(())
}

async fn place_is_followed_from_joining_to_admission(database: TestDatabase) -> Result<()> {
    let deployment = start(&database).await?;
    save(&deployment, 1, &Value::Null).await?;
    let all = guests(&deployment, 4).await?;
    ensure!(all[0].enter().await?["admitted"] == true);
    all[1].wait().await?;
    let seats = "subscription { presenceChanged(activityKey: \"interview\") { queueLength occupancy } }";
    let mut watcher = deployment.first().socket(None).await?;
    watcher.subscribe("seats", seats, json!({}))?;
    assert_eq!(watcher.next_for("seats", LIMIT).await?.field("presenceChanged")["queueLength"], 1);

    // One follows before it waits, the other afterwards.
    let mut early = deployment.second().socket(all[2].client.token()).await?;
    follow(&mut early, &all[2].visit)?;
    let mut late = deployment.first().socket(all[3].client.token()).await?;
    all[2].wait().await?;
    all[3].wait().await?;
    follow(&mut late, &all[3].visit)?;
    let snapshot = late.next_for("queue", LIMIT).await?;
    let place = json!({ "position": 3, "length": 3, "offer": null });
    let change = snapshot.field("queueChanged");
    assert_eq!((&change["queuePlace"], &change["activity"]["key"]), (&place, &json!(KEY)), "{change}");
    early.next_where("queue", LIMIT, |it| it.field("queueChanged")["queuePlace"]["position"] == 2).await?;
    let is_there = |it: &insession_tests::Received| it.field("presenceChanged")["queueLength"] == 3;
    watcher.next_where("seats", LIMIT, is_there).await?;

    all[1].leave("leaveQueue").await?;
    late.next_where("queue", LIMIT, |it| it.field("queueChanged")["queuePlace"]["position"] == 2).await?;
    early.next_where("queue", LIMIT, |it| it.field("queueChanged")["queuePlace"]["position"] == 1).await?;
    all[0].leave("leaveActivity").await?;
    let is_offer = |it: &insession_tests::Received| it.field("queueChanged")["queuePlace"]["offer"].is_object();
    early.next_where("queue", LIMIT, is_offer).await?;
    ensure!(all[2].enter().await?["admitted"] == true);
    let admitted = early.next_where("queue", LIMIT, |it| it.field("queueChanged")["admitted"] == true).await?;
    assert_eq!(admitted.field("queueChanged")["queuePlace"], Value::Null);
    // Whoever leaves the queue waits no longer.
    all[3].leave("leaveQueue").await?;
    let left = late.next_where("queue", LIMIT, |it| it.field("queueChanged")["queuePlace"].is_null()).await?;
    assert_eq!(left.field("queueChanged")["admitted"], false);

    // Nobody else may follow a visit.
    let mut stranger = deployment.first().socket(Some(&token::of("Person:999999"))).await?;
    follow(&mut stranger, &all[3].visit)?;
    assert_eq!(stranger.any_for("queue", LIMIT).await?.kind(), "error");
    Ok(())
}

async fn idle_visit_loses_its_seat_to_the_queue(database: TestDatabase) -> Result<()> {
    let deployment = start(&database).await?;
    save(&deployment, 1, &json!({ "maxIdleMinutes": 60 })).await?;
    let all = guests(&deployment, 2).await?;
    ensure!(all[0].enter().await?["admitted"] == true);
    all[1].wait().await?;
    let mut socket = deployment.second().socket(all[0].client.token()).await?;
    follow(&mut socket, &all[0].visit)?;
    let admitted = socket.next_for("queue", LIMIT).await?;
    assert_eq!(admitted.field("queueChanged")["admitted"], true);
    let idle = "mutation($id: ID!) { heartbeat(input: { presenceId: $id, isIdle: true }) {
        presence { isIdle isOnline activity { key } } } }";
    let beaten = all[0].client.data(idle, json!({ "id": all[0].visit })).await?["heartbeat"]["presence"].take();
    assert_eq!(beaten, json!({ "isIdle": true, "isOnline": true, "activity": { "key": KEY } }));
    // As if it had been idle for long.
    let sql = "UPDATE presence SET idle_since = '2000-01-01T00:00:00+00:00' WHERE idle_since IS NOT NULL";
    insession_tests::database::execute(&database.connect().await?, sql).await?;
    all[1].expect_offer().await?;
    let presence = "query($id: ID!) { presence(id: $id) { isIdle isOnline activity { key } } }";
    let id = json!({ "id": format!("Presence:{}", all[0].visit) });
    let seen = all[0].client.data(presence, id).await?["presence"].take();
    assert_eq!(seen, json!({ "isIdle": true, "isOnline": true, "activity": null }));
    // Whoever loses the seat is told.
    let lost = socket.next_where("queue", LIMIT, |it| it.field("queueChanged")["admitted"] == false).await?;
    assert_eq!(lost.field("queueChanged")["queuePlace"], Value::Null);
    // The next heartbeat says that the visitor is back.
    beat(&all[0].client, &all[0].visit).await?;
    Ok(())
}

async fn anonymous_visits_wait_one_by_one_with_their_secrets(database: TestDatabase) -> Result<()> {
    let change = |settings: insession_tests::Settings| {
        settings.with("ONLINE_WINDOW_SECONDS", "600").with("ANONYMOUS_PRESENCE", "true")
    };
    let deployment = Deployment::start_with(&database, change).await?;
    save(&deployment, 0, &Value::Null).await?;
    let client = deployment.second().client();
    let mut visits = Vec::new();
    for _ in 0..2 {
        let visit = new_visit();
        let secret = beat(&client, &visit).await?["secret"].take();
        visits.push((visit, secret));
    }
    let [(first, first_secret), (second, second_secret)] = &visits[..] else { anyhow::bail!("two visits") };
    let enter = async |visit: &str, secret: &Value| {
        let input = json!({ "presenceId": visit, "secret": secret, "activityKey": KEY, "wait": true });
        client.query(ENTER, json!({ "input": input })).await
    };
    for (number, (visit, secret)) in visits.iter().enumerate() {
        let entered = enter(visit, secret).await?.data()?["enterActivity"].take();
        assert_eq!(entered["queuePlace"]["position"], number + 1, "{entered}");
    }
    // Nobody else has the place, and nobody else follows it or gives it up.
    assert_eq!(enter(first, second_secret).await?.code().as_deref(), Some("NOT_FOUND"));
    let leave =
        "mutation($id: ID!, $secret: String) { leaveQueue(presenceId: $id, secret: $secret) { activity { key } } }";
    let wrong = json!({ "id": first, "secret": second_secret });
    assert_eq!(client.error_code(leave, wrong.clone()).await?, "NOT_FOUND");
    let follow = "subscription($id: ID!, $secret: String) {
        queueChanged(presenceId: $id, secret: $secret) { admitted queuePlace { position offer { expiresAt } } } }";
    let mut socket = deployment.first().socket(None).await?;
    socket.subscribe("wrong", follow, wrong)?;
    assert_eq!(socket.any_for("wrong", LIMIT).await?.kind(), "error");

    socket.subscribe("queue", follow, json!({ "id": second, "secret": second_secret }))?;
    let place = socket.next_for("queue", LIMIT).await?;
    assert_eq!(place.field("queueChanged")["queuePlace"]["position"], 2);
    let left = client.data(leave, json!({ "id": first, "secret": first_secret })).await?;
    assert_eq!(left["leaveQueue"]["activity"]["key"], KEY);
    save(&deployment, 1, &Value::Null).await?;
    let is_offer = |it: &insession_tests::Received| it.field("queueChanged")["queuePlace"]["offer"].is_object();
    socket.next_where("queue", LIMIT, is_offer).await?;
    let claimed = enter(second, second_secret).await?.data()?["enterActivity"].take();
    assert_eq!(claimed["admitted"], true, "{claimed}");
    socket.next_where("queue", LIMIT, |it| it.field("queueChanged")["admitted"] == true).await?;
    Ok(())
}
