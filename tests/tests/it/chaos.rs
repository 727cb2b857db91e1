//! Whole orders while things break: three real nats-servers, two `takt` processes that run one region over them, and simulated systems
//! behind real HTTP, from the wish to the booked end. The server that leads the log is killed, a node is stopped where it stands, every
//! server and every node is restarted in turn. Judged by the logs and by the ERP's own books: what was acknowledged is there once.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::Ordering;
use std::sync::{Arc, RwLock};
use std::time::Duration;

use rust_decimal::Decimal;
use serde_json::{Value, json};
use takt_cluster::clock::SystemClock;
use takt_cluster::jetstream::JetStream;
use takt_cluster::jetstream::servers::Servers;
use takt_protocol::name::Region;
use takt_protocol::order::Order;
use takt_simulations::logs::{Logs, booked};
use takt_simulations::world::launch::{RunningWorld, SystemSpec, WorldSpec, launch};
use takt_simulations::world::ledger::{Entry, Ledger};
use takt_simulations::world::system::Kind;
use tokio::net::{TcpListener, TcpStream};

use crate::desks::Desks;
use crate::servers;
use crate::several::{Load, Node, owned_as, read, until};
use crate::world_swap::stage::{CAST, written};

const SHARDS: u16 = 8;
pub(crate) const PLANNER: &str = "t-TAKT_PLANNER_TOKEN";

/// Who asks, and the pause of each between two orders.
const CALLERS: usize = 3;
const PAUSE: Duration = Duration::from_millis(700);

/// How long a node is stopped: longer than its leases.
const STOPPED_FOR: Duration = Duration::from_secs(8);

/// A small order: a few pieces, each of which the plant reports by itself.
fn order(number: u64) -> Value {
    json!({
        "erp": "erp-eu", "planned_order": format!("PL-{number}"), "plant": "nord", "material": "FG-100", "total": "4 H87",
        "start": "2027-01-11T06:00:00+01:00", "end": "2027-01-11T14:00:00+01:00",
    })
}

async fn owned(url: &str, by: &str) -> std::collections::BTreeSet<u16> {
    owned_as(url, PLANNER, by).await
}

/// Where the systems tell what they have to tell: whichever nodes are there, one after the other.
pub(crate) struct Door {
    address: SocketAddr,
    pub(crate) nodes: Arc<RwLock<Vec<String>>>,
}

impl Door {
    pub(crate) async fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, nodes) = (listener.local_addr().unwrap(), Arc::new(RwLock::new(Vec::<String>::new())));
        let behind = Arc::clone(&nodes);
        tokio::spawn(async move {
            for turn in 0.. {
                let (mut near, _) = listener.accept().await.unwrap();
                let node = {
                    let nodes = behind.read().unwrap();
                    nodes.get(turn % nodes.len().max(1)).cloned()
                };
                // Nobody is there yet: the system tells it again.
                let Some(node) = node else { continue };
                tokio::spawn(async move {
                    if let Ok(mut far) = TcpStream::connect(node.trim_start_matches("http://")).await {
                        // How it ends is for those at both ends.
                        drop(tokio::io::copy_bidirectional(&mut near, &mut far).await);
                    }
                });
            }
        });
        Self { address, nodes }
    }
}

/// The second ERP and the systems around it, which tell what they have to tell at a door.
pub(crate) async fn world(dir: &Path, door: &Door) -> RunningWorld {
    let system = |(name, kind): (&str, Kind)| SystemSpec {
        token: Some(format!("t-{}_TOKEN", name.to_uppercase().replace('-', "_"))),
        ..SystemSpec::new(name, kind, "Europe/Berlin")
    };
    let systems = [("erp-eu", Kind::ErpOdoo)].into_iter().chain(CAST).map(system).collect();
    let spec = WorldSpec { systems, path: "/in/{system}/{topic}".to_owned() };
    launch(&spec, &dir.join("world"), &format!("http://{}", door.address)).await.unwrap()
}

