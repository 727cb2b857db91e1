//! Purchase orders, their confirmation, and what suppliers say is on its way.

use serde_json::{Value, json};

use super::super::exchange::Request;
use super::super::habits::{Dose, Habit};
use super::super::system::Kind;
use super::super::testing::Visitor;

fn wish(qty: &str) -> Value {
    json!({ "supplier": "STAHL-AG", "ship_to": "nord", "lines": [{ "line": 10, "item": "STEEL-3", "qty": qty, "unit": "KG", "due": "01.12.2026" }] })
}

fn ordered() -> Visitor {
    let mut visitor = Visitor::of(Kind::Portal);
    visitor.puts("/purchase-orders/45-1", &wish("1200"));
    visitor
}

fn shipped(habit: Option<(Habit, Dose)>) -> Visitor {
    let mut visitor = ordered();
    if let Some((habit, dose)) = habit {
        visitor.has(habit, &dose);
    }
    visitor.waits(2_000);
    visitor
}

#[test]
fn an_order_is_confirmed_and_shipped_in_packs_that_add_up() {
    let mut visitor = shipped(None);
    let told = visitor.hears();
    assert_eq!((&told[0]["topic"], &told[0]["promised"]), (&json!("po.confirmed"), &json!("01.12.2026")));
    let packs: Vec<&str> = told[1]["packs"].as_array().unwrap().iter().map(|pack| pack["qty"].as_str().unwrap()).collect();
    assert_eq!((&told[1]["topic"], packs), (&json!("asn.sent"), vec!["500", "500", "200"]));
    assert_eq!((&told[1]["packs"][0]["batch"], &told[1]["packs"][0]["made"]), (&json!("H-0001"), &json!("24.11.2026")));
    assert_eq!(visitor.gets("/ship-notices?po=45-1")["results"].as_array().unwrap().len(), 1);
    assert_eq!(visitor.gets("/purchase-orders/45-1")["state"], "shipped");
}

#[test]
fn a_revision_before_the_shipment_counts_and_one_after_it_comes_too_late() {
    let mut visitor = ordered();
    assert_eq!(visitor.puts("/purchase-orders/45-1", &wish("1200"))["revision"], 1);
    visitor.waits(500);
    assert_eq!(visitor.puts("/purchase-orders/45-1", &wish("700"))["revision"], 2);
    visitor.waits(3_000);
    let topics: Vec<String> = visitor.hears_of();
    assert_eq!(topics, ["po.confirmed", "po.confirmed", "asn.sent"]);
    let packs = visitor.gets("/ship-notices/ASN-000001")["packs"].clone();
    assert_eq!((&packs[0]["qty"], &packs[1]["qty"], packs.as_array().unwrap().len()), (&json!("500"), &json!("200"), 2));
    let late = visitor.asks(&Request::put("/purchase-orders/45-1", &wish("800")));
    assert_eq!((late.status, late.value()["error"].clone()), (409, json!("shipped")));
}

#[test]
fn what_makes_no_sense_is_refused() {
    let mut visitor = Visitor::of(Kind::Portal);
    for (field, value) in [("qty", json!("0")), ("qty", json!("-1")), ("due", json!("2026-12-01"))] {
        let mut wish = wish("1");
        wish["lines"][0][field] = value;
        assert_eq!(visitor.asks(&Request::put("/purchase-orders/45-1", &wish)).status, 400, "{wish}");
    }
    let mut twice = wish("1");
    twice["lines"] = json!([twice["lines"][0], twice["lines"][0]]);
    assert_eq!(visitor.asks(&Request::put("/purchase-orders/45-1", &twice)).status, 400);
}

#[test]
fn what_a_supplier_does_not_have_is_rejected_and_never_shipped() {
    let mut visitor = ordered();
    visitor.puts("/_sim/pace", &json!({ "reject_item": "STEEL-3" }));
    visitor.waits(9_000);
    assert_eq!(
        (visitor.hears_of(), visitor.gets("/purchase-orders/45-1")["state"].clone()),
        (vec!["po.rejected".to_owned()], json!("rejected"))
    );
}

#[test]
fn a_receipt_is_taken_once_and_shows_what_differs() {
    let mut visitor = shipped(None);
    let sscc =
        visitor.gets("/ship-notices/ASN-000001")["packs"].as_array().unwrap().iter().map(|pack| pack["sscc"].clone()).collect::<Vec<_>>();
    let receipt = |last: &str| json!({ "packs": [{ "sscc": sscc[0], "qty": "500" }, { "sscc": sscc[1], "qty": "500.0" }, { "sscc": sscc[2], "qty": last }] });
    let differences = visitor.posts("/ship-notices/ASN-000001/receipt", &receipt("198"))["differences"].clone();
    assert_eq!(differences, json!([{ "sscc": sscc[2], "noticed": "200", "received": "198" }]));
    visitor.posts("/ship-notices/ASN-000001/receipt", &receipt("198"));
    visitor.refused("/ship-notices/ASN-000001/receipt", &receipt("200"), 409, "received");
    visitor.refused("/ship-notices/ASN-000001/receipt", &json!({ "packs": [{ "sscc": "1", "qty": "1" }] }), 400, "unknown_pack");
    assert_eq!(visitor.gets("/purchase-orders/45-1")["state"], "received");
}

#[test]
fn a_short_shipment_says_everything_and_brings_less() {
    let mut visitor = shipped(Some((Habit::ShortShip, Dose::next(1).of(5))));
    let notice = visitor.gets("/ship-notices/ASN-000001");
    let last = notice["packs"][2]["sscc"].as_str().unwrap();
    let books = visitor.house.books();
    assert_eq!((&notice["packs"][2]["qty"], &books["ship_notices"][0]["loaded"][last]), (&json!("200"), &json!("195")));
    assert_eq!((notice.get("loaded"), visitor.effect("short_ship")), (None, 1));
}

#[test]
fn packs_may_come_without_their_batches() {
    let mut visitor = shipped(Some((Habit::BatchMissing, Dose::next(1))));
    let packs = visitor.gets("/ship-notices/ASN-000001")["packs"].clone();
    assert!(packs.as_array().unwrap().iter().all(|pack| pack["batch"].is_null() && pack["made"].is_null()));
    assert_eq!(visitor.effect("batch_missing"), 1);
}
