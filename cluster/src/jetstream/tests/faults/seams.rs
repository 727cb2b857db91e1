//! Every seam goes on when the server at the other end of its connection is gone, and ends in time when most servers are.

use std::time::Duration;

use super::super::super::servers::Plan;
use super::super::{Settings, cluster, eu, open, quick};
use super::floor::HEALED;
use crate::Error;
use crate::clock::SystemClock;
use crate::conformance::entity;
use crate::seam::{Append, Appended, BlobHash, Clock as _, Leased, Message, Note, QueueName, Replied, Timer};

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

    assert!(servers.is_out(victim), "it came back by itself");
    let another = open(quick(servers.settings(eu(), 0))).await.seams().journal;
    assert_eq!(another.incarnation(), seams.journal.incarnation(), "a node starts while a server is down");
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

/// The end of what is asked, and not the end of patience.
async fn ends<T>(what: &str, asked: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(12), asked).await.unwrap_or_else(|_| panic!("{what} hangs"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_most_servers_nothing_is_acknowledged_everything_ends_in_time_and_nothing_stands_twice_afterwards() {
    let servers = cluster(Plan { servers: 3, accounts: 1, sync_always: true });
    let settings = quick(servers.settings(eu(), 0));
    let second = Duration::from_secs(1);
    let engine = open(Settings { patience: second, reply_patience: second, append_patience: 4 * second, ..settings }).await;
    let seams = engine.seams();
    let append = |after, text: &str| vec![Append { entity: entity(1), after, bytes: text.to_owned().into() }];
    let [Appended::Committed { sequence }] = seams.journal.append(append(0, "one")).await[..] else { panic!() };
    let ours = servers.named(&engine.shared.api.client.server_info().server_name).unwrap();
    let others: Vec<usize> = (0..servers.count()).filter(|at| *at != ours).collect();
    assert!(others.iter().all(|at| servers.freeze(*at) && servers.is_out(*at)), "the others were not stopped");

    let many: Vec<Append> = (100..400).map(|number| Append { entity: entity(number), after: 0, bytes: "x".into() }).collect();
    let (one, crowd) = tokio::join!(
        ends("an append", seams.journal.append(append(sequence, "two"))),
        ends("a batch", seams.journal.append(many.clone())),
    );
    assert!(one.iter().chain(&crowd).all(|outcome| *outcome == Appended::Unknown), "acknowledged without a quorum");
    let queue = QueueName::In { shard: 0 };
    let mail = || Message { queue, id: "m".to_owned(), bytes: "m".into() };
    assert!(ends("a publish", seams.queue.publish(vec![mail(), mail()])).await.unwrap_err().is_transient());
    let timer = Timer { id: "t".to_owned(), at: seams.clock.now(), shard: 0, bytes: "t".into() };
    assert!(ends("a timer", seams.timers.set(vec![timer])).await.unwrap_err().is_transient());
    assert!(ends("a payload", seams.blobs.keep(vec!["raw".into()])).await.unwrap_err().is_transient());
    assert!(ends("the shelf", seams.shelf.put(vec![("cursor".to_owned(), "7".into())])).await.unwrap_err().is_transient());
    assert!(ends("a lease", seams.lease.take("shard/0", "a", second)).await.unwrap_err().is_transient());
    assert!(others.iter().all(|at| servers.is_out(*at)), "they went on by themselves");

    assert!(others.iter().all(|at| servers.thaw(*at)), "the others did not go on");
    let mut last = Appended::Unknown;
    while last == Appended::Unknown {
        last = seams.journal.append(append(sequence, "two")).await[0];
    }
    // The first try may have been kept after all: then this one lost to it.
    assert!(matches!(last, Appended::Committed { .. } | Appended::Conflict { .. }), "{last:?}");
    let texts: Vec<_> = until_done(|| seams.journal.read(entity(1), 0)).await.into_iter().map(|entry| entry.bytes).collect();
    assert_eq!(texts, ["one", "two"]);
    for append in many {
        assert!(until_done(|| seams.journal.read(append.entity, 0)).await.len() <= 1, "{} was written twice", append.entity);
    }
}
