//! What only one node of a region does at a time, who of the living should do it, and which of it this one does just now. The
//! first two are pure; the third is told by the keeper of leases. Leases only spare work: the fence of the log is what makes one
//! writer.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use takt_cluster::seam::{Queue, QueueName};
use takt_protocol::instant::Instant;
use takt_protocol::intent::Tier;
use takt_protocol::name::{Region, SiteId};
use takt_protocol::seen::ContentHash;
use tokio::sync::watch;

use crate::node::NodeName;

/// Something that one node does for all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Duty {
    /// Decides what is asked of the entities of a shard, and hands on what was recorded of them.
    Shard(u16),
    /// Speaks with a site: its limits hold for the site, not for a node.
    Site(SiteId),
    /// Brings mail to another region.
    Road(Region),
}

impl Duty {
    /// The name of its lease.
    pub fn lease(self) -> String {
        match self {
            Self::Shard(shard) => format!("shard/{shard}"),
            Self::Site(site) => format!("site/{site}"),
            Self::Road(region) => format!("road/{region}"),
        }
    }

    /// Which of the nodes should do it: the one whose name and the duty's hash highest together. So a node that comes or goes moves
    /// only what it takes or leaves, and all who know the same nodes agree.
    pub fn falls_to(self, nodes: &[NodeName]) -> Option<&NodeName> {
        let lease = self.lease();
        nodes.iter().max_by_key(|node| ContentHash::of(format!("{lease}\0{node}").as_bytes()))
    }

    /// What is read by whoever does it.
    pub(crate) fn queues(self) -> Vec<QueueName> {
        match self {
            Self::Shard(shard) => vec![QueueName::In { shard }, QueueName::Due { shard }],
            Self::Site(site) => {
                let tiers = [Tier::PlantCritical, Tier::Business, Tier::Analytical];
                tiers.map(|tier| QueueName::Out { site, tier: tier.rank() }).to_vec()
            }
            Self::Road(region) => [true, false].map(|urgent| QueueName::Fwd { region, urgent }).to_vec(),
        }
    }
}

/// Whether this node does something just now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Another node does, or nobody.
    Elsewhere,
    /// This one does.
    Here,
    /// This one does, begins nothing more, and ends what is under way.
    Leaving,
}

/// The time of a node with a duty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Term {
    /// The epoch of its lease; 0 where no lease is needed.
    pub epoch: u64,
    /// Since when.
    pub since: Instant,
}

/// How this node stands with one duty.
pub(crate) struct Post {
    phase: watch::Sender<Phase>,
    /// By the node's own clock, in ms: from then on another node may do it.
    until_ms: AtomicU64,
    busy: AtomicUsize,
    term: Mutex<Option<Term>>,
    /// What is read for it in another region.
    abroad: OnceLock<(Arc<dyn Queue>, Vec<QueueName>)>,
}

/// Somebody who is at work on a duty, until this is dropped.
pub(crate) struct AtWork<'a>(&'a AtomicUsize);

impl Drop for AtWork<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Post {
    fn new(term: Option<Term>) -> Self {
        let phase = watch::Sender::new(if term.is_some() { Phase::Here } else { Phase::Elsewhere });
        Self { phase, until_ms: AtomicU64::new(u64::MAX), busy: AtomicUsize::new(0), term: Mutex::new(term), abroad: OnceLock::new() }
    }

    /// Whoever does it reads these queues of another region, too.
    pub(crate) fn reads_abroad(&self, queue: Arc<dyn Queue>, names: Vec<QueueName>) {
        // Said once, when the region starts.
        drop(self.abroad.set((queue, names)));
    }

    /// Nobody here reads them any more.
    pub(crate) async fn let_go_abroad(&self) {
        if let Some((queue, names)) = self.abroad.get() {
            for name in names {
                queue.let_go(*name).await;
            }
        }
    }

    /// It is this node's from now on, and until then by its own clock.
    pub(crate) fn begin(&self, term: Term, until: Duration) {
        self.keep(until);
        *self.term.lock().unwrap_or_else(PoisonError::into_inner) = Some(term);
        self.phase.send_replace(Phase::Here);
    }

