//! Work logs: what was done at an operation, and how long it took. They count at once, and negative ones take back.
//!
//! Apart from moves because no stock moves here. Never lets a sum go below nothing.

use serde::Deserialize;
use serde_json::{Value, json};

use super::super::moment::Moment;
use super::super::system::Desk;
use super::Odoo;
use super::orders::WorkOrder;
use super::products::rounded;
use super::records::{Fault, Named, Outcome, or_false, or_nothing, read, stamped};
use super::search::Exactly;

/// One log.
#[derive(Clone, Debug)]
pub(super) struct WorkLog {
    id: u64,
    order: (u64, String),
    sent: NewLog,
    at: Moment,
    by: String,
}

/// A log as a client creates it. What else is sent is left aside.
#[derive(Clone, Debug, Deserialize)]
struct NewLog {
    production_id: Named,
    operation: String,
    #[serde(default, deserialize_with = "or_false")]
    client_reference: Option<String>,
    #[serde(default, deserialize_with = "or_false")]
    date: Option<String>,
    #[serde(default, deserialize_with = "or_false")]
    note: Option<String>,
    #[serde(default)]
    good: f64,
    #[serde(default)]
    scrap: f64,
    #[serde(default)]
    rework: f64,
    #[serde(default)]
    labour_minutes: f64,
    #[serde(default)]
    machine_minutes: f64,
    #[serde(default, rename = "final")]
    last: bool,
}

impl Odoo {
    pub(super) fn create_log(&mut self, desk: &mut Desk, user: &str, values: &Value) -> Outcome<u64> {
        let sent: NewLog = read(values)?;
        let order = self.at_work(self.order(&sent.production_id)?.id)?;
        let (id, name, warehouse) = (order.id, order.name.clone(), order.warehouse.clone());
        let Some(work) = order.work.iter().find(|work| work.operation == sent.operation) else {
            return Err(Fault::user(format!("{name} has no operation {}.", sent.operation)));
        };
        let after = work.with(&sent)?;
        self.check_date(desk, &warehouse, sent.date.as_deref())?;
        if let Some(place) = self.orders.get_mut(&id).and_then(|order| order.work.iter_mut().find(|work| work.id == after.id)) {
            *place = after;
        }
        self.begin(desk, user, id)?;
        let log = self.next_id();
        self.logs.insert(log, WorkLog { id: log, order: (id, name), sent, at: desk.stamp(desk.now), by: user.to_owned() });
        Ok(log)
    }

    pub(super) fn log_view(&self, log: &WorkLog) -> Value {
        let sent = &log.sent;
        json!({
            "id": log.id, "production_id": [log.order.0, log.order.1], "operation": sent.operation,
            "product_id": self.orders.get(&log.order.0).map_or(json!(false), |order| self.product_pair(&order.product)),
            "client_reference": or_nothing(sent.client_reference.as_deref()), "date": or_nothing(sent.date.as_deref()),
            "note": or_nothing(sent.note.as_deref()), "good": sent.good, "scrap": sent.scrap, "rework": sent.rework,
            "labour_minutes": sent.labour_minutes, "machine_minutes": sent.machine_minutes, "final": sent.last,
            "write_date": stamped(log.at), "write_uid": log.by,
        })
    }
}

impl WorkLog {
    pub(super) fn is_meant(&self, named: &Exactly) -> bool {
        let order = Some((self.order.0, self.order.1.as_str()));
        named.may(self.id, &[("client_reference", self.sent.client_reference.as_deref())]) && named.may_lead("production_id", order)
    }
}

impl WorkOrder {
    /// With this log counted.
    fn with(&self, sent: &NewLog) -> Outcome<Self> {
        let mut after = self.clone();
        let sums = [
            (&mut after.good, sent.good),
            (&mut after.scrap, sent.scrap),
            (&mut after.rework, sent.rework),
            (&mut after.labour, sent.labour_minutes),
            (&mut after.machine, sent.machine_minutes),
        ];
        for (sum, by) in sums {
            *sum += rounded(by);
            if rounded(*sum) < 0.0 || !sum.is_finite() || sum.abs() > 1e12 {
                return Err(Fault::user(format!("Operation {}: a logged quantity cannot become less than zero.", self.operation)));
            }
        }
        after.logs += 1;
        after.finished = sent.last || after.finished;
        Ok(after)
    }
}
