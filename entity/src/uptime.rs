use sea_orm::entity::prelude::*;

/// When servers took heartbeats. There is one row, or none before the first server.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "uptime")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i32,
    /// The last instant at which a server said that it takes heartbeats.
    pub seen_at: DateTimeUtc,
    /// Since when servers have said so without a pause.
    pub up_since: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
