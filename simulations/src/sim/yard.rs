//! The nodes: one a region, each over an engine in memory that may fail, with links over the simulated bus, roads to the other regions,
//! and a door for every system. A node that died is started again over what it left behind.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use takt_actors::courier::Far;
use takt_actors::link::inbound::Inbound;
use takt_actors::node::Settings;
use takt_actors::region::{Plan, Region};
use takt_actors::restored::{self, Word};
use takt_cluster::memory::{Backup, Memory};
use takt_cluster::seam::{Clock, QueueName};
use takt_cluster::views::Views;
use takt_config::links::{Under, Way, ways_over};
use takt_protocol::book::Book;
use takt_protocol::name::{Region as RegionName, SiteId};
use tokio::sync::Notify;
use tokio::task::JoinHandle;

use super::Trial;
use super::bus::Bus;
use super::road::Highway;
use super::rules;
use super::scenario::Disk;
use super::skew::SkewedClock;
use super::teller::Taken;
use super::text::Loaded;
use super::town::{Town, lock};
use super::troubles::Troubles;
use crate::gate::Luck;

/// Shards of each region's log.
const SHARDS: u16 = 2;

/// Inputs that may wait for a shard, and how many more when they hold goods.
pub(super) const WAITING: [usize; 2] = [4_000, 500];

/// Whether a node is dying, or may not any more.
#[derive(Debug, Default)]
pub(super) struct Dying {
    fell: Notify,
    calm: AtomicBool,
    /// What is wrong with the disk under its engine.
    disk: Mutex<Option<Disk>>,
}

impl Dying {
    pub(super) fn dies(&self) {
        self.fell.notify_one();
    }

    pub(super) fn is_calm(&self) -> bool {
        self.calm.load(Ordering::Relaxed)
    }

    pub(super) fn disk(&self) -> Option<Disk> {
        *lock(&self.disk)
    }
}

/// A region's place.
struct Plot {
    memory: Memory,
    clock: Arc<SkewedClock>,
    node: Arc<Dying>,
    /// What was made of its log, on the disk of its node.
    views: Mutex<Views>,
    luck: Mutex<Luck>,
    /// No node before this, in virtual time.
    lost_until: Mutex<Duration>,
}

/// A node at work.
struct Live {
    region: Region,
    doors: BTreeMap<SiteId, (Option<String>, Arc<Inbound>)>,
    chores: Vec<JoinHandle<()>>,
}

/// All nodes and their engines.
pub(super) struct Yard {
    text: Arc<Loaded>,
    town: Arc<Town>,
    plots: BTreeMap<RegionName, Arc<Plot>>,
    /// Whether regions speak over lines.
    lines: bool,
    live: Mutex<BTreeMap<RegionName, Live>>,
    taken: Mutex<BTreeMap<SiteId, Vec<Taken>>>,
    deepest: AtomicUsize,
    /// What is in force: the text's own book, or what was made of it.
    book: Mutex<Arc<Book>>,
}

impl Yard {
    pub(super) fn new(trial: &Trial, text: &Arc<Loaded>, town: &Arc<Town>) -> Self {
        let plot = |region: &RegionName| {
            let node = Arc::new(Dying::default());
            let luck = Luck::of(trial.seed, &format!("engine {region}"));
            let troubles = Troubles { luck, odds: trial.scenario.odds, node: Arc::clone(&node), town: Arc::clone(town) };
            let clock = Arc::new(SkewedClock::new(Arc::clone(&town.clock)));
            let plot = Plot {
                memory: Memory::new(SHARDS, Arc::clone(&clock) as Arc<dyn Clock>, Box::new(troubles)),
                clock,
                node,
                views: Mutex::new(Views::in_memory()),
                luck: Mutex::new(Luck::of(trial.seed, &format!("node {region}"))),
                lost_until: Mutex::default(),
            };
            (*region, Arc::new(plot))
        };
        let plots = text.mesh.regions.iter().map(plot).collect();
        let (live, taken, deepest) = (Mutex::default(), Mutex::default(), AtomicUsize::new(0));
        let book = Mutex::new(Arc::clone(&text.mesh.book));
        let lines = trial.scenario.lines;
        Self { text: Arc::clone(text), town: Arc::clone(town), plots, lines, live, taken, deepest, book }
    }

