//! The account at the end: every promise looked at in the durable logs of all regions and in the books of the simulated
//! systems, which share nothing with us. What does not agree is a broken promise, and the demo ends with an error.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde_json::Value;
use takt_cluster::seam::{QueueName, Seams};
use takt_protocol::case::CaseKind;
use takt_protocol::kernel::Own;
use takt_protocol::order::Order;
use takt_protocol::posting::{Account as Places, Use, accounts};
use takt_protocol::qty::Qty;
use takt_protocol::shipment;
use takt_protocol::words::{LotKey, StockStatus};
use takt_simulations::logs::Logs;

use super::around;
use super::cast::{Cast, Plant};
use super::chain;
use super::people::People;
use super::product;
use crate::mesh::Mesh;

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
}

/// An order as its ERP has it: what for, at which operation, of which material; how much.
type Books = BTreeMap<(String, Option<String>, String), Decimal>;

/// Looks at everything. Nothing may be under way any more.
pub(super) async fn take(mesh: &Mesh, cast: &Cast, people: &People) -> anyhow::Result<Account> {
    let mut account = Account::default();
    let regions: Vec<Seams> = mesh.regions().values().map(|region| region.node().seams.clone()).collect();
    let mut logs = Logs::default();
    for seams in &regions {
        logs.read(seams, &mut account.broken).await?;
        nothing_waits_or_is_buried(seams, &mut account.broken).await?;
    }
    let erps = books_of(cast, people, &mut account).await?;
    for (_, order) in logs.orders() {
        account.order(order, cast, &erps);
    }
    account.ledger.sort();
    account.departures(&logs);
    account.stock(&logs, cast, &erps);
    account.blocks(&logs, &erps);
    let looked = around::look(&logs, cast, &mesh.book(), &erps);
    account.broken.extend(looked.broken);
    account.counted.extend(looked.counted);
    let looked = chain::look(&logs, cast, &mesh.book(), &erps);
    account.broken.extend(looked.broken);
    account.counted.extend(looked.counted);
    let (strangers, by_release) = product::look(&logs, cast, &mesh.book());
    account.broken.extend(strangers);
    account.counted.push(("orders by a recipe that the product data system released", by_release));
    let led_back = logs.every_posting_leads_back(&regions, &mut account.broken).await?;
    account.count(&logs, led_back);
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

/// The books of every system; T1 for what they told, T2 for what carries our reference.
async fn books_of(cast: &Cast, people: &People, account: &mut Account) -> anyhow::Result<BTreeMap<String, Value>> {
    let mut all = BTreeMap::new();
    for system in cast.systems.values() {
        let books = people.read(&format!("{}/_sim/books", system.url)).await?;
        let untold = books.get("untold").and_then(Value::as_u64).unwrap_or(0);
        if untold > 0 {
            account.broken.push(format!("T1: {} has {untold} messages that nobody took", system.site));
        }
        let mut references: BTreeMap<String, u32> = BTreeMap::new();
        for (list, field) in [("documents", "ReferenceDocument"), ("confirmations", "ExternalSystemConfirmation")] {
            for reference in listed(&books, list).iter().filter_map(|one| one.get(field)?.as_str()).filter(|text| !text.is_empty()) {
                *references.entry(format!("{list}/{reference}")).or_default() += 1;
            }
        }
        for (reference, count) in references.into_iter().filter(|(_, count)| *count > 1) {
            account.broken.push(format!("T2: {} has {count} of {reference}", system.site));
        }
        all.insert(system.site.to_string(), books);
    }
    Ok(all)
}

fn listed<'a>(books: &'a Value, list: &str) -> &'a [Value] {
    books.get(list).and_then(Value::as_array).map_or(&[][..], Vec::as_slice)
}

fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value.get(field).and_then(Value::as_str).unwrap_or_default()
}

fn number(value: &Value, field: &str) -> Decimal {
    text(value, field).parse().unwrap_or_default()
}

/// What an ERP has for one of its orders, in our words.
fn of_order(books: &Value, order: &str) -> Books {
    let mut sums = Books::new();
    let mut add = |purpose: Use, op: Option<String>, material: &str, qty: Decimal| {
        *sums.entry((format!("{purpose:?}"), op, material.to_owned())).or_default() += qty;
    };
    for line in listed(books, "documents")
        .iter()
        .flat_map(|document| document.pointer("/to_MaterialDocumentItem/results").and_then(Value::as_array).map_or(&[][..], Vec::as_slice))
    {
        let (purpose, sign) = match text(line, "GoodsMovementType") {
            "101" | "531" => (Use::Produced, Decimal::ONE),
            "102" | "532" => (Use::Produced, Decimal::NEGATIVE_ONE),
            "261" => (Use::Consumed, Decimal::ONE),
            "262" => (Use::Consumed, Decimal::NEGATIVE_ONE),
            _ => continue,
        };
        if text(line, "ManufacturingOrder") == order {
            add(purpose, None, text(line, "Material"), number(line, "QuantityInBaseUnit") * sign);
        }
    }
    let stands = |one: &&Value| {
        text(one, "OrderID") == order
            && one.get("IsReversed") != Some(&Value::Bool(true))
            && one.get("IsReversal") != Some(&Value::Bool(true))
    };
    for one in listed(books, "confirmations").iter().filter(stands) {
        let op = Some(text(one, "OrderOperation").trim_start_matches('0').to_owned());
        add(Use::Yield, op.clone(), text(one, "Material"), number(one, "ConfirmationYieldQuantity"));
        add(Use::Scrap, op.clone(), text(one, "Material"), number(one, "ConfirmationScrapQuantity"));
        add(Use::Rework, op.clone(), text(one, "Material"), number(one, "ConfirmationReworkQuantity"));
        add(Use::Labour, op.clone(), text(one, "Material"), number(one, "OpConfirmedWorkQuantity1"));
        add(Use::Machine, op, text(one, "Material"), number(one, "OpConfirmedWorkQuantity2"));
    }
    sums
}

