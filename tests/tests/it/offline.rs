//! A plant that is offline while reports come in, from outside: a region of one process on its own disk, killed twice meanwhile, and
//! the rest of the mesh on three real nats-servers. After the line is mended all of it arrives. Judged by the log: each report that was
//! acknowledged stands in it once. How many come in is set by `TAKT_REPORTS`.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, RwLock};
use std::time::Duration;

use serde_json::json;
use takt_cluster::clock::SystemClock;
use takt_cluster::jetstream::JetStream;
use takt_cluster::jetstream::servers::{Plan, Servers, find};
use takt_cluster::seam::Clock as _;
use tokio::task::JoinSet;

use crate::federation::{Wire, client, is_up, link, region, told, write};
use crate::several::{Node, read, until};

/// Reports that come in, where nobody says otherwise.
const REPORTS: usize = 2_000;

/// Who tells them.
const TELLERS: usize = 16;

/// Reports about one lot.
const OF_A_LOT: usize = 20;

/// The fewest a second that have to be brought, where there are enough of them to tell: far below what is seen, because the machine of a
/// test is busy with other things, too.
const RATE_MIN: f64 = 300.0;

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
                "reference": format!("plant-2/S-{number}"), "lot": format!("L-{}", number / OF_A_LOT), "verdict": "pass", "values": [],
            });
            loop {
                let url = format!("{}/in/lims-2/result.reported", self.url.read().unwrap());
                let answer = client.post(url).bearer_auth("LIMS").json(&report).send().await;
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plant_that_is_killed_twice_while_it_is_offline_loses_and_doubles_no_report() {
    drop(rustls::crypto::ring::default_provider().install_default());
    let reports = std::env::var("TAKT_REPORTS").map_or(REPORTS, |set| set.parse().expect("TAKT_REPORTS is a number"));
    let dir = tempfile::tempdir().unwrap();
    let here = std::env::current_exe().unwrap();
    let target = here.ancestors().find(|path| path.ends_with("target")).unwrap_or(here.parent().unwrap());
    let servers = Servers::start(&find(target).unwrap(), dir.path(), Plan { servers: 3, accounts: 1, sync_always: true }).unwrap();
    let wire = Wire::to(servers.addresses()[0].clone()).await;
    write(&dir.path().join("config"), &servers, &wire);
    let start = || Node::start(dir.path(), "edge", &["--region", "edge"]);
    let (main, mut edge) = (Node::start(dir.path(), "main", &["--region", "main"]), start());
    until("both ends hear each other", async || is_up(&main, true).await && is_up(&edge, true).await).await;
    wire.is_cut.send_replace(true);
    until("both ends see that they are cut apart", async || is_up(&main, false).await && is_up(&edge, false).await).await;

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
    // What is cut off was never let out: all of it waits, and what was told twice waits twice at most.
    until("all of it waits at the plant", async || waits(&edge).await >= Some(reports as u64)).await;
    assert_eq!(link(&edge, "edge").await["up"], false);

    let clock = SystemClock::start();
    wire.is_cut.send_replace(false);
    until("the road is open", async || is_up(&edge, true).await).await;
    let opened = clock.elapsed();
    until("nothing waits at the plant any more", async || waits(&edge).await == Some(0)).await;
    let brought = clock.elapsed();
    until("every report is decided", async || all_is_decided(&main).await).await;
    let decided = clock.elapsed();
    let rate = |until: Duration| reports as f64 / until.saturating_sub(opened).as_secs_f64().max(0.001);
    eprintln!(
        "offline: the road was open {opened:?} after the line was mended; then all was brought in {:?} ({:.0} a second) and decided after {:?} \
         ({:.0} a second)",
        brought.saturating_sub(opened),
        rate(brought),
        decided.saturating_sub(opened),
        rate(decided)
    );
    drop((main, edge));

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
    assert!(rate(decided) >= RATE_MIN, "{:.0} reports a second", rate(decided));
}
