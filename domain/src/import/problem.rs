//! Why a calendar file, or an event in it, cannot be imported. The texts of all these refusals are here.
//!
//! Each text completes a sentence that begins with the file, the event or, for a [`DefinitionProblem`], the VTIMEZONE. Values of
//! the file are shortened and quoted already.

use chrono::{DateTime, NaiveDateTime, Utc};

use super::{
    event::{MAX_DATES, MAX_UID},
    feed::PREFIX,
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
    #[error("ends some lines with CR and others with LF: save it with one kind of line ends")]
    LineEnds,
    #[error("is cut off: it does not end with END:VCALENDAR. Fetch the whole file")]
    CutOff,
    /// The zone data of this program has no UTC.
    #[error("cannot be read: {0}")]
    ZoneData(#[from] crate::zone::UnknownZone),
}

/// Why a component, such as a VEVENT or a VTIMEZONE, cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, Hash, thiserror::Error)]
pub enum ComponentProblem {
    #[error("is cut off: it has no END of {0}. Add it, or fetch the whole file")]
    NoEnd(String),
    #[error("is cut off: it has an END of {0} without its BEGIN. Fetch the whole file")]
    NoBegin(String),
    #[error("has an END in it without its BEGIN: {0}. Add the BEGIN, or remove the END")]
    NoBeginInside(String),
    #[error("has a line that is no property: {0}. Correct or remove it")]
    NoProperty(String),
    #[error("has a line that cannot be read: {0}. Correct or remove it")]
    UnreadableLine(String),
    #[error("has a NUL byte in the line {0}: the file is damaged, so fetch it again")]
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
    #[error("has no {0}: add one")]
    Missing(&'static str),
    #[error("has no SUMMARY, which is the name of a session: add one")]
    NoName,
    #[error("has more than one {0}: leave one")]
    Repeated(String),
    #[error("has {} that cannot be read: {value}. Write it like {}", with_article(.property), example(.property))]
    Unreadable { property: String, value: String },
    #[error("has a UID of more than {MAX_UID} bytes, or with control characters: give it a shorter one without them")]
    UnusableUid,
    #[error("has a {property} that cannot be used: it {problem}")]
    UnusableText { property: &'static str, problem: String },
    #[error("has an EXRULE, which is not supported: list the dates as EXDATE")]
    Exrule,
    #[error(
        "changes all later meetings (RECURRENCE-ID with RANGE), which is not supported: end the RRULE before them by UNTIL, \
         and give them an event with a UID of its own"
    )]
    ChangesLaterMeetings,
    #[error("lists more than {MAX_DATES} dates as RDATE or EXDATE: remove those that are over")]
    TooManyDates,

    // Its times.
    #[error("has no time of day: give its DTSTART a time, such as {TIME}")]
    NoTime,
    #[error("has {} without a time of day, and DTSTART has one: write it like {TIME}", with_article(.0))]
    OnlyADate(String),
    #[error(
        "has {} without a time zone: give the import a time zone for such times{named}", with_article(.property)
    )]
    NoZone { property: String, named: NamedZone },
    #[error("has {} of {time}, whose date {OutOfRange}", with_article(.property))]
    OutOfRange { property: String, time: String },
    #[error("has both DTEND and DURATION: leave one")]
    TwoEnds,
    #[error("is repeated and has no end: it needs DTEND or DURATION")]
    NoEnd,
    #[error("ends before it starts: correct its DTEND or DURATION")]
    EndsBeforeItStarts,
    #[error("lasts a day or longer: correct its DTEND or DURATION")]
    TooLong,
    #[error(
        "has {} of {local}, which the clocks of {} show twice: a session meets when they show it first, so choose another time",
        with_article(.property), .zone.name()
    )]
    ShownTwice { property: String, local: NaiveDateTime, zone: Zone },
    #[error("ends at {ends}, which is another instant by the clocks of {}: correct its DTEND or DURATION", .zone.name())]
    EndsOtherwise { ends: String, zone: Zone },
    #[error(
        "has a VTIMEZONE that contradicts the time zone of its TZID at {}, so programs show its meetings at different times: \
         correct the VTIMEZONE, or remove it",
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
    #[error("has a DTSTART that is no meeting of its RRULE, which RFC 5545 leaves undefined: set it to the first one")]
    StartIsNoMeeting,
    #[error("is cancelled as a whole: delete its session, if there is one")]
    CancelledAsAWhole,
    #[error("has no meeting: its EXDATE leaves out all of them, so remove one or the event")]
    NoMeeting,
    #[error("has more than {MAX_MEETINGS} meetings that are from no rule (RDATE): remove those that are over")]
    TooManyMeetings,
    #[error("changes more than {MAX_MEETINGS} meetings (RECURRENCE-ID): remove those that are over")]
    TooManyChanges,
    #[error("leaves out more than {} dates (EXDATE): remove those that are over", Skips::MAX)]
    TooManySkips,
    #[error("has {0} both as EXDATE and as RECURRENCE-ID: remove one of them")]
    ExcludedAndChanged(String),
    #[error(
        "has a meeting (RDATE or RECURRENCE-ID) so long after the end of its RRULE that more than {} dates would be left out: \
         give it an event with a UID of its own",
        Skips::MAX
    )]
    LongAfterItsRule,

    // The events of one session together.
    #[error("is in the file more than once without a RECURRENCE-ID: give each event a UID of its own")]
    SeveralMasters,
    #[error("is in the file twice, with different contents and the same SEQUENCE and DTSTAMP: remove one of them")]
    TwoVersions,
    #[error("has rules whose DTSTART is in different time zones: give all of them one TZID")]
    SeveralZones,
    #[error(
        "is one of several rules of a session that begin or end at different times: give each event a UID of its own"
    )]
    RulesApart,
}

/// Why the zone of a TZID is not known.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ZoneProblem {
    #[error(
        "has the TZID {0}, which is no IANA name and no name of Windows, and its calendar has no VTIMEZONE for it: use {NAME}"
    )]
    Unknown(String),
    #[error("has the TZID {name}, whose VTIMEZONE {problem}: correct that, or use {NAME}")]
    Definition { name: String, problem: DefinitionProblem },
    #[error("has the TZID {0}, and a file may have {MAX_DEFINITIONS} zones of its own: use {NAME}")]
    TooMany(String),
    #[error(
        "has the TZID {name}, and from {} to {} no IANA zone has the offsets of its VTIMEZONE: use {NAME}", .years.0, .years.1
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
    #[error("has more than one {0}")]
    Repeated(String),
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

/// A value of a property, as a model.
fn example(property: &str) -> &'static str {
    match property.strip_prefix(PREFIX).unwrap_or(property) {
        "DURATION" => "PT2H",
        "GEO" => "52.52;13.405",
        _ => TIME,
    }
}

const TIME: &str = "20260131T190000";
const NAME: &str = "an IANA name such as Europe/Berlin";

/// The zone that a calendar names for itself (X-WR-TIMEZONE). Many programs use it for times that have none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NamedZone {
    Nothing,
    Known(Zone),
    /// The text, shortened and quoted.
    Unknown(String),
}

/// Continues the advice to give an import a time zone.
impl std::fmt::Display for NamedZone {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Nothing => Ok(()),
            Self::Known(zone) => write!(formatter, ", such as {}, the X-WR-TIMEZONE of its calendar", zone.name()),
            Self::Unknown(name) => write!(formatter, " (the X-WR-TIMEZONE of its calendar, {name}, is not known)"),
        }
    }
}
