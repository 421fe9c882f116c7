//! The components of an iCalendar file (RFC 5545, section 3.4), with the properties that an import reads.
//!
//! Lines are unfolded here, as bytes, because a line may be folded within a character. The crate icalendar reads each
//! line: its parameters, quotes and escapes. It gets one line at a time. So a line that cannot be read affects only its
//! event, and the time is proportional to the length of the file, even if components are deeply nested.

use std::collections::HashSet;

use icalendar::parser::Property as ParsedProperty;

use super::{
    feed::PREFIX,
    problem::{ComponentProblem, FileProblem},
    shortened,
};

/// The properties that an import reads, besides those with the prefix of our own feeds.
const PROPERTIES: &[&str] = &[
    "PRODID",
    "X-WR-TIMEZONE",
    "TZID",
    "X-LIC-LOCATION",
    "TZOFFSETFROM",
    "TZOFFSETTO",
    "UID",
    "SEQUENCE",
    "DTSTAMP",
    "SUMMARY",
    "LOCATION",
    "GEO",
    "DTSTART",
    "DTEND",
    "DURATION",
    "RRULE",
    "EXRULE",
    "RDATE",
    "EXDATE",
    "RECURRENCE-ID",
    "STATUS",
];

/// The components that only stand in a calendar. Where one begins, what has not ended is cut off: it would take in the rest
/// of the file.
const TOP_LEVEL: &[&str] = &["VCALENDAR", "VEVENT", "VTIMEZONE"];

/// How deeply components may be nested. A calendar is 3 deep.
pub(super) const MAX_DEPTH: usize = 8;

/// A property, with the values of its parameters. Names are in upper case.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Property {
    pub(super) name: String,
    pub(super) parameters: Vec<(String, String)>,
    pub(super) value: String,
}

impl Property {
    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// A component, with those inside it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(super) struct Component {
    /// The name, in upper case.
    pub(super) name: String,
    pub(super) properties: Vec<Property>,
    pub(super) components: Vec<Component>,
    /// The first problem in the component.
    pub(super) problem: Option<ComponentProblem>,
}

impl Component {
    pub(super) fn property(&self, name: &str) -> Option<&Property> {
        self.properties.iter().find(|property| property.name == name)
    }

    pub(super) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Property> {
        self.properties.iter().filter(move |property| property.name == name)
    }

    pub(super) fn value(&self, name: &str) -> Option<&str> {
        self.property(name).map(|property| property.value.as_str())
    }

    /// A property that the component has twice, other than these.
    pub(super) fn repeated(&self, except: &[&str]) -> Option<&str> {
        let mut seen = HashSet::new();
        let names = self.properties.iter().map(|property| property.name.as_str());
        names
            .filter(|name| !except.contains(&name.strip_prefix(PREFIX).unwrap_or(name)))
            .find(|name| !seen.insert(*name))
    }

    fn fail(&mut self, problem: impl FnOnce() -> ComponentProblem) {
        self.problem.get_or_insert_with(problem);
    }

    fn cut_off(&mut self) {
        let name = shortened(&self.name);
        self.fail(|| ComponentProblem::NoEnd(name));
    }
}

/// Reads the components of a file.
///
/// # Errors
/// If the text has no calendar, is cut off, or nests components too deeply.
pub(super) fn read(text: &[u8]) -> Result<Vec<Component>, FileProblem> {
    if [b"\xFF\xFE" as &[u8], b"\xFE\xFF", b"B\0", b"\0B"].iter().any(|start| text.starts_with(start)) {
        return Err(FileProblem::Utf16);
    }
    let text = text.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(text);
    let mut reader = Reader::default();
    let mut line: Vec<u8> = Vec::new();
    // Some old programs end lines with CR alone.
    let line_end = if text.contains(&b'\n') { b'\n' } else { b'\r' };
    for mut physical in text.split(|byte| *byte == line_end) {
        while let Some(rest) = physical.strip_suffix(b"\r") {
            physical = rest;
        }
        if let Some((b' ' | b'\t', rest)) = physical.split_first() {
            line.extend_from_slice(rest);
            continue;
        }
        reader.line(&line)?;
        line.clear();
        line.extend_from_slice(physical);
    }
    reader.line(&line)?;
    reader.finish()
}

