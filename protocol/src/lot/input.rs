//! What a lot is told, and by whom.

use serde::{Deserialize, Serialize};

use super::{Booking, Origin};
use crate::id::EntityId;
use crate::instant::Instant;
use crate::name::SiteId;
use crate::native::NativeId;
use crate::qty::Qty;
use crate::words::{HoldNo, LotKey, OpNo, OutputKind, Reason, Sscc};

/// An input to a lot.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Input {
    /// May be refused.
    Request(Request),
    /// From the quality system that owns dispositions: applied.
    OwnerFact(OwnerFact),
    /// Happened: applied.
    Report(Report),
    /// From another entity.
    Mail(Mail),
}

/// Wishes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Request {
    /// Anyone may place a hold.
    PlaceHold(Placement),
    /// Only an allowed quality role may decide.
    RecordDisposition(Disposition),
}

/// A hold as it is placed: on the whole lot, or on some of its handling units.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Placement {
    /// Its number, by whoever placed it.
    pub hold: HoldNo,
    /// The lot, as the sender knows it.
    pub lot: LotKey,
    /// The plant whose lot it is.
    pub site: SiteId,
    /// Only these handling units; empty for the whole lot.
    #[serde(default)]
    pub units: Vec<Sscc>,
    /// Why.
    pub reason: Reason,
    /// How bad, in the quality system's own word.
    #[serde(default)]
    pub severity: String,
}

/// A decision on a hold, per quantity.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Disposition {
    /// The lot, as the sender knows it.
    pub lot: LotKey,
    /// Which hold.
    pub hold: HoldNo,
    /// What is decided about how much; a decision may be partial.
    pub decisions: Vec<Decision>,
    /// Whether the hold is over with this.
    pub last: bool,
}

/// A decision about a quantity.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Decision {
    /// What.
    pub verdict: Verdict,
    /// How much; absent for all that is held.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub qty: Option<Qty>,
    /// Only on this handling unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<Sscc>,
}

/// What may be decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Free again.
    Accept,
    /// Free for restricted use.
    AcceptRestricted,
    /// To be worked on again.
    Rework,
    /// To be scrapped.
    Scrap,
    /// Back to the supplier.
    Return,
}

impl Verdict {
    /// Whether the goods may be used or shipped afterwards.
    pub fn frees(self) -> bool {
        match self {
            Self::Accept | Self::AcceptRestricted => true,
            Self::Rework | Self::Scrap | Self::Return => false,
        }
    }

    /// What is to be done with the quantity, for a sentence.
    pub fn word(self) -> &'static str {
        match self {
            Self::Accept => "accepted",
            Self::AcceptRestricted => "accepted for restricted use",
            Self::Rework => "reworked",
            Self::Scrap => "scrapped",
            Self::Return => "returned",
        }
    }
}

/// Facts from the quality system.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OwnerFact {
    /// A nonconformance was raised.
    Nonconformance(Placement),
    /// A decision was taken.
    Decided(Disposition),
    /// The inspection of a sample ended.
    InspectionClosed {
        /// The sample or inspection.
        sample: NativeId,
        /// Passed or not.
        passed: bool,
        /// The lot, as the sender knows it.
        lot: LotKey,
        /// What was found, for a person.
        findings: String,
    },
}

/// Reports about a lot.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Report {
    /// A result of the laboratory.
    TestResult {
        /// The sample.
        sample: NativeId,
        /// What was measured.
        characteristic: String,
        /// Its value, verbatim.
        value: String,
        /// Within limits?
        passed: bool,
    },
    /// From the plant's supplier portal: some of it is on its way.
    Announced(Box<super::Announcement>),
}

