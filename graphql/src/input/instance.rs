//! Inputs about instances and check-ins.

use async_graphql::{ID, InputObject, MaybeUndefined};
use domain::ids::SessionId;
use service::{
    instances::{ActiveFilter as ServiceActiveFilter, InstancePatch, NewInstance},
    sessions::MAX_SESSION_IDS,
};

use crate::{
    context::{Result, parse_id},
    error::ApiError,
    input::{clearable, lasting, session::GeoFilter},
    types::{
        instance::Attendance,
        scalars::{Date, DateTime, LocalTime},
    },
};

/// Conditions that active instances must meet. A condition that is left out excludes nothing.
#[derive(InputObject, Default)]
pub struct ActiveFilter {
    /// Only instances of sessions in this city. The spelling must be the same.
    pub city: Option<String>,
    /// Only instances of sessions in this country. The spelling must be the same.
    pub country: Option<String>,
    /// Only instances of these sessions: at most 100 ids.
    pub session_ids: Option<Vec<ID>>,
    /// Only instances of sessions in this circle, by distance.
    pub near: Option<GeoFilter>,
}

impl ActiveFilter {
    pub fn check(self) -> Result<ServiceActiveFilter> {
        let sessions = self.session_ids.map(|ids| session_ids(&ids)).transpose()?;
        let near = self.near.map(GeoFilter::check).transpose()?;
        Ok(ServiceActiveFilter { city: self.city, country: self.country, sessions, instances: None, near })
    }
}

pub fn session_ids(ids: &[ID]) -> Result<Vec<SessionId>> {
    if ids.len() > MAX_SESSION_IDS {
        return Err(ApiError::invalid("sessionIds", format!("must have at most {MAX_SESSION_IDS} ids")));
    }
    let mut sessions = ids.iter().map(|id| parse_id("sessionIds", id)).collect::<Result<Vec<SessionId>>>()?;
    sessions.sort_unstable();
    sessions.dedup();
    Ok(sessions)
}

/// A new instance of a session.
#[derive(InputObject)]
pub struct CreateSessionInstanceInput {
    /// The session.
    session_id: ID,
    /// The local date of the start, in the time zone of the session.
    date: Date,
    /// The local start time. Without it, the instance is active only through an override.
    start_time: Option<LocalTime>,
    /// The local end time. An end before the start is on the next day. Without it, the instance is active only through
    /// an override.
    end_time: Option<LocalTime>,
    /// The location, if it is not the usual location of the session.
    location_override: Option<String>,
    /// If true, another instance of the session may have the same date and times. If false, the error is then CONFLICT.
    #[graphql(default = false)]
    allow_duplicate: bool,
    /// An idempotency key: any text of 1 to 255 characters that the client makes for this change. A retry with the same
    /// key gets the same answer for a day, and creates nothing. With another input the error is BAD_USER_INPUT. Over
    /// HTTP the header `Idempotency-Key` does the same.
    pub client_mutation_id: Option<String>,
}

impl CreateSessionInstanceInput {
    pub fn check(self) -> Result<NewInstance> {
        Ok(NewInstance {
            session: parse_id("sessionId", &self.session_id)?,
            date: self.date.0,
            start_time: self.start_time.map(|time| time.0),
            end_time: self.end_time.map(|time| time.0),
            location_override: self.location_override,
            allows_duplicate: self.allow_duplicate,
        })
    }
}

/// Changes to an instance. A field that is left out stays as it is.
#[derive(InputObject)]
pub struct UpdateSessionInstanceInput {
    /// The instance.
    pub id: ID,
    /// The local date of the start. It can't be null.
    date: MaybeUndefined<Date>,
    /// The local start time. Null clears it.
    start_time: MaybeUndefined<LocalTime>,
    /// The local end time. An end before the start is on the next day. Null clears it.
    end_time: MaybeUndefined<LocalTime>,
    /// The location, if it is not the usual location of the session. Null clears it.
    location_override: MaybeUndefined<String>,
    /// True cancels the instance. False takes a cancellation back. It can't be null.
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

/// An answer to an instance.
#[derive(InputObject)]
pub struct CheckInInput {
    /// The instance.
    pub session_instance_id: ID,
    /// The answer. A yes to an active instance says that the person is there.
    pub attendance: Attendance,
    /// The person who answers. If it is left out, it is the viewer. Only organisers of the session and admins may name
    /// somebody else.
    pub person_id: Option<ID>,
    /// The code that the screen at the door shows. A session may require it for an arrival (`requiresCode`).
    pub code: Option<String>,
}

/// A check-in with the code that the screen at the door shows.
#[derive(InputObject)]
pub struct CheckInByCodeInput {
    /// The code. Spaces, hyphens and upper or lower case do not matter.
    pub code: String,
    /// The name of a guest, as others see it: 1 to 200 characters. Required without a token; with one it is ignored.
    pub display_name: Option<String>,
}

/// A decision that an instance is active or not, whatever its window says.
#[derive(InputObject)]
pub struct SetActiveOverrideInput {
    /// The instance.
    pub session_instance_id: ID,
    /// True holds the instance active. False holds it inactive.
    pub active: bool,
    /// The instant at which the override ends, in the future. If it is left out, the override ends with the next
    /// periodic sweep.
    pub until: Option<DateTime>,
}
