//! The queue within the process: apalis' queue in memory. What waits in it when the process ends is still marked in
//! the database.

use std::{convert::Infallible, sync::Arc};

use apalis::{layers::WorkerBuilderExt, prelude::WorkerBuilder};
use apalis_core::{
    backend::{TaskSink, dequeue::VecDequeBackend},
    error::WorkerError,
    task::{builder::TaskBuilder, task_id::TaskId},
    worker::{event::Event, ext::event_listener::EventListenerExt},
};

use crate::{
    job::{Context, Job, Message, handle},
    supervise::AT_ONCE,
};

#[derive(Clone, Default)]
pub(crate) struct LocalQueue(VecDequeBackend<Message>);

impl LocalQueue {
    pub async fn push(&self, job: Job) -> Result<(), String> {
        // The key is compared with those of jobs that still wait, so it lets a job in again once the first has begun.
        let mut task = TaskBuilder::new(Message::Job(job)).idempotency_key(job.name());
        if let Some(id) = job.unique_id() {
            task = task.task_id(TaskId::from_string(id));
        }
        self.0.clone().push_task(task.build()).await.map_err(|error| error.to_string())
    }

    pub async fn work(&self, worker: String, context: Arc<Context>) -> Result<(), String> {
        let shutdown = context.shutdown.clone();
        let noted = Arc::clone(&context);
        let worker = WorkerBuilder::new(worker)
            .backend(self.0.clone())
            .data(context)
            .concurrency(AT_ONCE)
            .on_event(move |_, event| {
                if matches!(event, Event::Start) {
                    noted.status.queue_is_alive(None);
                }
            })
            .build(handle);
        let stop = async move {
            shutdown.cancelled().await;
            Ok::<(), Never>(())
        };
        worker.run_until(stop).await.map_err(|error| error.to_string())
    }
}

/// An error that doesn't happen, in the form that apalis asks for.
pub(crate) struct Never(Infallible);

impl From<Never> for WorkerError {
    fn from(never: Never) -> Self {
        match never.0 {}
    }
}
