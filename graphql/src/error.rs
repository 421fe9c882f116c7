//! Errors as clients see them: a message for people and a code in `extensions.code`.
//!
//! Resolvers return `Result<T, ApiError>`. [`ApiError`] does not implement `Display`: async-graphql turns whatever does
//! into a message for clients, so a stray `?` on some other error must not compile. What went wrong inside is
//! logged, and clients are told 'Internal error'.
//!
//! [`add_missing_codes`] is the last look at every response, on every transport: it gives async-graphql's own errors
//! (parsing, validation, coercion) a code, and hides what came from the inside after all.

use std::{error::Error as StdError, fmt, sync::Arc, time::Duration};

use async_graphql::{Error, ErrorExtensionValues, PathSegment, Response, ServerError, Value};

const INTERNAL_MESSAGE: &str = "Internal error";

/// What `extensions.code` may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorCode {
    /// There is no token and one is needed, or the token is not valid.
    Unauthenticated,
    /// The viewer may know that it exists, but may not do this.
    Forbidden,
    /// There is no such thing, or the viewer may not know of it.
    NotFound,
    /// The request, an argument or a variable is wrong; sending it again doesn't help.
    BadUserInput,
    /// Something else is in the way: a path that is taken, a slot that is booked.
    Conflict,
    /// A booking that cannot go from its status to this one.
    InvalidTransition,
    /// Too often; later it works.
    RateLimited,
    /// The query is nested too deep or asks for too much.
    QueryTooComplex,
    /// The cursor is older than the log: subscribe again without one.
    CursorExpired,
    /// A failure of the server. The log has it.
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
            Self::Internal => "INTERNAL",
        }
    }
}

/// An error to be shown to clients. Without `Display`, on purpose (see the module).
#[derive(Debug, Clone)]
pub struct ApiError {
    code: ErrorCode,
    message: String,
    /// Which part of the input is wrong, such as `schedules.1.everyNWeeks`.
    field: Option<String>,
    /// What went wrong inside: for the log only.
    source: Option<Arc<dyn StdError + Send + Sync>>,
}

impl ApiError {
    /// An error with a code and a message, which clients see as it is.
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), field: None, source: None }
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

    pub fn cursor_expired(message: impl Into<String>) -> Self {
        Self::new(ErrorCode::CursorExpired, message)
    }

    /// A failure of the server. The source is logged when the error goes to a client, who learns nothing of it.
    pub fn internal(source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self { source: Some(Arc::from(source.into())), ..Self::new(ErrorCode::Internal, INTERNAL_MESSAGE) }
    }

    /// A mutation that goes on, and may or may not come to something.
    pub fn unanswered(waited: Duration) -> Self {
        let seconds = waited.as_secs();
        let message = format!("no answer within {seconds} seconds: it may be done yet, so look before you ask again");
        Self { message: message.clone(), ..Self::internal(message) }
    }

    /// Names the part of the input that is wrong, as a path in the input's own names: `schedules.1.everyNWeeks`.
    #[must_use]
    pub fn at_field(self, field: impl Into<String>) -> Self {
        Self { field: Some(field.into()), ..self }
    }

    pub const fn code(&self) -> ErrorCode {
        self.code
    }

    pub fn message(&self) -> &str {
        &self.message
    }

    pub fn field(&self) -> Option<&str> {
        self.field.as_deref()
    }

    /// A response that consists of this error: the request was not executed.
    pub fn into_response(self) -> Response {
        Response::from_errors(vec![self.into()])
    }
}

/// This is where internal errors get into the log.
impl From<ApiError> for Error {
    fn from(error: ApiError) -> Self {
        if let Some(source) = &error.source {
            tracing::error!(error = %Chain(source.as_ref()), "internal error");
        }
        let mut extensions = ErrorExtensionValues::default();
        extensions.set("code", error.code.as_str());
        if let Some(field) = error.field {
            extensions.set("field", field);
        }
        Self { message: error.message, source: None, extensions: Some(extensions) }
    }
}

