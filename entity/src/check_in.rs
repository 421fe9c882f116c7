use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "check_in")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i64,
    pub session_instance_id: i64,
    pub person_id: i64,
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

/// One person's answer to one instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text")]
pub enum Attendance {
    #[sea_orm(string_value = "YES")]
    Yes,
    #[sea_orm(string_value = "MAYBE")]
    Maybe,
    #[sea_orm(string_value = "NO")]
    No,
}
