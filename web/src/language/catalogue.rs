//! The texts of all languages.

use std::sync::LazyLock;

use fluent_bundle::{FluentArgs, FluentResource, FluentValue, concurrent::FluentBundle};
use maud::{Markup, PreEscaped, Render as _};

use super::{Language, current_language};

/// The value of a variable in a text.
pub type Value<'a> = FluentValue<'a>;

type Bundle = FluentBundle<FluentResource>;

static BUNDLES: LazyLock<Vec<Bundle>> = LazyLock::new(|| Language::ALL.iter().map(|it| bundle(*it)).collect());

fn bundle(language: Language) -> Bundle {
    // A file with mistakes gives the texts that can be read. A test finds the mistakes.
    let read = FluentResource::try_new(language.source().to_owned());
    let resource = read.unwrap_or_else(|(resource, _)| resource);
    let mut bundle = Bundle::new_concurrent(language.tag().parse().into_iter().collect());
    // All these languages are written from left to right, and HTML isolates what it must.
    bundle.set_use_isolating(false);
    if let Err(errors) = bundle.add_resource(resource) {
        tracing::error!(?errors, language = language.tag(), "texts are there twice");
    }
    bundle
}

/// A text in the language of the request, or in English if that language does not have it.
pub fn say(key: &str, values: &[(&'static str, Value<'_>)]) -> String {
    say_in(current_language(), key, values)
}

fn say_in(language: Language, key: &str, values: &[(&'static str, Value<'_>)]) -> String {
    let mut arguments = FluentArgs::with_capacity(values.len());
    for (name, value) in values {
        arguments.set(*name, value.clone());
    }
    for language in [language, Language::English] {
        let Some(bundle) = BUNDLES.get(language as usize) else { continue };
        let Some(pattern) = bundle.get_message(key).and_then(|message| message.value()) else { continue };
        let mut errors = Vec::new();
        let text = bundle.format_pattern(pattern, Some(&arguments), &mut errors);
        if errors.is_empty() {
            return text.into_owned();
        }
        tracing::error!(?errors, key, language = language.tag(), "a text could not be written");
    }
    key.to_owned()
}

/// The placeholder for an element in a text.
const PLACE: &str = "\u{fffc}";

/// A text in which an element, such as a link, takes the place of one variable.
pub fn text_around(key: &str, variable: &'static str, element: &Markup) -> Markup {
    let text = say(key, &[(variable, PLACE.into())]);
    let (before, after) = text.split_once(PLACE).unwrap_or((&text, ""));
    PreEscaped(format!("{}{}{}", before.render().into_string(), element.0, after.render().into_string()))
}

#[cfg(test)]
mod tests {
    use std::{
        collections::{BTreeMap, BTreeSet},
        fs,
        path::Path,
    };

    use fluent_syntax::ast::{Entry, Expression, InlineExpression, Pattern, PatternElement};
    use maud::html;

    use super::*;

    fn variables_of_expression(expression: &InlineExpression<&str>, found: &mut BTreeSet<String>) {
        match expression {
            InlineExpression::VariableReference { id } => {
                found.insert(id.name.to_owned());
            }
            InlineExpression::Placeable { expression } => variables_of(expression, found),
            _ => {}
        }
    }

    fn variables_of(expression: &Expression<&str>, found: &mut BTreeSet<String>) {
        match expression {
            Expression::Inline(inline) => variables_of_expression(inline, found),
            Expression::Select { selector, variants } => {
                variables_of_expression(selector, found);
                for variant in variants {
                    variables_of_pattern(&variant.value, found);
                }
            }
        }
    }

    fn variables_of_pattern(pattern: &Pattern<&str>, found: &mut BTreeSet<String>) {
        for element in &pattern.elements {
            if let PatternElement::Placeable { expression } = element {
                variables_of(expression, found);
            }
        }
    }

    /// The texts of a language, and the variables of each.
    fn texts(language: Language) -> BTreeMap<String, BTreeSet<String>> {
        let resource = FluentResource::try_new(language.source().to_owned())
            .unwrap_or_else(|(_, errors)| panic!("{}: {errors:?}", language.tag()));
        let mut texts = BTreeMap::new();
        for entry in resource.entries() {
            if let Entry::Message(message) = entry {
                let mut variables = BTreeSet::new();
                variables_of_pattern(message.value.as_ref().unwrap(), &mut variables);
                let before = texts.insert(message.id.name.to_owned(), variables);
                assert!(before.is_none(), "{} has {} twice", language.tag(), message.id.name);
            }
        }
        texts
    }

