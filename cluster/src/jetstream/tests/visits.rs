//! A road to another region's servers: mail both ways, requests both ways, and what becomes of it while they are away.

use takt_protocol::subject;

use super::*;
use crate::jetstream::{Durability, Visit};
use crate::seam::Replied;

const LEASE: Duration = Duration::from_mins(1);

fn na() -> Region {
    Region::parse("na").unwrap()
}

fn mail(queue: QueueName, id: &str) -> Message {
    Message { queue, id: id.to_owned(), bytes: id.to_owned().into() }
}

async fn visit(settings: Settings) -> Visit {
    Visit::begin(settings, Arc::new(SystemClock::start())).await.unwrap()
}

async fn connected(visit: &Visit) {
    let waiting = async {
        while !visit.is_connected() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), waiting).await.expect("the servers do not answer");
}

#[tokio::test]
async fn who_dials_brings_mail_and_fetches_it_and_is_asked_over_the_same_connection() {
    let (servers, account) = calm();
    let settings = quick(servers.settings(eu(), account));
    let engine = open(settings.clone()).await;
    let (home, guest) = (engine.seams(), visit(settings).await);
    connected(&guest).await;
    let (to, from) = (QueueName::In { shard: 2 }, QueueName::Fwd { region: na(), urgent: true });
    guest.queue().offer(vec![mail(to, "a"), mail(QueueName::In { shard: 0 }, "b")], 10).await.unwrap();
    assert_eq!((home.queue.depth(to).await.unwrap(), home.queue.oldest(to).await.unwrap()), (1, Some("a".into())));
    let full = guest.queue().offer(vec![mail(to, "c")], 1).await;
    assert!(matches!(full, Err(crate::Error::Full { .. })), "{full:?}");

    home.queue.publish(vec![mail(from, "d"), mail(from, "e")]).await.unwrap();
    let mut found = Vec::new();
    while found.len() < 2 {
        found.extend(guest.queue().pull(from, 8, LEASE).await.unwrap());
    }
    let (first, second) = (found.remove(0), found.remove(0));
    guest.queue().ack(vec![first.receipt]).await.unwrap();
    guest.queue().bury(second.receipt, "nobody can read it".to_owned()).await.unwrap();
    let buried = home.queue.buried(from, 10).await.unwrap();
    assert_eq!((buried.len(), buried[0].0.as_str(), home.queue.depth(from).await.unwrap()), (1, "e", 0));

    let (theirs, ours) = (subject::command(eu(), 1), subject::command(na(), 0));
    for (serves, asks, subject) in [(home.bus.clone(), guest.bus(), theirs), (guest.bus(), home.bus.clone(), ours)] {
        let mut asked = serves.serve(&subject, 4).await.unwrap();
        let answering = async {
            let (question, reply) = asked.recv().await.unwrap();
            reply.send([question.as_ref(), b"!"].concat().into()).unwrap();
        };
        // Another server of the cluster hears a moment later that somebody listens.
        let asking = async {
            loop {
                match asks.request(&subject, "x".into(), Duration::from_secs(5)).await.unwrap() {
                    Replied::NoResponders => tokio::time::sleep(Duration::from_millis(20)).await,
                    answer @ (Replied::Answer(_) | Replied::TimedOut) => return answer,
                }
            }
        };
        let both = async { tokio::join!(asking, answering) };
        let (answer, ()) = tokio::time::timeout(Duration::from_secs(20), both).await.expect("nobody answers");
        assert_eq!(answer, Replied::Answer("x!".into()), "{subject}");
    }
    guest.stop().await;
}

#[tokio::test]
async fn a_road_begins_while_nobody_answers_and_is_there_as_soon_as_somebody_does() {
    let mut servers = cluster(Plan { servers: 1, accounts: 1, sync_always: false });
    let settings = Settings { durability: Durability::Relaxed, patience: Duration::from_secs(1), ..servers.settings(eu(), 0) };
    let engine = open(settings.clone()).await;
    let home = engine.seams();
    assert!(servers.kill(0) && servers.is_out(0));
    let guest = visit(settings).await;
    assert!(!guest.is_connected());
    let nobody = guest.bus().request(&subject::command(eu(), 0), "x".into(), Duration::from_secs(5)).await.unwrap();
    assert_eq!(nobody, Replied::NoResponders, "it was heard by nobody, and is not kept for later");
    let to = QueueName::In { shard: 0 };
    let refused = guest.queue().offer(vec![mail(to, "early")], 10).await;
    assert!(refused.as_ref().is_err_and(crate::Error::is_transient), "{refused:?}");
    servers.revive(0).unwrap();
    connected(&guest).await;
    let stored = async {
        while guest.queue().offer(vec![mail(to, "late")], 10).await.is_err() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), stored).await.expect("nothing is taken although the server is back");
    let mut found = std::collections::BTreeSet::new();
    while !found.contains("late") {
        found.extend(home.queue.pull(to, 8, LEASE).await.unwrap().into_iter().map(|delivery| delivery.id));
    }
}
