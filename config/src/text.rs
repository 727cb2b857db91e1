//! What may be written in which file: the shapes, and nothing else. Every word that can be wrong is read by the type of
//! `takt_protocol` that knows it; a field that is not in here is refused with its place.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_saphyr::Spanned;
use takt_actors::site::SiteLimits;
use takt_protocol::book::{Equipment, LotMode, Recipe, RecipeComponent, RecipeOperation, RecipeOutput, SiteKind};
use takt_protocol::calendar::{Calendar, PeriodState};
use takt_protocol::conversion::Conversions;
use takt_protocol::name::{Region, SiteId};
use takt_protocol::outbox::Class;
use takt_protocol::posting::Rule;
use takt_protocol::qty::Qty;
use takt_protocol::uom::Uom;
use takt_protocol::words::{MaterialId, Role, Version};

/// `mesh.yaml`: what is one for the whole mesh.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MeshText {
    /// The log generation new entities are born in; grows, never shrinks.
    #[serde(default = "one")]
    pub generation: u16,
    /// The regions.
    pub regions: Vec<Spanned<Region>>,
    /// The limits of waiting; what is left out has a sensible value.
    #[serde(default)]
    pub policy: PolicyText,
    /// Who may use the API.
    #[serde(default)]
    pub clients: Vec<ClientText>,
}

fn one() -> u16 {
    1
}

/// The limits of waiting, in ms, and who may do what.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PolicyText {
    /// How long a plant may take to answer a dispatch before it is asked again.
    pub dispatch_patience_ms: Option<u64>,
    /// How long before the planned start something missing becomes an alarm.
    pub start_warning_ms: Option<u64>,
    /// How long a final confirmation waits for reports that must precede it.
    pub final_gap_ms: Option<u64>,
    /// How long a clearance is good for.
    pub clearance_ms: Option<u64>,
    /// How long a decision on a hold may take before it is a case.
    pub disposition_ms: Option<u64>,
    /// Roles that may release a hold or record a disposition by request.
    pub quality_roles: Option<Vec<Role>>,
    /// Roles that may give quantities up, each with a second approver.
    pub finance_roles: Option<Vec<Role>>,
    /// How long one attempt at a site may take.
    pub window_ms: Option<u32>,
}

/// A client of the API.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClientText {
    /// Its name: stands in what it asks for.
    pub name: String,
    /// Its bearer token; write `${NAME}` and keep the secret in the environment.
    pub token: String,
    /// The role it acts in.
    pub role: Role,
}

/// `sites/<name>.yaml`: an ERP, a plant with its MES, a warehouse, a quality system.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SiteText {
    /// What it is.
    pub kind: SiteKind,
    /// Where it is at home.
    pub region: Spanned<Region>,
    /// Zone, shifts, closed days.
    pub calendar: Calendar,
    /// Of a plant: the ERP that owns its orders.
    pub erp: Option<Spanned<SiteId>>,
    /// Of a plant: the warehouse that takes its pallets.
    pub warehouse: Option<Spanned<SiteId>>,
    /// Of a plant: the quality system that decides about its lots.
    pub quality: Option<Spanned<SiteId>>,
    /// Of an ERP: posting periods that are not open, by month such as `2026-10`.
    #[serde(default)]
    pub periods: BTreeMap<String, Spanned<PeriodState>>,
    /// What its link promises about repeated sends, by verb.
    #[serde(default)]
    pub classes: BTreeMap<String, Spanned<Class>>,
    /// How fast it may be spoken to.
    #[serde(default)]
    pub limits: LimitsText,
    /// How it is spoken to.
    pub link: Option<TransportText>,
    /// That the demo plays it.
    pub simulated: Option<SimulatedText>,
}

/// The limits of a site.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LimitsText {
    /// Errands under way at once.
    pub at_once: Option<usize>,
    /// Sends a minute; left out, no limit.
    pub per_minute: Option<u64>,
    /// How long one attempt may take, in ms.
    pub window_ms: Option<u32>,
    /// Failures in a row after which it is left alone.
    pub failures: Option<u32>,
    /// For how long, in ms.
    pub rest_ms: Option<u64>,
}

impl LimitsText {
    /// The limits, with the usual value for what is left out.
    pub fn limits(&self) -> SiteLimits {
        let usual = SiteLimits::default();
        SiteLimits {
            at_once_max: self.at_once.unwrap_or(usual.at_once_max).max(1),
            spacing_ms: self.per_minute.filter(|rate| *rate > 0).map_or(usual.spacing_ms, |rate| 60_000 / rate),
            window_ms: self.window_ms.unwrap_or(usual.window_ms),
            failures_max: self.failures.unwrap_or(usual.failures_max),
            open_ms: self.rest_ms.unwrap_or(usual.open_ms),
        }
    }
}

