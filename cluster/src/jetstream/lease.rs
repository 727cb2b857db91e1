//! Leases: the last message on a subject, which the servers forget when its time has passed. Each write is fenced by the one
//! before, so of two who want a lease one gets it; the sequence of the message that began a holder's time is the epoch.

use std::time::Duration;

use async_nats::HeaderMap;
use async_trait::async_trait;
use bytes::Bytes;
use futures::future::try_join_all;
use serde::{Deserialize, Serialize};
use takt_protocol::subject;

use super::api::{Api, FENCE, Item};
use super::fault::Fault;
use super::reads::{self, Kept};
use super::{Shared, place};
use crate::Error;
use crate::seam::{Holding, Lease, Leased};

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

    async fn held(&self, class: &str) -> Result<Vec<Holding>, Error> {
        self.holders(class).await.map_err(|fault| fault.error(&place(&self.names.lease)))
    }
}

impl Shared {
    async fn lease(&self, name: &str, holder: &str, ttl: Duration) -> Result<Leased, Fault> {
        // An answer that comes after the lease's own time is none.
        let api = Api { patience: self.api.patience.min(ttl), ..self.api.clone() };
        for _ in 0..TRIES {
            let last = self.held(&api, name).await?;
            let (fence, since) = match &last {
                None => (0, 0),
                Some((kept, Held { holder: None, .. })) => (kept.sequence, 0),
                Some((kept, Held { holder: Some(theirs), since })) if theirs == holder => {
                    (kept.sequence, if *since == 0 { kept.sequence } else { *since })
                }
                Some((_, Held { holder: Some(theirs), .. })) => return Ok(Leased::Theirs { holder: theirs.clone() }),
            };
            match self.write(&api, name, &Held { holder: Some(holder.to_owned()), since }, (fence, ttl)).await {
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
            let Some((kept, held)) = self.held(&self.api, name).await? else { return Ok(()) };
            if held.holder.as_deref() != Some(holder) {
                return Ok(());
            }
            match self.write(&self.api, name, &Held { holder: None, since: 0 }, (kept.sequence, Duration::from_secs(1))).await {
                Ok(_) => return Ok(()),
                Err(Fault::Fence) => self.api.clock.sleep(Duration::from_millis(2)).await,
                Err(fault) => return Err(fault),
            }
        }
        Err(Fault::Silent)
    }

    async fn holders(&self, class: &str) -> Result<Vec<Holding>, Fault> {
        let subjects = self.subjects(&self.names.lease, &subject::leases(self.settings.region, class)).await?;
        let names = subjects.iter().filter_map(|(subject, _)| subject::parse_lease(self.settings.region, subject));
        let holding = |name: String| async move {
            let Some((kept, held)) = self.held(&self.api, &name).await? else { return Ok(None) };
            let epoch = if held.since == 0 { kept.sequence } else { held.since };
            Ok::<_, Fault>(held.holder.map(|holder| Holding { name, holder, epoch }))
        };
        let mut found: Vec<Holding> = try_join_all(names.map(holding)).await?.into_iter().flatten().collect();
        found.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(found)
    }

    async fn held(&self, api: &Api, name: &str) -> Result<Option<(Kept, Held)>, Fault> {
        let Some(kept) = reads::last(api, &self.names.lease, &subject::lease(self.settings.region, name)).await? else {
            return Ok(None);
        };
        // What cannot be read was not written by us; nobody holds it, and the next holder writes over it.
        let held = serde_json::from_slice(&kept.bytes).unwrap_or(Held { holder: None, since: 0 });
        Ok(Some((kept, held)))
    }

    async fn write(&self, api: &Api, name: &str, held: &Held, (fence, ttl): (u64, Duration)) -> Result<u64, Fault> {
        let text = serde_json::to_vec(held).map_err(|error| Fault::Refused(error.to_string()))?;
        let mut headers = HeaderMap::new();
        headers.insert(FENCE, fence.to_string());
        // Whole seconds, and one at least: so the servers count.
        headers.insert("Nats-TTL", format!("{}s", ttl.as_millis().div_ceil(1_000).max(1)));
        api.store(Item { subject: subject::lease(self.settings.region, name), headers, bytes: Bytes::from(text) }).await
    }
}
