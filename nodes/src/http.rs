//! The door over HTTP: paths in the words of the business, JSON bodies, one shape for every trouble, and the `OpenAPI`
//! document from the same declarations. Apart from `ask` because a header is no business of a request. Only translates.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::IntoResponse;
use axum::routing::get;
use axum::{Json, Router};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::ask::{Denied, Reception, Sort};
use crate::rpc;

mod changes;
mod desk;
mod events;
mod evidence;
mod inbound;
mod lists;
mod openapi;
mod orders;
mod queries;
mod reconcile;
mod records;
mod reply;
mod requests;
mod shape;
mod told;
mod watch;

pub(crate) use reply::Done;

/// What every handler shares.
pub(crate) type Shared = State<Arc<Reception>>;

/// All paths, over this reception.
pub fn router(reception: Arc<Reception>) -> Router {
    let (paths, document) = paths().split_for_parts();
    let document = openapi::finished(document);
    let choices: Arc<[String]> = openapi::paths(&document).into();
    let document = Arc::new(document);
    let unknown = move |method: Method, uri: Uri, headers: HeaderMap| async move {
        let no = nothing_here(&method, &uri, &choices);
        // On a port that speaks both, a method that is not there is asked for at a path that is not there.
        if is_grpc(&headers) { rpc::unknown_method(&uri).into_http() } else { no.into_response() }
    };
    paths
        .route("/openapi.json", get(move || async move { Json(document.as_ref().clone()) }))
        .method_not_allowed_fallback(wrong_method)
        .fallback(unknown)
        .with_state(reception)
}

/// Every path with its declaration.
fn paths() -> OpenApiRouter<Arc<Reception>> {
    questions(verbs())
}

fn verbs() -> OpenApiRouter<Arc<Reception>> {
    OpenApiRouter::with_openapi(openapi::head())
        .routes(routes!(requests::release_order))
        .routes(routes!(requests::confirm_completion))
        .routes(routes!(requests::issue_material))
        .routes(routes!(requests::correct_count))
        .routes(routes!(requests::place_hold))
        .routes(routes!(requests::record_disposition))
        .routes(routes!(requests::release_hold))
        .routes(routes!(orders::change_quantity))
        .routes(routes!(orders::redispatch))
        .routes(routes!(orders::cancel))
        .routes(routes!(orders::complete_technically))
        .routes(routes!(orders::close))
        .routes(routes!(changes::reschedule))
        .routes(routes!(changes::replace_component))
        .routes(routes!(changes::change_recipe))
        .routes(routes!(changes::split))
        .routes(routes!(changes::hold))
        .routes(routes!(changes::resume))
        .routes(routes!(changes::revoke))
        .routes(routes!(changes::reopen))
        .routes(routes!(changes::reverse_posting))
        .routes(routes!(orders::block_shipment))
        .routes(routes!(orders::release_shipment))
        .routes(routes!(reconcile::begin, reconcile::list))
        .routes(routes!(desk::act))
        .routes(routes!(desk::preview_act))
        .routes(routes!(desk::act_on_group))
        .routes(routes!(desk::preview_group))
        .routes(routes!(desk::preview_hold))
        .routes(routes!(desk::preview_correction))
}

fn questions(router: OpenApiRouter<Arc<Reception>>) -> OpenApiRouter<Arc<Reception>> {
    router
        .routes(routes!(lists::orders))
        .routes(routes!(lists::lots))
        .routes(routes!(lists::shipments))
        .routes(routes!(queries::order))
        .routes(routes!(queries::timeline))
        .routes(routes!(queries::lot_timeline))
        .routes(routes!(queries::unit_timeline))
        .routes(routes!(queries::shipment_timeline))
        .routes(routes!(queries::site_timeline))
        .routes(routes!(queries::ledger))
        .routes(routes!(evidence::ledger))
        .routes(routes!(evidence::postings))
        .routes(routes!(evidence::genealogy))
        .routes(routes!(watch::order))
        .routes(routes!(queries::lot))
        .routes(routes!(queries::trace))
        .routes(routes!(evidence::reach))
        .routes(routes!(queries::unit))
        .routes(routes!(queries::shipment))
        .routes(routes!(desk::exceptions))
        .routes(routes!(desk::exception))
        .routes(routes!(desk::groups))
        .routes(routes!(desk::group))
        .routes(routes!(desk::runbook))
        .routes(routes!(lists::sites))
        .routes(routes!(lists::site))
        .routes(routes!(lists::deliveries))
        .routes(routes!(lists::nodes))
        .routes(routes!(lists::shards))
        .routes(routes!(lists::links))
        .routes(routes!(reconcile::show))
        .routes(routes!(records::list))
        .routes(routes!(records::show))
        .routes(routes!(records::drift))
        .routes(routes!(lists::dead_letters))
        .routes(routes!(lists::retry_dead_letter))
        .routes(routes!(events::page))
        .routes(routes!(events::watch))
        .routes(routes!(events::contracts))
        .routes(routes!(events::schema))
        .routes(routes!(lists::search))
        .routes(routes!(lists::routing_assignments))
        .routes(routes!(queries::raw))
        .routes(routes!(inbound::take))
        .routes(routes!(health))
}

/// How a node is.
#[derive(Debug, Serialize, ToSchema)]
struct Health {
    /// `ok`, or `not at work`.
    status: &'static str,
    /// The regions that run here.
    regions: Vec<String>,
    /// What is wrong with which.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    troubles: BTreeMap<String, String>,
    /// The regions elsewhere that are not heard, each with since when. The node is at work all the same: `GET /v1/links` says more.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    silent: BTreeMap<String, String>,
}

/// Whether the node is at work, and for which regions; if not, what is wrong with which.
#[utoipa::path(get, path = "/healthz", tag = "node", security(()), responses(
    (status = 200, description = "At work.", body = Health),
    (status = 503, description = "A region is not at work: it takes nothing until the node is started again.", body = Health),
))]
async fn health(State(reception): Shared) -> impl IntoResponse {
    let regions: Vec<String> = reception.mesh().regions().keys().map(ToString::to_string).collect();
    let silent = reception.silent();
    match reception.health() {
        Ok(()) => (StatusCode::OK, Json(Health { status: "ok", regions, troubles: BTreeMap::new(), silent })),
        Err(troubles) => (StatusCode::SERVICE_UNAVAILABLE, Json(Health { status: "not at work", regions, troubles, silent })),
    }
}

fn is_grpc(headers: &HeaderMap) -> bool {
    headers.get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"application/grpc"))
}

fn nothing_here(method: &Method, uri: &Uri, choices: &[String]) -> Denied {
    let message = format!("there is nothing at {method} {}", uri.path().escape_debug());
    Denied::new(Sort::NotFound, "UNKNOWN_PATH", message, "use one of the choices; /openapi.json describes them")
        .choose(choices.iter().cloned())
}

async fn wrong_method(method: Method, uri: Uri) -> Denied {
    let message = format!("{} takes no {method}", uri.path().escape_debug());
    Denied::new(Sort::WrongMethod, "WRONG_METHOD", message, "use a method of the `Allow` header")
}

#[cfg(test)]
pub(crate) mod tests;
