//! The HTTP door, over real sockets and a real mesh.

use reqwest::{Client, Method, StatusCode};
use serde_json::{Value, json};

use crate::ask::tests::fixture::{CONTROLLER, FINANCE, PLANT, QUALITY, World};

mod bad;
mod desk;
mod document;
mod events;
mod floor;
mod inbound;
mod leaving;
mod parts;
mod past;
mod plain;
mod queries;
mod reconcile;
mod screens;
mod search;
mod stock;
mod verbs;
mod watch;

/// What came back.
#[derive(Debug)]
pub(crate) struct Back {
    status: StatusCode,
    replayed: bool,
    retry_after: Option<String>,
    pub(crate) body: Value,
}

impl Back {
    pub(crate) fn field(&self, name: &str) -> &str {
        self.body.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    pub(crate) fn entity(&self) -> &str {
        assert_eq!(self.status, StatusCode::OK, "{self:?}");
        self.field("entity")
    }

    /// Asserts a trouble: its status, code and field, and that it says what to do.
    fn is(&self, status: u16, code: &str, field: &str) {
        assert_eq!((self.status.as_u16(), self.field("code"), self.field("field")), (status, code, field), "{self:?}");
        assert!(!self.field("message").is_empty() && !self.field("remedy").is_empty(), "{self:?}");
    }
}

/// Somebody with a token.
pub(crate) struct Person<'a> {
    world: &'a World,
    client: Client,
    token: &'static str,
}

impl<'a> Person<'a> {
    pub(crate) fn plant(world: &'a World) -> Self {
        Self { world, client: Client::new(), token: PLANT }
    }

    fn quality(world: &'a World) -> Self {
        Self { token: QUALITY, ..Self::plant(world) }
    }

    fn finance(world: &'a World) -> Self {
        Self { token: FINANCE, ..Self::plant(world) }
    }

    /// Another person of finance.
    fn second(world: &'a World) -> Self {
        Self { token: CONTROLLER, ..Self::plant(world) }
    }

    fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.client.request(method, format!("http://{}{path}", self.world.doors.http)).bearer_auth(self.token)
    }

    pub(crate) async fn posts(&self, path: &str, key: &str, body: Value) -> Back {
        back(self.request(Method::POST, path).header("Idempotency-Key", key).json(&body)).await
    }

    pub(crate) async fn gets(&self, path: &str) -> Back {
        back(self.request(Method::GET, path)).await
    }
}

async fn back(request: reqwest::RequestBuilder) -> Back {
    let response = request.send().await.unwrap();
    let status = response.status();
    let header = |name: &str| response.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
    let (replayed, retry_after) = (header("idempotent-replayed").is_some(), header("retry-after"));
    let text = response.text().await.unwrap();
    let body = serde_json::from_str(&text).unwrap_or_else(|_| panic!("the answer is not JSON: {text:?}"));
    Back { status, replayed, retry_after, body }
}

fn release(number: &str) -> Value {
    json!({
        "erp": "erp-eu", "planned_order": number, "plant": "nord", "material": "FG-100", "total": "480 H87",
        "start": "2036-11-24T06:00:00+01:00", "end": "2036-11-24T14:00:00+01:00"
    })
}

fn completion(order: &str, good: &str) -> Value {
    json!({ "plant": "nord", "order": order, "operation": "10", "good": good })
}

fn hold(lot: &str) -> Value {
    json!({ "hold": "NC-881", "plant": "nord", "material": "FG-100", "lot": lot, "reason": "weld" })
}
