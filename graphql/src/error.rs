//! Errors as clients see them: a message for people, and a code in `extensions.code`. A message consists of sentences: what
//! happened, and what to do next.
//!
//! Resolvers return `Result<T, ApiError>`. [`ApiError`] does not implement `Display`: async-graphql makes a message for
//! clients of each error that does. So a stray `?` on another error does not compile. The cause of an internal error is
//! logged, and clients don't see it.
//!
//! Every response goes through [`add_missing_codes`], whichever transport it uses. It adds a code to async-graphql's own
//! errors (parsing, validation, coercion), and hides internal ones that have no code.

use std::{error::Error as StdError, fmt, sync::Arc, time::Duration};

use async_graphql::{Error, ErrorExtensionValues, PathSegment, Response, ServerError, Value, value};
use domain::text::sentence;
use service::{FieldError, TRY_AGAIN_AFTER, rate::whole_seconds};

const INTERNAL_MESSAGE: &str = "Internal error. Try again later.";

const UNAVAILABLE_MESSAGE: &str = "The server cannot reach its database at the moment. Try again later.";

/// The error extension with the number of seconds after which it is worth trying again.
pub const RETRY_AFTER: &str = "retryAfter";

/// The values of `extensions.code`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorCode {
    /// The request needs a token and has none, or its token is not valid.
    Unauthenticated,
    /// The viewer may not do this.
    Forbidden,
    /// The object does not exist, or the viewer may not know that it exists.
    NotFound,
    /// The request, an argument or a variable is wrong. The same request will fail again.
    BadUserInput,
    /// The change collides with something that exists, such as a path that is taken or a slot that is booked.
    Conflict,
    /// The status of a booking or a visit does not allow this.
    InvalidTransition,
    /// The client does this too often. It may try again later.
    RateLimited,
    /// The document is nested too deep, or asks for too much.
    QueryTooComplex,
    /// The cursor is older than the log of changes. The client subscribes again without one.
    CursorExpired,
    /// The request has only the id of a document, and this server has no list of documents. The client sends the document.
    PersistedQueryNotSupported,
    /// The request has only the id of a document, and it is not in the list of trusted documents.
    PersistedQueryNotFound,
    /// The document is not in the list of trusted documents.
    UntrustedDocument,
    /// A failure of the server. Its cause is in the log. If something that the server needs is not available, such as its
    /// database, the error says when to try again.
    Internal,
}

impl ErrorCode {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unauthenticated => "UNAUTHENTICATED",
            Self::Forbidden => "FORBIDDEN",
            Self::NotFound => "NOT_FOUND",
            Self::BadUserInput => "BAD_USER_INPUT",
            Self::Conflict => "CONFLICT",
            Self::InvalidTransition => "INVALID_TRANSITION",
            Self::RateLimited => "RATE_LIMITED",
            Self::QueryTooComplex => "QUERY_TOO_COMPLEX",
            Self::CursorExpired => "CURSOR_EXPIRED",
            Self::PersistedQueryNotSupported => "PERSISTED_QUERY_NOT_SUPPORTED",
            Self::PersistedQueryNotFound => "PERSISTED_QUERY_NOT_FOUND",
            Self::UntrustedDocument => "UNTRUSTED_DOCUMENT",
            Self::Internal => "INTERNAL",
        }
    }
}

/// An error for clients. It does not implement `Display` (see the module).
#[derive(Debug, Clone)]
pub struct ApiError {
    code: ErrorCode,
    message: String,
    /// The parts of the input that are wrong, such as `schedules.1.everyNWeeks`. The message is about the first one.
    fields: Vec<FieldError>,
    /// The time after which it is worth trying again.
    retry_after: Option<Duration>,
    /// The cause of a failure of the server, only for the log.
    source: Option<Arc<dyn StdError + Send + Sync>>,
}

