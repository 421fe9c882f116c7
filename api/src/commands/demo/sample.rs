//! The sample data that the demo starts with: sessions, people, lessons and an activity.

use chrono::{NaiveTime, SubsecRound, TimeDelta, Timelike as _, Utc, Weekday};
use domain::{
    access::Viewer,
    check_in::Attendance,
    door::CheckInCodes,
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
    presence::activities::{self, NewActivity},
    sessions::{self, NewSession, SessionPatch},
};

/// The key of the activity, and the number of its seats.
pub const INTERVIEW: &str = "interview";
const SEATS: i32 = 3;

const AUSTIN: City = City { name: "Austin", country: "USA", zone: Tz::America__Chicago };
const DUBLIN: City = City { name: "Dublin", country: "Ireland", zone: Tz::Europe__Dublin };
const TOKYO: City = City { name: "Tokyo", country: "Japan", zone: Tz::Asia__Tokyo };

#[derive(Clone, Copy)]
struct City {
    name: &'static str,
    country: &'static str,
    zone: Tz,
}

struct Sample {
    name: &'static str,
    location: &'static str,
    city: City,
    /// Latitude and longitude.
    position: (f64, f64),
    when: When,
    /// Minutes before the start and after the end.
    buffers: (i32, i32),
}

/// When a session meets.
#[derive(Clone, Copy)]
enum When {
    /// Each week, from one hour of the day to another.
    Weekly(Weekday, u32, u32),
    /// Today's weekday. Today's meeting began about this long ago, at a full or half hour, and lasts three hours.
    Today(TimeDelta),
    /// Without a schedule. [`super::motion`] adds its meetings.
    PopUp,
}

fn samples() -> Vec<Sample> {
    let regular =
        |name, location, city, position, when| Sample { name, location, city, position, when, buffers: (60, 60) };
    let pop_up = |name, location, position| Sample {
        name,
        location,
        city: AUSTIN,
        position,
        when: When::PopUp,
        buffers: (0, 0),
    };
    let (opal, cobblestone) = (When::Today(TimeDelta::minutes(20)), When::Today(TimeDelta::minutes(60)));
    let (monday, wednesday) = (When::Weekly(Weekday::Mon, 19, 22), When::Weekly(Weekday::Wed, 18, 21));
    let thursday = When::Weekly(Weekday::Thu, 19, 22);
    vec![
        regular("Opal Divine's", "Opal Divine's Penn Field", AUSTIN, (30.2305, -97.759), opal),
        regular("The Cobblestone", "77 King Street North", DUBLIN, (53.349, -6.279), cobblestone),
        pop_up("Pop-up Reels", "Zilker Park", (30.2669, -97.7729)),
        pop_up("Pop-up Jigs", "Barton Springs", (30.264, -97.7713)),
        pop_up("Pop-up Polkas", "Auditorium Shores", (30.2627, -97.7517)),
        regular("Mueller Monday", "The Hangar", AUSTIN, (30.2985, -97.702), monday),
        regular("Saengerrunde", "Saengerrunde Hall", AUSTIN, (30.2701, -97.7353), wednesday),
        regular("木曜セッション", "Warrior Celt", TOKYO, (35.709, 139.7745), thursday),
    ]
}

/// What the pages of the regular sessions say about them.
const DESCRIPTION: &str = "Traditional music for everybody who plays or listens.

- Bring an instrument, or only your ears.
- *Slow tunes* come first.";

