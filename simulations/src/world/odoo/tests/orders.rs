//! Orders: what is made of a bill of material, which buttons go where, and what a write leaves aside.

use serde_json::{Value, json};

use super::super::super::exchange::Request;
use super::{Clerk, bom, fault, order};

#[test]
fn an_order_takes_the_newest_bill_of_material_and_scales_it_in_the_components_own_units() {
    let mut clerk = Clerk::at_work();
    let read = clerk.read();
    assert_eq!((&read["bom_version"], &read["state"], &read["origin"]), (&json!("7"), &json!("confirmed"), &json!("PL-1")));
    assert_eq!((&read["product_qty"], &read["product_id"][1], &read["lot_producing"]), (&json!(100.0), &json!("FG-100"), &json!(false)));
    let needs: Vec<(&Value, &Value)> =
        read["components"].as_array().unwrap().iter().map(|one| (&one["product_qty"], &one["product_uom"])).collect();
    assert_eq!(needs, [(&json!(40.0), &json!("kg")), (&json!(0.35), &json!("kg"))]);
}

#[test]
fn the_same_planned_order_becomes_two_orders_because_nobody_looks() {
    let mut clerk = Clerk::at_work();
    clerk.does("manufacturing_order", &order());
    assert_eq!(clerk.all("manufacturing_order", &[("domain", r#"[["origin","=","PL-1"]]"#)])["length"], 2);
}

#[test]
fn buttons_lead_from_draft_to_done_and_every_other_way_is_refused() {
    let mut clerk = Clerk::at_work();
    for (button, state) in [
        ("button_mark_done", "confirmed"),
        ("button_to_close", "to_close"),
        ("action_cancel", "to_close"),
        ("button_reopen", "confirmed"),
        ("button_to_close", "to_close"),
        ("button_mark_done", "done"),
        ("button_reopen", "done"),
    ] {
        let before = clerk.read()["state"].clone();
        let answer = clerk.press(button, &json!({}));
        assert_eq!(fault(&answer), if before == state { "exceptions.UserError" } else { "" }, "{button}: {answer}");
        assert_eq!(clerk.read()["state"], state, "{button}");
    }
    let changes = ["confirmed>to_close", "to_close>confirmed", "confirmed>to_close", "to_close>done"];
    assert_eq!(clerk.told(), changes.map(|change| format!("manufacturing_order {change}")));
}

#[test]
fn an_order_that_was_worked_on_cannot_be_cancelled_nor_get_another_bill_of_material() {
    let mut clerk = Clerk::at_work();
    clerk.sim("boms", &bom("8"));
    assert_eq!(clerk.press("change_bom", &json!({ "version": "8" }))["result"], true);
    assert_eq!(clerk.logs(json!({ "operation": "10", "good": 1 }))["error"], Value::Null);
    assert_eq!(fault(&clerk.press("change_bom", &json!({ "version": "7" }))), "exceptions.UserError");
    assert_eq!(fault(&clerk.press("action_cancel", &json!({}))), "exceptions.UserError");
    assert_eq!((&clerk.read()["bom_version"], &clerk.read()["state"]), (&json!("8"), &json!("progress")));
}

#[test]
fn the_quantity_is_changed_by_its_button_and_never_below_what_was_made() {
    let mut clerk = Clerk::at_work();
    let receipt = clerk.receipt(60.0);
    assert_eq!(clerk.moves(&[receipt])["result"], true);
    assert_eq!(clerk.press("change_quantity", &json!({ "quantity": 80 }))["result"], true);
    assert_eq!((&clerk.read()["product_qty"], &clerk.read()["components"][0]["product_qty"]), (&json!(80.0), &json!(32.0)));
    assert_eq!(fault(&clerk.press("change_quantity", &json!({ "quantity": 59 }))), "exceptions.UserError");
    assert_eq!(fault(&clerk.press("change_quantity", &json!({ "quantity": "90" }))), "exceptions.ValidationError");
}

#[test]
fn a_write_of_the_quantity_is_answered_with_true_and_changes_nothing() {
    let mut clerk = Clerk::at_work();
    assert_eq!(clerk.writes(&json!({ "product_qty": 80, "colour": "red", "date_start": "2026-11-25 05:00:00" }))["result"], true);
    let read = clerk.read();
    assert_eq!((&read["product_qty"], &read["date_start"]), (&json!(100.0), &json!("2026-11-25 05:00:00")));
    assert_eq!(clerk.effect("write_ignored"), 2);
    assert_eq!(clerk.told(), ["manufacturing_order confirmed>confirmed"]);
}

#[test]
fn dates_of_an_order_that_is_to_close_stay_and_the_answer_is_true_all_the_same() {
    let mut clerk = Clerk::at_work();
    clerk.press("button_to_close", &json!({}));
    assert_eq!(clerk.writes(&json!({ "date_finished": "2026-11-30 05:00:00" }))["result"], true);
    assert_eq!(clerk.read()["date_finished"], "2026-11-24 13:00:00");
    assert_eq!(fault(&clerk.writes(&json!({ "origin": 7 }))), "exceptions.ValidationError");
}

#[test]
fn a_replaced_component_does_not_touch_its_order_and_nobody_is_told() {
    let mut clerk = Clerk::at_work();
    let before = clerk.read()["write_date"].clone();
    clerk.now = clerk.now.plus_ms(5_000);
    clerk.sim("products", &json!({ "code": "STEEL-4", "uom": "kg", "tracking": "lot" }));
    assert_eq!(clerk.press("replace_component", &json!({ "line": "0010", "product": "STEEL-4" }))["result"], true);
    assert_eq!(clerk.read()["components"][0]["product_id"][1], "STEEL-4");
    assert_eq!((clerk.read()["write_date"].clone(), clerk.told().len()), (before, 0));
    assert_eq!(fault(&clerk.press("replace_component", &json!({ "line": "0030", "product": "GREASE" }))), "exceptions.UserError");
}

#[test]
fn every_version_of_an_order_has_a_write_date_of_its_own_even_within_one_instant() {
    let mut clerk = Clerk::at_work();
    let mut dates = vec![clerk.read()["write_date"].clone()];
    for quantity in [90, 80, 90] {
        clerk.press("change_quantity", &json!({ "quantity": quantity }));
        dates.push(clerk.read()["write_date"].clone());
    }
    let count = dates.len();
    dates.dedup();
    assert_eq!(dates.len(), count);
}

#[test]
fn what_makes_no_sense_is_refused_with_status_200() {
    let mut clerk = Clerk::at_work();
    for (path, body) in [
        ("/api/manufacturing_order", json!({ "values": { "product_id": "FG-999" } })),
        ("/api/manufacturing_order", json!({})),
        ("/api/unicorn", json!({ "values": {} })),
        ("/api/product", json!({ "values": {} })),
        ("/api/manufacturing_order/4711/action_confirm", json!({})),
        ("/api/manufacturing_order/x/action_confirm", json!({})),
        ("/api/stock_picking", json!({ "values": { "moves": [] } })),
    ] {
        let response = clerk.answer(&Request::post(path, &body));
        assert_eq!((response.status, fault(&response.value()).is_empty()), (200, false), "{path}: {}", response.body);
    }
    assert_eq!(clerk.answer(&Request::get("/api/manufacturing_order/4711")).status, 404);
    assert_eq!(clerk.answer(&Request::get("/web")).status, 404);
}
