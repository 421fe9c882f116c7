//! `/admin/audit`: who changed what, newest first.

use axum::extract::{Query, State};
use domain::zone::Zone;
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::Value;
use service::{
    audit::{self, AuditEntry, AuditFilter},
    lists::{Page as ListPage, RowCursor},
};

use super::{
    super::{
        Page, Pages, cards,
        error::page_of,
        layout::{Frame, respond},
        times,
    },
    Admin, Table, heading,
};
use crate::{language::words, site::to};

const SHOWN: i32 = 50;

#[derive(Debug, Default, Deserialize)]
pub struct Parameters {
    /// The global id of the row that the last form changed.
    #[serde(default)]
    node: String,
    #[serde(default)]
    actor: String,
    after: Option<String>,
}

pub async fn show(State(pages): State<Pages>, Admin(visitor): Admin, Query(parameters): Query<Parameters>) -> Page {
    let some = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
    let filter = AuditFilter { node: some(&parameters.node), actor: some(&parameters.actor) };
    let page = ListPage { first: Some(SHOWN), after: parameters.after, ..ListPage::default() };
    let found = audit::list_entries(&pages.app, visitor.viewer, &filter, &page).await.map_err(page_of(&visitor))?;
    let (entries, has_next) = found.map(|slice| (slice.rows, slice.has_next)).unwrap_or_default();
    let last = entries.last().filter(|_| has_next).map(|row| RowCursor::of_instant(row.occurred_at, row.id).write());
    let main = html! {
        (heading(&words!("audit-log")))
        form.inline method="get" action=(to("/admin/audit")) {
            label for="node" { (words!("entries-changed")) }
            input #node name="node" value=(parameters.node) placeholder="Session:7" size="20";
            label for="actor" { (words!("entries-by")) }
            input #actor name="actor" value=(parameters.actor) placeholder="Person:7" size="20";
            button { (words!("show")) }
        }
        @if entries.is_empty() { p.quiet { (words!("no-entries")) } }
        @else {
            (table(&entries).render(&words!("entries")))
        }
        @if let Some(after) = last {
            p {
                a href={ (to("/admin/audit?node=")) (cards::encoded(&parameters.node)) "&actor=" (cards::encoded(&parameters.actor)) "&after=" (after) } {
                    (words!("older-entries"))
                }
            }
        }
    };
    Ok(respond(&Frame::new(words!("audit-log"), &visitor).standing_still(), &main))
}

fn table(entries: &[AuditEntry]) -> Table {
    let table = Table::default().column(words!("when-utc")).column(words!("who")).column(words!("what"));
    let mut table = table.column_of("long", words!("changes"));
    for entry in entries {
        table.row(format!("entry-{}", entry.id.0), cells(entry));
    }
    table
}

fn cells(entry: &AuditEntry) -> Vec<Markup> {
    let changes = html! {
        ul.plain {
            @for (field, before, after) in &entry.changes {
                li { (field) ": " @if !before.is_null() { del { (text(before)) } " " } @if !after.is_null() { ins { (text(after)) } } }
            }
        }
    };
    vec![
        times::moment(Zone::utc(), entry.occurred_at),
        html! { (entry.actor) @if let Some(key) = entry.api_key_id { div.quiet { (key) } } },
        html! { (entry.action) div.quiet { a href={ (to("/admin/audit?node=")) (cards::encoded(&entry.node)) } { (entry.node) } } },
        changes,
    ]
}

/// A value without the quotation marks of JSON.
fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
