//! What a site is told, and by whom.

use serde::{Deserialize, Serialize};

use crate::book::LotMode;
use crate::conversion::Conversions;
use crate::effect::{JobComponent, JobOperation};
use crate::id::EntityId;
use crate::instant::Instant;
use crate::name::SiteId;
use crate::native::Ref;
use crate::qty::Qty;
use crate::refusal::Code;
use crate::uom::Uom;
use crate::words::{EquipmentClass, EquipmentId, ItemNo, MaterialId, OpNo, OutputKind, Sscc, Version};

/// An input to a site.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Input {
    /// Happened: applied.
    Report(Report),
    /// From another entity, or from the node itself.
    Mail(Mail),
    /// May be refused.
    Request(Request),
}

/// Wishes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Request {
    /// Compare the books of its system with ours.
    Reconcile {
        /// What was entered after that does not count; absent for now.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        cut_off: Option<Instant>,
        /// Everything that is known, not only what moved since it was compared last.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        every: bool,
    },
}

/// Reports about the site.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Report {
    /// A machine's state changed.
    EquipmentState {
        /// Which.
        equipment: EquipmentId,
        /// May it run?
        available: bool,
        /// The maintenance system's own word.
        state: String,
    },
    /// A calibration was done.
    Calibrated {
        /// Which.
        equipment: EquipmentId,
        /// Good until.
        until: Instant,
    },
    /// A planned stop of equipment: planned, under way, or over.
    MaintenanceWindow {
        /// Its number in the maintenance system.
        window: crate::native::NativeId,
        /// Which piece.
        equipment: EquipmentId,
        /// From when.
        from: Instant,
        /// Until when.
        to: Instant,
        /// How far it is.
        state: super::WindowState,
    },
    /// What the plant's own system has: versions of the recipe of a material.
    PlantRecipes {
        /// The material.
        material: MaterialId,
        /// The versions it has.
        versions: Vec<Version>,
    },
    /// Of a planning system: it wants this, as it says now.
    Demand(Box<crate::demand::Signal>),
    /// Everything that the plant's own system has: of what is not named, it has no recipe. Nothing named is an answer, too.
    PlantRecipeList {
        /// The versions that it has, by material.
        recipes: std::collections::BTreeMap<MaterialId, std::collections::BTreeSet<Version>>,
    },
}

