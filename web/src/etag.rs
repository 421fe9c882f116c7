//! Versions of what the server answers, and whether a client has a version already (RFC 9110, section 13.1.2).

use std::hash::{DefaultHasher, Hash, Hasher as _};

use axum::http::{HeaderMap, header::IF_NONE_MATCH};

/// The version of a content: a hash, in the characters of an entity tag.
pub fn version_of(content: &(impl Hash + ?Sized)) -> String {
    let mut hasher = DefaultHasher::new();
    content.hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

/// Whether the client has a version, by the entity tags that it names. Tags are compared weakly. `is_of_version` gets a tag
/// without its quotes.
pub fn has_version(request: &HeaderMap, is_of_version: impl Fn(&str) -> bool) -> bool {
    let values = request.get_all(IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    values
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .any(|tag| tag == "*" || is_of_version(tag.trim_start_matches("W/").trim_matches('"')))
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn tags_are_compared_weakly_and_a_star_is_every_version() {
        for (known, has) in [
            (&["\"1\""][..], true),
            (&["W/\"1\""], true),
            (&["\"0\", W/\"1\""], true),
            (&["\"0\"", "\"1\""], true),
            (&["*"], true),
            (&["\"0\""], false),
            (&["\"10\""], false),
            (&[""], false),
            (&[], false),
        ] {
            let values = known.iter().map(|value| (IF_NONE_MATCH, HeaderValue::from_static(value)));
            assert_eq!(has_version(&values.collect(), |tag| tag == "1"), has, "{known:?}");
        }
    }
}
