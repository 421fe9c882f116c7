//! Meetings and their active windows, as instants (rules 1 to 4 of ARCHITECTURE.md).
//!
//! A [`MeetingTimes`] lasts from its start to its end. Its [`Window`] opens earlier and closes later, by the [`Buffers`].
//! A window includes `opens` and does not include `closes`. A meeting ends after its start, and a window closes after
//! it opens; the types guarantee this.

use chrono::{DateTime, Days, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc};

use crate::zone::{Zone, instant_of};

/// How many minutes before the start a window opens, and how many after the end it closes (rule 1). They are elapsed
/// minutes, 0 to 1440 each, and 60 by default.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Buffers {
    pub before_minutes: i32,
    pub after_minutes: i32,
}

/// A buffer is outside its range.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BufferError {
    #[error("the buffer before must be 0 to {} minutes", Buffers::MAX_MINUTES)]
    Before,
    #[error("the buffer after must be 0 to {} minutes", Buffers::MAX_MINUTES)]
    After,
}

impl Buffers {
    /// One day.
    pub const MAX_MINUTES: i32 = 1440;

    /// Buffers from user input.
    ///
    /// # Errors
    /// If a buffer is not 0 to 1440 minutes.
    pub fn new(before_minutes: i32, after_minutes: i32) -> Result<Self, BufferError> {
        let range = 0..=Self::MAX_MINUTES;
        if !range.contains(&before_minutes) {
            return Err(BufferError::Before);
        }
        if !range.contains(&after_minutes) {
            return Err(BufferError::After);
        }
        Ok(Self { before_minutes, after_minutes })
    }

    /// Buffers from the database. For a value that is out of range, the nearest allowed value counts.
    pub fn stored(before_minutes: i32, after_minutes: i32) -> Self {
        let clamped = |minutes: i32| minutes.clamp(0, Self::MAX_MINUTES);
        Self { before_minutes: clamped(before_minutes), after_minutes: clamped(after_minutes) }
    }

    /// The time to subtract from the start and to add to the end. A value outside the range counts as the nearest
    /// allowed value, so that a window always closes after it opens.
    fn deltas(self) -> (TimeDelta, TimeDelta) {
        let delta = |minutes: i32| TimeDelta::minutes(minutes.clamp(0, Self::MAX_MINUTES).into());
        (delta(self.before_minutes), delta(self.after_minutes))
    }
}

impl Default for Buffers {
    fn default() -> Self {
        Self { before_minutes: 60, after_minutes: 60 }
    }
}

/// The start and the end of a meeting. The end is after the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct MeetingTimes {
    starts_at: DateTime<Utc>,
    ends_at: DateTime<Utc>,
}

/// Why a date and two times are not a meeting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MeetingError {
    #[error("the end must not be the same as the start")]
    SameTimes,
    #[error("the date must be in the range of the calendar")]
    OutOfRange,
}

impl MeetingTimes {
    /// The meeting of a local date and local times. An end before the start is on the next day (rule 2). If a clock
    /// change moves the end to or before the start, the meeting keeps its nominal duration (rule 3).
    ///
    /// # Errors
    /// If the times are equal, or an instant is outside the calendar of chrono.
    pub fn new(zone: Zone, date: NaiveDate, start: NaiveTime, end: NaiveTime) -> Result<Self, MeetingError> {
        if start == end {
            return Err(MeetingError::SameTimes);
        }
        let (local_start, local_end) = local_times(date, start, end).ok_or(MeetingError::OutOfRange)?;
        let starts_at = instant_of(zone, local_start);
        let mut ends_at = instant_of(zone, local_end);
        if ends_at <= starts_at {
            let nominal = local_end.signed_duration_since(local_start);
            ends_at = starts_at.checked_add_signed(nominal).ok_or(MeetingError::OutOfRange)?;
        }
        Self::from_instants(starts_at, ends_at).ok_or(MeetingError::OutOfRange)
    }

    /// `None` if the end is not after the start.
    pub fn from_instants(starts_at: DateTime<Utc>, ends_at: DateTime<Utc>) -> Option<Self> {
        (starts_at < ends_at).then_some(Self { starts_at, ends_at })
    }

