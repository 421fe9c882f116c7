//! What clients send about visits and activities.

use async_graphql::{ID, InputObject, MaybeUndefined};
use domain::{ids::PresenceId, language};
use service::{
    presence::{activities::NewActivity, visits::VisitFilter},
    validate,
};

use crate::{
    context::{Result, parse_id},
    error::ApiError,
    types::presence::PresenceStatus,
};

/// presenceId is made by the client, one per visit: a bare UUID, here and wherever an argument is called presenceId. What is left out stays as it was, null clears.
#[derive(InputObject)]
pub struct HeartbeatInput {
    pub presence_id: ID,
    /// BCP 47, such as en or pt-BR; en_US is taken as en-US. What is no language, or a private one such as x-klingon, is taken as null.
    language_code: MaybeUndefined<String>,
    /// 2,000 characters at most.
    current_page: MaybeUndefined<String>,
    /// Of an anonymous visit, from its first beat's answer.
    pub secret: Option<String>,
}

impl HeartbeatInput {
    #[expect(clippy::option_option, reason = "left out, or cleared")]
    pub fn language_code(&self) -> Option<Option<String>> {
        match &self.language_code {
            MaybeUndefined::Undefined => None,
            MaybeUndefined::Null => Some(None),
            MaybeUndefined::Value(code) => Some(language::normalize(code)),
        }
    }

    #[expect(clippy::option_option, reason = "left out, or cleared")]
    pub fn current_page(&self) -> Result<Option<Option<String>>> {
        Ok(match &self.current_page {
            MaybeUndefined::Undefined => None,
            MaybeUndefined::Null => Some(None),
            MaybeUndefined::Value(page) => Some(validate::current_page("currentPage", page)?),
        })
    }
}

#[derive(InputObject)]
pub struct EnterActivityInput {
    pub presence_id: ID,
    pub activity_key: String,
    /// Of an anonymous visit, from its first beat's answer.
    pub secret: Option<String>,
}

#[derive(InputObject)]
pub struct SaveActivityInput {
    /// Letters, digits, '-', '_', '.' and '~'. An activity that has it is changed.
    key: String,
    name: String,
    /// Left out: no limit. 0: closed. A lower limit evicts nobody.
    max_concurrent: Option<i32>,
}

impl From<SaveActivityInput> for NewActivity {
    fn from(input: SaveActivityInput) -> Self {
        Self { key: input.key, name: input.name, max_concurrent: input.max_concurrent }
    }
}

/// Which visits; everything that is given must hold.
#[derive(InputObject, Default)]
pub struct PresenceFilter {
    is_online: Option<bool>,
    status: Option<PresenceStatus>,
    /// Those with a seat in it now.
    activity_key: Option<String>,
    language_code: Option<String>,
    person_id: Option<ID>,
}

impl PresenceFilter {
    pub fn check(self) -> Result<VisitFilter> {
        let language_code =
            self.language_code.map(|code| validate::language_code("languageCode", &code)).transpose()?;
        Ok(VisitFilter {
            is_online: self.is_online,
            status: self.status.map(Into::into),
            activity_key: self.activity_key,
            language_code,
            person: self.person_id.map(|id| parse_id("personId", &id)).transpose()?,
        })
    }
}

/// Reads a bare UUID.
pub fn visit_id(id: &ID) -> Result<PresenceId> {
    PresenceId::parse_uuid(id).ok_or_else(|| {
        let message = "presenceId is not a UUID: make one for each visit, such as with crypto.randomUUID()";
        ApiError::bad_user_input(message).at_field("presenceId")
    })
}
