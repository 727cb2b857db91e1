//! Pickings: what a validation moves, and every reason to refuse one.

use serde_json::{Value, json};

use super::super::super::exchange::Request;
use super::{Clerk, but, fault};

#[track_caller]
fn refuses(line: impl Fn(&Clerk) -> Value, words: &str) {
    let mut clerk = Clerk::at_work();
    let line = line(&clerk);
    let before = clerk.all("stock_quant", &[]);
    let answer = clerk.moves(&[line]);
    assert_eq!(fault(&answer), "exceptions.UserError");
    assert!(answer["error"]["data"]["message"].as_str().unwrap().contains(words), "{answer}");
    assert_eq!(clerk.all("stock_quant", &[]), before);
    assert_eq!(clerk.all("stock_picking", &[])["records"][0]["state"], "draft");
}

#[test]
fn a_draft_moves_nothing_until_somebody_validates_it() {
    let mut clerk = Clerk::at_work();
    let receipt = clerk.receipt(40.0);
    clerk.does("stock_picking", &json!({ "client_reference": "K7Q2", "moves": [[0, 0, receipt]] }));
    assert_eq!((clerk.stock("FG-100", "Stock"), clerk.read()["qty_produced"].as_f64()), (0.0, Some(0.0)));
    assert!(clerk.told().is_empty());
}

