//! What clients send about instances, and answers to them.

use async_graphql::{ID, InputObject, MaybeUndefined};
use domain::ids::SessionId;
use service::instances::{ActiveFilter as ServiceActiveFilter, InstancePatch, MAX_SESSION_IDS, NewInstance};

use crate::{
    context::{Result, parse_id},
    error::ApiError,
    input::{clearable, lasting},
    types::{
        instance::Attendance,
        scalars::{Date, DateTime, LocalTime},
    },
};

/// Which active instances; everything that is given must hold.
#[derive(InputObject, Default)]
pub struct ActiveFilter {
    pub city: Option<String>,
    pub country: Option<String>,
    /// 100 at most.
    pub session_ids: Option<Vec<ID>>,
}

impl ActiveFilter {
    pub fn check(self) -> Result<ServiceActiveFilter> {
        let sessions = self.session_ids.map(|ids| session_ids(&ids)).transpose()?;
        Ok(ServiceActiveFilter { city: self.city, country: self.country, sessions, instances: None })
    }
}

pub fn session_ids(ids: &[ID]) -> Result<Vec<SessionId>> {
    if ids.len() > MAX_SESSION_IDS {
        let message = format!("sessionIds may have {MAX_SESSION_IDS} ids at most");
        return Err(ApiError::bad_user_input(message).at_field("sessionIds"));
    }
    let mut sessions = ids.iter().map(|id| parse_id("sessionIds", id)).collect::<Result<Vec<SessionId>>>()?;
    sessions.sort_unstable();
    sessions.dedup();
    Ok(sessions)
}

#[derive(InputObject)]
pub struct CreateSessionInstanceInput {
    session_id: ID,
    /// Local to the session's zone.
    date: Date,
    start_time: Option<LocalTime>,
    /// Before the start time: on the next day.
    end_time: Option<LocalTime>,
    location_override: Option<String>,
}

impl CreateSessionInstanceInput {
    pub fn check(self) -> Result<NewInstance> {
        Ok(NewInstance {
            session: parse_id("sessionId", &self.session_id)?,
            date: self.date.0,
            start_time: self.start_time.map(|time| time.0),
            end_time: self.end_time.map(|time| time.0),
            location_override: self.location_override,
        })
    }
}

/// Every field but id is optional: what is left out stays as it is, null clears.
#[derive(InputObject)]
pub struct UpdateSessionInstanceInput {
    pub id: ID,
    date: MaybeUndefined<Date>,
    start_time: MaybeUndefined<LocalTime>,
    end_time: MaybeUndefined<LocalTime>,
    location_override: MaybeUndefined<String>,
    is_cancelled: MaybeUndefined<bool>,
}

impl UpdateSessionInstanceInput {
    pub fn check(self) -> Result<InstancePatch> {
        Ok(InstancePatch {
            date: lasting("date", self.date)?.map(|date| date.0),
            start_time: clearable(self.start_time, |time| time.0),
            end_time: clearable(self.end_time, |time| time.0),
            location_override: clearable(self.location_override, |text| text),
            is_cancelled: lasting("isCancelled", self.is_cancelled)?,
        })
    }
}

/// personId: admins and organisers may check in others; left out, it is the viewer.
#[derive(InputObject)]
pub struct CheckInInput {
    pub session_instance_id: ID,
    pub attendance: Attendance,
    pub person_id: Option<ID>,
}

#[derive(InputObject)]
pub struct SetActiveOverrideInput {
    pub session_instance_id: ID,
    pub active: bool,
    /// In the future; left out, it holds until the next periodic sweep.
    pub until: Option<DateTime>,
}
