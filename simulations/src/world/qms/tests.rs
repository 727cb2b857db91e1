//! The laboratory's results and what quality decides.

use serde_json::{Value, json};

use super::super::exchange::{Request, Response};
use super::super::moment::{Moment, Zone};
use super::super::system::{House, System};
use super::Qms;

const NOW: Moment = Moment::from_millis(1_795_486_331_000);

struct Inspector {
    house: House<Qms>,
    now: Moment,
}

impl Inspector {
    fn at_work() -> Self {
        Self { house: Qms::house("qms-eu", Zone::named("Europe/Berlin").unwrap(), 1), now: NOW }
    }

    fn answer(&mut self, request: &Request) -> Response {
        self.house.answer(self.now, request).reply.response().unwrap()
    }

    fn post(&mut self, path: &str, body: &Value) -> Response {
        self.answer(&Request::post(path, body))
    }

    fn plan(&mut self, plan: &Value) {
        assert_eq!(self.answer(&Request::put("/_sim/plan", plan)).status, 200);
    }

    fn work(&mut self, total_ms: i64) -> Vec<Value> {
        self.now = self.now.plus_ms(total_ms);
        self.house.tick(self.now);
        let pending = self.house.pending(self.now, 1_000);
        self.house.delivered(self.now, &pending.iter().map(|message| message.id).collect::<Vec<_>>());
        pending.iter().map(|message| serde_json::from_str(&message.body).unwrap()).collect()
    }
}

fn inspection(reference: &str) -> Value {
    json!({ "reference": reference, "material": "FG-100", "lot": "N7", "plant": "1010", "quantity": "480", "unit": "EA",
            "characteristics": [{ "name": "thickness_mm", "low": "1.9", "high": "2.1" }] })
}

fn case() -> Value {
    json!({ "material": "FG-100", "lot": "N7", "plant": "1010", "pallets": ["52", "53"], "quantity": "960", "unit": "EA", "reason": "weld" })
}

fn but(value: &Value, field: &str, other: Value) -> Value {
    let mut value = value.clone();
    value[field] = other;
    value
}

fn topics(told: &[Value]) -> Vec<&str> {
    told.iter().map(|one| one["topic"].as_str().unwrap()).collect()
}

#[test]
fn an_inspection_is_asked_for_once_and_its_result_comes_after_a_while() {
    let mut inspector = Inspector::at_work();
    let first = inspector.post("/inspections", &inspection("i-1"));
    let again = inspector.post("/inspections", &inspection("i-1"));
    assert_eq!((first.status, again.status, first.body == again.body), (201, 200, true));
    assert_eq!(first.value()["due"], "2026-11-24T03:12:12.000+01:00", "it says by when");
    assert_eq!(inspector.post("/inspections", &but(&inspection("i-1"), "lot", json!("N8"))).status, 409);
    assert!(inspector.work(999).is_empty());
    let told = inspector.work(1);
    assert_eq!((topics(&told), told[0]["verdict"].as_str()), (vec!["result.reported"], Some("pass")));
    assert_eq!(told[0]["values"][0]["value"], "2");
    assert_eq!(told[0]["at"], "2026-11-24T03:12:12.000+01:00");
    let read = inspector.answer(&Request::get("/inspections/IL-000001")).value();
    assert_eq!(read["state"], "passed");
}

#[test]
fn a_failed_inspection_raises_a_nonconformance_that_is_decided_later() {
    let mut inspector = Inspector::at_work();
    inspector.plan(&json!({ "fail_every": 2, "decisions": [{ "decision": "Scrap", "quantity": "12" }, { "decision": "Accept" }] }));
    inspector.post("/inspections", &inspection("i-1"));
    inspector.post("/inspections", &inspection("i-2"));
    let told = inspector.work(1_000);
    assert_eq!(topics(&told), ["result.reported", "result.reported", "nonconformance.raised"]);
    assert_eq!((told[1]["verdict"].as_str(), told[1]["values"][0]["value"].as_str()), (Some("fail"), Some("2.3")));
    let decided = inspector.work(3_000);
    assert_eq!((topics(&decided), &decided[0]["nonconformance"]), (vec!["disposition.decided"], &json!("NC-000001")));
    let shares =
        json!([{ "decision": "Scrap", "quantity": "12", "unit": "EA" }, { "decision": "Accept", "quantity": "468", "unit": "EA" }]);
    assert_eq!(decided[0]["decisions"], shares);
}

