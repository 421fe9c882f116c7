//! People: their profiles and their placements.

use std::collections::{BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use domain::{
    access::{PersonRelation, Viewer},
    check_in::Attendance,
    ids::{PersonId, SessionInstanceId},
    search,
};
use entity::{person, session_organizer};
use sea_orm::{
    ActiveModelTrait, ActiveValue::NotSet, ColumnTrait, EntityTrait, FromQueryResult, IntoActiveModel, PaginatorTrait,
    QueryFilter, QuerySelect, Select, sea_query::LockType,
};

use crate::{
    App, Error, Refusal, Result,
    audit::Changes,
    db::{Reads, is_in, is_one_of, list, rows},
    error::FieldErrors,
    idempotency,
    lists::{self, Key, Page, Slice, finds, values},
    people::{Person, browsers::end_sign_ins_of, erased_identity::not_before_of},
    presence::{
        queue::{LockedQueues, lock_queues_of_people, settle_queues},
        visits,
    },
    rights,
    status::placement::{Affected, update_placements},
    transaction, validate,
};

#[derive(Debug, Clone, Default)]
pub struct NewPerson {
    pub display_name: String,
    pub city: Option<String>,
    pub country: Option<String>,
    /// The person's id at the identity provider.
    pub external_id: Option<String>,
}

/// Changes to a person. An outer `None` keeps a field; an inner `None` clears it.
#[derive(Debug, Clone, Default)]
pub struct PersonPatch {
    pub display_name: Option<String>,
    pub city: Option<Option<String>>,
    pub country: Option<Option<String>>,
    pub hides_place: Option<bool>,
    pub is_deactivated: Option<bool>,
    pub external_id: Option<Option<String>>,
}

/// The people with these ids, except those who were merged into others.
pub async fn find_people(app: &App, ids: &[PersonId]) -> Result<Vec<Person>> {
    let db = app.db.pool();
    let unmerged = person::Entity::find().filter(person::Column::MergedIntoId.is_null());
    Ok(values(unmerged.filter(is_one_of(db, person::Column::Id, ids.iter().map(|id| id.0))).all(db).await?))
}

/// The people, of these, whom the viewer may see.
pub async fn find_visible_people(app: &App, viewer: Viewer, ids: &[PersonId]) -> Result<Vec<Person>> {
    let relations = find_relations(app, viewer, ids).await?;
    let is_visible = |row: &Person| viewer.may_see_person(row.id, relations.get(&row.id).copied().unwrap_or_default());
    Ok(find_people(app, ids).await?.into_iter().filter(is_visible).collect())
}

#[derive(FromQueryResult)]
#[expect(clippy::struct_excessive_bools, reason = "the columns of a relation")]
struct RelationRow {
    id: i64,
    is_organizer: bool,
    is_mentor: bool,
    takes_part_in_booking: bool,
    shares_instance: bool,
    is_in_check_ins: bool,
    is_in_roster: bool,
}

/// The relations between the viewer and these people. Reads nothing if the viewer may see all of them anyway.
async fn find_relations(app: &App, viewer: Viewer, ids: &[PersonId]) -> Result<HashMap<PersonId, PersonRelation>> {
    let db = app.db.pool();
    let is_seen_anyway = |id: &PersonId| viewer.may_see_person(*id, PersonRelation::default());
    if ids.iter().all(is_seen_anyway) {
        return Ok(HashMap::new());
    }
    // `:viewer` may be null. Organisers of any session may list all people.
    let sql = format!(
        "SELECT p.id, \
           EXISTS (SELECT 1 FROM session_organizer o JOIN session s ON s.id = o.session_id \
                   WHERE o.person_id = p.id AND s.deleted_at IS NULL) AS is_organizer, \
           EXISTS (SELECT 1 FROM time_slot t WHERE t.mentor_id = p.id AND t.deleted_at IS NULL) AS is_mentor, \
           EXISTS (SELECT 1 FROM booking b WHERE b.mentor_id = p.id AND b.student_id = :viewer) \
             OR EXISTS (SELECT 1 FROM booking b WHERE b.student_id = p.id AND b.mentor_id = :viewer) AS takes_part_in_booking, \
           NOT p.hides_place AND EXISTS (SELECT 1 FROM person v WHERE v.id = :viewer \
                   AND v.active_session_instance_id = p.active_session_instance_id) AS shares_instance, \
           EXISTS (SELECT 1 FROM session_organizer o WHERE o.person_id = :viewer) \
             OR EXISTS (SELECT 1 FROM check_in mine JOIN check_in theirs \
                          ON theirs.session_instance_id = mine.session_instance_id \
                        WHERE mine.person_id = :viewer AND mine.attendance = :yes AND theirs.person_id = p.id) \
             AS is_in_check_ins, \
           NOT p.hides_place AND EXISTS (SELECT 1 FROM presence mine \
                   JOIN presence theirs ON theirs.activity_id = mine.activity_id \
                   JOIN activity a ON a.id = mine.activity_id AND a.is_roster_public \
                   WHERE mine.person_id = :viewer AND theirs.person_id = p.id \
                     AND mine.last_seen_at >= :online_since AND theirs.last_seen_at >= :online_since) AS is_in_roster \
         FROM person p WHERE {}",
        is_in(db, "p.id", "people")
    );
    let values = [
        ("people", list(db, ids.iter().copied())),
        ("viewer", viewer.person.map(|id| id.0).into()),
        ("yes", Attendance::Yes.into()),
        ("online_since", app.presence.rules.online_since(app.now()).into()),
    ];
    let found: Vec<RelationRow> = rows(db, &sql, values).await?;
    let relation = |row: RelationRow| {
        let relation = PersonRelation {
            is_organizer: row.is_organizer,
            is_mentor: row.is_mentor,
            takes_part_in_booking: row.takes_part_in_booking,
            shares_instance: row.shares_instance,
            is_in_check_ins: row.is_in_check_ins,
            is_in_roster: row.is_in_roster,
        };
        (PersonId(row.id), relation)
    };
    Ok(found.into_iter().map(relation).collect())
}

/// Checks that the viewer may follow the moves of a person.
pub fn authorize_following(viewer: Viewer, person: PersonId) -> Result<()> {
    if viewer.may_read_data_of(person) {
        return Ok(());
    }
    Err(if viewer.is_signed_in() {
        Error::Forbidden(Refusal::PersonOnly("follow a person"))
    } else {
        Error::Unauthenticated(Refusal::SignIn("to follow a person"))
    })
}

/// The placement of a person.
pub async fn find_placement(db: &impl Reads, id: PersonId) -> Result<Option<SessionInstanceId>> {
    let row = person::Entity::find_by_id(id).one(db.connection()).await?;
    Ok(row.and_then(|row| row.active_session_instance_id))
}

/// The placement of a person, if the viewer may see it. `None` also if there is none.
pub async fn find_visible_placement(app: &App, viewer: Viewer, person: &Person) -> Result<Option<SessionInstanceId>> {
    let Some(instance) = person.active_session_instance_id else { return Ok(None) };
    let viewer_placement = match viewer.person {
        Some(id) => find_placement(app, id).await?,
        None => None,
    };
    Ok(viewer.may_see_placement(person.id, person.hides_place, instance, viewer_placement).then_some(instance))
}

/// A filter for people.
#[derive(Debug, Clone, Copy, Default)]
pub struct PeopleFilter<'a> {
    pub name_contains: Option<&'a str>,
    /// Whether people whose account is deactivated are left out.
    pub without_deactivated: bool,
}

