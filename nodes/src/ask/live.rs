//! What is recorded now, read once for all who watch: one task a shard reads its log as it grows and hands each stretch to every
//! watcher. Without it a thousand watchers would read and decode every commit a thousand times, and orders would wait for them.
//! Runs only while somebody watches. Never waits for a watcher: who falls behind reads what was missed from the log.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use takt_actors::node::Node;
use takt_actors::tape::Stretch;
use takt_cluster::Error;
use takt_protocol::name::Region;
use tokio::sync::{Semaphore, broadcast};

/// Stretches that are kept for a watcher that is behind, before it must read for itself.
const KEPT: usize = 64;

/// Whole logs that are read at once for those who begin to watch.
const BEGINNERS_MAX: usize = 1;

type Shard = (Region, u16);
type Told = Arc<Stretch>;

/// The shards that are watched.
pub(super) struct Live {
    shards: Arc<Shards>,
    beginners: Arc<Semaphore>,
}

#[derive(Default)]
struct Shards {
    watched: Mutex<BTreeMap<Shard, broadcast::Sender<Told>>>,
}

/// A shard's log from a place on, for one watcher.
pub(super) struct Follower {
    node: Arc<Node>,
    shard: u16,
    /// What was read.
    cursor: u64,
    /// Up to here there is something to read without waiting.
    there: u64,
    live: broadcast::Receiver<Told>,
}

impl Default for Live {
    fn default() -> Self {
        Self { shards: Arc::default(), beginners: Arc::new(Semaphore::new(BEGINNERS_MAX)) }
    }
}

impl Live {
    /// Follows a shard behind `cursor`; behind its end, when none is given.
    pub(super) async fn follow(&self, node: &Arc<Node>, shard: u16, cursor: Option<u64>) -> Result<Follower, Error> {
        let before = node.seams.journal.head(shard).await?;
        let live = self.shards.join(node, shard, before);
        // What is recorded from now on is heard; what was before is there to be read.
        let there = node.seams.journal.head(shard).await?;
        Ok(Follower { node: Arc::clone(node), shard, cursor: cursor.unwrap_or(there), there, live })
    }

    /// A turn to read a whole log: who begins to watch waits for others who do, and orders wait for one of them at most.
    pub(super) fn turn(&self) -> Arc<Semaphore> {
        Arc::clone(&self.beginners)
    }

    /// How many shards are read for watchers.
    #[cfg(test)]
    pub(super) fn shards(&self) -> usize {
        self.shards.watched().len()
    }
}

impl Shards {
    fn watched(&self) -> MutexGuard<'_, BTreeMap<Shard, broadcast::Sender<Told>>> {
        self.watched.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Listens to a shard, which is read from `cursor` on when nobody has listened to it yet.
    fn join(self: &Arc<Self>, node: &Arc<Node>, shard: u16, cursor: u64) -> broadcast::Receiver<Told> {
        let key = (node.region, shard);
        let mut watched = self.watched();
        if let Some(sender) = watched.get(&key) {
            return sender.subscribe();
        }
        let (sender, receiver) = broadcast::channel(KEPT);
        watched.insert(key, sender.clone());
        tokio::spawn(read(Arc::downgrade(self), Arc::clone(node), key, cursor, sender));
        receiver
    }

    /// Ends a shard, unless somebody came to listen this very moment.
    fn leave(&self, key: Shard, sender: &broadcast::Sender<Told>) -> bool {
        let mut watched = self.watched();
        let alone = sender.receiver_count() == 0;
        if alone {
            watched.remove(&key);
        }
        alone
    }
}

/// Reads a shard for all who listen, until nobody does or it cannot be read.
async fn read(shards: Weak<Shards>, node: Arc<Node>, key: Shard, mut cursor: u64, sender: broadcast::Sender<Told>) {
    loop {
        let heard = tokio::select! {
            biased;
            () = sender.closed() => None,
            heard = node.tape.alone(key.1, cursor) => Some(heard),
        };
        let Some(shards) = shards.upgrade() else { return };
        match heard {
            None if shards.leave(key, &sender) => return,
            None => {}
            Some(Ok(stretch)) => {
                cursor = stretch.upto;
                // Whether anybody hears it shows above.
                drop(sender.send(stretch));
            }
            Some(Err(error)) => {
                tracing::warn!(%error, "a log cannot be read for those who watch it");
                shards.watched().remove(&key);
                return;
            }
        }
    }
}

impl Follower {
    /// The next stretch, as soon as there is one, and behind which place it begins to be new.
    pub(super) async fn next(&mut self) -> Result<(u64, Told), Error> {
        loop {
            if self.cursor < self.there {
                let stretch = self.node.tape.alone(self.shard, self.cursor).await?;
                return Ok(self.read(stretch));
            }
            match self.live.recv().await {
                Ok(stretch) if stretch.upto <= self.cursor => {}
                Ok(stretch) if stretch.after <= self.cursor => return Ok(self.read(stretch)),
                Ok(stretch) => self.there = stretch.upto,
                Err(broadcast::error::RecvError::Lagged(_)) => self.there = self.node.seams.journal.head(self.shard).await?,
                Err(broadcast::error::RecvError::Closed) => return Err(Error::Stopped),
            }
        }
    }

    fn read(&mut self, stretch: Told) -> (u64, Told) {
        (std::mem::replace(&mut self.cursor, stretch.upto), stretch)
    }
}

#[cfg(test)]
mod tests;
