//! `insession scenario`: sets up a sample in a temporary database, sweeps it at given instants, and prints what changed.

use std::{path::PathBuf, sync::Arc};

use anyhow::{Context, bail};
use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc, Weekday};
use domain::{
    access::Viewer,
    check_in::Attendance,
    clock::{Clock, ManualClock},
    ids::{SessionId, SessionInstanceId},
    placement::PlacementRule,
    recurrence::{Recurrence, Schedule},
    zone::{Tz, local_time},
};
use service::{
    App,
    app::NoJobQueue,
    check_ins,
    db::Db,
    instances::{self, NewInstance},
    log::wake::Wake,
    people::{self, NewPerson},
    sessions::{self, NewSession},
    sweep::{Request, sweep},
};

use super::{setup, sweep as report};

#[derive(Debug, clap::Args)]
pub struct Args {
    /// The name of the sample. --list shows the names.
    #[arg(required_unless_present = "list")]
    name: Option<String>,
    /// List the samples.
    #[arg(long)]
    list: bool,
    /// Keep the database in this file, which must not exist yet.
    #[arg(long, value_name = "FILE")]
    keep: Option<PathBuf>,
}

/// A session with one meeting, and the people who checked in to it beforehand.
struct Sample {
    name: &'static str,
    zone: Tz,
    city: &'static str,
    weekday: Weekday,
    /// The hours of the local day at which the meeting starts and ends.
    hours: (u32, u32),
    buffers: (i32, i32),
    /// The sweep creates the meeting this many hours ahead. With `None` the meeting exists from the start.
    made_hours_ahead: Option<i32>,
    people: &'static [&'static str],
}

struct Scenario {
    name: &'static str,
    about: &'static str,
    samples: Vec<Sample>,
    /// The instants of the sweeps: days after Monday 15 January 2024, hour and minute in UTC.
    sweeps: &'static [(i64, u32, u32)],
}

fn sample(name: &'static str, weekday: Weekday, hours: (u32, u32)) -> Sample {
    Sample {
        name,
        zone: Tz::America__Chicago,
        city: "Austin",
        weekday,
        hours,
        buffers: (60, 60),
        made_hours_ahead: None,
        people: &["Ada"],
    }
}

fn scenarios() -> Vec<Scenario> {
    vec![
        Scenario {
            name: "evening",
            about: "Thursdays at 7pm in Austin: opens at 6pm, closes an hour after the end",
            samples: vec![sample("Thursday Evening", Weekday::Thu, (19, 22))],
            sweeps: &[(3, 23, 44), (3, 23, 59), (4, 1, 14), (4, 4, 44), (4, 5, 14)],
        },
        Scenario {
            name: "morning",
            about: "Wednesdays at 9am in Austin",
            samples: vec![sample("Wednesday Morning", Weekday::Wed, (9, 12))],
            sweeps: &[(2, 13, 44), (2, 13, 59), (2, 18, 59), (2, 19, 14)],
        },
        Scenario {
            name: "overlap",
            about: "Fridays at 8pm and 9pm in Austin: a person who said yes to both is at the first, and then moves on",
            samples: vec![
                Sample { people: &["Ada", "Ben"], ..sample("Friday at Eight", Weekday::Fri, (20, 22)) },
                Sample { people: &["Ada", "Cleo"], ..sample("Friday at Nine", Weekday::Fri, (21, 23)) },
            ],
            sweeps: &[(5, 0, 59), (5, 1, 59), (5, 5, 14), (5, 6, 14)],
        },
        Scenario {
            name: "zones",
            about: "Tuesdays at 7pm in New York and in Chicago: the same wall clock, an hour apart",
            samples: vec![
                Sample {
                    zone: Tz::America__New_York,
                    city: "New York",
                    ..sample("Tuesday in New York", Weekday::Tue, (19, 22))
                },
                Sample { people: &["Ben"], city: "Chicago", ..sample("Tuesday in Chicago", Weekday::Tue, (19, 22)) },
            ],
            sweeps: &[(1, 22, 59), (1, 23, 59), (2, 4, 14), (2, 5, 14)],
        },
        Scenario {
            name: "future",
            about: "Saturdays at 2pm in Austin: the meeting is created 24 hours ahead, and is inactive until its time",
            samples: vec![Sample {
                made_hours_ahead: Some(24),
                people: &[],
                ..sample("Saturday Afternoon", Weekday::Sat, (14, 17))
            }],
            sweeps: &[(3, 12, 14), (4, 20, 14), (4, 20, 29), (5, 18, 59)],
        },
        Scenario {
            name: "buffers",
            about: "Sundays at 3pm in Austin, open from 15 minutes before to two hours after",
            samples: vec![Sample { buffers: (15, 120), ..sample("Sunday Afternoon", Weekday::Sun, (15, 18)) }],
            sweeps: &[(6, 20, 29), (6, 20, 44), (7, 1, 44), (7, 2, 14)],
        },
    ]
}

pub async fn run(args: Args) -> anyhow::Result<()> {
    let scenarios = scenarios();
    if args.list {
        for scenario in &scenarios {
            println!("{:<8} {}", scenario.name, scenario.about);
        }
        return Ok(());
    }
    let name = args.name.unwrap_or_default();
    let Some(scenario) = scenarios.iter().find(|scenario| scenario.name == name) else {
        let names: Vec<_> = scenarios.iter().map(|scenario| scenario.name).collect();
        bail!("there is no sample {name:?}. The samples are: {}", names.join(", "));
    };
    let settings = setup::settings("warn")?;
    let throw_away = super::demo::ThrowAway::new()?;
    let file = match args.keep {
        Some(file) if file.exists() => bail!("{} exists already. Give --keep the name of a new file", file.display()),
        Some(file) => file,
        None => throw_away.file("scenario.db"),
    };
    let url = format!("sqlite://{}", file.display());
    let db = Db::connect(&url, 2).await?;
    let played = play(scenario, &db, settings.placement_rule).await;
    db.close().await;
    played
}

