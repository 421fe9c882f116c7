//! Organisers change their session and its meetings.

use anyhow::{Context, Result, ensure};
use chrono::{Days, TimeDelta};
use insession_tests::{Client, Deployment, TestDatabase, now, on_both_databases};
use serde_json::{Value, json};

use super::Visitor;
use crate::fixtures::{
    add_organizer, cancel, check_in, create_active_instance, create_instance, create_person, create_session, in_seconds,
};

on_both_databases!(
    organizer_edits_the_session_and_its_schedule,
    end_of_a_rule_that_a_person_saves_unchanged_goes_with_the_rule,
    two_tabs_do_not_undo_each_other,
    schedule_that_two_tabs_change_is_saved_once,
    form_of_a_visitor_whose_sign_in_has_ended_is_given_back,
    organizer_adds_moves_cancels_holds_and_deletes_meetings,
    organizer_checks_people_in_and_adds_and_removes_organizers,
    organizer_sees_past_meetings_and_who_came,
    only_organizers_and_admins_open_these_pages,
);

struct Scene {
    deployment: Deployment,
    admin: Client,
    session: String,
    olga: String,
}

impl Scene {
    async fn new(database: &TestDatabase) -> Result<Self> {
        let deployment = Deployment::start(database).await?;
        let admin = deployment.admin();
        let session = create_session(&admin, "Monday").await?;
        let olga = create_person(&admin, "Olga Organ").await?;
        add_organizer(&admin, &session, &olga).await?;
        Ok(Self { deployment, admin, session, olga })
    }

    fn visitor(&self, person: &str) -> Visitor {
        Visitor::of(&self.deployment.first().client_of(person))
    }

    async fn session(&self, fields: &str) -> Result<Value> {
        let document = format!("query($id: ID!) {{ session(id: $id) {{ {fields} }} }}");
        Ok(self.admin.data(&document, json!({ "id": self.session })).await?["session"].take())
    }
}

/// The form of `/edit`, with some fields changed.
fn details<'a>(changed: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let usual = [
        ("name", "Monday"),
        ("path", "monday"),
        ("timeZone", "UTC"),
        ("activeBufferMinutesBefore", "0"),
        ("activeBufferMinutesAfter", "0"),
        ("autoCreateHoursAhead", "24"),
        ("checkInCodes", "none"),
    ];
    let kept = usual.into_iter().filter(|(name, _)| changed.iter().all(|(other, _)| other != name));
    kept.chain(changed.iter().copied()).collect()
}

