//! Keys that check signatures. Each key has one algorithm, so a token cannot choose how it is checked: a public key is never
//! used as an HMAC secret.

use std::fmt;

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey};
use reqwest::Url;
use serde_json::{Map, Value};

use super::{
    AuthError,
    jwks::KeySet,
    key::{Key, is_usable, refusal},
};

/// HS256 requires a key of at least 256 bits (RFC 7518, section 3.2). A shorter secret works, with a warning in the log.
const RECOMMENDED_SECRET_BYTES: usize = 32;

/// Where the keys come from: the setting `JWT_SECRET`, `JWT_PUBLIC_KEY` or `JWKS_URL`.
#[derive(Clone)]
pub enum Keys {
    /// A shared secret. Tokens use HS256.
    Secret(String),
    /// A public key in PEM. Tokens use RS256, ES256 or EdDSA, according to the type of the key.
    PublicKey(String),
    /// The address at which an identity provider publishes its public keys. Each has the algorithm of its type, as above.
    Published(String),
}

/// Never shows the secret.
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
    #[error("JWT_PUBLIC_KEY is not a public key as PEM (-----BEGIN PUBLIC KEY-----): RSA, EC on P-256, or Ed25519")]
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
pub(super) enum Source {
    One(Box<Key>),
    Published(KeySet),
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::One(key) => write!(f, "{:?}", key.algorithm),
            Self::Published(keys) => write!(f, "{keys:?}"),
        }
    }
}

impl Source {
    /// Also returns the key that signs tokens, if the settings have a secret. The lines of a public key may be separated by
    /// `\n` as two characters, as in many environment files.
    pub fn new(keys: &Keys) -> Result<(Self, Option<EncodingKey>), KeyError> {
        match keys {
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
                let key = Key::new(None, Algorithm::HS256, DecodingKey::from_secret(secret));
                Ok((Self::One(Box::new(key)), Some(EncodingKey::from_secret(secret))))
            }
            Keys::PublicKey(pem) => Ok((Self::One(Box::new(read_public_key(pem)?)), None)),
            Keys::Published(url) => {
                let url = Url::parse(url).ok().filter(|url| ["http", "https"].contains(&url.scheme()));
                Ok((Self::Published(KeySet::new(url.ok_or(KeyError::NotAnAddress)?)), None))
            }
        }
    }

    /// The claims of a token, if its signature is valid.
    pub async fn read(&self, token: &str) -> Result<Map<String, Value>, AuthError> {
        match self {
            Self::One(key) => key.read(token),
            Self::Published(keys) => {
                let header = jsonwebtoken::decode_header(token).map_err(|error| refusal(&error))?;
                let mut result = Err(AuthError::BadSignature);
                for key in keys.find(header.kid.as_deref()).await? {
                    result = key.read(token);
                    if result.is_ok() {
                        break;
                    }
                }
                result
            }
        }
    }
}

fn read_public_key(pem: &str) -> Result<Key, KeyError> {
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
    if !is_usable(&key, algorithm) {
        return Err(KeyError::NotAPublicKey);
    }
    Ok(Key::new(None, algorithm, key))
}
