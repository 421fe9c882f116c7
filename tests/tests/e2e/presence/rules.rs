//! The rules of presence (15 to 17), one by one, through the service.

use anyhow::{Context, Result, ensure};
use domain::{
    access::Viewer,
    ids::PresenceId,
    presence::{SeatsPer, VisitStatus},
    status::Mode,
};
use futures_util::future::{join_all, try_join_all};
use insession_tests::{TestDatabase, on_both_databases};
use service::{
    Error,
    presence::{
        Claimant,
        activities::{NewActivity, save_activity},
        batcher::HeartbeatBatcher,
        beats::{Beat, RefusedBeat},
        seats::{self, IfFull},
    },
    prune::prune,
    sweep::{Request, Scope, find_next_due, sweep},
};

use super::visitors::{KEY, Visitors, save, visit, write};
use crate::service::world::Done;

on_both_databases!(
    silent_visit_goes_offline_is_abandoned_and_can_return,
    seat_is_held_only_while_its_visit_sends_heartbeats,
    heartbeat_after_the_lease_expired_frees_the_seat,
    visit_holds_one_seat_at_a_time,
    lowered_limit_evicts_nobody,
    completed_visit_stays_completed,
    visits_are_changed_by_their_owner_only,
    concurrent_heartbeats_are_written_in_batches,
    unchanged_heartbeat_writes_no_change,
    dry_run_abandons_no_visit,
    full_sweep_uses_the_current_settings,
    old_visits_are_pruned,
);

async fn start(database: TestDatabase, limit: Option<i32>) -> Result<Visitors> {
    Visitors::new(database, "2025-06-11 12:00", limit).await
}

impl Visitors {
    /// How many occupancy changes the log has.
    async fn logged_changes(&self) -> Result<usize> {
        let log = self.world.log().await?;
        Ok(log.iter().filter(|change| change.event.as_occupancy() == Some(self.activity)).count())
    }

    async fn seconds_until_due(&self) -> Result<Option<f64>> {
        let due = find_next_due(self.app()).await.done()?;
        Ok(due.map(|due| (due - self.world.now()).as_seconds_f64()))
    }
}

async fn silent_visit_goes_offline_is_abandoned_and_can_return(database: TestDatabase) -> Result<()> {
    let visitors = start(database, None).await?;
    visitors.beat(visit(1)).await?;
    assert_eq!(visitors.seconds_until_due().await?, None, "a visit without a seat has no timer");

    visitors.world.advance_seconds(60);
    visitors.world.sweep_exactly().await?;
    ensure!(visitors.row(visit(1)).await?.is_live, "the window includes its last instant");
    visitors.world.advance_seconds(1);
    visitors.world.sweep_exactly().await?;
    ensure!(!visitors.row(visit(1)).await?.is_live, "it was last seen 61 s ago");
    assert_eq!(visitors.seconds_until_due().await?, Some(3.0 * 3600.0 - 61.0 + 0.001));

    visitors.world.at("2025-06-11 15:00");
    assert_eq!(visitors.world.sweep_exactly().await?.presences_abandoned, 0);
    visitors.world.at("2025-06-11 15:00:01");
    assert_eq!(visitors.world.sweep_exactly().await?.presences_abandoned, 1);
    assert_eq!(visitors.world.sweep_exactly().await?.presences_abandoned, 0, "each change happens once");
    assert_eq!(visitors.row(visit(1)).await?.status, VisitStatus::Abandoned);
    assert_eq!(visitors.seconds_until_due().await?, None);

    visitors.world.advance_seconds(600);
    let back = visitors.beat(visit(1)).await?.visit;
    assert_eq!((back.status, back.last_seen_at), (VisitStatus::Active, visitors.world.now()));
    let row = visitors.row(visit(1)).await?;
    assert!(row.is_live);
    assert_eq!(back, row.into());

    // One sweep takes a visit offline and abandons it when both are overdue.
    visitors.world.advance_seconds(4 * 3600);
    assert_eq!(visitors.world.sweep(Scope::Due, Mode::Periodic).await?.presences_abandoned, 1);
    assert_eq!(visitors.logged_changes().await?, 0);
    Ok(())
}

