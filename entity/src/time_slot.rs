use domain::ids::{PersonId, TimeSlotId};
use sea_orm::entity::prelude::*;
use serde::Serialize;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize)]
#[serde(rename_all = "camelCase")]
#[sea_orm(table_name = "time_slot")]
pub struct Model {
    #[sea_orm(primary_key)]
    #[serde(skip)]
    pub id: TimeSlotId,
    pub mentor_id: PersonId,
    pub starts_at: DateTimeUtc,
    pub ends_at: DateTimeUtc,
    pub deleted_at: Option<DateTimeUtc>,
    #[serde(skip)]
    pub created_at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
