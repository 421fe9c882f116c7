//! Everything for browsers: pages and their forms, calendars, the module for badges on any site, and GraphiQL.

mod assets;
pub mod calendar;
mod etag;
pub mod graphiql;
mod language;
pub mod origin;
pub mod pages;
pub mod site;

pub use self::assets::DOCUMENTS;
