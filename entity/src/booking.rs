use domain::booking::BookingStatus;
use domain::ids::{BookingId, PersonId, TimeSlotId};
use sea_orm::entity::prelude::*;
use serde::Serialize;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize)]
#[serde(rename_all = "camelCase")]
#[sea_orm(table_name = "booking")]
pub struct Model {
    #[sea_orm(primary_key)]
    #[serde(skip)]
    pub id: BookingId,
    pub time_slot_id: TimeSlotId,
    pub mentor_id: PersonId,
    pub student_id: PersonId,
    pub status: BookingStatus,
    pub is_delayed: bool,
    #[serde(skip)]
    pub due_at: Option<DateTimeUtc>,
    #[serde(skip)]
    pub created_at: DateTimeUtc,
    pub started_at: Option<DateTimeUtc>,
    pub completed_at: Option<DateTimeUtc>,
    pub cancelled_at: Option<DateTimeUtc>,
    #[serde(skip)]
    pub starts_at: Option<DateTimeUtc>,
    #[serde(skip)]
    pub ends_at: Option<DateTimeUtc>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    #[sea_orm(
        belongs_to = "super::time_slot::Entity",
        from = "Column::TimeSlotId",
        to = "super::time_slot::Column::Id"
    )]
    TimeSlot,
}

impl Related<super::time_slot::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::TimeSlot.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
