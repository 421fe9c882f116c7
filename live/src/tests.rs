//! The hub against a log in memory.

use std::{
    future::poll_fn,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Wake},
    time::Duration,
};

use domain::{
    access::Viewer,
    booking::BookingStatus,
    ids::{ActivityId, BookingId, PersonId, SessionId, SessionInstanceId},
    news::{
        BookingNarrowing, BookingStep, Change, ChangeKind, Event, Narrowing, Position, SessionChange, SessionNarrowing,
        View,
    },
};
use futures_util::{StreamExt, stream};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::{
    CloseReason, Coalescing, Content, CursorStatus, GroupKey, Hub, HubSettings, Mailbox, MailboxLimits, QueuedMessage,
    Registration, Rendered, ReplayError, StartExecution, Subject, Subscription,
    ring::Ring,
    testing::{FakeLog, change, location, moved, unpublished, until, within},
    topics::Topics,
};

/// The session of an active instance moved to another city.
fn left(session: i64, from: &str, to: &str) -> Change {
    unpublished(Event::Session(SessionChange {
        session: Some(SessionId(session)),
        instance: Some(SessionInstanceId(session * 10)),
        location: location(to),
        previous_location: Some(location(from)),
        ..SessionChange::of(ChangeKind::Updated)
    }))
}

fn booked(booking: i64, mentor: i64, student: i64) -> Change {
    unpublished(Event::Booking(BookingStep {
        booking: BookingId(booking),
        mentor: PersonId(mentor),
        student: PersonId(student),
        old_status: None,
        new_status: BookingStatus::Scheduled,
        is_delayed: false,
        reason: "It was booked.".to_owned(),
    }))
}

fn occupied(activity: i64) -> Change {
    unpublished(Event::Occupancy(ActivityId(activity)))
}

/// A pseudo-random generator with a fixed seed, so that each run is the same.
struct Rng(u64);

impl Rng {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }

    fn city(&mut self) -> &'static str {
        ["Austin", "Dallas", "Paris"][usize::try_from(self.below(3)).unwrap()]
    }

    fn session(&mut self) -> i64 {
        self.below(5).cast_signed() + 1
    }

    fn change(&mut self) -> Change {
        let (session, city) = (self.session(), self.city());
        match self.below(9) {
            0 => change(ChangeKind::Activated, session, city),
            1 => change(ChangeKind::Deactivated, session, city),
            2 => left(session, self.city(), city),
            3 => moved(session, None, None),
            4 => booked(self.session(), session, self.session()),
            5 => occupied(session),
            6 => unpublished(Event::Unknown),
            _ => change(ChangeKind::Updated, session, city),
        }
    }

    fn narrowing(&mut self) -> Narrowing {
        match self.below(8) {
            0 => return Narrowing::Bookings(BookingNarrowing::One(BookingId(self.session()))),
            1 => return Narrowing::Bookings(BookingNarrowing::Of(PersonId(self.session()))),
            2 => return Narrowing::Bookings(BookingNarrowing::All),
            3 => return Narrowing::Occupancy(ActivityId(self.session())),
            _ => {}
        }
        let mut narrowing = SessionNarrowing::default();
        if self.below(3) == 0 {
            narrowing.sessions = Some(vec![SessionId(self.session()), SessionId(self.session())]);
        }
        if self.below(3) == 0 {
            narrowing.city = Some(self.city().to_owned());
        }
        if self.below(3) == 0 {
            narrowing.country = Some("US".to_owned());
        }
        Narrowing::Sessions(narrowing)
    }
}

fn everything() -> Narrowing {
    Narrowing::Sessions(SessionNarrowing::default())
}

fn of_person(person: i64) -> Narrowing {
    Narrowing::Sessions(SessionNarrowing { person: Some(PersonId(person)), ..SessionNarrowing::default() })
}

fn in_city(city: &str) -> Narrowing {
    Narrowing::Sessions(SessionNarrowing { city: Some(city.to_owned()), ..SessionNarrowing::default() })
}

/// The text of an event in these tests: `3 UPDATED`, `4 BOOKING`.
fn text(position: Position, seen: View) -> String {
    let kind = match seen {
        View::Session(kind) => kind.as_str(),
        View::Booking => "BOOKING",
        View::Occupancy => "OCCUPANCY",
    };
    format!("{} {kind}", position.0)
}

