//! GraphQL documents. A document is refused before its execution, or its execution ends.

use std::{
    net::{IpAddr, Ipv4Addr},
    sync::LazyLock,
};

use async_graphql::{
    Executor, Name, Request, Value,
    parser::types::{ExecutableDocument, OperationType, Selection, SelectionSet},
};
use domain::access::Viewer;
use graphql::{
    document::Reader,
    error::add_missing_codes,
    execute::{Execution, Guard},
};
use service::{
    rate::ClientAddress,
    settings::{Introspection, Limits},
};
use tokio::runtime::{Builder, Runtime};

use crate::stage::{self, Stage};

/// The most selections that a reader accepts.
const SELECTIONS: usize = 10_000;

static READER: LazyLock<Reader> = LazyLock::new(stage::reader);

/// # Panics
/// When an accepted document has too many selections, reveals the schema, or causes an internal error.
pub fn check(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let mut request = Request::new(text.as_ref());
    let kind = match READER.read(&mut request) {
        Ok(operation) => operation.kind,
        Err(error) => return assert!(!error.message.is_empty()),
    };
    let document = request.parsed_query().expect("it was parsed").clone();
    let mut walk =
        Walk { document: &document, path: Vec::new(), selections: 0, is_circular: false, asks_schema: false };
    for (_, operation) in document.operations.iter() {
        walk.visit(&operation.node.selection_set.node);
    }
    let is_large = walk.selections > SELECTIONS;
    assert!(!is_large || walk.is_circular, "{text}");
    if kind != OperationType::Subscription {
        check_answer(&text, walk.asks_schema);
    }
}

/// Executes a query or mutation for a viewer who may not see the schema.
fn check_answer(text: &str, asks_schema: bool) {
    static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
        Builder::new_current_thread().enable_time().start_paused(true).build().expect("a runtime can be made")
    });
    static SCHEMA: LazyLock<Stage> = LazyLock::new(|| stage::schema(None));

    let executor =
        Execution::new(SCHEMA.clone(), Guard::new(Introspection::Nobody, &Limits::default(), READER.clone()));
    let request = Request::new(text).data(Viewer::NOBODY).data(ClientAddress(IpAddr::V4(Ipv4Addr::LOCALHOST)));
    let mut response = RUNTIME.block_on(executor.execute(request));
    add_missing_codes(&mut response);
    assert!(!asks_schema || response.data == Value::Null, "the schema is revealed: {text}");
    for error in &response.errors {
        let code = error.extensions.as_ref().and_then(|extensions| extensions.get("code"));
        assert!(code.is_some_and(|code| *code != Value::from("INTERNAL")), "{error:?}");
    }
}

/// Counts selections. Each use of a fragment is counted again.
struct Walk<'a> {
    document: &'a ExecutableDocument,
    path: Vec<&'a Name>,
    selections: usize,
    is_circular: bool,
    asks_schema: bool,
}

impl<'a> Walk<'a> {
    fn visit(&mut self, selections: &'a SelectionSet) {
        for selection in &selections.items {
            self.selections += 1;
            if self.selections > SELECTIONS {
                return;
            }
            match &selection.node {
                Selection::Field(field) => {
                    self.asks_schema |= matches!(field.node.name.node.as_str(), "__schema" | "__type");
                    self.visit(&field.node.selection_set.node);
                }
                Selection::InlineFragment(fragment) => self.visit(&fragment.node.selection_set.node),
                Selection::FragmentSpread(spread) => {
                    let name = &spread.node.fragment_name.node;
                    if self.path.contains(&name) {
                        self.is_circular = true;
                    } else if let Some(fragment) = self.document.fragments.get(name) {
                        self.path.push(name);
                        self.visit(&fragment.node.selection_set.node);
                        self.path.pop();
                    }
                }
            }
        }
    }
}
