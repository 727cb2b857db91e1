//! What two nodes must agree on: words, values, lifecycles, bytes. Pure: no clock, no IO, no log, no randomness, no
//! hash-map order. A thing belongs here if two nodes would misunderstand each other when only one had the change.
//!
//! Read in this order: [`id`], [`name`], [`native`] and [`words`] (names), [`envelope`] and [`input`] (what comes in),
//! [`fact`], [`intent`] and [`commit`] (what is recorded), [`kernel`] (`decide` and `evolve`), then one module an entity:
//! [`order`], [`lot`], [`mod@unit`], [`shipment`], [`site`], [`record`].

pub mod answer;
pub mod book;
pub mod books;
pub mod calendar;
pub mod case;
pub mod commit;
pub mod common;
mod compact;
pub mod conversion;
pub mod data;
pub mod demand;
pub mod desk;
pub mod draft;
pub mod effect;
pub mod envelope;
pub mod event;
pub mod fact;
#[cfg(test)]
mod floor;
mod hex;
pub mod id;
pub mod input;
pub mod instant;
pub mod intent;
pub mod kernel;
pub mod lot;
pub mod malformed;
pub mod name;
pub mod native;
pub mod order;
pub mod outbox;
pub mod ownership;
pub mod payload;
pub mod planted;
pub mod posting;
pub mod qty;
pub mod record;
pub mod refusal;
pub mod role;
pub mod seen;
pub mod shipment;
pub mod signature;
pub mod site;
pub mod subject;
pub mod unit;
pub mod uom;
pub mod wire;
pub mod words;
pub mod workflow;
