//! A key and the one algorithm that it is for.

use jsonwebtoken::{
    Algorithm, AlgorithmFamily, DecodingKey, Validation,
    jwk::{AlgorithmParameters, EllipticCurve, Jwk, PublicKeyUse},
};
use serde_json::{Map, Value};

use super::AuthError;

/// One key with its one algorithm.
pub(super) struct Key {
    /// `kid`: a token may name its key by it.
    pub id: Option<String>,
    pub algorithm: Algorithm,
    decoding: DecodingKey,
    validation: Validation,
}

impl Key {
    pub fn new(id: Option<String>, algorithm: Algorithm, decoding: DecodingKey) -> Self {
        Self { id, algorithm, decoding, validation: signature_only(algorithm) }
    }

    /// A public key of a set. `None` if it cannot check signatures of our algorithms: keys for encryption, secrets, keys
    /// for other algorithms.
    pub fn of_set(jwk: &Jwk) -> Option<Self> {
        let is_for_signatures = jwk.common.public_key_use.as_ref().is_none_or(|it| *it == PublicKeyUse::Signature);
        let algorithm = match &jwk.algorithm {
            AlgorithmParameters::RSA(_) => Algorithm::RS256,
            AlgorithmParameters::EllipticCurve(curve) if curve.curve == EllipticCurve::P256 => Algorithm::ES256,
            AlgorithmParameters::OctetKeyPair(curve) if curve.curve == EllipticCurve::Ed25519 => Algorithm::EdDSA,
            _ => return None,
        };
        let named = jwk.common.key_algorithm.as_ref().map(ToString::to_string);
        let is_for_this = named.is_none_or(|named| named.parse() == Ok(algorithm));
        let decoding = DecodingKey::from_jwk(jwk).ok().filter(|_| is_for_signatures && is_for_this)?;
        is_usable(&decoding, algorithm).then(|| Self::new(jwk.common.key_id.clone(), algorithm, decoding))
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

/// Whether the key itself can be used, for example whether it is on P-256. Verifying any signature shows that.
pub(super) fn is_usable(key: &DecodingKey, algorithm: Algorithm) -> bool {
    key.family() != AlgorithmFamily::Hmac && jsonwebtoken::crypto::verify("", b"", key, algorithm).is_ok()
}

/// The library checks claims with the clock of the system. [`super::claims`] checks them with ours instead.
fn signature_only(algorithm: Algorithm) -> Validation {
    let mut validation = Validation::new(algorithm);
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
