//! The regions that run in this process, and the roads between them and to those that run elsewhere: finds where a thing is at home and
//! asks it there.
//! Apart from what asks (HTTP, gRPC, the demo) because each of them means the same mesh. Decides nothing.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use bytes::Bytes;
use takt_actors::abroad::Abroad;
use takt_actors::courier::{Far, Line, NextDoor, Way};
use takt_actors::index;
use takt_actors::node::{Settings, nodes_of};
use takt_actors::region::{AskError, Plan, Projections, Region, SiteLink};
use takt_actors::restored::{self, Restored};
use takt_cluster::clock::SystemClock;
use takt_cluster::jetstream::Visit;
use takt_cluster::seam::{Clock, Entry, Seams};
use takt_cluster::views::{Stamp, Views};
use takt_config::text::{EmbeddedText, EngineText, RoadText};
use takt_protocol::book::Book;
use takt_protocol::envelope::RawRef;
use takt_protocol::id::EntityId;
use takt_protocol::input::{Address, Input};
use takt_protocol::instant::Instant;
use takt_protocol::kernel::{Reply, State};
use takt_protocol::name::{Region as RegionName, SiteId};
use takt_protocol::payload::Payload;
use takt_protocol::site;

use crate::engine::{self, Engine};

mod in_force;
mod roll;

/// The stores of the regions, open but not yet at work: links may keep raw payloads in them before anything runs.
pub struct Stores {
    data: PathBuf,
    clock: Arc<SystemClock>,
    engines: BTreeMap<RegionName, Engine>,
    views: BTreeMap<RegionName, Views>,
    roads: Vec<Outward>,
    texts: BTreeMap<RegionName, EngineText>,
    /// Not all of them only to measure what they cost.
    projections: Projections,
}

/// A road from a region of this process to one that runs elsewhere.
struct Outward {
    from: RegionName,
    to: RegionName,
    /// The shards of the other one.
    shards: u16,
    /// The line to its servers; nothing where it dials.
    visit: Option<Visit>,
    /// What is told there of our own events.
    text: Option<RoadText>,
}

/// Regions at work in one process.
pub struct Mesh {
    book: RwLock<Arc<Book>>,
    activated_at: RwLock<Option<Instant>>,
    regions: BTreeMap<RegionName, Region>,
    stores: Stores,
}

impl Stores {
    /// Opens the embedded store of each region in `data/regions/<name>`, or makes it.
    pub fn open(data: &Path, regions: impl IntoIterator<Item = RegionName>) -> Result<Self, takt_cluster::Error> {
        let mut stores = Self::none(data);
        for region in regions {
            let (dir, clock) = (stores.dir(region), stores.clock());
            stores.put(region, Engine::embedded(region, &EmbeddedText::default(), &dir, clock)?)?;
        }
        Ok(stores)
    }

    /// One region over an engine that is open, with its rows in `data`, to be measured: with what follows its log, or without.
    pub(crate) fn measured(data: &Path, region: RegionName, engine: Engine, projections: Projections) -> Result<Self, takt_cluster::Error> {
        let mut stores = Self { projections, ..Self::none(data) };
        stores.put(region, engine)?;
        Ok(stores)
    }

    /// Opens the engine of each region, as `engines` says, or as it is usual where nothing is said; what a region keeps on this
    /// node is in `data/regions/<name>`. Must be called on a tokio runtime.
    pub async fn open_as(
        data: &Path,
        regions: impl IntoIterator<Item = RegionName>,
        engines: &BTreeMap<RegionName, EngineText>,
    ) -> Result<Self, takt_cluster::Error> {
        let mut stores = Self { texts: engines.clone(), ..Self::none(data) };
        let open = |region| {
            let (dir, clock) = (stores.dir(region), stores.clock());
            async move { (region, Engine::open(region, engines.get(&region), &dir, clock).await) }
        };
        // Beside each other: servers take their time for each stream.
        for (region, engine) in futures::future::join_all(regions.into_iter().map(open)).await {
            stores.put(region, engine?)?;
        }
        Ok(stores)
    }

