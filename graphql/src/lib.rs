//! The GraphQL schema: views over domain values and rows. A resolver reads its input, calls one function of the
//! service, and wraps the result.

mod change_cursor;
mod completion;
pub mod context;
pub mod document;
pub mod error;
pub mod guard;
pub mod hearts;
mod input;
pub mod limits;
mod loaders;
mod mutation;
mod order;
mod query;
pub mod rate;
mod registry;
#[cfg(test)]
mod released;
mod subscription;
pub mod types;
mod variables;

use async_graphql::{Executor, SchemaBuilder, parser};
use live::Hub;
use service::{App, presence::gather::Gatherer};

use self::{
    change_cursor::ReadsFirst, completion::Completed, loaders::Loaders, mutation::Mutation, query::Query,
    rate::BeatRates, subscription::Subscription,
};

type Schema = async_graphql::Schema<Query, Mutation, Subscription>;

fn builder() -> SchemaBuilder<Query, Mutation, Subscription> {
    Schema::build(Query::default(), Mutation::default(), Subscription::default())
        .limit_depth(limits::DEPTH)
        .limit_complexity(limits::COMPLEXITY)
}

/// The schema that answers: what is executed over every transport. `suggests`: errors name what may have been meant.
///
/// # Errors
/// When the schema's own text can't be read.
pub fn build(app: App, hub: Hub, gatherer: Gatherer, suggests: bool) -> Result<impl Executor, parser::Error> {
    let builder = if suggests { builder() } else { builder().disable_suggestions() };
    let schema = builder
        .data(Loaders::new(app.clone()))
        .data(app.clone())
        .data(hub)
        .data(gatherer)
        .data(BeatRates::default())
        .finish();
    Completed::new(ReadsFirst::new(schema, app), &sdl())
}

/// The schema's text, as `insession schema` prints it and `schema.graphql` has it.
pub fn sdl() -> String {
    let schema = builder().finish();
    schema
        .sdl_with_options(async_graphql::SDLExportOptions::new().sorted_fields().sorted_arguments().sorted_enum_items())
}
