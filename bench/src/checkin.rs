//! Check-ins a second, with commits to disk: people say yes to active instances, and so move from one to another.
//!
//! A check-in goes through the service, as in a server. The baseline is pgbench with a transaction that is written by hand,
//! with prepared statements and as many connections. It takes the same locks and writes the same rows. The two run in turn,
//! never at the same time, each on tables that are as empty as for the other. On both sides the person and the instance
//! are random.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use anyhow::{Context, Result, ensure};
use domain::{
    access::Viewer,
    check_in::Attendance,
    clock::SystemClock,
    ids::{PersonId, SessionInstanceId},
    placement::PlacementRule,
};
use insession_tests::{Postgres, PostgresOptions, TemporaryFolder};
use sea_orm::{ConnectionTrait, Statement};
use service::{App, app::NoQueue, check_ins::check_in, db::Db, log::wake::Wake};
use tokio::time::{Instant, sleep};

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

pub async fn run(options: Options) -> Result<()> {
    ensure!(options.people > 0 && options.seconds > 0 && options.repetitions > 0, "nothing to measure");
    println!("{} people, {} check-ins in flight\n", options.people, options.under_way);
    for instances in &options.instances {
        let postgres = Postgres::start_with(settings()).await?;
        let url = postgres.create_database().await?;
        let db = Db::connect(&url, options.under_way).await?;
        db.migrate().await?;
        fill(&db, *instances, options.people).await?;
        let app = App::new(db, Arc::new(SystemClock), Wake::local(), Arc::new(NoQueue), PlacementRule::default());
        let (mut ours, mut baseline) = (Vec::new(), Vec::new());
        for _ in 0..options.repetitions {
            empty(&app.db).await?;
            ours.push(check_in_all(&app, *instances, &options).await?);
            expect_consistent(&app.db).await?;
            empty(&app.db).await?;
            baseline.push(pgbench(&postgres, &url, *instances, &options).await?);
            expect_consistent(&app.db).await?;
        }
        let (ours, baseline) = (middle(ours), middle(baseline));
        println!(
            "  {instances:>5} instances: service {ours:>7.0} check-ins/s   pgbench by hand {baseline:>7.0}/s   {:>5.2} x",
            ours / baseline
        );
    }
    Ok(())
}

fn settings() -> PostgresOptions {
    let settings = [
        ("shared_buffers", "512MB"),
        ("checkpoint_timeout", "1h"),
        ("max_wal_size", "8GB"),
        ("log_min_duration_statement", "-1"),
    ];
    let settings = settings.map(|(name, value)| (name.to_owned(), value.to_owned()));
    PostgresOptions { durable: true, settings: settings.into(), ..PostgresOptions::default() }
}

async fn execute(db: &Db, sql: &str) -> Result<()> {
    db.pool().execute_unprepared(sql).await.with_context(|| sql.to_owned())?;
    Ok(())
}

async fn number(db: &Db, sql: &str) -> Result<i64> {
    let pool = db.pool();
    let row = pool.query_one_raw(Statement::from_string(pool.get_database_backend(), sql)).await?;
    Ok(row.map(|row| row.try_get_by_index(0)).transpose()?.unwrap_or_default())
}

/// Each instance has a session of its own, with the same number, and is active for a week.
async fn fill(db: &Db, instances: i64, people: i64) -> Result<()> {
    let sql = format!(
        "INSERT INTO session (name, name_key, path, city, country, time_zone, created_at)
         SELECT 'Session ' || n, 'session ' || n, 'session-' || n, 'City', 'Country', 'UTC', now()
         FROM generate_series(1, {instances}) n;
         INSERT INTO session_instance (session_id, date, starts_at, ends_at, opens_at, closes_at, listed_at, due_at,
           is_active, created_at)
         SELECT id, now()::date, now(), now() + interval '7 days', now() - interval '1 hour', now() + interval '8 days',
           now(), now() + interval '8 days', TRUE, now() FROM session ORDER BY id;
         INSERT INTO person (display_name, name_key, created_at)
         SELECT 'Person ' || n, 'person ' || n, now() FROM generate_series(1, {people}) n"
    );
    execute(db, &sql).await
}

