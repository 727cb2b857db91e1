//! A site: what it can do just now, which names it has been told to expect, and the quarantine for what matches nothing
//! yet. Nothing that reaches a site is lost: it is matched, it waits, or a person decides.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::books::{Books, SiteFact};
use crate::demand::Demand;
use crate::effect::UnitContent;
use crate::id::EntityId;
use crate::instant::Instant;
use crate::intent::IntentId;
use crate::native::{NativeId, Ref};
use crate::words::{EquipmentId, MaterialId, Sscc, Version};

mod books;
mod cursor;
mod decide;
mod demand;
mod evolve;
mod input;
mod likely;
mod locate;
mod maintenance;
mod quarantine;
mod resolve;
mod routing;
mod tally;
#[cfg(test)]
mod tests;

pub use cursor::{Cursor, Progress};
pub use demand::DemandFact;
pub use input::{Input, Mail, Need, Report, Request, Resolution, Resolved, ResolvedMaterial};
pub use likely::{Likely, Slip};
pub use maintenance::{Plan, Subject, Window, WindowState};
pub use quarantine::{unmatched, unreadable_topic};
pub use routing::{Assignment, Candidate, Fitness, routing_assignments};
pub use tally::{Parcel, Seen, Tally};

/// The state of a site.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Site {
    /// What each name means here.
    pub expected: BTreeMap<Name, EntityId>,
    /// The handling units it was told of.
    pub loads: BTreeMap<EntityId, Load>,
    /// Which of them stand on or in which handling unit.
    #[serde(default)]
    stands_on: BTreeMap<Name, BTreeSet<EntityId>>,
    /// How often it heard of units and of who asks for them: the number of what it tells shipments, where later is more.
    #[serde(default)]
    told: u32,
    /// Orders that miss something, with what they need.
    pub waiting: BTreeMap<EntityId, (u32, Need)>,
    /// Shipments that want to know a handling unit that is not known yet.
    pub locating: BTreeMap<Name, BTreeSet<EntityId>>,
    /// What matches nothing, by its case.
    pub quarantine: BTreeMap<u32, crate::input::Input>,
    /// Equipment that may not run, with the maintenance system's own word.
    pub down: BTreeMap<EquipmentId, String>,
    /// Until when each piece is calibrated.
    pub calibrated: BTreeMap<EquipmentId, Instant>,
    /// What the plant's own system has; nothing at all until it said something.
    pub recipes: BTreeMap<MaterialId, BTreeSet<Version>>,
    /// It said all that it has: what is not in `recipes`, it has not.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    listed: bool,
    /// When the maintenance system last said something of each piece: what it said before that does not count any more.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub heard: BTreeMap<EquipmentId, Instant>,
    /// When it last said how far each piece is calibrated.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    tested: BTreeMap<EquipmentId, Instant>,
    /// When it last said something of each planned stop, also of those that are over: of the last [`Site::STOPS_KEPT_DAYS`] days.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    told_of: BTreeMap<NativeId, Instant>,
    /// Planned stops, by the maintenance system's number, until they are over.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub windows: BTreeMap<NativeId, Window>,
    /// The orders that are to run here, until they have; only where a maintenance system is configured.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub plans: BTreeMap<EntityId, Plan>,
    /// How far each topic is read that its system does not tell by itself.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub cursors: BTreeMap<String, Cursor>,
    /// How far each rule is that makes counts and states out of its telemetry.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tallies: BTreeMap<String, Tally>,
    /// Of a planning system: what it wants, and what becomes of that.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub demands: BTreeMap<NativeId, Demand>,
    /// How the books of its system stand beside ours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub books: Option<Box<Books>>,
}

impl Site {
    /// Whether the plant's own system said which recipes it has; to have none is an answer.
    pub fn said_recipes(&self) -> bool {
        self.listed || !self.recipes.is_empty()
    }
}

/// A handling unit as a site knows it, by the unit's own word.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Load {
    /// Its number.
    pub sscc: Sscc,
    /// Which word this is: the higher number is the later one.
    pub word: u32,
    /// What is on it.
    pub contents: Vec<UnitContent>,
    /// The handling unit that it stands on or in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within: Option<Sscc>,
}

/// A name as it is matched: the kind of thing and the normal form of its number.
pub type Name = (crate::native::NativeKind, String);

/// The matching form of a reference.
pub fn name_of(name: &Ref) -> Name {
    (name.kind, name.id.normal().to_owned())
}

/// What is recorded of a site.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fact {
    /// A name means an entity.
    Expects {
        /// The entity.
        entity: EntityId,
        /// Its names here.
        names: Vec<Ref>,
        /// What is on it, when it is a handling unit.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        load: Option<Box<Load>>,
    },
    /// An entity is over.
    Forgot(EntityId),
    /// An order misses something.
    Waits {
        /// Which order.
        order: EntityId,
        /// Which validation.
        attempt: u32,
        /// What it needs.
        need: Need,
    },
    /// It waits no longer.
    WaitsNoMore(EntityId),
    /// A shipment wants to know a handling unit.
    Locates {
        /// Which shipment.
        shipment: EntityId,
        /// Which handling unit.
        name: Name,
    },
    /// Something matches nothing.
    Quarantined {
        /// Its case.
        case: u32,
        /// What it is, whole.
        input: Box<crate::input::Input>,
    },
    /// It was matched, and passed on.
    Matched {
        /// Its case.
        case: u32,
        /// With what.
        entity: EntityId,
    },
    /// Equipment may run, or not.
    Equipment {
        /// Which.
        equipment: EquipmentId,
        /// May it?
        available: bool,
        /// The maintenance system's own word.
        state: String,
        /// When, where a maintenance system owns that.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        at: Option<Instant>,
    },
    /// A calibration was done.
    Calibrated {
        /// Which.
        equipment: EquipmentId,
        /// Good until.
        until: Instant,
    },
    /// What the plant's own system has of a material.
    Recipes {
        /// The material.
        material: MaterialId,
        /// The versions.
        versions: Vec<Version>,
    },
    /// More of a topic was read.
    Read(Progress),
    /// A rule has counted on, or what it told was taken.
    Tallied {
        /// Which rule.
        rule: String,
        /// How far it is.
        tally: Box<Tally>,
    },
    /// A person mended a message; the original stays where it was recorded.
    Mended {
        /// Its case.
        case: u32,
        /// What is taken instead of it.
        copies: Vec<crate::input::Input>,
    },
    /// A planned stop of equipment, or that it is over.
    Window {
        /// Its number in the maintenance system.
        number: NativeId,
        /// The stop; nothing once it is over.
        window: Option<Window>,
    },
    /// An order is to run here.
    Planned {
        /// Which.
        order: EntityId,
        /// When, and on what.
        plan: Box<Plan>,
    },
    /// It has run, or never will.
    Finished(EntityId),
    /// Something of a demand.
    Demand(Box<DemandFact>),
    /// The books of its system are compared, or are to be.
    Books(Box<SiteFact>),
    /// An entity said its last word: what it told is not kept any more.
    LastWord(IntentId),
    /// The plant's own system said all that it has: of a material that it did not name, it has no recipe.
    RecipesListed,
    /// The maintenance system said something: what it said before that does not count any more.
    Heard {
        /// Of what.
        of: Subject,
        /// When.
        at: Instant,
    },
}
