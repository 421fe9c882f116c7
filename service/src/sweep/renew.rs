//! Computing all windows again with newer zone data (rule 1).

use domain::{ids::SessionId, zone::is_newer_release};

use super::{Request, sweep};
use crate::{
    App, Result,
    db::{execute, ids},
    log::cursor::ensure_installation,
    transaction,
    zones::find_stored,
};

/// Computes all windows again if this process has newer data than the one that they were computed with. It marks all
/// sessions in one transaction, so from then on a process with older data computes none of them, and a crash loses none
/// (rule 12). The feeds of all sessions get a new SEQUENCE. `has_changed` says that the data has changed even if its version
/// has not.
pub async fn renew_zone_data(app: &App, has_changed: bool) -> Result<()> {
    let app = &app.pinned();
    let version = app.zone_data().version();
    let stored = ensure_installation(&app.db).await?.tz_data_version;
    app.zones.note_stored(&stored);
    let is_due = |stored: &str| is_newer_release(version, stored) || (has_changed && version == stored);
    if !is_due(&stored) {
        return Ok(());
    }
    let now = app.now();
    let marked = transaction!(app, now, |tx| {
        let lock = tx.locking("FOR NO KEY UPDATE");
        let _: Vec<SessionId> =
            ids(tx, &format!("SELECT id FROM session WHERE deleted_at IS NULL ORDER BY id {lock}"), []).await?;
        // Another process may have done it meanwhile.
        if !is_due(&find_stored(tx).await?) {
            return Ok(None);
        }
        let mark = "UPDATE session SET needs_recompute = TRUE, revision = revision + 1, changed_at = :now \
                    WHERE deleted_at IS NULL";
        let marked = execute(tx, mark, [("now", now.into())]).await?;
        let note = "UPDATE installation SET tz_data_version = :version WHERE id = 1";
        execute(tx, note, [("version", version.into())]).await?;
        Ok(Some(marked))
    })?;
    let Some(marked) = marked else {
        return Ok(());
    };
    app.zones.note_stored(version);
    // A new database has no sessions, so there is nothing to compute.
    if marked > 0 {
        tracing::info!(from = stored, to = version, "time zone data is newer: computing all windows again");
        sweep(app, Request::EXACT).await?;
    }
    Ok(())
}
