//! The GraphQL schema. A resolver checks its input, calls one function of the service, and wraps the result in a type of
//! the schema. Documentation comments of such types are the descriptions in the schema: clients read them.

mod answer;
pub mod budget;
mod change_cursor;
mod completion;
pub mod context;
#[cfg(test)]
mod descriptions;
pub mod document;
pub mod error;
pub mod execute;
mod federation;
pub mod idempotency;
mod input;
mod loaders;
pub mod low_priority;
mod mutation;
pub mod operation;
mod prices;
mod query;
mod query_cache;
pub mod query_permits;
mod queue_board;
pub mod rate;
pub mod registry;
#[cfg(test)]
mod released;
mod root_field;
pub mod sharing;
pub mod socket_heartbeats;
pub mod subscribe;
mod subscription;
pub mod trusted;
pub mod types;
mod variables;
mod wrong_value;

use std::sync::Arc;

use async_graphql::{Executor, ObjectType, SDLExportOptions, SchemaBuilder, parser};
use live::Hub;
use service::{App, presence::batcher::HeartbeatBatcher};

use self::{
    answer::{Either, LimitedSchema},
    context::ForQueries,
    document::Reader,
    loaders::Loaders,
    mutation::Mutation,
    query::{FederatedQuery, Query},
    queue_board::QueueBoard,
    rate::BeatRates,
    registry::Types,
    subscription::Subscription,
};

type Schema<Q> = async_graphql::Schema<Q, Mutation, Subscription>;

fn builder<Q: ObjectType + Default + 'static>() -> SchemaBuilder<Q, Mutation, Subscription> {
    Schema::build(Q::default(), Mutation::default(), Subscription::default())
}

/// The options of the schema.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// Whether errors suggest the name of the field that the client may have meant.
    pub suggests: bool,
    /// The longest answer, in bytes.
    pub answer_bytes: u64,
    /// Whether a gateway of Apollo Federation may ask for entities.
    pub federation: bool,
}

/// The schema that answers requests over every transport.
pub fn build(app: &App, hub: &Hub, batcher: &HeartbeatBatcher, options: Options) -> impl Executor + use<> {
    if options.federation {
        Either::Right(build_with::<FederatedQuery>(app, hub, batcher, options))
    } else {
        Either::Left(build_with::<Query>(app, hub, batcher, options))
    }
}

fn build_with<Q: ObjectType + Default + 'static>(
    app: &App,
    hub: &Hub,
    batcher: &HeartbeatBatcher,
    options: Options,
) -> LimitedSchema<Q> {
    let beats = Arc::new(BeatRates::default());
    let for_queries = app.for_queries();
    let board = QueueBoard::new(for_queries.clone(), hub.clone());
    let builder = || {
        let builder = if options.suggests { builder() } else { builder().disable_suggestions() };
        builder
            .data(Loaders::new(app.clone()))
            .data(ForQueries(Loaders::new(for_queries.clone())))
            .data(app.clone())
            .data(ForQueries(for_queries.clone()))
            .data(hub.clone())
            .data(batcher.clone())
            .data(board.clone())
            .data(Arc::clone(&beats))
    };
    LimitedSchema::new(app.clone(), builder, options.answer_bytes)
}

/// The reader of requests to the schema. With `federation`, the schema has the fields of a gateway.
///
/// # Errors
/// If the schema's own text can't be parsed.
pub fn reader(federation: bool) -> Result<Reader, parser::Error> {
    let sdl = if federation { federated_sdl() } else { sdl() };
    Ok(Reader::new(Types::read(&sdl)?, sharing::SAME_FOR_EVERYONE))
}

/// The schema as text. `insession schema` prints it, and `schema.graphql` holds it.
pub fn sdl() -> String {
    print::<Query>()
}

/// The schema as text for a gateway of Apollo Federation. `insession schema --federation` prints it.
pub fn subgraph_sdl() -> String {
    federation::subgraph(&sdl())
}

/// The schema as text, with the fields of a gateway, as it is executed.
fn federated_sdl() -> String {
    print::<FederatedQuery>()
}

fn print<Q: ObjectType + Default + 'static>() -> String {
    let schema = builder::<Q>().finish();
    let options = SDLExportOptions::new().sorted_fields().sorted_arguments().sorted_enum_items();
    schema.sdl_with_options(options.include_specified_by())
}
