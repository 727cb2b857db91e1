//! The desk: exceptions by when they hurt and by cause, acting on them, and what an action would do before it is done.

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use utoipa::IntoParams;

use super::queries::Then;
use super::told::{Asking, Id, NoWords, Told, Words};
use super::{Done, Shared};
use crate::answers::case::{CaseRow, CaseView, GroupOutcome, GroupRow, GroupView};
use crate::answers::desk::Desk;
use crate::answers::preview::{GroupPreview, Preview};
use crate::answers::runbook::Runbook;
use crate::ask::{Denied, DeskWanted, Reception, v1};

/// Which exceptions, and which part of them.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Part {
    /// What the last part said under `next`.
    after: Option<String>,
    /// Rows at most, up to 200; left out, 200.
    #[param(minimum = 1, maximum = 200)]
    most: Option<u64>,
    /// Only those of this role.
    #[param(example = "finance")]
    owner: Option<String>,
    /// Only those at this site.
    #[param(example = "nord")]
    site: Option<String>,
    /// Also those that somebody put away.
    #[serde(default)]
    snoozed: bool,
}

impl From<Part> for DeskWanted {
    fn from(part: Part) -> Self {
        let Part { after, most, owner, site, snoozed } = part;
        Self { after, most, owner, site, snoozed }
    }
}

/// List open exceptions, by when they start to hurt.
#[utoipa::path(get, path = "/v1/exceptions", tag = "exceptions", params(Part), responses((status = 200, description = "The desk, one by one.", body = Desk<CaseRow>)))]
pub(super) async fn exceptions(State(reception): Shared, _: Asking, Words(part): Words<Part>) -> Result<Json<Desk<CaseRow>>, Denied> {
    let wanted = part.into();
    reception.within(reception.exceptions(&wanted)).await.map(Json)
}

/// List open exceptions by cause, by when the first of each starts to hurt.
#[utoipa::path(get, path = "/v1/exception-groups", tag = "exceptions", params(Part), responses((status = 200, description = "The desk, by cause.", body = Desk<GroupRow>)))]
pub(super) async fn groups(State(reception): Shared, _: Asking, Words(part): Words<Part>) -> Result<Json<Desk<GroupRow>>, Denied> {
    let wanted = part.into();
    reception.within(reception.exception_groups(&wanted)).await.map(Json)
}

/// Show a cause with its open exceptions.
#[utoipa::path(
    get, path = "/v1/exception-groups/{id}", tag = "exceptions",
    params(("id" = String, Path, description = "The group, as it is listed.", example = "G-7QK2M0XA")),
    responses((status = 200, description = "By when they hurt, the first 200.", body = GroupView))
)]
pub(super) async fn group(State(reception): Shared, _: Asking, _: NoWords, Id(id): Id) -> Result<Json<GroupView>, Denied> {
    reception.within(reception.exception_group(&id)).await.map(Json)
}

/// Show an exception with what it most likely means; of the past, as it was then.
#[utoipa::path(
    get, path = "/v1/exceptions/{id}", tag = "exceptions",
    params(("id" = String, Path, description = "As it is listed.", example = "E-3V8Q4K-2"), Then),
    responses((status = 200, description = "What is wrong, and what may be done.", body = CaseView))
)]
pub(super) async fn exception(State(reception): Shared, _: Asking, Id(id): Id, Words(then): Words<Then>) -> Result<Json<CaseView>, Denied> {
    reception.within(reception.exception(&id, then.at.as_deref())).await.map(Json)
}

/// Show what to do about a kind of exception, step by step.
#[utoipa::path(
    get, path = "/v1/runbooks/{id}", tag = "exceptions",
    params(("id" = String, Path, description = "The kind.", example = "in_doubt")),
    responses((status = 200, description = "What it means, what to do, and what never to do.", body = Runbook))
)]
pub(super) async fn runbook(_: Asking, _: NoWords, Id(kind): Id) -> Result<Json<Runbook>, Denied> {
    Reception::runbook(&kind).map(Json)
}