/// The components that have begun and not ended, the innermost one last, and the calendars that have ended.
#[derive(Debug, Default)]
struct Reader {
    open: Vec<Component>,
    calendars: Vec<Component>,
    /// How many components of the calendar had not ended where another one began.
    cut: usize,
    /// Whether the last line so far is the end of a calendar.
    is_complete: bool,
}

impl Reader {
    fn line(&mut self, line: &[u8]) -> Result<(), FileProblem> {
        if line.trim_ascii().is_empty() {
            return Ok(());
        }
        // A CR in a text is a fault that changes nothing. A CR before a property would hide the property.
        if line.split(|byte| *byte == b'\r').skip(1).any(|part| is_read(&name_and_rest(part).0)) {
            return Err(FileProblem::LineEnds);
        }
        let (name, rest) = name_and_rest(line);
        let is_name =
            !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
        self.is_complete = name == "END" && value_of(rest) == "VCALENDAR";
        let has_nul = line.contains(&0);
        let is_inside = self.open.len() > 1 && name != "BEGIN" && name != "END";
        if has_nul && !is_inside && (!self.open.is_empty() || name == "BEGIN") {
            return Err(FileProblem::NulBytes);
        }
        match name.as_str() {
            "BEGIN" => self.begin(&value_of(rest)),
            "END" => {
                self.end(&value_of(rest));
                Ok(())
            }
            _ => {
                if let Some(inner) = self.open.last_mut() {
                    if has_nul && (!is_name || is_read(&name)) {
                        inner.fail(|| ComponentProblem::NulByte(quoted(line)));
                    } else if !is_name || rest.is_empty() {
                        inner.fail(|| ComponentProblem::NoProperty(quoted(line)));
                    } else if is_read(&name) {
                        match property(&name, rest) {
                            Some(property) => inner.properties.push(property),
                            None => inner.fail(|| ComponentProblem::UnreadableLine(quoted(line))),
                        }
                    }
                }
                Ok(())
            }
        }
    }

    fn begin(&mut self, name: &str) -> Result<(), FileProblem> {
        if self.open.is_empty() && name != "VCALENDAR" {
            return Err(FileProblem::OtherBeginning(shortened(name)));
        }
        if TOP_LEVEL.contains(&name) {
            while let Some(mut cut) = self.open.pop_if(|open| open.name != "VCALENDAR") {
                cut.cut_off();
                self.close(cut);
                self.cut += 1;
            }
        }
        if self.open.len() + self.cut >= MAX_DEPTH {
            return Err(FileProblem::TooDeep);
        }
        self.open.push(Component { name: name.to_owned(), ..Component::default() });
        Ok(())
    }

    fn end(&mut self, name: &str) {
        if !self.open.iter().any(|open| open.name == name) {
            let calendar = self.open.iter_mut().rfind(|open| open.name == "VCALENDAR");
            if let ("VEVENT", Some(calendar)) = (name, calendar) {
                let problem = Some(ComponentProblem::NoBegin(shortened(name)));
                calendar.components.push(Component { name: name.to_owned(), problem, ..Component::default() });
            } else if let Some(inner) = self.open.last_mut() {
                inner.fail(|| ComponentProblem::NoBeginInside(shortened(name)));
            }
            return;
        }
        if name == "VCALENDAR" {
            self.cut = 0;
        }
        while let Some(mut ended) = self.open.pop() {
            let is_it = ended.name == name;
            if !is_it {
                ended.cut_off();
            }
            self.close(ended);
            if is_it {
                break;
            }
        }
    }

    fn close(&mut self, ended: Component) {
        // A calendar in another one has not got the END of the other one before it. Both are read.
        let parent = self.open.last_mut().filter(|_| ended.name != "VCALENDAR");
        let Some(parent) = parent else {
            self.calendars.push(Component { problem: None, ..ended });
            return;
        };
        // A broken part of an event, such as an alarm, may contain lines that belong to the event.
        if let (Some(problem), "VEVENT" | "VTIMEZONE") = (&ended.problem, parent.name.as_str()) {
            parent.fail(|| problem.clone());
        }
        parent.components.push(ended);
    }

