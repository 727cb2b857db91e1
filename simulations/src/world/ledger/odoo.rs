//! The books of the ERP in the manner of Odoo: moves and work logs, in floats.
//!
//! Apart because these are that ERP's words. Brings every float back to the thousandth it was entered with before anything is added up.

use rust_decimal::{Decimal, RoundingStrategy};
use serde_json::Value;

use super::{Entry, Heap, Ledger, Purpose, Status, listed, text};

pub(super) fn ledger(books: &Value) -> Ledger {
    let mut ledger = Ledger::default();
    for picking in listed(books, "stock_picking").iter().filter(|picking| text(picking, "state") == "done") {
        ledger.refer(text(picking, "client_reference"));
        for one in listed(picking, "moves") {
            goods(&mut ledger, one);
        }
    }
    for log in listed(books, "work_log") {
        ledger.refer(text(log, "client_reference"));
        work(&mut ledger, log);
    }
    for quant in listed(books, "stock_quant") {
        let status = match text(quant, "location") {
            "Quality" => Status::Inspection,
            "Blocked" => Status::Blocked,
            _ => Status::Free,
        };
        let (material, lot) = (related(quant, "product_id").to_owned(), text(quant, "lot_name").to_owned());
        *ledger.stock.entry(Heap { material, lot, status }).or_default() += number(quant, "quantity");
    }
    ledger
}

fn goods(ledger: &mut Ledger, one: &Value) {
    let (made, used) = (related(one, "production_id"), related(one, "raw_material_production_id"));
    let from_production = text(one, "location") == "Production";
    let (purpose, order, forward) = match (made, used) {
        ("", "") => return,
        ("", used) => (Purpose::Consumed, used, !from_production),
        (made, _) => (Purpose::Produced, made, from_production),
    };
    let quantity = number(one, "quantity_base");
    let entry = Entry { order: order.to_owned(), purpose, operation: None, material: related(one, "product_id").to_owned() };
    ledger.add(entry, if forward { quantity } else { -quantity });
}

fn work(ledger: &mut Ledger, log: &Value) {
    let fields = [
        (Purpose::Yield, "good"),
        (Purpose::Scrap, "scrap"),
        (Purpose::Rework, "rework"),
        (Purpose::Labour, "labour_minutes"),
        (Purpose::Machine, "machine_minutes"),
    ];
    for (purpose, field) in fields {
        let (order, material) = (related(log, "production_id").to_owned(), related(log, "product_id").to_owned());
        let operation = Some(text(log, "operation").trim_start_matches('0').to_owned());
        ledger.add(Entry { order, purpose, operation, material }, number(log, field));
    }
}

/// The name in a relation; empty where there is none.
fn related<'a>(value: &'a Value, field: &str) -> &'a str {
    value.get(field).and_then(|pair| pair.get(1)).and_then(Value::as_str).unwrap_or_default()
}

fn number(value: &Value, field: &str) -> Decimal {
    let float = value.get(field).and_then(Value::as_f64).unwrap_or_default();
    let exact = Decimal::try_from(float).unwrap_or_default();
    exact.round_dp_with_strategy(3, RoundingStrategy::MidpointAwayFromZero)
}
