//! The river: the log of all shards, as this node reads it from the moment that somebody follows it. One consumer for the whole log, and
//! what came meanwhile in one go: a message that is handed out by itself costs the servers as much as it cost them to store it. What
//! has just flown by is kept; who is behind that, or comes from before, reads a tail of its own (`tail`).

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use takt_protocol::subject;
use tokio::sync::Notify;

use super::Shared;
use super::fault::Fault;
use super::reads;
use super::tail::{self, Tail};
use super::writer::Linger;
use crate::seam::Entry;

/// Messages that are read at once.
const MOST: usize = 512;
/// Messages and bytes that are kept for those who come a little later.
const KEPT: usize = 16_384;
const KEPT_BYTES: usize = 32 << 20;
/// Between two tries when nobody answers.
const PAUSE: Duration = Duration::from_millis(200);
/// How long it gathers behind a reading.
const LINGER: Linger = Linger { least: Duration::from_millis(2), most: Duration::from_millis(10) };

/// What one node has read of the log of all shards.
#[derive(Default)]
pub(super) struct River {
    bed: Mutex<Bed>,
    wanted: Notify,
    moved: Notify,
}

/// What is kept.
#[derive(Default)]
struct Bed {
    /// Everything behind this was read; nothing before somebody wanted it.
    from: Option<u64>,
    shards: BTreeMap<u16, Reach>,
    /// The shards of what is kept, oldest first.
    order: VecDeque<u16>,
    bytes: usize,
    /// Since when nobody answers.
    failing: Option<Duration>,
}

/// What is kept of one shard: everything behind a place.
#[derive(Default)]
struct Reach {
    from: u64,
    entries: VecDeque<Entry>,
}

impl River {
    /// What a shard recorded behind a place, at most so much; nothing yet, or `None` where that has flown by.
    pub(super) fn find(&self, shard: u16, after: u64, most: usize) -> Option<Vec<Entry>> {
        let bed = self.bed();
        let Some(begun) = bed.from else {
            drop(bed);
            self.wanted.notify_one();
            return None;
        };
        let Some(reach) = bed.shards.get(&shard) else { return (after >= begun).then(Vec::new) };
        if after < reach.from {
            return None;
        }
        let first = reach.entries.partition_point(|entry| entry.sequence <= after);
        Some(reach.entries.iter().skip(first).take(most).cloned().collect())
    }

    /// Returns when there may be more, or nobody answers; made before one looks, it misses nothing.
    pub(super) fn moves(&self) -> impl Future<Output = ()> + '_ {
        self.moved.notified()
    }

    /// Since when nobody answers.
    pub(super) fn failing(&self) -> Option<Duration> {
        self.bed().failing
    }

    fn bed(&self) -> MutexGuard<'_, Bed> {
        self.bed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Bed {
    fn keep(&mut self, shard: u16, entry: Entry) {
        let from = self.from.unwrap_or_default();
        self.bytes += entry.bytes.len();
        self.order.push_back(shard);
        self.shards.entry(shard).or_insert_with(|| Reach { from, entries: VecDeque::new() }).entries.push_back(entry);
        while (self.order.len() > KEPT || self.bytes > KEPT_BYTES) && self.order.len() > 1 {
            let Some(oldest) = self.order.pop_front() else { return };
            let Some(reach) = self.shards.get_mut(&oldest) else { continue };
            if let Some(gone) = reach.entries.pop_front() {
                self.bytes -= gone.bytes.len();
                reach.from = gone.sequence;
            }
        }
    }
}

