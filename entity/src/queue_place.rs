use domain::ids::{ActivityId, PersonId, PresenceId, QueuePlaceId};
use sea_orm::entity::prelude::*;

/// A place in the queue for the seats of an activity. Places are in the order of their ids.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "queue_place")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: QueuePlaceId,
    pub activity_id: ActivityId,
    /// The visit that entered last.
    pub presence_id: PresenceId,
    /// The owner, if the place belongs to a person and not to the visit alone.
    pub person_id: Option<PersonId>,
    pub joined_at: DateTimeUtc,
    /// The earliest instant at which the place is gone. Later heartbeats delay that instant, but do not change this column.
    pub leaves_at: DateTimeUtc,
    /// The end of the offer. Null if no seat is offered.
    pub offer_ends_at: Option<DateTimeUtc>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
