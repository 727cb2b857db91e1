//! A region on three nats-servers that is backed up while it works, and restored on three others that have nothing: from outside, over
//! the command line. Judged by the logs: every request that was acknowledged before the backup began stands in both, once, and the
//! restored region goes on.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use serde_json::{Value, json};
use takt_cluster::jetstream::servers::Servers;

use crate::demo::TAKT;
use crate::federation::client;
use crate::servers;
use crate::several::{Node, SECRETS, keys, read, until};

const SHARDS: u16 = 4;

/// Orders that are there before the backup begins, and at least so many that come in while it is taken.
const BEFORE: usize = 300;
const MEANWHILE: usize = 20;

struct Place {
    _room: tempfile::TempDir,
    dir: PathBuf,
    old: Servers,
    new: Servers,
}

impl Place {
    fn new() -> Self {
        let room = tempfile::tempdir().unwrap();
        let dir = room.path().to_owned();
        for name in ["old", "new"] {
            std::fs::create_dir_all(dir.join(name)).unwrap();
            takt_config::start::write_to(&dir.join(name).join("config")).unwrap();
        }
        let (old, new) = (servers::three(&dir.join("old")), servers::three(&dir.join("new")));
        for (name, servers) in [("old", &old), ("new", &new)] {
            let engine = json!({ "main": { "jetstream": {
                "servers": servers.addresses(), "monitors": servers.monitors(), "user": "a0", "password": "${NATS_PASSWORD}", "shards": SHARDS,
            } } });
            // JSON is YAML.
            std::fs::write(dir.join(name).join("config/regions.yaml"), engine.to_string()).unwrap();
        }
        Self { _room: room, dir, old, new }
    }

    fn start(&self, place: &str) -> Node {
        Node::start(&self.dir.join(place), "node", &[])
    }

    /// A word of the command line about a place; whether it went well, and what it said.
    async fn takt(&self, words: &[&str], place: &str) -> (bool, String) {
        let mut command = Command::new(TAKT);
        let place = self.dir.join(place);
        command.args(words).arg("--config").arg(place.join("config")).arg("--data").arg(place.join("node")).envs(SECRETS);
        let output = tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
        let said = [output.stdout, output.stderr].map(|said| String::from_utf8_lossy(&said).into_owned()).concat();
        (output.status.success(), said)
    }
}

/// Asks for an order; whether it was acknowledged.
async fn release(node: &Node, number: usize) -> bool {
    let order = json!({
        "erp": "erp", "planned_order": format!("PL-{number}"), "plant": "plant-1", "material": "FG-100", "total": "10 H87",
        "start": "2027-01-11T06:00:00+01:00", "end": "2027-01-11T14:00:00+01:00",
    });
    let request = client().post(format!("{}/v1/production-order-releases", node.url)).bearer_auth("PLANNER");
    let answer = request.header("Idempotency-Key", format!("kept-{number}")).json(&order).send().await;
    answer.is_ok_and(|answer| answer.status().is_success())
}

/// How often each request stands in the log on these servers.
async fn kept(servers: &Servers) -> BTreeMap<String, usize> {
    keys(servers, SHARDS).await.into_iter().filter(|(ours, _)| ours.starts_with("kept-")).collect()
}

async fn status(node: &Node, number: usize) -> Value {
    read(&node.url, "PLANNER", &format!("orders/PL-{number}")).await.unwrap_or_default()["row"].clone()
}

/// Takes a backup while orders come in all the time; how many were acknowledged in the end.
async fn backed_up(place: &Place, node: &Arc<Node>, backup: &Path) -> usize {
    let (over, count) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(BEFORE)));
    let asking = {
        let (over, count, node) = (Arc::clone(&over), Arc::clone(&count), Arc::clone(node));
        tokio::spawn(async move {
            while !over.load(Ordering::Relaxed) {
                assert!(release(&node, count.load(Ordering::Relaxed)).await, "an order was refused while the backup was taken");
                count.fetch_add(1, Ordering::Relaxed);
            }
        })
    };
    until("orders come in", async || count.load(Ordering::Relaxed) > BEFORE).await;
    let began = count.load(Ordering::Relaxed);
    let (well, said) = place.takt(&["backup", backup.to_str().unwrap()], "old").await;
    assert!(well && said.contains("commits of"), "{said}");
    let ended = count.load(Ordering::Relaxed);
    until("some came in meanwhile", async || count.load(Ordering::Relaxed) >= BEFORE + MEANWHILE).await;
    over.store(true, Ordering::Relaxed);
    asking.await.unwrap();
    assert!(ended > began, "nothing came in while the backup was taken");
    eprintln!("restored_servers: {} orders came in while it was backed up: {}", ended - began, said.trim());
    count.load(Ordering::Relaxed)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_region_on_servers_is_backed_up_while_it_works_and_restored_on_other_servers() {
    drop(rustls::crypto::ring::default_provider().install_default());
    let place = Place::new();
    let backup = place.dir.join("backup");
    let node = Arc::new(place.start("old"));
    for number in 0..BEFORE {
        assert!(release(&node, number).await);
    }
    let all = backed_up(&place, &node, &backup).await;
    drop(node);
    let first = kept(&place.old).await;
    assert!(first.len() >= all && first.values().all(|times| *times == 1), "{} of {all}", first.len());

    let (well, said) = place.takt(&["restore", backup.to_str().unwrap()], "old").await;
    assert!(!well && said.contains("there is a region already"), "{said}");
    let (well, said) = place.takt(&["restore", backup.to_str().unwrap()], "new").await;
    assert!(well && said.contains("RECONCILING"), "{said}");
    let again = kept(&place.new).await;
    let lost: Vec<_> = (0..BEFORE).map(|number| format!("kept-{number}")).filter(|key| again.get(key) != Some(&1)).collect();
    assert!(lost.is_empty(), "acknowledged before the backup began, and not once in what was restored: {lost:?}");
    assert!(again.iter().all(|(key, times)| *times == 1 && first.contains_key(key)), "something is in it that never was");

    let node = place.start("new");
    until("an old order is known", async || status(&node, BEFORE - 1).await.is_object()).await;
    assert!(release(&node, 1_000_000).await, "the restored region takes nothing");
    let sites = read(&node.url, "PLANNER", "sites").await.unwrap();
    assert!(sites["rows"].as_array().unwrap().iter().any(|site| site["reconciling"] == true), "{sites}");
    drop(node);
    let (well, said) = place.takt(&["reconciled", "--by", "ada", "--reason", "the books were read"], "new").await;
    assert!(well && said.contains("it sends again"), "{said}");
    let node = place.start("new");
    until("it sends again", async || {
        let sites = read(&node.url, "PLANNER", "sites").await.unwrap_or_default();
        sites["rows"].as_array().is_some_and(|rows| !rows.is_empty() && rows.iter().all(|site| site["reconciling"] != true))
    })
    .await;
    assert!(release(&node, 1_000_001).await);
    drop(node);
    let last = kept(&place.new).await;
    assert!(last.values().all(|times| *times == 1) && last.contains_key("kept-1000001"));
    eprintln!("restored_servers: {} requests in the log, {} of them restored, 0 lost, 0 doubled", last.len(), again.len());
}
