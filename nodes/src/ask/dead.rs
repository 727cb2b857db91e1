//! Dead letters: inputs that were taken and could not be handed to anybody. They are kept, shown with the reason, and tried
//! again when a person says so. Apart from exceptions because no entity knows of them. Never throws one away.

use takt_actors::region::{AskError, Region};
use takt_cluster::seam::QueueName;
use takt_protocol::envelope::RawRef;
use takt_protocol::name::Region as RegionName;

use super::neighbours::LETTERS;
use super::{Client, Denied, ROWS_MAX, Reception, Sort};
use crate::answers::dead::DeadLetter;
use crate::answers::world::World;

/// Dead letters of one queue that are looked at.
const LETTERS_MAX: usize = 10_000;

struct Found<'a> {
    region: &'a Region,
    queue: QueueName,
    message: String,
    row: DeadLetter,
}

impl Reception {
    /// Every dead letter of all regions, at most a page of each.
    pub async fn dead_letters(&self) -> Result<World<DeadLetter>, Denied> {
        let here = async { Ok(self.letters().await?.into_iter().map(|found| found.row).take(ROWS_MAX).collect()) };
        self.told_by_all(LETTERS, here, |row: &DeadLetter| (row.region.clone(), row.id.clone())).await
    }

    /// Those of one region that runs here.
    pub(super) async fn letters_of(&self, region: RegionName) -> Result<Vec<DeadLetter>, Denied> {
        let found = self.letters().await?.into_iter().map(|found| found.row);
        Ok(found.filter(|row| row.region == region.as_str()).take(ROWS_MAX).collect())
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
        let Some(found) = self.letters().await?.into_iter().find(|found| found.row.id == id) else {
            let all = self.dead_letters().await?.page.rows;
            return Err(all.iter().find(|row| row.id == id).map_or_else(none, lies_elsewhere));
        };
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

/// It is queued again where it lies.
fn lies_elsewhere(row: &DeadLetter) -> Denied {
    let message = format!("the dead letter {} lies in region {}, which runs elsewhere", row.id, row.region);
    Denied::new(Sort::Conflict, "STATE", message, "ask a node of that region for the same").at("id")
}

/// A short name that stays the same.
fn called(place: &str) -> String {
    format!("DL-{}", RawRef::of(place.as_bytes()).to_string().get(..10).unwrap_or_default())
}
