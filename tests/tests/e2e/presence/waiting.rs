//! What becomes of those who wait, or have a seat or an offer, when people and activities change under them.

use anyhow::{Context as _, Result, ensure};
use domain::{
    access::Viewer,
    ids::{PersonId, PresenceId},
    status::Mode,
};
use insession_tests::{TestDatabase, on_both_databases};
use service::{
    people::{self, PersonPatch},
    presence::{
        Claimant,
        activities::{NewActivity, save_activity},
        beats::Beat,
        clock::forget_future,
        queue::{self, Holding, QueuePlace},
        seats::{self, IfFull, Leaver},
        uptime,
    },
    sweep::{Scope, find_next_due},
};

use super::visitors::{KEY, visit, write};
use crate::service::world::{Done, World};

on_both_databases!(
    merged_person_has_one_seat_or_one_place,
    person_who_goes_leaves_the_place_the_offer_and_the_seat_to_others,
    changed_grace_counts_at_once,
    changed_idle_minutes_count_at_once,
    changed_offer_seconds_count_for_new_offers,
    wait_is_estimated_once_five_seats_were_given_back,
    pause_of_the_servers_ends_neither_places_nor_offers,
    offer_after_a_pause_waits_for_its_visit,
    anonymous_visit_takes_no_seat_of_the_person_who_uses_it,
    place_follows_the_visits_that_wait_at_it,
    leaving_one_queue_keeps_the_place_in_another,
    closed_activity_ends_offers_and_keeps_places,
    lowered_limit_ends_the_newest_offers_and_keeps_places,
    seats_places_and_offers_end_after_the_clock_was_set_back,
);

/// An activity whose seats count people.
pub struct Interview {
    pub world: World,
}

/// Somebody with a visit.
#[derive(Debug, Clone, Copy)]
pub struct Guest {
    pub person: PersonId,
    pub visit: PresenceId,
}

impl Interview {
    pub async fn new(database: TestDatabase, seats: i32) -> Result<Self> {
        let interview = Self { world: World::new(database, "2025-06-11 12:00").await? };
        interview.save(seats, NewActivity::default()).await?;
        Ok(interview)
    }

    pub async fn save(&self, seats: i32, more: NewActivity) -> Result<()> {
        let key = KEY.to_owned();
        let new = NewActivity { key: key.clone(), name: key, max_concurrent: Some(seats), ..more };
        save_activity(&self.world.app, Viewer::ADMIN, new).await.done()?;
        Ok(())
    }

    /// People who ask for a seat one after the other, and wait.
    pub async fn come<const COUNT: usize>(&self) -> Result<[Guest; COUNT]> {
        let mut guests = Vec::new();
        for number in 0..COUNT {
            let person = self.world.insert_person(&format!("Guest {number}")).await?;
            let guest = Guest { person, visit: visit(u32::try_from(number)?) };
            self.beat(guest, false).await?;
            self.enter(guest).await?;
            guests.push(guest);
        }
        guests.try_into().map_err(|_| anyhow::anyhow!("{COUNT} guests"))
    }

    pub async fn beat(&self, guest: Guest, is_idle: bool) -> Result<()> {
        let claimant = Claimant::new(&self.world.app, Viewer::person(guest.person), None).done()?;
        let at = self.world.now();
        let beat =
            Beat { visit: guest.visit, claimant, language_code: None, current_page: None, is_idle: Some(is_idle), at };
        write(&self.world.app, beat).await?.map_err(|refusal| anyhow::anyhow!("{refusal:?}"))?;
        Ok(())
    }

    pub async fn enter(&self, guest: Guest) -> Result<bool> {
        let viewer = Viewer::person(guest.person);
        let entered = seats::enter_activity(&self.world.app, viewer, None, guest.visit, KEY, IfFull::Wait).await;
        Ok(entered.done()?.verdict.is_admitted)
    }

    pub async fn leave(&self, guest: Guest) -> Result<()> {
        let viewer = Viewer::person(guest.person);
        seats::leave_activity(&self.world.app, viewer, None, guest.visit, None).await.done()?;
        Ok(())
    }

