//! One day in both ERPs, each in its own words: their books say the same.

use serde_json::{Value, json};

use super::super::erp::Erp;
use super::super::exchange::Request;
use super::super::moment::{Moment, Zone};
use super::super::odoo::Odoo;
use super::super::system::System;
use super::*;

/// 2026-11-24, five past three in the morning in Berlin.
const NOW: Moment = Moment::from_millis(1_795_486_331_000);

fn berlin() -> Zone {
    Zone::named("Europe/Berlin").unwrap()
}

fn ask(house: &mut dyn System, request: &Request) -> Value {
    let response = house.answer(NOW, request).reply.response().unwrap();
    let value = response.value();
    assert!(response.is_success() && value.get("error").is_none(), "{}: {}", request.path, response.body);
    value
}

/// Twice 0.1 and once 0.2 kg go in, ten pieces come out, one of them again; two are blocked; nine are good, one is scrap.
fn in_the_first() -> Value {
    let mut house = Erp::house("erp", berlin(), 1);
    let mut sim = |path: &str, body: &Value| ask(&mut house, &Request::post(&format!("/_sim/{path}"), body));
    sim("materials", &json!({ "material": "FG", "base_unit": "EA", "batch_managed": true }));
    sim("materials", &json!({ "material": "STEEL", "base_unit": "KG", "batch_managed": true }));
    let line = |kind: &str, material: &str, lot: &str, quantity: &str, unit: &str| {
        json!({ "Material": material, "Plant": "1", "StorageLocation": "1", "Batch": lot, "GoodsMovementType": kind,
            "ManufacturingOrder": if kind == "344" { "" } else { "MO" }, "QuantityInEntryUnit": quantity, "EntryUnit": unit })
    };
    sim("stock", &line("", "STEEL", "H", "5", "KG"));
    sim(
        "production-orders",
        &json!({ "order": "MO", "material": "FG", "plant": "1", "quantity": "10",
        "operations": [{ "operation": "0010", "work_center": "P" }] }),
    );
    sim("production-orders/MO/release", &json!({}));
    let post = |items: Value, reference: &str| json!({ "do": "post", "user": "K", "document": { "ReferenceDocument": reference, "to_MaterialDocumentItem": items } });
    for (at, quantity) in ["0.1", "0.1", "0.2"].into_iter().enumerate() {
        sim("by-hand", &post(json!([line("261", "STEEL", "H", quantity, "KG")]), &format!("R{at}")));
    }
    sim("by-hand", &post(json!([line("101", "FG", "N", "10", "EA")]), "R3"));
    sim("by-hand", &post(json!([line("102", "FG", "N", "1", "EA")]), "R4"));
    sim("by-hand", &post(json!([line("344", "FG", "N", "2", "EA")]), "R5"));
    sim(
        "by-hand",
        &json!({ "do": "confirm", "user": "K", "confirmation": { "OrderID": "MO", "OrderOperation": "0010",
        "ConfirmationYieldQuantity": "9", "ConfirmationScrapQuantity": "1", "ExternalSystemConfirmation": "R6", "APIConfHasNoGoodsMovements": true } }),
    );
    house.books()
}

fn in_the_second() -> Value {
    let mut house = Odoo::house("erp", berlin(), 1);
    let mut sim = |path: &str, body: &Value| ask(&mut house, &Request::post(&format!("/_sim/{path}"), body));
    sim("warehouses", &json!({ "warehouse": "1", "time_zone": "Europe/Berlin" }));
    sim("products", &json!({ "code": "FG", "uom": "Units", "tracking": "lot" }));
    sim("products", &json!({ "code": "STEEL", "uom": "kg", "tracking": "lot" }));
    sim("stock", &json!({ "product": "STEEL", "warehouse": "1", "lot": "H", "quantity": 5 }));
    sim(
        "boms",
        &json!({ "product": "FG", "warehouse": "1", "version": "1", "base_quantity": 1,
        "operations": [{ "operation": "10", "workcenter": "P" }] }),
    );
    let mut act = |path: &str, body: &Value| ask(&mut house, &Request::post(&format!("/api/{path}"), body))["result"].clone();
    let order = act(
        "manufacturing_order",
        &json!({ "values": { "product_id": "FG", "warehouse_id": "1", "product_qty": 10, "product_uom": "Units" } }),
    );
    act(&format!("manufacturing_order/{order}/action_confirm"), &json!({}));
    let line = |product: &str, lot: &str, quantity: f64, uom: &str, from: &str, to: &str| {
        let field = if product == "FG" { "production_id" } else { "raw_material_production_id" };
        let order = if from == "Production" || to == "Production" { order.clone() } else { json!(false) };
        json!({ "product_id": product, "lot_name": lot, "quantity": quantity, "product_uom": uom, "warehouse_id": "1", "location": from,
            "location_dest": to, field: order })
    };
    let lines = [
        line("STEEL", "H", 0.1, "kg", "Stock", "Production"),
        line("STEEL", "H", 100.0, "g", "Stock", "Production"),
        line("STEEL", "H", 0.2, "kg", "Stock", "Production"),
        line("FG", "N", 10.0, "Units", "Production", "Stock"),
        line("FG", "N", 1.0, "Units", "Stock", "Production"),
        line("FG", "N", 2.0, "Units", "Stock", "Blocked"),
    ];
    for (at, line) in lines.iter().enumerate() {
        let picking = act("stock_picking", &json!({ "values": { "client_reference": format!("R{at}"), "moves": [[0, 0, line]] } }));
        assert_eq!(act(&format!("stock_picking/{picking}/button_validate"), &json!({})), json!(true));
    }
    // A draft that nobody validated is no posting.
    act("stock_picking", &json!({ "values": { "client_reference": "R7", "moves": [[0, 0, lines[0]]] } }));
    act("work_log", &json!({ "values": { "client_reference": "R6", "production_id": order, "operation": "10", "good": 9, "scrap": 1 } }));
    house.books()
}

#[test]
fn the_same_day_reads_the_same_from_the_books_of_either_erp() {
    let first = Ledger::of(Kind::Erp, &in_the_first()).unwrap();
    let second_books = in_the_second();
    let mut second = Ledger::of(Kind::ErpOdoo, &second_books).unwrap();
    // The second one numbers its orders itself.
    let name = second_books["manufacturing_order"][0]["name"].as_str().unwrap().to_owned();
    second.entries = second
        .entries
        .into_iter()
        .map(|(entry, sum)| {
            assert_eq!(entry.order, name);
            (Entry { order: "MO".to_owned(), ..entry }, sum)
        })
        .collect();
    assert_eq!(first, second);
    let used = Entry { order: "MO".into(), purpose: Purpose::Consumed, operation: None, material: "STEEL".into() };
    assert_eq!(first.sum(&used), Decimal::new(4, 1));
    assert_eq!((first.entries.len(), first.stock.len(), first.references.len()), (4, 3, 7));
}

#[test]
fn a_system_that_is_no_erp_has_no_ledger() {
    for kind in [Kind::Mes, Kind::Qms, Kind::Wms] {
        assert_eq!(Ledger::of(kind, &json!({})), None);
    }
}
