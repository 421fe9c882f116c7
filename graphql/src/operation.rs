//! What a request asks, read once: its kind, what it costs, how many mutations it makes, whether it is shown the schema,
//! and what its answer looks like. Rights, limits and the repair of answers all go by this.
//!
//! The price of an operation is found before it runs: fields with lists multiplied out, statements, fields of
//! introspection, and bytes of arguments and of the answer. [`prices`](super::prices) has what each field costs, and how
//! much is allowed.

use std::collections::BTreeSet;

use async_graphql::{
    Name, Positioned, Variables,
    parser::types::{
        BaseType, ExecutableDocument, Field, OperationDefinition, OperationType, Selection, SelectionSet,
        VariableDefinition,
    },
};
use async_graphql_value::{ConstValue, Value};
use service::lists::MAX_PAGE;

use super::{
    completion::Shape,
    error::ApiError,
    prices::{self, Rows, Statements},
    registry::{Types, named_type},
};

/// How many selections are looked at, with all fragments written out.
const SELECTIONS: u32 = 20_000;

/// How deep selections may stand in each other, fragments included.
const NESTING: usize = 100;

/// What a request asks.
#[derive(Debug)]
pub struct Operation {
    pub kind: OperationType,
    pub cost: Cost,
    /// How many fields are selected at the root: of a mutation each changes something.
    pub root_fields: u32,
    /// Whether a part of the schema is shown: `__schema` or `__type`.
    pub shows_schema: bool,
    /// What the answer looks like.
    pub shape: Shape,
}

/// What an operation costs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Cost {
    /// How many fields are resolved.
    pub fields: u64,
    /// How many statements the database is asked.
    pub statements: u64,
    /// How many fields of introspection are resolved.
    pub introspection: u64,
    /// How many bytes of arguments are read.
    pub argument_bytes: u64,
    /// How many bytes the answer has at most.
    pub answer_bytes: u64,
}

impl Operation {
    /// # Errors
    /// QUERY_TOO_COMPLEX, when the operation costs more than is allowed. Then the rest of it has not been looked at.
    pub fn read(
        types: &Types,
        document: &ExecutableDocument,
        operation: &OperationDefinition,
        variables: &Variables,
    ) -> Result<Self, ApiError> {
        let mut walk = Walk {
            types,
            document,
            definitions: &operation.variable_definitions,
            variables,
            cost: Cost::default(),
            root_fields: 0,
            shows_schema: false,
            loaded: BTreeSet::new(),
            looked_at: 0,
        };
        let mut shape = Shape::default();
        let of = types.root(operation.ty);
        let place = Place { of, times: 1, rows: 1, lists: 1, depth: 0, nesting: 0, scope: Scope::Any };
        walk.selections(&operation.selection_set.node, place, &mut shape)?;
        let Walk { cost, root_fields, shows_schema, .. } = walk;
        Ok(Self { kind: operation.ty, cost, root_fields, shows_schema, shape })
    }
}

impl Cost {
    fn check(&self) -> Result<(), ApiError> {
        let too_much = |what: &str, most: u64| {
            Err(ApiError::query_too_complex(format!(
                "the document asks for too much: {what} (at most {most}); ask for shorter lists, or split it up"
            )))
        };
        if self.fields > prices::FIELDS {
            return too_much("too many fields, with lists multiplied out", prices::FIELDS);
        }
        if self.statements > prices::STATEMENTS {
            return too_much("too many statements of the database", prices::STATEMENTS);
        }
        if self.introspection > prices::INTROSPECTION {
            return too_much("too many fields of introspection", prices::INTROSPECTION);
        }
        if self.argument_bytes > prices::ARGUMENT_BYTES {
            return too_much("too many bytes of arguments", prices::ARGUMENT_BYTES);
        }
        Ok(())
    }
}

/// Where a selection set stands.
#[derive(Clone, Copy)]
struct Place<'a> {
    /// The type whose fields are selected, if the schema knows it.
    of: Option<&'a Name>,
    /// How often it is resolved.
    times: u64,
    /// Of a connection: how many rows it has.
    rows: u64,
    /// How many lists were read one by one for it.
    lists: u64,
    /// How many fields stand around it.
    depth: usize,
    /// The same with fragments.
    nesting: usize,
    scope: Scope,
}

