//! Plans the session for the events of a source.
//!
//! The rules of the events become the recurrence. All differences become skips and instances, so that the matcher of
//! rule 10 finds exactly the meetings of the events:
//!
//! - A date on which all occurrences are excluded is a skip.
//! - An excluded occurrence on a date with others is a deleted instance.
//! - An additional meeting on the date of an occurrence would stand for that occurrence. So the occurrence gets an instance of
//!   its own.
//! - A session is over on its termination date. If a meeting is later than the last occurrence, the session goes on until
//!   then, and the occurrences in between are skips. In our own feeds, the last occurrence says when the session is over. An
//!   instance may be later there, and is not active.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{DateTime, Days, NaiveDate, NaiveDateTime, TimeDelta, Utc};

use super::{
    ImportedMeeting, ImportedSession, MeetingState,
    event::{End, Event, Moment},
    feed::{Listed, joined},
    problem::{EventProblem, NamedZone},
    shortened,
};
use crate::{
    geo::GeoPoint,
    recurrence::{BoundedRecurrence, Calendar, Occurrence, OccurrenceKey, Recurrence, ScheduleSource, Skips},
    window::MeetingTimes,
    zone::{Zone, clock_changes, local_date},
};

/// How many meetings of a session become instances at once.
pub(super) const MAX_MEETINGS: usize = 1_000;
/// For how many days the combined recurrence of several rules is compared with the rules one by one.
const COMPARED: Days = Days::new(800);

pub(super) struct Planner {
    pub(super) utc: Zone,
    /// The zone of the import, in which meetings in UTC are shown. Without it, that is the zone that their calendar names.
    pub(super) shown: Option<Zone>,
}

/// A session, and what belongs to it.
pub(super) struct Planned {
    pub(super) session: ImportedSession,
    /// What the session cannot keep of the events.
    pub(super) notes: Vec<String>,
    /// The events, if they are in UTC, so that they can be shown in any zone.
    pub(super) shown_anywhere: Vec<Event>,
}

/// The session of these events in a zone, and what it cannot keep of them.
///
/// # Errors
/// If a session cannot have exactly these meetings, such as one at a time that the clocks of the zone show twice.
pub(super) fn planned_in(
    events: &[Event],
    is_feed: bool,
    zone: Zone,
) -> Result<(ImportedSession, Vec<String>), EventProblem> {
    let anchor = events.iter().find_map(|event| event.anchor);
    let plan = Plan::new(Source { events, is_feed, anchor }, zone)?;
    let session = plan.session()?;
    let notes = plan.notes(&session);
    Ok((session, notes))
}

impl Planner {
    /// # Errors
    /// If a session cannot have exactly these meetings. The message completes a sentence about the event.
    pub(super) fn plan(&self, events: Vec<Event>, is_feed: bool, named: &NamedZone) -> Result<Planned, EventProblem> {
        let events = newest(events)?;
        let events = if is_feed { joined(events) } else { events };
        let masters = || events.iter().filter(|event| event.replaces.is_none());
        if !is_feed && masters().count() > 1 {
            return Err(EventProblem::SeveralMasters);
        }
        let ruled = masters().find(|event| event.rrule.is_some()).map(|event| event.start.zone);
        let local = || events.iter().map(|event| event.start.zone).find(|zone| *zone != self.utc);
        if let Some(zone) = ruled.or_else(local) {
            let (session, mut notes) = planned_in(&events, is_feed, zone)?;
            notes.extend(self.zone_note(&events, named, zone));
            return Ok(Planned { session, notes, shown_anywhere: Vec::new() });
        }
        // The meetings are in UTC, so they can be shown in any zone in which each of them has one local time.
        let of_calendar = if let NamedZone::Known(zone) = named { Some(*zone) } else { None };
        let mut zones = self.shown.into_iter().chain(of_calendar);
        let shown = zones.find_map(|zone| Some((planned_in(&events, is_feed, zone).ok()?, zone)));
        let ((session, mut notes), zone) =
            shown.map_or_else(|| planned_in(&events, is_feed, self.utc).map(|it| (it, self.utc)), Ok)?;
        notes.extend(self.zone_note(&events, named, zone));
        Ok(Planned { session, notes, shown_anywhere: events })
    }

