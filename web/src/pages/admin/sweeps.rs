//! The latest sweeps, the sessions with a problem, and a dry run.

use chrono::{DateTime, NaiveDateTime, Utc};
use domain::{
    access::Viewer,
    status::Mode,
    zone::{Zone, ZoneData},
};
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
    super::{
        cards,
        layout::{found_text, in_english, refusal},
        times,
    },
    Table,
};
use crate::{
    language::{text_around, words},
    site::to,
};

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

    fn words(self) -> String {
        match self {
            Self::Periodic => words!("mode-periodic"),
            Self::Exact => words!("mode-exact"),
        }
    }
}

pub struct Sweeps {
    runs: Vec<SweepRun>,
    broken: Vec<Session>,
    data: ZoneData,
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
            data: app.zone_data(),
            try_at: try_at.unwrap_or_default().to_owned(),
            mode,
            tried,
        })
    }

    pub fn render(&self) -> Markup {
        html! {
            section aria-labelledby="try" {
                h2 #try { (words!("sweep-question")) }
                form.inline method="get" action=(to("/admin")) {
                    label for="try-at" { (words!("time-in-utc")) }
                    input #try-at name="try_at" type="datetime-local" step="1" value=(self.try_at);
                    label for="try-mode" { (words!("sweep-kind")) }
                    select #try-mode name="mode" {
                        @for mode in TryMode::ALL {
                            option value=(mode.value()) selected[mode == self.mode] { (mode.words()) }
                        }
                    }
                    button { (words!("dry-run")) }
                }
                @match &self.tried {
                    None => {}
                    Some(Tried::Unreadable) => (refusal(&words!("instant-unreadable"))),
                    Some(Tried::Report(report)) => (report_of(report, self.mode)),
                }
            }
            section aria-labelledby="broken" {
                h2 #broken { (words!("sessions-with-problem")) }
                @if self.broken.is_empty() { p.quiet { (words!("no-problems")) } }
                ul.plain {
                    @for session in &self.broken {
                        li {
                            a href=(cards::address(session)) { (session.name) } ": "
                            @if let Some(what) = session.current_problem(self.data) { (found_text(&what)) " " }
                            a href={ (cards::address(session)) "/mend" } aria-label=(words!("correct-named", session = session.name.as_str())) { (words!("correct-it")) }
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
                h2 #sweeps { (words!("latest-sweeps")) }
                @if self.runs.is_empty() { p.quiet { (words!("no-sweeps")) } }
                @else {
                    (self.table().render(&words!("latest-sweeps")))
                }
            }
        }
    }

    fn table(&self) -> Table {
        let mut table = Table::default().column(words!("sweep-at")).column(words!("sweep-scope"));
        for title in [
            words!("sweep-took"),
            words!("sweep-activated"),
            words!("sweep-deactivated"),
            words!("sweep-created"),
            words!("sweep-moved"),
        ] {
            table = table.column_of("number", title);
        }
        table = table.column(words!("sweep-errors"));
        for run in &self.runs {
            table.row(format!("run-{}", run.id), cells(run));
        }
        table
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

fn cells(run: &SweepRun) -> Vec<Markup> {
    let report: Value = run.report.as_deref().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
    let size = |name: &str| report[name].as_array().map_or(0, Vec::len);
    let errors = report["errors"].as_array().map(Vec::as_slice).unwrap_or_default();
    let took = run.finished_at.map(|finished| (finished - run.started_at).num_milliseconds());
    let errors = html! {
        @if errors.is_empty() { (run.error_count) }
        @else {
            details {
                summary { (errors.len()) }
                ul.plain { @for error in errors { li { (in_english(error["error"].as_str().unwrap_or_default())) } } }
            }
        }
    };
    vec![
        times::moment(Zone::utc(), run.at),
        in_english(&run.scope),
        html! { @match took { Some(ms) => (words!("milliseconds", count = ms)), None => (words!("not-finished")) } },
        html! { (size("activated")) },
        html! { (size("deactivated")) },
        html! { (size("auto_created")) },
        html! { (report["people_moved"].as_u64().unwrap_or(0)) },
        errors,
    ]
}

fn counted(what: String, count: usize) -> String {
    words!("counted", what = what, count = count)
}

fn report_of(report: &Report, mode: TryMode) -> Markup {
    let changed = |what: String, list: &[Changed]| {
        html! {
            li {
                (counted(what, list.len()))
                @if !list.is_empty() {
                    ul.plain { @for it in list { li { (it.session_name) " (" (it.instance_id) ")" } } }
                }
            }
        }
    };
    html! {
        div.card role="status" tabindex="-1" autofocus {
            p { (text_around("sweep-would", "time", &times::moment(Zone::utc(), report.at))) }
            p #try-mode-shown { (words!("sweep-mode", mode = mode.words())) }
            ul.plain {
                (changed(words!("sweep-activated"), &report.activated))
                (changed(words!("sweep-deactivated"), &report.deactivated))
                li {
                    (words!("instances-created-for", count = report.auto_created.len()))
                    @if !report.auto_created.is_empty() {
                        ul.plain { @for it in &report.auto_created { li { (it.session_name) ": " (it.instances_created) } } }
                    }
                }
                li { (counted(words!("people-moved"), report.people_moved)) }
                li { (counted(words!("bookings"), report.bookings.len())) }
                li { (counted(words!("visits-abandoned"), report.presences_abandoned)) }
                li {
                    (counted(words!("sweep-errors"), report.errors.len()))
                    @if !report.errors.is_empty() { ul.plain { @for it in &report.errors { li { (in_english(&it.error)) } } } }
                }
            }
        }
    }
}
