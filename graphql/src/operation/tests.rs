//! Tests of the cost of operations, and of their limits.

use async_graphql::{parser::parse_query, value};

use super::*;
use crate::{document::find_operation, error::ErrorCode};

fn read(reader: &Reader, document: &str, variables: ConstValue) -> Result<Operation, ApiError> {
    let document = parse_query(document).unwrap();
    let operation = &find_operation(&document, None).unwrap().node;
    Operation::read(reader, &document, (None, operation), &Variables::from_value(variables), 0)
}

fn cost_with(document: &str, variables: ConstValue) -> Result<Cost, ErrorCode> {
    let read = read(&crate::reader(false).unwrap(), document, variables);
    read.map(|operation| operation.cost).map_err(|error| error.code())
}

fn cost(document: &str) -> Result<Cost, ErrorCode> {
    cost_with(document, value!({}))
}

/// The query with which clients read the whole schema. With `full`, it has all options of graphql-js.
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
    let count = |document: &str| read(&Reader::default(), document, value!({})).map(|operation| operation.root_fields);
    assert_eq!(count("mutation { a { x y } b: a }").ok(), Some(2));
    assert_eq!(count("mutation { ...F ... { ...F c } } fragment F on M { a ... on M { b } }").ok(), Some(5));
    assert_eq!(count(&format!("mutation {}{{ a b }}{}", "{ ...".repeat(40), "}".repeat(40))).ok(), Some(2));
    assert_eq!(count("mutation { a ...Nowhere }").ok(), Some(1));
    let spreads = (0..30).map(|n| format!("...F{n}")).collect::<Vec<_>>().join(" ");
    let circles = (0..30).map(|n| format!(" fragment F{n} on M {{ {spreads} a }}")).collect::<Vec<_>>().concat();
    assert!(count(&format!("mutation {{ ...F0 }}{circles}")).is_err());
}

#[test]
fn whoever_is_shown_the_schema_is_noticed() {
    let reader = crate::reader(false).unwrap();
    let shows = |document: &str| read(&reader, document, value!({})).unwrap().shows_schema;
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
fn preview_costs_as_much_as_it_has_schedules() {
    let statements = |document: &str, variables: ConstValue| cost_with(document, variables).map(|cost| cost.statements);
    let inline = |schedules: &str| {
        format!(
            "query($s: [ScheduleInput!]) {{ previewRecurrence(input: {{ timeZone: \"UTC\", schedules: {schedules} }}) {{ text }} }}"
        )
    };
    let by_variable = "query($i: PreviewRecurrenceInput!) { a: previewRecurrence(input: $i) { text } b: previewRecurrence(input: $i) { text } }";
    let many = ConstValue::List(vec![value!({}); 40]);
    assert_eq!(statements(&inline("[]"), value!({})), Ok(2));
    assert_eq!(statements(&inline("[{}, {}, {}]"), value!({})), Ok(6));
    let of = |name: &str, value: ConstValue| ConstValue::Object([(Name::new(name), value)].into_iter().collect());
    assert_eq!(statements(&inline("$s"), of("s", many.clone())), Ok(80));
    assert_eq!(statements(by_variable, of("i", of("schedules", many))), Ok(160));
    let too_many = ConstValue::List(vec![value!({}); 51]);
    assert_eq!(statements(by_variable, of("i", of("schedules", too_many))), Err(ErrorCode::QueryTooComplex));
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
        format!("{{ __schema {{ types {{ {} }} }} }}", nested("fields { type { fields { type { fields { type { ", 1)),
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
            (0..250).map(|n| format!("a{n}: __type(name: \"Query\") {{ name }} ")).collect::<Vec<_>>().concat()
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
        // Each list inside a list is read by itself.
        ("{ sessions(first: 10) { nodes { instances(first: 2) { nodes { id } } } } }", 1 + 1 + 10 + 10 + 20, 11),
        // Loaders read everything at once, whatever the aliases.
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
fn names_count_as_often_as_they_are_written() {
    let names = (0..24).map(|n| format!("{}{n:02}: name ", "n".repeat(118))).collect::<Vec<_>>().concat();
    let cost = cost(&format!("{{ sessions(first: 100) {{ nodes {{ {names} }} }} }}")).unwrap();
    assert_eq!(cost.name_bytes, 24 * 100 * 120 + "nodes".len() as u64 + "sessions".len() as u64);
    assert!(cost.is_expensive(), "{cost:?}");
}

#[test]
fn arguments_count_as_often_as_they_are_read() {
    let many = (0..150).map(|n| format!("a{n}: node(id: $id) {{ id }} ")).collect::<Vec<_>>().concat();
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

#[test]
fn variables_are_paid_for_as_often_as_they_are_used() {
    let many = |use_of: &str| {
        let uses: String = (0..249).map(|n| use_of.replace('N', &n.to_string())).collect();
        format!("query($v: [ID!], $b: Boolean!) {{ {uses} }}")
    };
    let large = ConstValue::List(vec![ConstValue::from("Session:1"); 16_000]);
    let variables = |name: &str| ConstValue::Object([(Name::new(name), large.clone())].into());
    for (document, name) in [
        (many("aN: node(id: $v) { id } "), "v"),
        (many("aN: viewerIsAdmin @include(if: $b) "), "b"),
        (many("... @include(if: $b) { viewerIsAdmin } "), "b"),
        (many("aN: node(id: [{ x: $v }]) { id } "), "v"),
    ] {
        assert_eq!(cost_with(&document, variables(name)), Err(ErrorCode::QueryTooComplex), "{}", &document[..60]);
    }
    let once = cost_with("query($v: [ID!]) { a: node(id: $v) { id } }", variables("v")).unwrap();
    assert!(once.argument_bytes > 200_000 && once.points() > 12, "{once:?}");
}
