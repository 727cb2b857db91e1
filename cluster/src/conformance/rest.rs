//! The promises of timers, payloads, shelf, leases and bus.

use std::time::Duration;

use super::{Bench, Timer, bytes, soon};
use crate::seam::{BlobHash, Holding, Leased, Note, QueueName, Replied};

/// Not before its time, at least once, also when the node was gone in between; a second one of the same id replaces it.
pub async fn a_timer_comes_not_before_its_time_and_survives_the_node(bench: &mut dyn Bench) {
    let seams = bench.seams().await;
    let due = seams.clock.now().plus_ms(150);
    let timer = |text: &str, at| Timer { id: "wake".to_owned(), at, shard: 0, bytes: bytes(text) };
    seams.timers.set(vec![timer("old", seams.clock.now().plus_ms(60_000))]).await.unwrap();
    seams.timers.set(vec![timer("new", due)]).await.unwrap();
    drop(seams);
    let seams = bench.reopen().await;
    let queue = QueueName::Due { shard: 0 };
    let found = soon(&seams, seams.queue.pull(queue, 10, Duration::from_secs(5))).await.unwrap();
    assert!(seams.clock.now() >= due, "the timer came too early");
    assert_eq!(found.iter().map(|delivery| delivery.bytes.clone()).collect::<Vec<_>>(), [bytes("new")]);
}

/// Kept before anything refers to them.
pub async fn payloads_are_found_by_their_hash(bench: &mut dyn Bench) {
    let seams = bench.seams().await;
    let hashes = seams.blobs.keep(vec![bytes("one"), bytes("two"), bytes("one")]).await.unwrap();
    assert_eq!(hashes, [BlobHash::of(b"one"), BlobHash::of(b"two"), BlobHash::of(b"one")]);
    drop(seams);
    let seams = bench.reopen().await;
    assert_eq!(seams.blobs.get(&BlobHash::of(b"two")).await.unwrap(), Some(bytes("two")));
    assert_eq!(seams.blobs.get(&BlobHash::of(b"three")).await.unwrap(), None);
}

/// While the node lives; afterwards it may be missing or older, never mixed.
pub async fn the_shelf_gives_back_what_was_put(bench: &mut dyn Bench) {
    let seams = bench.seams().await;
    seams.shelf.put(vec![("cursor".to_owned(), bytes("1"))]).await.unwrap();
    seams.shelf.put(vec![("cursor".to_owned(), bytes("2"))]).await.unwrap();
    // A payload is durable, and the shelf's writes stand before it.
    seams.blobs.keep(vec![bytes("after")]).await.unwrap();
    assert_eq!(seams.shelf.get("cursor").await.unwrap(), Some(bytes("2")));
    drop(seams);
    let seams = bench.reopen().await;
    assert_eq!(seams.shelf.get("cursor").await.unwrap(), Some(bytes("2")));
    seams.shelf.remove("cursor").await.unwrap();
    seams.blobs.keep(vec![bytes("after that")]).await.unwrap();
    assert_eq!(seams.shelf.get("cursor").await.unwrap(), None);
}

/// One holder at a time; each new one has a greater epoch.
pub async fn a_lease_has_one_holder_and_a_growing_epoch(bench: &mut dyn Bench) {
    let seams = bench.seams().await;
    let time = bench.lease_time();
    let Leased::Ours { epoch: first } = seams.lease.take("shard/0", "a", time).await.unwrap() else { panic!("refused") };
    assert_eq!(seams.lease.take("shard/0", "b", time).await.unwrap(), Leased::Theirs { holder: "a".to_owned() });
    assert_eq!(seams.lease.take("shard/0", "a", time).await.unwrap(), Leased::Ours { epoch: first });
    seams.clock.sleep(time * 2).await;
    let Leased::Ours { epoch: second } = seams.lease.take("shard/0", "b", time).await.unwrap() else { panic!("refused") };
    assert!(second > first);
    seams.lease.release("shard/0", "b").await.unwrap();
    assert!(matches!(seams.lease.take("shard/0", "a", time).await.unwrap(), Leased::Ours { epoch } if epoch > second));
}

/// Those of a class, by name, while they are held and no longer.
pub async fn leases_of_a_class_are_listed_while_they_are_held(bench: &mut dyn Bench) {
    let seams = bench.seams().await;
    let time = bench.lease_time() * 4;
    let mut held = Vec::new();
    for (name, holder) in [("node/b.1", "b"), ("node/a/2", "a"), ("site/a", "c"), ("node", "d")] {
        let Leased::Ours { epoch } = seams.lease.take(name, holder, time).await.unwrap() else { panic!("{name} was refused") };
        held.push(Holding { name: name.to_owned(), holder: holder.to_owned(), epoch });
    }
    held.retain(|holding| holding.name.starts_with("node/"));
    held.reverse();
    assert_eq!(seams.lease.held("node").await.unwrap(), held);
    // Renewed, it is the same holder's time.
    seams.lease.take("node/b.1", "b", bench.lease_time()).await.unwrap();
    seams.lease.release("node/a/2", "a").await.unwrap();
    held.retain(|holding| holding.holder == "b");
    assert_eq!(seams.lease.held("node").await.unwrap(), held);
    seams.clock.sleep(bench.lease_time() * 2).await;
    assert_eq!(seams.lease.held("node").await.unwrap(), []);
}

/// A prefix that ends in `>` matches all below it.
pub async fn a_subscriber_hears_what_matches(bench: &mut dyn Bench) {
    let seams = bench.seams().await;
    let mut heard = seams.bus.subscribe("takt.eu.evt.>", 10).await.unwrap();
    for subject in ["takt.eu.evt.nord.order.released", "takt.na.evt.ohio.order.released", "takt.eu.evt.nord.lot.held"] {
        seams.bus.publish(Note { subject: subject.to_owned(), id: subject.to_owned(), bytes: bytes("x") }).await.unwrap();
    }
    assert_eq!(soon(&seams, heard.recv()).await.unwrap().subject, "takt.eu.evt.nord.order.released");
    assert_eq!(soon(&seams, heard.recv()).await.unwrap().subject, "takt.eu.evt.nord.lot.held");
}

/// Nobody listening is known at once; a slow answer is a time-out.
pub async fn a_request_is_answered_and_nobody_listening_is_said_so(bench: &mut dyn Bench) {
    let seams = bench.seams().await;
    let patience = Duration::from_millis(100);
    assert_eq!(seams.bus.request("takt.eu.ask.x", bytes("?"), patience).await.unwrap(), Replied::NoResponders);
    let mut asked = seams.bus.serve("takt.eu.ask.x", 4).await.unwrap();
    let asking = seams.bus.request("takt.eu.ask.x", bytes("?"), patience);
    let answering = async {
        let (question, reply) = asked.recv().await.unwrap();
        assert_eq!(question, bytes("?"));
        reply.send(bytes("!")).unwrap();
        asked
    };
    let (answer, _asked) = tokio::join!(asking, answering);
    assert_eq!(answer.unwrap(), Replied::Answer(bytes("!")));
    assert_eq!(seams.bus.request("takt.eu.ask.x", bytes("?"), patience).await.unwrap(), Replied::TimedOut);
}
