//! A plant that speaks Sparkplug B, whose edge node was not written here, and an ERP behind the same broker: the counter of a press
//! becomes counts of the orders that run on it, and these are posted, while the broker, the edge node and we are killed. Every piece that
//! the press made is counted once: for its order, or, where nobody can tell whose it is, in a case that says how many.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use serde_json::Value;
use takt_cluster::seam::Clock;
use takt_config::demo;
use takt_config::load::{Mesh, load};
use takt_protocol::kernel::Own;
use takt_protocol::name::SiteId;
use takt_protocol::native::{NativeId, NativeKind, Ref};

use super::{engine, nord, standing, write};
use crate::broker::{Broker, NEEDS, Peer, peers};
use crate::skipped::skipped;
use crate::sql::stage::{Running, begin, until};

const ORDERS: [&str; 6] = ["4001", "4002", "4003", "4004", "4005", "4006"];
const EACH: u64 = 100;

const FILES: [(&str, &str); 10] = [
    ("mesh.yaml", include_str!("config/mesh.yaml")),
    ("materials/all.yaml", include_str!("config/materials/all.yaml")),
    ("recipes/fg.yaml", include_str!("config/recipes/fg.yaml")),
    ("equipment/nord.yaml", include_str!("config/equipment/nord.yaml")),
    ("rules/all.yaml", include_str!("config/rules/all.yaml")),
    ("mappings/orders.jq", include_str!("config/mappings/orders.jq")),
    ("mappings/post.jq", include_str!("config/mappings/post.jq")),
    ("mappings/dispatch_job.jq", include_str!("config/mappings/dispatch_job.jq")),
    ("mappings/counts.jq", include_str!("config/mappings/counts.jq")),
    ("mappings/counts.test.yaml", include_str!("config/mappings/counts.test.yaml")),
];

fn configured(dir: &Path, port: u16) -> Mesh {
    for (name, text) in FILES {
        write(dir, name, text);
    }
    let (_, workflows) = demo::FILES.iter().find(|(name, _)| *name == "workflows/all.yaml").unwrap();
    // Nobody asks this plant for its recipes, and nobody tells of its machines.
    assert!(workflows.contains("without: []"));
    write(dir, "workflows/all.yaml", &workflows.replacen("without: []", "without: [equipment, calibration, plant_recipe]", 1));
    write(dir, "sites/erp.yaml", include_str!("config/sites/erp.yaml"));
    write(dir, "sites/nord.yaml", include_str!("config/sites/nord.yaml"));
    let variables = BTreeMap::from([("BROKER_URL".to_owned(), format!("mqtt://127.0.0.1:{port}"))]);
    load(dir, &variables).unwrap_or_else(|found| panic!("{found:#?}"))
}

/// How many good pieces stand in each order.
async fn reported(running: &Running) -> BTreeMap<String, u64> {
    let mut all = BTreeMap::new();
    for number in ORDERS {
        let name = Ref { system: SiteId::parse("erp").unwrap(), kind: NativeKind::Order, id: NativeId::parse(number).unwrap() };
        let Some(order) = running.region.index().find(&name) else { continue };
        let Own::Order(order) = running.region.show(order).await.unwrap().own else { panic!("{number} is no order") };
        let good = order.ops.values().map(|op| op.good.to_string().split(' ').next().unwrap().parse::<u64>().unwrap()).sum();
        all.insert(number.to_owned(), good);
    }
    all
}

/// How many pieces are nobody's, by the cases that say so.
async fn doubted(mesh: &Mesh, running: &Running) -> u64 {
    let keeper = mesh.book.site_entity(nord()).unwrap();
    let state = running.region.show(keeper).await.unwrap();
    let cases = state.common.cases.values().filter_map(|case| case.what.split_once(" counted at ").map(|(before, _)| before.to_owned()));
    cases.map(|before| before.rsplit(' ').next().unwrap().parse::<u64>().unwrap()).sum()
}

/// What the press made of each order, by its own memory.
fn made(memory: &Path) -> BTreeMap<String, u64> {
    let Ok(text) = std::fs::read_to_string(memory) else { return BTreeMap::new() };
    let memory: Value = serde_json::from_str(&text).unwrap();
    memory["made"].as_object().unwrap().iter().map(|(order, count)| (order.clone(), count.as_u64().unwrap())).collect()
}

