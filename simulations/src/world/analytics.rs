//! An analytics system that reads public events and keeps counts. This page is its interface reference.
//!
//! Apart from the mesh in every respect ([`super`]). It only listens: `CloudEvents` in JSON, one or many. It counts an event once, by
//! `source` and `id`, whatever it is told; and it shows how often it was told something again, so that who sends can see it too.
//!
//! # Speaking with it
//!
//! | path | what |
//! |---|---|
//! | `POST /events` | an event, or a list of at most 500: 200 `{"counted":2,"repeated":1}`; one of them that is no event 422 `not_an_event` with its place in the list, and **none is counted**; more 413 `too_many`; an event that has the `id` of another and other content 409 `id_reused` |
//! | `GET /counts` | `{"events":3,"repeated":1,"types":{"order.released.v1":{"events":2,"first":"2026-…","last":"2026-…"}},"days":{"2026-11-24":3},"sources":{…}}`; a day is the one in the event's own `time` |
//! | `GET /counts/{type}` | one of them; 404 |
//!
//! An event needs `id`, `source`, `type` and `time` as texts; everything else is kept out. Refusals are `{"error":"…","detail":"…"}`.
//!
//! It tells nothing.
//!
//! # Its habits
//!
//! `loses_place`: it forgets the ids that it knew, and counts what it is told again. `half_batch`: of a list it counts the first
//! `amount` (default one) and answers 200 for those; who does not read the answer does not learn that the rest is missing.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::exchange::{Method, Request, Response};
use super::front::{self, Answered, Refusal, no_such_path, read, refusal, shown, unknown};
use super::habits::Habit;
use super::moment::{Moment, Zone};
use super::system::{Desk, House, Kind, Rules};

/// Events in one request.
const BATCH_MAX: usize = 500;

/// The analytics system's rules and books.
#[derive(Clone, Debug, Default)]
pub struct Analytics {
    /// What it knows, by source and id: enough of each to see whether it is the same.
    known: BTreeMap<(String, String), (String, String)>,
    types: BTreeMap<String, Count>,
    days: BTreeMap<String, u64>,
    sources: BTreeMap<String, u64>,
    repeated: u64,
}

#[derive(Clone, Debug, Default)]
struct Count {
    events: u64,
    first: String,
    last: String,
}

/// An event, as far as it is counted.
#[derive(Clone, Debug)]
struct Event {
    key: (String, String),
    kind: String,
    time: String,
}

impl Analytics {
    /// An analytics system that has heard nothing yet, whose people live in this zone.
    pub fn house(_name: &str, zone: Zone, seed: u64) -> House<Self> {
        House::new(Self::default(), zone, seed)
    }

    fn serve(&mut self, desk: &mut Desk, request: &Request) -> Answered {
        match (request.method, request.segments().as_slice()) {
            (Method::Post, ["events"]) => self.hear(desk, read(request)?),
            (Method::Get, ["counts"]) => Ok(shown(&self.counts())),
            (Method::Get, ["counts", kind]) => Ok(shown(&self.types.get(*kind).ok_or_else(|| unknown(kind))?.view())),
            _ => Err(no_such_path(request)),
        }
    }

    fn hear(&mut self, desk: &mut Desk, body: Value) -> Answered {
        let one = |body| vec![body];
        let list = if let Value::Array(list) = body { list } else { one(body) };
        if list.len() > BATCH_MAX {
            return Err(refusal(413, "too_many", format!("{} of at most {BATCH_MAX}", list.len())));
        }
        let read = |(at, one): (usize, &Value)| Event::read(one).ok_or_else(|| refusal(422, "not_an_event", at.to_string()));
        let mut events = list.iter().enumerate().map(read).collect::<Result<Vec<Event>, Refusal>>()?;
        if desk.habits.takes(Habit::LosesPlace, "events").is_some() {
            self.known.clear();
        }
        // The ids of one batch meet each other as well.
        let mut batch: BTreeMap<&(String, String), (&String, &String)> = BTreeMap::new();
        for event in &events {
            let content = (&event.kind, &event.time);
            let known = self.known.get(&event.key).map(|(kind, time)| (kind, time));
            let before = batch.insert(&event.key, content).or(known);
            if before.is_some_and(|before| before != content) {
                return Err(refusal(409, "id_reused", event.key.1.clone()));
            }
        }
        if events.len() > 1
            && let Some(dose) = desk.habits.takes(Habit::HalfBatch, "events")
        {
            events.truncate(dose.amount.and_then(|amount| usize::try_from(amount).ok()).unwrap_or(1));
        }
        let told = events.len();
        let counted = events.into_iter().filter(|event| self.count(event)).count();
        self.repeated += (told - counted) as u64;
        Ok(shown(&json!({ "counted": counted, "repeated": told - counted })))
    }

    /// Counts an event; false when it is known.
    fn count(&mut self, event: &Event) -> bool {
        if self.known.insert(event.key.clone(), (event.kind.clone(), event.time.clone())).is_some() {
            return false;
        }
        let of_type = self.types.entry(event.kind.clone()).or_default();
        of_type.events += 1;
        if of_type.first.is_empty() || event.time < of_type.first {
            of_type.first.clone_from(&event.time);
        }
        if event.time > of_type.last {
            of_type.last.clone_from(&event.time);
        }
        *self.days.entry(event.time.chars().take(10).collect()).or_default() += 1;
        *self.sources.entry(event.key.0.clone()).or_default() += 1;
        true
    }

    fn counts(&self) -> Value {
        let types: BTreeMap<&String, Value> = self.types.iter().map(|(kind, count)| (kind, count.view())).collect();
        let events: u64 = self.types.values().map(|count| count.events).sum();
        json!({ "events": events, "repeated": self.repeated, "types": types, "days": self.days, "sources": self.sources })
    }
}

impl Event {
    fn read(value: &Value) -> Option<Self> {
        let text = |field: &str| value.get(field).and_then(Value::as_str).filter(|text| !text.is_empty()).map(str::to_owned);
        let time = text("time").filter(|time| time.parse::<jiff::Timestamp>().is_ok())?;
        Some(Self { key: (text("source")?, text("id")?), kind: text("type")?, time })
    }
}

impl Count {
    fn view(&self) -> Value {
        json!({ "events": self.events, "first": self.first, "last": self.last })
    }
}

impl Rules for Analytics {
    const KIND: Kind = Kind::Analytics;
    const HABITS: &'static [Habit] = &[Habit::LosesPlace, Habit::HalfBatch];

    fn answer(&mut self, desk: &mut Desk, request: &Request) -> Response {
        self.serve(desk, request).unwrap_or_else(|refusal| refusal.response())
    }

    /// It only listens.
    fn tick(&mut self, _desk: &mut Desk) -> bool {
        false
    }

    fn due(&self) -> Option<Moment> {
        None
    }

    fn books(&self) -> Value {
        self.counts()
    }

    fn locked(status: Option<u16>) -> Response {
        front::locked(status)
    }
}

#[cfg(test)]
mod tests;
