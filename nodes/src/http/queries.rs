//! Questions about one thing: each answered from what is durable, none changes anything.

use axum::Json;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use serde::Deserialize;
use takt_protocol::id::Kind;
use utoipa::IntoParams;

use super::Shared;
use super::told::{Asking, Id, NoWords, Words};
use crate::answers::ledger::Ledger;
use crate::answers::lot::{LotView, Trace};
use crate::answers::order::OrderView;
use crate::answers::shipment::ShipmentView;
use crate::answers::timeline::Timeline;
use crate::answers::unit::UnitView;
use crate::ask::{Denied, v1};

/// When it is looked at.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Then {
    /// A moment in the past, RFC 3339 with an offset: the thing as it was by what was recorded until then, and the step that
    /// made it so. Left out, now.
    #[param(example = "2026-11-24T03:12:00+01:00")]
    pub(super) at: Option<String>,
}

/// A part of what is told of a thing.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Part {
    /// A moment in the past, RFC 3339 with an offset: what was recorded until then. Left out, now.
    #[param(example = "2026-11-24T03:12:00+01:00")]
    at: Option<String>,
    /// What the last part said under `next`; left out, from the beginning.
    after: Option<String>,
    /// Steps or rows at most, up to 200; left out, 200. A part ends earlier where it would be longer than about 1 MiB.
    #[param(minimum = 1, maximum = 200)]
    most: Option<u32>,
}

impl Part {
    /// The same of a thing.
    fn of(self, id: String) -> v1::PartOf {
        let Self { at, after, most } = self;
        v1::PartOf { id, at, after, most }
    }
}

/// Show an order: quantities, the six answers, what waits for a person.
#[utoipa::path(
    get, path = "/v1/orders/{id}", tag = "orders",
    params(("id" = String, Path, description = "Our id, `number@system`, or any native number that means one thing.", example = "PL-4711"), Then),
    responses((status = 200, description = "As it is, or as it was then.", body = OrderView))
)]
pub(super) async fn order(State(reception): Shared, _: Asking, Id(id): Id, Words(then): Words<Then>) -> Result<Json<OrderView>, Denied> {
    reception.within(reception.order(&id, then.at.as_deref())).await.map(Json)
}

/// Show what happened to an order, with who told it and the raw message behind each step.
#[utoipa::path(
    get, path = "/v1/orders/{id}/timeline", tag = "evidence",
    params(("id" = String, Path, description = "The order.", example = "PL-4711"), Part),
    responses((status = 200, description = "Oldest first.", body = Timeline))
)]
pub(super) async fn timeline(State(reception): Shared, _: Asking, Id(id): Id, Words(part): Words<Part>) -> Result<Json<Timeline>, Denied> {
    reception.within(reception.timeline(Kind::Order, &part.of(id))).await.map(Json)
}

/// Show what happened to a lot, with who told it and the raw message behind each step.
#[utoipa::path(
    get, path = "/v1/lots/{id}/timeline", tag = "evidence",
    params(("id" = String, Path, description = "The lot as `material/lot`, percent-encoded.", example = "FG-100%2FN7-1123"), Part),
    responses((status = 200, description = "Oldest first.", body = Timeline))
)]
pub(super) async fn lot_timeline(
    State(reception): Shared,
    _: Asking,
    Id(id): Id,
    Words(part): Words<Part>,
) -> Result<Json<Timeline>, Denied> {
    reception.within(reception.timeline(Kind::Lot, &part.of(id))).await.map(Json)
}

/// Show what happened to a handling unit, with who told it and the raw message behind each step.
#[utoipa::path(
    get, path = "/v1/units/{id}/timeline", tag = "evidence",
    params(("id" = String, Path, description = "Its number.", example = "pallet-1"), Part),
    responses((status = 200, description = "Oldest first.", body = Timeline))
)]
pub(super) async fn unit_timeline(
    State(reception): Shared,
    _: Asking,
    Id(id): Id,
    Words(part): Words<Part>,
) -> Result<Json<Timeline>, Denied> {
    reception.within(reception.timeline(Kind::Unit, &part.of(id))).await.map(Json)
}

/// Show what happened to a shipment, with who told it and the raw message behind each step.
#[utoipa::path(
    get, path = "/v1/shipments/{id}/timeline", tag = "evidence",
    params(("id" = String, Path, description = "Its number.", example = "SHP-7781"), Part),
    responses((status = 200, description = "Oldest first.", body = Timeline))
)]
pub(super) async fn shipment_timeline(
    State(reception): Shared,
    _: Asking,
    Id(id): Id,
    Words(part): Words<Part>,
) -> Result<Json<Timeline>, Denied> {
    reception.within(reception.timeline(Kind::Shipment, &part.of(id))).await.map(Json)
}

