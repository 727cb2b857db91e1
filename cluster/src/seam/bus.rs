//! Talk that may be lost: requests with a reply, and published notes. What must not be lost goes through a queue.

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use tokio::sync::mpsc;

use crate::Error;

/// A published note.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// Its subject, built in `takt_protocol::subject`.
    pub subject: String,
    /// Its id, for readers that must not count it twice.
    pub id: String,
    /// The note.
    pub bytes: Bytes,
}

/// One subscriber's stream of notes. A subscriber that falls behind its bound is cut off, and must start again.
pub type Subscription = mpsc::Receiver<Note>;

/// What a request came back with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Replied {
    /// The answer.
    Answer(Bytes),
    /// Nobody listens on that subject: it was not heard by anyone.
    NoResponders,
    /// No answer in time: it may have been heard.
    TimedOut,
}

/// Request and reply, publish and subscribe.
#[async_trait]
pub trait Bus: Send + Sync {
    /// Whether anybody may be listening now, so that nothing is written down for nobody. An engine that cannot know says yes.
    fn is_heard(&self) -> bool {
        true
    }

    /// Publishes a note to whoever listens now.
    async fn publish(&self, note: Note) -> Result<(), Error>;

    /// The same for a group, in its order; an engine that keeps some of them does so at once.
    async fn publish_all(&self, notes: Vec<Note>) -> Result<(), Error> {
        for note in notes {
            self.publish(note).await?;
        }
        Ok(())
    }

    /// Listens on a subject or a prefix ending in `>`; at most `waiting_max` notes wait.
    async fn subscribe(&self, pattern: &str, waiting_max: usize) -> Result<Subscription, Error>;

    /// Asks, and waits at most `patience`.
    async fn request(&self, subject: &str, bytes: Bytes, patience: Duration) -> Result<Replied, Error>;

    /// Answers requests on a subject: each comes with the sender to reply on.
    async fn serve(&self, subject: &str, waiting_max: usize)
    -> Result<mpsc::Receiver<(Bytes, tokio::sync::oneshot::Sender<Bytes>)>, Error>;
}
