//! Tests that the schema stays compatible with the last release, which is in `schema.released.graphql`: nothing is removed that
//! was not deprecated there, and documents of clients are still valid. At a release, `schema.graphql` is copied to that file.

use std::collections::BTreeMap;

use async_graphql::Positioned;
use async_graphql::parser::{
    parse_schema,
    types::{BaseType, ConstDirective, Type, TypeKind, TypeSystemDefinition},
};

/// The members of a type by name: fields, their arguments as `field(argument)`, input fields, enum values, union members.
type Members = BTreeMap<String, Member>;

#[derive(Debug)]
struct Member {
    is_deprecated: bool,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    /// A type that clients read.
    Output(Type),
    /// A type that clients send, and whether it is required.
    Input(Type, bool),
    Name,
}

fn read(sdl: &str) -> BTreeMap<String, Members> {
    let mut types: BTreeMap<String, Members> = BTreeMap::new();
    for definition in parse_schema(sdl).expect("the schema can be parsed").definitions {
        let TypeSystemDefinition::Type(definition) = definition else { continue };
        let members = types.entry(definition.node.name.node.to_string()).or_default();
        let fields = match definition.node.kind {
            TypeKind::Object(object) => object.fields,
            TypeKind::Interface(interface) => interface.fields,
            TypeKind::Union(union) => {
                members.extend(union.members.into_iter().map(|it| (it.node.to_string(), named(&[]))));
                continue;
            }
            TypeKind::Enum(of) => {
                members.extend(
                    of.values.into_iter().map(|it| (it.node.value.node.to_string(), named(&it.node.directives))),
                );
                continue;
            }
            TypeKind::InputObject(object) => {
                members.extend(object.fields.into_iter().map(|field| {
                    let field = field.node;
                    (
                        field.name.node.to_string(),
                        input(&field.directives, field.ty.node, field.default_value.is_some()),
                    )
                }));
                continue;
            }
            TypeKind::Scalar => continue,
        };
        for field in fields {
            let field = field.node;
            for argument in field.arguments {
                let argument = argument.node;
                let name = format!("{}({})", field.name.node, argument.name.node);
                let mut member = input(&argument.directives, argument.ty.node, argument.default_value.is_some());
                member.is_deprecated |= is_deprecated(&field.directives);
                members.insert(name, member);
            }
            let kind = Kind::Output(field.ty.node);
            members
                .insert(field.name.node.to_string(), Member { is_deprecated: is_deprecated(&field.directives), kind });
        }
    }
    types
}

fn is_deprecated(directives: &[Positioned<ConstDirective>]) -> bool {
    directives.iter().any(|directive| directive.node.name.node == "deprecated")
}

fn named(directives: &[Positioned<ConstDirective>]) -> Member {
    Member { is_deprecated: is_deprecated(directives), kind: Kind::Name }
}

fn input(directives: &[Positioned<ConstDirective>], of: Type, has_default: bool) -> Member {
    let is_required = !of.nullable && !has_default;
    Member { is_deprecated: is_deprecated(directives), kind: Kind::Input(of, is_required) }
}

/// The changes from `before` to `after` that break clients.
fn breaks(before: &str, after: &str) -> Vec<String> {
    let (before, after) = (read(before), read(after));
    let mut found = Vec::new();
    for (name, members) in &before {
        let Some(now) = after.get(name) else {
            found.push(format!("type {name} is missing"));
            continue;
        };
        for (member, was) in members {
            match (now.get(member), &was.kind) {
                (None, _) if !was.is_deprecated => {
                    found.push(format!("{name}.{member} is missing and was not deprecated"));
                }
                (Some(Member { kind: Kind::Output(is), .. }), Kind::Output(was)) if !narrows(was, is) => {
                    found.push(format!("{name}.{member} was {was} and is {is}"));
                }
                (Some(Member { kind: Kind::Input(is, _), .. }), Kind::Input(was, _)) if !narrows(is, was) => {
                    found.push(format!("{name}.{member} was {was} and is {is}"));
                }
                _ => {}
            }
        }
        let is_new = |member: &&String| !members.contains_key(*member);
        for member in now.keys().filter(is_new) {
            // A required argument of a new field breaks no client.
            let is_of_old_field = member.split_once('(').is_none_or(|(field, _)| members.contains_key(field));
            if matches!(now[member].kind, Kind::Input(_, true)) && is_of_old_field {
                found.push(format!("{name}.{member} is new and required"));
            }
        }
    }
    found
}

/// Whether each value of `is` is a value of `was`: the same type, or one that is null in fewer places.
fn narrows(was: &Type, is: &Type) -> bool {
    let same = match (&was.base, &is.base) {
        (BaseType::Named(was), BaseType::Named(is)) => was == is,
        (BaseType::List(was), BaseType::List(is)) => narrows(was, is),
        _ => false,
    };
    same && (was.nullable || !is.nullable)
}

#[test]
fn schema_is_compatible_with_the_last_release() {
    let breaks = breaks(include_str!("../../schema.released.graphql"), &super::sdl());
    assert!(breaks.is_empty(), "deprecate first, remove in a later release: {breaks:#?}");
}

#[test]
fn breaking_change_is_found() {
    let before =
        "type Query { a(x: Int, y: Int! = 1): Int! b: [Int!] old: Int @deprecated } enum E { A B } input I { x: Int! }
                  union U = Query";
    assert_eq!(breaks(before, before), Vec::<String>::new());
    let harmless = "type Query { a(x: Int, y: Int! = 1, z: Int): Int! b: [Int!]! c(n: Int!): Int } enum E { A B C }
                    input I { x: Int y: Int! = 3 } union U = Query type New { a: Int }";
    assert_eq!(breaks(before, harmless), Vec::<String>::new());
    let harmful = "type Query { a(x: Int!, z: Int!): Int b: [Int] } enum E { A } input I { x: String! y: Int! }";
    let found = breaks(before, harmful);
    for part in [
        "Query.a was Int! and is Int",
        "Query.a(x) was Int and is Int!",
        "Query.a(y) is missing",
        "Query.a(z) is new and required",
        "Query.b was [Int!] and is [Int]",
        "E.B is missing",
        "I.x was Int! and is String!",
        "I.y is new and required",
        "type U is missing",
    ] {
        assert!(found.iter().any(|it| it.starts_with(part)), "{part}: {found:#?}");
    }
    assert_eq!(found.len(), 9, "{found:#?}");
}