/// Word from other entities.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mail {
    /// An order made some of it.
    Produced(Production),
    /// A document of an order moved some of it in or out of the ERP's stock.
    Booked {
        /// The order.
        order: EntityId,
        /// The lot.
        lot: LotKey,
        /// The plant.
        site: SiteId,
        /// The posting, by its number in the order.
        posting: u32,
        /// What.
        parts: Vec<Booking>,
    },
    /// An order used some of it.
    Consumed {
        /// The order.
        order: EntityId,
        /// The operation.
        op: OpNo,
        /// How much, in the material's base unit; negative when it was returned or corrected.
        qty: Qty,
        /// The lots the order makes, as far as known.
        into: Vec<(LotKey, EntityId)>,
        /// The plant it was used at.
        site: SiteId,
        /// Which lot this is.
        lot: LotKey,
    },
    /// What it was made from or went into, learnt by its order later than the quantity.
    Linked {
        /// The lot.
        lot: LotKey,
        /// The plant.
        site: SiteId,
        /// Lots it was made from.
        from: Vec<(LotKey, EntityId)>,
        /// Lots it went into.
        into: Vec<(LotKey, EntityId)>,
    },
    /// An order opened an inspection of it.
    SampleTaken {
        /// The order.
        order: EntityId,
        /// The lot.
        lot: LotKey,
        /// The plant.
        site: SiteId,
        /// The plant's number for the sample.
        sample: NativeId,
        /// How much was taken.
        qty: Option<Qty>,
        /// When.
        taken_at: Instant,
    },
    /// A shipment wants to leave with some of it, some day.
    Register {
        /// The shipment.
        shipment: EntityId,
        /// On this handling unit.
        unit: Sscc,
        /// How much.
        qty: Qty,
    },
    /// A shipment no longer wants to.
    Unregister {
        /// The shipment.
        shipment: EntityId,
        /// That handling unit.
        unit: Sscc,
    },
    /// A shipment asks for clearance to depart.
    AskClearance {
        /// The shipment.
        shipment: EntityId,
        /// Which departure attempt.
        attempt: u32,
        /// The handling units of this lot on it, with how much.
        units: Vec<(Sscc, Qty)>,
        /// Those of them that are not on it whole: the rest of them stays.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        parts: Vec<Sscc>,
        /// Until when it would be good.
        until: Instant,
    },
    /// A shipment left.
    Departed {
        /// The shipment.
        shipment: EntityId,
        /// With clearance of this attempt, if it had one.
        attempt: Option<u32>,
        /// The handling units of this lot on it, with how much.
        units: Vec<(Sscc, Qty)>,
        /// Those of them that are not on it whole: the rest of them stays.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        parts: Vec<Sscc>,
    },
    /// A shipment with some of it had its transport system told of a hold.
    Contained {
        /// The hold.
        hold: HoldNo,
        /// The transport system.
        site: SiteId,
        /// How it answered.
        containment: super::Containment,
    },
    /// A handling unit that a supplier had announced came.
    Arrived {
        /// Which.
        unit: Sscc,
    },
    /// A lot it was made from is held: so is what was made from it.
    ParentHeld {
        /// The lot it was made from.
        parent: LotKey,
        /// That hold.
        hold: HoldNo,
        /// Why.
        reason: Reason,
        /// Where it was placed.
        origin: Origin,
    },
    /// That hold is over there.
    ParentReleased {
        /// The lot it was made from.
        parent: LotKey,
        /// That hold.
        hold: HoldNo,
    },
    /// A hold is over where it was placed: so it is wherever it came down to.
    OriginReleased {
        /// Where, and its number there.
        origin: Origin,
    },
    /// Another warehouse than the plant's was told that some of it comes.
    HandedTo {
        /// On which handling unit.
        unit: Sscc,
        /// Which warehouse.
        warehouse: SiteId,
    },
}

/// What an order made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Production {
    /// The order.
    pub order: EntityId,
    /// The lot.
    pub lot: LotKey,
    /// The plant.
    pub site: SiteId,
    /// Which output of the order.
    pub output: OutputKind,
    /// How much, in the material's base unit; negative when a count was corrected down.
    pub qty: Qty,
    /// On which handling unit, if already on one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<Sscc>,
    /// The lots it was made from, as far as known: edges of genealogy.
    #[serde(default)]
    pub from: Vec<(LotKey, EntityId)>,
    /// Must it be inspected before use?
    pub inspected: bool,
}
