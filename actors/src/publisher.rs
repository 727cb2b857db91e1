//! Tells the world: every commit's public events on their subjects, to whoever listens now. Told at least once, each under an
//! id of its own that never changes; who was away reads them again from the log (`Tape`, `event::of`).

use std::sync::Arc;

use bytes::Bytes;
use takt_cluster::seam::Note;
use takt_protocol::event::{self, Event};

use crate::cursor::Cursor;
use crate::node::Node;

/// Runs for ever on one shard.
pub(crate) async fn run(node: Arc<Node>, shard: u16) {
    let mut cursor = Cursor::of(&node, "publisher", shard).await;
    let mut failures = 0;
    loop {
        match step(&node, shard, cursor.at()).await {
            Ok(next) => {
                failures = 0;
                cursor.move_to(&node, next).await;
            }
            Err(error) => {
                failures += 1;
                tracing::warn!(%error, shard, "failed to publish events; trying again");
                node.seams.clock.sleep(node.settings.pause(failures, cursor.at())).await;
            }
        }
    }
}

async fn step(node: &Node, shard: u16, cursor: u64) -> Result<u64, takt_cluster::Error> {
    let run = node.tape.all_after(shard, cursor).await?;
    if node.seams.bus.is_heard() {
        node.seams.bus.publish_all(run.commits().flat_map(|recorded| event::of(&recorded.commit)).filter_map(note).collect()).await?;
    }
    Ok(run.upto)
}

fn note(event: Event) -> Option<Note> {
    match serde_json::to_vec(&event) {
        Ok(bytes) => Some(Note { subject: event.subject(), id: event.id, bytes: Bytes::from(bytes) }),
        Err(error) => {
            tracing::error!(%error, id = %event.id, "an event cannot be written down");
            None
        }
    }
}
