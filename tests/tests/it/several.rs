//! One region on two nodes, from outside: two `takt` processes over one folder and three real nats-servers, under load all the
//! while. One is ended with kill -9, comes back, and goes as planned. Judged by the logs: every request that was acknowledged stands
//! in them once.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead as _, BufReader};
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, RwLock};
use std::time::Duration;

use serde_json::{Value, json};
use takt_cluster::clock::SystemClock;
use takt_cluster::jetstream::JetStream;
use takt_cluster::jetstream::servers::Servers;
use takt_cluster::seam::Clock as _;
use takt_protocol::id::EntityId;
use takt_protocol::name::Region;
use takt_simulations::logs::Logs;

use crate::demo::TAKT;
use crate::servers;

mod alike;

/// Shards of the region.
const SHARDS: u16 = 16;

/// Who asks, one request after the other, each.
const CALLERS: u64 = 6;

/// How long anything may take before the test gives up.
const PATIENCE: Duration = Duration::from_mins(3);

/// How long a killed node's last shard may be without an answer: a lease, the time to see that it has passed, and what a machine
/// that is busy with other things adds.
const TAKEN_OVER_MAX: Duration = Duration::from_secs(15);

/// The passwords of servers, by their variables.
pub(crate) const SECRETS: [(&str, &str); 3] =
    [("NATS_PASSWORD", "a0"), ("EDGE_PASSWORD", "edge's \"own\" %41 secret"), ("FAR_PASSWORD", "secret of far")];

/// Where a region stands that both nodes run, and where its servers are.
struct Place {
    _dir: tempfile::TempDir,
    dir: PathBuf,
    servers: Servers,
}

impl Place {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let servers = servers::three(dir.path());
        let config = dir.path().join("config");
        takt_config::start::write_to(&config).unwrap();
        let engine = json!({ "main": { "jetstream": {
            "servers": servers.addresses(), "monitors": servers.monitors(), "user": "a0", "password": "${NATS_PASSWORD}", "shards": SHARDS,
        } } });
        // JSON is YAML.
        std::fs::write(config.join("regions.yaml"), engine.to_string()).unwrap();
        Self { dir: dir.path().to_owned(), _dir: dir, servers }
    }

    fn start(&self, name: &str) -> Node {
        Node::start(&self.dir, name, &[])
    }
}

/// What stands in the logs of region `main` on these servers: how often each key does, without its source.
pub(crate) async fn keys(servers: &Servers, shards: u16) -> BTreeMap<String, usize> {
    let mut settings = servers.settings(Region::parse("main").unwrap(), 0);
    settings.shards = shards;
    let engine = JetStream::open(settings, Arc::new(SystemClock::start())).await.unwrap();
    let (mut logs, mut broken) = (Logs::default(), Vec::new());
    logs.read(&engine.seams(), &mut broken).await.unwrap();
    assert_eq!(broken, Vec::<String>::new());
    let mut keys = BTreeMap::new();
    for (_, step) in logs.steps() {
        let key = step.key.to_string();
        *keys.entry(key.rsplit('/').next().unwrap_or_default().to_owned()).or_default() += 1;
    }
    engine.stop().await;
    keys
}

/// A node: a process.
pub(crate) struct Node {
    process: Child,
    /// Where it is spoken to.
    pub(crate) url: String,
}

impl Node {
    /// Starts one over `dir/config` that keeps what it has in `dir/name`.
    pub(crate) fn start(dir: &Path, name: &str, more: &[&str]) -> Self {
        let mut variables = BTreeMap::new();
        for variable in ["ERP", "ERP_2", "LIMS", "LIMS_2", "PLANT_1", "PLANT_2", "WAREHOUSE"] {
            // Nobody answers there: what would be sent waits.
            variables.insert(format!("{variable}_URL"), "http://127.0.0.1:9".to_owned());
            variables.insert(format!("{variable}_TOKEN"), variable.to_owned());
        }
        for client in ["PLANNER", "QUALITY", "FINANCE", "CONTROLLER", "SHOPFLOOR", "IT"] {
            variables.insert(format!("TAKT_{client}_TOKEN"), client.to_owned());
        }
        Self::start_with(dir, name, more, &variables)
    }

