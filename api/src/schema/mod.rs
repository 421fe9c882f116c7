//! The GraphQL schema: views over domain values and rows. A resolver reads its input, calls one function of the
//! service, and wraps the result.

mod change_cursor;
pub mod completion;
mod connection;
pub mod context;
pub mod error;
mod input;
mod instance;
pub mod limits;
mod loaders;
mod mutation;
mod person;
mod query;
pub mod scalars;
mod session;
mod subscription;
mod sweep;

use async_graphql::SchemaBuilder;
use service::App;

use self::{loaders::Loaders, mutation::Mutation, query::Query, subscription::SubscriptionRoot};
use crate::live::Hub;

pub type Schema = async_graphql::Schema<Query, Mutation, SubscriptionRoot>;

fn builder() -> SchemaBuilder<Query, Mutation, SubscriptionRoot> {
    Schema::build(Query, Mutation, SubscriptionRoot)
        .extension(change_cursor::ReadFirst)
        .limit_depth(limits::DEPTH)
        .limit_complexity(limits::COMPLEXITY)
}

/// The schema that answers.
pub fn build(app: App, hub: Hub) -> Schema {
    builder().data(Loaders::new(app.clone())).data(app).data(hub).finish()
}

/// The schema's text, as `insession schema` prints it and `schema.graphql` has it.
pub fn sdl() -> String {
    let schema = builder().finish();
    schema
        .sdl_with_options(async_graphql::SDLExportOptions::new().sorted_fields().sorted_arguments().sorted_enum_items())
}
