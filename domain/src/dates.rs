//! The dates that this program accepts from outside, in requests and in files.

use chrono::{Datelike, NaiveDate};

/// The years of all dates. Then every instant that follows from a date, in any zone, has a year of four digits, which both
/// databases and clients can store.
pub const YEARS: std::ops::RangeInclusive<i32> = 2..=9998;

/// The date is in no year that this program accepts. The message says what is wrong with the field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be in the years {:04} to {:04}", YEARS.start(), YEARS.end())]
pub struct OutOfRange;

/// Checks a date from outside.
///
/// # Errors
/// If it is out of range.
pub fn check(date: NaiveDate) -> Result<NaiveDate, OutOfRange> {
    if YEARS.contains(&date.year()) { Ok(date) } else { Err(OutOfRange) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_of_the_years_2_to_9998_are_accepted() {
        let is_accepted = |text: &str| check(text.parse().unwrap()).is_ok();
        assert!(is_accepted("0002-01-01") && is_accepted("9998-12-31"));
        assert!(!is_accepted("0001-12-31") && !is_accepted("9999-01-01"));
        assert_eq!(OutOfRange.to_string(), "must be in the years 0002 to 9998");
    }
}
