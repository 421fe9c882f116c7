//! Random secrets, and their hashes. Nobody can guess these secrets, so a plain hash is enough to store.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest as _, Sha256};

use crate::error::{Error, Result};

/// `BYTES` random bytes, as text that is safe in addresses.
pub(crate) fn random<const BYTES: usize>() -> Result<String> {
    let mut bytes = [0; BYTES];
    getrandom::fill(&mut bytes).map_err(|error| Error::internal(format!("no random bytes: {error}")))?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

/// The hash of a secret (SHA-256).
pub(crate) fn hash(secret: &str) -> [u8; 32] {
    Sha256::digest(secret).into()
}

#[cfg(test)]
mod tests {
    use domain::text::hex;

    use super::*;

    #[test]
    fn secrets_differ_and_have_their_length() {
        let [one, other] = [random::<24>().unwrap(), random::<24>().unwrap()];
        assert_ne!(one, other);
        assert_eq!((one.len(), random::<32>().unwrap().len()), (32, 43));
    }

    #[test]
    fn hash_is_that_of_the_standard() {
        assert_eq!(hex(&hash("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }
}
