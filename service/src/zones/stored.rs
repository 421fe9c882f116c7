//! The version with which the windows in the database are computed.

use domain::zone::{ZoneData, is_newer_release};

use super::Zones;
use crate::{
    Result,
    db::{Tx, rows},
};

/// The data with which a transaction may compute windows. `None` if the windows in the database are computed with newer
/// data than this process has. Call this after locking the session: a process with newer data stores its version in the
/// transaction that locks and marks all sessions.
pub(crate) async fn for_windows(tx: &Tx, zones: &Zones) -> Result<Option<ZoneData>> {
    let stored = find_stored(tx).await?;
    zones.note_stored(&stored);
    let data = zones.data();
    Ok((!is_newer_release(&stored, data.version())).then_some(data))
}

/// The stored version. It is empty if nothing has been computed yet.
pub(crate) async fn find_stored(tx: &Tx) -> Result<String> {
    #[derive(sea_orm::FromQueryResult)]
    struct Row {
        tz_data_version: String,
    }
    let found: Vec<Row> = rows(tx, "SELECT tz_data_version FROM installation WHERE id = 1", []).await?;
    Ok(found.into_iter().next().map(|row| row.tz_data_version).unwrap_or_default())
}
