//! T2: nothing is done twice: no document of an ERP carries a reference of ours that another one carries, a plant has one job for an
//! order's attempt, a warehouse one notice for a pallet.

use std::collections::BTreeMap;

use serde_json::Value;

use super::Evidence;
use crate::sim::people::{list, text};
use crate::world::system::Kind;

/// Looks.
pub(super) fn look(evidence: &Evidence<'_>, broken: &mut Vec<String>) {
    for (site, ledger) in &evidence.erps {
        for (reference, count) in ledger.references.iter().filter(|(_, count)| **count > 1) {
            broken.push(format!("T2: {site} has {count} documents of {reference}"));
        }
    }
    for (site, (kind, books)) in &evidence.books {
        let (all, field) = match kind {
            Kind::Mes => ("jobs", "externalKey"),
            Kind::Wms => ("handling_units", "notice_ref"),
            Kind::Tms => ("loads", "shipment"),
            _ => continue,
        };
        for (name, count) in counted(list(books, all), field).into_iter().filter(|(_, count)| *count > 1) {
            broken.push(format!("T2: {site} has {count} {all} of {name}"));
        }
    }
}

fn counted<'a>(all: &'a [Value], field: &str) -> BTreeMap<&'a str, u32> {
    let mut counted = BTreeMap::new();
    for name in all.iter().map(|one| text(one, field)).filter(|name| !name.is_empty()) {
        *counted.entry(name).or_default() += 1;
    }
    counted
}
