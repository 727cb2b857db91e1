//! Servers that are killed and stopped under load. Each fault shows that it took effect; then the account is taken: nothing
//! acknowledged is lost, no log forks, nothing stands twice.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use serde_json::Value;
use takt_protocol::id::EntityId;
use tokio::sync::Barrier;
use tokio::task::JoinHandle;

use super::super::servers::{Plan, Servers};
use super::super::{JetStream, Settings};
use super::{cluster, eu, open, quick};
use crate::conformance::{self, Bench, entity};
use crate::seam::{Append, Appended, Entry, Journal, Seams};

/// The longest that a fault may keep the log from taking appends again.
const HEALED: Duration = Duration::from_secs(25);

/// What writers were told, and when.
#[derive(Default)]
struct Account {
    acknowledged: Mutex<Vec<(EntityId, u64, String)>>,
    /// When the last acknowledgement came, in milliseconds, and the longest time between two.
    last_ms: AtomicU64,
    gap_ms: AtomicU64,
    unknown: AtomicU64,
    conflicts: AtomicU64,
    stop: AtomicBool,
}

impl Account {
    fn acknowledge(&self, now: Duration, order: EntityId, sequence: u64, text: &str) {
        let now = u64::try_from(now.as_millis()).unwrap();
        let before = self.last_ms.swap(now, Ordering::Relaxed);
        self.gap_ms.fetch_max(now.saturating_sub(before), Ordering::Relaxed);
        self.acknowledged.lock().unwrap().push((order, sequence, text.to_owned()));
    }

    fn count(&self) -> usize {
        self.acknowledged.lock().unwrap().len()
    }

    fn goes_on(&self) -> bool {
        !self.stop.load(Ordering::Relaxed)
    }
}

/// Servers under load, and those who write.
struct Floor {
    servers: Servers,
    account: Arc<Account>,
    engines: Vec<JetStream>,
    writers: Vec<JoinHandle<()>>,
}

impl Floor {
    /// Two nodes that write the same orders against each other and some of their own; one also writes a crowd at once.
    async fn open() -> Self {
        let servers = cluster(Plan { servers: 3, accounts: 1, sync_always: true });
        let account = Arc::new(Account::default());
        let mut floor = Self { servers, account, engines: Vec::new(), writers: Vec::new() };
        for node in 0..2 {
            let engine = floor.node().await;
            for number in 0..4 {
                floor.write(&engine, node, number);
                floor.write(&engine, node, 10 + 10 * node + number);
            }
            if node == 0 {
                let (seams, account) = (engine.seams(), Arc::clone(&floor.account));
                floor.writers.push(tokio::spawn(crowd(seams, account)));
            }
            floor.engines.push(engine);
        }
        floor.acknowledged_more().await;
        floor
    }

    async fn node(&self) -> JetStream {
        open(Settings { patience: Duration::from_secs(2), ..quick(self.servers.settings(eu(), 0)) }).await
    }

    fn write(&mut self, engine: &JetStream, node: u32, number: u32) {
        self.writers.push(tokio::spawn(writer(engine.seams(), entity(number), format!("node {node}"), Arc::clone(&self.account))));
    }

    /// Waits for acknowledgements that come from now on; how long it took.
    async fn acknowledged_more(&self) -> Duration {
        let clock = self.engines.first().map(JetStream::seams);
        let (before, started) = (self.account.count(), tokio::time::Instant::now());
        while self.account.count() < before + 20 {
            assert!(started.elapsed() < HEALED, "no acknowledgement in {HEALED:?}\n{}", self.servers.log(0));
            match &clock {
                Some(seams) => seams.clock.sleep(Duration::from_millis(20)).await,
                None => tokio::task::yield_now().await,
            }
        }
        started.elapsed()
    }

    /// The server that leads the log, as soon as one does.
    async fn leader(&self) -> usize {
        let api = &self.engines[0].shared.api;
        let started = tokio::time::Instant::now();
        loop {
            let found = api.call::<Value>("STREAM.INFO.takt-eu-log", &Value::Null).await.ok();
            let name = found.as_ref().and_then(|found| found["cluster"]["leader"].as_str()).map(str::to_owned);
            if let Some(at) = name.and_then(|name| self.servers.named(&name)) {
                return at;
            }
            assert!(started.elapsed() < HEALED, "nobody leads the log");
            api.clock.sleep(Duration::from_millis(50)).await;
        }
    }

    /// Until every server has a copy of everything again.
    async fn whole(&self) {
        let api = &self.engines[0].shared.api;
        let started = tokio::time::Instant::now();
        loop {
            let found = api.call::<Value>("STREAM.INFO.takt-eu-log", &Value::Null).await.unwrap_or(Value::Null);
            let replicas = found["cluster"]["replicas"].as_array().cloned().unwrap_or_default();
            if replicas.len() == 2 && replicas.iter().all(|replica| replica["current"] == true && replica["offline"] != true) {
                return;
            }
            assert!(started.elapsed() < HEALED, "a copy stays behind: {found}");
            api.clock.sleep(Duration::from_millis(50)).await;
        }
    }

