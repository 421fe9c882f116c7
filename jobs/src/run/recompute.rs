//! The recompute of a saved session.
//!
//! A save marks the session in its own transaction, and then queues this job. A hundred saves of a session in a burst leave one
//! job in the queue. A save after the job has begun to read queues the job again.

use domain::{ids::SessionId, status::Mode};
use service::sweep::{Request, Scope, sweep};

use crate::{context::Context, error::Result, job::Job};

pub(super) async fn run(context: &Context, session: SessionId) -> Result<()> {
    // This comes first: a save that this job does not see must be able to queue the next one.
    context.queue.release(Job::Recompute { session }).await;
    let request = Request { scope: Scope::Session(session), mode: Mode::Exact, ..Request::EXACT };
    // After an error the mark stays, and timers find it within a second.
    sweep(&context.app, request).await?;
    Ok(())
}
