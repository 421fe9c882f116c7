//! Keeps the parts running: whatever ends before shutdown, by an error or a panic, is started again.
//!
//! apalis' own `Monitor` restarts without a pause and polls all its workers in one task; a Redis that is away would
//! keep it busy.

use std::{sync::Arc, time::Duration};

use crate::{job::Context, queue::QueueHandle};

/// How many jobs one worker runs at once.
pub(crate) const AT_ONCE: usize = 4;

const RESTART: Duration = Duration::from_millis(500);

/// Runs `part` again and again until shutdown.
pub(crate) async fn keep_running<F>(context: Arc<Context>, part: &'static str, start: impl Fn(Arc<Context>) -> F)
where
    F: Future<Output = Result<(), String>> + Send + 'static,
{
    loop {
        let ended = tokio::spawn(start(Arc::clone(&context))).await;
        if context.shutdown.is_cancelled() {
            return;
        }
        let error = match ended {
            Ok(Ok(())) => "it ended".to_owned(),
            Ok(Err(error)) => error,
            Err(panic) => panic.to_string(),
        };
        // While Redis is away, one line says so.
        if part != QUEUE || context.status.queue_ended() {
            tracing::warn!(error, part, "died, and is started again");
        } else {
            tracing::debug!(error, part, "could not start, and is tried again");
        }
        context.status.failed(context.app.now(), part, &error);
        if !context.pause(RESTART).await {
            return;
        }
    }
}

pub(crate) const QUEUE: &str = "queue";

/// The queue's worker, under a new name at each start.
pub(crate) async fn work(context: Arc<Context>) -> Result<(), String> {
    let random = || getrandom::u64().map_err(|error| error.to_string());
    let name = format!("insession-{:016x}{:016x}", random()?, random()?);
    let queue: QueueHandle = context.queue.clone();
    queue.work(name, context).await
}
