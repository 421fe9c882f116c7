//! Why a calendar file, or an event in it, cannot be imported. The texts of all these refusals are here.
//!
//! Each text completes a sentence that begins with the file, the event or, for a [`DefinitionProblem`], the VTIMEZONE. Values of
//! the file are shortened and quoted already.

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};

use super::{
    event::{MAX_DATES, MAX_UID},
    lines::MAX_DEPTH,
    plan::MAX_MEETINGS,
    zones::{MAX_DEFINITIONS, MAX_ONSETS, MAX_PARTS, Years},
};
use crate::{
    dates::OutOfRange,
    recurrence::{RecurrenceError, Skips, YearlyRuleProblem},
    zone::Zone,
};

/// Why nothing of a file can be imported.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FileProblem {
    #[error("is in UTF-16: save it as UTF-8")]
    Utf16,
    #[error("has NUL bytes in it, so it is damaged: fetch it again")]
    NulBytes,
    #[error("is no calendar: it begins with {0} and not with BEGIN:VCALENDAR")]
    OtherBeginning(String),
    #[error("is no calendar: it has no line BEGIN:VCALENDAR")]
    NoCalendar,
    #[error("is no calendar: components stand more than {MAX_DEPTH} deep in each other")]
    TooDeep,
    #[error("is cut off: it does not end with END:VCALENDAR. Fetch the whole file")]
    CutOff,
    /// The zone data of this program has no UTC.
    #[error("cannot be read: {0}")]
    ZoneData(#[from] crate::zone::UnknownZone),
}

/// Why a component, such as a VEVENT or a VTIMEZONE, cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ComponentProblem {
    #[error("is cut off: it has no END of {0}")]
    NoEnd(String),
    #[error("is cut off: it has an END of {0} without its BEGIN")]
    NoBegin(String),
    #[error("has an END in it without its BEGIN: {0}")]
    NoBeginInside(String),
    #[error("has a line that is no property: {0}")]
    NoProperty(String),
    #[error("has a line that cannot be read: {0}")]
    UnreadableLine(String),
    #[error("has a NUL byte in the line {0}: the file is damaged")]
    NulByte(String),
}

