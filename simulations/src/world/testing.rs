//! Somebody who visits a small system: asks, waits, listens. For the tests of all of them.

use serde_json::{Value, json};

use super::exchange::{Request, Response};
use super::habits::{Dose, Habit};
use super::moment::{Moment, Zone};
use super::system::{Kind, System};

/// 2026-11-24, twelve past three in the morning in Berlin.
pub(super) const NOW: Moment = Moment::from_millis(1_795_486_331_000);

pub(super) struct Visitor {
    pub(super) house: Box<dyn System>,
    pub(super) now: Moment,
}

impl Visitor {
    pub(super) fn of(kind: Kind) -> Self {
        Self { house: super::system(kind, "it", Zone::named("Europe/Berlin").unwrap(), 1), now: NOW }
    }

    pub(super) fn asks(&mut self, request: &Request) -> Response {
        self.house.answer(self.now, request).reply.response().unwrap()
    }

    /// What is answered, which has to be a success.
    #[track_caller]
    pub(super) fn gets(&mut self, path: &str) -> Value {
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        let request = pairs.fold(Request::get(path), |request, (name, value)| request.with_query(name, value));
        let response = self.asks(&request);
        assert_eq!(response.status, 200, "{path}: {}", response.body);
        response.value()
    }

    #[track_caller]
    pub(super) fn posts(&mut self, path: &str, body: &Value) -> Value {
        let response = self.asks(&Request::post(path, body));
        assert!(response.is_success(), "{path}: {}", response.body);
        response.value()
    }

    #[track_caller]
    pub(super) fn puts(&mut self, path: &str, body: &Value) -> Value {
        let response = self.asks(&Request::put(path, body));
        assert!(response.is_success(), "{path}: {}", response.body);
        response.value()
    }

    /// It is refused with this status and error.
    #[track_caller]
    pub(super) fn refused(&mut self, path: &str, body: &Value, status: u16, error: &str) {
        let response = self.asks(&Request::post(path, body));
        assert_eq!((response.status, response.value()["error"].as_str()), (status, Some(error)), "{path}: {}", response.body);
    }

    pub(super) fn has(&mut self, habit: Habit, dose: &Dose) {
        self.puts("/_sim/habits", &json!({ habit.name(): dose }));
    }

    pub(super) fn effect(&self, name: &str) -> u64 {
        self.house.books()["effects"][name].as_u64().unwrap_or(0)
    }

    /// Time goes by, and the system goes on working at every instant it means to.
    pub(super) fn waits(&mut self, ms: i64) {
        let until = self.now.plus_ms(ms);
        while let Some(due) = self.house.due().filter(|due| *due <= until) {
            self.now = due.max(self.now).plus_ms(1).min(until);
            if !self.house.tick(self.now) {
                break;
            }
        }
        self.now = until;
        self.house.tick(until);
    }

    /// Everything it has to tell, which is then off its books.
    pub(super) fn hears(&mut self) -> Vec<Value> {
        let messages = self.house.pending(self.now, 1_000);
        let ids: Vec<u64> = messages.iter().map(|message| message.id).collect();
        self.house.delivered(self.now, &ids);
        messages.iter().map(|message| serde_json::from_str(&message.body).unwrap()).collect()
    }

    /// The topics of what it has to tell.
    pub(super) fn hears_of(&mut self) -> Vec<String> {
        self.hears().iter().map(|body| body["topic"].as_str().unwrap().to_owned()).collect()
    }
}
