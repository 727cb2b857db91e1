//! Queues on disk. Who is handed what is known in memory only: after a restart everything that is not done is ready.

use std::collections::BTreeSet;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use redb::ReadableTable as _;
use tokio::sync::oneshot;

use super::Shared;
use super::job::Job;
use super::table::{BURIED, QUEUE, disk, queue_key, queue_name};
use crate::Error;
use crate::seam::{Delivery, Message, Queue, QueueName, Receipt};

#[async_trait]
impl Queue for Shared {
    async fn publish(&self, group: Vec<Message>) -> Result<(), Error> {
        let (reply, answer) = oneshot::channel();
        self.hand_over(Job::Publish(group, reply)).await?;
        answer.await.unwrap_or(Err(Error::Stopped))
    }

    async fn pull(&self, queue: QueueName, most: usize, lease: Duration) -> Result<Vec<Delivery>, Error> {
        loop {
            let queued = self.queued.notified();
            let now = self.clock.elapsed();
            let (handed, due) = {
                let mut lines = self.lines();
                let line = lines.entry(queue).or_default();
                (line.hand_out(now, most, lease), line.next_due())
            };
            if !handed.is_empty() {
                return self.deliveries(queue, &handed).map_err(|error| disk("read a queue", &self.place, error));
            }
            if self.jobs().is_none() {
                return Err(Error::Stopped);
            }
            match due {
                Some(at) => {
                    tokio::select! {
                        biased;
                        () = queued => {}
                        () = self.clock.sleep(at.saturating_sub(now).max(Duration::from_millis(1))) => {}
                    }
                }
                None => queued.await,
            }
        }
    }

    async fn ack(&self, receipts: Vec<Receipt>) -> Result<(), Error> {
        let current = {
            let mut lines = self.lines();
            let mut done =
                |receipt: &Receipt| lines.get_mut(&receipt.queue).is_some_and(|line| line.done(receipt.sequence, receipt.delivery));
            receipts.into_iter().filter(|receipt| done(receipt)).collect()
        };
        self.hand_over(Job::Done(current)).await
    }

    async fn later(&self, receipt: Receipt, delay: Duration) -> Result<(), Error> {
        let at = self.clock.elapsed() + delay;
        if let Some(line) = self.lines().get_mut(&receipt.queue) {
            line.put_back(receipt.sequence, receipt.delivery, at);
        }
        self.queued.notify_waiters();
        Ok(())
    }

    async fn bury(&self, receipt: Receipt, reason: String) -> Result<(), Error> {
        let current = self.lines().get_mut(&receipt.queue).is_some_and(|line| line.done(receipt.sequence, receipt.delivery));
        if !current {
            return Ok(());
        }
        let (reply, answer) = oneshot::channel();
        self.hand_over(Job::Bury(receipt, reason, reply)).await?;
        answer.await.unwrap_or(Err(Error::Stopped))
    }

    async fn depth(&self, queue: QueueName) -> Result<u64, Error> {
        Ok(self.lines().get(&queue).map_or(0, |line| line.len() as u64))
    }

    async fn oldest(&self, queue: QueueName) -> Result<Option<Bytes>, Error> {
        let read = || -> Result<Option<Bytes>, redb::Error> {
            let table = Shared::read(self)?.open_table(QUEUE)?;
            let name = queue_key(queue);
            let first = table.range((name.as_str(), 0)..=(name.as_str(), u64::MAX))?.next().transpose()?;
            Ok(first.map(|(_, value)| Bytes::copy_from_slice(value.value().1)))
        };
        read().map_err(|error| disk("read a queue", &self.place, error))
    }

    async fn list(&self, queue: QueueName, after: u64, most: usize) -> Result<Vec<(u64, String, Bytes)>, Error> {
        let read = || -> Result<Vec<(u64, String, Bytes)>, redb::Error> {
            let table = Shared::read(self)?.open_table(QUEUE)?;
            let name = queue_key(queue);
            let mut found = Vec::new();
            for row in table.range((name.as_str(), after.saturating_add(1))..=(name.as_str(), u64::MAX))?.take(most) {
                let (key, value) = row?;
                let (id, bytes) = value.value();
                found.push((key.value().1, id.to_owned(), Bytes::copy_from_slice(bytes)));
            }
            Ok(found)
        };
        read().map_err(|error| disk("read a queue", &self.place, error))
    }

    async fn buried(&self, queue: QueueName, most: usize) -> Result<Vec<(String, String, Bytes)>, Error> {
        let read = || -> Result<Vec<(String, String, Bytes)>, redb::Error> {
            let read = Shared::read(self)?;
            let table = read.open_table(BURIED)?;
            let name = queue_key(queue);
            let mut found = Vec::new();
            for row in table.range((name.as_str(), 0)..=(name.as_str(), u64::MAX))?.take(most) {
                let (_, value) = row?;
                let (id, reason, bytes) = value.value();
                found.push((id.to_owned(), reason.to_owned(), Bytes::copy_from_slice(bytes)));
            }
            Ok(found)
        };
        read().map_err(|error| disk("read the dead-letter box", &self.place, error))
    }

    async fn revive(&self, queue: QueueName, id: &str) -> Result<bool, Error> {
        let (reply, answer) = oneshot::channel();
        self.hand_over(Job::Revive(queue, id.to_owned(), reply)).await?;
        answer.await.unwrap_or(Err(Error::Stopped))
    }

    async fn names(&self) -> Result<Vec<QueueName>, Error> {
        Ok(self.lines().iter().filter(|(_, line)| line.len() > 0).map(|(name, _)| *name).collect())
    }

    async fn graves(&self) -> Result<Vec<QueueName>, Error> {
        let read = || -> Result<BTreeSet<QueueName>, redb::Error> {
            let table = Shared::read(self)?.open_table(BURIED)?;
            let mut found = BTreeSet::new();
            for row in table.iter()? {
                found.extend(queue_name(row?.0.value().0));
            }
            Ok(found)
        };
        Ok(read().map_err(|error| disk("read the dead-letter box", &self.place, error))?.into_iter().collect())
    }
}

impl Shared {
    fn deliveries(&self, queue: QueueName, handed: &[(u64, u32)]) -> Result<Vec<Delivery>, redb::Error> {
        let read = Shared::read(self)?;
        let table = read.open_table(QUEUE)?;
        let name = queue_key(queue);
        let mut deliveries = Vec::with_capacity(handed.len());
        for (sequence, delivery) in handed {
            let Some(row) = table.get((name.as_str(), *sequence))? else { continue };
            let (id, bytes) = row.value();
            let receipt = Receipt { queue, sequence: *sequence, delivery: *delivery };
            deliveries.push(Delivery { receipt, id: id.to_owned(), deliveries: *delivery, bytes: Bytes::copy_from_slice(bytes) });
        }
        Ok(deliveries)
    }
}