/// Why an event cannot be imported.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EventProblem {
    #[error(transparent)]
    Component(#[from] ComponentProblem),
    #[error(transparent)]
    Zone(#[from] ZoneProblem),

    // Its properties.
    #[error("has no {0}")]
    Missing(&'static str),
    #[error("has no SUMMARY, which is the name of a session")]
    NoName,
    #[error("has more than one {0}")]
    Repeated(&'static str),
    #[error("has {} that cannot be read: {value}", with_article(.property))]
    Unreadable { property: String, value: String },
    #[error("has a UID of more than {MAX_UID} bytes, or with control characters")]
    UnusableUid,
    #[error("has a {property} that cannot be used: it {problem}")]
    UnusableText { property: &'static str, problem: String },
    #[error("has an EXRULE, which is not supported: list the dates as EXDATE")]
    Exrule,
    #[error("changes all later meetings (RECURRENCE-ID with RANGE), which is not supported")]
    ChangesLaterMeetings,
    #[error("lists more than {MAX_DATES} dates as RDATE or EXDATE")]
    TooManyDates,

    // Its times.
    #[error("has no time of day")]
    NoTime,
    #[error("has {} without a time of day, and DTSTART has one", with_article(.0))]
    OnlyADate(String),
    #[error("has a time without a time zone: give the import a time zone for such times{}", such_as(*.named))]
    NoZone { named: Option<Zone> },
    #[error("has a meeting on {0}, which {OutOfRange}")]
    OutOfRange(NaiveDate),
    #[error("has both DTEND and DURATION")]
    TwoEnds,
    #[error("is repeated and has no end: it needs DTEND or DURATION")]
    NoEnd,
    #[error("ends before it starts: correct its DTEND or DURATION")]
    EndsBeforeItStarts,
    #[error("lasts a day or longer: correct its DTEND or DURATION")]
    TooLong,
    #[error("is at {local}, which the clocks of {} show twice", .zone.name())]
    ShownTwice { local: NaiveDateTime, zone: Zone },
    #[error("ends at {ends}, which is another instant by the clocks of {}", .zone.name())]
    EndsOtherwise { ends: String, zone: Zone },
    #[error(
        "has a VTIMEZONE that contradicts the time zone of its TZID at {}: programs show its meetings at different times",
        .0.format("%Y-%m-%d %H:%M UTC")
    )]
    Contradiction(DateTime<Utc>),

    // Its rules and meetings.
    #[error("has an RRULE that cannot be imported: it {}", .0.problem)]
    Rrule(RecurrenceError),
    #[error(
        "has an UNTIL that is not in UTC, as RFC 5545 requires, so that its last meeting is not certain: write it as a time \
         in UTC, which ends with Z"
    )]
    AmbiguousUntil,
    #[error("has a DTSTART that is no meeting of its RRULE, which RFC 5545 leaves undefined")]
    StartIsNoMeeting,
    #[error("is cancelled as a whole: delete its session, if there is one")]
    CancelledAsAWhole,
    #[error("has no meeting")]
    NoMeeting,
    #[error("has more than {MAX_MEETINGS} meetings that are from no rule (RDATE)")]
    TooManyMeetings,
    #[error("changes more than {MAX_MEETINGS} meetings")]
    TooManyChanges,
    #[error("leaves out more than {} dates (EXDATE)", Skips::MAX)]
    TooManySkips,
    #[error("has {0} both as EXDATE and as RECURRENCE-ID")]
    ExcludedAndChanged(String),
    #[error("has a meeting long after the end of its rule")]
    LongAfterItsRule,

    // The events of one session together.
    #[error("is in the file more than once without a RECURRENCE-ID")]
    SeveralMasters,
    #[error("is in the file twice, with different contents and the same SEQUENCE and DTSTAMP")]
    TwoVersions,
    #[error("has meetings in several time zones")]
    SeveralZones,
    #[error("is one of several rules of a session that begin or end at different times")]
    RulesApart,
}

/// Why the zone of a TZID is not known.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ZoneProblem {
    #[error(
        "is in the time zone {0}, which is no IANA name and no name of Windows, and the file has no VTIMEZONE for it"
    )]
    Unknown(String),
    #[error("is in the time zone {name}, whose VTIMEZONE {problem}")]
    Definition { name: String, problem: DefinitionProblem },
    #[error("is in the time zone {0}: a file may have {MAX_DEFINITIONS} zones of its own")]
    TooMany(String),
    #[error(
        "is in the time zone {name}, and from {} to {} no IANA zone has the offsets of its VTIMEZONE", .years.0, .years.1
    )]
    NoSuchOffsets { name: String, years: Years },
}

/// Why a VTIMEZONE cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DefinitionProblem {
    #[error(transparent)]
    Component(#[from] ComponentProblem),
    #[error("has neither STANDARD nor DAYLIGHT")]
    NoPart,
    #[error("has a part without {0}")]
    Missing(&'static str),
    #[error("has a time that cannot be read: {0}")]
    UnreadableTime(String),
    #[error("has a {property} that cannot be read: {value}")]
    Unreadable { property: &'static str, value: String },
    #[error("has an RRULE that {0}")]
    Rrule(#[from] YearlyRuleProblem),
    #[error("has no clock change")]
    NoClockChange,
    #[error("has more than {MAX_PARTS} parts")]
    TooManyParts,
    #[error("has more than {MAX_PARTS} rules")]
    TooManyRules,
    #[error("has more than {MAX_ONSETS} clock changes")]
    TooManyClockChanges,
}

/// The name of a property with its article.
fn with_article(name: &str) -> String {
    // RDATE is spoken as "ar date".
    let article = if name.starts_with(['E', 'X']) || name == "RDATE" { "an" } else { "a" };
    format!("{article} {name}")
}

fn such_as(named: Option<Zone>) -> String {
    named.map(|zone| format!(", such as {}, the X-WR-TIMEZONE of the file", zone.name())).unwrap_or_default()
}
