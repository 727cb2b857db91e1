//! How full the queues are, as far as this node has to know before it takes more from outside. Asking the servers for each message
//! would cost as much as writing it; what was found a moment ago and what was taken since is enough while a queue is not half full.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::seam::QueueName;

/// For how long what was found counts.
const GOOD_FOR: Duration = Duration::from_secs(1);

/// What is known of the queues.
#[derive(Default)]
pub(super) struct Room {
    seen: Mutex<BTreeMap<QueueName, Seen>>,
}

/// What was found of a queue, and what was taken since.
#[derive(Clone, Copy)]
struct Seen {
    at: Duration,
    waiting: usize,
}

impl Room {
    /// Whether so many more surely fit, without asking; from half of what may wait on, nothing is sure.
    pub(super) fn is_ample(&self, queue: QueueName, more: usize, most: usize, now: Duration) -> bool {
        let seen = self.seen().get(&queue).copied();
        seen.is_some_and(|seen| now < seen.at + GOOD_FOR && seen.waiting.saturating_add(more) <= most / 2)
    }

    /// So many were found to wait.
    pub(super) fn found(&self, queue: QueueName, waiting: usize, now: Duration) {
        self.seen().insert(queue, Seen { at: now, waiting });
    }

    /// Whether so many more are surely too many, by what was found last.
    pub(super) fn is_beyond(&self, queue: QueueName, more: usize, most: usize) -> bool {
        self.seen().get(&queue).is_some_and(|seen| seen.waiting.saturating_add(more) > most)
    }

    /// So many more are taken.
    pub(super) fn takes(&self, queue: QueueName, more: usize) {
        if let Some(seen) = self.seen().get_mut(&queue) {
            seen.waiting = seen.waiting.saturating_add(more);
        }
    }

    fn seen(&self) -> MutexGuard<'_, BTreeMap<QueueName, Seen>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUEUE: QueueName = QueueName::In { shard: 0 };

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn a_queue_that_was_nearly_empty_a_moment_ago_is_not_asked_about_again() {
        let room = Room::default();
        assert!(!room.is_ample(QUEUE, 1, 100, ms(0)), "nobody looked yet");
        room.found(QUEUE, 10, ms(0));
        assert!(room.is_ample(QUEUE, 1, 100, ms(999)) && !room.is_ample(QUEUE, 1, 100, ms(1_000)));
        assert!(!room.is_ample(QueueName::In { shard: 1 }, 1, 100, ms(0)), "another queue is another matter");
    }

    #[test]
    fn what_was_taken_since_counts_and_half_full_is_asked_about() {
        let room = Room::default();
        room.found(QUEUE, 10, ms(0));
        room.takes(QUEUE, 39);
        assert!(room.is_ample(QUEUE, 1, 100, ms(0)));
        room.takes(QUEUE, 1);
        assert!(!room.is_ample(QUEUE, 1, 100, ms(0)));
        assert!(room.is_beyond(QUEUE, 51, 100) && !room.is_beyond(QUEUE, 50, 100));
        room.found(QUEUE, 2, ms(500));
        assert!(room.is_ample(QUEUE, 48, 100, ms(1_400)) && !room.is_ample(QUEUE, 49, 100, ms(1_400)));
    }
}
