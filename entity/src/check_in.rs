use domain::check_in::Attendance;
use domain::ids::{CheckInId, PersonId, SessionInstanceId};
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "check_in")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: CheckInId,
    pub session_instance_id: SessionInstanceId,
    pub person_id: PersonId,
    pub attendance: Attendance,
    pub checked_in_at: DateTimeUtc,
    pub arrived_at: Option<DateTimeUtc>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    #[sea_orm(
        belongs_to = "super::session_instance::Entity",
        from = "Column::SessionInstanceId",
        to = "super::session_instance::Column::Id"
    )]
    Instance,
}

impl Related<super::session_instance::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Instance.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
