//! Questions, each answered from the durable state of the thing itself; lists by the indexes of the regions that run here.
//! Never changes anything.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use takt_actors::index::Index;
use takt_actors::region::{self, AskError};
use takt_cluster::seam::{Entry, QueueName};
use takt_protocol::book as configured;
use takt_protocol::id::{EntityId, Kind};
use takt_protocol::instant::Instant;
use takt_protocol::kernel::{Own, State};
use takt_protocol::lot::Lot;
use takt_protocol::name::{Region, SiteId};
use takt_protocol::native::Ref;
use takt_protocol::order::Order;
use takt_protocol::wire;

use super::neighbours::{SEARCH, SITES};
use super::world::{Hits, Sites};
use super::{Denied, ROWS_MAX, Reception, Sort, field, part, sights, v1};
use crate::answers::lot::{Edge, Genealogy, Trace, TracePlace, TracedShipment, edge};
use crate::answers::shipment::ShipmentView;
use crate::answers::site::SiteRow;
use crate::answers::timeline::{self, Timeline};
use crate::answers::unit::UnitView;
use crate::answers::world::World;
use crate::answers::{Hit, Page, shipment, site, unit, word_of};

/// How long a list waits for the index to catch up.
const INDEX_PATIENCE: Duration = Duration::from_millis(500);

/// Lots a trace walks over at most.
const TRACE_MAX: usize = 500;

impl Reception {
    /// What happened to a thing until now, or until a moment, a part of it.
    pub async fn timeline(&self, kind: Kind, asked: &v1::PartOf) -> Result<Timeline, Denied> {
        let after = part::behind(asked.after.as_deref(), timeline::Spot::parse)?;
        let (most, until) = (part::most(asked.most)?, self.moment(asked.at.as_deref())?);
        let entity = match kind {
            Kind::Site => self.site_called(&asked.id)?,
            Kind::Order | Kind::Lot | Kind::Unit | Kind::Shipment | Kind::Record => self.find(kind, kind.word(), &asked.id).await?,
        };
        let log = self.log(entity, kind.word()).await?;
        let mut shown = timeline::part(entity.to_string(), &log, &timeline::Wanted { until, after, most });
        for words in shown.steps.iter_mut().flat_map(|step| &mut step.what) {
            *words = self.in_names(words).await;
        }
        match until {
            Some(at) if shown.commits == 0 => {
                let first = log.first().and_then(|entry| Some(wire::open(&entry.bytes).ok()?.0.at));
                Err(Self::unrecorded(entity, kind.word(), at, first))
            }
            Some(_) | None => Ok(Timeline { as_of: until.unwrap_or_else(|| self.mesh().clock().now()).to_string(), ..shown }),
        }
    }

    /// The site of this name.
    fn site_called(&self, name: &str) -> Result<EntityId, Denied> {
        let site = field::word("id", name, SiteId::parse)?;
        self.configured(site, "id")?;
        self.mesh().book().site_entity(site).ok_or_else(|| Denied::ours("a configured site is not in the book"))
    }

    /// Everything a lot came from and went into, as it is or as it was, a part of it.
    pub async fn trace(&self, asked: &v1::PartOf) -> Result<Trace, Denied> {
        let after = part::behind(asked.after.as_deref(), TracePlace::parse)?;
        let most = part::most(asked.most)?;
        Ok(self.traced(&asked.id, asked.at.as_deref()).await?.part(after.as_ref(), most))
    }

