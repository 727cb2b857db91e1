//! Raw payloads by hash: durable before anything refers to them.

use async_trait::async_trait;
use bytes::Bytes;

use crate::Error;

/// SHA-256 of a payload, as 64 lower-case hexadecimal digits.
pub type BlobHash = takt_protocol::envelope::RawRef;

/// Content by its hash.
#[async_trait]
pub trait Blobs: Send + Sync {
    /// Keeps a group of payloads, durably; their hashes in the order given. Keeping one twice costs nothing.
    async fn keep(&self, payloads: Vec<Bytes>) -> Result<Vec<BlobHash>, Error>;

    /// A payload, or `None` when it was never kept or has been deleted by retention. Checked against its hash.
    async fn get(&self, hash: &BlobHash) -> Result<Option<Bytes>, Error>;
}