    /// What to do if the events were meant in the zone that their calendar names, and say something else. `shown` is the zone of
    /// the session.
    fn zone_note(&self, events: &[Event], named: &NamedZone, shown: Zone) -> Option<String> {
        let named = match named {
            NamedZone::Nothing => return None,
            NamedZone::Known(zone) => *zone,
            NamedZone::Unknown(name) => {
                let event = events.iter().find(|event| event.is_floating || event.start.zone == self.utc)?;
                let (what, zone) = if event.is_floating {
                    ("times without a time zone, which are read as times in", event.start.zone)
                } else {
                    ("times in UTC, and its session is in", shown)
                };
                let zone = zone.name();
                return Some(format!(
                    "has {what} {zone}: the X-WR-TIMEZONE of its calendar, {name}, is not known. It should be an IANA name, such \
                     as Europe/Berlin"
                ));
            }
        };
        let is_elsewhere = |event: &&Event| {
            let is_rule_in_utc =
                event.rrule.is_some() && event.start.zone == self.utc && clock_changes(named).next().is_some();
            (event.is_floating || is_rule_in_utc) && event.start.zone != named
        };
        let event = events.iter().find(is_elsewhere)?;
        let (used, named) = (event.start.zone.name(), named.name());
        Some(if event.is_floating {
            format!(
                "has times without a time zone, which are read as times in {used}: if they are in the \
                 X-WR-TIMEZONE of its calendar, import it with the time zone {named}"
            )
        } else {
            format!(
                "has a rule in UTC, so its meetings keep their time in UTC when the clocks change: if they keep their \
                 time in the X-WR-TIMEZONE of its calendar, give its DTSTART the TZID {named}"
            )
        })
    }
}

/// How many notes one session has at most.
const MAX_NOTES: usize = 10;

/// The newest version of each event.
fn newest(events: Vec<Event>) -> Result<Vec<Event>, EventProblem> {
    let mut newest: Vec<Event> = Vec::new();
    let mut places: HashMap<(String, Option<DateTime<Utc>>), usize> = HashMap::new();
    for event in events {
        let key = (event.uid.clone(), event.replaces.map(Moment::at));
        let Some(known) = places.get(&key).and_then(|index| newest.get_mut(*index)) else {
            places.insert(key, newest.len());
            newest.push(event);
            continue;
        };
        if known.version < event.version {
            *known = event;
        } else if known.version == event.version && *known != event {
            return Err(EventProblem::TwoVersions);
        }
    }
    Ok(newest)
}

/// The rule of one event.
struct Rule {
    recurrence: Recurrence,
    calendar: Calendar,
    /// The instants of EXDATE.
    excluded: BTreeSet<DateTime<Utc>>,
}

impl Rule {
    fn gives(&self, at: DateTime<Utc>) -> bool {
        !self.excluded.contains(&at) && occurrence_at(&self.recurrence, &self.calendar, at).is_some()
    }

    /// Refuses a rule if its meetings are at other instants by the VTIMEZONE of the file.
    fn check_definition(&self, event: &Event) -> Result<(), EventProblem> {
        for (from, to) in event.contradictions.iter().copied() {
            // A meeting may begin before the range, and is shorter than a day.
            let near = self.recurrence.starting_in(&self.calendar, from - TimeDelta::days(1), to);
            let is_concerned = |it: &Occurrence| from < it.meeting.ends_at() && it.meeting.starts_at() < to;
            let concerned =
                near.into_iter().find(|it| is_concerned(it) && !self.excluded.contains(&it.meeting.starts_at()));
            if let Some(occurrence) = concerned {
                return Err(EventProblem::Contradiction(occurrence.meeting.starts_at().max(from)));
            }
        }
        Ok(())
    }
}

