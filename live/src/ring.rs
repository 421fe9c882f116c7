//! The most recent changes, in memory. A subscription that resumes from a recent cursor needs no database.

use std::{collections::VecDeque, sync::Arc};

use domain::news::{Change, Position};

/// Invariant: the ring holds every change with a position in `(complete_after, position]`.
#[derive(Debug)]
pub(super) struct Ring {
    changes: VecDeque<Arc<Change>>,
    capacity: usize,
    complete_after: Position,
    position: Position,
}

impl Ring {
    pub(super) fn starting_after(position: Position, capacity: usize) -> Self {
        Self { changes: VecDeque::new(), capacity: capacity.max(1), complete_after: position, position }
    }

    /// The position of the last change that was pushed.
    pub(super) const fn position(&self) -> Position {
        self.position
    }

    pub(super) fn covers(&self, after: Position) -> bool {
        after >= self.complete_after
    }

    pub(super) fn push(&mut self, change: Arc<Change>) {
        if self.changes.len() == self.capacity
            && let Some(evicted) = self.changes.pop_front()
        {
            self.complete_after = evicted.position;
        }
        self.position = change.position;
        self.changes.push_back(change);
    }

    /// Raises the lower bound. Changes that were pruned from the log while the ring was filled are missing here too.
    pub(super) fn is_complete_only_after(&mut self, position: Position) {
        self.complete_after = self.complete_after.max(position);
    }

    /// At most `limit` changes after a position. `None` when the ring does not go back that far.
    pub(super) fn page(&self, after: Position, limit: usize) -> Option<Vec<Arc<Change>>> {
        if !self.covers(after) {
            return None;
        }
        let first = self.changes.partition_point(|change| change.position <= after);
        Some(self.changes.iter().skip(first).take(limit).cloned().collect())
    }
}
