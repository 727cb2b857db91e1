//! The lists of lots and of shipments: what is held or blocked first. Put in order by the rows of the indexes, which are read no
//! further than a page reaches: only its rows are looked at whole.

use takt_actors::index::{Among, Index, Shelf, Stand};
use takt_protocol::book::SiteKind;
use takt_protocol::id::EntityId;
use takt_protocol::kernel::{Own, State};
use takt_protocol::name::SiteId;
use takt_protocol::words::MaterialId;

use super::{Denied, Reception, field, part, v1};
use crate::answers::Page;
use crate::answers::lot::{LotRow, listed};
use crate::answers::shipment::{self, ShipmentRow};

/// Where a thing stands in a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    shelf: Shelf,
    stand: Stand,
}

impl Place {
    /// Reads what [`Place`] printed: `0.-1764050000000000000.lot.eu.1.…`.
    fn parse(text: &str, shelves: [Shelf; 3]) -> Option<Self> {
        let mut parts = text.splitn(3, '.');
        let number = parts.next()?.parse::<u8>().ok()?;
        let shelf = shelves.into_iter().find(|shelf| *shelf as u8 == number)?;
        let stand = Stand { at_ns: parts.next()?.parse().ok()?, entity: EntityId::parse(parts.next()?).ok()? };
        Some(Self { shelf, stand })
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}.{}", self.shelf as u8, self.stand.at_ns, self.stand.entity)
    }
}

/// Which things are wanted, and which part of them.
struct Wanted {
    shelves: Vec<Shelf>,
    among: Among,
    /// Beside that, only those of this site.
    site: Option<SiteId>,
    after: Option<Place>,
    most: usize,
}

impl Reception {
    /// Lots behind the place `after`, at most `most`: held ones, those in inspection, the rest; the newest first.
    pub async fn lots(&self, asked: &v1::LotsWanted) -> Result<Page<LotRow>, Denied> {
        let after = part::behind(asked.after.as_deref(), |text| Place::parse(text, Shelf::LOTS))?;
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
        let wanted = Wanted { shelves, among, site: plant, after, most: part::most(asked.most)? };
        let row = |state: &State| if let Own::Lot(lot) = &state.own { Some(listed(state, lot)) } else { None };
        self.page(&wanted, row).await
    }

    /// Shipments behind the place `after`, at most `most`: blocked ones, those that have not left, those that left.
    pub async fn shipments(&self, asked: &v1::ShipmentsWanted) -> Result<Page<ShipmentRow>, Denied> {
        let after = part::behind(asked.after.as_deref(), |text| Place::parse(text, Shelf::SHIPMENTS))?;
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
        let wanted = Wanted { shelves, among, site: None, after, most: part::most(asked.most)? };
        let now = self.mesh().clock().now();
        let row = |state: &State| if let Own::Shipment(own) = &state.own { Some(shipment::listed(state, own, now)) } else { None };
        self.page(&wanted, row).await
    }

    /// A part of a list, each row from the durable state of its thing.
    async fn page<T: utoipa::ToSchema>(&self, wanted: &Wanted, row: impl Fn(&State) -> Option<T>) -> Result<Page<T>, Denied> {
        let as_of = self.indexed().await;
        let page = self.shelved(wanted, wanted.most + 1);
        let next = page.get(wanted.most).and_then(|_| page.get(wanted.most - 1)).map(ToString::to_string);
        let mut rows = Vec::with_capacity(page.len());
        for place in page.iter().take(wanted.most) {
            let state = self.mesh().show(place.stand.entity).await.map_err(|error| Denied::asking(&error))?;
            rows.extend(row(&state));
        }
        Ok(Page { rows, next, as_of: Some(as_of.to_string()) })
    }

    /// Where the wanted things behind `after` stand, at most `most`. Reads the indexes no further than that.
    fn shelved(&self, wanted: &Wanted, most: usize) -> Vec<Place> {
        let mut found = Vec::new();
        for shelf in wanted.shelves.iter().copied().filter(|shelf| wanted.after.is_none_or(|after| *shelf >= after.shelf)) {
            let behind = wanted.after.filter(|after| after.shelf == shelf).map(|after| after.stand);
            let left = most - found.len();
            let mut stands: Vec<Stand> = self.indexes().flat_map(|index| stretch(index, wanted, shelf, behind, left)).collect();
            stands.sort();
            found.extend(stands.into_iter().take(left).map(|stand| Place { shelf, stand }));
            if found.len() >= most {
                break;
            }
        }
        found
    }
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
