//! What is asked of a document before it is executed, on every transport alike.

use std::{collections::HashMap, iter};

use async_graphql::{
    Name, Positioned, Request, ServerError, Value, Variables,
    parser::types::{
        BaseType, DocumentOperations, ExecutableDocument, OperationDefinition, OperationType, Selection, SelectionSet,
        Type,
    },
};

use super::error::ApiError;

/// How many selections a document may come to when its fragments are written out. async-graphql walks all of them, for
/// each spread anew, before it looks at any limit of its own: fragments that spread fragments double at every step.
const EXPANDED_SELECTIONS: usize = 10_000;

/// Deeper than this no document is looked at, nor parsed: the parser goes down into lists and objects without a limit of its
/// own, until the stack ends. The schema's own limit is lower.
const DOCUMENT_DEPTH: usize = 100;

/// How many words and signs a document may have, which is asked before it is parsed.
const TOKENS: usize = 10_000;

/// How long a name may be: of a field, an alias, a variable.
const NAME: usize = 128;

/// How many fields may have another name, with all fragments written out: each is one more time that a field is resolved.
const ALIASES: usize = 250;

/// How many directives there may be, with all fragments written out.
const DIRECTIVES: usize = 250;

/// How many operations and fragments a document may define.
const DEFINITIONS: usize = 100;

/// Parses the document of a request and says what kind of operation it asks for, so that a transport can choose how
/// to execute it. The parsed document stays in the request.
///
/// Makes the checks that async-graphql leaves out, for every transport: that the document is of a reasonable size and its
/// fragments don't multiply, and that variables which may not be null are there (GraphQL, 6.1.2).
///
/// # Errors
///
/// A request error. It may lack a code: see [`add_missing_codes`](super::error::add_missing_codes).
pub fn check_document(request: &mut Request) -> Result<OperationType, ServerError> {
    check_text(&request.query)?;
    // Taken out for a moment, because parsing borrows the request.
    let (name, variables) = (request.operation_name.take(), std::mem::take(&mut request.variables));
    let checked = request.parsed_query().and_then(|document| {
        check_size(document)?;
        let operation = find_operation(document, name.as_deref())?;
        check_variables(operation, &variables)?;
        Ok(operation.node.ty)
    });
    (request.operation_name, request.variables) = (name, variables);
    checked
}

/// The operation that a request names.
///
/// # Errors
///
/// A request error, when there is no such operation, or several and none is named.
pub fn find_operation<'a>(
    document: &'a ExecutableDocument,
    name: Option<&str>,
) -> Result<&'a Positioned<OperationDefinition>, ServerError> {
    match (&document.operations, name) {
        (DocumentOperations::Single(operation), None) => Ok(operation),
        (DocumentOperations::Multiple(operations), None) if operations.len() == 1 => {
            operations.values().next().ok_or_else(unnamed)
        }
        (DocumentOperations::Multiple(_), None) => Err(unnamed()),
        (DocumentOperations::Multiple(operations), Some(name)) if operations.contains_key(name) => {
            Ok(&operations[name])
        }
        (_, Some(name)) => Err(ServerError::new(format!("Unknown operation named \"{name}\"."), None)),
    }
}

/// What the operation that a request names is called, for logs and traces: as much of it as they show.
pub fn operation_name(document: &ExecutableDocument, name: Option<&str>) -> Option<String> {
    let named = || document.operations.iter().find_map(|(name, _)| name).map(Name::as_str);
    name.or_else(named).map(shortened)
}

fn unnamed() -> ServerError {
    ServerError::new("The document has several operations: name one in operationName.", None)
}

fn check_variables(operation: &Positioned<OperationDefinition>, variables: &Variables) -> Result<(), ServerError> {
    for definition in &operation.node.variable_definitions {
        let (name, expected) = (&definition.node.name.node, &definition.node.var_type.node);
        let problem = match variables.get(name) {
            None if expected.nullable || definition.node.default_value.is_some() => continue,
            None => "was not provided",
            Some(value) if !has_forbidden_null(expected, value) => continue,
            Some(_) => "must not be null, nor hold null where its type forbids it",
        };
        let message = format!("Variable \"${name}\" of required type \"{expected}\" {problem}.");
        return Err(ServerError::new(message, Some(definition.pos)));
    }
    Ok(())
}

fn has_forbidden_null(expected: &Type, value: &Value) -> bool {
    match (&expected.base, value) {
        (_, Value::Null) => !expected.nullable,
        (BaseType::List(item), Value::List(values)) => values.iter().any(|value| has_forbidden_null(item, value)),
        _ => false,
    }
}

