//! Payloads, leases and the shelf of the simulated engine.

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;

use super::{Hold, Operation, Store, unreachable};
use crate::Error;
use crate::seam::{BlobHash, Blobs, Holding, Lease, Leased, Shelf};

#[async_trait]
impl Blobs for Hold {
    async fn keep(&self, payloads: Vec<Bytes>) -> Result<Vec<BlobHash>, Error> {
        let act = |store: &mut Store| {
            let keep = |payload: Bytes| {
                let hash = BlobHash::of(&payload);
                store.blobs.insert(hash, payload);
                hash
            };
            Ok(payloads.into_iter().map(keep).collect())
        };
        self.perform(Operation::write("blobs.keep"), act, unreachable).await
    }

    async fn get(&self, hash: &BlobHash) -> Result<Option<Bytes>, Error> {
        self.perform(Operation::read("blobs.get"), |store| Ok(store.blobs.get(hash).cloned()), unreachable).await
    }
}

#[async_trait]
impl Lease for Hold {
    async fn take(&self, name: &str, holder: &str, ttl: Duration) -> Result<Leased, Error> {
        let now = self.shared.clock.elapsed();
        let act = |store: &mut Store| {
            if let Some((theirs, epoch, until)) = store.leases.get_mut(name)
                && *until > now
            {
                if theirs != holder {
                    return Ok(Leased::Theirs { holder: theirs.clone() });
                }
                *until = now + ttl;
                return Ok(Leased::Ours { epoch: *epoch });
            }
            store.lease_epoch += 1;
            store.leases.insert(name.to_owned(), (holder.to_owned(), store.lease_epoch, now + ttl));
            Ok(Leased::Ours { epoch: store.lease_epoch })
        };
        self.perform(Operation::write("lease.take"), act, unreachable).await
    }

    async fn release(&self, name: &str, holder: &str) -> Result<(), Error> {
        let act = |store: &mut Store| {
            if store.leases.get(name).is_some_and(|(theirs, ..)| theirs == holder) {
                store.leases.remove(name);
            }
            Ok(())
        };
        self.perform(Operation::write("lease.release"), act, unreachable).await
    }

    async fn held(&self, class: &str) -> Result<Vec<Holding>, Error> {
        let (now, prefix) = (self.shared.clock.elapsed(), format!("{class}/"));
        let act = |store: &mut Store| {
            let held = store.leases.iter().filter(|(name, (_, _, until))| name.starts_with(&prefix) && *until > now);
            let holding = |(name, (holder, epoch, _)): (&String, &(String, u64, Duration))| Holding {
                name: name.clone(),
                holder: holder.clone(),
                epoch: *epoch,
            };
            Ok(held.map(holding).collect())
        };
        self.perform(Operation::read("lease.held"), act, unreachable).await
    }
}

#[async_trait]
impl Shelf for Hold {
    async fn put(&self, values: Vec<(String, Bytes)>) -> Result<(), Error> {
        let act = |store: &mut Store| {
            store.shelf.extend(values);
            Ok(())
        };
        self.perform(Operation::write("shelf.put"), act, unreachable).await
    }

    async fn get(&self, name: &str) -> Result<Option<Bytes>, Error> {
        self.perform(Operation::read("shelf.get"), |store| Ok(store.shelf.get(name).cloned()), unreachable).await
    }

    async fn remove(&self, name: &str) -> Result<(), Error> {
        let act = |store: &mut Store| {
            store.shelf.remove(name);
            Ok(())
        };
        self.perform(Operation::write("shelf.remove"), act, unreachable).await
    }
}