fn occurrence_at(recurrence: &Recurrence, calendar: &Calendar, at: DateTime<Utc>) -> Option<Occurrence> {
    let date = local_date(calendar.zone, at);
    let (from, to) = (date.pred_opt().unwrap_or(date), date.succ_opt().unwrap_or(date));
    recurrence.occurrences(calendar, from, to).find(|occurrence| occurrence.meeting.starts_at() == at)
}

/// The events of a session.
#[derive(Clone, Copy)]
struct Source<'a> {
    events: &'a [Event],
    /// Whether they are from one of our own feeds.
    is_feed: bool,
    /// The date from which intervals count, if it is not that of the first meeting.
    anchor: Option<NaiveDate>,
}

struct Plan<'a> {
    events: &'a [Event],
    is_feed: bool,
    /// Whether the key of a meeting has its UID.
    has_uids: bool,
    zone: Zone,
    rules: Vec<Rule>,
    recurrence: Recurrence,
    calendar: Calendar,
    /// The location of the session.
    location: Option<String>,
    /// Occurrences that do not take place.
    excluded: BTreeMap<OccurrenceKey, Occurrence>,
    /// Occurrences that were changed.
    changed: BTreeMap<OccurrenceKey, ImportedMeeting>,
    /// Meetings that are from no rule, by their original start.
    others: BTreeMap<(DateTime<Utc>, String), ImportedMeeting>,
    /// The starts that a RECURRENCE-ID names and at which its event has no meeting.
    unmatched: Vec<DateTime<Utc>>,
}

impl<'a> Plan<'a> {
    fn new(Source { events, is_feed, anchor }: Source<'a>, zone: Zone) -> Result<Self, EventProblem> {
        let (rules, recurrence, calendar) = rules(events, zone, anchor)?;
        let is_one_event = events.windows(2).all(|pair| matches!(pair, [one, other] if one.uid == other.uid));
        let mut plan = Self {
            events,
            is_feed,
            has_uids: is_feed || !is_one_event,
            zone,
            rules,
            recurrence,
            calendar,
            location: described_by(events).find_map(|event| event.location.clone()),
            excluded: BTreeMap::new(),
            changed: BTreeMap::new(),
            others: BTreeMap::new(),
            unmatched: Vec::new(),
        };
        plan.exclude();
        for event in events.iter().filter(|event| event.replaces.is_none()) {
            plan.add_dates(event)?;
        }
        for event in events {
            if let Some(replaced) = event.replaces {
                plan.change(event, replaced)?;
            }
        }
        plan.extend()?;
        Ok(plan)
    }

    fn occurrence_at(&self, at: DateTime<Utc>) -> Option<Occurrence> {
        occurrence_at(&self.recurrence, &self.calendar, at)
    }

    /// The occurrence that starts at this instant, if it takes place.
    fn existing_at(&self, at: DateTime<Utc>) -> Option<Occurrence> {
        self.occurrence_at(at).filter(|it| !self.excluded.contains_key(&it.key()))
    }

    /// Excludes each occurrence that an EXDATE leaves out and that no other rule gives.
    fn exclude(&mut self) {
        for at in self.rules.iter().flat_map(|rule| &rule.excluded) {
            if !self.rules.iter().any(|rule| rule.gives(*at))
                && let Some(occurrence) = self.occurrence_at(*at)
            {
                self.excluded.insert(occurrence.key(), occurrence);
            }
        }
    }

