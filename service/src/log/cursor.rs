//! Cursors: positions in the change log, as clients hold them.
//!
//! A cursor is opaque to clients. Every server reads it, also after a restart. It is signed, so a cursor that was made
//! up, or that comes from another database, is refused.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::{
    door::{self, CodePeriod},
    ids::SessionInstanceId,
    news::Position,
};
use entity::installation;
use hmac::{Hmac, KeyInit, Mac};
use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel};
use sha2::Sha256;
use subtle::ConstantTimeEq as _;

use crate::{
    db::Db,
    error::{Error, Result},
    secret,
};

const TAG_BYTES: usize = 8;

const KEY_BYTES: usize = 24;

#[derive(Debug, Clone)]
pub struct InstallationKey(Vec<u8>);

impl InstallationKey {
    pub(crate) async fn load(db: &Db) -> Result<Self> {
        let row = ensure_installation(db).await?;
        let key = URL_SAFE_NO_PAD.decode(row.cursor_key);
        key.map(Self::from).map_err(|_| Error::internal("installation.cursor_key is not base64"))
    }

    pub fn write(&self, position: Position) -> String {
        let number = position.0.to_be_bytes();
        let mut bytes = number.to_vec();
        bytes.extend_from_slice(&self.tag(number));
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// # Errors
    /// [`Error::Invalid`] if the text is not a cursor of this database.
    pub fn read(&self, text: &str) -> Result<Position> {
        let wrong =
            || Error::invalid("after", "is not a cursor of this server: use one that a message or changeCursor gave");
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| wrong())?;
        let (number, tag) = bytes.split_first_chunk::<8>().ok_or_else(wrong)?;
        if !bool::from(tag.ct_eq(&self.tag(*number))) {
            return Err(wrong());
        }
        Ok(Position(i64::from_be_bytes(*number)))
    }

    fn tag(&self, number: [u8; 8]) -> [u8; TAG_BYTES] {
        let mut tag = [0; TAG_BYTES];
        // HMAC takes keys of any length, so this cannot fail. If it did, every cursor would be refused.
        if let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.0) {
            mac.update(&number);
            tag.copy_from_slice(&mac.finalize().into_bytes()[..TAG_BYTES]);
        }
        tag
    }

    /// The tag of a check-in code.
    pub(crate) fn tag_code(&self, instance: SessionInstanceId, step: CodePeriod) -> Result<[u8; door::TAG_BYTES]> {
        let step = match step {
            CodePeriod::Fixed => "fixed".to_owned(),
            CodePeriod::Rotation(number) => number.to_string(),
        };
        // The prefix keeps these tags apart from other hashes with this key.
        let mac = Hmac::<Sha256>::new_from_slice(&self.0).map_err(|error| Error::internal(error.to_string()))?;
        let hash = mac.chain_update(format!("check-in code: {} {step}", instance.0)).finalize().into_bytes();
        let mut tag = [0; door::TAG_BYTES];
        tag.copy_from_slice(&hash[..door::TAG_BYTES]);
        Ok(tag)
    }

    /// A hash of an external id. Without this key nobody can tell whether a hash is that of a certain external id.
    pub(crate) fn hash_external_id(&self, id: &str) -> Result<String> {
        self.hash("external id: ", id)
    }

    /// A hash of a mutation's input.
    pub(crate) fn hash_input(&self, input: &str) -> Result<String> {
        self.hash("input: ", input)
    }

    /// A hash of the key that a client at this address gave to an attempt.
    pub(crate) fn hash_attempt(&self, address: &str, client_key: &str) -> Result<String> {
        self.hash("attempt: ", &format!("{address} {client_key}"))
    }

    /// A secret for an attempt at a mutation. It is the same each time the attempt is repeated. `client_key` is a hash.
    pub(crate) fn derive_secret(&self, client_key: &str, position: i32, input_hash: &str) -> Result<String> {
        self.hash("secret of an attempt: ", &format!("{client_key} {position} {input_hash}"))
    }

    /// A public identifier of this key.
    pub(crate) fn identifier(&self) -> Result<String> {
        self.hash("installation", "")
    }

    /// Hashes a text with this key. The prefix keeps the kinds of hashes apart. It also keeps them apart from the tags
    /// of cursors, which are hashes of 8 bytes.
    fn hash(&self, prefix: &str, text: &str) -> Result<String> {
        Ok(URL_SAFE_NO_PAD.encode(self.derive(prefix, text)?))
    }

    pub(crate) fn derive(&self, prefix: &str, text: &str) -> Result<[u8; 32]> {
        let mac = Hmac::<Sha256>::new_from_slice(&self.0).map_err(|error| Error::internal(error.to_string()))?;
        Ok(mac.chain_update(prefix).chain_update(text).finalize().into_bytes().into())
    }
}

/// The key, from the bytes of a secret.
impl From<Vec<u8>> for InstallationKey {
    fn from(secret: Vec<u8>) -> Self {
        Self(secret)
    }
}

/// The name of this installation. No other installation has it.
pub async fn find_installation_name(db: &Db) -> Result<String> {
    Ok(ensure_installation(db).await?.name)
}

/// Loads the row of this installation, or creates it.
pub(crate) async fn ensure_installation(db: &Db) -> Result<installation::Model> {
    if let Some(row) = installation::Entity::find_by_id(1).one(db.pool()).await? {
        return Ok(row);
    }
    let row = installation::Model {
        id: 1,
        name: secret::random::<KEY_BYTES>()?,
        cursor_key: secret::random::<KEY_BYTES>()?,
        // Nothing has been computed yet.
        tz_data_version: String::new(),
    };
    match row.into_active_model().reset_all().insert(db.pool()).await.map_err(Error::from) {
        Ok(row) => Ok(row),
        // Another process created it at the same time.
        Err(error) if error.is_duplicate() => installation::Entity::find_by_id(1)
            .one(db.pool())
            .await?
            .ok_or_else(|| Error::internal("the row of the installation has disappeared")),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_read_back_and_a_forged_one_is_not() {
        let key = InstallationKey(b"key".to_vec());
        let text = key.write(Position(123));
        assert!(matches!(key.read(&text), Ok(Position(123))));
        assert!(matches!(InstallationKey(b"other".to_vec()).read(&text), Err(Error::Invalid { .. })));
        for forged in ["", "x", "AAAAAAAAAHs", &text[1..], &format!("{text}A")] {
            assert!(matches!(key.read(forged), Err(Error::Invalid { .. })), "{forged}");
        }
    }
}