    /// It stays this node's until then.
    pub(crate) fn keep(&self, until: Duration) {
        self.until_ms.store(u64::try_from(until.as_millis()).unwrap_or(u64::MAX), Ordering::Release);
    }

    /// Whoever is at work on it here begins nothing more.
    pub(crate) fn leave(&self) {
        self.phase.send_replace(Phase::Leaving);
    }

    /// It is not this node's any more.
    pub(crate) fn end(&self) {
        *self.term.lock().unwrap_or_else(PoisonError::into_inner) = None;
        self.phase.send_replace(Phase::Elsewhere);
    }

    /// Whether this node may act on it at that time of its own clock.
    pub(crate) fn is_here(&self, now: Duration) -> bool {
        let until = Duration::from_millis(self.until_ms.load(Ordering::Acquire));
        *self.phase.borrow() != Phase::Elsewhere && now < until
    }

    /// This node's time with it, while it has it.
    pub(crate) fn term(&self) -> Option<Term> {
        *self.term.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says that somebody is at work on it.
    pub(crate) fn at_work(&self) -> AtWork<'_> {
        self.busy.fetch_add(1, Ordering::AcqRel);
        AtWork(&self.busy)
    }

    /// Whether nobody is.
    pub(crate) fn is_quiet(&self) -> bool {
        self.busy.load(Ordering::Acquire) == 0
    }

    /// Whether nothing more is to be begun.
    pub(crate) fn is_leaving(&self) -> bool {
        *self.phase.borrow() != Phase::Here
    }

    /// Returns when it is this node's.
    pub(crate) async fn here(&self) {
        self.until(|phase| phase == Phase::Here).await;
    }

    /// Returns when nothing more is to be begun.
    pub(crate) async fn leaving(&self) {
        self.until(|phase| phase != Phase::Here).await;
    }

    async fn until(&self, wanted: impl Fn(Phase) -> bool) {
        // The sender is ours, so there is no end of it to meet.
        drop(self.phase.subscribe().wait_for(|phase| wanted(*phase)).await);
    }
}

/// All duties of a region, and how this node stands with each.
pub(crate) struct Duties {
    shards: Vec<Arc<Post>>,
    others: BTreeMap<Duty, Arc<Post>>,
    is_alone: bool,
}

impl Duties {
    /// The duties of a region; all of them this node's, and for ever, when it runs alone since that moment.
    pub(crate) fn new(shards: u16, sites: &[SiteId], roads: &[Region], alone: Option<Instant>) -> Self {
        let term = alone.map(|since| Term { epoch: 0, since });
        let post = || Arc::new(Post::new(term));
        let others = sites.iter().map(|site| Duty::Site(*site)).chain(roads.iter().map(|region| Duty::Road(*region)));
        Self {
            shards: (0..shards).map(|_| post()).collect(),
            others: others.map(|duty| (duty, post())).collect(),
            is_alone: alone.is_some(),
        }
    }

    /// Whether no other node runs the region.
    pub(crate) fn is_alone(&self) -> bool {
        self.is_alone
    }

    /// How this node stands with a duty; `None` when the region has no such.
    pub(crate) fn post(&self, duty: Duty) -> Option<&Arc<Post>> {
        match duty {
            Duty::Shard(shard) => self.shards.get(usize::from(shard)),
            Duty::Site(_) | Duty::Road(_) => self.others.get(&duty),
        }
    }

    /// Whether this node may decide for a shard at that time of its own clock.
    pub(crate) fn decides(&self, shard: u16, now: Duration) -> bool {
        self.is_alone || self.shards.get(usize::from(shard)).is_some_and(|post| post.is_here(now))
    }

    /// All of them.
    pub(crate) fn all(&self) -> impl Iterator<Item = (Duty, &Arc<Post>)> {
        let shards = (0..).zip(&self.shards).map(|(shard, post)| (Duty::Shard(shard), post));
        shards.chain(self.others.iter().map(|(duty, post)| (*duty, post)))
    }
}

#[cfg(test)]
mod tests;
