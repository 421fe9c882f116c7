//! A person acts while they are being erased or merged: nothing of it stays with the removed person.
//!
//! On PostgreSQL only, where a transaction of the test blocks the first of them. SQLite has one writer at a time.

use std::future::Future;

use anyhow::{Result, ensure};
use domain::{
    access::Viewer,
    check_in::Attendance,
    ids::{PersonId, SessionId, SessionInstanceId},
};
use insession_tests::{
    LIMIT, TestDatabase,
    database::{execute, number},
    eventually,
};
use service::{
    App, Error, check_ins,
    instances::{self, NewInstance},
    people,
    presence::{Claimant, beats::Beat},
    sessions,
};
use tokio::task::JoinHandle;

use super::world::{Done, World, blank_session, date, time};
use crate::presence::visitors::{visit, write};

#[derive(Debug, Clone, Copy)]
enum Going {
    Erased,
    Merged,
}

struct Stage {
    world: World,
    person: PersonId,
    friend: PersonId,
    session: SessionId,
    instance: SessionInstanceId,
}

impl Stage {
    async fn set() -> Result<Self> {
        let world = World::new(TestDatabase::postgres().await?, "2025-06-11 19:30").await?;
        let session = world.insert_session(blank_session("Monday", "UTC")).await?.id;
        let new = NewInstance {
            session,
            date: date("2025-06-11"),
            start_time: Some(time("19:00")),
            end_time: Some(time("22:00")),
            location_override: None,
            allows_duplicate: false,
        };
        let made = instances::insert_instance(&world.app, Viewer::ADMIN, new).await.done()?;
        let (person, friend) = (world.insert_person("Ann").await?, world.insert_person("Bob").await?);
        Ok(Self { world, person, friend, session, instance: made.id })
    }

    /// Erases or merges the person in a task of its own.
    fn go(&self, going: Going) -> JoinHandle<Result<()>> {
        let (app, person, friend) = (self.world.app.clone(), self.person, self.friend);
        tokio::spawn(async move {
            match going {
                Going::Erased => people::erase_person(&app, Viewer::ADMIN, person).await.done(),
                Going::Merged => people::merge_people(&app, Viewer::ADMIN, person, friend).await.done().map(drop),
            }
        })
    }

    fn spawn<T: Send + 'static, F: Future<Output = T> + Send + 'static>(
        &self,
        act: impl FnOnce(App) -> F,
    ) -> JoinHandle<T> {
        tokio::spawn(act(self.world.app.clone()))
    }

    /// Waits until this many transactions wait for a lock, or the task is done.
    async fn until_waiting<T>(&self, count: i64, or_done: &JoinHandle<T>) -> Result<()> {
        let sql =
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
        let connection = self.world.connect().await?;
        eventually(LIMIT, "transactions to wait", async || {
            let waiting = number(&connection, sql).await?;
            ensure!(or_done.is_finished() || waiting >= count, "{waiting} wait");
            Ok(())
        })
        .await
    }

    /// How many rows of a table still belong to the person.
    async fn left_in(&self, table: &str) -> Result<i64> {
        let sql = format!("SELECT count(*) FROM {table} WHERE person_id = {}", self.person.0);
        number(self.world.db(), &sql).await
    }
}

#[tokio::test]
async fn visit_begun_during_erasure_or_merge_is_removed() -> Result<()> {
    for going in [Going::Erased, Going::Merged] {
        let stage = Stage::set().await?;
        let (person, at) = (stage.person, stage.world.now());
        // Another transaction inserts a visit with the same id, so that the person's insertion waits.
        let other = stage.world.app.db.begin().await.done()?;
        execute(
            &other,
            &format!(
                "INSERT INTO presence (id, person_id, status, is_live, started_at, last_seen_at) \
                 VALUES ('{}', {}, 'ACTIVE', TRUE, '{at}', '{at}')",
                visit(1).uuid(),
                stage.friend.0
            ),
        )
        .await?;
        let begins = stage.spawn(async move |app| {
            let claimant = Claimant::new(&app, Viewer::person(person), None).done()?;
            write(&app, Beat { visit: visit(1), claimant, language_code: None, current_page: None, is_idle: None, at })
                .await
        });
        stage.until_waiting(1, &begins).await?;
        let goes = stage.go(going);
        stage.until_waiting(2, &goes).await?;
        drop(other);
        begins.await??.map_err(|refusal| anyhow::anyhow!("{going:?}: {refusal:?}"))?;
        goes.await??;
        assert_eq!(stage.left_in("presence").await?, 0, "{going:?}");
    }
    Ok(())
}

#[tokio::test]
async fn erased_or_merged_person_cannot_begin_anything() -> Result<()> {
    for going in [Going::Erased, Going::Merged] {
        let stage = Stage::set().await?;
        let (person, session, instance, at) = (stage.person, stage.session, stage.instance, stage.world.now());
        let other = stage.world.app.db.begin().await.done()?;
        execute(&other, &format!("SELECT 1 FROM person WHERE id = {} FOR UPDATE", person.0)).await?;
        let goes = stage.go(going);
        stage.until_waiting(1, &goes).await?;
        let checks_in = stage.spawn(async move |app| {
            check_ins::check_in(&app, Viewer::ADMIN, instance, Attendance::Yes, Some(person)).await.map(drop)
        });
        stage.until_waiting(2, &checks_in).await?;
        let organizes = stage
            .spawn(async move |app| sessions::insert_organizer(&app, Viewer::ADMIN, session, person).await.map(drop));
        stage.until_waiting(3, &organizes).await?;
        let begins = stage.spawn(async move |app| {
            let claimant = Claimant::new(&app, Viewer::person(person), None).done()?;
            write(&app, Beat { visit: visit(1), claimant, language_code: None, current_page: None, is_idle: None, at })
                .await
        });
        stage.until_waiting(4, &begins).await?;
        drop(other);
        goes.await??;
        for refused in [checks_in.await?, organizes.await?] {
            ensure!(matches!(refused, Err(Error::NotFound(_))), "{going:?}: {refused:?}");
        }
        let refused = begins.await??;
        ensure!(refused.is_err(), "{going:?}: {refused:?}");
        for table in ["check_in", "session_organizer", "presence"] {
            assert_eq!(stage.left_in(table).await?, 0, "{going:?}: {table}");
        }
    }
    Ok(())
}
