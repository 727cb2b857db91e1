//! `ownership.yaml`, `workflows/*.yaml`, `roles.yaml`, and what a folder `plants/<plant>/` may say for its plant alone.

use std::collections::BTreeMap;
use std::num::NonZeroU64;

use serde::Deserialize;
use serde_json::Value;
use serde_saphyr::Spanned;
use takt_protocol::intent::Tier;
use takt_protocol::name::SiteId;
use takt_protocol::ownership::{Domain, Holder};
use takt_protocol::words::{MaterialId, Role, Version};
use takt_protocol::workflow::{Criticality, Flow, LatencyClass, Reconciliation};

/// `ownership.yaml`: who has the last word about what. A line for one plant counts more than one for all.
pub type OwnershipText = Vec<Spanned<OwnerText>>;

/// The owner of a domain, by what a system is to its plant or by its name.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OwnerText {
    /// What is owned.
    pub domain: Domain,
    /// At which plant; left out, at every one.
    pub plant: Option<Spanned<SiteId>>,
    /// What the owner is to the plant.
    pub kind: Option<Holder>,
    /// Or the owner by its name.
    pub site: Option<Spanned<SiteId>>,
}

/// `workflows/*.yaml`: workflows by name.
pub type WorkflowsText = BTreeMap<Flow, Spanned<WorkflowText>>;

/// A workflow. The first four keys have to be there; they are told apart from misspelled ones by the checks.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WorkflowText {
    /// What stands still with it.
    pub criticality: Option<Spanned<Criticality>>,
    /// How fast it is.
    pub latency: Option<Spanned<LatencyText>>,
    /// Who is served first when there is too much.
    pub sla: Option<Spanned<Tier>>,
    /// What has to be compared when it went wrong.
    pub reconciliation: Option<Spanned<Reconciliation>>,
    /// The checks and errands that no plant has.
    #[serde(default)]
    pub without: Vec<Spanned<String>>,
}

/// How fast a workflow is.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LatencyText {
    /// Of which class.
    pub class: LatencyClass,
    /// Its bound, in ms.
    pub within_ms: NonZeroU64,
}

/// `roles.yaml`: roles by name. Where the file is, no other role exists.
pub type RolesText = BTreeMap<Role, Spanned<RoleText>>;

/// What a role may.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RoleText {
    /// What it may ask for.
    pub may: Vec<Spanned<String>>,
    /// About which sites; left out, about all.
    pub sites: Option<Vec<Spanned<SiteId>>>,
}

/// `plants/<plant>/workflows.yaml`: which checks and errands this plant has, other than all.
pub type VariantsText = BTreeMap<Flow, Spanned<VariantText>>;

/// A plant's variant of a workflow.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VariantText {
    /// What it does without.
    #[serde(default)]
    pub without: Vec<Spanned<String>>,
    /// What it has although no other plant does.
    #[serde(default)]
    pub with: Vec<Spanned<String>>,
    /// Central, and read to say so.
    pub criticality: Option<Spanned<Value>>,
    /// Central, and read to say so.
    pub latency: Option<Spanned<Value>>,
    /// Central, and read to say so.
    pub sla: Option<Spanned<Value>>,
    /// Central, and read to say so.
    pub reconciliation: Option<Spanned<Value>>,
}

impl VariantText {
    /// The keys that a plant wrote and may not, each with its value.
    pub(crate) fn central(&self) -> impl Iterator<Item = (&'static str, &Spanned<Value>)> {
        let keys =
            [("criticality", &self.criticality), ("latency", &self.latency), ("sla", &self.sla), ("reconciliation", &self.reconciliation)];
        keys.into_iter().filter_map(|(key, value)| Some((key, value.as_ref()?)))
    }
}

/// `plants/<plant>/recipes.yaml`: what this plant is told of where its recipes come from.
pub type NotesText = Vec<Spanned<NoteText>>;

/// Another note on a recipe.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoteText {
    /// What it makes.
    pub material: MaterialId,
    /// Which version.
    pub version: Version,
    /// Who approved it and when, as this plant quotes it.
    pub source: String,
}
