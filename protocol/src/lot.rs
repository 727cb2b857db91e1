//! A lot: what was made, what of it is in inspection or held, who asked to leave with it and was let, what it came from and
//! went into. A hold and a departure meet here, in this log and nowhere else: whichever is written first binds the other.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::id::EntityId;
use crate::instant::Instant;
use crate::name::SiteId;
use crate::native::NativeId;
use crate::qty::Qty;
use crate::words::{HoldNo, LotKey, Reason, Sscc};

mod clear;
mod contain;
mod decide;
mod dispose;
mod evolve;
mod expect;
mod fact;
mod hold;
mod input;
mod provisional;
mod refused;
mod said;
mod stock;
mod unseen;

pub use expect::{Announcement, Expected};
pub use fact::Fact;
pub use input::{Decision, Disposition, Input, Mail, OwnerFact, Placement, Production, Report, Request, Verdict};
pub use provisional::Provisional;
pub use refused::{Refused, Rest};
pub use stock::{Booking, Stock};

/// The state of a lot.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Lot {
    /// Its name, once anybody said it.
    pub key: Option<LotKey>,
    /// The plant whose lot it is.
    pub site: Option<SiteId>,
    /// What was made of it, by order.
    pub produced: BTreeMap<EntityId, Qty>,
    /// Its handling units, with how much of it.
    pub units: BTreeMap<Sscc, Qty>,
    /// Must it be inspected before use?
    pub inspected: bool,
    /// Samples: open ones have no verdict.
    pub samples: BTreeMap<NativeId, Option<bool>>,
    /// Holds that are not over.
    pub holds: BTreeMap<HoldNo, Hold>,
    /// Holds that are over: a number never holds twice.
    pub released: BTreeSet<HoldNo>,
    /// Of these, what was released while the quality system was not reached, and is not countersigned yet.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub provisional: BTreeMap<HoldNo, Hold>,
    /// Decisions that came before word of their hold, oldest first.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub early: BTreeMap<HoldNo, Vec<Early>>,
    /// Holds of lots it was made from that are over, so that late word of them holds nothing.
    pub freed: BTreeSet<(LotKey, HoldNo)>,
    /// Holds that are over where they were placed, whatever way they would come down.
    pub over: BTreeSet<Origin>,
    /// Handling units that were decided about and must not leave: scrap, rework, return.
    pub barred: BTreeMap<Sscc, Verdict>,
    /// The holds under whose numbers warehouses keep blocking the handling units that were decided about.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub kept: BTreeMap<Sscc, Vec<Rest>>,
    /// What was decided about all of it that stands on no handling unit, or on one that is told of later, and must not leave.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<Refused>,
    /// The warehouses that were told of goods of it.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub warehouses: BTreeSet<SiteId>,
    /// What stands of it in the ERP.
    pub stock: Stock,
    /// Shipments that want to leave with it, with the handling units they want.
    pub shipments: BTreeMap<EntityId, BTreeMap<Sscc, Qty>>,
    /// Clearances given, by shipment: the attempt and until when.
    pub clearances: BTreeMap<EntityId, (u32, Instant)>,
    /// Clearances that were taken back, by shipment: the attempt. The shipment knows whether it had left by then.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub revoked: BTreeMap<EntityId, u32>,
    /// Handling units that left, each with the shipment that took it, or the last of it.
    pub departed: BTreeMap<Sscc, EntityId>,
    /// What left of handling units that are still here, by shipment.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub taken: BTreeMap<Sscc, BTreeMap<EntityId, Qty>>,
    /// What it was made from.
    pub parents: BTreeSet<(LotKey, EntityId)>,
    /// What was made from it.
    pub children: BTreeSet<(LotKey, EntityId)>,
    /// How often it told its orders how it is.
    pub words: u64,
    /// What a supplier said is on its way, by handling unit, and what of that came.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub expected: BTreeMap<Sscc, Expected>,
}

/// A decision that came before word of its hold: two messages may cross on the road.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Early {
    /// What was decided.
    pub decisions: Vec<Decision>,
    /// Whether the hold is over with this.
    pub last: bool,
    /// When it was decided: a hold that is placed after that is another one.
    pub at: Instant,
}

/// A hold. In force until whoever placed it is done with it and every lot it came down from is free.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Hold {
    /// Its number, by whoever placed it; the key it stands under is another one when that number was released before.
    pub called: HoldNo,
    /// Placed on this lot itself, not only come down to it.
    pub own: bool,
    /// When placed on this lot: only these handling units; empty for all, and for all that will be made.
    pub units: BTreeSet<Sscc>,
    /// Why.
    pub reason: Reason,
    /// When it bound.
    pub bound_at: Instant,
    /// What it came down from; it then covers all.
    pub parents: BTreeSet<Ground>,
    /// Who was told to block, and how that is.
    pub containment: BTreeMap<SiteId, Containment>,
    /// What was decided so far.
    pub decisions: Vec<Decision>,
    /// That it was released while the quality system was not reached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provisional: Option<Provisional>,
}

/// Where a hold was placed, and its number there.
pub type Origin = (LotKey, HoldNo);

/// Why a lot is held by a hold that came down: from which of its parents, and where that hold was placed. Both, because
/// goods may come back into a lot they were made from: each of two lots would wait for the other for ever.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Ground {
    /// The lot it was made from.
    pub parent: LotKey,
    /// The number of the hold there.
    pub hold: HoldNo,
    /// Where the hold was placed.
    pub origin: Origin,
}

