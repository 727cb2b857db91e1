//! A handling unit: what is on it and where it is. The warehouse owns where; the plant said what.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::books::{self, Called, Kept};
use crate::effect::UnitContent;
use crate::id::EntityId;
use crate::name::SiteId;
use crate::order::Stage;
use crate::qty::Qty;
use crate::words::{Place, Sscc};

mod compare;
mod decide;
mod evolve;

/// The state of a handling unit.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Unit {
    /// Its number, once it was filled.
    pub sscc: Option<Sscc>,
    /// What is on it, a row for each lot, order and output.
    pub contents: Vec<UnitContent>,
    /// The plant that filled it.
    pub from: Option<SiteId>,
    /// The warehouse it goes to.
    pub to: Option<SiteId>,
    /// The warehouses that were told that it comes, and hear of whatever changes on it.
    #[serde(default)]
    pub told: BTreeSet<SiteId>,
    /// How often what is on it, or where it stands, has changed: later word has the higher number.
    #[serde(default)]
    pub word: u32,
    /// How far it is.
    pub stage: Stage,
    /// Where it stands.
    pub place: Option<Place>,
    /// What the warehouse counted.
    pub received: Option<Qty>,
    /// The handling unit that it stands on or in, by its number.
    #[serde(default)]
    pub within: Option<Sscc>,
    /// How it stands beside the books of the warehouses that were told of it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub books: BTreeMap<SiteId, Kept>,
    /// How much of it was picked for shipments that did not take all of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub picked: Option<Qty>,
    /// What left of it while the rest stayed, a row for each lot, order and output.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub taken: Vec<UnitContent>,
}

impl Unit {
    /// All that was put on it, whatever it is.
    pub fn filled(&self) -> Option<Qty> {
        self.contents.iter().map(|content| content.qty).reduce(|a, b| a.plus(b).unwrap_or(a))
    }

    /// The warehouse once it arrived there, before that its plant.
    pub fn standing_at(&self) -> Option<SiteId> {
        self.to.filter(|_| self.stage >= Stage::Received).or(self.from)
    }
}

/// What is recorded of a handling unit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fact {
    /// It was filled.
    Filled {
        /// Its number.
        sscc: Sscc,
        /// What is on it.
        contents: Vec<UnitContent>,
        /// The plant.
        from: SiteId,
        /// The warehouse it goes to.
        to: Option<SiteId>,
    },
    /// It is further than before.
    Moved {
        /// How far.
        stage: Stage,
        /// Where it stands now.
        place: Option<Place>,
    },
    /// The warehouse counted it.
    Counted(Qty),
    /// It was packed onto or into another handling unit, or taken out again.
    Nested(Option<Sscc>),
    /// Another warehouse was told that it comes.
    HandedTo(SiteId),
    /// It was compared with the books of a system, or is to be.
    Books {
        /// Whose.
        site: SiteId,
        /// What about it.
        step: Box<books::Fact>,
    },
    /// Some of it was picked.
    PickedPart(Qty),
    /// Some of it left with a shipment.
    Taken {
        /// Which.
        shipment: EntityId,
        /// What.
        part: Vec<UnitContent>,
    },
}

/// An input to a handling unit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Input {
    /// May be refused.
    Request(Request),
    /// From the warehouse: happened.
    Report(Report),
    /// From another entity.
    Mail(Mail),
}

/// Wishes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Request {
    /// Announce it to another warehouse.
    RequestHandover {
        /// That warehouse.
        warehouse: SiteId,
    },
}

/// Reports of the warehouse.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Report {
    /// It arrived.
    Received {
        /// What was counted, a lot at a time or in sum.
        qty: Qty,
        /// Where.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        place: Option<Place>,
    },
    /// Somebody counted it once more.
    Counted {
        /// What was counted.
        qty: Qty,
    },
    /// It was packed onto or into another handling unit, or taken out again.
    Nested {
        /// The number of that one; nothing when it stands alone again.
        within: Option<Sscc>,
    },
    /// It stands in its bin.
    PutAway {
        /// The bin.
        place: Place,
    },
    /// It was taken for a shipment.
    Picked {
        /// The delivery, by the warehouse's number.
        delivery: crate::native::NativeId,
        /// How much of it; nothing for all.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        qty: Option<Qty>,
    },
}

/// Word from other entities.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mail {
    /// An order closed a pallet.
    Filled {
        /// The handling unit.
        sscc: Sscc,
        /// What is on it.
        contents: Vec<UnitContent>,
        /// The plant.
        from: SiteId,
        /// The warehouse it goes to.
        to: Option<SiteId>,
    },
    /// A shipment left with it.
    Shipped {
        /// The shipment.
        shipment: EntityId,
        /// What of it; nothing for all.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        part: Vec<UnitContent>,
    },
    /// The books of a warehouse are to be read.
    ReadBooks {
        /// Which warehouse's site asks for it.
        site: SiteId,
        /// In which run, and up to when.
        called: Called,
    },
}

impl Input {
    /// May a handling unit be born from it?
    pub fn is_birth(&self) -> bool {
        match self {
            Self::Mail(Mail::Filled { .. }) => true,
            Self::Mail(Mail::Shipped { .. } | Mail::ReadBooks { .. }) | Self::Report(_) | Self::Request(_) => false,
        }
    }
}

#[cfg(test)]
mod tests;
