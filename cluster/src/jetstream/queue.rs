//! The queues: subjects of one stream that forgets what is acknowledged, each read through one durable consumer. A message's
//! id is a header; the servers' own window of ids is not used, because it would also swallow what comes again rightly.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures::future::join_all;
use serde_json::{Value, json};
use takt_protocol::subject::{self, Waiting};

use super::api::{ID, Item, id_header, id_of};
use super::counter::{Counter, Source};
use super::desk::DONE;
use super::fault::Fault;
use super::reads;
use super::{Shared, place};
use crate::Error;
use crate::seam::{Delivery, Message, Queue, QueueName, Receipt};

#[async_trait]
impl Queue for Shared {
    async fn publish(&self, group: Vec<Message>) -> Result<(), Error> {
        // Timers that came due stand in a stream of their own; a group that mixes them is two, each all or nothing.
        let (due, work): (Vec<Message>, Vec<Message>) =
            group.into_iter().partition(|message| matches!(message.queue, QueueName::Due { .. }));
        let (work_in, due_in) = (&self.writers.work, &self.writers.timer);
        for (stream, writer, group) in [(&self.names.work, work_in, work), (&self.names.timer, due_in, due)] {
            let items = group.into_iter().map(|message| self.item(message)).collect();
            writer.store(items).await.map_err(|fault| fault.error(&place(stream)))?;
        }
        Ok(())
    }

    async fn offer(&self, group: Vec<Message>, most: usize) -> Result<(), Error> {
        let mut coming: BTreeMap<QueueName, usize> = BTreeMap::new();
        for message in &group {
            *coming.entry(message.queue).or_default() += 1;
        }
        let now = self.api.clock.elapsed();
        let unsure = coming.iter().filter(|(queue, more)| !self.room.is_ample(**queue, **more, most, now));
        // Beside each other: the servers may be far away.
        let depths = join_all(unsure.map(|(queue, _)| async move { (*queue, self.depth(*queue).await) })).await;
        for (queue, depth) in depths {
            self.room.found(queue, usize::try_from(depth?).unwrap_or(usize::MAX), now);
        }
        for (queue, more) in &coming {
            if self.room.is_beyond(*queue, *more, most) {
                return Err(Error::Full { place: format!("{queue:?}") });
            }
        }
        for (queue, more) in coming {
            self.room.takes(queue, more);
        }
        self.publish(group).await
    }

    async fn pull(&self, queue: QueueName, most: usize, lease: Duration) -> Result<Vec<Delivery>, Error> {
        let counter = self.counter(queue);
        counter.pull(&self.desk, &self.api, most.max(1), lease).await.map_err(|fault| fault.error(&format!("queue {queue:?}")))
    }

    async fn ack(&self, receipts: Vec<Receipt>) -> Result<(), Error> {
        let done = receipts.into_iter().filter_map(|receipt| self.desk.take(receipt)).map(|laid| self.done(laid.answer));
        join_all(done).await.into_iter().collect::<Result<(), Fault>>().map_err(|fault| fault.error(&place(&self.names.work)))
    }

    async fn later(&self, receipt: Receipt, delay: Duration) -> Result<(), Error> {
        self.desk.put_back(receipt, self.api.clock.elapsed() + delay);
        Ok(())
    }

    async fn let_go(&self, queue: QueueName) {
        let counter = self.counters().get(&queue).cloned();
        if let Some(counter) = counter {
            counter.let_go(&self.api).await;
        }
        self.desk.give_back(queue);
    }

    async fn bury(&self, receipt: Receipt, reason: String) -> Result<(), Error> {
        self.bury_it(receipt, &reason).await.map_err(|fault| fault.error(&place(&self.names.work)))
    }

    async fn depth(&self, queue: QueueName) -> Result<u64, Error> {
        self.depth_of(queue).await.map_err(|fault| fault.error(&format!("queue {queue:?}")))
    }

    async fn oldest(&self, queue: QueueName) -> Result<Option<Bytes>, Error> {
        let subject = subject::waiting(self.settings.region, waiting(queue));
        let found = reads::next(&self.api, self.stream_of(queue), &subject, 1).await;
        Ok(found.map_err(|fault| fault.error(&format!("queue {queue:?}")))?.map(|kept| kept.bytes))
    }

    async fn list(&self, queue: QueueName, after: u64, most: usize) -> Result<Vec<(u64, String, Bytes)>, Error> {
        let (stream, subject) = (self.stream_of(queue), subject::waiting(self.settings.region, waiting(queue)));
        let mut found: Vec<(u64, String, Bytes)> = Vec::new();
        while found.len() < most {
            let from = found.last().map_or(after, |(number, ..)| *number).saturating_add(1);
            let next = reads::next(&self.api, stream, &subject, from).await.map_err(|fault| fault.error(&place(stream)))?;
            let Some(kept) = next else { break };
            found.push((kept.sequence, id_of(kept.header(ID), kept.sequence), kept.bytes));
        }
        Ok(found)
    }

    async fn buried(&self, queue: QueueName, most: usize) -> Result<Vec<(String, String, Bytes)>, Error> {
        let found = self.dead(queue, most).await.map_err(|fault| fault.error(&place(&self.names.work)))?;
        Ok(found.into_iter().map(|dead| (dead.id, dead.reason, dead.bytes)).collect())
    }

    async fn revive(&self, queue: QueueName, id: &str) -> Result<bool, Error> {
        self.revive_it(queue, id).await.map_err(|fault| fault.error(&place(&self.names.work)))
    }