fn filtered(PeopleFilter { name_contains, without_deactivated }: PeopleFilter<'_>) -> Select<person::Entity> {
    let mut query = person::Entity::find()
        .filter(person::Column::ErasedAt.is_null())
        .filter(person::Column::MergedIntoId.is_null());
    if without_deactivated {
        query = query.filter(person::Column::IsDeactivated.eq(false));
    }
    match name_contains {
        Some(text) => query.filter(finds(person::Column::NameKey, text)),
        None => query,
    }
}

/// A page of people, ordered by name. `None` for viewers who are neither administrators nor organisers of a session.
pub async fn list_people(
    app: &App,
    viewer: Viewer,
    filter: PeopleFilter<'_>,
    page: &Page,
) -> Result<Option<Slice<Person>>> {
    if !viewer.may_list_people(false) && !viewer.may_list_people(organizes_anything(app, viewer).await?) {
        return Ok(None);
    }
    let order = (person::Column::NameKey, person::Column::Id);
    Ok(Some(page.of(app.db.pool(), filtered(filter), order, Key::Text, false).await?))
}

pub async fn count_people(app: &App, filter: PeopleFilter<'_>) -> Result<i64> {
    lists::count(app.db.pool(), filtered(filter), person::Column::Id).await
}

/// Whether the viewer organises a session.
pub(crate) async fn organizes_anything(app: &App, viewer: Viewer) -> Result<bool> {
    let Some(person) = viewer.person else { return Ok(false) };
    let links = session_organizer::Entity::find().filter(session_organizer::Column::PersonId.eq(person.0));
    Ok(links.limit(1).count(app.db.pool()).await? > 0)
}

