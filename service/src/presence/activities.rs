//! Activities: things that people do online, with a limit on how many may take part at once.

use domain::{access::Viewer, ids::ActivityId, presence::SeatsPer};
use entity::activity;
use sea_orm::{
    ActiveModelTrait, ActiveValue::NotSet, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder,
    QuerySelect, Select, sea_query::LockType,
};

use crate::{App, Error, Result, audit::Changes, db::is_one_of, error::expect, lists::values, transaction, validate};

/// Something that only so many may do at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Activity {
    pub id: ActivityId,
    pub key: String,
    pub name: String,
    /// `None`: no limit. 0: closed.
    pub max_concurrent: Option<i32>,
    pub seats_per: SeatsPer,
}

impl From<activity::Model> for Activity {
    fn from(row: activity::Model) -> Self {
        Self { id: row.id, key: row.key, name: row.name, max_concurrent: row.max_concurrent, seats_per: row.seats_per }
    }
}

#[derive(Debug, Clone)]
pub struct NewActivity {
    pub key: String,
    pub name: String,
    /// How many visits may have a seat at once. `None` means no limit; 0 means closed.
    pub max_concurrent: Option<i32>,
    /// `None` keeps what is stored, or means people for a new activity.
    pub seats_per: Option<SeatsPer>,
}

/// The activity with this key. PostgreSQL refuses a NUL in a text, so it is replaced by a character that is in no key
/// either.
pub(super) fn by_key(key: &str) -> Select<activity::Entity> {
    activity::Entity::find().filter(activity::Column::Key.eq(key.replace('\0', "\u{fffd}")))
}

pub async fn find_activity_by_key(app: &App, key: &str) -> Result<Option<Activity>> {
    Ok(by_key(key).one(app.db.pool()).await?.map(Activity::from))
}

pub async fn find_activities(app: &App, ids: &[ActivityId]) -> Result<Vec<Activity>> {
    let db = app.db.pool();
    let wanted = is_one_of(db, activity::Column::Id, ids.iter().map(|id| id.0));
    Ok(values(activity::Entity::find().filter(wanted).all(db).await?))
}

/// At most `limit` activities, ordered by key.
pub async fn list_activities(app: &App, limit: u64) -> Result<Vec<Activity>> {
    let by_key = activity::Entity::find().order_by_asc(activity::Column::Key);
    Ok(values(by_key.limit(limit).all(app.db.pool()).await?))
}

/// Creates an activity, or changes the one with this key. Only for administrators. A lower limit takes no seat away. A
/// new limit is published, because clients may wait for a free seat.
///
/// # Errors
/// [`Error::Invalid`] if the key is not a path, the name is empty, or the limit is negative.
pub async fn save_activity(app: &App, viewer: Viewer, new: NewActivity) -> Result<Activity> {
    expect::admin(viewer, "sign in to change activities", "only admins may change activities")?;
    let key = validate::path("key", &new.key)?;
    let name = validate::required_text("name", &new.name)?;
    if new.max_concurrent.is_some_and(|limit| limit < 0) {
        return Err(Error::invalid("maxConcurrent", "must not be negative: leave it out for no limit"));
    }
    let now = app.now();
    transaction!(app, now, |tx| {
        let Some(mut row) = by_key(&key).lock(LockType::NoKeyUpdate).one(tx).await? else {
            let row = activity::Model {
                id: ActivityId(0),
                key: key.clone(),
                name: name.clone(),
                max_concurrent: new.max_concurrent,
                seats_per: new.seats_per.unwrap_or_default(),
                created_at: now,
            };
            let row = activity::ActiveModel { id: NotSet, ..row.into_active_model().reset_all() };
            return match row.insert(tx).await.map_err(Error::from) {
                Err(error) if error.is_duplicate() => Err(Error::Again("another server made the same activity")),
                Err(error) => Err(error),
                Ok(row) => {
                    tx.audit(viewer, "saveActivity", row.id, Changes::between(None, Some(&row)));
                    Ok(row.into())
                }
            };
        };
        let before = row.clone();
        if row.max_concurrent != new.max_concurrent {
            tx.log(|news| news.occupancy_changed(row.id));
        }
        row.name.clone_from(&name);
        row.max_concurrent = new.max_concurrent;
        row.seats_per = new.seats_per.unwrap_or(row.seats_per);
        tx.audit(viewer, "saveActivity", row.id, Changes::between(Some(&before), Some(&row)));
        Ok(row.into_active_model().reset_all().update(tx).await?.into())
    })
}
