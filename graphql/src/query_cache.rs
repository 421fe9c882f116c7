//! Keeps queries that were read. Many clients send the same query, such as all visitors of a page. It is then parsed, analysed
//! and validated once.
//!
//! A query is known by its text, the name of its operation, and its variables: its price and its validity depend on all three.

use std::{num::NonZeroUsize, sync::Arc};

use async_graphql::{
    Request, Variables,
    parser::types::{ExecutableDocument, OperationType},
};
use lru::LruCache;
use parking_lot::Mutex;
use sha2::{Digest as _, Sha256};

use super::operation::Operation;

/// How many queries are kept. The one that was not used for the longest time goes first.
const QUERIES: NonZeroUsize = NonZeroUsize::MIN.saturating_add(255);

/// The largest query that is kept, by its approximate size in memory, in bytes. So all of them together need at most 8 MiB.
const MAX_QUERY_BYTES: usize = 32 * 1024;

/// The hash of a query's text, the name of its operation, and its variables.
pub type Key = [u8; 32];

/// A query as it was read.
#[derive(Debug)]
pub struct ReadQuery {
    pub operation: Arc<Operation>,
    /// The document that is executed.
    document: ExecutableDocument,
    /// The variables after they were settled.
    variables: Variables,
}

impl ReadQuery {
    /// The query of a request that was read. `None` if it is not kept: the operation is of another kind, or too large.
    pub fn of(request: &mut Request, operation: &Arc<Operation>) -> Option<Self> {
        if operation.kind != OperationType::Query || operation.kept_bytes > MAX_QUERY_BYTES {
            return None;
        }
        let document = request.parsed_query().ok()?.clone();
        Some(Self { operation: Arc::clone(operation), document, variables: request.variables.clone() })
    }

    /// Makes a request with the same key as if it had been read. Returns its operation.
    pub fn put_into(&self, request: &mut Request) -> Arc<Operation> {
        request.set_parsed_query(self.document.clone());
        request.variables = self.variables.clone();
        request.data.insert(Arc::clone(&self.operation));
        Arc::clone(&self.operation)
    }
}

/// The queries that were read most recently.
#[derive(Debug)]
pub struct QueryCache(Mutex<LruCache<Key, Arc<ReadQuery>>>);

impl Default for QueryCache {
    fn default() -> Self {
        Self(Mutex::new(LruCache::new(QUERIES)))
    }
}

impl QueryCache {
    /// The key of a request. `None` if its variables have no text form.
    pub fn key(request: &Request) -> Option<Key> {
        let parts = (&request.query, &request.operation_name, &request.variables);
        Some(Sha256::digest(serde_json::to_vec(&parts).ok()?).into())
    }

    pub fn get(&self, key: &Key) -> Option<Arc<ReadQuery>> {
        self.0.lock().get(key).map(Arc::clone)
    }

    pub fn insert(&self, key: Key, query: ReadQuery) {
        self.0.lock().put(key, Arc::new(query));
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::value;

    use super::*;
    use crate::document::Reader;

    fn request(document: &str, first: i32) -> Request {
        Request::new(document).variables(Variables::from_value(value!({ "first": first })))
    }

    #[test]
    fn the_same_query_with_the_same_variables_is_read_once() {
        let reader = Reader::default();
        let read = |document: &str, first: i32| {
            let mut request = request(document, first);
            let operation = reader.read(&mut request).unwrap();
            let known = Operation::of(&request).is_some_and(|it| Arc::ptr_eq(it, &operation));
            assert!(known, "the operation is in the request");
            (operation, format!("{:?}", request.parsed_query().unwrap()), request.variables)
        };
        let query = "query Q($first: Int = 3) { a(first: $first) { b } }";
        let (first, again) = (read(query, 1), read(query, 1));
        assert!(Arc::ptr_eq(&first.0, &again.0));
        assert_eq!((first.1, first.2), (again.1, again.2));
        assert!(!Arc::ptr_eq(&again.0, &read(query, 2).0), "other variables have another price");
        let named = |name: &str| {
            let mut request = Request::new("query A { a } query B { b }").operation_name(name);
            reader.read(&mut request).unwrap().name.clone()
        };
        assert_eq!([named("A"), named("B"), named("A")].map(Option::unwrap), ["A", "B", "A"]);
        let mutation = "mutation { a }";
        assert!(!Arc::ptr_eq(&read(mutation, 1).0, &read(mutation, 1).0), "only queries are kept");
    }

    #[test]
    fn variables_that_were_settled_are_settled_again() {
        let reader = Reader::default();
        for _ in 0..2 {
            let mut request = Request::new("query($first: Int = 3) { a(first: $first) { b } }");
            reader.read(&mut request).unwrap();
            assert_eq!(request.variables, Variables::from_value(value!({ "first": 3 })));
        }
    }

    #[test]
    fn large_queries_are_not_kept_and_old_ones_go() {
        let reader = Reader::default();
        let read = |document: &str| reader.read(&mut Request::new(document)).unwrap();
        let fields: Vec<_> = (0..200).map(|n| format!("a{n}: b")).collect();
        let large = format!("{{ {} }}", fields.join(" "));
        assert!(!Arc::ptr_eq(&read(&large), &read(&large)));
        let small = "{ a }";
        let first = read(small);
        for n in 0..QUERIES.get() - 1 {
            read(&format!("{{ a{n} }}"));
        }
        assert!(Arc::ptr_eq(&first, &read(small)));
        for n in 0..QUERIES.get() {
            read(&format!("{{ b{n} }}"));
        }
        assert!(!Arc::ptr_eq(&first, &read(small)));
    }
}
