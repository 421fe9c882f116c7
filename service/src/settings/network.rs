//! The address that the server listens on, and the origins whose pages may use it.

use std::net::{IpAddr, Ipv4Addr, ToSocketAddrs};

use url::{Position, Url};

use super::source::{SettingError, Source};

/// `HOST`: an IP address, or a host name such as `localhost`, which is resolved. If a name has IPv4 and IPv6 addresses,
/// its first IPv4 address counts.
pub(super) fn host(source: &Source<'_>) -> Result<IpAddr, SettingError> {
    let Some(text) = source.text("HOST") else { return Ok(Ipv4Addr::LOCALHOST.into()) };
    let refuse = |problem: &str| {
        Err(SettingError::new("HOST", format!("is {text:?}: it must be an IP address or a host name{problem}")))
    };
    if let Ok(address) = text.trim_start_matches('[').trim_end_matches(']').parse() {
        return Ok(address);
    }
    // A text of only digits and dots is meant as an address. A resolver would accept some of them and ask the network
    // for others.
    let is_name = text.chars().all(|it| it.is_ascii_alphanumeric() || ['-', '.', '_'].contains(&it))
        && text.contains(|it: char| it.is_ascii_alphabetic());
    if !is_name {
        return refuse("");
    }
    let found: Vec<IpAddr> = match (text.as_str(), 0).to_socket_addrs() {
        Ok(found) => found.map(|address| address.ip()).collect(),
        Err(error) => return refuse(&format!(" that can be resolved ({error})")),
    };
    match found.iter().find(|address| address.is_ipv4()).or(found.first()) {
        Some(address) => Ok(*address),
        None => refuse(" that can be resolved"),
    }
}

/// `CORS_ORIGINS`: origins as browsers send them, or `*`.
pub(super) fn cors_origins(source: &Source<'_>) -> Result<Vec<String>, SettingError> {
    let refuse = |text: &str| {
        let problem = format!("has {text:?}: an origin is a scheme and a host, such as https://example.org, or *");
        SettingError::new("CORS_ORIGINS", problem)
    };
    let origins = source.list("CORS_ORIGINS").into_iter();
    origins.map(|text| if text == "*" { Ok(text) } else { origin(&text).ok_or_else(|| refuse(&text)) }).collect()
}

/// The form in which browsers send an origin: lower case, no slash at the end, no default port of the scheme.
fn origin(text: &str) -> Option<String> {
    let url = Url::parse(text).ok()?;
    // A path, a query or a fragment is not part of an origin. A single slash at the end is a common mistake, and
    // accepted.
    let has_more = !matches!(&url[Position::BeforePath..], "" | "/");
    let has_user = !url.username().is_empty() || url.password().is_some();
    // Browsers send no wildcards, so an origin with one would never match.
    let host = url.host_str().filter(|host| !host.is_empty() && !host.contains('*'))?.to_ascii_lowercase();
    if has_more || has_user {
        return None;
    }
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    Some(format!("{}://{host}{port}", url.scheme()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_are_written_as_browsers_send_them() {
        for (text, expected) in [
            ("https://example.org", "https://example.org"),
            ("https://example.org/", "https://example.org"),
            ("HTTPS://Example.ORG", "https://example.org"),
            ("https://example.org:443", "https://example.org"),
            ("http://example.org:80/", "http://example.org"),
            ("http://localhost:3000", "http://localhost:3000"),
            ("http://[::1]:3000/", "http://[::1]:3000"),
            ("https://bücher.example", "https://xn--bcher-kva.example"),
            ("capacitor://localhost", "capacitor://localhost"),
            ("chrome-extension://AbC/", "chrome-extension://abc"),
        ] {
            assert_eq!(origin(text).as_deref(), Some(expected), "{text}");
        }
        for text in [
            "example.org",
            "localhost:3000",
            "https://",
            "https://example.org/app",
            "https://example.org//",
            "https://example.org?",
            "https://example.org#top",
            "https://ada@example.org",
            "https://*.example.org",
            "https://example.org:99999",
            "null",
            "file:///",
        ] {
            let source = Source(&|_| Some(format!("https://listed.example, {text}")));
            let error = cors_origins(&source).expect_err(text).to_string();
            assert!(error.starts_with(&format!("CORS_ORIGINS has {text:?}")), "{error}");
        }
        let source = Source(&|_| Some("https://a.example/,, * ".to_owned()));
        assert_eq!(cors_origins(&source).unwrap(), ["https://a.example", "*"]);
    }

    #[test]
    fn hosts_are_addresses_or_names() {
        let host = |text: &'static str| host(&Source(&move |_| Some(text.to_owned())));
        for (text, expected) in [("", "127.0.0.1"), ("0.0.0.0", "0.0.0.0"), ("::", "::"), ("[::1]", "::1")] {
            assert_eq!(host(text).unwrap(), expected.parse::<IpAddr>().unwrap(), "{text}");
        }
        assert!(host("localhost").unwrap().is_loopback());
        for text in ["256.1.1.1", "127.1", "a host", "host:8080", "http://host"] {
            let error = host(text).expect_err(text).to_string();
            assert!(error.starts_with(&format!("HOST is {text:?}: it must be an IP address")), "{error}");
        }
    }
}
