//! Watching a thing: first what was, then what comes, without a gap. What was is read from the thing's own log; what comes is
//! heard together with everybody else who watches. Ends when the doors close, or when the watcher leaves.

use std::collections::VecDeque;
use std::sync::Arc;

use bytes::Bytes;
use futures::{Stream, StreamExt as _};
use takt_actors::node::Node;
use takt_actors::region::AskError;
use takt_protocol::commit::Commit;
use takt_protocol::id::{EntityId, Kind};
use takt_protocol::wire;

use super::live::Follower;
use super::{Client, Denied, Reception, Sort, Ticket};
use crate::answers::timeline::{self, Step};

/// A step, and the place behind which a watcher that has seen it goes on.
pub(crate) struct Seen {
    pub(crate) step: Step,
    pub(crate) place: u64,
}

/// Where a watcher stands.
struct Watch {
    entity: EntityId,
    /// The number of the last commit that was taken.
    after: u64,
    /// What was, as far as it is not told yet: a commit is opened when its turn comes, so that a slow reader costs no more than
    /// the log itself.
    was: VecDeque<Bytes>,
    steps: VecDeque<Seen>,
    live: Follower,
    _ticket: Ticket,
}

impl Reception {
    /// The steps of an order after commit `after`, as they happened and as they happen.
    pub(crate) async fn watch(
        &self,
        client: &Client,
        id: &str,
        after: u64,
    ) -> Result<impl Stream<Item = Result<Seen, Denied>> + use<>, Denied> {
        let ticket = self.admission().watch(client)?;
        let entity = self.find(Kind::Order, "order", id).await?;
        let node = Arc::clone(self.mesh().home(entity).map_err(|error| Denied::asking(&error))?.node());
        let shard = entity.shard(node.seams.journal.shards());
        // Listens before it reads, so that nothing falls between the two.
        let live = self.live.follow(&node, shard, None).await.map_err(|error| Denied::asking(&AskError::Store(error)))?;
        let was = self.was(&node, entity, after).await?;
        let watch = Watch { entity, after, was, steps: VecDeque::new(), live, _ticket: ticket };
        // An error is the last word: the watcher comes back with what it has seen.
        let steps = futures::stream::unfold(Some(watch), |watch| async move {
            let mut watch = watch?;
            let step = watch.next().await;
            let goes_on = step.is_ok();
            Some((step, goes_on.then_some(watch)))
        });
        Ok(steps.take_until(Box::pin(self.over_for(client))))
    }

    /// What is recorded of a thing behind its commit `after`.
    async fn was(&self, node: &Node, entity: EntityId, after: u64) -> Result<VecDeque<Bytes>, Denied> {
        let turn = self.live.turn();
        let _turn = turn.acquire().await.map_err(|_| Denied::ours("nobody may begin to watch any more"))?;
        let log = node.seams.journal.read(entity, 0).await.map_err(|error| Denied::asking(&AskError::Store(error)))?;
        if log.is_empty() {
            return Err(Denied::nobody_knows(entity.kind().word(), "order"));
        }
        let behind = usize::try_from(after).unwrap_or(usize::MAX);
        if behind > log.len() {
            let message = format!("commit {after} is not there: the last one of this {} is {}", entity.kind(), log.len());
            let remedy = "send the number of a commit that was seen, or leave `after` out for the beginning";
            return Err(Denied::new(Sort::Conflict, "STALE_VERSION", message, remedy).at("after"));
        }
        Ok(log.into_iter().skip(behind).map(|entry| entry.bytes).collect())
    }
}

impl Watch {
    /// The next step, as soon as there is one.
    async fn next(&mut self) -> Result<Seen, Denied> {
        loop {
            if let Some(step) = self.steps.pop_front() {
                return Ok(step);
            }
            if let Some(bytes) = self.was.pop_front() {
                if let Ok((commit, _)) = wire::open(&bytes) {
                    self.see(&commit);
                }
                continue;
            }
            let (_, stretch) = self.live.next().await.map_err(|error| Denied::asking(&AskError::Store(error)))?;
            for recorded in &stretch.commits {
                self.see(&recorded.commit);
            }
        }
    }

    /// All steps of a commit but the last lead back to before it, so that a watcher that comes back misses none.
    fn see(&mut self, commit: &Commit) {
        if commit.entity == self.entity && commit.number > self.after {
            let steps = timeline::of(commit);
            let last = steps.len();
            let places = (1..).map(|at| if at == last { commit.number } else { commit.number - 1 });
            self.steps.extend(steps.into_iter().zip(places).map(|(step, place)| Seen { step, place }));
            self.after = commit.number;
        }
    }
}
