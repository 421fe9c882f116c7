//! One person on several devices, and in several queues (rules 17 and 28).

use anyhow::{Context as _, Result, ensure};
use insession_tests::{Client, Deployment, LIMIT, Program, Socket, TestDatabase, on_both_databases};
use serde_json::{Value, json};

use crate::fixtures::{beat, create_person, new_visit};

on_both_databases!(
    each_device_is_told_which_one_has_the_seat,
    place_is_kept_until_the_last_visit_that_waits_stops,
    messages_about_several_queues_do_not_mix,
    visit_that_stops_waiting_is_told_that_others_wait,
    seat_is_given_back_from_any_device_of_the_person,
    request_takes_only_the_seats_that_it_asks_for,
);

const FOLLOW: &str = "subscription($id: ID!) { queueChanged(presenceId: $id) {
    activity { key } admitted isElsewhere queuePlace { activity { key } position }
} }";

/// Visits stay online without heartbeats for as long as a slow machine needs.
async fn start(database: &TestDatabase, activities: &[(&str, i64)]) -> Result<Deployment> {
    let deployment = Deployment::start_with(database, |settings| settings.with("ONLINE_WINDOW_SECONDS", "600")).await?;
    let save = "mutation($input: SaveActivityInput!) { saveActivity(input: $input) { activity { id } } }";
    for (key, seats) in activities {
        let input = json!({ "key": key, "name": key, "maxConcurrent": seats, "offerSeconds": 3600 });
        deployment.admin().data(save, json!({ "input": input })).await?;
    }
    Ok(deployment)
}

/// A device, with a socket on which its visit follows the queues.
struct Device {
    client: Client,
    visit: String,
    socket: Socket,
}

impl Device {
    /// `person` is a global id.
    async fn of(person: &str, server: &Program) -> Result<Self> {
        let client = server.client_of(person);
        let socket = server.socket(client.token()).await?;
        let device = Self { client, visit: new_visit(), socket };
        beat(&device.client, &device.visit).await?;
        Ok(device)
    }

    fn follow(&mut self) -> Result<()> {
        self.socket.subscribe("queue", FOLLOW, json!({ "id": self.visit }))
    }

    /// The next message, such as `interview: 2`, `interview: seat elsewhere` or `interview: ended`.
    async fn told(&mut self) -> Result<String> {
        let change = self.socket.next_for("queue", LIMIT).await?.field("queueChanged").clone();
        let key = change["activity"]["key"].as_str().context("a key")?;
        let place = &change["queuePlace"];
        ensure!(place.is_null() || place["activity"]["key"] == key, "{change}");
        let what = match (&change["admitted"], &place["position"]) {
            (Value::Bool(true), _) => "seat".to_owned(),
            (_, Value::Null) => "ended".to_owned(),
            (_, position) => position.to_string(),
        };
        Ok(format!("{key}: {what}{}", if change["isElsewhere"] == true { " elsewhere" } else { "" }))
    }

    async fn expect(&mut self, expected: &str) -> Result<()> {
        let told = self.told().await?;
        ensure!(told == expected, "{told} instead of {expected}");
        Ok(())
    }

    async fn enter(&self, activity: &str, wait: bool) -> Result<Value> {
        self.ask(activity, json!({ "wait": wait })).await
    }

    /// `input`: the fields besides the visit and the activity.
    async fn ask(&self, activity: &str, mut input: Value) -> Result<Value> {
        let document = "mutation($input: EnterActivityInput!) { enterActivity(input: $input) {
            admitted message queuePlace { position offer { expiresAt } } } }";
        input["presenceId"] = self.visit.clone().into();
        input["activityKey"] = activity.into();
        Ok(self.client.data(document, json!({ "input": input })).await?["enterActivity"].take())
    }

    /// Joins a queue, at this position.
    async fn wait(&self, activity: &str, position: usize) -> Result<()> {
        let entered = self.enter(activity, true).await?;
        ensure!(entered["queuePlace"]["position"] == position, "{entered}");
        Ok(())
    }

    async fn take_seat(&self, activity: &str) -> Result<()> {
        let entered = self.enter(activity, false).await?;
        ensure!(entered["admitted"] == true, "{entered}");
        Ok(())
    }

    async fn leave(&self, mutation: &str) -> Result<()> {
        let document = format!("mutation($id: ID!) {{ {mutation} {{ presence {{ id }} }} }}");
        self.client.data(&document, json!({ "id": self.visit })).await?;
        Ok(())
    }

    async fn stop_waiting(&self) -> Result<()> {
        self.leave("leaveQueue(presenceId: $id, onlyThisVisit: true)").await
    }

    /// The place that the visit shows, such as `interview: 2`.
    async fn place(&self) -> Result<String> {
        let document = "query($id: ID!) { presence(id: $id) { queuePlace { activity { key } position } } }";
        let data = self.client.data(document, json!({ "id": format!("Presence:{}", self.visit) })).await?;
        let place = &data["presence"]["queuePlace"];
        let key = place["activity"]["key"].as_str();
        Ok(key.map_or_else(|| "-".to_owned(), |key| format!("{key}: {}", place["position"])))
    }
}