/// Everything that runs beside the nodes.
struct Place {
    _dir: tempfile::TempDir,
    dir: PathBuf,
    servers: Servers,
    world: RunningWorld,
    door: Door,
    client: reqwest::Client,
    variables: BTreeMap<String, String>,
}

impl Place {
    async fn new() -> Self {
        let room = tempfile::tempdir().unwrap();
        let dir = room.path().to_owned();
        let servers = tokio::task::block_in_place(|| servers::three(&dir));
        let door = Door::open().await;
        let world = world(&dir, &door).await;
        let variables = written(&dir.join("config"), &world);
        // JSON is YAML.
        let engine = json!({ "eu": { "jetstream": {
            "servers": servers.addresses(), "monitors": servers.monitors(), "user": "a0", "password": "${NATS_PASSWORD}", "shards": SHARDS,
        } } });
        std::fs::write(dir.join("config/regions.yaml"), engine.to_string()).unwrap();
        let place = Self { _dir: room, dir, servers, world, door, client: reqwest::Client::new(), variables };
        place.desks().furnish().await;
        place
    }

    fn desks(&self) -> Desks<'_> {
        Desks { client: &self.client, world: &self.world }
    }

    fn start(&self, name: &str) -> Node {
        Node::start_with(&self.dir, name, &["--region", "eu"], &self.variables)
    }

    /// Who answers just now: requests and what systems tell go there.
    fn answers(&self, load: &Load, nodes: &[&Node]) {
        let urls: Vec<String> = nodes.iter().map(|node| node.url.clone()).collect();
        load.ask(&urls);
        *self.door.nodes.write().unwrap() = urls;
    }

    /// How a stream stands by the word of a server: who leads it, and whether every copy has all of it.
    async fn log(&self, at: usize) -> Option<(String, bool)> {
        let monitor = self.servers.monitors().get(at)?.clone();
        let url = format!("http://{monitor}/jsz?accounts=true&streams=true&config=true");
        let told: Value = self.client.get(url).timeout(Duration::from_secs(2)).send().await.ok()?.json().await.ok()?;
        let accounts = told["account_details"].as_array()?;
        let mut streams = accounts.iter().flat_map(|account| account["stream_detail"].as_array().cloned().unwrap_or_default());
        let log = streams.find(|stream| stream["name"] == "takt-eu-log")?;
        let copies = log["cluster"]["replicas"].as_array()?;
        let whole = copies.len() == 2 && copies.iter().all(|copy| copy["current"] == true && copy["offline"] != true);
        Some((log["cluster"]["leader"].as_str()?.to_owned(), whole))
    }

    /// The server that leads the log, by its own word.
    async fn leader(&self) -> Option<usize> {
        for at in 0..self.servers.count() {
            if let Some((leader, _)) = self.log(at).await
                && self.servers.named(&leader) == Some(at)
            {
                return Some(at);
            }
        }
        None
    }

    /// Waits until every copy has all of it again.
    async fn whole(&self) {
        until("every copy of the log is current", async || {
            let Some(leader) = self.leader().await else { return false };
            self.log(leader).await.is_some_and(|(_, whole)| whole)
        })
        .await;
    }

    /// Asks a server to end, as a service manager does, and waits until it has.
    async fn end(&mut self, at: usize) {
        let cluster = std::fs::read_dir(&self.dir).unwrap().map(|entry| entry.unwrap().path());
        let cluster = cluster.into_iter().find(|path| path.file_name().unwrap().to_string_lossy().starts_with("nats-")).unwrap();
        let server = std::fs::read_to_string(cluster.join(format!("n{}/pid", at + 1))).unwrap();
        assert!(Command::new("kill").args(["-TERM", server.trim()]).status().unwrap().success());
        until("the server has ended", async || self.servers.is_out(at)).await;
        // What guards it is told so.
        assert!(self.servers.kill(at), "server {at} was not there any more");
    }

    /// What is durable, read whole.
    async fn logs(&self) -> (Logs, Vec<String>) {
        let mut settings = self.servers.settings(Region::parse("eu").unwrap(), 0);
        settings.shards = SHARDS;
        let engine = JetStream::open(settings, Arc::new(SystemClock::start())).await.unwrap();
        let (mut logs, mut broken) = (Logs::default(), Vec::new());
        logs.read(&engine.seams(), &mut broken).await.unwrap();
        engine.stop().await;
        (logs, broken)
    }
}