async fn seat_is_held_only_while_its_visit_sends_heartbeats(database: TestDatabase) -> Result<()> {
    let visitors = start(database, Some(1)).await?;
    for number in [1, 2] {
        visitors.beat(visit(number)).await?;
    }
    let first = visitors.enter(visit(1)).await?;
    assert_eq!((first.verdict.is_admitted, first.verdict.message().as_str()), (true, "You are in (1/1)."));
    assert_eq!(first.visit.activity_id, Some(visitors.activity));
    assert_eq!(visitors.seconds_until_due().await?, Some(60.001));
    assert_eq!(visitors.enter(visit(1)).await?.verdict, first.verdict, "entering twice keeps the same seat");
    assert_eq!(visitors.logged_changes().await?, 1);

    let refused = visitors.enter(visit(2)).await?;
    assert_eq!(
        refused.verdict.message(),
        "Platform at capacity (1/1). Please try again in a few minutes.",
        "{:?}",
        refused.verdict
    );
    assert_eq!((refused.verdict.is_admitted, refused.visit.activity_id), (false, None));

    // The seat is held while the visit sends heartbeats, and no longer.
    for _ in 0..5 {
        visitors.world.advance_seconds(60);
        visitors.beat(visit(1)).await?;
        ensure!(!visitors.enter(visit(2)).await?.verdict.is_admitted, "the seat is taken");
    }
    visitors.world.advance_seconds(60);
    visitors.world.sweep_exactly().await?;
    assert_eq!((visitors.occupancy().await?, visitors.logged_changes().await?), (1, 1));
    visitors.world.clock.advance(chrono::TimeDelta::milliseconds(1));
    assert_eq!(visitors.occupancy().await?, 0, "the occupancy does not wait for a sweep");
    visitors.world.sweep_exactly().await?;
    visitors.world.sweep_exactly().await?;
    assert_eq!(visitors.logged_changes().await?, 2);
    // A request for a seat does not wait for a sweep either.
    ensure!(visitors.enter(visit(2)).await?.verdict.is_admitted, "it is free");
    visitors.world.advance_seconds(61);
    ensure!(visitors.enter(visit(1)).await?.verdict.is_admitted, "the lease expired, although no sweep has run");
    assert_eq!(visitors.row(visit(2)).await?.activity_id, None);
    Ok(())
}

async fn heartbeat_after_the_lease_expired_frees_the_seat(database: TestDatabase) -> Result<()> {
    let visitors = start(database, Some(1)).await?;
    visitors.beat(visit(1)).await?;
    visitors.enter(visit(1)).await?;
    visitors.world.advance_seconds(61);
    let seen = visitors.beat(visit(1)).await?;
    assert_eq!((seen.lost_seat, seen.visit.activity_id), (Some(visitors.activity), None));
    assert_eq!((visitors.occupancy().await?, visitors.logged_changes().await?), (0, 2));
    let row = visitors.row(visit(1)).await?;
    assert_eq!((row.is_live, row.abandon_at), (true, None));
    assert_eq!(seen.visit, row.into());

    // A heartbeat that arrived in time but is written late keeps the seat.
    visitors.enter(visit(1)).await?;
    visitors.world.advance_seconds(60);
    let claimant = Claimant::new(visitors.app(), visitors.viewer(), None).done()?;
    let at = visitors.world.now();
    visitors.world.advance_seconds(10);
    let beat = Beat { visit: visit(1), claimant, language_code: None, current_page: None, is_idle: None, at };
    let seen = write(visitors.app(), beat).await?.map_err(|refusal| anyhow::anyhow!("{refusal:?}"))?;
    assert_eq!((seen.lost_seat, seen.visit.activity_id), (None, Some(visitors.activity)));
    Ok(())
}

