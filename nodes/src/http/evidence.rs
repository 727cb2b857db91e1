//! Questions of auditors and of quality: which reports and raw messages a posting stands on, where a lot came from, how far a hold
//! would reach, and a ledger as a file. None changes anything.

use axum::Json;
use axum::extract::State;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::IntoResponse;
use serde::Deserialize;
use utoipa::IntoParams;

use super::Shared;
use super::queries::Then;
use super::told::{Asking, Id, Words};
use crate::answers::evidence::Evidence;
use crate::answers::ledger::csv;
use crate::answers::lot::{Genealogy, Reach};
use crate::ask::{Denied, v1};

/// Which postings.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Message {
    /// Only what this raw message led to: its hash, as timelines show it.
    raw: Option<String>,
    /// A moment in the past, RFC 3339 with an offset: the postings as they stood by what was recorded until then. Left out, now.
    #[param(example = "2026-11-24T03:12:00+01:00")]
    at: Option<String>,
}

/// Show the postings of an order, each with the reports behind it and the raw message behind each report; or what a message led to.
#[utoipa::path(
    get, path = "/v1/orders/{id}/postings", tag = "evidence",
    params(("id" = String, Path, description = "The order.", example = "PL-4711"), Message),
    responses((status = 200, description = "The postings, oldest first, and the reports that none stands on yet.", body = Evidence))
)]
pub(super) async fn postings(
    State(reception): Shared,
    _: Asking,
    Id(id): Id,
    Words(message): Words<Message>,
) -> Result<Json<Evidence>, Denied> {
    let wanted = v1::PostingsWanted { id, raw: message.raw, at: message.at };
    reception.within(reception.postings(&wanted)).await.map(Json)
}

/// Show what went into an order and what came out of it, each lot with everything it came from and went into.
#[utoipa::path(
    get, path = "/v1/orders/{id}/genealogy", tag = "evidence",
    params(("id" = String, Path, description = "The order.", example = "PL-4711"), Then),
    responses((status = 200, description = "Over any number of steps.", body = Genealogy))
)]
pub(super) async fn genealogy(
    State(reception): Shared,
    _: Asking,
    Id(id): Id,
    Words(then): Words<Then>,
) -> Result<Json<Genealogy>, Denied> {
    reception.within(reception.genealogy(&id, then.at.as_deref())).await.map(Json)
}

/// Read the ledger of an order as comma-separated values: its lines, its postings, and the hashes that prove it.
#[utoipa::path(
    get, path = "/v1/orders/{id}/ledger.csv", tag = "evidence", operation_id = "ledger_csv",
    params(("id" = String, Path, description = "The order.", example = "PL-4711"), Then),
    responses((status = 200, description = "Lines, postings and proof.", content_type = "text/csv"))
)]
pub(super) async fn ledger(State(reception): Shared, _: Asking, Id(id): Id, Words(then): Words<Then>) -> Result<impl IntoResponse, Denied> {
    let ledger = reception.within(reception.ledger(&id, then.at.as_deref())).await?;
    let headers = [(CONTENT_TYPE, "text/csv; charset=utf-8"), (CONTENT_DISPOSITION, "attachment; filename=\"ledger.csv\"")];
    Ok((headers, csv(&ledger)))
}

/// Show how far a hold on a lot would reach: the lots made of it, how much that is, the trucks with any of it. Holds nothing.
#[utoipa::path(
    get, path = "/v1/lots/{id}/reach", tag = "quality",
    params(("id" = String, Path, description = "The lot as `material/lot`, percent-encoded.", example = "FG-100%2FN7-1123"), Then),
    responses((status = 200, description = "As it is, or as it was then.", body = Reach))
)]
pub(super) async fn reach(State(reception): Shared, _: Asking, Id(id): Id, Words(then): Words<Then>) -> Result<Json<Reach>, Denied> {
    reception.within(reception.reach(&id, then.at.as_deref())).await.map(Json)
}
