//! A plant that is offline while reports come in, from outside: a region of one process on its own disk, killed twice meanwhile, and
//! the rest of the mesh on three real nats-servers. After the line is mended all of it arrives. Judged by the log: each report that was
//! acknowledged stands in it once. How many come in is set by `TAKT_REPORTS`.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, RwLock};
use std::time::Duration;

use serde_json::{Value, json};
use takt_cluster::clock::SystemClock;
use takt_cluster::jetstream::JetStream;
use takt_cluster::jetstream::servers::Servers;
use takt_cluster::seam::Clock as _;
use tokio::task::JoinSet;

use crate::federation::{client, is_up, link, region, told, write};
use crate::servers;
use crate::several::{Node, read, until};
use crate::wire::Wire;

/// Reports that come in, where nobody says otherwise.
const REPORTS: usize = 2_000;

/// Who tells them.
const TELLERS: usize = 16;

/// Reports about one lot.
const OF_A_LOT: usize = 20;

/// The fewest a second that have to be brought, where there are enough of them to tell: far below what is seen, because the machine of a
/// test is busy with other things, too.
const RATE_MIN: f64 = 300.0;

/// How many more than the reports there is room for: each of those who tell may have one in twice when the plant is killed.
const MORE: usize = 2 * TELLERS;

/// How long a slow line takes in each direction.
const SLOW: Duration = Duration::from_millis(150);

/// What those who tell share.
struct Telling {
    url: RwLock<String>,
    reports: usize,
    acknowledged: AtomicUsize,
    /// Tries without an acknowledgement: the plant was just gone.
    missed: AtomicUsize,
}

