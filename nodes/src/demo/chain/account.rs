//! What the books of planning, suppliers and readers hold against our logs: every demand planned for once, every order that was made
//! of one told back, every pack that was announced there, every public event counted once.

use std::collections::BTreeMap;

use serde_json::Value;
use takt_cluster::seam::Seams;
use takt_protocol::book::{Book, SiteKind};
use takt_protocol::demand::{Demand, Supply};
use takt_protocol::event;
use takt_protocol::id::EntityId;
use takt_protocol::kernel::Own;
use takt_protocol::lot::Expected;
use takt_protocol::order::Order;
use takt_protocol::words::Sscc;
use takt_simulations::logs::Logs;

use super::super::Stage;
use super::super::around::Looked;
use super::super::cast::{Cast, System};
use super::{Counted, listed, of_kind, text};

/// Books of every system, by its name.
type Books = BTreeMap<String, Value>;

/// Waits until whoever reads along has been told everything.
pub(in super::super) async fn is_told(stage: &Stage) -> anyhow::Result<()> {
    let book = stage.mesh().book();
    let regions: Vec<Seams> = stage.mesh().regions().values().map(|region| region.node().seams.clone()).collect();
    for reader in of_kind(&stage.cast, &book, SiteKind::Analytics) {
        // All logs are read when it may have heard everything, and not each time that somebody looks.
        let mut known = 0;
        let told = async || {
            let counts = stage.people.read(&format!("{}/counts", reader.url)).await?;
            let counted = counts.get("events").and_then(Value::as_u64).unwrap_or_default();
            if counted < known {
                return Ok(None);
            }
            let mut logs = Logs::default();
            for seams in &regions {
                logs.read(seams, &mut Vec::new()).await?;
            }
            known = told(&logs).values().sum();
            Ok((counted == known).then_some(()))
        };
        stage.people.until(&format!("{} was told everything", reader.site), told).await?;
    }
    Ok(())
}

/// Looks at the books of the chain.
pub(in super::super) fn look(logs: &Logs, cast: &Cast, book: &Book, books: &Books) -> Looked {
    let mut looked = Chain { broken: Vec::new(), counted: Counted::new() };
    for planning in of_kind(cast, book, SiteKind::Planning) {
        looked.planning(logs, book, planning, books);
    }
    for portal in of_kind(cast, book, SiteKind::Supplier) {
        looked.suppliers(logs, portal, books);
    }
    for reader in of_kind(cast, book, SiteKind::Analytics) {
        looked.reader(logs, reader, books);
    }
    Looked { broken: looked.broken, counted: looked.counted.into_iter().collect() }
}

struct Chain {
    broken: Vec<String>,
    counted: Counted,
}

impl Chain {
    fn count(&mut self, what: &'static str, more: usize) {
        *self.counted.entry(what).or_default() += more as u64;
    }

    /// F1: what planning wants is what we know of it, stands in its ERP once, and planning knows the orders made of it.
    fn planning(&mut self, logs: &Logs, book: &Book, planning: &System, books: &Books) {
        let told = book.site_entity(planning.site).and_then(|entity| logs.entities().get(&entity));
        let Some((Own::Site(site), theirs)) = told.map(|told| &told.state.own).zip(books.get(planning.site.as_str())) else { return };
        let signals = listed(theirs, "signals");
        if signals.len() != site.demands.len() {
            self.broken.push(format!("F1: {} wants {} things, and we know {}", planning.site, signals.len(), site.demands.len()));
        }
        for signal in signals {
            let Some(demand) = site.demands.iter().find(|(number, _)| number.as_str() == text(signal, "signal")).map(|(_, one)| one) else {
                self.broken.push(format!("F1: {} was never heard of", text(signal, "signal")));
                continue;
            };
            self.placed(planning, demand, book, books);
            self.answered(logs, signal, demand);
        }
        self.count("demands, each planned for once", signals.len());
        let orders: usize = site.demands.values().map(|demand| demand.orders.len()).sum();
        self.count("orders that ERPs made of them, planning knows how each ended", orders);
    }

    /// T2: its ERP has one requirement of it, in this version, and planned for all of it.
    fn placed(&mut self, planning: &System, demand: &Demand, book: &Book, books: &Books) {
        let (signal, name) = (&demand.signal, format!("{}/{}", planning.site, demand.signal.number));
        let erp = book.sites.get(&signal.plant).and_then(|plant| plant.erp).and_then(|erp| books.get(erp.as_str()));
        let all = erp.map(|books| listed(books, "requirements")).unwrap_or_default();
        let mine: Vec<&Value> = all.iter().filter(|one| text(one, "RequirementReference") == name).collect();
        let [one] = mine.as_slice() else {
            return self.broken.push(format!("T2: {name} stands {} times in its ERP", mine.len()));
        };
        let planned = one.pointer("/to_PlannedOrder/results").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        let sum: rust_decimal::Decimal =
            planned.iter().filter_map(|order| text(order, "TotalQuantity").parse::<rust_decimal::Decimal>().ok()).sum();
        if text(one, "RequirementVersion") != signal.version.to_string() || sum != signal.total.value() {
            self.broken.push(format!("F1: {name} is version {} over {} with us, and its ERP has {one}", signal.version, signal.total));
        }
    }

