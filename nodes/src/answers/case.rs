//! Exceptions: what a person must look at, ranked by when it starts to hurt.

use serde::{Deserialize, Serialize};
use takt_protocol::case::{Case, Proposal, short};
use takt_protocol::id::EntityId;
use takt_protocol::instant::Instant;
use utoipa::ToSchema;

use crate::ask::{Denied, Sort};

/// An exception.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CaseRow {
    /// How it is called: short, and good for ever.
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
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rank(String);

impl Rank {
    /// The rank of a case.
    pub fn of(entity: EntityId, case: &Case) -> Self {
        let impact_at_ns = case.impact_at.map_or(i64::MAX, |at| at.utc_ns()).max(0);
        let opened_at_ns = case.opened_at.utc_ns().max(0);
        Self(format!("{impact_at_ns:019}.{:03}.{opened_at_ns:019}.{entity}.{:010}", case.kind.severity(), case.number))
    }

    /// Takes one as it was told.
    pub fn parse(text: &str) -> Result<Self, Denied> {
        let digits = text.get(..19).is_some_and(|head| head.bytes().all(|byte| byte.is_ascii_digit()));
        if digits && text.len() < 200 {
            return Ok(Self(text.to_owned()));
        }
        let message = format!("`{}` is no place in the list", text.escape_debug());
        Err(Denied::new(Sort::Unprocessable, "SCHEMA", message, "send what the last part said under `next`").at("after"))
    }
}

impl std::fmt::Display for Rank {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}
