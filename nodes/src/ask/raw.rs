//! The raw payload behind a fact, as it came. Never interpreted.

use bytes::Bytes;
use takt_actors::region::AskError;
use takt_protocol::envelope::RawRef;

use super::{Denied, Reception, Sort, field};

impl Reception {
    /// The payload of this hash, from whichever region keeps it.
    pub(crate) async fn raw(&self, hash: &str) -> Result<Bytes, Denied> {
        let hash = field::word("hash", hash, RawRef::parse)?;
        for region in self.mesh().regions().values() {
            let found = region.node().seams.blobs.get(&hash).await;
            if let Some(raw) = found.map_err(|error| Denied::asking(&AskError::Store(error)))? {
                return Ok(raw);
            }
        }
        let remedy = "retention may have deleted it; the facts it led to stay, with this hash";
        Err(Denied::new(Sort::NotFound, "UNKNOWN", "no payload of this hash is kept here", remedy).at("hash"))
    }
}
