//! What is wished for an order, a shipment or an exception that the path names.

use axum::extract::State;

use super::told::{Id, Told};
use super::{Done, Shared};
use crate::ask::{Denied, v1};

/// Ask for another total; the plant must agree.
#[utoipa::path(
    post, path = "/v1/orders/{id}/quantity-changes", tag = "orders", params(("id" = String, Path, description = "The order.", example = "PL-4711")),
    request_body(content = v1::ChangeQuantity, example = json!({ "total": "500 H87", "reason": "demand rose" })),
    responses((status = 200, description = "Recorded.", body = v1::Outcome))
)]
pub(super) async fn change_quantity(State(reception): Shared, Id(id): Id, mut told: Told<v1::ChangeQuantity>) -> Result<Done, Denied> {
    told.message.order = id;
    told.decide(&reception).await
}

/// Send an order to its plant again, as a new attempt.
#[utoipa::path(
    post, path = "/v1/orders/{id}/redispatches", tag = "orders", params(("id" = String, Path, description = "The order.", example = "PL-4711")),
    request_body(content = v1::Redispatch, example = json!({ "reason": "recipe 12 is at the plant now" })),
    responses((status = 200, description = "Recorded.", body = v1::Outcome))
)]
pub(super) async fn redispatch(State(reception): Shared, Id(id): Id, mut told: Told<v1::Redispatch>) -> Result<Done, Denied> {
    told.message.order = id;
    told.decide(&reception).await
}

/// Give an order up. Refused once work was reported.
#[utoipa::path(
    post, path = "/v1/orders/{id}/cancellations", tag = "orders", params(("id" = String, Path, description = "The order.", example = "PL-4711")),
    request_body(content = v1::CancelOrder, example = json!({ "reason": "demand fell away" })),
    responses((status = 200, description = "Recorded.", body = v1::Outcome))
)]
pub(super) async fn cancel(State(reception): Shared, Id(id): Id, mut told: Told<v1::CancelOrder>) -> Result<Done, Denied> {
    told.message.order = id;
    told.decide(&reception).await
}

/// No more work on an order.
#[utoipa::path(
    post, path = "/v1/orders/{id}/technical-completions", tag = "orders", params(("id" = String, Path, description = "The order.", example = "PL-4711")),
    request_body(content = v1::CompleteTechnically, example = json!({ "force": true, "reason": "the rest is written off" })),
    responses((status = 200, description = "Recorded.", body = v1::Outcome))
)]
pub(super) async fn complete_technically(
    State(reception): Shared,
    Id(id): Id,
    mut told: Told<v1::CompleteTechnically>,
) -> Result<Done, Denied> {
    told.message.order = id;
    told.decide(&reception).await
}

/// Flush and settle what an order still owes its ERP, then close it.
#[utoipa::path(
    post, path = "/v1/orders/{id}/closings", tag = "orders", params(("id" = String, Path, description = "The order.", example = "PL-4711")),
    request_body(content = v1::CloseOrder, example = json!({ "reason": "month end" })),
    responses((status = 200, description = "Recorded.", body = v1::Outcome))
)]
pub(super) async fn close(State(reception): Shared, Id(id): Id, mut told: Told<v1::CloseOrder>) -> Result<Done, Denied> {
    told.message.order = id;
    told.decide(&reception).await
}

/// Shut a gate of a shipment: it may not leave.
#[utoipa::path(
    post, path = "/v1/shipments/{id}/blocks", tag = "shipments", params(("id" = String, Path, description = "The shipment.", example = "SHP-7781")),
    request_body(content = v1::BlockShipment, example = json!({ "gate": "customs", "reason": "papers missing" })),
    responses((status = 200, description = "Recorded.", body = v1::Outcome))
)]
pub(super) async fn block_shipment(State(reception): Shared, Id(id): Id, mut told: Told<v1::BlockShipment>) -> Result<Done, Denied> {
    told.message.shipment = id;
    told.decide(&reception).await
}

/// Open a gate of a shipment again.
#[utoipa::path(
    post, path = "/v1/shipments/{id}/releases", tag = "shipments", params(("id" = String, Path, description = "The shipment.", example = "SHP-7781")),
    request_body(content = v1::ReleaseShipment, example = json!({ "gate": "customs", "reason": "papers arrived" })),
    responses((status = 200, description = "Recorded.", body = v1::Outcome))
)]
pub(super) async fn release_shipment(State(reception): Shared, Id(id): Id, mut told: Told<v1::ReleaseShipment>) -> Result<Done, Denied> {
    told.message.shipment = id;
    told.decide(&reception).await
}