    fn finish(mut self) -> Result<Vec<Component>, FileProblem> {
        // What is missing may change an event that is there, such as the cancellation of one meeting.
        if !self.open.is_empty() && !self.is_complete {
            return Err(FileProblem::CutOff);
        }
        while let Some(mut cut) = self.open.pop() {
            cut.cut_off();
            self.close(cut);
        }
        if self.calendars.is_empty() {
            return Err(FileProblem::NoCalendar);
        }
        Ok(self.calendars)
    }
}

/// The name of a line, in upper case, and the text after it.
fn name_and_rest(line: &[u8]) -> (String, &[u8]) {
    let split = line.iter().position(|byte| matches!(byte, b':' | b';'));
    let (name, rest) = line.split_at(split.unwrap_or(line.len()));
    (String::from_utf8_lossy(name).trim().to_ascii_uppercase(), rest)
}

/// Whether an import reads the lines with this name.
fn is_read(name: &str) -> bool {
    matches!(name, "BEGIN" | "END") || PROPERTIES.contains(&name) || name.starts_with(PREFIX)
}

/// The value of BEGIN or END, after its colon.
fn value_of(rest: &[u8]) -> String {
    String::from_utf8_lossy(rest.strip_prefix(b":").unwrap_or(rest)).trim().to_ascii_uppercase()
}

/// Reads a property. `rest` is the text after the name. `None` if the line is not a property.
fn property(name: &str, rest: &[u8]) -> Option<Property> {
    // The crate decides by the name whether a value is a text with escapes. It only knows names in upper case.
    let line = format!("{name}{}", str::from_utf8(rest).ok()?);
    let parsed = ParsedProperty::try_from(line.as_str()).ok()?;
    let value = parsed.val.as_str();
    // The crate also accepts a line with only a name, and ignores the rest.
    if parsed.name.as_str() != name || (value.is_empty() && !line.trim_end().ends_with(':')) {
        return None;
    }
    let parameter = |parameter: &icalendar::parser::Parameter<'_>| {
        let value = parameter.val.as_ref().map(|value| value.as_str().trim_matches('"').to_owned());
        (parameter.key.as_str().to_ascii_uppercase(), value.unwrap_or_default())
    };
    let parameters: Vec<(String, String)> = parsed.params.iter().map(parameter).collect();
    // A parameter that decides what the value means.
    let is_repeated = |name: &str| parameters.iter().filter(|(known, _)| known == name).count() > 1;
    if ["TZID", "VALUE", "RANGE"].into_iter().any(is_repeated) {
        return None;
    }
    Some(Property { name: name.to_owned(), parameters, value: value.to_owned() })
}