async fn each_device_is_told_which_one_has_the_seat(database: TestDatabase) -> Result<()> {
    let deployment = start(&database, &[("interview", 1)]).await?;
    let ann = create_person(&deployment.admin(), "Ann").await?;
    let mut laptop = Device::of(&ann, deployment.first()).await?;
    let mut phone = Device::of(&ann, deployment.second()).await?;
    laptop.take_seat("interview").await?;
    // A new subscription begins with what the person has, whichever visit has it.
    laptop.follow()?;
    laptop.expect("interview: seat").await?;
    phone.follow()?;
    phone.expect("interview: seat elsewhere").await?;
    // The seat moves. Both are told.
    phone.take_seat("interview").await?;
    laptop.expect("interview: seat elsewhere").await?;
    phone.expect("interview: seat").await?;
    phone.leave("leaveActivity(presenceId: $id)").await?;
    for device in [&mut laptop, &mut phone] {
        device.expect("interview: ended").await?;
    }

    // A place shows on both, too. Whichever claims the offered seat has it.
    let ben = create_person(&deployment.admin(), "Ben").await?;
    let other = Device::of(&ben, deployment.first()).await?;
    other.take_seat("interview").await?;
    laptop.wait("interview", 1).await?;
    laptop.expect("interview: 1").await?;
    phone.expect("interview: 1 elsewhere").await?;
    // A visit that asks without waiting takes nothing away from the one that waits.
    let entered = phone.enter("interview", false).await?;
    ensure!(entered["admitted"] == false && entered["queuePlace"]["position"] == 1, "{entered}");
    phone.stop_waiting().await?;
    assert_eq!(laptop.place().await?, "interview: 1");
    other.leave("leaveActivity(presenceId: $id)").await?;
    phone.take_seat("interview").await?;
    laptop.take_seat("interview").await?;
    let mut told = phone.told().await?;
    while told != "interview: seat elsewhere" {
        ensure!(told == "interview: 1 elsewhere" || told == "interview: seat", "{told}");
        told = phone.told().await?;
    }
    Ok(())
}

async fn place_is_kept_until_the_last_visit_that_waits_stops(database: TestDatabase) -> Result<()> {
    let deployment = start(&database, &[("interview", 0), ("lecture", 0)]).await?;
    let admin = deployment.admin();
    let (ann, ben) = (create_person(&admin, "Ann").await?, create_person(&admin, "Ben").await?);
    let server = deployment.first();
    let [laptop, phone, tablet] =
        [Device::of(&ann, server).await?, Device::of(&ann, server).await?, Device::of(&ann, server).await?];
    let other = Device::of(&ben, server).await?;
    for (first, last) in [(&laptop, &phone), (&phone, &laptop)] {
        laptop.wait("interview", 1).await?;
        phone.wait("interview", 1).await?;
        other.wait("interview", 2).await?;
        // It did not ask to wait.
        tablet.stop_waiting().await?;
        first.stop_waiting().await?;
        first.stop_waiting().await?;
        assert_eq!([last.place().await?, other.place().await?], ["interview: 1", "interview: 2"]);
        last.stop_waiting().await?;
        assert_eq!([last.place().await?, other.place().await?], ["-", "interview: 1"]);
        other.stop_waiting().await?;
    }

    // Who goes on to another queue leaves the place to the other device as well.
    laptop.wait("interview", 1).await?;
    phone.wait("interview", 1).await?;
    phone.wait("lecture", 1).await?;
    assert_eq!([laptop.place().await?, phone.place().await?], ["interview: 1", "lecture: 1"]);
    laptop.wait("lecture", 1).await?;
    assert_eq!([laptop.place().await?, phone.place().await?, tablet.place().await?], ["lecture: 1"; 3]);
    // A person who leaves a queue leaves it with all devices.
    tablet.leave("leaveQueue(presenceId: $id)").await?;
    assert_eq!([laptop.place().await?, phone.place().await?], ["-", "-"]);
    Ok(())
}