    /// The same, with the roads to regions that have no store here. Where this side dials it begins to; nobody needs to answer yet.
    pub async fn with_roads(mut self, roads: &[RoadText], engines: &BTreeMap<RegionName, EngineText>) -> Result<Self, takt_cluster::Error> {
        for road in roads {
            let (from, to) = (road.from.value, road.to.value);
            match (self.engines.contains_key(&from), self.engines.contains_key(&to)) {
                (true, false) => {
                    let Some(settings) = engine::line(road, engines.get(&to)) else { continue };
                    let shards = engine::shards(to, engines.get(&to));
                    let visit = Some(Visit::begin(settings, self.clock()).await?);
                    self.roads.push(Outward { from, to, shards, visit, text: Some(road.clone()) });
                }
                (false, true) => {
                    let shards = engine::shards(from, engines.get(&from));
                    self.roads.push(Outward { from: to, to: from, shards, visit: None, text: None });
                }
                (true, true) | (false, false) => {}
            }
        }
        Ok(self)
    }

    fn none(data: &Path) -> Self {
        let clock = Arc::new(SystemClock::start());
        let (engines, views, texts) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        Self { data: data.to_owned(), clock, engines, views, roads: Vec::new(), texts, projections: Projections::All }
    }

    fn dir(&self, region: RegionName) -> PathBuf {
        self.data.join("regions").join(region.as_str())
    }

    /// Takes an engine in, with the rows that are made of its log.
    fn put(&mut self, region: RegionName, engine: Engine) -> Result<(), takt_cluster::Error> {
        let stamp = Stamp { schema: index::SCHEMA, incarnation: engine.seams().journal.incarnation() };
        let (rows, opened) = Views::open(&self.dir(region).join("views"), stamp)?;
        tracing::info!(%region, ?opened, "opened the index");
        self.engines.insert(region, engine);
        self.views.insert(region, rows);
        Ok(())
    }

    /// The seams of a region; `None` when it has no store here.
    pub fn seams(&self, region: RegionName) -> Option<Seams> {
        self.engines.get(&region).map(Engine::seams)
    }

    /// Closes them.
    pub(crate) async fn stop(self) {
        drop(self.views);
        for visit in self.roads.into_iter().filter_map(|road| road.visit) {
            visit.stop().await;
        }
        for (_, engine) in self.engines {
            engine.stop().await;
        }
    }

    /// The clock all of them share.
    pub fn clock(&self) -> Arc<dyn Clock> {
        Arc::clone(&self.clock) as Arc<dyn Clock>
    }
}

/// A region on a node's own disk is that node's alone. Another node of the same text would keep a second log of it, and its systems
/// would be told everything twice: so where some regions are on the disk, no other node may run the rest.
async fn with_its_disk(stores: &Stores, settings: &Settings) -> Result<(), AskError> {
    let Some((own, _)) = stores.engines.iter().find(|(_, engine)| !engine.is_shared()) else { return Ok(()) };
    for (region, engine) in stores.engines.iter().filter(|(_, engine)| engine.is_shared()) {
        let others = nodes_of(&engine.seams()).await.map_err(AskError::Store)?;
        if let Some(other) = others.iter().find(|other| **other != settings.node) {
            let why = format!(
                "region {own} of this folder is on the disk of one node, and node `{other}` runs region {region}, too: its text may be the \
                 same, and region {own} would have two logs. Put every region on servers in regions.yaml, or give this node a folder of \
                 regions that no other one runs; a node that just ended is gone after a few seconds"
            );
            return Err(AskError::Start(why));
        }
    }
    Ok(())
}

impl Mesh {
    /// Starts every region over its store, with a road to every other one. A region
    /// carries out its own errands, at sites of other regions too; the limits of a site hold for all of them together.
    pub async fn start(stores: Stores, book: Arc<Book>, links: &[SiteLink], settings: &Settings) -> Result<Self, AskError> {
        let mut regions = BTreeMap::new();
        if settings.lease_ms.is_some() {
            with_its_disk(&stores, settings).await?;
        }
        for (&region, engine) in &stores.engines {
            let Some(views) = stores.views.get(&region).cloned() else { continue };
            let restored = restored::standing(&engine.seams()).await.map_err(|error| AskError::Start(error.to_string()))?;
            if restored == Some(Restored::Reconciling) {
                tracing::warn!(%region, "it was restored from a backup and sends nothing until `takt reconciled` says that it was compared");
            }
            let plan = Plan {
                region,
                seams: engine.seams(),
                book: Arc::clone(&book),
                settings: Settings {
                    lease_ms: settings.lease_ms.filter(|_| engine.is_shared()),
                    restored,
                    ..engine::limits(settings, stores.texts.get(&region))
                },
                sites: links.to_vec(),
                roads: roads(&stores, region, settings, &book),
                views,
                projections: stores.projections,
            };
            regions.insert(region, Region::start(plan).await?);
        }
        let activated_at = RwLock::default();
        let mesh = Self { book: RwLock::new(Arc::clone(&book)), activated_at, regions, stores };
        // The book may be another one than before the last stop.
        mesh.activate(book).await?;
        Ok(mesh)
    }

