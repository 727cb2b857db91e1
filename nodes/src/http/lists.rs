//! Lists and searches.

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use utoipa::IntoParams;

use super::Shared;
use super::told::{Asking, Id, NoWords, Words};
use crate::answers::dead::DeadLetter;
use crate::answers::delivery::Deliveries;
use crate::answers::link::LinkRow;
use crate::answers::lot::LotRow;
use crate::answers::node::{NodeRow, ShardRow};
use crate::answers::order::OrderRow;
use crate::answers::plant::PlantView;
use crate::answers::routing::RoutingView;
use crate::answers::shipment::ShipmentRow;
use crate::answers::site::SiteRow;
use crate::answers::world::World;
use crate::answers::{Hit, Page};
use crate::ask::{Denied, v1};

/// What is searched for.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Query {
    /// Any number that any system has for something: order, job, lot as `material/lot`, handling unit, shipment.
    #[param(example = "PL-4711")]
    q: String,
}

/// Which orders.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Orders {
    /// What the last part said under `next`.
    after: Option<String>,
    /// Rows at most, up to 200; left out, 200.
    #[param(minimum = 1, maximum = 200)]
    most: Option<u32>,
    /// Only those of this plant, by its site name.
    #[param(example = "nord")]
    plant: Option<String>,
    /// Only those that are not over: not done at the plant, or with an open exception.
    open: Option<bool>,
    /// Only those that should have begun or ended by now, and have not.
    late: Option<bool>,
    /// Only those that their plant has not taken yet.
    unacknowledged: Option<bool>,
}

/// List orders, those that matter first: with an exception, late, running, coming, completed, over; in each group by when they
/// are due.
#[utoipa::path(get, path = "/v1/orders", tag = "orders", params(Orders), responses((status = 200, description = "Those that matter first.", body = World<OrderRow>)))]
pub(super) async fn orders(State(reception): Shared, _: Asking, Words(wanted): Words<Orders>) -> Result<Json<World<OrderRow>>, Denied> {
    let Orders { after, most, plant, open, late, unacknowledged } = wanted;
    let wanted = v1::OrdersWanted { after, most, plant, open, late, unacknowledged };
    reception.within(reception.orders(&wanted)).await.map(Json)
}

/// Which lots.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Lots {
    /// What the last part said under `next`.
    after: Option<String>,
    /// Rows at most, up to 200; left out, 200.
    #[param(minimum = 1, maximum = 200)]
    most: Option<u32>,
    /// Only those of this plant, by its site name.
    #[param(example = "nord")]
    plant: Option<String>,
    /// Only those of this material.
    #[param(example = "FG-100")]
    material: Option<String>,
    /// Only those that are held.
    held: Option<bool>,
    /// Only those that wait for a sample, or for its verdict.
    in_inspection: Option<bool>,
}

/// List lots: held ones, then those in inspection, then the rest; the newest first.
#[utoipa::path(get, path = "/v1/lots", tag = "quality", params(Lots), responses((status = 200, description = "Those that matter first.", body = World<LotRow>)))]
pub(super) async fn lots(State(reception): Shared, _: Asking, Words(wanted): Words<Lots>) -> Result<Json<World<LotRow>>, Denied> {
    let Lots { after, most, plant, material, held, in_inspection } = wanted;
    let wanted = v1::LotsWanted { after, most, plant, material, held, in_inspection };
    reception.within(reception.lots(&wanted)).await.map(Json)
}

/// Which shipments.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Shipments {
    /// What the last part said under `next`.
    after: Option<String>,
    /// Rows at most, up to 200; left out, 200.
    #[param(minimum = 1, maximum = 200)]
    most: Option<u32>,
    /// Only those of this warehouse, by its site name.
    #[param(example = "wms-eu")]
    warehouse: Option<String>,
    /// Only those that have not left.
    open: Option<bool>,
    /// Only those that have not left and that a hold or a gate keeps.
    blocked: Option<bool>,
}

/// List shipments: blocked ones, then those that have not left, by when they should; then those that left, the last one first.
#[utoipa::path(get, path = "/v1/shipments", tag = "shipments", params(Shipments), responses((status = 200, description = "Those that matter first.", body = World<ShipmentRow>)))]
pub(super) async fn shipments(
    State(reception): Shared,
    _: Asking,
    Words(wanted): Words<Shipments>,
) -> Result<Json<World<ShipmentRow>>, Denied> {
    let Shipments { after, most, warehouse, open, blocked } = wanted;
    let wanted = v1::ShipmentsWanted { after, most, warehouse, open, blocked };
    reception.within(reception.shipments(&wanted)).await.map(Json)
}

/// List dead letters: inputs that were taken and could not be handed to anybody, each with the reason.
#[utoipa::path(get, path = "/v1/dead-letters", tag = "exceptions", responses((status = 200, description = "The oldest 200 of each region.", body = World<DeadLetter>)))]
pub(super) async fn dead_letters(State(reception): Shared, _: Asking, _: NoWords) -> Result<Json<World<DeadLetter>>, Denied> {
    reception.within(reception.dead_letters()).await.map(Json)
}

