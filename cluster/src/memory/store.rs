//! What the simulated engine keeps: plain ordered maps, so that two runs are alike.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use takt_protocol::id::EntityId;
use takt_protocol::instant::Instant;
use takt_protocol::planted::{self, Bug};
use tokio::sync::{Notify, mpsc, oneshot};

use crate::line::Line;
use crate::seam::{Append, Appended, BlobHash, Entry, Message, Note, QueueName, Timer};

/// Who serves a subject.
pub(super) type Served = mpsc::Sender<(Bytes, oneshot::Sender<Bytes>)>;

/// Everything a region keeps.
#[derive(Default)]
pub(super) struct Store {
    /// Grows with each crash.
    pub(super) epoch: u64,
    /// Grows when everything was lost and a backup restored: that is another store.
    pub(super) restored: u64,
    pub(super) log: Vec<Entry>,
    /// Where the commits of each entity stand in the log.
    places: BTreeMap<EntityId, Vec<usize>>,
    pub(super) queues: BTreeMap<QueueName, Waiting>,
    timers: BTreeMap<String, Timer>,
    /// The same timers, in the order in which they come due.
    due: BTreeSet<(Instant, String)>,
    /// Who waits for the log to grow, and for something to come into each queue: only those are woken.
    grown: Arc<Notify>,
    filled: BTreeMap<QueueName, Arc<Notify>>,
    pub(super) blobs: BTreeMap<BlobHash, Bytes>,
    pub(super) shelf: BTreeMap<String, Bytes>,
    pub(super) leases: BTreeMap<String, (String, u64, Duration)>,
    pub(super) lease_epoch: u64,
    pub(super) listeners: Vec<(String, mpsc::Sender<Note>)>,
    pub(super) served: BTreeMap<String, Served>,
    pub(super) account: BTreeMap<&'static str, u64>,
    next_message: u64,
}

/// What a backup of a region has: what cannot be made again from anything else.
#[derive(Clone)]
pub struct Backup {
    log: Vec<Entry>,
    places: BTreeMap<EntityId, Vec<usize>>,
    queues: BTreeMap<QueueName, Waiting>,
    timers: BTreeMap<String, Timer>,
    due: BTreeSet<(Instant, String)>,
    blobs: BTreeMap<BlobHash, Bytes>,
    shelf: BTreeMap<String, Bytes>,
}

/// A queue.
#[derive(Clone, Default)]
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
        self.places.entry(append.entity).or_default().push(self.log.len() - 1);
        self.grown.notify_waiters();
        Appended::Committed { sequence }
    }

    pub(super) fn last(&self, entity: EntityId) -> u64 {
        self.of(entity).next_back().map_or(0, |entry| entry.sequence)
    }

    /// The commits of an entity, oldest first.
    pub(super) fn of(&self, entity: EntityId) -> impl DoubleEndedIterator<Item = &Entry> {
        self.places.get(&entity).into_iter().flatten().filter_map(|place| self.log.get(*place))
    }

    /// What tells that the log has grown.
    pub(super) fn grown(&self) -> Arc<Notify> {
        Arc::clone(&self.grown)
    }

    /// What tells that a queue may have something to hand out, or sooner than before.
    pub(super) fn filled(&mut self, queue: QueueName) -> Arc<Notify> {
        Arc::clone(self.filled.entry(queue).or_default())
    }

    pub(super) fn fills(&self, queue: QueueName) {
        if let Some(filled) = self.filled.get(&queue) {
            filled.notify_waiters();
        }
    }

    pub(super) fn publish(&mut self, message: Message) {
        self.next_message += 1;
        let (number, name) = (self.next_message, message.queue);
        let queue = self.queues.entry(name).or_default();
        queue.line.join(number);
        queue.messages.insert(number, message);
        self.fills(name);
    }

    pub(super) fn set_timer(&mut self, timer: Timer) {
        let (at, id, shard) = (timer.at, timer.id.clone(), timer.shard);
        if let Some(before) = self.timers.insert(id.clone(), timer) {
            self.due.remove(&(before.at, id.clone()));
        }
        self.due.insert((at, id));
        self.fills(QueueName::Due { shard });
    }

    /// When the next timer comes due.
    pub(super) fn next_timer(&self) -> Option<Instant> {
        self.due.first().map(|(at, _)| *at)
    }

    /// Timers that came due go into their queues.
    pub(super) fn ring(&mut self, now: Instant) {
        while let Some((_, id)) = self.due.first().filter(|(at, _)| *at <= now).cloned() {
            self.due.pop_first();
            if let Some(timer) = self.timers.remove(&id) {
                self.publish(Message { queue: QueueName::Due { shard: timer.shard }, id, bytes: timer.bytes });
            }
        }
    }

    pub(super) fn crash(&mut self) {
        self.epoch += 1;
        if planted::is(Bug::TimerLost) {
            self.timers.clear();
            self.due.clear();
        }
        self.listeners.clear();
        self.served.clear();
        for queue in self.queues.values_mut() {
            queue.line.readers_are_gone();
        }
        self.grown.notify_waiters();
        self.filled.values().for_each(|filled| filled.notify_waiters());
    }

    pub(super) fn backup(&self) -> Backup {
        Backup {
            log: self.log.clone(),
            places: self.places.clone(),
            queues: self.queues.clone(),
            timers: self.timers.clone(),
            due: self.due.clone(),
            blobs: self.blobs.clone(),
            shelf: self.shelf.clone(),
        }
    }

    pub(super) fn restore(&mut self, backup: Backup) -> u64 {
        let gone = self.log.len().saturating_sub(backup.log.len()) as u64;
        let Backup { log, places, queues, timers, due, blobs, shelf } = backup;
        (self.log, self.places, self.queues, self.timers, self.due) = (log, places, queues, timers, due);
        (self.blobs, self.shelf) = (blobs, shelf);
        self.leases.clear();
        self.restored += 1;
        self.crash();
        gone
    }

    /// Leaves on the shelf, under names that begin so, what nobody can read; how many there were.
    pub(super) fn scribble(&mut self, prefix: &str) -> u64 {
        let named = self.shelf.iter_mut().filter(|(name, _)| name.starts_with(prefix));
        named.map(|(_, bytes)| *bytes = Bytes::from_static(b"of another binary")).count() as u64
    }

    pub(super) fn lose_tail(&mut self, count: usize) {
        let keep = self.log.len().saturating_sub(count);
        self.log.truncate(keep);
        self.places.values_mut().for_each(|places| places.retain(|place| *place < keep));
    }
}
