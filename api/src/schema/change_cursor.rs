//! `changeCursor`: the log's position, read before everything else of the request that asks for it. The fields of a
//! query are resolved at the same time, so the position is read before any of them begins.

use std::sync::Arc;

use async_graphql::{
    Context, Request, ServerError, ServerResult,
    extensions::{Extension, ExtensionContext, ExtensionFactory, NextPrepareRequest},
};
use domain::news::Position;
use service::{App, changes};

use super::{
    context::{Result, app},
    error::ApiError,
    scalars::Cursor,
};

/// Reads the position ahead of requests that name the field.
pub struct ReadFirst;

impl ExtensionFactory for ReadFirst {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(Self)
    }
}

struct ReadAhead(Position);

#[async_trait::async_trait]
impl Extension for ReadFirst {
    async fn prepare_request(
        &self,
        ctx: &ExtensionContext<'_>,
        request: Request,
        next: NextPrepareRequest<'_>,
    ) -> ServerResult<Request> {
        let request = match ctx.data::<App>() {
            Ok(app) if request.query.contains("changeCursor") => {
                let head = changes::head(app.db.pool()).await.map_err(ApiError::from);
                let head = head.map_err(|error| -> ServerError {
                    async_graphql::Error::from(error).into_server_error(async_graphql::Pos::default())
                })?;
                request.data(ReadAhead(head))
            }
            _ => request,
        };
        next.run(ctx, request).await
    }
}

pub async fn of_request(ctx: &Context<'_>) -> Result<Cursor> {
    let app = app(ctx)?;
    let position = match ctx.data_opt::<ReadAhead>() {
        Some(ReadAhead(position)) => *position,
        None => changes::head(app.db.pool()).await?,
    };
    write(app, position).await
}

pub async fn write(app: &App, position: Position) -> Result<Cursor> {
    Ok(Cursor(app.cursor_key().await?.write(position)))
}
