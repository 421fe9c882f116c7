//! `insession demo`: runs the server and the jobs with a temporary database and sample sessions around the present time.

use std::path::PathBuf;

use anyhow::Context;
use auth::Authenticator;
use chrono::{DateTime, NaiveTime, SubsecRound, TimeDelta, Utc, Weekday};
use domain::{
    access::Viewer,
    check_in::Attendance,
    ids::{PersonId, SessionId, SessionInstanceId},
    recurrence::{Recurrence, Schedule},
    zone::{Tz, local_time},
};
use service::{
    App,
    bookings::{
        self, Action,
        time_slots::{self, NewSlot},
    },
    check_ins,
    instances::{self, NewInstance},
    people::{self, NewPerson},
    sessions::{self, NewSession, SessionPatch},
    settings::{Settings, Source},
};

use super::{serve, setup};

#[derive(Debug, clap::Args)]
pub struct Args {
    /// The port to listen on. The default is PORT, or 8080.
    #[arg(long)]
    port: Option<u16>,
}

/// A temporary folder. Dropping the value deletes it.
pub struct ThrowAway(PathBuf);

impl ThrowAway {
    pub fn new() -> anyhow::Result<Self> {
        let mut random = [0; 8];
        getrandom::fill(&mut random)
            .map_err(|error| anyhow::anyhow!("cannot generate a random name for the temporary folder: {error}"))?;
        let path = std::env::temp_dir().join(format!("insession-{:016x}", u64::from_ne_bytes(random)));
        std::fs::create_dir(&path).with_context(|| format!("cannot create the folder {}", path.display()))?;
        Ok(Self(path))
    }

