//! The stored form of a recurrence. It is JSON text, such as
//! `[{"type":"weekly","weekday":"thursday","every_n_weeks":1,"start_time":"19:00","end_time":"22:30"},
//! {"type":"monthly_nth_weekday","weekday":"friday","which":[4],"start_time":"19:00","end_time":"22:00"},
//! {"type":"month_day","days":[1,-1],"every_n_months":2,"months":[6,7,8],"start_time":"19:00","end_time":"22:00"}]`.
//!
//! If UNTIL or COUNT of an RRULE gave the session its termination date, each schedule also has that date, as `rule_end`. So the
//! date goes when the rule goes ([`rule_end`]).

use chrono::{NaiveDate, NaiveTime, Timelike, Weekday};
use serde_json::{Map, Value, json};

use super::{Field, Pattern, Recurrence, RecurrenceError, Schedule, ScheduleError, words::weekday_name};

impl Recurrence {
    /// Reads the stored form. Weekdays may be in upper or lower case. Times are `HH:MM` or `HH:MM:SS`. A missing
    /// `every_n_weeks` or `every_n_months` means 1, a missing `week_start` means Monday, and missing `months` mean all.
    /// Unknown keys are ignored.
    ///
    /// # Errors
    /// If the text does not have this form, or a schedule is not valid.
    pub fn from_json(text: &str) -> Result<Self, RecurrenceError> {
        let value: Value = serde_json::from_str(text).map_err(|error| {
            let (line, column) = (error.line(), error.column());
            RecurrenceError::of_the_list(format!("is not JSON: look at line {line}, column {column}"))
        })?;
        let Value::Array(items) = value else {
            return Err(RecurrenceError::of_the_list("must be a list of schedules"));
        };
        let schedules = items.iter().enumerate().map(|(index, item)| read(item).map_err(|error| error.at(index)));
        Self::new(schedules.collect::<Result<_, _>>()?)
    }

    /// The recurrence from its column, which is NULL if there is no regular schedule.
    ///
    /// # Errors
    /// As for [`from_json`](Self::from_json).
    pub fn stored(json: Option<&str>) -> Result<Option<Self>, RecurrenceError> {
        json.map(Self::from_json).transpose()
    }

    /// Writes the stored form.
    pub fn to_json(&self) -> String {
        Value::Array(self.schedules.iter().map(write).collect()).to_string()
    }
}

/// The key of the termination date that an RRULE gave.
const RULE_END: &str = "rule_end";

/// The termination date that an RRULE of a stored recurrence gave.
pub fn rule_end(stored: Option<&str>) -> Option<NaiveDate> {
    let schedules: Vec<Value> = serde_json::from_str(stored?).ok()?;
    schedules.iter().find_map(|schedule| schedule.get(RULE_END)?.as_str()?.parse().ok())
}

/// The termination date of a session that a person gave: any that is not the one of its rule.
pub fn given_end(stored: Option<&str>, termination: Option<NaiveDate>) -> Option<NaiveDate> {
    termination.filter(|date| rule_end(stored) != Some(*date))
}

/// The stored form of the same recurrence, with this termination date as that of its RRULE.
pub fn with_rule_end(stored: &str, end: Option<NaiveDate>) -> String {
    let Ok(mut schedules) = serde_json::from_str::<Vec<Map<String, Value>>>(stored) else { return stored.to_owned() };
    for schedule in &mut schedules {
        schedule.remove(RULE_END);
        schedule.extend(end.map(|end| (RULE_END.to_owned(), end.to_string().into())));
    }
    Value::from(schedules.into_iter().map(Value::Object).collect::<Vec<_>>()).to_string()
}