    /// The same, whole.
    async fn traced(&self, id: &str, at: Option<&str>) -> Result<Trace, Denied> {
        let then = self.moment(at)?;
        let seen = self.seen(Kind::Lot, "lot", id, at).await?;
        let state = seen.state;
        let mut trace = Trace::unheard_of(state.id, lot_of(&state)?.key.as_ref().map(ToString::to_string), seen.at);
        trace.plant = state.site().map(|site| site.to_string());
        let mut shipments = ships(lot_of(&state)?);
        let ancestors = self.walked(&state, |lot| &lot.parents, then, &mut trace.cut).await?;
        let descendants = self.walked(&state, |lot| &lot.children, then, &mut trace.cut).await?;
        for (_, lot) in &descendants {
            shipments.extend(ships(lot_of(lot)?));
        }
        trace.ancestors = ancestors.into_iter().map(|(edge, _)| edge).collect();
        trace.descendants = descendants.into_iter().map(|(edge, _)| edge).collect();
        let reached = match then {
            None => self.reached(shipments.iter().copied()).await,
            Some(_) => self.reached_then(shipments.iter().copied(), then).await,
        };
        trace.shipments = shipments.into_iter().map(|id| TracedShipment::of(id, &reached)).collect();
        Ok(trace)
    }

    /// What went into an order and what came out of it, each lot with where it came from and went to; as it is or as it was.
    pub async fn genealogy(&self, id: &str, at: Option<&str>) -> Result<Genealogy, Denied> {
        let seen = self.seen(Kind::Order, "order", id, at).await?;
        let state = seen.state;
        let order = order_of(&state)?;
        let mut made = Vec::new();
        for (key, lot) in &order.made {
            made.push(match self.traced(&lot.to_string(), at).await {
                // The order knows its lot a moment before the lot itself does.
                Err(no) if at.is_some() && no.sort == Sort::NotFound => Trace::unheard_of(*lot, Some(key.to_string()), seen.at),
                traced => traced?,
            });
        }
        let name = order.header().map(|header| format!("{}@{}", header.number, header.erp));
        Ok(Genealogy {
            id: state.id.to_string(),
            order: name,
            plant: state.site().map(|site| site.to_string()),
            consumed: order.consumed.iter().map(edge).collect(),
            made,
            as_of: seen.at.to_string(),
        })
    }

    /// A handling unit, as it is or as it was.
    pub async fn unit(&self, id: &str, at: Option<&str>) -> Result<UnitView, Denied> {
        let seen = self.seen(Kind::Unit, "unit", id, at).await?;
        let Own::Unit(unit) = &seen.state.own else { return Err(other_kind(&seen.state)) };
        let view = unit::view(&seen.state, unit, seen.at);
        Ok(UnitView { head: view.head.because(seen.because), exceptions: self.answering(view.exceptions), ..view })
    }

    /// A shipment, as it is or as it was.
    pub async fn shipment(&self, id: &str, at: Option<&str>) -> Result<ShipmentView, Denied> {
        let seen = self.seen(Kind::Shipment, "shipment", id, at).await?;
        let Own::Shipment(shipment) = &seen.state.own else { return Err(other_kind(&seen.state)) };
        let view = shipment::view(&seen.state, shipment, seen.at);
        Ok(ShipmentView { head: view.head.because(seen.because), exceptions: self.answering(view.exceptions), ..view })
    }

    /// What lists are made from.
    pub(super) fn indexes(&self) -> impl Iterator<Item = &Index> {
        self.mesh().regions().values().map(region::Region::index)
    }

    /// Waits a little for the indexes to read what was recorded by now. When lists are of: now, or as far as the one came
    /// that is behind.
    pub(super) async fn indexed(&self) -> Instant {
        let mut as_of = self.mesh().clock().now();
        for region in self.mesh().regions().values() {
            let caught_up = tokio::time::timeout(INDEX_PATIENCE, region.index().caught_up(region.node())).await;
            if !matches!(caught_up, Ok(Ok(()))) {
                tracing::warn!("the index is behind; lists are older than now");
                as_of = as_of.min(region.index().as_of().unwrap_or(Instant::EPOCH));
            }
        }
        as_of
    }

