use domain::ids::SessionInstanceId;
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "count_change")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i64,
    pub session_instance_id: SessionInstanceId,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
