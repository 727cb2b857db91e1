//! Bills of material with their operations: how a product is made at a warehouse, by version.
//!
//! Apart because orders take a copy: what changes here later does not reach them.

use serde::Deserialize;
use serde_json::{Value, json};

use super::Odoo;
use super::orders::{Component, WorkOrder};
use super::products::rounded;
use super::records::{Fault, Named, Outcome};

/// How a product is made.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Bom {
    product: String,
    warehouse: String,
    pub(super) version: String,
    /// For how much of the product the components are given.
    base_quantity: f64,
    /// How much more may be made, in percent; absent for no limit.
    #[serde(default)]
    pub(super) over_tolerance: Option<f64>,
    operations: Vec<BomOperation>,
    #[serde(default)]
    components: Vec<BomLine>,
    #[serde(default)]
    pub(super) by_products: Vec<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct BomOperation {
    operation: String,
    workcenter: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct BomLine {
    line: String,
    operation: String,
    product: String,
    quantity: f64,
    uom: String,
}

impl Odoo {
    /// A bill of material is maintained; the same version again replaces it.
    pub(super) fn maintain_bom(&mut self, bom: Bom) -> Outcome<Value> {
        self.product(&Named::Name(bom.product.clone()))?;
        self.warehouse(&Named::Name(bom.warehouse.clone()))?;
        if bom.base_quantity <= 0.0 || bom.operations.is_empty() {
            return Err(Fault::malformed("a bill of material needs a quantity and an operation"));
        }
        for line in &bom.components {
            let component = self.product(&Named::Name(line.product.clone()))?;
            component.in_own_unit(line.quantity, &line.uom)?;
        }
        self.boms.retain(|known| !(known.is_for(&bom.product, &bom.warehouse) && known.version == bom.version));
        self.boms.push(bom);
        Ok(json!(true))
    }

    /// The bill of material of that version, or the newest one.
    pub(super) fn bom(&self, product: &str, warehouse: &str, version: Option<&str>) -> Outcome<&Bom> {
        let mut here = self.boms.iter().rev().filter(|bom| bom.is_for(product, warehouse));
        let found = here.find(|bom| version.is_none_or(|wanted| bom.version == wanted));
        found.ok_or_else(|| Fault::user(format!("There is no bill of material {} for {product} in {warehouse}.", version.unwrap_or(""))))
    }

    /// What an order of so much needs by this bill of material, in the components' own units.
    pub(super) fn needs(&self, bom: &Bom, quantity: f64) -> Outcome<Vec<Component>> {
        let needed = |line: &BomLine| {
            let product = self.product(&Named::Name(line.product.clone()))?;
            Ok(Component {
                line: line.line.clone(),
                operation: line.operation.clone(),
                product: line.product.clone(),
                quantity: rounded(product.in_own_unit(line.quantity, &line.uom)? * quantity / bom.base_quantity),
                uom: product.uom.clone(),
                consumed: 0.0,
            })
        };
        bom.components.iter().map(needed).collect()
    }

    /// A work order for each operation.
    pub(super) fn work_of(&mut self, bom: &Bom) -> Vec<WorkOrder> {
        let fresh = |operation: &BomOperation| WorkOrder::fresh(self.next_id(), operation.operation.clone(), operation.workcenter.clone());
        bom.operations.iter().map(fresh).collect()
    }
}

impl Bom {
    fn is_for(&self, product: &str, warehouse: &str) -> bool {
        self.product == product && self.warehouse == warehouse
    }
}
