//! What is asked of a request before any of its resolvers runs, on every transport alike: may the viewer see the schema,
//! is it too often; and how long it may take.

use std::{any::TypeId, net::IpAddr, sync::Arc, time::Duration};

use async_graphql::{
    Data, Executor, Request, Response,
    parser::types::{ExecutableDocument, OperationType, Selection, SelectionSet},
};
use domain::{access::Viewer, ids::PersonId};
use futures_util::{
    FutureExt as _,
    stream::{self, BoxStream, StreamExt as _},
};
use service::config::{Introspection, Limits};
use tokio::time::timeout;

use super::{document::find_operation, error::ApiError};
use crate::{pace::Pace, rate::Rates};

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
        let rates = |a_second: u32| Pace::new(a_second, a_second.saturating_mul(BURST_SECONDS));
        Self {
            introspection,
            patience: limits.request,
            mutations_by_address: Rates::new(rates(limits.mutations_per_second_per_address)),
            mutations_by_person: Rates::new(rates(limits.mutations_per_second_per_person)),
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
            let count = fields(document, &operation.selection_set.node, 0);
            let has_turns = (0..count).all(|_| {
                address.is_none_or(|address| self.mutations_by_address.take(address))
                    // A machine that is an admin may do all that its address may.
                    && viewer.person.filter(|_| !viewer.is_admin).is_none_or(|it| self.mutations_by_person.take(it))
            });
            if !has_turns {
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

/// How many fields a mutation selects at its root, each of which is one. Fragments in a circle are refused by validation.
fn fields(document: &ExecutableDocument, selections: &SelectionSet, depth: usize) -> usize {
    const DEEPEST: usize = 20;

    if depth > DEEPEST {
        return 0;
    }
    let of = |selection: &Selection| match selection {
        Selection::Field(_) => 1,
        Selection::InlineFragment(fragment) => fields(document, &fragment.node.selection_set.node, depth + 1),
        Selection::FragmentSpread(spread) => {
            let fragment = document.fragments.get(&spread.node.fragment_name.node);
            fragment.map_or(0, |fragment| fields(document, &fragment.node.selection_set.node, depth + 1))
        }
    };
    selections.items.iter().map(|selection| of(&selection.node)).sum()
}

impl<E: Executor> Guarded<E> {
    pub fn new(executor: E, guard: Guard) -> Self {
        Self { executor, guard: Arc::new(guard) }
    }
}

impl<E: Executor> Executor for Guarded<E> {
    async fn execute(&self, mut request: Request) -> Response {
        match self.guard.admit(&mut request) {
            Err(error) => error.into_response(),
            // What has begun to change something is finished.
            Ok(OperationType::Mutation) => self.executor.execute(request).await,
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
