//! The address of a client behind proxies.
//!
//! A proxy adds the address of whoever connected to it to the header `X-Forwarded-For`, or to `Forwarded` (RFC 7239). A client may
//! send these headers too. So only the entries of trusted proxies count: these are the last ones.

use std::{
    borrow::Cow,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
};

use axum::{
    extract::ConnectInfo,
    http::{HeaderMap, header::FORWARDED, request::Parts},
};

const X_FORWARDED_FOR: &str = "x-forwarded-for";

/// The client address of a request that came through this many trusted proxies.
///
/// The result is the address of the peer if the headers have fewer entries than that, or if the entry is not an address. It is
/// also the address of the peer if both headers are there and disagree: trusted proxies add to only one of them, so the client
/// must have sent the other.
pub fn address_of(request: &Parts, proxies: usize) -> IpAddr {
    let peer = request.extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| peer.ip());
    let peer = peer.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
    let Some(steps) = proxies.checked_sub(1) else { return peer };
    let headers = &request.headers;
    let claimed = |entries: Vec<Option<IpAddr>>| entries.into_iter().rev().nth(steps).flatten();
    let found = match (headers.contains_key(X_FORWARDED_FOR), headers.contains_key(FORWARDED)) {
        (false, false) => None,
        (true, false) => claimed(x_forwarded_for(headers)),
        (false, true) => claimed(forwarded(headers)),
        (true, true) => claimed(x_forwarded_for(headers)).filter(|it| claimed(forwarded(headers)) == Some(*it)),
    };
    found.unwrap_or(peer)
}

/// The values of a header, in order. Bytes that are not text are replaced, so that a client cannot hide the entry of a proxy.
fn values<'a>(headers: &'a HeaderMap, name: &str) -> impl Iterator<Item = Cow<'a, str>> {
    headers.get_all(name).iter().map(|value| String::from_utf8_lossy(value.as_bytes()))
}

/// One entry for each proxy. `None` if it is no address.
fn x_forwarded_for(headers: &HeaderMap) -> Vec<Option<IpAddr>> {
    let mut entries = Vec::new();
    for value in values(headers, X_FORWARDED_FOR) {
        let written = value.split(',').map(str::trim).filter(|entry| !entry.is_empty());
        entries.extend(written.map(read_address));
    }
    entries
}

/// One entry for each proxy: its parameter `for`. `None` if the address is hidden (`for=unknown`, `for=_name`) or missing.
fn forwarded(headers: &HeaderMap) -> Vec<Option<IpAddr>> {
    let mut entries = Vec::new();
    for value in values(headers, FORWARDED.as_str()) {
        let elements = split_unquoted(&value, ',');
        entries.extend(elements.iter().filter(|element| !element.trim().is_empty()).map(|element| node(element)));
    }
    entries
}

/// The address of `for=...` in an element of `Forwarded`.
fn node(element: &str) -> Option<IpAddr> {
    split_unquoted(element, ';').into_iter().find_map(|pair| {
        let (name, value) = pair.split_once('=')?;
        name.trim().eq_ignore_ascii_case("for").then(|| read_address(&unquoted(value.trim())))?
    })
}

