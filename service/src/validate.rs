//! Checks of input from clients. Each function takes a field's name and value. It returns the value to store, or an
//! error that says what to do.

use chrono::{NaiveDate, NaiveTime};
use domain::{
    characters::{self, TextProblem},
    geo::GeoPoint,
    language,
    recurrence::{BoundedRecurrence, RecurrenceError, ScheduleProblem, ScheduleSource},
    zone::Zone,
};

use crate::{Error, FieldErrors, Refusal, Result};

/// The longest name, city, location or path, in characters.
pub const MAX_TEXT: usize = 200;

/// A name or another text that people read: 1 to 200 characters of any script. [`domain::characters`] says which.
pub fn required_text(field: &str, value: &str) -> Result<String> {
    let text = value.trim();
    if text.chars().count() > MAX_TEXT {
        return Err(Error::invalid(field, Refusal::TooLong(MAX_TEXT)));
    }
    characters::check(text).map_err(|problem| Error::invalid(field, problem))?;
    Ok(text.to_owned())
}

/// An optional text. An empty text counts as none.
pub fn optional_text(field: &str, value: Option<&str>) -> Result<Option<String>> {
    match value.map(str::trim) {
        None | Some("") => Ok(None),
        Some(text) => required_text(field, text).map(Some),
    }
}

/// The longest description, in characters.
pub const MAX_LONG_TEXT: usize = 2_000;

/// An optional text of several lines. An empty text counts as none.
pub fn long_text(field: &str, value: Option<&str>) -> Result<Option<String>> {
    let Some(text) = value.map(str::trim).filter(|text| !text.is_empty()) else { return Ok(None) };
    if text.chars().count() > MAX_LONG_TEXT {
        return Err(Error::invalid(field, Refusal::TooLong(MAX_LONG_TEXT)));
    }
    // The lines are checked one by one, because a line break is a control character.
    for line in text.lines().map(|line| line.replace('\t', " ")).filter(|line| !line.trim().is_empty()) {
        characters::check(line.trim()).map_err(|problem| Error::invalid(field, problem))?;
    }
    Ok(Some(text.to_owned()))
}

/// The longest address, in characters.
pub const MAX_ADDRESS: usize = 2_000;

/// An optional address of a website: https or http, with a host.
pub fn website(field: &str, value: Option<&str>) -> Result<Option<String>> {
    let Some(text) = value.map(str::trim).filter(|text| !text.is_empty()) else { return Ok(None) };
    let wrong = || Error::invalid(field, Refusal::NoWebsite);
    let address = web_address(field, text)?.ok_or_else(wrong)?;
    // A reader may take a user name in an address for the host.
    if has_user(&address) {
        return Err(wrong());
    }
    Ok(Some(address.into()))
}

/// An optional address of a picture: https, with a host name. Pages name its origin in their content security policy. That policy
/// has no form for IP addresses, and in a host name `;`, `,` and `*` would be read as parts of the policy.
pub fn picture_url(field: &str, value: Option<&str>) -> Result<Option<String>> {
    let Some(text) = value.map(str::trim).filter(|text| !text.is_empty()) else { return Ok(None) };
    let wrong = || Error::invalid(field, Refusal::NoPicture);
    let address = web_address(field, text)?.ok_or_else(wrong)?;
    if address.scheme() != "https" {
        return Err(wrong());
    }
    if has_user(&address) {
        return Err(Error::invalid(field, Refusal::PictureWithUser));
    }
    match address.host() {
        Some(url::Host::Domain(name)) if name.split('.').all(is_host_label) => Ok(Some(address.into())),
        _ => Err(Error::invalid(field, Refusal::PictureHost)),
    }
}

/// A part of a host name between dots.
fn is_host_label(label: &str) -> bool {
    !label.is_empty() && label.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '-')
}

/// An absolute address of the web: https or http, with a host. `None` if the text is something else. The address is checked both as
/// it was typed and as it is stored, so that a stored address can be saved again.
fn web_address(field: &str, text: &str) -> Result<Option<url::Url>> {
    let too_long = || Error::invalid(field, Refusal::TooLong(MAX_ADDRESS));
    if text.chars().count() > MAX_ADDRESS {
        return Err(too_long());
    }
    let Ok(address) = url::Url::parse(text) else { return Ok(None) };
    if !matches!(address.scheme(), "https" | "http") || !address.has_host() {
        return Ok(None);
    }
    if address.as_str().len() > MAX_ADDRESS {
        return Err(too_long());
    }
    Ok(Some(address))
}

fn has_user(address: &url::Url) -> bool {
    !address.username().is_empty() || address.password().is_some()
}

/// An external id, unchanged: 1 to 255 bytes, without control characters.
pub fn external_id(field: &str, value: &str) -> Result<String> {
    if value.is_empty() || value.len() > 255 {
        return Err(Error::invalid(field, Refusal::ExternalIdLength));
    }
    if value.chars().any(char::is_control) {
        return Err(Error::invalid(field, TextProblem::ControlCharacter));
    }
    Ok(value.to_owned())
}

