//! Ownership: which system has the last word about what, at each plant. Apart from the sites because a plant's systems are
//! one thing and what each of them decides is another. Never guesses between two owners: the configuration has one a domain.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::book::{Book, SiteKind};
use crate::name::SiteId;

/// What somebody has the last word about: the four domains, and those tracks of an order that are not one of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Domain {
    /// Order headers, quantities, dates and business status: track B.
    Orders,
    /// Stock by status, and what it is worth.
    Inventory,
    /// Holds, verdicts and dispositions: track Q.
    QualityStatus,
    /// Materials, recipes, calendars.
    MasterData,
    /// What was sent to a plant, and its answer: track D.
    Dispatch,
    /// Operations, yield, scrap, consumption: track X.
    Execution,
    /// What counts as confirmed and delivered: track C.
    Confirmation,
    /// Whether components are there: track M.
    Supply,
    /// Handling units and shipments: track L.
    Logistics,
    /// The ledger of postings: track P.
    Posting,
}

impl Domain {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Orders,
        Self::Inventory,
        Self::QualityStatus,
        Self::MasterData,
        Self::Dispatch,
        Self::Execution,
        Self::Confirmation,
        Self::Supply,
        Self::Logistics,
        Self::Posting,
    ];

    /// As it is written in text.
    pub fn word(self) -> &'static str {
        match self {
            Self::Orders => "orders",
            Self::Inventory => "inventory",
            Self::QualityStatus => "quality_status",
            Self::MasterData => "master_data",
            Self::Dispatch => "dispatch",
            Self::Execution => "execution",
            Self::Confirmation => "confirmation",
            Self::Supply => "supply",
            Self::Logistics => "logistics",
            Self::Posting => "posting",
        }
    }

    /// Whose word the kernel can take for it; nobody else can be made its owner.
    pub fn possible(self) -> &'static [Holder] {
        match self {
            Self::Orders | Self::Inventory | Self::Confirmation => &[Holder::Erp],
            Self::QualityStatus => &[Holder::Quality, Holder::Erp],
            Self::MasterData => &[Holder::Erp, Holder::Mesh],
            Self::Dispatch | Self::Posting => &[Holder::Mesh],
            Self::Execution => &[Holder::Plant],
            Self::Supply => &[Holder::Erp, Holder::Warehouse],
            Self::Logistics => &[Holder::Warehouse],
        }
    }
}

/// Who may own something, seen from a plant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Holder {
    /// The plant's ERP.
    Erp,
    /// The plant itself, with its MES.
    Plant,
    /// The plant's warehouse.
    Warehouse,
    /// The plant's quality system.
    Quality,
    /// This mesh: what it keeps itself, or what its configuration says.
    Mesh,
}

impl Holder {
    /// As it is written in text.
    pub fn word(self) -> &'static str {
        match self {
            Self::Erp => "erp",
            Self::Plant => "plant",
            Self::Warehouse => "warehouse",
            Self::Quality => "quality",
            Self::Mesh => "mesh",
        }
    }

    /// What a site of a plant is to it; `None` for systems that own nothing of an order.
    pub fn of(kind: SiteKind) -> Option<Self> {
        let systems = [
            (SiteKind::Erp, Self::Erp),
            (SiteKind::Plant, Self::Plant),
            (SiteKind::Warehouse, Self::Warehouse),
            (SiteKind::Quality, Self::Quality),
        ];
        systems.iter().find(|(known, _)| *known == kind).map(|(_, holder)| *holder)
    }
}

/// The owners in force where the configuration names any: which of its systems a plant listens to, by domain.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ownership {
    holders: BTreeMap<(SiteId, Domain), Holder>,
}

impl Ownership {
    /// The owners of a configuration.
    pub fn new(holders: BTreeMap<(SiteId, Domain), Holder>) -> Self {
        Self { holders }
    }

    /// Who owns a domain at a plant. Where nobody was named, as it is in most plants.
    pub fn holder(&self, plant: SiteId, domain: Domain) -> Option<Holder> {
        self.holders.get(&(plant, domain)).copied()
    }
}

impl Book {
    /// The site whose word counts for a domain at a plant: which kind of system that is says the configuration's ownership, which
    /// system of that kind the plant's own text. `None` where it is this mesh, or the plant has no such system.
    pub fn owner(&self, plant: SiteId, domain: Domain) -> Option<SiteId> {
        let site = self.sites.get(&plant)?;
        let of = |holder: Holder| match holder {
            Holder::Erp => site.erp,
            Holder::Plant => Some(plant),
            Holder::Warehouse => site.warehouse,
            Holder::Quality => site.quality,
            Holder::Mesh => None,
        };
        match self.ownership.holder(plant, domain) {
            Some(holder) => of(holder),
            None => domain.possible().iter().find_map(|holder| of(*holder)),
        }
    }
}
