//! Loads from the tender to the departure: carriers, docks, customs, and who may let a truck go.

use serde_json::{Value, json};

use super::super::exchange::Request;
use super::super::habits::{Dose, Habit};
use super::super::system::Kind;
use super::super::testing::Visitor;

fn at_work() -> Visitor {
    let mut visitor = Visitor::of(Kind::Tms);
    let carriers = json!([{ "carrier": "KLEIN", "pallets": 5 }, { "carrier": "NORDFRACHT", "pallets": 33 }]);
    visitor.puts("/_sim/yards/wms-eu", &json!({ "docks": ["D1", "D2"], "carriers": carriers }));
    visitor
}

fn load(shipment: &str, pallets: u32) -> Value {
    json!({ "shipment": shipment, "yard": "wms-eu", "pallets": pallets })
}

/// A load whose truck asks for departure.
fn asking() -> Visitor {
    let mut visitor = at_work();
    visitor.posts("/loads", &load("SHP-1", 6));
    visitor.waits(1_000);
    assert_eq!(visitor.gets("/loads/L-000001")["state"], "asking");
    visitor
}

fn answer(ask: u32, verdict: &str) -> Value {
    json!({ "ask": ask, "release": verdict, "reasons": if verdict == "refused" { json!(["QUALITY"]) } else { json!([]) } })
}

#[test]
fn a_load_is_booked_with_the_first_carrier_that_can_carry_it_and_leaves_when_it_is_let_go() {
    let mut visitor = asking();
    visitor.posts("/loads/L-000001/release", &answer(1, "granted"));
    visitor.waits(299);
    assert_eq!(visitor.gets("/loads/L-000001")["state"], "released");
    visitor.waits(1);
    let view = visitor.gets("/loads?shipment=SHP-1")["results"][0].clone();
    assert_eq!((&view["state"], &view["carrier"], &view["declined"]), (&json!("departed"), &json!("NORDFRACHT"), &json!(["KLEIN"])));
    let told = visitor.hears();
    let topics: Vec<&str> = told.iter().map(|body| body["topic"].as_str().unwrap()).collect();
    assert_eq!(topics, ["carrier.declined", "load.booked", "truck.at_dock", "departure.asked", "load.departed"]);
    assert_eq!((&told[4]["ask"], &told[4]["shipment"], &told[4]["dock"]), (&json!(1), &json!("SHP-1"), &json!("D1")));
}

#[test]
fn a_load_that_nobody_can_carry_stays_where_it_is_and_is_told_of() {
    let mut visitor = at_work();
    visitor.posts("/loads", &load("SHP-1", 34));
    visitor.waits(5_000);
    assert_eq!(visitor.gets("/loads/L-000001")["state"], "unplaced");
    assert_eq!(visitor.hears_of(), ["carrier.declined", "carrier.declined", "load.unplaced"]);
}

#[test]
fn a_shipment_is_one_load_however_often_it_is_tendered() {
    let mut visitor = at_work();
    let first = visitor.asks(&Request::post("/loads", &load("SHP-1", 6)));
    let again = visitor.asks(&Request::post("/loads", &load("SHP-1", 6)));
    assert_eq!((first.status, again.status, first.value()["load"].clone()), (201, 200, again.value()["load"].clone()));
    visitor.refused("/loads", &load("SHP-1", 7), 409, "shipment_known");
    visitor.refused("/loads", &load("", 7), 400, "malformed");
    visitor.refused("/loads", &json!({ "shipment": "S", "yard": "moon", "pallets": 1 }), 404, "unknown");
}

#[test]
fn a_dock_takes_one_truck_and_the_third_waits_until_one_leaves() {
    let mut visitor = at_work();
    for shipment in ["SHP-1", "SHP-2", "SHP-3"] {
        visitor.posts("/loads", &load(shipment, 6));
        visitor.waits(10);
    }
    visitor.waits(2_000);
    assert_eq!(visitor.gets("/loads/L-000003")["state"], "in_yard");
    visitor.posts("/loads/L-000002/release", &answer(1, "granted"));
    visitor.waits(1_000);
    let third = visitor.gets("/loads/L-000003");
    assert_eq!((&third["state"], &third["dock"]), (&json!("asking"), &json!("D2")));
    assert_eq!(visitor.gets("/loads/L-000001")["dock"], "D1");
}

#[test]
fn a_cancelled_load_gives_its_dock_to_the_next() {
    let mut visitor = at_work();
    for shipment in ["SHP-1", "SHP-2", "SHP-3"] {
        visitor.posts("/loads", &load(shipment, 6));
    }
    visitor.waits(2_000);
    visitor.posts("/loads/L-000001/cancel", &json!({}));
    visitor.posts("/loads/L-000001/cancel", &json!({}));
    visitor.waits(1_000);
    assert_eq!(
        (visitor.gets("/loads/L-000003")["dock"].clone(), visitor.gets("/loads/L-000001")["state"].clone()),
        (json!("D1"), json!("cancelled"))
    );
}

