//! Batched reads. Fields of one request that ask for rows of the same kind are served by one statement.
//!
//! Nothing is cached between reads, so that each message of a subscription shows the current state.

use std::{collections::HashMap, hash::Hash, sync::Arc, time::Duration};

use async_graphql::{
    Context,
    dataloader::{DataLoader, Loader},
};
use chrono::NaiveDate;
use domain::{
    access::Viewer,
    geo::GeoPoint,
    ids::{ActivityId, ApiKeyId, BookingId, PersonId, SessionId, SessionInstanceId, TimeSlotId},
};
use service::{
    App, Error,
    bookings::{self, time_slots},
    check_ins, instances,
    people::{self, api_keys},
    presence::{
        activities,
        queue::{self, QueueCounts, QueuePlace},
        statistics, visits,
    },
    sessions,
};

use super::context::{Result, for_operation, viewer};

pub struct Loaders {
    app: App,
}

impl Loaders {
    pub fn new(app: App) -> DataLoader<Self> {
        // With less than a millisecond, the fields of a long page are read in several batches.
        DataLoader::new(Self { app }, tokio::spawn).delay(Duration::from_millis(1)).max_batch_size(1_000)
    }
}

/// The active instances of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ActiveOf(pub SessionId);

/// The organisers of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct OrganizersOf(pub SessionId);

/// The skips of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SkipsOf(pub SessionId);

/// Whether the viewer may edit the session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct EditableBy(pub Viewer, pub SessionId);

/// The person's check-in at the instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct AnswerTo(pub PersonId, pub SessionInstanceId);

/// Whether the viewer may see the check-ins of the instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct CheckInsSeenBy {
    pub viewer: Viewer,
    pub instance: SessionInstanceId,
    pub session: SessionId,
}

/// The numbers of people at an instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct CountsOf(pub SessionInstanceId);

/// The person, if the viewer may see them. A [`PersonId`] as key is for people in a list that the viewer may see.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SeenBy(pub Viewer, pub PersonId);

/// The active instances in a city and country.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ActiveAt {
    pub city: String,
    pub country: String,
}

/// The active instances within 5 km of a point, without their distance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ActiveNear(pub GeoPoint);

/// The distance up to which an active instance is nearby, in metres.
const NEARBY: u32 = 5_000;

/// The instances that stand for occurrences of the session on dates from `from` to `to`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct MeetingsOf {
    pub session: SessionId,
    pub from: NaiveDate,
    pub to: NaiveDate,
}

/// The number of taken seats in an activity, by language.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SeatsOf(pub ActivityId);

/// The number of places in the queue for a seat in an activity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct QueueOf(pub ActivityId);

/// The place in a queue that a visit shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PlaceOf(pub queue::Owner);

/// The number of visits that are online.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct OnlineVisits;

/// The booking of a slot that has not been cancelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct LivingBookingOf(pub TimeSlotId);

type Shared<T> = std::result::Result<T, Arc<Error>>;

fn by<K: Eq + Hash, T>(rows: Vec<T>, key: impl Fn(&T) -> K) -> HashMap<K, T> {
    rows.into_iter().map(|row| (key(&row), row)).collect()
}

fn grouped<K: Eq + Hash, T>(rows: impl IntoIterator<Item = (K, T)>) -> HashMap<K, Vec<T>> {
    let mut groups: HashMap<K, Vec<T>> = HashMap::new();
    for (key, row) in rows {
        groups.entry(key).or_default().push(row);
    }
    groups
}

impl Loader<SessionId> for Loaders {
    type Value = sessions::Session;
    type Error = Arc<Error>;

    async fn load(&self, keys: &[SessionId]) -> Shared<HashMap<SessionId, Self::Value>> {
        Ok(by(sessions::find_named_sessions(&self.app, keys).await?, |row| row.id))
    }
}

impl Loader<SessionInstanceId> for Loaders {
    type Value = instances::Instance;
    type Error = Arc<Error>;

