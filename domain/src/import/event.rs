//! One VEVENT: its times, as instants and as local times in its zone.

use std::sync::Arc;

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc};

use super::{
    feed::{Listed, Origin, PREFIX, Rule},
    lines::{Component, Property},
    problem::EventProblem,
    shortened,
    values::{self, Length, Stamp},
    zones::{Range, Years, Zones},
};
use crate::{
    dates::{self, OutOfRange},
    geo::GeoPoint,
    zone::{Zone, instant_of, local_time},
};

/// How many dates of one kind an event may list.
pub(super) const MAX_DATES: usize = 1_000;
/// The longest UID, in bytes.
pub(super) const MAX_UID: usize = 1_000;

/// A local time in a zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Moment {
    pub(super) local: NaiveDateTime,
    pub(super) zone: Zone,
}

impl Moment {
    pub(super) fn at(self) -> DateTime<Utc> {
        instant_of(self.zone, self.local)
    }

    /// The local time in the zone of the session. `property` is the one with this time.
    pub(super) fn local_in(self, zone: Zone, property: &str) -> Result<NaiveDateTime, EventProblem> {
        let local = if self.zone == zone { self.local } else { local_time(zone, self.at()) };
        dates::check(local.date()).map_err(|OutOfRange| self.out_of_range(property))?;
        if self.zone == zone || instant_of(zone, local) == self.at() {
            return Ok(local);
        }
        Err(EventProblem::ShownTwice { property: property.to_owned(), local, zone })
    }

    fn out_of_range(self, property: &str) -> EventProblem {
        let time = format!("{} in {}", self.local.format("%Y-%m-%d %H:%M"), self.zone.name());
        EventProblem::OutOfRange { property: property.to_owned(), time }
    }

    /// Refuses a time whose date is out of range in every zone.
    fn checked(self, property: &str) -> Result<Self, EventProblem> {
        let date = self.local.date();
        let near = [date.pred_opt(), Some(date), date.succ_opt()];
        let is_near = near.into_iter().flatten().any(|date| dates::check(date).is_ok());
        if is_near { Ok(self) } else { Err(self.out_of_range(property)) }
    }
}

/// The end of a meeting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    At(Moment),
    /// This time after the start, by local clocks.
    After(TimeDelta),
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Event {
    pub(super) uid: String,
    /// Of several versions of an event, the one with the largest version counts.
    pub(super) version: (i64, String),
    pub(super) name: Option<String>,
    pub(super) location: Option<String>,
    pub(super) coordinates: Option<GeoPoint>,
    pub(super) is_cancelled: bool,
    pub(super) start: Moment,
    /// Whether it is an instance of our own feed whose times are not known. Then the start is the midnight of its date.
    pub(super) is_day: bool,
    /// The times at which the VTIMEZONE of the start has another offset than its zone.
    pub(super) contradictions: Arc<[Range]>,
    pub(super) end: Option<End>,
    /// The start of the meeting that this event replaces (RECURRENCE-ID).
    pub(super) replaces: Option<Moment>,
    pub(super) rrule: Option<String>,
    /// Whether the start names no zone.
    pub(super) is_floating: bool,
    pub(super) excluded: Vec<Moment>,
    pub(super) added: Vec<(Moment, Option<End>)>,
    /// The rule of our own feed that it is from, if it is not one event with its rule.
    pub(super) origin: Option<Origin>,
    /// The date from which the intervals of our own feed count.
    pub(super) anchor: Option<NaiveDate>,
    /// The meetings of the rule that are events of their own. `None` if all are in the rule only.
    pub(super) listed: Option<Listed>,
}

/// How the times of one event are read.
#[derive(Clone, Copy)]
struct Times<'a> {
    years: Years,
    /// The TZID of DTSTART, which times without a TZID have too.
    name: Option<&'a str>,
    /// The zone of times without a TZID, if DTSTART has none.
    floating: Option<Zone>,
}

/// Reads the values of an event.
pub(super) struct Reader<'a> {
    pub(super) zones: &'a mut Zones,
    /// The place in the file of the calendar whose events are read.
    pub(super) calendar: usize,
    pub(super) utc: Zone,
    /// The zone of events whose DTSTART is floating.
    pub(super) floating: Option<Zone>,
    pub(super) now: DateTime<Utc>,
}

