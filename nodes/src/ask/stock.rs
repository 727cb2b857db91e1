//! The lists of lots and of shipments: what is held or blocked first. Put in order by the rows of the indexes, which are read no
//! further than a page reaches: only its rows are looked at whole.

use prost::Message as _;
use takt_actors::index::{Among, Index, Shelf, Stand};
use takt_protocol::book::SiteKind;
use takt_protocol::id::EntityId;
use takt_protocol::kernel::{Own, State};
use takt_protocol::name::{Region as RegionName, SiteId};
use takt_protocol::words::MaterialId;

use super::neighbours::{LOTS, SHIPMENTS};
use super::world::{self, Cursors, Gathered, Merged, Placed};
use super::{Denied, Reception, field, part, v1};
use crate::answers::Page;
use crate::answers::lot::{LotRow, listed};
use crate::answers::shipment::{self, ShipmentRow};
use crate::answers::world::World;

/// Where a thing stands in a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    shelf: Shelf,
    stand: Stand,
}

impl world::Place for Place {
    /// Reads what it printed: `0.-1764050000000000000.lot.eu.1.…`.
    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.splitn(3, '.');
        let number = parts.next()?.parse::<u8>().ok()?;
        let mut shelves = Shelf::LOTS.into_iter().chain(Shelf::SHIPMENTS);
        let shelf = shelves.find(|shelf| *shelf as u8 == number)?;
        let stand = Stand { at_ns: parts.next()?.parse().ok()?, entity: EntityId::parse(parts.next()?).ok()? };
        Some(Self { shelf, stand })
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}.{}", self.shelf as u8, self.stand.at_ns, self.stand.entity)
    }
}

/// Which things are wanted, and how many of them.
struct Wanted {
    shelves: Vec<Shelf>,
    among: Among,
    /// Beside that, only those of this site.
    site: Option<SiteId>,
    most: usize,
}

impl Reception {
    /// Lots of all regions behind the place `after`, at most `most`: held ones, those in inspection, the rest; the newest first.
    pub async fn lots(&self, asked: &v1::LotsWanted) -> Result<World<LotRow>, Denied> {
        let (after, wanted) = (behind(asked.after.as_deref(), Shelf::LOTS)?, self.lots_wanted(asked)?);
        let question = |region| v1::LotsWanted { after: after.text(region), ..asked.clone() }.encode_to_vec();
        self.page(self.gathered(LOTS, question), &wanted, &after, lot).await
    }

    /// The lots of one region that runs here behind a place, one more than a page has, each with its place.
    pub(super) async fn lots_of(&self, region: RegionName, asked: &v1::LotsWanted) -> Result<Placed<LotRow>, Denied> {
        let (after, wanted) = (behind(asked.after.as_deref(), Shelf::LOTS)?, self.lots_wanted(asked)?);
        self.part_of(region, &wanted, &after, lot).await
    }

    fn lots_wanted(&self, asked: &v1::LotsWanted) -> Result<Wanted, Denied> {
        let plant = field::maybe("plant", asked.plant.as_ref(), SiteId::parse)?;
        if let Some(plant) = plant {
            self.configured_as_a(plant, "plant", SiteKind::Plant)?;
        }
        let among = match (field::maybe("material", asked.material.as_ref(), MaterialId::parse)?, plant) {
            (Some(material), _) => Among::Material(material),
            (None, Some(plant)) => Among::Site(plant),
            (None, None) => Among::All,
        };
        let (held, in_inspection) = (asked.held.unwrap_or(false), asked.in_inspection.unwrap_or(false));
        let wants = |shelf: &Shelf| match shelf {
            Shelf::Held => held || !in_inspection,
            Shelf::Inspected => in_inspection || !held,
            Shelf::Free | Shelf::Blocked | Shelf::Leaving | Shelf::Left => !held && !in_inspection,
        };
        let shelves = Shelf::LOTS.into_iter().filter(wants).collect();
        Ok(Wanted { shelves, among, site: plant, most: part::most(asked.most)? })
    }

    /// Shipments of all regions behind the place `after`, at most `most`: blocked ones, those that have not left, those that left.
    pub async fn shipments(&self, asked: &v1::ShipmentsWanted) -> Result<World<ShipmentRow>, Denied> {
        let (after, wanted) = (behind(asked.after.as_deref(), Shelf::SHIPMENTS)?, self.shipments_wanted(asked)?);
        let question = |region| v1::ShipmentsWanted { after: after.text(region), ..asked.clone() }.encode_to_vec();
        self.page(self.gathered(SHIPMENTS, question), &wanted, &after, |state| self.truck(state)).await
    }

    /// The shipments of one region that runs here behind a place, one more than a page has, each with its place.
    pub(super) async fn shipments_of(&self, region: RegionName, asked: &v1::ShipmentsWanted) -> Result<Placed<ShipmentRow>, Denied> {
        let (after, wanted) = (behind(asked.after.as_deref(), Shelf::SHIPMENTS)?, self.shipments_wanted(asked)?);
        self.part_of(region, &wanted, &after, |state| self.truck(state)).await
    }