/// A path of a session's address: letters and digits of any script, `-`, `_`, `.` and `~`.
pub fn path(field: &str, value: &str) -> Result<String> {
    let text = required_text(field, value)?;
    let is_allowed = |c: char| is_letter(c) || matches!(c, '-' | '_' | '.' | '~');
    if !text.chars().all(is_allowed) || text.chars().all(|c| c == '.') {
        return Err(Error::invalid(field, Refusal::PathCharacters));
    }
    Ok(text)
}

/// A path from a name: its letters and digits in lower case, with hyphens between the words.
pub fn path_from_name(name: &str) -> String {
    let lower = name.to_lowercase();
    let words: Vec<_> = lower.split(|c: char| !is_letter(c)).filter(|word| !word.is_empty()).collect();
    let path: String = words.join("-").chars().take(MAX_TEXT - 12).collect();
    if path.is_empty() { "session".to_owned() } else { path }
}

/// A letter or digit that can be seen.
fn is_letter(c: char) -> bool {
    c.is_alphanumeric() && !characters::is_blank(c)
}

/// The longest text of [`current_page`], in characters.
pub const MAX_PAGE_TEXT: usize = 2_000;

/// A language code, such as `en` or `pt-BR`, in the spelling in which languages are stored.
pub fn language_code(field: &str, value: &str) -> Result<String> {
    language::normalize(value).ok_or_else(|| Error::invalid(field, "is not a language code, such as en or pt-BR"))
}

/// A position within a client: any text, such as a path. An empty text counts as none.
pub fn current_page(field: &str, value: &str) -> Result<Option<String>> {
    let text = value.trim();
    if text.chars().count() > MAX_PAGE_TEXT {
        return Err(Error::invalid(field, Refusal::TooLong(MAX_PAGE_TEXT)));
    }
    if text.chars().any(char::is_control) {
        return Err(Error::invalid(field, TextProblem::ControlCharacter));
    }
    Ok((!text.is_empty()).then(|| text.to_owned()))
}

pub fn in_range(field: &str, value: i32, range: std::ops::RangeInclusive<i32>) -> Result<i32> {
    if range.contains(&value) {
        return Ok(value);
    }
    Err(Error::invalid(field, Refusal::NotWithin((*range.start()).into(), (*range.end()).into())))
}

/// A date: see [`domain::dates`].
pub fn date(field: &str, value: NaiveDate) -> Result<NaiveDate> {
    domain::dates::check(value).map_err(|error| Error::invalid(field, error))
}

/// The recurrence of schedules from a client, and the dates that bound it: see [`BoundedRecurrence::of_sources`].
pub fn recurrence(
    schedules: &[ScheduleSource],
    zone: Zone,
    anchor: NaiveDate,
    (initiation, termination): (Option<NaiveDate>, Option<NaiveDate>),
) -> Result<BoundedRecurrence> {
    let read =
        |schedules: &[ScheduleSource]| BoundedRecurrence::of_sources(schedules, zone, anchor, initiation, termination);
    let error = match read(schedules) {
        Ok(recurrence) => return Ok(recurrence),
        Err(error) => error,
    };
    // There may be thousands of schedules.
    if error.schedule.is_none() {
        let (field, problem) = named(error);
        return Err(Error::invalid(field, problem));
    }
    // The domain names the first wrong schedule only.
    let mut errors = FieldErrors::default();
    let mut add = |error| {
        let (field, problem) = named(error);
        errors.add(field, problem);
    };
    add(error);
    for (index, schedule) in schedules.iter().enumerate() {
        if let Err(error) = read(std::slice::from_ref(schedule)) {
            add(RecurrenceError { schedule: error.schedule.map(|_| index), ..error });
        }
    }
    errors.finish()?;
    Ok(BoundedRecurrence::default())
}

/// The field of the API that an error is about, and its problem.
fn named(error: RecurrenceError) -> (String, ScheduleProblem) {
    let field = match (error.schedule, error.field) {
        (Some(index), Some(field)) => format!("schedules.{index}.{field}"),
        (Some(index), None) => format!("schedules.{index}"),
        (None, _) => "schedules".to_owned(),
    };
    (field, error.problem)
}

/// Coordinates in degrees: both or neither.
pub fn coordinates(latitude: Option<f64>, longitude: Option<f64>) -> Result<Option<GeoPoint>> {
    match (latitude, longitude) {
        (None, None) => Ok(None),
        (Some(latitude), Some(longitude)) => {
            GeoPoint::new(latitude, longitude).map(Some).map_err(|error| Error::invalid(error.field(), error))
        }
        (Some(_), None) => Err(Error::invalid("longitude", Refusal::OneCoordinate("latitude"))),
        (None, Some(_)) => Err(Error::invalid("latitude", Refusal::OneCoordinate("longitude"))),
    }
}

