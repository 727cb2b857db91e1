//! Queues and timers of the simulated engine.

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;

use super::{Hold, Operation, Store, unreachable};
use crate::Error;
use crate::seam::{Delivery, Message, Queue, QueueName, Receipt, Timer, Timers};

#[async_trait]
impl Queue for Hold {
    async fn publish(&self, group: Vec<Message>) -> Result<(), Error> {
        let act = |store: &mut Store| {
            for message in group {
                store.publish(message);
            }
            Ok(())
        };
        self.perform(Operation::write("queue.publish"), act, unreachable).await
    }

    async fn pull(&self, queue: QueueName, most: usize, lease: Duration) -> Result<Vec<Delivery>, Error> {
        self.perform(Operation::read("queue.pull"), |_| Ok(()), unreachable).await?;
        let clock = &self.shared.clock;
        let Some(filled) = self.with(|store| store.filled(queue)) else { return std::future::pending().await };
        let found = self.wait_for(&filled, |store, now| {
            // Timers go into these queues, and into no others.
            let timer = matches!(queue, QueueName::Due { .. }).then(|| {
                let at = clock.now();
                store.ring(at);
                store.next_timer().map(|timer| now + timer.since(at))
            });
            let next_timer = timer.flatten();
            let Some(waiting) = store.queues.get_mut(&queue) else { return (None, next_timer) };
            let handed = waiting.line.hand_out(now, most, lease);
            let due = waiting.line.next_due().into_iter().chain(next_timer).min();
            let deliveries: Vec<Delivery> = handed
                .into_iter()
                .filter_map(|(sequence, delivery)| {
                    let message = waiting.messages.get(&sequence)?;
                    let receipt = Receipt { queue, sequence, delivery };
                    Some(Delivery { receipt, id: message.id.clone(), deliveries: delivery, bytes: message.bytes.clone() })
                })
                .collect();
            ((!deliveries.is_empty()).then_some(deliveries), due)
        });
        Ok(found.await)
    }

    async fn ack(&self, receipts: Vec<Receipt>) -> Result<(), Error> {
        let act = |store: &mut Store| {
            for receipt in receipts {
                take(store, receipt);
            }
            Ok(())
        };
        self.perform(Operation::write("queue.ack"), act, unreachable).await
    }

    async fn later(&self, receipt: Receipt, delay: Duration) -> Result<(), Error> {
        let at = self.shared.clock.elapsed() + delay;
        let act = |store: &mut Store| {
            if let Some(waiting) = store.queues.get_mut(&receipt.queue) {
                waiting.line.put_back(receipt.sequence, receipt.delivery, at);
            }
            store.fills(receipt.queue);
            Ok(())
        };
        self.perform(Operation::write("queue.later"), act, unreachable).await
    }

    async fn bury(&self, receipt: Receipt, reason: String) -> Result<(), Error> {
        let act = |store: &mut Store| {
            if let Some(message) = take(store, receipt)
                && let Some(waiting) = store.queues.get_mut(&receipt.queue)
            {
                waiting.buried.insert(receipt.sequence, (message.id, reason, message.bytes));
            }
            Ok(())
        };
        self.perform(Operation::write("queue.bury"), act, unreachable).await
    }

    async fn depth(&self, queue: QueueName) -> Result<u64, Error> {
        let act = |store: &mut Store| Ok(store.queues.get(&queue).map_or(0, |waiting| waiting.line.len() as u64));
        self.perform(Operation::read("queue.depth"), act, unreachable).await
    }

    async fn oldest(&self, queue: QueueName) -> Result<Option<Bytes>, Error> {
        let first = |waiting: &super::store::Waiting| waiting.messages.values().next().map(|message| message.bytes.clone());
        let act = |store: &mut Store| Ok(store.queues.get(&queue).and_then(first));
        self.perform(Operation::read("queue.oldest"), act, unreachable).await
    }

    async fn list(&self, queue: QueueName, after: u64, most: usize) -> Result<Vec<(u64, String, Bytes)>, Error> {
        let row = |(number, message): (&u64, &Message)| (*number, message.id.clone(), message.bytes.clone());
        let behind = |waiting: &super::store::Waiting| waiting.messages.range(after.saturating_add(1)..).take(most).map(row).collect();
        let act = |store: &mut Store| Ok(store.queues.get(&queue).map(behind).unwrap_or_default());
        self.perform(Operation::read("queue.list"), act, unreachable).await
    }

    async fn buried(&self, queue: QueueName, most: usize) -> Result<Vec<(String, String, Bytes)>, Error> {
        let act = |store: &mut Store| {
            Ok(store.queues.get(&queue).map(|waiting| waiting.buried.values().take(most).cloned().collect()).unwrap_or_default())
        };
        self.perform(Operation::read("queue.buried"), act, unreachable).await
    }

    async fn revive(&self, queue: QueueName, id: &str) -> Result<bool, Error> {
        let act = |store: &mut Store| {
            let Some(waiting) = store.queues.get_mut(&queue) else { return Ok(false) };
            let found = waiting.buried.iter().find(|(_, (known, ..))| known == id).map(|(number, _)| *number);
            let Some((id, _, bytes)) = found.and_then(|number| waiting.buried.remove(&number)) else { return Ok(false) };
            store.publish(Message { queue, id, bytes });
            Ok(true)
        };
        self.perform(Operation::write("queue.revive"), act, unreachable).await
    }

    async fn names(&self) -> Result<Vec<QueueName>, Error> {
        let act =
            |store: &mut Store| Ok(store.queues.iter().filter(|(_, waiting)| waiting.line.len() > 0).map(|(name, _)| *name).collect());
        self.perform(Operation::read("queue.names"), act, unreachable).await
    }

    async fn graves(&self) -> Result<Vec<QueueName>, Error> {
        let act =
            |store: &mut Store| Ok(store.queues.iter().filter(|(_, waiting)| !waiting.buried.is_empty()).map(|(name, _)| *name).collect());
        self.perform(Operation::read("queue.graves"), act, unreachable).await
    }
}

/// Takes a message out for good; nothing when that delivery no longer counts.
fn take(store: &mut Store, receipt: Receipt) -> Option<Message> {
    let waiting = store.queues.get_mut(&receipt.queue)?;
    waiting.line.done(receipt.sequence, receipt.delivery).then(|| waiting.messages.remove(&receipt.sequence))?
}

#[async_trait]
impl Timers for Hold {
    async fn set(&self, group: Vec<Timer>) -> Result<(), Error> {
        let act = |store: &mut Store| {
            for timer in group {
                store.set_timer(timer);
            }
            Ok(())
        };
        self.perform(Operation::write("timers.set"), act, unreachable).await
    }
}
