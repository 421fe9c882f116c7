//! People: their profiles, how they sign in, in which browsers, their API keys, the tickets of their pages, and what is left of
//! those who are merged or erased.

mod answered;
pub mod api_keys;
pub mod browsers;
mod erase;
mod erased_identity;
mod export;
mod merge;
mod person;
mod profile;
pub mod sign_in;
pub mod tickets;

pub use self::{
    erase::erase_person,
    export::export_person,
    merge::merge_people,
    person::Person,
    profile::{
        NewPerson, PeopleFilter, PersonPatch, authorize_following, count_people, find_people, find_placement,
        find_visible_people, find_visible_placement, insert_person, list_people, update_person,
    },
};
pub(crate) use self::{
    merge::merge_guest,
    profile::{blank as blank_person, is_someone, organizes_anything},
};
