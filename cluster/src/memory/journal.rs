//! The journal of the simulated engine.

use async_trait::async_trait;
use takt_protocol::id::EntityId;

use super::{Hold, Operation, unreachable};
use crate::Error;
use crate::seam::{Append, Appended, Entry, Journal};

#[async_trait]
impl Journal for Hold {
    async fn append(&self, group: Vec<Append>) -> Vec<Appended> {
        let count = group.len();
        let act = |store: &mut super::Store| group.iter().map(|append| store.append(append)).collect();
        self.perform(Operation::write("journal.append"), act, || vec![Appended::Unknown; count]).await
    }

    async fn last(&self, entity: EntityId) -> Result<u64, Error> {
        self.perform(Operation::read("journal.last"), |store| Ok(store.last(entity)), unreachable).await
    }

    async fn read(&self, entity: EntityId, after: u64) -> Result<Vec<Entry>, Error> {
        let act = |store: &mut super::Store| Ok(store.of(entity).filter(|entry| entry.sequence > after).cloned().collect());
        self.perform(Operation::read("journal.read"), act, unreachable).await
    }

    async fn tail(&self, shard: u16, after: u64, most: usize) -> Result<Vec<Entry>, Error> {
        self.perform(Operation::read("journal.tail"), |_| Ok(()), unreachable).await?;
        let shards = self.shared.shards;
        let Some(grown) = self.with(|store| store.grown()) else { return std::future::pending().await };
        let found = self.wait_for(&grown, |store, _| {
            let from = store.log.partition_point(|entry| entry.sequence <= after);
            let rest = store.log.get(from..).unwrap_or_default();
            let mine: Vec<Entry> = rest.iter().filter(|entry| entry.entity.shard(shards) == shard).take(most).cloned().collect();
            ((!mine.is_empty()).then_some(mine), None)
        });
        Ok(found.await)
    }

    async fn head(&self, shard: u16) -> Result<u64, Error> {
        let shards = self.shared.shards;
        let act = |store: &mut super::Store| {
            let newest = store.log.iter().rev().find(|entry| entry.entity.shard(shards) == shard);
            Ok(newest.map_or(0, |entry| entry.sequence))
        };
        self.perform(Operation::read("journal.head"), act, unreachable).await
    }

    fn shards(&self) -> u16 {
        self.shared.shards
    }

    fn incarnation(&self) -> u64 {
        1 + self.shared.store().restored
    }
}
