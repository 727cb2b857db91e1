//! The bus of the simulated engine.

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use tokio::sync::{mpsc, oneshot};

use super::{Hold, Operation, Store, unreachable};
use crate::Error;
use crate::seam::{Bus, Note, Replied, Subscription};

#[async_trait]
impl Bus for Hold {
    fn is_heard(&self) -> bool {
        self.with(|store| !store.listeners.is_empty()).unwrap_or_default()
    }

    async fn publish(&self, note: Note) -> Result<(), Error> {
        let act = |store: &mut Store| {
            store.listeners.retain(|(pattern, sender)| !matches(pattern, &note.subject) || sender.try_send(note.clone()).is_ok());
            Ok(())
        };
        self.perform(Operation::write("bus.publish"), act, unreachable).await
    }

    async fn subscribe(&self, pattern: &str, waiting_max: usize) -> Result<Subscription, Error> {
        let (sender, receiver) = mpsc::channel(waiting_max.max(1));
        let act = |store: &mut Store| {
            store.listeners.push((pattern.to_owned(), sender));
            Ok(receiver)
        };
        self.perform(Operation::read("bus.subscribe"), act, unreachable).await
    }

    async fn request(&self, subject: &str, bytes: Bytes, patience: Duration) -> Result<Replied, Error> {
        let act = |store: &mut Store| Ok(store.served.get(subject).cloned());
        let Some(served) = self.perform(Operation::read("bus.request"), act, unreachable).await? else {
            return Ok(Replied::NoResponders);
        };
        let (reply, answer) = oneshot::channel();
        if served.send((bytes, reply)).await.is_err() {
            return Ok(Replied::NoResponders);
        }
        tokio::select! {
            biased;
            answer = answer => Ok(answer.map_or(Replied::TimedOut, Replied::Answer)),
            () = self.shared.clock.sleep(patience) => Ok(Replied::TimedOut),
        }
    }

    async fn serve(&self, subject: &str, waiting_max: usize) -> Result<mpsc::Receiver<(Bytes, oneshot::Sender<Bytes>)>, Error> {
        let (sender, receiver) = mpsc::channel(waiting_max.max(1));
        let act = |store: &mut Store| {
            store.served.insert(subject.to_owned(), sender);
            Ok(receiver)
        };
        self.perform(Operation::read("bus.serve"), act, unreachable).await
    }
}

/// Whether a subject is meant by a pattern: itself, or a prefix that ends in `>`.
pub(crate) fn matches(pattern: &str, subject: &str) -> bool {
    pattern.strip_suffix('>').map_or(pattern == subject, |prefix| subject.starts_with(prefix))
}
