//! Questions: each answered from what is durable, none changes anything.

use std::sync::Arc;

use axum::extract::{FromRequestParts, State};
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE};
use axum::http::request::Parts;
use axum::response::IntoResponse;
use takt_protocol::intent::Tier;

use super::Shared;
use super::told::Id;
use crate::ask::{Denied, Reception, Ticket};

/// A client that may ask, and the room it takes while it does.
pub(super) struct Asking {
    _ticket: Ticket,
}

impl FromRequestParts<Arc<Reception>> for Asking {
    type Rejection = Denied;

    async fn from_request_parts(parts: &mut Parts, reception: &Arc<Reception>) -> Result<Self, Denied> {
        reception.client(parts.headers.get(AUTHORIZATION).map(axum::http::HeaderValue::as_bytes))?;
        Ok(Self { _ticket: reception.admission().enter(Tier::Analytical)? })
    }
}

/// Read a raw payload by its hash, as it came.
#[utoipa::path(
    get, path = "/v1/raw/{id}", tag = "evidence",
    params(("id" = String, Path, description = "SHA-256 of the payload, 64 hexadecimal digits, as timelines and traces show it.")),
    responses((status = 200, description = "The bytes, verbatim.", content_type = "application/octet-stream"))
)]
pub(super) async fn raw(State(reception): Shared, _: Asking, Id(hash): Id) -> Result<impl IntoResponse, Denied> {
    let raw = reception.within(reception.raw(&hash)).await?;
    Ok(([(CONTENT_TYPE, "application/octet-stream")], raw))
}
