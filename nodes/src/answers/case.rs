//! Exceptions: what a person must look at, ranked by when it starts to hurt.

use serde::{Deserialize, Serialize};
use takt_protocol::case::{Case, Proposal};
use takt_protocol::id::EntityId;
use takt_protocol::instant::Instant;
use utoipa::ToSchema;

/// An exception.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CaseRow {
    /// How it is called: short, and good until it is closed.
    pub id: String,
    /// Whose it is: our id of the order, lot, shipment or site.
    pub entity: String,
    /// Its number within that entity.
    pub case: u32,
    /// What kind, such as `in_doubt` or `escape`.
    pub kind: String,
    /// How bad, 0 worst.
    pub severity: u8,
    /// What is wrong.
    pub what: String,
    /// What is at stake; empty when nothing countable is.
    pub stake: String,
    /// When it starts to hurt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub impact_at: Option<String>,
    /// The role that should act.
    pub owner: String,
    /// When it was opened.
    pub opened_at: String,
    /// The actions it offers, as words for `POST /v1/exceptions/{id}/actions`.
    pub actions: Vec<String>,
    /// What else to do, outside Takt.
    pub advice: Vec<String>,
    /// What must not be done.
    pub forbidden: Vec<String>,
}

/// How a case is called by people: the first digits of its entity's number, and its own.
pub fn short(entity: EntityId, case: u32) -> String {
    let id = entity.to_string();
    let digits = id.rsplit('.').next().and_then(|local| local.get(1..7)).unwrap_or_default();
    format!("E-{digits}-{case}")
}

/// A case as it is shown.
pub fn row(entity: EntityId, case: &Case) -> CaseRow {
    let mut shown = CaseRow {
        id: short(entity, case.number),
        entity: entity.to_string(),
        case: case.number,
        kind: super::word_of(&case.kind),
        severity: case.kind.severity(),
        what: case.what.clone(),
        stake: case.stake.clone(),
        impact_at: case.impact_at.as_ref().map(Instant::to_string),
        owner: case.owner.as_str().to_owned(),
        opened_at: case.opened_at.to_string(),
        actions: vec!["hand_to".to_owned()],
        advice: Vec::new(),
        forbidden: Vec::new(),
    };
    for proposal in &case.proposals {
        match proposal {
            Proposal::Retry | Proposal::Adopt | Proposal::WriteOff | Proposal::Match | Proposal::Acknowledge => {
                shown.actions.push(super::word_of(proposal));
            }
            Proposal::Do(words) => shown.advice.push(words.clone()),
            Proposal::DoNot(words) => shown.forbidden.push(words.clone()),
        }
    }
    shown
}

/// The order of the desk: by when it hurts, then by how bad it is, then by age.
pub fn ranked(mut cases: Vec<(EntityId, Case)>) -> Vec<CaseRow> {
    cases.sort_by(|(_, a), (_, b)| {
        let hurts = |case: &Case| (case.impact_at.is_none(), case.impact_at, case.kind.severity(), case.opened_at);
        hurts(a).cmp(&hurts(b))
    });
    cases.iter().map(|(entity, case)| row(*entity, case)).collect()
}
