//! A key and the algorithms that it is for.

use std::fmt;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{
    Algorithm, AlgorithmFamily, DecodingKey, Validation,
    jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyOperations, PublicKeyUse},
};
use serde_json::{Map, Value};

use super::AuthError;

/// The algorithms of each type of public key, on the curves that they need.
const RSA: &[Algorithm] =
    &[Algorithm::RS256, Algorithm::RS384, Algorithm::RS512, Algorithm::PS256, Algorithm::PS384, Algorithm::PS512];
const P256: &[Algorithm] = &[Algorithm::ES256];
const P384: &[Algorithm] = &[Algorithm::ES384];
const ED25519: &[Algorithm] = &[Algorithm::EdDSA];

/// 2048 bits (RFC 7518, section 3.3).
const LEAST_RSA_BYTES: usize = 256;

/// One key with its algorithms.
pub(super) struct Key {
    /// `kid`: a token may name its key by it.
    pub id: Option<String>,
    pub algorithms: Vec<Algorithm>,
    decoding: DecodingKey,
    validation: Validation,
}

/// Why a key of a set is not used.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Unused {
    id: Option<String>,
    reason: String,
}

impl fmt::Display for Unused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.id {
            Some(id) => write!(f, "{id:?}: {}", self.reason),
            None => write!(f, "a key without kid: {}", self.reason),
        }
    }
}

impl Key {
    fn new(id: Option<String>, algorithms: &[Algorithm], decoding: DecodingKey) -> Self {
        Self { id, algorithms: algorithms.to_vec(), decoding, validation: signature_only(algorithms) }
    }

    /// A shared secret. Its tokens use HS256.
    pub fn of_secret(secret: &[u8]) -> Self {
        Self::new(None, &[Algorithm::HS256], DecodingKey::from_secret(secret))
    }

    /// A public key in PEM. `None` if the text is not such a key, or if no algorithm is known for its type.
    pub fn of_pem(pem: &[u8]) -> Option<Self> {
        let read = [
            (RSA, DecodingKey::from_rsa_pem(pem)),
            (P256, DecodingKey::from_ec_pem(pem)),
            (P384, DecodingKey::from_ec_pem(pem)),
            (ED25519, DecodingKey::from_ed_pem(pem)),
        ];
        let usable = |(algorithms, key): (&[Algorithm], Result<DecodingKey, _>)| {
            key.ok().filter(|key| is_usable(key, algorithms)).map(|key| Self::new(None, algorithms, key))
        };
        read.into_iter().find_map(usable)
    }

    /// A key of a set of public keys (RFC 7517). Its type says which algorithms it checks; `alg` chooses one of them.
    ///
    /// # Errors
    /// Why it cannot check signatures here: it is for encryption, it is a secret, or its type or algorithm is unknown.
    pub fn of_set(key: &Value) -> Result<Self, Unused> {
        let text = |name: &str| key.get(name).and_then(Value::as_str);
        let id = text("kid").map(str::to_owned);
        let unused = |reason: String| Unused { id: id.clone(), reason };
        let known = ["kty", "crv"].map(|name| text(name).unwrap_or("none"));
        let jwk: Jwk = serde_json::from_value(key.clone()).map_err(|error| {
            unused(format!("it is no key that is known here (kty {}, crv {}): {error}", known[0], known[1]))
        })?;
        let of_type = match &jwk.algorithm {
            AlgorithmParameters::RSA(_) => RSA,
            AlgorithmParameters::EllipticCurve(curve) if curve.curve == EllipticCurve::P256 => P256,
            AlgorithmParameters::EllipticCurve(curve) if curve.curve == EllipticCurve::P384 => P384,
            AlgorithmParameters::OctetKeyPair(curve) if curve.curve == EllipticCurve::Ed25519 => ED25519,
            _ => return Err(unused(format!("its type is not supported (kty {}, crv {})", known[0], known[1]))),
        };
        if jwk.common.public_key_use.as_ref().is_some_and(|it| *it != PublicKeyUse::Signature) {
            return Err(unused("it is not for signatures (use)".to_owned()));
        }
        if jwk.common.key_operations.as_ref().is_some_and(|it| !it.contains(&KeyOperations::Verify)) {
            return Err(unused("it is not for checking signatures (key_ops)".to_owned()));
        }
        let algorithms: Vec<Algorithm> = match text("alg") {
            None => of_type.to_vec(),
            Some(named) => of_type.iter().copied().filter(|it| named.parse() == Ok(*it)).collect(),
        };
        if let AlgorithmParameters::RSA(rsa) = &jwk.algorithm
            && URL_SAFE_NO_PAD.decode(&rsa.n).is_ok_and(|modulus| modulus.len() < LEAST_RSA_BYTES)
        {
            return Err(unused("it has fewer than 2048 bits".to_owned()));
        }
        if algorithms.is_empty() {
            let named = text("alg").unwrap_or_default();
            return Err(unused(format!(
                "the algorithm {named:?} is not supported for its type (kty {}, crv {})",
                known[0], known[1]
            )));
        }
        match DecodingKey::from_jwk(&jwk).ok().filter(|key| is_usable(key, &algorithms)) {
            Some(decoding) => Ok(Self::new(id, &algorithms, decoding)),
            None => Err(unused("its numbers are not those of such a key".to_owned())),
        }
    }

    /// The claims of a token, if this key signed it.
    pub fn read(&self, token: &str) -> Result<Map<String, Value>, AuthError> {
        let decoded = jsonwebtoken::decode::<Map<String, Value>>(token, &self.decoding, &self.validation)
            .map_err(|error| refusal(&error))?;
        // `crit` names extensions that must be understood (RFC 7515, section 4.1.11). No extension is supported.
        if decoded.header.crit.is_some() {
            return Err(AuthError::Malformed);
        }
        Ok(decoded.claims)
    }
}

/// Whether the key itself can be used, for example whether it is a point on its curve. Verifying any signature reports that.
fn is_usable(key: &DecodingKey, algorithms: &[Algorithm]) -> bool {
    let verifies = |algorithm| jsonwebtoken::crypto::verify("", b"", key, algorithm).is_ok();
    key.family() != AlgorithmFamily::Hmac && algorithms.iter().copied().all(verifies)
}

/// Checks the signature only. The library would check claims with the system's clock; [`super::claims`] checks them with the
/// clock of the program.
fn signature_only(algorithms: &[Algorithm]) -> Validation {
    let mut validation = Validation { algorithms: algorithms.to_vec(), ..Validation::default() };
    validation.required_spec_claims.clear();
    validation.validate_exp = false;
    validation.validate_nbf = false;
    validation.validate_aud = false;
    validation
}

/// Why a token was not read.
pub(super) fn refusal(error: &jsonwebtoken::errors::Error) -> AuthError {
    use jsonwebtoken::errors::ErrorKind;

    match error.kind() {
        ErrorKind::InvalidSignature | ErrorKind::InvalidAlgorithm => AuthError::BadSignature,
        _ => AuthError::Malformed,
    }
}
