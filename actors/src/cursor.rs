//! Where a follower of a shard's log stands, kept on the shelf: written after what follows from the log, so that a crash in
//! between only repeats what is known by its id. One that is lost starts at the beginning.

use bytes::Bytes;

use crate::node::Node;

/// A follower's place.
pub(crate) struct Cursor {
    name: String,
    at: u64,
}

impl Cursor {
    /// Where a follower stood when it was last heard of.
    pub(crate) async fn of(node: &Node, follower: &str, shard: u16) -> Self {
        let name = format!("cursor/{follower}/{shard}");
        let kept = node.seams.shelf.get(&name).await.ok().flatten();
        let at = kept.and_then(|bytes| bytes.as_ref().try_into().ok()).map_or(0, u64::from_be_bytes);
        Self { name, at }
    }

    /// The last sequence it is done with.
    pub(crate) fn at(&self) -> u64 {
        self.at
    }

    /// It is done with more.
    pub(crate) async fn move_to(&mut self, node: &Node, at: u64) {
        self.at = at;
        let row = (self.name.clone(), Bytes::copy_from_slice(&at.to_be_bytes()));
        if let Err(error) = node.seams.shelf.put(vec![row]).await {
            tracing::debug!(%error, name = self.name, "a cursor was not kept; after a restart it repeats what is known");
        }
    }
}
