//! A transport system (TMS). This page is its interface reference.
//!
//! Apart from the mesh in every respect ([`super`]). It knows *loads* that *carriers* bring away from *docks* of a *yard*; times are local with
//! their offset. Customs are its own business; whether the goods may leave is for others to say, and it asks.
//!
//! # Speaking with it
//!
//! | path | what |
//! |---|---|
//! | `POST /loads` | `{"shipment":"SHP-7781","yard":"wms-eu","pallets":6,"customs":true}`: 201 `{"load":"L-000001","state":"tendered",…}`; a known shipment 200 with the same load; with other content 409 `shipment_known` |
//! | `GET /loads`, `GET /loads/{load}` | `state` `tendered`, `booked`, `in_yard`, `at_dock`, `asking`, `released`, `departed`, `unplaced` (no carrier takes it) or `cancelled`; `carrier`, `dock`, `appointment`, `reasons`, `ask`; `?shipment=…`, `?state=…` |
//! | `POST /loads/{load}/release` | `{"ask":1,"release":"granted"}` or `{"ask":1,"release":"refused","reasons":["QUALITY"]}`: 200; an answer to another ask than the last one 409 `stale_ask`; after the truck left 409 `departed`; a refusal after a grant takes it back |
//! | `POST /loads/{load}/hold`, `…/unhold` | `{"reason":"QUALITY"}`: 200; 409 `departed` |
//! | `POST /loads/{load}/cancel` | 200, also when it is so already; 409 `departed` |
//!
//! Refusals are `{"error":"…","detail":"…"}`.
//!
//! # What it tells
//!
//! Every body has `message`, `topic`, `at`, `load` and `shipment`; the lane is the load.
//!
//! | topic | beyond that |
//! |---|---|
//! | `load.booked` | `carrier`, `appointment` |
//! | `carrier.declined` | `carrier` |
//! | `appointment.moved` | `carrier`, `appointment` |
//! | `truck.at_dock` | `dock` |
//! | `departure.asked` | `ask` |
//! | `load.departed` | `ask` that was granted, or null, `dock` |
//! | `load.unplaced`, `customs.cleared` | |
//!
//! # Its rules
//!
//! Carriers are asked in their order; one declines what is more than it can carry. A dock takes one truck; who finds none waits in the
//! yard, first come first served. A load under customs does not ask until it is cleared. After a refusal it asks again after
//! `ask_again_ms`, and whenever the last reason is taken off.
//!
//! # Its habits
//!
//! `no_show`: the truck does not come, and the appointment is moved by `amount` ms (default an hour). `dock_changes`: the truck stands at
//! another dock than was told, and until it departs only reading shows it. `departs_uncleared`: the driver leaves without an answer.
//!
//! # Its own people
//!
//! | path | body |
//! |---|---|
//! | `PUT /_sim/yards/{yard}` | `{"docks":["D1","D2"],"carriers":[{"carrier":"NORDFRACHT","pallets":33}]}` |
//! | `PUT /_sim/pace` | `{"book_ms":200,"arrive_ms":500,"ask_ms":200,"leave_ms":300,"ask_again_ms":2000,"waits_for_goods":false}` |
//! | `POST /_sim/loaded/{load}` | `{}`: the goods are on the truck; a driver who waits for them leaves then, where he may |
//! | `POST /_sim/customs/{load}` | `{}`: customs have cleared it |

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::agenda::Agenda;
use super::exchange::{Method, Request, Response};
use super::front::{self, Answered, Refusal, Written, listed, no_such_path, read, shown, unknown, with};
use super::habits::Habit;
use super::moment::{Moment, Zone};
use super::system::{Desk, House, Kind, Rules};
use loads::{Load, Stage};

mod loads;
mod trucks;

/// The transport system's rules and books.
#[derive(Clone, Debug)]
pub struct Tms {
    name: String,
    pace: Pace,
    yards: BTreeMap<String, Yard>,
    loads: BTreeMap<String, Load>,
    agenda: Agenda<Task>,
}

/// How fast things go here.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Pace {
    book_ms: u32,
    arrive_ms: u32,
    ask_ms: u32,
    leave_ms: u32,
    ask_again_ms: u32,
    /// Whether a driver who may leave waits until somebody says that his goods are on the truck.
    waits_for_goods: bool,
}

