//! What a person at the desk may wish of an entity about one of its cases. Every wish names its user and, where it gives
//! something up, a second approver in the envelope.

use serde::{Deserialize, Serialize};

use crate::id::EntityId;
use crate::words::{DocNo, Role};

/// A wish about a case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wish {
    /// Which case of the entity.
    pub case: u32,
    /// What to do.
    pub action: Action,
}

/// What may be done about a case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Send it again.
    Retry,
    /// Take a document that was made by hand as ours.
    Adopt {
        /// The document.
        document: DocNo,
    },
    /// Give the quantity up.
    WriteOff,
    /// Say which entity it belongs to.
    Match {
        /// That one.
        entity: EntityId,
    },
    /// Hand it to another role.
    HandTo {
        /// That one.
        role: Role,
    },
    /// Take note and close it.
    Acknowledge,
}