/// How far a system is with blocking.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Containment {
    /// Told.
    Requested {
        /// When.
        at: Instant,
    },
    /// It said yes.
    Confirmed {
        /// When.
        at: Instant,
    },
    /// It said no: the hold stays in force all the same.
    Failed {
        /// When.
        at: Instant,
        /// Why.
        why: String,
    },
}

impl Lot {
    /// All that was made of it.
    pub fn total(&self) -> Option<Qty> {
        self.produced.values().copied().reduce(|a, b| a.plus(b).unwrap_or(a))
    }

    /// Whether a handling unit of it may not leave, and why.
    pub fn blocks(&self, unit: &Sscc) -> Vec<String> {
        let holds = self.holds.iter().filter(|(_, hold)| hold.covers(unit));
        let mut why: Vec<String> = holds.map(|(number, hold)| format!("hold {number}: {}", hold.reason)).collect();
        let named = self.barred.keys().find(|known| known.is(unit)).unwrap_or(unit);
        why.extend(self.bars(unit).map(|verdict| format!("{named} is to be {}", verdict.word())));
        if self.in_inspection() {
            why.push("in inspection".to_owned());
        }
        why
    }

    /// Whether it waits for the verdict on a sample, or for a sample at all. A failed sample holds; it does not wait.
    pub fn in_inspection(&self) -> bool {
        self.samples.values().any(Option::is_none) || (self.inspected && self.samples.is_empty())
    }

    /// How much of it holds and decisions keep.
    pub fn blocked(&self) -> Option<Qty> {
        let total = self.total()?;
        if self.holds.values().any(Hold::covers_all) {
            return Some(total);
        }
        let kept = |unit: &Sscc| self.holds.values().any(|hold| hold.covers(unit)) || self.bars(unit).is_some();
        let held = self.units.iter().filter(|(unit, _)| kept(unit)).map(|(_, qty)| *qty);
        let loose = self.refused.as_ref().and_then(|_| self.loose());
        Some(held.chain(loose).fold(Qty::zero(total.uom()), |sum, qty| sum.plus(qty).unwrap_or(sum)))
    }

    /// What of it is on a handling unit, however a system pads the unit's number.
    pub fn on(&self, unit: &Sscc) -> Option<Qty> {
        let exact = self.units.get(unit);
        exact.or_else(|| self.units.iter().find(|(known, _)| known.is(unit)).map(|(_, qty)| qty)).copied()
    }

    /// Whether a shipment left with a handling unit.
    pub fn has_left(&self, unit: &Sscc) -> bool {
        self.departed.keys().any(|known| known.is(unit))
    }

    /// What of it is still on a handling unit: what was put on it without what shipments took.
    pub fn still_on(&self, unit: &Sscc) -> Option<Qty> {
        let taken = self.taken.iter().filter(|(known, _)| known.is(unit)).flat_map(|(_, by)| by.values());
        self.on(unit).map(|on| taken.fold(on, |left, qty| left.minus(*qty).unwrap_or(left)))
    }

    /// The shipments that left with any of it.
    pub fn left_with(&self) -> BTreeSet<EntityId> {
        self.departed.values().chain(self.taken.values().flat_map(BTreeMap::keys)).copied().collect()
    }

    /// All that left with shipments, whole handling units and parts; nothing when none did.
    pub fn left(&self) -> Option<Qty> {
        let whole = self.departed.keys().filter_map(|unit| self.still_on(unit));
        whole.chain(self.taken.values().flat_map(|by| by.values().copied())).reduce(|a, b| a.plus(b).unwrap_or(a))
    }

    /// The key under which a hold of this number is open.
    pub fn open_hold(&self, called: &HoldNo) -> Option<&HoldNo> {
        let exact = self.holds.get_key_value(called).map(|(number, _)| number);
        exact.or_else(|| self.holds.iter().rfind(|(_, hold)| hold.called == *called).map(|(number, _)| number))
    }
}

impl Hold {
    /// What was decided last about a handling unit by its name.
    pub fn said(&self, unit: &Sscc) -> Option<Verdict> {
        let about = |decision: &&Decision| decision.unit.as_ref().is_some_and(|named| named.is(unit));
        self.decisions.iter().rfind(about).map(|decision| decision.verdict)
    }

    /// Whether it is on this handling unit.
    pub fn covers(&self, unit: &Sscc) -> bool {
        self.covers_all() || self.units.contains(unit) || self.units.iter().any(|known| known.is(unit))
    }

    /// Whether it is on the whole lot, and on all that will be made.
    pub fn covers_all(&self) -> bool {
        !self.parents.is_empty() || self.units.is_empty()
    }

    /// Where it was placed: here, and wherever it came down from.
    pub fn origins(&self, number: &HoldNo, me: &LotKey) -> BTreeSet<Origin> {
        let own = self.own.then(|| (me.clone(), number.clone()));
        own.into_iter().chain(self.parents.iter().map(|ground| ground.origin.clone())).collect()
    }

    /// The handling units it is on; none for all.
    pub fn scope(&self) -> Vec<Sscc> {
        if self.covers_all() { Vec::new() } else { self.units.iter().cloned().collect() }
    }
}

#[cfg(test)]
mod tests;
