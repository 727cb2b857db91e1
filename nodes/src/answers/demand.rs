//! What a planning system wants, as planners ask for it: what its ERP makes of it, and which orders are on their way.

use serde::{Deserialize, Serialize};
use takt_protocol::demand::Demand;
use takt_protocol::site::Site;
use utoipa::ToSchema;

use super::word_of;

/// A demand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DemandRow {
    /// Its number in the planning system.
    pub number: String,
    /// Its newest version.
    pub version: u32,
    /// open, firm or withdrawn.
    pub firmness: String,
    /// The plant that should supply it.
    pub plant: String,
    /// Of what.
    pub material: String,
    /// How much.
    pub quantity: String,
    /// The day it must be there, as an ISO date.
    pub due: String,
    /// What the ERP made of that version: planned, refused or dropped; absent while it has not said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verdict: Option<String>,
    /// The ERP's number for what it plans.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requirement: Option<String>,
    /// Why it cannot be supplied so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// The orders that were made of it.
    pub orders: Vec<SupplyRow>,
}

/// An order that was made of a demand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SupplyRow {
    /// Our id of the order.
    pub order_id: String,
    /// Its number, as `number@system`.
    pub order: String,
    /// The plant that makes it.
    pub plant: String,
    /// How much it is over.
    pub quantity: String,
    /// How much was confirmed as good, once the plant is done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirmed: Option<String>,
    /// created, released, completed or cancelled.
    pub state: String,
}

/// The demands of a planning system, those that are due first at the top.
pub(super) fn demands(site: &Site) -> Vec<DemandRow> {
    let mut all: Vec<&Demand> = site.demands.values().collect();
    all.sort_by_key(|demand| (demand.signal.due, demand.signal.number.clone()));
    all.truncate(crate::ask::ROWS_MAX);
    all.into_iter().map(row).collect()
}

fn row(demand: &Demand) -> DemandRow {
    let signal = &demand.signal;
    let orders = demand.orders.iter().map(|(id, supply)| SupplyRow {
        order_id: id.to_string(),
        order: format!("{}@{}", supply.order, supply.erp),
        plant: supply.plant.to_string(),
        quantity: supply.total.to_string(),
        confirmed: supply.confirmed.map(|qty| qty.to_string()),
        state: word_of(&supply.state),
    });
    DemandRow {
        number: signal.number.to_string(),
        version: signal.version,
        firmness: signal.firmness.word().to_owned(),
        plant: signal.plant.to_string(),
        material: signal.material.to_string(),
        quantity: signal.total.to_string(),
        due: signal.due.to_string(),
        verdict: demand.verdict.map(|verdict| word_of(&verdict)),
        requirement: demand.requirement.as_ref().map(ToString::to_string),
        why: Some(demand.why.clone()).filter(|why| !why.is_empty()),
        orders: orders.collect(),
    }
}
