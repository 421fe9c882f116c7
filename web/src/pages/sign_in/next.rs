//! Where a browser goes after signing in.

use axum::http::Uri;

/// The longest `next` in bytes. It is kept in a cookie while the person is at an identity provider.
const LONGEST: usize = 1_000;

/// The address to go to after signing in, if it is a path of this site. Otherwise `/`.
pub fn own_address(next: &str) -> &str {
    // Browsers read `\` as `/`, and leave out tabs and line breaks. So two slashes at the beginning would name another host.
    let is_path = next.starts_with('/') && !next[1..].starts_with('/') && next.len() <= LONGEST;
    let is_plain = next.bytes().all(|it| it.is_ascii_graphic() && it != b'\\');
    let is_uri = next.parse::<Uri>().is_ok_and(|uri| uri.authority().is_none());
    if is_path && is_plain && is_uri && !leads_elsewhere(next) { next } else { "/" }
}

/// Whether the path, after dots are resolved and percent signs decoded, could begin with two slashes.
fn leads_elsewhere(next: &str) -> bool {
    let path = next.split(['?', '#']).next().unwrap_or_default().to_ascii_lowercase();
    let path = path.replace("%25", "%").replace("%2f", "/").replace("%5c", "/").replace("%2e", ".");
    path.contains("//") || path.contains("/.")
}

#[cfg(test)]
mod tests {
    use super::own_address;

    #[test]
    fn sign_in_redirects_only_to_this_site() {
        for own in ["/", "/me?x=1", "/sessions/a%20b/door", "/?city=S%C3%A3o+Paulo&next=//x", "/c/7ABC", "/me#data"] {
            assert_eq!(own_address(own), own);
        }
        for other in [
            "",
            "me",
            "//evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "https://evil.example",
            "/\t/evil.example",
            "/é",
            "/\n/evil.example",
            " //evil.example",
            "/%2Fevil.example",
            "/%2f%2fevil.example",
            "/%5Cevil.example",
            "/%5c%5cevil.example",
            "/%252fevil.example",
            "/.//evil.example",
            "/..//evil.example",
            "/x/..//evil.example",
            "/%2e%2e//evil.example",
            "/%09/evil.example//",
            "///evil.example",
            "javascript:alert(1)",
            "/@evil.example//",
            "http:evil.example",
        ] {
            assert_eq!(own_address(other), "/", "{other}");
        }
        assert_eq!(own_address(&format!("/{}", "x".repeat(1_000))), "/");
    }
}