    /// Somebody for each region who starts its node, and starts it again when it died.
    pub(super) fn keep(self: &Arc<Self>) -> Vec<JoinHandle<()>> {
        self.plots.keys().map(|region| tokio::spawn(Arc::clone(self).keep_one(*region))).collect()
    }

    async fn keep_one(self: Arc<Self>, region: RegionName) {
        let Some(plot) = self.plots.get(&region).cloned() else { return };
        loop {
            tokio::select! {
                biased;
                () = plot.node.fell.notified() => {}
                started = self.start(region, &plot) => match started {
                    Ok(()) => plot.node.fell.notified().await,
                    Err(error) => tracing::warn!(%error, %region, "a node did not start, and is started again"),
                },
            }
            self.town.count("node died");
            let died = self.town.elapsed();
            self.bury(region);
            let soon = Duration::from_millis(200 + lock(&plot.luck).below(8_000));
            let lost = lock(&plot.lost_until).saturating_sub(self.town.elapsed());
            if !lost.is_zero() {
                self.town.count("node lost");
            }
            tokio::time::sleep(soon.max(lost)).await;
            self.town.board().span(died, self.town.elapsed(), &format!("node {region}"), "no node");
        }
    }

    /// Ends what is left of a node.
    fn bury(&self, region: RegionName) {
        if let Some(dead) = lock(&self.live).remove(&region) {
            dead.chores.iter().for_each(JoinHandle::abort);
            dead.region.kill();
        }
    }

    /// The region has no node for so long.
    pub(super) fn lose(&self, region: RegionName, lasts: Duration) {
        let Some(plot) = self.plots.get(&region) else { return };
        *lock(&plot.lost_until) = self.town.elapsed() + lasts;
        plot.memory.crash();
        plot.node.dies();
    }

    /// The node of a region ends, and another binary starts in its place: it cannot read its snapshots, and makes its views anew.
    pub(super) fn replace(&self, region: RegionName, lasts: Duration) {
        let Some(plot) = self.plots.get(&region) else { return };
        self.lose(region, lasts);
        *lock(&plot.views) = Views::in_memory();
        self.town.add("snapshots of another binary", plot.memory.scribble("snapshot/"));
    }

    pub(super) fn backup(&self, region: RegionName) -> Option<Backup> {
        self.plots.get(&region).map(|plot| plot.memory.backup())
    }

    /// The region loses everything and has what stood in a backup; how many commits are gone.
    pub(super) fn restore(&self, region: RegionName, backup: Backup) -> u64 {
        let Some(plot) = self.plots.get(&region) else { return 0 };
        *lock(&plot.views) = Views::in_memory();
        let gone = plot.memory.restore(backup);
        plot.node.dies();
        gone
    }

    /// Somebody says that a restored region was compared; whether that was heard.
    pub(super) async fn compared(&self, region: RegionName) -> bool {
        let Some(plot) = self.plots.get(&region) else { return true };
        let word = Word { by: "A. Ott".to_owned(), reason: "books read".to_owned(), at: self.town.now() };
        let told = tokio::time::timeout(Duration::from_secs(10), async { restored::compared(&plot.memory.seams(), &word).await });
        matches!(told.await, Ok(Ok(())))
    }

    /// The clock of a region is wrong from now on, or right again.
    pub(super) fn set_clock(&self, region: RegionName, ahead_ms: i64, drift_ppm: i64) {
        if let Some(plot) = self.plots.get(&region) {
            plot.clock.set(ahead_ms, drift_ppm);
        }
    }

    /// Something is wrong with the disk of a region from now on, or nothing any more.
    pub(super) fn set_disk(&self, region: RegionName, disk: Option<Disk>) {
        if let Some(plot) = self.plots.get(&region) {
            *lock(&plot.node.disk) = disk;
        }
    }

