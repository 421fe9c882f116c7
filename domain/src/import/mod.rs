//! Calendar import: the sessions of an iCalendar file (RFC 5545).
//!
//! - An *event* is a VEVENT. All events with one UID are one session. So are all events of one of our own feeds.
//! - A *source* identifies that session when the file is imported again. It is the UID, or the session of the feed.
//! - A *meeting* becomes an instance at once. It is a date that is not from a rule, or a changed meeting of a rule.
//!
//! A session gets exactly the meetings that RFC 5545 gives for its events. An event for which that is impossible is refused,
//! with a reason. Only the end of a meeting is a local time (rule 3), as in calendar programs: on a night on which the clocks
//! change, the meeting ends when the clocks show that time.

mod event;
mod feed;
mod lines;
mod plan;
mod problem;
mod timetable;
mod values;
mod windows_zones;
mod zones;

use std::collections::{BTreeMap, HashMap, HashSet};

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use serde::{Deserialize, Serialize};

use self::{event::Event, lines::Component, zones::Zones};
pub use self::{
    feed::{CANCELLED_PREFIX, Feed, INSTANCE, PREFIX, PRODID},
    problem::{ComponentProblem, DefinitionProblem, EventProblem, FileProblem, NamedZone, ZoneProblem},
    timetable::{Timetable, TimetableInstance, differences},
};
use crate::{
    ids::SessionId,
    recurrence::{OccurrenceKey, Recurrence},
    zone::{Zone, ZoneData},
};

/// The input of an import, besides the file.
#[derive(Debug, Clone)]
pub struct ImportContext {
    pub data: ZoneData,
    /// The zone of times that have none.
    pub time_zone: Option<Zone>,
    pub now: DateTime<Utc>,
    /// The name of this installation, by which it knows its own feeds.
    pub installation: String,
}

/// The content of a file.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Contents {
    pub sessions: Vec<FileSession>,
    pub refused: Vec<Refusal>,
}

/// A session of the file.
#[derive(Debug, Clone, PartialEq)]
pub struct FileSession {
    pub source: String,
    /// The UIDs of its events, each once.
    pub uids: Vec<String>,
    /// The session of this installation, if the events are from its feed.
    pub own: Option<SessionId>,
    pub session: ImportedSession,
    /// What a session cannot keep of the events. Each completes a sentence that begins with the event.
    pub notes: Vec<String>,
    /// Whether the events are from a feed of InSession.
    is_feed: bool,
    /// The events, if they are in UTC and can be shown in several zones.
    shown_anywhere: Vec<Event>,
}

impl FileSession {
    /// The same session in another zone. `None` if the events name the zone.
    pub fn in_zone(&self, data: ZoneData, name: &str) -> Option<ImportedSession> {
        let zone = data.zone(name).ok().filter(|_| !self.shown_anywhere.is_empty())?;
        plan::planned_in(&self.shown_anywhere, self.is_feed, zone).ok().map(|(session, _)| session)
    }
}

/// Why an event cannot be imported. The reason completes a sentence that begins with the event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Refusal {
    pub uid: Option<String>,
    pub summary: Option<String>,
    pub reason: String,
}

impl Refusal {
    /// The longest UID of a refusal, in characters. RFC 7986 asks for 255 bytes at most.
    const MAX_UID: usize = 255;
    const MAX_SUMMARY: usize = 100;

    /// Texts of the file are cut off if they are long.
    pub fn new(uid: Option<&str>, summary: Option<&str>, reason: impl Into<String>) -> Self {
        let uid = uid.map(|uid| cut(uid, Self::MAX_UID));
        let summary = summary.map(|summary| cut(summary, Self::MAX_SUMMARY));
        Self { uid, summary, reason: reason.into() }
    }
}

/// A session as a file has it. It is stored, so that the next import of the file knows what changed in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportedSession {
    pub name: String,
    pub location: Option<String>,
    /// The stored form of a [`GeoPoint`](crate::geo::GeoPoint). Records of older versions call it this.
    #[serde(rename = "place")]
    pub coordinates: Option<(i32, i32)>,
    pub time_zone: String,
    /// The stored form of a recurrence. `None` if the session has only the meetings.
    pub recurrence: Option<String>,
    pub initiation: Option<NaiveDate>,
    pub termination: Option<NaiveDate>,
    /// The dates on which all occurrences are left out, ascending.
    pub skips: Vec<NaiveDate>,
    pub meetings: Vec<ImportedMeeting>,
}

impl ImportedSession {
    /// Whether both are the same session. The order of the schedules does not matter, nor whether several positions or days are
    /// in one schedule.
    pub fn is_same(&self, other: &Self) -> bool {
        let schedules =
            |it: &Self| Recurrence::stored(it.recurrence.as_deref()).map(|it| it.map(|it| it.single_schedules()));
        let rest = |it: &Self| Self { recurrence: None, ..it.clone() };
        schedules(self) == schedules(other) && rest(self) == rest(other)
    }
}

/// What the database keeps of an import. The next import compares the file with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportRecord {
    pub session: ImportedSession,
    /// The instance of each meeting, by the key of the meeting. Meetings that the file no longer has are here too, until their
    /// instance is gone.
    pub instances: BTreeMap<String, i64>,
    /// The skip of each date that the file leaves out. Records of older versions do not have them.
    #[serde(default)]
    pub skips: BTreeMap<NaiveDate, i64>,
    /// Whether the import stored which termination date is the end of the rule. Older versions did not.
    #[serde(default)]
    pub has_rule_end: bool,
}

impl ImportRecord {
    /// Whether the next import must store which termination date is the end of the rule.
    pub fn lacks_rule_end(&self) -> bool {
        !self.has_rule_end && self.session.termination.is_some()
    }
}

