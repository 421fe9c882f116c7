//! Settles variables that were not sent (GraphQL, 3.10, 5.8.5 and 6.4.1). async-graphql treats them as null
//! (async-graphql/async-graphql#1827). So a request is rewritten before it is executed:
//!
//! - If a variable has a default, that is its value.
//! - Without a default, an argument or a field of an input object with this variable is left out. Its own default applies, and
//!   an update does not change the field.
//! - An item of a list with this variable is null.
//! - A variable that may be null may stand where null is forbidden, if there is a default at that position.

use std::collections::{BTreeSet, HashMap};

use async_graphql::{
    Name, Pos, Positioned, Request, ServerError,
    parser::types::{
        BaseType, Directive, DocumentOperations, ExecutableDocument, Field, OperationDefinition, Selection,
        SelectionSet, Type,
    },
};
use async_graphql_value::{ConstValue, Value};

use super::{
    document::find_operation,
    registry::{Input, Types, named_type},
};

/// Rewrites a request that declares variables. A request that cannot be read is left alone, because its executor will report
/// the error.
///
/// # Errors
/// When a variable stands where its type is not allowed.
pub fn settle(types: &Types, request: &mut Request) -> Result<(), ServerError> {
    let name = request.operation_name.clone();
    let Ok(document) = request.parsed_query() else { return Ok(()) };
    let Ok(chosen) = find_operation(document, name.as_deref()) else { return Ok(()) };
    if document.operations.iter().all(|(_, operation)| operation.node.variable_definitions.is_empty()) {
        return Ok(());
    }
    let (mut defaults, mut may_be_unsent) = (Vec::new(), BTreeSet::new());
    for Positioned { node: definition, .. } in &chosen.node.variable_definitions {
        match &definition.default_value {
            Some(default) => defaults.push((definition.name.node.clone(), default.node.clone())),
            None if definition.var_type.node.nullable => drop(may_be_unsent.insert(definition.name.node.clone())),
            None => {}
        }
    }
    let mut document = document.clone();
    let usages = Usages::of(types, &document);
    let guarded = usages.check(&document)?;

    for (name, default) in defaults {
        request.variables.entry(name).or_insert(default);
    }
    may_be_unsent.retain(|name| !request.variables.contains_key(name));
    if guarded.is_empty() && may_be_unsent.is_empty() {
        return Ok(());
    }
    // A default protects these places from null. The rule of async-graphql does not consider that.
    for definition in definitions_mut(&mut document).flat_map(|operation| &mut operation.variable_definitions) {
        let definition = &mut definition.node;
        if guarded.contains(&definition.name.node) && definition.default_value.is_none() {
            definition.var_type.node.nullable = false;
        }
    }
    if !may_be_unsent.is_empty() {
        let mut rewrite = Rewrite { types, unsent: &may_be_unsent };
        rewrite.document(&mut document);
        usages.forget_what_is_used_no_more(&Usages::of(types, &document), &mut document);
    }
    request.set_parsed_query(document);
    Ok(())
}

fn definitions_mut(document: &mut ExecutableDocument) -> impl Iterator<Item = &mut OperationDefinition> {
    let (single, several) = match &mut document.operations {
        DocumentOperations::Single(operation) => (Some(operation), None),
        DocumentOperations::Multiple(operations) => (None, Some(operations.values_mut())),
    };
    single.into_iter().chain(several.into_iter().flatten()).map(|operation| &mut operation.node)
}

/// One use of a variable.
struct Usage<'a> {
    variable: Name,
    /// What is expected there, if the schema knows it.
    expected: Option<Expected<'a>>,
    pos: Pos,
}

#[derive(Clone, Copy)]
struct Expected<'a> {
    of: &'a Type,
    has_default: bool,
    is_in_one_of: bool,
}

impl<'a> Expected<'a> {
    fn input(input: &'a Input) -> Self {
        Self { of: &input.of, has_default: input.has_default, is_in_one_of: false }
    }
}

