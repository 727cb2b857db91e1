//! Signals that are raised, revised, made firm, withdrawn and answered.

use serde_json::{Value, json};

use super::super::habits::{Dose, Habit};
use super::super::system::Kind;
use super::super::testing::Visitor;

fn at_work() -> Visitor {
    let mut visitor = Visitor::of(Kind::Planning);
    visitor.posts("/_sim/signals", &json!({ "item": "FG-100", "plant": "nord", "quantity": 5000, "unit": "PC", "need_by": "2026-12-01" }));
    visitor
}

fn answer(version: u32) -> Value {
    json!({ "version": version, "response": "accepted", "order": "1000042" })
}

#[test]
fn a_signal_is_raised_once_and_told_with_everything_in_it() {
    let mut visitor = at_work();
    let told = visitor.hears();
    assert_eq!(
        (told.len(), &told[0]["topic"], &told[0]["quantity"], &told[0]["need_by"]),
        (1, &json!("signal.raised"), &json!(5000), &json!("2026-12-01"))
    );
    assert_eq!(visitor.gets("/signals?plant=nord")["results"].as_array().unwrap().len(), 1);
    assert_eq!(visitor.gets("/signals?plant=ohio")["results"], json!([]));
}

#[test]
fn a_revision_is_a_new_version_and_asks_for_a_new_answer() {
    let mut visitor = at_work();
    visitor.posts("/signals/S-000001/response", &answer(1));
    assert_eq!(visitor.gets("/signals/S-000001")["order"], "1000042");
    visitor.posts("/_sim/signals/S-000001/revise", &json!({ "quantity": 4000 }));
    let view = visitor.gets("/signals/S-000001");
    assert_eq!((&view["version"], &view["quantity"], &view["response"]), (&json!(2), &json!(4000), &Value::Null));
    visitor.refused("/signals/S-000001/response", &answer(1), 409, "stale_version");
    visitor.posts("/signals/S-000001/response", &answer(2));
    visitor.posts("/signals/S-000001/response", &answer(2));
    visitor.refused("/signals/S-000001/response", &json!({ "version": 2, "response": "refused" }), 409, "answered");
}

#[test]
fn a_firm_signal_is_not_revised_and_a_withdrawn_one_is_over() {
    let mut visitor = at_work();
    visitor.posts("/_sim/signals/S-000001/firm", &json!({}));
    visitor.refused("/_sim/signals/S-000001/revise", &json!({ "quantity": 1 }), 409, "not_open");
    visitor.posts("/_sim/signals/S-000001/withdraw", &json!({}));
    visitor.refused("/_sim/signals/S-000001/firm", &json!({}), 409, "withdrawn");
    assert_eq!(visitor.hears_of(), ["signal.raised", "signal.firmed", "signal.withdrawn"]);
}

#[test]
fn a_poller_needs_one_number_and_sees_each_change_as_it_was() {
    let mut visitor = at_work();
    for quantity in 1..=150 {
        visitor.posts("/_sim/signals/S-000001/revise", &json!({ "quantity": quantity }));
    }
    let (mut after, mut seen) = (0, Vec::new());
    loop {
        let page = visitor.gets(&format!("/changes?after={after}"));
        let changes = page["changes"].as_array().unwrap();
        if changes.is_empty() {
            break;
        }
        seen.extend(changes.iter().map(|change| change["quantity"].as_u64().unwrap()));
        after = page["last"].as_u64().unwrap();
    }
    assert_eq!((after, seen.first(), seen.get(1), seen.last()), (151, Some(&5000), Some(&1), Some(&150)));
    assert_eq!(visitor.gets("/changes?after=9999")["changes"], json!([]));
}

#[test]
fn a_silent_revision_changes_the_numbers_and_neither_the_version_nor_anybodys_knowledge() {
    let mut visitor = at_work();
    visitor.hears();
    visitor.has(Habit::SilentRevision, &Dose::next(1));
    visitor.posts("/_sim/signals/S-000001/revise", &json!({ "quantity": 7 }));
    let view = visitor.gets("/signals/S-000001");
    assert_eq!((&view["version"], &view["quantity"], visitor.hears().len()), (&json!(1), &json!(7), 0));
    assert_eq!((visitor.effect("silent_revision"), visitor.gets("/changes?after=1")["changes"].clone()), (1, json!([])));
}

#[test]
fn a_run_changes_nothing_and_a_nervous_one_everything_that_is_open() {
    let mut visitor = at_work();
    visitor.posts("/_sim/signals", &json!({ "item": "FG-200", "plant": "ohio", "quantity": 100, "unit": "PC", "need_by": "2026-12-01" }));
    visitor.posts("/_sim/signals/S-000002/firm", &json!({}));
    assert_eq!(visitor.posts("/_sim/runs", &json!({}))["moved"], 0);
    visitor.has(Habit::Nervous, &Dose::always().of(-100));
    assert_eq!(visitor.posts("/_sim/runs", &json!({}))["moved"], 1);
    assert_eq!(
        (visitor.gets("/signals/S-000001")["quantity"].clone(), visitor.gets("/signals/S-000002")["quantity"].clone()),
        (json!(4500), json!(100))
    );
}

#[test]
fn what_is_on_its_way_is_shown_as_it_was_said_last() {
    let mut visitor = at_work();
    let supply = |word: u32, state: &str| {
        json!({ "word": word, "version": 1, "planned": "00000001",
        "orders": [{ "order": "1000042", "plant": "nord", "quantity": 5000, "confirmed": null, "state": state }] })
    };
    assert_eq!(visitor.gets("/signals/S-000001")["supply"], Value::Null);
    visitor.puts("/signals/S-000001/supply", &supply(2, "released"));
    visitor.puts("/signals/S-000001/supply", &supply(1, "created"));
    assert_eq!(visitor.gets("/signals/S-000001")["supply"], supply(2, "released"));
}