#[test]
fn a_refused_truck_asks_again_and_an_answer_to_an_older_ask_counts_for_nothing() {
    let mut visitor = asking();
    visitor.posts("/loads/L-000001/release", &answer(1, "refused"));
    visitor.waits(2_500);
    assert_eq!(visitor.gets("/loads/L-000001")["ask"], 2);
    visitor.refused("/loads/L-000001/release", &answer(1, "granted"), 409, "stale_ask");
    visitor.posts("/loads/L-000001/release", &answer(2, "granted"));
    visitor.posts("/loads/L-000001/release", &answer(2, "granted"));
    visitor.waits(1_000);
    visitor.refused("/loads/L-000001/release", &answer(2, "refused"), 409, "departed");
    assert_eq!(visitor.hears_of().iter().filter(|topic| *topic == "load.departed").count(), 1);
}

#[test]
fn a_grant_that_is_taken_back_before_the_truck_left_holds_it() {
    let mut visitor = asking();
    visitor.posts("/loads/L-000001/release", &answer(1, "granted"));
    visitor.posts("/loads/L-000001/release", &answer(1, "refused"));
    visitor.waits(1_000);
    assert_eq!(visitor.gets("/loads/L-000001")["state"], "at_dock");
}

#[test]
fn a_held_load_neither_asks_nor_leaves_until_the_last_reason_is_gone() {
    let mut visitor = asking();
    visitor.posts("/loads/L-000001/release", &answer(1, "granted"));
    for reason in ["QUALITY", "CREDIT"] {
        visitor.posts("/loads/L-000001/hold", &json!({ "reason": reason }));
    }
    visitor.posts("/loads/L-000001/unhold", &json!({ "reason": "CREDIT" }));
    visitor.waits(9_000);
    let view = visitor.gets("/loads/L-000001");
    assert_eq!((&view["state"], &view["ask"], &view["reasons"]), (&json!("at_dock"), &json!(1), &json!(["QUALITY"])));
    visitor.posts("/loads/L-000001/unhold", &json!({ "reason": "QUALITY" }));
    visitor.waits(500);
    assert_eq!(visitor.gets("/loads/L-000001")["ask"], 2);
}

#[test]
fn customs_hold_a_load_until_they_clear_it_once() {
    let mut visitor = at_work();
    let mut abroad = load("SHP-1", 6);
    abroad["customs"] = json!(true);
    visitor.posts("/loads", &abroad);
    visitor.waits(5_000);
    assert_eq!(
        (visitor.gets("/loads/L-000001")["reasons"].clone(), visitor.gets("/loads/L-000001")["ask"].clone()),
        (json!(["CUSTOMS"]), json!(0))
    );
    visitor.posts("/_sim/customs/L-000001", &json!({}));
    visitor.refused("/_sim/customs/L-000001", &json!({}), 409, "not_under_customs");
    visitor.waits(500);
    let told = visitor.hears_of();
    assert_eq!(told[told.len() - 2..], ["customs.cleared", "departure.asked"]);
}

#[test]
fn a_truck_that_does_not_come_has_another_appointment() {
    let mut visitor = at_work();
    visitor.has(Habit::NoShow, &Dose::next(1).of(10_000));
    visitor.posts("/loads", &load("SHP-1", 6));
    visitor.waits(1_000);
    let moved = visitor.hears();
    assert_eq!((&moved[2]["topic"], visitor.effect("no_show")), (&json!("appointment.moved"), 1));
    assert_ne!(moved[1]["appointment"], moved[2]["appointment"]);
    assert_eq!(visitor.gets("/loads/L-000001")["state"], "booked");
    visitor.waits(11_000);
    assert_eq!(visitor.gets("/loads/L-000001")["state"], "asking");
}

#[test]
fn a_dock_that_changed_is_seen_by_who_reads_and_told_to_nobody() {
    let mut visitor = at_work();
    visitor.has(Habit::DockChanges, &Dose::next(1));
    visitor.posts("/loads", &load("SHP-1", 1));
    visitor.waits(800);
    let told = visitor.hears();
    assert_eq!((&told[1]["dock"], &visitor.gets("/loads/L-000001")["dock"]), (&json!("D2"), &json!("D1")));
    assert_eq!(visitor.effect("dock_changes"), 1);
}

#[test]
fn a_driver_in_a_hurry_leaves_without_an_answer_and_it_can_be_seen() {
    let mut visitor = at_work();
    visitor.has(Habit::DepartsUncleared, &Dose::next(1));
    visitor.posts("/loads", &load("SHP-1", 6));
    visitor.waits(1_000);
    let last = visitor.hears().pop().unwrap();
    assert_eq!((&last["topic"], &last["ask"], visitor.effect("departs_uncleared")), (&json!("load.departed"), &Value::Null, 1));
}

#[test]
fn a_driver_who_waits_for_his_goods_leaves_with_them_and_with_leave_to_go() {
    let mut visitor = asking();
    visitor.puts("/_sim/pace", &json!({ "leave_ms": 300, "waits_for_goods": true }));
    visitor.posts("/loads/L-000001/release", &answer(1, "granted"));
    visitor.waits(10_000);
    assert_eq!(visitor.gets("/loads/L-000001")["state"], "released", "nothing is on the truck");
    visitor.posts("/loads/L-000001/release", &answer(1, "refused"));
    visitor.posts("/_sim/loaded/L-000001", &json!({}));
    visitor.waits(1_000);
    assert_eq!(visitor.gets("/loads/L-000001")["state"], "at_dock", "the leave to go was taken back");
    visitor.waits(2_000);
    visitor.posts("/loads/L-000001/release", &answer(2, "granted"));
    visitor.waits(300);
    assert_eq!(visitor.gets("/loads/L-000001")["state"], "departed");
}
