//! Whole commands on three nats-servers of this machine that sync before they acknowledge, beside raw fenced appends at the same load to
//! a stream that is set like the log: interleaved in one call, so that drift hits both alike. Servers, region and client share the machine.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use takt_actors::index;
use takt_cluster::clock::SystemClock;
use takt_cluster::jetstream::probe::{self, Measured};
use takt_cluster::jetstream::servers::{Plan, Servers, find, used};
use takt_cluster::jetstream::{JetStream, Settings};
use takt_cluster::seam::Clock;
use takt_cluster::views::{Stamp, Views};

use super::{Cost, Figure, commands_on, head, line, region};
use crate::demo::nats::cache;

/// Bytes of a raw append, and appends of an order: as long and as many as those of a command.
const BYTES: usize = 300;
const APPENDS: u32 = 12;

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
    /// Threads that run the actors and the client; beside three servers on few cores a second one takes from them what it gives.
    #[arg(long, default_value_t = 1)]
    workers: usize,
    /// Where the servers keep their data, which is removed again; decides which disk is measured.
    #[arg(long)]
    dir: Option<PathBuf>,
}

/// What is measured: with and without all that follows the log.
const FIGURES: [(&str, Option<bool>); 4] =
    [("raw appends", None), ("appends by the engine", None), ("commands", Some(false)), ("commands, projected", Some(true))];

/// Measures raw appends, appends through the engine, and whole commands, in turns.
pub fn jetstream(load: &OnServers) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(load.workers.max(1)).enable_all().build()?;
    let load = load.clone();
    // The work lives on the workers; this thread only waits.
    runtime.block_on(async move { tokio::spawn(async move { measure(&load).await }).await? })?;
    Ok(())
}

async fn measure(load: &OnServers) -> anyhow::Result<Vec<Figure>> {
    let dir = load.dir.clone().unwrap_or_else(std::env::temp_dir);
    // An account of its own for each figure: orders are new in each.
    let accounts = load.runs * load.in_flight.len() * FIGURES.len();
    let program = tokio::task::spawn_blocking(|| find(&cache())).await??;
    let servers = Servers::start(&program, &dir, Plan { servers: 3, accounts, sync_always: true });
    let servers = servers.with_context(|| format!("the servers in {} did not start", dir.display()))?;
    let says = format!("3 servers, 3 copies, `sync_interval: always`, {} worker thread(s), {} s a figure", load.workers, load.secs);
    let how = format!(
        "{says}; the limit is raw fenced appends of {BYTES} bytes,\n{APPENDS} an order, each sent when the one before was acknowledged"
    );
    head(&how, " us here  us servers    sent   heard");
    let (mut account, mut all) = (0, Vec::new());
    for _ in 0..load.runs {
        for in_flight in &load.in_flight {
            let first = all.len();
            for (what, projections) in FIGURES {
                let settings = servers.settings(region()?, account);
                account += 1;
                let figure = one(load, (&servers, settings), (*in_flight, what, projections), &dir).await?;
                line(*in_flight, what, &figure, all.get(first).unwrap_or(&figure));
                all.push(figure);
            }
        }
    }
    Ok(all)
}

async fn one(
    load: &OnServers,
    (servers, settings): (&Servers, Settings),
    (in_flight, what, projections): (usize, &str, Option<bool>),
    dir: &Path,
) -> anyhow::Result<Figure> {
    let clock = Arc::new(SystemClock::start());
    let shared: Arc<dyn Clock> = clock.clone();
    let time = Duration::from_secs(load.secs);
    let appends = probe::Load { in_flight: u32::try_from(in_flight)?, appends: APPENDS, bytes: BYTES, time };
    let engine = JetStream::open(settings.clone(), Arc::clone(&shared)).await?;
    let before = (used("self"), servers.used(), engine.traffic());
    let mut figure = match (what, projections) {
        (_, Some(projections)) => {
            let views = tempfile::tempdir_in(dir)?;
            let stamp = Stamp { schema: index::SCHEMA, incarnation: engine.seams().journal.incarnation() };
            let (rows, _) = Views::open(views.path(), stamp)?;
            commands_on(engine.seams(), rows, &clock, (time, in_flight), projections).await?
        }
        ("raw appends", None) => of(&probe::raw(&settings, &shared, appends).await?),
        (_, None) => of(&probe::ours(&engine.seams().journal, settings.region, &shared, appends).await?),
    };
    let after = (used("self"), servers.used(), engine.traffic());
    figure.cost = Some(cost(before, after, figure.per_second * time.as_secs_f64()));
    engine.stop().await;
    Ok(figure)
}

/// Processor of this process and of the servers, and messages sent and heard, so far.
type Used = (Duration, Duration, (u64, u64));

#[expect(clippy::cast_precision_loss, reason = "an average")]
fn cost(before: Used, after: Used, done: f64) -> Cost {
    let us = |before: Duration, after: Duration| after.saturating_sub(before).as_secs_f64() * 1e6 / done;
    let each = |before: u64, after: u64| after.saturating_sub(before) as f64 / done;
    Cost {
        here_us: us(before.0, after.0),
        servers_us: us(before.1, after.1),
        sent: each(before.2.0, after.2.0),
        heard: each(before.2.1, after.2.1),
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
        let load = OnServers { in_flight: vec![2], secs: 1, runs: 1, workers: 2, dir: None };
        let all = measure(&load).await.unwrap();
        assert_eq!(all.len(), FIGURES.len());
        assert!(all.iter().all(|figure| figure.per_second > 0.0 && figure.p99_ms > 0.0));
    }
}
