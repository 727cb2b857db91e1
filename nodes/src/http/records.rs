//! Questions about master data, over HTTP.

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use utoipa::IntoParams;

use super::Shared;
use super::told::{Asking, Id, Ids, NoWords, Words};
use crate::answers::record::{Drift, RecordRow, RecordView};
use crate::answers::world::World;
use crate::ask::{Denied, v1};

/// Which records.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Which {
    /// Only those of this site.
    #[param(example = "nord")]
    of: Option<String>,
    /// What the last part said under `next`.
    after: Option<String>,
    /// Rows at most, up to 200; left out, 200.
    #[param(minimum = 1, maximum = 200)]
    most: Option<u32>,
}

/// List master data of a kind: what is in force, who said so, and as of when.
#[utoipa::path(
    get, path = "/v1/master-data/{kind}", tag = "master data",
    params(("kind" = String, Path, description = "material, recipe, equipment or calendar.", example = "recipe"), Which),
    responses((status = 200, description = "By site and name. What the configuration folder holds is not in it.", body = World<RecordRow>))
)]
pub(super) async fn list(
    State(reception): Shared,
    _: Asking,
    Id(kind): Id,
    Words(which): Words<Which>,
) -> Result<Json<World<RecordRow>>, Denied> {
    let asked = v1::RecordsQuestion { kind, of: which.of, after: which.after, most: which.most };
    reception.within(reception.records(&asked)).await.map(Json)
}

/// Show a record of master data with all its versions.
#[utoipa::path(
    get, path = "/v1/master-data/{kind}/{id}", tag = "master data",
    params(
        ("kind" = String, Path, description = "material, recipe, equipment or calendar.", example = "recipe"),
        ("id" = String, Path, description = "Its name, as `name@site` or alone where only one site has it.", example = "FG-100@nord"),
    ),
    responses((status = 200, description = "Every version that its owner stated.", body = RecordView))
)]
pub(super) async fn show(State(reception): Shared, _: Asking, _: NoWords, Ids(kind, id): Ids) -> Result<Json<RecordView>, Denied> {
    reception.within(reception.record(&kind, &id)).await.map(Json)
}

/// Show where a plant's own system has other recipes than its master data says.
#[utoipa::path(
    get, path = "/v1/sites/{id}/drift", tag = "master data",
    params(("id" = String, Path, description = "The plant.", example = "nord")),
    responses((status = 200, description = "Only what is not the same.", body = Drift))
)]
pub(super) async fn drift(State(reception): Shared, _: Asking, _: NoWords, Id(id): Id) -> Result<Json<Drift>, Denied> {
    reception.within(reception.drift(&id)).await.map(Json)
}