    /// The same, with these words for what the folder leaves open.
    pub(crate) fn start_with(dir: &Path, name: &str, more: &[&str], variables: &BTreeMap<String, String>) -> Self {
        Self::start_by(Command::new(TAKT), dir, (name, more), variables)
    }

    /// The same on a host of its own, which has this address.
    pub(crate) fn start_far(
        dir: &Path,
        place: (&Path, IpAddr),
        (name, more): (&str, &[&str]),
        variables: &BTreeMap<String, String>,
    ) -> Self {
        let (namespace, host) = place;
        let mut command = Command::new("nsenter");
        command.arg(format!("--net={}", namespace.display())).arg(TAKT);
        let listen = format!("{host}:0");
        let more: Vec<&str> = more.iter().copied().chain(["--listen", &listen]).collect();
        Self::start_by(command, dir, (name, &more), variables)
    }

    fn start_by(mut command: Command, dir: &Path, (name, more): (&str, &[&str]), variables: &BTreeMap<String, String>) -> Self {
        command.arg("node").args(more).arg("--config").arg(dir.join("config"));
        command.args(["--node", name, "--port", "0", "--data"]).arg(dir.join(name)).envs(SECRETS).envs(variables);
        let mut process = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut said = String::new();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let url = loop {
            let Some(Ok(line)) = lines.next() else { panic!("{name} ended and said:\n{said}") };
            if let Some(at) = line.find("http://").filter(|_| line.contains("API")) {
                break line[at..].split_whitespace().next().unwrap().to_owned();
            }
            said.push_str(&line);
            said.push('\n');
        };
        // What it says later is nobody's business, and must not block it.
        std::thread::spawn(move || lines.for_each(drop));
        Self { process, url }
    }

    pub(crate) fn signal(&self, what: &str) {
        assert!(Command::new("kill").args([what, &self.process.id().to_string()]).status().unwrap().success());
    }

    /// Waits until it has ended.
    pub(crate) fn wait(mut self) -> std::process::ExitStatus {
        self.process.wait().unwrap()
    }

