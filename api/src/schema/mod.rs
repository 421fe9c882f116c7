//! The GraphQL schema: views over domain values and rows. A resolver reads its input, calls one function of the
//! service, and wraps the result.

mod change_cursor;
mod completion;
mod connection;
pub mod context;
pub mod document;
pub mod error;
mod input;
mod instance;
pub mod limits;
mod loaders;
mod mutation;
mod order;
mod person;
mod query;
pub mod scalars;
mod session;
mod subscription;
mod sweep;

use async_graphql::{Executor, SchemaBuilder, parser};
use service::App;

use self::{
    change_cursor::ReadsFirst, completion::Completed, loaders::Loaders, mutation::Mutation, query::Query,
    subscription::SubscriptionRoot,
};
use crate::live::Hub;

type Schema = async_graphql::Schema<Query, Mutation, SubscriptionRoot>;

fn builder() -> SchemaBuilder<Query, Mutation, SubscriptionRoot> {
    Schema::build(Query, Mutation, SubscriptionRoot).limit_depth(limits::DEPTH).limit_complexity(limits::COMPLEXITY)
}

/// The schema that answers: what is executed over every transport.
///
/// # Errors
/// When the schema's own text can't be read.
pub fn build(app: App, hub: Hub) -> Result<impl Executor, parser::Error> {
    let schema = builder().data(Loaders::new(app.clone())).data(app.clone()).data(hub).finish();
    Completed::new(ReadsFirst::new(schema, app), &sdl())
}

/// The schema's text, as `insession schema` prints it and `schema.graphql` has it.
pub fn sdl() -> String {
    let schema = builder().finish();
    schema
        .sdl_with_options(async_graphql::SDLExportOptions::new().sorted_fields().sorted_arguments().sorted_enum_items())
}
