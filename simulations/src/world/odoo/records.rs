//! How this ERP answers and how it is spoken to: the envelope around results and refusals, relations, empty values, times.
//!
//! Apart because every model speaks like this. Never knows a rule of one.

use jiff::civil::{Date, DateTime};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};

use super::super::exchange::{Request, Response};
use super::super::moment::Moment;

/// A result, or a refusal.
pub(super) type Outcome<T> = Result<T, Fault>;

/// A refusal in this ERP's words.
#[derive(Clone, Debug)]
pub(super) struct Fault {
    pub(super) name: &'static str,
    pub(super) message: String,
}

impl Fault {
    /// A rule says no.
    pub(super) fn user(message: impl Into<String>) -> Self {
        Self { name: "exceptions.UserError", message: message.into() }
    }

    /// What was sent makes no sense.
    pub(super) fn malformed(message: impl Into<String>) -> Self {
        Self { name: "exceptions.ValidationError", message: message.into() }
    }

    /// Status 200, like everything.
    pub(super) fn response(&self) -> Response {
        Response::json(200, &self.body())
    }

    /// The one refusal whose status says so.
    pub(super) fn as_not_found(&self) -> Response {
        Response::json(404, &self.body())
    }

    fn body(&self) -> Value {
        let data = json!({ "name": self.name, "message": self.message });
        json!({ "jsonrpc": "2.0", "id": null, "error": { "code": 200, "message": "Server Error", "data": data } })
    }
}

/// There is no such record.
pub(super) fn missing(model: &str, id: &str) -> Fault {
    Fault { name: "exceptions.MissingError", message: format!("Record does not exist or has been deleted. (Record: {model}({id},))") }
}

/// A result in its envelope.
pub(super) fn answered(result: &Value) -> Response {
    Response::json(200, &json!({ "jsonrpc": "2.0", "id": null, "result": result }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Sent {
    values: Value,
}

/// What came with a button.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Pressed {
    #[serde(default = "no_args")]
    pub(super) args: Value,
}

pub(super) fn no_args() -> Value {
    json!({})
}

/// The `values` of a request.
pub(super) fn read_values(request: &Request) -> Outcome<Value> {
    request.read::<Sent>().map(|sent| sent.values).map_err(Fault::malformed)
}

/// Values or arguments as this type.
pub(super) fn read<T: DeserializeOwned>(values: &Value) -> Outcome<T> {
    serde_json::from_value(values.clone()).map_err(|wrong| Fault::malformed(wrong.to_string()))
}

/// A record by its id or by its name.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(untagged)]
pub(super) enum Named {
    Id(u64),
    Name(String),
}

/// `false` and `null` are nothing.
pub(super) fn or_false<'de, T: Deserialize<'de>, D: Deserializer<'de>>(from: D) -> Result<Option<T>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Given<T> {
        Value(T),
        Nothing(Option<bool>),
    }
    match Given::deserialize(from)? {
        Given::Value(value) => Ok(Some(value)),
        Given::Nothing(Some(true)) => Err(serde::de::Error::custom("true is no value here")),
        Given::Nothing(Some(false) | None) => Ok(None),
    }
}

/// What is empty is `false`.
pub(super) fn or_nothing(text: Option<&str>) -> Value {
    text.map_or(Value::Bool(false), Value::from)
}

/// An instant as this ERP writes it: UTC, and nobody says so.
pub(super) fn stamped(at: Moment) -> String {
    let utc = jiff::Timestamp::from_millisecond(at.millis()).unwrap_or(jiff::Timestamp::MAX).to_zoned(jiff::tz::TimeZone::UTC);
    utc.strftime("%Y-%m-%d %H:%M:%S%.3f").to_string()
}

/// Accepts `2026-11-24 05:00:00`, and keeps it as it was written.
pub(super) fn checked_time(text: &str) -> Outcome<String> {
    let read = DateTime::strptime("%Y-%m-%d %H:%M:%S", text);
    read.map(|_| text.to_owned()).map_err(|_| Fault::malformed(format!("time data '{text}' does not match format '%Y-%m-%d %H:%M:%S'")))
}

/// Reads `2026-11-24`.
pub(super) fn read_date(text: &str) -> Outcome<Date> {
    let read = Date::strptime("%Y-%m-%d", text);
    read.map_err(|_| Fault::malformed(format!("time data '{text}' does not match format '%Y-%m-%d'")))
}
