//! Bearer tokens: who a request or a socket comes from.
//!
//! A token is a JWT. `sub` is the GraphQL id of a person, such as `Person:7`; `exp` is needed; `roles` may hold
//! `admin`, and then `sub` may be anything. One key verifies them, and only with the algorithm of that key, so a token
//! cannot choose how it is checked. A token that is there but not valid is refused, never treated as nobody.

use std::{
    fmt,
    fs::{self, File, OpenOptions},
    io::{self, Write as _},
    path::{Path, PathBuf},
    sync::Arc,
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, TimeDelta, Utc};
use domain::{access::Viewer, clock::Clock, ids::PersonId};
use jsonwebtoken::{Algorithm, AlgorithmFamily, DecodingKey, EncodingKey, Header, Validation};
use serde::Serialize;
use serde_json::{Map, Value};

/// The role that may do everything.
const ADMIN: &str = "admin";

/// HS256 wants a key of at least 256 bits (RFC 7518, 3.2). Shorter secrets work, with a warning in the log.
const ADVISED_SECRET_BYTES: usize = 32;

/// What tokens are checked with: the setting JWT_SECRET or JWT_PUBLIC_KEY.
#[derive(Clone)]
pub enum Keys {
    /// A shared secret; tokens are HS256.
    Secret(String),
    /// A public key as PEM; tokens are RS256, ES256 or EdDSA, according to its kind.
    PublicKey(String),
}

/// Never shows the secret.
impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Secret(_) => "Secret(..)",
            Self::PublicKey(_) => "PublicKey(..)",
        })
    }
}

/// Why a setting holds no usable key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    #[error("JWT_SECRET is empty: set it to 32 random bytes or more, for instance from `openssl rand -base64 32`")]
    EmptySecret,
    #[error(
        "JWT_PUBLIC_KEY holds a private key: give the public key that belongs to it, and keep the private one away"
    )]
    PrivateKey,
    #[error("JWT_PUBLIC_KEY is not a public key as PEM (-----BEGIN PUBLIC KEY-----): RSA, EC on P-256, or Ed25519")]
    NotAPublicKey,
}

/// Why a token could not be issued.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IssueError {
    #[error(
        "tokens can be issued only with JWT_SECRET; with JWT_PUBLIC_KEY they come from whoever has the private key"
    )]
    PublicKeyOnly,
    #[error("a token names a person, an admin, or both")]
    NobodyNamed,
    #[error("the token would live too long: its end has no place in the calendar")]
    LifetimeTooLong,
    #[error("the token could not be signed")]
    Signing,
}

/// Why a token was refused. The messages are for clients: they tell nothing of the key or of the inside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AuthError {
    #[error("The authorization must be 'Bearer' and a token; leave it out to be nobody.")]
    NotBearer,
    #[error("The token is not a JWT that this server accepts.")]
    Malformed,
    #[error("The token's signature or its algorithm is not valid here.")]
    BadSignature,
    #[error("The token has expired: ask for a fresh one.")]
    Expired,
    #[error("The token is not valid yet.")]
    NotYetValid,
    #[error("The token has no usable 'exp': its end as a number of seconds since 1970.")]
    BadExpiry,
    #[error("The token's 'nbf' is not a number of seconds since 1970.")]
    BadNotBefore,
    #[error("The token's 'roles' must be a list of texts.")]
    BadRoles,
    #[error("The token's 'sub' must be a person's id, such as Person:7.")]
    BadSubject,
}

/// Who asks, and until when that may be believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Identity {
    pub viewer: Viewer,
    /// When the token ends, and a socket opened with it too. None without a token.
    pub expires_at: Option<DateTime<Utc>>,
}

impl Identity {
    pub const NOBODY: Self = Self { viewer: Viewer::NOBODY, expires_at: None };

    /// Whether the token has ended at `now`: it is valid up to, not including, its end.
    pub fn is_expired(&self, now: DateTime<Utc>) -> bool {
        self.expires_at.is_some_and(|end| end <= now)
    }
}

