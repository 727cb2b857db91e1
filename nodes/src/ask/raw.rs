//! The raw payload behind a fact, as it came. Never interpreted.

use bytes::Bytes;
use takt_protocol::envelope::RawRef;

use super::{Denied, Reception, Sort, field};

impl Reception {
    /// The payload of this hash, from whichever region keeps it.
    pub(crate) async fn raw(&self, hash: &str) -> Result<Bytes, Denied> {
        let hash = field::word("hash", hash, RawRef::parse)?;
        for known in [false, true] {
            if known {
                // It may have been told this very moment.
                self.indexed().await;
            }
            for region in self.mesh().regions().values() {
                if let Some(raw) = region.raw(&hash).await.map_err(|error| Denied::asking(&error))? {
                    return Ok(raw);
                }
            }
        }
        let remedy = "retention may have deleted it; the facts it led to stay, with this hash";
        Err(Denied::new(Sort::NotFound, "UNKNOWN", "no payload of this hash is kept here", remedy).at("hash"))
    }
}
