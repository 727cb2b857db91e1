//! Watching an order as server-sent events: each step an event whose id is its commit, so that a watcher that comes back with
//! `Last-Event-ID` misses nothing.

use std::convert::Infallible;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures::{Stream, StreamExt as _};

use super::Shared;
use super::told::{Id, known};
use crate::answers::timeline::Step;
use crate::ask::Denied;

/// Watch an order: first what happened, then what happens.
#[utoipa::path(
    get, path = "/v1/orders/{id}/watch", tag = "orders", operation_id = "watch_order",
    params(
        ("id" = String, Path, description = "The order.", example = "PL-4711"),
        ("Last-Event-ID" = Option<String>, Header, description = "The last commit that was seen; only later ones are sent.")
    ),
    responses((status = 200, description = "An event a step, its data a step of the timeline.", body = Step, content_type = "text/event-stream"))
)]
pub(super) async fn order(
    State(reception): Shared,
    Id(id): Id,
    headers: HeaderMap,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Denied> {
    known(&reception, &headers)?;
    let seen = headers.get("last-event-id").and_then(|seen| seen.to_str().ok()?.parse().ok()).unwrap_or_default();
    let steps = reception.within(reception.watch(&id, seen)).await?;
    Ok(Sse::new(steps.map(|step| Ok(event(step)))).keep_alive(KeepAlive::default()))
}

fn event(step: Result<Step, Denied>) -> Event {
    let (name, id, data) = match step {
        Ok(step) => ("step", Some(step.commit), serde_json::to_string(&step)),
        Err(no) => ("complaint", None, serde_json::to_string(&no.complaint)),
    };
    let event = Event::default().event(name).data(data.unwrap_or_default());
    id.map_or(event.clone(), |id| event.id(id.to_string()))
}
