//! T5: what left, left with the clearance of every lot on it, and its warehouse had been told so; an escape would be shown as one.

use takt_protocol::case::CaseKind;
use takt_protocol::kernel::{Own, State, replay};
use takt_protocol::shipment::{self, Departure};

use super::Evidence;
use crate::logs::Told;
use crate::sim::people::{list, text};
use crate::world::system::Kind;

/// Looks; how many left.
pub(super) fn look(evidence: &Evidence<'_>, broken: &mut Vec<String>) -> u64 {
    let mut left = 0;
    for told in evidence.logs.entities().values() {
        let Own::Shipment(shipment) = &told.state.own else { continue };
        if shipment.stage != shipment::Stage::Departed {
            continue;
        }
        left += 1;
        let name = shipment.delivery.as_ref().map(ToString::to_string).unwrap_or_default();
        let cleared = as_it_left(told).is_some_and(|departure| {
            departure.told == Some(true) && departure.lots.values().all(|answer| answer.as_ref().is_some_and(Vec::is_empty))
        });
        let escaped = told.state.common.cases.values().any(|case| case.kind == CaseKind::Escape);
        if !cleared || escaped {
            broken.push(format!("T5: {name} left without the clearance of every lot on it"));
        }
    }
    let theirs = evidence.books.values().filter(|(kind, _)| *kind == Kind::Wms);
    let gone = theirs.flat_map(|(_, books)| list(books, "deliveries")).filter(|delivery| text(delivery, "state") == "departed").count();
    if gone as u64 != left {
        broken.push(format!("T5: {gone} deliveries left their warehouses, and we know of {left}"));
    }
    left
}

/// What was known of a shipment's clearance when it left: a later hold takes back what has been used.
fn as_it_left(told: &Told) -> Option<Departure> {
    let first = told.commits.first()?;
    let mut state = State::unknown(first.entity);
    for step in told.steps() {
        state = replay(state, step);
        if let Own::Shipment(shipment) = &state.own
            && shipment.stage == shipment::Stage::Departed
        {
            return shipment.departure.clone();
        }
    }
    None
}
