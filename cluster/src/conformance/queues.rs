//! The queue's promises.

use std::collections::BTreeSet;
use std::time::Duration;

use takt_protocol::name::{Region, SiteId};

use super::{Bench, LEASE, message, soon};
use crate::seam::{Delivery, QueueName, Seams};

const IN: QueueName = QueueName::In { shard: 0 };

async fn pull(seams: &Seams, queue: QueueName) -> Vec<Delivery> {
    soon(seams, seams.queue.pull(queue, 10, LEASE)).await.unwrap()
}

/// Whether the queue hands out nothing for a while.
async fn stays_empty(seams: &Seams, queue: QueueName, time: Duration) -> bool {
    tokio::select! {
        biased;
        _ = seams.queue.pull(queue, 1, LEASE) => false,
        () = seams.clock.sleep(time) => true,
    }
}

/// Done is done.
pub async fn an_acknowledged_message_does_not_come_again(bench: &mut dyn Bench) {
    let seams = bench.seams().await;
    seams.queue.publish(vec![message(IN, "a"), message(IN, "b")]).await.unwrap();
    let found = pull(&seams, IN).await;
    assert_eq!(found.iter().map(|delivery| delivery.id.as_str()).collect::<Vec<_>>(), ["a", "b"]);
    seams.queue.ack(found.iter().map(|delivery| delivery.receipt).collect()).await.unwrap();
    assert_eq!(seams.queue.depth(IN).await.unwrap(), 0);
    assert!(stays_empty(&seams, IN, LEASE * 3).await);
}

/// While it is handed out nobody else gets it; when the lease has passed somebody does, and the first answer is void.
pub async fn a_message_is_handed_to_one_reader_until_its_lease_ends(bench: &mut dyn Bench) {
    let seams = bench.seams().await;
    seams.queue.publish(vec![message(IN, "a")]).await.unwrap();
    let first = pull(&seams, IN).await.remove(0);
    assert!(stays_empty(&seams, IN, LEASE / 4).await);
    let second = pull(&seams, IN).await.remove(0);
    assert_eq!((first.deliveries, second.deliveries), (1, 2));
    seams.queue.ack(vec![first.receipt]).await.unwrap();
    assert_eq!(seams.queue.depth(IN).await.unwrap(), 1, "an answer to an earlier delivery must do nothing");
    seams.queue.ack(vec![second.receipt]).await.unwrap();
    assert_eq!(seams.queue.depth(IN).await.unwrap(), 0);
}

/// Backoff.
pub async fn a_message_put_back_comes_again_not_before_its_time(bench: &mut dyn Bench) {
    let seams = bench.seams().await;
    seams.queue.publish(vec![message(IN, "a")]).await.unwrap();
    let first = pull(&seams, IN).await.remove(0);
    let put_back = seams.clock.elapsed();
    seams.queue.later(first.receipt, Duration::from_millis(150)).await.unwrap();
    let second = pull(&seams, IN).await.remove(0);
    assert!(seams.clock.elapsed() >= put_back + Duration::from_millis(150));
    assert_eq!((second.id.as_str(), second.deliveries), ("a", 2));
}

/// Nothing is dropped: what cannot be read is kept where a person sees it.
pub async fn a_buried_message_is_shown_with_its_reason_and_can_be_revived(bench: &mut dyn Bench) {
    let seams = bench.seams().await;
    seams.queue.publish(vec![message(IN, "bad")]).await.unwrap();
    let found = pull(&seams, IN).await.remove(0);
    seams.queue.bury(found.receipt, "cannot be read".to_owned()).await.unwrap();
    assert_eq!(seams.queue.depth(IN).await.unwrap(), 0);
    drop(seams);
    let seams = bench.reopen().await;
    let buried = seams.queue.buried(IN, 10).await.unwrap();
    assert_eq!(buried.iter().map(|(id, reason, _)| (id.as_str(), reason.as_str())).collect::<Vec<_>>(), [("bad", "cannot be read")]);
    assert_eq!((seams.queue.graves().await.unwrap(), seams.queue.names().await.unwrap()), (vec![IN], Vec::new()));
    assert!(!seams.queue.revive(IN, "other").await.unwrap());
    assert!(seams.queue.revive(IN, "bad").await.unwrap());
    assert_eq!(pull(&seams, IN).await.remove(0).id, "bad");
    assert!(seams.queue.buried(IN, 10).await.unwrap().is_empty());
    assert!(seams.queue.graves().await.unwrap().is_empty());
}

