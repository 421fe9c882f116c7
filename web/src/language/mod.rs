//! The language of a page: what the visitor chose here or, without a choice, what the browser asks for (`Accept-Language`).
//!
//! The texts are Project Fluent files in `web/locales`, one a language. [`words!`](crate::language::words) gives a text in the
//! language of the request that the current task serves. English is the default, and the language of everything that is for
//! programs.

mod catalogue;
mod explanation;
pub mod formats;
#[cfg(test)]
mod module;
mod recurrence;
mod refusal;

use axum::{
    extract::Request,
    http::{HeaderMap, header::ACCEPT_LANGUAGE},
    middleware::Next,
    response::Response,
};
use axum_extra::extract::cookie::{Cookie, CookieJar};

pub use self::{
    catalogue::{Value, say, text_around},
    explanation::explanation_text,
    recurrence::recurrence_text,
    refusal::{refusal_or_english, refusal_text},
};

/// The cookie with the language that the visitor chose.
pub const COOKIE_NAME: &str = "insession_language";

/// Further ranges are ignored. Browsers send a handful.
const RANGES: usize = 32;

/// The regions where English times have twelve hours. People who read English elsewhere see twenty-four hours.
const TWELVE_HOURS: [&str; 10] = ["US", "CA", "AU", "NZ", "IN", "PH", "PK", "BD", "MY", "PR"];

tokio::task_local! {
    /// The language of the request that this task serves. Nearly every template has texts, so it is not an argument of each.
    static LOCALE: Locale;
}

macro_rules! languages {
    ($($language:ident $tag:literal $name:literal;)*) => {
        /// A language in which pages are written.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Language {
            $($language,)*
        }

        impl Language {
            pub const ALL: &'static [Self] = &[$(Self::$language,)*];

            /// The language tag of BCP 47.
            pub const fn tag(self) -> &'static str {
                match self { $(Self::$language => $tag,)* }
            }

            /// What the language calls itself.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$language => $name,)* }
            }

            /// The file with its texts.
            const fn source(self) -> &'static str {
                match self { $(Self::$language => include_str!(concat!("../../locales/", $tag, ".ftl")),)* }
            }
        }
    };
}

languages! {
    English "en" "English";
    German "de" "Deutsch";
    Dutch "nl" "Nederlands";
    French "fr" "Français";
    Spanish "es" "Español";
    Turkish "tr" "Türkçe";
    Albanian "sq" "Shqip";
    Hindi "hi" "हिन्दी";
}

impl Language {
    /// The language with exactly this tag.
    pub fn tagged(tag: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|language| language.tag() == tag)
    }
}

/// How a page is written: its language, and the clock of the visitor's region.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Locale {
    pub language: Language,
    /// The tag for the browser's own formats. It has the visitor's region, where that is known, such as `en-GB`.
    pub tag: String,
    /// Whether English times have twenty-four hours.
    is_24_hours: bool,
}

impl Default for Locale {
    fn default() -> Self {
        Self::of(Language::English, None)
    }
}

impl Locale {
    fn of(language: Language, region: Option<&str>) -> Self {
        let tag = region.map_or_else(|| language.tag().to_owned(), |region| format!("{}-{region}", language.tag()));
        let is_24_hours = region.is_some_and(|region| !TWELVE_HOURS.contains(&region));
        Self { language, tag, is_24_hours }
    }

    /// The best language for a request.
    pub fn of_request(headers: &HeaderMap) -> Self {
        let asked: Vec<&str> =
            headers.get_all(ACCEPT_LANGUAGE).iter().filter_map(|value| value.to_str().ok()).collect();
        let jar = CookieJar::from_headers(headers);
        let chosen = jar.get(COOKIE_NAME).map(Cookie::value).and_then(Language::tagged);
        Self::negotiate(chosen, &asked.join(","))
    }

    /// The language that was chosen. Without a choice, the one that `Accept-Language` prefers, or English. The region is that of
    /// the first range for this language.
    fn negotiate(chosen: Option<Language>, accept: &str) -> Self {
        let ranges = ranges(accept);
        let first = ranges.iter().find_map(|range| if range.is_any { Some(Language::English) } else { range.language });
        let language = chosen.or(first).unwrap_or(Language::English);
        let region =
            ranges.iter().filter(|range| range.language == Some(language)).find_map(|range| range.region.clone());
        Self::of(language, region.as_deref())
    }
}

/// One range of `Accept-Language`, such as `de-AT;q=0.8`.
struct Range {
    /// `None` for a language in which there are no pages.
    language: Option<Language>,
    region: Option<String>,
    /// Whether it is `*`.
    is_any: bool,
    /// The quality of the range, in thousandths.
    weight: u16,
}

