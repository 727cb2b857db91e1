//! The shelf: a stream that keeps the last value of each name. On the servers' disks like everything else, because a cluster
//! that starts anew without cursors would do all of its past again.

use async_nats::HeaderMap;
use async_trait::async_trait;
use bytes::Bytes;
use futures::future::try_join_all;
use serde_json::{Value, json};
use takt_protocol::subject;

use super::api::Item;
use super::reads;
use super::{Shared, place};
use crate::Error;
use crate::seam::Shelf;

#[async_trait]
impl Shelf for Shared {
    async fn put(&self, values: Vec<(String, Bytes)>) -> Result<(), Error> {
        let put = |(name, bytes): (String, Bytes)| {
            self.api.store(Item { subject: subject::shelf(self.settings.region, &name), headers: HeaderMap::new(), bytes })
        };
        try_join_all(values.into_iter().map(put)).await.map(drop).map_err(|fault| fault.error(&place(&self.names.shelf)))
    }

    async fn get(&self, name: &str) -> Result<Option<Bytes>, Error> {
        let found = reads::last(&self.api, &self.names.shelf, &subject::shelf(self.settings.region, name)).await;
        Ok(found.map_err(|fault| fault.error(&place(&self.names.shelf)))?.map(|kept| kept.bytes))
    }

    async fn remove(&self, name: &str) -> Result<(), Error> {
        let request = json!({"filter": subject::shelf(self.settings.region, name)});
        let purged = self.api.call::<Value>(&format!("STREAM.PURGE.{}", self.names.shelf), &request).await;
        purged.map(drop).map_err(|fault| fault.error(&place(&self.names.shelf)))
    }
}
