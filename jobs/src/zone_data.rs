//! Notices new time zone data: at the start, daily, and on SIGHUP. If the data is newer, all windows are computed again (rule
//! 1). Everything else goes on meanwhile.

use std::time::Duration;

use service::{App, sweep::renew_zone_data};
use tokio::{
    select,
    signal::unix::Signal,
    task::spawn_blocking,
    time::{MissedTickBehavior, interval},
};
use tokio_util::sync::CancellationToken;

/// How often the zone data is read again.
const RELOAD_INTERVAL: Duration = Duration::from_hours(24);

/// How often the version in the database is read, because another process may have newer data. A failed attempt is also
/// repeated then.
const POLL_INTERVAL: Duration = Duration::from_secs(10);

/// Follows the time zone data until shutdown. Servers and workers run this. At the signal `hangup` the data is read again.
pub async fn follow_zone_data(app: App, mut hangup: Signal, shutdown: CancellationToken) {
    let mut reload = interval(RELOAD_INTERVAL);
    let mut poll = interval(POLL_INTERVAL);
    poll.set_missed_tick_behavior(MissedTickBehavior::Delay);
    // The first tick comes at once. It is skipped, because the data was read when the process started.
    reload.tick().await;
    let mut has_changed = false;
    loop {
        let is_reload = select! {
            () = shutdown.cancelled() => return,
            _ = hangup.recv() => true,
            _ = reload.tick() => true,
            _ = poll.tick() => false,
        };
        if is_reload {
            has_changed |= reload_zone_data(&app).await;
        }
        match renew_zone_data(&app, has_changed).await {
            Ok(()) => has_changed = false,
            Err(error) => {
                tracing::error!(%error, "windows could not be computed with the zone data, which is retried");
            }
        }
    }
}

/// Reads the time zone data again. Returns true if it has changed.
async fn reload_zone_data(app: &App) -> bool {
    let zones = app.zones.clone();
    let has_changed = spawn_blocking(move || zones.reload()).await.unwrap_or(false);
    let status = app.zones.status();
    tracing::info!(version = status.version, source = status.source, has_changed, "time zone data was read again");
    has_changed
}
