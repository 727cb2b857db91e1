//! What a writer was told, and what is there: the judge of the kill and the power-cut tests. Shares nothing with the
//! writer but the shape of a message; reads the store through its seams, as a node would.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::time::Duration;

use takt_cluster::seam::{BlobHash, Entry, QueueName, Seams};
use takt_cluster::views::{Opened, Span, Views};

use crate::store_writer::{COUNT, DUE, IN, LANES, MESSAGES, entity, message, open, stamp};

const EVERYTHING: usize = 1_000_000;

/// What was acknowledged.
#[derive(Default)]
pub(crate) struct Account {
    /// Sequence by lane and number.
    appends: BTreeMap<(u64, u64), u64>,
    queued: BTreeSet<String>,
    timers: BTreeSet<String>,
    blobs: BTreeSet<(u64, u64)>,
}

/// What was found.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// Each promise that was broken, as a sentence.
    pub(crate) broken: Vec<String>,
    /// Messages in the log.
    pub(crate) messages: u64,
    /// Did the views survive, and with anything in them?
    pub(crate) views_kept: bool,
}

impl Account {
    /// Takes down what the writer said.
    pub(crate) fn note(&mut self, lines: &[String]) {
        for line in lines {
            let words: Vec<&str> = line.split_whitespace().collect();
            let number = |at: usize| words[at].parse::<u64>().unwrap();
            match words.first().copied() {
                Some("append") => drop(self.appends.insert((number(1), number(2)), number(3))),
                Some("queue") => drop(self.queued.insert(words[1].to_owned())),
                Some("timer") => drop(self.timers.insert(words[1].to_owned())),
                Some("blob") => drop(self.blobs.insert((number(1), number(2)))),
                // The test harness speaks on the same pipe.
                _ => {}
            }
        }
    }

    /// How much was acknowledged: appends, messages queued, timers, payloads.
    pub(crate) fn sizes(&self) -> [usize; 4] {
        [self.appends.len(), self.queued.len(), self.timers.len(), self.blobs.len()]
    }

    /// Opens the store and compares.
    pub(crate) fn audit(&self, dir: &Path) -> Found {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let engine = open(dir);
            let seams = engine.seams();
            let mut found = Found::default();
            let lengths = self.logs(&seams, &mut found).await;
            self.waiting(&seams, IN, &self.queued, &mut found).await;
            self.waiting(&seams, DUE, &self.timers, &mut found).await;
            self.payloads(&seams, &mut found).await;
            views(dir, &seams, &lengths, &mut found);
            engine.stop();
            found
        })
    }

    /// Each entity's log is its messages from the first one on, without a gap; whatever was acknowledged is there, at
    /// the sequence it was acknowledged with; and the tail shows the same.
    pub(crate) async fn logs(&self, seams: &Seams, found: &mut Found) -> Vec<u64> {
        let mut lengths = Vec::new();
        let mut places = BTreeMap::new();
        for lane in 0..LANES {
            let entries = seams.journal.read(entity(lane), 0).await.unwrap();
            for (n, entry) in (1..).zip(&entries) {
                if entry.bytes != message(lane, n) {
                    found.broken.push(format!("message {n} of lane {lane} is not what was written"));
                }
                places.insert((lane, n), entry.sequence);
            }
            lengths.push(entries.len() as u64);
        }
        for (at, sequence) in &self.appends {
            match places.get(at) {
                None => found.broken.push(format!("acknowledged message {at:?} is lost")),
                Some(place) if place != sequence => found.broken.push(format!("message {at:?} moved from {sequence} to {place}")),
                Some(_) => {}
            }
        }
        found.messages = lengths.iter().sum();
        if found.messages > 0 {
            let (mut tail, end) = (Vec::new(), seams.journal.head(0).await.unwrap());
            while let behind = tail.last().map_or(0, |entry: &Entry| entry.sequence)
                && behind < end
            {
                tail.extend(seams.journal.tail(0, behind, EVERYTHING).await.unwrap());
            }
            let shown: BTreeSet<u64> = tail.iter().map(|entry| entry.sequence).collect();
            if tail.len() != places.len() || !places.values().all(|place| shown.contains(place)) {
                found.broken.push(format!("the tail shows {} messages, the logs have {}", tail.len(), places.len()));
            }
        }
        lengths
    }

    /// Every acknowledged message of a queue comes, timers after the bell has rung.
    async fn waiting(&self, seams: &Seams, queue: QueueName, expected: &BTreeSet<String>, found: &mut Found) {
        let mut missing = expected.clone();
        while !missing.is_empty() {
            let pulled = seams.queue.pull(queue, EVERYTHING, Duration::from_mins(10));
            let Ok(deliveries) = tokio::time::timeout(Duration::from_secs(10), pulled).await else {
                return found.broken.push(format!("lost from {queue:?}: {missing:?}"));
            };
            for delivery in deliveries.unwrap() {
                missing.remove(&delivery.id);
            }
        }
    }

    async fn payloads(&self, seams: &Seams, found: &mut Found) {
        for (lane, n) in &self.blobs {
            let payload = message(*lane, *n);
            if seams.blobs.get(&BlobHash::of(&payload)).await.unwrap().as_ref() != Some(&payload) {
                found.broken.push(format!("payload {n} of lane {lane} is lost"));
            }
        }
    }
}

/// Views are the messages up to their cursors, or there are none; and they are never ahead of the log.
fn views(dir: &Path, seams: &Seams, lengths: &[u64], found: &mut Found) {
    let (views, opened) = Views::open(&dir.join("views"), stamp(seams.journal.as_ref())).unwrap();
    for (lane, length) in (0..LANES).zip(lengths) {
        let cursor = views.cursor(u16::try_from(lane).unwrap()).unwrap();
        let prefix = lane.to_be_bytes();
        let rows = views.scan(MESSAGES, Span { prefix: &prefix, after: None, most: EVERYTHING }).unwrap();
        let right = (1..).zip(&rows).all(|(n, (_, row))| *row == message(lane, n));
        let count = views.get(COUNT, &prefix).unwrap().map_or(0, |row| u64::from_be_bytes(row.as_ref().try_into().unwrap()));
        if !right || rows.len() as u64 != cursor || count != cursor || cursor > *length {
            found.broken.push(format!("views of lane {lane} have {} rows, count {count}, at {cursor} of {length}", rows.len()));
        }
        found.views_kept |= opened == Opened::Kept && cursor > 0;
    }
}

/// How many of the acknowledged messages plain sled has lost; all of them when it cannot be opened.
pub(crate) fn lost_by_sled(account: &Account, dir: &Path) -> usize {
    let there = catch_unwind(AssertUnwindSafe(|| {
        let store = sled::open(dir.join("control")).ok()?;
        let there =
            account.appends.keys().filter(|(lane, n)| store.get(n.to_be_bytes()).ok().flatten().as_deref() == Some(&message(*lane, *n)));
        Some(there.count())
    }));
    account.appends.len() - there.ok().flatten().unwrap_or(0)
}
