//! A QMS with its laboratory. This page is its interface reference.
//!
//! Apart from the mesh in every respect ([`super`]). It speaks JSON in snake case; quantities are decimal text, times local with their offset.
//!
//! # Speaking with it
//!
//! | path | what |
//! |---|---|
//! | `POST /inspections` | asks for an inspection; 201, or 200 when the reference is known; 409 `reference_reused` for other content |
//! | `GET /inspections`, `GET /inspections/{inspection}` | with `state` `open`, `passed` or `failed`; `?reference=…` |
//! | `POST /holds` | tells that stock is held; answers the record; idempotent by `reference` like inspections |
//! | `GET /holds`, `GET /holds/{record}`, `GET /nonconformances`, `GET /nonconformances/{number}`, `GET /dispositions`, `GET /dispositions/{number}` | reading; `?reference=…`, `?lot=…` |
//!
//! ```json
//! { "reference": "insp/1000042/500", "material": "FG-100", "lot": "N7-1123", "plant": "1010", "quantity": "480", "unit": "EA",
//!   "characteristics": [{ "name": "thickness_mm", "low": "1.9", "high": "2.1" }] }
//! ```
//! answers `{"inspection":"IL-000001","state":"open","due":"…",…}`: when its result is promised for. A hold
//! ```json
//! { "reference": "hold/NC-000001", "material": "FG-100", "lot": "N7-1123", "pallets": ["340123450000000017"], "quantity": "960",
//!   "unit": "EA", "reason": "weld", "nonconformance": "NC-000001" }
//! ```
//! answers `{"record":"QR-000001",…}`; one that names no nonconformance of this house opens a case of its own, to be decided like others.
//! Refusals are `{"error":"…","detail":"…"}`.
//!
//! # What it tells
//!
//! | topic | body |
//! |---|---|
//! | `result.reported` | `message`, `inspection`, `reference`, `material`, `lot`, `verdict` `pass` or `fail`, `values: [{name, value, low, high}]`, `at` |
//! | `nonconformance.raised` | `message`, `nonconformance`, `material`, `lot`, `plant`, `pallets`, `quantity`, `unit`, `reason`, `severity`, `at` |
//! | `disposition.decided` | `message`, `disposition`, `nonconformance` or `record`, `material`, `lot`, `pallets`, `decisions: [{decision, quantity, unit}]`, `decided_by`, `at`; decisions are `Accept`, `AcceptRestricted`, `Rework`, `Scrap`, `Return` and add up to the quantity; where a hold named none, one of quantity `0` is for all of it |
//!
//! Each body also has `topic`. A failed inspection raises a nonconformance by itself. Lanes are the lots.
//!
//! # Its own people
//!
//! | path | body |
//! |---|---|
//! | `PUT /_sim/plan` | `{"result_after_ms":1000,"decide_after_ms":3000,"fail_every":0,"decisions":[{"decision":"Scrap","quantity":"12"},{"decision":"Accept"}]}`; a decision without a quantity takes the rest |
//! | `POST /_sim/raise` | as in `nonconformance.raised` without numbers and time; may bring `decisions` of its own |
//! | `POST /_sim/decide` | `{"case":"NC-000001","decided_by":"L. Brandt","decisions":[…]}`: now, instead of by the plan |

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::agenda::Agenda;
use super::exchange::{Method, Request, Response};
use super::habits::Habit;
use super::moment::{Moment, Zone};
use super::system::{Desk, House, Kind, Rules};
use cases::{Case, Hold, NewCase};
use inspections::{Inspection, NewInspection};
use plan::{Decide, Plan};

mod cases;
mod inspections;
mod plan;

/// The QMS's rules and books.
#[derive(Clone, Debug)]
pub struct Qms {
    name: String,
    plan: Plan,
    inspections: BTreeMap<String, Inspection>,
    holds: BTreeMap<String, Hold>,
    cases: BTreeMap<String, Case>,
    dispositions: BTreeMap<String, Value>,
    agenda: Agenda<Task>,
}

/// What it means to do later.
#[derive(Clone, Debug)]
enum Task {
    Test(String),
    Decide(String),
}

/// A refusal in the QMS's words.
struct Refusal {
    status: u16,
    error: &'static str,
    detail: String,
}

fn refusal(status: u16, error: &'static str, detail: impl Into<String>) -> Refusal {
    Refusal { status, error, detail: detail.into() }
}

fn read<T: serde::de::DeserializeOwned>(request: &Request) -> Result<T, Refusal> {
    request.read().map_err(|wrong| refusal(400, "malformed", wrong))
}