async fn visit_holds_one_seat_at_a_time(database: TestDatabase) -> Result<()> {
    let visitors = start(database, Some(1)).await?;
    let other = NewActivity {
        key: "study".to_owned(),
        name: "Study".to_owned(),
        max_concurrent: Some(1),
        seats_per: Some(SeatsPer::Visit),
        ..NewActivity::default()
    };
    let other = save_activity(visitors.app(), Viewer::ADMIN, other).await.done()?;
    for number in [1, 2] {
        visitors.beat(visit(number)).await?;
    }
    let study = async |number| {
        seats::enter_activity(visitors.app(), visitors.viewer(), None, visit(number), "study", IfFull::Refuse)
            .await
            .done()
    };
    visitors.enter(visit(1)).await?;
    ensure!(study(1).await?.verdict.is_admitted);
    assert_eq!((visitors.occupancy().await?, visitors.logged_changes().await?), (0, 2), "the first seat is free again");
    // A visit that is refused keeps the seat that it has.
    visitors.enter(visit(2)).await?;
    ensure!(!study(2).await?.verdict.is_admitted);
    assert_eq!(visitors.row(visit(2)).await?.activity_id, Some(visitors.activity));

    let left = visitors.leave(visit(2)).await?;
    assert_eq!((left.freed, left.visit.activity_id), (Some(visitors.activity), None));
    assert_eq!(visitors.leave(visit(2)).await?.freed, None);
    assert_eq!(visitors.complete(visit(1)).await?.freed, Some(other.id));
    assert_eq!(visitors.logged_changes().await?, 4);
    Ok(())
}

async fn lowered_limit_evicts_nobody(database: TestDatabase) -> Result<()> {
    let visitors = start(database, None).await?;
    for number in 1..=4 {
        visitors.beat(visit(number)).await?;
    }
    for number in 1..=3 {
        ensure!(visitors.enter(visit(number)).await?.verdict.is_admitted);
    }
    save(visitors.app(), Some(1)).await?;
    assert_eq!(visitors.logged_changes().await?, 4, "a new limit is published");
    save(visitors.app(), Some(1)).await?;
    assert_eq!(visitors.logged_changes().await?, 4);
    ensure!(visitors.enter(visit(1)).await?.verdict.is_admitted, "a visit may enter the activity where it has a seat");
    let refused = visitors.enter(visit(4)).await?.verdict;
    assert_eq!(refused.message(), "Platform at capacity (3/1). Please try again in a few minutes.");
    for number in 1..=3 {
        visitors.leave(visit(number)).await?;
    }
    ensure!(visitors.enter(visit(4)).await?.verdict.is_admitted);
    Ok(())
}

async fn completed_visit_stays_completed(database: TestDatabase) -> Result<()> {
    let visitors = start(database, Some(3)).await?;
    visitors.beat(visit(1)).await?;
    visitors.enter(visit(1)).await?;
    visitors.world.advance_seconds(30);
    let done = visitors.complete(visit(1)).await?;
    assert_eq!(done.freed, Some(visitors.activity));
    assert_eq!((done.visit.status, done.visit.completed_at), (VisitStatus::Completed, Some(visitors.world.now())));
    let row = visitors.row(visit(1)).await?;
    assert_eq!((row.is_live, row.abandon_at), (false, None));
    visitors.world.advance_seconds(30);
    assert_eq!(visitors.complete(visit(1)).await?.visit, done.visit, "completing again changes nothing");
    let refused = visitors.beat_as(visitors.viewer(), None, visit(1)).await?;
    assert_eq!(refused.err(), Some(RefusedBeat::Completed));
    let entered = seats::enter_activity(visitors.app(), visitors.viewer(), None, visit(1), KEY, IfFull::Refuse).await;
    ensure!(matches!(entered, Err(Error::InvalidTransition(_))), "{entered:?}");
    assert_eq!(visitors.leave(visit(1)).await?.visit, done.visit);
    visitors.world.advance_seconds(4 * 3600);
    assert_eq!(visitors.world.sweep(Scope::All, Mode::Periodic).await?.presences_abandoned, 0);
    assert_eq!(visitors.row(visit(1)).await?, row);
    assert_eq!(done.visit, row.into());
    Ok(())
}

/// The errors of each mutation for a viewer who does not own the visit.
async fn tries(visitors: &Visitors, viewer: Viewer, secret: Option<&str>, id: PresenceId) -> Result<Vec<Error>> {
    let app = visitors.app();
    let beaten = match Claimant::new(app, viewer, secret) {
        Ok(_) => visitors.beat_as(viewer, secret, id).await?.map(drop).map_err(Error::from),
        Err(error) => Err(error),
    };
    let answers = [
        beaten,
        seats::enter_activity(app, viewer, secret, id, KEY, IfFull::Refuse).await.map(drop),
        seats::leave_activity(app, viewer, secret, id, None).await.map(drop),
        seats::complete_visit(app, viewer, secret, id).await.map(drop),
    ];
    answers.into_iter().map(|answer| answer.err().context("the mutation was accepted")).collect()
}

