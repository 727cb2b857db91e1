//! What two nodes must agree on: words, values, lifecycles, bytes. Pure: no clock, no IO, no log, no randomness, no
//! hash-map order. A thing belongs here if two nodes would misunderstand each other when only one had the change.
//!
//! Read in this order: [`id`] and [`native`] (names), [`envelope`] and [`input`] (what comes in), [`fact`], [`intent`] and
//! [`commit`] (what is recorded), [`kernel`] (`decide` and `evolve`), then one module an entity.

pub mod envelope;
pub mod id;
pub mod malformed;
pub mod name;
pub mod native;
