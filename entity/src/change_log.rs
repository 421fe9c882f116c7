use domain::ids::{ActivityId, BookingId, PersonId, SessionId, SessionInstanceId};
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "change_log")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub batch_id: i64,
    #[sea_orm(primary_key, auto_increment = false)]
    pub ordinal: i32,
    pub kind: String,
    pub session_id: Option<SessionId>,
    pub session_instance_id: Option<SessionInstanceId>,
    pub city: Option<String>,
    pub country: Option<String>,
    pub has_previous_place: bool,
    pub previous_city: Option<String>,
    pub previous_country: Option<String>,
    pub person_id: Option<PersonId>,
    pub previous_session_instance_id: Option<SessionInstanceId>,
    pub previous_session_id: Option<SessionId>,
    pub booking_id: Option<BookingId>,
    pub mentor_id: Option<PersonId>,
    pub student_id: Option<PersonId>,
    pub old_status: Option<String>,
    pub new_status: Option<String>,
    pub is_delayed: bool,
    pub reason: Option<String>,
    pub activity_id: Option<ActivityId>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
