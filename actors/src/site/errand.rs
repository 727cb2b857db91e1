//! One errand: claim, send within the window, tell the entity how it went; or ask the site, when nobody knows how it went.
//! The window runs on the monotonic clock from before the claim, so it ends here no later than in the log.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use serde_json::Value;
use takt_cluster::seam::{Delivery, QueueName};
use takt_protocol::envelope::{Envelope, Key, KeyText, Mark, Origin};
use takt_protocol::input::{Address, Body, Input};
use takt_protocol::instant::Instant;
use takt_protocol::intent::{Intent, IntentId, Tier};
use takt_protocol::kernel::Reply;
use takt_protocol::outbox::{Claim, ClaimAnswer};
use takt_protocol::planted::{self, Bug};

use super::{ERRANDS, SiteDesk, before};
use crate::duties::Duty;
use crate::hall::Lost;
use crate::link::carrier::claim_takes;
use crate::link::deliveries::{Delivered, Outcome, Way, ms, of_probed, of_sent};
use crate::link::{Errand, Probed, Sent};

/// Carries one errand as far as it goes now; what is left of it comes again by the queue.
pub(super) async fn carry_out(desk: &SiteDesk, delivery: &Delivery, intent: IntentId) {
    let Ok(intent) = desk.node.origin(intent).await else { return pause(desk, delivery, intent).await };
    if before::waits(desk, intent).await {
        return later(desk, delivery, intent, before::PAUSE).await;
    }
    if let Some(wait) = desk.with_breaker(super::Breaker::wait) {
        return later(desk, delivery, intent, wait).await;
    }
    desk.deliveries.waits_no_more(intent.reference().as_str());
    let critical = delivery.receipt.queue == QueueName::Out { site: desk.site, tier: Tier::PlantCritical.rank() };
    let _seat = desk.pace.take_turn(desk.node.seams.clock.as_ref(), critical).await;
    if desk.reach.duties.post(Duty::Site(desk.site)).is_some_and(|post| post.is_leaving()) {
        // While it waited for its turn, the site became another node's: that one claims it.
        return later(desk, delivery, intent, Duration::ZERO).await;
    }
    let started = desk.node.seams.clock.elapsed();
    let window = Duration::from_millis(u64::from(desk.limits.window_ms));
    if planted::is(Bug::NoClaim) {
        blind(desk, intent).await;
    }
    match claim(desk, intent, Claim::May { window_ms: desk.limits.window_ms, asker: asker(desk) }).await {
        Err(Lost) => pause(desk, delivery, intent).await,
        Ok(ClaimAnswer::Done) => done(desk, delivery).await,
        Ok(ClaimAnswer::Wait { until }) => later(desk, delivery, intent, until.since(desk.node.seams.clock.now())).await,
        Ok(ClaimAnswer::Send { attempt, effect }) => {
            if let Some(why) = before::doubt(desk, intent, &effect) {
                // Nothing was sent from here: its site is asked by the reference that it had before.
                return match claim(desk, intent, Claim::Lost { attempt, why }).await {
                    Ok(_) => later(desk, delivery, intent, Duration::ZERO).await,
                    Err(Lost) => pause(desk, delivery, intent).await,
                };
            }
            let errand = Errand { reference: intent.reference(), attempt, effect };
            let left = (started + window).saturating_sub(desk.node.seams.clock.elapsed());
            let began = Began::now(desk);
            let sent = if left < window.saturating_sub(claim_takes(window)) {
                // This node stood still meanwhile: what it sent now might arrive when another one is asking the site already.
                Sent::NotDone { why: "its time was over before it was begun".to_owned() }
            } else {
                tokio::select! {
                    biased;
                    () = desk.node.seams.clock.sleep(left) => Sent::Lost { why: format!("no answer within {} ms", desk.limits.window_ms) },
                    sent = desk.link.send(&errand) => sent,
                }
            };
            began.note(desk, &errand, of_sent(&sent));
            tell(desk, delivery, intent, attempt, sent).await;
        }
        Ok(ClaimAnswer::Probe { attempt, effect, not_before }) => {
            let errand = Errand { reference: intent.reference(), attempt, effect };
            probe(desk, delivery, intent, &errand, not_before).await;
        }
    }
}

