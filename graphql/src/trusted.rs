//! Documents that clients name in place of sending them, and the list of documents that may run (`TRUSTED_DOCUMENTS`).
//!
//! Terms:
//!
//! - A *trusted document* is in the list. If there is a list, only these documents run. Administrators may run any.
//! - A client names a document by its *id*: the key in the list, or the SHA-256 hash of its text.
//! - *Automatic persisted queries* of Apollo: a client sends only a hash, and sends the document when the server asks for
//!   it. This server stores no documents, so it answers PERSISTED_QUERY_NOT_SUPPORTED, and the client sends the document.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use async_graphql::{Request, Value, parser};
use domain::access::Viewer;
use domain::text::hex;
use serde_json::Value as Json;
use sha2::{Digest as _, Sha256};

use super::{
    document::fingerprint,
    error::{ApiError, ErrorCode},
    execute::data,
};

/// The extension of a request that has the id of its document.
pub const DOCUMENT_ID: &str = "documentId";

/// Why a list of trusted documents cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ListError {
    #[error("it is not JSON: {0}")]
    NotJson(#[from] serde_json::Error),
    #[error(
        "it must be a JSON object from ids to documents, or a manifest of Apollo with 'operations' that have 'id' and 'body'"
    )]
    OtherForm,
    #[error("it has no documents")]
    Empty,
    #[error("the document '{id}' cannot be parsed: {message}")]
    Document { id: String, message: String },
}

/// The documents that may run.
#[derive(Debug)]
pub struct TrustedDocuments {
    /// By the key in the list, and by the hash of the text.
    by_id: HashMap<String, Arc<str>>,
    /// The tokens of each document, without white space and comments.
    contents: HashSet<Box<[u8]>>,
}

impl TrustedDocuments {
    /// Reads a list: an object from ids to documents, as Relay and graphql-codegen write it, or a manifest of Apollo.
    ///
    /// # Errors
    /// If the text is not such a list, or a document cannot be parsed.
    pub fn read(text: &str) -> Result<Self, ListError> {
        let Json::Object(list) = serde_json::from_str(text)? else { return Err(ListError::OtherForm) };
        let documents = match list.get("operations") {
            Some(Json::Array(operations)) => {
                operations.iter().map(|it| (it["id"].as_str(), it["body"].as_str())).collect()
            }
            _ => list.iter().map(|(id, document)| (Some(id.as_str()), document.as_str())).collect::<Vec<_>>(),
        };
        if documents.is_empty() {
            return Err(ListError::Empty);
        }
        let (mut by_id, mut contents) = (HashMap::new(), HashSet::new());
        for document in documents {
            let (Some(id), Some(text)) = document else { return Err(ListError::OtherForm) };
            let content = match parser::parse_query(text) {
                Ok(_) => fingerprint(text),
                Err(error) => {
                    let (id, message) = (id.to_owned(), error.to_string());
                    return Err(ListError::Document { id, message });
                }
            };
            let text: Arc<str> = text.into();
            by_id.insert(id.to_owned(), Arc::clone(&text));
            by_id.insert(hash(&text), text);
            contents.insert(content);
        }
        Ok(Self { by_id, contents })
    }

    /// Both lists together. If both have the same id, the document of the second list counts.
    #[must_use]
    pub fn and(mut self, others: Self) -> Self {
        self.by_id.extend(others.by_id);
        self.contents.extend(others.contents);
        self
    }

    fn find(&self, id: &str) -> Option<&Arc<str>> {
        let id = id.strip_prefix("sha256:").unwrap_or(id);
        self.by_id.get(id).or_else(|| self.by_id.get(&id.to_ascii_lowercase()))
    }
}

fn hash(text: &str) -> String {
    hex(&Sha256::digest(text))
}

/// Replaces the id of a document in the request with the document, and refuses documents that may not run.
///
/// # Errors
/// PERSISTED_QUERY_NOT_SUPPORTED or PERSISTED_QUERY_NOT_FOUND if the request has only an id, and the server does not have that
/// document. UNTRUSTED_DOCUMENT if the document is not in the list.
pub(super) fn find_document(trusted: Option<&TrustedDocuments>, request: &mut Request) -> Result<(), ApiError> {
    let has_text = !request.query.trim().is_empty();
    match (trusted, named_document(request)) {
        (None, Some(_)) if !has_text => {
            Err(ApiError::verbatim(ErrorCode::PersistedQueryNotSupported, "PersistedQueryNotSupported"))
        }
        (None, _) => Ok(()),
        (Some(trusted), Some(id)) if !has_text => match trusted.find(&id) {
            Some(text) => {
                request.query = text.to_string();
                Ok(())
            }
            None => Err(ApiError::verbatim(ErrorCode::PersistedQueryNotFound, "PersistedQueryNotFound")),
        },
        (Some(trusted), _) => {
            let viewer = data::<Viewer>(request).copied().unwrap_or(Viewer::NOBODY);
            if viewer.may_run_any_document() || trusted.contents.contains(&fingerprint(&request.query)) {
                return Ok(());
            }
            let message = "This server runs only the documents in its list of trusted documents, and this one is not among \
                           them. Administrators may run any document.";
            Err(ApiError::new(ErrorCode::UntrustedDocument, message))
        }
    }
}