async fn visits_are_changed_by_their_owner_only(database: TestDatabase) -> Result<()> {
    let mut visitors = start(database, Some(3)).await?;
    let stranger = Viewer::person(visitors.world.insert_person("Sam").await?);
    visitors.beat(visit(1)).await?;
    let before = visitors.row(visit(1)).await?;
    for error in tries(&visitors, Viewer::NOBODY, None, visit(1)).await? {
        ensure!(matches!(error, Error::Unauthenticated(_)), "{error:?}");
    }
    for error in tries(&visitors, Viewer::ADMIN, None, visit(1)).await? {
        ensure!(matches!(error, Error::Forbidden(_)), "{error:?}");
    }
    let unknown = visitors.beat_as(Viewer::person(domain::ids::PersonId(999)), None, visit(2)).await?;
    assert_eq!(unknown.err(), Some(RefusedBeat::UnknownPerson));

    visitors.world.app.presence.anonymous = true;
    let anonymous =
        visitors.beat_as(Viewer::NOBODY, None, visit(3)).await?.map_err(|refusal| anyhow::anyhow!("{refusal:?}"))?;
    let secret = anonymous.secret.context("the first beat's answer has it")?;
    let kept = visitors.row(visit(3)).await?;
    ensure!(kept.secret_hash.as_deref().is_some_and(|hash| hash != secret && !hash.contains(&secret)), "{kept:?}");
    for (viewer, secret, id) in [
        (stranger, None, visit(1)),
        (Viewer::NOBODY, None, visit(1)),
        (Viewer::NOBODY, Some(secret.as_str()), visit(1)),
        (visitors.viewer(), None, visit(3)),
        (Viewer::NOBODY, None, visit(3)),
        (Viewer::NOBODY, Some(""), visit(3)),
        (Viewer::NOBODY, Some("AAAA"), visit(3)),
        (Viewer::NOBODY, kept.secret_hash.as_deref(), visit(3)),
        (Viewer::NOBODY, Some(secret.as_str()), visit(4)),
    ] {
        for error in tries(&visitors, viewer, secret, id).await? {
            ensure!(matches!(error, Error::NotFound(_)), "{viewer:?} {secret:?} {id}: {error:?}");
        }
    }
    assert_eq!(visitors.row(visit(1)).await?, before);
    assert_eq!(visitors.row(visit(3)).await?, kept);

    // The secret gives access, also to a viewer who has signed in since.
    for viewer in [Viewer::NOBODY, stranger] {
        visitors.world.advance_seconds(1);
        let seen = visitors
            .beat_as(viewer, Some(&secret), visit(3))
            .await?
            .map_err(|refusal| anyhow::anyhow!("{refusal:?}"))?;
        assert_eq!((seen.secret, seen.visit.last_seen_at), (None, visitors.world.now()));
        let entered =
            seats::enter_activity(visitors.app(), viewer, Some(&secret), visit(3), KEY, IfFull::Refuse).await.done()?;
        ensure!(entered.verdict.is_admitted);
    }
    Ok(())
}