    async fn load(&self, keys: &[SessionInstanceId]) -> Shared<HashMap<SessionInstanceId, Self::Value>> {
        Ok(by(instances::find_instances(&self.app, keys).await?, |row| row.id))
    }
}

impl Loader<PersonId> for Loaders {
    type Value = people::Person;
    type Error = Arc<Error>;

    async fn load(&self, keys: &[PersonId]) -> Shared<HashMap<PersonId, Self::Value>> {
        Ok(by(people::find_people(&self.app, keys).await?, |row| row.id))
    }
}

impl Loader<SeenBy> for Loaders {
    type Value = people::Person;
    type Error = Arc<Error>;

    async fn load(&self, keys: &[SeenBy]) -> Shared<HashMap<SeenBy, Self::Value>> {
        let mut found = HashMap::new();
        for (viewer, ids) in grouped(keys.iter().map(|key| (key.0, key.1))) {
            let people = people::find_visible_people(&self.app, viewer, &ids).await?;
            found.extend(by(people, |row| SeenBy(viewer, row.id)));
        }
        Ok(found)
    }
}

impl Loader<ApiKeyId> for Loaders {
    type Value = api_keys::ApiKey;
    type Error = Arc<Error>;

    async fn load(&self, keys: &[ApiKeyId]) -> Shared<HashMap<ApiKeyId, Self::Value>> {
        Ok(by(api_keys::find_api_keys(&self.app, keys).await?, |key| key.id))
    }
}

impl Loader<ActivityId> for Loaders {
    type Value = activities::Activity;
    type Error = Arc<Error>;

    async fn load(&self, keys: &[ActivityId]) -> Shared<HashMap<ActivityId, Self::Value>> {
        Ok(by(activities::find_activities(&self.app, keys).await?, |row| row.id))
    }
}

impl Loader<SeatsOf> for Loaders {
    type Value = Vec<statistics::LanguageCount>;
    type Error = Arc<Error>;

    async fn load(&self, keys: &[SeatsOf]) -> Shared<HashMap<SeatsOf, Self::Value>> {
        let ids: Vec<_> = keys.iter().map(|key| key.0).collect();
        let counts = statistics::find_occupancy(&self.app, &ids).await?;
        Ok(counts.into_iter().map(|(id, counts)| (SeatsOf(id), counts)).collect())
    }
}

impl Loader<QueueOf> for Loaders {
    type Value = QueueCounts;
    type Error = Arc<Error>;

    async fn load(&self, keys: &[QueueOf]) -> Shared<HashMap<QueueOf, Self::Value>> {
        let ids: Vec<_> = keys.iter().map(|key| key.0).collect();
        let counts = queue::find_counts(&self.app, &ids).await?;
        Ok(counts.into_iter().map(|(id, counts)| (QueueOf(id), counts)).collect())
    }
}

impl Loader<PlaceOf> for Loaders {
    type Value = QueuePlace;
    type Error = Arc<Error>;

    async fn load(&self, keys: &[PlaceOf]) -> Shared<HashMap<PlaceOf, Self::Value>> {
        let owners: Vec<_> = keys.iter().map(|key| key.0).collect();
        let mut places = queue::find_shown_places(&self.app, &owners).await?;
        Ok(keys.iter().filter_map(|key| Some((*key, places.remove(&key.0)?))).collect())
    }
}

impl Loader<OnlineVisits> for Loaders {
    type Value = i64;
    type Error = Arc<Error>;

    async fn load(&self, _: &[OnlineVisits]) -> Shared<HashMap<OnlineVisits, i64>> {
        let (online, _) = visits::count_online(&self.app).await?;
        Ok(HashMap::from([(OnlineVisits, online)]))
    }
}

impl Loader<ActiveOf> for Loaders {
    type Value = Vec<instances::Instance>;
    type Error = Arc<Error>;

    async fn load(&self, keys: &[ActiveOf]) -> Shared<HashMap<ActiveOf, Self::Value>> {
        let ids: Vec<_> = keys.iter().map(|key| key.0).collect();
        let rows = instances::find_active_of_sessions(&self.app, &ids).await?;
        Ok(grouped(rows.into_iter().map(|row| (ActiveOf(row.session_id), row))))
    }
}

