//! `insession sweep`: runs one periodic sweep, for cron services and for experiments.

use std::{
    io::{IsTerminal, Write},
    sync::Arc,
};

use anyhow::bail;
use chrono::{DateTime, NaiveDateTime, Utc};
use service::{
    app::NoJobQueue,
    log::wake::Wake,
    sweep::{Progress, Report, Request, renew_zone_data, run_watched, sweep_watched},
};

use super::{progress::show_progress, setup};

#[derive(Debug, Clone, clap::Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub struct Args {
    /// Compute everything again from the facts, not only what is due.
    #[arg(long)]
    all: bool,
    /// Print what a sweep would do, and change nothing.
    #[arg(long)]
    dry_run: bool,
    /// Sweep as if it were this time: 'YYYY-MM-DD HH:MM[:SS]' in UTC, or RFC 3339. Needs --dry-run or --yes.
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    simulate_time: Option<DateTime<Utc>>,
    /// Really change the database to its state at the simulated time. For test databases only.
    #[arg(long)]
    yes: bool,
    /// Print the report as JSON.
    #[arg(long)]
    json: bool,
    /// Log each change and its reason to standard error.
    #[arg(long, short)]
    verbose: bool,
}

/// The text is not an instant.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("use 'YYYY-MM-DD HH:MM[:SS]' in UTC, or RFC 3339 such as 2024-01-15T19:14:00Z")]
pub struct InvalidTime;

/// Parses an instant. A time without an offset is UTC.
pub fn parse_time(text: &str) -> Result<DateTime<Utc>, InvalidTime> {
    if let Ok(instant) = DateTime::parse_from_rfc3339(text) {
        return Ok(instant.to_utc());
    }
    ["%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"]
        .iter()
        .find_map(|format| NaiveDateTime::parse_from_str(text, format).ok())
        .map(|local| local.and_utc())
        .ok_or(InvalidTime)
}

pub async fn run(args: Args) -> anyhow::Result<()> {
    if args.simulate_time.is_some() && !args.dry_run && !args.yes {
        bail!(
            "--simulate-time changes the database to its state at that time. Add --dry-run to change nothing, or --yes if this is a test database"
        );
    }
    let settings = setup::settings(if args.verbose { "info,insession_service=debug" } else { "warn" })?;
    let (db, wake) = if args.dry_run {
        (setup::migrated_database(&settings).await?, Wake::local())
    } else {
        let db = setup::database(&settings).await?;
        let wake = setup::wake(&settings, &db).await?;
        (db, wake)
    };
    let app = setup::app(&settings, db, wake.clone(), Arc::new(NoJobQueue));
    let base = if args.all { Request::ALL } else { Request::PERIODIC };
    let request = Request { at: args.simulate_time, is_dry_run: args.dry_run, ..base };
    if !request.is_dry_run && request.at.is_none() {
        renew_zone_data(&app, false).await?;
    }
    let begun = app.now();
    let progress = Progress::default();
    let work = async {
        if request.is_dry_run || request.at.is_some() {
            sweep_watched(&app, request, &progress).await.map(Some)
        } else {
            run_watched(&app, request, None, &progress).await
        }
    };
    let result = if args.json || !std::io::stderr().is_terminal() {
        work.await
    } else {
        tokio::select! {
            result = work => result,
            () = show_progress("sweeping", &progress) => bail!("the progress bar ended before the sweep"),
        }
    };
    let Some(report) = result? else {
        bail!("another process is running this sweep; wait until it ends and try again")
    };
    if args.json {
        println!("{}", serde_json::to_string(&report)?);
    } else {
        let (begun, ended) = match args.simulate_time {
            Some(at) => (at, at),
            None => (begun, app.now()),
        };
        let mut out = std::io::stdout().lock();
        write_report(&mut out, &report, begun, ended, Paint::if_terminal())?;
    }
    wake.flush().await;
    app.db.close().await;
    Ok(())
}

/// Colours the output, on a terminal only.
#[derive(Clone, Copy)]
pub struct Paint(bool);

impl Paint {
    pub fn if_terminal() -> Self {
        Self(std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none())
    }

    #[cfg(test)]
    const fn plain() -> Self {
        Self(false)
    }

