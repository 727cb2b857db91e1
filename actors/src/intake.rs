//! Takes inputs off the queue and hands each to the entity it belongs to; acknowledges when the entity has written. What
//! matches no entity goes into its site's quarantine; what cannot be read goes where a person sees it. Bounded in flight.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use takt_cluster::seam::{Delivery, Message, QueueName};
use takt_protocol::id::{EntityId, Kind};
use takt_protocol::input::{Address, Body, Input};
use takt_protocol::kernel::Reply;
use takt_protocol::name::SiteId;
use takt_protocol::payload::Payload;
use takt_protocol::planted::{self, Bug};
use takt_protocol::{site, wire};

use crate::doors::Shut;
use crate::duties::Post;
use crate::index::Index;
use crate::node::Node;
use crate::reach::Reach;

/// How long an input whose names mean nothing waits for the index.
const INDEX_PATIENCE: Duration = Duration::from_millis(200);

/// How long a birth waits for it before it goes back to the queue, and makes room.
const BIRTH_PATIENCE: Duration = Duration::from_secs(2);

/// What the intake of a queue works with.
#[derive(Clone)]
pub(crate) struct Intake {
    pub(crate) node: Arc<Node>,
    pub(crate) reach: Reach,
    pub(crate) index: Index,
}

/// Runs for ever on one queue; takes nothing more when the shard is handed over.
pub(crate) async fn run(intake: Intake, queue: QueueName, post: Arc<Post>) {
    let settings = &intake.node.settings;
    let lease = Duration::from_millis(settings.intake_lease_ms);
    let at_work = post.at_work();
    let (mut leaving, mut leaves) = (pin!(post.leaving()), false);
    let mut in_flight = FuturesUnordered::new();
    let mut failures = 0;
    while !leaves || !in_flight.is_empty() {
        let room = settings.intake_in_flight_max.saturating_sub(in_flight.len());
        tokio::select! {
            biased;
            Some(()) = in_flight.next(), if !in_flight.is_empty() => {}
            () = &mut leaving, if !leaves => leaves = true,
            pulled = intake.node.seams.queue.pull(queue, room, lease), if room > 0 && !leaves => match pulled {
                Ok(deliveries) => {
                    failures = 0;
                    for delivery in deliveries {
                        in_flight.push(intake.take(delivery));
                    }
                }
                Err(error) => {
                    failures += 1;
                    tracing::warn!(%error, "failed to pull inputs");
                    intake.node.seams.clock.sleep(settings.pause(failures, 0)).await;
                }
            },
        }
    }
    drop(at_work);
    // Whoever asked it to leave ends it.
    std::future::pending::<()>().await;
}

/// What a system told elsewhere, which is not its entity's but its door's to take.
fn for_a_door(input: &Input) -> Option<(&str, &Payload)> {
    if let Body::Site(site::Input::Mail(site::Mail::Told { topic, raw, .. })) = &input.body { Some((topic, raw)) } else { None }
}

/// Whether it is such a thing.
pub(crate) fn is_for_a_door(input: &Input) -> bool {
    for_a_door(input).is_some()
}

impl Intake {
    async fn take(&self, delivery: Delivery) {
        let input = match wire::unpack(&delivery.bytes) {
            Ok(input) => input,
            Err(error) => return self.set_aside(&delivery, format!("cannot be read: {error}")).await,
        };
        // Nobody is born twice because a name was not read yet.
        if self.may_be_born(&input) && !self.indexed(BIRTH_PATIENCE).await {
            tracing::warn!(input = %delivery.id, "the index is behind what is recorded; a birth waits for it");
            return self.later(&delivery).await;
        }
        let Some(entity) = self.entity(&input) else {
            return self.set_aside(&delivery, format!("no such system is configured: {:?}", input.to)).await;
        };
        if entity.region() != self.node.region {
            return self.pass_on(&delivery, input, entity).await;
        }
        if let Some((topic, raw)) = for_a_door(&input) {
            return self.told(&delivery, entity, input.envelope.key.source, (topic, raw)).await;
        }
        if planted::is(Bug::AcknowledgeFirst) {
            self.done(&delivery).await;
        }
        let mut reply = self.reach.tell(entity, input.clone()).await;
        if matches!(reply, Ok(Reply::Unborn))
            && let Some(found) = self.named_by_now(&input).await.filter(|found| *found != entity)
        {
            if found.region() != self.node.region {
                return self.pass_on(&delivery, input, found).await;
            }
            reply = self.reach.tell(found, input.clone()).await;
        }
        match reply {
            Ok(Reply::Unborn) => self.quarantine(&delivery, input).await,
            Ok(Reply::Answer(_) | Reply::Known(_) | Reply::Claim(_)) => self.done(&delivery).await,
            Err(_) if delivery.deliveries >= self.node.settings.deliveries_max || planted::is(Bug::GivesUpEarly) => {
                self.set_aside(&delivery, format!("{entity} did not take it in {} tries", delivery.deliveries)).await;
            }
            Err(_) => self.later(&delivery).await,
        }
    }

