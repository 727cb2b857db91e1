//! Leases: the last message on a subject, which the servers forget when its time has passed. Each write is fenced by the one
//! before, so of two who want a lease one gets it; the sequence of the message that began a holder's time is the epoch.

use std::time::Duration;

use async_nats::HeaderMap;
use async_trait::async_trait;
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use takt_protocol::subject;

use super::api::{FENCE, Item};
use super::fault::Fault;
use super::reads::{self, Kept};
use super::{Shared, place};
use crate::Error;
use crate::seam::{Lease, Leased};

/// Tries of one wish: each is lost only to somebody else's.
const TRIES: usize = 8;

/// What a lease says.
#[derive(Debug, Serialize, Deserialize)]
struct Held {
    /// By whom; by nobody once it was given back.
    holder: Option<String>,
    /// The message that began the holder's time; this one when it is 0.
    #[serde(default)]
    since: u64,
}

#[async_trait]
impl Lease for Shared {
    async fn take(&self, name: &str, holder: &str, ttl: Duration) -> Result<Leased, Error> {
        self.lease(name, holder, ttl).await.map_err(|fault| fault.error(&place(&self.names.lease)))
    }

    async fn release(&self, name: &str, holder: &str) -> Result<(), Error> {
        self.give_back(name, holder).await.map_err(|fault| fault.error(&place(&self.names.lease)))
    }
}

impl Shared {
    async fn lease(&self, name: &str, holder: &str, ttl: Duration) -> Result<Leased, Fault> {
        for _ in 0..TRIES {
            let last = self.held(name).await?;
            let (fence, since) = match &last {
                None => (0, 0),
                Some((kept, Held { holder: None, .. })) => (kept.sequence, 0),
                Some((kept, Held { holder: Some(theirs), since })) if theirs == holder => {
                    (kept.sequence, if *since == 0 { kept.sequence } else { *since })
                }
                Some((_, Held { holder: Some(theirs), .. })) => return Ok(Leased::Theirs { holder: theirs.clone() }),
            };
            match self.write(name, &Held { holder: Some(holder.to_owned()), since }, fence, ttl).await {
                Ok(sequence) => return Ok(Leased::Ours { epoch: if since == 0 { sequence } else { since } }),
                // Somebody was quicker, or the one before lapsed just now.
                Err(Fault::Fence) => self.api.clock.sleep(Duration::from_millis(2)).await,
                Err(fault) => return Err(fault),
            }
        }
        Err(Fault::Silent)
    }

    async fn give_back(&self, name: &str, holder: &str) -> Result<(), Fault> {
        for _ in 0..TRIES {
            let Some((kept, held)) = self.held(name).await? else { return Ok(()) };
            if held.holder.as_deref() != Some(holder) {
                return Ok(());
            }
            match self.write(name, &Held { holder: None, since: 0 }, kept.sequence, Duration::from_secs(1)).await {
                Ok(_) => return Ok(()),
                Err(Fault::Fence) => self.api.clock.sleep(Duration::from_millis(2)).await,
                Err(fault) => return Err(fault),
            }
        }
        Err(Fault::Silent)
    }

    async fn held(&self, name: &str) -> Result<Option<(Kept, Held)>, Fault> {
        let Some(kept) = reads::last(&self.api, &self.names.lease, &subject::lease(self.settings.region, name)).await? else {
            return Ok(None);
        };
        // What cannot be read was not written by us; nobody holds it, and the next holder writes over it.
        let held = serde_json::from_slice(&kept.bytes).unwrap_or(Held { holder: None, since: 0 });
        Ok(Some((kept, held)))
    }

    async fn write(&self, name: &str, held: &Held, fence: u64, ttl: Duration) -> Result<u64, Fault> {
        let text = serde_json::to_vec(held).map_err(|error| Fault::Refused(error.to_string()))?;
        let mut headers = HeaderMap::new();
        headers.insert(FENCE, fence.to_string());
        // Whole seconds, and one at least: so the servers count.
        headers.insert("Nats-TTL", format!("{}s", ttl.as_millis().div_ceil(1_000).max(1)));
        self.api.store(Item { subject: subject::lease(self.settings.region, name), headers, bytes: Bytes::from(text) }).await
    }
}
