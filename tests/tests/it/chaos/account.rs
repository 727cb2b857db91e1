//! The account of a run with faults: the logs beside what was acknowledged, and the ERP's own books beside ours.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use takt_simulations::logs::booked;
use takt_simulations::world::ledger::{Entry, Ledger};
use takt_simulations::world::system::Kind;

use crate::several::Load;

use super::place::Place;

/// The account: acknowledged and lost, doubled, forked; and the ERP's books beside ours.
pub(super) async fn account(place: &Place, load: &Load) {
    let (logs, broken) = place.logs().await;
    assert_eq!(broken, Vec::<String>::new(), "a log has a fork or a hole");
    let mut keys: BTreeMap<String, usize> = BTreeMap::new();
    for (_, step) in logs.steps() {
        *keys.entry(step.key.to_string().rsplit('/').next().unwrap_or_default().to_owned()).or_default() += 1;
    }
    let done: Vec<String> = load.done.lock().unwrap().iter().map(|done| done.key.clone()).collect();
    let times = |key: &str| keys.get(key).copied().unwrap_or_default();
    let (lost, doubled) = (done.iter().filter(|key| times(key) == 0).count(), done.iter().filter(|key| times(key) > 1).count());
    let books = place.desks().get("erp-eu/_sim/books").await;
    let theirs = Ledger::of(Kind::ErpOdoo, &books).unwrap();
    let made = books["manufacturing_order"].as_array().unwrap().len();
    let twice: Vec<_> = theirs.references.iter().filter(|(_, count)| **count != 1).collect();
    let mut ours: BTreeMap<Entry, Decimal> = BTreeMap::new();
    for (_, order) in logs.orders() {
        for places in order.accounts() {
            assert!(places.balances(), "{places:?}");
        }
        ours.extend(booked(order));
    }
    ours.retain(|_, sum| !sum.is_zero());
    eprintln!(
        "chaos: {} orders acknowledged, {lost} lost, {doubled} doubled, forks 0; {made} orders in the ERP, {} documents, {} doubled there",
        done.len(),
        theirs.references.len(),
        twice.len()
    );
    assert!(done.len() > 20, "so few orders prove nothing");
    assert_eq!((lost, doubled, made), (0, 0, done.len()));
    assert!(twice.is_empty(), "{twice:?}");
    assert_eq!(ours, theirs.entries);
}
