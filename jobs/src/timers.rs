//! Timers: whatever falls due at an instant is swept at that instant.
//!
//! Every worker has one task of this kind. It reads from the database when the next change falls due, sleeps until then, and
//! sweeps. It reads again after at most a second, and after a wake-up, so that it sees what was saved meanwhile. It needs only
//! the database. If several workers sweep at the same instant, each change still happens once.
//!
//! When the clock is set forward, more is due. When it is set back, some changes were made too early, and no row says which.
//! Then everything is recomputed, and the periodic sweeps of the repeated time run again. Heartbeats from the future count as of
//! now.

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use domain::status::Mode;
use service::{
    App,
    presence::clock::forget_future,
    sweep::{Request, find_next_due, forget_later_ticks, sweep},
};
use tokio::{select, time::sleep};

use crate::{context::Context, error::Result};

/// The longest wait before the database is read again. A lost wake-up costs no more than this.
const POLL_INTERVAL: Duration = Duration::from_secs(1);

/// How long wake-ups are collected before the database is read again.
const DEBOUNCE: Duration = Duration::from_millis(20);

/// A clock that goes back by at most this much is only being corrected.
const CORRECTION: TimeDelta = TimeDelta::seconds(1);

const FIRST_DELAY: Duration = Duration::from_millis(50);
const MAX_DELAY: Duration = Duration::from_secs(1);

/// Runs until shutdown. A sweep that has begun is completed.
pub(crate) async fn run(context: Arc<Context>) -> Result<()> {
    let mut woken = context.app.wake.subscribe();
    let mut pace = Pace::default();
    let mut latest = context.app.now();
    while !context.shutdown.is_cancelled() {
        woken.mark_unchanged();
        let round = round(&context, &mut latest).await;
        match pace.after(&round) {
            Next::Pause(pause) => {
                context.pause(pause).await;
            }
            Next::Wait(wait) => {
                let mut wait = std::pin::pin!(sleep(wait));
                let is_woken = select! {
                    () = context.shutdown.cancelled() => return Ok(()),
                    () = &mut wait => false,
                    woken = woken.changed() => woken.is_ok(),
                };
                if is_woken {
                    select! { () = wait => {}, () = sleep(DEBOUNCE) => {} }
                }
            }
        }
        if let Err(error) = round {
            tracing::error!(%error, "timers could not sweep, and retry");
            context.status.failed(context.app.now(), "timers", &error);
        }
    }
    Ok(())
}

/// The result of one round.
enum Round {
    /// Nothing falls due within this time.
    Wait(Duration),
    /// Changes that had been due since `due` were swept. `is_clean`: there were no errors.
    Swept { due: DateTime<Utc>, is_clean: bool },
}

/// `latest` is the latest instant seen so far. A clock that shows an earlier one was set back.
async fn round(context: &Context, latest: &mut DateTime<Utc>) -> service::Result<Round> {
    let app: &App = &context.app;
    let due = find_next_due(app).await?;
    let now = app.now();
    context.status.timers_looked(now);
    if *latest - now > CORRECTION {
        tracing::warn!(by = %(*latest - now), "the clock was set back: everything is recomputed");
        forget_later_ticks(app, now).await?;
        forget_future(app, now).await?;
        sweep(app, Request { mode: Mode::Exact, ..Request::ALL }).await?;
        *latest = now;
        return Ok(Round::Wait(Duration::ZERO));
    }
    *latest = now;
    let Some(due) = due else { return Ok(Round::Wait(POLL_INTERVAL)) };
    // Instants are whole milliseconds, and the clock rounds down, so this wait never ends early.
    if let Ok(wait) = (due - now).to_std()
        && !wait.is_zero()
    {
        return Ok(Round::Wait(wait.min(POLL_INTERVAL)));
    }
    let report = sweep(app, Request::EXACT).await?;
    for error in &report.errors {
        tracing::warn!(session = ?error.session_id, error = error.error, "timers found an error");
    }
    Ok(Round::Swept { due, is_clean: report.errors.is_empty() })
}

#[derive(Debug, PartialEq)]
enum Next {
    /// Wait until something is due, or for a wake-up.
    Wait(Duration),
    /// Wait this long, even if there is a wake-up.
    Pause(Duration),
}

/// A back-off, so that a sweep that fails or changes nothing is not repeated in a busy loop.
#[derive(Debug, Default)]
struct Pace {
    swept: Option<DateTime<Utc>>,
    pause: Duration,
}

impl Pace {
    fn after(&mut self, round: &service::Result<Round>) -> Next {
        let longer = (self.pause * 2).clamp(FIRST_DELAY, MAX_DELAY);
        self.pause = match round {
            Ok(Round::Wait(wait)) => {
                *self = Self::default();
                return Next::Wait(*wait);
            }
            Err(_) | Ok(Round::Swept { is_clean: false, .. }) => longer,
            // The sweep did not change which change is due next.
            Ok(Round::Swept { due, .. }) if self.swept == Some(*due) => longer,
            // Something else fell due at once. A short pause lets one sweep handle several.
            Ok(Round::Swept { .. }) if self.swept.is_some() => FIRST_DELAY,
            Ok(Round::Swept { .. }) => Duration::ZERO,
        };
        if let Ok(Round::Swept { due, .. }) = round {
            self.swept = Some(*due);
        }
        Next::Pause(self.pause)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn swept(second: i64) -> Round {
        Round::Swept { due: DateTime::from_timestamp(second, 0).unwrap(), is_clean: true }
    }

    fn pause(milliseconds: u64) -> Next {
        Next::Pause(Duration::from_millis(milliseconds))
    }

    #[test]
    fn successful_sweeps_are_not_slowed_down() {
        let mut pace = Pace::default();
        assert_eq!(pace.after(&Ok(swept(1))), pause(0));
        for second in 2..10 {
            assert_eq!(pace.after(&Ok(swept(second))), pause(50));
        }
        assert_eq!(pace.after(&Ok(Round::Wait(POLL_INTERVAL))), Next::Wait(POLL_INTERVAL));
        assert_eq!(pace.after(&Ok(swept(20))), pause(0));
    }

    #[test]
    fn failures_and_what_stays_due_are_retried_less_and_less_often() {
        let mut pace = Pace::default();
        assert_eq!(pace.after(&Ok(swept(1))), pause(0));
        for milliseconds in [50, 100, 200, 400, 800, 1_000, 1_000] {
            assert_eq!(pace.after(&Ok(swept(1))), pause(milliseconds));
        }
        let mut pace = Pace::default();
        for milliseconds in [50, 100, 200] {
            assert_eq!(pace.after(&Err(service::Error::internal("no database"))), pause(milliseconds));
        }
        assert_eq!(pace.after(&Ok(Round::Wait(POLL_INTERVAL))), Next::Wait(POLL_INTERVAL));
        assert_eq!(pace.after(&Err(service::Error::internal("no database"))), pause(50));
    }
}