/// What no other claim is called: where other nodes run the region, too, the answer may get lost on its way, and is asked for again.
fn asker(desk: &SiteDesk) -> u64 {
    static ASKED: AtomicU64 = AtomicU64::new(0);
    if desk.reach.duties.is_alone() {
        return 0;
    }
    let mut hash = DefaultHasher::new();
    let asked = ASKED.fetch_add(1, Ordering::Relaxed);
    (desk.node.settings.node.to_string(), desk.node.seams.clock.now().utc_ns(), std::process::id(), asked).hash(&mut hash);
    hash.finish().max(1)
}

/// When a try began.
struct Began {
    at: Instant,
    elapsed: Duration,
}

impl Began {
    fn now(desk: &SiteDesk) -> Self {
        Self { at: desk.node.seams.clock.now(), elapsed: desk.node.seams.clock.elapsed() }
    }

    /// Writes down how it went.
    fn note(self, desk: &SiteDesk, errand: &Errand, (outcome, detail): (Outcome, String)) {
        desk.deliveries.note(Delivered {
            at: self.at,
            way: Way::Out,
            what: errand.effect.verb().to_owned(),
            reference: errand.reference.as_str().to_owned(),
            attempt: errand.attempt,
            outcome,
            detail,
            took_ms: ms(desk.node.seams.clock.elapsed().saturating_sub(self.elapsed)),
        });
    }
}

/// The planted bug: sends whatever waits, before anything stands in the log.
async fn blind(desk: &SiteDesk, intent: IntentId) {
    let Ok(state) = desk.reach.show(intent.entity).await else { return };
    let Some(Intent::Site { effect, .. }) = state.common.outbox.get(intent.number).map(|open| open.intent.clone()) else { return };
    desk.link.send(&Errand { reference: intent.reference(), attempt: 1, effect }).await;
}

/// Tells the entity how the send went.
async fn tell(desk: &SiteDesk, delivery: &Delivery, intent: IntentId, attempt: u32, sent: Sent) {
    match &sent {
        Sent::Accepted(_) | Sent::Rejected { .. } | Sent::Misconfigured { .. } | Sent::Read { .. } => desk.heard(ERRANDS),
        Sent::NotDone { why } | Sent::Lost { why } => desk.missed(ERRANDS, why),
    }
    let over = matches!(sent, Sent::Accepted(_) | Sent::Rejected { .. } | Sent::Misconfigured { .. });
    let word = match sent {
        Sent::Read { said, raw } => return read(desk, delivery, intent, attempt, said, raw).await,
        Sent::Accepted(receipt) => Claim::Accepted { attempt, receipt },
        Sent::Rejected { code, text } => Claim::Rejected { attempt, code, text },
        Sent::NotDone { why } => Claim::NotDone { attempt, why },
        Sent::Lost { why } => Claim::Lost { attempt, why },
        Sent::Misconfigured { why } => Claim::Park { attempt, why },
    };
    match claim(desk, intent, word).await {
        Ok(_) if over => done(desk, delivery).await,
        // The claim stands in the log: whoever comes next asks the site before anything is sent.
        Ok(_) | Err(Lost) => pause(desk, delivery, intent).await,
    }
}

/// The site said what is in its books: its answer is kept before anybody looks at it.
async fn read(desk: &SiteDesk, delivery: &Delivery, intent: IntentId, attempt: u32, said: Value, raw: Vec<u8>) {
    let calendar = desk.node.book().calendar(desk.site);
    let word = match crate::link::reading(said, &calendar) {
        Ok(reading) => Claim::Read { attempt, reading: Box::new(reading) },
        Err(why) => {
            Claim::Rejected { attempt, code: "UNREADABLE".to_owned(), text: format!("the mapping of read_books gives no books: {why}") }
        }
    };
    let kept = desk.node.seams.blobs.keep(vec![Bytes::from(raw)]).await;
    let Some(raw) = kept.ok().and_then(|kept| kept.first().copied()) else { return pause(desk, delivery, intent).await };
    let origin = Origin { raw, mapping: format!("{}/read_books", desk.site) };
    match claim_of(desk, intent, word, Some(origin)).await {
        Ok(_) => done(desk, delivery).await,
        Err(Lost) => pause(desk, delivery, intent).await,
    }
}

