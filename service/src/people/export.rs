//! All data that is stored about a person, as one JSON document.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use domain::{
    access::Viewer,
    ids::{ApiKeyId, CheckInId, PersonId, SessionId, SessionInstanceId},
};
use entity::{
    api_key, audit_entry, booking, change_log, check_in, person, presence, queue_place, session, session_instance,
    session_organizer, time_slot,
};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, FromQueryResult, QueryFilter, QueryOrder, QuerySelect,
    QueryTrait,
};
use serde_json::{Value, json};

use crate::{
    App, Error, Refusal, Result,
    audit::AuditEntry,
    db::{ids, is_in, list, rows, text_list},
    people::{is_someone, merge::with_merged},
    rights,
};

/// Reads all data that is stored about a person, in one snapshot. Only for the person, who may be deactivated, and for
/// administrators.
///
/// # Errors
/// [`Error::Forbidden`] for other viewers, [`Error::NotFound`] if there is no such person.
pub async fn export_person(app: &App, viewer: Viewer, id: PersonId) -> Result<Value> {
    rights::require(viewer.may_read_data_of(id), Refusal::PersonOnly("read all of a person's data"))?;
    let db = app.db.snapshot().await?;
    let row = person::Entity::find_by_id(id).one(&db).await?.filter(is_someone);
    let row = row.ok_or_else(|| Error::not_found("person", id))?;
    Ok(json!({
        "exportedAt": app.now(),
        "person": {
            "id": row.id.to_string(),
            "displayName": row.display_name,
            "city": row.city,
            "country": row.country,
            "externalId": row.external_id,
            "isDeactivated": row.is_deactivated,
            "hidesPlace": row.hides_place,
            "isGuest": row.is_guest,
            "createdAt": row.created_at,
            "tokensNotBefore": row.tokens_not_before,
            "activeSessionInstance": row.active_session_instance_id.map(|id| id.to_string()),
        },
        "mergedPeople": merged(&db, id).await?,
        "organizedSessions": organized(&db, id).await?,
        "checkIns": check_ins(&db, id).await?,
        "timeSlots": time_slots(&db, id).await?,
        "bookings": bookings(&db, id).await?,
        "visits": visits(&db, id).await?,
        "queuePlaces": queue_places(&db, id).await?,
        "apiKeys": api_keys(&db, id).await?,
        "signIns": sign_ins(&db, id).await?,
        "auditLog": audit_log(&db, id).await?,
        "recentChanges": changes(&db, id).await?,
    }))
}

/// People who were merged into the person. Their names and external ids are kept.
async fn merged<C: ConnectionTrait>(db: &C, id: PersonId) -> Result<Vec<Value>> {
    let rows = person::Entity::find().filter(person::Column::MergedIntoId.eq(id)).order_by_asc(person::Column::Id);
    let merged = |row: person::Model| {
        json!({ "id": row.id.to_string(), "displayName": row.display_name, "city": row.city, "country": row.country,
                "externalId": row.external_id, "createdAt": row.created_at })
    };
    Ok(rows.all(db).await?.into_iter().map(merged).collect())
}

async fn organized<C: ConnectionTrait>(db: &C, id: PersonId) -> Result<Vec<Value>> {
    let links = session_organizer::Entity::find()
        .filter(session_organizer::Column::PersonId.eq(id))
        .order_by_asc(session_organizer::Column::SessionId)
        .all(db)
        .await?;
    let mut sessions = Vec::new();
    for link in links {
        sessions.push(session_of(db, link.session_id).await?);
    }
    Ok(sessions)
}

async fn session_of<C: ConnectionTrait>(db: &C, id: SessionId) -> Result<Value> {
    let row = session::Entity::find_by_id(id).one(db).await?;
    Ok(json!({ "id": id.to_string(), "name": row.map(|row| row.name) }))
}

