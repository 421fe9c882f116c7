//! The latest sweeps, the sessions with a problem, and a dry run.

use chrono::{DateTime, NaiveDateTime, Utc};
use domain::{access::Viewer, status::Mode, zone::Zone};
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::Value;
use service::{
    App, Result,
    operations::{self, SweepRun},
    sessions::Session,
    sweep::{self, Changed, Report, Scope},
};

use super::{
    super::{cards, times},
    wide,
};
use crate::site::to;

const RUNS: u64 = 15;

/// The mode of a dry run. The two modes differ only in the minute before an opening (rule 6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TryMode {
    /// Like periodic sweeps and `insession sweep`, which look one minute ahead.
    #[default]
    Periodic,
    /// Like timers and saves.
    Exact,
}

impl TryMode {
    const ALL: [Self; 2] = [Self::Periodic, Self::Exact];

    const fn mode(self) -> Mode {
        match self {
            Self::Periodic => Mode::Periodic,
            Self::Exact => Mode::Exact,
        }
    }

    const fn value(self) -> &'static str {
        match self {
            Self::Periodic => "periodic",
            Self::Exact => "exact",
        }
    }

    const fn words(self) -> &'static str {
        match self {
            Self::Periodic => "periodic sweep: activates one minute ahead, as insession sweep does",
            Self::Exact => "timer: activates at the instant, never ahead",
        }
    }
}

pub struct Sweeps {
    runs: Vec<SweepRun>,
    broken: Vec<Session>,
    try_at: String,
    mode: TryMode,
    tried: Option<Tried>,
}

/// The result of a dry run.
enum Tried {
    Report(Report),
    /// The instant can't be parsed.
    Unreadable,
}

impl Sweeps {
    pub async fn load(app: &App, viewer: Viewer, try_at: Option<&str>, mode: TryMode) -> Result<Self> {
        let tried = match try_at.map(read_instant) {
            None => None,
            Some(Err(())) => Some(Tried::Unreadable),
            Some(Ok(at)) => {
                let request = sweep::Request { scope: Scope::Due, mode: mode.mode(), at, is_dry_run: true };
                Some(Tried::Report(sweep::sweep(app, request).await?))
            }
        };
        Ok(Self {
            runs: operations::find_sweep_runs(app, viewer, RUNS).await?,
            broken: operations::find_broken_sessions(app, viewer, 100).await?,
            try_at: try_at.unwrap_or_default().to_owned(),
            mode,
            tried,
        })
    }

    pub fn render(&self) -> Markup {
        html! {
            section aria-labelledby="try" {
                h2 #try { "What would a sweep do?" }
                form.inline method="get" action=(to("/admin")) {
                    label for="try-at" { "Time in UTC (leave empty for now)" }
                    input #try-at name="try_at" type="datetime-local" step="1" value=(self.try_at);
                    label for="try-mode" { "Like a" }
                    select #try-mode name="mode" {
                        @for mode in TryMode::ALL {
                            option value=(mode.value()) selected[mode == self.mode] { (mode.words()) }
                        }
                    }
                    button { "Dry run" }
                }
                @match &self.tried {
                    None => {}
                    Some(Tried::Unreadable) => p.problem role="alert" { "This time can't be read. Write it like 2027-01-15T19:14:00." },
                    Some(Tried::Report(report)) => (report_of(report, self.mode)),
                }
            }
            section aria-labelledby="broken" {
                h2 #broken { "Sessions with a problem" }
                @if self.broken.is_empty() { p.quiet { "No session has a problem." } }
                ul.plain {
                    @for session in &self.broken {
                        li {
                            a href=(cards::address(session)) { (session.name) } ": "
                            (session.problem.as_deref().unwrap_or_default()) " "
                            a href={ (cards::address(session)) "/mend" } aria-label={ "Correct " (session.name) } { "Correct it" }
                        }
                    }
                }
            }
            (self.runs_table())
        }
    }

    fn runs_table(&self) -> Markup {
        html! {
            // The table is a region with this name, so the section is none.
            section {
                h2 #sweeps { "Latest sweeps" }
                @if self.runs.is_empty() { p.quiet { "No sweep has run yet." } }
                @else {
                    (wide("Latest sweeps", &html! {
                        table {
                            thead {
                                tr {
                                    th scope="col" { "At" } th scope="col" { "Scope" } th.number scope="col" { "Took" }
                                    th.number scope="col" { "Activated" } th.number scope="col" { "Deactivated" }
                                    th.number scope="col" { "Created" } th.number scope="col" { "Moved" } th scope="col" { "Errors" }
                                }
                            }
                            tbody { @for run in &self.runs { (run_row(run)) } }
                        }
                    }))
                }
            }
        }
    }
}

/// Parses an instant. `None` means now.
fn read_instant(text: &str) -> Result<Option<DateTime<Utc>>, ()> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let local = ["%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M"]
        .iter()
        .find_map(|format| NaiveDateTime::parse_from_str(text, format).ok());
    local.map(|local| Some(local.and_utc())).ok_or(())
}

fn run_row(run: &SweepRun) -> Markup {
    let report: Value = run.report.as_deref().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
    let size = |name: &str| report[name].as_array().map_or(0, Vec::len);
    let errors = report["errors"].as_array().map(Vec::as_slice).unwrap_or_default();
    let took = run.finished_at.map(|finished| (finished - run.started_at).num_milliseconds());
    html! {
        tr #{ "run-" (run.id) } {
            td { (times::moment(Zone::utc(), run.at)) }
            td { (run.scope) }
            td.number { @match took { Some(ms) => { (ms) " ms" }, None => "not finished" } }
            td.number { (size("activated")) }
            td.number { (size("deactivated")) }
            td.number { (size("auto_created")) }
            td.number { (report["people_moved"].as_u64().unwrap_or(0)) }
            td {
                @if errors.is_empty() { (run.error_count) }
                @else {
                    details {
                        summary { (errors.len()) }
                        ul.plain { @for error in errors { li { (error["error"].as_str().unwrap_or_default()) } } }
                    }
                }
            }
        }
    }
}

fn report_of(report: &Report, mode: TryMode) -> Markup {
    let changed = |words: &str, list: &[Changed]| {
        html! {
            li {
                (words) ": " (list.len())
                @if !list.is_empty() {
                    ul.plain { @for it in list { li { (it.session_name) " (" (it.instance_id) ")" } } }
                }
            }
        }
    };
    html! {
        div.card role="status" {
            p { "A sweep at " (times::moment(Zone::utc(), report.at)) " would make these changes. Nothing was changed." }
            p #try-mode-shown { "Mode: " (mode.words()) "." }
            ul.plain {
                (changed("Activated", &report.activated))
                (changed("Deactivated", &report.deactivated))
                li {
                    "Instances created for: " (report.auto_created.len()) " sessions"
                    @if !report.auto_created.is_empty() {
                        ul.plain { @for it in &report.auto_created { li { (it.session_name) ": " (it.instances_created) } } }
                    }
                }
                li { "People moved: " (report.people_moved) }
                li { "Bookings: " (report.bookings.len()) }
                li { "Visits abandoned: " (report.presences_abandoned) }
                li {
                    "Errors: " (report.errors.len())
                    @if !report.errors.is_empty() { ul.plain { @for it in &report.errors { li { (it.error) } } } }
                }
            }
        }
    }
}
