//! Skips: ranges of local dates on which a session does not meet.

use std::sync::Arc;

use chrono::{NaiveDate, TimeDelta};

use crate::dates::{OutOfRange, check};

/// A range of local dates, both included. An occurrence that is dated in it does not exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SkippedDates {
    from: NaiveDate,
    to: NaiveDate,
}

/// Why two dates are not a range to skip. The message says what is wrong with the field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SkipError {
    #[error("{OutOfRange}")]
    FromOutOfRange,
    #[error("{OutOfRange}")]
    ToOutOfRange,
    #[error("must not be before `from`")]
    UpsideDown,
    #[error("must be at most {} days after `from`: a skip has at most {} days", SkippedDates::MAX_DAYS - 1, SkippedDates::MAX_DAYS)]
    TooLong,
}

impl SkipError {
    /// The field of a skip that is wrong, by its name in the GraphQL API.
    pub const fn field(self) -> &'static str {
        match self {
            Self::FromOutOfRange => "from",
            Self::ToOutOfRange | Self::UpsideDown | Self::TooLong => "to",
        }
    }
}

impl SkippedDates {
    /// How many days a skip has at most.
    pub const MAX_DAYS: i64 = 400;

    /// A range from user input.
    ///
    /// # Errors
    /// If a date is out of range, the range is upside down, or it has more than [`MAX_DAYS`](Self::MAX_DAYS) days.
    pub fn new(from: NaiveDate, to: NaiveDate) -> Result<Self, SkipError> {
        check(from).map_err(|OutOfRange| SkipError::FromOutOfRange)?;
        check(to).map_err(|OutOfRange| SkipError::ToOutOfRange)?;
        if to < from {
            return Err(SkipError::UpsideDown);
        }
        if to.signed_duration_since(from) >= TimeDelta::days(Self::MAX_DAYS) {
            return Err(SkipError::TooLong);
        }
        Ok(Self { from, to })
    }

    /// A range from the database. A range that is upside down skips nothing.
    pub const fn stored(from: NaiveDate, to: NaiveDate) -> Self {
        Self { from, to }
    }

    pub const fn from(&self) -> NaiveDate {
        self.from
    }

    pub const fn to(&self) -> NaiveDate {
        self.to
    }

    /// Whether words for the skip name its year: it begins a year or more after `today`.
    pub fn names_year(&self, today: NaiveDate) -> bool {
        self.from.signed_duration_since(today) >= TimeDelta::days(365)
    }
}

/// All skips of a session. They may overlap.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Skips {
    /// Disjoint, in ascending order. `None` if nothing is skipped.
    ranges: Option<Arc<[SkippedDates]>>,
}

impl Skips {
    /// How many skips a session has at most.
    pub const MAX: usize = 500;

    pub const NONE: Self = Self { ranges: None };

    pub fn new(ranges: impl IntoIterator<Item = SkippedDates>) -> Self {
        let mut sorted: Vec<_> = ranges.into_iter().filter(|range| range.from <= range.to).collect();
        sorted.sort_unstable();
        let mut disjoint: Vec<SkippedDates> = Vec::new();
        for range in sorted {
            match disjoint.last_mut() {
                Some(last) if range.from <= last.to => last.to = last.to.max(range.to),
                _ => disjoint.push(range),
            }
        }
        Self { ranges: (!disjoint.is_empty()).then(|| disjoint.into()) }
    }

    /// The skipped dates as ranges that do not overlap, in ascending order.
    pub fn ranges(&self) -> impl Iterator<Item = SkippedDates> {
        self.ranges.as_deref().unwrap_or_default().iter().copied()
    }

    pub fn contains(&self, date: NaiveDate) -> bool {
        self.ranges.as_deref().is_some_and(|ranges| {
            let later = ranges.partition_point(|range| range.from <= date);
            later.checked_sub(1).is_some_and(|index| date <= ranges[index].to)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn range(from: &str, to: &str) -> SkippedDates {
        SkippedDates::new(date(from), date(to)).unwrap()
    }

    #[test]
    fn skip_has_1_to_400_days_of_the_years_2_to_9998() {
        let check = |from: &str, to: &str| SkippedDates::new(date(from), date(to)).map(|_| ());
        assert_eq!(check("2025-12-25", "2025-12-25"), Ok(()));
        assert_eq!(check("2025-12-25", "2025-12-24"), Err(SkipError::UpsideDown));
        // 1 January 2025 is day 1, and 4 February 2026 is day 400.
        assert_eq!(check("2025-01-01", "2026-02-04"), Ok(()));
        assert_eq!(check("2025-01-01", "2026-02-05"), Err(SkipError::TooLong));
        assert_eq!(check("0002-01-01", "0002-01-01"), Ok(()));
        assert_eq!(check("9998-12-31", "9998-12-31"), Ok(()));
        assert_eq!(check("0001-12-31", "0002-01-01"), Err(SkipError::FromOutOfRange));
        assert_eq!(check("9998-12-31", "9999-01-01"), Err(SkipError::ToOutOfRange));
        let words = SkipError::TooLong.to_string();
        assert_eq!(words, "must be at most 399 days after `from`: a skip has at most 400 days");
    }

    #[test]
    fn overlapping_skips_cover_the_dates_of_each() {
        let skips = Skips::new([
            range("2025-12-24", "2025-12-26"),
            range("2025-12-01", "2025-12-31"),
            range("2025-12-31", "2026-01-02"),
            range("2026-02-01", "2026-02-01"),
            SkippedDates::stored(date("2026-03-02"), date("2026-03-01")),
        ]);
        let skipped = date("2025-11-25").iter_days().take(120).filter(|day| skips.contains(*day)).count();
        assert_eq!(skipped, 31 + 2 + 1);
        assert!(skips.contains(date("2025-12-01")) && !skips.contains(date("2025-11-30")));
        assert!(skips.contains(date("2026-01-02")) && !skips.contains(date("2026-01-03")));
        assert_eq!(Skips::new([]), Skips::NONE);
        assert!(!Skips::NONE.contains(date("2025-12-25")));
    }

    #[test]
    fn words_name_the_year_of_a_skip_that_begins_in_a_year_or_later() {
        let christmas = range("2026-12-25", "2027-01-02");
        for (today, names_year) in
            [("2026-12-30", false), ("2026-11-26", false), ("2025-12-26", false), ("2025-12-25", true)]
        {
            assert_eq!(christmas.names_year(date(today)), names_year, "{today}");
        }
    }
}
