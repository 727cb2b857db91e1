//! What is recorded of a lot.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Booking, Containment, Decision, Hold, Origin, Verdict};
use crate::id::EntityId;
use crate::instant::Instant;
use crate::name::SiteId;
use crate::native::NativeId;
use crate::qty::Qty;
use crate::words::{HoldNo, LotKey, OutputKind, Sscc, StockStatus};

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
    /// What it was made from or went into became known later than the quantity.
    Linked {
        /// Lots it was made from.
        from: Vec<(LotKey, EntityId)>,
        /// Lots it went into.
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
    /// A hold binds, or reaches further than before, from here on.
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
        /// That the quality system was not reached, and has to countersign. About a hold that was released so, and is over, a decision
        /// without this is quality's own word on it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        provisional: Option<super::Provisional>,
    },
    /// A decision on a hold of which there is no word yet: it is kept until that comes.
    DecidedEarly {
        /// Which hold.
        hold: HoldNo,
        /// What.
        early: super::Early,
    },
    /// What must become of handling units that were decided about.
    Disposed {
        /// Which.
        units: Vec<Sscc>,
        /// What.
        verdict: Verdict,
        /// The hold, when it is about the lot as a whole: what stands on no handling unit, and what is told of later.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        rest: Option<Box<super::Rest>>,
        /// The hold that was decided about, under whose number the warehouse keeps blocking what is refused.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        under: Option<Box<super::Rest>>,
    },
    /// Some of it was accepted for restricted use.
    Restricted {
        /// How much.
        qty: Qty,
    },
    /// A document of an order moved some of it in or out of the ERP's stock.
    Booked {
        /// The order.
        order: EntityId,
        /// The posting, by its number in that order.
        posting: u32,
        /// What.
        parts: Vec<Booking>,
    },
    /// The ERP was asked to move stock of it.
    Moved {
        /// From.
        from: StockStatus,
        /// To.
        to: StockStatus,
        /// How much.
        qty: Qty,
    },
    /// The ERP would not.
    MoveRefused {
        /// From.
        from: StockStatus,
        /// To.
        to: StockStatus,
        /// How much.
        qty: Qty,
    },
    /// A move was done after others had been refused: those may be asked for again.
    MoveDone {
        /// From.
        from: StockStatus,
        /// To.
        to: StockStatus,
    },
    /// A lot it was made from is no longer held under that number.
    ParentFreed {
        /// That lot.
        parent: LotKey,
        /// The number there.
        hold: HoldNo,
    },
    /// A hold that came down is over where it was placed.
    OriginFreed {
        /// Where, and its number there.
        origin: Origin,
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
        /// How much, of those that did not leave whole.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        parts: BTreeMap<Sscc, Qty>,
    },
    /// It told its orders how it is.
    Told,
    /// A supplier said that some of it is on its way.
    Announced {
        /// On which handling unit.
        unit: Sscc,
        /// What was said.
        expected: Box<super::Expected>,
    },
    /// That handling unit came.
    Arrived {
        /// Which.
        unit: Sscc,
        /// When.
        at: Instant,
    },
    /// A warehouse was told of goods of it.
    GoesTo(SiteId),
}

impl Fact {
    /// Where the lot is, where that is what it says.
    pub(crate) fn site(&self) -> Option<SiteId> {
        if let Self::Known { site, .. } = self { Some(*site) } else { None }
    }

    /// Whether the orders that made some of it see it otherwise from now on.
    pub(crate) fn shows(&self) -> bool {
        match self {
            Self::Produced { .. }
            | Self::Sampled(_)
            | Self::Judged { .. }
            | Self::Held { .. }
            | Self::Disposed { .. }
            | Self::ParentFreed { .. }
            | Self::OriginFreed { .. }
            | Self::Released(_) => true,
            Self::Known { .. }
            | Self::Consumed { .. }
            | Self::Linked { .. }
            | Self::Contained { .. }
            | Self::Decided { .. }
            | Self::DecidedEarly { .. }
            | Self::Restricted { .. }
            | Self::Booked { .. }
            | Self::Moved { .. }
            | Self::MoveRefused { .. }
            | Self::MoveDone { .. }
            | Self::Registered { .. }
            | Self::Unregistered { .. }
            | Self::Cleared { .. }
            | Self::ClearanceRevoked { .. }
            | Self::Departed { .. }
            | Self::Announced { .. }
            | Self::Arrived { .. }
            | Self::GoesTo(_)
            | Self::Told => false,
        }
    }
}
