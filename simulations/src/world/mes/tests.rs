//! The MES's rules, asked the way a link asks, and its line, watched through what it reports.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::super::exchange::{Request, Response};
use super::super::habits::{Dose, Habit};
use super::super::moment::{Moment, Zone};
use super::super::system::{House, System};
use super::Mes;

mod jobs;
mod line;

/// 24 November 2026, 03:12:11 in Berlin.
const NOW: Moment = Moment::from_millis(1_795_486_331_000);

/// Somebody who dispatches to the MES and reads its reports.
struct Dispatcher {
    house: House<Mes>,
    now: Moment,
}

impl Dispatcher {
    /// An MES that makes FG-100 by recipe 12 at a press with a counter and a packing place, 100 pieces a second.
    fn at_work() -> Self {
        let house = Mes::house("mes-nord", Zone::named("Europe/Berlin").unwrap(), 1);
        let mut dispatcher = Self { house, now: NOW };
        dispatcher.put("/stations/PRESS-4", &json!({ "state": "up", "counting": "counter", "calibratedUntil": "2026-12-31" }));
        dispatcher.put("/stations/PACK-1", &json!({ "state": "up" }));
        let press = json!({ "step": 10, "station": "PRESS-4", "minutesPerPiece": "0.25" });
        let steps = json!([press, { "step": 20, "station": "PACK-1", "minutesPerPiece": "0.1" }]);
        dispatcher.put("/recipes/FG-100", &json!({ "version": "12", "lotManaged": true, "steps": steps }));
        dispatcher.put("/_sim/line-stock", &json!({ "STEEL-3": [{ "lot": "H-1", "amount": "13" }, { "lot": "H-2", "amount": "1" }] }));
        let pace = json!({ "piecesPerSecond": "100", "startAfterMs": 100, "scrapEvery": 20, "sampleEvery": 40, "readEvery": 7,
                           "useEvery": 10, "labourEvery": 30, "palletPieces": 40 });
        dispatcher.put("/_sim/pace", &pace);
        dispatcher
    }

    fn answer(&mut self, request: &Request) -> Response {
        self.house.answer(self.now, request).reply.response().unwrap()
    }

    fn put(&mut self, path: &str, body: &Value) {
        let response = self.answer(&Request::put(path, body));
        assert!(response.is_success(), "{path}: {}", response.body);
    }

    fn post(&mut self, path: &str, body: &Value) -> Value {
        self.answer(&Request::post(path, body)).value()
    }

    fn by_hand(&mut self, body: &Value) -> Response {
        self.answer(&Request::post("/_sim/by-hand", body))
    }

    fn get(&mut self, path: &str) -> Value {
        self.answer(&Request::get(path)).value()
    }

    fn has(&mut self, habit: Habit, dose: &Dose) {
        self.put("/_sim/habits", &json!({ habit.name(): dose }));
    }

    fn effect(&self, name: &str) -> u64 {
        self.house.books()["effects"][name].as_u64().unwrap_or(0)
    }

    /// Lets time pass in steps of so many milliseconds, then takes everything that was told.
    fn work(&mut self, total_ms: i64, step_ms: i64) -> Vec<Value> {
        for _ in 0..total_ms / step_ms {
            self.now = self.now.plus_ms(step_ms);
            self.house.tick(self.now);
        }
        self.take_all()
    }

    fn take_all(&mut self) -> Vec<Value> {
        let mut told = Vec::new();
        loop {
            let pending = self.house.pending(self.now, 100);
            if pending.is_empty() {
                return told;
            }
            told.extend(pending.iter().map(|message| serde_json::from_str::<Value>(&message.body).unwrap()));
            self.house.delivered(self.now, &pending.iter().map(|message| message.id).collect::<Vec<_>>());
        }
    }
}

fn job() -> Value {
    json!({ "externalKey": "erp-eu/1000042/1", "part": "FG-100", "recipeVersion": "12", "pieces": "100", "lot": "N7-1123",
            "materials": [{ "item": "0010", "part": "STEEL-3", "step": 10, "amount": "33.3333", "measure": "KG" }] })
}

/// The job with one field changed.
fn but(field: &str, value: Value) -> Value {
    let mut changed = job();
    changed[field] = value;
    changed
}

/// How often each kind was told.
fn kinds(told: &[Value]) -> BTreeMap<&str, usize> {
    let mut kinds = BTreeMap::new();
    for report in told {
        *kinds.entry(report["kind"].as_str().unwrap()).or_insert(0) += 1;
    }
    kinds
}

fn of_kind<'a>(told: &'a [Value], kind: &'a str) -> impl Iterator<Item = &'a Value> {
    told.iter().filter(move |report| report["kind"] == kind)
}