    /// Adds the meetings of an event that are not from its rule.
    fn add_dates(&mut self, event: &Event) -> Result<(), EventProblem> {
        let excluded: BTreeSet<_> = event.excluded.iter().map(|moment| moment.at()).collect();
        let own = event.rrule.is_none().then_some((event.start, event.end));
        let length = event.nominal_length().map(End::After);
        for (index, (start, end)) in own.into_iter().chain(event.added.iter().copied()).enumerate() {
            let at = start.at();
            // A date that an event adds to its own rule is no second meeting, but it may have another end.
            let occurrence = self.existing_at(at).filter(|_| event.rrule.is_some());
            if excluded.contains(&at) || occurrence.is_some() && end.is_none() {
                continue;
            }
            // The key of a single meeting does not contain its start. So the meeting keeps its instance when the start
            // changes.
            let is_single = index == 0 && event.rrule.is_none();
            let key = if is_single { String::new() } else { utc_text(at) };
            let end = if is_single { end } else { end.or(length) };
            let property = if is_single { "DTSTART" } else { "RDATE" };
            let mut meeting = self.meeting(event, &key, (start, property), end)?;
            if event.is_cancelled {
                meeting.state = MeetingState::Cancelled;
            }
            if let Some(occurrence) = occurrence {
                self.put_changed(&occurrence, meeting);
            } else {
                self.others.entry((at, event.uid.clone())).or_insert(meeting);
            }
            if self.changed.len() + self.others.len() > MAX_MEETINGS {
                return Err(EventProblem::TooManyMeetings);
            }
        }
        Ok(())
    }

    /// Applies an event that replaces one meeting (RECURRENCE-ID).
    fn change(&mut self, event: &Event, replaced: Moment) -> Result<(), EventProblem> {
        let at = replaced.at();
        let mut meeting = self.meeting(event, &utc_text(at), (event.start, "DTSTART"), event.end)?;
        if event.is_cancelled {
            meeting.state = MeetingState::Cancelled;
        }
        if let Some(occurrence) = self.existing_at(at) {
            self.put_changed(&occurrence, meeting);
        } else if self.rules.iter().any(|rule| rule.excluded.contains(&at)) {
            return Err(EventProblem::ExcludedAndChanged(utc_text(at)));
        } else {
            let key = (at, event.uid.clone());
            let is_master = |other: &Event| other.uid == event.uid && other.replaces.is_none();
            match self.others.get(&key) {
                Some(known) => meeting.key.clone_from(&known.key),
                None if self.events.iter().any(is_master) => self.unmatched.push(at),
                None => {}
            }
            self.others.insert(key, meeting);
        }
        if self.changed.len() + self.others.len() > MAX_MEETINGS {
            return Err(EventProblem::TooManyChanges);
        }
        Ok(())
    }

    /// Lets a meeting take the place of an occurrence.
    fn put_changed(&mut self, occurrence: &Occurrence, mut meeting: ImportedMeeting) {
        meeting.occurrence = Some((occurrence.date, occurrence.start));
        meeting.has_own_times = (meeting.date, meeting.start, meeting.end)
            != (occurrence.date, Some(occurrence.start), Some(occurrence.end));
        if self.is_the_same(&meeting, occurrence) {
            self.changed.remove(&occurrence.key());
        } else {
            self.changed.insert(occurrence.key(), meeting);
        }
    }

    /// Whether the meeting is the same as the occurrence. Our own feeds contain some events that change nothing.
    fn is_the_same(&self, meeting: &ImportedMeeting, occurrence: &Occurrence) -> bool {
        let times = meeting.start.zip(meeting.end);
        let instants = times.and_then(|(start, end)| MeetingTimes::new(self.zone, meeting.date, start, end).ok());
        meeting.state == MeetingState::Planned && meeting.location.is_none() && instants == Some(occurrence.meeting)
    }