/// Checks tokens, and issues them where it has the secret.
pub struct Authenticator {
    decoding: DecodingKey,
    encoding: Option<EncodingKey>,
    validation: Validation,
    clock: Arc<dyn Clock>,
}

impl fmt::Debug for Authenticator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authenticator").field("algorithms", &self.validation.algorithms).finish_non_exhaustive()
    }
}

impl Authenticator {
    /// A public key's lines may be separated by `\n` written out, as environment files often have it.
    pub fn new(keys: &Keys, clock: Arc<dyn Clock>) -> Result<Self, KeyError> {
        let (algorithm, decoding, encoding) = match keys {
            Keys::Secret(secret) => {
                if secret.trim().is_empty() {
                    return Err(KeyError::EmptySecret);
                }
                if secret.len() < ADVISED_SECRET_BYTES {
                    tracing::warn!(
                        bytes = secret.len(),
                        "JWT_SECRET is shorter than the 32 bytes that HS256 asks for: tokens may be guessed"
                    );
                }
                let secret = secret.as_bytes();
                (Algorithm::HS256, DecodingKey::from_secret(secret), Some(EncodingKey::from_secret(secret)))
            }
            Keys::PublicKey(pem) => {
                let (algorithm, decoding) = read_public_key(pem)?;
                (algorithm, decoding, None)
            }
        };
        Ok(Self { decoding, encoding, validation: signature_only(algorithm), clock })
    }

    /// Who the value of an `Authorization` header, or of `authorization` in connection_init, names. Without one:
    /// nobody.
    pub fn authenticate(&self, authorization: Option<&str>) -> Result<Identity, AuthError> {
        let Some(authorization) = authorization else {
            return Ok(Identity::NOBODY);
        };
        let token = bearer_token(authorization)?;
        let decoded = jsonwebtoken::decode::<Map<String, Value>>(token, &self.decoding, &self.validation)
            .map_err(|error| refusal(&error))?;
        // Extensions that must be understood, of which none is (RFC 7515, 4.1.11).
        if decoded.header.crit.is_some() {
            return Err(AuthError::Malformed);
        }
        identity(&decoded.claims, self.clock.now())
    }

    /// Signs a token for `person`, for an admin, or for a person who is an admin, valid from now for `lifetime`.
    pub fn issue(&self, person: Option<PersonId>, admin: bool, lifetime: TimeDelta) -> Result<String, IssueError> {
        #[derive(Serialize)]
        struct Claims {
            sub: String,
            iat: i64,
            exp: i64,
            #[serde(skip_serializing_if = "<[_]>::is_empty")]
            roles: &'static [&'static str],
        }

        let key = self.encoding.as_ref().ok_or(IssueError::PublicKeyOnly)?;
        let sub = match (person, admin) {
            (Some(person), _) => person.to_string(),
            (None, true) => ADMIN.to_owned(),
            (None, false) => return Err(IssueError::NobodyNamed),
        };
        let now = self.clock.now();
        let end = now.checked_add_signed(lifetime).ok_or(IssueError::LifetimeTooLong)?;
        let roles: &[&str] = if admin { &[ADMIN] } else { &[] };
        let claims = Claims { sub, iat: now.timestamp(), exp: end.timestamp(), roles };
        jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, key).map_err(|_| IssueError::Signing)
    }

    /// The clock that tokens are measured by.
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.clock
    }
}

/// The secret of an embedded database, kept beside it as `<database file>.jwt-secret` and made at the first start.
/// Several processes that start at once get the same one. Only the owner can read it.
///
/// # Errors
///
/// When the file can neither be read nor made, or is empty.
pub fn secret_beside(database: &Path) -> io::Result<String> {
    let path = with_suffix(database, ".jwt-secret");
    match read_secret(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        result => return result,
    }

    let mut random = [0; 32];
    getrandom::fill(&mut random).map_err(io::Error::other)?;
    let secret = URL_SAFE_NO_PAD.encode(random);

    // Written whole under a name of its own and then linked, so that nobody reads half a secret; linking fails when
    // another process was first, and then theirs holds.
    let mut nonce = [0; 8];
    getrandom::fill(&mut nonce).map_err(io::Error::other)?;
    let draft = with_suffix(&path, &format!(".{}", URL_SAFE_NO_PAD.encode(nonce)));
    let linked = create_private(&draft)
        .and_then(|mut file| {
            writeln!(file, "{secret}")?;
            file.sync_all()
        })
        .and_then(|()| fs::hard_link(&draft, &path));
    let removed = fs::remove_file(&draft);
    match linked {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        _ => removed?,
    }
    read_secret(&path)
}

