//! Membership, and the leases of duties: says that this node lives, sees who else does, takes the lease of each duty that falls to
//! it, renews it, and has its tasks started and stopped. It stops a duty by itself when the lease has passed by its own clock; a duty
//! that falls to another node is handed over: nothing more is begun, what is under way is ended, and only then the lease is given back.
//!
//! Leases only spare work. Whoever acts on one that has passed meets the fence of the log.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use futures::future::join_all;
use ractor::ActorRef;
use takt_cluster::Error;
use takt_cluster::seam::Leased;
use tokio::sync::{oneshot, watch};

use crate::duties::{Duties, Duty, Post, Term};
use crate::hall::Hall;
use crate::node::{Node, NodeName};
use crate::region::{AskError, Order};

/// The class of the leases by which nodes say that they live.
pub(crate) const NODE: &str = "node";

/// Between two looks at what is under way while a duty is handed over.
const LOOK: Duration = Duration::from_millis(5);

/// How long the tasks of a duty may take to end.
const ENDING: Duration = Duration::from_secs(2);

/// The nodes that live, as far as this one saw.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Living {
    nodes: Vec<NodeName>,
    /// Whether this one is among them, and no other one under its name.
    with_us: bool,
}

/// The leases of this node in a region.
pub(crate) struct Leases {
    node: Arc<Node>,
    hall: Hall,
    duties: Arc<Duties>,
    /// How long a lease lasts.
    time: Duration,
    holder: String,
    living: watch::Sender<Living>,
    leaving: watch::Sender<bool>,
    /// How many duties are this node's, or being asked for.
    held: AtomicUsize,
    top: OnceLock<ActorRef<Order>>,
}

/// How a time with a duty ended.
enum Ended {
    /// It falls to another node, or this one ends.
    Unwanted,
    /// Its lease has passed, or is another's.
    Lapsed,
}

/// The name of the node that a holder of a lease is.
pub(crate) fn node_of(holder: &str) -> Option<NodeName> {
    NodeName::parse(holder.split('/').next()?).ok()
}

impl Leases {
    /// Says that this node lives. One of its name that lives already is not joined; one that just died is waited for.
    pub(crate) async fn enter(node: Arc<Node>, hall: Hall, duties: Arc<Duties>, time: Duration) -> Result<Self, AskError> {
        static STARTS: AtomicU64 = AtomicU64::new(0);
        let (name, clock) = (node.settings.node.clone(), Arc::clone(&node.seams.clock));
        // Another process of the same name is another holder.
        let start = STARTS.fetch_add(1, Ordering::Relaxed);
        let holder = format!("{name}/{:x}.{:x}.{start:x}", clock.now().utc_ns(), std::process::id());
        let (living, leaving) = (watch::Sender::default(), watch::Sender::new(false));
        let leases = Self { node, hall, duties, time, holder, living, leaving, held: AtomicUsize::new(0), top: OnceLock::new() };
        let until = clock.elapsed() + time * 2;
        loop {
            match leases.take(&format!("{NODE}/{name}")).await {
                Ok(Leased::Ours { .. }) => return Ok(leases),
                Ok(Leased::Theirs { .. }) if clock.elapsed() >= until => {
                    let why =
                        format!("a node called `{name}` runs it already: end that one, or start this one under another name (`--node`)");
                    return Err(AskError::Start(why));
                }
                Err(error) if clock.elapsed() >= until => return Err(error.into()),
                Ok(Leased::Theirs { .. }) | Err(_) => clock.sleep(time / 6).await,
            }
        }
    }

    /// Who starts and stops the tasks of a duty.
    pub(crate) fn led_by(&self, top: ActorRef<Order>) {
        drop(self.top.set(top));
    }

    /// Runs for ever.
    pub(crate) async fn run(self: Arc<Self>) {
        // Whoever ran before this fell: nobody renewed what it had.
        self.held.store(0, Ordering::Release);
        for (duty, post) in self.duties.all() {
            if post.term().is_some() {
                self.lapse(duty, post).await;
            }
        }
        let duties = join_all(self.duties.all().map(|(duty, post)| self.attend(duty, post)));
        tokio::join!(self.live(), duties);
    }

