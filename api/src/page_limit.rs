//! Pages and calendars have the same limits as queries: they wait for the same permits, and cost points of the same
//! budgets.

use std::{net::IpAddr, sync::Arc};

use axum::{
    extract::{Request, State},
    http::{HeaderValue, StatusCode, header::RETRY_AFTER},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use domain::access::Viewer;
use graphql::{budget::Budgets, error::ApiError, execute::Guard, query_permits::QueryPermit};

use crate::admission::Admission;

/// The price of a page, in points. A page executes up to about twenty statements in the database.
const PAGE_COST: u64 = 20;

/// The limits that apply to pages.
#[derive(Clone)]
pub struct PageLimit {
    pub budgets: Arc<Budgets>,
    pub guard: Arc<Guard>,
    pub admission: Admission,
}

impl PageLimit {
    async fn admit(&self, address: IpAddr) -> Result<QueryPermit, ApiError> {
        self.budgets.spend(PAGE_COST, Some(address), Viewer::NOBODY)?;
        self.guard.query_permit(Some(address), PAGE_COST).await
    }
}

/// Middleware for the routes of pages. It answers 429 when the client's address has no points left, or when its
/// permit does not come in time.
pub async fn limit(State(limit): State<PageLimit>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    match limit.admit(limit.admission.client_of(&parts)).await {
        Ok(_permit) => next.run(Request::from_parts(parts, body)).await,
        Err(error) => refusal(&error),
    }
}

fn refusal(error: &ApiError) -> Response {
    let mut response = (StatusCode::TOO_MANY_REQUESTS, error.message().to_owned()).into_response();
    response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(error.retry_after_seconds().unwrap_or(1)));
    response
}
