//! What is asked of a request before any of its resolvers runs, on every transport alike: may the viewer see the schema,
//! is it too often; and how long it may take.

use std::{any::TypeId, collections::HashMap, net::IpAddr, num::NonZeroU32, sync::Arc, time::Duration};

use async_graphql::{
    Data, Executor, Name, Request, Response,
    parser::types::{ExecutableDocument, OperationType, Selection, SelectionSet},
};
use domain::{access::Viewer, ids::PersonId};
use futures_util::{
    FutureExt as _,
    stream::{self, BoxStream, StreamExt as _},
};
use service::config::{Introspection, Limits};
use tokio::time::timeout;
use tracing::Instrument as _;

use super::{document::find_operation, error::ApiError};
use crate::rate::{self, Rates};

/// Where a request came from, as far as limits go. Without it a request is the program's own.
#[derive(Debug, Clone, Copy)]
pub struct ClientAddress(pub IpAddr);

/// An executor that refuses what is not allowed.
#[derive(Clone)]
pub struct Guarded<E> {
    executor: E,
    guard: Arc<Guard>,
}

/// The rules, and who did how much of late.
pub struct Guard {
    introspection: Introspection,
    patience: Duration,
    mutations_by_address: Rates<IpAddr>,
    mutations_by_person: Rates<PersonId>,
}

/// How many seconds' worth of mutations may come at once.
const BURST_SECONDS: u32 = 5;

impl Guard {
    pub fn new(introspection: Introspection, limits: &Limits) -> Self {
        let quota = |a_second: u32| rate::per_second(a_second, a_second.saturating_mul(BURST_SECONDS));
        Self {
            introspection,
            patience: limits.request,
            mutations_by_address: Rates::new(quota(limits.mutations_per_second_per_address)),
            mutations_by_person: Rates::new(quota(limits.mutations_per_second_per_person)),
        }
    }

    /// What kind of operation it is, if it may be executed.
    fn admit(&self, request: &mut Request) -> Result<OperationType, ApiError> {
        let viewer = data::<Viewer>(request).copied().unwrap_or(Viewer::NOBODY);
        let address = data::<ClientAddress>(request).map(|ClientAddress(address)| *address);
        let name = request.operation_name.take();
        let admitted = match request.parsed_query() {
            Ok(document) => self.check(document, name.as_deref(), viewer, address),
            // The executor says what is wrong.
            Err(_) => Ok(OperationType::Query),
        };
        request.operation_name = name;
        admitted
    }

    fn check(
        &self,
        document: &ExecutableDocument,
        name: Option<&str>,
        viewer: Viewer,
        address: Option<IpAddr>,
    ) -> Result<OperationType, ApiError> {
        let Ok(operation) = find_operation(document, name) else { return Ok(OperationType::Query) };
        let operation = &operation.node;
        let is_allowed = match self.introspection {
            Introspection::Everybody => true,
            Introspection::Admins => viewer.is_admin,
            Introspection::Nobody => false,
        };
        if !is_allowed && asks_for_the_schema(document) {
            return Err(self.refuse_introspection(viewer));
        }
        if operation.ty == OperationType::Mutation {
            let mut fields = RootFields { document, of_fragments: HashMap::new() };
            // A machine that is an admin may do all that its address may.
            let person = viewer.person.filter(|_| !viewer.is_admin);
            let may = NonZeroU32::new(fields.count(&operation.selection_set.node)).is_none_or(|count| {
                address.is_none_or(|address| self.mutations_by_address.take_all(&address, count))
                    && person.is_none_or(|person| self.mutations_by_person.take_all(&person, count))
            });
            if !may {
                return Err(ApiError::rate_limited("too many mutations a second: try again later"));
            }
        }
        Ok(operation.ty)
    }

    fn refuse_introspection(&self, viewer: Viewer) -> ApiError {
        match self.introspection {
            Introspection::Admins if !viewer.is_signed_in() => {
                ApiError::unauthenticated("here only admins are shown the schema: sign in")
            }
            Introspection::Admins => ApiError::forbidden("here only admins are shown the schema"),
            _ => ApiError::forbidden("the schema is not shown here"),
        }
    }
}

fn data<T: 'static>(request: &Request) -> Option<&T> {
    request.data.get(&TypeId::of::<T>())?.downcast_ref()
}

/// Whether `__schema` or `__type` is anywhere in a document.
fn asks_for_the_schema(document: &ExecutableDocument) -> bool {
    fn is_in(selections: &SelectionSet) -> bool {
        selections.items.iter().any(|selection| match &selection.node {
            Selection::Field(field) => {
                matches!(field.node.name.node.as_str(), "__schema" | "__type") || is_in(&field.node.selection_set.node)
            }
            Selection::InlineFragment(fragment) => is_in(&fragment.node.selection_set.node),
            // All of them are looked at below.
            Selection::FragmentSpread(_) => false,
        })
    }
    document.operations.iter().any(|(_, operation)| is_in(&operation.node.selection_set.node))
        || document.fragments.values().any(|fragment| is_in(&fragment.node.selection_set.node))
}

/// Counts the fields that a mutation selects at its root, each of which is one: those of a fragment as often as it is
/// spread. In a circle of fragments, which validation refuses, each is counted once.
struct RootFields<'a> {
    document: &'a ExecutableDocument,
    of_fragments: HashMap<&'a Name, u32>,
}

