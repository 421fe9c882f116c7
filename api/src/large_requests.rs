//! Limits how many large requests are read at once. Reading one keeps a core busy for some milliseconds. Small requests, which are
//! nearly all, never wait.

use std::{net::IpAddr, sync::Arc, thread::available_parallelism};

use graphql::{
    error::ApiError,
    low_priority::LowPriority,
    query_permits::{QueryPermit, QueryPermits},
};

/// The permits to read large requests, and the threads that read them. Requests over HTTP and messages of sockets share both.
#[derive(Clone)]
pub struct LargeRequests {
    permits: Arc<QueryPermits>,
    threads: Option<LowPriority>,
}

impl LargeRequests {
    /// A longer request, in bytes, is large.
    pub const BYTES: usize = 16 * 1024;

    /// Half of the cores read large requests, one of each address, so that small ones are never held up.
    pub fn new() -> Self {
        let at_once = available_parallelism().map_or(1, |cores| cores.get().div_ceil(2));
        Self { permits: Arc::new(QueryPermits::new(at_once, 1)), threads: None }
    }

    /// Reads large requests on these threads.
    #[must_use]
    pub fn on(self, threads: LowPriority) -> Self {
        Self { threads: Some(threads), ..self }
    }

    /// Waits until a request of this client, which is large, may be read. The permit is held while it is read.
    ///
    /// # Errors
    /// RATE_LIMITED, if there is no permit within 5 seconds.
    pub async fn permit(&self, client: Option<IpAddr>) -> Result<QueryPermit, ApiError> {
        self.permits.take(client, 0).await
    }

    /// Does a part of the reading of a large request.
    ///
    /// # Errors
    /// INTERNAL, if it panics.
    pub async fn read<T: Send + 'static>(&self, reading: impl FnOnce() -> T + Send + 'static) -> Result<T, ApiError> {
        match &self.threads {
            Some(threads) => threads.run(async move { reading() }).await.map_err(ApiError::internal),
            None => Ok(reading()),
        }
    }
}

impl Default for LargeRequests {
    fn default() -> Self {
        Self::new()
    }
}
