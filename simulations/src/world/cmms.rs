//! A maintenance system (CMMS). This page is its interface reference.
//!
//! Apart from the mesh in every respect ([`super`]). It knows *assets* by their tags; all times are **milliseconds since 1970** as JSON
//! numbers, in and out. Whether an asset may run is for it to say, and it says so in words of its own.
//!
//! # Speaking with it
//!
//! | path | what |
//! |---|---|
//! | `GET /assets`, `GET /assets/{tag}` | `{"tag":"PRESS-4","plant":"nord","status":"OPERATIONAL","since":1795486331000,"calibrated_until":1798678800000}`; `status` is `OPERATIONAL`, `DOWN` or `PLANNED_STOP`; `calibrated_until` is null when the last calibration failed or none was ever done; `?plant=nord` |
//! | `POST /breakdowns` | `{"asset":"PRESS-4","client_ref":"…","code":"HYD","text":"no pressure"}`: 201 with the work order; a known `client_ref` 200 with the same; an asset that is down already 409 `already_down`, with the open work order as its detail |
//! | `GET /work-orders`, `GET /work-orders/{number}` | `{"work_order":"WO-000001","asset":…,"kind":"BREAKDOWN","state":"open","code":…,"text":…,"client_ref":…,"opened":…,"closed":null}`; `?asset=…`, `?state=open` |
//! | `GET /windows` | planned stops: `{"window":"MW-000001","asset":…,"from":…,"to":…,"state":"planned"}`, then `running`, `over`, or `cancelled`; `?asset=…` |
//!
//! Refusals are `{"error":"…","detail":"…"}`.
//!
//! # What it tells
//!
//! Every body has `message`, `topic`, `at`, `asset` and `plant`; the lane is the asset.
//!
//! | topic | beyond that |
//! |---|---|
//! | `asset.down` | `work_order`, `code`, `text` |
//! | `asset.up` | `work_order` |
//! | `window.planned`, `window.started`, `window.ended`, `window.cancelled` | `window`, `from`, `to` |
//! | `calibration.passed` | `valid_until` |
//! | `calibration.failed` | |
//!
//! # Its rules
//!
//! An asset is down once at a time, and has one open breakdown. Windows of one asset do not overlap and end after they begin.
//! A breakdown goes before a window: an asset that is repaired within one is in `PLANNED_STOP`, not operational.
//!
//! # Its habits
//!
//! `flaps`: a breakdown is told as down, up and down again, as by a bouncing contact. `forgets_up`: the end of a breakdown is
//! told to nobody; only reading shows it.
//!
//! # Its own people
//!
//! | path | body |
//! |---|---|
//! | `POST /_sim/assets` | `{"tag":"PRESS-4","plant":"nord","calibrated_until":1798678800000}` |
//! | `POST /_sim/breakdowns` | `{"asset":"PRESS-4","code":"HYD","text":"…","repair_ms":5000}`: down now, and up again after that; without `repair_ms` until somebody repairs it |
//! | `POST /_sim/repairs` | `{"asset":"PRESS-4"}` |
//! | `POST /_sim/windows` | `{"asset":"PRESS-4","from":…,"to":…}` |
//! | `DELETE /_sim/windows/{window}` | cancels one that has not begun |
//! | `POST /_sim/calibrations` | `{"asset":"PRESS-4","valid_until":1798678800000}`; without `valid_until` it failed |

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use super::agenda::Agenda;
use super::exchange::{Method, Request, Response};
use super::front::{self, Answered, Refusal, Written, listed, no_such_path, read, refusal, shown, unknown, with};
use super::habits::Habit;
use super::moment::{Moment, Zone};
use super::system::{Desk, House, Kind, Rules};
use windows::Window;

mod windows;

/// The maintenance system's rules and books.
#[derive(Clone, Debug)]
pub struct Cmms {
    name: String,
    assets: BTreeMap<String, Asset>,
    orders: BTreeMap<String, WorkOrder>,
    windows: BTreeMap<String, Window>,
    agenda: Agenda<Task>,
}

#[derive(Clone, Debug)]
struct Asset {
    tag: String,
    plant: String,
    calibrated_until: Option<i64>,
    /// The open breakdown.
    down: Option<String>,
    /// The window that is running.
    stopped: Option<String>,
    since: Moment,
}

#[derive(Clone, Debug)]
struct WorkOrder {
    number: String,
    asset: String,
    code: String,
    text: String,
    client_ref: Option<String>,
    opened: Moment,
    closed: Option<Moment>,
}

