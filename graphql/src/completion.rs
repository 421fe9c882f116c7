//! Completes the answers of async-graphql 7.2, which differ from the specification. [`Shape`] is what an answer must look like.
//!
//! - A field that fails is null. If the field may not be null, its parent is null instead, and so on upwards (GraphQL, 6.4.4).
//!   async-graphql leaves out a field that failed, whatever its type. It makes an object null if all of its fields failed
//!   (async-graphql/async-graphql#1746).
//! - Fields stand in the order of the document (GraphQL, 6.3.2). async-graphql has them in the order in which resolvers finish
//!   (#1746 too; #1806 is the repair in 8.0.0-rc.3).
//! - An object whose fields are all skipped (`@skip`, `@include`) is empty (GraphQL, 6.3.2). async-graphql makes it null. If the
//!   field may be null, nobody can tell the two apart, so it stays null.
//! - If a scalar refuses a value, the error names the field of the input (see [`wrong_value`](super::wrong_value)).
//!
//! 7.0.18 has the right order. But there a resolver that returns `Result<Option<T>>` and fails makes its parent null (#1549,
//! open). So this module stays until 8 is released.

use async_graphql::{
    Error, Name, PathSegment, Response, ServerError, Value,
    indexmap::IndexMap,
    parser::types::{BaseType, Type},
};

use super::wrong_value::WrongValue;

/// The keys of an object in an answer, in the order of the document. Each has its type, if the schema knows it, and the shape
/// of its value.
#[derive(Debug, Default)]
pub struct Shape(Vec<(Name, Slot)>);

#[derive(Debug)]
struct Slot {
    of: Option<Type>,
    inside: Shape,
    /// The first argument value of the field that its scalar refuses.
    wrong_value: Option<WrongValue>,
}

impl Shape {
    /// Adds a key, or finds it. Different objects at one place have types that agree in lists and nulls (GraphQL, 5.3.2).
    pub fn add(&mut self, key: &Name, of: Option<&Type>) -> &mut Self {
        let at = self.0.iter().position(|(known, _)| known == key).unwrap_or_else(|| {
            self.0.push((key.clone(), Slot { of: None, inside: Self::default(), wrong_value: None }));
            self.0.len() - 1
        });
        let slot = &mut self.0[at].1;
        if slot.of.is_none() {
            slot.of = of.cloned();
        }
        &mut slot.inside
    }

    /// Notes an argument value of a field that its scalar refuses.
    pub fn note_wrong_value(&mut self, key: &Name, wrong_value: WrongValue) {
        self.add(key, None);
        if let Some((_, slot)) = self.0.iter_mut().find(|(known, _)| known == key) {
            slot.wrong_value.get_or_insert(wrong_value);
        }
    }

    fn slot(&self, key: &str) -> Option<&Slot> {
        self.0.iter().find(|(known, _)| known == key).map(|(_, slot)| slot)
    }

    /// Completes an answer.
    pub fn complete(&self, response: &mut Response) {
        for error in &mut response.errors {
            self.name_wrong_value(error);
        }
        // An error without a path is an error of the whole request. Its answer has no data.
        let failed: Vec<_> = response.errors.iter().map(|error| &error.path).filter(|path| !path.is_empty()).collect();
        // The first pass puts missing fields in as null. The second pass lets nulls rise. With one pass, an error could bring
        // back what the error before it has removed.
        for rises in [false, true] {
            for path in &failed {
                self.put_null(&mut response.data, path, rises);
            }
        }
        if response.errors.is_empty() && response.data == Value::Null && !self.0.is_empty() {
            response.data = Value::Object(IndexMap::new());
        }
        self.arrange(&mut response.data);
    }

    /// If this is a scalar's error about a value, names the field of the input in it.
    fn name_wrong_value(&self, error: &mut ServerError) {
        if !error.message.starts_with("Failed to parse \"") {
            return;
        }
        let mut keys = error.path.iter().filter_map(|segment| match segment {
            PathSegment::Field(key) => Some(key.as_str()),
            PathSegment::Index(_) => None,
        });
        let first = keys.next().and_then(|key| self.slot(key));
        let slot = keys.fold(first, |slot, key| slot?.inside.slot(key));
        if let Some(wrong_value) = slot.and_then(|slot| slot.wrong_value.as_ref()) {
            let Error { message, extensions, .. } = wrong_value.to_error().into();
            (error.message, error.extensions) = (message, extensions);
        }
    }

    /// Goes down to a field that failed. Without `rises`, puts missing fields in as null. With `rises`, a null that its type
    /// forbids makes its parent null.
    fn put_null(&self, value: &mut Value, path: &[PathSegment], rises: bool) {
        let Some((PathSegment::Field(key), rest)) = path.split_first() else { return };
        let Some(Slot { of: Some(of), inside, .. }) = self.slot(key) else { return };
        if *value == Value::Null && !rises {
            *value = Value::Object(IndexMap::new());
        }
        let Value::Object(fields) = value else { return };
        let child = match fields.get_mut(key.as_str()) {
            Some(child) => child,
            None if rises => return,
            None => fields.entry(Name::new(key)).or_insert(Value::Null),
        };
        inside.put_null_at(child, of, rest, rises);
        if rises && *child == Value::Null && !of.nullable {
            *value = Value::Null;
        }
    }

