//! The account at the end: every promise looked at in the durable logs of all regions and in the books of the simulated
//! systems, which share nothing with us. What does not agree is a broken promise, and the demo ends with an error.

use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::Decimal;
use serde_json::Value;
use takt_cluster::seam::{QueueName, Seams};
use takt_protocol::kernel::Own;
use takt_protocol::name::SiteId;
use takt_protocol::order::Order;
use takt_protocol::posting::Account as Places;
use takt_protocol::qty::Qty;
use takt_protocol::words::{LotKey, StockStatus};
use takt_simulations::logs::{Logs, booked};
use takt_simulations::world::ledger::{Entry, Heap, Ledger, Status};

use super::around;
use super::cast::Cast;
use super::chain;
use super::people::{People, listed, text};
use super::product;
use crate::mesh::Mesh;

mod told;

/// What the account found.
#[derive(Debug, Default)]
pub(super) struct Account {
    /// Broken promises, each a sentence that begins with its id.
    pub(super) broken: Vec<String>,
    /// The lines of the ledger, for a person.
    pub(super) ledger: Vec<String>,
    /// Exceptions that are still open, for a person.
    pub(super) open: Vec<String>,
    /// What was counted on the way, for a person.
    pub(super) counted: Vec<(&'static str, u64)>,
    /// The same and every order, for a program.
    pub(super) told: Value,
}

/// Looks at everything. Nothing may be under way any more.
pub(super) async fn take(mesh: &Mesh, cast: &Cast, people: &People) -> anyhow::Result<Account> {
    let mut account = Account::default();
    let regions: Vec<Seams> = mesh.regions().values().map(|region| region.node().seams.clone()).collect();
    let mut logs = Logs::default();
    for seams in &regions {
        logs.read(seams, &mut account.broken).await?;
        nothing_waits_or_is_buried(seams, &mut account.broken).await?;
    }
    let (books, erps) = books_of(cast, people, &mut account).await?;
    for (_, order) in logs.orders() {
        account.order(order, &erps);
    }
    account.ledger.sort();
    let left = logs.departures(&mut account.broken);
    account.counted.push(("departures, all cleared", left));
    account.stock(&logs, cast, &erps);
    account.blocks(&logs, &books);
    let looked = around::look(&logs, cast, &mesh.book(), &books);
    account.broken.extend(looked.broken);
    account.counted.extend(looked.counted);
    let looked = chain::look(&logs, cast, &mesh.book(), &books);
    account.broken.extend(looked.broken);
    account.counted.extend(looked.counted);
    let (strangers, by_release) = product::look(&logs, cast, &mesh.book());
    account.broken.extend(strangers);
    account.counted.push(("orders by a recipe that the product data system released", by_release));
    let led_back = logs.every_posting_leads_back(&regions, &mut account.broken).await?;
    account.count(&logs, led_back);
    account.told = told::account(&account, &logs);
    Ok(account)
}

/// T1: whatever was taken has come to an end; nothing lies in a dead-letter box.
async fn nothing_waits_or_is_buried(seams: &Seams, broken: &mut Vec<String>) -> anyhow::Result<()> {
    for queue in seams.queue.names().await? {
        let depth = seams.queue.depth(queue).await?;
        let still = matches!(queue, QueueName::In { .. } | QueueName::Fwd { .. }) && depth > 0;
        if still {
            broken.push(format!("T1: {depth} inputs still wait in {queue:?}"));
        }
    }
    for queue in seams.queue.graves().await? {
        for (id, reason, _) in seams.queue.buried(queue, 10).await? {
            broken.push(format!("T1: {id} was set aside in {queue:?}: {reason}"));
        }
    }
    Ok(())
}

/// The books of every system, those of the ERPs also in no ERP's words; T1 for what they told, T2 for what carries our reference.
async fn books_of(
    cast: &Cast,
    people: &People,
    account: &mut Account,
) -> anyhow::Result<(BTreeMap<String, Value>, BTreeMap<SiteId, Ledger>)> {
    let (mut all, mut erps) = (BTreeMap::new(), BTreeMap::new());
    for system in cast.systems.values() {
        let books = people.read(&format!("{}/_sim/books", system.url)).await?;
        let untold = books.get("untold").and_then(Value::as_u64).unwrap_or(0);
        if untold > 0 {
            account.broken.push(format!("T1: {} has {untold} messages that nobody took", system.site));
        }
        if let Some(ledger) = Ledger::of(system.kind, &books) {
            for (reference, count) in ledger.references.iter().filter(|(_, count)| **count > 1) {
                account.broken.push(format!("T2: {} has {count} of {reference}", system.site));
            }
            erps.insert(system.site, ledger);
        }
        all.insert(system.site.to_string(), books);
    }
    Ok((all, erps))
}

impl Account {
    /// T4: every reported unit is in exactly one place, and the ERP has what we call posted.
    fn order(&mut self, order: &Order, erps: &BTreeMap<SiteId, Ledger>) {
        let Some(header) = order.header() else { return };
        let native = header.number.to_string();
        let ours = booked(order);
        for places in order.accounts() {
            self.ledger.push(ledger_line(&format!("{}/{native}", header.plant), &places));
            if !places.balances() {
                self.broken.push(format!(
                    "T4: order {native}: {:?} of {} does not balance: {places:?}",
                    places.series.purpose, places.series.material
                ));
            }
        }
        let theirs = erps.get(&header.erp).map(|books| &books.entries);
        let theirs: BTreeMap<&Entry, Decimal> =
            theirs.into_iter().flatten().filter(|(entry, _)| entry.order == native).map(|(entry, sum)| (entry, *sum)).collect();
        for key in ours.keys().chain(theirs.keys().copied()).collect::<BTreeSet<_>>() {
            let (mine, theirs) = (ours.get(key).copied().unwrap_or_default(), theirs.get(key).copied().unwrap_or_default());
            if mine != theirs {
                let what = format!("{:?} {}", key.purpose, key.material);
                self.broken.push(format!("T4: order {native}: {} has {theirs} of {what}, we say {mine}", header.erp));
            }
        }
    }

