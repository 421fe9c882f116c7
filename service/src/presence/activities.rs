//! Activities: things that people do online, with a limit on how many may take part at once.

use std::ops::RangeInclusive;

use chrono::TimeDelta;
use domain::{access::Viewer, ids::ActivityId, presence::SeatsPer};
use entity::activity;
use sea_orm::{
    ActiveModelTrait, ActiveValue::NotSet, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder,
    QuerySelect, Select, sea_query::LockType,
};

use super::{queue, seats_per};
use crate::{
    App, Error, Refusal, Result, audit::Changes, db::is_one_of, error::FieldErrors, lists::values, log::News, rights,
    transaction, validate,
};

/// Something that a limited number of visits may do at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Activity {
    pub id: ActivityId,
    pub key: String,
    pub name: String,
    /// `None`: no limit. 0: closed.
    pub max_concurrent: Option<i32>,
    pub seats_per: SeatsPer,
    /// How long an offered seat can be claimed.
    pub offer_seconds: i32,
    /// How long a place in the queue is kept after its visit went offline.
    pub queue_grace_seconds: i32,
    /// `None`: idle visits keep their seats.
    pub max_idle_minutes: Option<i32>,
    /// Whether those who have a seat may see who else has one.
    pub is_roster_public: bool,
}

impl From<activity::Model> for Activity {
    fn from(row: activity::Model) -> Self {
        Self {
            id: row.id,
            key: row.key,
            name: row.name,
            max_concurrent: row.max_concurrent,
            seats_per: row.seats_per,
            offer_seconds: row.offer_seconds,
            queue_grace_seconds: row.queue_grace_seconds,
            max_idle_minutes: row.max_idle_minutes,
            is_roster_public: row.is_roster_public,
        }
    }
}

/// A new activity, or changes to the activity with this key. In the fields after `max_concurrent`, `None` keeps the
/// stored value; for a new activity, it means the default.
#[derive(Debug, Clone, Default)]
pub struct NewActivity {
    pub key: String,
    pub name: String,
    /// How many visits may have a seat at once. `None` means no limit; 0 means closed.
    pub max_concurrent: Option<i32>,
    pub seats_per: Option<SeatsPer>,
    pub offer_seconds: Option<i32>,
    pub queue_grace_seconds: Option<i32>,
    /// `Some(None)`: idle visits keep their seats.
    pub max_idle_minutes: Option<Option<i32>>,
    pub is_roster_public: Option<bool>,
}

/// The defaults of a new activity.
const OFFER_SECONDS: i32 = 30;
const QUEUE_GRACE_SECONDS: i32 = 60;

/// The ranges that are accepted.
const OFFER_RANGE: RangeInclusive<i32> = 1..=3_600;
const QUEUE_GRACE_RANGE: RangeInclusive<i32> = 0..=3_600;
const MAX_IDLE_RANGE: RangeInclusive<i32> = 1..=1_440;

/// How long a visit may be idle in its seat. `None`: there is no limit.
pub(crate) fn max_idle_of(row: &activity::Model) -> Option<TimeDelta> {
    row.max_idle_minutes.map(|minutes| TimeDelta::minutes(minutes.into()))
}

impl NewActivity {
    /// Checks the key, the name and the numbers.
    ///
    /// # Errors
    /// [`Error::Invalid`] with all wrong fields.
    pub fn check(&self) -> Result<()> {
        self.checked().map(drop)
    }

    /// The key and the name, to be stored.
    fn checked(&self) -> Result<(String, String)> {
        let mut errors = FieldErrors::default();
        let key = errors.note(validate::path("key", &self.key))?;
        let name = errors.note(validate::required_text("name", &self.name))?;
        if self.max_concurrent.is_some_and(|limit| limit < 0) {
            errors.add("maxConcurrent", Refusal::NegativeLimit);
        }
        for (field, value, range) in [
            ("offerSeconds", self.offer_seconds, OFFER_RANGE),
            ("queueGraceSeconds", self.queue_grace_seconds, QUEUE_GRACE_RANGE),
            ("maxIdleMinutes", self.max_idle_minutes.flatten(), MAX_IDLE_RANGE),
        ] {
            errors.note(value.map(|value| validate::in_range(field, value, range)).transpose())?;
        }
        errors.finish()?;
        Ok((key, name))
    }
}

/// A text to look for among the keys. PostgreSQL refuses a NUL in a text, so it is replaced by a character that is in no key
/// either.
pub(super) fn storable_key(key: &str) -> String {
    key.replace('\0', "\u{fffd}")
}

/// The activity with this key.
pub(super) fn by_key(key: &str) -> Select<activity::Entity> {
    activity::Entity::find().filter(activity::Column::Key.eq(storable_key(key)))
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

/// Creates an activity, or changes the one with this key. Only for administrators. A lower limit takes no seat away. The
/// newest offers end until seats and offers fit, and their places are kept. A new limit is published,
/// because clients may wait for a free seat. If seats count people instead of visits from now on, each
/// person keeps one seat or one place in the queue.
///
/// # Errors
/// [`Error::Invalid`] if the key is not a path, the name is empty, or a number is out of its range.
pub async fn save_activity(app: &App, viewer: Viewer, new: NewActivity) -> Result<Activity> {
    rights::require_admin(viewer, "to change activities", "change activities")?;
    let (key, name) = new.checked()?;
    let now = app.now();
    transaction!(app, now, |tx| {
        let Some(mut row) = by_key(&key).lock(LockType::NoKeyUpdate).one(tx).await? else {
            let row = activity::Model {
                id: ActivityId(0),
                key: key.clone(),
                name: name.clone(),
                max_concurrent: new.max_concurrent,
                seats_per: new.seats_per.unwrap_or_default(),
                offer_seconds: new.offer_seconds.unwrap_or(OFFER_SECONDS),
                queue_grace_seconds: new.queue_grace_seconds.unwrap_or(QUEUE_GRACE_SECONDS),
                max_idle_minutes: new.max_idle_minutes.flatten(),
                is_roster_public: new.is_roster_public.unwrap_or_default(),
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
        row.name.clone_from(&name);
        row.max_concurrent = new.max_concurrent;
        row.seats_per = new.seats_per.unwrap_or(row.seats_per);
        row.offer_seconds = new.offer_seconds.unwrap_or(row.offer_seconds);
        row.queue_grace_seconds = new.queue_grace_seconds.unwrap_or(row.queue_grace_seconds);
        row.max_idle_minutes = new.max_idle_minutes.unwrap_or(row.max_idle_minutes);
        row.is_roster_public = new.is_roster_public.unwrap_or(row.is_roster_public);
        tx.audit(viewer, "saveActivity", row.id, Changes::between(Some(&before), Some(&row)));
        let row = row.into_active_model().reset_all().update(tx).await?;
        if row.max_concurrent != before.max_concurrent || row.is_roster_public != before.is_roster_public {
            tx.log(|news| news.occupancy_changed(row.id));
        }
        if row.queue_grace_seconds != before.queue_grace_seconds {
            queue::look_at_all_again(tx, row.id, now).await?;
        }
        if row.max_idle_minutes != before.max_idle_minutes {
            tx.log(News::due_changed);
        }
        // Offer seats that have become free to those who wait. The clock is read after taking the lock.
        let now = app.now();
        if row.seats_per != before.seats_per {
            queue::remove_over(tx, &app.presence.rules, &row, now, now).await?;
            seats_per::follow(tx, &app.presence.rules, &row, now).await?;
        }
        queue::settle(tx, &app.presence.rules, &row, now, now).await?;
        Ok(row.into())
    })
}