/// Word from other entities and from the node.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mail {
    /// The node has activated another book: what waits is looked at again.
    BookActivated {
        /// The book's hash.
        hash: String,
    },
    /// More was read of what its system does not tell by itself, and everything in it is durable.
    Read(super::Progress),
    /// A rule over telemetry of its system has counted on, or what it told was taken.
    Tallied {
        /// Which rule.
        rule: String,
        /// How far it is.
        tally: Box<super::Tally>,
    },
    /// Master data that may matter here was stated anew: what waits is looked at again.
    RecordsStated {
        /// In which shard's log.
        shard: u16,
        /// Up to which place of it.
        upto: u64,
    },
    /// An input that matches no entity.
    Unmatched(Box<crate::input::Input>),
    /// A message of its system that no mapping understands. The payload is kept.
    Unreadable {
        /// Its topic.
        topic: String,
        /// The payload.
        raw: crate::envelope::RawRef,
        /// What is wrong, with the path in it.
        why: String,
    },
    /// A message of its system, as it was told to a node that only keeps and brings what is told: whoever takes it off the queue gives it
    /// to the door of the system. It is nothing that a site decides about.
    Told {
        /// Its topic.
        topic: String,
        /// The message.
        raw: crate::payload::Payload,
        /// Whether it stops bad goods, as far as was seen where it was told.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        urgent: bool,
    },
    /// An entity exists, under these names: what waited for it goes there.
    Expect {
        /// The entity.
        entity: EntityId,
        /// Its names at this site.
        names: Vec<Ref>,
        /// What is on it, when it is a handling unit.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        load: Option<Box<super::Load>>,
    },
    /// An entity is over; its names need not be kept here.
    Forget {
        /// The entity.
        entity: EntityId,
    },
    /// A shipment wants to know where a handling unit's lots are at home.
    Locate {
        /// Who asks.
        shipment: EntityId,
        /// The handling unit.
        sscc: Sscc,
    },
    /// An order that is to run here does so at another time.
    Moved {
        /// Which.
        order: EntityId,
        /// When it should start.
        start: Instant,
        /// When it should end.
        end: Instant,
    },
    /// An order that was to run here has, or never will.
    Finished {
        /// Which.
        order: EntityId,
    },
    /// An order wants to be validated against what the site has.
    Resolve {
        /// Who asks.
        order: EntityId,
        /// Which attempt.
        attempt: u32,
        /// What it needs.
        need: Need,
    },
    /// An order that was made of a demand of this planning system says how far it is.
    Supplies {
        /// Which order.
        order: EntityId,
        /// The demand's number here.
        demand: crate::native::NativeId,
        /// How far it is.
        supply: Box<crate::demand::Supply>,
    },
    /// Something of ours moves in the books of its system.
    BooksMoved {
        /// Which order, or handling unit.
        entity: EntityId,
    },
    /// Something was compared with the books of its system.
    BooksRead {
        /// Which order, or handling unit.
        entity: EntityId,
        /// In which run; 0 for none.
        run: u32,
        /// How it stands.
        found: Box<crate::books::Found>,
    },
    /// What could not be understood was sent again under its name, and is understood now.
    Understood {
        /// Its topic, as it was told to be unreadable.
        topic: String,
    },
    /// The log of something that is here has a hole or a fork: it is not loaded, and nothing is decided about it.
    LogBroken {
        /// What.
        entity: EntityId,
        /// At which of its commits.
        commit: u64,
        /// What was seen.
        why: String,
    },
}

/// What an order needs of its plant.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Need {
    /// The material.
    pub material: MaterialId,
    /// The total.
    pub total: Qty,
    /// The recipe asked for; absent for the newest approved one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recipe: Option<Version>,
    /// When it should start.
    pub start: Instant,
    /// When it should end; older orders did not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end: Option<Instant>,
    /// What goes in instead of the recipe's material, by component line.
    #[serde(default, skip_serializing_if = "std::collections::BTreeMap::is_empty")]
    pub replaced: std::collections::BTreeMap<ItemNo, MaterialId>,
    /// Whether a lot was named.
    pub has_lot: bool,
}

/// What a site found for an order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Resolution {
    /// Everything is there.
    Resolved(Box<Resolved>),
    /// Something is missing: what, and which one. The site will say so when it is there.
    Missing(Vec<(Code, String)>),
}

/// Everything an order needs to be run and booked, as values: frozen in the order's log.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Resolved {
    /// The material's text.
    pub description: String,
    /// The recipe.
    pub recipe: Version,
    /// Where it came from.
    pub recipe_source: String,
    /// The routing, with the equipment that may run it.
    pub operations: Vec<JobOperation>,
    /// The operations whose confirmation is a milestone.
    pub milestones: Vec<OpNo>,
    /// What each operation asked for.
    pub classes: Vec<(OpNo, EquipmentClass)>,
    /// The bill of material, for the whole order.
    pub components: Vec<JobComponent>,
    /// What it makes, the main product first.
    pub outputs: Vec<(OutputKind, MaterialId)>,
    /// Of every material it touches.
    pub materials: Vec<ResolvedMaterial>,
    /// The warehouse that takes its pallets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warehouse: Option<SiteId>,
    /// The quality system of the plant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quality: Option<SiteId>,
}

/// What booking a material needs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ResolvedMaterial {
    /// The material.
    pub material: MaterialId,
    /// The unit its stock is kept in.
    pub base: Uom,
    /// Other units.
    pub conversions: Conversions,
    /// How it is traced.
    pub lot_mode: LotMode,
    /// Must a lot be free of inspection before it is used or shipped?
    pub inspected: bool,
    /// The component lines it stands in.
    pub items: Vec<ItemNo>,
}