/// The texts that a subscription must receive from the whole log, from a position on.
fn expected(log: &FakeLog, narrowing: &Narrowing, from: Position) -> Vec<String> {
    let mut at = None;
    let mut seen = Vec::new();
    for change in log.changes() {
        let seen_as = narrowing.sees(&change, at);
        if let Some((person, moved)) = change.event.as_move()
            && narrowing.followed() == Some(person)
        {
            at = moved.instance;
        }
        if change.position > from {
            seen.extend(seen_as.map(|seen| text(change.position, seen)));
        }
    }
    seen
}

fn key(request: &str, person: Option<PersonId>) -> GroupKey {
    GroupKey { request: request.into(), viewer: person.map(Viewer::person), person }
}

fn rendered(text: impl Into<Arc<str>>) -> Rendered {
    Rendered { text: text.into(), is_failure: false }
}

/// An execution that renders each event's position and kind.
fn render_positions() -> StartExecution {
    Box::new(|feed| {
        let texts = feed.take().map(|event| rendered(text(event.change.position, event.view)));
        texts.boxed()
    })
}

fn mailbox(messages: u32) -> Arc<Mailbox> {
    Arc::new(Mailbox::new(MailboxLimits { messages, bytes: u32::MAX }))
}

async fn next(mailbox: &Mailbox) -> Result<String, CloseReason> {
    match within(poll_fn(|context| mailbox.poll_next(context))).await?.content {
        Content::Next(text) => Ok(text.to_string()),
        other => panic!("{other:?}"),
    }
}

fn registration(narrowing: Narrowing, from: i64) -> Registration {
    Registration { narrowing, from: Position(from), person_at: None }
}

async fn live(hub: &Hub, narrowing: Narrowing, from: i64, mailbox: &Arc<Mailbox>) -> Subscription {
    let mut subscription = hub.attach(key("all", narrowing.followed()), render_positions());
    within(subscription.go_live(registration(narrowing, from), mailbox, 1)).await.unwrap();
    subscription
}

#[test]
fn topics_find_every_narrowing_that_sees_a_change() {
    let mut rng = Rng(1);
    let narrowings: Vec<_> = (0..200).map(|_| rng.narrowing()).collect();
    let mut topics = Topics::default();
    narrowings.iter().enumerate().for_each(|(key, narrowing)| topics.add(narrowing, key));
    for _ in 0..200 {
        let change = rng.change();
        let mut found = Vec::new();
        topics.find(&change.event, &mut found);
        found.retain(|key| narrowings[*key].sees(&change, None).is_some());
        found.sort_unstable();
        let seeing = (0..narrowings.len()).filter(|key| narrowings[*key].sees(&change, None).is_some());
        assert_eq!(found, seeing.collect::<Vec<_>>(), "{change:?}");
    }
    narrowings.iter().enumerate().for_each(|(key, narrowing)| topics.remove(narrowing, key));
    assert_eq!(format!("{topics:?}"), format!("{:?}", Topics::<usize>::default()));
}

#[test]
fn session_change_finds_only_subscriptions_of_that_session() {
    let mut topics = Topics::default();
    for session in 1..=1000 {
        let sessions = Some(vec![SessionId(session)]);
        topics.add(&Narrowing::Sessions(SessionNarrowing { sessions, ..SessionNarrowing::default() }), session);
    }
    let mut found = Vec::new();
    topics.find(&change(ChangeKind::Updated, 7, "Austin").event, &mut found);
    assert_eq!(found, [7]);
}

#[test]
fn booking_and_occupancy_changes_find_only_their_own_subscriptions() {
    let mut topics = Topics::default();
    for id in 1..=1000 {
        topics.add(&Narrowing::Bookings(BookingNarrowing::One(BookingId(id))), id);
        topics.add(&Narrowing::Bookings(BookingNarrowing::Of(PersonId(id))), 1000 + id);
        topics.add(&Narrowing::Occupancy(ActivityId(id)), 2000 + id);
        topics.add(&of_person(id), 3000 + id);
    }
    topics.add(&everything(), 5000);
    topics.add(&Narrowing::Bookings(BookingNarrowing::All), 5001);
    let found = |change: Change| {
        let mut found = Vec::new();
        topics.find(&change.event, &mut found);
        found.sort_unstable();
        found
    };
    assert_eq!(found(booked(7, 8, 9)), [7, 1008, 1009, 5001]);
    assert_eq!(found(occupied(7)), [2007]);
    assert_eq!(found(unpublished(Event::Unknown)), [] as [i64; 0]);
}

