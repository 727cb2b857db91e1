//! T11: queues are bounded: never more inputs waited for a shard than are let in from outside, but for what follows from its own log.

use super::Evidence;
use crate::sim::yard::WAITING;

/// Looks.
pub(super) fn look(evidence: &Evidence<'_>, broken: &mut Vec<String>) {
    let (most, seen) = (WAITING.iter().sum::<usize>(), evidence.left.deepest);
    if seen > most {
        broken.push(format!("T11: {seen} inputs waited for a shard, and {most} are the most"));
    }
}
