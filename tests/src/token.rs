//! Signs tokens.

use chrono::TimeDelta;
use jsonwebtoken::{EncodingKey, Header};
use serde_json::{Value, json};

use crate::wait::now;

/// `JWT_SECRET` of every program that the harness starts.
pub const SECRET: &str = "the secret of the tests, which nobody else uses";

/// A token of a person, such as `Person:7`, that is valid for an hour.
pub fn of(person: &str) -> String {
    lasting(person, TimeDelta::hours(1))
}

/// A token of a person that expires after `duration`. A negative duration makes an expired token.
pub fn lasting(person: &str, duration: TimeDelta) -> String {
    signed(&json!({ "sub": person, "exp": (now() + duration).timestamp() }), SECRET)
}

/// A token of an admin who is not a person, valid for a day.
pub fn admin() -> String {
    admin_lasting(TimeDelta::days(1))
}

/// The same, valid for `duration`.
pub fn admin_lasting(duration: TimeDelta) -> String {
    let exp = (now() + duration).timestamp();
    signed(&json!({ "sub": "operator", "exp": exp, "roles": ["admin"] }), SECRET)
}

/// A token with any claims, valid or not.
pub fn signed(claims: &Value, secret: &str) -> String {
    jsonwebtoken::encode(&Header::default(), claims, &EncodingKey::from_secret(secret.as_bytes()))
        .expect("claims can be signed")
}
