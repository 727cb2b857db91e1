//! Workflows: how much hangs on each of the ways through the mesh, how fast it must be, who is served first when there is too
//! much, and which of its checks and errands a plant does without. Says nothing of how a workflow runs: that is the kernel's.
//! A promise of the mesh is not among what can be switched.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::effect::Effect;
use crate::intent::Tier;
use crate::name::SiteId;
use crate::posting::Movement;

/// A way through the mesh.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Flow {
    /// A planned order becomes an order, and a plant's job.
    Release,
    /// What was made is received, and announced to its warehouse.
    BatchCompletion,
    /// A hold is placed, told, decided and lifted.
    HoldResolution,
    /// Work and consumption are confirmed in the ERP.
    Confirm,
    /// Samples are told to the laboratory, and lots wait for it.
    Inspect,
    /// A shipment asks to leave.
    Ship,
}

impl Flow {
    /// All of them.
    pub const ALL: [Self; 6] = [Self::Release, Self::BatchCompletion, Self::HoldResolution, Self::Confirm, Self::Inspect, Self::Ship];

    /// As it is written in text.
    pub fn word(self) -> &'static str {
        match self {
            Self::Release => "release",
            Self::BatchCompletion => "batch_completion",
            Self::HoldResolution => "hold_resolution",
            Self::Confirm => "confirm",
            Self::Inspect => "inspect",
            Self::Ship => "ship",
        }
    }

    /// The workflow that an errand belongs to; none of what comes before all of them or only reads along.
    pub fn of(effect: &Effect) -> Option<Self> {
        let flow = match effect {
            Effect::PlaceDemand(_) | Effect::AnswerDemand(_) | Effect::TellEvents(_) => return None,
            Effect::ConvertPlannedOrder(_)
            | Effect::DispatchJob(_)
            | Effect::RevokeJob(_)
            | Effect::ChangeOrder(_)
            | Effect::ChangeJob { .. }
            | Effect::HoldJob { .. }
            | Effect::ResumeJob(_)
            | Effect::ReportBreakdown(_) => Self::Release,
            Effect::Post(document) if document.posting.movement == Movement::GoodsReceipt => Self::BatchCompletion,
            // A reading waits for everything else, whatever was declared.
            Effect::Post(_) | Effect::ReadBooks(_) => Self::Confirm,
            Effect::AnnounceUnit(_) => Self::BatchCompletion,
            Effect::ChangeStockStatus { .. } | Effect::BlockStock(_) | Effect::UnblockStock(_) | Effect::TellHold(_) => {
                Self::HoldResolution
            }
            Effect::OpenInspection { .. } => Self::Inspect,
            Effect::BlockShipment { .. } | Effect::UnblockShipment { .. } | Effect::AnswerDeparture { .. } | Effect::TenderLoad(_) => {
                Self::Ship
            }
        };
        Some(flow)
    }
}

/// A check or an errand that a plant may do without.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// Guard of `release`: equipment of every class is there and not down.
    Equipment,
    /// Guard of `release`: equipment is in calibration.
    Calibration,
    /// Guard of `release`: the plant's own system has the recipe version that is meant.
    PlantRecipe,
    /// Errand of `batch_completion`: handling units are announced to the warehouse (staging).
    AnnounceUnit,
    /// Errand of `hold_resolution`: the quality system is told of a hold that somebody else placed.
    TellHold,
    /// Guard of `inspect`: a lot of an inspected material waits for its verdict.
    Inspection,
    /// Errand of `inspect`: samples are told to the quality system.
    OpenInspection,
}

impl Step {
    /// All of them, each with its workflow.
    pub const ALL: [(Self, Flow); 7] = [
        (Self::Equipment, Flow::Release),
        (Self::Calibration, Flow::Release),
        (Self::PlantRecipe, Flow::Release),
        (Self::AnnounceUnit, Flow::BatchCompletion),
        (Self::TellHold, Flow::HoldResolution),
        (Self::Inspection, Flow::Inspect),
        (Self::OpenInspection, Flow::Inspect),
    ];