async fn organizer_edits_the_session_and_its_schedule(database: TestDatabase) -> Result<()> {
    let scene = Scene::new(&database).await?;
    let olga = scene.visitor(&scene.olga);
    olga.get("/me").await?.says("Sessions I organise")?.says("/sessions/monday/organize")?;

    // Name, place, description and times.
    let form = olga.get("/sessions/monday/edit").await?;
    assert_eq!((form.value("name")?, form.value("city")?), ("Monday".to_owned(), "Austin".to_owned()));
    let wrong = details(&[("name", ""), ("location", "The <Hangar>"), ("autoCreateInstances", "on")]);
    let refused = olga.post("/sessions/monday/edit", &wrong).await?.refuses("name", "Name ")?;
    assert_eq!(refused.value("location")?, "The &lt;Hangar&gt;");
    olga.post("/sessions/monday/edit", &details(&[("timeZone", "Mars/Olympus")]))
        .await?
        .refuses("timeZone", "Time zone ")?;
    olga.post("/sessions/monday/edit", &details(&[("latitude", "30")])).await?.refuses("longitude", "Longitude ")?;
    olga.post("/sessions/monday/edit", &details(&[("pictureUrl", "http://example.org/a.jpg")]))
        .await?
        .refuses("pictureUrl", "Picture must be the https address of a picture")?;
    create_session(&scene.admin, "Taken").await?;
    let wrong = [("path", "taken"), ("website", "javascript:alert(1)"), ("latitude", "x"), ("longitude", "30,5")];
    // A taken address is said together with the other wrong fields.
    olga.post("/sessions/monday/edit", &details(&wrong))
        .await?
        .says("Correct these 3 things:")?
        .says("id=\"field-path-wrong\">Another session has this address. Choose another.</span>")?
        .says(
            "id=\"field-website-wrong\">Website must be the address of a website, such as https://example.org/session.",
        )?
        .says("id=\"field-latitude-wrong\">Latitude must be a number of degrees, such as 30.2672.</span>")?;
    olga.post("/sessions/monday/edit", &details(&[("path", "taken")]))
        .await?
        .refuses("path", "Another session has this address.")?;
    let new = details(&[
        ("pictureUrl", "https://example.org/a.jpg"),
        ("name", "Monday Tunes"),
        ("path", "tunes"),
        ("location", "The Hangar"),
        ("city", "Austin"),
        ("country", "US"),
        ("description", "Tunes.\r\n\r\n*All welcome*"),
        ("latitude", "30.2672"),
        ("longitude", "-97.7431"),
    ]);
    let saved = olga.post("/sessions/monday/edit", &new).await?.confirms("The session is saved.")?;
    ensure!(saved.address.starts_with("/sessions/tunes/organize"), "{}", saved.address);
    let session = scene.session("name path location city description latitude pictureUrl").await?;
    assert_eq!(
        (&session["name"], &session["path"], &session["location"]),
        (&json!("Monday Tunes"), &json!("tunes"), &json!("The Hangar"))
    );
    assert_eq!((&session["latitude"], &session["pictureUrl"]), (&json!(30.2672), &json!("https://example.org/a.jpg")));
    assert_eq!(olga.get("/sessions/tunes/edit").await?.value("pictureUrl")?, "https://example.org/a.jpg");
    olga.get("/sessions/tunes").await?.says("<em>All welcome</em>")?.says(
        "<meta name=\"description\" content=\"No regular schedule. The Hangar, Austin, US. Tunes. All welcome\">",
    )?;
    saved
        .says("&lt;live-now-badge session=&quot;Session:1&quot;&gt;&lt;/live-now-badge&gt;")?
        .says("/sessions/tunes/calendar.ics")?;

    // The schedule: buttons change the form, and nothing is saved before its button.
    let page = "/sessions/tunes/schedule";
    olga.get(page).await?.says("No regular schedule.")?;
    let with_row = olga.post(page, &[("add", "weekly")]).await?.says("The next dates")?;
    assert_eq!(with_row.status, 200);
    assert_eq!(with_row.value("schedules.0.startTime")?, "19:00");
    let weekly = |weeks| {
        vec![
            ("schedules.0.kind", "weekly"),
            ("schedules.0.weekday", "THU"),
            ("schedules.0.everyNWeeks", weeks),
            ("schedules.0.startTime", "19:30"),
            ("schedules.0.endTime", "22:00"),
        ]
    };
    let with = |mut fields: Vec<(&'static str, &'static str)>, button: (&'static str, &'static str)| {
        fields.push(button);
        fields
    };
    olga.post(page, &with(weekly("1"), ("preview", "yes")))
        .await?
        .says("The next dates")?
        .says("Thursdays from 7:30pm–10:00pm")?;
    assert_eq!(scene.session("recurrence { text }").await?["recurrence"]["text"], "No regular schedule");
    olga.post(page, &with(weekly("521"), ("save", "yes")))
        .await?
        .refuses("schedules.0.everyNWeeks", "Weeks apart must be 1 to 520.")?;
    let both = with(with(weekly("2"), ("add", "rrule")), ("x", ""));
    let both = olga.post(page, &both).await?;
    assert_eq!(
        (both.value("schedules.0.everyNWeeks")?, both.value("schedules.1.rrule")?),
        ("2".into(), "FREQ=WEEKLY;BYDAY=TH".into())
    );
    olga.post(page, &with(weekly("1"), ("save", "yes"))).await?.confirms("The schedule is saved.")?;
    assert_eq!(scene.session("recurrence { text }").await?["recurrence"]["text"], "Thursdays from 7:30pm-10:00pm");

    // Dates are left out, and the page says the next ones.
    let day = (now().date_naive() + Days::new(30)).to_string();
    let skipped = olga.post("/sessions/tunes/skips", &[("from", &day), ("to", ""), ("reason", "Christmas")]).await?;
    skipped.confirms("These dates are left out.")?.says(": Christmas")?;
    Ok(())
}