async fn check_ins<C: ConnectionTrait>(db: &C, id: PersonId) -> Result<Vec<Value>> {
    let rows = check_in::Entity::find()
        .filter(check_in::Column::PersonId.eq(id))
        .find_also_related(session_instance::Entity)
        .order_by_asc(check_in::Column::CheckedInAt)
        .order_by_asc(check_in::Column::Id)
        .all(db)
        .await?;
    let sessions = rows.iter().filter_map(|(_, instance)| instance.as_ref()).map(|instance| instance.session_id);
    let names = session::Entity::find()
        .filter(crate::db::is_one_of(db, session::Column::Id, sessions.collect::<BTreeSet<_>>()))
        .all(db)
        .await?;
    let name_of = |id: SessionId| names.iter().find(|row| row.id == id).map(|row| row.name.as_str());
    let shown = |instance: &session_instance::Model| {
        json!({ "id": instance.id.to_string(), "session": name_of(instance.session_id), "date": instance.date,
                "startsAt": instance.starts_at, "endsAt": instance.ends_at })
    };
    let check_in = |(row, instance): (check_in::Model, Option<session_instance::Model>)| {
        let unknown = |id: SessionInstanceId| json!({ "id": id.to_string() });
        json!({ "id": row.id.to_string(), "attendance": row.attendance.as_str(), "checkedInAt": row.checked_in_at,
                "arrivedAt": row.arrived_at,
                "sessionInstance": instance.as_ref().map_or_else(|| unknown(row.session_instance_id), shown) })
    };
    Ok(rows.into_iter().map(check_in).collect())
}

async fn time_slots<C: ConnectionTrait>(db: &C, id: PersonId) -> Result<Vec<Value>> {
    let rows = time_slot::Entity::find()
        .filter(time_slot::Column::MentorId.eq(id))
        .order_by_asc(time_slot::Column::StartsAt)
        .all(db)
        .await?;
    let slot = |row: time_slot::Model| {
        json!({ "id": row.id.to_string(), "startsAt": row.starts_at, "endsAt": row.ends_at,
                "createdAt": row.created_at, "deletedAt": row.deleted_at })
    };
    Ok(rows.into_iter().map(slot).collect())
}

async fn bookings<C: ConnectionTrait>(db: &C, id: PersonId) -> Result<Vec<Value>> {
    let of_person = Condition::any().add(booking::Column::MentorId.eq(id)).add(booking::Column::StudentId.eq(id));
    let rows = booking::Entity::find().filter(of_person).order_by_asc(booking::Column::Id).all(db).await?;
    let booking = |row: booking::Model| {
        json!({ "id": row.id.to_string(), "timeSlot": row.time_slot_id.to_string(), "mentor": row.mentor_id.to_string(),
                "student": row.student_id.to_string(), "status": row.status.as_str(), "isDelayed": row.is_delayed,
                "createdAt": row.created_at, "startedAt": row.started_at, "completedAt": row.completed_at,
                "cancelledAt": row.cancelled_at })
    };
    Ok(rows.into_iter().map(booking).collect())
}

async fn visits<C: ConnectionTrait>(db: &C, id: PersonId) -> Result<Vec<Value>> {
    let rows = presence::Entity::find()
        .filter(presence::Column::PersonId.eq(id))
        .order_by_asc(presence::Column::StartedAt)
        .all(db)
        .await?;
    let visit = |row: presence::Model| {
        json!({ "id": row.id.to_string(), "languageCode": row.language_code, "currentPage": row.current_page,
                "activity": row.activity_id.map(|id| id.to_string()), "startedAt": row.started_at,
                "lastSeenAt": row.last_seen_at, "idleSince": row.idle_since, "completedAt": row.completed_at })
    };
    Ok(rows.into_iter().map(visit).collect())
}

async fn api_keys<C: ConnectionTrait>(db: &C, id: PersonId) -> Result<Vec<Value>> {
    let rows = api_key::Entity::find()
        .filter(api_key::Column::PersonId.eq(id))
        .filter(api_key::Column::IsSignIn.eq(false))
        .order_by_asc(api_key::Column::Id)
        .all(db)
        .await?;
    let key = |row: api_key::Model| {
        json!({ "id": row.id.to_string(), "name": row.name, "isAdmin": row.is_admin, "createdAt": row.created_at,
                "expiresAt": row.expires_at, "lastUsedAt": row.last_used_at, "revokedAt": row.revoked_at })
    };
    Ok(rows.into_iter().map(key).collect())
}

/// The places in queues that belong to the person or to one of their visits.
async fn queue_places<C: ConnectionTrait>(db: &C, id: PersonId) -> Result<Vec<Value>> {
    let mut own_visits = presence::Entity::find().select_only().column(presence::Column::Id);
    own_visits = own_visits.filter(presence::Column::PersonId.eq(id));
    let is_own = Condition::any()
        .add(queue_place::Column::PersonId.eq(id))
        .add(queue_place::Column::PresenceId.in_subquery(own_visits.into_query()));
    let rows = queue_place::Entity::find().filter(is_own).order_by_asc(queue_place::Column::Id).all(db).await?;
    let place = |row: queue_place::Model| {
        json!({ "activity": row.activity_id.to_string(), "visit": row.presence_id.to_string(),
                "joinedAt": row.joined_at, "offerEndsAt": row.offer_ends_at })
    };
    Ok(rows.into_iter().map(place).collect())
}