/// Try a dead letter again, once its reason is mended. It has its effect once, however often this is asked.
#[utoipa::path(post, path = "/v1/dead-letters/{id}/retry", tag = "exceptions", params(("id" = String, Path, description = "The dead letter.", example = "DL-3fa91c07be")), responses((status = 200, description = "Queued anew.", body = DeadLetter)))]
pub(super) async fn retry_dead_letter(State(reception): Shared, asking: Asking, Id(id): Id) -> Result<Json<DeadLetter>, Denied> {
    reception.within(reception.retry_dead_letter(&asking.client, &id)).await.map(Json)
}

/// List sites, with what waits for each.
#[utoipa::path(get, path = "/v1/sites", tag = "node", responses((status = 200, description = "Every configured site.", body = World<SiteRow>)))]
pub(super) async fn sites(State(reception): Shared, _: Asking, _: NoWords) -> Result<Json<World<SiteRow>>, Denied> {
    reception.within(reception.sites()).await.map(Json)
}

/// List the nodes that run the regions of the mesh, and how each stands.
#[utoipa::path(get, path = "/v1/nodes", tag = "node", responses((status = 200, description = "Every node that lives.", body = World<NodeRow>)))]
pub(super) async fn nodes(State(reception): Shared, _: Asking, _: NoWords) -> Result<Json<World<NodeRow>>, Denied> {
    reception.within(reception.nodes()).await.map(Json)
}

/// List the shards of every region: which node runs each, since when, and how much waits to be decided.
#[utoipa::path(get, path = "/v1/shards", tag = "node", responses((status = 200, description = "Every shard.", body = World<ShardRow>)))]
pub(super) async fn shards(State(reception): Shared, _: Asking, _: NoWords) -> Result<Json<World<ShardRow>>, Denied> {
    reception.within(reception.shards()).await.map(Json)
}

/// List the roads to regions that run in other processes, each direction for itself: whether it is up, and what waits.
#[utoipa::path(get, path = "/v1/links", tag = "node", responses((status = 200, description = "Every road, as its ends see it.", body = Page<LinkRow>)))]
pub(super) async fn links(State(reception): Shared, _: Asking, _: NoWords) -> Result<Json<Page<LinkRow>>, Denied> {
    reception.within(reception.links()).await.map(Json)
}

/// Show a site: how fresh its systems are and what waits for them, recipes against what it has, equipment, the orders of its
/// shift.
#[utoipa::path(
    get, path = "/v1/sites/{id}", tag = "node",
    params(("id" = String, Path, description = "The site, by its name.", example = "nord")),
    responses((status = 200, description = "As it is.", body = PlantView))
)]
pub(super) async fn site(State(reception): Shared, _: Asking, _: NoWords, Id(site): Id) -> Result<Json<PlantView>, Denied> {
    reception.within(reception.plant(&site)).await.map(Json)
}

/// Which deliveries.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Newest {
    /// What the last page said under `next`; left out, from the newest.
    after: Option<String>,
    /// Rows at most, up to 200; left out, 200.
    #[param(minimum = 1, maximum = 200)]
    most: Option<u32>,
    /// Only rows with this somewhere in what was sent or told, its reference, or what was said about it: a topic, a verb, the name of
    /// a file. Capital letters do not count.
    #[param(example = "dispatch_job")]
    find: Option<String>,
    /// Only what became of it, such as `accepted` or `lost`; `failed` for all that did not become what it was tried for.
    outcome: Option<String>,
}

/// List what went to a site and came from it lately: every try, with what became of it.
#[utoipa::path(
    get, path = "/v1/sites/{id}/deliveries", tag = "node",
    params(("id" = String, Path, description = "The site, by its name.", example = "nord"), Newest),
    responses((status = 200, description = "The newest first, by every node that speaks with it, each with what it kept of before its start; about 1000 are kept of each.", body = Deliveries))
)]
pub(super) async fn deliveries(
    State(reception): Shared,
    _: Asking,
    Id(site): Id,
    Words(newest): Words<Newest>,
) -> Result<Json<Deliveries>, Denied> {
    let Newest { after, most, find, outcome } = newest;
    reception.within(reception.deliveries(&v1::DeliveriesWanted { id: site, most, after, find, outcome })).await.map(Json)
}

/// Search by any native number.
#[utoipa::path(get, path = "/v1/search", tag = "evidence", params(Query), responses((status = 200, description = "Everything known by it.", body = World<Hit>)))]
pub(super) async fn search(State(reception): Shared, _: Asking, Words(query): Words<Query>) -> Result<Json<World<Hit>>, Denied> {
    reception.within(reception.search(&query.q)).await.map(Json)
}

/// For what equipment is looked for.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Work {
    /// The plant, by its site name.
    #[param(example = "nord")]
    plant: String,
    /// The material.
    #[param(example = "FG-100")]
    material: String,
    /// The recipe's version; left out, the newest approved one.
    recipe: Option<String>,
    /// When it would start, RFC 3339 with an offset; left out, now.
    start: Option<String>,
}

/// Retrieve equipment-capable routing assignments: which equipment may run which operation, and why the rest may not.
#[utoipa::path(get, path = "/v1/routing-assignments", tag = "orders", params(Work), responses((status = 200, description = "By operation, as the plant's site knows it now.", body = RoutingView)))]
pub(super) async fn routing_assignments(
    State(reception): Shared,
    _: Asking,
    Words(work): Words<Work>,
) -> Result<Json<RoutingView>, Denied> {
    let question = v1::RoutingQuestion { plant: work.plant, material: work.material, recipe: work.recipe, start: work.start };
    reception.within(reception.routing_assignments(&question)).await.map(Json)
}