/// Asks the site what became of an attempt.
async fn probe(desk: &SiteDesk, delivery: &Delivery, intent: IntentId, errand: &Errand, not_before: Instant) {
    let asked_at = desk.node.seams.clock.now();
    if asked_at < not_before {
        return later(desk, delivery, intent, not_before.since(asked_at)).await;
    }
    let window = Duration::from_millis(u64::from(desk.limits.window_ms));
    let began = Began::now(desk);
    let probed = tokio::select! {
        biased;
        probed = desk.link.probe(errand) => probed,
        () = desk.node.seams.clock.sleep(window) => Probed::NoAnswer { why: "no answer in time".to_owned() },
    };
    began.note(desk, errand, of_probed(&probed));
    let word = match probed {
        Probed::Found(receipt) => {
            Claim::Accepted { attempt: errand.attempt, receipt: takt_protocol::outbox::Receipt { by_probe: true, ..receipt } }
        }
        Probed::Absent => Claim::Absent { attempt: errand.attempt, asked_at },
        Probed::NoAnswer { why } => {
            tracing::debug!(site = %desk.site, %why, "a probe was not answered");
            desk.missed(ERRANDS, &why);
            return pause(desk, delivery, intent).await;
        }
    };
    desk.heard(ERRANDS);
    let over = matches!(word, Claim::Accepted { .. });
    match claim(desk, intent, word).await {
        Ok(_) if over => done(desk, delivery).await,
        Ok(_) => {
            if desk.node.is_from_before(intent) {
                desk.node.was_asked(intent);
            }
            later(desk, delivery, intent, Duration::from_millis(1)).await;
        }
        Err(Lost) => pause(desk, delivery, intent).await,
    }
}

/// Asks the entity, or tells it; the answer comes when it is durable.
pub(super) async fn claim(desk: &SiteDesk, intent: IntentId, claim: Claim) -> Result<ClaimAnswer, Lost> {
    claim_of(desk, intent, claim, None).await
}

/// The same, of what the site said.
async fn claim_of(desk: &SiteDesk, intent: IntentId, claim: Claim, origin: Option<Origin>) -> Result<ClaimAnswer, Lost> {
    let now = desk.node.seams.clock.now();
    let key = Key { source: desk.site, epoch: 0, mark: Mark::Text(KeyText::ours(format_args!("claim/{intent}"))) };
    let envelope = Envelope { causation: Some(intent.to_string()), origin, ..Envelope::of(key, now) };
    let input = Input { to: Address::Entity(intent.entity), envelope, body: Body::Claim { intent: desk.node.as_here(intent), claim } };
    match desk.reach.tell(intent.entity, input).await? {
        Reply::Claim(answer) => Ok(answer),
        Reply::Answer(_) | Reply::Known(_) | Reply::Unborn => Ok(ClaimAnswer::Done),
    }
}

async fn done(desk: &SiteDesk, delivery: &Delivery) {
    if let Err(error) = desk.node.seams.queue.ack(vec![delivery.receipt]).await {
        tracing::debug!(%error, "failed to acknowledge an errand; it comes again and is known to be over");
    }
}

async fn pause(desk: &SiteDesk, delivery: &Delivery, intent: IntentId) {
    later(desk, delivery, intent, desk.node.settings.pause(delivery.deliveries, delivery.receipt.sequence)).await;
}

async fn later(desk: &SiteDesk, delivery: &Delivery, intent: IntentId, delay: Duration) {
    let delay = delay.max(Duration::from_millis(1));
    desk.deliveries.waits(intent.reference().as_str(), desk.node.seams.clock.now().plus(delay));
    if let Err(error) = desk.node.seams.queue.later(delivery.receipt, delay).await {
        tracing::debug!(%error, "failed to put an errand back; it comes again when its lease ends");
    }
}
