//! The front of a small system: how it reads what it is asked, refuses, lists, and numbers what it tells.
//!
//! Apart because maintenance, transport, planning, suppliers, product data and analytics all have the same front, and only their
//! rules differ. Never knows one of those rules.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::exchange::{Request, Response};
use super::moment::Moment;
use super::system::Desk;

/// A refusal: `{"error":"…","detail":"…"}` with a status.
#[derive(Debug)]
pub(super) struct Refusal {
    status: u16,
    error: &'static str,
    detail: String,
}

/// What a system answers, or why not.
pub(super) type Answered = Result<Response, Refusal>;

pub(super) fn refusal(status: u16, error: &'static str, detail: impl Into<String>) -> Refusal {
    Refusal { status, error, detail: detail.into() }
}

/// There is none of that name.
pub(super) fn unknown(what: &str) -> Refusal {
    refusal(404, "unknown", what)
}

/// There is no such path.
pub(super) fn no_such_path(request: &Request) -> Refusal {
    refusal(404, "no_such_path", request.path.clone())
}

impl Refusal {
    pub(super) fn response(&self) -> Response {
        Response::json(self.status, &json!({ "error": self.error, "detail": self.detail }))
    }
}

/// How a small system says that a record is open elsewhere.
pub(super) fn locked(status: Option<u16>) -> Response {
    refusal(status.unwrap_or(423), "locked", "the record is open elsewhere").response()
}

/// The body as this type.
pub(super) fn read<T: DeserializeOwned>(request: &Request) -> Result<T, Refusal> {
    request.read().map_err(|wrong| refusal(400, "malformed", wrong))
}

/// One record.
pub(super) fn shown(view: &Value) -> Response {
    Response::json(200, view)
}

/// The records that have what the query names: `?state=open` are those whose `state` is `open`.
pub(super) fn listed(views: impl Iterator<Item = Value>, query: &BTreeMap<String, String>) -> Response {
    let fits = |view: &Value| query.iter().all(|(name, wanted)| view.get(name).is_some_and(|value| is(value, wanted)));
    Response::json(200, &json!({ "results": views.filter(fits).collect::<Vec<_>>() }))
}

fn is(value: &Value, wanted: &str) -> bool {
    value.as_str().map_or_else(|| serde_json::from_str::<Value>(wanted).is_ok_and(|wanted| wanted == *value), |text| text == wanted)
}

/// The view with one more field.
pub(super) fn with(mut view: Value, name: &str, value: Value) -> Value {
    if let Some(fields) = view.as_object_mut() {
        fields.insert(name.to_owned(), value);
    }
    view
}

/// Has something to tell in a lane: the body gets a `message` number, its `topic`, and under `at` the time as the system writes it.
pub(super) fn tell(desk: &mut Desk, name: &str, (lane, topic): (&str, &str), (at, written): (Moment, Written), body: Value) {
    let stamp = desk.stamp(at);
    let message = format!("{name}-{}", desk.outbox.number());
    let time = match written {
        Written::Local => json!(desk.zone.iso(stamp)),
        Written::Epoch => json!(stamp.millis()),
    };
    let body = with(with(with(body, "message", json!(message)), "topic", json!(topic)), "at", time);
    desk.tell(lane, topic, &body);
}

/// How a system writes an instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Written {
    /// ISO 8601, local with its offset.
    Local,
    /// Milliseconds since 1970 in UTC, a JSON number.
    Epoch,
}