/// The id of a document in a request: `documentId`, or the hash of Apollo's `persistedQuery`.
fn named_document(request: &Request) -> Option<String> {
    let text = |value: &Value| match value {
        Value::String(text) => Some(text.clone()),
        _ => None,
    };
    let by_id = request.extensions.get(DOCUMENT_ID).and_then(text);
    by_id.or_else(|| match request.extensions.get("persistedQuery")? {
        Value::Object(fields) => fields.get("sha256Hash").and_then(text),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const ONE: &str = "query One { viewerIsAdmin }";

    fn list() -> TrustedDocuments {
        TrustedDocuments::read(&json!({ "one": ONE, "two": "{ changeCursor }" }).to_string()).unwrap()
    }

    fn request(query: &str, extensions: Json) -> Request {
        let mut request = Request::new(query);
        request.extensions = serde_json::from_value(extensions).unwrap();
        request
    }

    #[test]
    fn lists_of_every_tool_are_read() {
        let apollo = json!({
            "format": "apollo-persisted-query-manifest",
            "version": 1,
            "operations": [{ "id": "one", "name": "One", "type": "query", "body": ONE }],
        });
        for text in [json!({ "one": ONE }).to_string(), apollo.to_string()] {
            let list = TrustedDocuments::read(&text).unwrap();
            for id in ["one", &hash(ONE), &format!("sha256:{}", hash(ONE)), &hash(ONE).to_uppercase()] {
                assert_eq!(list.find(id).map(AsRef::as_ref), Some(ONE), "{id}");
            }
        }
        for (text, reason) in [
            ("", "not JSON"),
            ("[]", "must be a JSON object"),
            ("{}", "no documents"),
            (r#"{"operations": [{"id": "one"}]}"#, "must be a JSON object"),
            (r#"{"one": 1}"#, "must be a JSON object"),
            (r#"{"one": "query {"}"#, "the document 'one' cannot be parsed"),
        ] {
            let error = TrustedDocuments::read(text).unwrap_err().to_string();
            assert!(error.contains(reason), "{text}: {error}");
        }
    }

    #[test]
    fn only_listed_documents_run_except_for_administrators() {
        let (list, none) = (list(), json!({}));
        let apollo = |hash: &str| json!({ "persistedQuery": { "version": 1, "sha256Hash": hash } });
        let found = [
            (ONE, none.clone()),
            ("query One {\n  viewerIsAdmin # the same\n}", none.clone()),
            ("", json!({ "documentId": "one" })),
            ("", apollo(&hash(ONE))),
            (ONE, apollo("a hash that does not matter")),
        ];
        for (query, extensions) in found {
            let mut request = request(query, extensions.clone());
            find_document(Some(&list), &mut request).unwrap_or_else(|error| panic!("{query} {extensions}: {error:?}"));
            assert!(request.query.contains("viewerIsAdmin"), "{query} {extensions}");
        }
        let refused = [
            ("{ viewerIsAdmin }", none.clone(), "UNTRUSTED_DOCUMENT"),
            ("{ __schema { types { name } } }", none.clone(), "UNTRUSTED_DOCUMENT"),
            ("{", none.clone(), "UNTRUSTED_DOCUMENT"),
            ("{ viewerIsAdmin }", json!({ "documentId": "one" }), "UNTRUSTED_DOCUMENT"),
            ("", json!({ "documentId": "three" }), "PERSISTED_QUERY_NOT_FOUND"),
            ("", apollo("three"), "PERSISTED_QUERY_NOT_FOUND"),
        ];
        for (query, extensions, code) in refused {
            let error = find_document(Some(&list), &mut request(query, extensions)).unwrap_err();
            assert_eq!(error.code().as_str(), code, "{query}");
        }
        let mut by_admin = request("{ anything }", none).data(Viewer::ADMIN);
        assert!(find_document(Some(&list), &mut by_admin).is_ok());
    }

    #[test]
    fn without_a_list_a_hash_alone_is_not_supported() {
        for extensions in [json!({ "documentId": "x" }), json!({ "persistedQuery": { "sha256Hash": "x" } })] {
            let error = find_document(None, &mut request("", extensions.clone())).unwrap_err();
            assert_eq!(
                (error.code().as_str(), error.message()),
                ("PERSISTED_QUERY_NOT_SUPPORTED", "PersistedQueryNotSupported")
            );
            assert!(find_document(None, &mut request("{ anything }", extensions)).is_ok());
        }
    }
}