    fn meeting(
        &self,
        event: &Event,
        key: &str,
        (start, property): (Moment, &str),
        end: Option<End>,
    ) -> Result<ImportedMeeting, EventProblem> {
        let zone = if event.is_day { start.zone } else { self.zone };
        let starts = start.local_in(zone, property)?;
        let ends = match end {
            None => None,
            Some(End::After(length)) => Some(starts + length),
            Some(End::At(end)) => Some(end_of(self.zone, start, starts, end)?),
        };
        if let Some(ends) = ends {
            check_length(starts, ends)?;
        }
        let uid = if self.has_uids { format!("{} ", event.uid) } else { String::new() };
        Ok(ImportedMeeting {
            key: format!("{uid}{key}"),
            occurrence: None,
            date: starts.date(),
            start: (!event.is_day).then(|| starts.time()),
            end: ends.map(|ends| ends.time()),
            has_own_times: false,
            location: event.location.clone().filter(|location| Some(location) != self.location.as_ref()),
            state: MeetingState::Planned,
        })
    }

    /// Moves the termination date to the last meeting, if that is later.
    fn extend(&mut self) -> Result<(), EventProblem> {
        let Some(termination) = self.calendar.termination.filter(|_| !self.is_feed) else { return Ok(()) };
        let meetings = self.changed.values().chain(self.others.values());
        let Some(last) = meetings.map(|meeting| meeting.date).max().filter(|last| termination < *last) else {
            return Ok(());
        };
        self.calendar.termination = Some(last);
        let next = termination.succ_opt().unwrap_or(termination);
        let extra: Vec<_> = self.recurrence.occurrences(&self.calendar, next, last).take(Skips::MAX + 1).collect();
        if extra.len() > Skips::MAX {
            return Err(EventProblem::LongAfterItsRule);
        }
        self.excluded.extend(extra.into_iter().map(|occurrence| (occurrence.key(), occurrence)));
        Ok(())
    }

    fn session(&self) -> Result<ImportedSession, EventProblem> {
        let name = described_by(self.events).chain(self.events).find_map(|event| event.name.clone());
        let name = name.ok_or(EventProblem::NoName)?;
        let (skips, meetings) = self.exceptions()?;
        if self.recurrence.is_empty() && meetings.is_empty() {
            return Err(EventProblem::NoMeeting);
        }
        Ok(ImportedSession {
            name,
            location: self.location.clone(),
            coordinates: described_by(self.events).find_map(|event| event.coordinates).map(GeoPoint::to_stored),
            time_zone: self.zone.name().to_owned(),
            recurrence: (!self.recurrence.is_empty()).then(|| self.recurrence.to_json()),
            initiation: self.calendar.initiation,
            termination: self.calendar.termination,
            skips,
            meetings,
        })
    }

    /// What the session cannot keep of its events.
    fn notes(&self, session: &ImportedSession) -> Vec<String> {
        let mut rules = self.rules.iter();
        let noted = self.events.iter().flat_map(|event| {
            let is_master = event.replaces.is_none();
            let rule = if is_master && event.rrule.is_some() { rules.next() } else { None };
            let unmatched = if is_master { unmatched(event, rule) } else { Vec::new() };
            lost(event, session).into_iter().chain(unmatched)
        });
        let of_changes = self.unmatched.iter().map(|at| {
            let at = at.format("%Y-%m-%d %H:%M UTC");
            format!("has the RECURRENCE-ID {at}, at which it has no meeting, so this is a meeting of its own")
        });
        let mut notes: Vec<String> = noted.chain(of_changes).take(MAX_NOTES + 1).collect();
        if notes.len() > MAX_NOTES {
            notes.truncate(MAX_NOTES);
            notes.push("has more that its session cannot keep".to_owned());
        }
        notes
    }