/// Reads for ever, once somebody wants it.
pub(super) async fn run(shared: Arc<Shared>) {
    let (api, river) = (&shared.api, &shared.river);
    river.wanted.notified().await;
    let (mut at, mut tail) = (None, None);
    loop {
        let began = api.clock.elapsed();
        match turn(&shared, &mut at, &mut tail).await {
            Ok(0) => {}
            // It was waited for: more may be right behind it.
            Ok(1) => api.clock.sleep(LINGER.least).await,
            Ok(_) => api.clock.sleep(LINGER.behind(api.clock.elapsed().saturating_sub(began))).await,
            Err(fault) => {
                tracing::debug!(?fault, log = shared.names.log, "the log cannot be read just now; trying again");
                tail = None;
                river.bed().failing.get_or_insert(began);
                river.moved.notify_waiters();
                api.clock.sleep(PAUSE).await;
            }
        }
    }
}

/// One reading: how much it brought. `at` is up to where all was read.
async fn turn(shared: &Shared, at: &mut Option<u64>, tail: &mut Option<Tail>) -> Result<usize, Fault> {
    let (api, river, log) = (&shared.api, &shared.river, &shared.names.log);
    let all = subject::class(shared.settings.region, "log");
    let after = match *at {
        Some(after) => after,
        None => reads::last(api, log, &all).await?.map_or(0, |last| last.sequence),
    };
    let mut reading = match tail.take() {
        Some(tail) => tail,
        None => tail::begin(api, log, ("river", &all), after).await?,
    };
    {
        // Somebody answers, even if there is nothing to read for long.
        let mut bed = river.bed();
        bed.failing = None;
        bed.from.get_or_insert(after);
    }
    *at = Some(after);
    let messages = reading.gathered(api, MOST).await?;
    let (entries, is_whole) = reading.in_order(after, messages);
    if is_whole {
        *tail = Some(reading);
    }
    let count = entries.len();
    {
        let mut bed = river.bed();
        for entry in entries {
            *at = Some(entry.sequence);
            bed.keep(entry.entity.shard(shared.settings.shards), entry);
        }
    }
    river.moved.notify_waiters();
    Ok(count)
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use takt_protocol::id::{EntityId, Kind};
    use takt_protocol::name::Region;

    use super::*;

    fn entry(sequence: u64) -> Entry {
        let entity = EntityId::from_parts(Kind::Order, Region::parse("eu").unwrap(), 1, u128::from(sequence));
        Entry { sequence, entity, bytes: Bytes::from_static(b"x") }
    }

    fn found(river: &River, shard: u16, after: u64) -> Option<Vec<u64>> {
        river.find(shard, after, 10).map(|entries| entries.iter().map(|entry| entry.sequence).collect())
    }

    #[test]
    fn who_was_there_gets_everything_and_who_comes_from_before_reads_for_himself() {
        let river = River::default();
        assert_eq!(found(&river, 3, 0), None, "nobody reads yet");
        river.bed().from = Some(7);
        assert_eq!((found(&river, 3, 6), found(&river, 3, 7)), (None, Some(vec![])));
        for (shard, sequence) in [(3, 9), (4, 10), (3, 12)] {
            river.bed().keep(shard, entry(sequence));
        }
        assert_eq!((found(&river, 3, 6), found(&river, 3, 7), found(&river, 3, 9)), (None, Some(vec![9, 12]), Some(vec![12])));
        assert_eq!((found(&river, 4, 8), found(&river, 4, 10), found(&river, 5, 7)), (Some(vec![10]), Some(vec![]), Some(vec![])));
    }

    #[test]
    fn what_has_flown_by_is_missed_by_nobody_unawares() {
        let river = River::default();
        river.bed().from = Some(0);
        let upto = u64::try_from(KEPT).unwrap() + 2;
        river.bed().keep(1, entry(1));
        for sequence in 2..=upto {
            river.bed().keep(0, entry(sequence));
        }
        // The oldest of all is gone, and so is the only one of its shard: behind it there is nothing, and it itself is not shown.
        assert_eq!((found(&river, 1, 0), found(&river, 1, 1)), (None, Some(vec![])));
        assert_eq!(found(&river, 0, 1), None);
        assert_eq!(found(&river, 0, 2).unwrap().first(), Some(&3));
        assert_eq!(river.bed().order.len(), KEPT);
    }
}