impl ApiError {
    /// An error with a code and a message. The message gets a capital letter and a full stop if it has none.
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self { code, message: sentence(message.into()), fields: Vec::new(), retry_after: None, source: None }
    }

    /// An error whose message programs compare. The message is not made a sentence.
    pub fn verbatim(code: ErrorCode, message: impl Into<String>) -> Self {
        Self { message: message.into(), ..Self::new(code, String::new()) }
    }

    /// Wrong input in `field`, a path in the input's own names such as `schedules.1.everyNWeeks`. `problem` completes a
    /// sentence about the field, such as "must be 1 or more".
    pub fn invalid(field: impl Into<String>, problem: impl fmt::Display) -> Self {
        let field = field.into();
        let message = problem.to_string();
        let error = Self::bad_user_input(format!("The field '{field}' {message}"));
        Self { fields: vec![FieldError { field, message: message.into() }], ..error }
    }

    /// The same error, with the other wrong parts of the input.
    #[must_use]
    pub fn with_others(mut self, others: Vec<FieldError>) -> Self {
        self.fields.extend(others);
        self
    }

    pub fn unauthenticated(message: impl Into<String>) -> Self {
        Self::new(ErrorCode::Unauthenticated, message)
    }

    pub fn forbidden(message: impl Into<String>) -> Self {
        Self::new(ErrorCode::Forbidden, message)
    }

    pub fn not_found(message: impl Into<String>) -> Self {
        Self::new(ErrorCode::NotFound, message)
    }

    pub fn bad_user_input(message: impl Into<String>) -> Self {
        Self::new(ErrorCode::BadUserInput, message)
    }

    pub fn conflict(message: impl Into<String>) -> Self {
        Self::new(ErrorCode::Conflict, message)
    }

    pub fn invalid_transition(message: impl Into<String>) -> Self {
        Self::new(ErrorCode::InvalidTransition, message)
    }

    pub fn rate_limited(message: impl Into<String>) -> Self {
        Self::new(ErrorCode::RateLimited, message)
    }

    pub fn query_too_complex(message: impl Into<String>) -> Self {
        Self::new(ErrorCode::QueryTooComplex, message)
    }

    pub fn cursor_expired() -> Self {
        let message = "The cursor is older than the log of changes. Subscribe again without one: the first message is a snapshot.";
        Self::new(ErrorCode::CursorExpired, message)
    }

    /// A failure of the server. The source is logged when the error is sent to a client. The client does not see it.
    pub fn internal(source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self { source: Some(Arc::from(source.into())), ..Self::new(ErrorCode::Internal, INTERNAL_MESSAGE) }
    }

    /// The database is not available. It is an internal error that says when to try again. The source is logged when the error is sent to a client. The client does not see it.
    pub fn unavailable(source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self { source: Some(Arc::from(source.into())), ..Self::new(ErrorCode::Internal, UNAVAILABLE_MESSAGE) }
            .after(TRY_AGAIN_AFTER)
    }

    /// A mutation that has not ended in time. It goes on, and may still succeed or fail.
    pub fn unanswered(waited: Duration) -> Self {
        let seconds = waited.as_secs();
        let message = format!(
            "No answer came within {seconds} seconds. The change may still be made: look before you try again."
        );
        Self { message: message.clone(), ..Self::internal(message) }
    }

    pub const fn code(&self) -> ErrorCode {
        self.code
    }

    pub fn message(&self) -> &str {
        &self.message
    }

    /// The same error, with the time after which it is worth trying again.
    #[must_use]
    pub fn after(self, wait: Duration) -> Self {
        Self { retry_after: Some(wait), ..self }
    }

    pub const fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }

    /// The number of seconds after which it is worth trying again.
    pub fn retry_after_seconds(&self) -> Option<u64> {
        self.retry_after.map(whole_seconds)
    }

    pub fn field(&self) -> Option<&str> {
        self.fields.first().map(|error| error.field.as_str())
    }

    /// A response that consists of this error: the request was not executed.
    pub fn into_response(self) -> Response {
        Response::from_errors(vec![self.into()])
    }
}

/// Logs the cause of a failure of the server.
impl From<ApiError> for Error {
    fn from(error: ApiError) -> Self {
        if let Some(source) = &error.source {
            let text = if error.retry_after.is_some() { "the database is unavailable" } else { "internal error" };
            tracing::error!(error = %Chain(source.as_ref()), "{text}");
        }
        let mut extensions = ErrorExtensionValues::default();
        extensions.set("code", error.code.as_str());
        if let Some(seconds) = error.retry_after_seconds() {
            extensions.set(RETRY_AFTER, seconds);
        }
        let mut fields = error.fields.into_iter();
        if let Some(first) = fields.next() {
            extensions.set("field", first.field);
        }
        let others: Vec<Value> = fields.map(described).collect();
        if !others.is_empty() {
            extensions.set("otherFields", Value::List(others));
        }
        Self { message: error.message, source: None, extensions: Some(extensions) }
    }
}

/// A wrong part of the input, as an extension has it.
fn described(FieldError { field, message }: FieldError) -> Value {
    let message = sentence(format!("The field '{field}' {message}"));
    value!({ "field": field, "message": message })
}