    /// Ends the load and takes the account, with a node that saw nothing of all this.
    async fn judge(mut self, what: &str) {
        self.account.stop.store(true, Ordering::Relaxed);
        for writer in std::mem::take(&mut self.writers) {
            writer.await.unwrap();
        }
        let judge = self.node().await.seams();
        let acknowledged = std::mem::take(&mut *self.account.acknowledged.lock().unwrap());
        let orders: BTreeSet<EntityId> = acknowledged.iter().map(|(order, ..)| *order).collect();
        let mut logs = BTreeMap::new();
        for order in orders {
            logs.insert(order, log(&*judge.journal, order).await);
        }
        for (order, sequence, text) in &acknowledged {
            assert_eq!(logs[order].get(sequence), Some(text), "acknowledged and lost: {order} at {sequence}");
        }
        let told = (&self.account.gap_ms, &self.account.unknown, &self.account.conflicts);
        let (gap, unknown, conflicts) = (told.0.load(Ordering::Relaxed), told.1.load(Ordering::Relaxed), told.2.load(Ordering::Relaxed));
        let standing: usize = logs.values().map(BTreeMap::len).sum();
        eprintln!(
            "{what}: {} acknowledged, {standing} in the logs, {conflicts} conflicts, {unknown} unknown, longest gap {gap} ms",
            acknowledged.len()
        );
        assert!(conflicts > 0, "the nodes never met: the fence was not tried");
    }
}

/// An entity's log by sequence: each message names the one before it, or the log forked; none stands twice.
async fn log(journal: &dyn Journal, order: EntityId) -> BTreeMap<u64, String> {
    let mut found = BTreeMap::new();
    let mut texts = BTreeSet::new();
    let mut before = 0;
    for entry in read(journal, order).await {
        let text = String::from_utf8(entry.bytes.to_vec()).unwrap();
        assert!(text.ends_with(&format!(" after {before}")), "{order} forks at {}: {text} stands behind {before}", entry.sequence);
        assert!(texts.insert(text.clone()), "{order} has {text} twice");
        before = entry.sequence;
        found.insert(entry.sequence, text);
    }
    found
}

/// What stands there, however long the servers need to find each other again.
async fn read(journal: &dyn Journal, order: EntityId) -> Vec<Entry> {
    let started = tokio::time::Instant::now();
    loop {
        match journal.read(order, 0).await {
            Ok(entries) => return entries,
            Err(error) => assert!(error.is_transient() && started.elapsed() < HEALED, "{error}"),
        }
    }
}

/// Writes as an entity does: the same bytes again while nobody knows, and the log's word when another was first.
async fn writer(seams: Seams, order: EntityId, who: String, account: Arc<Account>) {
    let (mut last, mut number) = (0, 0);
    while account.goes_on() {
        number += 1;
        let text = format!("{who} #{number} after {last}");
        loop {
            let append = Append { entity: order, after: last, bytes: text.clone().into() };
            match seams.journal.append(vec![append]).await[..] {
                [Appended::Committed { sequence }] => {
                    account.acknowledge(seams.clock.elapsed(), order, sequence, &text);
                    last = sequence;
                    break;
                }
                [Appended::Conflict { .. }] => {
                    account.conflicts.fetch_add(1, Ordering::Relaxed);
                    last = end(&seams, order).await;
                    break;
                }
                _ => {
                    account.unknown.fetch_add(1, Ordering::Relaxed);
                }
            }
        }
    }
}

/// Writes 150 orders of its own in one group, again and again.
async fn crowd(seams: Seams, account: Arc<Account>) {
    let mut last: BTreeMap<EntityId, u64> = (1_000..1_150).map(|number| (entity(number), 0)).collect();
    let mut round = 0;
    while account.goes_on() {
        round += 1;
        let text = |order: &EntityId, after: u64| format!("crowd #{round} {order} after {after}");
        let group: Vec<Append> =
            last.iter().map(|(order, after)| Append { entity: *order, after: *after, bytes: text(order, *after).into() }).collect();
        let outcomes = seams.journal.append(group).await;
        for ((order, after), outcome) in last.iter_mut().zip(outcomes) {
            if let Appended::Committed { sequence } = outcome {
                account.acknowledge(seams.clock.elapsed(), *order, sequence, &text(order, *after));
                *after = sequence;
            } else {
                // Nobody else writes these: a conflict is one with our own, whose answer was lost for good.
                account.unknown.fetch_add(1, Ordering::Relaxed);
                *after = end(&seams, *order).await;
            }
        }
    }
}

async fn end(seams: &Seams, order: EntityId) -> u64 {
    loop {
        match seams.journal.last(order).await {
            Ok(last) => return last,
            Err(error) => {
                assert!(error.is_transient(), "{error}");
                seams.clock.sleep(Duration::from_millis(50)).await;
            }
        }
    }
}

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
