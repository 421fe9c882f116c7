//! Compares a file that came from the feed of a session with that feed.

use domain::import::{self, ImportContext, ImportedSession};
use entity::session;
use sea_orm::ColumnTrait;

use crate::{
    Result,
    calendar::{Source, find_calendars_in, render},
    db::Tx,
};

/// Whether an import of the feed that the session has now would give the same session.
pub(super) async fn is_in_its_feed(
    tx: &Tx,
    context: &ImportContext,
    row: &session::Model,
    imported: &ImportedSession,
) -> Result<bool> {
    let found = find_calendars_in(tx, &context.installation, session::Column::Id.eq(row.id)).await?;
    let sources: Vec<_> = found.into_iter().map(|calendar| Source { calendar, page: None }).collect();
    let text = render(context.data, &row.name, &sources, context.now);
    let contents = import::read(text.as_bytes(), context).unwrap_or_default();
    Ok(contents.sessions.iter().any(|found| found.session.is_same(imported)))
}
