//! Today's meetings in a city as a picture: one line for each meeting, and a vertical line at the current time.

use chrono::{DateTime, Days, NaiveTime, TimeDelta, Timelike as _, Utc};
use domain::zone::{Zone, ZoneData, instant_of, local_date, local_time};
use maud::{Markup, html};
use service::{
    App, Result,
    instances::meetings::{self, Meeting},
    sessions::Session,
};

use super::{cards, times};
use crate::language::{formats, words};

/// The most lines of a picture.
const LINES: usize = 12;
/// The height of a line, and of the hours above the lines, in pixels.
const LINE: usize = 44;
const TOP: usize = 24;

pub struct Timeline {
    city: String,
    zone: Zone,
    begins: DateTime<Utc>,
    ends: DateTime<Utc>,
    now: DateTime<Utc>,
    lines: Vec<Line>,
}

struct Line {
    name: String,
    address: String,
    starts_at: DateTime<Utc>,
    ends_at: DateTime<Utc>,
    is_active: bool,
}

impl Timeline {
    /// `None` if no session meets today.
    pub async fn load(app: &App, city: &str, sessions: &[Session]) -> Result<Option<Self>> {
        let Some(zone) = usual_zone(app.zone_data(), sessions) else { return Ok(None) };
        let now = app.now();
        let today = local_date(zone, now);
        let (yesterday, tomorrow) = (today - Days::new(1), today + Days::new(1));
        let midnight = |date: chrono::NaiveDate| instant_of(zone, date.and_time(NaiveTime::MIN));
        let (begins, ends) = (midnight(today), midnight(tomorrow));
        let found = meetings::find_between(app, sessions, yesterday, tomorrow).await?;
        let line = |(id, meeting): (_, Meeting)| {
            let session = sessions.iter().find(|session| session.id == id)?;
            let (starts_at, ends_at) = (meeting.starts_at?, meeting.ends_at?);
            let is_cancelled = meeting.is_cancelled();
            (starts_at < ends && begins < ends_at && !is_cancelled).then(|| Line {
                name: session.name.clone(),
                address: cards::address(session),
                starts_at,
                ends_at,
                is_active: meeting.is_active(),
            })
        };
        let lines = fitting(found.into_iter().filter_map(line).collect(), now);
        let timeline = Self { city: city.to_owned(), zone, begins, ends, now, lines };
        Ok((!timeline.lines.is_empty()).then_some(timeline))
    }

    /// The position of an instant within the day, in percent.
    fn percent(&self, at: DateTime<Utc>) -> f64 {
        let part = |span: TimeDelta| f64::from(i32::try_from(span.num_seconds()).unwrap_or_default());
        (part(at - self.begins) / part(self.ends - self.begins) * 100.0).clamp(0.0, 100.0)
    }

    pub fn render(&self) -> Markup {
        let height = TOP + self.lines.len() * LINE + 4;
        let x = |at| format!("{:.2}%", self.percent(at));
        let hours = (0..8).map(|index| self.begins + TimeDelta::hours(3 * index));
        html! {
            figure.timeline aria-labelledby="today" {
                figcaption #today { (words!("today-in", city = self.city.as_str())) }
                // Percentages let the picture use the width while its letters keep their size.
                svg width="100%" height=(height) {
                    @for at in hours {
                        line.hour x1=(x(at)) x2=(x(at)) y1=(TOP) y2=(height) {}
                        text.hour x=(x(at)) dx="3" y="14" { (hour_text(self.zone, at)) }
                    }
                    line.now x1=(x(self.now)) x2=(x(self.now)) y1="0" y2=(height) { title { (words!("now")) } }
                    @for (index, line) in self.lines.iter().enumerate() { (self.line(line, TOP + index * LINE)) }
                }
            }
        }
    }

    fn line(&self, line: &Line, top: usize) -> Markup {
        let (start, end) = (self.percent(line.starts_at), self.percent(line.ends_at));
        let clock = times::clock_text(local_time(self.zone, line.starts_at));
        // A text that begins in the right half could leave the picture.
        let (at, anchor) = if start > 50.0 { (end, "end") } else { (start, "start") };
        html! {
            a href=(line.address) {
                rect.on[line.is_active] x=(format!("{start:.2}%")) y=(top + 22) width=(format!("{:.2}%", (end - start).max(0.5))) height="14" rx="4" {}
                text x=(format!("{at:.2}%")) y=(top + 16) text-anchor=(anchor) { tspan { (line.name) } ", " (clock) }
            }
        }
    }
}

/// The lines that fit into the picture, by their start. What is over gives way first, the earliest before the others.
fn fitting(mut lines: Vec<Line>, now: DateTime<Utc>) -> Vec<Line> {
    let mut excess = lines.len().saturating_sub(LINES);
    lines.retain(|line| {
        let gives_way = 0 < excess && line.ends_at <= now && !line.is_active;
        excess -= usize::from(gives_way);
        !gives_way
    });
    lines.truncate(LINES);
    lines
}

/// The time zone that most of these sessions have. `None` if no session has a zone that can be read.
fn usual_zone(data: ZoneData, sessions: &[Session]) -> Option<Zone> {
    let mut counts: Vec<(Zone, usize)> = Vec::new();
    for zone in sessions.iter().filter_map(|session| session.zone(data).ok()) {
        match counts.iter_mut().find(|(other, _)| other.name() == zone.name()) {
            Some((_, count)) => *count += 1,
            None => counts.push((zone, 1)),
        }
    }
    // Of several with the same count, the first one.
    counts.into_iter().rev().max_by_key(|(_, count)| *count).map(|(zone, _)| zone)
}

/// '3am', 'noon' or '15:00'. Midnight needs no name, because the picture begins there.
fn hour_text(zone: Zone, at: DateTime<Utc>) -> String {
    let local = local_time(zone, at);
    if local.hour() == 0 { String::new() } else { formats::clock_hour(local.time()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_over_gives_way_when_the_picture_is_full() {
        let now = DateTime::UNIX_EPOCH + TimeDelta::hours(12);
        let lines = |hours: std::ops::Range<i64>| {
            let line = |hour: i64| Line {
                name: hour.to_string(),
                address: String::new(),
                starts_at: DateTime::UNIX_EPOCH + TimeDelta::hours(hour),
                ends_at: DateTime::UNIX_EPOCH + TimeDelta::hours(hour + 1),
                is_active: hour == 2,
            };
            hours.map(line).collect()
        };
        let shown = |hours| -> Vec<i64> {
            fitting(lines(hours), now).iter().map(|line| line.name.parse().unwrap_or_default()).collect()
        };
        assert_eq!(shown(5..9), [5, 6, 7, 8]);
        assert_eq!(shown(0..14), [2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13]);
        assert_eq!(shown(12..25), (12..24).collect::<Vec<_>>(), "the latest do not fit");
    }
}
