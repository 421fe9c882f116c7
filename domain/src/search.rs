//! Search: comparing what a person types with a name or a place.
//!
//! - Both are compared by their [`key`]. It is the same for names that differ only in case, accents, spaces, or in the form of
//!   quotation marks and dashes.
//! - A search finds a name that contains all its [`words`], in any order.
//! - A search finds a city by its name, or by its name and words of the state or the country: 'Austin, USA'.

use unicode_normalization::UnicodeNormalization as _;
use unicode_properties::{GeneralCategory, UnicodeGeneralCategory as _};

/// The most words of a search. What follows the last one belongs to it.
const WORDS: usize = 12;

/// The form of a text by which searches compare it, and by which lists order names.
pub fn key(text: &str) -> String {
    let plain = text.chars().map(with_plain_mark).nfkd().filter(|c| !is_ignored(*c)).flat_map(char::to_lowercase);
    let mut key = String::with_capacity(text.len());
    for c in plain.map(with_plain_mark) {
        match with_plain_letter(c) {
            Some(letters) => key.push_str(letters),
            None => key.push(c),
        }
    }
    key.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The words of a search. Each must be part of what is found.
pub fn words(text: &str) -> Vec<String> {
    let key = key(&text.replace([',', ';'], " "));
    key.splitn(WORDS, ' ').filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

/// Whether a text has all words of a search.
pub fn finds(words: &[String], text: &str) -> bool {
    let key = key(text);
    words.iter().all(|word| key.contains(word))
}

/// Whether a search names a city in this state and country: at least one word is of the city.
pub fn finds_city(words: &[String], city: &str, state: Option<&str>, country: Option<&str>) -> bool {
    let whole = [Some(city), state, country].into_iter().flatten().collect::<Vec<_>>().join(" ");
    names_part_of(words, city) && finds(words, &whole)
}

/// Whether a word of the search is part of this name.
pub fn names_part_of(words: &[String], name: &str) -> bool {
    let key = key(name);
    words.iter().any(|word| key.contains(word))
}

/// A number as people type it: with a decimal point or a decimal comma.
pub fn decimal(text: &str) -> Option<f64> {
    text.trim().replace(',', ".").replace('\u{2212}', "-").parse().ok()
}

/// One form for each kind of mark that keyboards and word processors write in several forms.
fn with_plain_mark(c: char) -> char {
    match c {
        '\u{2018}'..='\u{201b}' | '\u{2b9}' | '\u{2bc}' | '\u{2032}' | '`' | '\u{b4}' => '\'',
        '\u{201c}'..='\u{201f}' | '\u{ab}' | '\u{bb}' | '\u{2033}' => '"',
        '\u{2010}'..='\u{2015}' | '\u{2212}' => '-',
        c => c,
    }
}

/// Accents of Latin, Greek and Cyrillic letters, and characters that cannot be seen. Vowel signs of other scripts are letters of
/// their own.
fn is_ignored(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}') || c.general_category() == GeneralCategory::Format
}

/// The plain form of lower-case letters that Unicode does not take apart.
fn with_plain_letter(c: char) -> Option<&'static str> {
    Some(match c {
        'ß' => "ss",
        'æ' => "ae",
        'œ' => "oe",
        'ø' => "o",
        'ł' => "l",
        'đ' | 'ð' => "d",
        'þ' => "th",
        'ı' => "i",
        'ς' => "σ",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_that_look_alike_have_the_same_key() {
        for (texts, expected) in [
            (
                &["O\u{2019}Brien's  Tunes", "o'brien\u{2bc}s tunes", " O`BRIEN\u{b4}S\u{a0}Tunes "][..],
                "o'brien's tunes",
            ),
            (&["José", "Jose\u{301}", "JOSE"], "jose"),
            (&["Weiße Straße", "WEISSE STRASSE", "Weisse Stra\u{ad}ße"], "weisse strasse"),
            (&["İstanbul", "istanbul", "ıstanbul"], "istanbul"),
            (&["Łódź", "lodz"], "lodz"),
            (&["Tórshavn – Ærø", "torshavn - aero"], "torshavn - aero"),
            (&["\u{201e}Folk\u{201c}", "\"folk\"", "«FOLK»"], "\"folk\""),
            (&["ﬁddle", "Fiddle"], "fiddle"),
            (&["Ὀδυσσεύς", "ΟΔΥΣΣΕΥΣ"], "οδυσσευσ"),
        ] {
            for text in texts {
                assert_eq!(key(text), expected, "{text}");
            }
        }
        // In Devanagari, signs for vowels tell words apart.
        assert_ne!(key("दिल"), key("दल"));
    }

    #[test]
    fn key_of_a_key_is_the_same() {
        for text in ["Ὀδυσσεύς", "Ǆ", "한국어", "नमस्ते", "", "\u{301}", "A\u{345}", "ẞ", "½ ﬃ"]
        {
            assert_eq!(key(&key(text)), key(text), "{text}");
        }
    }

    #[test]
    fn search_finds_all_its_words_in_any_order() {
        let finds = |search: &str, name: &str| finds(&words(search), name);
        for search in ["", " ", ",", "tunes monday", "TUN  mon", "O’brien monday", "monday, o'brien"] {
            assert!(finds(search, "Monday Tunes at O'Brien\u{2019}s"), "{search}");
        }
        for search in ["tuesday", "monday tuesday", "mondaytunes"] {
            assert!(!finds(search, "Monday Tunes at O'Brien's"), "{search}");
        }
        let many = "a ".repeat(100);
        assert!(words(&many).len() <= WORDS);
    }

    #[test]
    fn search_finds_a_city_with_its_country() {
        let finds = |search: &str| finds_city(&words(search), "Austin", Some("TX"), Some("USA"));
        for search in ["austin", "Austin, USA", "usa austin", "Austin TX", "Austin,TX,USA", "aus, us"] {
            assert!(finds(search), "{search}");
        }
        for search in ["", "usa", "Austin, Ireland", "TX USA"] {
            assert!(!finds(search), "{search}");
        }
        assert!(finds_city(&words("münchen, osterreich"), "Munchen", None, Some("Österreich")));
    }

    #[test]
    fn number_may_have_a_decimal_comma() {
        for (text, number) in [
            ("48.21", Some(48.21)),
            ("48,21", Some(48.21)),
            (" -97,5 ", Some(-97.5)),
            ("\u{2212}1", Some(-1.0)),
            ("1,2,3", None),
            ("x", None),
            ("", None),
        ] {
            assert_eq!(decimal(text), number, "{text}");
        }
    }
}
