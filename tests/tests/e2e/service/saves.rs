//! A save takes effect at once on statuses, placements, the log, and the instances of a recurrence.

use anyhow::{Context, Result, ensure};
use chrono::TimeDelta;
use domain::{
    access::Viewer,
    check_in::Attendance,
    ids::{PersonId, SessionId, SessionInstanceId},
    news::Position,
    recurrence::Recurrence,
    zone::Tz,
};
use entity::session_instance;
use insession_tests::{TestDatabase, on_both_databases};
use service::{
    check_ins,
    instances::{self, Instance, InstancePatch, NewInstance},
    log,
    people::{self, PersonPatch},
    sessions::{self, NewSession, NewSkip, SessionPatch},
};

use super::world::{Done, World, date, time, utc};

on_both_databases!(
    saved_session_recomputes_its_windows,
    saved_instance_changes_status_at_once,
    check_ins_move_people,
    changed_start_moves_people_placed_by_start,
    people_are_placed_again_when_their_instance_ends,
    counts_are_published_once_a_second,
    moved_session_logs_its_previous_place,
    changed_recurrence_retimes_upcoming_instances,
    instance_without_occurrence_is_removed_and_restored,
    skip_removes_or_cancels_instances_until_it_is_removed,
    manual_override_survives_recompute,
    occurrence_gets_an_instance_when_its_date_is_freed,
    save_without_changes_logs_nothing,
);

const ADMIN: Viewer = Viewer::ADMIN;

