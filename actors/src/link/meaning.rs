//! What mappings see of an errand and its answers, and what they say of them: the same over every transport that is asked and answers.

use serde::Deserialize;
use serde_json::{Value, json};
use takt_protocol::calendar::Calendar;
use takt_protocol::name::SiteId;
use takt_protocol::outbox::Receipt;

use super::Errand;
use super::mapping::{Mapping, RunError};

/// What a mapping says of the answers to an effect.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Outcome {
    Accepted(Receipt),
    Rejected {
        code: String,
        text: String,
    },
    NotDone {
        why: String,
    },
    Lost {
        why: String,
    },
    Misconfigured {
        why: String,
    },
    /// What is in its books.
    Read(Value),
}

/// What a mapping says of the answer to a probe.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Finding {
    Found(Receipt),
    Absent,
    NoAnswer { why: String },
}

/// Everything a mapping sees of an errand, and of the answers so far.
pub fn view(site: SiteId, tables: &Value, errand: &Errand, answers: &[Value]) -> Value {
    let verb = errand.effect.verb();
    let effect = serde_json::to_value(errand.effect.as_ref()).unwrap_or_default();
    let mut view = json!({ "site": site.as_str(), "verb": verb, "reference": errand.reference.as_str(), "attempt": errand.attempt,
        "tables": tables, "effect": effect.get(verb).cloned().unwrap_or_default(), "answers": answers });
    if let (Some(fields), Some(Value::Object(last))) = (view.as_object_mut(), answers.last()) {
        fields.extend(last.clone());
    }
    view
}

/// Whether what is said of answers has its shape; if not, where and why.
pub(super) fn fits(entry: &str, output: &Value) -> Result<(), String> {
    let fit = match entry {
        "outcome" => match serde_path_to_error::deserialize::<_, Outcome>(output) {
            Ok(Outcome::Read(said)) => return super::reading(said, &Calendar::default()).map(drop).map_err(|why| format!("read.{why}")),
            told => told.map(drop),
        },
        _ => serde_path_to_error::deserialize::<_, Finding>(output).map(drop),
    };
    fit.map_err(|error| format!("{}: {}", error.path(), error.inner()))
}

/// Reads what a mapping said; nothing at all is `None`.
pub(super) fn said<T: serde::de::DeserializeOwned>(mapping: &Mapping, ran: Result<Vec<Value>, RunError>) -> Result<Option<T>, String> {
    let Some(first) = ran.map_err(|error| error.to_string())?.into_iter().next() else { return Ok(None) };
    serde_path_to_error::deserialize(first).map(Some).map_err(|error| format!("{} does not say what came of it: {error}", mapping.name()))
}
