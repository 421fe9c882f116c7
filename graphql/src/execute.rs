//! Executes requests of every transport. Before a resolver runs, it checks introspection and the rate of mutations. It then
//! limits the time, and completes the answer.

use std::{any::TypeId, net::IpAddr, num::NonZeroU32, sync::Arc, time::Duration};

use async_graphql::{Data, Executor, Request, Response, ServerError, Value, parser::types::OperationType};
use domain::{access::Viewer, ids::PersonId};
use futures_util::stream::{self, BoxStream, Stream, StreamExt as _};
use service::{
    rate::{self, ClientAddress, Rates},
    settings::{Introspection, Limits},
};
use tokio::time::timeout;
use tracing::Instrument as _;

use super::{
    document::Reader,
    error::ApiError,
    low_priority::LowPriority,
    operation::Operation,
    prices::EXPENSIVE,
    query_permits::{BeginningPermit, QueryPermit, QueryPermits},
};
use crate::subscribe::Purpose;

/// An executor that refuses requests beyond the limits, and completes the answers of the inner executor.
#[derive(Clone)]
pub struct Execution<E> {
    executor: E,
    guard: Arc<Guard>,
}

/// The limits, and the counters of recent mutations.
pub struct Guard {
    introspection: Introspection,
    timeout: Duration,
    reader: Reader,
    queries: QueryPermits,
    /// For expensive queries. `None` if all threads have the same priority.
    low_priority: Option<LowPriority>,
    mutations_by_address: Rates<IpAddr>,
    mutations_by_person: Rates<PersonId>,
}

/// The burst of mutations, as a number of seconds at the full rate.
const BURST_SECONDS: u32 = 5;

impl Guard {
    pub fn new(introspection: Introspection, limits: &Limits, reader: Reader) -> Self {
        let quota = |a_second: u32| rate::per_second(a_second, a_second.saturating_mul(BURST_SECONDS));
        Self {
            introspection,
            timeout: limits.request,
            reader,
            queries: QueryPermits::new(limits.queries, limits.queries_per_address),
            low_priority: None,
            mutations_by_address: Rates::new(quota(limits.mutations_per_second_per_address)),
            mutations_by_person: Rates::new(quota(limits.mutations_per_second_per_person)),
        }
    }

    /// Runs expensive queries on these threads.
    #[must_use]
    pub fn with_low_priority(self, threads: LowPriority) -> Self {
        Self { low_priority: Some(threads), ..self }
    }

    /// Waits for a permit to read as much as a query of this price does.
    ///
    /// # Errors
    /// RATE_LIMITED, if there is no permit within 5 seconds.
    pub async fn query_permit(&self, address: Option<IpAddr>, points: u64) -> Result<QueryPermit, ApiError> {
        self.queries.take(address, points).await
    }

    /// Returns the operation if the request may be executed. Reads the request if its transport has not read it.
    fn admit(&self, request: &mut Request) -> Result<Arc<Operation>, ServerError> {
        let operation = match Operation::of(request) {
            Some(operation) => Arc::clone(operation),
            None => self.reader.read(request)?,
        };
        let viewer = data::<Viewer>(request).copied().unwrap_or(Viewer::NOBODY);
        self.check(&operation, viewer, client_address(request))?;
        Ok(operation)
    }

    fn check(&self, operation: &Operation, viewer: Viewer, address: Option<IpAddr>) -> Result<(), ApiError> {
        let is_allowed = match self.introspection {
            Introspection::Everybody => true,
            Introspection::Admins => viewer.is_admin,
            Introspection::Nobody => false,
        };
        if !is_allowed && operation.shows_schema {
            return Err(self.refuse_introspection(viewer));
        }
        if operation.kind == OperationType::Mutation {
            let person = viewer.limited_person();
            let count = NonZeroU32::new(operation.root_fields).unwrap_or(NonZeroU32::MIN);
            let refuse = |wait| ApiError::rate_limited("too many mutations a second: try again later").after(wait);
            address.map_or(Ok(()), |it| self.mutations_by_address.take_all(&it, count)).map_err(refuse)?;
            person.map_or(Ok(()), |it| self.mutations_by_person.take_all(&it, count)).map_err(refuse)?;
        }
        Ok(())
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

pub(super) fn data<T: 'static>(request: &Request) -> Option<&T> {
    request.data.get(&TypeId::of::<T>())?.downcast_ref()
}

pub(super) fn client_address(request: &Request) -> Option<IpAddr> {
    data::<ClientAddress>(request).map(|ClientAddress(address)| *address)
}

impl<E: Executor> Execution<E> {
    pub fn new(executor: E, guard: Guard) -> Self {
        Self { executor, guard: Arc::new(guard) }
    }

    /// The limits. Other work than requests may share them.
    pub fn guard(&self) -> Arc<Guard> {
        Arc::clone(&self.guard)
    }

    /// Runs a mutation. A mutation that has begun is finished, even if the client is gone.
    async fn finish(&self, request: Request) -> Response {
        let executor = self.executor.clone();
        let execution = tokio::spawn(async move { executor.execute(request).await }.in_current_span());
        match timeout(self.guard.timeout, execution).await {
            Ok(Ok(response)) => response,
            Ok(Err(failure)) => ApiError::internal(failure).into_response(),
            Err(_) => ApiError::unanswered(self.guard.timeout).into_response(),
        }
    }