    /// `seat`, `elsewhere` if another visit of the person has the seat, the position in the queue such as `2`, `offer` of a
    /// seat, or `-`.
    pub async fn state(&self, guest: Guest) -> Result<String> {
        let followed = queue::follow(&self.world.app, Viewer::person(guest.person), None, guest.visit).await.done()?;
        Ok(match followed.shown() {
            Some(Holding { place: None, is_own: true, .. }) => "seat".to_owned(),
            Some(Holding { place: None, .. }) => "elsewhere".to_owned(),
            Some(Holding { place: Some(QueuePlace { offer_ends_at: Some(_), .. }), .. }) => "offer".to_owned(),
            Some(Holding { place: Some(place), .. }) => place.position.to_string(),
            None => "-".to_owned(),
        })
    }

    pub async fn expect(&self, expected: &[(Guest, &str)]) -> Result<()> {
        for (guest, state) in expected {
            let found = self.state(*guest).await?;
            ensure!(found == *state, "{guest:?}: {found} instead of {state}");
        }
        Ok(())
    }

    /// Merges the first person into the second one, to whom all visits belong then.
    pub async fn merge(&self, from: Guest, into: Guest) -> Result<Guest> {
        people::merge_people(&self.world.app, Viewer::ADMIN, from.person, into.person).await.done()?;
        Ok(Guest { person: into.person, ..from })
    }

    pub async fn sweep(&self) -> Result<()> {
        self.world.sweep_exactly().await.map(drop)
    }

    pub async fn something_is_due(&self) -> Result<bool> {
        Ok(find_next_due(&self.world.app).await.done()?.is_some_and(|due| due <= self.world.now()))
    }
}

async fn merged_person_has_one_seat_or_one_place(database: TestDatabase) -> Result<()> {
    let interview = Interview::new(database, 2).await?;
    let [ann, ben, cleo, dan, eve, finn, gus] = interview.come().await?;
    interview.expect(&[(ann, "seat"), (ben, "seat"), (cleo, "1"), (dan, "2"), (eve, "3"), (finn, "4")]).await?;
    // Both wait: the earlier place is kept, whoever had it.
    let dan = interview.merge(dan, cleo).await?;
    interview.expect(&[(cleo, "1"), (dan, "1"), (eve, "2"), (finn, "3"), (gus, "4")]).await?;
    let eve = interview.merge(eve, finn).await?;
    interview.expect(&[(cleo, "1"), (eve, "2"), (finn, "2"), (gus, "3")]).await?;
    // One has a seat and the other an offer: the seat stays, and the offer goes to the next.
    interview.leave(ben).await?;
    interview.expect(&[(cleo, "offer"), (finn, "2")]).await?;
    let cleo = interview.merge(cleo, ann).await?;
    interview.expect(&[(ann, "seat"), (cleo, "elsewhere"), (finn, "offer"), (gus, "2")]).await?;
    // Both have a seat: one of them is offered.
    ensure!(interview.enter(finn).await?, "an offer was refused");
    interview.expect(&[(ann, "seat"), (finn, "seat"), (gus, "1")]).await?;
    interview.merge(finn, ann).await?;
    interview.expect(&[(ann, "seat"), (gus, "offer")]).await?;
    // One has an offer, and the other waits no longer: the offer stays.
    let gus = interview.merge(gus, ben).await?;
    interview.expect(&[(gus, "offer"), (ben, "offer")]).await?;
    ensure!(interview.enter(ben).await?, "an offer was refused");
    Ok(())
}

