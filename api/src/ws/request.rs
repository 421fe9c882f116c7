//! A request that came over a socket. It is parsed once, and can be executed many times.

use std::sync::Arc;

use async_graphql::{Extensions, Request, ServerError, Variables, parser::types::ExecutableDocument};
use domain::{access::Viewer, ids::PersonId};
use graphql::{
    document::{Reader, shortened},
    operation::Operation,
};
use live::GroupKey;
use sha2::{Digest as _, Sha256};
use tracing::Span;

use crate::documents::DocumentKey;

#[derive(Debug)]
pub(super) struct SocketRequest {
    pub(super) operation: Arc<Operation>,
    /// The hash of the document's text. The text itself is not kept.
    hash: [u8; 32],
    operation_name: Option<String>,
    variables: Variables,
    extensions: Extensions,
    document: ExecutableDocument,
}

impl SocketRequest {
    /// Reads the request: checks its document and parses it.
    ///
    /// # Errors
    /// Those of [`Reader::read`].
    pub(super) fn read(reader: &Reader, mut request: Request) -> Result<Self, ServerError> {
        let operation = reader.read(&mut request)?;
        let document = request.parsed_query()?.clone();
        let Request { query, operation_name, variables, extensions, .. } = request;
        let hash = Sha256::digest(&query).into();
        Ok(Self { operation, hash, operation_name, variables, extensions, document })
    }

    /// The span of the operation, until it has its answer or is live. It has the id of the request that opened the socket, and
    /// the id that the client gave the operation.
    pub(super) fn span(&self, request_id: &str, id: &str) -> Span {
        let Operation { kind, name, .. } = &*self.operation;
        let (id, transport) = (shortened(id), "websocket");
        tracing::info_span!(parent: None, "operation", request_id, id, %kind, name, transport)
    }

    /// A request to execute. Each execution needs one of its own.
    pub(super) fn request(&self) -> Request {
        let mut request = Request::new(String::new()).data(Arc::clone(&self.operation));
        request.operation_name.clone_from(&self.operation_name);
        request.variables = self.variables.clone();
        request.extensions = self.extensions.clone();
        request.set_parsed_query(self.document.clone());
        request
    }

    /// The group of this subscription. Subscriptions that follow a person share only for the same person and viewer.
    pub(super) fn group(&self, viewer: Viewer, person: Option<PersonId>) -> GroupKey {
        let is_public = self.operation.sharing.by_everyone && person.is_none();
        GroupKey { request: self.key(), viewer: (!is_public).then_some(viewer), person }
    }

    /// The key of the document for [`Documents`](crate::documents::Documents). It is needed before the subscription has
    /// started, when it is not yet known which person it follows.
    pub(super) fn document_key(&self, viewer: Viewer) -> DocumentKey {
        let sharing = &self.operation.sharing;
        let key = self.key();
        if sharing.by_everyone && !sharing.follows_person {
            return Sha256::digest(key.as_bytes()).into();
        }
        let narrowing: Vec<_> = self.variables.iter().filter(|(name, _)| sharing.is_narrowing(name)).collect();
        Sha256::digest(format!("{key} {viewer:?} {narrowing:?}")).into()
    }

    /// A hash of the document and of everything else that all its subscribers' messages depend on.
    fn key(&self) -> Box<str> {
        let Self { operation, hash, operation_name, variables, extensions, .. } = self;
        let others: Vec<_> = variables.iter().filter(|(name, _)| !operation.sharing.is_narrowing(name)).collect();
        let mut extensions: Vec<_> = extensions.iter().collect();
        extensions.sort_unstable_by_key(|(name, _)| *name);
        // Debug text quotes every string, so that no two requests look the same.
        let text = format!("{hash:?} {operation_name:?} {others:?} {extensions:?}");
        format!("{:x?}", Sha256::digest(text)).into()
    }
}
