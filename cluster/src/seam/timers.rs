//! Inputs for later: recorded once, delivered not before their time, into the `Due` queue of their shard.

use async_trait::async_trait;
use bytes::Bytes;
use takt_protocol::instant::Instant;

use crate::Error;

/// An input to be delivered later.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timer {
    /// Its id: a second timer of the same id replaces the first.
    pub id: String,
    /// Not before.
    pub at: Instant,
    /// The shard whose `Due` queue gets it.
    pub shard: u16,
    /// What is delivered. A stale one must be a no-op to its reader.
    pub bytes: Bytes,
}

/// Deliver this input not before that time, once recorded.
#[async_trait]
pub trait Timers: Send + Sync {
    /// Records a group, durably, all or nothing. Delivered at least once, also after a restart.
    async fn set(&self, group: Vec<Timer>) -> Result<(), Error>;
}
