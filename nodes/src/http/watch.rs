//! Watching an order as server-sent events: each step an event whose id is a commit that was told whole, so that a watcher that
//! comes back with `Last-Event-ID` misses nothing, and may see the last commit twice.

use std::convert::Infallible;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures::{Stream, StreamExt as _};
use serde::Deserialize;
use utoipa::IntoParams;

use super::Shared;
use super::told::{Id, Words, known, since};
use crate::ask::{Denied, Seen, behind};

/// From where on it is watched.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct From {
    /// Where to begin: the number of the last commit that was seen; left out, at the beginning.
    #[param(example = "12", pattern = "^[0-9]+$")]
    after: Option<String>,
}

/// Watch an order: first what happened, then what happens.
#[utoipa::path(
    get, path = "/v1/orders/{id}/watch", tag = "orders", operation_id = "watch_order",
    params(
        ("id" = String, Path, description = "The order.", example = "PL-4711"), From,
        ("Last-Event-ID" = Option<String>, Header, description = "The id that was seen last; counts more than `after`.")
    ),
    responses((status = 200, description = "A message a step, its data a `Step` as in the timeline.", content_type = "text/event-stream"))
)]
pub(super) async fn order(
    State(reception): Shared,
    Id(id): Id,
    headers: HeaderMap,
    Words(from): Words<From>,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Denied> {
    let client = &known(&reception, &headers)?;
    let seen = behind(since(&headers, from.after)?.as_deref(), |seen| seen.parse().ok())?.unwrap_or_default();
    let steps = reception.within(reception.watch(client, &id, seen)).await?;
    Ok(Sse::new(steps.map(|step| Ok(event(step)))).keep_alive(KeepAlive::default()))
}

fn event(seen: Result<Seen, Denied>) -> Event {
    let (name, id, data) = match seen {
        Ok(Seen { step, place }) => ("step", Some(place), serde_json::to_string(&step)),
        Err(no) => ("complaint", None, serde_json::to_string(&no.complaint)),
    };
    let event = Event::default().event(name).data(data.unwrap_or_default());
    id.map_or(event.clone(), |id| event.id(id.to_string()))
}
