//! Dead letters: inputs that were taken and could not be handed to anybody. They are kept, shown with the reason, and tried
//! again when a person says so. Apart from exceptions because no entity knows of them. Never throws one away.

use takt_actors::region::{AskError, Region};
use takt_cluster::seam::QueueName;
use takt_protocol::envelope::RawRef;

use super::{Client, Denied, ROWS_MAX, Reception, Sort};
use crate::answers::Page;
use crate::answers::dead::DeadLetter;

/// Dead letters of one queue that are looked at.
const LETTERS_MAX: usize = 10_000;

struct Found<'a> {
    region: &'a Region,
    queue: QueueName,
    message: String,
    row: DeadLetter,
}

impl Reception {
    /// Every dead letter, at most a page of them.
    pub async fn dead_letters(&self) -> Result<Page<DeadLetter>, Denied> {
        let rows = self.letters().await?.into_iter().map(|found| found.row).take(ROWS_MAX).collect();
        Ok(Page { rows, next: None, as_of: Some(self.mesh().clock().now().to_string()) })
    }

    /// Queues one anew.
    pub async fn retry_dead_letter(&self, client: &Client, id: &str) -> Result<DeadLetter, Denied> {
        self.may_ask(client, "retry_dead_letter")?;
        let none = || {
            let message = format!("no dead letter is known as `{}`", id.escape_debug());
            Denied::new(
                Sort::NotFound,
                "UNKNOWN",
                message,
                "send it as GET /v1/dead-letters lists it; it may have been tried again already",
            )
            .at("id")
        };
        let found = self.letters().await?.into_iter().find(|found| found.row.id == id).ok_or_else(none)?;
        let revived = found.region.node().seams.queue.revive(found.queue, &found.message).await;
        if revived.map_err(|error| Denied::asking(&AskError::Store(error)))? { Ok(found.row) } else { Err(none()) }
    }

    async fn letters(&self) -> Result<Vec<Found<'_>>, Denied> {
        let failed = |error| Denied::asking(&AskError::Store(error));
        let mut letters = Vec::new();
        for (name, region) in self.mesh().regions() {
            let queues = &region.node().seams.queue;
            for queue in queues.graves().await.map_err(failed)? {
                for (message, reason, bytes) in queues.buried(queue, LETTERS_MAX).await.map_err(failed)? {
                    let id = called(&format!("{name}|{queue:?}|{message}"));
                    let row = DeadLetter { id, region: name.to_string(), message: message.clone(), reason, bytes: bytes.len() as u64 };
                    letters.push(Found { region, queue, message, row });
                }
            }
        }
        Ok(letters)
    }
}

/// A short name that stays the same.
fn called(place: &str) -> String {
    format!("DL-{}", RawRef::of(place.as_bytes()).to_string().get(..10).unwrap_or_default())
}
