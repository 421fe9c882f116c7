//! Reads a request before it is executed, in the same way for every transport: checks its text, parses it, and reads it into
//! one [`Operation`].

use std::{collections::BTreeSet, iter, mem, net::IpAddr, sync::Arc};

use async_graphql::{
    Name, Positioned, Request, ServerError, Value, Variables,
    parser::types::{BaseType, DocumentOperations, ExecutableDocument, OperationDefinition, OperationType, Type},
};

use domain::access::Viewer;

use super::{
    budget::Budgets,
    error::ApiError,
    execute::{COST_EXTENSION, client_address, data},
    operation::{Cost, Operation},
    prices,
    query_cache::{QueryCache, ReadQuery},
    registry::Types,
    root_field::only_field,
    sharing::ShareableFields,
    trusted::{TrustedDocuments, find_document},
    variables,
};

/// The deepest nesting of brackets in a document that is parsed. The parser itself has no limit for lists and objects: it would
/// go on until the stack ends. The limit of the schema is lower.
const MAX_DOCUMENT_DEPTH: usize = 100;

/// How many tokens (words, signs and strings) a document may have. This is checked before it is parsed.
const MAX_TOKENS: usize = 10_000;

/// The longest name of a field, an alias or a variable, in bytes.
const MAX_NAME_BYTES: usize = 128;

/// How many bytes the document of a subscription may have, without comments and ignored characters. It is kept as long as
/// the subscription.
const MAX_SUBSCRIPTION_BYTES: usize = 16 * 1024;

/// Reads requests. It knows the schema's types, and which of their fields viewers may share.
#[derive(Debug, Clone, Default)]
pub struct Reader {
    pub(super) types: Arc<Types>,
    pub(super) shareable: ShareableFields,
    budgets: Option<Arc<Budgets>>,
    /// The documents that may run. `None` if every document may run.
    trusted: Option<Arc<TrustedDocuments>>,
    cache: Arc<QueryCache>,
}

impl Reader {
    /// `types` must be the types of the schema that is executed. `shareable` are those of their fields that are the same for
    /// every viewer.
    pub fn new(types: Types, shareable: ShareableFields) -> Self {
        Self { types: Arc::new(types), shareable, budgets: None, trusted: None, cache: Arc::default() }
    }

    /// Spends the price of each request from these budgets.
    #[must_use]
    pub fn spending_from(self, budgets: Arc<Budgets>) -> Self {
        Self { budgets: Some(budgets), ..self }
    }

    /// Lets only the documents of this list run, if there is a list.
    #[must_use]
    pub fn trusting(self, trusted: Option<TrustedDocuments>) -> Self {
        Self { trusted: trusted.map(Arc::new), ..self }
    }

    /// Reads a request, whose data has its viewer. If the request names a document, the document is put into it. The operation
    /// is added to the request's data, so that the request is read only once. The document in the request becomes the one that
    /// is executed: a subscription has its one field at the root, and variables are settled.
    ///
    /// The price of the request is spent from the budgets of its address and its viewer, if its data has those. The price of
    /// the text is spent before the text is parsed. The rest is spent when the operation is known. A query that was read before
    /// comes from a cache, for the same price.
    ///
    /// Makes the checks that async-graphql leaves out: the document has a reasonable size and its fragments do not multiply, a
    /// subscription has one field (GraphQL, 5.2.3.1), and variables that may not be null have values (GraphQL, 6.1.2).
    ///
    /// # Errors
    ///
    /// A request error. It may lack a code: see [`add_missing_codes`](super::error::add_missing_codes).
    pub fn read(&self, request: &mut Request) -> Result<Arc<Operation>, ServerError> {
        let text_bytes = request.query.len() as u64;
        let for_text = Cost::points_of_text(text_bytes);
        self.spend(request, for_text)?;
        find_document(self.trusted.as_deref(), request)?;
        let key = QueryCache::key(request);
        if let Some(query) = key.as_ref().and_then(|key| self.cache.get(key)) {
            self.spend(request, query.operation.cost.points() - for_text)?;
            return Ok(query.put_into(request));
        }
        check_text(&request.query)?;
        // These are taken out for a moment, because the parsed document borrows the request.
        let (name, variables) = (request.operation_name.take(), mem::take(&mut request.variables));
        let read =
            request.parsed_query().and_then(|document| self.analyse(document, name.as_deref(), &variables, text_bytes));
        (request.operation_name, request.variables) = (name, variables);
        let (operation, rewritten) = read?;
        self.spend(request, operation.cost.points() - for_text)?;
        if let Some(document) = rewritten {
            request.set_parsed_query(document);
        }
        if operation.kind == OperationType::Subscription {
            strip_request(request)?;
        }
        variables::settle(&self.types, request)?;
        let operation = Arc::new(operation);
        if let Some(key) = key
            && let Some(query) = ReadQuery::of(request, &operation)
        {
            self.cache.insert(key, query);
        }
        request.data.insert(Arc::clone(&operation));
        Ok(operation)
    }

