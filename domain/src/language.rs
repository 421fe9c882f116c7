//! Language tags (BCP 47), as clients write them.

use oxilangtag::LanguageTag;

/// The longest tag that is kept, in characters: that of the longest tags without extensions (BCP 47, 4.4.1).
pub const MAX_LENGTH: usize = 35;

/// The tag in the spelling that RFC 5646 recommends (2.1.1): `en_US` becomes `en-US`, and `zh-hant-tw` becomes
/// `zh-Hant-TW`. `None` if the text is not a tag, or is too long. `None` also for a private tag such as `x-klingon`,
/// which names no language that others know.
pub fn normalize(text: &str) -> Option<String> {
    let text = text.trim().replace('_', "-");
    let is_private = text.get(..2).is_some_and(|start| start.eq_ignore_ascii_case("x-"));
    if is_private || text.len() > MAX_LENGTH {
        return None;
    }
    LanguageTag::parse_and_normalize(&text).ok().map(LanguageTag::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_has_one_spelling() {
        for (given, spelled) in [
            ("en", "en"),
            (" EN ", "en"),
            ("pt-br", "pt-BR"),
            ("en_US", "en-US"),
            ("ZH_hant-tw", "zh-Hant-TW"),
            ("es-419", "es-419"),
            ("en-ca-x-ca", "en-CA-x-ca"),
            ("sl-ROZAJ", "sl-rozaj"),
        ] {
            assert_eq!(normalize(given).as_deref(), Some(spelled), "{given}");
        }
    }

    #[test]
    fn text_that_names_no_language_is_none() {
        let too_long = format!("en-{}", "abcdefgh-".repeat(4));
        for wrong in [
            "",
            "-",
            "x",
            "x-klingon",
            "X-a",
            "en-",
            "e n",
            "12",
            "deutschland",
            "english language",
            "é",
            "日本語",
            &too_long,
            "en\0",
        ] {
            assert_eq!(normalize(wrong), None, "{wrong}");
        }
    }
}