/// The browsers in which the person signed in.
async fn sign_ins<C: ConnectionTrait>(db: &C, id: PersonId) -> Result<Vec<Value>> {
    let rows = api_key::Entity::find()
        .filter(api_key::Column::PersonId.eq(id))
        .filter(api_key::Column::IsSignIn.eq(true))
        .order_by_asc(api_key::Column::Id)
        .all(db)
        .await?;
    let sign_in = |row: api_key::Model| {
        json!({ "isAdmin": row.is_admin, "issuer": row.issuer, "createdAt": row.created_at, "expiresAt": row.expires_at,
                "lastUsedAt": row.last_used_at, "revokedAt": row.revoked_at })
    };
    Ok(rows.into_iter().map(sign_in).collect())
}

/// The audit entries of changes that the person made, and of changes to the person, to people who were merged into them, and to their
/// check-ins and API keys. Another actor is not named. The values of a change to anything else are not shown, because they are about
/// others.
async fn audit_log<C: ConnectionTrait>(db: &C, id: PersonId) -> Result<Vec<Value>> {
    let person = || [("person", id.into())];
    let people = with_merged(db, id).await?;
    let check_ins: Vec<CheckInId> = ids(db, "SELECT id FROM check_in WHERE person_id = :person", person()).await?;
    let keys: Vec<ApiKeyId> = ids(db, "SELECT id FROM api_key WHERE person_id = :person", person()).await?;
    let names: BTreeSet<String> = people.iter().map(ToString::to_string).collect();
    let things = check_ins.iter().map(ToString::to_string).chain(keys.iter().map(ToString::to_string));
    let own: BTreeSet<String> = names.iter().cloned().chain(things).collect();
    let sql = format!(
        "SELECT * FROM audit_entry WHERE {} OR {} ORDER BY id",
        is_in(db, "actor", "people"),
        is_in(db, "node", "nodes")
    );
    let values = [("people", text_list(db, names.iter().cloned())), ("nodes", text_list(db, own.iter().cloned()))];
    let found: Vec<audit_entry::Model> = rows(db, &sql, values).await?;
    let entry = |entry: AuditEntry| {
        let changes = entry.changes.into_iter().filter(|_| own.contains(&entry.node));
        let changes = changes.map(|(field, from, to)| json!({ "field": field, "from": from, "to": to }));
        json!({ "occurredAt": entry.occurred_at, "byThisPerson": names.contains(&entry.actor), "action": entry.action,
                "nodeId": entry.node, "changes": changes.collect::<Vec<_>>() })
    };
    Ok(found.into_iter().map(AuditEntry::from).map(entry).collect())
}

/// The moves of the person and the steps of their bookings that are still in the change log. So are those of people who were
/// merged into the person.
async fn changes<C: ConnectionTrait>(db: &C, id: PersonId) -> Result<Vec<Value>> {
    #[derive(FromQueryResult)]
    struct Row {
        occurred_at: DateTime<Utc>,
        #[sea_orm(nested)]
        change: change_log::Model,
    }
    let people = with_merged(db, id).await?;
    let sql = format!(
        "SELECT l.*, b.occurred_at FROM change_log l JOIN change_batch b ON b.id = l.batch_id \
         WHERE {} OR {} OR {} ORDER BY l.batch_id, l.ordinal",
        is_in(db, "l.person_id", "people"),
        is_in(db, "l.mentor_id", "people"),
        is_in(db, "l.student_id", "people")
    );
    let found: Vec<Row> = rows(db, &sql, [("people", list(db, people))]).await?;
    let shown = |Row { occurred_at, change }: Row| {
        json!({ "occurredAt": occurred_at, "kind": change.kind,
                "sessionInstance": change.session_instance_id.map(|id| id.to_string()),
                "previousSessionInstance": change.previous_session_instance_id.map(|id| id.to_string()),
                "booking": change.booking_id.map(|id| id.to_string()), "status": change.new_status })
    };
    Ok(found.into_iter().map(shown).collect())
}