    /// Waits for a permit, and runs the query with a time limit. An expensive query runs on threads of low priority.
    async fn query(&self, request: Request, points: u64) -> Response {
        let _permit = match self.guard.queries.take(client_address(&request), points).await {
            Ok(permit) => permit,
            Err(error) => return error.into_response(),
        };
        let executed = match &self.guard.low_priority {
            Some(threads) if points > EXPENSIVE => {
                let executor = self.executor.clone();
                timeout(self.guard.timeout, threads.run(async move { executor.execute(request).await })).await
            }
            _ => timeout(self.guard.timeout, self.executor.execute(request)).await.map(Ok),
        };
        match executed {
            Ok(Ok(response)) => response,
            Ok(Err(failure)) => ApiError::internal(failure).into_response(),
            Err(_) => {
                let seconds = self.guard.timeout.as_secs();
                ApiError::query_too_complex(format!("the query took longer than {seconds} seconds")).into_response()
            }
        }
    }
}

impl<E: Executor> Executor for Execution<E> {
    async fn execute(&self, mut request: Request) -> Response {
        let operation = match self.guard.admit(&mut request) {
            Ok(operation) => operation,
            Err(error) => return Response::from_errors(vec![error]),
        };
        let asks_cost = asks_cost(&request);
        let mut response = match operation.kind {
            OperationType::Mutation => self.finish(request).await,
            _ => self.query(request, operation.cost.points()).await,
        };
        operation.shape.complete(&mut response);
        if asks_cost {
            show_cost(&operation, &mut response);
        }
        response
    }

    fn execute_stream(&self, mut request: Request, session_data: Option<Arc<Data>>) -> BoxStream<'static, Response> {
        let operation = match self.guard.admit(&mut request) {
            Ok(operation) => operation,
            Err(error) => return stream::iter([Response::from_errors(vec![error])]).boxed(),
        };
        let asks_cost = asks_cost(&request);
        let begins = !matches!(data::<Purpose>(&request), Some(Purpose::Serve(_)));
        let address = client_address(&request);
        let guard = Arc::clone(&self.guard);
        let responses = if begins {
            let permit = BeginningPermit::default();
            let responses = self.executor.execute_stream(request.data(permit.clone()), session_data);
            with_permit(guard, address, operation.cost.points(), permit, responses).boxed()
        } else {
            self.executor.execute_stream(request, session_data)
        };
        let completed = responses.map(move |mut response| {
            operation.shape.complete(&mut response);
            if asks_cost {
                show_cost(&operation, &mut response);
            }
            response
        });
        completed.boxed()
    }
}

/// The responses of a subscription that begins. While it begins, it holds a query's permit.
fn with_permit(
    guard: Arc<Guard>,
    address: Option<IpAddr>,
    points: u64,
    permit: BeginningPermit,
    responses: BoxStream<'static, Response>,
) -> impl Stream<Item = Response> + Send + 'static {
    stream::once(async move {
        match guard.queries.take(address, points).await {
            Ok(taken) => {
                permit.hold(taken);
                responses.inspect(move |_| permit.give_back()).boxed()
            }
            Err(error) => stream::iter([error.into_response()]).boxed(),
        }
    })
    .flatten()
}

/// The name of the extension with which a request asks for its price, and of the one with the price in the answer.
pub(super) const COST_EXTENSION: &str = "cost";

/// Whether a request asks for its price with `"extensions": {"cost": true}`. Other answers do not have the price, so that
/// subscriptions that ask the same get the same bytes.
fn asks_cost(request: &Request) -> bool {
    request.extensions.get(COST_EXTENSION) == Some(&Value::from(true))
}

fn show_cost(operation: &Operation, response: &mut Response) {
    response.extensions.insert(COST_EXTENSION.to_owned(), Value::from(operation.cost.points()));
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use serde_json::json;
    use tokio::time::{Instant, sleep};

    use super::*;

    /// An executor that takes a minute for everything, and notes that it has finished.
    #[derive(Clone, Default)]
    struct Slow(Arc<AtomicBool>);

    impl Executor for Slow {
        async fn execute(&self, _request: Request) -> Response {
            sleep(Duration::from_mins(1)).await;
            self.0.store(true, Ordering::Relaxed);
            Response::new(Value::Null)
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
            let execution = Execution::new(
                slow.clone(),
                Guard::new(Introspection::Everybody, &Limits::default(), Reader::default()),
            );
            let asked = Instant::now();
            let response = execution.execute(Request::new(document)).await;
            assert_eq!(asked.elapsed().as_secs(), Limits::default().request.as_secs(), "{document}");
            let answer = serde_json::to_value(&response).unwrap();
            assert_eq!(answer["errors"][0]["extensions"]["code"], json!(code), "{document}");
            sleep(Duration::from_mins(1)).await;
            assert_eq!(slow.0.load(Ordering::Relaxed), is_finished, "{document}");
        }
    }
}