/// A weekly recurrence: weekday, start and end of each schedule.
fn weekly(schedules: &[(&str, &str, &str)]) -> Recurrence {
    let schedules = schedules.iter().map(|(weekday, start, end)| {
        format!(r#"{{"type":"weekly","weekday":"{weekday}","start_time":"{start}","end_time":"{end}"}}"#)
    });
    Recurrence::from_json(&format!("[{}]", schedules.collect::<Vec<_>>().join(","))).expect("valid schedules")
}

async fn new_session(world: &World, name: &str, recurrence: Option<Recurrence>) -> Result<SessionId> {
    let new = NewSession {
        name: name.to_owned(),
        path: None,
        city: Some("Austin".to_owned()),
        state: None,
        country: Some("US".to_owned()),
        location: None,
        latitude: None,
        longitude: None,
        time_zone: Tz::UTC,
        auto_create_instances: recurrence.is_some(),
        recurrence: recurrence.map(Into::into),
        active_buffer_minutes_before: 60,
        active_buffer_minutes_after: 60,
        auto_create_hours_ahead: 24,
        initiation_date: None,
        termination_date: None,
        skips: Vec::new(),
        check_in_codes: domain::door::CheckInCodes::None,
        requires_code: false,
        description: None,
        website: None,
        picture_url: None,
    };
    Ok(sessions::insert_session(&world.app, ADMIN, new).await.done()?.id)
}

/// Creates an instance on 11 June 2025.
async fn new_instance(world: &World, session: SessionId, start: &str, end: &str) -> Result<SessionInstanceId> {
    let new = NewInstance {
        session,
        date: date("2025-06-11"),
        start_time: Some(time(start)),
        end_time: Some(time(end)),
        location_override: None,
        allows_duplicate: false,
    };
    Ok(instances::insert_instance(&world.app, ADMIN, new).await.done()?.id)
}

async fn update(world: &World, id: SessionId, patch: SessionPatch) -> Result<()> {
    sessions::update_session(&world.app, ADMIN, id, patch).await.done()?;
    Ok(())
}

async fn change(world: &World, id: SessionInstanceId, patch: InstancePatch) -> Result<Instance> {
    instances::update_instance(&world.app, ADMIN, id, patch).await.done()
}

async fn say(world: &World, person: PersonId, id: SessionInstanceId, attendance: Attendance) -> Result<Option<i64>> {
    let done = check_ins::check_in(&world.app, ADMIN, id, attendance, Some(person)).await.done()?;
    world.advance_seconds(1);
    Ok(done.previous_instance.map(|id| id.0))
}

/// The changes after `position`, which advances. The world must be consistent after each save.
async fn news(world: &World, position: &mut Position) -> Result<Vec<String>> {
    world.check_consistent().await?;
    let (news, head) = world.news_after(*position).await?;
    *position = head;
    Ok(news)
}

fn patch() -> SessionPatch {
    SessionPatch::default()
}

async fn saved_session_recomputes_its_windows(database: TestDatabase) -> Result<()> {
    let world = World::new(database, "2025-06-11 18:30").await?;
    let session = new_session(&world, "Evening", None).await?;
    let id = new_instance(&world, session, "19:00", "22:00").await?;
    let ada = world.insert_person("Ada").await?;
    say(&world, ada, id, Attendance::Yes).await?;
    let mut position = Position(0);
    let (i, p) = (id.0, ada.0);
    let opened = vec![format!("ACTIVATED {i}"), format!("PERSON_MOVED {p}: - to {i}")];
    let closed = vec![format!("DEACTIVATED {i}"), format!("PERSON_MOVED {p}: {i} to -")];
    let opened_again = opened.clone();
    assert_eq!(without_counts(news(&world, &mut position).await?), opened);

    let on = Some(Some(date("2025-06-10")));
    for (patch, is_active) in [
        (SessionPatch { active_buffer_minutes_before: Some(0), ..patch() }, false),
        (SessionPatch { active_buffer_minutes_before: Some(31), ..patch() }, true),
        // 19:00 in Berlin is 17:00; in New York 23:00.
        (SessionPatch { time_zone: Some(Tz::America__New_York), ..patch() }, false),
        (SessionPatch { time_zone: Some(Tz::Europe__Berlin), ..patch() }, true),
        (SessionPatch { termination_date: on, ..patch() }, false),
        (SessionPatch { termination_date: Some(Some(date("2025-06-11"))), ..patch() }, true),
    ] {
        let text = format!("{patch:?}");
        update(&world, session, patch).await?;
        assert_eq!(world.is_active(id).await?, is_active, "{text}");
        let expected = if is_active { &opened_again } else { &closed };
        assert_eq!(&without_counts(news(&world, &mut position).await?), expected, "{text}");
        ensure!(!world.session(session).await?.needs_recompute);
    }
    Ok(())
}

fn without_counts(news: Vec<String>) -> Vec<String> {
    news.into_iter().filter(|text| !text.starts_with("UPDATED")).collect()
}

async fn saved_instance_changes_status_at_once(database: TestDatabase) -> Result<()> {
    let world = World::new(database, "2025-06-11 20:00").await?;
    let session = new_session(&world, "Evening", None).await?;
    let ada = world.insert_person("Ada").await?;
    let id = new_instance(&world, session, "19:00", "22:00").await?;
    let (i, p) = (id.0, ada.0);
    say(&world, ada, id, Attendance::Yes).await?;
    let mut position = Position(0);
    news(&world, &mut position).await?;
    let opened = [format!("ACTIVATED {i}"), format!("PERSON_MOVED {p}: - to {i}")];
    let closed = [format!("DEACTIVATED {i}"), format!("PERSON_MOVED {p}: {i} to -")];
    let none = InstancePatch::default;

    change(&world, id, InstancePatch { is_cancelled: Some(true), ..none() }).await?;
    assert_eq!(news(&world, &mut position).await?, closed, "cancelled");
    change(&world, id, InstancePatch { is_cancelled: Some(false), ..none() }).await?;
    assert_eq!(news(&world, &mut position).await?, opened, "taken back");
    change(&world, id, InstancePatch { date: Some(date("2025-06-18")), ..none() }).await?;
    assert_eq!(news(&world, &mut position).await?, closed, "moved to next week");
    change(&world, id, InstancePatch { date: Some(date("2025-06-11")), ..none() }).await?;
    assert_eq!(news(&world, &mut position).await?, opened, "and back");
    change(&world, id, InstancePatch { end_time: Some(None), ..none() }).await?;
    assert_eq!(news(&world, &mut position).await?, closed, "without an end");
    change(&world, id, InstancePatch { end_time: Some(Some(time("23:00"))), ..none() }).await?;
    assert_eq!(news(&world, &mut position).await?, opened, "with one");
    // These change what a badge shows, but move nobody.
    change(&world, id, InstancePatch { start_time: Some(Some(time("19:30"))), ..none() }).await?;
    assert_eq!(news(&world, &mut position).await?, [format!("UPDATED {i}")], "later");
    change(&world, id, InstancePatch { location_override: Some(Some("Hall".into())), ..none() }).await?;
    assert_eq!(news(&world, &mut position).await?, [format!("UPDATED {i}")], "elsewhere");
    ensure!(world.instance(id).await?.has_own_times);

    instances::set_override(&world.app, ADMIN, id, false, None).await.done()?;
    assert_eq!(news(&world, &mut position).await?, closed, "held inactive");
    instances::set_override(&world.app, ADMIN, id, true, Some(utc("2025-06-12 06:00"))).await.done()?;
    assert_eq!(news(&world, &mut position).await?, opened, "held active");
    let over = instances::set_override(&world.app, ADMIN, id, true, Some(world.now())).await;
    ensure!(matches!(over, Err(service::Error::Invalid { .. })), "an end that is not in the future: {over:?}");
    world.at("2025-06-12 05:00");
    instances::clear_override(&world.app, ADMIN, id).await.done()?;
    assert_eq!(news(&world, &mut position).await?, closed, "no longer held, long after its end");
    world.at("2025-06-11 20:30");
    instances::recompute_instance(&world.app, ADMIN, id).await.done()?;
    assert_eq!(news(&world, &mut position).await?, opened, "computed anew");
    instances::delete_instance(&world.app, ADMIN, id).await.done()?;
    assert_eq!(news(&world, &mut position).await?, closed, "deleted");
    let gone = instances::update_instance(&world.app, ADMIN, id, none()).await;
    ensure!(matches!(gone, Err(service::Error::NotFound(_))), "{gone:?}");
    Ok(())
}

async fn check_ins_move_people(database: TestDatabase) -> Result<()> {
    let world = World::new(database, "2025-06-11 18:30").await?;
    let early = new_instance(&world, new_session(&world, "Early", None).await?, "19:00", "22:00").await?;
    let late = new_instance(&world, new_session(&world, "Late", None).await?, "19:30", "22:00").await?;
    let next = new_instance(&world, new_session(&world, "Next", None).await?, "21:00", "23:00").await?;
    let ada = world.insert_person("Ada").await?;
    let mut position = world.head().await?;

    // A yes to an instance that is not active yet places nobody.
    assert_eq!(say(&world, ada, next, Attendance::Yes).await?, None);
    assert_eq!(world.place(ada).await?, None);
    ensure!(news(&world, &mut position).await?.is_empty());
    // The latest arrival wins, and each check-in returns the previous instance.
    for (to, from) in [(late, None), (early, Some(late)), (late, Some(early)), (late, None)] {
        assert_eq!(say(&world, ada, to, Attendance::Yes).await?, from.map(|id| id.0), "to {to}");
        assert_eq!(world.place(ada).await?, Some(to));
    }
    world.check_consistent().await?;
    position = world.head().await?;
    // A yes in advance does not move a person away from where they arrived.
    world.at("2025-06-11 20:00");
    world.sweep_exactly().await?;
    ensure!(world.is_active(next).await?);
    assert_eq!(news(&world, &mut position).await?, [format!("ACTIVATED {}", next.0)]);
    // After a no, the other arrival counts, then the yes in advance, then nothing.
    for (from, to) in [(late, Some(early)), (early, Some(next)), (next, None)] {
        let answer = if from == early { Attendance::Maybe } else { Attendance::No };
        assert_eq!(say(&world, ada, from, answer).await?, Some(from.0));
        assert_eq!(world.place(ada).await?, to);
        let text = format!("PERSON_MOVED {}: {} to {}", ada.0, from.0, to.map_or("-".into(), |id| id.0.to_string()));
        ensure!(news(&world, &mut position).await?.contains(&text), "{text}");
    }
    // Removing the check-in removes the person's placement.
    say(&world, ada, early, Attendance::Yes).await?;
    check_ins::delete_check_in(&world.app, ADMIN, early, Some(ada)).await.done()?;
    assert_eq!(world.place(ada).await?, None);
    world.check_consistent().await
}

/// Of the yeses in advance, the instance that starts first counts, also after a start has changed.
async fn changed_start_moves_people_placed_by_start(database: TestDatabase) -> Result<()> {
    let world = World::new(database, "2025-06-11 12:00").await?;
    let session = new_session(&world, "Early", None).await?;
    let early = new_instance(&world, session, "19:00", "22:00").await?;
    let late = new_instance(&world, new_session(&world, "Late", None).await?, "19:30", "22:00").await?;
    let ada = world.insert_person("Ada").await?;
    for id in [early, late] {
        say(&world, ada, id, Attendance::Yes).await?;
    }
    world.at("2025-06-11 20:00");
    world.sweep_exactly().await?;
    assert_eq!(world.place(ada).await?, Some(early));
    let starts = |at| InstancePatch { start_time: Some(Some(time(at))), ..InstancePatch::default() };
    change(&world, early, starts("19:45")).await?;
    assert_eq!(world.place(ada).await?, Some(late), "it starts last");
    change(&world, early, starts("19:15")).await?;
    assert_eq!(world.place(ada).await?, Some(early), "it starts first again");
    // 19:15 on Cape Verde is 20:15 UTC: it is active already and starts last.
    update(&world, session, SessionPatch { time_zone: Some(Tz::Atlantic__Cape_Verde), ..patch() }).await?;
    assert_eq!(world.place(ada).await?, Some(late), "in another zone it starts last");
    world.check_consistent().await
}

async fn people_are_placed_again_when_their_instance_ends(database: TestDatabase) -> Result<()> {
    let world = World::new(database, "2025-06-11 20:00").await?;
    let (one, other) = (new_session(&world, "One", None).await?, new_session(&world, "Other", None).await?);
    let here = new_instance(&world, one, "19:00", "22:00").await?;
    let there = new_instance(&world, other, "19:30", "22:00").await?;
    let ada = world.insert_person("Ada").await?;
    say(&world, ada, there, Attendance::Yes).await?;
    say(&world, ada, here, Attendance::Yes).await?;
    let mut position = world.head().await?;
    let moved = |from: Option<SessionInstanceId>, to: Option<SessionInstanceId>| {
        let text = |id: Option<SessionInstanceId>| id.map_or("-".to_owned(), |id| id.0.to_string());
        format!("PERSON_MOVED {}: {} to {}", ada.0, text(from), text(to))
    };

    let deactivated = |it| PersonPatch { is_deactivated: Some(it), ..PersonPatch::default() };
    people::update_person(&world.app, ADMIN, ada, deactivated(true)).await.done()?;
    ensure!(news(&world, &mut position).await?.contains(&moved(Some(here), None)), "deactivated");
    people::update_person(&world.app, ADMIN, ada, deactivated(false)).await.done()?;
    ensure!(news(&world, &mut position).await?.contains(&moved(None, Some(here))), "taken back");

    change(&world, here, InstancePatch { is_cancelled: Some(true), ..InstancePatch::default() }).await?;
    assert_eq!(
        without_counts(news(&world, &mut position).await?),
        [format!("DEACTIVATED {}", here.0), moved(Some(here), Some(there))],
        "cancelled: the move is in the same batch"
    );
    change(&world, here, InstancePatch { is_cancelled: Some(false), ..InstancePatch::default() }).await?;
    assert_eq!(
        without_counts(news(&world, &mut position).await?),
        [format!("ACTIVATED {}", here.0), moved(Some(there), Some(here))]
    );
    instances::delete_instance(&world.app, ADMIN, here).await.done()?;
    ensure!(news(&world, &mut position).await?.contains(&moved(Some(here), Some(there))), "deleted");
    // When it ends, the person is nowhere.
    world.at("2025-06-11 23:00");
    world.sweep_exactly().await?;
    assert_eq!(news(&world, &mut position).await?, [format!("DEACTIVATED {}", there.0), moved(Some(there), None)]);
    Ok(())
}

async fn counts_are_published_once_a_second(database: TestDatabase) -> Result<()> {
    let world = World::new(database, "2025-06-11 20:00").await?;
    let id = new_instance(&world, new_session(&world, "Evening", None).await?, "19:00", "22:00").await?;
    let mut people = Vec::new();
    for number in 0..10 {
        people.push(world.insert_person(&format!("Person {number}")).await?);
    }
    let start = world.now();
    let mut position = world.head().await?;
    let mut updates = Vec::new();
    // Ten check-ins in nine tenths of a second.
    for (number, person) in (0..).zip(&people) {
        world.clock.set(start + TimeDelta::milliseconds(number * 90));
        check_ins::check_in(&world.app, ADMIN, id, Attendance::Yes, Some(*person)).await.done()?;
        let published = log::publish(&world.app).await.done()?;
        for change in log::read_after(&world.app.db, position, 100).await.done()? {
            position = change.position;
            if change.event.as_move().is_none() {
                updates.push(change.occurred_at);
            }
        }
        // Later counts wait until a second after the first.
        let retry_at = (number > 0).then(|| start + TimeDelta::seconds(1));
        assert_eq!(published.retry_at, retry_at, "after {number}");
    }
    assert_eq!(updates, [start]);
    world.clock.set(start + TimeDelta::milliseconds(999));
    log::publish(&world.app).await.done()?;
    ensure!(log::read_after(&world.app.db, position, 100).await.done()?.is_empty(), "too early");
    // The last value is always published, once.
    world.clock.set(start + TimeDelta::seconds(1));
    assert_eq!(log::publish(&world.app).await.done()?.retry_at, None);
    let last = log::read_after(&world.app.db, position, 100).await.done()?;
    assert_eq!(
        last.iter().filter_map(|it| Some((it.event.as_session()?.instance?, it.occurred_at))).collect::<Vec<_>>(),
        [(id, world.now())]
    );
    let counts = instances::find_counts(&world.app, &[id]).await.done()?;
    assert_eq!((counts[0].1.present, counts[0].1.attending), (10, 10));
    // Counts of an inactive instance are not published.
    instances::set_override(&world.app, ADMIN, id, false, None).await.done()?;
    position = world.head().await?;
    world.advance_seconds(10);
    say(&world, people[0], id, Attendance::No).await?;
    ensure!(news(&world, &mut position).await?.is_empty());
    ensure!(log::publish(&world.app).await.done()?.retry_at.is_none(), "nothing waits");
    Ok(())
}

async fn moved_session_logs_its_previous_place(database: TestDatabase) -> Result<()> {
    let world = World::new(database, "2025-06-11 20:00").await?;
    let session = new_session(&world, "Evening", None).await?;
    let id = new_instance(&world, session, "19:00", "22:00").await?;
    let inactive = new_instance(&world, session, "08:00", "09:00").await?;
    let position = world.head().await?;
    update(&world, session, SessionPatch { city: Some(Some("Waco".to_owned())), ..patch() }).await?;
    update(&world, session, SessionPatch { name: Some("Night".to_owned()), ..patch() }).await?;
    world.check_consistent().await?;
    let log = world.log().await?;
    let logged: Vec<_> = log.iter().filter(|change| position < change.position).collect();
    let city = |location: &domain::news::Location| location.city.clone();
    let logged: Vec<_> = logged
        .iter()
        .filter_map(|change| change.event.as_session())
        .map(|change| (change.instance, city(&change.location), change.previous_location.as_ref().and_then(city)))
        .collect();
    let (austin, waco) = (Some("Austin".to_owned()), Some("Waco".to_owned()));
    assert_eq!(logged, [(Some(id), waco.clone(), austin), (Some(id), waco, None)]);
    ensure!(!world.is_active(inactive).await?);
    Ok(())
}

async fn changed_recurrence_retimes_upcoming_instances(database: TestDatabase) -> Result<()> {
    let world = World::new(database, "2025-06-11 12:00").await?;
    let session = new_session(
        &world,
        "Evening",
        Some(weekly(&[("wednesday", "19:00", "22:00"), ("thursday", "08:00", "10:00")])),
    );
    let session = session.await?;
    let made = world.instances_of(session).await?;
    let [evening, morning] = &made[..] else { anyhow::bail!("{made:?}") };
    let (evening, morning) = (evening.id, morning.id);
    let by_hand = new_instance(&world, session, "13:00", "14:00").await?;
    let mut position = world.head().await?;
    ensure!(world.is_active(by_hand).await? && !world.is_active(evening).await?);

    // The evening becomes active. Times that somebody set stay, and so does the instance that was created by hand.
    let own = InstancePatch { start_time: Some(Some(time("09:00"))), ..InstancePatch::default() };
    change(&world, morning, own).await?;
    let earlier = weekly(&[("wednesday", "12:30", "15:00"), ("thursday", "06:00", "07:00")]);
    update(&world, session, SessionPatch { recurrence: Some(Some(earlier.into())), ..patch() }).await?;
    assert_eq!(news(&world, &mut position).await?, [format!("ACTIVATED {}", evening.0)]);
    let times = |row: &session_instance::Model| (row.id, row.start_time, row.end_time);
    let found: Vec<_> = world.instances_of(session).await?.iter().map(times).collect();
    let expected = [
        (evening, Some(time("12:30")), Some(time("15:00"))),
        (by_hand, Some(time("13:00")), Some(time("14:00"))),
        (morning, Some(time("09:00")), Some(time("10:00"))),
    ];
    assert_eq!(found, expected);

    // The evening becomes inactive again.
    let later = weekly(&[("wednesday", "20:00", "21:00"), ("thursday", "06:00", "07:00")]);
    update(&world, session, SessionPatch { recurrence: Some(Some(later.into())), ..patch() }).await?;
    assert_eq!(news(&world, &mut position).await?, [format!("DEACTIVATED {}", evening.0)]);

    // An instance that is over keeps its instants when the zone changes.
    world.at("2025-06-11 22:00");
    world.sweep_exactly().await?;
    let over = world.instance(evening).await?;
    update(&world, session, SessionPatch { time_zone: Some(Tz::Asia__Tokyo), ..patch() }).await?;
    let after = world.instance(evening).await?;
    assert_eq!((after.starts_at, after.closes_at), (over.starts_at, over.closes_at));
    // An upcoming instance keeps its local times in the new zone: 9:00 in Tokyo is midnight UTC.
    assert_eq!(world.instance(morning).await?.starts_at, Some(utc("2025-06-12 00:00")));
    world.check_consistent().await
}

async fn instance_without_occurrence_is_removed_and_restored(database: TestDatabase) -> Result<()> {
    let world = World::new(database, "2025-06-11 18:30").await?;
    let wednesdays = weekly(&[("wednesday", "19:00", "22:00")]);
    let fridays = weekly(&[("friday", "19:00", "22:00")]);
    let ada = world.insert_person("Ada").await?;
    for is_answered in [false, true] {
        let session = new_session(&world, &format!("Evening {is_answered}"), Some(wednesdays.clone())).await?;
        let made = world.instances_of(session).await?;
        assert_eq!(made.len(), 1);
        let id = made[0].id;
        if is_answered {
            say(&world, ada, id, Attendance::No).await?;
        }
        let mut position = world.head().await?;
        update(&world, session, SessionPatch { recurrence: Some(Some(fridays.clone().into())), ..patch() }).await?;
        assert_eq!(news(&world, &mut position).await?, [format!("DEACTIVATED {}", id.0)]);
        let row = world.instance(id).await?;
        assert_eq!(
            (row.is_cancelled, row.deleted_at.is_some()),
            (is_answered, !is_answered),
            "answered: {is_answered}"
        );
        // However often the recurrence changes, it is the same instance.
        for _ in 0..2 {
            update(&world, session, SessionPatch { recurrence: Some(Some(wednesdays.clone().into())), ..patch() })
                .await?;
            assert_eq!(news(&world, &mut position).await?, [format!("ACTIVATED {}", id.0)]);
            let rows = world.instances_of(session).await?;
            assert_eq!(rows.iter().map(|row| (row.id, row.is_cancelled)).collect::<Vec<_>>(), [(id, false)]);
            update(&world, session, SessionPatch { recurrence: Some(None), ..patch() }).await?;
            assert_eq!(news(&world, &mut position).await?, [format!("DEACTIVATED {}", id.0)]);
        }
        // After the termination date there are no occurrences either.
        update(&world, session, SessionPatch { recurrence: Some(Some(wednesdays.clone().into())), ..patch() }).await?;
        let last = Some(Some(date("2025-06-10")));
        update(&world, session, SessionPatch { termination_date: last, ..patch() }).await?;
        ensure!(!world.is_active(id).await?);
        update(&world, session, SessionPatch { termination_date: Some(None), ..patch() }).await?;
        ensure!(world.is_active(id).await?);
    }
    Ok(())
}

/// The cases include both changes of the clocks: in New York, 02:30 on 9 March 2025 does not exist, and 01:30 on 2
/// November occurs twice.
async fn skip_removes_or_cancels_instances_until_it_is_removed(database: TestDatabase) -> Result<()> {
    for (now, day, start) in [("2025-03-09 07:00", "2025-03-09", "02:30"), ("2025-11-02 05:00", "2025-11-02", "01:30")]
    {
        let world = World::new(TestDatabase::new(database.backend).await?, now).await?;
        let ada = world.insert_person("Ada").await?;
        for is_answered in [false, true] {
            let session = new_session(&world, &format!("Night {is_answered}"), None).await?;
            let nights = weekly(&[("sunday", start, "05:00")]);
            let patch = SessionPatch {
                time_zone: Some(Tz::America__New_York),
                recurrence: Some(Some(nights.into())),
                auto_create_instances: Some(true),
                ..patch()
            };
            update(&world, session, patch).await?;
            let made = world.instances_of(session).await?;
            assert_eq!(made.len(), 1, "{made:?}");
            let id = made[0].id;
            ensure!(world.is_active(id).await?, "{made:?}");
            if is_answered {
                say(&world, ada, id, Attendance::Yes).await?;
                assert_eq!(world.place(ada).await?, Some(id));
            }
            let by_hand = NewInstance {
                session,
                date: date(day),
                start_time: Some(time("00:00")),
                end_time: Some(time("06:00")),
                location_override: None,
                allows_duplicate: false,
            };
            let by_hand = instances::insert_instance(&world.app, ADMIN, by_hand).await.done()?.id;
            let mut position = world.head().await?;
            // The dates are those of the zone: the day before and the day after change nothing.
            let skip = |from: &str, to: &str| NewSkip { from: date(from), to: date(to), reason: None };
            let day_before = (date(day) - chrono::Days::new(1)).to_string();
            let day_after = (date(day) + chrono::Days::new(1)).to_string();
            let around = [skip(&day_before, &day_before), skip(&day_after, &day_after)];
            sessions::insert_skips(&world.app, ADMIN, &[session], &around).await.done()?;
            assert_eq!(news(&world, &mut position).await?, [""; 0]);
            let covering = [skip(day, &day_after)];
            sessions::insert_skips(&world.app, ADMIN, &[session], &covering).await.done()?;
            let logged = news(&world, &mut position).await?;
            ensure!(logged.contains(&format!("DEACTIVATED {}", id.0)), "{logged:?}");
            let row = world.instance(id).await?;
            assert_eq!((row.is_cancelled, row.deleted_at.is_some()), (is_answered, !is_answered), "{row:?}");
            ensure!(world.is_active(by_hand).await?, "an instance that was created by hand is not affected");
            assert_eq!(world.place(ada).await?, None);

            let skips = sessions::find_skips(&world.app, &[session]).await.done()?;
            let covering = skips.iter().find(|skip| skip.from != skip.to).context("no skip")?.id;
            sessions::delete_skip(&world.app, ADMIN, covering).await.done()?;
            let logged = news(&world, &mut position).await?;
            ensure!(logged.contains(&format!("ACTIVATED {}", id.0)), "{logged:?}");
            assert_eq!(world.place(ada).await?, is_answered.then_some(id));
            instances::delete_instance(&world.app, ADMIN, by_hand).await.done()?;
        }
    }
    Ok(())
}

/// No sweep undoes a person's decision about an instance whose occurrence is gone.
async fn manual_override_survives_recompute(database: TestDatabase) -> Result<()> {
    let world = World::new(database, "2025-06-11 12:00").await?;
    let ada = world.insert_person("Ada").await?;
    let evenings = weekly(&[("wednesday", "19:00", "22:00")]);
    let none = SessionPatch { recurrence: Some(None), ..patch() };
    let all = (service::sweep::Scope::All, domain::status::Mode::Exact);

    // An instance that re-timing cancelled, and a person restored, stays restored.
    let session = new_session(&world, "Taken up", Some(evenings.clone())).await?;
    let id = world.instances_of(session).await?[0].id;
    say(&world, ada, id, Attendance::Yes).await?;
    update(&world, session, none.clone()).await?;
    ensure!(world.instance(id).await?.is_cancelled);
    change(&world, id, InstancePatch { is_cancelled: Some(false), ..InstancePatch::default() }).await?;
    world.sweep(all.0, all.1).await?;
    ensure!(!world.instance(id).await?.is_cancelled, "the sweep cancelled it again");
    // When its occurrence returns, the instance stands for it, and no second one is created.
    update(&world, session, SessionPatch { recurrence: Some(Some(evenings.clone().into())), ..patch() }).await?;
    assert_eq!(world.instances_of(session).await?.len(), 1);

    // An instance that a person cancelled stays cancelled when its occurrence returns.
    let session = new_session(&world, "Cancelled", Some(evenings.clone())).await?;
    let id = world.instances_of(session).await?[0].id;
    change(&world, id, InstancePatch { is_cancelled: Some(true), ..InstancePatch::default() }).await?;
    update(&world, session, none.clone()).await?;
    update(&world, session, SessionPatch { recurrence: Some(Some(evenings.clone().into())), ..patch() }).await?;
    let rows = world.instances_of(session).await?;
    assert_eq!(rows.iter().map(|row| (row.id, row.is_cancelled)).collect::<Vec<_>>(), [(id, true)]);

    // An instance that a person deleted is not created again.
    let session = new_session(&world, "Deleted", Some(evenings.clone())).await?;
    let id = world.instances_of(session).await?[0].id;
    instances::delete_instance(&world.app, ADMIN, id).await.done()?;
    for recurrence in [None, Some(evenings.clone()), Some(weekly(&[("wednesday", "20:00", "22:00")]))] {
        update(&world, session, SessionPatch { recurrence: Some(recurrence.map(Into::into)), ..patch() }).await?;
        ensure!(world.instances_of(session).await?.is_empty(), "it was created again");
    }

    // An instance that is over may be moved to another day after its occurrence is gone.
    let session = new_session(&world, "Moved", Some(evenings)).await?;
    let id = world.instances_of(session).await?[0].id;
    world.at("2025-06-11 23:30");
    world.sweep_exactly().await?;
    update(&world, session, none).await?;
    change(&world, id, InstancePatch { date: Some(date("2025-06-13")), ..InstancePatch::default() }).await?;
    world.sweep(all.0, all.1).await?;
    let row = world.instance(id).await?;
    assert_eq!((row.date, row.deleted_at, row.is_cancelled), (date("2025-06-13"), None, false));
    assert_eq!(row.occurrence_date, Some(date("2025-06-11")), "its occurrence gets no other instance");
    world.check_consistent().await
}

/// An instance that was created by hand stands for the occurrence of its date while it exists.
async fn occurrence_gets_an_instance_when_its_date_is_freed(database: TestDatabase) -> Result<()> {
    let world = World::new(database, "2025-06-11 12:00").await?;
    for is_deleted in [true, false] {
        let session = new_session(&world, "Evening", None).await?;
        let by_hand = new_instance(&world, session, "17:00", "18:00").await?;
        let evenings = weekly(&[("wednesday", "19:00", "22:00")]);
        let made =
            SessionPatch { recurrence: Some(Some(evenings.into())), auto_create_instances: Some(true), ..patch() };
        update(&world, session, made).await?;
        assert_eq!(world.instances_of(session).await?.len(), 1, "the occurrence already has an instance");
        if is_deleted {
            instances::delete_instance(&world.app, ADMIN, by_hand).await.done()?;
        } else {
            let away = InstancePatch { date: Some(date("2025-06-20")), ..InstancePatch::default() };
            change(&world, by_hand, away).await?;
        }
        let rows = world.instances_of(session).await?;
        let made = rows.first().context("no instance for the occurrence")?;
        assert_eq!((made.date, made.start_time), (date("2025-06-11"), Some(time("19:00"))));
        world.check_consistent().await?;
    }
    Ok(())
}

async fn save_without_changes_logs_nothing(database: TestDatabase) -> Result<()> {
    let world = World::new(database, "2025-06-11 20:00").await?;
    let session = new_session(&world, "Evening", None).await?;
    let id = new_instance(&world, session, "19:00", "22:00").await?;
    let ada = world.insert_person("Ada").await?;
    say(&world, ada, id, Attendance::Yes).await?;
    world.advance_seconds(5);
    let mut position = world.head().await?;
    let before = world.session(session).await?;
    let same = SessionPatch { active_buffer_minutes_before: Some(60), time_zone: Some(Tz::UTC), ..patch() };
    update(&world, session, same).await?;
    assert_eq!(world.session(session).await?, before);
    change(&world, id, InstancePatch { start_time: Some(Some(time("19:00"))), ..InstancePatch::default() }).await?;
    ensure!(!world.instance(id).await?.has_own_times, "the times did not change");
    instances::clear_override(&world.app, ADMIN, id).await.done()?;
    instances::recompute_instance(&world.app, ADMIN, id).await.done()?;
    let hides = |hides| PersonPatch { hides_place: Some(hides), ..PersonPatch::default() };
    people::update_person(&world.app, ADMIN, ada, hides(false)).await.done()?;
    ensure!(news(&world, &mut position).await?.is_empty());
    // It is a change when somebody hides, because a screen at the door shows the names.
    world.advance_seconds(5);
    people::update_person(&world.app, ADMIN, ada, hides(true)).await.done()?;
    assert_eq!(news(&world, &mut position).await?, [format!("UPDATED {}", id.0)]);
    // A repeated yes is a new arrival, but no change.
    say(&world, ada, id, Attendance::Yes).await?;
    ensure!(news(&world, &mut position).await?.is_empty());
    Ok(())
}
