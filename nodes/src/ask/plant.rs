//! A site, whole: its systems with what waits for them and what is in doubt, and the orders of its shift.

use futures::future::OptionFuture;
use serde::{Deserialize, Serialize};
use takt_actors::index::{Among, Counted, Index, Shelf, Tally};
use takt_actors::region::Region;
use takt_protocol::book::{Book, SiteKind};
use takt_protocol::id::EntityId;
use takt_protocol::instant::Instant;
use takt_protocol::name::{Region as RegionName, SiteId};

use super::neighbours::{SITE, WORKED};
use super::queries::lot_of;
use super::{Denied, Reception, Sort, sights};
use crate::answers::lot::{LotSample, samples};
use crate::answers::plant::{self, PlantView, SampleRow, Samples};
use crate::answers::system::{self, SystemRow};

/// Orders of a plant that are looked at, at most: those that matter first.
const ORDERS_MAX: usize = 1_000;

/// Lots in inspection that are counted, at most.
const LOTS_MAX: usize = 10_000;

/// Of these, the newest whose samples are looked at.
const LOTS_READ: usize = 20;

/// What is to do at a plant, and what was done in its shift.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Worked {
    /// Its orders that are not over.
    orders: Vec<EntityId>,
    tallies: Vec<Tally>,
    completed: u64,
    posted: u64,
}

impl Worked {
    fn and(mut self, other: Self) -> Self {
        self.orders.extend(other.orders);
        self.tallies.extend(other.tallies);
        Self { completed: self.completed + other.completed, posted: self.posted + other.posted, ..self }
    }
}

impl Reception {
    /// A site, whole.
    pub async fn plant(&self, name: &str) -> Result<PlantView, Denied> {
        let book = self.mesh().book();
        let site = SiteId::parse(name).ok().filter(|site| book.sites.contains_key(site)).ok_or_else(|| {
            let choices = book.sites.keys().map(ToString::to_string);
            let message = format!("there is no site {}", name.escape_debug());
            Denied::new(Sort::NotFound, "UNKNOWN", message, "use the name of a site, such as one of the choices").at("id").choose(choices)
        })?;
        let home = book.sites.get(&site).map(|site| site.region);
        if let Some(view) = OptionFuture::from(home.map(|home| self.told_there(home, SITE, name))).await.flatten() {
            return Ok(view);
        }
        let book = self.mesh().book_of(site);
        self.indexed().await;
        let now = self.mesh().clock().now();
        let entity = book.site_entity(site).filter(|entity| self.mesh().home(*entity).is_ok());
        let state = match entity {
            Some(entity) => Some(self.mesh().show(entity).await.map_err(|error| Denied::asking(&error))?),
            None => None,
        };
        let systems = self.systems_at(&book, site, now).await?;
        let mut books = Vec::new();
        for system in system::serving(&book, site).into_iter().filter(|system| book.reconcile.contains_key(system)) {
            let kept = self.books_at(&book, system).await?;
            books.push(self.beside(&book, system, kept.as_ref()));
        }
        let (worked, untold) = self.worked(&book, site, now).await;
        let orders = self.reached(worked.orders.iter().copied()).await;
        let home = entity.and_then(|entity| Some((entity, self.mesh().home(entity).ok()?)));
        let beside = plant::Beside {
            book: &book,
            systems,
            orders: &orders,
            books,
            down_since: home.map(|(entity, region)| region.index().down_since(entity)).unwrap_or_default(),
            configured_at: self.mesh().activated_at(),
            done: plant::done(&book, site, now, worked.tallies, (worked.completed, worked.posted)),
            untold,
            autonomy: plant::autonomy(&book, site, &system::serving(&book, site), &self.links().await?.rows),
            samples: self.samples(&book, site).await?,
        };
        let view = plant::view(site, state.as_ref(), now, beside);
        let view = view.ok_or_else(|| Denied::ours("a configured site is not in the book"))?;
        Ok(PlantView { exceptions: self.answering(view.exceptions), ..view })
    }

