//! Machines that break, are repaired, stand still by plan, and are calibrated.

use serde_json::json;

use super::super::exchange::{Method, Request};
use super::super::habits::{Dose, Habit};
use super::super::system::Kind;
use super::super::testing::{NOW, Visitor};

const UNTIL: i64 = 1_798_678_800_000;

fn at_work() -> Visitor {
    let mut visitor = Visitor::of(Kind::Cmms);
    visitor.posts("/_sim/assets", &json!({ "tag": "PRESS-4", "plant": "nord", "calibrated_until": UNTIL }));
    visitor
}

fn breakdown(client_ref: &str) -> serde_json::Value {
    json!({ "asset": "PRESS-4", "client_ref": client_ref, "code": "HYD", "text": "no pressure" })
}

#[test]
fn a_breakdown_is_told_and_so_is_its_end_and_both_name_the_work_order() {
    let mut visitor = at_work();
    visitor.posts("/_sim/breakdowns", &json!({ "asset": "PRESS-4", "code": "HYD", "repair_ms": 5000 }));
    assert_eq!(visitor.gets("/assets/PRESS-4")["status"], "DOWN");
    visitor.waits(4_999);
    assert_eq!(visitor.gets("/assets/PRESS-4")["status"], "DOWN");
    visitor.waits(1);
    assert_eq!(visitor.gets("/assets/PRESS-4")["status"], "OPERATIONAL");
    let told = visitor.hears();
    assert_eq!((told[0]["topic"].as_str(), told[1]["topic"].as_str()), (Some("asset.down"), Some("asset.up")));
    assert_eq!((&told[0]["work_order"], &told[0]["plant"], &told[0]["at"]), (&told[1]["work_order"], &json!("nord"), &json!(NOW)));
    assert_eq!(told[1]["at"], NOW.millis() + 5_000);
}

#[test]
fn a_breakdown_that_is_reported_twice_is_one_and_another_one_on_top_is_refused() {
    let mut visitor = at_work();
    let first = visitor.asks(&Request::post("/breakdowns", &breakdown("k1")));
    let again = visitor.asks(&Request::post("/breakdowns", &breakdown("k1")));
    assert_eq!((first.status, again.status, first.value()), (201, 200, again.value()));
    visitor.refused("/breakdowns", &breakdown("k2"), 409, "already_down");
    visitor.refused("/breakdowns", &json!({ "asset": "PRESS-4", "client_ref": "k1", "code": "ELE" }), 409, "reference_reused");
    visitor.refused("/breakdowns", &json!({ "asset": "PRESS-9" }), 404, "unknown");
    assert_eq!(visitor.hears_of(), ["asset.down"]);
}

#[test]
fn a_machine_that_is_repaired_is_repaired_once() {
    let mut visitor = at_work();
    visitor.posts("/_sim/breakdowns", &json!({ "asset": "PRESS-4", "repair_ms": 5000 }));
    visitor.posts("/_sim/repairs", &json!({ "asset": "PRESS-4" }));
    visitor.refused("/_sim/repairs", &json!({ "asset": "PRESS-4" }), 409, "not_down");
    visitor.waits(9_000);
    assert_eq!(visitor.hears_of(), ["asset.down", "asset.up"]);
    assert_eq!(visitor.gets("/work-orders?state=closed")["results"].as_array().unwrap().len(), 1);
}

#[test]
fn a_window_begins_and_ends_by_itself_and_the_machine_stands_still_between() {
    let mut visitor = at_work();
    let (from, to) = (NOW.millis() + 1_000, NOW.millis() + 3_000);
    visitor.posts("/_sim/windows", &json!({ "asset": "PRESS-4", "from": from, "to": to }));
    visitor.waits(2_000);
    assert_eq!(visitor.gets("/assets/PRESS-4")["status"], "PLANNED_STOP");
    visitor.waits(2_000);
    assert_eq!(visitor.gets("/assets/PRESS-4")["status"], "OPERATIONAL");
    assert_eq!(visitor.hears_of(), ["window.planned", "window.started", "window.ended"]);
    assert_eq!(visitor.gets("/windows?asset=PRESS-4")["results"][0]["state"], "over");
}