/// What the ERP has of each order, by its own books.
fn posted(kept: &Path) -> BTreeMap<String, u64> {
    let Ok(text) = std::fs::read_to_string(kept) else { return BTreeMap::new() };
    let postings: Value = serde_json::from_str(&text).unwrap();
    let mut all = BTreeMap::new();
    for posting in postings.as_object().unwrap().values() {
        let lines = posting["lines"].as_array().unwrap().iter();
        let count: u64 = lines.map(|line| line["qty"].as_str().unwrap().parse::<u64>().unwrap()).sum();
        *all.entry(posting["order"].as_str().unwrap().to_owned()).or_default() += count;
    }
    all
}

/// Pieces of all orders.
const ALL: u64 = EACH * ORDERS.len() as u64;

/// Waits until the press has made so many in all.
async fn until_made(clock: &dyn Clock, memory: &Path, most: u64) {
    until(clock, "the press goes on", || made(memory).values().sum::<u64>() >= most).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn every_piece_that_a_press_counts_in_sparkplug_is_counted_once_whoever_is_killed() {
    let peers = match peers() {
        Ok(peers) => peers,
        Err(why) => return skipped("every_piece_that_a_press_counts_in_sparkplug_is_counted_once_whoever_is_killed", NEEDS, &why),
    };
    let dir = tempfile::tempdir().unwrap();
    let mut broker = Broker::start("allow_anonymous true");
    let mesh = configured(&dir.path().join("config"), broker.port());
    let (engine, clock) = engine(dir.path());
    let running = begin(&mesh, &engine).await;
    until(clock.as_ref(), "it has subscribed", || standing(&running).is_ok()).await;
    let (port, orders) = (broker.port().to_string(), ORDERS.join(","));
    let (kept, memory) = (dir.path().join("kept.json"), dir.path().join("press.json"));
    let erp = Peer::start(&peers, &["erp", &port, &orders, kept.to_str().unwrap()]);
    let press = || Peer::start(&peers, &["edge", &port, memory.to_str().unwrap(), &orders, &EACH.to_string(), "0.02"]);
    let line = press();

    until_made(clock.as_ref(), &memory, ALL / 8).await;
    broker.kill();
    clock.sleep(Duration::from_millis(500)).await;
    broker.restart();
    until_made(clock.as_ref(), &memory, ALL * 3 / 8).await;
    line.kill();
    let line = press();
    until_made(clock.as_ref(), &memory, ALL * 5 / 8).await;
    assert!(made(&memory).values().sum::<u64>() < ALL, "there is no load any more");
    running.kill();
    clock.sleep(Duration::from_millis(500)).await;
    let running = begin(&mesh, &engine).await;
    until_made(clock.as_ref(), &memory, ALL * 7 / 8).await;
    broker.kill();
    clock.sleep(Duration::from_millis(500)).await;
    broker.restart();
    until_made(clock.as_ref(), &memory, ALL).await;
    assert_eq!(made(&memory).into_values().collect::<Vec<_>>(), vec![EACH; ORDERS.len()], "the press made what was to be made");

    let since = clock.elapsed();
    loop {
        let (reported, doubted) = (reported(&running).await, doubted(&mesh, &running).await);
        let sum: u64 = reported.values().sum();
        assert!(sum + doubted <= ALL, "something was counted twice: {reported:?} and {doubted}");
        if sum + doubted == ALL && posted(&kept) == reported {
            break;
        }
        let waited = clock.elapsed().saturating_sub(since);
        assert!(waited < Duration::from_mins(3), "{reported:?}, {doubted} doubted, posted {:?}; {:?}", posted(&kept), standing(&running));
        clock.sleep(Duration::from_millis(200)).await;
    }
    // What comes too late would come now.
    clock.sleep(Duration::from_secs(2)).await;
    let (reported, doubted) = (reported(&running).await, doubted(&mesh, &running).await);
    assert_eq!(reported.values().sum::<u64>() + doubted, ALL);
    assert_eq!(posted(&kept), reported, "the ERP has what is reported, and nothing twice");
    assert!(reported.values().all(|count| *count <= EACH), "no order has pieces of another one: {reported:?}");
    assert!(doubted <= EACH, "most of it is known: {doubted} are not");
    assert_eq!(reported.len(), ORDERS.len(), "each order was made once, however often it was told");
    drop((line, erp));
    running.region.stop().await;
    running.chores.iter().for_each(tokio::task::JoinHandle::abort);
}
