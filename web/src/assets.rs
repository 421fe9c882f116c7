//! Files that are part of the binary: scripts, style sheets and pictures of the pages.
//!
//! Each file has two addresses: its name, such as `insession.js`, which browsers ask for again each time, and one with the version of
//! its content, such as `insession.0123456789abcdef.js`, which they may keep for ever. Our own pages use the second one.

use std::{borrow::Cow, io::Write as _, sync::OnceLock};

use axum::{
    body::{Body, Bytes},
    http::{
        HeaderMap, HeaderName, HeaderValue, StatusCode,
        header::{
            ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, REFERRER_POLICY, VARY,
            X_CONTENT_TYPE_OPTIONS,
        },
    },
    response::{IntoResponse, Response},
};
use flate2::{Compression, write::GzEncoder};

use crate::etag::{has_version, version_of};

/// The documents that `insession.js` sends, as a list of trusted documents. A test compares the two.
pub const DOCUMENTS: &str = include_str!("../assets/documents.json");

pub const HTML: &str = "text/html; charset=utf-8";
pub const CSS: &str = "text/css; charset=utf-8";
pub const SCRIPT: &str = "text/javascript; charset=utf-8";
pub const SVG: &str = "image/svg+xml";
pub const PNG: &str = "image/png";

/// Browsers ask each time whether the file has changed, so that a page and its script are of the same version.
const REVALIDATE: &str = "no-cache";
const FOR_EVER: &str = "public, max-age=31536000, immutable";

/// An embedded file.
pub struct Asset {
    pub name: &'static str,
    content_type: &'static str,
    bytes: Bytes,
    /// Compressed when it is first requested. `None` if compression does not make it smaller.
    gzipped: OnceLock<Option<Bytes>>,
    version: String,
}

impl Asset {
    pub fn new(name: &'static str, content_type: &'static str, bytes: impl Into<Cow<'static, [u8]>>) -> Self {
        let bytes = match bytes.into() {
            Cow::Borrowed(bytes) => Bytes::from_static(bytes),
            Cow::Owned(bytes) => bytes.into(),
        };
        let version = version_of(&bytes);
        Self { name, content_type, bytes, gzipped: OnceLock::new(), version }
    }

    /// The same file, with the names of the `others` in its text replaced by their versioned names.
    pub fn naming(self, others: &[Self]) -> Self {
        let Ok(text) = std::str::from_utf8(&self.bytes) else { return self };
        let text = others.iter().fold(text.to_owned(), |text, other| {
            let versioned = other.versioned_name();
            ['"', '\''].iter().fold(text, |text, quote| {
                text.replace(&format!("/{}{quote}", other.name), &format!("/{versioned}{quote}"))
            })
        });
        Self::new(self.name, self.content_type, text.into_bytes())
    }

    /// The name with a hash of the content. Browsers may cache it for ever.
    pub fn versioned_name(&self) -> String {
        match self.name.rsplit_once('.') {
            Some((stem, extension)) => format!("{stem}.{}.{extension}", self.version),
            None => format!("{}.{}", self.name, self.version),
        }
    }