    /// Each language has its own clock and calendar, so each uses only the parts of a time that it needs.
    fn is_format(key: &str) -> bool {
        ["clock", "clock-hour", "date", "recurrence-position", "recurrence-day"].contains(&key)
    }

    #[test]
    fn every_language_has_every_text_with_the_same_variables() {
        let mut english = texts(Language::English);
        // The English of these texts is in the domain and in the service.
        let is_of_domain = |key: &str| ["recurrence-", "said-"].iter().any(|start| key.starts_with(start));
        english.extend(texts(Language::German).into_iter().filter(|(key, _)| is_of_domain(key)));
        for language in Language::ALL.iter().filter(|it| **it != Language::English) {
            let own = texts(*language);
            let (keys, own_keys): (Vec<_>, Vec<_>) = (english.keys().collect(), own.keys().collect());
            assert_eq!(own_keys, keys, "{}", language.tag());
            for (key, variables) in &english {
                if is_format(key) {
                    assert!(own[key].is_subset(variables), "{key} in {}: {:?}", language.tag(), own[key]);
                } else {
                    assert_eq!(&own[key], variables, "{key} in {}", language.tag());
                }
            }
        }
    }

    #[test]
    fn lists_of_names_are_complete() {
        for language in Language::ALL.iter().filter(|it| **it != Language::English) {
            for (key, count) in [
                ("weekdays", 7),
                ("weekdays-short", 7),
                ("recurrence-weekdays", 7),
                ("months", 12),
                ("months-short", 12),
                ("positions", 10),
                ("recurrence-months", 12),
            ] {
                let text = say_in(*language, key, &[]);
                assert_eq!(text.split(", ").count(), count, "{key} in {}", language.tag());
            }
        }
    }

    fn sources(folder: &Path, found: &mut Vec<String>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                sources(&path, found);
            } else if path.extension().is_some_and(|it| it == "rs") {
                found.push(fs::read_to_string(path).unwrap());
            }
        }
    }

    /// The text between the parenthesis that is open at the start and its end.
    fn until_closed(text: &str) -> &str {
        let mut depth = 1;
        let end = text.find(|c| {
            depth += i32::from(c == '(') - i32::from(c == ')');
            depth == 0
        });
        &text[..end.unwrap_or(text.len())]
    }

    #[test]
    fn templates_name_texts_that_exist_with_their_variables() {
        let mut english = texts(Language::English);
        english.extend(texts(Language::German));
        let mut files = Vec::new();
        sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut files);
        let mut used = BTreeSet::new();
        for call in files.iter().flat_map(|file| file.split("words!(").skip(1)) {
            let call = until_closed(call);
            let Some((key, values)) = call.strip_prefix('"').and_then(|call| call.split_once('"')) else { continue };
            let variables = english.get(key).unwrap_or_else(|| panic!("there is no text {key}"));
            for variable in variables {
                assert!(values.contains(&format!("{variable} = ")), "{key} needs {variable}, and gets{values}");
            }
            used.insert(key.to_owned());
        }
        // A text that the code does not name is superfluous.
        for key in english.keys().filter(|key| !used.contains(*key)) {
            let literal = format!("\"{key}\"");
            let is_named = files.iter().any(|file| file.contains(&literal));
            assert!(is_named || key.starts_with("done-") || key.starts_with("element-"), "nothing uses the text {key}");
        }
    }

    #[test]
    fn numbers_have_the_plural_forms_of_the_language() {
        for (language, count, text) in [
            (Language::English, 1, "1 session"),
            (Language::English, 2, "2 sessions"),
            (Language::French, 0, "0 session"),
            (Language::French, 2, "2 sessions"),
            (Language::German, 1, "1 Session"),
            (Language::German, 0, "0 Sessions"),
            (Language::Turkish, 2, "2 oturum"),
        ] {
            assert_eq!(say_in(language, "session-count", &[("count", count.into())]), text);
        }
    }

    #[test]
    fn text_is_escaped_around_its_element() {
        let link = html! { a href="/" { "x" } };
        assert_eq!(
            text_around("print-notice", "nothing", &link).0,
            "See who is here, and what is next:<a href=\"/\">x</a>"
        );
        assert_eq!(text_around("here-now", "count", &html! { b { "3" } }).0, "<b>3</b> here now");
    }
}