    /// Every configured site, as its own region shows it where that one is reached.
    pub async fn sites(&self) -> Result<World<SiteRow>, Denied> {
        let (far, here) = tokio::join!(self.gathered::<Sites>(SITES, |_| Vec::new()), self.site_rows(|_| true));
        let (now, mut rows) = (self.mesh().clock().now(), here?);
        let mut told: BTreeMap<String, SiteRow> = far.parts.into_values().flatten().map(|row| (row.name.clone(), row)).collect();
        for row in &mut rows {
            if let Some(theirs) = told.remove(&row.name) {
                *row = theirs;
            }
        }
        let page = Page { rows, next: None, as_of: Some(now.to_string()) };
        Ok(World { page, regions: self.with_ours(far.fresh, now) })
    }

    /// The sites at home in one region that runs here.
    pub(super) async fn sites_at(&self, region: Region) -> Result<Sites, Denied> {
        self.site_rows(|site| site.region == region).await
    }

    /// Sites, as far as they are known here.
    async fn site_rows(&self, wanted: impl Fn(&configured::Site) -> bool) -> Result<Sites, Denied> {
        let (book, now) = (self.mesh().book(), self.mesh().clock().now());
        let wanted: Vec<_> = book.sites.iter().filter(|(_, site)| wanted(site)).collect();
        let asked = sights::Wanted { sites: wanted.iter().map(|(name, _)| **name).collect(), waiting: true, ..Default::default() };
        let sights = self.sights(&asked).await?;
        let mut rows = Vec::with_capacity(wanted.len());
        for (name, configured) in wanted {
            let home = self.mesh().regions().get(&configured.region);
            let reconciling = home.is_some_and(takt_actors::region::Region::is_reconciling);
            let row = SiteRow { reconciling, ..site::unreached(*name, configured) };
            let row = site::linked(row, sights.status(*name, now).as_ref(), sights.missing());
            let entity = book.site_entity(*name).filter(|entity| self.mesh().home(*entity).is_ok());
            let Some(entity) = entity else {
                rows.push(row);
                continue;
            };
            let state = self.mesh().show(entity).await.map_err(|error| Denied::asking(&error))?;
            let Own::Site(own) = &state.own else { return Err(other_kind(&state)) };
            rows.push(site::reached(row, own, state.common.cases.len(), sights.waiting(*name), now));
        }
        Ok(rows)
    }

    /// Everything that any system knows by this number.
    pub async fn search(&self, text: &str) -> Result<World<Hit>, Denied> {
        let (far, as_of) = tokio::join!(self.gathered::<Hits>(SEARCH, |_| text.as_bytes().to_vec()), self.indexed());
        let theirs: Hits = far.parts.into_values().flatten().collect();
        let named = match self.named(text) {
            Ok(named) => named,
            // A system's own number may be known elsewhere.
            Err(no) if theirs.is_empty() => return Err(no),
            Err(_) => Vec::new(),
        };
        let mut rows: Hits = Vec::new();
        for hit in named.into_iter().map(hit).chain(self.numbered(text)).chain(theirs).chain(self.configured_as(text)) {
            if !rows.contains(&hit) {
                rows.push(hit);
            }
        }
        for hit in self.resembling(text) {
            if !rows.iter().any(|known| same_thing(known, &hit)) {
                rows.push(hit);
            }
        }
        rows.truncate(ROWS_MAX);
        let page = Page { rows, next: None, as_of: Some(as_of.to_string()) };
        Ok(World { page, regions: self.with_ours(far.fresh, as_of) })
    }

    /// What is known by this number in one region that runs here.
    pub(super) fn hits_of(&self, region: Region, text: &str) -> Result<Hits, Denied> {
        let named = self.named(text)?.into_iter().filter(|(_, entity)| entity.region() == region).map(hit);
        let is_here = |hit: &Hit| EntityId::parse(&hit.id).is_ok_and(|entity| entity.region() == region);
        let others = self.numbered(text).into_iter().chain(self.resembling(text)).filter(is_here);
        Ok(named.chain(others).take(ROWS_MAX).collect())
    }

