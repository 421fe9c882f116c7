//! The scope "everything": recomputes every session from its facts, and the placement of every person who has one or
//! may get one.

use std::collections::BTreeSet;

use domain::ids::{PersonId, SessionId};

use super::{Runner, due::sweep_session_list, step};
use crate::{
    Result,
    status::placement::{Affected, update_placements},
};

const BATCH_SIZE: i64 = 1_000;

pub(super) async fn sweep_sessions(runner: &mut Runner<'_>) -> Result<()> {
    let mut last = SessionId(0);
    loop {
        let sql = "SELECT id FROM session WHERE id > :last AND deleted_at IS NULL ORDER BY id LIMIT :limit";
        let ids = runner.ids(sql, [("last", last.into()), ("limit", BATCH_SIZE.into())]).await?;
        let Some(newest) = ids.last() else { return Ok(()) };
        last = *newest;
        sweep_session_list(runner, &ids).await?;
    }
}

/// Computes the placement of everyone who has one, or who has said yes to an active instance. This repairs people who
/// were left at an inactive instance, and people whose check-in was written by hand.
pub(super) async fn place_people(runner: &mut Runner<'_>) -> Result<()> {
    let mut last = PersonId(0);
    loop {
        let sql = "SELECT id FROM person WHERE active_session_instance_id IS NOT NULL AND id > :last \
                   UNION SELECT c.person_id FROM check_in c JOIN session_instance i ON i.id = c.session_instance_id \
                         WHERE i.is_active AND c.attendance = 'YES' AND c.person_id > :last \
                   ORDER BY 1 LIMIT :limit";
        let ids = runner.ids(sql, [("last", last.into()), ("limit", BATCH_SIZE.into())]).await?;
        let Some(newest) = ids.last() else { return Ok(()) };
        last = *newest;
        let rule = runner.app.placement_rule;
        let moves =
            step!(runner, |tx| { update_placements(tx, rule, Affected::People(&ids), &BTreeSet::new()).await })?;
        runner.report.note_moves(moves);
    }
}
