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
pub mod hearts;
pub mod idempotency;
mod input;
mod loaders;
mod mutation;
pub mod operation;
mod prices;
mod query;
pub mod rate;
pub mod registry;
#[cfg(test)]
mod released;
mod root_field;
pub mod sharing;
pub mod subscribe;
mod subscription;
pub mod trusted;
pub mod turns;
pub mod types;
mod variables;
mod wrong_value;

use std::sync::Arc;

use async_graphql::{Executor, SDLExportOptions, SchemaBuilder, parser};
use live::Hub;
use service::{App, presence::gather::Gatherer};

use self::{
    answer::Limited, context::ForQueries, document::Reader, loaders::Loaders, mutation::Mutation, query::Query,
    rate::BeatRates, registry::Types, subscription::Subscription,
};

type Schema = async_graphql::Schema<Query, Mutation, Subscription>;

fn builder() -> SchemaBuilder<Query, Mutation, Subscription> {
    Schema::build(Query::default(), Mutation::default(), Subscription::default())
}

/// The schema that answers requests over every transport. With `suggests`, errors name the field that may have been meant.
/// An answer has at most `answer_bytes`.
pub fn build(app: &App, hub: &Hub, gatherer: &Gatherer, suggests: bool, answer_bytes: u64) -> impl Executor + use<> {
    let beats = Arc::new(BeatRates::default());
    let for_queries = app.for_queries();
    let builder = || {
        let builder = if suggests { builder() } else { builder().disable_suggestions() };
        builder
            .data(Loaders::new(app.clone()))
            .data(ForQueries(Loaders::new(for_queries.clone())))
            .data(app.clone())
            .data(ForQueries(for_queries.clone()))
            .data(hub.clone())
            .data(gatherer.clone())
            .data(Arc::clone(&beats))
    };
    Limited::new(app.clone(), builder, answer_bytes)
}

/// What reads requests to the schema.
///
/// # Errors
/// If the schema's own text can't be parsed.
pub fn reader() -> Result<Reader, parser::Error> {
    Ok(Reader::new(Types::read(&sdl())?, sharing::SAME_FOR_EVERYONE))
}

/// The schema as text. `insession schema` prints it, and `schema.graphql` holds it.
pub fn sdl() -> String {
    let schema = builder().finish();
    let options = SDLExportOptions::new().sorted_fields().sorted_arguments().sorted_enum_items();
    schema.sdl_with_options(options.include_specified_by())
}
