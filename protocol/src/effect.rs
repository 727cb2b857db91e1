//! Effects: what a site can be asked to do, in canonical words and complete. A link's mapping turns one into the foreign
//! words; nothing here is computed again later. Quantities are in the unit the receiving system keeps the thing in.

use serde::{Deserialize, Serialize};

use crate::books::Question;
use crate::demand::{DemandAnswer, DemandNotice};
use crate::id::EntityId;
use crate::instant::Instant;
use crate::intent::Reference;
use crate::native::NativeId;
use crate::order::Change;
use crate::posting::Posting;
use crate::qty::Qty;
use crate::words::{EquipmentId, HoldNo, ItemNo, LotKey, LotNo, MaterialId, OpNo, Reason, Sscc, StockStatus, Version};

mod around;
mod goods;

pub use around::{Breakdown, EventBatch, LoadTender};
pub use goods::{StockBlock, UnitContent, UnitNotice};

/// What a site is asked to do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// ERP: make a production order from a planned order and release it.
    ConvertPlannedOrder(Conversion),
    /// MES: take this job.
    DispatchJob(Job),
    /// MES: give the job back, if nothing was started.
    RevokeJob(JobRef),
    /// ERP: change this order, which is yours.
    ChangeOrder(OrderChange),
    /// MES: agree that the job is this now.
    ChangeJob {
        /// Which job.
        job: JobRef,
        /// Its total.
        total: Qty,
        /// Its planned start.
        start: Instant,
        /// Its planned end.
        end: Instant,
    },
    /// MES: stop the job for a while.
    HoldJob {
        /// Which job.
        job: JobRef,
        /// Why.
        reason: Reason,
    },
    /// MES: go on with the job.
    ResumeJob(JobRef),
    /// ERP: post this document, or reverse one.
    Post(Document),
    /// ERP: move stock of a lot from one status to another.
    ChangeStockStatus {
        /// Whose stock.
        lot: LotKey,
        /// The plant's name in the ERP is the mapping's business; this is ours.
        plant: crate::name::SiteId,
        /// How much.
        qty: Qty,
        /// From.
        from: StockStatus,
        /// To.
        to: StockStatus,
        /// The hold behind it, when it is one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        hold: Option<HoldNo>,
    },
    /// WMS: these handling units will come.
    AnnounceUnit(UnitNotice),
    /// WMS: do not move, pick or ship stock of this lot.
    BlockStock(StockBlock),
    /// WMS: the hold is gone.
    UnblockStock(StockBlock),
    /// WMS or TMS: this shipment must not leave.
    BlockShipment {
        /// Which.
        shipment: NativeId,
        /// Why, as gate reasons.
        reasons: Vec<String>,
    },
    /// WMS or TMS: nothing holds the shipment any more.
    UnblockShipment {
        /// Which.
        shipment: NativeId,
    },
    /// WMS or TMS: the answer to a request for departure.
    AnswerDeparture {
        /// Which.
        shipment: NativeId,
        /// Which request.
        attempt: u32,
        /// Whether it may leave.
        granted: bool,
        /// Until when, when it may.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<Instant>,
        /// Why not, when it may not.
        reasons: Vec<String>,
    },
    /// QMS: a hold was placed.
    TellHold(StockBlock),
    /// QMS or LIMS: a sample was taken, or must be.
    OpenInspection {
        /// Of what.
        lot: LotKey,
        /// Where.
        site: crate::name::SiteId,
        /// The plant's own number for the sample.
        sample: NativeId,
        /// How much was taken.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        qty: Option<Qty>,
        /// When.
        taken_at: Instant,
    },
    /// CMMS: the plant says that a piece of equipment broke down.
    ReportBreakdown(Breakdown),
    /// TMS: bring this shipment away.
    TenderLoad(LoadTender),
    /// ERP: plan for this demand, or for it no more.
    PlaceDemand(Box<DemandNotice>),
    /// Planning: this is what becomes of your demand.
    AnswerDemand(Box<DemandAnswer>),
    /// Analytics: this happened. Never an intent of an entity: a reader is fed from the logs themselves.
    TellEvents(EventBatch),
    /// ERP or WMS: say what is in your books. Changes nothing there.
    ReadBooks(Question),
}