    /// A meeting from columns of the database, which are NULL if the times are not known.
    pub fn stored(starts_at: Option<DateTime<Utc>>, ends_at: Option<DateTime<Utc>>) -> Option<Self> {
        Self::from_instants(starts_at?, ends_at?)
    }

    pub const fn starts_at(&self) -> DateTime<Utc> {
        self.starts_at
    }

    pub const fn ends_at(&self) -> DateTime<Utc> {
        self.ends_at
    }
}

/// The local start and the local end of a meeting. An end before the start is on the next day (rule 2). `None` if the
/// next day is outside the calendar of chrono.
pub(crate) fn local_times(date: NaiveDate, start: NaiveTime, end: NaiveTime) -> Option<(NaiveDateTime, NaiveDateTime)> {
    let end_date = if end < start { date.succ_opt()? } else { date };
    Some((date.and_time(start), end_date.and_time(end)))
}

/// The time in which an instance is active: from `opens` up to, but not including, `closes`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Window {
    opens: DateTime<Utc>,
    closes: DateTime<Utc>,
}

impl Window {
    /// The window of a meeting (rule 1). A buffer that would reach beyond chrono's calendar is left out.
    pub fn around(meeting: MeetingTimes, buffers: Buffers) -> Self {
        let (before, after) = buffers.deltas();
        Self {
            opens: meeting.starts_at.checked_sub_signed(before).unwrap_or(meeting.starts_at),
            closes: meeting.ends_at.checked_add_signed(after).unwrap_or(meeting.ends_at),
        }
    }

    /// A window from the database. `None` if it does not close after it opens.
    pub fn from_instants(opens: DateTime<Utc>, closes: DateTime<Utc>) -> Option<Self> {
        (opens < closes).then_some(Self { opens, closes })
    }

    /// A window from columns of the database, which are both NULL if there is no window (rule 5).
    pub fn stored(opens: Option<DateTime<Utc>>, closes: Option<DateTime<Utc>>) -> Option<Self> {
        Self::from_instants(opens?, closes?)
    }

    pub const fn opens(&self) -> DateTime<Utc> {
        self.opens
    }

    pub const fn closes(&self) -> DateTime<Utc> {
        self.closes
    }

    pub fn contains(&self, at: DateTime<Utc>) -> bool {
        self.opens <= at && at < self.closes
    }
}

/// The window of an instance that is dated at most this many days ago, in its own zone, may still be open. The end may be
/// one day after the start, a clock change may add a day, the buffer may add a day, and local dates differ by up to two
/// days.
pub const MAX_DAYS_OPEN: Days = Days::new(5);

/// The oldest date of an instance whose window may still be open, in any zone.
pub fn oldest_open_date(now: DateTime<Utc>) -> NaiveDate {
    // In zones west of Greenwich, the local date may be the day before.
    let in_utc = now.date_naive().pred_opt();
    in_utc.and_then(|date| date.checked_sub_days(MAX_DAYS_OPEN)).unwrap_or(NaiveDate::MIN)
}

/// The times of an instance as instants, computed when it or its session is saved (rule 1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Instants {
    pub starts_at: Option<DateTime<Utc>>,
    pub ends_at: Option<DateTime<Utc>>,
    pub opens_at: Option<DateTime<Utc>>,
    pub closes_at: Option<DateTime<Utc>>,
    /// The start, or the midnight before it if the start time is missing. Lists are ordered by it.
    pub listed_at: DateTime<Utc>,
}

impl Instants {
    /// Computes the instants. Without a start or an end there is no window (rule 5). The other instants are still
    /// computed.
    pub fn compute(
        zone: Zone,
        buffers: Buffers,
        date: NaiveDate,
        start: Option<NaiveTime>,
        end: Option<NaiveTime>,
    ) -> Self {
        let midnight = instant_of(zone, date.and_time(NaiveTime::MIN));
        let meeting = start.zip(end).and_then(|(start, end)| MeetingTimes::new(zone, date, start, end).ok());
        let window = meeting.map(|meeting| Window::around(meeting, buffers));
        let starts_at = meeting
            .map(|meeting| meeting.starts_at())
            .or_else(|| start.map(|start| instant_of(zone, date.and_time(start))));
        Self {
            starts_at,
            ends_at: meeting.map(|meeting| meeting.ends_at()),
            opens_at: window.map(|window| window.opens()),
            closes_at: window.map(|window| window.closes()),
            listed_at: starts_at.unwrap_or(midnight),
        }
    }

