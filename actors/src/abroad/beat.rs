//! Signs of life over a road: whoever dials gives one every second, with how the road stands, and the other end answers with what waits
//! there. So both ends know whether it is open, and how much waits at either.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use takt_cluster::Error;
use takt_cluster::seam::{Bus, Queue, QueueName, Replied};
use takt_protocol::name::Region;
use takt_protocol::{subject, wire};
use tokio::sync::oneshot;

use super::link::Link;
use super::words::{BEATS, Beat, Beaten, Waiting};
use crate::node::Node;

/// Between two signs of life.
const EVERY: Duration = Duration::from_secs(1);

/// How long the answer may take.
const PATIENCE: Duration = Duration::from_secs(2);

/// How long it may take to count what waits; signs of life do not wait longer for it.
const COUNTING: Duration = Duration::from_millis(500);

/// Dead letters that are counted.
const DEAD_MAX: usize = 200;

/// Signs of life that wait to be heard.
const WAITING_MAX: usize = 64;

/// Whoever gives signs of life, until this is dropped.
struct Watching<'a>(&'a Link);

impl Drop for Watching<'_> {
    fn drop(&mut self) {
        self.0.leave();
    }
}

/// Gives signs of life over a line that this side dialled, for ever.
pub(crate) async fn give(node: Arc<Node>, link: Arc<Link>, bus: Arc<dyn Bus>) {
    let _watching = Watching(&link);
    let clock = &node.seams.clock;
    loop {
        let waiting = counted(&node, &link).await;
        let asked = clock.elapsed();
        exchange(&node, &link, bus.as_ref(), waiting).await;
        link.look(clock.now(), clock.elapsed());
        clock.sleep((asked + EVERY).saturating_sub(clock.elapsed()).max(EVERY / 4)).await;
    }
}

/// Gives one, and takes the answer in; whether there was any.
async fn exchange(node: &Node, link: &Link, bus: &dyn Bus, waiting: Option<Waiting>) -> bool {
    let clock = &node.seams.clock;
    let beat = link.beat(node.region, node.settings.node.to_string(), node.seams.journal.shards(), waiting);
    let bytes = match wire::encode("sign of life", &beat) {
        Ok(bytes) => Bytes::from(bytes),
        Err(error) => {
            tracing::error!(%error, "a sign of life cannot be written down");
            return false;
        }
    };
    let asked = clock.elapsed();
    let Ok(Replied::Answer(bytes)) = bus.request(&subject::ask(link.far(), BEATS), bytes, PATIENCE).await else { return false };
    match wire::decode::<Beaten>("sign of life", &bytes) {
        Ok(told) => {
            link.answered((clock.now(), clock.elapsed()), told, clock.elapsed().saturating_sub(asked));
            true
        }
        Err(error) => {
            tracing::warn!(%error, region = %link.far(), "a sign of life cannot be read");
            false
        }
    }
}

/// Whether the other end lets its ordinary mail go, by its word of this moment: not while it was restored and nobody has said that it
/// was compared with the world outside.
pub(crate) async fn lets_go(node: &Node, link: &Link, bus: &dyn Bus) -> Result<(), Error> {
    if !exchange(node, link, bus, link.last_counted()).await {
        return Err(Error::Unreachable { place: format!("region {}", link.far()) });
    }
    if link.keeps_mail() { Err(kept(link)) } else { Ok(()) }
}

/// Why ordinary mail is not fetched from a region that was restored.
pub(crate) fn kept(link: &Link) -> Error {
    let what = "it was restored and nobody has said that it was compared: but for holds its mail waits there until `takt reconciled`";
    Error::Refused { place: format!("region {}", link.far()), what: what.to_owned() }
}

/// Hears those who dial this region, and answers them, for ever.
pub(crate) async fn hear(node: Arc<Node>, links: Vec<Arc<Link>>) {
    let mut failures = 0;
    let look = async {
        loop {
            node.seams.clock.sleep(EVERY).await;
            for link in &links {
                link.look(node.seams.clock.now(), node.seams.clock.elapsed());
            }
        }
    };
    let serve = async {
        loop {
            match node.seams.bus.serve(&subject::ask(node.region, BEATS), WAITING_MAX).await {
                Ok(mut asked) => {
                    while let Some((beat, reply)) = asked.recv().await {
                        failures = 0;
                        answer(&node, &links, &beat, reply).await;
                    }
                }
                Err(error) => tracing::debug!(%error, "signs of life of other regions cannot be heard just now"),
            }
            failures += 1;
            node.seams.clock.sleep(node.settings.pause(failures, 0)).await;
        }
    };
    tokio::join!(look, serve);
}

async fn answer(node: &Node, links: &[Arc<Link>], beat: &[u8], reply: oneshot::Sender<Bytes>) {
    let beat: Beat = match wire::decode("sign of life", beat) {
        Ok(beat) => beat,
        Err(error) => return tracing::warn!(%error, "a sign of life of another region cannot be read"),
    };
    let Some(link) = links.iter().find(|link| link.far() == beat.from) else {
        return tracing::warn!(region = %beat.from, "a region dials that roads.yaml says nothing of; it is not answered");
    };
    link.beaten((node.seams.clock.now(), node.seams.clock.elapsed()), beat);
    let told = Beaten {
        node: node.settings.node.to_string(),
        shards: node.seams.journal.shards(),
        waiting: counted(node, link).await,
        reconciling: node.is_reconciling(),
    };
    if let Ok(bytes) = wire::encode("sign of life", &told) {
        // Whoever asked may be gone by now.
        drop(reply.send(Bytes::from(bytes)));
    }
}

/// What waits here for the other end; nothing where that cannot be counted just now.
pub(crate) async fn counted(node: &Node, link: &Link) -> Option<Waiting> {
    let clock = &node.seams.clock;
    if let Some(waiting) = link.counted(clock.elapsed()) {
        return Some(waiting);
    }
    let found = tokio::select! {
        biased;
        found = count(node.seams.queue.as_ref(), link.far()) => found,
        () = clock.sleep(COUNTING) => return None,
    };
    match found {
        Ok(waiting) => {
            let waiting = Waiting { most: Some(node.settings.waiting_max as u64), ..waiting };
            Some(link.count(clock.elapsed(), waiting))
        }
        Err(error) => {
            tracing::debug!(%error, region = %link.far(), "what waits for a region cannot be counted just now");
            None
        }
    }
}

async fn count(queue: &dyn Queue, region: Region) -> Result<Waiting, Error> {
    let mut found = Waiting::default();
    for urgent in [true, false] {
        let name = QueueName::Fwd { region, urgent };
        let depth = queue.depth(name).await?;
        *if urgent { &mut found.urgent } else { &mut found.other } = depth;
        if depth > 0 {
            let oldest = queue.oldest(name).await?.and_then(|bytes| Some(wire::unpack(&bytes).ok()?.envelope.received_at));
            found.oldest = found.oldest.into_iter().chain(oldest).min();
        }
        found.dead += queue.buried(name, DEAD_MAX).await?.len() as u64;
    }
    Ok(found)
}