    fn shipments_wanted(&self, asked: &v1::ShipmentsWanted) -> Result<Wanted, Denied> {
        let warehouse = field::maybe("warehouse", asked.warehouse.as_ref(), SiteId::parse)?;
        if let Some(warehouse) = warehouse {
            self.configured_as_a(warehouse, "warehouse", SiteKind::Warehouse)?;
        }
        let shelves = match (asked.blocked.unwrap_or(false), asked.open.unwrap_or(false)) {
            (true, _) => vec![Shelf::Blocked],
            (false, true) => vec![Shelf::Blocked, Shelf::Leaving],
            (false, false) => Shelf::SHIPMENTS.to_vec(),
        };
        let among = warehouse.map_or(Among::All, Among::Site);
        Ok(Wanted { shelves, among, site: None, most: part::most(asked.most)? })
    }

    fn truck(&self, state: &State) -> Option<ShipmentRow> {
        let now = self.mesh().clock().now();
        if let Own::Shipment(own) = &state.own { Some(shipment::listed(state, own, now)) } else { None }
    }

    /// A part of a list, each row from the durable state of its thing.
    async fn page<T: utoipa::ToSchema>(
        &self,
        far: impl Future<Output = Gathered<Placed<T>>>,
        wanted: &Wanted,
        after: &Cursors<Place>,
        row: impl Fn(&State) -> Option<T>,
    ) -> Result<World<T>, Denied> {
        let (far, as_of) = tokio::join!(far, self.indexed());
        let regions = self.mesh().regions().iter();
        let here = regions.flat_map(|(region, here)| shelved(here.index(), wanted, after.after(*region), wanted.most + 1));
        let fresh = self.with_ours(far.fresh.clone(), as_of);
        let Merged { rows, next } = self.merged(here.map(|place| (place, None)), far, after, wanted.most)?;
        let mut shown = Vec::with_capacity(rows.len());
        for (place, told) in rows {
            match told {
                Some(told) => shown.push(told),
                None => shown.extend(row(&self.stands(place).await?)),
            }
        }
        Ok(World { page: Page { rows: shown, next, as_of: Some(as_of.to_string()) }, regions: fresh })
    }

    /// The part of one region that runs here, one row more than a page has.
    async fn part_of<T>(
        &self,
        region: RegionName,
        wanted: &Wanted,
        after: &Cursors<Place>,
        row: impl Fn(&State) -> Option<T>,
    ) -> Result<Placed<T>, Denied> {
        let Some(here) = self.mesh().regions().get(&region) else { return Ok(Vec::new()) };
        let mut rows = Vec::new();
        for place in shelved(here.index(), wanted, after.after(region), wanted.most + 1) {
            rows.extend(row(&self.stands(place).await?).map(|row| (place.to_string(), row)));
        }
        Ok(rows)
    }

    async fn stands(&self, place: Place) -> Result<State, Denied> {
        self.mesh().show(place.stand.entity).await.map_err(|error| Denied::asking(&error))
    }
}

fn lot(state: &State) -> Option<LotRow> {
    if let Own::Lot(lot) = &state.own { Some(listed(state, lot)) } else { None }
}

/// Where a list begins that is of these shelves.
fn behind(after: Option<&str>, shelves: [Shelf; 3]) -> Result<Cursors<Place>, Denied> {
    let cursors: Cursors<Place> = Cursors::behind(after)?;
    if cursors.places().all(|place| shelves.contains(&place.shelf)) { Ok(cursors) } else { Err(part::no_place(after.unwrap_or_default())) }
}

/// Where the wanted things of a region behind `after` stand, at most `most`. Reads the index no further than that.
fn shelved(index: &Index, wanted: &Wanted, after: Option<Place>, most: usize) -> Vec<Place> {
    let mut found = Vec::new();
    for shelf in wanted.shelves.iter().copied().filter(|shelf| after.is_none_or(|after| *shelf >= after.shelf)) {
        let behind = after.filter(|after| after.shelf == shelf).map(|after| after.stand);
        let stands = stretch(index, wanted, shelf, behind, most - found.len());
        found.extend(stands.into_iter().map(|stand| Place { shelf, stand }));
        if found.len() >= most {
            break;
        }
    }
    found.truncate(most);
    found
}

/// The wanted part of a shelf in one index, at most `most`.
fn stretch(index: &Index, wanted: &Wanted, shelf: Shelf, mut behind: Option<Stand>, most: usize) -> Vec<Stand> {
    let here = |stand: &Stand| match (&wanted.among, wanted.site) {
        (Among::Material(_), Some(site)) => index.glance(stand.entity).is_some_and(|glance| glance.site == Some(site)),
        _ => true,
    };
    let mut found = Vec::new();
    loop {
        let read = index.shelved(&wanted.among, shelf, behind, most);
        behind = read.last().copied();
        let full = read.len() == most;
        found.extend(read.into_iter().filter(here));
        if !full || found.len() >= most {
            return found;
        }
    }
}
