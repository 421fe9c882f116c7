//! A person acts while they are being erased or merged. No row stays with the removed person.
//!
//! These tests run on PostgreSQL only. A transaction of the test blocks one of the two. SQLite has one writer at a
//! time.

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
enum Removal {
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
    fn remove(&self, removal: Removal) -> JoinHandle<Result<()>> {
        let (app, person, friend) = (self.world.app.clone(), self.person, self.friend);
        tokio::spawn(async move {
            match removal {
                Removal::Erased => people::erase_person(&app, Viewer::ADMIN, person).await.done(),
                Removal::Merged => people::merge_people(&app, Viewer::ADMIN, person, friend).await.done().map(drop),
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
    async fn rows_left_in(&self, table: &str) -> Result<i64> {
        let sql = format!("SELECT count(*) FROM {table} WHERE person_id = {}", self.person.0);
        number(self.world.db(), &sql).await
    }
}

#[tokio::test]
async fn visit_begun_during_erasure_or_merge_is_removed() -> Result<()> {
    for removal in [Removal::Erased, Removal::Merged] {
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
        let removes = stage.remove(removal);
        stage.until_waiting(2, &removes).await?;
        drop(other);
        begins.await??.map_err(|refusal| anyhow::anyhow!("{removal:?}: {refusal:?}"))?;
        removes.await??;
        assert_eq!(stage.rows_left_in("presence").await?, 0, "{removal:?}");
    }
    Ok(())
}

#[tokio::test]
async fn erased_or_merged_person_cannot_check_in_organise_or_visit() -> Result<()> {
    for removal in [Removal::Erased, Removal::Merged] {
        let stage = Stage::set().await?;
        let (person, session, instance, at) = (stage.person, stage.session, stage.instance, stage.world.now());
        let other = stage.world.app.db.begin().await.done()?;
        execute(&other, &format!("SELECT 1 FROM person WHERE id = {} FOR UPDATE", person.0)).await?;
        let removes = stage.remove(removal);
        stage.until_waiting(1, &removes).await?;
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
        removes.await??;
        for refused in [checks_in.await?, organizes.await?] {
            ensure!(matches!(refused, Err(Error::NotFound(_))), "{removal:?}: {refused:?}");
        }
        let refused = begins.await??;
        ensure!(refused.is_err(), "{removal:?}: {refused:?}");
        for table in ["check_in", "session_organizer", "presence"] {
            assert_eq!(stage.rows_left_in(table).await?, 0, "{removal:?}: {table}");
        }
    }
    Ok(())
}
