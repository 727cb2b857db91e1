//! The doors of systems, for messages that were told elsewhere: at a node that understands nothing of them, keeps them, and has them
//! brought here. Whoever opens the doors of a node says how they are come to.

use async_trait::async_trait;
use bytes::Bytes;
use takt_protocol::name::SiteId;

/// Takes what a system told at another node.
#[async_trait]
pub trait Doors: Send + Sync {
    /// Takes a message as the system's own door would: `Ok` when everything in it is durable here.
    async fn receive(&self, site: SiteId, topic: &str, raw: Bytes) -> Result<(), Shut>;
}

/// Why a message was not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shut {
    /// The system has no door here, and will have none before somebody says so.
    NoDoor,
    /// Not just now: it has to come again.
    NotNow(String),
}