    /// The instants of an instance whose window this process may not compute (rule 1).
    pub const fn unknown(date: NaiveDate) -> Self {
        let listed_at = date.and_time(NaiveTime::MIN).and_utc();
        Self { starts_at: None, ends_at: None, opens_at: None, closes_at: None, listed_at }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::zone::ZoneData;

    fn meeting(zone: &str, date: &str, start: &str, end: &str) -> Result<(String, String), MeetingError> {
        let time = |text: &str| NaiveTime::parse_from_str(text, "%H:%M").unwrap();
        let zone = ZoneData::compiled().zone(zone).unwrap();
        let meeting = MeetingTimes::new(zone, date.parse().unwrap(), time(start), time(end))?;
        let text = |at: DateTime<Utc>| at.format("%d %H:%M").to_string();
        Ok((text(meeting.starts_at()), text(meeting.ends_at())))
    }

    #[test]
    fn meeting_keeps_its_local_times_across_midnight_and_clock_changes() {
        let pair = |a: &str, b: &str| Ok((a.to_owned(), b.to_owned()));
        let new_york = "America/New_York";
        assert_eq!(meeting("UTC", "2025-06-13", "22:00", "02:00"), pair("13 22:00", "14 02:00"));
        assert_eq!(meeting("UTC", "2025-06-13", "21:00", "00:00"), pair("13 21:00", "14 00:00"));
        assert_eq!(meeting("UTC", "2025-06-13", "21:00", "21:00"), Err(MeetingError::SameTimes));
        // 02:30 does not exist and is read as 03:30, which is after the end at 03:15. The meeting keeps its nominal 45
        // minutes.
        assert_eq!(meeting(new_york, "2025-03-09", "02:30", "03:15"), pair("09 07:30", "09 08:15"));
        assert_eq!(meeting(new_york, "2025-03-09", "02:30", "03:30"), pair("09 07:30", "09 08:30"));
        // The clocks go back during the meeting, so it lasts an hour longer than its times say.
        assert_eq!(meeting(new_york, "2025-11-02", "00:30", "02:30"), pair("02 04:30", "02 07:30"));
        // Samoa skipped 30 December 2011. Both times are read as times of the 31st.
        assert_eq!(meeting("Pacific/Apia", "2011-12-30", "19:00", "22:00"), pair("31 05:00", "31 08:00"));
        // The end, on the day after the skipped day, is at the same instant as on the skipped day.
        assert_eq!(meeting("Pacific/Apia", "2011-12-30", "19:00", "18:00"), pair("31 05:00", "01 04:00"));
    }

    #[test]
    fn window_excludes_its_closing_and_closes_after_it_opens() {
        let start = DateTime::UNIX_EPOCH;
        let end = start + TimeDelta::seconds(1);
        let meeting = MeetingTimes::from_instants(start, end).unwrap();
        let window = Window::around(meeting, Buffers::new(0, 0).unwrap());
        assert_eq!((window.opens(), window.closes()), (start, end));
        assert!(window.contains(start) && !window.contains(end));
        assert_eq!(MeetingTimes::from_instants(start, start), None);
        assert_eq!(Window::from_instants(end, start), None);
        let odd = Buffers { before_minutes: -9, after_minutes: i32::MIN };
        assert_eq!(Window::around(meeting, odd), window);
        let last = MeetingTimes::from_instants(DateTime::<Utc>::MIN_UTC, DateTime::<Utc>::MAX_UTC).unwrap();
        assert_eq!(Window::around(last, Buffers::default()).closes(), DateTime::<Utc>::MAX_UTC);
    }

    #[test]
    fn buffers_are_0_to_1440_minutes() {
        assert_eq!(Buffers::new(60, 60), Ok(Buffers::default()));
        assert!(Buffers::new(1440, 0).is_ok());
        assert_eq!(Buffers::new(1441, 0), Err(BufferError::Before));
        assert_eq!(Buffers::new(0, -1), Err(BufferError::After));
        assert_eq!(BufferError::After.to_string(), "the buffer after must be 0 to 1440 minutes");
    }
}