async fn messages_about_several_queues_do_not_mix(database: TestDatabase) -> Result<()> {
    let deployment = start(&database, &[("interview", 0), ("lecture", 0)]).await?;
    let admin = deployment.admin();
    let mut ahead = Vec::new();
    for key in ["interview", "lecture"] {
        for position in 1..=3 {
            let person = create_person(&admin, "Ben").await?;
            let device = Device::of(&person, deployment.first()).await?;
            device.wait(key, position).await?;
            ahead.push(device);
        }
    }
    let (interview, lecture) = ahead.split_at(3);
    let ann = create_person(&admin, "Ann").await?;
    // Ann waits in both, and has opened the page on a third device.
    let mut phone = Device::of(&ann, deployment.second()).await?;
    phone.wait("lecture", 4).await?;
    let mut laptop = Device::of(&ann, deployment.first()).await?;
    laptop.wait("interview", 4).await?;
    let mut tablet = Device::of(&ann, deployment.first()).await?;
    assert_eq!(
        [phone.place().await?, laptop.place().await?, tablet.place().await?],
        ["lecture: 4", "interview: 4", "interview: 4"]
    );
    for device in [&mut phone, &mut laptop, &mut tablet] {
        device.follow()?;
    }
    phone.expect("lecture: 4").await?;
    laptop.expect("interview: 4").await?;
    tablet.expect("interview: 4 elsewhere").await?;
    // Both queues change at once, again and again.
    for (number, (one, other)) in interview.iter().zip(lecture).enumerate() {
        one.stop_waiting().await?;
        other.stop_waiting().await?;
        let position = 3 - number;
        phone.expect(&format!("lecture: {position}")).await?;
        laptop.expect(&format!("interview: {position}")).await?;
        tablet.expect(&format!("interview: {position} elsewhere")).await?;
    }
    // What ends is told first. Then comes what the person still has elsewhere.
    laptop.leave("leaveQueue(presenceId: $id)").await?;
    for device in [&mut laptop, &mut tablet] {
        device.expect("interview: ended").await?;
        device.expect("lecture: 1 elsewhere").await?;
    }
    laptop.wait("interview", 1).await?;
    laptop.expect("interview: 1").await?;
    // The tablet goes on with what it has shown.
    phone.leave("leaveQueue(presenceId: $id)").await?;
    phone.expect("lecture: ended").await?;
    tablet.expect("lecture: ended").await?;
    for device in [&mut phone, &mut tablet] {
        device.expect("interview: 1 elsewhere").await?;
    }
    Ok(())
}

async fn visit_that_stops_waiting_is_told_that_others_wait(database: TestDatabase) -> Result<()> {
    let deployment = start(&database, &[("interview", 0), ("lecture", 0)]).await?;
    let ann = create_person(&deployment.admin(), "Ann").await?;
    let mut laptop = Device::of(&ann, deployment.first()).await?;
    let mut phone = Device::of(&ann, deployment.second()).await?;
    laptop.wait("interview", 1).await?;
    laptop.follow()?;
    laptop.expect("interview: 1").await?;
    phone.wait("interview", 1).await?;
    phone.follow()?;
    phone.expect("interview: 1").await?;
    // The laptop asked first, the phone last. Whichever stops, the other one keeps the place.
    laptop.stop_waiting().await?;
    laptop.expect("interview: 1 elsewhere").await?;
    laptop.wait("interview", 1).await?;
    laptop.expect("interview: 1").await?;
    laptop.stop_waiting().await?;
    laptop.expect("interview: 1 elsewhere").await?;
    laptop.wait("interview", 1).await?;
    laptop.expect("interview: 1").await?;
    phone.stop_waiting().await?;
    phone.expect("interview: 1 elsewhere").await?;
    // Who waits elsewhere from now on no longer waits here.
    phone.wait("interview", 1).await?;
    phone.expect("interview: 1").await?;
    laptop.wait("lecture", 1).await?;
    // The two queues are read one after the other.
    let mut told = laptop.told().await?;
    while told != "lecture: 1" {
        ensure!(told == "interview: 1 elsewhere", "{told}");
        told = laptop.told().await?;
    }
    laptop.stop_waiting().await?;
    laptop.expect("lecture: ended").await?;
    laptop.expect("interview: 1 elsewhere").await?;
    Ok(())
}