    /// The state of a thing that anything was ever recorded about.
    pub(super) async fn born(&self, kind: Kind, field: &'static str, id: &str) -> Result<State, Denied> {
        let entity = self.find(kind, field, id).await?;
        let state = self.mesh().show(entity).await.map_err(|error| Denied::asking(&error))?;
        if state.is_born() { Ok(state) } else { Err(Denied::nobody_knows(kind.word(), field)) }
    }

    /// The log of a thing that anything was ever recorded about.
    pub(super) async fn log(&self, entity: EntityId, field: &'static str) -> Result<Vec<Entry>, Denied> {
        let log = self.mesh().log(entity).await.map_err(|error| Denied::asking(&error))?;
        if log.is_empty() {
            return Err(Denied::nobody_knows(entity.kind().word(), field));
        }
        Ok(log)
    }

    /// All lots that are reached over these edges, each once, by what was recorded until `then`.
    pub(super) async fn walked(
        &self,
        from: &State,
        edges: fn(&Lot) -> &BTreeSet<(takt_protocol::words::LotKey, EntityId)>,
        then: Option<Instant>,
        cut: &mut bool,
    ) -> Result<Vec<(Edge, State)>, Denied> {
        let (mut seen, mut found) = (BTreeSet::from([from.id]), Vec::new());
        let mut waiting: Vec<_> = edges(lot_of(from)?).iter().cloned().collect();
        while let Some(next) = waiting.pop() {
            if !seen.insert(next.1) {
                continue;
            }
            if found.len() >= TRACE_MAX {
                *cut = true;
                break;
            }
            let state = self.state_at(next.1, then).await?;
            waiting.extend(edges(lot_of(&state)?).iter().cloned());
            found.push((edge(&next), state));
        }
        Ok(found)
    }

    /// Errands that wait for a site in these regions, by tier.
    pub(super) async fn waiting(&self, site: SiteId, regions: &[&region::Region]) -> Result<[u64; 3], Denied> {
        let mut waiting = [0; 3];
        for region in regions {
            for (tier, sum) in (0..).zip(&mut waiting) {
                let depth = region.node().seams.queue.depth(QueueName::Out { site, tier }).await;
                *sum += depth.map_err(|error| Denied::asking(&AskError::Store(error)))?;
            }
        }
        Ok(waiting)
    }
}

/// Whether two hits lead to the same thing: what is found by two of its names is told by the better one.
fn same_thing(one: &Hit, other: &Hit) -> bool {
    let is_thing = |hit: &Hit| hit.id.starts_with(&format!("{}.", hit.kind));
    one == other || (one.id == other.id && is_thing(one) && is_thing(other))
}

/// What kind of thing was found; of a record, what it is a record of.
pub(super) fn hit((name, entity): (Option<Ref>, EntityId)) -> Hit {
    let kind = match &name {
        Some(name) if entity.kind() == Kind::Record => word_of(&name.kind),
        Some(_) | None => entity.kind().to_string(),
    };
    let name = name.map_or_else(|| entity.to_string(), |name| name.to_string());
    Hit { id: entity.to_string(), kind, name }
}

pub(super) fn order_of(state: &State) -> Result<&Order, Denied> {
    match &state.own {
        Own::Order(order) => Ok(order),
        Own::Lot(_) | Own::Unit(_) | Own::Shipment(_) | Own::Site(_) | Own::Record(_) => Err(other_kind(state)),
    }
}

pub(super) fn lot_of(state: &State) -> Result<&Lot, Denied> {
    match &state.own {
        Own::Lot(lot) => Ok(lot),
        Own::Order(_) | Own::Unit(_) | Own::Shipment(_) | Own::Site(_) | Own::Record(_) => Err(other_kind(state)),
    }
}

/// Shipments that have any of it, or had.
pub(super) fn ships(lot: &Lot) -> BTreeSet<EntityId> {
    lot.shipments.keys().copied().chain(lot.left_with()).collect()
}

pub(super) fn other_kind(state: &State) -> Denied {
    Denied::ours(&format!("{} is not what its id says", state.id))
}
