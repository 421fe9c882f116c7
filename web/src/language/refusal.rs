//! The texts of the pages for what the service refuses.

use domain::{
    characters::TextProblem,
    dates::YEARS,
    geo::CoordinateError,
    recurrence::{Recurrence, ScheduleProblem, SkipError, SkippedDates, Skips},
    zone::UnknownZone,
};
use service::Refusal;

use super::{Language, Value, current_language, say, words};

/// The text of the page for a refusal, in the language of the page. `None` if it has none: then the text of the service stays, which
/// is English.
pub fn refusal_text(refusal: &Refusal) -> Option<String> {
    use Refusal as R;
    // In English, the text of the service stays: it says more than the text for the other languages.
    let said =
        |key, values: &[(&'static str, Value<'_>)]| (current_language() != Language::English).then(|| say(key, values));
    Some(match refusal {
        R::Text(TextProblem::Empty) | R::GuestWithoutName => words!("must-not-be-empty"),
        R::Text(TextProblem::Invisible) => words!("must-be-visible"),
        R::Text(TextProblem::ControlCharacter | TextProblem::DirectionOrLine) => words!("must-be-plain"),
        R::Date(_) | R::Skip(SkipError::FromOutOfRange | SkipError::ToOutOfRange) => {
            words!("must-be-year", first = *YEARS.start(), last = *YEARS.end())
        }
        R::Coordinate(CoordinateError::Latitude) => words!("must-be-within", least = -90, most = 90),
        R::Coordinate(CoordinateError::Longitude) => words!("must-be-within", least = -180, most = 180),
        R::Schedule(ScheduleProblem::Interval(most)) => words!("must-be-within", least = 1, most = *most),
        R::NotWithin(least, most) => words!("must-be-within", least = *least, most = *most),
        R::Schedule(ScheduleProblem::NoPosition | ScheduleProblem::NoDay) => words!("must-choose-one"),
        R::Schedule(ScheduleProblem::Days) => words!("must-be-month-days"),
        R::Schedule(ScheduleProblem::Months) => words!("must-be-months"),
        R::Schedule(ScheduleProblem::EndIsStart) | R::EndIsStart => words!("must-differ-from-start"),
        R::Schedule(ScheduleProblem::NeverMeets) => words!("never-meets"),
        R::Schedule(ScheduleProblem::TooMany) => words!("too-many-schedules", most = Recurrence::MAX_SCHEDULES),
        R::Skip(SkipError::UpsideDown) => words!("last-date-before-first"),
        R::Skip(SkipError::TooLong) => words!("skip-too-long", days = SkippedDates::MAX_DAYS - 1),
        R::TooLong(most) => words!("must-be-shorter", most = *most),
        R::NegativeLimit => words!("must-not-be-negative"),
        R::ExternalIdLength => words!("must-be-short-id"),
        R::PathCharacters => words!("must-be-path"),
        R::NoWebsite => words!("must-be-website"),
        R::NoPicture | R::PictureWithUser | R::PictureHost => words!("must-be-picture"),
        R::OneCoordinate(_) => words!("must-be-both"),
        R::BeforeInitiation(date) => words!("must-not-be-before", date = date.to_string()),
        R::NotInFuture | R::KeyHasExpired => words!("must-be-in-the-future"),
        R::KeyWithoutOwner => words!("key-needs-owner"),
        R::NoCodes => words!("needs-codes"),
        R::TooManySkips => words!("too-many-skips", most = Skips::MAX),
        // On the pages, everybody offers and books time for themselves.
        R::OwnSlot => words!("refused-own-slot"),
        R::MentorOffers | R::StudentOffers => words!("refused-offered-then"),
        R::MentorHasBooked | R::StudentHasBooked => words!("refused-booked-then"),
        R::BookedAlready => words!("refused-booked-already"),
        R::Transition(_) => words!("refused-booking-status"),
        R::SlotIsBooked => return said("said-slot-booked", &[]),
        R::SlotHasBegun => return said("said-slot-begun", &[]),
        R::SlotTaken => return said("said-slot-taken", &[]),
        R::DeactivatedBooking => return said("said-deactivated-booking", &[]),
        R::SignIn(_) => return said("said-nobody", &[]),
        R::AdminsOnly(_) => return said("said-admins-only", &[]),
        R::OrganizersOnly(_) => return said("organisers-only", &[]),
        R::MentorOnly(_) => return said("said-mentor-only", &[]),
        R::PersonOnly(_) => return said("said-own-only", &[]),
        R::NoPersonToVisit => words!("only-people-join"),
        R::Deactivated => words!("your-account-deactivated"),
        R::Missing { .. } => return said("said-gone", &[]),
        R::NoLongerThen => words!("refused-no-longer-then"),
        R::ZoneFirst(_) => words!("refused-zone-first"),
        R::PathTaken(_) | R::NewPathTaken => words!("path-taken"),
        R::MeetingExists { is_cancelled: true, .. } => words!("refused-meeting-cancelled"),
        R::MeetingExists { is_cancelled: false, .. } => words!("refused-meeting-exists"),
        R::KeyMade => words!("refused-key-made"),
        R::TooManyKeys(most) => return said("said-too-many-keys", &[("most", (*most).into())]),
        R::ExternalIdTaken => words!("refused-external-id"),
        R::BookedEachOther => return said("said-merge-booked", &[]),
        R::BusyAtOnce => return said("said-merge-overlap", &[]),
        R::Zone(UnknownZone(zone)) => return said("said-zone", &[("zone", zone.as_str().into())]),
        R::Recurrence(_) => return said("said-schedule", &[]),
        R::Schedule(ScheduleProblem::Other(_)) | R::Other(_) => return None,
    })
}

