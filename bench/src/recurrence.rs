//! Recurrence: occurrences a second, as instants, for rules over fifty years.
//!
//! The rrule crate computes starts; `domain` computes starts and ends. Parsing is not measured. The benchmark checks
//! that both compute the same starts: the zones are some whose rules are the same in the data of both. For
//! python-dateutil, with the same rules: `cargo run --release -p insession-bench -- recurrence --rules | python3
//! bench/recurrence_dateutil.py`.

use std::{hint::black_box, time::Duration};

use anyhow::{Context, Result, ensure};
use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, Utc, Weekday};
use domain::{
    recurrence::{Calendar, Recurrence, Schedule, Skips},
    zone::ZoneData,
};
use rrule::RRuleSet;

use crate::{
    figures::{Aim, Figures},
    measure::{median, time},
};

/// The number of measurements of each side.
const REPETITIONS: usize = 15;
/// The minimal duration of one measurement.
const MIN_DURATION: Duration = Duration::from_millis(20);

struct Rule {
    recurrence: Recurrence,
    calendar: Calendar,
    from: NaiveDate,
    to: NaiveDate,
    starts: NaiveDateTime,
    rrule: String,
}

impl Rule {
    fn new(zone: &str, schedule: Schedule) -> Result<Self> {
        let day = |year, month, day| NaiveDate::from_ymd_opt(year, month, day).context("no such date");
        let zone = ZoneData::compiled().zone(zone)?;
        let (from, to) = (day(2000, 1, 1)?, day(2049, 12, 31)?);
        let recurrence = Recurrence::new(vec![schedule])?;
        let calendar =
            Calendar { zone, anchor: Some(from), initiation: Some(from), termination: Some(to), skips: Skips::NONE };
        let first = recurrence.series(&calendar, from).into_iter().min_by_key(|series| series.starts);
        let starts = first.context("the rule never meets")?.starts;
        let rrule = recurrence.rrules(&calendar).swap_remove(0);
        Ok(Self { recurrence, calendar, from, to, starts, rrule })
    }

    fn starts(&self) -> impl Iterator<Item = DateTime<Utc>> {
        self.recurrence.occurrences(&self.calendar, self.from, self.to).map(|occurrence| {
            let meeting = black_box(occurrence.meeting);
            meeting.starts_at()
        })
    }

    fn rrule(&self) -> Result<RRuleSet> {
        let Self { starts, rrule, .. } = self;
        let zone = self.calendar.zone.name();
        let text = format!("DTSTART;TZID={zone}:{}\nRRULE:{rrule}", starts.format("%Y%m%dT%H%M%S"));
        text.parse().with_context(|| format!("rrule can't read {text}"))
    }
}

fn rules() -> Result<Vec<Rule>> {
    let time = |hour, minute| NaiveTime::from_hms_opt(hour, minute, 0).context("no such time");
    let (start, end) = (time(19, 0)?, time(22, 30)?);
    Ok(vec![
        Rule::new("UTC", Schedule::weekly(Weekday::Thu, 1, start, end)?)?,
        Rule::new("America/New_York", Schedule::weekly(Weekday::Thu, 1, start, end)?)?,
        Rule::new("Europe/Berlin", Schedule::weekly(Weekday::Tue, 2, start, end)?)?,
        Rule::new("Australia/Sydney", Schedule::weekly(Weekday::Sun, 3, start, end)?)?,
        Rule::new("America/Chicago", Schedule::monthly(Weekday::Sun, &[1, 3], start, end)?)?,
        Rule::new("Asia/Gaza", Schedule::monthly(Weekday::Fri, &[-1], start, end)?)?,
        Rule::new("Europe/London", Schedule::monthly(Weekday::Wed, &[5], time(23, 0)?, time(1, 0)?)?)?,
    ])
}

/// Prints each rule as a line: zone, first start and end of the range as local times, RRULE without UNTIL.
pub fn print_rules() -> Result<()> {
    for rule in rules()? {
        let (starts, until) = (rule.starts, rule.to.and_time(rule.starts.time()));
        let rrule = rule.rrule.split(";UNTIL").next().unwrap_or_default();
        println!("{}\t{starts}\t{until}\t{rrule}", rule.calendar.zone.name());
    }
    Ok(())
}

pub fn run(figures: &mut Figures) -> Result<()> {
    println!("Millions of occurrences a second, 2000 to 2049; medians of {REPETITIONS}, in turn");
    for rule in rules()? {
        let theirs = rule.rrule()?;
        let count = check(&rule, &theirs)?;
        let mut ours = || rule.starts().map(|at| at.timestamp()).sum::<i64>();
        let mut others = || (&theirs).into_iter().map(|at| at.timestamp()).sum::<i64>();
        let (our_rounds, their_rounds) = (rounds(&mut ours), rounds(&mut others));
        let (mut our_times, mut their_times) = (Vec::new(), Vec::new());
        for _ in 0..REPETITIONS {
            our_times.push(repeat(our_rounds, &mut ours));
            their_times.push(repeat(their_rounds, &mut others));
        }
        let a_second = |times: &[Duration]| f64::from(count) / median(times).as_secs_f64();
        let name = format!("{} {}", rule.calendar.zone.name(), rule.rrule.split(";UNTIL").next().unwrap_or(""));
        let (ours, theirs) = (a_second(&our_times) / 1e6, a_second(&their_times) / 1e6);
        figures.add(name, "million", ours, Some(theirs), Aim::TimesAtLeast(10.0));
    }
    Ok(())
}

/// Checks that both compute the same starts. Returns their number.
fn check(rule: &Rule, theirs: &RRuleSet) -> Result<u32> {
    let ours: Vec<DateTime<Utc>> = rule.starts().collect();
    let theirs: Vec<DateTime<Utc>> = theirs.into_iter().map(|at| at.to_utc()).collect();
    ensure!(ours == theirs, "rrule gives other occurrences for {}", rule.rrule);
    Ok(u32::try_from(ours.len())?)
}

/// The number of calls that together take at least [`MIN_DURATION`].
fn rounds(work: &mut dyn FnMut() -> i64) -> u32 {
    let mut rounds = 1;
    while repeat(rounds, work) * rounds < MIN_DURATION {
        rounds *= 2;
    }
    rounds
}

/// The average duration of a call.
fn repeat(rounds: u32, work: &mut dyn FnMut() -> i64) -> Duration {
    time(|| (0..rounds).for_each(|_| _ = black_box(work()))) / rounds
}
