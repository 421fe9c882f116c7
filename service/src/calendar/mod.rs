//! The iCalendar (RFC 5545) of sessions, which calendar programs subscribe to.
//!
//! - `source` reads the sessions. `events` decides which VEVENTs there are, `zone` writes the VTIMEZONE, `content` the lines, and
//!   `write` all of it.
//!
//! A calendar program gets the session's meetings exactly as the domain computes them. After the end of the year five years from
//! now, that is not so for a night on which the clocks change, and for two schedules that give the same meeting: each of them shows
//! it.

mod content;
mod events;
mod source;
mod write;
mod zone;

pub(crate) use self::source::find_calendars_in;
pub use self::{
    source::{EventNames, SessionCalendar, find_session_calendar, find_session_calendars},
    write::{Source, render},
};

#[cfg(test)]
mod tests;
