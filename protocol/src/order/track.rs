//! The tracks of an order, each with its states and nothing that does not exist in them.

use serde::{Deserialize, Serialize};

use crate::id::EntityId;
use crate::qty::Qty;
use crate::refusal::Code;
use crate::words::LotKey;

/// Track B: the ERP's view of the business.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Business {
    /// Wished for; the ERP has been asked to make it.
    #[default]
    Planned,
    /// Made in the ERP, not released.
    Created,
    /// Some of its operations are released; the plant gets it when all are.
    PartlyReleased,
    /// The plant may work.
    Released,
    /// No more work; late reports are parked.
    TechnicallyCompleted,
    /// Settled; every report is a case.
    Closed,
    /// Given up.
    Cancelled,
}

impl Business {
    /// May postings go to the ERP?
    pub fn takes_postings(self) -> bool {
        match self {
            Self::Created | Self::PartlyReleased | Self::Released => true,
            Self::Planned | Self::TechnicallyCompleted | Self::Closed | Self::Cancelled => false,
        }
    }
}

/// Track D: the way of the order to its plant.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Dispatch {
    /// Nothing to do yet.
    #[default]
    Idle,
    /// The plant's site is looking for everything it needs.
    Validating,
    /// Something is missing; nothing was sent.
    Invalid {
        /// What.
        missing: Vec<(Code, String)>,
    },
    /// Everything is there; the order is on hold.
    Ready,
    /// On its way.
    Sent {
        /// Which attempt.
        attempt: u32,
    },
    /// The plant has it.
    Accepted {
        /// Which attempt.
        attempt: u32,
        /// Known only because it started.
        implied: bool,
    },
    /// The plant will not.
    Rejected {
        /// Which attempt.
        attempt: u32,
        /// The plant's own code.
        code: String,
    },
    /// No answer in time; a later one still wins.
    TimedOut {
        /// Which attempt.
        attempt: u32,
    },
    /// We asked for it back.
    Revoking {
        /// Which attempt.
        attempt: u32,
    },
    /// The plant gave it back.
    Revoked,
    /// The plant keeps it.
    RevokeRefused,
}

/// Track X: one operation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Execution {
    /// Not begun.
    #[default]
    NotStarted,
    /// Under way.
    Running,
    /// Stopped for a while.
    Interrupted {
        /// Why.
        why: String,
    },
    /// Done.
    Completed,
    /// Given up.
    Aborted {
        /// Why.
        why: String,
    },
}

/// Track M: are the components there?
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Supply {
    /// Nobody looked.
    #[default]
    Unchecked,
    /// The ERP says yes.
    Committed,
    /// The ERP or the warehouse says no.
    Short {
        /// Of what.
        what: Vec<String>,
    },
    /// They stand at the line.
    Staged,
}

/// Track Q: a lot of this order, as it last said.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LotQuality {
    /// Which lot.
    pub lot: LotKey,
    /// Open holds on it.
    pub holds: Vec<crate::words::HoldNo>,
    /// Holds that were released without the quality system, which has not countersigned yet.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub provisional: Vec<crate::words::HoldNo>,
    /// Waiting for inspection.
    pub in_inspection: bool,
    /// Free to use.
    pub free: Qty,
    /// Blocked.
    pub blocked: Qty,
    /// The number of the word this came with: an older one changes nothing.
    pub word: u64,
}

/// Track L: a handling unit of this order, as it last said.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct UnitStage {
    /// Its entity.
    pub unit: EntityId,
    /// How much of this order is on it.
    pub qty: Qty,
    /// How far it is.
    pub stage: Stage,
    /// How much of that has left while the rest stayed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub taken: Option<Qty>,
}

/// How far a handling unit is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Filled at the plant.
    #[default]
    Filled,
    /// The warehouse knows that it comes.
    Announced,
    /// It arrived.
    Received,
    /// It stands in its bin.
    PutAway,
    /// It was taken for a shipment.
    Picked,
    /// It left.
    Shipped,
}