    /// The skips, and the meetings that become instances.
    fn exceptions(&self) -> Result<(Vec<NaiveDate>, Vec<ImportedMeeting>), EventProblem> {
        let mut dates: BTreeSet<NaiveDate> =
            self.excluded.keys().chain(self.changed.keys()).map(|key| key.date).collect();
        let meetings = || self.changed.values().chain(self.others.values());
        dates.extend(meetings().map(|meeting| meeting.date));
        let mut skips = Vec::new();
        let mut instances: Vec<ImportedMeeting> = meetings().cloned().collect();
        for date in dates {
            let occurrences: Vec<_> = self.recurrence.occurrences(&self.calendar, date, date).collect();
            let is_excluded = |occurrence: &Occurrence| self.excluded.contains_key(&occurrence.key());
            if !occurrences.is_empty() && occurrences.iter().all(is_excluded) {
                skips.push(date);
                continue;
            }
            let comes_from_elsewhere =
                |it: &ImportedMeeting| it.date == date && it.occurrence.is_none_or(|(of, _)| of != date);
            let has_others = meetings().any(comes_from_elsewhere);
            for occurrence in &occurrences {
                if self.changed.contains_key(&occurrence.key()) {
                    continue;
                }
                let state = if is_excluded(occurrence) { MeetingState::Deleted } else { MeetingState::Planned };
                if state == MeetingState::Deleted || has_others {
                    instances.push(ImportedMeeting {
                        key: utc_text(occurrence.meeting.starts_at()),
                        occurrence: Some((occurrence.date, occurrence.start)),
                        date: occurrence.date,
                        start: Some(occurrence.start),
                        end: Some(occurrence.end),
                        has_own_times: false,
                        location: None,
                        state,
                    });
                }
            }
        }
        if skips.len() > Skips::MAX {
            return Err(EventProblem::TooManySkips);
        }
        Ok((skips, instances))
    }
}

/// What an event says about some meetings only. All meetings of a session have its name and its coordinates, and those of its
/// rules have its location.
fn lost(event: &Event, session: &ImportedSession) -> Vec<String> {
    let is_rule = event.replaces.is_none() && event.rrule.is_some();
    let (meetings, have) = if is_rule {
        ("for the meetings of one of its rules".to_owned(), "which have")
    } else {
        let at = event.replaces.unwrap_or(event.start).at();
        (format!("for its meeting of {}", at.format("%Y-%m-%d %H:%M UTC")), "which has")
    };
    let mut lost = Vec::new();
    let mut note =
        |own: String, kept: &str| lost.push(format!("has {own} {meetings} only, {have} {kept} of the session here"));
    if let Some(name) = event.name.as_deref().filter(|name| *name != session.name) {
        note(format!("the SUMMARY {}", shortened(name)), "the name");
    }
    match &event.location {
        Some(own) if is_rule && event.location != session.location => {
            note(format!("the LOCATION {}", shortened(own)), "the location");
        }
        None if session.location.is_some() && !event.is_cancelled => note("no LOCATION".to_owned(), "the location"),
        _ => {}
    }
    if let Some(point) = event.coordinates.filter(|point| Some(point.to_stored()) != session.coordinates) {
        note(format!("the GEO {};{}", point.latitude(), point.longitude()), "the coordinates");
    }
    lost
}

/// The times that an event leaves out and does not have.
fn unmatched(event: &Event, rule: Option<&Rule>) -> Vec<String> {
    let dates: BTreeSet<_> =
        event.added.iter().map(|(moment, _)| moment).chain([&event.start]).map(|it| it.at()).collect();
    let has = |at: DateTime<Utc>| {
        dates.contains(&at) || rule.is_some_and(|rule| occurrence_at(&rule.recurrence, &rule.calendar, at).is_some())
    };
    let excluded: BTreeSet<_> = event.excluded.iter().map(|moment| moment.at()).collect();
    let without = excluded.into_iter().filter(|at| !has(*at)).take(MAX_NOTES + 1);
    without
        .map(|at| format!("has the EXDATE {}, at which it has no meeting", at.format("%Y-%m-%d %H:%M UTC")))
        .collect()
}

