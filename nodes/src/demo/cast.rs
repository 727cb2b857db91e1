//! Who plays in the demo: the simulated systems with their addresses, and the plants whose orders are told about.

use std::collections::BTreeMap;

use takt_protocol::book::{Book, Recipe, SiteKind};
use takt_protocol::name::{Region, SiteId};
use takt_protocol::words::MaterialId;
use takt_simulations::world::system::Kind;

/// Code tables of a site's link, by table and by our word: the foreign system's words.
pub(super) type Tables = BTreeMap<String, BTreeMap<String, String>>;

/// A simulated system.
#[derive(Clone, Debug)]
pub(super) struct System {
    pub(super) site: SiteId,
    /// What plays it.
    pub(super) kind: Kind,
    /// Where it listens, without a slash at the end.
    pub(super) url: String,
    /// The words its link uses.
    pub(super) tables: Tables,
}

impl System {
    /// Whether it speaks in files, and has no door but that of its own people.
    pub(super) fn in_files(&self) -> bool {
        self.kind == Kind::MesCsv
    }

    /// Its own word for ours; ours where it has none.
    pub(super) fn word(&self, table: &str, ours: &str) -> String {
        self.tables.get(table).and_then(|table| table.get(ours)).cloned().unwrap_or_else(|| ours.to_owned())
    }
}

/// A plant, with everything an order needs there.
#[derive(Clone, Debug)]
pub(super) struct Plant {
    pub(super) site: SiteId,
    pub(super) region: Region,
    pub(super) mes: System,
    pub(super) erp: System,
    pub(super) wms: System,
    pub(super) qms: System,
    /// The maintenance system, where it has one.
    pub(super) cmms: Option<System>,
    /// The transport system of its warehouse, where that has one.
    pub(super) tms: Option<System>,
    /// What it makes: a material and its recipe, newest last.
    pub(super) makes: Vec<(MaterialId, Recipe)>,
}

/// Everybody.
#[derive(Clone, Debug)]
pub(super) struct Cast {
    pub(super) systems: BTreeMap<SiteId, System>,
    pub(super) plants: Vec<Plant>,
}

impl Cast {
    /// The plants of a book whose systems all play, in the order of their names.
    pub(super) fn of(book: &Book, systems: BTreeMap<SiteId, System>) -> Self {
        let plants = book.sites.iter().filter(|(_, site)| site.kind == SiteKind::Plant);
        let plants = plants
            .filter_map(|(name, site)| {
                let system = |site: SiteId| systems.get(&site).cloned();
                Some(Plant {
                    site: *name,
                    region: site.region,
                    mes: system(*name)?,
                    erp: system(site.erp?)?,
                    wms: system(site.warehouse?)?,
                    qms: system(site.quality?)?,
                    cmms: site.around.maintenance.and_then(system),
                    tms: book.sites.get(&site.warehouse?).and_then(|warehouse| warehouse.around.transport).and_then(system),
                    makes: made_at(book, *name),
                })
            })
            .collect();
        Self { systems, plants }
    }
}

fn made_at(book: &Book, plant: SiteId) -> Vec<(MaterialId, Recipe)> {
    let here = book.recipes.iter().filter(|((site, _), _)| *site == plant);
    here.filter_map(|((_, material), recipes)| Some((material.clone(), recipes.last()?.clone()))).collect()
}
