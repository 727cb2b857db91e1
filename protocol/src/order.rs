//! A production order: one actor that owns its lifecycle. Its state is tracks that move apart, each owned by one system,
//! because an order can be released, half confirmed, half delivered and partly held all at once. One transition a file.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::books::Kept;
use crate::id::EntityId;
use crate::instant::Instant;
use crate::name::{SiteId, Source};
use crate::native::NativeId;
use crate::posting::{Actual, Ledger, Use};
use crate::qty::Qty;
use crate::site::{Resolved, ResolvedMaterial};
use crate::words::{DocNo, EquipmentId, ItemNo, LotKey, LotNo, MaterialId, OpNo, OutputKind, Reason, Sscc};

mod change;
mod decide;
mod equipment;
mod evolve;
mod fact;
mod header;
mod input;
mod mail;
mod plausible;
mod report;
mod track;
mod unbooked;

pub use change::{Agreed, Change, JobWish, Pending, Phase, Split};
pub use equipment::Stop;
pub use fact::Fact;
pub use header::Header;
pub use input::{Amount, Confirmation, Counting, Input, OwnerFact, Release, Report, Request};
pub use mail::Mail;
pub use plausible::{cuts_a_piece, is_long_past};
#[cfg(test)]
mod tests;

pub use track::{Business, Dispatch, Execution, LotQuality, Stage, Supply, UnitStage};
pub use unbooked::Unbooked;

/// The state of an order.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Order {
    /// What the ERP ordered; absent until somebody released or planned it.
    pub header: Option<Header>,
    /// What was wished for, while the ERP has not made it.
    pub wished: Option<Box<Release>>,
    /// Its ERP would not make what was wished for: it may be asked again.
    #[serde(default)]
    pub unmade: bool,
    /// Track B, the ERP's.
    pub business: Business,
    /// Since when somebody has it open in the ERP: postings wait for a while.
    pub locked: Option<Instant>,
    /// Why a planner wants it to wait, as long as it does.
    pub on_hold: Option<Reason>,
    /// A change that plant or ERP have not agreed to yet.
    pub pending: Option<Pending>,
    /// The order it was split off from.
    pub parent: Option<EntityId>,
    /// Orders split off from it: their number in the ERP, and how much of it they took over.
    pub children: BTreeMap<EntityId, (NativeId, Qty)>,
    /// What goes in instead of the recipe's material, by component line.
    pub replaced: BTreeMap<ItemNo, MaterialId>,
    /// Track D, ours; its answers are the plant's.
    pub dispatch: Dispatch,
    /// How often it was validated; names the resolution that counts.
    pub validations: u32,
    /// How often it was dispatched.
    pub attempts: u32,
    /// The dispatch intent that counts.
    pub dispatch_intent: Option<u32>,
    /// What its plant found for it: frozen.
    pub resolved: Option<Resolved>,
    /// What its ERP ordered, where that was in another unit than the order is kept in since it was resolved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub said: Option<Qty>,
    /// Its job at the plant.
    pub job: Option<NativeId>,
    /// Track X, the plant's, an operation at a time.
    pub ops: BTreeMap<OpNo, Operation>,
    /// The plant said that the whole order is done.
    pub completed: bool,
    /// Track M.
    pub supply: Supply,
    /// Tracks C and P: what was reported, and what became of it in the ERP.
    pub ledger: Ledger,
    /// Which posting each intent carries.
    pub carries: BTreeMap<u32, u32>,
    /// The highest value of each counter that counts up, in each of its epochs.
    pub counters: BTreeMap<CounterKey, BTreeMap<u32, Qty>>,
    /// Track Q: the lots it makes, as they last said.
    pub lots: BTreeMap<EntityId, LotQuality>,
    /// Corrections that came before the count they correct.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub early: Vec<Early>,
    /// Reports whose material nobody knows, or whose unit nobody can convert.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unbooked: Vec<Unbooked>,
    /// The newest row of looks at these.
    #[serde(default, skip_serializing_if = "unbooked::is_none")]
    pub unbooked_row: u32,
    /// The lots that went into it.
    pub consumed: BTreeSet<(LotKey, EntityId)>,
    /// The lots that came out of it.
    pub made: BTreeSet<(LotKey, EntityId)>,
    /// Track L: its handling units, as they last said.
    pub units: BTreeMap<Sscc, UnitStage>,
    /// What stops equipment that it is to run on, by the piece and the cause, until that is over.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub stops: BTreeMap<(EquipmentId, String), Stop>,
    /// Documents somebody made in the ERP by hand.
    pub foreign: BTreeSet<DocNo>,
    /// Of these, what says the same as a posting of ours that may have gone through: adopted when that one turns out not to.
    #[serde(default)]
    pub twins: BTreeMap<u32, DocNo>,
    /// How it stands beside the books of its ERP.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub books: BTreeMap<SiteId, Kept>,
}