/// Undoes all check-ins.
async fn empty(db: &Db) -> Result<()> {
    execute(db, "TRUNCATE check_in, change_log, change_batch, count_change").await?;
    execute(db, "UPDATE person SET active_session_instance_id = NULL").await?;
    execute(db, "VACUUM FULL person").await?;
    execute(db, "VACUUM ANALYZE").await?;
    execute(db, "CHECKPOINT").await
}

/// Each person is where the latest arrival was, and the log says so.
async fn expect_consistent(db: &Db) -> Result<()> {
    let astray = "SELECT count(*) FROM person p LEFT JOIN LATERAL (SELECT session_instance_id FROM check_in c \
                    WHERE c.person_id = p.id ORDER BY arrived_at DESC LIMIT 1) last ON TRUE \
                  WHERE p.active_session_instance_id IS DISTINCT FROM last.session_instance_id";
    let unlogged = "SELECT count(*) FROM (SELECT DISTINCT ON (person_id) person_id, session_instance_id \
                      FROM change_log ORDER BY person_id, batch_id DESC) l JOIN person p ON p.id = l.person_id \
                    WHERE p.active_session_instance_id <> l.session_instance_id";
    for (what, sql) in [("people are elsewhere than they said", astray), ("moves are not in the log", unlogged)] {
        let count = number(db, sql).await?;
        ensure!(count == 0, "{count} {what}");
    }
    ensure!(number(db, "SELECT count(*) FROM check_in").await? > 0, "nobody checked in");
    Ok(())
}

fn middle(mut samples: Vec<f64>) -> f64 {
    samples.sort_by(f64::total_cmp);
    samples.get(samples.len() / 2).copied().unwrap_or_default()
}

/// Checks in people in a closed loop. Returns the check-ins a second.
async fn check_in_all(app: &App, instances: i64, options: &Options) -> Result<f64> {
    let stop = Arc::new(AtomicBool::new(false));
    let people = options.people;
    let start = Instant::now();
    let tasks: Vec<_> = (0..u64::from(options.under_way))
        .map(|task| {
            let (app, stop) = (app.clone(), Arc::clone(&stop));
            tokio::spawn(async move {
                let (mut dice, mut count) = (Dice(task), 0_u32);
                while !stop.load(Ordering::Relaxed) {
                    let (person, instance) = (PersonId(dice.up_to(people)), SessionInstanceId(dice.up_to(instances)));
                    check_in(&app, Viewer::person(person), instance, Attendance::Yes, None).await?;
                    count += 1;
                }
                Ok::<_, anyhow::Error>(count)
            })
        })
        .collect();
    sleep(Duration::from_secs(options.seconds)).await;
    stop.store(true, Ordering::Relaxed);
    let mut sum = 0;
    for task in tasks {
        sum += task.await??;
    }
    Ok(f64::from(sum) / start.elapsed().as_secs_f64())
}

/// Pseudo-random numbers (SplitMix64).
struct Dice(u64);

impl Dice {
    /// 1 to `last`.
    fn up_to(&mut self, last: i64) -> i64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^= mixed >> 31;
        1 + i64::try_from(mixed % last.unsigned_abs().max(1)).unwrap_or_default()
    }
}

/// The same by hand. Returns the check-ins a second.
async fn pgbench(postgres: &Postgres, url: &str, instances: i64, options: &Options) -> Result<f64> {
    let folder = TemporaryFolder::new()?;
    let file = folder.join("check-in.sql");
    std::fs::write(&file, BY_HAND)?;
    let mut command = postgres.program("pgbench", url);
    command
        .args(["--no-vacuum", "--protocol=prepared", "--jobs=2"])
        .arg(format!("--client={}", options.under_way))
        .arg(format!("--time={}", options.seconds))
        .arg(format!("--define=people={}", options.people))
        .arg(format!("--define=instances={instances}"))
        .arg(format!("--file={}", file.display()));
    let output = tokio::task::spawn_blocking(move || command.output()).await?.context("cannot run pgbench")?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "pgbench failed:\n{text}\n{errors}");
    let line = text.lines().find_map(|line| line.strip_prefix("tps = "));
    let number = line.and_then(|line| line.split_whitespace().next());
    number.and_then(|number| number.parse().ok()).with_context(|| format!("pgbench gave no tps:\n{text}"))
}