impl Reader<'_> {
    /// # Errors
    /// If the event cannot be read. The message completes a sentence about the event.
    pub(super) fn read(&mut self, component: &Component, is_ours: bool) -> Result<Event, EventProblem> {
        if let Some(problem) = &component.problem {
            return Err(problem.clone().into());
        }
        if component.property("EXRULE").is_some() {
            return Err(EventProblem::Exrule);
        }
        if let Some(name) = component.repeated(&["RDATE", "EXDATE"]) {
            return Err(EventProblem::Repeated(name.to_owned()));
        }
        let uid =
            component.value("UID").map(str::trim).filter(|uid| !uid.is_empty()).ok_or(EventProblem::Missing("UID"))?;
        if uid.len() > MAX_UID || uid.chars().any(char::is_control) {
            return Err(EventProblem::UnusableUid);
        }
        let years = years(component, self.now)?;
        let start = component.property("DTSTART").ok_or(EventProblem::Missing("DTSTART"))?;
        let is_floating =
            start.parameter("TZID").is_none() && matches!(values::stamp(&start.value), Some(Stamp::Local(_)));
        let name = start.parameter("TZID");
        let times = Times { years, name, floating: self.floating };
        let (start, is_day) = match self.moment(start, &start.value, times)? {
            Some(start) => (start, false),
            None if is_ours => (self.own_day(component, start, years)?, true),
            None => return Err(EventProblem::NoTime),
        };
        // A floating time in an event that has a zone would otherwise depend on the zone of the import.
        let name = name.filter(|_| start.zone != self.utc);
        let times = Times { name, floating: Some(start.zone), ..times };
        let replaces = component.property("RECURRENCE-ID");
        if replaces.and_then(|it| it.parameter("RANGE")).is_some() {
            return Err(EventProblem::ChangesLaterMeetings);
        }
        let replaces = match replaces {
            Some(it) => Some(timed(self.moment(it, &it.value, times)?, "RECURRENCE-ID")?),
            None => None,
        };
        let excluded = self.excluded(component, "EXDATE", times)?;
        let mut added = Vec::new();
        for property in component.all("RDATE") {
            for value in property.value.split(',').filter(|value| !value.trim().is_empty()) {
                added.push(self.added(property, value, times)?);
            }
        }
        if added.len() > MAX_DATES {
            return Err(EventProblem::TooManyDates);
        }
        let coordinates = match component.value("GEO") {
            Some(text) => Some(coordinates(text).ok_or_else(|| unreadable("GEO", text))?),
            None => None,
        };
        let sequence = component.value("SEQUENCE").and_then(|text| text.trim().parse().ok()).unwrap_or(0);
        Ok(Event {
            uid: uid.to_owned(),
            version: (sequence, component.value("DTSTAMP").unwrap_or_default().to_owned()),
            name: component.value("SUMMARY").map(|text| one_line(text, " ")).filter(|text| !text.is_empty()),
            location: component.value("LOCATION").map(|text| one_line(text, ", ")).filter(|text| !text.is_empty()),
            coordinates,
            is_cancelled: component.value("STATUS").is_some_and(|text| text.trim().eq_ignore_ascii_case("CANCELLED")),
            start,
            is_day,
            contradictions: name
                .map_or_else(Arc::default, |name| self.zones.contradictions(self.calendar, name, years)),
            end: self.end(component, start, times)?,
            replaces,
            rrule: component.value("RRULE").map(str::to_owned),
            is_floating,
            excluded,
            added,
            origin: if is_ours { self.origin(component, times)? } else { None },
            anchor: if is_ours { self.anchor(component)? } else { None },
            listed: None,
        })
    }

    /// The times of all properties with this name.
    fn excluded(&mut self, component: &Component, name: &str, times: Times<'_>) -> Result<Vec<Moment>, EventProblem> {
        let mut excluded = Vec::new();
        for property in component.all(name) {
            for value in property.value.split(',').filter(|value| !value.trim().is_empty()) {
                excluded.push(timed(self.moment(property, value, times)?, name)?);
            }
        }
        if excluded.len() > MAX_DATES { Err(EventProblem::TooManyDates) } else { Ok(excluded) }
    }

    /// The date from which the intervals of our own feed count.
    fn anchor(&self, component: &Component) -> Result<Option<NaiveDate>, EventProblem> {
        let Some(date) = own_date(component, "ANCHOR") else { return Ok(None) };
        let midnight = Moment { local: date.and_time(NaiveTime::MIN), zone: self.utc };
        Ok(Some(midnight.local_in(self.utc, &format!("{PREFIX}ANCHOR"))?.date()))
    }

    /// The rule that a single event of our own feed is from.
    fn origin(&mut self, component: &Component, times: Times<'_>) -> Result<Option<Origin>, EventProblem> {
        let own = |name: &str| format!("{PREFIX}{name}");
        let mut time = |name: &str| match component.property(&own(name)) {
            Some(property) => self.moment(property, &property.value, times),
            None => Ok(None),
        };
        let (Some(occurrence), start) = (time("RECURRENCE-ID")?, time("DTSTART")?) else { return Ok(None) };
        let length = component.value(&own("DURATION")).and_then(values::duration).map(|length| length.exact);
        let rule = match (start, length, component.value(&own("RRULE"))) {
            (Some(start), Some(length), Some(rrule)) => {
                let location = component.value(&own("LOCATION")).map(|text| one_line(text, ", "));
                Some(Rule {
                    start,
                    length,
                    rrule: rrule.to_owned(),
                    excluded: self.excluded(component, &own("EXDATE"), times)?,
                    location,
                    listed_until: own_date(component, "UNTIL"),
                })
            }
            _ => None,
        };
        Ok(Some(Origin { occurrence, rule }))
    }

    /// The date of an instance whose times are not known, in our own feed: its midnight in the zone of its session.
    fn own_day(&mut self, component: &Component, start: &Property, years: Years) -> Result<Moment, EventProblem> {
        let others = ["DTEND", "DURATION", "RRULE", "RDATE", "EXDATE", "RECURRENCE-ID"];
        let stamp =
            values::stamp(&start.value).filter(|_| others.iter().all(|name| component.property(name).is_none()));
        let date = stamp.ok_or(EventProblem::NoTime)?.date();
        let zone = match component.value(&format!("{PREFIX}TZID")) {
            Some(name) => self.zones.find(self.calendar, name, years)?,
            None => self.utc,
        };
        Ok(Moment { local: date.and_time(NaiveTime::MIN), zone })
    }

    /// Reads a time. `None` if the value is a date without a time.
    fn moment(&mut self, property: &Property, value: &str, times: Times<'_>) -> Result<Option<Moment>, EventProblem> {
        let stamp = values::stamp(value).ok_or_else(|| unreadable(&property.name, value))?;
        let Times { years, name, floating } = times;
        let (local, zone) = match (stamp, property.parameter("TZID").or(name)) {
            (Stamp::Date(_), _) => return Ok(None),
            (Stamp::Utc(local), _) => (local, self.utc),
            (Stamp::Local(local), Some(name)) => {
                let zone = self.zones.find(self.calendar, name, years)?;
                let at = instant_of(zone, local);
                if self
                    .zones
                    .contradictions(self.calendar, name, years)
                    .iter()
                    .any(|(from, to)| *from <= at && at < *to)
                {
                    return Err(EventProblem::Contradiction(at));
                }
                (local, zone)
            }
            (Stamp::Local(local), None) => (
                local,
                floating.ok_or_else(|| {
                    let named = self.zones.named(self.calendar);
                    EventProblem::NoZone { property: property.name.clone(), named }
                })?,
            ),
        };
        Moment { local, zone }.checked(&property.name).map(Some)
    }

    /// One value of RDATE: a time, or a period.
    fn added(
        &mut self,
        property: &Property,
        value: &str,
        times: Times<'_>,
    ) -> Result<(Moment, Option<End>), EventProblem> {
        let (start, end) = value.split_once('/').map_or((value, None), |(start, end)| (start, Some(end)));
        let start = timed(self.moment(property, start, times)?, "RDATE")?;
        let end = match end {
            None => None,
            Some(end) => Some(match values::duration(end) {
                Some(length) => self.after(start, length),
                None => End::At(timed(self.moment(property, end, times)?, "RDATE")?),
            }),
        };
        Ok((start, end))
    }

    fn end(&mut self, component: &Component, start: Moment, times: Times<'_>) -> Result<Option<End>, EventProblem> {
        let end = match (component.property("DTEND"), component.property("DURATION")) {
            (Some(_), Some(_)) => return Err(EventProblem::TwoEnds),
            (None, None) => return Ok(None),
            (Some(end), None) => End::At(timed(self.moment(end, &end.value, times)?, "DTEND")?),
            (None, Some(length)) => {
                let value = &length.value;
                let read = values::duration(value);
                let length = read.ok_or_else(|| unreadable("DURATION", value))?;
                self.after(start, length)
            }
        };
        // A meeting without a length has no end.
        Ok(match end {
            End::At(moment) if moment.at() == start.at() => None,
            end => Some(end),
        })
    }

    fn after(&self, start: Moment, length: Length) -> End {
        let days = start.local.checked_add_signed(TimeDelta::days(length.days)).unwrap_or(start.local);
        let at = Moment { local: days, ..start }.at().checked_add_signed(length.exact);
        let local = at.map_or(days, |at| at.naive_utc());
        End::At(Moment { local, zone: self.utc })
    }
}