/// For errors outside of any field: they have neither path nor location.
impl From<ApiError> for ServerError {
    fn from(error: ApiError) -> Self {
        let Error { message, extensions, .. } = error.into();
        let mut server_error = Self::new(message, None);
        server_error.extensions = extensions;
        server_error
    }
}

/// Gives every error of a response that has no code one, on whichever transport it leaves.
///
/// async-graphql's own errors are BAD_USER_INPUT: parsing, validation, coercion of arguments and variables, unknown
/// operations; or QUERY_TOO_COMPLEX for its limits. Errors that some resolver let through from the inside become
/// INTERNAL: their text goes to the log, not to clients.
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
        }
        error.extensions.get_or_insert_default().set("code", code.as_str());
    }
}

/// Whether the request failed before execution began: it could not be parsed, is not valid, names an unknown operation,
/// or was refused. Such a response has no `data` (GraphQL, 7.1), and on a socket it is an `error`, not a `next`.
pub fn is_request_error(response: &Response) -> bool {
    response.data == Value::Null
        && !response.errors.is_empty()
        && response.errors.iter().all(|error| error.path.is_empty())
}

/// Whether something of it failed inside of the server, such as for want of the database: later it may succeed. To be
/// asked of a response whose errors have their codes.
pub fn is_failure(response: &Response) -> bool {
    let internal = Value::from(ErrorCode::Internal.as_str());
    let code = |error: &ServerError| error.extensions.as_ref()?.get("code").cloned();
    response.errors.iter().any(|error| code(error).as_ref() == Some(&internal))
}

fn missing_code(error: &ServerError) -> ErrorCode {
    let message = error.message.as_str();
    // Only what implements `Display` leaves a source; and `Context::data` has a message of its own.
    let from_inside =
        error.source.is_some() || (message.starts_with("Data `") && message.ends_with("` does not exist."));
    let too_complex = [
        "Query is too complex.",
        "Query is nested too deep.",
        "The recursion depth of the query cannot be greater than",
        "The number of directives on the field",
        "recursion limit exceeded.",
    ];
    if from_inside {
        ErrorCode::Internal
    } else if too_complex.iter().any(|start| message.starts_with(start)) {
        ErrorCode::QueryTooComplex
    } else {
        ErrorCode::BadUserInput
    }
}

/// The parser draws the line with the mistake, over several lines: the place is in `locations`, so what was expected is
/// enough. And some messages repeat the client's input, however long.
fn tidy(message: &mut String) {
    const LONGEST: usize = 1000;

    if message.starts_with(" --> ")
        && let Some((_, expected)) = message.rsplit_once("\n  = ")
    {
        *message = format!("Syntax error: {expected}");
    }
    if let Some((end, _)) = message.char_indices().nth(LONGEST) {
        message.truncate(end);
        message.push_str("...");
    }
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

/// An error with what caused it, on one line.
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
            Err(ApiError::bad_user_input("must be 1 or more").at_field("schedules.1.everyNWeeks"))
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
    async fn the_errors_of_async_graphql_get_codes() {
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
    async fn wrong_variables_are_bad_input() {
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
    async fn messages_are_short_and_on_one_line() {
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
    async fn nothing_of_the_inside_leaks() {
        for query in ["{ internal }", "{ stray }", "{ noData }"] {
            let response = execute(query).await;
            assert_eq!(response.errors.len(), 1, "{query}");
            assert_eq!(response.errors[0].message, "Internal error", "{query}");
            assert_eq!(code_of(&response.errors[0]), Some(&Value::from("INTERNAL")), "{query}");
            assert_eq!(response.errors[0].path.len(), 1, "{query}");
        }
    }

    #[tokio::test]
    async fn the_wrong_field_is_named() {
        let response = execute("{ coded }").await;
        let extensions = response.errors[0].extensions.clone().unwrap();
        assert_eq!(extensions.get("field"), Some(&Value::from("schedules.1.everyNWeeks")));
        assert!(!is_request_error(&Response::new(Value::Null)));
        assert!(is_request_error(&ApiError::unauthenticated("expired").into_response()));
    }
}
