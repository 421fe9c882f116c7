//! Limits the length of an answer. The bytes are counted while the answer is made, so a too long answer never fills the memory.
//!
//! Counting costs time at each field. The [`Operation`] of most documents shows that their answers cannot be too long. Such
//! documents are executed without counting. Queries that passed the validation before are executed without validating them again.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use async_graphql::{
    Data, Executor, ObjectType, QueryPathSegment, Request, Response, SchemaBuilder, ServerResult, ValidationMode,
    Value, async_trait,
    extensions::{Extension, ExtensionContext, ExtensionFactory, NextExecute, NextResolve, ResolveInfo},
};
use futures_util::stream::BoxStream;

use service::App;

use super::{
    Mutation, Schema, Subscription, change_cursor,
    context::ForQueries,
    error::{ApiError, is_request_error},
    operation::Operation,
};

/// The schema as it is executed: with or without validation, and with or without counting the bytes of answers. It also reads the position in the log ahead for
/// requests that ask for it, and makes each answer use one release of the time zone data.
pub struct LimitedSchema<Q> {
    app: App,
    for_queries: App,
    for_expensive_queries: App,
    plain: Schema<Q>,
    /// For operations that passed the validation before.
    validated: Schema<Q>,
    counting: Schema<Q>,
    most: u64,
}

impl<Q> Clone for LimitedSchema<Q> {
    fn clone(&self) -> Self {
        let Self { app, for_queries, for_expensive_queries, plain, validated, counting, most } = self;
        Self {
            app: app.clone(),
            for_queries: for_queries.clone(),
            for_expensive_queries: for_expensive_queries.clone(),
            plain: plain.clone(),
            validated: validated.clone(),
            counting: counting.clone(),
            most: *most,
        }
    }
}

impl<Q: ObjectType + 'static> LimitedSchema<Q> {
    /// `build` builds the schema that both variants have in common. `most` is the limit of an answer, in bytes.
    pub fn new(app: App, build: impl Fn() -> SchemaBuilder<Q, Mutation, Subscription>, most: u64) -> Self {
        let (for_queries, for_expensive_queries) = (app.for_queries(), app.for_expensive_queries());
        let (plain, counting) = (build().finish(), build().extension(CountAnswer { most }).finish());
        let validated = build().validation_mode(ValidationMode::Fast).finish();
        Self { app, for_queries, for_expensive_queries, plain, validated, counting, most }
    }

    /// Puts an app into the request that uses one release of the time zone data, and the connections for the price of the
    /// request. It replaces the app that the schema has for all requests.
    fn pin(&self, request: Request) -> Request {
        let is_expensive = Operation::of(&request).is_some_and(|operation| operation.cost.is_expensive());
        let for_queries = if is_expensive { &self.for_expensive_queries } else { &self.for_queries };
        let for_queries = ForQueries(for_queries.pinned());
        request.data(self.app.pinned()).data(for_queries)
    }

    fn schema_for(&self, operation: Option<&Operation>) -> &Schema<Q> {
        match operation {
            Some(operation) if operation.cost.answer_bytes > self.most => &self.counting,
            Some(operation) if operation.is_validated() => &self.validated,
            Some(_) => &self.plain,
            None => &self.counting,
        }
    }
}

impl<Q: ObjectType + 'static> Executor for LimitedSchema<Q> {
    async fn execute(&self, request: Request) -> Response {
        match change_cursor::read_ahead(&self.app, self.pin(request)).await {
            Ok(request) => {
                let operation = Operation::of(&request).map(Arc::clone);
                let response = self.schema_for(operation.as_deref()).execute(request).await;
                // Invalid documents are not executed.
                if let Some(operation) = operation
                    && !is_request_error(&response)
                {
                    operation.note_validated();
                }
                response
            }
            Err(error) => error.into_response(),
        }
    }

    /// Only queries ask for the position in the log, and [`execute`](Executor::execute) runs them. The release of the time zone
    /// data is renewed with each event.
    fn execute_stream(&self, request: Request, session_data: Option<Arc<Data>>) -> BoxStream<'static, Response> {
        let request = self.pin(request);
        let operation = Operation::of(&request).map(Arc::clone);
        Executor::execute_stream(self.schema_for(operation.as_deref()), request, session_data)
    }
}

/// One of two executors.
#[derive(Clone)]
pub enum Either<L, R> {
    Left(L),
    Right(R),
}

impl<L: Executor, R: Executor> Executor for Either<L, R> {
    async fn execute(&self, request: Request) -> Response {
        match self {
            Self::Left(left) => left.execute(request).await,
            Self::Right(right) => right.execute(request).await,
        }
    }

    fn execute_stream(&self, request: Request, session_data: Option<Arc<Data>>) -> BoxStream<'static, Response> {
        match self {
            Self::Left(left) => left.execute_stream(request, session_data),
            Self::Right(right) => right.execute_stream(request, session_data),
        }
    }
}

struct CountAnswer {
    most: u64,
}

impl ExtensionFactory for CountAnswer {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(Counter { bytes: AtomicU64::new(0), most: self.most })
    }
}

/// Counts the bytes of one answer. For a subscription, it counts the bytes of one event after the other.
struct Counter {
    bytes: AtomicU64,
    most: u64,
}

impl Counter {
    fn too_long(&self) -> Option<ApiError> {
        let is_too_long = self.bytes.load(Ordering::Relaxed) > self.most;
        is_too_long.then(|| {
            ApiError::query_too_complex(format!(
                "the answer is longer than {} bytes: ask for shorter lists, or split the document up",
                self.most
            ))
        })
    }
}

#[async_trait::async_trait]
impl Extension for Counter {
    async fn execute(
        &self,
        ctx: &ExtensionContext<'_>,
        operation_name: Option<&str>,
        next: NextExecute<'_>,
    ) -> Response {
        self.bytes.store(0, Ordering::Relaxed);
        let response = next.run(ctx, operation_name).await;
        self.too_long().map_or(response, ApiError::into_response)
    }

    async fn resolve(
        &self,
        ctx: &ExtensionContext<'_>,
        info: ResolveInfo<'_>,
        next: NextResolve<'_>,
    ) -> ServerResult<Option<Value>> {
        if let Some(error) = self.too_long() {
            return Err(error.into());
        }
        let key = match info.path_node.segment {
            QueryPathSegment::Name(name) => name.len() + 4,
            QueryPathSegment::Index(_) => 1,
        };
        let value = next.run(ctx, info).await?;
        let bytes = key + value.as_ref().map_or(4, own_bytes);
        self.bytes.fetch_add(bytes as u64, Ordering::Relaxed);
        Ok(value)
    }
}

/// How many bytes of JSON the value itself takes. The fields of an object and the items of a list count by themselves.
fn own_bytes(value: &Value) -> usize {
    match value {
        Value::Null | Value::Boolean(_) | Value::List(_) | Value::Object(_) => 4,
        Value::Number(_) => 8,
        Value::Enum(name) => name.len() + 2,
        Value::Binary(bytes) => bytes.len(),
        Value::String(text) => {
            let written = text.bytes().map(|byte| match byte {
                0..0x20 => 6,
                b'"' | b'\\' => 2,
                _ => 1,
            });
            written.sum::<usize>() + 2
        }
    }
}