/// The events that describe the session: those with its rules, and not the changes of their meetings. Without rules, all.
fn described_by(events: &[Event]) -> impl Iterator<Item = &Event> {
    let has_rule = |event: &Event| event.rrule.is_some() && event.replaces.is_none();
    let has_rules = events.iter().any(has_rule);
    events.iter().filter(move |event| !has_rules || has_rule(event))
}

/// The meetings of a rule that the file leaves out, if it has the others as events of their own.
fn unlisted(
    event: &Event,
    recurrence: &Recurrence,
    calendar: &Calendar,
) -> Result<BTreeSet<DateTime<Utc>>, EventProblem> {
    let Some(Listed { starts, until }) = &event.listed else { return Ok(BTreeSet::new()) };
    let listed: BTreeSet<_> = starts.iter().map(|moment| moment.at()).collect();
    let occurrences = recurrence.occurrences(calendar, event.start.local.date(), *until);
    let starts = occurrences.map(|occurrence| occurrence.meeting.starts_at()).filter(|at| !listed.contains(at));
    let left_out: BTreeSet<_> = starts.take(Skips::MAX + 1).collect();
    if left_out.len() > Skips::MAX { Err(EventProblem::TooManySkips) } else { Ok(left_out) }
}

/// The rules of the events, and the recurrence that has all of them. `anchor` is the date from which intervals count, if it is
/// not that of the first meeting.
fn rules(
    events: &[Event],
    zone: Zone,
    anchor: Option<NaiveDate>,
) -> Result<(Vec<Rule>, Recurrence, Calendar), EventProblem> {
    let nothing = Calendar { zone, anchor: None, initiation: None, termination: None, skips: Skips::NONE };
    let mut rules = Vec::new();
    let mut sources = Vec::new();
    let mut firsts = Vec::new();
    for event in events.iter().filter(|event| event.replaces.is_none()) {
        let Some(rrule) = &event.rrule else { continue };
        if event.is_cancelled {
            return Err(EventProblem::CancelledAsAWhole);
        }
        if event.start.zone != zone {
            return Err(EventProblem::SeveralZones);
        }
        let starts = event.start.local_in(zone, "DTSTART")?;
        let length = event.nominal_length().ok_or(EventProblem::NoEnd)?;
        let ends = starts.checked_add_signed(length).unwrap_or(starts);
        check_length(starts, ends)?;
        let source = ScheduleSource::Rrule { rrule: rrule.clone(), start: starts.time(), end: ends.time() };
        let (recurrence, calendar) = bounded(std::slice::from_ref(&source), zone, starts.date())?;
        check_until(event, &source, (&recurrence, &calendar))?;
        let mut excluded = unlisted(event, &recurrence, &calendar)?;
        excluded.extend(event.excluded.iter().map(|moment| moment.at()));
        let rule = Rule { recurrence, calendar, excluded };
        rule.check_definition(event)?;
        if occurrence_at(&rule.recurrence, &rule.calendar, event.start.at()).is_none() {
            return Err(EventProblem::StartIsNoMeeting);
        }
        rules.push(rule);
        sources.push(source);
        firsts.push(starts.date());
    }
    let (Some(first), Some(last)) = (firsts.iter().min(), firsts.iter().max()) else {
        return Ok((rules, Recurrence::default(), nothing));
    };
    let first = anchor.map_or(*first, |anchor| anchor.min(*first));
    let (recurrence, calendar) = bounded(&sources, zone, first)?;
    if let [_, _, ..] = rules.as_slice() {
        let to = last.checked_add_days(COMPARED).unwrap_or(*last);
        let starts = |recurrence: &Recurrence, calendar: &Calendar| {
            let found = recurrence.occurrences(calendar, first, to).map(|occurrence| occurrence.meeting.starts_at());
            found.collect::<BTreeSet<_>>()
        };
        let each: BTreeSet<_> = rules.iter().flat_map(|rule| starts(&rule.recurrence, &rule.calendar)).collect();
        if each != starts(&recurrence, &calendar) {
            return Err(EventProblem::RulesApart);
        }
    }
    Ok((rules, recurrence, calendar))
}

