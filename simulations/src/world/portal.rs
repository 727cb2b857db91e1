//! A supplier portal with ship notices (ASN). This page is its interface reference.
//!
//! Apart from the mesh in every respect ([`super`]). Suppliers answer purchase orders here, and say what is on its way, pack by pack.
//! Quantities are decimal text, days are `dd.mm.yyyy`, times local with their offset.
//!
//! # Speaking with it
//!
//! | path | what |
//! |---|---|
//! | `PUT /purchase-orders/{po}` | `{"supplier":"STAHL-AG","ship_to":"nord","lines":[{"line":10,"item":"STEEL-3","qty":"2000","unit":"KG","due":"01.12.2026"}]}`: 201, or 200 when it is known so; another content is a revision (200) until something was shipped, then 409 `shipped` |
//! | `GET /purchase-orders`, `GET /purchase-orders/{po}` | with `revision`, `state` `open`, `confirmed`, `shipped`, `received` or `rejected`, and `promised` |
//! | `GET /ship-notices`, `GET /ship-notices/{asn}` | `{"asn":"ASN-000001","po":…,"supplier":…,"ship_to":…,"packs":[{"sscc":"340999990000000013","line":10,"item":"STEEL-3","qty":"500","unit":"KG","batch":"H-0001","made":"24.11.2026"}],"receipt":null}`; `?po=…` |
//! | `POST /ship-notices/{asn}/receipt` | `{"packs":[{"sscc":"…","qty":"500"}]}`: what came; 200, also when it is known so; another receipt than before 409 `received`; a pack that is not on it 400 `unknown_pack`. Answers the differences: `{"differences":[{"sscc":…,"noticed":"500","received":"498"}]}` |
//!
//! Refusals are `{"error":"…","detail":"…"}`.
//!
//! # What it tells
//!
//! Every body has `message`, `topic`, `at` and `po`; the lane is the purchase order.
//!
//! | topic | beyond that |
//! |---|---|
//! | `po.confirmed` | `revision`, `promised` |
//! | `po.rejected` | `revision`, `reason` |
//! | `asn.sent` | the ship notice |
//!
//! # Its habits
//!
//! `short_ship`: the notice says more than is on the truck: `amount` (default 2) less in the last pack, which only `loaded` in the books
//! shows. `batch_missing`: packs come without batch and date.
//!
//! # Its own people
//!
//! | path | body |
//! |---|---|
//! | `PUT /_sim/pace` | `{"confirm_ms":300,"ship_ms":1000,"pack_qty":"500","reject_item":""}`; purchase orders with `reject_item` on them are rejected |

use std::collections::BTreeMap;

use jiff::civil::Date;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::agenda::Agenda;
use super::exchange::{Method, Request, Response};
use super::front::{self, Answered, Written, listed, no_such_path, read, refusal, shown, unknown, with};
use super::habits::Habit;
use super::moment::{Moment, Zone};
use super::system::{Desk, House, Kind, Rules};
use notices::Notice;

mod notices;

/// The portal's rules and books.
#[derive(Clone, Debug)]
pub struct Portal {
    name: String,
    pace: Pace,
    orders: BTreeMap<String, PurchaseOrder>,
    notices: BTreeMap<String, Notice>,
    packs: u64,
    agenda: Agenda<Task>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Pace {
    confirm_ms: u32,
    ship_ms: u32,
    pack_qty: Decimal,
    reject_item: String,
}

impl Default for Pace {
    fn default() -> Self {
        Self { confirm_ms: 300, ship_ms: 1_000, pack_qty: Decimal::from(500), reject_item: String::new() }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Open,
    Confirmed,
    Shipped,
    Received,
    Rejected,
}

#[derive(Clone, Debug)]
struct PurchaseOrder {
    number: String,
    revision: u32,
    wish: Wish,
    stage: Stage,
    promised: Option<Date>,
}

/// What is ordered.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wish {
    supplier: String,
    ship_to: String,
    lines: Vec<Line>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    #[serde(rename = "line")]
    number: u32,
    item: String,
    qty: Decimal,
    unit: String,
    due: String,
}

/// What a supplier means to do later, about this revision of a purchase order.
#[derive(Clone, Debug)]
enum Task {
    Answer(String, u32),
    Ship(String, u32),
}

/// A day as this portal writes it.
fn day(date: Date) -> String {
    date.strftime("%d.%m.%Y").to_string()
}

impl Portal {
    /// A portal with empty books, of this name, whose people live in this zone.
    pub fn house(name: &str, zone: Zone, seed: u64) -> House<Self> {
        let (orders, notices) = (BTreeMap::new(), BTreeMap::new());
        House::new(Self { name: name.to_owned(), pace: Pace::default(), orders, notices, packs: 0, agenda: Agenda::default() }, zone, seed)
    }

