//! What a supplier said of a lot: what is on its way on which handling unit, and what came.

use serde::{Deserialize, Serialize};
use takt_protocol::lot::Expected;
use takt_protocol::words::Sscc;
use utoipa::ToSchema;

/// A handling unit that a supplier announced.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ExpectedRow {
    /// Its number.
    pub unit: String,
    /// How much is on it, as announced.
    pub quantity: String,
    /// The ship notice.
    pub notice: String,
    /// The purchase order that it answers, or its line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purchase: Option<String>,
    /// Who sends it.
    pub supplier: String,
    /// When it came; absent while it is on its way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arrived_at: Option<String>,
}

pub(super) fn expected((unit, known): (&Sscc, &Expected)) -> ExpectedRow {
    ExpectedRow {
        unit: unit.to_string(),
        quantity: known.qty.to_string(),
        notice: known.notice.to_string(),
        purchase: known.purchase.as_ref().map(ToString::to_string),
        supplier: known.supplier.to_string(),
        arrived_at: known.arrived.map(|at| at.to_string()),
    }
}
