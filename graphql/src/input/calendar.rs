//! The input of a calendar import.

use async_graphql::InputObject;
use service::import::Options;

use super::session::zone;
use crate::{context::Result, types::scalars::TimeZone};

/// A calendar to import.
#[derive(InputObject)]
pub struct ImportCalendarInput {
    /// The text of an iCalendar file (RFC 5545): at most 200 KiB with at most 200 events. The command `insession import`
    /// reads longer files.
    pub ics: String,
    /// The time zone of times that name none, such as `20260101T190000`. Without it, events with such times are refused.
    time_zone: Option<TimeZone>,
    /// The city of the sessions that are created.
    city: Option<String>,
    /// The country of the sessions that are created.
    country: Option<String>,
    /// If true, nothing is changed, and the answer says what an import would change.
    #[graphql(default = false)]
    dry_run: bool,
}

impl ImportCalendarInput {
    /// The text, and the options of the import.
    pub fn check(self) -> Result<(Vec<u8>, Options)> {
        let options = Options {
            time_zone: self.time_zone.as_ref().map(zone).transpose()?,
            city: self.city,
            country: self.country,
            is_dry_run: self.dry_run,
        };
        Ok((self.ics.into_bytes(), options))
    }
}
