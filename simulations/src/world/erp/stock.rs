//! What lies where: materials with their units, and stock by material, plant, storage location, batch and stock type.
//!
//! Apart because postings, confirmations and deliveries all stand on it. Never goes below nothing: a draft that would is
//! refused as a deficit, and only a whole draft is taken over.

use std::collections::BTreeMap;

use rust_decimal::{Decimal, RoundingStrategy};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::odata::{Outcome, quantity_text, refused};

/// What the ERP knows of a material.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Material {
    #[serde(rename = "material")]
    pub(super) number: String,
    pub(super) base_unit: String,
    /// Whether every movement must name a batch.
    #[serde(default)]
    pub(super) batch_managed: bool,
    /// Other units: one of them is `num / den` base units.
    #[serde(default)]
    pub(super) units: BTreeMap<String, (u32, u32)>,
    #[serde(default)]
    pub(super) description: String,
}

impl Material {
    /// The quantity in base units, to three places; a unit that nobody maintained is refused.
    pub(super) fn in_base(&self, quantity: Decimal, unit: &str) -> Outcome<Decimal> {
        if unit == self.base_unit {
            return Ok(quantity);
        }
        let known = self.units.get(unit).filter(|(_, den)| *den != 0);
        let missing = || refused("BM/302", format!("Unit {unit} is not maintained for material {}", self.number));
        let (num, den) = known.ok_or_else(missing)?;
        let exact = quantity * Decimal::from(*num) / Decimal::from(*den);
        Ok(exact.round_dp_with_strategy(3, RoundingStrategy::MidpointAwayFromZero))
    }
}

/// The stock types of the material stock service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) enum StockType {
    /// `01`: unrestricted use.
    #[serde(rename = "01")]
    Free,
    /// `02`: in quality inspection.
    #[serde(rename = "02")]
    Inspection,
    /// `07`: blocked.
    #[serde(rename = "07")]
    Blocked,
}

impl StockType {
    pub(super) const fn code(self) -> &'static str {
        match self {
            Self::Free => "01",
            Self::Inspection => "02",
            Self::Blocked => "07",
        }
    }

    /// Reads a code; an empty one is unrestricted.
    pub(super) fn read(code: &str) -> Outcome<Self> {
        match code {
            "" | "01" => Ok(Self::Free),
            "02" => Ok(Self::Inspection),
            "07" => Ok(Self::Blocked),
            other => Err(refused("ZT/103", format!("Stock type {other} is not known"))),
        }
    }
}

/// One heap of stock.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Heap {
    pub(super) material: String,
    pub(super) plant: String,
    pub(super) location: String,
    pub(super) batch: String,
    pub(super) stock_type: StockType,
}

/// All stock, in base units.
#[derive(Clone, Debug, Default)]
pub(super) struct Stock {
    heaps: BTreeMap<Heap, Decimal>,
}

/// Changes that are not yet taken over.
#[derive(Debug, Default)]
pub(super) struct Draft {
    after: BTreeMap<Heap, Decimal>,
}

impl Stock {
    fn of(&self, heap: &Heap) -> Decimal {
        self.heaps.get(heap).copied().unwrap_or_default()
    }

    /// Takes from a heap (a negative change) or puts on it, in the draft; refuses a deficit.
    pub(super) fn change(&self, draft: &mut Draft, heap: &Heap, by: Decimal) -> Outcome<()> {
        let before = draft.after.get(heap).copied().unwrap_or_else(|| self.of(heap));
        let after = before + by;
        if after < Decimal::ZERO {
            let short = quantity_text(-after);
            let place = format!("{} {} {} {}", heap.material, heap.plant, heap.location, heap.batch);
            return Err(refused("M7/021", format!("Deficit of stock type {} by {short}: {}", heap.stock_type.code(), place.trim_end())));
        }
        draft.after.insert(heap.clone(), after);
        Ok(())
    }

    /// Takes the whole draft over.
    pub(super) fn take_over(&mut self, draft: Draft) {
        self.heaps.extend(draft.after);
        self.heaps.retain(|_, quantity| !quantity.is_zero());
    }

    /// `A_MatlStkInAcctMod`: one entity a heap.
    pub(super) fn view(&self, materials: &BTreeMap<String, Material>) -> Vec<Value> {
        let unit = |heap: &Heap| materials.get(&heap.material).map_or("", |known| known.base_unit.as_str());
        let entity = |(heap, quantity): (&Heap, &Decimal)| {
            json!({
                "Material": heap.material, "Plant": heap.plant, "StorageLocation": heap.location, "Batch": heap.batch,
                "InventoryStockType": heap.stock_type.code(), "InventorySpecialStockType": "", "Supplier": "", "Customer": "",
                "MaterialBaseUnit": unit(heap), "MatlWrhsStkQtyInMatlBaseUnit": quantity_text(*quantity),
            })
        };
        self.heaps.iter().map(entity).collect()
    }
}
