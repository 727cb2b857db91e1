//! The book: everything a decision may look at besides the state, as values: sites, materials, recipes, equipment, posting
//! rules, policies. A node keeps the whole activated book and hands it to `decide`; `evolve` never sees it, so a replay
//! does not depend on it. What a decision takes from the book it writes into its facts.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::books::Pace;
use crate::calendar::Calendar;
use crate::conversion::Conversions;
use crate::data::Data;
use crate::id::{EntityId, Kind};
use crate::instant::Instant;
use crate::name::{Region, SiteId};
use crate::native::{NativeId, NativeKind, Ref};
use crate::outbox::Class;
use crate::ownership::Ownership;
use crate::posting::RuleBook;
use crate::qty::Qty;
use crate::record::{Content, Record};
use crate::refusal::Code;
use crate::role::Roles;
use crate::uom::Uom;
use crate::words::{EquipmentClass, EquipmentId, ItemNo, LotKey, LotNo, MaterialId, OpNo, OutputKind, Role, Sscc, Version};
use crate::workflow::Workflows;

/// The configuration and master data in force, whole.
#[derive(Clone, Debug, Default)]
pub struct Book {
    /// The hash of the configuration it was made from; every commit names it.
    pub hash: String,
    /// The log generation new entities are born in.
    pub generation: u16,
    /// All sites of the mesh.
    pub sites: BTreeMap<SiteId, Site>,
    /// Materials that the configuration names.
    pub materials: BTreeMap<MaterialId, Material>,
    /// Recipes that the configuration holds, by plant and material, newest last.
    pub recipes: BTreeMap<(SiteId, MaterialId), Vec<Recipe>>,
    /// Equipment that the configuration holds, by plant.
    pub equipment: BTreeMap<SiteId, Vec<Equipment>>,
    /// Master data that came through links; where it says something, the configuration's own word does not count.
    pub data: Data,
    /// Posting rules.
    pub rules: RuleBook,
    /// The limits of waiting.
    pub policy: Policy,
    /// Who has the last word about what.
    pub ownership: Ownership,
    /// What each way through the mesh was declared to be, and what plants do without.
    pub workflows: Workflows,
    /// Who may ask for what.
    pub roles: Roles,
    /// The systems whose books are compared with ours, and how often.
    pub reconcile: BTreeMap<SiteId, Pace>,
}

/// A site as configured.
#[derive(Clone, Debug)]
pub struct Site {
    /// What it is.
    pub kind: SiteKind,
    /// The region its entities are at home in, and its link runs in.
    pub region: Region,
    /// Its calendar and zone.
    pub calendar: Calendar,
    /// The ERP that owns its orders and books its stock.
    pub erp: Option<SiteId>,
    /// The warehouse that takes its pallets.
    pub warehouse: Option<SiteId>,
    /// The quality system that decides about its lots.
    pub quality: Option<SiteId>,
    /// The systems around it.
    pub around: Around,
    /// What its link promises about repeated sends, by verb; the default for verbs not listed is `AtMostOnce`.
    pub classes: BTreeMap<String, Class>,
    /// Posting periods of an ERP.
    pub periods: crate::calendar::PeriodBook,
}

/// The systems around a site that own something of what happens there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Around {
    /// Of a plant: the maintenance system that says which equipment may run.
    pub maintenance: Option<SiteId>,
    /// Of a warehouse: the transport system that sends the trucks.
    pub transport: Option<SiteId>,
    /// Of an ERP: the planning system whose demand it plans for.
    pub planning: Option<SiteId>,
    /// Of a plant: the portal whose suppliers say what is on its way.
    pub supplier: Option<SiteId>,
}

/// What a site is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SiteKind {
    /// An ERP instance.
    Erp,
    /// A plant with its MES.
    Plant,
    /// A warehouse with its WMS.
    Warehouse,
    /// A quality system, its laboratory included.
    Quality,
    /// A product data system (PLM): materials and recipes.
    ProductData,
    /// A maintenance system (CMMS).
    Maintenance,
    /// A transport system (TMS).
    Transport,
    /// A demand planning system (APS).
    Planning,
    /// A portal of suppliers, with ship notices.
    Supplier,
    /// A system that reads public events, and says nothing.
    Analytics,
}

/// How a material is traced.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LotMode {
    /// Not at all.
    #[default]
    None,
    /// By lot.
    Lot,
    /// By lot and serial number.
    Serial,
}

/// A material.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Material {
    /// Its text.
    pub description: String,
    /// The unit its stock is kept in.
    pub base: Uom,
    /// Other units, as exact fractions of the base unit.
    #[serde(default)]
    pub conversions: Conversions,
    /// How it is traced.
    #[serde(default)]
    pub lot_mode: LotMode,
    /// Must a lot be free of inspection before it is used or shipped?
    #[serde(default)]
    pub inspected: bool,
}

