//! Demand: what a planning system wants to have, how much of it, where and until when; and what is on its way to it. Apart
//! from orders because a demand is none: its ERP makes one order of it, or several, or none, by rules of its own.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::name::SiteId;
use crate::native::NativeId;
use crate::qty::Qty;
use crate::words::{DocNo, MaterialId};

/// A demand, by who raised it: the same number of two planning systems is two demands.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DemandRef {
    /// The planning system.
    pub system: SiteId,
    /// Its number there.
    pub number: NativeId,
}

/// How sure a demand is. What stands later here was said later of the same version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Firmness {
    /// It may still move.
    Open,
    /// It moves no more: orders may be made of it.
    Firm,
    /// It is not wanted any more, in whatever version.
    Withdrawn,
}

impl Firmness {
    /// For a sentence.
    pub fn word(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Firm => "firm",
            Self::Withdrawn => "withdrawn",
        }
    }
}

/// A version of a demand, as its planning system says it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signal {
    /// Its number in the planning system.
    pub number: NativeId,
    /// Grows with each revision.
    pub version: u32,
    /// The plant that should supply it; its ERP may have another one do so.
    pub plant: SiteId,
    /// Of what.
    pub material: MaterialId,
    /// How much.
    pub total: Qty,
    /// The day it must be there, at the plant.
    pub due: Date,
    /// How sure it is.
    pub firmness: Firmness,
}

impl Signal {
    /// Which word of two is the later one: the larger.
    pub(crate) fn stage(&self) -> (bool, u32, Firmness) {
        (self.firmness == Firmness::Withdrawn, self.version, self.firmness)
    }
}

/// What the ERP made of a version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It is planned for.
    Planned,
    /// It cannot be supplied so.
    Refused,
    /// Nothing is planned for it any more.
    Dropped,
}

/// How far an order is that supplies a demand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SupplyState {
    /// Its ERP made it.
    Created,
    /// It may be worked on.
    Released,
    /// Its plant is done with it.
    Completed,
    /// It was given up.
    Cancelled,
}

/// An order that supplies a demand, by its own word.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Supply {
    /// Whose order it is.
    pub erp: SiteId,
    /// Its number there.
    pub order: NativeId,
    /// The plant that makes it.
    pub plant: SiteId,
    /// How much it is over.
    pub total: Qty,
    /// How much its last operation confirmed as good, once the plant is done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirmed: Option<Qty>,
    /// How far it is.
    pub state: SupplyState,
    /// Which word of it this is: the higher number is the later one.
    pub word: u32,
}

/// A demand as an ERP is told of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DemandNotice {
    /// Which.
    pub demand: DemandRef,
    /// What was said of it last.
    pub signal: Signal,
}

/// What a planning system is told of its demand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DemandAnswer {
    /// Its number there.
    pub number: NativeId,
    /// The version that this is about.
    pub version: u32,
    /// What the ERP made of it; absent while it has not said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verdict: Option<Verdict>,
    /// The ERP's number for what it plans.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requirement: Option<DocNo>,
    /// Why not, when it cannot be supplied.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub why: String,
    /// The orders made of it, by their numbers.
    pub orders: Vec<Supply>,
    /// Which answer this is: the higher number is the later one.
    pub word: u32,
}

/// A demand, as its planning system's own entity keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Demand {
    /// What was said last.
    pub signal: Signal,
    /// What the ERP made of it.
    pub verdict: Option<Verdict>,
    /// The ERP's number for what it plans.
    pub requirement: Option<DocNo>,
    /// Why not, when it cannot be supplied.
    pub why: String,
    /// The orders made of it.
    pub orders: std::collections::BTreeMap<crate::id::EntityId, Supply>,
    /// How often its planning system was told how it is.
    pub words: u32,
}

impl Demand {
    /// As it is first heard of.
    pub(crate) fn new(signal: Signal) -> Self {
        let (verdict, requirement, why) = (None, None, String::new());
        Self { signal, verdict, requirement, why, orders: std::collections::BTreeMap::new(), words: 0 }
    }
}
