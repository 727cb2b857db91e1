//! T2: nothing is done twice: no document of an ERP carries a reference of ours that another one carries, a plant has one job for an
//! order's attempt, a warehouse one notice for a pallet; and of an order we were told as many pieces as the line has counted, but for what
//! a counter lost when it began again, of which a case says so.

use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::Decimal;
use serde_json::Value;
use takt_protocol::case::CaseKind;
use takt_protocol::id::EntityId;
use takt_protocol::order::Order;
use takt_protocol::posting::Use;

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
        let named = [(Kind::Mes, "jobs", "externalKey"), (Kind::Wms, "handling_units", "notice_ref"), (Kind::Tms, "loads", "shipment")];
        let Some((_, all, field)) = named.into_iter().find(|(of, ..)| of == kind) else { continue };
        for (name, count) in counted(list(books, all), field).into_iter().filter(|(_, count)| *count > 1) {
            broken.push(format!("T2: {site} has {count} {all} of {name}"));
        }
    }
    what_the_line_counted(evidence, broken);
}

/// The pieces of each step of an order: good ones, and scrap.
type Pieces = BTreeMap<u64, (Decimal, Decimal)>;

/// What a report says counts once, however often and in whatever order it comes.
fn what_the_line_counted(evidence: &Evidence<'_>, broken: &mut Vec<String>) {
    let mut counted: BTreeMap<EntityId, Pieces> = BTreeMap::new();
    for (_, books) in evidence.books.values().filter(|(kind, _)| *kind == Kind::Mes) {
        for job in list(books, "jobs") {
            let order = text(job, "externalKey").split('/').next().and_then(|order| EntityId::parse(order).ok());
            let Some(order) = order else { continue };
            for step in list(job, "steps") {
                let number = |field: &str| step.get(field).and_then(Value::as_u64).unwrap_or_default();
                let pieces = counted.entry(order).or_default().entry(number("step")).or_default();
                *pieces = (pieces.0 + Decimal::from(number("good")), pieces.1 + Decimal::from(number("scrap")));
            }
        }
    }
    for (entity, order) in evidence.logs.orders().filter(|(entity, _)| !evidence.forgot(*entity)) {
        let theirs = counted.remove(&entity).unwrap_or_default();
        let ours = reported(order);
        let restarted = evidence.logs.has_case(entity, &CaseKind::CounterRestarted);
        for step in theirs.keys().chain(ours.keys()).collect::<BTreeSet<_>>() {
            let (line, told) = (theirs.get(step).copied().unwrap_or_default(), ours.get(step).copied().unwrap_or_default());
            let lost = restarted && line.0 > told.0 && line.1 == told.1;
            if line != told && !lost {
                broken.push(format!("T2: {entity}: the line counted {line:?} at step {step}, good and scrap, and we were told {told:?}"));
            }
        }
    }
}

/// What we were told of an order.
fn reported(order: &Order) -> Pieces {
    let mut pieces = Pieces::new();
    for account in order.accounts() {
        let Some(step) = account.series.op.as_ref().and_then(|op| op.as_str().parse().ok()) else { continue };
        let (good, scrap) = match account.series.purpose {
            Use::Yield => (account.reported.value(), Decimal::ZERO),
            Use::Scrap => (Decimal::ZERO, account.reported.value()),
            Use::Produced | Use::Consumed | Use::Rework | Use::Labour | Use::Machine => continue,
        };
        let sum = pieces.entry(step).or_insert((Decimal::ZERO, Decimal::ZERO));
        *sum = (sum.0 + good, sum.1 + scrap);
    }
    pieces
}

fn counted<'a>(all: &'a [Value], field: &str) -> BTreeMap<&'a str, u32> {
    let mut counted = BTreeMap::new();
    for name in all.iter().map(|one| text(one, field)).filter(|name| !name.is_empty()) {
        *counted.entry(name).or_default() += 1;
    }
    counted
}
