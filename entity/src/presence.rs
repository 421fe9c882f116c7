use domain::ids::{ActivityId, PersonId, PresenceId, QueuePlaceId};
use domain::presence::VisitStatus;
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "presence")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: PresenceId,
    pub person_id: Option<PersonId>,
    pub secret_hash: Option<String>,
    pub language_code: Option<String>,
    pub current_page: Option<String>,
    pub activity_id: Option<ActivityId>,
    pub status: VisitStatus,
    pub is_live: bool,
    pub started_at: DateTimeUtc,
    pub last_seen_at: DateTimeUtc,
    pub completed_at: Option<DateTimeUtc>,
    pub abandon_at: Option<DateTimeUtc>,
    pub idle_since: Option<DateTimeUtc>,
    pub seat_since: Option<DateTimeUtc>,
    /// The place in a queue at which the visit last asked to wait. The place may be gone.
    pub waits_at_id: Option<QueuePlaceId>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    #[sea_orm(belongs_to = "super::activity::Entity", from = "Column::ActivityId", to = "super::activity::Column::Id")]
    Activity,
}

impl Related<super::activity::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Activity.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