impl Loader<OrganizersOf> for Loaders {
    type Value = Vec<people::Person>;
    type Error = Arc<Error>;

    async fn load(&self, keys: &[OrganizersOf]) -> Shared<HashMap<OrganizersOf, Self::Value>> {
        let ids: Vec<_> = keys.iter().map(|key| key.0).collect();
        let rows = sessions::find_organizers(&self.app, &ids).await?;
        Ok(grouped(rows.into_iter().map(|(session, person)| (OrganizersOf(session), person))))
    }
}

impl Loader<SkipsOf> for Loaders {
    type Value = Vec<sessions::Skip>;
    type Error = Arc<Error>;

    async fn load(&self, keys: &[SkipsOf]) -> Shared<HashMap<SkipsOf, Self::Value>> {
        let ids: Vec<_> = keys.iter().map(|key| key.0).collect();
        let skips = sessions::find_skips(&self.app, &ids).await?;
        Ok(grouped(skips.into_iter().map(|skip| (SkipsOf(skip.session_id), skip))))
    }
}

impl Loader<EditableBy> for Loaders {
    type Value = ();
    type Error = Arc<Error>;

    async fn load(&self, keys: &[EditableBy]) -> Shared<HashMap<EditableBy, ()>> {
        let mut found = HashMap::new();
        for (viewer, sessions) in grouped(keys.iter().map(|key| (key.0, key.1))) {
            let editable = sessions::find_editable(&self.app, viewer, &sessions).await?;
            found.extend(editable.into_iter().map(|session| (EditableBy(viewer, session), ())));
        }
        Ok(found)
    }
}

impl Loader<AnswerTo> for Loaders {
    type Value = check_ins::CheckIn;
    type Error = Arc<Error>;

    async fn load(&self, keys: &[AnswerTo]) -> Shared<HashMap<AnswerTo, Self::Value>> {
        let mut found = HashMap::new();
        for (person, ids) in grouped(keys.iter().map(|key| (key.0, key.1))) {
            let answers = check_ins::find_answers(&self.app, person, &ids).await?;
            found.extend(by(answers, |row| AnswerTo(person, row.session_instance_id)));
        }
        Ok(found)
    }
}

impl Loader<CheckInsSeenBy> for Loaders {
    type Value = ();
    type Error = Arc<Error>;

    async fn load(&self, keys: &[CheckInsSeenBy]) -> Shared<HashMap<CheckInsSeenBy, ()>> {
        let mut found = HashMap::new();
        for (viewer, keys) in grouped(keys.iter().map(|key| (key.viewer, *key))) {
            let lists: Vec<_> = keys.iter().map(|key| (key.instance, key.session)).collect();
            let visible = check_ins::find_visible_lists(&self.app, viewer, &lists).await?;
            found.extend(keys.into_iter().filter(|key| visible.contains(&key.instance)).map(|key| (key, ())));
        }
        Ok(found)
    }
}

impl Loader<CountsOf> for Loaders {
    type Value = instances::Counts;
    type Error = Arc<Error>;

    async fn load(&self, keys: &[CountsOf]) -> Shared<HashMap<CountsOf, Self::Value>> {
        let ids: Vec<_> = keys.iter().map(|key| key.0).collect();
        let counts = instances::find_counts(&self.app, &ids).await?;
        Ok(counts.into_iter().map(|(id, counts)| (CountsOf(id), counts)).collect())
    }
}

impl Loader<ActiveAt> for Loaders {
    type Value = Vec<instances::Instance>;
    type Error = Arc<Error>;

    async fn load(&self, keys: &[ActiveAt]) -> Shared<HashMap<ActiveAt, Self::Value>> {
        let cities: Vec<_> = keys.iter().map(|key| (key.city.clone(), key.country.clone())).collect();
        let rows = instances::find_active_in_cities(&self.app, &cities).await?;
        Ok(grouped(rows.into_iter().filter_map(|(instance, session)| {
            Some((ActiveAt { city: session.city?, country: session.country? }, instance))
        })))
    }
}

