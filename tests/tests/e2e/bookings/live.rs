//! The subscription `bookingStatusChanged`, over real sockets.

use std::fmt::Write as _;

use anyhow::{Context, Result, ensure};
use chrono::{DateTime, TimeDelta, Utc};
use insession_tests::{
    Client, Deployment, LIMIT, Received, Socket, TestDatabase, eventually, now, on_both_databases, token,
};
use serde_json::{Value, json};

use super::interface::{act, create_booking, create_slot};
use crate::fixtures::{create_person, in_seconds, instant, next_sweep_of_visits, wait_until_clear_of_sweeps};

on_both_databases!(
    each_booking_step_is_published_once_with_its_reason,
    booking_cursor_resumes_without_gaps_or_duplicates,
    booking_changes_reach_participants_and_admins_only,
    booking_snapshot_is_complete_or_omitted,
    booking_subscriptions_that_cannot_start_are_refused,
);

const FIELD: &str = "bookingStatusChanged";

const STEPS: &str = "subscription($id: ID, $after: Cursor) { bookingStatusChanged(bookingId: $id, after: $after) {
    cursor occurredAt oldStatus newStatus isDelayed reason
    booking { id status isDelayed student { id } timeSlot { id mentor { id } } }
    bookings { id status }
} }";

struct Cast {
    deployment: Deployment,
    admin: Client,
    mentor: String,
    student: String,
    stranger: String,
}

impl Cast {
    async fn new(database: &TestDatabase) -> Result<Self> {
        let deployment = Deployment::start(database).await?;
        let admin = deployment.admin();
        let mentor = create_person(&admin, "Mentor").await?;
        let student = create_person(&admin, "Student").await?;
        let stranger = create_person(&admin, "Stranger").await?;
        Ok(Self { deployment, admin, mentor, student, stranger })
    }

    /// Subscribes at another server than the one that makes the changes.
    async fn subscribe(&self, token: &str, id: Option<&str>, after: Option<&str>) -> Result<Socket> {
        let socket = self.deployment.second().socket(Some(token)).await?;
        socket.subscribe("steps", STEPS, json!({ "id": id, "after": after }))?;
        Ok(socket)
    }

    async fn follow(&self, person: &str) -> Result<(Socket, Value)> {
        let mut socket = self.subscribe(&token::of(person), None, None).await?;
        let snapshot = socket.next_for("steps", LIMIT).await?.field(FIELD).clone();
        Ok((socket, snapshot))
    }

    async fn booked(&self, from: DateTime<Utc>, to: DateTime<Utc>) -> Result<String> {
        let slot = create_slot(&self.admin, &self.mentor, from, to).await?;
        create_booking(&self.admin, &slot, &self.student).await
    }

    async fn act(&self, what: &str, booking: &str) -> Result<()> {
        self.admin.data(&act(what), json!({ "id": booking })).await?;
        Ok(())
    }
}

async fn next(socket: &mut Socket) -> Result<Received> {
    socket.next_for("steps", LIMIT).await
}

/// `Booking:1 - to SCHEDULED: It was booked.`
fn in_short(received: &Received) -> String {
    let step = received.field(FIELD);
    let old = step["oldStatus"].as_str().unwrap_or("-");
    let delayed = if step["isDelayed"] == true { " (delayed)" } else { "" };
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    format!(
        "{} {old} to {}{delayed}: {}",
        text(&step["booking"]["id"]),
        text(&step["newStatus"]),
        text(&step["reason"])
    )
}

