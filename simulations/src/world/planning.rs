//! A demand planning system. This page is its interface reference.
//!
//! Apart from the mesh in every respect ([`super`]). It raises *supply signals*: so much of an item, at a plant, until a day. It changes
//! its mind, and says so with a version. Quantities are JSON integers of the item's base unit, days are text, and it answers in a list of
//! *changes* that only grows, so that a poller needs one number.
//!
//! # Speaking with it
//!
//! | path | what |
//! |---|---|
//! | `GET /signals`, `GET /signals/{signal}` | `{"signal":"S-000001","version":2,"item":"FG-100","plant":"nord","quantity":5000,"unit":"PC","need_by":"2026-12-01","firmness":"open","response":null,"order":null,"supply":null,"changed_at":"…"}`; `firmness` is `open`, `firm` or `withdrawn`; `?plant=nord` |
//! | `GET /changes?after=17` | `{"changes":[{"change":18,"what":"revised", …the signal…}],"last":18}`, at most 100, oldest first: each as the signal was then |
//! | `POST /signals/{signal}/response` | `{"version":2,"response":"accepted","order":"1000042"}` or `{"version":2,"response":"refused","reason":"no capacity"}`: 200, also when it is known; another version than the newest 409 `stale_version`; another answer than before 409 `answered` |
//!
//! | `PUT /signals/{signal}/supply` | `{"word":3,"version":2,"planned":"00000001","orders":[{"order":"1000042","plant":"nord","quantity":160,"confirmed":null,"state":"released"}]}`: what is on its way; 200, and a `word` that is not higher than the last one changes nothing |
//!
//! Refusals are `{"error":"…","detail":"…"}`.
//!
//! # What it tells
//!
//! `signal.raised`, `signal.revised`, `signal.firmed`, `signal.withdrawn`: the signal, with `message`, `topic`, `at`; the lane is the signal.
//!
//! # Its rules
//!
//! A revision is a new version, and asks for a new response. A firm signal is revised no more, but may be withdrawn; a withdrawn
//! one is over.
//!
//! # Its habits
//!
//! `silent_revision`: quantity and day change, the version does not, and nobody is told. `nervous`: a planning run moves every open
//! signal by `amount` per mille (default 20), though nothing happened.
//!
//! # Its own people
//!
//! | path | body |
//! |---|---|
//! | `POST /_sim/signals` | `{"item":"FG-100","plant":"nord","quantity":5000,"unit":"PC","need_by":"2026-12-01"}` |
//! | `POST /_sim/signals/{signal}/revise` | `{"quantity":4000}`, `{"need_by":"2026-12-03"}` or both |
//! | `POST /_sim/signals/{signal}/firm`, `…/withdraw` | `{}` |
//! | `POST /_sim/runs` | `{}`: a planning run over all open signals; changes nothing unless it is nervous |

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::exchange::{Method, Request, Response};
use super::front::{self, Answered, Refusal, Written, listed, no_such_path, read, refusal, shown, unknown, with};
use super::habits::Habit;
use super::moment::{Moment, Zone};
use super::system::{Desk, House, Kind, Rules};

/// Changes in one answer.
const PAGE: usize = 100;

/// By how much a nervous run moves, in thousandths.
const NERVOUS: i64 = 20;

