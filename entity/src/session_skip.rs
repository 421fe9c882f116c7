use domain::ids::{SessionId, SkipId};
use sea_orm::entity::prelude::*;
use serde::Serialize;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize)]
#[serde(rename_all = "camelCase")]
#[sea_orm(table_name = "session_skip")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: SkipId,
    #[serde(skip)]
    pub session_id: SessionId,
    #[serde(rename = "from")]
    pub from_date: Date,
    #[serde(rename = "to")]
    pub to_date: Date,
    pub reason: Option<String>,
    #[serde(skip)]
    pub created_at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
