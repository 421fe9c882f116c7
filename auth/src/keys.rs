//! Keys that check signatures. Each key has the algorithms of its type, so a token cannot choose how it is checked: a public key is
//! never used as an HMAC secret.

use std::{collections::BTreeSet, fmt};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, EncodingKey};
use parking_lot::Mutex;
use reqwest::Url;
use serde_json::{Map, Value};

use super::{
    AuthError,
    jwks::KeySet,
    key::{Key, refusal},
};

/// HS256 requires a key of at least 256 bits (RFC 7518, section 3.2). A shorter secret works, with a warning in the log.
const RECOMMENDED_SECRET_BYTES: usize = 32;

/// Where the keys come from: the setting `JWT_SECRET`, `JWT_PUBLIC_KEY` or `JWKS_URL`.
#[derive(Clone)]
pub enum Keys {
    /// A shared secret. Tokens use HS256.
    Secret(String),
    /// A public key in PEM. Tokens use the algorithms of its type: RS256 to RS512 and PS256 to PS512, ES256, ES384 or EdDSA.
    PublicKey(String),
    /// The address at which an identity provider publishes its public keys. Each has the algorithms of its type, as above.
    Published(String),
}

/// The secret is never shown.
impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Secret(_) => f.write_str("Secret(..)"),
            Self::PublicKey(_) => f.write_str("PublicKey(..)"),
            Self::Published(url) => write!(f, "Published({url})"),
        }
    }
}

/// Why the settings cannot be used to check tokens.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    #[error("JWT_SECRET is empty: set it to 32 random bytes or more, for instance from `openssl rand -base64 32`")]
    EmptySecret,
    #[error(
        "JWT_PUBLIC_KEY holds a private key: give the public key that belongs to it, and keep the private one away"
    )]
    PrivateKey,
    #[error(
        "JWT_PUBLIC_KEY is not a public key as PEM (-----BEGIN PUBLIC KEY-----): RSA, EC on P-256 or P-384, or Ed25519"
    )]
    NotAPublicKey,
    #[error("JWKS_URL is not an address of http or https")]
    NotAnAddress,
    #[error(
        "JWT_AUDIENCE is missing: with JWKS_URL and JWT_PUBLIC_KEY it is required. Set it to what `aud` says in the tokens \
         for this server, because the same key may sign tokens for other applications"
    )]
    NoAudience,
}

/// The keys of the settings, ready for use.
pub(super) struct Source {
    keys: SourceKind,
    /// The algorithms of refused tokens for which the log already has a warning.
    named: Mutex<BTreeSet<String>>,
}

enum SourceKind {
    One(Box<Key>),
    Published(KeySet),
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.keys {
            SourceKind::One(key) => write!(f, "{:?}", key.algorithms),
            SourceKind::Published(keys) => write!(f, "{keys:?}"),
        }
    }
}

/// How many algorithms the log names, and how much of each. Anybody may send tokens, so both are limited.
const NAMED_ALGORITHMS: usize = 16;
const NAMED_CHARACTERS: usize = 20;

impl Source {
    /// Prepares the keys. Also returns the key that signs tokens, if the settings have a secret. The lines of a public key may
    /// be separated by `\n` as two characters, as in many environment files.
    pub fn new(keys: &Keys) -> Result<(Self, Option<EncodingKey>), KeyError> {
        let (keys, signing) = match keys {
            Keys::Secret(secret) => {
                if secret.trim().is_empty() {
                    return Err(KeyError::EmptySecret);
                }
                if secret.len() < RECOMMENDED_SECRET_BYTES {
                    tracing::warn!(
                        bytes = secret.len(),
                        "JWT_SECRET is shorter than the 32 bytes that HS256 asks for: tokens may be guessed"
                    );
                }
                let secret = secret.as_bytes();
                (SourceKind::One(Box::new(Key::of_secret(secret))), Some(EncodingKey::from_secret(secret)))
            }
            Keys::PublicKey(pem) => (SourceKind::One(Box::new(read_public_key(pem)?)), None),
            Keys::Published(url) => {
                let url = Url::parse(url).ok().filter(|url| ["http", "https"].contains(&url.scheme()));
                (SourceKind::Published(KeySet::new(url.ok_or(KeyError::NotAnAddress)?)), None)
            }
        };
        Ok((Self { keys, named: Mutex::default() }, signing))
    }

    /// The claims of a token, if its signature is valid.
    pub async fn read(&self, token: &str) -> Result<Map<String, Value>, AuthError> {
        match &self.keys {
            SourceKind::One(key) => {
                self.note_algorithm(token, |it| key.algorithms.contains(&it));
                key.read(token)
            }
            SourceKind::Published(keys) => {
                let header = jsonwebtoken::decode_header(token).map_err(|error| {
                    self.note_algorithm(token, |_| false);
                    refusal(&error)
                })?;
                let found = keys.find(header.kid.as_deref()).await?;
                self.note_algorithm(token, |it| found.iter().any(|key| key.algorithms.contains(&it)));
                let mut result = Err(AuthError::BadSignature);
                for key in found {
                    result = key.read(token);
                    if result.is_ok() {
                        break;
                    }
                }
                result
            }
        }
    }

    /// Warns in the log, once per algorithm, that no key is for the algorithm of a token. Otherwise only the sender of the
    /// token would know.
    fn note_algorithm(&self, token: &str, has_key: impl FnOnce(Algorithm) -> bool) {
        let Some(algorithm) = algorithm_of(token) else { return };
        if algorithm.parse().is_ok_and(has_key) {
            return;
        }
        let algorithm: String = algorithm.chars().take(NAMED_CHARACTERS).collect();
        let mut named = self.named.lock();
        if named.len() < NAMED_ALGORITHMS && named.insert(algorithm.clone()) {
            tracing::warn!(?algorithm, keys = ?self, "a token was refused, because no key here is for its algorithm");
        }
    }
}

/// The member `alg` in the header of a token, which may be unknown.
fn algorithm_of(token: &str) -> Option<String> {
    let header = URL_SAFE_NO_PAD.decode(token.split('.').next()?).ok()?;
    let header: Value = serde_json::from_slice(&header).ok()?;
    Some(header.get("alg")?.as_str()?.to_owned())
}

fn read_public_key(pem: &str) -> Result<Key, KeyError> {
    let pem = pem.replace("\\n", "\n");
    if pem.contains("PRIVATE KEY-----") {
        return Err(KeyError::PrivateKey);
    }
    Key::of_pem(pem.as_bytes()).ok_or(KeyError::NotAPublicKey)
}
