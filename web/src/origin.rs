//! Requests from other sites. Their forms are refused, because a cookie does not say which site wrote the form. Their sockets
//! are refused unless the site is listed.

use axum::{
    extract::{Request, State},
    http::{
        HeaderMap, Method, StatusCode,
        header::{HOST, ORIGIN},
        uri::Authority,
    },
    middleware::Next,
    response::{IntoResponse, Response},
};

use crate::site::Site;

/// Refuses a request that may change something, unless the browser says that it comes from this site.
pub async fn refuse_other_sites(State(site): State<Site>, request: Request, next: Next) -> Response {
    let is_safe = matches!(*request.method(), Method::GET | Method::HEAD);
    if is_safe || is_own(request.headers(), &site) {
        return next.run(request).await;
    }
    (
        StatusCode::FORBIDDEN,
        "This form was sent from another site, so it was refused. Open the page on this site and try again.\n",
    )
        .into_response()
}

/// Whether the request comes from this site. Browsers send `Sec-Fetch-Site`, and older ones `Origin`, with every POST. A
/// client that sends neither is not a browser, so it does not send cookies for another site.
///
/// The origin of this site is that of `PUBLIC_URL`. Without it, the origin's host must be that of the request.
pub fn is_own(headers: &HeaderMap, site: &Site) -> bool {
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or_default());
    if let Some(place) = text("sec-fetch-site") {
        return matches!(place, "same-origin" | "none");
    }
    let Some(origin) = text(ORIGIN.as_str()) else { return true };
    match site.public_url() {
        Some(public) => is_same(origin, &public.origin),
        None => text(HOST.as_str()).is_some_and(|host| names_host(origin, host)),
    }
}

/// Whether an origin has this host and port. A port that is left out is the default one of the origin's scheme: a proxy
/// may add it to the host or remove it.
fn names_host(origin: &str, host: &str) -> bool {
    let Some((scheme, named)) = origin.split_once("://") else { return false };
    let usual = match &*scheme.to_ascii_lowercase() {
        "http" => 80,
        "https" => 443,
        _ => return false,
    };
    let (Ok(named), Ok(host)) = (named.parse::<Authority>(), host.parse::<Authority>()) else { return false };
    let port = |authority: &Authority| authority.port_u16().unwrap_or(usual);
    named.host().eq_ignore_ascii_case(host.host()) && port(&named) == port(&host)
}

/// Whether two origins are the same. The default port of the scheme may be left out.
fn is_same(one: &str, other: &str) -> bool {
    match (one.split_once("://"), other.split_once("://")) {
        (Some((scheme, _)), Some((same, host))) => scheme.eq_ignore_ascii_case(same) && names_host(one, host),
        _ => one.eq_ignore_ascii_case(other),
    }
}

/// Whether the origin is one of these. `*` stands for all origins.
pub fn is_listed(headers: &HeaderMap, origins: &[String]) -> bool {
    let origin = headers.get(ORIGIN).map(|value| value.to_str().unwrap_or_default());
    origins.iter().any(|listed| listed == "*" || origin.is_some_and(|origin| is_same(origin, listed)))
}

#[cfg(test)]
mod tests {
    use service::settings::PublicUrl;

    use super::*;

    fn headers(fields: &[(&'static str, &'static str)]) -> HeaderMap {
        fields.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
    }

    #[test]
    fn only_forms_of_this_site_are_accepted() {
        let cases: [(&[(&'static str, &'static str)], bool); 18] = [
            (&[("sec-fetch-site", "same-origin")], true),
            (&[("sec-fetch-site", "none")], true),
            (&[("sec-fetch-site", "cross-site")], false),
            (&[("sec-fetch-site", "same-site"), ("origin", "http://here:80"), ("host", "here:80")], false),
            (&[("origin", "http://here:80"), ("host", "here:80")], true),
            (&[("origin", "http://there:80"), ("host", "here:80")], false),
            (&[("origin", "null"), ("host", "here:80")], false),
            (&[("origin", "http://here:80")], false),
            (&[("host", "here:80")], true),
            // An address without a port means the default port.
            (&[("origin", "http://pub.lan"), ("host", "pub.lan:80")], true),
            (&[("origin", "https://pub.lan"), ("host", "pub.lan:443")], true),
            (&[("origin", "https://PUB.lan"), ("host", "pub.lan")], true),
            (&[("origin", "http://[::1]"), ("host", "[::1]:80")], true),
            (&[("origin", "http://pub.lan"), ("host", "pub.lan:443")], false),
            (&[("origin", "https://pub.lan"), ("host", "pub.lan:80")], false),
            (&[("origin", "http://pub.lan:8080"), ("host", "pub.lan")], false),
            (&[("origin", "http://pub.lan.evil.example"), ("host", "pub.lan")], false),
            (&[("origin", "chrome-extension://pub.lan"), ("host", "pub.lan")], false),
        ];
        for (fields, expected) in cases {
            assert_eq!(is_own(&headers(fields), &Site::default()), expected, "{fields:?}");
        }
    }

    #[test]
    fn public_url_decides_where_it_is_set() {
        let public = PublicUrl { origin: "https://pub.example".into(), path: "/insession".into() };
        let site = Site::at(Some(public));
        for (origin, host, expected) in [
            ("https://pub.example", "10.0.0.1:8080", true),
            ("HTTPS://pub.EXAMPLE", "pub.example:80", true),
            ("https://pub.example:443", "pub.example", true),
            ("http://pub.example:443", "pub.example", false),
            ("http://pub.example", "pub.example", false),
            ("http://10.0.0.1:8080", "10.0.0.1:8080", false),
            ("https://pub.example:8443", "pub.example:8443", false),
        ] {
            assert_eq!(is_own(&headers(&[("origin", origin), ("host", host)]), &site), expected, "{origin} to {host}");
        }
        let from_elsewhere = headers(&[("origin", "https://pub.example"), ("sec-fetch-site", "cross-site")]);
        assert!(!is_own(&from_elsewhere, &site));
        assert!(is_own(&headers(&[("host", "10.0.0.1:8080")]), &site));
    }
}
