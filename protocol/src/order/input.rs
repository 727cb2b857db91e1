//! What an order is told, and by whom.

use serde::{Deserialize, Serialize};

use super::{Header, JobWish, Mail};
use crate::instant::Instant;
use crate::name::SiteId;
use crate::native::NativeId;
use crate::posting::Use;
use crate::qty::{Native, Qty};
use crate::words::{DocNo, EquipmentId, ItemNo, LotNo, MaterialId, OpNo, OutputKind, Reason, SerialNo, Sscc, Version};

/// An input to an order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Input {
    /// May be refused.
    Request(Request),
    /// Happened in the ERP, which owns the order: applied.
    OwnerFact(OwnerFact),
    /// Happened on the floor: applied.
    Report(Report),
    /// From another entity.
    Mail(Mail),
}

/// Wishes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Request {
    /// Have the ERP make and release an order of a planned one.
    Release(Release),
    /// Another total.
    ChangeQuantity {
        /// The new total, planned scrap included.
        total: Qty,
    },
    /// Other dates.
    Reschedule {
        /// When it should start.
        start: Instant,
        /// When it should end.
        end: Instant,
    },
    /// Another material on a component line.
    ReplaceComponent {
        /// The line.
        item: ItemNo,
        /// What goes in instead.
        material: MaterialId,
    },
    /// Another version of the recipe.
    ChangeRecipe {
        /// Which.
        version: Version,
    },
    /// Make an order of its own of a part.
    Split {
        /// How much of it.
        total: Qty,
        /// What the new order is asked for by.
        reference: NativeId,
        /// Where it is made; absent for the same plant.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        plant: Option<SiteId>,
        /// When it should start; absent for the same time.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        start: Option<Instant>,
        /// When it should end; absent for the same time.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        end: Option<Instant>,
    },
    /// Let it wait.
    Hold {
        /// Why.
        reason: Reason,
    },
    /// Let it go on.
    Resume,
    /// Take the job back from the plant.
    Revoke,
    /// Send it to the plant again, as a new attempt.
    Redispatch,
    /// Give it up.
    Cancel,
    /// No more work.
    TechnicallyComplete {
        /// Although postings are not settled.
        force: bool,
    },
    /// Work again.
    Reopen,
    /// Flush and settle, then close.
    Close,
    /// Take a posted document back.
    ReversePosting {
        /// Which posting, by its number in the order's ledger.
        posting: u32,
    },
}

/// A wish for an order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Release {
    /// The ERP that will own it.
    pub erp: SiteId,
    /// The planned order, or the client's own reference where there is none.
    pub planned_order: NativeId,
    /// The plant.
    pub plant: SiteId,
    /// The material.
    pub material: MaterialId,
    /// The total, planned scrap included.
    pub total: Qty,
    /// The recipe; absent for the newest approved one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recipe: Option<Version>,
    /// The lot to produce into; absent where it is named after the order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lot: Option<LotNo>,
    /// When it should start.
    pub start: Instant,
    /// When it should end.
    pub end: Instant,
}

/// Facts from the ERP.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OwnerFact {
    /// It was made there, and is not released.
    Created(Box<Header>),
    /// Some of its operations were released there.
    PartlyReleased(Box<Header>),
    /// It was released there.
    Released(Box<Header>),
    /// Its total was changed there.
    QuantityChanged {
        /// The new total.
        total: Qty,
    },
    /// It was moved there.
    DatesChanged {
        /// When it should start.
        start: Instant,
        /// When it should end.
        end: Instant,
    },
    /// It was cancelled there.
    Cancelled,
    /// No more work.
    TechnicallyCompleted,
    /// Work again.
    Reopened,
    /// Settled.
    Closed,
    /// Somebody has it open there, or has no longer.
    Locked(bool),
    /// Its components are there, or not.
    Availability {
        /// What is missing; empty when nothing is.
        short: Vec<String>,
    },
    /// A document for it that carries another reference than one of ours.
    ForeignPosting {
        /// The document.
        document: DocNo,
        /// Who posted it.
        by: String,
        /// What for.
        #[serde(rename = "use")]
        purpose: Use,
        /// Of which material.
        material: MaterialId,
        /// Of which lot.
        #[serde(default)]
        lot: Option<LotNo>,
        /// How much.
        qty: Qty,
    },
}

impl OwnerFact {
    /// The order as its ERP has it, where the fact says so: an order can be born from it.
    pub fn header(&self) -> Option<&Header> {
        match self {
            Self::Created(header) | Self::PartlyReleased(header) | Self::Released(header) => Some(header),
            Self::QuantityChanged { .. }
            | Self::DatesChanged { .. }
            | Self::Cancelled
            | Self::TechnicallyCompleted
            | Self::Reopened
            | Self::Closed
            | Self::Locked(_)
            | Self::Availability { .. }
            | Self::ForeignPosting { .. } => None,
        }
    }
}

