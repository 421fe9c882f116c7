//! The visits that are online, the seats, and statistics.

use std::collections::HashMap;

use axum::{Form, extract::State};
use chrono::{DateTime, Timelike as _, Utc};
use domain::{
    access::Viewer,
    ids::{ActivityId, PersonId},
    zone::Zone,
};
use maud::{Markup, html};
use service::{
    App, Error, FieldErrors, Result,
    lists::Page as ListPage,
    people,
    presence::{
        activities::{self, NewActivity},
        statistics::{self, LanguageCount, Statistics},
        visits::{self, Visit, VisitFilter},
    },
};

use super::{
    super::{
        Page, Pages,
        done::Done,
        forms::{Field, FormState, Outcome, Typed, confirmed},
        times,
    },
    Admin, Table, refused,
};
use crate::{language::words, site::to};

const SHOWN: i32 = 100;
const HOURS: i64 = 24;

/// The part of the page with the form that makes an activity.
const NEW: &str = "new-activity";

pub struct Presences {
    now: DateTime<Utc>,
    statistics: Option<Statistics>,
    activities: Vec<(activities::Activity, i64)>,
    online: Vec<Online>,
}

/// A visit that is online.
struct Online {
    visit: Visit,
    person: Option<String>,
    activity: Option<String>,
}

impl Presences {
    pub async fn load(app: &App, viewer: Viewer) -> Result<Self> {
        let rows = activities::list_activities(app, 100).await?;
        let ids: Vec<ActivityId> = rows.iter().map(|row| row.id).collect();
        let occupancy = statistics::find_occupancy(app, &ids).await?;
        let taken =
            |id| occupancy.get(&id).map_or(0, |counts: &Vec<LanguageCount>| counts.iter().map(|one| one.count).sum());
        Ok(Self {
            now: app.now(),
            statistics: statistics::find_statistics(app, viewer, None, None).await?,
            online: find_online(app, viewer, &rows).await?,
            activities: rows.into_iter().map(|row| (taken(row.id), row)).map(|(taken, row)| (row, taken)).collect(),
        })
    }

    pub fn render(&self, outcome: &Outcome) -> Markup {
        html! {
            (self.online())
            (self.seats(outcome))
            (self.statistics())
        }
    }

    fn online(&self) -> Markup {
        html! {
            section aria-labelledby="online" {
                h2 #online { (words!("online-now")) }
                @if self.online.is_empty() { p.quiet { (words!("nobody-online")) } }
                @else {
                    (self.visits().render(&words!("visits-online")))
                }
            }
        }
    }

    fn visits(&self) -> Table {
        let table = Table::default().column(words!("who")).column(words!("page")).column(words!("activity"));
        let mut table = table.column(words!("languages")).column(words!("since"));
        for online in &self.online {
            table.row(format!("visit-{}", online.visit.id.uuid()), cells_of(online));
        }
        table
    }