/// Of introspection: what is known of the types that are looked at.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Scope {
    /// Any one of them.
    Any,
    /// All, once each.
    All,
}

struct Walk<'a> {
    types: &'a Types,
    document: &'a ExecutableDocument,
    definitions: &'a [Positioned<VariableDefinition>],
    variables: &'a Variables,
    cost: Cost,
    root_fields: u32,
    shows_schema: bool,
    /// What loaders read, by depth, type and field.
    loaded: BTreeSet<(usize, &'a str, &'a str)>,
    looked_at: u32,
}

impl<'a> Walk<'a> {
    fn selections(
        &mut self,
        selections: &'a SelectionSet,
        place: Place<'a>,
        shape: &mut Shape,
    ) -> Result<(), ApiError> {
        if place.nesting > NESTING || place.depth > prices::DEPTH {
            let message = format!("fields stand in fields too deep (at most {}): split the document up", prices::DEPTH);
            return Err(ApiError::query_too_complex(message));
        }
        let inner = Place { nesting: place.nesting + 1, ..place };
        for selection in &selections.items {
            self.looked_at += 1;
            if self.looked_at > SELECTIONS {
                return Err(ApiError::query_too_complex("the document's fragments multiply: split it up"));
            }
            match &selection.node {
                Selection::Field(field) => self.field(&field.node, inner, shape)?,
                Selection::InlineFragment(fragment) => {
                    let condition = fragment.node.type_condition.as_ref().map(|condition| &condition.node.on.node);
                    let of = condition.or(place.of);
                    self.selections(&fragment.node.selection_set.node, Place { of, ..inner }, shape)?;
                }
                Selection::FragmentSpread(spread) => {
                    if let Some(fragment) = self.document.fragments.get(&spread.node.fragment_name.node) {
                        let of = Some(&fragment.node.type_condition.node.on.node);
                        self.selections(&fragment.node.selection_set.node, Place { of, ..inner }, shape)?;
                    }
                }
            }
        }
        Ok(())
    }

    fn field(&mut self, field: &'a Field, place: Place<'a>, shape: &mut Shape) -> Result<(), ApiError> {
        let name = field.name.node.as_str();
        let of = place.of.map_or("", Name::as_str);
        if place.depth == 0 {
            self.root_fields += 1;
        }
        let arguments: u64 = field.arguments.iter().map(|(_, value)| self.bytes(&value.node)).sum();
        add(&mut self.cost.argument_bytes, arguments, place.times);
        let is_leaf = field.selection_set.node.items.is_empty();
        let key = len(&field.response_key().node) + 8;
        let value = if is_leaf { prices::value_bytes(of, name) } else { 2 };
        add(&mut self.cost.answer_bytes, key + value, place.times);

        let is_introspection = of.starts_with("__") || matches!(name, "__schema" | "__type");
        if is_introspection {
            self.shows_schema = true;
            let lookup = if of.starts_with("__") { 1 } else { prices::TYPE_LOOKUP };
            add(&mut self.cost.introspection, lookup, place.times);
        } else {
            add(&mut self.cost.fields, 1, place.times);
        }
        // What the schema doesn't know is refused by validation; only `__typename` is nowhere written down.
        let known = place.of.and_then(|of| self.types.field(of, &field.name.node));
        let inside = shape.add(&field.response_key().node, known.map(|known| &known.of));
        let child = Place { depth: place.depth + 1, rows: 1, scope: Scope::Any, ..place };
        let Some(known) = known else {
            self.cost.check()?;
            return self.selections(&field.selection_set.node, Place { of: None, ..child }, inside);
        };
        let child = Place { of: Some(named_type(&known.of)), ..child };
        let child = if is_introspection {
            let (times, scope) = self.rows_of_introspection(name, place);
            Place { times, scope, ..child }
        } else {
            let price = prices::price(of, name);
            let rows = match price.rows {
                Rows::Page(usual) => self.page(field, usual),
                Rows::Most(rows) => rows,
                Rows::OfType if matches!(known.of.base, BaseType::List(_)) => prices::LIST,
                Rows::OfType => 1,
            };
            let mut lists = place.lists;
            match price.statements {
                Statements::None => {}
                Statements::Each(statements) => {
                    add(&mut self.cost.statements, statements, place.times);
                    lists = place.times;
                }
                Statements::Loaded => {
                    if self.loaded.insert((place.depth, of, name)) {
                        self.cost.statements += 1;
                    }
                    self.cost.statements += place.times / prices::BATCH + place.lists / prices::LISTS_A_BATCH;
                }
            }
            let is_connection = named_type(&known.of).as_str().ends_with("Connection");
            let times = if is_connection {
                place.times
            } else if of.ends_with("Connection") && matches!(name, "nodes" | "edges") {
                place.times.saturating_mul(place.rows)
            } else {
                place.times.saturating_mul(rows)
            };
            Place { times, rows: if is_connection { rows } else { 1 }, lists, ..child }
        };
        self.cost.check()?;
        self.selections(&field.selection_set.node, child, inside)
    }

