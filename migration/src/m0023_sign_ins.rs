//! Sign-ins of browsers. The secret in a browser's cookie belongs to a row in the table of API keys, so that a sign-in ends as
//! a key does.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{boolean, text_null};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[derive(DeriveIden)]
enum ApiKey {
    Table,
    IsSignIn,
    Issuer,
    ExpiresAt,
}

const ENDED: &str = "idx_api_key_sign_in";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let is_sign_in = boolean(ApiKey::IsSignIn).default(false).take();
        // The OpenID Connect provider with which the person signed in, to sign out there too.
        for column in [is_sign_in, text_null(ApiKey::Issuer)] {
            manager.alter_table(Table::alter().table(ApiKey::Table).add_column(column).to_owned()).await?;
        }
        // Finds the sign-ins that have ended, so that they can be deleted.
        let ended = Index::create()
            .name(ENDED)
            .table(ApiKey::Table)
            .col(ApiKey::ExpiresAt)
            .cond_where(Expr::cust("is_sign_in"))
            .to_owned();
        manager.create_index(ended).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_index(Index::drop().name(ENDED).to_owned()).await?;
        for column in [ApiKey::Issuer, ApiKey::IsSignIn] {
            manager.alter_table(Table::alter().table(ApiKey::Table).drop_column(column).to_owned()).await?;
        }
        Ok(())
    }
}
