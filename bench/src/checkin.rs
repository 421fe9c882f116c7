//! Check-ins a second, with commits to disk. Each check-in is a yes to an active instance, which moves the person
//! there.
//!
//! A check-in goes through the service, as in a server. The baseline is pgbench with a transaction that is written by
//! hand. It uses prepared statements and the same number of connections. It takes the same locks and writes the same
//! rows. The two run in turn, never at the same time, each on the same tables. Everybody has said yes to ten earlier
//! meetings. On both sides the person and the instance are random.

use std::time::Duration;

use anyhow::{Result, ensure};
use domain::{
    access::Viewer,
    check_in::Attendance,
    ids::{PersonId, SessionInstanceId},
};
use service::check_ins::check_in;

use crate::{
    figures::{Aim, Figures},
    measure::Random,
    stage::{Stage, closed_loops},
};

#[derive(clap::Args)]
pub struct Options {
    /// Numbers of active instances
    #[arg(long, value_delimiter = ',', default_value = "1,100,1000")]
    instances: Vec<i64>,
    /// Number of people
    #[arg(long, default_value_t = 20_000)]
    people: i64,
    /// Number of check-ins in flight. Each side has as many connections
    #[arg(long, default_value_t = 32)]
    under_way: u32,
    /// Duration of each measurement
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// Number of measurements of each side
    #[arg(long, default_value_t = 3)]
    repetitions: usize,
}

/// How many earlier weeks there are.
const WEEKS: i64 = 10;

/// The baseline: the check-in of a person who moves, or who says yes again.
const BY_HAND: &str = "\\set p random(1, :people)
\\set i random(1, :instances)
BEGIN;
SELECT i.session_id AS session, s.city AS city FROM session_instance i JOIN session s ON s.id = i.session_id
  WHERE i.id = :i AND i.deleted_at IS NULL AND i.is_active FOR SHARE OF i \\gset
SELECT COALESCE(active_session_instance_id, 0) AS old FROM person WHERE id = :p FOR NO KEY UPDATE \\gset
INSERT INTO check_in (session_instance_id, person_id, attendance, checked_in_at, arrived_at)
  VALUES (:i, :p, 'YES', now(), clock_timestamp()) ON CONFLICT (session_instance_id, person_id)
  DO UPDATE SET attendance = 'YES', checked_in_at = now(), arrived_at = clock_timestamp();
\\if :old <> :i
UPDATE person SET active_session_instance_id = :i WHERE id = :p;
INSERT INTO change_batch (occurred_at, size) VALUES (now(), 1) RETURNING id AS batch \\gset
INSERT INTO change_log (batch_id, ordinal, kind, session_id, session_instance_id, city, country, has_previous_place, \
previous_city, previous_country, person_id, previous_session_instance_id, previous_session_id)
  VALUES (:batch, 0, 'PERSON_MOVED', :session, :i, 'City', 'Country', :old > 0, 'City', 'Country', :p, NULLIF(:old, 0), NULLIF(:old, 0));
INSERT INTO count_change (session_instance_id) SELECT id FROM (VALUES (:i), (NULLIF(:old, 0))) v(id) WHERE id > 0;
\\endif
COMMIT;
";

pub async fn run(options: Options, figures: &mut Figures) -> Result<()> {
    ensure!(options.people > 0 && options.seconds > 0 && options.repetitions > 0, "nothing to measure");
    println!("{} people, {} check-ins in flight\n", options.people, options.under_way);
    let duration = Duration::from_secs(options.seconds);
    for instances in &options.instances {
        let stage = Stage::set(options.under_way, &[]).await?;
        fill(&stage, *instances, options.people).await?;
        let (mut ours, mut baseline) = (Vec::new(), Vec::new());
        for _ in 0..options.repetitions {
            reset(&stage).await?;
            ours.push(check_in_all(&stage, *instances, &options).await?);
            expect_consistent(&stage).await?;
            reset(&stage).await?;
            let numbers = [("people", options.people), ("instances", *instances)];
            baseline.push(stage.pgbench(BY_HAND, options.under_way, duration, &numbers).await?);
            expect_consistent(&stage).await?;
        }
        let work = format!("check-ins to {instances} instances");
        figures.add_medians(work, "a second", ours, Some(baseline), Aim::TimesAtLeast(0.6));
    }
    Ok(())
}

