//! The address of this server for browsers: `PUBLIC_URL`, or else the host of the request.
//!
//! A proxy may serve the program under a path, such as `/insession`. Handlers and templates write addresses without this path.
//! [`to`] adds it to them, and [`Site::route`] removes it from requests.

use std::sync::Arc;

use axum::{
    Router,
    extract::{Request, State},
    http::{
        HeaderMap, Uri,
        header::{FORWARDED, HOST},
        uri::{Authority, PathAndQuery},
    },
    middleware::{self, Next},
    response::{IntoResponse, Redirect, Response},
};
use service::settings::PublicUrl;

tokio::task_local! {
    /// The site whose request this task serves. It is not an argument, because nearly every template writes addresses.
    static PATH: Site;

    /// The result of [`Site::absolute`] for this request: the address of the site.
    static BASE: Option<String>;
}

/// The public URL of this server, if it is set.
#[derive(Debug, Clone, Default)]
pub struct Site(Option<Arc<PublicUrl>>);

impl Site {
    pub fn at(public_url: Option<PublicUrl>) -> Self {
        Self(public_url.map(Arc::new))
    }

    pub fn public_url(&self) -> Option<&PublicUrl> {
        self.0.as_deref()
    }

    /// The path under which a proxy serves the program, such as `/insession`, or an empty text.
    fn path(&self) -> &str {
        self.public_url().map_or("", |public| &public.path)
    }

    /// The path for which cookies are valid.
    pub fn cookie_path(&self) -> String {
        format!("{}/", self.path())
    }

    /// Whether the browser that sent this request uses https, to this server or to a proxy.
    pub fn is_https(&self, headers: &HeaderMap) -> bool {
        match self.public_url() {
            Some(public) => public.is_https(),
            None => forwarded_scheme(headers).is_some_and(|scheme| scheme.eq_ignore_ascii_case("https")),
        }
    }

    /// The absolute address of a path of this site. `None` if neither `PUBLIC_URL` nor the request says the host.
    pub fn absolute(&self, headers: &HeaderMap, path: &str) -> Option<String> {
        if let Some(public) = self.public_url() {
            return Some(format!("{}{}{path}", public.origin, public.path));
        }
        let host: Authority = headers.get(HOST)?.to_str().ok()?.parse().ok()?;
        let scheme = if self.is_https(headers) { "https" } else { "http" };
        Some(format!("{scheme}://{host}{path}"))
    }

    /// Adds this site's path to `path`, unless it is there already. For addresses that browsers send.
    pub fn within(&self, path: &str) -> String {
        let own = self.path();
        match path.strip_prefix(own) {
            Some(rest) if !own.is_empty() && rest.starts_with('/') => path.to_owned(),
            _ => format!("{own}{path}"),
        }
    }

    /// The same routes, also under the path of this site. A proxy may remove the path from a request or leave it there.
    pub fn route(&self, router: Router) -> Router {
        if self.path().is_empty() {
            return router;
        }
        let remove_path = middleware::from_fn_with_state(self.clone(), remove_path);
        Router::new().fallback_service(router).layer(remove_path)
    }
}

/// The scheme that the browser used, according to the first proxy: from `X-Forwarded-Proto` or `Forwarded` (RFC 7239). A client
/// that lies about it changes only its own cookies and addresses.
fn forwarded_scheme(headers: &HeaderMap) -> Option<&str> {
    let first = |name| headers.get(name)?.to_str().ok()?.split(',').next().map(str::trim);
    first("x-forwarded-proto").or_else(|| {
        first(FORWARDED.as_str())?.split(';').find_map(|pair| {
            let (name, value) = pair.split_once('=')?;
            name.trim().eq_ignore_ascii_case("proto").then(|| value.trim().trim_matches('"'))
        })
    })
}

async fn remove_path(State(site): State<Site>, mut request: Request, next: Next) -> Response {
    let uri = request.uri();
    let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    match uri.path().strip_prefix(site.path()) {
        // Cookies are valid only below the address with a slash at the end.
        Some("") => return Redirect::permanent(&format!("{}/{query}", site.path())).into_response(),
        Some(rest) if rest.starts_with('/') => {
            if let Some(uri) = with_path(uri, &format!("{rest}{query}")) {
                *request.uri_mut() = uri;
            }
        }
        _ => {}
    }
    next.run(request).await
}

fn with_path(uri: &Uri, path: &str) -> Option<Uri> {
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(path.parse::<PathAndQuery>().ok()?);
    Uri::from_parts(parts).ok()
}