impl Loader<ActiveNear> for Loaders {
    type Value = Vec<instances::Instance>;
    type Error = Arc<Error>;

    async fn load(&self, keys: &[ActiveNear]) -> Shared<HashMap<ActiveNear, Self::Value>> {
        let mut found = HashMap::new();
        for key in keys {
            let near = sessions::Near { center: key.0, metres: NEARBY };
            let there = instances::find_active_near(&self.app, &instances::ActiveFilter::default(), &near).await?;
            let instances = there.into_iter().map(|it| instances::Instance { metres_away: None, ..it });
            found.insert(*key, instances.collect());
        }
        Ok(found)
    }
}

impl Loader<MeetingsOf> for Loaders {
    type Value = Vec<instances::Instance>;
    type Error = Arc<Error>;

    async fn load(&self, keys: &[MeetingsOf]) -> Shared<HashMap<MeetingsOf, Self::Value>> {
        let (Some(from), Some(to)) = (keys.iter().map(|key| key.from).min(), keys.iter().map(|key| key.to).max())
        else {
            return Ok(HashMap::new());
        };
        let ids: Vec<_> = keys.iter().map(|key| key.session).collect();
        let rows = instances::find_meetings(&self.app, &ids, from, to).await?;
        let of = |key: &MeetingsOf| rows.iter().filter(|row| row.session_id == key.session).cloned().collect();
        Ok(keys.iter().map(|key| (*key, of(key))).collect())
    }
}

impl Loader<TimeSlotId> for Loaders {
    type Value = time_slots::TimeSlot;
    type Error = Arc<Error>;

    async fn load(&self, keys: &[TimeSlotId]) -> Shared<HashMap<TimeSlotId, Self::Value>> {
        Ok(by(time_slots::find_slots(&self.app, keys).await?, |row| row.id))
    }
}

impl Loader<BookingId> for Loaders {
    type Value = bookings::Booking;
    type Error = Arc<Error>;

    async fn load(&self, keys: &[BookingId]) -> Shared<HashMap<BookingId, Self::Value>> {
        Ok(by(bookings::find_bookings(&self.app, keys).await?, |row| row.id))
    }
}

impl Loader<LivingBookingOf> for Loaders {
    type Value = bookings::Booking;
    type Error = Arc<Error>;

    async fn load(&self, keys: &[LivingBookingOf]) -> Shared<HashMap<LivingBookingOf, Self::Value>> {
        let ids: Vec<_> = keys.iter().map(|key| key.0).collect();
        let rows = bookings::find_uncancelled_of(&self.app, &ids).await?;
        Ok(by(rows, |row| LivingBookingOf(row.time_slot_id)))
    }
}

fn loaders<'a>(ctx: &Context<'a>) -> Result<&'a DataLoader<Loaders>> {
    for_operation(ctx, "its loaders")
}

/// Loads one value, in a batch with those that other fields ask for at the same time.
pub async fn load<K>(ctx: &Context<'_>, key: K) -> Result<Option<<Loaders as Loader<K>>::Value>>
where
    K: Send + Sync + Hash + Eq + Clone + 'static,
    Loaders: Loader<K, Error = Arc<Error>>,
{
    Ok(loaders(ctx)?.load_one(key).await?)
}

/// Loads several values in the order of their keys. Those that do not exist are left out.
pub async fn load_all<K>(ctx: &Context<'_>, keys: &[K]) -> Result<Vec<<Loaders as Loader<K>>::Value>>
where
    K: Send + Sync + Hash + Eq + Clone + 'static,
    Loaders: Loader<K, Error = Arc<Error>>,
{
    let mut found = loaders(ctx)?.load_many(keys.iter().cloned()).await?;
    Ok(keys.iter().filter_map(|key| found.remove(key)).collect())
}

/// Whether the viewer may edit the session.
pub async fn viewer_may_edit(ctx: &Context<'_>, session: SessionId) -> Result<bool> {
    Ok(load(ctx, EditableBy(viewer(ctx), session)).await?.is_some())
}