fn quoted(line: &[u8]) -> String {
    shortened(&String::from_utf8_lossy(line))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn events(body: &[u8]) -> Vec<Component> {
        let text = [b"BEGIN:VCALENDAR\r\n" as &[u8], body, b"\r\nEND:VCALENDAR\r\n"].concat();
        read(&text).unwrap().remove(0).components
    }

    #[test]
    fn lines_are_unfolded_and_texts_unescaped() {
        let body = "BEGIN:VEVENT\nsummary;LANGUAGE=\"de;x\":Caf\n \u{e9}\\, drei\\;\\nvier\n\tf\u{fc}nf\r\nDTSTART;tzid=\"Europe/Berlin\"\r\n :2026\n 0101T190000\nDESCRIPTION:a\\\nATTENDEE;CN=\"a:b\":mailto:x\nEND:VEVENT";
        let read = events(body.as_bytes());
        assert_eq!(read[0].problem, None);
        assert_eq!(read[0].value("SUMMARY"), Some("Caf\u{e9}, drei;\nvierf\u{fc}nf"));
        let start = read[0].property("DTSTART").unwrap();
        assert_eq!((start.parameter("TZID"), start.value.as_str()), (Some("Europe/Berlin"), "20260101T190000"));
        // The two bytes of a character are on two lines.
        let read = events(b"BEGIN:VEVENT\r\nSUMMARY:Caf\xC3\r\n \xA9\r\nEND:VEVENT");
        assert_eq!(read[0].value("SUMMARY"), Some("Caf\u{e9}"));
    }

    #[test]
    fn unreadable_line_is_a_problem_of_its_event_only() {
        let body = b"BEGIN:VEVENT\nSUMMARY Session\nEND:VEVENT\nBEGIN:VEVENT\nSUMMARY:caf\xE9\nEND:VEVENT\n\
            BEGIN:VEVENT\nUID:3\nBEGIN:VALARM\nTRIGGER:-PT5M\nEND:VEVENT\nBEGIN:VEVENT\nUID:4\nEND:VALARM\nEND:VEVENT\n\
            BEGIN:VEVENT\nUID:5\nEND:VEVENT\nBEGIN:VEVENT\nUID:6";
        let problems: Vec<_> = events(body).into_iter().map(|event| event.problem.is_some()).collect();
        assert_eq!(problems, [true, true, true, true, false, true]);
    }

    #[test]
    fn lines_may_end_with_cr_lf_or_both() {
        let file = |line_end: &str| {
            let lines = ["BEGIN:VCALENDAR", "BEGIN:VEVENT", "SUMMARY:Sess", " ion", "END:VEVENT", "END:VCALENDAR", ""];
            read(lines.join(line_end).as_bytes())
        };
        let expected = file("\r\n").unwrap();
        assert_eq!(expected[0].components[0].value("SUMMARY"), Some("Session"));
        for line_end in ["\n", "\r", "\r\r\n"] {
            assert_eq!(file(line_end).as_ref(), Ok(&expected), "{line_end:?}");
        }
        // One line with two properties would lose the second one.
        let mixed =
            |line: &str| read(format!("BEGIN:VCALENDAR\nBEGIN:VEVENT\n{line}\nEND:VEVENT\nEND:VCALENDAR").as_bytes());
        for line in ["SUMMARY:a\rEXDATE:20260101T190000Z", "DESCRIPTION:a\rEND:VEVENT\rBEGIN:VEVENT"] {
            assert_eq!(mixed(line), Err(FileProblem::LineEnds), "{line:?}");
        }
        assert_eq!(mixed("DESCRIPTION:one\rtwo").unwrap()[0].components[0].problem, None);
    }

    #[test]
    fn nul_byte_is_named_as_the_cause() {
        for text in [
            "BEGIN:VCALENDAR\0\nEND:VCALENDAR",
            "BEGIN:VCALENDAR\n\0\0\nEND:VCALENDAR",
            "BEGIN:VCALENDAR\nBEGIN:VEVENT\0\n",
        ] {
            assert_eq!(read(text.as_bytes()), Err(FileProblem::NulBytes), "{text:?}");
        }
        let read = events(b"BEGIN:VEVENT\nSUMMARY:a\0b\nEND:VEVENT\nBEGIN:VEVENT\nDESCRIPTION:a\0b\nEND:VEVENT");
        assert_eq!(read[0].problem, Some(ComponentProblem::NulByte("\"SUMMARY:ab\"…".to_owned())));
        assert_eq!(read[1].problem, None);
    }

    #[test]
    fn text_that_is_no_calendar_is_refused_as_a_whole() {
        let deep = "BEGIN:VCALENDAR\n".repeat(100_000);
        for text in ["", "\n\n", "hello", "<!DOCTYPE html>\n<p>", "BEGIN:VCARD\nEND:VCARD", &deep, "END:VCALENDAR"] {
            let refused = read(text.as_bytes()).unwrap_err().to_string();
            assert!(refused.starts_with("is no calendar"), "{refused}");
        }
        assert!(read(&vec![0xFF; 100_000]).is_err());
        for text in [
            "BEGIN:VCALENDAR\n",
            "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:1\n",
            "BEGIN:VCALENDAR\nBEGIN:VEVENT\nEND:VEVENT\nBEGIN:VEV",
        ] {
            let refused = read(text.as_bytes()).unwrap_err().to_string();
            assert!(refused.starts_with("is cut off"), "{refused}");
        }
        let utf16: Vec<u8> = "BEGIN:VCALENDAR\nEND:VCALENDAR".encode_utf16().flat_map(u16::to_le_bytes).collect();
        for utf16 in [[b"\xFF\xFE", utf16.as_slice()].concat(), utf16] {
            assert_eq!(read(&utf16), Err(FileProblem::Utf16));
        }
        assert!(read("\u{FEFF}BEGIN:VCALENDAR\nEND:VCALENDAR".as_bytes()).is_ok());
    }
}