/// Whoever watches a queue sees for how long it has waited, and takes nothing by it.
pub async fn the_oldest_message_is_shown_to_whoever_looks_and_handed_to_nobody(bench: &mut dyn Bench) {
    let seams = bench.seams().await;
    assert_eq!(seams.queue.oldest(IN).await.unwrap(), None);
    seams.queue.publish(vec![message(IN, "a"), message(IN, "b")]).await.unwrap();
    assert_eq!(seams.queue.oldest(IN).await.unwrap(), Some(message(IN, "a").bytes));
    let found = pull(&seams, IN).await;
    assert_eq!((found.len(), seams.queue.oldest(IN).await.unwrap()), (2, Some(message(IN, "a").bytes)), "it still waits");
    let all = seams.queue.list(IN, 0, 10).await.unwrap();
    assert_eq!(all.iter().map(|(_, id, _)| id.as_str()).collect::<Vec<_>>(), ["a", "b"], "what is handed out waits, too");
    let first = all.first().unwrap().0;
    assert_eq!(seams.queue.list(IN, 0, 1).await.unwrap(), all.get(..1).unwrap());
    assert_eq!(seams.queue.list(IN, first, 10).await.unwrap(), all.get(1..).unwrap());
    seams.queue.ack(vec![found.first().unwrap().receipt]).await.unwrap();
    // An engine may write an acknowledgement down a moment later.
    while seams.queue.oldest(IN).await.unwrap() != Some(message(IN, "b").bytes) {
        seams.clock.sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(seams.queue.oldest(QueueName::In { shard: 1 }).await.unwrap(), None);
}

/// What was published and not done is there after the node is gone, also what was handed out.
pub async fn queues_survive_the_node(bench: &mut dyn Bench) {
    let seams = bench.seams().await;
    seams.queue.publish(vec![message(IN, "a"), message(IN, "b")]).await.unwrap();
    let handed = seams.queue.pull(IN, 1, Duration::from_hours(1)).await.unwrap();
    assert_eq!(handed.len(), 1);
    drop(seams);
    let seams = bench.reopen().await;
    // An engine may learn late that the node is gone; until then what it did not hand out comes more than once.
    let mut found = BTreeSet::new();
    while found.len() < 2 {
        found.extend(pull(&seams, IN).await.into_iter().map(|delivery| delivery.id));
    }
    assert_eq!(found, BTreeSet::from(["a".to_owned(), "b".to_owned()]));
}

/// One queue a site and tier, one a region.
pub async fn queues_are_apart_and_say_how_deep_they_are(bench: &mut dyn Bench) {
    let seams = bench.seams().await;
    let site = SiteId::parse("erp-eu").unwrap();
    let (urgent, normal) = (QueueName::Out { site, tier: 0 }, QueueName::Out { site, tier: 1 });
    let forward = QueueName::Fwd { region: Region::parse("asia").unwrap(), urgent: true };
    seams.queue.publish(vec![message(urgent, "a"), message(normal, "b"), message(normal, "c"), message(forward, "d")]).await.unwrap();
    assert_eq!(seams.queue.depth(normal).await.unwrap(), 2);
    assert_eq!(seams.queue.names().await.unwrap(), [urgent, normal, forward]);
    assert_eq!(pull(&seams, urgent).await.len(), 1);
    drop(seams);
    let seams = bench.reopen().await;
    assert_eq!(seams.queue.names().await.unwrap(), [urgent, normal, forward]);
}
