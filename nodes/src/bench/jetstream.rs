//! Whole commands on three nats-servers of this machine that sync before they acknowledge, beside raw fenced appends at the same load to
//! a stream that is set like the log: interleaved in one call, so that drift hits both alike. Servers, node and client share the machine.

#![expect(clippy::print_stdout, reason = "a person reads the figures")]

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use takt_actors::index;
use takt_actors::node::Settings as NodeSettings;
use takt_actors::region::Projections;
use takt_cluster::clock::SystemClock;
use takt_cluster::jetstream::probe::{self, Measured};
use takt_cluster::jetstream::servers::{Plan, Servers, find, used};
use takt_cluster::jetstream::{JetStream, Settings};
use takt_cluster::seam::Clock;
use takt_cluster::views::{Stamp, Views};
use tokio::runtime::{Builder, Handle};

use super::api::{self, Door, Way};
use super::{Cost, Figure, Lanes, commands_on, head, line, orders, region};
use crate::demo::nats::cache;
use crate::engine::Engine;
use crate::mesh::{Mesh, Stores};

/// Bytes of a raw append, and appends of an order: as long and as many as those of a command.
const BYTES: usize = 300;
const APPENDS: u32 = 12;

/// What the threads of the client are called.
const CLIENT: &str = "bench client";

/// What to measure.
#[derive(Clone, Debug, clap::Args)]
pub struct OnServers {
    /// Orders in flight.
    #[arg(long, value_delimiter = ',', default_values_t = [64, 1024])]
    in_flight: Vec<usize>,
    /// Seconds for each figure.
    #[arg(long, default_value_t = 5)]
    secs: u64,
    /// How often everything is measured.
    #[arg(long, default_value_t = 2)]
    runs: usize,
    /// What is measured beside raw appends.
    #[arg(long, value_enum, value_delimiter = ',', default_values_t = [What::Stream, What::Unary, What::Http])]
    what: Vec<What>,
    /// Threads that run the actors; beside three servers on few cores a second one takes from them what it gives. The client has one
    /// of its own.
    #[arg(long, default_value_t = 1)]
    workers: usize,
    /// From so many appends under way on they go in batches; left out, as the engine has it.
    #[arg(long)]
    batch_from: Option<usize>,
    /// Batches under way at once; left out, as the engine has it.
    #[arg(long)]
    batch_depth: Option<usize>,
    /// Where the servers keep their data, which is removed again; decides which disk is measured.
    #[arg(long)]
    dir: Option<PathBuf>,
}

/// What is measured, beside raw appends that went just before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum What {
    /// Appends through the engine, without actors.
    Engine,
    /// Commands told inside the node, without a door.
    Inside,
    /// Reports on the bidirectional stream of gRPC.
    Stream,
    /// Reports by one call of gRPC each.
    Unary,
    /// Reports by one HTTP request each.
    Http,
    /// Reports on the stream, with one at a time of what follows the log.
    Parts,
}

/// One row of figures.
#[derive(Clone, Copy)]
enum Row {
    Raw,
    Engine,
    /// Through a door, or inside; with what follows the log, or without.
    Commands(Option<Door>, Projections),
}

impl What {
    fn rows(self) -> Vec<Row> {
        let both = |door| vec![Row::Raw, Row::Commands(door, Projections::None), Row::Commands(door, Projections::All)];
        match self {
            Self::Engine => vec![Row::Raw, Row::Engine],
            Self::Inside => both(None),
            Self::Stream => both(Some(Door::Stream)),
            Self::Unary => both(Some(Door::Unary)),
            Self::Http => both(Some(Door::Http)),
            Self::Parts => {
                use Projections::{Dispatcher, Index, None, Publisher};
                let one = |part| Row::Commands(Some(Door::Stream), part);
                std::iter::once(Row::Raw).chain([None, Index, Publisher, Dispatcher].map(one)).collect()
            }
        }
    }
}

impl Row {
    fn name(self) -> String {
        match self {
            Self::Raw => "raw appends".to_owned(),
            Self::Engine => "appends by the engine".to_owned(),
            Self::Commands(door, projections) => {
                let door = match door {
                    None => "inside",
                    Some(Door::Stream) => "stream",
                    Some(Door::Unary) => "unary",
                    Some(Door::Http) => "http",
                };
                let beside = match projections {
                    Projections::None => "",
                    Projections::All => ", projected",
                    Projections::Index => ", index only",
                    Projections::Dispatcher => ", dispatcher only",
                    Projections::Publisher => ", publisher only",
                };
                format!("{door}{beside}")
            }
        }
    }
}

