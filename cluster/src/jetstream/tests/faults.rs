//! Servers that are killed and stopped under load. Each fault shows that it took effect; then the account is taken: nothing
//! acknowledged is lost, no log forks, nothing stands twice.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::Barrier;

use super::super::servers::{Plan, Servers};
use super::super::{JetStream, Settings};
use super::{cluster, eu, open, quick};
use crate::conformance::{self, Bench};
use crate::seam::{Message, QueueName, Seams};

mod floor;
mod seams;

use floor::Floor;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_death_of_the_leader_loses_nothing_that_was_acknowledged_and_forks_nothing() {
    let mut floor = Floor::open().await;
    for _ in 0..2 {
        floor.whole().await;
        let leader = floor.leader().await;
        assert!(floor.servers.kill(leader) && floor.servers.is_out(leader), "the leader was not killed");
        let took = floor.acknowledged_more().await;
        assert_ne!(floor.leader().await, leader, "it leads although it is dead");
        eprintln!("the leader was killed: acknowledged again after {} ms", took.as_millis());
        floor.servers.revive(leader).unwrap();
    }
    floor.whole().await;
    floor.judge("two leaders killed").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_stands_still_loses_nothing_whether_it_leads_or_not() {
    let floor = Floor::open().await;
    floor.whole().await;
    let leader = floor.leader().await;
    let follower = (leader + 1) % floor.servers.count();
    assert!(floor.servers.freeze(follower) && floor.servers.is_out(follower), "the follower was not stopped");
    let took = floor.acknowledged_more().await;
    assert!(floor.servers.is_out(follower), "it went on by itself");
    eprintln!("a follower stands still: acknowledged again after {} ms", took.as_millis());
    assert!(floor.servers.thaw(follower) && !floor.servers.is_out(follower));
    floor.whole().await;
    let leader = floor.leader().await;
    assert!(floor.servers.freeze(leader) && floor.servers.is_out(leader), "the leader was not stopped");
    let before = floor.account.count();
    let clock = floor.engines[0].seams().clock;
    clock.sleep(Duration::from_millis(500)).await;
    let meanwhile = floor.account.count() - before;
    clock.sleep(Duration::from_secs(1)).await;
    assert_eq!(floor.account.count() - before, meanwhile, "a leader that stands still acknowledges nothing");
    assert!(floor.servers.thaw(leader));
    let took = floor.acknowledged_more().await;
    eprintln!("the leader stood still for 1.5 s: acknowledged again {} ms later", took.as_millis());
    floor.judge("a follower and the leader stopped").await;
}

/// A node that dies together with a server, which starts again on its disk; as many nodes as cases, each in its account.
struct Crashing {
    servers: Arc<Mutex<Servers>>,
    all: Arc<Barrier>,
    settings: Settings,
    engine: Option<JetStream>,
}

#[async_trait]
impl Bench for Crashing {
    async fn seams(&mut self) -> Seams {
        if self.engine.is_none() {
            self.engine = Some(open(self.settings.clone()).await);
        }
        self.engine.as_ref().unwrap().seams()
    }

    async fn reopen(&mut self) -> Seams {
        self.engine = None;
        // All nodes are gone by now; one of them takes the server with it.
        if self.all.wait().await.is_leader() {
            let mut servers = self.servers.lock().unwrap();
            assert!(servers.kill(0) && servers.is_out(0), "the server was not killed");
            servers.revive(0).unwrap();
        }
        self.all.wait().await;
        self.seams().await
    }
}

macro_rules! together {
    ($servers:expr, $($case:ident,)*) => {{
        let names = [$(stringify!($case)),*];
        let all = Arc::new(Barrier::new(names.len()));
        let mut account = 0;
        let mut tasks = Vec::new();
        $(
            let settings = quick($servers.lock().unwrap().settings(eu(), account));
            let mut bench = Crashing { servers: Arc::clone(&$servers), all: Arc::clone(&all), settings, engine: None };
            account += 1;
            tasks.push(tokio::spawn(async move { conformance::$case(&mut bench).await }));
        )*
        assert_eq!(account, names.len());
        for (task, name) in tasks.into_iter().zip(names) {
            assert!(task.await.is_ok(), "{name} does not hold when a server dies with the node");
        }
    }};
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_survives_a_node_survives_it_together_with_a_server() {
    let servers = Arc::new(Mutex::new(cluster(Plan { servers: 3, accounts: 6, sync_always: true })));
    together!(
        servers,
        what_was_acknowledged_is_there_after_the_node_is_gone,
        queues_survive_the_node,
        a_buried_message_is_shown_with_its_reason_and_can_be_revived,
        a_timer_comes_not_before_its_time_and_survives_the_node,
        payloads_are_found_by_their_hash,
        the_shelf_gives_back_what_was_put,
    );
}

#[tokio::test]
async fn what_is_done_stays_done_and_what_is_not_comes_again_when_every_server_was_killed() {
    let mut servers = cluster(Plan { servers: 3, accounts: 1, sync_always: true });
    let settings = quick(servers.settings(eu(), 0));
    let queue = QueueName::In { shard: 0 };
    let ids: BTreeSet<String> = (0..20).map(|number| format!("mail {number}")).collect();
    let engine = open(settings.clone()).await;
    let seams = engine.seams();
    let message = |id: &String| Message { queue, id: id.clone(), bytes: id.clone().into() };
    seams.queue.publish(ids.iter().map(message).collect()).await.unwrap();
    let mut handed = Vec::new();
    while handed.len() < 12 {
        handed.extend(seams.queue.pull(queue, 12 - handed.len(), Duration::from_mins(1)).await.unwrap());
    }
    let done: BTreeSet<String> = handed.iter().take(5).map(|delivery| delivery.id.clone()).collect();
    seams.queue.ack(handed.iter().take(5).map(|delivery| delivery.receipt).collect()).await.unwrap();
    drop((seams, engine));
    for at in 0..3 {
        assert!(servers.kill(at) && servers.is_out(at), "server {at} was not killed");
    }
    for at in 0..3 {
        servers.revive(at).unwrap();
    }
    let engine = open(settings).await;
    let seams = engine.seams();
    let mut came = BTreeSet::new();
    let started = seams.clock.elapsed();
    while came.len() < 15 {
        assert!(seams.clock.elapsed() < started + Duration::from_secs(30), "what was not done did not come again: {came:?}");
        let Ok(pulled) = tokio::time::timeout(Duration::from_secs(1), seams.queue.pull(queue, 20, Duration::from_mins(1))).await else {
            continue;
        };
        came.extend(pulled.unwrap_or_default().into_iter().map(|delivery| delivery.id));
    }
    assert_eq!(came, &ids - &done);
    let more = tokio::time::timeout(Duration::from_secs(3), seams.queue.pull(queue, 20, Duration::from_mins(1))).await;
    assert!(more.is_err(), "what was done came again");
}
