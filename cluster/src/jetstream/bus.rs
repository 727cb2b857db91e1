//! The bus: core NATS. Public events are also kept in a stream for those who come later, and are acknowledged by it; all else
//! may be lost, as the seam says.

use std::time::Duration;

use async_nats::{RequestErrorKind, Subscriber};
use async_trait::async_trait;
use bytes::Bytes;
use futures::StreamExt as _;
use takt_protocol::subject;
use tokio::sync::{mpsc, oneshot};

use super::Shared;
use super::api::{self, Api, Item, id_header};
use super::fault::Fault;
use crate::Error;
use crate::seam::{Bus, Note, Replied, Subscription};

#[async_trait]
impl Bus for Shared {
    async fn publish(&self, note: Note) -> Result<(), Error> {
        self.publish_all(vec![note]).await
    }

    async fn publish_all(&self, notes: Vec<Note>) -> Result<(), Error> {
        let events = subject::events(self.settings.region);
        let (kept, told): (Vec<Note>, Vec<Note>) =
            notes.into_iter().partition(|note| note.subject.starts_with(events.trim_end_matches('>')));
        let item = |Note { subject, id, bytes }: Note| Item { subject, headers: id_header(&id), bytes };
        let done = async {
            for Item { subject, headers, bytes } in told.into_iter().map(item) {
                self.api.tell(subject, headers, bytes).await?;
            }
            self.writers.events.store(kept.into_iter().map(item).collect()).await
        };
        done.await.map_err(|fault: Fault| fault.error("the bus"))
    }

    async fn subscribe(&self, pattern: &str, waiting_max: usize) -> Result<Subscription, Error> {
        let mut heard = self.listen(pattern).await?;
        let (sender, receiver) = mpsc::channel(waiting_max.max(1));
        self.start(async move {
            loop {
                let message = tokio::select! {
                    biased;
                    () = sender.closed() => return,
                    message = heard.next() => message,
                };
                let Some(message) = message else { return };
                let id = api::id_of(api::text(message.headers.as_ref(), api::ID), 0);
                let note = Note { subject: message.subject.to_string(), id, bytes: message.payload };
                if sender.try_send(note).is_err() {
                    // Cut off, as the seam says: a gap that nobody sees would be worse.
                    return;
                }
            }
        });
        Ok(receiver)
    }

    async fn request(&self, subject: &str, bytes: Bytes, patience: Duration) -> Result<Replied, Error> {
        // The client would keep the question, and ask it when its time is long over.
        if !self.api.is_connected() {
            return Ok(Replied::NoResponders);
        }
        let request = async_nats::Request::new().payload(bytes).timeout(None);
        let asked = tokio::select! {
            biased;
            asked = self.api.client.send_request(subject.to_owned(), request) => asked,
            () = self.api.clock.sleep(patience) => return Ok(Replied::TimedOut),
        };
        match asked {
            Ok(answer) => Ok(Replied::Answer(answer.payload)),
            Err(error) => match error.kind() {
                RequestErrorKind::NoResponders => Ok(Replied::NoResponders),
                RequestErrorKind::TimedOut | RequestErrorKind::Other => Ok(Replied::TimedOut),
                RequestErrorKind::InvalidSubject | RequestErrorKind::MaxPayloadExceeded => {
                    Err(Fault::Refused(error.to_string()).error("the bus"))
                }
            },
        }
    }

    async fn serve(&self, subject: &str, waiting_max: usize) -> Result<mpsc::Receiver<(Bytes, oneshot::Sender<Bytes>)>, Error> {
        let asked = self.listen(subject).await?;
        let (sender, receiver) = mpsc::channel(waiting_max.max(1));
        self.start(answer(self.api.clone(), asked, sender));
        Ok(receiver)
    }
}

impl Shared {
    /// Listens, and returns when the server does so too: what is published from then on is heard.
    async fn listen(&self, pattern: &str) -> Result<Subscriber, Error> {
        let listen = async {
            // What is said to nobody piles up in the client, and is said when nobody waits for it any more.
            if !self.api.is_connected() {
                return Err(Fault::Silent);
            }
            let heard = self.api.client.subscribe(pattern.to_owned()).await.map_err(|error| Fault::Refused(error.to_string()))?;
            // A question to nobody: the server says so at once, and by then it has heard what we said before.
            let nobody = subject::ask(self.settings.region, &format!("nobody-{:x}", crate::chance::number()));
            match self.api.ask(nobody, async_nats::HeaderMap::new(), Bytes::new()).await {
                Ok(_) | Err(Fault::Absent) => Ok(heard),
                Err(fault) => Err(fault),
            }
        };
        listen.await.map_err(|fault: Fault| fault.error("the bus"))
    }
}

/// Hands each question to whoever serves, and their answer back to whoever asked.
async fn answer(api: Api, mut asked: Subscriber, sender: mpsc::Sender<(Bytes, oneshot::Sender<Bytes>)>) {
    loop {
        let message = tokio::select! {
            biased;
            () = sender.closed() => return,
            message = asked.next() => message,
        };
        let Some(message) = message else { return };
        let Some(to) = message.reply else { continue };
        let (reply, answer) = oneshot::channel();
        if sender.send((message.payload, reply)).await.is_err() {
            return;
        }
        let api = api.clone();
        tokio::spawn(async move {
            // Whoever dropped the question answers by silence.
            if let Ok(answer) = answer.await
                && api.tell(to.to_string(), async_nats::HeaderMap::new(), answer).await.is_err()
            {
                tracing::debug!("an answer did not go out");
            }
        });
    }
}
