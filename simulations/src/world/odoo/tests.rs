//! The second ERP at work: one clerk, one warehouse, one order; each file a part of its rules.

use serde_json::{Value, json};

use super::super::exchange::{Request, Response};
use super::super::habits::{Dose, Habit};
use super::super::moment::{Moment, Zone};
use super::super::system::{House, System};
use super::Odoo;

mod habits;
mod orders;
mod reading;
mod stock;

/// 2026-11-24, twelve past three in the morning in Berlin.
const NOW: Moment = Moment::from_millis(1_795_486_331_000);

/// Somebody who works with the ERP.
struct Clerk {
    house: House<Odoo>,
    now: Moment,
    order: Value,
}

impl Clerk {
    /// An ERP with one warehouse, three products, steel in stock and a confirmed order over 100 brackets.
    fn at_work() -> Self {
        let house = Odoo::house("erp-eu", Zone::named("Europe/Berlin").unwrap(), 1);
        let mut clerk = Self { house, now: NOW, order: Value::Null };
        clerk.sim("warehouses", &json!({ "warehouse": "1010", "time_zone": "Europe/Berlin" }));
        for (code, uom, tracking) in [("FG-100", "Units", "lot"), ("STEEL-3", "kg", "lot"), ("GREASE", "kg", "none")] {
            clerk.sim("products", &json!({ "code": code, "uom": uom, "tracking": tracking }));
        }
        clerk.sim("boms", &bom("7"));
        clerk.sim("stock", &json!({ "product": "STEEL-3", "warehouse": "1010", "lot": "H-5501", "quantity": 50 }));
        clerk.order = clerk.does("manufacturing_order", &order());
        clerk.press("action_confirm", &json!({}));
        let told: Vec<u64> = clerk.house.pending(NOW, 99).iter().map(|message| message.id).collect();
        clerk.house.delivered(NOW, &told);
        clerk
    }

    fn answer(&mut self, request: &Request) -> Response {
        self.house.answer(self.now, request).reply.response().unwrap()
    }

    fn sim(&mut self, path: &str, body: &Value) -> Value {
        let request =
            if path == "lock-dates" { Request::put("/_sim/lock-dates", body) } else { Request::post(&format!("/_sim/{path}"), body) };
        let value = self.answer(&request).value();
        assert!(value.get("result").is_some(), "{path}: {value}");
        value["result"].clone()
    }

    /// Creates a record; its id.
    fn does(&mut self, model: &str, values: &Value) -> Value {
        let value = self.answer(&Request::post(&format!("/api/{model}"), &json!({ "values": values }))).value();
        assert!(value["result"].is_u64(), "{value}");
        value["result"].clone()
    }

    /// Presses a button of the order.
    fn press(&mut self, button: &str, args: &Value) -> Value {
        let path = format!("/api/manufacturing_order/{}/{button}", self.order);
        self.answer(&Request::post(&path, &json!({ "args": args }))).value()
    }

    fn writes(&mut self, values: &Value) -> Value {
        let path = format!("/api/manufacturing_order/{}", self.order);
        self.answer(&Request::put(&path, &json!({ "values": values }))).value()
    }

    /// Drafts a picking of these lines and validates it.
    fn moves(&mut self, lines: &[Value]) -> Value {
        self.moves_on("2026-11-24", lines)
    }

    fn moves_on(&mut self, date: &str, lines: &[Value]) -> Value {
        let commands: Vec<Value> = lines.iter().map(|line| json!([0, 0, line])).collect();
        let picking = self.does("stock_picking", &json!({ "client_reference": "K7Q2", "date": date, "moves": commands }));
        self.answer(&Request::post(&format!("/api/stock_picking/{picking}/button_validate"), &json!({}))).value()
    }

    fn logs(&mut self, values: Value) -> Value {
        let mut values = values;
        values["production_id"] = self.order.clone();
        self.answer(&Request::post("/api/work_log", &json!({ "values": values }))).value()
    }

    fn all(&mut self, model: &str, query: &[(&str, &str)]) -> Value {
        let request = query.iter().fold(Request::get(&format!("/api/{model}")), |request, (name, value)| request.with_query(name, value));
        let response = self.answer(&request);
        assert_eq!(response.status, 200, "{}", response.body);
        response.value()
    }

    fn read(&mut self) -> Value {
        let path = format!("/api/manufacturing_order/{}", self.order);
        self.answer(&Request::get(&path)).value()["records"][0].clone()
    }

    /// How much of a product lies in a location.
    fn stock(&mut self, product: &str, location: &str) -> f64 {
        let domain = json!([["product_id", "=", product], ["location", "=", location]]).to_string();
        let quants = self.all("stock_quant", &[("domain", &domain)]);
        quants["records"].as_array().unwrap().iter().map(|quant| quant["quantity"].as_f64().unwrap()).sum()
    }

    fn has(&mut self, habit: Habit, dose: &Dose) {
        let set = self.answer(&Request::put("/_sim/habits", &json!({ habit.name(): dose })));
        assert_eq!(set.status, 200);
    }

    fn effect(&self, name: &str) -> u64 {
        self.house.books()["effects"][name].as_u64().unwrap_or(0)
    }

    /// Topic, state before and state after of what was told.
    fn told(&self) -> Vec<String> {
        let messages = self.house.pending(self.now, 99).into_iter();
        messages
            .map(|message| {
                let body: Value = serde_json::from_str(&message.body).unwrap();
                format!("{} {}>{}", message.topic, body["old_state"].as_str().unwrap_or("-"), body["state"].as_str().unwrap())
            })
            .collect()
    }

    fn receipt(&self, quantity: f64) -> Value {
        json!({ "product_id": "FG-100", "lot_name": "N7-1123", "quantity": quantity, "product_uom": "Units", "warehouse_id": "1010",
            "location": "Production", "location_dest": "Stock", "production_id": self.order })
    }

    fn issue(&self, quantity: f64) -> Value {
        json!({ "product_id": "STEEL-3", "lot_name": "H-5501", "quantity": quantity, "product_uom": "kg", "warehouse_id": "1010",
            "location": "Stock", "location_dest": "Production", "raw_material_production_id": self.order })
    }
}

fn bom(version: &str) -> Value {
    json!({ "product": "FG-100", "warehouse": "1010", "version": version, "base_quantity": 100, "over_tolerance": 5,
        "operations": [{ "operation": "10", "workcenter": "PRESS" }, { "operation": "20", "workcenter": "PACK" }],
        "components": [{ "line": "0010", "operation": "10", "product": "STEEL-3", "quantity": 40, "uom": "kg" },
                       { "line": "0020", "operation": "10", "product": "GREASE", "quantity": 350, "uom": "g" }] })
}

fn order() -> Value {
    json!({ "product_id": "FG-100", "warehouse_id": "1010", "product_qty": 100, "product_uom": "Units", "origin": "PL-1",
        "date_start": "2026-11-24 05:00:00", "date_finished": "2026-11-24 13:00:00", "lot_producing": false })
}

/// The line with one field changed.
fn but(line: &Value, field: &str, value: Value) -> Value {
    let mut line = line.clone();
    line[field] = value;
    line
}

/// The name of the refusal; empty when there is none.
fn fault(answer: &Value) -> &str {
    answer.pointer("/error/data/name").and_then(Value::as_str).unwrap_or("")
}