/// Reports from the floor.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Report {
    /// The plant took the job.
    JobAccepted {
        /// Its number there.
        job: NativeId,
    },
    /// The plant refused the job.
    JobRejected {
        /// Its own code.
        code: String,
        /// Its own words.
        text: String,
        /// Which attempt, where it says so.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        attempt: Option<u32>,
    },
    /// The plant did not do what it was asked about the job, and says so only now: one that speaks in files does.
    WishRefused {
        /// What it was asked.
        wish: JobWish,
        /// Its own code.
        code: String,
        /// Its own words.
        text: String,
    },
    /// An operation began.
    OperationStarted {
        /// Which.
        op: OpNo,
        /// On what.
        #[serde(default)]
        equipment: Option<EquipmentId>,
    },
    /// An operation stopped for a while.
    OperationHeld {
        /// Which.
        op: OpNo,
        /// Why.
        reason: Reason,
    },
    /// It goes on.
    OperationResumed {
        /// Which.
        op: OpNo,
    },
    /// It was given up.
    OperationAborted {
        /// Which.
        op: OpNo,
        /// Why.
        reason: Reason,
    },
    /// Work was done.
    Confirmed(Box<Confirmation>),
    /// A component went in; negative when it came back.
    Consumed {
        /// At which operation.
        op: OpNo,
        /// Which component line, when the plant knows it.
        #[serde(default)]
        item: Option<ItemNo>,
        /// Which material.
        material: MaterialId,
        /// Which lot.
        #[serde(default)]
        lot: Option<LotNo>,
        /// How much.
        amount: Amount,
    },
    /// An output came out.
    Produced {
        /// Which.
        output: OutputKind,
        /// Which material; absent for the order's own.
        #[serde(default)]
        material: Option<MaterialId>,
        /// Into which lot; absent for the order's own.
        #[serde(default)]
        lot: Option<LotNo>,
        /// How much.
        amount: Amount,
        /// On a handling unit that is now closed.
        #[serde(default)]
        unit: Option<Sscc>,
        /// Which pieces.
        #[serde(default)]
        serials: Vec<SerialNo>,
    },
    /// A count was wrong: the difference, signed.
    CountCorrected {
        /// At which operation.
        op: OpNo,
        /// What was miscounted.
        #[serde(rename = "use")]
        purpose: Use,
        /// What has to be added to be right.
        difference: Qty,
        /// Why.
        reason: Reason,
    },
    /// A sample was taken.
    SampleTaken {
        /// The plant's number for it.
        sample: NativeId,
        /// Of which lot; absent for the order's own.
        #[serde(default)]
        lot: Option<LotNo>,
        /// How much.
        #[serde(default)]
        qty: Option<Qty>,
    },
    /// The whole order is done.
    Completed,
    /// Its components stand at the line; from the warehouse that brings them, or the plant.
    Staged {
        /// What could not be brought; empty when everything stands there.
        missing: Vec<String>,
    },
}

/// Work on an operation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Confirmation {
    /// Which operation.
    pub op: OpNo,
    /// Good. Missing is not zero.
    #[serde(default)]
    pub good: Option<Amount>,
    /// Scrap.
    #[serde(default)]
    pub scrap: Option<Amount>,
    /// Why it was scrapped.
    #[serde(default)]
    pub scrap_reason: Option<Reason>,
    /// To be worked on again.
    #[serde(default)]
    pub rework: Option<Amount>,
    /// Labour time.
    #[serde(default)]
    pub labour: Option<Amount>,
    /// Machine time.
    #[serde(default)]
    pub machine: Option<Amount>,
    /// The operation is done with this.
    #[serde(default)]
    pub last: bool,
    /// The good total of the operation, when the source declares it with the last one: reports may still be on their way.
    #[serde(default)]
    pub declared: Option<Qty>,
}

/// How much, and how it was counted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Amount {
    /// The number, in the source's unit.
    pub qty: Qty,
    /// What the number means.
    #[serde(default)]
    pub counting: Counting,
    /// What the source wrote.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub native: Option<Native>,
}

/// What a number means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Counting {
    /// So many more.
    #[default]
    Delta,
    /// So many since the counter's epoch began; the epoch is in the envelope's key.
    Cumulative,
}

impl Input {
    /// May an order be born from it?
    pub fn is_birth(&self) -> bool {
        matches!(
            self,
            Self::Request(Request::Release(_))
                | Self::OwnerFact(OwnerFact::Created(_) | OwnerFact::PartlyReleased(_) | OwnerFact::Released(_))
                | Self::Mail(Mail::SplitOff { .. })
        )
    }
}
