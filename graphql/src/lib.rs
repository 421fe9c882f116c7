//! The GraphQL schema: views over domain values and rows. A resolver reads its input, calls one function of the
//! service, and wraps the result.

mod audit;
mod booking;
mod booking_changes;
mod change_cursor;
mod completion;
mod connection;
pub mod context;
pub mod document;
pub mod error;
pub mod guard;
pub mod hearts;
mod input;
mod instance;
pub mod limits;
mod loaders;
mod mutation;
mod order;
mod person;
mod presence;
mod query;
pub mod rate;
#[cfg(test)]
mod released;
pub mod scalars;
mod session;
mod subscription;
mod sweep;
mod types;
mod upkeep;
mod variables;

use async_graphql::{Executor, MergedObject, MergedSubscription, SchemaBuilder, parser};
use live::Hub;
use service::{App, presence::gather::Gatherer};

use self::{
    audit::AuditQuery,
    change_cursor::ReadsFirst,
    completion::Completed,
    loaders::Loaders,
    mutation::SessionMutation,
    presence::{PresenceMutation, PresenceQuery, PresenceSubscription},
    query::SessionQuery,
    rate::BeatRates,
    subscription::SessionSubscription,
    upkeep::UpkeepMutation,
};

#[derive(MergedObject, Default)]
struct Query(SessionQuery, PresenceQuery, AuditQuery);

#[derive(MergedObject, Default)]
struct Mutation(SessionMutation, PresenceMutation, UpkeepMutation);

#[derive(MergedSubscription, Default)]
struct Subscription(SessionSubscription, PresenceSubscription);

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