/// The transport of a link.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum TransportText {
    /// HTTP both ways.
    Http(HttpText),
}

/// A link over HTTP.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HttpText {
    /// Where the system listens, such as `https://erp.example.com`.
    pub base: String,
    /// The bearer token we show, if any.
    pub bearer: Option<String>,
    /// Where a CSRF token is fetched before writing, as SAP gateways ask for.
    pub csrf: Option<String>,
    /// The mapping file of each verb.
    #[serde(default)]
    pub send: BTreeMap<String, Spanned<String>>,
    /// The bearer token the system shows when it posts to us, and the mapping file of each of its topics.
    pub inbound: Option<InboundText>,
    /// What is asked for regularly, because the system does not tell it.
    #[serde(default)]
    pub polls: BTreeMap<String, PollText>,
    /// Code tables: our word, and theirs.
    #[serde(default)]
    pub tables: BTreeMap<String, BTreeMap<String, String>>,
}

/// What a system posts to us.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InboundText {
    /// The bearer token by which it is known: no message can say otherwise.
    pub token: String,
    /// The mapping file of each topic.
    pub topics: BTreeMap<String, Spanned<String>>,
}

/// Something that is read regularly; an answer that is the same as before changes nothing.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PollText {
    /// What to GET.
    pub path: String,
    /// How often, in ms.
    pub every_ms: u64,
    /// The mapping file of the answer.
    pub mapping: Spanned<String>,
}

/// That the demo plays a system, and with which seed of misfortune.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SimulatedText {
    /// What its misfortunes are drawn from.
    #[serde(default)]
    pub seed: u64,
}

/// `materials/*.yaml`: materials by name.
pub type MaterialsText = BTreeMap<MaterialId, MaterialText>;

/// A material.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MaterialText {
    /// Its text.
    pub description: String,
    /// The unit its stock is kept in: a UNECE Rec 20 code.
    pub base: Uom,
    /// Other units, as exact fractions of the base unit: `TNE: {num: 1000, den: 1}`.
    #[serde(default)]
    pub conversions: Conversions,
    /// How it is traced.
    #[serde(default)]
    pub lot_mode: LotMode,
    /// Must a lot be free of inspection before it is used or shipped?
    #[serde(default)]
    pub inspected: bool,
}

/// `recipes/*.yaml`: one version of a recipe at a plant, approved.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecipeText {
    /// The plant.
    pub plant: Spanned<SiteId>,
    /// The material it makes.
    pub material: Spanned<MaterialId>,
    /// Its version.
    pub version: Version,
    /// Who approved it and when.
    pub source: String,
    /// For how much of the material the components are given.
    pub base_quantity: Qty,
    /// The routing, in order.
    pub operations: Vec<Spanned<RecipeOperation>>,
    /// The bill of material.
    #[serde(default)]
    pub components: Vec<Spanned<RecipeComponent>>,
    /// What it makes, the main product first.
    pub outputs: Vec<Spanned<RecipeOutput>>,
}

impl RecipeText {
    /// The recipe, without places.
    pub fn recipe(&self) -> Recipe {
        fn values<T: Clone>(all: &[Spanned<T>]) -> Vec<T> {
            all.iter().map(|one| one.value.clone()).collect()
        }
        Recipe {
            version: self.version.clone(),
            source: self.source.clone(),
            base_quantity: self.base_quantity,
            operations: values(&self.operations),
            components: values(&self.components),
            outputs: values(&self.outputs),
        }
    }
}

/// `equipment/*.yaml`: the equipment of a plant.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EquipmentText {
    /// The plant.
    pub plant: Spanned<SiteId>,
    /// Its equipment.
    pub equipment: Vec<Equipment>,
}

/// `rules/*.yaml`: posting rules.
pub type RulesText = Vec<Spanned<Rule>>;

impl SiteText {
    /// Every mapping file its link names, with the place of the name.
    pub fn mapping_files(&self) -> impl Iterator<Item = &Spanned<String>> {
        let http = self.link.as_ref().map(|TransportText::Http(http)| http);
        http.into_iter().flat_map(|http| {
            let inbound = http.inbound.iter().flat_map(|inbound| inbound.topics.values());
            http.send.values().chain(inbound).chain(http.polls.values().map(|poll| &poll.mapping))
        })
    }
}
