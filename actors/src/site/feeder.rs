//! Tells a system that reads along what happened: every public event of a shard, from the beginning and on as they happen, in
//! the order of its log. At least once; each event has an id that never changes, and the reader knows it by that.
//!
//! Apart from errands because no entity waits for it: nothing is claimed, nothing is probed, and where inputs wait to be decided
//! it waits first. What is not told yet stands in the log, so waiting loses nothing.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use takt_cluster::seam::QueueName;
use takt_protocol::effect::{Effect, EventBatch};
use takt_protocol::event;
use takt_protocol::intent::IntentId;

use super::{Breaker, Channel, SiteDesk};
use crate::cursor::Cursor;
use crate::link::deliveries::{Delivered, Way, ms, of_sent};
use crate::link::{Errand, Sent};

/// Events in one telling at most.
const BATCH_MAX: usize = 200;

/// What was read of a log and is not told yet. A reader may be away for days and is tried again all the time: the log is read once for that.
struct Untold {
    /// How far it was read.
    upto: u64,
    /// By their numbers.
    batches: VecDeque<(usize, EventBatch)>,
}

/// Runs for ever on one shard.
pub(crate) async fn run(desk: Arc<SiteDesk>, shard: u16) {
    let mut cursor = Cursor::of(&desk.node, &format!("feeder/{}", desk.site), shard).await;
    let _channel = Channel::to(&desk.pace, channel(shard));
    let (mut failures, mut untold) = (0, None);
    loop {
        desk.node.may_go_out().await;
        if yields(&desk, shard).await {
            desk.node.seams.clock.sleep(Duration::from_millis(desk.node.settings.pause_ms.max(1))).await;
            continue;
        }
        match step(&desk, shard, cursor.at(), &mut untold).await {
            Ok(next) => {
                failures = 0;
                cursor.move_to(&desk.node, next).await;
                // One telling of many events costs as much as one of one.
                desk.node.seams.clock.sleep(Duration::from_millis(desk.node.settings.readers_gather_ms)).await;
            }
            Err(why) => {
                failures += 1;
                tracing::debug!(%why, site = %desk.site, shard, "a reader was not told; it is told again");
                desk.node.seams.clock.sleep(desk.node.settings.pause(failures, cursor.at())).await;
            }
        }
    }
}

/// Whether so much waits to be decided that a reader has to wait.
async fn yields(desk: &SiteDesk, shard: u16) -> bool {
    let waiting = desk.node.seams.queue.depth(QueueName::In { shard }).await.unwrap_or(0);
    waiting > desk.node.settings.readers_wait_above as u64
}

/// Tells what a shard recorded behind `cursor`; how far that is.
async fn step(desk: &SiteDesk, shard: u16, cursor: u64, untold: &mut Option<Untold>) -> Result<u64, String> {
    let mut rest = match untold.take() {
        Some(rest) => rest,
        None => read(desk, shard, cursor).await?,
    };
    while let Some((number, batch)) = rest.batches.pop_front() {
        if let Err(why) = tell(desk, (shard, rest.upto), number, batch.clone()).await {
            rest.batches.push_front((number, batch));
            *untold = Some(rest);
            return Err(why);
        }
    }
    Ok(rest.upto)
}

/// The events behind a place.
async fn read(desk: &SiteDesk, shard: u16, cursor: u64) -> Result<Untold, String> {
    let run = desk.node.tape.all_alone(shard, cursor).await.map_err(|error| error.to_string())?;
    let mut events = Vec::new();
    for told in run.commits().flat_map(|recorded| event::of(&recorded.commit)) {
        events.push(serde_json::to_value(&told).map_err(|error| format!("{} cannot be written down: {error}", told.id))?);
    }
    let batches = events.chunks(BATCH_MAX).map(|batch| EventBatch { events: batch.to_vec() }).enumerate().collect();
    Ok(Untold { upto: run.upto, batches })
}

/// What its channel is called where it does not work.
fn channel(shard: u16) -> String {
    format!("events of shard {shard}")
}

/// Tells one batch; why not, when it did not take the whole of it.
async fn tell(desk: &SiteDesk, (shard, upto): (u16, u64), number: usize, batch: EventBatch) -> Result<(), String> {
    let clock = &desk.node.seams.clock;
    if let Some(wait) = desk.with_breaker(Breaker::wait) {
        clock.sleep(wait).await;
    }
    let Some(entity) = desk.node.book().site_entity(desk.site) else { return Err(format!("{} is no site any more", desk.site)) };
    // Names the batch in the list of deliveries, and nothing else.
    let number = u32::try_from(upto.wrapping_add(number as u64) & u64::from(u32::MAX)).unwrap_or_default();
    let intent = IntentId { entity, incarnation: desk.node.seams.journal.incarnation(), number };
    let errand = Errand { reference: intent.reference(), attempt: 1, effect: Box::new(Effect::TellEvents(batch)) };
    let _seat = desk.pace.take_turn(clock.as_ref(), false).await;
    let (at, began, window) = (clock.now(), clock.elapsed(), u64::from(desk.limits.window_ms));
    let sent = tokio::select! {
        biased;
        sent = desk.link.send(&errand) => sent,
        () = clock.sleep(Duration::from_millis(window)) => Sent::Lost { why: format!("no answer within {window} ms") },
    };
    let (outcome, detail) = of_sent(&sent);
    let (what, reference) = (errand.effect.verb().to_owned(), errand.reference.as_str().to_owned());
    let took_ms = ms(clock.elapsed().saturating_sub(began));
    desk.deliveries.note(Delivered { at, way: Way::Out, what, reference, attempt: 1, outcome, detail, took_ms });
    let channel = channel(shard);
    let refused = |why: String| {
        desk.refused(&channel, &why);
        why
    };
    let why = match sent {
        Sent::Accepted(_) => {
            desk.heard(&channel);
            return Ok(());
        }
        // An event that it does not take is not passed over: nobody could tell afterwards that it is missing there.
        Sent::Rejected { code, text } => refused(format!("it does not take events: {code} {text}")),
        Sent::Misconfigured { why } => refused(why),
        Sent::NotDone { why } | Sent::Lost { why } => {
            desk.missed(&channel, &why);
            why
        }
        Sent::Read { .. } => refused("its mapping says what is read from books, not whether the events were taken".to_owned()),
    };
    Err(why)
}

#[cfg(test)]
mod tests;
