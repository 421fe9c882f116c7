//! The messages of the service for people, in the language of the page. The service writes them in English, for clients of the API.
//! A page finds its own text by that message.

use super::{Language, Value, current_language, say};

/// Messages of the service and the texts of `web/locales` for them. A name in braces stands for a number or a few words. The first
/// message that fits counts. A text may use the names.
const MESSAGES: &[(&str, &str)] = &[
    // About a field.
    ("must not be empty", "must-not-be-empty"),
    ("is required without a token: it is the name that others see", "must-not-be-empty"),
    ("is too long: {most} characters at most", "must-be-shorter"),
    ("must have a character that can be seen", "must-be-visible"),
    ("must not contain control characters", "must-be-plain"),
    ("must not contain characters that change the direction of text, or break the line", "must-be-plain"),
    ("must be the address of a website, such as https://example.org/session", "must-be-website"),
    ("must be the https address of a picture, such as https://example.org/picture.jpg", "must-be-picture"),
    ("must not have a user name or a password: leave out the part before the @", "must-be-picture"),
    ("must have a host name of letters, digits, '-' and '.', such as example.org", "must-be-picture"),
    ("must have 1 to 255 bytes", "must-be-short-id"),
    ("may have letters, digits, '-', '_', '.' and '~' only", "must-be-path"),
    ("must be in the years {first} to {last}", "must-be-year"),
    ("must be given together with latitude", "must-be-both"),
    ("must be given together with longitude", "must-be-both"),
    ("must be {least} to {most} degrees", "must-be-within"),
    ("must be from {least} to {most}", "must-be-within"),
    ("must be {least} to {most}", "must-be-within"),
    ("must differ from startTime: an end before the start is on the next day", "must-differ-from-start"),
    ("must not be the same as startTime", "must-differ-from-start"),
    ("must not be before the initiation date, {date}", "must-not-be-before"),
    ("needs codes: set checkInCodes to FIXED or ROTATING", "needs-codes"),
    ("must be in the future: leave it out for a key that does not expire", "must-be-in-the-future"),
    ("must be in the future", "must-be-in-the-future"),
    ("must not be negative: leave it out for no limit", "must-not-be-negative"),
    ("must contain at least one position", "must-choose-one"),
    ("must contain at least one day", "must-choose-one"),
    ("must contain at least one month, and only 1 to 12", "must-be-months"),
    ("must only contain 1 to 31 and -1 to -31", "must-be-month-days"),
    ("must fit the other fields: this schedule never gives a meeting", "never-meets"),
    ("must have at most {most} schedules", "too-many-schedules"),
    ("must be at most {days} days after `from`: a skip has at most {most} days", "skip-too-long"),
    ("must be at most {most} for a session, with those that it already has", "too-many-skips"),
    ("is required, because this token names no person: name one, or set isAdmin to true", "key-needs-owner"),
    ("must not be the mentor of the slot", "refused-own-slot"),
    ("is not a valid id: use the form Person:7", "must-be-person"),
    ("is the id of a {found}: use the id of a Person, such as Person:7", "must-be-person"),
    // About no field.
    ("correct the time zone of the session first: {problem}", "refused-zone-first"),
    (
        "the session already has an instance on that date at these times: {id}, which is cancelled{advice}",
        "refused-meeting-cancelled",
    ),
    (
        "the session already has an instance on that date at these times: {id}. With allowDuplicate: true another one is created",
        "refused-meeting-exists",
    ),
    ("this booking is {status}: only one that is {required} can be {asked}", "refused-booking-status"),
    (
        "this attempt has already made its API key, whose secret is shown only once: make a new attempt",
        "refused-key-made",
    ),
    // On the pages, everybody offers and books time for themselves.
    ("the student has booked this slot already", "refused-booked-already"),
    ("the mentor has booked somebody's slot at that time: choose another time", "refused-booked-then"),
    ("the student has booked another slot at that time: choose another one", "refused-booked-then"),
    ("the mentor already has a slot at that time: choose another time", "refused-offered-then"),
    ("the student offers a slot at that time: choose another one", "refused-offered-then"),
    ("another session has the path {path}: choose another path", "path-taken"),
    ("another session has this path: choose another path", "path-taken"),
    ("another person has this externalId: remove it there first, or merge the two people", "refused-external-id"),
    (
        "this account is deactivated: it can be used only to read its own data. Ask an administrator",
        "your-account-deactivated",
    ),
    ("only people may have visits, and this token names no person", "only-people-join"),
    ("The session does not meet then any more. Look at its next meetings.", "refused-no-longer-then"),
];

