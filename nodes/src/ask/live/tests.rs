//! Watchers of a shard read it together, and each hears all of it in order.

use std::time::Duration;

use takt_protocol::id::EntityId;

use super::{KEPT, Live};
use crate::ask::tests::fixture::World;

/// Everything a follower hears of an entity until it has heard commit `last`: the numbers, in their order.
async fn hears(follower: &mut super::Follower, entity: EntityId, last: u64) -> Vec<u64> {
    let mut heard = Vec::new();
    let listening = async {
        while heard.last() < Some(&last) {
            let (before, stretch) = follower.next().await.unwrap();
            let new = stretch.commits.iter().filter(|recorded| recorded.sequence > before && recorded.commit.entity == entity);
            heard.extend(new.map(|recorded| recorded.commit.number));
        }
    };
    tokio::time::timeout(Duration::from_secs(20), listening).await.expect("it is heard");
    heard
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_is_read_once_for_all_who_watch_and_who_falls_behind_misses_nothing() {
    let world = World::start().await;
    let order = world.released("1000042").await;
    let node = std::sync::Arc::clone(world.mesh.home(order).unwrap().node());
    let (shard, live) = (order.shard(node.seams.journal.shards()), Live::default());
    let number = || async { node.seams.journal.read(order, 0).await.unwrap().len() as u64 };
    let first = number().await;
    let mut quick = live.follow(&node, shard, None).await.unwrap();
    let mut slow = live.follow(&node, shard, None).await.unwrap();
    let mut all = live.follow(&node, shard, Some(0)).await.unwrap();
    assert_eq!(live.shards(), 1, "three watch, and one reads");
    // More than anybody keeps for one who is slow.
    for at in 0..KEPT + 8 {
        world.produces(&order.to_string(), &format!("{:018}", 340_123_450_000_000_000_u64 + at as u64), "1 H87").await;
        hears(&mut quick, order, number().await).await;
    }
    let last = number().await;
    for (follower, begins) in [(&mut slow, first + 1), (&mut all, 1)] {
        let heard = hears(follower, order, last).await;
        assert_eq!(heard, (begins..).take(heard.len()).collect::<Vec<_>>(), "a commit is missing, or was heard twice");
    }
    drop((quick, slow, all));
    let over = async {
        while live.shards() > 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), over).await.expect("nobody watches, and nothing is read");
    drop((live, node));
    world.stop().await;
}