/// Refuses an UNTIL that may mean two different last meetings. UNTIL must be in UTC, unless the start names no zone
/// (RFC 5545, section 3.3.10). Programs read a local UNTIL as a time of the zone, or as a time in UTC. They read one without a
/// time as midnight, or as the end of the day.
fn check_until(
    event: &Event,
    source: &ScheduleSource,
    (recurrence, calendar): (&Recurrence, &Calendar),
) -> Result<(), EventProblem> {
    let ScheduleSource::Rrule { rrule, start, end } = source else { return Ok(()) };
    let upper = rrule.to_ascii_uppercase();
    let until = upper.split_once("UNTIL=").map(|(_, rest)| rest.split(';').next().unwrap_or_default().trim());
    let Some(until) = until.filter(|until| matches!(until.len(), 8 | 15) && !event.is_floating) else { return Ok(()) };
    let time = if until.len() == 8 { "T000000" } else { "" };
    let in_utc = upper.replace(&format!("UNTIL={until}"), &format!("UNTIL={until}{time}Z"));
    let in_utc = ScheduleSource::Rrule { rrule: in_utc, start: *start, end: *end };
    let other = bounded(&[in_utc], calendar.zone, event.start.local.date());
    let ends = [calendar.termination, other.ok().and_then(|(_, other)| other.termination)];
    let (one, other) = match ends {
        [Some(one), Some(other)] => (one, other),
        [None, None] => return Ok(()),
        _ => return Err(EventProblem::AmbiguousUntil),
    };
    let between = one.min(other).succ_opt().unwrap_or(one);
    let endless = Calendar { termination: None, ..calendar.clone() };
    if recurrence.occurrences(&endless, between, one.max(other)).next().is_some() {
        return Err(EventProblem::AmbiguousUntil);
    }
    Ok(())
}

fn bounded(sources: &[ScheduleSource], zone: Zone, first: NaiveDate) -> Result<(Recurrence, Calendar), EventProblem> {
    let found = BoundedRecurrence::of_rules(sources, zone, first);
    let found = found.map_err(EventProblem::Rrule)?;
    let (initiation, termination) = (found.initiation, found.termination);
    let calendar = Calendar { zone, anchor: Some(first), initiation, termination, skips: Skips::NONE };
    Ok((found.recurrence, calendar))
}

/// The local end of a meeting in a zone.
fn end_of(zone: Zone, start: Moment, starts: NaiveDateTime, end: Moment) -> Result<NaiveDateTime, EventProblem> {
    let ends = if end.zone == zone { end.local } else { crate::zone::local_time(zone, end.at()) };
    if end.at() <= start.at() {
        return Err(EventProblem::EndsBeforeItStarts);
    }
    // When the clocks go back, the end may be later and show no later time.
    if ends > starts {
        check_length(starts, ends)?;
    }
    let meeting = MeetingTimes::new(zone, starts.date(), starts.time(), ends.time());
    if meeting.is_ok_and(|meeting| meeting.starts_at() == start.at() && meeting.ends_at() == end.at()) {
        return Ok(ends);
    }
    Err(EventProblem::EndsOtherwise { ends: shortened(&ends.to_string()), zone })
}

/// Checks the length of a meeting: it ends on the same date, or before the same time on the next date (rule 2).
fn check_length(starts: NaiveDateTime, ends: NaiveDateTime) -> Result<(), EventProblem> {
    match ends - starts {
        length if length <= TimeDelta::zero() => Err(EventProblem::EndsBeforeItStarts),
        length if length >= TimeDelta::days(1) => Err(EventProblem::TooLong),
        _ => Ok(()),
    }
}

fn utc_text(at: DateTime<Utc>) -> String {
    at.format("%Y%m%dT%H%M%SZ").to_string()
}
