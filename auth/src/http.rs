//! Requests to identity providers, with limits.

use std::time::Duration;

use reqwest::{Client, Response, redirect::Policy};

/// The time limit of one request.
const TIMEOUT: Duration = Duration::from_secs(5);

/// The longest answer that is read.
const MAX_BYTES: usize = 1024 * 1024;

/// Why there was no answer.
#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    #[error("{0}")]
    Http(reqwest::Error),
    #[error("the answer is too long")]
    TooLong,
}

impl From<reqwest::Error> for HttpError {
    /// The address may contain a secret, so it is not in the message.
    fn from(error: reqwest::Error) -> Self {
        Self::Http(error.without_url())
    }
}

/// A client that follows redirects according to this policy.
pub(crate) fn client(redirects: Policy) -> Result<Client, HttpError> {
    Ok(Client::builder().timeout(TIMEOUT).redirect(redirects).build()?)
}

/// The body of an answer.
pub(crate) async fn body(mut answer: Response) -> Result<Vec<u8>, HttpError> {
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await? {
        if body.len() + chunk.len() > MAX_BYTES {
            return Err(HttpError::TooLong);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}
