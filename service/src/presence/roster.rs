//! The roster of an activity: the people who have a seat.

use chrono::{DateTime, Utc};
use domain::{
    access::Viewer,
    ids::{ActivityId, PersonId},
};
use entity::{person, presence};
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QuerySelect, QueryTrait, Select};

use super::activities::Activity;
use crate::{
    App, Result,
    lists::{self, Key, Page, Slice},
    people::Person,
};

/// The people of one activity, as one viewer sees them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Roster {
    activity: ActivityId,
    /// Whether the roster includes people who hide their placement.
    shows_hidden: bool,
}

impl Roster {
    fn query(self, since: DateTime<Utc>) -> Select<person::Entity> {
        let seated = seats(self.activity, since)
            .filter(presence::Column::PersonId.is_not_null())
            .select_only()
            .column(presence::Column::PersonId)
            .into_query();
        let people = person::Entity::find().filter(person::Column::Id.in_subquery(seated));
        if self.shows_hidden { people } else { people.filter(person::Column::HidesPlace.eq(false)) }
    }
}

fn seats(activity: ActivityId, since: DateTime<Utc>) -> Select<presence::Entity> {
    presence::Entity::find()
        .filter(presence::Column::ActivityId.eq(activity))
        .filter(presence::Column::LastSeenAt.gte(since))
}

async fn has_seat(app: &App, activity: ActivityId, person: PersonId) -> Result<bool> {
    let since = app.presence.rules.online_since(app.now());
    let own = seats(activity, since).filter(presence::Column::PersonId.eq(person));
    Ok(own.count(app.db.pool()).await? > 0)
}

/// A page of the people who have a seat, ordered by name, and the roster itself. Administrators see it. If it is
/// public, those who have a seat see it too. `None` for other viewers.
pub async fn list_roster(
    app: &App,
    viewer: Viewer,
    activity: &Activity,
    page: &Page,
) -> Result<Option<(Slice<Person>, Roster)>> {
    let has_seat = match viewer.person {
        Some(person) if activity.is_roster_public => has_seat(app, activity.id, person).await?,
        _ => false,
    };
    if !viewer.may_see_roster(activity.is_roster_public && has_seat) {
        return Ok(None);
    }
    let roster = Roster { activity: activity.id, shows_hidden: viewer.may_see_hidden_people() };
    let order = (person::Column::NameKey, person::Column::Id);
    let people = roster.query(app.presence.rules.online_since(app.now()));
    Ok(Some((page.of(app.db.pool(), people, order, Key::Text, false).await?, roster)))
}

pub async fn count_roster(app: &App, roster: Roster) -> Result<i64> {
    let people = roster.query(app.presence.rules.online_since(app.now()));
    lists::count(app.db.pool(), people, person::Column::Id).await
}
