use domain::ids::{SessionId, SessionInstanceId};
use sea_orm::entity::prelude::*;
use serde::Serialize;

#[expect(clippy::struct_excessive_bools, reason = "each is a column")]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize)]
#[serde(rename_all = "camelCase")]
#[sea_orm(table_name = "session_instance")]
pub struct Model {
    #[sea_orm(primary_key)]
    #[serde(skip)]
    pub id: SessionInstanceId,
    pub session_id: SessionId,
    pub date: Date,
    pub start_time: Option<Time>,
    pub end_time: Option<Time>,
    pub location_override: Option<String>,
    #[serde(skip)]
    pub starts_at: Option<DateTimeUtc>,
    #[serde(skip)]
    pub ends_at: Option<DateTimeUtc>,
    #[serde(skip)]
    pub opens_at: Option<DateTimeUtc>,
    #[serde(skip)]
    pub closes_at: Option<DateTimeUtc>,
    #[serde(skip)]
    pub listed_at: DateTimeUtc,
    #[serde(skip)]
    pub due_at: Option<DateTimeUtc>,
    pub is_active: bool,
    pub is_cancelled: bool,
    pub override_active: Option<bool>,
    pub override_until: Option<DateTimeUtc>,
    pub occurrence_date: Option<Date>,
    pub occurrence_start: Option<Time>,
    pub has_own_times: bool,
    #[serde(skip)]
    pub is_by_hand: bool,
    pub is_cancelled_by_recurrence: bool,
    pub is_removed_by_recurrence: bool,
    pub deleted_at: Option<DateTimeUtc>,
    #[serde(skip)]
    pub created_at: DateTimeUtc,
    #[serde(skip)]
    pub erased_count: i32,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    #[sea_orm(belongs_to = "super::session::Entity", from = "Column::SessionId", to = "super::session::Column::Id")]
    Session,
}

impl ActiveModelBehavior for ActiveModel {}

impl Related<super::session::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Session.def()
    }
}