/// Each session has an instance with the same number, which is active for a week, and one in each earlier week. Each person has
/// said yes to one instance of each earlier week.
async fn fill(stage: &Stage, instances: i64, people: i64) -> Result<()> {
    let sql = format!(
        "INSERT INTO session (name, name_key, path, city, country, time_zone, created_at)
         SELECT 'Session ' || n, 'session ' || n, 'session-' || n, 'City', 'Country', 'UTC', now()
         FROM generate_series(1, {instances}) n;
         INSERT INTO session_instance (session_id, date, starts_at, ends_at, opens_at, closes_at, listed_at, due_at,
           is_active, created_at)
         SELECT id, now()::date, now(), now() + interval '7 days', now() - interval '1 hour', now() + interval '8 days',
           now(), now() + interval '8 days', TRUE, now() FROM session ORDER BY id;
         INSERT INTO session_instance (session_id, date, starts_at, ends_at, opens_at, closes_at, listed_at, is_active,
           created_at)
         SELECT id, at::date, at, at + interval '3 hours', at - interval '1 hour', at + interval '4 hours', at, FALSE, at
         FROM generate_series(1, {WEEKS}) week CROSS JOIN session CROSS JOIN LATERAL (SELECT now() - week * interval '7 days') t(at)
         ORDER BY week, id;
         INSERT INTO person (display_name, name_key, created_at)
         SELECT 'Person ' || n, 'person ' || n, now() FROM generate_series(1, {people}) n;
         INSERT INTO check_in (session_instance_id, person_id, attendance, checked_in_at, arrived_at)
         SELECT i.id, p.id, 'YES', i.starts_at, i.starts_at FROM generate_series(1, {WEEKS}) week CROSS JOIN person p
           JOIN session_instance i ON i.id = week * {instances} + 1 + (p.id * 7919 + week) % {instances}"
    );
    stage.execute(&sql).await
}

/// Removes all check-ins to the active instances.
async fn reset(stage: &Stage) -> Result<()> {
    stage.execute("TRUNCATE change_log, change_batch, count_change").await?;
    stage.execute("UPDATE person SET active_session_instance_id = NULL").await?;
    stage
        .execute("DELETE FROM check_in WHERE session_instance_id IN (SELECT id FROM session_instance WHERE is_active)")
        .await?;
    stage.execute("VACUUM FULL person").await?;
    stage.execute("VACUUM FULL check_in").await?;
    stage.execute("VACUUM ANALYZE").await?;
    stage.execute("CHECKPOINT").await
}

/// Checks that each person is at the active instance of the latest arrival, and that the log agrees.
async fn expect_consistent(stage: &Stage) -> Result<()> {
    let astray = "SELECT count(*) FROM person p LEFT JOIN LATERAL (SELECT session_instance_id FROM check_in c \
                    JOIN session_instance i ON i.id = c.session_instance_id AND i.is_active \
                    WHERE c.person_id = p.id ORDER BY c.arrived_at DESC LIMIT 1) last ON TRUE \
                  WHERE p.active_session_instance_id IS DISTINCT FROM last.session_instance_id";
    let unlogged = "SELECT count(*) FROM (SELECT DISTINCT ON (person_id) person_id, session_instance_id \
                      FROM change_log ORDER BY person_id, batch_id DESC) l JOIN person p ON p.id = l.person_id \
                    WHERE p.active_session_instance_id <> l.session_instance_id";
    for (what, sql) in
        [("people are not at the instance of their latest arrival", astray), ("moves are not in the log", unlogged)]
    {
        let count = stage.number(sql).await?;
        ensure!(count == 0, "{count} {what}");
    }
    ensure!(stage.number("SELECT count(*) FROM change_log").await? > 0, "nobody checked in");
    Ok(())
}

/// Checks people in, in closed loops. Returns the check-ins a second.
async fn check_in_all(stage: &Stage, instances: i64, options: &Options) -> Result<f64> {
    let people = options.people;
    closed_loops(options.under_way, Duration::from_secs(options.seconds), |task| {
        let (app, mut random) = (stage.app.clone(), Random(task.into()));
        move || {
            let (app, person, instance) = (app.clone(), random.up_to(people), random.up_to(instances));
            async move {
                let viewer = Viewer::person(PersonId(person));
                check_in(&app, viewer, SessionInstanceId(instance), Attendance::Yes, None).await?;
                Ok(())
            }
        }
    })
    .await
}
