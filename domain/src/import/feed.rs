//! Our own feeds: how their events name the session that they are of, and the rules that they have as single events.
//!
//! Not all calendar programs read every rule, such as that of the fifth Monday. A feed has each meeting of such a rule as an event
//! of its own. Properties with the prefix [`PREFIX`], which other programs ignore, say which occurrence it is:
//!
//! - `RECURRENCE-ID` is the scheduled start of the occurrence.
//! - `DTSTART`, `DURATION`, `RRULE`, `EXDATE` and `LOCATION` are the rule as one event would have it, and `UNTIL` is the last date
//!   for which all its meetings are listed. Only one of its meetings has them.
//! - `TZID` is the zone of an instance whose times are not known. Its DTSTART is a date.
//! - `ANCHOR` is the date from which the intervals of the session count, if the first meetings of its rules do not say it.

use std::collections::{HashMap, HashSet};

use chrono::{NaiveDate, TimeDelta};

use super::event::{Event, Moment};
use crate::ids::SessionId;

/// The PRODID of our own feeds.
pub const PRODID: &str = "-//InSession//InSession//EN";

/// The beginning of the summary of a cancelled event in our own feeds, because many programs ignore the status.
pub const CANCELLED_PREFIX: &str = "Cancelled: ";

/// The beginning of the names of properties that only we read.
pub const PREFIX: &str = "X-INSESSION-";

/// The feed of a session: the installation on which the session was created, and its id there. The UID of an event is
/// `session-ID-NAME@INSTALLATION`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Feed {
    pub session: SessionId,
    pub installation: String,
}

impl Feed {
    /// The feed of an event with this UID.
    pub(super) fn of(uid: &str) -> Option<Self> {
        Self::read(uid).map(|(feed, _)| feed)
    }

    fn read(uid: &str) -> Option<(Self, &str)> {
        let (local, installation) = uid.rsplit_once('@').filter(|(_, installation)| !installation.is_empty())?;
        let (id, name) = local.strip_prefix("session-")?.split_once('-')?;
        Some((Self { session: SessionId(id.parse().ok()?), installation: installation.to_owned() }, name))
    }

    /// The source of the events of this feed.
    pub(super) fn source(&self) -> String {
        format!("session-{}@{}", self.session.0, self.installation)
    }

    /// The feed whose events have this source. `None` if they are from no feed.
    pub fn of_source(source: &str) -> Option<Self> {
        let (id, installation) = source.strip_prefix("session-")?.split_once('@')?;
        let feed = Self { session: SessionId(id.parse().ok()?), installation: installation.to_owned() };
        (feed.source() == source).then_some(feed)
    }

    /// The UID of the event with this name.
    pub fn uid(&self, name: &str) -> String {
        format!("session-{}-{name}@{}", self.session.0, self.installation)
    }

    /// The name of the event of a single meeting that an import saved with this key. `None` if the meeting had another event.
    pub fn instance_name(&self, key: &str) -> Option<String> {
        let (uid, meeting) = key.rsplit_once(' ')?;
        let (feed, name) = Self::read(uid)?;
        (feed == *self && meeting.is_empty() && name.starts_with(INSTANCE)).then(|| name.to_owned())
    }
}

/// The beginning of the names of events that are single meetings. The names of rules begin with their frequency.
pub const INSTANCE: &str = "instance-";

/// What an event says of the rule that it is from.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Origin {
    pub(super) occurrence: Moment,
    pub(super) rule: Option<Rule>,
}

/// The meetings of a rule that are events of their own.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Listed {
    pub(super) starts: Vec<Moment>,
    /// The last date for which these are all meetings of the rule.
    pub(super) until: NaiveDate,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Rule {
    pub(super) start: Moment,
    pub(super) length: TimeDelta,
    pub(super) rrule: String,
    pub(super) excluded: Vec<Moment>,
    /// The location of the session, if it is not that of the event. Empty if the session has none.
    pub(super) location: Option<String>,
    /// The last date for which all meetings are listed.
    pub(super) listed_until: Option<NaiveDate>,
}

/// The events as a feed has them that every program reads: the single events of a rule become one with the rule, and changes of
/// its meetings. An event with a rule is where the first of its meetings was, so that the rules stay in their order.
pub(super) fn joined(events: Vec<Event>) -> Vec<Event> {
    let mut occurrences: HashMap<String, Vec<Moment>> = HashMap::new();
    let mut ruled: HashMap<String, Event> = HashMap::new();
    let mut ends: HashMap<String, NaiveDate> = HashMap::new();
    for event in &events {
        let Some((uid, origin)) = series_of(event) else { continue };
        if let Some(rule) = &origin.rule {
            ruled.entry(uid.clone()).or_insert_with(|| with_rule(event, &uid, rule));
            ends.extend(rule.listed_until.map(|until| (uid.clone(), until)));
        }
        occurrences.entry(uid).or_default().push(origin.occurrence);
    }
    for event in ruled.values_mut() {
        let starts = occurrences.get(&event.uid).cloned().unwrap_or_default();
        let last = starts.iter().map(|moment| moment.local.date()).max();
        let until = ends.get(&event.uid).copied().or(last);
        event.listed = until.map(|until| Listed { starts, until });
    }
    let series: HashSet<String> = ruled.keys().cloned().collect();
    let mut joined = Vec::new();
    for event in events {
        let Some((uid, origin)) = series_of(&event).filter(|(uid, _)| series.contains(uid)) else {
            joined.push(event);
            continue;
        };
        joined.extend(ruled.remove(&uid));
        joined.push(Event { uid, replaces: Some(origin.occurrence), origin: None, ..event });
    }
    joined
}

/// The UID that the rule would have as one event. That of its meeting has the date besides.
fn series_of(event: &Event) -> Option<(String, Origin)> {
    let origin = event.origin.clone()?;
    let (local, installation) = event.uid.rsplit_once('@')?;
    let (series, _) = local.rsplit_once('-')?;
    Some((format!("{series}@{installation}"), origin))
}

fn with_rule(event: &Event, uid: &str, rule: &Rule) -> Event {
    Event {
        uid: uid.to_owned(),
        location: rule.location.clone().or_else(|| event.location.clone()).filter(|text| !text.is_empty()),
        is_cancelled: false,
        start: rule.start,
        end: Some(super::event::End::After(rule.length)),
        replaces: None,
        rrule: Some(rule.rrule.clone()),
        excluded: rule.excluded.clone(),
        added: Vec::new(),
        origin: None,
        ..event.clone()
    }
}
