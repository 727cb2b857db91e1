//! The committer: the only way to the journal. It takes what waits into one group and never lingers for more, and hands over one
//! by one where the journal gathers by itself, because the outcome of a group comes with its last. An entity has one append under
//! way, so the order of groups does not matter. Outcomes go back as messages, nobody awaits them.

use std::sync::Arc;

use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use ractor::ActorRef;
use takt_cluster::seam::{Append, Appended};
use takt_protocol::planted::{self, Bug};
use tokio::sync::mpsc;

use crate::entity::Told;
use crate::node::{Node, Settings};

/// An append, and who wants to know how it went.
pub(crate) struct Wanted {
    pub(crate) append: Append,
    pub(crate) by: ActorRef<Told>,
}

/// A handle to the committer. The channel has no bound of its own: an entity has at most one append in it.
#[derive(Clone)]
pub(crate) struct Committer {
    sender: mpsc::UnboundedSender<Wanted>,
}

impl Committer {
    /// A committer and the end it reads from.
    pub(crate) fn pair() -> (Self, mpsc::UnboundedReceiver<Wanted>) {
        let (sender, receiver) = mpsc::unbounded_channel();
        (Self { sender }, receiver)
    }

    /// Hands an append over; `false` when the committer is gone.
    pub(crate) fn submit(&self, wanted: Wanted) -> bool {
        self.sender.send(wanted).is_ok()
    }
}

/// Runs until nobody can want anything any more.
pub(crate) async fn run(node: Arc<Node>, mut waiting: mpsc::UnboundedReceiver<Wanted>) {
    let mut under_way = FuturesUnordered::new();
    let (group_max, depth) = match node.settings {
        Settings { group_max, group_depth, .. } if node.seams.journal.gathers() => (1, group_max * group_depth),
        Settings { group_max, group_depth, .. } => (group_max, group_depth),
    };
    loop {
        let room = under_way.len() < depth;
        tokio::select! {
            biased;
            wanted = waiting.recv(), if room => {
                let Some(first) = wanted else { return };
                let mut group = vec![first];
                while group.len() < group_max {
                    let Ok(next) = waiting.try_recv() else { break };
                    group.push(next);
                }
                under_way.push(commit(Arc::clone(&node), group));
            }
            Some(()) = under_way.next(), if !under_way.is_empty() => {}
        }
    }
}

async fn commit(node: Arc<Node>, group: Vec<Wanted>) {
    let (appends, by): (Vec<Append>, Vec<ActorRef<Told>>) = group.into_iter().map(|wanted| (wanted.append, wanted.by)).unzip();
    let fences: Option<Vec<u64>> = planted::is(Bug::UnknownIsDone).then(|| appends.iter().map(|append| append.after).collect());
    let mut outcomes = node.seams.journal.append(appends).await;
    for (outcome, after) in outcomes.iter_mut().zip(fences.into_iter().flatten()).filter(|(outcome, _)| **outcome == Appended::Unknown) {
        *outcome = Appended::Committed { sequence: after + 1 };
    }
    for (outcome, entity) in outcomes.into_iter().chain(std::iter::repeat(Appended::Unknown)).zip(by) {
        // An entity that is gone is loaded again by whoever needs it, and finds its commit in the log.
        if entity.send_message(Told::Written(outcome)).is_err() {
            tracing::debug!("an entity left before its commit came back");
        }
    }
}