    /// Spends the price of a token from the budget of its address. Whether a token is known may be a question to the database, so
    /// it costs something even if it is refused.
    ///
    /// # Errors
    /// RATE_LIMITED, with the time until there are enough points.
    pub fn pay_for_token(&self, address: Option<IpAddr>) -> Result<(), ApiError> {
        self.budgets.as_ref().map_or(Ok(()), |budgets| budgets.spend(prices::TOKEN, address, Viewer::NOBODY))
    }

    fn spend(&self, request: &Request, points: u64) -> Result<(), ApiError> {
        let Some(budgets) = &self.budgets else { return Ok(()) };
        let viewer = data::<Viewer>(request).copied().unwrap_or(Viewer::NOBODY);
        budgets.spend(points, client_address(request), viewer)
    }

    /// Reads the operation. Also returns the document to execute, if it differs from the given one.
    fn analyse(
        &self,
        document: &ExecutableDocument,
        name: Option<&str>,
        variables: &Variables,
        text_bytes: u64,
    ) -> Result<(Operation, Option<ExecutableDocument>), ServerError> {
        let definition = find_operation(document, name)?;
        let operation = Operation::read(self, document, (name, &definition.node), variables, text_bytes)?;
        let is_subscription = operation.kind == OperationType::Subscription;
        let rewritten = if is_subscription { only_field(document, name)? } else { None };
        check_variables(definition, variables)?;
        Ok((operation, rewritten))
    }
}

/// The operation that a request names.
///
/// # Errors
///
/// A request error, when there is no such operation, or several and none is named.
pub(super) fn find_operation<'a>(
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

/// The name of the operation for logs and traces, shortened.
pub(super) fn operation_name(document: &ExecutableDocument, name: Option<&str>) -> Option<String> {
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

fn too_complex() -> ServerError {
    ApiError::query_too_complex("The query asks for too much, or its fragments multiply: split it up.").into()
}

/// Whether a document is short and flat enough to be parsed.
fn check_text(document: &str) -> Result<(), ServerError> {
    let (mut count, mut depth) = (0, 0_usize);
    for token in tokens(document) {
        count += 1;
        let token = token?;
        let first = token.first().copied().unwrap_or_default();
        if token.len() > MAX_NAME_BYTES && first != b'"' {
            let message = format!("a name is longer than {MAX_NAME_BYTES} characters: choose a shorter one");
            return Err(ApiError::query_too_complex(message).into());
        }
        match first {
            b'{' | b'[' | b'(' => depth += 1,
            // Other brackets may be closed than were opened. The parser stops there.
            b'}' | b']' | b')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if count > MAX_TOKENS || depth > MAX_DOCUMENT_DEPTH {
            return Err(too_complex());
        }
    }
    Ok(())
}

/// The tokens of a document: its words, signs and strings, up to the first error.
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

/// The tokens of a document, as far as they can be read, without white space and comments. Two documents with the same result
/// mean the same.
pub(super) fn fingerprint(document: &str) -> Box<[u8]> {
    let tokens: Vec<&[u8]> = tokens(document).map_while(Result::ok).collect();
    tokens.join(&b'\n').into()
}

const fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-' | b'+')
}

