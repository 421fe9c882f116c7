//! Tokens, signed as an identity provider would.

use chrono::TimeDelta;
use jsonwebtoken::{EncodingKey, Header};
use serde_json::{Value, json};

use crate::wait::now;

/// `JWT_SECRET` of every program that the harness starts.
pub const SECRET: &str = "the secret of the tests, which nobody else uses";

/// A token of a person, such as `Person:7`, good for an hour.
pub fn of(person: &str) -> String {
    lasting(person, TimeDelta::hours(1))
}

/// A token of a person that ends after `duration`; a negative one is over already.
pub fn lasting(person: &str, duration: TimeDelta) -> String {
    signed(&json!({ "sub": person, "exp": (now() + duration).timestamp() }), SECRET)
}

/// A token of an admin who is not a person, good for a day.
pub fn admin() -> String {
    let exp = (now() + TimeDelta::days(1)).timestamp();
    signed(&json!({ "sub": "operator", "exp": exp, "roles": ["admin"] }), SECRET)
}

/// Any claims, right or wrong.
pub fn signed(claims: &Value, secret: &str) -> String {
    jsonwebtoken::encode(&Header::default(), claims, &EncodingKey::from_secret(secret.as_bytes()))
        .expect("claims can be signed")
}
