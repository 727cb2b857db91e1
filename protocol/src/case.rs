//! Cases: what a person must look at. Every broken guard, parked posting and unmatched message opens one, with what is at
//! stake, until when it matters, who should act and what the next safe actions are. A case is never closed by forgetting.

use serde::{Deserialize, Serialize};

use crate::id::EntityId;
use crate::instant::Instant;
use crate::refusal::Code;
use crate::words::Role;

/// A case of an entity.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Case {
    /// Its number within the entity, from 1.
    pub number: u32,
    /// What kind.
    pub kind: CaseKind,
    /// What is wrong, for a person, naming the things.
    pub what: String,
    /// What is at stake, such as `480 H87`; empty when nothing countable is.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub stake: String,
    /// When it starts to hurt: planned start, truck, period close.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub impact_at: Option<Instant>,
    /// Who should act.
    pub owner: Role,
    /// The next safe actions, and the forbidden one.
    pub proposals: Vec<Proposal>,
    /// The intent it is about, when it is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub intent: Option<u32>,
    /// The posting it is about, when it is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub posting: Option<u32>,
    /// When it was opened.
    pub opened_at: Instant,
}

/// How a case is called by people: the first digits of its entity's number, and its own.
pub fn short(entity: EntityId, case: u32) -> String {
    let id = entity.to_string();
    let digits = id.rsplit('.').next().and_then(|local| local.get(1..7)).unwrap_or_default();
    format!("E-{digits}-{case}")
}

/// The kinds of case, each with its page for the operator.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CaseKind {
    /// A request of ours was refused by the other side.
    Rejected(Code),
    /// Validation found something missing; nothing was sent.
    NotReady,
    /// No answer from the plant by the time that matters.
    Unanswered,
    /// A lost reply that a probe could not settle.
    InDoubt,
    /// A posting that needs a decision.
    ParkedPosting,
    /// Somebody posted in the ERP by hand.
    ForeignPosting,
    /// The same key with other content.
    KeyReused,
    /// A claim on a track by somebody who does not own it.
    NotOwner,
    /// A report that contradicts what is known.
    Discrepancy,
    /// A message that matches nothing yet.
    Unmatched,
    /// A departure without clearance.
    Escape,
    /// Held after it was cleared.
    HeldAfterClearance,
    /// Two things claim one name.
    AliasClash,
    /// A counter started again.
    CounterRestarted,
    /// Quantity beyond its tolerance.
    Tolerance,
    /// Components are not there.
    Shortage,
    /// Equipment that is needed may not run.
    EquipmentDown,
}

impl CaseKind {
    /// How bad, 0 worst: orders the desk where time to impact is equal.
    pub fn severity(&self) -> u8 {
        match self {
            Self::Escape => 0,
            Self::HeldAfterClearance | Self::InDoubt | Self::AliasClash => 1,
            Self::Rejected(_)
            | Self::Shortage
            | Self::EquipmentDown
            | Self::NotReady
            | Self::Unanswered
            | Self::ParkedPosting
            | Self::Unmatched => 2,
            Self::ForeignPosting | Self::KeyReused | Self::NotOwner | Self::Discrepancy | Self::Tolerance => 3,
            Self::CounterRestarted => 4,
        }
    }
}

/// An action a case offers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Proposal {
    /// Send it again.
    Retry,
    /// Take a document that somebody already made as ours.
    Adopt,
    /// Give the quantity up; needs a second approver.
    WriteOff,
    /// Say which entity it belongs to.
    Match,
    /// Take note; nothing else is needed.
    Acknowledge,
    /// Something outside Takt, in words.
    Do(String),
    /// What must not be done, in words.
    DoNot(String),
}
