//! The VEVENTs for a session's recurrence and its instances.
//!
//! - A *series* is a schedule, or one of its positions, as a VEVENT with an RRULE. If not all programs read the rule, each of
//!   its meetings is a VEVENT of its own instead, a *part* of the series.
//! - An *exception* is an occurrence that differs from its RRULE. It is an EXDATE if the occurrence is skipped or was deleted,
//!   or if another series has the same meeting. Otherwise it is a VEVENT with the RECURRENCE-ID of the occurrence: the
//!   occurrence is cancelled, moved or at another location, or a clock change makes it longer, shorter or later.
//! - Instances that stand for no occurrence are VEVENTs of their own.

use std::collections::{BTreeSet, HashMap, HashSet};

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc};
use domain::{
    geo::is_named_in,
    ids::SessionInstanceId,
    matching::Matcher,
    recurrence::{Calendar, Occurrence, OccurrenceKey, Recurrence, Series, Skips},
    zone::{Zone, ZoneData, instant_of, local_date, local_time},
};

use super::{EventNames, SessionCalendar};
use crate::{
    instances::Instance,
    sessions::{Session, Skip},
};

/// All occurrences are looked at until the end of the year this many years from now. Later ones are looked at on the dates that
/// have a skip or an instance.
const YEARS_AHEAD: i32 = 5;

/// How many later occurrences of a rule are looked at.
const LATER: usize = 20;

/// Local times are only written from this date on, because the zone data begins in 1970.
const FIRST_DATE: NaiveDate = match NaiveDate::from_ymd_opt(1970, 1, 2) {
    Some(date) => date,
    None => NaiveDate::MIN,
};

/// A VEVENT.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Event {
    /// The name of the event. It is unique within the session and does not change.
    pub(super) name: String,
    pub(super) time: Time,
    pub(super) location: Option<String>,
    pub(super) is_cancelled: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Time {
    /// A recurring event in local times.
    Series(Rule),
    /// An event that replaces the occurrence at this local time in the series of the same name.
    Exception {
        of: NaiveDateTime,
        meeting: (DateTime<Utc>, Option<DateTime<Utc>>),
    },
    /// The occurrence at this local time in a series that is not written as one. The first part has the rule, so that an
    /// import has it.
    Part {
        of: NaiveDateTime,
        meeting: (DateTime<Utc>, Option<DateTime<Utc>>),
        rule: Option<Rule>,
    },
    Meeting(DateTime<Utc>, Option<DateTime<Utc>>),
    /// An instance whose times are not known.
    Day(NaiveDate),
}

/// A series, and the local times of its occurrences that are left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Rule {
    pub(super) series: Series,
    pub(super) excluded: Vec<NaiveDateTime>,
    /// If the meetings are written as parts, the last date for which all of them are.
    pub(super) listed_until: NaiveDate,
}

/// The events of a calendar. `local` is the zone for events that are written in local time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Events {
    pub(super) all: Vec<Event>,
    pub(super) local: Option<Local>,
    /// The date from which intervals count, if the events alone do not say it.
    pub(super) anchor: Option<NaiveDate>,
}

/// A zone, and the instants between which its clock changes matter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Local {
    pub(super) zone: Zone,
    pub(super) from: DateTime<Utc>,
    pub(super) until: DateTime<Utc>,
}

impl Local {
    /// The local time of an instant. `None` if the clocks show this time twice, because some programs would take the other
    /// instant.
    pub(super) fn time(&self, at: DateTime<Utc>) -> Option<NaiveDateTime> {
        let local = local_time(self.zone, at);
        (local.date() >= FIRST_DATE && !is_twice(self.zone, local)).then_some(local)
    }
}

/// Whether the clocks show this local time twice.
fn is_twice(zone: Zone, local: NaiveDateTime) -> bool {
    let first = instant_of(zone, local);
    // Clocks go back by less than a day.
    let later = (local - zone.offset(first + TimeDelta::days(1))).and_utc();
    later > first && local_time(zone, later) == local
}