/// Show what happened to a site, with who told it and the raw message behind each step.
#[utoipa::path(
    get, path = "/v1/sites/{id}/timeline", tag = "evidence",
    params(("id" = String, Path, description = "The site, by its name.", example = "nord"), Part),
    responses((status = 200, description = "Oldest first.", body = Timeline))
)]
pub(super) async fn site_timeline(
    State(reception): Shared,
    _: Asking,
    Id(id): Id,
    Words(part): Words<Part>,
) -> Result<Json<Timeline>, Denied> {
    reception.within(reception.timeline(Kind::Site, &part.of(id))).await.map(Json)
}

/// Show where everything is that was reported of an order.
#[utoipa::path(
    get, path = "/v1/orders/{id}/ledger", tag = "evidence",
    params(("id" = String, Path, description = "The order.", example = "PL-4711"), Then),
    responses((status = 200, description = "Reported = pending + in flight + in doubt + posted + adopted + parked + written off + skipped + residual.", body = Ledger))
)]
pub(super) async fn ledger(State(reception): Shared, _: Asking, Id(id): Id, Words(then): Words<Then>) -> Result<Json<Ledger>, Denied> {
    reception.within(reception.ledger(&id, then.at.as_deref())).await.map(Json)
}

/// Show a lot: handling units, holds and who has confirmed them, what left.
#[utoipa::path(
    get, path = "/v1/lots/{id}", tag = "quality",
    params(("id" = String, Path, description = "The lot as `material/lot`, percent-encoded.", example = "FG-100%2FN7-1123"), Then),
    responses((status = 200, description = "As it is, or as it was then.", body = LotView))
)]
pub(super) async fn lot(State(reception): Shared, _: Asking, Id(id): Id, Words(then): Words<Then>) -> Result<Json<LotView>, Denied> {
    reception.within(reception.lot(&id, then.at.as_deref())).await.map(Json)
}

/// Trace a lot: everything it came from and went into, and the shipments that have any of it.
#[utoipa::path(
    get, path = "/v1/lots/{id}/trace", tag = "quality",
    params(("id" = String, Path, description = "The lot as `material/lot`, percent-encoded.", example = "FG-100%2FN7-1123"), Part),
    responses((status = 200, description = "Over any number of steps.", body = Trace))
)]
pub(super) async fn trace(State(reception): Shared, _: Asking, Id(id): Id, Words(part): Words<Part>) -> Result<Json<Trace>, Denied> {
    reception.within(reception.trace(&part.of(id))).await.map(Json)
}

/// Show a handling unit.
#[utoipa::path(
    get, path = "/v1/units/{id}", tag = "shipments",
    params(("id" = String, Path, description = "Its number.", example = "pallet-1"), Then),
    responses((status = 200, description = "As it is, or as it was then.", body = UnitView))
)]
pub(super) async fn unit(State(reception): Shared, _: Asking, Id(id): Id, Words(then): Words<Then>) -> Result<Json<UnitView>, Denied> {
    reception.within(reception.unit(&id, then.at.as_deref())).await.map(Json)
}

/// Show a shipment: may it leave, and if not, why not.
#[utoipa::path(
    get, path = "/v1/shipments/{id}", tag = "shipments",
    params(("id" = String, Path, description = "Its number.", example = "SHP-7781"), Then),
    responses((status = 200, description = "As it is, or as it was then.", body = ShipmentView))
)]
pub(super) async fn shipment(
    State(reception): Shared,
    _: Asking,
    Id(id): Id,
    Words(then): Words<Then>,
) -> Result<Json<ShipmentView>, Denied> {
    reception.within(reception.shipment(&id, then.at.as_deref())).await.map(Json)
}

/// Read a raw payload by its hash, as it came.
#[utoipa::path(
    get, path = "/v1/raw/{id}", tag = "evidence",
    params(("id" = String, Path, description = "SHA-256 of the payload, 64 hexadecimal digits, as timelines show it.")),
    responses((status = 200, description = "The bytes, verbatim.", content_type = "application/octet-stream"))
)]
pub(super) async fn raw(State(reception): Shared, _: Asking, _: NoWords, Id(hash): Id) -> Result<impl IntoResponse, Denied> {
    let raw = reception.within(reception.raw(&hash)).await?;
    Ok(([(CONTENT_TYPE, "application/octet-stream")], raw))
}
