//! Reads one setting: finds its text, and turns the text into a value.

use std::{borrow::Cow, fmt::Display, ops::RangeInclusive, str::FromStr};

/// A setting that cannot be used. The message names the setting and says what it must be.
#[derive(Debug, thiserror::Error)]
#[error("{name} {problem}")]
pub struct SettingError {
    pub name: Cow<'static, str>,
    pub problem: String,
}

impl SettingError {
    pub(super) fn new(name: impl Into<Cow<'static, str>>, problem: impl Into<String>) -> Self {
        Self { name: name.into(), problem: problem.into() }
    }
}

/// Where settings are read from. A function, so that tests need no environment.
pub struct Source<'a>(pub &'a dyn Fn(&str) -> Option<String>);

impl Source<'_> {
    /// The text of a setting. An empty setting counts as unset.
    pub fn text(&self, name: &str) -> Option<String> {
        (self.0)(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty())
    }

    /// The items of a comma-separated list.
    pub fn list(&self, name: &'static str) -> Vec<String> {
        let text = self.text(name).unwrap_or_default();
        text.split(',').map(|it| it.trim().to_owned()).filter(|it| !it.is_empty()).collect()
    }

    pub fn parsed<T: FromStr<Err: Display>>(&self, name: &'static str, default: T) -> Result<T, SettingError> {
        match self.text(name) {
            None => Ok(default),
            Some(text) => text.parse().map_err(|error| SettingError::new(name, format!("is {text:?}: {error}"))),
        }
    }

    /// A whole number within a range. The error names the range, whether the text is not a number or is out of range.
    pub fn number<T>(&self, name: &'static str, default: T, range: RangeInclusive<T>) -> Result<T, SettingError>
    where
        T: FromStr + PartialOrd + Display,
    {
        self.within(name, default, &range, "a whole number")
    }

    /// A number within a range, which may have a fraction.
    pub fn decimal(&self, name: &'static str, default: f64, range: RangeInclusive<f64>) -> Result<f64, SettingError> {
        self.within(name, default, &range, "a number")
    }

    fn within<T: FromStr + PartialOrd + Display>(
        &self,
        name: &'static str,
        default: T,
        range: &RangeInclusive<T>,
        kind: &str,
    ) -> Result<T, SettingError> {
        let Some(text) = self.text(name) else { return Ok(default) };
        text.parse().ok().filter(|value| range.contains(value)).ok_or_else(|| {
            let (low, high) = (range.start(), range.end());
            SettingError::new(name, format!("is {text:?}: it must be {kind} from {low} to {high}"))
        })
    }

    /// A setting that is true or false. The default applies if it is unset.
    pub fn flag(&self, name: &'static str, default: bool) -> Result<bool, SettingError> {
        match self.text(name).as_deref() {
            None => Ok(default),
            Some("true" | "1" | "on" | "yes") => Ok(true),
            Some("false" | "0" | "off" | "no") => Ok(false),
            Some(text) => Err(SettingError::new(name, format!("is {text:?}: it must be true or false"))),
        }
    }
}
