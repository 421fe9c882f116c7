use domain::ids::{ApiKeyId, PersonId};
use sea_orm::entity::prelude::*;
use serde::Serialize;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize)]
#[serde(rename_all = "camelCase")]
#[sea_orm(table_name = "api_key")]
pub struct Model {
    #[sea_orm(primary_key)]
    #[serde(skip)]
    pub id: ApiKeyId,
    pub name: String,
    pub person_id: Option<PersonId>,
    pub is_admin: bool,
    #[serde(skip)]
    pub secret_hash: String,
    #[serde(skip)]
    pub created_at: DateTimeUtc,
    pub expires_at: Option<DateTimeUtc>,
    #[serde(skip)]
    pub last_used_at: Option<DateTimeUtc>,
    pub revoked_at: Option<DateTimeUtc>,
    #[serde(skip)]
    pub revoked_revision: Option<i64>,
    #[serde(skip)]
    pub is_for_guest: bool,
    #[serde(skip)]
    pub is_sign_in: bool,
    #[serde(skip)]
    pub issuer: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