async fn person_who_goes_leaves_the_place_the_offer_and_the_seat_to_others(database: TestDatabase) -> Result<()> {
    let interview = Interview::new(database, 1).await?;
    let [ann, ben, cleo, dan, eve, finn, gus] = interview.come().await?;
    let app = &interview.world.app;
    let deactivate = async |guest: Guest| -> Result<()> {
        let patch = PersonPatch { is_deactivated: Some(true), ..PersonPatch::default() };
        people::update_person(app, Viewer::ADMIN, guest.person, patch).await.done()?;
        Ok(())
    };
    let erase = async |guest: Guest| people::erase_person(app, Viewer::ADMIN, guest.person).await.done();
    // Who waits.
    deactivate(ben).await?;
    interview.expect(&[(ann, "seat"), (ben, "-"), (cleo, "1"), (dan, "2"), (eve, "3"), (gus, "5")]).await?;
    erase(cleo).await?;
    interview.expect(&[(dan, "1"), (eve, "2"), (gus, "4")]).await?;
    // Who has the seat.
    erase(ann).await?;
    interview.expect(&[(dan, "offer"), (eve, "2")]).await?;
    // Who has the offer.
    deactivate(dan).await?;
    interview.expect(&[(dan, "-"), (eve, "offer"), (finn, "2")]).await?;
    erase(eve).await?;
    interview.expect(&[(finn, "offer"), (gus, "2")]).await?;
    ensure!(interview.enter(finn).await?, "an offer was refused");
    deactivate(finn).await?;
    interview.expect(&[(finn, "-"), (gus, "offer")]).await?;
    // Who is active again has lost nothing but the place.
    let patch = PersonPatch { is_deactivated: Some(false), ..PersonPatch::default() };
    people::update_person(app, Viewer::ADMIN, ben.person, patch).await.done()?;
    ensure!(!interview.enter(ben).await?, "the seat is for another");
    interview.expect(&[(gus, "offer"), (ben, "2")]).await
}

async fn changed_grace_counts_at_once(database: TestDatabase) -> Result<()> {
    let grace = |seconds| NewActivity { queue_grace_seconds: Some(seconds), ..NewActivity::default() };
    let interview = Interview::new(database, 1).await?;
    let [ann, ben, cleo] = interview.come().await?;
    // Ben has been offline for 30 seconds.
    for _ in 0..2 {
        interview.world.advance_seconds(45);
        interview.beat(ann, false).await?;
        interview.beat(cleo, false).await?;
        interview.sweep().await?;
    }
    interview.expect(&[(ann, "seat"), (ben, "1"), (cleo, "2")]).await?;
    // A longer grace keeps the place longer.
    interview.save(1, grace(3_600)).await?;
    for _ in 0..2 {
        interview.world.advance_seconds(45);
        interview.beat(ann, false).await?;
        interview.beat(cleo, false).await?;
        interview.sweep().await?;
    }
    interview.expect(&[(ben, "1"), (cleo, "2")]).await?;
    // A shorter one ends it.
    interview.save(1, grace(100)).await?;
    interview.expect(&[(ann, "seat"), (ben, "-"), (cleo, "1")]).await
}

async fn changed_idle_minutes_count_at_once(database: TestDatabase) -> Result<()> {
    let idle = |minutes| NewActivity { max_idle_minutes: Some(minutes), ..NewActivity::default() };
    let interview = Interview::new(database, 1).await?;
    let [ann, ben] = interview.come().await?;
    // Ann has been idle for six minutes.
    for _ in 0..9 {
        interview.beat(ann, true).await?;
        interview.beat(ben, false).await?;
        interview.world.advance_seconds(40);
        interview.sweep().await?;
    }
    interview.expect(&[(ann, "seat"), (ben, "1")]).await?;
    interview.save(1, idle(Some(7))).await?;
    interview.sweep().await?;
    interview.expect(&[(ann, "seat"), (ben, "1")]).await?;
    ensure!(!interview.something_is_due().await?, "nothing ends yet");
    interview.save(1, idle(None)).await?;
    interview.sweep().await?;
    interview.expect(&[(ann, "seat"), (ben, "1")]).await?;
    interview.save(1, idle(Some(5))).await?;
    ensure!(interview.something_is_due().await?, "the timers do not see the seat");
    interview.sweep().await?;
    interview.expect(&[(ann, "-"), (ben, "offer")]).await
}

