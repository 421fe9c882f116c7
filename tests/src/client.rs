//! GraphQL over HTTP.

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

/// A client with or without a token.
#[derive(Debug, Clone)]
pub struct Client {
    http: reqwest::Client,
    url: String,
    token: Option<String>,
}

impl Client {
    /// `url` is the address of a server, such as `http://127.0.0.1:8080`.
    pub fn new(url: &str) -> Self {
        Self { http: reqwest::Client::new(), url: url.to_owned(), token: None }
    }

    #[must_use]
    pub fn with_token(mut self, token: &str) -> Self {
        self.token = Some(token.to_owned());
        self
    }

    /// The same client at another server.
    #[must_use]
    pub fn at(mut self, url: &str) -> Self {
        url.clone_into(&mut self.url);
        self
    }

    pub fn token(&self) -> Option<&str> {
        self.token.as_deref()
    }

    /// Sends a query or mutation. A GraphQL error is an answer, not an `Err`.
    pub async fn query(&self, document: &str, variables: Value) -> Result<Answer> {
        self.post(&json!({ "query": document, "variables": variables })).await
    }

    /// Sends any JSON to `/graphql`.
    pub async fn post(&self, body: &Value) -> Result<Answer> {
        let mut request = self.http.post(format!("{}/graphql", self.url)).json(body);
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        Answer::read(request.send().await?).await
    }

    /// Sends a query or mutation that must succeed, and returns its data.
    pub async fn data(&self, document: &str, variables: Value) -> Result<Value> {
        let answer = self.query(document, variables.clone()).await?;
        answer.data().with_context(|| format!("asked: {document}\nwith: {variables}"))
    }

    /// Sends a query or mutation that must fail, and returns its first error.
    pub async fn error(&self, document: &str, variables: Value) -> Result<GraphqlError> {
        let answer = self.query(document, variables.clone()).await?;
        answer.error().with_context(|| format!("no error: {}\nasked: {document}\nwith: {variables}", answer.body))
    }

    /// Sends a query or mutation that must fail, and returns the code of its first error.
    pub async fn error_code(&self, document: &str, variables: Value) -> Result<String> {
        Ok(self.error(document, variables).await?.code)
    }

    /// The address of a path, such as `/graphql`.
    pub fn address(&self, path: &str) -> String {
        format!("{}{path}", self.url)
    }

    /// The HTTP client, for requests that are not GraphQL: pages, health, cron.
    pub fn http(&self) -> &reqwest::Client {
        &self.http
    }
}

/// The answer to a request.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    pub body: Value,
}

impl Answer {
    pub async fn read(response: reqwest::Response) -> Result<Self> {
        let status = response.status().as_u16();
        let text = response.text().await?;
        let body = serde_json::from_str(&text).with_context(|| format!("{status}, not JSON: {text}"))?;
        Ok(Self { status, body })
    }

    /// The data, if there was no error.
    pub fn data(&self) -> Result<Value> {
        if self.body.get("errors").is_some() || self.status != 200 {
            bail!("{}: {}", self.status, self.body);
        }
        self.body.get("data").cloned().context("the answer has no data")
    }

    /// The first error.
    pub fn error(&self) -> Option<GraphqlError> {
        self.body.pointer("/errors/0").map(GraphqlError::read)
    }

    /// The code of the first error.
    pub fn code(&self) -> Option<String> {
        self.error().map(|error| error.code)
    }
}

/// A GraphQL error. A field that is missing is empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GraphqlError {
    pub code: String,
    pub message: String,
}

impl GraphqlError {
    pub fn read(error: &Value) -> Self {
        let text = |pointer| error.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
        Self { code: text("/extensions/code"), message: text("/message") }
    }
}