impl Account {
    /// T4: every reported unit is in exactly one place, and the ERP has what we call posted.
    fn order(&mut self, order: &Order, cast: &Cast, erps: &BTreeMap<String, Value>) {
        let Some(header) = order.header() else { return };
        let native = header.number.to_string();
        let plant = cast.plants.iter().find(|plant| plant.site == header.plant);
        let erp = erps.get(header.erp.as_str()).map(|books| of_order(books, &native)).unwrap_or_default();
        let mut ours: Books = BTreeMap::new();
        for places in accounts(&order.ledger) {
            self.ledger.push(ledger_line(&format!("{}/{native}", header.plant), &places));
            if !places.balances() {
                self.broken.push(format!(
                    "T4: order {native}: {:?} of {} does not balance: {places:?}",
                    places.series.purpose, places.series.material
                ));
            }
            let (purpose, op) = match places.series.purpose {
                Use::Produced | Use::Consumed => (places.series.purpose, None),
                Use::Yield | Use::Scrap | Use::Rework | Use::Labour | Use::Machine => {
                    (places.series.purpose, places.series.op.as_ref().map(|op| op.as_str().trim_start_matches('0').to_owned()))
                }
            };
            let booked = places.posted.value() + places.adopted.value();
            *ours.entry((format!("{purpose:?}"), op, places.series.material.to_string())).or_default() += booked;
        }
        self.compare(&native, plant, &ours, &erp);
    }

    fn compare(&mut self, native: &str, plant: Option<&Plant>, ours: &Books, erp: &Books) {
        let mut keys: Vec<_> = ours.keys().chain(erp.keys()).collect();
        keys.sort();
        keys.dedup();
        for key in keys {
            let (mine, theirs) = (ours.get(key).copied().unwrap_or_default(), erp.get(key).copied().unwrap_or_default());
            if mine != theirs {
                let name = plant.map_or("its ERP", |plant| plant.erp.site.as_str());
                self.broken.push(format!("T4: order {native}: {name} has {theirs} of {} {}, we say {mine}", key.0, key.2));
            }
        }
    }

    /// T5: what left, left with the clearance of every lot on it; an escape would be shown as one.
    fn departures(&mut self, logs: &Logs) {
        let mut left = 0;
        for told in logs.entities().values() {
            let Own::Shipment(shipment) = &told.state.own else { continue };
            if shipment.stage != shipment::Stage::Departed {
                continue;
            }
            left += 1;
            let name = shipment.delivery.as_ref().map(ToString::to_string).unwrap_or_default();
            let cleared = shipment.departure.as_ref().is_some_and(|departure| {
                departure.told == Some(true) && departure.lots.values().all(|answer| answer.as_ref().is_some_and(Vec::is_empty))
            });
            let escaped = told.state.common.cases.values().any(|case| case.kind == CaseKind::Escape);
            if !cleared || escaped {
                self.broken.push(format!("T5: {name} left without the clearance of every lot on it"));
            }
        }
        self.counted.push(("departures, all cleared", left));
    }

    /// What of each lot is blocked or in inspection in its ERP is what the lot says.
    fn stock(&mut self, logs: &Logs, cast: &Cast, erps: &BTreeMap<String, Value>) {
        let mut lots = 0;
        for told in logs.entities().values() {
            let Own::Lot(lot) = &told.state.own else { continue };
            let plant = cast.plants.iter().find(|plant| Some(plant.site) == lot.site);
            let (Some(key), Some(plant), false) = (&lot.key, plant, lot.produced.is_empty()) else { continue };
            lots += 1;
            let books = erps.get(plant.erp.site.as_str());
            let here = |heap: &&Value| text(heap, "Material") == key.material.as_str() && text(heap, "Batch") == key.lot.as_str();
            for (status, word) in [(StockStatus::QualityInspection, "quality_inspection"), (StockStatus::Blocked, "blocked")] {
                let code = plant.erp.word("stock", word);
                let heaps = books.map_or(&[][..], |books| listed(books, "stock")).iter().filter(here);
                let heaps = heaps.filter(|heap| text(heap, "InventoryStockType") == code);
                let theirs: Decimal = heaps.map(|heap| number(heap, "MatlWrhsStkQtyInMatlBaseUnit")).sum();
                let ours = lot.stock.stands.get(&status).map(Qty::value).unwrap_or_default();
                if ours != theirs {
                    self.broken.push(format!("T4: lot {key}: {} has {theirs} in {word} stock, we say {ours}", plant.erp.site));
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
    let barred = unit.is_some_and(|unit| lot.barred.keys().any(|known| known.as_str() == unit));
    lot.key.as_ref().is_some_and(is_it) && (held || barred)
}

/// One account as the ledger shows it: quantity before state.
fn ledger_line(order: &str, places: &Places) -> String {
    let series = &places.series;
    let op = series.op.as_ref().map(|op| format!(" op {op}")).unwrap_or_default();
    let lot = series.lot.as_ref().map(|lot| format!(" lot {lot}")).unwrap_or_default();
    let what = format!("{:?}{op} {}{lot}", series.purpose, series.material);
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
