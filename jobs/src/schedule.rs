//! The periodic jobs: a sweep of what is due at :14, :29, :44 and :59, a sweep of bookings, visits and queues every minute, a
//! sweep of everything once a day, and the upkeep.
//!
//! Every worker follows all schedules. Each tick is queued under an id made from the tick, so that it runs once, in whichever
//! worker takes it. Its row in `sweep_run` is a second guard. A worker runs the tick itself if there is no Redis, if Redis
//! cannot be reached, or if Redis has lost the job.

use std::{str::FromStr, sync::Arc, time::Duration};

use apalis_cron::CronScheduler;
use chrono::{DateTime, Utc};
use cron::Schedule as Cron;
use futures_util::StreamExt;
use service::sweep::is_begun;

use crate::{
    context::Context,
    error::{JobError, Result},
    job::Job,
    run::run,
};

/// When to queue which job. No two recorded sweeps may have the same tick.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Schedule {
    /// A cron expression with seconds, in UTC.
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

/// The time after a tick in which its queued sweep must have begun.
const GRACE: Duration = Duration::from_mins(1);

/// Queues a job at each tick of a schedule.
pub(crate) async fn follow(schedule: Schedule, context: Arc<Context>) -> Result<()> {
    let cron = Cron::from_str(schedule.cron).map_err(JobError::other)?;
    let mut ticks = std::pin::pin!(CronScheduler::new(cron).into_stream());
    let mut last = None;
    while let Some(next) = context.shutdown.run_until_cancelled(ticks.next()).await {
        let tick = match next {
            Some(Ok(tick)) => i64::try_from(tick.get_timestamp()).ok(),
            Some(Err(error)) => return Err(JobError::other(error)),
            None => return Err(JobError::other("the schedule ended")),
        };
        let tick = tick.and_then(|seconds| DateTime::from_timestamp(seconds, 0));
        let tick = tick.ok_or_else(|| JobError::other("the tick is no instant"))?;
        // A small correction of the wall clock may repeat a tick. The repeated tick is ignored. If a tick is earlier than the
        // last one, the clock was set back, and the tick is due again.
        if last != Some(tick) {
            last = Some(tick);
            context.tasks.spawn(ensure_run((schedule.job)(tick), Arc::clone(&context)));
        }
    }
    Ok(())
}

/// Queues the job of a tick. Runs it here if the queue does not.
async fn ensure_run(job: Job, context: Arc<Context>) {
    if let Err(reason) = context.queue.push(job).await {
        if let Job::Sweep { .. } | Job::SweepMinute { .. } = job {
            tracing::info!(%reason, job = job.name(), "the queue cannot be reached: running the job in this process");
            // The result has been recorded in the status.
            let _ = run(job, &context).await;
        }
        return;
    }
    let Job::Sweep { tick, .. } = job else { return };
    if context.pause(GRACE).await && matches!(is_begun(&context.app, tick).await, Ok(false)) {
        tracing::warn!(job = job.name(), "no worker began the queued job: running it in this process");
        let _ = run(job, &context).await;
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn schedules_parse_and_no_two_sweeps_have_the_same_tick() {
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