/// A recipe at a plant: routing and bill of material, approved.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Recipe {
    /// Its version.
    pub version: Version,
    /// Who approved it and when, as a person would quote it; an unapproved recipe is not in the book.
    pub source: String,
    /// For how much of the output the components are given.
    pub base_quantity: Qty,
    /// The routing, in order.
    pub operations: Vec<RecipeOperation>,
    /// The bill of material.
    pub components: Vec<RecipeComponent>,
    /// What it makes, the main product first.
    pub outputs: Vec<RecipeOutput>,
}

/// An operation of a recipe.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RecipeOperation {
    /// Its number.
    pub op: OpNo,
    /// What it needs.
    pub class: EquipmentClass,
    /// Is its confirmation one of the order's milestones?
    #[serde(default)]
    pub milestone: bool,
}

/// A component of a recipe.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RecipeComponent {
    /// Its line.
    pub item: ItemNo,
    /// The operation that uses it.
    pub op: OpNo,
    /// The material.
    pub material: MaterialId,
    /// How much for the base quantity.
    pub qty: Qty,
}

/// An output of a recipe.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RecipeOutput {
    /// Which.
    pub kind: OutputKind,
    /// The material.
    pub material: MaterialId,
}

/// A piece of equipment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Equipment {
    /// Its name at the plant.
    pub id: EquipmentId,
    /// What it is.
    pub class: EquipmentClass,
    /// The capabilities it has, free words of the plant.
    #[serde(default)]
    pub capabilities: Vec<String>,
}

/// The limits of waiting, and who may do what.
#[derive(Clone, Debug)]
pub struct Policy {
    /// How long a plant may take to answer a dispatch before it is asked again, in ms.
    pub dispatch_patience_ms: u64,
    /// How long before the planned start something missing becomes an alarm, in ms.
    pub start_warning_ms: u64,
    /// How long a final confirmation waits for reports that must precede it, in ms.
    pub final_gap_ms: u64,
    /// How long a clearance is good for, in ms.
    pub clearance_ms: u64,
    /// How long a decision on a hold may take before it is a case, in ms.
    pub disposition_ms: u64,
    /// How long postings wait for an order that somebody has open in its ERP before they are tried all the same, in ms.
    pub lock_patience_ms: u64,
    /// How long sites keep the names of what is over, for late reports and for what is told twice, in ms.
    pub names_kept_ms: u64,
    /// Roles that may release a hold or record a disposition by request.
    pub quality_roles: Vec<Role>,
    /// Roles that may release a hold while the quality system is not reached: provisionally, until that countersigns.
    pub local_quality_roles: Vec<Role>,
    /// Roles that may give quantities up, each with a second approver.
    pub finance_roles: Vec<Role>,
    /// How long one attempt at a site may take, in ms.
    pub window_ms: u32,
}

impl Default for Policy {
    fn default() -> Self {
        let role = |name| Role::parse(name).ok();
        Self {
            dispatch_patience_ms: 30_000,
            start_warning_ms: 1_800_000,
            final_gap_ms: 300_000,
            clearance_ms: 14_400_000,
            disposition_ms: 14_400_000,
            lock_patience_ms: 60_000,
            names_kept_ms: 90 * 86_400_000,
            quality_roles: role("quality").into_iter().collect(),
            local_quality_roles: Vec::new(),
            finance_roles: role("finance").into_iter().collect(),
            window_ms: 20_000,
        }
    }
}

impl Book {
    /// The entity of a site, which is born under the site's own name.
    pub fn site_entity(&self, site: SiteId) -> Option<EntityId> {
        self.born_at(site, Kind::Site, NativeKind::Document, site.as_str())
    }

    /// When a site works; in one shift by UTC where it is not configured.
    pub fn calendar(&self, site: SiteId) -> Calendar {
        self.sites.get(&site).map(|site| site.calendar.clone()).unwrap_or_default()
    }

    /// The site an entity stands for, when it stands for one.
    pub fn site_of(&self, entity: EntityId) -> Option<SiteId> {
        let mut sites = self.sites.keys().copied();
        if entity.kind() == Kind::Site { sites.find(|site| self.site_entity(*site) == Some(entity)) } else { None }
    }

    /// The entity of a lot, at home where its plant is.
    pub fn lot_entity(&self, plant: SiteId, lot: &LotKey) -> Option<EntityId> {
        self.born_at(plant, Kind::Lot, NativeKind::Lot, &lot.to_string())
    }

    /// The entity of a handling unit, at home where it was filled.
    pub fn unit_entity(&self, plant: SiteId, sscc: &Sscc) -> Option<EntityId> {
        self.born_at(plant, Kind::Unit, NativeKind::Unit, sscc.as_str())
    }

    /// The entity of a record of master data, at home where the site is whose data it is.
    pub fn record_entity(&self, of: &Ref) -> Option<EntityId> {
        self.born_at(of.system, Kind::Record, of.kind, of.id.as_str())
    }

