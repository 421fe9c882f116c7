//! A session, as callers of the service see it.

use chrono::{DateTime, NaiveDate, Utc};
use domain::{
    door::CheckInCodes,
    geo::GeoPoint,
    ids::SessionId,
    recurrence::{Calendar, Recurrence, RecurrenceError, Skips},
    window::Buffers,
    zone::{UnknownZone, Zone, ZoneData},
};
use entity::session;

use crate::{Refusal, validate};

/// A recurring meeting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    pub id: SessionId,
    pub name: String,
    /// The name in lower case, by which lists are ordered.
    pub name_key: String,
    pub path: String,
    pub city: Option<String>,
    pub state: Option<String>,
    pub country: Option<String>,
    pub location: Option<String>,
    /// The coordinates of the location.
    pub coordinates: Option<GeoPoint>,
    /// The distance in metres, in a list of sessions near a point.
    pub metres_away: Option<u32>,
    /// The stored name of the time zone: see [`zone`](Self::zone).
    pub time_zone: String,
    /// The stored form of the recurrence: see [`recurrence`](Self::recurrence).
    pub recurrence: Option<String>,
    pub active_buffer_minutes_before: i32,
    pub active_buffer_minutes_after: i32,
    pub auto_create_instances: bool,
    pub auto_create_hours_ahead: i32,
    pub initiation_date: Option<NaiveDate>,
    pub termination_date: Option<NaiveDate>,
    /// The problem that the last sweep found: see [`current_problem`](Self::current_problem).
    pub problem: Option<String>,
    /// How many times the session or one of its meetings was changed.
    pub revision: i64,
    /// When the session or one of its meetings was last changed.
    pub changed_at: DateTime<Utc>,
    pub created_at: DateTime<Utc>,
    pub deleted_at: Option<DateTime<Utc>>,
    pub check_in_codes: CheckInCodes,
    /// Whether an arrival needs a code.
    pub requires_code: bool,
    /// The description, as Markdown.
    pub description: Option<String>,
    pub website: Option<String>,
    /// The address of a picture, on any site: see [`picture_origin`](Self::picture_origin).
    pub picture_url: Option<String>,
}

impl Session {
    /// The time zone.
    ///
    /// # Errors
    /// If the stored name is not one of a zone (rule 20).
    pub fn zone(&self, data: ZoneData) -> Result<Zone, UnknownZone> {
        data.zone(&self.time_zone)
    }

    /// The recurrence. `None` if there is no regular schedule.
    ///
    /// # Errors
    /// If the stored form cannot be read (rule 20).
    pub fn recurrence(&self) -> Result<Option<Recurrence>, RecurrenceError> {
        Recurrence::stored(self.recurrence.as_deref())
    }

    /// The origin of the picture, such as `https://example.org`. `None` if there is no picture, or its stored address is not
    /// one that [`validate::picture_url`] accepts.
    pub fn picture_origin(&self) -> Option<String> {
        let address = validate::picture_url("pictureUrl", self.picture_url.as_deref()).ok()??;
        Some(url::Url::parse(&address).ok()?.origin().ascii_serialization())
    }

    pub fn buffers(&self) -> Buffers {
        Buffers::stored(self.active_buffer_minutes_before, self.active_buffer_minutes_after)
    }

    /// The dates that anchor and limit the recurrence, with these skips.
    pub fn calendar(&self, zone: Zone, skips: Skips) -> Calendar {
        Calendar::of_session(zone, self.created_at, self.initiation_date, self.termination_date, skips)
    }

    /// The problem of the session, for people who can repair it (rule 20). `None` if there is none.
    pub fn current_problem(&self, data: ZoneData) -> Option<Refusal> {
        let of_zone = self.zone(data).err().map(Refusal::from);
        let of_recurrence = || self.recurrence().err().map(Refusal::from);
        of_zone.or_else(of_recurrence).or_else(|| self.problem.clone().map(Refusal::from))
    }
}

impl From<session::Model> for Session {
    fn from(row: session::Model) -> Self {
        Self {
            id: row.id,
            name: row.name,
            name_key: row.name_key,
            path: row.path,
            city: row.city,
            state: row.state,
            country: row.country,
            location: row.location,
            coordinates: GeoPoint::stored(row.latitude, row.longitude),
            metres_away: None,
            time_zone: row.time_zone,
            recurrence: row.recurrence,
            active_buffer_minutes_before: row.active_buffer_minutes_before,
            active_buffer_minutes_after: row.active_buffer_minutes_after,
            auto_create_instances: row.auto_create_instances,
            auto_create_hours_ahead: row.auto_create_hours_ahead,
            initiation_date: row.initiation_date,
            termination_date: row.termination_date,
            problem: row.problem,
            revision: row.revision,
            changed_at: row.changed_at.unwrap_or(row.created_at),
            created_at: row.created_at,
            deleted_at: row.deleted_at,
            check_in_codes: row.check_in_codes,
            requires_code: row.requires_code,
            description: row.description,
            website: row.website,
            picture_url: row.picture_url,
        }
    }
}
