//! What happened to a thing, in order, each step with who told it, under which key, and the raw message behind it; and the
//! hash chain, verified while reading.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use takt_cluster::seam::Entry;
use takt_protocol::answer::Answer;
use takt_protocol::commit::{self, Commit, GENESIS};
use takt_protocol::envelope::{RawRef, Who};
use takt_protocol::fact::Fact;
use takt_protocol::wire;
use utoipa::ToSchema;

use super::word_of;

/// What happened to a thing.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Timeline {
    /// Our id of it.
    pub id: String,
    /// The commits whose hash chain holds; fewer than there are means that the log was tampered with.
    pub chain_verified_to: u64,
    /// The hash of the last of them, which covers all before it.
    pub chain_head: String,
    /// The number of the last commit.
    pub commits: u64,
    /// The steps, oldest first.
    pub steps: Vec<Step>,
}

/// One input and what came of it.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Step {
    /// The commit it stands in.
    pub commit: u64,
    /// When it happened, by its source's clock.
    pub at: String,
    /// When it was recorded.
    pub recorded_at: String,
    /// Who sent it; empty for the entity's own alarm clock.
    pub source: String,
    /// Its key.
    pub key: String,
    /// The person or client behind it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub who: Option<String>,
    /// Why they acted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What its sender was told: accepted, refused with its code, discrepant or quarantined.
    pub answer: String,
    /// The raw message behind it, for `/v1/raw/{hash}`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub raw: Option<String>,
    /// The mapping that read it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mapping: Option<String>,
    /// What was recorded, in a word each.
    pub what: Vec<String>,
    /// What was recorded, whole.
    pub facts: Vec<Value>,
}

/// A log as it is shown.
pub fn view(id: String, log: &[Entry]) -> Timeline {
    let (mut previous, mut verified, mut commits, mut steps) = (RawRef::from_bytes(GENESIS), 0, 0, Vec::new());
    let mut chain_head = previous;
    for entry in log {
        commits += 1;
        // What cannot be read is no part of the chain, and what follows it cannot be verified.
        let Ok((commit, hash)) = wire::open(&entry.bytes) else { continue };
        if commit.previous == previous && verified + 1 == commit.number {
            (verified, chain_head) = (commit.number, hash);
        }
        previous = hash;
        steps.extend(of(&commit));
    }
    Timeline { id, chain_verified_to: verified, chain_head: chain_head.to_string(), commits, steps }
}

/// The steps of a commit as they are shown.
pub fn of(commit: &Commit) -> Vec<Step> {
    commit.steps.iter().enumerate().map(|(at, step)| shown(commit, at, step)).collect()
}

fn shown(commit: &Commit, at: usize, step: &commit::Step) -> Step {
    let who = commit.who.iter().find(|(of, _)| usize::from(*of) == at).map(|(_, who)| who);
    Step {
        commit: commit.number,
        at: step.occurred_at.to_string(),
        recorded_at: commit.at.to_string(),
        source: step.key.source.to_string(),
        key: step.key_text(),
        who: who.map(person),
        reason: who.and_then(|who| who.reason.clone()),
        answer: told(&step.answer),
        raw: step.origin.as_ref().map(|origin| origin.raw.to_string()),
        mapping: step.origin.as_ref().map(|origin| origin.mapping.clone()),
        what: step.facts.iter().map(what).collect(),
        facts: step.facts.iter().filter_map(|fact| serde_json::to_value(fact).ok()).collect(),
    }
}

/// The person or client behind something.
pub(crate) fn person(who: &Who) -> String {
    match (&who.on_behalf_of, who.role.as_str()) {
        (Some(other), _) => format!("{} for {other}", who.user),
        (None, "") => who.user.clone(),
        (None, role) => format!("{} ({role})", who.user),
    }
}

fn told(answer: &Answer) -> String {
    match answer {
        Answer::Accepted => "accepted".to_owned(),
        Answer::Refused(refusal) => format!("refused {}: {}", word_of(&refusal.code), refusal.text),
        Answer::Discrepant { case } => format!("discrepant, exception {case}"),
        Answer::Quarantined { case } => format!("quarantined, exception {case}"),
    }
}

/// A fact in a word or two.
fn what(fact: &Fact) -> String {
    match fact {
        Fact::Named(name) => format!("known as {name}"),
        Fact::Intended { number, intent } => format!("intent {number}: {}", word_of(intent)),
        Fact::Outbox { number, step } => format!("intent {number} {}", word_of(step)),
        Fact::CaseOpened(case) => format!("exception {}: {}", case.number, case.what),
        Fact::CaseHandedOver { case, to } => format!("exception {case} handed to {to}"),
        Fact::CaseSnoozed { case, until } => format!("exception {case} put away until {until}"),
        Fact::CaseClosed { case, how } => format!("exception {case} closed: {how}"),
        Fact::Order(fact) => word_of(fact),
        Fact::Lot(fact) => word_of(fact),
        Fact::Unit(fact) => word_of(fact),
        Fact::Shipment(fact) => word_of(fact),
        Fact::Site(fact) => word_of(fact),
        Fact::Record(fact) => word_of(fact),
    }
}
