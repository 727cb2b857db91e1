//! A lot: what was made, what of it is in inspection or held, who asked to leave with it and was let, what it came from and
//! went into. A hold and a departure meet here, in this log and nowhere else: whichever is written first binds the other.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::id::EntityId;
use crate::instant::Instant;
use crate::name::SiteId;
use crate::native::NativeId;
use crate::qty::Qty;
use crate::words::{HoldNo, LotKey, OutputKind, Reason, Sscc};

mod clear;
mod decide;
mod evolve;
mod hold;
mod input;

pub use input::{Decision, Disposition, Input, Mail, OwnerFact, Placement, Production, Report, Request, Verdict};

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
    /// Holds that are over.
    pub released: BTreeSet<HoldNo>,
    /// Shipments that want to leave with it, with the handling units they want.
    pub shipments: BTreeMap<EntityId, BTreeMap<Sscc, Qty>>,
    /// Clearances given, by shipment: the attempt and until when.
    pub clearances: BTreeMap<EntityId, (u32, Instant)>,
    /// What left.
    pub departed: BTreeMap<Sscc, EntityId>,
    /// What it was made from.
    pub parents: BTreeSet<(LotKey, EntityId)>,
    /// What was made from it.
    pub children: BTreeSet<(LotKey, EntityId)>,
    /// How often it told its orders how it is.
    pub words: u64,
}

/// A hold.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Hold {
    /// Only these handling units; empty for all, and for all that will be made.
    pub units: BTreeSet<Sscc>,
    /// Why.
    pub reason: Reason,
    /// When it bound.
    pub bound_at: Instant,
    /// The lot it came down from, when it did.
    pub parent: Option<LotKey>,
    /// Who was told to block, and how that is.
    pub containment: BTreeMap<SiteId, Containment>,
    /// What was decided so far.
    pub decisions: Vec<Decision>,
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

/// What is recorded of a lot.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fact {
    /// Somebody said its name.
    Known {
        /// Its name.
        key: LotKey,
        /// Its plant.
        site: SiteId,
    },
    /// An order made some of it.
    Produced {
        /// The order.
        order: EntityId,
        /// Which output of it.
        output: OutputKind,
        /// How much, signed.
        qty: Qty,
        /// On which handling unit.
        unit: Option<Sscc>,
        /// What it was made from.
        from: Vec<(LotKey, EntityId)>,
        /// Must it be inspected?
        inspected: bool,
    },
    /// An order used some of it.
    Consumed {
        /// The order.
        order: EntityId,
        /// How much, signed.
        qty: Qty,
        /// For what.
        into: Vec<(LotKey, EntityId)>,
    },
    /// A sample was taken.
    Sampled(NativeId),
    /// A sample was judged.
    Judged {
        /// Which.
        sample: NativeId,
        /// Passed?
        passed: bool,
    },
    /// A hold binds, from here on.
    Held {
        /// Which.
        hold: HoldNo,
        /// How.
        bound: Hold,
    },
    /// A system was told to block, or answered.
    Contained {
        /// For which hold.
        hold: HoldNo,
        /// Which system.
        site: SiteId,
        /// How far it is.
        containment: Containment,
    },
    /// A decision on a hold.
    Decided {
        /// Which hold.
        hold: HoldNo,
        /// What.
        decisions: Vec<Decision>,
    },
    /// A hold is over.
    Released(HoldNo),
    /// A shipment wants to leave with some of it.
    Registered {
        /// Which.
        shipment: EntityId,
        /// On which handling unit.
        unit: Sscc,
        /// How much.
        qty: Qty,
    },
    /// It no longer does.
    Unregistered {
        /// Which.
        shipment: EntityId,
        /// Which handling unit.
        unit: Sscc,
    },
    /// A shipment may leave with it.
    Cleared {
        /// Which.
        shipment: EntityId,
        /// Which attempt.
        attempt: u32,
        /// Until when.
        until: Instant,
    },
    /// A clearance is taken back.
    ClearanceRevoked {
        /// Whose.
        shipment: EntityId,
    },
    /// It left.
    Departed {
        /// With which shipment.
        shipment: EntityId,
        /// On which handling units.
        units: Vec<Sscc>,
    },
    /// It told its orders how it is.
    Told,
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
        if self.in_inspection() {
            why.push("in inspection".to_owned());
        }
        why
    }

    /// Whether it waits for the verdict on a sample, or for a sample at all.
    pub fn in_inspection(&self) -> bool {
        let open = self.samples.values().any(Option::is_none);
        open || (self.inspected && !self.samples.values().any(|verdict| *verdict == Some(true)))
    }

    /// How much of it a hold keeps.
    pub fn blocked(&self) -> Option<Qty> {
        let total = self.total()?;
        if self.holds.values().any(|hold| hold.units.is_empty()) {
            return Some(total);
        }
        let held = self.units.iter().filter(|(unit, _)| self.holds.values().any(|hold| hold.covers(unit)));
        Some(held.fold(Qty::zero(total.uom()), |sum, (_, qty)| sum.plus(*qty).unwrap_or(sum)))
    }
}

impl Hold {
    /// Whether it is on this handling unit.
    pub fn covers(&self, unit: &Sscc) -> bool {
        self.units.is_empty() || self.units.contains(unit)
    }
}

#[cfg(test)]
mod tests;
