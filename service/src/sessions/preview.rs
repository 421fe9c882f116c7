//! A preview of a recurrence before it is saved.

use chrono::NaiveDate;
use domain::{
    recurrence::{Calendar, Recurrence, ScheduleSource, SkippedDates, Skips},
    zone::{self, Tz, Zone},
};

use super::{NewSkip, skips};
use crate::{App, FieldErrors, Result, validate};

/// Schedules, and the dates that limit them, from user input.
#[derive(Debug, Clone)]
pub struct NewRecurrence {
    pub time_zone: Tz,
    pub schedules: Vec<ScheduleSource>,
    pub initiation_date: Option<NaiveDate>,
    pub termination_date: Option<NaiveDate>,
    pub skips: Vec<NewSkip>,
    /// The date of the first occurrence to show. `None` is today.
    pub from: Option<NaiveDate>,
}

/// A recurrence that is not saved.
#[derive(Debug, Clone)]
pub struct RecurrencePreview {
    pub recurrence: Recurrence,
    pub calendar: Calendar,
    pub from: NaiveDate,
}

/// The recurrence that a session created now would have. It checks what saving would check.
pub fn preview_recurrence(app: &App, new: &NewRecurrence) -> Result<RecurrencePreview> {
    let mut errors = FieldErrors::default();
    let zone = errors.note_or(app.zone(new.time_zone), Zone::utc())?;
    let today = zone::local_date(zone, app.now());
    for (field, value) in [("initiationDate", new.initiation_date), ("terminationDate", new.termination_date)] {
        errors.note(value.map(|value| validate::date(field, value)).transpose())?;
    }
    let skips = errors.note(skips::checked(&new.skips))?;
    let anchor = new.initiation_date.unwrap_or(today);
    let bounds = (new.initiation_date, new.termination_date);
    let bounded = errors.note(validate::recurrence(&new.schedules, zone, anchor, bounds))?;
    errors.note(validate::termination(bounded.initiation, bounded.termination))?;
    errors.finish()?;
    let calendar = Calendar {
        zone,
        anchor: Some(anchor),
        initiation: bounded.initiation,
        termination: bounded.termination,
        skips: Skips::new(skips.iter().map(|skip| SkippedDates::stored(skip.from, skip.to))),
    };
    Ok(RecurrencePreview { recurrence: bounded.recurrence, calendar, from: new.from.unwrap_or(today) })
}
