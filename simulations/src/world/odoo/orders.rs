//! Manufacturing orders as this ERP keeps and shows them, how they come into being, and what may be written into them.
//!
//! Apart from the buttons because a write obeys nobody: what may not be changed stays as it is, and the answer is `true`.

use serde::Deserialize;
use serde_json::{Value, json};

use super::super::moment::Moment;
use super::super::system::Desk;
use super::Odoo;
use super::records::{Fault, Named, Outcome, checked_time, missing, or_false, or_nothing, read, stamped};
use super::search::Exactly;

/// Where an order is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Draft,
    Confirmed,
    Progress,
    ToClose,
    Done,
    Cancel,
}

impl State {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Confirmed => "confirmed",
            Self::Progress => "progress",
            Self::ToClose => "to_close",
            Self::Done => "done",
            Self::Cancel => "cancel",
        }
    }

    /// Whether work may be reported for it.
    pub(super) const fn takes_work(self) -> bool {
        matches!(self, Self::Confirmed | Self::Progress)
    }
}

/// One component that an order needs.
#[derive(Clone, Debug)]
pub(super) struct Component {
    pub(super) line: String,
    pub(super) operation: String,
    pub(super) product: String,
    pub(super) quantity: f64,
    pub(super) uom: String,
    pub(super) consumed: f64,
}

/// One operation of an order, with what was logged for it.
#[derive(Clone, Debug)]
pub(super) struct WorkOrder {
    pub(super) id: u64,
    pub(super) operation: String,
    workcenter: String,
    pub(super) good: f64,
    pub(super) scrap: f64,
    pub(super) rework: f64,
    pub(super) labour: f64,
    pub(super) machine: f64,
    pub(super) logs: u32,
    pub(super) finished: bool,
}

impl WorkOrder {
    pub(super) fn fresh(id: u64, operation: String, workcenter: String) -> Self {
        let (good, scrap, rework, labour, machine) = (0.0, 0.0, 0.0, 0.0, 0.0);
        Self { id, operation, workcenter, good, scrap, rework, labour, machine, logs: 0, finished: false }
    }

    const fn state(&self) -> &'static str {
        match (self.finished, self.logs) {
            (true, _) => "done",
            (false, 0) => "pending",
            (false, _) => "progress",
        }
    }
}

/// One manufacturing order.
#[derive(Clone, Debug)]
pub(super) struct Order {
    pub(super) id: u64,
    pub(super) name: String,
    origin: Option<String>,
    pub(super) product: String,
    pub(super) by_products: Vec<String>,
    pub(super) warehouse: String,
    pub(super) quantity: f64,
    uom: String,
    pub(super) produced: f64,
    pub(super) bom_version: String,
    pub(super) state: State,
    date_start: Option<String>,
    date_finished: Option<String>,
    lot_producing: Option<String>,
    pub(super) over_tolerance: Option<f64>,
    pub(super) components: Vec<Component>,
    pub(super) work: Vec<WorkOrder>,
    /// Whether anything was moved or logged for it.
    pub(super) begun: bool,
    created_at: Moment,
    pub(super) written_at: Moment,
    written_by: String,
}

/// An order as a client creates it. What else is sent is left aside.
#[derive(Deserialize)]
struct NewOrder {
    product_id: Named,
    warehouse_id: Named,
    product_qty: f64,
    product_uom: String,
    #[serde(default, deserialize_with = "or_false")]
    bom_version: Option<String>,
    #[serde(default, deserialize_with = "or_false")]
    origin: Option<String>,
    #[serde(default, deserialize_with = "or_false")]
    date_start: Option<String>,
    #[serde(default, deserialize_with = "or_false")]
    date_finished: Option<String>,
    #[serde(default, deserialize_with = "or_false")]
    lot_producing: Option<String>,
}

impl Odoo {
    pub(super) fn create_order(&mut self, desk: &mut Desk, user: &str, values: &Value) -> Outcome<u64> {
        let new: NewOrder = read(values)?;
        let (product, warehouse) = (self.product(&new.product_id)?.clone(), self.warehouse(&new.warehouse_id)?);
        let quantity = product.in_own_unit(new.product_qty, &new.product_uom)?;
        if quantity <= 0.0 {
            return Err(Fault::user("The quantity to produce must be positive!"));
        }
        let bom = self.bom(&product.code, &warehouse, new.bom_version.as_deref())?.clone();
        let time = |text: Option<String>| text.map(|text| checked_time(&text)).transpose();
        let (date_start, date_finished) = (time(new.date_start)?, time(new.date_finished)?);
        let components = self.needs(&bom, quantity)?;
        let work = self.work_of(&bom);
        let (id, at) = (self.next_id(), desk.stamp(desk.now));
        let order = Order {
            id,
            name: format!("MO-{id:05}"),
            origin: new.origin,
            product: product.code,
            by_products: bom.by_products,
            warehouse,
            quantity,
            uom: product.uom,
            produced: 0.0,
            bom_version: bom.version,
            state: State::Draft,
            date_start,
            date_finished,
            lot_producing: new.lot_producing,
            over_tolerance: bom.over_tolerance,
            components,
            work,
            begun: false,
            created_at: at,
            written_at: at,
            written_by: user.to_owned(),
        };
        self.tell_order(desk, &order, None);
        self.orders.insert(id, order);
        Ok(id)
    }

