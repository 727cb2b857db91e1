//! The ERP's rules, asked the way a link asks: over its services, with a token, reading back what came of it.

use serde_json::{Value, json};

use super::super::exchange::{Request, Response};
use super::super::habits::{Dose, Habit};
use super::super::moment::{Moment, Zone};
use super::super::system::{House, System};
use super::{Erp, odata};

mod confirming;
mod demand;
mod habits;
mod orders;
mod posting;
mod services;

/// 24 November 2026, 03:12:11 in Berlin.
const NOW: Moment = Moment::from_millis(1_795_486_331_000);
const DOCUMENTS: &str = "/sap/opu/odata/sap/API_MATERIAL_DOCUMENT_SRV/A_MaterialDocumentHeader";
const CONFIRMATIONS: &str = "/sap/opu/odata/sap/API_PROD_ORDER_CONFIRMATION_2_SRV/ProdnOrdConf2";
const ORDERS: &str = "/sap/opu/odata/sap/API_PRODUCTION_ORDER_2_SRV/A_ProductionOrder_2";
const STOCK: &str = "/sap/opu/odata/sap/API_MATERIAL_STOCK_SRV/A_MatlStkInAcctMod";

/// Somebody who works with the ERP.
struct Clerk {
    house: House<Erp>,
    now: Moment,
}

impl Clerk {
    /// An ERP with one plant, two materials, steel in stock and the released order 1000042 over 100 brackets.
    fn at_work() -> Self {
        let house = Erp::house("erp-eu", Zone::named("Europe/Berlin").unwrap(), 1);
        let mut clerk = Self { house, now: NOW };
        clerk.sim("plants", &json!({ "plant": "1010", "time_zone": "Europe/Berlin" }));
        clerk.sim("materials", &json!({ "material": "FG-100", "base_unit": "EA", "batch_managed": true, "units": { "PAL": [40, 1] } }));
        clerk.sim("materials", &json!({ "material": "STEEL-3", "base_unit": "KG", "batch_managed": true }));
        clerk.sim("materials", &json!({ "material": "GREASE", "base_unit": "KG" }));
        let steel = json!({ "Material": "STEEL-3", "Plant": "1010", "StorageLocation": "0001", "Batch": "H-5501",
                            "QuantityInEntryUnit": "50", "EntryUnit": "KG" });
        clerk.sim("stock", &steel);
        clerk.sim("production-orders", &order());
        clerk.sim("production-orders/1000042/release", &json!({}));
        clerk.house.delivered(NOW, &[1, 2]);
        clerk
    }

    fn answer(&mut self, request: &Request) -> Response {
        self.house.answer(self.now, request).reply.response().unwrap()
    }

    fn sim(&mut self, path: &str, body: &Value) -> Value {
        let response = self.answer(&Request::post(&format!("/_sim/{path}"), body));
        assert!(response.is_success(), "{}", response.body);
        response.value()
    }

    fn post(&mut self, path: &str, body: &Value) -> Response {
        let token = odata::token(self.now, 0);
        self.answer(&Request::post(path, body).with_header("x-csrf-token", &token))
    }

    fn call(&mut self, function: &str, parameters: &[(&str, &str)]) -> Response {
        let request = Request::post(&format!("{}{function}", odata::ROOT), &json!({}));
        let quoted = |request: Request, (name, value): &(&str, &str)| request.with_query(name, &format!("'{value}'"));
        let request = parameters.iter().fold(request, quoted);
        let token = odata::token(self.now, 0);
        self.answer(&request.with_header("x-csrf-token", &token))
    }

    fn read(&mut self, path: &str, filter: &str) -> Vec<Value> {
        let response = self.answer(&Request::get(path).with_query("$filter", filter));
        assert_eq!(response.status, 200, "{}", response.body);
        response.value()["d"]["results"].as_array().unwrap().clone()
    }

    fn order(&mut self) -> Value {
        let open = "to_ProductionOrderOperation,to_ProductionOrderStatus,to_ProductionOrderComponent";
        self.answer(&Request::get(&format!("{ORDERS}('1000042')")).with_query("$expand", open)).value()["d"].clone()
    }

    fn statuses(&mut self) -> Vec<String> {
        let order = self.order();
        let statuses = order["to_ProductionOrderStatus"]["results"].as_array().unwrap();
        statuses.iter().map(|status| status["StatusShortName"].as_str().unwrap().to_owned()).collect()
    }

    /// The quantity of a material in a stock type, over all heaps.
    fn stock(&mut self, material: &str, stock_type: &str) -> String {
        let heaps = self.read(STOCK, &format!("Material eq '{material}' and InventoryStockType eq '{stock_type}'"));
        let quantity = |heap: &Value| heap["MatlWrhsStkQtyInMatlBaseUnit"].as_str().unwrap().parse::<rust_decimal::Decimal>().unwrap();
        heaps.iter().map(quantity).sum::<rust_decimal::Decimal>().normalize().to_string()
    }

    fn has(&mut self, habit: Habit, dose: &Dose) {
        let set = self.answer(&Request::put("/_sim/habits", &json!({ habit.name(): dose })));
        assert_eq!(set.status, 200);
    }

    fn effect(&self, name: &str) -> u64 {
        self.house.books()["effects"][name].as_u64().unwrap_or(0)
    }

    fn told(&self) -> Vec<String> {
        self.house.pending(self.now, 99).into_iter().map(|message| message.topic).collect()
    }
}

fn order() -> Value {
    json!({
        "order": "1000042", "material": "FG-100", "plant": "1010", "location": "0002", "batch": "N7-1123",
        "production_version": "0012", "quantity": "100", "over_percent": "5", "start": "2026-11-24", "end": "2026-11-25",
        "operations": [{ "operation": "0010", "work_center": "PRESS-4" }, { "operation": "0020", "work_center": "PACK-1" }],
        "components": [
            { "item": "0010", "operation": "0010", "material": "STEEL-3", "quantity": "40", "unit": "KG", "location": "0001" },
            { "item": "0020", "operation": "0010", "material": "GREASE", "quantity": "2", "unit": "KG", "location": "0001", "backflush": true },
        ],
    })
}

fn receipt(quantity: &str) -> Value {
    json!({ "Material": "FG-100", "Plant": "1010", "StorageLocation": "0002", "Batch": "N7-1123", "GoodsMovementType": "101",
            "GoodsMovementRefDocType": "F", "ManufacturingOrder": "1000042", "QuantityInEntryUnit": quantity, "EntryUnit": "EA" })
}

fn issue(quantity: &str) -> Value {
    json!({ "Material": "STEEL-3", "Plant": "1010", "StorageLocation": "0001", "Batch": "H-5501", "GoodsMovementType": "261",
            "ManufacturingOrder": "1000042", "QuantityInEntryUnit": quantity, "EntryUnit": "KG" })
}

fn document(items: &[Value]) -> Value {
    json!({ "GoodsMovementCode": "02", "PostingDate": "2026-11-24T00:00:00", "ReferenceDocument": "K7Q2",
            "to_MaterialDocumentItem": items })
}

/// The item with one field changed.
fn but(item: &Value, field: &str, value: &str) -> Value {
    let mut item = item.clone();
    item[field] = json!(value);
    item
}

fn code(response: &Response) -> String {
    response.value()["error"]["code"].as_str().unwrap_or("none").to_owned()
}
