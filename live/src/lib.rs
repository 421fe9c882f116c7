//! The subscription engine of one server process. It reads the change log and delivers each change to the subscriptions that
//! see it.
//!
//! Terms:
//!
//! - The *log* is the change log in the database. A *position* is the number of a change in it. The position of the [`Hub`] is that of the
//!   last change that it dispatched.
//! - The *ring* holds the most recent changes in memory.
//! - A *narrowing* says which changes a subscription asks for.
//! - A *group* is the set of subscriptions with the same document and the same rights, whatever their narrowings. A group
//!   shares one execution per event.
//! - A *mailbox* is the queue of messages for one socket. Each event's text is rendered once, and put into the mailbox of every
//!   socket that receives it.
//! - A *follower* is the queue of changes for one group, or for one stream without a socket.
//! - To *replay* is to fetch and deliver the changes that a subscription missed.
//!
//! Invariants:
//!
//! - A subscription receives every change after its position that it sees, once and in order, or it is ended. It goes live
//!   only when it has received everything that the hub has dispatched. The hub's lock covers this check, so replay and live
//!   delivery leave no gap and repeat nothing.
//! - The cost of an event is proportional to its own subscribers: followers and members are found by topic.
//! - A slow subscriber never blocks others. A mailbox that fills up coalesces updates. A full mailbox closes its socket, and a
//!   full follower closes the sockets of its group. The clients resume from their last cursor.
//! - A subscription that resumes from a recent cursor is served from memory.
//! - Viewers who may see different things never share an execution. The caller guarantees this by its choice of the
//!   [`GroupKey`].
//!
//! The engine knows two things of InSession: the changes and narrowings of [`domain::news`], and the viewer. They are not
//! behind traits, because that would take three: an event, an interest, and the index from a change to the subscriptions that
//! follow a person (`followed_people`), which each move updates under the hub's lock.

mod feed;
mod followed_people;
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

pub use feed::{GroupFeed, LiveEvent, Registration, ReplayError};
pub use group::GroupKey;
pub use hub::{CursorStatus, Hub, HubSettings, HubStats};
pub use mailbox::{CloseReason, Coalescing, Content, Mailbox, MailboxLimits, OperationNumber, QueuedMessage, Subject};
pub use run::{ChargeCost, Rendered, StartExecution};
pub use source::{ChangeSource, SourceError};
pub use subscription::Subscription;
