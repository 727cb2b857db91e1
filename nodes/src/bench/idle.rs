//! Many orders that nobody asks for: what they cost in memory, and how fast one of them, a list and a search answer.

#![expect(clippy::print_stdout, reason = "a person reads the figures")]

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use bytes::Bytes;
use takt_actors::node::Settings as NodeSettings;
use takt_cluster::seam::{Append, Appended, Clock, Seams};
use takt_protocol::book::Book;
use takt_protocol::commit::{Commit, GENESIS};
use takt_protocol::envelope::RawRef;
use takt_protocol::id::{EntityId, Kind};
use takt_protocol::kernel::{ALL_REACHED, Context, State, step};
use takt_protocol::name::SiteId;
use takt_protocol::native::{NativeId, NativeKind, Ref};
use takt_protocol::wire;

use super::{orders, region, within_ms};
use crate::ask::{Clients, Limits, ROWS_MAX, Reception, v1};
use crate::mesh::{Mesh, Stores};

/// What to measure.
#[derive(Clone, Debug, clap::Args)]
pub struct Idle {
    /// Orders that lie in the store.
    #[arg(long, default_value_t = 1_000_000, value_parser = clap::value_parser!(u32).range(1..))]
    orders: u32,
    /// Where the store is made, and removed again.
    #[arg(long)]
    dir: Option<std::path::PathBuf>,
    /// A store that was made before: only asked.
    #[arg(long, hide = true)]
    over: Option<std::path::PathBuf>,
}

/// Orders in one durable write.
const GROUP: u32 = 4_096;

/// How often each question is asked.
const ASKED: u32 = 500;

/// Measures.
pub fn idle(load: &Idle) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    runtime.block_on(measure(load))
}

async fn measure(load: &Idle) -> anyhow::Result<()> {
    let book = Arc::new(orders::book()?);
    if let Some(over) = &load.over {
        return asked(load, over, book).await;
    }
    let place = load.dir.clone().unwrap_or_else(std::env::temp_dir);
    std::fs::create_dir_all(&place).with_context(|| format!("cannot make {}", place.display()))?;
    let dir = tempfile::tempdir_in(&place).with_context(|| format!("cannot make a store in {}", place.display()))?;
    let stores = Stores::open(dir.path(), [region()?])?;
    let clock = stores.clock();
    let seams = stores.seams(region()?).context("the store has no seams")?;
    let began = clock.elapsed();
    make(&seams, &book, clock.as_ref(), load.orders).await?;
    println!("{} orders, each as its ERP made it; written in {}", load.orders, seconds(clock.as_ref(), began));
    let began = clock.elapsed();
    let mesh = started(stores, book).await?;
    println!("names and lists built of the log in {}", seconds(clock.as_ref(), began));
    settled(&mesh, clock.as_ref(), &seams).await?;
    println!("all that they led to is done after {}", seconds(clock.as_ref(), began));
    drop(seams);
    Arc::try_unwrap(mesh).ok().context("somebody still asks the mesh")?.stop().await;
    // A process of its own: what this one needed for making them is not what they cost.
    let mut again = std::process::Command::new(std::env::current_exe()?);
    again.args(["bench", "idle", "--orders", &load.orders.to_string(), "--over"]).arg(dir.path());
    anyhow::ensure!(again.status()?.success(), "the orders could not be asked for");
    Ok(())
}

async fn started(stores: Stores, book: Arc<Book>) -> anyhow::Result<Arc<Mesh>> {
    let settings = NodeSettings { idle_ms: 1_000, ..NodeSettings::default() };
    let mesh = Arc::new(Mesh::start(stores, book, &[], &settings).await?);
    let home = mesh.regions().values().next().context("no region runs")?.clone();
    home.index().caught_up(home.node()).await?;
    Ok(mesh)
}

/// What orders cost that lie in a store, and how fast they answer.
async fn asked(load: &Idle, over: &std::path::Path, book: Arc<Book>) -> anyhow::Result<()> {
    let stores = Stores::open(over, [region()?])?;
    let clock = stores.clock();
    let seams = stores.seams(region()?).context("the store has no seams")?;
    let before = resident_kib()?;
    let mesh = started(stores, Arc::clone(&book)).await?;
    settled(&mesh, clock.as_ref(), &seams).await?;
    let (after, home) = (resident_kib()?, mesh.regions().values().next().context("no region runs")?.clone());
    let mib = |kib: u64| kib / 1_024;
    println!(
        "memory: {} MiB with the store open, {} MiB with the region at work and every order idle ({} loaded); the caches of store and lists are up to 256 MiB each\n",
        mib(before),
        mib(after),
        home.loaded()
    );
    let reception = Reception::new(Arc::clone(&mesh), Clients::default(), Limits::default());
    println!("{:<44} {:>9} {:>9}", "question", "p50 ms", "p99 ms");
    let some: Vec<u32> = (0..load.orders).step_by(load.orders.div_ceil(ASKED).max(1) as usize).collect();
    let mut times = Vec::new();
    for number in &some {
        let (order, _) = known(&book, *number)?;
        times.push(timed(clock.as_ref(), async { mesh.show(order).await.map(drop).map_err(anyhow::Error::from) }).await?);
    }
    line("a cold order", times);
    let mut times = Vec::new();
    for number in &some {
        let text = number_of(*number);
        let found = async {
            let found = reception.search(&text).await.map_err(|denied| anyhow::anyhow!("{denied:?}"))?;
            anyhow::ensure!(found.page.rows.len() == 1, "{text} was found {} times", found.page.rows.len());
            Ok(())
        };
        times.push(timed(clock.as_ref(), found).await?);
    }
    line("a search by number", times);
    lists(&reception, clock.as_ref()).await?;
    println!("memory: {} MiB afterwards", mib(resident_kib()?));
    Ok(())
}

