use domain::{door::CheckInCodes, ids::SessionId};
use sea_orm::entity::prelude::*;
use serde::Serialize;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize)]
#[serde(rename_all = "camelCase")]
#[sea_orm(table_name = "session")]
pub struct Model {
    #[sea_orm(primary_key)]
    #[serde(skip)]
    pub id: SessionId,
    pub name: String,
    #[serde(skip)]
    pub name_key: String,
    #[sea_orm(unique)]
    pub path: String,
    pub city: Option<String>,
    pub state: Option<String>,
    pub country: Option<String>,
    pub location: Option<String>,
    pub latitude: Option<i32>,
    pub longitude: Option<i32>,
    pub time_zone: String,
    pub recurrence: Option<String>,
    pub active_buffer_minutes_before: i32,
    pub active_buffer_minutes_after: i32,
    pub auto_create_instances: bool,
    pub auto_create_hours_ahead: i32,
    pub initiation_date: Option<Date>,
    pub termination_date: Option<Date>,
    #[serde(skip)]
    pub problem: Option<String>,
    #[serde(skip)]
    pub next_create_at: Option<DateTimeUtc>,
    #[serde(skip)]
    pub needs_recompute: bool,
    #[serde(skip)]
    pub revision: i64,
    #[serde(skip)]
    pub changed_at: Option<DateTimeUtc>,
    #[serde(skip)]
    pub created_at: DateTimeUtc,
    pub deleted_at: Option<DateTimeUtc>,
    pub check_in_codes: CheckInCodes,
    pub requires_code: bool,
    pub description: Option<String>,
    pub website: Option<String>,
    pub picture_url: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    #[sea_orm(has_many = "super::session_instance::Entity")]
    Instances,
}

impl ActiveModelBehavior for ActiveModel {}

impl Related<super::session_instance::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Instances.def()
    }
}