/// Splits the text at each separator that is outside quotes.
fn split_unquoted(text: &str, separator: char) -> Vec<&str> {
    let (mut parts, mut start, mut is_quoted, mut is_escaped) = (Vec::new(), 0, false, false);
    for (at, character) in text.char_indices() {
        match character {
            _ if is_escaped => is_escaped = false,
            '\\' if is_quoted => is_escaped = true,
            '"' => is_quoted = !is_quoted,
            _ if character == separator && !is_quoted => {
                parts.push(&text[start..at]);
                start = at + separator.len_utf8();
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts
}

/// The content of a quoted string. Other texts stay as they are.
fn unquoted(text: &str) -> String {
    let Some(inner) = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) else { return text.to_owned() };
    let mut is_escaped = false;
    let keep = |character: &char| {
        is_escaped = *character == '\\' && !is_escaped;
        !is_escaped
    };
    inner.chars().filter(keep).collect()
}

/// Reads an address that may have a port, brackets, quotes and, for IPv6, a zone.
fn read_address(text: &str) -> Option<IpAddr> {
    let text = text.trim().trim_matches('"');
    let v6 = |text: &str| text.split('%').next()?.parse::<Ipv6Addr>().ok();
    if let Some(rest) = text.strip_prefix('[') {
        let (address, port) = rest.split_once(']')?;
        return v6(address).filter(|_| port.is_empty() || port.starts_with(':')).map(IpAddr::V6);
    }
    if let Some(address) = v6(text) {
        return Some(IpAddr::V6(address));
    }
    let address = text.split_once(':').map_or(text, |(address, _)| address);
    address.parse::<Ipv4Addr>().ok().map(IpAddr::V4)
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderName, HeaderValue, Request};

    use super::*;

    const PEER: &str = "10.0.0.1";

    fn found(headers: &[(&'static str, &str)], proxies: usize) -> String {
        let mut request = Request::new(());
        request.extensions_mut().insert(ConnectInfo(SocketAddr::from(([10, 0, 0, 1], 1234))));
        for (name, value) in headers {
            let value = HeaderValue::from_bytes(value.as_bytes()).unwrap();
            request.headers_mut().append(HeaderName::from_static(name), value);
        }
        address_of(&request.into_parts().0, proxies).to_string()
    }

    #[test]
    fn client_address_is_the_one_that_the_outermost_trusted_proxy_saw() {
        let forged = [("x-forwarded-for", "203.0.113.9, 198.51.100.7"), ("x-forwarded-for", "10.0.0.2")];
        for (proxies, expected) in [(0, PEER), (1, "10.0.0.2"), (2, "198.51.100.7"), (3, "203.0.113.9"), (4, PEER)] {
            assert_eq!(found(&forged, proxies), expected, "{proxies}");
        }
        let forged = [("forwarded", "for=203.0.113.9, for=198.51.100.7"), ("forwarded", "for=10.0.0.2;proto=http")];
        for (proxies, expected) in [(0, PEER), (1, "10.0.0.2"), (2, "198.51.100.7"), (3, "203.0.113.9"), (4, PEER)] {
            assert_eq!(found(&forged, proxies), expected, "{proxies}");
        }
    }

    #[test]
    fn addresses_are_read_in_each_form_that_proxies_write() {
        for (value, expected) in [
            ("203.0.113.7", "203.0.113.7"),
            ("203.0.113.7:51234", "203.0.113.7"),
            (" 203.0.113.7 ", "203.0.113.7"),
            ("2001:db8::1", "2001:db8::1"),
            ("[2001:db8::1]", "2001:db8::1"),
            ("[2001:db8::1]:443", "2001:db8::1"),
            ("\"[2001:db8::1]:443\"", "2001:db8::1"),
            ("fe80::1%eth0", "fe80::1"),
            ("[fe80::1%25eth0]:443", "fe80::1"),
            ("::ffff:203.0.113.7", "::ffff:203.0.113.7"),
            ("198.51.100.7,, 203.0.113.7,", "203.0.113.7"),
            ("\u{fc}, 203.0.113.7", "203.0.113.7"),
            ("nonsense", PEER),
            ("unknown", PEER),
            ("[2001:db8::1", PEER),
            ("[2001:db8::1]x", PEER),
            ("203.0.113", PEER),
            ("", PEER),
        ] {
            assert_eq!(found(&[("x-forwarded-for", value)], 1), expected, "{value}");
        }
        for (value, expected) in [
            ("for=203.0.113.7", "203.0.113.7"),
            ("For=\"203.0.113.7:51234\"", "203.0.113.7"),
            ("for=\"[2001:db8::1]:443\"", "2001:db8::1"),
            ("FOR = \"[2001:db8::1]\" ; proto=https", "2001:db8::1"),
            ("by=10.0.0.3;for=203.0.113.7;host=pub.lan", "203.0.113.7"),
            ("for=198.51.100.7, by=\"a, for=6.6.6.6\";for=\"203.0.113.7\"", "203.0.113.7"),
            ("by=\"\\\", for=6.6.6.6\";for=203.0.113.7", "203.0.113.7"),
            ("for=\"203.0.113\\.7:_port\"", "203.0.113.7"),
            ("for=198.51.100.7, for=unknown", PEER),
            ("for=198.51.100.7, for=_hidden", PEER),
            ("for=198.51.100.7, proto=https", PEER),
            ("203.0.113.7", PEER),
        ] {
            assert_eq!(found(&[("forwarded", value)], 1), expected, "{value}");
        }
    }

    #[test]
    fn headers_that_disagree_name_nobody() {
        for (x_forwarded_for, forwarded, expected) in [
            ("203.0.113.7:51234", "for=203.0.113.7", "203.0.113.7"),
            ("203.0.113.7", "for=6.6.6.6", PEER),
            ("6.6.6.6", "for=\"[2001:db8::1]\"", PEER),
            ("6.6.6.6", "for=unknown", PEER),
        ] {
            let headers = [("x-forwarded-for", x_forwarded_for), ("forwarded", forwarded)];
            assert_eq!(found(&headers, 1), expected, "{x_forwarded_for} and {forwarded}");
        }
    }
}
