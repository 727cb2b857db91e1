//! Watching a thing: first what was, then what comes, without a gap. Ends when the doors close, or when the watcher leaves.

use std::collections::VecDeque;
use std::sync::Arc;

use futures::{Stream, StreamExt as _};
use takt_actors::node::Node;
use takt_actors::region::AskError;
use takt_cluster::seam::Entry;
use takt_protocol::commit::Commit;
use takt_protocol::id::{EntityId, Kind};
use takt_protocol::wire;

use super::{Denied, Reception, Ticket};
use crate::answers::timeline::{self, Step};

/// Where a watcher stands.
struct Watch {
    entity: EntityId,
    node: Arc<Node>,
    shard: u16,
    cursor: u64,
    after: u64,
    steps: VecDeque<Step>,
    _ticket: Ticket,
}

impl Reception {
    /// The steps of an order after commit `after`, as they happened and as they happen.
    pub(crate) async fn watch(&self, id: &str, after: u64) -> Result<impl Stream<Item = Result<Step, Denied>> + use<>, Denied> {
        let ticket = self.admission().watch()?;
        let entity = self.find(Kind::Order, "order", id).await?;
        let home = self.mesh().home(entity).map_err(|error| Denied::asking(&error))?;
        let node = Arc::clone(home.node());
        let shard = entity.shard(node.seams.journal.shards());
        let was = node.seams.journal.read(entity, 0).await.map_err(|error| Denied::asking(&AskError::Store(error)))?;
        let mut watch = Watch { entity, node, shard, cursor: 0, after, steps: VecDeque::new(), _ticket: ticket };
        if was.is_empty() {
            return Err(Denied::nobody_knows(entity.kind().word(), "order"));
        }
        watch.take(&was);
        // An error is the last word: the watcher comes back with what it has seen.
        let steps = futures::stream::unfold(Some(watch), |watch| async move {
            let mut watch = watch?;
            let step = watch.next().await;
            let goes_on = step.is_ok();
            Some((step, goes_on.then_some(watch)))
        });
        Ok(steps.take_until(Box::pin(self.closed())))
    }
}

impl Watch {
    /// The next step, as soon as there is one.
    async fn next(&mut self) -> Result<Step, Denied> {
        loop {
            if let Some(step) = self.steps.pop_front() {
                return Ok(step);
            }
            let stretch = self.node.tape.alone(self.shard, self.cursor).await.map_err(|error| Denied::asking(&AskError::Store(error)))?;
            for recorded in &stretch.commits {
                self.see(&recorded.commit);
            }
            self.cursor = stretch.upto;
        }
    }

    fn take(&mut self, entries: &[Entry]) {
        for entry in entries {
            self.cursor = self.cursor.max(entry.sequence);
            if let Ok((commit, _)) = wire::open(&entry.bytes) {
                self.see(&commit);
            }
        }
    }

    fn see(&mut self, commit: &Commit) {
        if commit.entity == self.entity && commit.number > self.after {
            self.after = commit.number;
            self.steps.extend(timeline::of(commit));
        }
    }
}
