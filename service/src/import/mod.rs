//! Calendar import: makes sessions from the events of an iCalendar file, and changes them when the file changed.
//!
//! Invariants:
//!
//! - A source becomes one session, however often it is imported, and by however many processes at once.
//! - The database stores what the last import read. An import compares the file with that, and changes in the session only
//!   what changed in the file. So changes that people made in the session stay.
//! - Work commits in batches. An event is in one batch as a whole, so an import that was interrupted can be run again.
//! - A dry run makes the same decisions, and writes nothing.

mod apply;
mod batch;
mod compare;
mod here;
mod meetings;

use domain::{
    access::Viewer,
    import::{self, ImportContext, Refusal},
    zone::Tz,
};
use serde::Serialize;

use crate::{
    App, Error, Result,
    log::cursor::ensure_installation,
    people::organizes_anything,
    rights,
    sessions::Session,
    sweep::{self, Progress},
    validate,
};

/// The options of an import.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// The zone of times that have none.
    pub time_zone: Option<Tz>,
    /// The city and country of new sessions.
    pub city: Option<String>,
    pub country: Option<String>,
    pub is_dry_run: bool,
}

/// The limits of a file: its size in bytes, and the number of its sessions. `advice` says what to do with a longer file.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    pub bytes: usize,
    pub sessions: usize,
    advice: &'static str,
}

impl Limits {
    /// For a file that the command `insession import` reads.
    pub const COMMAND: Self = Self { bytes: 64 * 1024 * 1024, sessions: 200_000, advice: "split the file up" };
    /// For a file in a request.
    pub const REQUEST: Self = Self { bytes: 200 * 1024, sessions: 200, advice: "insession import reads longer files" };
}

/// What an import did with an event. In a dry run: what it would do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Action {
    Created,
    Updated,
    Unchanged,
}

/// An event that was imported. In a dry run: that would be imported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Imported {
    pub uid: String,
    pub action: Action,
    /// `None` if a dry run would create the session.
    pub session: Option<Session>,
    /// What the session cannot keep of the event. Each completes a sentence that begins with the event.
    pub notes: Vec<String>,
}

/// The result of an import.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// The imported events, in the order of the file.
    pub imported: Vec<Imported>,
    pub refused: Vec<Refusal>,
    pub is_dry_run: bool,
}

/// How many sessions one transaction saves.
const BATCH: usize = 100;

/// Imports a calendar. Only for organisers of any session and administrators. Whoever imports it becomes an organiser of the
/// new sessions.
///
/// # Errors
/// [`Error::Invalid`] if the text is no calendar or too long. An event that cannot be imported is in the report.
pub async fn import_calendar(
    app: &App,
    viewer: Viewer,
    text: Vec<u8>,
    options: &Options,
    limits: Limits,
    progress: &Progress,
) -> Result<Report> {
    rights::require_signed_in(viewer, "to import calendars")?;
    let is_allowed =
        viewer.may_import_calendars(false) || viewer.may_import_calendars(organizes_anything(app, viewer).await?);
    rights::require(is_allowed, "only organisers of a session and admins may import calendars")?;
    if text.len() > limits.bytes {
        let message = format!("must have at most {} KiB: {}", limits.bytes / 1024, limits.advice);
        return Err(Error::invalid("ics", message));
    }
    let options = Options {
        city: validate::optional_text("city", options.city.as_deref())?,
        country: validate::optional_text("country", options.country.as_deref())?,
        ..options.clone()
    };
    let app = &app.pinned();
    let context = ImportContext {
        data: app.zone_data(),
        time_zone: options.time_zone.map(|zone| app.zone(zone)).transpose()?,
        now: app.now(),
        installation: ensure_installation(&app.db).await?.name,
    };
    // Reading a long file takes a while. It must not block a thread that answers requests.
    let of_file = context.clone();
    let read = tokio::task::spawn_blocking(move || import::read(&text, &of_file)).await;
    let contents = read.map_err(|failure| Error::internal(failure.to_string()))?;
    let contents = contents.map_err(|problem| Error::invalid("ics", problem.to_string()))?;
    if contents.sessions.len() > limits.sessions {
        let message = format!("must have at most {} events: insession import reads more", limits.sessions);
        return Err(Error::invalid("ics", message));
    }
    progress.find(contents.sessions.len());
    let mut report = Report { refused: contents.refused, is_dry_run: options.is_dry_run, ..Report::default() };
    for found in contents.sessions.chunks(BATCH) {
        let outcome = batch::import(app, viewer, &options, &context, found).await?;
        report.imported.extend(outcome.imported);
        report.refused.extend(outcome.refused);
        if outcome.is_marked {
            recompute(app).await;
        }
        progress.finish(found.len());
    }
    Ok(report)
}

/// Recomputes the sessions that were just saved, with everything else that is due. If this fails, they stay marked for the next
/// sweep (rule 12).
async fn recompute(app: &App) {
    if let Err(error) = sweep::sweep(app, sweep::Request::EXACT).await {
        tracing::warn!(%error, "recompute failed; the imported sessions stay marked for the next sweep");
    }
}
