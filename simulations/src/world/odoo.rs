//! An ERP in the manner of Odoo: records of models, states, and buttons. This page is its interface reference.
//!
//! Apart from the mesh in every respect ([`super`]), and from the other ERP ([`super::erp`]): it keeps floats, its times are
//! UTC without saying so, it knows no reference twice, and it answers 200 whatever it did. It has **no dedup**: what is created
//! twice is there twice. A link looks for its own `client_reference` (for orders: `origin`) before every create.
//!
//! # Speaking with it
//!
//! | path | what |
//! |---|---|
//! | `GET /api/{model}` | `{"length":2,"records":[…]}`; `domain=[["state","=","done"],…]` (all must hold; `=` `!=` `>` `>=` `<` `<=` `in`), `fields=id,state`, `order=write_date,id` (each may end in ` desc`), `offset`, `limit`. **Without `limit` it gives 80 and no word about the rest** but `length` |
//! | `GET /api/{model}/{id}` | the same with one record; 404 when there is none |
//! | `POST /api/{model}` `{"values":{…}}` | creates; `{"jsonrpc":"2.0","id":null,"result":17}` |
//! | `PUT /api/{model}/{id}` `{"values":{…}}` | writes; `"result":true`. **Fields it does not know, and those that the state does not let change, are left aside without a word** |
//! | `POST /api/{model}/{id}/{button}` `{"args":{…}}` | presses a button; `"result":true`, or a wizard, and then nothing was done: `"result":{"type":"act_window","res_model":"confirm_overproduction","message":…}` |
//!
//! Refusals have status 200 as well: `{"jsonrpc":"2.0","id":null,"error":{"code":200,"message":"Server Error","data":{"name":"exceptions.UserError","message":"…"}}}`.
//! Names: `exceptions.UserError` its rules say no · `exceptions.ValidationError` what was sent makes no sense · `exceptions.MissingError` no
//! such record · `psycopg2.errors.SerializationFailure` somebody else writes it just now (habit `locked`): nothing was done.
//! A path that does not exist is a real 404.
//!
//! Relations are pairs of id and name, `[3,"FG-100"]`, or `false`; what is empty is `false`. In values a relation is given by id or by
//! name. Lists of new records are commands: `[[0,0,{…}]]`. Quantities are JSON numbers, rounded to a thousandth when they
//! come in and never again, so that sums are `0.30000000000000004`. `write_date` grows with every write of its record and
//! of no other: a replaced component does not touch its order.
//!
//! | model | fields | values, buttons |
//! |---|---|---|
//! | `manufacturing_order` | `name` `MO-00042`, `origin`, `product_id`, `by_products`, `product_qty`, `product_uom`, `qty_produced`, `warehouse_id`, `bom_version`, `state`, `date_start`, `date_finished`, `lot_producing`, `over_tolerance` in percent or false for none, `components: [{line,operation,product_id,product_qty,product_uom,qty_consumed}]`, `write_date`, `write_uid` | create with `product_id`, `warehouse_id`, `product_qty`, `product_uom`, `bom_version` (else the newest), `origin`, `date_start`, `date_finished`, `lot_producing`. `action_confirm`, `button_to_close`, `button_reopen`, `button_mark_done`, `action_cancel`, `change_quantity` `{"quantity":4000}`, `change_bom` `{"version":"8"}`, `replace_component` `{"line":"0010","product":"STEEL-4"}` |
//! | `work_order` | `production_id`, `operation`, `workcenter`, `qty_good`, `qty_scrap`, `qty_rework`, `labour_minutes`, `machine_minutes`, `state` `pending` `progress` `done` | |
//! | `work_log` | `client_reference`, `production_id`, `operation`, `good`, `scrap`, `rework`, `labour_minutes`, `machine_minutes`, `final`, `date`, `note` | create only; it counts at once, negative numbers take back |
//! | `stock_picking` | `name`, `client_reference`, `date`, `state` `draft` `done` `cancel`, `moves`, `note`, `write_uid` | create with `client_reference`, `date`, `note`, `moves` as commands: a **draft that moves nothing** until `button_validate` `{"confirm_overproduction":true}`; `action_cancel` for a draft |
//! | `stock_move` | `picking_id`, `product_id`, `lot_name`, `quantity`, `product_uom`, `quantity_base`, `warehouse_id`, `location`, `location_dest`, `production_id` of what it makes, `raw_material_production_id` of what it uses, `state`, `date` | |
//! | `stock_quant` | `product_id`, `warehouse_id`, `location`, `lot_name`, `quantity` | |
//! | `lot`, `product` | `name`, `product_id`; `code`, `uom`, `tracking` | |
//!
//! Orders go `draft` → `confirmed` → `progress` (by the first move or log) → `to_close` → `done`, or to `cancel` while nothing was done.
//! Locations that hold stock are `Stock`, `Quality` and `Blocked`; outside it are `Production`, `Scrap`, `Customers`, `Inventory`. To post what
//! an order made, move from `Production`; what it used, to `Production`; to take back, the other way round.
//!
//! # Its rules
//!
//! A tracked product moves with its lot, and a lot that is used must be there; receipts make lots. A date is neither after today in the
//! warehouse's zone nor on or before the warehouse's **lock date**. Stock may not go below nothing, except in `Stock` by what an order
//! uses: then it goes negative and nobody says so (effect `stock_went_negative`). More than ordered and tolerated asks back with the
//! wizard above. A quantity below what was made is refused.
//!
//! # What it tells
//!
//! A webhook for every order that is created, written or changes its state, whoever did it, and for every picking that is
//! done; topics `manufacturing_order` and `stock_picking`, in the lane of the record. There is no message number: the record and its
//! `write_date` are what it can be known by. Then read. Polling works as well: `order=write_date,id`.
//!
//! ```json
//! { "_action": "webhook of erp-eu", "_model": "manufacturing_order", "_id": 42, "state": "confirmed", "old_state": "draft",
//!   "write_date": "2026-11-24 02:12:11.123" }
//! ```
//!
//! # Its own people
//!
//! | path | body |
//! |---|---|
//! | `POST /_sim/warehouses` | `{"warehouse":"1010","time_zone":"Europe/Berlin"}` |
//! | `POST /_sim/products` | `{"code":"FG-100","uom":"Units","tracking":"lot"}`, or `"none"` |
//! | `POST /_sim/boms` | `{"product":"FG-100","warehouse":"1010","version":"7","base_quantity":1000,"over_tolerance":5,"operations":[{"operation":"10","workcenter":"PRESS"}],"components":[{"line":"0010","operation":"10","product":"STEEL-3","quantity":320,"uom":"kg"}],"by_products":[]}` |
//! | `POST /_sim/stock` | `{"product":"STEEL-3","warehouse":"1010","lot":"H-5501","quantity":800}`: an opening balance |
//! | `PUT /_sim/lock-dates` | `{"1010":"2026-10-31"}` |
//! | `POST /_sim/by-hand` | `{"user":"kott","do":"create","model":…,"values":{…}}`, `{"user":…,"do":"write","model":…,"id":…,"values":{…}}`, `{"user":…,"do":"press","model":…,"id":…,"button":…,"args":{…}}` |

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde_json::{Value, json};

