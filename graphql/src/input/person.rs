//! What clients send about people.

use async_graphql::{ID, InputObject, MaybeUndefined};
use service::people::{NewPerson, PersonPatch};

use crate::{
    context::Result,
    input::{clearable, lasting},
};

#[derive(InputObject)]
pub struct CreatePersonInput {
    display_name: String,
    city: Option<String>,
    country: Option<String>,
    /// What an identity provider calls them: the sub of their tokens.
    external_id: Option<String>,
}

impl From<CreatePersonInput> for NewPerson {
    fn from(input: CreatePersonInput) -> Self {
        let CreatePersonInput { display_name, city, country, external_id } = input;
        Self { display_name, city, country, external_id }
    }
}

/// People change their own name, place and hidesPlace; admins everything.
#[derive(InputObject)]
pub struct UpdatePersonInput {
    pub id: ID,
    display_name: MaybeUndefined<String>,
    city: MaybeUndefined<String>,
    country: MaybeUndefined<String>,
    hides_place: MaybeUndefined<bool>,
    is_deactivated: MaybeUndefined<bool>,
    /// What an identity provider calls them: the sub of their tokens.
    external_id: MaybeUndefined<String>,
}

impl UpdatePersonInput {
    pub fn check(self) -> Result<PersonPatch> {
        Ok(PersonPatch {
            display_name: lasting("displayName", self.display_name)?,
            city: clearable(self.city, |text| text),
            country: clearable(self.country, |text| text),
            hides_place: lasting("hidesPlace", self.hides_place)?,
            is_deactivated: lasting("isDeactivated", self.is_deactivated)?,
            external_id: clearable(self.external_id, |text| text),
        })
    }
}