/// The variables that an operation or a fragment uses, and the fragments that it spreads.
#[derive(Default)]
struct Used<'a> {
    usages: Vec<Usage<'a>>,
    spreads: BTreeSet<Name>,
}

/// The same for all operations and fragments of a document.
struct Usages<'a> {
    operations: HashMap<Option<Name>, Used<'a>>,
    fragments: HashMap<Name, Used<'a>>,
}

impl<'a> Usages<'a> {
    fn of(types: &'a Types, document: &ExecutableDocument) -> Self {
        let operations = document.operations.iter().map(|(name, operation)| {
            let mut used = Used::default();
            used.add_directives(types, &operation.node.directives);
            used.add(types, &operation.node.selection_set.node, types.root(operation.node.ty));
            (name.cloned(), used)
        });
        let fragments = document.fragments.iter().map(|(name, fragment)| {
            let mut used = Used::default();
            let of = &fragment.node.type_condition.node.on.node;
            used.add(types, &fragment.node.selection_set.node, Some(of));
            (name.clone(), used)
        });
        Self { operations: operations.collect(), fragments: fragments.collect() }
    }

    /// All usages of an operation, including those in its fragments.
    fn reached(&self, operation: Option<&Name>) -> Vec<&Usage<'a>> {
        let mut usages = Vec::new();
        let mut seen = BTreeSet::new();
        let mut left: Vec<_> = self.operations.get(&operation.cloned()).into_iter().collect();
        while let Some(used) = left.pop() {
            usages.extend(&used.usages);
            left.extend(
                used.spreads.iter().filter(|name| seen.insert(*name)).filter_map(|name| self.fragments.get(name)),
            );
        }
        usages
    }

    /// Checks that all variables stand where their types are allowed (GraphQL, 5.8.5). Returns the variables that may be null
    /// and stand where a default protects a type that forbids null.
    fn check(&self, document: &ExecutableDocument) -> Result<BTreeSet<Name>, ServerError> {
        let mut guarded = BTreeSet::new();
        for (name, operation) in document.operations.iter() {
            let definitions: HashMap<&Name, _> = operation
                .node
                .variable_definitions
                .iter()
                .map(|definition| (&definition.node.name.node, &definition.node))
                .collect();
            for usage in self.reached(name) {
                let (Some(definition), Some(expected)) = (definitions.get(&usage.variable), usage.expected) else {
                    continue;
                };
                let sent = &definition.var_type.node;
                let never_null = !sent.nullable
                    || definition.default_value.as_ref().is_some_and(|default| default.node != ConstValue::Null);
                let is_allowed = is_compatible(&sent.base, &expected.of.base)
                    && (expected.of.nullable || never_null || expected.has_default);
                if !is_allowed {
                    return Err(misplaced(usage, sent, &format!("is used where \"{}\" is expected", expected.of)));
                }
                if expected.is_in_one_of && sent.nullable {
                    let reason =
                        "is used in an input object of which exactly one field is given: end its type with \"!\"";
                    return Err(misplaced(usage, sent, reason));
                }
                if sent.nullable && !expected.of.nullable {
                    guarded.insert(usage.variable.clone());
                }
            }
        }
        Ok(guarded)
    }

    /// Drops the definitions of variables that were used before and are no longer used: a document may not have unused
    /// variables.
    fn forget_what_is_used_no_more(&self, after: &Self, document: &mut ExecutableDocument) {
        let names = |usages: &Self, operation: Option<&Name>| -> BTreeSet<Name> {
            usages.reached(operation).into_iter().map(|usage| usage.variable.clone()).collect()
        };
        let gone: HashMap<Option<Name>, BTreeSet<Name>> = self
            .operations
            .keys()
            .map(|name| {
                let left = names(after, name.as_ref());
                (name.clone(), names(self, name.as_ref()).into_iter().filter(|name| !left.contains(name)).collect())
            })
            .collect();
        let forget = |name: Option<Name>, operation: &mut OperationDefinition| {
            let Some(gone) = gone.get(&name) else { return };
            operation.variable_definitions.retain(|definition| !gone.contains(&definition.node.name.node));
        };
        match &mut document.operations {
            DocumentOperations::Single(operation) => forget(None, &mut operation.node),
            DocumentOperations::Multiple(operations) => {
                for (name, operation) in operations {
                    forget(Some(name.clone()), &mut operation.node);
                }
            }
        }
    }
}

