//! What a token whose signature is good says.

use chrono::{DateTime, TimeDelta, Utc};
use domain::ids::PersonId;
use serde_json::{Map, Value};

use super::AuthError;

/// The role that may do everything.
pub(super) const ADMIN: &str = "admin";

/// How far the clock of who makes tokens may be ahead. At a token's end there is no leeway.
const LEEWAY: TimeDelta = TimeDelta::seconds(2);

/// The longest subject: what OpenID Connect allows.
const LONGEST_SUBJECT: usize = 255;

/// What tokens must say beside what they always must; from the settings.
#[derive(Debug, Clone, Default)]
pub struct Rules {
    /// `JWT_ISSUER`: what `iss` must be.
    pub issuer: Option<String>,
    /// `JWT_AUDIENCE`: one of these must be in `aud`. Empty: not asked.
    pub audiences: Vec<String>,
    /// `JWT_PERSON_CLAIM`: which claim has a person's `externalId`. None: `sub`, which may also be a person's id. What is
    /// in any other claim is never taken for a person's id, as people may be free to choose it.
    pub person_claim: Option<String>,
}

/// Whom a token names.
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
    /// What people call the subject, if the token says so.
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
                && instant(Some(start)).ok_or(AuthError::BadStart)? > now + LEEWAY
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
    let is_usable = |text: &str| (1..=LONGEST_SUBJECT).contains(&text.len()) && !text.chars().any(char::is_control);
    let external = |text: &str| is_usable(text).then(|| Subject::External(text.to_owned()));
    if let Some(claim) = &rules.person_claim {
        return text(claim).and_then(external);
    }
    let sub = text("sub")?;
    sub.parse().map(Subject::Person).ok().or_else(|| external(sub))
}

/// A NumericDate (RFC 7519, 2): seconds since 1970, which may have a fraction.
fn instant(claim: Option<&Value>) -> Option<DateTime<Utc>> {
    let number = claim?.as_number()?;
    if let Some(seconds) = number.as_i64() {
        return DateTime::from_timestamp(seconds, 0);
    }
    let milliseconds = number.as_f64()? * 1000.0;
    // The bound is far outside of what the calendar holds, and inside of what both kinds of number do.
    if !(0.0..1e17).contains(&milliseconds) {
        return None;
    }
    #[expect(clippy::cast_possible_truncation, reason = "within the bounds checked above")]
    DateTime::from_timestamp_millis(milliseconds as i64)
}

/// `aud` is a text or a list of them (RFC 7519, 4.1.3).
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

/// The claims of OpenID Connect that have a name to show, the best first.
fn name(claims: &Map<String, Value>) -> Option<String> {
    let texts = ["name", "nickname", "preferred_username", "given_name"].iter();
    let name = texts.filter_map(|claim| claims.get(*claim)?.as_str()).find(|text| !text.trim().is_empty());
    name.map(str::to_owned)
}
