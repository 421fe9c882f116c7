//! Texts that clients hold and cannot read.
//!
//! A cursor contains the sort key of its row. If not everybody who sees the list may know the sort key, the cursors are
//! sealed.
//! Tickets ([`people::tickets`](crate::people::tickets)) are sealed too, with a key of their own.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};

use crate::{Error, Result, log::cursor::InstallationKey};

/// Seals texts. The same text always gets the same form, so a row keeps its cursor.
#[derive(Debug)]
pub(crate) struct Seal<'a> {
    key: LessSafeKey,
    /// Makes the nonce of a text, so that two texts never share one.
    nonces: &'a InstallationKey,
}

impl<'a> Seal<'a> {
    /// Seals cursors.
    pub(crate) fn new(secret: &'a InstallationKey) -> Result<Self> {
        Self::with_key(secret, secret.derive("seal", "")?)
    }

    pub(crate) fn of_tickets(secret: &'a InstallationKey) -> Result<Self> {
        Self::with_key(secret, secret.derive("seal of tickets", "")?)
    }

    fn with_key(secret: &'a InstallationKey, key: [u8; 32]) -> Result<Self> {
        let key = UnboundKey::new(&CHACHA20_POLY1305, &key);
        let key = key.map_err(|_| Error::internal("the key of sealed texts has the wrong length"))?;
        Ok(Self { key: LessSafeKey::new(key), nonces: secret })
    }

    pub(crate) fn seal(&self, text: &str) -> Result<String> {
        let mut bytes = [0; NONCE_LEN];
        bytes.copy_from_slice(&self.nonces.derive("nonce", text)?[..NONCE_LEN]);
        let mut sealed = text.as_bytes().to_vec();
        let nonce = Nonce::assume_unique_for_key(bytes);
        let done = self.key.seal_in_place_append_tag(nonce, Aad::empty(), &mut sealed);
        done.map_err(|_| Error::internal("a text cannot be sealed"))?;
        Ok(URL_SAFE_NO_PAD.encode([bytes.as_slice(), &sealed].concat()))
    }

    /// The text that was sealed. `None` if it was not sealed with this key.
    pub(crate) fn open(&self, sealed: &str) -> Option<String> {
        let mut bytes = URL_SAFE_NO_PAD.decode(sealed).ok()?;
        let (nonce, sealed) = bytes.split_at_mut_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let text = self.key.open_in_place(nonce, Aad::empty(), sealed).ok()?;
        String::from_utf8(text.to_vec()).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sealed_text_is_the_same_each_time_and_only_its_key_opens_it() {
        let (ours, theirs) = (InstallationKey::from(b"ours".to_vec()), InstallationKey::from(b"theirs".to_vec()));
        let (seal, other) = (Seal::new(&ours).unwrap(), Seal::new(&theirs).unwrap());
        let sealed = seal.seal("7:2025-06-11T19:00:00Z").unwrap();
        assert_eq!(seal.seal("7:2025-06-11T19:00:00Z").unwrap(), sealed);
        assert_eq!(seal.open(&sealed).as_deref(), Some("7:2025-06-11T19:00:00Z"));
        assert_eq!(other.open(&sealed), None);
        for wrong in ["", "x", "AAAAAAAAAAAAAAAAAAAAAAAA", &sealed[1..], &format!("{sealed}A")] {
            assert_eq!(seal.open(wrong), None, "{wrong}");
        }
        assert!(!String::from_utf8_lossy(&URL_SAFE_NO_PAD.decode(&sealed).unwrap()).contains("2025"));
    }
}