    fn seats(&self, outcome: &Outcome) -> Markup {
        html! {
            section aria-labelledby="seats" {
                h2 #seats { (words!("seats")) }
                @for (row, taken) in &self.activities {
                    (outcome.message(&part_of(&row.key)))
                    form.inline #{ "activity-" (row.key) } method="post" action=(to("/admin/activities")) {
                        strong { (row.name) } " "
                        @match row.max_concurrent {
                            Some(limit) => (words!("seats-of-limit", taken = *taken, limit = limit)),
                            None => (words!("seats-without-limit", taken = *taken)),
                        }
                        input type="hidden" name="key" value=(row.key);
                        input type="hidden" name="name" value=(row.name);
                        input type="hidden" name="exists" value="yes";
                        label for={ "limit-" (row.key) } { (words!("seats")) }
                        @let form_state = outcome.form_state(&part_of(&row.key), || seats_of(row));
                        input #{ "limit-" (row.key) } name="maxConcurrent" type="number" min="0" value=(form_state.typed.text("maxConcurrent")) size="6";
                        button { (words!("save")) }
                    }
                }
                h3 { (words!("new-activity")) }
                (outcome.notice(NEW))
                (new_activity(outcome))
            }
        }
    }

    fn statistics(&self) -> Markup {
        let Some(statistics) = &self.statistics else { return Markup::default() };
        let minutes = |milliseconds: Option<f64>| match milliseconds {
            Some(milliseconds) => minutes_text(milliseconds),
            None => "–".to_owned(),
        };
        #[expect(clippy::cast_precision_loss, reason = "minutes for people")]
        let longest = statistics.longest_duration_ms.map(|milliseconds| milliseconds as f64);
        let online: i64 = statistics.online_by_language.iter().map(|one| one.count).sum();
        let count = |one: &LanguageCount| format!("{} {}", one.language_code, one.count);
        let counts: Vec<String> = statistics.online_by_language.iter().map(count).collect();
        html! {
            section aria-labelledby="statistics" {
                h2 #statistics { (words!("visits-last-day")) }
                ul.figures {
                    li { strong { (online) } (words!("figure-online")) }
                    li { strong { (statistics.completed) } (words!("figure-completed")) }
                    li { strong { (statistics.abandoned) } (words!("figure-abandoned")) }
                    li { strong { (minutes(statistics.average_duration_ms)) } (words!("figure-average")) }
                    li { strong { (minutes(longest)) } (words!("figure-longest")) }
                }
                @if !statistics.online_by_language.is_empty() {
                    p { (words!("online-by-language", counts = counts.join(", "))) }
                }
                (chart(&self.starts_by_hour(&statistics.started_by_hour)))
            }
        }
    }

    /// The number of visits that started in each of the last hours, including hours without a visit.
    fn starts_by_hour(&self, counted: &[(DateTime<Utc>, i64)]) -> Vec<(DateTime<Utc>, i64)> {
        let this_hour = self.now.timestamp().div_euclid(3_600) * 3_600;
        let hours = (0..HOURS).rev().filter_map(|ago| DateTime::from_timestamp(this_hour - ago * 3_600, 0));
        let count = |hour: DateTime<Utc>| counted.iter().find(|(at, _)| *at == hour).map_or(0, |(_, count)| *count);
        hours.map(|hour| (hour, count(hour))).collect()
    }
}

async fn find_online(app: &App, viewer: Viewer, activities: &[activities::Activity]) -> Result<Vec<Online>> {
    let filter = VisitFilter { is_online: Some(true), ..VisitFilter::default() };
    let page = ListPage { first: Some(SHOWN), ..ListPage::default() };
    let visits = visits::list_visits(app, viewer, &filter, &page).await?.map(|slice| slice.rows).unwrap_or_default();
    let ids: Vec<PersonId> = visits.iter().filter_map(|visit| visit.person_id).collect();
    let people = people::find_people(app, &ids).await?;
    let names: HashMap<PersonId, String> = people.into_iter().map(|person| (person.id, person.display_name)).collect();
    let now = app.now();
    let online = |visit: Visit| {
        let seat = visit.seat(&app.presence.rules, now);
        let activity = seat.and_then(|seat| activities.iter().find(|row| row.id == seat)).map(|row| row.name.clone());
        Online { person: visit.person_id.and_then(|id| names.get(&id).cloned()), activity, visit }
    };
    Ok(visits.into_iter().map(online).collect())
}

fn cells_of(Online { visit, person, activity }: &Online) -> Vec<Markup> {
    let who = html! {
        @match (visit.person_id, person) {
            (Some(id), Some(name)) => a href={ (to("/people/")) (id) } { (name) },
            _ => (words!("anonymous-visitor")),
        }
    };
    let text = |text: &Option<String>| html! { (text.as_deref().unwrap_or("–")) };
    let since = times::moment(Zone::utc(), visit.started_at);
    vec![who, text(&visit.current_page), text(activity), text(&visit.language_code), since]
}

/// '12.3 min'.
fn minutes_text(milliseconds: f64) -> String {
    let text = format!("{:.1}", milliseconds / 60_000.0);
    let (minutes, tenths) = text.split_once('.').unwrap_or((&text, "0"));
    words!("minutes-tenths", minutes = minutes, tenths = tenths)
}

