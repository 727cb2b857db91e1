//! What people are shown: answers to queries, made from the durable state of an entity and nothing else, so they are never
//! stale. Apart from the protocols because both give the same. Quantities are canonical texts and come before states;
//! "unknown" is never shown as "no". Decides nothing.

use serde::{Deserialize, Serialize};
use takt_protocol::instant::Instant;
use takt_protocol::kernel::State;
use utoipa::ToSchema;

pub mod case;
pub mod dead;
pub mod delivery;
pub mod demand;
pub mod desk;
pub mod event;
pub mod evidence;
pub(crate) mod facts;
pub(crate) mod history;
pub mod ledger;
pub mod link;
pub mod lot;
pub mod node;
pub mod order;
pub mod plant;
pub mod preview;
pub mod reconcile;
pub mod record;
pub mod routing;
pub mod runbook;
pub mod shipment;
pub mod site;
pub mod system;
pub mod timeline;
pub mod unit;
pub mod world;

/// What every answer about one thing begins with.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Head {
    /// Our id, which never changes.
    pub id: String,
    /// Where it is at home.
    pub region: String,
    /// The names others have for it, each as `number@system`.
    pub names: Vec<String>,
    /// When this was so.
    pub as_of: String,
    /// For the past: the last step that was recorded until then, and made it so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub because: Option<Box<timeline::Step>>,
}

impl Head {
    /// The same, as it was because of that step.
    #[must_use]
    pub(crate) fn because(self, step: Option<timeline::Step>) -> Self {
        Self { because: step.map(Box::new), ..self }
    }
}

/// A word that may be yes, no, part, `not_required` or unknown, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Word {
    /// yes, no, part, `not_required` or unknown.
    pub answer: String,
    /// What it rests on.
    pub evidence: String,
    /// When that came about, where a step of the log says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
    /// By whose word, and under which key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
}

impl Word {
    pub(crate) fn new(answer: &str, evidence: impl Into<String>) -> Self {
        Self { answer: answer.to_owned(), evidence: evidence.into(), at: None, by: None }
    }

    /// The same, since that moment.
    #[must_use]
    pub(crate) fn since(self, moment: Option<history::Moment>) -> Self {
        let Some(moment) = moment else { return self };
        Self { at: Some(moment.at.to_string()), by: Some(moment.by).filter(|by| !by.is_empty()), ..self }
    }
}

/// Rows of a list, and how to go on.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Page<T: ToSchema> {
    /// The rows.
    pub rows: Vec<T>,
    /// What to send as `after` for more; absent at the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
    /// Everything recorded by then is in the list; rows themselves are read when they are asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub as_of: Option<String>,
}

/// A thing that has a number that was searched for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Hit {
    /// Our id; of what is no thing of its own, such as an exception, a document or a hold, that of the thing it is about; of
    /// configured data its site.
    pub id: String,
    /// order, lot, unit, shipment or site; exception, exception group, document, posting (by our reference in the ERP), hold, demand,
    /// notice, purchase, carrier, load, bin or dock; material, recipe, equipment or calendar, as a record of master data or as they are
    /// configured.
    pub kind: String,
    /// The name it was found by, as `number@system` where a system gave it.
    pub name: String,
}

pub(crate) fn head(state: &State, now: Instant) -> Head {
    Head {
        id: state.id.to_string(),
        region: state.id.region().to_string(),
        names: state.common.names.iter().map(ToString::to_string).collect(),
        as_of: now.to_string(),
        because: None,
    }
}

/// The word of a plain enum, as it stands on the wire.
pub(crate) fn word_of<T: Serialize>(value: &T) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        Ok(serde_json::Value::Object(parts)) => parts.keys().next().cloned().unwrap_or_default(),
        Ok(_) | Err(_) => String::new(),
    }
}
