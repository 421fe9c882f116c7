//! Pages of other sites: their forms are refused, for cookies say who the browser belongs to, not who wrote the form; and so
//! are their sockets, unless the site is in a list.

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

/// Lets through what changes nothing, and what browsers say comes from this site itself.
pub async fn refuse_other_sites(request: Request, next: Next) -> Response {
    let is_safe = matches!(*request.method(), Method::GET | Method::HEAD);
    if is_safe || is_own(request.headers()) {
        return next.run(request).await;
    }
    (StatusCode::FORBIDDEN, "This form was sent from another site.\n").into_response()
}

/// Browsers send `Sec-Fetch-Site`, and older ones `Origin`, with every form and fetch that posts. Who sends neither is
/// no browser, and sends cookies because it means to.
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

/// Is the page's site one of these? `*` stands for all.
pub fn is_listed(headers: &HeaderMap, origins: &[String]) -> bool {
    let origin = headers.get(ORIGIN).map(|value| value.to_str().unwrap_or_default());
    origins.iter().any(|listed| listed == "*" || origin.is_some_and(|origin| origin.eq_ignore_ascii_case(listed)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_forms_of_this_site_are_taken() {
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