    /// How often what stands in a field of introspection is resolved.
    fn rows_of_introspection(&self, name: &str, place: Place<'_>) -> (u64, Scope) {
        let sizes = self.types.sizes();
        let of = place.of.map_or("", Name::as_str);
        let (all, most) = match (of, name) {
            ("__Schema", "types") => return (place.times.saturating_mul(sizes.types), Scope::All),
            ("__Schema", "directives") => return (place.times.saturating_mul(sizes.directives), Scope::Any),
            ("__Type", "fields") => (sizes.fields, sizes.most_fields),
            ("__Type", "inputFields") => (sizes.input_fields, sizes.most_input_fields),
            ("__Type", "enumValues") => (sizes.enum_values, sizes.most_enum_values),
            ("__Type", "possibleTypes" | "interfaces") => (sizes.possible_types, sizes.most_possible_types),
            ("__Field", "args") => (sizes.arguments, sizes.most_arguments),
            ("__Directive", "args") => return (place.times.saturating_mul(2), Scope::Any),
            _ => return (place.times, Scope::Any),
        };
        if place.scope == Scope::All {
            let passes = place.times / if of == "__Field" { sizes.fields } else { sizes.types }.max(1);
            let scope = if name == "fields" { Scope::All } else { Scope::Any };
            (passes.max(1).saturating_mul(all), scope)
        } else {
            (place.times.saturating_mul(most), Scope::Any)
        }
    }

    /// How many rows a page may have.
    fn page(&self, field: &Field, usual: u64) -> u64 {
        let asked = ["first", "last"].into_iter().find_map(|name| match &field.get_argument(name)?.node {
            Value::Number(number) => number.as_i64(),
            Value::Variable(variable) => match self.value(variable)? {
                ConstValue::Number(number) => number.as_i64(),
                _ => None,
            },
            _ => None,
        });
        let most = i64::from(MAX_PAGE);
        asked.map_or(usual, |asked| asked.clamp(1, most).unsigned_abs())
    }

    fn value(&self, variable: &Name) -> Option<&ConstValue> {
        self.variables.get(variable).or_else(|| {
            let definition = self.definitions.iter().find(|definition| definition.node.name.node == *variable)?;
            definition.node.default_value.as_ref().map(|default| &default.node)
        })
    }

    fn bytes(&self, value: &Value) -> u64 {
        match value {
            Value::Variable(name) => self.value(name).map_or(0, const_bytes),
            Value::String(text) => len(text),
            Value::Enum(name) => len(name),
            Value::Binary(bytes) => bytes.len() as u64,
            Value::List(items) => items.iter().map(|item| 8 + self.bytes(item)).sum(),
            Value::Object(fields) => fields.iter().map(|(name, value)| 8 + len(name) + self.bytes(value)).sum(),
            Value::Null | Value::Number(_) | Value::Boolean(_) => 8,
        }
    }
}

