//! How the laboratory tests and how quality decides, as the plan of a simulation.
//!
//! Apart because it is set from outside and consulted everywhere. Never applies itself.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// What may be decided about held stock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Decision {
    Accept,
    AcceptRestricted,
    Rework,
    Scrap,
    Return,
}

/// A decision about a part of the stock; without a quantity, about the rest.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Share {
    pub(super) decision: Decision,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) quantity: Option<Decimal>,
}

/// The plan.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Plan {
    pub(super) result_after_ms: u32,
    pub(super) decide_after_ms: u32,
    /// Every so many inspections one fails; 0 is never.
    pub(super) fail_every: usize,
    pub(super) decisions: Vec<Share>,
}

impl Default for Plan {
    fn default() -> Self {
        let decisions = vec![Share { decision: Decision::Accept, quantity: None }];
        Self { result_after_ms: 1_000, decide_after_ms: 3_000, fail_every: 0, decisions }
    }
}

/// A decision taken by hand.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Decide {
    pub(super) case: String,
    pub(super) decided_by: String,
    pub(super) decisions: Vec<Share>,
}

/// Cuts the quantity into decisions that add up to it. What the shares do not cover stays with the last of them. Where nobody
/// said how much it is, the last of them is for all of it.
pub(super) fn cut(shares: &[Share], quantity: Decimal, unit: &str) -> Vec<Value> {
    if quantity.is_zero() {
        let all = |share: &Share| json!({ "decision": share.decision, "quantity": "0", "unit": "" });
        return shares.last().map(all).into_iter().collect();
    }
    let mut rest = quantity.max(Decimal::ZERO);
    let mut parts: Vec<(Decision, Decimal)> = Vec::new();
    for share in shares {
        let part = share.quantity.unwrap_or(rest).clamp(Decimal::ZERO, rest);
        rest -= part;
        parts.push((share.decision, part));
    }
    if let Some(last) = parts.last_mut() {
        last.1 += rest;
    }
    let part =
        |(decision, part): &(Decision, Decimal)| json!({ "decision": decision, "quantity": part.normalize().to_string(), "unit": unit });
    parts.iter().filter(|(_, part)| !part.is_zero()).map(part).collect()
}