    /// The entity born under a name of a site of ours.
    pub fn born_at(&self, site: SiteId, kind: Kind, native: NativeKind, name: &str) -> Option<EntityId> {
        let region = self.sites.get(&site)?.region;
        let first = Ref::new(site, native, NativeId::parse(name).ok()?);
        let generation = match kind {
            Kind::Site => SITE_GENERATION,
            // Found by their names alone, as long as they live: another generation would be another lot.
            Kind::Lot | Kind::Unit | Kind::Record => NAMED_GENERATION,
            Kind::Order | Kind::Shipment => self.generation,
        };
        Some(EntityId::born(kind, region, generation, &first))
    }

    /// What a site's link promises about repeated sends of a verb.
    pub fn class(&self, site: SiteId, verb: &str) -> Class {
        self.sites.get(&site).and_then(|site| site.classes.get(verb)).copied().unwrap_or(Class::AtMostOnce)
    }

    /// A material, as a plant's ERP has it on the day that it is there at that moment.
    pub fn material(&self, plant: SiteId, material: &MaterialId, at: Instant) -> Option<&Material> {
        let stated = self.sites.get(&plant).and_then(|site| self.data.get(site.erp?, NativeKind::Material, material.as_str()));
        match stated.map(|record| record.in_force(self.day(plant, at))) {
            Some(Some((_, edition))) => match &edition.content {
                Content::Material(known) => Some(known),
                Content::Recipe(_) | Content::Equipment(_) | Content::ClosedDays(_) => None,
            },
            // It was known, and is no more.
            Some(None) => None,
            None => self.materials.get(material),
        }
    }

    /// Whether a plant's master data has ever known a material.
    pub fn knows_material(&self, plant: SiteId, material: &MaterialId) -> bool {
        let stated = self.sites.get(&plant).and_then(|site| self.data.get(site.erp?, NativeKind::Material, material.as_str()));
        stated.is_some() || self.materials.contains_key(material)
    }

    /// The recipe of a material at a plant: the version asked for, or the newest; one in force on the day that it is there at
    /// that moment.
    pub fn recipe(&self, plant: SiteId, material: &MaterialId, version: Option<&Version>, at: Instant) -> Result<&Recipe, Code> {
        if let Some(record) = self.data.get(plant, NativeKind::Recipe, material.as_str()) {
            return recipe_of(record, version, self.day(plant, at)).ok_or(Code::MissingRecipe);
        }
        let all = self.recipes.get(&(plant, material.clone())).map_or(&[][..], Vec::as_slice);
        match version {
            Some(wanted) => all.iter().find(|recipe| recipe.version == *wanted),
            None => all.last(),
        }
        .ok_or(Code::MissingRecipe)
    }

    /// The equipment of a plant, in the order of its names.
    pub fn equipment(&self, plant: SiteId, at: Instant) -> Vec<&Equipment> {
        let day = self.day(plant, at);
        let configured = self.equipment.get(&plant).into_iter().flatten();
        let mut all: BTreeMap<&str, Option<&Equipment>> = configured.map(|piece| (piece.id.as_str(), Some(piece))).collect();
        for record in self.data.all(plant, NativeKind::Equipment) {
            let Some(of) = &record.of else { continue };
            let piece = match record.in_force(day).map(|(_, edition)| &edition.content) {
                Some(Content::Equipment(piece)) => Some(piece.as_ref()),
                Some(Content::Material(_) | Content::Recipe(_) | Content::ClosedDays(_)) | None => None,
            };
            all.insert(of.id.as_str(), piece);
        }
        all.into_values().flatten().collect()
    }

    /// May something be planned to start at a plant then?
    pub fn is_open(&self, plant: SiteId, at: Instant) -> bool {
        let (Some(site), day) = (self.sites.get(&plant), self.day(plant, at)) else { return true };
        let closed = |record: &Record| match record.in_force(day).map(|(_, edition)| &edition.content) {
            Some(Content::ClosedDays(days)) => days.contains(&day),
            Some(Content::Material(_) | Content::Recipe(_) | Content::Equipment(_)) | None => false,
        };
        site.calendar.is_open(at) && !self.data.all(plant, NativeKind::Calendar).any(closed)
    }

    /// The date at a site.
    fn day(&self, site: SiteId, at: Instant) -> Date {
        self.calendar(site).date(at)
    }
}

fn recipe_of<'a>(record: &'a Record, version: Option<&Version>, on: Date) -> Option<&'a Recipe> {
    let edition = match version {
        Some(version) => record.version_on(version, on),
        None => record.in_force(on).map(|(_, edition)| edition),
    };
    match &edition?.content {
        Content::Recipe(recipe) => Some(recipe),
        Content::Material(_) | Content::Equipment(_) | Content::ClosedDays(_) => None,
    }
}

/// A site's entity outlives log generations: it is always born in this one.
const SITE_GENERATION: u16 = 0;

/// Lots, handling units and master data live in one generation, whatever the mesh is in.
const NAMED_GENERATION: u16 = 1;

/// The lot an order produces into when nobody named one: the order's own ERP number, as plants do it.
pub fn lot_of_order(erp_order: &str) -> Option<LotNo> {
    LotNo::parse(erp_order).ok()
}