async fn each_booking_step_is_published_once_with_its_reason(database: TestDatabase) -> Result<()> {
    let cast = Cast::new(&database).await?;
    let (mut mentor, snapshot) = cast.follow(&cast.mentor).await?;
    assert_eq!(snapshot["bookings"], json!([]));
    for field in ["booking", "oldStatus", "newStatus", "isDelayed", "reason"] {
        ensure!(snapshot[field].is_null(), "a snapshot has only bookings, cursor and occurredAt: {snapshot}");
    }
    let (mut student, _) = cast.follow(&cast.student).await?;

    // Nobody starts the first, the mentor starts the second, and the third is cancelled.
    wait_until_clear_of_sweeps().await?;
    // Late enough that all of this is done before, even on a slow machine.
    let begins = in_seconds(15);
    let unnoticed = cast.booked(begins, begins + TimeDelta::seconds(3)).await?;
    let ends = begins + TimeDelta::seconds(6);
    let on_time = cast.booked(begins + TimeDelta::seconds(3), ends).await?;
    let called_off = cast.booked(ends, ends + TimeDelta::hours(1)).await?;
    cast.act("start", &on_time).await?;
    cast.act("cancel", &called_off).await?;

    let by_hand = [
        format!("{unnoticed} - to SCHEDULED: It was booked."),
        format!("{on_time} - to SCHEDULED: It was booked."),
        format!("{called_off} - to SCHEDULED: It was booked."),
        format!("{on_time} SCHEDULED to ONGOING: It was started."),
        format!("{called_off} SCHEDULED to CANCELLED: It was cancelled."),
    ];
    let by_itself = [
        (
            begins,
            format!("{unnoticed} SCHEDULED to ONGOING (delayed): Its start time passed and nobody had started it."),
        ),
        (ends, format!("{on_time} ONGOING to COMPLETED: Its end time passed.")),
    ];
    for socket in [&mut mentor, &mut student] {
        for expected in &by_hand {
            let received = next(socket).await?;
            assert_eq!(&in_short(&received), expected);
            ensure!(
                received.field(FIELD)["bookings"].is_null(),
                "only a snapshot lists bookings: {}",
                received.message
            );
            assert_eq!(received.field(FIELD)["booking"]["timeSlot"]["mentor"]["id"], cast.mentor);
        }
    }
    for (due, expected) in &by_itself {
        for socket in [&mut mentor, &mut student] {
            let received = next(socket).await?;
            assert_eq!(&in_short(&received), expected);
            // A timer takes the step, not before its instant and not as late as the next periodic sweep.
            let at = instant(&received.field(FIELD)["occurredAt"])?;
            let sweep = next_sweep_of_visits(*due);
            ensure!(
                *due <= at && at < sweep,
                "{expected} was due at {due} and occurred at {at}; the next sweep is at {sweep}"
            );
        }
    }
    cast.act("complete", &unnoticed).await?;
    for socket in [&mut mentor, &mut student] {
        let last = format!("{unnoticed} ONGOING to COMPLETED (delayed): It was marked as completed.");
        assert_eq!(in_short(&next(socket).await?), last);
    }
    // A new subscription has the final statuses in its snapshot, newest first.
    let (_, snapshot) = cast.follow(&cast.student).await?;
    let expected = [(&called_off, "CANCELLED"), (&on_time, "COMPLETED"), (&unnoticed, "COMPLETED")];
    let expected = expected.map(|(id, status)| json!({ "id": id, "status": status }));
    assert_eq!(snapshot["bookings"], json!(expected));
    Ok(())
}

async fn booking_cursor_resumes_without_gaps_or_duplicates(database: TestDatabase) -> Result<()> {
    let cast = Cast::new(&database).await?;
    let (mut socket, snapshot) = cast.follow(&cast.student).await?;
    let first = cast.booked(in_seconds(3600), in_seconds(7200)).await?;
    let cursor = |value: &Value| value["cursor"].as_str().map(str::to_owned).context("a cursor");
    let after_booking = cursor(next(&mut socket).await?.field(FIELD))?;
    drop(socket);
    cast.act("start", &first).await?;
    cast.act("complete", &first).await?;
    let second = cast.booked(in_seconds(7200), in_seconds(9000)).await?;
    let missed = [
        format!("{first} - to SCHEDULED: It was booked."),
        format!("{first} SCHEDULED to ONGOING: It was started."),
        format!("{first} ONGOING to COMPLETED: It was marked as completed."),
        format!("{second} - to SCHEDULED: It was booked."),
    ];
    let of_person = token::of(&cast.student);
    for (after, missed) in [(cursor(&snapshot)?, &missed[..]), (after_booking.clone(), &missed[1..])] {
        let mut resumed = cast.subscribe(&of_person, None, Some(&after)).await?;
        for expected in missed {
            assert_eq!(&in_short(&next(&mut resumed).await?), expected);
        }
    }
    // A subscription to one booking resumes from the same cursor and then gets new changes.
    let mut one = cast.subscribe(&of_person, Some(&second), Some(&after_booking)).await?;
    assert_eq!(in_short(&next(&mut one).await?), missed[3]);
    cast.act("cancel", &second).await?;
    assert_eq!(in_short(&next(&mut one).await?), format!("{second} SCHEDULED to CANCELLED: It was cancelled."));
    // The cursor of a query works too.
    let queried = cast.deployment.first().client_of(&cast.student);
    let queried = queried.data("{ changeCursor bookings { nodes { id } } }", json!({})).await?;
    let mut later = cast.subscribe(&of_person, None, queried["changeCursor"].as_str()).await?;
    let third = cast.booked(in_seconds(9000), in_seconds(9600)).await?;
    assert_eq!(in_short(&next(&mut later).await?), format!("{third} - to SCHEDULED: It was booked."));
    Ok(())
}

