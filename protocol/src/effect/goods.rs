//! Goods as systems are told of them: what will come on which handling unit, and what of a lot is held.

use serde::{Deserialize, Serialize};

use crate::id::EntityId;
use crate::name::SiteId;
use crate::qty::Qty;
use crate::words::{HoldNo, LotKey, OutputKind, Place, Reason, Sscc};

/// Word to a warehouse that a handling unit will come.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct UnitNotice {
    /// The handling unit.
    pub sscc: Sscc,
    /// What is on it.
    pub contents: Vec<UnitContent>,
    /// The plant it comes from.
    pub from: SiteId,
    /// Where it should go, if it matters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Place>,
}

/// A quantity of one lot on a handling unit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct UnitContent {
    /// Which lot.
    pub lot: LotKey,
    /// The lot's entity.
    pub lot_entity: EntityId,
    /// The order that made it; none of goods that a supplier sends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<EntityId>,
    /// Which output of that order; the main one where there is none.
    pub output: OutputKind,
    /// How much.
    pub qty: Qty,
}

/// Stock that is held, or held no more.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StockBlock {
    /// The hold.
    pub hold: HoldNo,
    /// Of which lot.
    pub lot: LotKey,
    /// The plant whose lot it is.
    pub plant: SiteId,
    /// Only these handling units; empty for the whole lot.
    pub units: Vec<Sscc>,
    /// When the rest is freed: the handling units that stay blocked, each by itself. Where the whole lot was blocked as one, the
    /// link blocks them before it frees anything; when one of them cannot be blocked, nothing is freed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub keep: Vec<Sscc>,
    /// Why.
    pub reason: Reason,
}
