//! Raw payloads: messages of a stream, in buckets by the first digits of their hash, because a subject of its own would cost
//! the servers memory for each payload as long as it is kept. What this node itself saw kept lately is not kept again.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use async_nats::HeaderMap;
use async_trait::async_trait;
use bytes::Bytes;
use futures::StreamExt as _;
use takt_protocol::subject;

use super::api::Item;
use super::reads;
use super::{Shared, place};
use crate::Error;
use crate::seam::{BlobHash, Blobs};

/// Payloads written at once.
const AT_ONCE: usize = 32;
/// How many hashes are remembered, and for how long at least; at most twice as many and twice as long.
const REMEMBERED: usize = 32_768;
const REMEMBERED_FOR: Duration = Duration::from_mins(15);

/// The hashes that this node saw acknowledged lately.
#[derive(Default)]
pub(super) struct Lately {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    young: BTreeSet<BlobHash>,
    old: BTreeSet<BlobHash>,
    since: Duration,
}

impl Lately {
    fn knows(&self, hash: &BlobHash, now: Duration) -> bool {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.age(now);
        state.young.contains(hash) || state.old.contains(hash)
    }

    fn learn(&self, hash: BlobHash, now: Duration) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.age(now);
        state.young.insert(hash);
    }
}

impl State {
    fn age(&mut self, now: Duration) {
        if self.young.len() >= REMEMBERED || now.saturating_sub(self.since) >= REMEMBERED_FOR {
            self.old = std::mem::take(&mut self.young);
            self.since = now;
        }
    }
}

#[async_trait]
impl Blobs for Shared {
    async fn keep(&self, payloads: Vec<Bytes>) -> Result<Vec<BlobHash>, Error> {
        let hashes: Vec<BlobHash> = payloads.iter().map(|payload| BlobHash::of(payload)).collect();
        let mut new = BTreeSet::new();
        let now = self.api.clock.elapsed();
        let pairs = hashes.iter().copied().zip(payloads);
        let writes: Vec<_> = pairs.filter(|(hash, _)| !self.lately.knows(hash, now) && new.insert(*hash)).collect();
        let mut kept = futures::stream::iter(writes.into_iter().map(|(hash, bytes)| async move {
            let item = Item { subject: subject::raw(self.settings.region, &hash), headers: HeaderMap::new(), bytes };
            self.api.store(item).await.map(|_| hash)
        }))
        .buffer_unordered(AT_ONCE);
        while let Some(done) = kept.next().await {
            let hash = done.map_err(|fault| fault.error(&place(&self.names.raw)))?;
            self.lately.learn(hash, self.api.clock.elapsed());
        }
        Ok(hashes)
    }

    async fn get(&self, hash: &BlobHash) -> Result<Option<Bytes>, Error> {
        let bucket = subject::raw(self.settings.region, hash);
        let found = reads::find(&self.api, &self.names.raw, &bucket, |kept| BlobHash::of(&kept.bytes) == *hash).await;
        Ok(found.map_err(|fault| fault.error(&place(&self.names.raw)))?.map(|kept| kept.bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_kept_is_remembered_for_a_while_and_not_for_ever() {
        let lately = Lately::default();
        let (hash, minute) = (BlobHash::of(b"one"), Duration::from_mins(1));
        assert!(!lately.knows(&hash, minute));
        lately.learn(hash, minute);
        assert!(lately.knows(&hash, 20 * minute), "it was forgotten too early");
        assert!(!lately.knows(&hash, 60 * minute), "it was remembered too long");
    }

    #[test]
    fn the_memory_is_bounded() {
        let lately = Lately::default();
        for number in 0..3 * REMEMBERED {
            lately.learn(BlobHash::of(&number.to_be_bytes()), Duration::ZERO);
        }
        let state = lately.state.lock().unwrap();
        assert!(state.young.len() <= REMEMBERED && state.old.len() <= REMEMBERED);
    }
}
