//! The truth: one log an entity, fenced, and a tail over each shard.

use async_trait::async_trait;
use bytes::Bytes;
use takt_protocol::id::EntityId;

use crate::Error;

/// One message for the log of one entity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Append {
    /// Whose log.
    pub entity: EntityId,
    /// The fence: the sequence of the entity's last message, as the writer knows it; 0 for none.
    pub after: u64,
    /// The message. A retry sends the identical bytes under the identical fence.
    pub bytes: Bytes,
}

/// What became of an [`Append`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Appended {
    /// It is durable, at this sequence of its shard's log.
    Committed {
        /// The fence of the next append.
        sequence: u64,
    },
    /// Another message stands where this one wanted to stand. Concluded only from the leader's own log.
    Conflict {
        /// The entity's last sequence now.
        last: u64,
    },
    /// Nobody knows: it may have been written, or may yet be. Send the same bytes again, then read.
    Unknown,
}

/// A message as it stands in the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its sequence: grows over all entities of the shard, perhaps with gaps.
    pub sequence: u64,
    /// Whose log it stands in.
    pub entity: EntityId,
    /// The message.
    pub bytes: Bytes,
}

/// Fenced append, read one entity, tail a shard from a cursor.
#[async_trait]
pub trait Journal: Send + Sync {
    /// Appends a group, durably, each message under its own fence; one outcome each, in the order given. One conflict
    /// does not punish its neighbours. The future may be dropped: that is `Unknown`.
    async fn append(&self, group: Vec<Append>) -> Vec<Appended>;

    /// The last sequence of an entity (0 for none), from the leader: never stale.
    async fn last(&self, entity: EntityId) -> Result<u64, Error>;

    /// The entity's messages after sequence `after`, oldest first, up to its last one, never stale.
    async fn read(&self, entity: EntityId, after: u64) -> Result<Vec<Entry>, Error>;

    /// At most `most` messages of a shard after sequence `after`, oldest first, without gaps: a message that is
    /// committed later never gets a sequence at or below one that was shown. Waits while there is none.
    async fn tail(&self, shard: u16, after: u64, most: usize) -> Result<Vec<Entry>, Error>;

    /// The last sequence of a shard (0 for none), never stale: a follower that stands there has read everything.
    async fn head(&self, shard: u16) -> Result<u64, Error>;

    /// Whether appends are taken. An engine whose disk failed takes none until it is opened again.
    fn is_open(&self) -> bool {
        true
    }

    /// Whether it gathers by itself what is appended at the same time, so that each append may come alone, and be answered alone.
    fn gathers(&self) -> bool {
        false
    }

    /// How many shards this generation has; fixed when the store is made, and checked when it is opened.
    fn shards(&self) -> u16;

    /// The random incarnation of this store, part of its commit and intent ids.
    fn incarnation(&self) -> u64;
}