/// For errors that belong to no field. They have neither a path nor a location.
impl From<ApiError> for ServerError {
    fn from(error: ApiError) -> Self {
        let Error { message, extensions, .. } = error.into();
        let mut server_error = Self::new(message, None);
        server_error.extensions = extensions;
        server_error
    }
}

/// Adds a code to each error of a response that has none.
///
/// async-graphql's own errors become BAD_USER_INPUT (parsing, validation, coercion, unknown operations) or
/// QUERY_TOO_COMPLEX (its limits). Other errors become INTERNAL: their text is logged, and clients don't see it.
pub fn add_missing_codes(response: &mut Response) {
    for error in &mut response.errors {
        if error.extensions.as_ref().is_some_and(|extensions| extensions.get("code").is_some()) {
            continue;
        }
        let code = missing_code(error);
        if code == ErrorCode::Internal {
            let path = path_text(&error.path);
            tracing::error!(error = error.message, path, "internal error without a code");
            INTERNAL_MESSAGE.clone_into(&mut error.message);
            error.source = None;
        } else {
            tidy(&mut error.message);
            if let Some(field) = argument_of(&error.message) {
                error.extensions.get_or_insert_default().set("field", field);
            }
        }
        error.extensions.get_or_insert_default().set("code", code.as_str());
    }
}

/// Whether the request failed before its execution: it cannot be parsed, is not valid, names an unknown operation, or was
/// refused. Such a response has no `data` (GraphQL, 7.1). On a socket it is an `error` message, not a `next`.
pub fn is_request_error(response: &Response) -> bool {
    response.data == Value::Null
        && !response.errors.is_empty()
        && response.errors.iter().all(|error| error.path.is_empty())
}

/// Whether a part of the request failed because of the server, such as when the database is down. The request may succeed
/// later. The errors must already have their codes.
pub fn is_failure(response: &Response) -> bool {
    has_code(response, ErrorCode::Internal)
}

/// Whether the request failed because something that the server needs is not available, such as its database.
pub fn is_unavailable(response: &Response) -> bool {
    let says_when = |error: &ServerError| error.extensions.as_ref().is_some_and(|it| it.get(RETRY_AFTER).is_some());
    is_failure(response) && response.errors.iter().any(says_when)
}

/// Whether an error of the response has this code.
pub fn has_code(response: &Response, code: ErrorCode) -> bool {
    let code = Value::from(code.as_str());
    response.errors.iter().any(|error| error.extensions.as_ref().and_then(|it| it.get("code")) == Some(&code))
}

fn missing_code(error: &ServerError) -> ErrorCode {
    let message = error.message.as_str();
    // Errors that implement `Display` have a source. The error of `Context::data` has only this message.
    let is_internal =
        error.source.is_some() || (message.starts_with("Data `") && message.ends_with("` does not exist."));
    let too_complex = [
        "Query is too complex.",
        "Query is nested too deep.",
        "The recursion depth of the query cannot be greater than",
        "The number of directives on the field",
        "recursion limit exceeded.",
    ];
    if is_internal {
        ErrorCode::Internal
    } else if too_complex.iter().any(|start| message.starts_with(start)) {
        ErrorCode::QueryTooComplex
    } else {
        ErrorCode::BadUserInput
    }
}

/// What async-graphql says when an input with `@oneOf` has no field or several.
const ONE_OF: &str = "Oneof input objects requires have exactly one field";

/// Shortens a message of async-graphql. A syntax error quotes the document over several lines. The place is in `locations`,
/// so the last line is enough. Some messages repeat the client's input, which may be very long.
fn tidy(message: &mut String) {
    const LONGEST: usize = 1000;

    if message.starts_with(" --> ")
        && let Some((_, expected)) = message.rsplit_once("\n  = ")
    {
        *message = format!("Syntax error: {expected}");
    }
    // The scalar's message is enough. async-graphql adds the names of the types around it.
    if let Some((_, problem)) =
        message.strip_prefix("Failed to parse \"").and_then(|rest| rest.split_once("\": must be "))
    {
        let problem = problem.split(" (occurred while parsing").next().unwrap_or(problem);
        *message = sentence(format!("The value must be {problem}"));
    }
    *message = message.replace(ONE_OF, "exactly one of its fields must be given");
    if let Some((end, _)) = message.char_indices().nth(LONGEST) {
        message.truncate(end);
        message.push_str("...");
    }
}

