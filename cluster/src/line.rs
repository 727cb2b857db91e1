//! The order of one queue, in memory: who is ready, who is handed out and until when, who comes later. Both engines that
//! keep their own queues use it; it holds numbers only, never messages.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// The numbers of the messages of a queue, by how they stand.
#[derive(Clone, Debug, Default)]
pub(crate) struct Line {
    ready: BTreeSet<u64>,
    handed: BTreeMap<u64, Duration>,
    later: BTreeSet<(Duration, u64)>,
    deliveries: BTreeMap<u64, u32>,
}

impl Line {
    /// A message joins.
    pub(crate) fn join(&mut self, number: u64) {
        self.ready.insert(number);
        self.deliveries.insert(number, 0);
    }

    /// Hands out at most `most`, each until `now + lease`: its number, and which delivery of it this is.
    pub(crate) fn hand_out(&mut self, now: Duration, most: usize, lease: Duration) -> Vec<(u64, u32)> {
        self.come_back(now);
        let picked: Vec<u64> = self.ready.iter().take(most).copied().collect();
        let mut out = Vec::with_capacity(picked.len());
        for number in picked {
            self.ready.remove(&number);
            self.handed.insert(number, now + lease);
            let delivery = self.deliveries.entry(number).or_insert(0);
            *delivery += 1;
            out.push((number, *delivery));
        }
        out
    }

    /// The reader is done with it; `false` when that delivery no longer counts.
    pub(crate) fn done(&mut self, number: u64, delivery: u32) -> bool {
        if !self.is_current(number, delivery) {
            return false;
        }
        self.handed.remove(&number);
        self.deliveries.remove(&number);
        true
    }

    /// The reader wants it again at `at`; `false` when that delivery no longer counts.
    pub(crate) fn put_back(&mut self, number: u64, delivery: u32, at: Duration) -> bool {
        if !self.is_current(number, delivery) {
            return false;
        }
        self.handed.remove(&number);
        self.later.insert((at, number));
        true
    }

    /// Everything that was handed out comes back: the readers are gone.
    pub(crate) fn readers_are_gone(&mut self) {
        let handed = std::mem::take(&mut self.handed);
        self.ready.extend(handed.into_keys());
    }

    /// How many wait or are handed out.
    pub(crate) fn len(&self) -> usize {
        self.deliveries.len()
    }

    /// When the next one comes back by itself.
    pub(crate) fn next_due(&self) -> Option<Duration> {
        let handed = self.handed.values().min().copied();
        let later = self.later.first().map(|(at, _)| *at);
        handed.into_iter().chain(later).min()
    }

    fn is_current(&self, number: u64, delivery: u32) -> bool {
        self.handed.contains_key(&number) && self.deliveries.get(&number) == Some(&delivery)
    }

    fn come_back(&mut self, now: Duration) {
        while let Some((at, number)) = self.later.first().copied().filter(|(at, _)| *at <= now) {
            self.later.remove(&(at, number));
            self.ready.insert(number);
        }
        let lapsed: Vec<u64> = self.handed.iter().filter(|(_, until)| **until <= now).map(|(number, _)| *number).collect();
        for number in lapsed {
            self.handed.remove(&number);
            self.ready.insert(number);
        }
    }
}
