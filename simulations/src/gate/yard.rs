//! The nodes of the gate: one a region, each over an engine of its own, with roads between them. Kills the node whose
//! engine says so, and starts another one over what it left behind. Decides nothing about what breaks: that is the script.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use takt_actors::courier::{Far, Road, Way};
use takt_actors::node::Settings;
use takt_actors::region::{Plan, Region, SiteLink};
use takt_actors::site::SiteLimits;
use takt_cluster::memory::{Fate, Fates, Memory, Operation};
use takt_cluster::seam::Message;
use takt_cluster::views::Views;
use takt_protocol::instant::Instant;
use takt_protocol::name::Region as RegionName;

use super::floor::{self, Floor};
use super::{Luck, Trial, book};
use crate::clock::VirtualClock;

/// The nodes that live just now.
pub(super) type Present = BTreeMap<RegionName, Region>;

/// Shards of each region's log.
const SHARDS: u16 = 2;

/// The fates of one engine in a trial: counts the operations of all, and kills its node at the stated one.
struct Script {
    trial: Trial,
    luck: Luck,
    shared: Arc<Shared>,
    dead: Arc<AtomicBool>,
}

/// What the scripts of all engines share.
#[derive(Default)]
struct Shared {
    count: AtomicU64,
    quiet: AtomicBool,
    closed: AtomicBool,
}

impl Fates for Script {
    fn decide(&mut self, operation: Operation) -> Fate {
        if self.shared.closed.load(Ordering::Relaxed) {
            return Fate::Done;
        }
        let at = self.shared.count.fetch_add(1, Ordering::Relaxed);
        let crash = |after, dead: &AtomicBool| {
            dead.store(true, Ordering::Relaxed);
            if after { Fate::CrashAfter } else { Fate::CrashBefore }
        };
        if let Some((point, after)) = self.trial.crash_at
            && at == point
        {
            return crash(after, &self.dead);
        }
        if self.shared.quiet.load(Ordering::Relaxed) {
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

/// A road to whatever node lives at the other end; one that dies on the way is silent.
struct Highway {
    far: Memory,
}

#[async_trait]
impl Road for Highway {
    async fn bring(&self, mail: Vec<Message>, _urgent: bool) -> Result<(), takt_cluster::Error> {
        let queue = self.far.seams().queue;
        let patience = Duration::from_millis(500);
        let silent = || Err(takt_cluster::Error::Unreachable { place: "the far region".to_owned() });
        tokio::time::timeout(patience, queue.publish(mail)).await.unwrap_or_else(|_| silent())
    }
}

/// A region's place: its engine, and whether its node has just died.
struct Plot {
    memory: Memory,
    dead: Arc<AtomicBool>,
}

/// All nodes and their engines.
pub(super) struct Yard {
    plots: BTreeMap<RegionName, Plot>,
    shared: Arc<Shared>,
    present: Rc<RefCell<Present>>,
}

impl Yard {
    pub(super) fn new(trial: Trial, start: Instant) -> anyhow::Result<Self> {
        let shared = Arc::new(Shared::default());
        let clock = Arc::new(VirtualClock::starting(start));
        let mut plots = BTreeMap::new();
        for name in book::REGIONS {
            let dead = Arc::new(AtomicBool::new(false));
            let luck = Luck::of(trial.seed, &format!("engine {name}"));
            let script = Script { trial, luck, shared: Arc::clone(&shared), dead: Arc::clone(&dead) };
            let memory = Memory::new(SHARDS, Arc::clone(&clock) as _, Box::new(script));
            plots.insert(RegionName::parse(name)?, Plot { memory, dead });
        }
        Ok(Self { plots, shared, present: Rc::default() })
    }

    pub(super) fn present(&self) -> Rc<RefCell<Present>> {
        Rc::clone(&self.present)
    }

    pub(super) async fn start(&self, floor: &Arc<Mutex<Floor>>) -> anyhow::Result<()> {
        for region in self.plots.keys() {
            self.start_node(*region, floor).await?;
        }
        Ok(())
    }

    /// How many had died.
    pub(super) async fn restart_the_dead(&mut self, floor: &Arc<Mutex<Floor>>) -> anyhow::Result<u64> {
        let mut crashes = 0;
        for (region, plot) in &self.plots {
            if plot.dead.swap(false, Ordering::Relaxed) {
                crashes += 1;
                let dead = self.present.borrow_mut().remove(region);
                if let Some(dead) = dead {
                    dead.kill();
                }
                self.start_node(*region, floor).await?;
            }
        }
        Ok(crashes)
    }

    async fn start_node(&self, region: RegionName, floor: &Arc<Mutex<Floor>>) -> anyhow::Result<()> {
        let Some(plot) = self.plots.get(&region) else { return Ok(()) };
        let limits = SiteLimits { window_ms: 2_000, open_ms: 500, ..SiteLimits::default() };
        let sites = floor::links(floor).into_iter().map(|(site, link)| SiteLink::new(site, link, limits.clone()));
        let settings = Settings { idle_ms: 2_000, snapshot_every: 8, pause_max_ms: 1_000, deliveries_max: 1_000, ..Settings::default() };
        let plan = Plan {
            region,
            seams: plot.memory.seams(),
            book: Arc::new(book::book()?),
            settings,
            sites: sites.collect(),
            roads: self.roads(region),
            views: Views::in_memory(),
            projections: takt_actors::region::Projections::All,
        };
        // A node may die while it starts: the next look at `dead` then starts another one.
        if let Ok(started) = tokio::time::timeout(Duration::from_secs(5), Region::start(plan)).await {
            self.present.borrow_mut().insert(region, started?);
        }
        Ok(())
    }

    fn roads(&self, from: RegionName) -> Vec<Far> {
        let others = self.plots.iter().filter(|(region, _)| **region != from);
        others
            .map(|(&region, plot)| Far { region, shards: SHARDS, way: Way::Beside(Arc::new(Highway { far: plot.memory.clone() })) })
            .collect()
    }

    /// No more trouble: what was begun must come to an end.
    pub(super) fn calm(&self) {
        self.shared.quiet.store(true, Ordering::Relaxed);
    }

    /// Whether nothing waits anywhere.
    pub(super) async fn at_rest(&self) -> bool {
        tokio::time::sleep(Duration::from_millis(200)).await;
        for plot in self.plots.values() {
            let names = tokio::time::timeout(Duration::from_secs(1), plot.memory.seams().queue.names()).await;
            if !matches!(names, Ok(Ok(names)) if names.is_empty()) {
                return false;
            }
        }
        true
    }

    /// Operations of all engines so far.
    pub(super) fn operations(&self) -> u64 {
        self.shared.count.load(Ordering::Relaxed)
    }

    /// The day is over: kills every node, and hands out what they left behind.
    pub(super) fn close(self) -> Vec<Memory> {
        self.shared.closed.store(true, Ordering::Relaxed);
        for region in std::mem::take(&mut *self.present.borrow_mut()).into_values() {
            region.kill();
        }
        let memories: Vec<Memory> = self.plots.into_values().map(|plot| plot.memory).collect();
        for memory in &memories {
            memory.crash();
        }
        memories
    }
}
