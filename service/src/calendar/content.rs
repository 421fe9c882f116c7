//! The content lines of an iCalendar text (RFC 5545, section 3.1).
//!
//! The crate icalendar reads them in the tests, but does not write them here. It gives every component, even parts of a time
//! zone, a random UID and a DTSTAMP by its own clock. And it folds some lines a byte too late.

/// The maximum length of a line in bytes, without the line end.
const LINE: usize = 75;

/// An iCalendar text that is being written.
#[derive(Debug, Default)]
pub(super) struct Content(String);

impl Content {
    /// Writes a component with the content that `fill` writes.
    pub(super) fn component(&mut self, name: &str, fill: impl FnOnce(&mut Self)) {
        self.value("BEGIN", name);
        fill(self);
        self.value("END", name);
    }

    /// Writes a property whose value needs no escaping. The name may have parameters.
    pub(super) fn value(&mut self, name: &str, value: &str) {
        self.line(&format!("{name}:{value}"));
    }

    /// Writes a property whose value is TEXT (section 3.3.11).
    pub(super) fn text(&mut self, name: &str, text: &str) {
        let mut value = String::with_capacity(text.len());
        for character in text.chars() {
            match character {
                '\\' | ';' | ',' => value.extend(['\\', character]),
                '\n' => value.push_str("\\n"),
                other if other.is_control() => {}
                other => value.push(other),
            }
        }
        self.value(name, &value);
    }

    /// Writes a line. A long one is folded between characters, with a line end and a space.
    fn line(&mut self, line: &str) {
        let mut rest = line;
        let mut room = LINE;
        while rest.len() > room {
            let (now, later) = rest.split_at(rest.floor_char_boundary(room));
            self.0.push_str(now);
            self.0.push_str("\r\n ");
            rest = later;
            room = LINE - 1;
        }
        self.0.push_str(rest);
        self.0.push_str("\r\n");
    }

    pub(super) fn into_string(self) -> String {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_escaped() {
        let mut content = Content::default();
        content.text("SUMMARY", "a;b,c\\d\ne\r\u{7}: \"f\"");
        assert_eq!(content.into_string(), "SUMMARY:a\\;b\\,c\\\\d\\ne: \"f\"\r\n");
    }

    #[test]
    fn long_line_is_folded_between_characters() {
        for text in ["x".repeat(75), "x".repeat(76), "x".repeat(149), "x".repeat(150), "ö".repeat(200), "会".repeat(99)]
        {
            let mut content = Content::default();
            content.line(&text);
            let folded = content.into_string();
            assert!(folded.lines().all(|line| line.len() <= 75), "{folded}");
            assert_eq!(folded.strip_suffix("\r\n").unwrap().replace("\r\n ", ""), text);
            let fewest = 1 + text.len().saturating_sub(75).div_ceil(74);
            assert!(folded.lines().count() <= fewest + 1, "{folded}");
        }
    }
}
