//! What the books of an ERP say of its orders and its stock, in no ERP's words: so that an account asks one question,
//! whichever ERP a plant has.
//!
//! Apart from the ERPs because it reads nothing but what their books show (`GET /_sim/books`). Never asks the mesh.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde_json::Value;

use super::system::Kind;

mod erp;
mod odoo;

/// What a quantity was for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Purpose {
    /// An output came out.
    Produced,
    /// A component went in.
    Consumed,
    /// Good pieces of an operation.
    Yield,
    /// Scrap of an operation.
    Scrap,
    /// To be worked on again.
    Rework,
    /// Labour time.
    Labour,
    /// Machine time.
    Machine,
}

/// Which stock it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    /// To be used.
    Free,
    /// In quality inspection.
    Inspection,
    /// Blocked.
    Blocked,
}

/// What an ERP has for an order.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    /// The order's number in the ERP.
    pub order: String,
    /// What for.
    pub purpose: Purpose,
    /// At which operation, without leading zeros; only for work.
    pub operation: Option<String>,
    /// Of which material; for work, what the order makes.
    pub material: String,
}

/// Stock of a lot.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Heap {
    /// The material.
    pub material: String,
    /// The lot; empty where there is none.
    pub lot: String,
    /// Which stock.
    pub status: Status,
}

/// The books of an ERP, read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ledger {
    /// How much of each, in base units; what was undone is taken off.
    pub entries: BTreeMap<Entry, Decimal>,
    /// How much lies in each, over all plants and places; nothing is left out.
    pub stock: BTreeMap<Heap, Decimal>,
    /// How many documents carry each reference of a client.
    pub references: BTreeMap<String, u32>,
}

impl Ledger {
    /// The books of a system of this kind; `None` when it is no ERP.
    pub fn of(kind: Kind, books: &Value) -> Option<Self> {
        match kind {
            Kind::Erp => Some(erp::ledger(books)),
            Kind::ErpOdoo => Some(odoo::ledger(books)),
            Kind::Mes
            | Kind::MesCsv
            | Kind::Qms
            | Kind::Wms
            | Kind::Cmms
            | Kind::Tms
            | Kind::Planning
            | Kind::Portal
            | Kind::Plm
            | Kind::Analytics => None,
        }
    }

    /// How much of one thing an order has; nothing where it has none.
    pub fn sum(&self, entry: &Entry) -> Decimal {
        self.entries.get(entry).copied().unwrap_or_default()
    }

    fn add(&mut self, entry: Entry, by: Decimal) {
        if !by.is_zero() {
            *self.entries.entry(entry).or_default() += by;
        }
    }

    fn refer(&mut self, reference: &str) {
        if !reference.is_empty() {
            *self.references.entry(reference.to_owned()).or_default() += 1;
        }
    }
}

/// A list in the books.
fn listed<'a>(books: &'a Value, list: &str) -> &'a [Value] {
    books.get(list).and_then(Value::as_array).map_or(&[][..], Vec::as_slice)
}

/// A text; empty where there is none.
fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value.get(field).and_then(Value::as_str).unwrap_or_default()
}

#[cfg(test)]
mod tests;
