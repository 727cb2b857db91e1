//! Cases: what a person must look at. Every broken guard, parked posting and unmatched message opens one, with what is at
//! stake, until when it matters, who should act and what the next safe actions are. A case is never closed by forgetting.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::envelope::{Origin, RawRef};
use crate::fact::Fact;
use crate::id::EntityId;
use crate::instant::Instant;
use crate::name::SiteId;
use crate::refusal::Code;
use crate::words::Role;

mod cause;
mod impact;

pub use cause::{Cause, stakes, total};
pub use impact::Impact;
pub(crate) use impact::frame;

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
    /// Where it is: a plant, a warehouse, or the system that is concerned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub site: Option<SiteId>,
    /// What happens at `impact_at`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub impact_by: Option<Impact>,
    /// What it shares with every case of the same cause, in words that name no order; empty when it is alone.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub about: String,
    /// The raw message that opened it, and the mapping or topic it came by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<Origin>,
    /// Nobody wants to see it before that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub snoozed_until: Option<Instant>,
    /// Who asked to give the quantity up, as marks of their names: somebody else has to ask for the same. Names are personal,
    /// and stand outside of what is recorded for ever.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub asked_by: BTreeSet<RawRef>,
}

impl Case {
    /// What a fact about it changes while it is open.
    pub fn follow(&mut self, fact: &Fact) {
        if let Fact::CaseHandedOver { to, .. } = fact {
            self.owner = to.clone();
        }
        if let Fact::CaseSnoozed { until, .. } = fact {
            self.snoozed_until = Some(*until);
        }
        if let Fact::CaseGivingUp { asked_by, .. } = fact {
            self.asked_by.clone_from(asked_by);
        }
    }

    /// Whether somebody put it away, and its time has not come again. What hurts is back, however long it was put away for.
    pub fn is_snoozed(&self, now: Instant) -> bool {
        self.snoozed_until.is_some_and(|until| until > now) && self.impact_at.is_none_or(|at| at > now)
    }
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
    /// What could not be sent as it is configured: nothing was done at the other side.
    Misconfigured,
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
    /// A hold keeps a shipment from leaving.
    Blocked,
    /// Equipment that is needed may not run.
    EquipmentDown,
    /// The books of a system say something else than ours, in two readings.
    BooksDiffer,
    /// A hold was released without the quality system, which has not countersigned.
    Provisional,
    /// Its ERP decided otherwise than the plant did.
    Contradicted,
    /// The log of something has a hole or a fork, and it stands still.
    LogBroken,
}

impl CaseKind {
    /// Every kind, each once.
    pub const ALL: [Self; 23] = [
        Self::Rejected(Code::Other),
        Self::NotReady,
        Self::Unanswered,
        Self::InDoubt,
        Self::Misconfigured,
        Self::ParkedPosting,
        Self::ForeignPosting,
        Self::KeyReused,
        Self::NotOwner,
        Self::Discrepancy,
        Self::Unmatched,
        Self::Escape,
        Self::HeldAfterClearance,
        Self::AliasClash,
        Self::CounterRestarted,
        Self::Tolerance,
        Self::Shortage,
        Self::Blocked,
        Self::EquipmentDown,
        Self::BooksDiffer,
        Self::Provisional,
        Self::Contradicted,
        Self::LogBroken,
    ];

    /// Its word, as it stands on every wire.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Rejected(_) => "rejected",
            Self::NotReady => "not_ready",
            Self::Unanswered => "unanswered",
            Self::InDoubt => "in_doubt",
            Self::Misconfigured => "misconfigured",
            Self::ParkedPosting => "parked_posting",
            Self::ForeignPosting => "foreign_posting",
            Self::KeyReused => "key_reused",
            Self::NotOwner => "not_owner",
            Self::Discrepancy => "discrepancy",
            Self::Unmatched => "unmatched",
            Self::Escape => "escape",
            Self::HeldAfterClearance => "held_after_clearance",
            Self::AliasClash => "alias_clash",
            Self::CounterRestarted => "counter_restarted",
            Self::Tolerance => "tolerance",
            Self::Shortage => "shortage",
            Self::Blocked => "blocked",
            Self::EquipmentDown => "equipment_down",
            Self::BooksDiffer => "books_differ",
            Self::Provisional => "provisional",
            Self::Contradicted => "contradicted",
            Self::LogBroken => "log_broken",
        }
    }

    /// How bad, 0 worst: orders the desk where time to impact is equal.
    pub fn severity(&self) -> u8 {
        match self {
            Self::Escape | Self::LogBroken => 0,
            Self::HeldAfterClearance | Self::InDoubt | Self::AliasClash | Self::Provisional => 1,
            Self::Rejected(_)
            | Self::Shortage
            | Self::NotReady
            | Self::Unanswered
            | Self::Misconfigured
            | Self::ParkedPosting
            | Self::Unmatched
            | Self::Blocked
            | Self::EquipmentDown
            | Self::Contradicted => 2,
            Self::ForeignPosting | Self::KeyReused | Self::NotOwner | Self::Discrepancy | Self::Tolerance | Self::BooksDiffer => 3,
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
    /// Give the quantity up; two persons have to ask for it.
    WriteOff,
    /// Say which entity it belongs to.
    Match,
    /// Take note; nothing else is needed.
    Acknowledge,
    /// Something outside Takt, in words.
    Do(String),
    /// What must not be done, in words.
    DoNot(String),
    /// Mend the message in a copy; the original stays.
    Edit,
}

#[cfg(test)]
mod tests;