fn misplaced(usage: &Usage<'_>, sent: &Type, reason: &str) -> ServerError {
    ServerError::new(format!("Variable \"${}\" of type \"{sent}\" {reason}.", usage.variable), Some(usage.pos))
}

/// Whether a variable of this type may stand there, apart from null.
fn is_compatible(variable: &BaseType, expected: &BaseType) -> bool {
    match (variable, expected) {
        (BaseType::Named(variable), BaseType::Named(expected)) => variable == expected,
        (BaseType::List(variable), BaseType::List(expected)) => {
            (expected.nullable || !variable.nullable) && is_compatible(&variable.base, &expected.base)
        }
        _ => false,
    }
}

impl<'a> Used<'a> {
    fn add(&mut self, types: &'a Types, selections: &SelectionSet, of: Option<&Name>) {
        for selection in &selections.items {
            self.add_directives(types, selection.node.directives());
            match &selection.node {
                Selection::Field(field) => {
                    let known = of.and_then(|of| types.field(of, &field.node.name.node));
                    for (name, value) in &field.node.arguments {
                        let input = known.and_then(|known| known.arguments.get(&name.node));
                        self.add_value(types, &value.node, input.map(Expected::input), value.pos);
                    }
                    self.add(types, &field.node.selection_set.node, known.map(|known| named_type(&known.of)));
                }
                Selection::InlineFragment(fragment) => {
                    let of = fragment.node.type_condition.as_ref().map(|condition| &condition.node.on.node).or(of);
                    self.add(types, &fragment.node.selection_set.node, of);
                }
                Selection::FragmentSpread(spread) => {
                    self.spreads.insert(spread.node.fragment_name.node.clone());
                }
            }
        }
    }

    fn add_directives(&mut self, types: &'a Types, directives: &[Positioned<Directive>]) {
        for Positioned { node: directive, .. } in directives {
            for (name, value) in &directive.arguments {
                let input = types.directive_argument(&directive.name.node, &name.node);
                self.add_value(types, &value.node, input.map(Expected::input), value.pos);
            }
        }
    }

    fn add_value(&mut self, types: &'a Types, value: &Value, expected: Option<Expected<'a>>, pos: Pos) {
        match value {
            Value::Variable(name) => self.usages.push(Usage { variable: name.clone(), expected, pos }),
            Value::List(items) => {
                let expected = expected.and_then(|expected| match &expected.of.base {
                    BaseType::List(of) => Some(Expected { of, has_default: false, is_in_one_of: false }),
                    BaseType::Named(_) => None,
                });
                for item in items {
                    self.add_value(types, item, expected, pos);
                }
            }
            Value::Object(fields) => {
                let object = expected.and_then(|expected| types.input_object(named_type(expected.of)));
                for (name, value) in fields {
                    let expected = object.and_then(|object| {
                        let input = object.fields.get(name)?;
                        Some(Expected { is_in_one_of: object.is_one_of, ..Expected::input(input) })
                    });
                    self.add_value(types, value, expected, pos);
                }
            }
            _ => {}
        }
    }
}

/// Removes variables that were not sent from a document. Fields that the schema does not know stay, so that validation refuses
/// them.
struct Rewrite<'a> {
    types: &'a Types,
    unsent: &'a BTreeSet<Name>,
}

