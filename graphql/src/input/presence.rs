//! Inputs about visits and activities.

use async_graphql::{ID, InputObject, MaybeUndefined};
use domain::{ids::PresenceId, language, presence::Takes};
use service::{
    presence::{
        activities::NewActivity,
        seats::{IfFull, Wish},
        visits::VisitFilter,
    },
    validate,
};

use crate::{
    context::{Result, parse_id},
    error::ApiError,
    types::{activity::SeatsPer, presence::PresenceStatus},
};

/// A sign that a visit is still there.
#[derive(InputObject)]
pub struct HeartbeatInput {
    /// The visit: a UUID, without `Presence:`. The client makes a new one for each visit, such as with
    /// `crypto.randomUUID()`.
    pub presence_id: ID,
    /// The language as a BCP 47 tag, such as `en` or `pt-BR`. `en_US` counts as `en-US`. A text that is not a language,
    /// or a private one such as `x-klingon`, counts as null. If it is left out, the value stays as it is. Null clears
    /// it.
    language_code: MaybeUndefined<String>,
    /// The page where the visitor is, such as its path: at most 2000 characters. If it is left out, the value stays as
    /// it is. Null clears it.
    current_page: MaybeUndefined<String>,
    /// The secret of an anonymous visit, from the answer to its first heartbeat. Other visits need none. The first
    /// heartbeat has none.
    pub secret: Option<String>,
    /// True if the visitor is idle: has not used the pointer, typed, touched or scrolled for some minutes, or has
    /// locked the screen. The visit stays online. An activity may take the seats of visits that are idle for long
    /// (`maxIdleMinutes`).
    #[graphql(default)]
    pub is_idle: bool,
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

/// A request for a seat.
#[derive(InputObject)]
pub struct EnterActivityInput {
    /// The visit: the client's UUID, without `Presence:`.
    pub presence_id: ID,
    /// The key of the activity.
    pub activity_key: String,
    /// The secret of an anonymous visit, from the answer to its first heartbeat. Other visits need none.
    pub secret: Option<String>,
    /// If true, the visit joins the queue if no seat is free. When a seat is offered to it, the client calls
    /// `enterActivity` again to claim the seat.
    #[graphql(default)]
    wait: bool,
    /// If false, a seat that is offered stays offered. A client sends that if the visitor has not yet decided to take it.
    #[graphql(default = true)]
    take_offer: bool,
    /// If false, the visit gets no new seat and no place in the queue. It only gets a seat that another visit of its person
    /// has in this activity or, with `takeOffer`, the one that is offered. A client sends that if it asks without the
    /// visitor, who may have left on another device meanwhile.
    #[graphql(default = true)]
    take_new: bool,
}

impl EnterActivityInput {
    pub fn wish(&self) -> Wish {
        let if_full = if self.wait { IfFull::Wait } else { IfFull::Refuse };
        Wish { if_full, takes: Takes { offered: self.take_offer, new: self.take_new } }
    }
}

/// An activity, new or changed.
#[derive(InputObject)]
pub struct SaveActivityInput {
    /// The key: letters, digits, `-`, `_`, `.` and `~`. If an activity has this key, it is changed. Otherwise it is
    /// created.
    key: String,
    /// The name: 1 to 200 characters.
    name: String,
    /// The number of seats. If it is left out or null, there is no limit. With 0, the activity is closed: who has a
    /// seat keeps it. A lower number takes no seat away: the newest offers end until seats and offers fit, and everybody
    /// keeps their place in the queue.
    max_concurrent: Option<i32>,
    /// Whether each person or each visit may hold one seat.
    #[graphql(default_with = "SeatsPer::Person")]
    seats_per: SeatsPer,
    /// The number of seconds for which a free seat is offered to the first place in the queue, before the next place
    /// gets it: 1 to 3600.
    #[graphql(default = 30)]
    offer_seconds: i32,
    /// The number of seconds for which a place in the queue is kept after its visit went offline: 0 to 3600.
    #[graphql(default = 60)]
    queue_grace_seconds: i32,
    /// The number of minutes after which an idle visit loses its seat: 1 to 1440. If it is left out or null, idle
    /// visits keep their seats.
    max_idle_minutes: Option<i32>,
    /// True if people who have a seat may see who else has one.
    #[graphql(default)]
    is_roster_public: bool,
}

impl From<SaveActivityInput> for NewActivity {
    fn from(input: SaveActivityInput) -> Self {
        Self {
            key: input.key,
            name: input.name,
            max_concurrent: input.max_concurrent,
            seats_per: Some(input.seats_per.into()),
            offer_seconds: Some(input.offer_seconds),
            queue_grace_seconds: Some(input.queue_grace_seconds),
            max_idle_minutes: Some(input.max_idle_minutes),
            is_roster_public: Some(input.is_roster_public),
        }
    }
}

/// Conditions that visits must meet. A condition that is left out excludes nothing.
#[derive(InputObject, Default)]
pub struct PresenceFilter {
    /// True: only visits that are online. False: only visits that are not.
    is_online: Option<bool>,
    /// Only visits with this status.
    status: Option<PresenceStatus>,
    /// Only visits that hold a seat in the activity with this key.
    activity_key: Option<String>,
    /// Only visits with this language, a BCP 47 tag.
    language_code: Option<String>,
    /// Only visits of this person.
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

/// Parses the UUID of a visit.
pub fn visit_id(id: &ID) -> Result<PresenceId> {
    PresenceId::parse_uuid(id).ok_or_else(|| {
        ApiError::invalid("presenceId", "is not a UUID: make one for each visit, such as with crypto.randomUUID()")
    })
}
