//! `changeCursor`, and the conversion of positions to cursors and back.
//!
//! The fields of a query are resolved concurrently. So a query that contains `changeCursor` gets the position before any of
//! its fields is resolved.

use std::sync::Arc;

use async_graphql::{Context, Data, Executor, Request, Response};
use domain::news::Position;
use futures_util::{FutureExt as _, StreamExt as _, stream::BoxStream};
use live::CursorStatus;
use service::{App, changes};

use super::{
    context::{Result, app, hub},
    error::ApiError,
    types::scalars::Cursor,
};

/// An executor that reads the position before it executes a request that names the field.
#[derive(Clone)]
pub struct ReadsFirst<E> {
    executor: E,
    app: App,
}

struct ReadAhead(Position);

impl<E: Executor> ReadsFirst<E> {
    pub fn new(executor: E, app: App) -> Self {
        Self { executor, app }
    }
}

async fn prepare(app: App, request: Request) -> Result<Request> {
    if !request.query.contains("changeCursor") {
        return Ok(request);
    }
    Ok(request.data(ReadAhead(changes::head(&app).await?)))
}

impl<E: Executor> Executor for ReadsFirst<E> {
    async fn execute(&self, request: Request) -> Response {
        match prepare(self.app.clone(), request).await {
            Ok(request) => self.executor.execute(request).await,
            Err(error) => error.into_response(),
        }
    }

    fn execute_stream(&self, request: Request, session_data: Option<Arc<Data>>) -> BoxStream<'static, Response> {
        let (executor, app) = (self.executor.clone(), self.app.clone());
        let begin = async move {
            match prepare(app, request).await {
                Ok(request) => executor.execute_stream(request, session_data),
                Err(error) => futures_util::stream::iter([error.into_response()]).boxed(),
            }
        };
        begin.into_stream().flatten().boxed()
    }
}

pub async fn of_request(ctx: &Context<'_>) -> Result<Cursor> {
    let Some(ReadAhead(position)) = ctx.data_opt::<ReadAhead>() else {
        return Err(ApiError::internal("the position was not read ahead"));
    };
    write(app(ctx)?, *position).await
}

/// The position of a cursor, if a subscription can continue from it.
pub async fn resumable(ctx: &Context<'_>, cursor: &Cursor) -> Result<Position> {
    let position = app(ctx)?.cursor_key().await?.read(&cursor.0)?;
    match hub(ctx)?.cursor_status(position).await.map_err(ApiError::internal)? {
        CursorStatus::Resumable => Ok(position),
        CursorStatus::Expired => Err(service::Error::CursorExpired.into()),
        CursorStatus::Future => {
            Err(ApiError::invalid("after", "is not a cursor of this server: subscribe again without it"))
        }
    }
}

pub async fn write(app: &App, position: Position) -> Result<Cursor> {
    Ok(Cursor(app.cursor_key().await?.write(position)))
}
