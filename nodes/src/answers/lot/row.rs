//! A lot in a list.

use serde::{Deserialize, Serialize};
use takt_protocol::kernel::State;
use takt_protocol::lot::Lot;
use utoipa::ToSchema;

/// A lot in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LotRow {
    /// Our id.
    pub id: String,
    /// The lot, as `material/lot`, once anybody said its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lot: Option<String>,
    /// The plant whose lot it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plant: Option<String>,
    /// All that was made of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total: Option<String>,
    /// What holds and decisions keep of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blocked: Option<String>,
    /// How much left with shipments.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left: Option<String>,
    /// How many handling units it is on.
    pub units: usize,
    /// Whether it waits for inspection.
    pub in_inspection: bool,
    /// Holds that are not over, by the numbers of those who placed them.
    pub holds: Vec<String>,
    /// Holds that were released without the quality system, which has to countersign.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub provisional: Vec<String>,
    /// How many exceptions of it are open.
    pub exceptions: usize,
}

/// A lot as it stands in a list.
pub(crate) fn listed(state: &State, lot: &Lot) -> LotRow {
    LotRow {
        id: state.id.to_string(),
        lot: lot.key.as_ref().map(ToString::to_string),
        plant: lot.site.map(|site| site.to_string()),
        total: lot.total().map(|qty| qty.to_string()),
        blocked: lot.blocked().filter(|qty| !qty.is_zero()).map(|qty| qty.to_string()),
        left: lot.left().map(|qty| qty.to_string()),
        units: lot.units.len(),
        in_inspection: lot.in_inspection(),
        holds: lot.holds.values().map(|hold| hold.called.to_string()).collect(),
        provisional: lot.provisional.values().map(|hold| hold.called.to_string()).collect(),
        exceptions: state.common.cases.len(),
    }
}
