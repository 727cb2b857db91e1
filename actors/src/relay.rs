//! The other end of a request that came to another node: hears what is asked of the entities of a shard, has it decided here, and
//! answers when that is durable. Bounded in flight. Never decides anything. What other regions ask comes in the same way, over a line
//! to their servers where this region dials them.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use takt_cluster::seam::Bus;
use takt_protocol::input::{Address, Input};
use takt_protocol::subject;
use takt_protocol::wire::{self, Relayed};
use tokio::sync::{mpsc, oneshot};

use crate::duties::Post;
use crate::reach::Reach;

/// The longest pause before it is tried again to hear.
const PAUSE_MAX: Duration = Duration::from_secs(5);

/// A question, and where its answer goes.
type Asked = (Bytes, oneshot::Sender<Bytes>);

/// Runs for ever on one shard; hears nothing more when the shard is handed over.
pub(crate) async fn run(reach: Reach, shard: u16, post: Arc<Post>, bus: Arc<dyn Bus>) {
    let most = reach.node.settings.intake_in_flight_max.max(1);
    let at_work = post.at_work();
    // Nobody was listened to yet.
    let (_, mut asked) = mpsc::channel(1);
    let (mut leaving, mut leaves) = (pin!(post.leaving()), false);
    let mut under_way = FuturesUnordered::new();
    let mut silent = false;
    while !(leaves && silent && under_way.is_empty()) {
        tokio::select! {
            biased;
            Some(()) = under_way.next(), if !under_way.is_empty() => {}
            // What was heard by then is still answered.
            () = &mut leaving, if !leaves => {
                leaves = true;
                asked.close();
            }
            question = asked.recv(), if !silent && under_way.len() < most => match question {
                Some(question) => under_way.push(answer(&reach, shard, question)),
                None if leaves => silent = true,
                None => asked = tokio::select! {
                    biased;
                    () = &mut leaving => {
                        (leaves, silent) = (true, true);
                        continue;
                    }
                    asked = listen(&reach, bus.as_ref(), shard, most) => asked,
                },
            },
        }
    }
    drop(at_work);
    // Whoever asked it to leave ends it.
    std::future::pending::<()>().await;
}

async fn listen(reach: &Reach, bus: &dyn Bus, shard: u16, most: usize) -> mpsc::Receiver<Asked> {
    let (node, mut failures) = (&reach.node, 0);
    loop {
        match bus.serve(&subject::command(node.region, shard), most).await {
            Ok(asked) => return asked,
            Err(error) => {
                failures += 1;
                tracing::debug!(%error, shard, "requests of other nodes cannot be heard just now; trying again");
                node.seams.clock.sleep(node.settings.pause(failures, u64::from(shard)).min(PAUSE_MAX)).await;
            }
        }
    }
}

async fn answer(reach: &Reach, shard: u16, (question, reply): Asked) {
    let relayed = match wire::unpack(&question) {
        Ok(input) => decided(reach, shard, input).await,
        // Whoever asked hears by silence that this node cannot read it.
        Err(error) => return tracing::error!(%error, shard, "a request of another node cannot be read"),
    };
    match wire::pack_relayed(relayed) {
        Ok(bytes) => {
            if reply.send(Bytes::from(bytes)).is_err() {
                tracing::debug!(shard, "the node that asked is gone; its request is decided");
            }
        }
        Err(error) => tracing::error!(%error, shard, "an answer to another node cannot be written down"),
    }
}

async fn decided(reach: &Reach, shard: u16, input: Input) -> Relayed {
    let Address::Entity(entity) = input.to else { return Relayed::Elsewhere };
    if entity.shard(reach.node.seams.journal.shards()) != shard || !reach.is_here(entity) {
        return Relayed::Elsewhere;
    }
    // Here or not at all: a request does not go round in circles.
    reach.hall.tell(entity, input).await.map_or(Relayed::Lost, Relayed::Reply)
}
