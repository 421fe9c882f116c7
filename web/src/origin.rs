//! Requests from other sites. Their forms are refused, because a cookie does not say which site wrote the form. Their sockets
//! are refused unless the site is listed.

use axum::{
    extract::Request,
    http::{
        HeaderMap, Method, StatusCode,
        header::{HOST, ORIGIN},
        uri::Authority,
    },
    middleware::Next,
    response::{IntoResponse, Response},
};

/// Refuses a request that may change something, unless the browser says that it comes from this site.
pub async fn refuse_other_sites(request: Request, next: Next) -> Response {
    let is_safe = matches!(*request.method(), Method::GET | Method::HEAD);
    if is_safe || is_own(request.headers()) {
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
pub fn is_own(headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or_default());
    if let Some(site) = text("sec-fetch-site") {
        return matches!(site, "same-origin" | "none");
    }
    let Some(origin) = text(ORIGIN.as_str()) else { return true };
    let authority = |text: &str| text.parse::<Authority>().ok();
    let origin = origin.split_once("://").and_then(|(_, host)| authority(host));
    origin.is_some() && origin == text(HOST.as_str()).and_then(authority)
}

/// Whether the origin is one of these. `*` stands for all origins.
pub fn is_listed(headers: &HeaderMap, origins: &[String]) -> bool {
    let origin = headers.get(ORIGIN).map(|value| value.to_str().unwrap_or_default());
    origins.iter().any(|listed| listed == "*" || origin.is_some_and(|origin| origin.eq_ignore_ascii_case(listed)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_forms_of_this_site_are_accepted() {
        let cases: [(&[(&'static str, &'static str)], bool); 9] = [
            (&[("sec-fetch-site", "same-origin")], true),
            (&[("sec-fetch-site", "none")], true),
            (&[("sec-fetch-site", "cross-site")], false),
            (&[("sec-fetch-site", "same-site"), ("origin", "http://here:80"), ("host", "here:80")], false),
            (&[("origin", "http://here:80"), ("host", "here:80")], true),
            (&[("origin", "http://there:80"), ("host", "here:80")], false),
            (&[("origin", "null"), ("host", "here:80")], false),
            (&[("origin", "http://here:80")], false),
            (&[("host", "here:80")], true),
        ];
        for (fields, expected) in cases {
            let headers = fields.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
            assert_eq!(is_own(&headers), expected, "{fields:?}");
        }
    }
}