/// The form has the last date of the rule. Only another date is one that the person gives.
async fn end_of_a_rule_that_a_person_saves_unchanged_goes_with_the_rule(database: TestDatabase) -> Result<()> {
    let scene = Scene::new(&database).await?;
    let olga = scene.visitor(&scene.olga);
    let page = "/sessions/monday/schedule";
    let update =
        "mutation($input: UpdateSessionInput!) { updateSession(input: $input) { session { terminationDate } } }";
    let replace = async |rule: &str| -> Result<Value> {
        let schedules = json!([{ "rrule": { "rrule": rule, "startTime": "19:30", "endTime": "22:00" } }]);
        let input = json!({ "input": { "id": scene.session, "schedules": schedules } });
        Ok(scene.admin.data(update, input).await?["updateSession"]["session"]["terminationDate"].take())
    };
    let (weekly, ended) = ("FREQ=WEEKLY;BYDAY=TH", "FREQ=WEEKLY;BYDAY=TH;UNTIL=20991231T235959Z");
    for (day, last, kept) in [
        ("THU", "2099-12-31", Value::Null),
        ("THU", "2098-12-31", json!("2098-12-31")),
        // With another schedule, the date is what the person wants.
        ("FRI", "2099-12-31", json!("2099-12-31")),
    ] {
        assert_eq!(replace(ended).await?, "2099-12-31");
        let form = olga.get(page).await?;
        assert_eq!(form.value("terminationDate")?, "2099-12-31");
        let fields = [("schedules.0.weekday", day), ("terminationDate", last), ("save", "yes")];
        olga.post_edited(page, &form, &fields).await?.confirms("The schedule is saved.")?;
        assert_eq!(scene.session("terminationDate").await?["terminationDate"], last);
        assert_eq!(replace(weekly).await?, kept, "{day} until {last}");
    }
    Ok(())
}

/// Two tabs show the same form. Each of them changes one field.
async fn two_tabs_do_not_undo_each_other(database: TestDatabase) -> Result<()> {
    let scene = Scene::new(&database).await?;
    let (olga, admin) = (scene.visitor(&scene.olga), Visitor::of(&scene.admin));
    create_instance(&scene.admin, &scene.session, in_seconds(3_600), in_seconds(7_200)).await?;

    let page = "/sessions/monday/edit";
    let opened = olga.get(page).await?;
    olga.post_edited(page, &opened, &[("city", "Dallas")]).await?.confirms("The session is saved.")?;
    // A form that is refused, and shown again, still sends only what its sender changed.
    let wrong = [("description", "Tunes & <songs>\r\n\"All\" welcome"), ("longitude", "x")];
    let refused = olga.post_edited(page, &opened, &wrong).await?.refuses("longitude", "Longitude must be")?;
    assert_eq!(refused.value("shown")?, opened.value("shown")?);
    olga.post_edited(page, &refused, &wrong[..1]).await?.confirms("The session is saved.")?;
    let session = scene.session("name city description").await?;
    let described = json!("Tunes & <songs>\r\n\"All\" welcome");
    assert_eq!((&session["city"], &session["description"]), (&json!("Dallas"), &described));
    // An empty field is a change, too.
    let opened = olga.get(page).await?;
    olga.post_edited(page, &opened, &[("description", "")]).await?.confirms("The session is saved.")?;
    olga.post_edited(page, &opened, &[("city", "")]).await?.confirms("The session is saved.")?;
    let session = scene.session("name city description").await?;
    assert_eq!(session, json!({ "name": "Monday", "city": null, "description": null }));

    let page = "/sessions/monday/meetings/1";
    let later = (now().date_naive() + Days::new(4)).to_string();
    let opened = olga.get(page).await?;
    olga.post_edited(page, &opened, &[("locationOverride", "The Annex")]).await?.confirms("The meeting is saved.")?;
    olga.post_edited(page, &opened, &[("date", &later)]).await?.confirms("The meeting is saved.")?;
    let meeting = scene.session("instances { nodes { date locationOverride } }").await?["instances"]["nodes"][0].take();
    assert_eq!(meeting, json!({ "date": later, "locationOverride": "The Annex" }));

    let opened = olga.get("/me").await?;
    let save = async |changed: &[(&str, &str)]| {
        olga.post_edited("/me/profile", &opened, changed).await?.confirms("Your profile is saved.")
    };
    save(&[("city", "Dallas")]).await?;
    save(&[("hides_place", "on")]).await?;
    let page = "/admin/people/1";
    let opened = admin.get(page).await?;
    admin.post_edited(page, &opened, &[("country", "US")]).await?.confirms("The person is saved.")?;
    admin.post_edited(page, &opened, &[("displayName", "Olga")]).await?.confirms("The person is saved.")?;
    let document = "query($id: ID!) { person(id: $id) { displayName city country hidesPlace } }";
    let data = scene.admin.data(document, json!({ "id": scene.olga })).await?;
    let both = json!({ "displayName": "Olga", "city": "Dallas", "country": "US", "hidesPlace": true });
    assert_eq!(data["person"], both);
    Ok(())
}