/// Creates a person. Only for administrators.
pub async fn insert_person(app: &App, viewer: Viewer, new: NewPerson) -> Result<Person> {
    rights::require_admin(viewer, "to add people", "add people")?;
    let key = app.cursor_key().await?;
    let now = app.now();
    let row = blank(&new, now)?;
    let made = transaction!(app, now, |tx| {
        if let Some(id) = idempotency::claim_key::<PersonId>(tx, app, viewer, "createPerson", now).await? {
            let made = person::Entity::find_by_id(id).one(tx).await?.filter(is_someone);
            return made.map(Into::into).ok_or_else(|| Error::not_found("person", id));
        }
        let tokens_not_before = not_before_of(tx, key, row.external_id.as_deref()).await?;
        let row = person::Model { tokens_not_before, ..row.clone() }.into_active_model().reset_all();
        let row = person::ActiveModel { id: NotSet, ..row }.insert(tx).await?;
        idempotency::record_created(tx, app, viewer, row.id).await?;
        tx.audit(viewer, "createPerson", row.id, Changes::between(None, Some(&row)));
        Ok(row.into())
    });
    made.map_err(taken)
}

/// A new row with these fields, and defaults for all others.
pub(crate) fn blank(new: &NewPerson, now: DateTime<Utc>) -> Result<person::Model> {
    let mut errors = FieldErrors::default();
    let display_name = errors.note(validate::required_text("displayName", &new.display_name))?;
    let city = errors.note(validate::optional_text("city", new.city.as_deref()))?;
    let country = errors.note(validate::optional_text("country", new.country.as_deref()))?;
    let external_id = new.external_id.as_deref().map(|id| validate::external_id("externalId", id)).transpose();
    let external_id = errors.note(external_id)?;
    errors.finish()?;
    Ok(person::Model {
        id: PersonId(0),
        name_key: search::key(&display_name),
        display_name,
        city,
        country,
        is_deactivated: false,
        hides_place: false,
        active_session_instance_id: None,
        created_at: now,
        external_id,
        tokens_not_before: None,
        standing_revision: None,
        erased_at: None,
        merged_into_id: None,
        is_guest: false,
    })
}

/// Explains a violation of the unique index: the external id is the only unique column of a person.
fn taken(error: Error) -> Error {
    if error.is_duplicate() { Error::Conflict(Refusal::ExternalIdTaken) } else { error }
}

