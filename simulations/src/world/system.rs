//! One foreign system: its own rules, with the desk that all of them have in common (time, habits, outbox).
//!
//! Apart because the simulator and the HTTP door know systems only by the trait in here. Never waits, never reads a clock,
//! never does IO: the same inputs give the same books, which is what lets the books on disk be a list of inputs.
//!
//! Besides its own paths every system answers
//!
//! | path | what |
//! |---|---|
//! | `GET`, `PUT /_sim/habits` | the bad habits in force ([`super::habits`]) |
//! | `GET /_sim/effects` | how often each habit, and each rule worth watching, took effect |
//! | `GET /_sim/books` | everything the system knows, and how many messages nobody took yet |
//!
//! Paths under `/_sim/` are for the people inside that system's own house; no habit touches them.

use std::collections::BTreeMap;
use std::fmt::Debug;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::exchange::{Answer, Method, Reply, Request, Response};
use super::habits::{Dose, Habit, Habits};
use super::moment::{Moment, Zone};
use super::outbox::{Outbox, Outgoing};

/// What sort of system it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Enterprise resource planning, in the manner of SAP.
    Erp,
    /// Enterprise resource planning, in the manner of Odoo.
    ErpOdoo,
    /// Manufacturing execution.
    Mes,
    /// Manufacturing execution in files.
    MesCsv,
    /// Quality management with its laboratory.
    Qms,
    /// Warehouse management.
    Wms,
    /// Maintenance.
    Cmms,
    /// Transport.
    Tms,
    /// Demand planning.
    Planning,
    /// A supplier portal with ship notices.
    Portal,
    /// Product data.
    Plm,
    /// A reader of public events.
    Analytics,
}

/// A foreign system, as the simulator and the HTTP door see it.
pub trait System: Send {
    /// What sort of system it is.
    fn kind(&self) -> Kind;
    /// Takes one request at this instant.
    fn answer(&mut self, now: Moment, request: &Request) -> Answer;
    /// Lets its own work go on until this instant. True when the books changed.
    fn tick(&mut self, now: Moment) -> bool;
    /// When it next has something to do or to tell by itself.
    fn due(&self) -> Option<Moment>;
    /// The messages that may go out now, at most so many.
    fn pending(&self, now: Moment, at_most: usize) -> Vec<Outgoing>;
    /// These messages were taken.
    fn delivered(&mut self, now: Moment, ids: &[u64]);
    /// This message was not taken: by nobody, or refused with this status.
    fn refused(&mut self, now: Moment, id: u64, status: Option<u16>);
    /// How many messages nobody took yet.
    fn untold(&self) -> usize;
    /// Everything it knows, for the account at the end.
    fn books(&self) -> Value;
}

/// What a system's rules may use while they work.
#[derive(Clone, Debug)]
pub struct Desk {
    /// The true instant; what the system itself believes is [`Desk::stamp`].
    pub now: Moment,
    /// The zone its people live in.
    pub zone: Zone,
    /// Its bad habits.
    pub habits: Habits,
    /// What it has to tell.
    pub outbox: Outbox,
}

impl Desk {
    /// What the system's own clock shows when it is truly this instant.
    pub fn stamp(&mut self, truly: Moment) -> Moment {
        let wrong = self.habits.takes(Habit::WrongClock, "");
        truly.plus_ms(wrong.and_then(|dose| dose.amount).unwrap_or(0))
    }

    /// Has a message to tell, in this lane.
    pub fn tell(&mut self, lane: &str, topic: &str, body: &Value) {
        self.outbox.put(self.now, &mut self.habits, lane, topic, body);
    }
}

/// One system's own rules.
pub trait Rules: Clone + Debug + Send + 'static {
    /// What sort of system it is.
    const KIND: Kind;
    /// The habits it has beyond the common ones.
    const HABITS: &'static [Habit];

    /// Takes one request.
    fn answer(&mut self, desk: &mut Desk, request: &Request) -> Response;
    /// Lets its own work go on until now. True when the books changed.
    fn tick(&mut self, desk: &mut Desk) -> bool;
    /// When it next has something to do by itself.
    fn due(&self) -> Option<Moment>;
    /// Everything it knows.
    fn books(&self) -> Value;
    /// How it says that a record is open elsewhere.
    fn locked(status: Option<u16>) -> Response;
    /// Whether an answer says that what was asked for was done: where the status does not tell, the body does.
    fn is_done(response: &Response) -> bool {
        response.is_success()
    }
}

/// Rules and desk together: a whole system.
#[derive(Clone, Debug)]
pub struct House<R> {
    desk: Desk,
    rules: R,
}

impl<R: Rules> House<R> {
    /// A house with these rules, in this zone, with chance from this seed.
    pub fn new(rules: R, zone: Zone, seed: u64) -> Self {
        let (now, habits, outbox) = (Moment::default(), Habits::seeded(seed), Outbox::default());
        Self { desk: Desk { now, zone, habits, outbox }, rules }
    }

    fn take(&mut self, request: &Request) -> (Reply, u64) {
        match (request.method, request.path.as_str()) {
            (Method::Get, "/_sim/habits") => (sent(200, &json!(self.desk.habits.doses())), 0),
            (Method::Put, "/_sim/habits") => (Reply::Sent(self.set_habits(request)), 0),
            (Method::Get, "/_sim/effects") => (sent(200, &json!(self.desk.habits.effects())), 0),
            (Method::Get, "/_sim/books") => (sent(200, &self.books()), 0),
            (_, path) if path.starts_with("/_sim/") => (Reply::Sent(self.rules.answer(&mut self.desk, request)), 0),
            _ => self.take_from_outside(request),
        }
    }

