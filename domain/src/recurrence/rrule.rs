//! Reads the text of an RRULE (RFC 5545, section 3.3.10) as schedules.
//!
//! An accepted rule gives exactly the meetings that RFC 5545 gives. A rule that schedules cannot express is refused,
//! and the error names the part of the rule.
//!
//! A rule about days of months is tested on months of every length that begin on every weekday. It is accepted if
//! positions of weekdays and days of the month give the same days in all of these months.

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc, Weekday};

use super::{Calendar, Field, Recurrence, RecurrenceError, Schedule, ScheduleError, ScheduleProblem, Skips};
use crate::{
    dates,
    zone::{Zone, instant_of, local_date},
};

/// A schedule as a client gives it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ScheduleSource {
    Schedule(Schedule),
    /// The text of an RRULE, and the local times of its meetings. Its DTSTART is the initiation date of the session or,
    /// without it, the date on which the session is created.
    Rrule {
        rrule: String,
        start: NaiveTime,
        end: NaiveTime,
    },
}

impl ScheduleSource {
    fn has_end(&self) -> bool {
        let Self::Rrule { rrule, .. } = self else { return false };
        Rule::read(rrule).is_ok_and(|rule| rule.end != End::Never)
    }
}

impl From<Recurrence> for Vec<ScheduleSource> {
    fn from(recurrence: Recurrence) -> Self {
        recurrence.schedules.into_iter().map(ScheduleSource::Schedule).collect()
    }
}

/// A recurrence, and the dates that bound it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BoundedRecurrence {
    pub recurrence: Recurrence,
    pub initiation: Option<NaiveDate>,
    pub termination: Option<NaiveDate>,
}

impl BoundedRecurrence {
    /// The recurrence of these schedules. UNTIL and COUNT of an RRULE become the termination date, unless `termination` is
    /// earlier. COUNT needs a first meeting, so without an initiation date the anchor becomes it.
    ///
    /// # Errors
    /// If a schedule is not valid, an RRULE is refused, or the schedules end on dates that one termination date can't
    /// express. The error names the schedule.
    pub fn of_sources(
        sources: &[ScheduleSource],
        zone: Zone,
        anchor: NaiveDate,
        initiation: Option<NaiveDate>,
        termination: Option<NaiveDate>,
    ) -> Result<Self, RecurrenceError> {
        // Each schedule is read up to its first and its last meeting, which takes long for rare ones. So the number comes first.
        if sources.len() > Recurrence::MAX_SCHEDULES {
            return Err(RecurrenceError::of_the_list(ScheduleProblem::TooMany));
        }
        Self::combined(sources, zone, anchor, (initiation, termination), |schedules| schedules)
    }

    /// The recurrence of rules that begin on `first` or later. Successive rules that only differ in their positions or days are
    /// one schedule, because a feed has each of them as a rule of its own.
    ///
    /// # Errors
    /// As for [`of_sources`](Self::of_sources).
    pub fn of_rules(rules: &[ScheduleSource], zone: Zone, first: NaiveDate) -> Result<Self, RecurrenceError> {
        Self::combined(rules, zone, first, (Some(first), None), joined)
    }

    fn combined(
        sources: &[ScheduleSource],
        zone: Zone,
        anchor: NaiveDate,
        (initiation, termination): (Option<NaiveDate>, Option<NaiveDate>),
        join: impl FnOnce(Vec<Schedule>) -> Vec<Schedule>,
    ) -> Result<Self, RecurrenceError> {
        let mut schedules = Vec::new();
        let mut ends: Vec<(usize, Recurrence, Option<NaiveDate>)> = Vec::new();
        let mut is_counted = false;
        for (index, source) in sources.iter().enumerate() {
            match source {
                ScheduleSource::Schedule(schedule) => {
                    schedule.check().map_err(|error| error.at(index))?;
                    let alone = Recurrence { schedules: vec![schedule.clone()] };
                    if never_meets(&alone, zone, anchor) {
                        return Err(schedule.never_meets().at(index));
                    }
                    schedules.push(schedule.clone());
                    ends.push((index, alone, None));
                }
                ScheduleSource::Rrule { rrule, start, end } => {
                    let rule = Rule::read(rrule).map_err(|error| error.at(index))?;
                    let found = rule.schedules(anchor, *start, *end).map_err(|error| error.at(index))?;
                    let alone = Recurrence { schedules: found.clone() };
                    if never_meets(&alone, zone, anchor) {
                        return Err(RruleProblem::NeverMeets.at(index));
                    }
                    is_counted |= matches!(rule.end, End::Count(_));
                    ends.push((index, alone.clone(), rule.last_date(&alone, zone, anchor, *start, index)?));
                    schedules.extend(found);
                }
            }
        }
        let recurrence = Recurrence::new(join(schedules))?;
        let initiation = if is_counted { initiation.or(Some(anchor)) } else { initiation };
        if ends.iter().all(|(.., end)| end.is_none()) {
            return Ok(Self { recurrence, initiation, termination });
        }
        let ends: Vec<_> = ends
            .into_iter()
            .map(|(index, alone, end)| (index, alone, [end, termination].into_iter().flatten().min()))
            .collect();
        let last = ends.iter().filter_map(|(.., end)| *end).max();
        // The first RRULE with an end.
        let ended = sources.iter().position(ScheduleSource::has_end);
        for (index, alone, end) in &ends {
            let calendar = Calendar { zone, anchor: Some(anchor), initiation, termination: None, skips: Skips::NONE };
            // Each schedule ends where its rule ends, even if the session goes on until the last one ends.
            let goes_on = match end {
                Some(end) if Some(*end) == last => false,
                Some(end) => {
                    let next = end.succ_opt().unwrap_or(*end);
                    alone.occurrences(&calendar, next, last.unwrap_or(next)).next().is_some()
                }
                None => true,
            };
            if goes_on {
                let is_rule = matches!(sources.get(*index), Some(ScheduleSource::Rrule { .. }));
                return Err(RecurrenceError {
                    schedule: if is_rule { Some(*index) } else { ended },
                    field: Some(Field::Rrule),
                    problem: "must end together with the other schedules: a session has one termination date, so give \
                              all rules the same UNTIL, or the session a termination date"
                        .into(),
                });
            }
        }
        Ok(Self { recurrence, initiation, termination: last })
    }
}

