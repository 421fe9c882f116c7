//! Idempotency keys: a client marks an attempt at a mutation with a key, so that a retry creates nothing twice.

use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicI32, Ordering},
};

use async_graphql::{Context, Value};
use serde_json::Value as Json;
use service::{
    App,
    idempotency::{Attempt, check_key},
};

use crate::{
    context::{Result, app},
    error::ApiError,
};

/// The name of the HTTP header.
pub const HEADER: &str = "idempotency-key";

const HEADER_FIELD: &str = "Idempotency-Key";
const INPUT_FIELD: &str = "clientMutationId";

/// The key of an HTTP request: the value of its header `Idempotency-Key`. It counts for all mutations of the request that
/// create something. These run one after the other, so a retry of the request gives each the same number.
#[derive(Debug)]
pub struct IdempotencyKey {
    text: String,
    used: AtomicI32,
}

impl IdempotencyKey {
    /// Reads the value of the header. It may be a quoted string, as in the IETF draft of this header.
    ///
    /// # Errors
    /// When it cannot be a key.
    pub fn parse(value: &[u8]) -> Result<Self, ApiError> {
        let text = str::from_utf8(value).map_err(|_| ApiError::invalid(HEADER_FIELD, "is not a text"))?.trim();
        let text = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text);
        check_key(HEADER_FIELD, text)?;
        Ok(Self { text: text.to_owned(), used: AtomicI32::new(0) })
    }
}

/// The app for the resolver of a mutation that creates something. It marks the attempt if the client gave a key. A key in the
/// input comes before the one of the header.
pub async fn app_for_attempt(ctx: &Context<'_>, client_mutation_id: Option<&str>) -> Result<App> {
    let app = app(ctx)?;
    let (field, key, position) = match (client_mutation_id, ctx.data_opt::<IdempotencyKey>()) {
        (Some(id), _) => {
            check_key(INPUT_FIELD, id)?;
            (INPUT_FIELD, id.to_owned(), 0)
        }
        (None, Some(key)) => (HEADER_FIELD, key.text.clone(), key.used.fetch_add(1, Ordering::Relaxed)),
        (None, None) => return Ok(app.clone()),
    };
    Ok(app.for_attempt(Attempt { field, key, position, input: input_of(ctx)? }).await?)
}

/// The arguments of the field as text: sorted by name, and without the key itself.
fn input_of(ctx: &Context<'_>) -> Result<String> {
    let arguments = ctx.field().arguments().map_err(|error| ApiError::bad_user_input(error.message))?;
    let arguments: BTreeMap<_, _> = arguments.iter().map(|(name, value)| (name.to_string(), sorted(value))).collect();
    serde_json::to_string(&arguments).map_err(ApiError::internal)
}

fn sorted(value: &Value) -> Json {
    match value {
        Value::List(items) => items.iter().map(sorted).collect(),
        Value::Object(fields) => {
            let fields = fields.iter().filter(|(name, _)| *name != INPUT_FIELD);
            let sorted: BTreeMap<_, _> = fields.map(|(name, value)| (name.to_string(), sorted(value))).collect();
            Json::Object(sorted.into_iter().collect())
        }
        Value::Enum(name) => Json::String(name.to_string()),
        other => other.clone().into_json().unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::value;

    use super::*;

    #[test]
    fn header_is_a_text_with_or_without_quotes() {
        for (header, key) in [("abc", "abc"), (" \"abc\" ", "abc"), ("\"a", "\"a"), ("é", "é")] {
            assert_eq!(IdempotencyKey::parse(header.as_bytes()).unwrap().text, key, "{header}");
        }
        let long = "x".repeat(256);
        for header in ["", "  ", "\"\"", "a\tb", &long] {
            assert!(IdempotencyKey::parse(header.as_bytes()).is_err(), "{header}");
        }
        assert!(IdempotencyKey::parse(b"\xff").is_err());
    }

    #[test]
    fn input_does_not_depend_on_the_order_of_its_fields_or_on_the_key() {
        let one = value!({ "b": [1, { "y": null, "x": "z" }], "a": 2, "clientMutationId": "k" });
        let other = value!({ "a": 2, "b": [1, { "x": "z", "y": null }] });
        assert_eq!(sorted(&one).to_string(), sorted(&other).to_string());
        assert_ne!(sorted(&one), sorted(&value!({ "a": 2, "b": [1, { "x": "z" }] })));
        assert_eq!(sorted(&Value::Enum(async_graphql::Name::new("YES"))), Json::from("YES"));
    }
}
