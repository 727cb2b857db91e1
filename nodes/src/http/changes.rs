//! Wishes to change an order on its way: move it, split it, hold it, take back what was posted. Each is recorded at once and
//! comes about when plant and ERP have agreed; the order shows what is under way.

use axum::extract::State;

use super::told::{Id, Told};
use super::{Done, Shared};
use crate::ask::{Denied, v1};

/// Move an order to other dates; the plant must agree, and the ERP makes it so.
#[utoipa::path(
    post, path = "/v1/orders/{id}/reschedules", tag = "orders", params(("id" = String, Path, description = "The order.", example = "PL-4711")),
    request_body(content = v1::RescheduleOrder, example = json!({ "start": "2026-11-26T06:00:00+01:00", "end": "2026-11-26T14:00:00+01:00", "reason": "press 4 is down" })),
    responses((status = 200, description = "Recorded.", body = v1::Outcome))
)]
pub(super) async fn reschedule(State(reception): Shared, Id(id): Id, mut told: Told<v1::RescheduleOrder>) -> Result<Done, Denied> {
    told.message.order = id;
    told.decide(&reception).await
}

/// Use another material on a component line. Only while the plant does not have the job.
#[utoipa::path(
    post, path = "/v1/orders/{id}/component-replacements", tag = "orders", params(("id" = String, Path, description = "The order.", example = "PL-4711")),
    request_body(content = v1::ReplaceComponent, example = json!({ "item": "0010", "material": "STEEL-4", "reason": "STEEL-3 is short" })),
    responses((status = 200, description = "Recorded.", body = v1::Outcome))
)]
pub(super) async fn replace_component(State(reception): Shared, Id(id): Id, mut told: Told<v1::ReplaceComponent>) -> Result<Done, Denied> {
    told.message.order = id;
    told.decide(&reception).await
}

/// Make an order by another version of its recipe. Only while the plant does not have the job.
#[utoipa::path(
    post, path = "/v1/orders/{id}/recipe-changes", tag = "orders", params(("id" = String, Path, description = "The order.", example = "PL-4711")),
    request_body(content = v1::ChangeRecipe, example = json!({ "version": "8", "reason": "engineering change 4711" })),
    responses((status = 200, description = "Recorded.", body = v1::Outcome))
)]
pub(super) async fn change_recipe(State(reception): Shared, Id(id): Id, mut told: Told<v1::ChangeRecipe>) -> Result<Done, Denied> {
    told.message.order = id;
    told.decide(&reception).await
}

/// Make an order of its own of a part; what was reported stays with this one.
#[utoipa::path(
    post, path = "/v1/orders/{id}/splits", tag = "orders", params(("id" = String, Path, description = "The order.", example = "PL-4711")),
    request_body(content = v1::SplitOrder, example = json!({ "total": "2000 H87", "reference": "PL-4711-B", "reason": "press 4 is down" })),
    responses((status = 200, description = "Recorded.", body = v1::Outcome))
)]
pub(super) async fn split(State(reception): Shared, Id(id): Id, mut told: Told<v1::SplitOrder>) -> Result<Done, Denied> {
    told.message.order = id;
    told.decide(&reception).await
}

/// Let an order wait: it is not sent, and a plant that has it is asked to stop.
#[utoipa::path(
    post, path = "/v1/orders/{id}/holds", tag = "orders", params(("id" = String, Path, description = "The order.", example = "PL-4711")),
    request_body(content = v1::HoldOrder, example = json!({ "reason": "design change" })),
    responses((status = 200, description = "Recorded.", body = v1::Outcome))
)]
pub(super) async fn hold(State(reception): Shared, Id(id): Id, mut told: Told<v1::HoldOrder>) -> Result<Done, Denied> {
    told.message.order = id;
    told.decide(&reception).await
}

/// Let an order that waits go on.
#[utoipa::path(
    post, path = "/v1/orders/{id}/resumptions", tag = "orders", params(("id" = String, Path, description = "The order.", example = "PL-4711")),
    request_body(content = v1::ResumeOrder, example = json!({ "reason": "drawing C is approved" })),
    responses((status = 200, description = "Recorded.", body = v1::Outcome))
)]
pub(super) async fn resume(State(reception): Shared, Id(id): Id, mut told: Told<v1::ResumeOrder>) -> Result<Done, Denied> {
    told.message.order = id;
    told.decide(&reception).await
}

/// Take the job back from the plant, to change the order or to send it again.
#[utoipa::path(
    post, path = "/v1/orders/{id}/revocations", tag = "orders", params(("id" = String, Path, description = "The order.", example = "PL-4711")),
    request_body(content = v1::RevokeDispatch, example = json!({ "reason": "wrong recipe" })),
    responses((status = 200, description = "Recorded.", body = v1::Outcome))
)]
pub(super) async fn revoke(State(reception): Shared, Id(id): Id, mut told: Told<v1::RevokeDispatch>) -> Result<Done, Denied> {
    told.message.order = id;
    told.decide(&reception).await
}

/// Work again on a technically complete order.
#[utoipa::path(
    post, path = "/v1/orders/{id}/reopenings", tag = "orders", params(("id" = String, Path, description = "The order.", example = "PL-4711")),
    request_body(content = v1::ReopenOrder, example = json!({ "reason": "late report of shift C" })),
    responses((status = 200, description = "Recorded.", body = v1::Outcome))
)]
pub(super) async fn reopen(State(reception): Shared, Id(id): Id, mut told: Told<v1::ReopenOrder>) -> Result<Done, Denied> {
    told.message.order = id;
    told.decide(&reception).await
}

/// Take a posted document back. Its quantity waits until somebody posts it again or gives it up.
#[utoipa::path(
    post, path = "/v1/orders/{id}/reversals", tag = "orders", params(("id" = String, Path, description = "The order.", example = "PL-4711")),
    request_body(content = v1::ReversePosting, example = json!({ "posting": 3, "reason": "posted into the wrong period" })),
    responses((status = 200, description = "Recorded.", body = v1::Outcome))
)]
pub(super) async fn reverse_posting(State(reception): Shared, Id(id): Id, mut told: Told<v1::ReversePosting>) -> Result<Done, Denied> {
    told.message.order = id;
    told.decide(&reception).await
}