impl Effect {
    /// Every verb, sorted.
    pub const VERBS: [&str; 23] = [
        "announce_unit",
        "answer_demand",
        "answer_departure",
        "block_shipment",
        "block_stock",
        "change_job",
        "change_order",
        "change_stock_status",
        "convert_planned_order",
        "dispatch_job",
        "hold_job",
        "open_inspection",
        "place_demand",
        "post",
        "read_books",
        "report_breakdown",
        "resume_job",
        "revoke_job",
        "tell_events",
        "tell_hold",
        "tender_load",
        "unblock_shipment",
        "unblock_stock",
    ];

    /// What it turns on or off, for those of which only the newest counts: two of them must not pass each other.
    pub fn switch(&self) -> Option<(Switch<'_>, bool)> {
        match self {
            Self::BlockStock(block) => Some((Switch::Stock(&block.lot, &block.hold), true)),
            Self::UnblockStock(block) => Some((Switch::Stock(&block.lot, &block.hold), false)),
            Self::BlockShipment { shipment, .. } => Some((Switch::Shipment(shipment), true)),
            Self::UnblockShipment { shipment } => Some((Switch::Shipment(shipment), false)),
            Self::HoldJob { job, .. } => Some((Switch::Job(&job.dispatch), true)),
            Self::ResumeJob(job) => Some((Switch::Job(&job.dispatch), false)),
            Self::ConvertPlannedOrder(_)
            | Self::DispatchJob(_)
            | Self::RevokeJob(_)
            | Self::ChangeOrder(_)
            | Self::ChangeJob { .. }
            | Self::Post(_)
            | Self::ChangeStockStatus { .. }
            | Self::AnnounceUnit(_)
            | Self::AnswerDeparture { .. }
            | Self::TellHold(_)
            | Self::OpenInspection { .. }
            | Self::ReportBreakdown(_)
            | Self::TenderLoad(_)
            | Self::PlaceDemand(_)
            | Self::AnswerDemand(_)
            | Self::TellEvents(_)
            | Self::ReadBooks(_) => None,
        }
    }

    /// Whether it turns off what an earlier effect turns on, or the other way round. Blocks of different handling units of a lot
    /// have nothing to do with each other.
    pub fn undoes(&self, before: &Self) -> bool {
        let (Some((one, on)), Some((other, off))) = (self.switch(), before.switch()) else { return false };
        one == other && on != off && self.units().is_none_or(|units| before.units().is_none_or(|others| meet(units, others)))
    }

    /// The handling units of a block, or of the end of one; nothing where it is of all of them.
    fn units(&self) -> Option<&[Sscc]> {
        let (Self::BlockStock(block) | Self::UnblockStock(block)) = self else { return None };
        Some(&block.units[..]).filter(|units| !units.is_empty())
    }

    /// Whether it changes nothing at its site: done twice or not at all, it harms nobody.
    pub fn only_reads(&self) -> bool {
        matches!(self, Self::ReadBooks(_))
    }

    /// Whether it moves stock of a lot back to where an earlier effect moved it from.
    pub fn moves_back(&self, before: &Self) -> bool {
        let Self::ChangeStockStatus { lot, from, to, .. } = self else { return false };
        let Self::ChangeStockStatus { lot: other, from: source, to: target, .. } = before else { return false };
        lot == other && from == target && to == source
    }

    /// Whether it says all that an earlier effect says, and more: what was not sent of that need not be.
    pub fn replaces(&self, before: &Self) -> bool {
        match (self, before) {
            (Self::AnnounceUnit(notice), Self::AnnounceUnit(earlier)) => earlier.sscc == notice.sscc && earlier.to == notice.to,
            (Self::PlaceDemand(notice), Self::PlaceDemand(earlier)) => earlier.demand == notice.demand,
            (Self::AnswerDemand(answer), Self::AnswerDemand(earlier)) => earlier.number == answer.number,
            _ => false,
        }
    }