/// Waits until requests are answered again as they come, and says what the fault cost.
async fn recovered(what: &str, load: &Load, from: Duration) {
    let before = load.count();
    until("requests are answered", async || load.count() >= before + 6).await;
    let now = load.now();
    eprintln!(
        "chaos: {what}: {:?} without an acknowledgement, {} refused, full service {:?} after it began",
        load.gap(from, now),
        load.refused(from, now).len(),
        now.saturating_sub(from)
    );
}

async fn leader_is_killed(place: &mut Place, load: &Load) {
    let leader = place.leader().await.unwrap();
    let from = load.now();
    assert!(place.servers.kill(leader) && place.servers.is_out(leader), "the leader was not killed");
    until("another server leads the log", async || place.leader().await.is_some_and(|now| now != leader)).await;
    recovered("kill -9 of the server that leads the log", load, from).await;
    place.servers.revive(leader).unwrap();
    place.whole().await;
}

async fn node_is_stopped(place: &Place, load: &Load, a: &Node, b: &Node) {
    let had = owned(&a.url, "b").await;
    assert!(!had.is_empty(), "the node runs nothing that could be missed");
    let from = load.now();
    b.signal("-STOP");
    // Each of its threads stops when it is looked at next.
    until("the node is stopped", async || b.standing() == 'T').await;
    place.answers(load, &[a]);
    until("the other node runs every shard", async || owned(&a.url, "a").await.len() == usize::from(SHARDS)).await;
    recovered("SIGSTOP of a node", load, from).await;
    tokio::time::sleep((from + STOPPED_FOR).saturating_sub(load.now())).await;
    b.signal("-CONT");
    assert_ne!(b.standing(), 'T', "the node still stands");
    let woke = load.now();
    until("the node that woke up runs a part again", async || !owned(&a.url, "b").await.is_empty()).await;
    place.answers(load, &[a, b]);
    recovered("the node wakes up", load, woke).await;
}

async fn every_server_is_restarted(place: &mut Place, load: &Load) {
    let from = load.now();
    for at in 0..place.servers.count() {
        place.end(at).await;
        place.servers.revive(at).unwrap();
        until("the server is back", async || place.log(at).await.is_some()).await;
        place.whole().await;
    }
    recovered("rolling restart of the servers", load, from).await;
}