fn read(item: &Value) -> Result<Schedule, ScheduleError> {
    let error = |field, problem: &'static str| Err(ScheduleError { field, problem: problem.into() });
    let nothing = Map::new();
    let fields = item.as_object().unwrap_or(&nothing);
    let text = |key: &str| fields.get(key).and_then(Value::as_str);
    // Anything but a whole number is as invalid as 0.
    let number = |value: &Value| value.as_i64().unwrap_or(0);
    let numbers = |key: &str| {
        let list = fields.get(key).and_then(Value::as_array);
        list.map(|list| list.iter().map(number).collect::<Vec<i64>>())
    };
    let interval = |key: &str| match fields.get(key).unwrap_or(&Value::Null) {
        Value::Null => 1,
        value => number(value),
    };
    let kind = text("type").unwrap_or_default();
    if !matches!(kind, "weekly" | "monthly_nth_weekday" | "month_day") {
        return error(Field::Type, "must be weekly, monthly_nth_weekday or month_day");
    }
    let weekday = text("weekday").and_then(read_weekday);
    let Some(start) = text("start_time").and_then(read_time) else {
        return error(Field::StartTime, "must be HH:MM or HH:MM:SS");
    };
    let Some(end) = text("end_time").and_then(read_time) else {
        return error(Field::EndTime, "must be HH:MM or HH:MM:SS");
    };
    let schedule = match (kind, weekday) {
        ("month_day", _) => {
            let Some(days) = numbers("days") else {
                return error(Field::Days, "must be a list of numbers, each 1 to 31 or -1 to -31");
            };
            Schedule::month_day(&days, start, end)?.every_n_months(interval("every_n_months"))?
        }
        (_, None) => return error(Field::Weekday, "must be a day of the week, such as thursday"),
        ("weekly", Some(weekday)) => {
            let schedule = Schedule::weekly(weekday, interval("every_n_weeks"), start, end)?;
            match fields.get("week_start").map(|value| value.as_str().and_then(read_weekday)) {
                None => schedule,
                Some(Some(day)) => schedule.with_week_start(day),
                Some(None) => return error(Field::WeekStart, "must be a day of the week, such as thursday"),
            }
        }
        (_, Some(weekday)) => {
            let Some(which) = numbers("which") else {
                return error(Field::Which, "must be a list of numbers, each 1 to 5 or -1 to -5");
            };
            Schedule::monthly(weekday, &which, start, end)?.every_n_months(interval("every_n_months"))?
        }
    };
    match fields.get("months").unwrap_or(&Value::Null) {
        Value::Null => Ok(schedule),
        _ => schedule.in_months(&numbers("months").unwrap_or_default()),
    }
}

/// Writes a schedule. A field that has its default value is left out, except those that the first version wrote.
fn write(schedule: &Schedule) -> Value {
    let day = |weekday| weekday_name(weekday).to_ascii_lowercase();
    let mut fields = Map::new();
    let mut put = |key: &str, value: Value| drop(fields.insert(key.to_owned(), value));
    match schedule.pattern() {
        Pattern::Weekly { weekday, every_n_weeks, week_start } => {
            put("type", "weekly".into());
            put("weekday", day(*weekday).into());
            put("every_n_weeks", (*every_n_weeks).into());
            if *week_start != Weekday::Mon {
                put("week_start", day(*week_start).into());
            }
        }
        Pattern::Monthly { weekday, which, .. } => {
            put("type", "monthly_nth_weekday".into());
            put("weekday", day(*weekday).into());
            put("which", json!(which));
        }
        Pattern::MonthDay { days, .. } => {
            put("type", "month_day".into());
            put("days", json!(days));
        }
    }
    if let Pattern::Monthly { every_n_months: n @ 2.., .. } | Pattern::MonthDay { every_n_months: n @ 2.., .. } =
        schedule.pattern()
    {
        put("every_n_months", (*n).into());
    }
    if let Some(months) = schedule.months().limit() {
        put("months", json!(months));
    }
    put("start_time", write_time(schedule.start()).into());
    put("end_time", write_time(schedule.end()).into());
    Value::Object(fields)
}

fn read_weekday(text: &str) -> Option<Weekday> {
    use Weekday::{Fri, Mon, Sat, Sun, Thu, Tue, Wed};
    [Mon, Tue, Wed, Thu, Fri, Sat, Sun].into_iter().find(|weekday| weekday_name(*weekday).eq_ignore_ascii_case(text))
}

/// Reads `HH:MM` or `HH:MM:SS`: two digits each, 24 hours, no leap second.
fn read_time(text: &str) -> Option<NaiveTime> {
    let is_well_formed = matches!(text.len(), 5 | 8)
        && text
            .bytes()
            .enumerate()
            .all(|(index, byte)| if index % 3 == 2 { byte == b':' } else { byte.is_ascii_digit() });
    if !is_well_formed {
        return None;
    }
    let mut numbers = text.split(':').map_while(|number| number.parse().ok());
    NaiveTime::from_hms_opt(numbers.next()?, numbers.next()?, numbers.next().unwrap_or(0))
}

