//! Every seam goes on when the server at the other end of its connection is gone.

use std::time::Duration;

use super::super::super::servers::Plan;
use super::super::{cluster, eu, open, quick};
use super::floor::HEALED;
use crate::Error;
use crate::clock::SystemClock;
use crate::conformance::entity;
use crate::seam::{Append, Appended, BlobHash, Clock as _, Leased, Message, Note, QueueName, Replied};

/// Tries again what may be tried again, as every caller of a seam does.
async fn until_done<T, F: Future<Output = Result<T, Error>>>(mut act: impl FnMut() -> F) -> T {
    let started = SystemClock::start();
    loop {
        match act().await {
            Ok(done) => return done,
            Err(error) => assert!(error.is_transient() && started.elapsed() < HEALED, "{error}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_seam_goes_on_when_its_server_dies() {
    let mut servers = cluster(Plan { servers: 3, accounts: 1, sync_always: true });
    let engine = open(quick(servers.settings(eu(), 0))).await;
    let seams = engine.seams();
    let queue = QueueName::In { shard: 1 };
    let shard = entity(1).shard(3);
    let mut heard = seams.bus.subscribe("takt.eu.cmd.>", 10).await.unwrap();
    let mut asked = seams.bus.serve("takt.eu.ask.x", 4).await.unwrap();
    // Those who wait, wait through it all.
    let (tailing, pulling) = (seams.clone(), seams.clone());
    let tail = tokio::spawn(async move { until_done(|| tailing.journal.tail(shard, 0, 10)).await });
    let pull = tokio::spawn(async move { until_done(|| pulling.queue.pull(queue, 10, Duration::from_secs(5))).await });
    assert!(matches!(seams.lease.take("shard/0", "a", Duration::from_mins(1)).await.unwrap(), Leased::Ours { .. }));

    let ours = engine.shared.api.client.server_info().server_name;
    let victim = servers.named(&ours).unwrap();
    assert!(servers.kill(victim) && servers.is_out(victim), "the server was not killed");

    let order = entity(1);
    let mut last = Appended::Unknown;
    while last == Appended::Unknown {
        last = seams.journal.append(vec![Append { entity: order, after: 0, bytes: "x".into() }]).await[0];
    }
    let Appended::Committed { sequence } = last else { panic!("{last:?}") };
    until_done(|| seams.queue.publish(vec![Message { queue, id: "m".to_owned(), bytes: "m".into() }])).await;
    let healed = Duration::from_secs(30);
    let found = tokio::time::timeout(healed, tail).await.expect("the tail hangs").unwrap();
    assert_eq!(found.iter().map(|entry| entry.sequence).collect::<Vec<_>>(), [sequence]);
    let found = tokio::time::timeout(healed, pull).await.expect("the queue hangs").unwrap();
    assert_eq!(found.iter().map(|delivery| delivery.id.as_str()).collect::<Vec<_>>(), ["m"]);
    let kept = until_done(|| seams.blobs.keep(vec!["raw".into()])).await;
    assert_eq!(until_done(|| seams.blobs.get(&kept[0])).await, Some("raw".into()));
    assert_eq!(kept, [BlobHash::of(b"raw")]);
    until_done(|| seams.shelf.put(vec![("cursor".to_owned(), "7".into())])).await;
    assert_eq!(until_done(|| seams.shelf.get("cursor")).await, Some("7".into()));
    let theirs = until_done(|| seams.lease.take("shard/0", "b", Duration::from_mins(1))).await;
    assert_eq!(theirs, Leased::Theirs { holder: "a".to_owned() }, "a lease was lost with a server");

    let note = Note { subject: "takt.eu.cmd.1".to_owned(), id: "n".to_owned(), bytes: "n".into() };
    until_done(|| seams.bus.publish(note.clone())).await;
    assert_eq!(tokio::time::timeout(healed, heard.recv()).await.expect("the bus is deaf").unwrap(), note);
    let question = seams.bus.request("takt.eu.ask.x", "?".into(), healed);
    let answering = async {
        let (_, reply) = asked.recv().await.unwrap();
        reply.send("!".into()).unwrap();
    };
    let (answer, ()) = tokio::join!(question, answering);
    assert_eq!(answer.unwrap(), Replied::Answer("!".into()));
    assert_ne!(engine.shared.api.client.server_info().server_name, ours, "the connection never moved");
}
