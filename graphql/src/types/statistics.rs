//! Who is on line, and what became of visits.

use async_graphql::{Object, SimpleObject};
use service::presence::statistics::Statistics;

use crate::types::{activity::LanguageCount, as_int, scalars::DateTime};

/// How many began in an hour.
#[derive(SimpleObject)]
pub struct HourCount {
    /// Its beginning, in UTC.
    hour: DateTime,
    count: i32,
}

/// Who is on line now, and what became of the visits that started in a range.
pub struct PresenceStatistics(pub Statistics);

#[expect(clippy::cast_precision_loss, reason = "minutes for people")]
fn minutes(milliseconds: i64) -> f64 {
    milliseconds as f64 / 60_000.0
}

#[Object]
impl PresenceStatistics {
    /// Now, whatever the range.
    async fn online_count(&self) -> i32 {
        as_int(self.0.online_by_language.iter().map(|counted| counted.count).sum())
    }

    /// Now, whatever the range; the most first.
    async fn online_by_language(&self) -> Vec<LanguageCount> {
        self.0.online_by_language.iter().cloned().map(LanguageCount::from).collect()
    }

    /// How many of them are completed.
    async fn completed_count(&self) -> i32 {
        as_int(self.0.completed)
    }

    /// How many of them are abandoned.
    async fn abandoned_count(&self) -> i32 {
        as_int(self.0.abandoned)
    }

    /// From start to completion, of the completed ones; null when there are none.
    async fn average_duration_minutes(&self) -> Option<f64> {
        self.0.average_duration_ms.map(|milliseconds| milliseconds / 60_000.0)
    }

    /// Null when none is completed.
    async fn maximum_duration_minutes(&self) -> Option<f64> {
        self.0.longest_duration_ms.map(minutes)
    }

    /// By hour (UTC), in order; hours in which none began are left out.
    async fn started_by_hour(&self) -> Vec<HourCount> {
        let count = |(hour, count): &(_, i64)| HourCount { hour: DateTime(*hour), count: as_int(*count) };
        self.0.started_by_hour.iter().map(count).collect()
    }
}