fn write_time(time: NaiveTime) -> String {
    time.format(if time.second() == 0 { "%H:%M" } else { "%H:%M:%S" }).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stored_form_is_read_back_unchanged() {
        let text = r#"[
            {"type":"weekly","weekday":"THURSDAY","start_time":"19:00","end_time":"22:30:15","every_n_weeks":2},
            {"type":"monthly_nth_weekday","weekday":"Friday","which":[4,-1,4],"start_time":"23:00:00","end_time":"01:00"},
            {"type":"weekly","weekday":"sunday","start_time":"00:00","end_time":"23:59","color":"red"}
        ]"#;
        let recurrence = Recurrence::from_json(text).unwrap();
        let time = |h, m, s| NaiveTime::from_hms_opt(h, m, s).unwrap();
        let expected = vec![
            Schedule::weekly(Weekday::Thu, 2, time(19, 0, 0), time(22, 30, 15)).unwrap(),
            Schedule::monthly(Weekday::Fri, &[4, -1], time(23, 0, 0), time(1, 0, 0)).unwrap(),
            Schedule::weekly(Weekday::Sun, 1, time(0, 0, 0), time(23, 59, 0)).unwrap(),
        ];
        assert_eq!(recurrence.schedules(), expected);
        assert_eq!(Recurrence::from_json(&recurrence.to_json()), Ok(recurrence));
        let limited = Recurrence::new(vec![
            expected[0].clone().with_week_start(Weekday::Sun).in_months(&[6, 7]).unwrap(),
            expected[1].clone().every_n_months(2).unwrap(),
            Schedule::month_day(&[31, -1], time(9, 0, 0), time(9, 30, 0)).unwrap().every_n_months(120).unwrap(),
        ])
        .unwrap();
        assert_eq!(Recurrence::from_json(&limited.to_json()), Ok(limited));
        assert_eq!(Recurrence::default().to_json(), "[]");
        let stored = Recurrence::new(expected[1..2].to_vec()).unwrap().to_json();
        let shape = json!([{"type": "monthly_nth_weekday", "weekday": "friday", "which": [4, -1],
            "start_time": "23:00", "end_time": "01:00"}]);
        assert_eq!(serde_json::from_str::<Value>(&stored).unwrap(), shape);
    }

    #[test]
    fn end_of_a_rule_is_stored_beside_its_schedules() {
        let time = |hour| NaiveTime::from_hms_opt(hour, 0, 0).unwrap();
        let mondays = Recurrence::new(vec![Schedule::weekly(Weekday::Mon, 1, time(19), time(22)).unwrap()]).unwrap();
        let end = "2026-12-31".parse().ok();
        let ended = with_rule_end(&mondays.to_json(), end);
        assert_eq!((rule_end(Some(&ended)), rule_end(Some(&mondays.to_json())), rule_end(None)), (end, None, None));
        assert_eq!(Recurrence::from_json(&ended), Ok(mondays.clone()));
        assert_eq!(with_rule_end(&ended, None), mondays.to_json());
        assert_eq!((with_rule_end("broken", end), rule_end(Some("broken"))), ("broken".to_owned(), None));
    }

    #[test]
    fn error_names_the_schedule_the_field_and_the_problem() {
        let weekly = |change: &str| {
            let mut schedule =
                json!({"type": "weekly", "weekday": "monday", "start_time": "19:00", "end_time": "22:00"});
            let change: Value = serde_json::from_str(change).unwrap();
            for (key, value) in change.as_object().unwrap() {
                schedule[key] = value.clone();
            }
            json!([{"type": "weekly", "weekday": "monday", "start_time": "19:00", "end_time": "22:00"}, schedule])
                .to_string()
        };
        let monthly = |which: &str| weekly(&format!(r#"{{"type": "monthly_nth_weekday", "which": {which}}}"#));
        let month_day = |days: &str| weekly(&format!(r#"{{"type": "month_day", "days": {days}}}"#));
        for (text, words) in [
            ("null".into(), "the recurrence must be a list of schedules"),
            ("{}".into(), "the recurrence must be a list of schedules"),
            ("[1]".into(), "schedule 1: type must be weekly, monthly_nth_weekday or month_day"),
            (weekly(r#"{"type": "daily"}"#), "schedule 2: type must be weekly, monthly_nth_weekday or month_day"),
            (weekly(r#"{"weekday": "mon"}"#), "schedule 2: weekday must be a day of the week, such as thursday"),
            (weekly(r#"{"weekday": 1}"#), "schedule 2: weekday must be a day of the week, such as thursday"),
            (weekly(r#"{"start_time": "7pm"}"#), "schedule 2: startTime must be HH:MM or HH:MM:SS"),
            (weekly(r#"{"start_time": "24:00"}"#), "schedule 2: startTime must be HH:MM or HH:MM:SS"),
            (weekly(r#"{"start_time": "+9:00"}"#), "schedule 2: startTime must be HH:MM or HH:MM:SS"),
            (weekly(r#"{"end_time": "19:00:60"}"#), "schedule 2: endTime must be HH:MM or HH:MM:SS"),
            (weekly(r#"{"end_time": null}"#), "schedule 2: endTime must be HH:MM or HH:MM:SS"),
            (weekly(r#"{"end_time": "19:00"}"#), "schedule 2: endTime must not be the same as startTime"),
            (weekly(r#"{"every_n_weeks": 0}"#), "schedule 2: everyNWeeks must be 1 to 520"),
            (weekly(r#"{"every_n_weeks": -1}"#), "schedule 2: everyNWeeks must be 1 to 520"),
            (weekly(r#"{"every_n_weeks": 521}"#), "schedule 2: everyNWeeks must be 1 to 520"),
            (weekly(r#"{"every_n_weeks": 1.5}"#), "schedule 2: everyNWeeks must be 1 to 520"),
            (weekly(r#"{"every_n_weeks": 9e99}"#), "schedule 2: everyNWeeks must be 1 to 520"),
            (weekly(r#"{"every_n_weeks": "2"}"#), "schedule 2: everyNWeeks must be 1 to 520"),
            (monthly("[]"), "schedule 2: which must contain at least one position"),
            (monthly("[0]"), "schedule 2: which must only contain 1 to 5 and -1 to -5"),
            (monthly("[1, 6]"), "schedule 2: which must only contain 1 to 5 and -1 to -5"),
            (monthly("[-6]"), "schedule 2: which must only contain 1 to 5 and -1 to -5"),
            (monthly("[99999]"), "schedule 2: which must only contain 1 to 5 and -1 to -5"),
            (monthly("1"), "schedule 2: which must be a list of numbers, each 1 to 5 or -1 to -5"),
            (weekly(r#"{"week_start": "s"}"#), "schedule 2: weekStart must be a day of the week, such as thursday"),
            (weekly(r#"{"months": []}"#), "schedule 2: months must contain at least one month, and only 1 to 12"),
            (weekly(r#"{"months": [0]}"#), "schedule 2: months must contain at least one month, and only 1 to 12"),
            (weekly(r#"{"months": [1, 13]}"#), "schedule 2: months must contain at least one month, and only 1 to 12"),
            (weekly(r#"{"months": 1}"#), "schedule 2: months must contain at least one month, and only 1 to 12"),
            (month_day("1"), "schedule 2: days must be a list of numbers, each 1 to 31 or -1 to -31"),
            (month_day("[]"), "schedule 2: days must contain at least one day"),
            (month_day("[0]"), "schedule 2: days must only contain 1 to 31 and -1 to -31"),
            (month_day("[1, 32]"), "schedule 2: days must only contain 1 to 31 and -1 to -31"),
            (month_day("[-32]"), "schedule 2: days must only contain 1 to 31 and -1 to -31"),
            (month_day(r#"[1], "every_n_months": 0"#), "schedule 2: everyNMonths must be 1 to 120"),
            (month_day(r#"[1], "every_n_months": 121"#), "schedule 2: everyNMonths must be 1 to 120"),
        ] {
            assert_eq!(Recurrence::from_json(&text).unwrap_err().to_string(), words, "{text}");
        }
        for broken in ["", "[", "not json", &"[".repeat(100_000)] {
            let words = Recurrence::from_json(broken).unwrap_err().to_string();
            assert!(words.starts_with("the recurrence is not JSON: look at line 1, column "), "{words}");
        }
        let many = Recurrence::new(vec![Recurrence::from_json(&weekly("{}")).unwrap().schedules()[0].clone(); 51]);
        assert_eq!(many.unwrap_err().to_string(), "the recurrence must have at most 50 schedules");
    }
}
