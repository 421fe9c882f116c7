//! The periodic sweeps: what is due at :14, :29, :44 and :59, bookings and visits every minute, everything once a day.
//!
//! Every worker has the schedules. Each tick is put into the queue under an id made from the tick, so that it runs
//! once, whoever gets it; its row in `sweep_run` guards the same once more. Without Redis, or when Redis can't be
//! reached, or has lost the job, the worker runs it by itself.

use std::{str::FromStr, sync::Arc, time::Duration};

use apalis_cron::CronScheduler;
use chrono::{DateTime, Utc};
use cron::Schedule as Cron;
use futures_util::StreamExt;
use service::sweep::{Request, is_begun, run_recorded, sweep};

use crate::job::{Context, Job};

/// When to put what into the queue. Minutes are so chosen that no two sweeps that are recorded have the same tick.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Schedule {
    /// With seconds, in UTC.
    pub cron: &'static str,
    pub job: fn(DateTime<Utc>) -> Job,
}

pub(crate) const SCHEDULES: [Schedule; 5] = [
    Schedule { cron: "0 14,29,44,59 * * * *", job: |tick| Job::Sweep { tick, all: false } },
    Schedule { cron: "30 * * * * *", job: |tick| Job::SweepMinute { tick } },
    Schedule { cron: "0 7 3 * * *", job: |tick| Job::Sweep { tick, all: true } },
    Schedule { cron: "0 5/10 * * * *", job: |tick| Job::Vacuum { tick } },
    Schedule { cron: "0 37 * * * *", job: |tick| Job::Prune { tick } },
];

/// After so long somebody must have begun a tick that was put into the queue.
const GRACE: Duration = Duration::from_mins(1);

/// Puts a job into the queue at each tick of a schedule.
pub(crate) async fn follow(schedule: Schedule, context: Arc<Context>) -> Result<(), String> {
    let cron = Cron::from_str(schedule.cron).map_err(|error| format!("{}: {error}", schedule.cron))?;
    let mut ticks = std::pin::pin!(CronScheduler::new(cron).into_stream());
    let mut last = None;
    while let Some(next) = context.shutdown.run_until_cancelled(ticks.next()).await {
        let tick = match next {
            Some(Ok(tick)) => i64::try_from(tick.get_timestamp()).ok(),
            Some(Err(error)) => return Err(error.to_string()),
            None => return Err("the schedule ended".to_owned()),
        };
        let tick = tick.and_then(|seconds| DateTime::from_timestamp(seconds, 0));
        let tick = tick.ok_or("the tick is no instant")?;
        // As the wall clock is kept right, a tick may come twice. One of before the last is there again: it was set back.
        if last != Some(tick) {
            last = Some(tick);
            context.tasks.spawn(see_through((schedule.job)(tick), Arc::clone(&context)));
        }
    }
    Ok(())
}

/// Has the job of a tick run: by the queue, or else here.
async fn see_through(job: Job, context: Arc<Context>) {
    if let Err(reason) = context.queue.push(job).await {
        if let Job::Sweep { .. } | Job::SweepMinute { .. } = job {
            tracing::info!(reason, job = job.name(), "the queue can't be reached: running in the process");
            // How it went is noted where it ran.
            let _ = context.run(job).await;
        }
        return;
    }
    let Job::Sweep { tick, .. } = job else { return };
    if context.pause(GRACE).await && matches!(is_begun(&context.app, tick).await, Ok(false)) {
        tracing::warn!(job = job.name(), "nobody began what was put into the queue: running in the process");
        let _ = context.run(job).await;
    }
}

/// One periodic sweep; nothing when another worker has done it.
pub(crate) async fn run(context: &Context, tick: DateTime<Utc>, all: bool) -> Result<(), String> {
    let request = if all { Request::ALL } else { Request::PERIODIC };
    let mut pauses = [1, 5, 20].into_iter().map(Duration::from_secs);
    loop {
        let error = match run_recorded(&context.app, request, Some(tick)).await {
            Ok(report) => {
                context.status.periodic_sweep_done(context.app.now());
                if let Some(report) = report {
                    tracing::info!(
                        %tick,
                        all,
                        activated = report.activated.len(),
                        deactivated = report.deactivated.len(),
                        people_moved = report.people_moved,
                        bookings = report.bookings.len(),
                        presences_abandoned = report.presences_abandoned,
                        errors = report.errors.len(),
                        "periodic sweep"
                    );
                }
                return Ok(());
            }
            Err(error) => error.describe(),
        };
        match pauses.next() {
            Some(pause) if context.pause(pause).await => tracing::warn!(error, %tick, "periodic sweep is tried again"),
            _ => return Err(error),
        }
    }
}

/// What is swept every minute. It is not recorded, nor tried again: a minute later there is the next.
pub(crate) async fn run_minute(context: &Context) -> Result<(), String> {
    let report = sweep(&context.app, Request::EVERY_MINUTE).await.map_err(|error| error.describe())?;
    for error in &report.errors {
        tracing::warn!(error = error.error, "found by the sweep of the minute");
    }
    let (bookings, abandoned) = (report.bookings.len(), report.presences_abandoned);
    if bookings > 0 || abandoned > 0 {
        tracing::info!(bookings, presences_abandoned = abandoned, "the sweep of the minute");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn schedules_can_be_read_and_no_two_sweeps_have_the_same_tick() {
        let start = DateTime::from_timestamp(1_705_276_800, 0).unwrap();
        let mut seen = HashSet::new();
        let mut count = 0;
        for schedule in SCHEDULES {
            let ticks = Cron::from_str(schedule.cron).unwrap();
            for tick in ticks.after(&start).take_while(|tick| *tick - start < chrono::TimeDelta::days(2)) {
                if let Job::Sweep { tick, .. } = (schedule.job)(tick) {
                    assert!(seen.insert(tick), "{tick}");
                    count += 1;
                }
            }
        }
        assert_eq!(count, 2 * (24 * 4 + 1));
    }
}