/// In English, these messages of the service stay: they say more than the texts for them.
const SAID: &[(&str, &str)] = &[
    ("the slot is booked: cancel the booking first", "said-slot-booked"),
    ("the slot has already begun: choose another one", "said-slot-begun"),
    ("the slot is already booked: choose another one", "said-slot-taken"),
    ("A person has at most {most} API keys. Revoke one first.", "said-too-many-keys"),
    ("these people have booked each other's time, so they cannot be the same person", "said-merge-booked"),
    (
        "both people have a time slot or a booking at the same time: delete one of the slots, or cancel one of the bookings first",
        "said-merge-overlap",
    ),
    ("deactivated people can't take part in bookings", "said-deactivated-booking"),
    ("only organisers of this session and admins may {what}", "organisers-only"),
    ("only the mentor and admins may {what}", "said-mentor-only"),
    ("only the person and admins may {what}", "said-own-only"),
    ("only admins may {what}", "said-admins-only"),
    ("There is no {what}.", "said-gone"),
    ("sign in to {what}", "said-nobody"),
    // What keeps a session from being read.
    ("unknown time zone '{zone}': use an IANA name such as America/Chicago", "said-zone"),
    ("the recurrence {what}", "said-schedule"),
    ("schedule {number}: {what}", "said-schedule"),
];

/// The text of the page for a message of the service. `None` if it has none: then the message stays in English.
pub fn refusal_text(message: &str) -> Option<String> {
    let said = if current_language() == Language::English { &[] } else { SAID };
    MESSAGES.iter().chain(said).find_map(|(pattern, key)| Some(say(key, &values(pattern, message)?)))
}

/// The values of the names in a pattern. `None` if the message does not fit.
fn values<'a>(pattern: &'static str, message: &'a str) -> Option<Vec<(&'static str, Value<'a>)>> {
    let mut parts = pattern.split('{');
    let mut rest = message.strip_prefix(parts.next()?)?;
    let mut values = Vec::new();
    let mut parts = parts.peekable();
    while let Some((name, after)) = parts.next().and_then(|part| part.split_once('}')) {
        let is_last = parts.peek().is_none();
        let end = if is_last { rest.strip_suffix(after)?.len() } else { rest.find(after)? };
        let (value, left) = rest.split_at_checked(end)?;
        values.push((name, number_or_text(value)));
        rest = left.strip_prefix(after)?;
    }
    rest.is_empty().then_some(values)
}

fn number_or_text(text: &str) -> Value<'_> {
    text.parse::<i64>().map_or_else(|_| Value::from(text), Value::from)
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use super::*;
    use crate::language::tests::speaking;

    #[test]
    fn messages_of_the_service_are_in_the_language_of_the_page() {
        for (message, english, german) in [
            ("must not be empty", "must not be empty", "Das Feld darf nicht leer sein."),
            ("must be 1 to 520", "must be 1 to 520", "Geben Sie eine Zahl von 1 bis 520 an."),
            ("must be -90 to 90 degrees", "must be -90 to 90", "Geben Sie eine Zahl von -90 bis 90 an."),
            (
                "is too long: 200 characters at most",
                "is too long: 200 characters at most",
                "Das ist zu lang: höchstens 200 Zeichen.",
            ),
            (
                "the session already has an instance on that date at these times: SessionInstance:20. With allowDuplicate: true \
                 another one is created",
                "The session already has a meeting on that date at these times. Tick the box below to add another one.",
                "Die Session hat an diesem Tag zu dieser Zeit schon ein Treffen. Kreuzen Sie das Kästchen unten an, um noch eines \
                 hinzuzufügen.",
            ),
            ("There is no booking Booking:7.", "", "Das gibt es nicht mehr."),
            ("only admins may merge people", "", "Das darf nur die Verwaltung."),
        ] {
            for (language, words) in [("en", english), ("de", german)] {
                let text = speaking(language, || refusal_text(message)).unwrap_or_default();
                assert!(text.starts_with(words), "{message}: {text}");
            }
        }
        assert_eq!(refusal_text("must have a FREQ that is DAILY, WEEKLY, MONTHLY or YEARLY"), None);
    }

    /// Source code as one line, without the escapes at the ends of lines.
    fn source(folder: &Path, found: &mut String) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                source(&path, found);
            } else if path.extension().is_some_and(|it| it == "rs") {
                let text = fs::read_to_string(path).unwrap().replace("\\\n", "");
                *found += &text.split_whitespace().collect::<Vec<_>>().join(" ");
            }
        }
    }

    #[test]
    fn every_message_is_one_of_the_service_and_has_a_text_in_each_language() {
        let mut code = String::new();
        for folder in ["../service/src", "../domain/src"] {
            source(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder), &mut code);
        }
        for (pattern, key) in MESSAGES.iter().chain(SAID) {
            for part in pattern.split('{').map(|part| part.split_once('}').map_or(part, |(_, after)| after)) {
                let part = part.trim();
                // The name of a type in a message is a value there.
                let part = part.strip_suffix("Person:7").unwrap_or(part).trim_end_matches(" a Person, such as ").trim();
                assert!(part.len() < 4 || code.contains(part), "the service does not say {part:?}, of {pattern:?}");
            }
            for language in Language::ALL {
                let text = speaking(language.tag(), || refusal_text(&pattern.replace(['{', '}'], "")));
                let Some(text) = text else {
                    assert!(
                        *language == Language::English && SAID.iter().any(|(said, _)| said == pattern),
                        "{pattern}"
                    );
                    continue;
                };
                assert!(text != *key && !text.contains('{'), "{pattern} in {}: {text}", language.tag());
            }
        }
    }
}
