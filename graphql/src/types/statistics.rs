//! Statistics of visits.

use async_graphql::{Object, SimpleObject};
use service::presence::statistics::Statistics;

use crate::types::{activity::LanguageCount, as_int, scalars::DateTime};

/// The number of visits that started within one hour.
#[derive(SimpleObject)]
pub struct HourCount {
    /// The first instant of the hour, in UTC.
    hour: DateTime,
    /// The number of visits.
    count: i32,
}

pub struct PresenceStatistics(pub Statistics);

#[expect(clippy::cast_precision_loss, reason = "minutes for people")]
fn minutes(milliseconds: i64) -> f64 {
    milliseconds as f64 / 60_000.0
}

/// Statistics of the visits that are online now, and of the visits that started in a range of time. Only admins may see
/// them.
#[Object]
impl PresenceStatistics {
    /// The number of visits that are online now, whatever the range.
    async fn online_count(&self) -> i32 {
        as_int(self.0.online_by_language.iter().map(|counted| counted.count).sum())
    }

    /// The number of people who are online now, whatever the range: each signed-in person once, and each anonymous visit
    /// once.
    async fn online_people_count(&self) -> i32 {
        as_int(self.0.online_people)
    }

    /// The number of visits that are online now, by language, whatever the range. The largest number comes first.
    async fn online_by_language(&self) -> Vec<LanguageCount> {
        self.0.online_by_language.iter().cloned().map(LanguageCount::from).collect()
    }

    /// The number of visits in the range that are completed.
    async fn completed_count(&self) -> i32 {
        as_int(self.0.completed)
    }

    /// The number of visits in the range that are abandoned.
    async fn abandoned_count(&self) -> i32 {
        as_int(self.0.abandoned)
    }

    /// The average time from start to completion, in minutes, of the completed visits in the range. Null if there are
    /// none.
    async fn average_duration_minutes(&self) -> Option<f64> {
        self.0.average_duration_ms.map(|milliseconds| milliseconds / 60_000.0)
    }

    /// The longest time from start to completion, in minutes, of the completed visits in the range. Null if there are
    /// none.
    async fn maximum_duration_minutes(&self) -> Option<f64> {
        self.0.longest_duration_ms.map(minutes)
    }

    /// The number of visits that started in each hour of the range, in order. Hours without a visit are left out.
    async fn started_by_hour(&self) -> Vec<HourCount> {
        let count = |(hour, count): &(_, i64)| HourCount { hour: DateTime(*hour), count: as_int(*count) };
        self.0.started_by_hour.iter().map(count).collect()
    }
}
