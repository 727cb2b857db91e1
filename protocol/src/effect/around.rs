//! What the systems around plants and warehouses are asked to do: maintenance, transport, and whoever reads along. What planning
//! wants stands in [`crate::demand`].

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::instant::Instant;
use crate::name::SiteId;
use crate::native::NativeId;
use crate::words::EquipmentId;

/// A piece of equipment broke down, as its plant saw it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Breakdown {
    /// The plant.
    pub plant: SiteId,
    /// Which piece.
    pub equipment: EquipmentId,
    /// The plant's own word.
    pub state: String,
    /// When.
    pub at: Instant,
}

/// A shipment that a truck is wanted for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LoadTender {
    /// The shipment, by its warehouse and its number there: `wms-eu/SHP-7781`.
    pub shipment: NativeId,
    /// The warehouse it leaves from.
    pub warehouse: SiteId,
    /// How many handling units it is.
    pub units: u32,
    /// When it should leave, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub planned: Option<Instant>,
}

/// Public events for who reads along, as they stand on their subjects.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EventBatch {
    /// Each by its contract, in the order of one log.
    pub events: Vec<Value>,
}
