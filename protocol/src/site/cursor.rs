//! How far something is read that a system does not tell by itself. Systems have no exact cursor: what was changed carries
//! the time at which its transaction began, and appears when that ends. So everything is read again from a while before the
//! latest change, and what was read is known by its id and version.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::instant::Instant;
use crate::seen::ContentHash;

/// A cursor. What is kept of it is bounded by what changes within its overlap.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    /// The latest time of change among all that was read; nothing before the first round is whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Instant>,
    /// What may be shown again and is known: its id and version, hashed, and when it was changed.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub read: BTreeMap<ContentHash, Instant>,
}

/// More was read, and everything in it is durable.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// Of which topic.
    pub topic: String,
    /// What was read: its id and version, hashed, and when it was changed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub read: Vec<(ContentHash, Instant)>,
    /// A round is whole: the latest time of change in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Instant>,
    /// From when on the next round reads: what was changed before need not be known any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keep_from: Option<Instant>,
}

impl Cursor {
    /// Whether this version of an item was read.
    pub fn knows(&self, item: &ContentHash) -> bool {
        self.read.contains_key(item)
    }

    /// More was read. Never goes back.
    pub fn advance(&mut self, progress: &Progress) {
        self.read.extend(progress.read.iter().copied());
        self.until = self.until.max(progress.until);
        if let Some(from) = progress.keep_from {
            self.read.retain(|_, changed| *changed >= from);
        }
    }
}