#[test]
fn ring_evicts_the_oldest_change_and_rejects_positions_before_it() {
    let mut ring = Ring::starting_after(Position(0), 3);
    for position in 1..=5 {
        ring.push(Arc::new(Change { position: Position(position), ..change(ChangeKind::Updated, 1, "Austin") }));
    }
    let page = |after| ring.page(Position(after), 2).map(|page| page.iter().map(|c| c.position.0).collect::<Vec<_>>());
    assert_eq!(page(1), None);
    assert_eq!(page(2), Some(vec![3, 4]));
    assert_eq!(page(4), Some(vec![5]));
    assert_eq!(page(5), Some(vec![]));
    assert_eq!(page(9), Some(vec![]));
}

#[tokio::test]
async fn full_mailbox_closes_on_push_and_makes_send_wait() {
    let message = |text: &str| QueuedMessage { operation: 1, coalescing: None, content: Content::Next(text.into()) };
    let mailbox = Mailbox::new(MailboxLimits { messages: 4, bytes: 1000 });
    assert!(mailbox.send(message("1")).await && mailbox.send(message("2")).await);
    {
        let mut third = pin!(mailbox.send(message("3")));
        assert!(futures_util::poll!(third.as_mut()).is_pending(), "half of the mailbox is reserved for live events");
        assert_eq!(next(&mailbox).await, Ok("1".to_owned()));
        assert!(third.await);
    }
    assert!(mailbox.push(message("4")) && mailbox.push(message("5")));
    assert!(!mailbox.push(message("6")));
    assert_eq!(next(&mailbox).await, Err(CloseReason::Behind));
    assert!(!mailbox.send(message("7")).await);

    let mailbox = Mailbox::new(MailboxLimits { messages: 4, bytes: 10 });
    assert!(mailbox.push(message("larger than the limit")), "an empty mailbox takes any message");
    assert!(!mailbox.push(message("x")));

    let mailbox = Mailbox::new(MailboxLimits { messages: 2, bytes: 1000 });
    assert!(mailbox.push(message("last")));
    mailbox.close(CloseReason::Restart);
    mailbox.close(CloseReason::Behind);
    assert!(mailbox.take_remaining().is_some(), "the first reason wins, and a restart keeps what is queued");
}

