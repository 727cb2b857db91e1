//! Payloads and the shelf on disk.

use async_trait::async_trait;
use bytes::Bytes;
use tokio::sync::oneshot;

use super::Shared;
use super::job::Job;
use super::table::{BLOBS, SHELF, disk};
use crate::Error;
use crate::seam::{BlobHash, Blobs, Shelf};

#[async_trait]
impl Blobs for Shared {
    async fn keep(&self, payloads: Vec<Bytes>) -> Result<Vec<BlobHash>, Error> {
        let hashed: Vec<(BlobHash, Bytes)> = payloads.into_iter().map(|payload| (BlobHash::of(&payload), payload)).collect();
        let hashes = hashed.iter().map(|(hash, _)| *hash).collect();
        let (reply, answer) = oneshot::channel();
        self.hand_over(Job::Keep(hashed, reply)).await?;
        answer.await.unwrap_or(Err(Error::Stopped))?;
        Ok(hashes)
    }

    async fn get(&self, hash: &BlobHash) -> Result<Option<Bytes>, Error> {
        let read = || -> Result<Option<Bytes>, redb::Error> {
            let read = Shared::read(self)?;
            let table = read.open_table(BLOBS)?;
            Ok(table.get(hash.bytes().as_slice())?.map(|payload| Bytes::copy_from_slice(payload.value())))
        };
        let found = read().map_err(|error| disk("read a payload", &self.place, error))?;
        match found {
            Some(payload) if BlobHash::of(&payload) != *hash => {
                Err(Error::Damaged { place: self.place.display().to_string(), what: format!("the payload {hash} has other content") })
            }
            found => Ok(found),
        }
    }
}

#[async_trait]
impl Shelf for Shared {
    async fn put(&self, values: Vec<(String, Bytes)>) -> Result<(), Error> {
        self.hand_over(Job::Shelve(values.into_iter().map(|(name, value)| (name, Some(value))).collect())).await
    }

    async fn get(&self, name: &str) -> Result<Option<Bytes>, Error> {
        let read = || -> Result<Option<Bytes>, redb::Error> {
            let read = Shared::read(self)?;
            let table = read.open_table(SHELF)?;
            Ok(table.get(name)?.map(|value| Bytes::copy_from_slice(value.value())))
        };
        read().map_err(|error| disk("read the shelf", &self.place, error))
    }

    async fn remove(&self, name: &str) -> Result<(), Error> {
        self.hand_over(Job::Shelve(vec![(name.to_owned(), None)])).await
    }
}