    /// The word by which a link's configuration chooses the mapping; one of [`Effect::VERBS`].
    pub fn verb(&self) -> &'static str {
        match self {
            Self::ConvertPlannedOrder(_) => "convert_planned_order",
            Self::DispatchJob(_) => "dispatch_job",
            Self::RevokeJob(_) => "revoke_job",
            Self::ChangeOrder(_) => "change_order",
            Self::ChangeJob { .. } => "change_job",
            Self::HoldJob { .. } => "hold_job",
            Self::ResumeJob(_) => "resume_job",
            Self::Post(_) => "post",
            Self::ChangeStockStatus { .. } => "change_stock_status",
            Self::AnnounceUnit(_) => "announce_unit",
            Self::BlockStock(_) => "block_stock",
            Self::UnblockStock(_) => "unblock_stock",
            Self::BlockShipment { .. } => "block_shipment",
            Self::UnblockShipment { .. } => "unblock_shipment",
            Self::AnswerDeparture { .. } => "answer_departure",
            Self::TellHold(_) => "tell_hold",
            Self::OpenInspection { .. } => "open_inspection",
            Self::ReportBreakdown(_) => "report_breakdown",
            Self::TenderLoad(_) => "tender_load",
            Self::PlaceDemand(_) => "place_demand",
            Self::AnswerDemand(_) => "answer_demand",
            Self::TellEvents(_) => "tell_events",
            Self::ReadBooks(_) => "read_books",
        }
    }
}

/// What is on or off at a site.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Switch<'a> {
    /// The block of a lot's stock for a hold.
    Stock(&'a LotKey, &'a HoldNo),
    /// The block of a shipment.
    Shipment(&'a NativeId),
    /// The pause of a job, by its dispatch.
    Job(&'a Reference),
}

/// A posting, with the order it belongs to by every name an ERP may ask for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Document {
    /// The order's entity.
    pub order: EntityId,
    /// Its number in its ERP.
    pub erp_order: NativeId,
    /// The plant.
    pub plant: crate::name::SiteId,
    /// What to post.
    pub posting: Posting,
}

/// A planned order that is to become exactly one production order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Conversion {
    /// The planned order, or the client's own reference where there is none.
    pub planned_order: NativeId,
    /// The material.
    pub material: MaterialId,
    /// The total, planned scrap included.
    pub total: Qty,
    /// The plant.
    pub plant: crate::name::SiteId,
    /// The recipe wanted.
    pub recipe: Version,
    /// When it should start.
    pub start: Instant,
    /// When it should end.
    pub end: Instant,
}

/// What is to become of an order in the ERP that owns it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OrderChange {
    /// The order's entity.
    pub order: EntityId,
    /// Its number in its ERP.
    pub erp_order: NativeId,
    /// Its plant.
    pub plant: crate::name::SiteId,
    /// What.
    pub change: Change,
}

/// A job for a MES: routing, bill of material, work centre, lot and schedule in one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Job {
    /// The order's entity: the MES repeats it in every report.
    pub order: EntityId,
    /// The order's number in its ERP.
    pub erp_order: NativeId,
    /// Which attempt this is; a new one supersedes the one before.
    pub attempt: u32,
    /// The material.
    pub material: MaterialId,
    /// Its text.
    pub description: String,
    /// The total.
    pub total: Qty,
    /// The lot to produce into; absent only where the plant numbers its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lot: Option<LotNo>,
    /// The recipe, which is the one the plant's own system has.
    pub recipe: Version,
    /// Where the recipe came from: its source system and approval, as a person would quote it.
    pub recipe_source: String,
    /// When it should start.
    pub start: Instant,
    /// When it should end.
    pub end: Instant,
    /// The routing.
    pub operations: Vec<JobOperation>,
    /// The bill of material.
    pub components: Vec<JobComponent>,
}

/// An operation of a job.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct JobOperation {
    /// Its number.
    pub op: OpNo,
    /// Where it may run.
    pub equipment: Vec<EquipmentId>,
}

/// A component of a job.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct JobComponent {
    /// Its line.
    pub item: ItemNo,
    /// The operation that uses it.
    pub op: OpNo,
    /// The material.
    pub material: MaterialId,
    /// How much for the whole order.
    pub required: Qty,
    /// The lot that was reserved, if one was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lot: Option<LotNo>,
}

/// A job at a MES, by every name it has.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct JobRef {
    /// The order's entity.
    pub order: EntityId,
    /// Our reference of the dispatch.
    pub dispatch: Reference,
    /// The MES's own number, once known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job: Option<NativeId>,
}

/// Whether a handling unit is in both, however its number is spelled.
fn meet(units: &[Sscc], others: &[Sscc]) -> bool {
    units.iter().any(|unit| others.iter().any(|other| other.is(unit)))
}
