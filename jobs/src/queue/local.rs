//! The queue within the process: apalis' queue in memory. Jobs that are waiting when the process ends are still marked in the
//! database.

use apalis_core::{
    backend::{TaskSink, dequeue::VecDequeBackend},
    task::{builder::TaskBuilder, task_id::TaskId},
};

use crate::{
    error::{JobError, Result},
    job::{Job, Message},
};

#[derive(Clone, Default)]
pub(crate) struct LocalQueue(VecDequeBackend<Message>);

impl LocalQueue {
    pub async fn push(&self, job: Job) -> Result<()> {
        // The key is compared only with the keys of waiting jobs. So the same job is accepted again once the first one has
        // begun.
        let mut task = TaskBuilder::new(Message::Job(job)).idempotency_key(job.name());
        if let Some(id) = job.unique_id() {
            task = task.task_id(TaskId::from_string(id));
        }
        self.backend().push_task(task.build()).await.map_err(JobError::other)
    }

    pub fn backend(&self) -> VecDequeBackend<Message> {
        self.0.clone()
    }
}
