//! A shipment: what should leave, what blocks it, what cleared it, that it left. It never leaves by our word unless every
//! lot on it said yes.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::effect::UnitContent;
use crate::id::EntityId;
use crate::instant::Instant;
use crate::name::SiteId;
use crate::native::NativeId;
use crate::qty::Qty;
use crate::words::{Carrier, HoldNo, LotKey, MaterialId, Place, Reason, Sscc};

mod clearance;
mod decide;
mod depart;
mod evolve;
mod left;
mod part;
mod refused;
mod told;
mod truck;

pub use clearance::{Departure, Yes};
pub use part::Part;
pub use truck::Truck;

/// The state of a shipment.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Shipment {
    /// The warehouse it leaves from.
    pub warehouse: Option<SiteId>,
    /// Its number there.
    pub delivery: Option<NativeId>,
    /// What it should hold.
    pub lines: Vec<Line>,
    /// When it should leave.
    pub planned: Option<Instant>,
    /// How far it is.
    pub stage: Stage,
    /// The handling units on it; a value once their lots are known.
    pub units: BTreeMap<Sscc, Option<Located>>,
    /// Holds on its lots, by lot and number.
    pub holds: BTreeMap<(EntityId, HoldNo), Reason>,
    /// Holds that were over before word of them came: two roads lead here, and numbers are never used again on a lot.
    #[serde(default)]
    pub freed: BTreeSet<(EntityId, HoldNo)>,
    /// Other gates that are shut.
    pub gates: BTreeMap<Gate, Reason>,
    /// The departure attempt that is being asked for or was answered.
    pub departure: Option<Departure>,
    /// The last yes that its warehouse was told, for as long as it may count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cleared: Option<Yes>,
    /// The truck that brings it away, where a transport system plans them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub truck: Option<Truck>,
    /// What was picked of the handling units that were not taken whole.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub parts: BTreeMap<Sscc, Vec<Part>>,
}

/// How far a shipment is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Planned.
    #[default]
    Open,
    /// Being picked.
    Picking,
    /// Packed.
    Packed,
    /// Gone.
    Departed,
}

/// A handling unit whose lots are known.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Located {
    /// Its entity; none for a bare pallet that is known by what stands on it.
    pub unit: Option<EntityId>,
    /// Which word of its site this is: the higher number is the later one.
    pub word: u32,
    /// What is on it; nothing any more where it was taken off.
    pub contents: Vec<UnitContent>,
    /// The picked one it stands on or in, when it was not picked by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub via: Option<Sscc>,
}

/// What is recorded of a shipment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fact {
    /// A delivery was planned.
    Announced {
        /// The warehouse.
        warehouse: SiteId,
        /// Its number there.
        delivery: NativeId,
        /// What it should hold.
        lines: Vec<Line>,
        /// When it should leave.
        planned: Option<Instant>,
    },
    /// A handling unit is on it.
    Picked(Sscc),
    /// The lots of a handling unit are known.
    Located {
        /// Which.
        sscc: Sscc,
        /// What is on it.
        located: Located,
    },
    /// How far it is.
    Stage(Stage),
    /// A gate shut.
    Blocked {
        /// Which.
        gate: Gate,
        /// Why.
        reason: Reason,
    },
    /// A gate opened.
    Unblocked(Gate),
    /// A lot on it is held.
    Held {
        /// Which lot.
        lot: EntityId,
        /// The hold.
        hold: HoldNo,
        /// Why.
        reason: Reason,
    },
    /// That hold is over.
    Freed {
        /// Which lot.
        lot: EntityId,
        /// The hold.
        hold: HoldNo,
    },
    /// Its lots are asked for clearance.
    Asked {
        /// Which attempt.
        attempt: u32,
        /// Until when it would be good.
        until: Instant,
        /// Which lots.
        lots: Vec<EntityId>,
    },
    /// A lot answered.
    Answered {
        /// Which attempt.
        attempt: u32,
        /// Which lot.
        lot: EntityId,
        /// Why not; empty for yes.
        refused: Vec<String>,
    },
    /// The warehouse is told whether it may leave.
    Told {
        /// Which attempt.
        attempt: u32,
        /// Whether.
        granted: bool,
    },
    /// A yes does not count any more for what leaves from then on.
    Over {
        /// To which attempt it was given.
        attempt: u32,
        /// From when on; none where it never was for what left.
        at: Option<Instant>,
    },
    /// A transport system is asked for a truck.
    Tendered {
        /// Which transport system.
        transport: SiteId,
        /// For how many handling units.
        units: u32,
    },
    /// The transport system's number for it.
    Load(NativeId),
    /// A carrier takes it, or comes at another time.
    Booked {
        /// Who.
        carrier: Carrier,
        /// When the truck is to come.
        appointment: Instant,
    },
    /// Its truck stands at a dock.
    Docked(Place),
    /// The warehouse wants to let it go, and waits for the truck.
    WaitsForTruck {
        /// Which attempt, by the warehouse's count.
        attempt: u32,
    },
    /// The truck wants to leave.
    TruckAsked {
        /// Which time, by the transport system's count.
        ask: u32,
    },
    /// The transport system is told whether the truck may leave.
    TruckTold {
        /// To which question.
        ask: u32,
        /// Whether.
        granted: bool,
    },
    /// The truck left.
    TruckLeft,
    /// Some of a handling unit is on it.
    PickedPart {
        /// Which.
        unit: Sscc,
        /// What of it, beside what was picked of it before.
        part: Part,
    },
}

