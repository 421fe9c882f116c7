//! Jobs as a queue carries them.
//!
//! A queue delivers a job at least once. It does not retry a failed job: the session is still marked in the database, where
//! timers and sweeps find it.

use chrono::{DateTime, Utc};
use domain::ids::SessionId;
use serde::{Deserialize, Serialize};

/// A piece of background work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum Job {
    /// Recompute a session that was saved.
    Recompute { session: SessionId },
    /// The periodic sweep of a tick, or the daily sweep of everything.
    Sweep { tick: DateTime<Utc>, all: bool },
    /// The sweep that runs every minute.
    SweepMinute { tick: DateTime<Utc> },
    /// Remove what apalis keeps of finished jobs in Redis.
    Vacuum { tick: DateTime<Utc> },
    /// Remove rows from the database whose retention has ended.
    Prune { tick: DateTime<Utc> },
}

impl Job {
    /// The name of the job. The queue holds at most one waiting job of a name.
    pub fn name(&self) -> String {
        match self {
            Self::Recompute { session } => format!("recompute-{}", session.0),
            Self::Sweep { tick, all: false } => format!("sweep-{}", tick.timestamp()),
            Self::Sweep { tick, all: true } => format!("sweep-all-{}", tick.timestamp()),
            Self::SweepMinute { tick } => format!("sweep-minute-{}", tick.timestamp()),
            Self::Vacuum { tick } => format!("vacuum-{}", tick.timestamp()),
            Self::Prune { tick } => format!("prune-{}", tick.timestamp()),
        }
    }

    /// An id with which a queue runs the job at most once. `None` for a recompute, which runs each time it is queued.
    pub fn unique_id(&self) -> Option<String> {
        match self {
            Self::Recompute { .. } => None,
            Self::Sweep { .. } | Self::SweepMinute { .. } | Self::Vacuum { .. } | Self::Prune { .. } => {
                Some(self.name())
            }
        }
    }
}

/// A job from a queue. Another version of the program may have queued it, so it may be unknown to this one. A message that
/// cannot be decoded would stop its worker, and then the next worker that gets it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum Message {
    Job(Job),
    Unknown(serde_json::Value),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jobs_keep_their_wire_format_and_unknown_jobs_are_read() {
        let tick = DateTime::from_timestamp(1_705_346_040, 0).unwrap();
        for (job, text) in [
            (Job::Recompute { session: SessionId(7) }, r#"{"kind":"recompute","session":7}"#),
            (Job::Sweep { tick, all: false }, r#"{"kind":"sweep","tick":"2024-01-15T19:14:00Z","all":false}"#),
            (Job::SweepMinute { tick }, r#"{"kind":"sweep_minute","tick":"2024-01-15T19:14:00Z"}"#),
            (Job::Vacuum { tick }, r#"{"kind":"vacuum","tick":"2024-01-15T19:14:00Z"}"#),
            (Job::Prune { tick }, r#"{"kind":"prune","tick":"2024-01-15T19:14:00Z"}"#),
        ] {
            assert_eq!(serde_json::to_string(&Message::Job(job)).unwrap(), text);
            assert!(matches!(serde_json::from_str(text).unwrap(), Message::Job(read) if read == job), "{text}");
        }
        let later = r#"{"kind":"archive","older_than":90}"#;
        assert!(matches!(serde_json::from_str(later).unwrap(), Message::Unknown(_)));
    }
}
