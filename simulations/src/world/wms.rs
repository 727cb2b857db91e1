//! A WMS with a JSON dialect of its own. This page is its interface reference.
//!
//! Apart from the mesh in every respect ([`super`]). It knows *items* in *handling units*, counted in *units* (decimal text), lying in *bins*;
//! times are local with their offset. It thinks that a lot is just a label: whether it may leave is for others to say.
//!
//! # Speaking with it
//!
//! | path | what |
//! |---|---|
//! | `POST /inbound-notices` | `{"notice_ref":"…","sscc":"…","contents":[{"item":"FG-100","lot":"N7-1123","units":"480"}]}`: 201 `{"notice":"IN-000001","sscc":…}`; known reference 200; other content, or an SSCC that is known: 409 |
//! | `GET /handling-units`, `GET /handling-units/{sscc}` | `state` `announced`, `received`, `put_away`, `picked`, `shipped`; `bin`, `contents`, `picked` from it for which delivery, `blocks` |
//! | `GET /stock` | per item and lot: `on_hand` in handling units (of it `blocked` and `free`), `picked`, `shipped` |
//! | `POST /stock-blocks` | `{"block_ref":"…","lot":"N7-1123","item":"FG-100","reason":"NC-881"}` or with `"sscc"`: 201 `{"block":"B-000001","handling_units":[…],"picked":[…],"shipped":[…]}`; known reference 200; it also holds for what arrives later |
//! | `DELETE /stock-blocks/{block}` | 204, also when it is gone already |
//! | `GET /stock-blocks`, `GET /deliveries`, `GET /deliveries/{delivery}` | reading; blocks take `?block_ref=…` |
//! | `POST /deliveries/{delivery}/clearance` | `{"attempt":1,"clearance":"granted"}` or `{"attempt":1,"clearance":"refused","reasons":["QUALITY"]}`: 200 with the state; 409 `stale_attempt` or `departed`; a refusal after a grant takes it back until the truck has left |
//! | `POST /deliveries/{delivery}/block`, `…/unblock` | `{"reason":"QUALITY"}`: 200; 409 `departed` |
//!
//! Refusals are `{"error":"…","detail":"…"}`.
//!
//! # What it tells
//!
//! Every body has `message`, `topic` and `at`.
//!
//! | topic | body; lane |
//! |---|---|
//! | `handling_unit.received` | `sscc`, `notice_ref`, `dock`, `contents` as counted; the unit |
//! | `handling_unit.put_away` | `sscc`, `bin`, `contents`; the unit |
//! | `picked` | `delivery`, `line`, `sscc`, `item`, `lot`, `units`; the delivery |
//! | `packed` | `delivery`, `contents: [{line, sscc, item, lot, units}]`; the delivery |
//! | `departure.requested` | `delivery`, `attempt`, `contents`; the delivery |
//! | `departed` | `delivery`, `attempt` that was granted, or null, `contents`; the delivery |
//! | `components.staged` | `order`, `of`: the system that numbers it, `missing`: items that could not be brought; the order |
//! | `handling_unit.packed`, `.unpacked` | `sscc`, `units`; the outer unit |
//! | `stock.adjusted` | `sscc`, `contents`, `person`; the unit |
//!
//! After a refusal it asks again with the next attempt, after `ask_again_ms`, and whenever a block was taken off.
//!
//! # Its own people
//!
//! | path | body |
//! |---|---|
//! | `POST /_sim/deliveries` | `{"delivery":"SHP-7781","lines":[{"line":"10","item":"FG-100","units":"480"}]}`; a line is picked once enough of its item is free |
//! | `PUT /_sim/pace` | `{"receive_ms":500,"put_away_ms":500,"pick_ms":500,"pack_ms":800,"ask_ms":200,"load_ms":500,"ask_again_ms":2000}` |
//! | `POST /_sim/by-hand` | `{"do":"depart","delivery":"SHP-7781"}`, `{"do":"adjust","sscc":…,"units":"-3","person":"J. Weiss"}`, `{"do":"stage","order":"1000042","of":"erp-eu","missing":[]}` |

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use super::agenda::Agenda;
use super::exchange::{Request, Response};
use super::habits::Habit;
use super::moment::{Moment, Zone};
use super::system::{Desk, House, Kind, Rules};
use blocks::Blocks;
use deliveries::Delivery;
use units::{Pace, Unit};