/// A meeting that becomes an instance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportedMeeting {
    /// The key by which the next import recognises the meeting.
    pub key: String,
    /// The date and start of the occurrence that it was made from. `None` if no rule gives the meeting.
    pub occurrence: Option<(NaiveDate, NaiveTime)>,
    pub date: NaiveDate,
    /// `None` if the times are not known, which is so in our own feeds only.
    pub start: Option<NaiveTime>,
    pub end: Option<NaiveTime>,
    /// Whether its times differ from those of its occurrence.
    pub has_own_times: bool,
    pub location: Option<String>,
    pub state: MeetingState,
}

impl ImportedMeeting {
    pub fn occurrence(&self) -> Option<OccurrenceKey> {
        self.occurrence.map(|(date, start)| OccurrenceKey { date, start })
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MeetingState {
    Planned,
    Cancelled,
    /// Its occurrence does not take place, and another one on the same date does.
    Deleted,
}

/// Reads a file.
///
/// # Errors
/// If it is no calendar at all.
pub fn read(text: &[u8], context: &ImportContext) -> Result<Contents, FileProblem> {
    let calendars = lines::read(text)?;
    let utc = context.data.zone("UTC")?;
    let mut zones = Zones::new(context.data, &calendars);
    let mut sources = Sources::default();
    for (place, calendar) in calendars.iter().enumerate() {
        let named = zones.named(place);
        let mut reader =
            event::Reader { zones: &mut zones, calendar: place, utc, floating: context.time_zone, now: context.now };
        let is_ours = calendar.value("PRODID").is_some_and(|name| name.trim() == PRODID);
        for component in calendar.components.iter().filter(|component| component.name == "VEVENT") {
            let read = reader.read(component, is_ours);
            let feed = read.as_ref().ok().filter(|_| is_ours).and_then(|event| Feed::of(&event.uid));
            sources.add(component, read, feed, &named);
        }
    }
    let planner = plan::Planner { utc, shown: context.time_zone };
    Ok(sources.contents(&planner, &context.installation))
}

/// The events of each source, in the order of the file.
#[derive(Default)]
struct Sources {
    all: Vec<Source>,
    by_name: HashMap<String, usize>,
    refused: Vec<Refusal>,
    refused_uids: HashSet<String>,
}

struct Source {
    name: String,
    feed: Option<Feed>,
    /// The zone that the calendar of its first event names for itself.
    named: NamedZone,
    events: Vec<Event>,
}

impl Sources {
    fn add(&mut self, component: &Component, read: Result<Event, EventProblem>, feed: Option<Feed>, named: &NamedZone) {
        let mut event = match read {
            Ok(event) => event,
            Err(reason) => {
                let texts = |name| component.all(name).map(|it| it.value.trim()).filter(|text| !text.is_empty());
                let uids: Vec<&str> = texts("UID").collect();
                let summary = texts("SUMMARY").next();
                for uid in &uids {
                    self.refuse(Some(uid), summary, &reason);
                }
                if uids.is_empty() {
                    self.refuse(None, summary, &reason);
                }
                return;
            }
        };
        if feed.is_some() && event.is_cancelled {
            event.name = event.name.map(|name| name.strip_prefix(CANCELLED_PREFIX).map_or(name.clone(), str::to_owned));
        }
        let name = feed.as_ref().map_or_else(|| event.uid.clone(), Feed::source);
        let index = *self.by_name.entry(name.clone()).or_insert_with(|| {
            self.all.push(Source { name, feed, named: named.clone(), events: Vec::new() });
            self.all.len() - 1
        });
        if let Some(source) = self.all.get_mut(index) {
            source.events.push(event);
        }
    }

    /// Refuses a UID once, for the first reason.
    fn refuse(&mut self, uid: Option<&str>, summary: Option<&str>, reason: &EventProblem) {
        if uid.is_none_or(|uid| self.refused_uids.insert(uid.to_owned())) {
            self.refused.push(Refusal::new(uid, summary, reason.to_string()));
        }
    }

    fn contents(mut self, planner: &plan::Planner, installation: &str) -> Contents {
        let mut contents = Contents::default();
        for Source { name, feed, named, mut events } in std::mem::take(&mut self.all) {
            events.retain(|event| !self.refused_uids.contains(&event.uid));
            let mut uids: Vec<String> = Vec::new();
            let mut seen = HashSet::new();
            for event in &events {
                if seen.insert(event.uid.clone()) {
                    uids.push(event.uid.clone());
                }
            }
            if events.is_empty() {
                continue;
            }
            let summary = events.iter().find_map(|event| event.name.clone());
            let is_feed = feed.is_some();
            match planner.plan(events, is_feed, &named) {
                Ok(plan::Planned { session, notes, shown_anywhere }) => {
                    let own = feed.filter(|feed| feed.installation == installation).map(|feed| feed.session);
                    contents.sessions.push(FileSession {
                        source: name,
                        uids,
                        own,
                        session,
                        notes,
                        is_feed,
                        shown_anywhere,
                    });
                }
                Err(reason) => {
                    for uid in uids {
                        self.refuse(Some(&uid), summary.as_deref(), &reason);
                    }
                }
            }
        }
        contents.refused = self.refused;
        contents
    }
}

/// A text from a file, shortened and quoted for a message.
fn shortened(text: &str) -> String {
    let shown: String = text.chars().filter(|character| !character.is_control()).take(80).collect();
    if shown.len() < text.len() { format!("{shown:?}…") } else { format!("{shown:?}") }
}

/// The beginning of a text, with an ellipsis if it has more characters.
fn cut(text: &str, longest: usize) -> String {
    match text.char_indices().nth(longest) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests;
