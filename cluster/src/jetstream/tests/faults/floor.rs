//! A floor under load: two nodes that write against each other, a reader of every shard's tail, a queue with its postman and
//! its reader; and the account of all that was acknowledged.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;
use takt_protocol::id::EntityId;
use tokio::task::JoinHandle;

use super::super::super::servers::{Plan, Servers};
use super::super::super::{JetStream, Settings};
use super::super::{cluster, eu, open, quick};
use crate::clock::SystemClock;
use crate::conformance::entity;
use crate::seam::{Append, Appended, Clock as _, Entry, Journal, Message, QueueName, Seams};

/// The longest that a fault may keep the log from taking appends again.
pub(super) const HEALED: Duration = Duration::from_secs(25);

/// Messages that are queued before the account is taken.
const QUEUED: usize = 20;

/// What writers were told, and when.
pub(super) struct Account {
    clock: SystemClock,
    acknowledged: Mutex<Vec<(EntityId, u64, String)>>,
    /// When the last acknowledgement came, in milliseconds, and the longest time between two.
    last_ms: AtomicU64,
    gap_ms: AtomicU64,
    unknown: AtomicU64,
    conflicts: AtomicU64,
    /// Messages that were queued for sure, and those that came.
    queued: Mutex<BTreeSet<String>>,
    came: Mutex<BTreeSet<String>>,
    posted: AtomicBool,
    stop: AtomicBool,
    /// The last sequence of each shard, once nobody writes any more.
    ends: Mutex<BTreeMap<u16, u64>>,
}

impl Account {
    fn start() -> Self {
        Self {
            clock: SystemClock::start(),
            acknowledged: Mutex::default(),
            last_ms: AtomicU64::default(),
            gap_ms: AtomicU64::default(),
            unknown: AtomicU64::default(),
            conflicts: AtomicU64::default(),
            queued: Mutex::default(),
            came: Mutex::default(),
            posted: AtomicBool::default(),
            stop: AtomicBool::default(),
            ends: Mutex::default(),
        }
    }

    fn acknowledge(&self, order: EntityId, sequence: u64, text: &str) {
        let now = u64::try_from(self.clock.elapsed().as_millis()).unwrap();
        let before = self.last_ms.swap(now, Ordering::Relaxed);
        self.gap_ms.fetch_max(now.saturating_sub(before), Ordering::Relaxed);
        self.acknowledged.lock().unwrap().push((order, sequence, text.to_owned()));
    }

    pub(super) fn count(&self) -> usize {
        self.acknowledged.lock().unwrap().len()
    }

    fn goes_on(&self) -> bool {
        !self.stop.load(Ordering::Relaxed)
    }
}

/// Servers under load, and those who write.
pub(super) struct Floor {
    pub(super) servers: Servers,
    pub(super) account: Arc<Account>,
    pub(super) engines: Vec<JetStream>,
    writers: Vec<JoinHandle<()>>,
    followers: Vec<JoinHandle<Vec<Entry>>>,
}