    /// Answers with the file, or with 304 if the client has it already. `file` is the requested name.
    fn serve(&self, file: &str, request: &HeaderMap) -> Response {
        let (bytes, encoding) = match self.gzipped().filter(|_| accepts_gzip(request)) {
            Some(gzipped) => (gzipped, Some("gzip")),
            None => (&self.bytes, None),
        };
        // The tag of a compressed file has the encoding after the version.
        let is_known = has_version(request, |tag| tag.split('-').next() == Some(&self.version));
        let mut response =
            if is_known { StatusCode::NOT_MODIFIED.into_response() } else { Body::from(bytes.clone()).into_response() };
        let is_this_version = file == self.versioned_name();
        let fixed: [(HeaderName, &'static str); 5] = [
            (CONTENT_TYPE, self.content_type),
            (CACHE_CONTROL, if is_this_version { FOR_EVER } else { REVALIDATE }),
            (REFERRER_POLICY, "no-referrer"),
            (VARY, "accept-encoding"),
            (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        ];
        let headers = response.headers_mut();
        for (name, value) in fixed {
            headers.insert(name, HeaderValue::from_static(value));
        }
        let mut etag = format!("\"{}\"", self.version);
        if let Some(encoding) = encoding {
            etag = format!("\"{}-{encoding}\"", self.version);
            if !is_known {
                headers.insert(CONTENT_ENCODING, HeaderValue::from_static(encoding));
            }
        }
        if let Ok(etag) = HeaderValue::from_str(&etag) {
            headers.insert(ETAG, etag);
        }
        response
    }

    fn gzipped(&self) -> Option<&Bytes> {
        let make = || {
            let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
            encoder.write_all(&self.bytes).ok()?;
            encoder.finish().ok().filter(|gzipped| gzipped.len() < self.bytes.len()).map(Bytes::from)
        };
        self.gzipped.get_or_init(make).as_ref()
    }
}

/// Serves the file with this name. Another server may have another version of it: a request for that version gets this server's
/// own.
pub fn serve(assets: &[Asset], file: &str, request: &HeaderMap) -> Response {
    let plain = without_version(file);
    match assets.iter().find(|asset| asset.name == file || plain.as_deref() == Some(asset.name)) {
        Some(asset) => asset.serve(file, request),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

fn without_version(file: &str) -> Option<String> {
    let (rest, extension) = file.rsplit_once('.')?;
    let (stem, version) = rest.rsplit_once('.')?;
    let is_version = version.len() == 16 && version.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_version.then(|| format!("{stem}.{extension}"))
}

fn accepts_gzip(request: &HeaderMap) -> bool {
    let named = request.get_all(ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    named.flat_map(|value| value.split(',')).any(|one| {
        let (coding, weight) = one.split_once(';').unwrap_or((one, ""));
        let is_refused = weight.split_once('=').is_some_and(|(_, weight)| weight.trim().parse() == Ok(0.0));
        coding.trim().eq_ignore_ascii_case("gzip") && !is_refused
    })
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use axum::http::header::IF_NONE_MATCH;
    use flate2::read::GzDecoder;

    use super::*;

    fn request(headers: &[(HeaderName, &'static str)]) -> HeaderMap {
        headers.iter().map(|(name, value)| (name.clone(), HeaderValue::from_static(value))).collect()
    }

    async fn body(response: Response) -> Vec<u8> {
        axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap().to_vec()
    }

    #[tokio::test]
    async fn files_are_compressed_for_who_takes_that() {
        let assets = [Asset::new("long.js", SCRIPT, vec![b'a'; 10_000]), Asset::new("short.js", SCRIPT, b"a".to_vec())];
        for (accepted, file, is_gzipped) in [
            ("gzip, deflate, br", "long.js", true),
            ("br;q=1.0, GZIP;q=0.5", "long.js", true),
            ("gzip;q=0", "long.js", false),
            ("identity", "long.js", false),
            ("gzip", "short.js", false),
        ] {
            let response = serve(&assets, file, &request(&[(ACCEPT_ENCODING, accepted)]));
            assert_eq!(response.headers().contains_key(CONTENT_ENCODING), is_gzipped, "{accepted}");
            assert_eq!(response.headers()[VARY], "accept-encoding");
            let bytes = body(response).await;
            let mut text = Vec::new();
            if is_gzipped {
                GzDecoder::new(&bytes[..]).read_to_end(&mut text).unwrap();
            } else {
                text = bytes;
            }
            assert_eq!(text.len(), if file == "long.js" { 10_000 } else { 1 });
        }
    }

    #[tokio::test]
    async fn only_the_address_with_the_present_version_is_kept_for_ever() {
        let module = Asset::new("module.js", SCRIPT, b"export {}".as_slice());
        let versioned = module.versioned_name();
        let assets = [module];
        for (file, caching) in
            [(versioned.as_str(), FOR_EVER), ("module.js", REVALIDATE), ("module.0123456789abcdef.js", REVALIDATE)]
        {
            let response = serve(&assets, file, &HeaderMap::new());
            assert_eq!(
                (response.status(), &response.headers()[CACHE_CONTROL]),
                (StatusCode::OK, &HeaderValue::from_static(caching))
            );
            let mut known = request(&[(ACCEPT_ENCODING, "gzip")]);
            known.insert(IF_NONE_MATCH, response.headers()[ETAG].clone());
            let again = serve(&assets, file, &known);
            assert_eq!(
                (again.status(), &again.headers()[CACHE_CONTROL]),
                (StatusCode::NOT_MODIFIED, &HeaderValue::from_static(caching))
            );
            assert!(body(again).await.is_empty());
        }
        for file in ["module", "module.x.js", "other.0123456789abcdef.js", "module.0123456789abcdef.css"] {
            assert_eq!(serve(&assets, file, &HeaderMap::new()).status(), StatusCode::NOT_FOUND, "{file}");
        }
    }

    #[tokio::test]
    async fn a_file_names_the_versions_of_others() {
        let module = Asset::new("module.js", SCRIPT, b"export {}".as_slice());
        let versioned = module.versioned_name();
        let page = Asset::new("page.js", SCRIPT, b"import './module.js';".as_slice());
        let before = page.version.clone();
        let page = page.naming(&[module]);
        assert_ne!(page.version, before, "it is another version with another module");
        let text = String::from_utf8(body(serve(&[page], "page.js", &HeaderMap::new())).await).unwrap();
        assert_eq!(text, format!("import './{versioned}';"));
    }
}