    /// What a system told elsewhere goes to its door here, and is acknowledged when all that is in it is durable.
    async fn told(&self, delivery: &Delivery, entity: EntityId, site: SiteId, told: (&str, &Payload)) {
        if self.node.book().site_entity(site) != Some(entity) {
            return self.set_aside(delivery, format!("{site} tells nothing in the name of {entity}")).await;
        }
        let (topic, raw) = told;
        let taken = match self.node.doors.get() {
            Some(doors) => doors.receive(site, topic, Bytes::copy_from_slice(raw.bytes())).await,
            // The doors open a moment after the region has begun to work.
            None => Err(Shut::NotNow("no door is open yet".to_owned())),
        };
        match taken {
            Ok(()) => self.done(delivery).await,
            Err(Shut::NoDoor) if delivery.deliveries >= self.node.settings.deliveries_max => {
                self.set_aside(delivery, format!("{site} has no door here: write `link.http.inbound` in its file")).await;
            }
            Err(shut) => {
                tracing::debug!(%site, topic, ?shut, "what a system told elsewhere is not taken; it comes again");
                self.later(delivery).await;
            }
        }
    }

    /// It comes again after a pause.
    async fn later(&self, delivery: &Delivery) {
        let pause = self.node.settings.pause(delivery.deliveries, delivery.receipt.sequence);
        drop(self.node.seams.queue.later(delivery.receipt, pause).await);
    }

    /// Whether something would be born from it that nobody knows by any of its names yet.
    fn may_be_born(&self, input: &Input) -> bool {
        let Address::Native { kind: Kind::Order | Kind::Shipment, names } = &input.to else { return false };
        input.body.may_be_born_from() && !names.iter().any(|name| self.index.find(name).is_some())
    }

    fn entity(&self, input: &Input) -> Option<EntityId> {
        match &input.to {
            Address::Entity(entity) => Some(*entity),
            Address::Native { kind, names } => self.index.resolve(&self.node.book(), *kind, names),
        }
    }

    /// What the names mean once the index has read what is recorded by now: it may have got its name this very moment.
    async fn named_by_now(&self, input: &Input) -> Option<EntityId> {
        self.indexed(INDEX_PATIENCE).await;
        self.entity(input)
    }

    /// Whether the index has read, in that time, all that is recorded by now.
    async fn indexed(&self, patience: Duration) -> bool {
        tokio::select! {
            biased;
            read = self.index.caught_up(&self.node) => read.is_ok(),
            () = self.node.seams.clock.sleep(patience) => false,
        }
    }

    /// The thing is not known: its site keeps the input, and offers it again when the thing arrives.
    async fn quarantine(&self, delivery: &Delivery, input: Input) {
        let system = match &input.to {
            Address::Native { names, .. } => names.first().map(|name| name.system),
            Address::Entity(_) => Some(input.envelope.key.source),
        };
        let Some(keeper) = system.and_then(|system| self.node.book().site_entity(system)) else {
            return self.set_aside(delivery, "it matches nothing, and its sender is no site of ours".to_owned()).await;
        };
        let shard = keeper.shard(self.node.seams.journal.shards());
        let bytes = match wire::pack_mail(site::unmatched(keeper, input)) {
            Ok(bytes) => Bytes::from(bytes),
            Err(error) => return self.set_aside(delivery, format!("it matches nothing, and cannot be written down: {error}")).await,
        };
        let message = Message { queue: QueueName::In { shard }, id: format!("quarantine/{}", delivery.id), bytes };
        // Not acknowledged when it could not be queued: it then comes again.
        if self.node.seams.queue.publish(vec![message]).await.is_ok() {
            self.done(delivery).await;
        }
    }

    /// It is at home elsewhere: the courier brings it there. It goes by entity, not by the name we knew it under: the far
    /// region may not know that name, and would send it back.
    async fn pass_on(&self, delivery: &Delivery, input: Input, entity: EntityId) {
        let queue = QueueName::Fwd { region: entity.region(), urgent: input.body.holds_goods() };
        let bytes = match wire::pack_mail(Input { to: Address::Entity(entity), ..input }) {
            Ok(bytes) => Bytes::from(bytes),
            Err(error) => return self.set_aside(delivery, format!("cannot be written down for its home: {error}")).await,
        };
        let message = Message { queue, id: delivery.id.clone(), bytes };
        if self.node.seams.queue.publish(vec![message]).await.is_ok() {
            self.done(delivery).await;
        }
    }

    async fn done(&self, delivery: &Delivery) {
        if let Err(error) = self.node.seams.queue.ack(vec![delivery.receipt]).await {
            tracing::debug!(%error, "failed to acknowledge an input; it comes again and is known");
        }
    }

    async fn set_aside(&self, delivery: &Delivery, reason: String) {
        tracing::error!(id = %delivery.id, %reason, "an input was set aside for a person");
        if let Err(error) = self.node.seams.queue.bury(delivery.receipt, reason).await {
            tracing::warn!(%error, "failed to set an input aside; it comes again");
        }
    }
}

#[cfg(test)]
mod tests;
