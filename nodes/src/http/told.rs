//! A request as HTTP brings it: who, under which cover, what. Looked at in the order that costs least: the credential, the
//! room, the length, and only then the body. Never reads a body that is declared too long.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::header::{AUTHORIZATION, CONTENT_LENGTH};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use bytes::{Bytes, BytesMut};
use futures::StreamExt as _;
use serde::de::DeserializeOwned;
use takt_protocol::intent::Tier;

use super::{Done, shape};
use crate::answers::preview::Preview;
use crate::ask::{Asked, Client, Denied, Ranked, Reception, Sort, Ticket, v1};

/// What was told.
pub(crate) struct Told<T> {
    client: Client,
    cover: v1::Cover,
    ticket: Ticket,
    pub(crate) message: T,
}

impl<T: Asked> Told<T> {
    /// Has it decided.
    pub(crate) async fn decide(self, reception: &Reception) -> Result<Done, Denied> {
        let verb = self.message.under(self.cover);
        reception.take(&self.client, &verb, self.ticket).await.map(Done)
    }

    /// Has it decided on a copy, and tells what it would do.
    pub(crate) async fn preview(self, reception: &Reception) -> Result<Json<Preview>, Denied> {
        let verb = self.message.under(self.cover);
        reception.preview(&self.client, &verb, self.ticket).await.map(Json)
    }
}

impl Told<v1::ActOnGroup> {
    /// Who asks, for what, and the room it takes.
    pub(crate) fn parts(self) -> (Client, v1::ActOnGroup, Ticket) {
        (self.client, v1::ActOnGroup { cover: Some(self.cover), ..self.message }, self.ticket)
    }
}

impl<T: Ranked + DeserializeOwned> FromRequest<Arc<Reception>> for Told<T> {
    type Rejection = Denied;

    async fn from_request(request: Request, reception: &Arc<Reception>) -> Result<Self, Denied> {
        let (parts, body) = request.into_parts();
        let client = known(reception, &parts.headers)?;
        let ticket = reception.admission().enter(T::TIER)?;
        let cover = cover(&parts.headers)?;
        shape::is_json(&parts.headers)?;
        let max = reception.limits().body_bytes_max;
        let bytes = reception.within(whole(&parts.headers, body, max)).await?;
        Ok(Self { client, cover, ticket, message: shape::read(&bytes)? })
    }
}

/// A client that may ask, and the room it takes while it does.
pub(crate) struct Asking {
    pub(crate) client: Client,
    _ticket: Ticket,
}

impl FromRequestParts<Arc<Reception>> for Asking {
    type Rejection = Denied;

    async fn from_request_parts(parts: &mut Parts, reception: &Arc<Reception>) -> Result<Self, Denied> {
        let client = known(reception, &parts.headers)?;
        Ok(Self { client, _ticket: reception.admission().enter(Tier::Analytical)? })
    }
}

/// Whom the credential names.
pub(crate) fn known(reception: &Reception, headers: &HeaderMap) -> Result<Client, Denied> {
    reception.client(headers.get(AUTHORIZATION).map(HeaderValue::as_bytes))
}

/// Where a stream begins: behind what was seen last, as a reader that comes back says by its header, or behind `after`.
pub(super) fn since(headers: &HeaderMap, after: Option<String>) -> Result<Option<String>, Denied> {
    let Some(seen) = headers.get("last-event-id") else { return Ok(after) };
    let wrong = |_| Denied::new(Sort::Malformed, "SCHEMA", "the header is not UTF-8", "send the id of the last message as it came");
    String::from_utf8(seen.as_bytes().to_vec()).map(Some).map_err(|error| wrong(error).at("last-event-id"))
}

/// The words behind the question mark.
pub(crate) struct Words<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Words<T> {
    type Rejection = Denied;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Denied> {
        let Query(words) = Query::from_request_parts(parts, state).await.map_err(|rejection| {
            if asks_for_the_past(parts) && rejection.body_text().contains("unknown field `at`") {
                return now_only(parts.uri.path());
            }
            shape::misworded(&rejection.body_text())
        })?;
        Ok(Self(words))
    }
}

/// No words behind the question mark: what is sent all the same is refused, and not passed over.
pub(crate) struct NoWords;