impl Floor {
    /// Two nodes that write the same orders against each other and some of their own; one also writes a crowd at once.
    pub(super) async fn open() -> Self {
        let servers = cluster(Plan { servers: 3, accounts: 1, sync_always: true });
        let account = Arc::new(Account::start());
        let mut floor = Self { servers, account, engines: Vec::new(), writers: Vec::new(), followers: Vec::new() };
        for node in 0..2 {
            let engine = floor.node().await;
            for number in 0..4 {
                floor.write(&engine, node, number);
                floor.write(&engine, node, 10 + 10 * node + number);
            }
            let (seams, account) = (engine.seams(), Arc::clone(&floor.account));
            if node == 0 {
                floor.writers.push(tokio::spawn(crowd(seams.clone(), Arc::clone(&account))));
                floor.writers.push(tokio::spawn(postman(seams, account)));
            } else {
                floor.writers.push(tokio::spawn(reader(seams.clone(), account)));
                for shard in 0..seams.journal.shards() {
                    floor.followers.push(tokio::spawn(follower(seams.clone(), shard, Arc::clone(&floor.account))));
                }
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
    pub(super) async fn acknowledged_more(&self) -> Duration {
        let clock = self.engines.first().map(JetStream::seams);
        let (before, started) = (self.account.count(), SystemClock::start());
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
    pub(super) async fn leader(&self) -> usize {
        let api = &self.engines[0].shared.api;
        let started = SystemClock::start();
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
    pub(super) async fn whole(&self) {
        let api = &self.engines[0].shared.api;
        let started = SystemClock::start();
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
    pub(super) async fn judge(mut self, what: &str) {
        let (started, clock) = (SystemClock::start(), self.engines[0].seams().clock);
        while self.account.queued.lock().unwrap().len() <= QUEUED {
            assert!(started.elapsed() < HEALED, "the queue is not under load");
            clock.sleep(Duration::from_millis(20)).await;
        }
        self.account.stop.store(true, Ordering::Relaxed);
        for writer in std::mem::take(&mut self.writers) {
            writer.await.unwrap();
        }
        let judge = self.node().await.seams();
        self.tails_end(&judge).await;
        let acknowledged = std::mem::take(&mut *self.account.acknowledged.lock().unwrap());
        let orders: BTreeSet<EntityId> = acknowledged.iter().map(|(order, ..)| *order).collect();
        let mut logs = BTreeMap::new();
        for order in orders {
            logs.insert(order, log(&*judge.journal, order).await);
        }
        for (order, sequence, text) in &acknowledged {
            assert_eq!(logs[order].get(sequence), Some(text), "acknowledged and lost: {order} at {sequence}");
        }
        let mut shown = BTreeMap::new();
        for follower in std::mem::take(&mut self.followers) {
            for entry in follower.await.unwrap() {
                let text = String::from_utf8(entry.bytes.to_vec()).unwrap();
                shown.entry(entry.entity).or_insert_with(BTreeMap::new).insert(entry.sequence, text);
            }
        }
        assert!(shown == logs, "those who followed saw another log than stands there");
        let (queued, came) = (self.account.queued.lock().unwrap().clone(), self.account.came.lock().unwrap().clone());
        assert!(queued.is_subset(&came), "queued and lost: {:?}", queued.difference(&came).collect::<Vec<_>>());
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

impl Floor {
    /// Tells the followers where the logs end, now that nobody writes.
    async fn tails_end(&self, judge: &Seams) {
        for shard in 0..judge.journal.shards() {
            let started = SystemClock::start();
            let end = loop {
                match judge.journal.head(shard).await {
                    Ok(end) => break end,
                    Err(error) => assert!(error.is_transient() && started.elapsed() < HEALED, "{error}"),
                }
            };
            self.account.ends.lock().unwrap().insert(shard, end);
        }
    }
}

/// Follows a shard from its beginning to its end.
async fn follower(seams: Seams, shard: u16, account: Arc<Account>) -> Vec<Entry> {
    let mut found: Vec<Entry> = Vec::new();
    loop {
        let cursor = found.last().map_or(0, |entry| entry.sequence);
        if account.ends.lock().unwrap().get(&shard).is_some_and(|end| *end <= cursor) {
            return found;
        }
        let page = tokio::select! {
            biased;
            page = seams.journal.tail(shard, cursor, 50) => page,
            () = seams.clock.sleep(Duration::from_secs(1)) => continue,
        };
        match page {
            Ok(page) => {
                let mut before = cursor;
                for entry in &page {
                    assert!(entry.sequence > before, "the tail went back from {before} to {}", entry.sequence);
                    before = entry.sequence;
                }
                found.extend(page);
            }
            Err(error) => assert!(error.is_transient(), "{error}"),
        }
    }
}

const MAIL: QueueName = QueueName::In { shard: 0 };

/// Queues one message after the other, each until it is queued for sure.
async fn postman(seams: Seams, account: Arc<Account>) {
    let mut number = 0;
    while account.goes_on() {
        number += 1;
        let id = format!("mail {number}");
        loop {
            let message = Message { queue: MAIL, id: id.clone(), bytes: id.clone().into() };
            match seams.queue.publish(vec![message]).await {
                Ok(()) => break,
                Err(error) => assert!(error.is_transient(), "{error}"),
            }
        }
        account.queued.lock().unwrap().insert(id);
    }
    account.posted.store(true, Ordering::Relaxed);
}

/// Reads the queue, also what is left when nobody writes any more.
async fn reader(seams: Seams, account: Arc<Account>) {
    loop {
        let pulled = tokio::select! {
            biased;
            pulled = seams.queue.pull(MAIL, 20, Duration::from_secs(2)) => pulled,
            () = seams.clock.sleep(Duration::from_secs(1)) => {
                let all = account.posted.load(Ordering::Relaxed);
                if all && account.queued.lock().unwrap().is_subset(&account.came.lock().unwrap()) {
                    return;
                }
                continue;
            }
        };
        match pulled {
            Ok(found) => {
                account.came.lock().unwrap().extend(found.iter().map(|delivery| delivery.id.clone()));
                // An acknowledgement that is lost brings the message again, which is allowed.
                drop(seams.queue.ack(found.iter().map(|delivery| delivery.receipt).collect()).await);
            }
            Err(error) => assert!(error.is_transient(), "{error}"),
        }
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
    let started = SystemClock::start();
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
                    account.acknowledge(order, sequence, &text);
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
                account.acknowledge(*order, sequence, &text(order, *after));
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