mod blocks;
mod deliveries;
mod shipping;
mod units;

/// The WMS's rules and books.
#[derive(Clone, Debug)]
pub struct Wms {
    name: String,
    pace: Pace,
    units: BTreeMap<String, Unit>,
    blocks: Blocks,
    deliveries: BTreeMap<String, Delivery>,
    bins: u32,
    agenda: Agenda<Task>,
}

/// What it means to do later.
#[derive(Clone, Debug)]
enum Task {
    Receive(String),
    PutAway(String),
    Pick(String),
    Pack(String),
    Ask(String),
    /// Leaves with the clearance of this attempt.
    Depart(String, u32),
}

/// A refusal in the WMS's words.
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

#[derive(Deserialize)]
#[serde(tag = "do", rename_all = "snake_case", deny_unknown_fields)]
enum ByHand {
    Depart {
        delivery: String,
    },
    Adjust {
        sscc: String,
        units: rust_decimal::Decimal,
        person: String,
    },
    /// Packed handling units onto or into another one, or took them off it.
    Pack {
        sscc: String,
        units: Vec<String>,
        #[serde(default)]
        off: bool,
    },
    /// Brought the components of an order to its line, but for what is missing.
    Stage {
        order: String,
        of: String,
        #[serde(default)]
        missing: Vec<String>,
    },
}

impl Wms {
    /// A WMS with empty books, of this name, whose people live in this zone.
    pub fn house(name: &str, zone: Zone, seed: u64) -> House<Self> {
        let rules = Self {
            name: name.to_owned(),
            pace: Pace::default(),
            units: BTreeMap::new(),
            blocks: Blocks::default(),
            deliveries: BTreeMap::new(),
            bins: 0,
            agenda: Agenda::default(),
        };
        House::new(rules, zone, seed)
    }

    fn serve(&mut self, desk: &mut Desk, request: &Request) -> Result<Response, Refusal> {
        match (request.method.name(), request.segments().as_slice()) {
            ("POST", ["inbound-notices"]) => self.announce(desk, read(request)?),
            ("GET", ["handling-units"]) => Ok(listed(self.units.values().map(|unit| self.unit_view(unit)))),
            ("GET", ["handling-units", sscc]) => Ok(Response::json(200, &self.unit_view(self.unit(sscc)?))),
            ("GET", ["stock"]) => Ok(listed(self.stock().into_iter())),
            ("POST", ["stock-blocks"]) => self.place_block(read(request)?),
            ("GET", ["stock-blocks"]) => Ok(listed(self.blocks.views(request.query.get("block_ref")).into_iter())),
            ("DELETE", ["stock-blocks", number]) => self.lift_block(desk, number),
            ("GET", ["deliveries"]) => Ok(listed(self.deliveries.values().map(Delivery::view))),
            ("GET", ["deliveries", number]) => Ok(Response::json(200, &self.delivery(number)?.view())),
            ("POST", ["deliveries", number, "clearance"]) => self.clear(desk, number, &read(request)?),
            ("POST", ["deliveries", number, "block"]) => self.block_delivery(number, read(request)?),
            ("POST", ["deliveries", number, "unblock"]) => self.unblock_delivery(desk, number, &read(request)?),
            ("POST", ["_sim", "deliveries"]) => self.plan_delivery(desk, read(request)?),
            ("PUT", ["_sim", "pace"]) => {
                self.pace = read(request)?;
                Ok(Response::json(200, &json!(self.pace)))
            }
            ("POST", ["_sim", "by-hand"]) => self.by_hand(desk, read(request)?),
            _ => Err(refusal(404, "no_such_path", request.path.clone())),
        }
    }

