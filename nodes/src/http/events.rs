//! Public events and their contracts over HTTP: pages that a reader walks through, and server-sent events whose id is a place
//! to go on from. Only translates.

use std::convert::Infallible;

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::sse::{Event as Sent, KeepAlive, Sse};
use futures::{Stream, StreamExt as _};
use serde::Deserialize;
use serde_json::Value;
use utoipa::IntoParams;

use super::Shared;
use super::told::{Asking, Id, NoWords, Words, known, since};
use crate::answers::Page;
use crate::answers::event::{ContractRow, contract, listed};
use crate::answers::world::World;
use crate::ask::{Denied, Told, Wanted};

/// Which events.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Part {
    /// What the last page said under `next`; `now` for only what comes; left out, from the beginning.
    after: Option<String>,
    /// Events at most, up to 200; left out, 200. The commit that reaches it is told whole.
    #[param(minimum = 1, maximum = 200)]
    most: Option<u64>,
    /// How long to wait for the first, in ms, up to 20,000; left out, not at all.
    #[param(minimum = 0, maximum = 20_000)]
    wait_ms: Option<u64>,
    /// Only types that begin so.
    #[serde(rename = "type")]
    #[param(example = "order.")]
    types: Option<String>,
    /// Only those of this site.
    site: Option<String>,
}

/// List public events of all regions, oldest first within each shard, behind a place.
#[utoipa::path(get, path = "/v1/events", tag = "events", params(Part), responses((status = 200, description = "CloudEvents, and the place behind them.", body = World<Object>)))]
pub(super) async fn page(State(reception): Shared, headers: HeaderMap, Words(part): Words<Part>) -> Result<Json<World<Value>>, Denied> {
    let client = &known(&reception, &headers)?;
    // Who waits for events takes a watcher's place, and none of those who ask.
    let _ticket = reception.admission().watch(client)?;
    let place = reception.within(reception.place(part.after.as_deref())).await?;
    let wanted = Wanted { types: part.types, site: part.site };
    reception.events_page(place, wanted, part.most, part.wait_ms.unwrap_or_default()).await.map(Json)
}

/// Which events are watched.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Watched {
    /// Where to begin: the id of an event that was seen, or `now`; left out, from the beginning.
    after: Option<String>,
    /// Only types that begin so.
    #[serde(rename = "type")]
    #[param(example = "order.")]
    types: Option<String>,
    /// Only those of this site.
    site: Option<String>,
}

/// Watch public events of the regions that run in this process: first what was told, then what is. The id of each message is a place: a reader that comes back with
/// it as `Last-Event-ID` misses nothing, and may see the last commit twice.
#[utoipa::path(
    get, path = "/v1/events/watch", tag = "events",
    params(Watched, ("Last-Event-ID" = Option<String>, Header, description = "The id that was seen last; counts more than `after`.")),
    responses((status = 200, description = "A message an event, its data a CloudEvent.", content_type = "text/event-stream"))
)]
pub(super) async fn watch(
    State(reception): Shared,
    headers: HeaderMap,
    Words(watched): Words<Watched>,
) -> Result<Sse<impl Stream<Item = Result<Sent, Infallible>>>, Denied> {
    let client = &known(&reception, &headers)?;
    let wanted = Wanted { types: watched.types, site: watched.site };
    let (place, told) = reception.events(client, since(&headers, watched.after)?.as_deref(), wanted).await?;
    let mut before = place.to_string();
    let messages = told.flat_map(move |told| futures::stream::iter(messages(told, &mut before).into_iter().map(Ok)));
    Ok(Sse::new(messages).keep_alive(KeepAlive::default()))
}

/// A message an event. All but the last of a commit lead back to before it, so that none is missed.
fn messages(told: Result<Told, Denied>, before: &mut String) -> Vec<Sent> {
    let told = match told {
        Ok(told) => told,
        Err(no) => return vec![Sent::default().event("complaint").data(serde_json::to_string(&no.complaint).unwrap_or_default())],
    };
    let after = told.place.to_string();
    let last = told.events.len();
    let messages = told.events.iter().zip(1..).map(|(event, number)| {
        let place = if number == last { &after } else { &*before };
        Sent::default().event("event").id(place).data(serde_json::to_string(event).unwrap_or_default())
    });
    let messages = messages.collect();
    *before = after;
    messages
}

/// List the contracts of public events.
#[utoipa::path(get, path = "/v1/contracts", tag = "events", responses((status = 200, description = "All that are told.", body = Page<ContractRow>)))]
pub(super) async fn contracts(_: Asking, _: NoWords) -> Json<Page<ContractRow>> {
    Json(Page { rows: listed(), next: None, as_of: None })
}

/// The data of one type of event, as a JSON Schema.
#[utoipa::path(
    get, path = "/v1/contracts/{id}", tag = "events",
    params(("id" = String, Path, description = "Type and version.", example = "order.released.v1")),
    responses((status = 200, description = "A JSON Schema of `data`.", body = Object))
)]
pub(super) async fn schema(_: Asking, _: NoWords, Id(id): Id) -> Result<Json<Value>, Denied> {
    contract(&id).map(Json)
}