async fn schedule_that_two_tabs_change_is_saved_once(database: TestDatabase) -> Result<()> {
    let scene = Scene::new(&database).await?;
    let olga = scene.visitor(&scene.olga);
    let page = "/sessions/monday/schedule";
    let weekly = |day| {
        [
            ("schedules.0.kind", "weekly"),
            ("schedules.0.weekday", day),
            ("schedules.0.everyNWeeks", "1"),
            ("schedules.0.startTime", "19:30"),
            ("schedules.0.endTime", "22:00"),
            ("save", "yes"),
        ]
    };
    let fields = "recurrence { text } initiationDate terminationDate";
    let text = "Thursdays from 7:30pm-10:00pm";
    let opened = olga.get(page).await?;
    olga.post_edited(page, &opened, &weekly("THU")).await?.confirms("The schedule is saved.")?;
    // The other tab changes only the dates.
    let first = (now().date_naive() + Days::new(1)).to_string();
    let dates = [("initiationDate", first.as_str()), ("save", "yes")];
    olga.post_edited(page, &opened, &dates).await?.confirms("The schedule is saved.")?;
    let dates = [("terminationDate", "2099-12-31"), ("save", "yes")];
    olga.post_edited(page, &opened, &dates).await?.confirms("The schedule is saved.")?;
    let saved = json!({ "recurrence": { "text": text }, "initiationDate": first, "terminationDate": "2099-12-31" });
    assert_eq!(scene.session(fields).await?, saved);
    // The other tab changes the schedules, too. What was typed is kept.
    let refused = olga.post_edited(page, &opened, &weekly("FRI")).await?;
    assert_eq!(refused.status, 409);
    let refused = refused
        .says("Somebody else has changed the schedule since you opened this page. It is now: Thursdays from")?
        .says("<a href=\"/sessions/monday/schedule\">Open the schedule again</a>")?
        .says("value=\"FRI\" selected")?;
    assert_eq!(olga.post_edited(page, &refused, &weekly("FRI")).await?.status, 409);
    assert_eq!(scene.session(fields).await?, saved);
    let opened = olga.get(page).await?;
    olga.post_edited(page, &opened, &weekly("FRI")).await?.confirms("The schedule is saved.")?;

    // A button that changes the form leads to what it made.
    let added = olga.post_edited(page, &opened, &[("add", "monthDay")]).await?;
    let added =
        added.says("id=\"field-schedules-1-days\" type=\"text\" name=\"schedules.1.days\" value=\"1\" required")?;
    let field = added.text.find("id=\"field-schedules-1-days\"").context("the new field")?;
    ensure!(
        added.text[field..].split_once('>').is_some_and(|(field, _)| field.contains(" autofocus")),
        "{}",
        added.text
    );
    for button in [("remove", "0"), ("preview", "yes")] {
        let changed = olga.post_edited(page, &opened, &[button]).await?;
        changed.says("id=\"preview\" aria-labelledby=\"next-dates\" role=\"status\" tabindex=\"-1\" autofocus")?;
    }
    Ok(())
}

