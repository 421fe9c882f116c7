//! People, and where they are.

use async_graphql::{Context, ID, Object};
use domain::ids::PersonId;
use service::{check_ins::CheckInsOf, entity::person};

use crate::{
    context::{Result, id_of, viewer},
    loaders::load,
    types::{
        connection::Nodes,
        instance::{CheckIn, SessionInstance, active_at, list_check_ins},
    },
};

/// Somebody.
pub struct Person(pub person::Model);

impl Person {
    fn key(&self) -> PersonId {
        self.0.id
    }
}

#[Object]
impl Person {
    pub(crate) async fn id(&self) -> ID {
        id_of(self.key())
    }

    async fn display_name(&self) -> &str {
        &self.0.display_name
    }

    async fn city(&self) -> Option<&str> {
        self.0.city.as_deref()
    }

    async fn country(&self) -> Option<&str> {
        self.0.country.as_deref()
    }

    /// Deactivated people are nowhere.
    async fn is_deactivated(&self) -> bool {
        self.0.is_deactivated
    }

    /// Null for others than the person and admins.
    async fn hides_place(&self, ctx: &Context<'_>) -> Option<bool> {
        viewer(ctx).may_act_for(self.key()).then_some(self.0.hides_place)
    }

    /// What an identity provider calls the person. Null for others than the person and admins.
    async fn external_id(&self, ctx: &Context<'_>) -> Option<&str> {
        let is_seen = viewer(ctx).may_act_for(self.key());
        self.0.external_id.as_deref().filter(|_| is_seen)
    }

    /// Where this person is right now. For the person, admins, and people at the same instance unless it is hidden; null for everyone else.
    async fn active_session_instance(&self, ctx: &Context<'_>) -> Result<Option<SessionInstance>> {
        let Some(place) = self.0.active_session_instance_id else { return Ok(None) };
        let viewer = viewer(ctx);
        let viewer_place = match viewer.person {
            Some(id) if id != self.key() => load(ctx, id).await?.and_then(|row| row.active_session_instance_id),
            _ => None,
        };
        if !viewer.may_see_placement(self.key(), self.0.hides_place, place, viewer_place) {
            return Ok(None);
        }
        Ok(load(ctx, place).await?.map(SessionInstance))
    }

    /// What is on in the person's city and country.
    async fn nearby_active_instances(&self, ctx: &Context<'_>) -> Result<Vec<SessionInstance>> {
        active_at(ctx, self.0.city.clone(), self.0.country.clone()).await
    }

    /// The newest first. Null for others than the person and admins.
    async fn check_ins(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
    ) -> Result<Option<Nodes<CheckIn>>> {
        if !viewer(ctx).may_act_for(self.key()) {
            return Ok(None);
        }
        Ok(Some(list_check_ins(ctx, CheckInsOf::Person(self.key()), first, after).await?))
    }
}