    fn by_hand(&mut self, desk: &mut Desk, deed: ByHand) -> Result<Response, Refusal> {
        match deed {
            ByHand::Depart { delivery } => {
                self.delivery(&delivery)?;
                let now = desk.now;
                desk.habits.count("departed_by_hand");
                self.leave(desk, &delivery, None, now);
                Ok(Response::json(200, &self.delivery(&delivery)?.view()))
            }
            ByHand::Stage { order, of, missing } => {
                let (now, body) = (desk.now, json!({ "order": order, "of": of, "missing": missing }));
                desk.habits.count("components_staged");
                self.tell(desk, &order, "components.staged", now, body.clone());
                Ok(Response::json(200, &body))
            }
            ByHand::Pack { sscc, units, off } => {
                for inner in &units {
                    self.unit(inner)?;
                }
                let (now, body) = (desk.now, json!({ "sscc": sscc, "units": units }));
                desk.habits.count("packed_by_hand");
                let topic = if off { "handling_unit.unpacked" } else { "handling_unit.packed" };
                self.tell(desk, &sscc, topic, now, body.clone());
                Ok(Response::json(200, &body))
            }
            ByHand::Adjust { sscc, units, person } => self.adjust(desk, &sscc, units, &person),
        }
    }

    /// Has something to tell in a lane; the common fields are added.
    fn tell(&self, desk: &mut Desk, lane: &str, topic: &str, at: Moment, mut body: Value) {
        let stamp = desk.stamp(at);
        let message = format!("{}-{}", self.name, desk.outbox.number());
        if let Some(fields) = body.as_object_mut() {
            fields.insert("message".to_owned(), json!(message));
            fields.insert("topic".to_owned(), json!(topic));
            fields.insert("at".to_owned(), json!(desk.zone.iso(stamp)));
        }
        desk.tell(lane, topic, &body);
    }
}

fn listed(views: impl Iterator<Item = Value>) -> Response {
    Response::json(200, &json!({ "results": views.collect::<Vec<_>>() }))
}

impl Rules for Wms {
    const KIND: Kind = Kind::Wms;
    const HABITS: &'static [Habit] = &[Habit::ReceivedDiffers, Habit::DepartsUncleared];

    fn answer(&mut self, desk: &mut Desk, request: &Request) -> Response {
        let answer = self.serve(desk, request);
        answer.unwrap_or_else(|no| Response::json(no.status, &json!({ "error": no.error, "detail": no.detail })))
    }

    fn tick(&mut self, desk: &mut Desk) -> bool {
        let mut worked = false;
        while let Some((at, task)) = self.agenda.take(desk.now) {
            worked = true;
            match task {
                Task::Receive(sscc) => self.receive(desk, &sscc, at),
                Task::PutAway(sscc) => self.put_away(desk, &sscc, at),
                Task::Pick(delivery) => self.pick(desk, &delivery, at),
                Task::Pack(delivery) => self.pack(desk, &delivery, at),
                Task::Ask(delivery) => self.ask(desk, &delivery, at),
                Task::Depart(delivery, attempt) => self.depart(desk, &delivery, attempt, at),
            }
        }
        worked
    }

    fn due(&self) -> Option<Moment> {
        self.agenda.due()
    }

    fn books(&self) -> Value {
        json!({
            "handling_units": self.units.values().map(|unit| self.unit_view(unit)).collect::<Vec<_>>(),
            "stock": self.stock(),
            "stock_blocks": self.blocks.views(None),
            "deliveries": self.deliveries.values().map(Delivery::view).collect::<Vec<_>>(),
        })
    }

    fn locked(status: Option<u16>) -> Response {
        Response::json(status.unwrap_or(423), &json!({ "error": "locked", "detail": "the record is open at a terminal" }))
    }
}

#[cfg(test)]
mod tests;
