//! Deliveries: their lines, what was picked for them, and where they stand on the way to the truck.
//!
//! Apart from moving them ([`super::shipping`]) because this is what is kept and shown.

use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::{Value, json};

use super::super::exchange::Response;
use super::super::system::Desk;
use super::units::Place;
use super::{Refusal, Task, Wms, refusal};

/// A delivery as it is planned.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewDelivery {
    #[serde(rename = "delivery")]
    number: String,
    lines: Vec<Line>,
}

/// So many units of an item.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Line {
    #[serde(rename = "line")]
    pub(super) number: String,
    pub(super) item: String,
    pub(super) units: Decimal,
    /// Whether it is picked.
    #[serde(skip)]
    pub(super) picked: bool,
}

/// Units that were picked from a handling unit.
#[derive(Clone, Debug)]
pub(super) struct Pick {
    pub(super) line: String,
    pub(super) sscc: String,
    pub(super) item: String,
    pub(super) lot: Option<String>,
    pub(super) units: Decimal,
}

impl Pick {
    pub(super) fn view(&self) -> Value {
        let units = self.units.normalize().to_string();
        json!({ "line": self.line, "sscc": self.sscc, "item": self.item, "lot": self.lot, "units": units })
    }
}

/// Where a delivery stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// Not all of its lines are picked.
    Picking,
    Packed,
    /// Waits for the answer to its attempt.
    Asking,
    /// May leave; is being loaded.
    Cleared,
    Departed,
}

impl Stage {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Picking => "picking",
            Self::Packed => "packed",
            Self::Asking => "asking",
            Self::Cleared => "cleared",
            Self::Departed => "departed",
        }
    }
}

/// One delivery.
#[derive(Clone, Debug)]
pub(super) struct Delivery {
    pub(super) number: String,
    pub(super) lines: Vec<Line>,
    pub(super) picks: Vec<Pick>,
    pub(super) stage: Stage,
    pub(super) packed: bool,
    pub(super) attempt: u32,
    /// The last attempt that was answered, and how.
    pub(super) answered: Option<(u32, bool)>,
    pub(super) reasons: BTreeSet<String>,
}

impl Delivery {
    pub(super) fn has_left(&self) -> bool {
        self.stage == Stage::Departed
    }

    pub(super) fn contents(&self) -> Vec<Value> {
        self.picks.iter().map(Pick::view).collect()
    }

    pub(super) fn view(&self) -> Value {
        let line = |line: &Line| json!({ "line": line.number, "item": line.item, "units": line.units.to_string(), "picked": line.picked });
        json!({
            "delivery": self.number, "state": self.stage.name(), "attempt": self.attempt, "blocked": self.reasons,
            "lines": self.lines.iter().map(line).collect::<Vec<_>>(), "contents": self.contents(),
        })
    }
}

impl Wms {
    pub(super) fn delivery(&self, number: &str) -> Result<&Delivery, Refusal> {
        self.deliveries.get(number).ok_or_else(|| refusal(404, "unknown_delivery", number))
    }

    pub(super) fn plan_delivery(&mut self, desk: &mut Desk, new: NewDelivery) -> Result<Response, Refusal> {
        let number = new.number;
        if new.lines.is_empty() || new.lines.iter().any(|line| line.units <= Decimal::ZERO) {
            return Err(refusal(400, "malformed", "a delivery needs lines of more than zero units"));
        }
        if self.deliveries.contains_key(&number) {
            return Err(refusal(409, "known_delivery", number));
        }
        let (picks, reasons) = (Vec::new(), BTreeSet::new());
        let (stage, packed, attempt, answered) = (Stage::Picking, false, 0, None);
        let delivery = Delivery { number: number.clone(), lines: new.lines, picks, stage, packed, attempt, answered, reasons };
        let view = delivery.view();
        self.agenda.note(desk.now.plus_ms(self.pace.pick_ms.into()), Task::Pick(number.clone()));
        self.deliveries.insert(number, delivery);
        Ok(Response::json(201, &view))
    }

    /// Whether anything of this handling unit has left on a truck.
    pub(super) fn has_left(&self, sscc: &str) -> bool {
        let gone = self.deliveries.values().filter(|delivery| delivery.has_left());
        gone.flat_map(|delivery| &delivery.picks).any(|pick| pick.sscc == sscc)
    }

    /// What was picked from a handling unit, and for which delivery.
    pub(super) fn picked_from(&self, sscc: &str) -> Vec<Value> {
        let picks = self.deliveries.values().flat_map(|delivery| delivery.picks.iter().map(|pick| (&delivery.number, pick)));
        let its = picks.filter(|(_, pick)| pick.sscc == sscc);
        its.map(|(delivery, pick)| {
            json!({ "item": pick.item, "lot": pick.lot, "units": pick.units.normalize().to_string(), "delivery": delivery })
        })
        .collect()
    }

    /// Stock per item and lot, in units: what is in the house, picked or not, and what has left it.
    pub(super) fn stock(&self) -> Vec<Value> {
        let mut sums: BTreeMap<(&str, Option<&str>), Sum> = BTreeMap::new();
        for unit in self.units.values().filter(|unit| unit.place != Place::Announced) {
            for content in &unit.contents {
                let sum = sums.entry((&content.item, content.lot.as_deref())).or_default();
                sum.on_hand += content.units;
                if self.blocks.on(&unit.sscc, content).next().is_some() {
                    sum.blocked += content.units;
                }
            }
        }
        for delivery in self.deliveries.values() {
            for pick in &delivery.picks {
                let sum = sums.entry((&pick.item, pick.lot.as_deref())).or_default();
                *(if delivery.has_left() { &mut sum.shipped } else { &mut sum.picked }) += pick.units;
            }
        }
        sums.into_iter().map(|((item, lot), sum)| sum.view(item, lot)).collect()
    }
}

#[derive(Default)]
struct Sum {
    /// In handling units in the house.
    on_hand: Decimal,
    blocked: Decimal,
    picked: Decimal,
    shipped: Decimal,
}

impl Sum {
    fn view(&self, item: &str, lot: Option<&str>) -> Value {
        let text = |units: Decimal| units.normalize().to_string();
        json!({ "item": item, "lot": lot, "on_hand": text(self.on_hand), "blocked": text(self.blocked),
                "free": text(self.on_hand - self.blocked), "picked": text(self.picked), "shipped": text(self.shipped) })
    }
}