impl Event {
    /// The length by local clocks. All meetings of a series have this length. `None` if the event has no end.
    pub(super) fn nominal_length(&self) -> Option<TimeDelta> {
        Some(match self.end? {
            End::At(end) if end.zone == self.start.zone => end.local - self.start.local,
            End::At(end) => {
                let elapsed = end.at() - self.start.at();
                let local = local_time(self.start.zone, end.at()) - self.start.local;
                // The clocks may change during the first meeting of a series, but not during most others. Then the
                // elapsed time is used.
                if elapsed == local { local } else { elapsed }
            }
            End::After(length) => length,
        })
    }
}

fn unreadable(property: &str, value: &str) -> EventProblem {
    EventProblem::Unreadable { property: property.to_owned(), value: shortened(value) }
}

/// The date in a property that only our own feeds have.
fn own_date(component: &Component, name: &str) -> Option<NaiveDate> {
    component.value(&format!("{PREFIX}{name}")).and_then(values::stamp).map(Stamp::date)
}

fn timed(moment: Option<Moment>, name: &str) -> Result<Moment, EventProblem> {
    moment.ok_or_else(|| EventProblem::OnlyADate(name.to_owned()))
}

/// The first and the last year in which an event has meetings.
fn years(component: &Component, now: DateTime<Utc>) -> Result<Years, EventProblem> {
    let names = ["DTSTART", "DTEND", "RECURRENCE-ID", "RDATE", "EXDATE"];
    let values = names.iter().flat_map(|name| component.all(name)).flat_map(|property| property.value.split(','));
    let mut years = (i32::MAX, i32::MIN);
    for (count, value) in values.enumerate() {
        if count > 3 * MAX_DATES {
            return Err(EventProblem::TooManyDates);
        }
        if let Some(year) = value.trim().get(0..4).and_then(|year| year.parse().ok()) {
            years = (years.0.min(year), years.1.max(year));
        }
    }
    if let Some(rule) = component.value("RRULE") {
        let upper = rule.to_ascii_uppercase();
        let until = upper.split_once("UNTIL=").and_then(|(_, until)| until.get(0..4)?.parse().ok());
        years.1 = years.1.max(until.unwrap_or_else(|| now.year() + 5));
    }
    Ok(if years.0 > years.1 { (now.year(), now.year()) } else { years })
}

/// Joins the lines of a text.
fn one_line(text: &str, separator: &str) -> String {
    let lines = text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "));
    lines
        .map(|line| line.trim_end_matches(',').to_owned())
        .filter(|line| !line.is_empty())
        .collect::<Vec<_>>()
        .join(separator)
}

fn coordinates(text: &str) -> Option<GeoPoint> {
    let (latitude, longitude) = text.trim().split_once(';')?;
    let degrees = |text: &str| text.trim().trim_end_matches('\\').parse().ok();
    GeoPoint::new(degrees(latitude)?, degrees(longitude)?).ok()
}
