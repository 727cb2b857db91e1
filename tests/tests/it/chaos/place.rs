//! Where whole orders meet faults: three real nats-servers, the simulated systems behind real HTTP, the door where they tell what they
//! have to tell, and the folder that nodes run over. With hosts and disks of their own where a fault needs them.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, RwLock};
use std::time::Duration;

use serde_json::json;
use takt_cluster::clock::SystemClock;
use takt_cluster::jetstream::JetStream;
use takt_cluster::jetstream::servers::{Servers, Stand};
use takt_protocol::name::Region;
use takt_simulations::logs::Logs;
use takt_simulations::world::launch::{RunningWorld, SystemSpec, WorldSpec, launch};
use takt_simulations::world::system::Kind;
use tokio::net::{TcpListener, TcpStream};

use crate::desks::Desks;
use crate::namespaces::{self, Net};
use crate::servers;
use crate::several::{Load, Node, owned_as, until};
use crate::skipped::skipped;
use crate::small_disk::{self, SmallDisk};
use crate::wire::Wire;
use crate::world_swap::stage::{CAST, written};

use super::PLANNER;

pub(super) const SHARDS: u16 = 8;

/// The stream of the log.
const LOG: &str = "takt-eu-log";

/// The host of the node that has one of its own, behind those of the servers.
pub(super) const FAR: u8 = 3;

/// Room of a small disk.
const DISK_MIB: u64 = 192;

/// The shards that a node says a node runs.
pub(super) async fn owned(url: &str, by: &str) -> BTreeSet<u16> {
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

/// What a place stands on, beside this machine as it is: hosts of their own for the servers and one node, a small disk for each server.
#[derive(Default)]
pub(super) struct Ground {
    pub(super) net: Option<Net>,
    pub(super) disks: Vec<SmallDisk>,
}

impl Ground {
    /// What this machine can have of it; what it cannot is skipped, loudly.
    pub(super) fn of_its_own(test: &str) -> Self {
        let net = Net::make(FAR + 1).map_err(|why| skipped(&format!("{test}: a partition"), namespaces::NEEDS, &why)).ok();
        let disks: Result<Vec<SmallDisk>, String> = (0..FAR).map(|_| SmallDisk::make(DISK_MIB)).collect();
        let disks = disks.map_err(|why| skipped(&format!("{test}: a full disk"), small_disk::NEEDS, &why));
        Self { net, disks: disks.unwrap_or_default() }
    }

    fn stands(&self) -> Vec<Stand> {
        let stand = |at: u8| {
            let host = self.net.as_ref().map(|net| IpAddr::from(net.host(at)));
            let namespace = self.net.as_ref().map(|net| net.namespace(at));
            let data = self.disks.get(usize::from(at)).map(SmallDisk::root);
            Stand { host: host.unwrap_or(Stand::default().host), namespace, data }
        };
        (0..FAR).map(stand).collect()
    }
}

/// Everything that runs beside the nodes.
pub(super) struct Place {
    pub(super) servers: Servers,
    pub(super) ground: Ground,
    dir: PathBuf,
    pub(super) world: RunningWorld,
    door: Door,
    client: reqwest::Client,
    variables: BTreeMap<String, String>,
    _dir: tempfile::TempDir,
}

impl Place {
    pub(super) async fn new(ground: Ground) -> Self {
        let room = tempfile::tempdir().unwrap();
        let dir = room.path().to_owned();
        let servers = tokio::task::block_in_place(|| servers::three_at(&dir, &ground.stands()));
        let door = Door::open().await;
        let world = world(&dir, &door).await;
        let mut variables = written(&dir.join("config"), &world);
        if let Some(net) = &ground.net {
            // A system is on our loopback, where nobody else comes.
            let theirs: Vec<String> = world.addresses().values().map(|address| format!("http://{address}")).collect();
            for url in variables.values_mut().filter(|url| theirs.contains(url)) {
                let wire = Wire::between(net.here(), url.trim_start_matches("http://").to_owned()).await;
                *url = format!("http://{}", wire.address);
            }
        }
        // JSON is YAML.
        let engine = json!({ "eu": { "jetstream": {
            "servers": servers.addresses(), "monitors": servers.monitors(), "user": "a0", "password": "${NATS_PASSWORD}", "shards": SHARDS,
        } } });
        std::fs::write(dir.join("config/regions.yaml"), engine.to_string()).unwrap();
        let place = Self { servers, ground, dir, world, door, client: reqwest::Client::new(), variables, _dir: room };
        place.desks().furnish().await;
        place
    }

    pub(super) fn desks(&self) -> Desks<'_> {
        Desks { client: &self.client, world: &self.world }
    }

    pub(super) fn start(&self, name: &str) -> Node {
        let region = ["--region", "eu"];
        match self.ground.net.as_ref().filter(|_| name == "b") {
            Some(net) => {
                let place = (net.namespace(FAR), IpAddr::from(net.host(FAR)));
                Node::start_far(&self.dir, (&place.0, place.1), (name, &region), &self.variables)
            }
            None => Node::start_with(&self.dir, name, &region, &self.variables),
        }
    }

    /// Who answers just now: requests and what systems tell go there.
    pub(super) fn answers(&self, load: &Load, nodes: &[&Node]) {
        let urls: Vec<String> = nodes.iter().map(|node| node.url.clone()).collect();
        load.ask(&urls);
        *self.door.nodes.write().unwrap() = urls;
    }

    /// Whether a server has the log by its own word.
    pub(super) async fn has_the_log(&self, at: usize) -> bool {
        servers::stream(&self.servers, at, LOG).await.is_some()
    }

    /// The server that leads the log, by its own word.
    pub(super) async fn leader(&self) -> Option<usize> {
        servers::leader(&self.servers, LOG).await
    }

    /// Waits until every copy has all of it again.
    pub(super) async fn whole(&self) {
        servers::whole(&self.servers, LOG).await;
    }

    /// Asks a server to end, as a service manager does, and waits until it has.
    pub(super) async fn end(&mut self, at: usize) {
        let cluster = std::fs::read_dir(&self.dir).unwrap().map(|entry| entry.unwrap().path());
        let cluster = cluster.into_iter().find(|path| path.file_name().unwrap().to_string_lossy().starts_with("nats-")).unwrap();
        let server = std::fs::read_to_string(cluster.join(format!("n{}/pid", at + 1))).unwrap();
        assert!(Command::new("kill").args(["-TERM", server.trim()]).status().unwrap().success());
        until("the server has ended", async || self.servers.is_out(at)).await;
        // What guards it is told so.
        assert!(self.servers.kill(at), "server {at} was not there any more");
    }

    /// What is durable, read whole.
    pub(super) async fn logs(&self) -> (Logs, Vec<String>) {
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
pub(super) async fn recovered(what: &str, load: &Load, from: Duration) {
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
