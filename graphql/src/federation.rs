//! This server as a subgraph of Apollo Federation: the schema that a gateway composes, and the two fields that it asks.
//!
//! An *entity* is an object that other subgraphs may extend. A gateway names it by a *representation*: its type and its
//! key, which is its id. `_entities` answers as `node(id)` does: null for what does not exist or may not be seen. What is
//! wrong with one representation is an error of that entity alone.
//!
//! async-graphql has these fields too, but there one entity that is missing fails all of them, its text of the schema
//! leaves out `@specifiedBy`, and it does not share `PageInfo`, which most subgraphs have.

use std::sync::LazyLock;

use async_graphql::{Any, Context, ID, Object, Union, Value};
use domain::ids::{ActivityId, BookingId, PersonId, SessionId, SessionInstanceId, TimeSlotId};
use futures_util::future::join_all;

use crate::{
    context::{Result, parse_id},
    error::ApiError,
    query::{find_activity, find_booking, find_instance, find_person, find_session, find_slot},
    types::{
        activity::Activity,
        booking::{Booking, TimeSlot},
        instance::SessionInstance,
        person::Person,
        session::Session,
    },
};

/// The types of entities.
const ENTITIES: [&str; 6] =
    [SessionId::TYPE, SessionInstanceId::TYPE, PersonId::TYPE, BookingId::TYPE, TimeSlotId::TYPE, ActivityId::TYPE];

/// The types that other subgraphs define too, as the Relay specification does.
const SHARED: [&str; 1] = ["PageInfo"];

const LINK: &str =
    r#"extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key", "@shareable"])"#;

/// How many entities may be asked for at once.
pub const MOST_ENTITIES: usize = 1_000;

/// The fields that a gateway reads when it composes its schema.
#[derive(Default)]
pub struct Service;

/// This subgraph.
#[Object(name = "_Service")]
impl Service {
    /// The schema of this subgraph, with the directives of federation.
    async fn sdl(&self) -> &'static str {
        static SDL: LazyLock<String> = LazyLock::new(|| subgraph(&crate::sdl()));
        &SDL
    }
}

/// An object that other subgraphs may extend.
#[derive(Union)]
#[graphql(name = "_Entity")]
#[expect(clippy::large_enum_variant, reason = "an answer has few of them, and each is moved a few times")]
pub enum Entity {
    Session(Session),
    SessionInstance(SessionInstance),
    Person(Person),
    Booking(Booking),
    TimeSlot(TimeSlot),
    Activity(Activity),
}

#[derive(Default)]
pub struct FederationQuery;

#[Object]
impl FederationQuery {
    /// What a gateway reads when it composes.
    #[graphql(name = "_service")]
    async fn service(&self) -> Service {
        Service
    }

    /// Entities, in the order of their representations. Null for what does not exist, or may not be seen by the viewer.
    #[graphql(name = "_entities")]
    async fn entities(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Objects with `__typename` and `id`: at most 1000.")] representations: Vec<Any>,
    ) -> Result<Vec<Option<Result<Entity>>>> {
        if representations.len() > MOST_ENTITIES {
            let problem = format!("has {} items: at most {MOST_ENTITIES} are allowed", representations.len());
            return Err(ApiError::invalid("representations", problem));
        }
        // All entities are loaded concurrently, so that a loader reads those of one type together.
        let found = representations.iter().enumerate().map(|(index, Any(representation))| async move {
            find_entity(ctx, &format!("representations.{index}"), representation).await.transpose()
        });
        Ok(join_all(found).await)
    }
}

