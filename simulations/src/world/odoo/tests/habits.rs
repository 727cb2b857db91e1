//! Bad habits as they look here, where every status is 200.

use serde_json::json;

use super::super::super::exchange::{Reply, Request};
use super::super::super::habits::{Dose, Habit};
use super::super::super::system::System;
use super::{Clerk, fault};

#[test]
fn a_hollow_success_answers_with_an_id_that_nobody_finds() {
    let mut clerk = Clerk::at_work();
    clerk.has(Habit::HollowSuccess, &Dose::next(1).at("POST /api/stock_picking"));
    let issue = clerk.issue(1.0);
    let id = clerk.does("stock_picking", &json!({ "moves": [[0, 0, issue]] }));
    assert_eq!((clerk.effect("hollow_success"), clerk.all("stock_picking", &[])["length"].clone()), (1, json!(0)));
    let pressed = clerk.answer(&Request::post(&format!("/api/stock_picking/{id}/button_validate"), &json!({}))).value();
    assert_eq!(fault(&pressed), "exceptions.MissingError");
}

#[test]
fn only_what_was_done_is_worth_losing_the_reply_of() {
    let mut clerk = Clerk::at_work();
    clerk.has(Habit::LostReply, &Dose::next(1).at("POST"));
    assert_eq!(fault(&clerk.press("button_mark_done", &json!({}))), "exceptions.UserError");
    assert_eq!(clerk.effect("lost_reply"), 0);
    let path = format!("/api/manufacturing_order/{}/button_to_close", clerk.order);
    assert_eq!(clerk.house.answer(clerk.now, &Request::post(&path, &json!({}))).reply, Reply::Lost);
    assert_eq!((clerk.effect("lost_reply"), clerk.read()["state"].clone()), (1, json!("to_close")));
}

#[test]
fn a_record_that_somebody_else_writes_is_a_serialization_failure_and_nothing_is_done() {
    let mut clerk = Clerk::at_work();
    clerk.has(Habit::Locked, &Dose::next(1));
    assert_eq!(fault(&clerk.press("button_to_close", &json!({}))), "psycopg2.errors.SerializationFailure");
    assert_eq!(clerk.read()["state"], "confirmed");
}

#[test]
fn what_a_person_does_by_hand_goes_through_the_same_rules_and_bears_their_name() {
    let mut clerk = Clerk::at_work();
    let issue = clerk.issue(5.0);
    let order = clerk.order.clone();
    let draft =
        clerk.sim("by-hand", &json!({ "user": "kott", "do": "create", "model": "stock_picking", "values": { "moves": [[0, 0, issue]] } }));
    clerk.sim("by-hand", &json!({ "user": "kott", "do": "press", "model": "stock_picking", "id": draft, "button": "button_validate" }));
    let record = clerk.all("stock_picking", &[])["records"][0].clone();
    assert_eq!((&record["write_uid"], &record["client_reference"], &record["state"]), (&json!("kott"), &json!(false), &json!("done")));
    clerk.sim(
        "by-hand",
        &json!({ "user": "kott", "do": "write", "model": "manufacturing_order", "id": order, "values": { "origin": "x" } }),
    );
    let refused = json!({ "user": "kott", "do": "press", "model": "manufacturing_order", "id": order, "button": "button_mark_done" });
    let answer = clerk.answer(&Request::post("/_sim/by-hand", &refused)).value();
    assert_eq!((fault(&answer), clerk.effect("done_by_hand")), ("exceptions.UserError", 4));
}
