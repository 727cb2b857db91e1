//! A handling unit as the warehouse asks for it.

use serde::{Deserialize, Serialize};
use takt_protocol::instant::Instant;
use takt_protocol::kernel::State;
use takt_protocol::unit::Unit;
use utoipa::ToSchema;

use super::case::{CaseRow, row};
use super::{Head, head, word_of};

/// A handling unit, whole.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct UnitView {
    /// Who it is, and when this was so.
    #[serde(flatten)]
    pub head: Head,
    /// Its number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sscc: Option<String>,
    /// filled, announced, received, `put_away`, picked or shipped.
    pub stage: String,
    /// The plant that filled it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// The warehouse it goes to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// Where it stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// What the warehouse counted; absent until it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub received: Option<String>,
    /// The handling unit that it stands on or in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within: Option<String>,
    /// What was put on it.
    pub contents: Vec<ContentRow>,
    /// What left of it with shipments that did not take all of it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left: Vec<ContentRow>,
    /// What waits for a person.
    pub exceptions: Vec<CaseRow>,
}

/// A quantity of a lot on a handling unit.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ContentRow {
    /// The lot, as `material/lot`.
    pub lot: String,
    /// Our id of the lot.
    pub lot_id: String,
    /// Our id of the order that made it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order_id: Option<String>,
    /// How much.
    pub quantity: String,
}

/// A handling unit, whole, as it is now.
pub fn view(state: &State, unit: &Unit, now: Instant) -> UnitView {
    UnitView {
        head: head(state, now),
        sscc: unit.sscc.as_ref().map(ToString::to_string),
        stage: word_of(&unit.stage),
        from: unit.from.map(|site| site.to_string()),
        to: unit.to.map(|site| site.to_string()),
        place: unit.place.as_ref().map(ToString::to_string),
        received: unit.received.map(|qty| qty.to_string()),
        within: unit.within.as_ref().map(ToString::to_string),
        contents: unit.contents.iter().map(content).collect(),
        left: unit.taken.iter().map(content).collect(),
        exceptions: state.common.cases.values().map(|case| row(state.id, case)).collect(),
    }
}

pub(super) fn content(content: &takt_protocol::effect::UnitContent) -> ContentRow {
    ContentRow {
        lot: content.lot.to_string(),
        lot_id: content.lot_entity.to_string(),
        order_id: content.order.map(|order| order.to_string()),
        quantity: content.qty.to_string(),
    }
}