    /// Samples of a plant's lots that nobody judged yet; nothing of what is no plant.
    async fn samples(&self, book: &Book, site: SiteId) -> Result<Option<Samples>, Denied> {
        if book.sites.get(&site).is_none_or(|known| known.kind != SiteKind::Plant) {
            return Ok(None);
        }
        let among = Among::Site(site);
        let waiting: Vec<EntityId> =
            self.indexes().flat_map(|index| index.shelved(&among, Shelf::Inspected, None, LOTS_MAX)).map(|stand| stand.entity).collect();
        let mut found = Samples { lots: waiting.len(), ..Samples::default() };
        for state in self.reached(waiting.into_iter().take(LOTS_READ)).await {
            let lot = lot_of(&state)?;
            let name = lot.key.as_ref().map_or_else(|| state.id.to_string(), ToString::to_string);
            let commits = self.history(state.id, self.mesh().clock().now()).await?;
            let open = samples(lot, &commits).into_iter().filter(|sample| sample.passed.is_none());
            found.open.extend(open.filter_map(|LotSample { sample, taken_at, due_at, .. }| {
                Some(SampleRow { taken_at: taken_at?, sample, lot: name.clone(), due_at })
            }));
            found.untaken.extend(lot.samples.is_empty().then_some(name));
        }
        found.open.sort();
        Ok(Some(found))
    }

    /// What is to do at a plant and was done there, by all regions in which orders of its are at home; and who did not say.
    async fn worked(&self, book: &Book, site: SiteId, now: Instant) -> (Worked, Vec<String>) {
        let asked = self.gathered_within::<Worked>(sights::REGION_PATIENCE, WORKED, |_| site.as_str().as_bytes().to_vec());
        let (far, near) = tokio::join!(asked, async { Self::worked_in(&self.indexes().collect::<Vec<_>>(), book, site, now) });
        let whole = far.parts.into_values().fold(near, Worked::and);
        (whole, far.fresh.iter().filter(|part| part.as_of.is_none()).map(sights::unreached).collect())
    }

    /// The same by one region that runs here.
    pub(super) fn worked_of(&self, region: RegionName, site: &str) -> Worked {
        let book = self.mesh().book();
        let Some(site) = SiteId::parse(site).ok().filter(|site| book.sites.contains_key(site)) else { return Worked::default() };
        let indexes: Vec<&Index> = self.mesh().regions().get(&region).map(Region::index).into_iter().collect();
        Self::worked_in(&indexes, &book, site, self.mesh().clock().now())
    }

    fn worked_in(indexes: &[&Index], book: &Book, site: SiteId, now: Instant) -> Worked {
        let calendar = book.calendar(site);
        let (day, since) = (calendar.plant_day(now), calendar.shift_start(now));
        let counted = |what| indexes.iter().map(|index| index.counted(site, what, since)).sum();
        Worked {
            orders: Self::open_orders(indexes, site, now, ORDERS_MAX),
            tallies: indexes.iter().flat_map(|index| index.tallies(site, &day)).collect(),
            completed: counted(Counted::Completed),
            posted: counted(Counted::Posted),
        }
    }

    /// The systems that serve a site, each with what waits for it and what is in doubt there.
    async fn systems_at(&self, book: &Book, site: SiteId, now: Instant) -> Result<Vec<SystemRow>, Denied> {
        let serving = system::serving(book, site);
        let wanted = sights::Wanted { sites: serving.iter().copied().collect(), waiting: true, ..Default::default() };
        let sights = self.sights(&wanted).await?;
        let row = |system: SiteId| {
            let status = sights.status(system, now);
            let heard = system::heard(book, system, status.as_ref(), sights.missing(), now);
            let limit = status.and_then(|status| status.per_minute_max);
            system::loaded(heard, sights.traffic(system), sights.waiting(system), sights.doubts(system, site), limit)
        };
        Ok(serving.into_iter().map(row).collect())
    }
}
