//! GraphiQL. Its files are part of the binary, so it needs no other host. Its policy allows no inline scripts.

use std::sync::LazyLock;

use axum::{
    Router,
    extract::Path,
    http::{HeaderMap, HeaderValue, header::CONTENT_SECURITY_POLICY},
    response::{Redirect, Response},
    routing::get,
};

use super::assets::{self, Asset, CSS, HTML, SCRIPT};

/// Scripts come only from this server. The dialogs of GraphiQL create style elements, so these are allowed, but style
/// attributes are not. Its fonts and some pictures are `data:` URLs in its style sheet.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; style-src-elem 'self' 'unsafe-inline'; font-src data:; \
                      img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; \
                      frame-ancestors 'none'";

macro_rules! asset {
    ($name:literal, $content_type:expr) => {
        Asset::new($name, $content_type, include_bytes!(concat!("../assets/graphiql/", $name)).as_slice())
    };
}

static PAGE: LazyLock<[Asset; 1]> = LazyLock::new(|| [asset!("index.html", HTML).naming(&*ASSETS)]);

static ASSETS: LazyLock<[Asset; 7]> = LazyLock::new(|| {
    [
        asset!("page.js", SCRIPT),
        asset!("page.css", CSS),
        asset!("graphiql.min.js", SCRIPT),
        asset!("graphiql.min.css", CSS),
        asset!("graphql-ws.min.js", SCRIPT),
        asset!("react.production.min.js", SCRIPT),
        asset!("react-dom.production.min.js", SCRIPT),
    ]
});

/// The routes `/graphiql` and `/graphiql/{file}`. All addresses in the page are relative, so that a proxy may serve it under any path.
pub fn router<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new()
        .route("/graphiql", get(|headers: HeaderMap| async move { under_policy(&*PAGE, "index.html", &headers) }))
        .route("/graphiql/", get(|| async { Redirect::permanent("../graphiql") }))
        .route("/graphiql/{file}", get(serve_asset))
}

async fn serve_asset(Path(file): Path<String>, headers: HeaderMap) -> Response {
    under_policy(&*ASSETS, &file, &headers)
}

fn under_policy(assets: &[Asset], file: &str, request: &HeaderMap) -> Response {
    let mut response = assets::serve(assets, file, request);
    response.headers_mut().insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    response
}

#[cfg(test)]
mod tests {
    use axum::{
        body::Body,
        http::{
            Request, StatusCode,
            header::{CONTENT_TYPE, ETAG, IF_NONE_MATCH, LOCATION},
        },
    };
    use tower::ServiceExt as _;

    use super::*;

    async fn fetch(path: &str, etag: Option<&HeaderValue>) -> (StatusCode, HeaderMap, String) {
        let mut request = Request::get(path);
        if let Some(etag) = etag {
            request = request.header(IF_NONE_MATCH, etag);
        }
        let response = router::<()>().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap();
        (parts.status, parts.headers, String::from_utf8_lossy(&bytes).into_owned())
    }

    /// The values of an attribute in the page.
    fn attributes<'a>(page: &'a str, name: &'a str) -> impl Iterator<Item = &'a str> {
        page.split(name).skip(1).filter_map(|rest| rest.strip_prefix("=\"")?.split('"').next())
    }

    #[tokio::test]
    async fn every_file_of_the_page_is_served() {
        let (status, headers, page) = fetch("/graphiql", None).await;
        assert_eq!((status, &headers[CONTENT_TYPE]), (StatusCode::OK, &HeaderValue::from_static(HTML)));
        let named: Vec<&str> =
            attributes(&page, "src").chain(attributes(&page, "href")).filter(|address| *address != "data:,").collect();
        assert_eq!(named.len(), ASSETS.len());
        for address in named {
            let address = format!("/{address}");
            let (status, headers, body) = fetch(&address, None).await;
            assert_eq!(status, StatusCode::OK, "{address}");
            assert!(!body.is_empty() && headers[CONTENT_TYPE].to_str().unwrap().starts_with("text/"), "{address}");

            let (status, unchanged, body) = fetch(&address, Some(&headers[ETAG])).await;
            assert_eq!((status, body.as_str(), &unchanged[ETAG]), (StatusCode::NOT_MODIFIED, "", &headers[ETAG]));
        }
    }

    #[tokio::test]
    async fn policy_allows_no_inline_script_and_the_page_has_none() {
        let (_, headers, page) = fetch("/graphiql", None).await;
        let policy = headers[CONTENT_SECURITY_POLICY].to_str().unwrap();
        assert!(policy.starts_with("default-src 'none'; script-src 'self'; "), "{policy}");
        assert!(page.match_indices("<script").all(|(start, _)| page[start..].starts_with("<script src=\"graphiql/")));
        assert!(!page.contains("http"), "everything comes from this server");
    }

    #[tokio::test]
    async fn other_file_is_not_found() {
        for path in ["/graphiql/README.md", "/graphiql/..%2Fgraphiql%2Fpage.js", "/graphiql/a/b"] {
            assert_eq!(fetch(path, None).await.0, StatusCode::NOT_FOUND, "{path}");
        }
        let (status, headers, _) = fetch("/graphiql/", None).await;
        assert_eq!(
            (status, &headers[LOCATION]),
            (StatusCode::PERMANENT_REDIRECT, &HeaderValue::from_static("../graphiql"))
        );
    }
}