/// An operation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Operation {
    /// Track X.
    pub execution: Execution,
    /// Good.
    pub good: Qty,
    /// Scrapped.
    pub scrap: Qty,
    /// To be worked on again.
    pub rework: Qty,
    /// The good total its final confirmation declared, while reports are still missing from it.
    pub declared: Option<Qty>,
}

/// Which counter: at which operation, of what, whose, and of which goods where it counts goods.
pub type CounterKey = (OpNo, Use, Source, Option<Counted>);

/// The goods that a counter counts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Counted {
    /// Of which material.
    pub material: MaterialId,
    /// Of which lot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lot: Option<LotNo>,
    /// On which handling unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<Sscc>,
    /// For which component line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item: Option<ItemNo>,
    /// As which output.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<OutputKind>,
}

impl Counted {
    /// A material of a lot.
    pub(crate) fn of(material: MaterialId, lot: Option<LotNo>) -> Self {
        Self { material, lot, unit: None, item: None, output: None }
    }
}

/// A correction that came before the count it corrects.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Early {
    /// What it books once the count covers it.
    pub actual: Actual,
    /// Why.
    pub reason: Reason,
    /// The case that shows it until then.
    pub case: u32,
}

/// A counter that counts up.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Counter {
    /// Its epoch: grows when it starts again at zero.
    pub epoch: u32,
    /// Its highest value in that epoch.
    pub value: Qty,
}

impl Order {
    /// The order, if anybody ordered anything yet.
    pub fn header(&self) -> Option<&Header> {
        self.header.as_ref()
    }

    /// What is ordered, or as long as its ERP has not made it what is wished for, by the number that it is wished for under.
    pub fn header_or_wish(&self) -> Option<Header> {
        self.header.clone().or_else(|| self.wished.as_deref().map(Header::wished))
    }

    /// What booking a material needs.
    pub fn material(&self, material: &MaterialId) -> Option<&ResolvedMaterial> {
        self.resolved.as_ref()?.materials.iter().find(|known| known.material == *material)
    }

    /// The plant that runs it.
    pub fn plant(&self) -> Option<SiteId> {
        self.header.as_ref().map(|header| header.plant)
    }

    /// The lot it produces into when a report names none.
    pub fn lot(&self) -> Option<LotNo> {
        let header = self.header.as_ref()?;
        header.lot.clone().or_else(|| crate::book::lot_of_order(header.number.normal()))
    }

    /// The intent that carries a posting now: a posting that was sent again has had more than one.
    pub fn carrier(&self, posting: u32) -> Option<u32> {
        self.carries.iter().filter(|(_, carried)| **carried == posting).map(|(intent, _)| *intent).max()
    }

    /// Good and scrapped pieces of the operation that counts as processed most: what a new total may not go below.
    pub fn processed(&self) -> Option<Qty> {
        let most = self.ops.values().filter_map(|op| op.good.plus(op.scrap).ok());
        most.reduce(|a, b| if a.compare(&b).is_some_and(std::cmp::Ordering::is_ge) { a } else { b })
    }
}