    /// Hands everything over, and returns when other nodes have been given it. Requests meanwhile are carried to them.
    pub(crate) async fn leave(&self) {
        self.leaving.send_replace(true);
        let clock = &self.node.seams.clock;
        let until = clock.elapsed() + Duration::from_millis(self.node.settings.hand_over_ms) + self.time;
        while self.held.load(Ordering::Acquire) > 0 && clock.elapsed() < until {
            clock.sleep(LOOK).await;
        }
    }

    /// Whether others live, to whom this node's work can be handed.
    pub(crate) fn has_others(&self) -> bool {
        self.living.borrow().nodes.iter().any(|node| *node != self.node.settings.node)
    }

    /// Says that this node lives, and sees who does, for ever.
    async fn live(&self) {
        let (clock, name) = (&self.node.seams.clock, format!("{NODE}/{}", self.node.settings.node));
        let mut leaving = self.leaving.subscribe();
        let mut asked: Option<Duration> = None;
        while !*leaving.borrow_and_update() {
            let now = clock.elapsed();
            if asked.is_none_or(|asked| now >= asked + self.time / 3) {
                match self.take(&name).await {
                    Ok(Leased::Ours { .. }) => asked = Some(now),
                    Ok(Leased::Theirs { .. }) => {
                        tracing::error!(node = %self.node.settings.node, region = %self.node.region, "another node goes by this one's name");
                    }
                    Err(error) => tracing::debug!(%error, "this node cannot say that it lives just now"),
                }
            }
            self.look().await;
            tokio::select! {
                biased;
                _ = leaving.changed() => {}
                () = clock.sleep(self.time / 6) => {}
            }
        }
        // The others see at once that its duties fall to them, and take each when it is given back.
        self.living.send_modify(|living| living.with_us = false);
        self.release(&name).await;
        std::future::pending::<()>().await;
    }

    /// Sees who lives. What cannot be seen stays as it was seen last.
    async fn look(&self) {
        let Some(Ok(held)) = self.bounded(self.node.seams.lease.held(NODE)).await else { return };
        let with_us = held.iter().any(|holding| holding.holder == self.holder);
        let nodes = held.iter().filter_map(|holding| node_of(&holding.holder)).collect();
        self.living.send_if_modified(|living| {
            let seen = Living { nodes, with_us };
            let differs = *living != seen;
            *living = seen;
            differs
        });
    }

    fn is_wanted(&self, living: &Living, duty: Duty) -> bool {
        living.with_us && duty.falls_to(&living.nodes) == Some(&self.node.settings.node)
    }

    /// Does what is to be done about one duty, for ever.
    async fn attend(&self, duty: Duty, post: &Post) {
        let mut living = self.living.subscribe();
        loop {
            // The sender is ours, so there is no end of it to meet.
            drop(living.wait_for(|living| self.is_wanted(living, duty)).await);
            self.held.fetch_add(1, Ordering::AcqRel);
            let had = self.serve(duty, post, &mut living).await;
            self.held.fetch_sub(1, Ordering::AcqRel);
            if !had {
                // Whoever has it gives it back, or is dead and it lapses.
                self.node.seams.clock.sleep(self.time / 12).await;
            }
        }
    }

    /// Does a duty from the moment its lease is given until it is another node's; whether the lease was given at all.
    async fn serve(&self, duty: Duty, post: &Post, living: &mut watch::Receiver<Living>) -> bool {
        let (clock, name) = (&self.node.seams.clock, duty.lease());
        let asked = clock.elapsed();
        let Ok(Leased::Ours { epoch }) = self.take(&name).await else { return false };
        self.begin(duty, post, Term { epoch, since: clock.now() }, asked + self.time);
        let mut asked = asked;
        let ended = tokio::select! {
            biased;
            _ = living.wait_for(|living| !self.is_wanted(living, duty)) => Ended::Unwanted,
            () = self.hold(post, &name, &mut asked, epoch) => Ended::Lapsed,
        };
        match ended {
            Ended::Unwanted => self.hand_over(duty, post, &name, (asked, epoch)).await,
            Ended::Lapsed => {
                tracing::warn!(lease = name, region = %self.node.region, "a lease has passed; its work is another node's");
                self.lapse(duty, post).await;
            }
        }
        true
    }