    /// Writes what the state lets change; the rest is left aside without a word.
    pub(super) fn write_order(&mut self, desk: &mut Desk, user: &str, id: u64, values: &Value) -> Outcome<()> {
        let order = self.orders.get(&id).ok_or_else(|| missing("manufacturing_order", &id.to_string()))?;
        let fields = values.as_object().ok_or_else(|| Fault::malformed("values are a dictionary"))?;
        let mut after = order.clone();
        let mut ignored = 0;
        for (field, value) in fields {
            ignored += u32::from(!after.take(field, value)?);
        }
        (0..ignored).for_each(|_| desk.habits.count("write_ignored"));
        after.written(desk, user);
        self.tell_order(desk, &after, Some(after.state));
        self.orders.insert(id, after);
        Ok(())
    }

    /// The order of that id or name.
    pub(super) fn order(&self, named: &Named) -> Outcome<&Order> {
        let found = match named {
            Named::Id(id) => self.orders.get(id),
            Named::Name(name) => self.orders.values().find(|order| order.name == *name),
        };
        found.ok_or_else(|| Fault::malformed(format!("No matching record found for {named:?} in field 'Manufacturing Order'")))
    }

    /// Tells that an order was written.
    pub(super) fn tell_order(&self, desk: &mut Desk, order: &Order, old: Option<State>) {
        let body = json!({
            "_action": format!("webhook of {}", self.name), "_model": "manufacturing_order", "_id": order.id,
            "state": order.state.name(), "old_state": or_nothing(old.map(State::name)), "write_date": stamped(order.written_at),
        });
        desk.tell(&order.name, "manufacturing_order", &body);
    }

    pub(super) fn order_view(&self, order: &Order) -> Value {
        let component = |component: &Component| {
            json!({
                "line": component.line, "operation": component.operation, "product_id": self.product_pair(&component.product),
                "product_qty": component.quantity, "product_uom": component.uom, "qty_consumed": component.consumed,
            })
        };
        json!({
            "id": order.id, "name": order.name, "origin": or_nothing(order.origin.as_deref()),
            "product_id": self.product_pair(&order.product), "by_products": order.by_products,
            "product_qty": order.quantity, "product_uom": order.uom, "qty_produced": order.produced,
            "warehouse_id": self.warehouse_pair(&order.warehouse), "bom_version": order.bom_version, "state": order.state.name(),
            "date_start": or_nothing(order.date_start.as_deref()), "date_finished": or_nothing(order.date_finished.as_deref()),
            "lot_producing": or_nothing(order.lot_producing.as_deref()),
            "over_tolerance": order.over_tolerance.map_or(json!(false), |percent| json!(percent)),
            "components": order.components.iter().map(component).collect::<Vec<_>>(),
            "create_date": stamped(order.created_at), "write_date": stamped(order.written_at), "write_uid": order.written_by,
        })
    }
}

impl Order {
    pub(super) fn is_meant(&self, named: &Exactly) -> bool {
        named.may(self.id, &[("name", Some(self.name.as_str())), ("origin", self.origin.as_deref())])
    }

    /// Takes one written field over. False when it is left aside.
    fn take(&mut self, field: &str, value: &Value) -> Outcome<bool> {
        let text = || match value {
            Value::Bool(false) | Value::Null => Ok(None),
            Value::String(text) => Ok(Some(text.clone())),
            Value::Bool(true) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
                Err(Fault::malformed(format!("{field} is a text")))
            }
        };
        let time = || text()?.map(|text| checked_time(&text)).transpose();
        let open = matches!(self.state, State::Draft | State::Confirmed | State::Progress);
        match field {
            "origin" => self.origin = text()?,
            "date_start" if open => self.date_start = time()?,
            "date_finished" if open => self.date_finished = time()?,
            "lot_producing" if open && !self.begun => self.lot_producing = text()?,
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// Notes who wrote it, and when: never the same instant twice, so that id and `write_date` know a version.
    pub(super) fn written(&mut self, desk: &mut Desk, user: &str) {
        self.written_at = desk.stamp(desk.now).max(self.written_at.plus_ms(1));
        user.clone_into(&mut self.written_by);
    }

    /// Whether it makes this product.
    pub(super) fn makes(&self, product: &str) -> bool {
        self.product == product || self.by_products.iter().any(|other| other == product)
    }

    /// The most that may be made without being asked back.
    pub(super) fn tolerated(&self) -> Option<f64> {
        self.over_tolerance.map(|percent| self.quantity * (1.0 + percent / 100.0))
    }

    pub(super) fn work_views(&self) -> Vec<Value> {
        let view = |work: &WorkOrder| {
            json!({
                "id": work.id, "production_id": [self.id, self.name], "operation": work.operation, "workcenter": work.workcenter,
                "qty_good": work.good, "qty_scrap": work.scrap, "qty_rework": work.rework, "labour_minutes": work.labour,
                "machine_minutes": work.machine, "state": work.state(),
            })
        };
        self.work.iter().map(view).collect()
    }
}