/// The length of the string at the beginning of `text`. `None` if it does not end. In a block string, a backslash escapes only
/// three quotes (GraphQL, 2.9.4). The parser would read an open block string as an empty string and the beginning of another.
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

/// Removes everything from the request of a subscription that its messages do not depend on, because the request is kept:
/// comments, ignored characters, variables that the document does not declare, and unknown extensions.
fn strip_request(request: &mut Request) -> Result<(), ApiError> {
    let text = minified(&request.query);
    if text.len() > MAX_SUBSCRIPTION_BYTES {
        let message = format!(
            "the document of a subscription has at most {MAX_SUBSCRIPTION_BYTES} bytes, without comments and spaces: \
             select less, or use fragments"
        );
        return Err(ApiError::query_too_complex(message));
    }
    request.query = text;
    let declared: BTreeSet<Name> = match request.parsed_query() {
        Ok(document) => {
            let definitions = document.operations.iter().flat_map(|(_, it)| &it.node.variable_definitions);
            definitions.map(|definition| definition.node.name.node.clone()).collect()
        }
        Err(_) => BTreeSet::new(),
    };
    request.variables.retain(|name, _| declared.contains(name));
    request.extensions.retain(|name, _| name == COST_EXTENSION);
    Ok(())
}

/// A document without comments and ignored characters.
fn minified(document: &str) -> String {
    let mut text = Vec::new();
    for token in tokens(document).map_while(Result::ok) {
        // Words and strings need a space between them.
        let needs_space = |byte: &u8| is_word(*byte) || *byte == b'"';
        if text.last().is_some_and(needs_space) && token.first().is_some_and(needs_space) {
            text.push(b' ');
        }
        text.extend_from_slice(token);
    }
    String::from_utf8(text).unwrap_or_else(|_| document.to_owned())
}

/// How many characters of a client's text are written to the log.
const MAX_LOGGED_CHARS: usize = 100;

/// A client's text, shortened for the log.
pub fn shortened(text: &str) -> String {
    text.chars().take(MAX_LOGGED_CHARS).collect()
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
    fn documents_are_normalised() {
        let cases = [
            (
                "subscription S ( $a : Int = -3 ) { a ( x : $a ) , ...  F b }",
                "subscription S($a:Int=-3){a(x:$a)... F b}",
            ),
            ("# a comment\n{ a, , b # another\r\n }", "{a b}"),
            (r#"{ a(s: "x , # y", t: """ z  """ "w") }"#, r#"{a(s:"x , # y" t:""" z  """ "w")}"#),
            ("{ é }", "{é}"),
        ];
        for (document, expected) in cases {
            assert_eq!(minified(document), expected);
            assert_eq!(minified(expected), expected);
        }
    }

    #[test]
    fn subscriptions_keep_only_what_they_depend_on() {
        let read = |document: &str| {
            let mut request = Request::new(document);
            request.variables = Variables::from_json(serde_json::json!({ "used": 1, "unused": "x".repeat(1000) }));
            request.extensions.insert("cost".to_owned(), Value::from(true));
            request.extensions.insert("other".to_owned(), Value::from(true));
            Reader::default().read(&mut request).map(|_| request)
        };
        let comments = "# ".to_owned() + &"x".repeat(100_000);
        let request = read(&format!("subscription($used: Int) {{ a(x: $used) }} {comments}")).unwrap();
        assert_eq!(request.query, "subscription($used:Int){a(x:$used)}");
        assert_eq!(request.variables.keys().collect::<Vec<_>>(), ["used"]);
        assert_eq!(request.extensions.keys().collect::<Vec<_>>(), ["cost"]);
        let long = (0..3_000).map(|n| format!("field{n}")).collect::<Vec<_>>().join(" ");
        let refused = read(&format!("subscription {{ a {{ {long} }} }}")).unwrap_err();
        assert!(refused.message.contains("16384 bytes"), "{}", refused.message);
        read(&format!("{{ a {{ {long} }} }}")).unwrap();
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
            let checked = Reader::default().read(&mut Request::new(&document));
            assert_eq!(checked.is_ok(), is_taken, "{}: {checked:?}", &document[..document.len().min(80)]);
        }
    }
}
