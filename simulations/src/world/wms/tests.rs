//! The warehouse: what comes in, what is blocked, and what may leave.

use serde_json::{Value, json};

use super::super::exchange::{Method, Request, Response};
use super::super::habits::{Dose, Habit};
use super::super::moment::{Moment, Zone};
use super::super::system::{House, System};
use super::Wms;

mod goods;
mod leaving;

const NOW: Moment = Moment::from_millis(1_795_486_331_000);

/// Somebody at a terminal of the warehouse.
struct Storekeeper {
    house: House<Wms>,
    now: Moment,
}

impl Storekeeper {
    fn at_work() -> Self {
        Self { house: Wms::house("wms-hh", Zone::named("Europe/Berlin").unwrap(), 1), now: NOW }
    }

    /// A warehouse with two pallets of 480 of lot N7 in their bins; everything told so far is taken.
    fn with_stock() -> Self {
        let mut keeper = Self::at_work();
        for sscc in ["51", "52"] {
            assert_eq!(keeper.post("/inbound-notices", &notice(sscc)).status, 201);
        }
        keeper.work(2_000);
        keeper
    }

    fn answer(&mut self, request: &Request) -> Response {
        self.house.answer(self.now, request).reply.response().unwrap()
    }

    fn post(&mut self, path: &str, body: &Value) -> Response {
        self.answer(&Request::post(path, body))
    }

    fn get(&mut self, path: &str) -> Value {
        self.answer(&Request::get(path)).value()
    }

    fn has(&mut self, habit: Habit, dose: &Dose) {
        let set = self.answer(&Request::put("/_sim/habits", &json!({ habit.name(): dose })));
        assert_eq!(set.status, 200);
    }

    fn effect(&self, name: &str) -> u64 {
        self.house.books()["effects"][name].as_u64().unwrap_or(0)
    }

    /// Lets time pass and takes everything that was told.
    fn work(&mut self, total_ms: i64) -> Vec<Value> {
        self.now = self.now.plus_ms(total_ms);
        self.house.tick(self.now);
        let pending = self.house.pending(self.now, 1_000);
        self.house.delivered(self.now, &pending.iter().map(|message| message.id).collect::<Vec<_>>());
        pending.iter().map(|message| serde_json::from_str(&message.body).unwrap()).collect()
    }

    fn plan(&mut self, number: &str, units: &str) {
        let lines = json!([{ "line": "10", "item": "FG-100", "units": units }]);
        assert_eq!(self.post("/_sim/deliveries", &json!({ "delivery": number, "lines": lines })).status, 201);
    }

    fn clear(&mut self, number: &str, attempt: u32, verdict: &str) -> Response {
        let answer = json!({ "attempt": attempt, "clearance": verdict, "reasons": ["QUALITY"] });
        self.post(&format!("/deliveries/{number}/clearance"), &answer)
    }

    fn state(&mut self, number: &str) -> String {
        self.get(&format!("/deliveries/{number}"))["state"].as_str().unwrap().to_owned()
    }
}

fn notice(sscc: &str) -> Value {
    json!({ "notice_ref": format!("n-{sscc}"), "sscc": sscc, "contents": [{ "item": "FG-100", "lot": "N7", "units": "480" }] })
}

fn topics(told: &[Value]) -> Vec<&str> {
    told.iter().map(|one| one["topic"].as_str().unwrap()).collect()
}
