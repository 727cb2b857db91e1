//! Where a follower of a shard's log stands, kept on the shelf: written after what follows from the log, and not each time, so
//! that a crash only repeats what is known by its id. One that is lost starts at the beginning.

use std::time::Duration;

use bytes::Bytes;

use crate::node::Node;

/// A follower's place.
pub(crate) struct Cursor {
    name: String,
    at: u64,
    /// When it was kept last, by the node's clock; never yet.
    kept: Option<Duration>,
}

/// How long a cursor that moves on is not kept again: to keep one costs as much as a commit, and a shard has several.
const KEPT_EVERY: Duration = Duration::from_secs(1);

/// What the place of a follower is called on the shelf.
pub(crate) fn name(follower: &str, shard: u16) -> String {
    format!("cursor/{follower}/{shard}")
}

impl Cursor {
    /// Where a follower stood when it was last heard of, on whatever node. Waits for an answer: to begin at the beginning because
    /// nobody answered would do all of the past again.
    pub(crate) async fn of(node: &Node, follower: &str, shard: u16) -> Self {
        let name = name(follower, shard);
        let mut failures = 0;
        let kept = loop {
            match node.seams.shelf.get(&name).await {
                Ok(kept) => break kept,
                Err(error) => {
                    failures += 1;
                    tracing::warn!(%error, name, "a cursor cannot be read just now; trying again");
                    node.seams.clock.sleep(node.settings.pause(failures, u64::from(shard))).await;
                }
            }
        };
        let at = kept.and_then(|bytes| bytes.as_ref().try_into().ok()).map_or(0, u64::from_be_bytes);
        Self { name, at, kept: None }
    }

    /// The last sequence it is done with.
    pub(crate) fn at(&self) -> u64 {
        self.at
    }

    /// It is done with more.
    pub(crate) async fn move_to(&mut self, node: &Node, at: u64) {
        self.at = at;
        let now = node.seams.clock.elapsed();
        if self.kept.is_some_and(|kept| now < kept + KEPT_EVERY) {
            return;
        }
        self.kept = Some(now);
        let row = (self.name.clone(), Bytes::copy_from_slice(&at.to_be_bytes()));
        if let Err(error) = node.seams.shelf.put(vec![row]).await {
            tracing::debug!(%error, name = self.name, "a cursor was not kept; after a restart it repeats what is known");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use takt_protocol::book::Book;
    use takt_protocol::name::Region;

    use super::*;
    use crate::node::Settings;
    use crate::tape::tests::seams;

    #[tokio::test]
    async fn a_cursor_is_kept_now_and_then_and_never_ahead() {
        let node = Node::new(Region::parse("eu").unwrap(), seams(), Arc::new(Book::default()), Settings::default());
        let mut cursor = Cursor::of(&node, "somebody", 0).await;
        cursor.move_to(&node, 3).await;
        cursor.move_to(&node, 5).await;
        assert_eq!((cursor.at(), Cursor::of(&node, "somebody", 0).await.at()), (5, 3));
        node.seams.clock.sleep(KEPT_EVERY).await;
        cursor.move_to(&node, 8).await;
        assert_eq!(Cursor::of(&node, "somebody", 0).await.at(), 8);
    }
}
