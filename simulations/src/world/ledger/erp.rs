//! The books of the ERP in the manner of SAP: material documents and confirmations, decimal text.
//!
//! Apart because these are that ERP's words.

use rust_decimal::Decimal;
use serde_json::Value;

use super::{Entry, Heap, Ledger, Purpose, Status, listed, text};

pub(super) fn ledger(books: &Value) -> Ledger {
    let mut ledger = Ledger::default();
    for document in listed(books, "documents") {
        ledger.refer(text(document, "ReferenceDocument"));
        let items = document.pointer("/to_MaterialDocumentItem/results").and_then(Value::as_array);
        items.into_iter().flatten().for_each(|line| goods(&mut ledger, line));
    }
    for one in listed(books, "confirmations") {
        let flagged = |field: &str| one.get(field) == Some(&Value::Bool(true));
        // A counter-entry repeats the reference of what it undoes.
        if !flagged("IsReversal") {
            ledger.refer(text(one, "ExternalSystemConfirmation"));
        }
        if !(flagged("IsReversed") || flagged("IsReversal")) {
            work(&mut ledger, one);
        }
    }
    for heap in listed(books, "stock") {
        let status = match text(heap, "InventoryStockType") {
            "02" => Status::Inspection,
            "07" => Status::Blocked,
            _ => Status::Free,
        };
        let (material, lot) = (text(heap, "Material").to_owned(), text(heap, "Batch").to_owned());
        *ledger.stock.entry(Heap { material, lot, status }).or_default() += number(heap, "MatlWrhsStkQtyInMatlBaseUnit");
    }
    ledger
}

fn goods(ledger: &mut Ledger, line: &Value) {
    let (purpose, sign) = match text(line, "GoodsMovementType") {
        "101" | "531" => (Purpose::Produced, Decimal::ONE),
        "102" | "532" => (Purpose::Produced, Decimal::NEGATIVE_ONE),
        "261" => (Purpose::Consumed, Decimal::ONE),
        "262" => (Purpose::Consumed, Decimal::NEGATIVE_ONE),
        _ => return,
    };
    let (order, material) = (text(line, "ManufacturingOrder").to_owned(), text(line, "Material").to_owned());
    ledger.add(Entry { order, purpose, operation: None, material }, number(line, "QuantityInBaseUnit") * sign);
}

fn work(ledger: &mut Ledger, one: &Value) {
    let fields = [
        (Purpose::Yield, "ConfirmationYieldQuantity"),
        (Purpose::Scrap, "ConfirmationScrapQuantity"),
        (Purpose::Rework, "ConfirmationReworkQuantity"),
        (Purpose::Labour, "OpConfirmedWorkQuantity1"),
        (Purpose::Machine, "OpConfirmedWorkQuantity2"),
    ];
    for (purpose, field) in fields {
        let (order, material) = (text(one, "OrderID").to_owned(), text(one, "Material").to_owned());
        let operation = Some(text(one, "OrderOperation").trim_start_matches('0').to_owned());
        ledger.add(Entry { order, purpose, operation, material }, number(one, field));
    }
}

fn number(value: &Value, field: &str) -> Decimal {
    text(value, field).parse().unwrap_or_default()
}
