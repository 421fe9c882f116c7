//! `insession import`: makes sessions of the events in a calendar file.

use std::{
    io::{IsTerminal, Read, Write},
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::{Context, bail};
use domain::{
    access::Viewer,
    zone::{Tz, UnknownZone},
};
use serde_json::{Value, json};
use service::{
    app::NoJobQueue,
    import::{Action, Imported, Limits, Options, Report, import_calendar},
    log::wake::Wake,
    sweep::Progress,
};

use super::{progress::show_progress, setup};

#[derive(Debug, clap::Args)]
pub struct Args {
    /// The iCalendar file (RFC 5545). `-` reads standard input.
    file: PathBuf,
    /// The time zone of times that name none, such as Europe/Berlin. Without it, events with such times are refused.
    #[arg(long, value_name = "ZONE", value_parser = parse_zone)]
    time_zone: Option<Tz>,
    /// The city of the sessions that are created.
    #[arg(long)]
    city: Option<String>,
    /// The country of the sessions that are created.
    #[arg(long)]
    country: Option<String>,
    /// Print what an import would do, and change nothing.
    #[arg(long)]
    dry_run: bool,
    /// Print the report as JSON.
    #[arg(long)]
    json: bool,
}

fn parse_zone(text: &str) -> Result<Tz, UnknownZone> {
    text.parse().map_err(|_| UnknownZone(text.to_owned()))
}

pub async fn run(args: Args) -> anyhow::Result<()> {
    let settings = setup::settings("warn")?;
    let text = read(&args.file)?;
    let (db, wake) = if args.dry_run {
        (setup::migrated_database(&settings).await?, Wake::local())
    } else {
        let db = setup::database(&settings).await?;
        let wake = setup::wake(&settings, &db).await?;
        (db, wake)
    };
    let app = setup::app(&settings, db, wake.clone(), Arc::new(NoJobQueue));
    let options =
        Options { time_zone: args.time_zone, city: args.city, country: args.country, is_dry_run: args.dry_run };
    let progress = Progress::default();
    // Everybody who can run the command can change the database anyway.
    let viewer = Viewer::admin("insession import");
    let work = import_calendar(&app, viewer, text, &options, Limits::COMMAND, &progress);
    let result = if args.json || !std::io::stderr().is_terminal() {
        work.await
    } else {
        tokio::select! {
            result = work => result,
            () = show_progress("importing", &progress) => bail!("the progress bar ended before the import"),
        }
    };
    wake.flush().await;
    app.db.close().await;
    let report = match result {
        Err(service::Error::Invalid { field, message, .. }) if field == "ics" => {
            bail!("{} {message}", args.file.display())
        }
        result => result?,
    };
    if args.json {
        println!("{}", as_json(&report));
    } else {
        write_report(&mut std::io::stdout().lock(), &report)?;
    }
    check_complete(&report)
}

/// Lets the command fail if an event was refused.
fn check_complete(report: &Report) -> anyhow::Result<()> {
    let refused = report.refused.len();
    let all = refused + report.imported.len();
    anyhow::ensure!(
        refused == 0,
        "{refused} of {all} events were refused: the report names each of them with the reason"
    );
    Ok(())
}

/// Reads the file, up to one byte more than the limit, so that a longer file is refused and not cut off.
fn read(file: &Path) -> anyhow::Result<Vec<u8>> {
    let limit = u64::try_from(Limits::COMMAND.bytes).unwrap_or(u64::MAX).saturating_add(1);
    let mut text = Vec::new();
    let named = || format!("cannot read {}", file.display());
    if file == Path::new("-") {
        std::io::stdin().lock().take(limit).read_to_end(&mut text).with_context(named)?;
    } else {
        std::fs::File::open(file).with_context(named)?.take(limit).read_to_end(&mut text).with_context(named)?;
    }
    Ok(text)
}

/// The report as JSON, in the form of the answer to the mutation `importCalendar`.
fn as_json(report: &Report) -> Value {
    let imported = report.imported.iter().map(|Imported { uid, action, session, notes }| {
        let session = session.as_ref().map(|it| json!({ "id": it.id.to_string(), "name": it.name, "path": it.path }));
        json!({ "uid": uid, "action": action, "session": session, "notes": notes })
    });
    json!({ "imported": imported.collect::<Vec<_>>(), "refused": report.refused, "dryRun": report.is_dry_run })
}

/// Writes the report as text.
///
/// # Errors
/// When `out` cannot be written.
fn write_report(out: &mut impl Write, report: &Report) -> std::io::Result<()> {
    let count = |action: Action| report.imported.iter().filter(|it| it.action == action).count();
    let mode = if report.is_dry_run { " (dry run: nothing is changed)" } else { "" };
    writeln!(out, "Created: {} events{mode}", count(Action::Created))?;
    writeln!(out, "Updated: {} events", count(Action::Updated))?;
    writeln!(out, "Unchanged: {} events", count(Action::Unchanged))?;
    writeln!(out, "Refused: {} events", report.refused.len())?;
    for refusal in &report.refused {
        let uid = refusal.uid.as_deref().map_or_else(|| "without a UID".to_owned(), |uid| format!("{uid:?}"));
        let summary = refusal.summary.as_deref().map(|text| format!(" ({text:?})")).unwrap_or_default();
        writeln!(out, "  - The event {uid}{summary} {}.", refusal.reason)?;
    }
    for Imported { uid, notes, .. } in report.imported.iter().filter(|it| !it.notes.is_empty()) {
        for note in notes {
            writeln!(out, "  - The event {uid:?} is imported. It {note}.")?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use domain::import::Refusal;

    use super::*;

    #[test]
    fn report_names_each_refused_event_and_its_reason() {
        let imported = |uid: &str, action, notes| Imported { uid: uid.to_owned(), action, session: None, notes };
        let note = "has a name that is not kept".to_owned();
        let report = Report {
            imported: vec![imported("a", Action::Created, vec![note]), imported("b", Action::Unchanged, vec![])],
            refused: vec![
                Refusal {
                    uid: Some("c".to_owned()),
                    summary: Some("Fair".to_owned()),
                    reason: "has no time of day".to_owned(),
                },
                Refusal { uid: None, summary: None, reason: "has no UID".to_owned() },
            ],
            is_dry_run: true,
        };
        let mut out = Vec::new();
        write_report(&mut out, &report).unwrap();
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "Created: 1 events (dry run: nothing is changed)\nUpdated: 0 events\nUnchanged: 1 events\n\
             Refused: 2 events\n  - The event \"c\" (\"Fair\") has no time of day.\n  \
               - The event without a UID has no UID.\n  - The event \"a\" is imported. It has a name that is not kept.\n"
        );
        assert!(check_complete(&report).unwrap_err().to_string().starts_with("2 of 4 events were refused"));
        assert!(check_complete(&Report { refused: vec![], ..report.clone() }).is_ok());
        let notes = ["has a name that is not kept"];
        let expected = json!({ "uid": "a", "action": "CREATED", "session": null, "notes": notes });
        assert_eq!(as_json(&report)["imported"][0], expected);
        assert_eq!(as_json(&report)["refused"][1], json!({ "uid": null, "summary": null, "reason": "has no UID" }));
    }
}
