//! Products with their units, and what lies where, in floats as this ERP keeps them.
//!
//! Apart because moves, orders and the account stand on it. Rounds what comes in, and never a sum.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use super::Odoo;
use super::records::{Fault, Named, Outcome, or_nothing};

/// Units of measure: name, category, and how many of the category's own unit one is.
const UNITS: [(&str, &str, f64); 9] = [
    ("Units", "unit", 1.0),
    ("Dozens", "unit", 12.0),
    ("kg", "weight", 1.0),
    ("g", "weight", 0.001),
    ("t", "weight", 1000.0),
    ("L", "volume", 1.0),
    ("mL", "volume", 0.001),
    ("m", "length", 1.0),
    ("cm", "length", 0.01),
];

/// More than anybody has.
const MOST: f64 = 1e12;

/// What the ERP knows of a product.
#[derive(Clone, Debug)]
pub(super) struct Product {
    pub(super) id: u64,
    pub(super) code: String,
    pub(super) uom: String,
    /// Whether every move must name a lot.
    pub(super) tracked: bool,
}

/// A product as it is maintained.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewProduct {
    code: String,
    uom: String,
    tracking: Tracking,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Tracking {
    Lot,
    None,
}

impl Product {
    pub(super) fn view(&self) -> Value {
        json!({ "id": self.id, "code": self.code, "uom": self.uom, "tracking": if self.tracked { "lot" } else { "none" } })
    }

    /// The quantity in the product's own unit, rounded as everything that comes in.
    pub(super) fn in_own_unit(&self, quantity: f64, uom: &str) -> Outcome<f64> {
        let unit = |name: &str| UNITS.into_iter().find(|(known, _, _)| *known == name);
        let none = || {
            Fault::user(format!(
                "The unit {uom} defined on the line is not in the same category as the unit {} of {}.",
                self.uom, self.code
            ))
        };
        let ((_, from, factor), (_, to, own)) = (unit(uom).ok_or_else(none)?, unit(&self.uom).ok_or_else(none)?);
        if from != to {
            return Err(none());
        }
        if quantity.abs() > MOST {
            return Err(Fault::malformed("the quantity is out of range"));
        }
        Ok(rounded(quantity * factor / own))
    }
}

/// To a thousandth, half away from zero.
pub(super) fn rounded(quantity: f64) -> f64 {
    (quantity * 1000.0).round() / 1000.0
}

/// Where something lies.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub(super) product: String,
    pub(super) warehouse: String,
    pub(super) location: String,
    /// Empty for a product that is not tracked.
    pub(super) lot: String,
}

/// Everything that lies somewhere.
pub(super) type Quants = BTreeMap<Place, f64>;

impl Odoo {
    /// A product is maintained; the same code again replaces it.
    pub(super) fn maintain_product(&mut self, new: NewProduct) -> Outcome<Value> {
        if !UNITS.iter().any(|(name, _, _)| *name == new.uom) {
            return Err(Fault::malformed(format!("the unit {} does not exist", new.uom)));
        }
        let known = self.products.get(&new.code).map(|product| product.id);
        let id = known.unwrap_or_else(|| self.next_id());
        let product = Product { id, code: new.code.clone(), uom: new.uom, tracked: matches!(new.tracking, Tracking::Lot) };
        self.products.insert(new.code, product);
        Ok(json!(id))
    }

    /// The product of that id or code.
    pub(super) fn product(&self, named: &Named) -> Outcome<&Product> {
        let found = match named {
            Named::Id(id) => self.products.values().find(|product| product.id == *id),
            Named::Name(code) => self.products.get(code),
        };
        found.ok_or_else(|| Fault::malformed(format!("No matching record found for {named:?} in field 'Product'")))
    }

    /// Id and code, as relations are shown.
    pub(super) fn product_pair(&self, code: &str) -> Value {
        json!([self.products.get(code).map_or(0, |product| product.id), code])
    }

    /// Id and code of a warehouse.
    pub(super) fn warehouse_pair(&self, code: &str) -> Value {
        json!([self.warehouses.get(code).map_or(0, |warehouse| warehouse.id), code])
    }

    /// The code of the warehouse of that id or code.
    pub(super) fn warehouse(&self, named: &Named) -> Outcome<String> {
        let found = match named {
            Named::Id(id) => self.warehouses.iter().find(|(_, warehouse)| warehouse.id == *id).map(|(code, _)| code),
            Named::Name(name) => self.warehouses.get_key_value(name).map(|(code, _)| code),
        };
        found.cloned().ok_or_else(|| Fault::malformed(format!("No matching record found for {named:?} in field 'Warehouse'")))
    }

    pub(super) fn quant_views(&self) -> Vec<Value> {
        let view = |(at, (place, quantity)): (usize, (&Place, &f64))| {
            let lot = Some(place.lot.as_str()).filter(|lot| !lot.is_empty());
            json!({
                "id": at + 1, "product_id": self.product_pair(&place.product), "warehouse_id": self.warehouse_pair(&place.warehouse),
                "location": place.location, "lot_name": or_nothing(lot), "quantity": quantity,
            })
        };
        self.quants.iter().enumerate().map(view).collect()
    }
}
