//! A region that loses everything and is restored from a backup that is behind: over real HTTP, with an ERP that has booked more than
//! the backup knows of. What was in doubt is asked for, nothing is sent before a person says that the region was compared, and in the
//! end the ERP has everything once.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use rust_decimal::Decimal;
use serde_json::{Value, json};
use takt_simulations::world::launch::RunningWorld;
use takt_simulations::world::ledger::{Entry, Ledger};
use takt_simulations::world::system::Kind;

use crate::chaos::{Door, PLANNER, world};
use crate::demo::TAKT;
use crate::desks::Desks;
use crate::several::{Node, read, until};
use crate::world_swap::stage::written;

/// How long nothing has to move until it is called quiet, in looks of 100 ms.
const QUIET: usize = 20;

/// How long it may take until then.
const PATIENCE: Duration = Duration::from_mins(3);

/// How long a region that is reconciling is watched.
const WATCHED: Duration = Duration::from_secs(6);

struct Place {
    _dir: tempfile::TempDir,
    dir: PathBuf,
    world: RunningWorld,
    door: Door,
    client: reqwest::Client,
    variables: BTreeMap<String, String>,
}

/// What the ERP has.
struct Books {
    orders: usize,
    ledger: Ledger,
    lost: u64,
}

impl Place {
    async fn new() -> Self {
        let room = tempfile::tempdir().unwrap();
        let dir = room.path().to_owned();
        let door = Door::open().await;
        let world = world(&dir, &door).await;
        let variables = written(&dir.join("config"), &world);
        // What is in doubt is asked for when its window is over; on loopback two seconds are long.
        let erp = dir.join("config/sites/erp-eu.yaml");
        let text = std::fs::read_to_string(&erp).unwrap();
        assert!(text.contains("window_ms: 10000"));
        std::fs::write(&erp, text.replace("window_ms: 10000", "window_ms: 2000")).unwrap();
        let place = Self { _dir: room, dir, world, door, client: reqwest::Client::new(), variables };
        place.desks().furnish().await;
        place
    }

    fn backup(&self) -> String {
        self.dir.join("backup").to_str().unwrap().to_owned()
    }