impl Telling {
    /// Tells its part, each report until it is acknowledged, as a system does that keeps what it could not get rid of.
    async fn tell(self: Arc<Self>, first: usize) {
        let client = client();
        for number in (first..self.reports).step_by(TELLERS) {
            let report = json!({
                "message": format!("told-{number}"), "at": "2026-11-24T03:10:00+01:00", "plant": "plant-2", "material": "FG-100",
                "reference": format!("plant-2/S-{number}"), "lot": format!("L-{}", number / OF_A_LOT), "pallets": [], "reason": "",
                "verdict": "pass", "values": [],
            });
            loop {
                let url = format!("{}/in/lims-2/result.reported", self.url.read().unwrap());
                let answer = client.post(url).bearer_auth("LIMS_2").json(&report).send().await;
                if answer.is_ok_and(|answer| answer.status() == 202) {
                    break;
                }
                self.missed.fetch_add(1, Ordering::Relaxed);
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            self.acknowledged.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// What waits at the plant for the other region, by its own word.
async fn waits(edge: &Node) -> Option<u64> {
    link(edge, "edge").await["other"].as_u64()
}

async fn all_is_decided(main: &Node) -> bool {
    let shards = read(&main.url, "PLANNER", "shards").await.unwrap_or_default();
    let rows = shards["rows"].as_array().cloned().unwrap_or_default();
    let here: Vec<_> = rows.iter().filter(|row| row["region"] == "main").collect();
    !here.is_empty() && here.iter().all(|row| row["waiting"] == 0)
}

/// Reports come in while the plant is killed twice, until all of them are acknowledged.
async fn come_in(reports: usize, mut edge: Node, start: impl Fn() -> Node) -> Node {
    let url = RwLock::new(edge.url.clone());
    let telling = Arc::new(Telling { url, reports, acknowledged: AtomicUsize::default(), missed: AtomicUsize::default() });
    let (clock, mut tellers) = (SystemClock::start(), JoinSet::new());
    for first in 0..TELLERS {
        tellers.spawn(Arc::clone(&telling).tell(first));
    }
    for kill in 1..=2 {
        let acknowledged = || telling.acknowledged.load(Ordering::Relaxed);
        until("a part of the reports is in", async || acknowledged() >= reports * kill / 3).await;
        let missed = telling.missed.load(Ordering::Relaxed);
        // A node that is dropped is killed with kill -9.
        drop(edge);
        until("somebody noticed it", async || telling.missed.load(Ordering::Relaxed) > missed).await;
        assert!(acknowledged() < reports, "everything was in before the plant was killed");
        edge = start();
        telling.url.write().unwrap().clone_from(&edge.url);
    }
    while let Some(told) = tellers.join_next().await {
        told.unwrap();
    }
    let (took, missed) = (clock.elapsed(), telling.missed.load(Ordering::Relaxed));
    eprintln!("offline: {reports} reports acknowledged in {took:?}, the plant killed twice meanwhile, {missed} tries in vain");
    edge
}

/// Gives the plant room for so much mail, and no more.
fn bounded(config: &Path, most: usize) {
    let file = config.join("regions.yaml");
    let mut engines: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    engines["edge"] = json!({ "embedded": { "spool": { "most": most, "reserve": 10 } } });
    std::fs::write(&file, engines.to_string()).unwrap();
}

/// Where there is no more room a report is not acknowledged, a hold still is, and people are told.
async fn is_full(edge: &Node, most: usize) {
    let tell = async |topic: &str, number: usize| {
        let message = json!({
            "message": format!("more-{topic}-{number}"), "at": "2026-11-24T03:10:00+01:00", "plant": "plant-2", "material": "FG-100",
            "nonconformance": "NC-more", "reference": format!("plant-2/M-{number}"), "lot": "L-0", "pallets": [], "reason": "weld",
            "verdict": "pass", "values": [],
        });
        let request = client().post(format!("{}/in/lims-2/{topic}", edge.url)).bearer_auth("LIMS_2").json(&message);
        request.send().await.unwrap().status().as_u16()
    };
    let mut number = 0;
    while tell("result.reported", number).await == 202 {
        number += 1;
        assert!(number <= MORE, "{number} more were taken than there is room for");
    }
    let refused = tell("result.reported", number).await;
    assert_eq!((refused, tell("nonconformance.raised", 0).await), (503, 202));
    until("people are told", async || link(edge, "edge").await["alarm"] == "full").await;
    let row = link(edge, "edge").await;
    assert_eq!((row["most"].as_u64(), row["full_percent"].as_u64()), (Some(most as u64), Some(100)), "{row}");
    eprintln!("offline: {number} more had room, then a report was answered {refused} and a hold was taken; {row}");
}

/// The account: what was acknowledged stands in the log of its home, once.
async fn once_each(servers: &Servers, reports: usize) {
    let mut settings = servers.settings(region("main"), 0);
    settings.shards = 4;
    let engine = JetStream::open(settings, Arc::new(SystemClock::start())).await.unwrap();
    let found = told(&engine.seams()).await;
    engine.stop().await;
    let wanted: BTreeSet<String> = (0..reports).map(|number| format!("told-{number}")).collect();
    let lost: Vec<_> = wanted.iter().filter(|message| !found.contains_key(*message)).collect();
    let doubled: Vec<_> = found.iter().filter(|(_, times)| **times != 1).collect();
    eprintln!("offline: {} reports in the log, {} lost, {} doubled", found.len(), lost.len(), doubled.len());
    assert!(lost.is_empty() && doubled.is_empty() && found.len() == reports, "lost {lost:?}, doubled {doubled:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plant_that_is_killed_twice_while_it_is_offline_loses_and_doubles_no_report() {
    let reports = std::env::var("TAKT_REPORTS").map_or(REPORTS, |set| set.parse().expect("TAKT_REPORTS is a number"));
    offline(reports, Duration::ZERO, RATE_MIN).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn over_a_slow_line_all_that_waited_arrives_once_too() {
    offline(REPORTS / 2, SLOW, RATE_MIN / 5.0).await;
}

/// Reports come in at a plant that is offline and killed twice; then the line is mended and takes so long in each direction.
async fn offline(reports: usize, lag: Duration, rate_min: f64) {
    drop(rustls::crypto::ring::default_provider().install_default());
    let dir = tempfile::tempdir().unwrap();
    let servers = servers::three(dir.path());
    let wire = Wire::to(servers.addresses()[0].clone()).await;
    let (config, most) = (dir.path().join("config"), reports + MORE);
    write(&config, &servers, &wire);
    bounded(&config, most);
    let start = || Node::start(dir.path(), "edge", &["--region", "edge"]);
    let (main, mut edge) = (Node::start(dir.path(), "main", &["--region", "main"]), start());
    until("both ends hear each other", async || is_up(&main, true).await && is_up(&edge, true).await).await;
    wire.is_cut.send_replace(true);
    until("both ends see that they are cut apart", async || is_up(&main, false).await && is_up(&edge, false).await).await;

    edge = come_in(reports, edge, start).await;
    // What is cut off was never let out: all of it waits, and what was told twice waits twice at most.
    until("all of it waits at the plant", async || waits(&edge).await >= Some(reports as u64)).await;
    assert_eq!(link(&edge, "edge").await["up"], false);
    is_full(&edge, most).await;

    let clock = SystemClock::start();
    wire.lag.send_replace(lag);
    wire.is_cut.send_replace(false);
    until("the road is open", async || is_up(&edge, true).await).await;
    let opened = clock.elapsed();
    until("nothing waits at the plant any more", async || waits(&edge).await == Some(0)).await;
    let brought = clock.elapsed();
    let round_trip = async || link(&edge, "edge").await["round_trip_us"].as_u64().map(Duration::from_micros);
    until("the line is as slow as it was made", async || round_trip().await >= Some(2 * lag)).await;
    until("every report is decided", async || all_is_decided(&main).await).await;
    let decided = clock.elapsed();
    let rate =
        |until: Duration| f64::from(u32::try_from(reports).unwrap_or(u32::MAX)) / until.saturating_sub(opened).as_secs_f64().max(0.001);
    eprintln!(
        "offline: the road was open {opened:?} after the line was mended; then all was brought in {:?} ({:.0} a second) and decided after {:?} \
         ({:.0} a second)",
        brought.saturating_sub(opened),
        rate(brought),
        decided.saturating_sub(opened),
        rate(decided)
    );
    drop((main, edge));

    once_each(&servers, reports).await;
    assert!(rate(decided) >= rate_min, "{:.0} reports a second", rate(decided));
}
