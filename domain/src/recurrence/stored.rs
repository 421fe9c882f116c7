//! The stored form of a recurrence. It is JSON text, such as
//! `[{"type":"weekly","weekday":"thursday","every_n_weeks":1,"start_time":"19:00","end_time":"22:30"},
//! {"type":"monthly_nth_weekday","weekday":"friday","which":[4],"start_time":"19:00","end_time":"22:00"}]`.

use chrono::{NaiveTime, Timelike, Weekday};
use serde_json::{Map, Value, json};

use super::{Field, Recurrence, RecurrenceError, Schedule, ScheduleError, words::weekday_name};

impl Recurrence {
    /// Reads the stored form. Weekdays may be in upper or lower case. Times are `HH:MM` or `HH:MM:SS`. A missing
    /// `every_n_weeks` means 1. Unknown keys are ignored.
    ///
    /// # Errors
    /// If the text does not have this form, or a schedule is not valid.
    pub fn from_json(text: &str) -> Result<Self, RecurrenceError> {
        let value: Value = serde_json::from_str(text)
            .map_err(|error| RecurrenceError::of_the_list(format!("is not JSON: {error}")))?;
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

fn read(item: &Value) -> Result<Schedule, ScheduleError> {
    let error = |field, problem| Err(ScheduleError { field, problem });
    let nothing = Map::new();
    let fields = item.as_object().unwrap_or(&nothing);
    let text = |key: &str| fields.get(key).and_then(Value::as_str);
    let kind = text("type").unwrap_or_default();
    if !matches!(kind, "weekly" | "monthly_nth_weekday") {
        return error(Field::Type, "must be weekly or monthly_nth_weekday");
    }
    let Some(weekday) = text("weekday").and_then(read_weekday) else {
        return error(Field::Weekday, "must be a day of the week, such as thursday");
    };
    let Some(start) = text("start_time").and_then(read_time) else {
        return error(Field::StartTime, "must be HH:MM or HH:MM:SS");
    };
    let Some(end) = text("end_time").and_then(read_time) else {
        return error(Field::EndTime, "must be HH:MM or HH:MM:SS");
    };
    if kind == "weekly" {
        return match fields.get("every_n_weeks").unwrap_or(&Value::Null) {
            Value::Null => Schedule::weekly(weekday, 1, start, end),
            // Anything but a whole number is as invalid as 0.
            number => Schedule::weekly(weekday, number.as_i64().unwrap_or(0), start, end),
        };
    }
    let Some(which) = fields.get("which").and_then(Value::as_array) else {
        return error(Field::Which, "must be a list of numbers, each 1 to 5 or -1 to -5");
    };
    let which: Vec<i64> = which.iter().map(|position| position.as_i64().unwrap_or(0)).collect();
    Schedule::monthly(weekday, &which, start, end)
}

fn write(schedule: &Schedule) -> Value {
    let (weekday, start, end) = (weekday_name(schedule.weekday()), schedule.start(), schedule.end());
    let (weekday, start_time, end_time) = (weekday.to_ascii_lowercase(), write_time(start), write_time(end));
    match schedule {
        Schedule::Weekly { every_n_weeks, .. } => json!({
            "type": "weekly", "weekday": weekday, "every_n_weeks": every_n_weeks,
            "start_time": start_time, "end_time": end_time,
        }),
        Schedule::Monthly { which, .. } => json!({
            "type": "monthly_nth_weekday", "weekday": weekday, "which": which,
            "start_time": start_time, "end_time": end_time,
        }),
    }
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
        assert_eq!(Recurrence::default().to_json(), "[]");
        let stored = Recurrence::new(expected[1..2].to_vec()).unwrap().to_json();
        let shape = json!([{"type": "monthly_nth_weekday", "weekday": "friday", "which": [4, -1],
            "start_time": "23:00", "end_time": "01:00"}]);
        assert_eq!(serde_json::from_str::<Value>(&stored).unwrap(), shape);
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
        for (text, words) in [
            ("null".into(), "the recurrence must be a list of schedules"),
            ("{}".into(), "the recurrence must be a list of schedules"),
            ("[1]".into(), "schedule 1: type must be weekly or monthly_nth_weekday"),
            (weekly(r#"{"type": "daily"}"#), "schedule 2: type must be weekly or monthly_nth_weekday"),
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
        ] {
            assert_eq!(Recurrence::from_json(&text).unwrap_err().to_string(), words, "{text}");
        }
        for broken in ["", "[", "not json", &"[".repeat(100_000)] {
            let words = Recurrence::from_json(broken).unwrap_err().to_string();
            assert!(words.starts_with("the recurrence is not JSON: "), "{words}");
        }
        let many = Recurrence::new(vec![Recurrence::from_json(&weekly("{}")).unwrap().schedules()[0].clone(); 51]);
        assert_eq!(many.unwrap_err().to_string(), "the recurrence must have at most 50 schedules");
    }
}