    fn set_habits(&mut self, request: &Request) -> Response {
        let doses: BTreeMap<Habit, Dose> = match request.read() {
            Ok(doses) => doses,
            Err(wrong) => return Response::json(400, &json!({ "error": wrong })),
        };
        let has = |habit: &Habit| Habit::COMMON.contains(habit) || R::HABITS.contains(habit);
        if let Some(foreign) = doses.keys().find(|habit| !has(habit)) {
            let wrong = format!("this system has no habit `{}`", foreign.name());
            return Response::json(400, &json!({ "error": wrong }));
        }
        self.desk.habits.set(doses);
        Response::json(200, &json!(self.desk.habits.doses()))
    }

    fn take_from_outside(&mut self, request: &Request) -> (Reply, u64) {
        let place = request.place();
        if self.desk.habits.takes(Habit::LostRequest, &place).is_some() {
            return (Reply::Lost, 0);
        }
        if let Some(refusal) = self.refuses(request, &place) {
            return (Reply::Sent(refusal), 0);
        }
        let slow = self.desk.habits.takes(Habit::Slow, &place);
        let after_ms = slow.and_then(|dose| dose.amount?.try_into().ok()).unwrap_or(0);
        let response = self.work(request, &place);
        (self.hand_over(response, &place), after_ms)
    }

    fn refuses(&mut self, request: &Request, place: &str) -> Option<Response> {
        let habits = &mut self.desk.habits;
        if habits.takes(Habit::Unavailable, place).is_some() {
            return Some(Response::json(503, &json!({ "error": "temporarily unavailable" })));
        }
        if let Some(dose) = habits.takes(Habit::TooManyRequests, place) {
            let seconds = dose.amount.unwrap_or(1).to_string();
            let busy = Response::json(429, &json!({ "error": "too many requests" }));
            return Some(busy.with_header("retry-after", &seconds));
        }
        if request.method == Method::Get {
            return None;
        }
        let dose = habits.takes(Habit::Locked, place)?;
        Some(R::locked(dose.amount.and_then(|status| status.try_into().ok())))
    }

    /// Does the work, or answers as if, and forgets it.
    fn work(&mut self, request: &Request, place: &str) -> Response {
        let hollow = request.method != Method::Get && self.desk.habits.shows(Habit::HollowSuccess, place).is_some();
        let before = hollow.then(|| (self.rules.clone(), self.desk.outbox.clone()));
        let response = self.rules.answer(&mut self.desk, request);
        if let Some((rules, outbox)) = before.filter(|_| R::is_done(&response)) {
            (self.rules, self.desk.outbox) = (rules, outbox);
            self.desk.habits.count(Habit::HollowSuccess.name());
        }
        response
    }

    /// The reply as the asker gets it: only one that reports a success is worth losing.
    fn hand_over(&mut self, response: Response, place: &str) -> Reply {
        if !R::is_done(&response) {
            return Reply::Sent(response);
        }
        if self.desk.habits.takes(Habit::LostReply, place).is_some() {
            return Reply::Lost;
        }
        if self.desk.habits.takes(Habit::GatewayTimeout, place).is_some() {
            return sent(504, &json!({ "error": "gateway timeout" }));
        }
        Reply::Sent(response)
    }
}

fn sent(status: u16, body: &Value) -> Reply {
    Reply::Sent(Response::json(status, body))
}

impl<R: Rules> System for House<R> {
    fn kind(&self) -> Kind {
        R::KIND
    }

    fn answer(&mut self, now: Moment, request: &Request) -> Answer {
        self.desk.now = now;
        let moves = self.desk.habits.moves();
        let (reply, after_ms) = self.take(request);
        let to_keep = request.method != Method::Get || self.desk.habits.moves() != moves;
        Answer { reply, after_ms, to_keep }
    }

    fn tick(&mut self, now: Moment) -> bool {
        self.desk.now = now;
        self.rules.tick(&mut self.desk)
    }

    fn due(&self) -> Option<Moment> {
        [self.rules.due(), self.desk.outbox.due()].into_iter().flatten().min()
    }

    fn pending(&self, now: Moment, at_most: usize) -> Vec<Outgoing> {
        self.desk.outbox.pending(now, at_most)
    }

    fn delivered(&mut self, now: Moment, ids: &[u64]) {
        self.desk.now = now;
        self.desk.outbox.delivered(&mut self.desk.habits, ids);
    }

    fn refused(&mut self, now: Moment, id: u64, status: Option<u16>) {
        self.desk.now = now;
        self.desk.outbox.refused(now, &mut self.desk.habits, id, status);
    }

    fn untold(&self) -> usize {
        self.desk.outbox.len()
    }

    fn books(&self) -> Value {
        let mut books = self.rules.books();
        if let Some(fields) = books.as_object_mut() {
            fields.insert("untold".to_owned(), json!(self.untold()));
            fields.insert("effects".to_owned(), json!(self.desk.habits.effects()));
        }
        books
    }
}

#[cfg(test)]
mod tests;
