//! Fenced appends to JetStream on this machine: the servers' own limit, and ours through the journal, in turns on the same
//! three servers that sync before they acknowledge.
//!
//!     cargo run --release -p takt-cluster --features jetstream --example jetstream_limit -- [seconds] [runs]

#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "an example prints, and may fail")]

use std::sync::Arc;
use std::time::Duration;

use takt_cluster::clock::SystemClock;
use takt_cluster::jetstream::probe::{self, Load, Measured};
use takt_cluster::jetstream::servers::{Plan, Servers, find};
use takt_cluster::jetstream::{JetStream, Settings};
use takt_cluster::seam::Clock;
use takt_protocol::name::Region;

fn main() {
    // One worker beside three servers on few cores: a second one took from them what it gave (PERFORMANCE).
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let mut arguments = std::env::args().skip(1).map(|text| text.parse::<u64>().unwrap());
    let (seconds, runs) = (arguments.next().unwrap_or(5), arguments.next().unwrap_or(3));
    // The lanes and the committer live on the worker; the main thread only waits.
    runtime.block_on(async move { tokio::spawn(measure(Duration::from_secs(seconds), runs)).await.unwrap() });
}

async fn measure(time: Duration, runs: u64) {
    let here = std::env::current_exe().unwrap();
    let program = find(here.ancestors().find(|path| path.ends_with("target")).unwrap_or(here.parent().unwrap())).unwrap();
    let servers = Servers::start(&program, &std::env::temp_dir(), Plan { servers: 3, accounts: 1, sync_always: true }).unwrap();
    let region = Region::parse("eu").unwrap();
    let settings: Settings = servers.settings(region, 0);
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::start());
    let engine = JetStream::open(settings.clone(), Arc::clone(&clock)).await.unwrap();
    let journal = engine.seams().journal;
    println!("3 servers, 3 copies, sync always, 300 bytes, 12 appends an order, {} s each", time.as_secs());
    for run in 1..=runs {
        for in_flight in [64, 1_024] {
            let load = Load { in_flight, appends: 12, bytes: 300, time };
            let raw = probe::raw(&settings, &clock, load).await.unwrap();
            let ours = probe::ours(&journal, region, &clock, load).await.unwrap();
            println!("run {run}, {in_flight} in flight: raw {}, ours {}: {} thousandths", line(&raw), line(&ours), ours.per_mille_of(&raw));
        }
    }
    engine.stop().await;
}

fn line(found: &Measured) -> String {
    format!("{}/s (p50 {} us, p99 {} us, refused {})", found.per_second, found.p50_us, found.p99_us, found.refused)
}
