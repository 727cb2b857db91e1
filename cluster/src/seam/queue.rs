//! Work that waits: durable, acknowledged, with backoff and a dead-letter box. No order is promised.

use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use takt_protocol::name::{Region, SiteId};

use crate::Error;

/// The queues of a region.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum QueueName {
    /// Inputs waiting for the entities of a shard.
    In {
        /// The shard.
        shard: u16,
    },
    /// Timers of a shard that came due.
    Due {
        /// The shard.
        shard: u16,
    },
    /// Intents waiting for a site, one queue an SLA tier (0 plant-critical, 1 business, 2 analytical).
    Out {
        /// The site.
        site: SiteId,
        /// The tier, 0 first.
        tier: u8,
    },
    /// Mail for another region. Urgent mail (holds, shipment blocks) has a queue of its own.
    Fwd {
        /// The region it is for.
        region: Region,
        /// Holds and shipment blocks.
        urgent: bool,
    },
}

/// A message to be queued.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Where.
    pub queue: QueueName,
    /// Its id. An engine may drop a second message of the same id while the first waits; readers must not rely on it.
    pub id: String,
    /// What.
    pub bytes: Bytes,
}

/// A message handed to one reader until it answers or the time it was given has passed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// What to answer with.
    pub receipt: Receipt,
    /// The message's id.
    pub id: String,
    /// How often it was handed out, this time included.
    pub deliveries: u32,
    /// The message.
    pub bytes: Bytes,
}

/// Names one delivery; good for one answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Receipt {
    /// Which queue.
    pub queue: QueueName,
    /// Which message of it.
    pub sequence: u64,
    /// Which delivery of that message: an answer to an earlier one does nothing.
    pub delivery: u32,
}

/// Durable, acknowledged, at least once.
#[async_trait]
pub trait Queue: Send + Sync {
    /// Queues a group, durably, all or nothing. Takes all that follows from a log, which is bounded where inputs come in.
    async fn publish(&self, group: Vec<Message>) -> Result<(), Error>;

    /// The same from outside: `Full`, and nothing written, where a queue of it would hold more than `most`.
    async fn offer(&self, group: Vec<Message>, most: usize) -> Result<(), Error> {
        let mut coming: BTreeMap<QueueName, usize> = BTreeMap::new();
        for message in &group {
            *coming.entry(message.queue).or_default() += 1;
        }
        for (queue, more) in coming {
            let waiting = usize::try_from(self.depth(queue).await?).unwrap_or(usize::MAX);
            if waiting.saturating_add(more) > most {
                return Err(Error::Full { place: format!("{queue:?}") });
            }
        }
        self.publish(group).await
    }

    /// At most `most` messages, oldest first; waits while there is none. Each is handed to nobody else until it is
    /// answered or `lease` has passed.
    async fn pull(&self, queue: QueueName, most: usize, lease: Duration) -> Result<Vec<Delivery>, Error>;

    /// Done: never again. Losing an acknowledgement in a crash is allowed; the message then comes again.
    async fn ack(&self, receipts: Vec<Receipt>) -> Result<(), Error>;

    /// Not now: again after `delay`.
    async fn later(&self, receipt: Receipt, delay: Duration) -> Result<(), Error>;

    /// Nobody on this node reads the queue any more: what the engine handed out here or keeps ready goes to other nodes at
    /// once, where the engine knows nodes apart. Pulling from it again ends that.
    async fn let_go(&self, _queue: QueueName) {}

    /// Never by itself: into the dead-letter box, with the reason a person will read.
    async fn bury(&self, receipt: Receipt, reason: String) -> Result<(), Error>;

    /// How many wait or are handed out.
    async fn depth(&self, queue: QueueName) -> Result<u64, Error>;

    /// The message that has waited longest, handed out or not; nobody is handed it by this.
    async fn oldest(&self, queue: QueueName) -> Result<Option<Bytes>, Error>;

    /// What waits behind number `after`, oldest first, handed out or not, at most `most`: number, id, message. Nobody is handed it by
    /// this, and nothing that waits the whole time is left out.
    async fn list(&self, queue: QueueName, after: u64, most: usize) -> Result<Vec<(u64, String, Bytes)>, Error>;

    /// What lies in the dead-letter box, oldest first, at most `most`: id, reason, message.
    async fn buried(&self, queue: QueueName, most: usize) -> Result<Vec<(String, String, Bytes)>, Error>;

    /// Takes one message out of the dead-letter box and queues it anew. `false` when it is not there.
    async fn revive(&self, queue: QueueName, id: &str) -> Result<bool, Error>;

    /// The queues that hold anything, sorted.
    async fn names(&self) -> Result<Vec<QueueName>, Error>;

    /// The queues whose dead-letter box holds anything, sorted.
    async fn graves(&self) -> Result<Vec<QueueName>, Error>;
}