impl Rewrite<'_> {
    fn document(&mut self, document: &mut ExecutableDocument) {
        let types = self.types;
        for operation in definitions_mut(document) {
            self.selections(&mut operation.selection_set.node, types.root(operation.ty));
        }
        for fragment in document.fragments.values_mut() {
            let of = fragment.node.type_condition.node.on.node.clone();
            self.selections(&mut fragment.node.selection_set.node, Some(&of));
        }
    }

    fn selections(&mut self, selections: &mut SelectionSet, of: Option<&Name>) {
        for selection in &mut selections.items {
            match &mut selection.node {
                Selection::Field(field) => self.field(&mut field.node, of),
                Selection::InlineFragment(fragment) => {
                    let condition =
                        fragment.node.type_condition.as_ref().map(|condition| condition.node.on.node.clone());
                    self.selections(&mut fragment.node.selection_set.node, condition.as_ref().or(of));
                }
                Selection::FragmentSpread(_) => {}
            }
        }
    }

    fn field(&mut self, field: &mut Field, of: Option<&Name>) {
        let Some(known) = of.and_then(|of| self.types.field(of, &field.name.node)) else { return };
        field
            .arguments
            .retain(|(name, value)| !(self.is_unsent(&value.node) && known.arguments.contains_key(&name.node)));
        for (name, value) in &mut field.arguments {
            if let Some(input) = known.arguments.get(&name.node) {
                self.value(&mut value.node, &input.of);
            }
        }
        self.selections(&mut field.selection_set.node, Some(named_type(&known.of)));
    }

    fn value(&self, value: &mut Value, of: &Type) {
        match (value, &of.base) {
            (Value::List(items), BaseType::List(of)) => {
                for item in items {
                    if self.is_unsent(item) {
                        *item = Value::Null;
                    }
                    self.value(item, of);
                }
            }
            (Value::Object(fields), _) => {
                let Some(object) = self.types.input_object(named_type(of)) else {
                    return fields.values_mut().for_each(|value| self.make_null(value));
                };
                fields.retain(|name, value| !(self.is_unsent(value) && object.fields.contains_key(name)));
                for (name, value) in fields {
                    match object.fields.get(name) {
                        Some(input) => self.value(value, &input.of),
                        // async-graphql refuses an unknown field only if all variables have values.
                        None => self.make_null(value),
                    }
                }
            }
            (value, _) => self.make_null(value),
        }
    }

    fn make_null(&self, value: &mut Value) {
        match value {
            Value::Variable(name) if self.unsent.contains(name) => *value = Value::Null,
            Value::List(items) => items.iter_mut().for_each(|item| self.make_null(item)),
            Value::Object(fields) => fields.values_mut().for_each(|value| self.make_null(value)),
            _ => {}
        }
    }

    fn is_unsent(&self, value: &Value) -> bool {
        matches!(value, Value::Variable(name) if self.unsent.contains(name))
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::{
        EmptyMutation, EmptySubscription, Executor as _, InputObject, MaybeUndefined, Object, OneofObject, Schema,
        Variables,
    };
    use serde_json::{Value as Json, json};

    use super::*;
    use crate::{
        document::Reader,
        execute::{Execution, Guard},
    };
    use service::settings::{Introspection, Limits};

    struct Echo;

    #[derive(InputObject)]
    struct Change {
        text: MaybeUndefined<String>,
        #[graphql(default = 7)]
        count: i32,
        inner: Option<Box<Change>>,
        choice: Option<Choice>,
        list: Option<Vec<Option<i32>>>,
    }

    #[derive(OneofObject)]
    enum Choice {
        Number(i32),
        Text(String),
    }

    impl Change {
        fn print(&self) -> String {
            let text = match &self.text {
                MaybeUndefined::Undefined => "absent",
                MaybeUndefined::Null => "null",
                MaybeUndefined::Value(text) => text,
            };
            let choice = self.choice.as_ref().map_or(String::new(), |choice| match choice {
                Choice::Number(number) => format!(" number {number}"),
                Choice::Text(text) => format!(" text {text}"),
            });
            let list = self.list.as_ref().map_or(String::new(), |list| format!(" {list:?}"));
            let inner = self.inner.as_ref().map_or(String::new(), |inner| format!(" [{}]", inner.print()));
            format!("{text} {}{choice}{list}{inner}", self.count)
        }
    }

    #[Object]
    impl Echo {
        async fn change(&self, input: Change) -> String {
            input.print()
        }

        async fn first(&self, #[graphql(default = 20)] first: i32) -> i32 {
            first
        }

        async fn optional(&self, first: Option<i32>) -> Option<i32> {
            first
        }

        async fn needed(&self, first: i32) -> i32 {
            first
        }

        async fn whole(&self, list: Vec<i32>) -> Vec<i32> {
            list
        }
    }

    async fn ask(document: &str, variables: Json) -> Result<Json, String> {
        let schema = Schema::new(Echo, EmptyMutation, EmptySubscription);
        let types = Types::read(&schema.sdl()).unwrap();
        let guard = Guard::new(Introspection::Everybody, &Limits::default(), Reader::new(types, &[]));
        let execution = Execution::new(schema, guard);
        let ask = async || {
            let request = Request::new(document).variables(Variables::from_json(variables.clone()));
            let request = if document.contains("query A") { request.operation_name("A") } else { request };
            execution.execute(request).await
        };
        let (response, again) = (ask().await, ask().await);
        assert_eq!(
            (&response.data, &response.errors),
            (&again.data, &again.errors),
            "as it was read before: {document}"
        );
        match response.errors.as_slice() {
            [] => Ok(response.data.into_json().unwrap()),
            [error, ..] => Err(error.message.clone()),
        }
    }

    #[tokio::test]
    async fn unsent_variables_are_absent() {
        let change = |printed: &str| json!({ "change": printed });
        let cases = [
            // Fields of input objects, at any depth and in lists.
            ("query($x: String) { change(input: { text: $x }) }", json!({}), change("absent 7")),
            ("query($x: String) { change(input: { text: $x }) }", json!({ "x": null }), change("null 7")),
            ("query($x: String) { change(input: { text: $x }) }", json!({ "x": "a" }), change("a 7")),
            ("query($x: String = \"b\") { change(input: { text: $x }) }", json!({}), change("b 7")),
            ("query($x: String = \"b\") { change(input: { text: $x }) }", json!({ "x": null }), change("null 7")),
            ("query($x: String = null) { change(input: { text: $x }) }", json!({}), change("null 7")),
            ("query($n: Int) { change(input: { count: $n }) }", json!({}), change("absent 7")),
            ("query($n: Int) { change(input: { count: $n }) }", json!({ "n": 3 }), change("absent 3")),
            ("query($n: Int = 5) { change(input: { count: $n }) }", json!({}), change("absent 5")),
            (
                "query($x: String) { change(input: { inner: { text: $x, inner: { text: $x } } }) }",
                json!({}),
                change("absent 7 [absent 7 [absent 7]]"),
            ),
            ("query($n: Int) { change(input: { list: [1, $n] }) }", json!({}), change("absent 7 [Some(1), None]")),
            ("query($l: [Int]) { change(input: { list: $l }) }", json!({}), change("absent 7")),
            ("query($c: Change!) { change(input: $c) }", json!({ "c": {} }), change("absent 7")),
            ("query($c: Change!) { change(input: $c) }", json!({ "c": { "text": null } }), change("null 7")),
            ("query($c: Change) { change(input: { inner: $c }) }", json!({}), change("absent 7")),
            (
                "query($t: String!) { change(input: { choice: { text: $t } }) }",
                json!({ "t": "a" }),
                change("absent 7 text a"),
            ),
            // Arguments.
            ("query($n: Int) { first(first: $n) }", json!({}), json!({ "first": 20 })),
            ("query($n: Int) { first(first: $n) }", json!({ "n": 3 }), json!({ "first": 3 })),
            ("query($n: Int = 4) { first(first: $n) }", json!({}), json!({ "first": 4 })),
            ("query($n: Int) { optional(first: $n) }", json!({}), json!({ "optional": null })),
            ("query($n: Int = 4) { needed(first: $n) }", json!({}), json!({ "needed": 4 })),
            ("query($n: Int! = 4) { needed(first: $n) }", json!({}), json!({ "needed": 4 })),
            // Directives.
            ("query($b: Boolean = true) { first @include(if: $b) }", json!({}), json!({ "first": 20 })),
            ("query($b: Boolean = true) { optional first @skip(if: $b) }", json!({}), json!({ "optional": null })),
            // Fragments, and several operations.
            ("query($n: Int) { ...F } fragment F on Echo { first(first: $n) }", json!({}), json!({ "first": 20 })),
            ("query($n: Int) { ... on Echo { first(first: $n) } }", json!({}), json!({ "first": 20 })),
            (
                "query A($n: Int) { ...F } query B($n: Int!) { ...F } fragment F on Echo { first(first: $n) }",
                json!({}),
                json!({ "first": 20 }),
            ),
            ("query A { optional } query B($n: Int) { first(first: $n) }", json!({}), json!({ "optional": null })),
        ];
        for (document, variables, expected) in cases {
            assert_eq!(ask(document, variables.clone()).await, Ok(expected), "{document} {variables}");
        }
    }

    #[tokio::test]
    async fn what_is_wrong_is_still_refused() {
        let cases = [
            ("query($n: Int) { needed(first: $n) }", json!({}), "\"Int!\" is expected"),
            ("query($n: Int) { needed(first: $n) }", json!({ "n": 3 }), "\"Int!\" is expected"),
            ("query($n: Int = null) { needed(first: $n) }", json!({}), "\"Int!\" is expected"),
            ("query($n: Int) { whole(list: [$n]) }", json!({}), "\"Int!\" is expected"),
            ("query($n: Int!) { whole(list: $n) }", json!({ "n": 1 }), "\"[Int!]!\" is expected"),
            ("query($n: [Int]!) { whole(list: $n) }", json!({ "n": [1] }), "\"[Int!]!\" is expected"),
            ("query($x: Int) { change(input: { text: $x }) }", json!({}), "\"String\" is expected"),
            ("query($b: Boolean) { first @include(if: $b) }", json!({}), "\"Boolean!\" is expected"),
            ("query($t: String) { change(input: { choice: { text: $t } }) }", json!({}), "exactly one field"),
            ("query($t: String) { change(input: { choice: { text: $t } }) }", json!({ "t": "a" }), "exactly one field"),
            (
                "query($t: String!, $n: Int) { change(input: { choice: { text: $t, number: $n } }) }",
                json!({ "t": "a" }),
                "exactly one field",
            ),
            ("query($n: Int) { first }", json!({}), "is not used"),
            ("{ first(first: $n) }", json!({}), "is not defined"),
            ("query($n: Int) { first(nothing: $n) }", json!({}), "nothing"),
            ("query($n: Int) { change(input: { nothing: $n }) }", json!({}), "nothing"),
            ("query($n: Int) { nothing(first: $n) }", json!({}), "nothing"),
            ("query($n: Int) { first(first: $n) }", json!({ "n": null }), "Int"),
            (
                "query A($n: Int) { ...F } query B($n: String) { ...F } fragment F on Echo { first(first: $n) }",
                json!({}),
                "\"Int!\" is expected",
            ),
            ("query A { first } query B($n: Int) { nothing(first: $n) }", json!({}), "nothing"),
        ];
        for (document, variables, reason) in cases {
            let error = ask(document, variables.clone()).await.expect_err(document);
            assert!(error.contains(reason), "{document} {variables}: {error}");
        }
    }
}