/// Act on an exception, as one of the actions it offers.
#[utoipa::path(
    post, path = "/v1/exceptions/{id}/actions", tag = "exceptions", params(("id" = String, Path, description = "The exception.", example = "E-3107")),
    request_body(content = v1::ActOnException, example = json!({ "action": "adopt", "document": "4900012377", "reason": "posted by K. Ott in the ERP" })),
    responses((status = 200, description = "Recorded.", body = v1::Outcome))
)]
pub(super) async fn act(State(reception): Shared, Id(id): Id, mut told: Told<v1::ActOnException>) -> Result<Done, Denied> {
    told.message.exception = id;
    told.decide(&reception).await
}

/// Preview an action on an exception: what it would record, post, send and close. Nothing is done.
#[utoipa::path(
    post, path = "/v1/exceptions/{id}/actions/preview", tag = "exceptions", params(("id" = String, Path, description = "The exception.", example = "E-3107")),
    request_body(content = v1::ActOnException, example = json!({ "action": "retry", "reason": "the period is open" })),
    responses((status = 200, description = "By the kernel, on a copy of how things stand.", body = Preview))
)]
pub(super) async fn preview_act(State(reception): Shared, Id(id): Id, mut told: Told<v1::ActOnException>) -> Result<Json<Preview>, Denied> {
    told.message.exception = id;
    told.preview(&reception).await
}

/// Act on every open exception of one cause, each under a key of its own.
///
/// Sent again under the same key, what was done is told again and not done again. What was not granted is among the outcomes.
#[utoipa::path(
    post, path = "/v1/exception-groups/{id}/actions", tag = "exceptions", params(("id" = String, Path, description = "The group.", example = "G-7QK2M0XA")),
    request_body(content = v1::ActOnGroup, example = json!({ "action": "retry", "reason": "the ERP is back" })),
    responses((status = 200, description = "What came of each.", body = GroupOutcome))
)]
pub(super) async fn act_on_group(
    State(reception): Shared,
    Id(id): Id,
    mut told: Told<v1::ActOnGroup>,
) -> Result<Json<GroupOutcome>, Denied> {
    told.message.group = id;
    let (client, wish, ticket) = told.parts();
    reception.act_on_group(&client, &wish, ticket).await.map(Json)
}

/// Preview an action on every open exception of one cause. Nothing is done.
#[utoipa::path(
    post, path = "/v1/exception-groups/{id}/actions/preview", tag = "exceptions", params(("id" = String, Path, description = "The group.", example = "G-7QK2M0XA")),
    request_body(content = v1::ActOnGroup, example = json!({ "action": "retry", "reason": "the ERP is back" })),
    responses((status = 200, description = "What it would do to the first 20.", body = GroupPreview))
)]
pub(super) async fn preview_group(
    State(reception): Shared,
    Id(id): Id,
    mut told: Told<v1::ActOnGroup>,
) -> Result<Json<GroupPreview>, Denied> {
    told.message.group = id;
    let (client, wish, ticket) = told.parts();
    reception.preview_group(&client, &wish, ticket).await.map(Json)
}

/// Preview a quality hold: every lot, handling unit and truck it would be on, and what has left already. Nothing is held.
#[utoipa::path(
    post, path = "/v1/quality-holds/preview", tag = "quality",
    request_body(content = v1::PlaceHold, example = json!({
        "hold": "NC-882", "plant": "nord", "material": "FG-100", "lot": "N7-1124", "reason": "weld"
    })),
    responses((status = 200, description = "By the kernel, on a copy of how things stand.", body = Preview))
)]
pub(super) async fn preview_hold(State(reception): Shared, told: Told<v1::PlaceHold>) -> Result<Json<Preview>, Denied> {
    told.preview(&reception).await
}

/// Preview the correction of a count: what it would book and post. Nothing is booked.
#[utoipa::path(
    post, path = "/v1/count-corrections/preview", tag = "floor",
    request_body(content = v1::CorrectCount, example = json!({
        "plant": "nord", "order": "PL-4711", "operation": "20", "use": "yield", "difference": "-6 H87", "reason": "miscount"
    })),
    responses((status = 200, description = "By the kernel, on a copy of how things stand.", body = Preview))
)]
pub(super) async fn preview_correction(State(reception): Shared, told: Told<v1::CorrectCount>) -> Result<Json<Preview>, Denied> {
    told.preview(&reception).await
}
