//! The values in the context of a resolver, and the conversion of service errors to API errors.

use std::{fmt, net::IpAddr, str::FromStr, sync::Arc};

use async_graphql::{Context, ID, parser::types::OperationType};
use domain::{access::Viewer, ids::IdError};
use live::Hub;
use service::{
    App,
    presence::batcher::HeartbeatBatcher,
    rate::{ClientAddress, whole_seconds},
};

use super::error::ApiError;
use crate::{queue_board::QueueBoard, rate::BeatRates};

pub type Result<T, E = ApiError> = std::result::Result<T, E>;

fn find<'a, T: Send + Sync + 'static>(ctx: &Context<'a>, what: &'static str) -> Result<&'a T> {
    ctx.data::<T>().map_err(|_| ApiError::internal(format!("the schema was built without {what}")))
}

/// The variant of a value that queries and subscriptions use. It has its own connections to the database, so that queries leave
/// the others to mutations.
pub struct ForQueries<T>(pub T);

/// The value for the current operation: for a query or a subscription the one of [`ForQueries`], if there is one.
pub fn for_operation<'a, T: Send + Sync + 'static>(ctx: &Context<'a>, what: &'static str) -> Result<&'a T> {
    if ctx.query_env.operation.node.ty == OperationType::Mutation {
        return find(ctx, what);
    }
    ctx.data_opt::<ForQueries<T>>().map_or_else(|| find(ctx, what), |ForQueries(it)| Ok(it))
}

pub fn app<'a>(ctx: &Context<'a>) -> Result<&'a App> {
    for_operation(ctx, "its App")
}

pub fn hub<'a>(ctx: &Context<'a>) -> Result<&'a Hub> {
    find(ctx, "its hub")
}

pub fn queue_board<'a>(ctx: &Context<'a>) -> Result<&'a QueueBoard> {
    find(ctx, "its board of queues")
}

pub fn batcher<'a>(ctx: &Context<'a>) -> Result<&'a HeartbeatBatcher> {
    find(ctx, "its batcher")
}

pub fn beat_rates<'a>(ctx: &Context<'a>) -> Result<&'a BeatRates> {
    find::<Arc<BeatRates>>(ctx, "its rates").map(AsRef::as_ref)
}

/// The author of the request.
pub fn viewer(ctx: &Context<'_>) -> Viewer {
    ctx.data_opt::<Viewer>().copied().unwrap_or(Viewer::NOBODY)
}

/// The address of the client. `None` if the schema is used without a server.
pub fn address(ctx: &Context<'_>) -> Option<IpAddr> {
    ctx.data_opt::<ClientAddress>().map(|address| address.0)
}

/// Parses an id that a client sent as `field`.
pub fn parse_id<T: FromStr<Err = IdError>>(field: &str, id: &ID) -> Result<T> {
    id.parse().map_err(|error: IdError| ApiError::invalid(field, error))
}

pub fn id_of(id: impl fmt::Display) -> ID {
    ID(id.to_string())
}

impl From<service::Error> for ApiError {
    fn from(error: service::Error) -> Self {
        use service::Error as E;
        match error {
            E::Unauthenticated(refusal) => Self::unauthenticated(refusal.to_string()),
            E::Forbidden(refusal) => Self::forbidden(refusal.to_string()),
            E::NotFound(refusal) => Self::not_found(refusal.to_string()),
            E::Invalid { field, message, others } => Self::invalid(field, message).with_others(others),
            E::Conflict(refusal) => Self::conflict(refusal.to_string()),
            E::InvalidTransition(refusal) => Self::invalid_transition(refusal.to_string()),
            E::RateLimited(wait) => Self::rate_limited(format!(
                "Too many attempts from this address: try again in {} s.",
                whole_seconds(wait)
            ))
            .after(wait),
            E::CursorExpired => Self::cursor_expired(),
            error @ (E::Again(_) | E::Internal(_)) => Self::from(Arc::new(error)),
        }
    }
}

/// A failure, such as that of a loader. All fields that waited for the same read share it.
impl From<Arc<service::Error>> for ApiError {
    fn from(error: Arc<service::Error>) -> Self {
        if error.is_unavailable() { Self::unavailable(error) } else { Self::internal(error) }
    }
}