impl Qms {
    /// A QMS with empty books, of this name, whose people live in this zone.
    pub fn house(name: &str, zone: Zone, seed: u64) -> House<Self> {
        let rules = Self {
            name: name.to_owned(),
            plan: Plan::default(),
            inspections: BTreeMap::new(),
            holds: BTreeMap::new(),
            cases: BTreeMap::new(),
            dispositions: BTreeMap::new(),
            agenda: Agenda::default(),
        };
        House::new(rules, zone, seed)
    }

    fn serve(&mut self, desk: &mut Desk, request: &Request) -> Result<Response, Refusal> {
        match (request.method, request.segments().as_slice()) {
            (Method::Post, ["inspections"]) => self.ask(desk, read::<NewInspection>(request)?),
            (Method::Post, ["holds"]) => self.note_hold(desk, read::<NewCase>(request)?),
            (Method::Get, [kind]) => Ok(found(self.shelf(kind)?, request)),
            (Method::Get, [kind, number]) => {
                let view = self.shelf(kind)?.remove(*number);
                view.map(|view| Response::json(200, &view)).ok_or_else(|| refusal(404, "unknown", *number))
            }
            (Method::Put, ["_sim", "plan"]) => {
                self.plan = read(request)?;
                Ok(Response::json(200, &json!(self.plan)))
            }
            (Method::Post, ["_sim", "raise"]) => {
                let number = self.raise(desk, desk.now, read(request)?);
                Ok(Response::json(201, &json!({ "nonconformance": number })))
            }
            (Method::Post, ["_sim", "decide"]) => self.decide_by_hand(desk, &read::<Decide>(request)?),
            _ => Err(refusal(404, "no_such_path", request.path.clone())),
        }
    }

    /// Everything of one kind by its number.
    fn shelf(&self, kind: &str) -> Result<BTreeMap<String, Value>, Refusal> {
        let views = |pair: (&String, Value)| (pair.0.clone(), pair.1);
        Ok(match kind {
            "inspections" => self.inspections.iter().map(|(number, one)| views((number, one.view()))).collect(),
            "holds" => self.holds.iter().map(|(number, one)| views((number, one.view()))).collect(),
            "nonconformances" => self.cases.iter().map(|(number, one)| views((number, one.view()))).collect(),
            "dispositions" => self.dispositions.clone(),
            other => return Err(refusal(404, "no_such_path", other)),
        })
    }

    /// Has something to tell in the lane of a lot; the common fields are added.
    fn tell(&self, desk: &mut Desk, lot: &str, topic: &str, at: Moment, mut body: Value) {
        let stamp = desk.stamp(at);
        let message = format!("{}-{}", self.name, desk.outbox.number());
        if let Some(fields) = body.as_object_mut() {
            fields.insert("message".to_owned(), json!(message));
            fields.insert("topic".to_owned(), json!(topic));
            fields.insert("at".to_owned(), json!(desk.zone.iso(stamp)));
        }
        desk.tell(lot, topic, &body);
    }
}

/// Those that fit `?reference=…` and `?lot=…`.
fn found(shelf: BTreeMap<String, Value>, request: &Request) -> Response {
    let fits = |view: &Value| {
        let same = |name: &str| request.query.get(name).is_none_or(|wanted| view.get(name).and_then(Value::as_str) == Some(wanted));
        same("reference") && same("lot")
    };
    let results: Vec<Value> = shelf.into_values().filter(fits).collect();
    Response::json(200, &json!({ "results": results }))
}

impl Rules for Qms {
    const KIND: Kind = Kind::Qms;
    const HABITS: &'static [Habit] = &[];

    fn answer(&mut self, desk: &mut Desk, request: &Request) -> Response {
        let answer = self.serve(desk, request);
        answer.unwrap_or_else(|no| Response::json(no.status, &json!({ "error": no.error, "detail": no.detail })))
    }

    fn tick(&mut self, desk: &mut Desk) -> bool {
        let mut worked = false;
        while let Some((at, task)) = self.agenda.take(desk.now) {
            worked = true;
            match task {
                Task::Test(number) => self.test(desk, &number, at),
                Task::Decide(number) => self.decide_by_plan(desk, &number, at),
            }
        }
        worked
    }

    fn due(&self) -> Option<Moment> {
        self.agenda.due()
    }

    fn books(&self) -> Value {
        let listed = |kind| self.shelf(kind).map(|shelf| shelf.into_values().collect::<Vec<_>>()).unwrap_or_default();
        json!({
            "inspections": listed("inspections"), "holds": listed("holds"),
            "nonconformances": listed("nonconformances"), "dispositions": listed("dispositions"),
        })
    }

    fn locked(status: Option<u16>) -> Response {
        Response::json(status.unwrap_or(423), &json!({ "error": "locked", "detail": "the record is open elsewhere" }))
    }
}

#[cfg(test)]
mod tests;