async fn seat_is_given_back_from_any_device_of_the_person(database: TestDatabase) -> Result<()> {
    let deployment = start(&database, &[("interview", 2), ("lecture", 1)]).await?;
    let admin = deployment.admin();
    let (ann, ben) = (create_person(&admin, "Ann").await?, create_person(&admin, "Ben").await?);
    let laptop = Device::of(&ann, deployment.first()).await?;
    let mut phone = Device::of(&ann, deployment.second()).await?;
    let other = Device::of(&ben, deployment.first()).await?;
    phone.take_seat("interview").await?;
    other.take_seat("interview").await?;
    laptop.take_seat("lecture").await?;
    phone.follow()?;
    phone.expect("interview: seat").await?;
    let leave = "leaveActivity(presenceId: $id, activityKey: \"interview\")";
    laptop.leave(leave).await?;
    phone.expect("interview: ended").await?;
    // Again it finds nothing. The seat in the other activity, and that of the other person, are not meant.
    laptop.leave(leave).await?;
    let counts =
        "{ interview: activity(key: \"interview\") { occupancy } lecture: activity(key: \"lecture\") { occupancy } }";
    assert_eq!(
        admin.data(counts, json!({})).await?,
        json!({ "interview": { "occupancy": 1 }, "lecture": { "occupancy": 1 } })
    );
    // Its own seat is given back as well.
    laptop.take_seat("interview").await?;
    laptop.leave(leave).await?;
    assert_eq!(admin.data(counts, json!({})).await?["interview"]["occupancy"], 1);

    // If each visit has a seat of its own, only that is given back.
    let save = "mutation { saveActivity(input: { key: \"interview\", name: \"interview\", maxConcurrent: 3, seatsPer: VISIT }) {
        activity { id } } }";
    admin.data(save, json!({})).await?;
    phone.take_seat("interview").await?;
    laptop.leave(leave).await?;
    assert_eq!(admin.data(counts, json!({})).await?["interview"]["occupancy"], 2);
    Ok(())
}

async fn request_takes_only_the_seats_that_it_asks_for(database: TestDatabase) -> Result<()> {
    let deployment = start(&database, &[("interview", 1), ("lecture", 9), ("hall", 9)]).await?;
    let unlimited =
        "mutation { saveActivity(input: { key: \"hall\", name: \"hall\", maxConcurrent: null }) { activity { id } } }";
    deployment.admin().data(unlimited, json!({})).await?;
    let (ann, ben) =
        (create_person(&deployment.admin(), "Ann").await?, create_person(&deployment.admin(), "Ben").await?);
    let laptop = Device::of(&ann, deployment.first()).await?;
    let phone = Device::of(&ann, deployment.second()).await?;
    let other = Device::of(&ben, deployment.first()).await?;
    let own = json!({ "wait": true, "takeNew": false });
    for activity in ["interview", "lecture", "hall"] {
        let refused = laptop.ask(activity, own.clone()).await?;
        assert_eq!(refused, json!({ "admitted": false, "message": "You have no seat here.", "queuePlace": null }));
        if activity == "interview" {
            continue;
        }
        phone.take_seat(activity).await?;
        assert_eq!(laptop.ask(activity, own.clone()).await?["admitted"], true, "the seat of the phone moves");
        assert_eq!(laptop.ask(activity, own.clone()).await?["admitted"], true, "the laptop keeps it");
        laptop.leave("leaveActivity(presenceId: $id)").await?;
    }

    other.take_seat("interview").await?;
    phone.wait("interview", 1).await?;
    // It shows the place of the person, and does not begin to wait.
    assert_eq!(laptop.ask("interview", own.clone()).await?["queuePlace"]["position"], 1);
    other.leave("leaveActivity(presenceId: $id)").await?;
    let kept = laptop.ask("interview", json!({ "wait": true, "takeOffer": false })).await?;
    ensure!(kept["admitted"] == false && kept["queuePlace"]["offer"]["expiresAt"].is_string(), "{kept}");
    assert_eq!(kept["message"], "A seat is kept for you. Ask again to take it.");
    let none = json!({ "takeNew": false, "takeOffer": false });
    assert_eq!(phone.ask("interview", none).await?["admitted"], false);
    assert_eq!(phone.ask("interview", own).await?["admitted"], true, "it takes the offered seat");
    Ok(())
}
