//! The published data: changes of active instances, one session for each topic, written by a transaction of the
//! service.

use anyhow::Result;
use domain::{
    ids::{SessionId, SessionInstanceId},
    news::Location,
};
use insession_tests::{Postgres, Redis};
use service::{
    App,
    log::{ChangeTarget, cursor::find_installation_name, wake::Wake},
    transaction,
};

use crate::stage::{execute, prepare};

/// PostgreSQL and Redis, and an application in this process that writes to them as a server would.
pub struct Data {
    pub app: App,
    pub database: String,
    pub redis: String,
    instances: Vec<ChangeTarget>,
    _servers: (Postgres, Redis),
}

impl Data {
    pub async fn create(sessions: usize) -> Result<Self> {
        let (postgres, redis) = (Postgres::start().await?, Redis::start().await?);
        let database = postgres.create_database().await?;
        let mut app = prepare(&database, 4).await?;
        execute(app.db.pool(), &fill(sessions)).await?;
        let channel = format!("insession:{}:wake", find_installation_name(&app.db).await?);
        app.wake = Wake::through_redis(::redis::Client::open(redis.url())?, channel);
        let location = Location { city: Some("Austin".to_owned()), country: Some("US".to_owned()) };
        let instances = (1..=i64::try_from(sessions)?)
            .map(|id| ChangeTarget {
                session: SessionId(id),
                instance: SessionInstanceId(id),
                location: location.clone(),
            })
            .collect();
        Ok(Self { app, database, redis: redis.url(), instances, _servers: (postgres, redis) })
    }

    /// Publishes one change of each of the first `sessions` sessions, in one transaction. The kind is one that is never
    /// merged with other changes.
    pub async fn publish(&self, sessions: usize) -> Result<()> {
        let result: service::Result<()> = transaction!(&self.app, self.app.now(), |tx| {
            tx.log(|news| self.instances[..sessions].iter().for_each(|instance| news.activated(instance.clone())));
            Ok(())
        });
        Ok(result?)
    }
}

fn fill(sessions: usize) -> String {
    format!(
        "INSERT INTO session (name, name_key, path, city, country, time_zone, created_at) \
         SELECT 'Mueller Monday ' || n, 'mueller monday ' || n, 'mueller-monday-' || n, 'Austin', 'US', \
                'America/Chicago', now() FROM generate_series(1, {sessions}) n; \
         INSERT INTO session_instance (session_id, date, start_time, end_time, starts_at, ends_at, opens_at, closes_at, \
                listed_at, is_active, created_at) \
         SELECT n, current_date, '19:00', '22:00', now(), now() + interval '3 hours', now() - interval '1 hour', \
                now() + interval '4 hours', now(), true, now() FROM generate_series(1, {sessions}) n; \
         ANALYZE"
    )
}