/// What it means to do later.
#[derive(Clone, Debug)]
enum Task {
    /// Ends this breakdown, if nobody did before.
    Repair(String),
    StartWindow(String),
    EndWindow(String),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewAsset {
    tag: String,
    plant: String,
    #[serde(default)]
    calibrated_until: Option<i64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewBreakdown {
    asset: String,
    #[serde(default)]
    client_ref: Option<String>,
    #[serde(default)]
    code: String,
    #[serde(default)]
    text: String,
    /// By its own people only: when it will be repaired.
    #[serde(default)]
    repair_ms: Option<u32>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Named {
    asset: String,
    #[serde(default)]
    valid_until: Option<i64>,
}

impl Cmms {
    /// A maintenance system with empty books, of this name, whose people live in this zone.
    pub fn house(name: &str, zone: Zone, seed: u64) -> House<Self> {
        let (assets, orders, windows) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        House::new(Self { name: name.to_owned(), assets, orders, windows, agenda: Agenda::default() }, zone, seed)
    }

    fn serve(&mut self, desk: &mut Desk, request: &Request) -> Answered {
        match (request.method, request.segments().as_slice()) {
            (Method::Get, ["assets"]) => Ok(listed(self.assets.values().map(Asset::view), &request.query)),
            (Method::Get, ["assets", tag]) => Ok(shown(&self.asset(tag)?.view())),
            (Method::Get, ["work-orders"]) => Ok(listed(self.orders.values().map(WorkOrder::view), &request.query)),
            (Method::Get, ["work-orders", number]) => Ok(shown(&self.orders.get(*number).ok_or_else(|| unknown(number))?.view())),
            (Method::Get, ["windows"]) => Ok(listed(self.windows.values().map(Window::view), &request.query)),
            (Method::Post, ["breakdowns"]) => self.report(desk, NewBreakdown { repair_ms: None, ..read(request)? }),
            (Method::Post, ["_sim", "breakdowns"]) => self.report(desk, read(request)?),
            (Method::Post, ["_sim", "assets"]) => Ok(self.install(desk, read(request)?)),
            (Method::Post, ["_sim", "repairs"]) => {
                let named: Named = read(request)?;
                let order = self.asset(&named.asset)?.down.clone().ok_or_else(|| refusal(409, "not_down", named.asset.clone()))?;
                let now = desk.now;
                self.repair(desk, &order, now);
                Ok(shown(&self.asset(&named.asset)?.view()))
            }
            (Method::Post, ["_sim", "calibrations"]) => self.calibrate(desk, &read(request)?),
            (Method::Post, ["_sim", "windows"]) => self.plan_window(desk, read(request)?),
            (Method::Delete, ["_sim", "windows", number]) => self.cancel_window(desk, number),
            _ => Err(no_such_path(request)),
        }
    }

    fn asset(&self, tag: &str) -> Result<&Asset, Refusal> {
        self.assets.get(tag).ok_or_else(|| unknown(tag))
    }

    fn install(&mut self, desk: &Desk, new: NewAsset) -> Response {
        let known = self.assets.remove(&new.tag);
        let (down, stopped) = known.map_or((None, None), |known| (known.down, known.stopped));
        let asset = Asset { tag: new.tag, plant: new.plant, calibrated_until: new.calibrated_until, down, stopped, since: desk.now };
        let view = asset.view();
        self.assets.insert(asset.tag.clone(), asset);
        Response::json(201, &view)
    }

    /// Something broke. The same reference again is the same breakdown.
    fn report(&mut self, desk: &mut Desk, new: NewBreakdown) -> Answered {
        let asset = self.asset(&new.asset)?;
        let twin = self.orders.values().find(|order| order.client_ref.is_some() && order.client_ref == new.client_ref);
        if let Some(twin) = twin {
            let same = (&twin.asset, &twin.code, &twin.text) == (&new.asset, &new.code, &new.text);
            return if same { Ok(shown(&twin.view())) } else { Err(refusal(409, "reference_reused", twin.number.clone())) };
        }
        if let Some(open) = &asset.down {
            return Err(refusal(409, "already_down", open.clone()));
        }
        let number = format!("WO-{:06}", self.orders.len() + 1);
        let (code, text, client_ref) = (new.code, new.text, new.client_ref);
        let order = WorkOrder { number: number.clone(), asset: new.asset, code, text, client_ref, opened: desk.now, closed: None };
        if let Some(asset) = self.assets.get_mut(&order.asset) {
            (asset.down, asset.since) = (Some(number.clone()), desk.now);
        }
        self.tell_down(desk, &order);
        if let Some(after_ms) = new.repair_ms {
            self.agenda.note(desk.now.plus_ms(after_ms.into()), Task::Repair(number.clone()));
        }
        let view = order.view();
        self.orders.insert(number, order);
        Ok(Response::json(201, &view))
    }

    fn tell_down(&self, desk: &mut Desk, order: &WorkOrder) {
        let now = desk.now;
        let down = || json!({ "work_order": order.number, "code": order.code, "text": order.text });
        self.tell(desk, &order.asset, "asset.down", now, down());
        if desk.habits.takes(Habit::Flaps, "asset.down").is_some() {
            self.tell(desk, &order.asset, "asset.up", now, json!({ "work_order": order.number }));
            self.tell(desk, &order.asset, "asset.down", now, down());
        }
    }

    /// Ends a breakdown.
    fn repair(&mut self, desk: &mut Desk, number: &str, at: Moment) {
        let Some(order) = self.orders.get_mut(number).filter(|order| order.closed.is_none()) else { return };
        order.closed = Some(at);
        let tag = order.asset.clone();
        if let Some(asset) = self.assets.get_mut(&tag) {
            (asset.down, asset.since) = (None, at);
        }
        if desk.habits.takes(Habit::ForgetsUp, "asset.up").is_none() {
            self.tell(desk, &tag, "asset.up", at, json!({ "work_order": number }));
        }
    }

    fn calibrate(&mut self, desk: &mut Desk, done: &Named) -> Answered {
        let asset = self.assets.get_mut(&done.asset).ok_or_else(|| unknown(&done.asset))?;
        asset.calibrated_until = done.valid_until;
        let (view, now) = (asset.view(), desk.now);
        match done.valid_until {
            Some(until) => self.tell(desk, &done.asset, "calibration.passed", now, json!({ "valid_until": until })),
            None => self.tell(desk, &done.asset, "calibration.failed", now, json!({})),
        }
        Ok(shown(&view))
    }

    /// Has something to tell about an asset.
    fn tell(&self, desk: &mut Desk, tag: &str, topic: &str, at: Moment, body: Value) {
        let plant = self.assets.get(tag).map_or("", |asset| asset.plant.as_str());
        let body = with(with(body, "asset", json!(tag)), "plant", json!(plant));
        front::tell(desk, &self.name, (tag, topic), (at, Written::Epoch), body);
    }
}

impl Asset {
    fn view(&self) -> Value {
        let status = match (&self.down, &self.stopped) {
            (Some(_), _) => "DOWN",
            (None, Some(_)) => "PLANNED_STOP",
            (None, None) => "OPERATIONAL",
        };
        json!({ "tag": self.tag, "plant": self.plant, "status": status, "since": self.since, "calibrated_until": self.calibrated_until })
    }
}

impl WorkOrder {
    fn view(&self) -> Value {
        json!({
            "work_order": self.number, "asset": self.asset, "kind": "BREAKDOWN", "state": if self.closed.is_none() { "open" } else { "closed" },
            "code": self.code, "text": self.text, "client_ref": self.client_ref, "opened": self.opened, "closed": self.closed,
        })
    }
}

impl Rules for Cmms {
    const KIND: Kind = Kind::Cmms;
    const HABITS: &'static [Habit] = &[Habit::Flaps, Habit::ForgetsUp];

    fn answer(&mut self, desk: &mut Desk, request: &Request) -> Response {
        self.serve(desk, request).unwrap_or_else(|refusal| refusal.response())
    }

    fn tick(&mut self, desk: &mut Desk) -> bool {
        let mut worked = false;
        while let Some((at, task)) = self.agenda.take(desk.now) {
            worked = true;
            match task {
                Task::Repair(number) => self.repair(desk, &number, at),
                Task::StartWindow(number) => self.start_window(desk, &number, at),
                Task::EndWindow(number) => self.end_window(desk, &number, at),
            }
        }
        worked
    }

    fn due(&self) -> Option<Moment> {
        self.agenda.due()
    }

    fn books(&self) -> Value {
        json!({
            "assets": self.assets.values().map(Asset::view).collect::<Vec<_>>(),
            "work_orders": self.orders.values().map(WorkOrder::view).collect::<Vec<_>>(),
            "windows": self.windows.values().map(Window::view).collect::<Vec<_>>(),
        })
    }

    fn locked(status: Option<u16>) -> Response {
        front::locked(status)
    }
}

#[cfg(test)]
mod tests;
