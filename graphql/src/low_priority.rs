//! Threads for work that keeps a core busy for some milliseconds: reading a large request, and running an expensive query.
//! They have a lower priority than the other threads. So this work does not delay the answers to other clients, even when all
//! cores are busy.

use std::{io, sync::Arc, thread::available_parallelism};

use tokio::{
    runtime::{Builder, Handle, Runtime},
    task::JoinError,
};
use tokio_util::task::AbortOnDropHandle;
use tracing::Instrument as _;

/// By how much the priority is lower (`man 2 nice`). Beside busy threads of normal priority, such a thread gets about a tenth
/// of a core.
const NICE: i32 = 10;

/// A handle to the threads. They end when the last handle is dropped.
#[derive(Debug, Clone)]
pub struct LowPriority {
    handle: Handle,
    _threads: Arc<Threads>,
}

/// Ends the threads without waiting for their tasks: waiting is not allowed in an async context.
#[derive(Debug)]
struct Threads(Option<Runtime>);

impl Drop for Threads {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

impl LowPriority {
    /// Starts one thread for each core.
    ///
    /// # Errors
    /// If the system does not start another thread.
    pub fn start() -> io::Result<Self> {
        let threads = available_parallelism().map_or(1, std::num::NonZero::get);
        let mut builder = Builder::new_multi_thread();
        builder.worker_threads(threads).thread_name("low-priority").enable_all().on_thread_start(lower_priority);
        let runtime = builder.build()?;
        Ok(Self { handle: runtime.handle().clone(), _threads: Arc::new(Threads(Some(runtime))) })
    }

    /// Runs work on one of the threads. If this future is dropped, the work ends at its next await.
    ///
    /// # Errors
    /// If the work panics.
    pub async fn run<T: Send + 'static>(&self, work: impl Future<Output = T> + Send + 'static) -> Result<T, JoinError> {
        AbortOnDropHandle::new(self.handle.spawn(work.in_current_span())).await
    }
}

/// Lowers the priority of this thread. On other systems than Linux, this would lower that of the whole process.
fn lower_priority() {
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::nice(NICE) {
        tracing::debug!(%error, "the priority of a thread stays as it is");
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::thread;

    use super::*;

    #[tokio::test]
    async fn work_runs_on_threads_of_lower_priority() {
        let threads = LowPriority::start().unwrap();
        let here = rustix::process::nice(0).unwrap();
        let there =
            threads.run(async { (thread::current().name().map(str::to_owned), rustix::process::nice(0)) }).await;
        let (name, nice) = there.unwrap();
        assert_eq!(name.as_deref(), Some("low-priority"));
        assert_eq!(nice.unwrap(), (here + NICE).min(19), "the priority is that of the thread");
        assert_eq!(rustix::process::nice(0).unwrap(), here, "other threads keep theirs");
    }

    #[tokio::test]
    async fn work_that_panics_is_an_error() {
        let threads = LowPriority::start().unwrap();
        assert!(threads.run(async { panic!("on purpose") }).await.is_err());
    }
}
