//! A site actor: carries out what waits for one site, through its link. Plant-critical first; so many at once, so many a
//! second, and none while the site does not answer. Before each send the entity commits a claim; after a lost reply nobody
//! sends until the site was asked.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use takt_cluster::seam::{Delivery, QueueName};
use takt_protocol::intent::Tier;
use takt_protocol::name::SiteId;
use takt_protocol::wire;

use crate::dispatcher::Ticket;
use crate::duties::Post;
use crate::link::Link;
use crate::link::deliveries::Deliveries;
use crate::node::Node;
use crate::reach::Reach;

mod before;
mod breaker;
mod errand;
pub(crate) mod feeder;
mod pace;
pub(crate) mod refused;
mod way;

use breaker::Breaker;
pub use pace::SiteStatus;
pub(crate) use pace::{Channel, ERRANDS, Pace};
pub use way::SiteLink;

/// The limits of a site, each with its unit.
#[derive(Clone, Debug)]
pub struct SiteLimits {
    /// Errands under way at once; of more than one, the last is kept for plant-critical ones.
    pub at_once_max: usize,
    /// The shortest time between two sends, in ms; 0 for no limit.
    pub spacing_ms: u64,
    /// How long one attempt may take, in ms.
    pub window_ms: u32,
    /// Failures in a row that open the breaker.
    pub failures_max: u32,
    /// How long the breaker stays open at first, in ms; twice as long after each try in vain.
    pub open_ms: u64,
    /// How long at most, in ms.
    pub open_max_ms: u64,
}

impl SiteLimits {
    /// Seats that only plant-critical errands may take.
    fn reserve(&self) -> usize {
        usize::from(self.at_once_max > 1)
    }
}

impl Default for SiteLimits {
    fn default() -> Self {
        Self { at_once_max: 8, spacing_ms: 0, window_ms: 10_000, failures_max: 5, open_ms: 5_000, open_max_ms: 60_000 }
    }
}

/// What a site's actor works with.
pub(crate) struct SiteDesk {
    pub(crate) node: Arc<Node>,
    pub(crate) reach: Reach,
    pub(crate) site: SiteId,
    pub(crate) link: Arc<dyn Link>,
    pub(crate) limits: SiteLimits,
    pub(crate) pace: Arc<Pace>,
    pub(crate) deliveries: Arc<Deliveries>,
}

impl SiteDesk {
    /// It answered, whatever it said.
    fn heard(&self, channel: &str) {
        self.pace.with_breaker(Breaker::answered);
        self.pace.heard(Some(channel), self.node.seams.clock.now());
    }

    /// It could not be reached, or did not answer.
    fn missed(&self, channel: &str, why: &str) {
        self.with_breaker(Breaker::failed);
        self.pace.missed(channel, why, self.node.seams.clock.now());
    }

    /// It answered, and will not have this: it can be reached for everything else.
    fn refused(&self, channel: &str, why: &str) {
        self.pace.with_breaker(Breaker::answered);
        self.pace.missed(channel, why, self.node.seams.clock.now());
    }

    fn with_breaker<T>(&self, act: impl FnOnce(&mut Breaker, Duration) -> T) -> T {
        let now = self.node.seams.clock.elapsed();
        self.pace.with_breaker(|breaker| act(breaker, now))
    }
}

/// Runs for ever on one site; begins nothing more when the site is handed over.
pub(crate) async fn run(desk: Arc<SiteDesk>, post: Arc<Post>) {
    let at_work = post.at_work();
    let (mut leaving, mut leaves) = (pin!(post.leaving()), false);
    let mut under_way = FuturesUnordered::new();
    let mut failures = 0;
    while !leaves || !under_way.is_empty() {
        let room = desk.limits.at_once_max.saturating_sub(under_way.len());
        tokio::select! {
            biased;
            Some(()) = under_way.next(), if !under_way.is_empty() => {}
            () = &mut leaving, if !leaves => leaves = true,
            pulled = next(&desk, room), if room > 0 && !leaves => match pulled {
                Ok(deliveries) => {
                    failures = 0;
                    for delivery in deliveries {
                        under_way.push(carry_out(&desk, delivery));
                    }
                }
                Err(error) => {
                    failures += 1;
                    tracing::warn!(%error, site = %desk.site, "failed to pull errands");
                    desk.node.seams.clock.sleep(desk.node.settings.pause(failures, 0)).await;
                }
            },
        }
    }
    drop(at_work);
    // Whoever asked it to leave ends it.
    std::future::pending::<()>().await;
}

/// The next errands, plant-critical first.
async fn next(desk: &SiteDesk, room: usize) -> Result<Vec<Delivery>, takt_cluster::Error> {
    let lease = Duration::from_millis(u64::from(desk.limits.window_ms) * 3 + 30_000);
    let queue = |tier: Tier| QueueName::Out { site: desk.site, tier: tier.rank() };
    let pull = |tier, room| desk.node.seams.queue.pull(queue(tier), room, lease);
    let rest = room.saturating_sub(desk.limits.reserve());
    tokio::select! {
        biased;
        found = pull(Tier::PlantCritical, room) => found,
        found = pull(Tier::Business, rest), if rest > 0 => found,
        found = pull(Tier::Analytical, rest), if rest > 0 => found,
    }
}

async fn carry_out(desk: &SiteDesk, delivery: Delivery) {
    match wire::decode::<Ticket>("ticket", &delivery.bytes) {
        Ok(ticket) => errand::carry_out(desk, &delivery, ticket.intent).await,
        Err(error) => {
            tracing::error!(%error, site = %desk.site, "an errand cannot be read and is set aside");
            drop(desk.node.seams.queue.bury(delivery.receipt, error.to_string()).await);
        }
    }
}