async fn form_of_a_visitor_whose_sign_in_has_ended_is_given_back(database: TestDatabase) -> Result<()> {
    let scene = Scene::new(&database).await?;
    let page = "/sessions/monday/edit";
    let changed = details(&[("description", "Tunes & <songs>")]);
    let nobody = Visitor::of(&scene.deployment.first().client());
    let kept = nobody.post(page, &changed).await?;
    assert_eq!(kept.status, 401);
    kept.says("Your sign-in has ended, so nothing was saved.")?
        .says("href=\"/sign-in?next=%2Fsessions%2Fmonday\" target=\"_blank\"")?
        .says(&format!("<form class=\"stacked\" method=\"post\" action=\"{page}\">"))?
        .says("<input type=\"hidden\" name=\"description\" value=\"Tunes &amp; &lt;songs&gt;\">")?;
    for form in ["/me/profile", "/me/slots", "/me/keys", "/slots", "/admin/people/1"] {
        let kept = nobody.post(form, &[("slot", "TimeSlot:1"), ("city", "Austin")]).await?;
        assert_eq!(kept.status, 401, "{form}");
        kept.says("<input type=\"hidden\" name=\"city\" value=\"Austin\">")?;
    }
    Ok(())
}

async fn organizer_adds_moves_cancels_holds_and_deletes_meetings(database: TestDatabase) -> Result<()> {
    let scene = Scene::new(&database).await?;
    let olga = scene.visitor(&scene.olga);
    let day = (now().date_naive() + Days::new(3)).to_string();
    let later = (now().date_naive() + Days::new(4)).to_string();
    let page = "/sessions/monday/meetings";

    // A meeting is added once, or twice on purpose.
    let new = [("date", day.as_str()), ("startTime", "19:00"), ("endTime", "22:00")];
    olga.post(page, &[("date", &day), ("startTime", "19:00"), ("endTime", "19:00")])
        .await?
        .refuses("endTime", "End ")?;
    let added = olga.post(page, &new).await?.confirms("The meeting is added.")?;
    ensure!(added.address.starts_with("/sessions/monday/meetings/1?"), "{}", added.address);
    let duplicate = olga.post(page, &new).await?.refuses("date", "The session already has a meeting on that date")?;
    duplicate.says("name=\"allowDuplicate\"")?.lacks("SessionInstance:")?;
    olga.post(page, &[("date", "soon"), ("startTime", "late"), ("endTime", "22:00")]).await?.refuses_all(&[
        ("date", "Date must be a date, such as 2027-03-31."),
        ("startTime", "Start must be a time, such as 19:30."),
    ])?;

    // Tonight's meeting is moved, relocated, cancelled and restored.
    let meeting = "/sessions/monday/meetings/1";
    let moved =
        [("date", later.as_str()), ("startTime", "20:00"), ("endTime", "23:00"), ("locationOverride", "The Annex")];
    olga.post(meeting, &moved).await?.confirms("The meeting is saved.")?.says("The Annex, Austin")?;
    let status = "/sessions/monday/meetings/1/status";
    olga.post(status, &[("action", "cancel")])
        .await?
        .confirms("The meeting is cancelled.")?
        .says("Hold it after all")?;
    let refused = olga.post(status, &[("action", "on"), ("hours", "2")]).await?;
    assert_eq!(refused.status, 409);
    refused
        .says("This meeting is cancelled, so it cannot be live. Hold it after all first.")?
        .lacks("by hand until")?;
    let override_ = [("instance", "SessionInstance:1"), ("action", "on"), ("hours", "2")];
    let admin = Visitor::of(&scene.admin);
    admin.post("/admin/override", &override_).await?.says("This meeting is cancelled, so it cannot be live.")?;
    let unknown = [("instance", "SessionInstance:99"), ("action", "on"), ("hours", "2")];
    admin.post("/admin/override", &unknown).await?.refuses("instance", "There is no meeting with this id.")?;
    olga.post(status, &[("action", "restore")]).await?.confirms("The meeting takes place after all.")?;

    // It is held on and off by hand.
    olga.post(status, &[("action", "on"), ("hours", "9000")]).await?.refuses("hours", "Hours must be 1 to 8760.")?;
    olga.post(status, &[("action", "on"), ("hours", "2")])
        .await?
        .confirms("The meeting is live.")?
        .says("Set live by hand until")?;
    let data = scene.session("isActive").await?;
    assert_eq!(data["isActive"], true);
    olga.post(status, &[("action", "off"), ("hours", "")])
        .await?
        .confirms("The meeting is not live.")?
        .says("Set not live by hand until the next sweep")?;
    olga.post(status, &[("action", "clear")]).await?.confirms("The meeting follows its times again.")?;

    // Deleting it asks first.
    let ask = olga.get("/sessions/monday/meetings/1/delete").await?;
    ask.says("Delete this meeting?")?.says("action=\"/sessions/monday/meetings/1/delete\"")?;
    olga.post("/sessions/monday/meetings/1/delete", &[("confirmed", "yes")])
        .await?
        .confirms("The meeting is deleted.")?;
    assert_eq!(olga.get(meeting).await?.status, 404);
    // Nothing makes a meeting live after the last date of its session.
    olga.post(page, &new).await?.confirms("The meeting is added.")?;
    let end = "mutation($input: UpdateSessionInput!) { updateSession(input: $input) { session { id } } }";
    let today = now().date_naive().to_string();
    scene.admin.data(end, json!({ "input": { "id": scene.session, "terminationDate": today } })).await?;
    olga.post("/sessions/monday/meetings/2/status", &[("action", "on"), ("hours", "2")])
        .await?
        .says("This meeting is after the last date of the session, so it cannot be live.")?;
    scene.admin.data(end, json!({ "input": { "id": scene.session, "terminationDate": null } })).await?;

    // A meeting of the schedule that has no instance yet gets one when it is changed.
    let weekday = (now().date_naive() + Days::new(5)).format("%a").to_string().to_uppercase();
    let schedule = [
        ("schedules.0.kind", "weekly"),
        ("schedules.0.weekday", weekday.as_str()),
        ("schedules.0.everyNWeeks", "1"),
        ("schedules.0.startTime", "19:00"),
        ("schedules.0.endTime", "22:00"),
        ("save", "yes"),
    ];
    olga.post("/sessions/monday/schedule", &schedule).await?.confirms("The schedule is saved.")?;
    let next = olga.get(page).await?;
    let key = [("date", next.value("date")?), ("start", next.value("start")?)];
    let key = [("date", key[0].1.as_str()), ("start", key[1].1.as_str())];
    let opened = olga.post("/sessions/monday/meetings/open", &key).await?.says("Move this meeting")?;
    let again = olga.post("/sessions/monday/meetings/open", &key).await?;
    assert_eq!(opened.address, again.address, "it gets one instance");
    let never = [("date", "2001-01-01"), ("start", "19:00")];
    assert_eq!(olga.post("/sessions/monday/meetings/open", &never).await?.status, 404);
    Ok(())
}