/// An input to a shipment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Input {
    /// May be refused.
    Request(Request),
    /// From the warehouse or the carrier: happened.
    Report(Report),
    /// From another entity.
    Mail(Mail),
}

/// Wishes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Request {
    /// The warehouse or carrier wants to let it go.
    ClearDeparture {
        /// Which try, by the warehouse's count.
        attempt: u32,
    },
    /// Somebody wants it stopped.
    Block {
        /// Which gate.
        gate: Gate,
        /// Why.
        reason: Reason,
    },
    /// The same gate opens again, by the one who owns it.
    Release {
        /// Which gate.
        gate: Gate,
    },
}

/// The gates of a departure, each its own owner's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Gate {
    /// The quality system's; falls when the last hold on it is released.
    Quality,
    /// The ERP's.
    Credit,
    /// The carrier's.
    Customs,
    /// A person's.
    Manual,
}

/// Reports of the warehouse.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Report {
    /// A delivery was planned.
    Announced {
        /// The warehouse.
        warehouse: SiteId,
        /// Its number.
        delivery: NativeId,
        /// What it should hold.
        lines: Vec<Line>,
        /// When it should leave.
        planned: Option<Instant>,
    },
    /// These handling units were picked for it.
    Picked {
        /// Which.
        units: Vec<Sscc>,
    },
    /// It is packed.
    Packed,
    /// It left.
    Departed,
    /// From the transport system: a carrier takes it, or comes at another time.
    Booked {
        /// Who.
        carrier: Carrier,
        /// When the truck is to come.
        appointment: Instant,
    },
    /// From the transport system: no carrier takes it.
    Unplaced,
    /// From the transport system: the truck stands at a dock.
    Docked {
        /// Which.
        dock: Place,
    },
    /// From the transport system: the truck left.
    TruckLeft {
        /// The question for departure that was granted; nothing when it left without.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ask: Option<u32>,
    },
    /// Of this handling unit some was picked for it.
    PickedPart {
        /// Which.
        unit: Sscc,
        /// What of it, beside what was picked of it before.
        part: Part,
    },
}

/// A line of a delivery.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Line {
    /// The material.
    pub material: MaterialId,
    /// How much.
    pub qty: Qty,
}

/// Word from other entities.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mail {
    /// The warehouse's site knows the handling unit.
    Located {
        /// The handling unit.
        sscc: Sscc,
        /// What its site knows of it.
        located: Box<Located>,
    },
    /// A lot answers a departure attempt.
    ClearanceAnswered {
        /// Which attempt.
        attempt: u32,
        /// Which lot.
        lot: EntityId,
        /// Why not; empty when granted.
        refused: Vec<String>,
    },
    /// A lot on it is held.
    Held {
        /// Which lot, by its entity and its name.
        lot: EntityId,
        /// Its name.
        key: LotKey,
        /// The hold.
        hold: HoldNo,
        /// Only these handling units; empty for all of the lot.
        units: Vec<Sscc>,
        /// Why.
        reason: Reason,
        /// The attempt whose clearance this takes back, if it had one.
        revokes: Option<u32>,
    },
    /// That hold is over.
    Freed {
        /// Which lot.
        lot: EntityId,
        /// The hold.
        hold: HoldNo,
    },
}

impl Input {
    /// May a shipment be born from it?
    pub fn is_birth(&self) -> bool {
        match self {
            Self::Report(Report::Announced { .. }) => true,
            Self::Report(_) | Self::Request(_) | Self::Mail(_) => false,
        }
    }
}

#[cfg(test)]
mod tests;