async fn changed_offer_seconds_count_for_new_offers(database: TestDatabase) -> Result<()> {
    let offer = |seconds| NewActivity { offer_seconds: Some(seconds), ..NewActivity::default() };
    let interview = Interview::new(database, 1).await?;
    let [ann, ben, cleo] = interview.come().await?;
    interview.leave(ann).await?;
    interview.save(1, offer(10)).await?;
    // What was promised to Ben stays.
    interview.world.advance_seconds(29);
    interview.sweep().await?;
    interview.expect(&[(ben, "offer"), (cleo, "2")]).await?;
    interview.world.advance_seconds(1);
    interview.sweep().await?;
    interview.expect(&[(ben, "-"), (cleo, "offer")]).await?;
    interview.world.advance_seconds(9);
    interview.expect(&[(cleo, "offer")]).await?;
    interview.world.advance_seconds(1);
    interview.sweep().await?;
    interview.expect(&[(cleo, "-")]).await
}

async fn leaving_one_queue_keeps_the_place_in_another(database: TestDatabase) -> Result<()> {
    let interview = Interview::new(database, 1).await?;
    let app = &interview.world.app;
    let other = "chat".to_owned();
    let closed =
        NewActivity { key: other.clone(), name: other.clone(), max_concurrent: Some(0), ..NewActivity::default() };
    save_activity(app, Viewer::ADMIN, closed).await.done()?;
    // Ben waits with two visits in one queue, and with a third visit in another.
    let [_, ben] = interview.come().await?;
    let viewer = Viewer::person(ben.person);
    let [second, third] = [10, 11].map(|number| Guest { visit: visit(number), ..ben });
    for guest in [second, third] {
        interview.beat(guest, false).await?;
    }
    interview.enter(second).await?;
    seats::enter_activity(app, viewer, None, third.visit, &other, IfFull::Wait).await.done()?;
    let places =
        async || Ok::<_, anyhow::Error>(queue::follow(app, viewer, None, third.visit).await.done()?.holdings.len());
    assert_eq!(places().await?, 2);

    // A client that gets no answer sends the mutation again. The second visit still waits at a place that is gone.
    for (guest, key) in [(ben, Some(KEY)), (ben, Some(KEY)), (second, None), (third, Some(KEY))] {
        seats::leave_queue(app, viewer, None, guest.visit, key, Leaver::Person).await.done()?;
        assert_eq!(places().await?, 1, "{key:?}");
    }
    let unknown = seats::leave_queue(app, viewer, None, third.visit, Some("tennis"), Leaver::Person).await;
    ensure!(matches!(unknown, Err(service::Error::NotFound(_))), "{unknown:?}");
    seats::leave_queue(app, viewer, None, third.visit, None, Leaver::Person).await.done()?;
    assert_eq!(places().await?, 0);
    Ok(())
}

async fn wait_is_estimated_once_five_seats_were_given_back(database: TestDatabase) -> Result<()> {
    let interview = Interview::new(database, 1).await?;
    let [ann, ben, cleo] = interview.come().await?;
    let estimates = async || -> Result<Vec<Option<i64>>> {
        let mut estimates = Vec::new();
        for guest in [ben, cleo] {
            let viewer = Viewer::person(guest.person);
            let followed = queue::follow(&interview.world.app, viewer, None, guest.visit).await.done()?;
            let place = followed.shown().and_then(|shown| shown.place.as_ref());
            let place = place.with_context(|| format!("{followed:?}"))?;
            estimates.push(place.estimated_wait.map(|wait| wait.num_seconds()));
        }
        Ok(estimates)
    };
    assert_eq!(estimates().await?, [None, None]);
    // Ann gives the seat back four times.
    for guest in [ben, cleo] {
        seats::leave_queue(&interview.world.app, Viewer::person(guest.person), None, guest.visit, None, Leaver::Person)
            .await
            .done()?;
    }
    for held in [10, 20, 30, 40] {
        interview.world.advance_seconds(held);
        interview.leave(ann).await?;
        ensure!(interview.enter(ann).await?, "the seat is free");
    }
    for guest in [ben, cleo] {
        interview.beat(guest, false).await?;
        ensure!(!interview.enter(guest).await?, "the seat is taken");
    }
    assert_eq!(estimates().await?, [None, None]);
    interview.world.advance_seconds(50);
    interview.leave(ann).await?;
    // The five were held for half a minute on average.
    assert_eq!(estimates().await?, [Some(30), Some(60)]);
    interview.save(3, NewActivity::default()).await?;
    assert_eq!(estimates().await?, [Some(10), Some(20)]);
    Ok(())
}