async fn play(scenario: &Scenario, db: &Db, rule: PlacementRule) -> anyhow::Result<()> {
    let monday = NaiveDate::from_ymd_opt(2024, 1, 15).context("the start date is not valid")?;
    let clock = Arc::new(ManualClock::at(monday.and_time(NaiveTime::MIN).and_utc()));
    db.migrate().await?;
    let shared: Arc<dyn Clock> = clock.clone();
    let app = App::new(db.clone(), shared, Wake::local(), Arc::new(NoJobQueue), rule);

    println!("{}: {}\n", scenario.name, scenario.about);
    let mut people = Vec::new();
    for sample in &scenario.samples {
        let session = add(&app, sample, monday).await?;
        println!("Set up: {} (session_id={}), {}", sample.name, session.0, sample.zone.name());
        let Some(instance) = first_instance(&app, session).await? else { continue };
        for name in sample.people {
            let person = if let Some((_, person)) = people.iter().find(|(known, _)| known == name) {
                *person
            } else {
                let new = NewPerson { display_name: (*name).to_owned(), ..NewPerson::default() };
                let row = people::insert_person(&app, Viewer::ADMIN, new).await?;
                let person = row.id;
                people.push((*name, person));
                person
            };
            let yes = check_ins::check_in(&app, Viewer::ADMIN, instance, Attendance::Yes, Some(person));
            yes.await?;
            println!("  - {name} said yes");
        }
    }
    for (day, hour, minute) in scenario.sweeps {
        let time = NaiveTime::from_hms_opt(*hour, *minute, 0).context("a sweep's time is not valid")?;
        let at = (monday + TimeDelta::days(*day)).and_time(time).and_utc();
        clock.set(at);
        println!();
        sweep_once(&app, at, scenario, &people).await?;
    }
    Ok(())
}

async fn sweep_once(
    app: &App,
    at: DateTime<Utc>,
    scenario: &Scenario,
    people: &[(&str, domain::ids::PersonId)],
) -> anyhow::Result<()> {
    let swept = sweep(app, Request::PERIODIC).await?;
    let mut out = std::io::stdout().lock();
    report::write_report(&mut out, &swept, at, at, report::Paint::if_terminal())?;
    drop(out);
    if let Some(sample) = scenario.samples.first() {
        let zone = app.zone_data().zone(sample.zone.name())?;
        println!("  In {zone}: {}", local_time(zone, at).format("%A %H:%M"));
    }
    for (name, person) in people {
        let place = people::find_placement(app, *person).await?;
        let place = place.map_or_else(|| "nowhere".to_owned(), |place| format!("at instance {}", place.0));
        println!("  {name} is {place}");
    }
    Ok(())
}

/// Adds the sample's session, and its meeting unless the sweep creates it.
async fn add(app: &App, sample: &Sample, monday: NaiveDate) -> anyhow::Result<SessionId> {
    let time = |hour| NaiveTime::from_hms_opt(hour, 0, 0).context("a sample's hour is not valid");
    let (start, end) = (time(sample.hours.0)?, time(sample.hours.1)?);
    let schedule = Schedule::weekly(sample.weekday, 1, start, end).map_err(|error| anyhow::anyhow!("{error}"))?;
    let recurrence = Recurrence::new(vec![schedule]).map_err(|error| anyhow::anyhow!("{error}"))?;
    let new = NewSession {
        name: sample.name.to_owned(),
        path: None,
        city: Some(sample.city.to_owned()),
        state: None,
        country: Some("USA".to_owned()),
        location: None,
        latitude: None,
        longitude: None,
        time_zone: sample.zone,
        recurrence: Some(recurrence.into()),
        active_buffer_minutes_before: sample.buffers.0,
        active_buffer_minutes_after: sample.buffers.1,
        auto_create_instances: sample.made_hours_ahead.is_some(),
        auto_create_hours_ahead: sample.made_hours_ahead.unwrap_or(24),
        initiation_date: None,
        termination_date: None,
        skips: Vec::new(),
        check_in_codes: domain::door::CheckInCodes::None,
        requires_code: false,
        description: None,
        website: None,
        picture_url: None,
    };
    let session = sessions::insert_session(app, Viewer::ADMIN, new).await?.id;
    if sample.made_hours_ahead.is_none() {
        let date = monday + TimeDelta::days(i64::from(sample.weekday.num_days_from_monday()));
        let (start_time, end_time) = (Some(start), Some(end));
        let new = NewInstance { session, date, start_time, end_time, location_override: None, allows_duplicate: false };
        instances::insert_instance(app, Viewer::ADMIN, new).await?;
    }
    Ok(session)
}

async fn first_instance(app: &App, session: SessionId) -> anyhow::Result<Option<SessionInstanceId>> {
    let range = instances::InstanceRange { session, from: None, to: None };
    let found = instances::list_instances(app, range, &service::lists::Page::default()).await?;
    Ok(found.rows.first().map(|row| row.id))
}
