//! The recompute of a saved session.
//!
//! A save marks the session in its own transaction and then puts the job in. A session saved a hundred times in a burst
//! waits in the queue once; a save after its job began to read is put in anew.

use domain::{ids::SessionId, status::Mode};
use service::sweep::{Request, Scope, sweep};

use crate::job::{Context, Job};

pub(crate) async fn run(context: &Context, session: SessionId) -> Result<(), String> {
    // First of all: a save that this job doesn't see must find its name free.
    context.queue.release(Job::Recompute { session }).await;
    let request = Request { scope: Scope::Session(session), mode: Mode::Exact, ..Request::EXACT };
    match sweep(&context.app, request).await {
        Ok(_) => Ok(()),
        // The mark stays, and the timers come to it within a second.
        Err(error) => Err(error.describe()),
    }
}
