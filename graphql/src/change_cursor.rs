//! `changeCursor`, and the conversion of positions to cursors and back.
//!
//! The fields of a query are resolved concurrently. So a query that contains `changeCursor` gets the position before any of
//! its fields is resolved.

use async_graphql::{Context, Request};
use domain::news::Position;
use live::CursorStatus;
use service::{App, log};

use super::{
    context::{Result, app, hub},
    error::ApiError,
    operation::Operation,
    subscribe::ResumeAfter,
    types::scalars::Cursor,
};

struct ReadAhead(Position);

/// Reads the position, if the request asks for it.
pub async fn read_ahead(app: &App, request: Request) -> Result<Request> {
    if !Operation::of(&request).is_some_and(|operation| operation.reads_position) {
        return Ok(request);
    }
    let position = log::head(app).await?;
    Ok(request.data(ReadAhead(position)))
}

pub async fn of_request(ctx: &Context<'_>) -> Result<Cursor> {
    let Some(ReadAhead(position)) = ctx.data_opt::<ReadAhead>() else {
        return Err(ApiError::internal("the position was not read ahead"));
    };
    write(app(ctx)?, *position).await
}

/// The cursor after which a subscription continues: the one of the transport or, without it, the argument.
pub fn given(ctx: &Context<'_>, after: Option<Cursor>) -> Option<Cursor> {
    ctx.data_opt::<ResumeAfter>().map(|ResumeAfter(cursor)| Cursor(cursor.clone())).or(after)
}

/// The position of a cursor.
///
/// # Errors
/// If a subscription cannot continue from it: CURSOR_EXPIRED if it is too old, BAD_USER_INPUT if it is not a cursor of this
/// server.
pub async fn resumable(ctx: &Context<'_>, cursor: &Cursor) -> Result<Position> {
    let position = app(ctx)?.cursor_key().await?.read(&cursor.0)?;
    match hub(ctx)?.cursor_status(position).await.map_err(ApiError::unavailable)? {
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