/// A bar chart, and the same numbers as a table.
fn chart(hours: &[(DateTime<Utc>, i64)]) -> Markup {
    let most = hours.iter().map(|(_, count)| *count).max().unwrap_or(0).max(1);
    // In units of the view box, bars are 20 apart and at most 100 high.
    let bars = hours.iter().zip(0_i64..).map(|((hour, count), index)| {
        let height = count * 100 / most;
        (hour, count, 24 + index * 20, 110 - height, height)
    });
    html! {
        figure {
            svg.chart viewBox={ "0 0 " (30 + hours.len() * 20) " 130" } role="img" aria-label=(words!("visits-by-hour")) {
                line x1="22" y1="110" x2=(24 + hours.len() * 20) y2="110" {}
                text x="20" y="16" text-anchor="end" { (most) }
                text x="20" y="113" text-anchor="end" { "0" }
                @for (hour, count, x, y, height) in bars {
                    rect x=(x) y=(y) width="16" height=(height) { title { (hour.hour()) ":00 UTC: " (count) } }
                    @if hour.hour() % 3 == 0 { text x=(x + 8) y="124" text-anchor="middle" { (hour.hour()) } }
                }
            }
            figcaption {
                details {
                    summary { (words!("visits-by-hour-utc")) }
                    table {
                        thead { tr { th scope="col" { (words!("hour")) } th.number scope="col" { (words!("visits")) } } }
                        tbody {
                            @for (hour, count) in hours {
                                tr { td { (times::moment(Zone::utc(), *hour)) } td.number { (count) } }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// The part of the page with the form that changes the seats of an activity.
fn part_of(key: &str) -> String {
    format!("activity-{key}")
}

fn seats_of(activity: &activities::Activity) -> Typed {
    Typed::default().with_some("maxConcurrent", activity.max_concurrent)
}

fn new_activity(outcome: &Outcome) -> Markup {
    let form_state = outcome.form_state(NEW, Typed::default);
    let mut form = form_state.form();
    let [key, name, seats] = [words!("key"), words!("name"), words!("seats")];
    form.add(&Field::text("key", &key).hint(words!("activity-key-hint")).required());
    form.add(&Field::text("name", &name).required());
    form.add(&Field::number("maxConcurrent", &seats, 0, i32::MAX.into()).hint(words!("seats-hint")));
    form.send_to(&to("/admin/activities"), &html! { button { (words!("add")) } })
}

/// Creates an activity, or changes its number of seats.
pub async fn save_activity(State(pages): State<Pages>, Admin(visitor): Admin, Form(typed): Form<Typed>) -> Page {
    let app = &pages.app;
    let exists = typed.has("exists");
    let saved = match read_activity(&typed) {
        Ok(new) => save(app, visitor.viewer, new, exists).await,
        Err(error) => Err(error),
    };
    let part = if exists { part_of(typed.text("key")) } else { NEW.to_owned() };
    match saved {
        Ok(()) => Ok(confirmed(&to("/admin"), Done::ActivitySaved, &part)),
        Err(error) => {
            let form_state = FormState::refused_for(&visitor, typed, error)?;
            // The form of an activity that exists has one field only.
            let form_state = if exists { form_state.shown_beside(|_, _| None) } else { form_state };
            refused(app, &visitor, &part, form_state).await
        }
    }
}

/// The form for a new activity must not change one that exists.
async fn save(app: &App, viewer: Viewer, new: NewActivity, exists: bool) -> Result<()> {
    if !exists && activities::find_activity_by_key(app, &new.key).await?.is_some() {
        return Err(Error::invalid("key", words!("activity-key-taken")));
    }
    activities::save_activity(app, viewer, new).await.map(drop)
}

fn read_activity(typed: &Typed) -> Result<NewActivity> {
    let mut errors = FieldErrors::default();
    let max_concurrent = errors.note(typed.parsed("maxConcurrent", &words!("must-be-whole-number")))?;
    let (key, name) = (typed.text("key").to_owned(), typed.text("name").to_owned());
    let new = NewActivity { key, name, max_concurrent, ..NewActivity::default() };
    if !errors.is_empty() {
        errors.note(new.check())?;
    }
    errors.finish()?;
    Ok(new)
}
