//! Outbound deliveries, as far as a shipment's block needs them, and batches.
//!
//! Apart because these records have one field that matters each. Never ships anything: the warehouse does.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use super::super::exchange::{Request, Response};
use super::Erp;
use super::documents::fits;
use super::odata::{Outcome, Target, instant_text, not_found, refused};
use super::planner::read;

/// One outbound delivery.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Delivery {
    #[serde(rename = "delivery")]
    number: String,
    items: Vec<DeliveryItem>,
    #[serde(default)]
    block: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct DeliveryItem {
    item: String,
    material: String,
    plant: String,
    #[serde(default)]
    batch: String,
    quantity: String,
    unit: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Patch {
    delivery_block_reason: String,
}

impl Erp {
    /// A sales clerk creates a delivery.
    pub(super) fn create_delivery(&mut self, request: &Request) -> Outcome<Response> {
        let delivery: Delivery = read(request)?;
        let number = delivery.number.clone();
        if self.deliveries.insert(number.clone(), delivery).is_some() {
            return Err(refused("VL/080", format!("Delivery {number} exists already")));
        }
        Ok(Response::json(201, &json!({ "delivery": number })))
    }

    /// Sets or clears the block of a delivery.
    pub(super) fn patch_delivery(&mut self, target: &Target, request: &Request) -> Outcome<Response> {
        let patch: Patch = read(request)?;
        fits("DeliveryBlockReason", &patch.delivery_block_reason, 2)?;
        let number = target.key.first().map_or("", |(_, value)| value.as_str());
        let missing = || not_found(format!("Delivery {number} does not exist"));
        self.deliveries.get_mut(number).ok_or_else(missing)?.block = patch.delivery_block_reason;
        Ok(Response::empty(204))
    }

    /// `A_OutbDeliveryHeader` with its items.
    pub(super) fn delivery_views(&self) -> Vec<Value> {
        self.deliveries.values().map(Delivery::view).collect()
    }

    /// `Batch`: those that orders announced and those that stock has.
    pub(super) fn batch_views(&self) -> Vec<Value> {
        let view = |((material, batch), at): (&(String, String), &super::super::moment::Moment)| json!({ "Material": material, "Batch": batch, "CreationDateTime": instant_text(*at) });
        self.batches.iter().map(view).collect()
    }
}

impl Delivery {
    fn view(&self) -> Value {
        let item = |item: &DeliveryItem| {
            json!({
                "DeliveryDocument": self.number, "DeliveryDocumentItem": item.item, "Material": item.material, "Plant": item.plant,
                "Batch": item.batch, "ActualDeliveryQuantity": item.quantity, "DeliveryQuantityUnit": item.unit,
            })
        };
        let items: Vec<Value> = self.items.iter().map(item).collect();
        json!({
            "DeliveryDocument": self.number, "DeliveryBlockReason": self.block,
            "to_DeliveryDocumentItem": { "results": items },
        })
    }
}

/// Deliveries by number.
pub(super) type Deliveries = BTreeMap<String, Delivery>;
