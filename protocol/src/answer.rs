//! What a sender is told. Kept with the key, so that a repeated input gets the same answer again, refusals too.

use serde::{Deserialize, Serialize};

use crate::refusal::Refusal;

/// The answer to an input.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// Taken, and recorded.
    Accepted,
    /// A request that is not granted. Nothing moved.
    Refused(Box<Refusal>),
    /// A report or owner's fact that is recorded, and that broke a guard: a case was opened.
    Discrepant {
        /// The number of the case in this entity.
        case: u32,
    },
    /// Recorded, waiting in quarantine for what it needs.
    Quarantined {
        /// The number of the case in this entity.
        case: u32,
    },
}

impl Answer {
    /// Whether the input had its effect.
    pub fn is_accepted(&self) -> bool {
        matches!(self, Self::Accepted | Self::Discrepant { .. })
    }
}
