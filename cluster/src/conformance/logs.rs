//! The journal's promises.

use std::time::Duration;

use super::{Bench, append, bytes, committed, entity, soon, write};
use crate::seam::Appended;

/// Read gives back what was appended, in order, from any point.
pub async fn an_entity_reads_back_what_it_wrote(bench: &mut dyn Bench) {
    let seams = bench.seams().await;
    let first = write(&seams, 1, 0, "one").await;
    write(&seams, 2, 0, "other").await;
    let second = write(&seams, 1, first, "two").await;
    let all = seams.journal.read(entity(1), 0).await.unwrap();
    let texts: Vec<_> = all.iter().map(|entry| entry.bytes.clone()).collect();
    assert_eq!(texts, [bytes("one"), bytes("two")]);
    assert_eq!(all.iter().map(|entry| entry.sequence).collect::<Vec<_>>(), [first, second]);
    assert_eq!(seams.journal.read(entity(1), first).await.unwrap().len(), 1);
    assert_eq!(seams.journal.last(entity(1)).await.unwrap(), second);
    assert_eq!(seams.journal.last(entity(9)).await.unwrap(), 0);
    assert!(seams.journal.read(entity(9), 0).await.unwrap().is_empty());
}

/// The fence of an append is the entity's last sequence.
pub async fn a_stale_fence_is_refused_and_names_the_last_sequence(bench: &mut dyn Bench) {
    let seams = bench.seams().await;
    let first = write(&seams, 1, 0, "one").await;
    let again = seams.journal.append(vec![append(1, 0, "one")]).await;
    assert_eq!(again, [Appended::Conflict { last: first }]);
    let beyond = seams.journal.append(vec![append(1, first + 7, "two")]).await;
    assert_eq!(beyond, [Appended::Conflict { last: first }]);
    assert_eq!(seams.journal.read(entity(1), 0).await.unwrap().len(), 1);
}

/// In a group, each message stands or falls by itself.
pub async fn a_conflict_does_not_punish_its_neighbours(bench: &mut dyn Bench) {
    let seams = bench.seams().await;
    write(&seams, 2, 0, "there").await;
    let group = vec![append(1, 0, "a"), append(2, 0, "b"), append(3, 0, "c")];
    let outcomes = seams.journal.append(group).await;
    committed(outcomes.first());
    assert!(matches!(outcomes.get(1), Some(Appended::Conflict { .. })));
    committed(outcomes.get(2));
}

/// Promise T3: of two appends after the same message, one wins; in one group and in two.
pub async fn two_writers_of_one_entity_cannot_both_win(bench: &mut dyn Bench) {
    let seams = bench.seams().await;
    let outcomes = seams.journal.append(vec![append(1, 0, "mine"), append(1, 0, "yours")]).await;
    let won = outcomes.iter().filter(|outcome| matches!(outcome, Appended::Committed { .. })).count();
    assert_eq!(won, 1);
    for round in 0..20 {
        let number = 100 + round;
        let (one, other) = (seams.journal.append(vec![append(number, 0, "mine")]), seams.journal.append(vec![append(number, 0, "yours")]));
        let (one, other) = tokio::join!(one, other);
        let won = one.iter().chain(&other).filter(|outcome| matches!(outcome, Appended::Committed { .. })).count();
        assert_eq!(won, 1);
    }
}

/// Promise T1 at the store: an acknowledged append outlives its node, and so does the fence.
pub async fn what_was_acknowledged_is_there_after_the_node_is_gone(bench: &mut dyn Bench) {
    let seams = bench.seams().await;
    let mut last = 0;
    for text in ["one", "two", "three"] {
        last = write(&seams, 1, last, text).await;
    }
    drop(seams);
    let seams = bench.reopen().await;
    assert_eq!(seams.journal.read(entity(1), 0).await.unwrap().len(), 3);
    let stale = seams.journal.append(vec![append(1, 0, "late")]).await;
    assert_eq!(stale, [Appended::Conflict { last }]);
    assert!(write(&seams, 1, last, "four").await > last);
    assert!(write(&seams, 2, 0, "new").await > 0);
}

/// The tail of all shards together is everything, once, in order, from any cursor.
pub async fn the_tail_shows_everything_once_in_order(bench: &mut dyn Bench) {
    let seams = bench.seams().await;
    assert_eq!(seams.journal.head(0).await.unwrap(), 0);
    for number in 0..50 {
        write(&seams, number, 0, "x").await;
    }
    let group = (50..80).map(|number| append(number, 0, "y")).collect();
    seams.journal.append(group).await.iter().for_each(|outcome| assert!(matches!(outcome, Appended::Committed { .. })));
    let mut seen = std::collections::BTreeSet::new();
    for shard in 0..seams.journal.shards() {
        let head = seams.journal.head(shard).await.unwrap();
        let expected = (0..80).filter(|number| entity(*number).shard(seams.journal.shards()) == shard).count();
        let (mut cursor, mut count) = (0, 0);
        while count < expected {
            for entry in soon(&seams, seams.journal.tail(shard, cursor, 7)).await.unwrap() {
                assert!(entry.sequence > cursor, "the tail went back");
                assert!(seen.insert(entry.entity), "the tail showed a message twice");
                (cursor, count) = (entry.sequence, count + 1);
            }
        }
        assert_eq!(cursor, head, "the tail of a shard ends at its head");
    }
    assert_eq!(seen.len(), 80);
}

/// A tail with nothing to show waits, and wakes when something is written.
pub async fn the_tail_waits_for_what_is_not_there_yet(bench: &mut dyn Bench) {
    let seams = bench.seams().await;
    let shard = entity(1).shard(seams.journal.shards());
    let waiting = soon(&seams, seams.journal.tail(shard, 0, 10));
    let writing = async {
        seams.clock.sleep(Duration::from_millis(20)).await;
        write(&seams, 1, 0, "late").await
    };
    let (found, sequence) = tokio::join!(waiting, writing);
    assert_eq!(found.unwrap().first().map(|entry| entry.sequence), Some(sequence));
}
