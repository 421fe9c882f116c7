//! Tests that everything in the schema has a description, and that each description is a sentence.

use async_graphql::{
    Positioned,
    parser::{
        parse_schema,
        types::{FieldDefinition, InputValueDefinition, TypeKind, TypeSystemDefinition},
    },
};

/// Collects the places whose description is missing or not a sentence.
#[derive(Default)]
struct Walk {
    wrong: Vec<String>,
    count: usize,
}

impl Walk {
    fn check(&mut self, place: &str, description: Option<&Positioned<String>>) {
        self.count += 1;
        let text = description.map_or("", |description| description.node.trim());
        let starts_well = text.starts_with(|c: char| c.is_uppercase() || c.is_ascii_digit());
        let ends_well = text.ends_with(['.', '?']) || text.ends_with(".\"");
        if !(starts_well && ends_well) {
            self.wrong.push(format!("{place}: {text:?}"));
        }
    }

    fn inputs(&mut self, of: &str, inputs: &[Positioned<InputValueDefinition>]) {
        for Positioned { node: input, .. } in inputs {
            self.check(&format!("{of}.{}", input.name.node), input.description.as_ref());
        }
    }

    fn fields(&mut self, of: &str, fields: &[Positioned<FieldDefinition>]) {
        for Positioned { node: field, .. } in fields {
            let place = format!("{of}.{}", field.name.node);
            self.inputs(&place, &field.arguments);
            self.check(&place, field.description.as_ref());
        }
    }
}

fn walk(sdl: &str) -> Walk {
    let mut walk = Walk::default();
    for definition in parse_schema(sdl).expect("the schema can be parsed").definitions {
        let TypeSystemDefinition::Type(definition) = definition else { continue };
        let of = definition.node.name.node.as_str();
        walk.check(of, definition.node.description.as_ref());
        match &definition.node.kind {
            TypeKind::Object(object) => walk.fields(of, &object.fields),
            TypeKind::Interface(interface) => walk.fields(of, &interface.fields),
            TypeKind::InputObject(object) => walk.inputs(of, &object.fields),
            TypeKind::Enum(values) => {
                for Positioned { node: value, .. } in &values.values {
                    walk.check(&format!("{of}.{}", value.value.node), value.description.as_ref());
                }
            }
            TypeKind::Union(_) | TypeKind::Scalar => {}
        }
    }
    walk
}

#[test]
fn everything_in_the_schema_has_a_description_that_is_a_sentence() {
    let Walk { wrong, count } = walk(&super::sdl());
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(count > 600, "only {count} descriptions were found");
}

#[test]
fn missing_description_is_found_wherever_it_is() {
    let schema = "type Query { a(x: Int): Int } enum E { A } input I { b: Int } interface N { c: Int } scalar S";
    let found: Vec<_> = walk(schema).wrong.into_iter().map(|wrong| wrong.replace(": \"\"", "")).collect();
    assert_eq!(found, ["Query", "Query.a.x", "Query.a", "E", "E.A", "I", "I.b", "N", "N.c", "S"]);
    assert_eq!(walk("\"no sentence\" scalar S").wrong, ["S: \"no sentence\""]);
}