/// The text of the page for a refusal, or else that of the service.
pub fn refusal_or_english(refusal: &Refusal) -> String {
    refusal_text(refusal).unwrap_or_else(|| refusal.to_string())
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;
    use domain::{
        booking::{BookingStatus, InvalidTransition},
        dates::OutOfRange,
        ids::SessionInstanceId,
    };

    use super::*;
    use crate::language::tests::speaking;

    #[test]
    fn refusals_are_in_the_language_of_the_page() {
        let exists = Refusal::MeetingExists { id: SessionInstanceId(20), is_cancelled: false };
        for (refusal, english, german) in [
            (TextProblem::Empty.into(), "must not be empty", "Das Feld darf nicht leer sein."),
            (Refusal::NotWithin(1, 520), "must be 1 to 520", "Geben Sie eine Zahl von 1 bis 520 an."),
            (CoordinateError::Latitude.into(), "must be -90 to 90", "Geben Sie eine Zahl von -90 bis 90 an."),
            (OutOfRange.into(), "must be in the years 2 to 9998", "Das Jahr muss zwischen 2 und 9998 liegen."),
            (Refusal::TooLong(200), "is too long: 200 characters at most", "Das ist zu lang: höchstens 200 Zeichen."),
            (
                exists,
                "The session already has a meeting on that date at these times. Tick the box below to add another one.",
                "Die Session hat an diesem Tag zu dieser Zeit schon ein Treffen. Kreuzen Sie das Kästchen unten an, um noch eines \
                 hinzuzufügen.",
            ),
            (
                Refusal::Missing { what: "booking", id: "Booking:7".to_owned() },
                "There is no booking Booking:7.",
                "Das gibt es nicht mehr. Gehen Sie zurück und laden Sie die Seite neu.",
            ),
            (Refusal::AdminsOnly("merge people"), "only admins may merge people", "Das darf nur die Verwaltung."),
            ("must have a FREQ".into(), "must have a FREQ", "must have a FREQ"),
        ] {
            for (language, text) in [("en", english), ("de", german)] {
                assert_eq!(speaking(language, || refusal_or_english(&refusal)), text);
            }
        }
    }

    /// One refusal of each kind that has a text of its own.
    fn one_of_each() -> Vec<Refusal> {
        use Refusal as R;
        let zone = || UnknownZone("Mars/Base".to_owned());
        let transition = InvalidTransition {
            status: BookingStatus::Completed,
            required: BookingStatus::Scheduled,
            asked: "started",
        };
        let exists = |is_cancelled| R::MeetingExists { id: SessionInstanceId(20), is_cancelled };
        vec![
            TextProblem::Empty.into(),
            TextProblem::Invisible.into(),
            TextProblem::ControlCharacter.into(),
            OutOfRange.into(),
            CoordinateError::Latitude.into(),
            CoordinateError::Longitude.into(),
            ScheduleProblem::Interval(520).into(),
            ScheduleProblem::NoPosition.into(),
            ScheduleProblem::NoDay.into(),
            ScheduleProblem::Days.into(),
            ScheduleProblem::Months.into(),
            ScheduleProblem::EndIsStart.into(),
            ScheduleProblem::NeverMeets.into(),
            ScheduleProblem::TooMany.into(),
            SkipError::ToOutOfRange.into(),
            SkipError::UpsideDown.into(),
            SkipError::TooLong.into(),
            R::GuestWithoutName,
            R::TooLong(200),
            R::NotWithin(0, 100),
            R::NegativeLimit,
            R::ExternalIdLength,
            R::PathCharacters,
            R::NoWebsite,
            R::NoPicture,
            R::PictureWithUser,
            R::PictureHost,
            R::OneCoordinate("latitude"),
            R::EndIsStart,
            R::BeforeInitiation(NaiveDate::MIN),
            R::NotInFuture,
            R::KeyHasExpired,
            R::KeyWithoutOwner,
            R::NoCodes,
            R::TooManySkips,
            R::OwnSlot,
            R::SignIn("to book"),
            R::AdminsOnly("sweep"),
            R::OrganizersOnly("do this"),
            R::MentorOnly("delete a slot"),
            R::PersonOnly("erase a person"),
            R::NoPersonToVisit,
            R::Deactivated,
            R::DeactivatedBooking,
            R::Missing { what: "person", id: "Person:7".to_owned() },
            R::NoLongerThen,
            transition.into(),
            R::ZoneFirst(zone()),
            R::PathTaken("tunes".to_owned()),
            R::NewPathTaken,
            exists(false),
            exists(true),
            R::SlotIsBooked,
            R::SlotHasBegun,
            R::SlotTaken,
            R::MentorOffers,
            R::MentorHasBooked,
            R::StudentOffers,
            R::StudentHasBooked,
            R::BookedAlready,
            R::KeyMade,
            R::TooManyKeys(100),
            R::ExternalIdTaken,
            R::BookedEachOther,
            R::BusyAtOnce,
            R::Zone(zone()),
            Recurrence::from_json("{}").unwrap_err().into(),
        ]
    }

    #[test]
    fn refusals_have_a_text_in_each_language() {
        for refusal in one_of_each() {
            for language in Language::ALL {
                let text = speaking(language.tag(), || refusal_text(&refusal));
                if *language != Language::English || text.is_some() {
                    // A key stands for a text that is not there, and has no space.
                    let is_text = text.as_ref().is_some_and(|text| text.contains(' ') && !text.contains('{'));
                    assert!(is_text, "{refusal:?} in {}: {text:?}", language.tag());
                }
            }
        }
    }
}