use super::exchange::{Method, Request, Response};
use super::habits::Habit;
use super::moment::{Moment, Zone};
use super::system::{Desk, House, Kind, Rules};
use boms::Bom;
use orders::Order;
use products::{Product, Quants};
use records::{Fault, Outcome, answered, missing, read_values};
use search::Exactly;
use transfers::Picking;
use work::WorkLog;

mod boms;
mod buttons;
mod house;
mod orders;
mod products;
mod records;
mod search;
mod transfers;
mod validation;
mod work;

/// The ERP's rules and books.
#[derive(Clone, Debug)]
pub struct Odoo {
    name: String,
    warehouses: BTreeMap<String, Warehouse>,
    products: BTreeMap<String, Product>,
    boms: Vec<Bom>,
    orders: BTreeMap<u64, Order>,
    logs: BTreeMap<u64, WorkLog>,
    pickings: BTreeMap<u64, Picking>,
    quants: Quants,
    /// By product and name, with their ids.
    lots: BTreeMap<(String, String), u64>,
    last_id: u64,
}

/// A place with stock of its own, and books that may be closed.
#[derive(Clone, Debug)]
struct Warehouse {
    id: u64,
    zone: Zone,
    /// Nothing may be dated on or before it.
    locked_until: Option<Date>,
}

impl Odoo {
    /// An ERP with empty books, of this name, whose people live in this zone.
    pub fn house(name: &str, zone: Zone, seed: u64) -> House<Self> {
        let rules = Self {
            name: name.to_owned(),
            warehouses: BTreeMap::new(),
            products: BTreeMap::new(),
            boms: Vec::new(),
            orders: BTreeMap::new(),
            logs: BTreeMap::new(),
            pickings: BTreeMap::new(),
            quants: Quants::default(),
            lots: BTreeMap::new(),
            last_id: 0,
        };
        House::new(rules, zone, seed)
    }

    fn next_id(&mut self) -> u64 {
        self.last_id += 1;
        self.last_id
    }