/// The events of a session. If its zone or recurrence can't be read, these are only its instances, in UTC.
pub(super) fn events(data: ZoneData, source: &SessionCalendar, now: DateTime<Utc>) -> Events {
    let SessionCalendar { session, instances, names, .. } = source;
    // An instance that was removed because the recurrence changed counts as if it had never existed (rule 11).
    let instances: Vec<_> = instances.iter().filter(|row| !row.is_removed_by_recurrence).collect();
    let (Ok(zone), Ok(recurrence)) = (session.zone(data), session.recurrence()) else {
        return Events { all: singles(session, names, &instances), local: None, anchor: None };
    };
    let planner = Planner::new(source, zone, recurrence.unwrap_or_default(), &instances, now);
    let all = planner.recurrence.series(&planner.calendar, planner.since);
    // Several series may begin in different weeks and months. A first meeting in a later year would move `until`.
    let has_interval = all.len() > 1 && all.iter().any(|series| series.schedule.interval() > 1);
    let first = all.iter().map(|series| series.starts.date()).min();
    let begins_later = first.is_some_and(|first| planner.until < last_date(first, local_date(zone, now)));
    let anchor = planner.calendar.anchor.filter(|_| has_interval || begins_later);
    let (mut events, covered) = planner.events(&all);
    let single: Vec<_> = instances.iter().copied().filter(|row| !covered.contains(&row.id)).collect();
    events.extend(singles(session, names, &single));
    let from = events.iter().filter_map(|event| event.begins(zone)).min().unwrap_or(now);
    let last = events.iter().filter_map(Event::ends).max().unwrap_or(from);
    let until = instant_of(zone, planner.until.and_time(NaiveTime::MIN)).max(from).max(last);
    Events { all: events, local: Some(Local { zone, from, until }), anchor }
}

impl Event {
    fn begins(&self, zone: Zone) -> Option<DateTime<Utc>> {
        match &self.time {
            Time::Series(Rule { series, .. }) => Some(instant_of(zone, series.starts)),
            Time::Exception { meeting: (starts_at, _), .. }
            | Time::Part { meeting: (starts_at, _), .. }
            | Time::Meeting(starts_at, _) => Some(*starts_at),
            Time::Day(_) => None,
        }
    }

    /// An exception of a series that is not written as one.
    fn on_its_own(self, rule: Option<Rule>) -> Self {
        let Time::Exception { of, meeting } = self.time else { return self };
        let name = format!("{}-{}", self.name, of.format("%Y%m%d"));
        Self { name, time: Time::Part { of, meeting, rule }, ..self }
    }

    /// The end of a single meeting.
    fn ends(&self) -> Option<DateTime<Utc>> {
        match &self.time {
            Time::Exception { meeting: (starts_at, ends_at), .. }
            | Time::Part { meeting: (starts_at, ends_at), .. }
            | Time::Meeting(starts_at, ends_at) => Some(ends_at.unwrap_or(*starts_at)),
            Time::Series(_) | Time::Day(_) => None,
        }
    }
}

/// The last date for which exceptions are written, if the session begins on `since`.
fn last_date(since: NaiveDate, today: NaiveDate) -> NaiveDate {
    let year = since.max(today).year().saturating_add(YEARS_AHEAD);
    NaiveDate::from_ymd_opt(year, 12, 31).unwrap_or(NaiveDate::MAX)
}

/// Instances as events of their own, ordered by start. The ids of an import would have another order.
fn singles(session: &Session, names: &EventNames, instances: &[&Instance]) -> Vec<Event> {
    let mut existing: Vec<_> = instances.iter().filter(|row| row.deleted_at.is_none()).collect();
    existing.sort_by_cached_key(|row| (row.listed_at, row.ends_at, row.location_override.clone(), row.is_cancelled));
    let single = existing.into_iter().map(|row| Event {
        name: names.of_instance(row.id),
        time: row.starts_at.map_or(Time::Day(row.date), |starts_at| Time::Meeting(starts_at, row.ends_at)),
        location: location(session, Some(row)),
        is_cancelled: row.is_cancelled,
    });
    single.collect()
}

/// Where an instance, or without one the session, takes place. A location may name the city already.
pub(super) fn location(session: &Session, instance: Option<&Instance>) -> Option<String> {
    if let Some(text) = instance.and_then(|row| row.location_override.clone()) {
        return Some(text);
    }
    let location = session.location.as_deref();
    let places = [&session.city, &session.state, &session.country].into_iter().flatten().map(String::as_str);
    let others = places.filter(|name| !location.is_some_and(|location| is_named_in(location, name)));
    let parts: Vec<_> = location.into_iter().chain(others).collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

struct Planner<'a> {
    session: &'a Session,
    recurrence: Recurrence,
    /// Without the skips, because the RRULEs do not contain them.
    calendar: Calendar,
    skips: &'a [Skip],
    skipped: Skips,
    since: NaiveDate,
    until: NaiveDate,
    /// The dates after `until` that have an instance, or the occurrence of one.
    later: BTreeSet<NaiveDate>,
    instances: &'a [&'a Instance],
    /// The index of the instance that stands for an occurrence.
    standing: HashMap<OccurrenceKey, usize>,
}