async fn pause_of_the_servers_ends_neither_places_nor_offers(database: TestDatabase) -> Result<()> {
    let interview = Interview::new(database, 1).await?;
    let app = &interview.world.app;
    let [ann, ben, cleo, dan] = interview.come().await?;
    // The clock of PostgreSQL is not that of this test.
    interview.world.raw("UPDATE queue_place SET joined_at = '2025-06-11T12:00:00+00:00'").await?;
    uptime::note(app, interview.world.now()).await.done()?;
    interview.leave(ann).await?;
    interview.expect(&[(ben, "offer"), (cleo, "2"), (dan, "3")]).await?;
    // No server takes heartbeats for an hour. A worker sweeps meanwhile.
    for _ in 0..2 {
        interview.world.advance_seconds(1_800);
        interview.sweep().await?;
        interview.expect(&[(ben, "offer"), (cleo, "2"), (dan, "3")]).await?;
        ensure!(!interview.something_is_due().await?, "the timers would sweep again and again");
    }
    interview.world.advance_seconds(1_800);
    let back = interview.world.now();
    uptime::note(app, back).await.done()?;
    interview.expect(&[(ben, "offer"), (cleo, "2"), (dan, "3")]).await?;
    ensure!(interview.enter(ben).await?, "an offer was refused");
    interview.beat(cleo, false).await?;
    // Everybody has an online window to come back. Dan does not.
    let pass = async |seconds: i64| -> Result<()> {
        for _ in 0..seconds / 5 {
            interview.world.advance_seconds(5);
            uptime::note(app, back).await.done()?;
            interview.beat(ben, false).await?;
            interview.beat(cleo, false).await?;
            interview.sweep().await?;
        }
        Ok(())
    };
    pass(60).await?;
    interview.expect(&[(ben, "seat"), (cleo, "1"), (dan, "2")]).await?;
    pass(5).await?;
    interview.expect(&[(ben, "seat"), (cleo, "1"), (dan, "-")]).await?;

    // A seat is a lease, which ends in a pause as well. The offer is claimed before anything else happens after the pause.
    interview.world.advance_seconds(600);
    interview.sweep().await?;
    interview.expect(&[(ben, "-"), (cleo, "offer")]).await?;
    interview.world.advance_seconds(600);
    ensure!(interview.enter(cleo).await?, "an offer was refused");
    ensure!(!interview.enter(ben).await?, "the seat is taken");
    Ok(())
}

async fn offer_after_a_pause_waits_for_its_visit(database: TestDatabase) -> Result<()> {
    let interview = Interview::new(database, 1).await?;
    let app = &interview.world.app;
    let [ann, ben, cleo] = interview.come().await?;
    interview.world.raw("UPDATE queue_place SET joined_at = '2025-06-11T12:00:00+00:00'").await?;
    uptime::note(app, interview.world.now()).await.done()?;
    // The pause is longer than the online window, so it ends the seat, and Ben gets an offer before he is back.
    interview.world.advance_seconds(600);
    let back = interview.world.now();
    uptime::note(app, back).await.done()?;
    interview.sweep().await?;
    interview.expect(&[(ann, "-"), (ben, "offer"), (cleo, "2")]).await?;
    // An offer lasts 30 seconds otherwise.
    for _ in 0..9 {
        interview.world.advance_seconds(5);
        uptime::note(app, back).await.done()?;
        interview.beat(cleo, false).await?;
        interview.sweep().await?;
        interview.expect(&[(ben, "offer"), (cleo, "2")]).await?;
    }
    interview.beat(ben, false).await?;
    ensure!(interview.enter(ben).await?, "an offer was refused");
    Ok(())
}