/// Whether a recurrence gives no meeting from the anchor on. That depends on the anchor if it counts months: the 31st, every
/// twelve months from a month of 30 days.
fn never_meets(recurrence: &Recurrence, zone: Zone, anchor: NaiveDate) -> bool {
    let first = Some(anchor);
    let calendar = Calendar { zone, anchor: first, initiation: first, termination: None, skips: Skips::NONE };
    recurrence.occurrences(&calendar, anchor, NaiveDate::MAX).next().is_none()
}

/// The schedules, with successive ones joined that only differ in their positions or days.
fn joined(schedules: Vec<Schedule>) -> Vec<Schedule> {
    let mut joined: Vec<Schedule> = Vec::new();
    for schedule in schedules {
        if !joined.last_mut().is_some_and(|last| last.join(&schedule)) {
            joined.push(schedule);
        }
    }
    joined
}

/// The parts of an RRULE.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Rule {
    frequency: Frequency,
    interval: u32,
    end: End,
    /// A weekday, and its position if it has one.
    by_day: Vec<(Option<i8>, Weekday)>,
    by_month_day: Vec<i8>,
    /// Empty if the rule has no BYMONTH.
    by_month: Vec<i64>,
    by_set_position: Vec<i64>,
    week_start: Weekday,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Frequency {
    Daily,
    Weekly,
    Monthly,
    Yearly,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Never,
    Date(NaiveDate),
    Local(NaiveDateTime),
    Instant(DateTime<Utc>),
    Count(usize),
}

/// Why an RRULE is refused. The text is the end of the message 'rrule …'.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RruleProblem {
    // The text is no rule.
    #[error("must have at most {MAX_TEXT} characters")]
    TooLong,
    #[error("must consist of parts such as FREQ=WEEKLY, with semicolons between them")]
    NoParts,
    #[error("must have the part FREQ")]
    NoFrequency,
    #[error("must not have the part {0} twice")]
    PartTwice(String),
    #[error("has a part {0} that cannot be read: write it like {0}={1}")]
    UnreadablePart(String, &'static str),
    #[error("must not have the part {0}: it is not supported")]
    UnsupportedPart(String),
    #[error("must have a FREQ that is DAILY, WEEKLY, MONTHLY or YEARLY")]
    UnsupportedFrequency,
    #[error("must have a COUNT of 1 to {MAX_COUNT}")]
    Count,
    #[error("must have a COUNT of meetings in the years 0002 to 9998: leave out COUNT for a rule without an end")]
    CountTooLate,
    #[error("must not have both COUNT and UNTIL")]
    CountAndUntil,

    // Schedules cannot express it.
    #[error("never gives a meeting")]
    NeverMeets,
    #[error("must have an INTERVAL of at most ten years")]
    LongInterval,
    #[error("must have an INTERVAL of 1 if it is DAILY")]
    EveryFewDays,
    #[error("must have an INTERVAL of 1 to meet on every such weekday of a year")]
    EveryWeekdayOfSomeYears,
    #[error("must have an INTERVAL of 1, or only meet in the month of its first meeting")]
    OtherMonthsOfSomeYears,
    #[error("must have an INTERVAL of 1, or the part BYMONTH")]
    SomeYearsWithoutMonth,
    #[error("must not have positions in BYDAY unless it is MONTHLY or YEARLY")]
    PositionsInWeeks,
    #[error("must have positions in all of BYDAY, or in none")]
    SomePositions,
    #[error("must not have a position in BYDAY that counts through the year")]
    PositionInTheYear,
    #[error("must not have BYMONTHDAY if it is WEEKLY")]
    MonthDayInWeeks,
    #[error("must not have this BYMONTHDAY together with BYDAY: no schedule has these days")]
    MonthDayAndWeekday,
    #[error("must not have a BYSETPOS that is no position of a weekday in a month")]
    SetPosition,
    #[error("cannot be used: {0}")]
    Schedule(ScheduleError),

    // Its end is not clear.
    #[error(
        "must not have an UNTIL without a time on the date of a meeting, because it may or may not include that meeting: \
         UNTIL={with_it} includes it"
    )]
    UntilOnAMeeting { with_it: String },
    #[error("must not have an UNTIL before its first meeting")]
    UntilBeforeTheFirst,
}

impl RruleProblem {
    fn at(&self, index: usize) -> RecurrenceError {
        RecurrenceError { schedule: Some(index), field: Some(Field::Rrule), problem: self.to_string().into() }
    }
}

/// A long interval is named as the rule has it. Any other problem is one of the schedule.
impl From<ScheduleError> for RruleProblem {
    fn from(error: ScheduleError) -> Self {
        match error.field {
            Field::EveryNWeeks | Field::EveryNMonths => Self::LongInterval,
            _ => Self::Schedule(error),
        }
    }
}

/// The longest text, in bytes.
const MAX_TEXT: usize = 1_000;
/// The longest name of a part in a message, in characters. The longest one of RFC 5545 has ten.
const MAX_NAME: usize = 20;
/// The largest COUNT.
const MAX_COUNT: usize = 10_000;

