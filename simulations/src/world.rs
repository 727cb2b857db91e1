//! The world outside the mesh: two ERPs with nothing in common, two MES, a QMS with its laboratory, a WMS, and around them
//! maintenance, transport, planning, suppliers, product data and analytics; with books, rules and bad habits.
//!
//! Apart from everything else on purpose. **Nothing in here uses `takt-protocol`, `takt-cluster` or `takt-actors`**: the
//! foreign systems judge what the mesh did, and a judge who shares code with the judged shares its mistakes. Quantities,
//! dates, keys and rules are therefore written a second time, in each system's own words.
//!
//! Each system is one plain synchronous state machine, [`System`]: a [`Request`] and a [`Moment`] go in, an [`Answer`]
//! comes out. It has no clock, no IO and no chance of its own, so the same machine is
//! - called directly by the simulator under virtual time ([`system()`](fn@system)), and
//! - served over real HTTP by [`launch`](launch()), which keeps its books on disk before it answers.
//!
//! Read on in this order: [`exchange`] and [`mod@system`] (the shapes), [`habits`] (what can go wrong), then one system:
//! [`erp`], [`odoo`], [`mes`], [`mes_csv`], [`qms`], [`wms`], [`cmms`], [`tms`], [`planning`], [`portal`], [`plm`], [`analytics`]; each module's page is the interface reference for those who write mappings.
//! [`ledger`] reads the books of either ERP in no ERP's words.
//! [`launch`](mod@launch) puts them on loopback ports.

mod agenda;
pub mod analytics;
pub mod cmms;
pub mod erp;
pub mod exchange;
mod front;
pub mod habits;
pub mod launch;
pub mod ledger;
pub mod mes;
pub mod mes_csv;
pub mod moment;
pub mod odoo;
pub mod outbox;
pub mod planning;
pub mod plm;
pub mod portal;
pub mod qms;
pub mod system;
pub mod tms;
pub mod wms;

pub use exchange::{Answer, Method, Reply, Request, Response};
pub use habits::{Dose, Habit};
pub use launch::{LaunchError, RunningWorld, SystemSpec, WorldSpec, launch};
pub use moment::{Moment, Zone};
pub use outbox::Outgoing;
pub use system::{Kind, System};

/// A system of this sort with empty books: its name, the zone its people live in, and what its misfortunes are drawn from.
pub fn system(kind: Kind, name: &str, zone: Zone, seed: u64) -> Box<dyn System> {
    match kind {
        Kind::Erp => Box::new(erp::Erp::house(name, zone, seed)),
        Kind::ErpOdoo => Box::new(odoo::Odoo::house(name, zone, seed)),
        Kind::Mes => Box::new(mes::Mes::house(name, zone, seed)),
        Kind::MesCsv => Box::new(mes_csv::MesCsv::house(name, zone, seed)),
        Kind::Qms => Box::new(qms::Qms::house(name, zone, seed)),
        Kind::Wms => Box::new(wms::Wms::house(name, zone, seed)),
        Kind::Cmms => Box::new(cmms::Cmms::house(name, zone, seed)),
        Kind::Tms => Box::new(tms::Tms::house(name, zone, seed)),
        Kind::Planning => Box::new(planning::Planning::house(name, zone, seed)),
        Kind::Portal => Box::new(portal::Portal::house(name, zone, seed)),
        Kind::Plm => Box::new(plm::Plm::house(name, zone, seed)),
        Kind::Analytics => Box::new(analytics::Analytics::house(name, zone, seed)),
    }
}

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