#[test]
fn a_raised_nonconformance_names_its_pallets_and_may_bring_its_own_decision() {
    let mut inspector = Inspector::at_work();
    let rework = json!([{ "decision": "Rework", "quantity": "2000" }, { "decision": "Accept" }]);
    assert_eq!(inspector.post("/_sim/raise", &but(&case(), "decisions", rework)).value()["nonconformance"], "NC-000001");
    let told = inspector.work(9_000);
    assert_eq!(topics(&told), ["nonconformance.raised", "disposition.decided"]);
    assert_eq!((&told[0]["pallets"], told[0]["quantity"].as_str()), (&json!(["52", "53"]), Some("960")));
    assert_eq!(told[1]["decisions"], json!([{ "decision": "Rework", "quantity": "960", "unit": "EA" }]));
}

#[test]
fn a_hold_that_follows_a_nonconformance_is_put_on_record_and_opens_no_second_case() {
    let mut inspector = Inspector::at_work();
    inspector.post("/_sim/raise", &case());
    let hold = but(&but(&case(), "reference", json!("h-1")), "nonconformance", json!("NC-000001"));
    let first = inspector.post("/holds", &hold);
    assert_eq!((first.status, first.value()["record"].as_str()), (201, Some("QR-000001")));
    assert_eq!(inspector.post("/holds", &hold).body, first.body);
    assert_eq!(inspector.post("/holds", &but(&hold, "quantity", json!("1"))).status, 409);
    assert_eq!(topics(&inspector.work(9_000)), ["nonconformance.raised", "disposition.decided"]);
}

#[test]
fn a_hold_of_somebody_else_becomes_a_case_of_its_own() {
    let mut inspector = Inspector::at_work();
    inspector.post("/holds", &but(&case(), "reference", json!("h-2")));
    let told = inspector.work(9_000);
    assert_eq!(
        (topics(&told), &told[0]["record"], &told[0]["reference"]),
        (vec!["disposition.decided"], &json!("QR-000001"), &json!("h-2"))
    );
    assert_eq!(inspector.post("/holds", &case()).status, 400);
    let found = inspector.answer(&Request::get("/holds").with_query("reference", "h-2")).value();
    assert_eq!(found["results"].as_array().unwrap().len(), 1);
}

#[test]
fn a_case_decided_by_hand_is_decided_once() {
    let mut inspector = Inspector::at_work();
    inspector.post("/_sim/raise", &case());
    let decide = json!({ "case": "NC-000001", "decided_by": "L. Brandt", "decisions": [{ "decision": "AcceptRestricted" }] });
    assert_eq!(inspector.post("/_sim/decide", &decide).status, 200);
    assert_eq!(inspector.post("/_sim/decide", &decide).status, 409);
    let told = inspector.work(9_000);
    assert_eq!((topics(&told), told[1]["decided_by"].as_str()), (vec!["nonconformance.raised", "disposition.decided"], Some("L. Brandt")));
}

#[test]
fn nonsense_is_refused() {
    let mut inspector = Inspector::at_work();
    for (path, body) in [("/inspections", json!({})), ("/_sim/raise", but(&case(), "quantity", json!("many"))), ("/holds", json!([]))] {
        assert_eq!(inspector.post(path, &body).status, 400, "{path}");
    }
    for path in ["/inspections/IL-9", "/paintings", "/nonconformances/NC-9"] {
        assert_eq!(inspector.answer(&Request::get(path)).status, 404, "{path}");
    }
}

#[test]
fn a_case_about_less_than_nothing_is_decided_about_nothing() {
    let mut inspector = Inspector::at_work();
    inspector.post("/_sim/raise", &but(&case(), "quantity", json!("-5")));
    assert_eq!(inspector.work(9_000)[1]["decisions"], json!([]));
}