    fn serve(&mut self, desk: &mut Desk, request: &Request) -> Outcome<Response> {
        let user = request.headers.get("x-user").map_or("api", String::as_str);
        match (request.method, request.segments().as_slice()) {
            (Method::Get, ["api", model]) => search::found(self.records(model, &Exactly::by(&request.query))?, &request.query),
            (Method::Get, ["api", model, id]) => {
                let mut records = self.records(model, &Exactly::id(id.parse().unwrap_or_default()))?;
                records.retain(|record| record.get("id").and_then(Value::as_u64).is_some_and(|known| id.parse() == Ok(known)));
                if records.is_empty() { Ok(missing(model, id).as_not_found()) } else { search::found(records, &BTreeMap::new()) }
            }
            (Method::Post, ["api", model]) => Ok(answered(&self.create(desk, user, model, &read_values(request)?)?)),
            (Method::Put, ["api", model, id]) => Ok(answered(&self.write(desk, user, model, number(id)?, &read_values(request)?)?)),
            (Method::Post, ["api", model, id, button]) => {
                let args = request.read::<records::Pressed>().map_err(Fault::malformed)?.args;
                Ok(answered(&self.press(desk, user, (model, number(id)?, button), &args)?))
            }
            (Method::Post | Method::Put, ["_sim", ..]) => self.in_house(desk, request),
            _ => Ok(Fault::malformed(format!("no route for {}", request.path)).as_not_found()),
        }
    }

    /// Everything of a model that can be meant by those who name so much of it exactly: of thousands of records one is written out.
    fn records(&self, model: &str, named: &Exactly) -> Outcome<Vec<Value>> {
        let moves = || self.pickings.values().flat_map(|picking| self.move_views(picking, named));
        Ok(match model {
            "manufacturing_order" => {
                self.orders.values().filter(|order| order.is_meant(named)).map(|order| self.order_view(order)).collect()
            }
            "work_order" => self.orders.values().flat_map(Order::work_views).collect(),
            "work_log" => self.logs.values().filter(|log| log.is_meant(named)).map(|log| self.log_view(log)).collect(),
            "stock_picking" => {
                self.pickings.values().filter(|picking| picking.is_meant(named)).map(|picking| self.picking_view(picking)).collect()
            }
            "stock_move" => moves().collect(),
            "stock_quant" => self.quant_views(),
            "lot" => self
                .lots
                .iter()
                .map(|((product, name), id)| json!({ "id": id, "name": name, "product_id": self.product_pair(product) }))
                .collect(),
            "product" => self.products.values().map(Product::view).collect(),
            other => return Err(Fault::malformed(format!("the model {other} does not exist"))),
        })
    }

    fn create(&mut self, desk: &mut Desk, user: &str, model: &str, values: &Value) -> Outcome<Value> {
        let id = match model {
            "manufacturing_order" => self.create_order(desk, user, values)?,
            "work_log" => self.create_log(desk, user, values)?,
            "stock_picking" => self.create_picking(desk, user, values)?,
            other => return Err(Fault::user(format!("You are not allowed to create '{other}' records."))),
        };
        Ok(json!(id))
    }

    fn write(&mut self, desk: &mut Desk, user: &str, model: &str, id: u64, values: &Value) -> Outcome<Value> {
        match model {
            "manufacturing_order" => self.write_order(desk, user, id, values)?,
            other => return Err(Fault::user(format!("You are not allowed to modify '{other}' records."))),
        }
        Ok(json!(true))
    }

    fn press(&mut self, desk: &mut Desk, user: &str, (model, id, button): (&str, u64, &str), args: &Value) -> Outcome<Value> {
        match (model, button) {
            ("manufacturing_order", button) => self.press_order(desk, user, id, button, args),
            ("stock_picking", "button_validate") => self.validate(desk, user, id, args),
            ("stock_picking", "action_cancel") => self.cancel_picking(desk, user, id),
            (model, button) => Err(Fault::malformed(format!("'{model}' has no button '{button}'"))),
        }
    }
}

fn number(id: &str) -> Outcome<u64> {
    id.parse().map_err(|_| Fault::malformed(format!("'{id}' is no id")))
}

impl Rules for Odoo {
    const KIND: Kind = Kind::ErpOdoo;
    const HABITS: &'static [Habit] = &[];

    fn answer(&mut self, desk: &mut Desk, request: &Request) -> Response {
        self.serve(desk, request).unwrap_or_else(|fault| fault.response())
    }

    /// An ERP does nothing by itself.
    fn tick(&mut self, _desk: &mut Desk) -> bool {
        false
    }

    fn due(&self) -> Option<Moment> {
        None
    }

    fn books(&self) -> Value {
        let all = |model| self.records(model, &Exactly::default()).unwrap_or_default();
        json!({
            "manufacturing_order": all("manufacturing_order"), "work_order": all("work_order"), "work_log": all("work_log"),
            "stock_picking": all("stock_picking"), "stock_quant": all("stock_quant"), "lot": all("lot"), "product": all("product"),
            "lock_dates": self.lock_dates(),
        })
    }

    fn locked(status: Option<u16>) -> Response {
        let message = "could not serialize access due to concurrent update".to_owned();
        let refusal = Fault { name: "psycopg2.errors.SerializationFailure", message }.response();
        Response { status: status.unwrap_or(refusal.status), ..refusal }
    }

    /// It says 200 to everything: what was done is said inside, and a wizard is a question.
    fn is_done(response: &Response) -> bool {
        let body = response.value();
        response.is_success() && body.get("error").is_none() && !body.get("result").is_some_and(Value::is_object)
    }
}

#[cfg(test)]
mod tests;
