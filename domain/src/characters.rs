//! The characters that a text for people may have, such as a name.
//!
//! - A text has at least one character that can be seen. Otherwise a name could look like no name.
//! - A text has no control characters, and none that change the direction of other text or break the line. Otherwise a name
//!   could change what stands beside it.

use unicode_properties::{GeneralCategory, UnicodeGeneralCategory};

/// Why a text is refused. The message completes a sentence that begins with the name of the field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TextProblem {
    #[error("must not be empty")]
    Empty,
    #[error("must have a character that can be seen")]
    Invisible,
    #[error("must not contain control characters")]
    ControlCharacter,
    #[error("must not contain characters that change the direction of text, or break the line")]
    DirectionOrLine,
}

/// Checks a text from which spaces at both ends have been removed.
///
/// # Errors
/// The first problem, in the order of [`TextProblem`].
pub fn check(text: &str) -> Result<(), TextProblem> {
    if text.is_empty() {
        return Err(TextProblem::Empty);
    }
    if !text.chars().any(|c| is_visible(c) || c.is_control()) {
        return Err(TextProblem::Invisible);
    }
    if text.chars().any(char::is_control) {
        return Err(TextProblem::ControlCharacter);
    }
    if text.chars().all(is_allowed) { Ok(()) } else { Err(TextProblem::DirectionOrLine) }
}

/// No control character, no embedding, override or isolate of a direction, and no separator of lines or paragraphs.
/// Marks such as U+200E are allowed: they change no other text. So are joiners, which some scripts and emoji need.
pub fn is_allowed(c: char) -> bool {
    let changes_direction = matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{206f}');
    let breaks_line = matches!(c, '\u{2028}' | '\u{2029}');
    !c.is_control() && !changes_direction && !breaks_line
}

/// Whether the character can be seen by itself: no space, no format character, no mark that needs another character, and
/// no letter or symbol that is blank.
pub fn is_visible(c: char) -> bool {
    use GeneralCategory::{
        Control, EnclosingMark, Format, LineSeparator, NonspacingMark, ParagraphSeparator, SpaceSeparator, Unassigned,
    };
    let is_nothing_by_itself = matches!(
        c.general_category(),
        Control | EnclosingMark | Format | LineSeparator | NonspacingMark | ParagraphSeparator | SpaceSeparator
    );
    // Most unassigned characters may be newer than our tables, but some are reserved for invisible ones.
    let is_reserved =
        c.general_category() == Unassigned && matches!(c, '\u{2065}' | '\u{fff0}'..='\u{fff8}' | '\u{e0000}'..);
    !is_nothing_by_itself && !is_reserved && !is_blank(c)
}

/// Letters and symbols that are shown as nothing: the fillers of Hangul, and the Braille pattern without dots.
pub fn is_blank(c: char) -> bool {
    matches!(c, '\u{115f}' | '\u{1160}' | '\u{3164}' | '\u{ffa0}' | '\u{2800}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_needs_a_visible_character_and_changes_no_other_text() {
        for good in [
            "Ann",
            "a b",
            "木曜",
            "שלום",
            "سلام",
            "می\u{200c}خواهم",
            "👩\u{200d}👩\u{200d}👧",
            "🎻",
            "e\u{301}",
            "क्\u{200d}ष",
            "7",
            "-",
            "\u{200e}a",
        ] {
            assert_eq!(check(good), Ok(()), "{good:?}");
        }
        for invisible in [
            "\u{200b}",
            "\u{feff}",
            "\u{3164}",
            "\u{115f}\u{1160}",
            "\u{ffa0}",
            "\u{2800}",
            "\u{ad}",
            "\u{34f}",
            "\u{301}",
            "\u{2060}",
            "\u{180e}",
            "\u{fe0f}",
            "\u{e0100}",
            "\u{e0041}",
            "\u{a0}\u{200b}",
            "\u{202e}",
            "\u{2066}\u{2069}",
            "\u{17b4}",
        ] {
            assert_eq!(check(invisible), Err(TextProblem::Invisible), "{invisible:?}");
        }
        for turned in
            ["a\u{202e}b", "\u{202a}a\u{202c}", "a\u{2066}", "a\u{2069}", "a\u{2028}b", "a\u{2029}", "a\u{206f}"]
        {
            assert_eq!(check(turned), Err(TextProblem::DirectionOrLine), "{turned:?}");
        }
        for control in ["\0", "a\u{7}", "a\nb", "a\u{85}b", "\u{9f}"] {
            assert_eq!(check(control), Err(TextProblem::ControlCharacter), "{control:?}");
        }
        assert_eq!(check(""), Err(TextProblem::Empty));
    }
}