/// Each node goes as planned and comes back, while requests come in at both: none is refused.
async fn every_node_is_restarted(place: &Place, load: &Load, nodes: [Node; 2]) -> [Node; 2] {
    let [mut a, mut b] = nodes;
    let from = load.now();
    for (name, other) in [("a", "b"), ("b", "a")] {
        let (leaves, stays) = if name == "a" { (a, b) } else { (b, a) };
        leaves.signal("-TERM");
        let ended = tokio::task::spawn_blocking(move || leaves.wait()).await.unwrap();
        assert!(ended.success(), "{name} was asked to end and said {ended}");
        place.answers(load, &[&stays]);
        let all = usize::from(SHARDS);
        until("the other node runs every shard", async || owned(&stays.url, other).await.len() == all).await;
        let back = place.start(name);
        place.answers(load, &[&back, &stays]);
        until("the node that came back runs a part", async || {
            let (of_back, of_stays) = (owned(&stays.url, name).await, owned(&stays.url, other).await);
            !of_back.is_empty() && of_back.len() + of_stays.len() == all
        })
        .await;
        (a, b) = if name == "a" { (back, stays) } else { (stays, back) };
    }
    recovered("rolling restart of the nodes", load, from).await;
    assert_eq!(load.refused(from, load.now()), Vec::<String>::new(), "a rolling restart of the nodes refused requests");
    [a, b]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whole_orders_survive_a_killed_leader_a_stopped_node_and_rolling_restarts_of_servers_and_nodes() {
    drop(rustls::crypto::ring::default_provider().install_default());
    let mut place = Place::new().await;
    let (a, b) = (place.start("a"), place.start("b"));
    let load = Arc::new(Load::new(order, PAUSE, PLANNER));
    place.answers(&load, &[&a, &b]);
    until("both nodes run a part of the shards", async || {
        let (of_a, of_b) = (owned(&a.url, "a").await, owned(&a.url, "b").await);
        !of_a.is_empty() && !of_b.is_empty() && of_a.len() + of_b.len() == usize::from(SHARDS)
    })
    .await;
    until("the plant said which recipes it has", async || {
        read(&a.url, PLANNER, "sites/nord").await.is_some_and(|site| site["recipes"].as_array().is_some_and(|known| !known.is_empty()))
    })
    .await;
    let callers: Vec<_> = (0..CALLERS).map(|_| tokio::spawn(Arc::clone(&load).call())).collect();
    recovered("the start", &load, load.now()).await;

    leader_is_killed(&mut place, &load).await;
    node_is_stopped(&place, &load, &a, &b).await;
    every_server_is_restarted(&mut place, &load).await;
    let [a, b] = every_node_is_restarted(&place, &load, [a, b]).await;

    load.over.store(true, Ordering::Relaxed);
    for caller in callers {
        caller.await.unwrap();
    }
    let over = load.now();
    let settled = |order: &Order| order.completed && !order.ledger.is_unsettled() && !order.ledger.has_open_groups();
    until("every order is made and booked", async || place.logs().await.0.orders().all(|(_, order)| settled(order))).await;
    eprintln!("chaos: every order made and booked {:?} after the last was asked for", load.now().saturating_sub(over));
    drop((a, b));
    account(&place, &load).await;
    place.world.stop().await;
}

/// The account: acknowledged and lost, doubled, forked; and the ERP's books beside ours.
async fn account(place: &Place, load: &Load) {
    let (logs, broken) = place.logs().await;
    assert_eq!(broken, Vec::<String>::new(), "a log has a fork or a hole");
    let mut keys: BTreeMap<String, usize> = BTreeMap::new();
    for (_, step) in logs.steps() {
        *keys.entry(step.key.to_string().rsplit('/').next().unwrap_or_default().to_owned()).or_default() += 1;
    }
    let done: Vec<String> = load.done.lock().unwrap().iter().map(|done| done.key.clone()).collect();
    let times = |key: &str| keys.get(key).copied().unwrap_or_default();
    let (lost, doubled) = (done.iter().filter(|key| times(key) == 0).count(), done.iter().filter(|key| times(key) > 1).count());
    let books = place.desks().get("erp-eu/_sim/books").await;
    let theirs = Ledger::of(Kind::ErpOdoo, &books).unwrap();
    let made = books["manufacturing_order"].as_array().unwrap().len();
    let twice: Vec<_> = theirs.references.iter().filter(|(_, count)| **count != 1).collect();
    let mut ours: BTreeMap<Entry, Decimal> = BTreeMap::new();
    for (_, order) in logs.orders() {
        for places in order.accounts() {
            assert!(places.balances(), "{places:?}");
        }
        ours.extend(booked(order));
    }
    ours.retain(|_, sum| !sum.is_zero());
    eprintln!(
        "chaos: {} orders acknowledged, {lost} lost, {doubled} doubled, forks 0; {made} orders in the ERP, {} documents, {} doubled there",
        done.len(),
        theirs.references.len(),
        twice.len()
    );
    assert!(done.len() > 20, "so few orders prove nothing");
    assert_eq!((lost, doubled, made), (0, 0, done.len()));
    assert!(twice.is_empty(), "{twice:?}");
    assert_eq!(ours, theirs.entries);
}