    /// What of each lot is blocked or in inspection in its ERP is what the lot says.
    fn stock(&mut self, logs: &Logs, cast: &Cast, erps: &BTreeMap<SiteId, Ledger>) {
        let mut lots = 0;
        for told in logs.entities().values() {
            let Own::Lot(lot) = &told.state.own else { continue };
            let plant = cast.plants.iter().find(|plant| Some(plant.site) == lot.site);
            let (Some(key), Some(plant), false) = (&lot.key, plant, lot.produced.is_empty()) else { continue };
            lots += 1;
            let books = erps.get(&plant.erp.site);
            for (status, place) in [(StockStatus::QualityInspection, Status::Inspection), (StockStatus::Blocked, Status::Blocked)] {
                let heap = Heap { material: key.material.to_string(), lot: key.lot.to_string(), status: place };
                let theirs = books.and_then(|books| books.stock.get(&heap)).copied().unwrap_or_default();
                let ours = lot.stock.stands.get(&status).map(Qty::value).unwrap_or_default();
                if ours != theirs {
                    self.broken.push(format!("T4: lot {key}: {} has {theirs} in {place:?} stock, we say {ours}", plant.erp.site));
                }
            }
        }
        self.counted.push(("lots, blocked and in inspection as their ERP has them", lots));
    }

    /// What a warehouse blocks is what a hold in force blocks, or what must not leave for itself.
    fn blocks(&mut self, logs: &Logs, books: &BTreeMap<String, Value>) {
        let all = books.iter().flat_map(|(name, books)| listed(books, "stock_blocks").iter().map(move |block| (name, block)));
        for (warehouse, block) in all.filter(|(_, block)| block.get("in_force") != Some(&Value::Bool(false))) {
            let reference = text(block, "block_ref");
            if !logs.entities().values().any(|told| wants_blocked(&told.state.own, reference)) {
                self.broken.push(format!("T2: {warehouse} still blocks for {reference}, which is over"));
            }
        }
    }

    fn count(&mut self, logs: &Logs, led_back: u64) {
        let commits: usize = logs.entities().values().map(|told| told.commits.len()).sum();
        let cases = logs.entities().values().flat_map(|told| told.state.common.cases.values());
        self.open = cases.map(|case| format!("{} ({})", case.what, case.owner)).collect();
        let postings: usize = logs.orders().map(|(_, order)| order.ledger.postings().count()).sum();
        let reports: u32 = logs.orders().map(|(_, order)| order.ledger.actuals()).sum();
        let counted = [
            ("orders", logs.orders().count() as u64),
            ("quantities reported", u64::from(reports)),
            ("postings made of them", postings as u64),
            ("quantities behind postings, each with its raw message", led_back),
            ("commits, chain verified", commits as u64),
            ("inputs", logs.steps().count() as u64),
            ("exceptions still open", self.open.len() as u64),
        ];
        self.counted.splice(0..0, counted);
    }
}

/// Whether a lot wants what a warehouse blocks under this reference (hold, material, lot, handling unit) to stay blocked.
fn wants_blocked(own: &Own, reference: &str) -> bool {
    let mut parts = reference.splitn(4, '/');
    let (hold, material, number, unit) = (parts.next(), parts.next(), parts.next(), parts.next());
    let Own::Lot(lot) = own else { return false };
    let is_it = |key: &LotKey| material == Some(key.material.as_str()) && number == Some(key.lot.as_str());
    let held = lot.holds.keys().any(|known| hold == Some(known.as_str()));
    let barred =
        unit.is_some_and(|unit| lot.barred.keys().any(|known| known.as_str() == unit)) || (unit.is_none() && lot.refused.is_some());
    lot.key.as_ref().is_some_and(is_it) && (held || barred)
}

/// One account as the ledger shows it: quantity before state.
fn ledger_line(order: &str, places: &Places) -> String {
    let series = &places.series;
    let op = series.op.as_ref().map(|op| format!(" op {op}")).unwrap_or_default();
    let lot = series.lot.as_ref().map(|lot| format!(" lot {lot}")).unwrap_or_default();
    let item = series.item.as_ref().map(|item| format!(" item {item}")).unwrap_or_default();
    let status = if series.status == StockStatus::Unrestricted { String::new() } else { format!(" {}", series.status.word()) };
    let what = format!("{:?}{op}{item} {}{lot}{status}", series.purpose, series.material);
    let other = [
        ("pending", places.pending),
        ("in flight", places.in_flight),
        ("in doubt", places.in_doubt),
        ("parked", places.parked),
        ("written off", places.written_off),
        ("carried", places.residual),
    ];
    let rest: Vec<String> = other.iter().filter(|(_, qty)| !qty.is_zero()).map(|(name, qty)| format!(" {name} {}", qty.value())).collect();
    let rest = rest.concat();
    let mark = if places.balances() { '✔' } else { '✘' };
    format!(
        "{order:<15} {what:<44} reported {:>14} = posted {} + adopted {}{rest} {mark}",
        places.reported.to_string(),
        places.posted.value(),
        places.adopted.value()
    )
}