    /// How its process stands, in the kernel's letter.
    pub(crate) fn standing(&self) -> char {
        let status = std::fs::read_to_string(format!("/proc/{}/stat", self.process.id())).unwrap();
        status.rsplit(')').next().unwrap().trim_start().chars().next().unwrap()
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

/// A request that was acknowledged.
pub(crate) struct Done {
    pub(crate) key: String,
    shard: u16,
    at: Duration,
    took: Duration,
}

/// What callers share.
pub(crate) struct Load {
    /// What is asked for, by its number; and between two requests of one caller.
    order: fn(u64) -> Value,
    pause: Duration,
    token: &'static str,
    clock: SystemClock,
    urls: RwLock<Vec<String>>,
    pub(crate) over: AtomicBool,
    next: AtomicU64,
    pub(crate) done: Mutex<Vec<Done>>,
    /// Answers of a node that were none, with when they came.
    refused: Mutex<Vec<(Duration, String)>>,
}

impl Load {
    pub(crate) fn new(order: fn(u64) -> Value, pause: Duration, token: &'static str) -> Self {
        Self {
            order,
            pause,
            token,
            clock: SystemClock::start(),
            urls: RwLock::default(),
            over: AtomicBool::default(),
            next: AtomicU64::default(),
            done: Mutex::default(),
            refused: Mutex::default(),
        }
    }

    pub(crate) fn now(&self) -> Duration {
        self.clock.elapsed()
    }

    pub(crate) fn ask(&self, urls: &[String]) {
        *self.urls.write().unwrap() = urls.to_vec();
    }

    pub(crate) fn count(&self) -> usize {
        self.done.lock().unwrap().len()
    }

    /// One request after the other, until it is over; each until it is acknowledged, by whichever node answers.
    pub(crate) async fn call(self: Arc<Self>) {
        let client = reqwest::Client::builder().timeout(Duration::from_secs(12)).build().unwrap();
        while !self.over.load(Ordering::Relaxed) {
            let number = self.next.fetch_add(1, Ordering::Relaxed);
            let (key, began) = (format!("several-{number}"), self.now());
            for turn in number.. {
                let url = {
                    let urls = self.urls.read().unwrap();
                    urls[usize::try_from(turn).unwrap() % urls.len()].clone()
                };
                if let Some(entity) = self.try_once(&client, &url, number, &key).await {
                    let shard = entity.shard(SHARDS);
                    self.done.lock().unwrap().push(Done { key, shard, at: self.now(), took: self.now().saturating_sub(began) });
                    tokio::time::sleep(self.pause).await;
                    break;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
    }

    async fn try_once(&self, client: &reqwest::Client, url: &str, number: u64, key: &str) -> Option<EntityId> {
        let request = client.post(format!("{url}/v1/production-order-releases")).bearer_auth(self.token).header("Idempotency-Key", key);
        // A node that is gone is no refusal: its caller asks another one, under the same key.
        let answer = request.json(&(self.order)(number)).send().await.ok()?;
        let status = answer.status();
        let body: Value = answer.json().await.ok()?;
        if !status.is_success() {
            self.refused.lock().unwrap().push((self.now(), format!("{status}: {body}")));
            return None;
        }
        Some(EntityId::parse(body["entity"].as_str().unwrap()).unwrap())
    }

    /// The longest time without an acknowledgement in a stretch of time.
    pub(crate) fn gap(&self, from: Duration, upto: Duration) -> Duration {
        let done = self.done.lock().unwrap();
        let mut at: Vec<Duration> = done.iter().map(|done| done.at).filter(|at| (from..=upto).contains(at)).collect();
        at.extend([from, upto]);
        at.sort_unstable();
        at.windows(2).map(|two| two[1].saturating_sub(two[0])).max().unwrap_or_default()
    }

    pub(crate) fn refused(&self, from: Duration, upto: Duration) -> Vec<String> {
        let refused = self.refused.lock().unwrap();
        refused.iter().filter(|(at, _)| (from..=upto).contains(at)).map(|(_, said)| said.clone()).collect()
    }

    /// When the last of these shards answered for the first time after a moment; `None` while one has not.
    fn answered(&self, shards: &BTreeSet<u16>, after: Duration) -> Option<Duration> {
        let done = self.done.lock().unwrap();
        // What was begun before may have been decided before.
        let first = |shard: &u16| {
            done.iter().filter(|done| done.shard == *shard && done.at.saturating_sub(done.took) >= after).map(|done| done.at).min()
        };
        shards.iter().map(first).collect::<Option<Vec<Duration>>>()?.into_iter().max().map(|at| at.saturating_sub(after))
    }
}

/// An order of the folder to start from.
fn order(number: u64) -> Value {
    json!({
        "erp": "erp", "planned_order": format!("PL-{number}"), "plant": "plant-1", "material": "FG-100", "total": "10 H87",
        "start": "2027-01-11T06:00:00+01:00", "end": "2027-01-11T14:00:00+01:00",
    })
}

pub(crate) async fn read(url: &str, token: &str, path: &str) -> Option<Value> {
    let answer = reqwest::Client::new().get(format!("{url}/v1/{path}")).bearer_auth(token).timeout(Duration::from_secs(10)).send();
    answer.await.ok()?.json().await.ok()
}

/// The shards that a node says a node runs.
pub(crate) async fn owned_as(url: &str, token: &str, by: &str) -> BTreeSet<u16> {
    let found = read(url, token, "shards").await.unwrap_or_default();
    let rows = found["rows"].as_array().cloned().unwrap_or_default();
    rows.iter().filter(|row| row["owner"] == by).map(|row| u16::try_from(row["shard"].as_u64().unwrap()).unwrap()).collect()
}

async fn owned(url: &str, by: &str) -> BTreeSet<u16> {
    owned_as(url, "PLANNER", by).await
}

/// Waits until something is so.
pub(crate) async fn until(what: &str, mut is: impl AsyncFnMut() -> bool) {
    let waiting = async {
        while !is().await {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(PATIENCE, waiting).await.unwrap_or_else(|_| panic!("after {PATIENCE:?} it is not so that {what}"));
}

async fn both_at_work(a: &Node, load: &Load) {
    until("both nodes run a part of the shards", async || {
        let (of_a, of_b) = (owned(&a.url, "a").await, owned(&a.url, "b").await);
        !of_a.is_empty() && !of_b.is_empty() && of_a.len() + of_b.len() == usize::from(SHARDS)
    })
    .await;
    let before = load.count();
    until("requests are answered", async || load.count() > before + 100).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_region_on_two_nodes_loses_and_doubles_nothing_when_one_is_killed_and_refuses_nothing_when_one_goes_as_planned() {
    // A second installation is told that there is one already, and that is fine.
    drop(rustls::crypto::ring::default_provider().install_default());
    let place = Place::new();
    let (a, mut b) = (place.start("a"), place.start("b"));
    let load = Arc::new(Load::new(order, Duration::ZERO, "PLANNER"));
    load.ask(&[a.url.clone(), b.url.clone()]);
    let callers: Vec<_> = (0..CALLERS).map(|_| tokio::spawn(Arc::clone(&load).call())).collect();
    both_at_work(&a, &load).await;
    let nodes = read(&b.url, "PLANNER", "nodes").await.unwrap();
    assert!(nodes["rows"].as_array().unwrap().iter().all(|row| row["answers"] == true && row["shards"].as_u64() > Some(0)), "{nodes}");

    alike::seen(&a, &b).await;
    let had = owned(&a.url, "b").await;
    let killed = load.now();
    b.process.kill().unwrap();
    b.process.wait().unwrap();
    load.ask(std::slice::from_ref(&a.url));
    until("every shard of the killed node answered", async || load.answered(&had, killed).is_some()).await;
    let (took, now) = (load.answered(&had, killed).unwrap(), load.now());
    eprintln!(
        "several: node killed with {} of {SHARDS} shards: {:?} without an acknowledgement, its last shard answered after {took:?}, {} refused",
        had.len(),
        load.gap(killed, now),
        load.refused(killed, now).len()
    );
    assert!(took < TAKEN_OVER_MAX, "the last shard of the killed node answered after {took:?}");
    alike::missed(&a, "b").await;

    let mut b = place.start("b");
    load.ask(&[a.url.clone(), b.url.clone()]);
    let joined = load.now();
    both_at_work(&a, &load).await;
    let asked = load.now();
    b.signal("-TERM");
    let ended = tokio::task::spawn_blocking(move || b.process.wait().unwrap()).await.unwrap();
    let gone = load.now();
    load.ask(std::slice::from_ref(&a.url));
    assert!(ended.success(), "the node that was asked to end said {ended}");
    assert_eq!(owned(&a.url, "a").await.len(), usize::from(SHARDS), "what was handed over is not the other node's");
    let before = load.count();
    until("requests are answered", async || load.count() > before + 100).await;
    let now = load.now();
    let refused = load.refused(joined, now);
    eprintln!(
        "several: node gone as planned in {:?}: {:?} without an acknowledgement, {} refused since it came",
        gone.saturating_sub(asked),
        load.gap(asked, now),
        refused.len()
    );
    assert_eq!(refused, Vec::<String>::new(), "a planned hand-over refused requests");

    load.over.store(true, Ordering::Relaxed);
    for caller in callers {
        caller.await.unwrap();
    }
    drop(a);
    let keys = keys(&place.servers, SHARDS).await;
    let done = load.done.lock().unwrap();
    for done in done.iter() {
        let times = keys.get(&done.key).copied().unwrap_or_default();
        assert_eq!(times, 1, "{} was acknowledged and stands in the logs {times} times", done.key);
    }
    eprintln!("several: {} requests acknowledged, each once in the logs", done.len());
}
