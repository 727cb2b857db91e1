//! What a person at the desk may wish of an entity about one of its cases. Every wish names its user; what gives something
//! up takes two of them, each with a wish of their own.

use serde::{Deserialize, Serialize};

use crate::envelope::RawRef;
use crate::id::EntityId;
use crate::input::Input;
use crate::instant::Instant;
use crate::words::{DocNo, Role};

/// A wish about a case.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Wish {
    /// Which case of the entity.
    pub case: u32,
    /// What to do.
    pub action: Action,
}

/// What may be done about a case.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
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
    /// Do not show it before that.
    Snooze {
        /// Then it is back on the desk.
        until: Instant,
    },
    /// Take these instead of the message that waits, or that nobody understood. The original stays in the log.
    Edit {
        /// The text that the person wrote. It names the wish: what it becomes depends on the mapping and on what is known.
        raw: RawRef,
        /// The copies: of an input exactly one, of a payload all that it says.
        copies: Vec<Input>,
    },
}
