//! What the writer is asked to do.

use bytes::Bytes;
use tokio::sync::oneshot;

use crate::Error;
use crate::seam::{Append, Appended, BlobHash, Message, QueueName, Receipt, Timer};

/// The end of a durable request.
pub(super) type Answer = oneshot::Sender<Result<(), Error>>;

/// A request to the writer.
pub(super) enum Job {
    /// Fenced appends, one outcome each.
    Append(Vec<Append>, oneshot::Sender<Vec<Appended>>),
    /// Messages for queues.
    Publish(Vec<Message>, Answer),
    /// Messages that are done.
    Done(Vec<Receipt>),
    /// A message into the dead-letter box.
    Bury(Receipt, String, Answer),
    /// A message out of the dead-letter box; whether it was there.
    Revive(QueueName, String, oneshot::Sender<Result<bool, Error>>),
    /// Timers.
    Set(Vec<Timer>, Answer),
    /// Timers whose time has come, by due time and id.
    Ring(Vec<(i64, String)>, Answer),
    /// Raw payloads.
    Keep(Vec<(BlobHash, Bytes)>, Answer),
    /// Values for the shelf; `None` forgets one.
    Shelve(Vec<(String, Option<Bytes>)>),
}

impl Job {
    /// Does somebody wait until it is durable?
    pub(super) fn must_last(&self) -> bool {
        match self {
            Self::Append(..) | Self::Publish(..) | Self::Bury(..) | Self::Revive(..) | Self::Set(..) | Self::Ring(..) | Self::Keep(..) => {
                true
            }
            Self::Done(_) | Self::Shelve(_) => false,
        }
    }

    /// How many messages it writes, for the size of a group.
    pub(super) fn weight(&self) -> usize {
        match self {
            Self::Append(group, _) => group.len(),
            Self::Publish(group, _) => group.len(),
            Self::Done(receipts) => receipts.len(),
            Self::Set(timers, _) => timers.len(),
            Self::Ring(due, _) => due.len(),
            Self::Keep(payloads, _) => payloads.len(),
            Self::Shelve(values) => values.len(),
            Self::Bury(..) | Self::Revive(..) => 1,
        }
    }
}