/// Measures raw appends, and whole commands through each door with and without projections, in turns.
pub fn jetstream(load: &OnServers) -> anyhow::Result<()> {
    let runtime = Builder::new_multi_thread().worker_threads(load.workers.max(1)).enable_all().build()?;
    let client = Builder::new_multi_thread().worker_threads(1).thread_name(CLIENT).enable_all().build()?;
    let (load, beside) = (load.clone(), client.handle().clone());
    // The work lives on the workers; this thread only waits.
    runtime.block_on(async move { tokio::spawn(async move { measure(&load, &beside).await }).await? })?;
    Ok(())
}

async fn measure(load: &OnServers, client: &Handle) -> anyhow::Result<Vec<Figure>> {
    let dir = load.dir.clone().unwrap_or_else(std::env::temp_dir);
    let rows: Vec<Row> = load.what.iter().flat_map(|what| what.rows()).collect();
    // An account of its own for each figure: orders are new in each.
    let accounts = load.runs * load.in_flight.len() * rows.len();
    let program = tokio::task::spawn_blocking(|| find(&cache())).await??;
    let servers = Servers::start(&program, &dir, Plan { servers: 3, accounts, sync_always: true });
    let servers = servers.with_context(|| format!("the servers in {} did not start", dir.display()))?;
    let says = format!("3 servers, 3 copies, `sync_interval: always`, {} worker thread(s), {} s a figure", load.workers, load.secs);
    let how = format!(
        "{says}; the limit is raw fenced appends of {BYTES} bytes,\n{APPENDS} an order, each sent when the one before was acknowledged; through a door go the reports, from a client with a thread of its own"
    );
    head(&how, " p99/limit us client  us here  us servers    sent   heard");
    let bench = Bench { load, servers: &servers, dir: &dir, client };
    let (mut account, mut all, mut limit) = (0, Vec::new(), None);
    for _ in 0..load.runs {
        for in_flight in &load.in_flight {
            for row in &rows {
                let settings = bench.settings(account)?;
                account += 1;
                let figure = bench.one(*row, *in_flight, settings).await?;
                if let Row::Raw = row {
                    limit = Some(figure.clone());
                }
                line(*in_flight, &row.name(), &figure, limit.as_ref().unwrap_or(&figure));
                all.push(figure);
            }
        }
    }
    println!("\n`us` is of a processor, for each command; `behind`, how long after the last answer the index had read all");
    Ok(all)
}

/// What is measured on.
struct Bench<'a> {
    load: &'a OnServers,
    servers: &'a Servers,
    dir: &'a Path,
    client: &'a Handle,
}