fn const_bytes(value: &ConstValue) -> u64 {
    match value {
        ConstValue::String(text) => len(text),
        ConstValue::Enum(name) => len(name),
        ConstValue::Binary(bytes) => bytes.len() as u64,
        ConstValue::List(items) => items.iter().map(|item| 8 + const_bytes(item)).sum(),
        ConstValue::Object(fields) => fields.iter().map(|(name, value)| 8 + len(name) + const_bytes(value)).sum(),
        ConstValue::Null | ConstValue::Number(_) | ConstValue::Boolean(_) => 8,
    }
}

fn len(text: &str) -> u64 {
    text.len() as u64
}

fn add(sum: &mut u64, price: u64, times: u64) {
    *sum = sum.saturating_add(price.saturating_mul(times));
}

#[cfg(test)]
mod tests {
    use async_graphql::{parser::parse_query, value};

    use super::*;
    use crate::{document::find_operation, error::ErrorCode};

    fn cost_with(document: &str, variables: ConstValue) -> Result<Cost, ErrorCode> {
        let types = crate::types().unwrap();
        let document = parse_query(document).unwrap();
        let operation = &find_operation(&document, None).unwrap().node;
        let read = Operation::read(&types, &document, operation, &Variables::from_value(variables));
        read.map(|operation| operation.cost).map_err(|error| error.code())
    }

    fn cost(document: &str) -> Result<Cost, ErrorCode> {
        cost_with(document, value!({}))
    }

