//! Inputs about people.

use async_graphql::{ID, InputObject, MaybeUndefined};
use service::people::{NewPerson, PersonPatch};

use crate::{
    context::Result,
    input::{clearable, lasting},
};

/// A new person.
#[derive(InputObject)]
pub struct CreatePersonInput {
    /// The name, as others see it: 1 to 200 characters.
    display_name: String,
    /// The city where the person usually is.
    city: Option<String>,
    /// The country of the city.
    country: Option<String>,
    /// The subject (`sub`) that an identity provider gives the person in tokens. It must be unique.
    external_id: Option<String>,
    /// An idempotency key: any text of 1 to 255 characters that the client makes for this change. A retry with the same
    /// key gets the same answer for a day, and creates nothing. With another input the error is BAD_USER_INPUT. Over
    /// HTTP the header `Idempotency-Key` does the same.
    pub client_mutation_id: Option<String>,
}

impl From<CreatePersonInput> for NewPerson {
    fn from(input: CreatePersonInput) -> Self {
        let CreatePersonInput { display_name, city, country, external_id, client_mutation_id: _ } = input;
        Self { display_name, city, country, external_id }
    }
}

/// Changes to a person. A field that is left out stays as it is.
#[derive(InputObject)]
pub struct UpdatePersonInput {
    /// The person.
    pub id: ID,
    /// The name, as others see it: 1 to 200 characters. It can't be null.
    display_name: MaybeUndefined<String>,
    /// The city where the person usually is. Null clears it.
    city: MaybeUndefined<String>,
    /// The country of the city. Null clears it.
    country: MaybeUndefined<String>,
    /// True if other people at the same instance may not see that the person is there. It can't be null.
    hides_place: MaybeUndefined<bool>,
    /// True deactivates the person, who is then at no instance. False activates the person again. Only admins may
    /// change it. It can't be null.
    is_deactivated: MaybeUndefined<bool>,
    /// The subject (`sub`) that an identity provider gives the person in tokens. It must be unique. Only admins may
    /// change it. Null clears it.
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
