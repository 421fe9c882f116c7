//! The sessions here that a file is compared with: their skips, and their meetings to come.

use std::collections::{BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use domain::{
    ids::SessionId,
    import::{ImportedSession, Timetable, TimetableInstance, differences as differences_of},
    recurrence::Skips,
    window::oldest_open_date,
};
use entity::{session, session_instance};
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder};

use super::{apply::Target, meetings::Instances as MeetingInstances};
use crate::{
    Result,
    db::{Tx, is_one_of},
    sessions::{Skip, find_skips_in},
    status::facts,
    sweep::{as_existing, retime_instances},
};

/// The skips of a session, and its instances that may not be over.
#[derive(Default)]
pub(super) struct Meetings {
    pub(super) skips: Vec<Skip>,
    pub(super) instances: Vec<session_instance::Model>,
}

/// The skips and meetings of these sessions.
pub(super) async fn find_meetings(
    tx: &Tx,
    sessions: &[SessionId],
    now: DateTime<Utc>,
) -> Result<HashMap<SessionId, Meetings>> {
    let mut found: HashMap<SessionId, Meetings> = HashMap::new();
    if sessions.is_empty() {
        return Ok(found);
    }
    for skip in find_skips_in(tx, sessions).await? {
        found.entry(skip.session_id).or_default().skips.push(skip);
    }
    let since = oldest_open_date(now);
    let is_to_come = Condition::any()
        .add(session_instance::Column::Date.gte(since))
        .add(session_instance::Column::OccurrenceDate.gte(since));
    let rows = session_instance::Entity::find()
        .filter(is_one_of(tx, session_instance::Column::SessionId, sessions.iter().copied()))
        .filter(is_to_come)
        .order_by_asc(session_instance::Column::Id)
        .all(tx)
        .await?;
    for row in rows {
        found.entry(row.session_id).or_default().instances.push(row);
    }
    Ok(found)
}

/// When the meetings of a file and those of its session differ. The session, its skips and its instances are those after the import.
/// `made` has the instances of the meetings of the file.
pub(super) fn differences(
    target: &Target<'_>,
    session: &session::Model,
    skips: Skips,
    mut instances: Vec<session_instance::Model>,
    file: &ImportedSession,
    made: &MeetingInstances,
) -> Vec<String> {
    let now = target.context.now;
    // Without a zone or a recurrence, the session has a problem, which people see (rule 20).
    let (Ok(zone), Ok(recurrence)) = (facts::zone_of(target.data, session), facts::recurrence_of(session)) else {
        return Vec::new();
    };
    let of_file = target.data.zone(&file.time_zone).ok().and_then(|zone| file.timetable(zone, made));
    let Some(of_file) = of_file else { return Vec::new() };
    let recurrence = recurrence.unwrap_or_default();
    let calendar = facts::calendar_of(session, zone, skips);
    // The recompute that follows an import. Whether it cancels or removes a meeting makes no difference here.
    retime_instances(session, &recurrence, &calendar, &mut instances, &BTreeSet::new(), now);
    let instances = instances
        .iter()
        .map(|row| TimetableInstance { id: Some(row.id.0), existing: as_existing(row), is_cancelled: row.is_cancelled })
        .collect();
    differences_of(&of_file, &Timetable { recurrence, calendar, instances }, now)
}