impl<S: Send + Sync> FromRequestParts<S> for NoWords {
    type Rejection = Denied;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Denied> {
        if asks_for_the_past(parts) {
            return Err(now_only(parts.uri.path()));
        }
        let Some(words) = parts.uri.query().filter(|words| !words.is_empty()) else { return Ok(Self) };
        let message = format!("this path takes no parameters, and was sent `{}`", words.escape_debug());
        Err(Denied::new(Sort::Malformed, "SCHEMA", message, "leave them out; /openapi.json says what each path takes").at("query"))
    }
}

/// Whether a moment is sent behind the question mark.
fn asks_for_the_past(parts: &Parts) -> bool {
    parts.uri.query().is_some_and(|words| words.split('&').any(|word| word == "at" || word.starts_with("at=")))
}

/// Nobody may take what is known now for what was known then.
fn now_only(path: &str) -> Denied {
    let mut parts = path.trim_start_matches("/v1/").split('/');
    let (list, one) = (parts.next().unwrap_or_default(), parts.next());
    match (list, one) {
        ("orders", None) => Denied::now_only("the list of orders", "ask for one as it was: GET /v1/orders/{id}?at=…"),
        ("lots", None) => Denied::now_only("the list of lots", "ask for one as it was: GET /v1/lots/{id}?at=…"),
        ("shipments", None) => Denied::now_only("the list of shipments", "ask for one as it was: GET /v1/shipments/{id}?at=…"),
        ("exceptions" | "exception-groups", _) => Denied::now_only(
            "what is open on the desk",
            "ask for one exception as it was: GET /v1/exceptions/{id}?at=…; an order of the past shows those that it had: GET /v1/orders/{id}?at=…",
        ),
        ("sites", _) => Denied::now_only(
            "how a site and its systems stand",
            "ask for what was recorded of it by then: GET /v1/sites/{id}/timeline?at=…",
        ),
        ("master-data", _) => {
            Denied::now_only("master data", "look at the versions of a record, each with its days: GET /v1/master-data/{kind}/{id}")
        }
        (_, _) => Denied::now_only("this", "ask for an order, a lot, a handling unit, a shipment, an exception or a timeline as it was"),
    }
}

/// The thing a path names, with everything a name may hold.
pub(crate) struct Id(pub(crate) String);

impl<S: Send + Sync> FromRequestParts<S> for Id {
    type Rejection = Denied;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Denied> {
        let Path(id) = Path::from_request_parts(parts, state).await.map_err(|_| not_utf8())?;
        Ok(Self(id))
    }
}

/// Two things a path names, the larger one first.
pub(crate) struct Ids(pub(crate) String, pub(crate) String);

impl<S: Send + Sync> FromRequestParts<S> for Ids {
    type Rejection = Denied;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Denied> {
        let Path((first, second)) = Path::from_request_parts(parts, state).await.map_err(|_| not_utf8())?;
        Ok(Self(first, second))
    }
}

fn not_utf8() -> Denied {
    Denied::new(Sort::Malformed, "SCHEMA", "the name in the path is not UTF-8", "percent-encode the bytes of its UTF-8 form").at("path")
}

fn cover(headers: &HeaderMap) -> Result<v1::Cover, Denied> {
    let text = |name: &'static str| {
        let value = headers.get(HeaderName::from_static(name)).map(|value| String::from_utf8(value.as_bytes().to_vec()));
        let wrong = |_| Denied::new(Sort::Malformed, "SCHEMA", "the header is not UTF-8", "send printable characters").at(name);
        value.transpose().map_err(wrong)
    };
    Ok(v1::Cover {
        key: text("idempotency-key")?.unwrap_or_default(),
        not_after: text("request-not-after")?,
        on_behalf_of: text("x-on-behalf-of")?,
        correlation: text("x-correlation-id")?,
    })
}

/// The whole body, if it is not too long: what is declared too long is not read at all.
pub(super) async fn whole(headers: &HeaderMap, body: Body, max: usize) -> Result<Bytes, Denied> {
    let declared = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if declared.is_some_and(|declared| declared > max as u64) {
        return Err(too_large(max));
    }
    let mut chunks = body.into_data_stream();
    let mut whole = BytesMut::new();
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|_| Denied::new(Sort::Malformed, "SCHEMA", "the body ended early", "send the whole body"))?;
        if whole.len() + chunk.len() > max {
            return Err(too_large(max));
        }
        whole.extend_from_slice(&chunk);
    }
    Ok(whole.freeze())
}

fn too_large(max: usize) -> Denied {
    let remedy = "send it in smaller parts, each under its own key";
    Denied::new(Sort::TooLarge, "TOO_LARGE", format!("the body is longer than {max} bytes"), remedy)
}
