//! Hands on what was recorded: intents for sites into `out`, mail into `in` or `fwd`, wake-ups into the timers. Copies and
//! computes nothing; writes first, then moves its cursor, so a crash in between only repeats ids that are known.

use std::sync::Arc;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use takt_cluster::seam::{Message, QueueName, Timer};
use takt_protocol::commit::Commit;
use takt_protocol::envelope::Envelope;
use takt_protocol::fact::Fact;
use takt_protocol::input::{Address, Body, Input};
use takt_protocol::instant::Instant;
use takt_protocol::intent::{Intent, IntentId, Parcel, Wake};
use takt_protocol::outbox::OutboxFact;
use takt_protocol::planted::{self, Bug};
use takt_protocol::wire;

use crate::cursor::Cursor;
use crate::node::Node;

/// What waits in `out`: which intent. Its effect is told with the claim, from the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Ticket {
    pub(crate) intent: IntentId,
}

/// Everything a batch of commits asks for.
#[derive(Default)]
struct Orders {
    messages: Vec<Message>,
    timers: Vec<Timer>,
}

/// Runs for ever on one shard.
pub(crate) async fn run(node: Arc<Node>, shard: u16) {
    let mut cursor = Cursor::of(&node, "dispatcher", shard).await;
    let mut failures = 0;
    loop {
        match step(&node, shard, cursor.at()).await {
            Ok(next) => {
                failures = 0;
                cursor.move_to(&node, next).await;
            }
            Err(error) => {
                failures += 1;
                tracing::warn!(%error, shard, "failed to hand on what was recorded; trying again");
                node.seams.clock.sleep(node.settings.pause(failures, cursor.at())).await;
            }
        }
    }
}

async fn step(node: &Node, shard: u16, cursor: u64) -> Result<u64, takt_cluster::Error> {
    let run = node.tape.all_after(shard, cursor).await?;
    let mut orders = Orders::default();
    for recorded in run.commits() {
        orders.read(node, &recorded.commit);
    }
    if !orders.timers.is_empty() {
        node.seams.timers.set(orders.timers).await?;
    }
    if !orders.messages.is_empty() {
        let handed_on = node.seams.queue.publish(orders.messages).await;
        if !planted::is(Bug::LostCursor) {
            handed_on?;
        }
    }
    Ok(run.upto)
}

impl Orders {
    fn read(&mut self, node: &Node, commit: &Commit) {
        for step in &commit.steps {
            for fact in &step.facts {
                match fact {
                    Fact::Intended { number, intent } => {
                        let id = IntentId { entity: commit.entity, incarnation: commit.incarnation, number: *number };
                        self.intended(node, id, intent, commit, step.correlation.as_ref());
                    }
                    Fact::Outbox { number, step: OutboxFact::Released { site, tier } } => {
                        let intent = IntentId { entity: commit.entity, incarnation: commit.incarnation, number: *number };
                        let queue = QueueName::Out { site: *site, tier: tier.rank() };
                        self.push(queue, format!("{intent}/{}", commit.number), wire::encode("ticket", &Ticket { intent }));
                    }
                    Fact::Named(_)
                    | Fact::Outbox { .. }
                    | Fact::CaseOpened(_)
                    | Fact::CaseHandedOver { .. }
                    | Fact::CaseSnoozed { .. }
                    | Fact::CaseGivingUp { .. }
                    | Fact::CaseClosed { .. }
                    | Fact::Order(_)
                    | Fact::Lot(_)
                    | Fact::Unit(_)
                    | Fact::Record(_)
                    | Fact::Shipment(_)
                    | Fact::Site(_) => {}
                }
            }
        }
    }

    fn intended(&mut self, node: &Node, id: IntentId, intent: &Intent, commit: &Commit, correlation: Option<&String>) {
        match intent {
            Intent::Site { .. } => {}
            Intent::Mail { to, urgent, parcel } => {
                let input = match parcel {
                    // By entity, not by the name it came under: the far region may not know that name, and would send it back.
                    Parcel::Forward(input) => Input { to: Address::Entity(*to), ..input.as_ref().clone() },
                    Parcel::Body(body) => {
                        Input { to: Address::Entity(*to), envelope: envelope(id, commit, correlation), body: body.as_ref().clone() }
                    }
                };
                let queue = if to.region() == node.region {
                    QueueName::In { shard: to.shard(node.seams.journal.shards()) }
                } else {
                    QueueName::Fwd { region: to.region(), urgent: *urgent }
                };
                self.push(queue, id.to_string(), wire::pack_mail(input));
            }
            Intent::Wake { at, wake } => self.timers.extend(timer(id, (*at, wake), (commit, correlation), node.seams.journal.shards())),
        }
    }

    fn push(&mut self, queue: QueueName, id: String, bytes: Result<Vec<u8>, wire::WireError>) {
        match bytes {
            Ok(bytes) => self.messages.push(Message { queue, id, bytes: Bytes::from(bytes) }),
            Err(error) => tracing::error!(%error, %id, "an intent cannot be written down"),
        }
    }
}

/// The timers that a commit asks for.
pub(crate) fn timers(commit: &Commit, shards: u16) -> Vec<Timer> {
    let mut found = Vec::new();
    for step in &commit.steps {
        for fact in &step.facts {
            let Fact::Intended { number, intent } = fact else { continue };
            let Intent::Wake { at, wake } = intent.as_ref() else { continue };
            let id = IntentId { entity: commit.entity, incarnation: commit.incarnation, number: *number };
            found.extend(timer(id, (*at, wake), (commit, step.correlation.as_ref()), shards));
        }
    }
    found
}

fn timer(id: IntentId, (at, wake): (Instant, &Wake), (commit, correlation): (&Commit, Option<&String>), shards: u16) -> Option<Timer> {
    let body = Body::Woken { intent: id, wake: wake.clone(), at: Some(at) };
    let input = Input { to: Address::Entity(id.entity), envelope: envelope(id, commit, correlation), body };
    let bytes = wire::pack_mail(input).ok()?;
    Some(Timer { id: id.to_string(), at, shard: id.entity.shard(shards), bytes: Bytes::from(bytes) })
}

fn envelope(id: IntentId, commit: &Commit, correlation: Option<&String>) -> Envelope {
    let ours = Envelope::ours(id.mail_key().as_str(), commit.at);
    Envelope { correlation: correlation.cloned(), causation: Some(id.to_string()), ..ours }
}