/// Changes a person. People may change their own name, city, country and `hidesPlace`; administrators may change
/// everything. The placement of a deactivated person ends in the same transaction (rule 14), and so do the person's seats
/// and places in queues.
pub async fn update_person(app: &App, viewer: Viewer, id: PersonId, patch: PersonPatch) -> Result<Person> {
    rights::require_signed_in(viewer, "to change a profile")?;
    // First, so that the answer does not say whether there is such a person.
    rights::require(viewer.may_act_for(id), Refusal::PersonOnly("change a profile"))?;
    let key = app.cursor_key().await?;
    let now = app.now();
    let updated = transaction!(app, now, |tx| {
        let queues = match patch.is_deactivated {
            Some(true) if viewer.may_manage_accounts() => lock_queues_of_people(tx, &[id]).await?,
            _ => LockedQueues::default(),
        };
        let row = person::Entity::find_by_id(id).lock(LockType::NoKeyUpdate).one(tx).await?;
        let mut row = row.filter(is_someone).ok_or_else(|| Error::not_found("person", id))?;
        let mut freed = BTreeSet::new();
        if patch.is_deactivated.is_some() {
            rights::require(viewer.may_manage_accounts(), Refusal::AdminsOnly("deactivate or reactivate people"))?;
        }
        if patch.external_id.is_some() {
            rights::require(viewer.may_manage_accounts(), Refusal::AdminsOnly("change externalId"))?;
        }
        let before = row.clone();
        let mut errors = FieldErrors::default();
        if let Some(name) = &patch.display_name {
            row.display_name = errors.note(validate::required_text("displayName", name))?;
            row.name_key = search::key(&row.display_name);
        }
        if let Some(city) = &patch.city {
            row.city = errors.note(validate::optional_text("city", city.as_deref()))?;
        }
        if let Some(country) = &patch.country {
            row.country = errors.note(validate::optional_text("country", country.as_deref()))?;
        }
        if let Some(id) = &patch.external_id {
            let checked = id.as_deref().map(|id| validate::external_id("externalId", id)).transpose();
            row.external_id = errors.note(checked)?;
        }
        errors.finish()?;
        if patch.external_id.is_some() {
            let not_before = not_before_of(tx, key, row.external_id.as_deref()).await?;
            row.tokens_not_before = row.tokens_not_before.max(not_before);
        }
        row.hides_place = patch.hides_place.unwrap_or(row.hides_place);
        row.is_deactivated = patch.is_deactivated.unwrap_or(row.is_deactivated);
        let mut row = row.into_active_model().reset_all().update(tx).await?;
        if row.external_id != before.external_id || row.is_deactivated != before.is_deactivated {
            tx.log(|news| news.standing_changed(id));
        }
        if row.is_deactivated && !before.is_deactivated {
            end_sign_ins_of(tx, id, now).await?;
        }
        tx.audit(viewer, "updatePerson", id, Changes::between(Some(&before), Some(&row)));
        if patch.is_deactivated.is_some() {
            let rule = app.placement_rule;
            let moves = update_placements(tx, rule, Affected::People(&[id]), &BTreeSet::new()).await?;
            if let Some(moved) = moves.first() {
                row.active_session_instance_id = moved.to;
            }
        }
        // Rosters, screens at the door and lists show the name.
        let is_shown_otherwise = row.hides_place != before.hides_place || row.display_name != before.display_name;
        if patch.is_deactivated == Some(true) {
            freed = visits::take_seats_and_places(tx, &queues, id, now).await?;
        } else if is_shown_otherwise {
            visits::note_roster_changed(tx, id).await?;
        }
        if is_shown_otherwise && let Some(instance) = row.active_session_instance_id {
            tx.log(|news| news.counts_changed(instance));
        }
        Ok((row.into(), freed))
    });
    let (person, freed) = updated.map_err(taken)?;
    settle_queues(app, freed).await;
    Ok(person)
}

/// Whether the person is neither erased nor merged into another.
pub(crate) fn is_someone(row: &person::Model) -> bool {
    row.erased_at.is_none() && row.merged_into_id.is_none()
}
