//! Promise T1 against a power cut at one of three servers that hold a log: it is stopped, its disk is copied as it stands, and it
//! comes back with the copy. So that its word is needed, the server that has everything is gone then, and the one that is there was
//! away when it was written: what the disk does not have is lost. With a control that must fail: servers that sync when they like to.

use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use takt_cluster::clock::SystemClock;
use takt_cluster::jetstream::JetStream;
use takt_cluster::jetstream::servers::{Servers, Stand};
use takt_cluster::seam::{Append, Appended, Seams};
use takt_protocol::name::Region;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::draw::Draw;
use crate::loop_disk::LoopDisk;
use crate::servers;
use crate::several::until;
use crate::skipped::{POWER, skipped};
use crate::store_account::{Account, Found};
use crate::store_writer::{LANES, entity, message};

const LOG: &str = "takt-eu-log";
const DISK_MIB: u64 = 512;

/// Cuts in a row of servers that sync, and the most of servers that do not.
const CUTS: u64 = 3;
const CONTROLS: u64 = 3;

/// Appends that are acknowledged while one server is away.
const SAID_MIN: u64 = 150;
const SAID_MORE: u64 = 200;

/// The server whose power is cut.
const CUT: usize = 0;

/// Three servers, one of which has a disk of its own.
struct Cluster {
    engine: JetStream,
    servers: Servers,
    disk: LoopDisk,
    data: PathBuf,
    _room: tempfile::TempDir,
}

impl Cluster {
    /// Starts one; those that are `lazy` sync as servers do that nobody told anything, from when the streams are made.
    async fn start(disk: LoopDisk, lazy: bool) -> Self {
        // A second installation is told that there is one already, and that is fine.
        drop(rustls::crypto::ring::default_provider().install_default());
        let room = tempfile::tempdir().unwrap();
        let data = disk.root();
        let stand = Stand { data: Some(data.clone()), ..Stand::default() };
        let mut servers = tokio::task::block_in_place(|| servers::three_at(room.path(), &[stand]));
        let settings = servers.settings(Region::parse("eu").unwrap(), 0);
        let settings = takt_cluster::jetstream::Settings { shards: 1, append_patience: Duration::from_secs(4), ..settings };
        let engine = JetStream::open(settings, Arc::new(SystemClock::start())).await.unwrap();
        servers::whole(&servers, LOG).await;
        for at in (0..servers.count()).filter(|_| lazy) {
            servers.change(at, |text| text.replace("sync_interval: always", "")).unwrap();
            assert!(servers.kill(at), "server {at} was not there");
            servers.revive(at).unwrap();
            until("the server is back", async || servers::stream(&servers, at, LOG).await.is_some()).await;
            servers::whole(&servers, LOG).await;
        }
        // The streams are there since long: what they are is on the disk.
        assert!(Command::new("sync").arg("-f").arg(&data).status().unwrap().success());
        Self { engine, servers, disk, data, _room: room }
    }

    /// Writes while `late` is away, until the power of one server is cut; takes down what was acknowledged. What is left then are the
    /// server with the cut disk and the one that was away.
    async fn cut(&mut self, account: &mut Account, count: u64, late: usize) -> usize {
        assert!(self.servers.kill(late) && self.servers.is_out(late), "server {late} was not killed");
        let (say, mut said) = mpsc::unbounded_channel();
        let mut lanes = JoinSet::new();
        for lane in 0..LANES {
            lanes.spawn(write(self.engine.seams(), lane, say.clone()));
        }
        for _ in 0..count {
            account.note(&[said.recv().await.expect("nobody writes")]);
        }
        assert!(self.servers.freeze(CUT) && self.servers.is_out(CUT), "the server was not stopped");
        // Nothing is acknowledged any more: two of three are out.
        lanes.shutdown().await;
        drop(say);
        while let Some(line) = said.recv().await {
            account.note(&[line]);
        }
        let cut = self.disk.cut();
        let other = (0..self.servers.count()).find(|at| ![CUT, late].contains(at)).unwrap();
        for at in [CUT, other] {
            assert!(self.servers.kill(at) && self.servers.is_out(at), "server {at} was not killed");
        }
        let (before, now) = (self.data.display().to_string(), cut.root().display().to_string());
        self.servers.change(CUT, |text| text.replace(&before, &now)).unwrap();
        (self.data, self.disk) = (cut.root(), cut);
        for at in [CUT, late] {
            self.servers.revive(at).unwrap();
        }
        other
    }

