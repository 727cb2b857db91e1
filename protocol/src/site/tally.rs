//! How far a rule has counted that makes counts and states out of telemetry (`takt_actors::link::telemetry`). It is kept in the
//! site's log, because a counter of a machine says only how far it stands: what was counted of it before must survive whoever reads it.

use serde::{Deserialize, Serialize};

use crate::instant::Instant;

/// How far a rule is. Small, and written only when the rule has something to tell.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// Where the counter stood last, and when that was read by our clock; nothing before the first reading, and of a rule that tells states.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reading: Option<(u64, Instant)>,
    /// The order that ran when it was read, as the machine named it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<String>,
    /// The state that was told last, of a rule that tells states.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// The number of the newest parcel.
    #[serde(default)]
    pub number: u64,
    /// What is to be told, each under its number, until it is durable where it goes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parcels: Vec<Parcel>,
}

/// What a rule tells at once. It is told again, word for word, by whoever does not know that it was taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parcel {
    /// Which one of its rule: never used again.
    pub number: u64,
    /// What was seen.
    pub what: Seen,
    /// The order that ran, as the machine named it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<String>,
    /// From when, by our clock.
    pub from: Instant,
    /// Until when.
    pub until: Instant,
    /// Why nobody can tell whose it is, or whether it is: then a person decides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub doubt: Option<String>,
}

/// What a rule saw.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Seen {
    /// A counter went on.
    Count {
        /// By how much.
        count: u64,
        /// Where it stood before.
        began: u64,
        /// Where it stood after.
        ended: u64,
        /// How often it began again at zero meanwhile, because it was full or was set back.
        wrapped: u32,
    },
    /// A state began.
    State {
        /// Which, as the machine calls it.
        state: String,
    },
}