impl Rule {
    fn read(text: &str) -> Result<Self, RruleProblem> {
        if text.len() > MAX_TEXT {
            return Err(RruleProblem::TooLong);
        }
        let text = text.trim().to_ascii_uppercase();
        let mut frequency = None;
        let mut rule = Self {
            frequency: Frequency::Daily,
            interval: 1,
            end: End::Never,
            by_day: Vec::new(),
            by_month_day: Vec::new(),
            by_month: Vec::new(),
            by_set_position: Vec::new(),
            week_start: Weekday::Mon,
        };
        let mut seen: Vec<&str> = Vec::new();
        for part in text.strip_prefix("RRULE:").unwrap_or(&text).split(';') {
            let Some((name, value)) = part.split_once('=') else {
                return Err(RruleProblem::NoParts);
            };
            if seen.contains(&name) {
                return Err(RruleProblem::PartTwice(name.to_owned()));
            }
            seen.push(name);
            let wrong = |example| move || RruleProblem::UnreadablePart(name.to_owned(), example);
            match name {
                "FREQ" => {
                    frequency = Some(match value {
                        "DAILY" => Frequency::Daily,
                        "WEEKLY" => Frequency::Weekly,
                        "MONTHLY" => Frequency::Monthly,
                        "YEARLY" => Frequency::Yearly,
                        _ => return Err(RruleProblem::UnsupportedFrequency),
                    });
                }
                "INTERVAL" => rule.interval = digits(value).filter(|number| *number > 0).ok_or_else(wrong("2"))?,
                "COUNT" => {
                    let count = digits(value).filter(|count| (1..=MAX_COUNT).contains(count));
                    rule.end = End::Count(count.ok_or(RruleProblem::Count)?);
                }
                "UNTIL" => rule.end = until(value).ok_or_else(wrong("20261231T180000Z"))?,
                "BYDAY" => rule.by_day = list(value, weekday_and_position).ok_or_else(wrong("MO,TH"))?,
                "BYMONTHDAY" => {
                    let day = |text: &str| signed(text).filter(|day| (1..=31).contains(&day.abs()));
                    rule.by_month_day = list(value, |text| day(text)?.try_into().ok()).ok_or_else(wrong("1,-1"))?;
                }
                "BYMONTH" => {
                    let month = |text: &str| digits(text).filter(|month| (1..=12).contains(month));
                    rule.by_month = list(value, month).ok_or_else(wrong("6,7"))?;
                }
                "BYSETPOS" => {
                    let position = |text: &str| signed(text).filter(|position| (1..=366).contains(&position.abs()));
                    rule.by_set_position = list(value, position).ok_or_else(wrong("-1"))?;
                }
                "WKST" => rule.week_start = weekday(value).ok_or_else(wrong("MO"))?,
                "" => return Err(RruleProblem::NoParts),
                name => return Err(RruleProblem::UnsupportedPart(name.chars().take(MAX_NAME).collect())),
            }
        }
        if seen.contains(&"COUNT") && seen.contains(&"UNTIL") {
            return Err(RruleProblem::CountAndUntil);
        }
        let Some(frequency) = frequency else { return Err(RruleProblem::NoFrequency) };
        Ok(Self { frequency, ..rule })
    }

    /// The schedules with the same meetings, from the anchor on.
    fn schedules(&self, anchor: NaiveDate, start: NaiveTime, end: NaiveTime) -> Result<Vec<Schedule>, RruleProblem> {
        let has_positions = self.by_day.iter().any(|(position, _)| position.is_some());
        // Whether the rule names neither days of the month nor positions of weekdays.
        let only_weekdays = self.by_month_day.is_empty() && !has_positions;
        let found = match self.frequency {
            Frequency::Daily if self.interval > 1 => {
                return Err(RruleProblem::EveryFewDays);
            }
            Frequency::Daily | Frequency::Weekly if has_positions => {
                return Err(RruleProblem::PositionsInWeeks);
            }
            Frequency::Weekly if !self.by_month_day.is_empty() => {
                return Err(RruleProblem::MonthDayInWeeks);
            }
            Frequency::Daily if !self.by_month_day.is_empty() => {
                self.without_set_position(true)?;
                Self { by_set_position: Vec::new(), ..self.clone() }.in_months(anchor, 1, start, end)
            }
            Frequency::Daily => {
                self.without_set_position(true)?;
                let all =
                    [Weekday::Mon, Weekday::Tue, Weekday::Wed, Weekday::Thu, Weekday::Fri, Weekday::Sat, Weekday::Sun];
                self.weekly(if self.by_day.is_empty() { all.to_vec() } else { self.weekdays() }, 1, start, end)
            }
            Frequency::Weekly => {
                let weekdays = if self.by_day.is_empty() { vec![anchor.weekday()] } else { self.weekdays() };
                self.without_set_position(weekdays.len() == 1)?;
                self.weekly(weekdays, self.interval, start, end)
            }
            Frequency::Monthly if self.interval == 1 && only_weekdays && self.is_every_weekday() => {
                self.weekly(self.weekdays(), 1, start, end)
            }
            Frequency::Monthly => self.in_months(anchor, self.interval, start, end),
            Frequency::Yearly => self.yearly(anchor, only_weekdays, start, end),
        };
        let found = found?;
        if found.is_empty() { Err(RruleProblem::NeverMeets) } else { Ok(found) }
    }

    /// Whether the rule has weekdays, and no BYSETPOS that selects some of them.
    fn is_every_weekday(&self) -> bool {
        !self.by_day.is_empty() && self.by_set_position.is_empty()
    }

    fn yearly(
        &self,
        anchor: NaiveDate,
        only_weekdays: bool,
        start: NaiveTime,
        end: NaiveTime,
    ) -> Result<Vec<Schedule>, RruleProblem> {
        let in_step = || {
            // Months are counted from the anchor's month, so every few years is only that month.
            let months = if self.by_month.is_empty() { vec![i64::from(anchor.month())] } else { self.by_month.clone() };
            if self.interval == 1 {
                Ok(1)
            } else if months == [i64::from(anchor.month())] {
                Ok(self.interval.saturating_mul(12))
            } else {
                Err(RruleProblem::OtherMonthsOfSomeYears)
            }
        };
        if only_weekdays && self.is_every_weekday() {
            if self.interval > 1 {
                return Err(RruleProblem::EveryWeekdayOfSomeYears);
            }
            return self.weekly(self.weekdays(), 1, start, end);
        }
        if !self.by_month.is_empty() {
            if self.by_month.len() > 1 {
                self.without_set_position(false)?;
            }
            return self.in_months(anchor, in_step()?, start, end);
        }
        if !self.by_month_day.is_empty() {
            self.without_set_position(false)?;
            if self.interval > 1 {
                return Err(RruleProblem::SomeYearsWithoutMonth);
            }
            if self.by_day.iter().any(|(position, _)| position.is_some()) {
                return Err(RruleProblem::PositionInTheYear);
            }
            return self.in_months(anchor, 1, start, end);
        }
        if self.by_day.is_empty() {
            self.without_set_position(true)?;
            let months = vec![i64::from(anchor.month())];
            return Self { by_month: months, ..self.clone() }.in_months(anchor, in_step()?, start, end);
        }
        // Positions in the year. The first four of a weekday are in January, and the last four in December.
        let positions: Vec<(i64, Weekday)> = match self.by_day.as_slice() {
            [(None, weekday)] => self.by_set_position.iter().map(|position| (*position, *weekday)).collect(),
            days => {
                self.without_set_position(days.len() == 1)?;
                let position = |(position, weekday): &(Option<i8>, Weekday)| Some((i64::from((*position)?), *weekday));
                let all: Option<Vec<_>> = days.iter().map(position).collect();
                all.ok_or(RruleProblem::SomePositions)?
            }
        };
        if self.interval > 1 {
            return Err(RruleProblem::SomeYearsWithoutMonth);
        }
        let schedules = positions.into_iter().map(|(position, weekday)| {
            let month = match position {
                1..=4 => 1,
                -4..=-1 => 12,
                _ => return Err(RruleProblem::PositionInTheYear),
            };
            Ok(Schedule::monthly(weekday, &[position], start, end)?.in_months(&[month])?)
        });
        schedules.collect()
    }