    async fn names(&self) -> Result<Vec<QueueName>, Error> {
        let work = self.subjects(&self.names.work, ">").await;
        let due = self.subjects(&self.names.timer, &subject::class(self.settings.region, "due")).await;
        let found = work.and_then(|work| Ok([work, due?].concat())).map_err(|fault| fault.error(&place(&self.names.work)))?;
        let waiting = found.iter().filter_map(|(name, _)| subject::parse_waiting(self.settings.region, name));
        Ok(sorted(waiting.map(name).collect()))
    }

    async fn graves(&self) -> Result<Vec<QueueName>, Error> {
        let dead = self.subjects(&self.names.work, &subject::class(self.settings.region, "dead")).await;
        let dead = dead.map_err(|fault| fault.error(&place(&self.names.work)))?;
        let waiting = dead.iter().filter_map(|(name, _)| subject::parse_dead(self.settings.region, name));
        Ok(sorted(waiting.map(name).collect()))
    }
}

impl Shared {
    fn item(&self, message: Message) -> Item {
        let subject = subject::waiting(self.settings.region, waiting(message.queue));
        Item { subject, headers: id_header(&message.id), bytes: message.bytes }
    }

    /// Says that a message is done, and waits until the servers know it.
    pub(super) async fn done(&self, answer: String) -> Result<(), Fault> {
        self.api.ask(answer, async_nats::HeaderMap::new(), Bytes::from_static(DONE)).await.map(drop)
    }

    /// The stream a queue is in.
    fn stream_of(&self, queue: QueueName) -> &str {
        if let QueueName::Due { .. } = queue { &self.names.timer } else { &self.names.work }
    }

    fn counter(&self, queue: QueueName) -> Arc<Counter> {
        let mut counters = self.counters();
        if let Some(counter) = counters.get(&queue) {
            return Arc::clone(counter);
        }
        let source = Source {
            queue,
            stream: self.stream_of(queue).to_owned(),
            consumer: consumer(queue),
            subject: subject::waiting(self.settings.region, waiting(queue)),
            handed_max: self.settings.handed_max,
            silence: self.settings.silence,
        };
        let counter = Arc::new(Counter::new(source));
        self.start(Arc::clone(&counter).run(Arc::clone(&self.desk), self.api.clone()));
        counters.insert(queue, Arc::clone(&counter));
        counter
    }

    /// By the consumer, which knows at once what is done; by the stream, as long as nobody reads.
    async fn depth_of(&self, queue: QueueName) -> Result<u64, Fault> {
        let stream = self.stream_of(queue);
        let number = |found: &Value, key: &str| found.get(key).and_then(Value::as_u64).unwrap_or(0);
        match self.api.look::<Value>(&format!("CONSUMER.INFO.{stream}.{}", consumer(queue)), &Value::Null).await {
            Ok(found) => Ok(number(&found, "num_pending") + number(&found, "num_ack_pending")),
            Err(Fault::NoConsumer) => {
                let subject = subject::waiting(self.settings.region, waiting(queue));
                Ok(self.subjects(stream, &subject).await?.into_iter().map(|(_, count)| count).sum())
            }
            Err(fault) => Err(fault),
        }
    }

    /// The subjects of a stream that hold anything, with how many messages.
    pub(super) async fn subjects(&self, stream: &str, filter: &str) -> Result<Vec<(String, u64)>, Fault> {
        let mut found = Vec::new();
        loop {
            let request = json!({"subjects_filter": filter, "offset": found.len()});
            let page: Value = self.api.look(&format!("STREAM.INFO.{stream}"), &request).await?;
            let subjects =
                page.get("state").and_then(|state| state.get("subjects")).and_then(Value::as_object).cloned().unwrap_or_default();
            let is_last = subjects.is_empty();
            found.extend(subjects.into_iter().map(|(name, count)| (name, count.as_u64().unwrap_or(0))));
            if is_last || found.len() as u64 >= page.get("total").and_then(Value::as_u64).unwrap_or(0) {
                return Ok(found);
            }
        }
    }
}

/// The subject of a queue, as far as it is not the region's.
pub(super) fn waiting(queue: QueueName) -> Waiting {
    match queue {
        QueueName::In { shard } => Waiting::Inbox(shard),
        QueueName::Due { shard } => Waiting::Due(shard),
        QueueName::Out { site, tier } => Waiting::Out(site, tier),
        QueueName::Fwd { region, urgent } => Waiting::Forward(region, urgent),
    }
}

fn name(waiting: Waiting) -> QueueName {
    match waiting {
        Waiting::Inbox(shard) => QueueName::In { shard },
        Waiting::Due(shard) => QueueName::Due { shard },
        Waiting::Out(site, tier) => QueueName::Out { site, tier },
        Waiting::Forward(region, urgent) => QueueName::Fwd { region, urgent },
    }
}

/// The name of a queue's consumer.
pub(super) fn consumer(queue: QueueName) -> String {
    match queue {
        QueueName::In { shard } => format!("in_{shard}"),
        QueueName::Due { shard } => format!("due_{shard}"),
        QueueName::Out { site, tier } => format!("out_{site}_{tier}"),
        QueueName::Fwd { region, urgent } => format!("fwd_{region}_{}", if urgent { "urgent" } else { "normal" }),
    }
}

fn sorted(mut queues: Vec<QueueName>) -> Vec<QueueName> {
    queues.sort_unstable();
    queues.dedup();
    queues
}
