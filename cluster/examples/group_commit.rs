//! What the journal on disk reaches, beside the bare store in the same run: fenced appends of 300 bytes, each entity's
//! next one only after the one before was acknowledged, so many entities in flight.
//!
//!     cargo run --release --package takt-cluster --example group_commit -- 64 1024

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a measuring program")]

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use redb::{Database, TableDefinition};
use takt_cluster::clock::SystemClock;
use takt_cluster::embedded::{Embedded, Settings};
use takt_cluster::seam::{Append, Appended, Clock};
use takt_protocol::id::{EntityId, Kind};
use takt_protocol::name::Region;

const WINDOW: Duration = Duration::from_secs(4);
const MESSAGE: [u8; 300] = [7; 300];
const BARE: TableDefinition<'_, (u64, u64), &[u8]> = TableDefinition::new("bare");

fn main() {
    let in_flight: Vec<u64> = std::env::args().skip(1).filter_map(|text| text.parse().ok()).collect();
    let in_flight = if in_flight.is_empty() { vec![64, 1024] } else { in_flight };
    for count in in_flight {
        let bare = bare(count);
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let (seam, p50, p99, p999) = runtime.block_on(through_the_seam(count));
        println!(
            "in flight {count:5}: bare group commit {bare:8.0}/s, journal {seam:8.0}/s (ratio {:.2}), p50 {p50:.2} ms, p99 {p99:.2} ms, p99.9 {p999:.2} ms",
            seam / bare
        );
    }
}

/// Groups of `count` inserts, each group durable before the next: the limit of the store itself.
fn bare(count: u64) -> f64 {
    let dir = tempfile::tempdir().unwrap();
    let database = Database::create(dir.path().join("bare.redb")).unwrap();
    let clock = SystemClock::start();
    let (mut written, mut round) = (0_u64, 0_u64);
    while clock.elapsed() < WINDOW {
        let write = database.begin_write().unwrap();
        {
            let mut table = write.open_table(BARE).unwrap();
            for order in 0..count {
                table.insert((order, round), MESSAGE.as_slice()).unwrap();
            }
        }
        write.commit().unwrap();
        written += count;
        round += 1;
    }
    rate(written, clock.elapsed())
}

async fn through_the_seam(count: u64) -> (f64, f64, f64, f64) {
    let dir = tempfile::tempdir().unwrap();
    let clock = Arc::new(SystemClock::start());
    let engine = Embedded::open(dir.path(), Settings::of(Region::parse("eu").unwrap()), clock.clone()).unwrap();
    let journal = engine.seams().journal;
    // The committer's shape: one group in flight, everything that waits goes into the next.
    let (mut written, mut times) = (0_u64, Vec::new());
    let mut last = vec![0; usize::try_from(count).unwrap()];
    let started = clock.elapsed();
    while clock.elapsed() < started + WINDOW {
        let sent = clock.elapsed();
        let group = last.iter().enumerate().map(|(order, after)| append(order, *after)).collect();
        for (slot, outcome) in last.iter_mut().zip(journal.append(group).await) {
            let Appended::Committed { sequence } = outcome else { unreachable!("{outcome:?}") };
            *slot = sequence;
        }
        times.push(clock.elapsed().saturating_sub(sent).as_secs_f64() * 1000.0);
        written += count;
    }
    let rate = rate(written, clock.elapsed().saturating_sub(started));
    times.sort_by(f64::total_cmp);
    let at = |share: usize| times.get((times.len() * share / 1000).min(times.len() - 1)).copied().unwrap_or_default();
    engine.stop();
    (rate, at(500), at(990), at(999))
}

fn append(order: usize, after: u64) -> Append {
    let entity = EntityId::from_parts(Kind::Order, Region::parse("eu").unwrap(), 1, (order as u128) << 70);
    Append { entity, after, bytes: Bytes::from_static(&MESSAGE) }
}

#[expect(clippy::cast_precision_loss, reason = "a rate")]
fn rate(written: u64, time: Duration) -> f64 {
    written as f64 / time.as_secs_f64()
}