/// The part of an argument that a validation message is about, in the form of other errors' `field`.
fn argument_of(message: &str) -> Option<String> {
    let (path, _) = message.strip_prefix("Invalid value for argument \"")?.split_once('"')?;
    Some(path.strip_prefix("input.").unwrap_or(path).to_owned())
}

fn path_text(path: &[PathSegment]) -> String {
    let segments: Vec<String> = path
        .iter()
        .map(|segment| match segment {
            PathSegment::Field(name) => name.clone(),
            PathSegment::Index(index) => index.to_string(),
        })
        .collect();
    segments.join(".")
}

/// Formats an error and its causes on one line.
struct Chain<'a>(&'a (dyn StdError + Send + Sync));

impl fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)?;
        let mut cause = self.0.source();
        while let Some(error) = cause {
            write!(f, ": {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unused_async, reason = "resolvers are async functions, whether they wait or not")]

    use async_graphql::{
        Context, EmptySubscription, InputObject, MaybeUndefined, Object, Request, Schema, Variables, value,
    };

    use super::*;
    use crate::types::scalars::{Date, DateTime, TimeZone};

    #[derive(InputObject)]
    struct Input {
        zone: TimeZone,
        date: Option<Date>,
        name: MaybeUndefined<String>,
    }

    struct Query;

    #[Object]
    impl Query {
        async fn one(&self) -> i32 {
            1
        }

        async fn query(&self) -> Self {
            Self
        }

        async fn at(&self, at: Option<DateTime>, count: Option<i32>) -> bool {
            at.is_none() && count.is_none()
        }

        async fn coded(&self) -> Result<i32, ApiError> {
            Err(ApiError::invalid("schedules.1.everyNWeeks", "must be 1 or more"))
        }

        async fn several(&self) -> Result<i32, ApiError> {
            let other = FieldError { field: "city".to_owned(), message: "must not be empty".into() };
            Err(ApiError::invalid("name", "must not be empty").with_others(vec![other]))
        }

        async fn internal(&self) -> Result<i32, ApiError> {
            Err(ApiError::internal(std::io::Error::other("password=secret")))
        }

        async fn stray(&self) -> async_graphql::Result<i32> {
            Err(std::io::Error::other("password=secret"))?;
            Ok(1)
        }

        async fn no_data(&self, ctx: &Context<'_>) -> async_graphql::Result<i32> {
            ctx.data::<i32>().copied()
        }
    }

    struct Mutation;

    #[Object]
    impl Mutation {
        async fn save(&self, input: Input) -> bool {
            input.date.is_some() && !input.name.is_undefined() && input.zone.zone().is_some()
        }
    }

    async fn execute(request: impl Into<Request>) -> Response {
        let schema =
            Schema::build(Query, Mutation, EmptySubscription).limit_depth(10).limit_complexity(60).limit_directives(2);
        let mut response = schema.finish().execute(request).await;
        add_missing_codes(&mut response);
        response
    }

    fn code_of(error: &ServerError) -> Option<&Value> {
        error.extensions.as_ref()?.get("code")
    }

    #[tokio::test]
    async fn errors_of_async_graphql_get_codes() {
        let deep = format!("{}one{}", "{query".repeat(11), "}".repeat(11)).replace("queryone", "query{one}");
        let parser_depth = format!("{}one{}", "{query".repeat(200), "}".repeat(200));
        let fields: Vec<String> = (0..100).map(|n| format!("f{n}: one")).collect();
        let wide = format!("{{ {} }}", fields.join(" "));
        let cases = [
            ("{ one", true, "BAD_USER_INPUT"),
            ("", true, "BAD_USER_INPUT"),
            ("{ nothing }", true, "BAD_USER_INPUT"),
            ("query A { one } query B { one }", true, "BAD_USER_INPUT"),
            ("fragment F on Query { one }", true, "BAD_USER_INPUT"),
            ("{ ...F }", true, "BAD_USER_INPUT"),
            ("{ one { two } }", true, "BAD_USER_INPUT"),
            ("{ at(count: \"x\") }", true, "BAD_USER_INPUT"),
            ("{ at(count: 99999999999) }", false, "BAD_USER_INPUT"),
            ("{ at(at: \"yesterday\") }", false, "BAD_USER_INPUT"),
            ("{ at(at: 3) }", false, "BAD_USER_INPUT"),
            ("query($at: DateTime!) { at(at: $at) }", false, "BAD_USER_INPUT"),
            ("mutation { save(input: {}) }", true, "BAD_USER_INPUT"),
            ("mutation { save(input: {zone: \"Mars\"}) }", false, "BAD_USER_INPUT"),
            ("mutation { save(input: {zone: \"UTC\", more: 1}) }", true, "BAD_USER_INPUT"),
            ("subscription { one }", true, "BAD_USER_INPUT"),
            ("{ one @skip(if: true) @skip(if: false) @skip(if: true) }", true, "QUERY_TOO_COMPLEX"),
            (deep.as_str(), true, "QUERY_TOO_COMPLEX"),
            (parser_depth.as_str(), true, "QUERY_TOO_COMPLEX"),
            (wide.as_str(), true, "QUERY_TOO_COMPLEX"),
            ("{ coded }", false, "BAD_USER_INPUT"),
        ];
        for (query, before_execution, code) in cases {
            let response = execute(query).await;
            assert!(!response.errors.is_empty(), "{query}");
            for error in &response.errors {
                assert_eq!(code_of(error), Some(&Value::from(code)), "{query}: {error:?}");
            }
            assert_eq!(is_request_error(&response), before_execution, "{query}: {response:?}");
        }
    }

    #[tokio::test]
    async fn wrong_variable_is_bad_user_input() {
        let query = "query($at: DateTime, $count: Int) { at(at: $at, count: $count) }";
        for variables in
            [value!({ "at": "x" }), value!({ "count": "x" }), value!({ "count": [1] }), value!({ "at": {} })]
        {
            let response = execute(Request::new(query).variables(Variables::from_value(variables.clone()))).await;
            println!("{variables} {:?} {:?}", response.data, response.errors);
            assert_eq!(response.errors.len(), 1, "{variables}");
            assert_eq!(code_of(&response.errors[0]), Some(&Value::from("BAD_USER_INPUT")), "{variables}");
        }
    }

    #[tokio::test]
    async fn message_is_short_and_on_one_line() {
        let long = "x".repeat(100_000);
        let queries =
            ["{ one".into(), format!("{{ {long} "), format!("{{ {long} }}"), format!("{{ one(a: \"{long}\") }}")];
        for query in queries {
            let response = execute(query).await;
            let message = &response.errors[0].message;
            assert!(message.len() < 1100 && !message.contains('\n'), "{message}");
        }
        let response = execute("{ one").await;
        assert!(response.errors[0].message.starts_with("Syntax error: expected"), "{response:?}");
    }

    #[tokio::test]
    async fn internal_error_does_not_reach_the_client() {
        for query in ["{ internal }", "{ stray }", "{ noData }"] {
            let response = execute(query).await;
            assert_eq!(response.errors.len(), 1, "{query}");
            assert_eq!(response.errors[0].message, "Internal error. Try again later.", "{query}");
            assert_eq!(code_of(&response.errors[0]), Some(&Value::from("INTERNAL")), "{query}");
            assert_eq!(response.errors[0].path.len(), 1, "{query}");
        }
    }

    #[tokio::test]
    async fn error_names_all_wrong_fields() {
        let response = execute("{ several }").await;
        let extensions = response.errors[0].extensions.clone().unwrap();
        assert_eq!(extensions.get("field"), Some(&Value::from("name")));
        let others = value!([{ "field": "city", "message": "The field 'city' must not be empty." }]);
        assert_eq!(extensions.get("otherFields"), Some(&others));
    }

    #[tokio::test]
    async fn error_names_the_wrong_field() {
        let response = execute("{ coded }").await;
        let extensions = response.errors[0].extensions.clone().unwrap();
        assert_eq!(extensions.get("field"), Some(&Value::from("schedules.1.everyNWeeks")));
        assert_eq!(response.errors[0].message, "The field 'schedules.1.everyNWeeks' must be 1 or more.");
        assert!(!is_request_error(&Response::new(Value::Null)));
        assert!(is_request_error(&ApiError::unauthenticated("expired").into_response()));
    }

    #[test]
    fn an_unavailable_database_shows_only_when_to_try_again() {
        let cause = service::Error::Again("another server holds the lock");
        let response = ApiError::from(cause).into_response();
        assert!(is_unavailable(&response) && has_code(&response, ErrorCode::Internal));
        assert_eq!(response.errors[0].message, UNAVAILABLE_MESSAGE);
        let shown = response.errors[0].extensions.as_ref().and_then(|shown| shown.get(RETRY_AFTER));
        assert_eq!(shown, Some(&value!(10)));
    }
}