    fn weekdays(&self) -> Vec<Weekday> {
        let mut weekdays = Vec::new();
        for (_, weekday) in &self.by_day {
            if !weekdays.contains(weekday) {
                weekdays.push(*weekday);
            }
        }
        weekdays
    }

    fn weekly(
        &self,
        weekdays: Vec<Weekday>,
        interval: u32,
        start: NaiveTime,
        end: NaiveTime,
    ) -> Result<Vec<Schedule>, RruleProblem> {
        let schedules = weekdays.into_iter().map(|weekday| {
            let schedule = Schedule::weekly(weekday, interval.into(), start, end)?.with_week_start(self.week_start);
            self.limited(schedule)
        });
        schedules.collect()
    }

    fn limited(&self, schedule: Schedule) -> Result<Schedule, RruleProblem> {
        if self.by_month.is_empty() { Ok(schedule) } else { Ok(schedule.in_months(&self.by_month)?) }
    }

    /// Refuses BYSETPOS, unless there is only one day and BYSETPOS selects it.
    fn without_set_position(&self, is_single: bool) -> Result<(), RruleProblem> {
        let names_the_only_one = is_single && self.by_set_position.iter().all(|position| [1, -1].contains(position));
        if self.by_set_position.is_empty() || names_the_only_one {
            return Ok(());
        }
        Err(RruleProblem::SetPosition)
    }

    /// Schedules with positions of weekdays and days of the month that give the same days as the rule.
    fn in_months(
        &self,
        anchor: NaiveDate,
        every_n_months: u32,
        start: NaiveTime,
        end: NaiveTime,
    ) -> Result<Vec<Schedule>, RruleProblem> {
        let months: Vec<Month> = Month::all(&self.by_month);
        let wanted: Vec<u64> = months.iter().map(|month| self.days_in(*month, anchor)).collect();
        let mut covered = vec![0; months.len()];
        let mut used: Vec<SchedulePart> = Vec::new();
        for atom in self.atoms() {
            let days: Vec<u64> = months.iter().map(|month| atom.day_in(*month)).collect();
            let is_part = days.iter().zip(&wanted).all(|(days, wanted)| days & !wanted == 0);
            let adds = days.iter().zip(&covered).any(|(days, covered)| days & !covered != 0);
            if is_part && adds {
                used.push(atom);
                covered.iter_mut().zip(days).for_each(|(covered, days)| *covered |= days);
            }
        }
        self.drop_redundant(&mut used, &months);
        if covered != wanted {
            return Err(if self.by_set_position.is_empty() {
                RruleProblem::MonthDayAndWeekday
            } else {
                RruleProblem::SetPosition
            });
        }
        let (mut positions, mut days): (Vec<(Weekday, Vec<i64>)>, Vec<i64>) = (Vec::new(), Vec::new());
        for atom in used {
            match atom {
                SchedulePart::Day(day) => days.push(day.into()),
                SchedulePart::Position(position, weekday) => {
                    match positions.iter_mut().find(|(known, _)| *known == weekday) {
                        Some((_, which)) => which.push(position.into()),
                        None => positions.push((weekday, vec![position.into()])),
                    }
                }
            }
        }
        let mut schedules = Vec::new();
        for (weekday, which) in positions {
            schedules.push(Schedule::monthly(weekday, &which, start, end)?);
        }
        if !days.is_empty() {
            schedules.push(Schedule::month_day(&days, start, end)?);
        }
        schedules.into_iter().map(|it| self.limited(it.every_n_months(every_n_months.into())?)).collect()
    }

    /// Drops atoms whose days the other atoms cover, such as the fifth Friday if there is the last Friday. An atom that
    /// the rule names itself stays.
    fn drop_redundant(&self, used: &mut Vec<SchedulePart>, months: &[Month]) {
        let is_named = |atom: &SchedulePart| {
            self.by_set_position.is_empty()
                && match atom {
                    SchedulePart::Position(position, weekday) => self.by_day.contains(&(Some(*position), *weekday)),
                    SchedulePart::Day(day) => self.by_month_day.contains(day),
                }
        };
        let mut index = 0;
        while let Some(atom) = used.get(index).copied() {
            let others = || used.iter().filter(|other| **other != atom);
            let is_covered = |month: &Month| {
                let covered = others().fold(0, |days, other| days | other.day_in(*month));
                atom.day_in(*month) & !covered == 0
            };
            if !is_named(&atom) && months.iter().all(is_covered) {
                used.remove(index);
            } else {
                index += 1;
            }
        }
    }

    /// The atoms that schedules can have. Those that the rule names itself come first.
    fn atoms(&self) -> Vec<SchedulePart> {
        let positions = || (1..=5).chain((-5..=-1).rev());
        let named =
            self.by_day.iter().filter_map(|(position, weekday)| Some(SchedulePart::Position((*position)?, *weekday)));
        let mut atoms: Vec<SchedulePart> =
            named.filter(|atom| matches!(atom, SchedulePart::Position(-5..=5, _))).collect();
        atoms.extend(self.by_month_day.iter().map(|day| SchedulePart::Day(*day)));
        for weekday in self.weekdays() {
            atoms.extend(positions().map(|position| SchedulePart::Position(position, weekday)));
        }
        atoms.extend((1..=31).chain((-31..=-1).rev()).map(SchedulePart::Day));
        atoms
    }

