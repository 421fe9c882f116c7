//! People.

use async_graphql::{Context, ID, Object};
use domain::ids::{PersonId, SessionInstanceId};
use futures_util::FutureExt as _;
use service::{check_ins::CheckInsOf, people};

use crate::{
    context::{Result, id_of, viewer},
    loaders::load,
    types::{
        connection::Nodes,
        instance::{CheckIn, SessionInstance, active_at, list_check_ins},
    },
};

pub struct Person(pub people::Person);

impl Person {
    /// The instance that the person is at, if the viewer may see it.
    async fn find_place(&self, ctx: &Context<'_>) -> Result<Option<SessionInstance>> {
        match self.0.active_session_instance_id {
            Some(instance) => self.find_seen_at(ctx, instance).await,
            None => Ok(None),
        }
    }

    /// The instance, if the viewer may see that the person is or was there.
    pub async fn find_seen_at(
        &self,
        ctx: &Context<'_>,
        instance: SessionInstanceId,
    ) -> Result<Option<SessionInstance>> {
        let viewer = viewer(ctx);
        let viewer_placement = match viewer.person {
            Some(id) if id != self.key() => load(ctx, id).await?.and_then(|row| row.active_session_instance_id),
            _ => None,
        };
        if !viewer.may_see_placement(self.key(), self.0.hides_place, instance, viewer_placement) {
            return Ok(None);
        }
        Ok(load(ctx, instance).await?.map(SessionInstance))
    }

    fn key(&self) -> PersonId {
        self.0.id
    }
}

/// A person who checks in, organises sessions, visits a website, or takes part in bookings. Everybody may see the name;
/// some fields are only for the person and admins.
#[Object]
impl Person {
    /// The global id, such as `Person:7`.
    pub(crate) async fn id(&self) -> ID {
        id_of(self.key())
    }

    /// The name, as others see it.
    async fn display_name(&self) -> &str {
        &self.0.display_name
    }

    /// The city where the person usually is. Null if it is not known.
    async fn city(&self) -> Option<&str> {
        self.0.city.as_deref()
    }

    /// The country of the city. Null if it is not known.
    async fn country(&self) -> Option<&str> {
        self.0.country.as_deref()
    }

    /// True if an admin has deactivated the person. A deactivated person is at no instance.
    async fn is_deactivated(&self) -> bool {
        self.0.is_deactivated
    }

    /// True if other people at the same instance may not see that the person is there. Only the person and admins may
    /// see this field: for everybody else it is null.
    async fn hides_place(&self, ctx: &Context<'_>) -> Option<bool> {
        viewer(ctx).may_read_data_of(self.key()).then_some(self.0.hides_place)
    }

    /// True if the person is a guest: somebody without an account who checked in with a code.
    async fn is_guest(&self) -> bool {
        self.0.is_guest
    }

    /// The subject (`sub`) that an identity provider gives the person in tokens. Null if there is none. Only the person
    /// and admins may see it: for everybody else it is null.
    async fn external_id(&self, ctx: &Context<'_>) -> Option<&str> {
        let is_seen = viewer(ctx).may_read_data_of(self.key());
        self.0.external_id.as_deref().filter(|_| is_seen)
    }

    /// The active instance that the person is at now. Null if the person is at none. The person and admins may see it.
    /// People at the same instance may see it, unless the person hides it (`hidesPlace`). For everybody else it is
    /// null.
    async fn active_session_instance(&self, ctx: &Context<'_>) -> Result<Option<SessionInstance>> {
        self.find_place(ctx).boxed().await
    }

    /// The instances that are active now in the person's city and country, by start. Empty if the person has no city or
    /// no country.
    async fn nearby_active_instances(&self, ctx: &Context<'_>) -> Result<Vec<SessionInstance>> {
        active_at(ctx, self.0.city.clone(), self.0.country.clone()).boxed().await
    }

    /// The person's check-ins, the newest first. Only the person and admins may see them: for everybody else it is
    /// null.
    async fn check_ins(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "At most this many, 0 to 100. The default is 20.")] first: Option<i32>,
        #[graphql(desc = "A cursor of this list: the page begins after it.")] after: Option<String>,
    ) -> Result<Option<Nodes<CheckIn>>> {
        if !viewer(ctx).may_read_data_of(self.key()) {
            return Ok(None);
        }
        Ok(Some(list_check_ins(ctx, CheckInsOf::Person(self.key()), first, after).boxed().await?))
    }
}
