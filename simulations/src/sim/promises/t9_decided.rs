//! T9: nothing hangs: at the end every order is done and settled, every shipment has left, or a case says to a person why not.

use takt_protocol::kernel::{Own, State};
use takt_protocol::order::Order;
use takt_protocol::shipment;

use super::Evidence;

/// What is still under way of an order that nobody has been told of, if anything is.
pub(in crate::sim) fn open_order(order: &Order, state: &State) -> Option<String> {
    if !state.common.cases.is_empty() {
        return None;
    }
    let number = order.header().map(|header| header.number.to_string());
    let number = number.unwrap_or_else(|| "an order without a number".to_owned());
    if !order.completed {
        return Some(format!("{number} is not complete: {:?}, {:?}", order.business, order.dispatch));
    }
    if order.has_unbooked() {
        return Some(format!("{number} has reports that were never booked, and no case says so"));
    }
    if order.ledger.is_unsettled() || order.ledger.has_open_groups() {
        return Some(format!("{number} has postings that are not settled"));
    }
    None
}

/// Looks.
pub(super) fn look(evidence: &Evidence<'_>, broken: &mut Vec<String>) {
    for (entity, told) in evidence.logs.entities() {
        let open = match &told.state.own {
            Own::Order(_) if evidence.forgot(*entity) => None,
            Own::Shipment(_) if evidence.anybody_forgot() => None,
            Own::Order(order) => open_order(order, &told.state),
            Own::Shipment(shipment) if shipment.stage != shipment::Stage::Departed && told.state.common.cases.is_empty() => Some(format!(
                "shipment is {:?}, held by {}, gates {:?}, departure {:?}, truck {:?}, {}",
                shipment.stage,
                shipment.holds.len(),
                shipment.gates,
                shipment.departure,
                shipment.truck,
                waits(&told.state)
            )),
            Own::Shipment(_) | Own::Lot(_) | Own::Unit(_) | Own::Site(_) | Own::Record(_) => None,
        };
        if let Some(open) = open {
            broken.push(format!("T9: {entity}: {open}, and no case says why"));
        }
    }
}

/// What of an entity's is still to be done elsewhere, for whoever looks for the reason.
fn waits(state: &State) -> String {
    let open: Vec<String> = state.common.outbox.iter().map(|(number, open)| format!("intent {number} {:?}", open.standing)).collect();
    if open.is_empty() { "nothing of it is under way".to_owned() } else { open.join(", ") }
}