    /// The days of the rule in a month, as bits. Bit 0 is the first day.
    fn days_in(&self, month: Month, anchor: NaiveDate) -> u64 {
        let of_weekdays = self.by_day.iter().fold(0, |days, (position, weekday)| {
            days | position.map_or_else(
                || month.weekdays(*weekday),
                |position| month.nth(month.weekdays(*weekday), position.into()),
            )
        });
        let of_numbers = self.by_month_day.iter().fold(0, |days, day| days | SchedulePart::Day(*day).day_in(month));
        let days = match (self.by_day.is_empty(), self.by_month_day.is_empty()) {
            (true, true) => month.all_days() & 1 << anchor.day0(),
            (true, false) => of_numbers,
            (false, true) => of_weekdays,
            (false, false) => of_numbers & of_weekdays,
        };
        if self.by_set_position.is_empty() {
            return days;
        }
        self.by_set_position.iter().fold(0, |found, position| found | month.nth(days, *position))
    }

    /// The last date on which the rule may give a meeting. `None` if it goes on for ever.
    fn last_date(
        &self,
        alone: &Recurrence,
        zone: Zone,
        anchor: NaiveDate,
        start: NaiveTime,
        index: usize,
    ) -> Result<Option<NaiveDate>, RecurrenceError> {
        let day_before = |date: NaiveDate| date.pred_opt().unwrap_or(date);
        let dates = |from: NaiveDate, to: NaiveDate| {
            let (initiation, skips) = (Some(anchor), Skips::NONE);
            let calendar = Calendar { zone, anchor: initiation, initiation, termination: None, skips };
            alone.occurrences(&calendar, from, to).map(|occurrence| occurrence.date)
        };
        let last = match self.end {
            End::Never => return Ok(None),
            End::Count(count) => {
                let last = dates(anchor, NaiveDate::MAX).nth(count.saturating_sub(1));
                return last.map(Some).ok_or_else(|| RruleProblem::CountTooLate.at(index));
            }
            // RFC 5545 does not allow a date together with a start time. Some programs read it as the beginning of that day, and
            // others as its end. Without a meeting on it, both mean the same.
            End::Date(date) if dates(date, date).next().is_some() => {
                let with_it = instant_of(zone, date.and_time(start)).format("%Y%m%dT%H%M%SZ").to_string();
                return Err(RruleProblem::UntilOnAMeeting { with_it }.at(index));
            }
            End::Date(date) => date,
            End::Local(until) if start <= until.time() => until.date(),
            End::Local(until) => day_before(until.date()),
            End::Instant(until) => {
                // The last date whose start is not after the instant. A change of the clocks may move a start to the
                // next date.
                let mut date = local_date(zone, until).checked_add_signed(TimeDelta::days(1)).unwrap_or(anchor);
                while until < instant_of(zone, date.and_time(start)) && anchor <= date {
                    date = day_before(date);
                }
                date
            }
        };
        if last < anchor {
            return Err(RruleProblem::UntilBeforeTheFirst.at(index));
        }
        // Some programs write an UNTIL of the year 9999 for a rule without an end.
        Ok(dates::check(last).ok())
    }
}

/// Why a text is no rule of clock changes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum YearlyRuleProblem {
    #[error(transparent)]
    Rrule(#[from] RruleProblem),
    #[error("must give the same days of a month each year")]
    NotYearly,
}

/// The rule of the clock changes of a VTIMEZONE (RFC 5545, section 3.6.5): once or more in certain months of each year.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct YearlyRule(Rule);

impl YearlyRule {
    /// # Errors
    /// If the text is no rule of this kind: it must be YEARLY, without an interval.
    pub fn read(text: &str) -> Result<Self, YearlyRuleProblem> {
        let rule = Rule::read(text)?;
        let is_simple = rule.frequency == Frequency::Yearly
            && rule.interval == 1
            && (rule.by_set_position.is_empty() || rule.by_month.len() == 1)
            && (rule.by_day.is_empty() && rule.by_month_day.is_empty() || !rule.by_month.is_empty());
        if is_simple { Ok(Self(rule)) } else { Err(YearlyRuleProblem::NotYearly) }
    }

    /// The dates in a year, ascending. `first` is the date of DTSTART, before which there are none.
    pub fn dates_in(&self, year: i32, first: NaiveDate) -> Vec<NaiveDate> {
        let mut months =
            if self.0.by_month.is_empty() { vec![i64::from(first.month())] } else { self.0.by_month.clone() };
        months.sort_unstable();
        months.dedup();
        let begins = months.iter().filter_map(|month| NaiveDate::from_ymd_opt(year, u32::try_from(*month).ok()?, 1));
        let dates = begins.flat_map(|begins| {
            let month =
                Month { length: begins.num_days_in_month().into(), first: begins.weekday().num_days_from_monday() };
            let days = self.0.days_in(month, first);
            begins
                .iter_days()
                .take(31)
                .filter(move |date| days >> date.day0() & 1 == 1 && date.month() == begins.month())
        });
        dates.filter(|date| first <= *date).collect()
    }

    /// Whether the rule ends after a number of changes (COUNT).
    pub const fn is_counted(&self) -> bool {
        matches!(self.0.end, End::Count(_))
    }

    /// Whether the rule goes on for ever.
    pub const fn is_endless(&self) -> bool {
        matches!(self.0.end, End::Never)
    }

    /// Whether the rule ended before its change number `index`, from 0, which is at this local time and instant.
    pub fn is_over(&self, index: usize, local: NaiveDateTime, at: DateTime<Utc>) -> bool {
        match self.0.end {
            End::Never => false,
            End::Date(date) => date < local.date(),
            End::Local(until) => until < local,
            End::Instant(until) => until < at,
            End::Count(count) => count <= index,
        }
    }
}

/// A month of some length that begins on some weekday.
#[derive(Debug, Clone, Copy)]
struct Month {
    length: u32,
    /// 0 is Monday.
    first: u32,
}

