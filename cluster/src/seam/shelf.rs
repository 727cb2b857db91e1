//! What may be lost: snapshots and cursors. Losing one costs work, never truth: an entity is replayed from its log, a
//! projection does its work again under the same ids.

use async_trait::async_trait;
use bytes::Bytes;

use crate::Error;

/// Small values by name, kept as well as is cheap. What was put before what is read back may be missing or older after
/// a crash, never mixed or torn.
#[async_trait]
pub trait Shelf: Send + Sync {
    /// Puts values by name. Returns when they were taken, which is before they are durable.
    async fn put(&self, values: Vec<(String, Bytes)>) -> Result<(), Error>;

    /// The value of a name.
    async fn get(&self, name: &str) -> Result<Option<Bytes>, Error>;

    /// Forgets a name.
    async fn remove(&self, name: &str) -> Result<(), Error>;
}
