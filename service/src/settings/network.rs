//! The address that the server listens on, the address at which browsers reach it, the origins whose pages may use it,
//! and the names that it has on Redis.

use std::net::{IpAddr, Ipv4Addr, ToSocketAddrs};

use url::{Position, Url};

use super::source::{SettingError, Source};

/// `HOST`: an IP address, or a host name such as `localhost`, which is resolved. If a name has IPv4 and IPv6 addresses,
/// its first IPv4 address is used.
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
    if has_more { None } else { origin_of(&url) }
}

/// The origin of an address that has a host and no user.
fn origin_of(url: &Url) -> Option<String> {
    let has_user = !url.username().is_empty() || url.password().is_some();
    // Browsers send no wildcards, so an origin with one would never match.
    let host = url.host_str().filter(|host| !host.is_empty() && !host.contains('*'))?.to_ascii_lowercase();
    if has_user {
        return None;
    }
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    Some(format!("{}://{host}{port}", url.scheme()))
}

/// The address at which browsers reach the server, through a proxy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicUrl {
    /// Scheme, host and port, as browsers send an origin: `https://example.org`.
    pub origin: String,
    /// Empty, or a path without a slash at its end, such as `/insession`.
    pub path: String,
}

impl PublicUrl {
    pub fn is_https(&self) -> bool {
        self.origin.starts_with("https:")
    }
}

/// The first path segments of the program's own addresses. A proxy may remove the path of `PUBLIC_URL` from a request
/// or leave it there. So that path must not begin with one of these segments.
const OWN_SEGMENTS: [&str; 13] = [
    "admin", "c", "cron", "graphiql", "graphql", "health", "me", "metrics", "people", "sessions", "sign-in",
    "sign-out", "web",
];

/// `PUBLIC_URL`: scheme, host and path.
pub(super) fn public_url(source: &Source<'_>) -> Result<Option<PublicUrl>, SettingError> {
    let Some(text) = source.text("PUBLIC_URL") else { return Ok(None) };
    read_public_url(&text).map(Some).map_err(|problem| {
        let expected = "it must be an address such as https://example.org or https://example.org/insession/";
        SettingError::new("PUBLIC_URL", format!("is {text:?}: {expected}, {problem}"))
    })
}

fn read_public_url(text: &str) -> Result<PublicUrl, &'static str> {
    let url = Url::parse(text).map_err(|_| "with a scheme and a host")?;
    if !["http", "https"].contains(&url.scheme()) {
        return Err("with the scheme http or https");
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err("without a query and without a fragment");
    }
    let origin = origin_of(&url).ok_or("with a host, without a user and without a wildcard")?;
    let path = url.path().trim_end_matches('/');
    // Other characters are written in more than one way, and some end the path of a cookie.
    let is_plain = |segment: &str| {
        !segment.is_empty() && segment.bytes().all(|it| it.is_ascii_alphanumeric() || b"-._~".contains(&it))
    };
    if !path.is_empty() && !path.split('/').skip(1).all(is_plain) {
        return Err("whose path has only letters, digits and - . _ ~ between single slashes");
    }
    if path.split('/').nth(1).is_some_and(|first| OWN_SEGMENTS.contains(&first)) {
        return Err("whose path does not begin like an address of the program itself, such as /graphql or /web");
    }
    Ok(PublicUrl { origin, path: path.to_owned() })
}

/// `REDIS_PREFIX`: the prefix of all keys and channels on Redis. Other characters than these have a meaning in the
/// patterns of Redis' access rules.
/// The address of Redis, which may have a password. So the error does not repeat it.
pub(super) fn redis_url(source: &Source<'_>) -> Result<Option<String>, SettingError> {
    let Some(text) = source.text("REDIS_URL") else { return Ok(None) };
    match redis::Client::open(text.as_str()) {
        Ok(_) => Ok(Some(text)),
        Err(error) => {
            let what = error.detail().map_or_else(|| error.category().to_owned(), str::to_owned);
            let problem =
                format!("is not the address of a Redis server ({what}): it must be such as redis://localhost:6379");
            Err(SettingError::new("REDIS_URL", problem))
        }
    }
}

pub(super) fn redis_prefix(source: &Source<'_>) -> Result<String, SettingError> {
    let text = source.text("REDIS_PREFIX").unwrap_or_else(|| "insession:".to_owned());
    let is_plain = text.bytes().all(|it| it.is_ascii_alphanumeric() || b":._-/{}".contains(&it));
    if text.len() > 100 || !is_plain {
        let problem =
            format!("is {text:?}: it must be up to 100 letters, digits and : . _ - / {{ }}, such as insession:");
        return Err(SettingError::new("REDIS_PREFIX", problem));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn address_of_redis_is_checked_and_never_repeated() {
        let read = |text: &str| redis_url(&Source(&|name| (name == "REDIS_URL").then(|| text.to_owned())));
        for good in ["redis://localhost", "rediss://user:secret@db.example:6380/1", "unix:///run/redis.sock"] {
            assert_eq!(read(good).unwrap().as_deref(), Some(good));
        }
        for wrong in
            ["localhost:6379", "redis:/db", "http://user:secret@db", "redis://user:secret@db:port", "redis://db/one"]
        {
            let error = read(wrong).expect_err(wrong).to_string();
            assert!(error.starts_with("REDIS_URL is not the address of a Redis server"), "{wrong}: {error}");
            assert!(!error.contains("secret"), "{error}");
        }
    }

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
    fn public_url_is_an_origin_and_a_path() {
        let read = |text: &'static str| public_url(&Source(&move |_| Some(text.to_owned())));
        for (text, origin, path) in [
            ("https://example.org", "https://example.org", ""),
            ("https://example.org/", "https://example.org", ""),
            ("HTTPS://Example.ORG:443/insession", "https://example.org", "/insession"),
            ("http://pub.lan:8080/in/Session_2/", "http://pub.lan:8080", "/in/Session_2"),
            ("http://[::1]/a/../b/", "http://[::1]", "/b"),
        ] {
            let expected = PublicUrl { origin: origin.to_owned(), path: path.to_owned() };
            assert_eq!(read(text).unwrap(), Some(expected), "{text}");
        }
        assert_eq!(read("").unwrap(), None);
        for (text, problem) in [
            ("example.org", "with a scheme"),
            ("/insession", "with a scheme"),
            ("https://", "with a scheme"),
            ("ftp://example.org", "http or https"),
            ("example.org:8080/insession", "http or https"),
            ("https://example.org/?x=1", "without a query"),
            ("https://example.org/insession#top", "without a query"),
            ("https://ada@example.org/", "without a user"),
            ("https://*.example.org/", "wildcard"),
            ("https://example.org/in session/", "letters"),
            ("https://example.org/in//session", "letters"),
            ("https://example.org/a;b", "letters"),
            ("https://example.org/graphql/", "address of the program"),
        ] {
            let error = read(text).expect_err(text).to_string();
            assert!(error.starts_with(&format!("PUBLIC_URL is {text:?}: it must be")), "{error}");
            assert!(error.contains(problem), "{error}");
        }
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
