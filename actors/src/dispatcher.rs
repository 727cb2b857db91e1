//! Hands on what was recorded: mail to its entity, `in` or `fwd`, intents for sites into `out`, wake-ups into the timers. Copies and
//! computes nothing; writes first, then moves its cursor, so a crash in between only repeats ids that are known. Mail to an entity that
//! is decided here is written by that entity itself, in the commit that it leads to; `in` takes it where that does not come soon.

use std::time::Duration;

use bytes::Bytes;
use futures::future::join_all;
use serde::{Deserialize, Serialize};
use takt_cluster::seam::{Message, QueueName, Timer};
use takt_protocol::commit::Commit;
use takt_protocol::envelope::Envelope;
use takt_protocol::fact::Fact;
use takt_protocol::id::EntityId;
use takt_protocol::input::{Address, Body, Input};
use takt_protocol::instant::Instant;
use takt_protocol::intent::{Intent, IntentId, Parcel, Wake};
use takt_protocol::kernel::Reply;
use takt_protocol::outbox::OutboxFact;
use takt_protocol::planted::{self, Bug};
use takt_protocol::wire;

use crate::cursor::Cursor;
use crate::intake;
use crate::node::Node;
use crate::reach::Reach;

/// How long an entity may take to write what it is told, before its mail is queued: nothing else of the shard waits longer for it.
const PATIENCE: Duration = Duration::from_millis(500);

/// What waits in `out`: which intent. Its effect is told with the claim, from the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Ticket {
    pub(crate) intent: IntentId,
}

/// Everything a batch of commits asks for.
#[derive(Default)]
struct Orders<'a> {
    mail: Vec<Mail<'a>>,
    messages: Vec<Message>,
    timers: Vec<Timer>,
}

/// Mail to an entity of this region.
struct Mail<'a> {
    id: IntentId,
    to: EntityId,
    parcel: &'a Parcel,
    commit: &'a Commit,
    correlation: Option<&'a String>,
}

/// Runs for ever on one shard.
pub(crate) async fn run(reach: Reach, shard: u16) {
    let node = &reach.node;
    let mut cursor = Cursor::of(node, "dispatcher", shard).await;
    let mut failures = 0;
    loop {
        match step(&reach, shard, cursor.at()).await {
            Ok(next) => {
                failures = 0;
                cursor.move_to(node, next).await;
            }
            Err(error) => {
                failures += 1;
                tracing::warn!(%error, shard, "failed to hand on what was recorded; trying again");
                node.seams.clock.sleep(node.settings.pause(failures, cursor.at())).await;
            }
        }
    }
}

async fn step(reach: &Reach, shard: u16, cursor: u64) -> Result<u64, takt_cluster::Error> {
    let node = &reach.node;
    let run = node.tape.all_after(shard, cursor).await?;
    let mut orders = Orders::default();
    for recorded in run.commits() {
        orders.read(node, &recorded.commit);
    }
    let Orders { mail, messages, timers } = orders;
    if !timers.is_empty() {
        node.seams.timers.set(timers).await?;
    }
    let straight = async {
        let left = join_all(mail.into_iter().map(|mail| mail.hand_over(reach))).await;
        publish(node, left.into_iter().flatten().collect()).await
    };
    let (straight, queued) = tokio::join!(straight, publish(node, messages));
    let handed_on = straight.and(queued);
    if !planted::is(Bug::LostCursor) {
        handed_on?;
    }
    Ok(run.upto)
}

async fn publish(node: &Node, messages: Vec<Message>) -> Result<(), takt_cluster::Error> {
    if messages.is_empty() { Ok(()) } else { node.seams.queue.publish(messages).await }
}

impl Mail<'_> {
    /// Has the entity write it, if it is decided here; else, or when that does not come soon, a message for its queue.
    async fn hand_over(self, reach: &Reach) -> Option<Message> {
        let input = self.input();
        let node = &reach.node;
        let shard = self.to.shard(node.seams.journal.shards());
        let waits = async { if intake::is_for_a_door(&input) { None } else { reach.tell_here(self.to, input).await } };
        let reply = tokio::select! {
            biased;
            reply = waits => reply,
            () = node.seams.clock.sleep(PATIENCE) => None,
        };
        match reply {
            Some(Reply::Answer(_) | Reply::Known(_) | Reply::Claim(_)) => None,
            // The intake knows what becomes of what nobody was born from.
            Some(Reply::Unborn) | None => message(QueueName::In { shard }, self.id.to_string(), wire::pack_mail(self.input())),
        }
    }

    fn input(&self) -> Input {
        mail(self.id, self.to, self.parcel, (self.commit, self.correlation))
    }
}

impl<'a> Orders<'a> {
    fn read(&mut self, node: &Node, commit: &'a Commit) {
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

    fn intended(&mut self, node: &Node, id: IntentId, intent: &'a Intent, commit: &'a Commit, correlation: Option<&'a String>) {
        match intent {
            Intent::Site { .. } => {}
            Intent::Mail { to, parcel, .. } if to.region() == node.region => {
                self.mail.push(Mail { id, to: *to, parcel, commit, correlation });
            }
            Intent::Mail { to, urgent, parcel } => {
                let queue = QueueName::Fwd { region: to.region(), urgent: *urgent };
                self.push(queue, id.to_string(), wire::pack_mail(mail(id, *to, parcel, (commit, correlation))));
            }
            Intent::Wake { at, wake } => self.timers.extend(timer(id, (*at, wake), (commit, correlation), node.seams.journal.shards())),
        }
    }

    fn push(&mut self, queue: QueueName, id: String, bytes: Result<Vec<u8>, wire::WireError>) {
        self.messages.extend(message(queue, id, bytes));
    }
}

fn message(queue: QueueName, id: String, bytes: Result<Vec<u8>, wire::WireError>) -> Option<Message> {
    match bytes {
        Ok(bytes) => Some(Message { queue, id, bytes: Bytes::from(bytes) }),
        Err(error) => {
            tracing::error!(%error, %id, "an intent cannot be written down");
            None
        }
    }
}

/// What an entity is told by mail.
fn mail(id: IntentId, to: EntityId, parcel: &Parcel, (commit, correlation): (&Commit, Option<&String>)) -> Input {
    let to = Address::Entity(to);
    match parcel {
        // By entity, not by the name it came under: the far region may not know that name, and would send it back.
        Parcel::Forward(input) => Input { to, ..input.as_ref().clone() },
        Parcel::Body(body) => Input { to, envelope: envelope(id, commit, correlation), body: body.as_ref().clone() },
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

#[cfg(test)]
mod tests;
