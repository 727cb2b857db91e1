//! Dispatch: verdicts, keys, revoking and changing the quantity in two phases.

use serde_json::{Value, json};

use super::super::super::exchange::{Method, Request};
use super::super::super::habits::{Dose, Habit};
use super::{Dispatcher, but, job, kinds};

#[track_caller]
fn rejects(sent: &Value, code: &str) {
    let mut dispatcher = Dispatcher::at_work();
    let answer = dispatcher.post("/jobs", sent);
    assert_eq!((answer["verdict"].as_str(), answer["code"].as_str()), (Some("rejected"), Some(code)));
    assert_eq!(dispatcher.effect(&format!("rejected_{}", code.to_lowercase())), 1);
    assert!(dispatcher.work(5_000, 50).is_empty(), "a rejected job must not run");
}

#[test]
fn the_same_key_and_content_is_the_same_job_and_other_content_a_conflict() {
    let mut dispatcher = Dispatcher::at_work();
    let first = dispatcher.answer(&Request::post("/jobs", &job()));
    let again = dispatcher.answer(&Request::post("/jobs", &job()));
    assert_eq!((first.status, again.status, first.body == again.body), (201, 200, true));
    let other = dispatcher.answer(&Request::post("/jobs", &but("pieces", json!("99"))));
    assert_eq!((other.status, other.value()["fault"].as_str()), (409, Some("KEY_REUSED")));
    assert_eq!(dispatcher.get("/jobs")["jobs"].as_array().unwrap().len(), 1);
}

#[test]
fn a_job_is_found_by_the_key_of_who_sent_it() {
    let mut dispatcher = Dispatcher::at_work();
    dispatcher.post("/jobs", &job());
    let found = |dispatcher: &mut Dispatcher, key: &str| {
        dispatcher.answer(&Request::get("/jobs").with_query("externalKey", key)).value()["jobs"].as_array().unwrap().len()
    };
    assert_eq!(found(&mut dispatcher, "erp-eu/1000042/1"), 1);
    assert_eq!(found(&mut dispatcher, "erp-eu/1000042/2"), 0);
}

#[test]
fn a_job_that_the_plant_cannot_make_is_rejected_with_the_reason() {
    rejects(&but("part", json!("FG-200")), "MISSING_RECIPE");
    rejects(&but("recipeVersion", json!("13")), "RECIPE_VERSION_MISMATCH");
    rejects(&but("pieces", json!("10.5")), "BAD_QUANTITY");
    rejects(&but("pieces", json!("-1")), "BAD_QUANTITY");
    rejects(&but("pieces", json!("79228162514264337593543950335")), "BAD_QUANTITY");
    rejects(&but("lot", Value::Null), "MISSING_LOT");
    rejects(&but("steps", json!([{ "step": 10, "station": "PRESS-9" }])), "MISSING_STATION");
    rejects(&but("steps", json!([{ "step": 30, "station": "PRESS-4" }])), "UNKNOWN_STEP");
    let boundless = json!([{ "item": "1", "part": "X", "step": 10, "amount": "79228162514264337593543950335", "measure": "KG" }]);
    rejects(&but("materials", boundless), "BAD_QUANTITY");
}

#[test]
fn a_station_that_is_down_or_out_of_calibration_takes_no_job() {
    for (station, code) in
        [(json!({ "state": "down" }), "STATION_DOWN"), (json!({ "state": "up", "calibratedUntil": "2026-11-23" }), "CALIBRATION_OVERDUE")]
    {
        let mut dispatcher = Dispatcher::at_work();
        dispatcher.put("/stations/PRESS-4", &station);
        assert_eq!(dispatcher.post("/jobs", &job())["code"], code);
    }
}

#[test]
fn a_line_that_says_no_keeps_saying_no_to_that_key_but_takes_the_next_attempt() {
    let mut dispatcher = Dispatcher::at_work();
    dispatcher.has(Habit::RejectJob, &Dose::next(1).coded("TOOL_BROKEN"));
    for _ in 0..2 {
        assert_eq!(dispatcher.post("/jobs", &job())["code"], "TOOL_BROKEN");
    }
    assert_eq!(dispatcher.post("/jobs", &but("externalKey", json!("erp-eu/1000042/2")))["verdict"], "accepted");
    assert_eq!(dispatcher.effect("reject_job"), 1);
}

