//! What may be written in which file: the shapes, and nothing else. Every word that can be wrong is read by the type of
//! `takt_protocol` that knows it; a key that is not in here is refused with its place.

use std::collections::BTreeMap;
use std::num::{NonZeroU16, NonZeroU32, NonZeroU64};

use serde::Deserialize;
use serde_saphyr::Spanned;
use takt_protocol::book::LotMode;
use takt_protocol::conversion::Conversions;
use takt_protocol::name::Region;
use takt_protocol::posting::Rule;
use takt_protocol::uom::Uom;
use takt_protocol::words::{MaterialId, Role};

mod calendar;
mod credential;
mod files;
mod fixed;
mod govern;
mod link;
mod mqtt;
mod recipe;
mod region;
mod site;
mod sql;
mod telemetry;
mod trial;

pub use credential::CredentialText;
pub use files::{DropText, FileTopicText, FilesText, OutboxText};
pub use fixed::{AlignText, ColumnText, FixedText, RecordText};
pub use govern::{
    LatencyText, NoteText, NotesText, OwnerText, OwnershipText, RoleText, RolesText, VariantText, VariantsText, WorkflowText, WorkflowsText,
};
pub use link::{CsvText, CursorText, FormatText, HttpText, InboundText, PollText, SignatureText, StampText, TransportText};
pub use mqtt::{MqttText, MqttTopicText, SparkplugText, VersionText};
pub use recipe::{ComponentText, EquipmentText, OperationText, OutputText, PieceText, RecipeText};
pub(crate) use region::event_type;
pub use region::{DurabilityText, EmbeddedText, EngineText, ExportText, JetStreamText, RegionsText, RoadText, RoadsText, SpoolText};
pub use site::{LimitsText, Manner, SimulatedText, SiteText};
pub use sql::SqlText;
pub use telemetry::{BecomesText, CountsText, ReadingText, RuleTestText, RuleText, StatesText};
pub use trial::{HappensText, MappingCaseText, MappingTestsText, PostingText, QuantityText, RuleCaseText, RuleTestsText};

/// `mesh.yaml`: what is one for the whole mesh.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MeshText {
    /// The log generation new entities are born in; grows, never shrinks.
    #[serde(default = "one")]
    pub generation: NonZeroU16,
    /// The regions.
    pub regions: Vec<Spanned<Region>>,
    /// The limits of waiting; what is left out has a sensible value.
    #[serde(default)]
    pub policy: PolicyText,
    /// Who may use the API.
    #[serde(default)]
    pub clients: Vec<Spanned<ClientText>>,
}

fn one() -> NonZeroU16 {
    NonZeroU16::MIN
}

/// The limits of waiting, in ms, and who may do what.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PolicyText {
    /// How long a plant may take to answer a dispatch before it is asked again.
    pub dispatch_patience_ms: Option<Spanned<NonZeroU64>>,
    /// How long before the planned start something missing becomes an alarm.
    pub start_warning_ms: Option<Spanned<NonZeroU64>>,
    /// How long a final confirmation waits for reports that must precede it.
    pub final_gap_ms: Option<Spanned<NonZeroU64>>,
    /// How long a clearance is good for.
    pub clearance_ms: Option<Spanned<NonZeroU64>>,
    /// How long a decision on a hold may take before it is a case.
    pub disposition_ms: Option<Spanned<NonZeroU64>>,
    /// How long postings wait for an order that somebody has open in its ERP before they are tried all the same.
    pub lock_patience_ms: Option<Spanned<NonZeroU64>>,
    /// How long sites keep the names of what is over.
    pub names_kept_ms: Option<Spanned<NonZeroU64>>,
    /// Roles that may release a hold or record a disposition by request.
    pub quality_roles: Option<Vec<Spanned<Role>>>,
    /// Roles that may give quantities up, each with a second approver.
    pub finance_roles: Option<Vec<Spanned<Role>>>,
    /// How long one attempt at a site may take.
    pub window_ms: Option<Spanned<NonZeroU32>>,
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

impl MeshText {
    /// Gives every text that may hold a variable to `fill`.
    pub(crate) fn each_text(&mut self, fill: &mut dyn FnMut(&mut String)) {
        for client in &mut self.clients {
            fill(&mut client.value.token);
        }
    }
}

/// `materials/*.yaml`: materials by name.
pub type MaterialsText = BTreeMap<MaterialId, Spanned<MaterialText>>;

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

/// `rules/*.yaml`: posting rules.
pub type RulesText = Vec<Spanned<Rule>>;