async fn organizer_checks_people_in_and_adds_and_removes_organizers(database: TestDatabase) -> Result<()> {
    let scene = Scene::new(&database).await?;
    let olga = scene.visitor(&scene.olga);
    let ben = create_person(&scene.admin, "Ben Bodhran").await?;
    create_active_instance(&scene.admin, &scene.session).await?;
    let (page, people) = ("/sessions/monday/meetings/1", "/sessions/monday/meetings/1/people");
    olga.get(&format!("{page}?name=xyz")).await?.says("Nobody has a name with these letters.")?;
    olga.get(&format!("{page}?name=bod"))
        .await?
        .says("tabindex=\"-1\" autofocus>Results: 1</p>")?
        .says("aria-label=\"Check in: Ben Bodhran\"")?;
    olga.post(people, &[("person", &ben), ("action", "in")])
        .await?
        .confirms("The person is checked in.")?
        .says("1 here now</span>, 1 said yes")?;
    olga.post(people, &[("person", &ben), ("action", "out")])
        .await?
        .confirms("The person is checked out.")?
        .says("Nobody is here yet")?;
    let removed = olga.post(people, &[("person", &ben), ("action", "remove")]).await?;
    removed.confirms("The answer is removed.")?.lacks("Ben Bodhran")?;
    // Before a meeting, nobody arrives or leaves.
    create_instance(&scene.admin, &scene.session, in_seconds(3_600), in_seconds(7_200)).await?;
    let people = "/sessions/monday/meetings/2/people";
    for action in ["in", "out"] {
        olga.post(people, &[("person", &ben), ("action", action)]).await?.confirms("The answer is saved.")?;
    }

    let page = "/sessions/monday/organizers";
    olga.get(&format!("{page}?name=ben")).await?.says("aria-label=\"Add Ben Bodhran\"")?;
    // Nobody can add people whose account is deactivated.
    let gone = create_person(&scene.admin, "Benedict Gone").await?;
    let deactivate = "mutation($input: UpdatePersonInput!) { updatePerson(input: $input) { person { id } } }";
    scene.admin.data(deactivate, json!({ "input": { "id": gone, "isDeactivated": true } })).await?;
    olga.get(&format!("{page}?name=ben")).await?.says("Add Ben Bodhran")?.lacks("Benedict Gone")?;
    olga.post(page, &[("person", &ben), ("action", "add")]).await?.confirms("The organiser is added.")?;
    scene.visitor(&ben).get("/sessions/monday/organize").await?.says("Organise Monday")?;
    // Removing oneself asks first.
    let own = [("person", scene.olga.as_str()), ("action", "remove")];
    olga.post(page, &own).await?.says("Stop organising this session?")?;
    olga.get(page).await?.says("Olga Organ")?;
    olga.post(page, &[own[0], own[1], ("confirmed", "yes")]).await?.confirms("The organiser is removed.")?;
    assert_eq!(olga.get(page).await?.status, 403);
    let by_ben = scene.visitor(&ben);
    by_ben.post(page, &[("person", "Person:99"), ("action", "add")]).await?.says("There is no person Person:99.")?;
    Ok(())
}

