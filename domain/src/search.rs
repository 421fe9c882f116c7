//! Search: comparing what a person types with a name or a place.
//!
//! - Both are compared by their [`key`]. It is the same for names that differ only in case, accents, spaces, or in the form of
//!   quotation marks and dashes.
//! - A search finds a name that contains all its [`words`], in any order.
//! - A search finds a city by a part of its name. With several words, each begins a word of the name, or is a whole word or a code
//!   of the state or the country: 'Austin, US' finds Austin in the USA, and no Austin in Australia.

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

/// Whether a search finds a city by its name alone.
pub fn finds_city_by_name(words: &[String], city: &str) -> bool {
    let key = key(city);
    match words {
        [word] => key.contains(word),
        words => words.iter().all(|word| begins_a_word(&key, word)),
    }
}

/// Whether a search names a city in this state and country: at least one word is of the city.
pub fn finds_city(words: &[String], city: &str, state: Option<&str>, country: Option<&str>) -> bool {
    let place = key(&[state, country].into_iter().flatten().collect::<Vec<_>>().join(" "));
    let country = country.map(key).unwrap_or_default();
    let city = key(city);
    let is_of_place = |word: &str| is_a_word(&place, word) || is_a_code(&country, word);
    words.iter().any(|word| begins_a_word(&city, word))
        && words.iter().all(|word| begins_a_word(&city, word) || is_of_place(word))
}

/// Whether a word of the search begins a word of this city.
pub fn names_part_of(words: &[String], city: &str) -> bool {
    let key = key(city);
    words.iter().any(|word| begins_a_word(&key, word))
}

/// The places of a key at which this word begins a word.
fn beginnings<'a>(key: &'a str, word: &'a str) -> impl Iterator<Item = usize> + 'a {
    let begins = |at: &usize| !key[..*at].ends_with(char::is_alphanumeric);
    key.match_indices(word).map(|(at, _)| at).filter(begins)
}

fn begins_a_word(key: &str, word: &str) -> bool {
    beginnings(key, word).next().is_some()
}

fn is_a_word(key: &str, word: &str) -> bool {
    beginnings(key, word).any(|at| !key[at + word.len()..].starts_with(char::is_alphanumeric))
}

/// Whether a word is a code or a short name of this country, which may itself be written as one.
fn is_a_code(country: &str, word: &str) -> bool {
    COUNTRIES.iter().any(|names| names.contains(&country) && names.contains(&word))
}

/// The codes of countries, and their names in English.
const COUNTRIES: [&[&str]; 32] = [
    &["us", "usa", "america", "united states", "united states of america"],
    &["uk", "gb", "gbr", "britain", "great britain", "united kingdom"],
    &["ar", "arg", "argentina"],
    &["at", "aut", "austria"],
    &["au", "aus", "australia"],
    &["be", "bel", "belgium"],
    &["br", "bra", "brazil"],
    &["ca", "can", "canada"],
    &["ch", "che", "switzerland"],
    &["cl", "chl", "chile"],
    &["cn", "chn", "china"],
    &["cz", "cze", "czechia", "czech republic"],
    &["de", "deu", "germany"],
    &["dk", "dnk", "denmark"],
    &["es", "esp", "spain"],
    &["fi", "fin", "finland"],
    &["fr", "fra", "france"],
    &["gr", "grc", "greece"],
    &["hu", "hun", "hungary"],
    &["ie", "irl", "ireland"],
    &["in", "ind", "india"],
    &["it", "ita", "italy"],
    &["jp", "jpn", "japan"],
    &["mx", "mex", "mexico"],
    &["nl", "nld", "netherlands", "the netherlands"],
    &["no", "nor", "norway"],
    &["nz", "nzl", "new zealand"],
    &["pl", "pol", "poland"],
    &["pt", "prt", "portugal"],
    &["se", "swe", "sweden"],
    &["tr", "tur", "turkey", "turkiye"],
    &["za", "zaf", "south africa"],
];

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
    fn search_has_words_without_commas() {
        for (search, expected) in [
            ("", &[][..]),
            (" ", &[]),
            (",", &[]),
            ("TUN  mon", &["tun", "mon"]),
            ("monday, O\u{2019}Brien;x", &["monday", "o'brien", "x"]),
        ] {
            assert_eq!(words(search), expected, "{search}");
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
        for search in
            ["", "usa", "Austin, Ireland", "TX USA", "Austin, Australia", "Austin, U", "ustin, USA", "Austin, Tex"]
        {
            assert!(!finds(search), "{search}");
        }
        for (country, is_found) in [
            ("US", true),
            ("United States", true),
            ("united states of America", true),
            ("Australia", false),
            ("Austria", false),
            ("Russia", false),
        ] {
            assert_eq!(finds_city(&words("Austin, US"), "Austin", None, Some(country)), is_found, "{country}");
        }
        assert!(!finds_city(&words("Houston, us"), "Houston", Some("New South Wales"), Some("Australia")));
        assert!(finds_city(&words("perth au"), "Perth", None, Some("Australia")));
        assert!(finds_city(&words("Wellington, New Zealand"), "Wellington", None, Some("New Zealand")));
        assert!(finds_city(&words("münchen, osterreich"), "Munchen", None, Some("Österreich")));
    }

    #[test]
    fn several_words_find_a_city_by_name_if_each_begins_a_word_of_it() {
        let finds = |search: &str, city: &str| finds_city_by_name(&words(search), city);
        for (search, city) in
            [("ustin", "Austin"), ("new york", "New York"), ("yor new", "New York"), ("st louis", "St. Louis")]
        {
            assert!(finds(search, city), "{search}");
        }
        for (search, city) in [("austin, us", "Austin"), ("new ork", "New York"), ("houston, us", "Houston")] {
            assert!(!finds(search, city), "{search}");
        }
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
