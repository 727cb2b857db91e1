//! The promises, looked at when the day is over: in the logs, in the ledger, and in the books of the foreign systems.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

use rust_decimal::Decimal;
use takt_cluster::memory::Memory;
use takt_cluster::seam::Seams;
use takt_protocol::fact::Fact;
use takt_protocol::id::Kind;
use takt_protocol::kernel::Own;
use takt_protocol::lot;

use super::floor::Floor;
use super::{Verdict, day, lock};
use crate::logs::Logs;

/// Looks at all of them.
pub(super) async fn all(memories: &[Memory], floor: &Mutex<Floor>, verdict: &mut Verdict) -> anyhow::Result<()> {
    let regions: Vec<Seams> = memories.iter().map(Memory::seams).collect();
    let mut logs = Logs::default();
    for seams in &regions {
        logs.read(seams, &mut verdict.broken).await?;
    }
    {
        let floor = lock(floor);
        nothing_acknowledged_is_lost(&logs, &floor, &mut verdict.broken);
        nothing_is_done_twice(&floor, &mut verdict.broken);
        everything_is_conserved(&logs, &floor, &mut verdict.broken);
        no_departure_without_clearance(&logs, &floor, &mut verdict.broken);
        verdict.documents = floor.documents.len();
        verdict.departures = usize::from(floor.delivery.left_with.is_some());
        verdict.faults = floor.effects.clone();
    }
    logs.every_posting_leads_back(&regions, &mut verdict.broken).await?;
    for (name, count) in memories.iter().flat_map(Memory::account) {
        *verdict.faults.entry(name.to_owned()).or_default() += count;
    }
    Ok(())
}

/// T1: every acknowledged input is in the log of an entity that is not only a site's quarantine.
fn nothing_acknowledged_is_lost(logs: &Logs, floor: &Floor, broken: &mut Vec<String>) {
    let heard: BTreeSet<String> =
        logs.steps().filter(|(entity, _)| entity.kind() != Kind::Site).map(|(_, step)| step.key.to_string()).collect();
    for message in floor.outgoing.iter().filter(|message| message.acknowledged) {
        if !heard.contains(&message.input.envelope.key.to_string()) {
            broken.push(format!("T1: {} was acknowledged and is in no log", message.id));
        }
    }
}

/// T2: one document for one intent, and as much in the ERP as was reported.
fn nothing_is_done_twice(floor: &Floor, broken: &mut Vec<String>) {
    let mut references: BTreeMap<&str, usize> = BTreeMap::new();
    for document in &floor.documents {
        *references.entry(document.reference.as_str()).or_default() += 1;
    }
    for (reference, count) in references.into_iter().filter(|(_, count)| *count > 1) {
        broken.push(format!("T2: {reference} was posted {count} times"));
    }
    let expected = [
        ("Yield", Decimal::from(day::PIECES)),
        ("Produced", Decimal::from(day::PIECES)),
        ("Scrap", Decimal::from(2)),
        // Six times 1.3334 kg, kept in three decimals.
        ("Consumed", Decimal::new(8_000, 3)),
    ];
    for (purpose, wanted) in expected {
        let lines = floor.documents.iter().flat_map(|document| &document.lines).filter(|(known, _)| known == purpose);
        let posted: Decimal = lines.map(|(_, qty)| *qty).sum();
        if posted.normalize() != wanted.normalize() {
            broken.push(format!("T2: the ERP has {posted} of {purpose}, the floor reported {wanted}"));
        }
    }
}

/// T4: every reported unit is in one place, and what we call posted is what the ERP has.
fn everything_is_conserved(logs: &Logs, floor: &Floor, broken: &mut Vec<String>) {
    let mut orders = 0;
    for (_, order) in logs.orders() {
        orders += 1;
        for account in order.accounts() {
            let purpose = format!("{:?}", account.series.purpose);
            let lines = floor.documents.iter().flat_map(|document| &document.lines).filter(|(known, _)| *known == purpose);
            let held: Decimal = lines.map(|(_, qty)| *qty).sum();
            if !account.balances() {
                broken.push(format!("T4: the account of {purpose} does not balance: {account:?}"));
            }
            if held.normalize() != account.posted.value().normalize() {
                broken.push(format!("T4: the ERP has {held} of {purpose}, the ledger says {}", account.posted));
            }
        }
    }
    if orders != 1 {
        broken.push(format!("T1: there are {orders} orders, and there should be one"));
    }
}

/// T5: every attempt that was granted was granted by its lots, and none of them while it was held.
fn no_departure_without_clearance(logs: &Logs, floor: &Floor, broken: &mut Vec<String>) {
    let cleared: BTreeSet<u32> = logs.steps().flat_map(|(_, step)| &step.facts).filter_map(attempt_cleared).collect();
    for attempt in floor.delivery.granted.difference(&cleared) {
        broken.push(format!("T5: departure attempt {attempt} was granted, and no lot was asked"));
    }
    for told in logs.entities().values().filter(|told| matches!(told.state.own, Own::Lot(_))) {
        let mut held = false;
        for step in told.steps() {
            // From the step that heard of the nonconformance to the one that heard of the decision.
            held = (held || step.key_text() == "nc") && step.key_text() != "decided";
            let clears =
                step.facts.iter().any(|fact| matches!(fact, Fact::Lot(fact) if matches!(fact.as_ref(), lot::Fact::Cleared { .. })));
            if held && clears {
                broken.push("T5: a lot gave clearance while it was held".to_owned());
            }
        }
    }
}

/// The attempt that a lot cleared with this fact.
fn attempt_cleared(fact: &Fact) -> Option<u32> {
    let Fact::Lot(fact) = fact else { return None };
    if let lot::Fact::Cleared { attempt, .. } = fact.as_ref() { Some(*attempt) } else { None }
}