    /// What clients send to read the whole schema. `full`: with all that graphql-js can ask for.
    pub fn introspection(full: bool) -> String {
        let deprecated = if full { "(includeDeprecated: true)" } else { "" };
        let reason = if full { "isDeprecated deprecationReason" } else { "" };
        let (one_of, by_url, description, repeatable) =
            if full { ("isOneOf", "specifiedByURL", "description", "isRepeatable") } else { ("", "", "", "") };
        let of_type = "ofType { kind name ".repeat(9) + &"}".repeat(9);
        format!(
            "query IntrospectionQuery {{
                __schema {{
                    {description}
                    queryType {{ name kind }} mutationType {{ name kind }} subscriptionType {{ name kind }}
                    types {{ ...FullType }}
                    directives {{ name description {repeatable} locations args{deprecated} {{ ...InputValue }} }}
                }}
            }}
            fragment FullType on __Type {{
                kind name description {by_url} {one_of}
                fields(includeDeprecated: true) {{
                    name description args{deprecated} {{ ...InputValue }} type {{ ...TypeRef }}
                    isDeprecated deprecationReason
                }}
                inputFields{deprecated} {{ ...InputValue }}
                interfaces {{ ...TypeRef }}
                enumValues(includeDeprecated: true) {{ name description isDeprecated deprecationReason }}
                possibleTypes {{ ...TypeRef }}
            }}
            fragment InputValue on __InputValue {{ name description type {{ ...TypeRef }} defaultValue {reason} }}
            fragment TypeRef on __Type {{ kind name {of_type} }}"
        )
    }

    #[test]
    fn each_field_at_the_root_counts() {
        let count = |document: &str| {
            let document = parse_query(document).unwrap();
            let operation = &find_operation(&document, None).unwrap().node;
            let types = Types::default();
            Operation::read(&types, &document, operation, &Variables::default()).map(|operation| operation.root_fields)
        };
        assert_eq!(count("mutation { a { x y } b: a }").ok(), Some(2));
        assert_eq!(count("mutation { ...F ... { ...F c } } fragment F on M { a ... on M { b } }").ok(), Some(5));
        assert_eq!(count(&format!("mutation {}{{ a b }}{}", "{ ...".repeat(40), "}".repeat(40))).ok(), Some(2));
        assert_eq!(count("mutation { a ...Nowhere }").ok(), Some(1));
        let spreads = (0..30).map(|n| format!("...F{n}")).collect::<Vec<_>>().join(" ");
        let circles: String = (0..30).map(|n| format!(" fragment F{n} on M {{ {spreads} a }}")).collect();
        assert!(count(&format!("mutation {{ ...F0 }}{circles}")).is_err());
    }

    #[test]
    fn whoever_is_shown_the_schema_is_noticed() {
        let shows = |document: &str| {
            let document = parse_query(document).unwrap();
            let operation = &find_operation(&document, None).unwrap().node;
            let types = crate::types().unwrap();
            Operation::read(&types, &document, operation, &Variables::default()).unwrap().shows_schema
        };
        assert!(shows("{ __schema { queryType { name } } }"));
        assert!(shows("query { ...F } fragment F on Query { ... { t: __type(name: \"Query\") { name } } }"));
        assert!(!shows("{ __typename viewer { __typename id } }"));
    }

    #[test]
    fn clients_may_read_the_whole_schema() {
        for full in [false, true] {
            let cost = cost(&introspection(full)).unwrap();
            assert!(cost.introspection > 5_000, "{cost:?}");
            assert!(cost.introspection * 2 < prices::INTROSPECTION, "there is room for a larger schema: {cost:?}");
            assert_eq!((cost.fields, cost.statements), (0, 0));
        }
    }

    #[test]
    fn introspection_in_circles_is_refused() {
        let nested =
            |open: &str, count: usize| open.repeat(count) + "name" + &"}".repeat(open.matches('{').count() * count);
        let of = |inside: &str| format!("{{ __type(name: \"Node\") {{ {inside} }} }}");
        for document in [
            of(&nested("possibleTypes { interfaces { ", 6)),
            of(&nested("fields { type { ", 5)),
            of(&nested("fields { type { ofType { ", 4)),
            of(&nested("fields { args { type { fields { type { ", 2)),
            of(&nested("possibleTypes { fields { type { ", 3)),
            format!(
                "{{ __schema {{ types {{ {} }} }} }}",
                nested("fields { type { fields { type { fields { type { ", 1)
            ),
            format!(
                "{{ __schema {{ types {{ {} }} }} }}",
                nested("fields { args { type { inputFields { type { inputFields { type { inputFields { ", 1)
            ),
            format!("{{ __schema {{ directives {{ args {{ type {{ {} }} }} }} }} }}", nested("fields { type { ", 4)),
            "{ ...A } fragment A on Query { __type(name: \"Node\") { ...B } }
             fragment B on __Type { possibleTypes { ...C } } fragment C on __Type { interfaces { ...D } }
             fragment D on __Type { fields { type { ...E } } } fragment E on __Type { fields { type { ...F } } }
             fragment F on __Type { fields { type { name fields { name } } } }"
                .to_owned(),
            format!(
                "{{ {} }}",
                (0..250).map(|n| format!("a{n}: __type(name: \"Query\") {{ name }} ")).collect::<String>()
            ),
            format!("{{ {} }}", "__schema { types { fields { name args { name } } } } ".repeat(150)),
        ] {
            assert_eq!(cost(&document).err(), Some(ErrorCode::QueryTooComplex), "{document}");
        }
    }

    #[test]
    fn fields_are_counted_with_their_lists() {
        let cases = [
            ("{ viewerIsAdmin }", 1, 0),
            ("{ __typename a: __typename }", 2, 0),
            ("{ sessions { nodes { id } } }", 1 + 1 + 20, 1),
            ("{ sessions(first: 5) { totalCount nodes { id name } } }", 1 + 2 + 10, 2),
            ("{ sessions(first: 0) { totalCount nodes { id } } }", 1 + 2 + 1, 2),
            ("{ sessions(last: 3) { edges { cursor node { id } } } }", 1 + 1 + 6 + 3, 1),
            // Each of the lists in a list is read by itself.
            ("{ sessions(first: 10) { nodes { instances(first: 2) { nodes { id } } } } }", 1 + 1 + 10 + 10 + 20, 11),
            // What loaders read is read for all at once, whatever it is called.
            ("{ sessions(first: 10) { nodes { isActive } } }", 1 + 1 + 10, 2),
            ("{ a: session(id: 1) { isActive } b: session(id: 2) { isActive } }", 4, 2),
            ("{ session(id: 1) { organizers { id } activeInstances { id } } }", 1 + 1 + 30 + 1 + 30, 3),
            ("{ session(id: 1) { occurrences { date } } }", 1 + 1 + 10, 2),
            ("query($n: Int = 7) { sessions(first: $n) { nodes { id } } }", 1 + 1 + 7, 1),
            ("{ ...F ...F } fragment F on Query { sessions(first: 1) { totalCount } }", 4, 4),
            ("{ node(id: 1) { ... on Session { instances(first: 1) { totalCount } } } }", 3, 3),
            ("mutation { sweep { report { at } } }", 3, 0),
            ("subscription { activeSessionChanged { kind session { isActive } } }", 4, 2),
        ];
        for (document, fields, statements) in cases {
            let cost = cost(document).unwrap();
            assert_eq!((cost.fields, cost.statements), (fields, statements), "{document}");
        }
        let asked = "query($n: Int) { sessions(first: $n) { nodes { id } } }";
        for (n, fields) in [(value!({ "n": 3 }), 5), (value!({ "n": 9_999_999 }), 102), (value!({ "n": "x" }), 22)] {
            assert_eq!(cost_with(asked, n).unwrap().fields, fields);
        }
    }

    #[test]
    fn what_costs_too_much_is_refused() {
        let many = |count: usize, text: fn(usize) -> String| (0..count).map(text).collect::<String>();
        let in_events = many(101, |n| format!("a{n}: instances(first: 0) {{ totalCount }} "));
        for document in [
            format!("{{ {} }}", many(101, |n| format!("a{n}: sessions(first: 0) {{ totalCount }} "))),
            format!("{{ sessions(first: 100) {{ nodes {{ {} }} }} }}", many(2, |n| format!("a{n}: instances(first: 0) {{ totalCount }} "))),
            "{ sessions(first: 100) { nodes { a: instances(first: 1) { nodes { checkIns(first: 1) { nodes { id } } } } } } }".to_owned(),
            format!("subscription {{ activeSessionChanged {{ session {{ {in_events} }} }} }}"),
            "{ activeSessionInstances { nodes { nearbyActiveInstances { nearbyActiveInstances { nearbyActiveInstances { id } } } } } }".to_owned(),
            format!("{{ ...F0 }} {}", many(90, |n| format!("fragment F{n} on Query {{ ...F{} ...F{} a: __typename }} ", n + 1, n + 1))),
        ] {
            assert_eq!(cost(&document).err(), Some(ErrorCode::QueryTooComplex), "{document}");
        }
    }

    #[test]
    fn arguments_count_as_often_as_they_are_read() {
        let many = (0..150).map(|n| format!("a{n}: node(id: $id) {{ id }} ")).collect::<String>();
        let document = format!("query($id: ID!) {{ {many} }}");
        assert!(cost_with(&document, value!({ "id": "Session:1" })).is_ok_and(|cost| cost.argument_bytes < 3_000));
        let long = ConstValue::String("x".repeat(216_000));
        assert_eq!(cost_with(&document, value!({ "id": (long.clone()) })).err(), Some(ErrorCode::QueryTooComplex));
        assert!(cost_with("query($id: ID!) { node(id: $id) { id } }", value!({ "id": (long) })).is_ok());
        let literal = format!(
            "{{ sessions(first: 100) {{ nodes {{ instances(after: \"{}\") {{ totalCount }} }} }} }}",
            "x".repeat(50_000)
        );
        assert_eq!(cost(&literal).err(), Some(ErrorCode::QueryTooComplex));
    }

    #[test]
    fn an_answer_has_at_most_so_many_bytes() {
        let short = cost("{ viewerIsAdmin }").unwrap().answer_bytes;
        let named = cost(&format!("{{ {}: viewerIsAdmin }}", "n".repeat(128))).unwrap().answer_bytes;
        assert_eq!(named - short, 128 - 13);
        let texts = cost("{ presences(first: 100) { nodes { currentPage } } }").unwrap().answer_bytes;
        assert!(texts >= 100 * 12_000, "{texts}");
    }
}
