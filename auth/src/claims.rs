//! Reads the claims of a token whose signature is valid.

use chrono::{DateTime, TimeDelta, Utc};
use domain::ids::PersonId;
use serde_json::{Map, Value};

use super::AuthError;

/// The role of administrators, unless `JWT_ADMIN_ROLE` is another one.
const ADMIN: &str = "admin";

/// The claim with the roles, unless `JWT_ROLES_CLAIM` is another one.
const ROLES: &str = "roles";

/// The usual leeway for a token's beginning. There is none for its end.
const LEEWAY: TimeDelta = TimeDelta::seconds(60);

/// Clocks that differ by less than this count as the same.
const CLOCK_TOLERANCE: TimeDelta = TimeDelta::seconds(2);

/// The longest subject, in bytes: the limit of OpenID Connect.
const MAX_SUBJECT_BYTES: usize = 255;

/// The rules for the claims of tokens, besides what is always required. The settings define them.
#[derive(Debug, Clone)]
pub struct Rules {
    /// `JWT_ISSUER`: the required value of `iss`. `None` if any issuer is accepted.
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
    /// `JWT_ROLES_CLAIM`: the claim with the roles. It may be a path into objects, such as `realm_access.roles`.
    pub roles_claim: String,
    /// `JWT_ADMIN_ROLE`: the role of administrators.
    pub admin_role: String,
    /// `JWT_LEEWAY_SECONDS`: how far the clock of the issuer may be ahead.
    pub leeway: TimeDelta,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            issuer: None,
            audiences: Vec::new(),
            person_claim: None,
            subjects_are_ids: None,
            roles_claim: ROLES.to_owned(),
            admin_role: ADMIN.to_owned(),
            leeway: LEEWAY,
        }
    }
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
    /// When the token was made, by the clock of the server. If the issuer's clock is ahead, this is the earliest instant at
    /// which the token may have been made.
    pub issued_at: Option<DateTime<Utc>>,
    /// When the token ends. `None` for a sign-in at a provider, which is used once.
    pub expires_at: Option<DateTime<Utc>>,
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
                && instant(Some(start)).ok_or(AuthError::BadStart)? > now + rules.leeway
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
        let is_admin = is_admin(claims, rules)?;
        let subject = subject(claims, rules);
        if subject.is_none() && !is_admin {
            return Err(AuthError::BadSubject);
        }
        // A token from the future was made by a clock that is ahead. So it may be older than a revocation that looks earlier
        // than `iat`.
        let issued_at =
            instant(claims.get("iat")).map(|at| if at > now + CLOCK_TOLERANCE { at - rules.leeway } else { at });
        Ok(Self { subject, is_admin, issued_at, expires_at: Some(expires_at), name: name(claims) })
    }

    /// The claims of somebody who has just signed in at a provider. The OpenID Connect library has already checked them.
    /// `external_id` converts the provider's subject into our `externalId`.
    pub fn of_proof(
        claims: &Map<String, Value>,
        rules: &Rules,
        external_id: impl Fn(&str) -> Option<String>,
        now: DateTime<Utc>,
    ) -> Result<Self, AuthError> {
        let claim = claims.get(rules.person_claim.as_deref().unwrap_or("sub")).and_then(Value::as_str);
        let subject = claim.and_then(|text| external(&external_id(text)?));
        let is_admin = is_admin(claims, rules)?;
        if subject.is_none() && !is_admin {
            return Err(AuthError::BadSubject);
        }
        Ok(Self { subject, is_admin, issued_at: Some(now), expires_at: None, name: name(claims) })
    }
}

fn is_admin(claims: &Map<String, Value>, rules: &Rules) -> Result<bool, AuthError> {
    // Some providers send null to a person without roles.
    find_claim(claims, &rules.roles_claim)
        .filter(|roles| !roles.is_null())
        .map_or(Some(false), |roles| has_role(roles, &rules.admin_role, is_scope(&rules.roles_claim)))
        .ok_or(AuthError::BadRoles)
}

fn external(text: &str) -> Option<Subject> {
    let is_usable = (1..=MAX_SUBJECT_BYTES).contains(&text.len()) && !text.chars().any(char::is_control);
    is_usable.then(|| Subject::External(text.to_owned()))
}

fn subject(claims: &Map<String, Value>, rules: &Rules) -> Option<Subject> {
    let text = |claim: &str| claims.get(claim).and_then(Value::as_str);
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

/// Whether the claim `aud` names one of our audiences. It is a string or a list of strings (RFC 7519, section 4.1.3).
fn is_for(claim: Option<&Value>, audiences: &[String]) -> bool {
    let is_ours = |value: &Value| value.as_str().is_some_and(|text| audiences.iter().any(|it| it == text));
    match claim {
        Some(Value::Array(values)) => values.iter().any(is_ours),
        Some(value) => is_ours(value),
        None => false,
    }
}

/// The claim at a path. The names of claims may themselves contain dots, such as `https://example.org/roles`.
fn find_claim<'a>(claims: &'a Map<String, Value>, path: &str) -> Option<&'a Value> {
    claims.get(path).or_else(|| {
        path.match_indices('.')
            .find_map(|(dot, _)| find_claim(claims.get(&path[..dot])?.as_object()?, &path[dot + 1..]))
    })
}

/// Whether the claim is a list of scopes in one string, separated by spaces (RFC 8693, section 4.2).
fn is_scope(path: &str) -> bool {
    matches!(path.rsplit('.').next(), Some("scope" | "scp"))
}

/// Whether these roles contain a role. Roles are a string, or a list of strings or of objects with a name, or an object whose keys
/// are the roles. A string is one role, even if it has spaces, unless it is a list of scopes. `None` if the claim is something
/// else.
fn has_role(roles: &Value, role: &str, is_scope: bool) -> Option<bool> {
    match roles {
        Value::String(text) if is_scope => Some(text.split_whitespace().any(|one| one == role)),
        Value::String(text) => Some(text == role),
        Value::Array(list) => {
            let names: Option<Vec<&str>> = list.iter().map(role_name).collect();
            Some(names?.contains(&role))
        }
        Value::Object(by_name) => {
            Some(by_name.get(role).is_some_and(|value| !matches!(value, Value::Null | Value::Bool(false))))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => None,
    }
}

/// The name of a role in a list: the string itself, or a member of an object. Providers name that member differently.
fn role_name(role: &Value) -> Option<&str> {
    match role {
        Value::String(name) => Some(name),
        Value::Object(role) => ["name", "value", "role", "authority"].iter().find_map(|key| role.get(*key)?.as_str()),
        _ => None,
    }
}

/// A name to show, from the claims of OpenID Connect. The best claim comes first.
fn name(claims: &Map<String, Value>) -> Option<String> {
    let texts = ["name", "nickname", "preferred_username", "given_name"].iter();
    let name = texts.filter_map(|claim| claims.get(*claim)?.as_str()).find(|text| !text.trim().is_empty());
    name.map(str::to_owned)
}
