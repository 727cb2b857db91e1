//! A road as a line to the far region's servers: whoever dials asks there for mail and brings his own, and both hear by signs of life
//! whether the other one is reached. Each question goes over the WAN, and may be lost on its way there or back.

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use takt_cluster::Error;
use takt_cluster::seam::{Bus, Delivery, Message, Note, Queue, QueueName, Receipt, Replied, Subscription};
use tokio::sync::{mpsc, oneshot};

use super::road::{Highway, PATIENCE};

/// How long somebody waits for mail there before he asks anew.
const PULLS: Duration = Duration::from_secs(20);

#[async_trait]
impl Queue for Highway {
    async fn publish(&self, group: Vec<Message>) -> Result<(), Error> {
        self.at_once(async { self.there().queue.publish(group).await }).await
    }

    async fn offer(&self, group: Vec<Message>, most: usize) -> Result<(), Error> {
        self.at_once(async { self.there().queue.offer(group, most).await }).await
    }

    async fn pull(&self, queue: QueueName, most: usize, lease: Duration) -> Result<Vec<Delivery>, Error> {
        let pulled = self.over(PULLS, async { self.there().queue.pull(queue, most, lease).await }).await?;
        Ok(pulled.unwrap_or_default())
    }

    async fn ack(&self, receipts: Vec<Receipt>) -> Result<(), Error> {
        self.at_once(async { self.there().queue.ack(receipts).await }).await
    }

    async fn later(&self, receipt: Receipt, delay: Duration) -> Result<(), Error> {
        self.at_once(async { self.there().queue.later(receipt, delay).await }).await
    }

    async fn bury(&self, receipt: Receipt, reason: String) -> Result<(), Error> {
        self.at_once(async { self.there().queue.bury(receipt, reason).await }).await
    }

    async fn depth(&self, queue: QueueName) -> Result<u64, Error> {
        self.at_once(async { self.there().queue.depth(queue).await }).await
    }

    async fn oldest(&self, queue: QueueName) -> Result<Option<Bytes>, Error> {
        self.at_once(async { self.there().queue.oldest(queue).await }).await
    }

    async fn list(&self, queue: QueueName, after: u64, most: usize) -> Result<Vec<(u64, String, Bytes)>, Error> {
        self.at_once(async { self.there().queue.list(queue, after, most).await }).await
    }

    async fn buried(&self, queue: QueueName, most: usize) -> Result<Vec<(String, String, Bytes)>, Error> {
        self.at_once(async { self.there().queue.buried(queue, most).await }).await
    }

    async fn revive(&self, queue: QueueName, id: &str) -> Result<bool, Error> {
        self.at_once(async { self.there().queue.revive(queue, id).await }).await
    }

    async fn names(&self) -> Result<Vec<QueueName>, Error> {
        self.at_once(async { self.there().queue.names().await }).await
    }

    async fn graves(&self) -> Result<Vec<QueueName>, Error> {
        self.at_once(async { self.there().queue.graves().await }).await
    }
}

#[async_trait]
impl Bus for Highway {
    async fn publish(&self, note: Note) -> Result<(), Error> {
        self.at_once(async { self.there().bus.publish(note).await }).await
    }

    async fn subscribe(&self, pattern: &str, waiting_max: usize) -> Result<Subscription, Error> {
        self.at_once(async { self.there().bus.subscribe(pattern, waiting_max).await }).await
    }

    async fn request(&self, subject: &str, bytes: Bytes, patience: Duration) -> Result<Replied, Error> {
        let replied = self.over(patience.max(PATIENCE), async { self.there().bus.request(subject, bytes, patience).await }).await?;
        Ok(replied.unwrap_or(Replied::TimedOut))
    }

    async fn serve(&self, subject: &str, waiting_max: usize) -> Result<mpsc::Receiver<(Bytes, oneshot::Sender<Bytes>)>, Error> {
        self.at_once(async { self.there().bus.serve(subject, waiting_max).await }).await
    }
}
