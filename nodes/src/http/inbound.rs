//! The door for what systems tell: `POST /in/{source}/{topic}`, raw bytes, 2xx only when they are durable here.

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::header::AUTHORIZATION;
use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse;
use serde::Serialize;
use utoipa::ToSchema;

use super::Shared;
use super::told::{Ids, whole};
use crate::ask::{Denied, v1};

/// A message is durable.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MessageTaken)]
pub(super) struct Taken {
    /// `taken`.
    answer: &'static str,
}

/// Take a message of a system, in its own words.
///
/// For the systems themselves. The bytes are kept before they are understood; what cannot be understood becomes an
/// exception of its site, and is taken all the same. Where the system's link asks for a signature, one that is missing, wrong
/// or too old is answered with 401 and the code `UNSIGNED`, and nothing is kept.
#[utoipa::path(
    post, path = "/in/{source}/{topic}", tag = "systems",
    params(
        ("source" = String, Path, description = "The system, by its site name.", example = "nord"),
        ("topic" = String, Path, description = "A topic of its link.", example = "reports")
    ),
    request_body(content = String, content_type = "*/*", description = "Whatever the system sends, at most 1 MiB."),
    responses(
        (status = 202, description = "Durable: the sender may forget it.", body = Taken),
        (status = 401, description = "No system has this token, or its signature is missing, wrong or too old: nothing is kept.", body = v1::Complaint),
        (status = 404, description = "No system of that name tells anything here.", body = v1::Complaint),
    )
)]
pub(super) async fn take(
    State(reception): Shared,
    Ids(source, topic): Ids,
    headers: HeaderMap,
    body: Body,
) -> Result<impl IntoResponse, Denied> {
    let known = reception.inbox(&source, headers.get(AUTHORIZATION).map(axum::http::HeaderValue::as_bytes))?;
    let _ticket = reception.enter_inbox()?;
    let raw = reception.within(whole(&headers, body, reception.limits().inbound_bytes_max)).await?;
    let header = |name: &str| Some(headers.get(name)?.to_str().ok()?.to_owned());
    reception.receive(&known, &topic, header, raw).await?;
    Ok((StatusCode::ACCEPTED, Json(Taken { answer: "taken" })))
}
