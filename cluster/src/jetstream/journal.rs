//! The journal: appends go to the committer, the leader says where logs end, and whoever has a copy hands out what stands
//! before that.

use async_trait::async_trait;
use futures::future::join_all;
use takt_protocol::id::EntityId;
use takt_protocol::subject;
use takt_protocol::wire::COMMIT_BYTES_MAX;
use tokio::sync::oneshot;

use super::committer::Wish;
use super::fault::Fault;
use super::reads::{self, Kept};
use super::{Shared, place};
use crate::Error;
use crate::seam::{Append, Appended, Entry, Journal};

#[async_trait]
impl Journal for Shared {
    async fn append(&self, group: Vec<Append>) -> Vec<Appended> {
        let mut outcomes = Vec::with_capacity(group.len());
        let mut wishes = Vec::with_capacity(group.len());
        for append in group {
            let (entity, bytes) = (append.entity, append.bytes.len());
            let (reply, outcome) = oneshot::channel();
            outcomes.push(outcome);
            if entity.region() != self.settings.region || bytes > COMMIT_BYTES_MAX {
                // The committer would try in vain until its time is over, and so would whoever tries again.
                tracing::error!(%entity, bytes, "an append that no log of this region can take");
                continue;
            }
            let subject = subject::log(&entity, entity.shard(self.settings.shards));
            wishes.push(Wish { append, subject, reply });
        }
        let handed = tokio::select! {
            biased;
            sent = self.wishes.send(wishes) => sent.is_ok(),
            () = self.api.clock.sleep(self.settings.append_patience) => false,
        };
        if !handed {
            tracing::warn!("the committer took no appends in time");
        }
        join_all(outcomes).await.into_iter().map(|outcome| outcome.unwrap_or(Appended::Unknown)).collect()
    }

    async fn last(&self, entity: EntityId) -> Result<u64, Error> {
        self.end(&subject::log(&entity, entity.shard(self.settings.shards))).await
    }

    async fn read(&self, entity: EntityId, after: u64) -> Result<Vec<Entry>, Error> {
        let log = &self.names.log;
        let subject = subject::log(&entity, entity.shard(self.settings.shards));
        let found = async {
            let Some(last) = reads::last(&self.api, log, &subject).await? else { return Ok(Vec::new()) };
            if last.sequence <= after {
                return Ok(Vec::new());
            }
            reads::between(&self.api, log, &subject, after, last.sequence).await
        };
        let found: Vec<Kept> = found.await.map_err(|fault: Fault| fault.error(&place(log)))?;
        Ok(found.into_iter().map(|kept| Entry { sequence: kept.sequence, entity, bytes: kept.bytes }).collect())
    }

    async fn tail(&self, shard: u16, after: u64, most: usize) -> Result<Vec<Entry>, Error> {
        self.tails.follow(&self.api, self, shard, after, most).await
    }

    async fn head(&self, shard: u16) -> Result<u64, Error> {
        self.end(&subject::shard_logs(self.settings.region, shard)).await
    }

    fn is_open(&self) -> bool {
        !self.wishes.is_closed()
    }

    fn gathers(&self) -> bool {
        true
    }

    fn shards(&self) -> u16 {
        self.settings.shards
    }

    fn incarnation(&self) -> u64 {
        self.incarnation
    }
}

impl Shared {
    /// The sequence of the last message of the log on a subject, by the leader.
    async fn end(&self, subject: &str) -> Result<u64, Error> {
        let last = reads::last(&self.api, &self.names.log, subject).await.map_err(|fault| fault.error(&place(&self.names.log)))?;
        Ok(last.map_or(0, |last| last.sequence))
    }
}
