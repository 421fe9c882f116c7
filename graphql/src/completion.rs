//! Mends requests, whose variables may not be sent (see [`variables`]), and answers: puts null where a field failed, and
//! the fields in order (see [`Order`]).
//!
//! A field that fails is null in the answer; where it may not be null, its parent is null instead, and so on upwards
//! (GraphQL, 6.4.4). async-graphql 7.2 leaves a failed field out, whatever its type, and makes an object of which
//! every field failed null. [`Completed`] wraps an executor and mends its answers, so that every transport has them
//! right. Answers without errors, which is nearly all, are only put in order.

use std::{fmt, future::Future, sync::Arc};

use async_graphql::{
    Data, Executor, Name, PathSegment, Request, Response, Value,
    parser::{
        self, parse_query,
        types::{BaseType, DocumentOperations, ExecutableDocument, Field, Selection, SelectionSet, Type},
    },
};
use futures_util::{
    FutureExt as _, StreamExt as _,
    stream::{self, BoxStream},
};

use super::{
    order::Order,
    registry::{Types, named_type},
    variables,
};

/// An executor whose answers have null where a field failed, and their fields in the order of the question.
#[derive(Clone)]
pub struct Completed<E> {
    executor: E,
    types: Arc<Types>,
}

impl<E> fmt::Debug for Completed<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Completed").finish_non_exhaustive()
    }
}

impl<E: Executor> Completed<E> {
    /// `sdl` is the schema that `executor` executes, as `Schema::sdl` prints it.
    ///
    /// # Errors
    ///
    /// When it cannot be parsed.
    pub fn new(executor: E, sdl: &str) -> Result<Self, parser::Error> {
        Ok(Self { executor, types: Arc::new(Types::read(sdl)?) })
    }
}

impl<E: Executor> Executor for Completed<E> {
    fn execute(&self, mut request: Request) -> impl Future<Output = Response> + Send {
        let settled = variables::settle(&self.types, &mut request);
        let operation = RequestedOperation::of(&mut request);
        async move {
            if let Err(error) = settled {
                return Response::from_errors(vec![error]);
            }
            let mut response = self.executor.execute(request).await;
            self.types.complete(&operation, &mut response);
            response
        }
    }

    fn execute_stream(&self, mut request: Request, session_data: Option<Arc<Data>>) -> BoxStream<'static, Response> {
        if let Err(error) = variables::settle(&self.types, &mut request) {
            return stream::once(std::future::ready(Response::from_errors(vec![error])).boxed()).boxed();
        }
        let operation = RequestedOperation::of(&mut request);
        let types = Arc::clone(&self.types);
        let responses = self.executor.execute_stream(request, session_data);
        let completed = responses.map(move |mut response| {
            types.complete(&operation, &mut response);
            response
        });
        completed.boxed()
    }
}

/// What is needed of a request's operation after the request is gone.
struct RequestedOperation {
    query: String,
    name: Option<String>,
    order: Order,
}

impl RequestedOperation {
    fn of(request: &mut Request) -> Self {
        let order = Order::of(request);
        Self { query: request.query.clone(), name: request.operation_name.clone(), order }
    }
}

/// A selection set, and the type whose fields it selects.
type Scope<'a> = (&'a Name, &'a SelectionSet);

impl Types {
    fn complete(&self, operation: &RequestedOperation, response: &mut Response) {
        self.put_nulls(operation, response);
        operation.order.apply(&mut response.data);
    }

    fn put_nulls(&self, operation: &RequestedOperation, response: &mut Response) {
        // Without a path an error is one of the whole request, which has no data.
        let failed: Vec<Vec<PathSegment>> =
            response.errors.iter().map(|error| error.path.clone()).filter(|path| !path.is_empty()).collect();
        if failed.is_empty() {
            return;
        }
        let Ok(document) = parse_query(&operation.query) else {
            return;
        };
        let Some(root) = self.root_scope(&document, operation.name.as_deref()) else {
            return;
        };
        // First everything is put in its place, and only then nulls rise: what one error removes another must not
        // bring back.
        for rises in [false, true] {
            let walk = Walk { types: self, document: &document, rises };
            for path in &failed {
                walk.object(&mut response.data, &[root], path);
            }
        }
    }

