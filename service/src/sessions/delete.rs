//! Deletes a session. Its active instances are deactivated at once, their changes are logged, and the placements
//! follow.
//!
//! The rows stay, marked, while the change log may name them (rule 26). So a message about a meeting that ended can say
//! of which session it was.

use std::sync::Arc;

use domain::{access::Viewer, ids::SessionId, status::Mode};
use entity::{session, session_instance, session_organizer, session_skip};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect,
    sea_query::LockType,
};

use crate::{
    App, Refusal, Result,
    audit::Changes,
    db::{Tx, execute},
    rights,
    sessions::lock_session,
    status::update::{self, LockedInstance, StatusChanges, decision_context},
    transaction,
};

/// Deletes a session with all its instances. Only for administrators. Another session may then use its path.
pub async fn delete_session(app: &App, viewer: Viewer, id: SessionId) -> Result<()> {
    rights::require_signed_in(viewer, "to delete sessions")?;
    rights::require(viewer.may_delete_sessions(), Refusal::AdminsOnly("delete sessions"))?;
    let now = app.now();
    transaction!(app, now, |tx| {
        let before = lock_session(tx, id, LockType::NoKeyUpdate).await?;
        let active = lock_instances(tx, id).await?;
        // Read the clock after taking the locks. Otherwise a decision that was made in the meantime could be undone.
        let now = app.now();
        let session = Arc::new(before.clone());
        let mut changes = StatusChanges::default();
        for row in active {
            let instance = session_instance::Model { deleted_at: Some(now), ..row.clone() };
            let item = LockedInstance { instance, session: Arc::clone(&session) };
            changes
                .extend(update::save_instance(tx, decision_context(app, now, Mode::Exact), Some(&row), item).await?.1);
        }
        let others = "UPDATE session_instance SET deleted_at = :now, due_at = NULL, override_active = NULL, \
                      override_until = NULL WHERE session_id = :session AND deleted_at IS NULL";
        execute(tx, others, [("session", id.into()), ("now", now.into())]).await?;
        session_organizer::Entity::delete_many().filter(session_organizer::Column::SessionId.eq(id.0)).exec(tx).await?;
        session_skip::Entity::delete_many().filter(session_skip::Column::SessionId.eq(id.0)).exec(tx).await?;
        let after = session::Model {
            // No path that a person may choose contains a slash.
            path: format!("deleted/{}", id.0),
            problem: None,
            next_create_at: None,
            needs_recompute: false,
            revision: before.revision + 1,
            changed_at: Some(now),
            deleted_at: Some(now),
            ..before.clone()
        };
        after.into_active_model().reset_all().update(tx).await?;
        tx.audit(viewer, "deleteSession", id, Changes::between(Some(&before), None));
        update::move_people(tx, decision_context(app, now, Mode::Exact), changes).await?;
        Ok(())
    })
}

/// Locks all instances of a session. Returns the active ones.
async fn lock_instances(tx: &Tx, id: SessionId) -> Result<Vec<session_instance::Model>> {
    let all = session_instance::Entity::find()
        .filter(session_instance::Column::SessionId.eq(id.0))
        .filter(session_instance::Column::DeletedAt.is_null())
        .order_by_asc(session_instance::Column::Id)
        .lock(LockType::NoKeyUpdate)
        .all(tx)
        .await?;
    Ok(all.into_iter().filter(|row| row.is_active).collect())
}
