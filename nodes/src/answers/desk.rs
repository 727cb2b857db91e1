//! The desk: a part of its exceptions, how many somebody put away, and what nobody has to do anything about yet because Takt asks
//! again by itself.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::system::Heard;
use super::world::World;

/// Exceptions, one by one or by cause, and how to go on.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Desk<T: ToSchema> {
    /// The rows, gathered from all regions.
    #[serde(flatten)]
    pub world: World<T>,
    /// How many more are open that somebody put away, and that this list leaves out.
    pub put_away: usize,
    /// What is in doubt at each system and is asked again by itself: no exception, until a person must decide. Told with the first
    /// part of a list that no owner narrows.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub awaited: Vec<Awaited>,
}

/// A system that has to answer first: what is in doubt there and being asked again, or what waits for one that is silent.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Awaited {
    /// The system, and how it stands.
    #[serde(flatten)]
    pub heard: Heard,
    /// How many errands nobody knows the end of.
    pub in_doubt: usize,
    /// How many are next in line for it while it is silent: one of each order, lot or shipment, which may have more behind it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waiting: Option<u64>,
    /// Where they are, with how many: `nord 26`.
    pub sites: Vec<String>,
    /// What of it are goods that are to be posted, by unit.
    pub stake: String,
    /// What it is about: our ids of the first five orders, lots, shipments.
    pub look_at: Vec<String>,
    /// What nobody must do meanwhile.
    pub forbidden: String,
}