    /// Renews a lease, and returns when it is lost.
    async fn hold(&self, post: &Post, name: &str, asked: &mut Duration, epoch: u64) {
        let clock = &self.node.seams.clock;
        let mut pause = (*asked + self.time / 3).saturating_sub(clock.elapsed());
        loop {
            clock.sleep(pause).await;
            let now = clock.elapsed();
            if now >= *asked + self.time {
                return;
            }
            pause = match self.take(name).await {
                Ok(Leased::Ours { epoch: still }) if still == epoch => {
                    *asked = now;
                    post.keep(*asked + self.time);
                    (*asked + self.time / 3).saturating_sub(clock.elapsed())
                }
                // It had passed, and somebody else may have had it since.
                Ok(Leased::Ours { .. } | Leased::Theirs { .. }) => return,
                Err(error) => {
                    tracing::debug!(%error, lease = name, "a lease cannot be renewed just now");
                    (self.time / 12).min((*asked + self.time).saturating_sub(clock.elapsed()))
                }
            };
        }
    }

    fn begin(&self, duty: Duty, post: &Post, term: Term, until: Duration) {
        tracing::debug!(?duty, epoch = term.epoch, node = %self.node.settings.node, "begins");
        if let Duty::Shard(shard) = duty {
            // Whatever is left of an earlier time: the log may have been written by others since.
            self.hall.clear(shard);
        }
        post.begin(term, until);
        if let Some(top) = self.top.get() {
            drop(top.send_message(Order::Begin(duty)));
        }
    }

    /// Ends what is under way, and gives the lease back. It is renewed meanwhile, and given up when that fails.
    async fn hand_over(&self, duty: Duty, post: &Post, name: &str, (mut asked, epoch): (Duration, u64)) {
        let clock = &self.node.seams.clock;
        post.leave();
        let quiet = async {
            self.until(|| post.is_quiet()).await;
            if let Duty::Shard(shard) = duty {
                // From here on requests are carried to the next node, and wait for it.
                post.end();
                self.hall.leave(shard);
                self.until(|| self.hall.loaded_of(shard) == 0).await;
            }
        };
        tokio::select! {
            biased;
            () = quiet => {}
            () = self.hold(post, name, &mut asked, epoch) => {}
            () = clock.sleep(Duration::from_millis(self.node.settings.hand_over_ms)) => {
                tracing::warn!(lease = name, "what was under way did not end in time, and is left to the next node");
            }
        }
        self.lapse(duty, post).await;
        self.release(name).await;
    }

    /// It is not this node's any more, whatever is under way.
    async fn lapse(&self, duty: Duty, post: &Post) {
        post.end();
        if let Some(top) = self.top.get() {
            let (ended, over) = oneshot::channel();
            drop(top.send_message(Order::End(duty, ended)));
            tokio::select! {
                biased;
                _ = over => {}
                () = self.node.seams.clock.sleep(ENDING) => tracing::warn!(?duty, "its tasks did not end in time"),
            }
        }
        for queue in duty.queues() {
            self.node.seams.queue.let_go(queue).await;
        }
        post.let_go_abroad().await;
        if let Duty::Shard(shard) = duty {
            self.hall.clear(shard);
        }
    }

    async fn until(&self, is: impl Fn() -> bool) {
        while !is() {
            self.node.seams.clock.sleep(LOOK).await;
        }
    }

    async fn take(&self, name: &str) -> Result<Leased, Error> {
        let taken = self.bounded(self.node.seams.lease.take(name, &self.holder, self.time)).await;
        taken.unwrap_or_else(|| Err(Error::Unreachable { place: format!("lease {name}") }))
    }

    async fn release(&self, name: &str) {
        if let Some(Err(error)) = self.bounded(self.node.seams.lease.release(name, &self.holder)).await {
            tracing::debug!(%error, lease = name, "a lease was not given back; it lapses by itself");
        }
    }

    /// Whoever does not answer in a third of a lease's time does not answer in time.
    async fn bounded<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            biased;
            done = work => Some(done),
            () = self.node.seams.clock.sleep(self.time / 3) => None,
        }
    }
}