    pub fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for ThrowAway {
    fn drop(&mut self) {
        // On failure the folder remains in the system's temporary folder.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

pub async fn run(args: Args) -> anyhow::Result<()> {
    // Signals are handled first, so that none leaves the folder behind.
    let shutdown = setup::shutdown_on_signals()?;
    let folder = ThrowAway::new()?;
    let url = format!("sqlite://{}", folder.file("demo.db").display());
    let settings = Settings::from(&Source(&|name| match name {
        "DATABASE_URL" => Some(url.clone()),
        "REDIS_URL" | "JWT_SECRET" | "JWT_PUBLIC_KEY" | "JWKS_URL" | "JWT_SUBJECTS" | "JWT_PERSON_CLAIM" => None,
        "PORT" if args.port.is_some() => args.port.map(|port| port.to_string()),
        name => std::env::var(name).ok(),
    }))?;
    setup::start_log(settings.log_json, "warn,insession_service=info");
    let running = serve::start(&settings, shutdown.clone()).await?;
    let welcomed = welcome(&settings, &running).await;
    if welcomed.is_err() {
        shutdown.cancel();
    }
    let finished = running.finish().await;
    welcomed.and(finished)
}

async fn welcome(settings: &Settings, running: &serve::Running) -> anyhow::Result<()> {
    let authenticator = setup::authenticator(settings)?;
    let people = fill(&running.app).await?;
    let root = match &settings.public_url {
        Some(public) => format!("{}{}", public.origin, public.path),
        None => format!("http://{}", running.server.address()),
    };
    print_welcome(&root, &authenticator, &people)
}

struct Sample {
    name: &'static str,
    location: &'static str,
    city: &'static str,
    country: &'static str,
    zone: Tz,
    /// The start of today's meeting, relative to now. `ends` is its end.
    starts: TimeDelta,
    ends: TimeDelta,
    buffers: (i32, i32),
}

const AUSTIN: (&str, &str, Tz) = ("Austin", "USA", Tz::America__Chicago);

fn samples() -> Vec<Sample> {
    let (city, country, zone) = AUSTIN;
    let minutes = TimeDelta::minutes;
    let austin =
        |name, location, starts, ends, buffers| Sample { name, location, city, country, zone, starts, ends, buffers };
    vec![
        austin("Mueller Monday", "The Hangar", TimeDelta::seconds(40), minutes(120), (0, 60)),
        austin("Saengerrunde", "Saengerrunde Hall", minutes(-90), TimeDelta::seconds(60), (60, 0)),
        austin("Opal Divine's", "Opal Divine's Penn Field", minutes(-20), minutes(130), (60, 60)),
        Sample {
            name: "The Cobblestone",
            location: "77 King Street North",
            city: "Dublin",
            country: "Ireland",
            zone: Tz::Europe__Dublin,
            starts: minutes(-60),
            ends: minutes(60),
            buffers: (60, 60),
        },
        Sample {
            name: "木曜セッション",
            location: "Warrior Celt",
            city: "Tokyo",
            country: "Japan",
            zone: Tz::Asia__Tokyo,
            starts: minutes(180),
            ends: minutes(360),
            buffers: (30, 60),
        },
    ]
}

struct People {
    organizer: PersonId,
    players: Vec<(PersonId, &'static str)>,
}

async fn fill(app: &App) -> anyhow::Result<People> {
    let organizer = person(app, "Orla Organiser").await?;
    let mut players = Vec::new();
    for name in ["Ada Fiddle", "Ben Flute", "Cleo Concertina"] {
        players.push((person(app, name).await?, name));
    }
    let mut instances = Vec::new();
    for sample in samples() {
        let (session, instance) = add(app, &sample).await?;
        instances.push(instance);
        sessions::insert_organizer(app, Viewer::ADMIN, session, organizer).await?;
    }
    // Ada is checked in to the session that opens. Ben is at the one that closes, and then at another. Cleo is in Dublin.
    for (player, at) in [(0, 0), (1, 1), (2, 3), (1, 2)] {
        let (Some((player, _)), Some(instance)) = (players.get(player), instances.get(at)) else { continue };
        let yes = check_ins::check_in(app, Viewer::person(*player), *instance, Attendance::Yes, None);
        yes.await?;
    }
    if let [(ada, _), (ben, _), (cleo, _)] = players[..] {
        add_lessons(app, [ada, ben, cleo]).await?;
    }
    Ok(People { organizer, players })
}

/// Adds Cleo's lessons: Ada's is started and ends soon, Ben's begins soon and is not started by hand, and one tomorrow is
/// free.
async fn add_lessons(app: &App, [ada, ben, cleo]: [PersonId; 3]) -> anyhow::Result<()> {
    let now = app.now().trunc_subsecs(0);
    let slot = async |from: TimeDelta, to: TimeDelta| {
        let new = NewSlot { mentor: cleo, starts_at: now + from, ends_at: now + to };
        let row = time_slots::insert_slot(app, Viewer::person(cleo), new).await?;
        anyhow::Ok(row.id)
    };
    let book = async |slot, student| {
        let row = bookings::book(app, Viewer::person(student), slot, None).await?;
        anyhow::Ok(row.id)
    };
    let (seconds, hours) = (TimeDelta::seconds, TimeDelta::hours);
    let started = book(slot(seconds(20), seconds(50)).await?, ada).await?;
    bookings::act(app, Viewer::person(cleo), started, Action::Start).await?;
    book(slot(seconds(55), hours(1)).await?, ben).await?;
    slot(hours(24), hours(25)).await?;
    Ok(())
}

async fn person(app: &App, name: &str) -> anyhow::Result<PersonId> {
    let (city, country, _) = AUSTIN;
    let (city, country) = (Some(city.to_owned()), Some(country.to_owned()));
    let new = NewPerson { display_name: name.to_owned(), city, country, ..NewPerson::default() };
    Ok(people::insert_person(app, Viewer::ADMIN, new).await?.id)
}

/// Adds a weekly session with today's meeting.
async fn add(app: &App, sample: &Sample) -> anyhow::Result<(SessionId, SessionInstanceId)> {
    let now: DateTime<Utc> = app.now().trunc_subsecs(0);
    let starts = local_time(sample.zone, now + sample.starts);
    let ends = local_time(sample.zone, now + sample.ends);
    let (date, start, end): (_, NaiveTime, NaiveTime) = (starts.date(), starts.time(), ends.time());
    let weekday: Weekday = chrono::Datelike::weekday(&date);
    let schedule = Schedule::weekly(weekday, 1, start, end).map_err(|error| anyhow::anyhow!("{error}"))?;
    let recurrence = Recurrence::new(vec![schedule]).map_err(|error| anyhow::anyhow!("{error}"))?;
    let new = NewSession {
        name: sample.name.to_owned(),
        path: None,
        city: Some(sample.city.to_owned()),
        state: None,
        country: Some(sample.country.to_owned()),
        location: Some(sample.location.to_owned()),
        latitude: None,
        longitude: None,
        time_zone: sample.zone,
        recurrence: Some(recurrence.into()),
        active_buffer_minutes_before: sample.buffers.0,
        active_buffer_minutes_after: sample.buffers.1,
        auto_create_instances: false,
        auto_create_hours_ahead: 24,
        initiation_date: None,
        termination_date: None,
        skips: Vec::new(),
        check_in_codes: domain::door::CheckInCodes::None,
        requires_code: false,
    };
    let session = sessions::insert_session(app, Viewer::ADMIN, new).await?;
    let session = session.id;
    let (start_time, end_time) = (Some(start), Some(end));
    let new = NewInstance { session, date, start_time, end_time, location_override: None, allows_duplicate: false };
    let instance = instances::insert_instance(app, Viewer::ADMIN, new).await?;
    // Later instances are created automatically. Today's exists already.
    let patch = SessionPatch { auto_create_instances: Some(true), ..SessionPatch::default() };
    sessions::update_session(app, Viewer::ADMIN, session, patch).await?;
    Ok((session, instance.id))
}

fn print_welcome(root: &str, authenticator: &Authenticator, people: &People) -> anyhow::Result<()> {
    let day = TimeDelta::days(1);
    println!("InSession is running with a temporary database. Ctrl-C stops it and deletes the database.\n");
    println!("  Pages       {root}/ (after /sign-in with a token from below, also /me and /admin)");
    println!("  GraphiQL    {root}/graphiql");
    let sockets = root.replacen("http", "ws", 1);
    println!("  GraphQL     {root}/graphql (subscriptions: {sockets}/graphql/ws)\n");
    println!("Within a minute one session becomes active and another ends. To watch this, run in GraphiQL:\n");
    println!(
        "  subscription {{ activeSessionChanged {{ kind occurredAt session {{ name }} sessionInstance {{ presentCount }} activeInstances {{ session {{ name city }} presentCount }} }} }}\n"
    );
    println!("To list the sessions that are active now:\n");
    println!(
        "  {{ activeSessionInstances {{ nodes {{ session {{ name city }} startsAt presentCount activeExplanation }} }} }}\n"
    );
    println!(
        "Cleo is a mentor. Within a minute one lesson ends and another begins late. To watch this, use Cleo's token and run:\n"
    );
    println!(
        "  subscription {{ bookingStatusChanged {{ bookings {{ id status }} booking {{ id }} oldStatus newStatus isDelayed reason }} }}\n"
    );
    println!(
        "Tokens, valid for a day. Paste one into GraphiQL's token field, or send it as 'Authorization: Bearer TOKEN':\n"
    );
    let mut lines = vec![("admin".to_owned(), authenticator.issue(None, true, day)?)];
    for (person, name) in std::iter::once((people.organizer, "organiser")).chain(people.players.iter().copied()) {
        lines.push((format!("{name} ({person})"), authenticator.issue(Some(person), false, day)?));
    }
    for (whose, token) in lines {
        println!("  {whose:<26}{token}");
    }
    println!();
    Ok(())
}