#[test]
fn a_missing_recipe_that_arrives_lets_the_next_attempt_run() {
    let mut dispatcher = Dispatcher::at_work();
    let recipe = dispatcher.get("/recipes/FG-100");
    assert_eq!(dispatcher.answer(&Request::new(Method::Delete, "/recipes/FG-100")).status, 204);
    assert_eq!(dispatcher.answer(&Request::get("/recipes/FG-100")).status, 404);
    assert_eq!(dispatcher.post("/jobs", &job())["code"], "MISSING_RECIPE");
    dispatcher.put("/recipes/FG-100", &recipe);
    assert_eq!(dispatcher.post("/jobs", &but("externalKey", json!("second")))["verdict"], "accepted");
}

#[test]
fn a_waiting_job_is_revoked_and_a_running_one_is_not() {
    let mut dispatcher = Dispatcher::at_work();
    dispatcher.post("/jobs", &job());
    for _ in 0..2 {
        assert_eq!(dispatcher.post("/jobs/J-000001/revoke", &json!({}))["verdict"], "revoked");
    }
    assert!(dispatcher.work(3_000, 50).is_empty());
    dispatcher.post("/jobs", &but("externalKey", json!("second")));
    dispatcher.work(200, 50);
    let refused = dispatcher.post("/jobs/J-000002/revoke", &json!({}));
    assert_eq!((refused["verdict"].as_str(), refused["code"].as_str()), (Some("refused"), Some("ALREADY_RUNNING")));
}

#[test]
fn a_reduced_quantity_is_agreed_first_and_then_committed_and_nothing_beyond_it_begins_meanwhile() {
    let mut dispatcher = Dispatcher::at_work();
    dispatcher.post("/jobs", &job());
    dispatcher.work(400, 10);
    let below = dispatcher.post("/jobs/J-000001/quantity-proposals", &json!({ "proposal": "p1", "pieces": 5 }));
    assert_eq!(below["code"], "BELOW_BEGUN");
    let agreed = dispatcher.post("/jobs/J-000001/quantity-proposals", &json!({ "proposal": "p2", "pieces": 60 }));
    assert_eq!(agreed["verdict"], "agreed");
    let other = dispatcher.post("/jobs/J-000001/quantity-proposals", &json!({ "proposal": "p3", "pieces": 70 }));
    assert_eq!(other["code"], "OTHER_PROPOSAL_OPEN");
    let told = dispatcher.work(5_000, 50);
    assert_eq!(kinds(&told).get("job.finished"), None);
    for _ in 0..2 {
        assert_eq!(dispatcher.post("/jobs/J-000001/quantity-proposals/p2/commit", &json!({}))["pieces"], 60);
    }
    let told = dispatcher.work(100, 50);
    assert_eq!(kinds(&told).get("job.finished"), Some(&1));
    let made = dispatcher.get("/jobs/J-000001")["steps"][0].clone();
    assert_eq!(made["good"].as_u64().unwrap() + made["scrap"].as_u64().unwrap(), 60);
}

#[test]
fn a_withdrawn_proposal_leaves_the_job_as_it_was() {
    let mut dispatcher = Dispatcher::at_work();
    dispatcher.post("/jobs", &job());
    dispatcher.post("/jobs/J-000001/quantity-proposals", &json!({ "proposal": "p", "pieces": 60 }));
    assert_eq!(dispatcher.post("/jobs/J-000001/quantity-proposals/p/withdraw", &json!({}))["pieces"], 100);
    assert_eq!(kinds(&dispatcher.work(5_000, 50)).get("job.finished"), Some(&1));
    let unknown = dispatcher.answer(&Request::post("/jobs/J-000001/quantity-proposals/q/commit", &json!({})));
    assert_eq!(unknown.status, 404);
}

#[test]
fn a_body_that_cannot_be_understood_is_refused() {
    let mut dispatcher = Dispatcher::at_work();
    for body in [json!({}), but("colour", json!("red")), but("pieces", json!("many"))] {
        assert_eq!(dispatcher.answer(&Request::post("/jobs", &body)).status, 400, "{body}");
    }
    assert_eq!(dispatcher.answer(&Request::put("/recipes/X", &json!({ "version": "1", "steps": [] }))).status, 400);
}