async fn booking_changes_reach_participants_and_admins_only(database: TestDatabase) -> Result<()> {
    let cast = Cast::new(&database).await?;
    let (mut stranger, _) = cast.follow(&cast.stranger).await?;
    let mut admin = cast.subscribe(&token::admin(), None, None).await?;
    assert_eq!(next(&mut admin).await?.field(FIELD)["bookings"], json!([]));
    let booking = cast.booked(in_seconds(3600), in_seconds(7200)).await?;
    let other = create_slot(&cast.admin, &cast.stranger, in_seconds(7200), in_seconds(9000)).await?;
    let other = create_booking(&cast.admin, &other, &cast.student).await?;
    assert_eq!(in_short(&next(&mut admin).await?), format!("{booking} - to SCHEDULED: It was booked."));
    assert_eq!(in_short(&next(&mut admin).await?), format!("{other} - to SCHEDULED: It was booked."));
    assert_eq!(in_short(&next(&mut stranger).await?), format!("{other} - to SCHEDULED: It was booked."));

    // Subscribing to one booking requires the right to see it.
    for (who, token, sees) in [
        ("a stranger", token::of(&cast.stranger), false),
        ("the mentor", token::of(&cast.mentor), true),
        ("the student", token::of(&cast.student), true),
        ("an admin", token::admin(), true),
    ] {
        let mut socket = cast.subscribe(&token, Some(&booking), None).await?;
        let first = socket.any_for("steps", LIMIT).await?;
        if sees {
            assert_eq!(first.field(FIELD)["bookings"], json!([{ "id": booking, "status": "SCHEDULED" }]), "{who}");
        } else {
            assert_eq!(first.kind(), "error", "{who}: {}", first.message);
            assert_eq!(first.message["payload"][0]["extensions"]["code"], "NOT_FOUND", "{who}");
        }
    }
    Ok(())
}

async fn booking_snapshot_is_complete_or_omitted(database: TestDatabase) -> Result<()> {
    let cast = Cast::new(&database).await?;
    let connection = database.connect().await?;
    let [mentor, student] = [&cast.mentor, &cast.student].map(|id| id.trim_start_matches("Person:").to_owned());
    let insert = async |from: i64, to: i64| -> Result<()> {
        let mut sql = String::new();
        for n in from..to {
            let at = |n: i64| (now() + TimeDelta::days(1) + TimeDelta::minutes(n)).to_rfc3339();
            write!(
                sql,
                "INSERT INTO time_slot (id, mentor_id, starts_at, ends_at, created_at)
                 VALUES ({n}, {mentor}, '{0}', '{1}', '{0}');
                 INSERT INTO booking (id, time_slot_id, mentor_id, student_id, status, created_at)
                 VALUES ({n}, {n}, {mentor}, {student}, 'COMPLETED', '{0}');",
                at(2 * n),
                at(2 * n + 1)
            )?;
        }
        insession_tests::database::execute(&connection, &sql).await
    };
    insert(1, 501).await?;
    let (_, snapshot) = cast.follow(&cast.student).await?;
    let shown = snapshot["bookings"].as_array().map(Vec::len);
    assert_eq!((shown, &snapshot["bookings"][0]["id"]), (Some(500), &json!("Booking:500")));
    insert(501, 502).await?;
    let (_, snapshot) = cast.follow(&cast.student).await?;
    ensure!(snapshot["bookings"].is_null() && snapshot["cursor"].is_string(), "{snapshot}");
    Ok(())
}

async fn booking_subscriptions_that_cannot_start_are_refused(database: TestDatabase) -> Result<()> {
    let cast = Cast::new(&database).await?;
    let student = token::of(&cast.student);
    for (token, id, after, code) in [
        (None, None, None, "UNAUTHENTICATED"),
        (None, Some("Booking:1"), None, "UNAUTHENTICATED"),
        (Some(&student), Some("Booking:999"), None, "NOT_FOUND"),
        (Some(&student), Some("Person:1"), None, "BAD_USER_INPUT"),
        (Some(&student), None, Some("nonsense"), "BAD_USER_INPUT"),
    ] {
        let mut socket = cast.deployment.first().socket(token.map(String::as_str)).await?;
        socket.subscribe("steps", STEPS, json!({ "id": id, "after": after }))?;
        let first = socket.any_for("steps", LIMIT).await?;
        assert_eq!((first.kind(), &first.message["payload"][0]["extensions"]["code"]), ("error", &json!(code)));
    }
    // A cursor from before the start of the log has expired.
    let (socket, snapshot) = cast.follow(&cast.student).await?;
    drop(socket);
    for n in 0..3 {
        cast.booked(in_seconds(3600 + 600 * n), in_seconds(3600 + 600 * n + 300)).await?;
    }
    let mut cast = cast;
    let connection = database.connect().await?;
    eventually(LIMIT, "the log to be published", async || {
        let waiting = "SELECT count(*) FROM change_batch WHERE first_position IS NULL";
        ensure!(insession_tests::database::number(&connection, waiting).await? == 0, "not yet");
        Ok(())
    })
    .await?;
    let sql = "DELETE FROM change_batch WHERE first_position < (SELECT max(first_position) FROM change_batch)";
    insession_tests::database::execute(&connection, sql).await?;
    // Servers keep changes that they have read in memory, so they are restarted.
    for server in &mut cast.deployment.servers {
        server.terminate().await?;
        server.start_again().await?;
    }
    let mut expired = cast.subscribe(&student, None, snapshot["cursor"].as_str()).await?;
    let first = expired.any_for("steps", LIMIT).await?;
    let code = &first.message["payload"][0]["extensions"]["code"];
    assert_eq!((first.kind(), code), ("error", &json!("CURSOR_EXPIRED")), "{}", first.message);
    Ok(())
}
