use domain::{ids::ActivityId, presence::SeatsPer};
use sea_orm::entity::prelude::*;
use serde::Serialize;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize)]
#[serde(rename_all = "camelCase")]
#[sea_orm(table_name = "activity")]
pub struct Model {
    #[sea_orm(primary_key)]
    #[serde(skip)]
    pub id: ActivityId,
    #[sea_orm(unique)]
    pub key: String,
    pub name: String,
    pub max_concurrent: Option<i32>,
    pub seats_per: SeatsPer,
    pub offer_seconds: i32,
    pub queue_grace_seconds: i32,
    pub max_idle_minutes: Option<i32>,
    pub is_roster_public: bool,
    #[serde(skip)]
    pub created_at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
