//! Messages for people, and enums that the database stores as text.

/// The message with a capital letter and a full stop. A message that begins with a quotation mark keeps its beginning.
#[must_use]
pub fn sentence(mut message: String) -> String {
    if let Some(first) = message.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    if !message.ends_with(['.', '!', '?', '।']) {
        message.push('.');
    }
    message
}

/// The error for a text that is no value of an enum.
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

/// Implements `Display` and `FromStr` for an enum by its `as_str` and `parse`. sea-orm writes and reads columns with
/// them.
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

/// Bytes in hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut hex, byte| {
        // Writing to a String does not fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

#[cfg(test)]
mod tests {
    use super::sentence;

    #[test]
    fn message_becomes_a_sentence() {
        for (message, expected) in [
            ("sign in to book", "Sign in to book."),
            ("There is no person Person:7.", "There is no person Person:7."),
            ("'x' is not a date", "'x' is not a date."),
            ("éa", "éa."),
        ] {
            assert_eq!(sentence(message.to_owned()), expected);
        }
    }
}