    /// What nobody can do without, each with the promise that would break.
    pub const KEPT: [(&'static str, &'static str); 11] = [
        ("clearance", "no departure is authorised unless every lot on it said yes while not held (T5)"),
        ("answer_departure", "no departure is authorised unless every lot on it said yes while not held (T5)"),
        ("block_shipment", "bad stock is held everywhere at once"),
        ("block_stock", "bad stock is held everywhere at once"),
        ("unblock_stock", "a block and its end never pass each other"),
        ("change_stock_status", "bad stock is held everywhere at once, in the ERP's own books too"),
        ("claim", "one input has one effect, and never a blind second try (T2)"),
        ("final_gap", "reports shuffled and delayed end in the same state (T7)"),
        ("post", "every reported unit is in exactly one place (T4); what is not to be posted has a rule with `method: skip`"),
        ("convert_planned_order", "an order is its ERP's, and born there (T6)"),
        ("dispatch_job", "a released order reaches its plant"),
    ];

    /// As it is written in text.
    pub fn word(self) -> &'static str {
        match self {
            Self::Equipment => "equipment",
            Self::Calibration => "calibration",
            Self::PlantRecipe => "plant_recipe",
            Self::AnnounceUnit => "announce_unit",
            Self::TellHold => "tell_hold",
            Self::Inspection => "inspection",
            Self::OpenInspection => "open_inspection",
        }
    }
}

/// What stands still when a workflow does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Criticality {
    /// The plant.
    StopsPlant,
    /// A truck.
    StopsShipment,
    /// The books of an ERP.
    DelaysBooks,
    /// Nothing: somebody knows later.
    Informs,
}

/// How fast a workflow is, from input to effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LatencyClass {
    /// While a person or a machine waits: 1 s at most.
    RealTime,
    /// Soon: 5 minutes at most.
    NearTime,
    /// When its time comes: by the hour, the shift or the day.
    Batch,
}

impl LatencyClass {
    /// The longest that may be called so, in ms.
    pub fn most_ms(self) -> u64 {
        match self {
            Self::RealTime => 1_000,
            Self::NearTime => 300_000,
            Self::Batch => 86_400_000,
        }
    }
}

/// What has to be compared when a workflow went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reconciliation {
    /// Quantities and documents in the books of an ERP.
    Books,
    /// Stock status, in ERP and warehouse.
    Stock,
    /// What exists where: orders and jobs, units and shipments.
    Presence,
    /// Nothing.
    None,
}

/// What a workflow was declared to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Workflow {
    /// What stands still with it.
    pub criticality: Criticality,
    /// How fast.
    pub latency: LatencyClass,
    /// Its bound, in ms.
    pub within_ms: u64,
    /// Who is served first when there is too much.
    pub sla: Tier,
    /// What has to be compared afterwards.
    pub reconciliation: Reconciliation,
}

/// The workflows in force, and what each plant does without.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Workflows {
    /// Those that were declared. One that was not runs with the tiers of its errands.
    pub declared: BTreeMap<Flow, Workflow>,
    /// What each plant does without.
    pub without: BTreeMap<SiteId, BTreeSet<Step>>,
}

impl Workflows {
    /// Whether a plant has a check or an errand.
    pub fn has(&self, plant: SiteId, step: Step) -> bool {
        !self.without.get(&plant).is_some_and(|without| without.contains(&step))
    }

    /// What is compared of what a workflow moved: the books, where nothing was declared.
    pub fn impact(&self, flow: Flow) -> Reconciliation {
        self.declared.get(&flow).map_or(Reconciliation::Books, |workflow| workflow.reconciliation)
    }

    /// Whether anything is.
    pub fn compares(&self, flow: Flow) -> bool {
        self.impact(flow) != Reconciliation::None
    }

    /// The tier of each workflow that was declared.
    pub fn tiers(&self) -> Tiers {
        Tiers(Flow::ALL.map(|flow| self.declared.get(&flow).map(|workflow| workflow.sla)))
    }
}

/// The declared tiers, by workflow, in the order of [`Flow::ALL`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tiers([Option<Tier>; 6]);

impl Tiers {
    /// The tier of an errand: its workflow's, or the usual one of such an errand.
    pub fn of(&self, effect: &Effect, usual: Tier) -> Tier {
        let Some(flow) = Flow::of(effect) else { return usual };
        let declared = Flow::ALL.iter().zip(&self.0).find(|(known, _)| **known == flow).and_then(|(_, tier)| *tier);
        declared.unwrap_or(usual)
    }
}
