//! Sends the requests of the OpenID Connect library through the HTTP client of this program.

use std::pin::Pin;

use openidconnect::{AsyncHttpClient, HttpRequest, HttpResponse, http::Response};
use reqwest::{Client, redirect::Policy};

use crate::http::{self, HttpError};

type Sending<'a> = Pin<Box<dyn Future<Output = Result<HttpResponse, HttpError>> + Send + 'a>>;

/// Sends requests. Redirects are not followed: a provider could point to addresses inside the network.
#[derive(Debug)]
pub(super) struct Requests(Client);

impl Requests {
    pub fn new() -> Result<Self, HttpError> {
        Ok(Self(http::client(Policy::none())?))
    }

    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let answer = self.0.execute(request.try_into()?).await?;
        let (status, headers) = (answer.status(), answer.headers().clone());
        let mut response = Response::new(http::body(answer).await?);
        (*response.status_mut(), *response.headers_mut()) = (status, headers);
        Ok(response)
    }
}

impl<'a> AsyncHttpClient<'a> for Requests {
    type Error = HttpError;
    type Future = Sending<'a>;

    fn call(&'a self, request: HttpRequest) -> Self::Future {
        Box::pin(self.send(request))
    }
}