    fn paint(self, code: &str, text: &str) -> String {
        if self.0 { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }

    fn count(self, code: &str, text: &str, count: usize) -> String {
        if count == 0 { text.to_owned() } else { self.paint(code, text) }
    }
}

/// Writes a sweep's report as text. Instants are UTC.
///
/// # Errors
/// When `out` cannot be written.
pub fn write_report(
    out: &mut impl Write,
    report: &Report,
    begun: DateTime<Utc>,
    ended: DateTime<Utc>,
    paint: Paint,
) -> std::io::Result<()> {
    let (first, last) = (begun.format("%Y-%m-%d %H:%M:%S"), ended.format("%Y-%m-%d %H:%M:%S"));
    let mode = if report.dry_run { " (dry run: nothing is changed)" } else { "" };
    writeln!(out, "{first} - Starting active session check{mode}")?;
    writeln!(out, "{first} - Current UTC time: {}", report.at.format("%Y-%m-%dT%H:%M:%S%:z"))?;
    for (what, code, changed) in [("Activated", "32", &report.activated), ("Deactivated", "33", &report.deactivated)] {
        let line = format!("{what}: {} sessions", changed.len());
        writeln!(out, "{last} - {}", paint.count(code, &line, changed.len()))?;
        for it in changed {
            let (session, instance) = (it.session_id.0, it.instance_id.0);
            writeln!(out, "  - {} (session_id={session}, instance_id={instance})", it.session_name)?;
        }
    }
    if !report.auto_created.is_empty() {
        let count: usize = report.auto_created.iter().map(|it| it.instances_created).sum();
        writeln!(out, "{last} - {}", paint.paint("36", &format!("Auto-created: {count} instances")))?;
        for it in &report.auto_created {
            let dates: Vec<_> = it.dates.iter().map(ToString::to_string).collect();
            writeln!(out, "  - {} (session_id={}): {}", it.session_name, it.session_id.0, dates.join(", "))?;
        }
    }
    if report.people_moved > 0 {
        writeln!(out, "{last} - People moved: {}", report.people_moved)?;
    }
    if !report.bookings.is_empty() {
        let line = format!("Bookings: {} steps", report.bookings.len());
        writeln!(out, "{last} - {}", paint.paint("36", &line))?;
        for it in &report.bookings {
            let delayed = if it.is_delayed { ", delayed" } else { "" };
            let (old, new) = (it.old_status.as_str(), it.new_status.as_str());
            writeln!(out, "  - booking_id={}: {old} -> {new}{delayed}. {}", it.booking_id.0, it.reason)?;
        }
    }
    if report.presences_abandoned > 0 {
        writeln!(out, "{last} - Visits abandoned: {}", report.presences_abandoned)?;
    }
    let errors = report.errors.len();
    writeln!(out, "{last} - {}", paint.count("31", &format!("Errors: {errors}"), errors))?;
    for error in &report.errors {
        match error.session_id {
            Some(id) => writeln!(out, "  - session_id={}: {}", id.0, error.error)?,
            None => writeln!(out, "  - {}", error.error)?,
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_without_an_offset_is_utc() {
        let expected = DateTime::parse_from_rfc3339("2024-01-15T19:14:00Z").unwrap().to_utc();
        for text in ["2024-01-15 19:14", "2024-01-15 19:14:00", "2024-01-15T19:14:00Z", "2024-01-15T13:14:00-06:00"] {
            assert_eq!(parse_time(text), Ok(expected), "{text}");
        }
        assert!(parse_time("yesterday").is_err() && parse_time("2024-02-30 10:00").is_err());
    }

    #[test]
    fn report_has_the_documented_format() {
        use domain::{
            booking::BookingStatus,
            ids::{BookingId, SessionId, SessionInstanceId},
        };
        use service::sweep::{BookingStepped, Changed};
        let at = parse_time("2024-01-15 19:14").unwrap();
        let changed = |session, instance, name: &str| Changed {
            session_id: SessionId(session),
            instance_id: SessionInstanceId(instance),
            session_name: name.into(),
        };
        let mut report = Report::empty(at);
        report.activated = vec![changed(7, 123, "Mueller Monday"), changed(8, 124, "Saengerrunde")];
        report.deactivated = vec![changed(5, 100, "Old Session")];
        let booking = BookingStepped {
            booking_id: BookingId(9),
            old_status: BookingStatus::Scheduled,
            new_status: BookingStatus::Ongoing,
            is_delayed: true,
            reason: "Nobody came.",
        };
        report.bookings = vec![
            booking.clone(),
            BookingStepped {
                booking_id: BookingId(10),
                new_status: BookingStatus::Completed,
                is_delayed: false,
                ..booking
            },
        ];
        report.presences_abandoned = 4;
        let mut out = Vec::new();
        write_report(&mut out, &report, at, at + chrono::TimeDelta::seconds(1), Paint::plain()).unwrap();
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "2024-01-15 19:14:00 - Starting active session check\n\
             2024-01-15 19:14:00 - Current UTC time: 2024-01-15T19:14:00+00:00\n\
             2024-01-15 19:14:01 - Activated: 2 sessions\n  \
               - Mueller Monday (session_id=7, instance_id=123)\n  \
               - Saengerrunde (session_id=8, instance_id=124)\n\
             2024-01-15 19:14:01 - Deactivated: 1 sessions\n  \
               - Old Session (session_id=5, instance_id=100)\n\
             2024-01-15 19:14:01 - Bookings: 2 steps\n  \
               - booking_id=9: SCHEDULED -> ONGOING, delayed. Nobody came.\n  \
               - booking_id=10: SCHEDULED -> COMPLETED. Nobody came.\n\
             2024-01-15 19:14:01 - Visits abandoned: 4\n\
             2024-01-15 19:14:01 - Errors: 0\n"
        );
    }
}