    /// Planning knows each order that was made of it, and how it ended.
    fn answered(&mut self, logs: &Logs, signal: &Value, demand: &Demand) {
        let number = &demand.signal.number;
        let made = logs
            .orders()
            .filter(|(_, order)| order.header().and_then(|header| header.demand.as_ref()).is_some_and(|of| of.number == *number));
        let made: BTreeMap<EntityId, &Order> = made.collect();
        if !made.keys().eq(demand.orders.keys()) {
            self.broken.push(format!("F1: {} orders were made of {number}, and its planning knows {}", made.len(), demand.orders.len()));
        }
        for (id, order) in made {
            let confirmed = demand.orders.get(&id).and_then(|supply| supply.confirmed);
            let last = order.resolved.as_ref().and_then(|resolved| resolved.operations.last()).and_then(|last| order.ops.get(&last.op));
            if confirmed != last.map(|operation| operation.good) {
                self.broken.push(format!("F1: {id} has {:?} good, and planning was told {confirmed:?}", last.map(|one| one.good)));
            }
        }
        let whole = |qty: takt_protocol::qty::Qty| u64::try_from(qty.value().trunc()).unwrap_or_default();
        let shown = |supply: &Supply| (supply.order.to_string(), whole(supply.total), supply.confirmed.map(whole));
        let theirs = signal.pointer("/supply/orders").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        let read = |order: &Value| {
            let count = |field: &str| order.get(field).and_then(Value::as_u64);
            (text(order, "order").to_owned(), count("quantity").unwrap_or_default(), count("confirmed"))
        };
        let (mut ours, mut theirs): (Vec<_>, Vec<_>) = (demand.orders.values().map(shown).collect(), theirs.iter().map(read).collect());
        ours.sort();
        theirs.sort();
        if ours != theirs || text(signal, "response") != "accepted" {
            self.broken
                .push(format!("F1: planning has {theirs:?} on its way for {number} ({}), we say {ours:?}", text(signal, "response")));
        }
    }

    /// Every pack that a supplier announced is known to its lot, and came.
    fn suppliers(&mut self, logs: &Logs, portal: &System, books: &Books) {
        let expected: BTreeMap<&Sscc, &Expected> = logs
            .entities()
            .values()
            .filter_map(|told| if let Own::Lot(lot) = &told.state.own { Some(&lot.expected) } else { None })
            .flatten()
            .collect();
        let notices = books.get(portal.site.as_str()).map(|books| listed(books, "ship_notices")).unwrap_or_default();
        let packs: Vec<&Value> = notices.iter().flat_map(|notice| listed(notice, "packs")).collect();
        for pack in &packs {
            let known = expected.iter().find(|(unit, _)| unit.as_str() == text(pack, "sscc")).map(|(_, known)| known);
            let same = known.is_some_and(|known| known.qty.value() == text(pack, "qty").parse().unwrap_or_default());
            if !same || known.is_some_and(|known| known.arrived.is_none()) {
                self.broken.push(format!("T1: pack {} was announced, and with us it is {known:?}", text(pack, "sscc")));
            }
        }
        if packs.len() != expected.len() {
            self.broken.push(format!("T2: {} packs were announced, and we expect {}", packs.len(), expected.len()));
        }
        self.count("packs that suppliers announced, each there", packs.len());
    }

    /// Who reads along has counted every event that our logs tell, each once.
    fn reader(&mut self, logs: &Logs, reader: &System, books: &Books) {
        let Some(counts) = books.get(reader.site.as_str()) else { return };
        let ours = told(logs);
        let types = counts.get("types").and_then(Value::as_object).cloned().unwrap_or_default();
        let theirs: BTreeMap<String, u64> =
            types.iter().map(|(name, count)| (name.clone(), count.get("events").and_then(Value::as_u64).unwrap_or_default())).collect();
        for name in ours.keys().chain(theirs.keys()) {
            let (mine, counted) = (ours.get(name).copied().unwrap_or_default(), theirs.get(name).copied().unwrap_or_default());
            if mine != counted {
                self.broken.push(format!("B25: {mine} events {name} were told, and {} counted {counted}", reader.site));
            }
        }
        self.count("public events, each counted once by who reads along", usize::try_from(ours.values().sum::<u64>()).unwrap_or_default());
    }
}

/// The public events that the logs tell, by type.
fn told(logs: &Logs) -> BTreeMap<String, u64> {
    let mut types = BTreeMap::new();
    for event in logs.entities().values().flat_map(|told| &told.commits).flat_map(event::of) {
        *types.entry(event.kind()).or_default() += 1;
    }
    types
}