/// Finds the entity of a representation. `at` is the place of the representation in the input, for errors.
async fn find_entity(ctx: &Context<'_>, at: &str, representation: &Value) -> Result<Option<Entity>> {
    let Value::Object(fields) = representation else {
        return Err(ApiError::invalid(at, "must be an object with __typename and id"));
    };
    let text = |name: &str| match fields.get(name) {
        Some(Value::String(text)) => Ok(text.as_str()),
        Some(Value::Enum(text)) if name == "__typename" => Ok(text.as_str()),
        Some(_) => Err(ApiError::invalid(format!("{at}.{name}"), "must be a text")),
        None => Err(ApiError::invalid(format!("{at}.{name}"), "is required")),
    };
    let of = text("__typename")?;
    if !ENTITIES.contains(&of) {
        let problem = format!("is {of:?}, which is no entity of this subgraph: those are {}", ENTITIES.join(", "));
        return Err(ApiError::invalid(format!("{at}.__typename"), problem));
    }
    let (field, id) = (format!("{at}.id"), ID::from(text("id")?));
    Ok(match of {
        SessionId::TYPE => find_session(ctx, parse_id(&field, &id)?).await?.map(Entity::Session),
        SessionInstanceId::TYPE => find_instance(ctx, parse_id(&field, &id)?).await?.map(Entity::SessionInstance),
        PersonId::TYPE => find_person(ctx, parse_id(&field, &id)?).await?.map(Entity::Person),
        BookingId::TYPE => find_booking(ctx, parse_id(&field, &id)?).await?.map(Entity::Booking),
        TimeSlotId::TYPE => find_slot(ctx, parse_id(&field, &id)?).await?.map(Entity::TimeSlot),
        _ => find_activity(ctx, parse_id(&field, &id)?).await?.map(Entity::Activity),
    })
}

/// The text of a schema as the one of a subgraph. `sdl` must be the text that [`sdl`](crate::sdl) prints.
pub(crate) fn subgraph(sdl: &str) -> String {
    let types = sdl.split_once("\nschema {").map_or(sdl, |(types, _)| types);
    let mut text = format!("{LINK}\n\n");
    for line in types.lines() {
        let declared = line.strip_prefix("type ").and_then(|rest| rest.strip_suffix(" {"));
        let name = declared.and_then(|declared| declared.split(' ').next());
        match (name, line.strip_suffix('{')) {
            (Some(name), Some(head)) if ENTITIES.contains(&name) => {
                text += head;
                text += "@key(fields: \"id\") {";
            }
            (Some(name), Some(head)) if SHARED.contains(&name) => {
                text += head;
                text += "@shareable {";
            }
            _ => text += line,
        }
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use async_graphql::parser::{
        parse_schema,
        types::{TypeDefinition, TypeSystemDefinition},
    };

    use super::*;

    fn types(sdl: &str) -> BTreeMap<String, TypeDefinition> {
        let types = parse_schema(sdl).unwrap().definitions.into_iter().filter_map(|definition| match definition {
            TypeSystemDefinition::Type(of) => Some((of.node.name.node.to_string(), of.node)),
            _ => None,
        });
        types.collect()
    }

    #[test]
    fn subgraph_differs_from_the_schema_in_its_directives_only() {
        let sdl = crate::sdl();
        let subgraph = subgraph(&sdl);
        let (before, after) = (types(&sdl), types(&subgraph));
        assert_eq!(before.keys().collect::<Vec<_>>(), after.keys().collect::<Vec<_>>());
        for (name, of) in after {
            let directives: Vec<_> = of.directives.iter().map(|it| it.node.name.node.to_string()).collect();
            let was: Vec<_> = before[&name].directives.iter().map(|it| it.node.name.node.to_string()).collect();
            let added = &directives[was.len()..];
            if ENTITIES.contains(&name.as_str()) {
                assert_eq!(added, ["key"], "{name}");
                assert_eq!(of.directives[was.len()].node.arguments[0].1.node.to_string(), "\"id\"");
            } else if SHARED.contains(&name.as_str()) {
                assert_eq!(added, ["shareable"], "{name}");
            } else {
                assert!(added.is_empty(), "{name}: {added:?}");
            }
        }
        assert!(subgraph.starts_with(LINK) && !subgraph.contains("\nschema {"));
        // Without the added directives, the text is the same.
        let plain = subgraph.replace("@key(fields: \"id\") {", "{").replace("@shareable {", "{");
        assert_eq!(plain.trim_start_matches(LINK).trim(), sdl.split_once("\nschema {").unwrap().0.trim());
    }

    #[test]
    fn only_a_federated_schema_has_the_fields_of_a_gateway() {
        let (usual, federated) = (types(&crate::sdl()), types(&crate::federated_sdl()));
        for name in ["_Any", "_Entity", "_Service"] {
            assert!(federated.contains_key(name) && !usual.contains_key(name), "{name}");
        }
        assert_eq!(federated.len(), usual.len() + 3);
        assert!(crate::federated_sdl().contains("): [_Entity]!"));
    }
}
