//! Dead letters: beside the queues in their stream, on subjects that nobody reads by itself. Written before the message is
//! taken out of its queue, and queued anew before it is taken out of the box, so a crash in between shows it twice and never
//! not at all.

use bytes::Bytes;
use serde_json::{Value, json};
use takt_protocol::subject;

use super::Shared;
use super::api::{ID, Item, id_header, id_of};
use super::desk::Laid;
use super::fault::Fault;
use super::queue::waiting;
use super::reads;
use crate::seam::{QueueName, Receipt};

/// The header with the reason a person reads.
pub(super) const REASON: &str = "Takt-Reason";
/// The most characters of a reason.
const REASON_CHARS_MAX: usize = 500;

/// A dead letter.
pub(super) struct Dead {
    pub(super) sequence: u64,
    pub(super) id: String,
    pub(super) reason: String,
    pub(super) bytes: Bytes,
}

impl Shared {
    /// Into the box, then out of the queue; nothing when that delivery no longer counts. What was handed out is written, not read
    /// again: whoever comes from another region may take its own mail, and may not read the stream.
    pub(super) async fn bury_it(&self, receipt: Receipt, reason: &str) -> Result<(), Fault> {
        let Some(Laid { answer, id, bytes }) = self.desk.take(receipt) else { return Ok(()) };
        let mut headers = id_header(&id);
        headers.insert(REASON, line(reason));
        let item = Item { subject: subject::dead(self.settings.region, waiting(receipt.queue)), headers, bytes };
        self.api.store(item).await?;
        self.done(answer).await
    }

    /// What lies in a box, oldest first, by the leader.
    pub(super) async fn dead(&self, queue: QueueName, most: usize) -> Result<Vec<Dead>, Fault> {
        let subject = subject::dead(self.settings.region, waiting(queue));
        let mut found: Vec<Dead> = Vec::new();
        while found.len() < most {
            let from = found.last().map_or(1, |dead| dead.sequence + 1);
            let Some(kept) = reads::next(&self.api, &self.names.work, &subject, from).await? else { break };
            let reason = kept.header(REASON).unwrap_or_default().to_owned();
            found.push(Dead { sequence: kept.sequence, id: id_of(kept.header(ID), kept.sequence), reason, bytes: kept.bytes });
        }
        Ok(found)
    }

    /// Queued anew, then out of the box; `false` when it is not there.
    pub(super) async fn revive_it(&self, queue: QueueName, id: &str) -> Result<bool, Fault> {
        let Some(dead) = self.dead(queue, usize::MAX).await?.into_iter().find(|dead| dead.id == id) else { return Ok(false) };
        let subject = subject::waiting(self.settings.region, waiting(queue));
        self.api.store(Item { subject, headers: id_header(&dead.id), bytes: dead.bytes }).await?;
        let request = json!({"seq": dead.sequence});
        match self.api.call::<Value>(&format!("STREAM.MSG.DELETE.{}", self.names.work), &request).await {
            Ok(_) | Err(Fault::NoMessage) => Ok(true),
            Err(fault) => Err(fault),
        }
    }
}

/// One line, which is all that a header takes.
fn line(reason: &str) -> String {
    reason.chars().map(|c| if c.is_control() { ' ' } else { c }).take(REASON_CHARS_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::line;

    #[test]
    fn a_reason_is_one_line_of_a_bounded_length_whatever_it_says() {
        assert_eq!(line("cannot be read:\r\n\"Größe\""), "cannot be read:  \"Größe\"");
        assert_eq!(line(&"x".repeat(5_000)).len(), 500);
    }
}