    /// Puts another book in force in every region. Links stay as they were started.
    pub async fn activate(&self, book: Arc<Book>) -> Result<(), AskError> {
        for region in self.regions.values() {
            region.activate(Arc::clone(&book)).await?;
        }
        let since = in_force::since(&self.stores.data, &book.hash, self.clock().now());
        *self.activated_at.write().unwrap_or_else(PoisonError::into_inner) = since;
        *self.book.write().unwrap_or_else(PoisonError::into_inner) = book;
        Ok(())
    }

    /// The book in force.
    pub fn book(&self) -> Arc<Book> {
        Arc::clone(&self.book.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The book by which things at a site are decided, with the master data of its region.
    pub fn book_of(&self, site: SiteId) -> Arc<Book> {
        self.region_of(site).map_or_else(|| self.book(), |region| region.node().book())
    }

    /// Since when the book in force is, also before this process ran; `None` when that could not be kept.
    pub fn activated_at(&self) -> Option<Instant> {
        *self.activated_at.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// The regions, by name.
    pub fn regions(&self) -> &BTreeMap<RegionName, Region> {
        &self.regions
    }

    /// The clock of this process.
    pub fn clock(&self) -> Arc<dyn Clock> {
        self.stores.clock()
    }

    /// A region that runs elsewhere, as it is reached from here.
    pub fn abroad(&self, region: RegionName) -> Option<&Abroad> {
        self.regions.values().find_map(|here| here.abroad(region))
    }

    /// The regions that run elsewhere and are reached from here.
    pub fn all_abroad(&self) -> BTreeMap<RegionName, &Abroad> {
        self.regions.values().flat_map(Region::all_abroad).filter(|(region, _)| !self.regions.contains_key(region)).collect()
    }

    /// The same of one region, which has to be reached.
    fn reached(&self, region: RegionName) -> Result<&Abroad, AskError> {
        self.abroad(region).ok_or(AskError::Elsewhere(region))
    }

    /// The region a thing is at home in, when that one runs here.
    pub fn home(&self, entity: EntityId) -> Result<&Region, AskError> {
        self.regions.get(&entity.region()).ok_or_else(|| AskError::Elsewhere(entity.region()))
    }

    /// Whether a region is one of the mesh, here or elsewhere.
    pub fn has(&self, region: RegionName) -> bool {
        self.regions.contains_key(&region) || self.book().sites.values().any(|site| site.region == region)
    }

    /// The region of a site.
    pub fn region_of(&self, site: SiteId) -> Option<&Region> {
        self.regions.get(&home(&self.book(), site)?)
    }

    /// The entity an address means: what any region knows by one of its names, else what would be born under the first.
    pub fn entity(&self, address: &Address) -> Option<EntityId> {
        let known = |address: &Address| match address {
            Address::Entity(entity) => Some(*entity),
            Address::Native { names, .. } => {
                let all = || self.regions.values().map(Region::index);
                names.iter().find_map(|name| all().find_map(|index| index.find(name)))
            }
        };
        known(address).or_else(|| self.regions.values().find_map(|region| region.entity(address)))
    }

    /// Has a request decided where it is at home, and answers when the outcome is durable there.
    pub async fn ask(&self, input: Input) -> Result<Reply, AskError> {
        self.ask_with(input, None).await
    }

    /// The same, and has the message that it came in kept with what it leads to, where that is at home in this process.
    pub async fn ask_with(&self, input: Input, raw: Option<Payload>) -> Result<Reply, AskError> {
        let entity = self.entity(&input.to).ok_or(AskError::Unknown)?;
        match self.regions.get(&entity.region()) {
            Some(home) => home.ask_with(self.addressed(entity, input), raw).await,
            None => Box::pin(self.reached(entity.region())?.ask(entity, input)).await,
        }
    }

    /// Keeps a payload in a region, durably.
    pub async fn keep(&self, region: RegionName, payload: Bytes) -> Result<RawRef, AskError> {
        let Some(home) = self.regions.get(&region) else { return self.reached(region)?.keep(payload).await };
        let kept = home.node().seams.blobs.keep(vec![payload.clone()]).await?;
        Ok(kept.first().copied().unwrap_or_else(|| RawRef::of(&payload)))
    }

    /// Stores an input durably in the region of its source, which brings it home; from now on it is ours. Where that region runs
    /// elsewhere it is stored here, and goes to the site itself, which keeps it until what it is about is known.
    pub async fn take(&self, source: SiteId, input: Input, id: String) -> Result<(), AskError> {
        if let Some(region) = self.region_of(source) {
            return region.take(input, id).await;
        }
        let keeper = self.book().site_entity(source).ok_or(AskError::Unknown)?;
        let road = self.regions.values().find(|region| region.abroad(keeper.region()).is_some());
        road.ok_or(AskError::Elsewhere(keeper.region()))?.take(site::unmatched(keeper, input), id).await
    }

    /// The durable state of an entity.
    pub async fn show(&self, entity: EntityId) -> Result<State, AskError> {
        match self.regions.get(&entity.region()) {
            Some(home) => home.show(entity).await,
            None => self.reached(entity.region())?.show(entity).await,
        }
    }

    /// What stands in the log of an entity, oldest first; nothing where nothing was ever recorded.
    pub async fn log(&self, entity: EntityId) -> Result<Vec<Entry>, AskError> {
        match self.regions.get(&entity.region()) {
            Some(home) => Ok(home.node().seams.journal.read(entity, 0).await?),
            None => self.reached(entity.region())?.log(entity).await,
        }
    }

    /// Whether other nodes run any of the regions, too.
    pub fn has_others(&self) -> bool {
        self.regions.values().any(Region::has_others)
    }

    /// Hands what this node does to those that run the regions, too, and stays to carry requests to them.
    pub async fn hand_over(&self) {
        futures::future::join_all(self.regions.values().map(Region::hand_over)).await;
    }

    /// Stops every region. What was acknowledged is durable.
    pub async fn stop(self) {
        for region in self.regions.values() {
            region.stop().await;
        }
        self.stores.stop().await;
    }

    /// The home region may not know the name by which another one found the entity; a name it would be born under stays.
    fn addressed(&self, entity: EntityId, input: Input) -> Input {
        let known_there = self.regions.get(&entity.region()).and_then(|region| region.entity(&input.to)) == Some(entity);
        if known_there { input } else { Input { to: Address::Entity(entity), ..input } }
    }
}

fn home(book: &Book, site: SiteId) -> Option<RegionName> {
    book.sites.get(&site).map(|site| site.region)
}

fn roads(stores: &Stores, from: RegionName, settings: &Settings, book: &Book) -> Vec<Far> {
    let sites = book.sites.iter().filter(|(_, site)| site.region == from).map(|(site, _)| *site).collect();
    let others = stores.engines.iter().filter(|(region, _)| **region != from);
    let beside = |(&region, engine): (&RegionName, &Engine)| {
        let seams = engine.seams();
        let limits = engine::limits(settings, stores.texts.get(&region));
        let road = NextDoor { queue: seams.queue, waiting_max: limits.waiting_max, reserve: limits.waiting_reserve };
        Far { region, shards: seams.journal.shards(), way: Way::Beside(Arc::new(road)) }
    };
    let outward = |road: &Outward| {
        let way = match &road.visit {
            Some(visit) => {
                let exports = road.text.iter().flat_map(|text| text.exports(&sites)).collect();
                let per_second = road.text.as_ref().and_then(|text| text.mail_per_second);
                Way::Dials(Line { queue: visit.queue(), bus: visit.bus(), exports, per_second })
            }
            None => Way::Answers,
        };
        Far { region: road.to, shards: road.shards, way }
    };
    others.map(beside).chain(stores.roads.iter().filter(|road| road.from == from).map(outward)).collect()
}