#[test]
fn a_machine_that_is_repaired_within_a_window_still_stands_still() {
    let mut visitor = at_work();
    let now = NOW.millis();
    visitor.posts("/_sim/windows", &json!({ "asset": "PRESS-4", "from": now + 1_000, "to": now + 9_000 }));
    visitor.posts("/_sim/breakdowns", &json!({ "asset": "PRESS-4", "repair_ms": 3000 }));
    visitor.waits(2_000);
    assert_eq!(visitor.gets("/assets/PRESS-4")["status"], "DOWN");
    visitor.waits(2_000);
    assert_eq!(visitor.gets("/assets/PRESS-4")["status"], "PLANNED_STOP");
}

#[test]
fn windows_of_one_machine_do_not_overlap_and_one_that_has_begun_is_not_cancelled() {
    let mut visitor = at_work();
    let window = |from: i64, to: i64| json!({ "asset": "PRESS-4", "from": NOW.millis() + from, "to": NOW.millis() + to });
    visitor.posts("/_sim/windows", &window(1_000, 3_000));
    visitor.refused("/_sim/windows", &window(2_999, 5_000), 409, "overlaps");
    visitor.refused("/_sim/windows", &window(5_000, 5_000), 400, "bad_window");
    visitor.posts("/_sim/windows", &window(3_000, 5_000));
    let mut cancel = |number: &str| visitor.asks(&Request::new(Method::Delete, &format!("/_sim/windows/{number}"))).status;
    assert_eq!((cancel("MW-000002"), cancel("MW-000002"), cancel("MW-000003")), (204, 204, 404));
    visitor.waits(2_000);
    assert_eq!(visitor.asks(&Request::new(Method::Delete, "/_sim/windows/MW-000001")).status, 409);
    visitor.waits(5_000);
    assert!(!visitor.hears_of().iter().skip(4).any(|topic| topic == "window.started"), "the cancelled one never begins");
}

#[test]
fn a_failed_calibration_leaves_the_machine_without_one() {
    let mut visitor = at_work();
    visitor.posts("/_sim/calibrations", &json!({ "asset": "PRESS-4" }));
    assert_eq!(visitor.gets("/assets/PRESS-4")["calibrated_until"], json!(null));
    visitor.posts("/_sim/calibrations", &json!({ "asset": "PRESS-4", "valid_until": UNTIL + 1 }));
    let told = visitor.hears();
    assert_eq!((&told[0]["topic"], &told[1]["valid_until"]), (&json!("calibration.failed"), &json!(UNTIL + 1)));
}

#[test]
fn a_bouncing_contact_tells_one_breakdown_as_two() {
    let mut visitor = at_work();
    visitor.has(Habit::Flaps, &Dose::next(1));
    visitor.posts("/breakdowns", &breakdown("k1"));
    assert_eq!(visitor.hears_of(), ["asset.down", "asset.up", "asset.down"]);
    assert_eq!((visitor.effect("flaps"), visitor.gets("/work-orders")["results"].as_array().unwrap().len()), (1, 1));
}

#[test]
fn a_forgotten_end_is_seen_by_who_reads_and_by_nobody_else() {
    let mut visitor = at_work();
    visitor.has(Habit::ForgetsUp, &Dose::next(1));
    visitor.posts("/_sim/breakdowns", &json!({ "asset": "PRESS-4", "repair_ms": 10 }));
    visitor.waits(20);
    assert_eq!((visitor.hears_of(), visitor.effect("forgets_up")), (vec!["asset.down".to_owned()], 1));
    assert_eq!(visitor.gets("/assets/PRESS-4")["status"], "OPERATIONAL");
}