impl Default for Pace {
    fn default() -> Self {
        Self { book_ms: 200, arrive_ms: 500, ask_ms: 200, leave_ms: 300, ask_again_ms: 2_000, waits_for_goods: false }
    }
}

/// A yard: its docks, and who drives from there, in the order they are asked.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Yard {
    docks: Vec<String>,
    carriers: Vec<Carrier>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Carrier {
    carrier: String,
    /// The most it can carry.
    pallets: u32,
}

/// What it means to do later.
#[derive(Clone, Debug)]
enum Task {
    Book(String),
    Arrive(String),
    Ask(String),
    /// Leaves with the grant of this ask.
    Leave(String, u32),
}

impl Tms {
    /// A transport system with empty books, of this name, whose people live in this zone.
    pub fn house(name: &str, zone: Zone, seed: u64) -> House<Self> {
        let (yards, loads) = (BTreeMap::new(), BTreeMap::new());
        House::new(Self { name: name.to_owned(), pace: Pace::default(), yards, loads, agenda: Agenda::default() }, zone, seed)
    }

    fn serve(&mut self, desk: &mut Desk, request: &Request) -> Answered {
        match (request.method, request.segments().as_slice()) {
            (Method::Post, ["loads"]) => self.tender(desk, read(request)?),
            (Method::Get, ["loads"]) => Ok(listed(self.loads.values().map(Load::view), &request.query)),
            (Method::Get, ["loads", number]) => Ok(shown(&self.load(number)?.view())),
            (Method::Post, ["loads", number, "release"]) => self.release(desk, number, &read(request)?),
            (Method::Post, ["loads", number, "hold"]) => self.hold(number, read(request)?),
            (Method::Post, ["loads", number, "unhold"]) => self.unhold(desk, number, &read(request)?),
            (Method::Post, ["loads", number, "cancel"]) => self.cancel(desk, number),
            (Method::Post, ["_sim", "customs", number]) => self.customs_clear(desk, number),
            (Method::Post, ["_sim", "loaded", number]) => self.loaded(desk, number),
            (Method::Put, ["_sim", "yards", name]) => {
                let yard: Yard = read(request)?;
                let view = json!(yard);
                self.yards.insert((*name).to_owned(), yard);
                Ok(shown(&view))
            }
            (Method::Put, ["_sim", "pace"]) => {
                self.pace = read(request)?;
                Ok(shown(&json!(self.pace)))
            }
            _ => Err(no_such_path(request)),
        }
    }

    fn load(&self, number: &str) -> Result<&Load, Refusal> {
        self.loads.get(number).ok_or_else(|| unknown(number))
    }

    /// Has something to tell about a load.
    fn tell(&self, desk: &mut Desk, load: &Load, topic: &str, at: Moment, body: Value) {
        let body = with(with(body, "load", json!(load.number)), "shipment", json!(load.wish.shipment));
        front::tell(desk, &self.name, (&load.number, topic), (at, Written::Local), body);
    }
}

impl Rules for Tms {
    const KIND: Kind = Kind::Tms;
    const HABITS: &'static [Habit] = &[Habit::NoShow, Habit::DockChanges, Habit::DepartsUncleared];

    fn answer(&mut self, desk: &mut Desk, request: &Request) -> Response {
        self.serve(desk, request).unwrap_or_else(|refusal| refusal.response())
    }

    fn tick(&mut self, desk: &mut Desk) -> bool {
        let mut worked = false;
        while let Some((at, task)) = self.agenda.take(desk.now) {
            worked = true;
            match task {
                Task::Book(load) => self.book(desk, &load, at),
                Task::Arrive(load) => self.arrive(desk, &load, at),
                Task::Ask(load) => self.ask(desk, &load, at),
                Task::Leave(load, ask) => {
                    let may = |load: &Load| load.stage == Stage::Released && load.ask == ask;
                    let waits = |load: &Load| self.pace.waits_for_goods && !load.loaded;
                    if self.loads.get(&load).is_some_and(|load| may(load) && !waits(load)) {
                        self.leave(desk, &load, Some(ask), at);
                    }
                }
            }
        }
        worked
    }

    fn due(&self) -> Option<Moment> {
        self.agenda.due()
    }

    fn books(&self) -> Value {
        json!({ "loads": self.loads.values().map(Load::view).collect::<Vec<_>>(), "yards": self.yards })
    }

    fn locked(status: Option<u16>) -> Response {
        front::locked(status)
    }
}

#[cfg(test)]
mod tests;