async fn organizer_sees_past_meetings_and_who_came(database: TestDatabase) -> Result<()> {
    const DAY: i64 = 86_400;
    let scene = Scene::new(&database).await?;
    let olga = scene.visitor(&scene.olga);
    let page = "/sessions/monday/meetings/past";
    olga.get(page).await?.says("No meeting is over yet.")?.lacks("Older meetings")?;
    let mut dates = Vec::new();
    for days in 1..=22 {
        let start = in_seconds(-days * DAY - 60);
        let meeting = create_instance(&scene.admin, &scene.session, start, start + TimeDelta::seconds(30)).await?;
        dates.push((start.date_naive(), meeting));
    }
    let running = create_active_instance(&scene.admin, &scene.session).await?;
    let next = create_instance(&scene.admin, &scene.session, in_seconds(3_600), in_seconds(7_200)).await?;
    check_in(&scene.admin, &dates[0].1, "YES", Some(&scene.olga)).await?;
    cancel(&scene.admin, &dates[1].1).await?;

    let address = |id: &str| format!("/sessions/monday/meetings/{}\"", id.trim_start_matches("SessionInstance:"));
    let shown = olga.get(page).await?.says("1 said yes")?.says("<strong>Cancelled</strong>")?;
    let places: Vec<Option<usize>> = dates.iter().map(|(_, id)| shown.text.find(&address(id))).collect();
    // The running meeting has a place on the page, but is not shown.
    let count = places.iter().flatten().count();
    ensure!(count == 19 && places[..count].iter().all(Option::is_some), "{places:?}: {}", shown.text);
    ensure!(places[..count].is_sorted(), "{places:?}");
    for other in [&running, &next] {
        ensure!(!shown.text.contains(&address(other)), "{other} is not over: {}", shown.text);
    }
    let older = shown.text.split_once("meetings/past?before=").context("a link to older meetings")?.1;
    let older = format!("{page}?before={}", older.split_once('"').context("the end of the link")?.0);
    let shown = olga.get(&older).await?.lacks("Older meetings")?;
    for (at, (_, id)) in dates.iter().enumerate() {
        ensure!(shown.text.contains(&address(id)) == (at >= count), "{at}: {}", shown.text);
    }
    assert_eq!(olga.get(&format!("{page}?before=x")).await?.status, 422);

    // The pages before it lead there, and it leads to who answered.
    for from in ["/sessions/monday", "/sessions/monday/organize", "/sessions/monday/meetings"] {
        olga.get(from).await?.says(&format!("href=\"{page}\""))?;
    }
    let stranger = Visitor::of(&scene.deployment.first().client());
    stranger.get("/sessions/monday").await?.lacks("Past meetings")?;
    let id = dates[0].1.trim_start_matches("SessionInstance:");
    olga.get(&format!("/sessions/monday/meetings/{id}")).await?.says("Olga Organ")?;
    Ok(())
}

