//! The writing transaction.

use std::{
    any::{Any, TypeId},
    collections::HashMap,
};

use async_trait::async_trait;
use parking_lot::Mutex;
use sea_orm::{ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, ExecResult, QueryResult, Statement};
use tokio::sync::OwnedMutexGuard;
use tracing::Span;

use super::statement::{Named, Writes};
use crate::error::Result;

/// A writing transaction. It collects its changes for the change log and its entries for the audit log.
pub struct Tx {
    pub(super) inner: DatabaseTransaction,
    /// Notes by type, such as the news that this transaction writes before it commits.
    pub(super) notes: Mutex<HashMap<TypeId, Box<dyn Any + Send>>>,
    // Fields are dropped in order, so this is released after the transaction.
    pub(super) _turn: Option<OwnedMutexGuard<()>>,
    /// For traces: from the request for the transaction until its end.
    pub(super) _span: Span,
}

impl Tx {
    pub fn is_postgres(&self) -> bool {
        self.inner.get_database_backend() == DbBackend::Postgres
    }

    /// Changes the notes of one type. [`take_notes`](Self::take_notes) returns them before the commit.
    pub(crate) fn note<N: Default + Send + 'static>(&self, change: impl FnOnce(&mut N)) {
        let mut notes = self.notes.lock();
        let of_type = notes.entry(TypeId::of::<N>()).or_insert_with(|| Box::new(N::default()));
        if let Some(of_type) = of_type.downcast_mut() {
            change(of_type);
        }
    }

    /// Takes the notes of one type.
    pub(crate) fn take_notes<N: Default + 'static>(&self) -> N {
        let taken = self.notes.lock().remove(&TypeId::of::<N>());
        taken.and_then(|notes| notes.downcast().ok()).map_or_else(N::default, |notes| *notes)
    }

    /// Adds a write to the last ones of the transaction, which are sent together: see [`Writes`]. The transaction must not
    /// read what it changes.
    pub(crate) fn write_later(&self, sql: impl Into<String>, values: impl IntoIterator<Item = Named>) {
        self.note(|writes: &mut Writes| writes.add(sql, values));
    }

    pub(crate) async fn commit(self) -> Result<()> {
        Ok(self.inner.commit().await?)
    }

    pub(crate) async fn rollback(self) -> Result<()> {
        Ok(self.inner.rollback().await?)
    }

    /// `clause`, such as `FOR SHARE`, on PostgreSQL. Nothing on SQLite, where a writer is alone.
    pub fn locking(&self, clause: &'static str) -> &'static str {
        if self.is_postgres() { clause } else { "" }
    }
}

/// Lets use cases and sea-orm's entities run statements in the transaction.
#[async_trait]
impl ConnectionTrait for Tx {
    fn get_database_backend(&self) -> DbBackend {
        self.inner.get_database_backend()
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        self.inner.execute_raw(statement).await
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        self.inner.execute_unprepared(sql).await
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        self.inner.query_one_raw(statement).await
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        self.inner.query_all_raw(statement).await
    }
}
