//! The organisers of sessions, and the check whether a viewer may edit a session.

use std::collections::HashSet;

use domain::{
    access::Viewer,
    ids::{PersonId, SessionId},
};
use entity::{person, session, session_organizer};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, PaginatorTrait, QueryFilter,
    QueryOrder, QuerySelect,
    sea_query::{LockType, OnConflict},
};
use serde_json::Value;

use super::{Session, list::lock_session};
use crate::{
    App, Error, Refusal, Result,
    audit::Changes,
    db::is_one_of,
    people::{Person, is_someone},
    rights, transaction,
};

/// The sessions, of these, that the viewer organises.
pub(crate) async fn find_organized<C: ConnectionTrait>(
    db: &C,
    viewer: Viewer,
    sessions: &[SessionId],
) -> Result<HashSet<SessionId>> {
    let Some(person) = viewer.person else { return Ok(HashSet::new()) };
    let rows = session_organizer::Entity::find()
        .filter(session_organizer::Column::PersonId.eq(person.0))
        .filter(is_one_of(db, session_organizer::Column::SessionId, sessions.iter().map(|id| id.0)))
        .all(db)
        .await?;
    Ok(rows.into_iter().map(|row| row.session_id).collect())
}

/// The sessions, of these, that the viewer may edit.
pub async fn find_editable(app: &App, viewer: Viewer, sessions: &[SessionId]) -> Result<HashSet<SessionId>> {
    find_editable_in(app.db.pool(), viewer, sessions).await
}

/// The same, as a transaction sees them.
pub(crate) async fn find_editable_in<C: ConnectionTrait>(
    db: &C,
    viewer: Viewer,
    sessions: &[SessionId],
) -> Result<HashSet<SessionId>> {
    // Who may edit every session anyway needs no reading.
    let may_edit_all = viewer.may_edit_session(false);
    let organized = if may_edit_all { HashSet::new() } else { find_organized(db, viewer, sessions).await? };
    Ok(sessions.iter().copied().filter(|id| viewer.may_edit_session(organized.contains(id))).collect())
}

/// Whether the viewer may edit the session.
pub async fn may_edit(app: &App, viewer: Viewer, session: SessionId) -> Result<bool> {
    Ok(!find_editable(app, viewer, &[session]).await?.is_empty())
}

/// The organisers of these sessions, ordered by name.
pub async fn find_organizers(app: &App, sessions: &[SessionId]) -> Result<Vec<(SessionId, Person)>> {
    let db = app.db.pool();
    let links = session_organizer::Entity::find()
        .filter(is_one_of(db, session_organizer::Column::SessionId, sessions.iter().map(|id| id.0)))
        .all(db)
        .await?;
    let people = person::Entity::find()
        .filter(is_one_of(db, person::Column::Id, links.iter().map(|link| link.person_id)))
        .order_by_asc(person::Column::NameKey)
        .order_by_asc(person::Column::Id)
        .all(db)
        .await?;
    let of = |person: &person::Model| {
        let id = person.id;
        links.iter().filter(move |link| link.person_id == id).map(|link| link.session_id).collect::<Vec<_>>()
    };
    let paired = people.into_iter().flat_map(|person| {
        let sessions = of(&person);
        let person = Person::from(person);
        sessions.into_iter().map(move |id| (id, person.clone()))
    });
    Ok(paired.collect())
}

/// Checks that the viewer may edit the session. Everybody may know whether a session exists.
pub(crate) async fn authorize_edit<C: ConnectionTrait>(db: &C, viewer: Viewer, session: SessionId) -> Result<()> {
    rights::require_signed_in(viewer, "to change sessions")?;
    if !find_editable_in(db, viewer, &[session]).await?.is_empty() {
        return Ok(());
    }
    let existing = session::Entity::find_by_id(session).filter(session::Column::DeletedAt.is_null());
    if existing.count(db).await? == 0 {
        return Err(Error::not_found("session", session));
    }
    Err(Error::Forbidden(Refusal::OrganizersOnly("do this")))
}

/// Adds an organiser. Does nothing if the person is one already. Only for organisers and administrators.
///
/// # Errors
/// [`Error::NotFound`] if the person does not exist, or is erased or merged into another.
pub async fn insert_organizer(app: &App, viewer: Viewer, id: SessionId, person: PersonId) -> Result<Session> {
    transaction!(app, app.now(), |tx| {
        authorize_edit(tx, viewer, id).await?;
        let row = lock_session(tx, id, LockType::Share).await?;
        let named = person::Entity::find_by_id(person).lock(LockType::KeyShare).one(tx).await?;
        if !named.is_some_and(|named| is_someone(&named)) {
            return Err(Error::not_found("person", person));
        }
        let link = session_organizer::Model { session_id: id, person_id: person };
        let inserted = session_organizer::Entity::insert(link.into_active_model().reset_all())
            .on_conflict(
                OnConflict::columns([session_organizer::Column::SessionId, session_organizer::Column::PersonId])
                    .do_nothing()
                    .to_owned(),
            )
            .exec_without_returning(tx)
            .await?;
        if inserted > 0 {
            let named = Changes::default().with("organizers", Value::Null, person.to_string().into());
            tx.audit(viewer, "addOrganizer", id, named);
        }
        Ok(row.into())
    })
}

/// Removes an organiser. Does nothing if the person is none. Only for organisers and administrators.
pub async fn delete_organizer(app: &App, viewer: Viewer, id: SessionId, person: PersonId) -> Result<Session> {
    transaction!(app, app.now(), |tx| {
        authorize_edit(tx, viewer, id).await?;
        let row = lock_session(tx, id, LockType::Share).await?;
        let deleted = session_organizer::Entity::delete_by_id((id, person)).exec(tx).await?;
        if deleted.rows_affected > 0 {
            let unnamed = Changes::default().with("organizers", person.to_string().into(), Value::Null);
            tx.audit(viewer, "removeOrganizer", id, unnamed);
        }
        Ok(row.into())
    })
}