async fn lists(reception: &Reception, clock: &dyn Clock) -> anyhow::Result<()> {
    let (mut times, mut after) = (Vec::new(), None);
    for _ in 0..ASKED / 10 {
        let began = clock.elapsed();
        let page = reception
            .orders(&v1::OrdersWanted { after: after.clone(), ..v1::OrdersWanted::default() })
            .await
            .map_err(|denied| anyhow::anyhow!("{denied:?}"))?;
        times.push(clock.elapsed().saturating_sub(began));
        after = page.page.next;
    }
    line(&format!("a page of {ROWS_MAX} orders, none of them loaded"), times);
    Ok(())
}

/// Puts orders into the log, as their region would.
async fn make(seams: &Seams, book: &Book, clock: &dyn Clock, orders: u32) -> anyhow::Result<()> {
    for first in (0..orders).step_by(GROUP as usize) {
        let mut group = Vec::new();
        for number in first..orders.min(first + GROUP) {
            let (id, bytes) = commit(seams, book, clock, number)?;
            group.push(Append { entity: id, after: 0, bytes });
        }
        for outcome in seams.journal.append(group).await {
            anyhow::ensure!(matches!(outcome, Appended::Committed { .. }), "the store answered {outcome:?}");
        }
    }
    Ok(())
}

/// Numbers as an ERP gives them.
fn number_of(number: u32) -> String {
    format!("{:012}", 1_000_000 + u64::from(number))
}

/// An order by its number: our id of it, and its name.
fn known(book: &Book, number: u32) -> anyhow::Result<(EntityId, Ref)> {
    let erp = SiteId::parse("erp")?;
    let name = Ref::new(erp, NativeKind::Order, NativeId::parse(&number_of(number))?);
    let id = book.born_at(erp, Kind::Order, NativeKind::Order, name.id.as_str()).context("the order has no home")?;
    Ok((id, name))
}

fn commit(seams: &Seams, book: &Book, clock: &dyn Clock, number: u32) -> anyhow::Result<(EntityId, Bytes)> {
    let (id, name) = known(book, number)?;
    let (now, incarnation) = (clock.now(), seams.journal.incarnation());
    let context = Context { now, book, incarnation, unreached: &ALL_REACHED };
    let stepped = step(State::unknown(id), &orders::created(&name, now)?, &context);
    let mut commit = Commit {
        entity: id,
        number: 1,
        previous: RawRef::from_bytes(GENESIS),
        site: stepped.state.site(),
        incarnation,
        config: book.hash.clone(),
        schema: wire::SCHEMA,
        at: now,
        steps: stepped.step.into_iter().collect(),
        who: Vec::new(),
        raw: Vec::new(),
    };
    Ok((id, Bytes::from(wire::seal(&mut commit)?.bytes)))
}

/// Waits until nothing is under way, and nothing loaded.
async fn settled(mesh: &Mesh, clock: &dyn Clock, seams: &Seams) -> anyhow::Result<()> {
    let mut calm = 0;
    while calm < 3 {
        clock.sleep(Duration::from_secs(1)).await;
        let loaded: usize = mesh.regions().values().map(takt_actors::region::Region::loaded).sum();
        calm = if loaded == 0 && seams.queue.names().await?.is_empty() { calm + 1 } else { 0 };
    }
    Ok(())
}

async fn timed(clock: &dyn Clock, work: impl Future<Output = anyhow::Result<()>>) -> anyhow::Result<Duration> {
    let began = clock.elapsed();
    work.await?;
    Ok(clock.elapsed().saturating_sub(began))
}

fn seconds(clock: &dyn Clock, began: Duration) -> String {
    format!("{:.1} s", clock.elapsed().saturating_sub(began).as_secs_f64())
}

fn line(what: &str, mut times: Vec<Duration>) {
    times.sort_unstable();
    println!("{what:<44} {:>9.2} {:>9.2}", within_ms(&times, 500), within_ms(&times, 990));
}

/// Memory of this process that is in RAM, in KiB, as Linux tells it.
fn resident_kib() -> anyhow::Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status").context("the memory of a process is read from /proc: this needs Linux")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("there is no VmRSS in /proc/self/status")?;
    Ok(line.trim().trim_end_matches(" kB").parse()?)
}