fn check_size(document: &ExecutableDocument) -> Result<(), ServerError> {
    let mut expansion = Expansion { document, sizes: HashMap::new() };
    let mut total = Size::default();
    let mut definitions = document.fragments.len();
    for (_, operation) in document.operations.iter() {
        definitions += 1;
        total.add(expansion.size(&operation.node.selection_set.node, 0)?);
        total.directives = total.directives.saturating_add(operation.node.directives.len());
    }
    let is_reasonable = total.selections <= EXPANDED_SELECTIONS
        && total.aliases <= ALIASES
        && total.directives <= DIRECTIVES
        && definitions <= DEFINITIONS;
    if is_reasonable { Ok(()) } else { Err(too_complex()) }
}

/// What there is of a selection with all fragments written out.
#[derive(Debug, Clone, Copy, Default)]
struct Size {
    selections: usize,
    aliases: usize,
    directives: usize,
}

impl Size {
    fn add(&mut self, other: Self) {
        self.selections = self.selections.saturating_add(other.selections);
        self.aliases = self.aliases.saturating_add(other.aliases);
        self.directives = self.directives.saturating_add(other.directives);
    }
}

/// Counts selections with all fragments written out, each fragment once.
struct Expansion<'a> {
    document: &'a ExecutableDocument,
    /// Sizes of fragments; none while a fragment is being counted, which it is again only in a cycle.
    sizes: HashMap<&'a Name, Option<Size>>,
}

impl<'a> Expansion<'a> {
    fn size(&mut self, selections: &'a SelectionSet, depth: usize) -> Result<Size, ServerError> {
        if depth > DOCUMENT_DEPTH {
            return Err(too_complex());
        }
        let mut total = Size::default();
        for selection in &selections.items {
            let aliases = match &selection.node {
                Selection::Field(field) => usize::from(field.node.alias.is_some()),
                _ => 0,
            };
            total.add(Size { selections: 1, aliases, directives: selection.node.directives().len() });
            let inner = match &selection.node {
                Selection::Field(field) => self.size(&field.node.selection_set.node, depth + 1)?,
                Selection::InlineFragment(fragment) => self.size(&fragment.node.selection_set.node, depth + 1)?,
                Selection::FragmentSpread(spread) => self.fragment_size(&spread.node.fragment_name.node, depth + 1)?,
            };
            total.add(inner);
        }
        Ok(total)
    }

    /// Unknown fragments and cycles count nothing: validation refuses them.
    fn fragment_size(&mut self, name: &'a Name, depth: usize) -> Result<Size, ServerError> {
        if let Some(size) = self.sizes.get(name) {
            return Ok(size.unwrap_or_default());
        }
        let Some(fragment) = self.document.fragments.get(name) else {
            return Ok(Size::default());
        };
        self.sizes.insert(name, None);
        let size = self.size(&fragment.node.selection_set.node, depth)?;
        self.sizes.insert(name, Some(size));
        Ok(size)
    }
}

fn too_complex() -> ServerError {
    ApiError::query_too_complex("The query asks for too much, or its fragments multiply: split it up.").into()
}

/// Is a document short and flat enough to be parsed?
fn check_text(document: &str) -> Result<(), ServerError> {
    let (mut count, mut depth) = (0, 0_usize);
    for token in tokens(document) {
        count += 1;
        let token = token?;
        let first = token.first().copied().unwrap_or_default();
        if token.len() > NAME && first != b'"' {
            let message = format!("a name is longer than {NAME} characters: choose a shorter one");
            return Err(ApiError::query_too_complex(message).into());
        }
        match first {
            b'{' | b'[' | b'(' => depth += 1,
            // What closes more than was opened, or something else, is as far as the parser gets.
            b'}' | b']' | b')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if count > TOKENS || depth > DOCUMENT_DEPTH {
            return Err(too_complex());
        }
    }
    Ok(())
}

/// Each word, sign and string of a document, as far as the parser gets.
fn tokens(document: &str) -> impl Iterator<Item = Result<&[u8], ServerError>> {
    let mut rest = document.as_bytes();
    iter::from_fn(move || {
        while let [first @ (b' ' | b'\t' | b'\n' | b'\r' | b',' | b'#'), ..] = rest {
            let comment = || rest.iter().position(|byte| matches!(byte, b'\n' | b'\r')).unwrap_or(rest.len());
            rest = &rest[if *first == b'#' { comment() } else { 1 }..];
        }
        let first = *rest.first()?;
        let word = || rest.iter().take_while(|byte| is_word(**byte)).count().max(1);
        let length = if first == b'"' { string_length(rest) } else { Some(word()) };
        let (token, left) = rest.split_at(length.unwrap_or(rest.len()));
        rest = left;
        Some(length.map(|_| token).ok_or_else(|| ServerError::new("A string does not end.", None)))
    })
}

const fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-' | b'+')
}

/// Of the string that `text` begins with, if it ends. One in three quotes has a backslash only before three quotes (GraphQL,
/// 2.9.4). The parser would read three quotes that nothing ends as an empty string and the beginning of another.
fn string_length(text: &[u8]) -> Option<usize> {
    const BLOCK: &[u8] = br#"""""#;

    let (end, escaped) = if text.starts_with(BLOCK) { (BLOCK, BLOCK) } else { (&BLOCK[..1], &b""[..]) };
    let mut at = end.len();
    while at < text.len() {
        if text[at..].starts_with(end) {
            return Some(at + end.len());
        }
        let is_escape = text[at] == b'\\' && text[at + 1..].starts_with(escaped);
        at += if is_escape { 1 + escaped.len().max(1) } else { 1 };
    }
    None
}

/// How many characters of a client's text are in the log.
const LONGEST_LOGGED: usize = 100;

/// As much of a client's text as goes into the log.
pub fn shortened(text: &str) -> String {
    text.chars().take(LONGEST_LOGGED).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_counted_without_parsing() {
        let cases = [
            ("", 0),
            ("{ a, b }  # and { more }", 4),
            ("query Q($x: Int = -3) { a(x: $x) ... F }", 21),
            (r#"{ a(s: "x \" y", t: """block " of # text""") }"#, 11),
            (r#"""" \""" [ """ ["#, 2),
            (r#""" "\" [" ["#, 3),
            ("é", 2),
        ];
        for (document, count) in cases {
            let read = tokens(document).collect::<Result<Vec<_>, _>>().map(|tokens| tokens.len());
            assert_eq!(read.ok(), Some(count), "{document}");
        }
        for endless in ["\"does not end", "\"\\", r#"[""" " [[ ""]"#, r#"""" \""""#] {
            assert!(tokens(endless).last().is_some_and(|last| last.is_err()), "{endless}");
        }
    }

    #[test]
    fn documents_are_of_a_reasonable_size() {
        let many = |count: usize, text: fn(usize) -> String| (0..count).map(text).collect::<String>();
        let cases = [
            (format!("{{ {} }}", many(250, |n| format!("a{n}: b "))), true),
            (format!("{{ {} }}", many(251, |n| format!("a{n}: b "))), false),
            (format!("{{ ...F ...F ...F }} fragment F on Query {{ {} }}", many(100, |n| format!("a{n}: b "))), false),
            (format!("{{ a {} }}", "@skip(if: false) ".repeat(250)), true),
            (format!("{{ a {} }}", "@skip(if: false) ".repeat(251)), false),
            (format!("query {} {{ a }}", "@x ".repeat(251)), false),
            (format!("{{ a }} {}", many(99, |n| format!("fragment F{n} on Query {{ a }} "))), true),
            (format!("{{ a }} {}", many(100, |n| format!("fragment F{n} on Query {{ a }} "))), false),
            (format!("{{ a(in: [{}]) }}", "1 ".repeat(9_000)), true),
            (format!("{{ a(in: [{}]) }}", "1 ".repeat(10_000)), false),
            (format!("{}a{}", "{ a".repeat(200), "}".repeat(200)), false),
            (format!("{{ {}: a }}", "n".repeat(128)), true),
            (format!("{{ {}: a }}", "n".repeat(129)), false),
            (format!("{{ a(in: \"{}\") }}", "n".repeat(1_000)), true),
            (format!("{{ a(in: {}{}) }}", "[".repeat(50), "]".repeat(50)), true),
            (format!("{{ a(in: {}{}) }}", "[".repeat(3_000), "]".repeat(3_000)), false),
            (format!("{{ a(in: {}1{}) }}", "{ a: ".repeat(2_000), "}".repeat(2_000)), false),
            (format!("query($a: {}Int{}) {{ a }}", "[".repeat(3_000), "]".repeat(3_000)), false),
            (format!(r#"{{ a(s: """ \""" """, in: {}{}) }}"#, "[".repeat(3_000), "]".repeat(3_000)), false),
            (format!(r#"{{ a(in: [""" " {}{}]) }}"#, "[".repeat(3_000), "]".repeat(3_000)), false),
        ];
        for (document, is_taken) in cases {
            let checked = check_document(&mut Request::new(&document));
            assert_eq!(checked.is_ok(), is_taken, "{}: {checked:?}", &document[..document.len().min(80)]);
        }
    }
}