    async fn start(&self, region: RegionName, plot: &Plot) -> anyhow::Result<()> {
        let ways = self.ways(region, plot)?;
        let (views, roads) = {
            let mut luck = lock(&plot.luck);
            let mut views = lock(&plot.views);
            if luck.one_in(6) {
                *views = Views::in_memory();
            }
            (views.clone(), self.roads(region, &mut luck))
        };
        let plan = Plan {
            region,
            seams: plot.memory.seams(),
            book: self.book(),
            settings: Settings { restored: restored::standing(&plot.memory.seams()).await?, ..settings() },
            sites: ways.iter().map(|way| way.out.clone()).collect(),
            roads,
            views,
            projections: takt_actors::region::Projections::All,
        };
        let running = Region::start(plan).await?;
        let (mut doors, mut chores) = (BTreeMap::new(), Vec::new());
        for way in ways.into_iter().filter(|way| self.home(way.site) == Some(region)).map(Arc::new) {
            if let Some(shows) = &way.shows {
                doors.insert(way.site, (shows.token.clone(), Arc::new(way.door(running.clone()))));
            }
            let at = running.clone();
            chores.push(tokio::spawn(async move { at.at_site(way.site, || way.chores(&at)).await }));
        }
        lock(&self.live).insert(region, Live { region: running.clone(), doors, chores });
        while let Err(error) = running.activate(self.book()).await {
            tracing::debug!(%error, %region, "the book is not told yet");
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        Ok(())
    }

    pub(super) fn book(&self) -> Arc<Book> {
        Arc::clone(&lock(&self.book))
    }

    /// Every plant posts by other rules from now on: the next version of each, and sooner or later than before.
    pub(super) async fn change_rules(&self) {
        match rules::next(&self.book()) {
            Ok(book) => self.put_in_force(Arc::new(book), "rules changed").await,
            Err(error) => tracing::warn!(%error, "rules cannot be changed"),
        }
    }

    /// Another book counts from now on. A node that cannot be told is told when it starts.
    pub(super) async fn put_in_force(&self, book: Arc<Book>, what: &str) {
        *lock(&self.book) = Arc::clone(&book);
        for region in self.regions().into_iter().filter_map(|name| self.region(name)) {
            match tokio::time::timeout(Duration::from_secs(30), region.activate(Arc::clone(&book))).await {
                Ok(Ok(())) => self.town.count(what),
                Ok(Err(error)) => tracing::debug!(%error, what, "a region is told when it starts again"),
                Err(_) => tracing::debug!(what, "a region is told when it starts again"),
            }
        }
    }

    /// The links of a region, over the bus.
    fn ways(&self, region: RegionName, plot: &Plot) -> anyhow::Result<Vec<Way>> {
        let carrier = |site: SiteId, patience_ms: u32| {
            let patience = Duration::from_millis(u64::from(patience_ms));
            Arc::new(Bus { town: Arc::clone(&self.town), from: region, site, patience }) as _
        };
        Ok(ways_over(&self.text.mesh, &Under { carrier: &carrier, clock: Arc::clone(&plot.clock) as _ })?)
    }

    fn home(&self, site: SiteId) -> Option<RegionName> {
        self.text.mesh.book.sites.get(&site).map(|known| known.region)
    }

    fn roads(&self, from: RegionName, luck: &mut Luck) -> Vec<Far> {
        let others = self.plots.iter().filter(|(region, _)| **region != from);
        let road = |(to, plot): (&RegionName, &Arc<Plot>)| {
            let luck = Luck::of(luck.below(u64::MAX), &format!("road {from} {to}"));
            let road = Highway::new(&self.town, (from, *to), plot.memory.clone(), luck);
            Far { region: *to, way: road.way(self.lines), shards: SHARDS }
        };
        others.map(road).collect()
    }

    /// The door for a system, for who shows its token; nothing while its region has no node.
    pub(super) fn door(&self, site: SiteId, token: Option<&str>) -> Option<Arc<Inbound>> {
        let live = lock(&self.live);
        let (wanted, door) = live.get(&self.home(site)?)?.doors.get(&site)?;
        (wanted.as_deref() == token).then(|| Arc::clone(door))
    }

    /// The region, while it has a node.
    pub(super) fn region(&self, name: RegionName) -> Option<Region> {
        lock(&self.live).get(&name).map(|live| live.region.clone())
    }

    pub(super) fn regions(&self) -> Vec<RegionName> {
        self.plots.keys().copied().collect()
    }

    /// A message of a system was acknowledged.
    pub(super) fn acknowledged(&self, site: SiteId, taken: Taken) {
        lock(&self.taken).entry(site).or_default().push(taken);
    }

    /// Remembers how many wait where most do.
    pub(super) async fn measure(&self) {
        for plot in self.plots.values() {
            let queue = plot.memory.seams().queue;
            for shard in 0..SHARDS {
                let depth = tokio::time::timeout(Duration::from_secs(1), queue.depth(QueueName::In { shard })).await;
                let depth = depth.ok().and_then(Result::ok).and_then(|depth| usize::try_from(depth).ok());
                self.deepest.fetch_max(depth.unwrap_or_default(), Ordering::Relaxed);
            }
        }
    }

    /// How many messages of a region wait for the way to others, and to systems.
    pub(super) async fn spooled(&self, region: RegionName) -> Option<u64> {
        let queue = self.plots.get(&region)?.memory.seams().queue;
        let sum = async {
            let mut sum = 0;
            for name in queue.names().await.ok()? {
                if matches!(name, QueueName::Fwd { .. } | QueueName::Out { .. }) {
                    sum += queue.depth(name).await.ok()?;
                }
            }
            Some(sum)
        };
        tokio::time::timeout(Duration::from_secs(2), sum).await.ok()?
    }

    /// The first queue that holds something, if any does.
    pub(super) async fn waiting(&self) -> Option<String> {
        for (region, plot) in &self.plots {
            match tokio::time::timeout(Duration::from_secs(1), plot.memory.seams().queue.names()).await {
                Ok(Ok(names)) => {
                    if let Some(name) = names.first() {
                        return Some(format!("something waits in {name:?} of {region}"));
                    }
                }
                Ok(Err(_)) | Err(_) => return Some(format!("{region} does not answer")),
            }
        }
        None
    }

    /// No more trouble: what was begun must come to an end.
    pub(super) fn calm(&self) {
        for plot in self.plots.values() {
            plot.node.calm.store(true, Ordering::Relaxed);
            *lock(&plot.lost_until) = Duration::ZERO;
            *lock(&plot.node.disk) = None;
            plot.clock.set(0, 0);
        }
    }

    /// The run is over: kills every node, and hands out what they left behind.
    pub(super) fn close(&self) -> Left {
        for plot in self.plots.values() {
            plot.node.calm.store(true, Ordering::Relaxed);
        }
        for region in self.regions() {
            self.bury(region);
        }
        let memories: BTreeMap<RegionName, Memory> = self.plots.iter().map(|(region, plot)| (*region, plot.memory.clone())).collect();
        memories.values().for_each(Memory::crash);
        let told_wrong = self.plots.values().map(|plot| plot.clock.told_wrong()).sum();
        Left { told_wrong, memories, taken: std::mem::take(&mut *lock(&self.taken)), deepest: self.deepest.load(Ordering::Relaxed) }
    }
}

/// What the nodes left behind.
pub(super) struct Left {
    pub(super) memories: BTreeMap<RegionName, Memory>,
    /// What was acknowledged, by system.
    pub(super) taken: BTreeMap<SiteId, Vec<Taken>>,
    /// How often a clock said a wrong time.
    pub(super) told_wrong: u64,
    /// The most inputs that ever waited for a shard.
    pub(super) deepest: usize,
}

fn settings() -> Settings {
    let [waiting_max, waiting_reserve] = WAITING;
    // Readers are told of much at once: each telling is a mapping that runs.
    let unhurried = Settings { index_pause_ms: 100, readers_gather_ms: 2_000, ..Settings::default() };
    Settings { snapshot_every: 16, deliveries_max: 1_000, waiting_max, waiting_reserve, ..unhurried }
}
