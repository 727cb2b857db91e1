//! What this machine reaches, measured: every figure beside the limit of the store in the same run, with what was running.

#![expect(clippy::print_stdout, reason = "a person reads the figures")]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::Context as _;
use bytes::Bytes;
use takt_actors::index;
use takt_actors::node::Settings as NodeSettings;
use takt_actors::region::{Plan, Projections, Region};
use takt_cluster::clock::SystemClock;
use takt_cluster::embedded::{Embedded, Settings};
use takt_cluster::seam::{Append, Appended, Clock, Seams};
use takt_cluster::views::{Stamp, Views};
use takt_protocol::id::{EntityId, Kind};
use takt_protocol::name::Region as RegionName;
use tokio::runtime::Handle;

mod api;
mod idle;
mod jetstream;
mod mappings;
mod orders;

use api::Way;
pub use idle::{Idle, idle};
pub use jetstream::{OnServers, jetstream};
pub use mappings::{OnMappings, mappings};

/// What to measure.
#[derive(Clone, Debug, clap::Args)]
pub struct Load {
    /// Orders in flight.
    #[arg(long, value_delimiter = ',', default_values_t = [64, 1024])]
    in_flight: Vec<usize>,
    /// Seconds for each figure.
    #[arg(long, default_value_t = 5)]
    secs: u64,
    /// Threads that run the actors and the client, as many as there are cores unless told; the store has one of its own.
    #[arg(long, default_value_t = cores())]
    workers: usize,
    /// Where the stores are made, and removed again; decides which disk is measured.
    #[arg(long)]
    dir: Option<std::path::PathBuf>,
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

/// A rate, and how long each took.
#[derive(Clone)]
struct Figure {
    per_second: f64,
    p50_ms: f64,
    p99_ms: f64,
    p999_ms: f64,
    /// How long after the last answer everything recorded was in names and lists, too.
    behind: Option<Duration>,
    /// What each cost, where servers are beside us.
    cost: Option<Cost>,
}

/// What one of them cost, on an average.
#[derive(Clone)]
struct Cost {
    /// Of a processor, in microseconds: of a client with a thread of its own, of the rest of this process, and of all servers.
    client_us: f64,
    here_us: f64,
    servers_us: f64,
    /// Messages of this process, sent and heard; of the raw limit they are not counted.
    sent: f64,
    heard: f64,
}

/// Measures whole commands on the embedded engine.
pub fn embedded(load: &Load) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(load.workers.max(1)).enable_all().build()?;
    let how = format!(
        "{} worker thread(s), {} s a figure; the limit is the same store's group commit of 300-byte appends",
        load.workers, load.secs
    );
    head(&how, "");
    for in_flight in &load.in_flight {
        let limit = runtime.block_on(bare(load, *in_flight))?;
        line(*in_flight, "store alone", &limit, &limit);
        for (name, projections) in [("commands", Projections::None), ("commands, projected", Projections::All)] {
            let figure = runtime.block_on(commands(load, *in_flight, projections))?;
            line(*in_flight, name, &figure, &limit);
        }
    }
    Ok(())
}

/// What is measured, and the heads of the columns.
fn head(how: &str, costs: &str) {
    println!(
        "whole commands: an order is released and found able to run, then 11 reports, each sent when the one before was answered; answered when durable"
    );
    println!("{how}; projected: with index,\ndispatcher and publisher, and how long after the last answer the index had read all\n");
    println!(
        "{:>9}  {:<22} {:>12} {:>9} {:>9} {:>9} {:>9} {:>9}{costs}",
        "in flight", "what", "per second", "of limit", "p50 ms", "p99 ms", "p99.9 ms", "behind ms"
    );
}

fn line(in_flight: usize, what: &str, figure: &Figure, limit: &Figure) {
    let behind = figure.behind.map_or_else(String::new, |behind| behind.as_millis().to_string());
    let cost = figure.cost.as_ref().map_or_else(String::new, |cost| {
        let p99 = figure.p99_ms / limit.p99_ms;
        let Cost { client_us, here_us, servers_us, sent, heard } = cost;
        format!(" {p99:>9.2} {client_us:>9.1} {here_us:>8.1} {servers_us:>11.1} {sent:>7.2} {heard:>7.2}")
    });
    println!(
        "{in_flight:>9}  {what:<22} {:>12.0} {:>9.2} {:>9.2} {:>9.2} {:>9.2} {behind:>9}{cost}",
        figure.per_second,
        figure.per_second / limit.per_second,
        figure.p50_ms,
        figure.p99_ms,
        figure.p999_ms
    );
}

fn store(load: &Load) -> anyhow::Result<(tempfile::TempDir, Embedded, Arc<SystemClock>)> {
    let place = load.dir.clone().unwrap_or_else(std::env::temp_dir);
    let dir = tempfile::tempdir_in(&place).with_context(|| format!("cannot make a store in {}", place.display()))?;
    let clock = Arc::new(SystemClock::start());
    let engine = Embedded::open(dir.path(), Settings::of(region()?), clock.clone())?;
    Ok((dir, engine, clock))
}