/// The planning system's rules and books.
#[derive(Clone, Debug)]
pub struct Planning {
    name: String,
    signals: BTreeMap<String, Signal>,
    /// Every change, as its signal was then.
    changes: Vec<Value>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Firmness {
    Open,
    Firm,
    Withdrawn,
}

#[derive(Clone, Debug)]
struct Signal {
    number: String,
    version: u32,
    wish: NewSignal,
    firmness: Firmness,
    answer: Option<Answer>,
    supply: Option<Supply>,
    changed_at: Moment,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct NewSignal {
    item: String,
    plant: String,
    quantity: u32,
    unit: String,
    need_by: Date,
}

/// What somebody answers to a version of a signal.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Answer {
    version: u32,
    response: Verdict,
    #[serde(default)]
    order: Option<String>,
    #[serde(default)]
    reason: Option<String>,
}

/// What somebody says is on its way.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Supply {
    word: u32,
    version: u32,
    #[serde(default)]
    planned: Option<String>,
    orders: Vec<SupplyOrder>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SupplyOrder {
    order: String,
    plant: String,
    quantity: u32,
    #[serde(default)]
    confirmed: Option<u32>,
    state: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Verdict {
    Accepted,
    Refused,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Revision {
    quantity: Option<u32>,
    need_by: Option<Date>,
}

impl Planning {
    /// A planning system with empty books, of this name, whose people live in this zone.
    pub fn house(name: &str, zone: Zone, seed: u64) -> House<Self> {
        House::new(Self { name: name.to_owned(), signals: BTreeMap::new(), changes: Vec::new() }, zone, seed)
    }

    fn serve(&mut self, desk: &mut Desk, request: &Request) -> Answered {
        match (request.method, request.segments().as_slice()) {
            (Method::Get, ["signals"]) => Ok(listed(self.signals.values().map(|one| one.view(&desk.zone)), &request.query)),
            (Method::Get, ["signals", number]) => Ok(shown(&self.signal(number)?.view(&desk.zone))),
            (Method::Get, ["changes"]) => self.changes_after(request),
            (Method::Post, ["signals", number, "response"]) => self.answer_to(desk, number, read(request)?),
            (Method::Put, ["signals", number, "supply"]) => self.supplied(desk, number, read(request)?),
            (Method::Post, ["_sim", "signals"]) => self.raise(desk, read(request)?),
            (Method::Post, ["_sim", "signals", number, "revise"]) => self.revise(desk, number, &read(request)?),
            (Method::Post, ["_sim", "signals", number, "firm"]) => self.settle(desk, number, Firmness::Firm),
            (Method::Post, ["_sim", "signals", number, "withdraw"]) => self.settle(desk, number, Firmness::Withdrawn),
            (Method::Post, ["_sim", "runs"]) => Ok(self.run(desk)),
            _ => Err(no_such_path(request)),
        }
    }

    fn signal(&self, number: &str) -> Result<&Signal, Refusal> {
        self.signals.get(number).ok_or_else(|| unknown(number))
    }

    fn changes_after(&self, request: &Request) -> Answered {
        let after = request.query.get("after").map_or(Ok(0), |text| text.parse::<usize>());
        let after = after.map_err(|_| refusal(400, "malformed", "`after` is the number of a change"))?;
        let page: Vec<&Value> = self.changes.iter().skip(after).take(PAGE).collect();
        Ok(shown(&json!({ "last": page.len() + after.min(self.changes.len()), "changes": page })))
    }

    fn raise(&mut self, desk: &mut Desk, wish: NewSignal) -> Answered {
        if wish.quantity == 0 {
            return Err(refusal(400, "malformed", "a signal asks for something"));
        }
        let number = format!("S-{:06}", self.signals.len() + 1);
        let signal = Signal { number, version: 1, wish, firmness: Firmness::Open, answer: None, supply: None, changed_at: desk.now };
        let view = signal.view(&desk.zone);
        self.note(desk, signal, "raised");
        Ok(Response::json(201, &view))
    }

    fn revise(&mut self, desk: &mut Desk, number: &str, revision: &Revision) -> Answered {
        let mut signal = self.signal(number)?.clone();
        if signal.firmness != Firmness::Open {
            return Err(refusal(409, "not_open", number));
        }
        if revision.quantity == Some(0) {
            return Err(refusal(400, "malformed", "withdraw it instead"));
        }
        signal.wish.quantity = revision.quantity.unwrap_or(signal.wish.quantity);
        signal.wish.need_by = revision.need_by.unwrap_or(signal.wish.need_by);
        signal.changed_at = desk.now;
        if desk.habits.takes(Habit::SilentRevision, number).is_some() {
            let view = signal.view(&desk.zone);
            self.signals.insert(number.to_owned(), signal);
            return Ok(shown(&view));
        }
        (signal.version, signal.answer) = (signal.version + 1, None);
        let view = signal.view(&desk.zone);
        self.note(desk, signal, "revised");
        Ok(shown(&view))
    }

    fn settle(&mut self, desk: &mut Desk, number: &str, firmness: Firmness) -> Answered {
        let mut signal = self.signal(number)?.clone();
        if signal.firmness == Firmness::Withdrawn {
            return Err(refusal(409, "withdrawn", number));
        }
        if signal.firmness != firmness {
            (signal.firmness, signal.changed_at) = (firmness, desk.now);
            self.note(desk, signal, if firmness == Firmness::Firm { "firmed" } else { "withdrawn" });
        }
        Ok(shown(&self.signal(number)?.view(&desk.zone)))
    }

    /// Takes an answer to the newest version.
    fn answer_to(&mut self, desk: &Desk, number: &str, answer: Answer) -> Answered {
        let signal = self.signals.get_mut(number).ok_or_else(|| unknown(number))?;
        match &signal.answer {
            _ if answer.version != signal.version => Err(refusal(409, "stale_version", format!("the newest is {}", signal.version))),
            Some(known) if *known != answer => Err(refusal(409, "answered", number)),
            Some(_) | None => {
                signal.answer = Some(answer);
                Ok(shown(&signal.view(&desk.zone)))
            }
        }
    }

    /// Takes what is on its way; older word changes nothing.
    fn supplied(&mut self, desk: &Desk, number: &str, supply: Supply) -> Answered {
        let signal = self.signals.get_mut(number).ok_or_else(|| unknown(number))?;
        if signal.supply.as_ref().is_none_or(|known| known.word < supply.word) {
            signal.supply = Some(supply);
        }
        Ok(shown(&signal.view(&desk.zone)))
    }

    /// A planning run: the same demand gives the same supply, unless it is nervous.
    fn run(&mut self, desk: &mut Desk) -> Response {
        let open: Vec<Signal> = self.signals.values().filter(|signal| signal.firmness == Firmness::Open).cloned().collect();
        let mut moved = 0;
        for mut signal in open {
            let Some(dose) = desk.habits.takes(Habit::Nervous, &signal.number) else { continue };
            let by = i64::from(signal.wish.quantity) * dose.amount.unwrap_or(NERVOUS).clamp(-999, 1_000_000) / 1_000;
            let quantity = i64::from(signal.wish.quantity).saturating_add(by).clamp(1, i64::from(u32::MAX));
            signal.wish.quantity = u32::try_from(quantity).unwrap_or(u32::MAX);
            (signal.version, signal.answer, signal.changed_at) = (signal.version + 1, None, desk.now);
            self.note(desk, signal, "revised");
            moved += 1;
        }
        shown(&json!({ "moved": moved }))
    }

    /// A signal changed: it is kept, put on the list of changes, and told.
    fn note(&mut self, desk: &mut Desk, signal: Signal, what: &str) {
        let view = signal.view(&desk.zone);
        let change = with(with(view.clone(), "change", json!(self.changes.len() + 1)), "what", json!(what));
        self.changes.push(change);
        let topic = format!("signal.{what}");
        front::tell(desk, &self.name, (&signal.number, &topic), (signal.changed_at, Written::Local), view);
        self.signals.insert(signal.number.clone(), signal);
    }
}

impl Signal {
    fn view(&self, zone: &Zone) -> Value {
        let firmness = match self.firmness {
            Firmness::Open => "open",
            Firmness::Firm => "firm",
            Firmness::Withdrawn => "withdrawn",
        };
        let response = self.answer.as_ref().map(|answer| if answer.response == Verdict::Accepted { "accepted" } else { "refused" });
        json!({
            "signal": self.number, "version": self.version, "item": self.wish.item, "plant": self.wish.plant,
            "quantity": self.wish.quantity, "unit": self.wish.unit, "need_by": self.wish.need_by.to_string(), "firmness": firmness,
            "response": response, "order": self.answer.as_ref().and_then(|answer| answer.order.clone()),
            "reason": self.answer.as_ref().and_then(|answer| answer.reason.clone()), "supply": self.supply, "changed_at": zone.iso(self.changed_at),
        })
    }
}

impl Rules for Planning {
    const KIND: Kind = Kind::Planning;
    const HABITS: &'static [Habit] = &[Habit::SilentRevision, Habit::Nervous];

    fn answer(&mut self, desk: &mut Desk, request: &Request) -> Response {
        self.serve(desk, request).unwrap_or_else(|refusal| refusal.response())
    }

    /// Planners plan when they are asked to.
    fn tick(&mut self, _desk: &mut Desk) -> bool {
        false
    }

    fn due(&self) -> Option<Moment> {
        None
    }

    fn books(&self) -> Value {
        let utc = Zone::named("UTC").ok();
        let views = utc.iter().flat_map(|zone| self.signals.values().map(|signal| signal.view(zone)));
        json!({ "signals": views.collect::<Vec<_>>(), "changes": self.changes })
    }

    fn locked(status: Option<u16>) -> Response {
        front::locked(status)
    }
}

#[cfg(test)]
mod tests;