async fn concurrent_heartbeats_are_written_in_batches(database: TestDatabase) -> Result<()> {
    let mut visitors = start(database, None).await?;
    visitors.world.app.presence.anonymous = true;
    let batcher = HeartbeatBatcher::start(visitors.app());
    let claimant = Claimant::new(visitors.app(), visitors.viewer(), None).done()?;
    let at = visitors.world.now();
    let beat = |number: u32, page: &str| Beat {
        visit: visit(number),
        claimant: claimant.clone(),
        language_code: Some(Some("de".to_owned())),
        current_page: Some(Some(page.to_owned())),
        is_idle: None,
        at,
    };
    // New visits first, then known ones, with two heartbeats each.
    for _ in 0..2 {
        let before = batcher.stats();
        let beats = (0..200).flat_map(|number| [beat(number, "/a"), beat(number, "/b")]);
        let seen = try_join_all(beats.map(|beat| batcher.beat(beat))).await.done()?;
        ensure!(
            seen.len() == 400 && seen.iter().all(|seen| seen.visit.current_page.is_some() && seen.secret.is_none())
        );
        let after = batcher.stats();
        assert_eq!(after.beats - before.beats, 400);
        ensure!(after.batches - before.batches < 20, "{after:?}");
    }
    // A stranger's concurrent heartbeat for the same visit is refused and does not affect the owner's.
    let stranger = Viewer::person(visitors.world.insert_person("Sam").await?);
    let foreign = Beat { claimant: Claimant::new(visitors.app(), stranger, None).done()?, ..beat(7, "/theirs") };
    let (theirs, own) = futures_util::join!(batcher.beat(foreign), batcher.beat(beat(7, "/mine")));
    ensure!(matches!(theirs, Err(Error::NotFound(_))), "{theirs:?}");
    assert_eq!(own.done()?.visit.current_page.as_deref(), Some("/mine"));
    // Of several clients that begin the same anonymous visit at once, one gets its secret.
    let nobody = Claimant::new(visitors.app(), Viewer::NOBODY, None).done()?;
    let first = join_all((0..5).map(|_| batcher.beat(Beat { claimant: nobody.clone(), ..beat(1_000, "/") }))).await;
    assert_eq!(first.iter().filter(|beat| beat.as_ref().is_ok_and(|seen| seen.secret.is_some())).count(), 1);
    assert_eq!(first.iter().filter(|beat| matches!(beat, Err(Error::NotFound(_)))).count(), 4);
    Ok(())
}

async fn unchanged_heartbeat_writes_no_change(database: TestDatabase) -> Result<()> {
    let visitors = start(database, None).await?;
    visitors.beat(visit(1)).await?;
    visitors.enter(visit(1)).await?;
    let before = visitors.world.log().await?.len();
    let hours =
        async || insession_tests::database::number(visitors.world.db(), "SELECT COUNT(*) FROM presence_hour").await;
    let rows = hours().await?;
    for _ in 0..10 {
        visitors.world.advance_seconds(20);
        visitors.beat(visit(1)).await?;
    }
    assert_eq!((visitors.world.log().await?.len(), hours().await?), (before, rows));
    Ok(())
}

async fn dry_run_abandons_no_visit(database: TestDatabase) -> Result<()> {
    let visitors = start(database, Some(3)).await?;
    visitors.beat(visit(1)).await?;
    visitors.enter(visit(1)).await?;
    let before = visitors.row(visit(1)).await?;
    let at = Some(visitors.world.now() + chrono::TimeDelta::hours(5));
    let report = sweep(visitors.app(), Request { at, is_dry_run: true, ..Request::EXACT }).await.done()?;
    assert_eq!(report.presences_abandoned, 1);
    assert_eq!((visitors.row(visit(1)).await?, visitors.logged_changes().await?), (before, 1));
    Ok(())
}

async fn full_sweep_uses_the_current_settings(database: TestDatabase) -> Result<()> {
    let mut visitors = start(database, None).await?;
    visitors.beat(visit(1)).await?;
    visitors.world.advance_seconds(3600);
    visitors.world.sweep_exactly().await?;
    visitors.world.app.presence.rules.abandon_after = chrono::TimeDelta::minutes(30);
    assert_eq!(visitors.world.sweep(Scope::Due, Mode::Periodic).await?.presences_abandoned, 0);
    assert_eq!(visitors.world.sweep(Scope::All, Mode::Periodic).await?.presences_abandoned, 1);
    Ok(())
}

async fn old_visits_are_pruned(database: TestDatabase) -> Result<()> {
    let mut visitors = start(database, None).await?;
    visitors.world.app.presence.kept = chrono::TimeDelta::days(30);
    for number in 1..=3 {
        visitors.beat(visit(number)).await?;
    }
    visitors.complete(visit(1)).await?;
    visitors.world.advance_seconds(31 * 86_400);
    visitors.beat(visit(3)).await?;
    visitors.world.sweep_exactly().await?;
    assert_eq!(prune(visitors.app()).await.done()?.visits, 2, "an active visit is kept, however old it is");
    visitors.row(visit(3)).await?;
    assert_eq!(prune(visitors.app()).await.done()?.visits, 0);
    Ok(())
}
