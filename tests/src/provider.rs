//! An identity provider that only serves its public keys, and signs tokens.

use std::sync::{Arc, Mutex};

use anyhow::Result;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    task::JoinHandle,
};

/// A private key made for these tests, and the `x` of its public key.
const KEY: (&str, &str) = (
    "-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIKOp6e/JTgmzQOyKW41AyLGnWZYR86P8LitD6MNoe5mB
-----END PRIVATE KEY-----",
    "5HgjI5nI81kszZMg2kKfqkixhC7jxzctZFVDfCt2Z_8",
);

/// Serves its key until it is dropped or stopped by [`Provider::stop_answering`].
#[derive(Debug)]
pub struct Provider {
    url: String,
    is_away: Arc<Mutex<bool>>,
    serving: JoinHandle<()>,
}

impl Provider {
    pub async fn start() -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}/keys", listener.local_addr()?);
        let is_away = Arc::new(Mutex::new(false));
        let away = Arc::clone(&is_away);
        let serving = tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                if *away.lock().unwrap_or_else(std::sync::PoisonError::into_inner) {
                    continue;
                }
                let mut request = [0; 4096];
                let _ = stream.read(&mut request).await;
                let body =
                    json!({ "keys": [{ "kid": "one", "kty": "OKP", "crv": "Ed25519", "x": KEY.1 }] }).to_string();
                let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
                let _ = stream.write_all((head + &body).as_bytes()).await;
            }
        });
        Ok(Self { url, is_away, serving })
    }

    /// The value of `JWKS_URL`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// From now on, connections are closed without an answer.
    pub fn stop_answering(&self) {
        *self.is_away.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = true;
    }

    /// Signs a token with any claims.
    pub fn token(&self, claims: &Value) -> Result<String> {
        let header = Header { kid: Some("one".to_owned()), ..Header::new(Algorithm::EdDSA) };
        Ok(jsonwebtoken::encode(&header, claims, &EncodingKey::from_ed_pem(KEY.0.as_bytes())?)?)
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        self.serving.abort();
    }
}
