use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use ractor::Actor;
use takt_cluster::clock::SystemClock;
use takt_cluster::memory::{Fate, Memory, Operation, Untroubled};
use takt_cluster::seam::{Clock, QueueName, Seams};
use takt_protocol::fact::Fact;
use takt_protocol::id::{EntityId, Kind};
use takt_protocol::instant::Instant;
use takt_protocol::intent::{Intent, Parcel};
use takt_protocol::name::Region;

use super::PATIENCE;
use crate::committer::{self, Committer};
use crate::duties::Duties;
use crate::hall::{Hall, Keeper};
use crate::index;
use crate::reach::Reach;
use crate::region::tests::hold;
use crate::tape::tests::{order, write};

const QUEUE: QueueName = QueueName::In { shard: 0 };

fn lot() -> EntityId {
    EntityId::from_parts(Kind::Lot, Region::parse("eu").unwrap(), 1, 7)
}

/// An order tells a lot that it is bad.
fn mail() -> Fact {
    let intent = Intent::Mail { to: lot(), urgent: true, parcel: Parcel::Body(Box::new(hold())) };
    Fact::Intended { number: 1, intent: Box::new(intent) }
}

/// A region whose dispatcher reads that mail, and whether it decides about the lot.
async fn told(seams: &Seams, decides: bool) -> Reach {
    let node = index::tests::node(seams);
    let (committer, waiting) = Committer::pair();
    tokio::spawn(committer::run(node.clone(), waiting));
    let hall = Hall::new(node.clone(), committer);
    Actor::spawn(None, Keeper { hall: hall.clone() }, ()).await.unwrap();
    let duties = Arc::new(Duties::new(1, &[], &[], decides.then_some(Instant::EPOCH)));
    let reach = Reach { node, hall, duties };
    write(seams, &mut index::tests::saying(order(1), 1, vec![mail()])).await;
    tokio::spawn(super::run(reach.clone(), 0));
    reach
}

async fn until(seams: &Seams, what: &str, is: impl AsyncFn() -> bool) {
    for _ in 0..1_000 {
        if is().await {
            return;
        }
        seams.clock.sleep(Duration::from_millis(5)).await;
    }
    panic!("it is not so that {what}");
}

async fn commits(seams: &Seams) -> usize {
    seams.journal.read(lot(), 0).await.unwrap().len()
}

async fn queued(seams: &Seams) -> u64 {
    seams.queue.depth(QUEUE).await.unwrap()
}

#[tokio::test]
async fn mail_to_whom_this_node_decides_about_is_in_its_log_and_was_in_no_queue() {
    let published = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&published);
    let counting = move |operation: Operation| {
        counted.fetch_add(u64::from(operation.name == "queue.publish"), Ordering::Relaxed);
        Fate::Done
    };
    let seams = Memory::new(1, Arc::new(SystemClock::start()), Box::new(counting)).seams();
    let reach = told(&seams, true).await;
    until(&seams, "the lot has written it", async || commits(&seams).await == 1).await;
    let tell_again = super::step(&reach, 0, 0).await.unwrap();
    assert!(tell_again > 0);
    assert_eq!((commits(&seams).await, published.load(Ordering::Relaxed)), (1, 0), "told twice it is known");
}

#[tokio::test]
async fn mail_to_whom_another_node_decides_about_waits_in_its_queue() {
    let seams = Memory::new(1, Arc::new(SystemClock::start()), Box::new(Untroubled)).seams();
    told(&seams, false).await;
    until(&seams, "it is queued", async || queued(&seams).await == 1).await;
    assert_eq!(commits(&seams).await, 0);
}

#[tokio::test]
async fn mail_that_is_not_written_soon_is_queued_and_holds_up_nothing() {
    // The order's own append is plain; the lot's takes long.
    let appends = AtomicU64::new(0);
    let slow = move |operation: Operation| {
        let is_second = operation.name == "journal.append" && appends.fetch_add(1, Ordering::Relaxed) == 1;
        if is_second { Fate::Delayed(PATIENCE * 3) } else { Fate::Done }
    };
    let clock = Arc::new(SystemClock::start());
    let memory = Memory::new(1, clock.clone(), Box::new(slow));
    let seams = memory.seams();
    told(&seams, true).await;
    until(&seams, "it is queued", async || queued(&seams).await == 1).await;
    assert!(clock.elapsed() < PATIENCE * 3, "it was queued only after {:?}", clock.elapsed());
    assert_eq!(memory.account().get("delayed"), Some(&1), "nothing was slow");
    until(&seams, "the lot has written it in the end", async || commits(&seams).await == 1).await;
}