    fn put_null_at(&self, value: &mut Value, of: &Type, path: &[PathSegment], rises: bool) {
        match (&of.base, path) {
            (_, []) => {}
            (BaseType::List(of), [PathSegment::Index(index), rest @ ..]) => {
                let Value::List(items) = value else { return };
                let Some(item) = items.get_mut(*index) else { return };
                self.put_null_at(item, of, rest, rises);
                if rises && *item == Value::Null && !of.nullable {
                    *value = Value::Null;
                }
            }
            _ => self.put_null(value, path, rises),
        }
    }

    /// Makes an object empty that is null although its type forbids it. Nulls of fields that failed have risen by now, so all of its
    /// fields were skipped.
    fn put_empty(&self, value: &mut Value, of: &Type) {
        match (&of.base, value) {
            // This is a scalar.
            _ if self.0.is_empty() => {}
            (BaseType::List(of), Value::List(items)) => items.iter_mut().for_each(|item| self.put_empty(item, of)),
            (BaseType::Named(_), value) if *value == Value::Null && !of.nullable => {
                *value = Value::Object(IndexMap::new());
            }
            _ => {}
        }
    }

    /// Sorts the fields of objects. Values of scalars are left alone, even if they are objects.
    fn arrange(&self, value: &mut Value) {
        match value {
            Value::List(items) if !self.0.is_empty() => items.iter_mut().for_each(|item| self.arrange(item)),
            Value::Object(fields) if !self.0.is_empty() => self.arrange_fields(fields),
            _ => {}
        }
    }

    fn arrange_fields(&self, fields: &mut IndexMap<Name, Value>) {
        let mut present = self.0.iter().filter(|(key, _)| fields.contains_key(key));
        let is_in_order = fields.keys().all(|key| present.next().is_some_and(|(next, _)| next == key));
        if !is_in_order {
            let place = |key: &Name| self.0.iter().position(|(known, _)| known == key).unwrap_or(usize::MAX);
            fields.sort_by_cached_key(|key, _| place(key));
        }
        for (key, slot) in &self.0 {
            if let Some(value) = fields.get_mut(key) {
                if let Some(of) = &slot.of {
                    slot.inside.put_empty(value, of);
                }
                slot.inside.arrange(value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unused_async, reason = "resolvers are async functions, whether they wait or not")]

    use async_graphql::{EmptyMutation, Executor as _, Interface, Object, Request, Schema, Subscription, value};
    use futures_util::{Stream, StreamExt as _, stream};
    use serde_json::json;
    use service::settings::{Introspection, Limits};

    use super::*;
    use crate::{
        document::Reader,
        error::ApiError,
        execute::{Execution, Guard},
        registry::Types,
    };

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

    fn schema() -> Execution<Schema<Tree, EmptyMutation, Subscriptions>> {
        let schema = Schema::new(Tree, EmptyMutation, Subscriptions);
        let types = Types::read(&schema.sdl()).unwrap();
        Execution::new(schema, Guard::new(Introspection::Everybody, &Limits::default(), Reader::new(types, &[])))
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
            ("{ name @skip(if: true) }", json!({})),
            ("{ name sureChild { name @skip(if: true) } }", json!({ "name": "oak", "sureChild": {} })),
            ("{ children { name @include(if: false) } }", json!({ "children": [{}, {}] })),
            (
                "{ children { sureChild { name @include(if: false) } } }",
                json!({ "children": [{ "sureChild": {} }, { "sureChild": {} }] }),
            ),
            ("{ child { name @skip(if: true) } }", json!({ "child": null })),
            ("{ sureChild { name @skip(if: true) failsHard } }", json!(null)),
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

    #[test]
    fn an_answer_has_the_order_of_its_question() {
        let mut shape = Shape::default();
        let key = Name::new;
        for inside in ["z", "q", "y"] {
            shape.add(&key("b"), None).add(&key(inside), None);
        }
        shape.add(&key("a"), None);
        shape.add(&key("c"), None);
        shape.add(&key("b"), None).add(&key("w"), None);
        let mut response = Response::new(value!({
            "c": 1,
            "a": 2,
            "b": [{ "w": 1, "y": 2, "q": 3, "z": { "free": 1, "form": 2 } }, null, { "q": 1 }],
        }));
        shape.complete(&mut response);
        let expected = "{b: [{z: {free: 1, form: 2}, q: 3, y: 2, w: 1}, null, {q: 1}], a: 2, c: 1}";
        assert_eq!(response.data.to_string(), expected);
    }

    #[tokio::test]
    async fn fields_of_fragments_stand_where_they_are_spread() {
        let query = "{ child { ...F } b: name ... on Tree { a: name } } fragment F on Tree { y: name x: name }";
        let response = schema().execute(Request::new(query)).await;
        assert_eq!(response.data.to_string(), r#"{child: {y: "oak", x: "oak"}, b: "oak", a: "oak"}"#);
    }
}