async fn anonymous_visit_takes_no_seat_of_the_person_who_uses_it(database: TestDatabase) -> Result<()> {
    let mut interview = Interview::new(database, 2).await?;
    interview.world.app.presence.anonymous = true;
    let app = &interview.world.app;
    let [ann] = interview.come().await?;
    let (id, nobody) = (visit(99), Claimant::new(app, Viewer::NOBODY, None).done()?);
    let at = interview.world.now();
    let beat = Beat { visit: id, claimant: nobody, language_code: None, current_page: None, is_idle: None, at };
    let begun = write(app, beat).await?.map_err(|refusal| anyhow::anyhow!("{refusal:?}"))?;
    let secret = begun.secret.context("an anonymous visit has a secret")?;
    // Somebody signs in in the tab of an anonymous visit.
    let viewer = Viewer::person(ann.person);
    let entered = seats::enter_activity(app, viewer, Some(&secret), id, KEY, IfFull::Wait).await.done()?;
    ensure!(entered.verdict.is_admitted, "a seat was free");
    interview.expect(&[(ann, "seat")]).await?;
    let bob = Guest { person: interview.world.insert_person("Bob").await?, visit: visit(98) };
    interview.beat(bob, false).await?;
    ensure!(!interview.enter(bob).await?, "both seats are taken");
    Ok(())
}

async fn place_follows_the_visits_that_wait_at_it(database: TestDatabase) -> Result<()> {
    let interview = Interview::new(database, 1).await?;
    let app = &interview.world.app;
    let [_ann, ben, cleo, dan] = interview.come().await?;
    // Two people turn out to be one. Each of their visits waits at the place that is kept.
    let cleo = interview.merge(cleo, ben).await?;
    interview.expect(&[(ben, "1"), (cleo, "1"), (dan, "2")]).await?;
    seats::complete_visit(app, Viewer::person(ben.person), None, ben.visit).await.done()?;
    interview.expect(&[(cleo, "1"), (dan, "2")]).await?;
    // A visit that never asked to wait keeps nothing.
    let other = Guest { visit: visit(97), ..cleo };
    interview.beat(other, false).await?;
    seats::complete_visit(app, Viewer::person(cleo.person), None, cleo.visit).await.done()?;
    interview.expect(&[(other, "-"), (dan, "1")]).await?;
    Ok(())
}

async fn closed_activity_ends_offers_and_keeps_places(database: TestDatabase) -> Result<()> {
    let interview = Interview::new(database, 2).await?;
    let [ann, ben, cleo, dan] = interview.come().await?;
    interview.leave(ann).await?;
    interview.expect(&[(ben, "seat"), (cleo, "offer"), (dan, "2")]).await?;
    interview.save(0, NewActivity::default()).await?;
    interview.expect(&[(ben, "seat"), (cleo, "1"), (dan, "2")]).await?;
    ensure!(!interview.enter(cleo).await? && !interview.enter(ann).await?, "it is closed");
    // The offer of before ends nothing, and a seat that becomes free is for nobody.
    interview.leave(ben).await?;
    for _ in 0..3 {
        interview.world.advance_seconds(30);
        for guest in [ann, cleo, dan] {
            interview.beat(guest, false).await?;
        }
        interview.sweep().await?;
        interview.expect(&[(ben, "-"), (cleo, "1"), (dan, "2"), (ann, "3")]).await?;
        ensure!(!interview.something_is_due().await?, "the timers would sweep again and again");
    }
    // It opens again. Those who wait longest are the first, and their offers last as long as any.
    interview.save(2, NewActivity::default()).await?;
    interview.expect(&[(cleo, "offer"), (dan, "offer"), (ann, "3")]).await?;
    interview.world.advance_seconds(29);
    ensure!(interview.enter(cleo).await?, "an offer was refused");
    interview.world.advance_seconds(1);
    interview.sweep().await?;
    interview.expect(&[(cleo, "seat"), (dan, "-"), (ann, "offer")]).await?;
    // An offer that was missed before the activity closed is over.
    interview.world.advance_seconds(31);
    interview.save(0, NewActivity::default()).await?;
    interview.expect(&[(ann, "-")]).await
}