/// Serves a request so that [`to`] knows the site.
pub async fn serve_as(State(site): State<Site>, request: Request, next: Next) -> Response {
    let base = site.absolute(request.headers(), "");
    BASE.scope(base, PATH.scope(site, next.run(request))).await
}

/// The absolute address of a path of this site, for readers outside of the page. If the host is unknown, it is the address of
/// [`to`].
pub fn whole(path: &str) -> String {
    let base = BASE.try_with(Clone::clone).ok().flatten();
    base.map_or_else(|| to(path), |base| format!("{base}{path}"))
}

/// The address, on this site, of a request. Over HTTP/2 its URI also has the host.
pub fn address_of(uri: &Uri) -> String {
    let path = uri.path_and_query().map_or("/", PathAndQuery::as_str);
    // Two slashes would begin the name of another host.
    to(&format!("/{}", path.trim_start_matches('/')))
}

/// The address of a path of this site for a page or a redirect: `/me` becomes `/insession/me`.
pub fn to(path: &str) -> String {
    PATH.try_with(|site| format!("{}{path}", site.path())).unwrap_or_else(|_| path.to_owned())
}

#[cfg(test)]
mod tests {
    use axum::{body::Body, http::header::LOCATION, routing::get};
    use tower::ServiceExt as _;

    use super::*;

    fn under(path: &str) -> Site {
        Site::at(Some(PublicUrl { origin: "https://example.org".into(), path: path.into() }))
    }

    #[tokio::test]
    async fn requests_come_with_the_path_of_the_site_or_without_it() {
        let site = under("/in/session");
        let echo = get(async |uri: Uri| format!("{uri} {}", to("/me")));
        let routes = Router::new()
            .route("/", echo.clone())
            .route("/sessions/{path}", echo)
            .layer(middleware::from_fn_with_state(site.clone(), serve_as));
        let routes = site.route(routes);
        for (asked, status, answer) in [
            ("/", 200, "/ /in/session/me"),
            ("/?city=a", 200, "/?city=a /in/session/me"),
            ("/in/session/", 200, "/ /in/session/me"),
            ("/in/session/?city=a%20b", 200, "/?city=a%20b /in/session/me"),
            ("/in/session/sessions/a%2Fb?x", 200, "/sessions/a%2Fb?x /in/session/me"),
            ("/in/session?city=a", 308, ""),
            ("/in/sessions/x", 404, ""),
            ("/in", 404, ""),
        ] {
            let request = Request::get(asked).body(Body::empty()).unwrap();
            let response = routes.clone().oneshot(request).await.unwrap();
            assert_eq!(response.status(), status, "{asked}");
            if status == 308 {
                assert_eq!(response.headers()[LOCATION], "/in/session/?city=a");
            }
            let body = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
            assert_eq!(String::from_utf8_lossy(&body), answer, "{asked}");
        }
    }

    #[test]
    fn addresses_follow_the_public_url() {
        let headers = |fields: &[(&'static str, &'static str)]| {
            let fields = fields.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
            fields.collect::<HeaderMap>()
        };
        let asked = headers(&[("host", "10.0.0.1:8080"), ("x-forwarded-proto", "http")]);
        let site = under("/insession");
        assert_eq!(site.absolute(&asked, "/me").as_deref(), Some("https://example.org/insession/me"));
        assert!(site.is_https(&asked));
        assert_eq!(site.cookie_path(), "/insession/");
        assert_eq!(site.within("/me"), "/insession/me");
        assert_eq!(site.within("/insession/me"), "/insession/me");
        assert_eq!(site.within("/insessions"), "/insession/insessions");

        let nowhere = Site::default();
        assert_eq!(nowhere.absolute(&asked, "/me").as_deref(), Some("http://10.0.0.1:8080/me"));
        assert_eq!(nowhere.absolute(&headers(&[]), "/me"), None);
        for (name, value, is_https) in [
            ("x-forwarded-proto", "https", true),
            ("x-forwarded-proto", "HTTPS, http", true),
            ("x-forwarded-proto", "http, https", false),
            ("x-forwarded-proto", "httpsx", false),
            ("forwarded", "for=192.0.2.1;proto=https;by=10.0.0.1, for=10.0.0.1;proto=http", true),
            ("forwarded", "For=\"[2001:db8::1]:443\"; Proto=\"https\"", true),
            ("forwarded", "for=192.0.2.1", false),
        ] {
            assert_eq!(nowhere.is_https(&headers(&[(name, value)])), is_https, "{name}: {value}");
        }
        assert!(!nowhere.is_https(&asked));
        assert_eq!((nowhere.cookie_path().as_str(), nowhere.within("/me").as_str()), ("/", "/me"));
    }
}
