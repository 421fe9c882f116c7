//! The worker of the queue within the process.

use std::sync::Arc;

use apalis::{layers::WorkerBuilderExt, prelude::WorkerBuilder};
use apalis_core::worker::{event::Event, ext::event_listener::EventListenerExt};

use super::{handle, stopped};
use crate::{
    context::Context,
    error::Result,
    queue::{CONCURRENCY, LocalQueue},
};

pub(super) async fn work(queue: &LocalQueue, name: String, context: Arc<Context>) -> Result<()> {
    let (stop, observer) = (stopped(Arc::clone(&context)), Arc::clone(&context));
    let worker = WorkerBuilder::new(name)
        .backend(queue.backend())
        .data(context)
        .concurrency(CONCURRENCY)
        .on_event(move |_, event| {
            if matches!(event, Event::Start) {
                observer.status.queue_is_alive(None);
            }
        })
        .build(handle);
    Ok(worker.run_until(stop).await?)
}