async fn lowered_limit_ends_the_newest_offers_and_keeps_places(database: TestDatabase) -> Result<()> {
    let interview = Interview::new(database, 2).await?;
    let [ann, ben, cleo, dan, eve] = interview.come().await?;
    interview.expect(&[(ann, "seat"), (ben, "seat"), (cleo, "1"), (dan, "2"), (eve, "3")]).await?;
    interview.save(5, NewActivity::default()).await?;
    interview.expect(&[(cleo, "offer"), (dan, "offer"), (eve, "offer")]).await?;
    interview.save(3, NewActivity::default()).await?;
    interview.expect(&[(ann, "seat"), (ben, "seat"), (cleo, "offer"), (dan, "2"), (eve, "3")]).await?;
    ensure!(!interview.enter(dan).await? && !interview.enter(eve).await?, "one seat too many");
    // There are fewer seats than are taken. Nobody loses one, and a seat that is given back is for nobody.
    interview.save(1, NewActivity::default()).await?;
    interview.expect(&[(ann, "seat"), (ben, "seat"), (cleo, "1"), (dan, "2"), (eve, "3")]).await?;
    ensure!(!interview.enter(cleo).await?, "one seat too many");
    interview.leave(ann).await?;
    interview.sweep().await?;
    ensure!(!interview.something_is_due().await?, "the timers would sweep again and again");
    interview.expect(&[(ben, "seat"), (cleo, "1"), (dan, "2"), (eve, "3")]).await?;
    // An offer that has ended is made again with its full time.
    interview.world.advance_seconds(29);
    for guest in [ben, cleo, dan, eve] {
        interview.beat(guest, false).await?;
    }
    interview.save(2, NewActivity::default()).await?;
    interview.world.advance_seconds(29);
    interview.sweep().await?;
    interview.expect(&[(ben, "seat"), (cleo, "offer"), (dan, "2"), (eve, "3")]).await?;
    ensure!(interview.enter(cleo).await?, "an offer was refused");
    Ok(())
}

async fn seats_places_and_offers_end_after_the_clock_was_set_back(database: TestDatabase) -> Result<()> {
    let interview = Interview::new(database, 2).await?;
    let world = &interview.world;
    let [ann, ben, cleo, dan, eve] = interview.come().await?;
    world.raw("UPDATE queue_place SET joined_at = '2025-06-11T12:00:00+00:00'").await?;
    uptime::note(&world.app, world.now()).await.done()?;
    interview.leave(ben).await?;
    interview.expect(&[(ann, "seat"), (cleo, "offer"), (dan, "2"), (eve, "3")]).await?;
    // The clock was an hour ahead.
    world.at("2025-06-11 11:00");
    forget_future(&world.app, world.now()).await.done()?;
    world.sweep(Scope::All, Mode::Exact).await?;
    interview.expect(&[(ann, "seat"), (cleo, "offer"), (dan, "2"), (eve, "3")]).await?;
    // An offer lasts as long as after a pause. Ann and Eve are gone.
    for _ in 0..6 {
        world.advance_seconds(10);
        interview.beat(cleo, false).await?;
        interview.beat(dan, false).await?;
        uptime::note(&world.app, world.now()).await.done()?;
        interview.expect(&[(ann, "seat"), (dan, "2")]).await?;
        interview.sweep().await?;
    }
    world.advance_seconds(1);
    interview.sweep().await?;
    interview.expect(&[(ann, "-"), (cleo, "-"), (dan, "offer"), (eve, "offer")]).await?;
    ensure!(interview.enter(dan).await?, "an offer was refused");
    world.advance_seconds(30);
    uptime::note(&world.app, world.now()).await.done()?;
    interview.beat(dan, false).await?;
    interview.sweep().await?;
    interview.expect(&[(dan, "seat"), (eve, "-")]).await
}
