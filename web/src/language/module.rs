//! The words of the browser module. `clients/js/insession.js` is one file without imports, so it has a copy of the texts that it
//! needs. After a change of a text, `INSESSION_WRITE=1 cargo test -p insession-web module` writes the copy again.

use std::{fmt::Write as _, fs, path::Path};

use fluent_bundle::FluentResource;
use fluent_syntax::ast::{Entry, Expression, InlineExpression, Pattern, PatternElement, VariantKey};
use serde_json::{Value, json};

use super::Language;

/// The texts of pages that the module uses too, besides all texts whose names begin with `element-`.
const SHARED: [&str; 10] = [
    "live-now",
    "seats-closed",
    "wait-closed",
    "seats-taken",
    "taking-part",
    "waiting",
    "booking-ongoing",
    "booking-delayed",
    "booking-completed",
    "booking-cancelled",
];

const BEGIN: &str = "const WORDS = {\n";
const END: &str = "};\n";

fn variable<'a>(expression: &'a InlineExpression<&str>) -> &'a str {
    match expression {
        InlineExpression::VariableReference { id } => id.name,
        other => panic!("the module cannot read {other:?}"),
    }
}

/// A text as the module has it: a template with `{name}`, or one for each case of the number `on`.
fn template(pattern: &Pattern<&str>) -> Value {
    if let [PatternElement::Placeable { expression: Expression::Select { selector, variants } }] = &pattern.elements[..]
    {
        let mut forms = json!({ "on": variable(selector) });
        for variant in variants {
            let (VariantKey::Identifier { name: case } | VariantKey::NumberLiteral { value: case }) = variant.key;
            forms[case] = template(&variant.value);
        }
        return forms;
    }
    let parts = pattern.elements.iter().map(|element| match element {
        PatternElement::TextElement { value } => (*value).to_owned(),
        PatternElement::Placeable { expression: Expression::Inline(inline) } => format!("{{{}}}", variable(inline)),
        PatternElement::Placeable { expression } => panic!("the module cannot read {expression:?}"),
    });
    parts.collect::<String>().into()
}

/// The lines of the object `WORDS`: each text with its templates, in the order of the languages.
fn lines() -> String {
    let resources: Vec<FluentResource> =
        Language::ALL.iter().map(|it| FluentResource::try_new(it.source().to_owned()).unwrap()).collect();
    let find = |resource: &FluentResource, key: &str| {
        let message = resource.entries().find_map(|entry| match entry {
            Entry::Message(message) if message.id.name == key => message.value.as_ref().map(template),
            _ => None,
        });
        message.unwrap_or_else(|| panic!("there is no text {key}"))
    };
    let own = resources[0].entries().filter_map(|entry| match entry {
        Entry::Message(message) if message.id.name.starts_with("element-") => Some(message.id.name),
        _ => None,
    });
    let mut lines = format!("  languages: {},\n", json!(Language::ALL.iter().map(|it| it.tag()).collect::<Vec<_>>()));
    for key in SHARED.into_iter().chain(own) {
        let templates: Vec<Value> = resources.iter().map(|resource| find(resource, key)).collect();
        writeln!(lines, "  {}: {},", json!(key.trim_start_matches("element-")), json!(templates)).unwrap();
    }
    lines
}

#[test]
fn browser_module_has_the_texts_of_every_language() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../clients/js/insession.js");
    let module = fs::read_to_string(&path).unwrap();
    let (before, rest) = module.split_once(BEGIN).unwrap();
    let (shown, after) = rest.split_once(END).unwrap();
    let expected = lines();
    if std::env::var_os("INSESSION_WRITE").is_some() {
        fs::write(path, format!("{before}{BEGIN}{expected}{END}{after}")).unwrap();
    } else {
        assert_eq!(shown, expected, "run this test with INSESSION_WRITE=1");
    }
}

#[test]
fn browser_module_uses_all_its_texts() {
    let module = include_str!("../../../clients/js/insession.js");
    let (before, rest) = module.split_once(BEGIN).unwrap();
    let code = format!("{before}{}", rest.split_once(END).unwrap().1);
    for line in lines().lines().skip(1) {
        let key = line.split('"').nth(1).unwrap();
        assert!(code.contains(&format!("'{key}'")), "the module does not use {key}");
    }
}