    fn serve(&mut self, desk: &mut Desk, request: &Request) -> Answered {
        match (request.method, request.segments().as_slice()) {
            (Method::Put, ["purchase-orders", number]) => self.order(desk, number, read(request)?),
            (Method::Get, ["purchase-orders"]) => Ok(listed(self.orders.values().map(PurchaseOrder::view), &request.query)),
            (Method::Get, ["purchase-orders", number]) => Ok(shown(&self.orders.get(*number).ok_or_else(|| unknown(number))?.view())),
            (Method::Get, ["ship-notices"]) => Ok(listed(self.notices.values().map(Notice::view), &request.query)),
            (Method::Get, ["ship-notices", number]) => Ok(shown(&self.notices.get(*number).ok_or_else(|| unknown(number))?.view())),
            (Method::Post, ["ship-notices", number, "receipt"]) => self.receive(number, read(request)?),
            (Method::Put, ["_sim", "pace"]) => {
                let pace: Pace = read(request)?;
                if pace.pack_qty <= Decimal::ZERO {
                    return Err(refusal(400, "malformed", "a pack holds something"));
                }
                self.pace = pace;
                Ok(shown(&json!(self.pace)))
            }
            _ => Err(no_such_path(request)),
        }
    }

    fn order(&mut self, desk: &mut Desk, number: &str, wish: Wish) -> Answered {
        let sane = |line: &Line| {
            line.qty > Decimal::ZERO && line.qty < Decimal::from(1_000_000_000) && Date::strptime("%d.%m.%Y", &line.due).is_ok()
        };
        let mut numbers: Vec<u32> = wish.lines.iter().map(|line| line.number).collect();
        numbers.sort_unstable();
        numbers.dedup();
        if wish.lines.is_empty() || numbers.len() != wish.lines.len() || !wish.lines.iter().all(sane) {
            return Err(refusal(400, "malformed", "a line has a number of its own, a quantity, and a day as dd.mm.yyyy"));
        }
        let revision = match self.orders.get(number) {
            Some(known) if known.wish == wish => return Ok(shown(&known.view())),
            Some(known) if matches!(known.stage, Stage::Shipped | Stage::Received) => return Err(refusal(409, "shipped", number)),
            Some(known) => known.revision + 1,
            None => 1,
        };
        let order = PurchaseOrder { number: number.to_owned(), revision, wish, stage: Stage::Open, promised: None };
        let view = order.view();
        self.orders.insert(number.to_owned(), order);
        self.agenda.note(desk.now.plus_ms(self.pace.confirm_ms.into()), Task::Answer(number.to_owned(), revision));
        Ok(Response::json(if revision == 1 { 201 } else { 200 }, &view))
    }

    /// The supplier confirms or rejects, for the last day that is asked for.
    fn answer_order(&mut self, desk: &mut Desk, number: &str, revision: u32, at: Moment) {
        let Some(order) = self.orders.get_mut(number).filter(|order| order.revision == revision && order.stage == Stage::Open) else {
            return;
        };
        if order.wish.lines.iter().any(|line| line.item == self.pace.reject_item) {
            order.stage = Stage::Rejected;
            let body = json!({ "revision": revision, "reason": format!("{} is not to be had", self.pace.reject_item) });
            return self.tell(desk, number, "po.rejected", at, body);
        }
        order.stage = Stage::Confirmed;
        order.promised = order.wish.lines.iter().filter_map(|line| Date::strptime("%d.%m.%Y", &line.due).ok()).max();
        let body = json!({ "revision": revision, "promised": order.promised.map(day) });
        self.tell(desk, number, "po.confirmed", at, body);
        self.agenda.note(at.plus_ms(self.pace.ship_ms.into()), Task::Ship(number.to_owned(), revision));
    }

    /// Has something to tell about a purchase order.
    fn tell(&self, desk: &mut Desk, po: &str, topic: &str, at: Moment, body: Value) {
        front::tell(desk, &self.name, (po, topic), (at, Written::Local), with(body, "po", json!(po)));
    }
}

impl PurchaseOrder {
    fn view(&self) -> Value {
        let state = match self.stage {
            Stage::Open => "open",
            Stage::Confirmed => "confirmed",
            Stage::Shipped => "shipped",
            Stage::Received => "received",
            Stage::Rejected => "rejected",
        };
        json!({
            "po": self.number, "revision": self.revision, "supplier": self.wish.supplier, "ship_to": self.wish.ship_to,
            "lines": self.wish.lines, "state": state, "promised": self.promised.map(day),
        })
    }
}

impl Rules for Portal {
    const KIND: Kind = Kind::Portal;
    const HABITS: &'static [Habit] = &[Habit::ShortShip, Habit::BatchMissing];

    fn answer(&mut self, desk: &mut Desk, request: &Request) -> Response {
        self.serve(desk, request).unwrap_or_else(|refusal| refusal.response())
    }

    fn tick(&mut self, desk: &mut Desk) -> bool {
        let mut worked = false;
        while let Some((at, task)) = self.agenda.take(desk.now) {
            worked = true;
            match task {
                Task::Answer(number, revision) => self.answer_order(desk, &number, revision, at),
                Task::Ship(number, revision) => self.ship(desk, &number, revision, at),
            }
        }
        worked
    }

    fn due(&self) -> Option<Moment> {
        self.agenda.due()
    }

    fn books(&self) -> Value {
        json!({
            "purchase_orders": self.orders.values().map(PurchaseOrder::view).collect::<Vec<_>>(),
            "ship_notices": self.notices.values().map(Notice::book).collect::<Vec<_>>(),
        })
    }

    fn locked(status: Option<u16>) -> Response {
        front::locked(status)
    }
}

#[cfg(test)]
mod tests;