impl Range {
    fn read(text: &str) -> Option<Self> {
        let mut parts = text.split(';').map(str::trim);
        let tag = parts.next().unwrap_or_default().replace('_', "-");
        let mut subtags = tag.split('-');
        let primary = subtags.next().unwrap_or_default().to_ascii_lowercase();
        let quality = parts.find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")));
        let quality: f32 = quality.map_or(Some(1.0), |quality| quality.trim().parse().ok())?;
        if !(0.0..=1.0).contains(&quality) {
            return None;
        }
        // A subtag of one character begins the extensions.
        let is_region = |subtag: &&str| subtag.len() == 2 && subtag.bytes().all(|it| it.is_ascii_alphabetic());
        let region = subtags.take_while(|subtag| subtag.len() > 1).find(is_region).map(str::to_ascii_uppercase);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is from 0 to 1000")]
        let weight = (quality * 1_000.0) as u16;
        Some(Self { language: Language::tagged(&primary), region, is_any: primary == "*", weight })
    }
}

/// The ranges with a quality above 0, the best one first. Unreadable ranges are left out.
fn ranges(accept: &str) -> Vec<Range> {
    let mut ranges: Vec<Range> = accept.split(',').take(RANGES).filter_map(Range::read).collect();
    ranges.retain(|range| range.weight > 0);
    ranges.sort_by_key(|range| std::cmp::Reverse(range.weight));
    ranges
}

/// The locale of the request that this task serves.
pub fn current() -> Locale {
    LOCALE.try_with(Clone::clone).unwrap_or_default()
}

/// The language of that locale.
fn current_language() -> Language {
    LOCALE.try_with(|locale| locale.language).unwrap_or(Language::English)
}

/// Serves a request in its language.
pub async fn speak(request: Request, next: Next) -> Response {
    let locale = Locale::of_request(request.headers());
    LOCALE.scope(locale, next.run(request)).await
}

/// A text of `web/locales` in the language of the request, with values for its variables: `words!("said-yes", count = 3)`.
macro_rules! words {
    ($key:literal $(, $name:ident = $value:expr)* $(,)?) => {
        $crate::language::say($key, &[$((stringify!($name), $crate::language::Value::from($value))),*])
    };
}
pub(crate) use words;

#[cfg(test)]
pub mod tests {
    use super::*;

    /// Runs `code` as if for a request with this `Accept-Language`.
    pub fn speaking<T>(accept: &str, code: impl FnOnce() -> T) -> T {
        LOCALE.sync_scope(Locale::negotiate(None, accept), code)
    }

    #[test]
    fn language_is_what_was_chosen_or_what_the_browser_prefers() {
        for (chosen, accept, tag) in [
            (None, "", "en"),
            (None, "de", "de"),
            (None, "de-AT, en;q=0.9", "de-AT"),
            (None, "en-US,en;q=0.9,de;q=0.8", "en-US"),
            (None, "en;q=0.5, FR-ca ; q=0.8", "fr-CA"),
            (None, "es_MX", "es-MX"),
            (None, "hi-Deva-IN", "hi-IN"),
            (None, "sq-XK;q=1.0", "sq-XK"),
            (None, "tr-u-co-de", "tr"),
            (None, "zh-Hant-TW, nl;q=0.1", "nl"),
            (None, "zh, ja;q=0.5", "en"),
            (None, "*", "en"),
            (None, "zh, *;q=0.5, de;q=0.1", "en"),
            (None, "de;q=0, nl;q=0.1", "nl"),
            (None, "de;q=0", "en"),
            (None, "de;q=2, fr;q=x, nl;q=-1, es;q=NaN, tr;q=0.001", "tr"),
            (None, "den, dede, -de, ;q=1, ,,", "en"),
            (Some(Language::Dutch), "de-DE,en;q=0.5", "nl"),
            (Some(Language::English), "de-DE, en-GB;q=0.5", "en-GB"),
        ] {
            assert_eq!(Locale::negotiate(chosen, accept).tag, tag, "{chosen:?} {accept}");
        }
    }

    #[test]
    fn english_clock_has_the_hours_of_the_region() {
        for (accept, is_24_hours) in
            [("en", false), ("en-US", false), ("en-GB", true), ("en-AU", false), ("en-DE", true)]
        {
            assert_eq!(Locale::negotiate(None, accept).is_24_hours, is_24_hours, "{accept}");
        }
    }

    #[test]
    fn request_names_its_language_in_several_headers_or_in_its_cookie() {
        let mut headers = HeaderMap::new();
        assert_eq!(Locale::of_request(&headers).tag, "en");
        headers.append(ACCEPT_LANGUAGE, "zh".parse().unwrap());
        headers.append(ACCEPT_LANGUAGE, "fr;q=0.5, de".parse().unwrap());
        assert_eq!(Locale::of_request(&headers).tag, "de");
        for (cookie, tag) in [("insession_language=tr", "tr"), ("insession_language=xx", "de"), ("a=b", "de")] {
            headers.insert("cookie", cookie.parse().unwrap());
            assert_eq!(Locale::of_request(&headers).tag, tag, "{cookie}");
        }
    }
}
