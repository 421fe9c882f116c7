//! Small values: the scalars of the schema, and the validated texts that are stored.

use std::fmt::Debug;

use async_graphql::{ScalarType, Value};
use graphql::types::scalars::{Date, DateTime, LocalTime, TimeZone};
use service::validate;

/// A scalar that is accepted and printed is accepted again, with the same value. A validated text is accepted again, unchanged.
///
/// # Panics
/// When a check fails.
pub fn check(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    check_scalar::<DateTime>(&text);
    check_scalar::<Date>(&text);
    check_scalar::<LocalTime>(&text);
    check_scalar::<TimeZone>(&text);
    if TimeZone::parse(Value::String(text.to_string())).is_ok() {
        assert!(
            domain::zone::ZoneData::compiled().zone(&text).is_ok(),
            "{text} is a time zone of the schema and not of the domain"
        );
    }

    check_text(&text, |text| validate::required_text("field", text).ok());
    check_text(&text, |text| validate::optional_text("field", Some(text)).ok().flatten());
    check_text(&text, |text| validate::external_id("field", text).ok());
    check_text(&text, |text| validate::path("field", text).ok());
    check_text(&text, |text| validate::language_code("field", text).ok());
    check_text(&text, |text| validate::current_page("field", text).ok().flatten());
    let path = validate::path_from_name(&text);
    assert_eq!(validate::path("path", &path).ok(), Some(path), "the path of {text:?}");
}

fn check_scalar<T: ScalarType + PartialEq + Debug>(text: &str) {
    let Ok(value) = T::parse(Value::from(text)) else { return };
    let printed = value.to_value();
    let again =
        T::parse(printed.clone()).unwrap_or_else(|_| panic!("{text:?} is printed as {printed}, which is not accepted"));
    assert_eq!(again, value, "{text:?} is printed as {printed}");
}

/// Validating a validated text changes nothing, and it fits.
fn check_text(text: &str, stored: impl Fn(&str) -> Option<String>) {
    let Some(first) = stored(text) else { return };
    assert_eq!(stored(&first).as_ref(), Some(&first), "{text:?}");
    assert!(first.chars().count() <= validate::MAX_PAGE_TEXT && !first.chars().any(char::is_control), "{text:?}");
}
