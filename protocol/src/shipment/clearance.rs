//! What was asked and said about a departure.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::id::EntityId;
use crate::instant::Instant;

/// A departure attempt.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Departure {
    /// Which, by the warehouse's count.
    pub attempt: u32,
    /// Until when a clearance would be good.
    pub until: Instant,
    /// What each lot on it answered: nothing yet, or the reasons against, none of them meaning yes.
    pub lots: BTreeMap<EntityId, Option<Vec<String>>>,
    /// What the warehouse was told, once it was.
    pub told: Option<bool>,
    /// Whether the attempt before it was refused.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub again: bool,
}

/// A yes that the warehouse was told. One that is taken back counts until the warehouse knows: a truck that left before is held
/// after clearance, and no escape.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Yes {
    /// To which attempt.
    pub attempt: u32,
    /// How long it is good.
    pub until: Instant,
    /// Since when the warehouse knows that it is over, or asked anew.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub over: Option<Instant>,
}

impl Yes {
    /// Whether what left then left with it.
    pub fn counts_at(&self, at: Instant) -> bool {
        at <= self.until && self.over.is_none_or(|over| at < over)
    }
}
