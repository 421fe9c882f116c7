use domain::ids::{PersonId, SessionInstanceId};
use sea_orm::entity::prelude::*;
use serde::Serialize;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize)]
#[serde(rename_all = "camelCase")]
#[sea_orm(table_name = "person")]
pub struct Model {
    #[sea_orm(primary_key)]
    #[serde(skip)]
    pub id: PersonId,
    pub display_name: String,
    #[serde(skip)]
    pub name_key: String,
    pub city: Option<String>,
    pub country: Option<String>,
    pub is_deactivated: bool,
    pub hides_place: bool,
    #[serde(skip)]
    pub active_session_instance_id: Option<SessionInstanceId>,
    #[serde(skip)]
    pub created_at: DateTimeUtc,
    pub external_id: Option<String>,
    pub tokens_not_before: Option<DateTimeUtc>,
    pub erased_at: Option<DateTimeUtc>,
    pub merged_into_id: Option<PersonId>,
    #[serde(skip)]
    pub standing_revision: Option<i64>,
    pub is_guest: bool,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
