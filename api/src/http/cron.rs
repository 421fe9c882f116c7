//! `GET` and `POST /cron/sweep`: run the periodic sweep, for cron services that call a URL on a schedule.
//!
//! The secret is accepted only in the header `Authorization: Bearer`, because URLs end up in logs. For the same reason a GET is
//! safe: links and pages of other sites cannot send that header. Answers must not be cached. If the server has no secret, the
//! answer is 503. The rate limit per address counts every request, whether its secret is right or wrong.

use std::{net::IpAddr, sync::Arc};

use axum::{
    Json, Router,
    extract::{Request, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use serde_json::json;
use service::{
    App,
    rate::{self, Rates, whole_seconds},
    sweep::{self, Report},
};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use tokio_util::task::TaskTracker;
use tracing::Instrument as _;

use crate::admission::Admission;

/// The secret and the rate limit of the route.
pub struct CronSettings {
    pub secret: Option<String>,
    /// The rate limit of one address.
    pub requests_per_minute: u32,
}

struct Cron {
    app: App,
    /// The hash of the secret. Hashes have the same length, so a comparison takes the same time for every guess.
    digest: Option<[u8; 32]>,
    rates: Rates<IpAddr>,
    /// Determines the client address of a request.
    admission: Admission,
    tasks: TaskTracker,
}

/// The route. Sweeps run as tasks of `tasks`, for which the server waits when it shuts down.
pub fn router(app: App, settings: CronSettings, admission: Admission, tasks: TaskTracker) -> Router {
    let secret = settings.secret.filter(|secret| !secret.trim().is_empty());
    let cron = Cron {
        app,
        digest: secret.map(|secret| Sha256::digest(secret).into()),
        rates: Rates::new(rate::per_minute(settings.requests_per_minute)),
        admission,
        tasks,
    };
    Router::new().route("/cron/sweep", get(serve).post(serve)).with_state(Arc::new(cron))
}

async fn serve(State(cron): State<Arc<Cron>>, request: Request) -> Response {
    ([(header::CACHE_CONTROL, "no-store")], answer(&cron, request).await).into_response()
}

async fn answer(cron: &Cron, request: Request) -> Response {
    let Some(digest) = cron.digest else {
        return refusal(
            StatusCode::SERVICE_UNAVAILABLE,
            "CRON_SECRET is not set on this server. Set it to allow sweeps by HTTP.",
        );
    };
    let (parts, _) = request.into_parts();
    if let Err(wait) = cron.rates.take(&cron.admission.client_of(&parts)) {
        let refused = refusal(
            StatusCode::TOO_MANY_REQUESTS,
            "Too many requests from this address. Try again after the seconds in Retry-After.",
        );
        return ([(header::RETRY_AFTER, whole_seconds(wait).to_string())], refused).into_response();
    }
    if !bearer(&parts.headers).is_some_and(|given| Sha256::digest(given).as_slice().ct_eq(&digest).into()) {
        let refused = refusal(
            StatusCode::UNAUTHORIZED,
            "The header Authorization must be 'Bearer' and the server's CRON_SECRET.",
        );
        return ([(header::WWW_AUTHENTICATE, "Bearer")], refused).into_response();
    }
    // The sweep has its own task, so that it is finished even when the client disconnects.
    let app = cron.app.clone();
    match cron.tasks.spawn(async move { run(&app).await }.in_current_span()).await {
        Ok(Some(report)) => Json(report).into_response(),
        Ok(None) => {
            refusal(StatusCode::INTERNAL_SERVER_ERROR, "the sweep could not be done; the server's log says why")
        }
        Err(failure) => {
            tracing::error!(%failure, "a sweep failed");
            refusal(StatusCode::INTERNAL_SERVER_ERROR, "the sweep could not be done; the server's log says why")
        }
    }
}

async fn run(app: &App) -> Option<Report> {
    match sweep::run_recorded(app, sweep::Request::PERIODIC, None).await {
        Ok(report) => report,
        Err(error) => {
            tracing::error!(%error, "a sweep requested by HTTP failed");
            None
        }
    }
}

/// The bearer token, if there is exactly one Authorization header.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let (Some(value), None) = (values.next(), values.next()) else { return None };
    let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
    Some(token.trim()).filter(|token| scheme.eq_ignore_ascii_case("bearer") && !token.is_empty())
}

fn refusal(status: StatusCode, message: &str) -> Response {
    (status, Json(json!({ "error": message }))).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bearer_token_needs_exactly_one_authorization_header() {
        let headers = |values: &[&str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(header::AUTHORIZATION, value.parse().unwrap());
            }
            headers
        };
        assert_eq!(bearer(&headers(&["Bearer secret"])), Some("secret"));
        assert_eq!(bearer(&headers(&["bearer  secret "])), Some("secret"));
        for wrong in
            [&[] as &[&str], &["Bearer"], &["Bearer "], &["Basic secret"], &["secret"], &["Bearer a", "Bearer b"]]
        {
            assert_eq!(bearer(&headers(wrong)), None, "{wrong:?}");
        }
    }
}
