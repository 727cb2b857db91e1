//! The gate: the real actors of a region, under virtual time, over the engine that can misbehave, with a simulated ERP,
//! plant, laboratory and warehouse; crashed at every single write and await of an order's way, and at random. Nothing
//! else is built on a kernel that does not pass it.
//!
//! A run is a [`Trial`]: it says what goes wrong; its [`Verdict`] says which promise broke, and what took effect.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use takt_actors::node::Settings;
use takt_actors::region::{Plan, Region, SiteLink};
use takt_actors::site::SiteLimits;
use takt_cluster::memory::{Fate, Memory, Operation};
use takt_cluster::seam::Seams;
use takt_protocol::instant::Instant;
use takt_protocol::planted::{self, Bug};

use crate::clock::VirtualClock;

mod book;
mod check;
mod day;
mod floor;
mod luck;

use floor::Floor;
pub use luck::Luck;

/// What goes wrong in a run.
#[derive(Clone, Copy, Debug, Default)]
pub struct Trial {
    /// Draws everything that is drawn: the habits of the systems, and random trouble.
    pub seed: u64,
    /// The node dies at this operation of the engine (from 0), before or after it took effect.
    pub crash_at: Option<(u64, bool)>,
    /// Besides, one operation in so many is lost, or its answer is; 0 for none.
    pub trouble_one_in: u64,
    /// Besides, the node dies at one operation in so many; 0 for never.
    pub crash_one_in: u64,
    /// The foreign systems have bad habits.
    pub habits: bool,
    /// A bug that must be seen.
    pub bug: Option<Bug>,
}

/// How a run ended.
#[derive(Clone, Debug, Default)]
pub struct Verdict {
    /// Broken promises, each a sentence that begins with its id.
    pub broken: Vec<String>,
    /// Operations of the engine that happened.
    pub operations: u64,
    /// Times the node died.
    pub crashes: u64,
    /// Faults that took effect in the engine and in the systems, by name.
    pub faults: std::collections::BTreeMap<String, u64>,
    /// Documents in the ERP.
    pub documents: usize,
    /// Departures.
    pub departures: usize,
    /// How long it took, in virtual time.
    pub took: Duration,
}

/// How long a run may take before it counts as stuck, in virtual time.
const PATIENCE: Duration = Duration::from_hours(1);

/// Runs a trial, on a runtime of its own.
pub fn run(trial: Trial) -> anyhow::Result<Verdict> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build()?;
    planted::plant(trial.bug);
    let verdict = tokio::task::LocalSet::new().block_on(&runtime, play(trial));
    planted::plant(None);
    verdict
}

/// The fates of the engine in a trial: counts, and kills at the stated operation.
struct Script {
    trial: Trial,
    luck: Luck,
    count: Arc<AtomicU64>,
    dead: Arc<AtomicBool>,
    quiet: Arc<AtomicBool>,
    closed: Arc<AtomicBool>,
}

impl takt_cluster::memory::Fates for Script {
    fn decide(&mut self, operation: Operation) -> Fate {
        if self.closed.load(Ordering::Relaxed) {
            return Fate::Done;
        }
        let at = self.count.fetch_add(1, Ordering::Relaxed);
        let crash = |after, dead: &AtomicBool| {
            dead.store(true, Ordering::Relaxed);
            if after { Fate::CrashAfter } else { Fate::CrashBefore }
        };
        if let Some((point, after)) = self.trial.crash_at
            && at == point
        {
            return crash(after, &self.dead);
        }
        if self.quiet.load(Ordering::Relaxed) {
            return Fate::Done;
        }
        if self.luck.one_in(self.trial.crash_one_in) {
            return crash(self.luck.one_in(2), &self.dead);
        }
        if operation.writes && self.luck.one_in(self.trial.trouble_one_in) {
            return match self.luck.below(3) {
                0 => Fate::UnknownDone,
                1 => Fate::UnknownNotDone,
                _ => Fate::Delayed(Duration::from_millis(1 + self.luck.below(40))),
            };
        }
        Fate::Done
    }
}

async fn play(trial: Trial) -> anyhow::Result<Verdict> {
    let start = Instant::parse("2026-11-23T08:00:00+01:00")?;
    let clock = Arc::new(VirtualClock::starting(start));
    let (count, dead, quiet) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
    let closed = Arc::new(AtomicBool::new(false));
    let script = Script {
        trial,
        luck: Luck::of(trial.seed, "engine"),
        count: Arc::clone(&count),
        dead: Arc::clone(&dead),
        quiet: Arc::clone(&quiet),
        closed: Arc::clone(&closed),
    };
    let memory = Memory::new(2, clock, Box::new(script));
    let floor = Arc::new(Mutex::new(Floor::new(trial.seed, trial.habits, start)?));
    let present: Rc<RefCell<Option<Region>>> = Rc::default();
    let driver = tokio::task::spawn_local(day::drive(Arc::clone(&floor), Rc::clone(&present)));
    let mut verdict = Verdict::default();
    let mut waited = Duration::ZERO;
    start_node(&memory.seams(), &floor, &present).await?;
    loop {
        let pause = Duration::from_millis(10);
        tokio::time::sleep(pause).await;
        waited += pause;
        if dead.swap(false, Ordering::Relaxed) {
            verdict.crashes += 1;
            if let Some(region) = present.borrow_mut().take() {
                region.kill();
            }
            start_node(&memory.seams(), &floor, &present).await?;
        }
        let over = lock(&floor).is_over();
        if over {
            quiet.store(true, Ordering::Relaxed);
        }
        if waited > PATIENCE || (over && at_rest(&memory).await) {
            break;
        }
    }
    if waited > PATIENCE {
        verdict.broken.push(format!(
            "T9: after {} virtual seconds the day is not over: {}",
            PATIENCE.as_secs(),
            lock(&floor).what_is_open()
        ));
    }
    verdict.took = waited;
    closed.store(true, Ordering::Relaxed);
    verdict.operations = count.load(Ordering::Relaxed);
    driver.abort();
    if let Some(region) = present.borrow_mut().take() {
        region.kill();
    }
    memory.crash();
    check::all(&memory, &floor, &mut verdict).await?;
    Ok(verdict)
}

async fn start_node(seams: &Seams, floor: &Arc<Mutex<Floor>>, present: &Rc<RefCell<Option<Region>>>) -> anyhow::Result<()> {
    let limits = SiteLimits { window_ms: 2_000, open_ms: 500, ..SiteLimits::default() };
    let sites = floor::links(floor).into_iter().map(|(site, link)| SiteLink::new(site, link, limits.clone()));
    let settings = Settings { idle_ms: 2_000, snapshot_every: 8, pause_max_ms: 1_000, deliveries_max: 1_000, ..Settings::default() };
    let plan = Plan {
        region: book::region()?,
        seams: seams.clone(),
        book: Arc::new(book::book()?),
        settings,
        sites: sites.collect(),
        roads: Vec::new(),
        projections: true,
    };
    // A node may die while it starts: the next look at `dead` then starts another one.
    if let Ok(region) = tokio::time::timeout(Duration::from_secs(5), Region::start(plan)).await {
        *present.borrow_mut() = Some(region?);
    }
    Ok(())
}

/// Whether nothing waits anywhere.
async fn at_rest(memory: &Memory) -> bool {
    tokio::time::sleep(Duration::from_millis(200)).await;
    let names = tokio::time::timeout(Duration::from_secs(1), memory.seams().queue.names()).await;
    matches!(names, Ok(Ok(names)) if names.is_empty())
}

fn lock(floor: &Mutex<Floor>) -> std::sync::MutexGuard<'_, Floor> {
    floor.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
