//! Why not. A refusal is an answer, not an error: it travels on the wire, is recorded, and says what would help.

use serde::{Deserialize, Serialize};

/// The closed list of reasons, with `Other` for a foreign system's own words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Code {
    /// No recipe for this material and plant.
    MissingRecipe,
    /// The plant's own system has another version than the order asks for.
    RecipeVersionMismatch,
    /// No equipment of the class an operation needs.
    MissingEquipmentMapping,
    /// All equipment of the class is down.
    EquipmentUnavailable,
    /// Calibration of the equipment has run out.
    CalibrationOverdue,
    /// The material is not known.
    MissingMaterial,
    /// The material is managed in lots and no lot was named.
    MissingLot,
    /// The unit cannot be converted for this material.
    UomUnmapped,
    /// The plant is closed then.
    CalendarClosed,
    /// The posting period is closed.
    PeriodClosed,
    /// There is such an order already.
    DuplicateOrder,
    /// The request rests on an older version than the one in force.
    StaleVersion,
    /// More than there is, or less than is already used.
    Capacity,
    /// Somebody else owns that.
    NotOwner,
    /// The request came after its own deadline.
    Expired,
    /// The same key was used for other content.
    KeyReused,
    /// The shape is wrong.
    Schema,
    /// Nothing by that name.
    Unknown,
    /// Not in this state.
    State,
    /// A foreign system's own reason; see the text.
    Other,
}

/// A wish that is not granted, and what would help.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// Why.
    pub code: Code,
    /// The field it is about, as a path into the request; empty for the whole.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub field: String,
    /// What is wrong, for a person, naming the thing.
    pub text: String,
    /// What to do instead.
    pub remedy: String,
}

impl Refusal {
    /// A refusal of the whole request.
    pub fn new(code: Code, text: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { code, field: String::new(), text: text.into(), remedy: remedy.into() }
    }

    /// The same, about one field.
    #[must_use]
    pub fn at(mut self, field: impl Into<String>) -> Self {
        self.field = field.into();
        self
    }
}
