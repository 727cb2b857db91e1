//! What the simulated engine keeps: plain ordered maps, so that two runs are alike.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use takt_protocol::id::EntityId;
use takt_protocol::instant::Instant;
use takt_protocol::planted::{self, Bug};
use tokio::sync::{mpsc, oneshot};

use crate::line::Line;
use crate::seam::{Append, Appended, BlobHash, Entry, Message, Note, QueueName, Timer};

/// Who serves a subject.
pub(super) type Served = mpsc::Sender<(Bytes, oneshot::Sender<Bytes>)>;

/// Everything a region keeps.
#[derive(Default)]
pub(super) struct Store {
    /// Grows with each crash.
    pub(super) epoch: u64,
    pub(super) log: Vec<Entry>,
    last: BTreeMap<EntityId, u64>,
    pub(super) queues: BTreeMap<QueueName, Waiting>,
    pub(super) timers: BTreeMap<String, Timer>,
    pub(super) blobs: BTreeMap<BlobHash, Bytes>,
    pub(super) shelf: BTreeMap<String, Bytes>,
    pub(super) leases: BTreeMap<String, (String, u64, Duration)>,
    pub(super) lease_epoch: u64,
    pub(super) listeners: Vec<(String, mpsc::Sender<Note>)>,
    pub(super) served: BTreeMap<String, Served>,
    pub(super) account: BTreeMap<&'static str, u64>,
    next_message: u64,
}

/// A queue.
#[derive(Default)]
pub(super) struct Waiting {
    pub(super) line: Line,
    pub(super) messages: BTreeMap<u64, Message>,
    pub(super) buried: BTreeMap<u64, (String, String, Bytes)>,
}

impl Store {
    pub(super) fn append(&mut self, append: &Append) -> Appended {
        let last = self.last(append.entity);
        if last != append.after && !planted::is(Bug::NoFence) {
            return Appended::Conflict { last };
        }
        let sequence = self.log.last().map_or(0, |entry| entry.sequence) + 1;
        self.log.push(Entry { sequence, entity: append.entity, bytes: append.bytes.clone() });
        self.last.insert(append.entity, sequence);
        Appended::Committed { sequence }
    }

    pub(super) fn last(&self, entity: EntityId) -> u64 {
        self.last.get(&entity).copied().unwrap_or(0)
    }

    pub(super) fn publish(&mut self, message: Message) {
        self.next_message += 1;
        let number = self.next_message;
        let queue = self.queues.entry(message.queue).or_default();
        queue.line.join(number);
        queue.messages.insert(number, message);
    }

    /// Timers that came due go into their queues.
    pub(super) fn ring(&mut self, now: Instant) {
        let due: Vec<String> = self.timers.iter().filter(|(_, timer)| timer.at <= now).map(|(id, _)| id.clone()).collect();
        for id in due {
            if let Some(timer) = self.timers.remove(&id) {
                self.publish(Message { queue: QueueName::Due { shard: timer.shard }, id, bytes: timer.bytes });
            }
        }
    }

    pub(super) fn crash(&mut self) {
        self.epoch += 1;
        if planted::is(Bug::TimerLost) {
            self.timers.clear();
        }
        self.listeners.clear();
        self.served.clear();
        for queue in self.queues.values_mut() {
            queue.line.readers_are_gone();
        }
    }

    pub(super) fn lose_tail(&mut self, count: usize) {
        let keep = self.log.len().saturating_sub(count);
        self.log.truncate(keep);
        self.last.clear();
        for entry in &self.log {
            self.last.insert(entry.entity, entry.sequence);
        }
    }
}
