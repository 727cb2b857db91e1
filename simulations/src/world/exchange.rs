//! A question to a foreign system and what comes back: HTTP as plain values, without a socket.
//!
//! Apart so that the simulator and the HTTP door ask the same machine in the same words. Never does IO.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The verbs that the systems of this world know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Method {
    /// Read; changes nothing in the books.
    Get,
    /// Create or do.
    Post,
    /// Put in this state.
    Put,
    /// Change some fields.
    Patch,
    /// Take away.
    Delete,
}

impl Method {
    /// The verb as HTTP writes it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}

/// One request. The path and the query are decoded; header names are lower case; the body is text, JSON where there is any.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// The verb.
    pub method: Method,
    /// The decoded path, with its leading slash.
    pub path: String,
    /// The decoded query.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub query: BTreeMap<String, String>,
    /// The headers that matter, by lower-case name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    /// The body.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub body: String,
}

impl Request {
    /// A request without query, headers and body.
    pub fn new(method: Method, path: &str) -> Self {
        let (query, headers) = (BTreeMap::new(), BTreeMap::new());
        Self { method, path: path.to_owned(), query, headers, body: String::new() }
    }

    /// A `GET` of this path.
    pub fn get(path: &str) -> Self {
        Self::new(Method::Get, path)
    }

    /// A `POST` of this JSON to this path.
    pub fn post(path: &str, body: &Value) -> Self {
        Self::new(Method::Post, path).with_body(body)
    }

    /// A `PUT` of this JSON to this path.
    pub fn put(path: &str, body: &Value) -> Self {
        Self::new(Method::Put, path).with_body(body)
    }

    /// The same with this JSON as its body.
    #[must_use]
    pub fn with_body(mut self, body: &Value) -> Self {
        self.body = body.to_string();
        self
    }

    /// The same with one more header; the name in lower case.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: &str) -> Self {
        self.headers.insert(name.to_owned(), value.to_owned());
        self
    }

    /// The same with one more query parameter, not encoded.
    #[must_use]
    pub fn with_query(mut self, name: &str, value: &str) -> Self {
        self.query.insert(name.to_owned(), value.to_owned());
        self
    }

    /// Where it goes, as habits match it: `POST /jobs`.
    pub fn place(&self) -> String {
        format!("{} {}", self.method.name(), self.path)
    }

    /// The parts of the path: `/jobs/J-1/revoke` is `["jobs", "J-1", "revoke"]`.
    pub fn segments(&self) -> Vec<&str> {
        self.path.split('/').filter(|part| !part.is_empty()).collect()
    }

    /// The body read as this type; an empty body is read as `{}`. The error says what is wrong, and where.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, String> {
        let text = if self.body.trim().is_empty() { "{}" } else { &self.body };
        serde_json::from_str(text).map_err(|wrong| wrong.to_string())
    }
}

/// What a system answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// The HTTP status code.
    pub status: u16,
    /// The headers, by lower-case name.
    pub headers: BTreeMap<String, String>,
    /// The body; may be empty.
    pub body: String,
}

impl Response {
    /// A JSON answer.
    pub fn json(status: u16, body: &Value) -> Self {
        let headers = BTreeMap::from([("content-type".to_owned(), "application/json".to_owned())]);
        Self { status, headers, body: body.to_string() }
    }

    /// An answer without a body.
    pub fn empty(status: u16) -> Self {
        Self { status, headers: BTreeMap::new(), body: String::new() }
    }

    /// The same with one more header; the name in lower case.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: &str) -> Self {
        self.headers.insert(name.to_owned(), value.to_owned());
        self
    }

    /// Whether the status says that all went well.
    pub const fn is_success(&self) -> bool {
        self.status >= 200 && self.status < 300
    }

    /// The body as JSON; `null` when it is none.
    pub fn value(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or(Value::Null)
    }
}

/// What the asker gets to see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// This response.
    Sent(Response),
    /// Nothing: the connection breaks. Only the books know whether something happened.
    Lost,
}

impl Reply {
    /// The response, if one was sent.
    pub fn response(self) -> Option<Response> {
        match self {
            Self::Sent(response) => Some(response),
            Self::Lost => None,
        }
    }
}

/// What a system does with one request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// What the asker gets to see.
    pub reply: Reply,
    /// How long the system takes for it, in milliseconds.
    pub after_ms: u64,
    /// Whether the books changed: then they must be on disk before the reply leaves.
    pub to_keep: bool,
}
