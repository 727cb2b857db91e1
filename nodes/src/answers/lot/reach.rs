//! How far a hold on a lot would reach: all that was made of it, over any number of steps, how much that is, on which handling
//! units, and which trucks have any of it. A question: nothing is held by asking it.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use takt_protocol::id::EntityId;
use takt_protocol::instant::Instant;
use takt_protocol::kernel::{Own, State};
use takt_protocol::lot::Lot;
use takt_protocol::qty::Qty;
use takt_protocol::shipment::Stage;
use takt_protocol::uom::Uom;
use utoipa::ToSchema;

use super::{Edge, Head, head, word_of};

/// How far a hold on a lot would reach.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Reach {
    /// Of which lot, and when this was so.
    #[serde(flatten)]
    pub head: Head,
    /// The lot, as `material/lot`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lot: Option<String>,
    /// The lots that would be held: it, and all that was made of it.
    pub lots: Vec<ReachedLot>,
    /// How much that is, a sum for each unit of measure.
    pub quantities: Vec<String>,
    /// The handling units with any of it.
    pub units: usize,
    /// The shipments with any of it, or that want some.
    pub trucks: Vec<ReachedTruck>,
    /// How many of these left already.
    pub departed: usize,
    /// Whether the walk ended at its limit, so that there is more.
    pub cut: bool,
}

/// A lot that would be held.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ReachedLot {
    /// Our id of the lot.
    pub id: String,
    /// The lot, as `material/lot`.
    pub lot: String,
    /// Its plant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plant: Option<String>,
    /// All that was made of it; absent for a component, which came from elsewhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quantity: Option<String>,
    /// Whether nothing was made of it yet: an order makes it when nobody names another lot, and a hold is on it before.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unmade: bool,
    /// Holds that are on it already.
    pub holds: Vec<String>,
}

/// A shipment with any of it.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ReachedTruck {
    /// Our id of it.
    pub id: String,
    /// Its number in its warehouse.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivery: Option<String>,
    /// How far it is; absent where it is not reached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stage: Option<String>,
    /// When it should leave.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub leaves_at: Option<String>,
    /// Whether any of it left with it.
    pub departed: bool,
}

/// The reach of a hold on `state`; `down` are the lots made of it, each as what it was made of calls it, `shipments` those of all of them
/// that are reached.
pub(crate) fn reach(state: &State, down: &[(Edge, State)], shipments: &[State], cut: bool, now: Instant) -> Reach {
    let lots: Vec<(&State, &Lot)> = std::iter::once(state).chain(down.iter().map(|(_, state)| state)).filter_map(lot).collect();
    let called = |id: EntityId| down.iter().find(|(_, state)| state.id == id).map(|(edge, _)| edge.lot.clone());
    let mut sums: BTreeMap<Uom, Qty> = BTreeMap::new();
    for qty in lots.iter().filter_map(|(_, lot)| lot.total()) {
        let sum = sums.entry(qty.uom()).or_insert(Qty::zero(qty.uom()));
        *sum = sum.plus(qty).unwrap_or(*sum);
    }
    let units: BTreeSet<_> = lots.iter().flat_map(|(_, lot)| lot.units.keys()).collect();
    let trucks: Vec<ReachedTruck> = wanting(&lots).into_iter().map(|(id, left)| truck(id, left, shipments)).collect();
    Reach {
        head: head(state, now),
        lot: lot(state).and_then(|(_, lot)| lot.key.as_ref()).map(ToString::to_string),
        quantities: sums.values().map(ToString::to_string).collect(),
        units: units.len(),
        departed: trucks.iter().filter(|truck| truck.departed).count(),
        trucks,
        lots: lots.iter().map(|(state, lot)| reached(state.id, lot, called(state.id))).collect(),
        cut,
    }
}

fn lot(state: &State) -> Option<(&State, &Lot)> {
    if let Own::Lot(lot) = &state.own { Some((state, lot.as_ref())) } else { None }
}

/// The shipments that want any of them, and whether any of it left with each.
fn wanting(lots: &[(&State, &Lot)]) -> BTreeMap<EntityId, bool> {
    let mut found: BTreeMap<EntityId, bool> = BTreeMap::new();
    for (_, lot) in lots {
        found.extend(lot.shipments.keys().map(|id| (*id, false)).filter(|(id, _)| !found.contains_key(id)).collect::<Vec<_>>());
        found.extend(lot.left_with().into_iter().map(|id| (id, true)));
    }
    found
}

fn truck(id: EntityId, left: bool, shipments: &[State]) -> ReachedTruck {
    let known = shipments.iter().find(|state| state.id == id).map(|state| &state.own);
    let shipment = known.and_then(|own| if let Own::Shipment(shipment) = own { Some(shipment) } else { None });
    ReachedTruck {
        id: id.to_string(),
        delivery: shipment.and_then(|shipment| shipment.delivery.as_ref()).map(ToString::to_string),
        stage: shipment.map(|shipment| word_of(&shipment.stage)),
        leaves_at: shipment.and_then(|shipment| shipment.planned).map(|at| at.to_string()),
        departed: left || shipment.is_some_and(|shipment| shipment.stage == Stage::Departed),
    }
}

/// A lot of which nothing was said yet is called as what it was made of calls it.
fn reached(id: EntityId, lot: &Lot, called: Option<String>) -> ReachedLot {
    ReachedLot {
        id: id.to_string(),
        lot: lot.key.as_ref().map(ToString::to_string).or(called).unwrap_or_default(),
        plant: lot.site.map(|site| site.to_string()),
        quantity: lot.total().map(|qty| qty.to_string()),
        unmade: lot.key.is_none(),
        holds: lot.holds.keys().map(ToString::to_string).collect(),
    }
}
