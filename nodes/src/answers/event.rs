//! Public events and contracts as a reader gets them.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use takt_protocol::event::{self, Contract};
use utoipa::ToSchema;

use super::Page;
use crate::ask::{Denied, Sort, Told};

/// A contract in the list.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ContractRow {
    /// Type and version, such as `order.released.v1`.
    pub id: String,
    /// What happened when such an event is told.
    pub about: String,
    /// The fields of its data.
    pub fields: Vec<FieldRow>,
}

/// A field of a contract.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct FieldRow {
    /// Its name.
    pub name: String,
    /// Whether it is always there.
    pub always: bool,
    /// What stands there.
    pub about: String,
}

/// Events as a page.
pub(crate) fn page(told: &Told) -> Page<Value> {
    let rows = told.events.iter().filter_map(|event| serde_json::to_value(event).ok()).collect();
    Page { rows, next: Some(told.place.to_string()), as_of: None }
}

/// Every contract.
pub(crate) fn listed() -> Vec<ContractRow> {
    let fields = |contract: &Contract| {
        let field = |field: &event::Field| FieldRow { name: field.name.to_owned(), always: field.needed, about: field.about.to_owned() };
        contract.fields.iter().map(field).collect()
    };
    event::contracts()
        .map(|contract| ContractRow { id: contract.id(), about: contract.about.to_owned(), fields: fields(contract) })
        .collect()
}

/// The schema of one.
pub(crate) fn contract(id: &str) -> Result<Value, Denied> {
    let id = id.strip_prefix("takt.").unwrap_or(id);
    let found = event::contracts().find(|contract| contract.id() == id);
    found.map(Contract::schema).ok_or_else(|| {
        let message = format!("no contract is called `{}`", id.escape_debug());
        Denied::new(Sort::NotFound, "UNKNOWN", message, "send one of the choices").at("id").choose(event::contracts().map(Contract::id))
    })
}
