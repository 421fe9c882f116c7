//! Timers: what falls due at an instant is swept at that instant.
//!
//! There is one task in every worker, and nothing to keep in step: it reads from the database what falls due next,
//! sleeps until then, and sweeps. It reads again after a second at the latest, and when it is woken, so that what
//! was saved meanwhile is seen. It needs the database and nothing else. That several workers sweep at the same instant
//! does no harm: each change happens once.
//!
//! When somebody sets the clock forward, more is due. When it is set back, what was due in the time to come has been done
//! too early, and nothing says so: then everything is computed again, and the periodic sweeps of that time are to come once
//! more.

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use domain::status::Mode;
use service::{
    App,
    sweep::{Request, find_next_due, forget_later_ticks, sweep},
};
use tokio::{select, time::sleep};

use crate::job::Context;

/// How long what falls due next is believed: a lost wake-up costs no more.
const BELIEVED: Duration = Duration::from_secs(1);

/// How long wake-ups are gathered before the database is read again.
const GATHERED: Duration = Duration::from_millis(20);

/// A clock that goes back by no more than this is only being kept right.
const SET_BACK: TimeDelta = TimeDelta::seconds(1);

const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// Runs until shutdown. A sweep that has begun is finished first.
pub(crate) async fn run(context: Arc<Context>) -> Result<(), String> {
    let mut woken = context.app.wake.subscribe();
    let mut pace = Pace::default();
    let mut latest = context.app.now();
    while !context.shutdown.is_cancelled() {
        woken.mark_unchanged();
        let turn = turn(&context, &mut latest).await;
        match pace.after(&turn) {
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
                    select! { () = wait => {}, () = sleep(GATHERED) => {} }
                }
            }
        }
        if let Err(error) = turn {
            let error = error.describe();
            tracing::error!(error, "timers could not sweep, and try again");
            context.status.failed(context.app.now(), "timers", &error);
        }
    }
    Ok(())
}

/// What one turn found.
enum Turn {
    /// Nothing is due for that long.
    Wait(Duration),
    /// Something was due since `due`, and was swept; `is_clean`: without errors.
    Swept { due: DateTime<Utc>, is_clean: bool },
}

/// `latest`: the latest instant at which it is known that things were right.
async fn turn(context: &Context, latest: &mut DateTime<Utc>) -> service::Result<Turn> {
    let app: &App = &context.app;
    let due = find_next_due(app).await?;
    let now = app.now();
    context.status.timers_looked(now);
    if *latest - now > SET_BACK {
        tracing::warn!(by = %(*latest - now), "the clock was set back: everything is computed again");
        forget_later_ticks(app, now).await?;
        sweep(app, Request { mode: Mode::Exact, ..Request::ALL }).await?;
        *latest = now;
        return Ok(Turn::Wait(Duration::ZERO));
    }
    *latest = now;
    let Some(due) = due else { return Ok(Turn::Wait(BELIEVED)) };
    // Instants are whole milliseconds, and the clock gives the one that has begun: waiting this long is never early.
    if let Ok(wait) = (due - now).to_std()
        && !wait.is_zero()
    {
        return Ok(Turn::Wait(wait.min(BELIEVED)));
    }
    let report = sweep(app, Request::EXACT).await?;
    for error in &report.errors {
        tracing::warn!(session = ?error.session_id, error = error.error, "found by timers");
    }
    Ok(Turn::Swept { due, is_clean: report.errors.is_empty() })
}

#[derive(Debug, PartialEq)]
enum Next {
    /// Until something is due, or a wake-up.
    Wait(Duration),
    /// Whatever happens.
    Pause(Duration),
}

/// Keeps what can't be swept, for whatever reason, from being tried in a hot loop.
#[derive(Debug, Default)]
struct Pace {
    swept: Option<DateTime<Utc>>,
    pause: Duration,
}

impl Pace {
    fn after(&mut self, turn: &service::Result<Turn>) -> Next {
        let longer = (self.pause * 2).clamp(FIRST_PAUSE, LONGEST_PAUSE);
        self.pause = match turn {
            Ok(Turn::Wait(wait)) => {
                *self = Self::default();
                return Next::Wait(*wait);
            }
            Err(_) | Ok(Turn::Swept { is_clean: false, .. }) => longer,
            // The sweep changed nothing about it.
            Ok(Turn::Swept { due, .. }) if self.swept == Some(*due) => longer,
            // Something else was due right after: much is going on, but all goes well.
            Ok(Turn::Swept { .. }) if self.swept.is_some() => FIRST_PAUSE,
            Ok(Turn::Swept { .. }) => Duration::ZERO,
        };
        if let Ok(Turn::Swept { due, .. }) = turn {
            self.swept = Some(*due);
        }
        Next::Pause(self.pause)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn swept(second: i64) -> Turn {
        Turn::Swept { due: DateTime::from_timestamp(second, 0).unwrap(), is_clean: true }
    }

    fn pause(milliseconds: u64) -> Next {
        Next::Pause(Duration::from_millis(milliseconds))
    }

    #[test]
    fn what_goes_well_is_not_slowed_down() {
        let mut pace = Pace::default();
        assert_eq!(pace.after(&Ok(swept(1))), pause(0));
        for second in 2..10 {
            assert_eq!(pace.after(&Ok(swept(second))), pause(50));
        }
        assert_eq!(pace.after(&Ok(Turn::Wait(BELIEVED))), Next::Wait(BELIEVED));
        assert_eq!(pace.after(&Ok(swept(20))), pause(0));
    }

    #[test]
    fn what_stays_due_or_fails_is_tried_less_and_less_often() {
        let mut pace = Pace::default();
        assert_eq!(pace.after(&Ok(swept(1))), pause(0));
        for milliseconds in [50, 100, 200, 400, 800, 1_000, 1_000] {
            assert_eq!(pace.after(&Ok(swept(1))), pause(milliseconds));
        }
        let mut pace = Pace::default();
        for milliseconds in [50, 100, 200] {
            assert_eq!(pace.after(&Err(service::Error::internal("no database"))), pause(milliseconds));
        }
        assert_eq!(pace.after(&Ok(Turn::Wait(BELIEVED))), Next::Wait(BELIEVED));
        assert_eq!(pace.after(&Err(service::Error::internal("no database"))), pause(50));
    }
}
