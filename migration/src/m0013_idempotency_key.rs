//! A table of the keys under which clients sent mutations that create something.
//!
//! A retry with the same key gets the answer of the first attempt. The rows live for a day.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{integer, text, timestamp_with_time_zone};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[derive(DeriveIden)]
enum IdempotencyKey {
    Table,
    Actor,
    ClientKey,
    Position,
    Mutation,
    InputHash,
    Made,
    CreatedAt,
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let table = Table::create()
            .table(IdempotencyKey::Table)
            // The id of a person, such as Person:7, or the subject of an admin's token that names no person.
            .col(text(IdempotencyKey::Actor))
            .col(text(IdempotencyKey::ClientKey))
            // The key of an HTTP request applies to all mutations in it, which are numbered from 0.
            .col(integer(IdempotencyKey::Position))
            // The name of the mutation.
            .col(text(IdempotencyKey::Mutation))
            // A keyed hash, because the input may be personal data.
            .col(text(IdempotencyKey::InputHash))
            // The id of the created object, such as Session:7. Empty only within the transaction that creates it.
            .col(text(IdempotencyKey::Made))
            .col(timestamp_with_time_zone(IdempotencyKey::CreatedAt))
            .primary_key(
                Index::create().col(IdempotencyKey::Actor).col(IdempotencyKey::ClientKey).col(IdempotencyKey::Position),
            )
            .to_owned();
        manager.create_table(table).await?;
        let index = Index::create()
            .name("idx_idempotency_key_at")
            .table(IdempotencyKey::Table)
            .col(IdempotencyKey::CreatedAt)
            .to_owned();
        manager.create_index(index).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table(IdempotencyKey::Table).to_owned()).await
    }
}