    /// What is there of what was acknowledged, once somebody takes appends again.
    async fn judged(&self, account: &Account) -> Found {
        let seams = self.engine.seams();
        until("an append is taken", async || {
            let Ok(there) = seams.journal.read(entity(0), 0).await else { return false };
            let (n, after) = (there.len() as u64 + 1, there.last().map_or(0, |entry| entry.sequence));
            let append = Append { entity: entity(0), after, bytes: message(0, n) };
            matches!(seams.journal.append(vec![append]).await[..], [Appended::Committed { .. }])
        })
        .await;
        let mut found = Found::default();
        account.logs(&seams, &mut found).await;
        found
    }
}

/// Writes one message after the other behind what is there, and says what was acknowledged.
async fn write(seams: Seams, lane: u64, say: mpsc::UnboundedSender<String>) {
    loop {
        let Ok(there) = seams.journal.read(entity(lane), 0).await else { continue };
        let mut after = there.last().map_or(0, |entry| entry.sequence);
        for n in there.len() as u64 + 1.. {
            let append = Append { entity: entity(lane), after, bytes: message(lane, n) };
            // Whatever else is answered, the log says what is there.
            let [Appended::Committed { sequence }] = seams.journal.append(vec![append]).await[..] else { break };
            after = sequence;
            if say.send(format!("append {lane} {n} {sequence}")).is_err() {
                return;
            }
        }
    }
}

/// A server that is neither the one whose power is cut nor the one that leads.
async fn late(servers: &Servers, draw: &mut Draw) -> (usize, usize) {
    let leader = servers::leader(servers, LOG).await.expect("somebody leads the log");
    let others: Vec<usize> = (0..servers.count()).filter(|at| ![CUT, leader].contains(at)).collect();
    let at = usize::try_from(draw.below(others.len() as u64)).unwrap();
    (others[at], leader)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_when_the_power_of_one_server_of_three_is_cut() {
    let disk = match LoopDisk::make(DISK_MIB) {
        Ok(disk) => disk,
        Err(why) => return skipped("nothing_acknowledged_is_lost_when_the_power_of_one_server_of_three_is_cut", POWER, &why),
    };
    let (mut cluster, mut account, mut draw) = (Cluster::start(disk, false).await, Account::default(), Draw::of(815));
    for cut in 1..=CUTS {
        let (late, leader) = late(&cluster.servers, &mut draw).await;
        let count = SAID_MIN + draw.below(SAID_MORE);
        let other = cluster.cut(&mut account, count, late).await;
        let found = cluster.judged(&account).await;
        let acknowledged = account.sizes()[0];
        eprintln!("power: cut {cut} at n1, n{} led: {acknowledged} acknowledged, {} messages there", leader + 1, found.messages);
        assert!(found.broken.is_empty(), "cut {cut}: {:#?}", found.broken);
        assert!(acknowledged as u64 >= cut * SAID_MIN, "too little was acknowledged: {acknowledged}");
        cluster.servers.revive(other).unwrap();
        servers::whole(&cluster.servers, LOG).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn servers_that_sync_when_they_like_to_are_caught_by_the_power_cut() {
    let mut draw = Draw::of(816);
    for control in 1..=CONTROLS {
        let disk = match LoopDisk::make(DISK_MIB) {
            Ok(disk) => disk,
            Err(why) => return skipped("servers_that_sync_when_they_like_to_are_caught_by_the_power_cut", POWER, &why),
        };
        let mut cluster = Cluster::start(disk, true).await;
        let mut account = Account::default();
        let (late, leader) = late(&cluster.servers, &mut draw).await;
        cluster.cut(&mut account, SAID_MIN + draw.below(SAID_MORE), late).await;
        let found = cluster.judged(&account).await;
        let lost = found.broken.iter().filter(|sentence| sentence.contains("is lost") || sentence.contains("moved")).count();
        eprintln!("power: control {control}, n{} led: {} acknowledged, {lost} of them lost or moved", leader + 1, account.sizes()[0]);
        if lost > 0 {
            return;
        }
    }
    panic!("{CONTROLS} power cuts lost nothing of servers that sync every two minutes: the cuts are none");
}