/// The objects that [`fill`] has created and that the rest of the demo uses.
pub struct Content {
    /// The people whose tokens are printed, by name.
    pub people: Vec<(PersonId, &'static str)>,
    /// The students, who go from one pop-up session to the next.
    pub wanderers: [PersonId; 2],
    /// The people who come to the pop-up sessions and leave them, and who visit the website.
    pub guests: [PersonId; 4],
    pub pop_ups: [SessionId; 3],
    pub pop_up_zone: Tz,
    /// The sessions for which the printed sample page shows badges.
    pub badges: Vec<(SessionId, &'static str)>,
}

pub async fn fill(app: &App) -> anyhow::Result<Content> {
    let organizer = person(app, "Orla Organiser", AUSTIN).await?;
    let ada = person(app, "Ada Fiddle", AUSTIN).await?;
    let ben = person(app, "Ben Flute", AUSTIN).await?;
    let cleo = person(app, "Cleo Concertina", DUBLIN).await?;
    let guests = [
        person(app, "Dara Pipes", AUSTIN).await?,
        person(app, "Eli Bodhrán", AUSTIN).await?,
        person(app, "Fay Banjo", AUSTIN).await?,
        person(app, "Gus Guitar", AUSTIN).await?,
    ];
    let mut pop_ups = Vec::new();
    let mut meetings = Vec::new();
    let mut badges = Vec::new();
    for sample in samples() {
        let (session, meeting) = add(app, &sample).await?;
        sessions::insert_organizer(app, Viewer::ADMIN, session, organizer).await?;
        meetings.extend(meeting);
        if matches!(sample.when, When::PopUp) {
            pop_ups.push(session);
        }
        if !matches!(sample.when, When::Weekly(..)) {
            badges.push((session, sample.name));
        }
    }
    let (&[_, dublin], Ok(pop_ups)) = (&meetings[..], pop_ups.try_into()) else {
        anyhow::bail!("the demo needs two meetings that are on today, and three pop-up sessions");
    };
    check_ins::check_in(app, Viewer::person(cleo), dublin, Attendance::Yes, None).await?;
    add_lessons(app, [ada, ben, cleo]).await?;
    let new = NewActivity {
        key: INTERVIEW.to_owned(),
        name: "Interview".to_owned(),
        max_concurrent: Some(SEATS),
        ..NewActivity::default()
    };
    activities::save_activity(app, Viewer::ADMIN, new).await?;
    let people = [(organizer, "Orla Organiser"), (ada, "Ada Fiddle"), (ben, "Ben Flute"), (cleo, "Cleo Concertina")];
    Ok(Content { people: people.to_vec(), wanderers: [ada, ben], guests, pop_ups, pop_up_zone: AUSTIN.zone, badges })
}

async fn person(app: &App, name: &str, city: City) -> anyhow::Result<PersonId> {
    let (city, country) = (Some(city.name.to_owned()), Some(city.country.to_owned()));
    let new = NewPerson { display_name: name.to_owned(), city, country, ..NewPerson::default() };
    Ok(people::insert_person(app, Viewer::ADMIN, new).await?.id)
}

/// Adds a session and, if it meets today, today's meeting.
async fn add(app: &App, sample: &Sample) -> anyhow::Result<(SessionId, Option<SessionInstanceId>)> {
    let Sample { name, location, city, position, when, buffers } = sample;
    let (schedule, today) = match *when {
        When::Weekly(weekday, from, to) => (Some((weekday, hour(from)?, hour(to)?)), None),
        When::Today(ago) => {
            let zone = app.zone_data().zone(city.zone.name())?;
            let began = local_time(zone, app.now() - ago);
            let start = hour(began.hour())? + TimeDelta::minutes(if began.minute() < 30 { 0 } else { 30 });
            let date = began.date();
            (Some((chrono::Datelike::weekday(&date), start, start + TimeDelta::hours(3))), Some(date))
        }
        When::PopUp => (None, None),
    };
    let recurrence = match schedule {
        Some((weekday, start, end)) => Some(Recurrence::new(vec![Schedule::weekly(weekday, 1, start, end)?])?),
        None => None,
    };
    let new = NewSession {
        name: (*name).to_owned(),
        path: None,
        city: Some(city.name.to_owned()),
        state: None,
        country: Some(city.country.to_owned()),
        location: Some((*location).to_owned()),
        time_zone: city.zone,
        recurrence: recurrence.map(Into::into),
        // People may check in with the code at the door, or without it.
        check_in_codes: CheckInCodes::Rotating,
        requires_code: false,
        description: schedule.is_some().then(|| DESCRIPTION.to_owned()),
        website: None,
        picture_url: None,
        active_buffer_minutes_before: buffers.0,
        active_buffer_minutes_after: buffers.1,
        auto_create_instances: false,
        // A week, so that each schedule has a next meeting.
        auto_create_hours_ahead: 168,
        initiation_date: None,
        termination_date: None,
        latitude: Some(position.0),
        longitude: Some(position.1),
        skips: Vec::new(),
    };
    let session = sessions::insert_session(app, Viewer::ADMIN, new).await?.id;
    let mut meeting = None;
    if let (Some(date), Some((_, start, end))) = (today, schedule) {
        let (start_time, end_time) = (Some(start), Some(end));
        let new = NewInstance { session, date, start_time, end_time, location_override: None, allows_duplicate: false };
        meeting = Some(instances::insert_instance(app, Viewer::ADMIN, new).await?.id);
    }
    if schedule.is_some() {
        // Later meetings are created automatically. Today's exists already.
        let patch = SessionPatch { auto_create_instances: Some(true), ..SessionPatch::default() };
        sessions::update_session(app, Viewer::ADMIN, session, patch).await?;
    }
    Ok((session, meeting))
}

fn hour(hour: u32) -> anyhow::Result<NaiveTime> {
    NaiveTime::from_hms_opt(hour, 0, 0).ok_or_else(|| anyhow::anyhow!("a day has no hour {hour}"))
}

/// Adds Cleo's lessons: Ada's, which Cleo has started; Ben's, which nobody starts; and a free slot tomorrow. They begin at the
/// next full minute.
async fn add_lessons(app: &App, [ada, ben, cleo]: [PersonId; 3]) -> anyhow::Result<()> {
    let now: chrono::DateTime<Utc> = app.now().trunc_subsecs(0);
    let minute = now + TimeDelta::seconds(60 - i64::from(now.second()));
    let slot = async |from: TimeDelta, to: TimeDelta| {
        let new = NewSlot { mentor: cleo, starts_at: minute + from, ends_at: minute + to };
        anyhow::Ok(time_slots::insert_slot(app, Viewer::person(cleo), new).await?.id)
    };
    let book = async |slot, student| anyhow::Ok(bookings::book(app, Viewer::person(student), slot, None).await?.id);
    let minutes = TimeDelta::minutes;
    // Slots that follow each other, as a mentor offers them.
    let started = book(slot(minutes(0), minutes(1)).await?, ada).await?;
    bookings::act(app, Viewer::person(cleo), started, Action::Start).await?;
    book(slot(minutes(1), minutes(60)).await?, ben).await?;
    slot(TimeDelta::hours(24), TimeDelta::hours(25)).await?;
    Ok(())
}
