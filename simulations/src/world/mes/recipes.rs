//! What the plant itself knows: recipes with their versions, stations with their state, and the material at the line.
//!
//! Apart because it is the plant's own master data, which may differ from everybody else's.

use std::collections::BTreeMap;

use jiff::civil::Date;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::jobs::StationFor;

/// How a part is made here.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Recipe {
    pub(super) version: String,
    #[serde(default)]
    pub(super) lot_managed: bool,
    /// What else comes out: for every so many good pieces of the last step one of that part.
    #[serde(default)]
    pub(super) co_products: Vec<CoProduct>,
    /// Pieces on a full pallet, where the job says nothing.
    #[serde(default)]
    pub(super) pallet_pieces: Option<u64>,
    /// Pieces a second, where it is not the pace of the line.
    #[serde(default)]
    pub(super) pieces_per_second: Option<Decimal>,
    pub(super) steps: Vec<RecipeStep>,
}

/// Another part that comes out beside the one that is made.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CoProduct {
    pub(super) part: String,
    pub(super) every: u64,
}

/// One step of a recipe.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct RecipeStep {
    pub(super) step: u32,
    pub(super) station: String,
    #[serde(default)]
    pub(super) minutes_per_piece: Decimal,
}

impl Recipe {
    /// Whether it can be run: it has steps, and none takes more than a day a piece.
    pub(super) fn is_sensible(&self) -> bool {
        let a_day = Decimal::from(24 * 60);
        let parts = self.co_products.iter().all(|other| other.every > 0);
        parts && !self.steps.is_empty() && self.steps.iter().all(|step| (Decimal::ZERO..=a_day).contains(&step.minutes_per_piece))
    }

    /// The station of each step: the one asked for, else the recipe's own.
    pub(super) fn stations<'a>(&'a self, asked: &'a [StationFor]) -> impl Iterator<Item = (&'a RecipeStep, &'a str)> {
        let station = |step: &'a RecipeStep| {
            let other = asked.iter().find(|one| one.step == step.step);
            other.map_or(step.station.as_str(), |one| one.station.as_str())
        };
        self.steps.iter().map(move |step| (step, station(step)))
    }
}

/// How a station counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Counting {
    /// One report a piece.
    #[default]
    Each,
    /// A running total of good pieces, read from its PLC now and then.
    Counter,
}

/// One station.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Station {
    pub(super) state: StationState,
    #[serde(default)]
    pub(super) counting: Counting,
    #[serde(default)]
    pub(super) calibrated_until: Option<Date>,
}

/// Whether a station works.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum StationState {
    Up,
    Down,
}

impl Station {
    pub(super) fn is_up(&self) -> bool {
        self.state == StationState::Up
    }
}

/// A lot that lies at the line.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LineLot {
    pub(super) lot: String,
    pub(super) amount: Decimal,
}

/// The material at the line, by part; what is used first stands first.
#[derive(Clone, Debug, Default)]
pub(super) struct LineStock {
    lots: BTreeMap<String, Vec<LineLot>>,
}

impl LineStock {
    /// Puts these lots at the line.
    pub(super) fn set(&mut self, lots: BTreeMap<String, Vec<LineLot>>) {
        self.lots = lots;
    }

    /// Takes material and says which lots it came from. The last lot never ends: what is used up was used, whatever the books say.
    pub(super) fn take(&mut self, part: &str, mut amount: Decimal, otherwise: Option<&str>) -> Vec<(Option<String>, Decimal)> {
        let Some(lots) = self.lots.get_mut(part).filter(|lots| !lots.is_empty()) else {
            return vec![(otherwise.map(ToOwned::to_owned), amount)];
        };
        let mut taken = Vec::new();
        let last = lots.len() - 1;
        for (at, lot) in lots.iter_mut().enumerate() {
            let share = if at == last { amount } else { amount.min(lot.amount) };
            if share > Decimal::ZERO {
                lot.amount = lot.amount.saturating_sub(share);
                amount -= share;
                taken.push((Some(lot.lot.clone()), share));
            }
        }
        taken
    }
}
