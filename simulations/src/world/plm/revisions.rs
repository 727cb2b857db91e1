//! A revision: a bill of material with its routing, and the days on which it counts.
//!
//! Apart from what becomes of it because this is what it is. Never looks at another revision but to compare days.

use jiff::civil::Date;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::super::front::{Refusal, refusal, with};

/// Where a revision is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    Draft,
    Released,
    Obsolete,
}

/// A revision as its author writes it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Draft {
    pub(super) item: String,
    pub(super) plant: String,
    pub(super) revision: String,
    pub(super) effective_from: Date,
    #[serde(default)]
    pub(super) effective_to: Option<Date>,
    /// For how much of the item the bill of material is given.
    base: Decimal,
    unit: String,
    bom: Vec<Position>,
    routing: Vec<Operation>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Position {
    pos: String,
    op: String,
    item: String,
    qty: Decimal,
    unit: String,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Operation {
    op: String,
    class: String,
    #[serde(default)]
    text: String,
}

/// A revision with what became of it.
#[derive(Clone, Debug)]
pub(super) struct Revision {
    pub(super) draft: Draft,
    pub(super) stage: Stage,
    pub(super) approved_by: Option<String>,
}

impl Draft {
    /// Refuses what nobody could make anything of.
    pub(super) fn check(&self) -> Result<(), Refusal> {
        let wrong = |why: &str| Err(refusal(400, "malformed", why));
        if self.item.is_empty() || self.plant.is_empty() || self.revision.is_empty() {
            return wrong("a revision names its item, its plant and itself");
        }
        if self.effective_to.is_some_and(|to| to < self.effective_from) {
            return wrong("it ends before it begins");
        }
        if self.base <= Decimal::ZERO || self.routing.is_empty() || self.bom.iter().any(|position| position.qty <= Decimal::ZERO) {
            return wrong("a base, an operation, and more than nothing of each component");
        }
        match self.bom.iter().find(|position| self.routing.iter().all(|operation| operation.op != position.op)) {
            Some(position) => Err(refusal(409, "unknown_operation", format!("{} at {}", position.item, position.op))),
            None => Ok(()),
        }
    }

    /// What it is made of.
    pub(super) fn materials(&self) -> Vec<String> {
        self.bom.iter().map(|position| position.item.clone()).collect()
    }

    /// Whether there is a day on which both count.
    pub(super) fn overlaps(&self, other: &Self) -> bool {
        let begins_in_time = |one: &Self, other: &Self| other.effective_to.is_none_or(|to| one.effective_from <= to);
        begins_in_time(self, other) && begins_in_time(other, self)
    }
}

impl Revision {
    pub(super) fn key(&self) -> super::Key {
        (self.draft.item.clone(), self.draft.plant.clone(), self.draft.revision.clone())
    }

    pub(super) fn is_of(&self, item: &str, plant: &str) -> bool {
        self.draft.item == item && self.draft.plant == plant
    }

    pub(super) fn is_effective(&self, on: Date) -> bool {
        self.stage == Stage::Released && self.draft.effective_from <= on && self.draft.effective_to.is_none_or(|to| on <= to)
    }

    pub(super) fn view(&self) -> Value {
        let state = match self.stage {
            Stage::Draft => "draft",
            Stage::Released => "released",
            Stage::Obsolete => "obsolete",
        };
        with(with(json!(self.draft), "state", json!(state)), "approved_by", json!(self.approved_by))
    }
}