impl Bench<'_> {
    fn settings(&self, account: usize) -> anyhow::Result<Settings> {
        let usual = self.servers.settings(region()?, account);
        let batch_from = self.load.batch_from.unwrap_or(usual.batch_from);
        let batch_depth = self.load.batch_depth.unwrap_or(usual.batch_depth);
        Ok(Settings { batch_from, batch_depth, ..usual })
    }

    async fn one(&self, row: Row, in_flight: usize, settings: Settings) -> anyhow::Result<Figure> {
        let clock = Arc::new(SystemClock::start());
        let shared: Arc<dyn Clock> = clock.clone();
        let time = Duration::from_secs(self.load.secs);
        let appends = probe::Load { in_flight: u32::try_from(in_flight)?, appends: APPENDS, bytes: BYTES, time };
        let engine = JetStream::open(settings.clone(), Arc::clone(&shared)).await?;
        let traffic = engine.counter();
        let before = self.used(traffic());
        let (mut figure, engine) = match row {
            Row::Raw => (of(&probe::raw(&settings, &shared, appends).await?), Some(engine)),
            Row::Engine => (of(&probe::ours(&engine.seams().journal, settings.region, &shared, appends).await?), Some(engine)),
            Row::Commands(None, projections) => {
                let views = tempfile::tempdir_in(self.dir)?;
                let stamp = Stamp { schema: index::SCHEMA, incarnation: engine.seams().journal.incarnation() };
                let (rows, _) = Views::open(views.path(), stamp)?;
                (commands_on(engine.seams(), rows, &clock, (time, in_flight), projections).await?, Some(engine))
            }
            Row::Commands(Some(door), projections) => (self.through(door, engine, &settings, (time, in_flight), projections).await?, None),
        };
        figure.cost = Some(cost(&before, &self.used(traffic()), figure.per_second * time.as_secs_f64()));
        if let Some(engine) = engine {
            engine.stop().await;
        }
        Ok(figure)
    }

    /// A whole node over the engine, and a client at its door.
    async fn through(
        &self,
        door: Door,
        engine: JetStream,
        settings: &Settings,
        (time, in_flight): (Duration, usize),
        projections: Projections,
    ) -> anyhow::Result<Figure> {
        let data = tempfile::tempdir_in(self.dir)?;
        let stores = Stores::measured(data.path(), settings.region, Engine::JetStream(engine), projections)?;
        let mesh = Arc::new(Mesh::start(stores, Arc::new(orders::book()?), &[], &NodeSettings::default()).await?);
        let doors = api::open(&mesh).await?;
        let home = mesh.regions().values().next().context("no region runs")?.clone();
        let lanes = Lanes { region: home, node: Handle::current(), clock: mesh.clock(), time, in_flight, projections };
        let figure = self.client.spawn(async move {
            let ways = api::ways(door, &doors, in_flight).await?;
            let figure = lanes.run(|lane| ways.get(lane % ways.len()).cloned().unwrap_or(Way::Inside)).await?;
            drop((ways, lanes));
            anyhow::Ok((figure, doors))
        });
        let (figure, doors) = figure.await??;
        doors.stop().await;
        Arc::try_unwrap(mesh).ok().context("somebody still asks the mesh")?.stop().await;
        Ok(figure)
    }

    fn used(&self, traffic: (u64, u64)) -> Used {
        Used { all: used("self"), client: threads(CLIENT), servers: self.servers.used(), traffic }
    }
}

/// Processor of this process, of the client in it and of the servers, and messages sent and heard, so far.
struct Used {
    all: Duration,
    client: Duration,
    servers: Duration,
    traffic: (u64, u64),
}

/// How much of a processor the threads of this process have used that are called so.
fn threads(name: &str) -> Duration {
    let tasks = std::fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
    let named = tasks.filter(|task| std::fs::read_to_string(task.path().join("comm")).is_ok_and(|called| called.trim() == name));
    named.map(|task| used(&format!("self/task/{}", task.file_name().to_string_lossy()))).sum()
}

#[expect(clippy::cast_precision_loss, reason = "an average")]
fn cost(before: &Used, after: &Used, done: f64) -> Cost {
    let us = |of: fn(&Used) -> Duration| of(after).saturating_sub(of(before)).as_secs_f64() * 1e6 / done;
    let each = |of: fn(&Used) -> u64| of(after).saturating_sub(of(before)) as f64 / done;
    Cost {
        client_us: us(|used| used.client),
        here_us: us(|used| used.all.saturating_sub(used.client)),
        servers_us: us(|used| used.servers),
        sent: each(|used| used.traffic.0),
        heard: each(|used| used.traffic.1),
    }
}

#[expect(clippy::cast_precision_loss, reason = "a rate")]
fn of(measured: &Measured) -> Figure {
    let ms = |us: u64| us as f64 / 1_000.0;
    Figure {
        per_second: measured.per_second as f64,
        p50_ms: ms(measured.p50_us),
        p99_ms: ms(measured.p99_us),
        p999_ms: f64::NAN,
        behind: None,
        cost: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn every_figure_is_measured_on_real_servers() {
        drop(rustls::crypto::ring::default_provider().install_default());
        let what = vec![What::Engine, What::Inside, What::Stream, What::Unary, What::Http, What::Parts];
        let load = OnServers { in_flight: vec![2], secs: 1, runs: 1, what, workers: 2, batch_from: None, batch_depth: None, dir: None };
        let all = measure(&load, &Handle::current()).await.unwrap();
        assert_eq!(all.len(), 19);
        assert!(all.iter().all(|figure| figure.per_second > 0.0 && figure.p99_ms > 0.0));
    }
}
