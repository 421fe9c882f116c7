//! Pages and calendars have the same limits as queries: they wait for the same permits, and cost points of the same
//! budgets.

use std::{net::IpAddr, sync::Arc};

use axum::{
    Router,
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use domain::access::Viewer;
use graphql::{budget::Budgets, error::ApiError, execute::Guard, query_permits::QueryPermit};
use tower::ServiceExt as _;
use web::pages::busy::Busy;

use crate::admission::Admission;

/// The price of a page, in points. A page executes up to about twenty statements in the database.
const PAGE_COST: u64 = 20;

/// The limits that apply to pages.
#[derive(Clone)]
pub struct PageLimit {
    pub budgets: Arc<Budgets>,
    pub guard: Arc<Guard>,
    pub admission: Admission,
    /// Answers requests that are refused. Each has [`Busy`] as an extension.
    pub refusals: Router,
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
    let (mut parts, body) = request.into_parts();
    let error = match limit.admit(limit.admission.client_of(&parts)).await {
        Ok(_permit) => return next.run(Request::from_parts(parts, body)).await,
        Err(error) => error,
    };
    let retry_after = error.retry_after_seconds().unwrap_or(1);
    parts.extensions.insert(Busy { message: error.message().to_owned(), retry_after });
    limit.refusals.oneshot(Request::from_parts(parts, body)).await.into_response()
}
