//! The journal on disk: appends go to the writer, reads look at the last durable state.

use async_trait::async_trait;
use takt_protocol::id::EntityId;
use tokio::sync::oneshot;

use super::job::Job;
use super::table::{LAST, LOG, disk};
use super::{Shared, chunk};
use crate::Error;
use crate::seam::{Append, Appended, Entry, Journal};

#[async_trait]
impl Journal for Shared {
    async fn append(&self, group: Vec<Append>) -> Vec<Appended> {
        let count = group.len();
        let (reply, answer) = oneshot::channel();
        if self.hand_over(Job::Append(group, reply)).await.is_err() {
            return vec![Appended::Unknown; count];
        }
        answer.await.unwrap_or_else(|_| vec![Appended::Unknown; count])
    }

    async fn last(&self, entity: EntityId) -> Result<u64, Error> {
        self.last_of(entity).map_err(|error| disk("read the last sequence", &self.place, error))
    }

    async fn read(&self, entity: EntityId, after: u64) -> Result<Vec<Entry>, Error> {
        let entries = self.entries(entity, after).map_err(|error| disk("read the log", &self.place, error))?;
        entries.ok_or_else(|| Error::Damaged { place: self.place.display().to_string(), what: format!("the log of {entity} has a hole") })
    }

    async fn tail(&self, shard: u16, after: u64, most: usize) -> Result<Vec<Entry>, Error> {
        loop {
            let appended = self.appended.notified();
            let found = self.since(shard, after, most).map_err(|error| disk("read the log", &self.place, error))?;
            if !found.is_empty() {
                return Ok(found);
            }
            if self.jobs().is_none() {
                return Err(Error::Stopped);
            }
            appended.await;
        }
    }

    async fn head(&self, shard: u16) -> Result<u64, Error> {
        self.last_in(shard).map_err(|error| disk("read the last sequence", &self.place, error))
    }

    fn is_open(&self) -> bool {
        self.jobs().is_some()
    }

    fn shards(&self) -> u16 {
        self.settings.shards
    }

    fn incarnation(&self) -> u64 {
        self.incarnation
    }
}

impl Shared {
    fn last_of(&self, entity: EntityId) -> Result<u64, redb::Error> {
        let read = Shared::read(self)?;
        let table = read.open_table(LAST)?;
        Ok(table.get(chunk::key(&entity).as_slice())?.map_or(0, |last| last.value()))
    }

    fn last_in(&self, shard: u16) -> Result<u64, redb::Error> {
        let read = Shared::read(self)?;
        let log = read.open_table(LOG)?;
        let Some((key, row)) = log.range((shard, 0)..=(shard, u64::MAX))?.next_back().transpose()? else { return Ok(0) };
        let messages = chunk::walk(row.value(), self.settings.region, 0).count() as u64;
        Ok((key.value().1 + messages).saturating_sub(1))
    }

    /// An entity's messages, walked back from its last one; `None` when one that should be there is not.
    fn entries(&self, entity: EntityId, after: u64) -> Result<Option<Vec<Entry>>, redb::Error> {
        let read = Shared::read(self)?;
        let log = read.open_table(LOG)?;
        let shard = entity.shard(self.settings.shards);
        let mut sequence = read.open_table(LAST)?.get(chunk::key(&entity).as_slice())?.map_or(0, |last| last.value());
        let mut entries = Vec::new();
        while sequence > after {
            let Some(row) = log.range((shard, 0)..=(shard, sequence))?.next_back().transpose()? else { return Ok(None) };
            let skip = usize::try_from(sequence - row.0.value().1).unwrap_or(usize::MAX);
            let found = chunk::walk(row.1.value(), self.settings.region, skip).next();
            let Some(message) = found.filter(|message| message.entity == entity) else { return Ok(None) };
            entries.push(Entry { sequence, entity, bytes: message.bytes });
            sequence = message.previous;
        }
        entries.reverse();
        Ok(Some(entries))
    }

    fn since(&self, shard: u16, after: u64, most: usize) -> Result<Vec<Entry>, redb::Error> {
        let read = Shared::read(self)?;
        let log = read.open_table(LOG)?;
        let from = log.range((shard, 0)..=(shard, after + 1))?.next_back().transpose()?.map_or(after + 1, |(key, _)| key.value().1);
        let mut entries = Vec::new();
        for row in log.range((shard, from)..=(shard, u64::MAX))? {
            let (key, row) = row?;
            let first = key.value().1;
            let skip = usize::try_from((after + 1).saturating_sub(first)).unwrap_or(usize::MAX);
            for (at, message) in chunk::walk(row.value(), self.settings.region, skip).enumerate() {
                entries.push(Entry { sequence: first + (skip + at) as u64, entity: message.entity, bytes: message.bytes });
                if entries.len() == most {
                    return Ok(entries);
                }
            }
        }
        Ok(entries)
    }
}
