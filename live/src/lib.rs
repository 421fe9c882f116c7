//! The hub of one server process: fed from the change log, it gives each subscription its changes.
//!
//! Terms: the *log* is the change log of the database, a *position* is a place in it, and the hub's own position is that
//! of the last change it handed out. The *ring* holds the last changes in memory. A *narrowing* is what a subscription
//! asks for. Subscriptions that ask the same, whatever their narrowing, are a *group* and share one execution an event;
//! each event's text is made once and put into the *mailbox* of every socket that gets it. A *follower* is a queue of
//! changes that may concern a group, or a single stream. To *replay* is to fetch what was missed.
//!
//! What always holds:
//!
//! - A subscription gets every change after its position that it sees, once and in order, or it is ended. It joins the live
//!   ones only while it has had everything that the hub has handed out, which is checked under the hub's lock: there is no
//!   gap between replay and live, and no double.
//! - An event costs what its own subscribers cost: followers and members are found by topic.
//! - Nothing waits for a reader. In a mailbox that fills, later updates take the place of earlier ones; one that is full
//!   closes its socket, a queue that is full cuts off its group, and their clients resume from their last cursor.
//! - Who resumes from a recent cursor is served from memory.
//! - No execution is shared by people who may see different things: that is up to who makes the [`GroupKey`].
//!
//! Of InSession the engine knows the changes and narrowings of [`domain::news`], and who asks. They are not behind traits, as it
//! would take three of them: an event, an interest, and the index by which a change finds those who follow a person
//! (`whereabouts`), which each move changes under the hub's lock.

mod feed;
mod follower;
mod group;
mod hub;
mod mailbox;
mod members;
mod recent;
mod registry;
mod replay;
mod ring;
mod run;
mod source;
mod stream;
mod subscription;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
#[cfg(test)]
mod tests;
mod topics;
mod whereabouts;

pub use feed::{GroupFeed, LiveEvent, Registration, ReplayError};
pub use group::GroupKey;
pub use hub::{CursorStanding, Hub, HubSettings, HubStats};
pub use mailbox::{About, Content, CutOff, Letter, Mailbox, MailboxLimits, OperationNumber, Subject};
pub use run::{Made, StartExecution};
pub use source::{ChangeSource, SourceError};
pub use subscription::Subscription;
