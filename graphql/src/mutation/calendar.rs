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

/// What an import did with an event, or would do.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "Action")]
pub enum ImportAction {
    /// A session was created.
    Created,
    /// The event had changed in the file, and so the session was changed.
    Updated,
    /// The event is as it was when it was last imported.
    Unchanged,
}

/// An event that was imported.
#[derive(SimpleObject)]
pub struct ImportedEvent {
    /// The UID of the event.
    uid: String,
    /// What was done, or would be.
    action: ImportAction,
    /// The session of the event. Null if a dry run would create it.
    session: Option<Session>,
}

impl From<Imported> for ImportedEvent {
    fn from(Imported { uid, action, session }: Imported) -> Self {
        Self { uid, action: action.into(), session: session.map(Session) }
    }
}

/// An event that was not imported, because a session cannot have exactly its meetings. Everything else is imported.
#[derive(SimpleObject)]
pub struct RefusedEvent {
    /// The UID of the event. Null if it has none.
    uid: Option<String>,
    /// The summary of the event. Null if it has none.
    summary: Option<String>,
    /// Why. It completes a sentence that begins with the event, such as `has no time of day`.
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
    /// What was imported, one item for each UID.
    imported: Vec<ImportedEvent>,
    /// What was not imported, and why.
    refused: Vec<RefusedEvent>,
    /// True if nothing was changed.
    dry_run: bool,
}

#[derive(Default)]
pub struct CalendarMutation;

#[Object]
impl CalendarMutation {
    /// Makes sessions of the events in a calendar file. All events with one UID are one session. When the file is imported
    /// again, what changed in it is changed in the sessions, and nothing else. Events that a session cannot represent exactly
    /// are refused one by one. Only organisers of a session and admins may do this. Whoever imports it becomes an organiser of
    /// the new sessions. Sessions that exist are changed by their organisers and admins only.
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