/// Rule 2: an end before the start is on the next day; equal times are refused.
pub fn times(start: Option<NaiveTime>, end: Option<NaiveTime>) -> Result<()> {
    if start.is_some() && start == end {
        return Err(Error::invalid("endTime", Refusal::EndIsStart));
    }
    Ok(())
}

pub fn termination(initiation: Option<NaiveDate>, termination: Option<NaiveDate>) -> Result<()> {
    match (initiation, termination) {
        (Some(first), Some(last)) if last < first => {
            Err(Error::invalid("terminationDate", Refusal::BeforeInitiation(first)))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_made_for_names_of_all_scripts() {
        assert_eq!(path_from_name("  Mueller's Monday!  "), "mueller-s-monday");
        assert_eq!(path_from_name("木曜セッション"), "木曜セッション");
        assert_eq!(path_from_name("🎻🎻"), "session");
        assert_eq!(path_from_name("\u{3164}A\u{3164}"), "a");
        assert!(path("path", "a\u{3164}").is_err() && path("path", "\u{3164}").is_err());
        assert!(path("path", "a/b").is_err() && path("path", "..").is_err() && path("path", "été_2").is_ok());
    }

    #[test]
    fn websites_are_addresses_of_the_web() {
        let read = |text: &str| website("website", Some(text)).ok();
        assert_eq!(read("https://Example.org"), Some(Some("https://example.org/".to_owned())));
        assert_eq!(read(" "), Some(None));
        for wrong in ["example.org", "javascript:alert(1)", "ftp://example.org", "https://bank.example@evil.example/"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn pictures_have_https_addresses_with_a_host_name() {
        let read = |text: &str| picture_url("pictureUrl", Some(text));
        for (given, stored) in [
            (" https://Pictures.Example/a b.jpg?w=1,2;3#x ", Some("https://pictures.example/a%20b.jpg?w=1,2;3#x")),
            ("https://example.org:8443/a.jpg", Some("https://example.org:8443/a.jpg")),
            ("https://bücher.example/ü", Some("https://xn--bcher-kva.example/%C3%BC")),
            (" ", None),
        ] {
            assert_eq!(read(given).unwrap().as_deref(), stored, "{given}");
        }
        assert_eq!(picture_url("pictureUrl", None).unwrap(), None);

        let of_length = |length: usize| format!("https://example.org/{}", "a".repeat(length - 20));
        assert!(read(&of_length(2_000)).is_ok());
        // Stored, each of these letters has six characters.
        let long_when_stored = format!("https://example.org/{}", "é".repeat(400));
        for (wrong, advice) in [
            ("example.org/a.jpg", "must be the https address"),
            ("/a.jpg", "must be the https address"),
            ("//example.org/a.jpg", "must be the https address"),
            ("http://example.org/a.jpg", "must be the https address"),
            ("ftp://example.org/a.jpg", "must be the https address"),
            ("data:image/png;base64,AAAA", "must be the https address"),
            ("javascript:alert(1)", "must be the https address"),
            ("https://", "must be the https address"),
            ("https://bank.example@evil.example/a.jpg", "leave out the part before the @"),
            ("https://:secret@example.org/a.jpg", "leave out the part before the @"),
            // Each of these would be more than one site in a content security policy, or none.
            ("https://*/a.jpg", "must have a host name"),
            ("https://*.example.org/a.jpg", "must have a host name"),
            ("https://a;sandbox/a.jpg", "must have a host name"),
            ("https://a,b/a.jpg", "must have a host name"),
            ("https://'self'/a.jpg", "must have a host name"),
            ("https://example.org./a.jpg", "must have a host name"),
            ("https://192.0.2.1/a.jpg", "must have a host name"),
            ("https://[2001:db8::1]/a.jpg", "must have a host name"),
            (&of_length(2_001), "2000 characters at most"),
            (&long_when_stored, "2000 characters at most"),
        ] {
            let Err(Error::Invalid { field, message, .. }) = read(wrong) else { panic!("{wrong} was accepted") };
            assert_eq!(field, "pictureUrl");
            assert!(message.to_string().contains(advice), "{wrong}: {message}");
        }
    }

    #[test]
    fn long_texts_may_have_several_lines() {
        let text = "Tunes.\n\n\tAll *welcome*.\r\n- pints";
        assert_eq!(long_text("description", Some(text)).ok(), Some(Some(text.to_owned())));
        assert!(long_text("description", Some("a\u{0}b")).is_err());
        assert!(long_text("description", Some(&"a".repeat(2_001))).is_err());
        assert_eq!(long_text("description", Some("  ")).ok(), Some(None));
    }

    #[test]
    fn texts_are_counted_in_characters() {
        assert!(required_text("name", &"é".repeat(200)).is_ok());
        assert!(required_text("name", &"é".repeat(201)).is_err());
        assert!(required_text("name", " \t ").is_err() && required_text("name", "a\0b").is_err());
        assert_eq!(optional_text("city", Some("  ")).ok(), Some(None));
    }
}
