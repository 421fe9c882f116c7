//! Reads the claims of a token whose signature is valid.

use chrono::{DateTime, TimeDelta, Utc};
use domain::ids::PersonId;
use serde_json::{Map, Value};

use super::AuthError;

/// The role of administrators.
pub(super) const ADMIN: &str = "admin";

/// How far the clock of the issuer may be ahead. There is no leeway at a token's end.
const START_LEEWAY: TimeDelta = TimeDelta::seconds(2);

/// The longest subject, in bytes: the limit of OpenID Connect.
const MAX_SUBJECT_BYTES: usize = 255;

/// What tokens must say, beside what is always required. From the settings.
#[derive(Debug, Clone, Default)]
pub struct Rules {
    /// `JWT_ISSUER`: what `iss` must be.
    pub issuer: Option<String>,
    /// `JWT_AUDIENCE`: one of these must be in `aud`. If it is empty, `aud` is not checked. That is allowed only with a
    /// secret: an identity provider also issues tokens for other applications.
    pub audiences: Vec<String>,
    /// `JWT_PERSON_CLAIM`: which claim has a person's `externalId`. `None` is `sub`. The value of another claim is never
    /// read as a person's id, because people may be free to choose it.
    pub person_claim: Option<String>,
    /// `JWT_SUBJECTS`: whether `sub` may be a person's id. `None`: it may if tokens are checked with a secret. An
    /// identity provider does not know our ids, so there a `sub` that looks like one is an `externalId` too.
    pub subjects_are_ids: Option<bool>,
}

/// How a token names a person.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Subject {
    /// By our own id.
    Person(PersonId),
    /// By the id of an identity provider.
    External(String),
}

#[derive(Debug)]
pub(super) struct Claims {
    pub subject: Option<Subject>,
    pub is_admin: bool,
    pub issued_at: Option<DateTime<Utc>>,
    pub expires_at: DateTime<Utc>,
    /// The name of the subject, if the token has one.
    pub name: Option<String>,
}

impl Claims {
    pub fn read(claims: &Map<String, Value>, rules: &Rules, now: DateTime<Utc>) -> Result<Self, AuthError> {
        let expires_at = instant(claims.get("exp")).ok_or(AuthError::BadExpiry)?;
        if expires_at <= now {
            return Err(AuthError::Expired);
        }
        for name in ["nbf", "iat"] {
            if let Some(start) = claims.get(name)
                && instant(Some(start)).ok_or(AuthError::BadStart)? > now + START_LEEWAY
            {
                return Err(AuthError::NotYetValid);
            }
        }
        if rules.issuer.is_some() && claims.get("iss").and_then(Value::as_str) != rules.issuer.as_deref() {
            return Err(AuthError::WrongIssuer);
        }
        if !rules.audiences.is_empty() && !is_for(claims.get("aud"), &rules.audiences) {
            return Err(AuthError::WrongAudience);
        }
        let is_admin = has_admin_role(claims)?;
        let subject = subject(claims, rules);
        if subject.is_none() && !is_admin {
            return Err(AuthError::BadSubject);
        }
        Ok(Self { subject, is_admin, issued_at: instant(claims.get("iat")), expires_at, name: name(claims) })
    }
}

fn subject(claims: &Map<String, Value>, rules: &Rules) -> Option<Subject> {
    let text = |claim: &str| claims.get(claim).and_then(Value::as_str);
    let is_usable = |text: &str| (1..=MAX_SUBJECT_BYTES).contains(&text.len()) && !text.chars().any(char::is_control);
    let external = |text: &str| is_usable(text).then(|| Subject::External(text.to_owned()));
    if let Some(claim) = &rules.person_claim {
        return text(claim).and_then(external);
    }
    let sub = text("sub")?;
    let id = if rules.subjects_are_ids.unwrap_or_default() { sub.parse().ok() } else { None };
    id.map(Subject::Person).or_else(|| external(sub))
}

/// A `NumericDate` (RFC 7519, section 2): seconds since 1970, possibly with a fraction.
fn instant(claim: Option<&Value>) -> Option<DateTime<Utc>> {
    let number = claim?.as_number()?;
    if let Some(seconds) = number.as_i64() {
        return DateTime::from_timestamp(seconds, 0);
    }
    let milliseconds = number.as_f64()? * 1000.0;
    // Every instant that chrono can hold is below this bound, and `f64` and `i64` can hold the bound.
    if !(0.0..1e17).contains(&milliseconds) {
        return None;
    }
    #[expect(clippy::cast_possible_truncation, reason = "within the bounds checked above")]
    DateTime::from_timestamp_millis(milliseconds as i64)
}

/// `aud` is a string or a list of strings (RFC 7519, section 4.1.3).
fn is_for(claim: Option<&Value>, audiences: &[String]) -> bool {
    let is_ours = |value: &Value| value.as_str().is_some_and(|text| audiences.iter().any(|it| it == text));
    match claim {
        Some(Value::Array(values)) => values.iter().any(is_ours),
        Some(value) => is_ours(value),
        None => false,
    }
}

fn has_admin_role(claims: &Map<String, Value>) -> Result<bool, AuthError> {
    let Some(roles) = claims.get("roles") else {
        return Ok(false);
    };
    let roles = roles.as_array().ok_or(AuthError::BadRoles)?;
    let names: Option<Vec<&str>> = roles.iter().map(Value::as_str).collect();
    Ok(names.ok_or(AuthError::BadRoles)?.contains(&ADMIN))
}

/// A name to show, from the claims of OpenID Connect. The best claim comes first.
fn name(claims: &Map<String, Value>) -> Option<String> {
    let texts = ["name", "nickname", "preferred_username", "given_name"].iter();
    let name = texts.filter_map(|claim| claims.get(*claim)?.as_str()).find(|text| !text.trim().is_empty());
    name.map(str::to_owned)
}
