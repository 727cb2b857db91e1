//! What happens to goods: releases, completions, issues, counts, holds and their dispositions, each at its own path.

use axum::extract::State;

use super::told::Told;
use super::{Done, Shared};
use crate::ask::{Denied, v1};

/// Create a production order release.
///
/// The ERP makes a production order of a planned one and releases it; validation and dispatch to the plant follow by themselves.
#[utoipa::path(
    post, path = "/v1/production-order-releases", tag = "orders",
    request_body(content = v1::ReleaseOrder, example = json!({
        "erp": "erp-eu", "planned_order": "PL-4711", "plant": "nord", "material": "FG-100", "total": "480 H87",
        "start": "2026-11-24T06:00:00+01:00", "end": "2026-11-24T14:00:00+01:00"
    })),
    responses((status = 200, description = "Recorded, with the order's id.", body = v1::Outcome))
)]
pub(super) async fn release_order(State(reception): Shared, told: Told<v1::ReleaseOrder>) -> Result<Done, Denied> {
    told.decide(&reception).await
}

/// Confirm operation completion.
///
/// It happened, so it is not refused for what it says: where it contradicts what is known an exception is opened, and while
/// its order is not known it waits in the plant's quarantine (202).
#[utoipa::path(
    post, path = "/v1/operation-completions", tag = "floor",
    request_body(content = v1::ConfirmCompletion, example = json!({
        "plant": "nord", "order": "PL-4711", "operation": "20", "good": "40 H87", "scrap": "2 H87", "scrap_reason": "weld"
    })),
    responses(
        (status = 200, description = "Recorded.", body = v1::Outcome),
        (status = 202, description = "Kept until its order is known.", body = v1::Outcome)
    )
)]
pub(super) async fn confirm_completion(State(reception): Shared, told: Told<v1::ConfirmCompletion>) -> Result<Done, Denied> {
    told.decide(&reception).await
}

/// Post a material issue.
///
/// A component went in, or came back (a negative quantity). It is booked in the ERP by rule, in sums.
#[utoipa::path(
    post, path = "/v1/material-issues", tag = "floor",
    request_body(content = v1::IssueMaterial, example = json!({
        "plant": "nord", "order": "PL-4711", "operation": "10", "material": "STEEL-3", "lot": "H-5501", "quantity": "12.4 KGM"
    })),
    responses(
        (status = 200, description = "Recorded.", body = v1::Outcome),
        (status = 202, description = "Kept until its order is known.", body = v1::Outcome)
    )
)]
pub(super) async fn issue_material(State(reception): Shared, told: Told<v1::IssueMaterial>) -> Result<Done, Denied> {
    told.decide(&reception).await
}

/// Correct a count, also after the final confirmation.
#[utoipa::path(
    post, path = "/v1/count-corrections", tag = "floor",
    request_body(content = v1::CorrectCount, example = json!({
        "plant": "nord", "order": "PL-4711", "operation": "20", "use": "yield", "difference": "-6 H87", "reason": "miscount"
    })),
    responses(
        (status = 200, description = "Recorded.", body = v1::Outcome),
        (status = 202, description = "Kept until its order is known.", body = v1::Outcome)
    )
)]
pub(super) async fn correct_count(State(reception): Shared, told: Told<v1::CorrectCount>) -> Result<Done, Denied> {
    told.decide(&reception).await
}

/// Place inventory on quality hold.
///
/// Anyone may. It binds in the lot's own log when this is answered; ERP, warehouse and quality system are told afterwards.
#[utoipa::path(
    post, path = "/v1/quality-holds", tag = "quality",
    request_body(content = v1::PlaceHold, example = json!({
        "hold": "NC-881", "plant": "nord", "material": "FG-100", "lot": "N7-1123", "units": ["pallet-1"], "reason": "weld"
    })),
    responses((status = 200, description = "The hold binds.", body = v1::Outcome))
)]
pub(super) async fn place_hold(State(reception): Shared, told: Told<v1::PlaceHold>) -> Result<Done, Denied> {
    told.decide(&reception).await
}

/// Record a disposition. Needs a quality role.
#[utoipa::path(
    post, path = "/v1/quality-dispositions", tag = "quality",
    request_body(content = v1::RecordDisposition, example = json!({
        "hold": "NC-881", "plant": "nord", "material": "FG-100", "lot": "N7-1123",
        "decisions": [{ "verdict": "accept", "quantity": "478 H87" }, { "verdict": "scrap", "quantity": "2 H87" }], "last": true
    })),
    responses((status = 200, description = "Recorded.", body = v1::Outcome))
)]
pub(super) async fn record_disposition(State(reception): Shared, told: Told<v1::RecordDisposition>) -> Result<Done, Denied> {
    told.decide(&reception).await
}

/// Release a quality hold: everything under it is accepted. Needs a quality role.
#[utoipa::path(
    post, path = "/v1/quality-hold-releases", tag = "quality",
    request_body(content = v1::ReleaseHold, example = json!({
        "hold": "NC-881", "plant": "nord", "material": "FG-100", "lot": "N7-1123", "reason": "weld inspected"
    })),
    responses((status = 200, description = "The hold is over.", body = v1::Outcome))
)]
pub(super) async fn release_hold(State(reception): Shared, told: Told<v1::ReleaseHold>) -> Result<Done, Denied> {
    told.decide(&reception).await
}