#[test]
fn a_validated_receipt_is_stock_and_makes_its_lot_and_sets_the_order_to_work() {
    let mut clerk = Clerk::at_work();
    let receipt = clerk.receipt(40.0);
    assert_eq!(clerk.moves(&[receipt])["result"], true);
    assert_eq!((clerk.stock("FG-100", "Stock"), clerk.read()["qty_produced"].as_f64()), (40.0, Some(40.0)));
    assert_eq!(clerk.read()["state"], "progress");
    assert_eq!(clerk.told(), ["manufacturing_order confirmed>progress", "stock_picking draft>done"]);
    assert_eq!(clerk.all("lot", &[("domain", r#"[["name","=","N7-1123"]]"#)])["length"], 1);
}

#[test]
fn a_picking_is_validated_whole_or_not_at_all() {
    let mut clerk = Clerk::at_work();
    let (receipt, spoilt) = (clerk.receipt(40.0), but(&clerk.issue(1.0), "lot_name", json!("H-9999")));
    assert_eq!(fault(&clerk.moves(&[receipt, spoilt])), "exceptions.UserError");
    assert_eq!((clerk.stock("FG-100", "Stock"), clerk.read()["state"].clone()), (0.0, json!("confirmed")));
}

#[test]
fn a_tenth_and_two_tenths_are_not_three_tenths_here() {
    let mut clerk = Clerk::at_work();
    for quantity in [0.1, 0.2] {
        let receipt = clerk.receipt(quantity);
        assert_eq!(clerk.moves(&[receipt])["result"], true);
    }
    assert_eq!(clerk.read()["qty_produced"].to_string(), "0.30000000000000004");
    let finer = clerk.receipt(0.0004);
    let refused = clerk.answer(&Request::post("/api/stock_picking", &json!({ "values": { "moves": [[0, 0, finer]] } }))).value();
    assert_eq!(fault(&refused), "exceptions.UserError", "it rounds to nothing");
}

#[test]
fn lots_are_mandatory_where_a_product_is_tracked_and_forbidden_where_not() {
    refuses(|clerk| but(&clerk.receipt(1.0), "lot_name", json!(false)), "Lot/Serial");
    refuses(|clerk| but(&clerk.issue(1.0), "lot_name", json!("H-9999")), "does not exist");
    refuses(|clerk| but(&clerk.issue(1.0), "product_id", json!("GREASE")), "not tracked");
}

#[test]
fn a_move_from_production_needs_its_order_and_the_order_makes_what_it_makes() {
    refuses(|clerk| but(&clerk.receipt(1.0), "production_id", json!(false)), "needs its manufacturing order");
    refuses(|clerk| but(&but(&clerk.receipt(1.0), "product_id", json!("STEEL-3")), "product_uom", json!("kg")), "does not produce");
}

#[test]
fn what_is_used_may_go_below_nothing_and_nobody_says_so_but_what_is_moved_may_not() {
    let mut clerk = Clerk::at_work();
    let issue = clerk.issue(50.5);
    assert_eq!(clerk.moves(&[issue])["result"], true);
    assert_eq!((clerk.stock("STEEL-3", "Stock"), clerk.effect("stock_went_negative")), (-0.5, 1));
    refuses(
        |clerk| {
            let line = but(&but(&clerk.issue(51.0), "raw_material_production_id", json!(false)), "location_dest", json!("Blocked"));
            but(&line, "location", json!("Stock"))
        },
        "not enough",
    );
}

#[test]
fn a_lot_goes_to_blocked_and_back_and_to_scrap() {
    let mut clerk = Clerk::at_work();
    let receipt = clerk.receipt(60.0);
    clerk.moves(std::slice::from_ref(&receipt));
    let free = but(&receipt, "production_id", json!(false));
    for (from, to, quantity, stock, blocked) in
        [("Stock", "Blocked", 48.0, 12.0, 48.0), ("Blocked", "Stock", 8.0, 20.0, 40.0), ("Blocked", "Scrap", 40.0, 20.0, 0.0)]
    {
        let line = but(&but(&but(&free, "location", json!(from)), "location_dest", json!(to)), "quantity", json!(quantity));
        assert_eq!(clerk.moves(&[line])["result"], true, "{from} {to}");
        assert_eq!((clerk.stock("FG-100", "Stock"), clerk.stock("FG-100", "Blocked")), (stock, blocked));
    }
}

#[test]
fn a_receipt_is_taken_back_the_other_way_round_but_not_more_than_was_made() {
    let mut clerk = Clerk::at_work();
    let receipt = clerk.receipt(40.0);
    clerk.moves(std::slice::from_ref(&receipt));
    let back = but(&but(&receipt, "location", json!("Stock")), "location_dest", json!("Production"));
    assert_eq!(fault(&clerk.moves(&[but(&back, "quantity", json!(41))])), "exceptions.UserError");
    assert_eq!(clerk.moves(&[back])["result"], true);
    assert_eq!((clerk.read()["qty_produced"].as_f64(), clerk.stock("FG-100", "Stock")), (Some(0.0), 0.0));
}

#[test]
fn more_than_ordered_and_tolerated_is_asked_back_and_moves_nothing_until_it_is_confirmed() {
    let mut clerk = Clerk::at_work();
    let (receipt, over) = (clerk.receipt(105.0), clerk.receipt(1.0));
    assert_eq!(clerk.moves(&[receipt])["result"], true);
    let asked = clerk.moves(&[over]);
    assert_eq!(asked["result"]["res_model"], "confirm_overproduction", "{asked}");
    assert_eq!((clerk.stock("FG-100", "Stock"), clerk.effect("asked_back")), (105.0, 1));
    let draft = clerk.all("stock_picking", &[("domain", r#"[["state","=","draft"]]"#)])["records"][0]["id"].clone();
    let path = format!("/api/stock_picking/{draft}/button_validate");
    let confirmed = clerk.answer(&Request::post(&path, &json!({ "args": { "confirm_overproduction": true } })));
    assert_eq!((&confirmed.value()["result"], clerk.stock("FG-100", "Stock")), (&json!(true), 106.0));
}

#[test]
fn nothing_is_dated_on_or_before_the_lock_date_nor_after_today() {
    let mut clerk = Clerk::at_work();
    clerk.sim("lock-dates", &json!({ "1010": "2026-10-31" }));
    for (date, taken) in [("2026-11-01", true), ("2026-10-31", false), ("2026-11-25", false)] {
        let issue = clerk.issue(1.0);
        assert_eq!(clerk.moves_on(date, &[issue])["result"] == true, taken, "{date}");
        assert_eq!(clerk.logs(json!({ "operation": "10", "good": 1, "date": date }))["result"].is_u64(), taken, "{date}");
    }
    assert_eq!(clerk.effect("period_closed"), 2);
}

#[test]
fn an_order_that_is_to_close_takes_neither_moves_nor_logs() {
    let mut clerk = Clerk::at_work();
    clerk.press("button_to_close", &json!({}));
    let issue = clerk.issue(1.0);
    assert_eq!(fault(&clerk.moves(&[issue])), "exceptions.UserError");
    assert_eq!(fault(&clerk.logs(json!({ "operation": "10", "good": 1 }))), "exceptions.UserError");
}

#[test]
fn a_cancelled_draft_stays_so_and_a_done_picking_cannot_be_cancelled() {
    let mut clerk = Clerk::at_work();
    let issue = clerk.issue(1.0);
    let draft = clerk.does("stock_picking", &json!({ "moves": [[0, 0, issue]] }));
    let mut press = |button: &str| clerk.answer(&Request::post(&format!("/api/stock_picking/{draft}/{button}"), &json!({}))).value();
    assert_eq!(press("action_cancel")["result"], true);
    assert_eq!(fault(&press("button_validate")), "exceptions.UserError");
    assert_eq!(clerk.moves(&[issue])["result"], true);
    let done = clerk.all("stock_picking", &[("order", "id desc")])["records"][0]["id"].clone();
    let refused = clerk.answer(&Request::post(&format!("/api/stock_picking/{done}/action_cancel"), &json!({}))).value();
    assert_eq!(fault(&refused), "exceptions.UserError");
}

#[test]
fn logs_add_up_at_their_operation_and_take_back_but_not_below_nothing() {
    let mut clerk = Clerk::at_work();
    clerk.logs(json!({ "operation": "10", "good": 20, "scrap": 1, "labour_minutes": 12.5 }));
    clerk.logs(json!({ "operation": "10", "good": -2, "final": true, "client_reference": "W1" }));
    let work = clerk.all("work_order", &[("domain", r#"[["operation","=","10"]]"#)])["records"][0].clone();
    assert_eq!((&work["qty_good"], &work["qty_scrap"], &work["state"]), (&json!(18.0), &json!(1.0), &json!("done")));
    assert_eq!(fault(&clerk.logs(json!({ "operation": "10", "good": -19 }))), "exceptions.UserError");
    assert_eq!(fault(&clerk.logs(json!({ "operation": "30", "good": 1 }))), "exceptions.UserError");
    assert_eq!(clerk.all("work_log", &[("domain", r#"[["client_reference","=","W1"]]"#)])["records"][0]["final"], true);
}
