//! The import of calendars.

use async_graphql::{Context, Enum, Object, SimpleObject};
use domain::import::Refusal;
use service::{
    import::{self, Action, Imported, Limits, Report},
    sweep::Progress,
};

use crate::{
    context::{Result, app, viewer},
    input::calendar::ImportCalendarInput,
    types::session::Session,
};

/// What an import did with an event. In a dry run, what it would do.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "Action")]
pub enum ImportAction {
    /// A session was created.
    Created,
    /// The event had changed in the file, so the session was changed.
    Updated,
    /// The event is as it was when it was last imported.
    Unchanged,
}

/// An event that was imported.
#[derive(SimpleObject)]
pub struct ImportedEvent {
    /// The UID of the event.
    uid: String,
    /// What the import did with the event.
    action: ImportAction,
    /// The session of the event. Null if a dry run would create it.
    session: Option<Session>,
    /// What the session cannot keep of the event, such as the name of a single meeting. Each completes a sentence that begins
    /// with the event.
    notes: Vec<String>,
}

impl From<Imported> for ImportedEvent {
    fn from(Imported { uid, action, session, notes }: Imported) -> Self {
        Self { uid, action: action.into(), session: session.map(Session), notes }
    }
}

/// An event that was not imported, because no session can have exactly its meetings. The other events are imported.
#[derive(SimpleObject)]
pub struct RefusedEvent {
    /// The UID of the event. Null if it has none.
    uid: Option<String>,
    /// The summary of the event. Null if it has none.
    summary: Option<String>,
    /// The reason. It completes a sentence that begins with the event, such as `has no time of day`.
    reason: String,
}

impl From<Refusal> for RefusedEvent {
    fn from(Refusal { uid, summary, reason }: Refusal) -> Self {
        Self { uid, summary, reason }
    }
}

/// The answer of `importCalendar`.
#[derive(SimpleObject)]
pub struct ImportCalendarPayload {
    /// The events that were imported, one item for each UID.
    imported: Vec<ImportedEvent>,
    /// The events that were not imported, with the reasons.
    refused: Vec<RefusedEvent>,
    /// True if nothing was changed.
    dry_run: bool,
}

#[derive(Default)]
pub struct CalendarMutation;

#[Object]
impl CalendarMutation {
    /// Creates a session for each UID of the events in a calendar file. If the file is imported again, the changes in
    /// the file since the last import are made to the sessions, and nothing else changes. An event that a session
    /// cannot represent exactly is refused, and the other events are imported. Only admins, and organisers of any
    /// session, may import. Whoever imports becomes an organiser of the new sessions. A session that exists is changed
    /// only if its organisers or admins import.
    async fn import_calendar(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The calendar.")] input: ImportCalendarInput,
    ) -> Result<Option<ImportCalendarPayload>> {
        let (text, options) = input.check()?;
        let (app, viewer, progress) = (app(ctx)?, viewer(ctx), Progress::default());
        let report = import::import_calendar(app, viewer, text, &options, Limits::REQUEST, &progress).await?;
        let Report { imported, refused, is_dry_run } = report;
        Ok(Some(ImportCalendarPayload {
            imported: imported.into_iter().map(Into::into).collect(),
            refused: refused.into_iter().map(Into::into).collect(),
            dry_run: is_dry_run,
        }))
    }
}
