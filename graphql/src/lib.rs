//! The GraphQL schema: views over domain values and rows. A resolver reads its input, calls one function of the
//! service, and wraps the result.

mod answer;
mod change_cursor;
mod completion;
pub mod context;
pub mod document;
pub mod error;
pub mod execute;
pub mod hearts;
mod input;
mod loaders;
mod mutation;
mod operation;
mod prices;
mod query;
pub mod rate;
pub mod registry;
#[cfg(test)]
mod released;
pub mod subscribe;
mod subscription;
mod turns;
pub mod types;
mod variables;

use std::sync::Arc;

use async_graphql::{Executor, SchemaBuilder, parser};
use live::Hub;
use service::{App, presence::gather::Gatherer};

use self::{
    answer::Limited, change_cursor::ReadsFirst, context::ForQueries, loaders::Loaders, mutation::Mutation,
    query::Query, rate::BeatRates, registry::Types, subscription::Subscription,
};

type Schema = async_graphql::Schema<Query, Mutation, Subscription>;

fn builder() -> SchemaBuilder<Query, Mutation, Subscription> {
    Schema::build(Query::default(), Mutation::default(), Subscription::default())
}

/// The schema that answers: what is executed over every transport. `suggests`: errors name what may have been meant.
/// `answer_bytes`: how long an answer may be.
pub fn build(app: App, hub: Hub, gatherer: Gatherer, suggests: bool, answer_bytes: u64) -> impl Executor {
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
    let schema = Limited::new(builder, answer_bytes);
    ReadsFirst::new(schema, app.clone())
}

/// The types of the schema.
///
/// # Errors
/// When the schema's own text can't be read.
pub fn types() -> Result<Types, parser::Error> {
    Types::read(&sdl())
}

/// The schema's text, as `insession schema` prints it and `schema.graphql` has it.
pub fn sdl() -> String {
    let schema = builder().finish();
    schema
        .sdl_with_options(async_graphql::SDLExportOptions::new().sorted_fields().sorted_arguments().sorted_enum_items())
}
