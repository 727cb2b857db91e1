//! The books of systems beside ours: ask for a run, and see what the last one found.

use axum::Json;
use axum::extract::State;

use super::told::{Asking, Id, NoWords, Told};
use super::{Done, Shared};
use crate::answers::Page;
use crate::answers::reconcile::Reconciliation;
use crate::ask::{Denied, v1};

/// Compare the books of an ERP or a warehouse with ours, at a cut-off.
///
/// Everything that moved there since it agreed last is read, so many at once; what we know to be elsewhere is netted out. What
/// differs is read again after a while, and what differs twice is an exception.
#[utoipa::path(
    post, path = "/v1/reconciliations", tag = "evidence", operation_id = "begin_reconciliation",
    request_body(content = v1::Reconcile, example = json!({ "site": "erp-eu", "reason": "month end" })),
    responses((status = 200, description = "The run has begun.", body = v1::Outcome))
)]
pub(super) async fn begin(State(reception): Shared, told: Told<v1::Reconcile>) -> Result<Done, Denied> {
    told.decide(&reception).await
}

/// List the systems whose books are compared, each with its last run.
#[utoipa::path(get, path = "/v1/reconciliations", tag = "evidence", operation_id = "reconciliations", responses((status = 200, description = "Every such system.", body = Page<Reconciliation>)))]
pub(super) async fn list(State(reception): Shared, _: Asking, _: NoWords) -> Result<Json<Page<Reconciliation>>, Denied> {
    reception.within(reception.reconciliations()).await.map(Json)
}

/// Show the last run over the books of a system, with everything that is more than equal, item by item.
#[utoipa::path(
    get, path = "/v1/reconciliations/{id}", tag = "evidence", operation_id = "reconciliation",
    params(("id" = String, Path, description = "The ERP or warehouse, by its site name.", example = "erp-eu")),
    responses((status = 200, description = "As it is; while the run is under way, as far as it is.", body = Reconciliation))
)]
pub(super) async fn show(State(reception): Shared, _: Asking, _: NoWords, Id(site): Id) -> Result<Json<Reconciliation>, Denied> {
    reception.within(reception.reconciliation(&site)).await.map(Json)
}
