//! T4: every reported unit is in exactly one place, and the ERP has what we call posted. Where somebody posted by hand, and ours went
//! through as well, or something was entered that nobody told us, the two differ, and a case says so.

use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::Decimal;
use takt_protocol::case::CaseKind;
use takt_protocol::kernel::{Own, State};
use takt_protocol::order::Order;

use super::Evidence;
use crate::logs::booked;
use crate::world::ledger::Entry;

/// Looks.
pub(super) fn look(evidence: &Evidence<'_>, broken: &mut Vec<String>) {
    let mut known = BTreeSet::new();
    for (entity, told) in evidence.logs.entities() {
        let Own::Order(order) = &told.state.own else { continue };
        let Some(header) = order.header() else { continue };
        let native = header.number.to_string();
        known.insert((header.erp, native.clone()));
        for places in order.accounts().iter().filter(|places| !places.balances()) {
            broken.push(format!("T4: order {native}: {:?} of {} does not balance", places.series.purpose, places.series.material));
        }
        if evidence.forgot(*entity) {
            continue;
        }
        for short in not_posted(&told.state, order) {
            broken.push(format!("T4: order {native} is complete, and {short}"));
        }
        let differs = told.state.common.cases.values().any(|case| case.kind == CaseKind::BooksDiffer);
        let told_of = differs || (!order.foreign.is_empty() && !told.state.common.cases.is_empty());
        let (ours, theirs) = (booked(order), evidence.erps.get(&header.erp));
        let theirs: BTreeMap<&Entry, Decimal> = theirs
            .into_iter()
            .flat_map(|ledger| &ledger.entries)
            .filter(|(entry, _)| entry.order == native)
            .map(|(entry, sum)| (entry, *sum))
            .collect();
        for key in ours.keys().chain(theirs.keys().copied()).collect::<BTreeSet<_>>() {
            let (mine, theirs) = (ours.get(key).copied().unwrap_or_default(), theirs.get(key).copied().unwrap_or_default());
            if mine != theirs && !told_of {
                let (purpose, material) = (key.purpose, &key.material);
                broken.push(format!("T4: order {native}: {} has {theirs} of {purpose:?} {material}, we say {mine}", header.erp));
            }
        }
    }
    for (site, ledger) in &evidence.erps {
        let strangers: BTreeSet<&str> = ledger
            .entries
            .keys()
            .map(|entry| entry.order.as_str())
            .filter(|order| !order.is_empty() && !known.contains(&(*site, (*order).to_owned())) && !evidence.anybody_forgot())
            .collect();
        for order in strangers {
            broken.push(format!("T4: {site} has postings for order {order}, which no log knows"));
        }
    }
}

/// What of a complete order, about which nobody was told, is in no document although it is whole pieces; a part of a step is carried.
fn not_posted(state: &State, order: &Order) -> Vec<String> {
    if !order.completed || !state.common.cases.is_empty() {
        return Vec::new();
    }
    let off = order.accounts().into_iter().filter(|places| places.residual.value().abs() >= Decimal::ONE);
    off.map(|places| format!("{} of {:?} {} is in no document", places.residual, places.series.purpose, places.series.material)).collect()
}
