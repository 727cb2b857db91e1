//! Which nodes ran a region lately. A node that dies is gone from the leases, and so from whoever asks the others: a note on the region's
//! shelf still names it to those who will miss what it alone knew. Nothing depends on it.

use std::collections::BTreeMap;

use bytes::Bytes;
use takt_actors::node::nodes_of;
use takt_actors::region::Region;
use takt_cluster::Error;
use takt_cluster::seam::Seams;
use takt_protocol::instant::Instant;

use super::Mesh;

/// On the shelf: when each node was there last.
const SEEN: &str = "nodes/seen";

/// How long a node is missed: nobody looks for what was sent before.
const MISSED_MS: u64 = 24 * 3_600_000;

impl Mesh {
    /// Writes down that this node is there. Of two that do so at once the other is there again a moment later.
    pub(crate) async fn is_there(&self) {
        let now = self.clock().now();
        for region in self.regions.values().filter(|region| self.is_shared(region)) {
            if let Err(error) = noted(&region.node().seams, region.node().settings.node.to_string(), now).await {
                tracing::debug!(%error, "it could not be noted that this node is there");
            }
        }
    }

    /// The nodes that ran a region lately and do not now, each with when it was there last.
    pub(crate) async fn gone(&self, region: &Region) -> BTreeMap<String, Instant> {
        if !self.is_shared(region) {
            return BTreeMap::new();
        }
        let (seams, now) = (&region.node().seams, self.clock().now());
        let (Ok(mut seen), Ok(living)) = (seen(seams).await, nodes_of(seams).await) else { return BTreeMap::new() };
        seen.retain(|name, at| now < at.plus_ms(MISSED_MS) && !living.iter().any(|node| node.to_string() == *name));
        seen
    }

    fn is_shared(&self, region: &Region) -> bool {
        self.stores.engines.get(&region.node().region).is_some_and(crate::engine::Engine::is_shared)
    }
}

async fn seen(seams: &Seams) -> Result<BTreeMap<String, Instant>, Error> {
    let found = seams.shelf.get(SEEN).await?;
    Ok(found.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default())
}

async fn noted(seams: &Seams, node: String, now: Instant) -> Result<(), Error> {
    let mut seen = seen(seams).await?;
    seen.retain(|_, at| now < at.plus_ms(MISSED_MS));
    seen.insert(node, now);
    let bytes = serde_json::to_vec(&seen).map_err(|error| Error::Refused { place: SEEN.to_owned(), what: error.to_string() })?;
    seams.shelf.put(vec![(SEEN.to_owned(), Bytes::from(bytes))]).await
}
