//! The last changes, in memory, so that those who resume a moment later need no database.

use std::{collections::VecDeque, sync::Arc};

use domain::news::{Change, Position};

/// Always holds every change with a position in `(complete_after, position]`.
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
            && let Some(forgotten) = self.changes.pop_front()
        {
            self.complete_after = forgotten.position;
        }
        self.position = change.position;
        self.changes.push_back(change);
    }

    /// What was pruned from the log while the ring was filled is not here either.
    pub(super) fn is_complete_only_after(&mut self, position: Position) {
        self.complete_after = self.complete_after.max(position);
    }

    /// The next changes after a position; `None` when the ring no longer goes that far back.
    pub(super) fn page(&self, after: Position, limit: usize) -> Option<Vec<Arc<Change>>> {
        if !self.covers(after) {
            return None;
        }
        let first = self.changes.partition_point(|change| change.position <= after);
        Some(self.changes.iter().skip(first).take(limit).cloned().collect())
    }
}