impl<'a> Planner<'a> {
    fn new(
        source: &'a SessionCalendar,
        zone: Zone,
        recurrence: Recurrence,
        instances: &'a [&'a Instance],
        now: DateTime<Utc>,
    ) -> Self {
        let SessionCalendar { session, skips, .. } = source;
        let skipped = Skip::all_dates(skips);
        let calendar = session.calendar(zone, Skips::NONE);
        let since = calendar.anchor.unwrap_or(FIRST_DATE).max(FIRST_DATE);
        let until = last_date(since, local_date(zone, now));
        let own_dates = instances.iter().flat_map(|row| [Some(row.date), row.occurrence_date]).flatten();
        let later = own_dates.filter(|date| until < *date).collect();
        let mut planner = Self {
            session,
            recurrence,
            calendar,
            skips,
            skipped,
            since,
            until,
            later,
            instances,
            standing: HashMap::new(),
        };
        let existing = session.calendar(zone, planner.skipped.clone());
        let occurrences = planner.looked_at(&planner.recurrence, &existing);
        let matcher = Matcher::new(instances.iter().map(|row| row.existing()));
        let matched = matcher.with_instances(&planner.recurrence, &existing, occurrences).into_iter();
        planner.standing = matched.filter_map(|(occurrence, index)| Some((occurrence.key(), index?))).collect();
        planner
    }

    /// The occurrences that may be exceptions: all until `until`, and those on later dates that have an instance.
    fn looked_at(&self, recurrence: &Recurrence, calendar: &Calendar) -> Vec<Occurrence> {
        let on = |date: NaiveDate| recurrence.occurrences(calendar, date, date);
        let later = self.later.iter().flat_map(|date| on(*date));
        recurrence.occurrences(calendar, self.since, self.until).chain(later).collect()
    }

    /// The series and exceptions, and the ids of the instances that they cover.
    fn events(&self, all: &[Series]) -> (Vec<Event>, HashSet<SessionInstanceId>) {
        let mut events = Vec::new();
        let mut covered = HashSet::new();
        for (series, occurrences) in all.iter().zip(self.occurrences(all)) {
            let mut excluded = Vec::new();
            let mut exceptions = Vec::new();
            let is_series = series.is_widely_read();
            for (occurrence, is_covered_here) in occurrences {
                let exists = is_covered_here && !self.skipped.contains(occurrence.date);
                let row = self.instance_of(&occurrence).filter(|_| exists);
                let exception = if exists { self.exception(&occurrence, series, row) } else { Exception::Excluded };
                match exception {
                    Exception::None if is_series || self.until < occurrence.date => {}
                    Exception::None => exceptions.push(self.planned(&occurrence, series)),
                    Exception::Excluded => excluded.push(scheduled(&occurrence)),
                    Exception::Changed(event) => exceptions.push(*event),
                }
                covered.extend(row.filter(|row| row.deleted_at.is_some() || row.starts_at.is_some()).map(|row| row.id));
            }
            excluded.extend(self.skipped_later(series).iter().map(scheduled));
            excluded.sort_unstable();
            excluded.dedup();
            // Without an event, the rule would not be in the feed.
            if !is_series && exceptions.is_empty() {
                let next = self.next_later(series, all, &excluded);
                exceptions.extend(next.map(|occurrence| self.planned(&occurrence, series)));
            }
            let rule = Rule { series: series.clone(), excluded, listed_until: self.until };
            if is_series {
                events.push(Event {
                    name: series.name(),
                    time: Time::Series(rule),
                    location: location(self.session, None),
                    is_cancelled: false,
                });
                events.extend(exceptions);
            } else {
                let mut rule = Some(rule);
                events.extend(exceptions.into_iter().map(|event| event.on_its_own(rule.take())));
            }
        }
        (events, covered)
    }

    /// The occurrences of each series, and whether the series covers them. Schedules that start at the same instant are one
    /// occurrence, which only one series covers.
    fn occurrences(&self, all: &[Series]) -> Vec<Vec<(Occurrence, bool)>> {
        let of = |recurrence: &Recurrence| self.looked_at(recurrence, &self.calendar).into_iter();
        let mut uncovered: HashMap<DateTime<Utc>, Occurrence> =
            of(&self.recurrence).map(|occurrence| (occurrence.meeting.starts_at(), occurrence)).collect();
        let mut is_covered_here = |occurrence: &Occurrence| {
            let starts_at = occurrence.meeting.starts_at();
            let is_the_one = uncovered
                .get(&starts_at)
                .is_some_and(|one| one.key() == occurrence.key() && one.meeting == occurrence.meeting);
            is_the_one && uncovered.remove(&starts_at).is_some()
        };
        let alone = all
            .iter()
            .map(|series| of(&series.alone()).map(|occurrence| (occurrence, is_covered_here(&occurrence))).collect());
        alone.collect()
    }

    /// The first occurrence after `until` that exists, and that no other series has.
    fn next_later(&self, series: &Series, all: &[Series], excluded: &[NaiveDateTime]) -> Option<Occurrence> {
        let is_elsewhere = |at: DateTime<Utc>| {
            let others = all.iter().filter(|other| *other != series);
            others.map(Series::alone).any(|other| !other.starting_in(&self.calendar, at, at).is_empty())
        };
        let later = self.until.succ_opt()?;
        let occurrences = series.alone().occurrences(&self.calendar, later, NaiveDate::MAX);
        let mut existing = occurrences.filter(|it| excluded.binary_search(&scheduled(it)).is_err()).take(LATER);
        existing.find(|occurrence| !is_elsewhere(occurrence.meeting.starts_at()))
    }

    /// The occurrences that are skipped after `until`.
    fn skipped_later(&self, series: &Series) -> Vec<Occurrence> {
        let recurrence = series.alone();
        let later = self.until.succ_opt().unwrap_or(NaiveDate::MAX);
        let ranges = self.skips.iter().filter(|skip| self.until < skip.to);
        ranges.flat_map(|skip| recurrence.occurrences(&self.calendar, skip.from.max(later), skip.to)).collect()
    }

    /// An occurrence that is as the series says.
    fn planned(&self, occurrence: &Occurrence, series: &Series) -> Event {
        let meeting = (occurrence.meeting.starts_at(), Some(occurrence.meeting.ends_at()));
        Event {
            name: series.name(),
            time: Time::Exception { of: scheduled(occurrence), meeting },
            location: location(self.session, None),
            is_cancelled: false,
        }
    }

    fn instance_of(&self, occurrence: &Occurrence) -> Option<&'a Instance> {
        self.standing.get(&occurrence.key()).and_then(|index| self.instances.get(*index)).copied()
    }

    /// Whether another occurrence shows this instance already: the one that the instance was created from.
    fn is_shown_elsewhere(&self, instance: &Instance, occurrence: &Occurrence) -> bool {
        let own = instance.existing().occurrence;
        own.is_some_and(|key| key != occurrence.key() && self.standing.contains_key(&key))
    }

    fn exception(&self, occurrence: &Occurrence, series: &Series, instance: Option<&Instance>) -> Exception {
        let planned = (occurrence.meeting.starts_at(), Some(occurrence.meeting.ends_at()));
        let (meeting, is_cancelled) = match instance {
            None => (planned, false),
            Some(row) if self.is_shown_elsewhere(row, occurrence) => return Exception::Excluded,
            Some(row) => match row.starts_at.filter(|_| row.deleted_at.is_none()) {
                Some(starts_at) => ((starts_at, row.ends_at), row.is_cancelled),
                // It was deleted, or its times are not known. In the second case it is an event of its own.
                None => return Exception::Excluded,
            },
        };
        let is_elsewhere = instance.is_some_and(|row| row.location_override.is_some());
        if meeting == planned && !is_cancelled && !is_elsewhere && self.is_as_the_series_says(occurrence, series) {
            return Exception::None;
        }
        Exception::Changed(Box::new(Event {
            name: series.name(),
            time: Time::Exception { of: scheduled(occurrence), meeting },
            location: location(self.session, instance),
            is_cancelled,
        }))
    }

    /// Whether the RRULE means the same meeting, even to programs that compute the end in local time.
    fn is_as_the_series_says(&self, occurrence: &Occurrence, series: &Series) -> bool {
        let (starts_at, ends_at) = (occurrence.meeting.starts_at(), occurrence.meeting.ends_at());
        let shown = |at| local_time(self.calendar.zone, at);
        let starts = scheduled(occurrence);
        let ends = starts + length(series);
        let is_clear = !is_twice(self.calendar.zone, starts) && !is_twice(self.calendar.zone, ends);
        is_clear && ends_at - starts_at == length(series) && shown(starts_at) == starts && shown(ends_at) == ends
    }
}

enum Exception {
    None,
    Excluded,
    Changed(Box<Event>),
}

fn scheduled(occurrence: &Occurrence) -> NaiveDateTime {
    occurrence.date.and_time(occurrence.start)
}

/// The duration of the meetings of a series, by their local times.
pub(super) fn length(series: &Series) -> TimeDelta {
    series.ends - series.starts
}