fn read_secret(path: &Path) -> io::Result<String> {
    let text = fs::read_to_string(path)?;
    let secret = text.trim();
    if secret.is_empty() {
        let message = format!("{} is empty: remove it, and a new secret is made", path.display());
        return Err(io::Error::new(io::ErrorKind::InvalidData, message));
    }
    Ok(secret.to_owned())
}

fn create_private(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// One algorithm a key, so that a public key is never taken for an HMAC secret.
fn read_public_key(pem: &str) -> Result<(Algorithm, DecodingKey), KeyError> {
    let pem = pem.replace("\\n", "\n");
    if pem.contains("PRIVATE KEY-----") {
        return Err(KeyError::PrivateKey);
    }
    let pem = pem.as_bytes();
    let (algorithm, key) = DecodingKey::from_rsa_pem(pem)
        .map(|key| (Algorithm::RS256, key))
        .or_else(|_| DecodingKey::from_ec_pem(pem).map(|key| (Algorithm::ES256, key)))
        .or_else(|_| DecodingKey::from_ed_pem(pem).map(|key| (Algorithm::EdDSA, key)))
        .map_err(|_| KeyError::NotAPublicKey)?;
    // Verifying anything shows whether the key itself can be used, for instance whether it is on P-256.
    jsonwebtoken::crypto::verify("", b"", &key, algorithm).map_err(|_| KeyError::NotAPublicKey)?;
    debug_assert_ne!(key.family(), AlgorithmFamily::Hmac);
    Ok((algorithm, key))
}

/// The library's own checks of claims read the system's clock; they are made here by hand instead.
fn signature_only(algorithm: Algorithm) -> Validation {
    let mut validation = Validation::new(algorithm);
    validation.required_spec_claims.clear();
    validation.validate_exp = false;
    validation.validate_nbf = false;
    validation.validate_aud = false;
    validation
}

/// The token of `Bearer <token>`; the scheme's case doesn't matter (RFC 9110, 11.1).
fn bearer_token(authorization: &str) -> Result<&str, AuthError> {
    let (scheme, token) = authorization.trim().split_once(' ').ok_or(AuthError::NotBearer)?;
    let token = token.trim();
    if !scheme.eq_ignore_ascii_case("bearer") || token.is_empty() {
        return Err(AuthError::NotBearer);
    }
    Ok(token)
}

fn refusal(error: &jsonwebtoken::errors::Error) -> AuthError {
    use jsonwebtoken::errors::ErrorKind;

    match error.kind() {
        ErrorKind::InvalidSignature | ErrorKind::InvalidAlgorithm => AuthError::BadSignature,
        _ => AuthError::Malformed,
    }
}

fn identity(claims: &Map<String, Value>, now: DateTime<Utc>) -> Result<Identity, AuthError> {
    let expires_at = instant(claims.get("exp")).ok_or(AuthError::BadExpiry)?;
    if expires_at <= now {
        return Err(AuthError::Expired);
    }
    if let Some(not_before) = claims.get("nbf")
        && instant(Some(not_before)).ok_or(AuthError::BadNotBefore)? > now
    {
        return Err(AuthError::NotYetValid);
    }

    let is_admin = has_admin_role(claims)?;
    let person = claims.get("sub").and_then(Value::as_str).and_then(|sub| sub.parse::<PersonId>().ok());
    if person.is_none() && !is_admin {
        return Err(AuthError::BadSubject);
    }
    Ok(Identity { viewer: Viewer { person, is_admin }, expires_at: Some(expires_at) })
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

fn has_admin_role(claims: &Map<String, Value>) -> Result<bool, AuthError> {
    let Some(roles) = claims.get("roles") else {
        return Ok(false);
    };
    let roles = roles.as_array().ok_or(AuthError::BadRoles)?;
    let names: Option<Vec<&str>> = roles.iter().map(Value::as_str).collect();
    Ok(names.ok_or(AuthError::BadRoles)?.contains(&ADMIN))
}

#[cfg(test)]
mod tests {
    use domain::clock::ManualClock;
    use serde_json::json;

    use super::*;

    const SECRET: &str = "a secret of more than thirty-two bytes";
    const NOW: i64 = 1_800_000_000;

    // Public keys, and tokens signed once with their private halves, which nobody kept. All are for Person:7, until
    // an hour after NOW.
    const RSA_KEY: &str = "-----BEGIN PUBLIC KEY-----
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA38u3AwK4/YAZFuwvucru
aFEt8nUEGI+gvTgjKXmIEOcnJlMmq0TKShOtnds718KcxVqVlVixm4t8c+oiThBs
VnWcxP2oZ9Cs4zNHF1ADkXBHkUNOelEZHf68EguKEwI2KmU2rm3TzR5g0rSTb1vE
V9dOVzlmYjaLDAQcRDloxxWKbBA3m5dUx+PeWO8QEq/NiWpKCX3qQXYQjVVoFi9d
waaD9JXl6eKgYnO/pP+oANJpqmsTqCp7MDFnFpe3W2sw9dpSmvAtTfgAH0pHGg2e
oV3D8hHVIttme9uHgLMZiYG3Mfmm4ef3yAHuDlJsjKYJwIsBleqbbLW8DcN//gmn
JQIDAQAB
-----END PUBLIC KEY-----";
    const EC_KEY: &str = "-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEIU36vEMFAKe8R87yR8kpnuNthDG3
wqNEJ/Pr9whoF6ljrevUxWoQCzcaVct1nyzZr7xTrjw2JuXm2THTclKhJg==
-----END PUBLIC KEY-----";
    const ED_KEY: &str = "-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEAAdYNIF6PLwjPR8lvI++87s9qEpbDMJ1ydC2GUk3G5pg=
-----END PUBLIC KEY-----";
    const P384_KEY: &str = "-----BEGIN PUBLIC KEY-----
MHYwEAYHKoZIzj0CAQYFK4EEACIDYgAESkcoPFwB1OUtcw/FrAr2jonrwqZNkYNW
vap9at33idniEG+tGLJG4BTWeE4ya/4iHyZtHHFf/XNdHl6YekukUah4S+Xurk7g
0ceb7C1DPngcalTDShA2Cg2Ia4JGIIb0
-----END PUBLIC KEY-----";
    const RS256: &str = "eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJQZXJzb246NyIsImV4cCI6MTgwMDAwMzYwMH0.3kl5jAj64QPc5WB7r_Aaq-GugnbKtdpAsMnAU2q1-sHkDuS42pZNH5TxI520M8CYVeazM8NJqEBAzK6ekjlWcH568HQbBw2RVEhMBffVvHpjze9GDaJQCgox9FBVi2uxmdR5m3nCR0qg5PWm9FVyHNFH5IuwAzXN2fARAJqzzCD0GJ8cQPZpvrNyUBGdOnEaghkv3y6T5__O6CsdREaMTt8efgMvJFCT0-cCxb9jFA6um5Zg2p7-saSnxXBogHoRtZDOalyTB9w1j-sWPONGnoT2roK1eIxkUfI5RDp2cq3Z-7pHfkKeC6KrqwS-wKjv-Csn5Q2sP83hA8vkO_jNQQ";
    const RS512: &str = "eyJhbGciOiJSUzUxMiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJQZXJzb246NyIsImV4cCI6MTgwMDAwMzYwMH0.mJJSaihKjBD6q5A_kZtpJ922o6aWGUZmFh_oGN36w2nyCsAl1nVxV9ZtN5G1F28OaJ9u6R-t8V8_z4-GjhK2keQfTKd81RdqQ6IpoSXme4AT9iA9dcuidXBYPOrgH0mFJVdbj7qlYcJkT78H05m-OUh9tUQLxKct__8yOsX94U3w1WqgDL-vOUX0T6beyA-kohORoGoGMkwER_5Uwn1HyClByN78NMudz7mzyTqTb2q4WkBnavAdYqImv-ZmRs_wc7mRAp9FLhvsjzNhsBhKwLjJZZtJKz-6_Fm36uiGD6xUbZqKefbp7teBJtUxXwYkyi65AXUIHBfxQBgsslmB3Q";
    const ES256: &str = "eyJhbGciOiJFUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJQZXJzb246NyIsImV4cCI6MTgwMDAwMzYwMH0.6DVIA2aXzHyW-MT-X-WLmH8Qaqb7Ch-hhPeFjBB1wO52xv6Ja70LCaGHN1ih0MtWaHXzcamhgvu61hmiDZHzGQ";
    const EDDSA: &str = "eyJhbGciOiJFZERTQSIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJQZXJzb246NyIsImV4cCI6MTgwMDAwMzYwMH0.jSQLpQICQ52JCadVJhrBR4PVNs6InUCYQ_Uf9B-jKTkhjJzFziDoQIgkraN6sOMZLGNqKScIoMhg2sPkRrMvCA";

    fn clock() -> Arc<ManualClock> {
        Arc::new(ManualClock::at(DateTime::from_timestamp(NOW, 0).unwrap()))
    }

    fn with_secret() -> Authenticator {
        Authenticator::new(&Keys::Secret(SECRET.into()), clock()).unwrap()
    }

    fn with_key(pem: &str) -> Authenticator {
        Authenticator::new(&Keys::PublicKey(pem.into()), clock()).unwrap()
    }

    fn signed(header: &Header, claims: &Value, secret: &str) -> String {
        let token = jsonwebtoken::encode(header, claims, &EncodingKey::from_secret(secret.as_bytes())).unwrap();
        format!("Bearer {token}")
    }

    fn viewer_of(claims: &Value) -> Result<Viewer, AuthError> {
        let authorization = signed(&Header::new(Algorithm::HS256), claims, SECRET);
        with_secret().authenticate(Some(&authorization)).map(|identity| identity.viewer)
    }

    #[test]
    fn without_a_token_it_is_nobody() {
        assert_eq!(with_secret().authenticate(None), Ok(Identity::NOBODY));
    }

    #[test]
    fn claims_name_the_viewer() {
        let seven = Viewer::person(PersonId(7));
        let cases = [
            (json!({ "sub": "Person:7", "exp": NOW + 1 }), Ok(seven)),
            (json!({ "sub": "Person:7", "exp": NOW + 1, "roles": [] }), Ok(seven)),
            (json!({ "sub": "Person:7", "exp": NOW + 1, "roles": ["editor"] }), Ok(seven)),
            (json!({ "sub": "Person:7", "exp": NOW + 1, "roles": ["admin"] }), Ok(Viewer { is_admin: true, ..seven })),
            (json!({ "sub": "root", "exp": NOW + 1, "roles": ["editor", "admin"] }), Ok(Viewer::ADMIN)),
            (json!({ "exp": NOW + 1, "roles": ["admin"] }), Ok(Viewer::ADMIN)),
            // Whom the token is meant for is not asked; when it starts is.
            (json!({ "sub": "Person:7", "exp": NOW + 1, "aud": "someone else", "iss": 3 }), Ok(seven)),
            (json!({ "sub": "Person:7", "exp": NOW + 1, "nbf": NOW }), Ok(seven)),
            (json!({ "sub": "Person:7", "exp": NOW + 9, "nbf": NOW + 1 }), Err(AuthError::NotYetValid)),
            (json!({ "sub": "Person:7", "exp": NOW + 9, "nbf": "now" }), Err(AuthError::BadNotBefore)),
            // No leeway at the end.
            (json!({ "sub": "Person:7", "exp": NOW }), Err(AuthError::Expired)),
            (json!({ "sub": "Person:7", "exp": 1.8e9 + 0.5 }), Ok(seven)),
            (json!({ "sub": "Person:7", "exp": 1.8e9 - 0.5 }), Err(AuthError::Expired)),
            (json!({ "sub": "Person:7" }), Err(AuthError::BadExpiry)),
            (json!({ "sub": "Person:7", "exp": null }), Err(AuthError::BadExpiry)),
            (json!({ "sub": "Person:7", "exp": "1900000000" }), Err(AuthError::BadExpiry)),
            (json!({ "sub": "Person:7", "exp": 1e300 }), Err(AuthError::BadExpiry)),
            (json!({ "sub": "Person:7", "exp": u64::MAX }), Err(AuthError::BadExpiry)),
            (json!({ "sub": "Person:7", "exp": NOW + 1, "roles": "admin" }), Err(AuthError::BadRoles)),
            (json!({ "sub": "Person:7", "exp": NOW + 1, "roles": null }), Err(AuthError::BadRoles)),
            (json!({ "sub": "Person:7", "exp": NOW + 1, "roles": ["admin", 1] }), Err(AuthError::BadRoles)),
            (json!({ "sub": "Session:7", "exp": NOW + 1 }), Err(AuthError::BadSubject)),
            (json!({ "sub": "7", "exp": NOW + 1 }), Err(AuthError::BadSubject)),
            (json!({ "sub": 7, "exp": NOW + 1 }), Err(AuthError::BadSubject)),
            (json!({ "exp": NOW + 1 }), Err(AuthError::BadSubject)),
            (json!(["Person:7"]), Err(AuthError::Malformed)),
        ];
        for (claims, expected) in cases {
            assert_eq!(viewer_of(&claims), expected, "{claims}");
        }
    }

    #[test]
    fn what_is_there_but_not_valid_is_refused() {
        let claims = json!({ "sub": "Person:7", "exp": NOW + 1 });
        let good = signed(&Header::new(Algorithm::HS256), &claims, SECRET);
        let token = good.strip_prefix("Bearer ").unwrap();
        let unsigned = {
            let part = |json: &Value| URL_SAFE_NO_PAD.encode(json.to_string());
            format!("Bearer {}.{}.", part(&json!({ "alg": "none" })), part(&claims))
        };
        let critical = Header { crit: Some(vec!["b64".into()]), ..Header::new(Algorithm::HS256) };
        let cases = [
            (String::new(), AuthError::NotBearer),
            ("Bearer".into(), AuthError::NotBearer),
            ("Bearer ".into(), AuthError::NotBearer),
            (format!("Basic {token}"), AuthError::NotBearer),
            (token.into(), AuthError::NotBearer),
            ("Bearer undefined".into(), AuthError::Malformed),
            ("Bearer a.b.c".into(), AuthError::Malformed),
            (format!("{good} {token}"), AuthError::Malformed),
            (format!("{good}x"), AuthError::BadSignature),
            (signed(&Header::new(Algorithm::HS256), &claims, "another secret"), AuthError::BadSignature),
            (signed(&Header::new(Algorithm::HS512), &claims, SECRET), AuthError::BadSignature),
            (signed(&critical, &claims, SECRET), AuthError::Malformed),
            (unsigned, AuthError::Malformed),
            (format!("Bearer {RS256}"), AuthError::BadSignature),
        ];
        for (authorization, expected) in cases {
            assert_eq!(with_secret().authenticate(Some(&authorization)), Err(expected), "{authorization}");
        }
        for spelled in [format!("bearer {token}"), format!("BEARER   {token} ")] {
            assert!(with_secret().authenticate(Some(&spelled)).is_ok(), "{spelled}");
        }
    }

    #[test]
    fn a_public_key_takes_the_algorithm_of_its_kind_and_no_other() {
        let keys = [(RSA_KEY, RS256), (EC_KEY, ES256), (ED_KEY, EDDSA)];
        for (key, own) in keys {
            let expires_at = DateTime::from_timestamp(NOW + 3600, 0);
            let seven = Identity { viewer: Viewer::person(PersonId(7)), expires_at };
            assert_eq!(with_key(key).authenticate(Some(&format!("Bearer {own}"))), Ok(seven));
            assert_eq!(with_key(&key.replace('\n', "\\n")).authenticate(Some(&format!("Bearer {own}"))), Ok(seven));

            for other in keys.map(|(_, token)| token).into_iter().chain([RS512]).filter(|token| *token != own) {
                let refused = with_key(key).authenticate(Some(&format!("Bearer {other}")));
                assert_eq!(refused, Err(AuthError::BadSignature));
            }
            // The public key is no secret: what is signed with it as one is refused.
            let claims = json!({ "sub": "root", "exp": NOW + 1, "roles": ["admin"] });
            let forged = signed(&Header::new(Algorithm::HS256), &claims, key);
            assert_eq!(with_key(key).authenticate(Some(&forged)), Err(AuthError::BadSignature));
        }
    }

    #[test]
    fn unusable_keys_are_refused_at_the_start() {
        let refused = |keys| Authenticator::new(&keys, clock()).unwrap_err();
        assert_eq!(refused(Keys::Secret(" ".into())), KeyError::EmptySecret);
        assert_eq!(refused(Keys::PublicKey(String::new())), KeyError::NotAPublicKey);
        assert_eq!(refused(Keys::PublicKey(SECRET.into())), KeyError::NotAPublicKey);
        assert_eq!(refused(Keys::PublicKey(P384_KEY.into())), KeyError::NotAPublicKey);
        let private = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
        assert_eq!(refused(Keys::PublicKey(private.into())), KeyError::PrivateKey);
        assert_eq!(format!("{:?}", Keys::Secret(SECRET.into())), "Secret(..)");
    }

    #[test]
    fn issued_tokens_are_valid_until_their_end() {
        let clock = clock();
        let authenticator = Authenticator::new(&Keys::Secret("short".into()), Arc::clone(&clock) as _).unwrap();
        let hour = TimeDelta::hours(1);
        for (person, admin) in [(Some(PersonId(7)), false), (Some(PersonId(7)), true), (None, true)] {
            let authorization = format!("Bearer {}", authenticator.issue(person, admin, hour).unwrap());
            let identity = authenticator.authenticate(Some(&authorization)).unwrap();
            assert_eq!(identity.viewer, Viewer { person, is_admin: admin });
            assert!(!identity.is_expired(clock.now() + hour - TimeDelta::milliseconds(1)));
            assert!(identity.is_expired(clock.now() + hour));

            clock.advance(hour);
            assert_eq!(authenticator.authenticate(Some(&authorization)), Err(AuthError::Expired));
        }
        assert_eq!(authenticator.issue(None, false, hour), Err(IssueError::NobodyNamed));
        assert_eq!(authenticator.issue(None, true, TimeDelta::MAX), Err(IssueError::LifetimeTooLong));
        assert_eq!(with_key(ED_KEY).issue(None, true, hour), Err(IssueError::PublicKeyOnly));
    }

    #[test]
    fn the_secret_beside_a_database_is_made_once() {
        let mut nonce = [0; 8];
        getrandom::fill(&mut nonce).unwrap();
        let folder = std::env::temp_dir().join(format!("insession-secret-{}", URL_SAFE_NO_PAD.encode(nonce)));
        fs::create_dir(&folder).unwrap();
        let database = folder.join("insession.db");

        let made: Vec<String> = std::thread::scope(|scope| {
            let starts: Vec<_> = (0..8).map(|_| scope.spawn(|| secret_beside(&database).unwrap())).collect();
            starts.into_iter().map(|start| start.join().unwrap()).collect()
        });
        assert_eq!(URL_SAFE_NO_PAD.decode(&made[0]).unwrap().len(), 32);
        assert!(made.iter().all(|secret| *secret == made[0]));
        assert_eq!(secret_beside(&database).unwrap(), made[0]);

        let files: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        assert_eq!(files, [folder.join("insession.db.jwt-secret")]);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(fs::metadata(&files[0]).unwrap().permissions().mode() & 0o777, 0o600);
        }

        fs::write(&files[0], "\n").unwrap();
        assert_eq!(secret_beside(&database).unwrap_err().kind(), io::ErrorKind::InvalidData);
        fs::remove_dir_all(&folder).unwrap();
    }
}
