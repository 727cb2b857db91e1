//! Brings mail to another region: takes it from `fwd`, stores it in the other one's `in`, and only then acknowledges it
//! here. Ids make it safe to do twice. Urgent mail has a courier of its own.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use takt_cluster::seam::{Message, Queue, QueueName};
use takt_protocol::input::Address;
use takt_protocol::name::Region;
use takt_protocol::wire;

use crate::node::Node;

/// A way to store something in another region.
#[async_trait]
pub trait Road: Send + Sync {
    /// Stores mail there, durably, all or nothing. Must end by itself when the far side is silent: an error then, although it
    /// may have been stored; the same mail comes again under the same ids. Urgent mail finds room where other mail does not.
    async fn bring(&self, mail: Vec<Message>, urgent: bool) -> Result<(), takt_cluster::Error>;
}

/// The road within a process: straight into the far region's queue, while it has room.
pub struct NextDoor {
    /// That queue.
    pub queue: Arc<dyn Queue>,
    /// How many may wait there.
    pub waiting_max: usize,
    /// How many more, for urgent mail.
    pub reserve: usize,
}

#[async_trait]
impl Road for NextDoor {
    async fn bring(&self, mail: Vec<Message>, urgent: bool) -> Result<(), takt_cluster::Error> {
        let reserve = if urgent { self.reserve } else { 0 };
        self.queue.offer(mail, self.waiting_max + reserve).await
    }
}

/// The other end of a road: the far region, and how many shards it has.
#[derive(Clone)]
pub struct Far {
    /// The region.
    pub region: Region,
    /// The way there.
    pub road: Arc<dyn Road>,
    /// Its shards.
    pub shards: u16,
}

/// Mail taken at once.
const BAG_MAX: usize = 64;

/// Runs for ever on one road.
pub(crate) async fn run(node: Arc<Node>, far: Far, urgent: bool) {
    let queue = QueueName::Fwd { region: far.region, urgent };
    let lease = Duration::from_millis(node.settings.intake_lease_ms);
    let mut failures = 0;
    loop {
        if let Err(error) = carry(&node, &far, queue, urgent, lease).await {
            failures += 1;
            tracing::warn!(%error, region = %far.region, "the road is closed; mail waits");
            node.seams.clock.sleep(node.settings.pause(failures, u64::from(urgent))).await;
        } else {
            failures = 0;
        }
    }
}

async fn carry(node: &Node, far: &Far, queue: QueueName, urgent: bool, lease: Duration) -> Result<(), takt_cluster::Error> {
    let bag = node.seams.queue.pull(queue, BAG_MAX, lease).await?;
    let (mut mail, mut receipts) = (Vec::new(), Vec::new());
    for delivery in bag {
        match wire::unpack(&delivery.bytes) {
            Ok(input) => {
                let shard = match input.to {
                    Address::Entity(entity) => entity.shard(far.shards),
                    Address::Native { .. } => 0,
                };
                mail.push(Message { queue: QueueName::In { shard }, id: delivery.id, bytes: delivery.bytes });
                receipts.push(delivery.receipt);
            }
            Err(error) => node.seams.queue.bury(delivery.receipt, format!("cannot be read: {error}")).await?,
        }
    }
    match far.road.bring(mail, urgent).await {
        Ok(()) => node.seams.queue.ack(receipts).await,
        Err(error) => {
            for receipt in receipts {
                node.seams.queue.later(receipt, Duration::from_millis(node.settings.pause_ms)).await?;
            }
            Err(error)
        }
    }
}