impl Month {
    /// One month of each length and first weekday that these months of the year can have. No months are all months.
    fn all(months: &[i64]) -> Vec<Self> {
        let lengths: &[(u32, &[i64])] = &[(28, &[2]), (29, &[2]), (30, &[4, 6, 9, 11]), (31, &[1, 3, 5, 7, 8, 10, 12])];
        let is_possible = |of: &[i64]| months.is_empty() || of.iter().any(|month| months.contains(month));
        let lengths = lengths.iter().filter(|(_, of)| is_possible(of)).map(|(length, _)| *length);
        lengths.flat_map(|length| (0..7).map(move |first| Self { length, first })).collect()
    }

    const fn all_days(self) -> u64 {
        (1 << self.length) - 1
    }

    fn weekdays(self, weekday: Weekday) -> u64 {
        let first = (7 + weekday.num_days_from_monday() - self.first) % 7;
        (first..self.length).step_by(7).fold(0, |days, day| days | 1 << day)
    }

    /// The nth of these days: 1 is the first one, -1 the last one.
    fn nth(self, days: u64, position: i64) -> u64 {
        let numbers: Vec<u32> = (0..self.length).filter(|day| days >> day & 1 == 1).collect();
        let index = usize::try_from(position.unsigned_abs()).ok().and_then(|position| position.checked_sub(1));
        let day =
            index.and_then(|index| if position > 0 { numbers.get(index) } else { numbers.iter().nth_back(index) });
        day.map_or(0, |day| 1 << day)
    }
}

/// The smallest part of a schedule: one position of a weekday in a month, or one day of the month.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum SchedulePart {
    Position(i8, Weekday),
    Day(i8),
}

impl SchedulePart {
    fn day_in(self, month: Month) -> u64 {
        match self {
            Self::Position(position, weekday) => month.nth(month.weekdays(weekday), position.into()),
            Self::Day(day) => month.nth(month.all_days(), day.into()),
        }
    }
}

fn list<T>(text: &str, item: impl Fn(&str) -> Option<T>) -> Option<Vec<T>> {
    text.split(',').map(item).collect()
}

/// A number without a sign.
fn digits<T: std::str::FromStr>(text: &str) -> Option<T> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

fn signed(text: &str) -> Option<i64> {
    let (is_negative, text) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let number: i64 = digits::<u16>(text)?.into();
    Some(if is_negative { -number } else { number })
}

fn weekday(text: &str) -> Option<Weekday> {
    Some(match text {
        "MO" => Weekday::Mon,
        "TU" => Weekday::Tue,
        "WE" => Weekday::Wed,
        "TH" => Weekday::Thu,
        "FR" => Weekday::Fri,
        "SA" => Weekday::Sat,
        "SU" => Weekday::Sun,
        _ => return None,
    })
}

/// Such as 'MO', '1MO' or '-1MO'.
fn weekday_and_position(text: &str) -> Option<(Option<i8>, Weekday)> {
    let (position, day) = text.split_at_checked(text.len().checked_sub(2)?)?;
    let day = weekday(day)?;
    if position.is_empty() {
        return Some((None, day));
    }
    let position = signed(position).filter(|position| (1..=53).contains(&position.abs()))?;
    Some((Some(i8::try_from(position).ok()?), day))
}