fn region() -> anyhow::Result<RegionName> {
    Ok(RegionName::parse("eu")?)
}

/// Groups of one append an entity, each group durable before the next.
async fn bare(load: &Load, in_flight: usize) -> anyhow::Result<Figure> {
    let (_dir, engine, clock) = store(load)?;
    let journal = engine.seams().journal;
    let region = region()?;
    let message = Bytes::from_static(&[7; 300]);
    let mut last = vec![0; in_flight];
    let mut times = Vec::new();
    let started = clock.elapsed();
    while clock.elapsed() < started + Duration::from_secs(load.secs) {
        let sent = clock.elapsed();
        let append = |(order, after): (usize, &u64)| Append {
            entity: EntityId::from_parts(Kind::Order, region, 1, (order as u128) << 70),
            after: *after,
            bytes: message.clone(),
        };
        let group = last.iter().enumerate().map(append).collect();
        for (slot, outcome) in last.iter_mut().zip(journal.append(group).await) {
            let Appended::Committed { sequence } = outcome else { anyhow::bail!("the store answered {outcome:?}") };
            *slot = sequence;
        }
        let took = clock.elapsed().saturating_sub(sent);
        times.extend(std::iter::repeat_n(took, in_flight));
    }
    Ok(figure(times, clock.elapsed().saturating_sub(started)))
}

/// Orders through the real actors.
async fn commands(load: &Load, in_flight: usize, projections: Projections) -> anyhow::Result<Figure> {
    let (dir, engine, clock) = store(load)?;
    let stamp = Stamp { schema: index::SCHEMA, incarnation: engine.seams().journal.incarnation() };
    let (views, _) = Views::open(&dir.path().join("views"), stamp)?;
    commands_on(engine.seams(), views, &clock, (Duration::from_secs(load.secs), in_flight), projections).await
}

/// The same, on any engine.
async fn commands_on(
    seams: Seams,
    views: Views,
    clock: &Arc<SystemClock>,
    (time, in_flight): (Duration, usize),
    projections: Projections,
) -> anyhow::Result<Figure> {
    let plan = Plan {
        region: region()?,
        seams,
        book: Arc::new(orders::book()?),
        settings: NodeSettings::default(),
        sites: Vec::new(),
        roads: Vec::new(),
        views,
        projections,
    };
    let region = Region::start(plan).await?;
    let lanes = Lanes { region, node: Handle::current(), clock: clock.clone(), time, in_flight, projections };
    let figure = lanes.run(|_| Way::Inside).await?;
    lanes.region.stop().await;
    Ok(figure)
}

/// Orders in flight at a region.
struct Lanes {
    region: Region,
    /// Where the region runs.
    node: Handle,
    clock: Arc<dyn Clock>,
    time: Duration,
    in_flight: usize,
    projections: Projections,
}

impl Lanes {
    /// Runs them for that time, the reports of each lane by its way.
    async fn run(&self, way: impl Fn(usize) -> Way) -> anyhow::Result<Figure> {
        let over = Arc::new(AtomicBool::new(false));
        let started = self.clock.elapsed();
        let mut clients = Vec::new();
        for client in 0..self.in_flight {
            let (region, node, way) = (self.region.clone(), self.node.clone(), way(client));
            let (clock, over) = (Arc::clone(&self.clock), Arc::clone(&over));
            clients.push(tokio::spawn(async move { orders::client((&region, &node), &way, clock.as_ref(), &over, client).await }));
        }
        self.clock.sleep(self.time).await;
        let time = self.clock.elapsed().saturating_sub(started);
        over.store(true, Ordering::Relaxed);
        let mut times = Vec::new();
        for client in clients {
            times.extend(client.await??);
        }
        let mut figure = figure(times, time);
        if self.projections.index() {
            let ended = self.clock.elapsed();
            self.region.index().caught_up(self.region.node()).await?;
            figure.behind = Some(self.clock.elapsed().saturating_sub(ended));
        }
        Ok(figure)
    }
}

#[expect(clippy::cast_precision_loss, reason = "a rate")]
fn figure(mut times: Vec<Duration>, time: Duration) -> Figure {
    times.sort_unstable();
    let at = |per_mille| within_ms(&times, per_mille);
    Figure {
        per_second: times.len() as f64 / time.as_secs_f64(),
        p50_ms: at(500),
        p99_ms: at(990),
        p999_ms: at(999),
        behind: None,
        cost: None,
    }
}

/// The ms within which that many of a thousand came; of sorted times.
fn within_ms(sorted: &[Duration], per_mille: usize) -> f64 {
    let last = sorted.len().saturating_sub(1);
    sorted.get((sorted.len() * per_mille / 1000).min(last)).map_or(0.0, |took| took.as_secs_f64() * 1000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_of_the_load_is_accepted() {
        let load = Load { in_flight: vec![2], secs: 1, workers: 1, dir: None };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        for projections in [Projections::None, Projections::All] {
            assert!(runtime.block_on(commands(&load, 2, projections)).unwrap().per_second > 13.0, "not one order was over");
        }
    }
}