async fn only_organizers_and_admins_open_these_pages(database: TestDatabase) -> Result<()> {
    let scene = Scene::new(&database).await?;
    create_active_instance(&scene.admin, &scene.session).await?;
    let stranger = scene.visitor(&create_person(&scene.admin, "Sam").await?);
    let nobody = Visitor::of(&scene.deployment.first().client());
    let admin = Visitor::of(&scene.admin);
    for (page, forms) in [
        ("organize", &[][..]),
        ("edit", &["edit"]),
        ("schedule", &["schedule"]),
        ("organizers", &["organizers"]),
        ("meetings", &["meetings", "meetings/open", "skips", "skips/remove"]),
        ("meetings/past", &[]),
        ("meetings/1", &["meetings/1", "meetings/1/status", "meetings/1/people"]),
        ("meetings/1/delete", &["meetings/1/delete"]),
        ("delete", &["delete"]),
    ] {
        let address = format!("/sessions/monday/{page}");
        assert_eq!(stranger.get(&address).await?.status, 403, "{page}");
        let asked = nobody.get(&address).await?.address;
        let next = address.replace('/', "%2F");
        ensure!(asked == format!("/sign-in?next={next}"), "{page}: {asked}");
        admin.get(&address).await.and_then(|shown| {
            ensure!(shown.status == 200, "{page}: {}", shown.status);
            Ok(())
        })?;
        for form in forms {
            let address = format!("/sessions/monday/{form}");
            assert_eq!(stranger.post(&address, &[]).await?.status, 403, "{form}");
            assert_eq!(nobody.post(&address, &[]).await?.status, 401, "{form}");
        }
    }
    // An organiser who is no admin does not delete the session.
    let olga = scene.visitor(&scene.olga);
    assert_eq!(olga.post("/sessions/monday/delete", &[("confirmed", "yes")]).await?.status, 403);
    let data = scene.session("name").await?;
    data["name"].as_str().context("the session is there")?;
    admin.post("/sessions/monday/delete", &[("confirmed", "yes")]).await?.confirms("The session is deleted.")?;
    assert_eq!(olga.get("/sessions/monday").await?.status, 404);
    Ok(())
}