/// A date, a local time or an instant.
fn until(text: &str) -> Option<End> {
    let read = |format: &str| NaiveDateTime::parse_from_str(text, format).ok();
    match text.len() {
        8 => NaiveDate::parse_from_str(text, "%Y%m%d").ok().map(End::Date),
        15 => read("%Y%m%dT%H%M%S").map(End::Local),
        16 => read("%Y%m%dT%H%M%SZ").map(|at| End::Instant(at.and_utc())),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::zone::ZoneData;

    fn date(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn time(hour: u32) -> NaiveTime {
        NaiveTime::from_hms_opt(hour, 0, 0).unwrap()
    }

    fn read(rules: &[&str], anchor: &str) -> Result<BoundedRecurrence, RecurrenceError> {
        let source = |rrule: &&str| ScheduleSource::Rrule { rrule: (*rrule).to_owned(), start: time(9), end: time(10) };
        let sources: Vec<_> = rules.iter().map(source).collect();
        let anchor = date(anchor);
        let zone = ZoneData::compiled().zone("America/New_York").unwrap();
        BoundedRecurrence::of_sources(&sources, zone, anchor, Some(anchor), None)
    }

    /// The rules of the schedules for a DTSTART of Tuesday, 5 August 1997, and the last date.
    fn schedules(rrule: &str) -> (Vec<String>, Option<String>) {
        let found = read(&[rrule], "1997-08-05").unwrap_or_else(|error| panic!("{rrule}: {error}"));
        let calendar =
            Calendar { zone: Zone::utc(), anchor: None, initiation: None, termination: None, skips: Skips::NONE };
        (found.recurrence.rrules(&calendar), found.termination.map(|date| date.to_string()))
    }

    #[test]
    fn rrule_becomes_schedules() {
        for (rrule, expected) in [
            ("FREQ=WEEKLY;BYDAY=TH", &["FREQ=WEEKLY;BYDAY=TH"][..]),
            ("rrule:freq=weekly;byday=th", &["FREQ=WEEKLY;BYDAY=TH"]),
            ("FREQ=WEEKLY", &["FREQ=WEEKLY;BYDAY=TU"]),
            (
                "FREQ=WEEKLY;INTERVAL=2;WKST=SU;BYDAY=TU,SU;BYMONTH=8,9",
                &[
                    "FREQ=WEEKLY;INTERVAL=2;WKST=SU;BYMONTH=8,9;BYDAY=TU",
                    "FREQ=WEEKLY;INTERVAL=2;WKST=SU;BYMONTH=8,9;BYDAY=SU",
                ],
            ),
            ("FREQ=DAILY;BYDAY=MO,WE", &["FREQ=WEEKLY;BYDAY=MO", "FREQ=WEEKLY;BYDAY=WE"]),
            ("FREQ=DAILY;BYMONTHDAY=1,15", &["FREQ=MONTHLY;BYMONTHDAY=1,15"]),
            ("FREQ=MONTHLY", &["FREQ=MONTHLY;BYMONTHDAY=5"]),
            ("FREQ=MONTHLY;BYDAY=1SU,-1SU", &["FREQ=MONTHLY;BYDAY=1SU,-1SU"]),
            ("FREQ=MONTHLY;BYDAY=+2MO,3WE", &["FREQ=MONTHLY;BYDAY=2MO", "FREQ=MONTHLY;BYDAY=3WE"]),
            ("FREQ=MONTHLY;BYDAY=FR", &["FREQ=WEEKLY;BYDAY=FR"]),
            ("FREQ=MONTHLY;INTERVAL=2;BYDAY=FR", &["FREQ=MONTHLY;INTERVAL=2;BYDAY=1FR,2FR,3FR,4FR,5FR"]),
            ("FREQ=MONTHLY;BYDAY=FR;BYSETPOS=-1", &["FREQ=MONTHLY;BYDAY=-1FR"]),
            ("FREQ=MONTHLY;BYDAY=FR;BYSETPOS=1,3", &["FREQ=MONTHLY;BYDAY=1FR,3FR"]),
            ("FREQ=MONTHLY;BYMONTHDAY=28,29,30,31;BYSETPOS=-1", &["FREQ=MONTHLY;BYMONTHDAY=-1"]),
            // The second Tuesday, and the Tuesday before the last week.
            ("FREQ=MONTHLY;BYDAY=TU;BYMONTHDAY=8,9,10,11,12,13,14", &["FREQ=MONTHLY;BYDAY=2TU"]),
            ("FREQ=MONTHLY;BYDAY=TU;BYMONTHDAY=-14,-13,-12,-11,-10,-9,-8", &["FREQ=MONTHLY;BYDAY=-2TU"]),
            ("FREQ=MONTHLY;BYMONTHDAY=31,-1;INTERVAL=18", &["FREQ=MONTHLY;INTERVAL=18;BYMONTHDAY=31,-1"]),
            ("FREQ=YEARLY", &["FREQ=MONTHLY;BYMONTH=8;BYMONTHDAY=5"]),
            ("FREQ=YEARLY;INTERVAL=2", &["FREQ=MONTHLY;INTERVAL=24;BYMONTH=8;BYMONTHDAY=5"]),
            ("FREQ=YEARLY;BYMONTH=6,7", &["FREQ=MONTHLY;BYMONTH=6,7;BYMONTHDAY=5"]),
            ("FREQ=YEARLY;BYMONTH=3;BYDAY=TH", &["FREQ=WEEKLY;BYMONTH=3;BYDAY=TH"]),
            ("FREQ=YEARLY;BYMONTH=11;BYDAY=4TH", &["FREQ=MONTHLY;BYMONTH=11;BYDAY=4TH"]),
            ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29", &["FREQ=MONTHLY;BYMONTH=2;BYMONTHDAY=29"]),
            ("FREQ=YEARLY;BYDAY=1MO", &["FREQ=MONTHLY;BYMONTH=1;BYDAY=1MO"]),
            ("FREQ=YEARLY;BYDAY=SU;BYSETPOS=-1", &["FREQ=MONTHLY;BYMONTH=12;BYDAY=-1SU"]),
        ] {
            assert_eq!(schedules(rrule), (expected.iter().map(|&rule| rule.to_owned()).collect(), None), "{rrule}");
        }
    }

    /// A schedule and the RRULE for it are refused alike.
    #[test]
    fn schedule_that_never_gives_a_meeting_is_refused() {
        let days = |days: &[i64], n| Schedule::month_day(days, time(9), time(10)).unwrap().every_n_months(n).unwrap();
        let first = |n| Schedule::monthly(Weekday::Mon, &[1], time(9), time(10)).unwrap().every_n_months(n).unwrap();
        for (schedule, anchor, field) in [
            (days(&[31], 12), "2026-06-15", Some(Field::EveryNMonths)),
            (days(&[31, -31], 12), "2026-11-01", Some(Field::EveryNMonths)),
            (days(&[31], 12), "2026-07-15", None),
            (days(&[31, 30], 12), "2026-06-15", None),
            (days(&[31], 7), "2026-06-15", None),
            (days(&[30, 31], 1).in_months(&[2]).unwrap(), "2026-06-15", Some(Field::Days)),
            (days(&[29], 1).in_months(&[2]).unwrap(), "2026-06-15", None),
            (first(6).in_months(&[3]).unwrap(), "2026-06-15", Some(Field::EveryNMonths)),
            (first(6).in_months(&[12]).unwrap(), "2026-06-15", None),
        ] {
            let (anchor, zone) = (date(anchor), Zone::utc());
            let rules = Recurrence { schedules: vec![schedule.clone()] }.rrules(&Calendar {
                zone,
                anchor: Some(anchor),
                initiation: None,
                termination: None,
                skips: Skips::NONE,
            });
            let rule = ScheduleSource::Rrule { rrule: rules[0].clone(), start: time(9), end: time(10) };
            let refused = |source: ScheduleSource| {
                let found = BoundedRecurrence::of_sources(&[source], zone, anchor, None, None);
                found.err().map(|error| (error.schedule, error.field))
            };
            let expected = field.map(|field| (Some(0), Some(field)));
            assert_eq!(refused(ScheduleSource::Schedule(schedule.clone())), expected, "{schedule:?}");
            let expected = field.map(|_| (Some(0), Some(Field::Rrule)));
            assert_eq!(refused(rule), expected, "{schedule:?}");
        }
    }

    #[test]
    fn until_and_count_become_the_last_date() {
        for (rrule, last) in [
            // There is no meeting on this day.
            ("FREQ=WEEKLY;UNTIL=19970827", "1997-08-27"),
            ("FREQ=WEEKLY;UNTIL=19970826T085959", "1997-08-25"),
            ("FREQ=WEEKLY;UNTIL=19970826T090000", "1997-08-26"),
            // 9:00 in New York is 13:00 in UTC.
            ("FREQ=WEEKLY;UNTIL=19970826T125959Z", "1997-08-25"),
            ("FREQ=WEEKLY;UNTIL=19970826T130000Z", "1997-08-26"),
            // Examples of RFC 5545, section 3.8.5.3.
            ("FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=MO", "1997-08-24"),
            ("FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=SU", "1997-08-31"),
            ("FREQ=MONTHLY;COUNT=10;BYMONTHDAY=31", "1998-12-31"),
            ("FREQ=DAILY;COUNT=1", "1997-08-05"),
        ] {
            assert_eq!(schedules(rrule).1.as_deref(), Some(last), "{rrule}");
        }
        for endless in ["FREQ=WEEKLY", "FREQ=WEEKLY;UNTIL=99991231T235959Z", "FREQ=WEEKLY;UNTIL=99991231"] {
            assert_eq!(schedules(endless).1, None, "{endless}");
        }
        let today = date("1997-08-05");
        let counted = ScheduleSource::Rrule { rrule: "FREQ=DAILY;COUNT=3".to_owned(), start: time(9), end: time(10) };
        let found =
            BoundedRecurrence::of_sources(&[counted], Zone::utc(), today, None, Some(date("2000-01-01"))).unwrap();
        assert_eq!((found.initiation, found.termination), (Some(today), Some(date("1997-08-07"))));
        // The other rule has no meeting after the last Tuesday.
        let both = read(&["FREQ=WEEKLY;BYDAY=TU;COUNT=3", "FREQ=WEEKLY;BYDAY=MO;COUNT=2"], "1997-08-05").unwrap();
        assert_eq!(both.termination, Some(date("1997-08-19")));
    }

    #[test]
    fn rrule_that_schedules_cannot_express_is_refused_by_its_part() {
        for (rrule, part) in [
            ("", "parts such as FREQ"),
            ("FREQ=WEEKLY;", "parts such as FREQ"),
            ("BYDAY=MO", "FREQ"),
            ("FREQ=HOURLY", "FREQ"),
            ("FREQ=WEEKLY;BYDAY=MO;BYDAY=TU", "BYDAY twice"),
            ("FREQ=WEEKLY;COUNT=2;UNTIL=19990101", "COUNT and UNTIL"),
            ("FREQ=WEEKLY;COUNT=0", "COUNT"),
            ("FREQ=WEEKLY;INTERVAL=0", "INTERVAL"),
            ("FREQ=WEEKLY;INTERVAL=521", "INTERVAL"),
            ("FREQ=WEEKLY;UNTIL=1999", "UNTIL"),
            ("FREQ=WEEKLY;UNTIL=19970804", "UNTIL"),
            ("FREQ=WEEKLY;UNTIL=19970805", "UNTIL=19970805T130000Z includes it"),
            ("FREQ=WEEKLY;UNTIL=19970826", "UNTIL=19970826T130000Z includes it"),
            ("FREQ=WEEKLY;BYDAY=1MO", "BYDAY"),
            ("FREQ=WEEKLY;BYDAY=MO,XX", "BYDAY"),
            ("FREQ=WEEKLY;BYMONTHDAY=1", "BYMONTHDAY"),
            ("FREQ=WEEKLY;BYDAY=MO,TU;BYSETPOS=1", "BYSETPOS"),
            ("FREQ=WEEKLY;BYHOUR=9", "BYHOUR"),
            ("FREQ=YEARLY;BYWEEKNO=20", "BYWEEKNO"),
            ("FREQ=YEARLY;BYYEARDAY=100", "BYYEARDAY"),
            ("FREQ=DAILY;INTERVAL=2", "INTERVAL"),
            // The last working day.
            ("FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1", "BYSETPOS"),
            // Friday the 13th.
            ("FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13", "BYMONTHDAY"),
            ("FREQ=YEARLY;BYDAY=20MO", "BYDAY"),
            ("FREQ=YEARLY;BYDAY=1FR;BYMONTHDAY=1,2,3,4,5,6,7", "BYDAY"),
            ("FREQ=YEARLY;INTERVAL=2;BYMONTH=3", "INTERVAL"),
            ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "never gives a meeting"),
            // The anchor is in August.
            ("FREQ=MONTHLY;INTERVAL=12;BYMONTHDAY=31;BYMONTH=9", "never gives a meeting"),
            ("FREQ=MONTHLY;INTERVAL=6;BYDAY=1MO;BYMONTH=1", "never gives a meeting"),
            ("FREQ=WEEKLY;X-NAME=1", "X-NAME"),
        ] {
            let error = read(&[rrule], "1997-08-05").map(|_| rrule).expect_err(rrule);
            let error = error.to_string();
            assert!(error.starts_with("schedule 1: rrule ") && error.contains(part), "{rrule}: {error}");
        }
        let error = read(&["FREQ=WEEKLY;BYDAY=TU;COUNT=3", "FREQ=WEEKLY;BYDAY=MO"], "1997-08-05").unwrap_err();
        assert!(error.to_string().starts_with("schedule 2: rrule must end together"), "{error}");
        // The number of schedules is checked before any of them is read.
        let error = read(&["wrong"; Recurrence::MAX_SCHEDULES + 1], "1997-08-05").unwrap_err();
        assert_eq!((error.schedule, error.problem), (None, ScheduleProblem::TooMany));
        // A schedule that is no RRULE has no end that could be changed.
        let weekly = ScheduleSource::Schedule(Schedule::weekly(Weekday::Mon, 1, time(9), time(10)).unwrap());
        let rule = |text: &str| ScheduleSource::Rrule { rrule: text.to_owned(), start: time(9), end: time(10) };
        let (ended, endless) = (rule("FREQ=WEEKLY;BYDAY=TU;COUNT=3"), rule("FREQ=WEEKLY;BYDAY=WE"));
        for sources in [[weekly.clone(), ended.clone()], [ended, weekly]] {
            let named = sources.iter().position(|source| matches!(source, ScheduleSource::Rrule { .. }));
            let sources = [sources.as_slice(), std::slice::from_ref(&endless)].concat();
            let anchor = date("1997-08-05");
            let error = BoundedRecurrence::of_sources(&sources, Zone::utc(), anchor, Some(anchor), None).unwrap_err();
            assert_eq!((error.schedule, error.field), (named, Some(Field::Rrule)), "{error}");
        }
    }
}