impl<'a> RootFields<'a> {
    fn count(&mut self, selections: &'a SelectionSet) -> u32 {
        let counts = selections.items.iter().map(|selection| match &selection.node {
            Selection::Field(_) => 1,
            Selection::InlineFragment(fragment) => self.count(&fragment.node.selection_set.node),
            Selection::FragmentSpread(spread) => self.count_fragment(&spread.node.fragment_name.node),
        });
        counts.fold(0, u32::saturating_add)
    }

    fn count_fragment(&mut self, name: &'a Name) -> u32 {
        if let Some(count) = self.of_fragments.get(name) {
            return *count;
        }
        // What it is taken for while it is being counted.
        self.of_fragments.insert(name, 0);
        let fragment = self.document.fragments.get(name);
        let count = fragment.map_or(0, |fragment| self.count(&fragment.node.selection_set.node));
        self.of_fragments.insert(name, count);
        count
    }
}

impl<E: Executor> Guarded<E> {
    pub fn new(executor: E, guard: Guard) -> Self {
        Self { executor, guard: Arc::new(guard) }
    }

    /// What has begun to change something is finished, also when nobody waits for it any more.
    async fn finish(&self, request: Request) -> Response {
        let executor = self.executor.clone();
        let execution = tokio::spawn(async move { executor.execute(request).await }.in_current_span());
        match timeout(self.guard.patience, execution).await {
            Ok(Ok(response)) => response,
            Ok(Err(failure)) => ApiError::internal(failure).into_response(),
            Err(_) => ApiError::unanswered(self.guard.patience).into_response(),
        }
    }
}

impl<E: Executor> Executor for Guarded<E> {
    async fn execute(&self, mut request: Request) -> Response {
        match self.guard.admit(&mut request) {
            Err(error) => error.into_response(),
            Ok(OperationType::Mutation) => self.finish(request).await,
            Ok(_) => {
                if let Ok(response) = timeout(self.guard.patience, self.executor.execute(request)).await {
                    return response;
                }
                let seconds = self.guard.patience.as_secs();
                ApiError::query_too_complex(format!("the query took longer than {seconds} seconds")).into_response()
            }
        }
    }

    fn execute_stream(&self, mut request: Request, session_data: Option<Arc<Data>>) -> BoxStream<'static, Response> {
        match self.guard.admit(&mut request) {
            Ok(_) => self.executor.execute_stream(request, session_data),
            Err(error) => stream::once(std::future::ready(error.into_response()).boxed()).boxed(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{
        fmt::Write as _,
        sync::atomic::{AtomicBool, Ordering},
    };

    use async_graphql::parser::parse_query;
    use serde_json::json;
    use tokio::time::{Instant, sleep};

    use super::*;

    fn count(document: &str) -> u32 {
        let document = parse_query(document).unwrap();
        let operation = find_operation(&document, None).unwrap();
        RootFields { document: &document, of_fragments: HashMap::new() }.count(&operation.node.selection_set.node)
    }

    #[test]
    fn each_field_at_the_root_of_a_mutation_counts() {
        assert_eq!(count("mutation { a { x y } b: a }"), 2);
        assert_eq!(count("mutation { ...F ... { ...F c } } fragment F on M { a ... on M { b } }"), 5);
        assert_eq!(count(&format!("mutation {}{{ a b }}{}", "{ ...".repeat(40), "}".repeat(40))), 2);
        assert_eq!(count("mutation { a ...Nowhere }"), 1);
    }

    #[test]
    fn fragments_in_circles_are_counted_at_once() {
        let mut document = "mutation { ...F0 }".to_owned();
        let spreads = (0..30).map(|n| format!("...F{n}")).collect::<Vec<_>>().join(" ");
        for n in 0..30 {
            write!(document, " fragment F{n} on M {{ {spreads} a }}").unwrap();
        }
        assert!(count(&document) > 0);
    }

    /// Takes a minute for everything, and notes what it finished.
    #[derive(Clone, Default)]
    struct Slow(Arc<AtomicBool>);

    impl Executor for Slow {
        async fn execute(&self, _request: Request) -> Response {
            sleep(Duration::from_mins(1)).await;
            self.0.store(true, Ordering::Relaxed);
            Response::new(async_graphql::Value::Null)
        }

        fn execute_stream(&self, _request: Request, _data: Option<Arc<Data>>) -> BoxStream<'static, Response> {
            stream::empty().boxed()
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_late_query_is_dropped_and_a_late_mutation_goes_on() {
        for (document, code, is_finished) in
            [("{ a }", "QUERY_TOO_COMPLEX", false), ("mutation { a }", "INTERNAL", true)]
        {
            let slow = Slow::default();
            let guarded = Guarded::new(slow.clone(), Guard::new(Introspection::Everybody, &Limits::default()));
            let asked = Instant::now();
            let response = guarded.execute(Request::new(document)).await;
            assert_eq!(asked.elapsed().as_secs(), Limits::default().request.as_secs(), "{document}");
            let answer = serde_json::to_value(&response).unwrap();
            assert_eq!(answer["errors"][0]["extensions"]["code"], json!(code), "{document}");
            sleep(Duration::from_mins(1)).await;
            assert_eq!(slow.0.load(Ordering::Relaxed), is_finished, "{document}");
        }
    }
}
