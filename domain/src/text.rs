//! Enums that the database keeps as texts.

/// A text that is none of an enum's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is no {expected}")]
pub struct UnknownText {
    text: String,
    expected: &'static str,
}

impl UnknownText {
    pub fn new(text: &str, expected: &'static str) -> Self {
        Self { text: text.to_owned(), expected }
    }
}

/// `Display` and `FromStr` of an enum by its `as_str` and `parse`, which a column of sea-orm is written and read by.
macro_rules! kept_as_text {
    ($name:ident) => {
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::text::UnknownText;

            fn from_str(text: &str) -> Result<Self, $crate::text::UnknownText> {
                Self::parse(text).ok_or_else(|| $crate::text::UnknownText::new(text, stringify!($name)))
            }
        }
    };
}