    fn desks(&self) -> Desks<'_> {
        Desks { client: &self.client, world: &self.world }
    }

    /// A node over a data folder of that name.
    fn start(&self, data: &str) -> Node {
        let node = Node::start_with(&self.dir, data, &["--region", "eu"], &self.variables);
        *self.door.nodes.write().unwrap() = vec![node.url.clone()];
        node
    }

    /// A word of the command line about a data folder; whether it went well, and what it said.
    fn takt(&self, words: &[&str], data: &str) -> (bool, String) {
        let mut command = Command::new(TAKT);
        command.args(words).arg("--config").arg(self.dir.join("config")).arg("--data").arg(self.dir.join(data));
        let output = command.args(["--region", "eu"]).envs(&self.variables).output().unwrap();
        let said = [output.stdout, output.stderr].map(|said| String::from_utf8_lossy(&said).into_owned()).concat();
        (output.status.success(), said)
    }

    async fn release(&self, node: &Node, number: u32) {
        let order = json!({
            "erp": "erp-eu", "planned_order": format!("PL-{number}"), "plant": "nord", "material": "FG-100", "total": "20 H87",
            "start": "2027-01-11T06:00:00+01:00", "end": "2027-01-11T14:00:00+01:00",
        });
        let request = self.client.post(format!("{}/v1/production-order-releases", node.url)).bearer_auth(PLANNER);
        let answer = request.header("Idempotency-Key", format!("release-{number}")).json(&order).send().await.unwrap();
        assert!(answer.status().is_success(), "{}", answer.text().await.unwrap());
    }

    async fn books(&self) -> Books {
        let books = self.desks().get("erp-eu/_sim/books").await;
        let orders = books["manufacturing_order"].as_array().map_or(0, Vec::len);
        let lost = books["effects"]["lost_reply"].as_u64().unwrap_or(0);
        Books { orders, ledger: Ledger::of(Kind::ErpOdoo, &books).unwrap(), lost }
    }

    /// Waits until so many orders are in the ERP, and nothing moves any more there or waits here.
    async fn quiet(&self, node: &Node, orders: usize) -> Books {
        let still = tokio::time::timeout(PATIENCE, self.still(node, orders)).await;
        let Ok(books) = still else { panic!("it is not quiet with {orders} orders after {PATIENCE:?}: {}", erp(node).await) };
        books
    }

    async fn still(&self, node: &Node, orders: usize) -> Books {
        let (mut still, mut before) = (0, (0, BTreeMap::new()));
        loop {
            let now = self.books().await;
            let seen = (now.orders, now.ledger.entries.clone());
            let idle = now.orders == orders && all_is_decided(node).await && nothing_waits(node).await;
            still = if idle && seen == before { still + 1 } else { 0 };
            before = seen;
            if still == QUIET {
                return now;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
}

async fn all_is_decided(node: &Node) -> bool {
    let shards = read(&node.url, PLANNER, "shards").await.unwrap_or_default();
    let rows = shards["rows"].as_array().cloned().unwrap_or_default();
    !rows.is_empty() && rows.iter().all(|row| row["waiting"] == 0)
}

async fn erp(node: &Node) -> Value {
    let sites = read(&node.url, PLANNER, "sites").await.unwrap_or_default();
    sites["rows"].as_array().into_iter().flatten().find(|row| row["name"] == "erp-eu").cloned().unwrap_or_default()
}

async fn nothing_waits(node: &Node) -> bool {
    erp(node).await["waiting"].as_array().is_some_and(|tiers| tiers.iter().all(|waiting| waiting == 0))
}

async fn knows_the_plant(node: &Node) {
    until("the plant said which recipes it has", async || {
        read(&node.url, PLANNER, "sites/nord").await.is_some_and(|site| site["recipes"].as_array().is_some_and(|known| !known.is_empty()))
    })
    .await;
}

/// Ends a node as a service manager does.
async fn ended(node: Node) {
    node.signal("-TERM");
    let ended = tokio::task::spawn_blocking(move || node.wait()).await.unwrap();
    assert!(ended.success(), "{ended}");
}

/// How often a site was asked and had what was asked for.
async fn found(node: &Node) -> usize {
    let rows = read(&node.url, PLANNER, "sites/erp-eu/deliveries").await.unwrap_or_default();
    rows["rows"].as_array().into_iter().flatten().filter(|row| row["outcome"] == "found").count()
}

/// A backup that is taken while the ERP books and does not answer; the region starts again.
async fn backed_up(place: &Place, node: Node) -> Node {
    place.release(&node, 2).await;
    until("the ERP has the second order", async || place.books().await.orders == 2).await;
    place.desks().put("erp-eu/_sim/habits", &json!({ "lost_reply": { "next": 3, "matching": "POST /api/" } })).await;
    until("replies are lost", async || place.books().await.lost > 0).await;
    until("the plant has made it", async || {
        let order = read(&node.url, PLANNER, "orders/PL-2").await.unwrap_or_default();
        order["row"]["status"] == "completed" || order["row"]["status"] == "done"
    })
    .await;
    until("all is decided", async || all_is_decided(&node).await).await;
    let doubtful = !nothing_waits(&node).await;
    ended(node).await;
    assert!(doubtful, "nothing was under way when the backup was taken");
    let (well, said) = place.takt(&["backup", &place.backup()], "a");
    assert!(well && said.contains("commits of"), "{said}");
    place.start("a")
}

/// Restored into another place, the region asks for what was in doubt, and sends nothing.
async fn restored(place: &Place, before: &Books) {
    let (well, said) = place.takt(&["restore", &place.backup()], "b");
    assert!(well && said.contains("RECONCILING"), "{said}");
    let (well, said) = place.takt(&["restore", &place.backup()], "b");
    assert!(!well && said.contains("there is a region already"), "{said}");
    let node = place.start("b");
    let row = erp(&node).await;
    assert_eq!(row["reconciling"], true, "{row}");
    place.release(&node, 4).await;
    until("what was in doubt is asked for", async || found(&node).await > 0).await;
    tokio::time::sleep(WATCHED).await;
    let now = place.books().await;
    assert_eq!((now.orders, &now.ledger), (3, &before.ledger), "a region that is reconciling sent something");
    assert_eq!(erp(&node).await["reconciling"], true);
    ended(node).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_region_that_lost_everything_is_restored_sends_nothing_until_it_was_compared_and_doubles_nothing() {
    drop(rustls::crypto::ring::default_provider().install_default());
    let place = Place::new().await;
    let node = place.start("a");
    knows_the_plant(&node).await;
    place.release(&node, 1).await;
    place.quiet(&node, 1).await;

    let node = backed_up(&place, node).await;

    // The region goes on: the ERP books the rest, and a third order that the backup knows nothing of.
    place.quiet(&node, 2).await;
    place.release(&node, 3).await;
    let before = place.quiet(&node, 3).await;
    drop(node);
    std::fs::remove_dir_all(place.dir.join("a")).unwrap();

    restored(&place, &before).await;
    let (well, said) = place.takt(&["reconciled", "--by", "ada", "--reason", "the books were read"], "b");
    assert!(well && said.contains("it sends again"), "{said}");
    let node = place.start("b");
    knows_the_plant(&node).await;
    let after = place.quiet(&node, 4).await;
    assert!(erp(&node).await["reconciling"].is_null());
    let doubled: Vec<_> = after.ledger.references.iter().filter(|(_, count)| **count != 1).collect();
    assert!(doubled.is_empty(), "{doubled:?}");
    let of = |books: &Books| -> BTreeMap<Entry, Decimal> {
        books
            .ledger
            .entries
            .iter()
            .filter(|(entry, _)| before.ledger.entries.keys().any(|known| known.order == entry.order))
            .map(|(entry, sum)| (entry.clone(), *sum))
            .collect()
    };
    assert_eq!(of(&after), of(&before), "what the ERP had booked was booked again");
    eprintln!(
        "restored: {} documents in the ERP before the loss, {} after it, 0 doubled; {} found when they were asked for",
        before.ledger.references.len(),
        after.ledger.references.len(),
        found(&node).await
    );
    assert!(after.ledger.references.len() > before.ledger.references.len(), "the fourth order was not booked");
    drop(node);
    place.world.stop().await;
}