#[tokio::test]
async fn who_stops_waiting_for_room_leaves_nothing_in_the_mailbox() {
    struct Nobody;
    impl Wake for Nobody {
        fn wake(self: Arc<Self>) {}
    }
    let message = || QueuedMessage { operation: 1, coalescing: None, content: Content::Complete };
    let mailbox = Mailbox::new(MailboxLimits { messages: 2, bytes: 1000 });
    assert!(mailbox.push(message()));
    let nobody = Arc::new(Nobody);
    {
        let waker = Arc::clone(&nobody).into();
        let mut waiting = pin!(mailbox.send(message()));
        assert!(waiting.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    }
    assert_eq!(Arc::strong_count(&nobody), 1);
}

#[tokio::test]
async fn mailbox_that_fills_up_coalesces_updates_of_one_subject() {
    let event = |operation, instance, is_update, text: &str| QueuedMessage {
        operation,
        coalescing: Some(Coalescing { subject: Subject::Instance(SessionInstanceId(instance)), is_update }),
        content: Content::Next(text.into()),
    };
    let mailbox = Mailbox::new(MailboxLimits { messages: 8, bytes: 1000 });
    for (operation, instance, is_update, text) in
        [(1, 70, true, "a"), (1, 70, true, "b"), (2, 70, true, "c"), (1, 71, true, "d")]
    {
        assert!(mailbox.push(event(operation, instance, is_update, text)), "{text}");
    }
    // The mailbox is half full now. An update replaces the last update of its instance in its own subscription. It does not
    // replace an update from before a change of state, and a change of state replaces nothing.
    for n in 0..100 {
        assert!(mailbox.push(event(1, 71, true, &format!("d{n}"))));
    }
    assert!(mailbox.push(event(1, 71, false, "off")) && mailbox.push(event(1, 71, true, "e")));
    assert!(mailbox.push(event(1, 70, true, "f")) && mailbox.push(event(1, 71, true, "g")));
    for text in ["a", "c", "d99", "off", "f", "g"] {
        assert_eq!(next(&mailbox).await, Ok(text.to_owned()));
    }
    for n in 0..8 {
        assert!(mailbox.push(event(1, 70, false, &n.to_string())));
    }
    assert!(!mailbox.push(event(1, 70, true, "no update to replace, so there is no room")));
    assert_eq!(next(&mailbox).await, Err(CloseReason::Behind));
}

#[tokio::test]
async fn occupancy_is_coalesced_and_every_booking_step_is_delivered() {
    let log = FakeLog::new();
    let hub = log.hub(HubSettings::default(), &CancellationToken::new()).await.unwrap();
    let (one, other, mine) = (mailbox(8), mailbox(8), mailbox(1000));
    let _one = live(&hub, Narrowing::Occupancy(ActivityId(1)), 0, &one).await;
    let _other = live(&hub, Narrowing::Occupancy(ActivityId(2)), 0, &other).await;
    let _mine = live(&hub, Narrowing::Bookings(BookingNarrowing::Of(PersonId(3))), 0, &mine).await;
    for _ in 0..100 {
        log.append(occupied(1));
        log.append(booked(5, 3, 4));
    }
    log.append(occupied(2));
    for step in 1..=100 {
        assert_eq!(next(&mine).await, Ok(format!("{} BOOKING", 2 * step)));
    }
    assert_eq!(next(&other).await, Ok("201 OCCUPANCY".to_owned()));
    // Nothing was read from this mailbox, and it is still open: later updates replaced earlier ones.
    until(|| hub.stats().deliveries == 201).await;
    let mut last = String::new();
    while let Some(QueuedMessage { content: Content::Next(text), .. }) = one.take_remaining() {
        last = text.to_string();
    }
    assert_eq!(last, "199 OCCUPANCY");
}

#[tokio::test]
async fn identical_subscriptions_share_one_execution_per_event() {
    let log = FakeLog::new();
    let hub = log.hub(HubSettings::default(), &CancellationToken::new()).await.unwrap();
    let mailboxes: Vec<_> = (0..50).map(|_| mailbox(100)).collect();
    let mut subscriptions = Vec::new();
    for (n, mailbox) in mailboxes.iter().enumerate() {
        // Different narrowings, the same group.
        let sessions = (n % 2 == 0).then(|| vec![SessionId(1)]);
        subscriptions.push(
            live(&hub, Narrowing::Sessions(SessionNarrowing { sessions, ..SessionNarrowing::default() }), 0, mailbox)
                .await,
        );
    }
    for _ in 0..10 {
        log.append(change(ChangeKind::Updated, 1, "Austin"));
    }
    for mailbox in &mailboxes {
        for position in 1..=10 {
            assert_eq!(next(mailbox).await, Ok(format!("{position} UPDATED")));
        }
    }
    let stats = hub.stats();
    assert_eq!((stats.executions, stats.groups, stats.subscriptions, stats.deliveries), (10, 1, 50, 500));
    drop(subscriptions);
    let stats = hub.stats();
    assert_eq!((stats.groups, stats.followers, stats.subscriptions), (0, 0, 0));
}

#[tokio::test]
async fn one_change_is_a_different_event_for_each_narrowing() {
    let log = FakeLog::new();
    let hub = log.hub(HubSettings::default(), &CancellationToken::new()).await.unwrap();
    let (from, to, all) = (mailbox(9), mailbox(9), mailbox(9));
    let _from = live(&hub, in_city("Dallas"), 0, &from).await;
    let _to = live(&hub, in_city("Austin"), 0, &to).await;
    let _all = live(&hub, everything(), 0, &all).await;
    log.append(left(1, "Dallas", "Austin"));
    assert_eq!(next(&from).await, Ok("1 DEACTIVATED".to_owned()));
    assert_eq!(next(&to).await, Ok("1 ACTIVATED".to_owned()));
    assert_eq!(next(&all).await, Ok("1 UPDATED".to_owned()));
    assert_eq!(hub.stats().executions, 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn replay_and_live_delivery_leave_no_gap_and_no_duplicate() {
    const CHANGES: u64 = 3000;
    let log = FakeLog::new();
    let mut rng = Rng(7);
    for _ in 0..500 {
        log.append(rng.change());
    }
    let shutdown = CancellationToken::new();
    // A short ring and queue, so that every path is taken.
    let hub = log.hub(HubSettings { ring: 200, queue: 4096, ..HubSettings::default() }, &shutdown).await.unwrap();
    let end = CancellationToken::new();
    let appender = tokio::spawn({
        let (log, end) = (log.clone(), end.clone());
        async move {
            let mut rng = Rng(11);
            for n in 0..CHANGES {
                log.append(rng.change());
                if n % 7 == 0 {
                    tokio::task::yield_now().await;
                }
            }
            end.cancel();
        }
    });
    let mut readers = Vec::new();
    for n in 0..120 {
        let (hub, log, end) = (hub.clone(), log.clone(), end.clone());
        let mut narrowing = rng.narrowing();
        if n % 10 == 0 {
            narrowing = of_person(rng.session());
        }
        let from = rng.below(log.changes().len() as u64).cast_signed();
        readers.push(tokio::spawn(async move {
            let mailbox = mailbox(10_000);
            let mut subscription = hub.attach(key("all", narrowing.followed()), render_positions());
            let mut at_once = pin!(subscription.go_live(registration(narrowing.clone(), from), &mailbox, 1));
            let mut got = Vec::new();
            let mut is_live = false;
            // Reads during the replay, and then until it has received as much as expected.
            let mut whole = None;
            within(async {
                while !is_live || whole.as_ref().is_none_or(|whole: &Vec<_>| got.len() < whole.len()) {
                    tokio::select! {
                        result = &mut at_once, if !is_live => { result.unwrap(); is_live = true; }
                        text = next(&mailbox) => got.push(text.unwrap()),
                        () = end.cancelled(), if whole.is_none() => {
                            whole = Some(expected(&log, &narrowing, Position(from)));
                        }
                    }
                }
            })
            .await;
            assert_eq!(Some(got), whole);
            until(|| hub.stats().position == Position(500 + CHANGES.cast_signed())).await;
            tokio::task::yield_now().await;
            assert!(mailbox.take_remaining().is_none());
        }));
        tokio::task::yield_now().await;
    }
    for reader in readers {
        within(reader).await.unwrap();
    }
    appender.await.unwrap();
    until(|| hub.stats().position == Position(500 + CHANGES.cast_signed())).await;
    assert_eq!(hub.stats().subscriptions, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn slow_stream_falls_back_to_the_log() {
    let log = FakeLog::new();
    let shutdown = CancellationToken::new();
    let hub = log.hub(HubSettings { ring: 20, queue: 5, ..HubSettings::default() }, &shutdown).await.unwrap();
    let narrowing = of_person(1);
    let mut stream = pin!(hub.subscribe_stream(registration(narrowing.clone(), 0)));
    let mut got = Vec::new();
    let mut rng = Rng(3);
    let mut at = None;
    for n in 0..600 {
        if n % 9 == 0 {
            let to = (n % 2 == 0).then(|| rng.session());
            log.append(moved(1, at, to));
            at = to;
        } else {
            log.append(rng.change());
        }
        // Bursts longer than the queue and the ring.
        if n % 40 == 0 {
            until(|| hub.stats().position == Position(n + 1)).await;
            if let Some(event) = within(stream.next()).await {
                got.push(text(event.change.position, event.view));
            }
        }
    }
    let expected = expected(&log, &narrowing, Position(0));
    while got.len() < expected.len() {
        let event = within(stream.next()).await.unwrap();
        got.push(text(event.change.position, event.view));
    }
    assert_eq!(got, expected);
    shutdown.cancel();
    assert!(within(stream.next()).await.is_none(), "a shutdown ends the stream");
}

#[tokio::test]
async fn person_subscription_follows_the_person_between_instances() {
    let log = FakeLog::new();
    log.append(moved(1, Some(4), Some(1)));
    let hub = log.hub(HubSettings::default(), &CancellationToken::new()).await.unwrap();
    let narrowing = of_person(1);
    let mailbox = mailbox(100);
    let mut subscription = hub.attach(key("mine", Some(PersonId(1))), render_positions());
    // By the tables, the person is at 1 now. By the log, they came from 4.
    let started = Registration { person_at: Some(SessionInstanceId(10)), ..registration(narrowing, 0) };
    within(subscription.go_live(started, &mailbox, 1)).await.unwrap();
    assert_eq!(next(&mailbox).await, Ok("1 PERSON_MOVED".to_owned()));
    log.append(change(ChangeKind::Updated, 1, "Austin"));
    log.append(change(ChangeKind::Updated, 2, "Austin"));
    log.append(moved(2, None, Some(1)));
    log.append(moved(1, Some(1), Some(2)));
    log.append(change(ChangeKind::Updated, 1, "Austin"));
    log.append(change(ChangeKind::Updated, 2, "Austin"));
    log.append(moved(1, Some(2), None));
    log.append(change(ChangeKind::Deactivated, 2, "Austin"));
    for expected in ["2 UPDATED", "5 PERSON_MOVED", "7 UPDATED", "8 PERSON_MOVED"] {
        assert_eq!(next(&mailbox).await, Ok(expected.to_owned()));
    }
    until(|| hub.stats().position == Position(9)).await;
    assert!(mailbox.take_remaining().is_none());
}

#[tokio::test]
async fn log_tells_where_a_person_was_at_the_cursor() {
    let log = FakeLog::new();
    log.append(change(ChangeKind::Updated, 3, "Austin"));
    log.append(change(ChangeKind::Updated, 1, "Austin"));
    log.append(moved(1, Some(1), Some(3)));
    log.append(change(ChangeKind::Updated, 3, "Austin"));
    let hub = log.hub(HubSettings { ring: 1, ..HubSettings::default() }, &CancellationToken::new()).await.unwrap();
    let narrowing = of_person(1);
    let resumed = Registration { person_at: Some(SessionInstanceId(30)), ..registration(narrowing, 0) };
    let events = hub.subscribe_stream(resumed).take(3).map(|event| event.change.position.0);
    assert_eq!(within(events.collect::<Vec<_>>()).await, [2, 3, 4]);
}

#[tokio::test]
async fn slow_group_is_disconnected_and_delays_no_other_group() {
    let log = FakeLog::new();
    let hub = log.hub(HubSettings { queue: 10, ..HubSettings::default() }, &CancellationToken::new()).await.unwrap();
    let (stuck, well) = (mailbox(1000), mailbox(1000));
    let mut slow = hub.attach(key("slow", None), Box::new(|_| stream::pending().boxed()));
    within(slow.go_live(registration(everything(), 0), &stuck, 1)).await.unwrap();
    let _fast = live(&hub, everything(), 0, &well).await;
    // The first event never finishes, and ten more fit into the queue. Each is read before the next is appended, so that the
    // other group's queue never fills.
    for position in 1..=12 {
        log.append(change(ChangeKind::Updated, 1, "Austin"));
        assert_eq!(next(&well).await, Ok(format!("{position} UPDATED")));
    }
    assert_eq!(next(&stuck).await, Err(CloseReason::Behind));
    drop(slow);
    assert_eq!((hub.stats().groups, hub.stats().subscriptions), (1, 1));
}

#[tokio::test]
async fn failed_rendering_is_retried_and_finally_delivered_with_its_errors() {
    let log = FakeLog::new();
    let hub = log.hub(HubSettings::default(), &CancellationToken::new()).await.unwrap();
    let failures = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&failures);
    // The first event fails twice, the second always.
    let start: StartExecution = Box::new(move |feed| {
        let failures = Arc::clone(&counted);
        let texts = feed.take().map(move |event| {
            let is_failure = event.change.position == Position(2) || failures.fetch_add(1, Ordering::SeqCst) < 2;
            Rendered { is_failure, ..rendered(text(event.change.position, event.view)) }
        });
        texts.boxed()
    });
    let mailbox = mailbox(10);
    let mut subscription = hub.attach(key("failing", None), start);
    within(subscription.go_live(registration(everything(), 0), &mailbox, 1)).await.unwrap();
    log.append(change(ChangeKind::Updated, 1, "Austin"));
    assert_eq!(next(&mailbox).await.unwrap(), "1 UPDATED");
    assert_eq!(failures.load(Ordering::SeqCst), 3);
    log.append(change(ChangeKind::Updated, 1, "Austin"));
    assert_eq!(next(&mailbox).await.unwrap(), "2 UPDATED");
}

#[tokio::test]
async fn group_whose_execution_ends_disconnects_its_subscribers() {
    let log = FakeLog::new();
    let hub = log.hub(HubSettings::default(), &CancellationToken::new()).await.unwrap();
    for start in [
        Box::new(|_| stream::empty().boxed()) as StartExecution,
        Box::new(|_| stream::iter([rendered("the resolver does not take its feed")]).boxed()),
        Box::new(|_| panic!("a test's panic")),
    ] {
        let mailbox = mailbox(10);
        let mut subscription = hub.attach(key("broken", None), start);
        let from = hub.stats().position.0;
        within(subscription.go_live(registration(everything(), from), &mailbox, 1)).await.unwrap();
        log.append(change(ChangeKind::Updated, 1, "Austin"));
        assert_eq!(next(&mailbox).await, Err(CloseReason::Behind));
        let again = within(subscription.go_live(registration(everything(), from), &mailbox, 1)).await;
        assert_eq!(again, Err(ReplayError::Failed));
        drop(subscription);
        assert_eq!((hub.stats().groups, hub.stats().followers), (0, 0));
    }
}

#[tokio::test]
async fn thousands_of_resuming_subscriptions_share_executions_and_never_read_the_log() {
    let log = FakeLog::new();
    for _ in 0..20 {
        log.append(change(ChangeKind::Updated, 1, "Austin"));
    }
    let hub = log
        .hub(HubSettings { interval: Duration::from_hours(1), ..HubSettings::default() }, &CancellationToken::new())
        .await
        .unwrap();
    until(|| log.reads() == 2).await;
    let mut resumed = Vec::new();
    for _ in 0..2000 {
        assert_eq!(hub.cursor_status(Position(5)).await.unwrap(), CursorStatus::Resumable);
        let mailbox = mailbox(100);
        resumed.push((live(&hub, everything(), 5, &mailbox).await, mailbox));
    }
    for (_, mailbox) in &resumed {
        for position in 6..=20 {
            assert_eq!(next(mailbox).await, Ok(format!("{position} UPDATED")));
        }
    }
    assert_eq!((log.reads(), hub.stats().executions), (2, 15));
}

#[tokio::test]
async fn cursors_before_the_oldest_change_are_expired() {
    let log = FakeLog::new();
    for _ in 0..50 {
        log.append(change(ChangeKind::Updated, 1, "Austin"));
    }
    let hub = log.hub(HubSettings { ring: 10, ..HubSettings::default() }, &CancellationToken::new()).await.unwrap();
    log.prune_before(Position(30));
    assert_eq!(hub.cursor_status(Position(29)).await.unwrap(), CursorStatus::Resumable);
    assert_eq!(hub.cursor_status(Position(28)).await.unwrap(), CursorStatus::Expired);
    assert_eq!(hub.cursor_status(Position(50)).await.unwrap(), CursorStatus::Resumable);
    assert_eq!(hub.cursor_status(Position(51)).await.unwrap(), CursorStatus::Future);
    // Pruning between that answer and the replay is noticed too.
    let mut subscription = hub.attach(key("all", None), render_positions());
    let late = subscription.go_live(registration(everything(), 28), &mailbox(100), 1).await;
    assert_eq!(late, Err(ReplayError::Expired));
    let mut stream = pin!(hub.subscribe_stream(registration(everything(), 28)));
    assert!(within(stream.next()).await.is_none());
}

#[tokio::test(start_paused = true)]
async fn hub_retries_until_the_log_can_be_read() {
    let log = FakeLog::new();
    let hub = log.hub(HubSettings::default(), &CancellationToken::new()).await.unwrap();
    let mailbox = mailbox(100);
    let _subscription = live(&hub, everything(), 0, &mailbox).await;
    log.set_failing(true);
    log.append(change(ChangeKind::Updated, 1, "Austin"));
    let before = log.reads();
    tokio::time::sleep(Duration::from_mins(1)).await;
    let tries = log.reads() - before;
    assert!((5..30).contains(&tries), "{tries} tries in a minute");
    log.set_failing(false);
    assert_eq!(next(&mailbox).await, Ok("1 UPDATED".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn without_a_wake_up_the_hub_reads_the_log_within_a_second() {
    let log = FakeLog::new();
    let (_never, wake) = watch::channel(0);
    let hub = Hub::start(log.clone(), wake, HubSettings::default(), CancellationToken::new()).await.unwrap();
    let mailbox = mailbox(100);
    let _subscription = live(&hub, everything(), 0, &mailbox).await;
    let before = tokio::time::Instant::now();
    log.append(change(ChangeKind::Updated, 1, "Austin"));
    assert_eq!(next(&mailbox).await, Ok("1 UPDATED".to_owned()));
    assert!(before.elapsed() <= Duration::from_millis(1001));
}