    fn root_scope<'a>(&'a self, document: &'a ExecutableDocument, name: Option<&str>) -> Option<Scope<'a>> {
        let operation = match (&document.operations, name) {
            (DocumentOperations::Single(operation), _) => operation,
            (DocumentOperations::Multiple(operations), Some(name)) => operations.get(name)?,
            (DocumentOperations::Multiple(operations), None) => operations.values().next()?,
        };
        Some((self.root(operation.node.ty)?, &operation.node.selection_set.node))
    }
}

/// The way down from the data to a field that failed.
struct Walk<'a> {
    types: &'a Types,
    document: &'a ExecutableDocument,
    /// Whether a null that may not stay takes its parent with it; else missing fields are put in, as null.
    rises: bool,
}

impl<'a> Walk<'a> {
    fn object(&self, value: &mut Value, scopes: &[Scope<'a>], path: &[PathSegment]) {
        let Some((PathSegment::Field(key), rest)) = path.split_first() else {
            return;
        };
        let mut selected = Vec::new();
        for (type_name, selections) in scopes {
            self.select(type_name, selections, key, &mut selected);
        }
        // Types of one place in an answer agree in lists and nulls, whichever object is there (GraphQL, 5.3.2).
        let Some((_, field_type)) = selected.first() else {
            return;
        };
        if *value == Value::Null && !self.rises {
            *value = Value::Object(async_graphql::indexmap::IndexMap::new());
        }
        let Value::Object(fields) = value else {
            return;
        };
        let child = match fields.get_mut(key.as_str()) {
            Some(child) => child,
            None if self.rises => return,
            None => fields.entry(Name::new(key)).or_insert(Value::Null),
        };
        self.place(child, field_type, &selected, rest);
        if self.rises && *child == Value::Null && !field_type.nullable {
            *value = Value::Null;
        }
    }

    fn place(&self, value: &mut Value, place_type: &Type, selected: &[(&'a Field, &'a Type)], path: &[PathSegment]) {
        match (&place_type.base, path) {
            (_, []) => {}
            (BaseType::List(item_type), [PathSegment::Index(index), rest @ ..]) => {
                let Value::List(items) = value else {
                    return;
                };
                let Some(item) = items.get_mut(*index) else {
                    return;
                };
                self.place(item, item_type, selected, rest);
                if self.rises && *item == Value::Null && !item_type.nullable {
                    *value = Value::Null;
                }
            }
            _ => {
                let scopes: Vec<Scope<'a>> = selected
                    .iter()
                    .map(|(field, field_type)| (named_type(field_type), &field.selection_set.node))
                    .collect();
                self.object(value, &scopes, path);
            }
        }
    }

    /// All fields of a selection set that answer under `key`, with their types.
    fn select(
        &self,
        type_name: &Name,
        selections: &'a SelectionSet,
        key: &str,
        found: &mut Vec<(&'a Field, &'a Type)>,
    ) {
        for selection in &selections.items {
            match &selection.node {
                Selection::Field(field) => {
                    let field = &field.node;
                    let field_type = self.types.field(type_name, &field.name.node).map(|known| &known.of);
                    if let Some(field_type) = field_type
                        && field.response_key().node == key
                    {
                        found.push((field, field_type));
                    }
                }
                Selection::InlineFragment(fragment) => {
                    let condition = fragment.node.type_condition.as_ref();
                    let type_name = condition.map_or(type_name, |condition| &condition.node.on.node);
                    self.select(type_name, &fragment.node.selection_set.node, key, found);
                }
                Selection::FragmentSpread(spread) => {
                    if let Some(fragment) = self.document.fragments.get(&spread.node.fragment_name.node) {
                        let type_name = &fragment.node.type_condition.node.on.node;
                        self.select(type_name, &fragment.node.selection_set.node, key, found);
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unused_async, reason = "resolvers are async functions, whether they wait or not")]

    use async_graphql::{EmptyMutation, Interface, Object, Schema, Subscription};
    use futures_util::{Stream, stream};
    use serde_json::json;

    use super::*;
    use crate::error::ApiError;

    #[derive(Clone)]
    struct Tree;

    #[Object]
    impl Tree {
        async fn name(&self) -> &str {
            "oak"
        }

        async fn child(&self) -> Option<Self> {
            Some(Self)
        }

        async fn sure_child(&self) -> Self {
            Self
        }

        async fn children(&self) -> Vec<Self> {
            vec![Self, Self]
        }

        async fn perhaps(&self) -> Option<Vec<Option<Self>>> {
            Some(vec![None, Some(Self)])
        }

        async fn fails(&self) -> Result<Option<i32>, ApiError> {
            Err(ApiError::not_found("no such leaf"))
        }

        async fn fails_hard(&self) -> Result<i32, ApiError> {
            Err(ApiError::not_found("no such leaf"))
        }

        async fn plant(&self) -> Plant {
            Plant::Tree(self.clone())
        }

        async fn at(&self, count: Option<i32>) -> Option<i32> {
            count
        }
    }

    #[derive(Interface)]
    #[graphql(field(name = "name", ty = "&str"))]
    enum Plant {
        Tree(Tree),
    }

    struct Subscriptions;

    #[Subscription]
    impl Subscriptions {
        async fn grown(&self) -> impl Stream<Item = Option<Tree>> {
            stream::iter([Some(Tree)])
        }
    }

    fn schema() -> Completed<Schema<Tree, EmptyMutation, Subscriptions>> {
        let schema = Schema::new(Tree, EmptyMutation, Subscriptions);
        let sdl = schema.sdl();
        Completed::new(schema, &sdl).unwrap()
    }

    #[tokio::test]
    async fn failed_fields_are_null_or_take_their_parents_with_them() {
        let cases = [
            ("{ name }", json!({ "name": "oak" })),
            ("{ name fails }", json!({ "name": "oak", "fails": null })),
            ("{ fails }", json!({ "fails": null })),
            ("{ other: fails }", json!({ "other": null })),
            ("{ at(count: 99999999999) name }", json!({ "at": null, "name": "oak" })),
            ("{ name failsHard }", json!(null)),
            ("{ failsHard fails }", json!(null)),
            ("{ name child { name failsHard } }", json!({ "name": "oak", "child": null })),
            ("{ child { failsHard fails } }", json!({ "child": null })),
            ("{ child { fails failsHard } }", json!({ "child": null })),
            ("{ child { fails } }", json!({ "child": { "fails": null } })),
            ("{ name sureChild { failsHard } }", json!(null)),
            ("{ child { sureChild { failsHard name } } name }", json!({ "child": null, "name": "oak" })),
            ("{ child { sureChild { fails } } }", json!({ "child": { "sureChild": { "fails": null } } })),
            ("{ children { fails } }", json!({ "children": [{ "fails": null }, { "fails": null }] })),
            ("{ child { children { name failsHard } } }", json!({ "child": null })),
            ("{ perhaps { failsHard } }", json!({ "perhaps": [null, null] })),
            ("{ perhaps { fails } }", json!({ "perhaps": [null, { "fails": null }] })),
            ("{ child { ...F } } fragment F on Tree { x: fails }", json!({ "child": { "x": null } })),
            ("{ child { plant { ... on Tree { fails } } } }", json!({ "child": { "plant": { "fails": null } } })),
            ("{ child { plant { name ... on Tree { failsHard } } } }", json!({ "child": null })),
            ("query A { name } query B { fails }", json!({ "fails": null })),
        ];
        for (query, expected) in cases {
            let request = Request::new(query);
            let several = query.contains("query B");
            let request = if several { request.operation_name("B") } else { request };
            let response = schema().execute(request).await;
            assert_eq!(response.data.into_json().unwrap(), expected, "{query}");
        }
    }

    #[tokio::test]
    async fn events_are_completed_too() {
        let schema = schema();
        for (query, expected) in [
            ("subscription { grown { name fails } }", json!({ "grown": { "name": "oak", "fails": null } })),
            ("subscription { grown { name failsHard } }", json!({ "grown": null })),
            ("{ name fails }", json!({ "name": "oak", "fails": null })),
        ] {
            let responses: Vec<_> = schema.execute_stream(Request::new(query), None).collect().await;
            assert_eq!(responses.len(), 1);
            assert_eq!(responses[0].data.clone().into_json().unwrap(), expected, "{query}");
        }
    }

    #[tokio::test]
    async fn requests_that_are_not_executed_stay_as_they_are() {
        let response = schema().execute(Request::new("{ nothing }")).await;
        assert_eq!((response.data, response.errors.len()), (Value::Null, 1));
    }
}
